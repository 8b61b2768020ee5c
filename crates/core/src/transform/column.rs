//! Typed columns: what the kernels leave and the writers take.
//!
//! Text is an Arrow array. The other types are plain vectors, because a cell keeps more than an
//! Arrow column can: a decimal has its own scale ("as written"), a timestamp its own offset and
//! number of fraction digits. The Parquet writer turns them into Arrow arrays, where one scale and
//! one time zone per column are needed; CSV and NDJSON write what was there.

use std::ops::Range;

use arrow_array::builder::StringBuilder;
use arrow_array::{Array, StringArray};

use crate::target::FieldType;
use crate::validation::Cell;
use crate::value::{Decimal, Timestamp};

/// The values of one target field, `None` where there is none.
#[derive(Debug, Clone, PartialEq)]
pub enum Column {
    /// Text.
    Text(StringArray),
    /// Whole numbers of up to 38 digits.
    Integer(Vec<Option<i128>>),
    /// Exact decimals, each with its own scale unless the target fixes it.
    Decimal(Vec<Option<Decimal>>),
    /// Truth values.
    Boolean(Vec<Option<bool>>),
    /// Days since 1970-01-01.
    Date(Vec<Option<i32>>),
    /// Date and time, each with its own offset.
    Timestamp(Vec<Option<Timestamp>>),
    /// Microseconds since midnight.
    Time(Vec<Option<i64>>),
}

impl Column {
    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Text(values) => values.len(),
            Self::Integer(values) => values.len(),
            Self::Decimal(values) => values.len(),
            Self::Boolean(values) => values.len(),
            Self::Date(values) => values.len(),
            Self::Timestamp(values) => values.len(),
            Self::Time(values) => values.len(),
        }
    }

    /// Whether it has no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One value; null also where there is no such row.
    #[must_use]
    pub fn cell(&self, row: usize) -> Cell<'_> {
        fn at<T: Copy>(values: &[Option<T>], row: usize) -> Option<T> {
            values.get(row).copied().flatten()
        }
        let cell = match self {
            Self::Text(values) => {
                (row < values.len() && values.is_valid(row)).then(|| Cell::Text(values.value(row)))
            }
            Self::Integer(values) => at(values, row).map(Cell::Integer),
            Self::Decimal(values) => at(values, row).map(Cell::Decimal),
            Self::Boolean(values) => at(values, row).map(Cell::Boolean),
            Self::Date(values) => at(values, row).map(Cell::Date),
            Self::Timestamp(values) => at(values, row).map(Cell::Timestamp),
            Self::Time(values) => at(values, row).map(Cell::Time),
        };
        cell.unwrap_or(Cell::Null)
    }

    /// Takes out the rows for which `keep` does not say so.
    pub fn keep(&mut self, keep: &[bool]) {
        /// Moves what is kept to the front, where it has its place.
        fn kept<T: Copy>(values: &mut Vec<T>, keep: &[bool]) {
            let mut end = 0;
            for run in runs(keep, values.len()) {
                let length = run.len();
                values.copy_within(run, end);
                end += length;
            }
            values.truncate(end);
        }
        match self {
            Self::Text(values) => *values = kept_texts(values, keep),
            Self::Integer(values) => kept(values, keep),
            Self::Decimal(values) => kept(values, keep),
            Self::Boolean(values) => kept(values, keep),
            Self::Date(values) => kept(values, keep),
            Self::Timestamp(values) => kept(values, keep),
            Self::Time(values) => kept(values, keep),
        }
    }
}

/// Which of so many rows are kept, as runs of rows side by side.
fn runs(keep: &[bool], rows: usize) -> impl Iterator<Item = Range<usize>> {
    let keep = keep.get(..rows).unwrap_or(keep);
    let parts = keep.split_inclusive(|keep| !keep);
    let mut start = 0;
    parts.map(move |part| {
        let run = start..start + part.len() - usize::from(part.last() == Some(&false));
        start += part.len();
        run
    })
}

fn kept_texts(values: &StringArray, keep: &[bool]) -> StringArray {
    let mut all = StringBuilder::with_capacity(values.len(), values.value_data().len());
    for run in runs(keep, values.len()) {
        // It fails where texts grow beyond what offsets can say, which a part of an array does not.
        let appended = all.append_array(&values.slice(run.start, run.len()));
        debug_assert!(appended.is_ok(), "a part of an array is too long for one");
    }
    all.finish()
}

/// Builds a column of one type, value by value.
#[derive(Debug)]
pub(super) enum ColumnBuilder {
    Text(StringBuilder),
    Integer(Vec<Option<i128>>),
    Decimal(Vec<Option<Decimal>>),
    Boolean(Vec<Option<bool>>),
    Date(Vec<Option<i32>>),
    Timestamp(Vec<Option<Timestamp>>),
    Time(Vec<Option<i64>>),
}

impl ColumnBuilder {
    pub(super) fn new(kind: FieldType, rows: usize) -> Self {
        match kind {
            FieldType::String => Self::Text(StringBuilder::with_capacity(rows, rows * 16)),
            FieldType::Integer => Self::Integer(Vec::with_capacity(rows)),
            FieldType::Decimal => Self::Decimal(Vec::with_capacity(rows)),
            FieldType::Boolean => Self::Boolean(Vec::with_capacity(rows)),
            FieldType::Date => Self::Date(Vec::with_capacity(rows)),
            FieldType::Timestamp => Self::Timestamp(Vec::with_capacity(rows)),
            FieldType::Time => Self::Time(Vec::with_capacity(rows)),
        }
    }

    /// Adds a value. One of another type, which compiled rules do not give, counts as null.
    pub(super) fn push(&mut self, cell: Cell<'_>) {
        match (self, cell) {
            (Self::Text(values), Cell::Text(text)) => values.append_value(text),
            (Self::Integer(values), Cell::Integer(value)) => values.push(Some(value)),
            (Self::Decimal(values), Cell::Decimal(value)) => values.push(Some(value)),
            (Self::Boolean(values), Cell::Boolean(value)) => values.push(Some(value)),
            (Self::Date(values), Cell::Date(value)) => values.push(Some(value)),
            (Self::Timestamp(values), Cell::Timestamp(value)) => values.push(Some(value)),
            (Self::Time(values), Cell::Time(value)) => values.push(Some(value)),
            (other, cell) => {
                debug_assert_eq!(cell, Cell::Null, "a rule gave a value of another type");
                other.push_null();
            }
        }
    }

    pub(super) fn push_null(&mut self) {
        match self {
            Self::Text(values) => values.append_null(),
            Self::Integer(values) => values.push(None),
            Self::Decimal(values) => values.push(None),
            Self::Boolean(values) => values.push(None),
            Self::Date(values) => values.push(None),
            Self::Timestamp(values) => values.push(None),
            Self::Time(values) => values.push(None),
        }
    }

    pub(super) fn finish(self) -> Column {
        match self {
            Self::Text(mut values) => Column::Text(values.finish()),
            Self::Integer(values) => Column::Integer(values),
            Self::Decimal(values) => Column::Decimal(values),
            Self::Boolean(values) => Column::Boolean(values),
            Self::Date(values) => Column::Date(values),
            Self::Timestamp(values) => Column::Timestamp(values),
            Self::Time(values) => Column::Time(values),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(kind: FieldType, cells: &[Cell<'_>]) -> Column {
        let mut builder = ColumnBuilder::new(kind, cells.len());
        for cell in cells {
            builder.push(*cell);
        }
        builder.finish()
    }

    #[test]
    fn rows_are_kept_in_runs() {
        let cells: Vec<Option<&str>> = vec![Some("a"), None, Some(""), Some("bcd"), Some("e")];
        let all: StringArray = std::iter::once(Some("x")).chain(cells.clone()).collect();
        let part = all.slice(1, 5);
        for bits in 0_u32..32 {
            let keep: Vec<bool> = (0..5).map(|row| bits & (1 << row) != 0).collect();
            let rows = cells.iter().zip(&keep).filter(|(_, keep)| **keep);
            let wanted: Vec<Option<&str>> = rows.map(|(cell, _)| *cell).collect();
            let kept = kept_texts(&part, &keep);
            assert_eq!(kept.iter().collect::<Vec<_>>(), wanted);
        }
        assert_eq!(kept_texts(&part, &[true; 9]).len(), 5);
    }

    #[test]
    fn cells_come_back_and_are_filtered() {
        let at = Timestamp {
            micros: 5,
            nanos: 0,
            offset_minutes: Some(60),
            fraction_digits: 3,
        };
        let value = [
            (FieldType::String, Cell::Text("")),
            (FieldType::Integer, Cell::Integer(7)),
            (
                FieldType::Decimal,
                Cell::Decimal(Decimal::new(150, 2).unwrap()),
            ),
            (FieldType::Boolean, Cell::Boolean(false)),
            (FieldType::Date, Cell::Date(-1)),
            (FieldType::Timestamp, Cell::Timestamp(at)),
            (FieldType::Time, Cell::Time(3)),
        ];
        for (kind, cell) in value {
            let column = column(kind, &[Cell::Null, cell, Cell::Null]);
            assert_eq!(column.len(), 3);
            assert_eq!(
                [0, 1, 2, 9].map(|row| column.cell(row)),
                [Cell::Null, cell, Cell::Null, Cell::Null]
            );
            let mut kept = column.clone();
            kept.keep(&[false, true, true]);
            assert_eq!(
                (kept.len(), kept.cell(0), kept.cell(1)),
                (2, cell, Cell::Null)
            );
            let mut none = column;
            none.keep(&[false; 3]);
            assert!(none.is_empty());
        }
    }
}
