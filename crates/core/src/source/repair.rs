//! Repairs: other readings of a record that does not fit. A record is repaired only where exactly
//! one of them gives the table's number of fields and the kinds of value that its columns keep.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::checks::other_delimiters;
use super::decision::{Overrides, What};
use super::dialect::Dialect;
use super::error::SourceError;
use super::record::{Parsed, Parser, Record};
use super::sniff::Column;

/// One way to repair what a source holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Repair {
    /// Control characters U+0080 to U+009F of a Unicode source stand for those that windows-1252
    /// has at these numbers: the text was taken for ISO 8859-1 before it became Unicode.
    ControlCharacters,
    /// Columns are aligned with blanks: any number of them stands between two fields.
    BlankRuns,
    /// The record has another delimiter than the table.
    OtherDelimiter,
    /// Quotes that are not escaped, or not closed, are text.
    Quotes,
    /// A delimiter is text of a field that should have been quoted.
    JoinedFields,
    /// Fields without a value were left out.
    MissingFields,
    /// A byte order mark stands at the start of the record.
    ByteOrderMark,
    /// The bytes of the record are windows-1252, while the source is UTF-8.
    OtherEncoding,
}

impl Repair {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::ControlCharacters,
        Self::BlankRuns,
        Self::OtherDelimiter,
        Self::Quotes,
        Self::JoinedFields,
        Self::MissingFields,
        Self::ByteOrderMark,
        Self::OtherEncoding,
    ];

    /// The name used in decisions and hints.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ControlCharacters => "control_characters",
            Self::BlankRuns => "blank_runs",
            Self::OtherDelimiter => "other_delimiter",
            Self::Quotes => "quotes",
            Self::JoinedFields => "joined_fields",
            Self::MissingFields => "missing_fields",
            Self::ByteOrderMark => "byte_order_mark",
            Self::OtherEncoding => "other_encoding",
        }
    }
}

/// The repairs of a source.
pub type Repairs = BTreeSet<Repair>;

/// The repairs that a person set: names with commas between them, `all`, or nothing for none.
///
/// # Errors
/// When a name is none of them.
pub(crate) fn given(overrides: &Overrides) -> Result<Option<Repairs>, SourceError> {
    let Some(value) = overrides.get(What::Repair, None) else {
        return Ok(None);
    };
    parse(value.as_str().unwrap_or_default())
        .map(Some)
        .ok_or_else(|| SourceError::BadOverride {
            what: What::Repair.name(),
            value: value.to_string(),
            expected: "`all`, nothing, or names with commas between them (docs/reading.md)"
                .to_owned(),
        })
}

/// Names with commas between them, `all`, or nothing.
#[must_use]
pub fn parse(text: &str) -> Option<Repairs> {
    match text.trim() {
        "" => Some(Repairs::new()),
        "all" => Some(Repair::ALL.into_iter().collect()),
        names => names
            .split(',')
            .map(|name| {
                Repair::ALL
                    .into_iter()
                    .find(|one| one.name() == name.trim())
            })
            .collect(),
    }
}

/// The value of a decision about repairs.
#[must_use]
pub fn names(repairs: &Repairs) -> String {
    let names: Vec<&str> = repairs.iter().map(|repair| repair.name()).collect();
    names.join(",")
}

/// Cells of all ways to join or to fill the fields of one record, beyond which none is tried.
const MOST_CELLS: usize = 1 << 16;

/// What a record becomes: texts of its fields; nothing where a field has no value.
pub(crate) type Cells = Vec<Option<String>>;

/// Tries the other readings of a record.
#[derive(Debug)]
pub(crate) struct Mender {
    columns: Vec<Column>,
    own: Parser,
    dialect: Dialect,
    others: Vec<Parser>,
    record: Record,
    /// Whether the bytes of a record are those of the source; other encodings are transcoded.
    utf8: bool,
}

impl Mender {
    /// For tables of one dialect whose columns keep these kinds; `utf8` = the source is UTF-8.
    pub(crate) fn new(dialect: &Dialect, columns: &[Column], utf8: bool) -> Self {
        let width = columns.len();
        let others = other_delimiters(dialect, width);
        Self {
            columns: columns.to_vec(),
            own: Parser::new(dialect, width),
            dialect: dialect.clone(),
            others: others.into_iter().map(|(_, parser)| parser).collect(),
            record: Record::default(),
            utf8,
        }
    }

    /// The one other reading of a record that cannot be taken as it is, if there is exactly one.
    /// `bytes` = its text, line end excluded.
    pub(crate) fn mend(&mut self, bytes: &[u8]) -> Option<(Repair, Cells)> {
        if self.columns.len() < 2 {
            return None;
        }
        let (text, decoded) = match std::str::from_utf8(bytes) {
            Ok(text) => (text.to_owned(), false),
            Err(_) if !self.utf8 => return None,
            Err(_) => (encoding_rs::WINDOWS_1252.decode(bytes).0.into_owned(), true),
        };
        if text.contains('\0') || text.contains('\r') {
            return None;
        }
        if decoded {
            let cells = self.parsed(None, &text)?;
            return self.fits(&cells).then_some((Repair::OtherEncoding, cells));
        }
        if let Some(rest) = text.strip_prefix('\u{feff}') {
            let cells = self.parsed(None, rest)?;
            return self.fits(&cells).then_some((Repair::ByteOrderMark, cells));
        }
        let mut readings: Vec<(Repair, Cells)> = Vec::new();
        for other in 0..self.others.len() {
            if let Some(cells) = self.parsed(Some(other), &text) {
                readings.push((Repair::OtherDelimiter, cells));
            }
        }
        match self.fields(None, &text) {
            None => {
                let split = self.split(&text).into_iter();
                readings.extend(split.map(|cells| (Repair::Quotes, cells)));
            }
            Some(cells) if cells.len() > self.columns.len() => {
                readings.extend(self.joined(&cells));
            }
            Some(cells) => readings.extend(self.filled(&cells)),
        }
        readings.retain(|(_, cells)| self.fits(cells));
        readings.dedup_by(|a, b| a.1 == b.1);
        let only = readings.pop()?;
        readings.is_empty().then_some(only)
    }

    /// The fields by the table's dialect, or by another delimiter, as many as the columns.
    fn parsed(&mut self, other: Option<usize>, text: &str) -> Option<Cells> {
        let cells = self.fields(other, text)?;
        (cells.len() == self.columns.len()).then_some(cells)
    }

    /// The fields, however many; nothing where the quotes break the rule.
    fn fields(&mut self, other: Option<usize>, text: &str) -> Option<Cells> {
        let parser = other.map_or(Some(&self.own), |other| self.others.get(other))?;
        let record = &mut self.record;
        let parsed = parser.parse(text.as_bytes(), 0, true, record);
        let whole = record.fault.is_none() && record.end == text.len();
        if parsed != Parsed::Complete || !whole {
            return None;
        }
        let cells = record.fields.iter().map(|field| {
            let cell = text.get(field.start..field.end).unwrap_or_default();
            match (field.escaped, cell) {
                (true, cell) => Some(parser.unescape(cell)),
                (false, "") if !field.quoted => None,
                (false, cell) => Some(cell.to_owned()),
            }
        });
        Some(cells.collect())
    }

    /// The fields where quotes are text: cut at every delimiter, and cut at those only that stand
    /// outside of a pair of quotes at the borders of a field.
    fn split(&self, text: &str) -> Vec<Cells> {
        let delimiter = self.dialect.delimiter.as_str();
        if delimiter.is_empty() {
            return Vec::new();
        }
        let cell = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let all: Cells = text
            .split(delimiter)
            .map(|part| cell(self.bare(part)))
            .collect();
        let Some(quote) = self.dialect.quote.map(char::from) else {
            return vec![all];
        };
        let closing = format!("{quote}{delimiter}");
        let mut framed = Cells::new();
        let mut rest = Some(text);
        while let Some(now) = rest {
            let end = match now
                .strip_prefix(quote)
                .and_then(|inside| inside.find(&closing))
            {
                Some(end) => Some(end + 1 + quote.len_utf8()),
                None => now.find(delimiter),
            };
            let (part, next) = match end.and_then(|end| now.split_at_checked(end)) {
                Some((part, next)) => (part, next.strip_prefix(delimiter)),
                None => (now, None),
            };
            framed.push(cell(self.bare(part)));
            rest = next;
        }
        let mut readings = vec![all];
        if readings.first() != Some(&framed) {
            readings.push(framed);
        }
        readings
    }

    /// A field without the quotes at its ends.
    fn bare<'a>(&self, part: &'a str) -> &'a str {
        let Some(quote) = self.dialect.quote.map(char::from) else {
            return part;
        };
        let trimmed = part.trim_matches([' ', '\t']);
        match trimmed.strip_prefix(quote) {
            Some(inner) => inner.strip_suffix(quote).unwrap_or(inner),
            None => part,
        }
    }

    /// Every way to take neighbouring fields for one.
    fn joined(&self, cells: &Cells) -> Vec<(Repair, Cells)> {
        let width = self.columns.len();
        if width.saturating_mul(cells.len()) > MOST_CELLS {
            return Vec::new();
        }
        let extra = cells.len() - width;
        (0..width)
            .map(|at| {
                let texts = cells.iter().map(|cell| cell.as_deref().unwrap_or_default());
                let texts: Vec<&str> = texts.collect();
                let join = texts.get(at..=at + extra).unwrap_or_default();
                let mut joined: Cells = cells.iter().take(at).cloned().collect();
                joined.push(Some(join.join(&self.dialect.delimiter)));
                joined.extend(cells.iter().skip(at + extra + 1).cloned());
                (Repair::JoinedFields, joined)
            })
            .collect()
    }

    /// Every place at which the fields that are missing may have stood.
    fn filled(&self, cells: &Cells) -> Vec<(Repair, Cells)> {
        if self.columns.len().saturating_mul(cells.len()) > MOST_CELLS {
            return Vec::new();
        }
        let missing = self.columns.len() - cells.len();
        (0..=cells.len())
            .map(|at| {
                let mut filled: Cells = cells.iter().take(at).cloned().collect();
                filled.extend(std::iter::repeat_n(None, missing));
                filled.extend(cells.iter().skip(at).cloned());
                (Repair::MissingFields, filled)
            })
            .collect()
    }

    /// Whether the fields are as many as the columns, and of their kinds.
    fn fits(&self, cells: &Cells) -> bool {
        cells.len() == self.columns.len()
            && cells
                .iter()
                .zip(&self.columns)
                .all(|(cell, column)| column.takes(cell.as_deref()))
    }
}
