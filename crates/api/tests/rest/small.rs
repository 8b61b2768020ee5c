//! Small things that clients trip over: HEAD, queries, words about bodies, keys that stand twice, addresses of tickets.

use actix_web::http::Method;
use serde_json::json;

use crate::ground::{Ground, request};

const ADA: &str = "one/ada/mapper";

#[actix_web::test]
async fn head_is_get_without_a_body() {
    let ground = Ground::new();
    let filled = ground.filled(ADA).await;
    let paths = [
        "targets".to_owned(),
        "openapi.json".to_owned(),
        format!("mappings/{}", filled.mapping),
        format!("runs/{}/good", filled.run),
        format!("jobs/{}", filled.run_job),
        "/health/live".to_owned(),
        "/api".to_owned(),
        // As GET would have it.
        "runs/01234567-89ab-7fff-bfff-ffffffffffff".to_owned(),
    ];
    for path in paths {
        let get = ground.get(ADA, &path).await;
        let head = ground.send(request(ADA, Method::HEAD, &path)).await;
        assert_eq!(head.status, get.status, "{path}");
        assert!(head.body.is_empty(), "{path}: {}", head.text());
        for name in ["content-type", "etag", "content-disposition"] {
            assert_eq!(head.header(name), get.header(name), "{path}: {name}");
        }
    }
    let only_post = ground.send(request(ADA, Method::HEAD, "tickets")).await;
    assert_eq!(only_post.status.as_u16(), 405);
}

#[actix_web::test]
async fn a_wrong_query_names_its_parameter() {
    let ground = Ground::new();
    for (path, pointer, detail) in [
        (
            "runs?limit=many".to_owned(),
            "limit",
            "it has to be a whole number of 0 or more, and at most 65535",
        ),
        (
            "sources?page=2".to_owned(),
            "page",
            "it is not known here; known are: cursor, limit",
        ),
    ] {
        let answer = ground.get(ADA, &path).await;
        assert_eq!(answer.code(), "invalid_parameter", "{path}");
        let told = answer.json();
        assert_eq!(told["errors"][0]["pointer"], pointer, "{path}");
        assert_eq!(told["errors"][0]["detail"], detail, "{path}");
        assert_eq!(told["detail"], format!("{pointer}: {detail}"), "{path}");
    }
}

#[actix_web::test]
async fn a_wrong_body_is_told_without_names_of_types() {
    let ground = Ground::new();
    let version = "01234567-89ab-7fff-bfff-ffffffffffff";
    let body = json!({"mapping_version": version, "max_rejects": -1});
    let answer = ground.post(ADA, "runs", &body).await;
    assert_eq!(answer.code(), "invalid_body");
    let told = answer.json();
    assert_eq!(told["errors"][0]["pointer"], "/max_rejects");
    let wanted = "it is the number -1, and has to be a whole number of 0 or more";
    assert_eq!(told["errors"][0]["detail"], wanted);
}

#[actix_web::test]
async fn a_key_that_stands_twice_in_a_target_is_refused() {
    let ground = Ground::new();
    let schema =
        r#"{"type": "object", "properties": {"a": {"type": "string"}, "a": {"type": "number"}}}"#;
    let target = ground.preset(ADA).await;
    let target = target["target"].as_str().unwrap();
    for path in ["targets".to_owned(), format!("targets/{target}/versions")] {
        let sent = request(ADA, Method::POST, &path)
            .insert_header(("content-type", "application/json"))
            .set_payload(format!("{{\"schema\": {schema}}}"));
        let answer = ground.send(sent).await;
        assert_eq!(answer.code(), "invalid_body", "{path}");
        let told = answer.json();
        assert_eq!(
            told["errors"][0]["detail"],
            "the key `a` stands there twice"
        );
        assert_eq!(told["errors"][0]["pointer"], "/schema/properties");
    }
}

#[actix_web::test]
async fn tickets_are_for_plain_paths() {
    let ground = Ground::new();
    let ticket = async |path: &str| ground.post(ADA, "tickets", &json!({"path": path})).await;
    for path in [
        "/api/v1/../../x",
        "/api/v1/./runs",
        "/api/v1/runs/..",
        "/api/v1/%2e%2e/x",
        "/api/v1/.%2E/x",
        "/api/v1/..%2fx",
    ] {
        assert_eq!(ticket(path).await.code(), "invalid_parameter", "{path}");
    }
    // A name may have points, and a query may say what it likes.
    for path in ["/api/v1/runs/1/report.json", "/api/v1/runs?cursor=../x"] {
        ticket(path).await.ok(201);
    }
}
