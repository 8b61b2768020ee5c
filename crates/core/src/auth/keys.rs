//! The public keys of an issuer, found by their names.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, PublicKeyUse};
use serde_json::Value;

use super::policy::Algorithm;
use super::refusal::Refusal;
use crate::error::{ErrorKind, Explain};

/// Keys with a shorter modulus can be broken.
pub(super) const MIN_RSA_BITS: usize = 2048;

/// More keys than any issuer publishes.
const MAX_KEYS: usize = 50;

/// Public keys by name.
#[derive(Debug, Clone, Default)]
pub struct KeySet {
    keys: Vec<Key>,
}

#[derive(Debug, Clone)]
struct Key {
    /// Keys that are set may have no name; they are tried for every token.
    kid: Option<String>,
    /// What it may check.
    algorithms: Vec<Algorithm>,
    key: DecodingKey,
}

/// A published set that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeySetError {
    /// No JSON object with a list `keys`.
    #[error("this is no set of keys")]
    NotASet,
    /// More keys than are looked at.
    #[error("there are more than {MAX_KEYS} keys")]
    TooMany,
    /// Two keys of one name.
    #[error("two keys have the same name")]
    Twice,
    /// None of them can check a token.
    #[error("none of the keys can check a signature")]
    NoneUsable,
}

impl Explain for KeySetError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotASet | Self::TooMany | Self::Twice | Self::NoneUsable => ErrorKind::Invalid,
        }
    }

    fn hint(&self) -> Option<String> {
        Some("look at the address that the issuer's discovery document calls jwks_uri".to_owned())
    }
}

impl KeySet {
    /// One Ed25519 key, as its 32 bytes.
    #[must_use]
    pub fn ed25519(kid: &str, public: &[u8]) -> Self {
        Self {
            keys: vec![Key {
                kid: Some(kid.to_owned()),
                algorithms: vec![Algorithm::EdDsa],
                key: DecodingKey::from_ed_der(public),
            }],
        }
    }

    /// A JWK set (RFC 7517). Keys that check no signatures (for encryption, symmetric, of unknown
    /// kinds, too short, without a name) are left out.
    ///
    /// # Errors
    /// [`KeySetError`]: no set, or nothing usable in it.
    pub fn from_jwks(json: &[u8]) -> Result<Self, KeySetError> {
        let set: Value = serde_json::from_slice(json).map_err(|_| KeySetError::NotASet)?;
        let published = set
            .get("keys")
            .and_then(Value::as_array)
            .ok_or(KeySetError::NotASet)?;
        if published.len() > MAX_KEYS {
            return Err(KeySetError::TooMany);
        }
        let keys: Vec<Key> = published
            .iter()
            .filter_map(usable)
            .filter(|key| key.kid.is_some())
            .collect();
        if keys.is_empty() {
            return Err(KeySetError::NoneUsable);
        }
        let twice = |(at, key): (usize, &Key)| keys.iter().skip(at + 1).any(|k| k.kid == key.kid);
        if keys.iter().enumerate().any(twice) {
            return Err(KeySetError::Twice);
        }
        Ok(Self { keys })
    }

    /// One key without a name.
    pub(super) fn unnamed(algorithms: Vec<Algorithm>, key: DecodingKey) -> Self {
        let kid = None;
        let key = Key {
            kid,
            algorithms,
            key,
        };
        Self { keys: vec![key] }
    }

    /// One key of a JWK (RFC 7517); it may have no name.
    pub(super) fn from_jwk(jwk: &Value) -> Option<Self> {
        usable(jwk).map(|key| Self { keys: vec![key] })
    }

    /// The keys of both.
    pub(super) fn and(mut self, other: Self) -> Self {
        self.keys.extend(other.keys);
        self
    }

    /// Whether tokens may name this key.
    pub(super) fn knows(&self, kid: &str) -> bool {
        let named = |key: &Key| key.kid.as_deref().is_none_or(|known| known == kid);
        self.keys.iter().any(named)
    }

    /// How many keys there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The key of this name, if it is for that algorithm; else those without a name that are.
    pub(super) fn select(
        &self,
        kid: &str,
        algorithm: Algorithm,
    ) -> Result<Vec<&DecodingKey>, Refusal> {
        let named = self.keys.iter().find(|key| key.kid.as_deref() == Some(kid));
        if let Some(key) = named {
            let fits = key.algorithms.contains(&algorithm);
            return fits.then(|| vec![&key.key]).ok_or(Refusal::KeyUnfit);
        }
        let unnamed: Vec<&Key> = self.keys.iter().filter(|key| key.kid.is_none()).collect();
        if unnamed.is_empty() {
            return Err(Refusal::KeyUnknown);
        }
        let fitting: Vec<&DecodingKey> = unnamed
            .iter()
            .filter(|key| key.algorithms.contains(&algorithm))
            .map(|key| &key.key)
            .collect();
        if fitting.is_empty() {
            return Err(Refusal::KeyUnfit);
        }
        Ok(fitting)
    }
}

/// RSA keys sign in all of these ways.
pub(super) fn rsa() -> Vec<Algorithm> {
    vec![
        Algorithm::Rs256,
        Algorithm::Rs384,
        Algorithm::Rs512,
        Algorithm::Ps256,
        Algorithm::Ps384,
        Algorithm::Ps512,
    ]
}

/// A key of a JWK (RFC 7517) for signatures, if it is one; without a name it is one as well.
fn usable(published: &Value) -> Option<Key> {
    let jwk: Jwk = serde_json::from_value(published.clone()).ok()?;
    let for_signatures = matches!(
        jwk.common.public_key_use,
        None | Some(PublicKeyUse::Signature)
    );
    if !for_signatures {
        return None;
    }
    let mut algorithms = fitting(&jwk.algorithm)?;
    if let Some(named) = published.get("alg") {
        let named = Algorithm::named(named.as_str()?)?;
        algorithms.retain(|algorithm| *algorithm == named);
    }
    (!algorithms.is_empty()).then_some(())?;
    Some(Key {
        kid: jwk.common.key_id.clone(),
        algorithms,
        key: DecodingKey::from_jwk(&jwk).ok()?,
    })
}

/// Published keys that are for signatures and not used, each with the reason.
pub(super) fn left_out(json: &[u8]) -> Vec<String> {
    let set: Value = serde_json::from_slice(json).unwrap_or_default();
    let published = set.get("keys").and_then(Value::as_array);
    published
        .into_iter()
        .flatten()
        .filter(|key| key.get("use").and_then(Value::as_str) != Some("enc"))
        .filter_map(|key| {
            let kid = key.get("kid").and_then(Value::as_str);
            let why = match (usable(key), kid) {
                (Some(_), Some(_)) => return None,
                (Some(_), None) => "has no name".to_owned(),
                (None, _) => why_unusable(key),
            };
            Some(format!("key {}: {why}", kid.unwrap_or("without a name")))
        })
        .collect()
}

fn why_unusable(key: &Value) -> String {
    let modulus = key.get("n").and_then(Value::as_str);
    let modulus = modulus.and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
    match modulus.map(|modulus| bits(&modulus)) {
        Some(bits) if bits < MIN_RSA_BITS => format!("an RSA key of {bits} bits can be broken"),
        Some(_) | None => "of a kind that is not supported".to_owned(),
    }
}

/// What a key of this kind can check.
fn fitting(parameters: &AlgorithmParameters) -> Option<Vec<Algorithm>> {
    if let AlgorithmParameters::RSA(key) = parameters {
        let modulus = URL_SAFE_NO_PAD.decode(&key.n).ok()?;
        return (bits(&modulus) >= MIN_RSA_BITS).then(rsa);
    }
    if let AlgorithmParameters::EllipticCurve(ec) = parameters {
        let curves = [
            (EllipticCurve::P256, Algorithm::Es256),
            (EllipticCurve::P384, Algorithm::Es384),
        ];
        return curves
            .into_iter()
            .find_map(|(curve, algorithm)| (curve == ec.curve).then(|| vec![algorithm]));
    }
    if let AlgorithmParameters::OctetKeyPair(pair) = parameters {
        return (pair.curve == EllipticCurve::Ed25519).then(|| vec![Algorithm::EdDsa]);
    }
    None
}

/// The length of a number without the zeros before it.
pub(super) fn bits(number: &[u8]) -> usize {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let first = number.get(zeros).map_or(8, |byte| byte.leading_zeros());
    ((number.len() - zeros) * 8).saturating_sub(usize::try_from(first).unwrap_or(8))
}
