//! What every page has around its content, and how a page becomes an answer.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::assets::Asset;
use super::error::PageError;
use crate::auth::{Caller, csrf_token};

/// Nothing but what this server sends is loaded, run or asked; no page stands in another one.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// For pages that run nothing and ask nothing: only the style and the icon are ours.
pub(crate) const SIMPLE_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; \
     frame-ancestors 'none'";

/// Which entry of the navigation is the current one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Start.
    Start,
    /// Mappings and their runs.
    Mappings,
    /// Sources.
    Sources,
    /// Targets.
    Targets,
    /// What was decided before.
    Memory,
    /// Jobs.
    Jobs,
    /// None of them.
    Elsewhere,
}

/// What surrounds the content of a page.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    /// Title of the page, without the product's name.
    pub title: String,
    /// The current entry of the navigation.
    pub place: Place,
    /// Goes into every form, so that no other site can send one.
    pub csrf: String,
    /// Name of the one who is signed in; empty where nobody is.
    pub who: String,
    /// Without a script the page is loaded again after so many seconds.
    pub refresh: Option<u32>,
    /// Said to screen readers when the page has changed in place.
    pub said: String,
}

impl Frame {
    /// A frame for a signed-in caller.
    pub(crate) fn of(request: &HttpRequest, caller: &Caller, title: &str, place: Place) -> Self {
        Self {
            title: title.to_owned(),
            place,
            csrf: csrf_token(request),
            who: caller.name().to_owned(),
            refresh: None,
            said: String::new(),
        }
    }

    /// A frame for nobody in particular, for pages that hold nothing.
    #[must_use]
    pub(crate) fn bare(title: &str) -> Self {
        Self {
            title: title.to_owned(),
            place: Place::Elsewhere,
            csrf: String::new(),
            who: String::new(),
            refresh: None,
            said: String::new(),
        }
    }

    pub(crate) fn style(&self) -> &'static str {
        Asset::Style.path()
    }

    pub(crate) fn icon(&self) -> &'static str {
        Asset::Icon.path()
    }

    pub(crate) fn scripts(&self) -> [&'static str; 2] {
        [Asset::Htmx.path(), Asset::HtmxEvents.path()]
    }

    pub(crate) fn keys(&self) -> &'static str {
        Asset::Keys.path()
    }

    /// The entries of the navigation: path, name, whether it is the current one.
    pub(crate) fn entries(&self) -> [(&'static str, &'static str, bool); 6] {
        [
            ("/", "Start", Place::Start),
            ("/mappings", "Mappings", Place::Mappings),
            ("/sources", "Sources", Place::Sources),
            ("/targets", "Targets", Place::Targets),
            ("/memory", "Memory", Place::Memory),
            ("/jobs", "Jobs", Place::Jobs),
        ]
        .map(|(path, name, place)| (path, name, self.place == place))
    }
}

/// A page as an answer.
///
/// # Errors
/// [`PageError::Template`] if the template fails.
pub(crate) fn page(template: &impl Template) -> Result<HttpResponse, PageError> {
    Ok(answer(StatusCode::OK, template.render()?))
}

/// HTML with the headers that every page has. Pages show a tenant's data, so nobody keeps them.
pub(crate) fn answer(status: StatusCode, html: String) -> HttpResponse {
    HttpResponse::build(status)
        .insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::REFERRER_POLICY, "same-origin"))
        .body(html)
}

/// Sends the browser on with a GET, so that loading again repeats no form.
pub(crate) fn go_to(path: &str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((header::LOCATION, path))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .finish()
}
