//! Pages for those who have no session yet. Nothing of a request stands in them.

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpResponse, ResponseError as _};
use askama::Template;

use super::error::PageError;
use super::frame::{Frame, answer};

#[derive(Template)]
#[template(path = "entry.html")]
struct EntryPage<'a> {
    frame: Frame,
    used_up: bool,
    /// Where this server is found.
    base: &'a str,
    /// Where one is sent to a provider, if people sign in at one.
    login: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "entered.html")]
struct EnteredPage {
    frame: Frame,
}

/// How one signs in at the server of this address, or at the provider that this path leads to.
pub(crate) fn sign_in(base: &str, login: Option<&str>) -> HttpResponse {
    page(
        StatusCode::OK,
        &EntryPage {
            frame: Frame::bare("Sign in"),
            used_up: false,
            base,
            login,
        },
    )
}

/// The same, for somebody whose start address opens nothing any more.
pub(crate) fn used_up(base: &str) -> HttpResponse {
    page(
        StatusCode::GONE,
        &EntryPage {
            frame: Frame::bare("This start address is used up"),
            used_up: true,
            base,
            login: None,
        },
    )
}

/// Leads on by itself, where a redirect would go without the new cookie.
pub(crate) fn entered() -> HttpResponse {
    page(
        StatusCode::OK,
        &EnteredPage {
            frame: Frame::bare("Signed in"),
        },
    )
}

/// The address of the page may hold a start code, so it goes nowhere else.
fn page(status: StatusCode, template: &impl Template) -> HttpResponse {
    let mut response = match template.render() {
        Ok(html) => answer(status, html),
        Err(error) => PageError::Template(error).error_response(),
    };
    let none = HeaderValue::from_static("no-referrer");
    response.headers_mut().insert(header::REFERRER_POLICY, none);
    response
}
