//! The lexicon: abbreviations, business words of many languages, synonyms and code tables, as data
//! in `lexicon/`. Read once; it never changes and never depends on a file outside the program.
//!
//! ```text
//! abbr  tokens -> English words; readings of one key are divided by |
//! de    the same, from German; so for every code of a language
//! syn   words that may stand for each other; a word may be in several groups
//! near  words that are related, but not the same
//! head  words that say what sort of thing a name is, and little about which
//! word  English words that are in no other list, so that no other language claims them
//! kind  word -> semantic types that its values have
//! code  a table of codes and what they mean; used only where a column's values fit the table
//! same  spellings of one value
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};

use super::text::{fold, singular, undo_digraphs};
use crate::profile::SemanticType;

/// A language that names are translated from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Language {
    German,
    French,
    Spanish,
    Italian,
    Dutch,
    Portuguese,
    Catalan,
    Swedish,
    Danish,
    Norwegian,
    Finnish,
    Polish,
    Czech,
    Hungarian,
    Romanian,
    Turkish,
}

impl Language {
    /// All of them; where a word is in several, the earlier one counts.
    pub(crate) const ALL: [Self; 16] = [
        Self::German,
        Self::French,
        Self::Spanish,
        Self::Italian,
        Self::Dutch,
        Self::Portuguese,
        Self::Catalan,
        Self::Swedish,
        Self::Danish,
        Self::Norwegian,
        Self::Finnish,
        Self::Polish,
        Self::Czech,
        Self::Hungarian,
        Self::Romanian,
        Self::Turkish,
    ];

    /// The ISO 639-1 code and the English name.
    const fn labels(self) -> (&'static str, &'static str) {
        match self {
            Self::German => ("de", "German"),
            Self::French => ("fr", "French"),
            Self::Spanish => ("es", "Spanish"),
            Self::Italian => ("it", "Italian"),
            Self::Dutch => ("nl", "Dutch"),
            Self::Portuguese => ("pt", "Portuguese"),
            Self::Catalan => ("ca", "Catalan"),
            Self::Swedish => ("sv", "Swedish"),
            Self::Danish => ("da", "Danish"),
            Self::Norwegian => ("no", "Norwegian"),
            Self::Finnish => ("fi", "Finnish"),
            Self::Polish => ("pl", "Polish"),
            Self::Czech => ("cs", "Czech"),
            Self::Hungarian => ("hu", "Hungarian"),
            Self::Romanian => ("ro", "Romanian"),
            Self::Turkish => ("tr", "Turkish"),
        }
    }

    /// Its name in English.
    pub(crate) const fn name(self) -> &'static str {
        self.labels().1
    }

    fn of_code(code: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|language| language.labels().0 == code)
    }
}

/// A set of languages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Languages(u32);

impl Languages {
    /// Every language, English as well.
    pub(crate) const ALL: Self = Self(u32::MAX);
    /// English alone, which no [`Language`] stands for.
    pub(crate) const ENGLISH: Self = Self(1 << 31);
    /// Those that write compounds as one word, with letters between the parts.
    pub(crate) const OF_COMPOUNDS: Self = Self(
        Self::of(Language::German).0
            | Self::of(Language::Dutch).0
            | Self::of(Language::Swedish).0
            | Self::of(Language::Danish).0
            | Self::of(Language::Norwegian).0
            | Self::of(Language::Finnish).0,
    );

    const fn of(language: Language) -> Self {
        Self(1 << language as u32)
    }

    /// Those that are in both sets.
    pub(crate) const fn shared_with(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(crate) const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether the language is in the set.
    pub(crate) const fn contains(self, language: Language) -> bool {
        self.0 & Self::of(language).0 != 0
    }

    /// Whether no language is in the set.
    pub(crate) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The first of the set, in the order of [`Language::ALL`].
    pub(crate) fn first(self) -> Option<Language> {
        Language::ALL
            .into_iter()
            .find(|&language| self.contains(language))
    }
}

/// Where a word of a name comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Origin {
    /// It stands there as it is.
    Plain,
    /// Written out from an abbreviation, or in another spelling.
    Abbreviation,
    /// Translated.
    Foreign(Language),
}

/// One meaning of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reading {
    /// English words.
    pub(crate) words: Vec<&'static str>,
    /// Whether it is an abbreviation in English.
    pub(crate) abbreviation: bool,
    /// The languages in which the key means this.
    pub(crate) languages: Languages,
}

/// What one key of the lexicon stands for: its readings, abbreviations before translations, the
/// usual one of a language first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Entry {
    /// At least one.
    pub(crate) readings: Vec<Reading>,
}

impl Entry {
    fn add(&mut self, words: Vec<&'static str>, language: Option<Language>) {
        let languages = language.map_or(Languages::default(), Languages::of);
        match self.readings.iter_mut().find(|known| known.words == words) {
            Some(known) => known.languages = known.languages.with(languages),
            None => self.readings.push(Reading {
                words,
                abbreviation: language.is_none(),
                languages,
            }),
        }
    }

    /// The languages that have the key.
    pub(crate) fn languages(&self) -> Languages {
        self.readings
            .iter()
            .fold(Languages::default(), |all, reading| {
                all.with(reading.languages)
            })
    }

    /// Whether it is an English abbreviation.
    pub(crate) fn is_abbreviation(&self) -> bool {
        self.readings.iter().any(|reading| reading.abbreviation)
    }
}

/// A table of codes, e.g. `S` = debit and `H` = credit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CodeTable {
    /// `direction`, `gender` or `truth`.
    pub(crate) topic: String,
    /// Folded code and what it means.
    pub(crate) codes: BTreeMap<String, String>,
}

/// All of it. The maps are only ever asked for a key, so their order plays no part.
#[derive(Debug, Default)]
pub(crate) struct Lexicon {
    entries: FxHashMap<&'static str, Entry>,
    synonyms: FxHashMap<&'static str, BTreeSet<usize>>,
    related: FxHashMap<&'static str, BTreeSet<usize>>,
    heads: FxHashSet<&'static str>,
    kinds: FxHashMap<&'static str, Vec<SemanticType>>,
    spellings: FxHashMap<String, usize>,
    known: FxHashSet<&'static str>,
    /// The code tables, in the order of the file.
    pub(crate) codes: Vec<CodeTable>,
    /// For each code the tables that have it, by number.
    coded: FxHashMap<&'static str, Vec<usize>>,
}

/// Abbreviations first and the languages in the order of [`Language::ALL`]: the readings of a key
/// keep this order.
const FILES: [&str; FILE_COUNT] = [
    include_str!("lexicon/abbreviations.tsv"),
    include_str!("lexicon/de.tsv"),
    include_str!("lexicon/fr.tsv"),
    include_str!("lexicon/es.tsv"),
    include_str!("lexicon/it.tsv"),
    include_str!("lexicon/nl.tsv"),
    include_str!("lexicon/pt.tsv"),
    include_str!("lexicon/ca.tsv"),
    include_str!("lexicon/sv.tsv"),
    include_str!("lexicon/da.tsv"),
    include_str!("lexicon/no.tsv"),
    include_str!("lexicon/fi.tsv"),
    include_str!("lexicon/pl.tsv"),
    include_str!("lexicon/cs.tsv"),
    include_str!("lexicon/hu.tsv"),
    include_str!("lexicon/ro.tsv"),
    include_str!("lexicon/tr.tsv"),
    include_str!("lexicon/words.tsv"),
    include_str!("lexicon/synonyms.tsv"),
    include_str!("lexicon/kinds.tsv"),
    include_str!("lexicon/codes.tsv"),
];

const FILE_COUNT: usize = 21;

static LEXICON: LazyLock<Lexicon> = LazyLock::new(|| Lexicon::parse(&FILES));

/// Most tokens that a key of the lexicon has.
pub(crate) const LONGEST_KEY: usize = 3;

/// The lexicon.
pub(crate) fn lexicon() -> &'static Lexicon {
    &LEXICON
}

impl Lexicon {
    fn parse(files: &[&'static str]) -> Self {
        // As many as there are, so that the maps need not grow.
        let mut lexicon = Self {
            entries: FxHashMap::with_capacity_and_hasher(10_000, FxBuildHasher),
            known: FxHashSet::with_capacity_and_hasher(4_000, FxBuildHasher),
            ..Self::default()
        };
        for (number, line) in files.iter().flat_map(|text| text.lines()).enumerate() {
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

    fn add(&mut self, number: usize, kind: &str, key: &'static str, value: &'static str) {
        match kind {
            "abbr" => self.add_entry(None, key, value),
            "syn" => {
                for word in value.split(' ') {
                    self.synonyms.entry(word).or_default().insert(number);
                    self.known.insert(word);
                }
            }
            "near" => {
                for word in value.split(' ') {
                    self.related.entry(word).or_default().insert(number);
                    self.known.insert(word);
                }
            }
            "head" => {
                for word in value.split(' ') {
                    self.known.insert(word);
                    self.heads.insert(word);
                }
            }
            "word" => self.known.extend(value.split(' ')),
            "kind" => {
                self.known.insert(key);
                let types = value.split(' ').filter_map(semantic).collect();
                self.kinds.insert(key, types);
            }
            "code" => self.add_codes(key, value),
            "same" => {
                for spelling in value.split(' ') {
                    self.spellings.insert(fold(spelling), number);
                }
            }
            // A line of another kind would be a mistake in the file; a test looks for it.
            code => {
                if let Some(language) = Language::of_code(code) {
                    self.add_entry(Some(language), key, value);
                }
            }
        }
    }

    fn add_codes(&mut self, topic: &str, value: &'static str) {
        let number = self.codes.len();
        let mut codes = BTreeMap::new();
        for (code, meaning) in value.split(' ').filter_map(|pair| pair.split_once('=')) {
            // Of a code that stands twice the last meaning counts.
            if codes.insert(code.to_owned(), meaning.to_owned()).is_none() {
                self.coded.entry(code).or_default().push(number);
            }
        }
        self.codes.push(CodeTable {
            topic: topic.to_owned(),
            codes,
        });
    }

    fn add_entry(&mut self, language: Option<Language>, key: &'static str, value: &'static str) {
        let entry = self.entries.entry(key).or_default();
        for reading in value.split('|') {
            let words: Vec<&str> = reading.split(' ').collect();
            self.known.extend(&words);
            entry.add(words, language);
        }
    }

    /// The entry of a folded key (tokens divided by a blank); `ae`, `oe`, `ue` also stand for
    /// umlauts, and a plural for its singular.
    pub(crate) fn entry(&self, key: &str) -> Option<&Entry> {
        self.exact_entry(key).or_else(|| {
            key.ends_with('s')
                .then(|| self.entries.get(singular(key).as_str()))
                .flatten()
        })
    }

    /// The same, but not for a plural.
    pub(crate) fn exact_entry(&self, key: &str) -> Option<&Entry> {
        self.entries.get(key).or_else(|| {
            let mut pairs = key.as_bytes().windows(2);
            let has_digraph = pairs.any(|pair| matches!(pair, b"ae" | b"oe" | b"ue"));
            has_digraph
                .then(|| self.entries.get(undo_digraphs(key).as_str()))
                .flatten()
        })
    }

    /// What it knows of a word, for many comparisons.
    pub(crate) fn sense(&'static self, word: &str) -> Sense {
        Sense {
            known: self.knows(word),
            only_sort: self.heads.contains(word) || word.chars().all(char::is_numeric),
            synonyms: self.synonyms.get(word),
            related: self.related.get(word),
        }
    }

    /// Whether it is an English word that the lexicon uses.
    pub(crate) fn knows(&self, word: &str) -> bool {
        self.known.contains(word)
    }

    /// The groups of synonyms that a word belongs to, by number.
    pub(crate) fn groups(&self, word: &str) -> Vec<usize> {
        let groups = self.synonyms.get(word).into_iter().flatten();
        groups.copied().collect()
    }

    /// The numbers of the code tables that have a code.
    pub(crate) fn tables_with(&self, code: &str) -> &[usize] {
        self.coded.get(code).map_or(&[], Vec::as_slice)
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

/// What the lexicon knows of one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sense {
    /// Whether it is an English word that the lexicon uses.
    pub(crate) known: bool,
    /// Whether it only says what sort of thing is meant: `date`, `id`, `7`.
    pub(crate) only_sort: bool,
    /// Groups of synonyms that it belongs to.
    synonyms: Option<&'static BTreeSet<usize>>,
    /// Groups of related words.
    related: Option<&'static BTreeSet<usize>>,
}

impl Sense {
    /// Whether two words may stand for each other.
    pub(crate) fn synonymous(&self, other: &Self) -> bool {
        meet(self.synonyms, other.synonyms)
    }

    /// Whether two words are related, but not the same.
    pub(crate) fn related(&self, other: &Self) -> bool {
        meet(self.related, other.related)
    }
}

fn meet(a: Option<&BTreeSet<usize>>, b: Option<&BTreeSet<usize>>) -> bool {
    a.zip(b).is_some_and(|(a, b)| !a.is_disjoint(b))
}

fn semantic(name: &str) -> Option<SemanticType> {
    serde_json::from_value(serde_json::Value::String(name.to_owned())).ok()
}

#[cfg(test)]
mod tests {
    use super::super::text::tokens;
    use super::*;

    /// The lines of all files: kind, key, value.
    fn lines() -> Vec<[&'static str; 3]> {
        let mut found = Vec::new();
        for line in FILES.iter().flat_map(|text| text.lines()) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let parts: Vec<&str> = line.split('\t').collect();
            found.push(<[&str; 3]>::try_from(parts).expect(line));
        }
        found
    }

    fn is_word_list(kind: &str) -> bool {
        kind == "abbr" || Language::of_code(kind).is_some()
    }

    #[test]
    fn every_line_of_the_files_is_understood() {
        for [kind, key, value] in lines() {
            match kind {
                "syn" | "near" | "head" | "word" | "same" => assert_eq!(key, ".", "{value}"),
                "kind" => assert!(
                    value.split(' ').all(|name| semantic(name).is_some()),
                    "{key}"
                ),
                "code" => assert!(value.split(' ').all(|pair| pair.contains('=')), "{key}"),
                kind => assert!(is_word_list(kind), "{kind} {key}"),
            }
        }
    }

    #[test]
    fn keys_are_folded_tokens_and_readings_are_plain_words() {
        for [kind, key, value] in lines() {
            if is_word_list(kind) {
                assert_eq!(tokens(key).join(" "), key, "{kind} {value}");
                assert!(key.split(' ').count() <= LONGEST_KEY, "{kind} {key}");
            }
            if is_word_list(kind) || ["syn", "near", "head"].contains(&kind) {
                for word in value.split(['|', ' ']) {
                    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
                    assert!(
                        !word.is_empty() && word.chars().all(plain),
                        "{kind} {key} {value}"
                    );
                }
            }
        }
    }

    #[test]
    fn no_key_of_a_language_stands_twice() {
        let mut seen: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for [kind, key, value] in lines() {
            if is_word_list(kind) {
                let is_new = seen.entry(kind).or_default().insert(key);
                assert!(is_new, "{kind} {key} {value}");
            }
        }
        assert!(seen["abbr"].len() >= 900);
        let foreign: usize = seen.values().map(BTreeSet::len).sum::<usize>() - seen["abbr"].len();
        assert!(foreign >= 2_500, "{foreign}");
    }

    /// A word that English sentences are made of would turn every description into something else.
    #[test]
    fn no_foreign_key_is_a_word_of_english_sentences() {
        const WORDS: [&str; 44] = [
            "and", "are", "as", "at", "be", "been", "but", "by", "can", "did", "each", "for",
            "from", "had", "has", "have", "he", "her", "his", "how", "if", "into", "it", "its",
            "not", "of", "on", "only", "or", "our", "she", "so", "that", "the", "their", "they",
            "this", "to", "was", "we", "what", "which", "with", "you",
        ];
        for [kind, key, _] in lines() {
            if Language::of_code(kind).is_some() {
                assert!(!WORDS.contains(&key), "{kind} {key}");
            }
        }
    }

    #[test]
    fn no_spelling_is_of_two_values_and_codes_are_folded() {
        let mut seen = BTreeMap::new();
        for [kind, key, value] in lines() {
            if kind == "same" {
                for spelling in value.split(' ') {
                    let before = seen.insert(fold(spelling), value);
                    assert!(before.is_none_or(|before| before == value), "{spelling}");
                }
            } else if kind == "code" {
                assert_eq!(fold(value), value, "{key}");
            }
        }
        assert!(lexicon().same_value("alemania", "deutschland"));
        assert!(!lexicon().same_value("austria", "australia"));
    }

    #[test]
    fn umlauts_are_found_in_each_spelling() {
        for spelling in ["Währung", "Waehrung", "WAHRUNG", "Wa\u{308}hrung"] {
            let entry = lexicon().entry(&fold(spelling)).unwrap();
            assert_eq!(entry.readings[0].words, ["currency"]);
        }
    }

    #[test]
    fn payer_and_payee_are_not_synonyms() {
        let synonymous = |a, b| lexicon().sense(a).synonymous(&lexicon().sense(b));
        assert!(synonymous("payee", "counterparty"));
        assert!(synonymous("payer", "counterparty"));
        assert!(!synonymous("payer", "payee"));
    }
}
