//! One job, from its hint to its end.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use aimapper_core::error::{ErrorKind, Explain};
use aimapper_core::id::{SourceVersionId, TargetVersionId, UserId, WorkerId};
use aimapper_core::job::{Failure, Outcome, Refusal, Rules};
use aimapper_core::queue::Delivery;
use aimapper_core::store::blobs::NewBlob;
use aimapper_core::store::jobs::{self, Claim, Claimed, JobRecord, NewJob};
use aimapper_core::store::mappings::{NewVersion, sha256};
use aimapper_core::store::outputs::{self, NewOutput, Part};
use aimapper_core::store::{Conn, Store, StoreError, mappings, sources};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout, timeout_at};

use crate::blocking::{read, write};
use crate::error::WorkerError;

/// The hint of a job that has ended by then is acknowledged at its end, and the slot stays a consumer of the
/// queue; for one that goes on, it signs off.
const SHORT: Duration = Duration::from_millis(250);

/// How often a worker looks up from its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Between two renewals of the lease; a third of the lease.
    pub renew: Duration,
    /// Between two looks whether the job is to be cancelled.
    pub look: Duration,
    /// If the lease could not be renewed for so long, the work is given up; shorter than the lease, so
    /// that nobody else has begun by then.
    pub give_up: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            renew: Duration::from_secs(10),
            look: Duration::from_secs(1),
            give_up: Duration::from_secs(20),
        }
    }
}

/// How the work on a job ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// It is done.
    Done {
        /// What it left behind.
        outcome: Outcome,
        /// Its last files.
        outputs: Vec<NewOutput>,
    },
    /// A source was read.
    Read {
        /// Its version.
        version: SourceVersionId,
        /// What was found.
        profile: NewBlob,
        /// All decisions, as JSON.
        decisions: String,
        /// The job that follows from it.
        then: Option<Box<NewJob>>,
    },
    /// A mapping was proposed.
    Proposed {
        /// Who asked for it.
        by: UserId,
        /// What it is called.
        name: String,
        /// What it maps.
        source_version: SourceVersionId,
        /// What it fits.
        target_version: TargetVersionId,
        /// The mapping as YAML.
        body: String,
    },
    /// It was found out on the way that the job is not ours any more.
    Lost,
    /// It could not be done.
    Failed {
        /// Why.
        failure: Failure,
        /// The shortest delay that somebody else asked for, in milliseconds.
        retry_after_ms: i64,
    },
    /// It was stopped on our side: the process is shut down.
    Stopped,
}

impl Ended {
    /// Writes the end, with all that belongs to it, in one transaction that holds only if the claim
    /// is still the current one.
    fn commit(
        &self,
        conn: &mut Conn<'_>,
        claim: &Claim,
        random: u64,
        rules: &Rules,
    ) -> Result<JobRecord, StoreError> {
        match self {
            Self::Done { outcome, outputs } => {
                let record = jobs::succeed(conn, claim, outcome, outputs)?;
                // It comes with a checkpoint, and only with one.
                if record.checkpoint.is_some() {
                    outputs::forget_part(conn, claim.tenant, claim.job, Part::State)?;
                }
                Ok(record)
            }
            Self::Read {
                version,
                profile,
                decisions,
                then,
            } => {
                let profile =
                    sources::set_profile(conn, claim.tenant, *version, profile, decisions)?;
                let propose = match then {
                    Some(new) => Some(jobs::submit(conn, new, None)?.id()),
                    None => None,
                };
                jobs::succeed(conn, claim, &Outcome::Read { profile, propose }, &[])
            }
            Self::Proposed {
                by,
                name,
                source_version,
                target_version,
                body,
            } => {
                let mapping = mappings::create(conn, claim.tenant, *by, name)?;
                let new = NewVersion {
                    mapping,
                    number: 1,
                    source_version: *source_version,
                    target_version: *target_version,
                    body,
                    sha256: &sha256(body),
                };
                let mapping_version = mappings::add_version(conn, claim.tenant, *by, &new, &[])?;
                jobs::succeed(conn, claim, &Outcome::Propose { mapping_version }, &[])
            }
            Self::Failed {
                failure,
                retry_after_ms,
            } => jobs::fail(conn, claim, failure, *retry_after_ms, random, rules),
            Self::Stopped | Self::Lost => jobs::give_back(conn, claim),
        }
    }
}

/// What became of a hint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// The job was run, and stands now as it says: ended, or waiting for another attempt.
    Run(Box<JobRecord>),
    /// There was nothing to run: another has it, it was cancelled, or it is not due.
    Void(Refusal),
    /// The job was lost while it was run: the lease ran out, and nothing of this attempt counts.
    Lost,
    /// The same, found out when it was to be ended.
    Fenced,
}

/// Runs jobs, as many at a time as there are calls of [`Worker::take`].
#[derive(Debug, Clone)]
pub struct Worker {
    /// The database.
    pub store: Arc<Store>,
    /// This process.
    pub id: WorkerId,
    /// Leases and retries.
    pub rules: Rules,
    /// How often it looks up.
    pub pace: Pace,
}

/// Why the work is broken off.
enum BrokenOff {
    Cancelled,
    Lost,
}

/// What a look up from the work told.
enum Told {
    Held(Instant),
    Nothing,
    End(BrokenOff),
}

impl Worker {
    /// Claims the job of a hint, runs the job and ends it. The hint is acknowledged when the job has
    /// ended, or while it runs if that takes longer than a quarter of a second. `work` is dropped where
    /// it stands if the job is lost or to be cancelled. `stop` is done when the process is to end: the
    /// job is then given back. `random` gives uniform 64 bits, once.
    ///
    /// # Errors
    /// [`WorkerError`] if the job could not be claimed or ended. A hint whose job could not be
    /// claimed comes again; a job that could not be ended is left to the reaper.
    pub async fn take<W>(
        &self,
        delivery: Delivery,
        work: impl FnOnce(Claim, JobRecord) -> W,
        stop: impl Future<Output = ()>,
        random: impl FnOnce() -> u64,
    ) -> Result<Taken, WorkerError>
    where
        W: Future<Output = Ended>,
    {
        let job = delivery.hint().job_id;
        // The deadline counts from before the claim, so it is never later than the lease.
        let claimed_at = Instant::now();
        let (id, rules) = (self.id, self.rules);
        let claimed = write(&self.store, move |conn| jobs::claim(conn, job, id, &rules)).await;
        let (claim, record) = match claimed {
            Ok(Claimed::Yes(claim, record)) => (claim, record),
            Ok(Claimed::No(refusal)) => {
                delivery.ack_free().await?;
                return Ok(Taken::Void(refusal));
            }
            // No tenant has this job, so nobody else will do better.
            Err(error @ WorkerError::Store(StoreError::NotFound { .. })) => {
                delivery.ack().await?;
                return Err(error);
            }
            Err(error) => return Err(error),
        };
        let work = work(claim, *record);
        let whole = async {
            match self.run(&claim, claimed_at, work, stop).await {
                Some(Ended::Lost) | None => Ok(Taken::Lost),
                Some(ended) => self.end(claim, ended, random()).await,
            }
        };
        let mut whole = pin!(whole);
        // A hint that went to somebody else meanwhile is refused there: the claim is what counts.
        let (taken, _given_twice) = match timeout(SHORT, &mut whole).await {
            Ok(Ok(taken)) => (Ok(taken), delivery.ack_free().await),
            // The database is away, so another hint would be of no use here.
            Ok(Err(error)) => (Err(error), delivery.ack().await),
            Err(_) => tokio::join!(whole, delivery.ack()),
        };
        taken
    }

    /// Runs the work under the lease. Gives nothing if the job was lost.
    async fn run(
        &self,
        claim: &Claim,
        claimed_at: Instant,
        work: impl Future<Output = Ended>,
        stop: impl Future<Output = ()>,
    ) -> Option<Ended> {
        tokio::select! {
            biased;
            ended = work => Some(ended),
            () = stop => Some(Ended::Stopped),
            why = self.watch(*claim, claimed_at) => match why {
                BrokenOff::Cancelled => Some(Ended::Stopped),
                BrokenOff::Lost => None,
            },
        }
    }

    /// Keeps the lease, until the job is to be cancelled or was lost.
    async fn watch(&self, claim: Claim, claimed_at: Instant) -> BrokenOff {
        let mut held_since = claimed_at;
        let mut renew = interval(self.pace.renew);
        let mut look = interval(self.pace.look);
        for ticks in [&mut renew, &mut look] {
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            // The first comes at once.
            ticks.tick().await;
        }
        loop {
            let next = async {
                tokio::select! {
                    _ = renew.tick() => self.renew(claim).await,
                    _ = look.tick() => self.look(claim).await,
                }
            };
            // A database that does not answer at all is away as well.
            match timeout_at(held_since + self.pace.give_up, next).await {
                Ok(Told::Held(since)) => held_since = since,
                Ok(Told::Nothing) => {}
                Ok(Told::End(why)) => return why,
                Err(_) => return BrokenOff::Lost,
            }
        }
    }

    async fn renew(&self, claim: Claim) -> Told {
        let asked_at = Instant::now();
        let rules = self.rules;
        match write(&self.store, move |conn| jobs::renew(conn, &claim, &rules)).await {
            Ok(renewal) if renewal.cancel_requested => Told::End(BrokenOff::Cancelled),
            Ok(_) => Told::Held(asked_at),
            Err(WorkerError::Store(StoreError::Refused { .. } | StoreError::NotFound { .. })) => {
                Told::End(BrokenOff::Lost)
            }
            // The database is away, and may come back before the lease runs out.
            Err(_) => Told::Nothing,
        }
    }

    async fn look(&self, claim: Claim) -> Told {
        let job = read(&self.store, move |conn| {
            jobs::find(conn, claim.tenant, claim.job)
        });
        match job.await {
            Ok(job) if job.standing.cancel_requested => Told::End(BrokenOff::Cancelled),
            Ok(_) | Err(_) => Told::Nothing,
        }
    }

    /// Writes how the job ended, again and again while the database is away and the lease may hold.
    async fn end(&self, claim: Claim, ended: Ended, random: u64) -> Result<Taken, WorkerError> {
        let until = Instant::now() + self.pace.give_up;
        loop {
            let (ended, rules) = (ended.clone(), self.rules);
            let written = write(&self.store, move |conn| {
                ended.commit(conn, &claim, random, &rules)
            });
            let written = timeout_at(until, written).await;
            match written.map_err(|_| WorkerError::NoAnswer)? {
                Ok(record) => return Ok(Taken::Run(Box::new(record))),
                Err(WorkerError::Store(StoreError::Refused { .. })) => return Ok(Taken::Fenced),
                Err(error) if error.kind() == ErrorKind::Unavailable && Instant::now() < until => {
                    sleep(self.pace.look).await;
                }
                Err(error) => return Err(error),
            }
        }
    }
}
