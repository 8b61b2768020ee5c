//! The strict check of tokens (RFC 7519, RFC 8725, RFC 9068; OpenID Connect Core 3.1.3.7 and 5.3,
//! Back-Channel Logout 2.6). Only the signature is left to the library: of the claims it lets pass what
//! is missing or of a wrong type, looks at its own clock, and never asks for `iat`, `typ`, `azp`,
//! `crit`, `cty` and `zip`.
//!
//! Pure: policy, keys and time are arguments. It fetches nothing, whatever a token says.

use std::cell::Cell;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::{Deserializer as _, IgnoredAny, MapAccess, Visitor};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256, Sha384, Sha512};

use super::Principal;
use super::claims::{Claims, name};
use super::keys::KeySet;
use super::object::{NotAnObject, object};
use super::policy::{Algorithm, HeaderTypes, Policy};
use super::refusal::Refusal;

/// Longer tokens are refused before anything else is looked at.
pub const MAX_TOKEN_BYTES: usize = 16 * 1024;

/// Longer headers are refused before they are read. Nobody has signed a header yet when it is read: without
/// a bound of its own, 12 KiB of names in it would be work for whoever makes up tokens to cause.
pub const MAX_HEADER_BYTES: usize = 768;

/// The name of the issuer is looked for in so many characters of the payload, which are 2 KiB of claims.
const NAMED_WITHIN: usize = 2_732;

/// The event of a logout token (Back-Channel Logout 1.0, 2.4).
const LOGOUT_EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// What an access token says, once it is known to be good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Who brings it.
    pub principal: Principal,
    /// `jti`, the token's own name.
    pub token_id: Option<String>,
    /// When it was issued, in seconds since 1970.
    pub issued_at: i64,
    /// When its bearer signed in, in seconds since 1970.
    pub signed_in_at: Option<i64>,
}

/// What an ID token says, once it is known to be good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdClaims {
    /// `sub`.
    pub subject: String,
    /// The session at the issuer.
    pub sid: Option<String>,
    /// `name`, `preferred_username`, and `email` if it is verified.
    pub about: UserInfo,
}

/// What the issuer tells about a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserInfo {
    /// `sub`.
    pub subject: String,
    /// A name for people.
    pub name: Option<String>,
    /// The name to sign in by.
    pub username: Option<String>,
    /// An address, if it is verified.
    pub email: Option<String>,
}

impl UserInfo {
    /// Reads an answer that is not signed. It is of use only where it was fetched.
    ///
    /// # Errors
    /// [`Refusal::Claims`], [`Refusal::Duplicate`], [`Refusal::Subject`].
    pub fn from_json(json: &[u8]) -> Result<Self, Refusal> {
        Claims::new(readable(json, Refusal::Claims)?).about()
    }
}

/// What a logout token says: whose sessions have ended, or which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogoutNotice {
    /// All sessions of this one, if no session is named.
    pub subject: Option<String>,
    /// This session.
    pub sid: Option<String>,
    /// The notice's own name; it counts once.
    pub token_id: String,
    /// When it was issued, in seconds since 1970.
    pub issued_at: i64,
}

/// Checks an access token of one issuer at a time in seconds since 1970.
///
/// # Errors
/// [`Refusal`]: the first thing that is wrong with it, in the order length, form, header, key,
/// signature, claims.
pub fn verify(token: &str, policy: &Policy, keys: &KeySet, now: i64) -> Result<Verified, Refusal> {
    let (claims, _) = signed(token, &policy.header_types, policy, keys)?;
    claims.check_issuer(&policy.issuer)?;
    claims.check_audience(&policy.audiences)?;
    let (issued_at, expires_at) = claims.check_times(policy, now)?;
    if policy.token_type.is_some() && claims.text("typ") != policy.token_type.as_deref() {
        return Err(Refusal::TokenType);
    }
    if claims.has("cnf") {
        return Err(Refusal::Bound);
    }
    Ok(Verified {
        principal: claims.principal(policy, (issued_at, expires_at))?,
        token_id: claims.name("jti"),
        issued_at,
        signed_in_at: claims.seconds("auth_time"),
    })
}

/// Checks the ID token that came with an access token for a client, and that both belong together and
/// to the attempt with this nonce (none where a token is renewed).
///
/// # Errors
/// [`Refusal`].
pub fn verify_id(
    token: &str,
    (client_id, nonce): (&str, Option<&str>),
    access_token: &str,
    (policy, keys): (&Policy, &KeySet),
    now: i64,
) -> Result<IdClaims, Refusal> {
    let types = HeaderTypes::OrNone(vec!["JWT".to_owned()]);
    let (claims, algorithm) = signed(token, &types, policy, keys)?;
    claims.check_issuer(&policy.issuer)?;
    claims.check_audience(&[client_id.to_owned()])?;
    claims.check_times(policy, now)?;
    if matches!(claims.text("typ"), Some(typ) if typ != "ID") {
        return Err(Refusal::TokenType);
    }
    if claims.has("azp") && claims.text("azp") != Some(client_id) {
        return Err(Refusal::AuthorizedParty);
    }
    if claims.has("events") {
        return Err(Refusal::TokenType);
    }
    if nonce.is_some() && claims.text("nonce") != nonce {
        return Err(Refusal::Nonce);
    }
    let hash = half_hash(algorithm, access_token);
    if claims.has("at_hash") && claims.text("at_hash") != Some(&hash) {
        return Err(Refusal::AccessHash);
    }
    let about = claims.about()?;
    Ok(IdClaims {
        subject: about.subject.clone(),
        sid: claims.name("sid"),
        about,
    })
}

/// Reads a signed answer about a person. It has no end, and is of use only where it was fetched.
///
/// # Errors
/// [`Refusal`].
pub fn verify_user_info(
    token: &str,
    client_id: &str,
    (policy, keys): (&Policy, &KeySet),
) -> Result<UserInfo, Refusal> {
    let types = HeaderTypes::OrNone(vec!["JWT".to_owned()]);
    let (claims, _) = signed(token, &types, policy, keys)?;
    claims.check_issuer(&policy.issuer)?;
    claims.check_audience(&[client_id.to_owned()])?;
    claims.about()
}

/// Checks a logout token that the issuer sent for a client.
///
/// # Errors
/// [`Refusal`].
pub fn verify_logout(
    token: &str,
    client_id: &str,
    (policy, keys): (&Policy, &KeySet),
    now: i64,
) -> Result<LogoutNotice, Refusal> {
    let types = HeaderTypes::OrNone(vec!["logout+jwt".to_owned(), "JWT".to_owned()]);
    let (claims, _) = signed(token, &types, policy, keys)?;
    claims.check_issuer(&policy.issuer)?;
    claims.check_audience(&[client_id.to_owned()])?;
    let (issued_at, _) = claims.check_times(policy, now)?;
    // A nonce would make it pass for an ID token.
    if !claims.is_event(LOGOUT_EVENT) || claims.has("nonce") {
        return Err(Refusal::TokenType);
    }
    let notice = LogoutNotice {
        subject: claims.name("sub"),
        sid: claims.name("sid"),
        token_id: claims.name("jti").ok_or(Refusal::Claims)?,
        issued_at,
    };
    if notice.subject.is_none() && notice.sid.is_none() {
        return Err(Refusal::Subject);
    }
    Ok(notice)
}

/// The claims of a token whose form, header and signature are good, and how it was signed.
fn signed(
    token: &str,
    types: &HeaderTypes,
    policy: &Policy,
    keys: &KeySet,
) -> Result<(Claims, Algorithm), Refusal> {
    if token.len() > MAX_TOKEN_BYTES {
        return Err(Refusal::TooLong);
    }
    let (message, signature) = token.rsplit_once('.').ok_or(Refusal::Malformed)?;
    let (header, payload) = message.split_once('.').ok_or(Refusal::Malformed)?;
    // So long is that many bytes in base64; longer texts hold more, or are none.
    if header.len() > MAX_HEADER_BYTES / 3 * 4 {
        return Err(Refusal::Header);
    }
    let header = decoded(header)?;
    let payload = decoded(payload)?;
    decoded(signature)?;

    let header = readable(&header, Refusal::Header)?;
    let (algorithm, kid) = check_header(&header, types, &policy.algorithms)?;
    let library = algorithm.library();
    let mut matches = false;
    for key in keys.select(&kid, algorithm)? {
        matches |= jsonwebtoken::crypto::verify(signature, message.as_bytes(), key, library)
            .unwrap_or_default();
    }
    if !matches {
        return Err(Refusal::Signature);
    }
    let claims = readable(&payload, Refusal::Claims)?;
    Ok((Claims::new(claims), algorithm))
}

/// The issuer that a token names, which nobody checked: of use only to choose among those that are known, whose
/// policy and keys then look at the whole token. Nothing if no name stands in the first 2 KiB of its claims:
/// nobody has signed them yet when they are read, and more of them would be work for whoever makes up tokens to
/// cause.
#[must_use]
pub fn named_issuer(token: &str) -> Option<String> {
    if token.len() > MAX_TOKEN_BYTES {
        return None;
    }
    let payload = token.split('.').nth(1)?;
    let start = payload.get(..NAMED_WITHIN).unwrap_or(payload);
    let start = decoded(start).ok()?;
    let named = Cell::new(None);
    let mut reader = serde_json::Deserializer::from_slice(&start);
    // It ends with an error where the name is found, and where the text breaks off.
    let _ended = reader.deserialize_map(Named(&named));
    named.into_inner()
}

/// Looks for the first `iss`. A second one is found by the check itself.
struct Named<'a>(&'a Cell<Option<String>>);

impl<'de> Visitor<'de> for Named<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("claims")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            if name == "iss" {
                self.0.set(Some(map.next_value()?));
                return Ok(());
            }
            map.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }
}

/// Header and claims of a token that nobody checked: to explain what is wrong with it, and nothing else.
pub(super) fn peek(token: &str) -> Option<(Map<String, Value>, Map<String, Value>)> {
    let mut parts = token.split('.');
    let (header, payload) = (parts.next()?, parts.next()?);
    let read = |part| object(&decoded(part).ok()?).ok();
    (token.len() <= MAX_TOKEN_BYTES && parts.count() == 1).then_some(())?;
    Some((read(header)?, read(payload)?))
}

/// The left half of the hash that belongs to a way of signing (OpenID Connect Core, 3.1.3.6).
fn half_hash(algorithm: Algorithm, text: &str) -> String {
    let hash = match algorithm {
        Algorithm::Rs256 | Algorithm::Ps256 | Algorithm::Es256 => {
            Sha256::digest(text.as_bytes()).to_vec()
        }
        Algorithm::Rs384 | Algorithm::Ps384 | Algorithm::Es384 => {
            Sha384::digest(text.as_bytes()).to_vec()
        }
        Algorithm::Rs512 | Algorithm::Ps512 | Algorithm::EdDsa => {
            Sha512::digest(text.as_bytes()).to_vec()
        }
    };
    let half = hash.get(..hash.len() / 2).unwrap_or_default();
    URL_SAFE_NO_PAD.encode(half)
}

/// Padding, other alphabets, bits that do not count and a further `.` are refused, so that a token
/// has one way to be written.
fn decoded(part: &str) -> Result<Vec<u8>, Refusal> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| Refusal::Malformed)
}

fn readable(bytes: &[u8], refusal: Refusal) -> Result<Map<String, Value>, Refusal> {
    object(bytes).map_err(|error| match error {
        NotAnObject::Json => refusal,
        NotAnObject::Twice => Refusal::Duplicate,
    })
}

/// Gives algorithm and name of the key.
fn check_header(
    header: &Map<String, Value>,
    types: &HeaderTypes,
    algorithms: &[Algorithm],
) -> Result<(Algorithm, String), Refusal> {
    let named = header.get("alg").ok_or(Refusal::Algorithm)?;
    let algorithm = named
        .as_str()
        .and_then(Algorithm::named)
        .filter(|algorithm| algorithms.contains(algorithm))
        .ok_or(Refusal::Algorithm)?;
    let typ = match header.get("typ") {
        None => None,
        Some(typ) => Some(typ.as_str().ok_or(Refusal::Header)?),
    };
    if !types.allow(typ) {
        return Err(Refusal::HeaderType);
    }
    if ["crit", "cty", "zip", "b64"]
        .iter()
        .any(|name| header.contains_key(*name))
    {
        return Err(Refusal::HeaderField);
    }
    if ["jku", "jwk", "x5u", "x5c"]
        .iter()
        .any(|name| header.contains_key(*name))
    {
        return Err(Refusal::OwnKey);
    }
    let kid = header.get("kid").ok_or(Refusal::KeyUnnamed)?;
    let kid = kid.as_str().and_then(name).ok_or(Refusal::Header)?;
    Ok((algorithm, kid))
}
