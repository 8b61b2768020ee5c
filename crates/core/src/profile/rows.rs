//! A sample of rows that depends on nothing but the rows: those with the smallest hash of their
//! number. Chunks can be merged in any grouping and give the same sample.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::observed::shown;

/// Rows that are kept.
const KEPT: usize = 1_024;

/// Up to 1,024 rows, spread evenly over the column, each with its value as far as it is shown.
#[derive(Debug, Default)]
pub(super) struct RowSample {
    by_hash: BTreeMap<u64, (u64, Box<str>)>,
    /// Hashes at or above it are not taken any more.
    bound: Option<u64>,
    /// The bound of what is merged so far, for the samples of rows that follow: they need not take what
    /// will not stay.
    merged: Arc<Bound>,
}

/// A bound that several samples know of.
#[derive(Debug)]
struct Bound(AtomicU64);

impl Default for Bound {
    fn default() -> Self {
        Self(AtomicU64::new(u64::MAX))
    }
}

/// The hash of a row's number. Injective, so that two rows never collide (the finaliser of
/// `SplitMix64`).
pub(super) const fn row_hash(row: u64) -> u64 {
    let mut z = row.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl RowSample {
    /// An empty sample of other rows. All that follow one have to be merged into one, because they share
    /// its bound.
    pub(super) fn following(&self) -> Self {
        let bound = self.merged.0.load(Ordering::Relaxed);
        Self {
            by_hash: BTreeMap::new(),
            bound: Some(bound).filter(|bound| *bound < u64::MAX),
            merged: Arc::clone(&self.merged),
        }
    }

    pub(super) fn add(&mut self, row: u64, hash: u64, value: &str) {
        if self.bound.is_none_or(|bound| hash < bound) {
            self.insert(hash, row, shown(value).into());
        }
    }

    fn insert(&mut self, hash: u64, row: u64, value: Box<str>) {
        self.by_hash.insert(hash, (row, value));
        if self.by_hash.len() > KEPT {
            self.by_hash.pop_last();
        }
        if self.by_hash.len() == KEPT {
            self.bound = self.by_hash.last_key_value().map(|(hash, _)| *hash);
        }
    }

    pub(super) fn merge(&mut self, next: Self) {
        for (hash, (row, value)) in next.by_hash {
            if self.bound.is_none_or(|bound| hash < bound) {
                self.insert(hash, row, value);
            }
        }
        if let Some(bound) = self.bound {
            self.merged.0.fetch_min(bound, Ordering::Relaxed);
        }
    }

    /// All kept values but those that are left out, in no order that means anything.
    pub(super) fn values(&self, is_null: impl Fn(&str) -> bool) -> impl Iterator<Item = &str> {
        self.by_hash
            .values()
            .map(|(_, value)| &**value)
            .filter(move |value| !is_null(value))
    }

    /// Up to `most` of them, in the order of their rows.
    pub(super) fn sample(&self, most: usize, is_null: impl Fn(&str) -> bool) -> Vec<String> {
        let kept = self
            .by_hash
            .values()
            .filter(|(_, value)| !is_null(value))
            .take(most);
        let mut rows: Vec<&(u64, Box<str>)> = kept.collect();
        rows.sort_by_key(|(row, _)| *row);
        rows.into_iter()
            .map(|(_, value)| String::from(&**value))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(rows: std::ops::Range<u64>) -> RowSample {
        let mut sample = RowSample::default();
        for row in rows {
            sample.add(row, row_hash(row), &row.to_string());
        }
        sample
    }

    #[test]
    fn merging_gives_the_same_sample_however_the_rows_are_cut() {
        let whole = of(1..10_000).sample(20, |_| false);
        let mut merged = of(1..3);
        merged.merge(of(3..7_000));
        merged.merge(of(7_000..10_000));
        assert_eq!(merged.sample(20, |_| false), whole);
        assert_eq!(merged.by_hash.len(), KEPT);
        let mut following = RowSample::default();
        for start in (0..10_000).step_by(500) {
            let mut next = following.following();
            for row in start.max(1)..start + 500 {
                next.add(row, row_hash(row), &row.to_string());
            }
            following.merge(next);
        }
        assert_eq!(following.sample(20, |_| false), whole);
        let numbers: Vec<u64> = whole
            .iter()
            .map(|value| value.parse().expect("number"))
            .collect();
        assert!(numbers.is_sorted());
        assert!(numbers.iter().any(|row| *row < 3_000) && numbers.iter().any(|row| *row > 7_000));
    }

    #[test]
    fn few_rows_are_all_there_in_order() {
        assert_eq!(of(1..4).sample(20, |value| value == "2"), ["1", "3"]);
    }
}
