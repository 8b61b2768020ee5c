//! Runs: a mapping over all rows.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use aimapper_core::id::{JobId, MappingVersionId, RunId, SourceVersionId};
use aimapper_core::job::{Outcome, OutputFormat, Payload, State, Written};
use aimapper_core::mapping::{Subject, open_questions};
use aimapper_core::source::SURE_BAR;
use aimapper_core::store::jobs::{self, JobRecord, NewJob};
use aimapper_core::store::runs::{self, Run};
use aimapper_core::store::{Conn, blobs, mappings, sources};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::body::{Body, pointer};
use super::mappings::mapping_of;
use super::once::{Once, answer};
use super::run_files::{self, OutputView};
use super::sources::deleted;
use super::views::{Made, job_location};
use crate::app::{App, Limits};
use crate::auth::{Caller, CanMap, Guarded};
use crate::paging::{Listed, Page};
use crate::problem::{Code, Problem, Wrong};

/// A run that is asked for.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewRun {
    /// The mapping.
    #[schema(value_type = uuid::Uuid)]
    pub(crate) mapping_version: MappingVersionId,
    /// The rows; without it, those that the mapping was made for.
    #[serde(default)]
    #[schema(value_type = Option<uuid::Uuid>)]
    pub(crate) source_version: Option<SourceVersionId>,
    /// Form of the good rows.
    #[serde(default = "csv")]
    #[schema(value_type = String, example = "csv")]
    pub(crate) format: OutputFormat,
    /// More rejects than that, and the run counts as not good enough; its files stay.
    #[serde(default)]
    pub(crate) max_rejects: u64,
}

const fn csv() -> OutputFormat {
    OutputFormat::Csv
}

/// A run that was accepted.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Started {
    #[schema(value_type = uuid::Uuid)]
    run: RunId,
    #[schema(value_type = uuid::Uuid)]
    job: JobId,
}

/// A run.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RunView {
    #[schema(value_type = uuid::Uuid)]
    id: RunId,
    #[schema(value_type = uuid::Uuid)]
    job: JobId,
    #[schema(value_type = uuid::Uuid)]
    mapping_version: MappingVersionId,
    #[schema(value_type = uuid::Uuid)]
    source_version: SourceVersionId,
    #[schema(value_type = String)]
    format: OutputFormat,
    max_rejects: i64,
    #[serde(flatten)]
    made: Made,
    /// Where its job stands.
    #[schema(value_type = String)]
    state: State,
    /// What became of the records, once it has succeeded.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    balance: Option<Written>,
    /// Whether there are more rejects than `max_rejects`.
    #[serde(skip_serializing_if = "Option::is_none")]
    too_many_rejects: Option<bool>,
    /// Its files, once it has succeeded.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    outputs: Vec<OutputView>,
}

/// Starts a run: its row and its job.
///
/// # Errors
/// `undecided` with the open questions; `source_deleted`, `not_found`.
pub(crate) fn start(
    conn: &mut Conn<'_>,
    caller: &Caller,
    limits: &Limits,
    new: &NewRun,
    traceparent: Option<String>,
) -> Result<Run, Problem> {
    let tenant = caller.tenant;
    let version = mappings::version(conn, tenant, new.mapping_version)?;
    let source_version = new.source_version.unwrap_or(version.source_version_id);
    let source = sources::version(conn, tenant, source_version)?;
    let file = blobs::find(conn, tenant, source.blob_id.ok_or_else(deleted)?)?;
    decided(&version)?;
    let payload = Payload::Run {
        mapping_version: version.id,
        source_version,
        format: new.format,
        max_rejects: new.max_rejects,
    };
    let job = NewJob {
        tenant,
        created_by: caller.user,
        payload,
        class: payload.class(u64::try_from(file.bytes).unwrap_or(0)),
        priority: 0,
        delay_ms: 0,
        max_attempts: limits.max_attempts,
        traceparent,
    };
    Ok(runs::start(conn, &job, None)?)
}

/// Refuses a mapping with open questions, and says which.
fn decided(version: &mappings::MappingVersion) -> Result<(), Problem> {
    let mapping = mapping_of(version)?;
    let open = open_questions(&mapping, SURE_BAR);
    if open.is_empty() {
        return Ok(());
    }
    let wrong = open
        .iter()
        .map(|question| {
            let place = match &question.about {
                Subject::Field { field } => pointer(&["fields", field]),
                Subject::Reading { what, column } => match column {
                    Some(column) => pointer(&["readings", what.name(), column]),
                    None => pointer(&["readings", what.name()]),
                },
            };
            let hint = (!question.reason.is_empty()).then(|| question.reason.clone());
            Wrong::new(place, question.text.clone()).hint(hint)
        })
        .collect();
    let said = match open.len() {
        1 => "a decision is needed before it can run".to_owned(),
        several => format!("{several} decisions are needed before it can run"),
    };
    Err(Problem::new(Code::Undecided, said)
        .hint("decide them with PATCH on the mapping".to_owned())
        .errors(wrong))
}

/// Runs a mapping over all rows of a source.
#[utoipa::path(post, path = "/api/v1/runs", tag = "runs", request_body = NewRun,
    responses((status = 202, body = Started, headers(("Location" = String, description = "The job that runs it")))))]
pub(super) async fn create(
    app: web::Data<App>,
    guarded: Guarded<CanMap>,
    once: Once,
    body: Body<NewRun>,
) -> Result<HttpResponse, Problem> {
    let (caller, new, limits) = (guarded.caller, body.value, app.limits);
    let by = caller.clone();
    let traceparent = once.traceparent.clone();
    let answered = once
        .answer(&app, &caller, &body.sha256, move |conn| {
            let run = start(conn, &by, &limits, &new, traceparent)?;
            let started = Started {
                run: run.id,
                job: run.job_id,
            };
            answer(
                StatusCode::ACCEPTED,
                Some(job_location(run.job_id)),
                &started,
            )
        })
        .await?;
    app.accepted.notify_one();
    Ok(answered.response())
}

/// Runs, newest first.
#[utoipa::path(get, path = "/api/v1/runs", tag = "runs", params(Page),
    responses((status = 200, body = Listed<RunView>)))]
pub(super) async fn list(
    app: web::Data<App>,
    guarded: Guarded<CanMap>,
    page: web::Query<Page>,
) -> Result<web::Json<Listed<RunView>>, Problem> {
    let (after, asked) = (page.after()?, page.asked()?);
    let tenant = guarded.caller.tenant;
    let rows = app
        .read(move |conn| {
            let rows = runs::list(conn, tenant, after, asked)?;
            rows.into_iter()
                .map(|run| {
                    let job = jobs::find(conn, tenant, run.job_id)?;
                    Ok((run, job))
                })
                .collect::<Result<Vec<_>, Problem>>()
        })
        .await?;
    Ok(web::Json(Listed::new(
        &page,
        rows,
        |(run, _)| run.id,
        |(run, job)| view(&run, &job, Vec::new()),
    )?))
}

fn view(run: &Run, job: &JobRecord, outputs: Vec<OutputView>) -> RunView {
    let balance = match job.outcome {
        Some(Outcome::Run { balance }) => Some(balance),
        Some(Outcome::Read { .. } | Outcome::Propose { .. }) | None => None,
    };
    let most = u64::try_from(run.max_rejects).unwrap_or(0);
    RunView {
        id: run.id,
        job: run.job_id,
        mapping_version: run.mapping_version_id,
        source_version: run.source_version_id,
        format: run.format,
        max_rejects: run.max_rejects,
        made: Made::new(run.created_by, run.created_at),
        state: job.standing.state,
        balance,
        too_many_rejects: balance.map(|balance| balance.rejected > most),
        outputs,
    }
}

/// One run, with its files once it has succeeded.
#[utoipa::path(get, path = "/api/v1/runs/{id}", tag = "runs", params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = RunView)))]
pub(super) async fn find(
    app: web::Data<App>,
    guarded: Guarded<CanMap>,
    id: web::Path<RunId>,
) -> Result<web::Json<RunView>, Problem> {
    let (tenant, id) = (guarded.caller.tenant, *id);
    let view = app
        .read(move |conn| {
            let run = runs::find(conn, tenant, id)?;
            let job = jobs::find(conn, tenant, run.job_id)?;
            let outputs = run_files::list(conn, tenant, &run)?;
            Ok(view(&run, &job, outputs))
        })
        .await?;
    Ok(web::Json(view))
}
