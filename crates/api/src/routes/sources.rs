//! Sources: uploads, their versions and what was read of them.

use actix_multipart::Multipart;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use aimapper_core::blob::Key;
use aimapper_core::id::{BlobId, JobId, SourceId, SourceVersionId, TargetVersionId};
use aimapper_core::job::Payload;
use aimapper_core::store::blobs::{self, NewBlob};
use aimapper_core::store::jobs::{self, NewJob};
use aimapper_core::store::sources::{self, NewVersion, Source, SourceVersion};
use aimapper_core::store::{Conn, targets};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::body::Body;
use super::download::{Content, Piece, Sent, send};
use super::once::{Once, answer};
use super::readings::{self, SetReading};
use super::views::{At, Made, job_location};
use crate::app::{App, Limits};
use crate::auth::{Caller, CanMap, Guarded};
use crate::paging::{Listed, Page};
use crate::problem::{Code, Problem};
use crate::uploads::{self, Received};

/// A source in a list.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SourceItem {
    #[schema(value_type = uuid::Uuid)]
    id: SourceId,
    name: String,
    #[serde(flatten)]
    made: Made,
    /// When its files were taken away.
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted_at: Option<At>,
}

/// A source with its versions, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SourceView {
    #[serde(flatten)]
    source: SourceItem,
    versions: Vec<SourceVersionView>,
}

/// One version of a source.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SourceVersionView {
    #[schema(value_type = uuid::Uuid)]
    id: SourceVersionId,
    #[schema(value_type = uuid::Uuid)]
    source: SourceId,
    /// From 1.
    number: i32,
    /// What its sender calls the file.
    file_name: String,
    #[serde(flatten)]
    made: Made,
    /// Whether it has a profile.
    read: bool,
    /// How it is read: what was set, and once it is read, all decisions.
    #[schema(value_type = Vec<Object>)]
    decisions: Value,
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

/// An upload, part by part.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "only its form is told; the parts are streamed")]
pub(super) struct UploadForm {
    /// The file.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
    /// A name for the source; without it, that of the file.
    name: Option<String>,
    /// How it is to be read, as JSON.
    decisions: Option<Vec<SetReading>>,
    /// A target version to which a mapping is proposed when the source is read.
    #[schema(value_type = Option<uuid::Uuid>)]
    target: Option<TargetVersionId>,
}

/// The same file, read otherwise.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewReading {
    /// All that is set; what another version had set is not carried over.
    decisions: Vec<SetReading>,
    /// A target version to which a mapping is proposed when it is read.
    #[serde(default)]
    #[schema(value_type = Option<uuid::Uuid>)]
    target: Option<TargetVersionId>,
}

/// What deleting took away.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Deleted {
    /// Files: uploads and profiles.
    files: usize,
}

impl From<Source> for SourceItem {
    fn from(row: Source) -> Self {
        Self {
            id: row.id,
            name: row.name,
            made: Made::new(row.created_by, row.created_at),
            deleted_at: row.deleted_at.map(At::from),
        }
    }
}

impl From<SourceVersion> for SourceVersionView {
    fn from(row: SourceVersion) -> Self {
        Self {
            id: row.id,
            source: row.source_id,
            number: row.number,
            file_name: row.file_name,
            made: Made::new(row.created_by, row.created_at),
            read: row.profile_blob_id.is_some(),
            decisions: serde_json::from_str(&row.decisions).unwrap_or_default(),
        }
    }
}

/// Makes a source of an upload, with the job that reads it.
///
/// # Errors
/// `not_found` if the tenant has no such target version; `unavailable`, `no_space`, `internal`.
pub(crate) fn accept(
    conn: &mut Conn<'_>,
    caller: &Caller,
    limits: &Limits,
    upload: &Received,
    traceparent: Option<String>,
) -> Result<Uploaded, Problem> {
    let tenant = caller.tenant;
    let name = upload.name.as_deref().unwrap_or(&upload.file_name);
    let source = sources::create(conn, tenant, caller.user, name)?;
    let stored = &upload.stored;
    let file = NewBlob {
        object_key: stored.key.to_string(),
        bytes: i64::try_from(stored.bytes).unwrap_or(i64::MAX),
        sha256: stored.sha256.clone(),
    };
    let blob = blobs::add(conn, tenant, &file)?;
    let new = Another {
        source,
        number: 1,
        file_name: &upload.file_name,
        blob,
        bytes: stored.bytes,
        decisions: &upload.decisions,
        target: upload.target,
        traceparent,
    };
    add_version(conn, caller, limits, new)
}

/// A version that is to be made and read.
struct Another<'a> {
    source: SourceId,
    number: i32,
    file_name: &'a str,
    blob: BlobId,
    bytes: u64,
    decisions: &'a [SetReading],
    target: Option<TargetVersionId>,
    traceparent: Option<String>,
}

fn add_version(
    conn: &mut Conn<'_>,
    caller: &Caller,
    limits: &Limits,
    new: Another<'_>,
) -> Result<Uploaded, Problem> {
    let tenant = caller.tenant;
    if let Some(target) = new.target {
        targets::version(conn, tenant, target)?;
    }
    let decisions =
        serde_json::to_string(new.decisions).map_err(|error| Problem::internal(&error))?;
    let row = NewVersion {
        source: new.source,
        number: new.number,
        file_name: new.file_name,
        blob: new.blob,
        decisions: &decisions,
    };
    let version = sources::add_version(conn, tenant, caller.user, &row)?;
    let payload = Payload::Read {
        source: new.source,
        version,
        propose: new.target,
    };
    let job = NewJob {
        tenant,
        created_by: caller.user,
        payload,
        class: payload.class(new.bytes),
        priority: 0,
        delay_ms: 0,
        max_attempts: limits.max_attempts,
        traceparent: new.traceparent,
    };
    let job = jobs::submit(conn, &job, None)?.id();
    Ok(Uploaded {
        source: new.source,
        version,
        job,
    })
}

/// Takes a file as a new source and reads it.
#[utoipa::path(post, path = "/api/v1/sources", tag = "sources",
    request_body(content = UploadForm, content_type = "multipart/form-data"),
    responses((status = 202, body = Uploaded, headers(("Location" = String, description = "The job that reads it")))))]
pub(super) async fn upload(
    app: web::Data<App>,
    guarded: Guarded<CanMap>,
    once: Once,
    multipart: Multipart,
) -> Result<HttpResponse, Problem> {
    let caller = guarded.caller;
    let received = uploads::receive(&app, caller.tenant, multipart).await?;
    let (key, hash) = (received.stored.key.clone(), received.sha256());
    let (limits, by) = (app.limits, caller.clone());
    let traceparent = once.traceparent.clone();
    let answered = once
        .answer(&app, &caller, &hash, move |conn| {
            let made = accept(conn, &by, &limits, &received, traceparent)?;
            answer(StatusCode::ACCEPTED, Some(job_location(made.job)), &made)
        })
        .await;
    let answered = match answered {
        Ok(answered) if !answered.repeated => {
            app.accepted.notify_one();
            return Ok(answered.response());
        }
        other => other,
    };
    // The file came again, or for nothing; unless it is not known whether a row names it by now.
    let unknown = |problem: &Problem| matches!(problem.code(), Code::Unavailable | Code::Internal);
    if !answered.as_ref().is_err_and(unknown) {
        uploads::discard(&app, key).await;
    }
    Ok(answered?.response())
}

/// Sources that are not deleted, newest first.
#[utoipa::path(get, path = "/api/v1/sources", tag = "sources", params(Page),
    responses((status = 200, body = Listed<SourceItem>)))]
pub(super) async fn list(
    app: web::Data<App>,
    guarded: Guarded<CanMap>,
    page: web::Query<Page>,
) -> Result<web::Json<Listed<SourceItem>>, Problem> {
    let (after, asked) = (page.after()?, page.asked()?);
    let tenant = guarded.caller.tenant;
    let rows = app
        .read(move |conn| Ok(sources::list(conn, tenant, after, asked)?))
        .await?;
    Ok(web::Json(Listed::new(
        &page,
        rows,
        |row| row.id,
        SourceItem::from,
    )?))
}

/// One source.
#[utoipa::path(get, path = "/api/v1/sources/{id}", tag = "sources", params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = SourceView)))]
pub(super) async fn find(
    app: web::Data<App>,
    guarded: Guarded<CanMap>,
    id: web::Path<SourceId>,
) -> Result<web::Json<SourceView>, Problem> {
    let (tenant, id) = (guarded.caller.tenant, *id);
    let view = app
        .read(move |conn| {
            let source = sources::find(conn, tenant, id)?.into();
            let versions = sources::versions(conn, tenant, id)?;
            Ok(SourceView {
                source,
                versions: versions.into_iter().map(Into::into).collect(),
            })
        })
        .await?;
    Ok(web::Json(view))
}

/// Takes a source's files away. Mappings and runs that name it stay.
#[utoipa::path(delete, path = "/api/v1/sources/{id}", tag = "sources", params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = Deleted)))]
pub(super) async fn delete(
    app: web::Data<App>,
    guarded: Guarded<CanMap>,
    id: web::Path<SourceId>,
) -> Result<web::Json<Deleted>, Problem> {
    let (tenant, id) = (guarded.caller.tenant, *id);
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
        uploads::discard(&app, key).await;
    }
    Ok(web::Json(Deleted { files }))
}

/// Reads the same file by other decisions, as another version.
#[utoipa::path(post, path = "/api/v1/sources/{id}/versions", tag = "sources", params(("id" = uuid::Uuid, Path)),
    request_body = NewReading,
    responses((status = 202, body = Uploaded, headers(("Location" = String, description = "The job that reads it")))))]
pub(super) async fn read_again(
    app: web::Data<App>,
    guarded: Guarded<CanMap>,
    id: web::Path<SourceId>,
    once: Once,
    body: Body<NewReading>,
) -> Result<HttpResponse, Problem> {
    let (caller, id, limits) = (guarded.caller, *id, app.limits);
    let new = body.value;
    readings::check(&new.decisions, "/decisions")?;
    let by = caller.clone();
    let traceparent = once.traceparent.clone();
    let answered = once
        .answer(&app, &caller, &body.sha256, move |conn| {
            sources::find(conn, by.tenant, id)?;
            let versions = sources::versions(conn, by.tenant, id)?;
            let last = versions
                .last()
                .ok_or_else(|| Problem::not_found(SourceId::WHAT, &id))?;
            let file = blobs::find(conn, by.tenant, last.blob_id.ok_or_else(deleted)?)?;
            let new = Another {
                source: id,
                number: last.number.saturating_add(1),
                file_name: &last.file_name,
                blob: file.id,
                bytes: u64::try_from(file.bytes).unwrap_or(0),
                decisions: &new.decisions,
                target: new.target,
                traceparent,
            };
            let made = add_version(conn, &by, &limits, new)?;
            answer(StatusCode::ACCEPTED, Some(job_location(made.job)), &made)
        })
        .await?;
    app.accepted.notify_one();
    Ok(answered.response())
}

/// The problem of a source whose files are gone.
pub(super) fn deleted() -> Problem {
    Problem::new(Code::SourceDeleted, "the source's file was taken away")
        .hint("upload it again".to_owned())
}

/// One version of a source.
#[utoipa::path(get, path = "/api/v1/source-versions/{id}", tag = "sources", params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = SourceVersionView)))]
pub(super) async fn version(
    app: web::Data<App>,
    guarded: Guarded<CanMap>,
    id: web::Path<SourceVersionId>,
) -> Result<web::Json<SourceVersionView>, Problem> {
    let (tenant, id) = (guarded.caller.tenant, *id);
    let row = app
        .read(move |conn| Ok(sources::version(conn, tenant, id)?))
        .await?;
    Ok(web::Json(row.into()))
}

/// The profile of a version that is read: the report without fields, and the first lines.
#[utoipa::path(get, path = "/api/v1/source-versions/{id}/profile", tag = "sources", params(("id" = uuid::Uuid, Path)),
    responses((status = 200, content_type = "application/json", body = Object)))]
pub(super) async fn profile(
    app: web::Data<App>,
    guarded: Guarded<CanMap>,
    id: web::Path<SourceVersionId>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let (tenant, id) = (guarded.caller.tenant, *id);
    let blob = app
        .read(move |conn| {
            let version = sources::version(conn, tenant, id)?;
            let profile = profile_of(&version)?;
            Ok(blobs::find(conn, tenant, profile)?)
        })
        .await?;
    let file = Sent {
        content: Content::Stored(vec![Piece::of(&blob)?]),
        media: "application/json",
        name: None,
        tag: blob.sha256,
    };
    send(&app, &request, file)
}

/// The profile's blob, or why there is none.
pub(super) fn profile_of(version: &SourceVersion) -> Result<BlobId, Problem> {
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

/// The file as it was uploaded.
#[utoipa::path(get, path = "/api/v1/source-versions/{id}/file", tag = "sources", params(("id" = uuid::Uuid, Path)),
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>),
        (status = 206, content_type = "application/octet-stream", body = Vec<u8>)))]
pub(super) async fn file(
    app: web::Data<App>,
    guarded: Guarded<CanMap>,
    id: web::Path<SourceVersionId>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let (tenant, id) = (guarded.caller.tenant, *id);
    let (name, blob) = app
        .read(move |conn| {
            let version = sources::version(conn, tenant, id)?;
            let blob = version.blob_id.ok_or_else(deleted)?;
            Ok((version.file_name, blobs::find(conn, tenant, blob)?))
        })
        .await?;
    let file = Sent {
        content: Content::Stored(vec![Piece::of(&blob)?]),
        media: "application/octet-stream",
        name: Some(name),
        tag: blob.sha256,
    };
    send(&app, &request, file)
}
