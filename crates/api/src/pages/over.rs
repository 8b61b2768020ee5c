//! Running a mapping over another file: which one, what differs, and only then the run.

use actix_multipart::{Field, Multipart};
use actix_web::{HttpResponse, web};
use aimapper_core::id::{BlobId, MappingId, SourceId, SourceVersionId, TenantId};
use aimapper_core::mapping::{Mapping, MissingColumn, value_in_words};
use aimapper_core::pipeline::{Drift, OtherReading};
use aimapper_core::store::mappings as rows;
use aimapper_core::store::sources::{self, SourceVersion};
use aimapper_core::store::{Conn, StoreError, blobs};
use aimapper_core::time::Millis;
use askama::Template;

use super::error::{PageError, sentence};
use super::figures::{age, bytes, counted, moment, visible};
use super::frame::{Frame, Place, go_to, page};
use super::map::Form;
use super::start::{Message, parsed};
use super::visitor::Visitor;
use crate::App;
use crate::actions::Asker;
use crate::actions::drift::{Compared, compare};
use crate::actions::mappings::{mapping_of, propose};
use crate::actions::runs::blockers;
use crate::actions::sources::{NewSource, accept};
use crate::problem::{Code, Problem};
use crate::profile::SourceProfile;
use crate::uploads::{self, Parts};

/// Sources of a page.
const LISTED: usize = 20;
/// Of larger profiles nobody counts the rows for a list.
const SMALL_PROFILE: i64 = 4 << 20;

pub(super) fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/mappings/{id}/over", web::get().to(show))
        .route("/mappings/{id}/over", web::post().to(upload))
        .route("/mappings/{id}/anew", web::post().to(anew));
}

#[derive(Template)]
#[template(path = "over.html")]
struct OverPage {
    frame: Frame,
    id: String,
    name: String,
    /// Number of the version that would run.
    version: i32,
    /// The file that the mapping was made for.
    own: String,
    message: Option<Message>,
    chosen: Option<Chosen>,
    choices: Vec<Choice>,
    next: Option<String>,
}

/// A source that can be chosen.
struct Choice {
    version: String,
    name: String,
    rows: String,
    size: String,
    age: String,
    at: String,
    current: bool,
}

/// The source that was chosen, beside the mapping.
struct Chosen {
    version: String,
    file: String,
    extent: String,
    /// Why it cannot run.
    against: Vec<String>,
    /// What else is different.
    besides: Vec<String>,
    /// Whether another mapping could be proposed for it.
    proposable: bool,
}

#[derive(serde::Deserialize)]
struct Asked {
    source: Option<String>,
    after: Option<String>,
}

/// A source with what a list needs.
struct Ready {
    version: SourceVersion,
    created_at: Millis,
    bytes: Option<u64>,
    profile: Option<BlobId>,
}

async fn show(
    app: web::Data<App>,
    visitor: Visitor,
    id: web::Path<String>,
    asked: web::Query<Asked>,
) -> Result<HttpResponse, PageError> {
    let id: MappingId = parsed(&id)?;
    let tenant = visitor.caller.tenant;
    let after: Option<SourceId> = asked.after.as_deref().map(parsed).transpose()?;
    let wanted: Option<SourceVersionId> = asked.source.as_deref().map(parsed).transpose()?;
    let (row, last, own, ready, next, now) = app
        .read(move |conn| {
            let row = rows::find(conn, tenant, id)?;
            let last = rows::latest(conn, tenant, id)?;
            let own = sources::version(conn, tenant, last.source_version_id)?;
            let (ready, next) = ready(conn, tenant, &own, after)?;
            Ok((row, last, own, ready, next, conn.now()?))
        })
        .await?;
    let mapping = mapping_of(&last)?;
    let (chosen, message) = match wanted {
        Some(wanted) => chosen(&app, tenant, &mapping, wanted).await?,
        None => (None, None),
    };
    let mut choices = Vec::new();
    for source in ready {
        choices.push(choice(&app, tenant, source, wanted, now).await?);
    }
    let mut frame = visitor.frame("Run over another file", Place::Mappings);
    frame.said = said(chosen.as_ref(), message.as_ref());
    page(&OverPage {
        frame,
        id: id.to_string(),
        name: visible(&row.name),
        version: last.number,
        own: visible(&own.file_name),
        message,
        chosen,
        choices,
        next: next.map(|last| format!("/mappings/{id}/over?after={last}")),
    })
}

/// What is on the page, for those who do not see it change.
fn said(chosen: Option<&Chosen>, message: Option<&Message>) -> String {
    match (chosen, message) {
        (_, Some(message)) => message.text.clone(),
        (Some(chosen), None) if chosen.against.is_empty() => {
            format!("{} can be run", chosen.file)
        }
        (Some(chosen), None) => format!("{} cannot be run", chosen.file),
        (None, None) => String::new(),
    }
}

/// Sources that were read, newest first, but for the mapping's own; and the last of them, if there are more.
fn ready(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    own: &SourceVersion,
    after: Option<SourceId>,
) -> Result<(Vec<Ready>, Option<SourceId>), StoreError> {
    let most = i64::try_from(LISTED).unwrap_or(i64::MAX).saturating_add(1);
    let mut known = sources::list(conn, tenant, after, most)?;
    let more = known.len() > LISTED;
    known.truncate(LISTED);
    let next = known.last().filter(|_| more).map(|source| source.id);
    let mut ready = Vec::new();
    for source in known
        .into_iter()
        .filter(|source| source.id != own.source_id)
    {
        let mut versions = sources::versions(conn, tenant, source.id)?;
        versions.retain(|version| version.profile_blob_id.is_some());
        let Some(version) = versions.pop() else {
            continue;
        };
        let bytes = match version.blob_id {
            Some(blob) => u64::try_from(blobs::find(conn, tenant, blob)?.bytes).ok(),
            None => None,
        };
        let profile = match version.profile_blob_id {
            Some(blob) if blobs::find(conn, tenant, blob)?.bytes <= SMALL_PROFILE => Some(blob),
            Some(_) | None => None,
        };
        ready.push(Ready {
            version,
            created_at: source.created_at,
            bytes,
            profile,
        });
    }
    Ok((ready, next))
}

async fn choice(
    app: &App,
    tenant: TenantId,
    ready: Ready,
    wanted: Option<SourceVersionId>,
    now: Millis,
) -> Result<Choice, PageError> {
    let rows = match ready.profile {
        Some(profile) => match SourceProfile::rows(app, tenant, profile).await {
            Ok(rows) => counted(rows, "row", "rows"),
            // It was deleted since the list was made.
            Err(problem) if problem.code() == Code::NotFound => String::new(),
            Err(problem) => return Err(problem.into()),
        },
        None => String::new(),
    };
    let Ready { version, .. } = ready;
    Ok(Choice {
        current: wanted == Some(version.id),
        version: version.id.to_string(),
        name: visible(&version.file_name),
        rows,
        size: ready.bytes.map_or_else(String::new, bytes),
        age: age(ready.created_at, now),
        at: moment(ready.created_at),
    })
}

/// The source that is asked for, or why it is not there.
async fn chosen(
    app: &App,
    tenant: TenantId,
    mapping: &Mapping,
    wanted: SourceVersionId,
) -> Result<(Option<Chosen>, Option<Message>), PageError> {
    match compare(app, tenant, mapping, wanted).await {
        Ok(compared) => Ok((Some(beside(mapping, &compared)), None)),
        Err(problem) if matches!(problem.code(), Code::NotReadYet | Code::SourceDeleted) => {
            let message = Message {
                text: sentence(problem.detail()),
                hint: sentence(problem.hint_text().unwrap_or_default()),
            };
            Ok((None, Some(message)))
        }
        Err(problem) => Err(problem.into()),
    }
}

fn beside(mapping: &Mapping, compared: &Compared) -> Chosen {
    let open = blockers(mapping);
    let drift = &compared.drift;
    let mut against: Vec<String> = open.iter().map(|open| sentence(&open.detail)).collect();
    against.extend(drift.readings.iter().map(other));
    against.extend(drift.columns.missing.iter().map(missing));
    Chosen {
        version: compared.source.id.to_string(),
        file: visible(&compared.source.file_name),
        extent: format!(
            "{}, {}",
            counted(compared.rows, "row", "rows"),
            counted(compared.columns as u64, "column", "columns")
        ),
        besides: besides(drift),
        proposable: !drift.fits(),
        against,
    }
}

/// What is different and no reason not to run.
fn besides(drift: &Drift) -> Vec<String> {
    let mut said = Vec::new();
    if drift.replays {
        said.push(
            "It is a rejects file: its records are read as those of the file that the mapping was made for."
                .to_owned(),
        );
    }
    if drift.read_otherwise {
        said.push(
            "The mapping reads it otherwise than it was read for the list, so only the run can tell which \
             columns it has."
                .to_owned(),
        );
    }
    let new: Vec<String> = drift.columns.new.iter().map(|name| visible(name)).collect();
    match new.as_slice() {
        [] => {}
        [one] => said.push(format!("The column “{one}” is new; nothing uses it.")),
        several => said.push(format!(
            "The columns “{}” are new; nothing uses them.",
            several.join("”, “")
        )),
    }
    said
}

fn missing(column: &MissingColumn) -> String {
    let fields: Vec<String> = column.used_by.iter().map(|name| visible(name)).collect();
    let near: Vec<String> = column.nearest.iter().map(|name| visible(name)).collect();
    let name = visible(&column.column);
    let fills = fields.join(", ");
    if near.is_empty() {
        format!("It has no column “{name}”, which fills {fills}.")
    } else {
        format!(
            "It has no column “{name}”, which fills {fills}. The nearest it has: “{}”.",
            near.join("”, “")
        )
    }
}

fn other(other: &OtherReading) -> String {
    let of_column = match &other.column {
        Some(column) => format!(" of “{}”", visible(column)),
        None => String::new(),
    };
    format!(
        "The mapping has the {}{of_column} as “{}”, and the file has it as “{}”: {}.",
        other.what.in_words(),
        visible(&value_in_words(&other.kept)),
        visible(&value_in_words(&other.now)),
        visible(&other.reason)
    )
}

/// A form of a file alone.
struct OnlyFile;

impl Parts for OnlyFile {
    async fn take(&mut self, name: &str, _: Field) -> Result<(), Problem> {
        Err(Problem::parameter(name, "there is no such part"))
    }
}

/// The file of a form that has nothing else.
///
/// # Errors
/// Those of [`uploads::receive`], and if there is none.
pub(super) async fn only_file(
    app: &App,
    tenant: TenantId,
    form: Multipart,
) -> Result<uploads::Received, PageError> {
    let file = uploads::receive(app, tenant, form, &mut OnlyFile).await?;
    file.ok_or_else(|| {
        PageError::refused("no file was chosen", "choose a file, then send the form")
    })
}

/// Takes another file in, to come back with it once it is read.
async fn upload(
    app: web::Data<App>,
    visitor: Visitor,
    id: web::Path<String>,
    form: Multipart,
) -> Result<HttpResponse, PageError> {
    let id: MappingId = parsed(&id)?;
    let tenant = visitor.caller.tenant;
    let file = only_file(&app, tenant, form).await?;
    let key = file.stored.key.clone();
    let asker = Asker::new(&app, &visitor.caller, None);
    let done = app
        .write(move |conn| {
            rows::find(conn, tenant, id)?;
            let new = NewSource {
                file,
                name: None,
                decisions: Vec::new(),
                target: None,
                memory: true,
            };
            accept(conn, &asker, &new)
        })
        .await;
    let uploaded = uploads::named(&app, &key, done).await?;
    app.accepted.notify_one();
    Ok(go_to(&format!("/jobs/{}/wait?then={id}", uploaded.job)))
}

/// Proposes a mapping of its own for a file that this one does not fit.
async fn anew(
    app: web::Data<App>,
    visitor: Visitor,
    id: web::Path<String>,
    form: web::Form<Vec<(String, String)>>,
) -> Result<HttpResponse, PageError> {
    let id: MappingId = parsed(&id)?;
    let form = Form::new(form.into_inner());
    let source: SourceVersionId = parsed(form.get("source").unwrap_or_default())?;
    let asker = Asker::new(&app, &visitor.caller, None);
    let job = app
        .write(move |conn| {
            let last = rows::latest(conn, asker.caller.tenant, id)?;
            propose(conn, &asker, (source, last.target_version_id), true)
        })
        .await?;
    app.accepted.notify_one();
    Ok(go_to(&format!("/jobs/{job}/wait")))
}
