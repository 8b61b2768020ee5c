//! Tickets: each opens one address once, for those who can send no token (links to files, `EventSource`). Of a
//! ticket only its hash is here; what it stands for is what a token said when it was given.

use diesel::prelude::*;

use super::conn::{Conn, on};
use super::error::{StoreError, storable};
use super::schema::tickets;
use crate::id::AccountId;

/// A ticket is used within this time.
pub const TICKET_MS: i64 = 60_000;

/// So many tickets of an account are open at once. A further one takes the place of its oldest.
const OF_ACCOUNT: i64 = 64;

/// A ticket.
#[derive(Debug, Clone, PartialEq, Eq, Insertable, Queryable, Selectable)]
#[diesel(table_name = tickets)]
pub struct Ticket {
    /// Its hash.
    pub hash: String,
    /// Whose it is.
    pub account_id: String,
    /// The address that it opens: path and query.
    pub path: String,
    /// What the token said, as JSON.
    pub principal: String,
    /// The session that it was given to, which has to go on.
    pub session_id: Option<String>,
    /// When it was given.
    pub created_at: i64,
}

/// Gives a ticket at the database's time, and forgets those that are over.
///
/// # Errors
/// [`StoreError::Nul`], [`StoreError::Database`].
pub fn give(conn: &mut Conn<'_>, mut ticket: Ticket) -> Result<(), StoreError> {
    storable("path", &ticket.path)?;
    storable("claims", &ticket.principal)?;
    let now = conn.now()?;
    on!(conn, c => diesel::delete(tickets::table)
        .filter(tickets::created_at.lt(now.plus(-TICKET_MS).0))
        .execute(c))?;
    let over: Vec<String> = on!(conn, c => tickets::table
        .filter(tickets::account_id.eq(&ticket.account_id))
        .order((tickets::created_at.desc(), tickets::hash))
        // SQLite has no offset without a limit.
        .limit(OF_ACCOUNT)
        .offset(OF_ACCOUNT - 1)
        .select(tickets::hash)
        .load(c))?;
    on!(conn, c => diesel::delete(tickets::table)
        .filter(tickets::hash.eq_any(&over))
        .execute(c))?;
    ticket.created_at = now.0;
    on!(conn, c => diesel::insert_into(tickets::table)
        .values(&ticket)
        .execute(c))?;
    Ok(())
}

/// Takes a ticket, which is gone then, whatever becomes of it. Says whether it is still in time.
///
/// # Errors
/// [`StoreError::Database`].
pub fn take(conn: &mut Conn<'_>, hash: &str) -> Result<Option<(Ticket, bool)>, StoreError> {
    let now = conn.now()?;
    let found: Option<Ticket> = on!(conn, c => diesel::delete(tickets::table)
        .filter(tickets::hash.eq(hash))
        .returning(Ticket::as_returning())
        .get_result(c)
        .optional())?;
    Ok(found.map(|ticket| {
        let age = now.0.saturating_sub(ticket.created_at);
        (ticket, age < TICKET_MS)
    }))
}

/// Takes all tickets of an account away.
///
/// # Errors
/// [`StoreError::Database`].
pub(super) fn forget(conn: &mut Conn<'_>, account: AccountId) -> Result<(), StoreError> {
    on!(conn, c => diesel::delete(tickets::table)
        .filter(tickets::account_id.eq(account.to_string()))
        .execute(c))?;
    Ok(())
}
