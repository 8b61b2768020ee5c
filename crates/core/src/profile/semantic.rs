//! Which types fit a column's values, and which of them the column has.

use super::choice::Choice;
use super::dates::Order;
use super::numbers::marks_format;
use super::summary::Summary;
use super::{SemanticType, TypeCount};
use crate::value::Marks;

/// How the values of a column are read.
#[derive(Debug, Clone, Default)]
pub(super) struct Readings {
    pub(super) marks: Option<Choice<Marks>>,
    /// Of numbers with a per cent sign.
    pub(super) percent_marks: Option<Choice<Marks>>,
    pub(super) order: Option<Choice<Order>>,
}

/// Longest text of an identifier, and of a category.
const CODE_CHARS: u64 = 40;
const CATEGORY_CHARS: u64 = 80;

/// The narrowest type that fits at least 98 % of the values, or all of 20 and more but one.
pub(super) fn semantic(
    summary: &Summary,
    readings: &Readings,
    distinct: u64,
) -> Option<SemanticType> {
    typed(summary, readings).or_else(|| textual(summary, distinct))
}

/// The narrowest type that tells from the form of a single value.
pub(super) fn typed(summary: &Summary, readings: &Readings) -> Option<SemanticType> {
    let total = summary.text.rows;
    let fits = |rows: u64| fits_most(rows, total);
    let code = |wanted: SemanticType| {
        summary
            .kinds
            .codes()
            .any(|(semantic, rows)| semantic == wanted && fits(rows))
    };
    let (dates, timestamps) = date_rows(summary, readings);
    let numbers = |marks: Option<&Choice<Marks>>, tally: &super::numbers::NumberTally| {
        marks.is_some_and(|choice| fits(tally.rows(choice.value)))
    };
    let whole = fits(summary.numbers.integers());
    let checks: [(SemanticType, bool); 15] = [
        (SemanticType::Uuid, code(SemanticType::Uuid)),
        (SemanticType::Iban, code(SemanticType::Iban)),
        (SemanticType::Email, code(SemanticType::Email)),
        (SemanticType::Url, code(SemanticType::Url)),
        (
            SemanticType::Percentage,
            numbers(readings.percent_marks.as_ref(), &summary.percents),
        ),
        (SemanticType::Date, fits(dates)),
        (
            SemanticType::Timestamp,
            timestamps > 0 && fits(dates + timestamps),
        ),
        (
            SemanticType::Time,
            fits(summary.dates.times().iter().map(|(_, rows)| rows).sum()),
        ),
        (
            SemanticType::Boolean,
            summary.kinds.pair().is_some_and(|p| p.both && fits(p.rows)),
        ),
        (SemanticType::Currency, code(SemanticType::Currency)),
        (SemanticType::Country, code(SemanticType::Country)),
        (SemanticType::Bic, code(SemanticType::Bic)),
        (SemanticType::Phone, code(SemanticType::Phone)),
        // Zeros in front are part of a code, and would be lost in a number.
        (
            SemanticType::Integer,
            whole && summary.numbers.zero_led == 0,
        ),
        (
            SemanticType::Decimal,
            !whole && numbers(readings.marks.as_ref(), &summary.numbers),
        ),
    ];
    checks
        .into_iter()
        .find(|(_, fits)| *fits)
        .map(|(semantic, _)| semantic)
}

/// What a column of texts holds.
fn textual(summary: &Summary, distinct: u64) -> Option<SemanticType> {
    let text = &summary.text;
    let total = text.rows;
    if total == 0 {
        return None;
    }
    let lengths = text.lengths();
    let codes = text.spaced == 0 && lengths.max <= CODE_CHARS && fits_most(text.with_digit, total);
    if total > 1 && codes && distinct * 50 >= total * 49 {
        return Some(SemanticType::Identifier);
    }
    let repeats =
        (distinct <= 50 && total >= 4 * distinct) || (distinct <= 12 && total >= 2 * distinct);
    if repeats && lengths.max <= CATEGORY_CHARS {
        return Some(SemanticType::Category);
    }
    let several_words =
        text.worded * 2 >= total || (text.spaced * 2 >= total && lengths.mean >= 15.0);
    several_words.then_some(SemanticType::FreeText)
}

/// In how many rows a single other value is no more than a slip.
const SLIP_ROWS: u64 = 20;

/// At least 98 %, and at least one. One that does not fit is always granted among 20 rows and
/// more: an impossible day in a short statement does not make its dates texts.
const fn fits_most(rows: u64, total: u64) -> bool {
    let slip = total >= SLIP_ROWS && rows + 1 >= total;
    rows > 0 && (slip || rows * 50 >= total * 49)
}

/// Rows that are dates, and rows that are timestamps, by the chosen order.
pub(super) fn date_rows(summary: &Summary, readings: &Readings) -> (u64, u64) {
    let Some(order) = &readings.order else {
        return (0, 0);
    };
    let (mut dates, mut timestamps) = (0, 0);
    for (key, count) in summary.dates.with_order(order.value) {
        *(if key.has_time() {
            &mut timestamps
        } else {
            &mut dates
        }) += count.rows;
    }
    (dates, timestamps)
}

/// Every type that fits at least one value, most rows first, narrower types first among equals.
pub(super) fn types(summary: &Summary, readings: &Readings) -> Vec<TypeCount> {
    let mut types: Vec<TypeCount> = Vec::new();
    let mut add = |semantic: SemanticType, format: Option<String>, rows: u64| {
        if rows > 0 {
            types.push(TypeCount {
                semantic,
                format,
                rows,
            });
        }
    };
    for (key, loose, rows) in date_types(summary, readings) {
        let semantic = if key.has_time() {
            SemanticType::Timestamp
        } else {
            SemanticType::Date
        };
        add(semantic, key.format(loose), rows);
    }
    for (format, rows) in summary.dates.times() {
        add(SemanticType::Time, Some(format.to_owned()), rows);
    }
    // Half of a pair beside other values says nothing: `S` beside `H` is no `s/n`.
    let pair = summary.kinds.pair();
    if let Some(pair) = pair.filter(|pair| pair.both || fits_most(pair.rows, summary.text.rows)) {
        add(SemanticType::Boolean, Some(pair.format()), pair.rows);
    }
    for (semantic, rows) in summary.kinds.codes() {
        add(semantic, None, rows);
    }
    if let Some(choice) = &readings.percent_marks {
        for marks in listed(choice) {
            let rows = summary.percents.rows(marks);
            add(SemanticType::Percentage, Some(marks_format(marks)), rows);
        }
    }
    add(SemanticType::Integer, None, summary.numbers.integers());
    if let Some(choice) = readings
        .marks
        .as_ref()
        .filter(|_| summary.numbers.has_marks())
    {
        for marks in listed(choice) {
            add(
                SemanticType::Decimal,
                Some(marks_format(marks)),
                summary.numbers.rows(marks),
            );
        }
        for (affix, rows) in summary.numbers.affixes() {
            let format = affix.replace('#', &marks_format(choice.value));
            add(SemanticType::Decimal, Some(format), rows);
        }
    }
    types.sort_by_key(|count| std::cmp::Reverse(count.rows));
    types
}

/// The readings that are shown as types: the chosen one, and its rivals while it is open.
fn listed<T: Copy + PartialEq>(choice: &Choice<T>) -> Vec<T> {
    choice
        .readings()
        .take(if choice.open > 0 { usize::MAX } else { 1 })
        .collect()
}

/// Ways of writing dates, the chosen order first: with the form for one digit where one is used.
fn date_types(summary: &Summary, readings: &Readings) -> Vec<(super::dates::Key, bool, u64)> {
    let Some(order) = &readings.order else {
        return Vec::new();
    };
    let mut seen = Vec::new();
    for order in listed(order) {
        for (key, count) in summary.dates.with_order(order) {
            if !seen.iter().any(|(known, _, _)| *known == key) {
                seen.push((key, count.loose > 0, count.rows));
            }
        }
    }
    seen
}
