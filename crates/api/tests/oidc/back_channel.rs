//! The provider says that sessions have ended (OpenID Connect Back-Channel Logout 1.0).

use std::thread;
use std::time::Instant;

use serde_json::json;

use crate::browser::Browser;
use crate::http;
use crate::key_sets::fetches_within;
use crate::realm::{Endpoint, Provider, User, attacker, now, send_logout};
use crate::site::Site;

#[test]
fn a_logout_token_is_good_once() {
    let (_provider, realm) = Provider::with_realm();
    let site = Site::start(&realm);
    let (first, second) = (Browser::new(), Browser::new());
    first.sign_in(&site);
    let sid = realm.last_sid();
    second.sign_in(&site);
    let token = realm.logout_token(&sid, &json!({}));
    let reply = send_logout(site.base(), &token);
    assert_eq!(
        (reply.status, reply.header("cache-control")),
        (200, "no-store")
    );
    assert_eq!(first.me(&site).status, 401);
    assert_eq!(second.me(&site).status, 200, "it is another session");
    let again = send_logout(site.base(), &token);
    assert_eq!(
        (again.status, again.json()["error"].as_str()),
        (400, Some("invalid_request"))
    );
    let account = site.accounts()[0].id;
    let told = site.audit(account);
    let times = told
        .iter()
        .filter(|(event, _)| event == "signed_out_at_provider");
    assert_eq!(times.count(), 1);
}

#[test]
fn tokens_of_an_ended_session_count_no_more() {
    let (_provider, realm) = Provider::with_realm();
    let site = Site::start(&realm);
    let of_session = realm.access_token(&json!({"sid": "sid-of-mia"}));
    let other = realm.access_token(&json!({"sid": "sid-of-another-device"}));
    assert_eq!(site.me(&of_session).status, 200);
    let logout = realm.logout_token("sid-of-mia", &json!({}));
    assert_eq!(send_logout(site.base(), &logout).status, 200);
    assert_eq!(site.me(&of_session).status, 401);
    assert_eq!(site.me(&other).status, 200);
}

#[test]
fn all_sessions_of_a_subject_end_if_none_is_named() {
    let (_provider, realm) = Provider::with_realm();
    let site = Site::start(&realm);
    let (first, second, olaf) = (Browser::new(), Browser::new(), Browser::new());
    first.sign_in(&site);
    second.sign_in(&site);
    let old = realm.access_token(&json!({"iat": now() - 60, "sid": null}));
    let new = realm.access_token(&json!({"iat": now() + 20, "sid": null}));
    realm.user(User::named("olaf"));
    olaf.sign_in(&site);
    assert_eq!(site.me(&old).status, 200);
    let all = json!({"sid": null, "sub": "sub-of-mia"});
    let logout = realm.logout_token("", &all);
    assert_eq!(send_logout(site.base(), &logout).status, 200);
    assert_eq!(
        (first.me(&site).status, second.me(&site).status),
        (401, 401)
    );
    assert_eq!(olaf.me(&site).status, 200);
    assert_eq!(site.me(&old).status, 401);
    // Whoever signs in again is in again; the old token is not, though the same account was just seen.
    assert_eq!(site.me(&new).status, 200);
    assert_eq!(site.me(&old).status, 401);
}

#[test]
fn a_nonce_wrong_aud_or_no_events_is_refused() {
    let (provider, realm) = Provider::with_realm();
    let other = provider.add_realm("other");
    let site = Site::start(&realm);
    let browser = Browser::new();
    browser.sign_in(&site);
    let sid = realm.last_sid();
    let event = "http://schemas.openid.net/event/backchannel-logout";
    let header = json!({"alg": "RS256", "typ": "logout+jwt", "kid": realm.signing()});
    let mut wrong = vec![
        ("nothing".to_owned(), String::new()),
        (
            "an access token".to_owned(),
            realm.access_token(&json!({"sid": sid})),
        ),
        (
            "another realm's".to_owned(),
            other.logout_token(&sid, &json!({})),
        ),
        (
            "signed by somebody".to_owned(),
            attacker().sign(&header, &json!({"iss": realm.issuer(), "sid": sid})),
        ),
    ];
    for changes in [
        json!({"nonce": "n"}),
        json!({"aud": "other-app"}),
        json!({"aud": null}),
        json!({"iss": "https://evil.test"}),
        json!({"events": null}),
        json!({"events": {}}),
        json!({"events": [event]}),
        json!({"events": {event: true}}),
        json!({"events": {"http://schemas.openid.net/event/other": {}}}),
        json!({"jti": null}),
        json!({"sid": null}),
        json!({"exp": now() - 3_600}),
        json!({"exp": null}),
        json!({"iat": now() + 3_600}),
        json!({"iat": null}),
    ] {
        wrong.push((changes.to_string(), realm.logout_token(&sid, &changes)));
    }
    for (what, token) in wrong {
        let reply = send_logout(site.base(), &token);
        assert_eq!(reply.status, 400, "{what}: {}", reply.text());
        assert_eq!(browser.me(&site).status, 200, "{what}");
    }
    let url = site.url("/accounts/logout/keycloak/backchannel/");
    assert_eq!(http::post(&url, &[], &[]).status, 400);
    let get = http::get(&url, &[]);
    assert!([404, 405].contains(&get.status), "{}", get.status);
    assert_eq!(site.count("revocations"), 0);
    assert_eq!(
        send_logout(site.base(), &realm.logout_token(&sid, &json!({}))).status,
        200
    );
    assert_eq!(browser.me(&site).status, 401);
}

#[test]
fn an_unknown_sid_is_fine() {
    let (_provider, realm) = Provider::with_realm();
    let site = Site::start(&realm);
    let browser = Browser::new();
    browser.sign_in(&site);
    for (sid, changes) in [
        ("sid-of-nobody", json!({})),
        ("", json!({"sid": null, "sub": "sub-of-nobody"})),
    ] {
        let reply = send_logout(site.base(), &realm.logout_token(sid, &changes));
        assert_eq!(reply.status, 200, "{}", reply.text());
    }
    assert_eq!(browser.me(&site).status, 200);
}

#[test]
fn the_provider_may_know_the_service_by_another_name() {
    let (_provider, realm) = Provider::with_realm();
    let site = Site::start(&realm);
    let token = realm.logout_token("sid-of-nobody", &json!({}));
    for path in [
        "/accounts/logout/keycloak/backchannel/",
        "/accounts/logout/keycloak/backchannel",
    ] {
        let url = site.url(path);
        let reply = http::post(&url, &[("Host", "api:8000")], &[("logout_token", &token)]);
        assert_ne!(reply.status, 421, "{path}");
    }
}

#[test]
fn thousands_of_forged_posts_change_nothing() {
    let (_provider, realm) = Provider::with_realm();
    let site = Site::start(&realm);
    let browser = Browser::new();
    browser.sign_in(&site);
    let sid = realm.last_sid();
    let before = realm.hits(Endpoint::Certs);
    let rows = site.count("audit");
    let started = Instant::now();
    let claims = json!({
        "iss": realm.issuer(), "aud": "aimapper", "iat": now(), "exp": now() + 120, "sid": sid,
        "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
    });
    thread::scope(|scope| {
        for part in 0..8 {
            let (site, realm, claims) = (&site, &realm, &claims);
            scope.spawn(move || {
                for number in 0..125 {
                    let jti = format!("{part}-{number}");
                    // Half of them name the realm's key, and half one that nobody has.
                    let kid = if number % 2 == 0 {
                        realm.signing()
                    } else {
                        jti.clone()
                    };
                    let header = json!({"alg": "RS256", "typ": "logout+jwt", "kid": kid});
                    let claims = crate::realm::changed(claims.clone(), &json!({"jti": jti}));
                    let reply = send_logout(site.base(), &attacker().sign(&header, &claims));
                    assert_eq!(reply.status, 400);
                }
            });
        }
    });
    assert_eq!(browser.me(&site).status, 200);
    assert_eq!(site.count("revocations"), 0);
    assert_eq!(site.count("audit"), rows);
    let fetched = realm.hits(Endpoint::Certs) - before;
    assert!(fetched <= fetches_within(started.elapsed()), "{fetched}");
}
