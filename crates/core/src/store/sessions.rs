//! Sessions of browsers, and browsers that were sent to the provider. Of what a browser holds only hashes are
//! here.

use diesel::prelude::*;

use super::conn::{Conn, on};
use super::error::{StoreError, storable};
use super::schema::{login_attempts, sessions};
use crate::id::AccountId;
use crate::time::Millis;

/// A browser that is away for longer than this is not expected back.
pub const ATTEMPT_MS: i64 = 600_000;

/// So many browsers may be away at once.
pub const ATTEMPTS: i64 = 20_000;

/// So many attempts of one browser are open at once: its tabs. A further one takes the place of its oldest.
const ATTEMPTS_OF_BROWSER: i64 = 16;

/// An attempt that is not older is in nobody's way: whoever sends many cannot push out those who are at the
/// provider's page just now.
const ATTEMPT_KEPT_MS: i64 = 60_000;

/// A browser that was sent to the provider.
#[derive(Debug, Clone, PartialEq, Eq, Insertable, Queryable, Selectable)]
#[diesel(table_name = login_attempts)]
pub struct Attempt {
    /// Hash of `state`.
    pub state_hash: String,
    /// Hash of what the browser shows when it comes back.
    pub browser_hash: String,
    /// What the ID token has to repeat.
    pub nonce: String,
    /// The proof for the code (RFC 7636).
    pub pkce_verifier: String,
    /// Where the browser wants to go.
    pub next: String,
    /// The account that another identity is to be added to.
    pub account_id: Option<String>,
    /// When it was sent away.
    pub created_at: i64,
}

/// Writes down an attempt, and forgets those that are over. Of so many at most, the oldest makes room, if it is
/// not a young one; says whether there was room.
///
/// # Errors
/// [`StoreError::Database`].
pub fn begin_attempt(
    conn: &mut Conn<'_>,
    mut attempt: Attempt,
    most: i64,
) -> Result<bool, StoreError> {
    let now = conn.now()?;
    on!(conn, c => diesel::delete(login_attempts::table)
        .filter(login_attempts::created_at.lt(now.plus(-ATTEMPT_MS).0))
        .execute(c))?;
    forget_tabs(conn, &attempt.browser_hash)?;
    let open: i64 = on!(conn, c => login_attempts::table.count().get_result(c))?;
    if open >= most && !push_out(conn, now)? {
        return Ok(false);
    }
    attempt.created_at = now.0;
    on!(conn, c => diesel::insert_into(login_attempts::table)
        .values(&attempt)
        .execute(c))?;
    Ok(true)
}

/// Makes room for one more attempt of a browser.
fn forget_tabs(conn: &mut Conn<'_>, browser_hash: &str) -> Result<(), StoreError> {
    let over: Vec<String> = on!(conn, c => login_attempts::table
        .filter(login_attempts::browser_hash.eq(browser_hash))
        .order((login_attempts::created_at.desc(), login_attempts::state_hash))
        // SQLite has no offset without a limit.
        .limit(ATTEMPTS)
        .offset(ATTEMPTS_OF_BROWSER - 1)
        .select(login_attempts::state_hash)
        .load(c))?;
    on!(conn, c => diesel::delete(login_attempts::table)
        .filter(login_attempts::state_hash.eq_any(&over))
        .execute(c))?;
    Ok(())
}

/// Forgets the oldest attempt, unless it is a young one.
fn push_out(conn: &mut Conn<'_>, now: Millis) -> Result<bool, StoreError> {
    let oldest: Option<String> = on!(conn, c => login_attempts::table
        .filter(login_attempts::created_at.le(now.plus(-ATTEMPT_KEPT_MS).0))
        .order(login_attempts::created_at)
        .select(login_attempts::state_hash)
        .first(c)
        .optional())?;
    let Some(oldest) = oldest else {
        return Ok(false);
    };
    on!(conn, c => diesel::delete(login_attempts::table)
        .filter(login_attempts::state_hash.eq(oldest))
        .execute(c))?;
    Ok(true)
}

/// Takes an attempt, which is gone then: it can be ended once. Says whether it is still in time.
///
/// # Errors
/// [`StoreError::Database`].
pub fn take_attempt(
    conn: &mut Conn<'_>,
    state_hash: &str,
) -> Result<Option<(Attempt, bool)>, StoreError> {
    let now = conn.now()?;
    let found: Option<Attempt> = on!(conn, c => diesel::delete(login_attempts::table)
        .filter(login_attempts::state_hash.eq(state_hash))
        .returning(Attempt::as_returning())
        .get_result(c)
        .optional())?;
    Ok(found.map(|attempt| {
        let is_in_time = now.0 - attempt.created_at <= ATTEMPT_MS;
        (attempt, is_in_time)
    }))
}

/// A session of a browser.
#[derive(Debug, Clone, PartialEq, Eq, Insertable, Queryable, Selectable)]
#[diesel(table_name = sessions)]
pub struct SessionRow {
    /// Hash of the cookie.
    pub hash: String,
    /// Whose it is.
    pub account_id: String,
    /// The provider.
    pub issuer: String,
    /// How the provider calls the person.
    pub sub: String,
    /// How the provider calls the session.
    pub sid: Option<String>,
    /// What the last access token said, as JSON.
    pub principal: String,
    /// The provider's tokens, sealed.
    pub sealed: String,
    /// When the provider is to be asked again.
    pub renew_at: i64,
    /// Until when somebody is at it.
    pub renewing_until: i64,
    /// When it began.
    pub created_at: i64,
    /// When it was last used, to the minute.
    pub seen_at: i64,
}

/// Begins a session at the database's time, and forgets those that are over.
///
/// # Errors
/// [`StoreError::Nul`], [`StoreError::Database`].
pub fn begin(
    conn: &mut Conn<'_>,
    mut session: SessionRow,
    absolute_ms: i64,
) -> Result<(), StoreError> {
    if let Some(sid) = &session.sid {
        storable("name of a session", sid)?;
    }
    storable("claims", &session.principal)?;
    let now = conn.now()?;
    on!(conn, c => diesel::delete(sessions::table)
        .filter(sessions::created_at.lt(now.plus(-absolute_ms).0))
        .execute(c))?;
    (session.created_at, session.seen_at) = (now.0, now.0);
    on!(conn, c => diesel::insert_into(sessions::table)
        .values(&session)
        .execute(c))?;
    Ok(())
}

/// A session and the time, if there is one of this hash.
///
/// # Errors
/// [`StoreError::Database`].
pub fn find(conn: &mut Conn<'_>, hash: &str) -> Result<Option<(SessionRow, Millis)>, StoreError> {
    let found = on!(conn, c => sessions::table
        .filter(sessions::hash.eq(hash))
        .select(SessionRow::as_select())
        .first(c)
        .optional())?;
    let now = conn.now()?;
    Ok(found.map(|session| (session, now)))
}

/// Writes down that it was used.
///
/// # Errors
/// [`StoreError::Database`].
pub fn touch(conn: &mut Conn<'_>, hash: &str) -> Result<(), StoreError> {
    let now = conn.now()?;
    on!(conn, c => diesel::update(sessions::table)
        .filter(sessions::hash.eq(hash))
        .set(sessions::seen_at.eq(now.0))
        .execute(c))?;
    Ok(())
}

/// Takes the right to renew a session, if nobody has it and nobody used it since it was read. It is a lock
/// on the row that outlives the statement: the provider is asked outside of any transaction. After so long
/// another may.
///
/// # Errors
/// [`StoreError::Database`].
pub fn take_renewal(
    conn: &mut Conn<'_>,
    session: &SessionRow,
    milliseconds: i64,
) -> Result<bool, StoreError> {
    let now = conn.now()?;
    let taken = on!(conn, c => diesel::update(sessions::table)
        .filter(sessions::hash.eq(&session.hash))
        .filter(sessions::renew_at.eq(session.renew_at))
        .filter(sessions::renewing_until.le(now.0))
        .set(sessions::renewing_until.eq(now.plus(milliseconds).0))
        .execute(c))?;
    Ok(taken == 1)
}

/// What a renewal brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renewal<'a> {
    /// What the new access token says, as JSON.
    pub principal: &'a str,
    /// The new tokens, sealed.
    pub sealed: &'a str,
    /// When to ask again, by the database's clock.
    pub renew_at: i64,
}

/// Ends a renewal.
///
/// # Errors
/// [`StoreError::Nul`], [`StoreError::Database`].
pub fn renewed(conn: &mut Conn<'_>, hash: &str, renewal: &Renewal<'_>) -> Result<(), StoreError> {
    let principal = storable("claims", renewal.principal)?;
    on!(conn, c => diesel::update(sessions::table)
        .filter(sessions::hash.eq(hash))
        .set((
            sessions::principal.eq(principal),
            sessions::sealed.eq(renewal.sealed),
            sessions::renew_at.eq(renewal.renew_at),
            sessions::renewing_until.eq(0),
        ))
        .execute(c))?;
    Ok(())
}

/// Gives the right to renew back: the provider could not be asked. Until it is asked again after a time,
/// nobody waits for it.
///
/// # Errors
/// [`StoreError::Database`].
pub fn put_off_renewal(
    conn: &mut Conn<'_>,
    hash: &str,
    milliseconds: i64,
) -> Result<(), StoreError> {
    let now = conn.now()?;
    on!(conn, c => diesel::update(sessions::table)
        .filter(sessions::hash.eq(hash))
        .set((
            sessions::renew_at.eq(now.plus(milliseconds).0),
            sessions::renewing_until.eq(0),
        ))
        .execute(c))?;
    Ok(())
}

/// Ends a session. Gives what it was.
///
/// # Errors
/// [`StoreError::Database`].
pub fn end(conn: &mut Conn<'_>, hash: &str) -> Result<Option<SessionRow>, StoreError> {
    Ok(on!(conn, c => diesel::delete(sessions::table)
        .filter(sessions::hash.eq(hash))
        .returning(SessionRow::as_returning())
        .get_result(c)
        .optional())?)
}

/// Ends a session that the provider ended. Gives whose they were.
///
/// # Errors
/// [`StoreError::Database`].
pub fn end_by_sid(
    conn: &mut Conn<'_>,
    issuer: &str,
    sid: &str,
) -> Result<Vec<AccountId>, StoreError> {
    Ok(on!(conn, c => diesel::delete(sessions::table)
        .filter(sessions::issuer.eq(issuer))
        .filter(sessions::sid.eq(sid))
        .returning(sessions::account_id)
        .get_results(c))?)
}

/// Ends all sessions of a subject that the provider ended. Gives whose they were.
///
/// # Errors
/// [`StoreError::Database`].
pub fn end_by_sub(
    conn: &mut Conn<'_>,
    issuer: &str,
    sub: &str,
) -> Result<Vec<AccountId>, StoreError> {
    Ok(on!(conn, c => diesel::delete(sessions::table)
        .filter(sessions::issuer.eq(issuer))
        .filter(sessions::sub.eq(sub))
        .returning(sessions::account_id)
        .get_results(c))?)
}
