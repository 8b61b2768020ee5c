//! The good rows of an earlier run beside those of this one: no unique value comes twice.

use thiserror::Error;

use super::kept::of_csv;
use crate::error::{ErrorKind, Explain};
use crate::source::{Input, Limits, Reader, Reading, SourceError};
use crate::transform::{Plan, UniqueStage};
use crate::validation::{Spelling, UniqueError};

/// Why the good rows of an earlier run cannot be entered.
#[derive(Debug, Error)]
pub enum BesideError {
    /// They could not be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A unique field is not among their columns.
    #[error("{file} has no column `{column}`, so nobody can tell which values there are already")]
    NoColumn {
        /// The file.
        file: String,
        /// The field.
        column: String,
    },
    /// Too many values of a unique field.
    #[error(transparent)]
    Unique(#[from] UniqueError),
}

impl Explain for BesideError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Source(error) => error.kind(),
            Self::NoColumn { .. } => ErrorKind::Invalid,
            Self::Unique(error) => error.kind(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Source(error) => error.hint(),
            Self::NoColumn { .. } => Some(
                "--with takes the good rows of an earlier run as CSV (--format csv)".to_owned(),
            ),
            Self::Unique(error) => error.hint(),
        }
    }
}

/// Enters the good rows of an earlier run, a CSV of ours that is called `file`, before the first row of this one.
///
/// # Errors
/// [`BesideError`].
pub fn seed(
    input: &Input,
    file: &str,
    plan: &Plan,
    unique: &mut UniqueStage,
    (limits, block): (Limits, usize),
) -> Result<(), BesideError> {
    let reading = Reading::decide(input, &of_csv(","), &limits)?;
    let unique_fields = || plan.fields().iter().filter(|field| field.is_unique());
    let place = |name: &str| reading.columns.iter().position(|column| column == name);
    if let Some(field) = unique_fields().find(|field| place(field.name()).is_none()) {
        return Err(BesideError::NoColumn {
            file: file.to_owned(),
            column: field.name().to_owned(),
        });
    }
    let mut reader = Reader::new(input, &reading, limits, block)?;
    let mut key = String::new();
    while let Some(portion) = reader.next_portion()? {
        for field in unique_fields() {
            let Some(column) = place(field.name()) else {
                continue;
            };
            for (index, place) in portion.batch.places.iter().enumerate() {
                let Some(text) = portion.batch.cell(column, index) else {
                    continue;
                };
                let Some(cell) = Spelling::of(field.kind()).read(text) else {
                    continue;
                };
                key.clear();
                cell.write_key(&mut key);
                unique.seed(field.name(), &key, place.line)?;
            }
        }
    }
    Ok(())
}
