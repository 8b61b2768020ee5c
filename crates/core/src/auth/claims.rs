//! The claims of a token that was signed by its issuer: what is missing or of a wrong type is no claim.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::policy::{IdKey, ListForm, Policy, RoleRule, TenantRule};
use super::refusal::Refusal;
use super::verify::UserInfo;
use super::{Principal, PrincipalKind, Role};

/// Longer names of keys, subjects and tenants are refused.
const MAX_NAME_CHARS: usize = 255;

/// 9999-12-31T23:59:59Z; later times are mistakes or attacks.
const LAST_SECOND: i64 = 253_402_300_799;

pub(super) struct Claims(Map<String, Value>);

impl Claims {
    pub(super) const fn new(object: Map<String, Value>) -> Self {
        Self(object)
    }

    pub(super) fn has(&self, claim: &str) -> bool {
        self.0.contains_key(claim)
    }

    /// A claim that is a text.
    pub(super) fn text(&self, claim: &str) -> Option<&str> {
        self.0.get(claim).and_then(Value::as_str)
    }

    /// A claim that is a text and can name something.
    pub(super) fn name(&self, claim: &str) -> Option<String> {
        self.text(claim).and_then(name)
    }

    /// A claim that is a time, in seconds since 1970.
    pub(super) fn seconds(&self, claim: &str) -> Option<i64> {
        self.0.get(claim).and_then(seconds)
    }

    /// Whether it tells of this event, with an object about it (RFC 8417, 2.2).
    pub(super) fn is_event(&self, event: &str) -> bool {
        let events = self.0.get("events").and_then(Value::as_object);
        events.is_some_and(|events| events.get(event).is_some_and(Value::is_object))
    }

    pub(super) fn check_issuer(&self, issuer: &str) -> Result<(), Refusal> {
        if self.text("iss") == Some(issuer) {
            return Ok(());
        }
        Err(Refusal::Issuer)
    }

    pub(super) fn check_audience(&self, audiences: &[String]) -> Result<(), Refusal> {
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
        let named = audiences.iter().any(|us| claimed.contains(&us.as_str()));
        if named {
            Ok(())
        } else {
            Err(Refusal::Audience)
        }
    }

    /// Gives when it was issued and when it ends.
    pub(super) fn check_times(&self, policy: &Policy, now: i64) -> Result<(i64, i64), Refusal> {
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

    /// Who bears it.
    pub(super) fn principal(
        &self,
        policy: &Policy,
        (issued_at, expires_at): (i64, i64),
    ) -> Result<Principal, Refusal> {
        let party = self.check_party(policy)?;
        let about = self.about()?;
        let subject = match policy.id_key {
            IdKey::Sub => Some(about.subject.clone()),
            IdKey::Username => about.username.clone(),
            IdKey::Email => about.email.clone(),
        };
        let is_program = party.is_some_and(|party| policy.programs.iter().any(|p| p == party));
        if !is_program && !policy.emails.allow(about.email.as_deref()) {
            return Err(Refusal::NotAllowed);
        }
        Ok(Principal {
            issuer: policy.issuer.clone(),
            subject: subject.ok_or(Refusal::Subject)?,
            sub: about.subject,
            kind: if is_program {
                PrincipalKind::Program
            } else {
                PrincipalKind::Person
            },
            name: about.name,
            username: about.username,
            email: about.email,
            sid: self.name("sid"),
            party: party.map(str::to_owned),
            roles: self.roles(&policy.roles),
            tenant: self.tenant(&policy.tenant)?,
            issued_at,
            expires_at,
        })
    }

    /// What it says about a person.
    pub(super) fn about(&self) -> Result<UserInfo, Refusal> {
        let is_verified = self.0.get("email_verified") == Some(&Value::Bool(true));
        let username = self.name("preferred_username");
        Ok(UserInfo {
            subject: self.name("sub").ok_or(Refusal::Subject)?,
            name: self.full_name().or_else(|| username.clone()),
            username,
            email: self.name("email").filter(|_| is_verified),
        })
    }

    /// What a person is called, whole or in parts (OpenID Connect Core, 5.1).
    fn full_name(&self) -> Option<String> {
        let parts = || {
            let parts = ["given_name", "family_name"].map(|part| self.name(part));
            let parts: Vec<String> = parts.into_iter().flatten().collect();
            (!parts.is_empty()).then(|| parts.join(" "))
        };
        self.name("name").or_else(parts)
    }

    /// The value that a path of names leads to.
    fn at(&self, path: &[String]) -> Option<&Value> {
        let (first, rest) = path.split_first()?;
        rest.iter()
            .try_fold(self.0.get(first)?, |value, name| value.get(name))
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
            .filter(|rule| self.at(&rule.path).is_some_and(|list| lists(list, rule)))
            .map(|rule| rule.role)
            .collect()
    }

    fn tenant(&self, rule: &TenantRule) -> Result<Option<String>, Refusal> {
        match rule {
            TenantRule::Own => Ok(None),
            TenantRule::Fixed(tenant) => Ok(Some(tenant.clone())),
            TenantRule::Claim(claim) => self.name(claim).map(Some).ok_or(Refusal::Tenant),
            TenantRule::Group { claim, prefix } => {
                let groups = self.0.get(claim).and_then(Value::as_array);
                let mut below = groups
                    .into_iter()
                    .flatten()
                    .filter_map(|group| group.as_str()?.strip_prefix(prefix.as_str()));
                match (below.next().and_then(name), below.next()) {
                    (Some(tenant), None) => Ok(Some(tenant)),
                    (None, _) | (Some(_), Some(_)) => Err(Refusal::Tenant),
                }
            }
        }
    }
}

/// Whether a claim is a list of the rule's form and holds its word.
fn lists(claim: &Value, rule: &RoleRule) -> bool {
    match rule.form {
        ListForm::Array => claim
            .as_array()
            .is_some_and(|list| list.iter().any(|word| word.as_str() == Some(&rule.word))),
        ListForm::Words => claim
            .as_str()
            .is_some_and(|text| text.split(' ').any(|word| word == rule.word)),
    }
}

/// A text that can name something in a row or a log line.
pub(super) fn name(text: &str) -> Option<String> {
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
