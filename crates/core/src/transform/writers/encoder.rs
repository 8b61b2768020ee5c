//! Encodes rows as text, batch by batch. Shared by threads; holds no state between batches.

use super::csv::{looks_like_formula, write_record};
use super::error::WriteError;
use super::ndjson::Object;
use crate::source::Batch;
use crate::transform::{Outcome, Plan};
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

/// Rows as bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Encoded {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// How many rows they are.
    pub rows: u64,
    /// What was changed for spreadsheets; rows are counted from the first of these rows.
    pub guarded: Vec<Guarded>,
}

/// Encodes the rows of one table.
#[derive(Debug)]
pub struct Encoder {
    names: Vec<String>,
    style: Style,
}

#[derive(Debug)]
enum Style {
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
        let names = plan
            .fields()
            .iter()
            .map(|field| field.name().to_owned())
            .collect();
        let style = match format {
            TextFormat::Csv => Style::Csv,
            TextFormat::ExcelCsv => Style::ExcelCsv,
            TextFormat::Ndjson => Style::Ndjson(Object::nested(plan.fields())?),
        };
        Ok(Self { names, style })
    }

    /// An encoder of a source's batches, all text. In NDJSON names are keys as they are, and nulls
    /// are written.
    #[must_use]
    pub fn of_columns(names: &[String], format: TextFormat) -> Self {
        let style = match format {
            TextFormat::Csv => Style::Csv,
            TextFormat::ExcelCsv => Style::ExcelCsv,
            TextFormat::Ndjson => Style::Ndjson(Object::flat(names)),
        };
        Self {
            names: names.to_vec(),
            style,
        }
    }

    /// What stands before the first row: for CSV the header line.
    #[must_use]
    pub fn head(&self) -> Encoded {
        let mut head = match self.style {
            Style::Csv | Style::ExcelCsv => {
                self.rows(1, self.names.len(), |column, _| self.name(column), |_| 0)
            }
            Style::Ndjson(_) => Encoded::default(),
        };
        head.rows = 0;
        for guarded in &mut head.guarded {
            guarded.row = 0;
        }
        if let Style::ExcelCsv = self.style {
            head.bytes.splice(0..0, *b"\xef\xbb\xbf");
        }
        head
    }

    fn name(&self, column: usize) -> Cell<'_> {
        self.names
            .get(column)
            .map_or(Cell::Null, |name| Cell::Text(name))
    }

    /// Encodes the good rows of an outcome.
    #[must_use]
    pub fn encode(&self, outcome: &Outcome) -> Encoded {
        let cell = |column: usize, row| {
            outcome
                .columns
                .get(column)
                .map_or(Cell::Null, |column| column.cell(row))
        };
        self.rows(outcome.len(), self.names.len(), cell, |row| {
            outcome.places.get(row).map_or(0, |at| at.line)
        })
    }

    /// Encodes all records of a batch, all columns as text; as CSV also where the header has fewer
    /// or more names than the records have cells.
    #[must_use]
    pub fn encode_batch(&self, batch: &Batch) -> Encoded {
        let cell = |column, row| batch.cell(column, row).map_or(Cell::Null, Cell::Text);
        self.rows(batch.len(), batch.columns.len(), cell, |row| {
            batch.places.get(row).map_or(0, |at| at.line)
        })
    }

    fn rows<'c>(
        &self,
        rows: usize,
        columns: usize,
        cell: impl Fn(usize, usize) -> Cell<'c>,
        line: impl Fn(usize) -> u64,
    ) -> Encoded {
        let columns = 0..columns;
        let mut encoded = Encoded::default();
        for row in 0..rows {
            encoded.rows += 1;
            let cells = columns.clone().map(|column| cell(column, row));
            match &self.style {
                Style::Csv => write_record(&mut encoded.bytes, cells),
                Style::Ndjson(object) => {
                    object.write_line(&mut encoded.bytes, &|column| cell(column, row));
                }
                Style::ExcelCsv => self.guarded_record(&mut encoded, cells, line(row)),
            }
        }
        encoded
    }

    fn guarded_record<'c>(
        &self,
        encoded: &mut Encoded,
        cells: impl Iterator<Item = Cell<'c>>,
        line: u64,
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
                let row = encoded.rows;
                let name = self.names.get(column).cloned();
                let field = name.unwrap_or_else(|| format!("column_{}", column + 1));
                encoded.guarded.push(Guarded { row, line, field });
            }
        }
        let shown = cells.iter().zip(&guards);
        let shown = shown.map(|(cell, guard)| guard.as_deref().map_or(*cell, Cell::Text));
        write_record(&mut encoded.bytes, shown);
    }
}
