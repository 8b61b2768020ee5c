//! Figures over all tenants, for those who run the service: numbers and ids, no contents.

use diesel::dsl::{count_star, min};
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::conn::{Conn, on};
use super::error::StoreError;
use super::schema::{jobs, outbox};
use crate::id::TenantId;
use crate::job::{Class, State};

/// How things stand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures {
    /// Jobs that wait, are dispatched, run, or are dead; those that ended otherwise are history.
    pub jobs: Vec<(State, i64)>,
    /// For how long the oldest job that is due has waited for its hint, in milliseconds.
    pub waits: Vec<(Class, TenantId, i64)>,
}

/// Asks for them.
///
/// # Errors
/// [`StoreError::Database`].
pub fn figures(conn: &mut Conn<'_>) -> Result<Figures, StoreError> {
    let now = conn.now()?.0;
    let queued: i64 = on!(conn, c => outbox::table.count().get_result(c))?;
    // The literal is that of the partial index.
    let mut counts: Vec<(State, i64)> = on!(conn, c => jobs::table
        .filter(diesel::dsl::sql::<Bool>("state IN ('dispatched', 'running')"))
        .group_by(jobs::state)
        .select((jobs::state, count_star()))
        .load(c))?;
    let dead: i64 = on!(conn, c => jobs::table
        .filter(jobs::state.eq(State::Dead.word()))
        .count()
        .get_result(c))?;
    counts.extend([(State::Queued, queued), (State::Dead, dead)]);
    let oldest: Vec<(Class, TenantId, Option<i64>)> = on!(conn, c => outbox::table
        .filter(outbox::due_at.le(now))
        .group_by((outbox::class, outbox::tenant_id))
        .select((outbox::class, outbox::tenant_id, min(outbox::due_at)))
        .load(c))?;
    let waits = oldest
        .into_iter()
        .filter_map(|(class, tenant, due)| Some((class, tenant, now - due?)))
        .collect();
    Ok(Figures {
        jobs: counts,
        waits,
    })
}
