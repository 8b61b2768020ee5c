//! A service without its HTTP side: database, blobs, queue and the real program for jobs.

use std::path::Path;
use std::sync::Arc;

use aimapper_core::blob::{Blobs, Key};
use aimapper_core::id::{
    JobId, MappingVersionId, SourceId, SourceVersionId, TargetVersionId, TenantId, UserId, WorkerId,
};
use aimapper_core::job::{Outcome, OutputFormat, Payload, Rules};
use aimapper_core::mapping::{Mapping, accept_at, from_yaml, to_yaml};
use aimapper_core::matching::PastDecision;
use aimapper_core::queue::Queue;
use aimapper_core::source::Limits;
use aimapper_core::store::blobs::{self, NewBlob};
use aimapper_core::store::jobs::{self, JobRecord, NewJob};
use aimapper_core::store::mappings::Verdict;
use aimapper_core::store::memory::{self, NewMemory};
use aimapper_core::store::outputs::{self, Part};
use aimapper_core::store::runs::{self, Run};
use aimapper_core::store::{Store, mappings, sources, targets};
use aimapper_core::target::from_json_schema;
use aimapper_worker::{Bench, Pace, ProcessLimits, Program, Taken, Worker, relay};
use tempfile::TempDir;

use crate::databases::{self, Database, Which};

/// A target for [`rows`].
const ROWS_SCHEMA: &str = r#"{"type": "object", "required": ["id", "amount"],
    "properties": {"id": {"type": "integer"}, "amount": {"type": "number"}}}"#;

/// A target for [`bank`].
pub(crate) const SCHEMA: &str = include_str!("../../../../examples/bank/transaction.schema.json");

/// A bank's export, with preamble and footer.
pub(crate) fn bank() -> String {
    let bytes = include_bytes!("../../../../examples/bank/umsaetze_2026-03.csv");
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

/// Rows with a fault now and then.
pub(crate) fn rows(count: usize) -> String {
    let mut text = "id,amount\n".to_owned();
    for row in 0..count {
        if row % 1_000 == 7 {
            text.push_str("no number,1.5\n");
        } else {
            text.push_str(&format!("{row},{}.25\n", row % 977));
        }
    }
    text
}

pub(crate) struct Ground {
    pub(crate) folder: TempDir,
    pub(crate) bench: Bench,
    _database: Database,
    store: Arc<Store>,
    queue: Queue,
    worker: Worker,
    tenant: TenantId,
    user: UserId,
}

impl Ground {
    pub(crate) fn new() -> Self {
        let (database, store) = Database::migrated(Which::Sqlite);
        let (tenant, user) = databases::tenant(&store, "one");
        let store = Arc::new(store);
        let folder = tempfile::tempdir().unwrap();
        let work = folder.path().join("work");
        std::fs::create_dir(&work).unwrap();
        let blobs = Arc::new(Blobs::local(&folder.path().join("blobs")).unwrap());
        let bench = Bench {
            store: Arc::clone(&store),
            blobs,
            program: Program {
                path: env!("CARGO_BIN_EXE_aimapper-worker").into(),
                arguments: vec!["job-child".to_owned()],
            },
            folder: work,
            limits: ProcessLimits::default(),
            reading: Limits::default(),
            threads: 2,
            max_attempts: 5,
        };
        let worker = Worker {
            store: Arc::clone(&store),
            id: WorkerId::generate(),
            rules: Rules {
                base_ms: 0,
                cap_ms: 0,
                ..Rules::default()
            },
            pace: Pace {
                look: std::time::Duration::from_millis(20),
                ..Pace::default()
            },
        };
        Self {
            folder,
            bench,
            _database: database,
            store,
            queue: Queue::in_process(),
            worker,
            tenant,
            user,
        }
    }

    /// Stores a file and makes a source of it. Each character is a byte.
    pub(crate) fn upload(&self, name: &str, text: &str) -> (SourceId, SourceVersionId) {
        let bytes: Vec<u8> = text
            .chars()
            .map(|c| u8::try_from(u32::from(c)).unwrap())
            .collect();
        let mut upload = self.bench.blobs.begin(&Key::upload(self.tenant)).unwrap();
        upload.write(&bytes).unwrap();
        let stored = upload.finish().unwrap();
        let (tenant, user) = (self.tenant, self.user);
        let made = self.store.write(|conn| {
            let blob = NewBlob {
                object_key: stored.key.to_string(),
                bytes: i64::try_from(stored.bytes).unwrap(),
                sha256: stored.sha256.clone(),
            };
            let blob = blobs::add(conn, tenant, &blob)?;
            let source = sources::create(conn, tenant, user, name)?;
            let new = sources::NewVersion {
                source,
                number: 1,
                file_name: name,
                blob,
                decisions: "[]",
            };
            let version = sources::add_version(conn, tenant, user, &new)?;
            Ok((source, version))
        });
        made.unwrap()
    }

    pub(crate) fn target(&self, schema: &str) -> TargetVersionId {
        let (tenant, user) = (self.tenant, self.user);
        let schema = from_json_schema(schema, "target.json").unwrap();
        let schema = &serde_json::to_string(&schema).unwrap();
        let made = self.store.write(|conn| {
            let target = targets::create(conn, tenant, user, "target")?;
            targets::add_version(conn, tenant, user, target, 1, (schema, ""))
        });
        made.unwrap()
    }

    /// A mapping of a file of [`rows`] with nothing left open.
    pub(crate) async fn mapped(
        &self,
        name: &str,
        text: &str,
    ) -> (MappingVersionId, SourceVersionId) {
        self.mapped_to(ROWS_SCHEMA, name, text).await
    }

    /// The same to another schema.
    pub(crate) async fn mapped_to(
        &self,
        schema: &str,
        name: &str,
        text: &str,
    ) -> (MappingVersionId, SourceVersionId) {
        let (source, version) = self.upload(name, text);
        let target = self.target(schema);
        let read = self.run_one(Payload::Read {
            source,
            version,
            propose: Some(target),
            memory: true,
        });
        let Some(Outcome::Read {
            propose: Some(propose),
            ..
        }) = read.await.outcome
        else {
            panic!("nothing proposed");
        };
        let proposed = self.run_accepted(propose).await;
        let Some(Outcome::Propose { mapping_version }) = proposed.outcome else {
            panic!("{proposed:?}");
        };
        let body = self.mapping(mapping_version);
        let mapping = accept_at(&from_yaml(&body, "m").unwrap(), 0.5, "a test", "");
        (self.edit(mapping_version, &to_yaml(&mapping)), version)
    }

    pub(crate) fn mapping(&self, version: MappingVersionId) -> String {
        let tenant = self.tenant;
        let version = self
            .store
            .read(|conn| mappings::version(conn, tenant, version));
        version.unwrap().body
    }

    /// Remembers what a person decided in a mapping, as the api does.
    pub(crate) fn remember(&self, mapping: &Mapping) {
        for decision in PastDecision::of_mapping(mapping) {
            let new = NewMemory {
                target_name: &mapping.target.name,
                field: &decision.rule.field,
                source_column: &decision.column,
                source_file: &decision.file,
                verdict: if decision.holds {
                    Verdict::Edited
                } else {
                    Verdict::Rejected
                },
                rule: &serde_json::to_string(&decision.rule).unwrap(),
            };
            let (tenant, user) = (self.tenant, self.user);
            self.store
                .write(|conn| memory::remember(conn, tenant, user, &new))
                .unwrap();
        }
    }

    /// The next version of a mapping.
    pub(crate) fn edit(&self, version: MappingVersionId, body: &str) -> MappingVersionId {
        let (tenant, user) = (self.tenant, self.user);
        let made = self.store.write(|conn| {
            let before = mappings::version(conn, tenant, version)?;
            let new = mappings::NewVersion {
                mapping: before.mapping_id,
                number: before.number + 1,
                source_version: before.source_version_id,
                target_version: before.target_version_id,
                body,
                sha256: &mappings::sha256(body),
            };
            mappings::add_version(conn, tenant, user, &new, &[])
        });
        made.unwrap()
    }

    pub(crate) fn run_of(
        &self,
        mapping_version: MappingVersionId,
        source_version: SourceVersionId,
        format: OutputFormat,
    ) -> Payload {
        Payload::Run {
            mapping_version,
            source_version,
            format,
            max_rejects: 0,
            with: None,
        }
    }

    /// Starts a run with its row.
    pub(crate) fn start(&self, payload: Payload) -> Run {
        let run = self
            .store
            .write(|conn| runs::start(conn, &self.new_job(payload), None));
        run.unwrap()
    }

    pub(crate) fn submit(&self, payload: Payload) -> JobId {
        let new = self.new_job(payload);
        let submitted = self.store.write(|conn| jobs::submit(conn, &new, None));
        submitted.unwrap().id()
    }

    fn new_job(&self, payload: Payload) -> NewJob {
        NewJob {
            tenant: self.tenant,
            created_by: self.user,
            payload,
            class: payload.class(0),
            priority: 0,
            delay_ms: 0,
            max_attempts: 5,
            traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned()),
        }
    }

    pub(crate) fn read_job(&self, text: &str) -> JobId {
        let (source, version) = self.upload("a.csv", text);
        self.submit(Payload::Read {
            source,
            version,
            propose: None,
            memory: true,
        })
    }

    pub(crate) async fn run_one(&self, payload: Payload) -> JobRecord {
        self.run_accepted(self.submit(payload)).await
    }

    /// Runs one attempt of a job that waits.
    pub(crate) async fn run_accepted(&self, job: JobId) -> JobRecord {
        self.attempt(job, std::future::pending()).await
    }

    async fn attempt(&self, id: JobId, stop: impl Future<Output = ()>) -> JobRecord {
        let class = self.job(id).class;
        let relayed = relay(
            &self.store,
            &self.queue,
            move |_| Ok([(class, 100)].into()),
            0,
        )
        .await
        .unwrap();
        assert_eq!(relayed.published, 1);
        let mut consumer = self.queue.consume(class);
        let delivery = consumer.next().await.unwrap();
        let work = |claim, job| self.bench.run(claim, job);
        let taken = self.worker.take(delivery, work, stop, || 0).await.unwrap();
        let Taken::Run(record) = taken else {
            panic!("{taken:?}");
        };
        assert_eq!(record.id, id);
        *record
    }

    /// Runs a job and ends the worker, with the child in the middle of it, behind so many chunks.
    pub(crate) async fn run_until_chunk(&self, id: JobId, chunks: u64) -> JobRecord {
        let reached = async {
            loop {
                let checkpoint = self.job(id).checkpoint;
                if checkpoint.is_some_and(|kept| kept.chunk >= chunks) {
                    return;
                }
                tokio::task::yield_now().await;
            }
        };
        self.attempt(id, reached).await
    }

    /// Runs a job whose process writes its number to a pipe, and cancels it then.
    pub(crate) async fn cancel_once_it_runs(&self, id: JobId, pipe: &Path) -> (JobRecord, u32) {
        let (tenant, user) = (self.tenant, self.user);
        let (store, pipe) = (Arc::clone(&self.store), pipe.to_owned());
        let cancelling = tokio::task::spawn_blocking(move || {
            let pid = std::fs::read_to_string(pipe).unwrap();
            store
                .write(|conn| jobs::cancel(conn, tenant, id, user))
                .unwrap();
            pid.trim().parse().unwrap()
        });
        let ended = self.run_accepted(id).await;
        (ended, cancelling.await.unwrap())
    }

    pub(crate) fn pipe(&self, path: &Path) {
        let made = std::process::Command::new("mkfifo").arg(path).status();
        assert!(made.unwrap().success());
    }

    /// Whether a process has ended. One that was killed and not yet waited for has.
    pub(crate) fn is_gone(&self, pid: u32) -> bool {
        match std::fs::read_to_string(format!("/proc/{pid}/stat")) {
            Err(_) => true,
            Ok(stat) => stat.contains(") Z "),
        }
    }

    pub(crate) fn job(&self, id: JobId) -> JobRecord {
        let tenant = self.tenant;
        self.store
            .read(|conn| jobs::find(conn, tenant, id))
            .unwrap()
    }

    pub(crate) fn profile(&self, version: SourceVersionId) -> Vec<u8> {
        let tenant = self.tenant;
        let row = self.store.read(|conn| {
            let version = sources::version(conn, tenant, version)?;
            blobs::find(conn, tenant, version.profile_blob_id.unwrap())
        });
        self.blob(&row.unwrap().object_key)
    }

    fn blob(&self, key: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut file = self.bench.blobs.read(&key.parse().unwrap()).unwrap();
        std::io::Read::read_to_end(&mut file, &mut bytes).unwrap();
        bytes
    }

    /// What a job published of a part, its chunks joined.
    pub(crate) fn output(&self, job: JobId, part: Part) -> Vec<u8> {
        let tenant = self.tenant;
        let keys = self.store.read(|conn| {
            let outputs = outputs::published(conn, tenant, job)?;
            let of_part = outputs.iter().filter(|output| output.part == part);
            let find = |output: &outputs::Output| blobs::find(conn, tenant, output.blob_id);
            of_part.map(find).collect::<Result<Vec<_>, _>>()
        });
        let keys = keys.unwrap();
        keys.iter()
            .flat_map(|row| self.blob(&row.object_key))
            .collect()
    }

    /// The attempts that wrote the chunks of a part.
    pub(crate) fn epochs(&self, job: JobId, part: Part) -> Vec<i64> {
        let tenant = self.tenant;
        let outputs = self
            .store
            .read(|conn| outputs::published(conn, tenant, job));
        let outputs = outputs.unwrap().into_iter();
        outputs
            .filter(|output| output.part == part)
            .map(|output| output.epoch)
            .collect()
    }

    /// Folders of jobs that were not cleared.
    pub(crate) fn left_behind(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.bench.folder).unwrap();
        let name = |entry: std::io::Result<std::fs::DirEntry>| {
            entry.unwrap().file_name().into_string().unwrap()
        };
        entries.map(name).collect()
    }

    pub(crate) fn fill_the_disk(&mut self, room: u64) {
        let blobs = Blobs::local_with_room(&self.folder.path().join("blobs"), room);
        self.bench.blobs = Arc::new(blobs.unwrap());
    }

    pub(crate) fn empty_the_disk(&mut self) {
        let blobs = Blobs::local(&self.folder.path().join("blobs"));
        self.bench.blobs = Arc::new(blobs.unwrap());
    }
}
