//! Growing a file of the fault corpus: plain rows of its own shape, each with a number of its own,
//! between its head and the rest of it.

use std::io::{self, Write};
use std::ops::Range;

use aimapper_core::report::NonDataKind;
use aimapper_core::source::{Input, Limits, Overrides, Portion, Reader, Reading};
use encoding_rs::{UTF_16BE, UTF_16LE};

use crate::cases::Case;

/// The number in the first row that is put in; all others follow it, and have as many digits.
pub(crate) const FIRST: u64 = 70_000_000;

/// How a file grows.
pub(crate) struct Growth {
    head: Vec<u8>,
    /// What stands in a row before and behind its number; none where no row is plain enough.
    rows: Vec<(Vec<u8>, Vec<u8>)>,
    rest: Vec<u8>,
    /// Whether rows may follow the rest.
    open_end: bool,
    /// Two bytes per digit, and the high one first.
    wide: Option<bool>,
    /// Counts of the file as it is.
    pub(crate) small: Counts,
}

/// The text of a plain row, where its cells stand, and its line end.
type PlainRow = (String, Vec<Range<usize>>, Vec<u8>);

/// Records by what became of them.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counts {
    pub(crate) good: u64,
    pub(crate) rejected: u64,
    pub(crate) non_data: u64,
}

/// A file that was grown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Grown {
    /// Rows with a number.
    pub(crate) rows: u64,
}

impl Growth {
    /// Writes the file at about this size.
    pub(crate) fn write(&self, size: u64, out: &mut impl Write) -> io::Result<Grown> {
        let mut written = self.head.len() as u64;
        out.write_all(&self.head)?;
        let rest = self.rest.len() as u64;
        let before = if self.open_end {
            size * 9 / 10
        } else {
            size.saturating_sub(rest)
        };
        let mut rows = 0;
        self.fill(before, &mut written, &mut rows, out)?;
        out.write_all(&self.rest)?;
        written += rest;
        if self.open_end {
            self.fill(size, &mut written, &mut rows, out)?;
        }
        Ok(Grown { rows })
    }

    /// Writes rows up to a size.
    fn fill(
        &self,
        size: u64,
        written: &mut u64,
        rows: &mut u64,
        out: &mut impl Write,
    ) -> io::Result<()> {
        if self.rows.is_empty() && !self.rest.is_empty() {
            // A line each: the length of one line is a limit of its own.
            let end: &[u8] = if ends_in_line_end(&self.rest) {
                b""
            } else {
                b"\n"
            };
            while *written < size {
                out.write_all(&self.rest)?;
                out.write_all(end)?;
                *written += (self.rest.len() + end.len()) as u64;
            }
            return Ok(());
        }
        for (before, after) in self.rows.iter().cycle() {
            if *written >= size {
                break;
            }
            let number = (FIRST + *rows).to_string();
            let number = match self.wide {
                None => number.into_bytes(),
                Some(big) => units(&number, big),
            };
            for part in [before, &number, after] {
                out.write_all(part)?;
                *written += part.len() as u64;
            }
            *rows += 1;
        }
        Ok(())
    }
}

/// How a file grows; one that is refused is repeated as it is.
pub(crate) fn grow(case: &Case) -> Growth {
    let refused = Growth {
        head: Vec::new(),
        rows: Vec::new(),
        rest: case.bytes.clone(),
        open_end: false,
        wide: None,
        small: Counts::default(),
    };
    let limits = Limits::default();
    let Ok(input) = Input::spool(case.file.clone(), case.bytes.as_slice()) else {
        return refused;
    };
    let Ok(reading) = Reading::decide(&input, &Overrides::default(), &limits) else {
        return refused;
    };
    let mut reader = Reader::new(&input, &reading, limits, 1 << 16).unwrap();
    let mut portions = Vec::new();
    while let Some(portion) = reader.next_portion().unwrap() {
        portions.push(portion);
    }
    let mut growth = refused;
    let head = head_end(&reading, &portions);
    growth.head = case.bytes[..head].to_vec();
    growth.rest = case.bytes[head..].to_vec();
    growth.wide = wide(&reading);
    let places = portions.iter().flat_map(|portion| &portion.batch.places);
    let last = places.map(|place| place.end).max();
    growth.open_end = last == Some(input.size()) && ends_in_line_end(&case.bytes);
    for portion in &portions {
        growth.small.good += portion.batch.len() as u64;
        growth.small.rejected += portion.rejects.len() as u64;
        growth.small.non_data += portion
            .non_data
            .iter()
            .map(|piece| piece.records)
            .sum::<u64>();
    }
    growth.rows = plain_rows(case, &reading, &portions);
    assert!(
        !growth.rows.is_empty() || case.loose || case.refused,
        "{}: no row is plain",
        case.file
    );
    growth
}

/// Byte at which the rows start.
fn head_end(reading: &Reading, portions: &[Portion]) -> usize {
    let rows = portions.iter().flat_map(|portion| &portion.batch.places);
    let first = rows.map(|place| place.start).min().unwrap_or(0);
    // A line that is drawn below the header is none behind rows.
    let is_drawn = |line: &str| reading.dialect.delimiter == "|" && line.contains("---");
    let header = portions
        .iter()
        .flat_map(|portion| &portion.non_data)
        .filter(|piece| {
            let of_head = matches!(
                piece.kind,
                NonDataKind::Preamble | NonDataKind::Header | NonDataKind::Units
            );
            of_head || (piece.end <= first && is_drawn(&piece.raw))
        })
        .map(|piece| piece.end);
    // What stands before the data is of the head too, other tables among it.
    let end = header.max().unwrap_or(0).max(reading.layout.start);
    usize::try_from(end).unwrap().max(reading.encoding.bom)
}

/// Whether the file is UTF-16, and if so whether the high byte comes first.
fn wide(reading: &Reading) -> Option<bool> {
    let encoding = reading.encoding.encoding;
    (encoding == UTF_16LE || encoding == UTF_16BE).then_some(encoding == UTF_16BE)
}

fn units(text: &str, big: bool) -> Vec<u8> {
    let bytes = |unit: u16| {
        if big {
            unit.to_be_bytes()
        } else {
            unit.to_le_bytes()
        }
    };
    text.encode_utf16().flat_map(bytes).collect()
}

fn encoded(text: &str, reading: &Reading) -> Vec<u8> {
    match wide(reading) {
        Some(big) => units(text, big),
        None => reading.encoding.encoding.encode(text).0.into_owned(),
    }
}

fn ends_in_line_end(bytes: &[u8]) -> bool {
    let ends = |tail: &[u8]| bytes.ends_with(tail);
    ends(b"\n") || ends(b"\r") || ends(b"\n\0") || ends(b"\r\0")
}

/// The good rows into which a number can be put without changing anything else about them.
fn plain_rows(case: &Case, reading: &Reading, portions: &[Portion]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut rows: Vec<PlainRow> = Vec::new();
    for batch in portions.iter().map(|portion| &portion.batch) {
        for (record, place) in batch.places.iter().enumerate() {
            let raw = batch.raw.get(record).unwrap();
            let range = usize::try_from(place.start).unwrap()..usize::try_from(place.end).unwrap();
            let bytes = &case.bytes[range];
            let bytes = if place.start == 0 {
                &bytes[reading.encoding.bom..]
            } else {
                bytes
            };
            let cells = cells(raw, reading);
            let as_read = cells.len() == batch.columns.len()
                && cells.iter().enumerate().all(|(column, cell)| {
                    batch.cell(column, record).unwrap_or_default() == &raw[cell.clone()]
                });
            if let Some(line_end) = bytes.strip_prefix(encoded(raw, reading).as_slice())
                && as_read
                && !line_end.is_empty()
                && raw.len() < 8_192
            {
                rows.push((raw.to_owned(), cells, line_end.to_vec()));
            }
        }
    }
    let Some(column) = column_of_numbers(&rows) else {
        return Vec::new();
    };
    let split = |(raw, cells, line_end): &PlainRow| {
        let cell = cells[column].clone();
        let instead = number_in(&raw[cell.clone()]);
        let before = encoded(&raw[..cell.start + instead.start], reading);
        let mut after = encoded(&raw[cell.start + instead.end..], reading);
        after.extend(line_end);
        (before, after)
    };
    rows.iter().map(split).collect()
}

/// Where the cells of a row stand, without their quotes; nothing if one of them holds a quote or a
/// line end, so that the row is none that is plain.
fn cells(raw: &str, reading: &Reading) -> Vec<Range<usize>> {
    let dialect = &reading.dialect;
    let mut cells = Vec::new();
    if raw.contains(['\n', '\r']) {
        return cells;
    }
    if dialect.runs {
        let quote = dialect.quote.map_or('"', char::from);
        let mut at = 0;
        while let Some(start) = raw[at..].find(|character| character != ' ') {
            let start = at + start;
            let (start, close) = match raw[start..].strip_prefix(quote) {
                Some(_) => (start + 1, quote),
                None => (start, ' '),
            };
            let end = raw[start..]
                .find(close)
                .map_or(raw.len(), |end| start + end);
            cells.push(start..end);
            at = (end + 1).min(raw.len());
        }
        return cells;
    }
    let delimiter = dialect.delimiter.as_str();
    let quote = dialect.quote.map(char::from);
    let mut at = 0;
    loop {
        let rest = &raw[at..];
        let inner = quote.and_then(|quote| rest.strip_prefix(quote));
        let (start, length, behind) = match (inner, quote) {
            (Some(inner), Some(quote)) => match inner.find(quote) {
                Some(length) => (at + 1, length, at + length + 2),
                None => return Vec::new(),
            },
            _ => {
                let end = if delimiter.is_empty() {
                    None
                } else {
                    rest.find(delimiter)
                };
                let length = end.unwrap_or(rest.len());
                (at, length, at + length)
            }
        };
        if quote.is_some_and(|quote| raw[start..start + length].contains(quote)) {
            return Vec::new();
        }
        cells.push(start..start + length);
        if behind == raw.len() {
            return cells;
        }
        match raw[behind..].strip_prefix(delimiter) {
            Some(_) if !delimiter.is_empty() => at = behind + delimiter.len(),
            _ => return Vec::new(),
        }
    }
}

/// The column that takes the numbers: one of whole numbers, else one of words, else the last.
fn column_of_numbers(rows: &[PlainRow]) -> Option<usize> {
    let columns = rows.first()?.1.len();
    let all = |column: usize, test: fn(&str) -> bool| {
        rows.iter()
            .all(|(raw, cells, _)| test(&raw[cells[column].clone()]))
    };
    let whole = |cell: &str| !cell.is_empty() && cell.bytes().all(|byte| byte.is_ascii_digit());
    let word = |cell: &str| cell.contains(char::is_alphabetic);
    let found = |test: fn(&str) -> bool| (0..columns).find(|column| all(*column, test));
    found(whole).or_else(|| found(word)).or(Some(columns - 1))
}

/// What the number replaces in a cell: its first digits, or nothing at its end.
fn number_in(cell: &str) -> Range<usize> {
    let is_digit = |character: char| character.is_ascii_digit();
    if cell.contains(char::is_alphabetic) && !cell.ends_with(is_digit) {
        return cell.len()..cell.len();
    }
    let Some(start) = cell.find(is_digit) else {
        return cell.len()..cell.len();
    };
    let digits = cell[start..].find(|c| !is_digit(c));
    start..digits.map_or(cell.len(), |digits| start + digits)
}
