//! `WordPiece`: a word is cut into the longest pieces that the vocabulary knows, from its beginning
//! (Schuster and Nakajima 2012; with BERT's rules, Devlin et al. 2019).

use std::sync::LazyLock;

use rustc_hash::{FxBuildHasher, FxHashMap};

use super::characters::words;

/// Longer words are unknown as a whole, as in BERT.
const LONGEST_WORD: usize = 100;
/// The mark of pieces that do not begin a word.
const CONTINUES: &str = "##";

/// The line numbers of `vocab.txt`, which are the rows of the table.
struct Vocabulary {
    begins: FxHashMap<&'static str, u32>,
    continues: FxHashMap<&'static str, u32>,
}

static VOCABULARY: LazyLock<Vocabulary> =
    LazyLock::new(|| Vocabulary::parse(include_str!("vocab.txt")));

impl Vocabulary {
    fn parse(lines: &'static str) -> Self {
        let mut begins = FxHashMap::with_capacity_and_hasher(25_000, FxBuildHasher);
        let mut continues = FxHashMap::with_capacity_and_hasher(6_000, FxBuildHasher);
        for (row, line) in (0..).zip(lines.lines()) {
            match line.strip_prefix(CONTINUES) {
                Some(rest) if !rest.is_empty() => continues.insert(rest, row),
                Some(_) | None => begins.insert(line, row),
            };
        }
        Self { begins, continues }
    }

    /// Rows of the pieces of one word; `None` if some part of it is no piece.
    fn cut(&self, word: &str) -> Option<Vec<u32>> {
        if word.chars().count() > LONGEST_WORD {
            return None;
        }
        let mut rows = Vec::new();
        let mut rest = word;
        while !rest.is_empty() {
            let known = if rows.is_empty() {
                &self.begins
            } else {
                &self.continues
            };
            let (row, end) = longest(known, rest)?;
            rows.push(row);
            rest = rest.get(end..)?;
        }
        Some(rows)
    }
}

/// Row and length of the longest piece that the text begins with.
fn longest(known: &FxHashMap<&'static str, u32>, text: &str) -> Option<(u32, usize)> {
    let ends = text
        .char_indices()
        .map(|(at, letter)| at + letter.len_utf8());
    ends.rev().find_map(|end| {
        let row = known.get(text.get(..end)?)?;
        Some((*row, end))
    })
}

/// Rows of the pieces of a text, word by word: `None` for a word that the vocabulary does not know.
pub(super) fn pieces(text: &str) -> impl Iterator<Item = Option<u32>> {
    words(text)
        .into_iter()
        .flat_map(|word| match VOCABULARY.cut(&word) {
            Some(rows) => rows.into_iter().map(Some).collect(),
            None => vec![None],
        })
}

/// Fewest letters of a word that is cut into others, and of each of these.
const SHORTEST: (usize, usize) = (6, 3);
/// Longest word that is cut into others.
const LONGEST_CUT: usize = 40;
/// Most words that it is cut into.
const MOST_WORDS: usize = 4;

/// Words that were written as one (`totalminutes`), each a whole word of the vocabulary: the cut
/// with the most common and the longest words. `None` for what is a word itself, or cannot be cut.
pub(crate) fn cut_words(token: &str) -> Option<Vec<&str>> {
    let letters = token.len();
    let fits = (SHORTEST.0..=LONGEST_CUT).contains(&letters);
    if !fits || !token.bytes().all(|c| c.is_ascii_lowercase()) || cost(token).is_some() {
        return None;
    }
    // For each end the cheapest cut up to it, by number of words: cost and where its last word begins.
    let mut best: Vec<[Option<(f32, usize)>; MOST_WORDS + 1]> =
        vec![[None; MOST_WORDS + 1]; letters + 1];
    if let Some(first) = best.first_mut().and_then(|row| row.first_mut()) {
        *first = Some((0.0, 0));
    }
    for end in SHORTEST.1..=letters {
        for start in 0..=end - SHORTEST.1 {
            let Some(own) = token.get(start..end).and_then(cost) else {
                continue;
            };
            for words in 1..=MOST_WORDS {
                let before = best.get(start).and_then(|row| *row.get(words - 1)?);
                let Some((before, _)) = before else { continue };
                if let Some(cell) = best.get_mut(end).and_then(|row| row.get_mut(words))
                    && cell.is_none_or(|(known, _)| before + own < known)
                {
                    *cell = Some((before + own, start));
                }
            }
        }
    }
    let ends = best.get(letters)?;
    let of_cost = |words: &usize| ends.get(*words).copied().flatten();
    let mut words = (2..=MOST_WORDS)
        .filter(|words| of_cost(words).is_some())
        .min_by(|a, b| {
            let cost = |words| of_cost(words).map_or(f32::MAX, |(cost, _)| cost);
            cost(a).total_cmp(&cost(b))
        })?;
    let (mut end, mut found) = (letters, Vec::new());
    while words > 0 {
        let (_, start) = best.get(end)?.get(words).copied().flatten()?;
        found.push(token.get(start..end)?);
        (end, words) = (start, words - 1);
    }
    found.reverse();
    Some(found)
}

/// The first line of the vocabulary that is a word; the common ones follow.
const FIRST_WORD: u32 = 1_996;

/// What a word costs in a cut: little where it is common and long. `None` for no whole word.
#[expect(
    clippy::cast_precision_loss,
    reason = "places in a vocabulary, and lengths of words"
)]
fn cost(word: &str) -> Option<f32> {
    let row = *VOCABULARY.begins.get(word)?;
    let place = row.checked_sub(FIRST_WORD)? + 1;
    Some(0.55_f32.mul_add((place as f32).ln(), 5.0 + 3.0 / word.len() as f32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_were_written_as_one_are_cut() {
        for (token, words) in [
            ("totalminutes", "total minutes"),
            ("primaryname", "primary name"),
            ("scientificname", "scientific name"),
            ("startyear", "start year"),
        ] {
            assert_eq!(cut_words(token).unwrap().join(" "), words);
        }
        for token in ["customer", "xqzzt", "amount", "a", "straße", ""] {
            assert_eq!(cut_words(token), None, "{token}");
        }
    }

    /// What Python's `tokenizers` makes of the same texts (`training/golden.py`).
    #[test]
    fn pieces_are_those_of_the_reference() {
        let vocabulary: Vec<&str> = include_str!("vocab.txt").lines().collect();
        let mut compared = 0;
        for line in include_str!("golden_pieces.tsv")
            .lines()
            .filter(|line| !line.starts_with('#'))
        {
            let (text, expected) = line.split_once('\t').unwrap();
            let text: String = serde_json::from_str(text).unwrap();
            let found: Vec<&str> = pieces(&text)
                .map(|row| row.map_or("[UNK]", |row| vocabulary[row as usize]))
                .collect();
            assert_eq!(found.join(" "), expected, "{text:?}");
            compared += 1;
        }
        assert!(compared >= 500, "{compared}");
    }

    #[test]
    fn a_word_is_unknown_as_a_whole() {
        assert_eq!(pieces(&"a".repeat(101)).collect::<Vec<_>>(), [None]);
        assert_eq!(pieces("🦀 🦀").collect::<Vec<_>>(), [None, None]);
        assert_eq!(pieces(" \t ").count(), 0);
    }
}
