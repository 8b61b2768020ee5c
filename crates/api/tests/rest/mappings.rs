//! Review: decisions make versions, and of two at once one is told that it came too late.

use actix_web::http::Method;
use aimapper_core::mapping::Edit;
use serde_json::{Value, json};

use crate::ground::{Answer, Ground, request, steady};
use crate::work::{edited, example, text};

const ADA: &str = "one/ada/mapper";
const EVE: &str = "one/eve/operator";

async fn patch(ground: &Ground, mapping: &Value, tag: Option<&str>, body: &Value) -> Answer {
    let path = format!("mappings/{}", text(&mapping["mapping"]));
    let request = request(ADA, Method::PATCH, &path).set_json(body);
    let request = match tag {
        Some(tag) => request.insert_header(("if-match", tag)),
        None => request,
    };
    ground.send(request).await
}

fn tag(mapping: &Value) -> String {
    format!("\"{}\"", text(&mapping["sha256"]))
}

fn field<'a>(mapping: &'a Value, name: &str) -> &'a Value {
    let fields = mapping["fields"].as_array().unwrap();
    fields.iter().find(|field| field["field"] == name).unwrap()
}

#[actix_web::test]
async fn a_proposal_is_shown_with_its_questions() {
    let ground = Ground::new();
    let mapping = ground.mapping(ADA).await;
    let path = format!("mappings/{}", text(&mapping["mapping"]));
    let shown = ground.get(ADA, &path).await;
    assert_eq!(shown.header("etag"), tag(&mapping));
    let shown = shown.ok(200);
    assert_eq!(shown, mapping);
    insta::assert_json_snapshot!(
        "counts_and_questions",
        steady(&json!([
            shown["counts"],
            shown["questions"],
            shown["file"],
            shown["target"],
            shown["number"]
        ]))
    );
    let amount = field(&shown, "amount");
    assert_eq!(amount["target"]["required"], true);
    assert!(amount["confidence"].as_f64().unwrap() > 0.5);
    assert!(!amount["evidence"].as_array().unwrap().is_empty());
    let body = json!({"mapping_version": shown["id"]});
    let undecided = ground.post(ADA, "runs", &body).await;
    assert_eq!(undecided.status.as_u16(), 409);
    insta::assert_json_snapshot!("undecided", steady(&undecided.json()));
}

#[actix_web::test]
async fn how_the_source_is_read_is_no_part_of_a_mapping_s_review() {
    let ground = Ground::new();
    let mapping = ground.mapping(ADA).await;
    let of = |value: &str| json!({"readings": [{"what": "delimiter", "value": value}]});
    let other = patch(&ground, &mapping, Some("*"), &of("|")).await;
    assert_eq!(
        (other.code().as_str(), other.status.as_u16()),
        ("invalid", 422)
    );
    let other = other.json();
    assert_eq!(other["errors"][0]["pointer"], "/readings/0");
    // To say yes to what was read is a decision.
    patch(&ground, &mapping, Some("*"), &of(";")).await.ok(200);
}

#[actix_web::test]
async fn a_mapping_that_fills_no_field_does_not_run() {
    let ground = Ground::new();
    let schema = json!({"title": "T", "type": "object", "properties": {"a": {"type": "string"}}});
    let target = ground
        .post(ADA, "targets", &json!({"schema": schema}))
        .await
        .ok(201);
    let mapping = ground.mapping_to(ADA, &target["id"]).await;
    let nothing =
        json!({"fields": [{"field": "a", "verdict": "absent", "why": "it is not there"}]});
    let mapping = patch(&ground, &mapping, Some("*"), &nothing).await.ok(200);
    assert_eq!(mapping["questions"], json!([]));
    let run = json!({"mapping_version": mapping["id"]});
    let refused = ground.post(ADA, "runs", &run).await;
    assert_eq!(
        (refused.code().as_str(), refused.status.as_u16()),
        ("undecided", 409)
    );
    let said = "no field is filled, so every row would be empty";
    assert_eq!(
        refused.json()["errors"],
        json!([{"pointer": "/fields", "detail": said}])
    );
}

#[actix_web::test]
async fn a_change_says_which_version_it_is_about() {
    let ground = Ground::new();
    let first = ground.mapping(ADA).await;
    let body =
        json!({"fields": [{"field": "currency", "verdict": "accepted", "note": "as agreed"}]});
    let unsaid = patch(&ground, &first, None, &body).await;
    assert_eq!(
        (unsaid.code().as_str(), unsaid.status.as_u16()),
        ("precondition_required", 428)
    );
    let unquoted = patch(&ground, &first, Some("abc"), &body).await;
    assert_eq!(
        (unquoted.code().as_str(), unquoted.status.as_u16()),
        ("invalid_parameter", 422)
    );
    let second = patch(&ground, &first, Some(&tag(&first)), &body).await;
    assert_eq!(second.header("etag"), tag(&second.json()));
    let second = second.ok(200);
    assert_eq!(
        (&second["number"], &first["number"]),
        (&json!(2), &json!(1))
    );
    assert_eq!(field(&second, "currency")["state"], "accepted");
    assert_eq!(second["questions"], json!([]));
    let late = patch(&ground, &first, Some(&tag(&first)), &body).await;
    assert_eq!(
        (late.code().as_str(), late.status.as_u16()),
        ("precondition_failed", 412)
    );

    let versions = format!("mappings/{}/versions", text(&first["mapping"]));
    let versions = ground.get(ADA, &versions).await.ok(200);
    let versions = versions["items"].as_array().unwrap();
    assert_eq!(versions.len(), 2);
    let decision = &versions[1]["decisions"][0];
    assert_eq!(
        (&decision["field"], &decision["verdict"], &decision["note"]),
        (&json!("currency"), &json!("accepted"), &json!("as agreed"))
    );
    // The first version is as it was.
    let old = format!("mapping-versions/{}", text(&first["id"]));
    assert_eq!(ground.get(ADA, &old).await.ok(200), first);
}

#[actix_web::test]
async fn every_verdict_does_what_it_says() {
    let ground = Ground::new();
    let first = ground.mapping(ADA).await;
    let body = json!({"fields": [
        {"field": "reference", "verdict": "edited", "rule": {
            "sources": ["Buchungsart", "Verwendungszweck"],
            "transform": [{"concat": {"separator": " / "}}, "trim"]}},
        {"field": "kind", "verdict": "edited", "rule": {
            "value_map": [{"from": "Z47", "to": null}], "on_unseen": "null"}},
        {"field": "counterparty_iban", "verdict": "ignored", "why": "not needed"},
        {"field": "counterparty_name", "verdict": "absent", "why": "the bank does not give it"},
        {"field": "amount", "verdict": "rejected"}
    ]});
    let known: Vec<&str> = first["fields"]
        .as_array()
        .unwrap()
        .iter()
        .map(|field| field["field"].as_str().unwrap())
        .collect();
    // The example's fields may be renamed; the test then has to be, too.
    for wanted in body["fields"].as_array().unwrap() {
        let name = wanted["field"].as_str().unwrap();
        assert!(known.contains(&name), "{name} is none of {known:?}");
    }
    let answer = patch(&ground, &first, Some("*"), &body).await;
    let next = answer.ok(200);
    let purpose = field(&next, "reference");
    assert_eq!(purpose["state"], "edited");
    assert_eq!(
        purpose["sources"],
        json!(["Buchungsart", "Verwendungszweck"])
    );
    let kind = field(&next, "kind");
    assert_eq!(
        (&kind["state"], &kind["on_unseen"]),
        (&json!("edited"), &json!("null"))
    );
    assert_eq!(field(&next, "counterparty_iban")["state"], "ignored");
    assert_eq!(
        field(&next, "counterparty_name")["why"],
        "the bank does not give it"
    );
    assert_eq!(field(&next, "amount")["state"], "rejected");

    let memory = ground.get(ADA, "memory").await.ok(200);
    let remembered: Vec<String> = memory["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            format!(
                "{} {} {}",
                text(&row["field"]),
                text(&row["column"]),
                text(&row["verdict"])
            )
        })
        .collect();
    assert!(
        remembered.contains(&"reference Buchungsart edited".to_owned()),
        "{remembered:?}"
    );
    assert!(
        remembered
            .iter()
            .any(|row| row.starts_with("amount") && row.ends_with("rejected"))
    );
    let forget = format!("memory/{}", text(&memory["items"][0]["id"]));
    assert_eq!(ground.delete(ADA, &forget).await.status.as_u16(), 204);
    assert_eq!(ground.delete(ADA, &forget).await.code(), "not_found");
}

#[actix_web::test]
async fn decisions_move_the_confidence_of_the_rest() {
    let ground = Ground::new();
    let first = ground.mapping(ADA).await;
    let before = field(&first, "booking_date")["confidence"]
        .as_f64()
        .unwrap();
    let fields = ["kind", "reference", "counterparty_name"]
        .map(|name| json!({"field": name, "verdict": "rejected"}));
    let body = json!({"fields": fields});
    let next = patch(&ground, &first, Some("*"), &body).await.ok(200);
    let moved = field(&next, "booking_date");
    let after = moved["confidence"].as_f64().unwrap();
    assert!(after < before, "{after} {before}");
    assert_eq!(moved["proposed"]["confidence"].as_f64(), Some(before));
    assert_eq!(field(&next, "kind")["proposed"]["judged"], true);
}

#[actix_web::test]
async fn an_alternative_takes_the_place_of_the_proposal() {
    let ground = Ground::new();
    let first = ground.mapping(ADA).await;
    let proposed = field(&first, "reference")["sources"].clone();
    let own = json!({"fields": [
        {"field": "reference", "verdict": "edited", "rule": {"sources": ["Buchungsart"]}}
    ]});
    let second = patch(&ground, &first, Some("*"), &own).await.ok(200);
    let with = field(&second, "reference");
    assert_eq!(with["sources"], json!(["Buchungsart"]));
    let alternatives = with["alternatives"].as_array().unwrap();
    let index = alternatives
        .iter()
        .position(|other| other["sources"] == proposed);
    let body = json!({"fields": [
        {"field": "reference", "verdict": "accepted", "alternative": index.unwrap()}
    ]});
    let third = patch(&ground, &first, Some("*"), &body).await.ok(200);
    let chosen = field(&third, "reference");
    assert_eq!(
        (&chosen["sources"], &chosen["state"]),
        (&proposed, &json!("accepted"))
    );
    let body =
        json!({"fields": [{"field": with["field"], "verdict": "edited", "alternative": 99}]});
    let wrong = patch(&ground, &first, Some("*"), &body).await;
    assert_eq!(wrong.code(), "invalid");
    assert_eq!(
        wrong.json()["errors"][0]["pointer"],
        "/fields/0/alternative"
    );
}

#[actix_web::test]
async fn a_bar_accepts_what_is_above_it() {
    let ground = Ground::new();
    let first = ground.mapping(ADA).await;
    let next = patch(&ground, &first, Some("*"), &json!({"accept_at": 0.0}))
        .await
        .ok(200);
    assert_eq!(
        next["counts"]["proposed"].as_u64().unwrap() + next["counts"]["accepted"].as_u64().unwrap(),
        first["counts"]["proposed"].as_u64().unwrap()
    );
    assert!(next["counts"]["accepted"].as_u64().unwrap() > 0);
    assert_eq!(next["questions"], json!([]));
}

#[actix_web::test]
async fn wrong_decisions_are_pointed_at_and_change_nothing() {
    let ground = Ground::new();
    let first = ground.mapping(ADA).await;
    let good = json!({"field": "currency", "verdict": "accepted"});
    for (what, body, pointer) in [
        ("nothing", json!({}), ""),
        (
            "unknown field",
            json!({"fields": [good, {"field": "amuont", "verdict": "accepted"}]}),
            "/fields/1",
        ),
        (
            "no reason",
            json!({"fields": [{"field": "currency", "verdict": "ignored"}]}),
            "/fields/0",
        ),
        (
            "no rule",
            json!({"fields": [{"field": "currency", "verdict": "edited"}]}),
            "/fields/0/verdict",
        ),
        (
            "unknown column",
            json!({"fields": [{"field": "amount", "verdict": "edited",
            "rule": {"sources": ["Betrg"]}}]}),
            "/fields/0",
        ),
        (
            "no reading",
            json!({"readings": [{"what": "date_order", "value": "x"}]}),
            "/readings/0",
        ),
        ("no bar", json!({"accept_at": 2}), "/accept_at"),
    ] {
        let answer = patch(&ground, &first, Some("*"), &body).await;
        assert_eq!(answer.code(), "invalid", "{what}");
        assert_eq!(answer.json()["errors"][0]["pointer"], pointer, "{what}");
    }
    let form = json!({"fields": [{"field": "amount", "verdict": "perhaps"}]});
    let answer = patch(&ground, &first, Some("*"), &form).await;
    assert_eq!(answer.code(), "invalid_body");
    assert_eq!(answer.json()["errors"][0]["pointer"], "/fields/0/verdict");
    let path = format!("mappings/{}", text(&first["mapping"]));
    assert_eq!(ground.get(ADA, &path).await.ok(200)["number"], 1);
}

#[actix_web::test]
async fn somebody_else_approves() {
    let ground = Ground::new();
    let mapping = ground.decided(EVE).await;
    let path = format!("mapping-versions/{}/approve", text(&mapping["id"]));
    let nothing = json!({});
    assert_eq!(
        ground.post(ADA, &path, &nothing).await.code(),
        "role_missing"
    );
    let own = ground.post(EVE, &path, &nothing).await;
    assert_eq!(
        (own.code().as_str(), own.status.as_u16()),
        ("own_version", 403)
    );
    let approved = ground
        .post("one/joe/operator", &path, &nothing)
        .await
        .ok(200);
    assert!(approved["approved_at"].is_string());
}

#[actix_web::test]
async fn a_mapping_file_goes_out_and_comes_in() {
    let ground = Ground::new();
    let mapping = ground.decided(ADA).await;
    let path = format!("mapping-versions/{}/export", text(&mapping["id"]));
    let out = ground.get(ADA, &path).await;
    assert_eq!(
        out.header("content-disposition"),
        "attachment; filename=\"umsaetze_2026-03.mapping.yaml\""
    );
    assert_eq!(out.header("etag"), tag(&mapping));
    let yaml = out.text();
    let bring = |yaml: String, target: &Value| {
        let path = format!(
            "mappings?source_version={}&target_version={}",
            text(&mapping["source_version"]),
            text(target)
        );
        let request = request(ADA, Method::POST, &path)
            .insert_header(("content-type", "application/yaml"))
            .set_payload(yaml);
        ground.send(request)
    };
    let target = &mapping["target_version"];
    let back = bring(yaml.clone(), target).await.ok(201);
    assert_eq!(back["sha256"], mapping["sha256"]);
    assert_ne!(back["mapping"], mapping["mapping"]);

    let unknown = yaml.replace("confidence:", "confidnce:");
    let unknown = bring(unknown, target).await;
    assert_eq!(unknown.code(), "invalid");
    assert!(
        unknown.json()["detail"]
            .as_str()
            .unwrap()
            .starts_with("mapping.yaml:")
    );
    let edit = Edit::Reject {
        field: "amount".to_owned(),
    };
    bring(edited(&yaml, &edit), target).await.ok(201);
    let missing = yaml.replace("\"Verwendungszweck\"", "\"Zweck\"");
    assert_eq!(bring(missing, target).await.code(), "invalid");
    let other = ground
        .post(ADA, "targets", &json!({"preset": "order"}))
        .await
        .ok(201);
    assert_eq!(bring(yaml, &other["id"]).await.code(), "invalid");
}

#[actix_web::test]
async fn a_mapping_file_fits_the_same_fields_by_another_name() {
    let ground = Ground::new();
    let target = async |title: &str, kind: &str| {
        let schema = json!({
            "title": title, "type": "object", "properties": {"amount": {"type": kind}},
        });
        let made = ground
            .post(ADA, "targets", &json!({"schema": schema}))
            .await;
        made.ok(201)
    };
    let (mine, ours) = (
        target("mine", "number").await,
        target("ours", "number").await,
    );
    let mapping = ground.mapping_to(ADA, &mine["id"]).await;
    let path = format!("mapping-versions/{}/export", text(&mapping["id"]));
    let yaml = ground.get(ADA, &path).await.text();
    let bring = async |target: &Value| {
        let path = format!(
            "mappings?source_version={}&target_version={}",
            text(&mapping["source_version"]),
            text(&target["id"])
        );
        let request = request(ADA, Method::POST, &path)
            .insert_header(("content-type", "application/yaml"))
            .set_payload(yaml.clone());
        ground.send(request).await
    };
    let back = bring(&ours).await.ok(201);
    assert_eq!(back["target"], "ours");
    assert_eq!(back["target_version"], ours["id"]);
    let refused = bring(&target("ours", "integer").await).await;
    assert_eq!(refused.code(), "invalid");
    assert_eq!(refused.json()["errors"][0]["pointer"], "amount");
}

#[actix_web::test]
async fn a_proposal_needs_a_source_that_is_read() {
    let ground = Ground::new();
    let target = ground.preset(ADA).await;
    let bytes = std::fs::read(example("bank/statement_2026-03.csv")).unwrap();
    let made = ground
        .upload(ADA, &[("file", Some("b.csv"), &bytes)])
        .await
        .ok(202);
    let body =
        json!({"source_version": made["version"], "target_version": target["id"], "memory": true});
    let early = ground.post(ADA, "mappings", &body).await;
    assert_eq!(
        (early.code().as_str(), early.status.as_u16()),
        ("not_read_yet", 409)
    );
    ground.read(&made["job"]);
    let accepted = ground.post(ADA, "mappings", &body).await;
    assert!(accepted.header("location").starts_with("/api/v1/jobs/"));
    let job = accepted.ok(202);
    let job = ground
        .get(ADA, &format!("jobs/{}", text(&job["job"])))
        .await
        .ok(200);
    assert_eq!(
        (&job["kind"], &job["asks"]["memory"]),
        (&json!("propose"), &json!(true))
    );
}

#[actix_web::test]
async fn a_target_is_understood_or_pointed_at() {
    let ground = Ground::new();
    let schema = json!({"title": "T", "properties": {"a": {"type": "number", "minimum": "x"}}});
    let wrong = ground
        .post(ADA, "targets", &json!({"schema": schema}))
        .await;
    insta::assert_json_snapshot!("wrong_schema", steady(&wrong.json()));
    let schema = json!({"title": "T", "properties": {"a": {"type": "number"}}, "required": ["a"]});
    let made = ground
        .post(ADA, "targets", &json!({"name": "Mine", "schema": schema}))
        .await
        .ok(201);
    insta::assert_json_snapshot!("target_version", steady(&made));
    let path = format!("targets/{}", text(&made["target"]));
    ground
        .post(ADA, &format!("{path}/versions"), &json!({"schema": schema}))
        .await
        .ok(201);
    let target = ground.get(ADA, &path).await.ok(200);
    assert_eq!(target["name"], "Mine");
    assert_eq!(target["versions"].as_array().unwrap().len(), 2);
    assert_eq!(target["versions"][1]["number"], 2);
    for body in [json!({}), json!({"schema": {}, "preset": "order"})] {
        assert_eq!(
            ground.post(ADA, "targets", &body).await.code(),
            "invalid_body"
        );
    }
    assert_eq!(
        ground
            .post(ADA, "targets", &json!({"preset": "x"}))
            .await
            .code(),
        "invalid"
    );
    let presets = ground.get(ADA, "targets/presets").await.ok(200);
    assert_eq!(presets["items"][0]["name"], "transaction");
}
