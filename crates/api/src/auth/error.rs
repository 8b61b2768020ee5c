//! Why a request is not let in, as RFC 6750 and RFC 9457 want it said.

use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::{HttpResponse, ResponseError};
use aimapper_core::auth::{LocalError, Refusal, Role};
use aimapper_core::error::{ErrorKind, Explain};

use super::login::SIGN_IN;
use crate::problem::{Code, Problem};

/// Names the service in challenges.
const REALM: &str = "Bearer realm=\"aimapper\"";

/// The answer to the scheme `DPoP` (RFC 9449, 7.1).
const DPOP: &str = "DPoP error=\"invalid_token\", algs=\"ES256 PS256\"";

/// Why a request is not let in.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// Neither token nor session.
    #[error("this needs a token or a session")]
    NoCredentials,
    /// The same, and a person asks: shown is how to sign in.
    #[error("this needs a session")]
    SignIn(String),
    /// The credentials are not written as they have to be.
    #[error("the request's credentials cannot be read: {0}")]
    Malformed(&'static str),
    /// Token or session are no good. Clients hear no more than whether they expired.
    #[error("the access token is not valid")]
    Refused(#[source] Refusal),
    /// A token that is shown with a proof of its key (RFC 9449), which is not checked here.
    #[error("the access token is not valid")]
    Bound,
    /// A role is missing.
    #[error("this needs the role {}", .0.name())]
    Role(Role),
    /// There are no keys to check a token with.
    #[error("the keys of the provider are not here, so tokens cannot be checked")]
    NoKeys,
    /// The issuer of a token cannot be asked whether it still counts.
    #[error("the provider cannot be asked whether the token still counts")]
    NoWord,
    /// The account was disabled.
    #[error("the account is disabled")]
    Disabled,
    /// `Host` names another server: a name that was pointed at this machine.
    #[error("this server does not answer to that name")]
    Host,
    /// A page of somebody else sent the request.
    #[error("the request comes from another site")]
    Origin,
    /// The form has no token of this session.
    #[error("the form's token is missing or of another session")]
    Csrf,
    /// A form that is too long to look for its token.
    #[error("the form is too long")]
    FormTooLong,
    /// The body broke off.
    #[error("the request's body cannot be read")]
    Body,
    /// The database did not say who it is.
    #[error("who asks cannot be looked up")]
    Unknown(#[source] Problem),
    /// There is no local mode here.
    #[error("start addresses are of local mode; people sign in at a provider here")]
    NoStartCodes,
    /// No token could be made.
    #[error("no session can be made")]
    Issue(#[source] LocalError),
    /// The work was broken off.
    #[error("who asks was not looked up")]
    BrokenOff,
}

impl AuthError {
    /// The code of its problem.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::NoCredentials | Self::SignIn(_) => Code::Unauthenticated,
            Self::Malformed(_) => Code::InvalidCredentials,
            Self::Refused(Refusal::Expired) => Code::TokenExpired,
            Self::Refused(Refusal::NotAllowed) => Code::NotAllowed,
            Self::Refused(_) | Self::Bound => Code::InvalidToken,
            Self::NoKeys | Self::NoWord => Code::ProviderUnreachable,
            Self::Disabled => Code::AccountDisabled,
            Self::NoStartCodes => Code::NoSuchRoute,
            Self::Role(_) => Code::RoleMissing,
            Self::Host => Code::WrongHost,
            Self::Origin => Code::ForeignOrigin,
            Self::Csrf => Code::Csrf,
            Self::FormTooLong => Code::TooLarge,
            Self::Body => Code::BadRequest,
            Self::Unknown(problem) => problem.code(),
            Self::Issue(_) | Self::BrokenOff => self.fault(),
        }
    }

    /// The status of the answer.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::SignIn(_) => StatusCode::SEE_OTHER,
            Self::NoCredentials
            | Self::Malformed(_)
            | Self::Refused(_)
            | Self::Bound
            | Self::Role(_)
            | Self::NoKeys
            | Self::NoWord
            | Self::Disabled
            | Self::NoStartCodes
            | Self::Host
            | Self::Origin
            | Self::Csrf
            | Self::FormTooLong
            | Self::Body
            | Self::Unknown(_)
            | Self::Issue(_)
            | Self::BrokenOff => self.code().status(),
        }
    }

    /// The code of what is not the client's fault.
    fn fault(&self) -> Code {
        let kind = self.kind();
        if kind == ErrorKind::Unavailable {
            Code::Unavailable
        } else if kind == ErrorKind::NoSpace {
            Code::NoSpace
        } else {
            Code::Internal
        }
    }

    /// What the client is told; nothing if it is led to where one signs in.
    #[must_use]
    pub fn problem(&self) -> Option<Problem> {
        let detail = match self {
            Self::SignIn(_) => return None,
            // What failed of ours is for the log.
            Self::Unknown(problem) => return Some(problem.clone()),
            Self::Issue(_) | Self::BrokenOff => {
                return Some(Problem::new(self.code(), "").caused_by(self));
            }
            Self::NoCredentials
            | Self::Malformed(_)
            | Self::Refused(_)
            | Self::Bound
            | Self::Role(_)
            | Self::NoKeys
            | Self::NoWord
            | Self::Disabled
            | Self::NoStartCodes
            | Self::Host
            | Self::Origin
            | Self::Csrf
            | Self::FormTooLong
            | Self::Body => self.detail(),
        };
        let problem = Problem::new(self.code(), detail).hint(self.hint());
        Some(problem.challenge(self.challenge()))
    }

    /// `WWW-Authenticate`, where the answer has one (RFC 6750, 3).
    #[must_use]
    pub fn challenge(&self) -> Option<String> {
        match self {
            Self::NoCredentials => Some(REALM.to_owned()),
            Self::Malformed(_) => Some(format!("{REALM}, error=\"invalid_request\"")),
            Self::Refused(Refusal::Expired) => Some(format!(
                "{REALM}, error=\"invalid_token\", error_description=\"The access token expired\""
            )),
            Self::Bound => Some(DPOP.to_owned()),
            Self::Refused(Refusal::NotAllowed) => None,
            Self::Refused(_) => Some(format!(
                "{REALM}, error=\"invalid_token\", \
                 error_description=\"The access token is not valid\""
            )),
            Self::Role(role) => Some(format!(
                "{REALM}, error=\"insufficient_scope\", scope=\"{}\"",
                role.name()
            )),
            Self::SignIn(_)
            | Self::NoKeys
            | Self::NoWord
            | Self::Disabled
            | Self::NoStartCodes
            | Self::Host
            | Self::Origin
            | Self::Csrf
            | Self::FormTooLong
            | Self::Body
            | Self::Unknown(_)
            | Self::Issue(_)
            | Self::BrokenOff => None,
        }
    }

    /// Where whoever is not signed in is led to.
    #[must_use]
    pub fn leads_to(&self) -> &str {
        if let Self::SignIn(location) = self {
            return location;
        }
        SIGN_IN
    }

    /// What the client is told.
    fn detail(&self) -> String {
        if let Self::Refused(Refusal::NotAllowed) = self {
            return "people with this e-mail address are not let in".to_owned();
        }
        if let Self::Refused(Refusal::Expired) = self {
            return "the access token expired".to_owned();
        }
        self.to_string()
    }
}

impl Explain for AuthError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NoKeys | Self::NoWord => ErrorKind::Unavailable,
            Self::NoStartCodes => ErrorKind::NotFound,
            Self::NoCredentials | Self::SignIn(_) | Self::Refused(_) | Self::Bound => {
                ErrorKind::Unauthenticated
            }
            Self::Malformed(_) | Self::Body => ErrorKind::Invalid,
            Self::Role(_) | Self::Disabled | Self::Host | Self::Origin | Self::Csrf => {
                ErrorKind::Forbidden
            }
            Self::FormTooLong => ErrorKind::TooLarge,
            Self::Unknown(problem) if problem.code() == Code::Unavailable => ErrorKind::Unavailable,
            Self::Unknown(problem) if problem.code() == Code::NoSpace => ErrorKind::NoSpace,
            Self::Unknown(_) => ErrorKind::Internal,
            Self::Issue(source) => source.kind(),
            Self::BrokenOff => ErrorKind::Internal,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NoKeys => Some("try again; /health/ready says when they are here".into()),
            Self::NoWord => Some("try again in a moment; whoever runs the service finds the reason in its log".into()),
            Self::NoStartCodes => Some("open /sign-in".into()),
            Self::Disabled => Some("ask an administrator".into()),
            Self::Refused(Refusal::NotAllowed) => {
                Some("people are let in by verified address (auth.allowed_emails, _domains)".into())
            }
            Self::NoCredentials | Self::Refused(_) => {
                Some("send a token of the provider, or of `aimapper token` in local mode, as “Authorization: Bearer ..”".into())
            }
            Self::Host => Some(
                "open it by the address that `aimapper serve` prints, or set server.public_url"
                    .into(),
            ),
            Self::Origin | Self::Csrf => Some("load the page again and repeat it there".into()),
            Self::FormTooLong => Some("send long texts as a file".into()),
            Self::Unknown(problem) => problem.hint_text().map(str::to_owned),
            Self::Role(_)
            | Self::Malformed(_)
            | Self::SignIn(_)
            | Self::Body
            | Self::Bound
            | Self::Issue(_)
            | Self::BrokenOff => None,
        }
    }
}

impl ResponseError for AuthError {
    fn status_code(&self) -> StatusCode {
        self.status()
    }

    fn error_response(&self) -> HttpResponse {
        self.problem().map_or_else(
            || {
                HttpResponse::SeeOther()
                    .insert_header((header::CACHE_CONTROL, "no-store"))
                    .insert_header((header::LOCATION, self.leads_to()))
                    .finish()
            },
            |problem| problem.error_response(),
        )
    }
}
