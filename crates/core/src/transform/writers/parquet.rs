//! Parquet: flat names, one row group per chunk of the source, zstd.
//!
//! Batches are gathered until their chunk is complete and then written at once: the encoder cuts
//! pages where it is handed rows, and the file must not depend on the sizes of batches.
//!
//! With several threads a chunk is encoded while the next one is gathered, and goes to the file at the
//! end of that.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::ArrayRef;
use arrow_schema::{DataType, Field, Schema};
use parquet::arrow::ArrowSchemaConverter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;

use super::error::WriteError;
use super::row_group::{Columns, RowGroup};

/// Named in the file; without a version, so that equal rows give equal files.
const CREATED_BY: &str = "aimapper";

/// On a bank statement, level 3 takes twice the time and its file is a little larger.
const ZSTD_LEVEL: i32 = 1;

/// A Parquet file that is being written.
pub(super) struct ParquetTable<W: Write + Send> {
    writer: SerializedFileWriter<Shared<W>>,
    out: Arc<Mutex<W>>,
    encoders: Columns,
    /// Number of columns.
    width: usize,
    chunk: u64,
    /// The columns of this chunk so far, batch by batch.
    batches: Vec<Vec<ArrayRef>>,
    /// The chunk before, which may still be encoded.
    under_way: Option<RowGroup>,
    /// Row groups so far.
    groups: usize,
}

impl<W: Write + Send> ParquetTable<W> {
    /// A file with these columns, all nullable, of which `threads` are encoded at a time.
    pub(super) fn new<'a>(
        out: W,
        columns: impl Iterator<Item = (&'a String, &'a DataType)>,
        threads: usize,
    ) -> Result<Self, WriteError> {
        let fields = columns.map(|(name, kind)| Field::new(name, kind.clone(), true));
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let properties = WriterProperties::builder()
            .set_created_by(CREATED_BY.to_owned())
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(ZSTD_LEVEL)?))
            .set_max_row_group_row_count(None);
        // Without the Arrow schema in the file's metadata, which would change with the library's version.
        let root = ArrowSchemaConverter::new()
            .convert(&schema)?
            .root_schema_ptr();
        let encoders = Columns::new(&schema, &root, &properties, threads)?;
        let out = Arc::new(Mutex::new(out));
        let shared = Shared(Arc::clone(&out));
        let writer = SerializedFileWriter::new(shared, root, Arc::new(properties.build()))?;
        Ok(Self {
            writer,
            out,
            encoders,
            width: schema.fields().len(),
            chunk: 0,
            batches: Vec::new(),
            under_way: None,
            groups: 0,
        })
    }

    /// Adds the columns of a batch of one chunk. Chunks come in their order.
    pub(super) fn append(&mut self, chunk: u64, columns: Vec<ArrayRef>) -> Result<(), WriteError> {
        if chunk != self.chunk {
            self.end_chunk()?;
            self.chunk = chunk;
        }
        if columns.len() != self.width {
            let text = format!("{} columns instead of {}", columns.len(), self.width);
            return Err(ParquetError::General(text).into());
        }
        if columns.first().is_some_and(|column| !column.is_empty()) {
            self.batches.push(columns);
        }
        Ok(())
    }

    fn end_chunk(&mut self) -> Result<(), WriteError> {
        if self.batches.is_empty() {
            return Ok(());
        }
        // Of two chunks at most there is something in memory.
        self.write_under_way()?;
        let batches = std::mem::take(&mut self.batches);
        let group = self.encoders.encode(self.groups, batches)?;
        self.groups += 1;
        if group.is_under_way() {
            self.under_way = Some(group);
            return Ok(());
        }
        self.write(group)
    }

    /// Writes the chunk before, if it is not written yet.
    fn write_under_way(&mut self) -> Result<(), WriteError> {
        match self.under_way.take() {
            Some(group) => self.write(group),
            None => Ok(()),
        }
    }

    fn write(&mut self, encoded: RowGroup) -> Result<(), WriteError> {
        let mut group = self.writer.next_row_group()?;
        for chunk in encoded.finish()? {
            chunk.append_to_row_group(&mut group)?;
        }
        group.close()?;
        Ok(())
    }

    /// Writes the last chunk and the footer.
    pub(super) fn finish(mut self) -> Result<W, WriteError> {
        self.end_chunk()?;
        self.write_under_way()?;
        self.writer.finish()?;
        self.writer.flush()?;
        drop(self.writer);
        let out = Arc::into_inner(self.out);
        let out = out.map(|out| out.into_inner().unwrap_or_else(PoisonError::into_inner));
        let lost = || ParquetError::General("the output is still in use".to_owned());
        Ok(out.ok_or_else(lost)?)
    }
}

/// The output, kept a second time: the library's own way to get it back turns the error of a full
/// disk into a text.
struct Shared<W>(Arc<Mutex<W>>);

impl<W: Write> Write for Shared<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .flush()
    }
}
