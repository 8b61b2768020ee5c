//! The text of a value in the forms in which texts are compared.

use super::index::{Counted, Gram, counted, grams};
use super::spellings::{Inside, Thing, key, spellings};
use crate::matching::names::Name;
use crate::matching::text::{fold, is_subsequence, ratio, singular, tokens};

/// Longer texts are compared by their beginnings, so that hostile ones cost little.
const COMPARED_BYTES: usize = 200;

/// A text, ready to be compared.
#[derive(Debug)]
pub(super) struct Text {
    /// As it stands, without outer blanks.
    pub(super) verbatim: String,
    /// Lower case, without accents and outer blanks.
    pub(super) folded: String,
    /// Words as they stand.
    pub(super) tokens: Vec<String>,
    /// The words without anything between them.
    pub(super) joined: String,
    /// Three-letter pieces of the words.
    pub(super) grams: Counted<Gram>,
    /// Three-letter pieces of the words without anything between them.
    pub(super) joined_grams: Counted<Gram>,
    /// Words written out and translated.
    pub(super) words: Counted<String>,
    /// What the whole text may be a spelling of.
    pub(super) whole: Vec<Thing>,
    /// Whether it is only the part of a value that stands before brackets.
    pub(super) is_head: bool,
    /// What stands in it, whatever the topic.
    pub(super) inside_any: Inside,
    /// Numbers in it, Roman ones included.
    numbers: Vec<u32>,
    /// Which of the [`QUALIFIERS`] it has, one bit each.
    qualified: u32,
}

impl Text {
    pub(super) fn of(text: &str) -> Self {
        Self::with_name(text).0
    }

    /// With what all of it is read as, however long.
    pub(super) fn with_whole_name(text: &str) -> (Self, Name) {
        let (own, name) = Self::with_name(text);
        let name = if own.verbatim == text {
            name
        } else {
            Name::parse(text)
        };
        (own, name)
    }

    /// With what it is read as; of a long text both are of its beginning.
    pub(super) fn with_name(text: &str) -> (Self, Name) {
        let trimmed = text.trim();
        let end = trimmed.floor_char_boundary(COMPARED_BYTES);
        let trimmed = trimmed.get(..end).unwrap_or_default();
        let folded = fold(trimmed);
        let tokens = tokens(trimmed);
        let joined = tokens.concat();
        let mut of_words = Vec::new();
        for token in &tokens {
            grams(token, &mut of_words);
        }
        let mut of_joined = Vec::new();
        grams(&joined, &mut of_joined);
        let name = Name::parse(trimmed);
        let mut words: Vec<String> = name.words().map(singular).collect();
        words.sort_unstable();
        words.dedup();
        let whole = if tokens.is_empty() {
            spellings().whole(&folded)
        } else {
            spellings().whole(&key(&tokens))
        };
        let has = |word: &str| tokens.iter().chain(&words).any(|own| own == word);
        let bits = QUALIFIERS.iter().enumerate();
        let qualified = bits.fold(0, |all, (bit, word)| all | u32::from(has(word)) << bit);
        let text = Self {
            qualified,
            verbatim: trimmed.to_owned(),
            numbers: tokens.iter().filter_map(|token| number(token)).collect(),
            whole: whole.to_vec(),
            is_head: false,
            folded,
            joined,
            grams: counted(&of_words),
            joined_grams: counted(&of_joined),
            words: counted(&words),
            inside_any: spellings().inside(&tokens, &[]),
            tokens,
        };
        (text, name)
    }

    /// Whether it has more than numbers and signs.
    pub(super) fn has_words(&self) -> bool {
        self.joined.chars().any(|c| !c.is_numeric())
    }
}

/// What stands before the brackets that a value ends in: `Lima` of `Lima (Peru)`. What is inside
/// tells which one is meant, not what.
pub(super) fn head(value: &str) -> Option<Text> {
    let value = value.trim().strip_suffix([')', ']'])?;
    let (before, _) = value.split_once(['(', '['])?;
    let text = Text {
        is_head: true,
        ..Text::of(before)
    };
    (text.joined.chars().count() > 2).then_some(text)
}

/// The number that a token is: digits, or a Roman number of at least two letters.
pub(super) fn number(token: &str) -> Option<u32> {
    if token.chars().all(|c| c.is_ascii_digit()) {
        return token.parse().ok();
    }
    let letter = |c: char| {
        Some(match c {
            'i' => 1,
            'v' => 5,
            'x' => 10,
            // With more letters, words such as `mild` would be numbers.
            _ => return None,
        })
    };
    let values: Vec<u32> = token.chars().map(letter).collect::<Option<_>>()?;
    if values.len() < 2 {
        return None;
    }
    let mut sum = 0;
    for (at, value) in values.iter().enumerate() {
        if values.get(at + 1).is_some_and(|next| next > value) {
            sum -= i64::from(*value);
        } else {
            sum += i64::from(*value);
        }
    }
    u32::try_from(sum).ok()
}

/// How far the numbers of two texts contradict each other: 1 where both have some and none in
/// common, 0.5 where each has one that the other has not.
pub(super) fn numbers_differ(a: &Text, b: &Text) -> f64 {
    if a.numbers.is_empty() || b.numbers.is_empty() {
        return 0.0;
    }
    let alone = |a: &Text, b: &Text| a.numbers.iter().filter(|n| !b.numbers.contains(n)).count();
    let (of_a, of_b) = (alone(a, b), alone(b, a));
    if of_a == a.numbers.len() {
        1.0
    } else if of_a > 0 && of_b > 0 {
        0.5
    } else {
        0.0
    }
}

/// Words that make another thing of what they stand beside, in English as the lexicon translates.
const QUALIFIERS: [&str; 22] = [
    "north", "south", "east", "west", "northern", "southern", "eastern", "western", "new", "old",
    "former", "upper", "lower", "inner", "outer", "left", "right", "not", "non", "no", "without",
    "except",
];

/// 1 where only one of two texts has one of the words that make another thing of the rest.
pub(super) fn otherwise_qualified(a: &Text, b: &Text) -> f64 {
    f64::from(u8::from(a.qualified != b.qualified))
}

/// How well one text is an abbreviation of the other, 0 to 1: each of its words the beginning of
/// another word, or some letters of it with the first; or all of it their initials.
pub(super) fn abbreviates(a: &Text, b: &Text) -> f64 {
    let (short, long) = if a.joined.len() <= b.joined.len() {
        (a, b)
    } else {
        (b, a)
    };
    if short.joined.is_empty() || short.joined == long.joined {
        return 0.0;
    }
    let initials = long.tokens.iter().filter_map(|t| t.chars().next());
    if long.tokens.len() >= 2 && initials.eq(short.joined.chars()) {
        return 1.0;
    }
    // What shortens a word begins as it does.
    let begins_alike = |token: &String| long.tokens.iter().any(|word| same_start(token, word));
    if !short.tokens.iter().any(begins_alike) {
        return 0.0;
    }
    let mut taken = vec![false; long.tokens.len()];
    let mut found = 0.0;
    for token in &short.tokens {
        let best = long
            .tokens
            .iter()
            .enumerate()
            .filter(|(at, _)| taken.get(*at) == Some(&false))
            .map(|(at, word)| (at, shortens(token, word)))
            .max_by(|a, b| a.1.total_cmp(&b.1));
        if let Some((at, how)) = best.filter(|(_, how)| *how > 0.0) {
            if let Some(taken) = taken.get_mut(at) {
                *taken = true;
            }
            found += how;
        }
    }
    let all = ratio(short.tokens.len(), 1).max(1.0);
    let covered = ratio(
        taken.iter().filter(|taken| **taken).count(),
        long.tokens.len().max(1),
    );
    found / all * (0.5 + 0.5 * covered)
}

fn same_start(a: &str, b: &str) -> bool {
    a.bytes().next() == b.bytes().next()
}

fn shortens(token: &str, word: &str) -> f64 {
    if !same_start(token, word) {
        0.0
    } else if token == word {
        1.0
    } else if word.starts_with(token) || token.starts_with(word) {
        0.9
    } else if token.len() >= 2 && is_subsequence(token, word) {
        0.5
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_and_compared() {
        let differ = |a: &str, b: &str| numbers_differ(&Text::of(a), &Text::of(b));
        assert!((differ("Henry IV", "Henry V of") - 0.0).abs() < 1e-9);
        assert!((differ("Bowl XIV", "Bowl 14") - 0.0).abs() < 1e-9);
        assert!((differ("Cup 2008", "Cup 2009") - 1.0).abs() < 1e-9);
        assert!((differ("Cup 2008-07", "Cup 2008-09") - 0.5).abs() < 1e-9);
        assert!((differ("Cup 08", "Cup 8") - 0.0).abs() < 1e-9);
    }

    #[test]
    fn a_qualifier_on_one_side_contradicts() {
        let of = |a: &str, b: &str| otherwise_qualified(&Text::of(a), &Text::of(b));
        assert!(of("Vietnam, North", "Vietnam") > 0.9);
        assert!(of("Korea, South", "South Korea") < 0.1);
        assert!(of("red", "rouge") < 0.1);
    }

    #[test]
    fn abbreviations_are_seen() {
        let of = |a: &str, b: &str| abbreviates(&Text::of(a), &Text::of(b));
        assert!(of("USA", "United States of America") < 0.9);
        assert!((of("UN", "United Nations") - 1.0).abs() < 1e-9);
        assert!(of("Dept. Agric.", "Department of Agriculture") > 0.5);
        assert!(of("red", "blue") < 0.1);
        assert!(of("", "blue") < 0.1);
    }
}
