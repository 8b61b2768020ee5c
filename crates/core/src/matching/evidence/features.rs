//! Features: the measures of a candidate, and how it stands among its rivals, as the trained model
//! takes them: whole hundredths in one byte, so that the same decision falls on every machine.

use super::measure::{Measure, RIVALLED, VOTES};
use super::number::small;
use super::{Gathered, Kind};

/// How many features a candidate has.
pub(crate) const FEATURES: usize = Measure::ALL.len() + 4 * RIVALLED.len() + VOTES.len() + 1;

/// What stands for "absent".
pub(crate) const ABSENT: i8 = i8::MIN;

/// The features of a column's candidates, feature by feature: all candidates are looked at by the
/// same one at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Features {
    fields: Vec<usize>,
    /// In the order of [`feature_names`], of each all candidates.
    values: Vec<i8>,
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
    fn of(fields: &[usize]) -> Self {
        Self {
            fields: fields.to_vec(),
            values: Vec::with_capacity(FEATURES * fields.len()),
        }
    }

    /// The next feature of all candidates; what comes after the last one is left out.
    fn write(&mut self, values: impl Iterator<Item = f32>, scale: f32) {
        let values = values.take(self.fields.len());
        self.values.extend(values.map(|value| byte(value, scale)));
    }

    /// The candidates, as positions in the target.
    pub(crate) fn fields(&self) -> &[usize] {
        &self.fields
    }

    /// One feature of all candidates.
    pub(crate) fn of_all(&self, feature: usize) -> &[i8] {
        let from = feature * self.fields.len();
        let own = self.values.get(from..from + self.fields.len());
        own.unwrap_or_default()
    }

    /// All features of one candidate, by its place among them.
    pub(crate) fn of_one(&self, place: usize) -> impl Iterator<Item = i8> {
        let all = (0..FEATURES).map(move |feature| self.of_all(feature).get(place));
        all.map(|value| value.copied().unwrap_or(ABSENT))
    }

    /// How a rivalled measure of a candidate stands; `None` where it is absent or has no rivals.
    pub(crate) fn standing(
        &self,
        place: usize,
        measure: Measure,
        standing: Standing,
    ) -> Option<f64> {
        let rival = RIVALLED.iter().position(|rivalled| *rivalled == measure)?;
        let block = match standing {
            Standing::Lead => 0,
            Standing::LeadOfColumn => 3,
        };
        let feature = Measure::ALL.len() + block * RIVALLED.len() + rival;
        let value = *self.of_all(feature).get(place)?;
        (value != ABSENT).then(|| f64::from(value) / 100.0)
    }
}

#[cfg(test)]
impl Features {
    /// Of candidates with these features each.
    pub(crate) fn of_pairs(pairs: &[[i8; FEATURES]]) -> Self {
        let values = (0..FEATURES).flat_map(|at| pairs.iter().map(move |pair| pair[at]));
        Self {
            fields: (0..pairs.len()).collect(),
            values: values.collect(),
        }
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
        if value.is_nan() {
            return f32::NAN;
        }
        let better = self.values.iter().filter(|other| **other > value).count();
        (1.0 + small(better)).ln()
    }
}

impl Gathered {
    /// The features of a column's candidates.
    pub(crate) fn features(&self, column: usize) -> Features {
        let candidates = self.candidates(column);
        let mut features = Features::of(candidates);
        for measure in Measure::ALL {
            features.write(self.of_candidates(measure, column), 100.0);
        }
        let alone = self.left_out.contains(&Kind::Rivals);
        let rows: Vec<Row> = RIVALLED
            .iter()
            .map(|&measure| {
                let values = self.of_candidates(measure, column);
                let values = values.map(|value| if alone { f32::NAN } else { value });
                Row::of(values.collect())
            })
            .collect();
        for row in &rows {
            features.write(row.values.iter().map(|&value| row.lead(value)), 100.0);
        }
        for row in &rows {
            features.write(row.values.iter().map(|&value| row.rank(value)), 20.0);
        }
        for row in &rows {
            let far = |&value: &f32| (value - row.mean) / row.deviation;
            features.write(row.values.iter().map(far), 12.0);
        }
        for (measure, row) in RIVALLED.iter().zip(&rows) {
            let others = self.best_other_columns(*measure, column);
            let lead = |(&value, other): (&f32, f32)| value - other;
            features.write(row.values.iter().zip(others).map(lead), 100.0);
        }
        let votes = if alone {
            vec![None; VOTES.len()]
        } else {
            self.votes(column, candidates)
        };
        for vote in &votes {
            features.write(
                candidates.iter().map(|field| {
                    let liked = vote.as_ref().map(|best| best.contains(field));
                    liked.map_or(f32::NAN, |liked| f32::from(u8::from(liked)))
                }),
                100.0,
            );
        }
        let agreement = candidates.iter().map(|&field| agreement(&votes, field));
        features.write(agreement.map(|share| share.unwrap_or(f32::NAN)), 100.0);
        features
    }

    /// One measure of a column's candidates.
    fn of_candidates(&self, measure: Measure, column: usize) -> impl Iterator<Item = f32> {
        let row = self.measure(measure).map(|matrix| matrix.row(column));
        let row = row.unwrap_or_default();
        let candidates = self.candidates(column).iter();
        candidates.map(|&field| row.get(field).copied().unwrap_or(f32::NAN))
    }

    /// The share of the kinds of evidence that like a field best; `None` where none can say.
    pub(crate) fn agreement(&self, column: usize, field: usize) -> Option<f64> {
        let votes = self.votes(column, self.candidates(column));
        agreement(&votes, field).map(f64::from)
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

    /// The best of the other columns in one measure, for each candidate of a column.
    fn best_other_columns(&self, measure: Measure, column: usize) -> impl Iterator<Item = f32> {
        let best = self.best_columns.get(measure as usize);
        let best = best.filter(|_| self.columns > 1);
        let best = best.map(Vec::as_slice).unwrap_or_default();
        let candidates = self.candidates(column).iter();
        candidates.map(move |&field| {
            best.get(field)
                .map_or(f32::NAN, |best| best.other_than(column))
        })
    }

    /// For each rivalled measure and field, the two best columns.
    pub(super) fn count_columns(&mut self, fields: usize) {
        let mut all: Vec<Vec<Best>> = vec![Vec::new(); Measure::ALL.len()];
        for measure in RIVALLED {
            let mut best = vec![Best::default(); fields];
            if let Some(matrix) = self.measure(measure) {
                for column in 0..self.columns {
                    for (best, &value) in best.iter_mut().zip(matrix.row(column)) {
                        best.see(column, value);
                    }
                }
            }
            if let Some(place) = all.get_mut(measure as usize) {
                *place = best;
            }
        }
        self.best_columns = all;
    }
}

/// The share of the votes that name a field; `None` without a vote.
fn agreement(votes: &[Option<Vec<usize>>], field: usize) -> Option<f32> {
    let voting = votes.iter().flatten().count();
    let best = votes.iter().flatten();
    let agreeing = best.filter(|best| best.contains(&field)).count();
    (voting > 0).then(|| small(agreeing) / small(voting))
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
    fn other_than(&self, column: usize) -> f32 {
        if self.column == Some(column) {
            self.second.max(0.0)
        } else {
            self.first
        }
    }

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
