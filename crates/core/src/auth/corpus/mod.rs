//! Wrong tokens, each made from a good one and refused for its own reason, and good ones that pass.
//! Numbers and names follow the attacks that RFC 8725 and the reports about other verifiers tell of.

mod claims;
mod form;

use std::sync::OnceLock;

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rsa::{KeyPair as RsaPair, KeySize};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm as Signing, EncodingKey};
use serde_json::{Value, json};

use super::*;

/// The time of all of them.
const NOW: i64 = 1_790_000_000;
const ISSUER: &str = "https://sso.example.test/realms/aimapper";

/// The issuer's keys and those of an attacker; made once, because RSA takes its time.
struct Keys {
    realm: Rsa,
    encryption: Rsa,
    attacker: Rsa,
    ed: EncodingKey,
    ed_public: Vec<u8>,
}

struct Rsa {
    private: EncodingKey,
    n: String,
    e: String,
    der: Vec<u8>,
}

impl Rsa {
    fn generate() -> Self {
        let pair = RsaPair::generate(KeySize::Rsa2048).unwrap();
        let pkcs8: aws_lc_rs::encoding::Pkcs8V1Der<'_> = pair.as_der().unwrap();
        let public = pair.public_key();
        Self {
            private: EncodingKey::from_rsa_der(rsa_private_key(pkcs8.as_ref())),
            n: URL_SAFE_NO_PAD.encode(public.modulus().big_endian_without_leading_zero()),
            e: URL_SAFE_NO_PAD.encode(public.exponent().big_endian_without_leading_zero()),
            der: public.as_ref().to_vec(),
        }
    }

    fn jwk(&self, kid: &str, purpose: &str, alg: &str) -> Value {
        json!({"kty": "RSA", "kid": kid, "use": purpose, "alg": alg, "n": self.n, "e": self.e})
    }
}

/// The `RSAPrivateKey` inside of a PKCS #8 document: it stands at the end, in an OCTET STRING with
/// two bytes of length.
fn rsa_private_key(pkcs8: &[u8]) -> &[u8] {
    let at = pkcs8
        .windows(2)
        .position(|pair| pair == [0x04, 0x82])
        .unwrap();
    &pkcs8[at + 4..]
}

fn keys() -> &'static Keys {
    static KEYS: OnceLock<Keys> = OnceLock::new();
    KEYS.get_or_init(|| {
        let ed = Ed25519KeyPair::generate().unwrap();
        let der: aws_lc_rs::encoding::Pkcs8V1Der<'_> = ed.as_der().unwrap();
        Keys {
            realm: Rsa::generate(),
            encryption: Rsa::generate(),
            attacker: Rsa::generate(),
            ed_public: ed.public_key().as_ref().to_vec(),
            ed: EncodingKey::from_ed_der(der.as_ref()),
        }
    })
}

/// What the issuer publishes.
fn published() -> KeySet {
    let keys = keys();
    let set = json!({"keys": [
        keys.realm.jwk("k1", "sig", "RS256"),
        keys.encryption.jwk("enc", "enc", "RSA-OAEP"),
        {"kty": "OKP", "kid": "ed", "use": "sig", "crv": "Ed25519",
         "x": URL_SAFE_NO_PAD.encode(&keys.ed_public)},
        {"kty": "oct", "kid": "shared", "use": "sig", "alg": "HS256", "k": "AAAA"},
        {"kty": "RSA", "kid": "tiny", "use": "sig", "alg": "RS256", "e": "AQAB",
         "n": URL_SAFE_NO_PAD.encode([0xff; 128])},
        {"kty": "new kind", "kid": "new"},
    ]});
    KeySet::from_jwks(set.to_string().as_bytes()).unwrap()
}

fn policy() -> Policy {
    let word = |path: &[&str], word: &str, role| RoleRule {
        path: path.iter().map(|name| (*name).to_owned()).collect(),
        form: ListForm::Array,
        word: word.to_owned(),
        role,
    };
    Policy {
        issuer: ISSUER.to_owned(),
        audiences: vec!["aimapper".to_owned()],
        algorithms: vec![Algorithm::Rs256, Algorithm::EdDsa],
        leeway_seconds: 30,
        max_lifetime_seconds: 24 * 3600,
        header_types: HeaderTypes::OrNone(vec!["JWT".to_owned(), "at+jwt".to_owned()]),
        token_type: Some("Bearer".to_owned()),
        authorized_parties: vec!["aimapper".to_owned(), "aimapper-worker".to_owned()],
        programs: vec!["aimapper-worker".to_owned()],
        id_key: IdKey::Sub,
        emails: Emails::default(),
        roles: vec![
            word(&["realm_access", "roles"], "mapper", Role::Mapper),
            word(&["realm_access", "roles"], "admin", Role::Admin),
            word(&["roles"], "admin", Role::Admin),
            word(&["groups"], "/operators", Role::Operator),
        ],
        tenant: TenantRule::Fixed("one".to_owned()),
    }
}

/// Claims as Keycloak writes them.
fn claims() -> Value {
    json!({
        "exp": NOW + 60, "iat": NOW - 5, "auth_time": NOW - 5, "jti": "onrtac:5a1f",
        "iss": ISSUER, "aud": ["aimapper", "account"],
        "sub": "5a3e8c1e-0b1d-4a55-9c57-6f2f7d1c2a10", "typ": "Bearer", "azp": "aimapper",
        "sid": "k2", "acr": "1", "realm_access": {"roles": ["mapper", "default-roles-aimapper"]},
        "resource_access": {"account": {"roles": ["manage-account"]}},
        "scope": "openid profile email", "name": "Mia Mapper", "preferred_username": "mia",
    })
}

fn header() -> Value {
    json!({"alg": "RS256", "typ": "JWT", "kid": "k1"})
}

/// An object with some of its names changed; null takes a name away.
fn with(mut object: Value, changes: &Value) -> Value {
    let map = object.as_object_mut().unwrap();
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            map.remove(name);
        } else {
            map.insert(name.clone(), value.clone());
        }
    }
    object
}

fn encoded(part: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(part)
}

/// Signs any bytes, whatever they say.
fn signed(header: impl AsRef<[u8]>, payload: impl AsRef<[u8]>, key: &EncodingKey) -> String {
    let is_ed = key.family() == jsonwebtoken::AlgorithmFamily::Ed;
    let alg = if is_ed {
        Signing::EdDSA
    } else {
        Signing::RS256
    };
    signed_as(header, payload, key, alg)
}

fn signed_as(
    header: impl AsRef<[u8]>,
    payload: impl AsRef<[u8]>,
    key: &EncodingKey,
    alg: Signing,
) -> String {
    let message = format!("{}.{}", encoded(header), encoded(payload));
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), key, alg).unwrap();
    format!("{message}.{signature}")
}

/// A token of the issuer with these changes.
fn realm_token(header_changes: &Value, claim_changes: &Value) -> String {
    signed(
        with(header(), header_changes).to_string(),
        with(claims(), claim_changes).to_string(),
        &keys().realm.private,
    )
}

fn check(token: &str) -> Result<Verified, Refusal> {
    verify(token, &policy(), &published(), NOW)
}

fn base() -> String {
    realm_token(&json!({}), &json!({}))
}

/// Each token is refused for its reason; the message tells nothing of the token.
fn all_refused(wrong: Vec<(&str, String, Refusal)>) {
    for (name, token, reason) in wrong {
        match check(&token) {
            Err(refusal) => {
                assert_eq!(refusal, reason, "{name}");
                let said = format!("{refusal} {refusal:?} {}", refusal.reason());
                let tells = token
                    .split('.')
                    .any(|part| part.len() > 8 && said.contains(part));
                assert!(!tells, "{name}: the token is in {said:?}");
            }
            Ok(verified) => panic!("{name} was taken: {verified:?}"),
        }
    }
}

#[test]
fn good_tokens_pass() {
    let good = [
        ("as Keycloak", base()),
        (
            "aud as text",
            realm_token(&json!({}), &json!({"aud": "aimapper"})),
        ),
        (
            "ended within the leeway",
            realm_token(&json!({}), &json!({"exp": NOW - 29})),
        ),
        (
            "exp with a fraction",
            realm_token(&json!({}), &json!({"exp": (NOW as f64) + 59.5})),
        ),
        (
            "no typ in the header",
            realm_token(&json!({"typ": null}), &json!({})),
        ),
        ("at+jwt", realm_token(&json!({"typ": "at+jwt"}), &json!({}))),
        (
            "media type",
            realm_token(&json!({"typ": "application/AT+JWT"}), &json!({})),
        ),
        (
            "nbf now",
            realm_token(&json!({}), &json!({"nbf": NOW + 30})),
        ),
        ("no azp", realm_token(&json!({}), &json!({"azp": null}))),
        (
            "Ed25519",
            signed(
                json!({"alg": "EdDSA", "typ": "JWT", "kid": "ed"}).to_string(),
                claims().to_string(),
                &keys().ed,
            ),
        ),
    ];
    for (name, token) in good {
        let verified = check(&token).unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
        assert_eq!(verified.principal.issuer, ISSUER, "{name}");
        assert_eq!(
            verified.principal.roles,
            BTreeSet::from([Role::Mapper]),
            "{name}"
        );
    }
}

#[test]
fn a_verified_token_says_who_it_is() {
    let verified = check(&base()).unwrap();
    assert_eq!(
        verified.principal.subject,
        "5a3e8c1e-0b1d-4a55-9c57-6f2f7d1c2a10"
    );
    assert_eq!(verified.principal.name.as_deref(), Some("Mia Mapper"));
    assert_eq!(verified.principal.kind, PrincipalKind::Person);
    assert_eq!(verified.principal.tenant.as_deref(), Some("one"));
    assert_eq!(verified.principal.expires_at, NOW + 60);
    assert_eq!(verified.token_id.as_deref(), Some("onrtac:5a1f"));
    assert_eq!(
        (verified.issued_at, verified.signed_in_at),
        (NOW - 5, Some(NOW - 5))
    );

    let program = realm_token(
        &json!({}),
        &json!({"azp": "aimapper-worker", "name": "\u{1b}[2J"}),
    );
    let program = check(&program).unwrap().principal;
    assert_eq!(program.kind, PrincipalKind::Program);
    assert_eq!(program.name.as_deref(), Some("mia"));
}

#[test]
fn only_lists_of_words_grant_roles() {
    let roles = |changes: Value| {
        let token = realm_token(&json!({}), &with(json!({"realm_access": null}), &changes));
        check(&token).unwrap().principal.roles
    };
    assert_eq!(
        roles(json!({"roles": ["admin"]})),
        BTreeSet::from([Role::Admin])
    );
    assert_eq!(
        roles(json!({"groups": ["/operators"]})),
        BTreeSet::from([Role::Operator])
    );
    for nothing in [
        json!({}),
        json!({"roles": "admin"}),
        json!({"roles": {"admin": true}}),
        json!({"roles": [["admin"]]}),
        json!({"roles": ["Admin", "admins", " admin"]}),
        json!({"realm_access": ["roles", "admin"]}),
        json!({"realm_access": {"roles": "admin"}}),
        json!({"groups": ["operators", "/operators/x"]}),
    ] {
        assert_eq!(roles(nothing.clone()), BTreeSet::new(), "{nothing}");
    }
}

#[test]
fn a_tenant_that_is_asked_for_has_to_be_named() {
    let by_claim = Policy {
        tenant: TenantRule::Claim("tenant".to_owned()),
        ..policy()
    };
    let tenant = |claim: Value| {
        let token = realm_token(&json!({}), &json!({"tenant": claim}));
        verify(&token, &by_claim, &published(), NOW).map(|verified| verified.principal.tenant)
    };
    assert_eq!(tenant(json!("acme")), Ok(Some("acme".to_owned())));
    for wrong in [
        json!(null),
        json!(""),
        json!(7),
        json!(["acme"]),
        json!("a\u{0}b"),
    ] {
        assert_eq!(tenant(wrong.clone()), Err(Refusal::Tenant), "{wrong}");
    }
}

#[test]
fn sets_that_cannot_be_used_are_refused() {
    let rsa = |kid: &str| keys().realm.jwk(kid, "sig", "RS256");
    let many: Vec<Value> = (0..51).map(|at| rsa(&format!("k{at}"))).collect();
    for (set, error) in [
        (json!({}), KeySetError::NotASet),
        (json!([rsa("k1")]), KeySetError::NotASet),
        (json!({"keys": []}), KeySetError::NoneUsable),
        (
            json!({"keys": [keys().realm.jwk("k1", "enc", "RSA-OAEP")]}),
            KeySetError::NoneUsable,
        ),
        (
            json!({"keys": [keys().realm.jwk("k1", "sig", "HS256")]}),
            KeySetError::NoneUsable,
        ),
        (
            json!({"keys": [with(rsa("k1"), &json!({"kid": null}))]}),
            KeySetError::NoneUsable,
        ),
        (json!({"keys": [rsa("k1"), rsa("k1")]}), KeySetError::Twice),
        (json!({"keys": many}), KeySetError::TooMany),
    ] {
        let found = KeySet::from_jwks(set.to_string().as_bytes()).unwrap_err();
        assert_eq!(found, error, "{set}");
    }
    assert_eq!(
        KeySet::from_jwks(b"<html>").unwrap_err(),
        KeySetError::NotASet
    );
}
