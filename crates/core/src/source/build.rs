//! Portions under construction: records first as text with the ends of their cells, then as columns.

use std::iter;
use std::sync::Arc;

use arrow_array::StringArray;
use arrow_array::builder::{NullBufferBuilder, OffsetBufferBuilder};

use super::batch::{Batch, Place, RawText};
use super::error::SourceError;
use super::non_data::Piece;
use super::reader::State;
use super::reading::Reading;
use super::record::{Parser, Record, each_place};
use super::repair::{Cells, Repair};
use crate::validation::Reject;

/// Most records of a batch.
const BATCH_RECORDS: usize = 8_192;
/// Text of a batch after which no further record is added, in bytes.
pub(super) const BATCH_BYTES: usize = 4 << 20;

/// Records whose cells are moved to their columns together.
const SETTLED_RECORDS: usize = 256;
/// Bytes that are copied at once, whether a cell has as many or fewer.
const STRIDE: usize = 16;

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

/// A portion whose cells are found, but not all of them in columns.
#[derive(Debug)]
pub(crate) struct Cut {
    build: Build,
    state: State,
    input: String,
}

impl Cut {
    /// Where the reader stands behind it.
    pub(crate) const fn state(&self) -> &State {
        &self.state
    }

    /// The portion with its columns.
    ///
    /// # Errors
    /// None but a fault of ours: cells of texts are texts.
    pub(crate) fn portion(self) -> Result<Portion, SourceError> {
        let Self {
            mut build,
            state,
            input,
        } = self;
        let columns = build.take_columns(&input)?;
        let raw = RawText::new(build.text, build.ends);
        let batch = Batch::new(build.chunk, columns, build.places, Arc::new(raw));
        Ok(Portion {
            batch,
            rejects: build.rejects,
            non_data: build.non_data,
            repaired: build.repaired,
            repairable: build.repairable,
            state,
        })
    }
}

/// A portion under construction.
#[derive(Debug)]
pub(super) struct Build {
    chunk: u64,
    columns: Vec<Column>,
    /// Ends in `text` of the cells that are in no column yet, record by record.
    cells: Vec<u32>,
    /// Bytes of `text` whose cells are in columns.
    settled: usize,
    /// The records' text without line ends, and where each ends.
    text: Vec<u8>,
    ends: Vec<usize>,
    pub(super) places: Vec<Place>,
    pub(super) rejects: Vec<Reject>,
    pub(super) non_data: Vec<Piece>,
    pub(super) repaired: Vec<Repaired>,
    pub(super) repairable: Vec<Repaired>,
    /// Whether control characters stand for those of windows-1252.
    controls: bool,
    pub(super) rows: usize,
    pub(super) bytes: usize,
}

impl Build {
    pub(super) fn new(reading: &Reading, chunk: u64) -> Self {
        let columns = reading.columns.len();
        let controls = reading.repairs.contains(&Repair::ControlCharacters);
        Self {
            chunk,
            columns: (0..columns).map(|_| Column::new(0)).collect(),
            cells: Vec::new(),
            settled: 0,
            text: Vec::new(),
            ends: Vec::new(),
            places: Vec::new(),
            rejects: Vec::new(),
            non_data: Vec::new(),
            repaired: Vec::new(),
            repairable: Vec::new(),
            controls,
            rows: 0,
            bytes: 0,
        }
    }

    /// Rows, and bytes of their text.
    pub(super) fn sizes(&self) -> (usize, usize) {
        (self.ends.len(), self.text.len())
    }

    /// Makes room for about so many rows with so many bytes of text.
    pub(super) fn make_room(&mut self, (rows, bytes): (usize, usize)) {
        let some_more = |count: usize| count + count / 16;
        self.places.reserve(some_more(rows));
        self.ends.reserve(some_more(rows));
        self.text.reserve(some_more(bytes));
        self.cells.reserve(some_more(rows) * self.columns.len());
        let column = |_| Column::new(some_more(rows));
        self.columns = (0..self.columns.len()).map(column).collect();
    }

    pub(super) const fn full(&self) -> bool {
        self.rows >= BATCH_RECORDS
            || self.bytes >= BATCH_BYTES
            || self.non_data.len() >= BATCH_RECORDS
    }

    /// Takes a line of text without quotes, if the mark divides it into as many cells as there are columns;
    /// whether it does. The line is at most as long as a batch.
    pub(super) fn cut(&mut self, line: &[u8], delimiter: u8) -> bool {
        let (before, start) = (self.cells.len(), self.text.len());
        // Neither a batch nor one of its lines comes near to the most that four bytes can count.
        each_place(delimiter, line, |at| self.cells.push((start + at) as u32));
        self.cells.push((start + line.len()) as u32);
        if self.cells.len() - before != self.columns.len() {
            self.cells.truncate(before);
            return false;
        }
        self.push_text(line);
        true
    }

    pub(super) fn add(&mut self, text: &str, record: &Record, parser: &Parser) {
        self.settle();
        for (column, field) in self.columns.iter_mut().zip(&record.fields) {
            let cell = text.get(field.start..field.end).unwrap_or_default();
            if self.controls && cell.contains(is_control) {
                let cell = if field.escaped {
                    parser.unescape(cell)
                } else {
                    cell.to_owned()
                };
                column.push(Some(&without_controls(&cell)));
            } else if field.escaped {
                column.push(Some(&parser.unescape(cell)));
            } else {
                column.push(Some(cell).filter(|cell| !cell.is_empty() || field.quoted));
            }
        }
        self.push_settled(text);
    }

    pub(super) fn add_cells(&mut self, raw: &str, cells: Cells) {
        self.settle();
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            match cell {
                Some(cell) if self.controls => column.push(Some(&without_controls(&cell))),
                cell => column.push(cell.as_deref()),
            }
        }
        self.push_settled(raw);
    }

    fn push_text(&mut self, text: &[u8]) {
        self.text.extend_from_slice(text);
        self.ends.push(self.text.len());
    }

    /// Adds the text of a record whose cells are in columns, as those of all before it.
    fn push_settled(&mut self, text: &str) {
        self.push_text(text.as_bytes());
        self.settled = self.text.len();
    }

    /// Moves the cells that are in no column yet to theirs.
    fn settle(&mut self) {
        if self.cells.is_empty() {
            return;
        }
        // So many records at a time that their text stays near while each column goes over it.
        let width = self.columns.len().max(1);
        let parts = self.cells.len().div_ceil(width * SETTLED_RECORDS);
        for records in self.cells.chunks(width * SETTLED_RECORDS) {
            for (number, column) in self.columns.iter_mut().enumerate() {
                column.take(&self.text, self.settled, records, (number, width), parts);
            }
            self.settled = records.last().map_or(0, |end| *end as usize);
        }
        self.cells.clear();
        self.settled = self.text.len();
    }

    /// The columns of records whose text nobody asks for; all begins anew.
    pub(super) fn take_all(&mut self, input: &str) -> Result<Vec<StringArray>, SourceError> {
        let columns = self.take_columns(input)?;
        self.text.clear();
        self.ends.clear();
        self.settled = 0;
        Ok(columns)
    }

    /// The columns, which begin anew.
    fn take_columns(&mut self, input: &str) -> Result<Vec<StringArray>, SourceError> {
        self.settle();
        let finished = self.columns.iter_mut().map(|column| {
            let Column {
                mut values,
                filled,
                offsets,
                mut nulls,
            } = std::mem::replace(column, Column::new(0));
            values.truncate(filled);
            values.shrink_to_fit();
            StringArray::try_new(offsets.finish(), values.into(), nulls.finish()).map_err(
                |source| SourceError::Columns {
                    file: input.to_owned(),
                    source,
                },
            )
        });
        finished.collect()
    }

    pub(super) fn finish(self, state: State, input: &str) -> Cut {
        Cut {
            build: self,
            state,
            input: input.to_owned(),
        }
    }
}

/// The cells of one column.
#[derive(Debug)]
struct Column {
    /// Their texts, with some room behind them.
    values: Vec<u8>,
    /// Bytes of those texts.
    filled: usize,
    offsets: OffsetBufferBuilder<i32>,
    nulls: NullBufferBuilder,
}

impl Column {
    /// A column of about so many cells.
    fn new(cells: usize) -> Self {
        Self {
            values: Vec::new(),
            filled: 0,
            offsets: OffsetBufferBuilder::new(cells),
            nulls: NullBufferBuilder::new(0),
        }
    }

    fn push(&mut self, cell: Option<&str>) {
        let text = cell.unwrap_or_default();
        self.values.truncate(self.filled);
        self.values.extend_from_slice(text.as_bytes());
        self.filled = self.values.len();
        self.offsets.push_length(text.len());
        self.nulls.append(cell.is_some());
    }

    /// Takes the cells of this column, of this number of so many, out of records that stand in `text` from
    /// `start` on, one behind the other without line ends; `ends` are those of all their cells. They are one
    /// of so many `parts` that the column gets.
    fn take(
        &mut self,
        text: &[u8],
        start: usize,
        ends: &[u32],
        (number, width): (usize, usize),
        parts: usize,
    ) {
        let records = ends.chunks_exact(width);
        match number.checked_sub(1) {
            // A record starts where the one before it ends.
            None => {
                let before = records.clone().filter_map(|record| record.last());
                let starts = iter::once(start).chain(before.map(|end| *end as usize));
                let ends = records.filter_map(|record| record.first());
                self.copy(text, starts.zip(ends.map(|end| *end as usize)), parts);
            }
            // A cell starts behind the mark that ends the one before it.
            Some(left) => {
                let cells = records.filter_map(|record| match record.get(left..)? {
                    [mark, end, ..] => Some((*mark as usize + 1, *end as usize)),
                    [] | [_] => None,
                });
                self.copy(text, cells, parts);
            }
        }
    }

    /// Takes cells that stand in a text from here to there; what is empty is null.
    fn copy(
        &mut self,
        text: &[u8],
        cells: impl Iterator<Item = (usize, usize)> + Clone,
        parts: usize,
    ) {
        let lengths = cells.clone().map(|(start, end)| end.saturating_sub(start));
        let total: usize = lengths.sum();
        if self.values.is_empty() {
            self.values.reserve(total.saturating_mul(parts) + STRIDE);
        }
        self.values.resize(self.filled + total + STRIDE, 0);
        let mut room = self.values.get_mut(self.filled..).unwrap_or_default();
        self.filled += total;
        // Cells that are not null, since the last one that is.
        let mut whole = 0;
        for (start, end) in cells {
            let length = end.saturating_sub(start);
            let rest = text.get(start..).unwrap_or_default();
            // Most cells are short. A copy of a fixed size is two steps; what it copies too much is written
            // over by the next cell.
            match (rest.first_chunk::<STRIDE>(), room.first_chunk_mut()) {
                (Some(from), Some(to)) if length <= STRIDE => *to = *from,
                _ => {
                    if let (Some(from), Some(to)) = (rest.get(..length), room.get_mut(..length)) {
                        to.copy_from_slice(from);
                    }
                }
            }
            room = room.get_mut(length..).unwrap_or_default();
            self.offsets.push_length(length);
            if length == 0 {
                self.nulls.append_n_non_nulls(whole);
                self.nulls.append_null();
                whole = 0;
            } else {
                whole += 1;
            }
        }
        self.nulls.append_n_non_nulls(whole);
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
