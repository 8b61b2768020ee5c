//! Sources, targets and mappings as small tables.

use std::str::FromStr;

use actix_web::{HttpResponse, web};
use aimapper_core::id::{DecisionId, MappingId, SourceId, TargetId, TenantId};
use aimapper_core::store::{Conn, StoreError, blobs, mappings, memory, sources, targets};
use aimapper_core::target::{Field, TargetSchema};
use askama::Template;

use super::error::PageError;
use super::figures::{age, bytes, visible};
use super::frame::{Frame, Place, go_to, page};
use super::lookup::Names;
use super::map::{conditions, type_in_words};
use super::start::parsed;
use super::visitor::Visitor;
use crate::problem::Problem;
use crate::{App, actions};

/// Rows of a list.
const LISTED: usize = 50;

pub(super) fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/sources", web::get().to(list_sources))
        .route("/sources/{id}/delete", web::post().to(delete_source))
        .route("/targets", web::get().to(list_targets))
        .route("/targets/{id}", web::get().to(show_target))
        .route("/mappings", web::get().to(list_mappings))
        .route("/memory", web::get().to(list_memory))
        .route("/memory/{id}/forget", web::post().to(forget));
}

#[derive(Template)]
#[template(path = "list.html")]
struct ListPage {
    frame: Frame,
    about: &'static str,
    none: &'static str,
    /// What the first column holds.
    head: &'static str,
    columns: &'static [&'static str],
    items: Vec<Item>,
    next: Option<String>,
}

/// A row of a list.
struct Item {
    id: String,
    path: Option<String>,
    name: String,
    cells: Vec<String>,
    delete: Option<String>,
    loss: &'static str,
}

#[derive(serde::Deserialize)]
struct After {
    after: Option<String>,
}

/// One more than is shown, to know whether there are more.
fn most() -> i64 {
    i64::try_from(LISTED).unwrap_or(i64::MAX).saturating_add(1)
}

/// Takes the surplus row away, and gives the address of the next page if there was one.
fn next(items: &mut Vec<Item>, path: &str) -> Option<String> {
    let more = items.len() > LISTED;
    items.truncate(LISTED);
    let last = items.last().filter(|_| more)?;
    Some(format!("{path}?after={}", last.id))
}

/// A list of rows that are named by a kind of id.
struct List {
    place: Place,
    title: &'static str,
    path: &'static str,
    about: &'static str,
    none: &'static str,
    /// What the first column holds.
    head: &'static str,
    columns: &'static [&'static str],
}

impl List {
    async fn page<T, F>(
        self,
        app: &App,
        visitor: &Visitor,
        query: &After,
        items: F,
    ) -> Result<HttpResponse, PageError>
    where
        T: FromStr + Send + 'static,
        F: FnOnce(&mut Conn<'_>, TenantId, Option<T>) -> Result<Vec<Item>, StoreError>
            + Send
            + 'static,
    {
        let after = query.after.as_deref().map(parsed).transpose()?;
        let tenant = visitor.caller.tenant;
        let mut items = app
            .read(move |conn| Ok(items(conn, tenant, after)?))
            .await?;
        let next = next(&mut items, self.path);
        page(&ListPage {
            frame: visitor.frame(self.title, self.place),
            about: self.about,
            none: self.none,
            head: self.head,
            columns: self.columns,
            items,
            next,
        })
    }
}

async fn list_sources(
    app: web::Data<App>,
    visitor: Visitor,
    query: web::Query<After>,
) -> Result<HttpResponse, PageError> {
    let list = List {
        place: Place::Sources,
        title: "Sources",
        path: "/sources",
        about: "Files that were uploaded, and how often each was read.",
        none: "No file was uploaded yet.",
        head: "Name",
        columns: &["Read", "Size", "By", "Uploaded"],
    };
    list.page(&app, &visitor, &query, source_items).await
}

fn source_items(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    after: Option<SourceId>,
) -> Result<Vec<Item>, StoreError> {
    let now = conn.now()?;
    let mut names = Names::default();
    let mut items = Vec::new();
    for source in sources::list(conn, tenant, after, most())? {
        let versions = sources::versions(conn, tenant, source.id)?;
        let size = match versions.last().and_then(|version| version.blob_id) {
            Some(blob) => u64::try_from(blobs::find(conn, tenant, blob)?.bytes).ok(),
            None => None,
        };
        let read = versions
            .iter()
            .filter(|version| version.profile_blob_id.is_some())
            .count();
        items.push(Item {
            id: source.id.to_string(),
            path: None,
            name: visible(&source.name),
            cells: vec![
                match read {
                    0 => "not yet".to_owned(),
                    1 => "once".to_owned(),
                    times => format!("{times} times, by other decisions"),
                },
                size.map_or_else(String::new, bytes),
                visible(&names.user(conn, tenant, source.created_by)?),
                age(source.created_at, now),
            ],
            delete: Some(format!("/sources/{}/delete", source.id)),
            loss: "The file, its profile and its samples are deleted. Mappings and runs stay.",
        });
    }
    Ok(items)
}

async fn delete_source(
    app: web::Data<App>,
    visitor: Visitor,
    id: web::Path<String>,
) -> Result<HttpResponse, PageError> {
    let id: SourceId = parsed(&id)?;
    actions::sources::delete(&app, visitor.caller.tenant, id).await?;
    Ok(go_to("/sources"))
}

async fn list_targets(
    app: web::Data<App>,
    visitor: Visitor,
    query: web::Query<After>,
) -> Result<HttpResponse, PageError> {
    let list = List {
        place: Place::Targets,
        title: "Targets",
        path: "/targets",
        about: "Schemas that files were mapped to.",
        none: "No target was used yet.",
        head: "Name",
        columns: &["Versions", "By", "First used"],
    };
    list.page(&app, &visitor, &query, target_items).await
}

fn target_items(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    after: Option<TargetId>,
) -> Result<Vec<Item>, StoreError> {
    let now = conn.now()?;
    let mut names = Names::default();
    let mut items = Vec::new();
    for target in targets::list(conn, tenant, after, most())? {
        let versions = targets::versions(conn, tenant, target.id)?.len();
        items.push(Item {
            id: target.id.to_string(),
            path: Some(format!("/targets/{}", target.id)),
            name: visible(&target.name),
            cells: vec![
                versions.to_string(),
                visible(&names.user(conn, tenant, target.created_by)?),
                age(target.created_at, now),
            ],
            delete: None,
            loss: "",
        });
    }
    Ok(items)
}

#[derive(Template)]
#[template(path = "target.html")]
struct TargetPage {
    frame: Frame,
    version: i32,
    about: Option<String>,
    fields: Vec<FieldLine>,
    unused: Vec<String>,
}

struct FieldLine {
    name: String,
    kind: &'static str,
    required: bool,
    conditions: Vec<String>,
    description: String,
}

impl FieldLine {
    fn of(field: &Field) -> Self {
        Self {
            name: visible(&field.name),
            kind: type_in_words(field.kind),
            required: field.required,
            conditions: conditions(field),
            description: field
                .description
                .as_deref()
                .map_or_else(String::new, visible),
        }
    }
}

async fn show_target(
    app: web::Data<App>,
    visitor: Visitor,
    id: web::Path<String>,
) -> Result<HttpResponse, PageError> {
    let id: TargetId = parsed(&id)?;
    let tenant = visitor.caller.tenant;
    let (target, last) = app
        .read(move |conn| {
            let target = targets::find(conn, tenant, id)?;
            Ok((target, targets::versions(conn, tenant, id)?.pop()))
        })
        .await?;
    let last = last.ok_or_else(PageError::no_such_page)?;
    let schema: TargetSchema =
        serde_json::from_str(&last.body).map_err(|error| Problem::internal(&error))?;
    page(&TargetPage {
        frame: visitor.frame(&visible(&target.name), Place::Targets),
        version: last.number,
        about: schema.description.as_deref().map(visible),
        fields: schema.fields.iter().map(FieldLine::of).collect(),
        unused: schema
            .unused
            .iter()
            .map(|unused| visible(&format!("{}: {}", unused.pointer, unused.why)))
            .collect(),
    })
}

async fn list_mappings(
    app: web::Data<App>,
    visitor: Visitor,
    query: web::Query<After>,
) -> Result<HttpResponse, PageError> {
    let list = List {
        place: Place::Mappings,
        title: "Mappings",
        path: "/mappings",
        about: "How files are mapped to targets, and who decided it last.",
        none: "There is no mapping yet.",
        head: "Name",
        columns: &["Source", "Version", "Changed by", "Changed"],
    };
    list.page(&app, &visitor, &query, mapping_items).await
}

async fn list_memory(
    app: web::Data<App>,
    visitor: Visitor,
    query: web::Query<After>,
) -> Result<HttpResponse, PageError> {
    let list = List {
        place: Place::Memory,
        title: "Memory",
        path: "/memory",
        about: "What was decided about columns. It counts when the next file is mapped to the same target.",
        none: "Nothing was decided yet.",
        head: "Column",
        columns: &["Field", "Target", "Decision", "For", "By", "When"],
    };
    list.page(&app, &visitor, &query, memory_items).await
}

fn memory_items(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    after: Option<DecisionId>,
) -> Result<Vec<Item>, StoreError> {
    let now = conn.now()?;
    let mut names = Names::default();
    let mut items = Vec::new();
    for row in memory::list(conn, tenant, after, most())? {
        items.push(Item {
            id: row.id.to_string(),
            path: None,
            name: visible(&row.source_column),
            cells: vec![
                visible(&row.field),
                visible(&row.target_name),
                if row.verdict.holds() {
                    "chosen".to_owned()
                } else {
                    "refused".to_owned()
                },
                row.source_file.as_deref().map_or_else(String::new, visible),
                visible(&names.user(conn, tenant, row.decided_by)?),
                age(row.decided_at, now),
            ],
            delete: Some(format!("/memory/{}/forget", row.id)),
            loss: "It no longer counts for the next proposals. Mappings stay as they are.",
        });
    }
    Ok(items)
}

async fn forget(
    app: web::Data<App>,
    visitor: Visitor,
    id: web::Path<String>,
) -> Result<HttpResponse, PageError> {
    let (tenant, id) = (visitor.caller.tenant, parsed::<DecisionId>(&id)?);
    app.write(move |conn| Ok(memory::forget(conn, tenant, id)?))
        .await?;
    Ok(go_to("/memory"))
}

fn mapping_items(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    after: Option<MappingId>,
) -> Result<Vec<Item>, StoreError> {
    let now = conn.now()?;
    let mut names = Names::default();
    let mut items = Vec::new();
    for mapping in mappings::list(conn, tenant, after, most())? {
        let last = mappings::heads(conn, tenant, mapping.id)?.pop();
        let cells = match &last {
            Some(last) => vec![
                visible(&names.file(conn, tenant, last.source_version_id)?),
                last.number.to_string(),
                visible(&names.user(conn, tenant, last.created_by)?),
                age(last.created_at, now),
            ],
            None => vec![String::new(); 4],
        };
        items.push(Item {
            id: mapping.id.to_string(),
            path: last.map(|_| format!("/mappings/{}", mapping.id)),
            name: visible(&mapping.name),
            cells,
            delete: None,
            loss: "",
        });
    }
    Ok(items)
}
