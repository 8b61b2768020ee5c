//! The values that a column holds or a field is known to take, prepared once for all comparisons.

use std::collections::BTreeSet;
use std::hash::BuildHasher;

use rustc_hash::FxBuildHasher;

use super::bags::{Bag, Variants, pieces};
use super::detect::DETECTORS;
use super::number::{narrow, small};
use super::words::stem;
use crate::matching::text::{fold, tokens};

/// Values of one side, without repetition.
#[derive(Debug, Default, Clone)]
pub(super) struct Held {
    /// In lower case, without accents and blanks around them.
    pub(super) folded: BTreeSet<String>,
    /// Hashes of these, in order: most pairs of sides have no value in common, which shows sooner so.
    hashes: Vec<u64>,
    /// As they stand, in an order that tells nothing.
    pub(super) texts: Vec<String>,
    /// 5 %, 50 % and 95 % of the numbers, where most values are numbers.
    pub(super) quantiles: Option<[f64; 3]>,
    /// What the values look like, see [`Looks`].
    pub(super) looks: Option<Looks>,
}

/// Most values whose pieces are compared.
const COMPARED: usize = 60;
/// Longest part of a value that is compared, in characters.
const LONGEST: usize = 80;
/// Letters of the values that are read for their meaning.
const MEANT: usize = 8;

/// Means over the values: how long, and of which sorts of characters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Looks {
    parts: [f32; 8],
}

impl Held {
    /// Prepares values; `texts` in an order that says nothing.
    pub(super) fn new<'a>(texts: impl Iterator<Item = &'a str>) -> Self {
        let mut held = Self::default();
        for text in texts {
            let text = text.trim();
            if !text.is_empty() && held.folded.insert(fold(text)) {
                held.texts.push(text.chars().take(LONGEST).collect());
            }
        }
        if held.texts.is_empty() {
            return held;
        }
        let hash = |value: &String| FxBuildHasher.hash_one(value);
        held.hashes = held.folded.iter().map(hash).collect();
        held.hashes.sort_unstable();
        held.quantiles = quantiles(&held.texts);
        held.looks = Some(Looks::of(&held.texts));
        held
    }

    /// For each detector how many values it takes for its own; empty without a value.
    pub(super) fn detected(&self) -> Vec<usize> {
        if self.is_empty() {
            return Vec::new();
        }
        let mut counts = vec![0; DETECTORS.len()];
        for text in &self.texts {
            let tokens = tokens(text);
            for (count, detector) in counts.iter_mut().zip(&DETECTORS) {
                *count += usize::from(detector.takes(text, &tokens));
            }
        }
        counts
    }

    /// Whether there is any value.
    pub(super) fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// Three-letter pieces of the values.
    pub(super) fn pieces(&self) -> Variants<u64> {
        let bag: Bag<u64> = self
            .folded
            .iter()
            .take(COMPARED)
            .flat_map(|value| pieces(&value.chars().take(LONGEST).collect::<String>()))
            .collect();
        vec![bag]
    }

    /// Words of the values, as stems.
    pub(super) fn words(&self) -> Variants<String> {
        let words = self
            .texts
            .iter()
            .take(COMPARED)
            .flat_map(|text| tokens(text));
        vec![
            words
                .filter(|word| !word.chars().all(char::is_numeric))
                .map(|word| (stem(&word), 1.0))
                .collect(),
        ]
    }

    /// The forms of the values: upper case, lower case, digits, runs as one.
    pub(super) fn shapes(&self) -> Variants<String> {
        let shapes = self.texts.iter().take(COMPARED).map(|text| shape(text));
        vec![shapes.map(|shape| (shape, 1.0)).collect()]
    }

    /// Some of the values as one text, for their meaning.
    pub(super) fn text(&self) -> String {
        let some: Vec<&str> = self
            .texts
            .iter()
            .filter(|text| text.chars().any(char::is_alphabetic))
            .take(MEANT)
            .map(String::as_str)
            .collect();
        some.join(", ")
    }

    /// The share of these values that the other side has, by what it compares as; and of all that
    /// either has.
    pub(super) fn overlap(&self, other: &Self) -> Option<(f32, f32, f32)> {
        if self.is_empty() || other.is_empty() {
            return None;
        }
        let (few, many) = if self.folded.len() <= other.folded.len() {
            (&self.folded, &other.folded)
        } else {
            (&other.folded, &self.folded)
        };
        let both = if meet(&self.hashes, &other.hashes) {
            small(few.iter().filter(|value| many.contains(*value)).count())
        } else {
            0.0
        };
        let (own, others) = (small(self.folded.len()), small(other.folded.len()));
        Some((both / own, both / others, both / (own + others - both)))
    }
}

/// Whether two sorted lists have anything in common.
fn meet(one: &[u64], other: &[u64]) -> bool {
    let mut others = other.iter().peekable();
    one.iter().any(|hash| {
        while others.next_if(|other| *other < hash).is_some() {}
        others.peek() == Some(&hash)
    })
}

/// The form of a value; runs of one sort count once, everything else as it is.
fn shape(text: &str) -> String {
    let mut shape = String::new();
    for letter in text.chars().take(LONGEST) {
        let sort = if letter.is_uppercase() {
            'A'
        } else if letter.is_alphabetic() {
            'a'
        } else if letter.is_numeric() {
            '9'
        } else {
            letter
        };
        if !shape.ends_with(sort) {
            shape.push(sort);
        }
    }
    shape
}

impl Looks {
    fn of(texts: &[String]) -> Self {
        let mut parts = [0.0_f32; 8];
        for text in texts {
            let count =
                |wanted: fn(char) -> bool| small(text.chars().filter(|c| wanted(*c)).count());
            let length = small(text.chars().count()).max(1.0);
            let own = [
                (length + 1.0).ln() / 4.0,
                count(|c| c.is_numeric()) / length,
                count(char::is_alphabetic) / length,
                count(char::is_uppercase) / length,
                count(char::is_whitespace) / length * 4.0,
                count(|c| !c.is_alphanumeric() && !c.is_whitespace()) / length * 2.0,
                f32::from(u8::from(number(text).is_some())),
                f32::from(u8::from(text.contains('.') && number(text).is_some())),
            ];
            for (part, own) in parts.iter_mut().zip(own) {
                *part += own;
            }
        }
        for part in &mut parts {
            *part /= small(texts.len());
        }
        Self { parts }
    }

    /// 1 where both look the same.
    pub(super) fn alike(&self, other: &Self) -> f32 {
        let far: f32 = self
            .parts
            .iter()
            .zip(other.parts)
            .map(|(a, b)| (a - b).abs())
            .sum();
        (1.0 - far / 4.0).max(0.0)
    }
}

/// A number as most files write it; no marks of thousands.
pub(super) fn number(text: &str) -> Option<f64> {
    let text = text
        .trim_start_matches(['€', '$', '£'])
        .trim_end_matches('%')
        .trim();
    let plain = if text.contains('.') {
        text.replace(',', "")
    } else {
        text.replacen(',', ".", 1)
    };
    let begins = plain.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.'));
    plain
        .parse()
        .ok()
        .filter(|value: &f64| begins && value.is_finite())
}

fn quantiles(texts: &[String]) -> Option<[f64; 3]> {
    let mut numbers: Vec<f64> = texts.iter().filter_map(|text| number(text)).collect();
    if numbers.len() < 2 || numbers.len() * 10 < texts.len() * 8 {
        return None;
    }
    numbers.sort_by(f64::total_cmp);
    let last = numbers.len() - 1;
    let at = |percent: usize| numbers.get(last * percent / 100).copied();
    Some([at(5)?, at(50)?, at(95)?])
}

/// How much the ranges of two columns of numbers have in common; the middle counts as well.
pub(super) fn ranges_alike(one: [f64; 3], other: [f64; 3]) -> f32 {
    let [low, middle, high] = one;
    let [other_low, other_middle, other_high] = other;
    let whole = high.max(other_high) - low.min(other_low);
    if whole <= 0.0 {
        return 1.0;
    }
    let common = (high.min(other_high) - low.max(other_low)).max(0.0);
    let apart = (middle - other_middle).abs();
    narrow((common / whole).mul_add(0.6, 0.4 * (1.0 - apart / whole)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(values: &[&str]) -> Held {
        Held::new(values.iter().copied())
    }

    #[test]
    fn values_are_compared_without_case_and_accents() {
        let (of_one, of_other, of_both) = held(&["Köln", "bonn"])
            .overlap(&held(&["KÖLN", "Bonn", "Kiel"]))
            .unwrap();
        assert!((of_one - 1.0).abs() < 1e-6);
        assert!((of_other - 2.0 / 3.0).abs() < 1e-6 && (of_both - 2.0 / 3.0).abs() < 1e-6);
        assert!(held(&[]).overlap(&held(&["x"])).is_none());
    }

    #[test]
    fn numbers_and_ranges_are_read() {
        assert_eq!(number("1,5"), Some(1.5));
        assert_eq!(number("1,234.5"), Some(1234.5));
        assert_eq!(number("inf"), None);
        let years = held(&["1999", "2001", "2010"]).quantiles.unwrap();
        let ages = held(&["9", "31", "80"]).quantiles.unwrap();
        assert!(ranges_alike(years, years) > 0.99 && ranges_alike(years, ages) < 0.2);
        assert!(held(&["a", "b", "3"]).quantiles.is_none());
    }

    #[test]
    fn looks_tell_codes_from_sentences() {
        let codes = held(&["AB-12", "CD-99"]).looks.unwrap();
        let others = held(&["XY-55", "QQ-01"]).looks.unwrap();
        let sentences = held(&["The quick brown fox jumps", "over a lazy dog in the sun"])
            .looks
            .unwrap();
        assert!(codes.alike(&others) > 0.95 && codes.alike(&sentences) < 0.6);
        assert_eq!(shape("AB-12"), "A-9");
    }
}
