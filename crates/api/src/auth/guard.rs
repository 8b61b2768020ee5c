//! A handler gets its caller only by naming what it requires.

use std::marker::PhantomData;
use std::time::Instant;

use actix_web::dev::Payload;
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use aimapper_core::auth::{IdKey, Principal, PrincipalKind, Refusal, Role, Session};
use aimapper_core::id::{AccountId, TenantId, UserId};
use aimapper_core::store::accounts::{self, Sight};
use aimapper_core::store::{revocations, tenants, users};
use futures_util::future::{FutureExt, LocalBoxFuture};

use super::error::AuthError;
use super::gate::NoSession;
use super::ticket;
use crate::App;

/// What a route asks of its caller.
pub trait Requirement: 'static {
    /// The lowest role that is enough; nothing if any verified caller may.
    const ROLE: Option<Role>;
}

/// Any verified caller, with or without a role.
#[derive(Debug, Clone, Copy)]
pub enum AnyCaller {}

/// Works on sources, targets, mappings and runs of its tenant.
#[derive(Debug, Clone, Copy)]
pub enum CanMap {}

/// Works on all jobs of its tenant, approves what others made.
#[derive(Debug, Clone, Copy)]
pub enum CanOperate {}

/// Sees users, retention, audit and figures of all tenants.
#[derive(Debug, Clone, Copy)]
pub enum CanAdmin {}

impl Requirement for AnyCaller {
    const ROLE: Option<Role> = None;
}

impl Requirement for CanMap {
    const ROLE: Option<Role> = Some(Role::Mapper);
}

impl Requirement for CanOperate {
    const ROLE: Option<Role> = Some(Role::Operator);
}

impl Requirement for CanAdmin {
    const ROLE: Option<Role> = Some(Role::Admin);
}

/// The one who asks, as the database knows it.
#[derive(Debug, Clone)]
pub struct Caller {
    /// What the token says.
    pub principal: Principal,
    /// Whose rows these are.
    pub tenant: TenantId,
    /// The tenant's name.
    pub tenant_name: String,
    /// The person or program, in whatever tenant.
    pub account: AccountId,
    /// The user of this tenant.
    pub user: UserId,
}

impl Caller {
    /// The name under which a person knows them: that of the token, or who the token is about.
    #[must_use]
    pub fn name(&self) -> &str {
        let name = self.principal.name.as_deref();
        name.unwrap_or(&self.principal.subject)
    }
}

/// A caller who fulfils a requirement.
#[derive(Debug, Clone)]
pub struct Guarded<R: Requirement> {
    /// Who it is.
    pub caller: Caller,
    requirement: PhantomData<R>,
}

impl<R: Requirement> FromRequest for Guarded<R> {
    type Error = AuthError;
    type Future = LocalBoxFuture<'static, Result<Self, AuthError>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        async move {
            let app = request
                .app_data::<Data<App>>()
                .cloned()
                .ok_or(AuthError::BrokenOff)?;
            let (principal, shown) = authenticate(&app, &request, R::ROLE)
                .await
                .inspect_err(|error| note(&app, error))
                .map_err(|error| as_seen_by(&app, &request, error))?;
            if let Some(role) = R::ROLE
                && !principal.may(role)
            {
                app.metrics.auth(None);
                return Err(AuthError::Role(role));
            }
            if shown == Shown::Token {
                confirm(&app, &request, &principal, R::ROLE)
                    .await
                    .inspect_err(|error| note(&app, error))?;
            }
            app.metrics.auth(None);
            Ok(Self {
                caller: known(app, principal, shown).await?,
                requirement: PhantomData,
            })
        }
        .boxed_local()
    }
}

/// What a caller showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shown {
    Token,
    Session,
    Ticket,
}

/// Logs and counts why credentials were refused; the answer does not say it.
fn note(app: &App, error: &AuthError) {
    if let AuthError::Refused(refusal) = error {
        app.metrics.auth(Some(refusal.reason()));
        tracing::warn!(
            refusal = refusal.reason(),
            "a token or a session was refused"
        );
    }
}

/// A person who opens a page is led to where one signs in; a program gets a problem.
fn as_seen_by(app: &App, request: &HttpRequest, error: AuthError) -> AuthError {
    let headers = request.headers();
    let accepts_page = headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"));
    // Of our scripts (htmx), those that follow a link for a person.
    let follows_link = headers.contains_key("HX-Boosted");
    let opens_page = request.method() == Method::GET
        && !headers.contains_key(header::AUTHORIZATION)
        // A used ticket leads nowhere, and belongs in no further address.
        && matches!(ticket::shown(request), Ok(None))
        && (accepts_page || follows_link);
    let is_stranger = matches!(error, AuthError::NoCredentials | AuthError::Refused(_));
    if opens_page && is_stranger {
        let path = request.uri().path_and_query();
        let path = path.map_or("/", |path| path.as_str());
        return AuthError::SignIn(app.identity.sign_in_address(path));
    }
    error
}

async fn authenticate(
    app: &App,
    request: &HttpRequest,
    role: Option<Role>,
) -> Result<(Principal, Shown), AuthError> {
    if has_token_in_query(request.query_string()) {
        return Err(AuthError::Malformed(
            "a token does not belong in an address",
        ));
    }
    let ticket = ticket::shown(request)?;
    if request.headers().contains_key(header::AUTHORIZATION) {
        let token = bearer(request.headers())?;
        if ticket.is_some() {
            return Err(AuthError::Malformed("there is a ticket besides the token"));
        }
        return Ok((app.identity.access(token).await?, Shown::Token));
    }
    if let Some(ticket) = ticket {
        let principal = ticket::redeem(app, request, (&ticket, role)).await?;
        return Ok((principal, Shown::Ticket));
    }
    let extensions = request.extensions();
    if let Some(session) = extensions.get::<Session>() {
        return Ok((session.principal.clone(), Shown::Session));
    }
    match extensions.get::<NoSession>() {
        Some(NoSession(refusal @ (Refusal::Expired | Refusal::Ended))) => {
            Err(AuthError::Refused(*refusal))
        }
        // A cookie that never was a session of ours says nothing.
        Some(NoSession(_)) | None => Err(AuthError::NoCredentials),
    }
}

/// Asks the issuer about a token, if the settings want that. Sessions are renewed there anyway, and it was asked
/// when a ticket was given.
async fn confirm(
    app: &App,
    request: &HttpRequest,
    principal: &Principal,
    role: Option<Role>,
) -> Result<(), AuthError> {
    let token = bearer(request.headers())?;
    app.identity.confirm(token, principal, role).await
}

fn has_token_in_query(query: &str) -> bool {
    query
        .split('&')
        .any(|pair| pair.split('=').next() == Some("access_token"))
}

/// The token of `Authorization: Bearer TOKEN` (RFC 6750, 2.1). Other schemes are no credentials.
fn bearer(headers: &HeaderMap) -> Result<&str, AuthError> {
    let mut all = headers.get_all(header::AUTHORIZATION);
    let (Some(one), None) = (all.next(), all.next()) else {
        return Err(AuthError::Malformed("there is more than one"));
    };
    let text = one
        .to_str()
        .map_err(|_| AuthError::Malformed("they are no ASCII"))?;
    let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
    if scheme.eq_ignore_ascii_case("dpop") {
        return Err(AuthError::Bound);
    }
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(AuthError::NoCredentials);
    }
    if token.is_empty() || token.starts_with(' ') {
        return Err(AuthError::Malformed(
            "one blank and a token belong behind Bearer",
        ));
    }
    Ok(token)
}

/// Account, tenant and user of a principal. They are looked up at the first sight and every half minute,
/// and whether the token was revoked with them. A ticket is looked up each time, which is once.
async fn known(app: Data<App>, principal: Principal, shown: Shown) -> Result<Caller, AuthError> {
    if shown != Shown::Ticket
        && let Some(caller) = app.identity.recall(&principal, Instant::now())
    {
        return Ok(caller);
    }
    let (id_key, links_by_email) = app.identity.finds_by(&principal.issuer);
    let round = app.identity.round();
    let looked_up = app
        .write(move |conn| {
            if revocations::hold(conn, bearer_of(&principal))? {
                return Ok(Err(AuthError::Refused(Refusal::Ended)));
            }
            let sight = sight(&principal, id_key, links_by_email);
            let account = accounts::seen(conn, &sight)?;
            if !account.active {
                return Ok(Err(AuthError::Disabled));
            }
            let tenant_name = match &principal.tenant {
                Some(tenant) => tenant.clone(),
                None => format!("account:{}", account.id),
            };
            let tenant = tenants::ensure(conn, &tenant_name)?.id;
            let named = (principal.issuer.as_str(), principal.subject.as_str());
            let user = users::of_account(conn, tenant, &account, named)?;
            Ok(Ok(Caller {
                principal,
                tenant,
                tenant_name,
                account: account.id,
                user: user.id,
            }))
        })
        .await
        .map_err(AuthError::Unknown)?;
    let caller = looked_up.inspect_err(|error| note(&app, error))?;
    app.identity.remember(&caller, round);
    Ok(caller)
}

fn bearer_of(principal: &Principal) -> revocations::Bearer<'_> {
    revocations::Bearer {
        issuer: &principal.issuer,
        sub: &principal.sub,
        sid: principal.sid.as_deref(),
        issued_at: principal.issued_at,
    }
}

/// What the store asks about a principal.
pub(super) fn sight(principal: &Principal, id_key: IdKey, links_by_email: bool) -> Sight<'_> {
    Sight {
        issuer: &principal.issuer,
        subject: &principal.subject,
        id_key: id_key.name(),
        sub: &principal.sub,
        kind: match principal.kind {
            PrincipalKind::Person => "person",
            PrincipalKind::Program => "program",
        },
        username: principal.username.as_deref().or(principal.party.as_deref()),
        display_name: principal.name.as_deref(),
        email: principal.email.as_deref(),
        links_by_email,
    }
}
