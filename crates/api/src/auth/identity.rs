//! What the process knows about who may come in: its own issuer, or a provider; and who was seen lately.

use std::collections::HashMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use aimapper_core::auth::{IdKey, LocalError, Principal, ProviderError, Role, SessionLimits};
use aimapper_core::config::{AuthMode, Config};
use aimapper_core::error::{ErrorKind, Explain};
use aimapper_core::id::{AccountId, TenantId, UserId};
use aimapper_core::metrics::KeyFigures;

use super::error::AuthError;
use super::guard::Caller;
use super::hosts::Hosts;
use super::local::Local;
use super::login::SIGN_IN;
use super::provider::SignIn;

/// A caller is looked up anew after so long, which also writes when it was last seen.
const LOOKED_UP_FOR: Duration = Duration::from_secs(30);

/// So many callers are remembered.
const MAX_REMEMBERED: usize = 10_000;

/// Why the process cannot know who may come in.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// A key of this installation cannot be had.
    #[error("the keys of this installation cannot be used")]
    Local(#[from] LocalError),
    /// The provider's settings are no good.
    #[error("the settings of the provider cannot be used")]
    Provider(#[from] ProviderError),
}

impl Explain for IdentityError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Local(source) => source.kind(),
            Self::Provider(source) => source.kind(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Local(source) => source.hint(),
            Self::Provider(source) => source.hint(),
        }
    }
}

/// Who issues tokens and sessions.
pub(super) enum Way {
    /// This installation.
    Local(Box<Local>),
    /// A provider.
    Provider(Box<SignIn>),
}

/// Who may come in, how their browsers hold a session, and who was seen lately.
pub struct Identity {
    pub(super) way: Way,
    pub(super) hosts: Hosts,
    pub(super) limits: SessionLimits,
    base_url: String,
    cookie: String,
    secure: bool,
    seen: Mutex<HashMap<Who, Seen>>,
    round: AtomicU64,
}

/// Tenant, issuer, subject and session at the issuer.
type Who = (Option<String>, String, String, Option<String>);

#[derive(Clone)]
struct Seen {
    tenant: TenantId,
    tenant_name: String,
    account: AccountId,
    user: UserId,
    name: Option<String>,
    /// When the token was issued that was asked about: older ones may be revoked.
    issued_at: i64,
    at: Instant,
}

impl Identity {
    /// The identity of an installation that listens at this address (with the port that it got).
    /// Makes its keys at the first start. Asks nobody.
    ///
    /// # Errors
    /// [`IdentityError`].
    pub fn open(config: &Config, listens: SocketAddr) -> Result<Self, IdentityError> {
        let session = config.auth.session;
        let seconds = |time: Duration| i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
        let public = config.server.public_url.as_ref();
        let secure = public.is_some_and(|url| url.is_secure());
        let base_url = config.base_url(listens);
        let way = match &config.auth.mode {
            AuthMode::Local => Way::Local(Box::new(Local::open(&config.key_dir())?)),
            AuthMode::Oidc(settings) => {
                let key_dir = config.key_dir();
                Way::Provider(Box::new(SignIn::open(settings, &key_dir, &base_url)?))
            }
        };
        // Browsers keep cookies by host and not by port. With this prefix they take it from nobody else,
        // and only by TLS.
        let cookie = match (&way, secure) {
            (Way::Provider(_), true) => "__Host-aimapper".to_owned(),
            (Way::Provider(_) | Way::Local(_), _) => format!("aimapper-{}", listens.port()),
        };
        Ok(Self {
            way,
            hosts: Hosts::new(listens, public),
            limits: SessionLimits {
                idle_seconds: seconds(session.idle),
                absolute_seconds: seconds(session.absolute),
            },
            base_url,
            cookie,
            secure,
            seen: Mutex::default(),
            round: AtomicU64::default(),
        })
    }

    /// An address that opens a session with this role, once and for five minutes. Where people sign in at a
    /// provider it is that of the service.
    ///
    /// # Errors
    /// [`LocalError::Random`].
    pub fn start_url(&self, role: Role) -> Result<String, LocalError> {
        match &self.way {
            Way::Local(local) => {
                let code = local.new_code(role, now())?;
                Ok(format!("{}/start/{code}", self.base_url))
            }
            Way::Provider(_) => Ok(self.base_url.clone()),
        }
    }

    /// Where browsers find this server, without a slash at the end.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The provider, as its tokens name it; none in local mode.
    #[must_use]
    pub fn provider(&self) -> Option<&str> {
        self.sign_in().map(SignIn::issuer)
    }

    /// What is known of the issuers' keys; nothing in local mode.
    pub(crate) fn key_figures(&self) -> Vec<KeyFigures> {
        self.sign_in().map(SignIn::key_figures).unwrap_or_default()
    }

    pub(crate) fn sign_in(&self) -> Option<&SignIn> {
        match &self.way {
            Way::Local(_) => None,
            Way::Provider(sign_in) => Some(sign_in),
        }
    }

    pub(super) fn local(&self) -> Option<&Local> {
        match &self.way {
            Way::Local(local) => Some(local),
            Way::Provider(_) => None,
        }
    }

    /// Where a browser without a session is led to, which wants this path.
    pub(super) fn sign_in_address(&self, path: &str) -> String {
        match &self.way {
            Way::Local(_) => SIGN_IN.to_owned(),
            Way::Provider(_) => super::provider::login_address(path),
        }
    }

    /// Checks an access token.
    pub(super) async fn access(&self, token: &str) -> Result<Principal, AuthError> {
        match &self.way {
            Way::Local(local) => {
                let verified = local.access(token, now()).map_err(AuthError::Refused)?;
                Ok(verified.principal)
            }
            Way::Provider(sign_in) => sign_in.access(token, now()).await,
        }
    }

    /// Asks the issuer whether a token still counts that was found good, if that is set for requests that need
    /// this role.
    ///
    /// # Errors
    /// [`AuthError::Refused`] if it does not, [`AuthError::NoWord`] if it cannot be asked.
    pub(super) async fn confirm(
        &self,
        token: &str,
        principal: &Principal,
        role: Option<Role>,
    ) -> Result<(), AuthError> {
        match &self.way {
            Way::Local(_) => Ok(()),
            Way::Provider(sign_in) => sign_in.confirm(token, principal, role).await,
        }
    }

    /// Whether what an issuer said still counts here, and the session that it was said to goes on, as far as
    /// that is not a row.
    pub(super) fn still_takes(&self, issuer: &str, session: Option<&str>) -> bool {
        match &self.way {
            Way::Local(local) => {
                let has_ended = session.is_some_and(|id| local.has_ended(id));
                local.name() == issuer && !has_ended
            }
            Way::Provider(sign_in) => sign_in.named(issuer).is_some(),
        }
    }

    /// What accounts of an issuer are found by, and whether a verified address is enough.
    pub(super) fn finds_by(&self, issuer: &str) -> (IdKey, bool) {
        match &self.way {
            Way::Local(_) => (IdKey::Sub, false),
            Way::Provider(sign_in) => sign_in.finds_by(issuer),
        }
    }

    pub(super) fn csrf_key(&self) -> &[u8; 32] {
        match &self.way {
            Way::Local(local) => local.csrf_key(),
            Way::Provider(sign_in) => sign_in.csrf_key(),
        }
    }

    pub(super) fn cookie_name(&self) -> &str {
        &self.cookie
    }

    pub(super) const fn is_secure(&self) -> bool {
        self.secure
    }

    pub(super) const fn session_seconds(&self) -> i64 {
        self.limits.absolute_seconds
    }

    /// The caller of a principal that was looked up lately, with a token that is not newer, and has the same
    /// name still.
    pub(super) fn recall(&self, principal: &Principal, now: Instant) -> Option<Caller> {
        let seen = lock(&self.seen).get(&who(principal)).cloned()?;
        let age = now.saturating_duration_since(seen.at);
        let fresh = age < LOOKED_UP_FOR
            && seen.name == principal.name
            && seen.issued_at <= principal.issued_at;
        fresh.then(|| Caller {
            principal: principal.clone(),
            tenant: seen.tenant,
            tenant_name: seen.tenant_name,
            account: seen.account,
            user: seen.user,
        })
    }

    /// How often somebody was forgotten.
    pub(super) fn round(&self) -> u64 {
        self.round.load(Ordering::Acquire)
    }

    /// Remembers a caller who was looked up since this round, unless others were forgotten meanwhile: what the
    /// look-up saw may be over.
    pub(super) fn remember(&self, caller: &Caller, round: u64) {
        let mut all = lock(&self.seen);
        if self.round() != round {
            return;
        }
        if all.len() >= MAX_REMEMBERED {
            all.retain(|_, seen| seen.at.elapsed() < LOOKED_UP_FOR);
        }
        if all.len() >= MAX_REMEMBERED {
            return;
        }
        let seen = Seen {
            tenant: caller.tenant,
            tenant_name: caller.tenant_name.clone(),
            account: caller.account,
            user: caller.user,
            name: caller.principal.name.clone(),
            issued_at: caller.principal.issued_at,
            at: Instant::now(),
        };
        all.insert(who(&caller.principal), seen);
    }

    /// Looks everybody of an issuer up anew, because some of its tokens do not count any more.
    pub(super) fn forget(&self, issuer: &str) {
        let mut all = lock(&self.seen);
        self.round.fetch_add(1, Ordering::AcqRel);
        all.retain(|(_, of, _, _), _| of != issuer);
    }
}

fn who(principal: &Principal) -> Who {
    (
        principal.tenant.clone(),
        principal.issuer.clone(),
        principal.subject.clone(),
        principal.sid.clone(),
    )
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Seconds since 1970. A clock before that lets no token pass.
pub(super) fn now() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| i64::try_from(since.as_secs()).ok())
        .unwrap_or(i64::MAX)
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("base_url", &self.base_url)
            .field("provider", &self.provider())
            .finish_non_exhaustive()
    }
}
