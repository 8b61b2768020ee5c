//! Dialects as candidates: each is tried on a sample and scored by how regular its table is and how
//! well its columns keep one kind of value.

use std::collections::BTreeMap;

use super::kind::{Kind, kind};
use crate::source::dialect::{Dialect, Escape, LineEnd};
use crate::source::record::{Fault, Parsed, Parser, Record};

/// Most rows that a candidate is judged on.
const ROWS: usize = 600;

/// Delimiters that are tried, with how common each is among delimited files (0 to 1); ties and near
/// ties go to the more common one.
const DELIMITERS: [(&str, f64); 9] = [
    (",", 1.0),
    (";", 1.0),
    ("\t", 1.0),
    ("|", 0.98),
    ("^", 0.9),
    ("~", 0.9),
    ("§", 0.95),
    (":", 0.62),
    (" ", 0.6),
];

/// One cell of a sample.
#[derive(Debug, Clone)]
pub(crate) struct Cell {
    pub(crate) text: String,
    pub(crate) quoted: bool,
    pub(crate) kind: Kind,
}

/// One record of a sample.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    /// First byte in the sample.
    pub(crate) start: usize,
    /// One past its line end.
    pub(crate) end: usize,
    /// 0-based physical line in the sample.
    pub(crate) line: u64,
    /// Physical lines that it spans.
    pub(crate) lines: u64,
    pub(crate) cells: Vec<Cell>,
    pub(crate) fault: Option<Fault>,
}

impl Row {
    /// Cells with something in them.
    pub(crate) fn filled(&self) -> usize {
        self.cells
            .iter()
            .filter(|cell| cell.kind != Kind::Empty)
            .count()
    }

    /// Whether there is nothing in it.
    pub(crate) fn blank(&self) -> bool {
        self.filled() == 0
    }
}

/// Parses a sample by one dialect; `ended` = the sample is the whole source.
pub(crate) fn rows(
    sample: &[u8],
    ended: bool,
    dialect: &Dialect,
    width: usize,
    most: usize,
) -> Vec<Row> {
    let parser = Parser::new(dialect, width);
    let mut record = Record::default();
    let mut rows = Vec::new();
    let (mut at, mut line) = (0, 0);
    while at < sample.len() && rows.len() < most {
        if parser.parse(sample, at, ended, &mut record) == Parsed::NeedMore {
            break;
        }
        let cells = record
            .fields
            .iter()
            .map(|span| {
                let bytes = sample.get(span.start..span.end).unwrap_or_default();
                let text = String::from_utf8_lossy(bytes);
                let text = if span.escaped {
                    parser.unescape(&text)
                } else {
                    text.into_owned()
                };
                let kind = kind(&text, span.quoted);
                Cell {
                    text,
                    quoted: span.quoted,
                    kind,
                }
            })
            .collect();
        rows.push(Row {
            start: at,
            end: record.end,
            line,
            lines: record.lines,
            cells,
            fault: record.fault,
        });
        at = record.end;
        line += record.lines;
    }
    rows
}

/// A dialect and how well it fits.
#[derive(Debug, Clone)]
pub(crate) struct Candidate {
    pub(crate) dialect: Dialect,
    /// 0 to 1.
    pub(crate) score: f64,
    /// Most common number of fields.
    pub(crate) width: usize,
    /// Share of the rows that have it.
    pub(crate) regular: f64,
    /// Share of the cells that are of their column's kind, weighted by kind.
    pub(crate) typed: f64,
}

/// What of the dialect is given.
#[derive(Debug, Clone, Default)]
pub(crate) struct Given {
    pub(crate) delimiter: Option<String>,
    pub(crate) quote: Option<Option<u8>>,
    pub(crate) escape: Option<Escape>,
}

/// All candidates, best first, at most one per delimiter.
pub(crate) fn candidates(
    sample: &[u8],
    ended: bool,
    line_end: LineEnd,
    given: &Given,
) -> Vec<Candidate> {
    let delimiters: Vec<(String, f64)> = match &given.delimiter {
        Some(delimiter) => vec![(delimiter.clone(), 1.0)],
        None => DELIMITERS
            .iter()
            .filter(|(delimiter, _)| memchr::memmem::find(sample, delimiter.as_bytes()).is_some())
            .map(|(delimiter, prior)| ((*delimiter).to_owned(), *prior))
            .chain([(String::new(), 1.0)])
            .collect(),
    };
    let mut all: Vec<Candidate> = delimiters
        .into_iter()
        .map(|(delimiter, prior)| {
            let base = Dialect {
                delimiter,
                quote: None,
                escape: Escape::Doubled,
                line_end,
            };
            let dialect = with_quotes(sample, ended, base, given);
            judge(sample, ended, dialect, prior)
        })
        .collect();
    all.sort_by(|a, b| b.score.total_cmp(&a.score));
    all
}

/// Chooses quote and escape for one delimiter: whichever quotes most fields without a fault.
fn with_quotes(sample: &[u8], ended: bool, base: Dialect, given: &Given) -> Dialect {
    let quotes = match given.quote {
        Some(quote) => vec![quote],
        None => vec![Some(b'"'), Some(b'\'')],
    };
    let mut best: Option<(i64, Dialect)> = None;
    for quote in quotes {
        let Some(byte) = quote else {
            return Dialect {
                quote: None,
                escape: Escape::None,
                ..base
            };
        };
        if given.quote.is_none() && memchr::memchr(byte, sample).is_none() {
            continue;
        }
        let escapes = match given.escape {
            Some(escape) => vec![escape],
            None if memchr::memmem::find(sample, &[b'\\', byte]).is_some() => {
                vec![Escape::Doubled, Escape::Char(b'\\')]
            }
            None => vec![Escape::Doubled],
        };
        for escape in escapes {
            let dialect = Dialect {
                quote,
                escape,
                ..base.clone()
            };
            let (quoted, faults) = quoting(sample, ended, &dialect);
            // A fault may be damage; as many faults as quoted rows mean that this is no quote.
            let merit = quoted - faults * 2;
            if best.as_ref().is_none_or(|(most, _)| merit > *most) {
                best = Some((merit, dialect));
            }
        }
    }
    match best {
        Some((merit, dialect)) if merit > 0 || given.quote.is_some() => dialect,
        // It occurs, but never around a field: it is a letter like any other.
        Some(_) => Dialect {
            quote: None,
            escape: Escape::None,
            ..base
        },
        None => Dialect {
            quote: Some(b'"'),
            ..base
        },
    }
}

/// Rows with a quoted field, and rows whose quotes are at fault.
fn quoting(sample: &[u8], ended: bool, dialect: &Dialect) -> (i64, i64) {
    let (mut quoted, mut faults) = (0, 0);
    for row in rows(sample, ended, dialect, 0, ROWS) {
        if row.fault.is_some() {
            faults += 1;
        } else if row.cells.iter().any(|cell| cell.quoted) {
            // An apostrophe at both ends of a prose field is rare; a delimiter, a line end or a
            // number inside makes sure.
            quoted += 1;
        }
    }
    (quoted, faults)
}

fn judge(sample: &[u8], ended: bool, dialect: Dialect, prior: f64) -> Candidate {
    let rows: Vec<Row> = rows(sample, ended, &dialect, 0, ROWS)
        .into_iter()
        .filter(|row| !row.blank())
        .collect();
    let width = common_width(&rows);
    let total = rows.len().max(1) as f64;
    let body: Vec<&Row> = rows
        .iter()
        .filter(|row| row.cells.len() == width && row.fault.is_none())
        .collect();
    let regular = body.len() as f64 / total;
    let typed = typed_share(&body, width);
    let score = if dialect.delimiter.is_empty() {
        // One column is what is left when nothing delimits.
        0.5 * typed
    } else if width < 2 {
        0.0
    } else {
        let size = (width as f64 - 1.0) / width as f64;
        prior * regular.powf(1.5) * typed * size.powf(0.25)
    };
    Candidate {
        dialect,
        score,
        width,
        regular,
        typed,
    }
}

/// The most common number of fields; of two as common, the larger.
pub(crate) fn common_width(rows: &[Row]) -> usize {
    let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
    for row in rows
        .iter()
        .filter(|row| row.fault.is_none() && !row.blank())
    {
        *counts.entry(row.cells.len()).or_default() += 1;
    }
    counts
        .into_iter()
        .max_by_key(|(width, count)| (*count, *width))
        .map_or(1, |(width, _)| width)
}

/// How well the columns keep one kind: the mean over columns of the share of the dominant kind,
/// weighted by what the kind says. The first row may be a header and does not count.
fn typed_share(body: &[&Row], width: usize) -> f64 {
    let skip = usize::from(body.len() > 2);
    let mut sum = 0.0;
    let mut weight = 0.0;
    for column in 0..width {
        let mut counts: BTreeMap<Kind, f64> = BTreeMap::new();
        let mut filled = 0.0;
        for row in body.iter().skip(skip) {
            let Some(cell) = row.cells.get(column) else {
                continue;
            };
            if cell.kind != Kind::Empty {
                *counts.entry(cell.kind).or_default() += 1.0;
                filled += 1.0;
            }
        }
        if filled == 0.0 {
            sum += Kind::Empty.weight() * 0.3;
            weight += 0.3;
            continue;
        }
        let odd = counts.get(&Kind::Odd).copied().unwrap_or_default() / filled;
        let best = counts
            .iter()
            .map(|(kind, count)| kind.weight() * (0.5 + 0.5 * count / filled))
            .fold(0.0, f64::max);
        sum += best * (1.0 - odd);
        weight += 1.0;
    }
    if weight == 0.0 { 0.0 } else { sum / weight }
}
