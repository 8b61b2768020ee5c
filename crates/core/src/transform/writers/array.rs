//! Columns as Parquet takes them: Arrow arrays, of one scale and one time zone each.

use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_array::builder::{
    BooleanBuilder, Date32Builder, Decimal128Builder, Int64Builder, StringBuilder,
    Time64MicrosecondBuilder, TimestampMicrosecondBuilder,
};
use arrow_schema::DataType;
use parquet::errors::ParquetError;

use super::error::WriteError;
use crate::transform::Column;
use crate::validation::Cell;

/// A column as an array of one of the types that [`super::Layout`] gives. Texts are not copied.
///
/// # Errors
/// What `misfit` says of the first row whose value the type cannot hold exactly.
pub(super) fn array_of(
    column: &Column,
    kind: &DataType,
    misfit: impl Fn(usize) -> WriteError,
) -> Result<ArrayRef, WriteError> {
    if let (Column::Text(texts), DataType::Utf8) = (column, kind) {
        return Ok(Arc::new(texts.clone()));
    }
    let mut builder = Builder::new(kind, column.len())?;
    let mut rows = 0..column.len();
    match rows.find(|row| builder.push(column.cell(*row)).is_none()) {
        Some(row) => Err(misfit(row)),
        None => Ok(builder.finish()),
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
    /// A builder of so many values of one of the types that [`super::Layout`] gives.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "Arrow has dozens of types, of which we write these"
    )]
    fn new(kind: &DataType, rows: usize) -> Result<Self, WriteError> {
        Ok(match kind {
            DataType::Utf8 => Self::Text(StringBuilder::with_capacity(rows, 0)),
            DataType::Int64 => Self::Integer(Int64Builder::with_capacity(rows)),
            DataType::Decimal128(_, scale) => {
                let builder = Decimal128Builder::with_capacity(rows).with_data_type(kind.clone());
                Self::Decimal(builder, scale.unsigned_abs().into())
            }
            DataType::Boolean => Self::Boolean(BooleanBuilder::with_capacity(rows)),
            DataType::Date32 => Self::Date(Date32Builder::with_capacity(rows)),
            DataType::Timestamp(_, zone) => {
                let builder =
                    TimestampMicrosecondBuilder::with_capacity(rows).with_data_type(kind.clone());
                Self::Timestamp(
                    builder,
                    if zone.is_some() {
                        Offset::Utc
                    } else {
                        Offset::Local
                    },
                )
            }
            DataType::Time64(_) => Self::Time(Time64MicrosecondBuilder::with_capacity(rows)),
            other => return Err(ParquetError::NYI(format!("columns of {other}")).into()),
        })
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

    fn finish(mut self) -> ArrayRef {
        match &mut self {
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
