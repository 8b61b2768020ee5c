//! Files on their way: out of the blob store into a child's folder, and back.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::Arc;

use aimapper_core::blob::{BlobError, Blobs, Key, NotAKey, Stored};
use aimapper_core::error::{ErrorKind, Explain};
use aimapper_core::id::{
    BlobId, MappingVersionId, RunId, SourceVersionId, TargetVersionId, TenantId,
};
use aimapper_core::job::Payload;
use aimapper_core::mapping::{MappingError, Rule, from_yaml};
use aimapper_core::matching::{Memory, PastDecision};
use aimapper_core::store::blobs::{self, BlobRow, NewBlob};
use aimapper_core::store::jobs::{Claim, JobRecord};
use aimapper_core::store::memory::{self, Remembered};
use aimapper_core::store::outputs::{self, NewOutput, Part};
use aimapper_core::store::sources::SourceVersion;
use aimapper_core::store::{Conn, StoreError, jobs, mappings, runs, sources, targets};
use aimapper_core::target::{Field, TargetSchema};

use super::{Bench, on_thread};
use crate::error::WorkerError;
use crate::protocol::{MAPPING, MEMORY, PROFILE, Piece, RESUME, SOURCE, Set, TARGET, Task, beside};

/// What can go wrong around a child.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StageError {
    /// The database.
    #[error("the database failed")]
    Store(#[source] StoreError),
    /// The worker's surroundings.
    #[error(transparent)]
    Worker(WorkerError),
    /// The blob store.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// A file or folder of the job.
    #[error("cannot use {what}")]
    Io {
        what: String,
        #[source]
        source: io::Error,
    },
    /// A key that the database holds is none.
    #[error(transparent)]
    Key(#[from] NotAKey),
    /// The source was deleted meanwhile.
    #[error("the source was deleted")]
    Deleted,
    /// The source has no profile.
    #[error("the source has not been read yet")]
    NotRead,
    /// The results of a run were deleted meanwhile.
    #[error("the good rows of the run {run} are not there any more")]
    NoRows {
        /// The run.
        run: RunId,
    },
    /// The mapping that the database holds is none.
    #[error(transparent)]
    Mapping(Box<MappingError>),
    /// What the database holds cannot be understood.
    #[error("{what} cannot be understood")]
    Corrupt {
        what: &'static str,
        #[source]
        source: serde_json::Error,
    },
}

impl StageError {
    pub(crate) fn folder(path: &Path, source: io::Error) -> Self {
        let what = path.display().to_string();
        Self::Io { what, source }
    }
}

impl From<WorkerError> for StageError {
    fn from(error: WorkerError) -> Self {
        match error {
            WorkerError::Store(error) => Self::Store(error),
            WorkerError::Queue(_)
            | WorkerError::BrokenOff(_)
            | WorkerError::Thread(_)
            | WorkerError::NoAnswer => Self::Worker(error),
        }
    }
}

impl Explain for StageError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Store(error) => error.kind(),
            Self::Worker(error) => error.kind(),
            Self::Blob(error) => error.kind(),
            Self::Io { source, .. } if source.kind() == io::ErrorKind::StorageFull => {
                ErrorKind::NoSpace
            }
            Self::Io { .. } => ErrorKind::Unavailable,
            Self::Deleted | Self::NotRead | Self::NoRows { .. } => ErrorKind::NotFound,
            Self::Key(_) | Self::Corrupt { .. } | Self::Mapping(_) => ErrorKind::Internal,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Store(error) => error.hint(),
            Self::Worker(error) => error.hint(),
            Self::Blob(error) => error.hint(),
            Self::NotRead => Some("wait for the job that reads it".to_owned()),
            Self::Deleted => Some("upload it again".to_owned()),
            Self::NoRows { .. } => Some("run it again, or run without it".to_owned()),
            Self::Io { .. } | Self::Key(_) | Self::Corrupt { .. } | Self::Mapping(_) => None,
        }
    }
}

/// What was brought to a child.
#[derive(Debug)]
pub(crate) struct Staged {
    /// The task with its files in place.
    pub(crate) task: Task,
    /// What a mapping that comes of it is called.
    pub(crate) name: String,
}

/// What the database knows of a job's files.
struct Plan {
    task: Task,
    name: String,
    /// Files to be brought, with their names in the child's folder. What has the same name stands in one file.
    files: Vec<(BlobRow, Cow<'static, str>)>,
    /// Texts to be written.
    texts: Vec<(String, &'static str)>,
}

impl Bench {
    /// Brings all files of a job to a folder.
    pub(super) async fn stage(&self, folder: &Path, job: &JobRecord) -> Result<Staged, StageError> {
        let (tenant, payload) = (job.tenant, job.payload);
        let (id, chunk) = (job.id, job.checkpoint.as_ref().map(|kept| kept.chunk));
        let plan = match payload {
            Payload::Read { version, .. } => {
                self.read(move |conn| Ok(plan_read(conn, tenant, version)))
                    .await??
            }
            Payload::Propose {
                source_version,
                target_version,
                memory,
            } => {
                let versions = (source_version, target_version);
                self.read(move |conn| Ok(plan_proposal(conn, tenant, versions, memory)))
                    .await??
            }
            Payload::Run {
                mapping_version,
                source_version,
                format,
                with,
                ..
            } => {
                let versions = (mapping_version, source_version);
                let mut plan = self
                    .read(move |conn| Ok(plan_run(conn, tenant, versions, with)))
                    .await??;
                if let Some(last) =
                    chunk.and_then(|chunk| i64::try_from(chunk).ok()?.checked_sub(1))
                {
                    let state = self.read(move |conn| {
                        let state = outputs::committed(conn, tenant, id, Part::State, last)?;
                        blobs::find(conn, tenant, state.blob_id)
                    });
                    plan.files.push((state.await?, RESUME.into()));
                }
                if let Task::Run {
                    format: wanted,
                    resumes,
                    ..
                } = &mut plan.task
                {
                    *wanted = format;
                    *resumes = plan.files.iter().any(|(_, name)| *name == RESUME);
                }
                plan
            }
        };
        let (blobs, folder) = (Arc::clone(&self.blobs), folder.to_owned());
        on_thread(move || bring(&blobs, &folder, plan)).await
    }
}

fn bring(blobs: &Blobs, folder: &Path, plan: Plan) -> Result<Staged, StageError> {
    let mut begun = BTreeSet::new();
    for (blob, name) in &plan.files {
        let path = folder.join(&**name);
        let mut from = blobs.read(&blob.object_key.parse()?)?;
        let to = if begun.insert(name) {
            File::create(&path)
        } else {
            File::options().append(true).open(&path)
        };
        let copied = to.and_then(|mut file| io::copy(&mut from, &mut file));
        copied.map_err(|error| StageError::folder(&path, error))?;
    }
    for (text, name) in &plan.texts {
        let path = folder.join(name);
        fs::write(&path, text).map_err(|error| StageError::folder(&path, error))?;
    }
    Ok(Staged {
        task: plan.task,
        name: plan.name,
    })
}

fn plan_read(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    version: SourceVersionId,
) -> Result<Plan, StageError> {
    let version = sources::version(conn, tenant, version).map_err(StageError::Store)?;
    let set: Vec<Set> = parsed("the reading decisions of a source", &version.decisions)?;
    Ok(Plan {
        files: vec![(source(conn, tenant, &version)?, SOURCE.into())],
        texts: Vec::new(),
        name: version.file_name.clone(),
        task: Task::Read {
            file: version.file_name,
            set: set.into_iter().filter(Set::by_person).collect(),
        },
    })
}

fn plan_proposal(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    (source_version, target_version): (SourceVersionId, TargetVersionId),
    remembers: bool,
) -> Result<Plan, StageError> {
    let version = sources::version(conn, tenant, source_version).map_err(StageError::Store)?;
    let target = targets::version(conn, tenant, target_version).map_err(StageError::Store)?;
    let named = targets::find(conn, tenant, target.target_id).map_err(StageError::Store)?;
    let profile = profile(conn, tenant, &version)?.ok_or(StageError::NotRead)?;
    let decisions = parsed("the reading decisions of a source", &version.decisions)?;
    let memory = if remembers {
        let schema: TargetSchema = parsed("a target", &target.body)?;
        remembered(conn, tenant, &schema.name)?
    } else {
        Memory::default()
    };
    let memory = serde_json::to_string(&memory).map_err(|source| StageError::Corrupt {
        what: "what is remembered",
        source,
    })?;
    Ok(Plan {
        files: vec![(profile, PROFILE.into())],
        texts: vec![(target.body, TARGET), (memory, MEMORY)],
        name: format!("{} to {}", version.file_name, named.name),
        task: Task::Propose {
            file: version.file_name,
            decisions,
        },
    })
}

/// What the tenant decided about sources for this target, the newest first. A rule that an older
/// program stored in another form is left out.
fn remembered(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    target_name: &str,
) -> Result<Memory, StageError> {
    let rows = memory::about(conn, tenant, target_name).map_err(StageError::Store)?;
    let decision = |row: Remembered| {
        // An older program noted no file, and did not tell what nobody had looked at.
        let file = row.source_file?;
        let rule: Rule = serde_json::from_str(&row.rule).ok()?;
        Some(PastDecision {
            holds: row.verdict.holds(),
            column: row.source_column,
            file,
            at: rule.at.clone().unwrap_or_default(),
            rule,
        })
    };
    Ok(Memory::new(rows.into_iter().filter_map(decision).collect()))
}

fn plan_run(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    (mapping_version, source_version): (MappingVersionId, SourceVersionId),
    with: Option<RunId>,
) -> Result<Plan, StageError> {
    let mapping = mappings::version(conn, tenant, mapping_version).map_err(StageError::Store)?;
    let version = sources::version(conn, tenant, source_version).map_err(StageError::Store)?;
    let mut files = vec![(source(conn, tenant, &version)?, SOURCE.into())];
    let profile = profile(conn, tenant, &version)?;
    let profiled = profile.is_some();
    files.extend(profile.map(|profile| (profile, PROFILE.into())));
    let with = with.map_or(Ok(0), |run| {
        beside_it(conn, tenant, run, &mapping.body, &mut files)
    })?;
    Ok(Plan {
        files,
        texts: vec![(mapping.body, MAPPING)],
        name: version.file_name.clone(),
        task: Task::Run {
            file: version.file_name,
            format: aimapper_core::job::OutputFormat::Csv,
            profiled,
            own: mapping.source_version_id == source_version,
            resumes: false,
            with,
        },
    })
}

/// Brings the good rows of a run, and of those that were beside it, and says how many files they are: none if no
/// field of the mapping's target is unique.
fn beside_it(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    run: RunId,
    mapping: &str,
    files: &mut Vec<(BlobRow, Cow<'static, str>)>,
) -> Result<usize, StageError> {
    let mapping =
        from_yaml(mapping, MAPPING).map_err(|source| StageError::Mapping(Box::new(source)))?;
    if !mapping.target.fields.iter().any(Field::is_unique) {
        return Ok(0);
    }
    let (mut count, mut next) = (0, Some(run));
    while let Some(id) = next {
        let run = runs::find(conn, tenant, id).map_err(StageError::Store)?;
        let all = outputs::published(conn, tenant, run.job_id).map_err(StageError::Store)?;
        let mut good = all
            .into_iter()
            .filter(|output| output.part == Part::Good)
            .peekable();
        if good.peek().is_none() {
            return Err(StageError::NoRows { run: id });
        }
        for output in good {
            files.push((find(conn, tenant, output.blob_id)?, beside(count).into()));
        }
        count += 1;
        let job = jobs::find(conn, tenant, run.job_id).map_err(StageError::Store)?;
        next = match job.payload {
            Payload::Run { with, .. } => with,
            Payload::Read { .. } | Payload::Propose { .. } => None,
        };
    }
    Ok(count)
}

fn source(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    version: &SourceVersion,
) -> Result<BlobRow, StageError> {
    let blob = version.blob_id.ok_or(StageError::Deleted)?;
    find(conn, tenant, blob)
}

fn profile(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    version: &SourceVersion,
) -> Result<Option<BlobRow>, StageError> {
    let found = version.profile_blob_id.map(|blob| find(conn, tenant, blob));
    found.transpose()
}

fn find(conn: &mut Conn<'_>, tenant: TenantId, blob: BlobId) -> Result<BlobRow, StageError> {
    blobs::find(conn, tenant, blob).map_err(StageError::Store)
}

fn parsed<T: serde::de::DeserializeOwned>(what: &'static str, text: &str) -> Result<T, StageError> {
    serde_json::from_str(text).map_err(|source| StageError::Corrupt { what, source })
}

/// Reads a text that a child wrote.
pub(super) fn text(folder: &Path, name: &str) -> Result<String, StageError> {
    let path = folder.join(name);
    fs::read_to_string(&path).map_err(|error| StageError::folder(&path, error))
}

/// Takes a piece of a child into the blob store, and its file away.
pub(super) fn take_piece(
    blobs: &Blobs,
    claim: &Claim,
    folder: &Path,
    piece: &Piece,
) -> Result<NewOutput, StageError> {
    let blob = take_file(blobs, claim, folder, &piece.name)?;
    let path = folder.join(&piece.name);
    fs::remove_file(&path).map_err(|error| StageError::folder(&path, error))?;
    Ok(NewOutput {
        part: piece.part,
        chunk: piece.chunk,
        row_count: piece.rows,
        blob,
    })
}

/// Copies a file of a child into the blob store, under a key of this attempt.
pub(super) fn take_file(
    blobs: &Blobs,
    claim: &Claim,
    folder: &Path,
    name: &str,
) -> Result<NewBlob, StageError> {
    // The key refuses every name that leads out of the folder.
    let key = Key::output(claim.tenant, claim.job, claim.fence.epoch, name)?;
    let path = folder.join(name);
    let mut file = File::open(&path).map_err(|error| StageError::folder(&path, error))?;
    let mut upload = blobs.begin(&key)?;
    let mut block = vec![0; 1 << 18];
    loop {
        let read = file
            .read(&mut block)
            .map_err(|error| StageError::folder(&path, error))?;
        let Some(bytes) = block.get(..read).filter(|bytes| !bytes.is_empty()) else {
            break;
        };
        upload.write(bytes)?;
    }
    let Stored { key, bytes, sha256 } = upload.finish()?;
    Ok(NewBlob {
        object_key: key.to_string(),
        bytes: i64::try_from(bytes).unwrap_or(i64::MAX),
        sha256,
    })
}
