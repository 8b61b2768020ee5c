//! The runs of a mapping.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, web};
use aimapper_core::id::{MappingId, MappingVersionId, RunId, TenantId};
use aimapper_core::job::Outcome;
use aimapper_core::store::jobs;
use aimapper_core::store::runs::{self, Run};
use aimapper_core::store::{Conn, StoreError, mappings};
use aimapper_core::time::Millis;
use askama::Template;

use crate::App;
use crate::pages::error::PageError;
use crate::pages::figures::{age, moment, number, visible};
use crate::pages::frame::{Frame, Place, page};
use crate::pages::jobs::{icon, state_in_words};
use crate::pages::lookup::Names;
use crate::pages::start::parsed;
use crate::pages::visitor::Visitor;

/// Runs of a page.
const LISTED: usize = 50;

pub(crate) fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/mappings/{id}/runs", web::get().to(show));
}

#[derive(Template)]
#[template(path = "runs.html")]
struct RunsPage {
    frame: Frame,
    id: String,
    name: String,
    runs: Vec<RunLine>,
    next: Option<String>,
}

/// A run in the list.
struct RunLine {
    id: String,
    source: String,
    version: String,
    good: String,
    rejected: String,
    state: &'static str,
    icon: &'static str,
    who: String,
    age: String,
    at: String,
}

#[derive(serde::Deserialize)]
struct After {
    after: Option<String>,
}

async fn show(
    app: web::Data<App>,
    visitor: Visitor,
    id: web::Path<String>,
    query: web::Query<After>,
) -> Result<HttpResponse, PageError> {
    let id: MappingId = parsed(&id)?;
    let after: Option<RunId> = query.after.as_deref().map(parsed).transpose()?;
    let tenant = visitor.caller.tenant;
    let (row, mut runs) = app
        .read(move |conn| {
            let row = mappings::find(conn, tenant, id)?;
            Ok((row, lines(conn, tenant, id, after)?))
        })
        .await?;
    let more = runs.len() > LISTED;
    runs.truncate(LISTED);
    let last = runs.last().filter(|_| more);
    page(&RunsPage {
        frame: visitor.frame("Runs", Place::Mappings),
        id: id.to_string(),
        name: visible(&row.name),
        next: last.map(|last| format!("/mappings/{id}/runs?after={}", last.id)),
        runs,
    })
}

/// One more than is shown, to know whether there are more.
fn lines(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    mapping: MappingId,
    after: Option<RunId>,
) -> Result<Vec<RunLine>, StoreError> {
    let now = conn.now()?;
    let mut names = Names::default();
    let heads = mappings::heads(conn, tenant, mapping)?;
    let numbers: BTreeMap<MappingVersionId, i32> =
        heads.iter().map(|head| (head.id, head.number)).collect();
    let most = i64::try_from(LISTED).unwrap_or(i64::MAX).saturating_add(1);
    let mut lines = Vec::new();
    for run in runs::list(conn, tenant, Some(mapping), after, most)? {
        let version = numbers.get(&run.mapping_version_id).copied();
        lines.push(line(conn, tenant, &mut names, &run, (version, now))?);
    }
    Ok(lines)
}

fn line(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    names: &mut Names,
    run: &Run,
    (version, now): (Option<i32>, Millis),
) -> Result<RunLine, StoreError> {
    let job = jobs::find(conn, tenant, run.job_id)?;
    let balance = match job.outcome {
        Some(Outcome::Run { balance }) => Some(balance),
        Some(Outcome::Read { .. } | Outcome::Propose { .. }) | None => None,
    };
    Ok(RunLine {
        id: run.id.to_string(),
        source: visible(&names.file(conn, tenant, run.source_version_id)?),
        version: version.map_or_else(String::new, |number| number.to_string()),
        good: balance.map_or_else(String::new, |balance| number(balance.good)),
        rejected: balance.map_or_else(String::new, |balance| number(balance.rejected)),
        state: state_in_words(job.standing.state),
        icon: icon(job.standing.state),
        who: visible(&names.user(conn, tenant, run.created_by)?),
        age: age(run.created_at, now),
        at: moment(run.created_at),
    })
}
