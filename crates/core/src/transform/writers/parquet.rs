//! Parquet: flat names, one row group per chunk of the source, zstd.
//!
//! Rows are gathered until their chunk is complete and then written at once: the encoder cuts
//! pages where it is handed rows, and the file must not depend on the sizes of batches.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::ArrayRef;
use arrow_array::builder::{
    BooleanBuilder, Date32Builder, Decimal128Builder, Int64Builder, StringBuilder,
    Time64MicrosecondBuilder, TimestampMicrosecondBuilder,
};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use parquet::arrow::ArrowSchemaConverter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;

use super::error::WriteError;
use super::row_group::Columns;
use crate::transform::Column;
use crate::validation::Cell;

/// Named in the file; without a version, so that equal rows give equal files.
const CREATED_BY: &str = "aimapper";

/// The level at which zstd's own default stands.
const ZSTD_LEVEL: i32 = 3;

/// A Parquet file that is being written.
pub(super) struct ParquetTable<W: Write + Send> {
    writer: SerializedFileWriter<Shared<W>>,
    out: Arc<Mutex<W>>,
    schema: SchemaRef,
    columns: Vec<Builder>,
    encoders: Columns,
    chunk: u64,
    /// Row groups so far.
    groups: usize,
}

impl<W: Write + Send> ParquetTable<W> {
    /// A file with these columns, all nullable, of which `threads` are encoded at a time.
    pub(super) fn new(
        out: W,
        names: &[String],
        types: &[DataType],
        threads: usize,
    ) -> Result<Self, WriteError> {
        let fields = names
            .iter()
            .zip(types)
            .map(|(name, kind)| Field::new(name, kind.clone(), true));
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
        let columns = types.iter().map(Builder::new).collect::<Result<_, _>>()?;
        Ok(Self {
            writer,
            out,
            schema,
            columns,
            encoders,
            chunk: 0,
            groups: 0,
        })
    }

    /// Adds rows of one chunk. Chunks come in their order.
    pub(super) fn append(
        &mut self,
        chunk: u64,
        columns: &[Column],
        line: impl Fn(usize) -> u64,
    ) -> Result<(), WriteError> {
        if chunk != self.chunk {
            self.end_chunk()?;
            self.chunk = chunk;
        }
        let builders = self.columns.iter_mut().zip(self.schema.fields());
        for ((builder, field), column) in builders.zip(columns) {
            if let Some(row) = builder.extend(column)? {
                return Err(WriteError::DoesNotFit {
                    field: field.name().clone(),
                    line: line(row),
                });
            }
        }
        Ok(())
    }

    fn end_chunk(&mut self) -> Result<(), WriteError> {
        let columns: Vec<ArrayRef> = self.columns.iter_mut().map(Builder::finish).collect();
        if columns.first().is_none_or(|column| column.is_empty()) {
            return Ok(());
        }
        let chunks = self.encoders.encode(self.groups, &columns)?;
        self.groups += 1;
        let mut group = self.writer.next_row_group()?;
        for chunk in chunks {
            chunk.append_to_row_group(&mut group)?;
        }
        group.close()?;
        Ok(())
    }

    /// Writes the last chunk and the footer.
    pub(super) fn finish(mut self) -> Result<W, WriteError> {
        self.end_chunk()?;
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

/// Builds one Arrow array.
enum Builder {
    Text(StringBuilder),
    Integer(Int64Builder),
    Decimal(Decimal128Builder, u32),
    Boolean(BooleanBuilder),
    Date(Date32Builder),
    Timestamp(TimestampMicrosecondBuilder, Offset),
    Time(Time64MicrosecondBuilder),
}

/// Whether a column of timestamps is in UTC.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Offset {
    Utc,
    Local,
}

impl Builder {
    /// A builder for one of the types that [`super::Layout`] gives.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "Arrow has dozens of types, of which we write these"
    )]
    fn new(kind: &DataType) -> Result<Self, WriteError> {
        Ok(match kind {
            DataType::Utf8 => Self::Text(StringBuilder::new()),
            DataType::Int64 => Self::Integer(Int64Builder::new()),
            DataType::Decimal128(_, scale) => {
                let builder = Decimal128Builder::new().with_data_type(kind.clone());
                Self::Decimal(builder, scale.unsigned_abs().into())
            }
            DataType::Boolean => Self::Boolean(BooleanBuilder::new()),
            DataType::Date32 => Self::Date(Date32Builder::new()),
            DataType::Timestamp(_, zone) => {
                let builder = TimestampMicrosecondBuilder::new().with_data_type(kind.clone());
                Self::Timestamp(
                    builder,
                    if zone.is_some() {
                        Offset::Utc
                    } else {
                        Offset::Local
                    },
                )
            }
            DataType::Time64(_) => Self::Time(Time64MicrosecondBuilder::new()),
            other => return Err(ParquetError::NYI(format!("columns of {other}")).into()),
        })
    }

    /// Adds values; returns the number of the first one that the column cannot hold exactly.
    fn extend(&mut self, column: &Column) -> Result<Option<usize>, ParquetError> {
        if let (Self::Text(builder), Column::Text(texts)) = (&mut *self, column) {
            return match builder.append_array(texts) {
                Ok(()) => Ok(None),
                Err(error) => Err(ParquetError::ArrowError(error.to_string())),
            };
        }
        let mut rows = 0..column.len();
        Ok(rows.find(|row| self.push(column.cell(*row)).is_none()))
    }

    /// Adds a value; `None` where the column cannot hold it exactly.
    fn push(&mut self, cell: Cell<'_>) -> Option<()> {
        match (self, cell) {
            (Self::Text(builder), Cell::Null) => builder.append_null(),
            (Self::Text(builder), Cell::Text(text)) => builder.append_value(text),
            // A type that no column of its own can hold, see `Layout`.
            (Self::Text(builder), cell) => builder.append_value(cell.to_string()),
            (Self::Integer(builder), Cell::Null) => builder.append_null(),
            (Self::Integer(builder), Cell::Integer(value)) => {
                builder.append_value(i64::try_from(value).ok()?);
            }
            (Self::Decimal(builder, _), Cell::Null) => builder.append_null(),
            (Self::Decimal(builder, scale), cell) => {
                builder.append_value(cell.number()?.rescale(*scale)?.digits());
            }
            (Self::Boolean(builder), Cell::Null) => builder.append_null(),
            (Self::Boolean(builder), Cell::Boolean(value)) => builder.append_value(value),
            (Self::Date(builder), Cell::Null) => builder.append_null(),
            (Self::Date(builder), Cell::Date(days)) => builder.append_value(days),
            (Self::Timestamp(builder, _), Cell::Null) => builder.append_null(),
            (Self::Timestamp(builder, offset), Cell::Timestamp(at)) => {
                let fits = at.offset_minutes.is_some() == (*offset == Offset::Utc);
                (fits && at.nanos == 0).then(|| builder.append_value(at.micros))?;
            }
            (Self::Time(builder), Cell::Null) => builder.append_null(),
            (Self::Time(builder), Cell::Time(micros)) => builder.append_value(micros),
            (
                Self::Integer(_)
                | Self::Boolean(_)
                | Self::Date(_)
                | Self::Timestamp(..)
                | Self::Time(_),
                _,
            ) => return None,
        }
        Some(())
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Text(builder) => Arc::new(builder.finish()),
            Self::Integer(builder) => Arc::new(builder.finish()),
            Self::Decimal(builder, _) => Arc::new(builder.finish()),
            Self::Boolean(builder) => Arc::new(builder.finish()),
            Self::Date(builder) => Arc::new(builder.finish()),
            Self::Timestamp(builder, _) => Arc::new(builder.finish()),
            Self::Time(builder) => Arc::new(builder.finish()),
        }
    }
}
