//! Signing in at a provider that somebody else wrote (`deploy/dev/oidc_peer.sh`): what our own realm and our own
//! login could be wrong about together, they cannot be wrong about here.

use std::io::Write as _;
use std::net::TcpListener;

use serde_json::{Value, json};
use url::Url;

use crate::browser::{Browser, Trip};
use crate::http;
use crate::site::{Site, assert_problem, wait_until};

/// Names the issuer.
const VARIABLE: &str = "AIMAPPER_TEST_OIDC_PEER_URL";

/// The issuer, or nothing, which is said loudly: past the harness, which would keep it.
fn issuer() -> Option<String> {
    let issuer = std::env::var(VARIABLE).ok();
    if issuer.is_none() {
        let mut out = std::io::stderr();
        let said = format!(
            "\nSKIPPED: signing in at a provider that is not ours: {VARIABLE} is not set\n\
             hint: `bash deploy/dev/oidc_peer.sh start` starts one\n\n"
        );
        out.write_all(said.as_bytes()).unwrap();
    }
    issuer
}

/// A service that has registered itself as a client.
fn registered(issuer: &str) -> Site {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    let client = json!({
        "redirect_uris": [format!("{base}/accounts/complete/keycloak/")],
        "post_logout_redirect_uris": [format!("{base}/")],
        "backchannel_logout_uri": format!("{base}/accounts/logout/keycloak/backchannel/"),
        "backchannel_logout_session_required": true,
        "grant_types": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_method": "client_secret_post",
        "userinfo_signed_response_alg": "RS256",
    });
    let client = http::send(
        "POST",
        &format!("{issuer}/protocol/openid-connect/register"),
        &[("Content-Type", "application/json")],
        client.to_string().as_bytes(),
    );
    assert_eq!(client.status, 201, "{}", client.text());
    let client = client.json();
    let text = |name: &str| client[name].as_str().unwrap().to_owned();
    let (id, secret) = (text("client_id"), text("client_secret"));
    let settings = [
        ("auth.client_id", id.as_str()),
        ("auth.client_secret", secret.as_str()),
    ];
    let site = Site::at(listener, issuer, &settings);
    wait_until("the service has the peer's keys", || site.is_ready());
    site
}

/// As far as the peer's page to sign in.
fn sign_in_page(browser: &Browser, site: &Site) -> Trip {
    let trip = browser.go(&site.url("/accounts/login/keycloak?next=/sources"));
    assert!(
        trip.reply.text().contains("name=\"login\""),
        "{:?}",
        trip.steps
    );
    trip
}

/// The peer's pages, filled in: who it is, and that the service may know it.
fn signed_in(browser: &Browser, site: &Site) -> Trip {
    let page = sign_in_page(browser, site);
    let consent = browser.submit(&page, &[("login", "mia"), ("password", "any")]);
    assert!(
        consent.reply.text().contains("value=\"consent\""),
        "{:?}",
        consent.steps
    );
    browser.submit(&consent, &[])
}

#[test]
fn an_independent_provider_signs_in() {
    let Some(issuer) = issuer() else { return };
    let site = registered(&issuer);
    let browser = Browser::new();
    let trip = signed_in(&browser, &site);
    assert_eq!(
        trip.reply.status,
        200,
        "{:?} {}",
        trip.steps,
        trip.reply.text()
    );
    assert_eq!(trip.last(), site.url("/sources"));
    assert_eq!(http::value(trip.way_back(), "iss"), issuer);
    let me = browser.me(&site).json();
    // Of these only user info tells.
    assert_eq!(me["name"], "mia of the peer");
    assert_eq!(me["username"], "mia");
    assert_eq!(me["email"], "mia@example.test");
    assert_eq!(
        (&me["subject"], &me["issuer"]),
        (&json!("mia"), &json!(issuer))
    );
    assert_eq!(me["roles"], json!(["mapper"]));

    // What came back is of use once.
    let again = browser.send("GET", trip.way_back(), &[("Accept", "application/json")]);
    assert_problem(&again, 400, "state_expired");

    // It renews, twice, because each refresh token is good once.
    for _ in 0..2 {
        let before = expires_at(&site);
        site.age_tokens(60);
        assert_ne!(expires_at(&site), before);
        site.make_renewals_due();
        assert_eq!(browser.me(&site).json()["name"], "mia of the peer");
        assert!(expires_at(&site) >= before, "it was not renewed");
    }

    // Signing out here ends the session there.
    let csrf = browser.csrf(&site);
    let url = site.url("/accounts/logout/");
    let out = browser.post(&url, &[], &[("csrf", &csrf)]);
    assert_eq!(out.status, 303);
    let page = browser.go_on(&url, out);
    assert!(page.last().starts_with(&issuer), "{:?}", page.steps);
    let done = browser.submit(&page, &[("logout", "yes")]);
    let home = site.url("/");
    assert!(done.steps.contains(&home), "{:?}", done.steps);
    assert_eq!(browser.me(&site).status, 401);
    // So it asks again who it is.
    sign_in_page(&browser, &site);
}

#[test]
fn an_independent_provider_refuses_what_was_tampered_with() {
    let Some(issuer) = issuer() else { return };
    let site = registered(&issuer);
    let browser = Browser::new();
    let json = [("Accept", "application/json")];
    let login = site.url("/accounts/login/keycloak");
    // Without the challenge there is no code.
    let to = browser.get(&login).header("location").to_owned();
    let without = http::with(&to, "code_challenge", None);
    let without = http::with(&without, "code_challenge_method", None);
    let back = browser.get(&without).header("location").to_owned();
    let reply = browser.send("GET", &back, &json);
    assert_problem(&reply, 502, "provider_error");
    // With another nonce there is one, and an ID token that is not of this attempt.
    let to = browser.get(&login).header("location").to_owned();
    let other = http::with(&to, "nonce", Some("of-somebody-else"));
    let page = browser.go(&other);
    let consent = browser.submit(&page, &[("login", "mia"), ("password", "any")]);
    let done = browser.submit(&consent, &[]);
    assert_eq!(done.reply.status, 502, "{:?}", done.steps);
    assert_eq!(browser.me(&site).status, 401);
    assert_eq!(site.accounts(), []);
}

#[test]
fn an_independent_provider_ends_a_session() {
    let Some(issuer) = issuer() else { return };
    let site = registered(&issuer);
    let browser = Browser::new();
    signed_in(&browser, &site);
    assert_eq!(browser.me(&site).status, 200);
    // Signed out there, without us: it says so through the back channel before it answers.
    let out = format!("{issuer}/protocol/openid-connect/logout");
    let page = browser.go(&out);
    browser.submit(&page, &[("logout", "yes")]);
    assert_eq!(browser.me(&site).status, 401);
    assert_eq!(site.session_rows(), 0);
    let account = site.accounts()[0].id;
    let told = site.audit(account);
    assert_eq!(told.last().unwrap().0, "signed_out_at_provider", "{told:?}");
}

fn expires_at(site: &Site) -> i64 {
    let rows = site.texts("SELECT principal AS text FROM sessions");
    let principal: Value = serde_json::from_str(&rows[0]).unwrap();
    principal["expires_at"].as_i64().unwrap()
}

/// The peer is at Keycloak's addresses, so the predecessor's two settings are enough as well.
#[test]
fn the_two_addresses_of_the_predecessor_are_enough() {
    let Some(issuer) = issuer() else { return };
    let at = |end: &str| format!("{issuer}/protocol/openid-connect/{end}");
    let (auth, token) = (at("auth"), at("token"));
    let settings = [
        ("auth.issuer", ""),
        ("auth.authorization_url", auth.as_str()),
        ("auth.access_token_url", token.as_str()),
    ];
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let site = Site::at(listener, "", &settings);
    wait_until("the service has the peer's keys", || site.is_ready());
    assert_eq!(site.app.identity.provider(), Some(issuer.as_str()));
    let sent = http::get(&site.url("/accounts/login/keycloak"), &[]);
    let to = Url::parse(sent.header("location")).unwrap();
    assert_eq!(
        format!("{}{}", to.origin().ascii_serialization(), to.path()),
        auth
    );
}
