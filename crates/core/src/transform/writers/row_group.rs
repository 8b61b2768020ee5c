//! One row group of a Parquet file: its columns are encoded beside each other, each with a dictionary only
//! where its values repeat.

use std::cmp::Reverse;
use std::hash::Hash;
use std::io;
use std::iter;
use std::mem;
use std::panic::resume_unwind;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use ahash::AHashSet;
use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, ArrayRef, ArrowPrimitiveType};
use arrow_schema::{DataType, FieldRef, SchemaRef};
use arrow_select::concat::concat;
use parquet::arrow::arrow_writer::{
    ArrowColumnChunk, ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves,
};
use parquet::column::writer::ColumnCloseResult;
use parquet::data_type::FixedLenByteArray;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterPropertiesBuilder;
use parquet::file::statistics::{Statistics, ValueStatistics};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::TypePtr;

/// Rows that the library is given at once. What it keeps of them until a page ends holds on to all of them,
/// and pages end where it is given the last row of these, whatever the batches.
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

/// A column that is to be encoded: its values batch by batch.
struct Task {
    field: FieldRef,
    values: Vec<ArrayRef>,
    writer: ArrowColumnWriter,
}

/// Columns that nobody has begun with, each with its number.
#[derive(Clone)]
struct Waiting(Arc<Mutex<std::vec::IntoIter<(usize, Task)>>>);

/// Columns that are done, in any order.
type Encoded = Vec<(usize, Result<ArrowColumnChunk, ParquetError>)>;

/// A row group whose columns are encoded, or are about to be. Where it is dropped, columns that nobody has
/// begun with stay as they are.
pub(super) struct RowGroup {
    waiting: Waiting,
    threads: Vec<JoinHandle<Encoded>>,
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

    /// Begins to encode the row group of this number, which consists of these batches, on threads of its
    /// own; with fewer than two it is left to [`RowGroup::finish`].
    pub(super) fn encode(
        &self,
        number: usize,
        batches: Vec<Vec<ArrayRef>>,
    ) -> Result<RowGroup, ParquetError> {
        let with_dictionary = self.with_dictionary.create_column_writers(number)?;
        let plain = self.plain.create_column_writers(number)?;
        let writers = with_dictionary.into_iter().zip(plain);
        let columns = turned(batches, self.schema.fields().len());
        let tasks = columns.into_iter().zip(self.schema.fields()).zip(writers);
        let tasks = tasks.map(|((values, field), (with_dictionary, plain))| Task {
            field: Arc::clone(field),
            writer: if repeats(&values) {
                with_dictionary
            } else {
                plain
            },
            values,
        });
        let mut tasks: Vec<(usize, Task)> = tasks.enumerate().collect();
        // The largest first, so that all threads end at about the same time.
        tasks.sort_by_key(|(_, task)| Reverse(task.bytes()));
        let hands = self.threads.min(tasks.len());
        let waiting = Waiting(Arc::new(Mutex::new(tasks.into_iter())));
        let hand = |_| {
            let waiting = waiting.clone();
            // Where the system has no thread for us, the others do its work, or the caller does.
            let thread = thread::Builder::new().spawn(move || waiting.encode());
            thread.ok()
        };
        let threads = if hands < 2 {
            Vec::new()
        } else {
            (0..hands).filter_map(hand).collect()
        };
        Ok(RowGroup { waiting, threads })
    }
}

/// Batches of so many columns as columns of batches.
fn turned(batches: Vec<Vec<ArrayRef>>, columns: usize) -> Vec<Vec<ArrayRef>> {
    let mut all: Vec<Vec<ArrayRef>> = (0..columns).map(|_| Vec::new()).collect();
    for batch in batches {
        for (column, values) in all.iter_mut().zip(batch) {
            column.push(values);
        }
    }
    all
}

impl Waiting {
    fn next(&self) -> Option<(usize, Task)> {
        // The lock guards an iterator, which a panic elsewhere cannot leave half changed.
        let mut tasks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tasks.next()
    }

    fn encode(&self) -> Encoded {
        let tasks = iter::from_fn(|| self.next());
        tasks
            .map(|(number, task)| (number, task.encode()))
            .collect()
    }
}

impl RowGroup {
    /// Whether it is encoded while others work.
    pub(super) const fn is_under_way(&self) -> bool {
        !self.threads.is_empty()
    }

    /// Waits for the columns, and gives them in their order.
    ///
    /// # Panics
    /// With the panic of a thread that encodes.
    pub(super) fn finish(mut self) -> Result<Vec<ArrowColumnChunk>, ParquetError> {
        let mut all = Vec::new();
        if !self.is_under_way() {
            all = self.waiting.encode();
        }
        for thread in mem::take(&mut self.threads) {
            match thread.join() {
                Ok(done) => all.extend(done),
                Err(panic) => resume_unwind(panic),
            }
        }
        all.sort_by_key(|(number, _)| *number);
        all.into_iter().map(|(_, chunk)| chunk).collect()
    }
}

impl Drop for RowGroup {
    fn drop(&mut self) {
        // Each of the threads ends with the column that it is at.
        while let Some(task) = self.waiting.next() {
            drop(task);
        }
    }
}

impl Task {
    /// About how much there is to encode.
    fn bytes(&self) -> usize {
        let sizes = self
            .values
            .iter()
            .map(|values| values.get_array_memory_size());
        sizes.sum()
    }

    fn encode(self) -> Result<ArrowColumnChunk, ParquetError> {
        let Self {
            field,
            values,
            mut writer,
        } = self;
        let mut write = |rows: &mut Vec<ArrayRef>| {
            let joined = match rows.as_slice() {
                [whole] => Arc::clone(whole),
                parts => {
                    let parts: Vec<&dyn Array> = parts.iter().map(AsRef::as_ref).collect();
                    concat(&parts)?
                }
            };
            rows.clear();
            for leaf in compute_leaves(&field, &joined)? {
                writer.write(&leaf)?;
            }
            Ok::<_, ParquetError>(())
        };
        let (mut rows, mut room) = (Vec::new(), WRITTEN_AT_ONCE);
        // What is written of a batch is let go of.
        for values in values {
            let mut start = 0;
            while start < values.len() {
                let length = room.min(values.len() - start);
                rows.push(values.slice(start, length));
                start += length;
                room -= length;
                if room == 0 {
                    write(&mut rows)?;
                    room = WRITTEN_AT_ONCE;
                }
            }
        }
        if !rows.is_empty() {
            write(&mut rows)?;
        }
        let mut chunk = writer.close()?;
        keep_extremes_alone(chunk.close_mut())?;
        Ok(chunk)
    }
}

/// The smallest and the largest decimal of a chunk stay until the file is done. They come as slices of all
/// the rows that the library was given with them; copies let go of these.
fn keep_extremes_alone(close: &mut ColumnCloseResult) -> Result<(), ParquetError> {
    let Some(all @ Statistics::FixedLenByteArray(seen)) = close.metadata.statistics() else {
        return Ok(());
    };
    let copy = |value: &FixedLenByteArray| value.data().to_vec().into();
    let (min, max) = (seen.min_opt().map(copy), seen.max_opt().map(copy));
    let (distinct, nulls) = (seen.distinct_count(), seen.null_count_opt());
    let copied = ValueStatistics::new(min, max, distinct, nulls, all.is_min_max_deprecated())
        .with_min_is_exact(seen.min_is_exact())
        .with_max_is_exact(seen.max_is_exact())
        .with_backwards_compatible_min_max(seen.is_min_max_backwards_compatible());
    let metadata = close.metadata.clone().into_builder();
    let metadata = metadata.set_statistics(Statistics::FixedLenByteArray(copied));
    close.metadata = metadata.build()?;
    Ok(())
}

/// Whether a column has so few different values that a dictionary of them is worth its place: less than
/// nineteen of twenty in a sample of rows, which of 65,536 rows has a sixteenth, so that values which stand
/// twice each are seldom met twice.
fn repeats(values: &[ArrayRef]) -> bool {
    let kind = values.first().map(|values| values.data_type());
    match kind {
        Some(DataType::Utf8) => {
            let texts = looked_at(values, |values| values.as_string::<i32>());
            repeat(texts.map(|(texts, row)| texts.is_valid(row).then(|| texts.value(row))))
        }
        Some(DataType::Int64) => repeat_as::<Int64Type>(values),
        Some(DataType::Decimal128(..)) => repeat_as::<Decimal128Type>(values),
        Some(DataType::Timestamp(..)) => repeat_as::<TimestampMicrosecondType>(values),
        _ => true,
    }
}

fn repeat_as<T: ArrowPrimitiveType>(values: &[ArrayRef]) -> bool
where
    T::Native: Eq + Hash,
{
    let numbers = looked_at(values, |values| values.as_primitive::<T>());
    repeat(numbers.map(|(numbers, row)| numbers.is_valid(row).then(|| numbers.value(row))))
}

/// The rows of the sample: every so manieth of all batches, each with its batch and the place in that.
fn looked_at<'a, A: Array + 'a>(
    values: &'a [ArrayRef],
    of_kind: impl Fn(&'a ArrayRef) -> &'a A,
) -> impl Iterator<Item = (&'a A, usize)> {
    let all: usize = values.iter().map(|values| values.len()).sum();
    let step = all.div_ceil(LOOKED_AT).max(1);
    let mut next = 0;
    values.iter().flat_map(move |values| {
        let rows = (next..values.len()).step_by(step);
        // Past the end of this batch lies the first row of the next one.
        next = next + rows.len() * step - values.len();
        let values = of_kind(values);
        rows.map(move |row| (values, row))
    })
}

fn repeat<T: Eq + Hash>(values: impl Iterator<Item = Option<T>>) -> bool {
    let mut rows = 0;
    let different: AHashSet<T> = values.flatten().inspect(|_| rows += 1).collect();
    different.len() * 20 < rows * 19
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use arrow_array::{Int64Array, StringArray};
    use arrow_schema::{Field, Schema};
    use parquet::arrow::ArrowSchemaConverter;
    use parquet::file::properties::WriterProperties;

    use super::*;

    #[test]
    fn the_sample_does_not_depend_on_batches() {
        let texts = |rows: Range<usize>| -> ArrayRef {
            Arc::new(
                rows.map(|row| Some(row.to_string()))
                    .collect::<StringArray>(),
            )
        };
        let looked_at = |batches: &[ArrayRef]| {
            let values = looked_at(batches, |values| values.as_string::<i32>());
            let values = values.map(|(texts, row)| texts.value(row).to_owned());
            values.collect::<Vec<_>>()
        };
        let rows = 3 * LOOKED_AT - 1;
        let whole = looked_at(&[texts(0..rows)]);
        assert_eq!((whole.len(), whole[1].as_str()), (LOOKED_AT, "3"));
        for size in [1, 2, 3, 4, 5_000, rows - 1] {
            let starts = (0..rows).step_by(size);
            let mut batches: Vec<ArrayRef> = starts
                .map(|start| texts(start..rows.min(start + size)))
                .collect();
            batches.insert(1, texts(0..0));
            assert!(looked_at(&batches) == whole, "{size}");
        }
    }

    #[test]
    fn an_error_of_a_thread_is_told_and_a_row_group_may_be_left() {
        let schema = Schema::new(vec![Field::new("a", DataType::Utf8, true); 9]);
        let schema = Arc::new(schema);
        let root = ArrowSchemaConverter::new().convert(&schema).unwrap();
        let root = root.root_schema_ptr();
        let columns = Columns::new(&schema, &root, &WriterProperties::builder(), 3).unwrap();
        let text: ArrayRef = Arc::new(StringArray::from(vec!["x"; 10_000]));
        drop(columns.encode(0, vec![vec![Arc::clone(&text); 9]]).unwrap());
        let number: ArrayRef = Arc::new(Int64Array::from(vec![1; 10_000]));
        let mut wrong = vec![text; 8];
        wrong.push(number);
        let encoded = columns.encode(0, vec![wrong]).unwrap().finish();
        assert!(encoded.is_err(), "numbers as texts");
    }

    #[test]
    fn a_dictionary_is_for_values_that_repeat() {
        let texts = |different: usize| -> ArrayRef {
            let texts = (0..65_536).map(|row| Some((row * 7_919 % different).to_string()));
            Arc::new(texts.collect::<StringArray>())
        };
        let number = |row: i64| Some(row);
        let ascending: ArrayRef = Arc::new((0..65_536).map(number).collect::<Int64Array>());
        assert!(repeats(&[texts(10)]) && repeats(&[texts(1_800)]));
        assert!(!repeats(&[texts(65_536)]) && !repeats(&[ascending]));
        let nulls: ArrayRef = Arc::new((0..9).map(|_| None::<i64>).collect::<Int64Array>());
        assert!(!repeats(&[nulls]));
    }
}
