//! Tokens that are signed in another way than the realm does, or not at all.

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P256K1_SHA256_FIXED_SIGNING, EcdsaKeyPair,
    EcdsaSigningAlgorithm, Ed25519KeyPair, RSA_PKCS1_SHA256, RSA_PKCS1_SHA512, RSA_PSS_SHA256,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::realm::{KEYS, base, claims, encoded, header, signed, with};
use super::{Attack, Refusal, refused};

pub(super) fn attacks() -> Vec<Attack> {
    let mut attacks = unsigned();
    attacks.extend(secrets());
    attacks.extend(other_families());
    attacks
}

/// The good claims under a changed header.
fn by(changes: &Value, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    signed(
        with(header(), changes).to_string(),
        claims().to_string(),
        sign,
    )
}

fn unsigned() -> Vec<Attack> {
    let token = base();
    let (message, signature) = token.rsplit_once('.').unwrap();
    let (_, payload) = message.split_once('.').unwrap();
    let none = |alg: &str| encoded(json!({"alg": alg, "typ": "JWT", "kid": "k1"}).to_string());
    let mut attacks: Vec<Attack> = [
        (1, "alg_none", "none"),
        (2, "alg_None", "None"),
        (3, "alg_NONE", "NONE"),
        (4, "alg_nOnE", "nOnE"),
    ]
    .into_iter()
    .map(|(row, name, alg)| {
        let token = format!("{}.{payload}.", none(alg));
        refused(row, name, token, Refusal::Algorithm)
    })
    .collect();
    let kept = format!("{}.{payload}.{signature}", none("none"));
    let no_alg = encoded(with(header(), &json!({"alg": null})).to_string());
    attacks.extend([
        refused(5, "alg_none_sig_kept", kept, Refusal::Algorithm),
        refused(6, "sig_stripped", format!("{message}."), Refusal::Signature),
        refused(
            7,
            "sig_absent_two_parts",
            message.to_owned(),
            Refusal::Malformed,
        ),
        refused(
            8,
            "alg_missing",
            format!("{no_alg}.{payload}.{signature}"),
            Refusal::Algorithm,
        ),
    ]);
    attacks
}

/// Everybody has the public key: whoever takes it for a shared secret takes what anybody signs.
fn secrets() -> Vec<Attack> {
    let base64 = STANDARD.encode(KEYS.realm.spki());
    let lines: Vec<&str> = (0..base64.len())
        .step_by(64)
        .map(|at| &base64[at..base64.len().min(at + 64)])
        .collect();
    let pem = format!(
        "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----",
        lines.join("\n")
    );
    let secrets = [
        (
            9,
            "hs256_pem_nl",
            "HS256",
            "k1",
            format!("{pem}\n").into_bytes(),
        ),
        (10, "hs256_pem_nonl", "HS256", "k1", pem.into_bytes()),
        (11, "hs256_der", "HS256", "k1", KEYS.realm.spki()),
        (11, "hs256_der_pkcs1", "HS256", "k1", KEYS.realm.pkcs1()),
        (12, "hs256_b64body", "HS256", "k1", base64.into_bytes()),
        (
            13,
            "hs256_jwk_n",
            "HS256",
            "k1",
            KEYS.realm.n.clone().into_bytes(),
        ),
        (14, "hs512_empty", "HS512", "k1", Vec::new()),
        (
            15,
            "hs256_client_secret",
            "HS256",
            "k1",
            b"1234abcd-1234-abcd-1234-abcd1234adcd".to_vec(),
        ),
        (
            15,
            "hs256_published_secret",
            "HS256",
            "shared",
            vec![0, 0, 0],
        ),
    ];
    secrets
        .into_iter()
        .map(|(row, name, alg, kid, secret)| {
            let family = if alg == "HS256" {
                hmac::HMAC_SHA256
            } else {
                hmac::HMAC_SHA512
            };
            let key = hmac::Key::new(family, &secret);
            let token = by(&json!({"alg": alg, "kid": kid}), |message| {
                hmac::sign(&key, message).as_ref().to_vec()
            });
            refused(row, name, token, Refusal::Algorithm)
        })
        .collect()
}

fn ecdsa(family: &'static EcdsaSigningAlgorithm, message: &[u8]) -> Vec<u8> {
    let pair = EcdsaKeyPair::generate(family).unwrap();
    let signature = pair.sign(&SystemRandom::new(), message).unwrap();
    signature.as_ref().to_vec()
}

fn other_families() -> Vec<Attack> {
    let ps256 = |message: &[u8]| KEYS.realm.sign(&RSA_PSS_SHA256, message);
    let rs256 = |message: &[u8]| KEYS.realm.sign(&RSA_PKCS1_SHA256, message);
    let own_ed = |message: &[u8]| {
        let pair = Ed25519KeyPair::generate().unwrap();
        pair.sign(message).as_ref().to_vec()
    };
    let named = |alg: &str| json!({"alg": alg});
    let p256 = by(&named("ES256"), |message| {
        ecdsa(&ECDSA_P256_SHA256_FIXED_SIGNING, message)
    });
    let k256 = by(&named("ES256K"), |message| {
        ecdsa(&ECDSA_P256K1_SHA256_FIXED_SIGNING, message)
    });
    let rs512 = by(&named("RS512"), |message| {
        KEYS.realm.sign(&RSA_PKCS1_SHA512, message)
    });
    let own = by(&named("EdDSA"), own_ed);
    let own_as_ed = by(&json!({"alg": "EdDSA", "kid": "ed"}), own_ed);
    let zero = by(&named("ES256"), |_| vec![0; 64]);
    let zero_rsa = by(&json!({}), |_| vec![0; 256]);
    let zero_ed = by(&json!({"alg": "EdDSA", "kid": "ed"}), |_| vec![0; 64]);
    let wrong = Refusal::Algorithm;
    vec![
        refused(16, "ps256_same_rsa_key", by(&named("PS256"), ps256), wrong),
        refused(17, "rs512_same_rsa_key", rs512, wrong),
        refused(17, "rs256_lower_case", by(&named("rs256"), rs256), wrong),
        refused(17, "alg_list", by(&json!({"alg": ["RS256"]}), rs256), wrong),
        refused(18, "es256_own_key", p256, wrong),
        refused(19, "es256_zero_sig", zero, wrong),
        refused(19, "rs256_zero_sig", zero_rsa, Refusal::Signature),
        refused(19, "eddsa_zero_sig", zero_ed, Refusal::Signature),
        refused(20, "eddsa_own_key", own, Refusal::KeyUnfit),
        refused(20, "eddsa_own_key_kid_ed", own_as_ed, Refusal::Signature),
        refused(21, "es256k", k256, wrong),
        refused(
            22,
            "alg_rs256_sig_ps256",
            by(&json!({}), ps256),
            Refusal::Signature,
        ),
    ]
}
