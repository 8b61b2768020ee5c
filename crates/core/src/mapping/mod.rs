//! Mappings: how each target field is filled, as data. A mapping is the one artefact that a person
//! keeps; its YAML form is a contract (docs/mapping.md).

mod check;
mod confidence;
mod edits;
mod error;
#[cfg(test)]
pub(crate) mod examples;
mod learn;
mod questions;
mod schema;
mod words;
mod yaml;

pub use check::{ColumnCheck, MissingColumn, Problem, check, check_columns};
pub(crate) use check::{check_rule, why_no_time};
pub use confidence::{CHECK_BAR, Confidence};
pub(crate) use edits::in_order;
pub use edits::{Edit, EditError, accept_at, apply, why_no_reading};
pub use error::MappingError;
pub use learn::learn;
pub(crate) use questions::shell_quoted;
pub use questions::{Question, Subject, blocking_questions, open_questions};
pub use schema::JSON_SCHEMA;
pub use words::{
    decision_question, error_in_words, sources_in_words, state_in_words, step_in_words,
    transform_in_words, unseen_in_words, value_in_words, what_in_words,
};
pub(crate) use yaml::is_unsafe;
pub use yaml::{from_yaml, line_of, to_yaml};

use serde::{Deserialize, Serialize};

use crate::source::Decision;
use crate::target::TargetSchema;

/// Version of the mapping file's format.
pub const FORMAT_VERSION: u32 = 1;

/// A source's reading decisions, a target and one rule per target field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// [`FORMAT_VERSION`].
    pub version: u32,
    /// Version of the program that wrote it.
    pub tool: String,
    /// Columns that the source had.
    pub source: Fingerprint,
    /// How the source was read.
    pub decisions: Vec<Decision>,
    /// The normalised target.
    pub target: TargetSchema,
    /// SHA-256 of the target's canonical JSON, in hexadecimal.
    pub target_sha256: String,
    /// One rule per target field, in the target's order.
    pub rules: Vec<Rule>,
    /// Source columns that no rule uses, each with the reason.
    #[serde(default)]
    pub unused: Vec<UnusedColumn>,
    /// How earlier proposals for this target were judged, where the confidences reckon with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub past: Option<Past>,
}

/// How many proposals people found right and wrong.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Past {
    /// Right.
    pub right: u32,
    /// Wrong.
    pub wrong: u32,
}

/// What a source looked like when the mapping was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fingerprint {
    /// File name, for people.
    pub file: String,
    /// Columns in their order.
    pub columns: Vec<FingerprintColumn>,
}

/// Name and type of one column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FingerprintColumn {
    /// Name; duplicates are `name#2`.
    pub name: String,
    /// Semantic type, if more than text.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub semantic: Option<crate::profile::SemanticType>,
}

/// A source column that no rule uses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnusedColumn {
    /// The column.
    pub column: String,
    /// Why: `constant`, `empty`, `no field fits`, or a person's words.
    pub why: String,
}

/// How one target field is filled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The target field.
    pub field: String,
    /// Source columns by name; the first one is the input of the first step.
    pub sources: Vec<String>,
    /// Steps, applied in order; empty = copy.
    #[serde(default)]
    pub transform: Vec<Step>,
    /// Source value to target value, applied to the text that the steps give.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub value_map: Vec<MappedValue>,
    /// What happens to a value that the map does not list.
    #[serde(default)]
    pub on_unseen: OnUnseen,
    /// What happens to a value that a step refuses.
    #[serde(default)]
    pub on_error: OnError,
    /// Probability that sources and transform are right, 0 to 1.
    pub confidence: f64,
    /// The most that decisions about other fields may make of the confidence: what is open about
    /// this rule itself stays open.
    #[serde(default = "certain", skip_serializing_if = "is_certain")]
    pub most: f64,
    /// Where the rule stands in the review.
    pub state: RuleState,
    /// Why it is ignored or absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// A person's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Who decided; absent where nobody did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// When, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// Whether a person set its sources, steps or answers, now or for an earlier source.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_hand: bool,
    /// The confidence from which on all were accepted, where nobody looked at this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bar: Option<f64>,
    /// What speaks for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
    /// Other sources, most likely first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alternatives: Vec<SourceAlternative>,
    /// What was proposed before people decided about this rule or others of the mapping.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposed: Option<Proposed>,
}

/// A proposal as it was made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proposed {
    /// Columns; empty if there was no proposal.
    pub sources: Vec<String>,
    /// Probability, 0 to 1.
    pub confidence: f64,
    /// Whether a person looked at it and decided.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub judged: bool,
}

impl Rule {
    /// The rule of a field that nothing fills yet.
    #[must_use]
    pub fn open(field: &str) -> Self {
        Self {
            field: field.to_owned(),
            sources: Vec::new(),
            transform: Vec::new(),
            value_map: Vec::new(),
            on_unseen: OnUnseen::Reject,
            on_error: OnError::Reject,
            confidence: 0.0,
            most: 1.0,
            state: RuleState::Proposed,
            why: None,
            note: None,
            by: None,
            at: None,
            by_hand: false,
            bar: None,
            evidence: Vec::new(),
            alternatives: Vec::new(),
            proposed: None,
        }
    }

    /// Whether the rule takes part: it is proposed, accepted or edited.
    #[must_use]
    pub const fn is_live(&self) -> bool {
        match self.state {
            RuleState::Proposed | RuleState::Accepted | RuleState::Edited => true,
            RuleState::Rejected | RuleState::Ignored | RuleState::Absent => false,
        }
    }

    /// Whether it says where its values come from: a source or a constant.
    #[must_use]
    pub fn has_origin(&self) -> bool {
        !self.sources.is_empty() || matches!(self.transform.first(), Some(Step::Constant(_)))
    }

    /// Whether it is run: it has an origin, and a person agreed or its confidence is at or above
    /// the bar.
    #[must_use]
    pub fn runs(&self, bar: f64) -> bool {
        let settled = match self.state {
            RuleState::Accepted | RuleState::Edited => true,
            RuleState::Proposed => self.confidence >= bar,
            RuleState::Rejected | RuleState::Ignored | RuleState::Absent => false,
        };
        settled && self.has_origin()
    }
}

/// One piece of evidence that can be checked against the data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// `name`, `values`, `type`, `labels`, `structure`, `memory`, ..
    pub kind: String,
    /// How strongly it speaks for the rule, -1 to 1.
    pub weight: f64,
    /// One sentence with figures.
    pub text: String,
}

/// Another way to fill a field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceAlternative {
    /// Columns.
    pub sources: Vec<String>,
    /// Probability, 0 to 1.
    pub confidence: f64,
}

/// One entry of a value map.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MappedValue {
    /// Text in the source.
    pub from: String,
    /// Value in the target's spelling; `None` = no value.
    pub to: Option<String>,
    /// Probability that it is right.
    #[serde(default = "certain")]
    pub confidence: f64,
    /// Rows that hold it.
    #[serde(default)]
    pub rows: u64,
    /// Where it stands in the review.
    #[serde(default)]
    pub state: RuleState,
}

const fn certain() -> f64 {
    1.0
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the form that serde asks for"
)]
const fn is_certain(confidence: &f64) -> bool {
    *confidence >= 1.0
}

/// What happens to a value that the value map does not list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnUnseen {
    /// The row is rejected.
    #[default]
    Reject,
    /// The field has no value.
    Null,
    /// The text is kept as it is.
    Keep,
    /// This value is taken.
    Value(String),
}

/// What happens to a value that a step refuses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnError {
    /// The row is rejected.
    #[default]
    Reject,
    /// The field has no value.
    Null,
}

/// Where a rule stands in the review.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleState {
    /// By the program; runs if its confidence is at or above the bar.
    #[default]
    Proposed,
    /// A person agreed, or `--accept` did.
    Accepted,
    /// A person changed it.
    Edited,
    /// A person refused it: the field is open.
    Rejected,
    /// A person left the field out, with a reason.
    Ignored,
    /// The source has nothing for it, with a reason.
    Absent,
}

/// One step of a transform. A closed set: each has a typed kernel and a rendering in SQL.
///
/// Text goes in, text or a typed value comes out; [`crate::transform::compile`] checks the order.
/// A null stays null through every step but `coalesce`, `concat` and `constant`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Step {
    /// No source: every row gets this value, in the target's spelling.
    Constant(String),
    /// The sources that have a value, joined.
    Concat {
        /// Between two values.
        separator: String,
    },
    /// The first source that has a value.
    Coalesce,
    /// White space off the ends (Unicode `White_Space`).
    Trim,
    /// Letter case.
    Case(Case),
    /// One part of a text that is split; a missing part is null.
    Split {
        /// Between two parts.
        separator: String,
        /// Counted from 1, or from the end with -1, -2, ..
        part: i32,
    },
    /// A group of a regular expression; no match is an error of the cell.
    RegexExtract {
        /// Expression of the `regex` crate.
        pattern: String,
        /// Group, 0 = the whole match.
        #[serde(default)]
        group: u32,
    },
    /// These texts are null.
    NullIf(Vec<String>),
    /// Before `decimal` or `integer`: a word behind the number becomes its sign.
    Signs {
        /// Words of negative numbers, e.g. `DR`.
        negative: Vec<String>,
        /// Words of positive numbers, e.g. `CR`.
        positive: Vec<String>,
        /// A number other than zero that has no word.
        #[serde(default, skip_serializing_if = "is_default")]
        bare: Bare,
    },
    /// Whole number.
    Integer {
        /// Mark between groups of three digits, or empty.
        #[serde(default)]
        thousands_mark: String,
    },
    /// Exact decimal.
    Decimal {
        /// Mark before the fraction.
        decimal_mark: String,
        /// Mark between groups of three digits, or empty.
        #[serde(default)]
        thousands_mark: String,
        /// Sign, currency or other text that is allowed around the number, e.g. `€`, `EUR`.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        strip: Vec<String>,
    },
    /// Date by the first format that fits.
    Date {
        /// As in [`crate::value::DateFormat`].
        formats: Vec<String>,
    },
    /// Date and time by the first format that fits.
    Timestamp {
        /// As in [`crate::value::DateFormat`].
        formats: Vec<String>,
    },
    /// Time of day by the first format that fits.
    Time {
        /// As in [`crate::value::DateFormat`], without a date and without an offset from UTC.
        formats: Vec<String>,
    },
    /// True or false by their spellings.
    Boolean {
        /// Spellings of true.
        r#true: Vec<String>,
        /// Spellings of false.
        r#false: Vec<String>,
    },
    /// After `decimal` or `integer`: the sign from a flag in another source.
    Sign {
        /// The column of the flag, one of the rule's sources.
        column: String,
        /// Flags of negative amounts, e.g. `S`, `DR`.
        negative: Vec<String>,
        /// Flags of positive amounts, e.g. `H`, `CR`.
        positive: Vec<String>,
    },
    /// After `decimal` or `integer` on the first source (the credit): minus the debit, read with
    /// the same marks. Exactly one of the two must have a value, or the other be zero.
    MinusDebit {
        /// The column of the debit, one of the rule's sources.
        column: String,
    },
}

impl Step {
    /// The column that the step reads beside the rule's first source: a sign flag or a debit.
    #[must_use]
    pub fn side_column(&self) -> Option<&str> {
        match self {
            Self::Sign { column, .. } | Self::MinusDebit { column } => Some(column),
            Self::Constant(_)
            | Self::Concat { .. }
            | Self::Coalesce
            | Self::Trim
            | Self::Case(_)
            | Self::Split { .. }
            | Self::RegexExtract { .. }
            | Self::NullIf(_)
            | Self::Signs { .. }
            | Self::Integer { .. }
            | Self::Decimal { .. }
            | Self::Date { .. }
            | Self::Timestamp { .. }
            | Self::Time { .. }
            | Self::Boolean { .. } => None,
        }
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// What a number without a word for its sign is, where others have one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bare {
    /// An error of the cell: nobody knows which sign it has.
    #[default]
    Reject,
    /// As it is written.
    Plus,
    /// Negative, as on statements that name credits alone.
    Minus,
}

/// Letter case of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Case {
    /// All upper.
    Upper,
    /// All lower.
    Lower,
}
