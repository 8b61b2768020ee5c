//! Assignment: which column fills which field, or none where nothing is likely enough.

use super::rivals::beside_rivals;
use super::scores::{MOST, Pair, Scores};
use crate::mapping::{Evidence, SourceAlternative};

/// How one field is filled, before any rule is made of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    /// The target field.
    pub field: String,
    /// The columns; empty where nothing reaches the bar.
    pub sources: Vec<String>,
    /// Probability that the sources are right; without sources, of the best that there was.
    pub confidence: f64,
    /// The most that the confidence may become by what is learnt later: below what is called sure
    /// where there is nothing but likeness.
    pub most: f64,
    /// What speaks for and against the sources.
    pub evidence: Vec<Evidence>,
    /// Other columns, most likely first, at most five.
    pub alternatives: Vec<SourceAlternative>,
}

/// How many alternatives are listed.
const MOST_ALTERNATIVES: usize = 5;
/// Highest confidence of what is only likely: below what is called sure.
const MOST_UNPROVED: f64 = 0.89;
/// Alternatives below this are not worth showing.
const FLOOR: f64 = 0.02;

/// Takes the most probable pairs one after another, each field once, and each column once or for what it
/// was chosen for before; pairs below `bar` are not taken. One proposal per field, in the target's order.
///
/// Rivals are weighed against each other first, so that the order of taking decides nothing that is
/// close: two equal rivals both stay below one half. What is not [`Pair::proved`] is never sure. Equals are
/// taken in the order of columns, then fields.
#[must_use]
pub fn assign(scores: &Scores, bar: f64) -> Vec<Proposal> {
    let scores = &contested(scores);
    let mut pairs: Vec<&Pair> = scores
        .pairs()
        .iter()
        .filter(|pair| pair.probability >= bar)
        .collect();
    pairs.sort_by(|a, b| {
        b.probability
            .total_cmp(&a.probability)
            .then(a.column.cmp(&b.column))
            .then(a.field.cmp(&b.field))
    });
    let mut taken: Vec<Option<&Pair>> = vec![None; scores.fields().len()];
    let mut used = vec![false; scores.columns().len()];
    for pair in pairs {
        if let (Some(field @ None), Some(column)) =
            (taken.get_mut(pair.field), used.get_mut(pair.column))
            && (pair.chosen || !*column)
        {
            *field = Some(pair);
            *column = true;
        }
    }
    scores
        .fields()
        .iter()
        .enumerate()
        .zip(taken)
        .map(|((index, field), taken)| propose(scores, index, field, taken))
        .collect()
}

/// The scores beside their rivals.
fn contested(scores: &Scores) -> Scores {
    let mut contested = scores.clone();
    for (pair, beside) in contested.pairs_mut().zip(beside_rivals(scores)) {
        // What a person chose, for one field or for several, is in no doubt beside the rest.
        let beside = if pair.chosen {
            pair.probability
        } else {
            beside.min(pair.probability)
        };
        pair.probability = beside.min(most(pair));
    }
    contested
}

const fn most(pair: &Pair) -> f64 {
    if pair.proved { MOST } else { MOST_UNPROVED }
}

fn propose(scores: &Scores, index: usize, field: &str, taken: Option<&Pair>) -> Proposal {
    let name = |column: usize| scores.columns().get(column).cloned();
    let mut rivals: Vec<&Pair> = (0..scores.columns().len())
        .filter_map(|column| scores.pair(column, index))
        .filter(|pair| pair.probability >= FLOOR)
        .filter(|pair| taken.is_none_or(|taken| taken.column != pair.column))
        .collect();
    // The sort is stable: equals keep the order of the columns.
    rivals.sort_by(|a, b| b.probability.total_cmp(&a.probability));
    let best = rivals.first().map_or(0.0, |pair| pair.probability);
    Proposal {
        field: field.to_owned(),
        sources: taken
            .and_then(|pair| name(pair.column))
            .into_iter()
            .collect(),
        confidence: taken.map_or(best, |pair| pair.probability),
        most: taken.map_or(MOST_UNPROVED, most),
        evidence: taken.map(|pair| pair.evidence.clone()).unwrap_or_default(),
        alternatives: rivals
            .iter()
            .take(MOST_ALTERNATIVES)
            .filter_map(|pair| {
                Some(SourceAlternative {
                    sources: vec![name(pair.column)?],
                    confidence: pair.probability,
                })
            })
            .collect(),
    }
}
