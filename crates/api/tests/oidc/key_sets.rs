//! The published keys: changed, missing, wrong, or made up by whoever sends tokens.

use std::thread;
use std::time::{Duration, Instant};

use aimapper_core::auth::{Provider as Client, ProviderError, Refusal, Verified, verify};
use serde_json::{Value, json};

use crate::http;
use crate::realm::{Answer, Document, Endpoint, Provider, Realm, attacker, changed, key, now};
use crate::site::{Site, assert_problem, oidc, wait_until};

const NOTHING: Value = Value::Null;

fn token(realm: &Realm) -> String {
    realm.access_token(&json!({"exp": now() + 3_600}))
}

/// A token that names a key that nobody has.
fn unknown(realm: &Realm, kid: &str) -> String {
    let header = json!({"alg": "RS256", "typ": "JWT", "kid": kid});
    let _ = realm;
    attacker().sign(&header, &json!({"sub": "eve"}))
}

/// The part of the service that asks the realm, without the service; its clock is an argument.
fn client(realm: &Realm) -> Client {
    Client::new(oidc(realm.issuer(), &[])).unwrap()
}

/// What the check says with the keys that the client has.
fn checked(client: &Client, token: &str, at: i64) -> Result<Verified, Refusal> {
    let keys = client.keys().keys(at).unwrap();
    verify(token, &client.settings().policy, &keys, at)
}

#[test]
fn the_new_key_is_taken_on_the_first_request() {
    let (_provider, realm) = Provider::with_realm();
    let site = Site::start(&realm);
    assert_eq!(site.me(&token(&realm)).status, 200);
    let before = realm.hits(Endpoint::Certs);
    realm.rotate();
    let reply = site.me(&token(&realm));
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(realm.hits(Endpoint::Certs), before + 1);
}

#[test]
fn the_old_key_is_good_while_published() {
    let (_provider, realm) = Provider::with_realm();
    let site = Site::start(&realm);
    let old = token(&realm);
    realm.rotate();
    assert_eq!(site.me(&token(&realm)).status, 200);
    let reply = site.me(&old);
    assert_eq!(reply.status, 200, "{}", reply.text());
}

#[test]
fn a_removed_key_is_refused_within_the_ttl() {
    let (_provider, realm) = Provider::with_realm();
    let client = client(&realm);
    let start = now();
    client.refresh(start).unwrap();
    let old = token(&realm);
    let first = realm.signing();
    realm.rotate();
    realm.remove(&first);
    let good = checked(&client, &old, start + 1);
    assert!(good.is_ok(), "{good:?}");
    // What the service does once a second, ten minutes later.
    let later = start + 600;
    assert!(client.keys().is_due(later));
    client.refresh(later).unwrap();
    let refused = checked(&client, &old, later);
    assert_eq!(refused.unwrap_err(), Refusal::KeyUnknown);
    assert!(checked(&client, &token(&realm), later).is_ok());
}

#[test]
fn a_removed_key_is_refused_as_soon_as_another_is_asked_for() {
    let (_provider, realm) = Provider::with_realm();
    let site = Site::start(&realm);
    let old = token(&realm);
    let first = realm.signing();
    realm.rotate();
    realm.remove(&first);
    assert_eq!(site.me(&token(&realm)).status, 200);
    assert_problem(&site.me(&old), 401, "invalid_token");
}

#[test]
fn a_thousand_unknown_kids_fetch_once() {
    let (_provider, realm) = Provider::with_realm();
    let site = Site::start(&realm);
    let good = token(&realm);
    let before = realm.hits(Endpoint::Certs);
    let started = Instant::now();
    thread::scope(|scope| {
        for part in 0..8 {
            let (site, realm, good) = (&site, &realm, &good);
            scope.spawn(move || {
                for number in 0..125 {
                    let made_up = unknown(realm, &format!("made-up-{part}-{number}"));
                    assert_problem(&site.me(&made_up), 401, "invalid_token");
                }
                assert_eq!(site.me(good).status, 200);
            });
        }
    });
    let fetched = realm.hits(Endpoint::Certs) - before;
    assert!(
        (1..=fetches_within(started.elapsed())).contains(&fetched),
        "{fetched}"
    );
}

/// One at once, and one in each half minute: the machine may be slow.
pub(crate) fn fetches_within(time: Duration) -> usize {
    1 + usize::try_from(time.as_secs() / 30).unwrap()
}

#[test]
fn provider_down_at_start_is_503_and_recovers() {
    let (provider, realm) = Provider::with_realm();
    provider.down();
    let site = Site::unready(&realm, &[]);
    let good = token(&realm);
    for _ in 0..3 {
        let reply = site.me(&good);
        assert_problem(&reply, 503, "provider_unreachable");
        assert!(
            reply.header("retry-after").parse::<u32>().is_ok(),
            "{reply:?}"
        );
        assert_eq!(reply.header("www-authenticate"), "");
    }
    // A token that nobody can check is not refused either.
    assert_eq!(site.me(&unknown(&realm, "k9")).status, 503);
    // What needs no key is said without one.
    assert_eq!(http::get(&site.url("/api/v1/me"), &[]).status, 401);
    assert_eq!(http::get(&site.url("/health/live"), &[]).status, 200);
    assert_problem(
        &http::get(&site.url("/health/ready"), &[]),
        503,
        "provider_unreachable",
    );
    let login = http::get(&site.url("/accounts/login/keycloak"), &[]);
    assert_problem(&login, 503, "provider_unreachable");
    assert!(login.header("retry-after").parse::<u32>().is_ok());

    provider.up();
    wait_until("the service has keys", || site.is_ready());
    assert_eq!(site.me(&good).status, 200);
    let login = http::get(&site.url("/accounts/login/keycloak"), &[]);
    assert_eq!(login.status, 302);
}

#[test]
fn provider_down_later_keeps_serving() {
    let (provider, realm) = Provider::with_realm();
    let site = Site::start(&realm);
    provider.down();
    for name in ["a", "b", "c"] {
        let token = realm.access_token(&json!({"sub": name}));
        assert_eq!(site.me(&token).status, 200);
    }
    // Its key may be new; it may be made up as well.
    assert_problem(&site.me(&unknown(&realm, "k9")), 401, "invalid_token");
    assert!(site.is_ready());
}

#[test]
fn bad_key_sets_keep_the_old_one() {
    let (_provider, realm) = Provider::with_realm();
    let client = client(&realm);
    let mut at = now();
    client.refresh(at).unwrap();
    let good = realm.access_token(&json!({"exp": at + 80_000}));
    let one = key(0).jwk("k1");
    let many: Vec<Value> = (0..300).map(|n| key(0).jwk(&format!("m{n}"))).collect();
    let set = |keys: Value| Answer::json(200, &json!({"keys": keys}));
    let whole = json!({"keys": [one]}).to_string();
    for (what, answer) in [
        ("status 500", Answer::error(500, "server_error")),
        ("a page", Answer::html()),
        ("300 keys", set(json!(many))),
        ("10 MiB", Answer::oversized(10 << 20)),
        ("10 MiB behind a set", {
            let padding = " ".repeat(10 << 20);
            Answer::new(200, "application/json", format!("{whole}{padding}"))
        }),
        ("a redirect", Answer::redirect(&realm.url(Endpoint::Other))),
        ("another type", Answer::new(200, "text/html", whole.clone())),
        ("two keys of a name", set(json!([one, key(1).jwk("k1")]))),
        ("no keys", set(json!([]))),
        (
            "keys of no name",
            set(json!([changed(one.clone(), &json!({"kid": NOTHING}))])),
        ),
        (
            "keys for encryption",
            set(json!([changed(one.clone(), &json!({"use": "enc"}))])),
        ),
        (
            "half of it",
            Answer::new(200, "application/json", &whole[..40]),
        ),
        ("nothing", Answer::new(200, "application/json", "")),
    ] {
        realm.fail(Endpoint::Certs, answer);
        at += 600;
        assert!(client.keys().is_due(at), "{what}");
        let fetched = client.refresh(at);
        assert!(fetched.is_err(), "{what} was taken");
        let verified = checked(&client, &good, at);
        assert!(verified.is_ok(), "{what}: {verified:?}");
    }
    assert_eq!(realm.hits(Endpoint::Other), 0, "the redirect was followed");
    realm.mend(Endpoint::Certs);
    client.refresh(at + 5).unwrap();
    assert_eq!(client.keys().age(at + 5), Some(0));
}

#[test]
fn a_slow_provider_is_given_up() {
    let (_provider, realm) = Provider::with_realm();
    let client = client(&realm);
    let gate = realm.gate(Endpoint::Certs);
    let given_up = client.refresh(now());
    gate.open();
    assert!(
        matches!(given_up, Err(ProviderError::Web(_))),
        "{given_up:?}"
    );
    assert!(client.keys().keys(now()).is_none());
}

#[test]
fn an_unknown_kty_skips_only_that_key() {
    let (_provider, realm) = Provider::with_realm();
    realm.change(Document::Certs, |set| {
        let keys = set["keys"].as_array_mut().unwrap();
        keys.insert(
            0,
            json!({"kty": "AKP", "kid": "later", "alg": "ML-DSA-65", "pub": "AAAA"}),
        );
        keys.push(json!({"kty": "oct", "kid": "shared", "k": "AAAA"}));
        keys.push(json!("no key at all"));
    });
    let site = Site::start(&realm);
    assert_eq!(site.me(&token(&realm)).status, 200);
}

#[test]
fn hostile_discovery_is_refused() {
    let (_provider, realm) = Provider::with_realm();
    for (what, wrong) in [
        ("another", json!("https://sso.example.test/realms/other")),
        ("a slash more", json!(format!("{}/", realm.issuer()))),
        ("none", NOTHING),
        ("a list", json!([realm.issuer()])),
    ] {
        realm.change(Document::Discovery, move |document| {
            document["issuer"] = wrong.clone()
        });
        let refused = client(&realm).refresh(now());
        assert!(
            matches!(
                refused,
                Err(ProviderError::Issuer { .. } | ProviderError::NotADocument(_))
            ),
            "{what}: {refused:?}"
        );
    }
    // Behind an issuer with TLS nothing is without; not even the document, unless it is on this machine.
    let plain = [("auth.discovery_url", "http://keycloak:8080/realms/aimapper")];
    let refused = Client::new(oidc("https://sso.example.test/realms/aimapper", &plain));
    let refused = refused.unwrap().refresh(now());
    assert!(
        matches!(refused, Err(ProviderError::Address(_))),
        "{refused:?}"
    );
    let issuer = "https://sso.example.test/realms/aimapper";
    let discovery = realm.url(Endpoint::Discovery);
    let settings = oidc(issuer, &[("auth.discovery_url", &discovery)]);
    for weak in [
        "authorization_endpoint",
        "token_endpoint",
        "jwks_uri",
        "userinfo_endpoint",
        "end_session_endpoint",
    ] {
        let certs = realm.url(Endpoint::Certs);
        realm.change(Document::Discovery, move |document| {
            for (name, value) in document.as_object_mut().unwrap() {
                *value = if name == "issuer" {
                    json!(issuer)
                } else if name == weak {
                    json!(certs)
                } else {
                    json!("https://127.0.0.1:1/")
                };
            }
        });
        let refused = Client::new(settings.clone()).unwrap().refresh(now());
        assert!(
            matches!(refused, Err(ProviderError::Address(_))),
            "{weak}: {refused:?}"
        );
    }
    for answer in [
        Answer::html(),
        Answer::error(500, "server_error"),
        Answer::redirect(&realm.url(Endpoint::Other)),
        Answer::oversized(10 << 20),
        Answer::json(200, &json!([])),
    ] {
        realm.fail(Endpoint::Discovery, answer);
        client(&realm).refresh(now()).unwrap_err();
    }
    assert_eq!(realm.hits(Endpoint::Certs), 0);
    assert_eq!(realm.hits(Endpoint::Other), 0);
}

#[test]
fn own_keys_in_headers_cause_no_request() {
    let (provider, realm) = Provider::with_realm();
    let site = Site::start(&realm);
    let claims = json!({
        "iss": realm.issuer(), "aud": "aimapper", "sub": "eve", "typ": "Bearer", "azp": "aimapper",
        "iat": now(), "exp": now() + 300, "realm_access": {"roles": ["admin"]},
    });
    let before = realm.all_hits();
    let address = format!("{}/realms/aimapper/keys-of-eve", provider.base());
    for own in [
        json!({"jku": address}),
        json!({"x5u": address}),
        json!({"jwk": attacker().jwk("k1")}),
        json!({"x5c": ["MIIB"]}),
    ] {
        let header = changed(json!({"alg": "RS256", "typ": "JWT", "kid": "k1"}), &own);
        for (who, forged) in [
            ("eve", attacker().sign(&header, &claims)),
            ("the realm", key(0).sign(&header, &claims)),
        ] {
            let reply = site.me(&forged);
            assert_eq!(reply.status, 401, "{own} by {who}: {}", reply.text());
        }
    }
    assert_eq!(realm.all_hits(), before);
}
