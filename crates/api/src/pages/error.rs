//! What goes wrong on the way to a page, as a page that says what, why and what to do.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use aimapper_core::blob::{BlobError, NotAKey};
use aimapper_core::error::{ErrorKind, Explain};
use aimapper_core::mapping::{EditError, MappingError};
use aimapper_core::store::StoreError;
use aimapper_core::target::TargetError;
use askama::Template;

use super::figures::visible;
use super::frame::{Frame, answer, go_to};
use crate::auth::SIGN_IN;

/// Why a page could not be made, or a form not be followed.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// Nobody is signed in.
    #[error("nobody is signed in")]
    SignedOut,
    /// The caller may not do this.
    #[error("your role does not allow this")]
    Forbidden,
    /// No page has this address.
    #[error("there is no such page")]
    NoSuchPage,
    /// A form holds what no page of ours sends, or lacks what it needs.
    #[error("{0}")]
    Form(String),
    /// A form holds what cannot be, and a person can mend it.
    #[error("{text}")]
    Refused {
        /// What is wrong.
        text: String,
        /// What to do about it.
        hint: String,
    },
    /// The upload is larger than allowed.
    #[error("the file is larger than {0} bytes")]
    TooLarge(u64),
    /// The upload broke off.
    #[error("the upload did not come to its end: {0}")]
    Upload(String),
    /// The mapping cannot run before these are answered.
    #[error("the mapping cannot run yet: {}", .0.join("; "))]
    Undecided(Vec<String>),
    /// The source has not been read yet.
    #[error("the source has not been read yet")]
    NotReadYet,
    /// The source was deleted.
    #[error("the source was deleted")]
    SourceGone,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The stored files.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// A stored file cannot be read.
    #[error("a stored file cannot be read")]
    Io(#[from] std::io::Error),
    /// An edit that cannot be made.
    #[error(transparent)]
    Edit(#[from] EditError),
    /// A stored mapping cannot be read.
    #[error("the stored mapping cannot be read")]
    Mapping(#[from] MappingError),
    /// A target that cannot be taken.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// A stored profile, target or key is not what it should be.
    #[error("a stored {what} cannot be understood")]
    Stored {
        /// What it is.
        what: &'static str,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A template failed.
    #[error("the page could not be written")]
    Template(#[from] askama::Error),
    /// The work was broken off.
    #[error("the work was broken off")]
    BrokenOff(#[from] actix_web::error::BlockingError),
}

impl PageError {
    /// An error about something stored.
    pub(crate) fn stored(
        what: &'static str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Stored {
            what,
            source: source.into(),
        }
    }

    /// A refusal with a hint.
    pub(crate) fn refused(text: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Refused {
            text: text.into(),
            hint: hint.into(),
        }
    }
}

impl From<actix_multipart::MultipartError> for PageError {
    /// As text, because the error itself cannot go to another thread.
    fn from(error: actix_multipart::MultipartError) -> Self {
        Self::Upload(error.to_string())
    }
}

impl From<NotAKey> for PageError {
    fn from(error: NotAKey) -> Self {
        Self::stored("key", error)
    }
}

impl Explain for PageError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::SignedOut => ErrorKind::Unauthenticated,
            Self::Forbidden => ErrorKind::Forbidden,
            Self::Form(_) | Self::Refused { .. } => ErrorKind::Invalid,
            Self::NoSuchPage => ErrorKind::NotFound,
            Self::TooLarge(_) => ErrorKind::TooLarge,
            Self::Upload(_) => ErrorKind::Invalid,
            Self::Undecided(_) | Self::NotReadYet => ErrorKind::Undecided,
            Self::SourceGone => ErrorKind::NotFound,
            Self::Store(error) => error.kind(),
            Self::Blob(error) => error.kind(),
            Self::Io(_) => ErrorKind::Unavailable,
            Self::Edit(error) => error.kind(),
            Self::Mapping(_) | Self::Stored { .. } => ErrorKind::Internal,
            Self::Target(error) => error.kind(),
            Self::Template(_) | Self::BrokenOff(_) => ErrorKind::Internal,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::SignedOut => Some("open the address that `aimapper serve` prints".to_owned()),
            Self::Forbidden => Some("ask for the role “mapper”".to_owned()),
            Self::NoSuchPage => Some("look at the address, or begin at the start".to_owned()),
            Self::Refused { hint, .. } => (!hint.is_empty()).then(|| hint.clone()),
            Self::TooLarge(_) => Some("split the file, or pack it".to_owned()),
            Self::Upload(_) => Some("choose the file again".to_owned()),
            Self::Undecided(_) => Some("answer them on the mapping's page".to_owned()),
            Self::NotReadYet => Some("wait until its job has ended".to_owned()),
            Self::SourceGone => Some("upload the file again".to_owned()),
            Self::Store(StoreError::Outdated { .. }) => Some(
                "the page shows the newer version now; make your change again if it is still needed"
                    .to_owned(),
            ),
            Self::Store(error) => error.hint(),
            Self::Blob(error) => error.hint(),
            Self::Edit(error) => error.hint(),
            Self::Target(error) => error.hint(),
            Self::Form(_)
            | Self::Io(_)
            | Self::Mapping(_)
            | Self::Stored { .. }
            | Self::Template(_)
            | Self::BrokenOff(_) => None,
        }
    }
}

#[derive(Template)]
#[template(path = "problem.html")]
struct Problem {
    frame: Frame,
    status: u16,
    detail: String,
    hint: String,
    back: &'static str,
    back_words: &'static str,
}

impl ResponseError for PageError {
    fn status_code(&self) -> StatusCode {
        if matches!(self, Self::Form(_)) {
            StatusCode::BAD_REQUEST
        } else {
            status(self.kind())
        }
    }

    fn error_response(&self) -> HttpResponse {
        if matches!(self, Self::SignedOut) {
            return go_to(SIGN_IN);
        }
        let status = self.status_code();
        let (title, detail) = if self.kind() == ErrorKind::Internal {
            tracing::error!(error = %chain(self), "a page failed");
            let words = "This is our fault, not yours. It has been written to the log.";
            ("Something went wrong", words.to_owned())
        } else {
            (title(status), sentence(&visible(&self.to_string())))
        };
        problem(status, title, detail, self.hint().unwrap_or_default())
    }
}

const fn status(kind: ErrorKind) -> StatusCode {
    match kind {
        ErrorKind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        ErrorKind::Undecided | ErrorKind::Conflict => StatusCode::CONFLICT,
        ErrorKind::Unauthenticated => StatusCode::UNAUTHORIZED,
        ErrorKind::Forbidden => StatusCode::FORBIDDEN,
        ErrorKind::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
        ErrorKind::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        ErrorKind::NotFound => StatusCode::NOT_FOUND,
        ErrorKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorKind::Unsupported => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ErrorKind::NoSpace => StatusCode::INSUFFICIENT_STORAGE,
        ErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ErrorKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn title(status: StatusCode) -> &'static str {
    match status {
        StatusCode::NOT_FOUND => "Not found",
        StatusCode::FORBIDDEN => "Not allowed",
        StatusCode::CONFLICT => "Not yet, or not any more",
        StatusCode::PAYLOAD_TOO_LARGE => "Too large",
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::INSUFFICIENT_STORAGE => {
            "Not possible just now"
        }
        _ => "This cannot be done",
    }
}

/// An error's text as a sentence.
pub(crate) fn sentence(text: &str) -> String {
    let mut rest = text.chars();
    let first = rest.next().map(|c| c.to_uppercase().collect::<String>());
    format!("{}{}.", first.unwrap_or_default(), rest.as_str())
}

fn problem(status: StatusCode, title: &str, detail: String, hint: String) -> HttpResponse {
    let page = Problem {
        frame: Frame::bare(title),
        status: status.as_u16(),
        detail,
        hint: if hint.is_empty() {
            hint
        } else {
            sentence(&hint)
        },
        back: "/",
        back_words: "To the start",
    };
    match page.render() {
        Ok(html) => answer(status, html),
        Err(_) => HttpResponse::build(status).finish(),
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text.push_str(": ");
        text.push_str(&next.to_string());
        cause = next.source();
    }
    text
}
