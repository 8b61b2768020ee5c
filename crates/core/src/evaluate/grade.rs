//! Grades: an answer beside the truth of its case.

use std::collections::{HashMap, HashSet};

use super::answer::{Answer, RankedField, RankedLabel};
use super::case::{Case, Columns, Task, Values};
use super::figures::Best;

/// How good the answer to one case is.
#[derive(Debug, Clone, PartialEq)]
pub enum Grade {
    /// Of columns.
    Columns(ColumnGrade),
    /// Of values.
    Values(ValueGrade),
}

/// How good a ranking of fields is. The figures are those of [`super::ColumnFigures`].
#[derive(Debug, Clone, PartialEq)]
pub struct ColumnGrade {
    pub(super) recall: f64,
    pub(super) reciprocal_rank: f64,
    pub(super) top1: f64,
    pub(super) top5: f64,
    pub(super) top20: f64,
    pub(super) f1: f64,
    /// Columns that have a target.
    pub(super) targeted: usize,
    /// Columns that are judged.
    pub(super) judged: usize,
    pub(super) exhaustive: bool,
    /// The best answer of each judged column that has one.
    pub(super) best: Vec<Best>,
}

/// How good a ranking of values is.
#[derive(Debug, Clone, PartialEq)]
pub struct ValueGrade {
    pub(super) values: usize,
    pub(super) top1: f64,
    pub(super) top5: f64,
    pub(super) reciprocal_rank: f64,
    /// Top-1 among the values that differ from their target in more than upper and lower case.
    pub(super) different: Option<f64>,
}

impl Grade {
    /// Grades an answer. An answer of the other kind is one without anything in it.
    #[must_use]
    pub fn of(case: &Case, answer: &Answer) -> Self {
        match (&case.task, answer) {
            (Task::Columns(columns), Answer::Columns(ranked)) => {
                Self::Columns(grade_columns(columns, case.exhaustive, ranked))
            }
            (Task::Columns(columns), Answer::Values(_)) => {
                Self::Columns(grade_columns(columns, case.exhaustive, &[]))
            }
            (Task::Values(values), Answer::Values(ranked)) => {
                Self::Values(grade_values(values, ranked))
            }
            (Task::Values(values), Answer::Columns(_)) => Self::Values(grade_values(values, &[])),
        }
    }
}

/// Fields in the order of their first entry, none twice.
fn fields_of<'a>(ranked: &[&'a RankedField]) -> Vec<&'a str> {
    let mut seen = HashSet::new();
    ranked
        .iter()
        .map(|pair| pair.field.as_str())
        .filter(|field| seen.insert(*field))
        .collect()
}

fn grade_columns(columns: &Columns, exhaustive: bool, ranked: &[RankedField]) -> ColumnGrade {
    let mut sorted: Vec<&RankedField> = ranked.iter().collect();
    sorted.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut by_column: HashMap<&str, Vec<&RankedField>> = HashMap::new();
    for &pair in &sorted {
        by_column.entry(&pair.column).or_default().push(pair);
    }
    let truth: HashSet<(&str, &str)> = columns
        .truth
        .iter()
        .map(|(column, field)| (column.as_str(), field.as_str()))
        .collect();
    let targeted = unique(columns.truth.iter().map(|(column, _)| column.as_str()));
    let found: HashSet<(&str, &str)> = sorted
        .iter()
        .take(truth.len())
        .map(|pair| (pair.column.as_str(), pair.field.as_str()))
        .filter(|pair| truth.contains(pair))
        .collect();
    let ranks: Vec<usize> = targeted
        .iter()
        .filter_map(|column| {
            let fields = fields_of(by_column.get(column)?);
            let at = fields.iter().position(|f| truth.contains(&(*column, *f)))?;
            Some(at + 1)
        })
        .collect();
    let within = |most: usize| of_all(ranks.iter().filter(|r| **r <= most).count(), targeted.len());
    let judged: Vec<&str> = if exhaustive {
        columns.names.iter().map(String::as_str).collect()
    } else {
        targeted.clone()
    };
    let best: Vec<Best> = unique(judged.iter().copied())
        .into_iter()
        .filter_map(|column| by_column.get(column)?.first())
        .map(|pair| Best {
            score: pair.score,
            right: truth.contains(&(pair.column.as_str(), pair.field.as_str())),
        })
        .collect();
    ColumnGrade {
        recall: of_all(found.len(), truth.len()),
        reciprocal_rank: ranks.iter().map(|rank| 1.0 / *rank as f64).sum::<f64>()
            / targeted.len().max(1) as f64,
        top1: within(1),
        top5: within(5),
        top20: within(20),
        f1: f1(&best, targeted.len()),
        targeted: targeted.len(),
        judged: judged.len(),
        exhaustive,
        best,
    }
}

/// F1 of the best answers; a score of 0 is an abstention.
fn f1(best: &[Best], targeted: usize) -> f64 {
    let given = best.iter().filter(|best| best.score > 0.0);
    let right = given.clone().filter(|best| best.right).count();
    let precision = of_all(right, given.count());
    let recall = of_all(right, targeted);
    if precision + recall > 0.0 {
        2.0 * precision * recall / (precision + recall)
    } else {
        0.0
    }
}

fn unique<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut seen = HashSet::new();
    names.filter(|name| seen.insert(*name)).collect()
}

fn of_all(part: usize, all: usize) -> f64 {
    part as f64 / all.max(1) as f64
}

fn grade_values(values: &Values, ranked: &[RankedLabel]) -> ValueGrade {
    let mut sorted: Vec<&RankedLabel> = ranked.iter().collect();
    sorted.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut by_value: HashMap<&str, Vec<Option<&str>>> = HashMap::new();
    for pair in sorted {
        let row = by_value.entry(&pair.value).or_default();
        row.push(pair.label.as_deref());
    }
    let rank = |(value, target): &(String, Option<String>)| {
        let row = by_value.get(value.as_str())?;
        let at = row.iter().position(|label| *label == target.as_deref())?;
        Some(at + 1)
    };
    let ranks: Vec<Option<usize>> = values.truth.iter().map(rank).collect();
    let within = |most: usize| {
        let hits = ranks.iter().flatten().filter(|rank| **rank <= most);
        of_all(hits.count(), ranks.len())
    };
    let different: Vec<bool> = values
        .truth
        .iter()
        .zip(&ranks)
        .filter(|((value, target), _)| !same_text(value, target.as_deref().unwrap_or_default()))
        .map(|(_, rank)| *rank == Some(1))
        .collect();
    ValueGrade {
        values: ranks.len(),
        top1: within(1),
        top5: within(5),
        reciprocal_rank: ranks.iter().flatten().map(|r| 1.0 / *r as f64).sum::<f64>()
            / ranks.len().max(1) as f64,
        different: (!different.is_empty()).then(|| {
            of_all(
                different.iter().filter(|hit| **hit).count(),
                different.len(),
            )
        }),
    }
}

fn same_text(a: &str, b: &str) -> bool {
    a.trim().to_lowercase() == b.trim().to_lowercase()
}
