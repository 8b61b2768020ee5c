//! Small accumulators that add up over rows and over chunks: extremes, shapes, lengths.

use std::collections::BTreeMap;

use super::observed::{Observed, shown};
use super::shape::shape;

/// The smallest and the largest value, each with the text that had it first.
#[derive(Debug, Clone)]
pub(super) struct Extremes<T> {
    ends: Option<(End<T>, End<T>)>,
    /// When the two were seen.
    at: (u64, u64),
}

/// A value and its text.
pub(super) type End<T> = (T, Box<str>);

impl<T> Default for Extremes<T> {
    fn default() -> Self {
        Self {
            ends: None,
            at: (0, 0),
        }
    }
}

impl<T: Ord + Copy> Extremes<T> {
    /// Adds a value behind all that were added.
    pub(super) fn add(&mut self, value: T, text: &str) {
        self.add_at(value, text, u64::MAX);
    }

    /// Adds a value that was seen at some time, which may be before others that were added.
    pub(super) fn add_at(&mut self, value: T, text: &str, at: u64) {
        match &mut self.ends {
            None => {
                self.ends = Some(((value, text.into()), (value, text.into())));
                self.at = (at, at);
            }
            Some((min, max)) => {
                if value < min.0 || (value == min.0 && at < self.at.0) {
                    *min = (value, text.into());
                    self.at.0 = at;
                }
                if value > max.0 || (value == max.0 && at < self.at.1) {
                    *max = (value, text.into());
                    self.at.1 = at;
                }
            }
        }
    }

    /// Adds what was seen behind all that was added here. Times of the two are not those of one clock:
    /// what is kept then counts as older than everything that follows.
    pub(super) fn merge(&mut self, next: &Self) {
        if let Some((min, max)) = &next.ends {
            self.add(min.0, &min.1);
            self.add(max.0, &max.1);
        }
        self.at = (0, 0);
    }

    pub(super) const fn ends(&self) -> Option<&(End<T>, End<T>)> {
        self.ends.as_ref()
    }
}

/// How many shapes are counted; those that come first stay, later ones are left out.
const SHAPES: usize = 1_000;

/// Lengths up to here are counted one by one, longer ones by their leading three bits.
const EXACT_LENGTH: u64 = 1_024;

/// What is counted of every value, whatever its type.
#[derive(Debug, Clone, Default)]
pub(super) struct TextTally {
    /// Rows with a value.
    pub(super) rows: u64,
    /// Rows whose value has white space in it.
    pub(super) spaced: u64,
    /// Rows whose value has three words or more.
    pub(super) worded: u64,
    /// Rows whose value has a digit in it.
    pub(super) with_digit: u64,
    pub(super) extremes: TextExtremes,
    lengths: BTreeMap<u64, u64>,
    length_sum: u128,
    length_ends: Option<(u64, u64)>,
    shapes: BTreeMap<String, u64>,
}

/// Smallest and largest text by code points, as far as it is shown.
#[derive(Debug, Clone, Default)]
pub(super) struct TextExtremes {
    pub(super) ends: Option<(Box<str>, Box<str>)>,
}

impl TextExtremes {
    pub(super) fn add(&mut self, text: &str) {
        let text = shown(text);
        match &mut self.ends {
            None => self.ends = Some((text.into(), text.into())),
            Some((min, max)) => {
                if text < &**min {
                    *min = text.into();
                }
                if text > &**max {
                    *max = text.into();
                }
            }
        }
    }
}

impl TextTally {
    pub(super) fn add(&mut self, value: Observed<'_>, rows: u64) {
        self.rows += rows;
        let words = value.text.split_whitespace().take(3).count();
        if value.text.contains(char::is_whitespace) {
            self.spaced += rows;
        }
        if words >= 3 {
            self.worded += rows;
        }
        if value.text.bytes().any(|byte| byte.is_ascii_digit()) {
            self.with_digit += rows;
        }
        self.extremes.add(value.text);
        self.add_length(value.chars, rows);
        self.add_shape(shape(value.text), rows);
    }

    /// Gives a text's shape its place, without counting it.
    pub(super) fn see(&mut self, text: &str) {
        self.add_shape(shape(text), 0);
    }

    fn add_length(&mut self, chars: u64, rows: u64) {
        *self.lengths.entry(length_class(chars)).or_default() += rows;
        self.length_sum += u128::from(chars) * u128::from(rows);
        let (min, max) = self.length_ends.unwrap_or((chars, chars));
        self.length_ends = Some((min.min(chars), max.max(chars)));
    }

    fn add_shape(&mut self, shape: String, rows: u64) {
        if let Some(count) = self.shapes.get_mut(&shape) {
            *count += rows;
        } else if self.shapes.len() < SHAPES {
            self.shapes.insert(shape, rows);
        }
    }

    /// Shortest, longest and mean length in characters.
    #[expect(
        clippy::cast_precision_loss,
        reason = "a mean is shown, not computed with"
    )]
    pub(super) fn lengths(&self) -> super::Lengths {
        let (min, max) = self.length_ends.unwrap_or((0, 0));
        let mean = if self.rows == 0 {
            0.0
        } else {
            self.length_sum as f64 / self.rows as f64
        };
        // Two digits are enough to read, and keep the report short.
        super::Lengths {
            min,
            max,
            mean: (mean * 100.0).round() / 100.0,
        }
    }

    /// Rows per length; beyond 1,024 characters per class of lengths, by its lower bound.
    pub(super) fn length_rows(&self) -> impl Iterator<Item = (u64, u64)> {
        self.lengths.iter().map(|(length, rows)| (*length, *rows))
    }

    /// The most frequent shapes, by rows, then by shape.
    pub(super) fn top_shapes(&self, most: usize) -> Vec<super::ShapeCount> {
        let mut shapes: Vec<super::ShapeCount> = self
            .shapes
            .iter()
            .map(|(shape, rows)| super::ShapeCount {
                shape: shape.clone(),
                rows: *rows,
            })
            .collect();
        shapes.sort_by_key(|count| std::cmp::Reverse(count.rows));
        shapes.truncate(most);
        shapes
    }
}

/// A length, or the lower bound of its class, so that the number of classes stays small.
const fn length_class(chars: u64) -> u64 {
    if chars <= EXACT_LENGTH {
        return chars;
    }
    let shift = 61 - chars.leading_zeros();
    (chars >> shift) << shift
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_classes_are_few_and_ordered() {
        assert_eq!(length_class(1_024), 1_024);
        assert_eq!(length_class(1_025), 1_024);
        assert_eq!(length_class(1_279), 1_024);
        assert_eq!(length_class(1_280), 1_280);
        assert_eq!(length_class(u64::MAX), 7 << 61);
    }

    #[test]
    fn extremes_keep_the_first_text() {
        let mut extremes = Extremes::default();
        for (value, text) in [(2, "2"), (1, "1"), (1, "01"), (3, "3")] {
            extremes.add(value, text);
        }
        let (min, max) = extremes.ends().expect("values");
        assert_eq!((&*min.1, &*max.1), ("1", "3"));
    }
}
