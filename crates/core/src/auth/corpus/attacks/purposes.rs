//! Tokens of the realm that are for something else than to be shown as bearer tokens.

use serde_json::{Value, json};

use super::realm::{ISSUER, NOW, realm_token, rs256};
use super::{Attack, Refusal, refused};

const SUBJECT: &str = "5a3e8c1e-0b1d-4a55-9c57-6f2f7d1c2a10";

pub(super) fn attacks() -> Vec<Attack> {
    let mut attacks = of_keycloak();
    attacks.extend(bound());
    attacks
}

fn of_keycloak() -> Vec<Attack> {
    let typed = |claims: Value| realm_token(&json!({}), &claims);
    let id = json!({"typ": "ID", "aud": "aimapper", "nonce": "n-0S6", "at_hash": "MTIzNDU2Nzg5MA"});
    let refresh = json!({"typ": "Refresh", "aud": ISSUER});
    let refresh_for_us = json!({"typ": "Refresh", "aud": "aimapper"});
    let offline = json!({"typ": "Offline", "aud": ISSUER});
    let events = json!({"http://schemas.openid.net/event/backchannel-logout": {}});
    let logout = json!({"iss": ISSUER, "aud": "aimapper", "sub": SUBJECT, "sid": "s", "typ": "Logout",
        "iat": NOW - 1, "exp": NOW + 60, "jti": "j", "events": events});
    let logout_header = json!({"alg": "RS256", "typ": "logout+jwt", "kid": "k1"});
    let plain_header = json!({"alg": "RS256", "typ": "JWT", "kid": "k1"});
    let user_info = json!({"iss": ISSUER, "aud": "aimapper", "sub": SUBJECT, "name": "Mia Mapper",
        "preferred_username": "mia", "email_verified": true});
    let signed = |header: &Value, claims: &Value| rs256(header.to_string(), claims.to_string());
    vec![
        refused(43, "id_token", typed(id), Refusal::TokenType),
        refused(44, "refresh_token", typed(refresh), Refusal::Audience),
        refused(45, "offline_token", typed(offline), Refusal::Audience),
        refused(
            46,
            "refresh_token_aud_ok",
            typed(refresh_for_us),
            Refusal::TokenType,
        ),
        refused(
            47,
            "logout_token",
            signed(&logout_header, &logout),
            Refusal::HeaderType,
        ),
        refused(
            47,
            "logout_token_typ_jwt",
            signed(&plain_header, &logout),
            Refusal::TokenType,
        ),
        refused(
            48,
            "userinfo_jwt",
            signed(&plain_header, &user_info),
            Refusal::Expiry,
        ),
        refused(
            49,
            "typ_claim_missing",
            typed(json!({"typ": null})),
            Refusal::TokenType,
        ),
        refused(
            49,
            "typ_claim_list",
            typed(json!({"typ": ["Bearer"]})),
            Refusal::TokenType,
        ),
    ]
}

/// They are of use only with a key that the client would have to show.
fn bound() -> Vec<Attack> {
    let header = |typ: Value| realm_token(&json!({"typ": typ}), &json!({}));
    let claim = |name: &str, value: Value| realm_token(&json!({}), &json!({name: value}));
    vec![
        refused(
            50,
            "typ_hdr_dpop",
            header(json!("dpop+jwt")),
            Refusal::HeaderType,
        ),
        refused(50, "typ_hdr_number", header(json!(1)), Refusal::Header),
        refused(50, "typ_hdr_empty", header(json!("")), Refusal::HeaderType),
        refused(
            51,
            "typ_claim_dpop",
            claim("typ", json!("DPoP")),
            Refusal::TokenType,
        ),
        refused(
            52,
            "cnf_jkt",
            claim(
                "cnf",
                json!({"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}),
            ),
            Refusal::Bound,
        ),
        refused(
            53,
            "cnf_x5t",
            claim(
                "cnf",
                json!({"x5t#S256": "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"}),
            ),
            Refusal::Bound,
        ),
    ]
}
