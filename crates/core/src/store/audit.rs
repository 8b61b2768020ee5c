//! Who came, went, was let in or not. Rows are added and never changed. No tokens, no addresses, no names.

use diesel::prelude::*;

use super::conn::{Conn, on};
use super::error::StoreError;
use super::schema::audit;
use crate::id::{AccountId, AuditId};

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// Somebody was seen for the first time.
    AccountMade,
    /// Somebody signed in.
    SignedIn,
    /// Somebody was not let in.
    SignInRefused,
    /// Somebody signed out here.
    SignedOut,
    /// The provider said that a session has ended.
    SignedOutAtProvider,
    /// The provider renewed a session no more.
    SessionEnded,
    /// An identity was added to an account.
    IdentityLinked,
    /// An identity was taken away from an account.
    IdentityUnlinked,
    /// An identity is found by another claim from now on.
    IdentityRelinked,
    /// An account may come in no more.
    AccountDisabled,
    /// It may again.
    AccountEnabled,
}

impl Event {
    /// How the table writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AccountMade => "account_made",
            Self::SignedIn => "signed_in",
            Self::SignInRefused => "sign_in_refused",
            Self::SignedOut => "signed_out",
            Self::SignedOutAtProvider => "signed_out_at_provider",
            Self::SessionEnded => "session_ended",
            Self::IdentityLinked => "identity_linked",
            Self::IdentityUnlinked => "identity_unlinked",
            Self::IdentityRelinked => "identity_relinked",
            Self::AccountDisabled => "account_disabled",
            Self::AccountEnabled => "account_enabled",
        }
    }
}

/// Adds a row. The reason is a stable word of ours, nothing that somebody sent.
///
/// # Errors
/// [`StoreError::Database`].
pub fn add(
    conn: &mut Conn<'_>,
    event: Event,
    (account, issuer): (Option<AccountId>, Option<&str>),
    reason: Option<&str>,
) -> Result<(), StoreError> {
    let now = conn.now()?;
    on!(conn, c => diesel::insert_into(audit::table)
        .values((
            audit::id.eq(AuditId::generate().to_string()),
            audit::at.eq(now.0),
            audit::event.eq(event.name()),
            audit::account_id.eq(account.map(|id| id.to_string())),
            audit::issuer.eq(issuer),
            audit::reason.eq(reason),
        ))
        .execute(c))?;
    Ok(())
}

/// What happened to an account, the oldest first: event and reason.
///
/// # Errors
/// [`StoreError::Database`].
pub fn of_account(
    conn: &mut Conn<'_>,
    account: AccountId,
) -> Result<Vec<(String, Option<String>)>, StoreError> {
    Ok(on!(conn, c => audit::table
        .filter(audit::account_id.eq(account.to_string()))
        .order((audit::at, audit::id))
        .select((audit::event, audit::reason))
        .load(c))?)
}
