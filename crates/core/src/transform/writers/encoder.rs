//! Encodes rows batch by batch, as text or as columns for Parquet. Shared by threads; holds no state
//! between batches.

use arrow_array::ArrayRef;
use arrow_schema::DataType;

use super::array::array_of;
use super::csv::{looks_like_formula, write_record};
use super::error::WriteError;
use super::layout::Layout;
use super::ndjson::Object;
use crate::source::Batch;
use crate::transform::{Column, Outcome, Plan};
use crate::validation::Cell;

/// A text format of tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TextFormat {
    /// CSV by RFC 4180, exact.
    Csv,
    /// CSV for spreadsheets: a byte order mark, and a `'` before texts that could be taken for
    /// formulas. What was changed is recorded as [`Guarded`].
    ExcelCsv,
    /// One JSON object per line.
    Ndjson,
}

/// A cell that was given a `'` so that no spreadsheet runs it. Taking the first character of these
/// cells away gives the exact file again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guarded {
    /// Row of the written table, counted from 1; 0 for the header.
    pub row: u64,
    /// Line of the source where the record starts; 0 for the header.
    pub line: u64,
    /// Name of the column.
    pub field: String,
}

/// Rows as their table takes them.
#[derive(Debug)]
pub struct Encoded {
    pub(super) content: Content,
    /// How many rows they are.
    pub(super) rows: u64,
    /// What was changed for spreadsheets; rows are counted from the first of these rows.
    pub(super) guarded: Vec<Guarded>,
}

#[derive(Debug)]
pub(super) enum Content {
    Text(Vec<u8>),
    /// Columns of one chunk.
    Columns {
        chunk: u64,
        columns: Vec<ArrayRef>,
    },
}

/// Encodes the rows of one table.
#[derive(Debug)]
pub struct Encoder {
    names: Vec<String>,
    style: Style,
}

#[derive(Debug)]
enum Style {
    Text(TextStyle),
    /// The types of the columns.
    Parquet(Vec<DataType>),
}

#[derive(Debug)]
enum TextStyle {
    Csv,
    ExcelCsv,
    Ndjson(Object),
}

impl Encoder {
    /// An encoder of a plan's outcomes. In NDJSON dotted fields are nested.
    ///
    /// # Errors
    /// [`WriteError::Nesting`] where one field's name is the path to another.
    pub fn of_plan(plan: &Plan, format: TextFormat) -> Result<Self, WriteError> {
        let style = match format {
            TextFormat::Csv => TextStyle::Csv,
            TextFormat::ExcelCsv => TextStyle::ExcelCsv,
            TextFormat::Ndjson => TextStyle::Ndjson(Object::nested(plan.fields())?),
        };
        Ok(Self {
            names: names_of(plan),
            style: Style::Text(style),
        })
    }

    /// An encoder of a source's batches, all text. In NDJSON names are keys as they are, and nulls
    /// are written.
    #[must_use]
    pub fn of_columns(names: &[String], format: TextFormat) -> Self {
        let style = match format {
            TextFormat::Csv => TextStyle::Csv,
            TextFormat::ExcelCsv => TextStyle::ExcelCsv,
            TextFormat::Ndjson => TextStyle::Ndjson(Object::flat(names)),
        };
        Self {
            names: names.to_vec(),
            style: Style::Text(style),
        }
    }

    /// An encoder of a plan's outcomes for a Parquet file of this layout.
    pub(super) fn of_layout(plan: &Plan, layout: &Layout) -> Self {
        Self {
            names: names_of(plan),
            style: Style::Parquet(layout.types()),
        }
    }

    /// An encoder of a source's batches for a Parquet file, all text.
    pub(super) fn of_texts(names: &[String]) -> Self {
        Self {
            names: names.to_vec(),
            style: Style::Parquet(vec![DataType::Utf8; names.len()]),
        }
    }

    /// The columns of a Parquet file; none for text.
    pub(super) fn columns(&self) -> impl Iterator<Item = (&String, &DataType)> {
        let types = match &self.style {
            Style::Text(_) => &[],
            Style::Parquet(types) => types.as_slice(),
        };
        self.names.iter().zip(types)
    }

    /// What stands before the first row of a text: for CSV the header line.
    pub(super) fn head(&self) -> Option<Encoded> {
        let style = match &self.style {
            Style::Text(style @ (TextStyle::Csv | TextStyle::ExcelCsv)) => style,
            Style::Text(TextStyle::Ndjson(_)) | Style::Parquet(_) => return None,
        };
        let names = |column, _| self.name(column);
        let (mut bytes, mut guarded) = self.text(style, 1, self.names.len(), names, |_| 0);
        for guarded in &mut guarded {
            guarded.row = 0;
        }
        if let TextStyle::ExcelCsv = style {
            bytes.splice(0..0, *b"\xef\xbb\xbf");
        }
        Some(Encoded {
            content: Content::Text(bytes),
            rows: 0,
            guarded,
        })
    }

    fn name(&self, column: usize) -> Cell<'_> {
        self.names
            .get(column)
            .map_or(Cell::Null, |name| Cell::Text(name))
    }

    /// Encodes the good rows of an outcome.
    ///
    /// # Errors
    /// For Parquet [`WriteError::DoesNotFit`] and [`WriteError::Parquet`].
    pub fn encode(&self, outcome: &Outcome) -> Result<Encoded, WriteError> {
        let line = |row: usize| outcome.places.get(row).map_or(0, |at| at.line);
        let style = match &self.style {
            Style::Text(style) => style,
            Style::Parquet(types) => {
                let columns = self.arrays(types, outcome.columns.iter(), line)?;
                return Ok(Encoded::columns(outcome.chunk, columns, outcome.len()));
            }
        };
        let cell = |column: usize, row| {
            let column = outcome.columns.get(column);
            column.map_or(Cell::Null, |column: &Column| column.cell(row))
        };
        let text = self.text(style, outcome.len(), self.names.len(), cell, line);
        Ok(Encoded::text(text, outcome.len()))
    }

    /// Encodes all records of a batch, all columns as text; as CSV also where the header has fewer
    /// or more names than the records have cells.
    ///
    /// # Errors
    /// As [`Encoder::encode`].
    pub fn encode_batch(&self, batch: &Batch) -> Result<Encoded, WriteError> {
        let line = |row: usize| batch.places.get(row).map_or(0, |at| at.line);
        let style = match &self.style {
            Style::Text(style) => style,
            Style::Parquet(types) => {
                let columns: Vec<Column> =
                    batch.columns.iter().cloned().map(Column::Text).collect();
                let columns = self.arrays(types, columns.iter(), line)?;
                return Ok(Encoded::columns(batch.chunk, columns, batch.len()));
            }
        };
        let cell = |column, row| batch.cell(column, row).map_or(Cell::Null, Cell::Text);
        let text = self.text(style, batch.len(), batch.columns.len(), cell, line);
        Ok(Encoded::text(text, batch.len()))
    }

    /// Columns of these types.
    fn arrays<'c>(
        &self,
        types: &[DataType],
        columns: impl Iterator<Item = &'c Column>,
        line: impl Fn(usize) -> u64,
    ) -> Result<Vec<ArrayRef>, WriteError> {
        let columns = self.names.iter().zip(types).zip(columns);
        let arrays = columns.map(|((name, kind), column)| {
            array_of(column, kind, |row| WriteError::DoesNotFit {
                field: name.clone(),
                line: line(row),
            })
        });
        arrays.collect()
    }

    /// Rows as bytes, and what was changed for spreadsheets.
    fn text<'c>(
        &self,
        style: &TextStyle,
        rows: usize,
        columns: usize,
        cell: impl Fn(usize, usize) -> Cell<'c>,
        line: impl Fn(usize) -> u64,
    ) -> (Vec<u8>, Vec<Guarded>) {
        let columns = 0..columns;
        let (mut bytes, mut guarded) = (Vec::new(), Vec::new());
        for row in 0..rows {
            let cells = columns.clone().map(|column| cell(column, row));
            match style {
                TextStyle::Csv => write_record(&mut bytes, cells),
                TextStyle::Ndjson(object) => {
                    object.write_line(&mut bytes, &|column| cell(column, row));
                }
                TextStyle::ExcelCsv => {
                    let place = (count(row) + 1, line(row));
                    self.guarded_record(&mut bytes, &mut guarded, cells, place);
                }
            }
        }
        (bytes, guarded)
    }

    fn guarded_record<'c>(
        &self,
        bytes: &mut Vec<u8>,
        guarded: &mut Vec<Guarded>,
        cells: impl Iterator<Item = Cell<'c>>,
        (row, line): (u64, u64),
    ) {
        let cells: Vec<Cell<'c>> = cells.collect();
        let guard = |cell: &Cell<'c>| match cell {
            Cell::Text(text) if looks_like_formula(text) => Some(format!("'{text}")),
            Cell::Text(_)
            | Cell::Null
            | Cell::Integer(_)
            | Cell::Decimal(_)
            | Cell::Boolean(_)
            | Cell::Date(_)
            | Cell::Timestamp(_)
            | Cell::Time(_) => None,
        };
        let guards: Vec<Option<String>> = cells.iter().map(guard).collect();
        for (column, guard) in guards.iter().enumerate() {
            if guard.is_some() {
                let name = self.names.get(column).cloned();
                let field = name.unwrap_or_else(|| format!("column_{}", column + 1));
                guarded.push(Guarded { row, line, field });
            }
        }
        let shown = cells.iter().zip(&guards);
        let shown = shown.map(|(cell, guard)| guard.as_deref().map_or(*cell, Cell::Text));
        write_record(bytes, shown);
    }
}

impl Encoded {
    fn text((bytes, guarded): (Vec<u8>, Vec<Guarded>), rows: usize) -> Self {
        Self {
            content: Content::Text(bytes),
            rows: count(rows),
            guarded,
        }
    }

    fn columns(chunk: u64, columns: Vec<ArrayRef>, rows: usize) -> Self {
        Self {
            content: Content::Columns { chunk, columns },
            rows: count(rows),
            guarded: Vec::new(),
        }
    }
}

fn names_of(plan: &Plan) -> Vec<String> {
    let fields = plan.fields().iter();
    fields.map(|field| field.name().to_owned()).collect()
}

/// A number of rows; no machine has memory for more than a `u64` can count.
fn count(rows: usize) -> u64 {
    u64::try_from(rows).unwrap_or(u64::MAX)
}
