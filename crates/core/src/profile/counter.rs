//! Rows per value: exact up to [`EXACT_DISTINCT`] values, beyond it the frequent ones only.
//!
//! Beyond the bound it is a Misra-Gries summary: where the values grow too many, the count of the
//! middle one is taken off all of them and those at zero are dropped. A value's count is then a
//! lower bound, short by at most [`Counter::error`], which is at most two rows in
//! [`EXACT_DISTINCT`]. Nothing depends on the order of the hash map.

use std::collections::HashMap;

use super::EXACT_DISTINCT;
use super::observed::{Observed, WHOLE_BYTES, long_key};

/// Rows of one value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slot {
    /// Rank of its first appearance.
    order: u64,
    /// Rows, less [`Counter::error`] at most.
    pub(super) rows: u64,
    /// Its length in characters, where it is not kept whole.
    long_chars: Option<u64>,
}

/// Rows per value.
#[derive(Debug, Default)]
pub(super) struct Counter {
    slots: HashMap<Box<str>, Slot>,
    next_order: u64,
    error: u64,
}

impl Counter {
    /// Counts one row; returns whether there are now more values than can be held exactly.
    pub(super) fn add(&mut self, value: &str) -> bool {
        if value.len() > WHOLE_BYTES {
            let chars = u64::try_from(value.chars().count()).unwrap_or(u64::MAX);
            return self.add_key(&long_key(value), 1, Some(chars));
        }
        self.add_key(value, 1, None)
    }

    fn add_key(&mut self, key: &str, rows: u64, long_chars: Option<u64>) -> bool {
        if let Some(slot) = self.slots.get_mut(key) {
            slot.rows += rows;
            return false;
        }
        let order = self.next_order;
        self.next_order += 1;
        self.slots.insert(
            key.into(),
            Slot {
                order,
                rows,
                long_chars,
            },
        );
        self.slots.len() > EXACT_DISTINCT
    }

    /// Adds what another one counted in later rows; returns whether it is now over the bound.
    pub(super) fn merge(&mut self, next: &Self) -> bool {
        let mut over = false;
        for (key, slot) in next.in_order() {
            over |= self.add_key(key, slot.rows, slot.long_chars);
        }
        self.error += next.error;
        over
    }

    /// Drops the less frequent half of the values, where they are more than the bound.
    pub(super) fn prune(&mut self) {
        if self.slots.len() <= EXACT_DISTINCT {
            return;
        }
        let mut counts: Vec<u64> = self.slots.values().map(|slot| slot.rows).collect();
        let middle = EXACT_DISTINCT / 2;
        let (_, threshold, _) = counts.select_nth_unstable_by(middle, |a, b| b.cmp(a));
        let threshold = *threshold;
        self.slots.retain(|_, slot| {
            slot.rows = slot.rows.saturating_sub(threshold);
            slot.rows > 0
        });
        self.error += threshold;
    }

    /// By how much a count can be too low.
    pub(super) const fn error(&self) -> u64 {
        self.error
    }

    /// Rows of one value, 0 where it is not held.
    #[cfg(test)]
    pub(super) fn rows(&self, value: &str) -> u64 {
        self.slots.get(value).map_or(0, |slot| slot.rows)
    }

    /// Keys and counts in the order of first appearance.
    fn in_order(&self) -> Vec<(&str, Slot)> {
        let mut slots: Vec<(&str, Slot)> = self
            .slots
            .iter()
            .map(|(key, slot)| (&**key, *slot))
            .collect();
        slots.sort_unstable_by_key(|(_, slot)| slot.order);
        slots
    }

    /// Keys, values and their rows in the order of first appearance.
    pub(super) fn values(&self) -> Vec<(&str, Observed<'_>, u64)> {
        self.in_order()
            .into_iter()
            .map(|(key, slot)| (key, Observed::of_key(key, slot.long_chars), slot.rows))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frequent_values_survive_with_a_bounded_error() {
        let mut counter = Counter::default();
        let rows = 60_000_u64;
        for row in 0..rows {
            let value = if row % 4 == 0 {
                "often".to_owned()
            } else {
                row.to_string()
            };
            if counter.add(&value) {
                counter.prune();
            }
        }
        let error = counter.error();
        assert!(error > 0 && error <= rows / 5_000, "{error}");
        let often = counter.rows("often");
        assert!(often <= rows / 4 && often + error >= rows / 4, "{often}");
        assert!(counter.values().len() <= EXACT_DISTINCT);
    }

    #[test]
    fn long_values_that_begin_alike_are_two() {
        let mut counter = Counter::default();
        let start = "ä".repeat(2_000);
        for end in ["1", "2", "2"] {
            counter.add(&format!("{start}{end}"));
        }
        let values = counter.values();
        assert_eq!(
            values.iter().map(|(_, _, rows)| *rows).collect::<Vec<_>>(),
            [1, 2]
        );
        let (_, first, _) = values[0];
        assert!(first.long);
        assert_eq!((first.chars, first.text.chars().count()), (2_001, 200));
    }
}
