//! Wrong tokens, each made from a good one, with what they have to be refused for. Their numbers are those
//! of the rows of the attacks that were tried on other verifiers, which accepted 28 to 53 of them.
//!
//! The tests, the benchmark and nothing else read them.

mod algorithms;
mod claims;
mod forms;
mod keys;
mod purposes;
pub(crate) mod realm;

use super::Refusal;

/// How many rows there are.
pub(crate) const ROWS: u8 = 120;

/// A wrong token.
pub(crate) struct Attack {
    pub(crate) row: u8,
    pub(crate) name: &'static str,
    pub(crate) token: String,
    pub(crate) outcome: Outcome,
}

/// What becomes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It is refused, for this.
    Refused(Refusal),
    /// It is good, and what is wrong with it grants nothing.
    WithoutRole,
}

const fn refused(row: u8, name: &'static str, token: String, refusal: Refusal) -> Attack {
    let outcome = Outcome::Refused(refusal);
    Attack {
        row,
        name,
        token,
        outcome,
    }
}

/// All of them.
pub(crate) fn all() -> Vec<Attack> {
    [
        algorithms::attacks(),
        keys::attacks(),
        purposes::attacks(),
        claims::attacks(),
        forms::attacks(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
