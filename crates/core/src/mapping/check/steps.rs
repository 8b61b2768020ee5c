//! The steps of one rule: their order, their arguments, and the columns that they name.

use super::Problem;
use crate::mapping::{Rule, Step};
use crate::value::{DateFormat, FormatKind};

/// Whether a step names the column besides the first source.
pub(super) fn uses_column(steps: &[Step], column: &str) -> bool {
    steps.iter().any(|step| step.side_column() == Some(column))
}

/// What a step takes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Takes {
    Sources,
    Text,
    Number,
}

/// What the cell is behind a step.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Gives {
    Text,
    Number,
    Other,
}

const fn kind(step: &Step) -> (&'static str, Takes, Gives) {
    match step {
        Step::Constant(_) => ("constant", Takes::Sources, Gives::Text),
        Step::Concat { .. } => ("concat", Takes::Sources, Gives::Text),
        Step::Coalesce => ("coalesce", Takes::Sources, Gives::Text),
        Step::Trim => ("trim", Takes::Text, Gives::Text),
        Step::Case(_) => ("case", Takes::Text, Gives::Text),
        Step::Split { .. } => ("split", Takes::Text, Gives::Text),
        Step::RegexExtract { .. } => ("regex_extract", Takes::Text, Gives::Text),
        Step::NullIf(_) => ("null_if", Takes::Text, Gives::Text),
        Step::Signs { .. } => ("signs", Takes::Text, Gives::Text),
        Step::Integer { .. } => ("integer", Takes::Text, Gives::Number),
        Step::Decimal { .. } => ("decimal", Takes::Text, Gives::Number),
        Step::Date { .. } => ("date", Takes::Text, Gives::Other),
        Step::Timestamp { .. } => ("timestamp", Takes::Text, Gives::Other),
        Step::Time { .. } => ("time", Takes::Text, Gives::Other),
        Step::Boolean { .. } => ("boolean", Takes::Text, Gives::Other),
        Step::Sign { .. } => ("sign", Takes::Number, Gives::Number),
        Step::MinusDebit { .. } => ("minus_debit", Takes::Number, Gives::Number),
    }
}

/// Everything that is wrong with the steps of a rule.
pub(super) fn check_steps(rule: &Rule, path: &str, found: &mut Vec<Problem>) {
    let mut cell = Gives::Text;
    for (index, step) in rule.transform.iter().enumerate() {
        let at = format!("{path}.transform[{index}]");
        let (name, takes, gives) = kind(step);
        let fits = match takes {
            Takes::Sources => index == 0,
            Takes::Text => cell == Gives::Text,
            Takes::Number => cell == Gives::Number,
        };
        if !fits {
            let hint = match takes {
                Takes::Sources => "it can only be the first step",
                Takes::Text => "put it before the step that reads a number, date, time or boolean",
                Takes::Number => "put it behind `decimal` or `integer`",
            };
            found.push(Problem::new(
                &at,
                format!("`{name}` cannot stand here"),
                hint,
            ));
        }
        cell = gives;
        check_column(step, rule, &at, found);
        check_arguments(step, &at, found);
    }
}

fn check_column(step: &Step, rule: &Rule, at: &str, found: &mut Vec<Problem>) {
    let Some(column) = step.side_column() else {
        return;
    };
    let (name, ..) = kind(step);
    match rule.sources.iter().position(|source| source == column) {
        None => found.push(Problem::new(
            format!("{at}.{name}.column"),
            format!("the column {column:?} is not among the rule's sources"),
            "add it to `sources`",
        )),
        Some(0) => found.push(Problem::new(
            format!("{at}.{name}.column"),
            format!("the column {column:?} is the number itself"),
            "name the column of the flag or of the debit; the number is the first source",
        )),
        Some(_) => {}
    }
}

fn check_arguments(step: &Step, at: &str, found: &mut Vec<Problem>) {
    let problem = match step {
        Step::Split { separator, part } => split(separator, *part),
        Step::RegexExtract { pattern, group } => regex(pattern, *group),
        Step::Integer { thousands_mark } => marks(None, thousands_mark),
        Step::Decimal {
            decimal_mark,
            thousands_mark,
            ..
        } => marks(Some(decimal_mark), thousands_mark),
        Step::Date { formats } => self::formats("date", formats),
        Step::Timestamp { formats } => self::formats("timestamp", formats),
        Step::Time { formats } => times(formats),
        Step::Boolean { r#true, r#false } => {
            sides("boolean", r#true, r#false, "both true and false")
        }
        Step::Signs {
            negative, positive, ..
        } => signs(negative, positive),
        Step::Sign {
            negative, positive, ..
        } => sides("sign", negative, positive, "both minus and plus"),
        Step::Constant(_)
        | Step::Concat { .. }
        | Step::Coalesce
        | Step::Trim
        | Step::Case(_)
        | Step::NullIf(_)
        | Step::MinusDebit { .. } => None,
    };
    found.extend(
        problem.map(|(below, message, hint)| Problem::new(format!("{at}.{below}"), message, hint)),
    );
}

/// Path below the step, message, hint.
type Wrong = (String, String, String);

fn wrong(below: &str, message: impl Into<String>, hint: impl Into<String>) -> Option<Wrong> {
    Some((below.to_owned(), message.into(), hint.into()))
}

fn split(separator: &str, part: i32) -> Option<Wrong> {
    if separator.is_empty() {
        return wrong(
            "split.separator",
            "the separator is empty",
            "write the text between the parts",
        );
    }
    if part == 0 {
        let hint = "count from 1, or from the end with -1";
        return wrong("split.part", "there is no part 0", hint);
    }
    None
}

fn regex(pattern: &str, group: u32) -> Option<Wrong> {
    let expression = match regex::Regex::new(pattern) {
        Ok(expression) => expression,
        Err(error) => {
            let why = error.to_string();
            let last = why
                .lines()
                .last()
                .unwrap_or_default()
                .trim_start_matches("error: ");
            return wrong(
                "regex_extract.pattern",
                format!("{pattern:?} is no regular expression: {last}"),
                "the syntax is that of the regex crate: no look-around, no back-references",
            );
        }
    };
    let groups = expression.captures_len().saturating_sub(1);
    let known = usize::try_from(group).is_ok_and(|group| group <= groups);
    if known {
        return None;
    }
    wrong(
        "regex_extract.group",
        format!("the expression has {groups} groups, not {group}"),
        "take group 0 for the whole match, or put brackets around the part",
    )
}

fn marks(decimal: Option<&str>, thousands: &str) -> Option<Wrong> {
    let name = if decimal.is_some() {
        "decimal"
    } else {
        "integer"
    };
    let is_mark = |mark: &str| {
        let mut chars = mark.chars();
        let first = chars.next();
        chars.next().is_none() && first.is_some_and(|c| !c.is_ascii_digit() && c != '-' && c != '+')
    };
    if let Some(mark) = decimal
        && !is_mark(mark)
    {
        return wrong(
            "decimal.decimal_mark",
            format!("{mark:?} is no decimal mark"),
            "write one character, `.` or `,`",
        );
    }
    let below = format!("{name}.thousands_mark");
    if !thousands.is_empty() && !is_mark(thousands) {
        let hint = "write one character, or \"\" for none";
        return wrong(&below, format!("{thousands:?} is no thousands mark"), hint);
    }
    if decimal == Some(thousands) {
        let hint = "a number like 1.234 would have two readings";
        return wrong(&below, "decimal and thousands mark are the same", hint);
    }
    None
}

fn formats(name: &str, formats: &[String]) -> Option<Wrong> {
    if formats.is_empty() {
        let hint = "write at least one, e.g. \"%d.%m.%Y\"";
        return wrong(&format!("{name}.formats"), "there is no format", hint);
    }
    formats.iter().enumerate().find_map(|(index, format)| {
        let error = DateFormat::parse(format).err()?;
        wrong(
            &format!("{name}.formats[{index}]"),
            format!("{format:?} is no date format: {error}"),
            "e.g. \"%d.%m.%Y\" or \"%Y-%m-%dT%H:%M:%S\"",
        )
    })
}

fn times(all: &[String]) -> Option<Wrong> {
    if all.is_empty() {
        let hint = "write at least one, e.g. \"%H:%M\"";
        return wrong("time.formats", "there is no format", hint);
    }
    all.iter().enumerate().find_map(|(index, pattern)| {
        let below = format!("time.formats[{index}]");
        match DateFormat::parse(pattern) {
            Ok(format) => {
                let (problem, hint) = why_no_time(&format)?;
                wrong(&below, problem, hint)
            }
            Err(error) => {
                // `HH:mm` lacks no date.
                let why = if pattern.contains('%') {
                    error.to_string()
                } else {
                    "it has no codes such as %H and %M".to_owned()
                };
                let hint = "e.g. \"%H:%M\", \"%H:%M:%S\" or \"%-I:%M %p\"";
                wrong(
                    &below,
                    format!("{pattern:?} is no format of times: {why}"),
                    hint,
                )
            }
        }
    })
}

/// Why a format is none of a time of day, if so, and what to do.
pub(crate) fn why_no_time(format: &DateFormat) -> Option<(String, &'static str)> {
    let pattern = format.pattern();
    if format.kind() != FormatKind::Time {
        let hint = "cut the time out first, e.g. with `split: {separator: \" \", part: 2}`";
        return Some((format!("{pattern:?} has a date, and a time has none"), hint));
    }
    format.has_offset().then(|| {
        let hint = "cut it off first, e.g. with `regex_extract`, if it means nothing; nothing is dropped unseen";
        (format!("{pattern:?} has an offset from UTC, and a time has none"), hint)
    })
}

fn signs(negative: &[String], positive: &[String]) -> Option<Wrong> {
    if negative
        .iter()
        .chain(positive)
        .any(|word| word.trim().is_empty())
    {
        let hint = "write the words that stand behind the numbers, such as DR and CR";
        return wrong("signs", "a word is empty", hint);
    }
    sides("signs", negative, positive, "both minus and plus")
}

fn sides(name: &str, one: &[String], other: &[String], both: &str) -> Option<Wrong> {
    if one.is_empty() && other.is_empty() {
        return wrong(
            name,
            "no spelling is listed",
            "list the texts of at least one side",
        );
    }
    let double = one.iter().find(|text| other.contains(text))?;
    wrong(
        name,
        format!("{double:?} means {both}"),
        "leave it in one of the two lists",
    )
}
