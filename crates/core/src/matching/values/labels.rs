//! The labels of an enumeration, prepared once for all columns, and how alike a value is to each.

use std::borrow::Cow;

use ahash::AHashSet;

use super::Asked;
use super::beside::{Beside, Surroundings, beside, by_signs, other_unit};
use super::index::{Counted, Gram, Index, counted, grams};
use super::known::{Candidate, GIVEN, SAME, code_table};
use super::spellings::{Inside, Thing, spellings};
use super::text_of_value::{Text, abbreviates, numbers_differ, otherwise_qualified};
use crate::matching::text::{edit_similarity, fold, letters};
use crate::target::Label;

/// A topic of spellings is used where so large a share of the labels belongs to it.
const TOPIC_SHARE: f64 = 0.3;
/// So many candidates are looked at closely.
const SHORTLIST: usize = 8;
/// Other spellings of labels are compared piece by piece only where they are so few.
const MOST_SPELLINGS: usize = 600;
/// What is known counts no more where the texts contradict each other, but for names and codes.
const CONTRADICTED: f64 = 0.4;
/// The same text.
pub(super) const VERBATIM: f64 = 1.0;
/// The same text but for case and accents.
pub(super) const FOLDED: f64 = 0.98;
/// Two texts of which each is the opposite of the same, in its way: as texts, and by what is known.
const NEGATED_ALIKE: (f64, f64) = (0.7, 0.9);
/// What an opposite loses, so that any other label is before it.
const OPPOSITE: f64 = 3.0;
/// A label of fewer letters stands in too many values by chance.
const SHORTEST_CONTAINED: usize = 4;
/// What it counts that the same things are named in both texts, and all of the text names them.
const NAMED: f64 = 0.9;
/// What a text counts that is only the part of a value before its brackets.
const HEAD: f64 = 0.9;

/// The labels of one field, prepared.
#[derive(Debug)]
pub struct LabelSet<'a> {
    pub(super) labels: &'a [Label],
    pub(super) candidates: Vec<Candidate>,
    texts: Vec<Text>,
    /// Which label a text belongs to.
    owners: Vec<usize>,
    topics: Vec<u16>,
    words_in_pieces: Index<Gram>,
    joined_in_pieces: Index<Gram>,
    words: Index<String>,
    things: Index<Thing>,
    /// The things of the topics in use that stand in each text.
    used: Vec<Vec<Thing>>,
    /// Labels of one word.
    single: AHashSet<String>,
    /// Words that all labels have.
    common: Vec<String>,
    /// Other spellings of labels, and which label each belongs to.
    others: Index<Gram>,
    others_of: Vec<usize>,
}

/// How alike a value and a label are, each part 0 to 1, and what one of them says beside the other.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Alike {
    pub(super) pieces: f64,
    pub(super) joined: f64,
    pub(super) exact: f64,
    pub(super) whole: f64,
    pub(super) words: f64,
    pub(super) things: f64,
    pub(super) other: f64,
    pub(super) contained: f64,
    pub(super) edit: f64,
    pub(super) abbreviation: f64,
    pub(super) contradiction: f64,
    pub(super) known: f64,
    pub(super) beside: Beside,
}

/// What each part weighs; chosen on the suites of values that may be trained on.
const WEIGHTS: Alike = Alike {
    pieces: 0.6,
    joined: 0.6,
    exact: 1.0,
    whole: 1.0,
    words: 0.3,
    things: 0.4,
    other: 0.5,
    contained: 0.4,
    edit: 0.3,
    abbreviation: 0.4,
    contradiction: -0.6,
    known: 0.8,
    beside: Beside::Nothing,
};

impl Alike {
    /// All parts in one number; it orders, and is no probability.
    pub(super) fn score(&self) -> f64 {
        let parts = self.parts();
        let weighed = parts.iter().zip(WEIGHTS.parts());
        let sum: f64 = weighed.map(|(part, weight)| part * weight).sum();
        if self.beside == Beside::Opposite {
            sum - OPPOSITE
        } else {
            sum
        }
    }

    /// The parts in the order of their declaration.
    pub(super) const fn parts(&self) -> [f64; 12] {
        [
            self.pieces,
            self.joined,
            self.exact,
            self.whole,
            self.words,
            self.things,
            self.other,
            self.contained,
            self.edit,
            self.abbreviation,
            self.contradiction,
            self.known,
        ]
    }
}

impl<'a> LabelSet<'a> {
    /// Prepares labels.
    #[must_use]
    pub fn of(labels: &'a [Label]) -> Self {
        let codes: Vec<(String, u64)> = labels
            .iter()
            .map(|label| (fold(label.value.trim()), 1))
            .collect();
        let table = code_table(&codes);
        let mut candidates = Vec::with_capacity(labels.len());
        let mut texts = Vec::new();
        let mut owners = Vec::new();
        for (number, (label, (code, _))) in labels.iter().zip(&codes).enumerate() {
            let mut read = |text: &String| {
                let (text, name) = Text::with_whole_name(text);
                texts.push(text);
                owners.push(number);
                name
            };
            let names = std::iter::once(&label.value).chain(&label.label);
            let names = names.map(&mut read).collect();
            let meaning = table.and_then(|table| table.codes.get(code));
            candidates.push(Candidate::of(label, names, meaning.map(read)));
        }
        let topics = topics(&texts, &owners, labels.len());
        let of = |pieces: fn(&Text) -> &Counted<Gram>| -> Vec<Counted<Gram>> {
            texts.iter().map(|text| pieces(text).clone()).collect()
        };
        let words: Vec<Counted<String>> = texts.iter().map(|text| text.words.clone()).collect();
        let things: Vec<Vec<Thing>> = texts
            .iter()
            .map(|text| inside(text, &topics).things.clone())
            .collect();
        let counted_things: Vec<Counted<Thing>> =
            things.iter().map(|things| counted(things)).collect();
        let used: Vec<Vec<Thing>> = things.iter().map(|all| of_topics(all, &topics)).collect();
        let (others, others_of) = other_spellings(&texts, &owners, &topics);
        let values: Vec<&Text> = texts.iter().collect();
        let single = texts.iter().filter(|text| text.tokens.len() == 1);
        Self {
            single: single.map(|text| text.joined.clone()).collect(),
            common: in_all(&values),
            others: Index::of(&others),
            others_of,
            words_in_pieces: Index::of(&of(|text| &text.grams)),
            joined_in_pieces: Index::of(&of(|text| &text.joined_grams)),
            words: Index::of(&words),
            things: Index::of(&counted_things),
            used,
            labels,
            candidates,
            texts,
            owners,
            topics,
        }
    }

    /// How alike a value, given by its texts, is to each label. Those that look best are looked at
    /// closely; of the others only what the indexes tell is known.
    pub(super) fn compare(&self, asked: &Asked, by_initials: bool) -> Vec<Alike> {
        let mut found = vec![Alike::default(); self.labels.len()];
        for text in &asked.texts {
            let counts = if text.is_head { HEAD } else { 1.0 };
            let pieces = self.words_in_pieces.compare(&text.grams);
            let joined = self.joined_in_pieces.compare(&text.joined_grams);
            let words = self.words.compare(&text.words);
            let inside = inside(text, &self.topics);
            // `10 March` says which month it is: the number is not another one.
            let used = of_topics(&inside.things, &self.topics);
            let named = text.has_words() && !used.is_empty();
            let things = self.things.compare(&counted(&inside.things));
            let all = self.texts.iter().zip(&self.owners).enumerate();
            for (at, (own, owner)) in all {
                let Some(alike) = found.get_mut(*owner) else {
                    continue;
                };
                let of = |cosines: &[f32]| {
                    counts * f64::from(cosines.get(at).copied().unwrap_or_default())
                };
                if self.other_thing(text, own) {
                    alike.contradiction = 1.0;
                    continue;
                }
                alike.things = alike.things.max(of(&things));
                if named && self.used.get(at).is_some_and(|own| same_things(&used, own)) {
                    alike.whole = alike.whole.max(counts * NAMED * inside.covers);
                }
                if self.same_thing(text, own) {
                    alike.whole = alike.whole.max(counts);
                }
                if named && !own.has_words() {
                    continue;
                }
                alike.contained = alike.contained.max(counts * contained(text, own));
                alike.pieces = alike.pieces.max(of(&pieces));
                alike.joined = alike.joined.max(of(&joined));
                alike.words = alike.words.max(of(&words));
                alike.exact = alike.exact.max(counts * exact(text, own));
            }
            let others = self.others.compare(&text.joined_grams);
            for (cosine, owner) in others.iter().zip(&self.others_of) {
                if let Some(alike) = found.get_mut(*owner) {
                    alike.other = alike.other.max(counts * f64::from(*cosine));
                }
            }
        }
        self.look_closely(asked, by_initials, &mut found);
        found
    }

    fn look_closely(&self, asked: &Asked, by_initials: bool, found: &mut [Alike]) {
        let Asked { texts, source, .. } = asked;
        for (alike, candidate) in found.iter_mut().zip(&self.candidates) {
            alike.known = if candidate.is_given(&source.folded) {
                GIVEN
            } else {
                candidate.by_description(source)
            };
        }
        // What is written alike needs no closer look.
        if found.iter().any(|alike| alike.exact >= FOLDED) {
            for alike in found.iter_mut().filter(|alike| alike.exact >= FOLDED) {
                alike.known = SAME;
                alike.edit = 1.0;
            }
            self.tell_units(asked, found);
            return;
        }
        let mut order: Vec<(usize, f64)> = found.iter().map(Alike::score).enumerate().collect();
        let best_first =
            |a: &(usize, f64), b: &(usize, f64)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
        if order.len() > SHORTLIST {
            order.select_nth_unstable_by(SHORTLIST, best_first);
            order.truncate(SHORTLIST);
        }
        let mut near: Vec<usize> = order.into_iter().map(|(at, _)| at).collect();
        let begins = self.candidates.iter().enumerate();
        let begins = begins
            .filter(|(_, candidate)| candidate.starts_with(&source.folded))
            .map(|(at, _)| at);
        near.extend(begins.take(SHORTLIST));
        near.sort_unstable();
        near.dedup();
        for at in near {
            let (Some(alike), Some(candidate)) = (found.get_mut(at), self.candidates.get(at))
            else {
                continue;
            };
            if alike.contradiction > 0.0 && alike.whole + alike.exact == 0.0 {
                continue;
            }
            alike.known = alike.known.max(candidate.score(source, by_initials));
            let own = self
                .texts
                .iter()
                .zip(&self.owners)
                .filter(|(_, o)| **o == at);
            let mut numbers = f64::INFINITY;
            let mut qualified = f64::INFINITY;
            for (own, _) in own {
                for text in texts {
                    alike.edit = alike.edit.max(edit_similarity(&text.joined, &own.joined));
                    alike.abbreviation = alike.abbreviation.max(abbreviates(text, own));
                    numbers = numbers.min(numbers_differ(text, own));
                    qualified = qualified.min(otherwise_qualified(text, own));
                }
            }
            // `25 June` is the month 6 all the same, and `North Korea` the PRK.
            let same_thing = alike.things > 0.0 || alike.whole > 0.0;
            let numbers = if same_thing { 0.0 } else { numbers };
            let qualified = if alike.whole >= 1.0 { 0.0 } else { qualified };
            let contradiction = numbers.max(qualified);
            if contradiction.is_finite() {
                alike.contradiction = contradiction;
            }
            self.limit(asked, at, alike);
            if alike.contradiction >= 1.0 && alike.known < GIVEN {
                alike.known = alike.known.min(CONTRADICTED);
            }
        }
    }

    /// Sees what value and label say beside each other.
    fn limit(&self, asked: &Asked, at: usize, alike: &mut Alike) {
        let is_given = |candidate: &Candidate| candidate.is_given(&asked.source.folded);
        if self.candidates.get(at).is_some_and(is_given) {
            return;
        }
        let own = self.texts.iter().zip(&self.owners);
        let own = own.filter(|(_, owner)| **owner == at).map(|(own, _)| own);
        let texts = || asked.texts.iter().filter(|text| !text.is_head);
        let pairs = own.flat_map(|own| texts().map(move |text| (text, own)));
        if alike.whole >= 1.0 {
            // Spellings of one thing; but a spelling has no signs.
            let by_signs = pairs.map(|(text, own)| by_signs(text, own));
            alike.beside = by_signs.min().unwrap_or_default();
            return;
        }
        let around = Surroundings {
            topics: &self.topics,
            common: [&asked.common, &self.common],
            labels: &self.single,
        };
        let found = pairs.filter_map(|(text, own)| beside(text, own, &around));
        let Some(least) = found.min_by_key(|difference| difference.beside) else {
            return;
        };
        alike.beside = least.beside;
        if least.beside == Beside::Opposite {
            alike.contradiction = 1.0;
        } else if least.both_negated && least.beside == Beside::Nothing {
            let (exact, known) = NEGATED_ALIKE;
            alike.exact = alike.exact.max(exact);
            alike.known = alike.known.max(known);
            alike.contradiction = 0.0;
        }
    }

    /// Of what differs in case alone, sees where case is what tells one unit from another.
    fn tell_units(&self, asked: &Asked, found: &mut [Alike]) {
        let Some(value) = asked.texts.first() else {
            return;
        };
        for (own, owner) in self.texts.iter().zip(&self.owners) {
            if let Some(alike) = found.get_mut(*owner)
                && alike.exact < VERBATIM
                && other_unit(&value.verbatim, &own.verbatim)
            {
                alike.beside = Beside::Opposite;
            }
        }
    }

    /// Whether both texts are spellings of things of a topic in use, and of different ones: Niger and
    /// Nigeria look alike.
    fn other_thing(&self, a: &Text, b: &Text) -> bool {
        self.topics.iter().any(|topic| {
            let of_topic = |thing: &&Thing| thing.topic == *topic;
            let mut of_a = a.whole.iter().filter(of_topic).peekable();
            let b_has_some = b.whole.iter().any(|thing| thing.topic == *topic);
            of_a.peek().is_some() && b_has_some && of_a.all(|thing| !b.whole.contains(thing))
        })
    }

    fn same_thing(&self, a: &Text, b: &Text) -> bool {
        let used = |thing: &&Thing| self.topics.contains(&thing.topic);
        a.whole
            .iter()
            .filter(used)
            .any(|thing| b.whole.contains(thing))
    }
}

/// Words that stand in each of several texts.
pub(super) fn in_all(texts: &[&Text]) -> Vec<String> {
    let [first, rest @ ..] = texts else {
        return Vec::new();
    };
    let in_rest = |word: &&String| rest.iter().all(|text| text.tokens.contains(word));
    if rest.is_empty() {
        Vec::new()
    } else {
        first.tokens.iter().filter(in_rest).cloned().collect()
    }
}

/// The pieces of all other spellings of the labels, and which label each belongs to; none where
/// there are too many.
fn other_spellings(
    texts: &[Text],
    owners: &[usize],
    topics: &[u16],
) -> (Vec<Counted<Gram>>, Vec<usize>) {
    let mut found = Vec::new();
    let mut others_of = Vec::new();
    for (text, owner) in texts.iter().zip(owners) {
        for thing in text
            .whole
            .iter()
            .filter(|thing| topics.contains(&thing.topic))
        {
            for spelling in spellings().of(*thing) {
                let mut pieces = Vec::new();
                grams(&spelling.replace(' ', ""), &mut pieces);
                found.push(counted(&pieces));
                others_of.push(*owner);
            }
            if found.len() > MOST_SPELLINGS {
                return (Vec::new(), Vec::new());
            }
        }
    }
    (found, others_of)
}

/// What stands in a text where these topics are in use.
fn inside<'t>(text: &'t Text, topics: &[u16]) -> Cow<'t, Inside> {
    if topics.is_empty() {
        Cow::Borrowed(&text.inside_any)
    } else {
        Cow::Owned(spellings().inside(&text.tokens, topics))
    }
}

/// Those of the things that belong to the topics.
fn of_topics(things: &[Thing], topics: &[u16]) -> Vec<Thing> {
    let of_topic = |thing: &&Thing| topics.contains(&thing.topic);
    things.iter().filter(of_topic).copied().collect()
}

/// Whether the things of one text are all those that the other one has of the same topics.
fn same_things(of_value: &[Thing], of_label: &[Thing]) -> bool {
    let asked = |thing: &&Thing| of_value.iter().any(|other| other.topic == thing.topic);
    of_value.iter().all(|thing| of_label.contains(thing))
        && of_label
            .iter()
            .filter(asked)
            .all(|thing| of_value.contains(thing))
}

/// Whether all words of the label stand in the value, best at its beginning.
fn contained(value: &Text, label: &Text) -> f64 {
    let all = letters(&label.joined) >= SHORTEST_CONTAINED
        && label.has_words()
        && label
            .tokens
            .iter()
            .all(|token| value.tokens.contains(token));
    if !all {
        0.0
    } else if value.tokens.starts_with(&label.tokens) {
        1.0
    } else {
        0.7
    }
}

/// Topics to which enough of the labels belong.
fn topics(texts: &[Text], owners: &[usize], labels: usize) -> Vec<u16> {
    let mut members: Vec<(u16, usize)> = texts
        .iter()
        .zip(owners)
        .flat_map(|(text, owner)| text.whole.iter().map(|thing| (thing.topic, *owner)))
        .collect();
    members.sort_unstable();
    members.dedup();
    members
        .chunk_by(|a, b| a.0 == b.0)
        .filter(|of_topic| of_topic.len() as f64 >= TOPIC_SHARE * labels as f64)
        .filter_map(|of_topic| of_topic.first().map(|(topic, _)| *topic))
        .collect()
}

/// 1 for the same text, less where only case and accents, signs or the order of the words differ.
fn exact(a: &Text, b: &Text) -> f64 {
    if a.verbatim == b.verbatim {
        VERBATIM
    } else if a.folded == b.folded {
        FOLDED
    } else if a.joined.is_empty() || a.joined.len() != b.joined.len() {
        0.0
    } else if a.joined == b.joined {
        0.9
    } else if a.tokens.len() == b.tokens.len()
        && a.tokens.iter().all(|token| b.tokens.contains(token))
    {
        0.7
    } else {
        0.0
    }
}
