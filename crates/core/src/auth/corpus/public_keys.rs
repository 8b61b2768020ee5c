//! Keys that are set by hand, in every form in which people have them, and what is no such key.

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P256K1_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair,
};
use base64::engine::general_purpose::STANDARD;

use super::*;
use crate::auth::public_key::PublicKeyError;

fn wrapped(base64: &str, line_end: &str) -> String {
    let lines: Vec<&str> = (0..base64.len())
        .step_by(64)
        .map(|at| &base64[at..base64.len().min(at + 64)])
        .collect();
    lines.join(line_end)
}

fn pem(kind: &str, der: &[u8]) -> String {
    let body = wrapped(&STANDARD.encode(der), "\n");
    format!("-----BEGIN {kind}-----\n{body}\n-----END {kind}-----\n")
}

/// One value of DER (X.690, 8.1).
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap();
    let mut bytes = vec![tag, 0x82];
    bytes.extend(length.to_be_bytes());
    // The shortest form of a length is the only one.
    if let Ok(short) = u8::try_from(length) {
        bytes = if short < 0x80 {
            vec![tag, short]
        } else {
            vec![tag, 0x81, short]
        };
    }
    bytes.extend(content);
    bytes
}

fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    der(0x30, &parts.concat())
}

/// RSA (RFC 8017, A.1) of this modulus and the usual exponent.
fn rsa_key(modulus: &[u8]) -> Vec<u8> {
    let is_negative = modulus.first().is_some_and(|first| *first >= 0x80);
    let sign: &[u8] = if is_negative { &[0] } else { &[] };
    let positive = [sign, modulus].concat();
    sequence(&[der(0x02, &positive), der(0x02, &[1, 0, 1])])
}

fn rsa_info(modulus: &[u8]) -> Vec<u8> {
    let rsa = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
    let bits = [vec![0], rsa_key(modulus)].concat();
    let algorithm = sequence(&[der(0x06, &rsa), der(0x05, &[])]);
    sequence(&[algorithm, der(0x03, &bits)])
}

/// A certificate (RFC 5280, 4.1) of this key. It ended long ago, and nobody signed it.
fn certificate(info: &[u8]) -> Vec<u8> {
    let sha256_rsa = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b];
    let algorithm = sequence(&[der(0x06, &sha256_rsa), der(0x05, &[])]);
    let common_name = sequence(&[der(0x06, &[0x55, 0x04, 0x03]), der(0x0c, b"aimapper")]);
    let name = sequence(&[der(0x31, &common_name)]);
    let dates = sequence(&[der(0x17, b"200101000000Z"), der(0x17, b"210101000000Z")]);
    let version = der(0xa0, &der(0x02, &[2]));
    let to_be_signed = sequence(&[
        version,
        der(0x02, &[1]),
        algorithm.clone(),
        name.clone(),
        dates,
        name,
        info.to_vec(),
    ]);
    let signature = [vec![0], vec![0x5a; 256]].concat();
    sequence(&[to_be_signed, algorithm, der(0x03, &signature)])
}

/// Whether the realm's token is good by the keys of this text, and the attacker's is not.
fn opens(text: &str) {
    let keys = KeySet::set_by_hand(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert!(verify(&base(), &policy(), &keys, NOW).is_ok(), "{text}");
    let forged = all()
        .into_iter()
        .find(|a| a.name == "attacker_key_same_kid");
    let forged = verify(&forged.unwrap().token, &policy(), &keys, NOW);
    assert_eq!(forged, Err(Refusal::Signature), "{text}");
}

#[test]
fn a_key_may_be_written_in_every_form() {
    let info = KEYS.realm.spki();
    let base64 = STANDARD.encode(&info);
    assert_eq!(base64.len(), 392, "as long as Keycloak's");
    opens(&base64);
    opens(&format!("  \n\t{base64} \n"));
    opens(&wrapped(&base64, "\n"));
    opens(&wrapped(&base64, "\r\n"));
    opens(&wrapped(&base64, "\n    "));
    let whole = pem("PUBLIC KEY", &info);
    opens(&whole);
    opens(whole.trim_end());
    opens(&whole.replace('\n', "\r\n"));
    opens(&format!("\n   {whole}"));
    opens(&format!("Bag Attributes\n  x: y\n{whole}"));
    opens(&pem("RSA PUBLIC KEY", &KEYS.realm.pkcs1()));
}

#[test]
fn a_certificate_gives_its_key() {
    let certificate = certificate(&KEYS.realm.spki());
    opens(&pem("CERTIFICATE", &certificate));
    let bare = STANDARD.encode(&certificate);
    opens(&bare);
    opens(&wrapped(&bare, "\r\n"));
}

#[test]
fn a_key_may_be_a_jwk() {
    let jwk = KEYS.realm.jwk("k1", "sig", "RS256");
    let unnamed = with(jwk.clone(), &json!({"kid": null, "use": null, "alg": null}));
    opens(&jwk.to_string());
    opens(&unnamed.to_string());
    opens(&format!("\n{unnamed:#}\n"));
    opens(&json!({"keys": [jwk]}).to_string());
    let other = KEYS.encryption.jwk("enc", "enc", "RSA-OAEP");
    opens(&json!({"keys": [other, jwk]}).to_string());
}

/// Of several keys without names each is tried.
#[test]
fn several_keys_may_be_set() {
    let blocks = [&KEYS.encryption, &KEYS.realm].map(|key| pem("PUBLIC KEY", &key.spki()));
    opens(&blocks.concat());
    let keys = KeySet::set_by_hand(&blocks.concat()).unwrap();
    assert_eq!(keys.len(), 2);

    // What a token calls its key counts for nothing there, but it has to say something.
    let renamed = |kid: Value| realm_token(&json!({"kid": kid}), &json!({}));
    let check = |kid| verify(&renamed(kid), &policy(), &keys, NOW).map(|_| ());
    assert_eq!(check(json!("rotated")), Ok(()));
    assert_eq!(check(Value::Null), Err(Refusal::KeyUnnamed));
}

/// A key of a kind checks what is signed in its way and nothing else.
#[test]
fn other_kinds_of_keys() {
    let ed: PublicKeyX509Der<'_> = KEYS.ed.public_key().as_der().unwrap();
    let keys = KeySet::set_by_hand(&STANDARD.encode(ed.as_ref())).unwrap();
    assert!(verify(&base_ed(), &policy(), &keys, NOW).is_ok());
    let other = verify(&base(), &policy(), &keys, NOW);
    assert_eq!(other, Err(Refusal::KeyUnfit));

    let info = |family| {
        let pair = EcdsaKeyPair::generate(family).unwrap();
        let der: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
        (pair, der.as_ref().to_vec())
    };
    let (pair, point) = info(&ECDSA_P256_SHA256_FIXED_SIGNING);
    let keys = KeySet::set_by_hand(&pem("PUBLIC KEY", &point)).unwrap();
    let policy = Policy {
        algorithms: vec![Algorithm::Es256],
        ..policy()
    };
    let header = json!({"alg": "ES256", "kid": "any"}).to_string();
    let random = aws_lc_rs::rand::SystemRandom::new();
    let token = signed(header, claims().to_string(), |message| {
        pair.sign(&random, message).unwrap().as_ref().to_vec()
    });
    assert!(verify(&token, &policy, &keys, NOW).is_ok());

    let (_, unknown) = info(&ECDSA_P256K1_SHA256_FIXED_SIGNING);
    // As long as the one before, and another curve.
    let refused = KeySet::set_by_hand(&pem("PUBLIC KEY", &unknown)).unwrap_err();
    assert_eq!(refused, PublicKeyError::Kind);
}

#[test]
fn weak_keys_are_refused() {
    let modulus = URL_SAFE_NO_PAD.decode(TINY_MODULUS).unwrap();
    let info = rsa_info(&modulus);
    let weak = Err(PublicKeyError::Weak(1024));
    let found = |text: &str| KeySet::set_by_hand(text).map(|keys| keys.len());
    assert_eq!(found(&STANDARD.encode(&info)), weak);
    assert_eq!(found(&pem("PUBLIC KEY", &info)), weak);
    assert_eq!(found(&pem("RSA PUBLIC KEY", &rsa_key(&modulus))), weak);
    assert_eq!(found(&pem("CERTIFICATE", &certificate(&info))), weak);
    // One weak key spoils the others.
    let both = pem("PUBLIC KEY", &KEYS.realm.spki()) + &pem("PUBLIC KEY", &info);
    assert_eq!(found(&both), weak);
    let jwk = json!({"kty": "RSA", "e": "AQAB", "n": TINY_MODULUS});
    assert_eq!(found(&jwk.to_string()), Err(PublicKeyError::Kind));
    let named = with(jwk, &json!({"kid": "tiny"}));
    let set = json!({"keys": [named]}).to_string();
    let unusable = PublicKeyError::Set(KeySetError::NoneUsable);
    assert_eq!(found(&set), Err(unusable));
    assert!(found(&STANDARD.encode(rsa_info(&[0xff; 256]))).is_ok());
    let short = [&[0x7f][..], &[0xff; 255]].concat();
    let of_2047 = found(&STANDARD.encode(rsa_info(&short)));
    assert_eq!(of_2047, Err(PublicKeyError::Weak(2047)));
}

/// The message says what it is, and nothing of the key.
#[test]
fn private_keys_are_refused() {
    let pkcs8 = KEYS.realm.pkcs8();
    let jwk = with(KEYS.realm.jwk("k1", "sig", "RS256"), &json!({"d": "AQAB"}));
    let shared = json!({"kty": "oct", "kid": "s", "alg": "HS256", "k": "c2VjcmV0"});
    let public = pem("PUBLIC KEY", &KEYS.realm.spki());
    for text in [
        pem("PRIVATE KEY", &pkcs8),
        pem("RSA PRIVATE KEY", &pkcs8),
        pem("ENCRYPTED PRIVATE KEY", &pkcs8),
        public + &pem("PRIVATE KEY", &pkcs8),
        jwk.to_string(),
        shared.to_string(),
        json!({"keys": [KEYS.realm.jwk("k1", "sig", "RS256"), shared]}).to_string(),
        json!({"keys": [jwk]}).to_string(),
    ] {
        let error = KeySet::set_by_hand(&text).unwrap_err();
        assert_eq!(error, PublicKeyError::Private);
        let said = format!("{error} {error:?}");
        assert_eq!(said, "auth.public_key holds a private key Private");
    }
}

#[test]
fn what_is_no_key_is_refused() {
    let info = KEYS.realm.spki();
    let base64 = STANDARD.encode(&info);
    let whole = pem("PUBLIC KEY", &info);
    let behind = STANDARD.encode([&info[..], &[0]].concat());
    for text in [
        "",
        "  \n",
        "1234abcd-1234-abcd-1234-abcd1234adcd",
        "secret",
        "https://sso.example.test/realms/aimapper",
        "<html></html>",
        &base64[..200],
        &base64.replacen('M', "-", 1),
        &behind,
        &STANDARD.encode(&info[1..]),
        &STANDARD.encode(KEYS.realm.pkcs8()),
        "{",
        "{\"keys\":",
        "-----BEGIN PUBLIC KEY-----",
        &whole.replace("-----END", "----END"),
        &whole.replace('M', "-"),
        "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----",
    ] {
        let found = KeySet::set_by_hand(text).map(|keys| keys.len());
        assert_eq!(found, Err(PublicKeyError::NotAKey), "{text:?}");
    }
    for text in [
        "{}",
        r#"{"kty": "RSA"}"#,
        &KEYS.realm.jwk("k1", "enc", "RSA-OAEP").to_string(),
        &pem("CERTIFICATE REQUEST", &info),
        &pem("X509 CRL", &info),
    ] {
        let found = KeySet::set_by_hand(text).map(|keys| keys.len());
        assert_eq!(found, Err(PublicKeyError::Kind), "{text:?}");
    }
    let unnamed = with(KEYS.realm.jwk("", "sig", "RS256"), &json!({"kid": null}));
    for (text, error) in [
        (json!({"keys": []}), KeySetError::NoneUsable),
        (json!({"keys": 7}), KeySetError::NotASet),
        (json!({"keys": [unnamed]}), KeySetError::NoneUsable),
    ] {
        let found = KeySet::set_by_hand(&text.to_string()).map(|keys| keys.len());
        assert_eq!(found, Err(PublicKeyError::Set(error)), "{text}");
    }
}
