//! Tokens that are written in another way than a compact JWS is, or changed on the way.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde_json::json;

use super::realm::{base, claims, encoded, header, realm_token, rs256, with};
use super::{Attack, Refusal, refused};

pub(super) fn attacks() -> Vec<Attack> {
    let mut attacks = payloads();
    attacks.extend(headers());
    attacks.extend(writings());
    attacks.extend(parts());
    attacks.extend(changes());
    attacks
}

/// Signed by the realm, and no claims.
fn payloads() -> Vec<Attack> {
    let whole = claims().to_string();
    let of = |bytes: &[u8]| rs256(header().to_string(), bytes);
    let deep = |depth| format!("{{\"x\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
    let bom = format!("\u{feff}{whole}");
    let mut invalid = whole.clone().into_bytes();
    let at = whole.find("Mia").unwrap();
    invalid[at] = 0xff;
    let wide: String = whole.chars().flat_map(|c| ['\u{0}', c]).collect();
    let none = Refusal::Claims;
    vec![
        refused(
            93,
            "payload_array",
            of(format!("[{whole}]").as_bytes()),
            none,
        ),
        refused(94, "payload_string", of(b"\"claims\""), none),
        refused(94, "payload_null", of(b"null"), none),
        refused(95, "payload_empty", of(b""), none),
        refused(95, "payload_empty_object", of(b"{}"), Refusal::Issuer),
        refused(
            96,
            "payload_trailing_bytes",
            of(format!("{whole}{{}}").as_bytes()),
            none,
        ),
        refused(
            96,
            "payload_trailing_nul",
            of(format!("{whole}\u{0}").as_bytes()),
            none,
        ),
        refused(97, "payload_bom", of(bom.as_bytes()), none),
        refused(98, "payload_invalid_utf8", of(&invalid), none),
        refused(98, "payload_utf16", of(wide.as_bytes()), none),
        refused(
            99,
            "payload_20000_deep",
            of(deep(20_000).as_bytes()),
            Refusal::TooLong,
        ),
        refused(99, "payload_5000_deep", of(deep(5_000).as_bytes()), none),
    ]
}

fn headers() -> Vec<Attack> {
    let of = |header: &str| rs256(header, claims().to_string());
    let before = |text: &str| header().to_string().replacen('{', &format!("{{{text}"), 1);
    // Good but for its length: whoever reads all of it works for the attacker.
    let many: String = (0..1_000).map(|at| format!("\"{at}\":0,")).collect();
    let deep = format!("\"x\":{}{},", "[".repeat(300), "]".repeat(300));
    let wrong = Refusal::Header;
    vec![
        refused(100, "header_array", of(r#"["RS256"]"#), wrong),
        refused(100, "header_empty", of(""), wrong),
        refused(100, "header_null", of("null"), wrong),
        refused(
            100,
            "header_trailing_bytes",
            of(&format!("{}{{}}", header())),
            wrong,
        ),
        refused(
            100,
            "header_bom",
            of(&format!("\u{feff}{}", header())),
            wrong,
        ),
        refused(100, "header_many_names", of(&before(&many)), wrong),
        refused(100, "header_300_deep", of(&before(&deep)), wrong),
    ]
}

/// A token has one way to be written.
fn writings() -> Vec<Attack> {
    let token = base();
    let (message, signature) = token.rsplit_once('.').unwrap();
    let (header, payload) = message.split_once('.').unwrap();
    let name = json!({"name": "Mia???>>>~~~"});
    let odd = with(claims(), &name).to_string();
    let other = STANDARD_NO_PAD.encode(odd);
    let other_signed = realm_token(&json!({}), &name);
    let (_, its_signature) = other_signed.rsplit_once('.').unwrap();
    // 256 bytes end in a character of which two bits count; the others have to be zero.
    let last = signature.chars().last().unwrap();
    let next = char::from(u8::try_from(u32::from(last)).unwrap() + 1);
    let trailing = format!("{message}.{}{next}", &signature[..signature.len() - 1]);
    [
        (
            101,
            "pad_payload",
            format!("{header}.{payload}=.{signature}"),
        ),
        (102, "pad_sig", format!("{token}==")),
        (102, "pad_sig_escaped", format!("{token}%3D%3D")),
        (
            103,
            "std_base64_alphabet",
            format!("{header}.{other}.{its_signature}"),
        ),
        (104, "sig_trailing_bits", trailing),
        (
            105,
            "space_inside",
            format!("{header}. {payload}.{signature}"),
        ),
        (105, "space_before", format!(" {token}")),
        (
            106,
            "newline_inside",
            format!("{header}.{payload}\n.{signature}"),
        ),
        (107, "trailing_newline", format!("{token}\n")),
        (107, "trailing_crlf", format!("{token}\r\n")),
        (107, "trailing_nul", format!("{token}\u{0}")),
        (108, "non_ascii", format!("{header}.{payload}ä.{signature}")),
        (108, "wide_dot", format!("{header}．{payload}．{signature}")),
    ]
    .into_iter()
    .map(|(row, name, token)| refused(row, name, token, Refusal::Malformed))
    .collect()
}

fn parts() -> Vec<Attack> {
    let token = base();
    let (message, signature) = token.rsplit_once('.').unwrap();
    let (header, payload) = message.split_once('.').unwrap();
    let jwe = encoded(json!({"alg": "RSA-OAEP", "enc": "A256GCM", "kid": "enc"}).to_string());
    let flat = json!({"protected": header, "payload": payload, "signature": signature});
    let general = json!({"payload": payload,
        "signatures": [{"protected": header, "signature": signature}]});
    let wrong = Refusal::Malformed;
    vec![
        refused(109, "four_parts", format!("{token}.{signature}"), wrong),
        refused(
            110,
            "jwe_five_parts",
            format!("{jwe}.{payload}.AAAA.{payload}.{}", encoded([0; 16])),
            wrong,
        ),
        refused(
            110,
            "token_in_token",
            format!("{header}.{payload}.{token}"),
            wrong,
        ),
        refused(111, "empty", String::new(), wrong),
        refused(112, "dots_only", "..".to_owned(), Refusal::Header),
        refused(112, "one_dot", ".".to_owned(), wrong),
        refused(112, "four_dots", "....".to_owned(), wrong),
        refused(113, "json_flattened", flat.to_string(), wrong),
        refused(113, "json_general", general.to_string(), wrong),
    ]
}

fn changes() -> Vec<Attack> {
    let token = base();
    let (message, signature) = token.rsplit_once('.').unwrap();
    let (header, payload) = message.split_once('.').unwrap();
    let admin = json!({"realm_access": {"roles": ["admin"]}});
    let swapped = encoded(with(claims(), &admin).to_string());
    let flipped = payload.replacen('e', "f", 1);
    let of_another = realm_token(&json!({}), &json!({"jti": "another"}));
    let (_, its_signature) = of_another.rsplit_once('.').unwrap();
    let no_match = Refusal::Signature;
    let full = 16 * 1024 - header.len() - signature.len() - 2;
    vec![
        refused(
            114,
            "payload_swapped",
            format!("{header}.{swapped}.{signature}"),
            no_match,
        ),
        refused(
            114,
            "sig_of_another_token",
            format!("{message}.{its_signature}"),
            no_match,
        ),
        refused(
            115,
            "bit_flip",
            format!("{header}.{flipped}.{signature}"),
            no_match,
        ),
        refused(
            116,
            "truncated",
            token[..token.len() - 2].to_owned(),
            no_match,
        ),
        refused(
            116,
            "truncated_payload",
            format!("{header}.{}.{signature}", &payload[..payload.len() / 8 * 4]),
            no_match,
        ),
        refused(
            117,
            "zero_prefixed_sig",
            format!("{message}.AAAA{signature}"),
            no_match,
        ),
        refused(
            118,
            "token_20k",
            format!("{header}.{}.{signature}", "A".repeat(20 * 1024)),
            Refusal::TooLong,
        ),
        refused(
            118,
            "token_16k",
            format!("{header}.{}.{signature}", "A".repeat(full / 4 * 4)),
            no_match,
        ),
        refused(119, "token_1m", "A".repeat(1 << 20), Refusal::TooLong),
    ]
}
