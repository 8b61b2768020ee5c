//! Batches: records as columns of text, each record with its place in the source and its raw text.

use std::sync::{Arc, OnceLock};

use arrow_array::{Array, StringArray};

use super::repeats::Repeats;

/// Records of one chunk; the unit of row groups and checkpoints.
pub const CHUNK_RECORDS: u64 = 65_536;

/// Where a record stands in its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// 1-based physical line on which it starts.
    pub line: u64,
    /// 1-based number of the data record, rejected ones counted.
    pub row: u64,
    /// First byte in the source.
    pub start: u64,
    /// One past its last byte, line end included.
    pub end: u64,
}

/// Up to 8,192 good records (fewer where they are long), never across a chunk's border.
///
/// A null cell is a field with nothing in it; an empty string is a quoted field with nothing in it.
#[derive(Debug, Clone)]
pub struct Batch {
    /// Number of the chunk that it belongs to, from 0.
    pub chunk: u64,
    /// One array per column, all of the same length.
    pub columns: Vec<StringArray>,
    /// One per record.
    pub places: Vec<Place>,
    /// The records' text without line ends, one after another.
    pub raw: Arc<RawText>,
    /// Of each column, once somebody asked.
    repeats: Vec<OnceLock<Option<Arc<Repeats>>>>,
}

/// The text of a batch's records, as it stands in the source, transcoded to UTF-8.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RawText {
    /// UTF-8, which is looked at where a record is asked for: few are.
    text: Vec<u8>,
    ends: Vec<usize>,
}

impl RawText {
    /// Records whose texts stand one behind the other, and where each ends.
    pub(super) const fn new(text: Vec<u8>, ends: Vec<usize>) -> Self {
        Self { text, ends }
    }

    /// Adds the next record's text.
    pub fn push(&mut self, text: &str) {
        self.text.extend_from_slice(text.as_bytes());
        self.ends.push(self.text.len());
    }

    /// The text of record `index` of the batch, without its line end.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&str> {
        let end = *self.ends.get(index)?;
        let start = match index.checked_sub(1) {
            Some(before) => *self.ends.get(before)?,
            None => 0,
        };
        std::str::from_utf8(self.text.get(start..end)?).ok()
    }
}

impl Batch {
    /// Records of a chunk: their columns, their places, and their text.
    #[must_use]
    pub fn new(
        chunk: u64,
        columns: Vec<StringArray>,
        places: Vec<Place>,
        raw: Arc<RawText>,
    ) -> Self {
        let repeats = columns.iter().map(|_| OnceLock::new()).collect();
        Self {
            chunk,
            columns,
            places,
            raw,
            repeats,
        }
    }

    /// Which text each cell of a column has, where few of them differ.
    #[must_use]
    pub fn repeats(&self, column: usize) -> Option<&Arc<Repeats>> {
        let cells = self.columns.get(column)?;
        let repeats = self.repeats.get(column)?;
        let found = repeats.get_or_init(|| Repeats::of(cells).map(Arc::new));
        found.as_ref()
    }

    /// Number of records.
    #[must_use]
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether it has no record.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The text of one cell; `None` where it is null or out of range.
    #[must_use]
    pub fn cell(&self, column: usize, record: usize) -> Option<&str> {
        let array = self.columns.get(column)?;
        (record < array.len() && array.is_valid(record)).then(|| array.value(record))
    }
}
