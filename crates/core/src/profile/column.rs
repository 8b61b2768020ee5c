//! What is known of one column while its rows are read.
//!
//! Up to [`super::EXACT_DISTINCT`] values, only rows per value are counted, and everything else
//! follows at the end, once per value. Beyond it, every cell is taken apart as it comes; the counts
//! are the same, but `distinct`, `top` and the histogram are estimates from then on.

use std::collections::BTreeMap;

use arrow_array::{Array, StringArray};
use cardinality_estimator::CardinalityEstimator;

use super::Distinct;
use super::counter::Counter;
use super::forms::Forms;
use super::markers::is_marker;
use super::observed::{Observed, WHOLE_BYTES};
use super::partial::ColumnCells;
use super::rows::RowSample;
use super::summary::Summary;
use crate::source::Repeats;

/// One column of the batches so far.
#[derive(Debug, Default)]
pub(super) struct ColumnPartial {
    pub(super) count: u64,
    /// Null cells and empty ones.
    pub(super) empty: u64,
    pub(super) counter: Counter,
    pub(super) rows: RowSample,
    markers: Markers,
    stream: Option<Box<Stream>>,
}

/// The texts that a person called null; `None` = those that are known to be.
#[derive(Debug, Default)]
struct Markers(Option<Vec<String>>);

/// What is counted beyond the bound.
#[derive(Debug, Default)]
struct Stream {
    parts: Parts,
    forms: Forms,
    sketch: CardinalityEstimator<str>,
    /// Values that were added.
    added: u64,
}

/// The values that are no null markers, and the markers by themselves.
#[derive(Debug, Clone, Default)]
pub(super) struct Parts {
    pub(super) summary: Summary,
    pub(super) markers: BTreeMap<String, u64>,
    /// Different values that are no markers, where they were counted.
    exact: u64,
    /// Where they were estimated.
    estimate: Option<u64>,
}

impl Parts {
    /// Different values, so many markers that are values after all with them.
    pub(super) fn distinct(&self, kept_markers: usize) -> Distinct {
        let kept = u64::try_from(kept_markers).unwrap_or(0);
        match self.estimate {
            None => Distinct::Exact(self.exact + kept),
            Some(estimate) => Distinct::Estimate {
                estimate: estimate + kept,
            },
        }
    }
}

impl Stream {
    /// All that was counted.
    fn summary(&self) -> Summary {
        let mut summary = self.parts.summary.clone();
        self.forms.add_to(&mut summary);
        summary
    }

    /// Counts a value that is kept whole.
    fn add(&mut self, text: &str, rows: u64, markers: &Markers) {
        if markers.has(text) {
            *self.parts.markers.entry(text.to_owned()).or_default() += rows;
            return;
        }
        self.sketch.insert(text);
        self.added += 1;
        let summary = &mut self.parts.summary;
        match self.forms.add(text, rows, self.added, &mut summary.text) {
            Some(look) if look.is_nothing() => {}
            Some(look) => summary.look(text, rows, self.added, look),
            None => summary.add(Observed::new(text), rows, self.added),
        }
        if self.forms.full() {
            self.forms.add_to(summary);
            self.forms.close();
        }
    }

    /// Counts a long value by its key.
    fn add_long(&mut self, value: Observed<'_>, key: &str, rows: u64) {
        self.sketch.insert(key);
        self.added += 1;
        self.parts.summary.add(value, rows, self.added);
    }
}

impl Markers {
    fn has(&self, value: &str) -> bool {
        match &self.0 {
            Some(markers) => markers.iter().any(|marker| marker == value),
            None => is_marker(value),
        }
    }
}

/// The values of a column's cells, which are neither null nor empty.
fn values(cells: &StringArray) -> impl Iterator<Item = &str> {
    let nulls = cells.nulls().filter(|nulls| nulls.null_count() > 0);
    (0..cells.len()).filter_map(move |place| {
        let value = cells.value(place);
        let is_null = value.is_empty() || nulls.is_some_and(|nulls| nulls.is_null(place));
        (!is_null).then_some(value)
    })
}

impl ColumnPartial {
    pub(super) fn new(markers: Option<Vec<String>>) -> Self {
        Self {
            markers: Markers(markers),
            ..Self::default()
        }
    }

    /// Adds the cells of a batch behind those before; `rows` are the numbers of their records in the
    /// source, with the hashes of these numbers.
    pub(super) fn add(&mut self, rows: &[(u64, u64)], column: &ColumnCells) {
        let cells = &column.texts;
        for (place, (row, hash)) in rows.iter().enumerate() {
            if self.rows.takes(*hash) && place < cells.len() && cells.is_valid(place) {
                let value = cells.value(place);
                if !value.is_empty() {
                    self.rows.add(*row, *hash, value);
                }
            }
        }
        // Beyond the bound the order of all cells counts.
        let valued = match &column.repeats {
            Some(repeats) if self.stream.is_none() => self.add_repeats(cells, repeats),
            Some(_) | None => self.add_each(cells),
        };
        let count = cells.len() as u64;
        self.count += count;
        self.empty += count - valued;
        if self.counter.is_over() {
            if self.stream.is_none() {
                self.start_stream();
            }
            self.counter.prune();
        }
    }

    /// Counts cell by cell; how many have a value.
    fn add_each(&mut self, cells: &StringArray) -> u64 {
        let mut valued = 0;
        for value in values(cells) {
            valued += 1;
            if value.len() > WHOLE_BYTES {
                self.add_long(value);
            } else if let Some(stream) = &mut self.stream {
                self.counter.add_again(value);
                stream.add(value, 1, &self.markers);
            } else {
                self.counter.add(value, 1);
            }
        }
        valued
    }

    /// Counts text by text; how many cells have a value.
    fn add_repeats(&mut self, cells: &StringArray, repeats: &Repeats) -> u64 {
        let mut valued = 0;
        for (first, rows) in repeats.texts() {
            let value = cells.value(first);
            if value.is_empty() {
                continue;
            }
            valued += rows;
            if value.len() > WHOLE_BYTES {
                self.counter.add_long(value, rows);
            } else {
                self.counter.add(value, rows);
            }
        }
        valued
    }

    fn add_long(&mut self, value: &str) {
        let key = self.counter.add_long(value, 1);
        if let Some(stream) = &mut self.stream {
            stream.add_long(Observed::new(value), &key, 1);
        }
    }

    /// Takes the counted values apart, in the order of their first appearance.
    fn start_stream(&mut self) {
        let mut stream = Box::<Stream>::default();
        for (key, value, rows) in self.counter.values() {
            if value.long {
                stream.add_long(value, key, rows);
            } else {
                stream.add(key, rows, &self.markers);
            }
        }
        self.stream = Some(stream);
    }

    /// Values and markers apart, everything about the values counted.
    pub(super) fn parts(&self) -> Parts {
        if let Some(stream) = &self.stream {
            let estimate = u64::try_from(stream.sketch.estimate()).unwrap_or(u64::MAX);
            return Parts {
                summary: stream.summary(),
                markers: stream.parts.markers.clone(),
                exact: 0,
                estimate: Some(estimate),
            };
        }
        let mut parts = Parts::default();
        for (_, value, rows) in self.counter.values() {
            if !value.long && self.markers.has(value.text) {
                parts.markers.insert(value.text.to_owned(), rows);
            } else {
                parts.summary.add(value, rows, parts.exact);
                parts.exact += 1;
            }
        }
        parts
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    /// A column that comes in pieces.
    fn cut(values: &[String], size: usize) -> ColumnPartial {
        let mut all = ColumnPartial::new(None);
        let mut rows = (0..).map(|row| (row, row));
        for values in values.chunks(size) {
            let rows: Vec<(u64, u64)> = rows.by_ref().take(values.len()).collect();
            let texts = StringArray::from_iter_values(values);
            let repeats = None;
            all.add(&rows, &ColumnCells { texts, repeats });
        }
        all
    }

    #[test]
    fn texts_that_repeat_count_as_cell_by_cell() {
        let long = "x".repeat(WHOLE_BYTES + 1);
        let few = [Some("a"), None, Some(""), Some(long.as_str()), Some("n/a")];
        let batch = |first: usize, different: usize| -> StringArray {
            let cell = |cell: usize| match few.get(cell % 7) {
                Some(cell) => cell.map(str::to_owned),
                None => Some((first + cell % different).to_string()),
            };
            (0..8_192).map(cell).collect()
        };
        // The bound is passed before the last ones.
        let batches = (0..8).map(|number| batch(number * 1_500, 1_790));
        let batches: Vec<StringArray> = batches.chain([batch(0, 9)]).collect();
        let told = |with_repeats: bool| {
            let mut all = ColumnPartial::new(None);
            let mut coded = 0;
            for texts in &batches {
                let rows: Vec<(u64, u64)> = (0..8_192).map(|row| (row, row)).collect();
                let repeats = Repeats::of(texts).map(Arc::new).filter(|_| with_repeats);
                coded += usize::from(repeats.is_some());
                let texts = texts.clone();
                all.add(&rows, &ColumnCells { texts, repeats });
            }
            let values = format!("{:?}", all.counter.values());
            let parts = all.parts();
            let parts = format!("{:?} {:?}", parts.summary, parts.markers);
            (coded, (all.count, all.empty, values, parts))
        };
        let ((coded, repeated), (none, plain)) = (told(true), told(false));
        assert_eq!((coded, none), (9, 0));
        assert!(repeated == plain);
    }

    #[test]
    fn beyond_the_bound_every_value_counts_as_if_it_were_looked_at() {
        // Equal ends in several spellings, and with the marks more forms than are told apart.
        let number = |row: usize| match row % 4 {
            0 => format!("{},{}", row + 10, row % 10),
            1 => format!("0{row}"),
            2 => format!("1,5{}", "0".repeat(row % 7)),
            _ => format!("{:b}", row % 2_048)
                .replace('1', "x")
                .replace('0', "-"),
        };
        let few = |row: usize| format!("{},{}", row + 10, row % 10);
        for value in [&number as &dyn Fn(usize) -> String, &few] {
            let mut values: Vec<String> = (0..24_000).map(value).collect();
            values.push("007".to_owned());
            values.push("7".to_owned());
            let mut seen = std::collections::BTreeSet::new();
            values.retain(|value| seen.insert(value.clone()));
            assert!(
                values.len() > super::super::EXACT_DISTINCT,
                "{}",
                values.len()
            );
            let mut plain = Summary::default();
            for (at, value) in (1..).zip(&values) {
                plain.add(Observed::new(value), 1, at);
            }
            let told = |summary: &Summary| format!("{summary:?}");
            for size in [values.len(), 11_000, 4_000] {
                let cut = cut(&values, size).parts().summary;
                assert!(told(&cut) == told(&plain), "{size}");
            }
        }
    }
}
