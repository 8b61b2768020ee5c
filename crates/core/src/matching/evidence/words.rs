//! Names and descriptions, prepared once for all comparisons.

use std::collections::BTreeSet;

use super::bags::{Variants, pieces};
use crate::matching::lexicon::lexicon;
use crate::matching::names::Name;
use crate::matching::text::{fold, singular, tokens};

/// What is written about a column or a field.
#[derive(Debug, Default, Clone)]
pub(super) struct Written {
    /// Its names, the own one first; empty where it has none (a table without a header).
    pub(super) names: Vec<Spelling>,
    /// What it is described as.
    pub(super) description: Option<String>,
    /// The table that it stands in.
    pub(super) table: Option<String>,
}

/// One name.
#[derive(Debug, Clone)]
pub(super) struct Spelling {
    pub(super) name: Name,
    /// The stems of the words of each reading.
    pub(super) readings: Vec<Vec<String>>,
    /// The usual reading as text, written out.
    pub(super) expanded: String,
    /// Its tokens as they stand, with blanks between them.
    pub(super) plain: String,
    /// The letters of its tokens.
    pub(super) letters: Vec<char>,
    /// The words of the usual reading in the order of the alphabet, with blanks between them.
    pub(super) in_order: String,
    /// The readings as sets: sorted, each word once.
    pub(super) sets: Vec<Vec<String>>,
}

impl Spelling {
    fn new(text: &str) -> Self {
        let name = Name::parse(text);
        let readings: Vec<Vec<String>> = name
            .readings
            .iter()
            .map(|reading| {
                name.terms_of(reading)
                    .map(|term| stem(&term.word))
                    .collect()
            })
            .collect();
        let set = |reading: &Vec<String>| {
            let mut words = reading.clone();
            words.sort_unstable();
            words.dedup();
            words
        };
        let mut words: Vec<&str> = name.words().collect();
        let expanded = words.join(" ");
        words.sort_unstable();
        Self {
            sets: readings.iter().map(set).collect(),
            in_order: words.join(" "),
            letters: name.joined.chars().collect(),
            plain: name.tokens.join(" "),
            name,
            readings,
            expanded,
        }
    }
}

/// Most readings of a name that are compared.
const READINGS: usize = 4;
/// Longest text that is compared, in characters.
const LONGEST_TEXT: usize = 400;

impl Written {
    /// Everything that names, the one that says most first, and a description say.
    pub(super) fn new<'a>(
        names: impl Iterator<Item = &'a str>,
        description: Option<&str>,
        table: Option<&str>,
    ) -> Self {
        let mut spellings: Vec<Spelling> = Vec::new();
        for text in names {
            let spelling = Spelling::new(text);
            let known = spellings.iter().any(|known| known.plain == spelling.plain);
            if !spelling.plain.is_empty() && !known {
                spellings.push(spelling);
            }
        }
        Self {
            names: spellings,
            description: description
                .map(|text| text.chars().take(LONGEST_TEXT).collect::<String>())
                .filter(|text| !text.trim().is_empty()),
            table: table.map(str::to_owned),
        }
    }

    /// Whether it has a name at all.
    pub(super) fn named(&self) -> bool {
        !self.names.is_empty()
    }

    /// The words of its names, by reading.
    pub(super) fn stems(&self) -> Variants<String> {
        self.readings()
            .map(|reading| reading.iter().map(|word| (word.clone(), 1.0)).collect())
            .collect()
    }

    /// The readings of all its names, as stems.
    pub(super) fn readings(&self) -> impl Iterator<Item = &[String]> {
        self.names
            .iter()
            .flat_map(|spelling| spelling.readings.iter().take(READINGS))
            .map(Vec::as_slice)
    }

    /// Groups of synonyms that its words belong to; a word of no group stands for itself.
    pub(super) fn synonyms(&self) -> Variants<String> {
        self.names
            .iter()
            .flat_map(|spelling| {
                let readings = spelling.name.readings.iter().take(READINGS);
                readings.map(|reading| spelling.name.terms_of(reading))
            })
            .map(|terms| {
                let words = terms.flat_map(|term| {
                    let groups = lexicon().groups(&term.word);
                    if groups.is_empty() {
                        vec![stem(&term.word)]
                    } else {
                        groups
                            .into_iter()
                            .map(|group| format!("#{group}"))
                            .collect()
                    }
                });
                words.map(|word| (word, 1.0)).collect()
            })
            .collect()
    }

    /// Three-letter pieces of the names as they stand.
    pub(super) fn plain_pieces(&self) -> Variants<u64> {
        let names = self.names.iter();
        let texts: BTreeSet<&str> = names.map(|name| name.plain.as_str()).collect();
        texts.into_iter().map(pieces).collect()
    }

    /// Three-letter pieces of the names as they stand, written out, and without blanks.
    pub(super) fn pieces(&self) -> Variants<u64> {
        let names = self.names.iter();
        let texts: BTreeSet<&str> = names
            .flat_map(|name| [&name.plain, &name.expanded, &name.name.joined])
            .map(String::as_str)
            .collect();
        texts.into_iter().map(pieces).collect()
    }

    /// The words of name and description together, as stems.
    pub(super) fn all_words(&self) -> Variants<String> {
        let mut words: Vec<String> = self.readings().flatten().cloned().collect();
        words.extend(self.described_words());
        words.sort();
        words.dedup();
        vec![words.into_iter().map(|word| (word, 1.0)).collect()]
    }

    /// The words of the description, as stems.
    pub(super) fn described_words(&self) -> Vec<String> {
        let text = self.description.as_deref().unwrap_or_default();
        let mut words: Vec<String> = tokens(text)
            .into_iter()
            .filter(|token| !STOP_WORDS.contains(&token.as_str()))
            .map(|token| stem(&token))
            .collect();
        words.sort();
        words.dedup();
        words
    }

    /// Name and description as one text, for its meaning.
    pub(super) fn text(&self) -> String {
        let name = self.names.first().map_or("", |name| name.expanded.as_str());
        match &self.description {
            Some(description) if name.is_empty() => description.clone(),
            Some(description) => format!("{name}: {description}"),
            None => name.to_owned(),
        }
    }
}

/// Words that say nothing in a description.
const STOP_WORDS: [&str; 38] = [
    "a", "an", "the", "of", "for", "and", "or", "in", "on", "at", "to", "by", "is", "are", "was",
    "be", "as", "that", "this", "which", "with", "from", "it", "its", "has", "have", "if", "not",
    "can", "may", "used", "any", "e", "g", "i", "etc", "where", "when",
];

/// A word without its ending: plural, `-ing`, `-ed`.
pub(super) fn stem(word: &str) -> String {
    let word = singular(&fold(word));
    for ending in ["ing", "ed"] {
        if let Some(rest) = word.strip_suffix(ending)
            && rest.len() >= 4
        {
            return rest.to_owned();
        }
    }
    word.strip_suffix('e')
        .filter(|rest| rest.len() >= 4)
        .map_or_else(|| word.clone(), str::to_owned)
}

/// Each name cut at the separator that (almost) all names of a schema share, into the table that
/// it stands in and the rest: `orders.id`, `customer-name`; nothing where they share none.
pub(super) fn cut_names<'a>(names: &[&'a str]) -> Vec<Option<(&'a str, &'a str)>> {
    let shared = ['.', '/', ':', '-', '#'].into_iter().find(|&mark| {
        let with = names.iter().filter(|name| name.contains(mark)).count();
        names.len() >= 3 && with * 10 >= names.len() * 9
    });
    names
        .iter()
        .map(|name| shared.and_then(|mark| name.rsplit_once(mark)))
        .collect()
}

/// Each name without the word that all names of a schema begin with, which says nothing of any:
/// `customer_id`, `customer_name`; nothing where they share none.
pub(super) fn without_shared_word<'a>(names: &[&'a str]) -> Vec<Option<&'a str>> {
    let cut = |name: &&'a str| {
        name.split_once(['_', ' '])
            .filter(|(_, rest)| !rest.is_empty())
    };
    let parts: Vec<Option<(&str, &str)>> = names.iter().map(cut).collect();
    let first = parts.first().copied().flatten().map(|(word, _)| word);
    let is_shared =
        |part: &Option<(&str, &str)>| first.is_some() && part.map(|(word, _)| word) == first;
    if names.len() < 3 || !parts.iter().all(is_shared) {
        return vec![None; names.len()];
    }
    parts
        .into_iter()
        .map(|part| part.map(|(_, rest)| rest))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_part_that_names_share_is_cut_off_where_all_have_it() {
        assert_eq!(
            cut_names(&["a.x", "a.y", "b.z"]),
            [Some(("a", "x")), Some(("a", "y")), Some(("b", "z"))]
        );
        assert_eq!(cut_names(&["a.x", "y", "z"]), [None, None, None]);
    }

    #[test]
    fn a_word_that_all_names_begin_with_is_cut_off() {
        assert_eq!(
            without_shared_word(&["kd_nr", "kd_name", "kd_ort_1"]),
            [Some("nr"), Some("name"), Some("ort_1")]
        );
        for names in [&["kd_nr", "kd_name"][..], &["kd_nr", "kd_name", "kd"]] {
            assert!(without_shared_word(names).iter().all(Option::is_none));
        }
        assert!(
            without_shared_word(&["a_", "a_", "a_"])
                .iter()
                .all(Option::is_none)
        );
    }

    #[test]
    fn stems_join_the_forms_of_a_word() {
        for (one, other) in [
            ("booking", "booked"),
            ("amounts", "amount"),
            ("date", "dates"),
        ] {
            assert_eq!(stem(one), stem(other));
        }
        assert_ne!(stem("string"), stem("stred"));
    }

    #[test]
    fn what_has_no_name_has_no_words() {
        let nothing = Written::new(std::iter::empty(), None, None);
        assert!(!nothing.named() && nothing.stems().is_empty());
        let titled = Written::new(["b1", "Payee"].into_iter(), Some(" "), None);
        assert_eq!(titled.names.len(), 2);
        assert!(titled.description.is_none());
    }
}
