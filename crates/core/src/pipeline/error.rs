//! Why a pass over a source failed.

use std::io;

use thiserror::Error;

use crate::error::{ErrorKind, Explain};
use crate::source::SourceError;
use crate::transform::WriteError;
use crate::validation::UniqueError;

/// Why a pass over a source failed.
#[derive(Debug, Error)]
pub enum PipelineError {
    /// The source could not be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The good rows could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// Too many values of a unique field.
    #[error(transparent)]
    Unique(#[from] UniqueError),
    /// The rejects could not be written.
    #[error("the rejects cannot be written")]
    Rejects(#[source] io::Error),
    /// A chunk could not be kept.
    #[error("a chunk of the results cannot be kept")]
    Chunk(#[source] io::Error),
    /// The non-data could not be kept.
    #[error("the non-data cannot be written to a temporary file")]
    NonData(#[source] io::Error),
}

/// A full disk is told apart from everything else.
fn of_io(error: &io::Error) -> ErrorKind {
    if error.kind() == io::ErrorKind::StorageFull {
        ErrorKind::NoSpace
    } else {
        ErrorKind::Unavailable
    }
}

impl Explain for PipelineError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Source(error) => error.kind(),
            Self::Write(error) => error.kind(),
            Self::Unique(error) => error.kind(),
            Self::Rejects(error) | Self::Chunk(error) | Self::NonData(error) => of_io(error),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Source(error) => error.hint(),
            Self::Write(error) => error.hint(),
            Self::Unique(error) => error.hint(),
            Self::Rejects(_) | Self::Chunk(_) | Self::NonData(_) => {
                Some("check the free space of the disk".to_owned())
            }
        }
    }
}
