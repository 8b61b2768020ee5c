//! What becomes of uploads, good and bad.

use aimapper_api::Limits;
use serde_json::json;

use crate::ground::{Ground, Part, request, steady};
use crate::work::text;

const ADA: &str = "one/ada/mapper";
const FILE: Part<'static> = ("file", Some("/data/bank.csv"), b"a;b\r\n1;2\r\n");

#[actix_web::test]
async fn parts_come_in_any_order() {
    let ground = Ground::new();
    let target = ground.preset(ADA).await;
    let id = text(&target["id"]);
    let decisions = br#"[{"what": "delimiter", "value": ";"}, {"what": "date_order", "column": "a", "value": "dmy"}]"#;
    let parts = [
        ("target", None, id.as_bytes()),
        ("decisions", None, decisions.as_slice()),
        FILE,
        ("name", None, b" March "),
        ("csrf", None, b"of a page"),
    ];
    let answer = ground.upload(ADA, &parts).await;
    let job = answer.json()["job"].clone();
    assert_eq!(
        answer.header("location"),
        format!("/api/v1/jobs/{}", text(&job))
    );
    let made = answer.ok(202);
    insta::assert_json_snapshot!("uploaded", steady(&made));
    let path = format!("sources/{}", text(&made["source"]));
    let source = ground.get(ADA, &path).await.ok(200);
    insta::assert_json_snapshot!("source", steady(&source));
    let job = ground.get(ADA, &format!("jobs/{}", text(&job))).await;
    insta::assert_json_snapshot!("read_job", steady(&job.ok(200)));
}

#[actix_web::test]
async fn what_is_no_source_leaves_no_file() {
    let ground = Ground::new();
    let other = ground.preset("two/bob/mapper").await;
    let foreign = text(&other["id"]);
    let empty: Part<'_> = ("file", Some("a.csv"), b"");
    let cases: [(&str, &[Part<'_>], u16, &str); 12] = [
        ("no file", &[("name", None, b"x")], 422, "invalid_parameter"),
        ("empty", &[empty], 422, "empty_file"),
        ("two files", &[FILE, FILE], 422, "invalid_parameter"),
        (
            "unknown part",
            &[FILE, ("x", None, b"1")],
            422,
            "invalid_parameter",
        ),
        (
            "no JSON",
            &[FILE, ("decisions", None, b"[")],
            400,
            "malformed_json",
        ),
        (
            "wrong form",
            &[FILE, ("decisions", None, b"{}")],
            422,
            "invalid_body",
        ),
        (
            "unknown decision",
            &[
                FILE,
                (
                    "decisions",
                    None,
                    br#"[{"what": "delimeter", "value": ";"}]"#,
                ),
            ],
            422,
            "invalid_body",
        ),
        (
            "impossible decision",
            &[
                FILE,
                (
                    "decisions",
                    None,
                    br#"[{"what": "date_order", "value": "ddmm"}]"#,
                ),
            ],
            422,
            "invalid",
        ),
        (
            "decision of no column",
            &[
                FILE,
                (
                    "decisions",
                    None,
                    br#"[{"what": "encoding", "column": "a", "value": "utf-8"}]"#,
                ),
            ],
            422,
            "invalid",
        ),
        (
            "no id",
            &[FILE, ("target", None, b"x")],
            422,
            "invalid_parameter",
        ),
        (
            "no name",
            &[FILE, ("name", None, b"a\x07b")],
            422,
            "invalid_parameter",
        ),
        (
            "foreign target",
            &[FILE, ("target", None, foreign.as_bytes())],
            404,
            "not_found",
        ),
    ];
    for (what, parts, status, code) in cases {
        let answer = ground.upload(ADA, parts).await;
        assert_eq!(answer.code(), code, "{what}");
        assert_eq!(answer.status.as_u16(), status, "{what}");
        assert_eq!(ground.files(), 0, "{what}");
    }
    let listed = ground.get(ADA, "sources").await.ok(200);
    assert_eq!(listed, json!({"items": []}));
}

#[actix_web::test]
async fn a_wrong_decision_is_pointed_at() {
    let ground = Ground::new();
    let decisions = br#"[{"what": "delimiter", "value": ";"}, {"what": "table", "value": 0}]"#;
    let parts = [FILE, ("decisions", None, decisions.as_slice())];
    let answer = ground.upload(ADA, &parts).await;
    insta::assert_json_snapshot!("wrong_decision", steady(&answer.json()));
}

#[actix_web::test]
async fn what_is_no_form_is_said() {
    let ground = Ground::new();
    for (media, body) in [
        ("multipart/form-data", ""),
        ("multipart/form-data; boundary=x", "--x\r\nContent-Disp"),
        ("text/plain", "a"),
    ] {
        let request = request(ADA, actix_web::http::Method::POST, "sources")
            .insert_header(("content-type", media))
            .set_payload(body);
        let answer = ground.send(request).await;
        assert_eq!(answer.code(), "malformed_upload", "{media}");
        assert_eq!(ground.files(), 0);
    }
}

#[actix_web::test]
async fn above_the_limit_nothing_stays() {
    let limits = Limits {
        upload_bytes: 300_000,
        ..Limits::default()
    };
    let ground = Ground::with(limits, None);
    let bytes = vec![b'a'; 300_001];
    let answer = ground.upload(ADA, &[("file", Some("a.csv"), &bytes)]).await;
    assert_eq!(answer.code(), "too_large");
    assert_eq!(answer.status.as_u16(), 413);
    assert_eq!(ground.files(), 0);
    let fits = ground
        .upload(ADA, &[("file", Some("a.csv"), &bytes[1..])])
        .await;
    fits.ok(202);
    assert_eq!(ground.files(), 1);
}

#[actix_web::test]
async fn a_full_disk_is_said_and_nothing_stays() {
    let ground = Ground::with(Limits::default(), Some(100));
    let bytes = vec![b'a'; 101];
    let answer = ground.upload(ADA, &[("file", Some("a.csv"), &bytes)]).await;
    assert_eq!(answer.code(), "no_space");
    assert_eq!(answer.status.as_u16(), 507);
    assert_eq!(ground.files(), 0);
}

#[actix_web::test]
async fn another_reading_is_another_version_of_the_same_file() {
    let ground = Ground::new();
    let made = ground.upload(ADA, &[FILE]).await.ok(202);
    let path = format!("sources/{}/versions", text(&made["source"]));
    let body = json!({"decisions": [{"what": "header_lines", "value": 0}]});
    let again = ground.post(ADA, &path, &body).await.ok(202);
    assert_ne!(again["version"], made["version"]);
    assert_eq!(ground.files(), 1);
    let version = format!("source-versions/{}", text(&again["version"]));
    let version = ground.get(ADA, &version).await.ok(200);
    assert_eq!(version["number"], 2);
    assert_eq!(version["file_name"], "bank.csv");
    assert_eq!(version["decisions"], body["decisions"]);
    let wrong = json!({"decisions": [{"what": "quote", "value": "ab"}]});
    let wrong = ground.post(ADA, &path, &wrong).await;
    assert_eq!(wrong.code(), "invalid");
    assert_eq!(wrong.json()["errors"][0]["pointer"], "/decisions/0");
}

#[actix_web::test]
async fn deleting_takes_the_files_away() {
    let ground = Ground::new();
    let made = ground.read_source(ADA).await;
    assert_eq!(ground.files(), 2);
    let path = format!("sources/{}", text(&made["source"]));
    let deleted = ground.delete(ADA, &path).await.ok(200);
    assert_eq!(deleted, json!({"files": 2}));
    assert_eq!(ground.files(), 0);
    assert_eq!(ground.delete(ADA, &path).await.code(), "not_found");
    let version = text(&made["version"]);
    for part in ["profile", "file"] {
        let gone = ground
            .get(ADA, &format!("source-versions/{version}/{part}"))
            .await;
        assert_eq!(gone.code(), "source_deleted", "{part}");
    }
    let listed = ground.get(ADA, "sources").await.ok(200);
    assert_eq!(listed["items"], json!([]));
    let source = ground.get(ADA, &path).await.ok(200);
    assert!(source["deleted_at"].is_string());
}
