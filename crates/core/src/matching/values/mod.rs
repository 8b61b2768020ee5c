//! Value matching: which value of an enumeration a source value stands for, or none of them.
//! A value that fits nothing is left out rather than guessed; its rows are rejected later.
//!
//! ```text
//! labels -- LabelSet::of --> indexes of their pieces, words and spellings     (once per field)
//! value  -- compare --> how alike it is to each label -- confidence --> ValueMatch
//! ```

mod beside;
mod confidence;
mod index;
mod known;
mod labels;
mod modifiers;
mod spellings;
#[cfg(test)]
mod tests;
mod text_of_value;

use self::confidence::{Rival, probability};
pub(crate) use self::known::code_table;
use self::known::{GIVEN, MENTIONED, SAME, Source, initials_are_a_system};
pub use self::labels::LabelSet;
use self::labels::{Alike, FOLDED, VERBATIM, in_all};
use self::text_of_value::{Text, head};
use super::label_evidence::listed_values;
use super::names::Name;
use super::text::share;
use crate::profile::ColumnProfile;
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

/// All labels for one value, the best first.
#[derive(Debug, Clone, PartialEq)]
pub struct RankedLabels {
    /// Positions of the labels with their scores, which order and are no probabilities.
    pub labels: Vec<(usize, f64)>,
    /// Probability that the first one is right.
    pub probability: f64,
    /// What the probability rests on, for training it.
    pub signals: Vec<f64>,
    /// The same, were the first label not there.
    pub next_signals: Vec<f64>,
}

/// From which probability on a value is matched at all.
const BAR: f64 = 0.5;
/// Two labels that are written alike but for case.
const UNDECIDED: f64 = 0.45;
/// Candidates below this are not worth showing.
const FLOOR: f64 = 0.2;
/// How many alternatives are listed.
const MOST_ALTERNATIVES: usize = 5;

/// Finds for each value the label that it stands for.
///
/// Values are judged together: `M` and `W` are a man and a woman because both are there, and `S`
/// is a debit only beside `H`. The result has the order of `values`. Where the same labels meet
/// several columns, [`LabelSet`] is prepared once.
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
    LabelSet::of(labels).match_values(values)
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

/// One value, prepared.
#[derive(Debug)]
struct Asked {
    /// The value, what it is called, and what it means, as texts.
    texts: Vec<Text>,
    source: Source,
    /// Words that all values of the column have, such as its name.
    common: Vec<String>,
}

/// The values of a column, prepared together, for any number of enumerations.
#[derive(Debug)]
pub(crate) struct AskedValues {
    given: Vec<(String, u64)>,
    asked: Vec<Asked>,
}

impl AskedValues {
    /// Those that a profile lists.
    pub(crate) fn of(profile: &ColumnProfile) -> Self {
        Self::new(listed_values(profile))
    }

    fn new(given: Vec<(String, u64)>) -> Self {
        let values = given
            .iter()
            .map(|(value, rows)| (value.as_str(), None, *rows));
        Self {
            asked: ask(&values.collect::<Vec<_>>()),
            given,
        }
    }
}

/// Prepares values. What a code means depends on the others.
fn ask(values: &[(&str, Option<&str>, u64)]) -> Vec<Asked> {
    let read: Vec<(Text, Name)> = values
        .iter()
        .map(|(value, _, _)| Text::with_name(value))
        .collect();
    let folded: Vec<(String, u64)> = read
        .iter()
        .zip(values)
        .map(|((text, _), (_, _, rows))| (text.folded.clone(), *rows))
        .collect();
    let table = code_table(&folded);
    let common = in_all(&read.iter().map(|(text, _)| text).collect::<Vec<_>>());
    read.into_iter()
        .zip(values)
        .map(|((text, name), (value, called, _))| {
            let meaning = table.and_then(|table| table.codes.get(&text.folded));
            let (called, called_as) = called.map(Text::with_name).unzip();
            let (meaning, means) = meaning.map(|meaning| Text::with_name(meaning)).unzip();
            let source = Source {
                folded: text.folded.clone(),
                names: std::iter::once(name).chain(called_as).collect(),
                meaning: means,
            };
            let texts = [Some(text), called, meaning, head(value)];
            Asked {
                texts: texts.into_iter().flatten().collect(),
                source,
                common: common.clone(),
            }
        })
        .collect()
}

impl LabelSet<'_> {
    /// Finds for each value the label that it stands for; see [`match_values`].
    #[must_use]
    pub fn match_values(&self, values: &[(String, u64)]) -> Vec<ValueMatch> {
        self.match_asked(&AskedValues::new(values.to_vec()))
    }

    /// The same for values that are prepared.
    pub(crate) fn match_asked(&self, values: &AskedValues) -> Vec<ValueMatch> {
        let by_initials = self.are_initials(&values.asked);
        let asked = values.asked.iter().zip(&values.given);
        asked
            .map(|(asked, (value, rows))| {
                self.decide(value, *rows, &self.judge(asked, by_initials))
            })
            .collect()
    }

    /// Ranks all labels for each value; a value may come with what it is called.
    #[must_use]
    pub fn rank(&self, values: &[Label]) -> Vec<RankedLabels> {
        let asked: Vec<(&str, Option<&str>, u64)> = values
            .iter()
            .map(|value| (value.value.as_str(), value.label.as_deref(), 1))
            .collect();
        let asked = ask(&asked);
        let by_initials = self.are_initials(&asked);
        asked
            .iter()
            .map(|asked| self.judge(asked, by_initials))
            .collect()
    }

    /// Whether the values are coded by the beginnings of the labels.
    fn are_initials(&self, asked: &[Asked]) -> bool {
        let values = asked.iter().filter_map(|asked| asked.texts.first());
        initials_are_a_system(values, &self.candidates)
    }

    /// All labels in order, and how likely the first one is.
    fn judge(&self, asked: &Asked, by_initials: bool) -> RankedLabels {
        let alike = self.compare(asked, by_initials);
        let mut order: Vec<(usize, f64)> = alike.iter().map(Alike::score).enumerate().collect();
        // The sort is stable: among equals the target's order stands.
        order.sort_by(|a, b| b.1.total_cmp(&a.1));
        let at = |place: usize| {
            let found = order.get(place).and_then(|(at, _)| alike.get(*at));
            found.copied().unwrap_or_default()
        };
        let rival = |place: usize| Rival {
            first: at(place),
            second: at(place + 1),
        };
        let first = order.first().map(|(at, _)| *at);
        let others = alike
            .iter()
            .enumerate()
            .filter(|(at, _)| first != Some(*at));
        let known = others.map(|(_, alike)| alike.known).fold(0.0, f64::max);
        let (best, next) = (at(0), at(1));
        RankedLabels {
            probability: if best.exact >= VERBATIM {
                1.0
            } else if next.exact >= FOLDED && next.beside == best.beside {
                // The enumeration tells them apart by case, and the value does not.
                UNDECIDED
            } else if first.is_some() {
                probability(&rival(0))
                    .max(by_knowledge(best.known, known))
                    .min(best.beside.most())
            } else {
                0.0
            },
            signals: rival(0).signals().to_vec(),
            next_signals: rival(1).signals().to_vec(),
            labels: order,
        }
    }

    /// Takes the best label where it is more likely right than wrong.
    fn decide(&self, value: &str, rows: u64, ranked: &RankedLabels) -> ValueMatch {
        let name = |at: usize| self.labels.get(at).map(|label| label.value.clone());
        let best = ranked.labels.first().and_then(|(at, _)| name(*at));
        let to = best.filter(|_| ranked.probability >= BAR);
        let top = ranked.labels.first().map_or(0.0, |(_, score)| *score);
        let left = 1.0 - ranked.probability;
        let alternatives = ranked
            .labels
            .iter()
            .skip(usize::from(to.is_some()))
            .filter(|(_, score)| *score >= FLOOR)
            .take(MOST_ALTERNATIVES)
            .filter_map(|(at, score)| {
                let likely = (ranked.probability * score / top.max(FLOOR)).min(left);
                Some((
                    name(*at)?,
                    if to.is_some() {
                        likely
                    } else {
                        likely.min(ranked.probability)
                    },
                ))
            })
            .collect();
        ValueMatch {
            from: value.to_owned(),
            rows,
            probability: if to.is_some() {
                ranked.probability
            } else {
                left
            },
            to,
            alternatives,
        }
    }
}

/// How likely a label is by what is known of it alone: codes, names in its description, spelling; a
/// rival that is almost as good takes its share.
fn by_knowledge(first: f64, second: f64) -> f64 {
    // A label that is called so is not disputed by one whose description only has the word, as a
    // standing order is "a transfer that repeats".
    let undisputed = first >= GIVEN && second <= MENTIONED;
    let rival = if undisputed || (first >= SAME && second < first) {
        0.0
    } else {
        second
    };
    let all = odds(first) + odds(rival);
    if all > 0.0 {
        first * odds(first) / all
    } else {
        0.0
    }
}

fn odds(score: f64) -> f64 {
    let score = score.min(0.999);
    score / (1.0 - score)
}
