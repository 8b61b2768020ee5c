//! Profiles: what one pass over a column tells, the input of matching, pages and `profile`.
//! The JSON form is a contract (docs/report.md, `columns[]`).
//!
//! A [`Partial`] takes the [`Cells`] of all batches in the order of the source and gives the
//! [`Profile`]. Memory per column is bounded: up to [`EXACT_DISTINCT`] values
//! are counted each for itself; beyond it `distinct` is estimated, `top` holds only values that
//! are frequent for sure, and the histogram of numbers and dates is that of 1,024 rows, scaled.

mod beside;
mod choice;
mod column;
mod counter;
mod dates;
mod finish;
mod forms;
mod histogram;
mod kinds;
mod markers;
mod numbers;
mod observed;
mod overrides;
mod partial;
mod rows;
mod semantic;
mod shape;
mod summary;
mod tally;
#[cfg(test)]
mod tests;

pub use beside::Profiling;
pub use choice::{NO_MARK_TELLS, SAME_DAYS, rules_out};
pub use overrides::{InvalidOverride, check_overrides};
pub use partial::{Cells, Partial, Profile};

use serde::{Deserialize, Serialize};

/// What is known of one column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ColumnProfile {
    /// Name, unique within the source (duplicates are `name#2`).
    pub name: String,
    /// Position from 0.
    pub index: usize,
    /// Cells seen, nulls included.
    pub count: u64,
    /// Cells without a value: null cells and null markers.
    pub nulls: u64,
    /// Number of different values.
    pub distinct: Distinct,
    /// Smallest value as it is written: by number, date or time where the column is one, else by
    /// code points. At most 200 characters, as all values here.
    pub min: Option<String>,
    /// Largest value, by the same order.
    pub max: Option<String>,
    /// Lengths in characters of the values that are not null.
    pub lengths: Lengths,
    /// Most frequent values, at most 20, by rows then by value. Where `distinct` is an estimate,
    /// rows are lower bounds, and a value that is not surely frequent is left out.
    pub top: Vec<ValueCount>,
    /// Most frequent shapes, at most 10: `A` upper case, `a` lower case, `9` digit, runs of more
    /// than four written as `9+`, everything else as it is.
    pub shapes: Vec<ShapeCount>,
    /// For each type that fits at least one value: how many rows it fits, most first.
    pub types: Vec<TypeCount>,
    /// The narrowest type that fits all values but a few (at most 2 %, and one among 20 rows and
    /// more), if it is more than text.
    pub semantic: Option<SemanticType>,
    /// What the values leave open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ambiguous: Option<Ambiguity>,
    /// Up to 20 bins over numbers, dates (as days since 1970-01-01) or, for text, over lengths.
    pub histogram: Vec<Bin>,
    /// Up to 20 values, spread over the column, in order of appearance.
    pub sample: Vec<String>,
    /// Up to 120 different values for matching, those with the smallest hash of what is compared
    /// (KMV sketch): two columns with the same values keep the same ones, however many there are.
    /// Never part of a report.
    #[serde(skip)]
    pub values: Vec<String>,
    /// All different values by rows, where there are more than `top` holds and at most 500: what a value
    /// map is made of. Never part of a report.
    #[serde(skip)]
    pub all: Vec<ValueCount>,
}

/// A count of different values.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Distinct {
    /// Counted.
    Exact(u64),
    /// Estimated by a sketch (`HyperLogLog`), beyond [`EXACT_DISTINCT`] values.
    Estimate {
        /// The estimate.
        estimate: u64,
    },
}

/// Up to how many values per column `distinct` and `top` are exact.
pub const EXACT_DISTINCT: usize = 10_000;

impl ColumnProfile {
    /// The values whose rows are known, most rows first: all of them, or the most frequent ones.
    #[must_use]
    pub fn listed(&self) -> &[ValueCount] {
        if self.all.is_empty() {
            &self.top
        } else {
            &self.all
        }
    }

    /// The currencies that stand around the column's numbers, without blanks: `€`, `EUR`.
    #[must_use]
    pub fn affixes(&self) -> Vec<&str> {
        let mut affixes: Vec<&str> = self
            .types
            .iter()
            .filter(|count| count.semantic == SemanticType::Decimal)
            .filter_map(|count| count.format.as_deref())
            .map(affix)
            .filter(|affix| !affix.is_empty())
            .collect();
        affixes.sort_unstable();
        affixes.dedup();
        affixes
    }
}

/// What stands in front of a format's `1`, or else behind its `56`; nothing in most formats.
fn affix(format: &str) -> &str {
    let front = format.split('1').next().unwrap_or("");
    let behind = format.rsplit("56").next().unwrap_or("");
    if front.is_empty() { behind } else { front }.trim()
}

impl Distinct {
    /// The number, counted or estimated.
    #[must_use]
    pub const fn number(self) -> u64 {
        match self {
            Self::Exact(n) | Self::Estimate { estimate: n } => n,
        }
    }
}

/// Lengths in characters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Lengths {
    /// Of the shortest value.
    pub min: u64,
    /// Of the longest.
    pub max: u64,
    /// On average.
    pub mean: f64,
}

/// A value and the number of rows that hold it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValueCount {
    /// The value.
    pub value: String,
    /// Rows.
    pub rows: u64,
}

/// A shape and the number of rows that have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShapeCount {
    /// The shape.
    pub shape: String,
    /// Rows.
    pub rows: u64,
}

/// A type and the number of rows that it fits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TypeCount {
    /// The type.
    #[serde(rename = "type")]
    pub semantic: SemanticType,
    /// A date's, timestamp's or time's format (as in [`crate::value::DateFormat`]); a pair of
    /// booleans (`ja/nein`); the marks of a decimal or percentage, written as `1.234,56`,
    /// `1,234.56`, `1234.56`, `1234,56`, `1'234.56`, `1 234,56`. Decimals with a currency around
    /// them are counted with the plain ones and once more by themselves, as `€ 1.234,56`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// Rows.
    pub rows: u64,
}

/// What kind of value a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SemanticType {
    /// Whole number.
    Integer,
    /// Number with a fraction.
    Decimal,
    /// Calendar date.
    Date,
    /// Date with a time of day.
    Timestamp,
    /// Time of day.
    Time,
    /// Two values that stand for true and false.
    Boolean,
    /// E-mail address.
    Email,
    /// URL with its scheme.
    Url,
    /// UUID (RFC 9562).
    Uuid,
    /// IBAN with right check digits (ISO 13616).
    Iban,
    /// BIC (ISO 9362).
    Bic,
    /// Currency code (ISO 4217).
    Currency,
    /// Country code of two or three letters (ISO 3166-1).
    Country,
    /// Telephone number.
    Phone,
    /// Number with a per cent sign.
    Percentage,
    /// Code or number that names one thing: short, without spaces, almost all different.
    Identifier,
    /// One of a few values that repeat.
    Category,
    /// Text of several words.
    FreeText,
}

/// Two readings that the values admit alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ambiguity {
    /// `date_order` or `decimal_mark`.
    pub what: crate::source::What,
    /// The readings, e.g. `dmy` and `mdy`, or `.` and `,`.
    pub readings: Vec<String>,
    /// Rows whose value differs between them.
    pub rows: u64,
}

/// One bar of a histogram: `from <= x < to`, the last one with `x <= to`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bin {
    /// Lower bound.
    pub from: f64,
    /// Upper bound.
    pub to: f64,
    /// Rows.
    pub rows: u64,
}
