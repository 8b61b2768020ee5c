//! When a job that failed is tried again.

/// The rules of leases and retries. Times in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// How long a claim holds without being renewed.
    pub lease_ms: i64,
    /// Bound of the first delay; it doubles with each further attempt.
    pub base_ms: i64,
    /// No delay is longer.
    pub cap_ms: i64,
    /// So many crashes in a row without progress, and the job is dead.
    pub max_crashes: i32,
    /// A hint that nobody took for so long is published again.
    pub hint_ms: i64,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            lease_ms: 30_000,
            base_ms: 2_000,
            cap_ms: 300_000,
            max_crashes: 3,
            hint_ms: 60_000,
        }
    }
}

/// The delay before attempt `failed + 1`, in milliseconds: full jitter, `rand(0, min(cap, base ×
/// 2^(failed - 1)))`, which spreads those that failed together best (M. Brooker, “Exponential
/// Backoff And Jitter”, AWS 2015). `random` is uniform over 64 bits.
#[must_use]
pub fn delay(rules: &Rules, failed: i32, random: u64) -> i64 {
    let doublings = u32::try_from(failed.saturating_sub(1)).unwrap_or(0).min(40);
    let bound = rules
        .base_ms
        .max(0)
        .saturating_mul(1_i64 << doublings)
        .min(rules.cap_ms.max(0));
    let steps = u128::from(bound.unsigned_abs()) + 1;
    i64::try_from((u128::from(random) * steps) >> 64).unwrap_or(bound)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_the_cap_and_start_at_none() {
        let rules = Rules::default();
        let longest: Vec<i64> = (1..=9).map(|n| delay(&rules, n, u64::MAX)).collect();
        assert_eq!(
            longest,
            [
                2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 128_000, 256_000, 300_000
            ]
        );
        assert_eq!(delay(&rules, i32::MAX, u64::MAX), 300_000);
        assert_eq!(delay(&rules, 0, u64::MAX), 2_000);
        assert_eq!(delay(&rules, 5, 0), 0);
        assert_eq!(delay(&rules, 1, u64::MAX / 2), 1_000);
    }
}
