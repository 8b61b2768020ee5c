//! Sniffing: how a delimited source is to be read, as decisions with confidence, each with the
//! evidence that it rests on.

mod candidates;
mod kind;
mod layout;

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::decision::{Alternative, Decision, Overrides, What};
use super::dialect::{Dialect, Escape, Limits, LineEnd};
use super::encoding::TextEncoding;
use super::error::SourceError;
use super::input::Input;
use super::stream::Stream;
use super::survey::Survey;
use candidates::{Candidate, Given, Row};

/// Text at the start of a source that is looked at, in bytes.
const HEAD_BYTES: usize = 256 << 10;
/// Text at its end.
const TAIL_BYTES: u64 = 64 << 10;
/// Rows of the head that the layout is told from.
const LAYOUT_ROWS: usize = 2_000;

/// Where the table stands in its source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// Physical lines before the header or, without one, the data.
    pub preamble_lines: u64,
    /// Header records.
    pub header_lines: u64,
    /// Physical lines behind the data.
    pub footer_lines: u64,
    /// Byte of the source at which the footer starts; its size where there is none.
    pub footer_start: u64,
    /// Lines of units behind the header (0 or 1).
    pub units_lines: u64,
    /// What a comment line starts with, where the source has such lines.
    pub comment: Option<String>,
}

/// What sniffing found out.
#[derive(Debug)]
pub(crate) struct Sniffed {
    pub(crate) dialect: Dialect,
    pub(crate) layout: Layout,
    /// Texts of the header as they stand in it; may repeat, be empty, or be more or fewer than the
    /// columns.
    pub(crate) header: Vec<String>,
    /// Number of columns.
    pub(crate) width: usize,
    pub(crate) decisions: Vec<Decision>,
}

/// The source's text as far as it is looked at.
struct Samples {
    head: Vec<u8>,
    /// Whether the head is the whole source.
    whole: bool,
    /// Text at the end, from a line start on; all of it if the head is the whole source.
    tail: Vec<u8>,
    /// Byte of the source at which the tail starts, and of each of its lines.
    tail_lines: Vec<u64>,
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
    let samples = samples(input, encoding, line_end, limits)?;
    let sep = sep_line(&samples.head);
    let given = given(overrides, sep.as_deref())?;
    let candidates = candidates::candidates(&samples, line_end, &given);
    let Some(best) = candidates.first() else {
        return Err(SourceError::Blank {
            file: input.name().to_owned(),
        });
    };
    let mut dialect = best.dialect.clone();
    if dialect.delimiter.is_empty() && given.delimiter.is_none() && !has_comma(&samples, &dialect) {
        // One column either way; the comma is what a second one would most likely bring.
        ",".clone_into(&mut dialect.delimiter);
    }
    if given.delimiter.is_none() && blank_follows(&samples, &dialect) {
        dialect.delimiter.push(' ');
    }
    let rows = candidates::rows(&samples.head, samples.whole, &dialect, 0, LAYOUT_ROWS);
    let width = candidates::common_width(&rows);
    let rows = candidates::rows(&samples.head, samples.whole, &dialect, width, LAYOUT_ROWS);
    if rows.iter().all(Row::blank) && samples.whole {
        return Err(SourceError::Blank {
            file: input.name().to_owned(),
        });
    }
    let mut decisions = dialect_decisions(&dialect, &candidates, overrides, sep.is_some(), &rows);
    decisions.push(line_end_decision);
    let layout = layout(
        input,
        &samples,
        &rows,
        &dialect,
        width,
        overrides,
        &mut decisions,
        sep.is_some(),
    )?;
    let header = header(&rows, &layout, width);
    if width > limits.columns {
        return Err(SourceError::TooManyColumns {
            file: input.name().to_owned(),
            line: layout.preamble_lines + 1,
            columns: width,
            limit: limits.columns,
        });
    }
    decisions.push(Decision::new(
        What::Table,
        1,
        1.0,
        Vec::new(),
        "the source is read as one table",
    ));
    decisions.sort_by_key(|decision| decision.what);
    Ok(Sniffed {
        dialect,
        layout,
        header,
        width,
        decisions,
    })
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

fn by_person(what: What, value: impl Into<Value>) -> Decision {
    Decision::new(what, value, 1.0, Vec::new(), "set by a person")
}

fn samples(
    input: &Input,
    encoding: TextEncoding,
    line_end: LineEnd,
    limits: &Limits,
) -> Result<Samples, SourceError> {
    let mut stream = Stream::new(input, encoding, 0, input.size(), HEAD_BYTES)?;
    stream.fill()?;
    while !stream.ended() && stream.text().len() < HEAD_BYTES && stream.held() < limits.line_bytes {
        stream.fill()?;
    }
    let head = stream.text().to_vec();
    let whole = stream.ended();
    let from = if whole {
        0
    } else {
        tail_start(input, encoding, line_end)?
    };
    let mut stream = Stream::new(input, encoding, from, input.size(), HEAD_BYTES)?;
    while !stream.ended() && stream.held() < limits.line_bytes {
        stream.fill()?;
    }
    let tail = stream.text().to_vec();
    let mut tail_lines = Vec::new();
    let parser = super::record::Parser::new(
        &Dialect {
            line_end,
            ..Dialect::rfc4180()
        },
        0,
    );
    while !stream.text().is_empty() {
        tail_lines.push(if stream.byte() == encoding.bom as u64 {
            0
        } else {
            stream.byte()
        });
        let Some((_, end)) = parser.line_end(stream.text(), 0, true) else {
            break;
        };
        stream.consume(end);
    }
    Ok(Samples {
        head,
        whole,
        tail,
        tail_lines,
    })
}

/// The first line start in the last bytes of the source.
fn tail_start(
    input: &Input,
    encoding: TextEncoding,
    line_end: LineEnd,
) -> Result<u64, SourceError> {
    let unit = encoding.unit() as u64;
    let from = (input.size().saturating_sub(TAIL_BYTES) / unit) * unit;
    let bytes = input.range(from, input.size())?;
    let mut at = 0;
    while let Some(found) = bytes.get(at..).and_then(|rest| {
        if line_end.lone_cr_ends() {
            memchr::memchr2(b'\n', b'\r', rest)
        } else {
            memchr::memchr(b'\n', rest)
        }
    }) {
        let here = at + found;
        let next = bytes.get(here + 1).copied();
        let aligned = unit == 1 || is_unit(encoding, &bytes, here);
        if aligned && !(bytes.get(here) == Some(&b'\r') && next == Some(b'\n')) {
            let unit_start = here / encoding.unit() * encoding.unit();
            return Ok(from + (unit_start + encoding.unit()) as u64);
        }
        at = here + 1;
    }
    Ok(input.size())
}

/// Whether the byte at `at` is the low byte of a unit whose high byte is 0.
fn is_unit(encoding: TextEncoding, bytes: &[u8], at: usize) -> bool {
    let little = encoding.encoding == encoding_rs::UTF_16LE;
    let (parity, other) = if little {
        (0, at + 1)
    } else {
        (1, at.wrapping_sub(1))
    };
    at % 2 == parity && bytes.get(other) == Some(&0)
}

/// The delimiter that a first line `sep=;` names, as Excel writes and reads it.
fn sep_line(head: &[u8]) -> Option<String> {
    let line = head.split(|byte| *byte == b'\n' || *byte == b'\r').next()?;
    let line = std::str::from_utf8(line).ok()?;
    let rest = line
        .trim_matches('"')
        .strip_prefix("sep=")
        .or_else(|| line.strip_prefix("SEP="))?;
    (!rest.is_empty() && rest.chars().count() <= 2).then(|| rest.to_owned())
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
    Ok(Given {
        delimiter,
        quote,
        escape,
    })
}

fn delimiter_text(value: &Value) -> Result<String, SourceError> {
    let bad = || SourceError::BadOverride {
        what: What::Delimiter.name(),
        value: value.to_string(),
        expected: "a text such as ',', ';', '\\t' or '|', or nothing for one column".to_owned(),
    };
    let text = value.as_str().ok_or_else(bad)?;
    let text = match text {
        "\\t" | "tab" => "\t",
        other => other,
    };
    if text.contains(['\n', '\r', '"']) {
        return Err(bad());
    }
    Ok(text.to_owned())
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
    candidates::rows(&samples.head, samples.whole, &with, 0, usize::MAX)
        .iter()
        .chain(&candidates::rows(&samples.tail, true, &with, 0, usize::MAX))
        .any(|row| row.cells.len() > 1)
}

/// Whether a blank follows every delimiter of the head, so that it belongs to the delimiter.
fn blank_follows(samples: &Samples, dialect: &Dialect) -> bool {
    if dialect.delimiter.is_empty() || dialect.delimiter.trim().is_empty() {
        return false;
    }
    let rows = candidates::rows(&samples.head, samples.whole, dialect, 0, LAYOUT_ROWS);
    let mut cells = 0;
    for row in &rows {
        for cell in row.cells.iter().skip(1) {
            if cell.quoted || !cell.text.starts_with(' ') || cell.text.starts_with("  ") {
                return false;
            }
            cells += 1;
        }
    }
    cells > 0
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
    let quote_decision = if set(What::Quote) {
        by_person(What::Quote, quote)
    } else {
        let (confidence, reason) = match (quoted, faults) {
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
    let second = candidates.get(1).map_or(0.0, |second| second.score);
    let margin = if score > 0.0 {
        (score - second) / score
    } else {
        0.0
    };
    let confidence = (0.55 + 0.9 * margin).min(0.995);
    let alternatives = candidates
        .iter()
        .skip(1)
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

fn count(overrides: &Overrides, what: What) -> Result<Option<u64>, SourceError> {
    let Some(value) = overrides.get(what, None) else {
        return Ok(None);
    };
    let number = value
        .as_u64()
        .or_else(|| value.as_str().and_then(|text| text.parse().ok()));
    number.map(Some).ok_or_else(|| SourceError::BadOverride {
        what: what.name(),
        value: value.to_string(),
        expected: "a number of lines, 0 or more".to_owned(),
    })
}

#[expect(
    clippy::too_many_arguments,
    reason = "each is one piece of evidence, used once"
)]
fn layout(
    input: &Input,
    samples: &Samples,
    rows: &[Row],
    dialect: &Dialect,
    width: usize,
    overrides: &Overrides,
    decisions: &mut Vec<Decision>,
    sep: bool,
) -> Result<Layout, SourceError> {
    let comment = comment_mark(rows, width);
    let table: Vec<Row> = rows
        .iter()
        .map(|row| {
            let mut row = row.clone();
            if comment
                .as_deref()
                .is_some_and(|mark| is_comment(&row, mark))
            {
                row.cells.clear();
            }
            row
        })
        .collect();
    let skip = usize::from(sep);
    let guess = layout::preamble(table.get(skip..).unwrap_or_default(), width);
    let first = table.get(guess.value + skip).map_or(0, |row| row.line);
    let preamble_lines = match count(overrides, What::PreambleLines)? {
        Some(lines) => {
            decisions.push(by_person(What::PreambleLines, lines));
            lines
        }
        None => {
            let reason = match first {
                0 => "the table starts on the first line".to_owned(),
                lines => format!("the table starts on line {}", lines + 1),
            };
            decisions.push(Decision::new(
                What::PreambleLines,
                first,
                guess.confidence,
                Vec::new(),
                reason,
            ));
            first
        }
    };
    let start = table
        .iter()
        .position(|row| row.line >= preamble_lines)
        .unwrap_or(table.len());
    let body = table.get(start..).unwrap_or_default();
    let header_lines = match count(overrides, What::HeaderLines)? {
        Some(lines) => {
            decisions.push(by_person(What::HeaderLines, lines));
            lines
        }
        None => {
            let guess = layout::header(body, width);
            let reason = match guess.value {
                0 => "the first line looks like the lines below it".to_owned(),
                1 => "the first line differs in kind from the lines below it".to_owned(),
                lines => {
                    format!("the first {lines} lines differ in kind from the lines below them")
                }
            };
            let other = u64::from(guess.value == 0);
            let rival = Alternative {
                value: other.into(),
                confidence: round(1.0 - guess.confidence),
            };
            decisions.push(Decision::new(
                What::HeaderLines,
                guess.value as u64,
                round(guess.confidence),
                vec![rival],
                reason,
            ));
            guess.value as u64
        }
    };
    let headers = usize::try_from(header_lines).unwrap_or(usize::MAX);
    let units_lines = u64::from(layout::has_units(body, headers, width));
    let (footer_lines, footer_start) = footer(
        input,
        samples,
        dialect,
        width,
        overrides,
        decisions,
        preamble_lines + header_lines + units_lines,
    )?;
    Ok(Layout {
        preamble_lines,
        header_lines,
        footer_lines,
        footer_start,
        units_lines,
        comment,
    })
}

fn footer(
    input: &Input,
    samples: &Samples,
    dialect: &Dialect,
    width: usize,
    overrides: &Overrides,
    decisions: &mut Vec<Decision>,
    before: u64,
) -> Result<(u64, u64), SourceError> {
    let total = samples.tail_lines.len() as u64;
    if let Some(lines) = count(overrides, What::FooterLines)? {
        decisions.push(by_person(What::FooterLines, lines));
        if lines > total {
            return Err(SourceError::TooFewLines {
                file: input.name().to_owned(),
                lines: total,
                wanted: lines,
            });
        }
        return Ok((lines, line_start(samples, total - lines, input)));
    }
    let rows = candidates::rows(&samples.tail, true, dialect, width, usize::MAX);
    // What is certainly not data at the start cannot be a footer.
    let skip = if samples.whole { before } else { 0 };
    let body: Vec<Row> = rows.into_iter().filter(|row| row.line >= skip).collect();
    let guess = layout::footer(&body, width);
    let first = body
        .len()
        .checked_sub(guess.value)
        .and_then(|at| body.get(at));
    let lines = match (guess.value, first) {
        (0, _) | (_, None) => 0,
        (_, Some(row)) => total - row.line.min(total),
    };
    let reason = match lines {
        0 => "the last lines look like the lines before them".to_owned(),
        1 => "the last line adds the table up or comments on it".to_owned(),
        lines => format!("the last {lines} lines add the table up or comment on it"),
    };
    decisions.push(Decision::new(
        What::FooterLines,
        lines,
        guess.confidence,
        Vec::new(),
        reason,
    ));
    Ok((lines, line_start(samples, total - lines, input)))
}

fn line_start(samples: &Samples, line: u64, input: &Input) -> u64 {
    usize::try_from(line)
        .ok()
        .and_then(|line| samples.tail_lines.get(line))
        .copied()
        .unwrap_or_else(|| input.size())
}

/// The mark of comment lines: `#` or `//`, where no row of the table's width starts with it.
fn comment_mark(rows: &[Row], width: usize) -> Option<String> {
    ["#", "//"].into_iter().find_map(|mark| {
        let (comments, data): (Vec<&Row>, Vec<&Row>) = rows
            .iter()
            .filter(|row| {
                row.cells
                    .first()
                    .is_some_and(|cell| cell.text.starts_with(mark))
            })
            .partition(|row| is_comment(row, mark) && (row.cells.len() != width || width == 1));
        (!comments.is_empty() && data.is_empty() && width > 1).then(|| mark.to_owned())
    })
}

fn is_comment(row: &Row, mark: &str) -> bool {
    row.cells
        .first()
        .is_some_and(|cell| !cell.quoted && cell.text.starts_with(mark))
}

/// Texts of the header: as they stand in one line, joined over several, made up without any.
fn header(rows: &[Row], layout: &Layout, width: usize) -> Vec<String> {
    if layout.header_lines == 0 {
        return (1..=width)
            .map(|number| format!("column_{number}"))
            .collect();
    }
    let lines: Vec<&Row> = rows
        .iter()
        .filter(|row| row.line >= layout.preamble_lines && !row.blank())
        .take(usize::try_from(layout.header_lines).unwrap_or(usize::MAX))
        .collect();
    if let [only] = lines.as_slice() {
        return only.cells.iter().map(|cell| cell.text.clone()).collect();
    }
    let mut names = vec![String::new(); width];
    for (at, row) in lines.iter().enumerate() {
        let group = lines
            .get(at + 1)
            .is_some_and(|next| layout::is_group(row, next, width));
        let mut before = "";
        for (name, cell) in names.iter_mut().zip(&row.cells) {
            let mut text = cell.text.trim();
            if group && text.is_empty() {
                // The cells of a group were merged: its name goes for all columns up to the next.
                text = before;
            }
            before = text;
            if !name.is_empty() && !text.is_empty() {
                name.push(' ');
            }
            name.push_str(text);
        }
    }
    names
}

/// One name per column, from the texts of the header. Where it has one text less than the rows, the
/// first column holds the names of the rows, as R writes them.
pub(crate) fn column_names(header: &[String], width: usize) -> Vec<String> {
    let shift = usize::from(header.len() + 1 == width && width > 2);
    let named = header.iter().map(|name| name.trim().to_owned());
    let mut names: Vec<String> = std::iter::repeat_n(String::new(), shift)
        .chain(named)
        .take(width)
        .collect();
    names.resize(width, String::new());
    unique_names(&names)
}

/// Makes names unique: the second `a` becomes `a#2`; an empty one becomes `column_3` by position.
fn unique_names(names: &[String]) -> Vec<String> {
    let mut taken: HashSet<String> = names.iter().cloned().collect();
    let mut seen: HashMap<String, usize> = HashMap::new();
    let mut unique = Vec::with_capacity(names.len());
    for (index, name) in names.iter().enumerate() {
        let base = if name.is_empty() {
            format!("column_{}", index + 1)
        } else {
            name.clone()
        };
        let count = seen.entry(base.clone()).or_default();
        *count += 1;
        if *count == 1 && (!name.is_empty() || taken.insert(base.clone())) {
            unique.push(base);
            continue;
        }
        let mut number = (*count).max(2);
        let mut candidate = format!("{base}#{number}");
        while !taken.insert(candidate.clone()) {
            number += 1;
            candidate = format!("{base}#{number}");
        }
        unique.push(candidate);
    }
    unique
}
