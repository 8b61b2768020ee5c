//! Files out.

use actix_web::http::Method;
use serde_json::Value;

use crate::ground::{Answer, Ground, request, steady};
use crate::work::{example, text};

const ADA: &str = "one/ada/mapper";

async fn with(ground: &Ground, path: &str, header: (&'static str, &str)) -> Answer {
    ground
        .send(request(ADA, Method::GET, path).insert_header(header))
        .await
}

async fn run(ground: &Ground) -> Value {
    let run = ground.started(ADA).await;
    ground.run(&run["job"]);
    run
}

#[actix_web::test]
async fn chunks_are_one_file_in_their_order() {
    let ground = Ground::new();
    let run = run(&ground).await;
    let path = format!("runs/{}/good", text(&run["run"]));
    let whole = ground.get(ADA, &path).await;
    assert_eq!(whole.text(), "a;b\r\n1;2\r\n3;4\r\n5;6\r\n");
    assert_eq!(whole.header("content-type"), "text/csv; charset=utf-8");
    assert_eq!(whole.header("accept-ranges"), "bytes");
    assert_eq!(whole.header("x-content-type-options"), "nosniff");
    assert!(whole.header("content-security-policy").contains("sandbox"));
    assert_eq!(
        whole.header("content-disposition"),
        "attachment; filename=\"umsaetze_2026-03.good.csv\""
    );
    let tag = whole.header("etag").to_owned();
    // Over the border of the two chunks, which lies at 10.
    let part = with(&ground, &path, ("range", "bytes=8-12")).await;
    assert_eq!(part.status.as_u16(), 206);
    assert_eq!(part.text(), "\r\n3;4");
    assert_eq!(part.header("content-range"), "bytes 8-12/20");
    let second = with(&ground, &path, ("range", "bytes=10-")).await;
    assert_eq!(second.text(), "3;4\r\n5;6\r\n");
    let beyond = with(&ground, &path, ("range", "bytes=20-")).await;
    assert_eq!(beyond.code(), "range_not_satisfiable");
    let known = with(&ground, &path, ("if-none-match", &tag)).await;
    assert_eq!((known.status.as_u16(), known.text()), (304, String::new()));
    let stale = request(ADA, Method::GET, &path)
        .insert_header(("range", "bytes=0-1"))
        .insert_header(("if-range", "\"old\""));
    assert_eq!(ground.send(stale).await.status.as_u16(), 200);
}

#[actix_web::test]
async fn a_run_lists_what_it_left() {
    let ground = Ground::new();
    let run = run(&ground).await;
    let path = format!("runs/{}", text(&run["run"]));
    let view = ground.get(ADA, &path).await.ok(200);
    let files: Vec<(String, Value, Value)> = view["outputs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| {
            (
                text(&file["name"]),
                file["rows"].clone(),
                file["url"].clone(),
            )
        })
        .collect();
    insta::assert_json_snapshot!("run_files", steady(&serde_json::json!(files)));
    for file in view["outputs"].as_array().unwrap() {
        let answer = ground.get(ADA, &text(&file["url"])).await;
        assert_eq!(answer.status.as_u16(), 200, "{}", file["name"]);
        if let Some(bytes) = file["bytes"].as_u64() {
            assert_eq!(answer.body.len() as u64, bytes, "{}", file["name"]);
        }
        assert!(
            answer
                .header("content-disposition")
                .contains(&text(&file["name"]))
        );
    }
    assert_eq!(view["too_many_rejects"], true);
    assert_eq!(view["balance"]["good"], 3);
    let none = ground.get(ADA, &format!("{path}/nondata")).await;
    assert_eq!(none.code(), "not_found");
    let page = ground.get(ADA, &format!("{path}/report.html")).await;
    assert!(page.text().contains("umsaetze_2026-03.csv"));
}

#[actix_web::test]
async fn nobody_sees_half_a_result() {
    let ground = Ground::new();
    let run = ground.started(ADA).await;
    let path = format!("runs/{}", text(&run["run"]));
    let good = ground.get(ADA, &format!("{path}/good")).await;
    assert_eq!(good.code(), "not_done_yet");
    let mapping = ground.get(ADA, &format!("{path}/mapping.yaml")).await;
    assert_eq!(mapping.status.as_u16(), 200);
    let view = ground.get(ADA, &path).await.ok(200);
    assert_eq!(
        (view["state"].as_str(), view.get("outputs")),
        (Some("queued"), None)
    );
    ground.fail(&run["job"]);
    let good = ground.get(ADA, &format!("{path}/good")).await;
    assert_eq!(good.code(), "not_done_yet");
}

#[actix_web::test]
async fn the_upload_and_its_profile_are_given_back() {
    let ground = Ground::new();
    let made = ground.read_source(ADA).await;
    let path = format!("source-versions/{}", text(&made["version"]));
    let file = ground.get(ADA, &format!("{path}/file")).await;
    let bytes = std::fs::read(example("bank/umsaetze_2026-03.csv")).unwrap();
    assert_eq!(file.body, bytes);
    assert_eq!(
        file.header("content-disposition"),
        "attachment; filename=\"umsaetze_2026-03.csv\""
    );
    let part = with(&ground, &format!("{path}/file"), ("range", "bytes=-9")).await;
    assert_eq!(part.body, bytes[bytes.len() - 9..]);
    let profile = ground.get(ADA, &format!("{path}/profile")).await;
    let tag = profile.header("etag").to_owned();
    assert_eq!(profile.ok(200)["report"]["balance"]["read"], 45);
    let known = with(&ground, &format!("{path}/profile"), ("if-none-match", &tag)).await;
    assert_eq!(known.status.as_u16(), 304);
    let unread = ground
        .upload(ADA, &[("file", Some("a.csv"), b"a\n1\n")])
        .await
        .ok(202);
    let unread = format!("source-versions/{}/profile", text(&unread["version"]));
    assert_eq!(ground.get(ADA, &unread).await.code(), "not_read_yet");
}
