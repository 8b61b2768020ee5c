//! Sending a browser to the provider, and what happens when it comes back.

use std::collections::HashMap;

use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::{StatusCode, header};
use actix_web::web::{Data, Path, Query};
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use aimapper_core::auth::{Principal, Refusal, Session, UserInfo};
use aimapper_core::id::{AccountId, IdentityId};
use aimapper_core::store::accounts::{self, Account};
use aimapper_core::store::audit::{self, Event};
use aimapper_core::store::sessions::{self, ATTEMPT_MS, ATTEMPTS, Attempt, SessionRow};

use super::super::error::AuthError;
use super::super::guard::{AnyCaller, Caller, Guarded, sight};
use super::super::login::session_cookie;
use super::error::LoginError;
use super::sessions::{Kept, hash, random, renew_at};
use super::{SignIn, flow, next};
use crate::App;

/// What whoever links here may say to the provider.
const PASSED_ON: [&str; 3] = ["kc_idp_hint", "login_hint", "ui_locales"];

/// Longer values of a query are not of ours or the provider's.
const MAX_VALUE_BYTES: usize = 4_096;

type Asked = Query<HashMap<String, String>>;

/// Sends a browser away.
pub(super) async fn begin(app: Data<App>, asked: Asked, request: HttpRequest) -> HttpResponse {
    let sent = send(&app, &asked, &request, None).await;
    sent.unwrap_or_else(|error| answered(&app, error, &request))
}

/// What somebody is told who could not sign in: the page of the settings, if they name one.
fn answered(app: &App, error: LoginError, request: &HttpRequest) -> HttpResponse {
    let sign_in = app.identity.sign_in();
    let redirects = sign_in.map(|sign_in| &sign_in.settings().redirects);
    error.answer_or_lead(request, redirects)
}

/// Sends the browser of somebody who is signed in away, to add another identity to the account. The gate has
/// checked that the form is of this session.
pub(super) async fn link(app: Data<App>, asked: Asked, request: HttpRequest) -> HttpResponse {
    let owner = match owner(&request).await {
        Ok(owner) => owner,
        Err(error) => return answered(&app, error.into(), &request),
    };
    let account = owner.map(|caller| caller.account);
    let sent = send(&app, &asked, &request, account).await;
    sent.unwrap_or_else(|error| answered(&app, error, &request))
}

/// Who is signed in, if somebody is.
async fn owner(request: &HttpRequest) -> Result<Option<Caller>, AuthError> {
    use actix_web::FromRequest as _;

    if request.extensions().get::<Session>().is_none() {
        return Ok(None);
    }
    let guarded = Guarded::<AnyCaller>::extract(request).await?;
    Ok(Some(guarded.caller))
}

async fn send(
    app: &Data<App>,
    asked: &Asked,
    request: &HttpRequest,
    account: Option<AccountId>,
) -> Result<HttpResponse, LoginError> {
    let sign_in = app.identity.sign_in().ok_or(LoginError::NoProvider)?;
    let settings = sign_in.settings();
    let next = next::sanitised(
        asked.get("next").map(String::as_str),
        &settings.redirect_hosts,
        &settings.redirects.login,
    );
    let passed_on: Vec<(String, String)> = PASSED_ON
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), asked.get(*name)?.clone())))
        .filter(|(_, value)| value.len() <= MAX_VALUE_BYTES)
        .collect();
    let redirect = sign_in.redirect_uri.clone();
    let sent = sign_in
        .question(move |provider| flow::send(provider, &redirect, &passed_on))
        .await?;
    // Several tabs of a browser share its mark.
    let mark = match request.cookie(&mark_name(app)) {
        Some(cookie) if cookie.value().len() == 43 => cookie.value().to_owned(),
        Some(_) | None => random()?,
    };
    let attempt = Attempt {
        state_hash: hash(&sent.state),
        browser_hash: hash(&mark),
        nonce: sent.nonce,
        pkce_verifier: sent.verifier,
        next,
        account_id: account.map(|id| id.to_string()),
        created_at: 0,
    };
    let has_room = app
        .write(move |conn| Ok(sessions::begin_attempt(conn, attempt, ATTEMPTS)?))
        .await?;
    if !has_room {
        return Err(LoginError::Crowded);
    }
    // A script of our pages that asks (htmx) cannot follow to another site; it sends its window there.
    let (status, to) = if request.headers().contains_key("HX-Request") {
        (StatusCode::OK, "HX-Redirect")
    } else {
        (StatusCode::FOUND, "Location")
    };
    let mut answer = HttpResponse::build(status)
        .insert_header((to, sent.url))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .finish();
    set(&mut answer, &mark_cookie(app, mark))?;
    Ok(answer)
}

fn mark_name(app: &App) -> String {
    format!("{}-login", app.identity.cookie_name())
}

/// Shows that the browser that comes back is the one that was sent away. The way back is one of another site,
/// so the cookie cannot be strict.
fn mark_cookie(app: &App, mark: String) -> Cookie<'static> {
    Cookie::build(mark_name(app), mark)
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(app.identity.is_secure())
        .max_age(Duration::milliseconds(ATTEMPT_MS))
        .finish()
}

fn set(answer: &mut HttpResponse, cookie: &Cookie<'_>) -> Result<(), LoginError> {
    // It fails for cookies that are no header only; random texts are one.
    answer.add_cookie(cookie).map_err(|_| LoginError::BrokenOff)
}

/// Takes a browser that comes back.
pub(super) async fn complete(app: Data<App>, asked: Asked, request: HttpRequest) -> HttpResponse {
    match ended(&app, &asked, &request).await {
        Ok(answer) => answer,
        Err(error) => {
            // Whoever was not sent away from here could fill the table.
            if matches!(error, LoginError::StateMissing | LoginError::StateExpired) {
                return answered(&app, error, &request);
            }
            let reason = error.reason();
            let issuer = app.identity.provider().map(str::to_owned);
            let written = app
                .write(move |conn| {
                    let who = (None, issuer.as_deref());
                    Ok(audit::add(conn, Event::SignInRefused, who, Some(reason))?)
                })
                .await;
            if let Err(problem) = written {
                tracing::warn!(error = problem.detail(), "the audit could not be written");
            }
            answered(&app, error, &request)
        }
    }
}

/// First the state, so that nobody else's errors are shown; then the provider's word; then the code.
async fn ended(
    app: &Data<App>,
    asked: &Asked,
    request: &HttpRequest,
) -> Result<HttpResponse, LoginError> {
    let sign_in = app.identity.sign_in().ok_or(LoginError::NoProvider)?;
    let state = value(asked, "state").ok_or(LoginError::StateMissing)?;
    let state_hash = hash(state);
    let taken = app
        .write(move |conn| Ok(sessions::take_attempt(conn, &state_hash)?))
        .await?;
    let (attempt, is_in_time) = taken.ok_or(LoginError::StateExpired)?;
    if !is_in_time {
        return Err(LoginError::StateExpired);
    }
    let mark = request.cookie(&mark_name(app));
    let is_the_same = mark.is_some_and(|mark| hash(mark.value()) == attempt.browser_hash);
    if !is_the_same {
        return Err(LoginError::StateMismatch);
    }
    if let Some(error) = value(asked, "error") {
        let is_declined = ["access_denied", "interaction_required", "login_required"];
        return Err(if is_declined.contains(&error) {
            LoginError::Declined
        } else {
            LoginError::Provider(flow::word(error))
        });
    }
    if asked.get("iss").is_some_and(|iss| iss != sign_in.issuer()) {
        return Err(LoginError::MixUp);
    }
    // Whoever began to add an identity may have signed out meanwhile, and somebody else in.
    if let Some(account) = &attempt.account_id {
        let owner = owner(request).await?;
        let is_the_same = owner.is_some_and(|owner| owner.account.to_string() == *account);
        if !is_the_same {
            return Err(LoginError::StateMismatch);
        }
    }
    let code = value(asked, "code").ok_or(LoginError::Answer("there is no code"))?;
    signed_in(app, sign_in, attempt, code.to_owned()).await
}

fn value<'a>(asked: &'a Asked, name: &str) -> Option<&'a str> {
    let value = asked.get(name)?;
    (!value.is_empty() && value.len() <= MAX_VALUE_BYTES).then_some(value.as_str())
}

async fn signed_in(
    app: &Data<App>,
    sign_in: &SignIn,
    attempt: Attempt,
    code: String,
) -> Result<HttpResponse, LoginError> {
    let redirect = sign_in.redirect_uri.clone();
    let proof = (code, attempt.pkce_verifier.clone());
    let tokens = sign_in
        .question(move |provider| flow::exchange(provider, &redirect, proof))
        .await?;
    let (mut principal, about) = sign_in.principal_of(&tokens, Some(&attempt.nonce)).await?;
    for told in [user_info(sign_in, &tokens, &principal).await?, about]
        .into_iter()
        .flatten()
    {
        principal.name = principal.name.or(told.name);
        principal.username = principal.username.or(told.username);
        principal.email = principal.email.or(told.email);
    }
    if let Some(account) = &attempt.account_id {
        return linked(app, sign_in, account, principal, attempt.next).await;
    }
    begun(app, sign_in, principal, tokens, attempt.next).await
}

/// What the provider tells about the person, who has to be the same.
async fn user_info(
    sign_in: &SignIn,
    tokens: &flow::Tokens,
    principal: &Principal,
) -> Result<Option<UserInfo>, LoginError> {
    let access = tokens.access.clone();
    let told = sign_in
        .question(move |provider| flow::user_info(provider, &access))
        .await?;
    let Some(told) = told else {
        return Ok(None);
    };
    let wrong = |refusal| LoginError::Token {
        what: "user info",
        refusal,
    };
    let told = sign_in.told(told).await?.map_err(wrong)?;
    if told.subject != principal.sub {
        return Err(wrong(Refusal::Subject));
    }
    Ok(Some(told))
}

async fn begun(
    app: &Data<App>,
    sign_in: &SignIn,
    principal: Principal,
    tokens: flow::Tokens,
    next: String,
) -> Result<HttpResponse, LoginError> {
    let cookie = random()?;
    let hash = hash(&cookie);
    let kept = Kept {
        refresh: tokens.refresh,
        id: tokens.id,
    };
    let sealed = sign_in.sealed(&hash, &kept)?;
    let json = serde_json::to_string(&principal).map_err(|_| LoginError::BrokenOff)?;
    let absolute_ms = app.identity.limits.absolute_seconds.saturating_mul(1_000);
    let (id_key, links_by_email) = sign_in.finds_by(&principal.issuer);
    let began = app
        .write(move |conn| {
            let account: Account =
                accounts::seen(conn, &sight(&principal, id_key, links_by_email))?;
            if !account.active {
                return Ok(Err(LoginError::Auth(AuthError::Disabled)));
            }
            let renew_at = renew_at(&principal, kept.refresh.is_some(), conn.now()?);
            let session = SessionRow {
                hash,
                account_id: account.id.to_string(),
                issuer: principal.issuer.clone(),
                sub: principal.sub.clone(),
                sid: principal.sid.clone(),
                principal: json,
                sealed,
                renew_at,
                renewing_until: 0,
                created_at: 0,
                seen_at: 0,
            };
            sessions::begin(conn, session, absolute_ms)?;
            let who = (Some(account.id), Some(principal.issuer.as_str()));
            audit::add(conn, Event::SignedIn, who, None)?;
            // Whoever was here before was seen later than that.
            Ok(Ok(account.created_at == account.seen_at))
        })
        .await?;
    let is_new = began?;
    let next = by_way_of(&sign_in.settings().redirects.new_user, is_new, next);
    let mut answer = HttpResponse::SeeOther()
        .insert_header((header::LOCATION, next))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .finish();
    set(&mut answer, &session_cookie(&app.identity, cookie))?;
    Ok(answer)
}

/// Where a browser goes that something was new for: to the page for that, if there is one, which is told
/// where the browser wanted to go.
fn by_way_of(page: &Option<String>, is_new: bool, next: String) -> String {
    match page {
        Some(path) if is_new => next::with_pair(path, "next", &next),
        Some(_) | None => next,
    }
}

async fn linked(
    app: &Data<App>,
    sign_in: &SignIn,
    account: &str,
    principal: Principal,
    next: String,
) -> Result<HttpResponse, LoginError> {
    let account: AccountId = account.parse().map_err(|_| LoginError::BrokenOff)?;
    let (id_key, _) = sign_in.finds_by(&principal.issuer);
    let linked = app
        .write(move |conn| {
            Ok(accounts::link(
                conn,
                account,
                &sight(&principal, id_key, false),
            )?)
        })
        .await?;
    let is_new = linked.map_err(|_owner| LoginError::InUse)?;
    let next = by_way_of(&sign_in.settings().redirects.new_identity, is_new, next);
    Ok(HttpResponse::SeeOther()
        .insert_header((header::LOCATION, next))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .finish())
}

/// Takes the identity away by which the caller is here.
pub(super) async fn disconnect_this(
    app: Data<App>,
    who: Guarded<AnyCaller>,
    request: HttpRequest,
) -> HttpResponse {
    let principal = &who.caller.principal;
    let (issuer, subject) = (principal.issuer.clone(), principal.subject.clone());
    let account = who.caller.account;
    let found = app
        .read(move |conn| {
            let all = accounts::identities_of(conn, account)?;
            let mut all = all.into_iter();
            let this = all.find(|known| known.issuer == issuer && known.subject == subject);
            Ok(this.map(|known| known.id))
        })
        .await;
    match found {
        Ok(Some(id)) => taken_away(&app, account, id, &request).await,
        Ok(None) => LoginError::StateExpired.answer(&request),
        Err(problem) => LoginError::Store(problem).answer(&request),
    }
}

/// Takes an identity of the caller's account away.
pub(super) async fn disconnect(
    app: Data<App>,
    who: Guarded<AnyCaller>,
    id: Path<String>,
    request: HttpRequest,
) -> HttpResponse {
    let Ok(id) = id.parse::<IdentityId>() else {
        let none = crate::problem::Problem::not_found(IdentityId::WHAT, &"of this name");
        return LoginError::Store(none).answer(&request);
    };
    taken_away(&app, who.caller.account, id, &request).await
}

async fn taken_away(
    app: &App,
    account: AccountId,
    id: IdentityId,
    request: &HttpRequest,
) -> HttpResponse {
    let Some(sign_in) = app.identity.sign_in() else {
        return LoginError::NoProvider.answer(request);
    };
    let gone = app
        .write(move |conn| Ok(accounts::unlink(conn, account, id)?))
        .await;
    app.identity.forget(sign_in.issuer());
    match gone {
        Ok(Some(ended)) => {
            given_back(sign_in, ended).await;
            HttpResponse::SeeOther()
                .insert_header((header::LOCATION, "/"))
                .insert_header((header::CACHE_CONTROL, "no-store"))
                .finish()
        }
        Ok(None) => LoginError::Last.answer(request),
        Err(problem) => LoginError::Store(problem).answer(request),
    }
}

/// The refresh tokens of sessions that are over. Where the provider cannot be told, they end by themselves.
async fn given_back(sign_in: &SignIn, ended: Vec<SessionRow>) {
    for row in ended {
        let Some(refresh) = sign_in.opened(&row).and_then(|kept| kept.refresh) else {
            continue;
        };
        let told = sign_in
            .question(move |provider| flow::revoke(provider, &refresh))
            .await;
        if let Err(error) = told {
            tracing::warn!(error = %error, "a token could not be given back to the provider");
        }
    }
}
