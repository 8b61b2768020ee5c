//! Sources: taken in, read again by other decisions, taken away.

use aimapper_core::blob::Key;
use aimapper_core::id::{BlobId, JobId, SourceId, SourceVersionId, TargetVersionId, TenantId};
use aimapper_core::job::Payload;
use aimapper_core::store::blobs::{self, BlobRow, NewBlob};
use aimapper_core::store::sources::{self, NewVersion, SourceVersion};
use aimapper_core::store::{Conn, jobs, targets};
use serde::Serialize;
use utoipa::ToSchema;

use super::Asker;
use crate::app::App;
use crate::problem::{Code, Problem};
use crate::readings::{self, SetReading};
use crate::uploads::{self, Received};

/// A file that is to become a source.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct NewSource {
    /// The file; no row names it yet.
    pub(crate) file: Received,
    /// A name; without it, that of the file.
    pub(crate) name: Option<String>,
    /// How it is to be read.
    pub(crate) decisions: Vec<SetReading>,
    /// To which target a mapping is proposed when it is read.
    pub(crate) target: Option<TargetVersionId>,
    /// Whether earlier decisions count for that.
    pub(crate) memory: bool,
}

/// A proposal that follows as soon as a source is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Proposal {
    /// To what.
    pub(crate) target: TargetVersionId,
    /// Whether earlier decisions count.
    pub(crate) memory: bool,
}

/// What an upload became.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub(crate) struct Uploaded {
    /// The source.
    #[schema(value_type = uuid::Uuid)]
    pub(crate) source: SourceId,
    /// Its version.
    #[schema(value_type = uuid::Uuid)]
    pub(crate) version: SourceVersionId,
    /// The job that reads it.
    #[schema(value_type = uuid::Uuid)]
    pub(crate) job: JobId,
}

/// Makes a source of an upload, with the job that reads it.
///
/// # Errors
/// `not_found` if the tenant has no such target version; `unavailable`, `no_space`, `internal`.
pub(crate) fn accept(
    conn: &mut Conn<'_>,
    asker: &Asker,
    new: &NewSource,
) -> Result<Uploaded, Problem> {
    let (tenant, user) = (asker.caller.tenant, asker.caller.user);
    let Received { stored, name } = &new.file;
    let source = sources::create(conn, tenant, user, new.name.as_deref().unwrap_or(name))?;
    let file = NewBlob {
        object_key: stored.key.to_string(),
        bytes: i64::try_from(stored.bytes).unwrap_or(i64::MAX),
        sha256: stored.sha256.clone(),
    };
    let version = Another {
        source,
        number: 1,
        file_name: name,
        blob: blobs::add(conn, tenant, &file)?,
        bytes: stored.bytes,
    };
    let proposal = new.target.map(|target| Proposal {
        target,
        memory: new.memory,
    });
    add_version(conn, asker, &version, &new.decisions, proposal)
}

/// Reads the file of a source by other decisions, as another version.
///
/// # Errors
/// `invalid` for decisions that cannot be; `source_deleted`, `not_found`.
pub(crate) fn read_again(
    conn: &mut Conn<'_>,
    asker: &Asker,
    source: SourceId,
    decisions: &[SetReading],
    proposal: Option<Proposal>,
) -> Result<Uploaded, Problem> {
    readings::check(decisions, "/decisions")?;
    let tenant = asker.caller.tenant;
    sources::find(conn, tenant, source)?;
    let last = sources::versions(conn, tenant, source)?.pop();
    let last = last.ok_or_else(|| Problem::not_found(SourceId::WHAT, &source))?;
    let file = file_of(conn, tenant, &last)?;
    let version = Another {
        source,
        number: last.number.saturating_add(1),
        file_name: &last.file_name,
        blob: file.id,
        bytes: u64::try_from(file.bytes).unwrap_or(0),
    };
    add_version(conn, asker, &version, decisions, proposal)
}

/// A version that is to be made and read.
struct Another<'a> {
    source: SourceId,
    number: i32,
    file_name: &'a str,
    blob: BlobId,
    bytes: u64,
}

fn add_version(
    conn: &mut Conn<'_>,
    asker: &Asker,
    new: &Another<'_>,
    decisions: &[SetReading],
    proposal: Option<Proposal>,
) -> Result<Uploaded, Problem> {
    let (tenant, user) = (asker.caller.tenant, asker.caller.user);
    if let Some(proposal) = proposal {
        targets::version(conn, tenant, proposal.target)?;
    }
    let decisions = serde_json::to_string(decisions).map_err(|error| Problem::internal(&error))?;
    let row = NewVersion {
        source: new.source,
        number: new.number,
        file_name: new.file_name,
        blob: new.blob,
        decisions: &decisions,
    };
    let version = sources::add_version(conn, tenant, user, &row)?;
    let payload = Payload::Read {
        source: new.source,
        version,
        propose: proposal.map(|proposal| proposal.target),
        memory: proposal.is_none_or(|proposal| proposal.memory),
    };
    let job = jobs::submit(conn, &asker.job(payload, new.bytes), None)?.id();
    Ok(Uploaded {
        source: new.source,
        version,
        job,
    })
}

/// Takes a source's files away, and says how many there were. Mappings and runs that name it stay.
///
/// # Errors
/// `not_found`, `unavailable`, `internal`.
pub(crate) async fn delete(app: &App, tenant: TenantId, id: SourceId) -> Result<usize, Problem> {
    let (files, keys) = app
        .write(move |conn| {
            let mut ids: Vec<BlobId> = Vec::new();
            for version in sources::versions(conn, tenant, id)? {
                ids.extend(version.blob_id);
                ids.extend(version.profile_blob_id);
            }
            ids.sort();
            ids.dedup();
            let mut keys: Vec<Key> = Vec::new();
            for id in ids {
                keys.push(blobs::find(conn, tenant, id)?.object_key.parse()?);
            }
            Ok((sources::delete(conn, tenant, id)?, keys))
        })
        .await?;
    // Their rows are gone; a person who deletes does not expect them to lie there until a sweep.
    for key in keys {
        uploads::discard(app, key).await;
    }
    Ok(files)
}

/// The file of a version.
///
/// # Errors
/// `source_deleted`, `unavailable`.
pub(crate) fn file_of(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    version: &SourceVersion,
) -> Result<BlobRow, Problem> {
    Ok(blobs::find(
        conn,
        tenant,
        version.blob_id.ok_or_else(deleted)?,
    )?)
}

/// The profile's blob, or why there is none.
///
/// # Errors
/// `not_read_yet`, `source_deleted`.
pub(crate) fn profile_of(version: &SourceVersion) -> Result<BlobId, Problem> {
    match (version.profile_blob_id, version.blob_id) {
        (Some(profile), _) => Ok(profile),
        (None, None) => Err(deleted()),
        (None, Some(_)) => Err(Problem::new(
            Code::NotReadYet,
            format!("the source version {} is not read yet", version.id),
        )
        .hint("wait for its read job to succeed".to_owned())),
    }
}

/// The problem of a source whose files are gone.
fn deleted() -> Problem {
    Problem::new(Code::SourceDeleted, "the source's file was taken away")
        .hint("upload it again".to_owned())
}
