//! Values that are the same thing in other words everywhere: countries, languages, currencies, months,
//! sexes, states. The names of `cldr.tsv` are made by `training/value_names.py`, those of `words.tsv`
//! are written by hand.
//!
//! A spelling counts only within its topic: `no` is Norway among countries and a negation among
//! answers, so a topic is used for an enumeration only where enough of its labels belong to it.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use crate::matching::text::{ratio, tokens};

const FILES: [&str; 2] = [include_str!("cldr.tsv"), include_str!("words.tsv")];

/// Topics of parts of a date.
const CALENDAR: [&str; 3] = ["month", "weekday", "season"];
/// Most words of a spelling that is looked for inside of a longer text.
const LONGEST: usize = 5;
/// Shorter words mean too many things to be found inside of a text of any topic.
const SHORTEST: usize = 4;

/// A thing: its topic and its number within all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Thing {
    pub(super) topic: u16,
    pub(super) number: u16,
}

/// All spellings.
#[derive(Debug, Default)]
pub(super) struct Spellings {
    things: FxHashMap<String, Vec<Thing>>,
    of: FxHashMap<Thing, Vec<String>>,
    /// Topics whose things stand beside numbers in dates.
    calendar: Vec<u16>,
}

/// The spellings that are built in.
pub(super) fn spellings() -> &'static Spellings {
    static SPELLINGS: LazyLock<Spellings> = LazyLock::new(|| Spellings::parse(&FILES));
    &SPELLINGS
}

/// The form in which a text is looked up.
pub(super) fn key(tokens: &[String]) -> String {
    tokens.join(" ")
}

impl Spellings {
    fn parse(files: &[&str]) -> Self {
        let mut topics: FxHashMap<&str, u16> = FxHashMap::default();
        let mut numbers: FxHashMap<(&str, &str), u16> = FxHashMap::default();
        let mut found = Self::default();
        for line in files.iter().flat_map(|text| text.lines()) {
            let mut parts = line.split('\t');
            let (Some(topic), Some(name), Some(list)) = (parts.next(), parts.next(), parts.next())
            else {
                continue;
            };
            let next = u16::try_from(topics.len()).unwrap_or(u16::MAX);
            let of_topic = *topics.entry(topic).or_insert(next);
            if CALENDAR.contains(&topic) && !found.calendar.contains(&of_topic) {
                found.calendar.push(of_topic);
            }
            let next = u16::try_from(numbers.len()).unwrap_or(u16::MAX);
            let number = *numbers.entry((topic, name)).or_insert(next);
            let thing = Thing {
                topic: of_topic,
                number,
            };
            for spelling in list.split('|') {
                let words = tokens(spelling);
                // A sign such as `€` has no words and stands for itself.
                let spelling = if words.is_empty() {
                    spelling.to_owned()
                } else {
                    key(&words)
                };
                let things = found.things.entry(spelling.clone()).or_default();
                if !things.contains(&thing) {
                    things.push(thing);
                    found.of.entry(thing).or_default().push(spelling);
                }
            }
        }
        found
    }

    /// The things that a whole text may be.
    pub(super) fn whole(&self, key: &str) -> &[Thing] {
        self.things.get(key).map_or(&[], Vec::as_slice)
    }

    /// All spellings of a thing.
    pub(super) fn of(&self, thing: Thing) -> &[String] {
        self.of.get(&thing).map_or(&[], Vec::as_slice)
    }

    /// Whether a thing is part of a date.
    pub(super) fn is_calendar(&self, thing: Thing) -> bool {
        self.calendar.contains(&thing.topic)
    }

    /// Where in a text one of the things is named, and with how many words; the longest name.
    pub(super) fn place_of(&self, tokens: &[&String], things: &[Thing]) -> Option<(usize, usize)> {
        let lengths = (1..=LONGEST.min(tokens.len())).rev();
        let mut places = lengths.flat_map(|length| {
            let starts = 0..=tokens.len() - length;
            starts.map(move |at| (at, length))
        });
        places.find(|&(at, length)| {
            let words = tokens.iter().skip(at).take(length);
            let words: Vec<&str> = words.map(|word| word.as_str()).collect();
            let named = self.whole(&words.join(" "));
            named.iter().any(|thing| things.contains(thing))
        })
    }

    /// The things that stand in a text, the longest spellings first taken. Short words count only
    /// in the topics that are in use.
    pub(super) fn inside(&self, tokens: &[String], in_use: &[u16]) -> Inside {
        let mut found: Vec<(String, Thing)> = Vec::new();
        let mut rest = tokens;
        while !rest.is_empty() {
            let taken = (1..=LONGEST.min(rest.len())).rev().find_map(|length| {
                let text = key(rest.get(..length)?);
                let long = text.chars().count() >= SHORTEST;
                let things: Vec<Thing> = self
                    .whole(&text)
                    .iter()
                    .filter(|thing| long || in_use.contains(&thing.topic))
                    .copied()
                    .collect();
                (!things.is_empty()).then_some((length, text, things))
            });
            let length = taken.as_ref().map_or(1, |(length, _, _)| *length);
            if let Some((_, text, things)) = taken {
                found.extend(things.into_iter().map(|thing| (text.clone(), thing)));
            }
            rest = rest.get(length..).unwrap_or_default();
        }
        // Beside a name, a bare number says something else: a day beside a month.
        let numeric = |text: &str| text.chars().all(|c| c.is_ascii_digit());
        if found.iter().any(|(word, _)| !numeric(word)) {
            found.retain(|(word, _)| !numeric(word));
        }
        let mut covered: Vec<&str> = found
            .iter()
            .filter(|(_, thing)| in_use.contains(&thing.topic))
            .map(|(word, _)| word.as_str())
            .collect();
        covered.dedup();
        let letters = |text: &str| {
            text.chars()
                .filter(|c| !c.is_whitespace() && !c.is_numeric())
                .count()
        };
        let all: usize = tokens.iter().map(|token| letters(token)).sum();
        let covers = ratio(
            covered.into_iter().map(letters).sum::<usize>().min(all),
            all.max(1),
        );
        let mut things: Vec<Thing> = found.into_iter().map(|(_, thing)| thing).collect();
        things.sort_unstable();
        things.dedup();
        Inside { things, covers }
    }
}

/// What stands in a text.
#[derive(Debug, Clone)]
pub(super) struct Inside {
    pub(super) things: Vec<Thing>,
    /// Share of the text's letters that belong to things of the topics in use.
    pub(super) covers: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(a: &str, b: &str) -> bool {
        let of = |text: &str| spellings().whole(&key(&tokens(text)));
        of(a).iter().any(|thing| of(b).contains(thing))
    }

    #[test]
    fn spellings_of_one_thing_are_found() {
        for (a, b) in [
            ("Deutschland", "DE"),
            ("DEU", "Allemagne"),
            ("Korea, Republic of", "South Korea"),
            ("Burma", "MM"),
            ("Österreich", "aut"),
            ("Swahili", "sw"),
            ("Euro", "EUR"),
            ("März", "3"),
            ("Januar", "janvier"),
            ("Dienstag", "Tue"),
            ("männlich", "M"),
            ("ja", "Yes"),
            ("kilograms", "kg"),
        ] {
            assert!(same(a, b), "{a} {b}");
        }
        for (a, b) in [("Niger", "Nigeria"), ("Congo", "DR Congo"), ("m", "f")] {
            assert!(!same(a, b), "{a} {b}");
        }
    }

    #[test]
    fn every_line_is_understood() {
        for line in FILES.iter().flat_map(|text| text.lines()) {
            if !line.is_empty() && !line.starts_with('#') {
                let parts: Vec<&str> = line.split('\t').collect();
                assert_eq!(parts.len(), 3, "{line}");
                assert!(parts.iter().all(|part| !part.is_empty()), "{line}");
                assert!(parts[2].split('|').all(|s| !s.is_empty()), "{line}");
            }
        }
    }

    #[test]
    fn short_words_are_found_inside_only_where_their_topic_is_in_use() {
        let sex = spellings().whole("female")[0];
        let words = tokens("adult F");
        assert!(!spellings().inside(&words, &[]).things.contains(&sex));
        let inside = spellings().inside(&words, &[sex.topic]);
        assert!(inside.things.contains(&sex));
        assert!((inside.covers - 1.0 / 6.0).abs() < 1e-9);
    }
}
