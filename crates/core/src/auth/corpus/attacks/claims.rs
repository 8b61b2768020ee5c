//! Tokens that are signed well and say the wrong things.

use serde_json::{Value, json};

use super::realm::{ISSUER, NOW, claims, header, realm_token, rs256, with};
use super::{Attack, Outcome, Refusal, refused};

pub(super) fn attacks() -> Vec<Attack> {
    let mut attacks = issuers();
    attacks.extend(audiences());
    attacks.extend(ends());
    attacks.extend(beginnings());
    attacks.extend(subjects());
    attacks.extend(duplicates());
    attacks.push(Attack {
        row: 120,
        name: "roles_string",
        token: realm_token(
            &json!({}),
            &json!({"roles": "admin", "realm_access": {"roles": "admin"}, "groups": "/operators"}),
        ),
        outcome: Outcome::WithoutRole,
    });
    attacks
}

/// A token with one claim changed; null takes it away.
fn claim(name: &str, value: Value) -> String {
    realm_token(&json!({}), &json!({name: value}))
}

/// A token with one claim written as this text.
fn raw(name: &str, text: &str) -> String {
    let claims = with(claims(), &json!({name: null})).to_string();
    let payload = format!("{{\"{name}\":{text},{}", &claims[1..]);
    rs256(header().to_string(), payload)
}

fn issuers() -> Vec<Attack> {
    let of = |value: Value| claim("iss", value);
    [
        (54, "iss_missing", of(json!(null))),
        (54, "iss_null", raw("iss", "null")),
        (54, "iss_number", of(json!(7))),
        (55, "iss_array", of(json!([ISSUER, "https://evil.test"]))),
        (55, "iss_array_of_one", of(json!([ISSUER]))),
        (
            56,
            "iss_other_realm",
            of(json!("https://sso.example.test/realms/other")),
        ),
        (57, "iss_trailing_slash", of(json!(format!("{ISSUER}/")))),
        (
            58,
            "iss_case",
            of(json!("https://SSO.example.test/realms/aimapper")),
        ),
        (59, "iss_prefix", of(json!(format!("{ISSUER}.evil.test")))),
        (
            60,
            "iss_userinfo",
            of(json!("https://sso.example.test@evil.test/realms/aimapper")),
        ),
    ]
    .into_iter()
    .map(|(row, name, token)| refused(row, name, token, Refusal::Issuer))
    .collect()
}

fn audiences() -> Vec<Attack> {
    let aud = |value: Value| claim("aud", value);
    let azp = |value: Value| claim("azp", value);
    let others = [
        (61, "aud_missing", aud(json!(null))),
        (62, "aud_null", raw("aud", "null")),
        (63, "aud_number", aud(json!(7))),
        (64, "aud_object", aud(json!({"aimapper": true}))),
        (65, "aud_nested", aud(json!([["aimapper"]]))),
        (65, "aud_mixed", aud(json!(["aimapper", 7]))),
        (66, "aud_account_only", aud(json!("account"))),
        (67, "aud_other", aud(json!(["account", "other-app"]))),
        (68, "aud_prefix", aud(json!("aimapper-2"))),
        (68, "aud_words", aud(json!("account aimapper"))),
        (69, "aud_upper", aud(json!("AIMAPPER"))),
        (70, "aud_empty_array", aud(json!([]))),
        (70, "aud_empty", aud(json!(""))),
    ];
    let parties = [
        (71, "azp_other_client", azp(json!("other-app"))),
        (71, "azp_array", azp(json!(["aimapper"]))),
        (71, "azp_null", raw("azp", "null")),
    ];
    let others = others.map(|(row, name, token)| refused(row, name, token, Refusal::Audience));
    let parties =
        parties.map(|(row, name, token)| refused(row, name, token, Refusal::AuthorizedParty));
    others.into_iter().chain(parties).collect()
}

fn ends() -> Vec<Attack> {
    let exp = |value: Value| claim("exp", value);
    [
        (72, "exp_past_1h", exp(json!(NOW - 3_600)), Refusal::Expired),
        (72, "exp_past_31s", exp(json!(NOW - 31)), Refusal::Expired),
        (
            72,
            "exp_at_the_leeway",
            exp(json!(NOW - 30)),
            Refusal::Expired,
        ),
        (73, "exp_missing", exp(json!(null)), Refusal::Expiry),
        (74, "exp_string", exp(json!("1790000060")), Refusal::Expiry),
        (
            75,
            "exp_2_63",
            raw("exp", "9223372036854775808"),
            Refusal::Expiry,
        ),
        (
            75,
            "exp_2_64",
            raw("exp", "18446744073709551616"),
            Refusal::Expiry,
        ),
        (75, "exp_1e308", raw("exp", "1e308"), Refusal::Expiry),
        (76, "exp_1e400", raw("exp", "1e400"), Refusal::Claims),
        (77, "exp_nan", raw("exp", "NaN"), Refusal::Claims),
        (77, "exp_infinity", raw("exp", "Infinity"), Refusal::Claims),
        (78, "exp_null", raw("exp", "null"), Refusal::Expiry),
        (79, "exp_array", exp(json!([NOW + 60])), Refusal::Expiry),
        (79, "exp_true", exp(json!(true)), Refusal::Expiry),
        (80, "exp_negative", exp(json!(-1)), Refusal::Expiry),
        (80, "exp_zero", exp(json!(0)), Refusal::Expired),
        (80, "exp_minus_zero", raw("exp", "-0.0"), Refusal::Expired),
        (
            81,
            "exp_10_years",
            exp(json!(NOW + 315_360_000)),
            Refusal::Lifetime,
        ),
        (
            81,
            "exp_longer_than_a_day",
            exp(json!(NOW + 24 * 3_600)),
            Refusal::Lifetime,
        ),
    ]
    .into_iter()
    .map(|(row, name, token, refusal)| refused(row, name, token, refusal))
    .collect()
}

fn beginnings() -> Vec<Attack> {
    let nbf = |value: Value| claim("nbf", value);
    let iat = |value: Value| claim("iat", value);
    let (early, issued) = (Refusal::NotBefore, Refusal::IssuedAt);
    [
        (82, "nbf_future", nbf(json!(NOW + 3_600)), early),
        (82, "nbf_behind_the_leeway", nbf(json!(NOW + 31)), early),
        (83, "nbf_string", nbf(json!("0")), early),
        (83, "nbf_null", raw("nbf", "null"), early),
        (84, "iat_future_1d", iat(json!(NOW + 86_400)), issued),
        (84, "iat_behind_the_leeway", iat(json!(NOW + 31)), issued),
        (85, "iat_string", iat(json!("0")), issued),
        (86, "iat_missing", iat(json!(null)), issued),
    ]
    .into_iter()
    .map(|(row, name, token, refusal)| refused(row, name, token, refusal))
    .collect()
}

fn subjects() -> Vec<Attack> {
    let sub = |value: Value| claim("sub", value);
    [
        (87, "sub_missing", sub(json!(null))),
        (87, "sub_null", raw("sub", "null")),
        (88, "sub_number", sub(json!(7))),
        (88, "sub_array", sub(json!(["mia"]))),
        (89, "sub_empty", sub(json!(""))),
        (89, "sub_nul", sub(json!("a\u{0}b"))),
        (89, "sub_line_end", sub(json!("a\nb"))),
        (89, "sub_4k", sub(json!("a".repeat(4_096)))),
    ]
    .into_iter()
    .map(|(row, name, token)| refused(row, name, token, Refusal::Subject))
    .collect()
}

/// The good claims with others before or inside: readers differ in which of two equal names they take.
fn duplicates() -> Vec<Attack> {
    let whole = claims().to_string();
    let before = |text: &str| rs256(header().to_string(), format!("{{{text},{}", &whole[1..]));
    let behind = format!("{},\"iss\":\"{ISSUER}\"}}", &whole[..whole.len() - 1]);
    let inside = r#""x":{"y":[{"roles":["mapper"],"roles":["admin"]}]}"#;
    let header_twice = r#"{"alg":"none","typ":"JWT","kid":"k1","alg":"RS256"}"#;
    [
        (90, "dup_claim_iss", before(r#""iss":"https://evil.test""#)),
        (
            90,
            "dup_claim_iss_same",
            rs256(header().to_string(), behind),
        ),
        (
            90,
            "dup_claim_iss_escaped",
            before(r#""\u0069ss":"https://evil.test""#),
        ),
        (90, "dup_claim_sub", before(r#""sub":"ada""#)),
        (90, "dup_claim_exp", before(r#""exp":9999999999"#)),
        (
            91,
            "dup_claim_custom_roles",
            before(r#""realm_access":{"roles":["admin"]}"#),
        ),
        (91, "dup_claim_inside", before(inside)),
        (
            92,
            "dup_header_alg",
            rs256(header_twice, claims().to_string()),
        ),
    ]
    .into_iter()
    .map(|(row, name, token)| refused(row, name, token, Refusal::Duplicate))
    .collect()
}
