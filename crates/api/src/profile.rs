//! The profile of a source version, as the job that read it left it.

use aimapper_core::id::{BlobId, TenantId};
use aimapper_core::profile::{ColumnProfile, ValueCount};
use aimapper_core::report::Report;
use serde::Deserialize;

use crate::app::App;
use crate::problem::Problem;

/// Largest profile that is read: 64 MiB, far more than the columns that are allowed give.
const MOST_BYTES: u64 = 64 << 20;

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
    #[serde(default)]
    all: Vec<Vec<ValueCount>>,
}

impl SourceProfile {
    /// Reads a stored one.
    ///
    /// # Errors
    /// `not_found`, `unavailable`; `internal` if it is no profile.
    pub(crate) async fn load(app: &App, tenant: TenantId, blob: BlobId) -> Result<Self, Problem> {
        let json = app.load(tenant, blob, MOST_BYTES).await?;
        let stored: Stored =
            serde_json::from_slice(&json).map_err(|error| Problem::internal(&error))?;
        let mut columns = stored.report.columns;
        for (column, all) in columns.iter_mut().zip(stored.all) {
            column.all = all;
        }
        Ok(Self {
            columns,
            lines: stored.lines,
        })
    }

    /// The profile of a column.
    #[must_use]
    pub(crate) fn column(&self, name: &str) -> Option<&ColumnProfile> {
        self.columns.iter().find(|column| column.name == name)
    }
}
