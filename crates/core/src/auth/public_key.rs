//! Keys that are set by hand, in every form in which people have them: what Keycloak's page “Keys” copies
//! (bare base64 of a key or a certificate), the same wrapped, PEM, a certificate, a JWK, a set of them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::DecodingKey;
use serde_json::Value;
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::public_key::PublicKey;
use x509_parser::x509::SubjectPublicKeyInfo;

use super::keys::{KeySet, KeySetError, MIN_RSA_BITS, bits, rsa};
use super::policy::Algorithm;
use crate::error::{ErrorKind, Explain};

/// Ed25519 (RFC 8410, 3).
const ED25519: &str = "1.3.101.112";

/// The curves by which tokens are signed (RFC 5480, 2.1.1.1). There are others of the same size.
const P256: &str = "1.2.840.10045.3.1.7";
const P384: &str = "1.3.132.0.34";

/// Why a text is no public key. Says nothing of it: it may be a secret in the wrong place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PublicKeyError {
    /// In none of the forms.
    #[error("auth.public_key holds no public key")]
    NotAKey,
    /// A private key.
    #[error("auth.public_key holds a private key")]
    Private,
    /// A key that can be broken.
    #[error("auth.public_key holds an RSA key of {0} bits, which can be broken")]
    Weak(usize),
    /// A key that signs no tokens.
    #[error("auth.public_key holds a key of a kind that signs no tokens")]
    Kind,
    /// A set that cannot be used.
    #[error("the set of keys in auth.public_key cannot be used")]
    Set(#[source] KeySetError),
}

impl Explain for PublicKeyError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }

    fn hint(&self) -> Option<String> {
        let text = match self {
            Self::NotAKey | Self::Kind | Self::Set(_) => {
                "take what Keycloak's page Realm settings > Keys shows for RS256 as “Public key”, \
                 or leave it out: then the published keys are fetched, and changes of keys work"
            }
            Self::Private => {
                "whoever reads the settings can make tokens now: change that key at the provider, \
                 and set the public one"
            }
            Self::Weak(_) => "give the realm a key of 2048 bits or more",
        };
        Some(text.to_owned())
    }
}

impl KeySet {
    /// The keys of a text in any of the usual forms. Without names they are tried for every token.
    ///
    /// # Errors
    /// [`PublicKeyError`].
    pub fn set_by_hand(text: &str) -> Result<Self, PublicKeyError> {
        let text = text.trim();
        if text.contains("PRIVATE KEY") {
            return Err(PublicKeyError::Private);
        }
        if text.starts_with('{') {
            return from_json(text);
        }
        if text.contains("-----BEGIN") {
            return from_pem(text);
        }
        from_der(&from_base64(text)?)
    }
}

fn from_json(text: &str) -> Result<KeySet, PublicKeyError> {
    let value: Value = serde_json::from_str(text).map_err(|_| PublicKeyError::NotAKey)?;
    if has_private_part(&value) {
        return Err(PublicKeyError::Private);
    }
    if value.get("keys").is_some() {
        return KeySet::from_jwks(text.as_bytes()).map_err(PublicKeyError::Set);
    }
    KeySet::from_jwk(&value).ok_or(PublicKeyError::Kind)
}

/// `d` is the private part of every kind of key, `k` a symmetric one (RFC 7518, 6).
fn has_private_part(value: &Value) -> bool {
    let is_private = |key: &Value| key.get("d").is_some() || key.get("k").is_some();
    let all = value.get("keys").and_then(Value::as_array);
    is_private(value) || all.is_some_and(|all| all.iter().any(is_private))
}

/// One block or several.
fn from_pem(text: &str) -> Result<KeySet, PublicKeyError> {
    let mut keys = KeySet::default();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once("-----BEGIN ") {
        let (kind, after) = after.split_once("-----").ok_or(PublicKeyError::NotAKey)?;
        let (body, after) = after
            .split_once("-----END ")
            .ok_or(PublicKeyError::NotAKey)?;
        rest = after;
        let der = from_base64(body)?;
        keys = keys.and(match kind {
            "PUBLIC KEY" | "CERTIFICATE" => from_der(&der)?,
            "RSA PUBLIC KEY" => from_pkcs1(&der)?,
            _ => return Err(PublicKeyError::Kind),
        });
    }
    Ok(keys)
}

fn from_base64(text: &str) -> Result<Vec<u8>, PublicKeyError> {
    let dense: String = text.split_whitespace().collect();
    let der = STANDARD
        .decode(dense)
        .map_err(|_| PublicKeyError::NotAKey)?;
    if der.is_empty() {
        return Err(PublicKeyError::NotAKey);
    }
    Ok(der)
}

/// A key (RFC 5280, 4.1.2.7) or a certificate with one. Nobody looks at the certificate's dates: it only
/// wraps the key.
fn from_der(der: &[u8]) -> Result<KeySet, PublicKeyError> {
    if let Ok(([], info)) = SubjectPublicKeyInfo::from_der(der) {
        return from_info(&info);
    }
    if let Ok(([], certificate)) = X509Certificate::from_der(der) {
        return from_info(certificate.public_key());
    }
    Err(PublicKeyError::NotAKey)
}

fn from_info(info: &SubjectPublicKeyInfo<'_>) -> Result<KeySet, PublicKeyError> {
    let bytes = info.subject_public_key.data.as_ref();
    if info.algorithm.algorithm.to_id_string() == ED25519 {
        let key = DecodingKey::from_ed_der(bytes);
        return Ok(KeySet::unnamed(vec![Algorithm::EdDsa], key));
    }
    match info.parsed() {
        Ok(PublicKey::RSA(_)) => from_pkcs1(bytes),
        Ok(PublicKey::EC(_)) => {
            let curve = info.algorithm.parameters.as_ref();
            let curve = curve.and_then(|curve| curve.as_oid().ok());
            let curve = curve.map(|curve| curve.to_id_string());
            let algorithm = match curve.as_deref() {
                Some(P256) => Algorithm::Es256,
                Some(P384) => Algorithm::Es384,
                Some(_) | None => return Err(PublicKeyError::Kind),
            };
            let key = DecodingKey::from_ec_der(bytes);
            Ok(KeySet::unnamed(vec![algorithm], key))
        }
        Ok(_) | Err(_) => Err(PublicKeyError::Kind),
    }
}

/// `RSAPublicKey` (RFC 8017, A.1.1).
fn from_pkcs1(der: &[u8]) -> Result<KeySet, PublicKeyError> {
    let key = match x509_parser::public_key::RSAPublicKey::from_der(der) {
        Ok(([], key)) => key,
        Ok(_) | Err(_) => return Err(PublicKeyError::NotAKey),
    };
    // The library's own figure leaves the first byte out, whether it counts or not.
    let size = bits(key.modulus);
    if size < MIN_RSA_BITS {
        return Err(PublicKeyError::Weak(size));
    }
    Ok(KeySet::unnamed(rsa(), DecodingKey::from_rsa_der(der)))
}
