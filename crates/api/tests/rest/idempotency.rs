//! The same request twice is one.

use actix_web::http::Method;
use serde_json::json;

use crate::databases;
use crate::ground::{Ground, Part, request, upload};

const ADA: &str = "one/ada/mapper";
const FILE: Part<'static> = ("file", Some("bank.csv"), b"a;b\r\n1;2\r\n");
const OTHER: Part<'static> = ("file", Some("bank.csv"), b"a;b\r\n1;3\r\n");

#[actix_web::test]
async fn an_upload_that_comes_again_is_the_same_source() {
    let ground = Ground::new();
    let send = |parts: &[Part<'_>]| {
        let request = upload(ADA, parts).insert_header(("idempotency-key", "k1"));
        ground.send(request)
    };
    let first = send(&[FILE]).await;
    assert_eq!(first.header("idempotent-replayed"), "");
    let again = send(&[FILE]).await;
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(again.header("location"), first.header("location"));
    assert_eq!(again.ok(202), first.ok(202));
    let other = send(&[OTHER]).await;
    assert_eq!(other.code(), "idempotency_mismatch");
    assert_eq!(other.status.as_u16(), 422);
    assert_eq!(ground.files(), 1);
    let listed = ground.get(ADA, "sources").await.ok(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
}

#[actix_web::test]
async fn a_key_belongs_to_tenant_and_route_and_expires() {
    let ground = Ground::new();
    let send = |caller: &str, path: &str, body| {
        let request = request(caller, Method::POST, path)
            .insert_header(("idempotency-key", "k1"))
            .set_json(&body);
        ground.send(request)
    };
    let preset = || json!({"preset": "order"});
    let first = send(ADA, "targets", preset()).await.ok(201);
    // Without JSON of the same bytes it is another request.
    assert_eq!(
        send(ADA, "targets", json!({"preset": "transaction"}))
            .await
            .code(),
        "idempotency_mismatch"
    );
    let foreign = send("two/bob/mapper", "targets", preset()).await.ok(201);
    assert_ne!(foreign["id"], first["id"]);
    let path = format!("targets/{}/versions", first["target"].as_str().unwrap());
    let schema = json!({"schema": {"properties": {"a": {"type": "string"}}}});
    send(ADA, &path, schema).await.ok(201);
    assert_eq!(send(ADA, "targets", preset()).await.ok(201), first);
    databases::run(
        &ground.app.store,
        &format!(
            "UPDATE answers SET expires_at = expires_at - {}",
            aimapper_core::store::jobs::IDEMPOTENCY_MS
        ),
    );
    let later = send(ADA, "targets", preset()).await.ok(201);
    assert_ne!(later["id"], first["id"]);
}

#[actix_web::test]
async fn a_key_is_not_taken_by_what_was_refused() {
    let ground = Ground::new();
    let send = |id: &str| {
        let body = json!({"mapping_version": id});
        let request = request(ADA, Method::POST, "runs")
            .insert_header(("idempotency-key", "k1"))
            .set_json(&body);
        ground.send(request)
    };
    let nothing = send("01234567-89ab-7fff-bfff-ffffffffffff").await;
    assert_eq!(nothing.code(), "not_found");
    let mapping = ground.decided(ADA).await;
    let id = mapping["id"].as_str().unwrap();
    let run = send(id).await.ok(202);
    assert_eq!(send(id).await.ok(202), run);
}

#[actix_web::test]
async fn what_is_no_key_is_said() {
    let ground = Ground::new();
    for key in ["", "a b", &"k".repeat(256)] {
        let request = request(ADA, Method::POST, "targets")
            .insert_header(("idempotency-key", key))
            .set_json(json!({"preset": "order"}));
        let answer = ground.send(request).await;
        assert_eq!(answer.code(), "invalid_parameter", "{key}");
    }
}

#[actix_web::test]
async fn two_at_once_are_one() {
    let ground = Ground::new();
    let send = || ground.send(upload(ADA, &[FILE]).insert_header(("idempotency-key", "k1")));
    let (first, second) = futures_util::future::join(send(), send()).await;
    let replayed = [&first, &second].map(|answer| answer.header("idempotent-replayed").to_owned());
    assert_eq!(replayed.iter().filter(|said| *said == "true").count(), 1);
    assert_eq!(first.ok(202), second.ok(202));
    assert_eq!(ground.files(), 1);
}
