//! Everything that is counted of a column's values but which value stands how often.

use super::dates::DateTally;
use super::kinds::KindTally;
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

impl Summary {
    /// Counts a value that stands in so many rows.
    pub(super) fn add(&mut self, value: Observed<'_>, rows: u64) {
        self.text.add(value, rows);
        if value.long {
            return;
        }
        self.kinds.add(value.text, rows);
        if value.text.len() > TYPED_BYTES {
            return;
        }
        match without_percent(value.text) {
            Some(number) => self.percents.add(number, value.text, rows),
            None => self.numbers.add(value.text, value.text, rows),
        }
        self.dates.add(value.text, rows);
    }

    pub(super) fn merge(&mut self, next: &Self) {
        self.text.merge(&next.text);
        self.numbers.merge(&next.numbers);
        self.percents.merge(&next.percents);
        self.dates.merge(&next.dates);
        self.kinds.merge(&next.kinds);
    }
}
