//! The steps from text to text, and the inputs that they start from. They keep a borrowed text
//! borrowed where they can.

use std::borrow::Cow;

use ahash::AHashMap;
use regex::Regex;

use super::fault::Fault;
use crate::mapping::{Case, OnUnseen};
use crate::source::Batch;

/// A text of a cell on its way through a rule; `None` is null.
pub(super) type Text<'a> = Option<Cow<'a, str>>;

/// Where the first step's text comes from. Columns are positions in the batch.
#[derive(Debug)]
pub(super) enum Input {
    Column(usize),
    Constant(String),
    /// The texts that are there and not empty, joined.
    Concat {
        columns: Vec<usize>,
        separator: String,
    },
    /// The first text that is there and not empty.
    Coalesce(Vec<usize>),
}

impl Input {
    pub(super) fn text<'a>(&'a self, batch: &'a Batch, record: usize) -> Text<'a> {
        match self {
            Self::Column(column) => batch.cell(*column, record).map(Cow::Borrowed),
            Self::Constant(text) => Some(Cow::Borrowed(text)),
            Self::Coalesce(columns) => {
                let mut texts = columns
                    .iter()
                    .filter_map(|column| batch.cell(*column, record));
                let first = texts.clone().find(|text| !text.is_empty());
                first.or_else(|| texts.next()).map(Cow::Borrowed)
            }
            Self::Concat { columns, separator } => {
                let mut joined: Text<'a> = None;
                for text in columns
                    .iter()
                    .filter_map(|column| batch.cell(*column, record))
                {
                    match &mut joined {
                        Some(before) if before.is_empty() => joined = Some(Cow::Borrowed(text)),
                        Some(before) if !text.is_empty() => {
                            let before = before.to_mut();
                            before.push_str(separator);
                            before.push_str(text);
                        }
                        Some(_) => {}
                        None => joined = Some(Cow::Borrowed(text)),
                    }
                }
                joined
            }
        }
    }

    /// The column whose text stands in a reject as the value.
    pub(super) fn first_column(&self) -> Option<usize> {
        match self {
            Self::Column(column) => Some(*column),
            Self::Constant(_) => None,
            Self::Concat { columns, .. } | Self::Coalesce(columns) => columns.first().copied(),
        }
    }
}

/// A step from text to text.
#[derive(Debug)]
pub(super) enum TextStep {
    Trim,
    Case(Case),
    Split { separator: String, part: Part },
    Regex { regex: Regex, group: usize },
    NullIf(Vec<String>),
}

/// Which part of a split text.
#[derive(Debug, Clone, Copy)]
pub(super) enum Part {
    /// From the start, counted from 0.
    FromStart(usize),
    /// From the end, counted from 0.
    FromEnd(usize),
}

impl TextStep {
    /// The piece of the text that it takes, if any; `None` for a step that does more than that.
    pub(super) fn cut<'t>(&self, text: &'t str) -> Option<Option<&'t str>> {
        Some(match self {
            Self::Trim => Some(text.trim()),
            Self::Split { separator, part } => {
                let mut parts = text.split(separator.as_str());
                match part {
                    Part::FromStart(index) => parts.nth(*index),
                    // Searching backwards would cut overlapping separators at other places.
                    Part::FromEnd(index) => {
                        let count = parts.clone().count();
                        let index = count.checked_sub(index + 1);
                        index.and_then(|index| parts.nth(index))
                    }
                }
            }
            Self::NullIf(markers) => (!markers.iter().any(|m| *m == *text)).then_some(text),
            Self::Case(_) | Self::Regex { .. } => return None,
        })
    }

    pub(super) fn apply<'a>(&self, text: Cow<'a, str>) -> Result<Text<'a>, Fault> {
        Ok(match self {
            Self::Trim | Self::Split { .. } | Self::NullIf(_) => {
                within(text, |text| self.cut(text).flatten())
            }
            Self::Case(case) => Some(cased(text, *case)),
            Self::Regex { regex, group } => {
                if !regex.is_match(&text) {
                    return Err(Fault::no_match(regex.as_str()));
                }
                within(text, |text| {
                    regex
                        .captures(text)?
                        .get(*group)
                        .map(|found| found.as_str())
                })
            }
        })
    }
}

/// A piece of a text, borrowed where the text is.
fn within<'a>(
    text: Cow<'a, str>,
    piece: impl for<'t> FnOnce(&'t str) -> Option<&'t str>,
) -> Text<'a> {
    match text {
        Cow::Borrowed(text) => piece(text).map(Cow::Borrowed),
        Cow::Owned(text) => piece(&text).map(|piece| Cow::Owned(piece.to_owned())),
    }
}

fn cased(text: Cow<'_, str>, case: Case) -> Cow<'_, str> {
    let ascii = text.is_ascii();
    let done = match case {
        Case::Upper => ascii && !text.bytes().any(|byte| byte.is_ascii_lowercase()),
        Case::Lower => ascii && !text.bytes().any(|byte| byte.is_ascii_uppercase()),
    };
    match case {
        Case::Upper | Case::Lower if done => text,
        Case::Upper => Cow::Owned(text.to_uppercase()),
        Case::Lower => Cow::Owned(text.to_lowercase()),
    }
}

/// The entries of a rule's value map that hold.
#[derive(Debug)]
pub(super) struct ValueMap {
    pub(super) entries: AHashMap<String, Option<String>>,
    pub(super) unseen: OnUnseen,
}

impl ValueMap {
    /// As [`ValueMap::get`].
    pub(super) fn apply<'a>(&'a self, text: Cow<'a, str>, field: &str) -> Result<Text<'a>, Fault> {
        match text {
            Cow::Borrowed(text) => Ok(self.get(text, field)?.map(Cow::Borrowed)),
            Cow::Owned(text) => {
                let value = self.get(&text, field)?;
                Ok(value.map(|value| Cow::Owned(value.to_owned())))
            }
        }
    }

    /// The target's value for a text. An empty text that is not listed is no value rather than an
    /// unseen one: files that quote every field write it for "nothing".
    pub(super) fn get<'a>(&'a self, text: &'a str, field: &str) -> Result<Option<&'a str>, Fault> {
        if let Some(to) = self.entries.get(text) {
            return Ok(to.as_deref());
        }
        if text.is_empty() {
            return Ok(None);
        }
        match &self.unseen {
            OnUnseen::Reject => Err(Fault::unseen(field)),
            OnUnseen::Null => Ok(None),
            OnUnseen::Keep => Ok(Some(text)),
            OnUnseen::Value(value) => Ok(Some(value)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apply(step: &TextStep, text: &str) -> Result<Option<String>, &'static str> {
        let owned = step
            .apply(Cow::Owned(text.to_owned()))
            .map_err(|fault| fault.rule);
        let borrowed = step.apply(Cow::Borrowed(text)).map_err(|fault| fault.rule);
        assert_eq!(owned, borrowed);
        borrowed.map(|text| text.map(Cow::into_owned))
    }

    fn some(text: &str) -> Result<Option<String>, &'static str> {
        Ok(Some(text.to_owned()))
    }

    #[test]
    fn trim_takes_white_space_off_the_ends_only() {
        assert_eq!(apply(&TextStep::Trim, " \u{a0}a b\t\r\n"), some("a b"));
        assert_eq!(apply(&TextStep::Trim, "  "), some(""));
        assert_eq!(apply(&TextStep::Trim, "\u{200b}a"), some("\u{200b}a"));
    }

    #[test]
    fn case_is_unicode() {
        assert_eq!(
            apply(&TextStep::Case(Case::Upper), "straße é"),
            some("STRASSE É")
        );
        assert_eq!(apply(&TextStep::Case(Case::Upper), "EUR"), some("EUR"));
        assert_eq!(apply(&TextStep::Case(Case::Lower), "ÄB1"), some("äb1"));
        assert_eq!(apply(&TextStep::Case(Case::Lower), ""), some(""));
    }

    #[test]
    fn split_counts_from_both_ends_and_misses_to_null() {
        let split = |separator: &str, part| TextStep::Split {
            separator: separator.into(),
            part,
        };
        for (step, text, expected) in [
            (split("/", Part::FromStart(0)), "a/b/c", some("a")),
            (split("/", Part::FromStart(2)), "a/b/c", some("c")),
            (split("/", Part::FromStart(3)), "a/b/c", Ok(None)),
            (split("/", Part::FromEnd(0)), "a/b/c", some("c")),
            (split("/", Part::FromEnd(2)), "a/b/c", some("a")),
            (split("/", Part::FromEnd(3)), "a/b/c", Ok(None)),
            (split("/", Part::FromStart(1)), "a//c", some("")),
            (split("aa", Part::FromEnd(0)), "xaaa", some("a")),
            (split(" - ", Part::FromStart(0)), "", some("")),
        ] {
            assert_eq!(apply(&step, text), expected, "{step:?} {text}");
        }
    }

    #[test]
    fn regex_takes_a_group_or_refuses() {
        let step = |pattern, group| TextStep::Regex {
            regex: Regex::new(pattern).unwrap(),
            group,
        };
        assert_eq!(apply(&step("[A-Z]{3}", 0), "12 EUR"), some("EUR"));
        assert_eq!(apply(&step("(\\d+) (x)?", 1), "12 EUR"), some("12"));
        assert_eq!(apply(&step("(\\d+) (x)?", 2), "12 EUR"), Ok(None));
        assert_eq!(apply(&step("^x", 0), "12 EUR"), Err("no_match"));
    }

    #[test]
    fn null_if_compares_the_whole_text() {
        let step = TextStep::NullIf(vec!["n/a".to_owned(), String::new()]);
        assert_eq!(apply(&step, "n/a"), Ok(None));
        assert_eq!(apply(&step, ""), Ok(None));
        assert_eq!(apply(&step, "N/A"), some("N/A"));
    }

    #[test]
    fn value_map_knows_null_empty_and_unseen() {
        let map = |unseen| ValueMap {
            entries: [
                ("S".to_owned(), Some("debit".to_owned())),
                ("-".to_owned(), None),
            ]
            .into(),
            unseen,
        };
        let apply = |unseen, text| {
            let map = map(unseen);
            let value = map
                .apply(Cow::Borrowed(text), "f")
                .map_err(|fault| fault.rule);
            value.map(|text| text.map(Cow::into_owned))
        };
        assert_eq!(apply(OnUnseen::Reject, "S"), some("debit"));
        assert_eq!(apply(OnUnseen::Reject, "-"), Ok(None));
        assert_eq!(apply(OnUnseen::Reject, ""), Ok(None));
        assert_eq!(apply(OnUnseen::Reject, "s"), Err("unseen_value"));
        assert_eq!(apply(OnUnseen::Null, "X"), Ok(None));
        assert_eq!(apply(OnUnseen::Keep, "X"), some("X"));
        assert_eq!(
            apply(OnUnseen::Value("other".to_owned()), "X"),
            some("other")
        );
    }
}
