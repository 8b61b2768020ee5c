//! Rows per value: exact up to [`EXACT_DISTINCT`] values, beyond it the frequent ones only.
//!
//! Beyond the bound it is a Misra-Gries summary: where the values grow too many, the count of the
//! middle one is taken off all of them and those at zero are dropped. Values that are not held are then
//! taken in when they come a second time, so that a column in which all differ holds next to none. A
//! value's count is a lower bound, short by at most [`Counter::error`], which is at most two rows in
//! [`EXACT_DISTINCT`], and one. Nothing depends on the order of the table.

use ahash::RandomState;
use hashbrown::HashTable;

use super::EXACT_DISTINCT;
use super::observed::{Observed, WHOLE_BYTES, long_key};
use crate::source::words::{mixed, same};

/// Rows of one value. Keys of one batch and of as many values as are kept fit 32 bits.
#[derive(Debug, Clone, Copy)]
struct Slot {
    /// Of its key; what is alike in it alone is not compared.
    hash: u64,
    /// Rows, less [`Counter::error`] at most.
    rows: u64,
    /// Where its key stands among the keys.
    start: u32,
    length: u32,
    /// Its length in characters where it is not kept whole, else 0.
    long_chars: u32,
}

/// Rows per value. Keys stand one behind another, in the order of their first appearance, as do their
/// slots; the table finds them.
#[derive(Debug, Default)]
pub(super) struct Counter {
    hasher: RandomState,
    slots: Vec<Slot>,
    keys: Vec<u8>,
    /// Places of the slots. Hashes are at random, so that nobody can make values collide.
    found: HashTable<u32>,
    error: u64,
    once: Once,
}

/// Which values have come once, by bits of their hashes: two of the same bits are taken for one, which is
/// then taken in too early.
#[derive(Debug, Default)]
struct Once {
    /// Empty until it is needed.
    bits: Vec<u64>,
    /// Bits that are set.
    values: usize,
}

impl Once {
    /// So many bits that few are set when it is full.
    const BITS: usize = 1 << 16;

    /// Whether a value has come before; if not, it has now.
    #[inline]
    fn came(&mut self, value: &[u8]) -> bool {
        // The hash is not at random: what is held must not differ from run to run.
        let hash = mixed(value);
        let (word, bit) = ((hash >> 54) as usize, 1 << (hash >> 48 & 63));
        match self.bits.get_mut(word) {
            Some(bits) if *bits & bit == 0 => {
                *bits |= bit;
                self.values += 1;
                false
            }
            Some(_) | None => true,
        }
    }

    /// Forgets all values.
    fn clear(&mut self) {
        self.bits.clear();
        self.bits.resize(Self::BITS / 64, 0);
        self.values = 0;
    }
}

impl Counter {
    /// Counts rows of a value that is kept whole.
    #[inline]
    pub(super) fn add(&mut self, value: &str, rows: u64) {
        self.add_key(value.as_bytes(), 0, rows);
    }

    /// Counts rows of a value of more than [`WHOLE_BYTES`]; returns its key.
    pub(super) fn add_long(&mut self, value: &str, rows: u64) -> String {
        debug_assert!(value.len() > WHOLE_BYTES, "a value that is kept whole");
        let key = long_key(value);
        let chars = u32::try_from(value.chars().count()).unwrap_or(u32::MAX);
        self.add_key(key.as_bytes(), chars, rows);
        key
    }

    /// Counts one row of a value that is kept whole, unless it is not held and has not come before.
    #[inline]
    pub(super) fn add_again(&mut self, value: &str) {
        let bytes = value.as_bytes();
        let hash = self.hasher.hash_one(bytes);
        if self.count(bytes, hash, 1) || self.first_of_a_round(bytes) {
            return;
        }
        self.insert(bytes, hash, 0, 1);
    }

    /// Whether a value that is not held comes for the first time. Each can lose one row by that in a round.
    #[inline]
    fn first_of_a_round(&mut self, bytes: &[u8]) -> bool {
        if self.once.values.is_multiple_of(EXACT_DISTINCT) {
            self.once.clear();
            self.error += 1;
        }
        !self.once.came(bytes)
    }

    #[inline]
    fn add_key(&mut self, bytes: &[u8], long_chars: u32, rows: u64) {
        let hash = self.hasher.hash_one(bytes);
        if !self.count(bytes, hash, rows) {
            self.insert(bytes, hash, long_chars, rows);
        }
    }

    /// Counts rows of a key that is held; whether it is.
    #[inline]
    fn count(&mut self, bytes: &[u8], hash: u64, rows: u64) -> bool {
        let (slots, keys) = (&self.slots, &self.keys);
        let is_key = |at: &u32| {
            let slot = slots.get(*at as usize);
            slot.is_some_and(|slot| slot.hash == hash && same(slot.key(keys), bytes))
        };
        let known = self.found.find(hash, is_key);
        let known = known.and_then(|at| self.slots.get_mut(*at as usize));
        if let Some(slot) = known {
            slot.rows += rows;
            return true;
        }
        false
    }

    /// Takes in a key that is not held.
    fn insert(&mut self, key: &[u8], hash: u64, long_chars: u32, rows: u64) {
        let slots = &self.slots;
        let hash_of = |at: &u32| slots.get(*at as usize).map_or(0, |slot| slot.hash);
        let at = u32::try_from(slots.len()).unwrap_or(u32::MAX);
        self.found.insert_unique(hash, at, hash_of);
        self.slots.push(Slot {
            hash,
            rows,
            start: u32::try_from(self.keys.len()).unwrap_or(u32::MAX),
            length: u32::try_from(key.len()).unwrap_or(u32::MAX),
            long_chars,
        });
        self.keys.extend_from_slice(key);
    }

    /// Whether there are more values than can be held exactly.
    pub(super) const fn is_over(&self) -> bool {
        self.slots.len() > EXACT_DISTINCT
    }

    /// Drops the less frequent half of the values, where they are more than the bound.
    pub(super) fn prune(&mut self) {
        if !self.is_over() {
            return;
        }
        let threshold = self.middle();
        self.error += threshold;
        let (keys, mut end) = (&mut self.keys, 0);
        self.slots.retain_mut(|slot| {
            if slot.rows <= threshold {
                return false;
            }
            slot.rows -= threshold;
            let start = slot.start as usize;
            keys.copy_within(start..start + slot.length as usize, end);
            slot.start = u32::try_from(end).unwrap_or(u32::MAX);
            end += slot.length as usize;
            true
        });
        self.keys.truncate(end);
        self.found.clear();
        for (at, slot) in (0..).zip(&self.slots) {
            // There is room, because there were more.
            self.found.insert_unique(slot.hash, at, |_| 0);
        }
    }

    /// The rows of the value in the middle of [`EXACT_DISTINCT`], most rows first.
    fn middle(&self) -> u64 {
        let middle = EXACT_DISTINCT / 2;
        // Where nearly all values differ there is nothing to sort.
        let several = self.slots.iter().filter(|slot| slot.rows > 1);
        let mut rows: Vec<u64> = several.map(|slot| slot.rows).collect();
        if rows.len() <= middle {
            return 1;
        }
        let (_, middle, _) = rows.select_nth_unstable_by(middle, |a, b| b.cmp(a));
        *middle
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
        let value = |slot: &Slot| {
            // Keys were texts.
            let key = std::str::from_utf8(slot.key(&self.keys)).unwrap_or_default();
            let long_chars = (slot.long_chars > 0).then_some(u64::from(slot.long_chars));
            (key, Observed::of_key(key, long_chars), slot.rows)
        };
        self.slots.iter().map(value).collect()
    }
}

impl Slot {
    fn key<'a>(&self, keys: &'a [u8]) -> &'a [u8] {
        let start = self.start as usize;
        keys.get(start..start + self.length as usize)
            .unwrap_or_default()
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
            counter.add(&value, 1);
            if row % 700 == 0 {
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
    fn what_comes_once_is_not_held_and_what_comes_often_is() {
        let mut counter = Counter::default();
        let rows = 400_000_u64;
        for row in 0..rows {
            match row {
                _ if row % 50 == 0 => counter.add_again("often"),
                _ if row % 4_001 == 0 => counter.add_again("seldom"),
                _ => counter.add_again(&row.to_string()),
            }
            if row % 8_192 == 0 {
                counter.prune();
            }
        }
        let error = counter.error();
        assert!(error > 0 && error <= rows / 5_000 + 1, "{error}");
        for (value, all) in [("often", rows / 50), ("seldom", rows / 4_001)] {
            let held = counter.rows(value);
            assert!(held <= all && held + error >= all, "{value} {held} {error}");
        }
        assert!(counter.rows("often") > error);
        // A few of the others had the bits of one that came before.
        let values = counter.values().len();
        assert!(values < EXACT_DISTINCT, "{values}");
        assert!(counter.values().iter().all(|(_, _, rows)| *rows < 10_000));
    }

    #[test]
    fn what_is_held_is_the_same_each_time() {
        let counted = || {
            let mut counter = Counter::default();
            for row in 0..60_000_u64 {
                counter.add_again(&(row * row % 70_001).to_string());
                counter.add_again(&format!("{row:x}"));
            }
            counter.prune();
            let values = counter.values();
            let told = values
                .iter()
                .map(|(key, _, rows)| (String::from(*key), *rows));
            (told.collect::<Vec<_>>(), counter.error())
        };
        assert_eq!(counted(), counted());
    }

    /// As it is told above, with all counts sorted and all keys owned.
    fn pruned(rows: &mut Vec<(String, u64)>) -> u64 {
        if rows.len() <= EXACT_DISTINCT {
            return 0;
        }
        let mut counts: Vec<u64> = rows.iter().map(|(_, rows)| *rows).collect();
        counts.sort_unstable_by(|a, b| b.cmp(a));
        let threshold = counts[EXACT_DISTINCT / 2];
        rows.retain(|(_, rows)| *rows > threshold);
        for (_, rows) in rows.iter_mut() {
            *rows -= threshold;
        }
        threshold
    }

    #[test]
    fn what_stays_is_what_is_above_the_middle() {
        // By how often numbers come, half of them or more are above the rest.
        for (most, step) in [(1, 1), (3, 1), (3, 2), (5, 7), (2, 10)] {
            let mut counter = Counter::default();
            let mut plain: Vec<(String, u64)> = Vec::new();
            let mut error = 0;
            for batch in 0..6 {
                for number in (0..9_001).map(|number| number * step + batch * 3_000) {
                    let key = "k".repeat(number % 19) + &number.to_string();
                    for _ in 0..1 + number % most {
                        counter.add(&key, 1);
                    }
                    plain.push((key, 1 + number as u64 % most as u64));
                }
                // The first of a key stays, with the rows of all.
                let mut sums = std::collections::HashMap::new();
                for (key, rows) in &plain {
                    *sums.entry(key.clone()).or_insert(0) += rows;
                }
                plain = (plain.into_iter())
                    .filter_map(|(key, _)| sums.remove(&key).map(|rows| (key, rows)))
                    .collect();
                counter.prune();
                error += pruned(&mut plain);
                let told: Vec<(String, u64)> = (counter.values().into_iter())
                    .map(|(key, _, rows)| (key.to_owned(), rows))
                    .collect();
                assert_eq!((told, counter.error()), (plain.clone(), error));
            }
            assert!(error > 0, "{most} {step}");
        }
    }

    #[test]
    fn long_values_that_begin_alike_are_two() {
        let mut counter = Counter::default();
        let start = "ä".repeat(2_000);
        for end in ["1", "2", "2"] {
            counter.add_long(&format!("{start}{end}"), 1);
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
