//! Candidates: the plain mean of all measures, what it says about whole tables, and the fields of
//! each column that are worth a closer look.

use std::collections::BTreeMap;

use super::matrix::largest;
use super::sides::Sides;
use super::{Gathered, Matrix, Measure};

/// Up to so many fields, all are candidates of every column.
const ALL_FIELDS: usize = 60;
/// How many candidates each of the measures below names.
const NAMED: usize = 25;
/// Measures that name candidates.
const NAMING: [Measure; 11] = [
    Measure::Mean,
    Measure::NameWords,
    Measure::NamePieces,
    Measure::NameShortened,
    Measure::NameSynonyms,
    Measure::MeaningField,
    Measure::MeaningTexts,
    Measure::TextWords,
    Measure::ValuesMeanName,
    Measure::ValuePieces,
    Measure::Detected,
];

impl Gathered {
    /// The weighted mean of the measures that are there, 0 without any.
    pub(super) fn mean(&mut self) {
        let counting: Vec<(f32, &Matrix)> = Measure::ALL
            .iter()
            .filter(|measure| measure.counts() > 0.0)
            .filter_map(|&measure| Some((measure.counts(), self.measure(measure)?)))
            .collect();
        let width = self.same_names.len();
        let mut mean = Matrix::absent(self.columns, width);
        let mut weights = vec![0.0_f32; width];
        for column in 0..self.columns {
            let row = mean.row_mut(column);
            row.fill(0.0);
            weights.fill(0.0);
            for (weight, matrix) in &counting {
                let values = matrix.row(column).iter();
                for ((sum, weights), value) in row.iter_mut().zip(&mut weights).zip(values) {
                    let known = !value.is_nan();
                    *sum += if known { weight * value } else { 0.0 };
                    *weights += if known { *weight } else { 0.0 };
                }
            }
            for (sum, weights) in row.iter_mut().zip(&weights) {
                *sum = if *weights > 0.0 { *sum / weights } else { 0.0 };
            }
        }
        self.set(Measure::Mean, mean);
    }

    /// How well the other columns of the same table like each table of the target, by their best
    /// field in it; the best liked one is 1.
    pub(super) fn tables(&mut self, columns: &Sides, fields: &Sides) {
        let mut numbers: BTreeMap<&String, usize> = BTreeMap::new();
        for group in fields.groups.iter().flatten() {
            let next = numbers.len();
            numbers.entry(group).or_insert(next);
        }
        if numbers.len() < 2 {
            return;
        }
        let number = |field: usize| numbers.get(fields.groups.get(field)?.as_ref()?).copied();
        let best: Vec<Vec<f32>> = (0..self.columns)
            .map(|column| {
                let mut best = vec![0.0_f32; numbers.len()];
                for field in 0..fields.groups.len() {
                    if let Some(cell) = number(field).and_then(|group| best.get_mut(group)) {
                        *cell = cell.max(self.get(Measure::Mean, column, field));
                    }
                }
                best
            })
            .collect();
        let liked: Vec<Vec<f32>> = (0..self.columns)
            .map(|column| {
                let own = columns.groups.get(column);
                let others = best
                    .iter()
                    .enumerate()
                    .filter(|(other, _)| *other != column && columns.groups.get(*other) == own);
                liked(others.map(|(_, best)| best), numbers.len())
            })
            .collect();
        let matrix = Matrix::of(self.columns, fields.groups.len(), |column, field| {
            liked.get(column)?.get(number(field)?).copied()
        });
        self.set(Measure::TableLiked, matrix);
    }

    /// The fields of each column that are worth a closer look, in the target's order: all of a
    /// small target, else the best by each of several measures.
    pub(super) fn choose_candidates(&mut self, fields: usize) {
        let choose = |column: usize| {
            if fields <= ALL_FIELDS {
                return (0..fields).collect();
            }
            let mut chosen: Vec<usize> = NAMING
                .iter()
                .filter_map(|&measure| self.measure(measure))
                .flat_map(|matrix| largest(matrix.row(column), NAMED))
                .collect();
            chosen.sort_unstable();
            chosen.dedup();
            chosen
        };
        self.candidates = (0..self.columns).map(choose).collect();
    }
}

/// How well columns like each of so many tables, by their best fields, beside the one that they
/// like best; nothing where they like none.
fn liked<'a>(columns: impl Iterator<Item = &'a Vec<f32>>, tables: usize) -> Vec<f32> {
    let mut sums = vec![0.0_f32; tables];
    for best in columns {
        for (sum, best) in sums.iter_mut().zip(best) {
            *sum += best;
        }
    }
    let most = sums.iter().copied().fold(0.0, f32::max);
    if most <= 0.0 {
        return Vec::new();
    }
    // The fourth power sets apart what differs by little in the mean of many columns.
    sums.iter().map(|sum| (sum / most).powi(4)).collect()
}
