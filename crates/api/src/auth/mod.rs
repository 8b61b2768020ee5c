//! From a request to the one who asks.

mod guard;

pub use guard::{Caller, Guarded, Requirement};
