//! Readings: everything that was decided about a source, ready for a reader.

use std::panic::resume_unwind;
use std::thread;

use super::decision::{Decision, Overrides, What};
use super::dialect::{Dialect, Limits};
use super::encoding::{self, TextEncoding};
use super::error::SourceError;
use super::input::Input;
use super::repair::{self, Repair, Repairs};
use super::sniff::{self, Column, Layout};
use super::survey::Survey;

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
    /// How sure it is that each of these stands over its own column: less than 1 where they are more or fewer
    /// than the columns and the rows do not tell.
    pub header_fit: f64,
    /// Names of the columns, unique: duplicates are `name#2`, empty ones `column_3`.
    pub columns: Vec<String>,
    /// What each column holds, for repairs; none where that is not known.
    pub kept: Vec<Column>,
    /// What is mended on the way.
    pub repairs: Repairs,
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
        // The hash says nothing of how a source is read; it is taken meanwhile.
        thread::scope(|scope| {
            let digest = scope.spawn(|| input.sha256());
            let decided = Self::without_hash(input, overrides, limits);
            let sha256 = match digest.join() {
                Ok(sha256) => sha256,
                Err(panic) => resume_unwind(panic),
            };
            Ok(Self {
                sha256: sha256?.to_owned(),
                ..decided?
            })
        })
    }

    /// Everything but the hash, which stays empty.
    fn without_hash(
        input: &Input,
        overrides: &Overrides,
        limits: &Limits,
    ) -> Result<Self, SourceError> {
        let survey = input.survey()?;
        super::binary::refuse(input, survey, overrides)?;
        let (encoding, decision) = encoding::decide(survey, input.size(), overrides)?;
        let sniffed = sniff::sniff(input, encoding, survey, overrides, limits)?;
        let mut decisions = vec![decision];
        decisions.extend(sniffed.decisions);
        let repairs = repairs(survey, encoding, &sniffed.dialect, overrides)?;
        if let Some(decision) = repair_decision(&repairs, survey, overrides) {
            decisions.push(decision);
            decisions.sort_by_key(|decision| decision.what);
        }
        let columns = sniff::column_names(&sniffed.names, sniffed.width);
        Ok(Self {
            encoding,
            dialect: sniffed.dialect,
            layout: sniffed.layout,
            header: sniffed.header,
            header_fit: sniffed.header_fit,
            columns,
            kept: sniffed.kept,
            repairs,
            decisions,
            ascii: survey.high == 0 && survey.nul == [0; 2],
            sha256: String::new(),
        })
    }
}

/// The repairs that a person set, or those that the whole source asks for.
fn repairs(
    survey: &Survey,
    encoding: TextEncoding,
    dialect: &Dialect,
    overrides: &Overrides,
) -> Result<Repairs, SourceError> {
    if let Some(repairs) = repair::given(overrides)? {
        return Ok(repairs);
    }
    let mut repairs = Repairs::new();
    if encoding.encoding == encoding_rs::UTF_8 && survey.utf8_controls > 0 {
        repairs.insert(Repair::ControlCharacters);
    }
    if dialect.runs {
        repairs.insert(Repair::BlankRuns);
    }
    Ok(repairs)
}

fn repair_decision(repairs: &Repairs, survey: &Survey, overrides: &Overrides) -> Option<Decision> {
    let value = repair::names(repairs);
    if overrides.get(What::Repair, None).is_some() {
        return Some(sniff::by_person(What::Repair, value));
    }
    if repairs.is_empty() {
        return None;
    }
    let mut reasons = Vec::new();
    if repairs.contains(&Repair::ControlCharacters) {
        reasons.push(format!(
            "{} control characters U+0080 to U+009F stand for those of windows-1252",
            survey.utf8_controls
        ));
    }
    if repairs.contains(&Repair::BlankRuns) {
        reasons.push("the columns are aligned with blanks".to_owned());
    }
    let reason = reasons.join("; ");
    Some(Decision::new(What::Repair, value, 0.95, Vec::new(), reason))
}
