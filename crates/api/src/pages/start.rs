//! The start: a file, a target, and off it goes.

use actix_multipart::{Field, Multipart};
use actix_web::{HttpResponse, web};
use aimapper_core::id::{TargetVersionId, TenantId};
use aimapper_core::store::{Conn, StoreError, mappings, memory, targets};
use aimapper_core::target::{TargetSchema, from_json_schema};
use askama::Template;

use super::error::PageError;
use super::figures::{age, visible};
use super::frame::{Frame, Place, go_to, page};
use super::jobs::JobView;
use super::lookup::{Names, job_views};
use super::visitor::Visitor;
use crate::App;
use crate::actions::sources::{NewSource, accept};
use crate::actions::targets::version_of;
use crate::actions::{Asker, jobs};
use crate::presets::{self, EXAMPLES, PRESETS};
use crate::problem::{Code, Problem};
use crate::uploads::{self, Parts, Received, shown_name, text};

/// Entries in the lists of recent things.
const RECENT: i64 = 6;

pub(super) fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/", web::get().to(show))
        .route("/begin", web::post().to(begin))
        .route("/try/{name}", web::post().to(try_example));
}

#[derive(Template)]
#[template(path = "start.html")]
struct StartPage {
    frame: Frame,
    message: Option<Message>,
    targets: Vec<TargetChoice>,
    examples: [ExampleChoice; EXAMPLES.len()],
    mappings: Vec<Recent>,
    jobs: Vec<JobView>,
    /// Whether something was decided about earlier files.
    remembers: bool,
}

/// Something that has to be said at the top of a page.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) text: String,
    pub(crate) hint: String,
}

struct TargetChoice {
    value: String,
    name: String,
    about: String,
}

struct ExampleChoice {
    name: &'static str,
    title: &'static str,
    about: &'static str,
}

struct Recent {
    path: String,
    name: String,
    about: String,
}

async fn show(app: web::Data<App>, visitor: Visitor) -> Result<HttpResponse, PageError> {
    let tenant = visitor.caller.tenant;
    let caller = visitor.caller.clone();
    let (known, recent, jobs, remembers) = app
        .read(move |conn| {
            let mut known = Vec::new();
            for target in targets::list(conn, tenant, None, 50)? {
                if let Some(last) = targets::versions(conn, tenant, target.id)?.pop() {
                    known.push((target, last));
                }
            }
            let jobs = jobs::list(conn, &caller, None, None, RECENT)?;
            let jobs = job_views(conn, tenant, &jobs)?;
            let remembers = !memory::list(conn, tenant, None, 1)?.is_empty();
            Ok((known, recent(conn, tenant)?, jobs, remembers))
        })
        .await?;
    page(&StartPage {
        frame: visitor.frame("Start", Place::Start),
        message: None,
        targets: choices(&known),
        examples: EXAMPLES.map(|example| ExampleChoice {
            name: example.name,
            title: example.title,
            about: example.about,
        }),
        mappings: recent,
        jobs,
        remembers,
    })
}

fn recent(conn: &mut Conn<'_>, tenant: TenantId) -> Result<Vec<Recent>, StoreError> {
    let now = conn.now()?;
    let mut names = Names::default();
    let mut recent = Vec::new();
    for mapping in mappings::list(conn, tenant, None, RECENT)? {
        let who = names.user(conn, tenant, mapping.created_by)?;
        recent.push(Recent {
            path: format!("/mappings/{}", mapping.id),
            name: visible(&mapping.name),
            about: format!("{}, by {}", age(mapping.created_at, now), visible(&who)),
        });
    }
    Ok(recent)
}

/// The built-in targets, then those that were used before and are not the same.
fn choices(known: &[(targets::Target, targets::TargetVersion)]) -> Vec<TargetChoice> {
    let built_in = PRESETS.iter().filter_map(|preset| {
        let schema = preset.schema().ok()?;
        let choice = TargetChoice {
            value: format!("preset:{}", preset.name),
            name: schema.name.clone(),
            about: preset.about.to_owned(),
        };
        Some((aimapper_core::target::sha256(&schema), choice))
    });
    let (hashes, mut all): (Vec<String>, Vec<TargetChoice>) = built_in.unzip();
    let own = known
        .iter()
        .filter(|(_, version)| !hashes.contains(&version.sha256))
        .map(|(target, version)| TargetChoice {
            value: format!("version:{}", version.id),
            name: visible(&target.name),
            about: format!("used before, version {}", version.number),
        });
    all.extend(own);
    all
}

/// What the form holds besides the file.
#[derive(Default)]
struct Begun {
    target: String,
    schema_file: Option<(String, String)>,
    schema_text: String,
    without_memory: bool,
}

impl Parts for Begun {
    async fn take(&mut self, name: &str, field: Field) -> Result<(), Problem> {
        match name {
            "target" => self.target = text("target", field).await?,
            "schema_text" => self.schema_text = text("schema_text", field).await?,
            "schema_file" => {
                let name = shown_name(&field);
                self.schema_file = Some((text("schema_file", field).await?, name));
            }
            "without_memory" => {
                self.without_memory = text("without_memory", field).await? == "yes";
            }
            other => return Err(Problem::parameter(other, "there is no such part")),
        }
        Ok(())
    }
}

/// To what a file is mapped.
enum TargetChosen {
    Version(TargetVersionId),
    Schema(TargetSchema),
}

async fn begin(
    app: web::Data<App>,
    visitor: Visitor,
    form: Multipart,
) -> Result<HttpResponse, PageError> {
    let mut begun = Begun::default();
    let file = uploads::receive(&app, visitor.caller.tenant, form, &mut begun).await?;
    let Some(file) = file else {
        return Err(PageError::refused(
            "no file was chosen",
            "choose a file, then send the form",
        ));
    };
    let target = chosen_target(&begun);
    taken_in(&app, &visitor, file, target, !begun.without_memory).await
}

/// Makes a source of a file, which goes again if that, or its target, is refused.
async fn taken_in(
    app: &App,
    visitor: &Visitor,
    file: Received,
    target: Result<TargetChosen, Problem>,
    memory: bool,
) -> Result<HttpResponse, PageError> {
    let key = file.stored.key.clone();
    let asker = Asker::new(app, &visitor.caller, None);
    let done = match target {
        Ok(target) => {
            app.write(move |conn| {
                let target = match target {
                    TargetChosen::Version(id) => id,
                    TargetChosen::Schema(schema) => version_of(conn, &asker.caller, &schema)?,
                };
                let new = NewSource {
                    file,
                    name: None,
                    decisions: Vec::new(),
                    target: Some(target),
                    memory,
                };
                accept(conn, &asker, &new)
            })
            .await
        }
        Err(problem) => Err(problem),
    };
    let uploaded = uploads::named(app, &key, done).await?;
    app.accepted.notify_one();
    Ok(go_to(&format!("/jobs/{}/wait", uploaded.job)))
}

fn chosen_target(begun: &Begun) -> Result<TargetChosen, Problem> {
    match begun.target.split_once(':') {
        Some(("preset", name)) => Ok(TargetChosen::Schema(presets::preset(name)?.schema()?)),
        Some(("version", id)) => {
            let id = id.parse();
            id.map(TargetChosen::Version)
                .map_err(|_| Problem::parameter("target", "it is no id of a target version"))
        }
        Some(_) | None => own_schema(begun).map(TargetChosen::Schema),
    }
}

fn own_schema(begun: &Begun) -> Result<TargetSchema, Problem> {
    let (schema, name) = match &begun.schema_file {
        Some((schema, name)) => (schema.as_str(), name.as_str()),
        None => (begun.schema_text.as_str(), "pasted schema"),
    };
    if schema.trim().is_empty() {
        let problem = Problem::new(Code::InvalidParameter, "no target was chosen");
        let hint = "pick one, or give a JSON Schema as a file or as text";
        return Err(problem.hint(hint.to_owned()));
    }
    from_json_schema(schema, name).map_err(|error| Problem::of_target(&error, ""))
}

async fn try_example(
    app: web::Data<App>,
    visitor: Visitor,
    name: web::Path<String>,
) -> Result<HttpResponse, PageError> {
    let example = presets::example(&name).ok_or_else(PageError::no_such_page)?;
    let schema = presets::preset(example.preset)?.schema();
    let file = Received {
        stored: uploads::store(&app, visitor.caller.tenant, example.bytes).await?,
        name: example.file.to_owned(),
    };
    let target = schema.map(TargetChosen::Schema);
    taken_in(&app, &visitor, file, target, true).await
}

/// An id from an address or a form.
pub(crate) fn parsed<T: std::str::FromStr>(text: &str) -> Result<T, PageError> {
    text.parse().map_err(|_| PageError::no_such_page())
}
