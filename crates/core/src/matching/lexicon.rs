//! The lexicon: abbreviations, German business words, synonyms and code tables, as data in
//! `lexicon.tsv`. Read once; it never changes and never depends on a file outside the program.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use super::text::{fold, singular, undo_digraphs};
use crate::profile::SemanticType;

/// Where a word of a name comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Origin {
    /// It stands there as it is.
    Plain,
    /// Written out from an abbreviation.
    Abbreviation,
    /// Translated.
    German,
}

/// What one key of the lexicon stands for: readings, each a list of English words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Abbreviation or translation.
    pub(crate) origin: Origin,
    /// Its readings, the usual one first.
    pub(crate) readings: Vec<Vec<String>>,
}

/// A table of codes, e.g. `S` = debit and `H` = credit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CodeTable {
    /// `direction`, `gender` or `truth`.
    pub(crate) topic: String,
    /// Folded code and what it means.
    pub(crate) codes: BTreeMap<String, String>,
}

/// All of it.
#[derive(Debug, Default)]
pub(crate) struct Lexicon {
    entries: BTreeMap<String, Entry>,
    synonyms: BTreeMap<String, BTreeSet<usize>>,
    related: BTreeMap<String, BTreeSet<usize>>,
    heads: BTreeSet<String>,
    kinds: BTreeMap<String, Vec<SemanticType>>,
    spellings: BTreeMap<String, usize>,
    known: BTreeSet<String>,
    /// The code tables, in the order of the file.
    pub(crate) codes: Vec<CodeTable>,
}

static LEXICON: LazyLock<Lexicon> = LazyLock::new(|| Lexicon::parse(include_str!("lexicon.tsv")));

/// Most tokens that a key of the lexicon has.
pub(crate) const LONGEST_KEY: usize = 2;

/// The lexicon.
pub(crate) fn lexicon() -> &'static Lexicon {
    &LEXICON
}

impl Lexicon {
    fn parse(text: &str) -> Self {
        let mut lexicon = Self::default();
        for (number, line) in text.lines().enumerate() {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let mut parts = line.splitn(3, '\t');
            if let (Some(kind), Some(key), Some(value)) = (parts.next(), parts.next(), parts.next())
            {
                lexicon.add(number, kind, key, value);
            }
        }
        lexicon
    }

    fn add(&mut self, number: usize, kind: &str, key: &str, value: &str) {
        match kind {
            "abbr" => self.add_entry(Origin::Abbreviation, key, value),
            "de" => self.add_entry(Origin::German, key, value),
            "syn" => {
                for word in words(value) {
                    self.synonyms
                        .entry(word.clone())
                        .or_default()
                        .insert(number);
                    self.known.insert(word);
                }
            }
            "near" => {
                for word in words(value) {
                    self.related.entry(word.clone()).or_default().insert(number);
                    self.known.insert(word);
                }
            }
            "head" => {
                for word in words(value) {
                    self.known.insert(word.clone());
                    self.heads.insert(word);
                }
            }
            "kind" => {
                self.known.insert(key.to_owned());
                let types = value.split(' ').filter_map(semantic).collect();
                self.kinds.insert(key.to_owned(), types);
            }
            "code" => self.codes.push(CodeTable {
                topic: key.to_owned(),
                codes: value
                    .split(' ')
                    .filter_map(|pair| pair.split_once('='))
                    .map(|(code, meaning)| (code.to_owned(), meaning.to_owned()))
                    .collect(),
            }),
            "same" => {
                for spelling in value.split(' ') {
                    self.spellings.insert(fold(spelling), number);
                }
            }
            // A line of another kind would be a mistake in the file; a test looks for it.
            _ => {}
        }
    }

    fn add_entry(&mut self, origin: Origin, key: &str, value: &str) {
        let readings: Vec<Vec<String>> = value.split('|').map(words).collect();
        for word in readings.iter().flatten() {
            self.known.insert(word.clone());
        }
        self.entries.insert(fold(key), Entry { origin, readings });
    }

    /// The entry of a folded key (tokens divided by a blank); `ae`, `oe`, `ue` also stand for
    /// umlauts, and a plural for its singular.
    pub(crate) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries
            .get(key)
            .or_else(|| self.entries.get(&undo_digraphs(key)))
            .or_else(|| self.entries.get(&singular(key)))
    }

    /// Whether it is an English word that the lexicon uses.
    pub(crate) fn knows(&self, word: &str) -> bool {
        self.known.contains(word)
    }

    /// Whether two words may stand for each other.
    pub(crate) fn synonymous(&self, a: &str, b: &str) -> bool {
        share_group(&self.synonyms, a, b)
    }

    /// Whether two words are related, but not the same.
    pub(crate) fn related(&self, a: &str, b: &str) -> bool {
        share_group(&self.related, a, b)
    }

    /// Whether a word says what sort of thing a name is, and little about which.
    pub(crate) fn is_head(&self, word: &str) -> bool {
        self.heads.contains(word)
    }

    /// The semantic types of the values of what the word names.
    pub(crate) fn kinds(&self, word: &str) -> Option<&[SemanticType]> {
        self.kinds.get(word).map(Vec::as_slice)
    }

    /// Whether two folded texts are spellings of one value, such as `de` and `germany`.
    pub(crate) fn same_value(&self, a: &str, b: &str) -> bool {
        self.spellings
            .get(a)
            .is_some_and(|group| self.spellings.get(b) == Some(group))
    }
}

fn words(text: &str) -> Vec<String> {
    text.split(' ').map(str::to_owned).collect()
}

fn share_group(groups: &BTreeMap<String, BTreeSet<usize>>, a: &str, b: &str) -> bool {
    match (groups.get(a), groups.get(b)) {
        (Some(a), Some(b)) => !a.is_disjoint(b),
        _ => false,
    }
}

fn semantic(name: &str) -> Option<SemanticType> {
    serde_json::from_value(serde_json::Value::String(name.to_owned())).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_file_is_understood() {
        let kinds = ["abbr", "de", "syn", "near", "head", "kind", "code", "same"];
        for line in include_str!("lexicon.tsv").lines() {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let parts: Vec<&str> = line.split('\t').collect();
            assert_eq!(parts.len(), 3, "{line}");
            assert!(kinds.contains(&parts[0]), "{line}");
            assert!(!parts[2].contains("  "), "{line}");
            if parts[0] == "kind" {
                assert!(
                    parts[2].split(' ').all(|name| semantic(name).is_some()),
                    "{line}"
                );
            }
            assert!(fold(parts[1]).split(' ').count() <= LONGEST_KEY, "{line}");
        }
    }

    #[test]
    fn no_key_stands_twice() {
        let mut seen = BTreeMap::new();
        for line in include_str!("lexicon.tsv").lines() {
            let parts: Vec<&str> = line.split('\t').collect();
            if parts.len() == 3 && (parts[0] == "abbr" || parts[0] == "de") {
                let before = seen.insert(fold(parts[1]), line);
                assert!(before.is_none(), "{line} after {before:?}");
            }
        }
        assert!(seen.len() >= 250);
    }

    #[test]
    fn umlauts_are_found_in_each_spelling() {
        for spelling in ["Währung", "Waehrung", "WAHRUNG", "Wa\u{308}hrung"] {
            let entry = lexicon().entry(&fold(spelling)).unwrap();
            assert_eq!(entry.readings, [["currency"]]);
        }
    }

    #[test]
    fn payer_and_payee_are_not_synonyms() {
        assert!(lexicon().synonymous("payee", "counterparty"));
        assert!(lexicon().synonymous("payer", "counterparty"));
        assert!(!lexicon().synonymous("payer", "payee"));
    }
}
