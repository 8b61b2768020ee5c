//! Accepting a job: its row, its outbox row, its first event and its idempotency key in one
//! transaction. No broker is asked, so jobs are accepted while it is down.

use diesel::prelude::*;
use serde_json::json;

use super::events::{self, Happening, JobEvent};
use crate::id::{JobId, TenantId, UserId};
use crate::job::{Class, Payload, Standing};
use crate::store::columns;
use crate::store::conn::{Conn, on};
use crate::store::error::storable;
use crate::store::kept::{Either, NOTHING, Together};
use crate::store::leader::RING;
use crate::store::schema::{idempotency_keys, jobs};
use crate::store::{StoreError, outbox};
use crate::time::Millis;

/// For so long a repeated key gets the same job: 24 hours, in milliseconds.
pub const IDEMPOTENCY_MS: i64 = 24 * 3_600_000;

/// A job that is to be accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewJob {
    /// The tenant.
    pub tenant: TenantId,
    /// Who asks for it.
    pub created_by: UserId,
    /// What is to be done.
    pub payload: Payload,
    /// Which queue it waits in.
    pub class: Class,
    /// Within its tenant, higher goes first.
    pub priority: i32,
    /// It starts so many milliseconds from now at the earliest.
    pub delay_ms: i64,
    /// After so many attempts an error that may pass is final; at least one.
    pub max_attempts: i32,
    /// Trace context of the request (W3C).
    pub traceparent: Option<String>,
}

/// A client's word that a request is the same one as before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Idempotency<'a> {
    /// The route: the same key may come to others.
    pub route: &'a str,
    /// The client's key.
    pub key: &'a str,
    /// SHA-256 of the request's body.
    pub body_sha256: &'a str,
}

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Submitted {
    /// A job was made.
    New(JobId),
    /// The request came before and made this job.
    Repeated(JobId),
}

impl Submitted {
    /// The job.
    #[must_use]
    pub const fn id(self) -> JobId {
        match self {
            Self::New(id) | Self::Repeated(id) => id,
        }
    }
}

/// Accepts a job. Once the transaction is committed, it will run.
///
/// # Errors
/// [`StoreError::OtherBody`] if the idempotency key came with another body within
/// [`IDEMPOTENCY_MS`]; [`StoreError::Nul`], [`StoreError::Database`].
pub fn submit(
    conn: &mut Conn<'_>,
    new: &NewJob,
    idempotency: Option<&Idempotency<'_>>,
) -> Result<Submitted, StoreError> {
    Ok(accept(conn, new, idempotency)?.0)
}

/// The same; tells besides what time it was.
pub(in crate::store) fn accept(
    conn: &mut Conn<'_>,
    new: &NewJob,
    idempotency: Option<&Idempotency<'_>>,
) -> Result<(Submitted, Millis), StoreError> {
    let id = JobId::generate();
    let now = conn.now()?;
    if let Some(idempotency) = idempotency
        && let Some(earlier) = take_key(conn, new.tenant, id, idempotency, now)?
    {
        return Ok((Submitted::Repeated(earlier), now));
    }
    let standing = Standing::accepted(now.plus(new.delay_ms.max(0)), new.max_attempts.max(1));
    let event = JobEvent {
        seq: 1,
        epoch: 0,
        kind: Happening::Accepted,
        body: json!({"state": standing.state, "run_at": standing.run_at}),
        at: now,
    };
    let queue = (new.class, new.priority);
    let written = Together {
        main: row(new, id, &standing, now)?,
        told: Some(events::adding(new.tenant, id, &event)),
        put: Some(outbox::putting(new.tenant, id, &standing, queue)),
        gone: NOTHING,
        besides: Some(RING),
    };
    written.run(conn)?;
    Ok((Submitted::New(id), now))
}

/// Takes the key for a new job, or gives the job that has it. A request that comes while another
/// with the same key is under way waits here for its end.
fn take_key(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    job: JobId,
    idempotency: &Idempotency<'_>,
    now: Millis,
) -> Result<Option<JobId>, StoreError> {
    use diesel::query_dsl::methods::FilterDsl as _;

    let key = storable("idempotency key", idempotency.key)?;
    let taken = on!(conn, c => diesel::insert_into(idempotency_keys::table)
        .values((
            idempotency_keys::tenant_id.eq(tenant.to_string()),
            idempotency_keys::route.eq(idempotency.route),
            idempotency_keys::idem_key.eq(key),
            idempotency_keys::body_sha256.eq(idempotency.body_sha256),
            idempotency_keys::job_id.eq(job.to_string()),
            idempotency_keys::expires_at.eq(now.plus(IDEMPOTENCY_MS).0),
        ))
        .on_conflict((
            idempotency_keys::tenant_id,
            idempotency_keys::route,
            idempotency_keys::idem_key,
        ))
        .do_update()
        .set((
            idempotency_keys::body_sha256.eq(idempotency.body_sha256),
            idempotency_keys::job_id.eq(job.to_string()),
            idempotency_keys::expires_at.eq(now.plus(IDEMPOTENCY_MS).0),
        ))
        .filter(idempotency_keys::expires_at.le(now.0))
        .execute(c))?;
    if taken == 1 {
        return Ok(None);
    }
    let (body, earlier): (String, JobId) = on!(conn, c => QueryDsl::filter(
            idempotency_keys::table,
            idempotency_keys::tenant_id
                .eq(tenant.to_string())
                .and(idempotency_keys::route.eq(idempotency.route))
                .and(idempotency_keys::idem_key.eq(key)),
        )
        .select((idempotency_keys::body_sha256, idempotency_keys::job_id))
        .get_result(c))?;
    if body != idempotency.body_sha256 {
        return Err(StoreError::OtherBody {
            key: key.to_owned(),
        });
    }
    Ok(Some(earlier))
}

/// Drops the idempotency keys that have expired. For the system; from time to time.
///
/// # Errors
/// [`StoreError::Database`].
pub fn drop_expired_keys(conn: &mut Conn<'_>) -> Result<usize, StoreError> {
    let now = conn.now()?;
    Ok(on!(conn, c => diesel::delete(idempotency_keys::table)
        .filter(idempotency_keys::expires_at.le(now.0))
        .execute(c))?)
}

fn row(
    new: &NewJob,
    id: JobId,
    standing: &Standing,
    now: Millis,
) -> Result<impl Either + use<>, StoreError> {
    let payload = columns::json("payload of a job", &new.payload)?;
    let traceparent = new
        .traceparent
        .as_deref()
        .map(|text| storable("trace context", text).map(str::to_owned))
        .transpose()?;
    Ok(diesel::insert_into(jobs::table).values((
        (
            jobs::id.eq(id.to_string()),
            jobs::tenant_id.eq(new.tenant.to_string()),
            jobs::kind.eq(new.payload.kind().word()),
            jobs::class.eq(new.class.word()),
            jobs::priority.eq(new.priority),
            jobs::payload.eq(payload),
            jobs::traceparent.eq(traceparent),
            jobs::created_by.eq(new.created_by.to_string()),
            jobs::created_at.eq(now.0),
        ),
        jobs::state.eq(standing.state.word()),
        jobs::epoch.eq(standing.epoch),
        jobs::attempt.eq(standing.attempt),
        jobs::max_attempts.eq(standing.max_attempts),
        jobs::crashes.eq(standing.crashes),
        jobs::run_at.eq(standing.run_at.0),
        jobs::cancel_requested.eq(standing.cancel_requested),
        jobs::events.eq(1_i64),
    )))
}
