//! What one text says beside the other: `not approved` has the label `approved` and a word that turns
//! it around. Likeness cannot tell that, because all else is the same; so what is found here limits
//! the probability and is no part of the score.
//!
//! Words are set against each other in three views: words that name the thing which the other text is
//! a spelling of, words as they stand, and, where neither fits, words written out and translated.

use ahash::AHashSet;

use super::modifiers::{
    DEGREE_PREFIXES, NEGATING_PREFIXES, NEGATING_WHERE_HYPHENED, is_filler, is_negation,
    is_qualifier, prefix_before,
};
use super::spellings::{Thing, spellings};
use super::text_of_value::{Text, number};
use crate::matching::text::{edit_similarity_from, is_subsequence, letters, tokens};

/// What one of two texts has that the other one has not, by what it does to the rest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Beside {
    /// Nothing that has a meaning of its own.
    #[default]
    Nothing,
    /// A further word: it may be another thing.
    Word,
    /// Degree, place, time, number or doubt: it most likely is another thing.
    Qualifier,
    /// The opposite.
    Opposite,
}

impl Beside {
    /// The most that the probability may be.
    pub(super) const fn most(self) -> f64 {
        match self {
            Self::Nothing => 1.0,
            Self::Word => 0.89,
            Self::Qualifier => 0.74,
            Self::Opposite => 0.2,
        }
    }
}

/// How two texts stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Difference {
    pub(super) beside: Beside,
    /// Whether both are turned around, each in its way: `not paid` and `unpaid`.
    pub(super) both_negated: bool,
}

/// What is known apart from the two texts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Surroundings<'a> {
    /// Topics of spellings in use.
    pub(super) topics: &'a [u16],
    /// Words that all values of the column or all labels have: they tell nothing apart.
    pub(super) common: [&'a [String]; 2],
    /// Labels of one word.
    pub(super) labels: &'a AHashSet<String>,
}

/// What one of the texts has beside the other; nothing where neither has all that the other says, so
/// that there is no more than a likeness.
pub(super) fn beside(value: &Text, label: &Text, around: &Surroundings) -> Option<Difference> {
    let mut sides = [Side::of(value), Side::of(label)];
    let [of_value, of_label] = &mut sides;
    of_value.code = code_before(value, label);
    of_label.code = code_before(label, value);
    let view = View { around, sides };
    let views = [
        view.by_things(value, label),
        view.by_words(value.tokens.iter(), label.tokens.iter()),
    ];
    let found = views
        .into_iter()
        .flatten()
        .min_by_key(|found| found.beside)
        .or_else(|| view.by_words(terms(value), terms(label)))?;
    // An ex-smoker is no non-smoker: not all that turns a word around turns it to the same.
    let is_plain = |text: &Text| {
        let other = |word: &String| OTHER_TURNS.iter().any(|part| word.starts_with(part));
        !text.tokens.iter().any(other)
    };
    let both_negated = found.both_negated && is_plain(value) && is_plain(label);
    let beside = if found.both_negated && !both_negated {
        found.beside.max(Beside::Qualifier)
    } else {
        found.beside
    };
    Some(Difference {
        beside: beside.max(by_signs(value, label)),
        both_negated,
    })
}

/// What turns a word around in another way than `not` does.
const OTHER_TURNS: [&str; 6] = ["ex", "anti", "mis", "on", "de", "dis"];

/// The number of one or two digits that stands before a text, if the other one has no number and a word
/// that is no unit: it numbers the values.
fn code_before(text: &Text, other: &Text) -> Option<String> {
    let (first, rest) = text.tokens.split_first()?;
    let is_code = first.len() <= 2 && first.bytes().all(|byte| byte.is_ascii_digit());
    let numbered = |word: &String| word.contains(char::is_numeric) || number(word).is_some();
    let named = rest.iter().any(|word| letters(word) >= 4);
    let plain = !other.tokens.iter().any(numbered) && other.tokens.iter().any(|w| letters(w) >= 4);
    (is_code && named && plain && !rest.iter().any(numbered)).then(|| first.clone())
}

/// What signs say that only one of the texts has.
pub(super) fn by_signs(value: &Text, label: &Text) -> Beside {
    if signs(&value.verbatim) == signs(&label.verbatim) {
        Beside::Nothing
    } else {
        Beside::Qualifier
    }
}

fn terms(text: &Text) -> impl Iterator<Item = &String> {
    text.words.iter().map(|(word, _)| word)
}

/// Whether two texts that differ in case alone are different units: `mW` and `MW`.
pub(super) fn other_unit(a: &str, b: &str) -> bool {
    let differ = |(a, b): ((&str, &str), (&str, &str))| a != b;
    a != b && unit(a).zip(unit(b)).is_some_and(differ)
}

/// A unit with the sign of a multiple before it. A multiple that nobody writes is none, so that `Ms`
/// and `mb` stay what they are elsewhere.
fn unit(text: &str) -> Option<(&str, &str)> {
    const MULTIPLES: [&str; 5] = ["k", "M", "G", "T", "m"];
    const BASES: [&str; 15] = [
        "m", "g", "l", "L", "W", "Wh", "V", "A", "Hz", "J", "B", "b", "Pa", "VA", "bit",
    ];
    let multiple = MULTIPLES.iter().find(|sign| text.starts_with(**sign))?;
    let base = text.strip_prefix(multiple)?;
    let written = BASES.contains(&base) && !(*multiple == "m" && matches!(base, "B" | "b" | "bit"));
    // Nobody counts in megalitres: `ML` is `ml` in capitals.
    let multiple = if *multiple == "M" && base == "L" {
        "m"
    } else {
        *multiple
    };
    let base = if base == "L" { "l" } else { base };
    written.then_some((multiple, base))
}

/// Signs that are no words and mean something: doubt, more, less, and the ends of grades.
fn signs(verbatim: &str) -> Vec<char> {
    let mut found = Vec::new();
    let mut before = ' ';
    let mut rest = verbatim.chars().peekable();
    while let Some(sign) = rest.next() {
        let last = rest.peek().is_none();
        // `65+` and `>=65` say the same.
        let at_least = match sign {
            '>' | '<' => rest.next_if_eq(&'=').is_some(),
            '+' => before.is_numeric(),
            _ => false,
        };
        let counts = match sign {
            '?' | '¿' | '<' | '>' | '≤' | '≥' | '~' | '±' | '≠' => true,
            // `65+`, and not `head+neck`.
            '+' => before.is_alphanumeric() && rest.peek().is_none_or(|c| !c.is_alphanumeric()),
            // `A-` is a grade, `5-` a number, and ` -` only a mark.
            '-' => last && before.is_alphabetic(),
            _ => false,
        };
        let meant = match sign {
            '>' | '+' if at_least => '≥',
            '<' if at_least => '≤',
            _ => sign,
        };
        if counts && !found.contains(&meant) {
            found.push(meant);
        }
        before = sign;
    }
    found.sort_unstable();
    found
}

/// How words are meant that mean two things, told by what stands around them in their text.
struct Side {
    /// Syllables with a hyphen behind them: in `un-paid` the first word is no article.
    hyphened: Vec<&'static str>,
    /// Whether `no` stands before a number.
    numbered: bool,
    /// Words of a name in brackets at its end. They mostly say more about the same thing: `Niue (N.Z.)`, but
    /// not `shipped (sample)`.
    bracketed: Vec<String>,
    /// The number before a text that the other one names without it: `10 Open`.
    code: Option<String>,
}

impl Side {
    fn of(text: &Text) -> Self {
        let folded = &text.folded;
        let has = |word: &&&str| {
            folded.match_indices(**word).any(|(at, _)| {
                let (before, rest) = folded.split_at(at);
                let begins = !before.ends_with(char::is_alphanumeric);
                let rest = rest.strip_prefix(**word).unwrap_or_default();
                begins && rest.starts_with('-')
            })
        };
        let syllables = NEGATING_WHERE_HYPHENED.iter();
        let mut next = text.tokens.iter().zip(text.tokens.iter().skip(1));
        Self {
            hyphened: if folded.contains('-') {
                syllables.filter(has).copied().collect()
            } else {
                Vec::new()
            },
            numbered: next.any(|(word, next)| word == "no" && number(next).is_some()),
            bracketed: name_in_brackets(&text.verbatim).map_or_else(Vec::new, tokens),
            code: None,
        }
    }

    fn negates(&self, word: &str) -> bool {
        (is_negation(word) && !(self.numbered && word == "no")) || self.hyphened.contains(&word)
    }
}

/// What stands in brackets at the end of a text, behind something else, if it is written as a name.
fn name_in_brackets(text: &str) -> Option<&str> {
    let (before, inside) = text.strip_suffix(')')?.rsplit_once('(')?;
    (!before.trim().is_empty() && inside.starts_with(char::is_uppercase)).then_some(inside)
}

/// How two words fit together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fit {
    Same,
    /// The value's is the label's, turned around by a syllable.
    ValueTurned,
    /// The label's is the value's, turned around by a syllable.
    LabelTurned,
    /// One of them is the other one with more before or behind it.
    Longer(Beside),
}

struct View<'a> {
    around: &'a Surroundings<'a>,
    /// The value and the label.
    sides: [Side; 2],
}

/// What only one of the texts has.
#[derive(Default)]
struct Rest {
    /// Words with a meaning of their own.
    weights: Vec<Beside>,
    /// How often it is turned around.
    negations: usize,
}

impl Rest {
    fn heaviest(&self) -> Beside {
        self.weights.iter().copied().max().unwrap_or_default()
    }

    fn is_turned(&self) -> bool {
        self.negations % 2 == 1
    }
}

impl View<'_> {
    /// Where one text is a spelling of a thing and the other one names that thing among more.
    fn by_things(&self, value: &Text, label: &Text) -> Option<Difference> {
        let [of_value, of_label] = &self.sides;
        let rest = self
            .left_beside(&value.tokens, label, of_value)
            .or_else(|| self.left_beside(&label.tokens, value, of_label))?;
        Some(Difference {
            beside: if rest.is_turned() {
                Beside::Opposite
            } else {
                rest.heaviest()
            },
            both_negated: false,
        })
    }

    /// What stands in `tokens` beside the thing that all of `other` is.
    fn left_beside(&self, tokens: &[String], other: &Text, side: &Side) -> Option<Rest> {
        let of_topic = |thing: &&Thing| self.around.topics.contains(&thing.topic);
        let things: Vec<Thing> = other.whole.iter().filter(of_topic).copied().collect();
        if things.is_empty() {
            return None;
        }
        let mut words: Vec<&String> = tokens.iter().collect();
        let (at, length) = spellings().place_of(&words, &things)?;
        let bare = words.drain(at..at + length).all(|word| is_negation(word));
        // The same thing once more, such as a code in brackets; but `false` beside `negative` is a
        // word of its own.
        while let Some((at, length)) = spellings().place_of(&words, &things) {
            let named = || words.iter().skip(at).take(length);
            if named().any(|word| is_negation(word)) {
                break;
            }
            words.drain(at..at + length);
        }
        if things.iter().any(|thing| spellings().is_calendar(*thing)) {
            // `10 March` says which month it is: a day is not another one.
            words.retain(|word| number(word).is_none());
        }
        let mut rest = self.rest(&words, side);
        if bare {
            rest.weights.iter_mut().for_each(beside_bare_negation);
        }
        Some(rest)
    }

    fn by_words<'t>(
        &self,
        value: impl Iterator<Item = &'t String>,
        label: impl Iterator<Item = &'t String>,
    ) -> Option<Difference> {
        let mut of_value: Vec<&String> = value.collect();
        let mut of_label: Vec<&String> = label.collect();
        let mut fits: Vec<(&String, Fit)> = Vec::new();
        fit_split(&mut of_value, &mut of_label, &mut fits);
        fit_split(&mut of_label, &mut of_value, &mut fits);
        let ways: [fn(&str, &str) -> Option<Fit>; 3] = [equal, alike, longer];
        for way in ways {
            of_value.retain(|word| {
                let mut places = of_label.iter().enumerate();
                let found = places.find_map(|(at, own)| Some((at, way(word, own)?)));
                if let Some((at, fit)) = found {
                    of_label.remove(at);
                    fits.push((word, fit));
                }
                found.is_none()
            });
        }
        if fits.is_empty() {
            return None;
        }
        // What stands twice says no more.
        let again = |word: &&String| fits.iter().all(|(known, _)| known != word);
        of_value.retain(again);
        of_label.retain(again);
        let [side_of_value, side_of_label] = &self.sides;
        let mut of_value = self.rest(&of_value, side_of_value);
        let mut of_label = self.rest(&of_label, side_of_label);
        let mut rest = Beside::Nothing;
        for (_, fit) in &fits {
            match fit {
                Fit::Same => {}
                Fit::ValueTurned => of_value.negations += 1,
                Fit::LabelTurned => of_label.negations += 1,
                // One word of many in another form changes less.
                Fit::Longer(_) if fits.len() > 2 => rest = rest.max(Beside::Word),
                Fit::Longer(beside) => rest = rest.max(*beside),
            }
        }
        if of_value.is_turned() != of_label.is_turned() {
            return Some(Difference {
                beside: Beside::Opposite,
                both_negated: false,
            });
        }
        let both_have_more = !of_value.weights.is_empty() && !of_label.weights.is_empty();
        let qualifies = |rest: &Rest| rest.weights.iter().all(|w| *w == Beside::Qualifier);
        if both_have_more && !(qualifies(&of_value) && qualifies(&of_label)) {
            return None;
        }
        rest = rest.max(of_value.heaviest()).max(of_label.heaviest());
        if fits.iter().all(|(word, _)| is_negation(word)) {
            beside_bare_negation(&mut rest);
        }
        Some(Difference {
            beside: rest,
            both_negated: of_value.is_turned(),
        })
    }

    fn rest(&self, words: &[&String], side: &Side) -> Rest {
        let mut rest = Rest::default();
        for word in words {
            if side.negates(word) {
                rest.negations += 1;
                continue;
            }
            if side.numbered && *word == "no" {
                continue;
            }
            let weight = self.weight(word);
            if weight == Beside::Word && side.bracketed.contains(word) {
                continue;
            }
            if side.code.as_ref() == Some(word) {
                continue;
            }
            if weight > Beside::Nothing {
                rest.weights.push(weight);
            }
        }
        rest
    }

    fn weight(&self, word: &str) -> Beside {
        let mut common = self.around.common.iter().flat_map(|all| all.iter());
        if word.contains(char::is_numeric) || number(word).is_some() || is_qualifier(word) {
            Beside::Qualifier
        } else if is_filler(word) || common.any(|own| own == word) {
            Beside::Nothing
        } else if self.around.labels.contains(word) {
            Beside::Qualifier
        } else {
            Beside::Word
        }
    }
}

/// Beside a bare `no` any further word makes another thing of it: `no answer`, `no idea`.
fn beside_bare_negation(word: &mut Beside) {
    if *word == Beside::Word {
        *word = Beside::Qualifier;
    }
}

/// Takes out words that the other text writes as two: `treefrog`, `tree frog`.
fn fit_split<'t>(
    whole: &mut Vec<&'t String>,
    split: &mut Vec<&'t String>,
    fits: &mut Vec<(&'t String, Fit)>,
) {
    whole.retain(|word| {
        let pairs = split.iter().zip(split.iter().skip(1));
        let mut joined = pairs.map(|(first, second)| format!("{first}{second}"));
        let found = joined.position(|joined| {
            same_word(word, &joined) || edit_similarity_from(0.85, word, &joined).is_some()
        });
        if let Some(at) = found {
            split.drain(at..at + 2);
            fits.push((word, Fit::Same));
        }
        found.is_none()
    });
}

fn equal(value: &str, label: &str) -> Option<Fit> {
    let numbers = || number(value).zip(number(label));
    (value == label || numbers().is_some_and(|(a, b)| a == b)).then_some(Fit::Same)
}

/// The same word in another form, with a slip, or shortened.
fn alike(value: &str, label: &str) -> Option<Fit> {
    // Shorter words are near too many others.
    const SHORTEST_WITH_SLIP: usize = 4;
    if number(value).is_some() || number(label).is_some() {
        return None;
    }
    if is_negation(value) || is_negation(label) {
        return None;
    }
    if let Some(fit) = turned(value, label) {
        return Some(fit);
    }
    let (short, long) = by_length(value, label);
    let extends = long.starts_with(short);
    let slip = || {
        !extends
            && !long.ends_with(short)
            && letters(short) >= SHORTEST_WITH_SLIP
            && edit_similarity_from(0.75, value, label).is_some()
    };
    let same = same_word(value, label) || slip() || shortened(value, label);
    same.then_some(Fit::Same)
}

/// Whether one word is the other one with a syllable before it that turns it around.
fn turned(value: &str, label: &str) -> Option<Fit> {
    let negated = |longer: &str, other: &str| {
        NEGATING_PREFIXES.iter().any(|(prefix, least)| {
            longer.strip_prefix(prefix).is_some_and(|rest| {
                letters(rest) >= *least && !doubles(prefix, rest) && same_word(rest, other)
            })
        })
    };
    if negated(value, label) {
        Some(Fit::ValueTurned)
    } else if negated(label, value) {
        Some(Fit::LabelTurned)
    } else {
        None
    }
}

/// A syllable of one letter that stands twice is a slip: `aactive`.
fn doubles(prefix: &str, rest: &str) -> bool {
    letters(prefix) == 1 && rest.starts_with(prefix)
}

/// One word with more before or behind it: `semiannual`, `Indiana`.
fn longer(value: &str, label: &str) -> Option<Fit> {
    let (short, long) = by_length(value, label);
    if letters(short) < 3 || short == long || is_negation(short) || number(long).is_some() {
        return None;
    }
    if long.starts_with(short) {
        return Some(Fit::Longer(Beside::Qualifier));
    }
    let before = prefix_before(long, short, same_word)?;
    let degree = DEGREE_PREFIXES.contains(&before);
    (degree || letters(short) > 3).then_some(Fit::Longer(if degree {
        Beside::Qualifier
    } else {
        Beside::Word
    }))
}

fn by_length<'a>(a: &'a str, b: &'a str) -> (&'a str, &'a str) {
    if letters(a) <= letters(b) {
        (a, b)
    } else {
        (b, a)
    }
}

/// Whether two words are forms of one: equal, or with an ending of a few that change no meaning.
fn same_word(a: &str, b: &str) -> bool {
    const ENDINGS: [&str; 12] = [
        "s", "e", "n", "es", "d", "ed", "led", "ing", "en", "em", "t", "te",
    ];
    /// Those that words of three letters have.
    const OF_SHORT: usize = 3;
    let (short, long) = by_length(a, b);
    let endings = match letters(short) {
        0..=2 => 0,
        3 => OF_SHORT,
        _ => ENDINGS.len(),
    };
    let ends = |rest: &str| ENDINGS.iter().take(endings).any(|ending| *ending == rest);
    let doubled = |rest: &str| endings > OF_SHORT && short.ends_with(rest);
    let rest = long.strip_prefix(short);
    short == long || rest.is_some_and(|rest| ends(rest) || doubled(rest))
}

/// Whether the value is the label shortened, or the label a short form of at most three letters.
fn shortened(value: &str, label: &str) -> bool {
    const SHORT_FORM: usize = 3;
    let (of_value, of_label) = (letters(value), letters(label));
    if of_value < of_label {
        return label.starts_with(value) || (of_value >= 2 && is_subsequence(value, label));
    }
    of_label <= SHORT_FORM
        && of_value >= of_label + 2
        && (value.starts_with(label) || (of_label >= 2 && is_subsequence(label, value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(value: &str, label: &str, common: &[String]) -> Option<Beside> {
        let around = Surroundings {
            topics: &[],
            common: [common, &[]],
            labels: &AHashSet::new(),
        };
        let found = beside(&Text::of(value), &Text::of(label), &around);
        found.map(|found| found.beside)
    }

    #[test]
    fn further_words_weigh_by_what_they_do() {
        for (value, label, expected) in [
            ("Garden gate", "garden gate", Some(Beside::Nothing)),
            ("gate, garden", "garden gate", Some(Beside::Nothing)),
            ("gardengate", "garden gate", Some(Beside::Nothing)),
            ("type of the gate", "gate", Some(Beside::Nothing)),
            ("iron gate", "gate", Some(Beside::Word)),
            ("gate", "iron gate", Some(Beside::Word)),
            ("upper gate", "gate", Some(Beside::Qualifier)),
            ("gate 7", "gate", Some(Beside::Qualifier)),
            ("gate 7", "gate 8", Some(Beside::Qualifier)),
            ("no gate", "gate", Some(Beside::Opposite)),
            ("gate no. 7", "gate 7", Some(Beside::Nothing)),
            ("no gate", "without gate", Some(Beside::Nothing)),
            ("iron gate", "garden gate", None),
            ("door", "gate", None),
            ("", "gate", None),
        ] {
            assert_eq!(of(value, label, &[]), expected, "{value:?} {label:?}");
        }
    }

    #[test]
    fn a_word_that_all_values_have_tells_nothing_apart() {
        let common = ["iron".to_owned(), "not".to_owned()];
        assert_eq!(of("iron gate", "gate", &common), Some(Beside::Nothing));
        assert_eq!(of("not a gate", "gate", &common), Some(Beside::Opposite));
    }

    #[test]
    fn units_are_told_apart_by_case_and_other_texts_are_not() {
        for (a, b) in [("mW", "MW"), ("Mb", "MB"), ("kb", "kB"), ("Mg", "mg")] {
            assert!(other_unit(a, b), "{a} {b}");
        }
        for (a, b) in [
            ("KG", "kg"),
            ("mL", "ml"),
            ("Ms", "MS"),
            ("m", "M"),
            ("mb", "MB"),
        ] {
            assert!(!other_unit(a, b), "{a} {b}");
        }
    }
}
