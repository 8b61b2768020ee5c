//! The steps from text to text, and the inputs that they start from. They keep a borrowed text
//! borrowed where they can.

use std::borrow::Cow;
use std::fmt::Write as _;

use ahash::AHashMap;
use arrow_array::builder::StringBuilder;
use arrow_array::{Array, StringArray};
use memchr::memchr;
use regex::Regex;

use super::fault::Fault;
use super::signs::Signs;
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

    /// The texts of all records, where that is cheaper than one by one.
    pub(super) fn texts(&self, batch: &Batch) -> Option<StringArray> {
        match self {
            Self::Column(column) => batch.columns.get(*column).cloned(),
            Self::Concat { columns, separator } => {
                let all = columns.iter();
                let all = all.filter_map(|column| batch.columns.get(*column));
                joined(&all.collect::<Vec<_>>(), separator, batch.len())
            }
            Self::Constant(_) | Self::Coalesce(_) => None,
        }
    }

    /// The column whose texts these are, as they are.
    pub(super) const fn only_column(&self) -> Option<usize> {
        match self {
            Self::Column(column) => Some(*column),
            Self::Constant(_) | Self::Concat { .. } | Self::Coalesce(_) => None,
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

/// The texts of each row that are there and not empty, joined; null where none is there. `None` where all
/// together may be too long for the offsets of one array.
fn joined(columns: &[&StringArray], separator: &str, rows: usize) -> Option<StringArray> {
    let bytes: usize = columns.iter().map(|column| column.value_data().len()).sum();
    let between = separator
        .len()
        .checked_mul(columns.len())?
        .checked_mul(rows)?;
    i32::try_from(bytes.checked_add(between)?).ok()?;
    let mut values = StringBuilder::with_capacity(rows, bytes);
    for row in 0..rows {
        let (mut any, mut behind) = (false, false);
        for column in columns {
            if row >= column.len() || column.is_null(row) {
                continue;
            }
            any = true;
            let text = column.value(row);
            if text.is_empty() {
                continue;
            }
            // Writing to a builder cannot fail.
            let _ = match behind {
                true => values.write_str(separator),
                false => Ok(()),
            };
            let _ = values.write_str(text);
            behind = true;
        }
        if any {
            // What was written so far is the value.
            values.append_value("");
        } else {
            values.append_null();
        }
    }
    Some(values.finish())
}

/// As [`str::trim`]; most texts have neither blanks nor anything but ASCII at their ends.
fn trim(text: &str) -> &str {
    let stays = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_graphic);
    let bytes = text.as_bytes();
    if stays(bytes.first()) && stays(bytes.last()) {
        return text;
    }
    let unblank = text.trim_matches(' ');
    let bytes = unblank.as_bytes();
    if stays(bytes.first()) && stays(bytes.last()) {
        return unblank;
    }
    unblank.trim()
}

/// The piece of this number between separators. As by [`str::split`], which is slower for one byte.
fn piece(text: &str, separator: u8, mut index: usize) -> Option<&str> {
    let mut rest = text;
    loop {
        let end = memchr(separator, rest.as_bytes());
        match (end, index) {
            (None, 0) => return Some(rest),
            (None, _) => return None,
            (Some(end), 0) => return rest.get(..end),
            (Some(end), _) => rest = rest.get(end + 1..)?,
        }
        index -= 1;
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
    Signs(Signs),
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
            Self::Trim => Some(trim(text)),
            Self::Split { separator, part } => {
                if let ([byte], Part::FromStart(index)) = (separator.as_bytes(), part) {
                    return Some(piece(text, *byte, *index));
                }
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
            Self::Case(_) | Self::Regex { .. } | Self::Signs(_) => return None,
        })
    }

    pub(super) fn apply<'a>(&self, text: Cow<'a, str>) -> Result<Text<'a>, Fault> {
        Ok(match self {
            Self::Trim | Self::Split { .. } | Self::NullIf(_) => {
                within(text, |text| self.cut(text).flatten())
            }
            Self::Case(case) => Some(cased(text, *case)),
            Self::Signs(signs) => signs.apply(text)?,
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

    /// Whether each text that it gives is its own, and one of these.
    pub(super) fn gives_only(&self, admitted: impl Fn(&str) -> bool) -> bool {
        let unseen = match &self.unseen {
            OnUnseen::Reject | OnUnseen::Null => true,
            OnUnseen::Keep => false,
            OnUnseen::Value(value) => admitted(value),
        };
        unseen && self.entries.values().flatten().all(|to| admitted(to))
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
    use super::super::testing::batch;
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
    fn short_ways_are_as_those_of_the_library() {
        const PIECES: [&str; 10] = [
            "", " ", "a", "\t", "\u{a0}", "\u{85}", "\u{1c}", "\u{3000}", "\u{e4}", "/",
        ];
        for number in 0..10_usize.pow(5) {
            let pieces = (0..5).map(|place| PIECES[number / 10_usize.pow(place) % 10]);
            let text: String = pieces.collect();
            assert_eq!(trim(&text), text.trim(), "{text:?}");
            for index in 0..4 {
                assert_eq!(
                    piece(&text, b'/', index),
                    text.split('/').nth(index),
                    "{text:?}"
                );
            }
        }
    }

    #[test]
    fn texts_joined_at_once_are_as_one_by_one() {
        let texts = [None, Some(""), Some("a"), Some("b/c")];
        let rows: Vec<Vec<String>> = (0..64)
            .map(|number| {
                let cell = |place| texts[number / 4_usize.pow(place) % 4];
                (0..3)
                    .map(|place| cell(place).unwrap_or("~").to_owned())
                    .collect()
            })
            .collect();
        let batch = batch(&rows, 0, 0);
        for columns in [
            vec![0],
            vec![0, 1],
            vec![2, 0, 1],
            vec![1, 9],
            vec![9],
            vec![],
        ] {
            for separator in ["", "-", ", "] {
                let input = Input::Concat {
                    columns: columns.clone(),
                    separator: separator.to_owned(),
                };
                let all = input.texts(&batch).unwrap();
                assert_eq!(all.len(), 64);
                for (row, text) in all.iter().enumerate() {
                    assert_eq!(
                        input.text(&batch, row).as_deref(),
                        text,
                        "{columns:?} {row}"
                    );
                }
            }
        }
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
            .into_iter()
            .collect(),
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
