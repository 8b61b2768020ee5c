//! Tokens that are signed well and say the wrong things.

use serde_json::json;

use super::*;

/// A token with one claim changed (null takes it away).
fn claim(name: &str, value: Value) -> String {
    realm_token(&json!({}), &json!({name: value}))
}

/// A token with one claim written as this text.
fn raw(name: &str, text: &str) -> String {
    let claims = with(claims(), &json!({name: null})).to_string();
    let payload = format!("{{\"{name}\":{text},{}", &claims[1..]);
    signed(header().to_string(), payload, &keys().realm.private)
}

fn payload(bytes: impl AsRef<[u8]>) -> String {
    signed(header().to_string(), bytes, &keys().realm.private)
}

#[test]
fn other_issuers() {
    let of = |value: Value| claim("iss", value);
    all_refused(vec![
        ("missing", of(json!(null)), Refusal::Issuer),
        ("null", raw("iss", "null"), Refusal::Issuer),
        ("number", of(json!(7)), Refusal::Issuer),
        (
            "list",
            of(json!([ISSUER, "https://evil.test"])),
            Refusal::Issuer,
        ),
        (
            "other realm",
            of(json!(ISSUER.replace("aimapper", "other"))),
            Refusal::Issuer,
        ),
        ("slash", of(json!(format!("{ISSUER}/"))), Refusal::Issuer),
        ("case", of(json!(ISSUER.to_uppercase())), Refusal::Issuer),
        (
            "prefix",
            of(json!(format!("{ISSUER}.evil.test"))),
            Refusal::Issuer,
        ),
        (
            "user part",
            of(json!("https://sso.example.test@evil.test/realms/aimapper")),
            Refusal::Issuer,
        ),
    ]);
}

#[test]
fn other_audiences_and_clients() {
    let aud = |value: Value| claim("aud", value);
    let azp = |value: Value| claim("azp", value);
    all_refused(vec![
        ("missing", aud(json!(null)), Refusal::Audience),
        ("null", raw("aud", "null"), Refusal::Audience),
        ("number", aud(json!(7)), Refusal::Audience),
        ("object", aud(json!({"aimapper": true})), Refusal::Audience),
        ("nested", aud(json!([["aimapper"]])), Refusal::Audience),
        ("mixed", aud(json!(["aimapper", 7])), Refusal::Audience),
        ("account", aud(json!("account")), Refusal::Audience),
        (
            "other",
            aud(json!(["account", "other-app"])),
            Refusal::Audience,
        ),
        ("prefix", aud(json!("aimapper-2")), Refusal::Audience),
        ("upper case", aud(json!("AIMAPPER")), Refusal::Audience),
        ("nobody", aud(json!([])), Refusal::Audience),
        (
            "other client",
            azp(json!("other-app")),
            Refusal::AuthorizedParty,
        ),
        (
            "client is a list",
            azp(json!(["aimapper"])),
            Refusal::AuthorizedParty,
        ),
        (
            "client is null",
            raw("azp", "null"),
            Refusal::AuthorizedParty,
        ),
    ]);
}

#[test]
fn other_times() {
    let exp = |value: Value| claim("exp", value);
    all_refused(vec![
        ("an hour ago", exp(json!(NOW - 3_600)), Refusal::Expired),
        ("31 s ago", exp(json!(NOW - 31)), Refusal::Expired),
        ("at the leeway", exp(json!(NOW - 30)), Refusal::Expired),
        ("zero", exp(json!(0)), Refusal::Expired),
        ("missing", exp(json!(null)), Refusal::Expiry),
        ("text", exp(json!("1890000000")), Refusal::Expiry),
        ("null", raw("exp", "null"), Refusal::Expiry),
        ("list", exp(json!([NOW + 60])), Refusal::Expiry),
        ("negative", exp(json!(-1)), Refusal::Expiry),
        ("2^63", raw("exp", "9223372036854775808"), Refusal::Expiry),
        ("1e308", raw("exp", "1e308"), Refusal::Expiry),
        ("1e400", raw("exp", "1e400"), Refusal::Claims),
        ("NaN", raw("exp", "NaN"), Refusal::Claims),
        (
            "ten years",
            exp(json!(NOW + 315_360_000)),
            Refusal::Lifetime,
        ),
        (
            "a day and more",
            exp(json!(NOW + 24 * 3_600)),
            Refusal::Lifetime,
        ),
        (
            "nbf ahead",
            claim("nbf", json!(NOW + 31)),
            Refusal::NotBefore,
        ),
        (
            "nbf is a text",
            claim("nbf", json!("0")),
            Refusal::NotBefore,
        ),
        ("nbf is null", raw("nbf", "null"), Refusal::NotBefore),
        (
            "iat tomorrow",
            claim("iat", json!(NOW + 86_400)),
            Refusal::IssuedAt,
        ),
        ("iat is a text", claim("iat", json!("0")), Refusal::IssuedAt),
        ("no iat", claim("iat", json!(null)), Refusal::IssuedAt),
    ]);
}

#[test]
fn tokens_for_something_else() {
    let typ = |value: &str| claim("typ", json!(value));
    all_refused(vec![
        ("ID token", typ("ID"), Refusal::TokenType),
        ("refresh token", typ("Refresh"), Refusal::TokenType),
        ("offline token", typ("Offline"), Refusal::TokenType),
        ("logout token", typ("Logout"), Refusal::TokenType),
        ("DPoP token", typ("DPoP"), Refusal::TokenType),
        ("no typ", claim("typ", json!(null)), Refusal::TokenType),
        (
            "bound to a key",
            claim("cnf", json!({"jkt": "x"})),
            Refusal::Bound,
        ),
        (
            "bound to a certificate",
            claim("cnf", json!({"x5t#S256": "x"})),
            Refusal::Bound,
        ),
    ]);
}

#[test]
fn no_subject() {
    let sub = |value: Value| claim("sub", value);
    all_refused(vec![
        ("missing", sub(json!(null)), Refusal::Subject),
        ("number", sub(json!(7)), Refusal::Subject),
        ("empty", sub(json!("")), Refusal::Subject),
        ("NUL", sub(json!("a\u{0}b")), Refusal::Subject),
        ("line end", sub(json!("a\nb")), Refusal::Subject),
        ("4 KiB", sub(json!("a".repeat(4_096))), Refusal::Subject),
    ]);
}

#[test]
fn payloads_that_are_no_claims() {
    let whole = claims().to_string();
    let inner = &whole[1..];
    let deep = format!("{{\"x\":{}{}}}", "[".repeat(5_000), "]".repeat(5_000));
    let twice_inside = r#""x":{"roles":[]},"#;
    let twice_inside =
        format!(r#"{{{twice_inside}"y":{{"roles":["mapper"],"roles":["admin"]}},{inner}"#);
    let mut bad_text = whole.clone().into_bytes();
    let at = whole.find("Mia").unwrap();
    bad_text[at] = 0xff;
    all_refused(vec![
        (
            "iss twice",
            payload(format!("{{\"iss\":\"x\",{inner}")),
            Refusal::Duplicate,
        ),
        (
            "sub twice",
            payload(format!("{{\"sub\":\"x\",{inner}")),
            Refusal::Duplicate,
        ),
        (
            "exp twice",
            payload(format!("{{\"exp\":9999999999,{inner}")),
            Refusal::Duplicate,
        ),
        (
            "escaped twice",
            payload(format!("{{\"\\u0069ss\":\"x\",{inner}")),
            Refusal::Duplicate,
        ),
        (
            "roles twice",
            payload(format!(
                "{{\"realm_access\":{{\"roles\":[\"admin\"]}},{inner}"
            )),
            Refusal::Duplicate,
        ),
        ("twice inside", payload(twice_inside), Refusal::Duplicate),
        ("list", payload(format!("[{whole}]")), Refusal::Claims),
        ("text", payload("\"claims\""), Refusal::Claims),
        ("nothing", payload(""), Refusal::Claims),
        (
            "more behind",
            payload(format!("{whole}{{}}")),
            Refusal::Claims,
        ),
        (
            "byte order mark",
            payload(format!("\u{feff}{whole}")),
            Refusal::Claims,
        ),
        ("no UTF-8", payload(bad_text), Refusal::Claims),
        ("deep", payload(deep), Refusal::Claims),
    ]);
}
