//! Confidence: how probable it is that the best field of a column is right.
//!
//! What goes wrong on a new table is the base rate, the share of its columns that have a field at
//! all, not the order of the pairs. So a small logistic regression looks at the leader and at the
//! table as a whole, and then the base rate of the table itself is estimated from its columns
//! (Saerens, Latinne and Decaestecker 2002), held to the usual one by so many imagined columns.

use serde::Deserialize;

use crate::mapping::Past;

/// How many quantities the regression looks at.
const LOOKED_AT: usize = 17;

/// The weights of the regression.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Confidence {
    mean: [f64; LOOKED_AT],
    deviation: [f64; LOOKED_AT],
    weight: [f64; LOOKED_AT],
    intercept: f64,
    /// The base rate that it was trained at.
    base_rate: f64,
    /// How many columns the usual base rate counts as.
    imagined: f64,
}

/// The best field of one column, as the regression looks at it; `None` is absent.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Leader {
    /// Log-odds of the best field by the trees.
    pub(crate) first: f64,
    /// Of the next one.
    pub(crate) second: f64,
    /// Best agreement of the values.
    pub(crate) values: Option<f64>,
    /// 1 the same letters, 0.8 the same words.
    pub(crate) equal: Option<f64>,
    /// Share of the kinds of evidence that like it best.
    pub(crate) votes: Option<f64>,
    /// Whether both sides have values.
    pub(crate) both_have_values: bool,
    /// Fields with the same words for a name.
    pub(crate) same_names: usize,
    /// Whether the values are of the kind that the field's name asks for.
    pub(crate) kind: Option<f64>,
    /// How far ahead of the column's other fields it is by meaning.
    pub(crate) meaning_lead: Option<f64>,
    /// How far ahead of the field's other columns this one is: by the pieces of the values,
    pub(crate) ahead_by_values: Option<f64>,
    /// by the rules of names,
    pub(crate) ahead_by_rules: Option<f64>,
    /// and by the mean of all measures.
    pub(crate) ahead_by_mean: Option<f64>,
    /// Whether a person found this field right; `None` where nobody decided.
    pub(crate) confirmed: Option<bool>,
}

/// Least spread of the runners-up.
const LEAST_SPREAD: f64 = 0.6;
/// How far standardised quantities count.
const FARTHEST: f64 = 4.0;
/// Rounds of the estimation of the base rate.
const ROUNDS: usize = 30;

impl Confidence {
    /// The probabilities of the leaders of one table, in their order.
    /// `past` are further columns that people decided about in other tables.
    pub(crate) fn of(&self, leaders: &[Leader], past: Past) -> Vec<f64> {
        let raw: Vec<f64> = looked_at(leaders)
            .iter()
            .map(|row| self.regress(row))
            .collect();
        self.shift(&raw, leaders, past)
    }

    fn regress(&self, row: &[Option<f64>; LOOKED_AT]) -> f64 {
        let spread = self.mean.iter().zip(&self.deviation).zip(&self.weight);
        let sum: f64 = row
            .iter()
            .zip(spread)
            .map(|(value, ((mean, deviation), weight))| {
                let standard = value.map_or(0.0, |value| (value - mean) / deviation.max(1e-9));
                standard.clamp(-FARTHEST, FARTHEST) * weight
            })
            .sum();
        1.0 / (1.0 + (-(sum + self.intercept)).exp())
    }

    /// Moves the probabilities to the base rate of the table itself. What a person decided counts
    /// as seen, with the columns that it was decided for.
    fn shift(&self, raw: &[f64], leaders: &[Leader], past: Past) -> Vec<f64> {
        let usual = self.base_rate;
        if usual <= 0.0 || usual >= 1.0 {
            return raw.to_vec();
        }
        let mut rate = usual;
        let moved = |probability: f64, rate: f64| {
            let right = probability * rate / usual;
            let wrong = (1.0 - probability) * (1.0 - rate) / (1.0 - usual);
            right / (right + wrong)
        };
        for _ in 0..ROUNDS {
            let seen: f64 = raw
                .iter()
                .zip(leaders)
                .map(|(&probability, leader)| match leader.confirmed {
                    Some(right) => f64::from(u8::from(right)),
                    None => moved(probability, rate),
                })
                .sum();
            let (right, wrong) = (f64::from(past.right), f64::from(past.wrong));
            rate = (seen + right + self.imagined * usual)
                / (count(raw.len()) + right + wrong + self.imagined);
        }
        raw.iter()
            .map(|&probability| moved(probability, rate))
            .collect()
    }
}

/// What the regression looks at, for each leader; the order is that of `training/train.py`.
fn looked_at(leaders: &[Leader]) -> Vec<[Option<f64>; LOOKED_AT]> {
    let seconds: Vec<f64> = leaders.iter().map(|leader| leader.second).collect();
    let spread = (quantile(&seconds, 0.75) - quantile(&seconds, 0.25)).max(LEAST_SPREAD);
    let middle = quantile(&seconds, 0.5);
    let lead = |leader: &Leader| leader.first - leader.second;
    let mean = |of: &dyn Fn(&Leader) -> f64| {
        leaders.iter().map(of).sum::<f64>() / count(leaders.len().max(1))
    };
    let share =
        |holds: &dyn Fn(&Leader) -> bool| mean(&|leader| f64::from(u8::from(holds(leader))));
    let votes = mean(&|leader| leader.votes.unwrap_or(0.0));
    let gap = mean(&lead);
    let clear = share(&|leader| lead(leader) > 1.0);
    let mutual = share(&|leader| leader.ahead_by_mean.unwrap_or(0.0) > 0.0);
    let equal = mean(&|leader| leader.equal.unwrap_or(0.0));
    let rules = mean(&|leader| leader.ahead_by_rules.unwrap_or(0.0));
    leaders
        .iter()
        .map(|leader| {
            [
                leader.values,
                Some(((leader.first - middle) / spread).clamp(-3.0, 8.0)),
                leader.equal,
                Some(leader.first),
                leader.votes,
                Some(f64::from(u8::from(leader.both_have_values))),
                Some(count(leader.same_names.max(1)).ln()),
                leader.kind,
                leader.meaning_lead,
                leader.ahead_by_values,
                leader.ahead_by_rules,
                Some(votes),
                Some(gap),
                Some(clear),
                Some(mutual),
                Some(equal),
                Some(rules),
            ]
        })
        .collect()
}

/// The value below which a share of all lies, on a straight line between neighbours.
fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let place = share * count(sorted.len().saturating_sub(1));
    let below = place.floor();
    let at = |place: f64| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a place in a list, rounded before"
        )]
        let place = place as usize;
        sorted.get(place).copied().unwrap_or(0.0)
    };
    (at(place.ceil()) - at(below)).mul_add(place - below, at(below))
}

#[expect(clippy::cast_precision_loss, reason = "counts of columns")]
const fn count(number: usize) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weights() -> Confidence {
        let mut weight = [0.0; LOOKED_AT];
        weight[3] = 1.0;
        Confidence {
            mean: [0.0; LOOKED_AT],
            deviation: [1.0; LOOKED_AT],
            weight,
            intercept: 0.0,
            base_rate: 0.5,
            imagined: 4.0,
        }
    }

    fn leader(first: f64) -> Leader {
        Leader {
            first,
            second: -3.0,
            ..Leader::default()
        }
    }

    #[test]
    fn a_table_that_fits_well_lends_its_columns_confidence() {
        let of = |all: [f64; 4]| weights().of(&all.map(leader), Past::default());
        let well = of([2.0, 2.0, 2.0, 0.0]);
        let badly = of([-2.0, -2.0, -2.0, 0.0]);
        assert!(well[3] > 0.5 && badly[3] < 0.5, "{well:?} {badly:?}");
    }

    #[test]
    fn what_a_person_decided_moves_the_others() {
        let decided = |right| {
            let mut leaders = vec![leader(0.0); 6];
            for leader in leaders.iter_mut().take(4) {
                leader.confirmed = Some(right);
            }
            weights().of(&leaders, Past::default())[5]
        };
        assert!(decided(true) > 0.5 && decided(false) < 0.5);
    }

    #[test]
    fn what_was_decided_before_starts_the_next_table() {
        let of = |right, wrong| weights().of(&[leader(0.0)], Past { right, wrong })[0];
        assert!((of(0, 0) - 0.5).abs() < 1e-9);
        assert!(of(9, 1) > 0.6 && of(1, 9) < 0.4);
    }

    #[test]
    fn quantiles_lie_between_neighbours() {
        assert!((quantile(&[1.0, 2.0, 3.0, 4.0], 0.5) - 2.5).abs() < 1e-12);
        assert!((quantile(&[7.0], 0.25) - 7.0).abs() < 1e-12);
        assert!(quantile(&[], 0.5).abs() < 1e-12);
    }
}
