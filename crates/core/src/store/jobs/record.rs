//! A job as it is read.

use diesel::prelude::*;

use crate::id::{JobId, MappingVersionId, TenantId, UserId, WorkerId};
use crate::job::{
    Checkpoint, Class, Failure, Kind, Lease, Outcome, Payload, Progress, Standing, State,
};
use crate::store::StoreError;
use crate::store::columns::{Json, json};
use crate::store::conn::{Conn, on};
use crate::store::kept::{Kept, Timed};
use crate::store::schema::jobs;
use crate::time::Millis;

/// A job with all that is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobRecord {
    /// Its id.
    pub id: JobId,
    /// The tenant.
    pub tenant: TenantId,
    /// What it is asked to do.
    pub payload: Payload,
    /// Which queue it waits in.
    pub class: Class,
    /// Within its tenant, higher goes first.
    pub priority: i32,
    /// Trace context of the request (W3C).
    pub traceparent: Option<String>,
    /// Who asked for it.
    pub created_by: UserId,
    /// When it was accepted.
    pub created_at: Millis,
    /// Where it stands.
    pub standing: Standing,
    /// From where the next attempt goes on.
    pub checkpoint: Option<Checkpoint>,
    /// How far it is.
    pub progress: Option<Progress>,
    /// What it left behind, if it succeeded.
    pub outcome: Option<Outcome>,
    /// Why the last attempt did not succeed.
    pub failure: Option<Failure>,
    /// Number of its last event.
    pub events: i64,
}

/// The columns, one by one.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = jobs)]
pub(super) struct JobRow {
    id: JobId,
    tenant_id: TenantId,
    kind: Kind,
    class: Class,
    priority: i32,
    payload: Json<Payload>,
    traceparent: Option<String>,
    created_by: UserId,
    created_at: Millis,
    state: State,
    epoch: i64,
    attempt: i32,
    max_attempts: i32,
    crashes: i32,
    run_at: Millis,
    dispatched_at: Option<Millis>,
    lease_owner: Option<WorkerId>,
    lease_until: Option<Millis>,
    cancel_requested: bool,
    started_at: Option<Millis>,
    finished_at: Option<Millis>,
    checkpoint: Option<Json<Checkpoint>>,
    progress: Option<Json<Progress>>,
    outcome: Option<Json<Outcome>>,
    failure: Option<Json<Failure>>,
    events: i64,
}

impl From<JobRow> for JobRecord {
    fn from(row: JobRow) -> Self {
        debug_assert_eq!(row.kind, row.payload.0.kind());
        Self {
            id: row.id,
            tenant: row.tenant_id,
            payload: row.payload.0,
            class: row.class,
            priority: row.priority,
            traceparent: row.traceparent,
            created_by: row.created_by,
            created_at: row.created_at,
            standing: Standing {
                state: row.state,
                epoch: row.epoch,
                attempt: row.attempt,
                max_attempts: row.max_attempts,
                crashes: row.crashes,
                run_at: row.run_at,
                dispatched_at: row.dispatched_at,
                lease: row
                    .lease_owner
                    .zip(row.lease_until)
                    .map(|(owner, until)| Lease { owner, until }),
                cancel_requested: row.cancel_requested,
                started_at: row.started_at,
                finished_at: row.finished_at,
            },
            checkpoint: row.checkpoint.map(|json| json.0),
            progress: row.progress.map(|json| json.0),
            outcome: row.outcome.map(|json| json.0),
            failure: row.failure.map(|json| json.0),
            events: row.events,
        }
    }
}

/// Asks for a row and holds it. SQLite's only writer holds them all. The time is taken after that, because
/// waiting for the row may have taken long.
macro_rules! held {
    ($conn:expr, $id:expr, $asked:expr) => {{
        let held: Option<(Millis, JobRow)> = match $conn {
            Conn::Lite(c) => {
                let row: Option<JobRow> = $asked
                    .select(JobRow::as_select())
                    .get_result(*c)
                    .optional()?;
                row.map(|row| Ok::<_, StoreError>((Conn::Lite(c).now()?, row)))
                    .transpose()?
            }
            Conn::Postgres(c) => Kept(Timed($asked.select(JobRow::as_select()).for_update()))
                .get_result(*c)
                .optional()?,
        };
        held.map(|(at, row)| Held {
            job: row.into(),
            at,
        })
        .ok_or_else(|| StoreError::not_found(JobId::WHAT, &$id))
    }};
}

/// One job of the tenant.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::Database`].
pub fn find(conn: &mut Conn<'_>, tenant: TenantId, id: JobId) -> Result<JobRecord, StoreError> {
    let row: Option<JobRow> = on!(conn, c => jobs::table
        .filter(jobs::tenant_id.eq(tenant.to_string()))
        .filter(jobs::id.eq(id.to_string()))
        .select(JobRow::as_select())
        .get_result(c)
        .optional())?;
    row.map(JobRecord::from)
        .ok_or_else(|| StoreError::not_found(JobId::WHAT, &id))
}

/// A job whose row is held until the end of the transaction, and the time since when.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) job: JobRecord,
    pub(super) at: Millis,
}

/// Holds the row of a job of the tenant.
pub(super) fn hold(conn: &mut Conn<'_>, tenant: TenantId, id: JobId) -> Result<Held, StoreError> {
    let asked = jobs::table
        .filter(jobs::id.eq(id.to_string()))
        .filter(jobs::tenant_id.eq(tenant.to_string()));
    held!(conn, id, asked)
}

/// Holds the row of a job, of whichever tenant it is. For the system: a hint names no tenant.
pub(super) fn hold_of_any(conn: &mut Conn<'_>, id: JobId) -> Result<Held, StoreError> {
    let asked = jobs::table.filter(jobs::id.eq(id.to_string()));
    held!(conn, id, asked)
}

/// The job that proposed a version of a mapping; `None` for a version that a person made.
///
/// # Errors
/// [`StoreError::Database`], [`StoreError::Corrupt`].
pub fn that_proposed(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    mapping_version: MappingVersionId,
) -> Result<Option<JobRecord>, StoreError> {
    let outcome = json("outcome", &Outcome::Propose { mapping_version })?;
    let row: Option<JobRow> = on!(conn, c => jobs::table
        .filter(jobs::tenant_id.eq(tenant.to_string()))
        .filter(jobs::kind.eq(Kind::Propose.word()))
        .filter(jobs::outcome.eq(&outcome))
        .select(JobRow::as_select())
        .first(c)
        .optional())?;
    Ok(row.map(JobRecord::from))
}

/// Which jobs are asked for; what is not said does not matter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Of this state.
    pub state: Option<State>,
    /// Of this kind.
    pub kind: Option<Kind>,
    /// Accepted from this user.
    pub by: Option<UserId>,
}

/// Jobs, newest first, from behind `after` on; of one state, if that is asked for.
///
/// # Errors
/// [`StoreError::Database`].
pub fn list(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    state: Option<State>,
    after: Option<JobId>,
    limit: i64,
) -> Result<Vec<JobRecord>, StoreError> {
    let wanted = Wanted {
        state,
        ..Wanted::default()
    };
    search(conn, tenant, &wanted, after, limit)
}

/// Those of the jobs that are wanted, newest first, from behind `after` on.
///
/// # Errors
/// [`StoreError::Database`].
pub fn search(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    wanted: &Wanted,
    after: Option<JobId>,
    limit: i64,
) -> Result<Vec<JobRecord>, StoreError> {
    let rows: Vec<JobRow> = on!(conn, c => {
        let mut query = jobs::table
            .filter(jobs::tenant_id.eq(tenant.to_string()))
            .order(jobs::id.desc())
            .limit(limit)
            .select(JobRow::as_select())
            .into_boxed();
        if let Some(state) = wanted.state {
            query = query.filter(jobs::state.eq(state.word()));
        }
        if let Some(kind) = wanted.kind {
            query = query.filter(jobs::kind.eq(kind.word()));
        }
        if let Some(by) = wanted.by {
            query = query.filter(jobs::created_by.eq(by.to_string()));
        }
        if let Some(after) = after {
            query = query.filter(jobs::id.lt(after.to_string()));
        }
        query.load(c)
    })?;
    Ok(rows.into_iter().map(JobRecord::from).collect())
}
