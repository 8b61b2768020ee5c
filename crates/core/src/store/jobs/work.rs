//! What a worker does with a job: claim it, keep it, end it. All writes name the claim, and change
//! nothing once it is not the current one.

use super::change::{Notes, apply, change};
use super::record::{JobRecord, hold_of_any};
use crate::id::{JobId, TenantId, WorkerId};
use crate::job::{Checkpoint, Event, Failure, Fence, Outcome, Progress, Refusal, Rules};
use crate::store::StoreError;
use crate::store::conn::Conn;
use crate::store::outputs::{self, NewOutput};
use crate::time::Millis;

/// The right to run a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Claim {
    /// The tenant.
    pub tenant: TenantId,
    /// The job.
    pub job: JobId,
    /// What goes with each write.
    pub fence: Fence,
}

/// What became of a hint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claimed {
    /// The job is the worker's, as it stands now.
    Yes(Claim, Box<JobRecord>),
    /// It was taken, cancelled, or is not due: the hint is to be forgotten.
    No(Refusal),
}

/// Claims the job that a hint names. For the system: a hint names no tenant.
///
/// # Errors
/// [`StoreError::NotFound`] if no tenant has such a job; [`StoreError::Database`].
pub fn claim(
    conn: &mut Conn<'_>,
    job: JobId,
    owner: WorkerId,
    rules: &Rules,
) -> Result<Claimed, StoreError> {
    let held = hold_of_any(conn, job)?;
    let tenant = held.job.tenant;
    let event = Event::Claimed { owner };
    match change(conn, held, &event, rules, &Notes::default()) {
        Ok(record) => {
            let fence = Fence {
                epoch: record.standing.epoch,
                owner,
            };
            let claim = Claim { tenant, job, fence };
            Ok(Claimed::Yes(claim, Box::new(record)))
        }
        Err(StoreError::Refused { refusal, .. }) => Ok(Claimed::No(refusal)),
        Err(error) => Err(error),
    }
}

/// A renewed lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Renewal {
    /// Until when it holds now, by the database's clock.
    pub until: Millis,
    /// Whether the work is to be stopped, and the job given back.
    pub cancel_requested: bool,
}

/// Says that the worker is still there.
///
/// # Errors
/// [`StoreError::Refused`] if the job is not the worker's any more: it must stop the work;
/// [`StoreError::Database`].
pub fn renew(conn: &mut Conn<'_>, claim: &Claim, rules: &Rules) -> Result<Renewal, StoreError> {
    let event = Event::Renewed { fence: claim.fence };
    let job = apply(
        conn,
        claim.tenant,
        claim.job,
        &event,
        rules,
        &Notes::default(),
    )?;
    Ok(Renewal {
        until: job.standing.lease.map_or(Millis(0), |lease| lease.until),
        cancel_requested: job.standing.cancel_requested,
    })
}

/// Says how far the work is.
///
/// # Errors
/// As [`renew`].
pub fn report(
    conn: &mut Conn<'_>,
    claim: &Claim,
    progress: &Progress,
) -> Result<JobRecord, StoreError> {
    let notes = Notes {
        progress: Some(progress),
        ..Notes::default()
    };
    let event = Event::Reported { fence: claim.fence };
    apply(
        conn,
        claim.tenant,
        claim.job,
        &event,
        &Rules::default(),
        &notes,
    )
}

/// Commits a chunk: its files, and from where the next attempt goes on.
///
/// # Errors
/// As [`renew`]; nothing of the chunk is then committed.
pub fn advance(
    conn: &mut Conn<'_>,
    claim: &Claim,
    checkpoint: &Checkpoint,
    progress: Option<&Progress>,
    chunks: &[NewOutput],
) -> Result<JobRecord, StoreError> {
    let notes = Notes {
        checkpoint: Some(checkpoint),
        progress,
        ..Notes::default()
    };
    let event = Event::Advanced { fence: claim.fence };
    let job = apply(
        conn,
        claim.tenant,
        claim.job,
        &event,
        &Rules::default(),
        &notes,
    )?;
    outputs::add(conn, claim.tenant, claim.job, claim.fence.epoch, chunks)?;
    Ok(job)
}

/// Ends a job whose work is done, with its last files. From then on its outputs are listed.
///
/// # Errors
/// As [`renew`]; nothing is then committed.
pub fn succeed(
    conn: &mut Conn<'_>,
    claim: &Claim,
    outcome: &Outcome,
    chunks: &[NewOutput],
) -> Result<JobRecord, StoreError> {
    let notes = Notes {
        outcome: Some(outcome),
        ..Notes::default()
    };
    let event = Event::Succeeded { fence: claim.fence };
    let job = apply(
        conn,
        claim.tenant,
        claim.job,
        &event,
        &Rules::default(),
        &notes,
    )?;
    outputs::add(conn, claim.tenant, claim.job, claim.fence.epoch, chunks)?;
    Ok(job)
}

/// Ends an attempt that failed; the job ends, or is tried again.
///
/// `retry_after_ms` is the shortest delay that somebody else asked for; `random` is uniform over 64
/// bits.
///
/// # Errors
/// As [`renew`].
pub fn fail(
    conn: &mut Conn<'_>,
    claim: &Claim,
    failure: &Failure,
    retry_after_ms: i64,
    random: u64,
    rules: &Rules,
) -> Result<JobRecord, StoreError> {
    let notes = Notes {
        failure: Some(failure),
        ..Notes::default()
    };
    let event = Event::Failed {
        fence: claim.fence,
        class: failure.class,
        retry_after_ms,
        random,
    };
    apply(conn, claim.tenant, claim.job, &event, rules, &notes)
}

/// Gives a job back that the worker stops to work on. If it is to be cancelled, it ends; else it
/// waits for another worker at once, and the attempt does not count.
///
/// # Errors
/// As [`renew`].
pub fn give_back(conn: &mut Conn<'_>, claim: &Claim) -> Result<JobRecord, StoreError> {
    let event = Event::GivenBack { fence: claim.fence };
    let rules = Rules::default();
    apply(
        conn,
        claim.tenant,
        claim.job,
        &event,
        &rules,
        &Notes::default(),
    )
}
