//! What happened to a job, numbered from 1 without gaps, so that a reader can go on where it left.

use diesel::prelude::*;

use crate::id::{JobId, TenantId};
use crate::job::words;
use crate::store::StoreError;
use crate::store::columns::Json;
use crate::store::conn::{Conn, on};
use crate::store::kept::Either;
use crate::store::schema::job_events;
use crate::time::Millis;

words! {
    /// What happened. Renewed leases are not told: they would be most of the rows.
    Happening = "kind of job event" {
        /// The job was accepted.
        Accepted = "accepted",
        /// Its hint was published.
        Dispatched = "dispatched",
        /// Nobody took the hint.
        HintLost = "hint_lost",
        /// A worker took it.
        Claimed = "claimed",
        /// The worker said how far it is.
        Progressed = "progressed",
        /// A chunk was committed.
        Advanced = "advanced",
        /// It succeeded.
        Succeeded = "succeeded",
        /// An attempt failed; the state says whether there is another.
        Failed = "failed",
        /// The worker stopped and gave it back.
        GivenBack = "given_back",
        /// The worker did not renew its lease.
        LeaseExpired = "lease_expired",
        /// The worker is gone with its process.
        Orphaned = "orphaned",
        /// A person wants it to end.
        CancelRequested = "cancel_requested",
        /// A person wants it to be tried again.
        Redriven = "redriven",
    }
}

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobEvent {
    /// Its number within the job.
    pub seq: i64,
    /// The epoch at that time.
    pub epoch: i64,
    /// What happened.
    pub kind: Happening,
    /// `state` behind it, and what belongs to the kind.
    pub body: serde_json::Value,
    /// When.
    pub at: Millis,
}

#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = job_events)]
struct EventRow {
    seq: i64,
    epoch: i64,
    kind: Happening,
    body: Json<serde_json::Value>,
    at: Millis,
}

/// Events of a job behind the number `after`, in order.
///
/// # Errors
/// [`StoreError::Database`].
pub fn events(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    job: JobId,
    after: i64,
    limit: i64,
) -> Result<Vec<JobEvent>, StoreError> {
    let rows: Vec<EventRow> = on!(conn, c => job_events::table
        .filter(job_events::tenant_id.eq(tenant.to_string()))
        .filter(job_events::job_id.eq(job.to_string()))
        .filter(job_events::seq.gt(after))
        .order(job_events::seq)
        .limit(limit)
        .select(EventRow::as_select())
        .load(c))?;
    Ok(rows
        .into_iter()
        .map(|row| JobEvent {
            seq: row.seq,
            epoch: row.epoch,
            kind: row.kind,
            body: row.body.0,
            at: row.at,
        })
        .collect())
}

/// Adds an event; the number comes from the job's row, which the caller holds.
pub(super) fn adding(tenant: TenantId, job: JobId, event: &JobEvent) -> impl Either + use<> {
    diesel::insert_into(job_events::table).values((
        job_events::job_id.eq(job.to_string()),
        job_events::seq.eq(event.seq),
        job_events::tenant_id.eq(tenant.to_string()),
        job_events::epoch.eq(event.epoch),
        job_events::kind.eq(event.kind.word()),
        job_events::body.eq(event.body.to_string()),
        job_events::at.eq(event.at.0),
    ))
}
