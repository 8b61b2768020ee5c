//! What is known of one column while its rows are read.
//!
//! Up to [`super::EXACT_DISTINCT`] values, only rows per value are counted, and everything else
//! follows at the end, once per value. Beyond it, every cell is taken apart as it comes; the counts
//! are the same, but `distinct`, `top` and the histogram are estimates from then on.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cardinality_estimator::CardinalityEstimator;

use super::Distinct;
use super::counter::Counter;
use super::forms::Forms;
use super::markers::is_marker;
use super::observed::{Observed, long_key};
use super::rows::RowSample;
use super::summary::Summary;

/// One column of one chunk, or of several chunks in a row.
#[derive(Debug)]
pub(super) struct ColumnPartial {
    pub(super) count: u64,
    /// Null cells and empty ones.
    pub(super) empty: u64,
    pub(super) counter: Counter,
    pub(super) rows: RowSample,
    /// The texts that a person called null; `None` = those that are known to be.
    markers: Option<Vec<String>>,
    stream: Option<Box<Stream>>,
    /// Different values of the rows that were merged last, for those that follow: they make room for as
    /// many.
    expected: Arc<AtomicUsize>,
}

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

    fn add(&mut self, value: Observed<'_>, key: &str, rows: u64, is_marker: bool) {
        if is_marker {
            *self.parts.markers.entry(value.text.to_owned()).or_default() += rows;
        } else {
            self.sketch.insert(key);
            self.count(value, rows);
        }
    }

    fn count(&mut self, value: Observed<'_>, rows: u64) {
        let summary = &mut self.parts.summary;
        self.added += 1;
        let alone = if value.long {
            None
        } else {
            let tally = &mut summary.text;
            self.forms.add(value.text, rows, self.added, tally)
        };
        match alone {
            Some(look) => summary.look(value.text, rows, self.added, look),
            None => summary.add(value, rows, self.added),
        }
        if self.forms.full() {
            self.forms.add_to(summary);
            self.forms.close();
        }
    }

    fn merge(&mut self, next: &Self) {
        self.forms.add_to(&mut self.parts.summary);
        self.forms = Forms::default();
        self.parts.summary.merge(&next.summary());
        for (marker, rows) in &next.parts.markers {
            *self.parts.markers.entry(marker.clone()).or_default() += rows;
        }
        self.sketch.merge(&next.sketch);
    }
}

impl ColumnPartial {
    pub(super) fn new(markers: Option<Vec<String>>) -> Self {
        Self {
            count: 0,
            empty: 0,
            counter: Counter::default(),
            rows: RowSample::default(),
            markers,
            stream: None,
            expected: Arc::default(),
        }
    }

    /// Nothing read yet of the rows that follow.
    pub(super) fn following(&self) -> Self {
        Self {
            rows: self.rows.following(),
            counter: Counter::with_room(self.expected.load(Ordering::Relaxed)),
            expected: Arc::clone(&self.expected),
            ..Self::new(self.markers.clone())
        }
    }

    /// Counts a cell; `row` is its record's number in the source, `hash` that number's hash.
    pub(super) fn add(&mut self, row: u64, hash: u64, cell: Option<&str>) {
        self.count += 1;
        let Some(value) = cell.filter(|value| !value.is_empty()) else {
            self.empty += 1;
            return;
        };
        self.rows.add(row, hash, value);
        let over = self.counter.add(value);
        if self.stream.is_some() {
            let marker = self.may_be_null(value);
            if let Some(stream) = &mut self.stream {
                let observed = Observed::new(value);
                if observed.long {
                    stream.add(observed, &long_key(value), 1, marker);
                } else {
                    stream.add(observed, value, 1, marker);
                }
            }
        } else if over {
            self.start_stream();
        }
        if over {
            self.counter.prune();
        }
    }

    /// Adds the column of the chunk that follows.
    pub(super) fn merge(&mut self, next: Self) {
        self.count += next.count;
        self.empty += next.empty;
        self.rows.merge(next.rows);
        self.expected.store(next.counter.len(), Ordering::Relaxed);
        match next.stream {
            Some(stream) => {
                if self.stream.is_none() {
                    self.start_stream();
                }
                if let Some(own) = &mut self.stream {
                    own.merge(&stream);
                }
            }
            None if self.stream.is_some() => self.stream_values(&next.counter),
            None => {}
        }
        if self.stream.is_some() {
            self.counter.merge_and_prune(&next.counter);
        } else if self.counter.merge(&next.counter) {
            self.start_stream();
            self.counter.prune();
        }
    }

    fn start_stream(&mut self) {
        self.stream = Some(Box::default());
        let counter = std::mem::take(&mut self.counter);
        self.stream_values(&counter);
        self.counter = counter;
    }

    /// Takes counted values apart, in the order of their first appearance.
    fn stream_values(&mut self, counter: &Counter) {
        let Some(mut stream) = self.stream.take() else {
            return;
        };
        for (key, value, rows) in counter.values() {
            let marker = !value.long && self.may_be_null(value.text);
            stream.add(value, key, rows, marker);
        }
        self.stream = Some(stream);
    }

    fn may_be_null(&self, value: &str) -> bool {
        match &self.markers {
            Some(markers) => markers.iter().any(|marker| marker == value),
            None => is_marker(value),
        }
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
            if !value.long && self.may_be_null(value.text) {
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
    use super::*;

    /// A column in pieces, merged in their order.
    fn cut(values: &[String], size: usize) -> ColumnPartial {
        let mut all = ColumnPartial::new(None);
        for (piece, values) in values.chunks(size).enumerate() {
            let mut next = all.following();
            for (place, value) in values.iter().enumerate() {
                let row = (piece * size + place) as u64;
                next.add(row, row, Some(value));
            }
            all.merge(next);
        }
        all
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
            // Merging sets the clock anew, which shows in nothing that is told.
            let told = |summary: &Summary| {
                let all = format!("{summary:?}");
                let parts = all
                    .split(" at: (")
                    .map(|part| part.split_once(')').map_or(part, |p| p.1));
                all.split(" at: (")
                    .take(1)
                    .chain(parts.skip(1))
                    .collect::<String>()
            };
            for size in [values.len(), 11_000, 4_000] {
                let cut = cut(&values, size).parts().summary;
                assert!(told(&cut) == told(&plain), "{size}");
            }
        }
    }
}
