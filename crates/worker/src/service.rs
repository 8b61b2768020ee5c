//! The whole worker: relay, slots, reaper and sweep, side by side until the process is to end.

use std::num::NonZero;
use std::sync::Arc;
use std::time::Duration;

use aimapper_core::blob::Blobs;
use aimapper_core::config::Config;
use aimapper_core::id::WorkerId;
use aimapper_core::job::{Class, Outcome, Rules};
use aimapper_core::metrics::Metrics;
use aimapper_core::program::StartError;
use aimapper_core::queue::Queue;
use aimapper_core::store::jobs::{Claim, JobRecord};
use aimapper_core::store::{Conn, Store, answers, jobs, workers};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use crate::blocking::{read, with_store, write};
use crate::error::WorkerError;
use crate::jobs::Bench;
use crate::lead::{Office, Seat};
use crate::protocol::ProcessLimits;
use crate::relay::{Relayed, relay};
use crate::room::Room;
use crate::serve::Surroundings;
use crate::supervise::Program;
use crate::sweep::{Retention, sweep};
use crate::work::{Ended, Pace, Taken, Worker};

/// Least number of hints beyond the slots, so that a slot need not wait for the relay; else there is one
/// less than slots. Whoever comes next is behind them, and of several slots one becomes free for it before
/// any has become free twice: within the length of one job.
const WINDOW: i64 = 1;

/// A worker that was not seen for so many of its signs of life has no slots any more.
const LATE: u32 = 3;

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
    /// Between two signs of life of a worker, by which the relay knows its slots.
    pub seen: Duration,
    /// A hint that waits for so long while a slot is free says that this process hears no hints.
    pub deaf: Duration,
    /// Between two sweeps.
    pub sweep: Duration,
}

impl Default for Periods {
    fn default() -> Self {
        Self {
            relay: Duration::from_secs(1),
            reaper: Duration::from_secs(5),
            seen: Duration::from_secs(5),
            deaf: Duration::from_secs(30),
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
    /// What has happened here.
    pub metrics: Metrics,
    _room: Room,
}

impl Service {
    /// A worker as the settings want it, that runs jobs with `program`. Its folder for running jobs is
    /// made, and those of processes that were killed are cleared away.
    ///
    /// # Errors
    /// [`StartError::Folder`] when it cannot be made or they cannot be cleared.
    pub fn new(
        config: &Config,
        program: Program,
        (store, blobs): (Arc<Store>, Arc<Blobs>),
        queue: Queue,
        accepted: Arc<Notify>,
    ) -> Result<Self, StartError> {
        let path = config.data_dir.join("work");
        let room = Room::open(&path).map_err(|source| StartError::Folder { path, source })?;
        let slots = Slots {
            interactive: config.slots.interactive,
            batch: config.slots.batch,
            assistant: config.slots.assistant,
        };
        let bench = Bench {
            store,
            blobs,
            program,
            folder: room.path().to_owned(),
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
            metrics: Metrics::default(),
            _room: room,
        })
    }

    /// Works until `stop` turns to true; jobs that run then are given back at once. Of all processes
    /// over one database, one relays, reaps and sweeps.
    ///
    /// # Errors
    /// [`WorkerError`] if a slot cannot go on.
    pub async fn run(self, stop: watch::Receiver<bool>) -> Result<(), WorkerError> {
        let bench = self.bench.clone();
        let work = move |claim, job| {
            let bench = bench.clone();
            async move { bench.run(claim, job).await }
        };
        self.run_with(stop, work).await
    }

    /// The same with other work on the jobs than that of the bench: everything around it is as it is,
    /// and can be measured without it.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub async fn run_with<F, W>(
        self,
        stop: watch::Receiver<bool>,
        work: F,
    ) -> Result<(), WorkerError>
    where
        F: Fn(Claim, JobRecord) -> W + Clone + Send + Sync + 'static,
        W: Future<Output = Ended> + Send + 'static,
    {
        let service = Arc::new(self);
        let id = WorkerId::generate();
        // First, because the relay publishes nothing for slots that it does not know.
        service.be_seen(id).await;
        let store = Arc::clone(&service.bench.store);
        let office = Office::open(store, Arc::clone(&service.accepted));
        let office = office.map_err(WorkerError::Thread)?;
        let mut beside = JoinSet::new();
        beside.spawn(Arc::clone(&service).relay_on(office.seat()));
        beside.spawn(Arc::clone(&service).reap_on(office.seat()));
        beside.spawn(Arc::clone(&service).sweep_on(office.seat()));
        beside.spawn(Arc::clone(&service).be_seen_on(id));
        beside.spawn(Arc::clone(&service).listen_on());
        let worker = Worker {
            store: Arc::clone(&service.bench.store),
            id,
            rules: service.rules,
            pace: service.pace,
        };
        let around = Surroundings {
            stop,
            random,
            hear: hear(&service.accepted, &service.metrics),
        };
        let mut slots = JoinSet::new();
        for class in Class::ALL {
            let (worker, service, around) = (worker.clone(), Arc::clone(&service), around.clone());
            let work = work.clone();
            slots.spawn(async move {
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
        // What is beside holds nothing that has to be ended in order.
        beside.shutdown().await;
        let gone = write(&service.bench.store, move |conn| workers::gone(conn, id));
        if let Err(error) = gone.await {
            warn("the worker could not sign off", &error);
        }
        let _let_go = tokio::task::spawn_blocking(move || drop(office)).await;
        result
    }

    /// Says how many slots there are.
    async fn be_seen(&self, id: WorkerId) {
        let (slots, alone) = (self.slots, self.is_alone());
        let seen = write(&self.bench.store, move |conn| {
            if alone {
                // Those that a process before left.
                workers::forget(conn, -1)?;
            }
            for class in Class::ALL {
                let count = i32::try_from(slots.of(*class)).unwrap_or(i32::MAX);
                workers::seen(conn, id, *class, count)?;
            }
            Ok(())
        });
        if let Err(error) = seen.await {
            warn("the worker could not say that it is there", &error);
        }
    }

    async fn be_seen_on(self: Arc<Self>, id: WorkerId) {
        if self.is_alone() {
            return;
        }
        let mut tick = every(self.periods.seen);
        loop {
            tick.tick().await;
            self.be_seen(id).await;
        }
    }

    /// Whether there is no worker but this one, as with a queue inside of the process. It is there
    /// for as long as anybody asks, and an idle service writes nothing.
    fn is_alone(&self) -> bool {
        self.queue.broker().is_none()
    }

    /// How long a worker counts without a sign of life, in milliseconds.
    fn late_ms(&self) -> i64 {
        if self.is_alone() {
            return i64::MAX / 4;
        }
        i64::try_from((self.periods.seen * LATE).as_millis()).unwrap_or(i64::MAX / 4)
    }

    /// Renews the connection to the broker if hints are left lying though nothing runs here: whatever
    /// happened to it, the process hears nothing and does not know.
    async fn listen_on(self: Arc<Self>) {
        if self.is_alone() {
            return;
        }
        let mut tick = every(self.periods.deaf);
        loop {
            tick.tick().await;
            let age = i64::try_from(self.periods.deaf.as_millis()).unwrap_or(i64::MAX);
            let idle: Vec<Class> = Class::ALL
                .iter()
                .copied()
                .filter(|class| self.queue.listening(*class) > 0)
                .collect();
            let left = read(&self.bench.store, move |conn| {
                jobs::left_lying(conn, &idle, age)
            });
            match left.await {
                Ok(0) => {}
                Ok(left) => {
                    tracing::warn!(jobs.hints = left, "hints are left lying; connecting anew");
                    self.queue.reconnect().await;
                }
                Err(error) => warn("hints could not be looked for", &error),
            }
        }
    }

    /// Publishes what is due, whenever a job was accepted or a slot is free, and now and then besides.
    async fn relay_on(self: Arc<Self>, seat: Seat) {
        let mut tick = every(self.periods.relay);
        loop {
            tokio::select! {
                _ = tick.tick() => {}
                () = self.accepted.notified() => {}
            }
            seat.taken().await;
            match self.relay().await {
                Ok(relayed) => {
                    if let Some(failure) = relayed.failure {
                        warn("a hint could not be published", &failure);
                    }
                }
                Err(error) => warn("the relay failed", &error),
            }
        }
    }

    async fn relay(&self) -> Result<Relayed, WorkerError> {
        let late = self.late_ms();
        let capacities = move |conn: &mut Conn<'_>| {
            let slots = workers::slots(conn, late)?.into_iter();
            Ok(slots
                .map(|(class, slots)| (class, slots.saturating_add((slots - 1).max(WINDOW))))
                .collect())
        };
        relay(&self.bench.store, &self.queue, capacities, random()).await
    }

    /// Looks for jobs whose worker or hint was lost, and for keys that have expired.
    async fn reap_on(self: Arc<Self>, seat: Seat) {
        let mut tick = every(self.periods.reaper);
        let (rules, late) = (self.rules, self.late_ms());
        loop {
            tick.tick().await;
            seat.taken().await;
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
            let dropped = write(&self.bench.store, move |conn| {
                workers::forget(conn, late)?;
                Ok(jobs::drop_expired_keys(conn)? + answers::drop_expired(conn)?)
            });
            if let Err(error) = dropped.await {
                warn("expired keys could not be dropped", &error);
            }
        }
    }

    /// Deletes what has been kept for long enough, and what nothing names.
    async fn sweep_on(self: Arc<Self>, seat: Seat) {
        let mut tick = every(self.periods.sweep);
        loop {
            tick.tick().await;
            seat.taken().await;
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

/// Logs an error with all its causes.
pub(crate) fn warn(what: &str, error: &dyn aimapper_core::error::Explain) {
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
fn hear(accepted: &Arc<Notify>, metrics: &Metrics) -> crate::serve::Hear {
    let (accepted, metrics) = (Arc::clone(accepted), metrics.clone());
    Arc::new(move |taken| {
        match taken {
            Ok(Taken::Run(job)) => {
                count(&metrics, job);
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
            Ok(Taken::Lost) => {
                metrics.lost();
                tracing::warn!("a job was lost while it was worked on");
            }
            Ok(Taken::Fenced) => {
                metrics.fenced();
                tracing::warn!("a job was done when somebody else had it");
            }
            Err(error) => warn("a job could not be worked on", error),
        }
        accepted.notify_one();
    })
}

fn count(metrics: &Metrics, job: &JobRecord) {
    metrics.attempt(job.payload.kind(), job.standing.state);
    if let Some(Outcome::Run { balance }) = &job.outcome {
        let bytes = job.progress.map_or(0, |progress| progress.bytes_total);
        metrics.run(balance, bytes);
    }
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
