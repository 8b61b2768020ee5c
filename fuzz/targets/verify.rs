//! Checking tokens: never panics, takes no text but the known good ones, and of what is signed well only
//! what a plain reading of it allows.
//!
//! The key pairs of the good tokens were thrown away, so nobody can make others. An input that begins with
//! `{` is a header and, behind a line end, claims; the target signs them, because the fuzzer cannot and would
//! get no further.

#![no_main]

use std::sync::LazyLock;

use aimapper_core::auth::{
    Algorithm, Emails, HeaderTypes, IdKey, KeySet, ListForm, MAX_HEADER_BYTES, Policy, Principal,
    Role, RoleRule, TenantRule, named_issuer, verify,
};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

const NOW: i64 = 1_790_000_000;
const ISSUER: &str = "https://sso.example.test/realms/aimapper";
const LEEWAY: i64 = 30;

const GOOD: [&str; 4] = [
    include_str!("../tokens/seeds/good-1"),
    include_str!("../tokens/seeds/good-2"),
    include_str!("../tokens/seeds/good-3"),
    include_str!("../tokens/seeds/good-4"),
];

struct Case {
    policy: Policy,
    /// Those of the good tokens.
    keys: KeySet,
    /// That of the target.
    own: KeySet,
    pair: Ed25519KeyPair,
}

static CASE: LazyLock<Case> = LazyLock::new(|| {
    let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).expect("any seed makes a pair");
    let case = Case {
        policy: policy(),
        keys: KeySet::from_jwks(include_bytes!("../tokens/keys.json")).expect("the keys are good"),
        own: KeySet::ed25519("own", pair.public_key().as_ref()),
        pair,
    };
    for token in GOOD {
        verify(token, &case.policy, &case.keys, NOW).expect("a good token is taken");
    }
    case
});

fn policy() -> Policy {
    let path = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    Policy {
        issuer: ISSUER.to_owned(),
        audiences: vec!["aimapper".to_owned()],
        algorithms: vec![Algorithm::Rs256, Algorithm::EdDsa],
        leeway_seconds: LEEWAY,
        max_lifetime_seconds: 24 * 3600,
        header_types: HeaderTypes::OrNone(vec!["JWT".to_owned(), "at+jwt".to_owned()]),
        token_type: Some("Bearer".to_owned()),
        authorized_parties: vec!["aimapper".to_owned()],
        programs: Vec::new(),
        id_key: IdKey::Sub,
        roles: vec![RoleRule {
            path: path(&["realm_access", "roles"]),
            form: ListForm::Array,
            word: "admin".to_owned(),
            role: Role::Admin,
        }],
        tenant: TenantRule::Own,
        emails: Emails::default(),
    }
}

fuzz_target!(|bytes: &[u8]| {
    let case = &*CASE;
    if bytes.first() == Some(&b'{') {
        check_signed(case, bytes);
        return;
    }
    // What is no text is no header of a request.
    let Ok(token) = std::str::from_utf8(bytes) else {
        return;
    };
    let is_taken = verify(token, &case.policy, &case.keys, NOW).is_ok();
    assert_eq!(is_taken, GOOD.contains(&token), "{token:?}");
    let is_named = named_issuer(token).as_deref() == Some(ISSUER);
    assert!(is_named || !is_taken, "{token:?}");
});

fn check_signed(case: &Case, bytes: &[u8]) {
    let end = bytes.iter().position(|byte| *byte == b'\n');
    let (header, claims) = bytes.split_at(end.unwrap_or(bytes.len()));
    let claims = claims.get(1..).unwrap_or_default();
    let encode = |part: &[u8]| URL_SAFE_NO_PAD.encode(part);
    let message = format!("{}.{}", encode(header), encode(claims));
    let signature = case.pair.sign(message.as_bytes());
    let token = format!("{message}.{}", encode(signature.as_ref()));
    if let Ok(verified) = verify(&token, &case.policy, &case.own, NOW) {
        assert!(header.len() <= MAX_HEADER_BYTES, "a long header");
        // It may stand too far behind to be found.
        let named = named_issuer(&token);
        assert!(
            named.is_none_or(|named| named == ISSUER),
            "the issuer that is chosen"
        );
        check_header(&serde_json::from_slice(header).expect("a header is JSON"));
        let claims = serde_json::from_slice(claims).expect("claims are JSON");
        check_claims(&claims, &verified.principal);
    }
}

fn check_header(header: &Value) {
    assert_eq!(header["alg"], "EdDSA", "the algorithm");
    assert_eq!(header["kid"], "own", "the key");
    for name in ["crit", "cty", "zip", "b64", "jku", "jwk", "x5u", "x5c"] {
        assert!(header.get(name).is_none(), "{name}");
    }
    if let Some(typ) = header.get("typ") {
        let typ = typ.as_str().expect("typ is a text").to_lowercase();
        let typ = typ.strip_prefix("application/").unwrap_or(&typ);
        assert!(["jwt", "at+jwt"].contains(&typ), "typ {typ}");
    }
}

fn check_claims(claims: &Value, principal: &Principal) {
    assert_eq!(claims["iss"], ISSUER, "the issuer");
    let audience = &claims["aud"];
    let is_listed = |list: &Vec<Value>| list.iter().any(|one| one == "aimapper");
    let is_for_us = audience == "aimapper" || audience.as_array().is_some_and(is_listed);
    assert!(is_for_us, "the audience");
    let seconds = |name: &str| claims[name].as_f64().expect("a time is a number");
    let (issued, expires) = (seconds("iat"), seconds("exp"));
    let (earliest, latest) = ((NOW - LEEWAY) as f64, (NOW + LEEWAY + 1) as f64);
    assert!(expires > earliest, "it ended");
    assert!(issued < latest, "it was issued later");
    assert!(expires - issued < (24 * 3600 + 1) as f64, "it lives long");
    if claims.get("nbf").is_some() {
        assert!(seconds("nbf") < latest, "it is not good yet");
    }
    assert_eq!(claims["typ"], "Bearer", "the type");
    assert!(claims.get("cnf").is_none(), "it is bound");
    assert!(
        claims.get("azp").is_none_or(|party| party == "aimapper"),
        "the client"
    );
    let subject = claims["sub"].as_str().expect("sub is a text");
    assert!(!subject.is_empty() && subject.chars().count() <= 255, "sub");
    assert!(!subject.chars().any(char::is_control), "sub");
    assert_eq!(principal.subject, subject, "the subject");
    let roles = claims["realm_access"]["roles"].as_array();
    let is_admin = roles.is_some_and(|roles| roles.iter().any(|role| role == "admin"));
    assert_eq!(principal.may(Role::Admin), is_admin, "the role");
    assert_eq!(principal.roles.len(), usize::from(is_admin), "the roles");
}
