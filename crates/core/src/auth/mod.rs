//! Who is asking: what a verified token says, and which roles allow what. No HTTP server here.
//!
//! ```text
//! token ─► verify(policy, keys, now) ─► Principal | Refusal
//!             ▲
//!   LocalIssuer: key file ─► access tokens, session tokens;  StartCodes ─► first session
//!   Provider: settings + discovery document + published keys, fetched anew within bounds
//! ```
//!
//! [`verify`], [`verify_id`], [`verify_logout`] and [`verify_user_info`] are pure; [`LocalIssuer`]
//! reads and makes its key file, [`StartCodes`] and [`Sealer`] draw randomness, [`Provider`] asks the
//! network. None of them looks at a clock: the time is an argument.

#[cfg(feature = "auth")]
mod claims;
#[cfg(feature = "auth")]
mod doctor;
#[cfg(feature = "auth")]
mod introspection;
#[cfg(feature = "auth")]
mod key_store;
#[cfg(feature = "auth")]
mod keys;
#[cfg(feature = "auth")]
mod local;
#[cfg(feature = "auth")]
mod object;
mod oidc;
mod policy;
#[cfg(feature = "auth")]
mod provider;
#[cfg(feature = "auth")]
mod public_key;
#[cfg(feature = "auth")]
mod refusal;
#[cfg(feature = "auth")]
mod seal;
#[cfg(feature = "auth")]
mod secret_file;
#[cfg(feature = "auth")]
mod start;
#[cfg(feature = "auth")]
mod verify;
#[cfg(feature = "auth")]
mod web;

#[cfg(test)]
#[cfg(feature = "auth")]
mod corpus;

use std::collections::BTreeSet;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

#[cfg(feature = "auth")]
pub use doctor::{Finding, Verdict, examine};
#[cfg(feature = "auth")]
pub use key_store::{KeyStore, MAX_AGE_SECONDS, REFETCH_SECONDS, REFRESH_SECONDS};
#[cfg(feature = "auth")]
pub use keys::{KeySet, KeySetError};
#[cfg(feature = "auth")]
pub use local::{Grant, LocalError, LocalIssuer, MAX_TTL_SECONDS, Session, SessionLimits, TENANT};
pub use oidc::{
    Asking, ClientAuth, ClientSecret, Endpoints, Introspection, Oidc, Redirects, is_path_here,
    is_plain_address,
};
pub use policy::{Algorithm, Emails, HeaderTypes, IdKey, ListForm, Policy, RoleRule, TenantRule};
#[cfg(feature = "auth")]
pub use provider::{Provider, ProviderError};
#[cfg(feature = "auth")]
pub use public_key::PublicKeyError;
#[cfg(feature = "auth")]
pub use refusal::Refusal;
#[cfg(feature = "auth")]
pub use seal::{SealError, Sealer};
#[cfg(feature = "auth")]
pub use start::{CODE_SECONDS, StartCodes};
#[cfg(feature = "auth")]
pub use verify::{
    IdClaims, LogoutNotice, MAX_HEADER_BYTES, MAX_TOKEN_BYTES, UserInfo, Verified, named_issuer,
    verify, verify_id, verify_logout, verify_user_info,
};
#[cfg(feature = "auth")]
pub use web::{WebClient, WebError};

/// What a person or a program may do; each role includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PrincipalKind {
    /// Somebody who signed in.
    Person,
    /// A service account.
    Program,
}

/// What a verified token says. Bound to issuer and subject, never to a name that can change, unless
/// the settings ask for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Principal {
    /// Who issued the token.
    pub issuer: String,
    /// By what the account is found at that issuer: `sub`, or what `auth.id_key` names instead.
    pub subject: String,
    /// How the issuer calls the bearer; the same for good.
    pub sub: String,
    /// A person or a program.
    pub kind: PrincipalKind,
    /// A name for people, if the token has one.
    pub name: Option<String>,
    /// The name to sign in by, if the token has one. Can change and pass to others.
    pub username: Option<String>,
    /// An e-mail address, if the token has one and says that it is verified.
    pub email: Option<String>,
    /// The session at the issuer.
    pub sid: Option<String>,
    /// The client that the token was issued to.
    pub party: Option<String>,
    /// What the bearer may do.
    pub roles: BTreeSet<Role>,
    /// Name of the tenant whose rows these are; else the account has one of its own.
    pub tenant: Option<String>,
    /// When the token was issued, in seconds since 1970.
    pub issued_at: i64,
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
