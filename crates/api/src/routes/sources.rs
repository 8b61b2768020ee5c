//! Sources: uploads, their versions and what was read of them.

use actix_multipart::{Field, Multipart};
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use aimapper_core::id::{SourceId, SourceVersionId, TargetVersionId};
use aimapper_core::store::blobs;
use aimapper_core::store::sources::{self as rows, Source, SourceVersion};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::body::{Body, hex, of_json};
use super::download::{Content, Piece, Sent, send};
use super::once::{Once, answer};
use super::query::Query;
use super::views::{Made, job_location};
use crate::actions::Asker;
use crate::actions::sources::{self, NewSource, Proposal, Uploaded, accept, file_of, profile_of};
use crate::app::App;
use crate::at::At;
use crate::auth::{CanMap, Guarded};
use crate::paging::{Listed, Page};
use crate::problem::Problem;
use crate::readings::{self, SetReading};
use crate::uploads::{self, Parts, source_name, text};

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
    /// Whether earlier decisions count for that proposal; they do unless this says `false`.
    memory: Option<bool>,
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
    /// Whether earlier decisions count for that proposal; they do unless this says no.
    #[serde(default = "yes")]
    memory: bool,
}

const fn yes() -> bool {
    true
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

/// What an upload holds besides its file.
#[derive(Debug, Default)]
struct Others {
    name: Option<Option<String>>,
    decisions: Option<Vec<SetReading>>,
    target: Option<Option<TargetVersionId>>,
    memory: Option<bool>,
}

impl Parts for Others {
    async fn take(&mut self, name: &str, field: Field) -> Result<(), Problem> {
        match name {
            "name" => {
                let text = text("name", field).await?;
                once(&mut self.name, "name", source_name(&text)?)
            }
            "decisions" => {
                let text = text("decisions", field).await?;
                once(&mut self.decisions, "decisions", decisions(&text)?)
            }
            "target" => {
                let text = text("target", field).await?;
                once(&mut self.target, "target", target(text.trim())?)
            }
            "memory" => {
                let text = text("memory", field).await?;
                once(&mut self.memory, "memory", yes_or_no(text.trim())?)
            }
            other => Err(Problem::parameter(other, "there is no such part")
                .hint("parts are file, name, decisions, target, memory".to_owned())),
        }
    }
}

fn once<T>(place: &mut Option<T>, name: &str, value: T) -> Result<(), Problem> {
    match place.replace(value) {
        Some(_) => Err(uploads::twice(name)),
        None => Ok(()),
    }
}

fn decisions(text: &str) -> Result<Vec<SetReading>, Problem> {
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    let decisions: Vec<SetReading> =
        of_json(text.as_bytes()).map_err(|problem| problem.within("/decisions"))?;
    readings::check(&decisions, "/decisions")?;
    Ok(decisions)
}

fn yes_or_no(text: &str) -> Result<bool, Problem> {
    text.parse()
        .map_err(|_| Problem::parameter("memory", "it is neither true nor false"))
}

fn target(text: &str) -> Result<Option<TargetVersionId>, Problem> {
    if text.is_empty() {
        return Ok(None);
    }
    let id = text.parse();
    id.map(Some)
        .map_err(|_| Problem::parameter("target", "it is no id of a target version"))
}

/// A hash of all that makes two uploads the same.
fn sha256(new: &NewSource) -> String {
    let about = serde_json::json!([
        new.file.stored.sha256,
        new.file.name,
        new.name,
        new.decisions,
        new.target,
        new.memory
    ]);
    hex(about.to_string().as_bytes())
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
    let mut others = Others::default();
    let file = uploads::receive(&app, caller.tenant, multipart, &mut others).await?;
    let file = file.ok_or_else(|| {
        Problem::parameter("file", "there is no such part")
            .hint("send the file as a part called file".to_owned())
    })?;
    let new = NewSource {
        file,
        name: others.name.flatten(),
        decisions: others.decisions.unwrap_or_default(),
        target: others.target.flatten(),
        memory: others.memory.unwrap_or(true),
    };
    let (key, hash) = (new.file.stored.key.clone(), sha256(&new));
    let asker = Asker::new(&app, &caller, once.traceparent.clone());
    let answered = once.answer(&app, caller, &hash, move |conn, _| {
        let made = accept(conn, &asker, &new)?;
        answer(StatusCode::ACCEPTED, Some(job_location(made.job)), &made)
    });
    let answered = uploads::named(&app, &key, answered.await).await?;
    if answered.repeated {
        // The file came again.
        uploads::discard(&app, key).await;
    } else {
        app.accepted.notify_one();
    }
    Ok(answered.response())
}

/// Sources that are not deleted, newest first.
#[utoipa::path(get, path = "/api/v1/sources", tag = "sources", params(Page),
    responses((status = 200, body = Listed<SourceItem>)))]
pub(super) async fn list(
    app: web::Data<App>,
    guarded: Guarded<CanMap>,
    page: Query<Page>,
) -> Result<web::Json<Listed<SourceItem>>, Problem> {
    let (after, asked) = (page.after()?, page.asked()?);
    let tenant = guarded.caller.tenant;
    let rows = app
        .read(move |conn| Ok(rows::list(conn, tenant, after, asked)?))
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
            let source = rows::find(conn, tenant, id)?.into();
            let versions = rows::versions(conn, tenant, id)?;
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
    let files = sources::delete(&app, tenant, id).await?;
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
    let (caller, id, new) = (guarded.caller, *id, body.value);
    let asker = Asker::new(&app, &caller, once.traceparent.clone());
    let answered = once
        .answer(&app, caller, &body.sha256, move |conn, _| {
            let proposal = new.target.map(|target| Proposal {
                target,
                memory: new.memory,
            });
            let made = sources::read_again(conn, &asker, id, &new.decisions, proposal)?;
            answer(StatusCode::ACCEPTED, Some(job_location(made.job)), &made)
        })
        .await?;
    app.accepted.notify_one();
    Ok(answered.response())
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
        .read(move |conn| Ok(rows::version(conn, tenant, id)?))
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
            let version = rows::version(conn, tenant, id)?;
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
            let version = rows::version(conn, tenant, id)?;
            let blob = file_of(conn, tenant, &version)?;
            Ok((version.file_name, blob))
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
