//! The token that shows that a form came from one of our pages: an HMAC over the session's id, so it
//! is good for that session only and nothing has to be kept. `SameSite` and the check of `Origin`
//! stop the same attack; each of the three alone has had its holes.
//!
//! A request says it in the header `X-CSRF-Token`, in the field `csrf` of a form, or in a multipart
//! form's field `csrf`, which has to be its first.

use actix_web::dev::{Payload, ServiceRequest};
use actix_web::error::PayloadError;
use actix_web::http::header;
use actix_web::web::{Bytes, BytesMut, Data};
use actix_web::{HttpMessage, HttpRequest};
use aimapper_core::auth::Session;
use futures_util::{StreamExt, stream};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::error::AuthError;
use super::identity::Identity;
use crate::App;

/// The header that may carry the token.
pub const CSRF_HEADER: &str = "X-CSRF-Token";

/// The field of a form that may carry it.
pub const CSRF_FIELD: &str = "csrf";

/// A longer form is sent as a file.
const MAX_FORM_BYTES: usize = 4 << 20;

/// The first field of a multipart form ends within so many bytes.
const MAX_FIELD_BYTES: usize = 4 << 10;

/// The token for the forms of a page; empty if no session shows it.
#[must_use]
pub fn csrf_token(request: &HttpRequest) -> String {
    let extensions = request.extensions();
    let Some(session) = extensions.get::<Session>() else {
        return String::new();
    };
    request
        .app_data::<Data<App>>()
        .and_then(|app| mac(&app.identity, session))
        .map(|mac| hex(&mac.finalize().into_bytes()))
        .unwrap_or_default()
}

fn mac(identity: &Identity, session: &Session) -> Option<Hmac<Sha256>> {
    let mac = Hmac::<Sha256>::new_from_slice(identity.csrf_key()).ok()?;
    Some(mac.chain_update(session.id.as_bytes()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &[u8]) -> Option<Vec<u8>> {
    let (pairs, rest) = text.as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs
        .iter()
        .map(|pair| {
            let pair = str::from_utf8(pair).ok()?;
            u8::from_str_radix(pair, 16).ok()
        })
        .collect()
}

/// Compares in a time that tells nothing.
fn holds(identity: &Identity, session: &Session, said: &[u8]) -> bool {
    let (Some(mac), Some(said)) = (mac(identity, session), unhex(said)) else {
        return false;
    };
    mac.verify_slice(&said).is_ok()
}

/// Checks that a request that changes something carries the session's token. What is read of the
/// body is put back.
///
/// # Errors
/// [`AuthError::Csrf`], [`AuthError::FormTooLong`], [`AuthError::Body`].
pub(super) async fn check(
    identity: &Identity,
    session: &Session,
    request: &mut ServiceRequest,
) -> Result<(), AuthError> {
    let said = match request.headers().get(CSRF_HEADER) {
        Some(header) => Some(header.as_bytes().to_vec()),
        None => said_in_body(request).await?,
    };
    match said {
        Some(said) if holds(identity, session, &said) => Ok(()),
        Some(_) | None => Err(AuthError::Csrf),
    }
}

async fn said_in_body(request: &mut ServiceRequest) -> Result<Option<Vec<u8>>, AuthError> {
    match request.content_type() {
        "application/x-www-form-urlencoded" => {
            let (start, whole) = begin(request, MAX_FORM_BYTES, |_| false).await?;
            if !whole {
                return Err(AuthError::FormTooLong);
            }
            Ok(in_form(&start))
        }
        "multipart/form-data" => {
            let Some(boundary) = boundary(request) else {
                return Ok(None);
            };
            let ended = |start: &[u8]| first_field(start, &boundary).is_some();
            let (start, _) = begin(request, MAX_FIELD_BYTES, ended).await?;
            Ok(first_field(&start, &boundary).and_then(named))
        }
        _ => Ok(None),
    }
}

/// Reads the beginning of a body, until it is enough, too much or all. Says whether it is all.
async fn begin(
    request: &mut ServiceRequest,
    most: usize,
    enough: impl Fn(&[u8]) -> bool,
) -> Result<(Bytes, bool), AuthError> {
    let mut body = request.take_payload();
    let mut start = BytesMut::new();
    let mut whole = false;
    while start.len() <= most && !enough(&start) {
        match body.next().await {
            Some(bytes) => start.extend_from_slice(&bytes.map_err(|_| AuthError::Body)?),
            None => {
                whole = true;
                break;
            }
        }
    }
    let start = start.freeze();
    let first: Result<Bytes, PayloadError> = Ok(start.clone());
    let again = stream::once(async { first }).chain(body);
    request.set_payload(Payload::Stream {
        payload: Box::pin(again),
    });
    Ok((start, whole))
}

/// The field of a form; tokens have no characters that forms write in another way.
fn in_form(form: &[u8]) -> Option<Vec<u8>> {
    form.split(|byte| *byte == b'&').find_map(|pair| {
        let value = pair
            .strip_prefix(CSRF_FIELD.as_bytes())?
            .strip_prefix(b"=")?;
        Some(value.to_vec())
    })
}

fn boundary(request: &ServiceRequest) -> Option<String> {
    let text = request.headers().get(header::CONTENT_TYPE)?.to_str().ok()?;
    let (_, after) = text.split_once("boundary=")?;
    let boundary = after.split(';').next()?.trim().trim_matches('"');
    (!boundary.is_empty()).then(|| boundary.to_owned())
}

/// The first part of a multipart form, if all of it was read: its head and its content.
fn first_field<'a>(start: &'a [u8], boundary: &str) -> Option<(&'a [u8], &'a [u8])> {
    let open = format!("--{boundary}\r\n");
    let close = format!("\r\n--{boundary}");
    let part = start.strip_prefix(open.as_bytes())?;
    let head_ends = find(part, b"\r\n\r\n")?;
    let (head, content) = part.split_at_checked(head_ends)?;
    let content = content.strip_prefix(b"\r\n\r\n")?;
    let ends = find(content, close.as_bytes())?;
    Some((head, content.get(..ends)?))
}

/// The content, if the part is the one with the token.
fn named((head, content): (&[u8], &[u8])) -> Option<Vec<u8>> {
    let head = str::from_utf8(head).ok()?;
    let name = format!("name=\"{CSRF_FIELD}\"");
    head.lines()
        .filter(|line| {
            line.to_ascii_lowercase()
                .starts_with("content-disposition:")
        })
        .any(|line| line.split(';').any(|part| part.trim() == name))
        .then(|| content.to_vec())
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}
