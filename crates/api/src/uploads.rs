//! Multipart uploads: parts in any order, the file streamed into the blob store with a hard limit.
//! What does not become a source leaves no file behind.

use std::sync::Arc;

use actix_multipart::{Field, Multipart};
use actix_web::web::{Bytes, BytesMut};
use aimapper_core::blob::{Key, Stored, Upload};
use aimapper_core::id::TenantId;
use futures_util::StreamExt as _;

use crate::app::App;
use crate::auth::CSRF_FIELD;
use crate::problem::{Code, Problem};

/// Written at a time: fewer, longer turns on the threads that block.
const BLOCK: usize = 256 << 10;

/// Longest part but for the file, in bytes: a schema.
const LONGEST_TEXT: usize = 1 << 20;

/// Longest name, in characters.
const LONGEST_NAME: usize = 200;

/// A file that is whole.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Received {
    /// The stored file; no row names it yet.
    pub(crate) stored: Stored,
    /// What its sender calls it. Only shown.
    pub(crate) name: String,
}

/// What a form holds besides its file.
pub(crate) trait Parts {
    /// Takes a part of this name.
    ///
    /// # Errors
    /// If there is no such part, or nothing can be made of it.
    async fn take(&mut self, name: &str, field: Field) -> Result<(), Problem>;
}

/// Takes a form with a file. Without one, the form is taken all the same: browsers send a part
/// without a name and without bytes for a file that was not chosen.
///
/// # Errors
/// `malformed_upload`, `too_large`, `empty_file`, `invalid_parameter`, `no_space`, and those of the
/// parts; no file is left then.
pub(crate) async fn receive(
    app: &App,
    tenant: TenantId,
    multipart: Multipart,
    parts: &mut impl Parts,
) -> Result<Option<Received>, Problem> {
    let mut file = None;
    let taken = take(app, tenant, multipart, &mut file, parts).await;
    match (taken, file) {
        (Ok(()), file) => Ok(file),
        (Err(problem), None) => Err(problem),
        (Err(problem), Some(file)) => {
            discard(app, file.stored.key).await;
            Err(problem)
        }
    }
}

/// Stores bytes that are there already.
///
/// # Errors
/// `no_space`, `unavailable`.
pub(crate) async fn store(
    app: &App,
    tenant: TenantId,
    bytes: &'static [u8],
) -> Result<Stored, Problem> {
    let blobs = Arc::clone(&app.blobs);
    app.block(move || {
        let mut upload = blobs.begin(&Key::upload(tenant))?;
        upload.write(bytes)?;
        Ok(upload.finish()?)
    })
    .await
}

/// What came of the transaction that was to name a file. If it was refused, the file goes; not if
/// nobody knows whether a row names it by now.
///
/// # Errors
/// Those of the transaction.
pub(crate) async fn named<T>(app: &App, key: &Key, done: Result<T, Problem>) -> Result<T, Problem> {
    let unknown = |problem: &Problem| matches!(problem.code(), Code::Unavailable | Code::Internal);
    if done.as_ref().is_err_and(|problem| !unknown(problem)) {
        discard(app, key.clone()).await;
    }
    done
}

/// Deletes a file that no row names. If that fails, the sweep does it.
pub(crate) async fn discard(app: &App, key: Key) {
    let blobs = Arc::clone(&app.blobs);
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
    whole: &mut Option<Received>,
    parts: &mut impl Parts,
) -> Result<(), Problem> {
    while let Some(field) = multipart.next().await {
        let field = field.map_err(|error| malformed(&error))?;
        let name = field.name().unwrap_or_default().to_owned();
        match name.as_str() {
            _ if is_unchosen(&field) => {
                text("file", field).await?;
            }
            "file" if whole.is_some() => return Err(twice("file")),
            "file" => {
                let name = shown_name(&field);
                let stored = file(app, tenant, field).await?;
                *whole = Some(Received { stored, name });
            }
            // The gate has looked at it.
            CSRF_FIELD => {
                text(CSRF_FIELD, field).await?;
            }
            other => parts.take(other, field).await?,
        }
    }
    Ok(())
}

/// Whether it is the part of a file that was not chosen.
fn is_unchosen(field: &Field) -> bool {
    let about = field.content_disposition();
    about.and_then(|about| about.get_filename()) == Some("")
}

/// The problem of a part that there may be one of.
pub(crate) fn twice(name: &str) -> Problem {
    Problem::parameter(name, "the part is there twice")
}

fn malformed(error: &actix_multipart::MultipartError) -> Problem {
    Problem::new(Code::MalformedUpload, error.to_string())
}

/// Streams a part into the blob store.
async fn file(app: &App, tenant: TenantId, mut field: Field) -> Result<Stored, Problem> {
    let most = app.limits.upload_bytes;
    let blobs = Arc::clone(&app.blobs);
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
///
/// # Errors
/// `malformed_upload`, `too_large`, `invalid_parameter`.
pub(crate) async fn text(name: &'static str, mut field: Field) -> Result<String, Problem> {
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
pub(crate) fn shown_name(field: &Field) -> String {
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
