//! Sessions of browsers that signed in at the provider: a random cookie here, a row there. When the access
//! token behind a session ends, the provider is asked for a new one, once, however many requests come.

use std::time::{Duration, Instant};

use aimapper_core::auth::{Principal, Refusal, Session, UserInfo, verify, verify_id};
use aimapper_core::store::audit::{self, Event};
use aimapper_core::store::sessions::{self, Renewal, SessionRow};
use aimapper_core::time::Millis;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio::time::sleep;

use super::super::error::AuthError;
use super::super::identity::now;
use super::error::LoginError;
use super::{SignIn, flow};
use crate::App;
use crate::problem::{Code, Problem};

/// A session is renewed so long before its token ends.
const AHEAD_MS: i64 = 10_000;

/// The provider is asked again after so long if it does not answer.
const PUT_OFF_MS: i64 = 30_000;

/// A session whose token ended so long ago, while the provider did not answer, waits for it.
const GRACE_SECONDS: i64 = 600;

/// Who waits for the renewal of another process looks so often, for as long as that one may take.
const LOOK: Duration = Duration::from_millis(50);

/// When it was last used is written down to the minute.
const TOUCH_MS: i64 = 60_000;

/// What of a session is sealed.
#[derive(Serialize, Deserialize)]
pub(super) struct Kept {
    pub(super) refresh: Option<String>,
    pub(super) id: Option<String>,
}

/// A random text of 256 bits for a cookie.
pub(super) fn random() -> Result<String, LoginError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|_| LoginError::Random)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// What the tables hold of a cookie or a state.
pub(super) fn hash(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(text.as_bytes()))
}

impl SignIn {
    pub(super) fn sealed(&self, hash: &str, kept: &Kept) -> Result<String, LoginError> {
        let json = serde_json::to_string(kept).map_err(|_| LoginError::BrokenOff)?;
        let sealed = self.sealer.seal(&purpose(hash), &json);
        Ok(STANDARD.encode(sealed.map_err(LoginError::Seal)?))
    }

    /// What was kept; nothing of a session that was sealed with another key.
    pub(super) fn opened(&self, row: &SessionRow) -> Option<Kept> {
        let sealed = STANDARD.decode(&row.sealed).ok()?;
        let json = self.sealer.open_sealed(&purpose(&row.hash), &sealed).ok()?;
        serde_json::from_str(&json).ok()
    }
}

fn purpose(hash: &str) -> String {
    format!("session {hash}")
}

/// When a session that holds such a token is to be renewed.
pub(super) fn renew_at(principal: &Principal, has_refresh: bool, db_now: Millis) -> i64 {
    if !has_refresh {
        return i64::MAX;
    }
    let left = principal.expires_at.saturating_sub(now());
    let left = left.saturating_mul(1_000).saturating_sub(AHEAD_MS);
    db_now.plus(left.max(AHEAD_MS)).0
}

/// The session of a cookie.
///
/// # Errors
/// [`AuthError`] if nobody can say; in the answer why it is none.
pub(in super::super) async fn find(
    app: &App,
    sign_in: &SignIn,
    cookie: &str,
) -> Result<Result<Session, Refusal>, AuthError> {
    if cookie.len() != 43 {
        return Ok(Err(Refusal::Malformed));
    }
    let hash = hash(cookie);
    let Some((row, db_now)) = load(app, &hash).await? else {
        return Ok(Err(Refusal::KeyUnknown));
    };
    let limits = app.identity.limits;
    let idle_until = row.seen_at.saturating_add(limits.idle_seconds * 1_000);
    let ends_at = row
        .created_at
        .saturating_add(limits.absolute_seconds * 1_000);
    if db_now.0 >= idle_until.min(ends_at) {
        write(app, move |conn| sessions::end(conn, &hash)).await?;
        return Ok(Err(Refusal::Expired));
    }
    let row = if db_now.0 < row.renew_at {
        row
    } else {
        match renewed(app, sign_in, row).await? {
            Some(row) => row,
            None => return Ok(Err(Refusal::Ended)),
        }
    };
    if db_now.0 - row.seen_at >= TOUCH_MS {
        let hash = row.hash.clone();
        write(app, move |conn| sessions::touch(conn, &hash)).await?;
    }
    let principal = principal(&row)?;
    let is_renewed = row.renew_at < i64::MAX;
    if is_renewed && now().saturating_sub(principal.expires_at) > GRACE_SECONDS {
        return Err(busy());
    }
    Ok(Ok(Session {
        principal,
        started_at: row.created_at / 1_000,
        issued_at: row.seen_at / 1_000,
        id: row.hash,
    }))
}

fn principal(row: &SessionRow) -> Result<Principal, AuthError> {
    let read = serde_json::from_str(&row.principal);
    read.map_err(|error| AuthError::Unknown(Problem::internal(&error)))
}

async fn load(app: &App, hash: &str) -> Result<Option<(SessionRow, Millis)>, AuthError> {
    let hash = hash.to_owned();
    app.read(move |conn| Ok(sessions::find(conn, &hash)?))
        .await
        .map_err(AuthError::Unknown)
}

async fn write<T, F>(app: &App, unit: F) -> Result<T, AuthError>
where
    T: Send + 'static,
    F: FnOnce(&mut aimapper_core::store::Conn<'_>) -> Result<T, aimapper_core::store::StoreError>
        + Send
        + 'static,
{
    let written = app.write(move |conn| Ok(unit(conn)?)).await;
    written.map_err(AuthError::Unknown)
}

/// The session after its renewal, by whomever; none if the provider ended it.
async fn renewed(
    app: &App,
    sign_in: &SignIn,
    row: SessionRow,
) -> Result<Option<SessionRow>, AuthError> {
    let first = row.hash.as_bytes().first().copied().unwrap_or_default();
    let lock = sign_in.renewals.get(usize::from(first) % super::RENEWALS);
    let _turn = match lock {
        Some(lock) => Some(lock.lock().await),
        None => None,
    };
    let started = Instant::now();
    let most = sign_in.renewing();
    let most_ms = i64::try_from(most.as_millis()).unwrap_or(i64::MAX);
    loop {
        let Some((row, db_now)) = load(app, &row.hash).await? else {
            return Ok(None);
        };
        if db_now.0 < row.renew_at {
            return Ok(Some(row));
        }
        let taken = {
            let row = row.clone();
            write(app, move |conn| sessions::take_renewal(conn, &row, most_ms)).await?
        };
        if taken {
            return renew(app, sign_in, row).await;
        }
        if started.elapsed() > most {
            return Err(busy());
        }
        sleep(LOOK).await;
    }
}

fn busy() -> AuthError {
    AuthError::Unknown(Problem::new(
        Code::ProviderUnreachable,
        "the provider did not renew the session in time",
    ))
}

/// Asks the provider. Only the one with the right to it comes here.
async fn renew(
    app: &App,
    sign_in: &SignIn,
    row: SessionRow,
) -> Result<Option<SessionRow>, AuthError> {
    let Some(refresh) = sign_in.opened(&row).and_then(|kept| kept.refresh) else {
        return ended(app, row, "not_sealed_here").await;
    };
    let redirect = sign_in.redirect_uri.clone();
    let asked = sign_in
        .question(move |provider| flow::refresh(provider, &redirect, refresh))
        .await;
    let tokens = match asked {
        Ok(tokens) => tokens,
        Err(LoginError::Code) => return ended(app, row, "not_renewed").await,
        Err(error) => return put_off(app, row, &error).await,
    };
    match sign_in.principal_of(&tokens, None).await {
        Ok((renewed, about)) if renewed.sub == row.sub => {
            let before = principal(&row)?;
            let renewed = named(renewed, about.as_ref(), &before);
            keep(app, sign_in, row, renewed, tokens).await
        }
        Ok(_) => ended(app, row, "other_subject").await,
        Err(LoginError::Token { refusal, .. }) => ended(app, row, refusal.reason()).await,
        Err(error) => put_off(app, row, &error).await,
    }
}

/// What neither token says any more (light access tokens say little) is still what user info said. An
/// address is not taken over like that, because it would count as verified.
fn named(mut renewed: Principal, about: Option<&UserInfo>, before: &Principal) -> Principal {
    let said = |of: fn(&UserInfo) -> &Option<String>| about.and_then(|about| of(about).clone());
    renewed.name = renewed.name.or_else(|| said(|about| &about.name));
    renewed.name = renewed.name.or_else(|| before.name.clone());
    renewed.username = renewed.username.or_else(|| said(|about| &about.username));
    renewed.username = renewed.username.or_else(|| before.username.clone());
    renewed.email = renewed.email.or_else(|| said(|about| &about.email));
    renewed
}

async fn keep(
    app: &App,
    sign_in: &SignIn,
    row: SessionRow,
    principal: Principal,
    tokens: flow::Tokens,
) -> Result<Option<SessionRow>, AuthError> {
    let before = sign_in.opened(&row);
    let kept = Kept {
        // A provider that does not change it gives it once.
        refresh: tokens
            .refresh
            .or_else(|| before.as_ref().and_then(|kept| kept.refresh.clone())),
        id: tokens.id.or_else(|| before.and_then(|kept| kept.id)),
    };
    let internal = |error: &dyn std::error::Error| AuthError::Unknown(Problem::internal(error));
    let mut row = row;
    row.sealed = sign_in
        .sealed(&row.hash, &kept)
        .map_err(|error| internal(&error))?;
    row.principal = serde_json::to_string(&principal).map_err(|error| internal(&error))?;
    let renewed = row.clone();
    row.renew_at = write(app, move |conn| {
        let at = renew_at(&principal, kept.refresh.is_some(), conn.now()?);
        let renewal = Renewal {
            principal: &renewed.principal,
            sealed: &renewed.sealed,
            renew_at: at,
        };
        sessions::renewed(conn, &renewed.hash, &renewal)?;
        Ok(at)
    })
    .await?;
    Ok(Some(row))
}

/// The provider is not there. For a while the session goes on as it was.
async fn put_off(
    app: &App,
    row: SessionRow,
    error: &LoginError,
) -> Result<Option<SessionRow>, AuthError> {
    tracing::warn!(error = %error, "the provider could not be asked to renew a session");
    let hash = row.hash.clone();
    write(app, move |conn| {
        sessions::put_off_renewal(conn, &hash, PUT_OFF_MS)
    })
    .await?;
    Ok(Some(row))
}

async fn ended(
    app: &App,
    row: SessionRow,
    reason: &'static str,
) -> Result<Option<SessionRow>, AuthError> {
    write(app, move |conn| {
        sessions::end(conn, &row.hash)?;
        let account = row.account_id.parse().ok();
        let who = (account, Some(row.issuer.as_str()));
        audit::add(conn, Event::SessionEnded, who, Some(reason))
    })
    .await?;
    Ok(None)
}

impl SignIn {
    /// Who the tokens stand for: what the access token says, and the ID token where it came with an attempt
    /// (then with its nonce) or at all. Gives the session at the provider as well.
    pub(super) async fn principal_of(
        &self,
        tokens: &flow::Tokens,
        nonce: Option<&str>,
    ) -> Result<(Principal, Option<UserInfo>), LoginError> {
        let settings = self.settings();
        let policy = &settings.policy;
        let access = self
            .checked(|keys| verify(&tokens.access, policy, keys, now()))
            .await?
            .map_err(|refusal| LoginError::Token {
                what: "access token",
                refusal,
            })?;
        let mut principal = access.principal;
        let mut about = None;
        if let Some(id) = &tokens.id {
            let client = (settings.client_id.as_str(), nonce);
            let check = |keys: &_| verify_id(id, client, &tokens.access, (policy, keys), now());
            let wrong = |refusal| LoginError::Token {
                what: "ID token",
                refusal,
            };
            let id = self.checked(check).await?.map_err(wrong)?;
            if id.subject != principal.sub {
                return Err(wrong(Refusal::Subject));
            }
            principal.sid = principal.sid.or(id.sid);
            about = Some(id.about);
        } else if nonce.is_some() {
            return Err(LoginError::Answer("tokens without an ID token"));
        }
        Ok((principal, about))
    }
}
