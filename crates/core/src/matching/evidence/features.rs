//! Features: the measures of a candidate, and how it stands among its rivals, as the trained model
//! takes them: whole hundredths in one byte, so that the same decision falls on every machine.

use super::measure::{Measure, RIVALLED, VOTES};
use super::number::small;
use super::{Gathered, Kind};

/// How many features a candidate has.
pub(crate) const FEATURES: usize = Measure::ALL.len() + 4 * RIVALLED.len() + VOTES.len() + 1;

/// What stands for "absent".
pub(crate) const ABSENT: i8 = i8::MIN;

/// The features of one candidate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Features {
    /// The field.
    pub(crate) field: usize,
    /// In the order of [`feature_names`].
    pub(crate) values: [i8; FEATURES],
}

/// How a measure stands among the rivals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Ahead of (or behind) the column's other fields.
    Lead,
    /// Ahead of (or behind) the field's other columns.
    LeadOfColumn,
}

impl Features {
    /// How a rivalled measure stands; `None` where it is absent or has no rivals.
    pub(crate) fn standing(&self, measure: Measure, standing: Standing) -> Option<f64> {
        let place = RIVALLED.iter().position(|rivalled| *rivalled == measure)?;
        let block = match standing {
            Standing::Lead => 0,
            Standing::LeadOfColumn => 3,
        };
        let index = Measure::ALL.len() + block * RIVALLED.len() + place;
        let value = *self.values.get(index)?;
        (value != ABSENT).then(|| f64::from(value) / 100.0)
    }
}

/// What the features are called, in their order.
pub(crate) fn feature_names() -> Vec<String> {
    let mut names: Vec<String> = Measure::ALL.iter().map(|m| format!("{m:?}")).collect();
    for part in ["lead", "rank", "z", "lead_of_column"] {
        names.extend(RIVALLED.iter().map(|m| format!("{m:?}.{part}")));
    }
    names.extend(
        [
            "best.name",
            "best.meaning",
            "best.text",
            "best.values",
            "best.all",
        ]
        .map(str::to_owned),
    );
    names
}

/// How one column's candidates compare in one measure.
struct Row {
    values: Vec<f32>,
    best: f32,
    second: f32,
    mean: f32,
    deviation: f32,
}

/// Least deviation that a z-score is taken by.
const LEAST_DEVIATION: f32 = 0.02;

impl Row {
    fn of(values: Vec<f32>) -> Self {
        let (mut best, mut second) = (f32::NAN, f32::NAN);
        let (mut sum, mut squares, mut count) = (0.0, 0.0, 0.0);
        for &value in values.iter().filter(|value| !value.is_nan()) {
            sum += value;
            squares += value * value;
            count += 1.0;
            if best.is_nan() || value > best {
                second = best;
                best = value;
            } else if second.is_nan() || value > second {
                second = value;
            }
        }
        let mean = if count > 0.0 { sum / count } else { f32::NAN };
        let variance = (squares / f32::max(count, 1.0) - mean * mean).max(0.0);
        Self {
            values,
            best,
            second,
            mean,
            deviation: variance.sqrt().max(LEAST_DEVIATION),
        }
    }

    /// How far a value is ahead of the best of the others; negative behind it.
    fn lead(&self, value: f32) -> f32 {
        if value < self.best {
            value - self.best
        } else if self.values.len() > 1 {
            // A rival of which nothing is known is no match.
            value - self.second.max(0.0)
        } else {
            // Without a rival there is no lead.
            f32::NAN
        }
    }

    fn rank(&self, value: f32) -> f32 {
        let better = self.values.iter().filter(|other| **other > value).count();
        (1.0 + small(better)).ln()
    }
}

impl Gathered {
    /// The features of a column's candidates.
    pub(crate) fn features(&self, column: usize) -> Vec<Features> {
        let candidates = self.candidates(column);
        let rows: Vec<Row> = RIVALLED
            .iter()
            .map(|&measure| {
                let values = candidates
                    .iter()
                    .map(|&field| self.get(measure, column, field));
                Row::of(values.collect())
            })
            .collect();
        let votes = self.votes(column, candidates);
        let mut all = Vec::with_capacity(candidates.len());
        for (place, &field) in candidates.iter().enumerate() {
            let mut values = [ABSENT; FEATURES];
            let mut slots = values.iter_mut();
            let mut write = |value: f32, scale: f32| {
                if let Some(slot) = slots.next() {
                    *slot = byte(value, scale);
                }
            };
            for measure in Measure::ALL {
                write(self.get(measure, column, field), 100.0);
            }
            let alone = self.left_out.contains(&Kind::Rivals);
            let own = |row: &Row| {
                let own = row.values.get(place).filter(|_| !alone);
                own.copied().unwrap_or(f32::NAN)
            };
            for row in &rows {
                write(row.lead(own(row)), 100.0);
            }
            for row in &rows {
                let value = own(row);
                let rank = if value.is_nan() {
                    f32::NAN
                } else {
                    row.rank(value)
                };
                write(rank, 20.0);
            }
            for row in &rows {
                write((own(row) - row.mean) / row.deviation, 12.0);
            }
            for (measure, row) in RIVALLED.iter().zip(&rows) {
                write(
                    own(row) - self.best_other_column(*measure, column, field),
                    100.0,
                );
            }
            let mut agreeing = 0.0;
            let mut voting = 0.0;
            for vote in &votes {
                let value = match vote {
                    _ if alone => f32::NAN,
                    None => f32::NAN,
                    Some(best) => f32::from(u8::from(best.contains(&field))),
                };
                if !value.is_nan() {
                    agreeing += value;
                    voting += 1.0;
                }
                write(value, 100.0);
            }
            write(
                if voting > 0.0 {
                    agreeing / voting
                } else {
                    f32::NAN
                },
                100.0,
            );
            all.push(Features { field, values });
        }
        all
    }

    /// The share of the kinds of evidence that like a field best; `None` where none can say.
    pub(crate) fn agreement(&self, column: usize, field: usize) -> Option<f64> {
        let votes = self.votes(column, self.candidates(column));
        let voting = votes.iter().flatten().count();
        let agreeing = votes
            .iter()
            .flatten()
            .filter(|best| best.contains(&field))
            .count();
        (voting > 0).then(|| f64::from(small(agreeing) / small(voting)))
    }

    /// For each kind of evidence the fields that it likes best; `None` where it has nothing to say.
    fn votes(&self, column: usize, candidates: &[usize]) -> Vec<Option<Vec<usize>>> {
        let sum = |measures: &[Measure], field: usize| -> Option<f32> {
            let values = measures
                .iter()
                .map(|&measure| self.get(measure, column, field));
            values.filter(|value| !value.is_nan()).reduce(|a, b| a + b)
        };
        VOTES
            .iter()
            .map(|measures| {
                let sums: Vec<(usize, f32)> = candidates
                    .iter()
                    .filter_map(|&field| Some((field, sum(measures, field)?)))
                    .collect();
                let best = sums.iter().map(|(_, sum)| *sum).reduce(f32::max)?;
                let named = sums
                    .iter()
                    .filter(|(_, sum)| *sum >= best - 1e-4 && best > 0.0);
                Some(named.map(|(field, _)| *field).collect())
            })
            .collect()
    }

    fn best_other_column(&self, measure: Measure, column: usize, field: usize) -> f32 {
        if self.columns == 1 {
            return f32::NAN;
        }
        let Some(best) = self.best_columns.get(measure as usize) else {
            return f32::NAN;
        };
        match best.get(field) {
            Some(Best {
                column: Some(own),
                second,
                ..
            }) if *own == column => second.max(0.0),
            Some(Best { first, .. }) => *first,
            None => f32::NAN,
        }
    }

    /// For each rivalled measure and field, the two best columns.
    pub(super) fn count_columns(&mut self, fields: usize) {
        let mut all: Vec<Vec<Best>> = vec![Vec::new(); Measure::ALL.len()];
        for measure in RIVALLED {
            let mut best = vec![Best::default(); fields];
            for column in 0..self.columns {
                for (field, best) in best.iter_mut().enumerate() {
                    best.see(column, self.get(measure, column, field));
                }
            }
            if let Some(place) = all.get_mut(measure as usize) {
                *place = best;
            }
        }
        self.best_columns = all;
    }
}

/// The best column of a field, and how good the second is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Best {
    column: Option<usize>,
    first: f32,
    second: f32,
}

impl Default for Best {
    fn default() -> Self {
        Self {
            column: None,
            first: f32::NAN,
            second: f32::NAN,
        }
    }
}

impl Best {
    fn see(&mut self, column: usize, value: f32) {
        if value.is_nan() {
            return;
        }
        if self.column.is_none() || value > self.first {
            self.second = self.first;
            self.first = value;
            self.column = Some(column);
        } else {
            self.second = self.second.max(value);
        }
    }
}

/// A number as whole parts of `1 / scale`, as far as a byte reaches.
#[expect(
    clippy::cast_possible_truncation,
    reason = "rounded and held within a byte before"
)]
fn byte(value: f32, scale: f32) -> i8 {
    if value.is_nan() {
        return ABSENT;
    }
    (value * scale).round().clamp(-127.0, 127.0) as i8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_feature_has_a_name_of_its_own() {
        let mut names = feature_names();
        assert_eq!(names.len(), FEATURES);
        names.sort();
        names.dedup();
        assert_eq!(names.len(), FEATURES);
    }

    #[test]
    fn a_rival_takes_the_lead() {
        let row = Row::of(vec![0.9, 0.4, f32::NAN, 0.4]);
        assert!((row.lead(0.9) - 0.5).abs() < 1e-6);
        assert!((row.lead(0.4) + 0.5).abs() < 1e-6);
        assert!(row.rank(0.9) < 1e-6 && row.rank(0.4) > 0.6);
        assert!(Row::of(vec![f32::NAN]).mean.is_nan());
    }

    #[test]
    fn bytes_keep_what_is_absent() {
        assert_eq!(byte(f32::NAN, 100.0), ABSENT);
        assert_eq!(byte(0.426, 100.0), 43);
        assert_eq!(byte(9.0, 100.0), 127);
        assert_eq!(byte(-9.0, 100.0), -127);
    }
}
