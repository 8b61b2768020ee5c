//! Readings: everything that was decided about a source, ready for a reader.

use super::decision::{Decision, Overrides};
use super::dialect::{Dialect, Limits};
use super::encoding::{self, TextEncoding};
use super::error::SourceError;
use super::input::Input;
use super::sniff::{self, Layout};
use super::survey;

/// How a source is read.
#[derive(Debug, Clone)]
pub struct Reading {
    /// Encoding and byte order mark.
    pub encoding: TextEncoding,
    /// What separates records and fields.
    pub dialect: Dialect,
    /// Where the table stands.
    pub layout: Layout,
    /// Texts of the header as they stand in the source; they may repeat, be empty, or be more or
    /// fewer than the columns.
    pub header: Vec<String>,
    /// Names of the columns, unique: duplicates are `name#2`, empty ones `column_3`.
    pub columns: Vec<String>,
    /// The decisions behind all that.
    pub decisions: Vec<Decision>,
    /// Whether all bytes are ASCII, so that every 8-bit encoding reads them alike.
    pub ascii: bool,
    /// SHA-256 of the source in hexadecimal.
    pub sha256: String,
}

impl Reading {
    /// Looks at the whole source once, and decides how it is read.
    ///
    /// # Errors
    /// When it is no delimited text, cannot be read, or an override is impossible.
    pub fn decide(
        input: &Input,
        overrides: &Overrides,
        limits: &Limits,
    ) -> Result<Self, SourceError> {
        let survey = survey::survey(input, 1 << 18)?;
        super::binary::refuse(input, &survey)?;
        let (encoding, decision) = encoding::decide(&survey, input.size(), overrides)?;
        let sniffed = sniff::sniff(input, encoding, &survey, overrides, limits)?;
        let mut decisions = vec![decision];
        decisions.extend(sniffed.decisions);
        let columns = sniff::column_names(&sniffed.header, sniffed.width);
        Ok(Self {
            encoding,
            dialect: sniffed.dialect,
            layout: sniffed.layout,
            header: sniffed.header,
            columns,
            decisions,
            ascii: survey.high == 0 && survey.nul == [0; 2],
            sha256: survey.sha256,
        })
    }
}
