//! Texts that may mean "no value", and the decision whether they do.
//!
//! They do where all other values have a type that the marker does not have: `N/A` among numbers.
//! Among texts, and where the marker is a value of the type itself (`9999-12-31` among dates), it
//! is only shown as an alternative: a person decides.

use std::collections::BTreeMap;

use super::choice::{BY_PERSON, choose_marks, choose_order};
use super::column::Parts;
use super::observed::Observed;
use super::overrides::ColumnOverrides;
use super::semantic::{Readings, typed};
use super::summary::Summary;
use crate::source::{Alternative, Decision, What};

/// The texts that are known to be written where there is no value. Short on purpose: a text that
/// is not here can be set by a person.
const MARKERS: [&str; 48] = [
    "NULL",
    "Null",
    "null",
    "(null)",
    "(NULL)",
    "<null>",
    "<NULL>",
    "#NULL!",
    "\\N",
    "N/A",
    "n/a",
    "#N/A",
    "#NV",
    "NA",
    "n.a.",
    "N.A.",
    "k.A.",
    "k. A.",
    "k.a.",
    "keine Angabe",
    "none",
    "None",
    "NONE",
    "nil",
    "Nil",
    "NIL",
    "NaN",
    "nan",
    "NAN",
    "leer",
    "(leer)",
    "(blank)",
    "-",
    "--",
    "---",
    "\u{2013}",
    "\u{2014}",
    ".",
    "..",
    "...",
    "?",
    "??",
    "9999-12-31",
    "31.12.9999",
    "12/31/9999",
    "31/12/9999",
    "0000-00-00",
    "00.00.0000",
];

/// Texts of nothing but blanks are markers up to this length in bytes.
const BLANKS: usize = 16;

/// Whether a text may mean "no value": one of the list, or nothing but white space.
pub(super) fn is_marker(text: &str) -> bool {
    if text.len() > BLANKS {
        return false;
    }
    let Some(first) = text.chars().next() else {
        return false;
    };
    // Most values leave here.
    let can_be = match first {
        '0'..='9' => text.len() == 10 && YEARS.iter().any(|year| has_at_an_end(text, year)),
        _ => first.is_whitespace() || "Nn(<#\\kl-\u{2013}\u{2014}.?".contains(first),
    };
    can_be && (MARKERS.contains(&text) || text.chars().all(char::is_whitespace))
}

/// The years of the dates among the markers.
const YEARS: [&[u8; 4]; 2] = [b"9999", b"0000"];

fn has_at_an_end(text: &str, year: &[u8; 4]) -> bool {
    let bytes = text.as_bytes();
    bytes.first_chunk() == Some(year) || bytes.last_chunk() == Some(year)
}

/// Which markers are null, and the decision that says so; all others are values.
#[derive(Debug, Default)]
pub(super) struct NullChoice {
    pub(super) null: Vec<String>,
    pub(super) decision: Option<Decision>,
}

/// Decides what the markers of a column are, by its other values.
pub(super) fn choose_nulls(parts: &Parts, set: &ColumnOverrides, column: &str) -> NullChoice {
    if let Some(markers) = &set.null_markers {
        let decision = decision(markers, 1.0, Vec::new(), BY_PERSON.to_owned(), column);
        return NullChoice {
            null: markers.clone(),
            decision: Some(decision),
        };
    }
    let all = by_rows(&parts.markers);
    if all.is_empty() {
        return NullChoice::default();
    }
    if parts.summary.text.rows == 0 {
        let reason = format!("{}; the column has no other value", counted(&all, parts));
        let decision = decision(&all, 0.95, vec![alternative(&[], 0.05)], reason, column);
        return NullChoice {
            null: all,
            decision: Some(decision),
        };
    }
    let Some(semantic) = typed(&parts.summary, &readings(&parts.summary, set)) else {
        let reason = format!("{}; the column holds texts", counted(&all, parts));
        let decision = decision(&[], 0.6, vec![alternative(&all, 0.4)], reason, column);
        return NullChoice {
            null: Vec::new(),
            decision: Some(decision),
        };
    };
    let is_value = |marker: &String| {
        let mut alone = Summary::default();
        alone.add(Observed::new(marker), 1, u64::MAX);
        typed(&alone, &readings(&alone, set)) == Some(semantic)
    };
    let (kept, null): (Vec<String>, Vec<String>) = all.iter().cloned().partition(is_value);
    let (confidence, other, why) = match (null.is_empty(), kept.is_empty()) {
        (true, _) => (
            0.9,
            alternative(&all, 0.1),
            "as the other values, but an unusual one",
        ),
        (false, true) => (0.97, alternative(&[], 0.03), "all other values have a type"),
        (false, false) => (
            0.9,
            alternative(&all, 0.1),
            "some are values of the column's type",
        ),
    };
    let reason = format!("{}; {why}", counted(&all, parts));
    let decision = decision(&null, confidence, vec![other], reason, column);
    NullChoice {
        null,
        decision: Some(decision),
    }
}

/// Chooses how a column's values are read, from these values alone.
pub(super) fn readings(summary: &Summary, set: &ColumnOverrides) -> Readings {
    Readings {
        marks: choose_marks(&summary.numbers, set.marks),
        percent_marks: choose_marks(&summary.percents, set.marks),
        order: choose_order(&summary.dates, set.order),
    }
}

fn by_rows(markers: &BTreeMap<String, u64>) -> Vec<String> {
    let mut all: Vec<(&String, u64)> = markers.iter().map(|(m, rows)| (m, *rows)).collect();
    all.sort_by_key(|(_, rows)| std::cmp::Reverse(*rows));
    all.into_iter().map(|(marker, _)| marker.clone()).collect()
}

/// "`N/A` in 3 rows, `-` in 1 row".
fn counted(markers: &[String], parts: &Parts) -> String {
    let counts = markers.iter().map(|marker| {
        let rows = parts.markers.get(marker).copied().unwrap_or(0);
        format!(
            "`{marker}` in {rows} {}",
            if rows == 1 { "row" } else { "rows" }
        )
    });
    counts.collect::<Vec<_>>().join(", ")
}

fn alternative(markers: &[String], confidence: f64) -> Alternative {
    Alternative {
        value: markers.into(),
        confidence,
    }
}

fn decision(
    markers: &[String],
    confidence: f64,
    alternatives: Vec<Alternative>,
    reason: String,
    column: &str,
) -> Decision {
    Decision::new(What::NullMarkers, markers, confidence, alternatives, reason).of_column(column)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_are_short_and_once_each() {
        let mut sorted = MARKERS;
        sorted.sort_unstable();
        assert!(sorted.windows(2).all(|pair| pair[0] != pair[1]));
        assert!(MARKERS.iter().all(|text| is_marker(text)));
    }

    #[test]
    fn values_are_not() {
        for text in ["", "0", "no", "N", "x", "unknown", "Nulli", "1900-01-01"] {
            assert!(!is_marker(text), "{text}");
        }
        for text in ["  ", "\t", "\u{a0}\u{a0}", &" ".repeat(BLANKS)] {
            assert!(is_marker(text), "{text:?}");
        }
        assert!(!is_marker(&" ".repeat(BLANKS + 1)));
    }
}
