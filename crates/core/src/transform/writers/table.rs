//! Writes one table: the good rows of a plan, or a source as it was read.

use std::io::Write;
use std::sync::Arc;

use parquet::errors::ParquetError;

use super::encoder::{Content, Encoded, Encoder, Guarded};
use super::error::WriteError;
use super::layout::Layout;
use super::parquet::ParquetTable;
use crate::transform::{Outcome, Plan};

/// A table that is being written. Outcomes or batches have to come in the order of the source.
///
/// ```text
/// work: outcome = plan.run(&batch); encoded = table.encoder().encode(&outcome)      on any thread
/// sink: table.write_encoded(encoded?)                                               in order
/// ```
/// With unique fields the sink applies the [`crate::transform::UniqueStage`] first and calls
/// [`TableWriter::write`].
pub struct TableWriter<W: Write + Send> {
    output: Output<W>,
    encoder: Arc<Encoder>,
    rows: u64,
    guarded: Vec<Guarded>,
}

enum Output<W: Write + Send> {
    Text(W),
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
    fn new(output: Output<W>, encoder: Encoder) -> Self {
        Self {
            output,
            encoder: Arc::new(encoder),
            rows: 0,
            guarded: Vec::new(),
        }
    }

    /// A text table; writes its head.
    ///
    /// # Errors
    /// [`WriteError::Io`].
    pub fn text(out: W, encoder: Encoder) -> Result<Self, WriteError> {
        let head = encoder.head();
        let mut table = Self::new(Output::Text(out), encoder);
        if let Some(head) = head {
            table.write_encoded(head)?;
        }
        Ok(table)
    }

    /// A text table that goes on behind rows that were written before.
    pub fn text_behind(out: W, encoder: Encoder, rows: u64) -> Self {
        let mut table = Self::new(Output::Text(out), encoder);
        table.rows = rows;
        table
    }

    /// What encodes rows for this table.
    pub fn encoder(&self) -> Arc<Encoder> {
        Arc::clone(&self.encoder)
    }

    /// Where text goes to; nothing for Parquet, whose rows are not all written yet.
    pub fn out_mut(&mut self) -> Option<&mut W> {
        match &mut self.output {
            Output::Text(out) => Some(out),
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
        Self::parquet_of(out, Encoder::of_layout(plan, layout), threads)
    }

    /// A Parquet file of a source's columns, all text, of which so many are encoded at a time.
    ///
    /// # Errors
    /// [`WriteError::Io`], [`WriteError::Parquet`].
    pub fn text_parquet(out: W, columns: &[String], threads: usize) -> Result<Self, WriteError> {
        Self::parquet_of(out, Encoder::of_texts(columns), threads)
    }

    fn parquet_of(out: W, encoder: Encoder, threads: usize) -> Result<Self, WriteError> {
        let table = ParquetTable::new(out, encoder.columns(), threads)?;
        Ok(Self::new(Output::Parquet(Box::new(table)), encoder))
    }

    /// Adds the good rows of an outcome.
    ///
    /// # Errors
    /// [`WriteError::Io`]; for Parquet also [`WriteError::DoesNotFit`] and [`WriteError::Parquet`].
    pub fn write(&mut self, outcome: &Outcome) -> Result<(), WriteError> {
        let encoded = self.encoder.encode(outcome)?;
        self.write_encoded(encoded)
    }

    /// Adds rows that the table's own [`Encoder`] has encoded. Those of a table of the other kind are an
    /// error.
    ///
    /// # Errors
    /// [`WriteError::Io`]; for Parquet also [`WriteError::Parquet`].
    pub fn write_encoded(&mut self, encoded: Encoded) -> Result<(), WriteError> {
        match (&mut self.output, encoded.content) {
            (Output::Text(out), Content::Text(bytes)) => out.write_all(&bytes)?,
            (Output::Parquet(table), Content::Columns { chunk, columns }) => {
                table.append(chunk, columns)?;
            }
            (Output::Text(_), Content::Columns { .. }) | (Output::Parquet(_), Content::Text(_)) => {
                let text = "rows that are encoded for another kind of table";
                return Err(ParquetError::General(text.to_owned()).into());
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
            Output::Text(out) => out,
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
