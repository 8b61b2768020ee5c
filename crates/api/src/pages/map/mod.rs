//! The Map page: target fields are the rows, each with its proposal, its confidence and what can be
//! decided about it.

mod detail;
mod form;
mod preview;
mod reading;
mod typed;
mod view;

pub(crate) use detail::{REASONS, conditions};
pub(crate) use preview::After;
pub(crate) use view::type_in_words;

use actix_web::{HttpResponse, web};
use aimapper_core::id::{JobId, MappingId, SourceId, TenantId};
use aimapper_core::job::{OutputFormat, Payload};
use aimapper_core::mapping::Mapping;
use aimapper_core::store::mappings::{self as rows, MappingRow, MappingVersion, VersionHead};
use aimapper_core::store::{self, jobs};
use askama::Template;

pub(super) use self::form::Form;
use self::form::Wish;
use self::typed::{keep, meanwhile, same_values};
use self::view::{Look, MapView, Standing, view};
use super::error::{PageError, sentence};
use super::figures::{age, visible};
use super::frame::{Frame, Place, go_to, page};
use super::lookup::Names;
use super::start::{Message, parsed};
use super::visitor::Visitor;
use crate::App;
use crate::actions::Asker;
use crate::actions::mappings::{self, Change, Condition, before_last, mapping_of};
use crate::actions::runs::{self, NewRun};
use crate::actions::sources::{self, Proposal};
use crate::auth::Caller;
use crate::problem::{Code, Problem};
use crate::profile::SourceProfile;
use crate::readings::SetReading;

/// No limit on rejects, as a number that every reader of JSON keeps (RFC 8259 section 6).
pub(super) const ANY_NUMBER: u64 = (1 << 53) - 1;
/// Largest form: a value map of thousands of values.
const FORM_BYTES: usize = 1 << 20;

pub(super) fn routes(cfg: &mut web::ServiceConfig) {
    let forms = web::FormConfig::default()
        .limit(FORM_BYTES)
        .error_handler(|error, _| PageError::form(error.to_string()).into());
    cfg.app_data(forms);
    cfg.route("/mappings/{id}", web::get().to(show))
        .route("/mappings/{id}/edit", web::post().to(edit))
        .route("/mappings/{id}/run", web::post().to(run))
        // What was refused is told at this address; who loads it again wants the mapping.
        .route("/mappings/{id}/edit", web::get().to(again))
        .route("/mappings/{id}/run", web::get().to(again));
}

/// The page as a template.
#[derive(Template)]
#[template(path = "map.html")]
pub(crate) struct MapPage {
    /// What surrounds it.
    pub frame: Frame,
    /// The mapping's id.
    pub id: String,
    /// Number of the version that is shown.
    pub version: i32,
    /// Who made that version, in words; may be empty.
    pub saved: String,
    /// The mapping itself.
    pub view: MapView,
    /// What is filtered for.
    pub find: String,
    /// Whether anything is filtered.
    pub filtered: bool,
    /// Number of the version to which an undo leads.
    pub undo: Option<i32>,
    /// Whether the source's file was deleted.
    pub gone: bool,
    /// The address's query without the open row: `?show=..`, or empty.
    pub query: String,
    /// The same to go behind another parameter: `&show=..`, or empty.
    pub query_more: String,
    /// The whole query, for forms that come back here.
    pub back: String,
    message: Option<Message>,
}

impl MapPage {
    /// The page of a mapping.
    #[must_use]
    pub(crate) fn new(frame: Frame, id: &str, version: i32, view: MapView, look: &Look) -> Self {
        let show = look.show.map(|show| format!("show={}", show.word()));
        let open = look.open.map(|open| format!("open={open}"));
        let all: Vec<String> = open.into_iter().chain(show.clone()).collect();
        Self {
            frame,
            id: id.to_owned(),
            version,
            saved: String::new(),
            view,
            find: look.find.clone(),
            filtered: look.show.is_some() || !look.find.trim().is_empty(),
            undo: None,
            gone: false,
            query: show
                .as_ref()
                .map_or_else(String::new, |show| format!("?{show}")),
            query_more: show.map_or_else(String::new, |show| format!("&{show}")),
            back: all.join("&"),
            message: None,
        }
    }
}

/// A mapping as it is stored, with all that its page needs.
struct Loaded {
    row: MappingRow,
    heads: Vec<VersionHead>,
    last: MappingVersion,
    /// Who made the last version, and when.
    saved: String,
    source: SourceId,
    /// Whether its file was deleted.
    gone: bool,
    mapping: Mapping,
    profile: SourceProfile,
}

async fn loaded(app: &App, tenant: TenantId, id: MappingId) -> Result<Loaded, PageError> {
    let (row, heads, last, source, saved) = app
        .read(move |conn| {
            let row = rows::find(conn, tenant, id)?;
            let heads = rows::heads(conn, tenant, id)?;
            let last = rows::latest(conn, tenant, id)?;
            let source = store::sources::version(conn, tenant, last.source_version_id)?;
            let who = Names::default().user(conn, tenant, last.created_by)?;
            let when = age(last.created_at, conn.now()?);
            let saved = format!("saved {when} by {}", visible(&who));
            Ok((row, heads, last, source, saved))
        })
        .await?;
    let mapping = mapping_of(&last)?;
    // The profile goes with a deleted source; the mapping stays readable without samples.
    let profile = match source.profile_blob_id {
        Some(blob) => SourceProfile::load(app, tenant, blob).await?,
        None => SourceProfile::default(),
    };
    Ok(Loaded {
        row,
        heads,
        last,
        saved,
        source: source.source_id,
        gone: source.blob_id.is_none(),
        mapping,
        profile,
    })
}

async fn show(
    app: web::Data<App>,
    visitor: Visitor,
    id: web::Path<String>,
    query: web::Query<Vec<(String, String)>>,
) -> Result<HttpResponse, PageError> {
    let id: MappingId = parsed(&id)?;
    let loaded = loaded(&app, visitor.caller.tenant, id).await?;
    let look = look(&query);
    let view = view(&loaded.mapping, &loaded.profile, &look);
    drawn(&visitor, &loaded, &look, view, None)
}

async fn again(_visitor: Visitor, id: web::Path<String>) -> Result<HttpResponse, PageError> {
    let id: MappingId = parsed(&id)?;
    Ok(go_to(&format!("/mappings/{id}")))
}

fn look(query: &[(String, String)]) -> Look {
    let get = |name: &str| {
        let found = query.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    };
    Look {
        open: get("open").and_then(|open| open.parse().ok()),
        show: get("show").and_then(Standing::parse),
        find: get("find").unwrap_or_default().to_owned(),
    }
}

fn drawn(
    visitor: &Visitor,
    loaded: &Loaded,
    look: &Look,
    view: MapView,
    message: Option<Message>,
) -> Result<HttpResponse, PageError> {
    let mut frame = visitor.frame(&visible(&loaded.row.name), Place::Mappings);
    frame.said = match &message {
        Some(message) => message.text.clone(),
        None => said(&view),
    };
    let id = loaded.row.id.to_string();
    let mut map = MapPage::new(frame, &id, loaded.last.number, view, look);
    map.undo = before_last(&loaded.heads);
    map.gone = loaded.gone;
    map.saved.clone_from(&loaded.saved);
    map.message = message;
    page(&map)
}

/// The queue in one sentence, for those who do not see it change.
fn said(view: &MapView) -> String {
    let entries = view.queue.iter().filter(|entry| entry.count > 0);
    let phrases: Vec<&str> = entries.map(|entry| entry.phrase.as_str()).collect();
    phrases.join(", ")
}

async fn edit(
    app: web::Data<App>,
    visitor: Visitor,
    id: web::Path<String>,
    form: web::Form<Vec<(String, String)>>,
) -> Result<HttpResponse, PageError> {
    let id: MappingId = parsed(&id)?;
    let form = Form::new(form.into_inner());
    let caller = &visitor.caller;
    let before = loaded(&app, caller.tenant, id).await?;
    let back = form.back();
    let done = match form.wish(&before.mapping, &before.profile) {
        Ok(Wish::Change(change)) => changed(&app, caller, id, form.version()?, change)
            .await
            .map(|()| format!("/mappings/{id}{back}")),
        Ok(Wish::ReadAgain(set)) => read_again(&app, caller, &before, set)
            .await
            .map(|job| format!("/jobs/{job}/wait")),
        Err(error) => Err(error),
    };
    match done {
        Ok(path) => Ok(go_to(&path)),
        Err(PageError::Problem(problem)) => refused(&app, &visitor, id, &form, problem).await,
        Err(error) => Err(error),
    }
}

async fn changed(
    app: &App,
    caller: &Caller,
    id: MappingId,
    version: i32,
    change: Change,
) -> Result<(), PageError> {
    let (caller, condition) = (caller.clone(), Condition::Number(version));
    app.write(move |conn| {
        mappings::edit(conn, &caller, id, &condition, |conn, last, signature| {
            change.of(conn, &caller, last, signature)
        })
    })
    .await?;
    Ok(())
}

/// Reads the source again with what persons have said about its reading so far and what one says
/// now, and proposes anew. Earlier decisions count if they did for the first proposal.
async fn read_again(
    app: &App,
    caller: &Caller,
    before: &Loaded,
    set: SetReading,
) -> Result<JobId, PageError> {
    let asker = Asker::new(app, caller, None);
    let target = before.last.target_version_id;
    let (source, tenant) = (before.source, caller.tenant);
    let first = before.heads.first().map(|head| head.id);
    let mut decisions = said_by_persons(&before.mapping);
    decisions.retain(|said| (said.what, &said.column) != (set.what, &set.column));
    decisions.push(set);
    let made = app
        .write(move |conn| {
            let proposed = match first {
                Some(version) => jobs::that_proposed(conn, tenant, version)?,
                None => None,
            };
            let payload = proposed.map(|job| job.payload);
            let memory = !matches!(payload, Some(Payload::Propose { memory: false, .. }));
            let proposal = Proposal { target, memory };
            sources::read_again(conn, &asker, source, &decisions, Some(proposal))
        })
        .await?;
    app.accepted.notify_one();
    Ok(made.job)
}

fn said_by_persons(mapping: &Mapping) -> Vec<SetReading> {
    let decisions = mapping.decisions.iter();
    decisions
        .filter(|decision| decision.reason.starts_with("set by "))
        .map(|decision| SetReading {
            what: decision.what,
            column: decision.column.clone(),
            value: decision.value.clone(),
        })
        .collect()
}

/// What a person can mend is said on the page itself, over the mapping as it is now, with what was typed.
async fn refused(
    app: &App,
    visitor: &Visitor,
    id: MappingId,
    form: &Form,
    problem: Problem,
) -> Result<HttpResponse, PageError> {
    let mendable = matches!(
        problem.code(),
        Code::Invalid | Code::InvalidParameter | Code::PreconditionFailed
    );
    if !mendable {
        return Err(problem.into());
    }
    let tenant = visitor.caller.tenant;
    let loaded = loaded(app, tenant, id).await?;
    let before = seen(app, tenant, id, form).await?;
    let mut message = Message {
        text: sentence(problem.detail()),
        hint: sentence(problem.hint_text().unwrap_or_default()),
    };
    if problem.code() == Code::PreconditionFailed {
        message.text = "The mapping was changed meanwhile, so nothing was kept.".to_owned();
        let changes = before.as_ref().map(|old| meanwhile(old, &loaded.mapping));
        let changes = changes.unwrap_or_default();
        let ways = if form.is_typed() {
            "What you typed is still here: look at it, and send it again."
        } else {
            "Look at it, and decide again."
        };
        format!("{changes} {ways}")
            .trim_start()
            .clone_into(&mut message.hint);
    }
    let back = form.back();
    let query = web::Query::<Vec<(String, String)>>::from_query(back.trim_start_matches('?'));
    let mut look = look(&query.map(web::Query::into_inner).unwrap_or_default());
    let row = form.get("field").and_then(|field| field.parse().ok());
    look.open = row.or(look.open);
    let mut view = view(&loaded.mapping, &loaded.profile, &look);
    if let Some(row) = row.and_then(|row: usize| view.rows.get_mut(row)) {
        let field = loaded.mapping.target.fields.get(row.index);
        let same = match (&before, field) {
            (Some(old), Some(field)) => same_values(old, &loaded.mapping, &field.name),
            (None, _) | (_, None) => false,
        };
        if let Some(detail) = &mut row.detail {
            keep(detail, form, same);
        }
    }
    drawn(visitor, &loaded, &look, view, Some(message))
}

/// The mapping that the sender of a form saw, if there was one of that number.
async fn seen(
    app: &App,
    tenant: TenantId,
    id: MappingId,
    form: &Form,
) -> Result<Option<Mapping>, PageError> {
    let Ok(number) = form.version() else {
        return Ok(None);
    };
    let row = app
        .read(move |conn| {
            let heads = rows::heads(conn, tenant, id)?;
            let head = heads.into_iter().find(|head| head.number == number);
            let found = head.map(|head| rows::version(conn, tenant, head.id));
            Ok(found.transpose()?)
        })
        .await?;
    Ok(row.as_ref().map(mapping_of).transpose()?)
}

async fn run(
    app: web::Data<App>,
    visitor: Visitor,
    id: web::Path<String>,
    form: web::Form<Vec<(String, String)>>,
) -> Result<HttpResponse, PageError> {
    let id: MappingId = parsed(&id)?;
    let form = Form::new(form.into_inner());
    let number = form.version()?;
    let format: OutputFormat = form
        .get("format")
        .unwrap_or("csv")
        .parse()
        .map_err(|error| PageError::form(format!("{error}")))?;
    let source_version = form.get("source").map(parsed).transpose()?;
    let asker = Asker::new(&app, &visitor.caller, None);
    let run = app
        .write(move |conn| {
            let version = mappings::numbered(conn, asker.caller.tenant, id, number)?;
            let new = NewRun {
                mapping_version: version.id,
                source_version,
                format,
                // Who looks at the page sees the rejects; none of them makes the run a failure.
                max_rejects: ANY_NUMBER,
                with: None,
            };
            runs::start(conn, &asker, &new)
        })
        .await?;
    app.accepted.notify_one();
    Ok(go_to(&format!("/runs/{}", run.id)))
}
