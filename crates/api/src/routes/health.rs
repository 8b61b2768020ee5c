//! Whether the process lives, and whether it can work. No token, no figures.

use actix_web::{HttpResponse, web};

use crate::app::App;
use crate::problem::Problem;

/// The process answers.
pub(super) async fn live() -> HttpResponse {
    ok()
}

/// The database answers.
pub(super) async fn ready(app: web::Data<App>) -> Result<HttpResponse, Problem> {
    app.read(|conn| Ok(conn.now()?)).await?;
    Ok(ok())
}

fn ok() -> HttpResponse {
    HttpResponse::Ok().json(serde_json::json!({"status": "ok"}))
}
