//! Edits of reading decisions. Steps that were made from a reading follow it: a date's formats turn
//! with the date order, a number's marks with the marks.

use serde_json::Value;

use super::EditError;
use crate::mapping::{Mapping, Step};
use crate::source::{Alternative, Decision, What};

/// Sets a decision, for one column, for the source, or for all columns that have one.
pub(super) fn set(
    mapping: &mut Mapping,
    what: What,
    column: Option<&str>,
    value: &Value,
    by: &str,
) -> Result<(), EditError> {
    if let Some(hint) = why_no_reading(what, column, value) {
        return Err(EditError::NoSuchReading {
            what,
            value: value.to_string(),
            hint,
        });
    }
    if let Some(name) = column
        && mapping
            .source
            .columns
            .iter()
            .all(|known| known.name != name)
    {
        let names = mapping
            .source
            .columns
            .iter()
            .map(|known| known.name.as_str());
        let hint = super::did_you_mean(name, names, "name a column of the source");
        return Err(EditError::UnknownColumn {
            column: name.to_owned(),
            hint,
        });
    }
    let concerns = |decision: &Decision| {
        decision.what == what && (column.is_none() || decision.column.as_deref() == column)
    };
    let mut columns: Vec<Option<String>> = Vec::new();
    for decision in mapping
        .decisions
        .iter_mut()
        .filter(|decision| concerns(decision))
    {
        settle(decision, value, by);
        columns.push(decision.column.clone());
    }
    if columns.is_empty() {
        let mut decision = Decision::new(what, value.clone(), 1.0, Vec::new(), reason(by));
        decision.column = column.map(str::to_owned);
        columns.push(decision.column.clone());
        mapping.decisions.push(decision);
    }
    for column in columns.iter().flatten() {
        follow(mapping, what, column, value);
    }
    Ok(())
}

fn reason(by: &str) -> String {
    format!("set by {by}")
}

fn settle(decision: &mut Decision, value: &Value, by: &str) {
    if decision.value != *value {
        let old = Alternative {
            value: decision.value.clone(),
            confidence: decision.confidence,
        };
        decision.alternatives.retain(|other| other.value != *value);
        decision.alternatives.insert(0, old);
        decision.value = value.clone();
    }
    decision.confidence = 1.0;
    decision.sure = true;
    decision.reason = reason(by);
}

/// Why a reading decision cannot have this value, if so: what it can be.
#[must_use]
pub fn why_no_reading(what: What, column: Option<&str>, value: &Value) -> Option<&'static str> {
    if column.is_some() && !what.per_column() {
        return Some("this is decided for the whole source: leave the column out");
    }
    let text = value.as_str();
    let one = |text: &str| text.chars().nth(1).is_none();
    let (fits, hint) = match what {
        What::Encoding => (
            text.is_some_and(|text| !text.is_empty()),
            "e.g. \"windows-1252\"",
        ),
        What::Delimiter => (text.is_some(), "a text, e.g. \";\""),
        What::Quote | What::Escape => (text.is_some_and(one), "one character, or \"\" for none"),
        What::LineEnd => (
            text.is_some_and(|text| ["lf", "crlf", "cr", "mixed"].contains(&text)),
            "\"lf\", \"crlf\", \"cr\" or \"mixed\"",
        ),
        What::HeaderLines | What::PreambleLines | What::FooterLines => {
            (value.is_u64(), "a number from 0")
        }
        What::Table => (
            value.as_u64().is_some_and(|table| table > 0),
            "a number from 1",
        ),
        What::Repair => (
            text.is_some_and(|text| crate::source::repair::parse(text).is_some()),
            "\"all\", \"\" for none, or names such as \"other_delimiter,quotes\"",
        ),
        What::DecimalMark => (
            text.is_some_and(|text| [".", ","].contains(&text)),
            "\".\" or \",\"",
        ),
        What::ThousandsMark => (text.is_some_and(one), "one character, or \"\" for none"),
        What::DateOrder => (
            text.is_some_and(|text| ["dmy", "mdy", "ymd"].contains(&text)),
            "\"dmy\", \"mdy\" or \"ymd\"",
        ),
        What::NullMarkers => (
            value
                .as_array()
                .is_some_and(|list| list.iter().all(Value::is_string)),
            "a list of texts, e.g. [\"-\", \"n/a\"]",
        ),
    };
    (!fits).then_some(hint)
}

fn follow(mapping: &mut Mapping, what: What, column: &str, value: &Value) {
    let reads_column = |sources: &[String]| sources.first().is_some_and(|first| first == column);
    let rules = mapping
        .rules
        .iter_mut()
        .filter(|rule| reads_column(&rule.sources));
    for step in rules.flat_map(|rule| &mut rule.transform) {
        match (what, &mut *step, value) {
            (
                What::DateOrder,
                Step::Date { formats } | Step::Timestamp { formats },
                Value::String(order),
            ) => {
                for format in formats {
                    *format = in_order(format, order);
                }
            }
            (
                What::DecimalMark,
                Step::Decimal {
                    decimal_mark,
                    thousands_mark,
                    ..
                },
                _,
            ) => {
                let Some(mark) = value.as_str() else { continue };
                // `,` and `.` change places; any other thousands mark stays.
                if thousands_mark == mark {
                    thousands_mark.clone_from(decimal_mark);
                }
                mark.clone_into(decimal_mark);
            }
            // What parts a fraction off parts no groups.
            (What::DecimalMark, Step::Integer { thousands_mark }, Value::String(mark))
                if thousands_mark == mark =>
            {
                thousands_mark.clear();
            }
            (
                What::ThousandsMark,
                Step::Decimal { thousands_mark, .. } | Step::Integer { thousands_mark },
                Value::String(mark),
            ) => thousands_mark.clone_from(mark),
            (What::NullMarkers, Step::NullIf(markers), Value::Array(list)) => {
                *markers = list
                    .iter()
                    .filter_map(Value::as_str)
                    .map(str::to_owned)
                    .collect();
            }
            // No other reading stands in a step.
            _ => {}
        }
    }
}

/// A date format with day and month in the wanted order. Formats that do not have a day and a
/// month in figures, or have the year first, stay as they are.
pub(crate) fn in_order(format: &str, order: &str) -> String {
    const DAYS: [&str; 3] = ["%-d", "%d", "%e"];
    const MONTHS: [&str; 2] = ["%-m", "%m"];
    let find = |codes: &[&'static str]| {
        codes
            .iter()
            .find_map(|code| format.find(code).map(|at| (at, *code)))
    };
    let (Some((day_at, day)), Some((month_at, month))) = (find(&DAYS), find(&MONTHS)) else {
        return format.to_owned();
    };
    let year_first = format
        .find("%Y")
        .or_else(|| format.find("%y"))
        .is_some_and(|at| at < day_at.min(month_at));
    let day_first = match order {
        "dmy" => true,
        "mdy" => false,
        _ => return format.to_owned(),
    };
    if year_first || (day_at < month_at) == day_first {
        return format.to_owned();
    }
    // The padding of each place stays with it: `%-m/%d` becomes `%-d/%m`.
    let (new_day, new_month) = match (day, month) {
        ("%-d", "%m") => ("%d", "%-m"),
        ("%d" | "%e", "%-m") => ("%-d", "%m"),
        _ => (day, month),
    };
    format
        .replacen(day, "\0", 1)
        .replacen(month, new_day, 1)
        .replacen('\0', new_month, 1)
}

#[cfg(test)]
mod tests {
    use super::in_order;

    #[test]
    fn formats_turn_with_the_order() {
        let cases = [
            ("%d/%m/%Y", "mdy", "%m/%d/%Y"),
            ("%m/%d/%y %H:%M", "dmy", "%d/%m/%y %H:%M"),
            ("%-m/%d/%Y", "dmy", "%-d/%m/%Y"),
            ("%-d.%-m.%Y", "mdy", "%-m.%-d.%Y"),
            ("%d/%m/%Y", "dmy", "%d/%m/%Y"),
            ("%Y-%m-%d", "dmy", "%Y-%m-%d"),
            ("%d %b %Y", "mdy", "%d %b %Y"),
            ("%d/%m/%Y", "ymd", "%d/%m/%Y"),
        ];
        for (format, order, wanted) in cases {
            assert_eq!(in_order(format, order), wanted, "{format} {order}");
        }
    }
}
