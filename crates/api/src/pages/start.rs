//! The start: a file, a target, and off it goes.

use actix_multipart::{Field, Multipart};
use actix_web::{HttpResponse, web};
use aimapper_core::blob::Stored;
use aimapper_core::id::TargetVersionId;
use aimapper_core::store::{jobs as job_rows, mappings, targets};
use aimapper_core::target::from_json_schema;
use askama::Template;
use futures_util::TryStreamExt as _;

use super::actions::{store_bytes, store_file, target_version, upload};
use super::error::PageError;
use super::figures::{age, visible};
use super::frame::{Frame, Place, go_to, page};
use super::jobs::JobView;
use super::lookup::{Names, job_views};
use super::presets::{self, EXAMPLES, PRESETS};
use super::visitor::Visitor;
use super::work::read;
use crate::App;

/// Entries in the lists of recent things.
const RECENT: i64 = 6;
/// Longest text field of the form, a pasted schema, in bytes.
const TEXT_BYTES: usize = 1 << 20;

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
    let (known, recent, jobs) = read(&app, move |conn| {
        let known = targets::list(conn, tenant, None, 50)?;
        let mut choices = Vec::new();
        for target in known {
            if let Some(last) = targets::versions(conn, tenant, target.id)?.pop() {
                choices.push((target, last));
            }
        }
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
        let jobs = job_rows::list(conn, tenant, None, None, RECENT)?;
        Ok((choices, recent, job_views(conn, tenant, &jobs)?))
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
    })
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

/// What the form holds.
#[derive(Default)]
struct Begun {
    file: Option<(Stored, String)>,
    target: String,
    schema_file: Option<(String, String)>,
    schema_text: String,
}

async fn begin(
    app: web::Data<App>,
    visitor: Visitor,
    form: Multipart,
) -> Result<HttpResponse, PageError> {
    let begun = parts(&app, &visitor, form).await?;
    let Some((file, name)) = begun.file.clone() else {
        return Err(PageError::refused(
            "no file was chosen",
            "choose a file, then send the form",
        ));
    };
    let target = chosen_target(&app, &visitor, &begun).await?;
    let uploaded = upload(&app, &visitor.caller, file, &name, Some(target)).await?;
    Ok(go_to(&format!("/jobs/{}/wait", uploaded.job)))
}

async fn parts(app: &App, visitor: &Visitor, mut form: Multipart) -> Result<Begun, PageError> {
    let mut begun = Begun::default();
    while let Some(mut field) = form.try_next().await? {
        let part = field.name().unwrap_or_default().to_owned();
        let file_name = file_name(&field);
        match part.as_str() {
            "file" if !file_name.is_empty() => {
                let stored = store_file(app, visitor.caller.tenant, &mut field).await?;
                begun.file = Some((stored, file_name));
            }
            "target" => begun.target = text(&mut field).await?,
            "schema_text" => begun.schema_text = text(&mut field).await?,
            "schema_file" if !file_name.is_empty() => {
                begun.schema_file = Some((text(&mut field).await?, file_name));
            }
            // Fields without a file, the form's token, and what we do not know.
            _ => while field.try_next().await?.is_some() {},
        }
    }
    Ok(begun)
}

/// The last part of the name that the browser gives; only shown, never used as a path.
fn file_name(field: &Field) -> String {
    let name = field
        .content_disposition()
        .and_then(|disposition| disposition.get_filename())
        .unwrap_or_default();
    name.rsplit(['/', '\\'])
        .next()
        .unwrap_or_default()
        .to_owned()
}

async fn text(field: &mut Field) -> Result<String, PageError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = field.try_next().await? {
        if bytes.len() + chunk.len() > TEXT_BYTES {
            return Err(PageError::TooLarge(TEXT_BYTES as u64));
        }
        bytes.extend_from_slice(&chunk);
    }
    String::from_utf8(bytes)
        .map_err(|_| PageError::refused("the text is not UTF-8", "save the schema as UTF-8"))
}

async fn chosen_target(
    app: &App,
    visitor: &Visitor,
    begun: &Begun,
) -> Result<TargetVersionId, PageError> {
    let caller = &visitor.caller;
    match begun.target.split_once(':') {
        Some(("preset", name)) => preset_target(app, visitor, name).await,
        Some(("version", id)) => {
            let id: TargetVersionId = parsed(id)?;
            let tenant = caller.tenant;
            read(app, move |conn| targets::version(conn, tenant, id)).await?;
            Ok(id)
        }
        _ => {
            let (schema, name) = match &begun.schema_file {
                Some((schema, name)) => (schema.as_str(), name.as_str()),
                None => (begun.schema_text.as_str(), "pasted schema"),
            };
            if schema.trim().is_empty() {
                return Err(PageError::refused(
                    "no target was chosen",
                    "pick one, or give a JSON Schema as a file or as text",
                ));
            }
            target_version(app, caller, &from_json_schema(schema, name)?).await
        }
    }
}

async fn preset_target(
    app: &App,
    visitor: &Visitor,
    name: &str,
) -> Result<TargetVersionId, PageError> {
    let preset = presets::preset(name)
        .ok_or_else(|| PageError::Form(format!("there is no built-in target {name:?}")))?;
    target_version(app, &visitor.caller, &preset.schema()?).await
}

async fn try_example(
    app: web::Data<App>,
    visitor: Visitor,
    name: web::Path<String>,
) -> Result<HttpResponse, PageError> {
    let example = presets::example(&name).ok_or(PageError::NoSuchPage)?;
    let target = preset_target(&app, &visitor, example.preset).await?;
    let stored = store_bytes(&app, visitor.caller.tenant, example.bytes).await?;
    let uploaded = upload(&app, &visitor.caller, stored, example.file, Some(target)).await?;
    Ok(go_to(&format!("/jobs/{}/wait", uploaded.job)))
}

/// An id from an address or a form.
pub(crate) fn parsed<T: std::str::FromStr>(text: &str) -> Result<T, PageError> {
    text.parse().map_err(|_| PageError::NoSuchPage)
}
