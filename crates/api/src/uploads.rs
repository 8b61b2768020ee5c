//! Multipart uploads: parts in any order, the file streamed into the blob store with a hard limit.
//! What does not become a source leaves no file behind.

use actix_multipart::{Field, Multipart};
use actix_web::web::{Bytes, BytesMut};
use aimapper_core::blob::{Key, Stored, Upload};
use aimapper_core::id::{TargetVersionId, TenantId};
use futures_util::StreamExt as _;

use crate::app::App;
use crate::auth::CSRF_FIELD;
use crate::problem::{Code, Problem};
use crate::routes::body::{hex, of_json};
use crate::routes::readings::{self, SetReading};

/// Written at a time: fewer, longer turns on the threads that block.
const BLOCK: usize = 256 << 10;

/// Longest part but for the file, in bytes.
const LONGEST_TEXT: usize = 64 << 10;

/// Longest name, in characters.
const LONGEST_NAME: usize = 200;

/// An upload that is whole.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Received {
    /// The stored file; no row names it yet.
    pub(crate) stored: Stored,
    /// What its sender calls it. Only shown.
    pub(crate) file_name: String,
    /// A name for the source.
    pub(crate) name: Option<String>,
    /// How it is to be read.
    pub(crate) decisions: Vec<SetReading>,
    /// To which target a mapping is proposed when it is read.
    pub(crate) target: Option<TargetVersionId>,
}

impl Received {
    /// A hash of all that makes two uploads the same.
    pub(crate) fn sha256(&self) -> String {
        let about = serde_json::json!([
            self.stored.sha256,
            self.file_name,
            self.name,
            self.decisions,
            self.target
        ]);
        hex(about.to_string().as_bytes())
    }
}

/// The parts so far.
#[derive(Debug, Default)]
struct Parts {
    file: Option<(Stored, String)>,
    name: Option<String>,
    decisions: Option<Vec<SetReading>>,
    target: Option<TargetVersionId>,
}

/// Takes an upload.
///
/// # Errors
/// `malformed_upload`, `too_large`, `empty_file`, `invalid_parameter`, `invalid`, `no_space`; no file
/// is left then.
pub(crate) async fn receive(
    app: &App,
    tenant: TenantId,
    multipart: Multipart,
) -> Result<Received, Problem> {
    let mut parts = Parts::default();
    let taken = take(app, tenant, multipart, &mut parts).await;
    let file = parts.file.take();
    match (taken, file) {
        (Ok(()), Some((stored, file_name))) => Ok(Received {
            stored,
            file_name,
            name: parts.name,
            decisions: parts.decisions.unwrap_or_default(),
            target: parts.target,
        }),
        (Ok(()), None) => Err(Problem::parameter("file", "there is no such part")
            .hint("send the file as a part called file".to_owned())),
        (Err(problem), file) => {
            if let Some((stored, _)) = file {
                discard(app, stored.key).await;
            }
            Err(problem)
        }
    }
}

/// Deletes a file that no row names. If that fails, the sweep does it.
pub(crate) async fn discard(app: &App, key: Key) {
    let blobs = std::sync::Arc::clone(&app.blobs);
    let gone = app.block(move || Ok(blobs.delete(&key)?)).await;
    if let Err(problem) = gone {
        tracing::warn!(
            problem.code = problem.code().word(),
            "a file is left to the sweep"
        );
    }
}

async fn take(
    app: &App,
    tenant: TenantId,
    mut multipart: Multipart,
    parts: &mut Parts,
) -> Result<(), Problem> {
    while let Some(field) = multipart.next().await {
        let field = field.map_err(|error| malformed(&error))?;
        let name = field.name().unwrap_or_default().to_owned();
        match name.as_str() {
            "file" => {
                once("file", parts.file.is_some())?;
                let file_name = shown_name(&field);
                parts.file = Some((file(app, tenant, field).await?, file_name));
            }
            "name" => {
                once("name", parts.name.is_some())?;
                parts.name = source_name(&text("name", field).await?)?;
            }
            "decisions" => {
                once("decisions", parts.decisions.is_some())?;
                parts.decisions = Some(decisions(&text("decisions", field).await?)?);
            }
            "target" => {
                once("target", parts.target.is_some())?;
                parts.target = target(text("target", field).await?.trim())?;
            }
            // The gate has looked at it.
            CSRF_FIELD => {
                text(CSRF_FIELD, field).await?;
            }
            other => {
                let known = ["file", "name", "decisions", "target"].join(", ");
                return Err(Problem::parameter(other, "there is no such part")
                    .hint(format!("parts are {known}")));
            }
        }
    }
    Ok(())
}

fn once(name: &str, there: bool) -> Result<(), Problem> {
    if there {
        return Err(Problem::parameter(name, "the part is there twice"));
    }
    Ok(())
}

fn malformed(error: &actix_multipart::MultipartError) -> Problem {
    Problem::new(Code::MalformedUpload, error.to_string())
}

/// Streams a part into the blob store.
async fn file(app: &App, tenant: TenantId, mut field: Field) -> Result<Stored, Problem> {
    let most = app.limits.upload_bytes;
    let blobs = std::sync::Arc::clone(&app.blobs);
    let key = Key::upload(tenant);
    let mut upload = app.block(move || Ok(blobs.begin(&key)?)).await?;
    let mut buffer = BytesMut::with_capacity(BLOCK);
    let mut bytes: u64 = 0;
    while let Some(chunk) = field.next().await {
        let chunk = chunk.map_err(|error| malformed(&error))?;
        bytes = bytes.saturating_add(chunk.len() as u64);
        if bytes > most {
            let said = format!("the file has more than {most} bytes");
            return Err(Problem::new(Code::TooLarge, said)
                .hint("split it, or ask for a higher limits.upload_bytes".to_owned()));
        }
        buffer.extend_from_slice(&chunk);
        if buffer.len() >= BLOCK {
            upload = write(app, upload, buffer.split().freeze()).await?;
        }
    }
    if bytes == 0 {
        return Err(Problem::new(Code::EmptyFile, "the part file has no bytes"));
    }
    upload = write(app, upload, buffer.freeze()).await?;
    app.block(move || Ok(upload.finish()?)).await
}

async fn write(app: &App, mut upload: Upload, bytes: Bytes) -> Result<Upload, Problem> {
    app.block(move || {
        upload.write(&bytes)?;
        Ok(upload)
    })
    .await
}

/// A part of text.
async fn text(name: &'static str, mut field: Field) -> Result<String, Problem> {
    let mut bytes = Vec::new();
    while let Some(chunk) = field.next().await {
        bytes.extend_from_slice(&chunk.map_err(|error| malformed(&error))?);
        if bytes.len() > LONGEST_TEXT {
            return Err(Problem::new(
                Code::TooLarge,
                format!("the part {name} has more than {LONGEST_TEXT} bytes"),
            ));
        }
    }
    String::from_utf8(bytes).map_err(|_| Problem::parameter(name, "the part is not UTF-8"))
}

fn decisions(text: &str) -> Result<Vec<SetReading>, Problem> {
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    let decisions: Vec<SetReading> =
        of_json(text.as_bytes()).map_err(|problem| problem.within("/decisions"))?;
    readings::check(&decisions, "/decisions")?;
    Ok(decisions)
}

fn target(text: &str) -> Result<Option<TargetVersionId>, Problem> {
    if text.is_empty() {
        return Ok(None);
    }
    let id = text.parse();
    id.map(Some)
        .map_err(|_| Problem::parameter("target", "it is no id of a target version"))
}

/// A name for people, without white space at its ends; none if nothing is left.
pub(crate) fn source_name(text: &str) -> Result<Option<String>, Problem> {
    let name = text.trim();
    if name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
        return Err(Problem::parameter(
            "name",
            "it has at most 200 characters, and no control characters",
        ));
    }
    Ok((!name.is_empty()).then(|| name.to_owned()))
}

/// What the sender calls the file: the last part of a path, cut, without control characters.
fn shown_name(field: &Field) -> String {
    let given = field
        .content_disposition()
        .and_then(|about| about.get_filename())
        .unwrap_or_default();
    let base = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = base
        .chars()
        .filter(|c| !c.is_control())
        .take(LONGEST_NAME)
        .collect();
    if name.trim().is_empty() {
        "upload".to_owned()
    } else {
        name
    }
}
