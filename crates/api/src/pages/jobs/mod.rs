//! Jobs: the list, one job with its events, waiting for it, and what a person may do to it.

mod live;
mod view;

pub(crate) use view::{JobView, icon, job_view, state_in_words, subject};

use actix_web::{HttpResponse, web};
use aimapper_core::id::{JobId, MappingId};
use aimapper_core::job::{Kind, Payload, State};
use aimapper_core::store::jobs as rows;
use askama::Template;

use self::view::{EventLine, event_line};
use super::error::PageError;
use super::frame::{Frame, Place, go_to, page};
use super::lookup::{job_views, next_place, one_job_view};
use super::start::parsed;
use super::visitor::Visitor;
use crate::App;
use crate::actions::jobs::{self, Steering, steer};

/// Jobs on a page of the list.
const LISTED: usize = 50;
/// Events that are shown.
const EVENTS: i64 = 500;

pub(super) fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/jobs", web::get().to(list))
        .route("/jobs/{id}", web::get().to(show))
        .route("/jobs/{id}/wait", web::get().to(wait))
        .route("/jobs/{id}/live", web::get().to(live::stream))
        .route("/jobs/{id}/cancel", web::post().to(cancel))
        .route("/jobs/{id}/retry", web::post().to(retry));
}

#[derive(Template)]
#[template(path = "jobs.html")]
struct JobsPage {
    frame: Frame,
    state: String,
    states: Vec<(&'static str, &'static str)>,
    jobs: Vec<JobView>,
    next: Option<String>,
}

#[derive(Template)]
#[template(path = "job.html")]
struct JobPage {
    frame: Frame,
    job: JobView,
    events: Vec<EventLine>,
}

/// A page for somebody who waits.
#[derive(Template)]
#[template(path = "waiting.html")]
pub(crate) struct WaitingPage {
    /// What surrounds it.
    pub frame: Frame,
    /// What is waited for.
    pub heading: &'static str,
    /// The job.
    pub job: JobView,
    /// The way to the mapping.
    pub steps: Vec<WayStep>,
    /// The mapping with which the file is compared when it is read; empty, or `?then=ID`.
    pub then: String,
    /// Where another file is taken.
    pub other: String,
}

/// A step on the way to a mapping.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WayStep {
    /// In words.
    pub words: &'static str,
    /// `past`, `now` or `next`.
    pub class: &'static str,
}

#[derive(serde::Deserialize)]
struct ListQuery {
    state: Option<String>,
    after: Option<String>,
}

async fn list(
    app: web::Data<App>,
    visitor: Visitor,
    query: web::Query<ListQuery>,
) -> Result<HttpResponse, PageError> {
    let given = query.state.as_deref().filter(|state| !state.is_empty());
    let state: Option<State> = given.map(parsed).transpose()?;
    let after: Option<JobId> = query.after.as_deref().map(parsed).transpose()?;
    let caller = visitor.caller.clone();
    let mut jobs = app
        .read(move |conn| {
            let most = i64::try_from(LISTED).unwrap_or(i64::MAX).saturating_add(1);
            let jobs = jobs::list(conn, &caller, state, after, most)?;
            Ok(job_views(conn, caller.tenant, &jobs)?)
        })
        .await?;
    let more = jobs.len() > LISTED;
    jobs.truncate(LISTED);
    let next = jobs.last().filter(|_| more).map(|job| job.id.clone());
    page(&JobsPage {
        frame: visitor.frame("Jobs", Place::Jobs),
        state: state.map_or_else(String::new, |state| state.word().to_owned()),
        states: states(),
        jobs,
        next,
    })
}

fn states() -> Vec<(&'static str, &'static str)> {
    let shown = [
        State::Queued,
        State::Dispatched,
        State::Running,
        State::Succeeded,
        State::Failed,
        State::Cancelled,
        State::Dead,
    ];
    shown
        .iter()
        .map(|state| (state.word(), state_in_words(*state)))
        .collect()
}

async fn show(
    app: web::Data<App>,
    visitor: Visitor,
    id: web::Path<String>,
) -> Result<HttpResponse, PageError> {
    let id: JobId = parsed(&id)?;
    let tenant = visitor.caller.tenant;
    let (job, events) = app
        .read(move |conn| {
            let job = rows::find(conn, tenant, id)?;
            let events = rows::events(conn, tenant, id, 0, EVENTS)?;
            Ok((one_job_view(conn, tenant, &job)?, events))
        })
        .await?;
    let mut frame = visitor.frame(job.kind, Place::Jobs);
    frame.refresh = (!job.ended).then_some(3);
    page(&JobPage {
        frame,
        job,
        events: events.iter().map(event_line).collect(),
    })
}

/// What somebody waits for a job for.
#[derive(serde::Deserialize)]
struct Awaited {
    /// The mapping with which the file is compared.
    then: Option<String>,
}

impl Awaited {
    fn then(&self) -> Result<Option<MappingId>, PageError> {
        self.then.as_deref().map(parsed).transpose()
    }
}

/// Waits for a job, or sends on to what it made.
async fn wait(
    app: web::Data<App>,
    visitor: Visitor,
    id: web::Path<String>,
    awaited: web::Query<Awaited>,
) -> Result<HttpResponse, PageError> {
    let id: JobId = parsed(&id)?;
    let then = awaited.then()?;
    let tenant = visitor.caller.tenant;
    let (job, view, next) = app
        .read(move |conn| {
            let job = rows::find(conn, tenant, id)?;
            let next = next_place(conn, tenant, &job)?;
            let view = one_job_view(conn, tenant, &job)?;
            Ok((job, view, next))
        })
        .await?;
    let next = next.map(|path| match (then, job.payload) {
        (Some(mapping), Payload::Read { version, .. }) => {
            format!("/mappings/{mapping}/over?source={version}")
        }
        (Some(_) | None, Payload::Read { .. } | Payload::Propose { .. } | Payload::Run { .. }) => {
            path
        }
    });
    match next {
        Some(path) => Ok(go_to(&path)),
        None => page(&waiting_page(&visitor, &job.payload, view, then)),
    }
}

fn waiting_page(
    visitor: &Visitor,
    payload: &Payload,
    job: JobView,
    then: Option<MappingId>,
) -> WaitingPage {
    let heading = match payload.kind() {
        Kind::Read => "Reading the file",
        Kind::Propose => "Proposing a mapping",
        Kind::Run => "Running the mapping",
    };
    let mut frame = visitor.frame(heading, Place::Elsewhere);
    frame.refresh = (!job.ended).then_some(2);
    WaitingPage {
        frame,
        heading,
        job,
        steps: match then {
            Some(_) => way_to_compare(),
            None => way(payload.kind()),
        },
        then: then.map_or_else(String::new, |mapping| format!("?then={mapping}")),
        other: then.map_or_else(
            || "/".to_owned(),
            |mapping| format!("/mappings/{mapping}/over"),
        ),
    }
}

/// The first step of either way.
const READS: &str = "read the file and look at its columns";

/// The way of a file that is to be run with a mapping.
fn way_to_compare() -> Vec<WayStep> {
    let step = |words, class| WayStep { words, class };
    vec![
        step(READS, "now"),
        step("compare it with the mapping", "next"),
        step("you run it", "next"),
    ]
}

/// Where a kind of job stands on the way from a file to its mapping.
#[must_use]
pub(crate) fn way(kind: Kind) -> Vec<WayStep> {
    let (read, propose) = match kind {
        Kind::Read => ("now", "next"),
        Kind::Propose => ("past", "now"),
        Kind::Run => ("past", "past"),
    };
    let step = |words, class| WayStep { words, class };
    vec![
        step(READS, read),
        step("propose how each field is filled", propose),
        step("you decide what is open", "next"),
    ]
}

async fn cancel(
    app: web::Data<App>,
    visitor: Visitor,
    id: web::Path<String>,
) -> Result<HttpResponse, PageError> {
    let id = steered(&app, visitor, &id, Steering::Cancel).await?;
    Ok(go_to(&format!("/jobs/{id}")))
}

async fn retry(
    app: web::Data<App>,
    visitor: Visitor,
    id: web::Path<String>,
    awaited: web::Query<Awaited>,
) -> Result<HttpResponse, PageError> {
    let then = awaited.then()?;
    let id = steered(&app, visitor, &id, Steering::Retry).await?;
    app.accepted.notify_one();
    let then = then.map_or_else(String::new, |mapping| format!("?then={mapping}"));
    Ok(go_to(&format!("/jobs/{id}/wait{then}")))
}

async fn steered(
    app: &App,
    visitor: Visitor,
    id: &str,
    steering: Steering,
) -> Result<JobId, PageError> {
    let id: JobId = parsed(id)?;
    app.write(move |conn| steer(conn, &visitor.caller, id, steering))
        .await?;
    Ok(id)
}
