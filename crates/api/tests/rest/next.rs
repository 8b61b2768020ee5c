//! The next file, and mended rejects.

use serde_json::json;

use crate::ground::Ground;

const ADA: &str = "one/ada/mapper";

#[actix_web::test]
async fn what_a_source_differs_in_is_told_before_a_run() {
    let ground = Ground::new();
    let filled = ground.filled(ADA).await;
    let of = |source: &str| {
        let version = &filled.mapping_version;
        format!("mapping-versions/{version}/drift?source_version={source}")
    };
    let same = ground.get(ADA, &of(&filled.source_version)).await.ok(200);
    assert_eq!(same["fits"], true, "{same}");
    assert_eq!(same["missing"], json!([]));

    let march = std::fs::read(crate::work::example("bank/umsaetze_2026-03.csv")).unwrap();
    let april = String::from_utf8_lossy(&march).replace("Wertstellung", "Wertstellungstag");
    let parts = [("file", Some("april.csv"), april.as_bytes())];
    let made = ground.upload(ADA, &parts).await.ok(202);
    let version = made["version"].as_str().unwrap();
    assert_eq!(ground.get(ADA, &of(version)).await.code(), "not_read_yet");
    ground.read(&made["job"]);
    let other = ground.get(ADA, &of(version)).await.ok(200);
    assert_eq!(other["fits"], false, "{other}");
    let none = ground.get(ADA, &of("7")).await;
    assert_eq!(none.code(), "invalid_parameter");
    assert_eq!(none.json()["detail"], "source_version: it is no id");
    let eve = ground.get("two/eve/mapper", &of(version)).await;
    assert_eq!(eve.code(), "not_found");
}

#[actix_web::test]
async fn a_run_beside_another_one_needs_its_good_rows() {
    let ground = Ground::new();
    let filled = ground.filled(ADA).await;
    let with = |run: &str| json!({"mapping_version": filled.mapping_version, "with": run});
    let none = "01234567-89ab-7fff-bfff-ffffffffffff";
    assert_eq!(
        ground.post(ADA, "runs", &with(none)).await.code(),
        "not_found"
    );
    let begun = ground.post(ADA, "runs", &with(&filled.run)).await.ok(202);
    let id = begun["run"].as_str().unwrap();
    let shown = ground.get(ADA, &format!("runs/{id}")).await.ok(200);
    assert_eq!(shown["with"], filled.run.as_str());
    assert_eq!(
        ground.post(ADA, "runs", &with(id)).await.code(),
        "not_done_yet"
    );
}
