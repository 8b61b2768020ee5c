//! What a tenant decided before, as evidence for its next proposals.

use diesel::prelude::*;

use super::conn::{Conn, on};
use super::error::{StoreError, storable};
use super::mappings::Verdict;
use super::schema::memory_decisions;
use crate::id::{DecisionId, TenantId, UserId};
use crate::time::Millis;

/// The last decision about a column and a field.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = memory_decisions)]
pub struct Remembered {
    /// Its id.
    pub id: DecisionId,
    /// The target, by name: it holds over versions and copies.
    pub target_name: String,
    /// The field.
    pub field: String,
    /// The column's name.
    pub source_column: String,
    /// The file that it was decided for; `None` where an older program did not note it.
    pub source_file: Option<String>,
    /// What was decided.
    pub verdict: Verdict,
    /// The rule, as JSON.
    pub rule: String,
    /// Who.
    pub decided_by: UserId,
    /// When.
    pub decided_at: Millis,
}

/// A decision that is to be remembered.
#[derive(Debug, Clone, Copy)]
pub struct NewMemory<'a> {
    /// The target's name.
    pub target_name: &'a str,
    /// The field.
    pub field: &'a str,
    /// The column's name.
    pub source_column: &'a str,
    /// The file's name.
    pub source_file: &'a str,
    /// What was decided.
    pub verdict: Verdict,
    /// The rule, as JSON.
    pub rule: &'a str,
}

/// Remembers a decision; a later one about the same column and field takes the place of an earlier.
///
/// # Errors
/// [`StoreError::Nul`], [`StoreError::Database`].
pub fn remember(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    by: UserId,
    new: &NewMemory<'_>,
) -> Result<(), StoreError> {
    for (what, text) in [
        ("name of the target", new.target_name),
        ("name of the field", new.field),
        ("name of the column", new.source_column),
        ("name of the file", new.source_file),
        ("rule", new.rule),
    ] {
        storable(what, text)?;
    }
    let now = conn.now()?;
    on!(conn, c => diesel::insert_into(memory_decisions::table)
        .values((
            memory_decisions::tenant_id.eq(tenant.to_string()),
            memory_decisions::id.eq(DecisionId::generate().to_string()),
            memory_decisions::target_name.eq(new.target_name),
            memory_decisions::field.eq(new.field),
            memory_decisions::source_column.eq(new.source_column),
            memory_decisions::source_file.eq(new.source_file),
            memory_decisions::verdict.eq(new.verdict.word()),
            memory_decisions::rule.eq(new.rule),
            memory_decisions::decided_by.eq(by.to_string()),
            memory_decisions::decided_at.eq(now.0),
        ))
        .on_conflict((
            memory_decisions::tenant_id,
            memory_decisions::target_name,
            memory_decisions::field,
            memory_decisions::source_column,
        ))
        .do_update()
        .set((
            memory_decisions::source_file.eq(new.source_file),
            memory_decisions::verdict.eq(new.verdict.word()),
            memory_decisions::rule.eq(new.rule),
            memory_decisions::decided_by.eq(by.to_string()),
            memory_decisions::decided_at.eq(now.0),
        ))
        .execute(c))?;
    Ok(())
}

/// Most decisions that count for one proposal.
const MOST: i64 = 10_000;

/// What is remembered about a target, the newest first; the oldest beyond ten thousand count no more.
///
/// # Errors
/// [`StoreError::Database`].
pub fn about(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    target_name: &str,
) -> Result<Vec<Remembered>, StoreError> {
    Ok(on!(conn, c => memory_decisions::table
        .filter(memory_decisions::tenant_id.eq(tenant.to_string()))
        .filter(memory_decisions::target_name.eq(target_name))
        .order((
            memory_decisions::decided_at.desc(),
            memory_decisions::field,
            memory_decisions::source_column,
        ))
        .limit(MOST)
        .select(Remembered::as_select())
        .load(c))?)
}

/// All that is remembered, newest first, from behind `after` on.
///
/// # Errors
/// [`StoreError::Database`].
pub fn list(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    after: Option<DecisionId>,
    limit: i64,
) -> Result<Vec<Remembered>, StoreError> {
    Ok(on!(conn, c => {
        let mut query = memory_decisions::table
            .filter(memory_decisions::tenant_id.eq(tenant.to_string()))
            .order(memory_decisions::id.desc())
            .limit(limit)
            .select(Remembered::as_select())
            .into_boxed();
        if let Some(after) = after {
            query = query.filter(memory_decisions::id.lt(after.to_string()));
        }
        query.load(c)
    })?)
}

/// Forgets what was decided about a column for a field of a target, both by name.
///
/// # Errors
/// [`StoreError::Database`].
pub fn forget_about(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    (target_name, field): (&str, &str),
    source_column: &str,
) -> Result<(), StoreError> {
    on!(conn, c => diesel::delete(memory_decisions::table)
        .filter(memory_decisions::tenant_id.eq(tenant.to_string()))
        .filter(memory_decisions::target_name.eq(target_name))
        .filter(memory_decisions::field.eq(field))
        .filter(memory_decisions::source_column.eq(source_column))
        .execute(c))?;
    Ok(())
}

/// Forgets one decision.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::Database`].
pub fn forget(conn: &mut Conn<'_>, tenant: TenantId, id: DecisionId) -> Result<(), StoreError> {
    let gone = on!(conn, c => diesel::delete(memory_decisions::table)
        .filter(memory_decisions::tenant_id.eq(tenant.to_string()))
        .filter(memory_decisions::id.eq(id.to_string()))
        .execute(c))?;
    if gone == 0 {
        return Err(StoreError::not_found(DecisionId::WHAT, &id));
    }
    Ok(())
}
