//! Everything that is counted of a column's values but which value stands how often.

use super::dates::DateTally;
use super::kinds::{KindSet, KindTally};
use super::numbers::NumberTally;
use super::observed::Observed;
use super::tally::TextTally;
use crate::value::code::without_percent;

/// Values of more bytes are taken for text without looking closer, addresses excepted.
const TYPED_BYTES: usize = 100;

/// Counts that add up, in any order of rows but for which text of two equal values is kept.
#[derive(Debug, Clone, Default)]
pub(super) struct Summary {
    pub(super) text: TextTally,
    pub(super) numbers: NumberTally,
    /// Numbers with a per cent sign.
    pub(super) percents: NumberTally,
    pub(super) dates: DateTally,
    pub(super) kinds: KindTally,
}

/// What of a value is looked at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    pub(super) numbers: bool,
    pub(super) dates: bool,
    pub(super) kinds: KindSet,
}

impl Look {
    const EVERYTHING: Self = Self {
        numbers: true,
        dates: true,
        kinds: KindSet::ALL,
    };

    /// Whether there is nothing to look at.
    pub(super) const fn is_nothing(self) -> bool {
        !self.numbers && !self.dates && self.kinds.is_empty()
    }
}

impl Summary {
    /// Counts a value that stands in so many rows. `at` grows from value to value: of two numbers that
    /// are equal, the text that came first is kept.
    pub(super) fn add(&mut self, value: Observed<'_>, rows: u64, at: u64) {
        self.text.add(value, rows);
        if !value.long {
            self.look(value.text, rows, at, Look::EVERYTHING);
        }
    }

    /// Counts what a text is besides a text.
    pub(super) fn look(&mut self, text: &str, rows: u64, at: u64, look: Look) {
        if !look.kinds.is_empty() {
            self.kinds.add(text, rows, look.kinds);
        }
        if text.len() > TYPED_BYTES {
            return;
        }
        if look.numbers {
            match without_percent(text) {
                Some(number) => self.percents.add(number, text, rows, at),
                None => self.numbers.add(text, text, rows, at),
            }
        }
        if look.dates {
            self.dates.add(text, rows);
        }
    }
}
