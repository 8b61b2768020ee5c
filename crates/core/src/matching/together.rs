//! Together: what the candidates of all columns of a table tell about those of each.
//!
//! A pair is scored by itself first. But the columns of one table mostly fill one table of the
//! target, and a field is mostly filled by one column. So a field loses where the other columns
//! like another table better, and where another column is likely to take it.

use std::collections::BTreeMap;

/// The candidates of a column with their log-odds.
pub(super) type Ranked = Vec<(usize, f64)>;

/// Which table something stands in, where there are several.
type Part = Option<usize>;

/// How many columns it counts as that each table of the target may be the one.
const ANY_PART: f64 = 1.0;
/// Rounds in which the columns agree on the tables of the target.
const ROUNDS: usize = 10;
/// Log-odds that a field loses that another column takes for certain.
const TAKEN: f64 = 1.5;
/// Log-odds of "none of these" beside the fields of a column.
const NONE: f64 = -1.0;

/// Weighs the candidates of all columns against each other; the best of each come first again.
pub(super) fn together(
    ranked: &mut [Ranked],
    fields: usize,
    part_of_column: impl Fn(usize) -> Part,
    part_of_field: impl Fn(usize) -> Part,
) {
    let mut tables: BTreeMap<Part, Vec<usize>> = BTreeMap::new();
    for column in 0..ranked.len() {
        let table = tables.entry(part_of_column(column)).or_default();
        table.push(column);
    }
    for columns in tables.values() {
        agree_on_parts(ranked, columns, &part_of_field);
    }
    leave_what_is_taken(ranked, fields);
    for candidates in ranked {
        candidates.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    }
}

/// Each column expects its field in the tables of the target that the other columns like: their
/// shares are estimated from these, a mixture of tables.
fn agree_on_parts(ranked: &mut [Ranked], columns: &[usize], part_of: &impl Fn(usize) -> Part) {
    let mut numbers: BTreeMap<Part, usize> = BTreeMap::new();
    let own: Vec<&Ranked> = columns.iter().filter_map(|&at| ranked.get(at)).collect();
    for (field, _) in own.iter().copied().flatten() {
        let next = numbers.len();
        numbers.entry(part_of(*field)).or_insert(next);
    }
    let parts = numbers.len();
    if parts < 2 || own.len() < 2 {
        return;
    }
    let number = |field: usize| numbers.get(&part_of(field)).copied().unwrap_or(0);
    let mut gains = vec![vec![0.0; parts]; own.len()];
    for _ in 0..ROUNDS {
        let liked: Vec<Vec<f64>> = own
            .iter()
            .zip(&gains)
            .map(|(candidates, gains)| liked(candidates, gains, number))
            .collect();
        gains = liked
            .iter()
            .map(|mine| gains_by_others(&liked, mine))
            .collect();
    }
    for (&column, gains) in columns.iter().zip(&gains) {
        for (field, logit) in ranked.get_mut(column).into_iter().flatten() {
            *logit += gains.get(number(*field)).copied().unwrap_or(0.0);
        }
    }
}

/// How much of a column each table of the target has.
fn liked(candidates: &Ranked, gains: &[f64], number: impl Fn(usize) -> usize) -> Vec<f64> {
    let part = |&(field, _): &(usize, f64)| number(field);
    let gain = |part: usize| gains.get(part).copied().unwrap_or(0.0);
    let moved = candidates
        .iter()
        .map(|candidate| candidate.1 + gain(part(candidate)));
    let mut liked = vec![0.0; gains.len()];
    for (candidate, share) in candidates.iter().zip(shares(moved.collect(), None)) {
        if let Some(sum) = liked.get_mut(part(candidate)) {
            *sum += share;
        }
    }
    liked
}

/// Log-odds of each table of the target by what all columns but one like; the best has 0.
fn gains_by_others(all: &[Vec<f64>], mine: &[f64]) -> Vec<f64> {
    #[expect(clippy::cast_precision_loss, reason = "a count of tables")]
    let usual = ANY_PART / mine.len().max(1) as f64;
    let sum = |part: usize| -> f64 { all.iter().filter_map(|liked| liked.get(part)).sum() };
    let others: Vec<f64> = mine
        .iter()
        .enumerate()
        .map(|(part, mine)| (sum(part) - mine).max(0.0) + usual)
        .collect();
    let best = others.iter().copied().fold(0.0, f64::max);
    others.iter().map(|weight| (weight / best).ln()).collect()
}

/// A field loses by how likely the other columns take it; less where there are more columns than
/// fields, so that some have to share one.
fn leave_what_is_taken(ranked: &mut [Ranked], fields: usize) {
    if ranked.len() < 2 {
        return;
    }
    #[expect(clippy::cast_precision_loss, reason = "counts of columns and fields")]
    let own_one = (fields as f64 / ranked.len() as f64).min(1.0);
    let mut taken = vec![0.0; fields];
    let all: Vec<Vec<f64>> = ranked
        .iter()
        .map(|candidates| {
            let logits = candidates.iter().map(|(_, logit)| *logit);
            shares(logits.collect(), Some(NONE))
        })
        .collect();
    for ((field, _), share) in ranked.iter().flatten().zip(all.iter().flatten()) {
        if let Some(sum) = taken.get_mut(*field) {
            *sum += share;
        }
    }
    for ((field, logit), share) in ranked.iter_mut().flatten().zip(all.iter().flatten()) {
        let by_others = taken.get(*field).map_or(0.0, |sum| sum - share);
        *logit -= TAKEN * own_one * by_others.clamp(0.0, 1.0);
    }
}

/// Log-odds as shares of one, beside "none of these".
fn shares(logits: Vec<f64>, none: Option<f64>) -> Vec<f64> {
    let best = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let odds: Vec<f64> = logits.iter().map(|logit| (logit - best).exp()).collect();
    let all = odds.iter().sum::<f64>() + none.map_or(0.0, |none| (none - best).exp());
    odds.iter().map(|odds| odds / all).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(ranked: &Ranked) -> Vec<usize> {
        ranked.iter().map(|(field, _)| *field).collect()
    }

    #[test]
    fn a_column_looks_where_the_others_of_its_table_are() {
        // Fields 0 to 2 are one table of the target, 3 to 5 another one.
        let part = |field: usize| Some(field / 3);
        let mut ranked = vec![
            vec![(0, 2.0), (3, -2.0)],
            vec![(1, 2.0), (4, -2.0)],
            vec![(5, 0.5), (2, 0.0)],
        ];
        together(&mut ranked, 6, |_| None, part);
        assert_eq!(fields(&ranked[2]), [2, 5]);
        let mut of_two_tables = vec![
            vec![(0, 2.0), (3, -2.0)],
            vec![(1, 2.0), (4, -2.0)],
            vec![(5, 0.5), (2, 0.0)],
        ];
        together(&mut of_two_tables, 6, |column| Some(column / 2), part);
        assert_eq!(fields(&of_two_tables[2]), [5, 2]);
    }

    #[test]
    fn a_field_that_another_column_takes_is_left_to_it() {
        let mut ranked = vec![vec![(0, 4.0), (1, -3.0)], vec![(0, 1.0), (1, 0.5)]];
        together(&mut ranked, 2, |_| None, |_| None);
        assert_eq!(fields(&ranked[0]), [0, 1]);
        assert_eq!(fields(&ranked[1]), [1, 0]);
        // Of many columns for few fields, some have to share.
        let mut many = vec![vec![(0, 1.0), (1, 0.5)]; 9];
        many.push(vec![(0, 4.0), (1, -3.0)]);
        together(&mut many, 2, |_| None, |_| None);
        assert_eq!(fields(&many[0]), [0, 1]);
    }

    #[test]
    fn a_table_of_one_column_tells_nothing() {
        let mut ranked = vec![vec![(1, 1.0), (0, 0.5)]];
        together(&mut ranked, 2, |_| None, Some);
        assert_eq!(ranked, [[(1, 1.0), (0, 0.5)]]);
        let mut empty = vec![Vec::new(), Vec::new()];
        together(&mut empty, 0, |_| None, |_| None);
        assert!(empty.iter().all(Vec::is_empty));
    }
}
