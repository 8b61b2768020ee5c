//! Histograms of up to 20 bars.

use super::Bin;

/// Bars at most.
const BINS: usize = 20;

/// Bars over positions and their rows. Whole positions (`whole`) have bars of whole width, so that
/// no bar is empty for lack of a number that could be in it.
pub(super) fn histogram(positions: &[(f64, u64)], whole: bool) -> Vec<Bin> {
    let ends = positions
        .iter()
        .fold(None, |ends: Option<(f64, f64)>, (x, _)| {
            let (min, max) = ends.unwrap_or((*x, *x));
            Some((min.min(*x), max.max(*x)))
        });
    let Some((min, max)) = ends.filter(|(min, max)| min.is_finite() && max.is_finite()) else {
        return Vec::new();
    };
    let bins = bounds(min, max, whole);
    let mut rows = vec![0_u64; bins.len()];
    for (x, count) in positions {
        let after = bins.partition_point(|(from, _)| from <= x);
        if let Some(bar) = rows.get_mut(after.saturating_sub(1)) {
            *bar += count;
        }
    }
    bins.into_iter()
        .zip(rows)
        .map(|((from, to), rows)| Bin { from, to, rows })
        .collect()
}

/// Bars that cover `min` to `max`.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "indexes up to 20"
)]
fn bounds(min: f64, max: f64, whole: bool) -> Vec<(f64, f64)> {
    let span = max - min;
    if span <= 0.0 {
        return vec![(min, max)];
    }
    let (width, count) = if whole {
        let width = ((span + 1.0) / BINS as f64).ceil();
        (
            width,
            ((span + 1.0) / width).ceil().min(BINS as f64) as usize,
        )
    } else {
        (span / BINS as f64, BINS)
    };
    (0..count)
        .map(|index| {
            let to = min + width * (index + 1) as f64;
            let last = index + 1 == count;
            (min + width * index as f64, if last { max } else { to })
        })
        .collect()
}

/// Scales sampled rows to the number of all rows, so that the bars add up to it.
pub(super) fn scaled(mut bins: Vec<Bin>, all: u64) -> Vec<Bin> {
    let sampled: u64 = bins.iter().map(|bin| bin.rows).sum();
    let (mut so_far, mut given) = (0_u64, 0_u64);
    for bin in &mut bins {
        so_far += bin.rows;
        let share = u128::from(so_far) * u128::from(all) / u128::from(sampled.max(1));
        let upto = u64::try_from(share).unwrap_or(all);
        bin.rows = upto - given;
        given = upto;
    }
    bins
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bars(positions: &[(f64, u64)], whole: bool) -> Vec<(f64, f64, u64)> {
        histogram(positions, whole)
            .iter()
            .map(|bin| (bin.from, bin.to, bin.rows))
            .collect()
    }

    #[test]
    fn whole_numbers_have_bars_of_whole_width() {
        assert_eq!(
            bars(&[(1.0, 2), (3.0, 1), (2.0, 4)], true),
            [(1.0, 2.0, 2), (2.0, 3.0, 4), (3.0, 3.0, 1)]
        );
        let many = bars(&[(0.0, 1), (99.0, 1)], true);
        assert_eq!(
            (many.len(), many[0], many[19]),
            (20, (0.0, 5.0, 1), (95.0, 99.0, 1))
        );
    }

    #[test]
    fn one_value_is_one_bar_and_none_is_no_bar() {
        assert_eq!(bars(&[(7.5, 3)], false), [(7.5, 7.5, 3)]);
        assert_eq!(bars(&[], false), []);
    }

    #[test]
    fn the_largest_value_is_in_the_last_bar() {
        let all = bars(&[(0.0, 1), (1.0, 1), (0.5, 1)], false);
        assert_eq!((all.len(), all[19].1, all[19].2), (20, 1.0, 1));
        assert_eq!(all.iter().map(|bar| bar.2).sum::<u64>(), 3);
    }

    #[test]
    fn scaled_bars_add_up() {
        let bins = histogram(&[(1.0, 1), (2.0, 1), (3.0, 1)], true);
        let rows: Vec<u64> = scaled(bins, 100).iter().map(|bin| bin.rows).collect();
        assert_eq!(rows, [33, 33, 34]);
    }
}
