//! The figures behind a table of results: calibration error, area under the curve, coverage.

/// The best answer for one column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Best {
    pub(super) score: f64,
    pub(super) right: bool,
}

/// Bins of the calibration error.
const BINS: usize = 10;
/// How many of the accepted have to be right for [`coverage`].
const PRECISION: f64 = 0.95;

/// Expected calibration error (Naeini, Cooper and Hauskrecht, AAAI 2015) over ten bins of equal
/// width: how far scores are from the share of answers that are right. Weights add up to 1.
pub(super) fn calibration_error(weighted: impl IntoIterator<Item = (Best, f64)>) -> Option<f64> {
    let mut bins = [0.0; BINS];
    let mut any = false;
    for (best, weight) in weighted {
        any = true;
        let score = best.score.clamp(0.0, 1.0);
        let bin = ((score * BINS as f64) as usize).min(BINS - 1);
        if let Some(sum) = bins.get_mut(bin) {
            *sum += weight * (score - f64::from(u8::from(best.right)));
        }
    }
    any.then(|| bins.iter().map(|sum| sum.abs()).sum())
}

/// Each answer with the same weight.
pub(super) fn evenly(answers: &[Best]) -> impl Iterator<Item = (Best, f64)> {
    let weight = 1.0 / answers.len().max(1) as f64;
    answers.iter().map(move |best| (*best, weight))
}

/// Area under the ROC curve: how often a right answer has a higher score than a wrong one, equals
/// counting half. `None` where all are right or all are wrong.
pub(super) fn area_under_curve(answers: &[Best]) -> Option<f64> {
    let right = answers.iter().filter(|best| best.right).count() as f64;
    let wrong = answers.len() as f64 - right;
    if right == 0.0 || wrong == 0.0 {
        return None;
    }
    let mut ranks = 0.0;
    let mut before = 0;
    for equals in by_score(answers, |a, b| a.total_cmp(&b)) {
        let after = before + equals.len();
        let rank = (before + after + 1) as f64 / 2.0;
        ranks += rank * equals.iter().filter(|best| best.right).count() as f64;
        before = after;
    }
    Some((ranks - right * (right + 1.0) / 2.0) / (right * wrong))
}

/// The largest share of `columns` that a threshold on the score accepts with at least 95 % right.
pub(super) fn coverage(answers: &[Best], columns: usize) -> Option<f64> {
    let (mut accepted, mut right, mut most) = (0_usize, 0_usize, 0_usize);
    for equals in by_score(answers, |a, b| b.total_cmp(&a)) {
        accepted += equals.len();
        right += equals.iter().filter(|best| best.right).count();
        if right as f64 / accepted as f64 >= PRECISION {
            most = accepted;
        }
    }
    (columns > 0).then(|| most as f64 / columns as f64)
}

/// Groups of equal scores, in the order that `compare` gives.
fn by_score(answers: &[Best], compare: fn(f64, f64) -> std::cmp::Ordering) -> Vec<Vec<Best>> {
    let mut sorted = answers.to_vec();
    sorted.sort_by(|a, b| compare(a.score, b.score));
    sorted
        .chunk_by(|a, b| a.score == b.score)
        .map(<[Best]>::to_vec)
        .collect()
}

/// The mean, if there is anything.
pub(super) fn mean(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let (count, sum) = values
        .into_iter()
        .fold((0_usize, 0.0), |(count, sum), value| {
            (count + 1, sum + value)
        });
    (count > 0).then(|| sum / count as f64)
}

/// The middle one; of two, their mean.
pub(super) fn median(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let mut sorted: Vec<f64> = values.into_iter().collect();
    sorted.sort_by(f64::total_cmp);
    let upper = *sorted.get(sorted.len() / 2)?;
    if sorted.len() % 2 == 1 {
        return Some(upper);
    }
    let lower = *sorted.get(sorted.len() / 2 - 1)?;
    Some(f64::midpoint(lower, upper))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(list: &[(f64, bool)]) -> Vec<Best> {
        list.iter()
            .map(|&(score, right)| Best { score, right })
            .collect()
    }

    fn close(value: Option<f64>, expected: f64) {
        assert!((value.unwrap() - expected).abs() < 1e-9, "{value:?}");
    }

    #[test]
    fn calibration_error_is_per_bin() {
        // Two bins: |.95 - 1| / 4 twice over, and (.25 + .25 - 1) / 4.
        let list = answers(&[(0.95, true), (0.95, true), (0.25, false), (0.25, true)]);
        close(calibration_error(evenly(&list)), 0.025 + 0.125);
        // A score of 1 and more belongs to the last bin.
        close(calibration_error(evenly(&answers(&[(1.5, true)]))), 0.0);
        assert!(calibration_error(evenly(&[])).is_none());
    }

    #[test]
    fn area_counts_equals_half() {
        let list = answers(&[(0.9, true), (0.5, true), (0.5, false), (0.1, false)]);
        close(area_under_curve(&list), 3.5 / 4.0);
        assert!(area_under_curve(&answers(&[(0.9, true)])).is_none());
    }

    #[test]
    fn coverage_takes_equals_together() {
        let mut list = vec![(0.9, true); 19];
        list.push((0.8, false));
        close(coverage(&answers(&list), 40), 0.5);
        list.push((0.8, false));
        close(coverage(&answers(&list), 40), 19.0 / 40.0);
        close(coverage(&[], 3), 0.0);
    }

    #[test]
    fn the_middle_of_an_even_number_is_between_two() {
        close(median([3.0, 1.0, 2.0]), 2.0);
        close(median([4.0, 1.0]), 2.5);
        assert!(median([]).is_none());
        close(mean([1.0, 2.0]), 1.5);
    }
}
