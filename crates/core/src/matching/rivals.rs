//! Rivals: what is left of the probability of a pair where other columns ask for the same field, or
//! other fields for the same column.
//!
//! A probability says how likely a pair is right by itself; several may be right at once. A mapping
//! takes one column per field, and of two that are equally good neither can be taken in silence.

use super::scores::Scores;

/// The probabilities of all pairs beside their rivals, in the order of [`Scores::pairs`]. Without a
/// rival it stays what it is; of two equals neither is above one half.
///
/// Two rounds: in the second, a rival that has a better place elsewhere counts less, so that a
/// column that is clearly the booking date does not dispute the value date with another one.
pub(super) fn beside_rivals(scores: &Scores) -> Vec<f64> {
    let fields = scores.fields().len();
    let alone = scores.pairs().iter().map(|pair| pair.probability);
    beside(&alone.collect::<Vec<f64>>(), fields)
}

fn beside(alone: &[f64], fields: usize) -> Vec<f64> {
    if fields == 0 {
        return Vec::new();
    }
    let odds: Vec<f64> = alone.iter().map(|p| p / (1.0 - p).max(1e-6)).collect();
    let first = shares(&odds, fields, None);
    shares(&odds, fields, Some(&first))
}

/// For each pair the smaller of its share among the columns of its field and among the fields of
/// its column; "none of them" weighs 1.
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

    #[test]
    fn without_a_rival_nothing_changes() {
        let found = beside(&[0.8, 0.0, 0.0, 0.6], 2);
        assert!((found[0] - 0.8).abs() < 1e-9 && (found[3] - 0.6).abs() < 1e-9);
    }

    #[test]
    fn of_two_equals_neither_is_taken() {
        for fields in [1, 2] {
            let found = beside(&[0.95, 0.95], fields);
            assert!(found.iter().all(|p| (0.45..0.5).contains(p)), "{found:?}");
        }
    }

    #[test]
    fn a_rival_that_has_a_better_place_counts_less() {
        // Column 0 is clearly field 0, and could also be field 1; column 1 could be field 1.
        let free = beside(&[0.98, 0.6, 0.0, 0.6], 2)[3];
        let disputed = beside(&[0.6, 0.6, 0.6, 0.6], 2)[3];
        assert!(free > disputed + 0.1, "{free} {disputed}");
    }

    proptest! {
        #[test]
        fn a_share_is_never_more_than_the_whole(
            alone in proptest::collection::vec(0.0..=0.99_f64, 0..24),
            fields in 1_usize..5,
        ) {
            let whole = alone.len() / fields * fields;
            for (share, alone) in beside(&alone[..whole], fields).iter().zip(&alone) {
                prop_assert!((0.0..=alone + 1e-9).contains(share));
            }
        }
    }
}
