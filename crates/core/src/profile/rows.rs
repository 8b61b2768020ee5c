//! A sample of rows that depends on nothing but the rows: those with the smallest hash of their
//! number. They can come in any order and any pieces, and give the same sample.

use std::collections::BTreeMap;

use super::observed::shown;

/// Rows that are kept.
const KEPT: usize = 1_024;

/// Up to 1,024 rows, spread evenly over the column, each with its value as far as it is shown.
#[derive(Debug)]
pub(super) struct RowSample {
    by_hash: BTreeMap<u64, (u64, Box<str>)>,
    /// Hashes above it are not taken any more.
    largest: u64,
}

impl Default for RowSample {
    fn default() -> Self {
        Self {
            by_hash: BTreeMap::new(),
            largest: u64::MAX,
        }
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
    /// Adds a row; `hash` is the hash of its number.
    pub(super) fn add(&mut self, row: u64, hash: u64, value: &str) {
        if self.takes(hash) {
            self.insert(hash, row, shown(value).into());
        }
    }

    /// Whether a row with this hash would be taken.
    #[inline]
    pub(super) const fn takes(&self, hash: u64) -> bool {
        hash <= self.largest
    }

    fn insert(&mut self, hash: u64, row: u64, value: Box<str>) {
        self.by_hash.insert(hash, (row, value));
        if self.by_hash.len() > KEPT {
            self.by_hash.pop_last();
        }
        if self.by_hash.len() == KEPT
            && let Some((last, _)) = self.by_hash.last_key_value()
        {
            self.largest = *last;
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
    fn rows_give_the_same_sample_in_whatever_order_they_come() {
        let sample = of(1..10_000);
        let whole = sample.sample(20, |_| false);
        assert_eq!(sample.by_hash.len(), KEPT);
        let mut backwards = RowSample::default();
        for row in (1..10_000).rev() {
            backwards.add(row, row_hash(row), &row.to_string());
        }
        assert_eq!(backwards.sample(20, |_| false), whole);
        assert_eq!(backwards.by_hash, sample.by_hash);
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
