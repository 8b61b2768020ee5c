//! A database, a queue, tenants and a worker to try a rule on.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aimapper_core::blob::Stored;
use aimapper_core::id::{JobId, TenantId, UserId, WorkerId};
use aimapper_core::job::{
    Checkpoint, Class, Failure, FailureClass, Outcome, OutputFormat, Payload, Rules, Standing,
    State, Written,
};
use aimapper_core::queue::{Delivery, Queue};
use aimapper_core::store::Store;
use aimapper_core::store::blobs::NewBlob;
use aimapper_core::store::jobs::{
    self, Claim, Claimed, JobEvent, JobRecord, NewJob, Reaped, Submitted,
};
use aimapper_core::store::outputs::{NewOutput, Part};
use aimapper_worker::{Ended, Pace, Relayed, Taken, Worker, relay};

use tokio::time::Instant;

use crate::broker;
use crate::databases::{self, Database, Which};

/// More room than any test needs.
pub(crate) const ROOM: i64 = 100_000;

/// Longer than every delay, lease and wait for a hint.
pub(crate) const LONG: i64 = 24 * 3_600_000;

pub(crate) struct Ground {
    pub(crate) database: Database,
    pub(crate) store: Arc<Store>,
    pub(crate) queue: Queue,
    pub(crate) rules: Rules,
    pub(crate) worker: Worker,
    /// The tenant `one` and its user.
    pub(crate) tenant: TenantId,
    pub(crate) user: UserId,
    keys: AtomicU64,
    /// Whether the clock of the tasks stands still until all of them wait. Not where a task waits for
    /// a broker, which is no task.
    still: bool,
}

impl Ground {
    /// On a queue inside of the process.
    pub(crate) fn in_process(which: Which) -> Self {
        let (database, store) = Database::migrated(which);
        Self::new(database, store, Queue::in_process())
    }

    /// On queues of its own in a real broker.
    pub(crate) fn broker(which: Which) -> Self {
        let (database, store) = Database::migrated(which);
        let mut ground = Self::new(database, store, broker::queue());
        ground.still = false;
        // The clock does not jump, so what is waited for has to come soon.
        ground.worker.pace.renew = Duration::from_secs(1);
        ground.worker.pace.look = Duration::from_millis(100);
        ground
    }

    /// What a process that starts anew finds: connections of its own, and a queue without hints where
    /// the queue ended with the process.
    pub(crate) fn new_process(before: &Self) -> Self {
        let store = before.database.open();
        let queue = before
            .queue
            .broker()
            .cloned()
            .map_or_else(Queue::in_process, |broker| Queue::rabbit(broker).unwrap());
        Self {
            still: before.still,
            ..Self::new(before.database.again(), store, queue)
        }
    }

    /// That not more time has passed, by a clock that stands still while something is done. By any
    /// other it depends on the machine, and bounds are for `just faults`.
    pub(crate) fn within(&self, began: Instant, time: Duration) {
        assert!(
            !self.still || began.elapsed() <= time,
            "{:?}",
            began.elapsed()
        );
    }

    pub(crate) fn stands_still(&self) -> bool {
        self.still
    }

    fn new(database: Database, store: Store, queue: Queue) -> Self {
        let (tenant, user) = databases::tenant(&store, "one");
        let store = Arc::new(store);
        Self {
            database,
            worker: worker(&store),
            store,
            queue,
            rules: Rules::default(),
            tenant,
            user,
            keys: AtomicU64::new(0),
            still: true,
        }
    }

    /// Another worker.
    pub(crate) fn another_worker(&self) -> Worker {
        worker(&self.store)
    }

    pub(crate) fn new_job(&self) -> NewJob {
        NewJob {
            tenant: self.tenant,
            created_by: self.user,
            payload: Payload::Run {
                mapping_version: some_id(),
                source_version: some_id(),
                format: OutputFormat::Csv,
                max_rejects: 0,
                with: None,
            },
            class: Class::Batch,
            priority: 0,
            delay_ms: 0,
            max_attempts: 3,
            traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned()),
        }
    }

    pub(crate) fn submit(&self) -> JobId {
        self.submit_as(&self.new_job())
    }

    pub(crate) fn submit_as(&self, new: &NewJob) -> JobId {
        let submitted = self.store.write(|conn| jobs::submit(conn, new, None));
        match submitted.unwrap() {
            Submitted::New(id) => id,
            Submitted::Repeated(id) => panic!("{id} was there"),
        }
    }

    pub(crate) async fn relay(&self, room: i64) -> Relayed {
        relay(
            &self.store,
            &self.queue,
            move |_| Ok([(Class::Batch, room)].into()),
            u64::MAX,
        )
        .await
        .unwrap()
    }

    /// Publishes what is due, takes the next hint, and runs its job.
    pub(crate) async fn run_next<W: Future<Output = Ended>>(
        &self,
        work: impl FnOnce(Claim, JobRecord) -> W,
    ) -> Taken {
        self.relay(ROOM).await;
        let delivery = self.next_hint().await;
        self.worker
            .take(delivery, work, std::future::pending(), || u64::MAX)
            .await
            .unwrap()
    }

    /// The next hint, which has to be there.
    pub(crate) async fn next_hint(&self) -> Delivery {
        assert!(self.hints().await > 0, "no hint is there");
        self.queue.consume(Class::Batch).next().await.unwrap()
    }

    /// Hints that nobody has taken.
    pub(crate) async fn hints(&self) -> usize {
        self.queue.waiting(Class::Batch).await.unwrap()
    }

    /// Claims a job for a worker that then does as it likes.
    pub(crate) fn claim(&self, job: JobId) -> Claim {
        let claimed = self
            .store
            .write(|conn| jobs::claim(conn, job, WorkerId::generate(), &self.rules));
        match claimed.unwrap() {
            Claimed::Yes(claim, _) => claim,
            Claimed::No(refusal) => panic!("{refusal}"),
        }
    }

    pub(crate) fn advance(&self, claim: &Claim, chunk: u64) -> JobRecord {
        let output = self.output(claim, i64::try_from(chunk).unwrap() - 1);
        self.store
            .write(|conn| jobs::advance(conn, claim, &checkpoint(chunk), None, &[output]))
            .unwrap()
    }

    /// A chunk of good rows, as if it were stored.
    pub(crate) fn output(&self, claim: &Claim, chunk: i64) -> NewOutput {
        let number = self.keys.fetch_add(1, Ordering::SeqCst);
        NewOutput {
            part: Part::Good,
            chunk,
            row_count: 10,
            blob: NewBlob {
                object_key: format!(
                    "{}/jobs/{}/{}/good-{chunk}-{number}",
                    claim.tenant, claim.job, claim.fence.epoch
                ),
                bytes: 100,
                sha256: "0".repeat(64),
            },
        }
    }

    pub(crate) fn reap(&self) -> Reaped {
        jobs::reap(&self.store, &self.rules, || u64::MAX).unwrap()
    }

    pub(crate) fn elapse(&self, milliseconds: i64) {
        databases::elapse(&self.store, milliseconds);
    }

    pub(crate) fn job(&self, id: JobId) -> JobRecord {
        self.store
            .read(|conn| jobs::find(conn, self.tenant, id))
            .unwrap()
    }

    pub(crate) fn standing(&self, id: JobId) -> Standing {
        self.job(id).standing
    }

    pub(crate) fn state(&self, id: JobId) -> State {
        self.standing(id).state
    }

    pub(crate) fn events(&self, id: JobId) -> Vec<JobEvent> {
        self.store
            .read(|conn| jobs::events(conn, self.tenant, id, 0, 10_000))
            .unwrap()
    }

    /// Number of rows of a table.
    pub(crate) fn count(&self, table: &str) -> i64 {
        let count = format!("SELECT CAST(count(*) AS text) AS line FROM {table}");
        databases::lines(&self.store, &count)[0].parse().unwrap()
    }
}

fn worker(store: &Arc<Store>) -> Worker {
    Worker {
        store: Arc::clone(store),
        id: WorkerId::generate(),
        rules: Rules::default(),
        pace: Pace::default(),
    }
}

/// An id of a row that jobs name and nobody looks for.
pub(crate) fn some_id<T: std::str::FromStr<Err: std::fmt::Debug>>() -> T {
    "01234567-89ab-7fff-bfff-ffffffffffff".parse().unwrap()
}

pub(crate) fn checkpoint(chunk: u64) -> Checkpoint {
    Checkpoint {
        chunk,
        state: serde_json::json!({"line": chunk * 10}),
    }
}

pub(crate) fn done() -> Ended {
    Ended::Done {
        outcome: outcome(),
        outputs: Vec::new(),
    }
}

pub(crate) fn outcome() -> Outcome {
    Outcome::Run {
        balance: Written {
            counted: 11,
            read: 11,
            good: 10,
            rejected: 0,
            non_data: 1,
        },
    }
}

pub(crate) fn failed(class: FailureClass) -> Ended {
    Ended::Failed {
        failure: failure(class),
        retry_after_ms: 0,
    }
}

pub(crate) fn failure(class: FailureClass) -> Failure {
    Failure {
        class,
        code: "test".to_owned(),
        message: "it was to fail".to_owned(),
        hint: None,
        evidence: None,
    }
}

/// What a row keeps of a stored file.
pub(crate) fn named(stored: &Stored) -> NewBlob {
    NewBlob {
        object_key: stored.key.to_string(),
        bytes: i64::try_from(stored.bytes).unwrap(),
        sha256: stored.sha256.clone(),
    }
}

/// The state in which a job was left, if it was run.
pub(crate) fn left(taken: &Taken) -> Option<State> {
    match taken {
        Taken::Run(job) => Some(job.standing.state),
        Taken::Void(_) | Taken::Lost | Taken::Fenced => None,
    }
}
