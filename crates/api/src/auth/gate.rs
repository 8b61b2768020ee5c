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
use super::identity::{Identity, Way, now};
use super::local::Local;
use super::login::session_cookie;
use super::provider::{self, SignIn};
use super::ticket;
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
    ticket::take_out(&mut request);
    let session = match admit(&app, &mut request).await {
        Ok(session) => session,
        Err(error) => return Ok(refused(request, &error)),
    };
    let mut response = next.call(request).await?;
    // What one caller may see is not kept for the next one, unless a handler knows better.
    if !response.headers().contains_key(header::CACHE_CONTROL) {
        let kept = HeaderValue::from_static("private, no-cache");
        response.headers_mut().insert(header::CACHE_CONTROL, kept);
    }
    match (session, &app.identity.way) {
        (Some(session), Way::Local(local)) => {
            renew(&app.identity, local, &session, &mut response);
        }
        (_, Way::Provider(sign_in)) => let_forms_lead_to(sign_in, response.headers_mut()),
        (None, Way::Local(_)) => {}
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
async fn admit(app: &App, request: &mut ServiceRequest) -> Result<Option<Session>, AuthError> {
    let identity = &app.identity;
    let is_named = identity.hosts.are_named(request.uri(), request.headers());
    if !is_named && !may_come_by_any_name(identity, request) {
        return Err(AuthError::Host);
    }
    if request.headers().contains_key(header::AUTHORIZATION) {
        return Ok(None);
    }
    let changes = !request.method().is_safe();
    if changes && identity.hosts.are_foreign_to(request.headers()) {
        return Err(AuthError::Origin);
    }
    if !is_named || request.path().starts_with("/assets/") {
        return Ok(None);
    }
    let found = match &identity.way {
        Way::Local(local) => session(identity, local, request.request()),
        Way::Provider(sign_in) => session_row(app, sign_in, request.request()).await?,
    };
    match found {
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
fn session(
    identity: &Identity,
    local: &Local,
    request: &HttpRequest,
) -> Option<Result<Session, Refusal>> {
    let cookies = request.cookies().ok()?;
    let mut found = None;
    for cookie in cookies
        .iter()
        .filter(|c| c.name() == identity.cookie_name())
    {
        let session = local.session(cookie.value(), identity.limits, now());
        if session.is_ok() {
            return Some(session);
        }
        found = Some(session);
    }
    found
}

/// The same where sessions are rows.
async fn session_row(
    app: &App,
    sign_in: &SignIn,
    request: &HttpRequest,
) -> Result<Option<Result<Session, Refusal>>, AuthError> {
    let name = app.identity.cookie_name();
    let values: Vec<String> = match request.cookies() {
        Ok(cookies) => cookies
            .iter()
            .filter(|cookie| cookie.name() == name)
            .map(|cookie| cookie.value().to_owned())
            .collect(),
        Err(_) => Vec::new(),
    };
    let mut found = None;
    for value in values {
        let session = provider::find_session(app, sign_in, &value).await?;
        if session.is_ok() {
            return Ok(Some(session));
        }
        found = Some(session);
    }
    Ok(found)
}

/// Within a network a service has other names. Who shows a token is not a browser that was led here by a name
/// of somebody else, and neither is one who asks for health or brings a signed notice.
fn may_come_by_any_name(identity: &Identity, request: &ServiceRequest) -> bool {
    let is_open = request.path().starts_with("/health/")
        || request.path().trim_end_matches('/') == provider::BACK_CHANNEL.trim_end_matches('/');
    let is_provider = matches!(identity.way, Way::Provider(_));
    is_provider && (is_open || request.headers().contains_key(header::AUTHORIZATION))
}

/// Browsers ask the page's policy about the places that its forms are redirected to as well.
fn let_forms_lead_to(sign_in: &SignIn, headers: &mut HeaderMap) {
    let Some(policy) = headers.get(header::CONTENT_SECURITY_POLICY) else {
        return;
    };
    let policy = policy.to_str().unwrap_or_default();
    let with = format!("form-action 'self' {}", sign_in.origins().join(" "));
    let policy = policy.replace("form-action 'self'", &with);
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
}

/// Sets the cookie anew, unless the handler did, or the answer is kept by others.
fn renew<B>(
    identity: &Identity,
    local: &Local,
    session: &Session,
    response: &mut ServiceResponse<B>,
) {
    let headers = response.headers();
    if headers.contains_key(header::SET_COOKIE) || is_shared(headers) {
        return;
    }
    let Some(token) = local.renewed(session, identity.limits, now()) else {
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
