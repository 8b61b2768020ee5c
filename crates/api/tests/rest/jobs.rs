//! Jobs as their owners and their operators see them.

use actix_web::http::Method;
use serde_json::json;

use crate::ground::{Ground, request, steady};
use crate::work::text;

const ADA: &str = "one/ada/mapper";
const BOB: &str = "one/bob/mapper";
const EVE: &str = "one/eve/operator";
const FILE: crate::ground::Part<'static> = ("file", Some("bank.csv"), b"a;b\r\n1;2\r\n");

async fn submitted(ground: &Ground, caller: &str) -> serde_json::Value {
    ground.upload(caller, &[FILE]).await.ok(202)["job"].clone()
}

#[actix_web::test]
async fn mappers_list_their_own_and_operators_all() {
    let ground = Ground::new();
    let adas = submitted(&ground, ADA).await;
    let bobs = submitted(&ground, BOB).await;
    let ids = |list: serde_json::Value| -> Vec<serde_json::Value> {
        list["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|job| job["id"].clone())
            .collect()
    };
    let own = ids(ground.get(ADA, "jobs").await.ok(200));
    assert_eq!(own, std::slice::from_ref(&adas));
    assert_eq!(
        ids(ground.get(EVE, "jobs").await.ok(200)),
        [bobs.clone(), adas.clone()]
    );
    ground.fail(&adas);
    let failed = ground.get(EVE, "jobs?state=failed").await.ok(200);
    assert_eq!(ids(failed.clone()), std::slice::from_ref(&adas));
    assert_eq!(failed["items"][0]["failure"]["code"], "limit_exceeded");
    let first = ground.get(EVE, "jobs?limit=1").await.ok(200);
    let next = text(&first["next"]);
    let second = ground
        .get(EVE, &format!("jobs?limit=1&cursor={next}"))
        .await
        .ok(200);
    assert_eq!((ids(first), ids(second.clone())), (vec![bobs], vec![adas]));
    assert_eq!(second.get("next"), None);
    assert_eq!(
        ground.get(EVE, "jobs?state=x").await.code(),
        "invalid_parameter"
    );
    assert_eq!(
        ground.get(EVE, "jobs?cursor=x").await.code(),
        "invalid_parameter"
    );
    assert_eq!(
        ground.get(EVE, "jobs?limit=0").await.code(),
        "invalid_parameter"
    );
    assert_eq!(
        ground.get(EVE, "jobs?page=2").await.code(),
        "invalid_parameter"
    );
}

#[actix_web::test]
async fn events_come_as_they_happened_and_end_with_the_job() {
    let ground = Ground::new();
    let job = submitted(&ground, ADA).await;
    ground.fail(&job);
    let path = format!("jobs/{}/events", text(&job));
    let stream = ground.get(ADA, &path).await;
    assert_eq!(stream.header("content-type"), "text/event-stream");
    let said = stream.text();
    let heads: Vec<&str> = said
        .lines()
        .filter(|line| !line.starts_with("data: "))
        .collect();
    assert_eq!(
        heads,
        [
            "id: 1",
            "event: accepted",
            "",
            "id: 2",
            "event: claimed",
            "",
            "id: 3",
            "event: failed",
            ""
        ]
    );
    for line in said.lines().filter_map(|line| line.strip_prefix("data: ")) {
        let event: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(event["body"]["state"].is_string());
    }
    let resumed = request(ADA, Method::GET, &path).insert_header(("last-event-id", "2"));
    let resumed = ground.send(resumed).await.text();
    assert!(resumed.starts_with("id: 3\n") && !resumed.contains("id: 2\n"));
    let all = request(ADA, Method::GET, &path).insert_header(("last-event-id", "3"));
    assert_eq!(ground.send(all).await.text(), "");
    let list = request(ADA, Method::GET, &format!("{path}?limit=2"))
        .insert_header(("accept", "application/json"));
    let list = ground.send(list).await.ok(200);
    insta::assert_json_snapshot!("events", steady(&list["items"]));
    let rest = request(
        ADA,
        Method::GET,
        &format!("{path}?cursor={}", text(&list["next"])),
    )
    .insert_header(("accept", "application/json"));
    let rest = ground.send(rest).await.ok(200);
    assert_eq!(rest["items"][0]["seq"], 3);
    let wrong = request(ADA, Method::GET, &path).insert_header(("last-event-id", "x"));
    assert_eq!(ground.send(wrong).await.code(), "invalid_parameter");
}

#[actix_web::test]
async fn own_jobs_are_cancelled_and_those_of_others_by_operators() {
    let ground = Ground::new();
    let nothing = json!({});
    let job = submitted(&ground, ADA).await;
    let path = format!("jobs/{}/cancel", text(&job));
    assert_eq!(ground.post(BOB, &path, &nothing).await.code(), "forbidden");
    let cancelled = ground.post(ADA, &path, &nothing).await.ok(200);
    assert_eq!(cancelled["state"], "cancelled");
    let again = ground.post(EVE, &path, &nothing).await;
    assert_eq!(
        (again.code().as_str(), again.status.as_u16()),
        ("job_state", 409)
    );
    let other = submitted(&ground, ADA).await;
    let path = format!("jobs/{}/cancel", text(&other));
    ground.post(EVE, &path, &nothing).await.ok(200);
}

#[actix_web::test]
async fn operators_try_again_one_or_all() {
    let ground = Ground::new();
    let jobs = [submitted(&ground, ADA).await, submitted(&ground, BOB).await];
    for job in &jobs {
        ground.fail(job);
    }
    let nothing = json!({});
    let path = format!("jobs/{}/retry", text(&jobs[0]));
    assert_eq!(
        ground.post(ADA, &path, &nothing).await.code(),
        "role_missing"
    );
    let retried = ground.post(EVE, &path, &nothing).await.ok(202);
    assert_eq!(retried["state"], "queued");
    let none = json!({"state": "failed", "kind": "run"});
    let none = ground.post(EVE, "jobs/redrive", &none).await.ok(202);
    assert_eq!(none, json!({"jobs": [], "more": false}));
    let rest = ground
        .post(EVE, "jobs/redrive", &json!({"state": "failed"}))
        .await
        .ok(202);
    assert_eq!(rest["jobs"], json!([jobs[1]]));
    let wrong = ground
        .post(EVE, "jobs/redrive", &json!({"state": "running"}))
        .await;
    assert_eq!(wrong.code(), "invalid");
    let role = ground
        .post(ADA, "jobs/redrive", &json!({"state": "failed"}))
        .await;
    assert_eq!(role.code(), "role_missing");
}
