//! Replay: the rejects of a run come back, mended.

use std::io::Read as _;
use std::sync::Arc;

use actix_multipart::{Field, Multipart};
use actix_web::{HttpResponse, web};
use aimapper_core::blob::Key;
use aimapper_core::id::{MappingVersionId, RunId};
use aimapper_core::pipeline::{HEAD_BYTES, is_rejects_head};
use aimapper_core::store::runs::{self, Run};
use aimapper_core::store::{Conn, mappings};

use super::handlers::shown;
use crate::App;
use crate::actions::runs::NewRun;
use crate::actions::sources::{NewSource, accept};
use crate::actions::{self, Asker};
use crate::pages::error::{PageError, sentence};
use crate::pages::frame::go_to;
use crate::pages::map::ANY_NUMBER;
use crate::pages::start::{Message, parsed};
use crate::pages::visitor::Visitor;
use crate::problem::{Code, Problem};
use crate::uploads::{self, Parts, Received, text};

pub(crate) fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/runs/{id}/replay", web::post().to(replay))
        // What was refused is told at this address; who loads it again wants the run.
        .route("/runs/{id}/replay", web::get().to(again));
}

/// What the form holds besides the file.
#[derive(Default)]
struct Mended {
    /// `last`, or anything else for the version that was run.
    by: String,
}

impl Parts for Mended {
    async fn take(&mut self, name: &str, field: Field) -> Result<(), Problem> {
        match name {
            "by" => self.by = text("by", field).await?,
            other => return Err(Problem::parameter(other, "there is no such part")),
        }
        Ok(())
    }
}

async fn again(_visitor: Visitor, id: web::Path<String>) -> Result<HttpResponse, PageError> {
    let id: RunId = parsed(&id)?;
    Ok(go_to(&format!("/runs/{id}")))
}

async fn replay(
    app: web::Data<App>,
    visitor: Visitor,
    id: web::Path<String>,
    form: Multipart,
) -> Result<HttpResponse, PageError> {
    let id: RunId = parsed(&id)?;
    let tenant = visitor.caller.tenant;
    // Whose run it is has to be known before anything of the form is kept.
    let run = app
        .read(move |conn| Ok(runs::find(conn, tenant, id)?))
        .await?;
    let mut mended = Mended::default();
    let file = uploads::receive(&app, tenant, form, &mut mended).await?;
    let started = match file {
        Some(file) => started(&app, &visitor, &run, file, mended.by == "last").await,
        None => Err(refused(
            "no file was chosen",
            "choose the mended file, then send it",
        )),
    };
    match started {
        Ok(next) => Ok(go_to(&format!("/runs/{next}"))),
        Err(problem) if is_mendable(problem.code()) => {
            let message = Message {
                text: sentence(problem.detail()),
                hint: sentence(problem.hint_text().unwrap_or_default()),
            };
            shown(&app, &visitor, id, Some(message)).await
        }
        Err(problem) => Err(problem.into()),
    }
}

fn is_mendable(code: Code) -> bool {
    matches!(
        code,
        Code::InvalidParameter | Code::InvalidBody | Code::Undecided | Code::NotDoneYet
    )
}

fn refused(said: &'static str, hint: &str) -> Problem {
    Problem::new(Code::InvalidParameter, said).hint(hint.to_owned())
}

/// Starts the run of a mended file, which goes again if that is refused.
async fn started(
    app: &App,
    visitor: &Visitor,
    run: &Run,
    file: Received,
    by_last: bool,
) -> Result<RunId, Problem> {
    let key = file.stored.key.clone();
    let done = match is_of_rejects(app, &key).await {
        Ok(true) => {
            let asker = Asker::new(app, &visitor.caller, None);
            let run = run.clone();
            app.write(move |conn| begun(conn, &asker, &run, file, by_last))
                .await
        }
        Ok(false) => Err(refused(
            "this is no file of rejects",
            "its first line has to be that of the rejects file, with all ten names; packed files are not taken here",
        )),
        Err(problem) => Err(problem),
    };
    let next = uploads::named(app, &key, done).await?;
    app.accepted.notify_one();
    Ok(next)
}

async fn is_of_rejects(app: &App, key: &Key) -> Result<bool, Problem> {
    let (files, key) = (Arc::clone(&app.blobs), key.clone());
    app.block(move || {
        let mut head = Vec::new();
        files
            .read(&key)?
            .take(HEAD_BYTES)
            .read_to_end(&mut head)
            .map_err(|error| Problem::internal(&error))?;
        Ok(is_rejects_head(&head).is_some())
    })
    .await
}

fn begun(
    conn: &mut Conn<'_>,
    asker: &Asker,
    run: &Run,
    file: Received,
    by_last: bool,
) -> Result<RunId, Problem> {
    let new = NewSource {
        file,
        name: None,
        decisions: Vec::new(),
        target: None,
        memory: true,
    };
    let uploaded = accept(conn, asker, &new)?;
    let new = NewRun {
        mapping_version: version(conn, asker, run, by_last)?,
        source_version: Some(uploaded.version),
        format: run.format,
        max_rejects: ANY_NUMBER,
        with: Some(run.id),
    };
    Ok(actions::runs::start(conn, asker, &new)?.id)
}

/// The version that was run, or the last one: somebody may have mended the mapping instead of the records.
fn version(
    conn: &mut Conn<'_>,
    asker: &Asker,
    run: &Run,
    by_last: bool,
) -> Result<MappingVersionId, Problem> {
    if !by_last {
        return Ok(run.mapping_version_id);
    }
    let tenant = asker.caller.tenant;
    let version = mappings::version(conn, tenant, run.mapping_version_id)?;
    Ok(mappings::latest(conn, tenant, version.mapping_id)?.id)
}
