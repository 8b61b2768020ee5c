//! Tickets, for those who can send no token: a link to a file, `EventSource`. A ticket is got with a token or a
//! session, opens one address by GET, once, within a minute, and stands for its owner as a token does: what the
//! route asks for is asked. It never stands for a token anywhere else, so it may be in an address. Behind the gate it is in
//! none any more; a route that was mounted without the gate takes no tickets.

use std::io;

use actix_web::dev::ServiceRequest;
use actix_web::http::uri::PathAndQuery;
use actix_web::http::{Method, Uri};
use actix_web::{HttpMessage, HttpRequest};
use aimapper_core::auth::{Principal, Refusal, Role, Session, is_path_here};
use aimapper_core::store::sessions;
use aimapper_core::store::tickets::{self, Ticket};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use super::error::AuthError;
use super::guard::Caller;
use super::identity::{Way, now};
use crate::App;
use crate::problem::Problem;

/// The name of a ticket in a query.
const NAME: &str = "ticket";

/// What tickets open begins with.
const BELOW: &str = "/api/v1/";

/// The length of 256 bits in base64.
const LENGTH: usize = 43;

const WRONG: AuthError = AuthError::Refused(Refusal::Ticket);

/// A ticket that was given.
pub(crate) struct Given {
    pub(crate) ticket: String,
    /// The address with the ticket in it.
    pub(crate) url: String,
    /// For so many seconds.
    pub(crate) expires_in: i64,
}

/// Gives the caller a ticket for an address.
///
/// # Errors
/// `invalid_parameter` for an address that is none below `/api/v1/`; those of the database.
pub(crate) async fn give(
    app: &App,
    caller: &Caller,
    session: Option<Session>,
    path: String,
) -> Result<Given, Problem> {
    let (before, query) = path.split_once('?').unwrap_or((&path, ""));
    let has_credentials = query
        .split('&')
        .any(|pair| is_ticket(pair) || pair.starts_with("access_token="));
    let is_good = is_path_here(&path)
        && path.is_ascii()
        && !path.contains('#')
        && before.starts_with(BELOW)
        && !goes_up(before)
        && !has_credentials;
    if !is_good {
        let takes = "a path of this server below /api/v1/, with its query, and without a ticket";
        return Err(Problem::parameter("path", takes));
    }
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)
        .map_err(|error| Problem::internal(&io::Error::other(error.to_string())))?;
    let ticket = URL_SAFE_NO_PAD.encode(bytes);
    let mark = if path.contains('?') { '&' } else { '?' };
    let url = format!("{path}{mark}{NAME}={ticket}");
    let mut expires_in = tickets::TICKET_MS / 1_000;
    // A session is renewed when its token ends.
    if session.is_none() {
        let left = caller.principal.expires_at.saturating_sub(now());
        expires_in = expires_in.min(left.max(0));
    }
    let row = Ticket {
        hash: hash(&ticket),
        account_id: caller.account.to_string(),
        path,
        principal: serde_json::to_string(&caller.principal)
            .map_err(|error| Problem::internal(&error))?,
        session_id: session.map(|session| session.id),
        created_at: 0,
    };
    app.write(move |conn| Ok(tickets::give(conn, row)?)).await?;
    Ok(Given {
        ticket,
        url,
        expires_in,
    })
}

/// What the table holds of a ticket.
pub(super) fn hash(ticket: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(ticket.as_bytes()))
}

/// Whether a path has steps that lead elsewhere: `.` and `..`, also as clients may write them.
fn goes_up(path: &str) -> bool {
    path.split(['/', '\\']).any(|step| {
        let step = step.to_ascii_lowercase().replace("%2e", ".");
        step == "." || step == ".." || step.contains("%2f") || step.contains("%5c")
    })
}

fn is_ticket(pair: &str) -> bool {
    pair.split('=').next() == Some(NAME)
}

/// What was in a request's address.
#[derive(Debug, Clone)]
enum InAddress {
    One(String),
    Several,
}

/// Takes a ticket out of a request's address and keeps it with the request: nobody behind the gate, who reads
/// or writes down an address, sees it there.
pub(super) fn take_out(request: &mut ServiceRequest) {
    let (tickets, rest): (Vec<&str>, Vec<&str>) = request
        .query_string()
        .split('&')
        .partition(|pair| is_ticket(pair));
    let Some(first) = tickets.first() else {
        return;
    };
    let found = match tickets.as_slice() {
        [_] => InAddress::One(
            first
                .split_once('=')
                .map_or("", |(_, value)| value)
                .to_owned(),
        ),
        _ => InAddress::Several,
    };
    let path = request.uri().path();
    let address = if rest.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{}", rest.join("&"))
    };
    let mut parts = request.uri().clone().into_parts();
    // What was an address is one without a part of its query.
    parts.path_and_query = PathAndQuery::try_from(address).ok();
    if let Ok(uri) = Uri::from_parts(parts) {
        request.head_mut().uri = uri;
    }
    request.extensions_mut().insert(found);
}

/// Whether a request's address had a ticket.
pub(crate) fn has_ticket(request: &ServiceRequest) -> bool {
    request.extensions().contains::<InAddress>()
}

/// The ticket of a request, if its address had one.
///
/// # Errors
/// [`AuthError::Malformed`] if there were several.
pub(super) fn shown(request: &HttpRequest) -> Result<Option<String>, AuthError> {
    match request.extensions().get::<InAddress>() {
        None => Ok(None),
        Some(InAddress::One(ticket)) => Ok(Some(ticket.clone())),
        Some(InAddress::Several) => Err(AuthError::Malformed("there is more than one ticket")),
    }
}

/// Whom a ticket stands for. It is used up, whatever comes of it.
///
/// # Errors
/// [`AuthError::Refused`] if it is used up, late, of a session or a token that is over, or for something else;
/// [`AuthError::Unknown`].
pub(super) async fn redeem(
    app: &App,
    request: &HttpRequest,
    (ticket, role): (&str, Option<Role>),
) -> Result<Principal, AuthError> {
    // Nothing that only administrators may see is for links.
    if request.method() != Method::GET || ticket.len() != LENGTH || role == Some(Role::Admin) {
        return Err(WRONG);
    }
    let hash = hash(ticket);
    let is_row = matches!(app.identity.way, Way::Provider(_));
    let taken = app
        .write(move |conn| {
            let Some((ticket, is_in_time)) = tickets::take(conn, &hash)? else {
                return Ok(None);
            };
            let goes_on = match &ticket.session_id {
                Some(id) if is_row => sessions::find(conn, id)?.is_some(),
                Some(_) | None => true,
            };
            Ok((is_in_time && goes_on).then_some(ticket))
        })
        .await;
    let ticket = taken.map_err(AuthError::Unknown)?.ok_or(WRONG)?;
    let asked = request.uri().path_and_query();
    if asked.map(PathAndQuery::as_str) != Some(ticket.path.as_str()) {
        return Err(WRONG);
    }
    let read: Result<Principal, _> = serde_json::from_str(&ticket.principal);
    let principal = read.map_err(|error| AuthError::Unknown(Problem::internal(&error)))?;
    let session = ticket.session_id.as_deref();
    let is_over = session.is_none() && principal.expires_at <= now();
    if is_over || !app.identity.still_takes(&principal.issuer, session) {
        return Err(WRONG);
    }
    Ok(principal)
}
