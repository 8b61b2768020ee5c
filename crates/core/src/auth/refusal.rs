//! Why a token is refused.

use crate::error::{ErrorKind, Explain};

/// Why a token is refused. Says what is wrong and never what the token holds; clients hear no more
/// than whether it expired, logs and metrics get [`Refusal::reason`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Refusal {
    /// Longer than any token of ours.
    #[error("the token is too long")]
    TooLong,
    /// Not three parts of base64url without padding.
    #[error("the token is not a signed token in compact form")]
    Malformed,
    /// Its header is too long or no JSON object, or a field has a wrong type.
    #[error("the token's header cannot be read")]
    Header,
    /// Its claims are no JSON object.
    #[error("the token's claims cannot be read")]
    Claims,
    /// A name stands twice in one object.
    #[error("a name stands twice in the token")]
    Duplicate,
    /// Signed in another way than allowed, or not at all.
    #[error("the token's algorithm is not allowed")]
    Algorithm,
    /// `typ` says that it is for something else.
    #[error("the token is of another type")]
    HeaderType,
    /// `crit`, `cty` or `zip`, which nobody needs here.
    #[error("the token's header asks for what is not supported")]
    HeaderField,
    /// It brings its own key, or says where to fetch one.
    #[error("the token names its own key")]
    OwnKey,
    /// No `kid`.
    #[error("the token does not say which key signed it")]
    KeyUnnamed,
    /// A `kid` that the issuer does not publish.
    #[error("the token's key is unknown")]
    KeyUnknown,
    /// The key is for other algorithms.
    #[error("the token's key does not fit its algorithm")]
    KeyUnfit,
    /// The signature is not that of the key.
    #[error("the token's signature is wrong")]
    Signature,
    /// `iss` is missing, of a wrong type, or another.
    #[error("the token is of another issuer")]
    Issuer,
    /// `aud` is missing, of a wrong type, or does not name us.
    #[error("the token is for another audience")]
    Audience,
    /// `azp` is a client that may not bring tokens.
    #[error("the token was issued to another client")]
    AuthorizedParty,
    /// `sub` is missing, of a wrong type, empty, long, or has control characters.
    #[error("the token names no subject")]
    Subject,
    /// `exp` is missing or no time.
    #[error("the token does not say when it ends")]
    Expiry,
    /// It has ended.
    #[error("the token expired")]
    Expired,
    /// `nbf` is no time or lies ahead.
    #[error("the token is not valid yet")]
    NotBefore,
    /// `iat` is missing, no time, or lies ahead.
    #[error("the token does not say when it was issued, or says a time to come")]
    IssuedAt,
    /// It lives longer than tokens may.
    #[error("the token lives too long")]
    Lifetime,
    /// The claim `typ` is not that of an access token.
    #[error("the token is no access token")]
    TokenType,
    /// `cnf` binds it to a key that was not shown.
    #[error("the token is bound to a key of its client")]
    Bound,
    /// The claim that names the tenant is missing or no name.
    #[error("the token names no tenant")]
    Tenant,
    /// An ID token of another attempt to sign in.
    #[error("the token is of another attempt to sign in")]
    Nonce,
    /// An ID token that came with another access token.
    #[error("the token belongs to another access token")]
    AccessHash,
    /// A person whose e-mail address is not among those that are let in.
    #[error("people with this address are not let in")]
    NotAllowed,
    /// It is a session that was ended by its owner.
    #[error("the session was ended")]
    Ended,
    /// Its issuer says that it does not count any more.
    #[error("the issuer takes the token no more")]
    Inactive,
    /// A ticket that was used, is late, or is for something else.
    #[error("the ticket is not one for this")]
    Ticket,
}

impl Refusal {
    /// A stable word for logs and metrics.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::TooLong => "too_long",
            Self::Malformed => "malformed",
            Self::Header => "header",
            Self::Claims => "claims",
            Self::Duplicate => "duplicate_name",
            Self::Algorithm => "algorithm",
            Self::HeaderType => "header_type",
            Self::HeaderField => "header_field",
            Self::OwnKey => "own_key",
            Self::KeyUnnamed => "key_unnamed",
            Self::KeyUnknown => "key_unknown",
            Self::KeyUnfit => "key_unfit",
            Self::Signature => "signature",
            Self::Issuer => "issuer",
            Self::Audience => "audience",
            Self::AuthorizedParty => "authorized_party",
            Self::Subject => "subject",
            Self::Expiry => "expiry",
            Self::Expired => "expired",
            Self::NotBefore => "not_before",
            Self::IssuedAt => "issued_at",
            Self::Lifetime => "lifetime",
            Self::TokenType => "token_type",
            Self::Bound => "bound",
            Self::Tenant => "tenant",
            Self::Nonce => "nonce",
            Self::AccessHash => "access_hash",
            Self::NotAllowed => "not_allowed",
            Self::Ended => "ended",
            Self::Inactive => "inactive",
            Self::Ticket => "ticket",
        }
    }
}

impl Explain for Refusal {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Unauthenticated
    }

    fn hint(&self) -> Option<String> {
        None
    }
}
