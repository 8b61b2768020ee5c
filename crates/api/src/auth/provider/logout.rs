//! The end of sessions: here and at the provider, or there and then here.

use std::collections::HashMap;

use actix_web::http::header;
use actix_web::web::{Data, Form};
use actix_web::{HttpRequest, HttpResponse};
use aimapper_core::auth::{LogoutNotice, Refusal, Session, verify_logout};
use aimapper_core::id::AccountId;
use aimapper_core::store::audit::{self, Event};
use aimapper_core::store::{Conn, StoreError, revocations, sessions};
use openidconnect::url::Url;
use serde_json::json;

use super::super::identity::now;
use super::SignIn;
use super::error::LoginError;
use crate::App;

/// Ends a session here. Gives the address where the browser ends it at the provider (OpenID Connect
/// RP-Initiated Logout 1.0, 2).
pub(in super::super) async fn end(
    app: &App,
    sign_in: &SignIn,
    session: &Session,
) -> Option<String> {
    let hash = session.id.clone();
    let ended = app
        .write(move |conn| {
            let ended = sessions::end(conn, &hash)?;
            if let Some(row) = &ended {
                let account: Option<AccountId> = row.account_id.parse().ok();
                let who = (account, Some(row.issuer.as_str()));
                audit::add(conn, Event::SignedOut, who, None)?;
            }
            Ok(ended)
        })
        .await;
    let row = match ended {
        Ok(row) => row?,
        Err(problem) => {
            tracing::error!(error = problem.detail(), "a session could not be ended");
            return None;
        }
    };
    let hint = sign_in.opened(&row).and_then(|kept| kept.id);
    let endpoints = sign_in
        .question(|provider| provider.endpoints().map_err(LoginError::Unreachable))
        .await;
    let mut url = Url::parse(endpoints.ok()?.end_session.as_deref()?).ok()?;
    let path = sign_in.after_logout().unwrap_or("/");
    let back = format!("{}{path}", sign_in.base_url);
    let mut query = url.query_pairs_mut();
    query.append_pair("client_id", &sign_in.settings().client_id);
    query.append_pair("post_logout_redirect_uri", &back);
    if let Some(hint) = hint {
        query.append_pair("id_token_hint", &hint);
    }
    drop(query);
    Some(url.into())
}

/// Takes the provider's word that sessions have ended (OpenID Connect Back-Channel Logout 1.0, 2.5). A session
/// that is not known has ended as well.
pub(super) async fn back_channel(
    app: Data<App>,
    form: Form<HashMap<String, String>>,
    request: HttpRequest,
) -> HttpResponse {
    let Some(sign_in) = app.identity.sign_in() else {
        return LoginError::NoProvider.answer(&request);
    };
    let token = form.get("logout_token").map(String::as_str);
    let token = token.unwrap_or_default();
    let Some(of) = sign_in.issuer_of(token) else {
        let refusal = Refusal::Issuer.reason();
        tracing::warn!(refusal, "a logout token was refused");
        return refused();
    };
    let (client, policy) = (&of.settings().client_id, of.policy());
    let checked = of
        .checked(|keys| verify_logout(token, client, (policy, keys), now()))
        .await;
    let notice = match checked {
        Ok(Ok(notice)) => notice,
        Ok(Err(refusal)) => {
            tracing::warn!(refusal = refusal.reason(), "a logout token was refused");
            return refused();
        }
        Err(error) => return LoginError::from(error).answer(&request),
    };
    let issuer = policy.issuer.clone();
    // As long as any token that was issued before the notice may live.
    let lives = policy.max_lifetime_seconds + policy.leeway_seconds;
    let until = now().saturating_add(lives);
    let taken = app
        .write(move |conn| Ok(taken(conn, &issuer, &notice, until)?))
        .await;
    app.identity.forget(of.name());
    match taken {
        Ok(true) => HttpResponse::Ok()
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .finish(),
        Ok(false) => refused(),
        Err(problem) => LoginError::Store(problem).answer(&request),
    }
}

/// Says whether the notice came for the first time.
fn taken(
    conn: &mut Conn<'_>,
    issuer: &str,
    notice: &LogoutNotice,
    until: i64,
) -> Result<bool, StoreError> {
    if !revocations::take_notice(conn, issuer, &notice.token_id, until)? {
        return Ok(false);
    }
    let ended = match (&notice.sid, &notice.subject) {
        (Some(sid), _) => {
            revocations::revoke_session(conn, issuer, sid, until)?;
            sessions::end_by_sid(conn, issuer, sid)?
        }
        (None, Some(subject)) => {
            revocations::revoke_subject(conn, issuer, subject, notice.issued_at, until)?;
            sessions::end_by_sub(conn, issuer, subject)?
        }
        (None, None) => Vec::new(),
    };
    for account in ended {
        let who = (Some(account), Some(issuer));
        audit::add(conn, Event::SignedOutAtProvider, who, None)?;
    }
    Ok(true)
}

fn refused() -> HttpResponse {
    HttpResponse::BadRequest()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(json!({"error": "invalid_request"}))
}
