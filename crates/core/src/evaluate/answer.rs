//! What matching says to a case, as ranked lists: for every column its fields, for every value its
//! labels, the best first.

use std::collections::HashMap;

use serde::Serialize;

use super::case::{Case, Columns, Task, Values};
use crate::matching::{LabelSet, Memory, Table, Weights, score_by};

/// So many fields and no more are all listed.
const ALL_FIELDS: usize = 60;
/// Of more fields, so many per column are listed.
const MOST_FIELDS: usize = 50;

/// The answer to a case, the highest score first.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// To columns.
    Columns(Vec<RankedField>),
    /// To values.
    Values(Vec<RankedLabel>),
}

/// A column with a field that may be its target.
#[derive(Debug, Clone, PartialEq)]
pub struct RankedField {
    /// The column's name as it is written.
    pub column: String,
    /// The field's.
    pub field: String,
    /// Probability that the pair is right, with six digits.
    pub score: f64,
}

/// A value with one that it may stand for.
#[derive(Debug, Clone, PartialEq)]
pub struct RankedLabel {
    /// The source's value.
    pub value: String,
    /// The target's; `None` where nothing is thinkable.
    pub label: Option<String>,
    /// Score, with six digits.
    pub score: f64,
}

impl Case {
    /// Asks matching, by these weights.
    #[must_use]
    pub fn answer(&self, weights: &Weights) -> Answer {
        match &self.task {
            Task::Columns(columns) => Answer::Columns(ranked_fields(columns, weights)),
            Task::Values(values) => Answer::Values(ranked_labels(values)),
        }
    }
}

fn ranked_fields(columns: &Columns, weights: &Weights) -> Vec<RankedField> {
    let table = Table {
        name: columns.table.as_deref(),
        columns: &columns.profiles,
        named: true,
        stated: &columns.stated,
    };
    let scores = score_by(weights, &table, &columns.target, &Memory::default());
    let fields = columns.target.fields.len();
    let most = if fields <= ALL_FIELDS {
        fields
    } else {
        MOST_FIELDS
    };
    let mut ranked = Vec::new();
    for (index, name) in columns.names.iter().enumerate() {
        let mut row: Vec<RankedField> = columns
            .target
            .fields
            .iter()
            .enumerate()
            .filter_map(|(at, field)| {
                Some(RankedField {
                    column: name.clone(),
                    field: field.name.clone(),
                    score: six_digits(scores.pair(index, at)?.probability),
                })
            })
            .collect();
        row.sort_by(|a, b| b.score.total_cmp(&a.score));
        row.truncate(most);
        ranked.extend(row);
    }
    // Both sorts are stable: equals stand in the order of columns and fields.
    ranked.sort_by(|a, b| b.score.total_cmp(&a.score));
    ranked
}

fn ranked_labels(values: &Values) -> Vec<RankedLabel> {
    let mut ranked = Vec::new();
    let answers = LabelSet::of(&values.labels).rank(&values.values);
    for (value, answer) in values.values.iter().zip(answers) {
        let best = answer.labels.first().map_or(0.0, |(_, score)| *score);
        let thinkable = answer.labels.iter().filter(|(_, score)| *score > 0.0);
        let row = thinkable.take(MOST_FIELDS).filter_map(|(at, score)| {
            Some(RankedLabel {
                value: value.value.clone(),
                label: Some(values.labels.get(*at)?.value.clone()),
                // The first one has its probability, the others their share of it.
                score: six_digits(answer.probability * score / best),
            })
        });
        let before = ranked.len();
        ranked.extend(row);
        if ranked.len() == before {
            ranked.push(RankedLabel {
                value: value.value.clone(),
                label: None,
                score: six_digits(1.0 - answer.probability),
            });
        }
    }
    ranked.sort_by(|a, b| b.score.total_cmp(&a.score));
    ranked
}

/// What the confidence of a value rests on, for training it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ValueSignals {
    /// The suite.
    pub suite: String,
    /// The case.
    pub case: String,
    /// Whether what ships may be trained on it.
    pub train: bool,
    /// Whether the best label is right.
    pub right: bool,
    /// The signals.
    pub signals: Vec<f64>,
    /// The same, were the best label not there.
    pub next: Vec<f64>,
}

impl Case {
    /// What the confidence of each value rests on; nothing for a case of columns.
    #[must_use]
    pub fn value_signals(&self) -> Vec<ValueSignals> {
        let Task::Values(values) = &self.task else {
            return Vec::new();
        };
        let truth: HashMap<&str, Option<&str>> = values
            .truth
            .iter()
            .map(|(value, target)| (value.as_str(), target.as_deref()))
            .collect();
        let answers = LabelSet::of(&values.labels).rank(&values.values);
        let answered = values.values.iter().zip(answers);
        answered
            .map(|(value, answer)| {
                let best = answer.labels.first();
                let best = best.and_then(|(at, _)| values.labels.get(*at));
                let target = truth.get(value.value.as_str()).copied().flatten();
                ValueSignals {
                    suite: self.suite.clone(),
                    case: self.name.clone(),
                    train: self.train,
                    right: best.is_some() && best.map(|label| label.value.as_str()) == target,
                    signals: answer.signals,
                    next: answer.next_signals,
                }
            })
            .collect()
    }
}

fn six_digits(score: f64) -> f64 {
    (score * 1e6).round() / 1e6
}
