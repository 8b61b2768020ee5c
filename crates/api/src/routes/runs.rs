//! Runs: a mapping over all rows, and the files that came of it.

use std::io::Read as _;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use aimapper_core::blob::Blobs;
use aimapper_core::id::{JobId, MappingVersionId, RunId, SourceVersionId, TenantId};
use aimapper_core::job::{Outcome, OutputFormat, Payload, State, Written};
use aimapper_core::mapping::{Subject, open_questions};
use aimapper_core::report::{from_json, to_html};
use aimapper_core::source::{SURE_BAR, TABLE_ENDINGS};
use aimapper_core::store::blobs::{self, BlobRow};
use aimapper_core::store::jobs::{self, JobRecord, NewJob};
use aimapper_core::store::outputs::{self, Part};
use aimapper_core::store::runs::{self, Run};
use aimapper_core::store::{Conn, mappings, sources};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::body::{Body, hex, pointer};
use super::download::{Content, Piece, Sent, send, tag_of};
use super::mappings::mapping_of;
use super::once::{Once, answer};
use super::sources::deleted;
use super::views::{BASE, Made, job_location};
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

/// A file that came of a run.
#[derive(Debug, Serialize, ToSchema)]
struct OutputView {
    name: String,
    /// Absent where the file is made when it is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rows: Option<i64>,
    /// Absent where the file lies in several parts.
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
    url: String,
}

/// The files of a run, as addresses name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
pub(super) enum RunFile {
    /// Rows that fit.
    #[serde(rename = "good")]
    Good,
    /// Records that do not.
    #[serde(rename = "rejects")]
    Rejects,
    /// Non-data beyond what the report holds.
    #[serde(rename = "nondata")]
    NonData,
    /// The report.
    #[serde(rename = "report.json")]
    ReportJson,
    /// The report as a page.
    #[serde(rename = "report.html")]
    ReportHtml,
    /// The mapping that was run.
    #[serde(rename = "mapping.yaml")]
    Mapping,
}

impl RunFile {
    const ALL: [Self; 6] = [
        Self::Good,
        Self::Rejects,
        Self::NonData,
        Self::ReportJson,
        Self::ReportHtml,
        Self::Mapping,
    ];

    /// Its word in addresses.
    const fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Rejects => "rejects",
            Self::NonData => "nondata",
            Self::ReportJson => "report.json",
            Self::ReportHtml => "report.html",
            Self::Mapping => "mapping.yaml",
        }
    }

    /// The part of the job's output that it is made of.
    const fn part(self) -> Option<Part> {
        match self {
            Self::Good => Some(Part::Good),
            Self::Rejects => Some(Part::Rejects),
            Self::NonData => Some(Part::NonData),
            Self::ReportJson | Self::ReportHtml => Some(Part::Report),
            Self::Mapping => None,
        }
    }

    /// What the command calls it behind the source's stem.
    fn suffix(self, format: OutputFormat) -> String {
        match self {
            Self::Good => format!("good.{format}"),
            Self::Rejects | Self::NonData => format!("{}.csv", self.word()),
            Self::ReportJson | Self::ReportHtml | Self::Mapping => self.word().to_owned(),
        }
    }

    const fn media(self, format: OutputFormat) -> &'static str {
        match (self, format) {
            (Self::Good, OutputFormat::Csv) | (Self::Rejects | Self::NonData, _) => {
                "text/csv; charset=utf-8"
            }
            (Self::Good, OutputFormat::Ndjson) => "application/x-ndjson",
            (Self::Good, OutputFormat::Parquet) => "application/vnd.apache.parquet",
            (Self::ReportJson, _) => "application/json",
            (Self::ReportHtml, _) => "text/html; charset=utf-8",
            (Self::Mapping, _) => "application/yaml",
        }
    }
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
            let stem = stem_of(conn, tenant, run.source_version_id)?;
            let chunks = chunks(conn, tenant, run.job_id)?;
            let files = RunFile::ALL.into_iter();
            let outputs = files.filter_map(|file| listed(&run, file, &chunks, &stem));
            Ok(view(&run, &job, outputs.collect()))
        })
        .await?;
    Ok(web::Json(view))
}

/// A chunk of a published file.
struct Chunk {
    part: Part,
    rows: i64,
    blob: BlobRow,
}

/// What a run published; nothing unless it has succeeded.
fn chunks(conn: &mut Conn<'_>, tenant: TenantId, job: JobId) -> Result<Vec<Chunk>, Problem> {
    let published = outputs::published(conn, tenant, job)?;
    published
        .into_iter()
        .map(|output| {
            Ok(Chunk {
                part: output.part,
                rows: output.row_count,
                blob: blobs::find(conn, tenant, output.blob_id)?,
            })
        })
        .collect()
}

fn listed(run: &Run, file: RunFile, chunks: &[Chunk], stem: &str) -> Option<OutputView> {
    if chunks.is_empty() {
        return None;
    }
    let name = format!("{stem}.{}", file.suffix(run.format));
    let url = format!("{BASE}/runs/{}/{}", run.id, file.word());
    let parts: Vec<&Chunk> = chunks
        .iter()
        .filter(|chunk| Some(chunk.part) == file.part())
        .collect();
    if parts.is_empty() && file.part().is_some() {
        return None;
    }
    // The page and the mapping are made when they are asked for.
    let stored = !matches!(file, RunFile::ReportHtml | RunFile::Mapping);
    let rows = matches!(file, RunFile::Good | RunFile::Rejects | RunFile::NonData);
    let sha256 = match parts.as_slice() {
        [only] if stored => Some(only.blob.sha256.clone()),
        _ => None,
    };
    Some(OutputView {
        name,
        bytes: stored.then(|| parts.iter().map(|chunk| chunk.blob.bytes).sum()),
        rows: rows.then(|| parts.iter().map(|chunk| chunk.rows).sum()),
        sha256,
        url,
    })
}

/// One of a run's files.
#[utoipa::path(get, path = "/api/v1/runs/{id}/{file}", tag = "runs",
    params(("id" = uuid::Uuid, Path), ("file" = RunFile, Path)),
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>),
        (status = 206, content_type = "application/octet-stream", body = Vec<u8>)))]
pub(super) async fn file(
    app: web::Data<App>,
    guarded: Guarded<CanMap>,
    path: web::Path<(RunId, RunFile)>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let tenant = guarded.caller.tenant;
    let (id, file) = path.into_inner();
    let found = app
        .read(move |conn| {
            let run = runs::find(conn, tenant, id)?;
            let job = jobs::find(conn, tenant, run.job_id)?;
            let mapping = mappings::version(conn, tenant, run.mapping_version_id)?;
            let stem = stem_of(conn, tenant, run.source_version_id)?;
            let state = job.standing.state;
            if state != State::Succeeded && file != RunFile::Mapping {
                return Err(Problem::new(
                    Code::NotDoneYet,
                    format!("the run is {state}"),
                ));
            }
            let chunks = chunks(conn, tenant, run.job_id)?;
            Ok((run, mapping, stem, chunks))
        })
        .await?;
    let (run, mapping, stem, chunks) = found;
    let parts: Vec<BlobRow> = chunks
        .into_iter()
        .filter(|chunk| Some(chunk.part) == file.part())
        .map(|chunk| chunk.blob)
        .collect();
    let name = format!("{stem}.{}", file.suffix(run.format));
    if parts.is_empty() && file.part().is_some() {
        return Err(Problem::new(
            Code::NotFound,
            format!("the run has no {name}"),
        ));
    }
    let tag = tag_of(parts.iter().map(|part| part.sha256.as_str()));
    let (content, tag) = match file {
        RunFile::Good | RunFile::Rejects | RunFile::NonData | RunFile::ReportJson => {
            let pieces = parts.iter().map(Piece::of).collect::<Result<_, _>>()?;
            (Content::Stored(pieces), tag)
        }
        RunFile::Mapping => (
            Content::Made(mapping.body.into_bytes().into()),
            mapping.sha256,
        ),
        RunFile::ReportHtml => {
            let blobs = std::sync::Arc::clone(&app.blobs);
            let page = app.block(move || page(&blobs, &parts, &mapping)).await?;
            let tag = hex(page.as_bytes());
            (Content::Made(page.into_bytes().into()), tag)
        }
    };
    let sent = Sent {
        content,
        media: file.media(run.format),
        name: Some(name),
        tag,
    };
    send(&app, &request, sent)
}

/// The report as a page.
fn page(
    blobs: &Blobs,
    parts: &[BlobRow],
    mapping: &mappings::MappingVersion,
) -> Result<String, Problem> {
    let mut text = String::new();
    for part in parts {
        blobs
            .read(&part.object_key.parse()?)?
            .read_to_string(&mut text)
            .map_err(|error| Problem::internal(&error))?;
    }
    let report = from_json(&text).map_err(|error| Problem::internal(&error))?;
    let target = mapping_of(mapping)?.target;
    Ok(to_html(&report, Some(&target), &[]))
}

/// What the results of a source version are called before their endings, as the command calls them.
pub(super) fn stem_of(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    version: SourceVersionId,
) -> Result<String, Problem> {
    let version = sources::version(conn, tenant, version)?;
    Ok(stem(&version.file_name).to_owned())
}

/// Endings that packing adds.
const PACKED: [&str; 3] = ["gz", "zst", "zip"];

fn stem(name: &str) -> &str {
    match without(name, &PACKED) {
        Some(unpacked) => without(unpacked, &TABLE_ENDINGS).unwrap_or(unpacked),
        None => name
            .rsplit_once('.')
            .map_or(name, |(stem, _)| if stem.is_empty() { name } else { stem }),
    }
}

fn without<'a>(name: &'a str, endings: &[&str]) -> Option<&'a str> {
    let (stem, found) = name.rsplit_once('.')?;
    let fits = |ending: &&str| found.eq_ignore_ascii_case(ending);
    (!stem.is_empty() && endings.iter().any(fits)).then_some(stem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_called_as_the_command_calls_them() {
        for (name, expected) in [
            ("bank.csv", "bank"),
            ("bank.2026.csv", "bank.2026"),
            ("bank.csv.gz", "bank"),
            ("bank.GZ", "bank"),
            ("bank", "bank"),
            (".csv", ".csv"),
        ] {
            assert_eq!(stem(name), expected, "{name}");
        }
        assert_eq!(RunFile::Good.suffix(OutputFormat::Parquet), "good.parquet");
    }
}
