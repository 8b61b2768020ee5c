//! Accounts: people and programs, and by what issuers know them. Found by issuer and subject; nobody gets the
//! account of another because of a name.

use diesel::prelude::*;

use super::audit::{self, Event};
use super::conn::{Conn, on};
use super::error::{StoreError, storable};
use super::schema::{accounts, identities, sessions};
use super::sessions::SessionRow;
use super::tickets;
use crate::id::{AccountId, IdentityId};
use crate::time::Millis;

/// A person or a program.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// `person` or `program`.
    pub kind: String,
    /// A name for people to tell accounts apart; unique here, and not that of the issuer.
    pub username: String,
    /// A name for people, if there is one.
    pub display_name: Option<String>,
    /// A verified address, if there is one.
    pub email: Option<String>,
    /// Whether it may come in.
    pub active: bool,
    /// When it was first seen.
    pub created_at: Millis,
    /// When it was last seen.
    pub seen_at: Millis,
}

/// How an account is known to an issuer.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = identities)]
pub struct IdentityRow {
    /// Its id.
    pub id: IdentityId,
    /// The issuer.
    pub issuer: String,
    /// What the account is found by.
    pub subject: String,
    /// The account.
    pub account_id: AccountId,
    /// Which claim `subject` is: `sub`, `username` or `email`.
    pub id_key: String,
    /// `sub` at the last sight.
    pub sub: String,
}

/// Who was seen, as a verified token says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sight<'a> {
    /// The issuer.
    pub issuer: &'a str,
    /// What the account is found by.
    pub subject: &'a str,
    /// Which claim that is.
    pub id_key: &'a str,
    /// `sub`.
    pub sub: &'a str,
    /// `person` or `program`.
    pub kind: &'a str,
    /// The name to sign in by.
    pub username: Option<&'a str>,
    /// A name for people.
    pub display_name: Option<&'a str>,
    /// A verified address.
    pub email: Option<&'a str>,
    /// Whether the one account with that address is taken, if the identity is not known.
    pub links_by_email: bool,
}

/// The account of a verified token, made at the first sight; names and times are kept up to date. Of two
/// first sights at once, both get the same.
///
/// # Errors
/// [`StoreError::Nul`], [`StoreError::Database`].
pub fn seen(conn: &mut Conn<'_>, sight: &Sight<'_>) -> Result<Account, StoreError> {
    for (what, text) in [
        ("issuer", Some(sight.issuer)),
        ("subject", Some(sight.subject)),
        ("name of the user", sight.display_name),
        ("name of the user", sight.username),
        ("e-mail address", sight.email),
    ] {
        storable(what, text.unwrap_or_default())?;
    }
    if let Some(known) = identity(conn, sight)? {
        return refreshed(conn, &known, sight);
    }
    if let Some(linked) = by_email(conn, sight)? {
        if add_identity(conn, linked, sight)? {
            audit::add(
                conn,
                Event::IdentityLinked,
                (Some(linked), Some(sight.issuer)),
                Some("verified_email"),
            )?;
        }
        return find(conn, linked);
    }
    let account = make(conn, sight)?;
    if add_identity(conn, account, sight)? {
        let who = (Some(account), Some(sight.issuer));
        audit::add(conn, Event::AccountMade, who, None)?;
        return find(conn, account);
    }
    // Somebody else saw it first, at the same time.
    on!(conn, c => diesel::delete(accounts::table)
        .filter(accounts::id.eq(account.to_string()))
        .execute(c))?;
    let known = identity(conn, sight)?
        .ok_or_else(|| StoreError::not_found(IdentityId::WHAT, &"of this subject"))?;
    find(conn, known.account_id)
}

/// One account.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::Database`].
pub fn find(conn: &mut Conn<'_>, id: AccountId) -> Result<Account, StoreError> {
    on!(conn, c => accounts::table
        .filter(accounts::id.eq(id.to_string()))
        .select(Account::as_select())
        .first(c)
        .optional())?
    .ok_or_else(|| StoreError::not_found(AccountId::WHAT, &id))
}

/// All accounts, in the order in which they were made.
///
/// # Errors
/// [`StoreError::Database`].
pub fn all(conn: &mut Conn<'_>) -> Result<Vec<Account>, StoreError> {
    Ok(on!(conn, c => accounts::table
        .order(accounts::id)
        .select(Account::as_select())
        .load(c))?)
}

/// The identities of an account, the oldest first.
///
/// # Errors
/// [`StoreError::Database`].
pub fn identities_of(
    conn: &mut Conn<'_>,
    account: AccountId,
) -> Result<Vec<IdentityRow>, StoreError> {
    Ok(on!(conn, c => identities::table
        .filter(identities::account_id.eq(account.to_string()))
        .order(identities::id)
        .select(IdentityRow::as_select())
        .load(c))?)
}

/// Adds an identity to an account, whose owner showed both. Says whether it is new, or whose it is if it is
/// another's.
///
/// # Errors
/// [`StoreError::Nul`], [`StoreError::Database`].
pub fn link(
    conn: &mut Conn<'_>,
    account: AccountId,
    sight: &Sight<'_>,
) -> Result<Result<bool, AccountId>, StoreError> {
    storable("subject", sight.subject)?;
    if add_identity(conn, account, sight)? {
        let who = (Some(account), Some(sight.issuer));
        audit::add(conn, Event::IdentityLinked, who, Some("by_owner"))?;
        return Ok(Ok(true));
    }
    let owner = identity(conn, sight)?.map(|known| known.account_id);
    Ok(match owner {
        Some(owner) if owner != account => Err(owner),
        Some(_) | None => Ok(false),
    })
}

/// Takes an identity away from an account, with the sessions that came by it, which it gives. The last one
/// stays: then it gives nothing.
///
/// # Errors
/// [`StoreError::NotFound`] if the account has no such identity, [`StoreError::Database`].
pub fn unlink(
    conn: &mut Conn<'_>,
    account: AccountId,
    identity: IdentityId,
) -> Result<Option<Vec<SessionRow>>, StoreError> {
    let all = identities_of(conn, account)?;
    let Some(gone) = all.iter().find(|known| known.id == identity) else {
        return Err(StoreError::not_found(IdentityId::WHAT, &identity));
    };
    if all.len() == 1 {
        return Ok(None);
    }
    on!(conn, c => diesel::delete(identities::table)
        .filter(identities::id.eq(identity.to_string()))
        .execute(c))?;
    let ended = on!(conn, c => diesel::delete(sessions::table)
        .filter(sessions::account_id.eq(account.to_string()))
        .filter(sessions::issuer.eq(&gone.issuer))
        .filter(sessions::sub.eq(&gone.sub))
        .returning(SessionRow::as_returning())
        .get_results(c))?;
    let who = (Some(account), Some(gone.issuer.as_str()));
    audit::add(conn, Event::IdentityUnlinked, who, None)?;
    Ok(Some(ended))
}

/// Lets an account in, or no more; its sessions end then.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::Database`].
pub fn set_active(conn: &mut Conn<'_>, account: AccountId, active: bool) -> Result<(), StoreError> {
    let changed = on!(conn, c => diesel::update(accounts::table)
        .filter(accounts::id.eq(account.to_string()))
        .set(accounts::active.eq(active))
        .execute(c))?;
    if changed == 0 {
        return Err(StoreError::not_found(AccountId::WHAT, &account));
    }
    let event = if active {
        Event::AccountEnabled
    } else {
        on!(conn, c => diesel::delete(sessions::table)
            .filter(sessions::account_id.eq(account.to_string()))
            .execute(c))?;
        tickets::forget(conn, account)?;
        Event::AccountDisabled
    };
    audit::add(conn, event, (Some(account), None), None)
}

/// A name is no `sub`, even if somebody chose one that looks like it.
fn identity(conn: &mut Conn<'_>, sight: &Sight<'_>) -> Result<Option<IdentityRow>, StoreError> {
    Ok(on!(conn, c => identities::table
        .filter(identities::issuer.eq(sight.issuer))
        .filter(identities::id_key.eq(sight.id_key))
        .filter(identities::subject.eq(sight.subject))
        .select(IdentityRow::as_select())
        .first(c)
        .optional())?)
}

fn refreshed(
    conn: &mut Conn<'_>,
    known: &IdentityRow,
    sight: &Sight<'_>,
) -> Result<Account, StoreError> {
    let now = conn.now()?;
    on!(conn, c => diesel::update(identities::table)
        .filter(identities::id.eq(known.id.to_string()))
        .set((identities::seen_at.eq(now.0), identities::sub.eq(sight.sub)))
        .execute(c))?;
    on!(conn, c => diesel::update(accounts::table)
        .filter(accounts::id.eq(known.account_id.to_string()))
        .set((
            accounts::seen_at.eq(now.0),
            accounts::display_name.eq(sight.display_name),
            accounts::email.eq(sight.email),
        ))
        .returning(Account::as_returning())
        .get_result(c))
    .map_err(StoreError::from)
}

/// The one active account with the same verified address, where that is asked for.
fn by_email(conn: &mut Conn<'_>, sight: &Sight<'_>) -> Result<Option<AccountId>, StoreError> {
    let Some(email) = sight.email.filter(|_| sight.links_by_email) else {
        return Ok(None);
    };
    let found: Vec<AccountId> = on!(conn, c => accounts::table
        .filter(accounts::email.eq(email))
        .filter(accounts::active.eq(true))
        .limit(2)
        .select(accounts::id)
        .load(c))?;
    Ok(match found.as_slice() {
        [one] => Some(*one),
        _ => None,
    })
}

/// Says whether it was added; it was not if it is somebody's already.
fn add_identity(
    conn: &mut Conn<'_>,
    account: AccountId,
    sight: &Sight<'_>,
) -> Result<bool, StoreError> {
    let now = conn.now()?;
    let added = on!(conn, c => diesel::insert_into(identities::table)
        .values((
            identities::id.eq(IdentityId::generate().to_string()),
            identities::issuer.eq(sight.issuer),
            identities::subject.eq(sight.subject),
            identities::account_id.eq(account.to_string()),
            identities::id_key.eq(sight.id_key),
            identities::sub.eq(sight.sub),
            identities::created_at.eq(now.0),
            identities::seen_at.eq(now.0),
        ))
        .on_conflict_do_nothing()
        .execute(c))?;
    Ok(added == 1)
}

/// A new account. If its name is taken by another, it gets a longer one, and never the account.
fn make(conn: &mut Conn<'_>, sight: &Sight<'_>) -> Result<AccountId, StoreError> {
    let id = AccountId::generate();
    let name = sight.username.or(sight.display_name);
    let name = name.unwrap_or(sight.kind);
    let text = id.to_string();
    // The last digits are random; the first are a time.
    let random = text.get(text.len() - 12..).unwrap_or_default();
    for username in [name.to_owned(), format!("{name}-{random}")] {
        let now = conn.now()?;
        let made = on!(conn, c => diesel::insert_into(accounts::table)
            .values((
                accounts::id.eq(&text),
                accounts::kind.eq(sight.kind),
                accounts::username.eq(username),
                accounts::display_name.eq(sight.display_name),
                accounts::email.eq(sight.email),
                accounts::active.eq(true),
                accounts::created_at.eq(now.0),
                accounts::seen_at.eq(now.0),
            ))
            .on_conflict_do_nothing()
            .execute(c))?;
        if made == 1 {
            return Ok(id);
        }
    }
    Err(StoreError::Exists { what: "account" })
}
