//! Scores: for every column and every field the probability that one fills the other, with the
//! evidence.

use super::evidence::{Features, Gathered, Measure, PreparedTarget, Standing};
use super::memory::Recalled;
use super::model::{Leader, Weights};
use super::tell::{Teller, Told};
use super::together::{Ranked, together};
use super::{Memory, Table};
use crate::mapping::Evidence;
use crate::target::TargetSchema;

/// One column and one field.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    /// Position of the column in the table.
    pub column: usize,
    /// Position of the field in the target.
    pub field: usize,
    /// Probability that the column fills the field, 0 to 1.
    pub probability: f64,
    /// Whether there is more than likeness: the same name, which no other field has, or values that
    /// the field knows, or the column was chosen for it before. Without it nothing is called
    /// sure.
    pub proved: bool,
    /// Whether the column was chosen for the field before. A column may be, for several.
    pub chosen: bool,
    /// What speaks for and against it, the strongest first; empty where nothing makes the pair
    /// thinkable.
    pub evidence: Vec<Evidence>,
}

/// The probabilities of all pairs.
#[derive(Debug, Clone, PartialEq)]
pub struct Scores {
    columns: Vec<String>,
    fields: Vec<String>,
    pairs: Vec<Pair>,
}

/// Highest probability; nothing that was not confirmed is certain.
pub(super) const MOST: f64 = 0.99;
/// Highest probability of a pair whose values do not fit the field's type at all.
const MOST_IN_CONFLICT: f64 = 0.25;
/// Below this a pair is not worth its evidence.
const FLOOR: f64 = 0.02;
/// Log-odds that a field loses for each unit that its mean of measures is behind the best one of
/// the column. The trees know what they were trained on; on other tables the plain mean orders the
/// fields as well as they do, and both together better.
const BEHIND: f64 = 10.0;
/// Least confidence where the names are the same by letters, words or the rules of the lexicon, the
/// values are what the field asks for, and neither has a better choice. Of the pairs in the cases
/// for training that are first by the plain mean on both sides, 40 of 40 are right (rule of three).
const NAME_AND_VALUES: f64 = 0.93;
/// Least confidence in the very name of a field that no other field has: more likely right than
/// wrong.
const SAME_LETTERS: f64 = 0.6;
/// Log-odds by which the first field of a column has to be ahead to be its clear choice.
const CLEAR: f64 = 0.5;
/// How far a field without a rival is ahead of nothing, in log-odds.
const WITHOUT_RIVAL: f64 = 6.0;

impl Scores {
    /// Names of the columns, in the table's order.
    #[must_use]
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Names of the fields, in the target's order.
    #[must_use]
    pub fn fields(&self) -> &[String] {
        &self.fields
    }

    /// All pairs, column by column.
    #[must_use]
    pub fn pairs(&self) -> &[Pair] {
        &self.pairs
    }

    /// All pairs, to be changed.
    pub(super) fn pairs_mut(&mut self) -> impl Iterator<Item = &mut Pair> {
        self.pairs.iter_mut()
    }

    /// One pair, by positions.
    #[must_use]
    pub fn pair(&self, column: usize, field: usize) -> Option<&Pair> {
        if field >= self.fields.len() {
            return None;
        }
        self.pairs
            .get(column.checked_mul(self.fields.len())?.checked_add(field)?)
    }
}

/// Scores every column against every field.
///
/// A table may have names only (profiles with `count` 0) or rows only (`named` false, or headers
/// that a program invented); what is absent is no evidence, neither for nor against.
#[must_use]
pub fn score(table: &Table, target: &TargetSchema, memory: &Memory) -> Scores {
    score_by(Weights::built_in(), table, target, memory)
}

/// As [`score`], by other weights: those that were trained without some of the cases, to see how
/// well they do on these.
#[must_use]
pub fn score_by(
    weights: &Weights,
    table: &Table,
    target: &TargetSchema,
    memory: &Memory,
) -> Scores {
    let prepared = PreparedTarget::new(target).leaving_out(&weights.left_out);
    score_prepared(weights, table, (target, &prepared), memory)
}

/// As [`score_by`], for a target that was prepared before.
#[must_use]
pub fn score_prepared(
    weights: &Weights,
    table: &Table,
    (target, prepared): (&TargetSchema, &PreparedTarget<'_>),
    memory: &Memory,
) -> Scores {
    let gathered = Gathered::new(table, prepared);
    let recalled = Recalled::of(memory, table, target);
    let fields = target.fields.len();
    let shape = (table.columns.len(), fields);
    let mut probabilities = probabilities(weights, &gathered, &recalled, shape);
    recalled.weigh(&mut probabilities, fields);
    let teller = Teller::new(table, prepared, &gathered, &recalled);
    let columns = table.columns.iter();
    Scores {
        columns: columns.map(|profile| profile.name.clone()).collect(),
        fields: target
            .fields
            .iter()
            .map(|field| field.name.clone())
            .collect(),
        pairs: pairs(&teller, &probabilities, fields),
    }
}

/// The probabilities of all pairs, column by column; 0 for what is no candidate.
fn probabilities(
    weights: &Weights,
    gathered: &Gathered,
    recalled: &Recalled,
    (columns, fields): (usize, usize),
) -> Vec<f64> {
    let (features, mut ranked): (Vec<Features>, Vec<Ranked>) = (0..columns)
        .map(|column| {
            let features = gathered.features(column);
            let ranked = rank(weights, gathered, column, &features);
            (features, ranked)
        })
        .unzip();
    together(
        &mut ranked,
        fields,
        |column| gathered.column_part(column),
        |field| gathered.field_part(field),
    );
    let leaders: Vec<Option<Leader>> = features
        .iter()
        .zip(&ranked)
        .enumerate()
        .map(|(column, (features, ranked))| {
            let (field, leader) = leader(gathered, column, features, ranked)?;
            let confirmed = recalled.confirmed(column, field);
            Some(Leader {
                confirmed,
                ..leader
            })
        })
        .collect();
    let known: Vec<Leader> = leaders.iter().flatten().copied().collect();
    let mut confidences = weights.confidence.of(&known, recalled.past).into_iter();
    let mut probabilities = vec![0.0; columns * fields];
    let rows = probabilities.chunks_mut(fields.max(1));
    for (column, ((ranked, leader), row)) in ranked.iter().zip(&leaders).zip(rows).enumerate() {
        let Some(leader) = leader else { continue };
        let confidence = confidences.next().unwrap_or(0.0);
        let least = ranked.first().map_or(0.0, |&(field, _)| {
            least_confidence(gathered, (column, field), leader)
        });
        for (place, &(field, logit)) in ranked.iter().enumerate() {
            let share = confidence * share_of_leader(logit, leader.first);
            if let Some(cell) = row.get_mut(field) {
                // What a leader has for certain, its rivals cannot have.
                *cell = if place == 0 {
                    share.max(least)
                } else {
                    share * (1.0 - least)
                };
            }
        }
    }
    probabilities
}

/// Scores the candidates of a column, each by itself.
fn rank(weights: &Weights, gathered: &Gathered, column: usize, features: &Features) -> Ranked {
    let mean = |field: usize| {
        let mean = gathered.get(Measure::Mean, column, field);
        if mean.is_nan() { 0.0 } else { f64::from(mean) }
    };
    let candidates = gathered.candidates(column).iter();
    let best = candidates.map(|&field| mean(field)).fold(0.0, f64::max);
    let fields = features.fields().iter();
    fields
        .zip(weights.forest.scores(features))
        .map(|(&field, score)| {
            let behind = mean(field) - best;
            (field, behind.mul_add(BEHIND, score))
        })
        .collect()
}

/// The best field of a column and what is known of it; `None` without a candidate.
fn leader(
    gathered: &Gathered,
    column: usize,
    features: &Features,
    ranked: &[(usize, f64)],
) -> Option<(usize, Leader)> {
    let &(field, first) = ranked.first()?;
    let second = ranked.get(1);
    let second = second.map_or(first - WITHOUT_RIVAL, |(_, logit)| *logit);
    let place = features.fields().iter().position(|own| *own == field)?;
    let number = |measure: Measure| {
        let value = gathered.get(measure, column, field);
        (!value.is_nan()).then(|| f64::from(value))
    };
    let values = [
        Measure::ValuePieces,
        Measure::ValuesKnown,
        Measure::ValuesMeanValues,
    ];
    let leader = Leader {
        first,
        second,
        values: values.into_iter().filter_map(number).reduce(f64::max),
        equal: number(Measure::NameEqual),
        votes: gathered.agreement(column, field),
        both_have_values: number(Measure::ValuePieces).is_some(),
        same_names: gathered.same_names(field),
        kind: number(Measure::KindFits),
        meaning_lead: features.standing(place, Measure::MeaningField, Standing::Lead),
        ahead_by_values: features.standing(place, Measure::ValuePieces, Standing::LeadOfColumn),
        ahead_by_rules: features.standing(place, Measure::NameRules, Standing::LeadOfColumn),
        ahead_by_mean: features.standing(place, Measure::Mean, Standing::LeadOfColumn),
        confirmed: None,
    };
    Some((field, leader))
}

/// What is known of the leader whatever the rest of the table tells: of a table of one column it
/// tells nothing.
fn least_confidence(gathered: &Gathered, (column, field): (usize, usize), leader: &Leader) -> f64 {
    let at_least = |measure, least| gathered.get(measure, column, field) >= least;
    let equal = leader.equal.unwrap_or(0.0);
    let alone = leader.same_names == 1;
    let is_ahead = |lead: Option<f64>| lead.is_none_or(|lead| lead > 0.0);
    let first_choice = leader.first - leader.second >= CLEAR
        && (is_ahead(leader.ahead_by_mean) || is_ahead(leader.ahead_by_rules));
    let values_fit = at_least(Measure::TypeFits, 0.98)
        || at_least(Measure::KindFits, f32::MIN_POSITIVE)
        || at_least(Measure::LabelsMatched, 0.9);
    if alone && first_choice && values_fit && equal >= 0.7 {
        NAME_AND_VALUES
    } else if alone && equal >= 1.0 {
        SAME_LETTERS
    } else {
        0.0
    }
}

/// How probable a field is beside the leader, by their odds.
fn share_of_leader(logit: f64, leader: f64) -> f64 {
    let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
    sigmoid(logit) / sigmoid(leader).max(f64::MIN_POSITIVE)
}

/// The pairs with their evidence, where one is likely enough to be looked at.
fn pairs(teller: &Teller, probabilities: &[f64], fields: usize) -> Vec<Pair> {
    probabilities
        .iter()
        .enumerate()
        .map(|(place, &probability)| {
            let (column, field) = (place / fields, place % fields);
            let told = if probability >= FLOOR {
                teller.tell(column, field)
            } else {
                Told::default()
            };
            let most = if told.conflict {
                MOST_IN_CONFLICT
            } else {
                MOST
            };
            Pair {
                column,
                field,
                probability: probability.min(most),
                proved: teller.proves(column, field),
                chosen: teller.was_chosen(column, field) && !told.conflict,
                evidence: told.evidence,
            }
        })
        .collect()
}
