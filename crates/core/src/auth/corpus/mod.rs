//! Wrong tokens, each refused for its own reason, and good ones that pass.

mod attacks;
mod mutations;
mod other_tokens;
mod public_keys;

use std::io::ErrorKind;
use std::net::TcpListener;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use self::attacks::realm::{
    ISSUER, KEYS, NOW, TINY_MODULUS, TINY_TOKEN, base, base_ed, claims, encoded, header, policy,
    published, realm_token, rs256, signed, with,
};
use self::attacks::{Outcome, ROWS, all};
use super::*;

fn check(token: &str) -> Result<Verified, Refusal> {
    verify(token, &policy(), &published(), NOW)
}

fn with_claims(changes: &Value) -> Result<Principal, Refusal> {
    check(&realm_token(&json!({}), changes)).map(|verified| verified.principal)
}

#[test]
fn every_attack_is_refused_for_its_reason() {
    let (policy, published) = (policy(), published());
    for attack in all() {
        let (name, token) = (attack.name, &attack.token);
        let found = verify(token, &policy, &published, NOW);
        match (attack.outcome, found) {
            (Outcome::Refused(expected), Err(refusal)) => {
                assert_eq!(refusal, expected, "{name}");
                // One that is of no issuer of ours, or of two, is not led to ours.
                let is_named = named_issuer(token).as_deref() == Some(ISSUER);
                assert!(!is_named || refusal != Refusal::Issuer, "{name}");
                // The message tells nothing of the token.
                let said = format!("{refusal} {refusal:?} {}", refusal.reason());
                let tells = |part: &str| part.len() > 8 && said.contains(part);
                assert!(!token.split('.').any(tells), "{name}: {said:?}");
            }
            (Outcome::WithoutRole, Ok(verified)) => {
                assert_eq!(verified.principal.roles, BTreeSet::new(), "{name}");
            }
            (outcome, found) => panic!("{name}: {outcome:?} was expected, not {found:?}"),
        }
    }
}

/// Who takes a row out of the corpus sees it here.
#[test]
fn every_row_has_its_attack() {
    let attacks = all();
    let rows: BTreeSet<u8> = attacks.iter().map(|attack| attack.row).collect();
    assert_eq!(rows, (1..=ROWS).collect());
    let names: BTreeSet<&str> = attacks.iter().map(|attack| attack.name).collect();
    assert_eq!(names.len(), attacks.len(), "a name stands twice");
    let tokens: BTreeSet<&str> = attacks.iter().map(|attack| attack.token.as_str()).collect();
    assert_eq!(tokens.len(), attacks.len(), "a token stands twice");
    assert!(attacks.len() >= 170, "{}", attacks.len());
}

/// Only the length of the key speaks against the token of the short key.
#[test]
fn the_short_key_did_sign() {
    let (message, signature) = TINY_TOKEN.rsplit_once('.').unwrap();
    let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
    let key = aws_lc_rs::rsa::PublicKeyComponents {
        n: decode(TINY_MODULUS),
        e: vec![1, 0, 1],
    };
    let weak = &aws_lc_rs::signature::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY;
    key.verify(weak, message.as_bytes(), &decode(signature))
        .unwrap();
    let header = encoded(r#"{"alg":"RS256","typ":"JWT","kid":"tiny"}"#);
    assert!(TINY_TOKEN.starts_with(&header));
}

#[test]
fn a_token_causes_no_request() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/keys", listener.local_addr().unwrap());
    for name in ["jku", "x5u", "kid"] {
        assert!(check(&realm_token(&json!({name: url}), &json!({}))).is_err());
    }
    assert!(with_claims(&json!({"iss": url})).is_err());
    listener.set_nonblocking(true).unwrap();
    assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
}

#[test]
fn good_tokens_pass() {
    let head = |changes: Value| realm_token(&changes, &json!({}));
    let said = |changes: Value| realm_token(&json!({}), &changes);
    let escaped = claims().to_string().replacen("iss", r"\u0069ss", 1);
    for (name, token) in [
        ("as Keycloak", base()),
        ("another of the keys", base_ed()),
        ("aud as a text", said(json!({"aud": "aimapper"}))),
        ("aud as a list of one", said(json!({"aud": ["aimapper"]}))),
        ("ended 5 s ago", said(json!({"exp": NOW - 5}))),
        ("ended within the leeway", said(json!({"exp": NOW - 29}))),
        (
            "exp with a fraction",
            said(json!({"exp": (NOW as f64) + 59.5})),
        ),
        ("exp as 1.79e9", said(json!({"exp": 1.790_000_06e9}))),
        (
            "iat with a fraction",
            said(json!({"iat": (NOW as f64) - 0.5})),
        ),
        ("iat within the leeway", said(json!({"iat": NOW + 30}))),
        ("nbf within the leeway", said(json!({"nbf": NOW + 30}))),
        (
            "a life of a day",
            said(json!({"iat": NOW, "exp": NOW + 24 * 3_600})),
        ),
        ("no typ in the header", head(json!({"typ": null}))),
        ("at+jwt", head(json!({"typ": "at+jwt"}))),
        ("a media type", head(json!({"typ": "application/AT+JWT"}))),
        ("a thumbprint", head(json!({"x5t": "x"}))),
        ("no azp", said(json!({"azp": null}))),
        ("a name of 255", said(json!({"sub": "ü".repeat(255)}))),
        ("an escaped name", rs256(header().to_string(), escaped)),
        (
            "blanks around",
            rs256(format!(" {} ", header()), format!("\n{}\n", claims())),
        ),
    ] {
        let verified = check(&token).unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
        assert_eq!(verified.principal.issuer, ISSUER, "{name}");
        // Among several issuers the right one is chosen.
        assert_eq!(named_issuer(&token).as_deref(), Some(ISSUER), "{name}");
        let roles = BTreeSet::from([Role::Mapper]);
        assert_eq!(verified.principal.roles, roles, "{name}");
    }
    let none = with_claims(&json!({"realm_access": null, "groups": null})).unwrap();
    assert_eq!(none.roles, BTreeSet::new());
}

/// A header of the longest length passes, one byte more does not, whatever it says.
#[test]
fn an_issuer_is_named_near_the_beginning() {
    let named = |claims: String| named_issuer(&rs256(header().to_string(), claims));
    let behind = |bytes: usize| {
        let pad = "x".repeat(bytes);
        named(format!(r#"{{"pad":"{pad}","iss":"{ISSUER}"}}"#))
    };
    assert_eq!(behind(1_900).as_deref(), Some(ISSUER));
    assert_eq!(behind(2_100), None);
    // What follows is looked at by the check itself.
    let cut = format!(r#"{{"iss":"{ISSUER}","pad":[[[["#);
    assert_eq!(named(cut).as_deref(), Some(ISSUER));
    for none in [
        r#"{"a":{"iss":"https://b"}}"#,
        r#"{"iss":7}"#,
        r#"{"iss":["https://b"]}"#,
        r#"["iss","https://b"]"#,
        r#""iss""#,
        "{}",
        "",
    ] {
        assert_eq!(named(none.to_owned()), None, "{none}");
    }
}

#[test]
fn headers_are_bounded() {
    let of_length = |length: usize| {
        let bare = with(header(), &json!({"x": ""})).to_string();
        let text = "x".repeat(length - bare.len());
        with(header(), &json!({"x": text})).to_string()
    };
    let token = |header: String| rs256(header, claims().to_string());
    assert!(check(&token(of_length(MAX_HEADER_BYTES))).is_ok());
    for length in 1..4 {
        let longer = of_length(MAX_HEADER_BYTES + length);
        assert_eq!(check(&token(longer)), Err(Refusal::Header), "{length}");
    }
    // It is not read: neither what stands twice in it nor its algorithm is seen.
    let filling = "x".repeat(MAX_HEADER_BYTES);
    for header in [
        format!(r#"{{"alg":"RS256","alg":"RS256","x":"{filling}"}}"#),
        format!(r#"{{"alg":"none","x":"{filling}"}}"#),
    ] {
        assert_eq!(check(&token(header)), Err(Refusal::Header));
    }
}

/// Zero is no signature where its algorithm is taken, either (CVE-2022-21449).
#[test]
fn zero_is_no_signature_of_a_curve() {
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};

    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let point = pair.public_key().as_ref();
    let jwk = json!({"kty": "EC", "kid": "ec", "use": "sig", "crv": "P-256",
        "x": encoded(&point[1..33]), "y": encoded(&point[33..])});
    let keys = KeySet::from_jwks(json!({"keys": [jwk]}).to_string().as_bytes()).unwrap();
    let policy = Policy {
        algorithms: vec![Algorithm::Es256],
        ..policy()
    };
    let header = json!({"alg": "ES256", "typ": "JWT", "kid": "ec"}).to_string();
    let by = |sign: &dyn Fn(&[u8]) -> Vec<u8>| {
        let token = signed(&header, claims().to_string(), sign);
        verify(&token, &policy, &keys, NOW).map(|verified| verified.principal.roles)
    };
    let random = aws_lc_rs::rand::SystemRandom::new();
    let good = by(&|message| pair.sign(&random, message).unwrap().as_ref().to_vec());
    assert_eq!(good, Ok(BTreeSet::from([Role::Mapper])));
    for wrong in [vec![0; 64], vec![0xff; 64], vec![0; 63], Vec::new()] {
        assert_eq!(by(&|_| wrong.clone()), Err(Refusal::Signature));
    }
}

#[test]
fn a_verified_token_says_who_it_is() {
    let verified = check(&base()).unwrap();
    let principal = verified.principal;
    assert_eq!(principal.subject, "5a3e8c1e-0b1d-4a55-9c57-6f2f7d1c2a10");
    assert_eq!(principal.sub, principal.subject);
    assert_eq!(principal.name.as_deref(), Some("Mia Mapper"));
    assert_eq!(principal.username.as_deref(), Some("mia"));
    assert_eq!(principal.email.as_deref(), Some("mia@example.test"));
    assert_eq!(principal.kind, PrincipalKind::Person);
    assert_eq!(principal.party.as_deref(), Some("aimapper"));
    assert_eq!(principal.tenant, None);
    assert_eq!(principal.expires_at, NOW + 60);
    let jti = "onrtac:5a1f0c4e-6d0b-4f6e-8b52-0c7f3f6f2a11";
    assert_eq!(verified.token_id.as_deref(), Some(jti));
    let times = (verified.issued_at, verified.signed_in_at);
    assert_eq!(times, (NOW - 5, Some(NOW - 5)));

    let program = json!({"azp": "aimapper-worker", "name": "\u{1b}[2J"});
    let program = with_claims(&program).unwrap();
    assert_eq!(program.kind, PrincipalKind::Program);
    assert_eq!(program.name.as_deref(), Some("Mia Mapper"));
}

#[test]
fn an_address_counts_only_if_it_is_verified() {
    let verified = [
        json!(true),
        json!("true"),
        json!(1),
        json!(false),
        json!(null),
    ]
    .map(|claim| {
        with_claims(&json!({"email_verified": claim}))
            .unwrap()
            .email
    });
    assert_eq!(verified[0].as_deref(), Some("mia@example.test"));
    assert_eq!(verified[1..], [const { None::<String> }; 4]);
}

/// What a person is called, whichever claims are missing.
#[test]
fn names_are_told_from_what_is_there() {
    let called = |changes: Value| with_claims(&changes).unwrap().name;
    let both = json!({"name": null, "given_name": "Mia", "family_name": "van Dijk"});
    let given = json!({"name": null, "given_name": "Mia", "family_name": null});
    let family = json!({"name": null, "given_name": ["Mia"], "family_name": "Dijk"});
    let neither = json!({"name": null, "given_name": null, "family_name": null});
    let whole = json!({"name": "Mia Mapper", "given_name": "M", "family_name": "M"});
    assert_eq!(called(whole).as_deref(), Some("Mia Mapper"));
    assert_eq!(called(both).as_deref(), Some("Mia van Dijk"));
    assert_eq!(called(given).as_deref(), Some("Mia"));
    assert_eq!(called(family).as_deref(), Some("Dijk"));
    assert_eq!(called(neither.clone()).as_deref(), Some("mia"));
    let mut nothing = neither;
    nothing["preferred_username"] = Value::Null;
    assert_eq!(called(nothing), None);
}

/// Which claim an account is found by, and that nothing takes its place.
#[test]
fn accounts_are_found_by_one_claim() {
    let subject = |id_key, changes: Value| {
        let policy = Policy { id_key, ..policy() };
        let token = realm_token(&json!({}), &changes);
        verify(&token, &policy, &published(), NOW).map(|verified| verified.principal.subject)
    };
    let sub = "5a3e8c1e-0b1d-4a55-9c57-6f2f7d1c2a10".to_owned();
    let renamed = json!({"preferred_username": "ada", "email": "ada@example.test"});
    assert_eq!(subject(IdKey::Sub, renamed), Ok(sub));
    assert_eq!(subject(IdKey::Username, json!({})), Ok("mia".to_owned()));
    let email = subject(IdKey::Email, json!({}));
    assert_eq!(email, Ok("mia@example.test".to_owned()));
    for (id_key, without) in [
        (IdKey::Username, json!({"preferred_username": null})),
        (IdKey::Username, json!({"preferred_username": ["mia"]})),
        (IdKey::Email, json!({"email_verified": false})),
        (IdKey::Email, json!({"email": null})),
        (IdKey::Username, json!({"sub": null})),
    ] {
        assert_eq!(subject(id_key, without), Err(Refusal::Subject));
    }
}

#[test]
fn people_are_let_in_by_address() {
    let emails = Emails {
        addresses: vec!["mia@example.test".to_owned()],
        domains: vec!["example.org".to_owned()],
    };
    let policy = Policy { emails, ..policy() };
    let enters = |changes: Value| {
        let token = realm_token(&json!({}), &changes);
        verify(&token, &policy, &published(), NOW).map(|_| ())
    };
    for inside in [
        json!({}),
        json!({"email": "MIA@Example.Test"}),
        json!({"email": "eve@example.org"}),
        json!({"azp": "aimapper-worker", "email": null}),
    ] {
        assert_eq!(enters(inside.clone()), Ok(()), "{inside}");
    }
    for outside in [
        json!({"email": null}),
        json!({"email_verified": false}),
        json!({"email": "eve@example.test"}),
        json!({"email": "eve@sub.example.org"}),
        json!({"email": "example.org"}),
        json!({"email": "eve@example.org@evil.test"}),
    ] {
        assert_eq!(
            enters(outside.clone()),
            Err(Refusal::NotAllowed),
            "{outside}"
        );
    }
}

#[test]
fn only_lists_of_words_grant_roles() {
    let roles = |changes: &Value| {
        let mut changes = changes.clone();
        let map = changes.as_object_mut().unwrap();
        map.entry("realm_access").or_insert(Value::Null);
        with_claims(&changes).unwrap().roles
    };
    for (grants, role) in [
        (json!({"roles": ["admin"]}), Role::Admin),
        (json!({"groups": ["/operators"]}), Role::Operator),
        (json!({"scope": "openid aimapper.run"}), Role::Operator),
    ] {
        assert_eq!(roles(&grants), BTreeSet::from([role]), "{grants}");
    }
    for nothing in [
        json!({}),
        json!({"roles": "admin"}),
        json!({"roles": {"admin": true}}),
        json!({"roles": [["admin"]]}),
        json!({"roles": ["Admin", "admins", " admin", null]}),
        json!({"realm_access": ["roles", "admin"]}),
        json!({"realm_access": {"roles": "admin"}}),
        json!({"groups": ["operators", "/operators/x"]}),
        json!({"scope": ["aimapper.run"]}),
        json!({"scope": "openid aimapper.runs AIMAPPER.RUN"}),
    ] {
        assert_eq!(roles(&nothing), BTreeSet::new(), "{nothing}");
    }
}

#[test]
fn a_tenant_that_is_asked_for_has_to_be_named() {
    let by = |tenant: &TenantRule, changes: Value| {
        let tenant = tenant.clone();
        let token = realm_token(&json!({}), &changes);
        let policy = Policy { tenant, ..policy() };
        verify(&token, &policy, &published(), NOW).map(|verified| verified.principal.tenant)
    };
    let acme = Ok(Some("acme".to_owned()));
    assert_eq!(by(&TenantRule::Own, json!({"tenant": "acme"})), Ok(None));
    assert_eq!(by(&TenantRule::Fixed("acme".to_owned()), json!({})), acme);

    let claim = TenantRule::Claim("tenant".to_owned());
    assert_eq!(by(&claim, json!({"tenant": "acme"})), acme);
    for wrong in [
        json!(null),
        json!(""),
        json!(7),
        json!(["acme"]),
        json!("a\u{0}b"),
    ] {
        let found = by(&claim, json!({"tenant": wrong}));
        assert_eq!(found, Err(Refusal::Tenant), "{wrong}");
    }

    let group = TenantRule::Group {
        claim: "groups".to_owned(),
        prefix: "/tenants/".to_owned(),
    };
    assert_eq!(by(&group, json!({"groups": ["/x", "/tenants/acme"]})), acme);
    for wrong in [
        json!(null),
        json!([]),
        json!("/tenants/acme"),
        json!(["/tenants/"]),
        json!(["tenants/acme", "/x/tenants/acme"]),
        json!(["/tenants/acme", "/tenants/other"]),
    ] {
        let found = by(&group, json!({"groups": wrong}));
        assert_eq!(found, Err(Refusal::Tenant), "{wrong}");
    }
}

#[test]
fn sets_that_cannot_be_used_are_refused() {
    let rsa = |kid: &str| KEYS.realm.jwk(kid, "sig", "RS256");
    let many: Vec<Value> = (0..51).map(|at| rsa(&format!("k{at}"))).collect();
    let tiny = json!({"kty": "RSA", "kid": "tiny", "e": "AQAB", "n": TINY_MODULUS});
    let shared = json!({"kty": "oct", "kid": "s", "alg": "HS256", "k": "AAAA"});
    for (set, error) in [
        (json!({}), KeySetError::NotASet),
        (json!([rsa("k1")]), KeySetError::NotASet),
        (json!({"keys": {"k1": rsa("k1")}}), KeySetError::NotASet),
        (json!({"keys": []}), KeySetError::NoneUsable),
        (json!({"keys": [tiny, shared, 7]}), KeySetError::NoneUsable),
        (
            json!({"keys": [KEYS.realm.jwk("k1", "enc", "RSA-OAEP")]}),
            KeySetError::NoneUsable,
        ),
        (
            json!({"keys": [KEYS.realm.jwk("k1", "sig", "HS256")]}),
            KeySetError::NoneUsable,
        ),
        (
            json!({"keys": [with(rsa("k1"), &json!({"kid": null}))]}),
            KeySetError::NoneUsable,
        ),
        (json!({"keys": [rsa("k1"), rsa("k1")]}), KeySetError::Twice),
        (json!({"keys": many}), KeySetError::TooMany),
    ] {
        let found = KeySet::from_jwks(set.to_string().as_bytes()).unwrap_err();
        assert_eq!(found, error, "{set}");
    }
    for text in ["<html>", "", "{\"keys\":"] {
        let found = KeySet::from_jwks(text.as_bytes()).unwrap_err();
        assert_eq!(found, KeySetError::NotASet);
    }
}
