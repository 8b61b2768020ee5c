//! What is known of a value and a label apart from how alike they look: codes of a table, names that
//! a description gives, beginnings of words, near spellings.

use std::sync::LazyLock;

use super::text_of_value::Text;
use crate::matching::lexicon::{CodeTable, lexicon};
use crate::matching::name_evidence::{Rarity, compare};
use crate::matching::names::{Name, names_in_description, words_of_text};
use crate::matching::text::{edit_similarity_from, fold, letters};
use crate::target::Label;

/// The label's description gives the value as another name of it.
pub(super) const GIVEN: f64 = 0.94;
/// The label's description has the words somewhere.
pub(super) const MENTIONED: f64 = 0.65;
/// The value is a spelling of the label.
pub(super) const SAME: f64 = 0.98;

/// Among values no word is rarer than another one.
static ALL_ALIKE: LazyLock<Rarity> = LazyLock::new(Rarity::default);

/// A source value, prepared.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) folded: String,
    pub(super) names: Vec<Name>,
    pub(super) meaning: Option<Name>,
}

/// A label, prepared.
#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) spellings: Vec<String>,
    names: Vec<Name>,
    meaning: Option<Name>,
    /// Other names that the description gives, folded.
    given: Vec<String>,
    description: Vec<String>,
}

impl Candidate {
    /// `names` are what the value and what it is called are read as.
    pub(super) fn of(label: &Label, names: Vec<Name>, meaning: Option<Name>) -> Self {
        let texts = std::iter::once(&label.value).chain(&label.label);
        let description = label.description.as_deref().unwrap_or_default();
        Self {
            given: names_in_description(description)
                .into_iter()
                .map(fold)
                .collect(),
            names,
            spellings: texts.map(|text| fold(text.trim())).collect(),
            meaning,
            description: words_of_text(description),
        }
    }

    /// How sure it is, 0 to 1, that the value stands for this label, rivals not looked at.
    /// `by_initials`: the column is coded by the beginnings of the labels.
    pub(super) fn score(&self, source: &Source, by_initials: bool) -> f64 {
        if self.spellings.contains(&source.folded) {
            return SAME;
        }
        let known = |text: &String| lexicon().same_value(text, &source.folded);
        if self.spellings.iter().any(known) {
            return 0.95;
        }
        if self.given.contains(&source.folded) {
            return GIVEN;
        }
        let by_meaning = match (&source.meaning, &self.meaning) {
            (None, None) => 0.0,
            (Some(a), None) => 0.97 * self.best_name(a),
            (Some(a), Some(b)) => 0.97 * compare(a, b, &ALL_ALIKE),
            (None, Some(b)) => {
                let score = |name| compare(name, b, &ALL_ALIKE);
                0.95 * source.names.iter().map(score).fold(0.0, f64::max)
            }
        };
        let by_name = source
            .names
            .iter()
            .map(|name| 0.95 * self.best_name(name))
            .fold(0.0, f64::max);
        by_meaning
            .max(by_name)
            .max(self.by_letters(source, by_initials))
            .max(self.by_description(source))
    }

    fn best_name(&self, name: &Name) -> f64 {
        self.names
            .iter()
            .map(|own| compare(name, own, &ALL_ALIKE))
            .fold(0.0, f64::max)
    }

    /// Whether one of its spellings begins with the text.
    pub(super) fn starts_with(&self, folded: &str) -> bool {
        !folded.is_empty() && self.spellings.iter().any(|text| text.starts_with(folded))
    }

    /// Whether its description gives the text as a name.
    pub(super) fn is_given(&self, folded: &str) -> bool {
        self.given.iter().any(|given| given == folded)
    }

    fn by_letters(&self, source: &Source, by_initials: bool) -> f64 {
        let length = letters(&source.folded);
        let by_start = match length {
            _ if !self.starts_with(&source.folded) => 0.0,
            1 | 2 if by_initials => 0.8,
            1 | 2 => 0.4,
            _ => 0.85,
        };
        let alike = |spelling: &String| edit_similarity_from(0.8, spelling, &source.folded);
        let by_spelling = if length >= 5 {
            0.95 * self.spellings.iter().filter_map(alike).fold(0.0, f64::max)
        } else {
            0.0
        };
        f64::max(by_start, by_spelling)
    }

    /// All words of the value stand in the label's description.
    pub(super) fn by_description(&self, source: &Source) -> f64 {
        if self.description.is_empty() || letters(&source.folded) < 3 {
            return 0.0;
        }
        let has = |word: &str| {
            self.description
                .binary_search_by(|known| known.as_str().cmp(word))
                .is_ok()
        };
        let found = source.names.iter().any(|name| {
            let mut words = name.words().peekable();
            words.peek().is_some() && words.all(has)
        });
        if found { MENTIONED } else { 0.0 }
    }
}

/// The code table that most rows of a column fit: at least half of the rows and two of its codes,
/// or all rows where the code is a word.
pub(crate) fn code_table(values: &[(String, u64)]) -> Option<&'static CodeTable> {
    let all: u64 = values.iter().map(|(_, rows)| rows).sum();
    let tables = &lexicon().codes;
    // For each table how many values are codes of it, their rows, and whether all are words.
    let mut found = vec![(0_usize, 0_u64, true); tables.len()];
    for (value, of_value) in values {
        for &table in lexicon().tables_with(value) {
            if let Some((codes, rows, words)) = found.get_mut(table) {
                *codes += 1;
                *rows += of_value;
                *words &= letters(value) > 1;
            }
        }
    }
    let mut best: Option<(&CodeTable, u64)> = None;
    for (table, (codes, rows, words)) in tables.iter().zip(found) {
        let enough = (codes >= 2 && 2 * rows >= all) || (codes == 1 && rows == all && words);
        if enough && rows > best.map_or(0, |(_, rows)| rows) {
            best = Some((table, rows));
        }
    }
    best.map(|(table, _)| table)
}

/// Whether at least two short values are the beginnings of different labels, and no two labels
/// begin alike: then initials are how this column is coded.
pub(super) fn initials_are_a_system<'a>(
    values: impl Iterator<Item = &'a Text>,
    targets: &[Candidate],
) -> bool {
    let mut found: Vec<usize> = Vec::new();
    for value in values.filter(|value| (1..=2).contains(&letters(&value.folded))) {
        let mut starts = targets
            .iter()
            .enumerate()
            .filter(|(_, target)| target.starts_with(&value.folded))
            .map(|(index, _)| index);
        if let (Some(one), None) = (starts.next(), starts.next())
            && !found.contains(&one)
        {
            found.push(one);
        }
    }
    found.len() >= 2
}
