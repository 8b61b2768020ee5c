//! Rules and decisions in plain words, for comments, pages and the terminal.

use serde_json::Value;

use super::{Bare, Case, OnError, OnUnseen, Rule, RuleState, Step};
use crate::source::{Decision, What};

/// A transform in words: `copied as it is`, or its steps in their order.
#[must_use]
pub fn transform_in_words(steps: &[Step]) -> String {
    if steps.is_empty() {
        return "copied as it is".to_owned();
    }
    let words: Vec<String> = steps.iter().map(step_in_words).collect();
    words.join("; ")
}

/// One step in words, e.g. `date by %d.%m.%Y`.
#[must_use]
pub fn step_in_words(step: &Step) -> String {
    match step {
        Step::Constant(value) => format!("always {}", quote(value)),
        Step::Concat { separator } => format!("joined with {}", quote(separator)),
        Step::Coalesce => "the first that has a value".to_owned(),
        Step::Trim => "white space off the ends".to_owned(),
        Step::Case(Case::Upper) => "in upper case".to_owned(),
        Step::Case(Case::Lower) => "in lower case".to_owned(),
        Step::Split { separator, part } => split_in_words(separator, *part),
        Step::RegexExtract { pattern, group: 0 } => format!("what matches {}", quote(pattern)),
        Step::RegexExtract { pattern, group } => format!("group {group} of {}", quote(pattern)),
        Step::NullIf(markers) => format!("no value where it is {}", either(markers)),
        Step::Signs {
            negative,
            positive,
            bare,
        } => {
            let (minus, plus) = (either(negative), either(positive));
            let words = format!("minus where {minus} stands behind the number, plus where {plus}");
            words
                + match bare {
                    Bare::Reject => "",
                    Bare::Plus => ", else as it is",
                    Bare::Minus => ", else minus",
                }
        }
        Step::Integer { thousands_mark } => format!("whole number{}", groups(thousands_mark)),
        Step::Decimal {
            decimal_mark,
            thousands_mark,
            strip,
        } => {
            let mut words = format!(
                "decimal with {}{}",
                quote(decimal_mark),
                groups(thousands_mark)
            );
            if !strip.is_empty() {
                words.push_str(&format!(", without {}", either(strip)));
            }
            words
        }
        Step::Date { formats } => format!("date by {}", formats.join(" or ")),
        Step::Timestamp { formats } => format!("date and time by {}", formats.join(" or ")),
        Step::Time { formats } => format!("time of day by {}", formats.join(" or ")),
        Step::Boolean { r#true, r#false } => {
            let when = |word: &str, all: &[String]| match all {
                [] => format!("never {word}"),
                all => format!("{word} where {}", either(all)),
            };
            format!("{}, {}", when("true", r#true), when("false", r#false))
        }
        Step::Sign {
            column,
            negative,
            positive,
        } => {
            format!(
                "minus where {column} is {}, plus where {}",
                either(negative),
                either(positive)
            )
        }
        Step::MinusDebit { column } => format!("minus the debit in {column}"),
    }
}

fn split_in_words(separator: &str, part: i32) -> String {
    let which = match part {
        -1 => "the last part".to_owned(),
        n if n < 0 => format!("part {} from the end", n.unsigned_abs()),
        n => format!("part {n}"),
    };
    format!("{which} between {}", quote(separator))
}

fn groups(mark: &str) -> String {
    if mark.is_empty() {
        String::new()
    } else {
        format!(", groups by {}", quote(mark))
    }
}

fn quote(text: &str) -> String {
    format!("“{text}”")
}

fn either(texts: &[String]) -> String {
    let quoted: Vec<String> = texts.iter().map(|text| quote(text)).collect();
    match quoted.split_last() {
        None => "nothing".to_owned(),
        Some((only, [])) => only.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
    }
}

/// The state in words that a person uses.
#[must_use]
pub const fn state_in_words(state: RuleState) -> &'static str {
    match state {
        RuleState::Proposed => "proposed",
        RuleState::Accepted => "accepted",
        RuleState::Edited => "edited",
        RuleState::Rejected => "rejected",
        RuleState::Ignored => "ignored",
        RuleState::Absent => "absent",
    }
}

/// What happens to values that the value map does not list.
#[must_use]
pub fn unseen_in_words(on_unseen: &OnUnseen) -> String {
    match on_unseen {
        OnUnseen::Reject => "any other value: the row is rejected".to_owned(),
        OnUnseen::Null => "any other value: no value".to_owned(),
        OnUnseen::Keep => "any other value is kept as it is".to_owned(),
        OnUnseen::Value(value) => format!("any other value becomes {}", quote(value)),
    }
}

/// What happens to values that a step refuses.
#[must_use]
pub const fn error_in_words(on_error: OnError) -> &'static str {
    match on_error {
        OnError::Reject => "a value that does not fit: the row is rejected",
        OnError::Null => "a value that does not fit: no value",
    }
}

/// Where a rule takes its values from: its columns, or that it needs none, or that it is open.
#[must_use]
pub fn sources_in_words(rule: &Rule) -> String {
    if !rule.sources.is_empty() {
        return rule.sources.join(" + ");
    }
    match (rule.transform.first(), rule.state) {
        (Some(Step::Constant(value)), _) => format!("constant {}", quote(value)),
        (_, RuleState::Ignored) => "left out".to_owned(),
        (_, RuleState::Absent) => "not in the source".to_owned(),
        (
            _,
            RuleState::Proposed | RuleState::Accepted | RuleState::Edited | RuleState::Rejected,
        ) => "nothing yet".to_owned(),
    }
}

/// What a decision is about, in words.
#[must_use]
pub const fn what_in_words(what: What) -> &'static str {
    match what {
        What::Encoding => "encoding",
        What::Delimiter => "delimiter",
        What::Quote => "quote character",
        What::Escape => "escape character",
        What::LineEnd => "line ends",
        What::HeaderLines => "header lines",
        What::PreambleLines => "preamble lines",
        What::FooterLines => "footer lines",
        What::Table => "table",
        What::Repair => "repairs",
        What::DecimalMark => "decimal mark",
        What::ThousandsMark => "thousands mark",
        What::DateOrder => "date order",
        What::NullMarkers => "null markers",
    }
}

/// A decision's value in words: white space has a name, nothing is `none`.
#[must_use]
pub fn value_in_words(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::String(text) => text_in_words(text),
        // `none` may be among them.
        Value::Array(items) if items.is_empty() => "no markers".to_owned(),
        Value::Array(items) => {
            let words = items.iter().map(|item| match item {
                Value::String(text) => format!("`{text}`"),
                Value::Null
                | Value::Bool(_)
                | Value::Number(_)
                | Value::Array(_)
                | Value::Object(_) => item.to_string(),
            });
            words.collect::<Vec<_>>().join(" ")
        }
        Value::Object(_) => value.to_string(),
    }
}

fn text_in_words(text: &str) -> String {
    match text {
        "" => "none".to_owned(),
        "\t" => "tab".to_owned(),
        " " => "space".to_owned(),
        "\u{a0}" => "no-break space".to_owned(),
        "\u{202f}" => "narrow no-break space".to_owned(),
        "dmy" => "day, month, year".to_owned(),
        "mdy" => "month, day, year".to_owned(),
        "ymd" => "year, month, day".to_owned(),
        _ => text.to_owned(),
    }
}

/// The question that a decision asks where it is not sure.
#[must_use]
pub fn decision_question(decision: &Decision) -> String {
    let what = what_in_words(decision.what);
    let place = match &decision.column {
        Some(column) => format!(" in {column}"),
        None => String::new(),
    };
    let value = quote(&value_in_words(&decision.value));
    let rivals = decision
        .alternatives
        .iter()
        .map(|rival| quote(&value_in_words(&rival.value)));
    let rivals: Vec<String> = rivals.collect();
    if rivals.is_empty() {
        format!("{what}{place}: is it {value}?")
    } else {
        format!("{what}{place}: {value} or {}?", rivals.join(" or "))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::source::Alternative;

    #[test]
    fn steps_read_like_a_sentence() {
        let steps = [
            Step::Decimal {
                decimal_mark: ",".to_owned(),
                thousands_mark: ".".to_owned(),
                strip: vec!["€".to_owned(), "EUR".to_owned()],
            },
            Step::Sign {
                column: "S/H".to_owned(),
                negative: vec!["S".to_owned()],
                positive: vec!["H".to_owned()],
            },
        ];
        assert_eq!(
            transform_in_words(&steps),
            "decimal with “,”, groups by “.”, without “€” or “EUR”; \
             minus where S/H is “S”, plus where “H”"
        );
        assert_eq!(transform_in_words(&[]), "copied as it is");
        let ticked = Step::Boolean {
            r#true: vec!["X".to_owned()],
            r#false: Vec::new(),
        };
        assert_eq!(step_in_words(&ticked), "true where “X”, never false");
        assert_eq!(
            step_in_words(&Step::Split {
                separator: "/".to_owned(),
                part: -1
            }),
            "the last part between “/”"
        );
        assert_eq!(
            step_in_words(&Step::Split {
                separator: "/".to_owned(),
                part: i32::MIN
            }),
            "part 2147483648 from the end between “/”"
        );
    }

    #[test]
    fn a_decision_asks_with_its_alternatives() {
        let rival = Alternative {
            value: json!("mdy"),
            confidence: 0.5,
        };
        let decision = Decision::new(What::DateOrder, "dmy", 0.5, vec![rival], "both fit");
        assert_eq!(
            decision_question(&decision.of_column("Txn Dt")),
            "date order in Txn Dt: “day, month, year” or “month, day, year”?"
        );
        let alone = Decision::new(What::Delimiter, "\t", 0.6, Vec::new(), "few rows");
        assert_eq!(decision_question(&alone), "delimiter: is it “tab”?");
    }
}
