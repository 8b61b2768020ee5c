//! Sniffing: how a delimited source is to be read, as decisions with confidence, each with the
//! evidence that it rests on.

mod candidates;
mod columns;
mod footer;
mod header;
mod kind;
mod layout;
mod names;
mod place;
mod samples;
mod tables;
mod totals;

use std::ops::Range;

use serde_json::Value;

use super::decision::{Alternative, Decision, Overrides, What};
use super::dialect::{Dialect, Escape, Limits, LineEnd};
use super::encoding::TextEncoding;
use super::error::SourceError;
use super::input::Input;
use super::record::Parser;
use super::repair::{self, Repair};
use super::survey::Survey;
use candidates::{Candidate, Given, Row};
pub use columns::Column;
pub(crate) use header::column_names;
use kind::{Kind, kind};
use samples::{Samples, sep_line};
pub(super) use tables::Tabled;

/// Rows of the head that the layout is told from.
const LAYOUT_ROWS: usize = 2_000;

/// Where the table stands in its source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// Byte at which the table's part of the source starts, behind other tables; 0 mostly.
    pub start: u64,
    /// Physical lines before that byte.
    pub start_line: u64,
    /// Physical lines of the part before the header or, without one, the data.
    pub preamble_lines: u64,
    /// Header records.
    pub header_lines: u64,
    /// Physical lines of the part behind the data.
    pub footer_lines: u64,
    /// Byte at which the data end, and with them what is read by records: footer, other tables or
    /// nothing follow.
    pub end: u64,
    /// Lines of units behind the header (0 or 1).
    pub units_lines: u64,
    /// What a comment line starts with, where the source has such lines.
    pub comment: Option<String>,
    /// The other tables, in source order.
    pub others: Vec<OtherTable>,
}

/// A table of the source that was not taken; it is read line by line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherTable {
    /// Its number, counted from 1.
    pub number: u64,
    /// First byte of its part of the source.
    pub start: u64,
    /// One past the last one.
    pub end: u64,
    /// Whether a blank line or text separates it from the table that was taken. If so it is no
    /// data; if not, its records are rejected, because they may be damaged records of that table.
    pub separated: bool,
}

/// What sniffing found out.
#[derive(Debug)]
pub(crate) struct Sniffed {
    pub(crate) dialect: Dialect,
    pub(crate) layout: Layout,
    /// Texts of the header as they stand in it; may repeat, be empty, or be more or fewer than the
    /// columns.
    pub(crate) header: Vec<String>,
    /// One of them for each column, empty where a column has none.
    pub(crate) names: Vec<String>,
    /// How sure it is that each of these stands over its own column.
    pub(crate) header_fit: f64,
    /// Number of columns.
    pub(crate) width: usize,
    /// What each holds.
    pub(crate) kept: Vec<Column>,
    pub(crate) decisions: Vec<Decision>,
}

/// Decides dialect and layout.
///
/// # Errors
/// When a decision is set to what it cannot be, or when the source cannot be read.
pub(crate) fn sniff(
    input: &Input,
    encoding: TextEncoding,
    survey: &Survey,
    overrides: &Overrides,
    limits: &Limits,
) -> Result<Sniffed, SourceError> {
    let (line_end, line_end_decision) = line_end(survey, overrides)?;
    let source = Part {
        input,
        encoding,
        line_end,
        overrides,
        limits,
        range: 0..input.size(),
        escaped_quote: survey.escaped_quote,
    };
    let whole = source.sniff()?;
    let by_hand = [What::PreambleLines, What::FooterLines]
        .into_iter()
        .any(|what| overrides.get(what, None).is_some());
    let wanted = overrides.get(What::Table, None);
    let tables = if by_hand && wanted.is_none() {
        Vec::new()
    } else {
        tables::tables(input, encoding, &whole.dialect, limits)?
    };
    let choice = tables::choose(input, &tables, wanted)?;
    let mut sniffed = match choice.range {
        None => whole,
        Some(range) => Part { range, ..source }.sniff()?,
    };
    sniffed.layout.start_line = choice.line;
    sniffed.layout.others = choice.others;
    sniffed.decisions.push(line_end_decision);
    sniffed.decisions.push(choice.decision);
    sniffed.decisions.sort_by_key(|decision| decision.what);
    Ok(sniffed)
}

/// A part of a source that is looked at as one table.
struct Part<'a> {
    input: &'a Input,
    encoding: TextEncoding,
    line_end: LineEnd,
    overrides: &'a Overrides,
    limits: &'a Limits,
    range: Range<u64>,
    escaped_quote: Option<u64>,
}

impl Part<'_> {
    fn sniff(&self) -> Result<Sniffed, SourceError> {
        let Self {
            input,
            line_end,
            overrides,
            limits,
            ..
        } = *self;
        let samples = samples::samples(
            input,
            self.encoding,
            line_end,
            limits,
            self.range.clone(),
            self.escaped_quote,
        )?;
        let sep = if self.range.start == 0 {
            sep_line(&samples.head)
        } else {
            None
        };
        let given = given(overrides, sep.as_deref())?;
        let candidates = candidates::candidates(&samples, line_end, &given);
        let blank = || SourceError::Blank {
            file: input.name().to_owned(),
        };
        let dialect = dialect(&samples, &given, candidates.first().ok_or_else(blank)?);
        let shapes = candidates::shapes(&samples.head, samples.whole, &dialect, LAYOUT_ROWS);
        let width = candidates::width_of(&shapes);
        let rows = candidates::rows(&samples.head, samples.whole, &dialect, width, LAYOUT_ROWS);
        if rows.iter().all(Row::blank) && samples.whole {
            return Err(blank());
        }
        let mut decisions =
            dialect_decisions(&dialect, &candidates, overrides, sep.is_some(), &rows);
        let evidence = place::Evidence {
            input,
            samples: &samples,
            range: self.range.clone(),
            rows: &rows,
            dialect: &dialect,
            width,
            overrides,
            sep: sep.is_some(),
        };
        let layout = evidence.layout(&mut decisions)?;
        let data: Vec<Row> = data(&rows, &layout);
        let header = header::header(&rows, &layout, width);
        let (texts, by_person) = (
            header.len(),
            overrides.get(What::HeaderLines, None).is_some(),
        );
        let header = header::fitted(header, width, &data);
        if header.confidence < 1.0 && !by_person {
            doubt_header(&mut decisions, texts, width, header.confidence);
        }
        if width > limits.columns {
            return Err(SourceError::TooManyColumns {
                file: input.name().to_owned(),
                line: layout.preamble_lines + 1,
                columns: width,
                limit: limits.columns,
            });
        }
        Ok(Sniffed {
            dialect,
            layout,
            header: header.texts,
            names: header.names,
            header_fit: header.confidence,
            width,
            kept: columns::columns(&data, width),
            decisions,
        })
    }
}

/// Makes the decision about the header as little sure as its fit.
fn doubt_header(decisions: &mut [Decision], texts: usize, width: usize, fit: f64) {
    let decided = decisions.iter_mut();
    for decision in decided.filter(|decision| decision.what == What::HeaderLines) {
        let reason = format!(
            "{}, but has {texts} names for {width} columns: they may stand over the wrong ones",
            decision.reason
        );
        let confidence = decision.confidence.min(fit);
        let alternatives = vec![Alternative {
            value: 0.into(),
            confidence: round(1.0 - confidence),
        }];
        *decision = Decision::new(
            decision.what,
            decision.value.clone(),
            confidence,
            alternatives,
            reason,
        );
    }
}

/// The rows behind preamble, header and units.
fn data(rows: &[Row], layout: &Layout) -> Vec<Row> {
    let headers = layout.header_lines + layout.units_lines;
    rows.iter()
        .filter(|row| row.line >= layout.preamble_lines && !row.blank())
        .skip(usize::try_from(headers).unwrap_or(usize::MAX))
        .cloned()
        .collect()
}

/// The dialect of the best candidate, with what only the whole sample tells.
fn dialect(samples: &Samples, given: &Given, best: &Candidate) -> Dialect {
    let mut dialect = best.dialect.clone();
    if given.delimiter.is_some() {
        return dialect;
    }
    if dialect.delimiter.is_empty() && !has_comma(samples, &dialect) {
        // One column either way; the comma is what a second one would most likely bring.
        ",".clone_into(&mut dialect.delimiter);
    }
    if stands_twice(samples, &dialect) {
        dialect.delimiter = dialect.delimiter.repeat(2);
    }
    if blank_follows(samples, &dialect) {
        if blank_precedes(samples, &dialect) {
            dialect.delimiter.insert(0, ' ');
        }
        dialect.delimiter.push(' ');
    }
    dialect
}

fn line_end(survey: &Survey, overrides: &Overrides) -> Result<(LineEnd, Decision), SourceError> {
    if let Some(value) = overrides.get(What::LineEnd, None) {
        let name = value.as_str().unwrap_or_default();
        let end = LineEnd::parse(name).ok_or_else(|| SourceError::BadOverride {
            what: What::LineEnd.name(),
            value: name.to_owned(),
            expected: "lf, crlf, cr or mixed".to_owned(),
        })?;
        return Ok((end, by_person(What::LineEnd, end.name())));
    }
    let lone_cr = survey.lone_carriage_returns();
    let lone_lf = survey.line_feeds - survey.pairs;
    let ends = survey.line_feeds;
    // A CR in every third line ends records; a rare one is damage inside a record.
    let (end, confidence) = if lone_cr > 4 * ends {
        (LineEnd::Cr, 0.97)
    } else if lone_cr * 3 > ends {
        (LineEnd::Mixed, 0.7)
    } else if lone_cr == 0 && survey.pairs.min(lone_lf) * 5 >= ends.max(1) {
        (LineEnd::Mixed, 0.97)
    } else if survey.pairs > lone_lf {
        (LineEnd::Crlf, 0.99)
    } else {
        (LineEnd::Lf, 0.99)
    };
    let reason = format!(
        "{} CR LF, {lone_lf} lone LF, {lone_cr} lone CR",
        survey.pairs
    );
    let mut alternatives = Vec::new();
    if lone_cr > 0 && ends > 0 {
        let other = if end == LineEnd::Mixed {
            LineEnd::Lf
        } else {
            LineEnd::Mixed
        };
        alternatives.push(Alternative {
            value: other.name().into(),
            confidence: 1.0 - confidence,
        });
    }
    Ok((
        end,
        Decision::new(What::LineEnd, end.name(), confidence, alternatives, reason),
    ))
}

pub(super) fn by_person(what: What, value: impl Into<Value>) -> Decision {
    Decision::new(what, value, 1.0, Vec::new(), "set by a person")
}

fn given(overrides: &Overrides, sep: Option<&str>) -> Result<Given, SourceError> {
    let delimiter = match overrides.get(What::Delimiter, None) {
        Some(value) => Some(delimiter_text(value)?),
        None => sep.map(str::to_owned),
    };
    let quote = overrides
        .get(What::Quote, None)
        .map(|value| one_ascii(What::Quote, value))
        .transpose()?;
    let escape = match overrides.get(What::Escape, None) {
        None => None,
        Some(value) => Some(match one_ascii(What::Escape, value)? {
            None => Escape::None,
            Some(byte) if quote == Some(Some(byte)) || (quote.is_none() && byte == b'"') => {
                Escape::Doubled
            }
            Some(byte) => Escape::Char(byte),
        }),
    };
    let runs = repair::given(overrides)?.map(|repairs| repairs.contains(&Repair::BlankRuns));
    Ok(Given {
        delimiter,
        quote,
        escape,
        runs,
    })
}

fn delimiter_text(value: &Value) -> Result<String, SourceError> {
    let bad = || SourceError::BadOverride {
        what: What::Delimiter.name(),
        value: value.to_string(),
        expected: r"a text such as ';', '|', tab, '||' or '\x01', or nothing for one column"
            .to_owned(),
    };
    let text = value.as_str().ok_or_else(bad)?;
    let hexadecimal = text.strip_prefix("\\x").filter(|digits| digits.len() == 2);
    let sign = hexadecimal.and_then(|digits| u8::from_str_radix(digits, 16).ok());
    let text = match (text, sign) {
        ("\\t" | "tab", _) => "\t".to_owned(),
        (_, Some(sign)) if sign.is_ascii() => char::from(sign).to_string(),
        (other, _) => other.to_owned(),
    };
    if text.contains(['\n', '\r', '"']) {
        return Err(bad());
    }
    Ok(text)
}

fn one_ascii(what: What, value: &Value) -> Result<Option<u8>, SourceError> {
    match value.as_str().map(str::as_bytes) {
        Some([]) => Ok(None),
        Some([byte]) if byte.is_ascii_graphic() && !byte.is_ascii_alphanumeric() => Ok(Some(*byte)),
        _ => Err(SourceError::BadOverride {
            what: what.name(),
            value: value.to_string(),
            expected: "one ASCII sign, or nothing".to_owned(),
        }),
    }
}

/// Whether a comma stands outside the quotes of a table of one column.
fn has_comma(samples: &Samples, dialect: &Dialect) -> bool {
    let with = Dialect {
        delimiter: ",".to_owned(),
        ..dialect.clone()
    };
    candidates::shapes(&samples.head, samples.whole, &with, usize::MAX)
        .iter()
        .chain(&candidates::shapes(&samples.tail, true, &with, usize::MAX))
        .any(|row| row.fields() > 1)
}

/// Whether a blank follows every delimiter of the head, so that it belongs to the delimiter. Where
/// only numbers stand behind the blanks it makes no difference, and few lines show nothing.
fn blank_follows(samples: &Samples, dialect: &Dialect) -> bool {
    if dialect.delimiter.is_empty() || dialect.delimiter.trim().is_empty() {
        return false;
    }
    let parser = Parser::new(dialect, 0);
    let (mut rows, mut divided, mut texts) = (0, 0, 0);
    let mut all = true;
    candidates::each(&samples.head, samples.whole, &parser, |record, _| {
        for span in record.fields.iter().skip(1) {
            let text = candidates::cell(&samples.head, span, &parser);
            if span.quoted || !text.starts_with(' ') || text.starts_with("  ") {
                all = false;
                return false;
            }
            let kind = kind(&text, false);
            texts += usize::from(rows > 0 && !kind.typed() && kind != Kind::Empty);
        }
        divided += usize::from(record.fields.len() > 1);
        rows += 1;
        rows < LAYOUT_ROWS
    });
    all && divided >= 3 && texts > 0
}

/// Whether one blank precedes every delimiter of the head, as one follows it.
fn blank_precedes(samples: &Samples, dialect: &Dialect) -> bool {
    let parser = Parser::new(dialect, 0);
    let mut all = true;
    candidates::each(&samples.head, samples.whole, &parser, |record, _| {
        let last = record.fields.len().saturating_sub(1);
        all &= record
            .fields
            .iter()
            .take(last)
            .enumerate()
            .all(|(at, span)| {
                let text = candidates::cell(&samples.head, span, &parser);
                // The blank that follows the delimiter before it is not the one that precedes the next.
                let text = text.get(usize::from(at > 0)..).unwrap_or_default();
                !span.quoted && text.ends_with(' ') && !text.ends_with("  ")
            });
        all
    });
    all
}

/// Whether the delimiter stands twice wherever it stands, so that every second column is empty, its name
/// included. A single empty column may be one all the same.
fn stands_twice(samples: &Samples, dialect: &Dialect) -> bool {
    if dialect.delimiter.trim().is_empty() {
        return false;
    }
    let parser = Parser::new(dialect, 0);
    let (mut rows, mut divided, mut several) = (0, 0, false);
    let mut all = true;
    candidates::each(&samples.head, samples.whole, &parser, |record, _| {
        let every_second = record.fields.iter().skip(1).step_by(2);
        let mut empty = every_second.map(|span| !span.quoted && span.start == span.end);
        all &= record.fields.len() % 2 == 1 && empty.all(|empty| empty);
        divided += usize::from(record.fields.len() > 1);
        several |= record.fields.len() >= 5;
        rows += 1;
        all && rows < LAYOUT_ROWS
    });
    all && several && divided >= 3
}

fn dialect_decisions(
    dialect: &Dialect,
    candidates: &[Candidate],
    overrides: &Overrides,
    sep: bool,
    rows: &[Row],
) -> Vec<Decision> {
    let quote = dialect
        .quote
        .map_or_else(String::new, |quote| char::from(quote).to_string());
    let escape = match dialect.escape {
        Escape::None => String::new(),
        Escape::Doubled => quote.clone(),
        Escape::Char(byte) => char::from(byte).to_string(),
    };
    let set = |what| overrides.get(what, None).is_some();
    let delimiter_decision = if set(What::Delimiter) {
        by_person(What::Delimiter, dialect.delimiter.as_str())
    } else if sep {
        let reason = "the first line says so (sep=)";
        Decision::new(
            What::Delimiter,
            dialect.delimiter.as_str(),
            1.0,
            Vec::new(),
            reason,
        )
    } else {
        delimiter_decision(dialect, candidates)
    };
    let quoted = rows
        .iter()
        .filter(|row| row.cells.iter().any(|cell| cell.quoted))
        .count();
    let faults = rows.iter().filter(|row| row.fault.is_some()).count();
    let opened = rows
        .iter()
        .flat_map(|row| &row.cells)
        .filter(|cell| !cell.quoted && cell.text.starts_with('"'))
        .count();
    let quote_decision = if set(What::Quote) {
        by_person(What::Quote, quote)
    } else {
        let (confidence, reason) = match (quoted, faults) {
            // A field that begins with a quote may be a broken one, where nothing else is quoted.
            (0, 0) if opened > 0 => (
                0.85,
                format!("fields that begin with a quote: {opened}; enclosed in quotes: none"),
            ),
            (0, 0) => (0.95, "no field is quoted in what was looked at".to_owned()),
            (quoted, 0) => (
                0.99,
                format!("{quoted} records have a quoted field, none is broken"),
            ),
            (quoted, faults) => {
                let share = quoted as f64 / (quoted + faults) as f64;
                (
                    share.clamp(0.5, 0.97),
                    format!("{quoted} records are quoted well, {faults} are not"),
                )
            }
        };
        Decision::new(What::Quote, quote, confidence, Vec::new(), reason)
    };
    let escape_decision = if set(What::Escape) {
        by_person(What::Escape, escape)
    } else {
        Decision::new(
            What::Escape,
            escape,
            0.96,
            Vec::new(),
            "fits the quoted fields best",
        )
    };
    vec![delimiter_decision, quote_decision, escape_decision]
}

fn delimiter_decision(dialect: &Dialect, candidates: &[Candidate]) -> Decision {
    let best = candidates.first();
    let score = best.map_or(0.0, |best| best.score);
    // That nothing divides the lines is no rival where blanks do so beyond doubt.
    let beyond = |other: &&Candidate| !best.is_some_and(|best| best.divides_by_blanks(other));
    let rivals: Vec<&Candidate> = candidates.iter().skip(1).filter(beyond).collect();
    let second = rivals.first().map_or(0.0, |second| second.score);
    let margin = if score > 0.0 {
        (score - second) / score
    } else {
        0.0
    };
    // That nothing delimits is less than evidence for a delimiter.
    let most = match dialect.delimiter.as_str() {
        "" => 0.8,
        " " => 0.95,
        _ => 0.995,
    };
    let confidence = (0.55 + 0.9 * margin).min(most);
    let alternatives = rivals
        .iter()
        .filter(|other| other.score > 0.0)
        .take(3)
        .map(|other| Alternative {
            value: other.dialect.delimiter.as_str().into(),
            confidence: round(
                ((1.0 - confidence) * other.score / second.max(f64::EPSILON)).min(1.0 - confidence),
            ),
        })
        .collect();
    let reason = best.map_or_else(String::new, |best| {
        if dialect.delimiter.is_empty() {
            "nothing divides the lines into columns that keep their kind".to_owned()
        } else {
            format!(
                "{:.0} % of the records looked at have {} fields, and the columns keep their kind ({:.0} %)",
                best.regular * 100.0,
                best.width,
                best.typed * 100.0
            )
        }
    });
    Decision::new(
        What::Delimiter,
        dialect.delimiter.as_str(),
        round(confidence),
        alternatives,
        reason,
    )
}

fn round(confidence: f64) -> f64 {
    (confidence * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests;
