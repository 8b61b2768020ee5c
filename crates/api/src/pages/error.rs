//! A problem as a page: the words that REST has for it, in the look of the pages.

use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::{HttpResponse, ResponseError};
use askama::Template;

use super::figures::visible;
use super::frame::{Frame, answer, go_to};
use crate::problem::{Code, Problem};

/// Why a page could not be made, or a form not be followed.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// Nobody is signed in; the answer is the way to sign in.
    #[error("nobody is signed in")]
    SignedOut(String),
    /// What REST would say as well.
    #[error(transparent)]
    Problem(#[from] Problem),
    /// A template failed.
    #[error("the page could not be written")]
    Template(#[from] askama::Error),
}

impl PageError {
    /// A form holds what no page of ours sends, or lacks what it needs.
    pub(crate) fn form(said: impl Into<String>) -> Self {
        Problem::new(Code::BadRequest, said.into()).into()
    }

    /// A form holds what cannot be, and a person can mend it.
    pub(crate) fn refused(said: &'static str, hint: &str) -> Self {
        let problem = Problem::new(Code::InvalidParameter, said);
        problem.hint(hint.to_owned()).into()
    }

    /// No page has this address.
    pub(crate) fn no_such_page() -> Self {
        let problem = Problem::new(Code::NoSuchRoute, "there is no such page");
        let hint = "look at the address, or begin at the start";
        problem.hint(hint.to_owned()).into()
    }
}

impl ResponseError for PageError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::SignedOut(_) => StatusCode::SEE_OTHER,
            Self::Problem(problem) => problem.status_code(),
            Self::Template(_) => Code::Internal.status(),
        }
    }

    fn error_response(&self) -> HttpResponse {
        match self {
            Self::SignedOut(location) => go_to(location),
            Self::Problem(problem) => shown(problem.clone()),
            Self::Template(error) => shown(Problem::internal(error)),
        }
    }
}

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage {
    frame: Frame,
    status: u16,
    code: &'static str,
    detail: String,
    /// What is wrong one by one, where that says more than the detail.
    wrong: Vec<String>,
    hint: String,
    trace: Option<String>,
}

fn shown(problem: Problem) -> HttpResponse {
    let problem = problem.logged();
    let (code, status) = (problem.code(), problem.status_code());
    let detail = if code == Code::Internal {
        "this is our fault, not yours; the log has it"
    } else {
        problem.detail()
    };
    let page = ProblemPage {
        frame: Frame::bare(code.title()),
        status: status.as_u16(),
        code: code.word(),
        detail: sentence(detail),
        wrong: wrong(&problem),
        hint: sentence(problem.hint_text().unwrap_or_default()),
        trace: problem.trace().map(str::to_owned),
    };
    let mut response = match page.render() {
        Ok(html) => answer(status, html),
        Err(_) => HttpResponse::build(status).finish(),
    };
    if let Some(seconds) = problem.retry_after() {
        let headers = response.headers_mut();
        headers.insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

fn wrong(problem: &Problem) -> Vec<String> {
    let places = problem.wrong().iter();
    places
        .filter(|wrong| wrong.detail != problem.detail())
        .map(|wrong| visible(&wrong.detail))
        .collect()
}

/// Words of an error as a sentence for the eye; nothing of nothing. A name of a file or a key at its start
/// stays as it is.
pub(crate) fn sentence(text: &str) -> String {
    let text = visible(text);
    // A question has its sign already.
    let end = if text.ends_with('?') { "" } else { "." };
    let first = text.split_whitespace().next().unwrap_or_default();
    if first.contains(['.', '_', '/']) {
        return format!("{text}{end}");
    }
    let mut rest = text.chars();
    match rest.next() {
        Some(first) => format!("{}{}{end}", first.to_uppercase(), rest.as_str()),
        None => String::new(),
    }
}
