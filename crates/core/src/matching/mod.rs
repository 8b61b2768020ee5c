//! Matching: which source column fills which target field, and how.
//!
//! ```text
//! Table + TargetSchema + Memory -- score --> probability and evidence per (column, field)
//!   -- assign --> one proposal per field, or none: below the bar it abstains
//!   -- propose --> rules: steps by type and decisions, value maps, signs, constants
//! ```
//!
//! One number does everything: the pairs are ranked, chosen and shown by the same probability. Its
//! weights are set by hand and not yet calibrated (docs/matching.md). Nothing here reads the source;
//! profiles and decisions are all that is known of it.

mod assign;
mod combine;
mod lexicon;
mod name_evidence;
mod names;
mod propose;
mod scores;
mod text;
mod value_evidence;
mod values;

#[cfg(test)]
mod bank;
#[cfg(test)]
mod tests;

pub use assign::{Proposal, assign};
pub use propose::{PROPOSAL_BAR, propose};
pub use scores::{Pair, Scores, score};
pub use values::{ValueMatch, match_values};

use crate::profile::ColumnProfile;

/// A source table as matching sees it.
#[derive(Debug, Clone, Copy)]
pub struct Table<'a> {
    /// What the table is called, if anything: not used as evidence yet.
    pub name: Option<&'a str>,
    /// Its columns. With `count` 0 only the name of a column is known.
    pub columns: &'a [ColumnProfile],
    /// Whether the source itself names the columns; if not, their names are no evidence. Single
    /// headers that a program invented (`column_3`) are found by themselves.
    pub named: bool,
}

/// What was decided about earlier sources. Empty for now; the argument keeps its place.
#[derive(Debug, Clone, Copy, Default)]
pub struct Memory;
