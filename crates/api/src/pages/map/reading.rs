//! Reading decisions as chips: what was decided, why, and what else it could be. Pure.

use aimapper_core::mapping::{Mapping, Question, Subject, value_in_words, what_in_words};
use aimapper_core::source::{Decision, What};
use serde_json::{Value, json};

use super::view::Mark;
use crate::pages::figures::visible;

/// One decision.
#[derive(Debug, Clone)]
pub(crate) struct Chip {
    /// Its position among the decisions: forms name it by this.
    pub index: usize,
    /// What it is about, in words.
    pub what: &'static str,
    /// The column, if it is about one.
    pub column: Option<String>,
    /// Its value in words.
    pub value: String,
    /// Why.
    pub reason: String,
    /// How sure it is.
    pub mark: Mark,
    /// Whether a person has to answer.
    pub asked: bool,
    /// Whether the source has to be read again when it changes.
    pub rereads: bool,
    /// Other values.
    pub options: Vec<ChipOption>,
    /// Whether any number can be given.
    pub numeric: bool,
}

/// A value that a decision could have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ChipOption {
    /// The value as JSON.
    pub json: String,
    /// In words.
    pub words: String,
    /// `0.12`, where the program has an estimate.
    pub number: Option<String>,
}

/// All of them: those that need a person first, then as they were reported.
pub(super) fn chips(mapping: &Mapping, questions: &[Question]) -> Vec<Chip> {
    let mut all: Vec<Chip> = mapping
        .decisions
        .iter()
        .enumerate()
        .filter(|(_, decision)| says_something(decision))
        .map(|(index, decision)| chip(index, decision, questions))
        .collect();
    all.sort_by_key(|chip| !chip.asked);
    all
}

/// Whether a decision is worth a chip: nulls that were not found and repairs that were not made are
/// not.
fn says_something(decision: &Decision) -> bool {
    let empty = decision.value.as_array().is_some_and(Vec::is_empty);
    let none = matches!(decision.value.as_str(), Some(""));
    match decision.what {
        What::NullMarkers => !empty,
        What::ThousandsMark | What::Repair => !none || !decision.sure,
        What::FooterLines | What::PreambleLines => decision.value != json!(0) || !decision.sure,
        What::Encoding
        | What::Delimiter
        | What::Quote
        | What::Escape
        | What::LineEnd
        | What::HeaderLines
        | What::Table
        | What::DecimalMark
        | What::DateOrder => true,
    }
}

fn chip(index: usize, decision: &Decision, questions: &[Question]) -> Chip {
    let asked = questions.iter().any(|question| {
        matches!(&question.about, Subject::Reading { what, column }
            if *what == decision.what && *column == decision.column)
    });
    Chip {
        index,
        what: what_in_words(decision.what),
        column: decision.column.as_deref().map(visible),
        value: visible(&value_in_words(&decision.value)),
        reason: visible(&decision.reason),
        mark: Mark::of(decision.confidence),
        asked,
        rereads: !decision.what.per_column(),
        options: options(decision),
        numeric: is_numeric(decision.what),
    }
}

const fn is_numeric(what: What) -> bool {
    match what {
        What::HeaderLines | What::PreambleLines | What::FooterLines | What::Table => true,
        What::Encoding
        | What::Delimiter
        | What::Quote
        | What::Escape
        | What::LineEnd
        | What::Repair
        | What::DecimalMark
        | What::ThousandsMark
        | What::DateOrder
        | What::NullMarkers => false,
    }
}

/// The rivals with their estimates, then what is usual for this kind of decision.
fn options(decision: &Decision) -> Vec<ChipOption> {
    let mut all: Vec<ChipOption> = decision
        .alternatives
        .iter()
        .map(|rival| option(&rival.value, Some(rival.confidence)))
        .collect();
    for value in usual(decision.what) {
        let option = option(&value, None);
        if value != decision.value && all.iter().all(|known| known.json != option.json) {
            all.push(option);
        }
    }
    all
}

fn option(value: &Value, confidence: Option<f64>) -> ChipOption {
    ChipOption {
        json: value.to_string(),
        words: visible(&value_in_words(value)),
        number: confidence.map(|number| format!("{number:.2}")),
    }
}

fn usual(what: What) -> Vec<Value> {
    let texts: &[&str] = match what {
        What::Encoding => &["utf-8", "windows-1252", "iso-8859-15", "utf-16le"],
        What::Delimiter => &[";", ",", "\t", "|"],
        What::Quote => &["\"", "'", ""],
        What::DecimalMark => &[".", ","],
        What::ThousandsMark => &[".", ",", "'", " ", ""],
        What::DateOrder => &["dmy", "mdy", "ymd"],
        What::Repair => &["all", ""],
        What::Escape
        | What::LineEnd
        | What::HeaderLines
        | What::PreambleLines
        | What::FooterLines
        | What::Table
        | What::NullMarkers => &[],
    };
    texts.iter().map(|text| json!(text)).collect()
}
