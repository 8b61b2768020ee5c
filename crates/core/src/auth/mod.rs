//! Who is asking: what a verified token says, and which roles allow what. No HTTP here.
//!
//! ```text
//! token ─► verify(policy, keys, now) ─► Principal | Refusal
//!             ▲
//!   LocalIssuer: key file ─► access tokens, session tokens;  StartCodes ─► first session
//! ```
//!
//! [`verify`] is pure; [`LocalIssuer`] reads and makes its key file, and [`StartCodes`] draws
//! randomness. None of them looks at a clock: the time is an argument.

mod keys;
mod local;
mod object;
mod policy;
mod refusal;
mod start;
mod verify;

#[cfg(test)]
mod corpus;

use std::collections::BTreeSet;
use std::str::FromStr;

pub use keys::{KeySet, KeySetError};
pub use local::{Grant, LocalError, LocalIssuer, MAX_TTL_SECONDS, Session, SessionLimits, TENANT};
pub use policy::{Algorithm, HeaderTypes, Policy, RoleRule, TenantRule};
pub use refusal::Refusal;
pub use start::{CODE_SECONDS, StartCodes};
pub use verify::{MAX_TOKEN_BYTES, Verified, verify};

/// What a person or a program may do; each role includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Sources, targets, mappings, runs and memory of the tenant; cancels its own jobs.
    Mapper,
    /// All jobs of the tenant; approves what others made.
    Operator,
    /// Users, retention, audit; figures of all tenants, never contents.
    Admin,
}

impl Role {
    /// All of them, the lowest first.
    pub const ALL: [Self; 3] = [Self::Mapper, Self::Operator, Self::Admin];

    /// How tokens, settings and options write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mapper => "mapper",
            Self::Operator => "operator",
            Self::Admin => "admin",
        }
    }
}

/// A text that names no role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no such role")]
pub struct NotARole;

impl FromStr for Role {
    type Err = NotARole;

    fn from_str(text: &str) -> Result<Self, NotARole> {
        Self::ALL
            .into_iter()
            .find(|role| role.name() == text)
            .ok_or(NotARole)
    }
}

/// Whether a token stands for a person or a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrincipalKind {
    /// Somebody who signed in.
    Person,
    /// A service account.
    Program,
}

/// What a verified token says. Bound to issuer and subject, never to a name that can change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// Who issued the token.
    pub issuer: String,
    /// How the issuer calls the bearer.
    pub subject: String,
    /// A person or a program.
    pub kind: PrincipalKind,
    /// A name for people, if the token has one.
    pub name: Option<String>,
    /// What the bearer may do.
    pub roles: BTreeSet<Role>,
    /// Name of the tenant whose rows these are.
    pub tenant: String,
    /// When the token ends, in seconds since 1970.
    pub expires_at: i64,
}

impl Principal {
    /// Whether one of the roles is this one or includes it.
    #[must_use]
    pub fn may(&self, role: Role) -> bool {
        self.roles.iter().any(|held| *held >= role)
    }
}
