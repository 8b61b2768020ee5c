//! Tokens that do not count any more, though they have not ended.

use diesel::prelude::*;

use super::conn::{Conn, on};
use super::error::{StoreError, storable};
use super::schema::revocations;

const SID: &str = "sid";
const SUB: &str = "sub";
const JTI: &str = "jti";

/// Who brings a token, as far as its end is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bearer<'a> {
    /// Who issued it.
    pub issuer: &'a str,
    /// `sub`.
    pub sub: &'a str,
    /// `sid`.
    pub sid: Option<&'a str>,
    /// `iat`, in seconds since 1970.
    pub issued_at: i64,
}

/// Takes a logout token, once. Says whether this was the first time.
///
/// # Errors
/// [`StoreError::Nul`], [`StoreError::Database`].
pub fn take_notice(
    conn: &mut Conn<'_>,
    issuer: &str,
    token_id: &str,
    until_seconds: i64,
) -> Result<bool, StoreError> {
    let now = conn.now()?;
    on!(conn, c => diesel::delete(revocations::table)
        .filter(revocations::until.lt(now.0))
        .execute(c))?;
    put(conn, issuer, (JTI, token_id), (0, until_seconds)).map(|added| added == 1)
}

/// No token of a session counts, until none of them can be good any more.
///
/// # Errors
/// [`StoreError::Nul`], [`StoreError::Database`].
pub fn revoke_session(
    conn: &mut Conn<'_>,
    issuer: &str,
    sid: &str,
    until_seconds: i64,
) -> Result<(), StoreError> {
    put(conn, issuer, (SID, sid), (0, until_seconds)).map(drop)
}

/// No token of a subject that was issued up to a time (in seconds since 1970) counts.
///
/// # Errors
/// [`StoreError::Nul`], [`StoreError::Database`].
pub fn revoke_subject(
    conn: &mut Conn<'_>,
    issuer: &str,
    sub: &str,
    at: i64,
    until_seconds: i64,
) -> Result<(), StoreError> {
    if put(conn, issuer, (SUB, sub), (at, until_seconds))? == 1 {
        return Ok(());
    }
    on!(conn, c => diesel::update(revocations::table)
        .filter(revocations::issuer.eq(issuer))
        .filter(revocations::what.eq(SUB))
        .filter(revocations::name.eq(sub))
        .filter(revocations::at.lt(at))
        .set((
            revocations::at.eq(at),
            revocations::until.eq(until_seconds.saturating_mul(1_000)),
        ))
        .execute(c))?;
    Ok(())
}

/// Whether a token counts no more.
///
/// # Errors
/// [`StoreError::Database`].
pub fn hold(conn: &mut Conn<'_>, bearer: Bearer<'_>) -> Result<bool, StoreError> {
    let by_subject = revocations::what
        .eq(SUB)
        .and(revocations::name.eq(bearer.sub))
        .and(revocations::at.ge(bearer.issued_at));
    let by_session = revocations::what
        .eq(SID)
        .and(revocations::name.eq(bearer.sid.unwrap_or_default()));
    let found: i64 = on!(conn, c => revocations::table
        .filter(revocations::issuer.eq(bearer.issuer))
        .filter(by_subject.or(by_session))
        .count()
        .get_result(c))?;
    Ok(found > 0)
}

fn put(
    conn: &mut Conn<'_>,
    issuer: &str,
    (what, name): (&str, &str),
    (at, until_seconds): (i64, i64),
) -> Result<usize, StoreError> {
    let name = storable("name of a session", name)?;
    Ok(on!(conn, c => diesel::insert_into(revocations::table)
        .values((
            revocations::issuer.eq(issuer),
            revocations::what.eq(what),
            revocations::name.eq(name),
            revocations::at.eq(at),
            revocations::until.eq(until_seconds.saturating_mul(1_000)),
        ))
        .on_conflict_do_nothing()
        .execute(c))?)
}
