//! What a person set about the reading of a column, in types.

use serde_json::Value;
use thiserror::Error;

use super::choice::MarksSet;
use super::dates::Order;
use crate::error::{ErrorKind, Explain};
use crate::source::{Overrides, What};
use crate::value::{Marks, THOUSANDS_MARKS};

/// A value that a decision per column cannot have.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{value}` is no value for {}", what.name())]
pub struct InvalidOverride {
    /// The decision.
    pub what: What,
    /// The value, as JSON.
    pub value: String,
}

impl Explain for InvalidOverride {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }

    fn hint(&self) -> Option<String> {
        let hint = match self.what {
            What::DateOrder => "one of dmy, mdy, ymd",
            What::DecimalMark => "`.` or `,`",
            What::ThousandsMark => "one of `.` `,` `'`, a space, or empty for none",
            What::NullMarkers => "a text, or a list of texts",
            What::Encoding
            | What::Delimiter
            | What::Quote
            | What::Escape
            | What::LineEnd
            | What::HeaderLines
            | What::PreambleLines
            | What::FooterLines
            | What::Table
            | What::Repair => return None,
        };
        Some(hint.to_owned())
    }
}

/// Checks the entries that are decided per column, so that none is without effect in silence.
///
/// # Errors
/// The first value that its decision cannot have.
pub fn check_overrides(overrides: &Overrides) -> Result<(), InvalidOverride> {
    for (what, _, value) in overrides.iter().filter(|(what, _, _)| what.per_column()) {
        let fits = match what {
            What::DateOrder => order(value).is_some(),
            What::DecimalMark => decimal(value).is_some(),
            What::ThousandsMark => thousands(value).is_some(),
            What::NullMarkers => texts(value).is_some(),
            What::Encoding
            | What::Delimiter
            | What::Quote
            | What::Escape
            | What::LineEnd
            | What::HeaderLines
            | What::PreambleLines
            | What::FooterLines
            | What::Table
            | What::Repair => true,
        };
        if !fits {
            return Err(InvalidOverride {
                what,
                value: value.to_string(),
            });
        }
    }
    Ok(())
}

/// The entries for one column; those that [`check_overrides`] refuses are not there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ColumnOverrides {
    pub(super) null_markers: Option<Vec<String>>,
    pub(super) marks: MarksSet,
    pub(super) order: Option<Order>,
}

impl ColumnOverrides {
    pub(super) fn of(overrides: &Overrides, column: &str) -> Self {
        let get = |what: What| overrides.get(what, Some(column));
        Self {
            null_markers: get(What::NullMarkers).and_then(texts),
            marks: MarksSet {
                decimal: get(What::DecimalMark).and_then(decimal),
                thousands: get(What::ThousandsMark).and_then(thousands),
            },
            order: get(What::DateOrder).and_then(order),
        }
    }
}

fn order(value: &Value) -> Option<Order> {
    Order::parse(value.as_str()?)
}

fn decimal(value: &Value) -> Option<char> {
    Marks::parse(value.as_str()?, "").map(|marks| marks.decimal)
}

fn thousands(value: &Value) -> Option<Option<char>> {
    let mut chars = value.as_str()?.chars();
    match (chars.next(), chars.next()) {
        (None, _) => Some(None),
        (Some(mark), None) if THOUSANDS_MARKS.contains(&mark) => Some(Some(mark)),
        (Some(_), _) => None,
    }
}

/// A text or a list of texts. The empty text is null in any case and is left out.
fn texts(value: &Value) -> Option<Vec<String>> {
    let texts = match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(values) => values
            .iter()
            .map(|value| value.as_str().map(str::to_owned))
            .collect::<Option<_>>()?,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => return None,
    };
    Some(
        texts
            .into_iter()
            .filter(|text: &String| !text.is_empty())
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_checked() {
        for (what, value, fits) in [
            (What::DateOrder, json!("dmy"), true),
            (What::DateOrder, json!("ydm"), false),
            (What::DecimalMark, json!(","), true),
            (What::DecimalMark, json!(";"), false),
            (What::ThousandsMark, json!(""), true),
            (What::ThousandsMark, json!("'"), true),
            (What::ThousandsMark, json!("x"), false),
            (What::NullMarkers, json!(["-", ""]), true),
            (What::NullMarkers, json!("-"), true),
            (What::NullMarkers, json!([1]), false),
            (What::HeaderLines, json!("not ours to check"), true),
        ] {
            let mut overrides = Overrides::default();
            overrides.set(what, None, value.clone());
            assert_eq!(
                check_overrides(&overrides).is_ok(),
                fits,
                "{what:?} {value}"
            );
        }
    }

    #[test]
    fn a_columns_own_entry_comes_first() {
        let mut overrides = Overrides::default();
        overrides.set(What::DateOrder, None, "mdy");
        overrides.set(What::DateOrder, Some("a".to_owned()), "dmy");
        overrides.set(What::NullMarkers, None, json!(["-", ""]));
        assert_eq!(ColumnOverrides::of(&overrides, "a").order, Some(Order::Dmy));
        let other = ColumnOverrides::of(&overrides, "b");
        assert_eq!(other.order, Some(Order::Mdy));
        assert_eq!(other.null_markers, Some(vec!["-".to_owned()]));
    }
}
