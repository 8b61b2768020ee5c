//! Counts as numbers of the features.

/// A count that is far below 2^24.
#[expect(
    clippy::cast_precision_loss,
    reason = "counts of words and places, far below 2^24"
)]
pub(super) const fn small(count: usize) -> f32 {
    count as f32
}

/// A similarity as the features hold it.
#[expect(
    clippy::cast_possible_truncation,
    reason = "similarities need no more than 24 bits"
)]
pub(super) const fn narrow(value: f64) -> f32 {
    value as f32
}
