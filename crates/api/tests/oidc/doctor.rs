//! `aimapper auth doctor`: each mistake that people make with a realm is found by its name, with what mends
//! it, and nothing is found where nothing is wrong.

use aimapper_core::auth::{Finding, Provider as Client, Verdict, examine};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::realm::{Answer, Document, Endpoint, Provider, Realm, attacker, now};
use crate::site::oidc;

const BACK: &str = "http://localhost:8000/accounts/complete/keycloak/";

fn examined(realm: &Realm, settings: &[(&str, &str)], token: Option<&str>) -> Vec<Finding> {
    let client = Client::new(oidc(realm.issuer(), settings)).unwrap();
    examine(&client, BACK, token, now())
}

/// What is not good, as `WHAT: what it says -> what mends it`.
fn complaints(found: &[Finding]) -> Vec<String> {
    found
        .iter()
        .filter(|one| one.verdict != Verdict::Good)
        .map(|one| {
            let fix = one.fix.as_deref().unwrap_or_default();
            format!("{}: {} -> {fix}", one.what, one.says)
        })
        .collect()
}

/// The one complaint about this, which says all of these words.
#[track_caller]
fn assert_complaint(found: &[Finding], what: &str, words: &[&str]) {
    let all = complaints(found);
    let of = all.iter().find(|one| one.starts_with(&format!("{what}: ")));
    let Some(of) = of else {
        panic!("nothing is said about {what}: {all:?}");
    };
    for word in words {
        assert!(of.contains(word), "{word} is not in {of}");
    }
}

fn healthy() -> (Provider, Realm) {
    let (provider, realm) = Provider::with_realm();
    realm.register(BACK);
    (provider, realm)
}

#[test]
fn a_healthy_realm_has_nothing() {
    let (_provider, realm) = healthy();
    let admin = json!({"realm_access": {"roles": ["admin", "offline_access"]}});
    let token = realm.access_token(&admin);
    let found = examined(&realm, &[], Some(&token));
    assert_eq!(complaints(&found), [""; 0]);
    let looked_at: Vec<&str> = found.iter().map(|one| one.what).collect();
    for what in [
        "settings", "provider", "keys", "redirect", "client", "token",
    ] {
        assert!(looked_at.contains(&what), "{what} is not in {looked_at:?}");
    }
    assert!(found.last().unwrap().says.contains("roles: admin"));
    let said: String = found.iter().map(|one| one.says.as_str()).collect();
    assert!(!said.contains(token.rsplit('.').next().unwrap()));
    // Nobody was signed in, and nothing was changed.
    assert_eq!(realm.hits(Endpoint::UserInfo), 0);
}

#[test]
fn a_realm_behind_a_proxy_that_names_itself_otherwise_is_told() {
    let (_provider, realm) = healthy();
    realm.change(Document::Discovery, |document| {
        document["issuer"] = json!("https://public.example.org/realms/a");
    });
    let found = examined(&realm, &[], None);
    let words = [
        "https://public.example.org/realms/a",
        "--hostname",
        "auth.issuer",
    ];
    assert_complaint(&found, "provider", &words);
}

#[test]
fn a_realm_that_is_away_or_not_there_is_told() {
    let (provider, realm) = healthy();
    realm.fail(Endpoint::Discovery, Answer::error(404, "not_found"));
    let found = examined(&realm, &[], None);
    assert_complaint(&found, "provider", &["404", "realm's name", "/auth"]);
    provider.down();
    let found = examined(&realm, &[], None);
    assert_complaint(
        &found,
        "provider",
        &["cannot be reached", "auth.discovery_url"],
    );
}

#[test]
fn a_wrong_secret_and_an_unknown_address_are_told() {
    let (_provider, realm) = Provider::with_realm();
    let found = examined(&realm, &[("auth.client_secret", "hunter2")], None);
    assert_complaint(&found, "client", &["its secret", "auth.client_secret"]);
    assert_complaint(&found, "redirect", &[BACK, "redirect URIs"]);
    assert!(!format!("{found:?}").contains("hunter2"));
    realm.register(BACK);
    let found = examined(&realm, &[("auth.client_id", "somebody")], None);
    assert_complaint(&found, "client", &["somebody"]);
    assert_complaint(&found, "redirect", &["client called somebody"]);
}

#[test]
fn weak_keys_are_told_with_their_bits() {
    let (_provider, realm) = healthy();
    realm.change(Document::Certs, |set| {
        let mut weak = set["keys"][0].clone();
        weak["kid"] = json!("weak");
        weak["n"] = json!(URL_SAFE_NO_PAD.encode([0xff; 128]));
        set["keys"].as_array_mut().unwrap().push(weak);
    });
    let found = examined(&realm, &[], None);
    assert_complaint(&found, "keys", &["weak", "1024 bits", "2048"]);
    let claims = json!({"iss": realm.issuer(), "sub": "7"});
    let token = attacker().sign(&json!({"alg": "RS256", "kid": "weak"}), &claims);
    let found = examined(&realm, &[], Some(&token));
    assert_complaint(&found, "key", &["1024 bits"]);
}

#[test]
fn what_is_wrong_with_a_token_is_told_all_at_once() {
    let (_provider, realm) = healthy();
    let wrong = |changes: &Value| {
        let token = realm.access_token(changes);
        examined(&realm, &[], Some(&token))
    };
    let cases: [(Value, &str, &[&str]); 8] = [
        (
            json!({"aud": "account"}),
            "audience",
            &["account", "Audience mapper", "aimapper"],
        ),
        (
            json!({"iss": "http://keycloak:8080/realms/a"}),
            "issuer",
            &["http://keycloak:8080/realms/a", "auth.discovery_url"],
        ),
        (json!({"sub": null}), "subject", &["basic"]),
        (
            json!({"azp": "portal"}),
            "client",
            &["portal", "auth.authorized_parties"],
        ),
        (
            json!({"typ": "Refresh"}),
            "type",
            &["Refresh", "access_token"],
        ),
        (json!({"exp": now() - 73}), "times", &["expired 7", "s ago"]),
        (json!({"iat": now() + 500}), "times", &["clocks"]),
        (
            json!({"exp": now() + 900_000}),
            "token",
            &["max_token_seconds"],
        ),
    ];
    for (changes, what, words) in &cases {
        assert_complaint(&wrong(changes), what, words);
    }
    let several = wrong(&json!({"aud": "account", "sub": null, "exp": now() - 99}));
    for what in ["audience", "subject", "times", "token"] {
        assert_complaint(&several, what, &[]);
    }
    let found = examined(&realm, &[], Some("a text"));
    assert_complaint(&found, "token", &["no signed token"]);
    let claims = json!({"iss": realm.issuer(), "sub": "7"});
    let strange = attacker().sign(&json!({"alg": "RS256", "kid": "strange"}), &claims);
    let found = examined(&realm, &[], Some(&strange));
    assert_complaint(&found, "key", &["strange", "not published"]);
}

#[test]
fn a_clock_that_is_off_is_told() {
    let (_provider, realm) = healthy();
    let client = Client::new(oidc(realm.issuer(), &[])).unwrap();
    let found = examine(&client, BACK, None, now() + 400);
    assert_complaint(&found, "clock", &["+", "NTP"]);
}

#[test]
fn settings_that_may_bite_are_told() {
    let (_provider, realm) = healthy();
    let settings = [
        ("auth.id_key", "username"),
        ("auth.id_key_i_accept_mutable", "yes"),
    ];
    let found = examined(&realm, &settings, None);
    assert_complaint(&found, "settings", &["auth.id_key", "relink"]);
}

#[test]
fn further_issuers_are_looked_at_each_with_its_name() {
    let (provider, realm) = healthy();
    let second = provider.add_realm("partners");
    let settings = [("auth.issuers.0.issuer", second.issuer())];
    let found = examined(&realm, &settings, None);
    assert_eq!(complaints(&found), [""; 0]);
    let of_second = |found: &[Finding]| {
        let says = found
            .iter()
            .filter(|one| one.says.starts_with(second.issuer()));
        says.map(|one| one.what).collect::<Vec<_>>()
    };
    assert_eq!(of_second(&found), ["issuer", "keys"]);
    // A token is looked at with the eyes of its own issuer.
    let theirs = second.access_token(&json!({}));
    let found = examined(&realm, &settings, Some(&theirs));
    assert_eq!(complaints(&found), [""; 0]);
    let found = examined(&realm, &[], Some(&theirs));
    assert_complaint(&found, "issuer", &[second.issuer(), "[[auth.issuers]]"]);
    second.fail(Endpoint::Certs, Answer::error(500, "server_error"));
    let found = examined(&realm, &settings, None);
    assert_complaint(&found, "keys", &[second.issuer(), "status 500"]);
}

#[test]
fn a_realm_that_does_not_say_which_tokens_count_is_told() {
    let (_provider, realm) = healthy();
    let on = ("auth.introspection", "admin");
    let found = examined(&realm, &[on], None);
    assert_eq!(complaints(&found), [""; 0]);
    assert!(found.iter().any(|one| one.what == "introspection"));
    assert!(
        !examined(&realm, &[], None)
            .iter()
            .any(|one| one.what == "introspection")
    );
    let secret = ("auth.client_secret", "not-the-secret");
    let found = examined(&realm, &[on, secret], None);
    let words = ["status 401", "secret", "auth.introspection_url"];
    assert_complaint(&found, "introspection", &words);
    realm.change(Document::Introspection, |said| {
        *said = json!({"active": true})
    });
    let found = examined(&realm, &[on], None);
    assert_complaint(&found, "introspection", &["nobody issued"]);
    realm.change(Document::Discovery, |document| {
        document["introspection_endpoint"] = Value::Null;
    });
    let found = examined(&realm, &[on], None);
    assert_complaint(&found, "introspection", &["introspection_endpoint"]);
}
