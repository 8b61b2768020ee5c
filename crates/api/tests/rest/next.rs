//! The next file, and mended rejects.

use serde_json::json;

use crate::ground::Ground;

const ADA: &str = "one/ada/mapper";

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
