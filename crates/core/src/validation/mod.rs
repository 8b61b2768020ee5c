//! Validation: every constraint of the target per cell, uniqueness over all rows, and the balance
//! that proves that nothing was lost.

mod cell;
mod check;
mod error;
mod pattern;
mod unique;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use self::cell::{Cell, Spelling};
pub use self::check::{Broken, FORMATS, FieldChecks, compile};
pub use self::error::ValidationError;
pub use self::pattern::{PatternError, compile_pattern};
pub use self::unique::{FirstSeen, MAX_UNIQUE, UniqueError, UniqueIndex};

/// Why a record was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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

impl Balance {
    /// The balance of these counts. `tiled` says whether the byte ranges of records and non-data
    /// cover the source from its first byte to its last without gap or overlap.
    #[must_use]
    pub fn new(
        counted: u64,
        read: u64,
        good: u64,
        rejected: u64,
        non_data: u64,
        tiled: bool,
    ) -> Self {
        let sum = good
            .checked_add(rejected)
            .and_then(|sum| sum.checked_add(non_data));
        let balanced = tiled && counted == read && sum == Some(read);
        Self {
            counted,
            read,
            good,
            rejected,
            non_data,
            balanced,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_count_can_break_the_balance() {
        assert!(Balance::new(10, 10, 6, 3, 1, true).balanced);
        assert!(Balance::new(0, 0, 0, 0, 0, true).balanced);
        assert!(!Balance::new(10, 10, 6, 3, 1, false).balanced);
        assert!(!Balance::new(11, 10, 6, 3, 1, true).balanced);
        assert!(!Balance::new(10, 11, 6, 3, 1, true).balanced);
        assert!(!Balance::new(10, 10, 5, 3, 1, true).balanced);
        assert!(!Balance::new(10, 10, 6, 4, 1, true).balanced);
        assert!(!Balance::new(10, 10, 6, 3, 0, true).balanced);
        assert!(!Balance::new(0, 0, u64::MAX, 1, 0, true).balanced);
    }
}
