//! Tokens that are wrong in their form, header, key or signature.

use jsonwebtoken::Algorithm as Signing;
use serde_json::json;

use super::*;

/// The parts of the good token.
fn parts() -> (String, String, String) {
    let token = base();
    let mut parts = token.split('.').map(str::to_owned);
    (
        parts.next().unwrap(),
        parts.next().unwrap(),
        parts.next().unwrap(),
    )
}

#[test]
fn unsigned_tokens() {
    let (header, payload, signature) = parts();
    let mut wrong = Vec::new();
    for alg in ["none", "None", "NONE", "nOnE"] {
        let none = encoded(json!({"alg": alg, "typ": "JWT", "kid": "k1"}).to_string());
        wrong.push((alg, format!("{none}.{payload}."), Refusal::Algorithm));
        let kept = format!("{none}.{payload}.{signature}");
        wrong.push((alg, kept, Refusal::Algorithm));
    }
    let no_alg = encoded(json!({"typ": "JWT", "kid": "k1"}).to_string());
    wrong.extend([
        (
            "stripped",
            format!("{header}.{payload}."),
            Refusal::Signature,
        ),
        (
            "two parts",
            format!("{header}.{payload}"),
            Refusal::Malformed,
        ),
        (
            "no alg",
            format!("{no_alg}.{payload}.{signature}"),
            Refusal::Algorithm,
        ),
    ]);
    all_refused(wrong);
}

#[test]
fn secrets_made_from_public_keys() {
    let realm = &keys().realm;
    let base64 = base64::engine::general_purpose::STANDARD.encode(&realm.der);
    let lines: Vec<&str> = (0..base64.len())
        .step_by(64)
        .map(|at| &base64[at..base64.len().min(at + 64)])
        .collect();
    let pem = format!(
        "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----",
        lines.join("\n")
    );
    let secrets: [(&str, Vec<u8>); 6] = [
        ("pem", format!("{pem}\n").into_bytes()),
        ("pem without line end", pem.into_bytes()),
        ("der", realm.der.clone()),
        ("base64", base64.into_bytes()),
        ("modulus", realm.n.clone().into_bytes()),
        (
            "client secret",
            b"1234abcd-1234-abcd-1234-abcd1234adcd".to_vec(),
        ),
    ];
    let mut wrong = Vec::new();
    for (name, secret) in secrets {
        for alg in [Signing::HS256, Signing::HS512] {
            let header = with(header(), &json!({"alg": format!("{alg:?}")})).to_string();
            let key = EncodingKey::from_secret(&secret);
            let token = signed_as(header, claims().to_string(), &key, alg);
            wrong.push((name, token, Refusal::Algorithm));
        }
    }
    let shared = signed_as(
        json!({"alg": "HS256", "kid": "shared"}).to_string(),
        claims().to_string(),
        &EncodingKey::from_secret(&[0, 0, 0]),
        Signing::HS256,
    );
    wrong.push(("published secret", shared, Refusal::Algorithm));
    all_refused(wrong);
}

/// A token of the good claims under a changed header.
fn by(changes: Value, key: &EncodingKey, alg: Signing) -> String {
    signed_as(
        with(header(), &changes).to_string(),
        claims().to_string(),
        key,
        alg,
    )
}

#[test]
fn other_algorithms() {
    let (realm, ed) = (&keys().realm.private, &keys().ed);
    let (head, payload, _) = parts();
    let es256 = encoded(with(header(), &json!({"alg": "ES256"})).to_string());
    let mut wrong = vec![
        (
            "ES256, all zero",
            format!("{es256}.{payload}.{}", encoded([0; 64])),
            Refusal::Algorithm,
        ),
        (
            "RS256, all zero",
            format!("{head}.{payload}.{}", encoded([0; 256])),
            Refusal::Signature,
        ),
    ];
    for (name, alg, key, signing, refusal) in [
        (
            "PS256",
            json!("PS256"),
            realm,
            Signing::PS256,
            Refusal::Algorithm,
        ),
        (
            "RS512",
            json!("RS512"),
            realm,
            Signing::RS512,
            Refusal::Algorithm,
        ),
        (
            "lower case",
            json!("rs256"),
            realm,
            Signing::RS256,
            Refusal::Algorithm,
        ),
        (
            "a list",
            json!(["RS256"]),
            realm,
            Signing::RS256,
            Refusal::Algorithm,
        ),
        (
            "ES256K",
            json!("ES256K"),
            realm,
            Signing::RS256,
            Refusal::Algorithm,
        ),
        (
            "EdDSA, RSA's kid",
            json!("EdDSA"),
            ed,
            Signing::EdDSA,
            Refusal::KeyUnfit,
        ),
        (
            "signed by PSS",
            json!("RS256"),
            realm,
            Signing::PS256,
            Refusal::Signature,
        ),
    ] {
        wrong.push((name, by(json!({"alg": alg}), key, signing), refusal));
    }
    all_refused(wrong);
}

#[test]
fn other_keys() {
    let keys = keys();
    let (realm, attacker) = (&keys.realm.private, &keys.attacker.private);
    let encryption = &keys.encryption.private;
    let mut wrong = Vec::new();
    for (name, kid, key, refusal) in [
        (
            "attacker, same kid",
            json!("k1"),
            attacker,
            Refusal::Signature,
        ),
        (
            "attacker, own kid",
            json!("mine"),
            attacker,
            Refusal::KeyUnknown,
        ),
        (
            "our key, other kid",
            json!("k2"),
            realm,
            Refusal::KeyUnknown,
        ),
        ("no kid", json!(null), realm, Refusal::KeyUnnamed),
        ("path", json!("../../dev/null"), realm, Refusal::KeyUnknown),
        ("SQL", json!("' OR 1=1 --"), realm, Refusal::KeyUnknown),
        (
            "URL",
            json!("http://evil.test/"),
            realm,
            Refusal::KeyUnknown,
        ),
        ("number", json!(1), realm, Refusal::Header),
        ("long", json!("k".repeat(10_000)), realm, Refusal::Header),
        ("RS256, Ed's kid", json!("ed"), realm, Refusal::KeyUnfit),
        (
            "encryption key",
            json!("enc"),
            encryption,
            Refusal::KeyUnknown,
        ),
        ("short key", json!("tiny"), realm, Refusal::KeyUnknown),
        ("shared secret", json!("shared"), realm, Refusal::KeyUnknown),
    ] {
        wrong.push((name, by(json!({"kid": kid}), key, Signing::RS256), refusal));
    }
    all_refused(wrong);
}

#[test]
fn headers_that_ask_for_more() {
    let of = |changes: Value| realm_token(&changes, &json!({}));
    let jwk = keys().attacker.jwk("k1", "sig", "RS256");
    let raw = |header: &str| signed(header, claims().to_string(), &keys().realm.private);
    all_refused(vec![
        (
            "jku",
            of(json!({"jku": "https://evil.test/jwks"})),
            Refusal::OwnKey,
        ),
        (
            "x5u",
            of(json!({"x5u": "https://evil.test/x"})),
            Refusal::OwnKey,
        ),
        ("jwk", of(json!({"jwk": jwk})), Refusal::OwnKey),
        ("x5c", of(json!({"x5c": ["MIIB"]})), Refusal::OwnKey),
        (
            "crit unknown",
            of(json!({"crit": ["exp"]})),
            Refusal::HeaderField,
        ),
        (
            "crit b64",
            of(json!({"crit": ["b64"], "b64": false})),
            Refusal::HeaderField,
        ),
        ("crit empty", of(json!({"crit": []})), Refusal::HeaderField),
        ("nested", of(json!({"cty": "JWT"})), Refusal::HeaderField),
        (
            "compressed",
            of(json!({"zip": "DEF"})),
            Refusal::HeaderField,
        ),
        (
            "dpop proof",
            of(json!({"typ": "dpop+jwt"})),
            Refusal::HeaderType,
        ),
        (
            "logout token",
            of(json!({"typ": "logout+jwt"})),
            Refusal::HeaderType,
        ),
        ("typ is a number", of(json!({"typ": 1})), Refusal::Header),
        (
            "alg twice",
            raw(r#"{"alg":"none","alg":"RS256","kid":"k1"}"#),
            Refusal::Duplicate,
        ),
        ("a list", raw(r#"["RS256"]"#), Refusal::Header),
        ("nothing", raw(""), Refusal::Header),
    ]);
}

#[test]
fn writings_of_a_good_token() {
    let (header, payload, signature) = parts();
    let token = base();
    let standard = base64::engine::general_purpose::STANDARD_NO_PAD;
    let odd = standard.encode(claims().to_string().replace("Mia Mapper", "Mia???>>>~~~"));
    assert!(odd.contains(['+', '/']));
    // 256 bytes end in a character of which two bits count; the others have to be zero.
    let last = signature.chars().last().unwrap();
    let other = char::from(u8::try_from(u32::from(last)).unwrap() + 1);
    let trailing = format!("{}{other}", &signature[..signature.len() - 1]);
    let json = json!({"payload": payload, "signatures": []}).to_string();
    all_refused(vec![
        (
            "padded payload",
            format!("{header}.{payload}=.{signature}"),
            Refusal::Malformed,
        ),
        ("padded signature", format!("{token}=="), Refusal::Malformed),
        (
            "other alphabet",
            format!("{header}.{odd}.{signature}"),
            Refusal::Malformed,
        ),
        (
            "bits that do not count",
            format!("{header}.{payload}.{trailing}"),
            Refusal::Malformed,
        ),
        (
            "space",
            format!("{header}. {payload}.{signature}"),
            Refusal::Malformed,
        ),
        (
            "line end inside",
            format!("{header}\n.{payload}.{signature}"),
            Refusal::Malformed,
        ),
        ("line end behind", format!("{token}\n"), Refusal::Malformed),
        (
            "not ASCII",
            format!("{header}.{payload}ä.{signature}"),
            Refusal::Malformed,
        ),
        (
            "four parts",
            format!("{token}.{signature}"),
            Refusal::Malformed,
        ),
        (
            "five parts",
            format!("{header}.{payload}.{token}"),
            Refusal::Malformed,
        ),
        ("empty", String::new(), Refusal::Malformed),
        ("dots", "..".to_owned(), Refusal::Header),
        ("JSON", json, Refusal::Malformed),
    ]);
}

#[test]
fn changes_of_a_good_token() {
    let (header, payload, signature) = parts();
    let token = base();
    let flipped = if payload.starts_with('e') { "f" } else { "e" };
    let swapped = encoded(with(claims(), &json!({"roles": ["admin"]})).to_string());
    all_refused(vec![
        (
            "payload swapped",
            format!("{header}.{swapped}.{signature}"),
            Refusal::Signature,
        ),
        (
            "bit flipped",
            format!("{header}.{flipped}{}.{signature}", &payload[1..]),
            Refusal::Signature,
        ),
        (
            "cut",
            token[..token.len() - 2].to_owned(),
            Refusal::Signature,
        ),
        (
            "zeros before",
            format!("{header}.{payload}.AAAA{signature}"),
            Refusal::Signature,
        ),
        (
            "20 KiB",
            format!("{header}.{}.{signature}", "A".repeat(20_000)),
            Refusal::TooLong,
        ),
        ("1 MiB", "A".repeat(1 << 20), Refusal::TooLong),
    ]);
}

/// No byte of a good token can be another.
#[test]
fn every_other_byte_is_refused() {
    let token = signed(
        json!({"alg": "EdDSA", "typ": "JWT", "kid": "ed"}).to_string(),
        claims().to_string(),
        &keys().ed,
    );
    assert!(check(&token).is_ok());
    let (policy, published) = (policy(), published());
    for at in 0..token.len() {
        for other in ["A", "Q", "-", "_", ".", "=", " "] {
            if &token[at..=at] == other {
                continue;
            }
            let changed = format!("{}{other}{}", &token[..at], &token[at + 1..]);
            let result = verify(&changed, &policy, &published, NOW);
            assert!(result.is_err(), "byte {at} may be {other:?}");
        }
    }
}
