//! Jobs: where they stand, what happened to them, cancel, retry.

use actix_web::http::{StatusCode, header};
use actix_web::{Either, HttpRequest, HttpResponse, web};
use aimapper_core::id::JobId;
use aimapper_core::job::{Failure, Kind, Outcome, Payload, Progress, State};
use aimapper_core::store::jobs::{self, Happening, JobEvent, JobRecord, Wanted};
use aimapper_core::time::Millis;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::body::Body;
use super::once::{Once, answer};
use super::query::Query;
use super::views::Made;
use crate::actions::jobs::{Steering, list as list_jobs, steer};
use crate::app::App;
use crate::at::At;
use crate::auth::{Caller, CanMap, CanOperate, Guarded};
use crate::paging::{Listed, Page};
use crate::problem::{Code, Problem, Wrong};
use crate::sse;

/// At most so many jobs are redriven at once.
const REDRIVEN: i64 = 1_000;

/// A job.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct JobView {
    #[schema(value_type = uuid::Uuid)]
    id: JobId,
    #[schema(value_type = String)]
    kind: Kind,
    #[schema(value_type = String)]
    state: State,
    #[serde(flatten)]
    made: Made,
    #[serde(skip_serializing_if = "Option::is_none")]
    started_at: Option<At>,
    #[serde(skip_serializing_if = "Option::is_none")]
    finished_at: Option<At>,
    /// While it waits: not before that.
    #[serde(skip_serializing_if = "Option::is_none")]
    run_at: Option<At>,
    attempt: i32,
    max_attempts: i32,
    /// Whether it is to end.
    cancel_requested: bool,
    /// What it is asked to do: ids of rows.
    #[schema(value_type = Object)]
    asks: Payload,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    progress: Option<Progress>,
    /// What it left behind.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    outcome: Option<Outcome>,
    /// Why its last attempt did not succeed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    failure: Option<Failure>,
    /// Number of its last event.
    events: i64,
}

impl From<JobRecord> for JobView {
    fn from(job: JobRecord) -> Self {
        let standing = job.standing;
        Self {
            id: job.id,
            kind: job.payload.kind(),
            state: standing.state,
            made: Made::new(job.created_by, job.created_at),
            started_at: standing.started_at.map(At::from),
            finished_at: standing.finished_at.map(At::from),
            run_at: (standing.state == State::Queued).then(|| standing.run_at.into()),
            attempt: standing.attempt,
            max_attempts: standing.max_attempts,
            cancel_requested: standing.cancel_requested,
            asks: job.payload,
            progress: job.progress,
            outcome: job.outcome,
            failure: job.failure,
            events: job.events,
        }
    }
}

/// Something that happened to a job.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EventView {
    /// Its number within the job, from 1.
    pub(crate) seq: i64,
    /// What happened.
    #[schema(value_type = String)]
    pub(crate) event: Happening,
    /// When.
    pub(crate) at: At,
    /// The state behind it, and what belongs to the event.
    #[schema(value_type = Object)]
    pub(crate) body: Value,
}

impl From<JobEvent> for EventView {
    fn from(event: JobEvent) -> Self {
        let mut body = event.body;
        // The database has milliseconds, as everywhere; so here, as everywhere, it is a date.
        if let Some(at) = body.get_mut("run_at")
            && let Some(milliseconds) = at.as_i64()
        {
            *at = At::from(Millis(milliseconds)).0.into();
        }
        Self {
            seq: event.seq,
            event: event.kind,
            at: event.at.into(),
            body,
        }
    }
}

/// Which jobs.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    /// Only those of this state.
    #[param(value_type = Option<String>)]
    state: Option<State>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// Most rows of the page, 1 to 200.
    limit: Option<u16>,
}

/// Which jobs are tried again.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Redrive {
    /// `failed` or `dead`.
    #[schema(value_type = String)]
    state: State,
    /// Only those of this kind.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    kind: Option<Kind>,
}

/// What redriving did.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Redriven {
    /// Jobs that wait again.
    #[schema(value_type = Vec<uuid::Uuid>)]
    jobs: Vec<JobId>,
    /// Whether there are more; ask again.
    more: bool,
}

/// Jobs, newest first: those of the caller, or of the whole tenant if the role allows it.
#[utoipa::path(get, path = "/api/v1/jobs", tag = "jobs", params(Which),
    responses((status = 200, body = Listed<JobView>)))]
pub(super) async fn list(
    app: web::Data<App>,
    guarded: Guarded<CanMap>,
    query: Query<Which>,
) -> Result<web::Json<Listed<JobView>>, Problem> {
    let which = query.into_inner();
    let page = Page {
        cursor: which.cursor,
        limit: which.limit,
    };
    let (after, asked) = (page.after()?, page.asked()?);
    let caller = guarded.caller;
    let rows = app
        .read(move |conn| list_jobs(conn, &caller, which.state, after, asked))
        .await?;
    Ok(web::Json(Listed::new(
        &page,
        rows,
        |row| row.id,
        JobView::from,
    )?))
}

/// One job.
#[utoipa::path(get, path = "/api/v1/jobs/{id}", tag = "jobs", params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = JobView)))]
pub(super) async fn find(
    app: web::Data<App>,
    guarded: Guarded<CanMap>,
    id: web::Path<JobId>,
) -> Result<web::Json<JobView>, Problem> {
    let (tenant, id) = (guarded.caller.tenant, *id);
    let job = app
        .read(move |conn| Ok(jobs::find(conn, tenant, id)?))
        .await?;
    Ok(web::Json(job.into()))
}

/// What happened to a job: as it happens (`text/event-stream`, until the job has ended), or so far
/// (`application/json`).
#[utoipa::path(get, path = "/api/v1/jobs/{id}/events", tag = "jobs",
    params(("id" = uuid::Uuid, Path), Page,
        ("Last-Event-ID" = Option<i64>, Header, description = "Go on behind this event")),
    responses((status = 200, content((serde_json::Value = "text/event-stream"), (Listed<EventView> = "application/json")))))]
pub(super) async fn events(
    app: web::Data<App>,
    guarded: Guarded<CanMap>,
    id: web::Path<JobId>,
    page: Query<Page>,
    request: HttpRequest,
) -> Result<Either<HttpResponse, web::Json<Listed<EventView>>>, Problem> {
    let (tenant, id) = (guarded.caller.tenant, *id);
    let after = match request.headers().get("last-event-id") {
        None => page.after()?.unwrap_or(0),
        Some(value) => {
            let number = value.to_str().ok().and_then(|text| text.parse().ok());
            number.ok_or_else(|| Problem::parameter("Last-Event-ID", "it is a number"))?
        }
    };
    let asked = page.asked()?;
    let rows = app
        .read(move |conn| {
            jobs::find(conn, tenant, id)?;
            Ok(jobs::events(conn, tenant, id, after, asked)?)
        })
        .await?;
    if wants_json(&request) {
        let listed = Listed::new(&page, rows, |event| event.seq, EventView::from)?;
        return Ok(Either::Right(web::Json(listed)));
    }
    Ok(Either::Left(sse::stream(&app, tenant, id, after)))
}

fn wants_json(request: &HttpRequest) -> bool {
    let accept = request.headers().get(header::ACCEPT);
    let accept = accept.and_then(|value| value.to_str().ok()).unwrap_or("");
    accept.contains("application/json") && !accept.contains("text/event-stream")
}

/// Cancels a job of the caller, or any of the tenant if the role allows it.
#[utoipa::path(post, path = "/api/v1/jobs/{id}/cancel", tag = "jobs", params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = JobView)))]
pub(super) async fn cancel(
    app: web::Data<App>,
    guarded: Guarded<CanMap>,
    id: web::Path<JobId>,
    once: Once,
) -> Result<HttpResponse, Problem> {
    let done = (Steering::Cancel, StatusCode::OK);
    steered(&app, guarded.caller, *id, once, done).await
}

/// Tries a job again that failed, was cancelled or is dead.
#[utoipa::path(post, path = "/api/v1/jobs/{id}/retry", tag = "jobs", params(("id" = uuid::Uuid, Path)),
    responses((status = 202, body = JobView)))]
pub(super) async fn retry(
    app: web::Data<App>,
    guarded: Guarded<CanOperate>,
    id: web::Path<JobId>,
    once: Once,
) -> Result<HttpResponse, Problem> {
    let done = (Steering::Retry, StatusCode::ACCEPTED);
    let response = steered(&app, guarded.caller, *id, once, done).await?;
    app.accepted.notify_one();
    Ok(response)
}

async fn steered(
    app: &App,
    caller: Caller,
    id: JobId,
    once: Once,
    (steering, status): (Steering, StatusCode),
) -> Result<HttpResponse, Problem> {
    let answered = once
        .answer(app, caller, "", move |conn, caller| {
            let job = steer(conn, caller, id, steering)?;
            answer(status, None, &JobView::from(job))
        })
        .await?;
    Ok(answered.response())
}

/// Tries all jobs of the tenant again that failed or are dead, up to 1,000 at once.
#[utoipa::path(post, path = "/api/v1/jobs/redrive", tag = "jobs", request_body = Redrive,
    responses((status = 202, body = Redriven)))]
pub(super) async fn redrive(
    app: web::Data<App>,
    guarded: Guarded<CanOperate>,
    once: Once,
    body: Body<Redrive>,
) -> Result<HttpResponse, Problem> {
    let (caller, which) = (guarded.caller, body.value);
    if !matches!(which.state, State::Failed | State::Dead) {
        let said = "only failed and dead jobs are tried again in bulk";
        return Err(Problem::new(Code::Invalid, said).errors(vec![Wrong::new("/state", said)]));
    }
    let answered = once
        .answer(&app, caller, &body.sha256, move |conn, caller| {
            let wanted = Wanted {
                state: Some(which.state),
                kind: which.kind,
                by: None,
            };
            let found = jobs::search(conn, caller.tenant, &wanted, None, REDRIVEN)?;
            let mut redriven = Redriven {
                more: i64::try_from(found.len()).is_ok_and(|found| found == REDRIVEN),
                jobs: Vec::new(),
            };
            for job in found {
                redriven
                    .jobs
                    .push(jobs::redrive(conn, caller.tenant, job.id, caller.user)?.id);
            }
            answer(StatusCode::ACCEPTED, None, &redriven)
        })
        .await?;
    app.accepted.notify_one();
    Ok(answered.response())
}
