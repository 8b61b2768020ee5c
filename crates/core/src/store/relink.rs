//! From accounts that are found by a name that can change hands to accounts that are found by `sub`.

use diesel::prelude::*;

use super::accounts::IdentityRow;
use super::audit::{self, Event};
use super::conn::{Conn, on};
use super::error::StoreError;
use super::schema::{identities, users};
use crate::id::AccountId;

/// What becomes of one identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is found by `sub` from now on.
    Relinked,
    /// Another account is found by that `sub` already, so a person has to decide.
    Taken(AccountId),
    /// Two names were last seen with the same `sub`.
    Ambiguous,
}

/// One identity and what becomes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relink {
    /// The identity as it was.
    pub identity: IdentityRow,
    /// What becomes of it.
    pub fate: Fate,
}

/// Lets all identities that are found by this claim (`username`, `email`) be found by `sub`, as it was at the
/// last sight, unless that is not clear. Without `apply` it only says what would become of them.
///
/// # Errors
/// [`StoreError::Database`].
pub fn from_claim(
    conn: &mut Conn<'_>,
    claim: &str,
    apply: bool,
) -> Result<Vec<Relink>, StoreError> {
    let all: Vec<IdentityRow> = on!(conn, c => identities::table
        .filter(identities::id_key.eq(claim))
        .order((identities::issuer, identities::subject))
        .select(IdentityRow::as_select())
        .load(c))?;
    let mut relinks = Vec::with_capacity(all.len());
    for identity in &all {
        let same =
            |other: &&IdentityRow| other.issuer == identity.issuer && other.sub == identity.sub;
        let fate = if all.iter().filter(same).count() > 1 {
            Fate::Ambiguous
        } else {
            owner(conn, identity)?.map_or(Fate::Relinked, Fate::Taken)
        };
        if apply && fate == Fate::Relinked {
            relink(conn, identity)?;
        }
        relinks.push(Relink {
            identity: identity.clone(),
            fate,
        });
    }
    Ok(relinks)
}

/// Whose the `sub` is already.
fn owner(conn: &mut Conn<'_>, identity: &IdentityRow) -> Result<Option<AccountId>, StoreError> {
    Ok(on!(conn, c => identities::table
        .filter(identities::issuer.eq(&identity.issuer))
        .filter(identities::id_key.eq("sub"))
        .filter(identities::subject.eq(&identity.sub))
        .filter(identities::id.ne(identity.id.to_string()))
        .select(identities::account_id)
        .first(c)
        .optional())?)
}

fn relink(conn: &mut Conn<'_>, identity: &IdentityRow) -> Result<(), StoreError> {
    on!(conn, c => diesel::update(identities::table)
        .filter(identities::id.eq(identity.id.to_string()))
        .set((
            identities::subject.eq(&identity.sub),
            identities::id_key.eq("sub"),
        ))
        .execute(c))?;
    // The next one who gets the name is not to be taken for this one in any tenant.
    on!(conn, c => diesel::update(users::table)
        .filter(users::account_id.eq(identity.account_id.to_string()))
        .filter(users::issuer.eq(&identity.issuer))
        .filter(users::subject.eq(&identity.subject))
        .set(users::subject.eq(&identity.sub))
        .execute(c))?;
    let who = (Some(identity.account_id), Some(identity.issuer.as_str()));
    audit::add(conn, Event::IdentityRelinked, who, Some("from_name"))
}
