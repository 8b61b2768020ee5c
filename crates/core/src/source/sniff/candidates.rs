//! Dialects as candidates: each is tried on a sample and scored by how regular its table is and how
//! well its columns keep one kind of value.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::ops::Range;

use super::kind::{Kind, kind};
use super::samples::Samples;
use crate::source::dialect::{Dialect, Escape, LineEnd};
use crate::source::record::{Fault, Parsed, Parser, Record, Span};

/// Most rows that a candidate is judged on.
const ROWS: usize = 600;

/// Most rows of the head in which quotes are looked for.
const QUOTE_ROWS: usize = 3_000;

/// Rows that blanks have to divide alike.
const BLANK_ROWS: usize = 8;

/// Share of a table whose columns keep their kind from which some of them keep numbers or dates, and
/// from which all but the header do.
const SOME_TYPED: f64 = 0.93;
const ALL_TYPED: f64 = 0.985;

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
    /// 0-based physical line in the sample.
    pub(crate) line: u64,
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
    let mut rows = Vec::new();
    each(sample, ended, &parser, |record, line| {
        if rows.len() >= most {
            return false;
        }
        let drawn = is_drawn(sample, record, dialect);
        let cells = record.fields.iter().map(|span| {
            let text = cell(sample, span, &parser).into_owned();
            let kind = if drawn {
                Kind::Empty
            } else {
                kind(&text, span.quoted)
            };
            Cell {
                text,
                quoted: span.quoted,
                kind,
            }
        });
        rows.push(Row {
            line,
            cells: cells.collect(),
            fault: record.fault,
        });
        true
    });
    rows
}

/// Whether a record is a line that is drawn.
fn is_drawn(sample: &[u8], record: &Record, dialect: &Dialect) -> bool {
    let start = record.fields.first().map_or(0, |span| span.start);
    let line = sample.get(start..record.text_end);
    line.is_some_and(|line| dialect.is_drawn(line))
}

/// The text of a cell of a sample.
pub(super) fn cell<'t>(sample: &'t [u8], span: &Span, parser: &Parser) -> Cow<'t, str> {
    let bytes = sample.get(span.start..span.end).unwrap_or_default();
    let text = String::from_utf8_lossy(bytes);
    if span.escaped {
        Cow::Owned(parser.unescape(&text))
    } else {
        text
    }
}

/// Tells each record of a sample with its 0-based physical line, until `go_on` says no.
pub(super) fn each(
    sample: &[u8],
    ended: bool,
    parser: &Parser,
    mut go_on: impl FnMut(&Record, u64) -> bool,
) {
    let mut record = Record::default();
    let (mut at, mut line) = (0, 0);
    while at < sample.len() {
        if parser.parse(sample, at, ended, &mut record) == Parsed::NeedMore {
            // A quote that is not closed in the sample costs its line; a line that is not complete
            // is not looked at.
            if parser.line_end(sample, at, false).is_none() {
                break;
            }
            parser.parse(sample, at, true, &mut record);
        }
        if !go_on(&record, line) {
            break;
        }
        at = record.end;
        line += record.lines;
    }
}

/// What a record of a sample tells without the texts of its cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shape {
    fields: usize,
    /// Fields in quotes.
    quoted: usize,
    blank: bool,
    fault: bool,
}

impl From<&Row> for Shape {
    fn from(row: &Row) -> Self {
        Self {
            fields: row.cells.len(),
            quoted: row.cells.iter().filter(|cell| cell.quoted).count(),
            blank: row.blank(),
            fault: row.fault.is_some(),
        }
    }
}

impl Shape {
    /// Number of fields.
    pub(super) const fn fields(self) -> usize {
        self.fields
    }

    /// Whether it has three fields or more in quotes, which nothing but a delimiter explains, however
    /// many lines of prose stand around it.
    const fn framed(self) -> bool {
        !self.fault && self.quoted >= 3
    }
}

/// The shapes of what [`rows`] gives.
pub(super) fn shapes(sample: &[u8], ended: bool, dialect: &Dialect, most: usize) -> Vec<Shape> {
    let parser = Parser::new(dialect, 0);
    let mut shapes = Vec::new();
    let filled = |span: &Span| {
        let bytes = sample.get(span.start..span.end).unwrap_or_default();
        // Blanks of all sorts are not among the visible signs of ASCII, which most cells hold.
        bytes.iter().any(u8::is_ascii_graphic) || !cell(sample, span, &parser).trim().is_empty()
    };
    each(sample, ended, &parser, |record, _| {
        if shapes.len() >= most {
            return false;
        }
        shapes.push(Shape {
            fields: record.fields.len(),
            quoted: record.fields.iter().filter(|span| span.quoted).count(),
            blank: is_drawn(sample, record, dialect) || !record.fields.iter().any(filled),
            fault: record.fault.is_some(),
        });
        true
    });
    shapes
}

/// A dialect and how well it fits.
#[derive(Debug, Clone)]
pub(crate) struct Candidate {
    pub(crate) dialect: Dialect,
    /// 0 to 1.
    pub(crate) score: f64,
    /// Rows that were looked at.
    pub(crate) rows: usize,
    /// Most common number of fields.
    pub(crate) width: usize,
    /// Share of the rows that have it.
    pub(crate) regular: f64,
    /// Share of the cells that are of their column's kind, weighted by kind.
    pub(crate) typed: f64,
    /// Whether blanks divide it into columns of which each starts or ends at one place of the lines.
    aligned: bool,
}

/// What of the dialect is given.
#[derive(Debug, Clone, Default)]
pub(crate) struct Given {
    pub(crate) delimiter: Option<String>,
    pub(crate) quote: Option<Option<u8>>,
    pub(crate) escape: Option<Escape>,
    /// Whether any number of blanks is one delimiter.
    pub(crate) runs: Option<bool>,
}

/// All candidates, best first, at most one per delimiter.
pub(super) fn candidates(samples: &Samples, line_end: LineEnd, given: &Given) -> Vec<Candidate> {
    let sample = &samples.head;
    let delimiters: Vec<(String, f64)> = match &given.delimiter {
        Some(delimiter) => vec![(delimiter.clone(), 1.0)],
        None => DELIMITERS
            .iter()
            .filter(|(delimiter, _)| memchr::memmem::find(sample, delimiter.as_bytes()).is_some())
            .map(|(delimiter, prior)| ((*delimiter).to_owned(), *prior))
            .chain([(String::new(), 1.0)])
            .collect(),
    };
    let aligned = memchr::memmem::find(sample, b"  ").is_some();
    let mut all = Vec::new();
    for (delimiter, prior) in delimiters {
        let both: &[bool] = match given.runs {
            _ if delimiter != " " => &[false],
            Some(true) => &[true],
            None if aligned => &[false, true],
            Some(false) | None => &[false],
        };
        for runs in both {
            let base = Dialect {
                delimiter: delimiter.clone(),
                quote: None,
                escape: Escape::Doubled,
                line_end,
                runs: *runs,
            };
            let dialect = with_quotes(samples, base, given);
            all.push(judge(sample, samples.whole, dialect, prior));
        }
    }
    all.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut seen = HashSet::new();
    all.retain(|candidate| seen.insert(candidate.dialect.delimiter.clone()));
    all
}

/// How the quotes of a dialect do on the samples.
#[derive(Debug, Clone, Copy, Default)]
struct Quoting {
    /// Records with a field that is quoted well.
    quoted: usize,
    /// Records whose quotes break the rule.
    faults: usize,
    /// Records with the common number of fields and no fault.
    regular: usize,
    /// All records.
    records: usize,
}

/// Chooses quote and escape for one delimiter.
fn with_quotes(samples: &Samples, base: Dialect, given: &Given) -> Dialect {
    let plain = Dialect {
        quote: None,
        escape: Escape::None,
        ..base.clone()
    };
    if given.quote == Some(None) {
        return plain;
    }
    let quotes = match given.quote.flatten() {
        Some(quote) => vec![quote],
        None => vec![b'"', b'\''],
    };
    let without = quoting(samples, &plain);
    let mut best: Option<(Quoting, Dialect)> = None;
    let mut seen = false;
    for quote in quotes {
        let present = |text: &[u8]| memchr::memchr(quote, text).is_some();
        let parts = [&samples.head, &samples.tail, &samples.escaped];
        if given.quote.is_none() && !parts.into_iter().any(|part| present(part)) {
            continue;
        }
        seen |= quote == b'"';
        for escape in escapes(samples, quote, given) {
            let dialect = Dialect {
                quote: Some(quote),
                escape,
                ..base.clone()
            };
            let found = quoting(samples, &dialect);
            let convinces = given.quote.is_some() || found.convinces(quote, &without);
            let better = best.as_ref().is_none_or(|(most, _)| {
                (found.regular, found.quoted) > (most.regular, most.quoted)
            });
            if convinces && better {
                best = Some((found, dialect));
            }
        }
    }
    match best {
        Some((_, dialect)) => dialect,
        // It occurs, but never around a field: it is a letter like any other.
        None if seen => plain,
        None => Dialect {
            quote: Some(b'"'),
            ..base
        },
    }
}

/// The escapes that are worth a try.
fn escapes(samples: &Samples, quote: u8, given: &Given) -> Vec<Escape> {
    match given.escape {
        Some(escape) => vec![escape],
        None if !samples.escaped.is_empty()
            || memchr::memmem::find(&samples.head, &[b'\\', quote]).is_some() =>
        {
            vec![Escape::Doubled, Escape::Char(b'\\')]
        }
        None => vec![Escape::Doubled],
    }
}

impl Quoting {
    /// Whether this is a quote: it encloses fields, and costs no more records than it saves.
    fn convinces(self, quote: u8, without: &Self) -> bool {
        if self.quoted == 0 {
            return false;
        }
        if quote == b'"' {
            // Where nearly every record is quoted and none breaks the rule, lines inside of fields are no
            // records, however many of them look alike.
            let all = self.faults == 0 && self.quoted.min(self.regular) * 10 >= self.records * 8;
            return all || self.regular + self.quoted.min(self.faults) >= without.regular;
        }
        // Apostrophes are common in prose; they have to do without faults.
        self.faults * 20 <= self.quoted && self.regular >= without.regular
    }
}

/// Counts over the head and, where that is not the whole source, over the other samples.
fn quoting(samples: &Samples, dialect: &Dialect) -> Quoting {
    let mut all = shapes(&samples.head, samples.whole, dialect, QUOTE_ROWS);
    if !samples.whole || all.len() == QUOTE_ROWS {
        let tail = shapes(&samples.tail, true, dialect, usize::MAX);
        all.extend(tail.into_iter().rev().take(ROWS));
        all.extend(shapes(&samples.escaped, true, dialect, usize::MAX));
    }
    // Lines inside quoted text have one field each; they are no table.
    let least = if dialect.delimiter.is_empty() { 1 } else { 2 };
    let tabular = all.iter().filter(|row| row.fields >= least).copied();
    let width = width_of(&tabular.collect::<Vec<_>>());
    let mut counts = Quoting {
        records: all.len(),
        ..Quoting::default()
    };
    for row in all {
        counts.faults += usize::from(row.fault);
        counts.quoted += usize::from(!row.fault && row.quoted > 0);
        counts.regular += usize::from(!row.fault && row.fields == width);
    }
    counts
}

fn judge(sample: &[u8], ended: bool, dialect: Dialect, prior: f64) -> Candidate {
    let all: Vec<Row> = rows(sample, ended, &dialect, 0, ROWS)
        .into_iter()
        .filter(|row| !row.blank())
        .collect();
    // Comment lines say nothing about the table, if there is one beside them.
    let (comments, mut rows): (Vec<Row>, Vec<Row>) = all.into_iter().partition(|row| {
        row.cells
            .first()
            .is_some_and(|cell| cell.text.starts_with('#'))
    });
    if rows.is_empty() {
        rows = comments;
    }
    let width = common_width(&rows);
    let total = rows.len().max(1) as f64;
    let body: Vec<&Row> = rows
        .iter()
        .filter(|row| row.cells.len() == width && row.fault.is_none())
        .collect();
    let regular = body.len() as f64 / total;
    let typed = typed_share(&body, width);
    // Tables of several widths below each other are regular too, if less than one table.
    let regular = regular.max(0.8 * in_runs(&rows) / total);
    // Quotes that this dialect takes for letters would need an explanation.
    let ignored = dialect.quote != Some(b'"') && memchr::memchr(b'"', sample).is_some();
    let prior = if ignored { prior * 0.85 } else { prior };
    let score = if dialect.delimiter.is_empty() {
        // One column is what is left when nothing delimits; a line that is full of delimiters with
        // nothing behind them is no value.
        let packed = body
            .iter()
            .filter(|row| row.cells.iter().any(is_packed))
            .count();
        0.5 * typed * (1.0 - 0.6 * packed as f64 / total)
    } else if width < 2 {
        0.0
    } else {
        let size = (width as f64 - 1.0) / width as f64;
        let quoted = body
            .iter()
            .filter(|row| Shape::from(**row).framed())
            .count();
        let share = if body.len() >= 2 && quoted * 2 > body.len() {
            1.0
        } else {
            regular
        };
        prior * share.powf(1.5) * typed * size.powf(0.25)
    };
    let aligned = dialect.runs && is_aligned(sample, width);
    Candidate {
        dialect,
        score,
        aligned,
        rows: rows.len(),
        width,
        regular,
        typed,
    }
}

impl Candidate {
    /// Whether blanks divide lines that make no sense as one column each: all lines into the same number
    /// of columns, which are aligned and some of which keep numbers or dates, or all of which do. Lists
    /// of names and of long dates have blanks as well, and so have names within aligned columns.
    pub(super) fn divides_by_blanks(&self, undivided: &Self) -> bool {
        let kept = if self.aligned { SOME_TYPED } else { ALL_TYPED };
        self.dialect.delimiter == " "
            && undivided.dialect.delimiter.is_empty()
            && self.rows >= BLANK_ROWS
            && self.width >= 3
            && self.regular >= 1.0
            && self.typed >= kept
            && undivided.typed < SOME_TYPED
    }
}

/// Whether the words of each column start or end at one place in all lines but the first that have as
/// many words as there are columns.
fn is_aligned(sample: &[u8], width: usize) -> bool {
    let text = String::from_utf8_lossy(sample);
    let mut places: Vec<(Option<usize>, Option<usize>)> = Vec::new();
    let lines = text.lines().skip(1).take(ROWS);
    for words in lines.map(words).filter(|words| words.len() == width) {
        if places.is_empty() {
            places = words
                .iter()
                .map(|word| (Some(word.start), Some(word.end)))
                .collect();
            continue;
        }
        for ((start, end), word) in places.iter_mut().zip(words) {
            *start = start.filter(|start| *start == word.start);
            *end = end.filter(|end| *end == word.end);
        }
    }
    let placed = |(start, end): &(Option<usize>, Option<usize>)| start.is_some() || end.is_some();
    !places.is_empty() && places.iter().all(placed)
}

/// Where the words of a line stand, in characters.
fn words(line: &str) -> Vec<Range<usize>> {
    let mut words: Vec<Range<usize>> = Vec::new();
    for (at, _) in line.chars().enumerate().filter(|(_, sign)| *sign != ' ') {
        match words.last_mut() {
            Some(word) if word.end == at => word.end += 1,
            Some(_) | None => words.push(at..at + 1),
        }
    }
    words
}

/// Rows that stand among at least five of their own width behind each other.
fn in_runs(rows: &[Row]) -> f64 {
    let mut total = 0;
    let mut run = 0;
    let mut width = 0;
    for row in rows {
        if row.cells.len() != width {
            total += if run >= 5 && width > 1 { run } else { 0 };
            (run, width) = (0, row.cells.len());
        }
        run += 1;
    }
    total += if run >= 5 && width > 1 { run } else { 0 };
    f64::from(total)
}

/// Whether a text looks like several fields: a delimiter without a blank behind it, in what is
/// neither a number nor a date.
fn is_packed(cell: &Cell) -> bool {
    let text = cell.text.trim_end_matches([',', ';', '|', '\t']);
    !cell.kind.typed()
        && text.char_indices().any(|(at, character)| {
            let next = text
                .get(at + character.len_utf8()..)
                .and_then(|rest| rest.chars().next());
            matches!(character, ',' | ';' | '|' | '\t') && next.is_some_and(|next| next != ' ')
        })
}

/// The most common number of fields; of two as common, the larger. Where that is one, but some rows
/// are framed by quotes, it is theirs.
pub(super) fn width_of(rows: &[Shape]) -> usize {
    let framed: Vec<Shape> = rows.iter().filter(|row| row.framed()).copied().collect();
    match most_common(rows) {
        0 | 1 if framed.len() > 1 => most_common(&framed),
        width => width,
    }
}

/// As [`width_of`].
pub(crate) fn common_width(rows: &[Row]) -> usize {
    width_of(&rows.iter().map(Shape::from).collect::<Vec<_>>())
}

fn most_common(rows: &[Shape]) -> usize {
    let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
    for row in rows.iter().filter(|row| !row.fault && !row.blank) {
        *counts.entry(row.fields).or_default() += 1;
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PIECES: [&str; 16] = [
        "a", ";", ";", "\n", "\r\n", "\r", "\"", "\"\"", "\"c;d\"", "\\\"", " ", "\t", "\u{a0}",
        "\u{3000}", "\u{0b}", "#",
    ];

    proptest! {
        /// Shapes are those of the rows whose texts they leave out.
        #[test]
        fn shapes_are_those_of_rows(
            pieces in prop::collection::vec(prop::sample::select(&PIECES[..]), 0..60),
            cut in 0..3_usize,
            delimiter in prop::sample::select(vec![";", "; ", ""]),
            escaped in any::<bool>(),
            ended in any::<bool>(),
            most in 0..40_usize,
        ) {
            // A sample may end, or be broken, within a character.
            let mut sample = pieces.concat().into_bytes();
            sample.truncate(sample.len().saturating_sub(cut));
            let dialect = Dialect {
                delimiter: delimiter.to_owned(),
                escape: if escaped { Escape::Char(b'\\') } else { Escape::Doubled },
                ..Dialect::rfc4180()
            };
            let rows = rows(&sample, ended, &dialect, 0, most);
            let known: Vec<Shape> = rows.iter().map(Shape::from).collect();
            prop_assert_eq!(shapes(&sample, ended, &dialect, most), known);
        }
    }
}
