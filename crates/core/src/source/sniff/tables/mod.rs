//! Tables of one source: where each starts and ends, told from runs of records with one number of
//! fields, blank lines between them, and headers.

use std::hash::{DefaultHasher, Hasher};
use std::ops::Range;

use memchr::memchr;
use serde_json::Value;

use super::candidates::{self, Given, Row};
use super::kind::kind;
use super::samples;
use super::{OtherTable, by_person, layout};
use crate::source::decision::{Alternative, Decision, What};
use crate::source::dialect::{Dialect, Limits};
use crate::source::encoding::TextEncoding;
use crate::source::error::SourceError;
use crate::source::input::Input;
use crate::source::record::{Parsed, Parser, Record};
use crate::source::stream::Stream;
use crate::source::survey;

/// Records of another width behind each other that may be another table.
const RUN: u64 = 3;
/// Blocks after which a source counts as irregular, and as one table.
const MOST_BLOCKS: usize = 256;
/// Records at the start of a block that a later one is compared with.
const COMPARED: usize = 21;
/// Lines of text that may stand above a header and be as wide as the table.
const MOST_TITLES: usize = 5;
/// Text of a block that its header is looked for in, in bytes.
const SAMPLE_BYTES: usize = 16 << 10;

/// One table of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Table {
    /// First byte of its first record.
    pub(super) start: u64,
    /// Physical lines before that.
    pub(super) line: u64,
    /// One past its last record.
    pub(super) end: u64,
    /// Physical lines before that.
    pub(super) end_line: u64,
    /// Records of its width, header included.
    pub(super) records: u64,
    /// Number of fields.
    pub(super) width: usize,
    /// Whether a blank line or text stands between it and the table before it.
    pub(super) separated: bool,
}

/// Records behind each other that have one number of fields, but for a few damaged ones.
#[derive(Debug, Clone)]
struct Block {
    start: u64,
    line: u64,
    end: u64,
    end_line: u64,
    records: u64,
    width: usize,
    /// Whether a blank line stands before it.
    blank: bool,
    /// Whether it begins as the block before it does: a table that comes twice.
    again: bool,
    /// Texts of its first record.
    header: Vec<String>,
    /// Hashes of its first records.
    first: Vec<u64>,
}

/// A place in a block at which its first record comes again.
#[derive(Debug)]
struct Again {
    start: u64,
    line: u64,
    /// Records and end of the block before it.
    records: u64,
    end: (u64, u64),
    hashes: Vec<u64>,
}

/// Which block took the last record.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Took {
    #[default]
    Nothing,
    Current,
    Run,
}

#[derive(Debug, Default)]
struct Scan {
    blocks: Vec<Block>,
    current: Option<Block>,
    /// Records of another width that may become a block.
    run: Option<Block>,
    again: Option<Again>,
    /// Whether the last record was blank.
    blank: bool,
    took: Took,
    /// Where the next record starts.
    start: u64,
    line: u64,
}

/// Which table is taken, and what that leaves.
#[derive(Debug)]
pub(super) struct Choice {
    /// Bytes of the table's part; nothing where the source is one table.
    pub(super) range: Option<Range<u64>>,
    /// Physical lines before that part.
    pub(super) line: u64,
    pub(super) others: Vec<OtherTable>,
    pub(super) decision: Decision,
}

/// Takes the table that was asked for, or the largest: the one with most records, of those the one
/// with most columns, of those the first.
///
/// # Errors
/// When there is no such table.
pub(super) fn choose(
    input: &Input,
    tables: &[Table],
    wanted: Option<&Value>,
) -> Result<Choice, SourceError> {
    let count = tables.len().max(1);
    let wanted = wanted
        .map(|value| number(input, count, value))
        .transpose()?;
    let largest = (0..tables.len())
        .rev()
        .max_by_key(|at| tables.get(*at).map(|table| (table.records, table.width)))
        .unwrap_or(0);
    let taken = wanted.map_or(largest, |number| number - 1);
    let alternatives = (0..count)
        .filter(|other| *other != taken)
        .map(|other| Alternative {
            value: (other + 1).into(),
            confidence: 0.0,
        })
        .collect();
    let decision = match (wanted, tables) {
        (Some(_), _) => Decision {
            alternatives,
            ..by_person(What::Table, taken + 1)
        },
        (None, [] | [_]) => {
            let reason = "nothing shows that there is more than one table";
            Decision::new(What::Table, 1, 0.99, Vec::new(), reason)
        }
        (None, _) => {
            let places: Vec<String> = tables
                .iter()
                .map(|table| {
                    let (line, width) = (table.line + 1, table.width);
                    format!("line {line} ({} records, {width} fields)", table.records)
                })
                .collect();
            let reason = format!(
                "tables start on {}; the largest is taken, the first of equals",
                places.join(", ")
            );
            Decision::new(What::Table, taken + 1, 0.92, alternatives, reason)
        }
    };
    let parts = parts(tables, input.size());
    let separated = |from: usize, to: usize| {
        let between = tables.get(from + 1..=to).unwrap_or_default();
        between.iter().any(|table| table.separated)
    };
    let others = parts
        .iter()
        .enumerate()
        .filter(|(other, _)| *other != taken && tables.len() > 1)
        .map(|(other, (range, _))| OtherTable {
            number: other as u64 + 1,
            start: range.start,
            end: range.end,
            separated: separated(other.min(taken), other.max(taken)),
        })
        .collect();
    let part = parts.get(taken).filter(|_| tables.len() > 1);
    Ok(Choice {
        range: part.map(|(range, _)| range.clone()),
        line: part.map_or(0, |(_, line)| *line),
        others,
        decision,
    })
}

/// The number of a table that a person set.
fn number(input: &Input, count: usize, value: &Value) -> Result<usize, SourceError> {
    let number = value
        .as_u64()
        .or_else(|| value.as_str().and_then(|text| text.trim().parse().ok()));
    let number = number.ok_or_else(|| SourceError::BadOverride {
        what: What::Table.name(),
        value: value.to_string(),
        expected: "the number of a table, counted from 1".to_owned(),
    })?;
    match usize::try_from(number) {
        Ok(table @ 1..) if table <= count => Ok(table),
        Ok(_) | Err(_) => Err(SourceError::NoSuchTable {
            file: input.name().to_owned(),
            table: number,
            tables: count as u64,
        }),
    }
}

/// The part of each table: all of the source, cut behind a table where something separates it from
/// the next one, and else before the next one. With the physical lines before each part.
fn parts(tables: &[Table], size: u64) -> Vec<(Range<u64>, u64)> {
    let mut starts = vec![(0, 0)];
    for pair in tables.windows(2) {
        if let [before, table] = pair {
            starts.push(if table.separated {
                (before.end, before.end_line)
            } else {
                (table.start, table.line)
            });
        }
    }
    let ends = starts.iter().skip(1).map(|(start, _)| *start).chain([size]);
    starts
        .iter()
        .zip(ends)
        .map(|((start, line), end)| (*start..end, *line))
        .collect()
}

/// Tables of a source, and how it was read for it.
#[derive(Debug)]
pub(in crate::source) struct Tabled {
    encoding: TextEncoding,
    dialect: Dialect,
    line_bytes: usize,
    tables: Vec<Table>,
}

/// Finds the tables of a source; one or none where it is a single table. A source that is decided again, by
/// what was decided before, is not read for them again.
///
/// # Errors
/// When the source cannot be read.
pub(super) fn tables(
    input: &Input,
    encoding: TextEncoding,
    dialect: &Dialect,
    limits: &Limits,
) -> Result<Vec<Table>, SourceError> {
    let line_bytes = limits.line_bytes;
    if let Some(known) = input.tabled().get()
        && (known.encoding, &known.dialect, known.line_bytes) == (encoding, dialect, line_bytes)
    {
        return Ok(known.tables.clone());
    }
    let tables = find(input, encoding, dialect, limits)?;
    input.tabled().get_or_init(|| Tabled {
        encoding,
        dialect: dialect.clone(),
        line_bytes,
        tables: tables.clone(),
    });
    Ok(tables)
}

fn find(
    input: &Input,
    encoding: TextEncoding,
    dialect: &Dialect,
    limits: &Limits,
) -> Result<Vec<Table>, SourceError> {
    let blocks = blocks(input, encoding, dialect, limits)?;
    // Lines of text have one field each; they are a table only where there is no other.
    let divided = blocks.iter().any(|block| block.width > 1);
    let candidates = blocks.iter().filter(|block| block.width > 1 || !divided);
    let Some(largest) = candidates.map(|block| block.records).max() else {
        return Ok(Vec::new());
    };
    let mut tables: Vec<Table> = Vec::new();
    // The block that each of them begins with.
    let mut opened: Vec<&Block> = Vec::new();
    // The largest block is a table, whatever it looks like.
    let mut main = true;
    let mut between = false;
    for block in &blocks {
        let separated = block.blank || between;
        let last = tables.last().zip(opened.last());
        let is_main = main && block.records == largest && (block.width > 1 || !divided);
        let own = match last {
            None => is_main || begins_table(input, encoding, dialect, block, true)?,
            Some((table, opened)) => {
                let same = table.width == block.width;
                let repeats = same && opened.comes_again_in(block) && !block.again;
                let other_width = is_main && !same;
                !repeats
                    && (block.again
                        || other_width
                        || begins_table(input, encoding, dialect, block, separated)?)
            }
        };
        if own {
            main &= !is_main;
            tables.push(Table {
                start: block.start,
                line: block.line,
                end: block.end,
                end_line: block.end_line,
                records: block.records,
                width: block.width,
                separated,
            });
            opened.push(block);
            between = false;
        } else if let Some(table) = tables.last_mut()
            && table.width == block.width
        {
            table.records += block.records;
            (table.end, table.end_line) = (block.end, block.end_line);
            between = false;
        } else {
            between |= block.width == 1;
        }
    }
    Ok(tables)
}

/// Reads the source once and cuts it into blocks; none where there are too many of them.
fn blocks(
    input: &Input,
    encoding: TextEncoding,
    dialect: &Dialect,
    limits: &Limits,
) -> Result<Vec<Block>, SourceError> {
    let parser = Parser::new(dialect, 0);
    let mut record = Record::default();
    let mut stream = Stream::new(input, encoding, 0, input.size(), 1 << 18)?;
    let mut scan = Scan {
        blank: true,
        ..Scan::default()
    };
    // Bytes of the text ahead in which no quote stands.
    let mut calm = 0;
    loop {
        let ended = stream.ended();
        if stream.text().is_empty() {
            if ended {
                break;
            }
            stream.fill()?;
            continue;
        }
        let (bytes, records) = scan.pass_over(&parser, stream.text(), &mut calm);
        if records > 0 {
            stream.consume(bytes);
            scan.passed(stream.byte(), records);
            continue;
        }
        if parser.parse(stream.text(), 0, ended, &mut record) == Parsed::NeedMore {
            if stream.held() > limits.line_bytes {
                return Ok(Vec::new());
            }
            stream.fill()?;
            continue;
        }
        scan.take(stream.text(), &record);
        stream.consume(record.end);
        calm = calm.saturating_sub(record.end);
        scan.passed(stream.byte(), record.lines);
        if scan.blocks.len() > MOST_BLOCKS {
            return Ok(Vec::new());
        }
    }
    scan.close();
    Ok(scan.blocks)
}

impl Scan {
    /// Takes the records at the start of a text that can be seen at once to be more of the current block, as
    /// [`Scan::take`] would: lines without quotes of its width, neither blank nor like its first one. Tells
    /// how many bytes and records that are. `calm` = bytes that are known to hold no quote.
    fn pass_over(&mut self, parser: &Parser, text: &[u8], calm: &mut usize) -> (usize, u64) {
        let Some(current) = self.current.as_mut().filter(|_| !self.blank) else {
            return (0, 0);
        };
        let name = current.header.first().map(String::as_bytes);
        let (Some(delimiter), Some(name)) = (parser.plain_delimiter(), name) else {
            return (0, 0);
        };
        if current.first.len() < COMPARED || name.is_empty() || self.again.is_some() {
            return (0, 0);
        }
        let width = current.width as u64;
        let (mut passed, mut records) = (0, 0);
        while let Some(rest) = text.get(passed..)
            && rest.first().is_some_and(u8::is_ascii_alphanumeric)
            && let Some(at) = memchr(b'\n', rest)
        {
            let end = passed + at + 1;
            if *calm < end {
                *calm = parser.calm(rest).map_or(text.len(), |calm| passed + calm);
            }
            let line = rest.get(..at).unwrap_or_default();
            let fits = *calm >= end && survey::number(line, |byte| byte == delimiter) + 1 == width;
            if !fits || line.starts_with(name) {
                break;
            }
            (passed, records) = (end, records + 1);
        }
        *calm = calm.saturating_sub(passed);
        if records > 0 {
            current.records += records;
            self.run = None;
            self.took = Took::Current;
        }
        (passed, records)
    }

    /// Takes the record that stands at the start of `text`.
    fn take(&mut self, text: &[u8], record: &Record) {
        let cell = |at: usize| {
            record
                .fields
                .get(at)
                .and_then(|field| text.get(field.start..field.end))
                .unwrap_or_default()
        };
        let width = record.fields.len();
        if (0..width).all(|at| cell(at).iter().all(|byte| matches!(byte, b' ' | b'\t'))) {
            self.took = Took::Nothing;
            self.blank = true;
            return;
        }
        let fits = record.fault.is_none();
        if self.blank {
            let values =
                || (0..width).any(|at| kind(&String::from_utf8_lossy(cell(at)), false).typed());
            let goes_on = self.run.is_none()
                && self
                    .current
                    .as_ref()
                    .is_some_and(|current| current.width == width && current.records > 1);
            self.blank = false;
            if !(goes_on && fits && values()) {
                self.close();
                self.current = Some(self.block(text, record, true));
                self.took = Took::Current;
                return;
            }
        }
        let same = |block: &Option<Block>| block.as_ref().is_some_and(|b| b.width == width);
        if fits && same(&self.current) {
            self.run = None;
            self.took = Took::Current;
            self.extend(text, record);
        } else if fits && same(&self.run) {
            self.took = Took::Run;
            if let Some(run) = &mut self.run {
                run.add(text, record);
                if run.records >= RUN {
                    let run = self.run.take();
                    self.close();
                    self.current = run;
                    self.took = Took::Current;
                }
            }
        } else if fits {
            self.run = Some(self.block(text, record, false));
            self.took = Took::Run;
        } else {
            // A damaged record belongs to the table that it stands in, whatever its quotes do.
            self.took = Took::Current;
        }
    }

    /// Adds a record to the current block, and looks whether it repeats the block's first one.
    fn extend(&mut self, text: &[u8], record: &Record) {
        let Some(current) = &mut self.current else {
            return;
        };
        if let Some(again) = &mut self.again {
            again.hashes.push(hash(text, record));
        } else if current.records > 2 && current.begins_with(text, record) {
            self.again = Some(Again {
                start: self.start,
                line: self.line,
                records: current.records,
                end: (current.end, current.end_line),
                hashes: vec![hash(text, record)],
            });
        } else if current.first.len() < COMPARED {
            current.first.push(hash(text, record));
        }
        current.records += 1;
        let full = |again: &Again| again.hashes.len() >= COMPARED;
        if self.again.as_ref().is_some_and(full) {
            self.settle_again();
        }
    }

    /// Cuts the current block where it comes again, if its records do too.
    fn settle_again(&mut self) {
        let (Some(again), Some(current)) = (self.again.take(), &mut self.current) else {
            return;
        };
        let known = |hash: &&u64| current.first.contains(hash);
        let behind = again.hashes.get(1..).unwrap_or_default();
        let same = behind.iter().filter(known).count();
        if same < 2 || same * 2 < behind.len() {
            return;
        }
        let mut second = current.clone();
        second.again = true;
        second.blank = false;
        (second.start, second.line) = (again.start, again.line);
        second.records = current.records - again.records;
        current.records = again.records;
        (current.end, current.end_line) = again.end;
        self.blocks.extend(self.current.replace(second));
    }

    fn block(&self, text: &[u8], record: &Record, blank: bool) -> Block {
        let header = record.fields.iter().map(|field| {
            let cell = text.get(field.start..field.end).unwrap_or_default();
            String::from_utf8_lossy(cell).trim().to_owned()
        });
        Block {
            start: self.start,
            line: self.line,
            end: self.start,
            end_line: self.line,
            records: 1,
            width: record.fields.len(),
            blank,
            again: false,
            header: header.collect(),
            first: vec![hash(text, record)],
        }
    }

    /// Notes where the record that was taken ended.
    fn passed(&mut self, end: u64, lines: u64) {
        (self.start, self.line) = (end, self.line + lines);
        let block = match self.took {
            Took::Nothing => None,
            Took::Current => self.current.as_mut(),
            Took::Run => self.run.as_mut(),
        };
        if let Some(block) = block {
            (block.end, block.end_line) = (end, self.line);
        }
    }

    /// Ends the current block.
    fn close(&mut self) {
        self.settle_again();
        if let (Some(run), Some(current)) = (self.run.take(), &mut self.current) {
            // Too few for a table: the end of this one.
            (current.end, current.end_line) = (run.end, run.end_line);
        }
        self.blocks.extend(self.current.take());
    }
}

impl Block {
    fn add(&mut self, text: &[u8], record: &Record) {
        self.records += 1;
        if self.first.len() < COMPARED {
            self.first.push(hash(text, record));
        }
    }

    /// Whether a later block begins with the same header: the first record, or one below lines of text that are
    /// as wide as the table, as spreadsheets write them.
    fn comes_again_in(&self, later: &Self) -> bool {
        let heads = self.first.iter().take(MOST_TITLES + 1);
        let begins = later.first.first();
        self.header == later.header || heads.map(Some).any(|head| head == begins)
    }

    /// Whether a record has the texts of the block's first one.
    fn begins_with(&self, text: &[u8], record: &Record) -> bool {
        self.header.iter().zip(&record.fields).all(|(name, field)| {
            let cell = text.get(field.start..field.end).unwrap_or_default();
            cell.trim_ascii() == name.as_bytes()
        })
    }
}

/// A hash of the texts of a record.
fn hash(text: &[u8], record: &Record) -> u64 {
    let mut hasher = DefaultHasher::new();
    for field in &record.fields {
        let cell = text.get(field.start..field.end).unwrap_or_default();
        hasher.write(cell.trim_ascii());
        hasher.write_u8(0xFF);
    }
    hasher.finish()
}

/// Whether a table of its own begins with this block: names over columns of values, or, where
/// something separates it, rows that fill their columns.
fn begins_table(
    input: &Input,
    encoding: TextEncoding,
    dialect: &Dialect,
    block: &Block,
    separated: bool,
) -> Result<bool, SourceError> {
    if block.records < RUN {
        return Ok(false);
    }
    let sample = samples::part(input, encoding, block.start..block.end, SAMPLE_BYTES)?;
    let dialect = if block.width > 1 {
        dialect.clone()
    } else {
        let best = candidates::candidates(&sample, dialect.line_end, &Given::default());
        match best.into_iter().next() {
            Some(best) => best.dialect,
            None => return Ok(false),
        }
    };
    let rows = candidates::rows(&sample.head, sample.whole, &dialect, 0, 200);
    let width = candidates::common_width(&rows);
    let rows: Vec<Row> = rows
        .into_iter()
        .filter(|row| row.cells.len() == width)
        .collect();
    let (Some(first), true) = (rows.first(), width > 1 && rows.len() as u64 >= RUN) else {
        return Ok(false);
    };
    let body = rows.get(1..).unwrap_or_default();
    let full = |row: &Row| row.filled() * 2 >= width && row.filled() > 1;
    if !full(first) || body.iter().filter(|row| !full(row)).count() * 2 > body.len() {
        return Ok(false);
    }
    let header = layout::header(&rows, width);
    let named = header.value > 0 && header.confidence >= 0.75 && names_values(first, body, width);
    let filled = separated && width > 2 && rows.len() >= 5;
    Ok(named || filled)
}

/// Whether a name stands over a column that holds numbers or dates only.
fn names_values(first: &Row, body: &[Row], width: usize) -> bool {
    (0..width).any(|column| {
        let named = first
            .cells
            .get(column)
            .is_some_and(|cell| !cell.kind.typed() && !cell.text.trim().is_empty());
        let typed = body
            .iter()
            .filter(|row| {
                let cell = row.cells.get(column);
                cell.is_some_and(|cell| cell.kind.typed())
            })
            .count();
        named && typed >= 2 && typed * 10 >= body.len() * 8
    })
}

#[cfg(test)]
mod tests;
