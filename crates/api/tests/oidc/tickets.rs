//! Tickets: an address that opens once without a token, and nothing else, for nobody else.

use actix_web::middleware::from_fn;
use actix_web::web::{self, Data};
use actix_web::{App as Routes, test as served};
use aimapper_api::auth::{CanAdmin, CanOperate, Guarded, gate};
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::http::{self, Reply};
use crate::realm::{Answer, Endpoint, Provider, Realm, send_logout};
use crate::site::{Site, assert_problem};

const ME: &str = "/api/v1/me";
const PRESETS: &str = "/api/v1/targets/presets";

fn ground() -> (Provider, Realm, Site) {
    let (provider, realm) = Provider::with_realm();
    let site = Site::start(&realm);
    (provider, realm, site)
}

fn ask(site: &Site, token: &str, path: &str) -> Reply {
    let bearer = format!("Bearer {token}");
    let headers = [
        ("Authorization", bearer.as_str()),
        ("Content-Type", "application/json"),
        ("Idempotency-Key", "the-same"),
    ];
    let body = json!({"path": path}).to_string();
    http::send(
        "POST",
        &site.url("/api/v1/tickets"),
        &headers,
        body.as_bytes(),
    )
}

/// The address that opens.
fn given(site: &Site, token: &str, path: &str) -> String {
    let reply = ask(site, token, path);
    assert_eq!(reply.status, 201, "{}", reply.text());
    assert_eq!(reply.header("cache-control"), "no-store");
    let told = reply.json();
    let ticket = told["ticket"].as_str().unwrap();
    assert_eq!(ticket.len(), 43);
    let url = told["url"].as_str().unwrap();
    assert!(url.ends_with(&format!("ticket={ticket}")), "{url}");
    site.url(url)
}

fn open(url: &str) -> Reply {
    http::get(url, &[])
}

#[track_caller]
fn assert_refused(reply: &Reply) {
    assert_problem(reply, 401, "invalid_token");
}

#[test]
fn a_ticket_opens_its_address_once() {
    let (_provider, realm, site) = ground();
    let token = realm.access_token(&json!({}));
    let url = given(&site, &token, ME);
    let reply = open(&url);
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(reply.json()["account"], site.me(&token).json()["account"]);
    assert_refused(&open(&url));
    // The same key gets another ticket: nothing that was given is kept.
    assert_ne!(given(&site, &token, ME), given(&site, &token, ME));
    assert_eq!(site.count("answers"), 0);
}

#[test]
fn a_file_is_downloaded_by_a_link() {
    let (_provider, realm, site) = ground();
    let token = realm.access_token(&json!({}));
    let bearer = format!("Bearer {token}");
    let headers = [
        ("Authorization", bearer.as_str()),
        ("Content-Type", "multipart/form-data; boundary=x"),
    ];
    let body = "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\n\
                a;b\r\n1;2\r\n\r\n--x--\r\n";
    let made = http::send(
        "POST",
        &site.url("/api/v1/sources"),
        &headers,
        body.as_bytes(),
    );
    assert_eq!(made.status, 202, "{}", made.text());
    let version = made.json()["version"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/source-versions/{version}/file");
    let url = given(&site, &token, &path);
    let reply = open(&url);
    assert_eq!(
        (reply.status, reply.text().as_str()),
        (200, "a;b\r\n1;2\r\n")
    );
    assert_refused(&open(&url));
    // Another tenant's file is not there, ticket or not.
    let eve = realm.access_token(&json!({"sub": "eve"}));
    assert_problem(&open(&given(&site, &eve, &path)), 404, "not_found");
}

#[test]
fn what_is_stored_of_a_ticket_opens_nothing() {
    let (_provider, realm, site) = ground();
    let token = realm.access_token(&json!({}));
    let url = given(&site, &token, ME);
    let ticket = http::value(&url, "ticket");
    assert_eq!(
        site.files_with(ticket.as_bytes()),
        [""; 0].map(std::path::PathBuf::from)
    );
    let hash = site.texts("SELECT hash AS text FROM tickets").remove(0);
    assert_ne!(hash, ticket);
    assert_refused(&open(&site.url(&format!("{ME}?ticket={hash}"))));
    let signature = token.rsplit('.').next().unwrap().to_owned();
    let row = "SELECT hash || path || principal || coalesce(session_id, '') AS text FROM tickets";
    assert!(!site.texts(row).concat().contains(&signature));
}

#[test]
fn another_address_is_refused_and_uses_it_up() {
    let (_provider, realm, site) = ground();
    let token = realm.access_token(&json!({}));
    for (path, other) in [
        (ME, PRESETS),
        ("/api/v1/jobs?limit=1", "/api/v1/jobs?limit=2"),
        ("/api/v1/jobs?limit=1", "/api/v1/jobs"),
        ("/api/v1/jobs", "/api/v1/jobs?limit=1"),
    ] {
        let ticket = http::value(&given(&site, &token, path), "ticket");
        let mark = if other.contains('?') { '&' } else { '?' };
        let elsewhere = open(&site.url(&format!("{other}{mark}ticket={ticket}")));
        assert_ne!(elsewhere.status, 200, "{path} as {other}");
        assert_refused(&elsewhere);
        let mark = if path.contains('?') { '&' } else { '?' };
        assert_refused(&open(&site.url(&format!("{path}{mark}ticket={ticket}"))));
    }
    // A page is none of its addresses, and leads to where one signs in.
    let ticket = http::value(&given(&site, &token, ME), "ticket");
    let page = open(&site.url(&format!("/?ticket={ticket}")));
    assert_eq!((page.status, page.header("location")), (303, "/sign-in"));
    let with_query = given(&site, &token, "/api/v1/jobs?limit=1");
    let reply = open(&with_query);
    assert_eq!(reply.status, 200, "{}", reply.text());
}

#[test]
fn other_methods_and_other_credentials_beside_it_are_refused() {
    let (_provider, realm, site) = ground();
    let token = realm.access_token(&json!({}));
    for (method, path) in [
        ("POST", "/api/v1/targets"),
        ("POST", "/api/v1/tickets"),
        (
            "DELETE",
            "/api/v1/memory/01234567-89ab-7fff-bfff-ffffffffffff",
        ),
    ] {
        let url = given(&site, &token, path);
        let json = [("Content-Type", "application/json")];
        let body = json!({"path": ME, "preset": "transaction"}).to_string();
        let reply = http::send(method, &url, &json, body.as_bytes());
        assert_refused(&reply);
    }
    assert_eq!(site.count("targets"), 0);
    let url = given(&site, &token, ME);
    let bearer = format!("Bearer {token}");
    let both = http::get(&url, &[("Authorization", &bearer)]);
    assert_problem(&both, 400, "invalid_credentials");
    let twice = open(&format!("{url}&ticket=x"));
    assert_problem(&twice, 400, "invalid_credentials");
    assert_eq!(open(&url).status, 200, "nobody has used it");
    for made_up in ["", "x", &"A".repeat(43), &"%00".repeat(43)] {
        assert_refused(&open(&site.url(&format!("{ME}?ticket={made_up}"))));
    }
}

#[test]
fn a_ticket_ends_after_a_minute_and_with_its_token() {
    let (_provider, realm, site) = ground();
    let token = realm.access_token(&json!({}));
    let age = |milliseconds: i64| {
        let sql = format!("UPDATE tickets SET created_at = created_at - {milliseconds}");
        site.database.run(&sql);
    };
    let young = given(&site, &token, ME);
    age(50_000);
    assert_eq!(open(&young).status, 200);
    let old = given(&site, &token, ME);
    age(60_000);
    assert_refused(&open(&old));
    // What is over is forgotten when the next is given.
    let _forgotten = given(&site, &token, ME);
    age(61_000);
    given(&site, &token, ME);
    assert_eq!(site.count("tickets"), 1);
    // Its token was still taken, because clocks may be apart.
    let ended = realm.access_token(&json!({"exp": crate::realm::now() - 2}));
    let reply = ask(&site, &ended, ME);
    assert_eq!(reply.json()["expires_in"], 0);
    let url = site.url(reply.json()["url"].as_str().unwrap());
    assert_refused(&open(&url));
}

#[test]
fn who_is_disabled_or_revoked_meanwhile_gets_nothing() {
    let (_provider, realm, site) = ground();
    let token = realm.access_token(&json!({"sid": "sid-of-mia"}));
    // The account was looked up a moment ago, and is again.
    assert_eq!(site.me(&token).status, 200);
    let url = given(&site, &token, ME);
    site.database.run("UPDATE accounts SET active = false");
    assert_problem(&open(&url), 403, "account_disabled");
    site.database.run("UPDATE accounts SET active = true");
    let url = given(&site, &token, ME);
    let account = site.accounts()[0].id;
    let off = |active| {
        let set = |conn: &mut aimapper_core::store::Conn<'_>| {
            aimapper_core::store::accounts::set_active(conn, account, active)
        };
        site.app.store.write(set).unwrap();
    };
    off(false);
    off(true);
    assert_refused(&open(&url));
    let url = given(&site, &token, ME);
    let beside = site.beside(&realm);
    let logout = realm.logout_token("sid-of-mia", &json!({}));
    // Another process takes the notice; this one hears of it from the database.
    assert_eq!(send_logout(beside.base(), &logout).status, 200);
    assert_refused(&open(&url));
}

#[test]
fn any_process_opens_what_another_gave_and_one_of_them_only() {
    let (_provider, realm, site) = ground();
    let beside = site.beside(&realm);
    let token = realm.access_token(&json!({}));
    let url = given(&site, &token, ME);
    let there = url.replace(site.base(), beside.base());
    let statuses = std::thread::scope(|scope| {
        let all: Vec<_> = (0..8)
            .map(|number| {
                let url = if number % 2 == 0 { &url } else { &there };
                scope.spawn(move || open(url).status)
            })
            .collect();
        let mut statuses: Vec<u16> = all.into_iter().map(|one| one.join().unwrap()).collect();
        statuses.sort_unstable();
        statuses
    });
    assert_eq!(statuses, [200, 401, 401, 401, 401, 401, 401, 401]);
}

async fn operate(_: Guarded<CanOperate>) -> &'static str {
    "operated"
}

async fn administer(_: Guarded<CanAdmin>) -> &'static str {
    "administered"
}

#[actix_web::test]
async fn what_the_route_asks_for_is_asked() {
    let (_provider, realm, site) = ground();
    let none = realm.access_token(&json!({"realm_access": {"roles": []}}));
    assert_problem(&ask(&site, &none, ME), 403, "role_missing");
    let routes = Routes::new()
        .app_data(Data::new(site.app.clone()))
        .wrap(from_fn(gate))
        .route("/api/v1/operate", web::get().to(operate))
        .route("/api/v1/administer", web::get().to(administer));
    let service = served::init_service(routes).await;
    let host = site.base().trim_start_matches("http://");
    for (role, path, expected) in [
        ("mapper", "/api/v1/operate", 403),
        ("operator", "/api/v1/operate", 200),
        ("admin", "/api/v1/operate", 200),
        // What only administrators may see is for no link, whoever gives it.
        ("mapper", "/api/v1/administer", 401),
        ("admin", "/api/v1/administer", 401),
    ] {
        let token = realm.access_token(&json!({"realm_access": {"roles": [role]}}));
        let url = given(&site, &token, path).replace(site.base(), "");
        let request = served::TestRequest::get()
            .uri(&url)
            .insert_header(("Host", host));
        let answer = served::call_service(&service, request.to_request()).await;
        assert_eq!(answer.status().as_u16(), expected, "{role} at {path}");
    }
}

#[test]
fn only_paths_of_the_interface_get_one() {
    let (_provider, realm, site) = ground();
    let token = realm.access_token(&json!({}));
    for wrong in [
        "",
        "/",
        "/jobs",
        "/api/v1",
        "api/v1/me",
        "//evil.test/api/v1/me",
        "https://evil.test/api/v1/me",
        "/api/v1/me#top",
        "/api/v1/me?ticket=x",
        "/api/v1/me?access_token=x",
        "/api/v1/m\\e",
        "/api/v1/m e",
        "/api/v1/m\u{0}e",
        "/api/v1/mé",
    ] {
        assert_problem(&ask(&site, &token, wrong), 422, "invalid_parameter");
    }
    let long = format!("/api/v1/{}", "a".repeat(3_000));
    assert_problem(&ask(&site, &token, &long), 422, "invalid_parameter");
    let url = site.url("/api/v1/tickets");
    let json = [("Content-Type", "application/json")];
    let body = json!({"path": ME}).to_string();
    let reply = http::send("POST", &url, &json, body.as_bytes());
    assert_problem(&reply, 401, "unauthenticated");
    // One account has so many at once, and the oldest makes room.
    let first = given(&site, &token, ME);
    for _ in 0..70 {
        given(&site, &token, ME);
    }
    assert_eq!(site.count("tickets"), 64);
    assert_refused(&open(&first));
}

#[test]
fn a_session_gives_tickets_that_end_with_it() {
    let (_provider, realm, site) = ground();
    let browser = Browser::new();
    browser.sign_in(&site);
    let csrf = browser.csrf(&site);
    let give = |headers: &[(&str, &str)]| {
        let session = format!(
            "{}={}",
            crate::browser::cookie_name(&site),
            browser.session(&site).unwrap()
        );
        let base = [
            ("Cookie", session.as_str()),
            ("Content-Type", "application/json"),
        ];
        let body = json!({"path": ME}).to_string();
        let all = [&base[..], headers].concat();
        http::send("POST", &site.url("/api/v1/tickets"), &all, body.as_bytes())
    };
    assert_problem(&give(&[]), 403, "csrf");
    let url = |reply: &Reply| site.url(reply.json()["url"].as_str().unwrap());
    let reply = give(&[("X-CSRF-Token", csrf.as_str())]);
    assert_eq!(open(&url(&reply)).json()["username"], "mia");
    let reply = give(&[("X-CSRF-Token", csrf.as_str())]);
    let form = [("csrf", csrf.as_str())];
    browser.post(&site.url("/accounts/logout/"), &[], &form);
    assert_refused(&open(&url(&reply)));
    let _ = realm;
}

#[test]
fn a_used_ticket_is_not_carried_on() {
    let (_provider, realm, site) = ground();
    let token = realm.access_token(&json!({}));
    let url = given(&site, &token, ME);
    assert_eq!(open(&url).status, 200);
    let page = [("Accept", "text/html")];
    let reply = http::get(&url, &page);
    assert_eq!(
        reply.header("location"),
        "",
        "no way to sign in has it in `next`"
    );
    assert_refused(&reply);
    let ticket = http::value(&url, "ticket");
    assert!(!reply.text().contains(&ticket));
    assert_eq!(site.count("login_attempts"), 0);
}

#[test]
fn the_issuer_is_asked_before_a_ticket_is_given() {
    let (_provider, realm) = Provider::with_realm();
    let settings = [
        ("auth.introspection", "all"),
        ("auth.introspection_seconds", "0"),
    ];
    let site = Site::with(&realm, &settings);
    let token = realm.access_token(&json!({}));
    let url = given(&site, &token, ME);
    assert_eq!(realm.hits(Endpoint::Introspect), 1);
    realm.fail(Endpoint::Introspect, Answer::error(500, "server_error"));
    assert_eq!(
        open(&url).status,
        200,
        "its word holds for the ticket's minute"
    );
    assert_eq!(ask(&site, &token, ME).status, 503);
    realm.mend(Endpoint::Introspect);
    std::thread::sleep(std::time::Duration::from_millis(1_050));
    realm.take_back(&token);
    assert_refused(&ask(&site, &token, ME));
}

#[test]
fn an_event_stream_opens_with_a_ticket() {
    let (_provider, realm, site) = ground();
    let token = realm.access_token(&json!({}));
    // There is no job of this name; the guard is behind it.
    let path = "/api/v1/jobs/01234567-89ab-7fff-bfff-ffffffffffff/events";
    let url = given(&site, &token, path);
    let stream = [("Accept", "text/event-stream")];
    let reply = http::get(&url, &stream);
    assert_eq!((reply.status, reply.code().as_str()), (404, "not_found"));
    assert_eq!(reply.json()["instance"], Value::from(path));
}
