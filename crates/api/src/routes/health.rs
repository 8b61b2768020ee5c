//! Whether the process lives, and whether it can work. No token, no figures.

use actix_web::{HttpResponse, web};
use serde_json::json;

use crate::app::App;
use crate::problem::Problem;

/// The process answers.
pub(super) async fn live() -> HttpResponse {
    ok()
}

/// The database answers, and tokens can be checked.
pub(super) async fn ready(app: web::Data<App>) -> Result<HttpResponse, Problem> {
    app.read(|conn| Ok(conn.now()?)).await?;
    let Some(sign_in) = app.identity.sign_in() else {
        return Ok(ok());
    };
    match sign_in.key_age() {
        Ok(age) => Ok(HttpResponse::Ok().json(json!({"status": "ok", "key_age_seconds": age}))),
        Err(error) => Err(error.problem().unwrap_or_else(|| Problem::internal(&error))),
    }
}

fn ok() -> HttpResponse {
    HttpResponse::Ok().json(json!({"status": "ok"}))
}
