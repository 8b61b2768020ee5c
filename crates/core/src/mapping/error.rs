//! What can be wrong with a mapping file, said with its line, its path and the way to mend it.

use crate::error::{ErrorKind, Explain};

use super::FORMAT_VERSION;
use super::yaml::decode::{DecodeError, Misfit};

/// A mapping file that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MappingError {
    /// Not YAML.
    #[error("{file}:{line}:{column}: not valid YAML: {message}")]
    Syntax {
        /// Name of the file.
        file: String,
        /// 1-based line.
        line: u64,
        /// 1-based column.
        column: u64,
        /// What the YAML reader says.
        message: String,
    },
    /// A version that this program does not read.
    #[error("{file}:{line}: version {found} of the mapping format is not known here")]
    Version {
        /// Name of the file.
        file: String,
        /// 1-based line.
        line: u64,
        /// What stands there.
        found: String,
    },
    /// A key or value that is not part of the format.
    #[error("{file}:{line}: {path}: {message}")]
    Content {
        /// Name of the file.
        file: String,
        /// 1-based line.
        line: u64,
        /// Path of the key, e.g. `rules[3].transform[0]`.
        path: String,
        /// What is wrong.
        message: String,
        /// How to mend it.
        fix: String,
    },
}

impl MappingError {
    /// The 1-based line, 0 where it is not known.
    #[must_use]
    pub const fn line(&self) -> u64 {
        match self {
            Self::Syntax { line, .. } | Self::Version { line, .. } | Self::Content { line, .. } => {
                *line
            }
        }
    }

    pub(crate) fn content(file: &str, error: &DecodeError) -> Self {
        let path = error.path();
        let (message, fix) = explain(&error.problem);
        Self::Content {
            file: file.to_owned(),
            line: error.line.unwrap_or(0),
            path: if path.is_empty() {
                "the file".to_owned()
            } else {
                path
            },
            message,
            fix,
        }
    }
}

impl Explain for MappingError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Version { .. } => ErrorKind::Unsupported,
            Self::Syntax { .. } | Self::Content { .. } => ErrorKind::Invalid,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Syntax { .. } => {
                "texts stand in double quotes, blocks are indented with spaces".to_owned()
            }
            Self::Version { .. } => format!(
                "this program reads version {FORMAT_VERSION}; write the mapping anew with \
                 `aimapper map`, or use the program that wrote it"
            ),
            Self::Content { fix, .. } => fix.clone(),
        })
    }
}

fn explain(problem: &Misfit) -> (String, String) {
    match problem {
        Misfit::UnknownKey { name, known } => (
            format!("unknown key {name:?}"),
            nearest_or_all(name, known, "keys here"),
        ),
        Misfit::UnknownWord { name, known } => (
            format!("unknown word {name:?}"),
            nearest_or_all(name, known, "words here"),
        ),
        Misfit::MissingKey(name) => (
            format!("the key `{name}` is missing"),
            format!("add `{name}:`, see docs/mapping.md"),
        ),
        Misfit::DuplicateKey(name) => (
            format!("the key {name:?} is there twice"),
            "keep one of the two".to_owned(),
        ),
        Misfit::NotQuoted(value) => (
            format!("{value} stands where a text is asked for"),
            format!("put it in double quotes: \"{value}\""),
        ),
        Misfit::Other(message) => (
            message.clone(),
            "see docs/mapping.md for what may stand here".to_owned(),
        ),
    }
}

fn nearest_or_all(name: &str, known: &[&str], what: &str) -> String {
    let nearest = crate::error::nearest_names(name, known.iter().copied());
    if nearest.is_empty() {
        format!("{what}: {}", known.join(", "))
    } else {
        format!(
            "did you mean {}? {what}: {}",
            nearest.join(" or "),
            known.join(", ")
        )
    }
}
