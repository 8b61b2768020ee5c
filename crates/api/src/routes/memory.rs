//! What the tenant decided before.

use actix_web::{HttpResponse, web};
use aimapper_core::id::{DecisionId, UserId};
use aimapper_core::store::mappings::Verdict;
use aimapper_core::store::memory::{self, Remembered};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::query::Query;
use crate::app::App;
use crate::at::At;
use crate::auth::{CanMap, Guarded};
use crate::paging::{Listed, Page};
use crate::problem::Problem;

/// A decision that counts as evidence for the next proposal.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MemoryView {
    #[schema(value_type = uuid::Uuid)]
    id: DecisionId,
    /// The target's name.
    target: String,
    field: String,
    /// The source's column.
    column: String,
    #[schema(value_type = String)]
    verdict: Verdict,
    /// The rule as it was decided.
    #[schema(value_type = Object)]
    rule: Value,
    #[schema(value_type = uuid::Uuid)]
    by: UserId,
    at: At,
}

impl From<Remembered> for MemoryView {
    fn from(row: Remembered) -> Self {
        Self {
            id: row.id,
            target: row.target_name,
            field: row.field,
            column: row.source_column,
            verdict: row.verdict,
            rule: serde_json::from_str(&row.rule).unwrap_or_default(),
            by: row.decided_by,
            at: row.decided_at.into(),
        }
    }
}

/// What is remembered, newest first.
#[utoipa::path(get, path = "/api/v1/memory", tag = "memory", params(Page),
    responses((status = 200, body = Listed<MemoryView>)))]
pub(super) async fn list(
    app: web::Data<App>,
    guarded: Guarded<CanMap>,
    page: Query<Page>,
) -> Result<web::Json<Listed<MemoryView>>, Problem> {
    let (after, asked) = (page.after()?, page.asked()?);
    let tenant = guarded.caller.tenant;
    let rows = app
        .read(move |conn| Ok(memory::list(conn, tenant, after, asked)?))
        .await?;
    Ok(web::Json(Listed::new(
        &page,
        rows,
        |row| row.id,
        MemoryView::from,
    )?))
}

/// Forgets one decision.
#[utoipa::path(delete, path = "/api/v1/memory/{id}", tag = "memory", params(("id" = uuid::Uuid, Path)),
    responses((status = 204)))]
pub(super) async fn forget(
    app: web::Data<App>,
    guarded: Guarded<CanMap>,
    id: web::Path<DecisionId>,
) -> Result<HttpResponse, Problem> {
    let (tenant, id) = (guarded.caller.tenant, *id);
    app.write(move |conn| Ok(memory::forget(conn, tenant, id)?))
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
