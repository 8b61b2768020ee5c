//! Attacks on signing in: answers that were replayed, swapped, meant for others or made up.

use serde_json::json;

use crate::browser::Browser;
use crate::http;
use crate::realm::{Document, Endpoint, Provider, Realm, User};
use crate::site::{Site, assert_problem, wait_until};

const JSON: [(&str, &str); 1] = [("Accept", "application/json")];

/// Comes back from the provider by this address, as a program that wants to read the answer.
#[track_caller]
fn assert_stopped(browser: &Browser, back: &str, site: &Site, status: u16, code: &str) {
    let reply = browser.send("GET", back, &JSON);
    assert_problem(&reply, status, code);
    assert_eq!(reply.header("cache-control"), "no-store");
    assert_eq!(browser.me(site).status, 401);
}

#[test]
fn a_code_or_state_is_good_once() {
    let (_provider, realm) = Provider::with_realm();
    let site = Site::start(&realm);
    let browser = Browser::new();
    let back = browser.way_back(&site);
    assert_eq!(browser.get(&back).status, 303);
    let again = browser.send("GET", &back, &JSON);
    assert_problem(&again, 400, "state_expired");
    // The code of one attempt in another.
    let thief = Browser::new();
    let own = thief.way_back(&site);
    let with_code = http::with(&own, "code", Some(&http::value(&back, "code")));
    assert_stopped(&thief, &with_code, &site, 400, "code_rejected");
    // An unused code of another attempt fails at the provider, because the proof is another.
    let victim = Browser::new();
    let unused = http::value(&victim.way_back(&site), "code");
    let own = thief.way_back(&site);
    let with_code = http::with(&own, "code", Some(&unused));
    assert_stopped(&thief, &with_code, &site, 400, "code_rejected");
}

#[test]
fn an_old_state_is_refused() {
    let (_provider, realm) = Provider::with_realm();
    let site = Site::start(&realm);
    let browser = Browser::new();
    let back = browser.way_back(&site);
    site.database
        .run("UPDATE login_attempts SET created_at = created_at - 660000");
    assert_stopped(&browser, &back, &site, 400, "state_expired");
    assert_eq!(realm.hits(Endpoint::Token), 0);
}

#[test]
fn a_state_of_another_browser_is_refused() {
    let (_provider, realm) = Provider::with_realm();
    let site = Site::start(&realm);
    let eve = Browser::new();
    let back = eve.way_back(&site);
    // The victim has an attempt of its own.
    let victim = Browser::new();
    victim.way_back(&site);
    assert_stopped(&victim, &back, &site, 400, "state_mismatch");
    assert_eq!(realm.hits(Endpoint::Token), 0);
}

#[test]
fn a_callback_without_the_cookie_is_refused() {
    let (_provider, realm) = Provider::with_realm();
    let site = Site::start(&realm);
    let browser = Browser::new();
    let back = browser.way_back(&site);
    browser.forget();
    assert_stopped(&browser, &back, &site, 400, "state_mismatch");
    let browser = Browser::new();
    let back = browser.way_back(&site);
    let none = http::with(&back, "state", None);
    assert_stopped(&browser, &none, &site, 400, "state_missing");
    let empty = http::with(&back, "state", Some(""));
    assert_stopped(&browser, &empty, &site, 400, "state_missing");
    let wrong = http::with(&back, "state", Some("made-up"));
    assert_stopped(&browser, &wrong, &site, 400, "state_expired");
    assert_eq!(realm.hits(Endpoint::Token), 0);
}

#[test]
fn nobody_can_be_signed_in_by_another_site() {
    let (_provider, realm) = Provider::with_realm();
    let site = Site::start(&realm);
    // Eve begins, and makes the victim's browser end it; signed in before or not.
    realm.user(User::named("eve"));
    let eve = Browser::new();
    let back = eve.way_back(&site);
    let other = eve.way_back(&site);
    let victim = Browser::new();
    assert_stopped(&victim, &back, &site, 400, "state_mismatch");
    realm.user(User::named("mia"));
    victim.sign_in(&site);
    assert_problem(&victim.send("GET", &other, &JSON), 400, "state_mismatch");
    assert_eq!(victim.me(&site).json()["username"], "mia");
    // Nor is another identity added by a form of another site.
    let url = site.url("/accounts/login/keycloak");
    for headers in [
        &[("Origin", "https://evil.test")][..],
        &[("Sec-Fetch-Site", "cross-site")],
        &[],
    ] {
        let reply = victim.post(&url, headers, &[]);
        assert_eq!(reply.status, 403, "{headers:?}");
    }
}

#[test]
fn pkce_cannot_be_left_out() {
    let (_provider, realm) = Provider::with_realm();
    let site = Site::start(&realm);
    let browser = Browser::new();
    let login = site.url("/accounts/login/keycloak");
    let to = browser.get(&login).header("location").to_owned();
    // On its way somebody takes the challenge away, or puts another in its place.
    let none = http::with(&to, "code_challenge_method", None);
    let back = browser.get(&none).header("location").to_owned();
    assert_stopped(&browser, &back, &site, 502, "provider_error");
    let to = browser.get(&login).header("location").to_owned();
    let other = http::with(&to, "code_challenge", Some(&"x".repeat(43)));
    let back = browser.get(&other).header("location").to_owned();
    assert_stopped(&browser, &back, &site, 400, "code_rejected");
}

#[test]
fn a_swapped_nonce_is_refused() {
    let (_provider, realm) = Provider::with_realm();
    let site = Site::start(&realm);
    for nonce in [json!("of-another-attempt"), json!(null), json!("")] {
        let said = nonce.clone();
        realm.change(Document::IdToken, move |claims| {
            claims["nonce"] = nonce.clone()
        });
        let browser = Browser::new();
        let back = browser.way_back(&site);
        let reply = browser.send("GET", &back, &JSON);
        assert_problem(&reply, 502, "token_rejected");
        assert_eq!(browser.me(&site).status, 401, "{said}");
    }
    realm.change(Document::IdToken, |claims| {
        claims.as_object_mut().unwrap().remove("nonce");
    });
    let browser = Browser::new();
    assert_stopped(
        &browser,
        &browser.way_back(&site),
        &site,
        502,
        "token_rejected",
    );
}

#[test]
fn tokens_that_do_not_belong_together_are_refused() {
    let (_provider, realm) = Provider::with_realm();
    let site = Site::start(&realm);
    for (document, wrong) in [
        (Document::IdToken, json!({"sub": "sub-of-eve"})),
        (Document::IdToken, json!({"aud": "other-app"})),
        (Document::IdToken, json!({"iss": "https://evil.test"})),
        (Document::IdToken, json!({"azp": "other-app"})),
        (
            Document::IdToken,
            json!({"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}),
        ),
        (Document::IdToken, json!({"exp": 1_700_000_000})),
        (Document::AccessToken, json!({"aud": "account"})),
        (Document::AccessToken, json!({"azp": "other-app"})),
        (Document::AccessToken, json!({"typ": "ID"})),
    ] {
        let said = wrong.clone();
        realm.change(document, move |claims| {
            *claims = crate::realm::changed(claims.clone(), &wrong);
        });
        let browser = Browser::new();
        let reply = browser.send("GET", &browser.way_back(&site), &JSON);
        assert_problem(&reply, 502, "token_rejected");
        assert_eq!(browser.me(&site).status, 401, "{said}");
        realm.unchanged(document);
    }
    realm.change(Document::Tokens, |answer| {
        answer.as_object_mut().unwrap().remove("id_token");
    });
    let browser = Browser::new();
    assert_stopped(
        &browser,
        &browser.way_back(&site),
        &site,
        502,
        "provider_error",
    );
}

#[test]
fn the_answer_of_another_issuer_is_refused() {
    let (provider, realm) = Provider::with_realm();
    let other = provider.add_realm("evil");
    let site = Site::start(&realm);
    for issuer in [other.issuer(), "", &format!("{}/", realm.issuer())] {
        let browser = Browser::new();
        let back = http::with(&browser.way_back(&site), "iss", Some(issuer));
        assert_stopped(&browser, &back, &site, 502, "provider_error");
    }
    assert_eq!(realm.hits(Endpoint::Token), 0);
    // Those of a provider that does not say it are taken.
    let browser = Browser::new();
    let back = http::with(&browser.way_back(&site), "iss", None);
    assert_eq!(browser.get(&back).status, 303);
}

#[test]
fn user_info_of_another_subject_is_refused() {
    let (_provider, realm) = Provider::with_realm();
    let site = Site::start(&realm);
    for sub in [json!("sub-of-eve"), json!(null), json!(7)] {
        realm.change(Document::UserInfo, move |claims| {
            claims["sub"] = sub.clone()
        });
        let browser = Browser::new();
        assert_stopped(
            &browser,
            &browser.way_back(&site),
            &site,
            502,
            "token_rejected",
        );
    }
    assert_eq!(site.accounts(), []);
}

#[test]
fn scripts_in_errors_are_not_shown() {
    let (_provider, realm) = Provider::with_realm();
    let site = Site::start(&realm);
    for error in ["access_denied", "server_error", "<script>canary</script>"] {
        realm.deny(Some(error));
        for accept in ["text/html", "application/json"] {
            let browser = Browser::new();
            let back = browser.way_back(&site);
            let reply = browser.send("GET", &back, &[("Accept", accept)]);
            assert!(reply.status >= 400, "{error}");
            assert!(!reply.text().contains("canary"), "{}", reply.text());
        }
    }
    let reflected = "/accounts/complete/keycloak/?error=%3Cscript%3Ecanary&state=%3Cscript%3Ecanary\
                     &error_description=%3Cscript%3Ecanary&code=%3Cscript%3Ecanary";
    let reply = Browser::new().get(&site.url(reflected));
    assert_eq!(reply.status, 400);
    assert!(!reply.text().contains("canary"), "{}", reply.text());
}

#[test]
fn an_oversized_code_is_refused() {
    let (_provider, realm) = Provider::with_realm();
    let site = Site::start(&realm);
    let browser = Browser::new();
    let back = browser.way_back(&site);
    let long = http::with(&back, "code", Some(&"c".repeat(20_000)));
    assert_stopped(&browser, &long, &site, 502, "provider_error");
    let back = browser.way_back(&site);
    let long = http::with(&back, "state", Some(&"s".repeat(20_000)));
    assert_stopped(&browser, &long, &site, 400, "state_missing");
    assert_eq!(realm.hits(Endpoint::Token), 0);
    // More than any head may have; the server need not answer in words.
    let back = http::with(&back, "code", Some(&"c".repeat(2 << 20)));
    if let Some(reply) = browser.get_answered(&back) {
        assert!((400..500).contains(&reply.status), "{}", reply.status);
    }
    assert_eq!(realm.hits(Endpoint::Token), 0);
    wait_until("it goes on", || site.is_ready());
}

#[test]
fn get_does_not_log_out() {
    let (_provider, realm) = Provider::with_realm();
    let site = Site::start(&realm);
    let browser = Browser::new();
    browser.sign_in(&site);
    for path in ["/accounts/logout/", "/accounts/logout", "/logout"] {
        let reply = browser.get(&site.url(path));
        assert!(
            [404, 405].contains(&reply.status),
            "{path}: {}",
            reply.status
        );
        assert_eq!(browser.me(&site).status, 200, "{path}");
        // A form of another site has no token of the session.
        let csrf = browser.csrf(&site);
        let url = site.url(path);
        for (headers, form) in [
            (&[][..], &[][..]),
            (&[], &[("csrf", "0000")]),
            (
                &[("Origin", "https://evil.test")],
                &[("csrf", csrf.as_str())],
            ),
            (
                &[("Sec-Fetch-Site", "cross-site")],
                &[("csrf", csrf.as_str())],
            ),
        ] {
            let reply = browser.post(&url, headers, form);
            assert_eq!(reply.status, 403, "{path} {headers:?}");
            assert_eq!(browser.me(&site).status, 200, "{path} {headers:?}");
        }
    }
    assert_eq!(realm.hits(Endpoint::EndSession), 0);
}

/// The token of one realm is nothing at another.
#[test]
fn a_token_of_another_realm_is_refused() {
    let (provider, realm) = Provider::with_realm();
    let other: Realm = provider.add_realm("other");
    let site = Site::start(&realm);
    assert_problem(
        &site.me(&other.access_token(&json!({}))),
        401,
        "invalid_token",
    );
    // The same key under the same name, and still another issuer.
    let claims = json!({"iss": other.issuer()});
    assert_problem(&site.me(&realm.access_token(&claims)), 401, "invalid_token");
}
