//! Text as BERT's uncased models want it: without control characters and accents, in lower case, cut
//! into words. Punctuation and ideographs are words of their own.
//!
//! This is not `text::fold`, which writes `ß` as `ss` and knows Latin letters only: the model was
//! trained with `ß`, and with the letters of the whole world.

use std::collections::HashMap;
use std::sync::LazyLock;

/// What is special about characters, from `characters.tsv` (made by `training/characters.py`).
#[derive(Debug, Default)]
struct Characters {
    /// First and last character of each range, ascending.
    dropped: Vec<(u32, u32)>,
    accents: Vec<(u32, u32)>,
    punctuation: Vec<(u32, u32)>,
    /// Letter with accents to what is left without them.
    bases: HashMap<char, &'static str>,
}

static CHARACTERS: LazyLock<Characters> =
    LazyLock::new(|| Characters::parse(include_str!("characters.tsv")));

impl Characters {
    /// Lines that are not understood are left out; a test holds that there are none.
    fn parse(lines: &'static str) -> Self {
        let mut characters = Self::default();
        for line in lines.lines().filter(|line| !line.starts_with('#')) {
            characters.take(line);
        }
        characters
    }

    /// Whether the line was understood.
    fn take(&mut self, line: &'static str) -> bool {
        let mut parts = line.split('\t');
        let (Some(kind), Some(first), Some(last), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return false;
        };
        let ranges = match kind {
            "base" => {
                self.bases
                    .extend(last.chars().map(|letter| (letter, first)));
                return true;
            }
            "dropped" => &mut self.dropped,
            "accent" => &mut self.accents,
            "punctuation" => &mut self.punctuation,
            _ => return false,
        };
        match (
            u32::from_str_radix(first, 16),
            u32::from_str_radix(last, 16),
        ) {
            (Ok(first), Ok(last)) => ranges.push((first, last)),
            (Err(_), _) | (_, Err(_)) => return false,
        }
        true
    }

    fn is_dropped(&self, character: char) -> bool {
        character == '\u{fffd}'
            || character.is_ascii_control()
            || contains(&self.dropped, character)
    }

    fn is_punctuation(&self, character: char) -> bool {
        character.is_ascii_punctuation() || contains(&self.punctuation, character)
    }

    /// Appends the character without its accents, in lower case; an accent alone is nothing.
    fn fold(&self, character: char, folded: &mut Vec<char>) {
        let mut plain = |character: char| {
            if !contains(&self.accents, character) {
                folded.extend(character.to_lowercase());
            }
        };
        if character.is_ascii() {
            plain(character);
        } else if let Some(base) = self.bases.get(&character) {
            base.chars().for_each(plain);
        } else if let Some(letters) = letters_of_syllable(character) {
            letters.for_each(plain);
        } else {
            plain(character);
        }
    }
}

fn contains(ranges: &[(u32, u32)], character: char) -> bool {
    // None of them has a character of ASCII, as most are.
    if character.is_ascii() {
        return false;
    }
    let code = u32::from(character);
    let after = ranges.partition_point(|&(first, _)| first <= code);
    let at = after.checked_sub(1).and_then(|at| ranges.get(at));
    at.is_some_and(|&(_, last)| code <= last)
}

/// The letters that a Hangul syllable is written with (The Unicode Standard, section 3.12).
fn letters_of_syllable(character: char) -> Option<impl Iterator<Item = char>> {
    const SYLLABLES: u32 = 0xac00;
    const LEADS: (u32, u32) = (0x1100, 19);
    const VOWELS: (u32, u32) = (0x1161, 21);
    const TAILS: (u32, u32) = (0x11a7, 28);
    let index = u32::from(character).checked_sub(SYLLABLES)?;
    if index >= LEADS.1 * VOWELS.1 * TAILS.1 {
        return None;
    }
    let tail = index % TAILS.1;
    let codes = [
        LEADS.0 + index / (VOWELS.1 * TAILS.1),
        VOWELS.0 + index / TAILS.1 % VOWELS.1,
        TAILS.0 + tail,
    ];
    // The first code of the tails stands for none.
    let written = if tail == 0 { 2 } else { 3 };
    Some(codes.into_iter().take(written).filter_map(char::from_u32))
}

/// Whether BERT takes it for a word of its own: the blocks of ideographs that its tokenizer names.
const fn is_ideograph(character: char) -> bool {
    matches!(
        character,
        '\u{4e00}'..='\u{9fff}'
            | '\u{3400}'..='\u{4dbf}'
            | '\u{20000}'..='\u{2a6df}'
            | '\u{2a700}'..='\u{2b73f}'
            | '\u{2b740}'..='\u{2b81f}'
            | '\u{2b920}'..='\u{2ceaf}'
            | '\u{f900}'..='\u{faff}'
            | '\u{2f800}'..='\u{2fa1f}'
    )
}

/// The words of a text, folded. None is empty.
pub(super) fn words(text: &str) -> Vec<String> {
    let characters = &*CHARACTERS;
    let mut words = Vec::new();
    let mut current = String::new();
    let mut folded = Vec::new();
    for character in text.chars() {
        let blank = matches!(character, '\t' | '\n' | '\r');
        if !blank && characters.is_dropped(character) {
            continue;
        }
        folded.clear();
        characters.fold(character, &mut folded);
        let alone = is_ideograph(character);
        for &character in &folded {
            let alone = alone || characters.is_punctuation(character);
            if (alone || character.is_whitespace()) && !current.is_empty() {
                words.push(std::mem::take(&mut current));
            }
            if alone {
                words.push(character.to_string());
            } else if !character.is_whitespace() {
                current.push(character);
            }
        }
    }
    if !current.is_empty() {
        words.push(current);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_about_characters_is_understood() {
        let mut characters = Characters::default();
        for line in include_str!("characters.tsv").lines().skip(2) {
            assert!(characters.take(line), "{line}");
        }
        assert!(!characters.bases.keys().any(char::is_ascii));
        for ranges in [
            characters.dropped,
            characters.accents,
            characters.punctuation,
        ] {
            assert!(ranges.is_sorted());
            assert!(ranges.iter().all(|(first, _)| *first >= 0x80));
        }
    }

    #[test]
    fn words_are_folded_and_cut() {
        for (text, expected) in [
            ("Größe (EUR)", "große ( eur )"),
            ("Re\u{301}sume\u{301} n°4", "resume n°4"),
            ("İstanbul", "istanbul"),
            ("日期date", "日 期 date"),
            ("a\u{200b}b\u{0}c\td", "abc d"),
            ("e\u{301}\u{301}", "e"),
            ("\u{301} \u{fffd}", ""),
            ("각", "\u{1100}\u{1161}\u{11a8}"),
            ("„zwei“–drei", "„ zwei “ – drei"),
        ] {
            assert_eq!(words(text).join(" "), expected, "{text}");
        }
    }
}
