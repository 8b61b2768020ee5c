//! How alike two spellings of names are, letter by letter and word by word.

use std::collections::BTreeSet;

use super::number::{narrow, small};
use super::sides::Sides;
use super::words::Spelling;
use crate::matching::text::{edit_similarity, is_subsequence};

/// The best over all spellings of both names; absent without a name on both sides.
pub(super) fn best_spelling(
    columns: &Sides,
    fields: &Sides,
    (column, field): (usize, usize),
    compare: impl Fn(&Spelling, &Spelling) -> f32,
) -> Option<f32> {
    let own = &columns.written.get(column)?.names;
    let others = &fields.written.get(field)?.names;
    own.iter()
        .flat_map(|own| others.iter().map(|other| compare(own, other)))
        .reduce(f32::max)
}

/// Edit similarity of the names, or of their words in the order of the alphabet.
pub(super) fn edits(own: &Spelling, other: &Spelling) -> f32 {
    let plain = edit_similarity(&own.name.joined, &other.name.joined);
    narrow(plain.max(edit_similarity(&own.in_order, &other.in_order)))
}

/// 1 for the same letters, 0.8 for the same words, else 0.
pub(super) fn equal(own: &Spelling, other: &Spelling) -> f32 {
    if own.name.joined == other.name.joined {
        return 1.0;
    }
    let mut sets = own.sets.iter().filter(|words| !words.is_empty());
    if sets.any(|words| other.sets.contains(words)) {
        0.8
    } else {
        0.0
    }
}

/// 1 where the last words are the same, which say what a thing is.
pub(super) fn same_head(own: &Spelling, other: &Spelling) -> f32 {
    let same = head(own).is_some() && head(own) == head(other);
    f32::from(u8::from(same))
}

/// The last word of the usual reading.
fn head(spelling: &Spelling) -> Option<&String> {
    spelling.readings.first()?.last()
}

/// Jaro-Winkler similarity (Winkler 1990): letters in common near the same place, the first four
/// counting more.
pub(super) fn starts(own: &Spelling, other: &Spelling) -> f32 {
    let (one, other) = (&own.letters, &other.letters);
    let jaro = jaro(one, other);
    let common = one
        .iter()
        .zip(other)
        .take(4)
        .take_while(|(a, b)| a == b)
        .count();
    (0.1 * small(common)).mul_add(1.0 - jaro, jaro)
}

/// Most names are shorter, and need no memory to be compared.
const SHORT: usize = 64;

/// Jaro similarity (Jaro 1989).
fn jaro(one: &[char], other: &[char]) -> f32 {
    if one.is_empty() || other.is_empty() {
        return 0.0;
    }
    let (mut short, mut long) = ([false; SHORT], Vec::new());
    let taken = if let Some(places) = short.get_mut(..other.len()) {
        places
    } else {
        long.resize(other.len(), false);
        long.as_mut_slice()
    };
    let mut found = Vec::with_capacity(one.len());
    let reach = (one.len().max(other.len()) / 2).saturating_sub(1);
    for (place, letter) in one.iter().enumerate() {
        let from = place.saturating_sub(reach).min(other.len());
        let end = (place + reach + 1).min(other.len());
        let (near, free) = (other.get(from..end), taken.get_mut(from..end));
        let mut near = near.into_iter().flatten().zip(free.into_iter().flatten());
        if let Some((_, taken)) = near.find(|(near, taken)| *near == letter && !**taken) {
            *taken = true;
            found.push(*letter);
        }
    }
    let matched = small(found.len());
    if found.is_empty() {
        return 0.0;
    }
    let in_order = other.iter().zip(&*taken).filter(|(_, taken)| **taken);
    let moved = in_order.zip(&found).filter(|((a, _), b)| a != b).count();
    let (first, second) = (matched / small(one.len()), matched / small(other.len()));
    (first + second + (matched - small(moved) / 2.0) / matched) / 3.0
}

/// Share of the tokens of one name that shorten a word of the other: its beginning, or its first
/// letter and others in order; 1 for one token made of the beginnings of all words (`dob`, `custid`).
pub(super) fn shortened(short: &Spelling, long: &Spelling) -> f32 {
    let tokens = &short.name.tokens;
    let words = &long.name.tokens;
    // Whatever shortens a word begins as it does.
    let begins = |token: &String| {
        words
            .iter()
            .any(|word| token.chars().next() == word.chars().next())
    };
    if words.is_empty() || !tokens.iter().any(begins) {
        return 0.0;
    }
    if let [only] = tokens.as_slice()
        && words.len() >= 2
        && are_beginnings(only, words)
    {
        return 1.0;
    }
    let mut free: Vec<&String> = words.iter().collect();
    let mut found = 0.0;
    for token in tokens {
        let best = free
            .iter()
            .enumerate()
            .map(|(place, word)| (place, shortens(token, word)))
            .filter(|(_, score)| *score > 0.0)
            .max_by(|a, b| a.1.total_cmp(&b.1));
        if let Some((place, score)) = best {
            free.remove(place);
            found += score;
        }
    }
    found / small(tokens.len().max(words.len().min(tokens.len() + 1)))
}

/// Whether a token is made of the beginnings of all words in their order: one letter of each or
/// more.
fn are_beginnings(token: &str, words: &[String]) -> bool {
    let letters: Vec<char> = token.chars().collect();
    // Where the words so far may end.
    let mut ends = vec![0];
    for word in words {
        let mut next = BTreeSet::new();
        for end in ends {
            let rest = letters.iter().enumerate().skip(end);
            let same = rest.zip(word.chars()).take_while(|((_, a), b)| *a == b);
            next.extend(same.map(|((place, _), _)| place + 1));
        }
        ends = next.into_iter().collect();
    }
    ends.last() == Some(&letters.len())
}

/// How well a token is a short form of a word.
fn shortens(token: &str, word: &str) -> f32 {
    if token == word {
        1.0
    } else if word.starts_with(token) && token.len() >= 2 {
        0.9
    } else if token.len() >= 2 && token.len() < word.len() && is_subsequence(token, word) {
        0.7
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_made_of_the_beginnings_of_all_words() {
        let words = |text: &str| -> Vec<String> { text.split(' ').map(str::to_owned).collect() };
        for (token, text) in [
            ("dob", "date of birth"),
            ("custid", "customer id"),
            ("prodcat", "product category"),
            ("aab", "aa ab"),
        ] {
            assert!(are_beginnings(token, &words(text)), "{token} {text}");
        }
        for (token, text) in [
            ("dob", "date birth"),
            ("custid", "customer"),
            ("custnr", "customer id"),
            ("", "date"),
        ] {
            assert!(!are_beginnings(token, &words(text)), "{token} {text}");
        }
    }
}
