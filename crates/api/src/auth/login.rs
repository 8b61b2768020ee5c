//! How a browser gets its session in local mode, how it is told to sign in, and how it ends its session.

use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::header;
use actix_web::web::{self, Data, Path, ServiceConfig};
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use aimapper_core::auth::{CODE_SECONDS, Role, Session};
use serde_json::json;

use super::error::AuthError;
use super::guard::{CanMap, Guarded};
use super::identity::{Identity, Way, now};
use super::provider::{self, login_address};
use crate::App;
use crate::pages::entry;

/// Where it says how to sign in.
pub const SIGN_IN: &str = "/sign-in";

/// `GET /start/{code}`, `POST /start`, `GET /sign-in`, `POST /logout`, and those of a provider below
/// `/accounts`.
pub fn routes(cfg: &mut ServiceConfig) {
    provider::routes(cfg);
    cfg.route("/start", web::post().to(new_start))
        .route("/start/{code}", web::get().to(start))
        .route(SIGN_IN, web::get().to(sign_in))
        .route("/logout", web::post().to(logout));
}

/// The cookie of a session. Scripts do not see it, and other sites do not send it.
pub(super) fn session_cookie(identity: &Identity, token: String) -> Cookie<'static> {
    Cookie::build(identity.cookie_name().to_owned(), token)
        .path("/")
        .http_only(true)
        // Whoever comes back from a provider comes from another site.
        .same_site(match identity.local() {
            Some(_) => SameSite::Strict,
            None => SameSite::Lax,
        })
        .secure(identity.is_secure())
        .max_age(Duration::seconds(identity.session_seconds()))
        .finish()
}

async fn start(
    app: Data<App>,
    code: Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, AuthError> {
    let Some(local) = app.identity.local() else {
        return Err(AuthError::NoStartCodes);
    };
    let redeemed = local.redeem(&code, app.identity.limits, now());
    let Some(token) = redeemed.map_err(AuthError::Issue)? else {
        tracing::warn!(
            refusal = "start_code",
            "a start address was used again, or late"
        );
        return Ok(entry::used_up(app.identity.base_url()));
    };
    let cookie = session_cookie(&app.identity, token);
    let from_elsewhere = request
        .headers()
        .get("Sec-Fetch-Site")
        .is_some_and(|site| site.as_bytes() == b"cross-site");
    let mut answer = if from_elsewhere {
        // A redirect would go on as a request of the page with the link, and so without the cookie.
        entry::entered()
    } else {
        HttpResponse::SeeOther()
            .insert_header((header::LOCATION, "/"))
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .insert_header((header::REFERRER_POLICY, "no-referrer"))
            .finish()
    };
    // It fails for cookies that are no header only; a token is one.
    answer
        .add_cookie(&cookie)
        .map_err(|_| AuthError::BrokenOff)?;
    Ok(answer)
}

/// A start address for another browser, with the caller's role.
async fn new_start(app: Data<App>, who: Guarded<CanMap>) -> Result<HttpResponse, AuthError> {
    if app.identity.local().is_none() {
        return Err(AuthError::NoStartCodes);
    }
    let roles = &who.caller.principal.roles;
    let role = roles.last().copied().unwrap_or(Role::Mapper);
    let url = app.identity.start_url(role).map_err(AuthError::Issue)?;
    let body = json!({"url": url, "expires_in": CODE_SECONDS});
    Ok(HttpResponse::Created()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .content_type("application/json")
        .body(body.to_string()))
}

async fn sign_in(app: Data<App>) -> HttpResponse {
    let login = app.identity.sign_in().map(|_| login_address("/"));
    entry::sign_in(app.identity.base_url(), login.as_deref())
}

/// The gate has checked the form's token if there is a session.
pub(super) async fn logout(
    app: Data<App>,
    request: HttpRequest,
) -> Result<HttpResponse, AuthError> {
    let session = request.extensions().get::<Session>().cloned();
    let goes_on = match (session, &app.identity.way) {
        (None, Way::Local(_) | Way::Provider(_)) => None,
        (Some(session), Way::Local(local)) => {
            local.end(&session, app.identity.limits, now());
            None
        }
        (Some(session), Way::Provider(sign_in)) => {
            provider::end_session(&app, sign_in, &session).await
        }
    };
    let here = app.identity.sign_in().and_then(|one| one.after_logout());
    let to = goes_on.as_deref().or(here).unwrap_or(SIGN_IN);
    let mut answer = HttpResponse::SeeOther()
        .insert_header((header::LOCATION, to))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .finish();
    let mut cookie = session_cookie(&app.identity, String::new());
    cookie.set_max_age(Duration::ZERO);
    answer
        .add_cookie(&cookie)
        .map_err(|_| AuthError::BrokenOff)?;
    Ok(answer)
}
