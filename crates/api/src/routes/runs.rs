//! Runs: a mapping over all rows.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use aimapper_core::id::{JobId, MappingVersionId, RunId, SourceVersionId};
use aimapper_core::job::{Outcome, OutputFormat, Payload, State, Written};
use aimapper_core::store::jobs::{self, JobRecord};
use aimapper_core::store::runs::{self, Run};
use serde::Serialize;
use utoipa::ToSchema;

use super::body::Body;
use super::once::{Once, answer};
use super::query::Query;
use super::run_files::{self, OutputView};
use super::views::{Made, job_location};
use crate::actions::Asker;
use crate::actions::runs::{NewRun, start};
use crate::app::App;
use crate::auth::{CanMap, Guarded};
use crate::paging::{Listed, Page};
use crate::problem::Problem;

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
    /// The run whose good rows were there already.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<uuid::Uuid>)]
    with: Option<RunId>,
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

/// Runs a mapping over all rows of a source.
#[utoipa::path(post, path = "/api/v1/runs", tag = "runs", request_body = NewRun,
    responses((status = 202, body = Started, headers(("Location" = String, description = "The job that runs it")))))]
pub(super) async fn create(
    app: web::Data<App>,
    guarded: Guarded<CanMap>,
    once: Once,
    body: Body<NewRun>,
) -> Result<HttpResponse, Problem> {
    let (caller, new) = (guarded.caller, body.value);
    let asker = Asker::new(&app, &caller, once.traceparent.clone());
    let answered = once
        .answer(&app, caller, &body.sha256, move |conn, _| {
            let run = start(conn, &asker, &new)?;
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
    page: Query<Page>,
) -> Result<web::Json<Listed<RunView>>, Problem> {
    let (after, asked) = (page.after()?, page.asked()?);
    let tenant = guarded.caller.tenant;
    let rows = app
        .read(move |conn| {
            let rows = runs::list(conn, tenant, None, after, asked)?;
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
        with: match job.payload {
            Payload::Run { with, .. } => with,
            Payload::Read { .. } | Payload::Propose { .. } => None,
        },
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
