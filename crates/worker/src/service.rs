//! The whole worker: relay, slots, reaper and sweep, side by side until the process is to end.

use std::io;
use std::num::NonZero;
use std::sync::Arc;
use std::time::Duration;

use aimapper_core::blob::Blobs;
use aimapper_core::config::Config;
use aimapper_core::id::WorkerId;
use aimapper_core::job::{Class, Rules};
use aimapper_core::queue::Queue;
use aimapper_core::store::{Store, answers, jobs};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use crate::blocking::{with_store, write};
use crate::error::WorkerError;
use crate::jobs::Bench;
use crate::protocol::ProcessLimits;
use crate::relay::relay;
use crate::serve::Surroundings;
use crate::supervise::Program;
use crate::sweep::{Retention, sweep};
use crate::work::{Pace, Taken, Worker};

/// Hints beyond the free slots, so that a slot need not wait for the relay.
const WINDOW: i64 = 2;

/// Jobs that run at once, by class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slots {
    /// Small reads and proposals.
    pub interactive: usize,
    /// Large reads and runs.
    pub batch: usize,
    /// What waits for a language model.
    pub assistant: usize,
}

impl Default for Slots {
    fn default() -> Self {
        Self {
            interactive: 2,
            batch: 1,
            assistant: 0,
        }
    }
}

impl Slots {
    const fn of(self, class: Class) -> usize {
        match class {
            Class::Interactive => self.interactive,
            Class::Batch => self.batch,
            Class::Assistant => self.assistant,
        }
    }
}

/// How often the worker looks after what nobody told it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Periods {
    /// Between two rounds of the relay, if no job was accepted meanwhile.
    pub relay: Duration,
    /// Between two looks for lost jobs.
    pub reaper: Duration,
    /// Between two sweeps.
    pub sweep: Duration,
}

impl Default for Periods {
    fn default() -> Self {
        Self {
            relay: Duration::from_secs(1),
            reaper: Duration::from_secs(5),
            sweep: Duration::from_secs(3600),
        }
    }
}

/// A worker with all that it needs.
#[derive(Debug)]
pub struct Service {
    /// What jobs are run with.
    pub bench: Bench,
    /// Where hints come from.
    pub queue: Queue,
    /// Leases and retries.
    pub rules: Rules,
    /// How often it looks up from a job.
    pub pace: Pace,
    /// Jobs that run at once.
    pub slots: Slots,
    /// How often it looks after the rest.
    pub periods: Periods,
    /// How long things are kept.
    pub retention: Retention,
    /// Rings when a job was accepted.
    pub accepted: Arc<Notify>,
}

impl Service {
    /// A worker as the settings want it, that runs jobs with `program`. Its folder for running jobs is
    /// made, and cleared of what a process that was killed has left: nobody else may use it.
    ///
    /// # Errors
    /// When the folder cannot be made or cleared.
    pub fn new(
        config: &Config,
        program: Program,
        (store, blobs): (Arc<Store>, Arc<Blobs>),
        queue: Queue,
        accepted: Arc<Notify>,
    ) -> io::Result<Self> {
        let folder = config.data_dir.join("work");
        match std::fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        std::fs::create_dir_all(&folder)?;
        let slots = Slots {
            interactive: config.slots.interactive,
            batch: config.slots.batch,
            assistant: config.slots.assistant,
        };
        let bench = Bench {
            store,
            blobs,
            program,
            // The child works in a folder of its own, from where no other path leads here.
            folder: folder.canonicalize()?,
            limits: ProcessLimits {
                memory_bytes: config.limits.child_memory_bytes,
                cpu_seconds: config.limits.child_time.as_secs(),
                file_bytes: config.limits.child_file_bytes,
            },
            reading: config.limits.source(),
            threads: threads(slots),
            max_attempts: config.jobs.max_attempts(),
        };
        Ok(Self {
            bench,
            queue,
            rules: config.jobs.rules(),
            pace: Pace {
                renew: config.jobs.renew(),
                give_up: config.jobs.give_up(),
                ..Pace::default()
            },
            slots,
            periods: Periods {
                reaper: config.jobs.reap(),
                sweep: config.retention.sweep,
                ..Periods::default()
            },
            retention: Retention {
                sources: config.retention.sources,
                results: config.retention.results,
                ..Retention::default()
            },
            accepted,
        })
    }

    /// Works until `stop` turns to true; jobs that run then are given back at once.
    ///
    /// # Errors
    /// [`WorkerError`] if a slot cannot go on.
    pub async fn run(self, stop: watch::Receiver<bool>) -> Result<(), WorkerError> {
        let service = Arc::new(self);
        let mut beside = JoinSet::new();
        beside.spawn(Arc::clone(&service).relay_on());
        beside.spawn(Arc::clone(&service).reap_on());
        beside.spawn(Arc::clone(&service).sweep_on());
        let worker = Worker {
            store: Arc::clone(&service.bench.store),
            id: WorkerId::generate(),
            rules: service.rules,
            pace: service.pace,
        };
        let around = Surroundings {
            stop,
            random,
            hear: hear(&service.accepted),
        };
        let mut slots = JoinSet::new();
        for class in Class::ALL {
            let (worker, service, around) = (worker.clone(), Arc::clone(&service), around.clone());
            slots.spawn(async move {
                let bench = service.bench.clone();
                let work = move |claim, job| {
                    let bench = bench.clone();
                    async move { bench.run(claim, job).await }
                };
                let count = service.slots.of(*class);
                worker
                    .serve(&service.queue, *class, count, work, around)
                    .await
            });
        }
        let mut result = Ok(());
        while let Some(ended) = slots.join_next().await {
            result = result.and(ended.map_err(WorkerError::BrokenOff).flatten());
        }
        // Relay, reaper and sweep hold nothing that has to be ended in order.
        beside.shutdown().await;
        result
    }

    /// Publishes what is due, whenever a job was accepted and now and then besides.
    async fn relay_on(self: Arc<Self>) {
        let mut tick = every(self.periods.relay);
        loop {
            tokio::select! {
                _ = tick.tick() => {}
                () = self.accepted.notified() => {}
            }
            for class in Class::ALL {
                let slots = self.slots.of(*class);
                if slots == 0 {
                    continue;
                }
                let capacity = i64::try_from(slots)
                    .unwrap_or(i64::MAX)
                    .saturating_add(WINDOW);
                let relayed =
                    relay(&self.bench.store, &self.queue, *class, capacity, random()).await;
                match relayed {
                    Ok(relayed) => {
                        if let Some(failure) = relayed.failure {
                            warn("a hint could not be published", &failure);
                        }
                    }
                    Err(error) => warn("the relay failed", &error),
                }
            }
        }
    }

    /// Looks for jobs whose worker or hint was lost, and for keys that have expired.
    async fn reap_on(self: Arc<Self>) {
        let mut tick = every(self.periods.reaper);
        let rules = self.rules;
        loop {
            tick.tick().await;
            let reaped = with_store(&self.bench.store, move |store| {
                jobs::reap(store, &rules, random)
            });
            match reaped.await {
                Ok(found) if found.crashed > 0 || found.hints > 0 => {
                    tracing::warn!(
                        jobs.crashed = found.crashed,
                        jobs.dead = found.dead,
                        jobs.hints = found.hints,
                        "jobs were lost and wait again"
                    );
                    self.accepted.notify_one();
                }
                Ok(_) => {}
                Err(error) => warn("the reaper failed", &error),
            }
            let dropped = write(&self.bench.store, |conn| {
                Ok(jobs::drop_expired_keys(conn)? + answers::drop_expired(conn)?)
            });
            if let Err(error) = dropped.await {
                warn("expired keys could not be dropped", &error);
            }
        }
    }

    /// Deletes what has been kept for long enough, and what nothing names.
    async fn sweep_on(self: Arc<Self>) {
        let mut tick = every(self.periods.sweep);
        loop {
            tick.tick().await;
            let (blobs, retention) = (Arc::clone(&self.bench.blobs), self.retention);
            let store = Arc::clone(&self.bench.store);
            let swept = tokio::task::spawn_blocking(move || sweep(&store, &blobs, &retention));
            match swept.await {
                Ok(Ok(swept)) => tracing::info!(
                    sources.expired = swept.sources,
                    results.expired = swept.results,
                    blobs.orphans = swept.blobs.orphans,
                    blobs.unfinished = swept.blobs.unfinished,
                    bytes.freed = swept.blobs.bytes,
                    "swept"
                ),
                Ok(Err(error)) => warn("the sweep failed", &error),
                Err(error) => tracing::error!(error = %error, "the sweep was broken off"),
            }
        }
    }
}

fn every(period: Duration) -> tokio::time::Interval {
    let mut tick = interval(period.max(Duration::from_millis(1)));
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    tick
}

fn warn(what: &str, error: &dyn aimapper_core::error::Explain) {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text.push_str(": ");
        text.push_str(&next.to_string());
        cause = next.source();
    }
    tracing::warn!(error = %text, "{what}");
}

/// One line for each job that came to an end of an attempt, and a ring, because a slot is free.
fn hear(accepted: &Arc<Notify>) -> crate::serve::Hear {
    let accepted = Arc::clone(accepted);
    Arc::new(move |taken| {
        match taken {
            Ok(Taken::Run(job)) => {
                let ran = job.standing.finished_at.zip(job.standing.started_at);
                tracing::info!(
                    job.id = %job.id,
                    job.kind = %job.payload.kind(),
                    job.state = %job.standing.state,
                    job.attempt = job.standing.attempt,
                    job.code = job.failure.as_ref().map(|failure| failure.code.as_str()),
                    duration_ms = ran.map(|(end, start)| end.0 - start.0),
                    trace.id = job.traceparent.as_deref().and_then(|text| text.split('-').nth(1)),
                    "job worked on"
                );
            }
            Ok(Taken::Void(_)) => {}
            Ok(Taken::Lost) => tracing::warn!("a job was lost while it was worked on"),
            Err(error) => warn("a job could not be worked on", error),
        }
        accepted.notify_one();
    })
}

/// Uniform 64 bits; where the system gives none, the time would be as good as a constant, and a
/// constant is what remains.
fn random() -> u64 {
    getrandom::u64().unwrap_or(u64::MAX / 2)
}

/// Threads for each process, so that all slots together have about as many as there are processors.
#[must_use]
pub fn threads(slots: Slots) -> usize {
    let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
    (processors / (slots.batch.max(1))).max(1)
}
