//! Combination: pieces of evidence to one probability. The weights are set by hand and are not yet
//! calibrated on data (docs/matching.md says what that means).
//!
//! Each piece adds to the logarithm of the odds that a pair is right; a piece that is absent adds
//! nothing. Then rivals share: for one field, "no column", and every column weighs with its odds,
//! and the same for one column over the fields.

/// Log-odds of a pair about which nothing is known.
const PRIOR: f64 = -2.5;

/// Name agreement to log-odds, straight lines between these points.
const NAME: [(f64, f64); 7] = [
    (0.0, -1.5),
    (0.2, -0.8),
    (0.4, 0.5),
    (0.6, 1.8),
    (0.8, 3.4),
    (0.9, 4.3),
    (1.0, 6.5),
];

/// Share of values that fit the type to log-odds.
const TYPE: [(f64, f64); 4] = [(0.0, -4.0), (0.5, -2.0), (0.9, 0.5), (1.0, 1.0)];

/// Share of rows whose value is matched to a label to log-odds.
const LABELS: [(f64, f64); 4] = [(0.0, -3.0), (0.3, -1.0), (0.6, 1.0), (1.0, 2.6)];

/// Share of rows whose value stands in the target's sample to log-odds.
const SAMPLE: [(f64, f64); 3] = [(0.0, -0.4), (0.3, 0.8), (1.0, 2.5)];

/// Highest log-odds that a description gives.
const DESCRIPTION: f64 = 0.8;
/// Log-odds of values that are certainly what the name asks for, or certainly not.
const KIND: f64 = 1.8;

/// Highest probability; nothing that was not confirmed is certain.
const MOST: f64 = 0.99;
/// Highest probability of a pair whose values do not fit the field's type at all.
const MOST_IN_CONFLICT: f64 = 0.25;
/// Fewer values than this share that fit the type are a conflict.
const CONFLICT: f64 = 0.05;

/// All evidence of one pair; `None` is absent, not zero.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Signals {
    /// Agreement of the names, 0 to 1.
    pub(crate) name: Option<f64>,
    /// Share of the name's words in the description, 0 to 1.
    pub(crate) description: Option<f64>,
    /// Share of values that the field's type accepts, 0 to 1.
    pub(crate) types: Option<f64>,
    /// Whether the values are of the sort that the name asks for, -1 to 1.
    pub(crate) kind: Option<f64>,
    /// Share of rows whose value is one of the labels, 0 to 1.
    pub(crate) labels: Option<f64>,
    /// Share of rows whose value stands in the sample, 0 to 1.
    pub(crate) sample: Option<f64>,
    /// The values cannot be the field's labels: too many of them, and none fits.
    pub(crate) never: bool,
}

/// What one piece adds to the log-odds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Piece {
    Name,
    Description,
    Type,
    Kind,
    Labels,
    Sample,
}

impl Signals {
    /// What each piece that is present adds.
    pub(crate) fn parts(&self) -> impl Iterator<Item = (Piece, f64)> {
        // A description helps where the name does not already say it.
        let name = self.name.unwrap_or(0.0);
        let described = self
            .description
            .filter(|_| name < 0.6)
            .map(|share| share * DESCRIPTION);
        [
            (Piece::Name, self.name.map(|score| on_line(&NAME, score))),
            (Piece::Description, described),
            (Piece::Type, self.types.map(|share| on_line(&TYPE, share))),
            (Piece::Kind, self.kind.map(|agreement| agreement * KIND)),
            (
                Piece::Labels,
                self.labels.map(|share| on_line(&LABELS, share)),
            ),
            (
                Piece::Sample,
                self.sample.map(|share| on_line(&SAMPLE, share)),
            ),
        ]
        .into_iter()
        .filter_map(|(piece, logit)| logit.map(|logit| (piece, logit)))
    }

    /// The log-odds of the pair by itself.
    pub(crate) fn logit(&self) -> f64 {
        PRIOR + self.parts().map(|(_, logit)| logit).sum::<f64>()
    }

    /// Whether the values do not fit the field's type at all.
    pub(crate) fn conflict(&self) -> bool {
        self.never || self.types.is_some_and(|share| share < CONFLICT)
    }
}

/// The straight line through the points; level beyond them.
fn on_line(points: &[(f64, f64)], at: f64) -> f64 {
    let mut before: Option<(f64, f64)> = None;
    for &(x, y) in points {
        if at <= x {
            return match before {
                Some((x0, y0)) if x > x0 => (y - y0).mul_add((at - x0) / (x - x0), y0),
                _ => y,
            };
        }
        before = Some((x, y));
    }
    before.map_or(0.0, |(_, y)| y)
}

/// Odds of every pair, one row per column, to probabilities in the same order.
///
/// Two rounds: in the second, a rival that has a better place elsewhere counts less, so that a
/// column that is clearly the booking date does not dispute the value date with another one.
pub(crate) fn compete(signals: &[Signals], fields: usize) -> Vec<f64> {
    if fields == 0 {
        return Vec::new();
    }
    let odds: Vec<f64> = signals
        .iter()
        .map(|signals| signals.logit().exp())
        .collect();
    let first = shares(&odds, fields, None);
    let second = shares(&odds, fields, Some(&first));
    second
        .into_iter()
        .zip(signals)
        .map(|(probability, signals)| {
            probability.min(if signals.conflict() {
                MOST_IN_CONFLICT
            } else {
                MOST
            })
        })
        .collect()
}

/// For each pair the smaller of its share among the columns of its field and among the fields of
/// its column.
fn shares(odds: &[f64], fields: usize, taken: Option<&[f64]>) -> Vec<f64> {
    let free_columns = taken.map(|taken| free(taken.chunks(fields).map(<[f64]>::to_vec)));
    let of_one_field =
        |taken: &[f64], field| taken.iter().skip(field).step_by(fields).copied().collect();
    let free_fields = taken.map(|taken| free((0..fields).map(|field| of_one_field(taken, field))));
    let mut of_field = vec![0.0; fields];
    let mut of_column = Vec::with_capacity(odds.len() / fields);
    let weight = |free: Option<&Vec<Vec<f64>>>, line: usize, at: usize| {
        free.and_then(|free| free.get(line)?.get(at).copied())
            .unwrap_or(1.0)
    };
    for (column, row) in odds.chunks(fields).enumerate() {
        let mut total = 0.0;
        for ((field, &odds), sum) in row.iter().enumerate().zip(&mut of_field) {
            *sum += odds * weight(free_columns.as_ref(), column, field);
            total += odds * weight(free_fields.as_ref(), field, column);
        }
        of_column.push(total);
    }
    let mut result = Vec::with_capacity(odds.len());
    for ((column, row), total) in odds.chunks(fields).enumerate().zip(&of_column) {
        for ((field, &own), sum) in row.iter().enumerate().zip(&of_field) {
            let rival_columns = sum - own * weight(free_columns.as_ref(), column, field);
            let rival_fields = total - own * weight(free_fields.as_ref(), field, column);
            let rivals = rival_columns.max(rival_fields).max(0.0);
            result.push(own / (1.0 + own + rivals));
        }
    }
    result
}

/// For each line (a column over the fields, or a field over the columns) and each place in it: how
/// free the line is for that place, 1 minus its best probability elsewhere.
fn free(lines: impl Iterator<Item = Vec<f64>>) -> Vec<Vec<f64>> {
    lines
        .map(|line| {
            let best = line.iter().copied().fold(0.0, f64::max);
            let count = line.iter().filter(|value| **value >= best).count();
            let second = line
                .iter()
                .copied()
                .filter(|value| *value < best)
                .fold(0.0, f64::max);
            line.iter()
                .map(|&value| {
                    1.0 - if value >= best && count == 1 {
                        second
                    } else {
                        best
                    }
                })
                .collect()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn named(name: f64) -> Signals {
        Signals {
            name: Some(name),
            ..Signals::default()
        }
    }

    #[test]
    fn the_same_name_alone_is_sure_and_a_conflict_never_is() {
        assert!(compete(&[named(1.0)], 1)[0] >= 0.95);
        let fits = Signals {
            types: Some(1.0),
            ..named(0.98)
        };
        assert!(compete(&[fits], 1)[0] >= 0.95);
        let conflict = Signals {
            types: Some(0.0),
            ..named(1.0)
        };
        assert!(compete(&[conflict], 1)[0] < 0.3);
    }

    #[test]
    fn two_equal_rivals_share() {
        let found = compete(&[named(1.0), named(1.0)], 1);
        assert!(
            found[0] < 0.5 && found[1] < 0.5 && found[0] > 0.45,
            "{found:?}"
        );
        let found = compete(&[named(1.0), named(1.0)], 2);
        assert!(found[0] < 0.5 && found[1] < 0.5, "{found:?}");
    }

    #[test]
    fn a_rival_that_has_a_better_place_counts_less() {
        // Column 0 is clearly field 0, and could also be field 1; column 1 could be field 1.
        let weak = named(0.7);
        let free = compete(&[named(1.0), weak, named(0.0), weak], 2)[3];
        let disputed = compete(&[weak, weak, weak, weak], 2)[3];
        assert!(free > disputed + 0.1, "{free} {disputed}");
    }

    #[test]
    fn absent_evidence_changes_nothing() {
        assert!((Signals::default().logit() - PRIOR).abs() < 1e-12);
        assert!(
            Signals {
                types: Some(0.0),
                ..Signals::default()
            }
            .logit()
                < PRIOR
        );
    }

    proptest! {
        #[test]
        fn probabilities_stay_probabilities(
            scores in proptest::collection::vec((0.0..=1.0_f64, 0.0..=1.0_f64), 0..24),
            fields in 1_usize..5,
        ) {
            let signals: Vec<Signals> = scores
                .iter()
                .map(|&(name, types)| Signals { types: Some(types), ..named(name) })
                .collect();
            let whole = signals.len() / fields * fields;
            for probability in compete(&signals[..whole], fields) {
                prop_assert!((0.0..=0.99).contains(&probability));
            }
        }
    }
}
