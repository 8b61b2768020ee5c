//! What a service keeps of a source that was read: its report so far and its first lines, as JSON.

use serde::{Deserialize, Serialize};

use super::Report;
use crate::profile::{ColumnProfile, ValueCount};

/// What is kept of a source that was read: the profile that a source version names.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceProfile {
    /// Decisions, columns, non-data and balance; no fields and no outputs.
    pub report: Report,
    /// The first lines of the source.
    pub lines: Vec<ShownLine>,
    /// For each column the values that matching compares, which are no part of a report.
    #[serde(default)]
    pub values: Vec<Vec<String>>,
    /// For each column the values that a value map is made of, likewise.
    #[serde(default)]
    pub all: Vec<Vec<ValueCount>>,
}

impl SourceProfile {
    /// The columns as matching takes them.
    #[must_use]
    pub fn into_columns(self) -> Vec<ColumnProfile> {
        let mut columns = self.report.columns;
        for (column, values) in columns.iter_mut().zip(self.values) {
            column.values = values;
        }
        for (column, all) in columns.iter_mut().zip(self.all) {
            column.all = all;
        }
        columns
    }
}

/// A line of the source and what it was taken for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShownLine {
    /// 1-based physical line on which it starts.
    pub line: u64,
    /// `data`, `reject`, or a kind of non-data.
    pub kind: String,
    /// Its text, cut where it is long.
    pub text: String,
}
