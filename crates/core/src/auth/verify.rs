//! The strict check of a token (RFC 7519, RFC 8725, RFC 9068). Only the signature is left to the
//! library: of the claims it lets pass what is missing or of a wrong type, looks at its own clock,
//! and never asks for `iat`, `typ`, `azp`, `crit`, `cty` and `zip`.
//!
//! Pure: policy, keys and time are arguments. It fetches nothing, whatever a token says.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::keys::KeySet;
use super::object::{NotAnObject, object};
use super::policy::{Algorithm, Policy, RoleRule, TenantRule};
use super::refusal::Refusal;
use super::{Principal, PrincipalKind, Role};

/// Longer tokens are refused before anything else is looked at.
pub const MAX_TOKEN_BYTES: usize = 16 * 1024;

/// Longer names of keys, subjects and tenants are refused.
const MAX_NAME_CHARS: usize = 255;

/// 9999-12-31T23:59:59Z; later times are mistakes or attacks.
const LAST_SECOND: i64 = 253_402_300_799;

/// What a token says, once it is known to be good.
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

/// Checks a token of one issuer at a time in seconds since 1970.
///
/// # Errors
/// [`Refusal`]: the first thing that is wrong with it, in the order length, form, header, key,
/// signature, claims.
pub fn verify(token: &str, policy: &Policy, keys: &KeySet, now: i64) -> Result<Verified, Refusal> {
    if token.len() > MAX_TOKEN_BYTES {
        return Err(Refusal::TooLong);
    }
    let (message, signature) = token.rsplit_once('.').ok_or(Refusal::Malformed)?;
    let (header, payload) = message.split_once('.').ok_or(Refusal::Malformed)?;
    let header = decoded(header)?;
    let payload = decoded(payload)?;
    decoded(signature)?;

    let (algorithm, kid) = check_header(&readable(&header, Refusal::Header)?, policy)?;
    let key = keys.select(&kid, algorithm)?;
    let library = algorithm.library();
    let matches = jsonwebtoken::crypto::verify(signature, message.as_bytes(), key, library)
        .map_err(|_| Refusal::Signature)?;
    if !matches {
        return Err(Refusal::Signature);
    }
    Claims(readable(&payload, Refusal::Claims)?).check(policy, now)
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
    policy: &Policy,
) -> Result<(Algorithm, String), Refusal> {
    let named = header.get("alg").ok_or(Refusal::Algorithm)?;
    let algorithm = named
        .as_str()
        .and_then(Algorithm::named)
        .filter(|algorithm| policy.algorithms.contains(algorithm))
        .ok_or(Refusal::Algorithm)?;
    let typ = match header.get("typ") {
        None => None,
        Some(typ) => Some(typ.as_str().ok_or(Refusal::Header)?),
    };
    if !policy.header_types.allow(typ) {
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

struct Claims(Map<String, Value>);

impl Claims {
    fn check(&self, policy: &Policy, now: i64) -> Result<Verified, Refusal> {
        if self.text("iss") != Some(&policy.issuer) {
            return Err(Refusal::Issuer);
        }
        self.check_audience(policy)?;
        let (issued_at, expires_at) = self.check_times(policy, now)?;
        if policy.token_type.is_some() && self.text("typ") != policy.token_type.as_deref() {
            return Err(Refusal::TokenType);
        }
        if self.0.contains_key("cnf") {
            return Err(Refusal::Bound);
        }
        let party = self.check_party(policy)?;
        let subject = self.text("sub").and_then(name).ok_or(Refusal::Subject)?;
        let is_program = party.is_some_and(|party| policy.programs.iter().any(|p| p == party));
        Ok(Verified {
            principal: Principal {
                issuer: policy.issuer.clone(),
                subject,
                kind: if is_program {
                    PrincipalKind::Program
                } else {
                    PrincipalKind::Person
                },
                name: ["name", "preferred_username"]
                    .iter()
                    .find_map(|claim| self.text(claim).and_then(name)),
                roles: self.roles(&policy.roles),
                tenant: self.tenant(&policy.tenant)?,
                expires_at,
            },
            token_id: self.text("jti").and_then(name),
            issued_at,
            signed_in_at: self.0.get("auth_time").and_then(seconds),
        })
    }

    /// A claim that is a text.
    fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    /// The value that a path of names leads to.
    fn at(&self, path: &[String]) -> Option<&Value> {
        let (first, rest) = path.split_first()?;
        rest.iter()
            .try_fold(self.0.get(first)?, |value, name| value.get(name))
    }

    fn check_audience(&self, policy: &Policy) -> Result<(), Refusal> {
        let claimed = self.0.get("aud").ok_or(Refusal::Audience)?;
        let claimed: Vec<&str> = match claimed {
            Value::String(one) => vec![one],
            Value::Array(several) => several
                .iter()
                .map(Value::as_str)
                .collect::<Option<_>>()
                .ok_or(Refusal::Audience)?,
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => {
                return Err(Refusal::Audience);
            }
        };
        let named = policy
            .audiences
            .iter()
            .any(|us| claimed.contains(&us.as_str()));
        if named {
            Ok(())
        } else {
            Err(Refusal::Audience)
        }
    }

    /// Gives when it was issued and when it ends.
    fn check_times(&self, policy: &Policy, now: i64) -> Result<(i64, i64), Refusal> {
        let expires_at = self.0.get("exp").and_then(seconds).ok_or(Refusal::Expiry)?;
        if expires_at <= now.saturating_sub(policy.leeway_seconds) {
            return Err(Refusal::Expired);
        }
        let latest = now.saturating_add(policy.leeway_seconds);
        if let Some(not_before) = self.0.get("nbf") {
            seconds(not_before)
                .filter(|from| *from <= latest)
                .ok_or(Refusal::NotBefore)?;
        }
        let issued_at = self
            .0
            .get("iat")
            .and_then(seconds)
            .filter(|at| *at <= latest)
            .ok_or(Refusal::IssuedAt)?;
        if expires_at - issued_at > policy.max_lifetime_seconds {
            return Err(Refusal::Lifetime);
        }
        Ok((issued_at, expires_at))
    }

    /// Gives the client that the token was issued to, if it names one.
    fn check_party(&self, policy: &Policy) -> Result<Option<&str>, Refusal> {
        let Some(party) = self.0.get("azp") else {
            return Ok(None);
        };
        let party = party.as_str().ok_or(Refusal::AuthorizedParty)?;
        if policy.authorized_parties.iter().any(|known| known == party) {
            return Ok(Some(party));
        }
        Err(Refusal::AuthorizedParty)
    }

    /// A list of a wrong type grants nothing.
    fn roles(&self, rules: &[RoleRule]) -> BTreeSet<Role> {
        rules
            .iter()
            .filter(|rule| {
                self.at(&rule.path)
                    .and_then(Value::as_array)
                    .is_some_and(|list| list.iter().any(|word| word.as_str() == Some(&rule.word)))
            })
            .map(|rule| rule.role)
            .collect()
    }

    fn tenant(&self, rule: &TenantRule) -> Result<String, Refusal> {
        match rule {
            TenantRule::Fixed(tenant) => Ok(tenant.clone()),
            TenantRule::Claim(claim) => self.text(claim).and_then(name).ok_or(Refusal::Tenant),
        }
    }
}

/// A text that can name something in a row or a log line.
fn name(text: &str) -> Option<String> {
    let fits = !text.is_empty()
        && text.chars().count() <= MAX_NAME_CHARS
        && !text.chars().any(char::is_control);
    fits.then(|| text.to_owned())
}

/// A `NumericDate` (RFC 7519, 2), which may have a fraction; that is cut off.
fn seconds(value: &Value) -> Option<i64> {
    if let Some(whole) = value.as_i64() {
        return (0..=LAST_SECOND).contains(&whole).then_some(whole);
    }
    let number = value.as_f64()?;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the range is looked at before, and the fraction is to be cut off"
    )]
    (0.0..=253_402_300_799.0)
        .contains(&number)
        .then(|| number.floor() as i64)
}
