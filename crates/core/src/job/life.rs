//! The states of a job and the one function that leads from one to the next.

use super::failure::FailureClass;
use super::kind::words;
use super::retry::{Rules, delay};
use crate::id::WorkerId;
use crate::time::Millis;

words! {
    /// Where a job is in its life.
    State = "state of a job" {
        /// Waits for its time or its turn.
        Queued = "queued",
        /// Its hint was published; no worker has it yet.
        Dispatched = "dispatched",
        /// A worker has it.
        Running = "running",
        /// Done; its outputs are listed.
        Succeeded = "succeeded",
        /// Ended by an error that trying again does not mend.
        Failed = "failed",
        /// Ended by a person.
        Cancelled = "cancelled",
        /// Its process died again and again.
        Dead = "dead",
    }
}

impl State {
    /// Whether the job has ended. Only a redrive leads out of there.
    #[must_use]
    pub const fn has_ended(self) -> bool {
        match self {
            Self::Queued | Self::Dispatched | Self::Running => false,
            Self::Succeeded | Self::Failed | Self::Cancelled | Self::Dead => true,
        }
    }
}

/// Who has a running job, and until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// The process.
    pub owner: WorkerId,
    /// After that, others may take the job.
    pub until: Millis,
}

/// What a worker shows with each write: it holds the claim that is the current one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fence {
    /// The epoch of its claim.
    pub epoch: i64,
    /// Itself.
    pub owner: WorkerId,
}

/// Where a job stands: all that decides what may happen next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// The state.
    pub state: State,
    /// Number of claims so far.
    pub epoch: i64,
    /// Attempts that count: not those given back, and from one again after each step forward.
    pub attempt: i32,
    /// After so many attempts an error that may pass is final.
    pub max_attempts: i32,
    /// Crashes in a row without a step forward.
    pub crashes: i32,
    /// Not before that.
    pub run_at: Millis,
    /// When the hint was published, while nobody has taken it.
    pub dispatched_at: Option<Millis>,
    /// Who has it, while it is running.
    pub lease: Option<Lease>,
    /// Whether a person wants it to end.
    pub cancel_requested: bool,
    /// When the last claim was made.
    pub started_at: Option<Millis>,
    /// When it ended.
    pub finished_at: Option<Millis>,
}

impl Standing {
    /// A job that was just accepted.
    #[must_use]
    pub const fn accepted(run_at: Millis, max_attempts: i32) -> Self {
        Self {
            state: State::Queued,
            epoch: 0,
            attempt: 0,
            max_attempts,
            crashes: 0,
            run_at,
            dispatched_at: None,
            lease: None,
            cancel_requested: false,
            started_at: None,
            finished_at: None,
        }
    }
}

/// What happens to a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// The hint of this epoch was published.
    Dispatched {
        /// The epoch that the hint names.
        epoch: i64,
    },
    /// Nobody took the hint for [`Rules::hint_ms`].
    HintLost,
    /// All hints are gone: the queue of this process was lost with it.
    HintsForgotten,
    /// A worker takes the job.
    Claimed {
        /// The worker.
        owner: WorkerId,
    },
    /// The worker is still there.
    Renewed {
        /// Its claim.
        fence: Fence,
    },
    /// The worker says how far it is.
    Reported {
        /// Its claim.
        fence: Fence,
    },
    /// A chunk is done and committed.
    Advanced {
        /// The claim under which it was written.
        fence: Fence,
    },
    /// The work is done.
    Succeeded {
        /// The worker's claim.
        fence: Fence,
    },
    /// The work could not be done.
    Failed {
        /// The worker's claim.
        fence: Fence,
        /// What is done about it.
        class: FailureClass,
        /// The earliest time for another attempt that somebody else asked for (HTTP's
        /// `Retry-After`), in milliseconds from now.
        retry_after_ms: i64,
        /// Uniform over 64 bits.
        random: u64,
    },
    /// The worker stops: it is shut down, or it saw that the job is to be cancelled.
    GivenBack {
        /// Its claim.
        fence: Fence,
    },
    /// The lease ran out.
    LeaseExpired {
        /// Uniform over 64 bits.
        random: u64,
    },
    /// The process of the worker is known to be gone, with all that it ran, before its lease ran out.
    Orphaned,
    /// A person wants the job to end.
    CancelRequested,
    /// A person wants an ended job to be tried again.
    Redriven,
}

impl Event {
    /// The claim under which a worker says so, if a worker does.
    #[must_use]
    pub const fn fence(&self) -> Option<Fence> {
        match *self {
            Self::Renewed { fence }
            | Self::Reported { fence }
            | Self::Advanced { fence }
            | Self::Succeeded { fence }
            | Self::Failed { fence, .. }
            | Self::GivenBack { fence } => Some(fence),
            Self::Dispatched { .. }
            | Self::HintLost
            | Self::HintsForgotten
            | Self::Claimed { .. }
            | Self::LeaseExpired { .. }
            | Self::Orphaned
            | Self::CancelRequested
            | Self::Redriven => None,
        }
    }
}

/// Why an event changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A hint or a claim for a job that does not wait.
    #[error("the job does not wait any more, it is {0}")]
    NotWaiting(State),
    /// A claim before the time has come.
    #[error("the job is not due before {}", .0.0)]
    NotDue(Millis),
    /// A write under a claim that is not the current one.
    #[error(
        "the job was given to somebody else or has ended; its epoch is {epoch}, its state {state}"
    )]
    Stale {
        /// The current epoch.
        epoch: i64,
        /// The current state.
        state: State,
    },
    /// A lease or a hint that is not that old yet, or none.
    #[error("nothing has run out")]
    NotExpired,
    /// Cancelling what has ended.
    #[error("the job has ended already, it is {0}")]
    HasEnded(State),
    /// Redriving what has not ended, or what succeeded.
    #[error("only a job that failed, was cancelled or is dead can be tried again; this one is {0}")]
    NotRedrivable(State),
}

/// Where a job stands after an event at a time, or why the event changes nothing. The only place
/// where states, epochs, attempts and leases change.
///
/// # Errors
/// A [`Refusal`] if the event is not legal now; the job then stands where it stood.
pub fn transition(
    job: &Standing,
    event: &Event,
    at: Millis,
    rules: &Rules,
) -> Result<Standing, Refusal> {
    match *event {
        Event::Dispatched { epoch } => dispatched(job, epoch, at),
        Event::HintLost => hint_lost(job, at.plus(-rules.hint_ms)),
        Event::HintsForgotten => hint_lost(job, at),
        Event::Claimed { owner } => claimed(job, owner, at, rules),
        Event::Renewed { fence } => held(job, fence).map(|lease| Standing {
            // Clocks of databases step back at times; a lease does not.
            lease: Some(Lease {
                until: at.plus(rules.lease_ms).max(lease.until),
                ..lease
            }),
            ..*job
        }),
        Event::Reported { fence } => held(job, fence).map(|_| *job),
        Event::Advanced { fence } => held(job, fence).map(|_| Standing {
            attempt: 1,
            crashes: 0,
            ..*job
        }),
        Event::Succeeded { fence } => held(job, fence).map(|_| ended(job, State::Succeeded, at)),
        Event::Failed {
            fence,
            class,
            retry_after_ms,
            random,
        } => held(job, fence).map(|_| failed(job, class, retry_after_ms, random, at, rules)),
        Event::GivenBack { fence } => held(job, fence).map(|_| given_back(job, at)),
        Event::LeaseExpired { random } => match job.lease {
            Some(lease) if lease.until <= at => Ok(crashed(job, random, at, rules)),
            Some(_) | None => Err(Refusal::NotExpired),
        },
        Event::Orphaned => match job.lease {
            // All jobs of that process were lost with it, so it says nothing about this one.
            Some(_) => Ok(given_back(job, at)),
            None => Err(Refusal::NotExpired),
        },
        Event::CancelRequested => cancel_requested(job, at),
        Event::Redriven => redriven(job, at),
    }
}

fn dispatched(job: &Standing, epoch: i64, at: Millis) -> Result<Standing, Refusal> {
    if job.state != State::Queued {
        return Err(Refusal::NotWaiting(job.state));
    }
    if job.epoch != epoch {
        return Err(Refusal::Stale {
            epoch: job.epoch,
            state: job.state,
        });
    }
    Ok(Standing {
        state: State::Dispatched,
        dispatched_at: Some(at),
        ..*job
    })
}

fn hint_lost(job: &Standing, before: Millis) -> Result<Standing, Refusal> {
    match job.dispatched_at {
        Some(published) if published <= before => Ok(Standing {
            state: State::Queued,
            dispatched_at: None,
            ..*job
        }),
        Some(_) | None => Err(Refusal::NotExpired),
    }
}

fn claimed(
    job: &Standing,
    owner: WorkerId,
    at: Millis,
    rules: &Rules,
) -> Result<Standing, Refusal> {
    if !matches!(job.state, State::Queued | State::Dispatched) {
        return Err(Refusal::NotWaiting(job.state));
    }
    // A doubled hint may come while the job waits for its next attempt.
    if job.run_at > at {
        return Err(Refusal::NotDue(job.run_at));
    }
    Ok(Standing {
        state: State::Running,
        epoch: job.epoch.saturating_add(1),
        attempt: job.attempt.saturating_add(1),
        dispatched_at: None,
        lease: Some(Lease {
            owner,
            until: at.plus(rules.lease_ms),
        }),
        started_at: Some(at),
        ..*job
    })
}

/// The lease, if it is held under this claim. One that has run out still counts while nobody else
/// has taken the job: then nothing has been done twice.
fn held(job: &Standing, fence: Fence) -> Result<Lease, Refusal> {
    match job.lease {
        Some(lease) if job.epoch == fence.epoch && lease.owner == fence.owner => Ok(lease),
        Some(_) | None => Err(Refusal::Stale {
            epoch: job.epoch,
            state: job.state,
        }),
    }
}

fn failed(
    job: &Standing,
    class: FailureClass,
    retry_after_ms: i64,
    random: u64,
    at: Millis,
    rules: &Rules,
) -> Standing {
    match class {
        FailureClass::Permanent => ended(job, State::Failed, at),
        FailureClass::Crash => crashed(job, random, at, rules),
        FailureClass::Transient if job.cancel_requested => ended(job, State::Cancelled, at),
        FailureClass::Transient if job.attempt >= job.max_attempts => ended(job, State::Failed, at),
        FailureClass::Transient => {
            let delay = delay(rules, job.attempt, random);
            queued(job, at.plus(delay.max(retry_after_ms)))
        }
    }
}

fn crashed(job: &Standing, random: u64, at: Millis, rules: &Rules) -> Standing {
    let job = Standing {
        crashes: job.crashes.saturating_add(1),
        ..*job
    };
    if job.crashes >= rules.max_crashes {
        ended(&job, State::Dead, at)
    } else if job.cancel_requested {
        ended(&job, State::Cancelled, at)
    } else {
        // The first time it is rather the worker that was lost than the job that kills.
        let wait = match job.crashes {
            ..=1 => 0,
            crashes => delay(rules, crashes - 1, random),
        };
        queued(&job, at.plus(wait))
    }
}

fn given_back(job: &Standing, at: Millis) -> Standing {
    if job.cancel_requested {
        return ended(job, State::Cancelled, at);
    }
    let uncounted = Standing {
        attempt: job.attempt.saturating_sub(1).max(0),
        ..*job
    };
    queued(&uncounted, at)
}

fn cancel_requested(job: &Standing, at: Millis) -> Result<Standing, Refusal> {
    match job.state {
        State::Queued | State::Dispatched => Ok(ended(job, State::Cancelled, at)),
        State::Running => Ok(Standing {
            cancel_requested: true,
            ..*job
        }),
        State::Succeeded | State::Failed | State::Cancelled | State::Dead => {
            Err(Refusal::HasEnded(job.state))
        }
    }
}

fn redriven(job: &Standing, at: Millis) -> Result<Standing, Refusal> {
    match job.state {
        State::Failed | State::Cancelled | State::Dead => Ok(Standing {
            epoch: job.epoch,
            ..Standing::accepted(at, job.max_attempts)
        }),
        State::Queued | State::Dispatched | State::Running | State::Succeeded => {
            Err(Refusal::NotRedrivable(job.state))
        }
    }
}

fn queued(job: &Standing, run_at: Millis) -> Standing {
    Standing {
        state: State::Queued,
        run_at,
        dispatched_at: None,
        lease: None,
        ..*job
    }
}

fn ended(job: &Standing, state: State, at: Millis) -> Standing {
    Standing {
        state,
        dispatched_at: None,
        lease: None,
        finished_at: Some(at),
        ..*job
    }
}
