//! What goes wrong at the provider, and what people and programs are told.

use crate::browser::Browser;
use crate::realm::{Answer, Endpoint, Provider};
use crate::site::{Site, assert_problem};

const JSON: [(&str, &str); 1] = [("Accept", "application/json")];

#[test]
fn each_failure_has_its_code() {
    let (provider, realm) = Provider::with_realm();
    let site = Site::start(&realm);
    for (error, status, code) in [
        ("access_denied", 403, "authorization_declined"),
        ("login_required", 403, "authorization_declined"),
        ("server_error", 502, "provider_error"),
        ("invalid_scope", 502, "provider_error"),
        ("temporarily_unavailable", 502, "provider_error"),
    ] {
        realm.deny(Some(error));
        let browser = Browser::new();
        let reply = browser.send("GET", &browser.way_back(&site), &JSON);
        assert_problem(&reply, status, code);
    }
    realm.deny(None);
    let page = |text: &str| Answer::new(401, "text/html", text);
    for (answer, status, code) in [
        (Answer::error(400, "invalid_grant"), 400, "code_rejected"),
        (
            Answer::error(401, "unauthorized_client"),
            500,
            "client_rejected",
        ),
        (Answer::error(401, "invalid_client"), 500, "client_rejected"),
        (Answer::error(400, "invalid_client"), 500, "client_rejected"),
        (page("<p>no"), 500, "client_rejected"),
        (
            Answer::error(403, "access_denied"),
            403,
            "authorization_declined",
        ),
        (Answer::error(400, "invalid_request"), 502, "provider_error"),
        (
            Answer::error(500, "server_error"),
            503,
            "provider_unreachable",
        ),
        (
            Answer::error(503, "server_error"),
            503,
            "provider_unreachable",
        ),
        (
            Answer::redirect(&realm.url(Endpoint::Other)),
            503,
            "provider_unreachable",
        ),
        (Answer::oversized(10 << 20), 503, "provider_unreachable"),
        (Answer::html(), 502, "provider_error"),
        (
            Answer::new(200, "application/json", "{}"),
            502,
            "provider_error",
        ),
    ] {
        realm.fail(Endpoint::Token, answer.clone());
        let browser = Browser::new();
        let reply = browser.send("GET", &browser.way_back(&site), &JSON);
        assert_eq!(
            (reply.status, reply.code().as_str()),
            (status, code),
            "{answer:.80?}"
        );
        assert_eq!(browser.me(&site).status, 401);
        let waits = !reply.header("retry-after").is_empty();
        assert_eq!(waits, status == 503, "{code}");
    }
    realm.mend(Endpoint::Token);
    let browser = Browser::new();
    let back = browser.way_back(&site);
    provider.down();
    let reply = browser.send("GET", &back, &JSON);
    assert_problem(&reply, 503, "provider_unreachable");
    assert_eq!(realm.hits(Endpoint::Other), 0, "a redirect was followed");
    // Why is written down, and nobody was let in.
    let refused = "SELECT count(*) AS number FROM audit WHERE event = 'sign_in_refused'";
    assert_eq!(site.number(refused), 19);
    assert_eq!(site.session_rows(), 0);
}

#[test]
fn a_person_gets_a_page_that_says_what_to_do() {
    let (_provider, realm) = Provider::with_realm();
    let site = Site::start(&realm);
    realm.deny(Some("access_denied"));
    let browser = Browser::new();
    let reply = browser.get(&browser.way_back(&site));
    assert_eq!(reply.status, 403);
    assert!(reply.header("content-type").starts_with("text/html"));
    assert!(reply.text().contains("declined"), "{}", reply.text());
    let browser = Browser::new();
    let reply = browser.get(&site.url("/accounts/complete/keycloak/"));
    assert_eq!(reply.status, 400);
    assert!(reply.text().contains("sign in again"), "{}", reply.text());
}

#[test]
fn strangers_leave_no_rows() {
    let (_provider, realm) = Provider::with_realm();
    let site = Site::start(&realm);
    for number in 0..50 {
        let back = format!("/accounts/complete/keycloak/?code=c&state=made-up-{number}");
        assert_eq!(Browser::new().get(&site.url(&back)).status, 400);
    }
    let without = site.url("/accounts/complete/keycloak/?error=access_denied");
    assert_eq!(Browser::new().get(&without).status, 400);
    assert_eq!(site.count("audit"), 0);
}

#[test]
fn a_slow_provider_keeps_nobody_else_waiting() {
    let (_provider, realm) = Provider::with_realm();
    let site = Site::start(&realm);
    let gate = realm.gate(Endpoint::Token);
    let waits = Browser::new();
    let back = waits.way_back(&site);
    std::thread::scope(|scope| {
        let slow = scope.spawn(|| waits.get(&back));
        gate.holds(1);
        assert_eq!(
            site.me(&realm.access_token(&serde_json::json!({}))).status,
            200
        );
        assert!(site.is_ready());
        gate.open();
        assert_eq!(slow.join().unwrap().status, 303);
    });
}
