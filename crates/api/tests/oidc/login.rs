//! Signing in, as a browser does it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::browser::{Browser, cookie_name};
use crate::http;
use crate::realm::{Document, Endpoint, Provider, User};
use crate::site::{Site, assert_problem};

#[test]
fn both_forms_of_the_addresses_work() {
    let (_provider, realm) = Provider::with_realm();
    let site = Site::start(&realm);
    for slash in ["", "/"] {
        let browser = Browser::new();
        let login = site.url(&format!("/accounts/login/keycloak{slash}"));
        let sent = browser.get(&login);
        assert_eq!(
            (sent.status, sent.header("cache-control")),
            (302, "no-store")
        );
        let to = sent.header("location");
        assert!(to.starts_with(&realm.url(Endpoint::Authorize)), "{to}");
        let back = browser.get(to).header("location").to_owned();
        let complete = site.url("/accounts/complete/keycloak/");
        assert_eq!(http::value(to, "redirect_uri"), complete);
        assert!(back.starts_with(&complete), "{back}");
        let back = back.replace("/complete/keycloak/", &format!("/complete/keycloak{slash}"));
        let done = browser.get(&back);
        assert_eq!((done.status, done.header("location")), (303, "/"));
        assert_eq!(done.header("cache-control"), "no-store");
        let me = browser.me(&site).json();
        assert_eq!(me["username"], "mia");
        assert_eq!(me["issuer"], realm.issuer());
        assert_eq!(me["roles"], json!(["mapper"]));
    }
}

#[test]
fn the_provider_is_asked_for_what_a_login_needs() {
    let (_provider, realm) = Provider::with_realm();
    let site = Site::with(
        &realm,
        &[
            ("auth.scopes", "roles, offline_access"),
            ("auth.authorization_params", "prompt=login"),
        ],
    );
    let sent = http::get(&site.url("/accounts/login/keycloak"), &[]);
    let to = sent.header("location");
    for (name, value) in [
        ("response_type", "code"),
        ("client_id", "aimapper"),
        ("scope", "openid profile email roles offline_access"),
        ("code_challenge_method", "S256"),
        ("prompt", "login"),
    ] {
        assert_eq!(http::value(to, name), value, "{name}");
    }
    for (name, length) in [("state", 22), ("nonce", 22), ("code_challenge", 43)] {
        let value = http::value(to, name);
        assert!(value.len() >= length, "{name} is {value}");
    }
    let again = http::get(&site.url("/accounts/login/keycloak"), &[]);
    let again = again.header("location");
    for name in ["state", "nonce", "code_challenge"] {
        assert_ne!(http::value(to, name), http::value(again, name), "{name}");
    }
}

#[test]
fn the_client_shows_its_secret_in_either_way() {
    for (way, in_form) in [("post", true), ("basic", false)] {
        let (_provider, realm) = Provider::with_realm();
        let site = Site::with(&realm, &[("auth.client_auth", way)]);
        Browser::new().sign_in(&site);
        let asked = realm.asked(Endpoint::Token);
        let asked = asked.last().unwrap();
        assert_eq!(asked.value("client_secret").is_some(), in_form, "{way}");
        assert_eq!(asked.header("authorization").is_empty(), in_form, "{way}");
        assert_eq!(asked.value("code_verifier").unwrap().len(), 43, "{way}");
        assert_eq!(asked.query, [], "{way}: a secret in an address");
    }
}

#[test]
fn only_what_may_be_passed_on_is() {
    let (_provider, realm) = Provider::with_realm();
    let site = Site::start(&realm);
    let asked = "kc_idp_hint=house&login_hint=mia%26x&ui_locales=de&redirect_uri=https://evil.test/\
                 &client_id=evil&state=evil&nonce=evil&scope=evil&code_challenge=evil&prompt=none\
                 &response_mode=form_post&request_uri=https://evil.test/";
    let sent = http::get(&site.url(&format!("/accounts/login/keycloak?{asked}")), &[]);
    let to = sent.header("location");
    assert_eq!(http::value(to, "kc_idp_hint"), "house");
    assert_eq!(http::value(to, "login_hint"), "mia&x");
    assert_eq!(http::value(to, "ui_locales"), "de");
    assert!(!to.contains("evil"), "{to}");
    for name in ["prompt", "response_mode", "request_uri"] {
        assert_eq!(http::value(to, name), "", "{name}");
    }
}

#[test]
fn another_name_of_the_host_does_not_lead_elsewhere() {
    let (_provider, realm) = Provider::with_realm();
    let site = Site::start(&realm);
    let login = site.url("/accounts/login/keycloak");
    let evil = http::get(&login, &[("Host", "evil.test")]);
    assert_problem(&evil, 421, "wrong_host");
    // With a token the gate asks for no name, but no address is made of it.
    let token = realm.access_token(&json!({}));
    let bearer = format!("Bearer {token}");
    for header in ["Host", "X-Forwarded-Host", "Forwarded"] {
        let value = if header == "Forwarded" {
            "host=evil.test"
        } else {
            "evil.test"
        };
        let headers = [(header, value), ("Authorization", bearer.as_str())];
        let sent = http::get(&login, &headers);
        assert_eq!(sent.status, 302, "{header}");
        let to = sent.header("location");
        let redirect_uri = site.url("/accounts/complete/keycloak/");
        assert_eq!(http::value(to, "redirect_uri"), redirect_uri, "{header}");
    }
}

#[test]
fn two_tabs_both_finish() {
    let (_provider, realm) = Provider::with_realm();
    let site = Site::start(&realm);
    let browser = Browser::new();
    let first = browser.way_back(&site);
    let second = browser.way_back(&site);
    for back in [second, first] {
        let done = browser.get(&back);
        assert_eq!(done.status, 303, "{}", done.text());
        assert_eq!(browser.me(&site).status, 200);
    }
}

#[test]
fn next_never_leaves_the_site() {
    let (_provider, realm) = Provider::with_realm();
    let site = Site::with(&realm, &[("auth.redirect_hosts", "other.example.test")]);
    let long = format!("/{}", "a".repeat(4_096));
    for (next, leads_to) in [
        ("/sources", "/sources"),
        ("/ok?x=//e", "/ok?x=//e"),
        (
            "https://other.example.test/x",
            "https://other.example.test/x",
        ),
        ("//e", "/"),
        ("///e", "/"),
        ("/\\e", "/"),
        ("\\\\e", "/"),
        ("https:e", "/"),
        ("https://evil.test/", "/"),
        ("https://other.example.test@evil.test/", "/"),
        ("https://other.example.test.evil.test/", "/"),
        ("http://other.example.test/", "/"),
        ("javascript:alert(1)", "/"),
        ("%2f%2fe", "/"),
        ("/\te", "/"),
        ("/\ne", "/"),
        ("/\r\nSet-Cookie: a=b", "/"),
        ("/\0e", "/"),
        (" //e", "/"),
        (long.as_str(), "/"),
    ] {
        let browser = Browser::new();
        let login = http::with(&site.url("/accounts/login/keycloak"), "next", Some(next));
        let back = browser.until(&login, "/accounts/complete/");
        let done = browser.get(&back);
        assert_eq!(
            (done.status, done.header("location")),
            (303, leads_to),
            "{next:?}"
        );
    }
}

#[test]
fn a_page_leads_to_the_provider_and_back_to_the_page() {
    let (_provider, realm) = Provider::with_realm();
    let site = Site::start(&realm);
    let trip = Browser::new().go(&site.url("/sources?sort=name"));
    assert_eq!(trip.reply.status, 200, "{}", trip.reply.text());
    assert_eq!(trip.last(), site.url("/sources?sort=name"));
    assert!(trip.way_back().contains("code="));
}

#[test]
fn forms_may_lead_to_the_provider_and_to_nobody_else() {
    let (provider, realm) = Provider::with_realm();
    let site = Site::start(&realm);
    let page = Browser::new().sign_in(&site).reply;
    let policy = page.header("content-security-policy");
    let of_forms = policy
        .split(';')
        .find(|part| part.trim().starts_with("form-action"));
    let expected = format!("form-action 'self' {}", provider.base());
    assert_eq!(of_forms.map(str::trim), Some(expected.as_str()), "{policy}");
}

#[test]
fn the_session_id_is_new_after_sign_in() {
    let (_provider, realm) = Provider::with_realm();
    let site = Site::start(&realm);
    // Somebody has set a cookie before.
    let planted = "p".repeat(43);
    let browser = Browser::new();
    browser.set(&site, &cookie_name(&site), &planted);
    assert_eq!(browser.me(&site).status, 401);
    browser.sign_in(&site);
    let first = browser.session(&site).unwrap();
    assert_ne!(first, planted);
    assert_eq!(first.len(), 43);
    let thief = Browser::new();
    thief.set(&site, &cookie_name(&site), &planted);
    assert_eq!(thief.me(&site).status, 401);
    browser.sign_in(&site);
    assert_ne!(browser.session(&site).unwrap(), first);
}

#[test]
fn the_cookies_are_kept_from_scripts_and_other_sites() {
    let (_provider, realm) = Provider::with_realm();
    let site = Site::start(&realm);
    let browser = Browser::new();
    let login = site.url("/accounts/login/keycloak");
    let sent = browser.get(&login);
    let back = browser
        .get(sent.header("location"))
        .header("location")
        .to_owned();
    let done = browser.get(&back);
    for reply in [sent, done] {
        let cookies = reply.all("set-cookie");
        let [cookie] = cookies.as_slice() else {
            panic!("{cookies:?}");
        };
        for attribute in ["HttpOnly", "SameSite=Lax", "Path=/"] {
            assert!(cookie.contains(attribute), "{cookie}");
        }
        assert!(!cookie.contains("Domain"), "{cookie}");
    }
}

#[test]
fn where_there_is_tls_the_cookie_says_so() {
    let (_provider, realm) = Provider::with_realm();
    let public = "https://aimapper.example.test";
    let site = Site::with(&realm, &[("server.public_url", public)]);
    let host = [("Host", "aimapper.example.test")];
    let sent = http::get(&site.url("/accounts/login/keycloak"), &host);
    let cookie = sent.header("set-cookie");
    assert!(cookie.starts_with("__Host-aimapper"), "{cookie}");
    assert!(
        cookie.contains("Secure") && cookie.contains("Path=/"),
        "{cookie}"
    );
    let to = sent.header("location");
    let redirect_uri = format!("{public}/accounts/complete/keycloak/");
    assert_eq!(http::value(to, "redirect_uri"), redirect_uri);
}

#[test]
fn signed_user_info_is_verified() {
    let (_provider, realm) = Provider::with_realm();
    realm.sign_user_info();
    // Only user info says the name.
    for document in [Document::AccessToken, Document::IdToken] {
        realm.change(document, |claims| {
            let claims = claims.as_object_mut().unwrap();
            claims.remove("name");
            claims.remove("preferred_username");
        });
    }
    let site = Site::start(&realm);
    let browser = Browser::new();
    browser.sign_in(&site);
    assert_eq!(browser.me(&site).json()["username"], "mia");
    for (what, wrong) in [
        ("audience", json!({"aud": "other-app"})),
        ("issuer", json!({"iss": "https://evil.test"})),
        ("subject", json!({"sub": "sub-of-eve"})),
    ] {
        realm.change(Document::UserInfo, move |claims| {
            *claims = crate::realm::changed(claims.clone(), &wrong);
        });
        let browser = Browser::new();
        let done = browser.get(&browser.way_back(&site));
        assert_eq!(done.status, 502, "{what}: {}", done.text());
        assert_eq!(browser.me(&site).status, 401, "{what}");
    }
    realm.unchanged(Document::UserInfo);
    let forged = crate::realm::attacker().sign(
        &json!({"alg": "RS256", "typ": "JWT", "kid": realm.signing()}),
        &json!({"iss": realm.issuer(), "aud": "aimapper", "sub": "sub-of-mia", "name": "Eve"}),
    );
    let answer = crate::realm::Answer::new(200, "application/jwt", forged);
    realm.fail(Endpoint::UserInfo, answer);
    let browser = Browser::new();
    let done = browser.get(&browser.way_back(&site));
    assert_eq!(done.status, 502, "{}", done.text());
}

#[test]
fn logout_ends_the_session_at_the_provider() {
    let (_provider, realm) = Provider::with_realm();
    let site = Site::start(&realm);
    for path in ["/accounts/logout/", "/accounts/logout", "/logout"] {
        let browser = Browser::new();
        browser.sign_in(&site);
        let sid = realm.last_sid();
        let stolen = browser.copy();
        let csrf = browser.csrf(&site);
        let url = site.url(path);
        let out = browser.post(&url, &[], &[("csrf", &csrf)]);
        assert_eq!(out.status, 303, "{path}: {}", out.text());
        let to = out.header("location").to_owned();
        assert!(
            to.starts_with(&realm.url(Endpoint::EndSession)),
            "{path}: {to}"
        );
        assert_eq!(http::value(&to, "post_logout_redirect_uri"), site.url("/"));
        assert_eq!(http::value(&to, "client_id"), "aimapper");
        assert!(!http::value(&to, "id_token_hint").is_empty());
        assert_eq!(browser.session(&site), None, "{path}");
        assert_eq!(stolen.me(&site).status, 401, "{path}");
        let back = browser.get(&to);
        assert_eq!(back.header("location"), site.url("/"));
        assert!(realm.has_ended(&sid), "{path}");
    }
    assert_eq!(site.session_rows(), 0);
}

#[test]
fn the_database_holds_no_token_after_sign_in() {
    let (_provider, realm) = Provider::with_realm();
    let site = Site::start(&realm);
    let browser = Browser::new();
    browser.sign_in(&site);
    realm.user(User::named("olaf"));
    let token = realm.access_token(&json!({}));
    assert_eq!(site.me(&token).status, 200);
    // What each token of the realm begins with: long enough that random bytes,
    // as the sealed ones are in base64, do not hold it by chance.
    let (beginning, _) = token.split_at(16);
    assert!(realm.logout_token("sid", &json!({})).starts_with(beginning));
    let cookie = browser.session(&site).unwrap();
    for row in [
        "SELECT count(*) AS number FROM sessions",
        "SELECT count(*) AS number FROM audit",
    ] {
        assert!(site.number(row) > 0, "{row}");
    }
    for secret in [
        beginning,
        "canary-refresh",
        "canary-code",
        "canary-client-secret",
        &cookie,
    ] {
        let found = site.files_with(secret.as_bytes());
        assert!(found.is_empty(), "{secret} stands in {found:?}");
    }
    // Nor in what is sealed, which is written as base64.
    for sealed in site.texts("SELECT sealed AS text FROM sessions") {
        let sealed = STANDARD.decode(&sealed).unwrap();
        let sealed = String::from_utf8_lossy(&sealed);
        assert!(!sealed.contains(beginning) && !sealed.contains("canary"));
    }
}
