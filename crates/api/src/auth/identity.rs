//! What the process knows about who may come in.

use std::collections::HashMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use aimapper_core::auth::{
    LocalError, LocalIssuer, Principal, Refusal, Role, Session, SessionLimits, StartCodes, Verified,
};
use aimapper_core::config::Config;
use aimapper_core::id::{TenantId, UserId};

use super::guard::Caller;
use super::hosts::Hosts;

/// Subject of the one person of local mode.
const SUBJECT: &str = "local";

/// A caller is looked up anew after so long, which also writes when it was last seen.
const LOOKED_UP_FOR: Duration = Duration::from_secs(60);

/// So many callers are remembered.
const MAX_REMEMBERED: usize = 10_000;

/// A session is renewed at the first request after so many seconds.
const RENEWED_AFTER: i64 = 60;

/// Issuer, start codes and sessions of this installation, and who was seen lately.
pub struct Identity {
    issuer: LocalIssuer,
    codes: StartCodes,
    pub(super) hosts: Hosts,
    limits: SessionLimits,
    base_url: String,
    cookie: String,
    secure: bool,
    /// Sessions that were ended by their owners, until they would end by themselves.
    ended: Mutex<HashMap<String, i64>>,
    seen: Mutex<HashMap<Who, Seen>>,
}

/// Tenant, issuer and subject.
type Who = (String, String, String);

#[derive(Clone)]
struct Seen {
    tenant: TenantId,
    user: UserId,
    name: Option<String>,
    at: Instant,
}

impl Identity {
    /// The identity of an installation that listens at this address (with the port that it got).
    /// Makes the key of local mode at the first start.
    ///
    /// # Errors
    /// [`LocalError`].
    pub fn open(config: &Config, listens: SocketAddr) -> Result<Self, LocalError> {
        let session = config.auth.session;
        let seconds = |time: Duration| i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
        let public = config.server.public_url.as_ref();
        Ok(Self {
            issuer: LocalIssuer::open(&config.key_dir())?,
            codes: StartCodes::default(),
            hosts: Hosts::new(listens, public),
            limits: SessionLimits {
                idle_seconds: seconds(session.idle),
                absolute_seconds: seconds(session.absolute),
            },
            base_url: config.base_url(listens),
            // Browsers keep cookies by host and not by port.
            cookie: format!("aimapper-{}", listens.port()),
            secure: public.is_some_and(|url| url.is_secure()),
            ended: Mutex::default(),
            seen: Mutex::default(),
        })
    }

    /// An address that opens a session with this role, once and for five minutes.
    ///
    /// # Errors
    /// [`LocalError::Random`].
    pub fn start_url(&self, role: Role) -> Result<String, LocalError> {
        let code = self.codes.make(role, now())?;
        Ok(format!("{}/start/{code}", self.base_url))
    }

    /// Where browsers find this server, without a slash at the end.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Takes a start code; gives the token of the session.
    pub(super) fn redeem(&self, code: &str) -> Result<Option<String>, LocalError> {
        let now = now();
        self.codes
            .redeem(code, now)
            .map(|role| self.issuer.begin_session(SUBJECT, role, self.limits, now))
            .transpose()
    }

    pub(super) fn access(&self, token: &str) -> Result<Verified, Refusal> {
        self.issuer.verify_access(token, now())
    }

    pub(super) fn session(&self, token: &str) -> Result<Session, Refusal> {
        let session = self.issuer.verify_session(token, self.limits, now())?;
        if lock(&self.ended).contains_key(&session.id) {
            return Err(Refusal::Ended);
        }
        Ok(session)
    }

    /// A new token for a session that is no longer quite fresh.
    pub(super) fn renewed(&self, session: &Session) -> Option<String> {
        let now = now();
        let age = now.saturating_sub(session.issued_at);
        if age < RENEWED_AFTER.min(self.limits.idle_seconds / 4) || self.has_ended(session) {
            return None;
        }
        self.issuer.renew_session(session, self.limits, now).ok()
    }

    fn has_ended(&self, session: &Session) -> bool {
        lock(&self.ended).contains_key(&session.id)
    }

    /// Ends a session: none of its tokens is taken any more.
    pub(super) fn end(&self, session: &Session) {
        let until = session
            .started_at
            .saturating_add(self.limits.absolute_seconds);
        let now = now();
        let mut ended = lock(&self.ended);
        ended.retain(|_, until| *until > now);
        ended.insert(session.id.clone(), until);
    }

    pub(super) const fn csrf_key(&self) -> &[u8; 32] {
        self.issuer.csrf_key()
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

    /// The caller of a principal that was looked up lately, and has the same name still.
    pub(super) fn recall(&self, principal: &Principal, now: Instant) -> Option<Caller> {
        let seen = lock(&self.seen).get(&who(principal)).cloned()?;
        let age = now.saturating_duration_since(seen.at);
        let fresh = age < LOOKED_UP_FOR && seen.name == principal.name;
        fresh.then(|| Caller {
            principal: principal.clone(),
            tenant: seen.tenant,
            user: seen.user,
        })
    }

    pub(super) fn remember(&self, caller: &Caller) {
        let mut all = lock(&self.seen);
        if all.len() >= MAX_REMEMBERED {
            all.retain(|_, seen| seen.at.elapsed() < LOOKED_UP_FOR);
        }
        if all.len() >= MAX_REMEMBERED {
            return;
        }
        let seen = Seen {
            tenant: caller.tenant,
            user: caller.user,
            name: caller.principal.name.clone(),
            at: Instant::now(),
        };
        all.insert(who(&caller.principal), seen);
    }
}

fn who(principal: &Principal) -> Who {
    (
        principal.tenant.clone(),
        principal.issuer.clone(),
        principal.subject.clone(),
    )
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Seconds since 1970. A clock before that lets no token pass.
fn now() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| i64::try_from(since.as_secs()).ok())
        .unwrap_or(i64::MAX)
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("issuer", &self.issuer)
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}
