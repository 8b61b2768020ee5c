//! Asking the issuer whether a token still counts (RFC 7662): yes, no, and nobody says it.

use std::thread;
use std::time::{Duration, Instant};

use actix_web::middleware::from_fn;
use actix_web::web::{self, Data};
use actix_web::{App as Routes, test as served};
use aimapper_api::auth::{CanAdmin, CanMap, Guarded, gate};
use aimapper_core::auth::{Provider as Client, ProviderError};
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::realm::{Answer, CLIENT, Document, Endpoint, Provider, Realm, SECRET};
use crate::site::{Site, assert_problem, oidc};

const EACH_TIME: [(&str, &str); 2] = [
    ("auth.introspection", "all"),
    ("auth.introspection_seconds", "0"),
];

fn asked(realm: &Realm) -> usize {
    realm.hits(Endpoint::Introspect)
}

#[test]
fn a_token_that_was_taken_back_is_refused() {
    let (_provider, realm) = Provider::with_realm();
    let site = Site::with(&realm, &EACH_TIME);
    let token = realm.access_token(&json!({}));
    assert_eq!(site.me(&token).status, 200);
    realm.take_back(&token);
    let reply = site.me(&token);
    assert_problem(&reply, 401, "invalid_token");
    assert_eq!(
        reply.header("www-authenticate"),
        "Bearer realm=\"aimapper\", error=\"invalid_token\", \
         error_description=\"The access token is not valid\""
    );
    let other = realm.access_token(&json!({}));
    assert_eq!(site.me(&other).status, 200);
    let questions = realm.asked(Endpoint::Introspect);
    assert_eq!(questions.len(), 3);
    let question = &questions[0];
    assert_eq!(question.value("token"), Some(token.as_str()));
    assert_eq!(question.value("token_type_hint"), Some("access_token"));
    assert_eq!(question.value("client_id"), Some(CLIENT));
    assert_eq!(question.value("client_secret"), Some(SECRET));
    assert_eq!(question.header("accept"), "application/json");
    assert!(question.query.is_empty(), "a token is in no address");
}

#[test]
fn the_secret_is_shown_as_to_the_token_endpoint() {
    let (_provider, realm) = Provider::with_realm();
    let basic = ("auth.client_auth", "basic");
    let site = Site::with(&realm, &[&EACH_TIME[..], &[basic]].concat());
    assert_eq!(site.me(&realm.access_token(&json!({}))).status, 200);
    let question = &realm.asked(Endpoint::Introspect)[0];
    assert!(question.header("authorization").starts_with("Basic "));
    assert_eq!(question.value("client_secret"), None);
}

#[test]
fn an_answer_holds_for_a_while_and_for_its_token_only() {
    let (_provider, realm) = Provider::with_realm();
    let site = Site::with(&realm, &[("auth.introspection", "all")]);
    let token = realm.access_token(&json!({}));
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| assert_eq!(site.me(&token).status, 200));
        }
    });
    assert_eq!(asked(&realm), 1, "who comes meanwhile waits for the answer");
    realm.take_back(&token);
    assert_eq!(
        site.me(&token).status,
        200,
        "its answer holds for half a minute"
    );
    // Another process has no answer yet, and a no holds as well.
    let beside = Site::with(&realm, &[("auth.introspection", "all")]);
    for _ in 0..3 {
        assert_problem(&beside.me(&token), 401, "invalid_token");
    }
    assert_eq!(asked(&realm), 2);
}

#[test]
fn what_is_wrong_by_itself_is_not_asked_about() {
    let (_provider, realm) = Provider::with_realm();
    let site = Site::with(&realm, &EACH_TIME);
    for wrong in [json!({"aud": "account"}), json!({"exp": 1, "iat": 0})] {
        assert_eq!(site.me(&realm.access_token(&wrong)).status, 401);
    }
    let none = realm.access_token(&json!({"realm_access": {"roles": []}}));
    assert_problem(&site.bearer("/api/v1/jobs", &none), 403, "role_missing");
    assert_eq!(asked(&realm), 0);
    // Nor are sessions, which are renewed there.
    let browser = Browser::new();
    browser.sign_in(&site);
    assert_eq!(browser.me(&site).status, 200);
    assert_eq!(asked(&realm), 0);
}

#[test]
fn who_cannot_be_asked_lets_nobody_in() {
    let (provider, realm) = Provider::with_realm();
    let http = ("auth.http_timeout_seconds", "1");
    let site = Site::with(&realm, &[&EACH_TIME[..], &[http]].concat());
    let token = realm.access_token(&json!({}));
    let assert_unknown = |what: &str| {
        // What failed a moment ago is let be.
        thread::sleep(Duration::from_millis(1_050));
        let before = asked(&realm);
        let reply = site.me(&token);
        assert_problem(&reply, 503, "provider_unreachable");
        assert_eq!(reply.header("www-authenticate"), "", "{what}");
        assert!(reply.header("retry-after").parse::<u32>().is_ok(), "{what}");
        assert!(asked(&realm) <= before + 1, "{what}");
    };
    for (what, answer) in [
        ("status 500", Answer::error(500, "server_error")),
        ("an unknown client", Answer::error(401, "invalid_client")),
        ("a page", Answer::html()),
        ("a redirect", Answer::redirect(&realm.url(Endpoint::Other))),
        ("too much", Answer::oversized(10 << 20)),
        ("no word", Answer::json(200, &json!({}))),
        ("a text", Answer::json(200, &json!({"active": "true"}))),
        ("a list", Answer::json(200, &json!([true]))),
        (
            "another status",
            Answer::json(201, &json!({"active": true})),
        ),
    ] {
        realm.fail(Endpoint::Introspect, answer);
        assert_unknown(what);
    }
    realm.mend(Endpoint::Introspect);
    assert_eq!(realm.hits(Endpoint::Other), 0, "the redirect was followed");
    let gate = realm.gate(Endpoint::Introspect);
    let started = Instant::now();
    assert_unknown("slow");
    let took = started.elapsed();
    assert!(
        took < Duration::from_secs(5),
        "{took:?}, and a second is set"
    );
    gate.open();
    provider.down();
    assert_unknown("away");
    provider.up();
    thread::sleep(Duration::from_millis(1_050));
    assert_eq!(site.me(&token).status, 200);
}

#[test]
fn an_answer_about_somebody_else_is_a_no() {
    let (_provider, realm) = Provider::with_realm();
    let site = Site::with(&realm, &EACH_TIME);
    let token = realm.access_token(&json!({}));
    for (name, other) in [("sub", "sub-of-eve"), ("iss", "https://sso.example.test")] {
        realm.change(Document::Introspection, move |said| {
            said[name] = json!(other)
        });
        assert_problem(&site.me(&token), 401, "invalid_token");
    }
    realm.change(Document::Introspection, |said| {
        *said = json!({"active": true})
    });
    assert_eq!(site.me(&token).status, 200);
}

#[test]
fn the_address_may_be_set_and_has_tls_or_is_here() {
    let (_provider, realm) = Provider::with_realm();
    realm.change(Document::Discovery, |document| {
        document["introspection_endpoint"] = json!("http://sso.example.test/introspect");
    });
    let site = Site::with(&realm, &EACH_TIME);
    let token = realm.access_token(&json!({}));
    assert_problem(&site.me(&token), 503, "provider_unreachable");
    // It is not that nobody answers there: nobody was asked.
    let client = Client::new(oidc(realm.issuer(), &EACH_TIME)).unwrap();
    let refused = client.is_active(&token, "sub-of-mia");
    assert!(
        matches!(refused, Err(ProviderError::Address(_))),
        "{refused:?}"
    );
    let place = realm.url(Endpoint::Introspect);
    let set = ("auth.introspection_url", place.as_str());
    let site = Site::with(&realm, &[&EACH_TIME[..], &[set]].concat());
    assert_eq!(site.me(&token).status, 200);
    // A document that names no place leaves nobody to ask.
    realm.change(Document::Discovery, |document| {
        document["introspection_endpoint"] = Value::Null;
    });
    let site = Site::with(&realm, &EACH_TIME);
    assert_problem(&site.me(&token), 503, "provider_unreachable");
}

#[test]
fn each_issuer_is_asked_about_its_own_tokens_with_its_own_secret() {
    let (provider, first) = Provider::with_realm();
    let second = provider.add_realm("partners");
    let further = [
        ("auth.issuers.0.issuer", second.issuer()),
        ("auth.issuers.0.client_secret", "another-secret-of-theirs"),
    ];
    let site = Site::with(&first, &[&EACH_TIME[..], &further].concat());
    assert_eq!(site.me(&first.access_token(&json!({}))).status, 200);
    assert_eq!((asked(&first), asked(&second)), (1, 0));
    let reply = site.me(&second.access_token(&json!({})));
    assert_eq!(reply.status, 503, "the realm knows another secret");
    assert_eq!((asked(&first), asked(&second)), (1, 1));
    let question = &second.asked(Endpoint::Introspect)[0];
    let shown = question.value("client_secret");
    assert_eq!(shown, Some("another-secret-of-theirs"));
}

async fn map(_: Guarded<CanMap>) -> &'static str {
    "mapped"
}

async fn administer(_: Guarded<CanAdmin>) -> &'static str {
    "administered"
}

#[actix_web::test]
async fn with_admin_only_what_needs_that_role_is_asked_about() {
    let (_provider, realm) = Provider::with_realm();
    let settings = [
        ("auth.introspection", "admin"),
        ("auth.introspection_seconds", "0"),
    ];
    let site = Site::with(&realm, &settings);
    let routes = Routes::new()
        .app_data(Data::new(site.app.clone()))
        .wrap(from_fn(gate))
        .route("/map", web::get().to(map))
        .route("/administer", web::get().to(administer));
    let service = served::init_service(routes).await;
    let host = site.base().trim_start_matches("http://");
    let admin = realm.access_token(&json!({"realm_access": {"roles": ["admin"]}}));
    let status = async |path: &str, token: &str| {
        let request = served::TestRequest::get()
            .uri(path)
            .insert_header(("Host", host))
            .insert_header(("Authorization", format!("Bearer {token}")));
        let answer = served::call_service(&service, request.to_request()).await;
        answer.status().as_u16()
    };
    assert_eq!(status("/map", &admin).await, 200);
    assert_eq!(asked(&realm), 0);
    assert_eq!(status("/administer", &admin).await, 200);
    assert_eq!(asked(&realm), 1);
    let mapper = realm.access_token(&json!({}));
    assert_eq!(status("/administer", &mapper).await, 403);
    assert_eq!(asked(&realm), 1);
    realm.take_back(&admin);
    assert_eq!(status("/administer", &admin).await, 401);
    assert_eq!(status("/map", &admin).await, 200, "nobody was asked");
    realm.fail(Endpoint::Introspect, Answer::error(500, "server_error"));
    assert_eq!(status("/administer", &admin).await, 503);
    assert_eq!(status("/map", &admin).await, 200);
}
