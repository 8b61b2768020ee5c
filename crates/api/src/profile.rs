//! The profile of a source version, as the job that read it left it.

use aimapper_core::id::{BlobId, TenantId};
use aimapper_core::profile::{ColumnProfile, ValueCount};
use aimapper_core::report::Report;
use aimapper_core::source::Decision;
use aimapper_core::validation::Balance;
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
    /// How it was read, as a whole and by column.
    pub decisions: Vec<Decision>,
    /// How many records of data it has.
    pub rows: u64,
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

/// As much of it as says how many records there are; the rest is passed over.
#[derive(Deserialize)]
struct Extent {
    report: Balanced,
}

#[derive(Deserialize)]
struct Balanced {
    balance: Balance,
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
        let balance = stored.report.balance;
        Ok(Self {
            columns,
            lines: stored.lines,
            decisions: stored.report.decisions,
            rows: balance.good.saturating_add(balance.rejected),
        })
    }

    /// How many records of data a stored one tells of.
    ///
    /// # Errors
    /// Those of [`Self::load`].
    pub(crate) async fn rows(app: &App, tenant: TenantId, blob: BlobId) -> Result<u64, Problem> {
        let json = app.load(tenant, blob, MOST_BYTES).await?;
        let stored: Extent =
            serde_json::from_slice(&json).map_err(|error| Problem::internal(&error))?;
        let balance = stored.report.balance;
        Ok(balance.good.saturating_add(balance.rejected))
    }

    /// The profile of a column.
    #[must_use]
    pub(crate) fn column(&self, name: &str) -> Option<&ColumnProfile> {
        self.columns.iter().find(|column| column.name == name)
    }
}
