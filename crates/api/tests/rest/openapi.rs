//! The document is what the routes are.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::ground::Ground;
use crate::tenancy::{good_request, operations, paths};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// `AIMAPPER_WRITE_OPENAPI=1` writes it anew.
#[test]
fn the_committed_document_is_that_of_the_code() {
    let path = root().join("docs/openapi.json");
    let text = aimapper_api::document().to_pretty_json().unwrap() + "\n";
    if std::env::var_os("AIMAPPER_WRITE_OPENAPI").is_some() {
        fs::write(&path, &text).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == text,
        "docs/openapi.json is old; AIMAPPER_WRITE_OPENAPI=1 writes it anew"
    );
}

#[actix_web::test]
async fn every_operation_of_the_document_is_a_route() {
    let ground = Ground::new();
    for (method, path) in operations() {
        for path in paths(&path, "01234567-89ab-7fff-bfff-ffffffffffff") {
            let answer = ground
                .send(good_request("one/ada/admin", &method, &path))
                .await;
            let text = answer.text();
            for code in ["no_such_route", "method_not_allowed"] {
                assert!(!text.contains(code), "{method} {path}: {text}");
            }
        }
    }
}

/// A route that is registered and not described would be in no matrix of these tests.
#[test]
fn every_route_is_described() {
    let routes = root().join("crates/api/src/routes/mod.rs");
    let registered = fs::read_to_string(routes)
        .unwrap()
        .matches(".route(web::")
        .count();
    // The document itself, the overview, the pages of codes, and two health checks.
    assert_eq!(registered, operations().len() + 5);
}

#[test]
fn every_operation_says_what_it_does() {
    let document = serde_json::to_value(aimapper_api::document()).unwrap();
    let mut names = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let summary = operation["summary"].as_str().unwrap_or_default();
            assert!(summary.len() > 5, "{method} {path}");
            assert!(
                operation["responses"]["default"].is_object(),
                "{method} {path}"
            );
            let name = operation["operationId"].as_str().unwrap();
            assert!(names.insert(name), "{name} is there twice");
            let keyed = operation["parameters"]
                .to_string()
                .contains("Idempotency-Key");
            // A ticket that was given is kept nowhere, so it is not given again.
            let makes = method == "post" && path != "/api/v1/tickets";
            assert_eq!(keyed, makes, "{method} {path}");
        }
    }
}

#[test]
fn what_the_document_refers_to_is_in_it() {
    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(entries) => {
                for (key, value) in entries {
                    match value.as_str() {
                        Some(text) if key == "$ref" => found.push(text.to_owned()),
                        _ => references(value, found),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let document = serde_json::to_value(aimapper_api::document()).unwrap();
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(found.len() > 50, "only {} references", found.len());
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}
