//! Users: who did what. Bound to issuer and subject, never to a name that can change.

use diesel::prelude::*;

use super::accounts::Account;
use super::conn::{Conn, on};
use super::error::{StoreError, storable};
use super::schema::users;
use crate::id::{AccountId, TenantId, UserId};
use crate::time::Millis;

/// A person or a program.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
pub struct User {
    /// The tenant.
    pub tenant_id: TenantId,
    /// Its id.
    pub id: UserId,
    /// Who issued its tokens.
    pub issuer: String,
    /// How the issuer calls it.
    pub subject: String,
    /// A name for people, if there is one.
    pub display_name: Option<String>,
    /// When it was first seen.
    pub created_at: Millis,
    /// When it was last seen.
    pub seen_at: Millis,
    /// The account, unless it was last seen before there were accounts.
    pub account_id: Option<AccountId>,
}

/// The user behind a token, made at the first sight; its name and the time are kept up to date.
///
/// # Errors
/// [`StoreError::Nul`], [`StoreError::Database`].
pub fn seen(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    issuer: &str,
    subject: &str,
    display_name: Option<&str>,
) -> Result<User, StoreError> {
    for (what, text) in [("issuer", issuer), ("subject", subject)] {
        storable(what, text)?;
    }
    if let Some(name) = display_name {
        storable("name of the user", name)?;
    }
    let now = conn.now()?;
    on!(conn, c => diesel::insert_into(users::table)
        .values((
            users::tenant_id.eq(tenant.to_string()),
            users::id.eq(UserId::generate().to_string()),
            users::issuer.eq(issuer),
            users::subject.eq(subject),
            users::display_name.eq(display_name),
            users::created_at.eq(now.0),
            users::seen_at.eq(now.0),
        ))
        .on_conflict((users::tenant_id, users::issuer, users::subject))
        .do_update()
        .set((
            users::display_name.eq(display_name),
            users::seen_at.eq(now.0),
        ))
        .returning(User::as_returning())
        .get_result(c))
    .map_err(StoreError::from)
}

/// The user that an account is in a tenant, made at the first sight; its name and the time are kept up to
/// date. A user of the same issuer and subject from before there were accounts becomes that of the account.
///
/// # Errors
/// [`StoreError::Exists`] if the subject is the user of another account; [`StoreError::Nul`],
/// [`StoreError::Database`].
pub fn of_account(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    account: &Account,
    (issuer, subject): (&str, &str),
) -> Result<User, StoreError> {
    let known = by_account(conn, tenant, account.id)?;
    let user = match known {
        Some(user) => user,
        None => seen(
            conn,
            tenant,
            issuer,
            subject,
            account.display_name.as_deref(),
        )?,
    };
    if user.account_id.is_some_and(|owner| owner != account.id) {
        return Err(StoreError::Exists { what: "user" });
    }
    let now = conn.now()?;
    on!(conn, c => diesel::update(users::table)
        .filter(users::tenant_id.eq(tenant.to_string()))
        .filter(users::id.eq(user.id.to_string()))
        .set((
            users::account_id.eq(account.id.to_string()),
            users::display_name.eq(account.display_name.as_deref()),
            users::seen_at.eq(now.0),
        ))
        .returning(User::as_returning())
        .get_result(c))
    .map_err(StoreError::from)
}

fn by_account(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    account: AccountId,
) -> Result<Option<User>, StoreError> {
    Ok(on!(conn, c => users::table
        .filter(users::tenant_id.eq(tenant.to_string()))
        .filter(users::account_id.eq(account.to_string()))
        .select(User::as_select())
        .first(c)
        .optional())?)
}

/// One user of the tenant.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::Database`].
pub fn find(conn: &mut Conn<'_>, tenant: TenantId, id: UserId) -> Result<User, StoreError> {
    on!(conn, c => users::table
        .filter(users::tenant_id.eq(tenant.to_string()))
        .filter(users::id.eq(id.to_string()))
        .select(User::as_select())
        .first(c)
        .optional())?
    .ok_or_else(|| StoreError::not_found(UserId::WHAT, &id))
}
