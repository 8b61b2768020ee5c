//! What else a realm signs: ID tokens, logout tokens and what it tells about a person. Each passes for
//! what it is and for nothing else.

use sha2::{Digest, Sha256};

use super::*;

const CLIENT: &str = "aimapper";
const NONCE: &str = "n-0S6_WzA2Mj";
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// `at_hash` of this access token (Core 1.0, 3.1.3.6).
fn at_hash(access_token: &str) -> String {
    encoded(&Sha256::digest(access_token)[..16])
}

fn id_claims() -> Value {
    let changes = json!({"typ": "ID", "aud": CLIENT, "nonce": NONCE, "at_hash": at_hash(&base()),
        "realm_access": null, "resource_access": null, "scope": null, "allowed-origins": null});
    with(claims(), &changes)
}

fn check_id(changes: &Value, nonce: Option<&str>, access_token: &str) -> Result<IdClaims, Refusal> {
    let token = rs256(header().to_string(), with(id_claims(), changes).to_string());
    let trust = (&policy(), &published());
    verify_id(&token, (CLIENT, nonce), access_token, trust, NOW)
}

#[test]
fn an_id_token_belongs_to_one_attempt() {
    let good = |changes: Value| check_id(&changes, Some(NONCE), &base());
    let id = good(json!({})).unwrap();
    assert_eq!(id.subject, "5a3e8c1e-0b1d-4a55-9c57-6f2f7d1c2a10");
    assert_eq!(id.about.username.as_deref(), Some("mia"));
    assert_eq!(id.about.email.as_deref(), Some("mia@example.test"));
    for also in [
        json!({"typ": null}),
        json!({"azp": null}),
        json!({"at_hash": null}),
        json!({"aud": [CLIENT]}),
    ] {
        assert!(good(also.clone()).is_ok(), "{also}");
    }
    for (changes, refusal) in [
        (json!({"nonce": "another"}), Refusal::Nonce),
        (json!({"nonce": null}), Refusal::Nonce),
        (json!({"nonce": [NONCE]}), Refusal::Nonce),
        (json!({"at_hash": "AAAA"}), Refusal::AccessHash),
        (json!({"at_hash": 7}), Refusal::AccessHash),
        (json!({"aud": "account"}), Refusal::Audience),
        (json!({"iss": "https://evil.test"}), Refusal::Issuer),
        (json!({"azp": "other-app"}), Refusal::AuthorizedParty),
        (json!({"azp": [CLIENT]}), Refusal::AuthorizedParty),
        (json!({"exp": NOW - 31}), Refusal::Expired),
        (json!({"iat": NOW + 31}), Refusal::IssuedAt),
        (json!({"sub": ""}), Refusal::Subject),
        (json!({"typ": "Bearer"}), Refusal::TokenType),
        (json!({"typ": "Logout"}), Refusal::TokenType),
        (json!({"events": {EVENT: {}}}), Refusal::TokenType),
    ] {
        assert_eq!(good(changes.clone()), Err(refusal), "{changes}");
    }
    // That of another access token, and one where none is asked for.
    let swapped = check_id(&json!({}), Some(NONCE), &base_ed());
    assert_eq!(swapped, Err(Refusal::AccessHash));
    assert!(check_id(&json!({"nonce": null}), None, &base()).is_ok());
}

fn logout_claims() -> Value {
    json!({"iss": ISSUER, "aud": CLIENT, "sub": "mia", "sid": "s", "iat": NOW - 1, "exp": NOW + 60,
        "jti": "j", "typ": "Logout", "events": {EVENT: {}}})
}

fn check_logout(header_changes: &Value, changes: &Value) -> Result<LogoutNotice, Refusal> {
    let head = with(
        with(header(), &json!({"typ": "logout+jwt"})),
        header_changes,
    );
    let token = rs256(head.to_string(), with(logout_claims(), changes).to_string());
    verify_logout(&token, CLIENT, (&policy(), &published()), NOW)
}

#[test]
fn a_logout_token_tells_of_a_logout() {
    let notice = check_logout(&json!({}), &json!({})).unwrap();
    assert_eq!(notice.subject.as_deref(), Some("mia"));
    assert_eq!(notice.sid.as_deref(), Some("s"));
    assert_eq!(notice.token_id, "j");
    assert!(check_logout(&json!({"typ": null}), &json!({"sub": null})).is_ok());
    assert!(check_logout(&json!({"typ": "JWT"}), &json!({"sid": null})).is_ok());
    for (changes, refusal) in [
        (json!({"nonce": NONCE}), Refusal::TokenType),
        (json!({"events": null}), Refusal::TokenType),
        (json!({"events": {}}), Refusal::TokenType),
        (json!({"events": [EVENT]}), Refusal::TokenType),
        (json!({"events": {EVENT: true}}), Refusal::TokenType),
        (json!({"events": EVENT}), Refusal::TokenType),
        (json!({"aud": "other-app"}), Refusal::Audience),
        (json!({"iss": "https://evil.test"}), Refusal::Issuer),
        (json!({"exp": NOW - 31}), Refusal::Expired),
        (json!({"iat": null}), Refusal::IssuedAt),
        (json!({"jti": null}), Refusal::Claims),
        (json!({"jti": ""}), Refusal::Claims),
        (json!({"sub": null, "sid": null}), Refusal::Subject),
        (json!({"sub": 7, "sid": ["s"]}), Refusal::Subject),
    ] {
        let found = check_logout(&json!({}), &changes);
        assert_eq!(found, Err(refusal), "{changes}");
    }
    let typed = check_logout(&json!({"typ": "at+jwt"}), &json!({}));
    assert_eq!(typed, Err(Refusal::HeaderType));
}

#[test]
fn what_is_told_about_a_person_is_for_this_client() {
    let about = |changes: &Value| {
        let told = json!({"iss": ISSUER, "aud": CLIENT, "sub": "s", "preferred_username": "mia",
            "email": "mia@example.test", "email_verified": true});
        let token = rs256(header().to_string(), with(told, changes).to_string());
        verify_user_info(&token, CLIENT, (&policy(), &published()))
    };
    let mia = about(&json!({})).unwrap();
    assert_eq!(mia.subject, "s");
    assert_eq!(mia.name.as_deref(), Some("mia"));
    assert_eq!(mia.email.as_deref(), Some("mia@example.test"));
    for (changes, refusal) in [
        (json!({"aud": "other-app"}), Refusal::Audience),
        (json!({"aud": null}), Refusal::Audience),
        (json!({"iss": null}), Refusal::Issuer),
        (json!({"sub": null}), Refusal::Subject),
    ] {
        assert_eq!(about(&changes), Err(refusal), "{changes}");
    }
    let plain = br#"{"sub": "s", "email": "mia@example.test"}"#;
    assert_eq!(UserInfo::from_json(plain).unwrap().email, None);
    for (json, refusal) in [
        (&b"{\"sub\":\"s\",\"sub\":\"t\"}"[..], Refusal::Duplicate),
        (b"{\"sub\":7}", Refusal::Subject),
        (b"<html>", Refusal::Claims),
    ] {
        assert_eq!(UserInfo::from_json(json), Err(refusal));
    }
}

/// None of them passes for an access token, nor an access token for one of them.
#[test]
fn none_passes_for_another() {
    let (policy, keys) = (policy(), published());
    let trust = (&policy, &keys);
    let id = rs256(header().to_string(), id_claims().to_string());
    let logout = rs256(header().to_string(), logout_claims().to_string());
    let access = base();
    let as_id = |token: &str| verify_id(token, (CLIENT, None), &access, trust, NOW).err();
    let as_logout = |token: &str| verify_logout(token, CLIENT, trust, NOW).err();
    let as_access = |token: &str| verify(token, &policy, &keys, NOW).err();
    let wrong = Some(Refusal::TokenType);
    assert_eq!(
        [as_id(&id), as_id(&logout), as_id(&access)],
        [None, wrong, wrong]
    );
    assert_eq!(
        [as_logout(&id), as_logout(&logout), as_logout(&access)],
        [wrong, None, wrong]
    );
    assert_eq!(
        [as_access(&id), as_access(&logout), as_access(&access)],
        [wrong, wrong, None]
    );
}
