//! The reader: records of one source as batches, with rejects and non-data beside them, every piece
//! with its byte range. It can be resumed at any portion's end from a small state.

use std::sync::Arc;

use arrow_array::StringArray;
use arrow_array::builder::StringBuilder;
use serde::{Deserialize, Serialize};

use super::batch::{Batch, CHUNK_RECORDS, Place, RawText};
use super::checks::{Checks, other_table, undecodable};
use super::dialect::Limits;
use super::error::SourceError;
use super::input::Input;
use super::non_data::Piece;
use super::reading::Reading;
use super::record::{Parsed, Parser, Record};
use super::repair::{Cells, Mender, Repair};
use super::stream::Stream;
use crate::report::NonDataKind;
use crate::validation::{Reason, Reject};

/// Most records of a batch.
const BATCH_RECORDS: usize = 8_192;
/// Text of a batch after which no further record is added, in bytes.
const BATCH_BYTES: usize = 4 << 20;

/// Where a reader stands: all that is needed to go on from there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Next byte of the source.
    pub byte: u64,
    /// 1-based physical line of that byte.
    pub line: u64,
    /// Data records so far, rejected ones counted.
    pub rows: u64,
    /// Logical records so far, non-data counted.
    pub read: u64,
    /// Rejected by the reader so far.
    pub rejected: u64,
    /// Records of non-data so far.
    pub non_data: u64,
    /// Header and units records that were passed.
    pub headers: u64,
    /// Sum over the ends of all records so far, mixed: equal to the auditor's if the borders are.
    pub borders: u64,
    /// Whether every range started where the one before it ended.
    pub tiled: bool,
}

/// A batch and what stood between its records.
#[derive(Debug)]
pub struct Portion {
    /// Good records; may be empty.
    pub batch: Batch,
    /// Records that could not be read, in source order.
    pub rejects: Vec<Reject>,
    /// What is not data, in source order.
    pub non_data: Vec<Piece>,
    /// Records of the batch that were repaired, in source order.
    pub repaired: Vec<Repaired>,
    /// Rejects that a repair would have made records, in source order.
    pub repairable: Vec<Repaired>,
    /// Where the reader stands behind it.
    pub state: State,
}

/// A record that was repaired, or could be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Repaired {
    /// 1-based physical line on which it starts.
    pub line: u64,
    /// How.
    pub repair: Repair,
}

/// Reads one source by a reading.
#[derive(Debug)]
pub struct Reader<'a> {
    input: &'a Input,
    reading: &'a Reading,
    limits: Limits,
    block: usize,
    parser: Parser,
    stream: Stream<'a>,
    record: Record,
    state: State,
    checks: Checks<'a>,
    mender: Mender,
    /// Rows of the last portion, and bytes of text in each of its columns.
    rows: usize,
    sizes: Vec<usize>,
}

/// What the next record is.
enum Taken {
    Record,
    /// A line of another table, of this number, that nothing separates from the one that is read.
    Other(u64),
    NonData(NonDataKind),
    End,
}

impl<'a> Reader<'a> {
    /// A reader at the start of the source; `block` = bytes per read (the result does not depend on
    /// it).
    ///
    /// # Errors
    /// When the source cannot be read.
    pub fn new(
        input: &'a Input,
        reading: &'a Reading,
        limits: Limits,
        block: usize,
    ) -> Result<Self, SourceError> {
        let state = State {
            line: 1,
            tiled: true,
            ..State::default()
        };
        Self::resume(input, reading, limits, block, state)
    }

    /// A reader that goes on where a portion ended.
    ///
    /// # Errors
    /// When the source cannot be read.
    pub fn resume(
        input: &'a Input,
        reading: &'a Reading,
        limits: Limits,
        block: usize,
        state: State,
    ) -> Result<Self, SourceError> {
        let stop = part_end(reading, state.byte, input.size());
        Ok(Self {
            input,
            reading,
            limits,
            block,
            parser: Parser::new(&reading.dialect, reading.columns.len()),
            stream: Stream::new(input, reading.encoding, state.byte, stop, block)?,
            record: Record::default(),
            state,
            checks: Checks::new(reading, limits),
            mender: Mender::new(
                &reading.dialect,
                &reading.kept,
                reading.encoding.encoding == encoding_rs::UTF_8,
            ),
            rows: 0,
            sizes: Vec::new(),
        })
    }

    /// The next portion; `None` behind the last one.
    ///
    /// # Errors
    /// When the source cannot be read to its end, naming line and byte.
    pub fn next_portion(&mut self) -> Result<Option<Portion>, SourceError> {
        let before = self.state.byte;
        let mut build = Build::new(self.reading, self.state.rows / CHUNK_RECORDS);
        build.make_room(self.rows, &self.sizes);
        while !build.full() {
            match self.take()? {
                Taken::End => break,
                Taken::NonData(kind) => self.non_data(kind, &mut build),
                Taken::Record => self.record(&mut build)?,
                Taken::Other(number) => {
                    let reason = other_table(number);
                    self.reject(reason, &mut build)?;
                }
            }
            if self.state.rows.is_multiple_of(CHUNK_RECORDS) && build.rows > 0 {
                break;
            }
        }
        if self.state.byte == before {
            return Ok(None);
        }
        let portion = build.finish(self.state.clone());
        self.rows = portion.batch.len();
        let columns = portion.batch.columns.iter();
        self.sizes = columns.map(|column| column.value_data().len()).collect();
        Ok(Some(portion))
    }

    /// Finds the next record and says what it is.
    fn take(&mut self) -> Result<Taken, SourceError> {
        let layout = &self.reading.layout;
        loop {
            if self.stream.text().is_empty() {
                if !self.stream.ended() {
                    self.stream.fill()?;
                    continue;
                }
                if self.state.byte >= self.input.size() {
                    return Ok(Taken::End);
                }
                // The data are done, or what stands before them; the next part is left.
                let byte = self.state.byte;
                let size = self.input.size();
                if byte == 0 && self.reading.encoding.bom as u64 == size {
                    return Ok(Taken::End);
                }
                let stop = part_end(self.reading, byte, size);
                self.stream =
                    Stream::new(self.input, self.reading.encoding, byte, stop, self.block)?;
                continue;
            }
            let text = self.stream.text();
            let ended = self.stream.ended();
            let data = (layout.start..layout.end).contains(&self.state.byte);
            let preamble = self.state.line <= layout.start_line + layout.preamble_lines;
            let whole_line = !data || preamble || self.comment(text);
            let parsed = if whole_line {
                self.physical_line(ended)
            } else {
                self.parser.parse(text, 0, ended, &mut self.record)
            };
            if parsed == Parsed::NeedMore {
                if self.stream.held() > self.limits.line_bytes {
                    return Err(SourceError::LineTooLong {
                        file: self.input.name().to_owned(),
                        line: self.state.line,
                        byte: self.state.byte,
                        limit: self.limits.line_bytes,
                    });
                }
                self.stream.fill()?;
                continue;
            }
            return Ok(match (data, preamble, whole_line) {
                (false, _, _) => self.outside(),
                (true, true, _) => Taken::NonData(NonDataKind::Preamble),
                (true, false, true) => Taken::NonData(NonDataKind::Comment),
                (true, false, false) => self.kind(),
            });
        }
    }

    /// Whether the text starts with a comment mark; needs no more text than the mark is long,
    /// because a line that is shorter than the mark is none.
    fn comment(&self, text: &[u8]) -> bool {
        let mark = self.reading.layout.comment.as_deref();
        mark.is_some_and(|mark| text.starts_with(mark.as_bytes()))
    }

    fn physical_line(&mut self, ended: bool) -> Parsed {
        let Some((text_end, end)) = self.parser.line_end(self.stream.text(), 0, ended) else {
            return Parsed::NeedMore;
        };
        self.record.fields.clear();
        self.record.fault = None;
        (self.record.text_end, self.record.end, self.record.lines) = (text_end, end, 1);
        Parsed::Complete
    }

    /// What a line before or behind the data is.
    fn outside(&self) -> Taken {
        let layout = &self.reading.layout;
        let byte = self.state.byte;
        let other = layout
            .others
            .iter()
            .find(|other| (other.start..other.end).contains(&byte));
        match other {
            None if byte < layout.start => Taken::NonData(NonDataKind::Preamble),
            None => Taken::NonData(NonDataKind::Footer),
            Some(other) if other.separated => Taken::NonData(NonDataKind::Table),
            Some(other) => {
                let text = self.stream.text();
                let line = text.get(..self.record.text_end).unwrap_or_default();
                if line.trim_ascii().is_empty() {
                    Taken::NonData(NonDataKind::Blank)
                } else {
                    Taken::Other(other.number)
                }
            }
        }
    }

    fn kind(&self) -> Taken {
        let text = self
            .stream
            .text()
            .get(..self.record.text_end)
            .unwrap_or_default();
        let fields = self.record.fields.len();
        let nothing = self.record.fault.is_none()
            && (fields == 1 || fields == self.reading.columns.len())
            && self.record.fields.iter().all(|field| {
                let cell = text.get(field.start..field.end).unwrap_or_default();
                !field.quoted && cell.iter().all(|byte| matches!(byte, b' ' | b'\t'))
            });
        if nothing {
            return Taken::NonData(NonDataKind::Blank);
        }
        let layout = &self.reading.layout;
        if self.state.headers < layout.header_lines {
            return Taken::NonData(NonDataKind::Header);
        }
        if self.state.headers < layout.header_lines + layout.units_lines {
            return Taken::NonData(NonDataKind::Units);
        }
        Taken::Record
    }

    fn non_data(&mut self, kind: NonDataKind, build: &mut Build) {
        if matches!(kind, NonDataKind::Header | NonDataKind::Units) {
            self.state.headers += 1;
        }
        let bytes = self
            .stream
            .text()
            .get(..self.record.text_end)
            .unwrap_or_default();
        let raw = String::from_utf8_lossy(bytes).into_owned();
        let (line, start) = (self.state.line, self.state.byte);
        self.advance();
        self.state.non_data += 1;
        build.non_data.push(Piece {
            kind,
            line,
            records: 1,
            start,
            end: self.state.byte,
            raw,
        });
    }

    fn record(&mut self, build: &mut Build) -> Result<(), SourceError> {
        let row = self.state.rows + 1;
        let (line, start) = (self.state.line, self.state.byte);
        let bytes = self
            .stream
            .text()
            .get(..self.record.text_end)
            .unwrap_or_default();
        let reason = match std::str::from_utf8(bytes) {
            Err(_) => Some(undecodable(&self.reading.encoding.label())),
            Ok(text) => self.checks.check(text, &self.record),
        };
        match reason {
            Some(reason) => self.mend(reason, build),
            None => {
                let text = std::str::from_utf8(bytes).unwrap_or_default();
                build.rows += 1;
                build.bytes += bytes.len();
                build.add(text, &self.record, &self.parser);
                self.advance();
                build.places.push(Place {
                    line,
                    row,
                    start,
                    end: self.state.byte,
                });
                self.state.rows = row;
                Ok(())
            }
        }
    }

    /// Repairs a record that cannot be taken as it is, or rejects it.
    fn mend(&mut self, reason: Reason, build: &mut Build) -> Result<(), SourceError> {
        let text = self.stream.text();
        let bytes = text.get(..self.record.text_end).unwrap_or_default();
        // A line that repeats the header fits by its form; it is no row.
        let mended = if reason.rule == "repeated_header" {
            None
        } else {
            self.mender.mend(bytes)
        };
        let Some((repair, cells)) = mended else {
            return self.reject(reason, build);
        };
        if !self.reading.repairs.contains(&repair) {
            let line = self.state.line;
            build.repairable.push(Repaired { line, repair });
            return self.reject(reason, build);
        }
        let raw = String::from_utf8_lossy(bytes).into_owned();
        build.rows += 1;
        build.bytes += bytes.len();
        build.add_cells(&raw, cells);
        let (line, start) = (self.state.line, self.state.byte);
        self.advance();
        self.state.rows += 1;
        build.places.push(Place {
            line,
            row: self.state.rows,
            start,
            end: self.state.byte,
        });
        build.repaired.push(Repaired { line, repair });
        Ok(())
    }

    fn reject(&mut self, reason: Reason, build: &mut Build) -> Result<(), SourceError> {
        let row = self.state.rows + 1;
        let (line, start) = (self.state.line, self.state.byte);
        let bytes = self
            .stream
            .text()
            .get(..self.record.text_end)
            .unwrap_or_default();
        build.rows += 1;
        build.bytes += bytes.len();
        let decoded = std::str::from_utf8(bytes).is_ok();
        let raw = String::from_utf8_lossy(bytes).into_owned();
        self.advance();
        let raw_bytes = if decoded {
            None
        } else {
            Some(self.input.range(start, self.state.byte)?)
        };
        self.state.rejected += 1;
        build.rejects.push(Reject {
            line,
            row,
            reasons: vec![reason],
            raw,
            raw_bytes,
        });
        self.state.rows = row;
        Ok(())
    }

    /// Consumes the record that was taken.
    fn advance(&mut self) {
        self.stream.consume(self.record.end);
        let end = self.stream.byte();
        self.state.tiled &= end > self.state.byte;
        self.state.byte = end;
        self.state.line += self.record.lines;
        self.state.read += 1;
        self.state.borders = self.state.borders.wrapping_add(border(end));
    }
}

/// Whether a character is one of the control characters U+0080 to U+009F.
const fn is_control(character: char) -> bool {
    matches!(character, '\u{80}'..='\u{9f}')
}

/// A text with the characters of windows-1252 for the control characters of the same numbers.
pub(crate) fn without_controls(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match u8::try_from(u32::from(character)) {
            Ok(byte) if is_control(character) => {
                out.push_str(
                    &encoding_rs::WINDOWS_1252
                        .decode_without_bom_handling(&[byte])
                        .0,
                );
            }
            Ok(_) | Err(_) => out.push(character),
        }
    }
    out
}

/// Where the part of a source ends that `byte` stands in: before, in or behind the data.
fn part_end(reading: &Reading, byte: u64, size: u64) -> u64 {
    let layout = &reading.layout;
    [layout.start, layout.end]
        .into_iter()
        .find(|border| byte < *border)
        .unwrap_or(size)
}

/// One term of the sum over all borders; the auditor has its own copy of this rule.
const fn border(end: u64) -> u64 {
    let mixed = (end ^ (end >> 31)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ (mixed >> 29)
}

/// Reads single records by a reading, wherever they come from.
#[derive(Debug)]
pub(crate) struct RecordReader<'a> {
    checks: Checks<'a>,
    parser: Parser,
    record: Record,
    build: Build,
}

impl<'a> RecordReader<'a> {
    /// A reader of records that stand alone.
    pub(crate) fn new(reading: &'a Reading, limits: Limits) -> Self {
        let columns = reading.columns.len();
        Self {
            checks: Checks::new(reading, limits),
            parser: Parser::new(&reading.dialect, columns),
            record: Record::default(),
            build: Build::new(reading, 0),
        }
    }

    /// Takes one record, or says why it cannot be taken.
    pub(crate) fn add(&mut self, raw: &str) -> Result<(), Reason> {
        self.parser.parse(raw.as_bytes(), 0, true, &mut self.record);
        if let Some(reason) = self.checks.check(raw, &self.record) {
            return Err(reason);
        }
        if self.record.text_end < raw.len() {
            return Err(self.checks.several());
        }
        self.build.add(raw, &self.record, &self.parser);
        Ok(())
    }

    /// The columns of the records that were taken since the last call.
    pub(crate) fn take(&mut self) -> Vec<StringArray> {
        self.build
            .columns
            .iter_mut()
            .map(StringBuilder::finish)
            .collect()
    }
}

/// A portion under construction.
#[derive(Debug)]
struct Build {
    chunk: u64,
    columns: Vec<StringBuilder>,
    places: Vec<Place>,
    raw: RawText,
    rejects: Vec<Reject>,
    non_data: Vec<Piece>,
    repaired: Vec<Repaired>,
    repairable: Vec<Repaired>,
    /// Whether control characters stand for those of windows-1252.
    controls: bool,
    rows: usize,
    bytes: usize,
}

impl Build {
    fn new(reading: &Reading, chunk: u64) -> Self {
        let columns = reading.columns.len();
        let controls = reading.repairs.contains(&Repair::ControlCharacters);
        Self {
            chunk,
            columns: (0..columns).map(|_| StringBuilder::new()).collect(),
            places: Vec::new(),
            raw: RawText::default(),
            rejects: Vec::new(),
            non_data: Vec::new(),
            repaired: Vec::new(),
            repairable: Vec::new(),
            controls,
            rows: 0,
            bytes: 0,
        }
    }

    /// Makes room for about so many rows with so many bytes in their columns.
    fn make_room(&mut self, rows: usize, sizes: &[usize]) {
        let some_more = |count: usize| count + count / 16;
        let room = |size: &usize| StringBuilder::with_capacity(some_more(rows), some_more(*size));
        if sizes.len() == self.columns.len() {
            self.columns = sizes.iter().map(room).collect();
        }
        self.places.reserve(some_more(rows));
        // A mark stands between two cells.
        let text = sizes.iter().sum::<usize>() + rows * sizes.len();
        self.raw.reserve(some_more(rows), some_more(text));
    }

    const fn full(&self) -> bool {
        self.rows >= BATCH_RECORDS
            || self.bytes >= BATCH_BYTES
            || self.non_data.len() >= BATCH_RECORDS
    }

    fn add(&mut self, text: &str, record: &Record, parser: &Parser) {
        for (column, field) in self.columns.iter_mut().zip(&record.fields) {
            let cell = text.get(field.start..field.end).unwrap_or_default();
            if self.controls && cell.contains(is_control) {
                let cell = if field.escaped {
                    parser.unescape(cell)
                } else {
                    cell.to_owned()
                };
                column.append_value(without_controls(&cell));
            } else if field.escaped {
                column.append_value(parser.unescape(cell));
            } else if cell.is_empty() && !field.quoted {
                column.append_null();
            } else {
                column.append_value(cell);
            }
        }
        self.raw.push(text);
    }

    fn add_cells(&mut self, raw: &str, cells: Cells) {
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            match cell {
                Some(cell) if self.controls => column.append_value(without_controls(&cell)),
                cell => column.append_option(cell),
            }
        }
        self.raw.push(raw);
    }

    fn finish(mut self, state: State) -> Portion {
        let columns: Vec<StringArray> =
            self.columns.iter_mut().map(StringBuilder::finish).collect();
        let batch = Batch {
            chunk: self.chunk,
            columns,
            places: self.places,
            raw: Arc::new(self.raw),
        };
        Portion {
            batch,
            rejects: self.rejects,
            non_data: self.non_data,
            repaired: self.repaired,
            repairable: self.repairable,
            state,
        }
    }
}
