//! How each target field is stored in Parquet, where a column has one type, one scale and one
//! time zone, whatever its cells have.

use arrow_schema::{DataType, TimeUnit};

use crate::target::FieldType;
use crate::transform::column::Column;
use crate::transform::plan::Zone;
use crate::transform::{Outcome, Plan};
use crate::value::{Decimal, MAX_DIGITS, Timestamp};

/// The Parquet types of a plan's fields.
///
/// | field | column |
/// |---|---|
/// | string | UTF-8 |
/// | integer | `Int64`; `Decimal128(38, 0)` where a value was seen that needs it |
/// | decimal | `Decimal128(38, n)`: n as the target fixes it, else the largest scale seen |
/// | boolean, date, time | `Boolean`, `Date32`, `Time64` (microseconds) |
/// | timestamp | microseconds: UTC where all have an offset, local where none has |
///
/// Where that cannot hold every value seen (more than 38 digits at the common scale, digits
/// beyond the microsecond, values with and without an offset), the column is UTF-8 with the
/// target's spelling, so that nothing is rounded.
///
/// Some of this is known from the plan, some only from the rows: then [`Layout::needs_look`], and
/// the rows have to be run once with [`Layout::observe`] before they are written.
#[derive(Debug, Clone)]
pub struct Layout {
    columns: Vec<Observed>,
}

#[derive(Debug, Clone)]
struct Observed {
    kind: FieldType,
    scale: Option<u32>,
    zone: Zone,
    seen: Seen,
}

#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    /// An integer beyond 64 bits.
    wide: bool,
    /// Most digits in front of the mark, and behind it.
    whole: u32,
    scale: u32,
    with_offset: bool,
    without_offset: bool,
    /// Digits beyond the microsecond.
    nanos: bool,
}

impl Layout {
    /// What the plan tells.
    #[must_use]
    pub fn of_plan(plan: &Plan) -> Self {
        let columns = plan.fields().iter().map(|field| Observed {
            kind: field.kind,
            scale: field.scale,
            zone: field.zone,
            seen: Seen::default(),
        });
        Self {
            columns: columns.collect(),
        }
    }

    /// Whether the rows have to be looked at: a decimal has no fixed scale, or the offset of a
    /// timestamp is open. Without that a value that does not fit is an error of the writer.
    #[must_use]
    pub fn needs_look(&self) -> bool {
        self.columns.iter().any(|column| match column.kind {
            FieldType::Decimal => column.scale.is_none(),
            FieldType::Timestamp => column.zone == Zone::Unknown,
            FieldType::String
            | FieldType::Integer
            | FieldType::Boolean
            | FieldType::Date
            | FieldType::Time => false,
        })
    }

    /// Takes note of what the good rows of an outcome need. The order of outcomes has no effect.
    pub fn observe(&mut self, outcome: &Outcome) {
        for (observed, column) in self.columns.iter_mut().zip(&outcome.columns) {
            let seen = &mut observed.seen;
            match column {
                Column::Integer(values) => {
                    seen.wide |= values
                        .iter()
                        .flatten()
                        .any(|value| i64::try_from(*value).is_err());
                }
                Column::Decimal(values) => {
                    values
                        .iter()
                        .flatten()
                        .for_each(|value| seen.decimal(*value));
                }
                Column::Timestamp(values) => {
                    values
                        .iter()
                        .flatten()
                        .for_each(|value| seen.timestamp(*value));
                }
                Column::Text(_) | Column::Boolean(_) | Column::Date(_) | Column::Time(_) => {}
            }
        }
    }

    /// The types of the columns.
    pub(super) fn types(&self) -> Vec<DataType> {
        self.columns.iter().map(Observed::stored).collect()
    }
}

impl Seen {
    fn decimal(&mut self, value: Decimal) {
        let digits = value
            .digits()
            .unsigned_abs()
            .checked_ilog10()
            .map_or(0, |log| log + 1);
        self.whole = self.whole.max(digits.saturating_sub(value.scale()));
        self.scale = self.scale.max(value.scale());
    }

    fn timestamp(&mut self, value: Timestamp) {
        self.nanos |= value.nanos != 0;
        match value.offset_minutes {
            Some(_) => self.with_offset = true,
            None => self.without_offset = true,
        }
    }
}

/// The type of numbers with so many digits behind the mark, if they have room beside the whole.
fn decimal(scale: u32, whole: u32) -> DataType {
    match i8::try_from(scale) {
        Ok(stored) if scale + whole <= MAX_DIGITS => DataType::Decimal128(38, stored),
        Ok(_) | Err(_) => DataType::Utf8,
    }
}

impl Observed {
    fn stored(&self) -> DataType {
        let seen = self.seen;
        match self.kind {
            FieldType::String => DataType::Utf8,
            FieldType::Integer if seen.wide => decimal(0, 0),
            FieldType::Integer => DataType::Int64,
            FieldType::Decimal => match self.scale {
                Some(scale) => decimal(scale, 0),
                None => decimal(seen.scale, seen.whole),
            },
            FieldType::Boolean => DataType::Boolean,
            FieldType::Date => DataType::Date32,
            FieldType::Time => DataType::Time64(TimeUnit::Microsecond),
            FieldType::Timestamp => {
                let local = DataType::Timestamp(TimeUnit::Microsecond, None);
                let utc = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
                match self.zone {
                    _ if seen.nanos => DataType::Utf8,
                    Zone::Local => local,
                    Zone::Utc => utc,
                    Zone::Unknown if seen.with_offset && seen.without_offset => DataType::Utf8,
                    Zone::Unknown if seen.with_offset => utc,
                    Zone::Unknown => local,
                }
            }
        }
    }
}
