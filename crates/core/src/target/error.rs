//! What can be wrong with a target schema. Each error names the place as a JSON pointer (RFC 6901)
//! into the schema's file; the root is written as `#`.

use crate::error::{ErrorKind, Explain};

/// A target schema that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// The text is no JSON, or says one key twice.
    #[error("{file} is not JSON: {what} in line {line}, column {column}")]
    NotJson {
        /// The file's name.
        file: String,
        /// 1-based line.
        line: usize,
        /// 1-based column.
        column: usize,
        /// What was found.
        what: String,
    },
    /// JSON, but not the description of a table.
    #[error("{} is not a schema of records: {what}", place(.pointer))]
    NotASchema {
        /// Where.
        pointer: String,
        /// What it is instead.
        what: String,
    },
    /// No property can be a field.
    #[error("{} has no property that can be a field", place(.pointer))]
    NoFields {
        /// The object.
        pointer: String,
    },
    /// A keyword's value is of the wrong kind.
    #[error("{} must be {expected}, but is {found}", place(.pointer))]
    BadKeyword {
        /// The keyword.
        pointer: String,
        /// What it has to be.
        expected: String,
        /// What it is.
        found: String,
        /// How to mend it, if there is more to say.
        fix: Option<&'static str>,
    },
    /// Two statements about one field exclude each other.
    #[error("{} contradicts another part of the schema: {what}", place(.pointer))]
    Contradiction {
        /// The later one.
        pointer: String,
        /// What.
        what: String,
    },
    /// A reference to another file, an anchor or a dynamic one.
    #[error("{} refers to `{reference}`, and only references inside the file are followed", place(.pointer))]
    ForeignReference {
        /// The `$ref`.
        pointer: String,
        /// Its text.
        reference: String,
    },
    /// A reference to nothing.
    #[error("{} refers to `{reference}`, which is not in the file", place(.pointer))]
    MissingReference {
        /// The `$ref`.
        pointer: String,
        /// Its text.
        reference: String,
        /// Definitions with a similar name.
        nearest: Vec<String>,
    },
    /// A reference that leads back to itself: the table would have no end of columns.
    #[error("{} refers to `{reference}`, which contains itself", place(.pointer))]
    Cycle {
        /// The `$ref`.
        pointer: String,
        /// Its text.
        reference: String,
    },
    /// A regular expression that cannot be run.
    #[error("{} cannot be used as a pattern: {what}", place(.pointer))]
    Pattern {
        /// The `pattern`.
        pointer: String,
        /// What is wrong with it.
        what: String,
    },
    /// Two properties give the same dotted name, or one is the other's beginning.
    #[error("{} gives the field `{name}`, which is there already or inside of another", place(.pointer))]
    DuplicateField {
        /// The second property.
        pointer: String,
        /// The field.
        name: String,
    },
    /// `required` names a property that is not described.
    #[error("{} requires `{name}`, which is not among the properties", place(.pointer))]
    RequiredUnknown {
        /// The entry of `required`.
        pointer: String,
        /// The name.
        name: String,
        /// Properties with a similar name.
        nearest: Vec<String>,
    },
    /// `required` names a property that cannot be a field.
    #[error("{} requires `{name}`, which cannot be a field: {why}", place(.pointer))]
    RequiredNotAField {
        /// The entry of `required`.
        pointer: String,
        /// The name.
        name: String,
        /// Why not.
        why: String,
    },
    /// More than a table can have.
    #[error("{} leads to more than {limit} {what}", place(.pointer))]
    TooLarge {
        /// Where the limit was exceeded.
        pointer: String,
        /// The limit.
        limit: usize,
        /// Of what.
        what: &'static str,
    },
    /// A sample without a column.
    #[error("the sample {name} has no columns")]
    EmptySample {
        /// The sample.
        name: String,
    },
}

/// A pointer as messages show it.
fn place(pointer: &str) -> String {
    format!("#{pointer}")
}

impl Explain for TargetError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::TooLarge { .. } => ErrorKind::TooLarge,
            Self::ForeignReference { .. } | Self::Cycle { .. } | Self::Pattern { .. } => {
                ErrorKind::Unsupported
            }
            Self::NotJson { .. }
            | Self::NotASchema { .. }
            | Self::NoFields { .. }
            | Self::BadKeyword { .. }
            | Self::Contradiction { .. }
            | Self::MissingReference { .. }
            | Self::DuplicateField { .. }
            | Self::RequiredUnknown { .. }
            | Self::RequiredNotAField { .. }
            | Self::EmptySample { .. } => ErrorKind::Invalid,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NotJson { .. } => {
                "mend the file there, or give a CSV file with a header as a sample".to_owned()
            }
            Self::NotASchema { .. } => {
                "a target is a JSON Schema of an object, or of an array of objects, with \
                 `properties`"
                    .to_owned()
            }
            Self::NoFields { .. } => "describe each wanted field under `properties`, for example \
                 {\"properties\": {\"amount\": {\"type\": \"number\"}}}"
                .to_owned(),
            Self::BadKeyword { expected, fix, .. } => {
                fix.map_or_else(|| format!("write {expected}, or remove it"), str::to_owned)
            }
            Self::Contradiction { .. } => "keep one of the two".to_owned(),
            Self::ForeignReference { .. } => {
                "copy the definition into this file under `$defs` and refer to it as \
                 `#/$defs/NAME`"
                    .to_owned()
            }
            Self::MissingReference { nearest, .. } => {
                meant(nearest, "add the definition under `$defs`")
            }
            Self::Cycle { .. } => "describe the levels that are wanted without the reference, or \
                                   remove the property"
                .to_owned(),
            Self::Pattern { .. } => "write it without look-around and back references, or remove \
                                     it and check the values elsewhere"
                .to_owned(),
            Self::DuplicateField { .. } => "rename one of the two properties".to_owned(),
            Self::RequiredUnknown { nearest, .. } => meant(
                nearest,
                "describe it under `properties` or take it out of `required`",
            ),
            Self::RequiredNotAField { .. } => {
                "take it out of `required`, or describe it as a single value".to_owned()
            }
            Self::TooLarge { .. } => "describe only the fields that are wanted".to_owned(),
            Self::EmptySample { .. } => "give it a header line with the wanted names".to_owned(),
        })
    }
}

/// A hint with the nearest names before the general advice.
fn meant(nearest: &[String], otherwise: &str) -> String {
    if nearest.is_empty() {
        otherwise.to_owned()
    } else {
        format!(
            "did you mean `{}`? else {otherwise}",
            nearest.join("` or `")
        )
    }
}
