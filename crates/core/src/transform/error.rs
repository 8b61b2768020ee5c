//! Why a mapping cannot be compiled against a source.

use thiserror::Error;

use crate::error::{ErrorKind, Explain};
use crate::target::FieldType;
use crate::validation::ValidationError;
use crate::value::FormatError;

/// A column that a rule needs and the source does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingColumn {
    /// The column.
    pub column: String,
    /// The field whose rule needs it.
    pub field: String,
    /// The nearest columns that the source has.
    pub nearest: Vec<String>,
}

/// Why a mapping cannot be compiled.
#[derive(Debug, Error)]
pub enum CompileError {
    /// The source lacks columns (at least one is named).
    #[error("the source lacks {}", missing(.0))]
    MissingColumns(Vec<MissingColumn>),
    /// A rule fills a field that the target does not have.
    #[error("rule for `{field}`: the target has no such field")]
    UnknownField {
        /// The field.
        field: String,
        /// The nearest fields of the target.
        nearest: Vec<String>,
    },
    /// Two rules fill one field.
    #[error("two rules fill `{0}`")]
    TwoRules(String),
    /// Several sources where the steps take one.
    #[error("rule for `{0}`: it has several sources and no step that joins them")]
    SeveralSources(String),
    /// Sources beside a constant, or a sign column that is not among the sources.
    #[error("rule for `{field}`: {problem}")]
    Sources {
        /// The field.
        field: String,
        /// What is wrong with its sources.
        problem: String,
    },
    /// A step that cannot stand where it stands.
    #[error("rule for `{field}`, step {step}: `{name}` {problem}")]
    Order {
        /// The field.
        field: String,
        /// The step, counted from 1.
        step: usize,
        /// Its name.
        name: &'static str,
        /// Why it cannot stand there.
        problem: &'static str,
    },
    /// The steps give a type that the field cannot take.
    #[error("rule for `{field}`: its steps give {}, and the field is {}", word(*.gives), word(*.wants))]
    Type {
        /// The field.
        field: String,
        /// What the steps give.
        gives: FieldType,
        /// What the field takes.
        wants: FieldType,
    },
    /// A date format that cannot be used.
    #[error("rule for `{field}`: the date format `{format}` cannot be used")]
    Format {
        /// The field.
        field: String,
        /// The format.
        format: String,
        /// Why.
        #[source]
        source: FormatError,
    },
    /// A regular expression that cannot be used.
    #[error("rule for `{field}`: the pattern `{pattern}` cannot be used")]
    Pattern {
        /// The field.
        field: String,
        /// The pattern.
        pattern: String,
        /// Why.
        #[source]
        source: Box<regex::Error>,
    },
    /// An argument of a step that has no meaning.
    #[error("rule for `{field}`, step {step}: {problem}")]
    Argument {
        /// The field.
        field: String,
        /// The step, counted from 1.
        step: usize,
        /// What is wrong with it.
        problem: String,
    },
    /// A constant, a default or a value map's target that is not of the field's type.
    #[error("rule for `{field}`: {part} `{value}` cannot be the field's value: {why}")]
    Value {
        /// The field.
        field: String,
        /// `constant`, `default` or `value map`.
        part: &'static str,
        /// The value.
        value: String,
        /// Why not.
        why: String,
    },
    /// A value map that maps one text to two values.
    #[error("rule for `{field}`: the value map has `{from}` twice")]
    MappedTwice {
        /// The field.
        field: String,
        /// The text.
        from: String,
    },
    /// A value map behind steps that give something else than a text.
    #[error("rule for `{0}`: its value map takes a text, and its steps give none")]
    MapOfNoText(String),
    /// A constraint that cannot be checked.
    #[error("field `{field}`: its constraints cannot be checked")]
    Constraint {
        /// The field.
        field: String,
        /// Why.
        #[source]
        source: ValidationError,
    },
}

fn missing(columns: &[MissingColumn]) -> String {
    let mut names: Vec<String> = Vec::new();
    for column in columns {
        let name = format!("the column `{}` (for `{}`)", column.column, column.field);
        names.push(name);
    }
    names.join(", ")
}

/// A type as mapping files spell it.
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

impl Explain for CompileError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::MissingColumns(_) => ErrorKind::Undecided,
            Self::Constraint { source, .. } => source.kind(),
            Self::UnknownField { .. }
            | Self::TwoRules(_)
            | Self::SeveralSources(_)
            | Self::Sources { .. }
            | Self::Order { .. }
            | Self::Type { .. }
            | Self::Format { .. }
            | Self::Pattern { .. }
            | Self::Argument { .. }
            | Self::Value { .. }
            | Self::MappedTwice { .. }
            | Self::MapOfNoText(_) => ErrorKind::Invalid,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::MissingColumns(columns) => {
                let near: Vec<String> = columns.iter().filter_map(nearest).collect();
                if near.is_empty() {
                    "check that this is the right file, and how its header was read".to_owned()
                } else {
                    format!("{}; name it in the rule's `sources`", near.join("; "))
                }
            }
            Self::UnknownField { nearest, .. } if nearest.is_empty() => {
                "remove the rule, or add the field to the target".to_owned()
            }
            Self::UnknownField { nearest, .. } => {
                format!("the nearest are `{}`", nearest.join("`, `"))
            }
            Self::TwoRules(_) => "keep one of them".to_owned(),
            Self::SeveralSources(_) => {
                "name one source, or let the first step be `concat` or `coalesce`".to_owned()
            }
            Self::Sources { .. } => "correct the rule's `sources`".to_owned(),
            Self::Order { .. } | Self::Argument { .. } => {
                "docs/mapping.md says what each step takes and where it may stand".to_owned()
            }
            Self::Type { .. } => "use the step of the field's type, or none".to_owned(),
            Self::Format { source, .. } => return source.hint(),
            Self::Pattern { .. } => {
                "write it in the syntax of the Rust crate `regex`, without look-around".to_owned()
            }
            Self::Value { .. } => "write it in the target's spelling".to_owned(),
            Self::MappedTwice { .. } => "keep one of the two entries".to_owned(),
            Self::MapOfNoText(_) => {
                "drop the typed step, and let the map's values have the target's spelling"
                    .to_owned()
            }
            Self::Constraint { source, .. } => return source.hint(),
        };
        Some(hint)
    }
}

fn nearest(column: &MissingColumn) -> Option<String> {
    if column.nearest.is_empty() {
        return None;
    }
    Some(format!(
        "`{}` may be `{}`",
        column.column,
        column.nearest.join("`, `")
    ))
}
