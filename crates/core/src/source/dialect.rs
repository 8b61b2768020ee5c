//! Dialects: what separates records and fields in a delimited text.

use serde::{Deserialize, Serialize};

/// How a quote character is written inside a quoted field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Escape {
    /// Not at all, or nothing showed how.
    None,
    /// Doubled (RFC 4180 section 2.7).
    Doubled,
    /// Behind this ASCII character, most often `\`.
    Char(u8),
}

/// What ends a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineEnd {
    /// LF; a CR before it belongs to it.
    Lf,
    /// CR LF; a lone LF ends a record too, a lone CR does not.
    Crlf,
    /// CR, LF or CR LF.
    Cr,
    /// CR, LF or CR LF, because the source has all sorts.
    Mixed,
}

impl LineEnd {
    /// The name used in decisions.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lf => "lf",
            Self::Crlf => "crlf",
            Self::Cr => "cr",
            Self::Mixed => "mixed",
        }
    }

    /// The line end of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Lf, Self::Crlf, Self::Cr, Self::Mixed]
            .into_iter()
            .find(|end| end.name() == name)
    }

    /// Whether a CR ends a record that no LF follows.
    #[must_use]
    pub const fn lone_cr_ends(self) -> bool {
        matches!(self, Self::Cr | Self::Mixed)
    }
}

/// What separates records and fields, in text that is UTF-8 (the stream transcodes).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialect {
    /// Between two fields; empty for a table of one column.
    pub delimiter: String,
    /// Quote character (ASCII), if there is one.
    pub quote: Option<u8>,
    /// How a quote is written inside a quoted field.
    pub escape: Escape,
    /// What ends a record.
    pub line_end: LineEnd,
    /// Whether any number of blanks is one delimiter, and those at the ends of a line are none; only
    /// with a blank as delimiter.
    pub runs: bool,
}

impl Dialect {
    /// RFC 4180, with LF as well as CR LF.
    #[must_use]
    pub fn rfc4180() -> Self {
        Self {
            delimiter: ",".to_owned(),
            quote: Some(b'"'),
            escape: Escape::Doubled,
            line_end: LineEnd::Crlf,
            runs: false,
        }
    }

    /// Whether a line is drawn: the lines of `-` above, below and under the header of a table with `|`
    /// between its cells, as databases and Markdown have them. It holds no data.
    pub(crate) fn is_drawn(&self, line: &[u8]) -> bool {
        let is_dashes = |part: &[u8]| {
            let part = part.trim_ascii();
            let part = part.strip_prefix(b":").unwrap_or(part);
            let part = part.strip_suffix(b":").unwrap_or(part);
            part.len() > 2 && part.iter().all(|byte| b"-=".contains(byte))
        };
        let line = line.trim_ascii();
        let begun = line.strip_prefix(b"|").or_else(|| line.strip_prefix(b"+"));
        let line = begun.unwrap_or(line);
        let ended = line.strip_suffix(b"|").or_else(|| line.strip_suffix(b"+"));
        let line = ended.unwrap_or(line);
        self.delimiter == "|" && line.split(|byte| b"|+".contains(byte)).all(is_dashes)
    }
}

/// How far a quoted field may reach, in bytes of UTF-8 text, before its opening quote counts as
/// literal text. Part of the published rule of record ends (docs/reading.md).
pub const QUOTE_REACH: usize = 4 << 20;

/// Limits on what one record may be; beyond them it is rejected, or the source is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Bytes of UTF-8 text in one field; a record with a longer one is rejected.
    pub field_bytes: usize,
    /// Bytes in one physical line; a source with a longer one cannot be read.
    pub line_bytes: usize,
    /// Columns of one table; a source with more cannot be read.
    pub columns: usize,
    /// Bytes that a packed source may unpack to; a source with more cannot be read. None is 200
    /// times the packed bytes, but at least 1 GiB and at most 64 GiB.
    pub inflated_bytes: Option<u64>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            field_bytes: 4 << 20,
            line_bytes: 64 << 20,
            columns: 16_384,
            inflated_bytes: None,
        }
    }
}
