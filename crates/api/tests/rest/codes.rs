//! Each code of problems is reached by a request, and has a page.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::mpsc;

use actix_web::http::Method;
use aimapper_api::{Code, Limits};
use aimapper_core::auth::{Grant, LocalIssuer, Role};
use serde_json::json;

use crate::databases;
use crate::ground::{Answer, Ground, Part, request, upload};
use crate::work::text;

const ADA: &str = "one/ada/mapper";
const EVE: &str = "one/eve/operator";
const NOBODY: &str = "01234567-89ab-7fff-bfff-ffffffffffff";
const FILE: Part<'static> = ("file", Some("bank.csv"), b"a;b\r\n1;2\r\n");

/// Codes that no route of these gives: those of the guard's host check and of limits to come, those
/// of what cannot be sent here, one for errors that no statement of the store makes today, and those of
/// signing in at a provider, which is not the way here. How they are made is tested beside their code.
const ELSEWHERE: [Code; 19] = [
    Code::AccountDisabled,
    Code::AuthorizationDeclined,
    Code::ClientRejected,
    Code::CodeRejected,
    Code::IdentityInUse,
    Code::LastIdentity,
    Code::NotAllowed,
    Code::ProviderError,
    Code::ProviderUnreachable,
    Code::StateExpired,
    Code::StateMismatch,
    Code::StateMissing,
    Code::TokenRejected,
    Code::BadRequest,
    Code::Conflict,
    Code::WrongHost,
    Code::ForeignOrigin,
    Code::Csrf,
    Code::RateLimited,
];

fn body(path: &str, media: &'static str, body: &'static str) -> actix_web::test::TestRequest {
    request(ADA, Method::POST, path)
        .insert_header(("content-type", media))
        .set_payload(body)
}

fn bearer(token: &str) -> actix_web::test::TestRequest {
    request("", Method::GET, "sources").insert_header(("authorization", format!("Bearer {token}")))
}

/// A token that was valid in 1970.
fn expired(ground: &Ground) -> String {
    let issuer = LocalIssuer::open(&ground.app.config.key_dir()).unwrap();
    let grant = Grant {
        subject: "local",
        role: Role::Admin,
        ttl_seconds: 60,
    };
    issuer.issue(grant, 1_000).unwrap()
}

/// What wrong requests get.
async fn of_requests(ground: &Ground) -> Vec<(Code, Answer)> {
    let long = "x".repeat(5 << 20);
    let once = |preset: &str| {
        request(ADA, Method::POST, "targets")
            .insert_header(("idempotency-key", "k"))
            .set_json(json!({"preset": preset}))
    };
    ground.send(once("order")).await.ok(201);
    vec![
        (
            Code::MalformedJson,
            ground.send(body("targets", "application/json", "{")).await,
        ),
        (
            Code::MalformedUpload,
            ground.send(body("sources", "text/plain", "")).await,
        ),
        (Code::Unauthenticated, ground.get("", "sources").await),
        (
            Code::RoleMissing,
            ground.get("one/ada/none", "sources").await,
        ),
        (Code::InvalidToken, ground.send(bearer("x")).await),
        (Code::InvalidCredentials, ground.send(bearer(" x")).await),
        (
            Code::TokenExpired,
            ground.send(bearer(&expired(ground))).await,
        ),
        (
            Code::NotFound,
            ground.get(ADA, &format!("runs/{NOBODY}")).await,
        ),
        (Code::NotFound, ground.get(ADA, "runs/1").await),
        (Code::NoSuchRoute, ground.get(ADA, "nothing").await),
        (
            Code::MethodNotAllowed,
            ground.send(request(ADA, Method::PUT, "sources")).await,
        ),
        (
            Code::TooLarge,
            ground.post(ADA, "targets", &json!({"name": long})).await,
        ),
        (
            Code::Unsupported,
            ground.send(body("targets", "text/plain", "{}")).await,
        ),
        (
            Code::InvalidBody,
            ground.post(ADA, "targets", &json!({"nam": 1})).await,
        ),
        (
            Code::InvalidParameter,
            ground.get(ADA, "sources?limit=x").await,
        ),
        (
            Code::Invalid,
            ground.post(ADA, "targets", &json!({"schema": []})).await,
        ),
        (
            Code::EmptyFile,
            ground.upload(ADA, &[("file", None, b"")]).await,
        ),
        (
            Code::IdempotencyMismatch,
            ground.send(once("transaction")).await,
        ),
    ]
}

/// What rows get that are not where they have to be.
async fn of_states(ground: &Ground) -> Vec<(Code, Answer)> {
    let nothing = json!({});
    let made = ground.upload(ADA, &[FILE]).await.ok(202);
    let version = text(&made["version"]);
    let mapping = ground.mapping(EVE).await;
    let id = text(&mapping["id"]);
    let patch = |tag: &'static str| {
        let path = format!("mappings/{}", text(&mapping["mapping"]));
        let body = json!({"accept_at": 0.0});
        let request = request(EVE, Method::PATCH, &path).set_json(body);
        if tag.is_empty() {
            request
        } else {
            request.insert_header(("if-match", tag))
        }
    };
    let run = json!({"mapping_version": id});
    let mut found = vec![
        (
            Code::NotReadYet,
            ground
                .get(ADA, &format!("source-versions/{version}/profile"))
                .await,
        ),
        (Code::Undecided, ground.post(ADA, "runs", &run).await),
        (
            Code::OwnVersion,
            ground
                .post(EVE, &format!("mapping-versions/{id}/approve"), &nothing)
                .await,
        ),
        (
            Code::PreconditionFailed,
            ground.send(patch("\"old\"")).await,
        ),
        (Code::PreconditionRequired, ground.send(patch("")).await),
        (
            Code::JobState,
            ground
                .post(EVE, &format!("jobs/{}/retry", text(&made["job"])), &nothing)
                .await,
        ),
    ];
    let cancel = format!("jobs/{}/cancel", text(&made["job"]));
    let others = ground.post("one/bob/mapper", &cancel, &nothing).await;
    found.push((Code::Forbidden, others));
    let started = ground.started(ADA).await;
    let file = format!("runs/{}/rejects", text(&started["run"]));
    found.push((Code::NotDoneYet, ground.get(ADA, &file).await));
    ground.run(&started["job"]);
    let range = request(ADA, Method::GET, &file).insert_header(("range", "bytes=999-"));
    found.push((Code::RangeNotSatisfiable, ground.send(range).await));
    ground
        .delete(ADA, &format!("sources/{}", text(&made["source"])))
        .await
        .ok(200);
    let gone = ground
        .get(ADA, &format!("source-versions/{version}/file"))
        .await;
    found.push((Code::SourceDeleted, gone));
    databases::run(
        &ground.app.store,
        "UPDATE mapping_versions SET body = 'secret: ['",
    );
    let corrupt = ground.get(ADA, &format!("mapping-versions/{id}")).await;
    assert!(!corrupt.text().contains("secret") && !corrupt.text().contains("detail"));
    found.push((Code::Internal, corrupt));
    found
}

/// What a database that is away and a full disk get.
async fn of_machines() -> Vec<(Code, Answer)> {
    let narrow = Ground::narrow();
    let (taken, is_taken) = mpsc::channel();
    let (give_back, is_given_back) = mpsc::channel::<()>();
    let store = std::sync::Arc::clone(&narrow.app.store);
    let holder = std::thread::spawn(move || {
        store.read(|_| {
            taken.send(()).unwrap();
            is_given_back.recv().unwrap();
            Ok(())
        })
    });
    is_taken.recv().unwrap();
    let away = narrow.get(ADA, "sources").await;
    assert_eq!(away.header("retry-after"), "2");
    assert_eq!(narrow.get("", "/health/ready").await.code(), "unavailable");
    narrow.get("", "/health/live").await.ok(200);
    give_back.send(()).unwrap();
    holder.join().unwrap().unwrap();
    narrow.get(ADA, "sources").await.ok(200);

    let full = Ground::with(Limits::default(), Some(3));
    let no_space = full.send(upload(ADA, &[FILE])).await;
    assert_eq!(full.files(), 0);
    vec![(Code::Unavailable, away), (Code::NoSpace, no_space)]
}

#[actix_web::test]
async fn every_code_is_reached() {
    let ground = Ground::new();
    let mut reached: BTreeSet<Code> = ELSEWHERE.into_iter().collect();
    let mut found = of_requests(&ground).await;
    found.extend(of_states(&ground).await);
    found.extend(of_machines().await);
    for (code, answer) in found {
        assert_eq!(answer.code(), code.word());
        assert_eq!(answer.status, code.status(), "{code}");
        let problem = answer.json();
        assert_eq!(problem["type"], format!("/errors/{code}"));
        assert_eq!(problem["title"], code.title());
        reached.insert(code);
    }
    let missing: Vec<&Code> = Code::ALL
        .iter()
        .filter(|code| !reached.contains(code))
        .collect();
    assert!(missing.is_empty(), "no request reaches {missing:?}");
}

#[test]
fn every_code_has_a_page_and_every_page_a_code() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors");
    let mut pages: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    pages.sort();
    let mut codes: Vec<String> = Code::ALL.iter().map(|code| format!("{code}.md")).collect();
    codes.sort();
    assert_eq!(pages, codes);
    for code in Code::ALL {
        let head = format!(
            "# {}\n\n`{code}`, status {}\n\n",
            code.title(),
            code.status().as_u16()
        );
        assert!(code.page().starts_with(&head), "{code}");
        assert!(code.page().contains("\n## What to do\n\n"), "{code}");
    }
}
