//! Tokens of several issuers: each with its own keys, none with those of another.

use serde_json::{Value, json};

use crate::browser::Browser;
use crate::http;
use crate::key_sets::fetches_within;
use crate::realm::{Endpoint, Provider, Realm, User, attacker, changed, key, now, send_logout};
use crate::site::{Site, assert_problem, wait_until};

use std::time::Instant;

const BAD: &str = "Bearer realm=\"aimapper\", error=\"invalid_token\", \
                   error_description=\"The access token is not valid\"";

/// A provider with two realms, and a service that takes tokens of both; people sign in at the first.
struct Ground {
    _provider: Provider,
    first: Realm,
    second: Realm,
    site: Site,
}

fn ground() -> Ground {
    ground_with(&[])
}

fn ground_with(more: &[(&str, &str)]) -> Ground {
    let (provider, first) = Provider::with_realm();
    let second = provider.add_realm("partners");
    let issuer = second.issuer().to_owned();
    let settings = [("auth.issuers.0.issuer", issuer.as_str())];
    let site = Site::with(&first, &[&settings[..], more].concat());
    wait_until("the further issuer's keys are here", || {
        further(&site)["has_keys"] == true
    });
    Ground {
        _provider: provider,
        first,
        second,
        site,
    }
}

/// What the service tells about its further issuer.
fn further(site: &Site) -> Value {
    http::get(&site.url("/health/ready"), &[]).json()["issuers"][0].clone()
}

#[test]
fn tokens_of_each_are_taken_and_their_accounts_are_two() {
    let ground = ground();
    let mia = json!({"sub": "one-and-the-same"});
    let first = ground.site.me(&ground.first.access_token(&mia));
    let second = ground.site.me(&ground.second.access_token(&mia));
    assert_eq!(
        (first.status, second.status),
        (200, 200),
        "{}",
        second.text()
    );
    let (first, second) = (first.json(), second.json());
    assert_eq!(first["issuer"], ground.first.issuer());
    assert_eq!(second["issuer"], ground.second.issuer());
    assert_eq!(first["subject"], second["subject"]);
    assert_ne!(first["account"], second["account"]);
    assert_ne!(first["tenant"], second["tenant"]);
    // And again, from what was remembered.
    let again = ground.site.me(&ground.second.access_token(&mia)).json();
    assert_eq!(again["account"], second["account"]);
}

#[test]
fn a_key_of_one_signs_nothing_of_another() {
    let ground = ground();
    // Both realms call their first key k1; they are made different.
    let kid = ground.second.rotate();
    let claims = |realm: &Realm| {
        json!({
            "iss": realm.issuer(), "aud": "aimapper", "sub": "eve", "typ": "Bearer", "azp": "aimapper",
            "iat": now(), "exp": now() + 300, "realm_access": {"roles": ["admin"]},
        })
    };
    let second_key = key(1);
    for (what, forged) in [
        (
            "its name, which the first has not",
            second_key.sign(
                &json!({"alg": "RS256", "typ": "JWT", "kid": kid}),
                &claims(&ground.first),
            ),
        ),
        (
            "a name that the first has",
            second_key.sign(
                &json!({"alg": "RS256", "typ": "JWT", "kid": "k1"}),
                &claims(&ground.first),
            ),
        ),
    ] {
        let reply = ground.site.me(&forged);
        assert_problem(&reply, 401, "invalid_token");
        assert_eq!(reply.header("www-authenticate"), BAD, "{what}");
    }
    // The same key is good where it belongs.
    let header = json!({"alg": "RS256", "typ": "JWT", "kid": kid});
    let good = second_key.sign(&header, &claims(&ground.second));
    assert_eq!(ground.site.me(&good).status, 200);
}

#[test]
fn an_unknown_issuer_is_refused_as_any_token_and_nobody_is_asked() {
    let ground = ground();
    let before = (ground.first.all_hits(), ground.second.all_hits());
    let second = ground.second.issuer().to_owned();
    for iss in [
        json!("https://sso.example.test/realms/other"),
        json!(format!("{second}/")),
        json!(second.to_uppercase()),
        json!([ground.first.issuer(), second]),
        json!({"a": second}),
        json!(7),
        Value::Null,
        json!(""),
    ] {
        // A token that names nobody is one for the first, who may look for its key.
        let kid = if iss.is_string() { "made-up" } else { "k1" };
        for (who, token) in [
            ("the first", ground.first.access_token(&json!({"iss": iss}))),
            (
                "the second",
                ground.second.access_token(&json!({"iss": iss})),
            ),
            (
                "eve",
                attacker().sign(
                    &json!({"alg": "RS256", "typ": "JWT", "kid": kid}),
                    &changed(json!({"sub": "eve"}), &json!({"iss": iss})),
                ),
            ),
        ] {
            let reply = ground.site.me(&token);
            assert_problem(&reply, 401, "invalid_token");
            assert_eq!(reply.header("www-authenticate"), BAD, "{iss} by {who}");
        }
    }
    let after = (ground.first.all_hits(), ground.second.all_hits());
    assert_eq!(before, after);
}

#[test]
fn unknown_keys_of_one_ask_that_one_only_and_once() {
    let ground = ground();
    let hits = |realm: &Realm| realm.hits(Endpoint::Certs);
    let before = (hits(&ground.first), hits(&ground.second));
    let started = Instant::now();
    for number in 0..200 {
        let header = json!({"alg": "RS256", "typ": "JWT", "kid": format!("made-up-{number}")});
        let claims = json!({"iss": ground.second.issuer(), "sub": "eve"});
        let reply = ground.site.me(&attacker().sign(&header, &claims));
        assert_problem(&reply, 401, "invalid_token");
    }
    let fetched = hits(&ground.second) - before.1;
    let most = fetches_within(started.elapsed());
    assert!((1..=most).contains(&fetched), "{fetched}");
    assert_eq!(hits(&ground.first), before.0);
    // The other one's new key is taken at once all the same.
    ground.first.rotate();
    let good = ground.first.access_token(&json!({}));
    assert_eq!(ground.site.me(&good).status, 200);
}

#[test]
fn an_issuer_that_is_away_takes_no_other_away() {
    let (_provider, first) = Provider::with_realm();
    let (gone, second) = Provider::with_realm();
    gone.down();
    let settings = [("auth.issuers.0.issuer", second.issuer())];
    let site = Site::with(&first, &settings);
    assert_eq!(site.me(&first.access_token(&json!({}))).status, 200);
    let reply = site.me(&second.access_token(&json!({})));
    assert_problem(&reply, 503, "provider_unreachable");
    assert_eq!(reply.header("www-authenticate"), "");
    assert!(site.is_ready());
    assert_eq!(further(&site)["has_keys"], false);
    gone.up();
    wait_until("its keys are here", || further(&site)["has_keys"] == true);
    assert_eq!(site.me(&second.access_token(&json!({}))).status, 200);
}

#[test]
fn audiences_parties_and_roles_are_those_of_the_issuer() {
    let ground = ground_with(&[
        ("auth.issuers.0.audiences", "mapping"),
        ("auth.issuers.0.authorized_parties", "portal"),
        ("auth.issuers.0.service_clients", "importer"),
        ("auth.issuers.0.role_mappings", "realm:boss=operator"),
    ]);
    let roles = json!({"roles": ["mapper", "admin", "boss"]});
    let theirs = json!({"aud": "mapping", "azp": "portal", "realm_access": roles});
    let ours = json!({"realm_access": roles});
    let me = |realm: &Realm, changes: &Value| ground.site.me(&realm.access_token(changes));
    assert_eq!(
        me(&ground.first, &ours).json()["roles"],
        json!(["mapper", "admin"])
    );
    let second = me(&ground.second, &theirs).json();
    assert_eq!(second["roles"], json!(["operator"]));
    assert_eq!(second["kind"], "person");
    let program = changed(
        theirs.clone(),
        &json!({"azp": "importer", "sub": "importer"}),
    );
    assert_eq!(me(&ground.second, &program).json()["kind"], "program");
    assert_problem(&me(&ground.first, &theirs), 401, "invalid_token");
    assert_problem(&me(&ground.second, &ours), 401, "invalid_token");
}

#[test]
fn an_address_that_a_further_issuer_calls_verified_gives_no_account() {
    let ground = ground_with(&[("auth.link_by_verified_email", "yes")]);
    let mia = User::named("mia");
    let first = ground
        .site
        .me(&ground.first.access_token(&mia.claims))
        .json();
    let eve = changed(mia.claims, &json!({"sub": "eve"}));
    let second = ground.site.me(&ground.second.access_token(&eve)).json();
    assert_eq!(first["email"], second["email"]);
    assert_ne!(first["account"], second["account"]);
}

#[test]
fn people_sign_in_at_the_first_and_notices_of_each_count_for_its_own() {
    let ground = ground();
    let browser = Browser::new();
    let trip = browser.sign_in(&ground.site);
    assert!(
        trip.steps
            .iter()
            .any(|step| step.starts_with(ground.first.issuer()))
    );
    assert_eq!(ground.second.hits(Endpoint::Authorize), 0);
    let sid = json!({"sid": "one-name"});
    let first = ground.first.access_token(&sid);
    let second = ground.second.access_token(&sid);
    assert_eq!(ground.site.me(&first).status, 200);
    assert_eq!(ground.site.me(&second).status, 200);
    let notice = ground.second.logout_token("one-name", &json!({}));
    assert_eq!(send_logout(ground.site.base(), &notice).status, 200);
    assert_eq!(ground.site.me(&second).status, 401);
    assert_eq!(ground.site.me(&first).status, 200);
    let stranger = json!({"iss": "https://sso.example.test"});
    let notice = ground.second.logout_token("one-name", &stranger);
    assert_eq!(send_logout(ground.site.base(), &notice).status, 400);
}

#[test]
fn keys_that_are_set_for_an_issuer_are_not_fetched() {
    let (provider, first) = Provider::with_realm();
    let second = provider.add_realm("partners");
    let jwk = key(0).jwk("k1").to_string();
    let settings = [
        ("auth.issuers.0.issuer", second.issuer()),
        ("auth.issuers.0.public_key", jwk.as_str()),
    ];
    let site = Site::with(&first, &settings);
    let reply = site.me(&second.access_token(&json!({})));
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(second.all_hits(), 0);
    // With an address for the keys, no document is asked for.
    let certs = second.url(Endpoint::Certs);
    let settings = [
        ("auth.issuers.0.issuer", second.issuer()),
        ("auth.issuers.0.jwks_url", certs.as_str()),
    ];
    let site = Site::with(&first, &settings);
    wait_until("its keys are here", || further(&site)["has_keys"] == true);
    assert_eq!(site.me(&second.access_token(&json!({}))).status, 200);
    assert_eq!(second.hits(Endpoint::Discovery), 0);
}
