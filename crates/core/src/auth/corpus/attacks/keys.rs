//! Tokens that name another key than the one that signed them, bring their own, or ask for more than a
//! verifier should do.

use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use serde_json::{Value, json};

use super::realm::{KEYS, Rsa, TINY_TOKEN, claims, header, realm_token, signed, with};
use super::{Attack, Refusal, refused};

pub(super) fn attacks() -> Vec<Attack> {
    let mut attacks = names();
    attacks.extend(own_keys());
    attacks.extend(demands());
    attacks
}

/// The good claims by this key.
fn by(changes: &Value, key: &Rsa) -> String {
    signed(
        with(header(), changes).to_string(),
        claims().to_string(),
        |message| key.sign(&RSA_PKCS1_SHA256, message),
    )
}

fn names() -> Vec<Attack> {
    let (realm, attacker) = (&KEYS.realm, &KEYS.attacker);
    let kid = |kid: &str, key| by(&json!({"kid": kid}), key);
    let unknown = Refusal::KeyUnknown;
    vec![
        refused(
            23,
            "attacker_key_same_kid",
            kid("k1", attacker),
            Refusal::Signature,
        ),
        refused(24, "kid_unknown", kid("mine", attacker), unknown),
        refused(
            25,
            "kid_missing",
            by(&json!({"kid": null}), attacker),
            Refusal::KeyUnnamed,
        ),
        refused(
            25,
            "kid_missing_but_k1_signed",
            by(&json!({"kid": null}), realm),
            Refusal::KeyUnnamed,
        ),
        refused(26, "kid_unknown_but_k1_signed", kid("k2", realm), unknown),
        refused(26, "kid_upper_case", kid("K1", realm), unknown),
        refused(26, "kid_with_blank", kid("k1 ", realm), unknown),
        refused(
            27,
            "kid_traversal",
            kid("../../../dev/null", realm),
            unknown,
        ),
        refused(
            28,
            "kid_sqli",
            kid("k1' UNION SELECT 'x' --", realm),
            unknown,
        ),
        refused(29, "kid_url", kid("http://evil.test/jwks", realm), unknown),
        refused(
            30,
            "kid_number",
            by(&json!({"kid": 1}), realm),
            Refusal::Header,
        ),
        refused(30, "kid_empty", kid("", realm), Refusal::Header),
        refused(30, "kid_nul", kid("k1\u{0}", realm), Refusal::Header),
        refused(
            31,
            "kid_64k",
            kid(&"k".repeat(64 * 1024), realm),
            Refusal::TooLong,
        ),
        refused(31, "kid_300", kid(&"k".repeat(300), realm), Refusal::Header),
        refused(
            32,
            "enc_key_used_for_sig",
            kid("enc", &KEYS.encryption),
            unknown,
        ),
        refused(
            32,
            "ed_key_named_for_rs256",
            kid("ed", realm),
            Refusal::KeyUnfit,
        ),
        refused(33, "tiny_rsa_1024_in_jwks", TINY_TOKEN.to_owned(), unknown),
    ]
}

fn own_keys() -> Vec<Attack> {
    let attacker = &KEYS.attacker;
    let jwk = attacker.jwk("k1", "sig", "RS256");
    // What says where a key is: whoever believed it would ask there.
    let jku = json!({"jku": "https://evil.test/jwks"});
    let x5u = json!({"x5u": "https://evil.test/x5u"});
    let own = Refusal::OwnKey;
    vec![
        refused(34, "jku", by(&jku, attacker), own),
        refused(34, "jku_but_k1_signed", by(&jku, &KEYS.realm), own),
        refused(35, "x5u", by(&x5u, attacker), own),
        refused(36, "jwk", by(&json!({"jwk": jwk}), attacker), own),
        refused(37, "x5c", by(&json!({"x5c": ["MIIB"]}), attacker), own),
    ]
}

fn demands() -> Vec<Attack> {
    let of = |changes: Value| realm_token(&changes, &json!({}));
    let more = Refusal::HeaderField;
    vec![
        refused(38, "crit_unknown", of(json!({"crit": ["x"], "x": 1})), more),
        refused(
            39,
            "crit_b64_false",
            of(json!({"crit": ["b64"], "b64": false})),
            more,
        ),
        refused(39, "b64_false", of(json!({"b64": false})), more),
        refused(40, "crit_empty", of(json!({"crit": []})), more),
        refused(41, "cty_jwt_nested", of(json!({"cty": "JWT"})), more),
        refused(42, "zip_def", of(json!({"zip": "DEF"})), more),
    ]
}
