//! The routes of a run.

use actix_web::{HttpResponse, web};
use aimapper_core::id::{BlobId, RunId, TenantId};
use aimapper_core::job::{Outcome, Payload, State, Written};
use aimapper_core::report::Report;
use aimapper_core::store::jobs::{self, JobRecord};
use aimapper_core::store::outputs::{self, Output, Part};
use aimapper_core::store::runs::{self, Run};
use aimapper_core::store::{Conn, StoreError, blobs, mappings, sources};
use aimapper_core::validation::Balance;
use askama::Template;

use super::view::{Download, RunView, balance_view, extent, left_empty, reject_lines, rules};
use crate::App;
use crate::pages::error::PageError;
use crate::pages::figures::{number, visible};
use crate::pages::frame::{Frame, Place, page};
use crate::pages::jobs::JobView;
use crate::pages::lookup::one_job_view;
use crate::pages::start::{Message, parsed};
use crate::pages::visitor::Visitor;
use crate::problem::Problem;

/// Largest report that is read.
const REPORT_BYTES: u64 = 64 << 20;
/// So much of the rejects is read to show the first ones.
const REJECT_BYTES: u64 = 256 << 10;

pub(crate) fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/runs/{id}", web::get().to(show_run));
}

#[derive(Template)]
#[template(path = "run.html")]
struct RunPage {
    frame: Frame,
    mapping_path: String,
    mapping_name: String,
    /// Number of the version that was run.
    version: i32,
    /// The file that the mapping was made for, where that is another one.
    made_for: Option<String>,
    /// Number of the mapping's last version, where that is another one.
    last: Option<i32>,
    /// Path of the run whose rejects were mended.
    with: Option<String>,
    message: Option<Message>,
    id: RunId,
    format: &'static str,
    job: JobView,
    view: Option<RunView>,
}

/// A stored file of a run, with its size.
struct Published {
    output: Output,
    bytes: u64,
}

struct Found {
    run: Run,
    record: JobRecord,
    job: JobView,
    mapping_path: String,
    mapping_name: String,
    version: i32,
    made_for: Option<String>,
    last: Option<i32>,
    stem: String,
    files: Vec<Published>,
}

fn find(conn: &mut Conn<'_>, tenant: TenantId, id: RunId) -> Result<Found, StoreError> {
    let run = runs::find(conn, tenant, id)?;
    let record = jobs::find(conn, tenant, run.job_id)?;
    let job = one_job_view(conn, tenant, &record)?;
    let version = mappings::version(conn, tenant, run.mapping_version_id)?;
    let mapping = mappings::find(conn, tenant, version.mapping_id)?;
    let source = sources::version(conn, tenant, run.source_version_id)?;
    let last = mappings::heads(conn, tenant, mapping.id)?.pop();
    let made_for = (version.source_version_id != run.source_version_id)
        .then(|| sources::version(conn, tenant, version.source_version_id))
        .transpose()?;
    let mut files = Vec::new();
    for output in outputs::published(conn, tenant, run.job_id)? {
        let blob = blobs::find(conn, tenant, output.blob_id)?;
        let bytes = u64::try_from(blob.bytes).unwrap_or_default();
        files.push(Published { output, bytes });
    }
    Ok(Found {
        mapping_path: format!("/mappings/{}", mapping.id),
        mapping_name: visible(&mapping.name),
        version: version.number,
        made_for: made_for.map(|own| visible(&own.file_name)),
        last: last
            .map(|last| last.number)
            .filter(|number| *number != version.number),
        stem: visible(&aimapper_core::source::stem(&source.file_name)),
        run,
        record,
        job,
        files,
    })
}

pub(crate) async fn show_run(
    app: web::Data<App>,
    visitor: Visitor,
    id: web::Path<String>,
) -> Result<HttpResponse, PageError> {
    shown(&app, &visitor, parsed(&id)?, None).await
}

/// The page of a run, with something that has to be said at its top.
pub(super) async fn shown(
    app: &App,
    visitor: &Visitor,
    id: RunId,
    message: Option<Message>,
) -> Result<HttpResponse, PageError> {
    let tenant = visitor.caller.tenant;
    let found = app.read(move |conn| Ok(find(conn, tenant, id)?)).await?;
    let view = match (found.record.standing.state, found.record.outcome) {
        (State::Succeeded, Some(Outcome::Run { balance })) => {
            Some(run_view(app, tenant, &found, balance).await?)
        }
        _ => None,
    };
    let mut frame = visitor.frame("Run", Place::Mappings);
    frame.refresh = (!found.job.ended).then_some(3);
    frame.said = match &message {
        Some(message) => message.text.clone(),
        None => found.job.state.to_owned(),
    };
    let with = match found.record.payload {
        Payload::Run { with, .. } => with.map(|run| format!("/runs/{run}")),
        Payload::Read { .. } | Payload::Propose { .. } => None,
    };
    page(&RunPage {
        frame,
        mapping_path: found.mapping_path,
        mapping_name: found.mapping_name,
        version: found.version,
        made_for: found.made_for,
        last: found.last,
        with,
        message,
        id,
        format: found.run.format.word(),
        job: found.job,
        view,
    })
}

async fn run_view(
    app: &App,
    tenant: TenantId,
    found: &Found,
    written: Written,
) -> Result<RunView, PageError> {
    let report = match first(&found.files, Part::Report) {
        Some(blob) => {
            let json = app.load(tenant, blob, REPORT_BYTES).await?;
            let report: Report =
                serde_json::from_slice(&json).map_err(|error| Problem::internal(&error))?;
            Some(report)
        }
        None => None,
    };
    let rejects = match first(&found.files, Part::Rejects) {
        Some(blob) => {
            let csv = app.load(tenant, blob, REJECT_BYTES).await?;
            reject_lines(&String::from_utf8_lossy(&csv))
        }
        None => Vec::new(),
    };
    let balance = report
        .as_ref()
        .map_or_else(|| of_outcome(written), |report| report.balance);
    let shown = rejects.len() as u64;
    let more = if shown < balance.rejected {
        format!("{shown} of {}", number(balance.rejected))
    } else {
        String::new()
    };
    Ok(RunView {
        balance: balance_view(&balance),
        downloads: downloads(found),
        left_empty: report.as_ref().map_or_else(Vec::new, left_empty),
        rules: report.map_or_else(Vec::new, |report| rules(&report.rejects_by_rule)),
        rejects,
        more,
    })
}

/// The balance without its report: only what the figures themselves show.
fn of_outcome(written: Written) -> Balance {
    Balance::new(
        written.counted,
        written.read,
        written.good,
        written.rejected,
        written.non_data,
        true,
    )
}

fn first(files: &[Published], part: Part) -> Option<BlobId> {
    let found = files.iter().find(|file| file.output.part == part);
    found.map(|file| file.output.blob_id)
}

fn downloads(found: &Found) -> Vec<Download> {
    let (id, stem) = (found.run.id, &found.stem);
    let form = found.run.format.word();
    let parts = [
        (Part::Good, format!("good.{form}"), "good", true),
        (Part::Rejects, "rejects.csv".to_owned(), "rejects", true),
        (Part::NonData, "nondata.csv".to_owned(), "nondata", true),
        (Part::Report, "report.json".to_owned(), "report.json", false),
        (Part::Page, "report.html".to_owned(), "report.html", false),
    ];
    let mut all = Vec::new();
    for (part, end, path, has_rows) in parts {
        let of_part = || found.files.iter().filter(|file| file.output.part == part);
        if of_part().next().is_none() {
            continue;
        }
        let rows: i64 = of_part().map(|file| file.output.row_count).sum();
        let rows = has_rows.then(|| rows.unsigned_abs());
        all.push(Download {
            name: format!("{stem}.{end}"),
            path: format!("/api/v1/runs/{id}/{path}"),
            about: extent(rows, of_part().map(|file| file.bytes).sum()),
        });
    }
    all.push(Download {
        name: format!("{stem}.mapping.yaml"),
        path: format!("/api/v1/runs/{id}/mapping.yaml"),
        about: "the mapping as it was run: the one file to keep".to_owned(),
    });
    all
}
