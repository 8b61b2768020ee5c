//! What every request passes before its handler: the name that it was sent to, the page that sent it,
//! its session.

use actix_web::body::{EitherBody, MessageBody};
use actix_web::cookie::Cookie;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage, HttpRequest, ResponseError};
use aimapper_core::auth::{Refusal, Session};

use super::csrf;
use super::error::AuthError;
use super::identity::Identity;
use super::login::session_cookie;
use crate::App;
use crate::pages::PageError;

/// The session cookie was there and no good; kept with the request, so that its guard can say why.
#[derive(Debug, Clone, Copy)]
pub(super) struct NoSession(pub(super) Refusal);

/// Middleware for all routes (`.wrap(actix_web::middleware::from_fn(gate))`). Requests with
/// `Authorization` bring their own proof and need neither page nor form.
///
/// # Errors
/// Those of the handler; its own refusals are answers.
pub async fn gate<B: MessageBody + 'static>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let Some(app) = request.app_data::<Data<App>>().cloned() else {
        return Ok(refused(request, &AuthError::BrokenOff));
    };
    let session = match admit(&app.identity, &mut request).await {
        Ok(session) => session,
        Err(error) => return Ok(refused(request, &error)),
    };
    let mut response = next.call(request).await?;
    // What one caller may see is not kept for the next one, unless a handler knows better.
    if !response.headers().contains_key(header::CACHE_CONTROL) {
        let kept = HeaderValue::from_static("private, no-cache");
        response.headers_mut().insert(header::CACHE_CONTROL, kept);
    }
    if let Some(session) = session {
        renew(&app.identity, &session, &mut response);
    }
    Ok(response.map_into_left_body())
}

fn refused<B>(request: ServiceRequest, error: &AuthError) -> ServiceResponse<EitherBody<B>> {
    tracing::warn!(
        refusal = error.code().word(),
        http.method = %request.method(),
        "a request was refused at the gate"
    );
    let response = match error.problem() {
        Some(problem) if is_for_page(&request) => PageError::from(problem).error_response(),
        Some(_) | None => error.error_response(),
    };
    request.into_response(response).map_into_right_body()
}

/// Whether a person reads the answer, and not a program.
fn is_for_page(request: &ServiceRequest) -> bool {
    let accept = request.headers().get(header::ACCEPT);
    let accept = accept.and_then(|accept| accept.to_str().ok());
    let is_browser = accept.is_some_and(|accept| accept.contains("text/html"));
    is_browser && !request.path().starts_with("/api/")
}

/// Gives the session that the request came with, if it was good.
async fn admit(
    identity: &Identity,
    request: &mut ServiceRequest,
) -> Result<Option<Session>, AuthError> {
    if !identity.hosts.are_named(request.uri(), request.headers()) {
        return Err(AuthError::Host);
    }
    if request.headers().contains_key(header::AUTHORIZATION) {
        return Ok(None);
    }
    let changes = !request.method().is_safe();
    if changes && identity.hosts.are_foreign_to(request.headers()) {
        return Err(AuthError::Origin);
    }
    match session(identity, request.request()) {
        None => Ok(None),
        Some(Err(refusal)) => {
            request.extensions_mut().insert(NoSession(refusal));
            Ok(None)
        }
        Some(Ok(session)) => {
            if changes {
                csrf::check(identity, &session, request).await?;
            }
            request.extensions_mut().insert(session.clone());
            Ok(Some(session))
        }
    }
}

/// The session of the cookie. Another server of this machine may have set one of the same name for
/// a path, so all of them are looked at.
fn session(identity: &Identity, request: &HttpRequest) -> Option<Result<Session, Refusal>> {
    let cookies = request.cookies().ok()?;
    let mut found = None;
    for cookie in cookies
        .iter()
        .filter(|c| c.name() == identity.cookie_name())
    {
        let session = identity.session(cookie.value());
        if session.is_ok() {
            return Some(session);
        }
        found = Some(session);
    }
    found
}

/// Sets the cookie anew, unless the handler did, or the answer is kept by others.
fn renew<B>(identity: &Identity, session: &Session, response: &mut ServiceResponse<B>) {
    let headers = response.headers();
    if headers.contains_key(header::SET_COOKIE) || is_shared(headers) {
        return;
    }
    let Some(token) = identity.renewed(session) else {
        return;
    };
    let cookie: Cookie<'_> = session_cookie(identity, token);
    // It fails for cookies that are no header only; a token is one.
    let _set = response.response_mut().add_cookie(&cookie);
}

fn is_shared(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::CACHE_CONTROL)
        .filter_map(|value| value.to_str().ok())
        .any(|value| value.contains("public") || value.contains("immutable"))
}
