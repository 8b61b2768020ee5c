//! Targets: what rows have to look like, as versions of a JSON Schema.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use aimapper_core::id::{TargetId, TargetVersionId};
use aimapper_core::store::targets::{self, Target, TargetVersion};
use aimapper_core::target::{Strict, TargetSchema, from_json_schema};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::body::Body;
use super::once::{Once, answer};
use super::query::Query;
use super::views::{BASE, Made};
use crate::actions::targets::add_version;
use crate::app::App;
use crate::auth::{CanMap, Guarded};
use crate::paging::{Listed, Page};
use crate::presets::{self, PRESETS};
use crate::problem::{Code, Problem, Wrong};
use crate::uploads::source_name;

/// A target that is to be made: a schema, or the name of a preset.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewTarget {
    /// Its name; without it, the schema's title.
    #[serde(default)]
    name: Option<String>,
    /// A JSON Schema of an object or of an array of objects.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    schema: Option<Strict>,
    /// The name of a preset instead.
    #[serde(default)]
    preset: Option<String>,
}

/// The next version of a target.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewTargetVersion {
    /// A JSON Schema.
    #[schema(value_type = Object)]
    schema: Strict,
}

/// A target in a list.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TargetItem {
    #[schema(value_type = uuid::Uuid)]
    id: TargetId,
    name: String,
    #[serde(flatten)]
    made: Made,
}

/// A target with its versions, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TargetView {
    #[serde(flatten)]
    target: TargetItem,
    versions: Vec<TargetVersionView>,
}

/// One version of a target.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TargetVersionView {
    #[schema(value_type = uuid::Uuid)]
    id: TargetVersionId,
    #[schema(value_type = uuid::Uuid)]
    target: TargetId,
    /// From 1.
    number: i32,
    /// SHA-256 of the schema's canonical JSON, as mappings name it.
    sha256: String,
    #[serde(flatten)]
    made: Made,
    /// The schema as it is understood: fields, constraints, and what is not used of it.
    #[schema(value_type = Object)]
    schema: Value,
}

/// A schema that is there from the start.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Preset {
    name: String,
    title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    /// Names of its fields.
    fields: Vec<String>,
    /// The JSON Schema.
    #[schema(value_type = Object)]
    schema: Value,
}

impl From<Target> for TargetItem {
    fn from(row: Target) -> Self {
        Self {
            id: row.id,
            name: row.name,
            made: Made::new(row.created_by, row.created_at),
        }
    }
}

impl From<TargetVersion> for TargetVersionView {
    fn from(row: TargetVersion) -> Self {
        Self {
            id: row.id,
            target: row.target_id,
            number: row.number,
            sha256: row.sha256,
            made: Made::new(row.created_by, row.created_at),
            schema: serde_json::from_str(&row.body).unwrap_or_default(),
        }
    }
}

/// Understands a schema; `at` is where it stands in the body.
fn understood(Strict(schema): &Strict, at: &str) -> Result<TargetSchema, Problem> {
    from_json_schema(&schema.to_string(), "schema").map_err(|error| Problem::of_target(&error, at))
}

/// Makes a target of a JSON Schema or a preset.
#[utoipa::path(post, path = "/api/v1/targets", tag = "targets", request_body = NewTarget,
    responses((status = 201, body = TargetVersionView, headers(("Location" = String, description = "The target")))))]
pub(super) async fn create(
    app: web::Data<App>,
    guarded: Guarded<CanMap>,
    once: Once,
    body: Body<NewTarget>,
) -> Result<HttpResponse, Problem> {
    let new = body.value;
    let schema = match (new.schema, new.preset) {
        (Some(schema), None) => understood(&schema, "/schema")?,
        (None, Some(name)) => presets::preset(&name)?.schema()?,
        (None, None) | (Some(_), Some(_)) => {
            let said = "either schema or preset is asked for";
            return Err(
                Problem::new(Code::InvalidBody, said).errors(vec![Wrong::new("/schema", said)])
            );
        }
    };
    let name = source_name(new.name.as_deref().unwrap_or_default())?
        .unwrap_or_else(|| schema.name.clone());
    let caller = guarded.caller;
    let answered = once
        .answer(&app, caller, &body.sha256, move |conn, caller| {
            let target = targets::create(conn, caller.tenant, caller.user, &name)?;
            let version = add_version(conn, caller, target, &schema)?;
            let view = TargetVersionView::from(targets::version(conn, caller.tenant, version)?);
            let location = format!("{BASE}/targets/{target}");
            answer(StatusCode::CREATED, Some(location), &view)
        })
        .await?;
    Ok(answered.response())
}

/// Makes the next version of a target.
#[utoipa::path(post, path = "/api/v1/targets/{id}/versions", tag = "targets", params(("id" = uuid::Uuid, Path)),
    request_body = NewTargetVersion,
    responses((status = 201, body = TargetVersionView)))]
pub(super) async fn create_version(
    app: web::Data<App>,
    guarded: Guarded<CanMap>,
    id: web::Path<TargetId>,
    once: Once,
    body: Body<NewTargetVersion>,
) -> Result<HttpResponse, Problem> {
    let (caller, id) = (guarded.caller, *id);
    let schema = understood(&body.value.schema, "/schema")?;
    let answered = once
        .answer(&app, caller, &body.sha256, move |conn, caller| {
            targets::find(conn, caller.tenant, id)?;
            let version = add_version(conn, caller, id, &schema)?;
            let view = TargetVersionView::from(targets::version(conn, caller.tenant, version)?);
            answer(
                StatusCode::CREATED,
                Some(format!("{BASE}/targets/{id}")),
                &view,
            )
        })
        .await?;
    Ok(answered.response())
}

/// Targets, newest first.
#[utoipa::path(get, path = "/api/v1/targets", tag = "targets", params(Page),
    responses((status = 200, body = Listed<TargetItem>)))]
pub(super) async fn list(
    app: web::Data<App>,
    guarded: Guarded<CanMap>,
    page: Query<Page>,
) -> Result<web::Json<Listed<TargetItem>>, Problem> {
    let (after, asked) = (page.after()?, page.asked()?);
    let tenant = guarded.caller.tenant;
    let rows = app
        .read(move |conn| Ok(targets::list(conn, tenant, after, asked)?))
        .await?;
    Ok(web::Json(Listed::new(
        &page,
        rows,
        |row| row.id,
        TargetItem::from,
    )?))
}

/// One target.
#[utoipa::path(get, path = "/api/v1/targets/{id}", tag = "targets", params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = TargetView)))]
pub(super) async fn find(
    app: web::Data<App>,
    guarded: Guarded<CanMap>,
    id: web::Path<TargetId>,
) -> Result<web::Json<TargetView>, Problem> {
    let (tenant, id) = (guarded.caller.tenant, *id);
    let view = app
        .read(move |conn| {
            let target = targets::find(conn, tenant, id)?.into();
            let versions = targets::versions(conn, tenant, id)?;
            Ok(TargetView {
                target,
                versions: versions.into_iter().map(Into::into).collect(),
            })
        })
        .await?;
    Ok(web::Json(view))
}

/// Schemas that are there from the start.
#[utoipa::path(get, path = "/api/v1/targets/presets", tag = "targets",
    responses((status = 200, body = Listed<Preset>)))]
pub(super) async fn presets(_: Guarded<CanMap>) -> Result<web::Json<Listed<Preset>>, Problem> {
    let presets = PRESETS.iter().map(|preset| {
        let target = preset.schema()?;
        Ok(Preset {
            name: preset.name.to_owned(),
            title: target.name,
            description: target.description,
            fields: target.fields.into_iter().map(|field| field.name).collect(),
            schema: serde_json::from_str(preset.text).map_err(|error| Problem::internal(&error))?,
        })
    });
    let presets: Result<Vec<Preset>, Problem> = presets.collect();
    Ok(web::Json(Listed::whole(presets?)))
}
