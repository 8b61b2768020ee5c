//! What can be wrong with a case.

use thiserror::Error;

use crate::error::{ErrorKind, Explain};

/// Why a case cannot be evaluated. Files are named as the caller named them.
#[derive(Debug, Error)]
pub enum EvaluateError {
    /// A file that is no JSON, or not the JSON that it should be.
    #[error("{path}, line {line}: {what}")]
    Json {
        /// The file.
        path: String,
        /// Line, from 1.
        line: usize,
        /// What is wrong.
        what: String,
    },
    /// A table that is no CSV with one header line.
    #[error("{path}, line {line}: {what}")]
    Table {
        /// The file.
        path: String,
        /// Line, from 1.
        line: usize,
        /// What is wrong.
        what: &'static str,
    },
    /// A case without one of its files.
    #[error("the case {case} has no {what}")]
    Missing {
        /// Its folder.
        case: String,
        /// The files, one of which is needed.
        what: &'static str,
    },
    /// A truth that names what is not there.
    #[error("{path} names the {kind} `{name}`, which {file} does not have")]
    Unknown {
        /// The file with the truth.
        path: String,
        /// Column, field or value.
        kind: &'static str,
        /// The name.
        name: String,
        /// Where it should be.
        file: &'static str,
    },
    /// A truth without a pair.
    #[error("{path} holds no pair")]
    Empty {
        /// The file.
        path: String,
    },
}

impl Explain for EvaluateError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Json { .. } => {
                "mend the file there; docs/matching.md shows the files of a case".to_owned()
            }
            Self::Table { .. } => {
                "a table of a case is CSV in UTF-8, with commas, double quotes and one header line; \
                 `aimapper read` makes one of a messy file"
                    .to_owned()
            }
            Self::Missing { what, .. } => {
                format!("add {what}, or move the folder out of the suite")
            }
            Self::Unknown { .. } => "names are compared letter by letter".to_owned(),
            Self::Empty { .. } => {
                "write the known pairs into it, or move the case out of the suite".to_owned()
            }
        })
    }
}
