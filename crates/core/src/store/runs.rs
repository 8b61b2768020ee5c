//! Runs: which mapping was run over which source, as which job. The state is the job's.

use diesel::prelude::*;

use super::conn::{Conn, on};
use super::error::StoreError;
use super::jobs::{self, Idempotency, NewJob, Submitted};
use super::schema::{mapping_versions, runs};
use crate::id::{JobId, MappingId, MappingVersionId, RunId, SourceVersionId, TenantId, UserId};
use crate::job::{OutputFormat, Payload};
use crate::time::Millis;

/// A run.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
pub struct Run {
    /// Its id.
    pub id: RunId,
    /// Its job.
    pub job_id: JobId,
    /// The mapping.
    pub mapping_version_id: MappingVersionId,
    /// The rows.
    pub source_version_id: SourceVersionId,
    /// Form of the good rows.
    pub format: OutputFormat,
    /// More rejects are too many.
    pub max_rejects: i64,
    /// Who started it.
    pub created_by: UserId,
    /// When.
    pub created_at: Millis,
}

/// Starts a run: its row and its job in one transaction. A repeated request gets the run that it
/// started before.
///
/// # Errors
/// Those of [`jobs::submit`]; [`StoreError::NoRun`] if the job is of another kind;
/// [`StoreError::Database`] if the tenant has no such mapping or source.
pub fn start(
    conn: &mut Conn<'_>,
    job: &NewJob,
    idempotency: Option<&Idempotency<'_>>,
) -> Result<Run, StoreError> {
    match jobs::accept(conn, job, idempotency)? {
        (Submitted::New(id), at) => add(conn, job, id, at),
        (Submitted::Repeated(id), _) => of_job(conn, job.tenant, id),
    }
}

fn add(conn: &mut Conn<'_>, job: &NewJob, id: JobId, at: Millis) -> Result<Run, StoreError> {
    let Payload::Run {
        mapping_version,
        source_version,
        format,
        max_rejects,
        with: _,
    } = job.payload
    else {
        return Err(StoreError::NoRun {
            kind: job.payload.kind(),
        });
    };
    let run = Run {
        id: RunId::generate(),
        job_id: id,
        mapping_version_id: mapping_version,
        source_version_id: source_version,
        format,
        max_rejects: i64::try_from(max_rejects).unwrap_or(i64::MAX),
        created_by: job.created_by,
        created_at: at,
    };
    on!(conn, c => diesel::insert_into(runs::table)
        .values((
            runs::tenant_id.eq(job.tenant.to_string()),
            runs::id.eq(run.id.to_string()),
            runs::job_id.eq(run.job_id.to_string()),
            runs::mapping_version_id.eq(run.mapping_version_id.to_string()),
            runs::source_version_id.eq(run.source_version_id.to_string()),
            runs::format.eq(run.format.word()),
            runs::max_rejects.eq(run.max_rejects),
            runs::created_by.eq(run.created_by.to_string()),
            runs::created_at.eq(run.created_at.0),
        ))
        .execute(c))?;
    Ok(run)
}

/// The run of a job.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::Database`].
pub fn of_job(conn: &mut Conn<'_>, tenant: TenantId, job: JobId) -> Result<Run, StoreError> {
    on!(conn, c => runs::table
        .filter(runs::tenant_id.eq(tenant.to_string()))
        .filter(runs::job_id.eq(job.to_string()))
        .select(Run::as_select())
        .first(c)
        .optional())?
    .ok_or_else(|| StoreError::not_found(JobId::WHAT, &job))
}

/// One run of the tenant.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::Database`].
pub fn find(conn: &mut Conn<'_>, tenant: TenantId, id: RunId) -> Result<Run, StoreError> {
    on!(conn, c => runs::table
        .filter(runs::tenant_id.eq(tenant.to_string()))
        .filter(runs::id.eq(id.to_string()))
        .select(Run::as_select())
        .first(c)
        .optional())?
    .ok_or_else(|| StoreError::not_found(RunId::WHAT, &id))
}

/// Runs, newest first, from behind `after` on; of a mapping, those of all its versions.
///
/// # Errors
/// [`StoreError::Database`].
pub fn list(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    mapping: Option<MappingId>,
    after: Option<RunId>,
    limit: i64,
) -> Result<Vec<Run>, StoreError> {
    Ok(on!(conn, c => {
        let mut query = runs::table
            .filter(runs::tenant_id.eq(tenant.to_string()))
            .order(runs::id.desc())
            .limit(limit)
            .select(Run::as_select())
            .into_boxed();
        if let Some(mapping) = mapping {
            query = query.filter(runs::mapping_version_id.eq_any(mapping_versions::table
                .filter(mapping_versions::tenant_id.eq(tenant.to_string()))
                .filter(mapping_versions::mapping_id.eq(mapping.to_string()))
                .select(mapping_versions::id)));
        }
        if let Some(after) = after {
            query = query.filter(runs::id.lt(after.to_string()));
        }
        query.load(c)
    })?)
}
