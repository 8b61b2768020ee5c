//! The one table of codes: word, status, title.

use actix_web::http::StatusCode;

/// Declares the codes.
macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $word:literal, $status:ident, $title:literal;)*) => {
        /// What a problem is, as a word that does not change.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
        pub enum Code {
            $($(#[$doc])* #[serde(rename = $word)] $name,)*
        }

        impl Code {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The word in `code` and in the address of its page.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// The status of answers with it.
            #[must_use]
            pub const fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status,)* }
            }

            /// What it means, in a few words.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }

            /// Its page, as Markdown.
            #[must_use]
            pub const fn page(self) -> &'static str {
                match self {
                    $(Self::$name => include_str!(concat!("../../../../docs/errors/", $word, ".md")),)*
                }
            }
        }
    };
}

codes! {
    /// The body is no JSON.
    MalformedJson = "malformed_json", BAD_REQUEST, "The body is not JSON";
    /// The body is no multipart form.
    MalformedUpload = "malformed_upload", BAD_REQUEST, "The upload is not a multipart form";
    /// A request that the server does not understand at all.
    BadRequest = "bad_request", BAD_REQUEST, "The request cannot be understood";
    /// Neither token nor session.
    Unauthenticated = "unauthenticated", UNAUTHORIZED, "A token or a session is needed";
    /// It belongs to somebody else.
    Forbidden = "forbidden", FORBIDDEN, "Only others may do this";
    /// Somebody else has to approve it.
    OwnVersion = "own_version", FORBIDDEN, "A version is approved by somebody else";
    /// Credentials that are not written as they have to be.
    InvalidCredentials = "invalid_credentials", BAD_REQUEST, "The credentials cannot be read";
    /// The token counted once.
    TokenExpired = "token_expired", UNAUTHORIZED, "The token expired";
    /// A token that does not count.
    InvalidToken = "invalid_token", UNAUTHORIZED, "The token is not valid";
    /// The route asks for a higher role.
    RoleMissing = "role_missing", FORBIDDEN, "This needs another role";
    /// A page of another site sent the request.
    ForeignOrigin = "foreign_origin", FORBIDDEN, "The request comes from another site";
    /// The form has no token of its session.
    Csrf = "csrf", FORBIDDEN, "The form belongs to no session of yours";
    /// Sign-in was declined.
    AuthorizationDeclined = "authorization_declined", FORBIDDEN, "Sign-in was declined";
    /// The provider reports an error.
    ProviderError = "provider_error", BAD_GATEWAY, "The provider reports an error";
    /// The provider cannot be reached.
    ProviderUnreachable = "provider_unreachable", SERVICE_UNAVAILABLE, "The provider cannot be reached";
    /// The way back lacks its mark.
    StateMissing = "state_missing", BAD_REQUEST, "The way back lacks its mark";
    /// The attempt to sign in is over.
    StateExpired = "state_expired", BAD_REQUEST, "The attempt to sign in is over";
    /// The attempt to sign in is of another browser.
    StateMismatch = "state_mismatch", BAD_REQUEST, "The attempt to sign in is of another browser";
    /// The provider does not take the code.
    CodeRejected = "code_rejected", BAD_REQUEST, "The provider does not take the code";
    /// The provider does not take this service.
    ClientRejected = "client_rejected", INTERNAL_SERVER_ERROR, "The provider does not take this service";
    /// The provider's tokens do not pass.
    TokenRejected = "token_rejected", BAD_GATEWAY, "The provider's tokens do not pass";
    /// People with this address are not let in.
    NotAllowed = "not_allowed", FORBIDDEN, "People with this address are not let in";
    /// The account is disabled.
    AccountDisabled = "account_disabled", FORBIDDEN, "The account is disabled";
    /// The identity belongs to another account.
    IdentityInUse = "identity_in_use", CONFLICT, "The identity belongs to another account";
    /// The last identity stays.
    LastIdentity = "last_identity", CONFLICT, "The last identity stays";
    /// No such row in this tenant.
    NotFound = "not_found", NOT_FOUND, "It is not there";
    /// No such route.
    NoSuchRoute = "no_such_route", NOT_FOUND, "There is no such address";
    /// The route takes other methods.
    MethodNotAllowed = "method_not_allowed", METHOD_NOT_ALLOWED, "The address takes other methods";
    /// It is there already, or changed meanwhile.
    Conflict = "conflict", CONFLICT, "Something changed meanwhile or is there already";
    /// The source has no profile yet.
    NotReadYet = "not_read_yet", CONFLICT, "The source is not read yet";
    /// The run has no results yet.
    NotDoneYet = "not_done_yet", CONFLICT, "The run has not succeeded yet";
    /// The source's files are gone.
    SourceDeleted = "source_deleted", CONFLICT, "The source was deleted";
    /// A person has to decide first.
    Undecided = "undecided", CONFLICT, "A decision is needed first";
    /// The job does not allow it now.
    JobState = "job_state", CONFLICT, "The job does not allow this now";
    /// The version that the client knows is not the last one.
    PreconditionFailed = "precondition_failed", PRECONDITION_FAILED, "There is a newer version";
    /// Above a limit.
    TooLarge = "too_large", PAYLOAD_TOO_LARGE, "A limit was exceeded";
    /// Not a media type or a feature that is handled.
    Unsupported = "unsupported", UNSUPPORTED_MEDIA_TYPE, "This is not supported";
    /// A range that the file does not have.
    RangeNotSatisfiable = "range_not_satisfiable", RANGE_NOT_SATISFIABLE, "The file has no such range";
    /// A host name that this server does not serve.
    WrongHost = "wrong_host", MISDIRECTED_REQUEST, "This server does not serve that host";
    /// The body is JSON, but of another form.
    InvalidBody = "invalid_body", UNPROCESSABLE_ENTITY, "The body has another form than asked for";
    /// A query, header or form field is wrong.
    InvalidParameter = "invalid_parameter", UNPROCESSABLE_ENTITY, "A parameter is wrong";
    /// The content is wrong.
    Invalid = "invalid", UNPROCESSABLE_ENTITY, "The content is wrong";
    /// A file without bytes.
    EmptyFile = "empty_file", UNPROCESSABLE_ENTITY, "The file is empty";
    /// The key came with another request.
    IdempotencyMismatch = "idempotency_mismatch", UNPROCESSABLE_ENTITY, "The idempotency key was used for another request";
    /// The change needs the version that it is about.
    PreconditionRequired = "precondition_required", PRECONDITION_REQUIRED, "Say which version is changed";
    /// Too many requests.
    RateLimited = "rate_limited", TOO_MANY_REQUESTS, "Too many requests";
    /// Our own fault.
    Internal = "internal", INTERNAL_SERVER_ERROR, "The server failed";
    /// The database or the files cannot be reached, or too much is under way.
    Unavailable = "unavailable", SERVICE_UNAVAILABLE, "Not available just now";
    /// The disk is full.
    NoSpace = "no_space", INSUFFICIENT_STORAGE, "No space is left";
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.word())
    }
}

impl std::str::FromStr for Code {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        Self::ALL
            .iter()
            .copied()
            .find(|code| code.word() == word)
            .ok_or(())
    }
}
