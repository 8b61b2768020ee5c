//! Local mode: an installation for one person on one machine, which issues its own tokens. They go
//! through the same strict check as those of any other issuer.
//!
//! Access tokens are for programs and the command, session tokens for the browser's cookie. They
//! differ in `typ` and `aud`, so that neither passes for the other.

mod key_file;

#[cfg(test)]
mod tests;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{EncodingKey, Header};
use serde::Serialize;
use sha2::{Digest, Sha256};

use self::key_file::KeyFile;
use super::keys::KeySet;
use super::policy::{
    Algorithm, Emails, HeaderTypes, IdKey, ListForm, Policy, RoleRule, TenantRule,
};
use super::refusal::Refusal;
use super::verify::{Verified, verify};
use super::{Principal, Role};
use crate::error::{ErrorKind, Explain};
use crate::id::SessionId;

/// The tenant of everything in local mode.
pub const TENANT: &str = "local";

/// The longest life of an access token.
pub const MAX_TTL_SECONDS: i64 = 24 * 3600;

/// The longest life of a session, whatever the settings say.
const MAX_SESSION_SECONDS: i64 = 30 * 24 * 3600;

/// Issuer and verifier have the same clock, which may be set back a little.
const LEEWAY_SECONDS: i64 = 5;

const ACCESS: Use = Use {
    audience: "aimapper",
    header_type: "at+jwt",
};

const SESSION: Use = Use {
    audience: "aimapper:session",
    header_type: "aimapper-session+jwt",
};

/// What a token is for.
struct Use {
    audience: &'static str,
    header_type: &'static str,
}

/// Why there is no local issuer, or no token of it.
#[derive(Debug, thiserror::Error)]
pub enum LocalError {
    /// The file or its folder cannot be read or made.
    #[error("the key file {} cannot be used", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Somebody else may read or write it.
    #[error("{} is open to other users (mode {mode:04o})", path.display())]
    OpenToOthers {
        /// The file or its folder.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// The file is there and holds no key.
    #[error("{} holds no key", .0.display())]
    NotAKey(PathBuf),
    /// The library made no key or no signature.
    #[error("the key cannot be made or used")]
    Key,
    /// The system gives no randomness.
    #[error("the system gives no randomness")]
    Random(getrandom::Error),
    /// A life that is not positive or too long.
    #[error("a token cannot live for {0} seconds")]
    Ttl(i64),
}

impl LocalError {
    pub(super) fn io(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        Self::Io { path, source }
    }
}

impl Explain for LocalError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Io { .. } => ErrorKind::Unavailable,
            Self::OpenToOthers { .. } | Self::NotAKey(_) | Self::Ttl(_) => ErrorKind::Invalid,
            Self::Key | Self::Random(_) => ErrorKind::Internal,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Io { .. } => Some("check that you may write there (data.dir)".to_owned()),
            Self::OpenToOthers { path, .. } => Some(format!(
                "whoever read the key can make tokens: delete {} and start again; \
                 folders need mode 0700, files 0600",
                path.display()
            )),
            Self::NotAKey(path) => Some(format!(
                "delete {} and start again; sessions and tokens made before end with it",
                path.display()
            )),
            Self::Ttl(_) => Some(format!(
                "take 1 to {MAX_TTL_SECONDS} seconds, which is a day"
            )),
            Self::Key | Self::Random(_) => None,
        }
    }
}

/// What an access token is to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant<'a> {
    /// Who bears it.
    pub subject: &'a str,
    /// What it allows.
    pub role: Role,
    /// How long.
    pub ttl_seconds: i64,
}

/// How long sessions last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLimits {
    /// Without a request.
    pub idle_seconds: i64,
    /// At all.
    pub absolute_seconds: i64,
}

/// A session that was found good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its name, the same for its whole life.
    pub id: String,
    /// Whose it is.
    pub principal: Principal,
    /// When it began, in seconds since 1970.
    pub started_at: i64,
    /// When its token was issued, in seconds since 1970.
    pub issued_at: i64,
}

/// Issues and checks the tokens of this installation.
pub struct LocalIssuer {
    key: EncodingKey,
    kid: String,
    keys: KeySet,
    access: Policy,
    session: Policy,
    csrf_key: [u8; 32],
}

/// The claims that are written; the strict check reads them as it reads foreign ones.
#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: &'a str,
    jti: String,
    iat: i64,
    exp: i64,
    auth_time: i64,
    roles: [&'a str; 1],
}

impl LocalIssuer {
    /// The issuer whose key is kept in a folder; at the first start both are made. Nobody but the
    /// owner may get at them (modes 0700 and 0600).
    ///
    /// # Errors
    /// [`LocalError`].
    pub fn open(folder: &Path) -> Result<Self, LocalError> {
        let file = KeyFile::open(folder)?;
        let der = file.der(folder)?;
        let pair = Ed25519KeyPair::from_pkcs8(&der)
            .map_err(|_| LocalError::NotAKey(folder.join(key_file::FILE)))?;
        let public = pair.public_key().as_ref();
        let issuer = format!("urn:aimapper:local:{}", file.issuer);
        let print: [u8; 32] = Sha256::digest(public).into();
        let kid = URL_SAFE_NO_PAD.encode(print);
        Ok(Self {
            keys: KeySet::ed25519(&kid, public),
            kid,
            access: policy(&issuer, &ACCESS, MAX_TTL_SECONDS),
            session: policy(&issuer, &SESSION, MAX_SESSION_SECONDS),
            csrf_key: derived(b"csrf", &der),
            key: EncodingKey::from_ed_der(&der),
        })
    }

    /// Its name in `iss`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.access.issuer
    }

    /// Key for the tokens that guard forms; it lives as long as the issuer's.
    #[must_use]
    pub const fn csrf_key(&self) -> &[u8; 32] {
        &self.csrf_key
    }

    /// An access token.
    ///
    /// # Errors
    /// [`LocalError::Ttl`], [`LocalError::Key`].
    pub fn issue(&self, grant: Grant<'_>, now: i64) -> Result<String, LocalError> {
        if !(1..=MAX_TTL_SECONDS).contains(&grant.ttl_seconds) {
            return Err(LocalError::Ttl(grant.ttl_seconds));
        }
        self.sign(
            &ACCESS,
            &Claims {
                iss: self.name(),
                aud: ACCESS.audience,
                sub: grant.subject,
                jti: SessionId::generate().to_string(),
                iat: now,
                exp: now.saturating_add(grant.ttl_seconds),
                auth_time: now,
                roles: [grant.role.name()],
            },
        )
    }

    /// The token of a new session.
    ///
    /// # Errors
    /// [`LocalError::Key`].
    pub fn begin_session(
        &self,
        subject: &str,
        role: Role,
        limits: SessionLimits,
        now: i64,
    ) -> Result<String, LocalError> {
        let id = SessionId::generate().to_string();
        self.session_token(id, subject, role, now, limits, now)
    }

    /// A token for the same session that is good for another idle time, within its absolute end.
    ///
    /// # Errors
    /// [`LocalError::Key`].
    pub fn renew_session(
        &self,
        session: &Session,
        limits: SessionLimits,
        now: i64,
    ) -> Result<String, LocalError> {
        let principal = &session.principal;
        let role = principal.roles.last().copied().unwrap_or(Role::Mapper);
        let (id, started) = (session.id.clone(), session.started_at);
        self.session_token(id, &principal.subject, role, started, limits, now)
    }

    /// Checks an access token.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn verify_access(&self, token: &str, now: i64) -> Result<Verified, Refusal> {
        verify(token, &self.access, &self.keys, now)
    }

    /// Checks the token of a session. Limits that were shortened since it began count as well.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn verify_session(
        &self,
        token: &str,
        limits: SessionLimits,
        now: i64,
    ) -> Result<Session, Refusal> {
        let verified = verify(token, &self.session, &self.keys, now)?;
        let started_at = verified.signed_in_at.ok_or(Refusal::IssuedAt)?;
        let idle_until = verified.issued_at.saturating_add(limits.idle_seconds);
        let ends_at = started_at.saturating_add(limits.absolute_seconds);
        if now >= idle_until.min(ends_at) {
            return Err(Refusal::Expired);
        }
        Ok(Session {
            id: verified.token_id.ok_or(Refusal::Claims)?,
            principal: verified.principal,
            started_at,
            issued_at: verified.issued_at,
        })
    }

    fn session_token(
        &self,
        id: String,
        subject: &str,
        role: Role,
        started_at: i64,
        limits: SessionLimits,
        now: i64,
    ) -> Result<String, LocalError> {
        let absolute = limits.absolute_seconds.min(MAX_SESSION_SECONDS);
        let ends_at = started_at.saturating_add(absolute);
        self.sign(
            &SESSION,
            &Claims {
                iss: self.name(),
                aud: SESSION.audience,
                sub: subject,
                jti: id,
                iat: now,
                exp: now.saturating_add(limits.idle_seconds).min(ends_at),
                auth_time: started_at,
                roles: [role.name()],
            },
        )
    }

    fn sign(&self, purpose: &Use, claims: &Claims<'_>) -> Result<String, LocalError> {
        let mut header = Header::new(Algorithm::EdDsa.library());
        header.typ = Some(purpose.header_type.to_owned());
        header.kid = Some(self.kid.clone());
        jsonwebtoken::encode(&header, claims, &self.key).map_err(|_| LocalError::Key)
    }
}

fn policy(issuer: &str, purpose: &Use, max_lifetime_seconds: i64) -> Policy {
    Policy {
        issuer: issuer.to_owned(),
        audiences: vec![purpose.audience.to_owned()],
        algorithms: vec![Algorithm::EdDsa],
        leeway_seconds: LEEWAY_SECONDS,
        max_lifetime_seconds,
        header_types: HeaderTypes::Only(vec![purpose.header_type.to_owned()]),
        token_type: None,
        authorized_parties: Vec::new(),
        programs: Vec::new(),
        id_key: IdKey::Sub,
        emails: Emails::default(),
        roles: Role::ALL
            .into_iter()
            .map(|role| RoleRule {
                path: vec!["roles".to_owned()],
                form: ListForm::Array,
                word: role.name().to_owned(),
                role,
            })
            .collect(),
        tenant: TenantRule::Fixed(TENANT.to_owned()),
    }
}

/// A key for another purpose, from which the first cannot be found.
pub(super) fn derived(purpose: &[u8], der: &[u8]) -> [u8; 32] {
    Sha256::new()
        .chain_update(b"aimapper\0")
        .chain_update(purpose)
        .chain_update(b"\0")
        .chain_update(der)
        .finalize()
        .into()
}

impl fmt::Debug for LocalIssuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalIssuer")
            .field("name", &self.name())
            .finish_non_exhaustive()
    }
}
