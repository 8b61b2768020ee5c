//! Local mode: this installation's own issuer, its start codes, and the sessions that were ended.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Mutex;

use aimapper_core::auth::{
    LocalError, LocalIssuer, Refusal, Role, Session, SessionLimits, StartCodes, Verified,
};

use super::identity::lock;

/// Subject of the one person of local mode.
const SUBJECT: &str = "local";

/// A session is renewed at the first request after so many seconds.
const RENEWED_AFTER: i64 = 60;

/// Issuer, start codes and ended sessions.
pub(super) struct Local {
    issuer: LocalIssuer,
    codes: StartCodes,
    /// Sessions that were ended by their owners, until they would end by themselves.
    ended: Mutex<HashMap<String, i64>>,
}

impl Local {
    pub(super) fn open(key_dir: &Path) -> Result<Self, LocalError> {
        Ok(Self {
            issuer: LocalIssuer::open(key_dir)?,
            codes: StartCodes::default(),
            ended: Mutex::default(),
        })
    }

    pub(super) fn new_code(&self, role: Role, now: i64) -> Result<String, LocalError> {
        self.codes.make(role, now)
    }

    /// Takes a start code; gives the token of the session.
    pub(super) fn redeem(
        &self,
        code: &str,
        limits: SessionLimits,
        now: i64,
    ) -> Result<Option<String>, LocalError> {
        self.codes
            .redeem(code, now)
            .map(|role| self.issuer.begin_session(SUBJECT, role, limits, now))
            .transpose()
    }

    pub(super) fn access(&self, token: &str, now: i64) -> Result<Verified, Refusal> {
        self.issuer.verify_access(token, now)
    }

    pub(super) fn session(
        &self,
        token: &str,
        limits: SessionLimits,
        now: i64,
    ) -> Result<Session, Refusal> {
        let session = self.issuer.verify_session(token, limits, now)?;
        if self.has_ended(&session.id) {
            return Err(Refusal::Ended);
        }
        Ok(session)
    }

    /// A new token for a session that is no longer quite fresh.
    pub(super) fn renewed(
        &self,
        session: &Session,
        limits: SessionLimits,
        now: i64,
    ) -> Option<String> {
        let age = now.saturating_sub(session.issued_at);
        if age < RENEWED_AFTER.min(limits.idle_seconds / 4) || self.has_ended(&session.id) {
            return None;
        }
        self.issuer.renew_session(session, limits, now).ok()
    }

    /// How its tokens name it.
    pub(super) fn name(&self) -> &str {
        self.issuer.name()
    }

    pub(super) fn has_ended(&self, session: &str) -> bool {
        lock(&self.ended).contains_key(session)
    }

    /// Ends a session: none of its tokens is taken any more.
    pub(super) fn end(&self, session: &Session, limits: SessionLimits, now: i64) {
        let until = session.started_at.saturating_add(limits.absolute_seconds);
        let mut ended = lock(&self.ended);
        ended.retain(|_, until| *until > now);
        ended.insert(session.id.clone(), until);
    }

    pub(super) const fn csrf_key(&self) -> &[u8; 32] {
        self.issuer.csrf_key()
    }
}
