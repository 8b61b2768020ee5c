//! Sessions of browsers, renewed at the provider as long as that lets them.

use std::thread;

use serde_json::json;

use crate::browser::{Browser, cookie_name};
use crate::realm::{Answer, Document, Endpoint, Provider, User, send_logout};
use crate::site::Site;

/// How often refresh tokens came to the provider.
fn refreshed(realm: &crate::realm::Realm) -> usize {
    let asked = realm.asked(Endpoint::Token);
    let refreshes = asked
        .iter()
        .filter(|asked| asked.value("grant_type") == Some("refresh_token"));
    refreshes.count()
}

#[test]
fn twenty_requests_refresh_once() {
    let (_provider, realm) = Provider::with_realm();
    let site = Site::start(&realm);
    let browser = Browser::new();
    browser.sign_in(&site);
    site.make_renewals_due();
    let gate = realm.gate(Endpoint::Token);
    thread::scope(|scope| {
        let asked: Vec<_> = (0..20)
            .map(|_| scope.spawn(|| browser.me(&site).status))
            .collect();
        gate.holds(1);
        gate.open();
        for status in asked {
            assert_eq!(status.join().unwrap(), 200);
        }
    });
    assert_eq!(refreshed(&realm), 1);
    // The next renewal uses the token of this one.
    site.make_renewals_due();
    assert_eq!(browser.me(&site).status, 200);
    assert_eq!(refreshed(&realm), 2);
}

#[test]
fn two_processes_refresh_once() {
    let (_provider, realm) = Provider::with_realm();
    let site = Site::start(&realm);
    let other = site.beside(&realm);
    let browser = Browser::new();
    browser.sign_in(&site);
    let session = browser.session(&site).unwrap();
    browser.set(&other, &cookie_name(&other), &session);
    assert_eq!(browser.me(&other).json()["username"], "mia");
    site.make_renewals_due();
    let gate = realm.gate(Endpoint::Token);
    thread::scope(|scope| {
        let asked: Vec<_> = (0..20)
            .map(|number| {
                let at = if number % 2 == 0 { &site } else { &other };
                let browser = &browser;
                scope.spawn(move || browser.me(at).status)
            })
            .collect();
        gate.holds(1);
        gate.open();
        for status in asked {
            assert_eq!(status.join().unwrap(), 200);
        }
    });
    assert_eq!(refreshed(&realm), 1);
    // What the provider tells one of them, the other knows at once.
    let logout = realm.logout_token(&realm.last_sid(), &json!({}));
    assert_eq!(send_logout(site.base(), &logout).status, 200);
    assert_eq!(browser.me(&other).status, 401);
    assert_eq!(send_logout(other.base(), &logout).status, 400);
}

#[test]
fn a_session_that_the_provider_ended_is_over() {
    let (_provider, realm) = Provider::with_realm();
    let site = Site::start(&realm);
    let browser = Browser::new();
    browser.sign_in(&site);
    realm.end_session(&realm.last_sid());
    assert_eq!(browser.me(&site).status, 200, "nobody has said it yet");
    site.make_renewals_due();
    assert_eq!(browser.me(&site).status, 401);
    assert_eq!(site.session_rows(), 0);
    let account = site.accounts()[0].id;
    let ended = ("session_ended".to_owned(), Some("not_renewed".to_owned()));
    assert_eq!(site.audit(account).last(), Some(&ended));
}

#[test]
fn a_refreshed_id_token_of_another_subject_ends_the_session() {
    for document in [Document::IdToken, Document::AccessToken] {
        let (_provider, realm) = Provider::with_realm();
        let site = Site::start(&realm);
        let browser = Browser::new();
        browser.sign_in(&site);
        realm.change(document, |claims| claims["sub"] = json!("sub-of-eve"));
        site.make_renewals_due();
        assert_eq!(browser.me(&site).status, 401, "{document:?}");
        assert_eq!(site.session_rows(), 0, "{document:?}");
    }
    let (_provider, realm) = Provider::with_realm();
    let site = Site::start(&realm);
    let browser = Browser::new();
    browser.sign_in(&site);
    // Both of them are of somebody else.
    realm.user(User::named("eve"));
    site.make_renewals_due();
    assert_eq!(browser.me(&site).status, 401);
    assert_eq!(site.session_rows(), 0);
}

#[test]
fn a_session_goes_on_while_the_provider_is_down() {
    let (provider, realm) = Provider::with_realm();
    let site = Site::start(&realm);
    let browser = Browser::new();
    browser.sign_in(&site);
    provider.down();
    site.make_renewals_due();
    for _ in 0..5 {
        assert_eq!(browser.me(&site).status, 200);
    }
    provider.up();
    site.make_renewals_due();
    assert_eq!(browser.me(&site).status, 200);
    assert_eq!(refreshed(&realm), 1);
    // A provider that answers with its own faults is as good as none.
    realm.fail(Endpoint::Token, Answer::error(500, "server_error"));
    site.make_renewals_due();
    for _ in 0..5 {
        assert_eq!(browser.me(&site).status, 200);
    }
    assert_eq!(refreshed(&realm), 2);
}

#[test]
fn a_session_does_not_outlive_its_token_for_long_while_the_provider_is_down() {
    let (provider, realm) = Provider::with_realm();
    // Tokens that ended long ago: what a session is left with whose provider was away for so long.
    let site = Site::with(&realm, &[("auth.leeway_seconds", "300")]);
    let browser = Browser::new();
    browser.sign_in(&site);
    site.age_tokens(3_600);
    provider.down();
    site.make_renewals_due();
    for _ in 0..3 {
        let reply = browser.me(&site);
        assert_eq!(
            (reply.status, reply.code().as_str()),
            (503, "provider_unreachable")
        );
    }
    provider.up();
    site.make_renewals_due();
    assert_eq!(browser.me(&site).status, 200);
}

#[test]
fn a_group_taken_away_takes_its_role() {
    let (_provider, realm) = Provider::with_realm();
    let settings = [("auth.role_mappings", "group:/data-team=operator")];
    let site = Site::with(&realm, &settings);
    let browser = Browser::new();
    browser.sign_in(&site);
    assert_eq!(browser.me(&site).json()["roles"], json!(["operator"]));
    realm.user(User::named("mia").with(&json!({"groups": []})));
    site.make_renewals_due();
    assert_eq!(browser.me(&site).json()["roles"], json!([]));
    let json = [("Accept", "application/json")];
    let reply = browser.send("GET", &site.url("/api/v1/sources"), &json);
    assert_eq!(reply.status, 403);
}

#[test]
fn a_renewed_session_keeps_the_name() {
    let (_provider, realm) = Provider::with_realm();
    // Only user info says it, as with light access tokens.
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
    assert_eq!(browser.me(&site).json()["name"], "mia Mapper");
    site.make_renewals_due();
    assert_eq!(browser.me(&site).json()["name"], "mia Mapper");
    assert_eq!(refreshed(&realm), 1);
}

#[test]
fn sessions_end_when_idle_or_old() {
    let (_provider, realm) = Provider::with_realm();
    let settings = [
        ("auth.session.idle_seconds", "600"),
        ("auth.session.absolute_seconds", "3600"),
    ];
    let site = Site::with(&realm, &settings);
    for (age, column) in [(601_000, "seen_at"), (3_601_000, "created_at")] {
        let browser = Browser::new();
        browser.sign_in(&site);
        let sql = format!("UPDATE sessions SET {column} = {column} - {age}");
        site.database.run(&sql);
        let reply = browser.me(&site);
        assert_eq!(
            (reply.status, reply.code().as_str()),
            (401, "token_expired"),
            "{column}"
        );
        assert_eq!(site.session_rows(), 0, "{column}");
    }
}
