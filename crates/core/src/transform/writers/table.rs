//! Writes one table: the good rows of a plan, or a source as it was read.

use std::io::Write;
use std::sync::Arc;

use arrow_schema::DataType;

use super::encoder::{Encoded, Encoder, Guarded};
use super::error::WriteError;
use super::layout::Layout;
use super::parquet::ParquetTable;
use crate::source::Batch;
use crate::transform::{Column, Outcome, Plan};

/// A table that is being written. Outcomes or batches have to come in the order of the source.
///
/// ```text
/// work: outcome = plan.run(&batch); encoded = encoder.encode(&outcome)      on any thread
/// sink: table.write_encoded(encoded)                                        in order
/// ```
/// With unique fields the sink applies the [`crate::transform::UniqueStage`] first and calls
/// [`TableWriter::write`], and so it does for Parquet.
pub struct TableWriter<W: Write + Send> {
    output: Output<W>,
    rows: u64,
    guarded: Vec<Guarded>,
}

enum Output<W: Write + Send> {
    Text(W, Arc<Encoder>),
    Parquet(Box<ParquetTable<W>>),
}

/// What was written.
#[derive(Debug)]
pub struct Written<W> {
    /// The output, with all bytes written and flushed.
    pub out: W,
    /// Number of rows, the header not counted.
    pub rows: u64,
    /// The cells that were changed for spreadsheets, see [`super::TextFormat::ExcelCsv`].
    pub guarded: Vec<Guarded>,
}

impl<W: Write + Send> std::fmt::Debug for TableWriter<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TableWriter")
            .field("rows", &self.rows)
            .finish_non_exhaustive()
    }
}

impl<W: Write + Send> TableWriter<W> {
    /// A text table; writes its head.
    ///
    /// # Errors
    /// [`WriteError::Io`].
    pub fn text(out: W, encoder: Arc<Encoder>) -> Result<Self, WriteError> {
        let head = encoder.head();
        let output = Output::Text(out, encoder);
        let mut table = Self {
            output,
            rows: 0,
            guarded: Vec::new(),
        };
        table.write_encoded(head)?;
        Ok(table)
    }

    /// A text table that goes on behind rows that were written before.
    pub fn text_behind(out: W, encoder: Arc<Encoder>, rows: u64) -> Self {
        Self {
            output: Output::Text(out, encoder),
            rows,
            guarded: Vec::new(),
        }
    }

    /// Where text goes to; nothing for Parquet, whose rows are not all written yet.
    pub fn out_mut(&mut self) -> Option<&mut W> {
        match &mut self.output {
            Output::Text(out, _) => Some(out),
            Output::Parquet(_) => None,
        }
    }

    /// A Parquet file of a plan's good rows, of which so many columns are encoded at a time.
    ///
    /// # Errors
    /// [`WriteError::Io`], [`WriteError::Parquet`].
    pub fn parquet(
        out: W,
        plan: &Plan,
        layout: &Layout,
        threads: usize,
    ) -> Result<Self, WriteError> {
        let names: Vec<String> = plan
            .fields()
            .iter()
            .map(|field| field.name().to_owned())
            .collect();
        Self::parquet_of(out, &names, &layout.types(), threads)
    }

    /// A Parquet file of a source's columns, all text, of which so many are encoded at a time.
    ///
    /// # Errors
    /// [`WriteError::Io`], [`WriteError::Parquet`].
    pub fn text_parquet(out: W, columns: &[String], threads: usize) -> Result<Self, WriteError> {
        let types = vec![DataType::Utf8; columns.len()];
        Self::parquet_of(out, columns, &types, threads)
    }

    fn parquet_of(
        out: W,
        names: &[String],
        types: &[DataType],
        threads: usize,
    ) -> Result<Self, WriteError> {
        let table = ParquetTable::new(out, names, types, threads)?;
        Ok(Self {
            output: Output::Parquet(Box::new(table)),
            rows: 0,
            guarded: Vec::new(),
        })
    }

    /// Adds the good rows of an outcome.
    ///
    /// # Errors
    /// [`WriteError::Io`]; for Parquet also [`WriteError::DoesNotFit`] and [`WriteError::Parquet`].
    pub fn write(&mut self, outcome: &Outcome) -> Result<(), WriteError> {
        match &mut self.output {
            Output::Text(_, encoder) => {
                let encoded = encoder.encode(outcome);
                self.write_encoded(encoded)
            }
            Output::Parquet(table) => {
                self.rows += count(outcome.len());
                let line = |row: usize| outcome.places.get(row).map_or(0, |place| place.line);
                table.append(outcome.chunk, &outcome.columns, line)
            }
        }
    }

    /// Adds all records of a batch as text.
    ///
    /// # Errors
    /// As [`TableWriter::write`].
    pub fn write_batch(&mut self, batch: &Batch) -> Result<(), WriteError> {
        match &mut self.output {
            Output::Text(_, encoder) => {
                let encoded = encoder.encode_batch(batch);
                self.write_encoded(encoded)
            }
            Output::Parquet(table) => {
                self.rows += count(batch.len());
                let columns = batch.columns.iter().cloned().map(Column::Text);
                let columns: Vec<Column> = columns.collect();
                let line = |row: usize| batch.places.get(row).map_or(0, |place| place.line);
                table.append(batch.chunk, &columns, line)
            }
        }
    }

    /// Adds rows that the table's own [`Encoder`] has encoded. For Parquet, which has none, the
    /// bytes are of another table: an error.
    ///
    /// # Errors
    /// [`WriteError::Io`].
    pub fn write_encoded(&mut self, encoded: Encoded) -> Result<(), WriteError> {
        match &mut self.output {
            Output::Text(out, _) => out.write_all(&encoded.bytes)?,
            Output::Parquet(_) => {
                let text = "encoded rows for a Parquet table";
                return Err(std::io::Error::new(std::io::ErrorKind::InvalidInput, text).into());
            }
        }
        let before = self.rows;
        self.guarded
            .extend(encoded.guarded.into_iter().map(|mut guarded| {
                // The header is row 0, before any other.
                guarded.row += before;
                guarded
            }));
        self.rows += encoded.rows;
        Ok(())
    }

    /// Writes what is left and hands the output back.
    ///
    /// # Errors
    /// As [`TableWriter::write`].
    pub fn finish(self) -> Result<Written<W>, WriteError> {
        let mut out = match self.output {
            Output::Text(out, _) => out,
            Output::Parquet(table) => table.finish()?,
        };
        out.flush()?;
        Ok(Written {
            out,
            rows: self.rows,
            guarded: self.guarded,
        })
    }
}

/// A number of rows; no machine has memory for more than a `u64` can count.
fn count(rows: usize) -> u64 {
    u64::try_from(rows).unwrap_or(u64::MAX)
}
