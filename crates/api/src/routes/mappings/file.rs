//! A mapping file that somebody brings, checked as the command checks one.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Bytes;
use aimapper_core::id::SourceVersionId;
use aimapper_core::mapping::{Mapping, check, check_columns, from_yaml, line_of, to_yaml};
use aimapper_core::store::targets::TargetVersion;
use aimapper_core::store::{mappings, sources, targets};
use aimapper_core::target::{Field, TargetSchema};

use super::super::body::hex;
use super::super::once::{Once, answer};
use super::{OfFile, location, of_row};
use crate::actions::mappings::add;
use crate::actions::sources::profile_of;
use crate::app::App;
use crate::auth::Caller;
use crate::problem::{Code, Problem, Wrong};
use crate::profile::SourceProfile;

/// Takes a mapping file as the first version of a mapping.
pub(super) async fn create(
    app: &App,
    caller: Caller,
    once: Once,
    query: &OfFile,
    body: Bytes,
) -> Result<HttpResponse, Problem> {
    let missing = |name| Problem::parameter(name, "a mapping file needs it");
    let source = query
        .source_version
        .ok_or_else(|| missing("source_version"))?;
    let target = query
        .target_version
        .ok_or_else(|| missing("target_version"))?;
    let hash = hex(&body);
    let text = String::from_utf8(body.to_vec())
        .map_err(|_| Problem::new(Code::Invalid, "the mapping file is not UTF-8"))?;
    let mut mapping = valid(&text)?;
    let columns = columns(app, &caller, source).await?;
    fits(&mapping, &columns)?;
    let answered = once
        .answer(app, caller, &hash, move |conn, caller| {
            let row = targets::version(conn, caller.tenant, target)?;
            if row.sha256 != mapping.target_sha256 {
                mapping.target = same_fields(&mapping.target, &row)?;
                mapping.target_sha256.clone_from(&row.sha256);
            }
            let name = format!("{} to {}", mapping.source.file, mapping.target.name);
            let id = mappings::create(conn, caller.tenant, caller.user, &name)?;
            // Written anew, so that the same mapping has the same tag whoever wrote the file.
            let body = to_yaml(&mapping);
            let new = mappings::NewVersion {
                mapping: id,
                number: 1,
                source_version: source,
                target_version: target,
                body: &body,
                sha256: &mappings::sha256(&body),
            };
            let row = add(conn, caller, &new, &[])?;
            answer(StatusCode::CREATED, Some(location(id)), &of_row(&row)?)
        })
        .await?;
    Ok(answered.response())
}

/// The target of a version that has the fields of a mapping's own target, whatever it is called: a
/// schema is named after its file where a mapping was made by the command.
fn same_fields(own: &TargetSchema, row: &TargetVersion) -> Result<TargetSchema, Problem> {
    let theirs: TargetSchema =
        serde_json::from_str(&row.body).map_err(|error| Problem::internal(&error))?;
    let other = |field: &&Field, side: &TargetSchema| side.field(&field.name) != Some(*field);
    let in_mapping = own.fields.iter().filter(|field| other(field, &theirs));
    let in_target = theirs
        .fields
        .iter()
        .filter(|field| own.field(&field.name).is_none());
    let mut wrong: Vec<Wrong> = in_mapping
        .map(|field| {
            Wrong::new(
                &field.name,
                "the target has no such field, or asks other things of it",
            )
        })
        .chain(
            in_target
                .map(|field| Wrong::new(&field.name, "the mapping's target has no such field")),
        )
        .collect();
    if wrong.is_empty() && own.fields == theirs.fields {
        return Ok(theirs);
    }
    if wrong.is_empty() {
        wrong.push(Wrong::new("target", "the fields stand in another order"));
    }
    let said = "the mapping was made for another version of the target";
    Err(Problem::new(Code::Invalid, said).errors(wrong))
}

/// A mapping that is valid for its own target.
fn valid(text: &str) -> Result<Mapping, Problem> {
    let mapping = from_yaml(text, "mapping.yaml").map_err(|error| Problem::of_mapping(&error))?;
    let wrong: Vec<Wrong> = check(&mapping)
        .into_iter()
        .map(|problem| {
            let line = line_of(text, &problem.path)
                .map_or_else(String::new, |line| format!("line {line}: "));
            Wrong::new(problem.path, format!("{line}{}", problem.message)).hint(Some(problem.hint))
        })
        .collect();
    refuse(wrong)?;
    Ok(mapping)
}

fn fits(mapping: &Mapping, columns: &[String]) -> Result<(), Problem> {
    let missing = check_columns(mapping, columns).missing;
    refuse(
        missing
            .into_iter()
            .map(|missing| {
                let said = format!(
                    "the source has no column {:?}, which fills {}",
                    missing.column,
                    missing.used_by.join(", ")
                );
                let hint = (!missing.nearest.is_empty())
                    .then(|| format!("did you mean {}?", missing.nearest.join(" or ")));
                Wrong::new("rules", said).hint(hint)
            })
            .collect(),
    )
}

fn refuse(wrong: Vec<Wrong>) -> Result<(), Problem> {
    let Some(first) = wrong.first() else {
        return Ok(());
    };
    Err(Problem::new(Code::Invalid, first.detail.clone())
        .hint(first.hint.clone())
        .errors(wrong))
}

/// The columns of a source that is read.
async fn columns(
    app: &App,
    caller: &Caller,
    source: SourceVersionId,
) -> Result<Vec<String>, Problem> {
    let tenant = caller.tenant;
    let profile = app
        .read(move |conn| profile_of(&sources::version(conn, tenant, source)?))
        .await?;
    let profile = SourceProfile::load(app, tenant, profile).await?;
    let columns = profile.columns.into_iter();
    Ok(columns.map(|column| column.name).collect())
}
