//! The files that came of a run: which there are, and each of them as one stream.

use actix_web::{HttpRequest, HttpResponse, web};
use aimapper_core::id::{JobId, RunId, SourceVersionId, TenantId};
use aimapper_core::job::{OutputFormat, State};
use aimapper_core::source::stem;
use aimapper_core::store::blobs::{self, BlobRow};
use aimapper_core::store::outputs::{self, Part};
use aimapper_core::store::runs::{self, Run};
use aimapper_core::store::{Conn, jobs, mappings, sources};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::download::{Content, Piece, Sent, send, tag_of};
use super::views::BASE;
use crate::app::App;
use crate::auth::{CanMap, Guarded};
use crate::problem::{Code, Problem};

/// A file that came of a run.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OutputView {
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
pub(crate) enum RunFile {
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
            Self::ReportJson => Some(Part::Report),
            Self::ReportHtml => Some(Part::Page),
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

/// The files of a run under the stem of its source; none unless it has succeeded.
pub(super) fn list(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    run: &Run,
) -> Result<Vec<OutputView>, Problem> {
    let stem = stem_of(conn, tenant, run.source_version_id)?;
    let chunks = chunks(conn, tenant, run.job_id)?;
    let files = RunFile::ALL.into_iter();
    let listed = files.filter_map(|file| listed(run, file, &chunks, &stem));
    Ok(listed.collect())
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
    // The mapping stands in the database.
    let stored = file != RunFile::Mapping;
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
    responses(
        (status = 200, content((String = "text/csv"), (String = "application/x-ndjson"), (Vec<u8> = "application/vnd.apache.parquet"), (serde_json::Value = "application/json"), (String = "text/html"), (serde_json::Value = "application/yaml"))),
        (status = 206, description = "The range that was asked for", content((Vec<u8> = "text/csv"), (Vec<u8> = "application/x-ndjson"), (Vec<u8> = "application/vnd.apache.parquet"), (Vec<u8> = "application/json"), (Vec<u8> = "text/html"), (Vec<u8> = "application/yaml"))),
    ))]
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
        RunFile::Good
        | RunFile::Rejects
        | RunFile::NonData
        | RunFile::ReportJson
        | RunFile::ReportHtml => {
            let pieces = parts.iter().map(Piece::of).collect::<Result<_, _>>()?;
            (Content::Stored(pieces), tag)
        }
        RunFile::Mapping => (
            Content::Made(mapping.body.into_bytes().into()),
            mapping.sha256,
        ),
    };
    let sent = Sent {
        content,
        media: file.media(run.format),
        name: Some(name),
        tag,
    };
    send(&app, &request, sent)
}

/// What the results of a source version are called before their endings, as the command calls them.
pub(super) fn stem_of(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    version: SourceVersionId,
) -> Result<String, Problem> {
    let version = sources::version(conn, tenant, version)?;
    Ok(stem(&version.file_name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_rows_are_called_by_their_format() {
        assert_eq!(RunFile::Good.suffix(OutputFormat::Parquet), "good.parquet");
    }
}
