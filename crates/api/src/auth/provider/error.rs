//! Why somebody cannot sign in. The words of the provider go to the log, never to a page.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, ResponseError as _};
use aimapper_core::auth::{ProviderError, Redirects, Refusal, SealError, WebError};
use aimapper_core::error::{ErrorKind, Explain};
use aimapper_core::store::StoreError;

use super::super::error::AuthError;
use super::next;
use crate::pages::PageError;
use crate::problem::{Code, Problem};

/// Why somebody cannot sign in.
#[derive(Debug, thiserror::Error)]
pub(super) enum LoginError {
    /// In local mode nobody signs in at a provider.
    #[error("nobody signs in at a provider here")]
    NoProvider,
    /// The person or the provider declined.
    #[error("signing in was declined at the provider")]
    Declined,
    /// Another error of the provider, as its stable word.
    #[error("the provider answers with an error ({0})")]
    Provider(String),
    /// An answer of another provider (RFC 9207).
    #[error("the answer names another provider")]
    MixUp,
    /// No `state`.
    #[error("the way back names no attempt to sign in")]
    StateMissing,
    /// An attempt that is over.
    #[error("the attempt to sign in is over")]
    StateExpired,
    /// An attempt of another browser.
    #[error("the attempt to sign in is of another browser")]
    StateMismatch,
    /// A code that the provider does not take.
    #[error("the provider does not take the code")]
    Code,
    /// Name and secret that the provider does not take.
    #[error(
        "the provider refuses this service's name and secret: check auth.client_id and auth.client_secret"
    )]
    Client,
    /// It cannot be asked.
    #[error("the provider cannot be asked")]
    Unreachable(#[source] ProviderError),
    /// An answer that cannot be read.
    #[error("the provider's answer cannot be read: {0}")]
    Answer(&'static str),
    /// A token that does not pass.
    #[error("the provider's {what} does not pass ({})", refusal.reason())]
    Token {
        /// Which.
        what: &'static str,
        /// Why.
        refusal: Refusal,
    },
    /// The same as for a bearer token.
    #[error(transparent)]
    Auth(#[from] AuthError),
    /// It belongs to another account.
    #[error("this identity belongs to another account")]
    InUse,
    /// The only one of its account.
    #[error("this is the only way to sign in to the account")]
    Last,
    /// More browsers are away than there is room for.
    #[error("too many are signing in just now")]
    Crowded,
    /// What is stored cannot be sealed.
    #[error("the session cannot be sealed")]
    Seal(#[source] SealError),
    /// No randomness.
    #[error("the system gives no randomness")]
    Random,
    /// The database.
    #[error("the database failed")]
    Store(#[source] Problem),
    /// The work was broken off.
    #[error("the work was broken off")]
    BrokenOff,
}

impl LoginError {
    pub(super) fn web(error: WebError) -> Self {
        Self::Unreachable(ProviderError::Web(error))
    }

    pub(super) fn code(&self) -> Code {
        match self {
            Self::NoProvider => Code::NoSuchRoute,
            Self::Declined => Code::AuthorizationDeclined,
            Self::Provider(_) | Self::MixUp | Self::Answer(_) => Code::ProviderError,
            Self::StateMissing => Code::StateMissing,
            Self::StateExpired => Code::StateExpired,
            Self::StateMismatch => Code::StateMismatch,
            Self::Code => Code::CodeRejected,
            Self::Client => Code::ClientRejected,
            Self::Unreachable(error) if error.kind() == ErrorKind::Unavailable => {
                Code::ProviderUnreachable
            }
            Self::Unreachable(_) => Code::Internal,
            Self::Token {
                refusal: Refusal::NotAllowed,
                ..
            } => Code::NotAllowed,
            Self::Token { .. } => Code::TokenRejected,
            Self::Auth(error) => error.code(),
            Self::InUse => Code::IdentityInUse,
            Self::Last => Code::LastIdentity,
            Self::Crowded => Code::Unavailable,
            Self::Store(problem) => problem.code(),
            Self::Seal(_) | Self::Random | Self::BrokenOff => Code::Internal,
        }
    }

    /// The stable word for the audit.
    pub(super) fn reason(&self) -> &'static str {
        if let Self::Token { refusal, .. } = self {
            return refusal.reason();
        }
        self.code().word()
    }

    fn problem(self) -> Problem {
        if let Self::Store(problem) = self {
            return problem;
        }
        if let Self::Auth(error) = &self {
            let none = || Problem::new(Code::Unauthenticated, "");
            return error.problem().unwrap_or_else(none);
        }
        let code = self.code();
        Problem::new(code, said(code))
            .hint(hint(code).to_owned())
            .caused_by(&self)
    }

    /// The answer: a page for a person, a problem for a program.
    pub(super) fn answer(self, request: &HttpRequest) -> HttpResponse {
        self.log();
        let problem = self.problem();
        let mut answer = if is_person(request) {
            PageError::from(problem).error_response()
        } else {
            problem.error_response()
        };
        let never = header::HeaderValue::from_static("no-store");
        answer.headers_mut().insert(header::CACHE_CONTROL, never);
        answer
    }

    /// The same, unless a person asks and the settings name a page for it.
    pub(super) fn answer_or_lead(
        self,
        request: &HttpRequest,
        redirects: Option<&Redirects>,
    ) -> HttpResponse {
        let to = redirects
            .filter(|_| is_person(request))
            .and_then(|redirects| self.leads_to(redirects));
        let Some(to) = to else {
            return self.answer(request);
        };
        self.log();
        HttpResponse::SeeOther()
            .insert_header((header::LOCATION, to))
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .insert_header((header::REFERRER_POLICY, "no-referrer"))
            .finish()
    }

    fn leads_to(&self, redirects: &Redirects) -> Option<String> {
        let code = self.code();
        if code == Code::AccountDisabled
            && let Some(path) = &redirects.inactive
        {
            return Some(path.clone());
        }
        let path = redirects.error.as_deref()?;
        Some(next::with_pair(path, "error", code.word()))
    }

    fn log(&self) {
        tracing::warn!(
            refusal = self.reason(),
            error = %self,
            "somebody could not sign in"
        );
    }
}

fn is_person(request: &HttpRequest) -> bool {
    let accept = request.headers().get(header::ACCEPT);
    accept
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"))
}

/// What a person is told; of the provider's own words nothing.
fn said(code: Code) -> &'static str {
    if code == Code::NoSuchRoute {
        return "nobody signs in at a provider here";
    }
    if code == Code::Internal {
        return "";
    }
    if code == Code::ProviderUnreachable {
        return "the place where people sign in does not answer; jobs go on";
    }
    if code == Code::Unavailable {
        return "too many are signing in just now";
    }
    code.title()
}

const AGAIN: &str = "begin at the start page and sign in again";
const LOOK: &str =
    "whoever runs the service finds the reason in its log, and with `aimapper auth doctor`";

/// What a person can do.
const HINTS: [(Code, &str); 12] = [
    (Code::StateMissing, AGAIN),
    (Code::StateExpired, AGAIN),
    (Code::StateMismatch, AGAIN),
    (Code::CodeRejected, AGAIN),
    (
        Code::AuthorizationDeclined,
        "sign in again, and agree to what the provider asks",
    ),
    (Code::ProviderUnreachable, "try again in a moment"),
    (Code::Unavailable, "try again in a moment"),
    (Code::ClientRejected, LOOK),
    (Code::TokenRejected, LOOK),
    (Code::ProviderError, LOOK),
    (Code::IdentityInUse, "sign in with it to use that account"),
    (Code::LastIdentity, "add another identity first"),
];

fn hint(code: Code) -> &'static str {
    let known = HINTS.iter().find(|(of, _)| *of == code);
    known.map_or("look at the page of this code", |(_, hint)| hint)
}

impl From<Problem> for LoginError {
    fn from(problem: Problem) -> Self {
        Self::Store(problem)
    }
}

impl From<StoreError> for LoginError {
    fn from(error: StoreError) -> Self {
        Self::Store(error.into())
    }
}
