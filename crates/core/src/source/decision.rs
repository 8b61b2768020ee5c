//! Decisions: how a source was read, each with its value, its confidence and its reason, so that a
//! person can see it and change it. The list is a contract (docs/report.md).

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a decision is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// Character encoding, as a label of the WHATWG Encoding Standard, in lower case.
    Encoding,
    /// Text between two fields; empty for a table of one column.
    Delimiter,
    /// Quote character, or empty where there is none.
    Quote,
    /// Escape character: the quote itself (doubled quotes), another character, or empty.
    Escape,
    /// `lf`, `crlf`, `cr` or `mixed`.
    LineEnd,
    /// Number of header lines (0, 1, ..).
    HeaderLines,
    /// Number of lines before the header that belong to no table.
    PreambleLines,
    /// Number of lines after the data that belong to no table.
    FooterLines,
    /// Which table of the source was taken, counted from 1.
    Table,
    /// What is mended on the way, as names with commas between them (docs/reading.md); only where
    /// something is, or a person said what shall be.
    Repair,
    /// `.` or `,`, per column.
    DecimalMark,
    /// `,`, `.`, `'`, a space or empty, per column.
    ThousandsMark,
    /// `dmy`, `mdy` or `ymd`, per column.
    DateOrder,
    /// List of texts that mean "no value", per column.
    NullMarkers,
}

impl What {
    /// All of them, in the order in which they are reported.
    pub const ALL: [Self; 14] = [
        Self::Encoding,
        Self::Delimiter,
        Self::Quote,
        Self::Escape,
        Self::LineEnd,
        Self::HeaderLines,
        Self::PreambleLines,
        Self::FooterLines,
        Self::Table,
        Self::Repair,
        Self::DecimalMark,
        Self::ThousandsMark,
        Self::DateOrder,
        Self::NullMarkers,
    ];

    /// The name used in reports, mapping files and `--set`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Encoding => "encoding",
            Self::Delimiter => "delimiter",
            Self::Quote => "quote",
            Self::Escape => "escape",
            Self::LineEnd => "line_end",
            Self::HeaderLines => "header_lines",
            Self::PreambleLines => "preamble_lines",
            Self::FooterLines => "footer_lines",
            Self::Table => "table",
            Self::Repair => "repair",
            Self::DecimalMark => "decimal_mark",
            Self::ThousandsMark => "thousands_mark",
            Self::DateOrder => "date_order",
            Self::NullMarkers => "null_markers",
        }
    }

    /// The decision of this name, if there is one.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|what| what.name() == name)
    }

    /// Whether it is decided for each column rather than for the whole source.
    #[must_use]
    pub const fn per_column(self) -> bool {
        matches!(
            self,
            Self::DecimalMark | Self::ThousandsMark | Self::DateOrder | Self::NullMarkers
        )
    }
}

/// Another value that a decision could have had.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alternative {
    /// The value, in the same form as [`Decision::value`].
    pub value: Value,
    /// How likely it is, 0 to 1.
    pub confidence: f64,
}

/// One decision about the reading of a source.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// What it is about.
    pub what: What,
    /// A string, a number, or a list of strings for `null_markers`.
    pub value: Value,
    /// Probability that the value is right, 0 to 1; 1 where a person set it.
    pub confidence: f64,
    /// Confidence at or above the bar, and no rival as likely.
    pub sure: bool,
    /// The rivals, most likely first.
    #[serde(default)]
    pub alternatives: Vec<Alternative>,
    /// Why, in one sentence that can be checked against the source.
    pub reason: String,
    /// The column it is about, for decisions that are made per column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
}

/// The confidence from which a decision is called sure.
pub const SURE_BAR: f64 = 0.9;

impl Decision {
    /// A decision with its confidence; `sure` follows from the bar and the alternatives.
    #[must_use]
    pub fn new(
        what: What,
        value: impl Into<Value>,
        confidence: f64,
        alternatives: Vec<Alternative>,
        reason: impl Into<String>,
    ) -> Self {
        let rival = alternatives
            .iter()
            .any(|rival| rival.confidence >= confidence);
        Self {
            what,
            value: value.into(),
            confidence,
            sure: confidence >= SURE_BAR && !rival,
            alternatives,
            reason: reason.into(),
            column: None,
        }
    }

    /// The same decision, about one column.
    #[must_use]
    pub fn of_column(mut self, column: impl Into<String>) -> Self {
        self.column = Some(column.into());
        self
    }
}

/// What a person set instead of leaving it to be decided: `--set what=value`, or
/// `--set what@column=value` for one column; also the reading decisions of a mapping.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Overrides {
    entries: Vec<(What, Option<String>, Value)>,
}

impl Overrides {
    /// Sets `what`, for one column or for all; a later entry wins over an earlier one.
    pub fn set(&mut self, what: What, column: Option<String>, value: impl Into<Value>) {
        self.entries
            .retain(|(w, c, _)| !(*w == what && *c == column));
        self.entries.push((what, column, value.into()));
    }

    /// The value set for `what`, if any: the one for the column first, then the general one.
    #[must_use]
    pub fn get(&self, what: What, column: Option<&str>) -> Option<&Value> {
        let find = |wanted: Option<&str>| {
            self.entries
                .iter()
                .find(|(w, c, _)| *w == what && c.as_deref() == wanted)
                .map(|(_, _, value)| value)
        };
        match column {
            Some(_) => find(column).or_else(|| find(None)),
            None => find(None),
        }
    }

    /// Every entry, in the order in which they were set.
    pub fn iter(&self) -> impl Iterator<Item = (What, Option<&str>, &Value)> {
        self.entries.iter().map(|(w, c, v)| (*w, c.as_deref(), v))
    }

    /// Whether nothing was set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}
