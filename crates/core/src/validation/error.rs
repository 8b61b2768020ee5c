//! What can be wrong with a field's constraints. Schemas that are read from JSON Schema have been
//! checked; these meet mappings that were edited by hand.

use super::pattern::PatternError;
use crate::error::{ErrorKind, Explain};
use crate::target::FieldType;

/// A constraint that cannot be checked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValidationError {
    /// A constraint that does not speak of the field's type.
    #[error("field `{field}`: `{rule}` does not apply to a field of type {}", word(*.kind))]
    NotApplicable {
        /// The field.
        field: String,
        /// The constraint.
        rule: &'static str,
        /// Type of the field.
        kind: FieldType,
    },
    /// A bound or a listed value that is not spelt as the field's type.
    #[error("field `{field}`: `{text}` in `{rule}` is not {expected}")]
    BadValue {
        /// The field.
        field: String,
        /// The constraint.
        rule: &'static str,
        /// The text.
        text: String,
        /// What it has to be.
        expected: &'static str,
    },
    /// A list of values without a value.
    #[error("field `{field}`: `enum` lists no value")]
    EmptyEnum {
        /// The field.
        field: String,
    },
    /// A regular expression that cannot be run.
    #[error("field `{field}`: the pattern cannot be used")]
    Pattern {
        /// The field.
        field: String,
        /// Why.
        #[source]
        source: PatternError,
    },
    /// A format that nobody checks.
    #[error("field `{field}`: the format `{format}` is not known")]
    UnknownFormat {
        /// The field.
        field: String,
        /// The format.
        format: String,
    },
}

/// The type as mappings spell it.
const fn word(kind: FieldType) -> &'static str {
    match kind {
        FieldType::String => "string",
        FieldType::Integer => "integer",
        FieldType::Decimal => "decimal",
        FieldType::Boolean => "boolean",
        FieldType::Date => "date",
        FieldType::Timestamp => "timestamp",
        FieldType::Time => "time",
    }
}

impl Explain for ValidationError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Pattern { .. } | Self::UnknownFormat { .. } => ErrorKind::Unsupported,
            Self::NotApplicable { .. } | Self::BadValue { .. } | Self::EmptyEnum { .. } => {
                ErrorKind::Invalid
            }
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NotApplicable { .. } => "remove the constraint, or change the type".to_owned(),
            Self::BadValue { expected, .. } => format!("write {expected}"),
            Self::EmptyEnum { .. } => "list the allowed values, or remove it".to_owned(),
            Self::Pattern { .. } => {
                "write it without look-around and back references, or remove it".to_owned()
            }
            Self::UnknownFormat { .. } => {
                format!("the known formats are {}", super::FORMATS.join(", "))
            }
        })
    }
}
