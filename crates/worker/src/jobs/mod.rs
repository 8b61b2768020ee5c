//! What a worker does for each kind of job: it brings the files to where the child works, hears the
//! child, takes each finished piece into the blob store, and says what is to be committed. It reads
//! no source itself.

mod stage;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use aimapper_core::blob::Blobs;
use aimapper_core::error::{ErrorKind, Explain};
use aimapper_core::id::{SourceVersionId, TargetVersionId};
use aimapper_core::job::{Checkpoint, Failure, FailureClass, Outcome, Payload};
use aimapper_core::source::Limits;
use aimapper_core::store::jobs::{self, Claim, JobRecord, NewJob};
use aimapper_core::store::outputs::NewOutput;
use aimapper_core::store::{Store, StoreError};
use tokio::time::Instant;

use crate::blocking::{read, write};
use crate::error::WorkerError;
use crate::protocol::{self, Done, Event, Piece, ProcessLimits, Spec};
use crate::supervise::{Heard, Program, Supervised};
use crate::work::Ended;
use stage::{StageError, Staged};

/// Progress is written no more often.
const REPORT_EVERY: std::time::Duration = std::time::Duration::from_secs(1);

/// What jobs are run with.
#[derive(Debug, Clone)]
pub struct Bench {
    /// The database.
    pub store: Arc<Store>,
    /// Uploads and results.
    pub blobs: Arc<Blobs>,
    /// What runs a job.
    pub program: Program,
    /// Folder in which each running job has one of its own.
    pub folder: PathBuf,
    /// Limits of each process.
    pub limits: ProcessLimits,
    /// Limits of what it reads.
    pub reading: Limits,
    /// Threads of each process.
    pub threads: usize,
    /// After so many attempts an error that may pass is final, for jobs that follow from others.
    pub max_attempts: i32,
}

impl Bench {
    /// Runs a job that was claimed, up to what is to be committed at its end.
    pub async fn run(&self, claim: Claim, job: JobRecord) -> Ended {
        match self.try_run(&claim, &job).await {
            Ok(ended) => ended,
            Err(StageError::Store(StoreError::Refused { .. })) => Ended::Lost,
            Err(error) => Ended::Failed {
                failure: failure(&error),
                retry_after_ms: 0,
            },
        }
    }

    async fn try_run(&self, claim: &Claim, job: &JobRecord) -> Result<Ended, StageError> {
        let name = format!("{}.{}", claim.job, claim.fence.epoch);
        let folder = tempfile::Builder::new()
            .prefix(&name)
            .tempdir_in(&self.folder)
            .map_err(|error| StageError::folder(&self.folder, error))?;
        let staged = self.stage(folder.path(), job).await?;
        let spec = Spec {
            version: protocol::VERSION,
            job: claim.job,
            traceparent: job.traceparent.clone(),
            limits: self.limits,
            reading: self.reading,
            threads: self.threads,
            task: staged.task.clone(),
        };
        // Declared behind the folder, so that it is gone before its folder is.
        let mut child = Supervised::start(&self.program, folder.path(), &spec)
            .await
            .map_err(|error| StageError::folder(&self.program.path, error))?;
        let mut reported: Option<Instant> = None;
        loop {
            match child.next().await {
                Heard::Said(Event::Progress(progress)) => {
                    if reported.is_none_or(|at| at.elapsed() >= REPORT_EVERY) {
                        reported = Some(Instant::now());
                        let claim = *claim;
                        self.write(move |conn| jobs::report(conn, &claim, &progress))
                            .await?;
                    }
                }
                Heard::Said(Event::Checkpoint { chunks, pieces }) => {
                    self.advance(claim, chunks, folder.path(), pieces).await?;
                }
                Heard::Said(Event::Done(done)) => {
                    child.finish().await;
                    return self.done(claim, job, staged, done, folder.path()).await;
                }
                Heard::Said(Event::Failed {
                    code,
                    transient,
                    message,
                    hint,
                }) => {
                    child.finish().await;
                    let class = if transient {
                        FailureClass::Transient
                    } else {
                        FailureClass::Permanent
                    };
                    return Ok(failed(Failure {
                        class,
                        code,
                        message,
                        hint,
                        evidence: None,
                    }));
                }
                Heard::Ended(failure) => return Ok(failed(failure)),
            }
        }
    }

    /// Takes a chunk into the blob store and commits it.
    async fn advance(
        &self,
        claim: &Claim,
        chunks: u64,
        folder: &Path,
        pieces: Vec<Piece>,
    ) -> Result<(), StageError> {
        let outputs = self.take(claim, folder, pieces).await?;
        let checkpoint = Checkpoint {
            chunk: chunks,
            state: serde_json::Value::Null,
        };
        let claim = *claim;
        self.write(move |conn| jobs::advance(conn, &claim, &checkpoint, None, &outputs))
            .await?;
        Ok(())
    }

    /// Takes finished pieces into the blob store; they are not named by any row yet.
    async fn take(
        &self,
        claim: &Claim,
        folder: &Path,
        pieces: Vec<Piece>,
    ) -> Result<Vec<NewOutput>, StageError> {
        let (blobs, folder, claim) = (Arc::clone(&self.blobs), folder.to_owned(), *claim);
        on_thread(move || {
            let take = |piece: &Piece| stage::take_piece(&blobs, &claim, &folder, piece);
            pieces.iter().map(take).collect()
        })
        .await
    }

    /// What is to be committed at the end of a job that is done.
    async fn done(
        &self,
        claim: &Claim,
        job: &JobRecord,
        staged: Staged,
        done: Done,
        folder: &Path,
    ) -> Result<Ended, StageError> {
        match (done, job.payload) {
            (
                Done::Read { decisions },
                Payload::Read {
                    version,
                    propose,
                    memory,
                    ..
                },
            ) => {
                let profile = self.keep(claim, folder, protocol::PROFILE).await?;
                let then = propose.map(|target| self.proposal(job, (version, target), memory));
                Ok(Ended::Read {
                    version,
                    profile,
                    decisions: decisions.to_string(),
                    then: then.map(Box::new),
                })
            }
            (
                Done::Propose {},
                Payload::Propose {
                    source_version,
                    target_version,
                    ..
                },
            ) => Ok(Ended::Proposed {
                by: job.created_by,
                name: staged.name,
                source_version,
                target_version,
                body: stage::text(folder, protocol::MAPPING)?,
            }),
            (Done::Run { balance, pieces }, Payload::Run { .. }) => Ok(Ended::Done {
                outcome: Outcome::Run { balance },
                outputs: self.take(claim, folder, pieces).await?,
            }),
            (Done::Read { .. } | Done::Propose {} | Done::Run { .. }, _) => Ok(failed(Failure {
                class: FailureClass::Permanent,
                code: "protocol".to_owned(),
                message: "the job's process did another job".to_owned(),
                hint: None,
                evidence: None,
            })),
        }
    }

    /// The job that proposes a mapping of a source that was just read.
    fn proposal(
        &self,
        job: &JobRecord,
        (source_version, target_version): (SourceVersionId, TargetVersionId),
        memory: bool,
    ) -> NewJob {
        let payload = Payload::Propose {
            source_version,
            target_version,
            memory,
        };
        NewJob {
            tenant: job.tenant,
            created_by: job.created_by,
            payload,
            class: payload.class(0),
            priority: job.priority,
            delay_ms: 0,
            max_attempts: self.max_attempts,
            traceparent: job.traceparent.clone(),
        }
    }

    async fn keep(
        &self,
        claim: &Claim,
        folder: &Path,
        name: &'static str,
    ) -> Result<aimapper_core::store::blobs::NewBlob, StageError> {
        let (blobs, folder, claim) = (Arc::clone(&self.blobs), folder.to_owned(), *claim);
        on_thread(move || stage::take_file(&blobs, &claim, &folder, name)).await
    }

    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut aimapper_core::store::Conn<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StageError> {
        Ok(write(&self.store, work).await?)
    }

    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut aimapper_core::store::Conn<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StageError> {
        Ok(read(&self.store, work).await?)
    }
}

const fn failed(failure: Failure) -> Ended {
    Ended::Failed {
        failure,
        retry_after_ms: 0,
    }
}

/// Runs what blocks on a thread where it may.
async fn on_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StageError> + Send + 'static,
) -> Result<T, StageError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| StageError::from(WorkerError::BrokenOff(error)))?
}

/// An error around the child, as it is kept with the job.
fn failure(error: &StageError) -> Failure {
    let (class, code) = match error.kind() {
        ErrorKind::NoSpace => (FailureClass::Transient, "no_space"),
        ErrorKind::Unavailable | ErrorKind::Conflict => (FailureClass::Transient, "io"),
        ErrorKind::NotFound => (FailureClass::Permanent, "not_found"),
        ErrorKind::Invalid
        | ErrorKind::Undecided
        | ErrorKind::TooLarge
        | ErrorKind::Unsupported
        | ErrorKind::Unauthenticated
        | ErrorKind::Forbidden
        | ErrorKind::PreconditionFailed
        | ErrorKind::RateLimited
        | ErrorKind::Internal => (FailureClass::Permanent, "internal"),
    };
    let mut message = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(next) = cause {
        message.push_str(": ");
        message.push_str(&next.to_string());
        cause = next.source();
    }
    Failure {
        class,
        code: code.to_owned(),
        message,
        hint: error.hint(),
        evidence: None,
    }
}
