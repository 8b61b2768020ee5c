//! The profile of a source version, as the job that read it left it.

use aimapper_core::profile::ColumnProfile;
use aimapper_core::report::Report;
use serde::Deserialize;

use super::figures::visible;

/// What a `read` job found.
#[derive(Debug, Clone, Default)]
pub(crate) struct SourceProfile {
    /// What is in each column.
    pub columns: Vec<ColumnProfile>,
    /// The first lines of the source, each with its part.
    pub lines: Vec<ReadLine>,
}

/// A line of the source and what it was taken for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct ReadLine {
    /// Its number, from 1.
    pub line: u64,
    /// `preamble`, `header`, `data`, `footer`, `blank`, `comment` or `table`.
    pub kind: String,
    /// Its text.
    pub text: String,
}

#[derive(Deserialize)]
struct Stored {
    report: Report,
    #[serde(default)]
    lines: Vec<ReadLine>,
}

impl SourceProfile {
    /// Reads it from its JSON.
    ///
    /// # Errors
    /// If it is no profile.
    pub(crate) fn from_json(json: &[u8]) -> Result<Self, serde_json::Error> {
        let stored: Stored = serde_json::from_slice(json)?;
        let mut lines = stored.lines;
        for line in &mut lines {
            line.text = visible(&line.text);
        }
        Ok(Self {
            columns: stored.report.columns,
            lines,
        })
    }

    /// The profile of a column.
    #[must_use]
    pub(crate) fn column(&self, name: &str) -> Option<&ColumnProfile> {
        self.columns.iter().find(|column| column.name == name)
    }
}
