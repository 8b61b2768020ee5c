//! Why rows cannot be written.

use std::io;

use parquet::errors::ParquetError;
use thiserror::Error;

use crate::error::{ErrorKind, Explain};

/// Why rows cannot be written.
#[derive(Debug, Error)]
pub enum WriteError {
    /// The output does not take the bytes.
    #[error("the output cannot be written")]
    Io(#[source] io::Error),
    /// The Parquet writer failed.
    #[error("the Parquet file cannot be written")]
    Parquet(#[source] ParquetError),
    /// A field that is a value and an object at once.
    #[error("`{field}` and `{other}` cannot both be written: one is a value in the other's place")]
    Nesting {
        /// A field.
        field: String,
        /// The field that it collides with.
        other: String,
    },
    /// A value that the Parquet column has no room for.
    #[error("line {line}: the value of `{field}` does not fit the Parquet column's type")]
    DoesNotFit {
        /// The field.
        field: String,
        /// The line of the source.
        line: u64,
    },
}

impl Explain for WriteError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Io(error) if error.kind() == io::ErrorKind::StorageFull => ErrorKind::NoSpace,
            Self::Io(_) => ErrorKind::Unavailable,
            Self::Parquet(_) => ErrorKind::Internal,
            Self::Nesting { .. } => ErrorKind::Invalid,
            Self::DoesNotFit { .. } => ErrorKind::TooLarge,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Io(_) => Some("check the free space and the rights of the output folder".into()),
            Self::Parquet(_) => None,
            Self::Nesting { .. } => Some("rename one of the two fields in the target".into()),
            Self::DoesNotFit { .. } => {
                Some("fix the field's digits with `x-scale`, or write CSV or NDJSON".into())
            }
        }
    }
}

impl From<io::Error> for WriteError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<ParquetError> for WriteError {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the library may add to its errors"
    )]
    fn from(error: ParquetError) -> Self {
        match error {
            // The writer wraps the output's own errors.
            ParquetError::External(inner) => match inner.downcast::<io::Error>() {
                Ok(error) => Self::Io(*error),
                Err(inner) => Self::Parquet(ParquetError::External(inner)),
            },
            other => Self::Parquet(other),
        }
    }
}
