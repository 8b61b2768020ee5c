//! Rows per value: exact up to [`EXACT_DISTINCT`] values, beyond it the frequent ones only.
//!
//! Beyond the bound it is a Misra-Gries summary: where the values grow too many, the count of the
//! middle one is taken off all of them and those at zero are dropped. A value's count is then a
//! lower bound, short by at most [`Counter::error`], which is at most two rows in
//! [`EXACT_DISTINCT`]. Nothing depends on the order of the table.

use std::sync::LazyLock;

use ahash::RandomState;
use hashbrown::HashTable;

use super::EXACT_DISTINCT;
use super::observed::{Observed, WHOLE_BYTES, long_key};

/// Rows of one value.
#[derive(Debug, Clone, Copy)]
struct Slot {
    hash: u64,
    /// Where its key stands among the keys.
    start: usize,
    end: usize,
    /// Rows, less [`Counter::error`] at most.
    rows: u64,
    /// Its length in characters, where it is not kept whole.
    long_chars: Option<u64>,
}

/// Rows per value. Keys stand one behind another in one text, in the order of their first appearance,
/// as do their slots; the table finds them.
#[derive(Debug, Default)]
pub(super) struct Counter {
    slots: Vec<Slot>,
    keys: String,
    found: HashTable<usize>,
    error: u64,
}

/// One for all counters, so that a hash is good for those that are merged; at random, so that nobody
/// can make values collide.
static HASHER: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// A hash with the random keys of these counters.
pub(super) fn hash_of(words: &[u64]) -> u64 {
    HASHER.hash_one(words)
}

impl Counter {
    /// Counts one row; returns whether there are now more values than can be held exactly.
    pub(super) fn add(&mut self, value: &str) -> bool {
        if value.len() > WHOLE_BYTES {
            let chars = u64::try_from(value.chars().count()).unwrap_or(u64::MAX);
            let key = long_key(value);
            return self.add_key(&key, HASHER.hash_one(key.as_str()), 1, Some(chars));
        }
        self.add_key(value, HASHER.hash_one(value), 1, None)
    }

    /// A counter with room for so many values.
    pub(super) fn with_room(values: usize) -> Self {
        Self {
            slots: Vec::with_capacity(values),
            found: HashTable::with_capacity(values),
            ..Self::default()
        }
    }

    /// Number of values that are held.
    pub(super) const fn len(&self) -> usize {
        self.slots.len()
    }

    fn add_key(&mut self, key: &str, hash: u64, rows: u64, long_chars: Option<u64>) -> bool {
        if let Some(slot) = self.known(key, hash) {
            slot.rows += rows;
            return false;
        }
        self.insert(key, hash, rows, long_chars);
        self.slots.len() > EXACT_DISTINCT
    }

    fn known(&mut self, key: &str, hash: u64) -> Option<&mut Slot> {
        let (slots, keys) = (&mut self.slots, &self.keys);
        let is_key = |at: &usize| {
            let slot = slots.get(*at).filter(|slot| slot.hash == hash);
            slot.and_then(|slot| keys.get(slot.start..slot.end)) == Some(key)
        };
        let at = self.found.find(hash, is_key).copied()?;
        slots.get_mut(at)
    }

    /// Takes in a key that is not held.
    fn insert(&mut self, key: &str, hash: u64, rows: u64, long_chars: Option<u64>) {
        let (at, start) = (self.slots.len(), self.keys.len());
        self.keys.push_str(key);
        self.slots.push(Slot {
            hash,
            start,
            end: self.keys.len(),
            rows,
            long_chars,
        });
        let slots = &self.slots;
        let hash_of = |at: &usize| slots.get(*at).map_or(0, |slot| slot.hash);
        self.found.insert_unique(hash, at, hash_of);
    }

    fn key(&self, slot: &Slot) -> &str {
        self.keys.get(slot.start..slot.end).unwrap_or_default()
    }

    /// Adds what another one counted in later rows; returns whether it is now over the bound.
    pub(super) fn merge(&mut self, next: &Self) -> bool {
        let mut over = false;
        for slot in &next.slots {
            over |= self.add_key(next.key(slot), slot.hash, slot.rows, slot.long_chars);
        }
        self.error += next.error;
        over
    }

    /// Drops the less frequent half of the values, where they are more than the bound.
    pub(super) fn prune(&mut self) {
        self.merge_and_prune(&Self::default());
    }

    /// As [`Counter::merge`] and [`Counter::prune`], without taking in what is dropped at once.
    pub(super) fn merge_and_prune(&mut self, next: &Self) {
        let mut fresh = Vec::new();
        for slot in &next.slots {
            match self.known(next.key(slot), slot.hash) {
                Some(own) => own.rows += slot.rows,
                None => fresh.push(slot),
            }
        }
        self.error += next.error;
        let mut threshold = 0;
        if self.slots.len() + fresh.len() > EXACT_DISTINCT {
            let all = self.slots.iter().chain(fresh.iter().copied());
            let mut counts: Vec<u64> = all.map(|slot| slot.rows).collect();
            let middle = EXACT_DISTINCT / 2;
            let (_, middle, _) = counts.select_nth_unstable_by(middle, |a, b| b.cmp(a));
            threshold = *middle;
            let before = std::mem::take(self);
            self.error = before.error + threshold;
            for slot in &before.slots {
                self.insert_above(threshold, &before, slot);
            }
        }
        for slot in fresh {
            self.insert_above(threshold, next, slot);
        }
    }

    /// Takes in what is left of a value when a threshold is taken off its count.
    fn insert_above(&mut self, threshold: u64, from: &Self, slot: &Slot) {
        let rows = slot.rows.saturating_sub(threshold);
        if rows > 0 {
            self.insert(from.key(slot), slot.hash, rows, slot.long_chars);
        }
    }

    /// By how much a count can be too low.
    pub(super) const fn error(&self) -> u64 {
        self.error
    }

    /// Rows of one value, 0 where it is not held.
    #[cfg(test)]
    pub(super) fn rows(&self, value: &str) -> u64 {
        let mut values = self.values().into_iter();
        let found = values.find(|(key, _, _)| *key == value);
        found.map_or(0, |(_, _, rows)| rows)
    }

    /// Keys, values and their rows in the order of first appearance.
    pub(super) fn values(&self) -> Vec<(&str, Observed<'_>, u64)> {
        let value = |slot: &Slot| Observed::of_key(self.key(slot), slot.long_chars);
        self.slots
            .iter()
            .map(|slot| (self.key(slot), value(slot), slot.rows))
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
    fn merging_and_pruning_at_once_is_both_in_turn() {
        let counted = |from: usize, to: usize| {
            let mut counter = Counter::default();
            for number in from..to {
                for _ in 0..=number % 3 {
                    counter.add(&number.to_string());
                }
            }
            counter
        };
        for (own, next) in [
            (9_000, 8_000..17_000),
            (3, 1..4),
            (9_999, 0..10_001),
            (0, 5..20_000),
        ] {
            let (mut one, mut other) = (counted(0, own), counted(0, own));
            let next = counted(next.start, next.end);
            one.merge_and_prune(&next);
            if other.merge(&next) {
                other.prune();
            }
            let told = |counter: &Counter| format!("{:?} {}", counter.values(), counter.error());
            assert_eq!(told(&one), told(&other));
        }
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
