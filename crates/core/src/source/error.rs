//! Why a source could not be read.

use std::io;

use arrow_schema::ArrowError;
use thiserror::Error;

use crate::error::{ErrorKind, Explain};

/// Why a source could not be read. Everything that concerns single records is a reject instead.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SourceError {
    /// No such file.
    #[error("{file} does not exist")]
    NotFound {
        /// The file as it was named.
        file: String,
    },
    /// A folder where a file is wanted.
    #[error("{file} is a folder, not a file")]
    Folder {
        /// The folder.
        file: String,
    },
    /// The operating system refused.
    #[error("{file} could not be read at byte {byte}")]
    Io {
        /// The file.
        file: String,
        /// Byte from which reading failed.
        byte: u64,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// Cells that were looked at as UTF-8 make no columns: a fault of ours.
    #[error("the cells of {file} could not be put in columns")]
    Columns {
        /// The file.
        file: String,
        /// What the columns refused.
        #[source]
        source: ArrowError,
    },
    /// Nothing in it.
    #[error("{file} is empty")]
    Empty {
        /// The file.
        file: String,
    },
    /// Only blanks or line ends in it.
    #[error("{file} has no line with anything in it")]
    Blank {
        /// The file.
        file: String,
    },
    /// A header and no row under it.
    #[error("{file} has a header and no row")]
    HeaderOnly {
        /// The file.
        file: String,
    },
    /// A format that is no delimited text.
    #[error("{file} is not a delimited text file but {what}")]
    Binary {
        /// The file.
        file: String,
        /// What it seems to be, with its article.
        what: String,
        /// What to do about it.
        hint: String,
    },
    /// Packed bytes that end too early or are not what they were (a checksum differs).
    #[error("{file} is damaged and cannot be unpacked to its end")]
    Damaged {
        /// The file.
        file: String,
        /// What is wrong with it.
        #[source]
        source: io::Error,
    },
    /// More unpacked bytes than the limit.
    #[error("{file} unpacks to more than {limit} bytes")]
    Inflated {
        /// The file.
        file: String,
        /// The limit in bytes.
        limit: u64,
    },
    /// A file of an archive that needs a password.
    #[error("{file} is encrypted")]
    Encrypted {
        /// The file.
        file: String,
    },
    /// Packed by a method, or in a form of archive, that is not known here.
    #[error("{file} is packed in a way that is not known here")]
    UnknownMethod {
        /// The file.
        file: String,
        /// What is not known; methods by their number (APPNOTE 4.4.5).
        #[source]
        source: io::Error,
    },
    /// Something packed inside of something packed.
    #[error("{file} is packed twice: in it is {what}")]
    PackedTwice {
        /// The file.
        file: String,
        /// What is in it, with its article.
        what: &'static str,
    },
    /// An archive in which the table is not to be found.
    #[error("{file} {problem}")]
    Members {
        /// The archive.
        file: String,
        /// What is wrong.
        problem: String,
        /// What to do about it, with the names of the files in it.
        hint: String,
    },
    /// One physical line is longer than the limit.
    #[error("{file}: the line {line} that starts at byte {byte} is longer than {limit} bytes")]
    LineTooLong {
        /// The file.
        file: String,
        /// 1-based physical line.
        line: u64,
        /// Its first byte.
        byte: u64,
        /// The limit in bytes.
        limit: usize,
    },
    /// More columns than the limit.
    #[error("{file}: the header on line {line} has {columns} columns, more than {limit}")]
    TooManyColumns {
        /// The file.
        file: String,
        /// 1-based physical line.
        line: u64,
        /// How many.
        columns: usize,
        /// The limit.
        limit: usize,
    },
    /// The file changed between two passes.
    #[error("{file} changed while it was read")]
    Changed {
        /// The file.
        file: String,
    },
    /// A decision was set to something that it cannot be.
    #[error("`{value}` is no value for {what}")]
    BadOverride {
        /// Name of the decision.
        what: &'static str,
        /// What it was set to.
        value: String,
        /// What it can be.
        expected: String,
    },
    /// A decision was set that leaves nothing to read.
    #[error("{file} has only {lines} lines, too few for {wanted} lines that are no data")]
    TooFewLines {
        /// The file.
        file: String,
        /// Lines that it has.
        lines: u64,
        /// Preamble, header and footer lines together.
        wanted: u64,
    },
    /// There is no table of this number.
    #[error("{file} has no table {table}; it has {tables}")]
    NoSuchTable {
        /// The file.
        file: String,
        /// The number that was asked for.
        table: u64,
        /// How many there are.
        tables: u64,
    },
    /// A rejects file that cannot be replayed.
    #[error("{file}: {problem}")]
    Replay {
        /// The rejects file.
        file: String,
        /// What is wrong.
        problem: String,
        /// What to do about it.
        hint: String,
    },
}

impl Explain for SourceError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound { .. } => ErrorKind::NotFound,
            Self::Columns { .. } => ErrorKind::Internal,
            Self::Io { source, .. } => {
                if source.kind() == io::ErrorKind::StorageFull {
                    ErrorKind::NoSpace
                } else {
                    ErrorKind::Unavailable
                }
            }
            Self::LineTooLong { .. } | Self::TooManyColumns { .. } | Self::Inflated { .. } => {
                ErrorKind::TooLarge
            }
            Self::Binary { .. }
            | Self::Encrypted { .. }
            | Self::UnknownMethod { .. }
            | Self::PackedTwice { .. } => ErrorKind::Unsupported,
            Self::Changed { .. } => ErrorKind::Conflict,
            Self::Folder { .. }
            | Self::Empty { .. }
            | Self::Blank { .. }
            | Self::HeaderOnly { .. }
            | Self::BadOverride { .. }
            | Self::TooFewLines { .. }
            | Self::NoSuchTable { .. }
            | Self::Damaged { .. }
            | Self::Members { .. }
            | Self::Replay { .. } => ErrorKind::Invalid,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NotFound { .. } => "check the spelling and the folder you are in".to_owned(),
            Self::Folder { file } => format!("name the files in it, for example {file}/*.csv"),
            Self::Io { source, .. } if source.kind() == io::ErrorKind::StorageFull => {
                "the folder for temporary files is full; name another one in TMPDIR".to_owned()
            }
            Self::Io { .. } => "check that the file is there and that you may read it".to_owned(),
            Self::Columns { .. } => {
                "this is a fault of AiMapper and not of the file; please report it".to_owned()
            }
            Self::Empty { .. } | Self::Blank { .. } => {
                "export it again; a file without records has nothing to map".to_owned()
            }
            Self::HeaderOnly { .. } => {
                "if the line is data, say so with --set header_lines=0".to_owned()
            }
            Self::Binary { hint, .. } | Self::Replay { hint, .. } | Self::Members { hint, .. } => {
                hint.clone()
            }
            Self::Damaged { .. } => {
                "copy or export it again; part of a table is never taken for the whole".to_owned()
            }
            Self::Inflated { .. } => {
                "if that is right, allow more with --max-inflated BYTES".to_owned()
            }
            Self::Encrypted { .. } => {
                "unpack it with its password, and name the file that comes out".to_owned()
            }
            Self::UnknownMethod { .. } | Self::PackedTwice { .. } => {
                "unpack it, and name the file that comes out".to_owned()
            }
            Self::LineTooLong { .. } => {
                "the line end may be another one: try --set line_end=cr".to_owned()
            }
            Self::TooManyColumns { .. } => {
                "the delimiter may be another one: try --set delimiter=';'".to_owned()
            }
            Self::Changed { .. } => "run it again when nothing writes to the file".to_owned(),
            Self::BadOverride { what, expected, .. } => format!("{what} can be {expected}"),
            Self::TooFewLines { .. } => {
                "set fewer preamble_lines, header_lines or footer_lines".to_owned()
            }
            Self::NoSuchTable { .. } => "count tables from 1".to_owned(),
        })
    }
}
