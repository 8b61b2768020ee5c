//! The Map page: target fields are the rows, each with its proposal, its confidence and what can be
//! decided about it.

mod detail;
mod form;
mod preview;
mod reading;
mod view;

pub(crate) use detail::{REASONS, conditions};
pub(crate) use preview::After;
pub(crate) use view::{BAR, blockers, type_in_words};

use actix_web::{HttpResponse, web};
use aimapper_core::error::Explain as _;
use aimapper_core::id::{MappingId, TenantId};
use aimapper_core::job::OutputFormat;
use aimapper_core::mapping::{Mapping, from_yaml};
use aimapper_core::store::mappings::{self, MappingRow, MappingVersion, VersionHead};
use aimapper_core::store::{StoreError, sources};
use askama::Template;

use self::form::{Form, Wish};
use self::view::{Look, MapView, Standing, view};
use super::actions::{before_last, edit_mapping, read_again, start_run};
use super::error::{PageError, sentence};
use super::figures::{age, visible};
use super::frame::{Frame, Place, go_to, page};
use super::lookup::Names;
use super::profile::SourceProfile;
use super::start::{Message, parsed};
use super::visitor::Visitor;
use super::work::{load, read};
use crate::App;

/// Largest profile that is read: 64 MiB, far more than the columns that are allowed give.
const PROFILE_BYTES: u64 = 64 << 20;

/// Largest form: a value map of thousands of values.
const FORM_BYTES: usize = 1 << 20;

pub(super) fn routes(cfg: &mut web::ServiceConfig) {
    let forms = web::FormConfig::default()
        .limit(FORM_BYTES)
        .error_handler(|error, _| PageError::Form(error.to_string()).into());
    cfg.app_data(forms);
    cfg.route("/mappings/{id}", web::get().to(show))
        .route("/mappings/{id}/edit", web::post().to(edit))
        .route("/mappings/{id}/run", web::post().to(run));
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
    mapping: Mapping,
    profile: SourceProfile,
}

async fn loaded(app: &App, tenant: TenantId, id: MappingId) -> Result<Loaded, PageError> {
    let (row, heads, found) = read(app, move |conn| {
        let row = mappings::find(conn, tenant, id)?;
        let heads = mappings::heads(conn, tenant, id)?;
        let Some(head) = heads.last() else {
            return Ok((row, heads, None));
        };
        let last = mappings::version(conn, tenant, head.id)?;
        let source = sources::version(conn, tenant, head.source_version_id)?;
        let who = Names::default().user(conn, tenant, head.created_by)?;
        let saved = format!(
            "saved {} by {}",
            age(head.created_at, conn.now()?),
            visible(&who)
        );
        Ok((row, heads, Some((last, source, saved))))
    })
    .await?;
    let (last, source, saved) = found.ok_or(PageError::NotReadYet)?;
    let mapping = from_yaml(&last.body, "mapping.yaml")?;
    // The profile goes with a deleted source; the mapping stays readable without samples.
    let profile = match source.profile_blob_id {
        Some(blob) => {
            let json = load(app, tenant, blob, PROFILE_BYTES).await?;
            SourceProfile::from_json(&json).map_err(|error| PageError::stored("profile", error))?
        }
        None => SourceProfile::default(),
    };
    Ok(Loaded {
        row,
        heads,
        last,
        saved,
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
    shown(&visitor, &loaded, &look(&query), None)
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

fn shown(
    visitor: &Visitor,
    loaded: &Loaded,
    look: &Look,
    message: Option<Message>,
) -> Result<HttpResponse, PageError> {
    let view = view(&loaded.mapping, &loaded.profile, look);
    let mut frame = visitor.frame(&visible(&loaded.row.name), Place::Mappings);
    frame.said = match &message {
        Some(message) => message.text.clone(),
        None => said(&view),
    };
    let id = loaded.row.id.to_string();
    let mut map = MapPage::new(frame, &id, loaded.last.number, view, look);
    map.undo = before_last(&loaded.heads);
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
        Ok(Wish::Change(change)) => edit_mapping(&app, caller, id, form.version()?, change)
            .await
            .map(|_| None),
        Ok(Wish::ReadAgain(what, value)) => {
            read_again(&app, caller, &before.last, &before.mapping, (what, value))
                .await
                .map(Some)
        }
        Err(error) => Err(error),
    };
    match done {
        Ok(None) => Ok(go_to(&format!("/mappings/{id}{back}"))),
        Ok(Some(job)) => Ok(go_to(&format!("/jobs/{job}/wait"))),
        Err(error) => refused(&app, &visitor, id, &back, error).await,
    }
}

/// What a person can mend is said on the page itself, over the mapping as it is now.
async fn refused(
    app: &App,
    visitor: &Visitor,
    id: MappingId,
    back: &str,
    error: PageError,
) -> Result<HttpResponse, PageError> {
    let mendable = matches!(
        error,
        PageError::Edit(_)
            | PageError::Refused { .. }
            | PageError::Store(StoreError::Outdated { .. })
    );
    if !mendable {
        return Err(error);
    }
    let message = Message {
        text: sentence(&visible(&error.to_string())),
        hint: error
            .hint()
            .map_or_else(String::new, |hint| sentence(&visible(&hint))),
    };
    let query = web::Query::<Vec<(String, String)>>::from_query(back.trim_start_matches('?'));
    let look = look(&query.map(web::Query::into_inner).unwrap_or_default());
    let loaded = loaded(app, visitor.caller.tenant, id).await?;
    shown(visitor, &loaded, &look, Some(message))
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
        .map_err(|error| PageError::Form(format!("{error}")))?;
    let tenant = visitor.caller.tenant;
    let heads = read(&app, move |conn| mappings::heads(conn, tenant, id)).await?;
    let version = heads
        .iter()
        .find(|version| version.number == number)
        .ok_or(PageError::NoSuchPage)?;
    let (run, _) = start_run(&app, &visitor.caller, version.id, format).await?;
    Ok(go_to(&format!("/runs/{run}")))
}
