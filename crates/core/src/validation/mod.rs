//! Validation: every constraint of the target per cell, and the balance that proves that nothing
//! was lost.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Why a record was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// Target field, or source column where the record could not be read; may be empty.
    pub field: String,
    /// Name of the rule that it broke, a stable word such as `ragged`, `not_a_date`, `enum`.
    pub rule: String,
    /// The value that broke it, as it stands in the source.
    pub value: String,
    /// What is wrong, in words.
    pub message: String,
    /// What to do about it; may be empty.
    pub hint: String,
}

/// A record that was not taken, with all reasons (at least one).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// 1-based physical line on which it starts.
    pub line: u64,
    /// 1-based number of the data record.
    pub row: u64,
    /// Why, the first reason first.
    pub reasons: Vec<Reason>,
    /// The record as it stands in the source, without its line end, transcoded to UTF-8.
    pub raw: String,
    /// Its bytes, only where `raw` cannot hold them.
    pub raw_bytes: Option<Vec<u8>>,
}

/// The proof that nothing was lost, in records.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balance {
    /// All logical records by the auditor's count, header and non-data included.
    pub counted: u64,
    /// The same by the reader's count.
    pub read: u64,
    /// Records that became good rows.
    pub good: u64,
    /// Records that stand in the rejects.
    pub rejected: u64,
    /// Records that were declared non-data, the header among them.
    pub non_data: u64,
    /// `counted = read = good + rejected + non_data`, and the byte ranges tile the source.
    pub balanced: bool,
}

/// Rejected records by their first reason's rule.
pub type RejectsByRule = BTreeMap<String, u64>;
