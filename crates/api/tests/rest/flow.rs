//! From a file to rows, by what each answer says comes next.

use actix_web::http::Method;
use serde_json::json;

use crate::ground::{Ground, request, steady};
use crate::work::text;

const ADA: &str = "one/ada/mapper";

#[actix_web::test]
async fn a_file_becomes_rows() {
    let ground = Ground::new();
    let run = ground.started(ADA).await;
    insta::assert_json_snapshot!("started", steady(&run));
    let job = ground
        .get(ADA, &format!("jobs/{}", text(&run["job"])))
        .await
        .ok(200);
    assert_eq!(
        (&job["kind"], &job["state"]),
        (&json!("run"), &json!("queued"))
    );
    ground.run(&run["job"]);
    let job = ground
        .get(ADA, &format!("jobs/{}", text(&run["job"])))
        .await
        .ok(200);
    assert_eq!(job["outcome"]["balance"]["good"], 3);
    let runs = ground.get(ADA, "runs").await.ok(200);
    assert_eq!(runs["items"][0]["state"], "succeeded");
    let sources = ground.get(ADA, "sources").await.ok(200);
    assert_eq!(sources["items"].as_array().unwrap().len(), 1);
    let mappings = ground.get(ADA, "mappings").await.ok(200);
    assert_eq!(
        mappings["items"][0]["name"].as_str().unwrap(),
        "umsaetze_2026-03.csv to Bank transaction"
    );
}

#[actix_web::test]
async fn the_caller_is_told_who_they_are() {
    let ground = Ground::new();
    let me = ground.get("one/ada/operator", "me").await.ok(200);
    insta::assert_json_snapshot!("me", steady(&me));
}

#[actix_web::test]
async fn anybody_may_look_at_health_and_descriptions() {
    let ground = Ground::new();
    for path in ["/health/live", "/health/ready"] {
        assert_eq!(ground.get("", path).await.ok(200), json!({"status": "ok"}));
    }
    let page = ground.get("", "/api").await;
    assert!(page.text().contains("<code>/api/v1/sources/{id}</code>"));
    assert!(
        page.header("content-security-policy")
            .contains("default-src 'none'")
    );
    assert!(!page.text().contains("<script"));
    let error = ground.get("", "/errors/undecided").await;
    assert!(error.text().starts_with("# A decision is needed first"));
    assert_eq!(ground.get("", "/errors/nothing").await.code(), "not_found");
    let document = ground.get("", "openapi.json").await.ok(200);
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
}

#[actix_web::test]
async fn a_problem_says_what_to_do_and_where_it_is_in_the_log() {
    let ground = Ground::new();
    let id = "01234567-89ab-7fff-bfff-ffffffffffff";
    let trace = "0af7651916cd43dd8448eb211c80319c";
    let request = request(ADA, Method::GET, &format!("sources/{id}"))
        .insert_header(("traceparent", format!("00-{trace}-b7ad6b7169203331-01")));
    let answer = ground.send(request).await;
    let problem = answer.json();
    assert_eq!(problem["trace_id"], trace);
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    insta::assert_json_snapshot!("not_found", steady(&problem));
    let page = ground.get("", &text(&problem["type"])).await;
    assert_eq!(page.status.as_u16(), 200);
}

#[actix_web::test]
async fn a_job_keeps_the_trace_of_its_request() {
    let ground = Ground::new();
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let file: crate::ground::Part<'_> = ("file", Some("a.csv"), b"a\n1\n");
    let request = crate::ground::upload(ADA, &[file]).insert_header(("traceparent", trace));
    let made = ground.send(request).await.ok(202);
    let tenant = ground.tenant("one");
    let job = crate::work::id(&made["job"]);
    let job = ground
        .app
        .store
        .read(|conn| aimapper_core::store::jobs::find(conn, tenant, job))
        .unwrap();
    assert_eq!(job.traceparent.as_deref(), Some(trace));
    assert_eq!(job.standing.max_attempts, ground.app.limits.max_attempts);
}

#[actix_web::test]
async fn a_wrong_method_is_told_the_right_ones() {
    let ground = Ground::new();
    for (path, methods) in [
        ("sources", "GET, HEAD, POST"),
        (
            "sources/01234567-89ab-7fff-bfff-ffffffffffff",
            "GET, HEAD, DELETE",
        ),
        ("openapi.json", "GET, HEAD"),
        ("/api", "GET, HEAD"),
    ] {
        let answer = ground.send(request(ADA, Method::PUT, path)).await;
        assert_eq!(answer.code(), "method_not_allowed", "{path}");
        assert_eq!(answer.header("allow"), methods, "{path}");
    }
}
