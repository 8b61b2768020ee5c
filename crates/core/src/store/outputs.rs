//! What jobs wrote, chunk by chunk.

use diesel::prelude::*;

use super::blobs::{self, NewBlob};
use super::conn::{Conn, on};
use super::error::StoreError;
use super::schema::{jobs, outputs};
use crate::id::{BlobId, JobId, TenantId};
use crate::job::{State, words};
use crate::time::Millis;

words! {
    /// Which of a job's files a chunk belongs to.
    Part = "part of a job's output" {
        /// Rows that fit.
        Good = "good",
        /// Records that do not.
        Rejects = "rejects",
        /// Non-data beyond what a report holds.
        NonData = "non_data",
        /// The report.
        Report = "report",
        /// The report as a page.
        Page = "page",
        /// How to go on behind a chunk; dropped when the job succeeds.
        State = "state",
    }
}

/// A chunk that was written and is to be committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewOutput {
    /// Which file it belongs to.
    pub part: Part,
    /// Its number within that file, from 0.
    pub chunk: i64,
    /// Rows in it.
    pub row_count: i64,
    /// Where it lies.
    pub blob: NewBlob,
}

/// A chunk that was committed.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
pub struct Output {
    /// Which file it belongs to.
    pub part: Part,
    /// Its number within that file.
    pub chunk: i64,
    /// Rows in it.
    pub row_count: i64,
    /// The epoch under which it was written.
    pub epoch: i64,
    /// Its file.
    pub blob_id: BlobId,
    /// When it was committed.
    pub created_at: Millis,
}

/// Adds chunks; the caller has made sure in the same transaction that the epoch is the current one.
pub(super) fn add(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    job: JobId,
    epoch: i64,
    chunks: &[NewOutput],
) -> Result<(), StoreError> {
    for new in chunks {
        let blob = blobs::add(conn, tenant, &new.blob)?;
        let now = conn.now()?;
        on!(conn, c => diesel::insert_into(outputs::table)
            .values((
                outputs::tenant_id.eq(tenant.to_string()),
                outputs::job_id.eq(job.to_string()),
                outputs::part.eq(new.part.word()),
                outputs::chunk.eq(new.chunk),
                outputs::epoch.eq(epoch),
                outputs::blob_id.eq(blob.to_string()),
                outputs::row_count.eq(new.row_count),
                outputs::created_at.eq(now.0),
            ))
            .execute(c))?;
    }
    Ok(())
}

/// The chunks of a job that succeeded, by part and number. One that has not ended, or ended
/// otherwise, has none: nobody sees half a result.
///
/// # Errors
/// [`StoreError::Database`].
pub fn published(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    job: JobId,
) -> Result<Vec<Output>, StoreError> {
    Ok(on!(conn, c => outputs::table
        .inner_join(jobs::table.on(jobs::id
            .eq(outputs::job_id)
            .and(jobs::tenant_id.eq(outputs::tenant_id))))
        .filter(outputs::tenant_id.eq(tenant.to_string()))
        .filter(outputs::job_id.eq(job.to_string()))
        .filter(jobs::state.eq(State::Succeeded.word()))
        .order((outputs::part, outputs::chunk))
        .select(Output::as_select())
        .load(c))?)
}

/// A chunk that was committed, whatever became of the job since; for the worker that goes on.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::Database`].
pub fn committed(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    job: JobId,
    part: Part,
    chunk: i64,
) -> Result<Output, StoreError> {
    on!(conn, c => outputs::table
        .filter(outputs::tenant_id.eq(tenant.to_string()))
        .filter(outputs::job_id.eq(job.to_string()))
        .filter(outputs::part.eq(part.word()))
        .filter(outputs::chunk.eq(chunk))
        .select(Output::as_select())
        .first(c)
        .optional())?
    .ok_or_else(|| StoreError::not_found("output", &format_args!("{job}/{part}/{chunk}")))
}

/// Drops one part of a job's chunks with the names of their files.
///
/// # Errors
/// [`StoreError::Database`].
pub fn forget_part(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    job: JobId,
    part: Part,
) -> Result<(), StoreError> {
    let files: Vec<BlobId> = on!(conn, c => diesel::delete(outputs::table)
        .filter(outputs::tenant_id.eq(tenant.to_string()))
        .filter(outputs::job_id.eq(job.to_string()))
        .filter(outputs::part.eq(part.word()))
        .returning(outputs::blob_id)
        .get_results(c))?;
    blobs::forget(conn, tenant, &files)
}

/// Jobs that ended before a time and still have chunks, oldest first. For retention, so over all
/// tenants.
///
/// # Errors
/// [`StoreError::Database`].
pub fn ended_before(
    conn: &mut Conn<'_>,
    before: Millis,
    limit: i64,
) -> Result<Vec<(TenantId, JobId)>, StoreError> {
    Ok(on!(conn, c => jobs::table
        .inner_join(outputs::table.on(outputs::job_id
            .eq(jobs::id)
            .and(outputs::tenant_id.eq(jobs::tenant_id))))
        .filter(jobs::finished_at.lt(before.0))
        .select((jobs::tenant_id, jobs::id))
        .distinct()
        .order(jobs::id)
        .limit(limit)
        .load(c))?)
}

/// Drops the chunks of a job with the names of their files; the sweep deletes these.
///
/// # Errors
/// [`StoreError::Database`].
pub fn forget(conn: &mut Conn<'_>, tenant: TenantId, job: JobId) -> Result<(), StoreError> {
    let files: Vec<BlobId> = on!(conn, c => diesel::delete(outputs::table)
        .filter(outputs::tenant_id.eq(tenant.to_string()))
        .filter(outputs::job_id.eq(job.to_string()))
        .returning(outputs::blob_id)
        .get_results(c))?;
    blobs::forget(conn, tenant, &files)
}
