//! Matching: which source column fills which target field, and how.
//!
//! ```text
//! Table + TargetSchema -- evidence --> measures of all pairs -- model --> probability of each
//!   -- tell --> the evidence in words
//!   -- assign --> one proposal per field, or none: below the bar it abstains
//!   -- propose --> rules: steps by type and decisions, value maps, signs, constants
//! ```
//!
//! One number does everything: the pairs are ranked, chosen and shown by the same probability. The
//! model behind it is trained on tables whose mapping is known (docs/matching.md). Nothing here reads
//! the source; profiles and decisions are all that is known of it.

mod assign;
mod evidence;
mod label_evidence;
mod lexicon;
mod meaning;
mod memory;
mod model;
mod name_evidence;
mod names;
mod propose;
mod rivals;
mod scores;
mod signals;
mod tell;
mod text;
mod times;
mod together;
mod training;
mod value_evidence;
mod values;

#[cfg(test)]
mod bank;
#[cfg(test)]
mod languages;
#[cfg(test)]
mod memory_tests;
#[cfg(test)]
mod scores_tests;
#[cfg(test)]
mod tests;

pub use assign::{Proposal, assign};
pub use evidence::{Kind, PreparedTarget};
pub use memory::{Memory, PastDecision};
pub use model::{Weights, WeightsError};
pub use propose::{PROPOSAL_BAR, propose};
pub use scores::{Pair, Scores, score, score_by, score_prepared};
pub(crate) use times::ways;
pub use training::{EXAMPLE_BYTES, Examples, example_names};
pub use values::{LabelSet, RankedLabels, ValueMatch, match_values};

use crate::profile::ColumnProfile;
use crate::target::{FieldType, Label};

/// A source table as matching sees it.
#[derive(Debug, Clone, Copy)]
pub struct Table<'a> {
    /// What the table is called, if anything.
    pub name: Option<&'a str>,
    /// Its columns. With `count` 0 only the name of a column is known.
    pub columns: &'a [ColumnProfile],
    /// Whether the source itself names the columns; if not, their names are no evidence. Single
    /// headers that a program invented (`column_3`) are found by themselves.
    pub named: bool,
    /// What the source states about its columns besides their names, in their order; empty where
    /// it states nothing.
    pub stated: &'a [Stated],
}

/// What a source states about one of its columns.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Stated {
    /// What people call it.
    pub title: Option<String>,
    /// What it is described as.
    pub description: Option<String>,
    /// Its declared type.
    pub kind: Option<FieldType>,
    /// Its declared values.
    pub values: Vec<Label>,
    /// The table that it stands in, where the source has several.
    pub table: Option<String>,
}
