//! Errors as clients see them: problem details (RFC 9457) with codes that stay. Each code has a page
//! under `docs/errors`, which the service serves as the problem's `type`.
//!
//! A problem is made without knowing the request; `layer` adds what only the request knows, and
//! turns what the framework itself answers (unknown routes, wrong methods) into problems as well.

mod code;
mod layer;
mod of_error;

use std::borrow::Cow;

use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use utoipa::ToSchema;

pub use code::Code;
pub(crate) use layer::layer;
pub(crate) use of_error::of_edit;

/// The media type of problems.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// After so many seconds a client may try again what was not available.
const RETRY_AFTER_SECONDS: u32 = 2;

/// An error of a request. Boxed, because it is the other end of nearly every result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem(Box<Told>);

/// What a problem tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct Told {
    /// A page that says what it means and what to do.
    #[serde(rename = "type")]
    #[schema(example = "/errors/not_found")]
    kind: String,
    /// What the code means, in a few words.
    title: &'static str,
    /// The status of the answer.
    status: u16,
    /// What went wrong with this request.
    #[serde(skip_serializing_if = "str::is_empty")]
    #[schema(value_type = String)]
    detail: Cow<'static, str>,
    /// The path of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<String>,
    /// A stable word for programs.
    #[schema(value_type = String)]
    code: Code,
    /// Names the request in the logs.
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<String>,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
    /// The places that are wrong, if several are or the place is known.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Wrong>,
    /// The errors behind it, for the log only.
    #[serde(skip)]
    chain: Option<String>,
    /// `WWW-Authenticate` (RFC 6750).
    #[serde(skip)]
    challenge: Option<String>,
}

/// One place that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Wrong {
    /// JSON pointer (RFC 6901) into the body; of a query or a part, its name.
    pub pointer: String,
    /// What is wrong there.
    pub detail: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Wrong {
    /// A place without a hint.
    pub fn new(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            pointer: pointer.into(),
            detail: detail.into(),
            hint: None,
        }
    }

    /// The same with a hint.
    #[must_use]
    pub fn hint(mut self, hint: Option<String>) -> Self {
        self.hint = hint;
        self
    }
}

impl Problem {
    /// A problem of this code; `detail` is about this request.
    pub fn new(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Told {
            kind: format!("/errors/{code}"),
            title: code.title(),
            status: code.status().as_u16(),
            detail: detail.into(),
            instance: None,
            code,
            trace_id: None,
            hint: None,
            errors: Vec::new(),
            chain: None,
            challenge: None,
        }))
    }

    /// Our own fault: the client sees no more than that, the log has the rest.
    pub fn internal(error: &dyn std::error::Error) -> Self {
        Self::new(Code::Internal, "").caused_by(error)
    }

    /// The same with what is behind it, for the log only.
    pub(crate) fn caused_by(mut self, error: &dyn std::error::Error) -> Self {
        self.0.chain = Some(chain(error));
        self
    }

    /// The same with what credentials are asked for.
    #[must_use]
    pub(crate) fn challenge(mut self, challenge: Option<String>) -> Self {
        self.0.challenge = challenge;
        self
    }

    /// No such row of the tenant.
    #[must_use]
    pub fn not_found(what: &str, id: &dyn std::fmt::Display) -> Self {
        Self::new(Code::NotFound, format!("there is no {what} {id}"))
    }

    /// A parameter of the query, a header or a part of an upload that is wrong.
    #[must_use]
    pub fn parameter(name: &str, detail: &str) -> Self {
        Self::new(Code::InvalidParameter, format!("{name}: {detail}"))
            .errors(vec![Wrong::new(name, detail)])
    }

    /// The same with a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<Option<String>>) -> Self {
        self.0.hint = hint.into();
        self
    }

    /// The same with the places that are wrong.
    #[must_use]
    pub fn errors(mut self, errors: Vec<Wrong>) -> Self {
        self.0.errors = errors;
        self
    }

    /// The same, where the places that are wrong lie in a part of the request.
    #[must_use]
    pub fn within(mut self, part: &str) -> Self {
        for wrong in &mut self.0.errors {
            wrong.pointer.insert_str(0, part);
        }
        self
    }

    /// Its code.
    #[must_use]
    pub const fn code(&self) -> Code {
        self.0.code
    }

    /// What went wrong, for pages.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    /// What to do about it, for pages.
    #[must_use]
    pub fn hint_text(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// The places that are wrong, for pages.
    #[must_use]
    pub fn wrong(&self) -> &[Wrong] {
        &self.0.errors
    }

    /// Its name in the log, if it is there.
    pub(crate) fn trace(&self) -> Option<&str> {
        self.0.trace_id.as_deref()
    }

    /// After so many seconds it may be tried again.
    pub(crate) fn retry_after(&self) -> Option<u32> {
        let passes = matches!(
            self.0.code,
            Code::Unavailable | Code::RateLimited | Code::ProviderUnreachable
        );
        passes.then_some(RETRY_AFTER_SECONDS)
    }

    /// Writes what is behind it to the log, if anything is, under a name that it then has.
    pub(crate) fn logged(mut self) -> Self {
        if self.0.chain.is_some() {
            let trace = uuid::Uuid::now_v7().simple().to_string();
            self.log(&trace, "");
            self.0.trace_id = Some(trace);
        }
        self
    }

    fn log(&self, trace: &str, path: &str) {
        if let Some(chain) = &self.0.chain {
            tracing::error!(
                trace.id = trace,
                problem.code = self.0.code.word(),
                url.path = path,
                error.chain = chain,
                "a request failed"
            );
        }
    }

    fn body(&self) -> Vec<u8> {
        // Texts and numbers only, so this cannot fail.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

/// A JSON pointer (RFC 6901) of these keys.
pub(crate) fn pointer(keys: &[impl AsRef<str>]) -> String {
    keys.iter().fold(String::new(), |mut pointer, key| {
        pointer.push('/');
        pointer.push_str(&key.as_ref().replace('~', "~0").replace('/', "~1"));
        pointer
    })
}

/// An error and its causes in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(source) = cause {
        said = format!("{said}: {source}");
        cause = source.source();
    }
    said
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0.detail.is_empty() {
            f.write_str(self.0.title)
        } else {
            f.write_str(&self.0.detail)
        }
    }
}

impl std::error::Error for Problem {}

impl ResponseError for Problem {
    fn status_code(&self) -> actix_web::http::StatusCode {
        self.0.code.status()
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        response.insert_header((header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE)));
        // What is refused to one caller is not kept for the next one.
        response.insert_header((header::CACHE_CONTROL, "no-store"));
        if let Some(challenge) = &self.0.challenge {
            response.insert_header((header::WWW_AUTHENTICATE, challenge.as_str()));
        }
        if let Some(seconds) = self.retry_after() {
            response.insert_header((header::RETRY_AFTER, seconds.to_string()));
        }
        response.body(self.body())
    }
}
