//! Whether the process lives, and whether it can work. No token, no figures.

use actix_web::{HttpResponse, web};
use serde::Serialize;
use serde_json::json;

use crate::app::App;
use crate::auth::Issuer;
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
    let mut issuers = sign_in.issuers();
    let first = issuers.next().map(Issuer::key_age);
    let age = first.unwrap_or(Ok(None));
    let age = age.map_err(|error| error.problem().unwrap_or_else(|| Problem::internal(&error)))?;
    Ok(HttpResponse::Ok().json(Ready {
        status: "ok",
        key_age_seconds: age,
        issuers: issuers.map(FurtherIssuer::of).collect(),
    }))
}

/// What is told when all is well.
#[derive(Serialize)]
struct Ready {
    status: &'static str,
    key_age_seconds: Option<i64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    issuers: Vec<FurtherIssuer>,
}

/// A further issuer that is away takes nobody away but those who come with its tokens, so it is told and changes
/// nothing.
#[derive(Serialize)]
struct FurtherIssuer {
    issuer: String,
    has_keys: bool,
    key_age_seconds: Option<i64>,
}

impl FurtherIssuer {
    fn of(issuer: &Issuer) -> Self {
        let age = issuer.key_age();
        Self {
            issuer: issuer.name().to_owned(),
            has_keys: age.is_ok(),
            key_age_seconds: age.ok().flatten(),
        }
    }
}

fn ok() -> HttpResponse {
    HttpResponse::Ok().json(json!({"status": "ok"}))
}
