//! A realm with its keys, and tokens as it issues them. The keys are made anew in every run; signing is
//! done without the library that checks.

use std::sync::LazyLock;

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaPair, KeySize};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaSignatureEncoding};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::super::{
    Algorithm, Emails, HeaderTypes, IdKey, KeySet, ListForm, Policy, Role, RoleRule, TenantRule,
};

/// The time of all of them.
pub(crate) const NOW: i64 = 1_790_000_000;

pub(crate) const ISSUER: &str = "https://sso.example.test/realms/aimapper";

/// Modulus of an RSA key of 1,024 bits, which nothing here can make any more.
pub(crate) const TINY_MODULUS: &str = "702skHozfYcab3lLEsI8u1FTHGFDuAIpUjnT0zfjNDM83P0NXY-AeG6JBcyndcDqe\
     q9zpkUcIvQPLHfDaVj3qCEXQKRwEtsa8H6PO5nbKUTb638luCXf_EsbhkjTcCigKC4GmiXCtqsASurpPGWx_fb6Iv4sfWEr\
     MeunOZueWp8";

/// Claims that are good until [`NOW`], signed by that key.
pub(crate) const TINY_TOKEN: &str = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6InRpbnkifQ.eyJleHAiOjE3\
     OTAwMDAwNjAsImlhdCI6MTc4OTk5OTk5NSwianRpIjoidGlueSIsImlzcyI6Imh0dHBzOi8vc3NvLmV4YW1wbGUudGVzdC\
     9yZWFsbXMvYWltYXBwZXIiLCJhdWQiOlsiYWltYXBwZXIiLCJhY2NvdW50Il0sInN1YiI6IjVhM2U4YzFlLTBiMWQtNGE1N\
     S05YzU3LTZmMmY3ZDFjMmExMCIsInR5cCI6IkJlYXJlciIsImF6cCI6ImFpbWFwcGVyIn0.USjLoUD8tyk8K-u_kq_mEF6F\
     U5-ueWBwCXmtiD2t0LYLSOxWtUyy0PFS4sCJ_ObNKhTNsTtDevc8sYBCGfVI5H260SDWpRcbkaZV5b4BPqxMFhTetXc2yga\
     ImHR0ZZBisA7mcNw_3-vqADQEZaQGLoEGBLmZPhiADbNI_lJmCm0";

pub(crate) struct Keys {
    /// `k1`, by which the realm signs.
    pub(crate) realm: Rsa,
    /// `enc`, by which it decrypts.
    pub(crate) encryption: Rsa,
    /// Nobody knows it.
    pub(crate) attacker: Rsa,
    /// `ed`, by which the realm signs, too.
    pub(crate) ed: Ed25519KeyPair,
}

/// Made once, because RSA takes its time.
pub(crate) static KEYS: LazyLock<Keys> = LazyLock::new(|| Keys {
    realm: Rsa::generate(),
    encryption: Rsa::generate(),
    attacker: Rsa::generate(),
    ed: Ed25519KeyPair::generate().unwrap(),
});

pub(crate) struct Rsa {
    pair: RsaPair,
    /// The modulus, as a JWK has it.
    pub(crate) n: String,
    e: String,
}

impl Rsa {
    fn generate() -> Self {
        let pair = RsaPair::generate(KeySize::Rsa2048).unwrap();
        let public = pair.public_key();
        Self {
            n: URL_SAFE_NO_PAD.encode(public.modulus().big_endian_without_leading_zero()),
            e: URL_SAFE_NO_PAD.encode(public.exponent().big_endian_without_leading_zero()),
            pair,
        }
    }

    pub(crate) fn jwk(&self, kid: &str, purpose: &str, alg: &str) -> Value {
        json!({"kty": "RSA", "kid": kid, "use": purpose, "alg": alg, "n": self.n, "e": self.e})
    }

    /// `RSAPublicKey` (RFC 8017, A.1.1).
    pub(crate) fn pkcs1(&self) -> Vec<u8> {
        self.pair.public_key().as_ref().to_vec()
    }

    /// `SubjectPublicKeyInfo` (RFC 5280, 4.1.2.7).
    pub(crate) fn spki(&self) -> Vec<u8> {
        let der: PublicKeyX509Der<'_> = self.pair.public_key().as_der().unwrap();
        der.as_ref().to_vec()
    }

    /// `PrivateKeyInfo` (RFC 5208, 5).
    pub(crate) fn pkcs8(&self) -> Vec<u8> {
        let der: aws_lc_rs::encoding::Pkcs8V1Der<'_> = self.pair.as_der().unwrap();
        der.as_ref().to_vec()
    }

    pub(crate) fn sign(&self, padding: &'static RsaSignatureEncoding, message: &[u8]) -> Vec<u8> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        let random = SystemRandom::new();
        let signed = self.pair.sign(padding, &random, message, &mut signature);
        signed.unwrap();
        signature
    }
}

/// What the realm publishes.
pub(crate) fn published() -> KeySet {
    let set = json!({"keys": [
        KEYS.encryption.jwk("enc", "enc", "RSA-OAEP"),
        KEYS.realm.jwk("k1", "sig", "RS256"),
        {"kty": "OKP", "kid": "ed", "use": "sig", "crv": "Ed25519",
         "x": encoded(KEYS.ed.public_key())},
        {"kty": "oct", "kid": "shared", "use": "sig", "alg": "HS256", "k": "AAAA"},
        {"kty": "RSA", "kid": "tiny", "use": "sig", "alg": "RS256", "e": "AQAB", "n": TINY_MODULUS},
        {"kty": "new kind", "kid": "new"},
    ]});
    KeySet::from_jwks(set.to_string().as_bytes()).unwrap()
}

pub(crate) fn policy() -> Policy {
    let word = |path: &[&str], form, word: &str, role| RoleRule {
        path: path.iter().map(|name| (*name).to_owned()).collect(),
        form,
        word: word.to_owned(),
        role,
    };
    let roles = ["realm_access", "roles"];
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
        roles: vec![
            word(&roles, ListForm::Array, "mapper", Role::Mapper),
            word(&roles, ListForm::Array, "admin", Role::Admin),
            word(&["roles"], ListForm::Array, "admin", Role::Admin),
            word(&["groups"], ListForm::Array, "/operators", Role::Operator),
            word(&["scope"], ListForm::Words, "aimapper.run", Role::Operator),
        ],
        tenant: TenantRule::Own,
        emails: Emails::default(),
    }
}

pub(crate) fn header() -> Value {
    json!({"alg": "RS256", "typ": "JWT", "kid": "k1"})
}

/// Claims as Keycloak 26 writes them.
pub(crate) fn claims() -> Value {
    json!({
        "exp": NOW + 60, "iat": NOW - 5, "auth_time": NOW - 5,
        "jti": "onrtac:5a1f0c4e-6d0b-4f6e-8b52-0c7f3f6f2a11",
        "iss": ISSUER, "aud": ["aimapper", "account"],
        "sub": "5a3e8c1e-0b1d-4a55-9c57-6f2f7d1c2a10", "typ": "Bearer", "azp": "aimapper",
        "sid": "0f4b6a3c-8d43-4d4f-a3b4-5d1f8f5d7e42", "acr": "1",
        "allowed-origins": ["http://localhost:8000"],
        "realm_access": {"roles": ["mapper", "default-roles-aimapper"]},
        "resource_access": {"account": {"roles": ["manage-account", "view-profile"]}},
        "scope": "openid profile email", "email_verified": true, "name": "Mia Mapper",
        "groups": ["/data-team"], "preferred_username": "mia", "given_name": "Mia",
        "family_name": "Mapper", "email": "mia@example.test",
    })
}

/// An object with some of its names changed; null takes a name away.
pub(crate) fn with(mut object: Value, changes: &Value) -> Value {
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

pub(crate) fn encoded(part: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(part)
}

/// Any header and any payload with the signature that `sign` gives.
pub(crate) fn signed(
    header: impl AsRef<[u8]>,
    payload: impl AsRef<[u8]>,
    sign: impl FnOnce(&[u8]) -> Vec<u8>,
) -> String {
    let message = format!("{}.{}", encoded(header), encoded(payload));
    let signature = sign(message.as_bytes());
    format!("{message}.{}", encoded(signature))
}

/// Any header and any payload, signed by the realm.
pub(crate) fn rs256(header: impl AsRef<[u8]>, payload: impl AsRef<[u8]>) -> String {
    signed(header, payload, |message| {
        KEYS.realm.sign(&RSA_PKCS1_SHA256, message)
    })
}

/// A token of the realm with these changes.
pub(crate) fn realm_token(header_changes: &Value, claim_changes: &Value) -> String {
    rs256(
        with(header(), header_changes).to_string(),
        with(claims(), claim_changes).to_string(),
    )
}

/// The good token that the wrong ones are made from.
pub(crate) fn base() -> String {
    realm_token(&json!({}), &json!({}))
}

/// The good token by the realm's Ed25519 key, which signs faster.
pub(crate) fn base_ed() -> String {
    let header = json!({"alg": "EdDSA", "typ": "JWT", "kid": "ed"});
    signed(header.to_string(), claims().to_string(), |message| {
        KEYS.ed.sign(message).as_ref().to_vec()
    })
}
