//! Value matching: which value of an enumeration a source value stands for, or none of them.
//! A value that fits nothing is left out rather than guessed; its rows are rejected later.

use super::lexicon::{CodeTable, lexicon};
use super::name_evidence::{Rarity, compare};
use super::names::{Name, names_in_description, words_of_text};
use super::text::{edit_similarity, fold, share};
use crate::target::Label;

/// What one source value stands for.
#[derive(Debug, Clone, PartialEq)]
pub struct ValueMatch {
    /// The value in the source.
    pub from: String,
    /// Rows that hold it.
    pub rows: u64,
    /// The value in the target's spelling; `None` where nothing fits well enough.
    pub to: Option<String>,
    /// Probability that `to` is right; for `None`, that nothing fits.
    pub probability: f64,
    /// The other values of the target that are thinkable, most likely first, at most five.
    pub alternatives: Vec<(String, f64)>,
}

/// From which probability on a value is matched at all.
const BAR: f64 = 0.5;
/// Candidates below this are not worth showing.
const FLOOR: f64 = 0.2;
/// The label's description gives the value as another name of it.
const GIVEN: f64 = 0.94;
/// The label's description has the words somewhere.
const MENTIONED: f64 = 0.65;
/// How many alternatives are listed.
const MOST_ALTERNATIVES: usize = 5;

/// Finds for each value the label that it stands for.
///
/// Values are judged together: `M` and `W` are a man and a woman because both are there, and `S`
/// is a debit only beside `H`. The result has the order of `values`.
///
/// ```
/// # use aimapper_core::{matching::match_values, target::Label};
/// let label = |value: &str| Label { value: value.to_owned(), label: None, description: None };
/// let labels = [label("male"), label("female")];
/// let values = [("M".to_owned(), 9), ("W".to_owned(), 8), ("X".to_owned(), 1)];
/// let found = match_values(&values, &labels);
/// assert_eq!(found[1].to.as_deref(), Some("female"));
/// assert_eq!(found[2].to, None);
/// ```
#[must_use]
pub fn match_values(values: &[(String, u64)], labels: &[Label]) -> Vec<ValueMatch> {
    let folded: Vec<(String, u64)> = values
        .iter()
        .map(|(value, rows)| (fold(value.trim()), *rows))
        .collect();
    let label_codes: Vec<(String, u64)> = labels
        .iter()
        .map(|label| (fold(label.value.trim()), 1))
        .collect();
    let targets: Vec<Candidate> = labels
        .iter()
        .map(|label| Candidate::of(label, code_table(&label_codes)))
        .collect();
    let table = code_table(&folded);
    let by_initials = initials_are_a_system(&folded, &targets);
    values
        .iter()
        .zip(&folded)
        .map(|((value, rows), (folded, _))| {
            let source = Source {
                value,
                folded,
                name: Name::parse(value),
                meaning: table
                    .and_then(|table| table.codes.get(folded))
                    .map(|m| Name::parse(m)),
                by_initials,
            };
            decide(&source, *rows, &targets)
        })
        .collect()
}

/// How well a column's values fit the labels: the share of rows whose value is matched, each
/// counted with its probability.
pub(crate) fn label_overlap(matches: &[ValueMatch]) -> f64 {
    let all: u64 = matches.iter().map(|found| found.rows).sum();
    matches
        .iter()
        .filter(|found| found.to.is_some())
        .map(|found| share(found.rows, all) * found.probability)
        .sum()
}

/// A source value, prepared.
struct Source<'a> {
    value: &'a str,
    folded: &'a str,
    name: Name,
    meaning: Option<Name>,
    by_initials: bool,
}

/// A label, prepared.
struct Candidate<'a> {
    label: &'a Label,
    spellings: Vec<String>,
    names: Vec<Name>,
    meaning: Option<Name>,
    /// Other names that the description gives, folded.
    given: Vec<String>,
    description: Vec<String>,
}

impl<'a> Candidate<'a> {
    fn of(label: &'a Label, table: Option<&CodeTable>) -> Self {
        let texts = || {
            [Some(&label.value), label.label.as_ref()]
                .into_iter()
                .flatten()
        };
        let spellings: Vec<String> = texts().map(|text| fold(text.trim())).collect();
        let meaning = table
            .and_then(|table| spellings.first().and_then(|value| table.codes.get(value)))
            .map(|meaning| Name::parse(meaning));
        let description = label.description.as_deref().unwrap_or_default();
        Self {
            label,
            given: names_in_description(description)
                .into_iter()
                .map(fold)
                .collect(),
            names: texts().map(|text| Name::parse(text)).collect(),
            spellings,
            meaning,
            description: words_of_text(description),
        }
    }

    /// How likely the value stands for this label, without its rivals.
    fn score(&self, source: &Source) -> f64 {
        if self.label.value == source.value {
            return 1.0;
        }
        if source.folded.is_empty() {
            return 0.0;
        }
        if self
            .spellings
            .iter()
            .any(|spelling| spelling == source.folded)
        {
            return 0.98;
        }
        if self
            .spellings
            .iter()
            .any(|known| lexicon().same_value(known, source.folded))
        {
            return 0.95;
        }
        if self.given.iter().any(|given| given == source.folded) {
            return GIVEN;
        }
        let by_meaning = match (&source.meaning, &self.meaning) {
            (None, None) => 0.0,
            (Some(a), None) => 0.97 * self.best_name(a),
            (Some(a), Some(b)) => 0.97 * compare(a, b, &Rarity::default()).score,
            (None, Some(b)) => 0.95 * compare(&source.name, b, &Rarity::default()).score,
        };
        let by_name = 0.95 * self.best_name(&source.name);
        by_meaning
            .max(by_name)
            .max(self.by_letters(source))
            .max(self.by_description(source))
    }

    fn best_name(&self, name: &Name) -> f64 {
        self.names
            .iter()
            .map(|own| compare(name, own, &Rarity::default()).score)
            .fold(0.0, f64::max)
    }

    fn by_letters(&self, source: &Source) -> f64 {
        let starts = self
            .spellings
            .iter()
            .any(|spelling| spelling.starts_with(source.folded));
        let letters = source.folded.chars().count();
        let by_start = match letters {
            _ if !starts => 0.0,
            1 | 2 if source.by_initials => 0.8,
            1 | 2 => 0.4,
            _ => 0.85,
        };
        let alike = self
            .spellings
            .iter()
            .map(|spelling| edit_similarity(spelling, source.folded))
            .fold(0.0, f64::max);
        let by_spelling = if letters >= 5 && alike >= 0.8 {
            0.95 * alike
        } else {
            0.0
        };
        f64::max(by_start, by_spelling)
    }

    /// All words of the value stand in the label's description.
    fn by_description(&self, source: &Source) -> f64 {
        let mut words = source.name.words().peekable();
        let long = source.folded.chars().count() >= 3;
        let found = words.peek().is_some()
            && words.all(|word| {
                self.description
                    .binary_search_by(|known| known.as_str().cmp(word))
                    .is_ok()
            });
        if long && found { MENTIONED } else { 0.0 }
    }
}

/// Picks the best candidate; a rival that is almost as good takes its share of the probability.
fn decide(source: &Source, rows: u64, targets: &[Candidate]) -> ValueMatch {
    let mut scored: Vec<(&str, f64)> = targets
        .iter()
        .map(|target| (target.label.value.as_str(), target.score(source)))
        .collect();
    // The sort is stable: among equals the target's order stands.
    scored.sort_by(|a, b| b.1.total_cmp(&a.1));
    let best = scored.first().copied();
    let second = scored.get(1).map_or(0.0, |(_, score)| *score);
    let probability = best.map_or(0.0, |(_, score)| {
        // A label that is called so is not disputed by one whose description only has the word, as
        // a standing order is "a transfer that repeats".
        let undisputed = score >= GIVEN && second <= MENTIONED;
        let rival = if undisputed || (score >= 0.98 && second < score) {
            0.0
        } else {
            second
        };
        let all = odds(score) + odds(rival);
        if all > 0.0 {
            score * odds(score) / all
        } else {
            0.0
        }
    });
    let to = best
        .filter(|_| probability >= BAR)
        .map(|(value, _)| value.to_owned());
    let alternatives = scored
        .iter()
        .skip(usize::from(to.is_some()))
        .filter(|(_, score)| *score >= FLOOR)
        .take(MOST_ALTERNATIVES)
        .map(|(value, score)| ((*value).to_owned(), score.min(1.0 - probability)))
        .collect();
    ValueMatch {
        from: source.value.to_owned(),
        rows,
        probability: if to.is_some() {
            probability
        } else {
            1.0 - probability
        },
        to,
        alternatives,
    }
}

fn odds(score: f64) -> f64 {
    let score = score.min(0.999);
    score / (1.0 - score)
}

/// The code table that most rows of a column fit: at least half of the rows and two of its codes,
/// or all rows where the code is a word.
pub(crate) fn code_table(values: &[(String, u64)]) -> Option<&'static CodeTable> {
    let all: u64 = values.iter().map(|(_, rows)| rows).sum();
    let mut best: Option<(&CodeTable, u64)> = None;
    for table in &lexicon().codes {
        let known = || {
            values
                .iter()
                .filter(|(value, _)| table.codes.contains_key(value))
        };
        let rows: u64 = known().map(|(_, rows)| rows).sum();
        let codes = known().count();
        let words = known().all(|(value, _)| value.chars().count() > 1);
        let enough = (codes >= 2 && 2 * rows >= all) || (codes == 1 && rows == all && words);
        if enough && rows > best.map_or(0, |(_, rows)| rows) {
            best = Some((table, rows));
        }
    }
    best.map(|(table, _)| table)
}

/// Whether at least two short values are the beginnings of different labels, and no two labels
/// begin alike: then initials are how this column is coded.
fn initials_are_a_system(values: &[(String, u64)], targets: &[Candidate]) -> bool {
    let starts = |value: &str| -> Vec<usize> {
        targets
            .iter()
            .enumerate()
            .filter(|(_, target)| target.spellings.iter().any(|text| text.starts_with(value)))
            .map(|(index, _)| index)
            .collect()
    };
    let mut found: Vec<usize> = Vec::new();
    for (value, _) in values
        .iter()
        .filter(|(value, _)| (1..=2).contains(&value.chars().count()))
    {
        match starts(value).as_slice() {
            [one] if !found.contains(one) => found.push(*one),
            _ => {}
        }
    }
    found.len() >= 2
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn labels(values: &[&str]) -> Vec<Label> {
        values
            .iter()
            .map(|value| Label {
                value: (*value).to_owned(),
                label: None,
                description: None,
            })
            .collect()
    }

    fn matched(values: &[&str], targets: &[&str]) -> Vec<Option<String>> {
        let values: Vec<(String, u64)> = values
            .iter()
            .map(|value| ((*value).to_owned(), 10))
            .collect();
        match_values(&values, &labels(targets))
            .into_iter()
            .map(|found| found.to)
            .collect()
    }

    fn some(values: &[&str]) -> Vec<Option<String>> {
        values
            .iter()
            .map(|v| (!v.is_empty()).then(|| (*v).to_owned()))
            .collect()
    }

    #[test]
    fn tables_of_values() {
        let gender = ["male", "female", "other"];
        for (values, targets, expected) in [
            (&["M", "W"][..], &gender[..], &["male", "female"][..]),
            (&["m", "f", "X"], &gender, &["male", "female", ""]),
            (&["M", "W", "D"], &gender, &["male", "female", ""]),
            (
                &["männlich", "weiblich", "divers"],
                &gender,
                &["male", "female", "other"],
            ),
            (&["Herr", "Frau"], &gender, &["male", "female"]),
            (&["S", "H"], &["debit", "credit"], &["debit", "credit"]),
            (&["DR", "CR"], &["CRDT", "DBIT"], &["DBIT", "CRDT"]),
            (
                &["Soll", "Haben"],
                &["debit", "credit"],
                &["debit", "credit"],
            ),
            (
                &["eur", "USD", "£", "XXX"],
                &["EUR", "USD", "GBP"],
                &["EUR", "USD", "GBP", ""],
            ),
            (
                &["A", "I"],
                &["active", "inactive"],
                &["active", "inactive"],
            ),
            (&["Deutschland", "AT"], &["DE", "AT"], &["DE", "AT"]),
            (&["male", "female"], &["M", "F"], &["M", "F"]),
            (&["ja", "nein"], &["yes", "no"], &["yes", "no"]),
            (&["canceld"], &["open", "cancelled"], &["cancelled"]),
            (&["DR", "CR"], &["EUR", "USD", "GBP", "CHF"], &["", ""]),
            (&["1", "2"], &gender, &["", ""]),
        ] {
            assert_eq!(
                matched(values, targets),
                some(expected),
                "{values:?} {targets:?}"
            );
        }
    }

    #[test]
    fn titles_and_descriptions_of_labels_count() {
        let targets = [
            Label {
                value: "T1".to_owned(),
                label: Some("Direct debit".to_owned()),
                description: None,
            },
            Label {
                value: "T2".to_owned(),
                label: Some("Transfer".to_owned()),
                description: Some("TRF: also called giro".to_owned()),
            },
        ];
        let values = [
            ("Lastschrift".to_owned(), 5),
            ("Giro".to_owned(), 5),
            ("TRF".to_owned(), 1),
        ];
        let found = match_values(&values, &targets);
        assert_eq!(found[0].to.as_deref(), Some("T1"));
        assert_eq!(found[1].to.as_deref(), Some("T2"));
        assert_eq!(found[2].to.as_deref(), Some("T2"));
        assert!(found[1].probability < found[0].probability);
    }

    #[test]
    fn a_mention_does_not_dispute_a_name() {
        let described = |value: &str, description: &str| Label {
            value: value.to_owned(),
            label: None,
            description: Some(description.to_owned()),
        };
        let targets = [
            described("standing", "SO, Dauerauftrag: a transfer that repeats"),
            described("single", "TRF, Überweisung: sent once"),
        ];
        let found = match_values(&[("Überweisung".to_owned(), 5)], &targets);
        assert_eq!(found[0].to.as_deref(), Some("single"));
        assert!(found[0].probability >= 0.9, "{found:?}");
        // Two labels that give the same name do dispute it.
        let twice = [
            described("a", "TRF: within the country"),
            described("b", "TRF: across a border"),
        ];
        assert_eq!(match_values(&[("TRF".to_owned(), 5)], &twice)[0].to, None);
    }

    #[test]
    fn a_lone_code_letter_is_not_read_as_a_code() {
        assert_eq!(matched(&["S"], &["debit", "credit"]), some(&[""]));
    }

    #[test]
    fn equals_are_certain_and_ties_are_not() {
        let found = match_values(&[("open".to_owned(), 1)], &labels(&["open", "Open"]));
        assert_eq!(found[0].to.as_deref(), Some("open"));
        assert!((found[0].probability - 1.0).abs() < 1e-9);
        let found = match_values(&[("ope".to_owned(), 1)], &labels(&["opera", "opening"]));
        assert_eq!(found[0].to, None, "{found:?}");
    }

    proptest! {
        #[test]
        fn any_values_give_probabilities(
            values in proptest::collection::vec((".{0,8}", 0_u64..100), 0..5),
            targets in proptest::collection::vec(".{0,8}", 0..4),
        ) {
            let targets: Vec<Label> = targets
                .iter()
                .map(|value| Label { value: value.clone(), label: None, description: None })
                .collect();
            let found = match_values(&values, &targets);
            prop_assert_eq!(found.len(), values.len());
            for (found, (value, rows)) in found.iter().zip(&values) {
                prop_assert!((0.0..=1.0).contains(&found.probability), "{:?}", found);
                prop_assert_eq!(&found.from, value);
                prop_assert_eq!(found.rows, *rows);
            }
        }
    }
}
