//! Every route of the OpenAPI document, with the ids of another tenant: as if they were not there.

use actix_web::http::Method;
use actix_web::test::TestRequest;
use serde_json::{Value, json};

use crate::ground::{Ground, request, steady};
use crate::work::{Filled, text};

const ADA: &str = "one/ada/mapper";
/// The most that another tenant can be.
const BOB: &str = "two/bob/admin";
const NOBODY: &str = "01234567-89ab-7fff-bfff-ffffffffffff";

/// The operations of the document: method and path.
pub(crate) fn operations() -> Vec<(Method, String)> {
    let document = serde_json::to_value(aimapper_api::document()).unwrap();
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            let method: Method = method.to_uppercase().parse().unwrap();
            found.push((method, path.clone()));
        }
    }
    assert!(found.len() > 30, "only {} operations", found.len());
    found
}

/// A path with an id in it, for each file of a run.
pub(crate) fn paths(path: &str, id: &str) -> Vec<String> {
    let path = path.replace("{id}", id);
    if !path.contains("{file}") {
        return vec![path];
    }
    [
        "good",
        "rejects",
        "nondata",
        "report.json",
        "report.html",
        "mapping.yaml",
    ]
    .iter()
    .map(|file| path.replace("{file}", file))
    .collect()
}

/// A request that would do something if the id were one of the caller's.
pub(crate) fn good_request(caller: &str, method: &Method, path: &str) -> TestRequest {
    let request = request(caller, method.clone(), path)
        .insert_header(("if-match", "*"))
        .insert_header(("idempotency-key", "k"));
    let body = match (method.as_str(), path) {
        ("GET" | "DELETE", _) => return request,
        (_, path) if path.ends_with("/redrive") => json!({"state": "failed"}),
        (_, path) if path.contains("/sources/") => json!({"decisions": []}),
        (_, path) if path.contains("/targets/") => {
            json!({"schema": {"properties": {"a": {"type": "string"}}}})
        }
        (_, path) if path.ends_with("/tickets") => json!({"path": "/api/v1/me"}),
        ("PATCH", _) => json!({"fields": [{"field": "currency", "verdict": "accepted"}]}),
        _ => json!({}),
    };
    request.set_json(body)
}

fn ids<'a>(path: &str, one: &'a Filled) -> Vec<&'a str> {
    let kind = path
        .trim_start_matches("/api/v1/")
        .split('/')
        .next()
        .unwrap();
    match kind {
        "sources" => vec![&one.source],
        "source-versions" => vec![&one.source_version],
        "targets" => vec![&one.target],
        "mappings" => vec![&one.mapping],
        "mapping-versions" => vec![&one.mapping_version],
        "runs" => vec![&one.run],
        "jobs" => vec![&one.run_job, &one.read_job],
        "memory" => vec![&one.memory],
        other => panic!("the matrix does not know whose ids {other} has"),
    }
}

#[actix_web::test]
async fn another_tenants_ids_are_not_there() {
    let ground = Ground::new();
    let one = ground.filled(ADA).await;
    let mut tried = 0;
    for (method, path) in operations() {
        if !path.contains("{id}") {
            continue;
        }
        for id in ids(&path, &one) {
            for (path, unknown) in paths(&path, id).iter().zip(paths(&path, NOBODY)) {
                let answer = ground.send(good_request(BOB, &method, path)).await;
                assert_eq!(answer.code(), "not_found", "{method} {path}");
                assert_eq!(answer.status.as_u16(), 404, "{method} {path}");
                let nobodys = ground.send(good_request(BOB, &method, &unknown)).await;
                assert_eq!(
                    steady(&answer.json()),
                    steady(&nobodys.json()),
                    "{method} {path}"
                );
                tried += 1;
            }
        }
    }
    assert!(tried >= 30, "only {tried} requests");
    // And nothing was done to them: the owner sees all as it was.
    for path in ["sources", "targets", "mappings", "runs", "jobs", "memory"] {
        let list = ground.get(ADA, path).await.ok(200);
        assert!(!list["items"].as_array().unwrap().is_empty(), "{path}");
    }
    let mapping = ground.get(ADA, &format!("mappings/{}", one.mapping)).await;
    assert_eq!(mapping.ok(200)["id"], one.mapping_version.as_str());
}

#[actix_web::test]
async fn the_owner_reaches_what_others_do_not() {
    let ground = Ground::new();
    let one = ground.filled(ADA).await;
    for (method, path) in operations() {
        if method != Method::GET || !path.contains("{id}") {
            continue;
        }
        for id in ids(&path, &one) {
            for path in paths(&path, id) {
                let answer = ground.send(good_request(ADA, &method, &path)).await;
                let missing = path.ends_with("nondata");
                let expected = if missing { 404 } else { 200 };
                assert_eq!(answer.status.as_u16(), expected, "{path} {}", answer.text());
            }
        }
    }
}

#[actix_web::test]
async fn lists_and_cursors_hold_own_rows_only() {
    let ground = Ground::new();
    ground.filled(ADA).await;
    ground.filled(ADA).await;
    let bobs = ground
        .post(BOB, "targets", &json!({"preset": "order"}))
        .await
        .ok(201);
    for path in ["sources", "targets", "mappings", "runs", "jobs", "memory"] {
        let page = ground.get(ADA, &format!("{path}?limit=1")).await.ok(200);
        let cursor = text(&page["next"]);
        let with = ground
            .get(BOB, &format!("{path}?cursor={cursor}"))
            .await
            .ok(200);
        assert_eq!(with, json!({"items": []}), "{path}");
        let own = ground.get(BOB, path).await.ok(200);
        let expected: Vec<&Value> = match path {
            "targets" => vec![&bobs["target"]],
            _ => Vec::new(),
        };
        let found: Vec<&Value> = own["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| &row["id"])
            .collect();
        assert_eq!(found, expected, "{path}");
    }
}

#[actix_web::test]
async fn bodies_and_queries_name_own_rows_only() {
    let ground = Ground::new();
    let one = ground.filled(ADA).await;
    let two = ground.filled(BOB).await;
    let mixed = [
        (
            "mappings",
            json!({"source_version": one.source_version, "target_version": two.target_version}),
        ),
        (
            "mappings",
            json!({"source_version": two.source_version, "target_version": one.target_version}),
        ),
        ("runs", json!({"mapping_version": one.mapping_version})),
        (
            "runs",
            json!({"mapping_version": two.mapping_version, "source_version": one.source_version}),
        ),
    ];
    for (path, body) in mixed {
        let answer = ground.post(BOB, path, &body).await;
        assert_eq!(answer.code(), "not_found", "{path} {body}");
    }
    let again = format!("sources/{}/versions", two.source);
    let body = json!({"decisions": [], "target": one.target_version});
    assert_eq!(ground.post(BOB, &again, &body).await.code(), "not_found");
    let export = ground
        .get(
            BOB,
            &format!("mapping-versions/{}/export", two.mapping_version),
        )
        .await;
    for (source, target) in [
        (&one.source_version, &two.target_version),
        (&two.source_version, &one.target_version),
    ] {
        let path = format!("mappings?source_version={source}&target_version={target}");
        let request = request(BOB, Method::POST, &path)
            .insert_header(("content-type", "application/yaml"))
            .set_payload(export.body.clone());
        assert_eq!(ground.send(request).await.code(), "not_found");
    }
}

#[actix_web::test]
async fn every_route_asks_for_a_token_and_a_role() {
    let ground = Ground::new();
    for (method, path) in operations() {
        for path in paths(&path, NOBODY) {
            let answer = ground.send(good_request("", &method, &path)).await;
            assert_eq!(answer.code(), "unauthenticated", "{method} {path}");
            let challenge = answer.header("www-authenticate");
            assert!(
                challenge.starts_with("Bearer "),
                "{method} {path}: {challenge}"
            );
            let answer = ground
                .send(good_request("one/ada/none", &method, &path))
                .await;
            if path == "/api/v1/me" {
                assert_eq!(answer.status.as_u16(), 200);
            } else {
                assert_eq!(answer.code(), "role_missing", "{method} {path}");
            }
        }
    }
}
