//! Mappings: proposed by jobs, brought as files, reviewed field by field, approved, exported.

mod edit;
mod file;
mod view;

use actix_web::http::{StatusCode, header};
use actix_web::web::Bytes;
use actix_web::{FromRequest as _, HttpRequest, HttpResponse, web};
use aimapper_core::id::{JobId, MappingId, MappingVersionId, SourceVersionId, TargetVersionId};
use aimapper_core::store::mappings::{self, MappingVersion};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::body::{Body, media_type, of_payload};
use super::download::{Content, Sent, send};
use super::once::{Once, answer};
use super::query::Query;
use super::views::{BASE, job_location, quoted};
use crate::actions::Asker;
use crate::actions::drift::compare;
use crate::actions::mappings::{self as mappings_of, edit as edit_mapping, mapping_of};
use crate::app::App;
use crate::auth::{CanMap, CanOperate, Guarded};
use crate::paging::{Listed, Page};
use crate::problem::{Code, Problem};

use edit::Patch;
pub(super) use view::{DriftView, MappingItem, MappingView, VersionView, of_row};

/// A proposal that is asked for.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewProposal {
    /// What is mapped; it has to be read.
    #[schema(value_type = uuid::Uuid)]
    source_version: SourceVersionId,
    /// What it has to fit.
    #[schema(value_type = uuid::Uuid)]
    target_version: TargetVersionId,
    /// Whether earlier decisions count as evidence; they do unless this says no.
    #[serde(default = "yes")]
    memory: bool,
}

const fn yes() -> bool {
    true
}

/// A job that was accepted.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Accepted {
    #[schema(value_type = uuid::Uuid)]
    job: JobId,
}

/// What a mapping file belongs to.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct OfFile {
    /// Only with a mapping file: what it maps.
    #[param(value_type = Option<uuid::Uuid>)]
    source_version: Option<SourceVersionId>,
    /// Only with a mapping file: what it fits.
    #[param(value_type = Option<uuid::Uuid>)]
    target_version: Option<TargetVersionId>,
}

/// Proposes a mapping (JSON), or takes a mapping file (YAML).
#[utoipa::path(post, path = "/api/v1/mappings", tag = "mappings", params(OfFile),
    request_body(content((NewProposal = "application/json"), (serde_json::Value = "application/yaml"))),
    responses((status = 202, body = Accepted, headers(("Location" = String, description = "The job that proposes"))),
        (status = 201, body = MappingView, headers(("Location" = String, description = "The mapping")))))]
pub(super) async fn create(
    app: web::Data<App>,
    guarded: Guarded<CanMap>,
    once: Once,
    query: Query<OfFile>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let mut payload = payload.into_inner();
    match media_type(&request).as_str() {
        "application/yaml" | "application/x-yaml" | "text/yaml" => {
            let text = Bytes::from_request(&request, &mut payload).await;
            let text = text.map_err(|error| of_payload(&error))?;
            file::create(&app, guarded.caller, once, &query, text).await
        }
        _ => {
            let body = Body::from_request(&request, &mut payload).await?;
            propose(&app, guarded, once, body).await
        }
    }
}

async fn propose(
    app: &App,
    guarded: Guarded<CanMap>,
    once: Once,
    body: Body<NewProposal>,
) -> Result<HttpResponse, Problem> {
    let caller = guarded.caller;
    let new = body.value;
    let asker = Asker::new(app, &caller, once.traceparent.clone());
    let answered = once
        .answer(app, caller, &body.sha256, move |conn, _| {
            let versions = (new.source_version, new.target_version);
            let job = mappings_of::propose(conn, &asker, versions, new.memory)?;
            answer(
                StatusCode::ACCEPTED,
                Some(job_location(job)),
                &Accepted { job },
            )
        })
        .await?;
    app.accepted.notify_one();
    Ok(answered.response())
}

/// Mappings, newest first.
#[utoipa::path(get, path = "/api/v1/mappings", tag = "mappings", params(Page),
    responses((status = 200, body = Listed<MappingItem>)))]
pub(super) async fn list(
    app: web::Data<App>,
    guarded: Guarded<CanMap>,
    page: Query<Page>,
) -> Result<web::Json<Listed<MappingItem>>, Problem> {
    let (after, asked) = (page.after()?, page.asked()?);
    let tenant = guarded.caller.tenant;
    let rows = app
        .read(move |conn| Ok(mappings::list(conn, tenant, after, asked)?))
        .await?;
    Ok(web::Json(Listed::new(
        &page,
        rows,
        |row| row.id,
        MappingItem::from,
    )?))
}

/// The last version of a mapping, as it is reviewed.
#[utoipa::path(get, path = "/api/v1/mappings/{id}", tag = "mappings", params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = MappingView, headers(("ETag" = String, description = "SHA-256 of the mapping file")))))]
pub(super) async fn find(
    app: web::Data<App>,
    guarded: Guarded<CanMap>,
    id: web::Path<MappingId>,
) -> Result<HttpResponse, Problem> {
    let (tenant, id) = (guarded.caller.tenant, *id);
    let row = app
        .read(move |conn| {
            mappings::find(conn, tenant, id)?;
            Ok(mappings::latest(conn, tenant, id)?)
        })
        .await?;
    shown(&row)
}

fn shown(row: &MappingVersion) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok()
        .insert_header((header::ETAG, quoted(&row.sha256)))
        .insert_header((header::CACHE_CONTROL, "private, no-cache"))
        .json(of_row(row)?))
}

/// Decides fields and readings: the next version of a mapping.
#[utoipa::path(patch, path = "/api/v1/mappings/{id}", tag = "mappings",
    params(("id" = uuid::Uuid, Path), ("If-Match" = String, Header, description = "The ETag of the version that is changed")),
    request_body = Patch,
    responses((status = 200, body = MappingView, headers(("ETag" = String, description = "SHA-256 of the mapping file")))))]
pub(super) async fn patch(
    app: web::Data<App>,
    guarded: Guarded<CanMap>,
    id: web::Path<MappingId>,
    request: HttpRequest,
    body: Body<Patch>,
) -> Result<HttpResponse, Problem> {
    let condition = edit::condition(&request)?;
    let (caller, id, patch) = (guarded.caller, *id, body.value);
    let row = app
        .write(move |conn| {
            edit_mapping(conn, &caller, id, &condition, |_, (_, old), signature| {
                patch.of(old, signature)
            })
        })
        .await?;
    shown(&row)
}

/// All versions of a mapping, oldest first, with what was decided for each.
#[utoipa::path(get, path = "/api/v1/mappings/{id}/versions", tag = "mappings", params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = Listed<VersionView>)))]
pub(super) async fn versions(
    app: web::Data<App>,
    guarded: Guarded<CanMap>,
    id: web::Path<MappingId>,
) -> Result<web::Json<Listed<VersionView>>, Problem> {
    let (tenant, id) = (guarded.caller.tenant, *id);
    let items = app
        .read(move |conn| {
            mappings::find(conn, tenant, id)?;
            let versions = mappings::versions(conn, tenant, id)?;
            versions
                .into_iter()
                .map(|row| {
                    let decisions = mappings::decisions(conn, tenant, row.id)?;
                    Ok(VersionView::new(&row, decisions))
                })
                .collect::<Result<Vec<_>, Problem>>()
        })
        .await?;
    Ok(web::Json(Listed::whole(items)))
}

/// One version of a mapping.
#[utoipa::path(get, path = "/api/v1/mapping-versions/{id}", tag = "mappings", params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = MappingView, headers(("ETag" = String, description = "SHA-256 of the mapping file")))))]
pub(super) async fn version(
    app: web::Data<App>,
    guarded: Guarded<CanMap>,
    id: web::Path<MappingVersionId>,
) -> Result<HttpResponse, Problem> {
    let (tenant, id) = (guarded.caller.tenant, *id);
    let row = app
        .read(move |conn| Ok(mappings::version(conn, tenant, id)?))
        .await?;
    shown(&row)
}

/// What a mapping is compared with.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct WithSource {
    /// The source, which has to be read; without it, the one that the mapping was made for.
    #[param(value_type = Option<uuid::Uuid>)]
    source_version: Option<SourceVersionId>,
}

/// What differs between a mapping and a source, before it is run over it.
#[utoipa::path(get, path = "/api/v1/mapping-versions/{id}/drift", tag = "mappings",
    params(("id" = uuid::Uuid, Path), WithSource),
    responses((status = 200, body = DriftView)))]
pub(super) async fn drift(
    app: web::Data<App>,
    guarded: Guarded<CanMap>,
    id: web::Path<MappingVersionId>,
    query: Query<WithSource>,
) -> Result<web::Json<DriftView>, Problem> {
    let (tenant, id) = (guarded.caller.tenant, *id);
    let row = app
        .read(move |conn| Ok(mappings::version(conn, tenant, id)?))
        .await?;
    let source = query.source_version.unwrap_or(row.source_version_id);
    let compared = compare(&app, tenant, &mapping_of(&row)?, source).await?;
    Ok(web::Json(compared.drift.into()))
}

/// Approves a version that somebody else made.
#[utoipa::path(post, path = "/api/v1/mapping-versions/{id}/approve", tag = "mappings", params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = VersionView)))]
pub(super) async fn approve(
    app: web::Data<App>,
    guarded: Guarded<CanOperate>,
    id: web::Path<MappingVersionId>,
    once: Once,
) -> Result<HttpResponse, Problem> {
    let (caller, id) = (guarded.caller, *id);
    let answered = once
        .answer(&app, caller, "", move |conn, caller| {
            let row = mappings::version(conn, caller.tenant, id)?;
            if row.created_by == caller.user {
                return Err(Problem::new(Code::OwnVersion, "the version is your own"));
            }
            let row = mappings::approve(conn, caller.tenant, caller.user, id)?;
            let view = VersionView::new(&row, mappings::decisions(conn, caller.tenant, id)?);
            answer(StatusCode::OK, None, &view)
        })
        .await?;
    Ok(answered.response())
}

/// The mapping file of a version.
#[utoipa::path(get, path = "/api/v1/mapping-versions/{id}/export", tag = "mappings", params(("id" = uuid::Uuid, Path)),
    responses((status = 200, content_type = "application/yaml", body = serde_json::Value)))]
pub(super) async fn export(
    app: web::Data<App>,
    guarded: Guarded<CanMap>,
    id: web::Path<MappingVersionId>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let (tenant, id) = (guarded.caller.tenant, *id);
    let (row, name) = app
        .read(move |conn| {
            let row = mappings::version(conn, tenant, id)?;
            let name = super::run_files::stem_of(conn, tenant, row.source_version_id)?;
            Ok((row, format!("{name}.mapping.yaml")))
        })
        .await?;
    let file = Sent {
        content: Content::Made(row.body.into_bytes().into()),
        media: "application/yaml",
        name: Some(name),
        tag: row.sha256,
    };
    send(&app, &request, file)
}

/// Where a mapping is found.
fn location(mapping: MappingId) -> String {
    format!("{BASE}/mappings/{mapping}")
}
