//! One row group of a Parquet file: its columns are encoded beside each other, each with a dictionary only
//! where its values repeat.

use std::io;
use std::panic::resume_unwind;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use ahash::AHashSet;
use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, ArrayRef};
use arrow_schema::{DataType, Field, SchemaRef};
use parquet::arrow::arrow_writer::{
    ArrowColumnChunk, ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves,
};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterPropertiesBuilder;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::TypePtr;

/// Rows that the library is given at once; pages end where they would otherwise, because this is how many
/// it looks at in one go.
const WRITTEN_AT_ONCE: usize = 1_024;

/// Rows that tell whether the values of a column repeat.
const LOOKED_AT: usize = 4_096;

/// Makes the writers of columns.
pub(super) struct Columns {
    schema: SchemaRef,
    with_dictionary: ArrowRowGroupWriterFactory,
    plain: ArrowRowGroupWriterFactory,
    threads: usize,
}

/// A column that is to be encoded.
struct Task<'a> {
    field: &'a Field,
    values: &'a ArrayRef,
    writer: ArrowColumnWriter,
}

impl Columns {
    /// For a file of this schema and these properties, `threads` columns at a time.
    pub(super) fn new(
        schema: &SchemaRef,
        root: &TypePtr,
        properties: &WriterPropertiesBuilder,
        threads: usize,
    ) -> Result<Self, ParquetError> {
        // The factory takes its properties from a file; nothing is written to these.
        let factory = |dictionary: bool| {
            let properties = properties.clone().set_dictionary_enabled(dictionary);
            let properties = Arc::new(properties.build());
            let file = SerializedFileWriter::new(io::sink(), Arc::clone(root), properties)?;
            let schema = Arc::clone(schema);
            Ok::<_, ParquetError>(ArrowRowGroupWriterFactory::new(&file, schema))
        };
        Ok(Self {
            schema: Arc::clone(schema),
            with_dictionary: factory(true)?,
            plain: factory(false)?,
            threads,
        })
    }

    /// Encodes the columns of the row group of this number; in the order of the columns.
    pub(super) fn encode(
        &self,
        number: usize,
        columns: &[ArrayRef],
    ) -> Result<Vec<ArrowColumnChunk>, ParquetError> {
        let with_dictionary = self.with_dictionary.create_column_writers(number)?;
        let plain = self.plain.create_column_writers(number)?;
        let writers = with_dictionary.into_iter().zip(plain);
        let fields = self.schema.fields().iter();
        let tasks = columns.iter().zip(fields).zip(writers);
        let tasks = tasks.map(|((values, field), (with_dictionary, plain))| Task {
            field,
            values,
            writer: if repeats(values) {
                with_dictionary
            } else {
                plain
            },
        });
        beside(tasks.collect(), self.threads)
    }
}

/// Encodes each column on one of the threads.
fn beside(tasks: Vec<Task<'_>>, threads: usize) -> Result<Vec<ArrowColumnChunk>, ParquetError> {
    let hands = threads.min(tasks.len());
    if hands < 2 {
        return tasks.into_iter().map(Task::encode).collect();
    }
    let waiting = Mutex::new(tasks.into_iter().enumerate());
    let work = || {
        let mut done = Vec::new();
        loop {
            // The lock guards an iterator, which a panic elsewhere cannot leave half changed.
            let next = waiting
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .next();
            let Some((number, task)) = next else {
                return done;
            };
            done.push((number, task.encode()));
        }
    };
    let mut all = thread::scope(|scope| {
        let threads: Vec<_> = (0..hands).map(|_| scope.spawn(work)).collect();
        let mut all = Vec::new();
        for thread in threads {
            match thread.join() {
                Ok(done) => all.extend(done),
                Err(panic) => resume_unwind(panic),
            }
        }
        all
    });
    all.sort_by_key(|(number, _)| *number);
    all.into_iter().map(|(_, chunk)| chunk).collect()
}

impl Task<'_> {
    fn encode(mut self) -> Result<ArrowColumnChunk, ParquetError> {
        // The library's smallest and largest decimals of a chunk are slices of what it was given at once,
        // and stay until the file is done.
        let rows = self.values.len();
        for start in (0..rows).step_by(WRITTEN_AT_ONCE) {
            let length = WRITTEN_AT_ONCE.min(rows - start);
            for leaf in compute_leaves(self.field, &self.values.slice(start, length))? {
                self.writer.write(&leaf)?;
            }
        }
        self.writer.close()
    }
}

/// Whether a column has so few different values that a dictionary of them is worth its place: less than
/// nineteen of twenty in a sample of rows, which of 65,536 rows has a sixteenth, so that values which stand
/// twice each are seldom met twice.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "Arrow has dozens of types, of which these have values in plenty"
)]
fn repeats(values: &ArrayRef) -> bool {
    let step = values.len().div_ceil(LOOKED_AT).max(1);
    let rows = (0..values.len()).step_by(step);
    match values.data_type() {
        DataType::Utf8 => {
            let texts = values.as_string::<i32>();
            repeat(rows.map(|row| texts.is_valid(row).then(|| texts.value(row))))
        }
        DataType::Int64 => {
            let numbers = values.as_primitive::<Int64Type>();
            repeat(rows.map(|row| numbers.is_valid(row).then(|| numbers.value(row))))
        }
        DataType::Decimal128(..) => {
            let numbers = values.as_primitive::<Decimal128Type>();
            repeat(rows.map(|row| numbers.is_valid(row).then(|| numbers.value(row))))
        }
        DataType::Timestamp(..) => {
            let times = values.as_primitive::<TimestampMicrosecondType>();
            repeat(rows.map(|row| times.is_valid(row).then(|| times.value(row))))
        }
        _ => true,
    }
}

fn repeat<T: Eq + std::hash::Hash>(values: impl Iterator<Item = Option<T>>) -> bool {
    let mut rows = 0;
    let different: AHashSet<T> = values.flatten().inspect(|_| rows += 1).collect();
    different.len() * 20 < rows * 19
}

#[cfg(test)]
mod tests {
    use arrow_array::{Int64Array, StringArray};

    use super::*;

    #[test]
    fn a_dictionary_is_for_values_that_repeat() {
        let texts = |different: usize| -> ArrayRef {
            let texts = (0..65_536).map(|row| Some((row * 7_919 % different).to_string()));
            Arc::new(texts.collect::<StringArray>())
        };
        let number = |row: i64| Some(row);
        let ascending: ArrayRef = Arc::new((0..65_536).map(number).collect::<Int64Array>());
        assert!(repeats(&texts(10)) && repeats(&texts(1_800)));
        assert!(!repeats(&texts(65_536)) && !repeats(&ascending));
        let nulls: ArrayRef = Arc::new((0..9).map(|_| None::<i64>).collect::<Int64Array>());
        assert!(!repeats(&nulls));
    }
}
