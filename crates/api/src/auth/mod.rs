//! From a request to the one who asks.
//!
//! ```text
//! request ─► gate: Host ─► Origin ─► session cookie ─► CSRF ─► handler(Guarded<R>)
//!                                                               token or session ─► Caller ─► role
//! ```
//!
//! A bearer token goes before a ticket in the address, and that before a cookie. The cookie counts only behind the [`gate`], so a route that
//! was mounted without it lets nobody in by cookie. Tokens and codes are never logged; a refusal is,
//! with its reason.

mod csrf;
mod error;
mod gate;
mod guard;
mod hosts;
mod identity;
mod local;
mod login;
mod provider;
mod ticket;

#[cfg(test)]
mod tests;

pub use csrf::{CSRF_FIELD, CSRF_HEADER, csrf_token};
pub use error::AuthError;
pub use gate::gate;
pub use guard::{AnyCaller, Caller, CanAdmin, CanMap, CanOperate, Guarded, Requirement};
pub use identity::{Identity, IdentityError};
pub use login::{SIGN_IN, routes};
pub use provider::COMPLETE;
pub(crate) use provider::{Issuer, keep_keys};
pub(crate) use ticket::{give as give_ticket, has_ticket};
