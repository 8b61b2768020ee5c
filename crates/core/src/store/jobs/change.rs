//! The one way by which a job's row changes.

use diesel::prelude::*;
use serde_json::{Map, Value, json};

use super::events::{self, Happening, JobEvent};
use super::record::{Held, JobRecord, hold};
use crate::id::{JobId, TenantId, UserId};
use crate::job::{Checkpoint, Event, Failure, Outcome, Progress, Rules, transition};
use crate::store::conn::Conn;
use crate::store::kept::{Either, Together};
use crate::store::schema::jobs;
use crate::store::{StoreError, columns, outbox};

/// What an event leaves in the row besides where the job stands.
#[derive(Debug, Default)]
pub(super) struct Notes<'a> {
    pub(super) checkpoint: Option<&'a Checkpoint>,
    pub(super) progress: Option<&'a Progress>,
    pub(super) outcome: Option<&'a Outcome>,
    pub(super) failure: Option<&'a Failure>,
    /// The person behind it.
    pub(super) by: Option<UserId>,
}

/// Lets an event happen: holds the row, asks [`transition`], writes what it says where nothing has
/// changed meanwhile, and adds event and outbox row. Gives the job as it then stands.
pub(super) fn apply(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    id: JobId,
    event: &Event,
    rules: &Rules,
    notes: &Notes<'_>,
) -> Result<JobRecord, StoreError> {
    let held = hold(conn, tenant, id)?;
    change(conn, held, event, rules, notes)
}

/// The same with a job whose row is held already.
pub(super) fn change(
    conn: &mut Conn<'_>,
    held: Held,
    event: &Event,
    rules: &Rules,
    notes: &Notes<'_>,
) -> Result<JobRecord, StoreError> {
    let Held { job: before, at } = held;
    let after = transition(&before.standing, event, at, rules).map_err(|refusal| {
        let job = before.id;
        StoreError::Refused { job, refusal }
    })?;
    let told = happening(event);
    let changed = JobRecord {
        standing: after,
        checkpoint: notes
            .checkpoint
            .cloned()
            .or_else(|| before.checkpoint.clone()),
        progress: notes.progress.copied().or(before.progress),
        outcome: notes.outcome.copied().or(before.outcome),
        failure: notes.failure.cloned().or_else(|| before.failure.clone()),
        events: before.events + i64::from(told.is_some()),
        ..before.clone()
    };
    let told = match told {
        Some(kind) => Some(JobEvent {
            seq: changed.events,
            epoch: after.epoch,
            kind,
            body: body(&changed, kind, notes)?,
            at,
        }),
        None => None,
    };
    let step = outbox::follow(&before.standing, &changed);
    let written = Together {
        main: row(&before, &changed)?,
        told: told.map(|event| events::adding(before.tenant, before.id, &event)),
        put: step.put,
        gone: step.gone,
        besides: step.rings,
    };
    // The lock makes this impossible; if it is ever lost, the fence still holds.
    if written.run(conn)? != 1 {
        return Err(StoreError::not_found(JobId::WHAT, &before.id));
    }
    Ok(changed)
}

/// Writes the row, if it stands where it stood before.
fn row(before: &JobRecord, after: &JobRecord) -> Result<impl Either + use<>, StoreError> {
    let text = |json: Option<Result<String, StoreError>>| json.transpose();
    let checkpoint = text(
        after
            .checkpoint
            .as_ref()
            .map(|c| columns::json("checkpoint", c)),
    )?;
    let progress = text(
        after
            .progress
            .as_ref()
            .map(|p| columns::json("progress", p)),
    )?;
    let outcome = text(after.outcome.as_ref().map(|o| columns::json("outcome", o)))?;
    let failure = text(after.failure.as_ref().map(|f| columns::json("failure", f)))?;
    let job = &after.standing;
    Ok(diesel::update(jobs::table)
        .filter(jobs::tenant_id.eq(before.tenant.to_string()))
        .filter(jobs::id.eq(before.id.to_string()))
        .filter(jobs::epoch.eq(before.standing.epoch))
        .filter(jobs::state.eq(before.standing.state.word()))
        .set((
            jobs::state.eq(job.state.word()),
            jobs::epoch.eq(job.epoch),
            jobs::attempt.eq(job.attempt),
            jobs::crashes.eq(job.crashes),
            jobs::run_at.eq(job.run_at.0),
            jobs::dispatched_at.eq(job.dispatched_at.map(|at| at.0)),
            jobs::lease_owner.eq(job.lease.map(|lease| lease.owner.to_string())),
            jobs::lease_until.eq(job.lease.map(|lease| lease.until.0)),
            jobs::cancel_requested.eq(job.cancel_requested),
            jobs::started_at.eq(job.started_at.map(|at| at.0)),
            jobs::finished_at.eq(job.finished_at.map(|at| at.0)),
            (
                jobs::checkpoint.eq(checkpoint),
                jobs::progress.eq(progress),
                jobs::outcome.eq(outcome),
                jobs::failure.eq(failure),
                jobs::events.eq(after.events),
            ),
        )))
}

/// What is told of an event.
const fn happening(event: &Event) -> Option<Happening> {
    match event {
        Event::Dispatched { .. } => Some(Happening::Dispatched),
        Event::HintLost | Event::HintsForgotten => Some(Happening::HintLost),
        Event::Claimed { .. } => Some(Happening::Claimed),
        Event::Renewed { .. } => None,
        Event::Reported { .. } => Some(Happening::Progressed),
        Event::Advanced { .. } => Some(Happening::Advanced),
        Event::Succeeded { .. } => Some(Happening::Succeeded),
        Event::Failed { .. } => Some(Happening::Failed),
        Event::GivenBack { .. } => Some(Happening::GivenBack),
        Event::LeaseExpired { .. } => Some(Happening::LeaseExpired),
        Event::Orphaned => Some(Happening::Orphaned),
        Event::CancelRequested => Some(Happening::CancelRequested),
        Event::Redriven => Some(Happening::Redriven),
    }
}

fn body(job: &JobRecord, kind: Happening, notes: &Notes<'_>) -> Result<Value, StoreError> {
    let value = |what: &'static str, value: Result<Value, serde_json::Error>| {
        value.map_err(|source| StoreError::Corrupt {
            what,
            source: Box::new(source),
        })
    };
    let mut body = Map::new();
    body.insert("state".to_owned(), json!(job.standing.state));
    body.insert("attempt".to_owned(), json!(job.standing.attempt));
    if job.standing.state == crate::job::State::Queued {
        body.insert("run_at".to_owned(), json!(job.standing.run_at));
    }
    if kind == Happening::CancelRequested {
        body.insert("requested".to_owned(), json!(true));
    }
    if let Some(progress) = notes.progress {
        let progress = value("progress", serde_json::to_value(progress))?;
        body.insert("progress".to_owned(), progress);
    }
    if let Some(checkpoint) = notes.checkpoint {
        body.insert("chunk".to_owned(), json!(checkpoint.chunk));
    }
    if let Some(outcome) = notes.outcome {
        let outcome = value("outcome", serde_json::to_value(outcome))?;
        body.insert("outcome".to_owned(), outcome);
    }
    if let Some(failure) = notes.failure {
        // The evidence can be long and stands in the job.
        let failure = json!({
            "class": failure.class, "code": failure.code, "message": failure.message,
        });
        body.insert("failure".to_owned(), failure);
    }
    if let Some(by) = notes.by {
        body.insert("by".to_owned(), json!(by));
    }
    Ok(Value::Object(body))
}

/// The hint of this epoch was published.
pub(in crate::store) fn dispatched(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    id: JobId,
    epoch: i64,
) -> Result<JobRecord, StoreError> {
    let event = Event::Dispatched { epoch };
    apply(
        conn,
        tenant,
        id,
        &event,
        &Rules::default(),
        &Notes::default(),
    )
}

/// Cancels a job: one that waits at once, one that is running as soon as its worker sees it at the
/// next renewal.
///
/// # Errors
/// [`StoreError::Refused`] if it has ended; [`StoreError::NotFound`], [`StoreError::Database`].
pub fn cancel(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    id: JobId,
    by: UserId,
) -> Result<JobRecord, StoreError> {
    let notes = Notes {
        by: Some(by),
        ..Notes::default()
    };
    let event = Event::CancelRequested;
    apply(conn, tenant, id, &event, &Rules::default(), &notes)
}

/// Tries a job again that failed, was cancelled or is dead, with all its attempts. It goes on from
/// its checkpoint.
///
/// # Errors
/// [`StoreError::Refused`] if it has not ended or has succeeded; [`StoreError::NotFound`],
/// [`StoreError::Database`].
pub fn redrive(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    id: JobId,
    by: UserId,
) -> Result<JobRecord, StoreError> {
    let notes = Notes {
        by: Some(by),
        ..Notes::default()
    };
    apply(
        conn,
        tenant,
        id,
        &Event::Redriven,
        &Rules::default(),
        &notes,
    )
}
