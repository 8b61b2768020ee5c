//! Exact decimals of up to 38 digits, as Arrow's `Decimal128` has them. No operation rounds; what
//! does not fit is `None`.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

/// The most digits that a number can have.
pub const MAX_DIGITS: u32 = 38;

/// The first magnitude that does not fit.
const BOUND: u128 = 10_u128.pow(MAX_DIGITS);

/// An exact decimal: `digits` x 10^-`scale`, at most 38 digits and a scale of at most 38.
///
/// Compares by value (`1.5 == 1.50`), but keeps the digits that were written.
#[derive(Debug, Clone, Copy)]
pub struct Decimal {
    digits: i128,
    scale: u32,
}

impl Decimal {
    /// Zero without a fraction.
    pub const ZERO: Self = Self {
        digits: 0,
        scale: 0,
    };

    /// The decimal of these digits; `None` where they are more than 38 or the scale is above 38.
    #[must_use]
    pub const fn new(digits: i128, scale: u32) -> Option<Self> {
        if digits.unsigned_abs() < BOUND && scale <= MAX_DIGITS {
            Some(Self { digits, scale })
        } else {
            None
        }
    }

    /// All digits as a whole number, the sign included.
    #[must_use]
    pub const fn digits(self) -> i128 {
        self.digits
    }

    /// How many of the digits stand behind the mark.
    #[must_use]
    pub const fn scale(self) -> u32 {
        self.scale
    }

    /// The same value with exactly `scale` digits behind the mark; `None` where digits other than
    /// zero would be lost, or where it no longer fits.
    #[must_use]
    pub fn rescale(self, scale: u32) -> Option<Self> {
        if scale == self.scale {
            return Some(self);
        }
        if scale >= self.scale {
            let factor = power_of_ten(scale - self.scale)?;
            return Self::new(self.digits.checked_mul(factor)?, scale);
        }
        let divisor = power_of_ten(self.scale - scale)?;
        (self.digits % divisor == 0).then_some(Self {
            digits: self.digits / divisor,
            scale,
        })
    }

    /// The same value without zeros at the end of the fraction.
    #[must_use]
    pub fn normalise(self) -> Self {
        let mut value = self;
        while value.scale > 0 && value.digits % 10 == 0 {
            value = Self {
                digits: value.digits / 10,
                scale: value.scale - 1,
            };
        }
        value
    }

    /// Minus the value. Always fits, as the bound is the same on both sides.
    #[must_use]
    pub const fn negate(self) -> Self {
        Self {
            digits: -self.digits,
            scale: self.scale,
        }
    }

    /// The sum, with the larger of the two scales where that fits.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        let (left, right) = match self.aligned(other) {
            Some(pair) => pair,
            None => self.normalise().aligned(other.normalise())?,
        };
        Self::new(left.digits.checked_add(right.digits)?, left.scale)
    }

    /// The difference, with the larger of the two scales where that fits.
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.checked_add(other.negate())
    }

    /// Whether the value has no fraction other than zeros.
    #[must_use]
    pub fn is_whole(self) -> bool {
        self.normalise().scale == 0
    }

    /// The nearest double, for pictures only.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a picture needs no exact value")]
    pub fn to_f64(self) -> f64 {
        self.digits as f64 / 10_f64.powi(i32::try_from(self.scale).unwrap_or(0))
    }

    fn aligned(self, other: Self) -> Option<(Self, Self)> {
        let scale = self.scale.max(other.scale);
        Some((self.rescale(scale)?, other.rescale(scale)?))
    }

    /// Whole part and fraction of the magnitude, the fraction in units of 10^-scale.
    const fn parts(self) -> (u128, u128) {
        // The scale is at most 38, so the power is in range.
        let unit = 10_u128.pow(self.scale);
        let magnitude = self.digits.unsigned_abs();
        (magnitude / unit, magnitude % unit)
    }

    /// Compares the magnitudes. A fraction is below 10^scale, so it can be brought to the other's
    /// scale without overflow, which the whole number could not.
    fn compare_magnitude(self, other: Self) -> Ordering {
        let (whole, fraction) = self.parts();
        let (other_whole, other_fraction) = other.parts();
        let scale = self.scale.max(other.scale);
        let aligned = fraction * 10_u128.pow(scale - self.scale);
        let other_aligned = other_fraction * 10_u128.pow(scale - other.scale);
        whole.cmp(&other_whole).then(aligned.cmp(&other_aligned))
    }
}

fn power_of_ten(exponent: u32) -> Option<i128> {
    10_i128.checked_pow(exponent)
}

impl From<i64> for Decimal {
    fn from(value: i64) -> Self {
        Self {
            digits: i128::from(value),
            scale: 0,
        }
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        if self.scale == other.scale {
            return self.digits.cmp(&other.digits);
        }
        match (self.digits.signum(), other.digits.signum()) {
            (-1, -1) => other.compare_magnitude(*self),
            (1, 1) => self.compare_magnitude(*other),
            (left, right) => left.cmp(&right),
        }
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Decimal {}

impl Hash for Decimal {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let value = self.normalise();
        value.digits.hash(state);
        value.scale.hash(state);
    }
}

/// Canonical form: a minus where negative, no group marks, `.` and exactly `scale` digits.
impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, fraction) = self.parts();
        let sign = if self.digits < 0 { "-" } else { "" };
        match usize::try_from(self.scale) {
            Ok(width) if width > 0 => write!(f, "{sign}{whole}.{fraction:0width$}"),
            Ok(_) | Err(_) => write!(f, "{sign}{whole}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decimal(digits: i128, scale: u32) -> Decimal {
        Decimal::new(digits, scale).expect("fits")
    }

    const LARGEST: i128 = 99_999_999_999_999_999_999_999_999_999_999_999_999;

    #[test]
    fn bounds_are_38_digits_and_scale_38() {
        assert!(Decimal::new(LARGEST, 0).is_some());
        assert!(Decimal::new(LARGEST + 1, 0).is_none());
        assert!(Decimal::new(-LARGEST - 1, 0).is_none());
        assert!(Decimal::new(i128::MIN, 0).is_none());
        assert!(Decimal::new(1, 38).is_some());
        assert!(Decimal::new(1, 39).is_none());
    }

    #[test]
    fn is_displayed_with_all_digits_of_its_scale() {
        for (value, text) in [
            (decimal(-1250, 2), "-12.50"),
            (decimal(5, 2), "0.05"),
            (decimal(-5, 2), "-0.05"),
            (decimal(0, 2), "0.00"),
            (decimal(7, 0), "7"),
            (decimal(1, 38), "0.00000000000000000000000000000000000001"),
        ] {
            assert_eq!(value.to_string(), text);
        }
    }

    #[test]
    fn rescale_never_rounds() {
        assert_eq!(decimal(1999, 3).rescale(2).map(Decimal::digits), None);
        assert_eq!(decimal(1990, 3).rescale(2).map(Decimal::digits), Some(199));
        assert_eq!(decimal(15, 1).rescale(3).map(Decimal::digits), Some(1500));
        assert!(decimal(LARGEST, 0).rescale(1).is_none());
        assert_eq!(decimal(0, 38).rescale(0).map(Decimal::scale), Some(0));
    }

    #[test]
    fn compares_by_value_without_overflow() {
        assert_eq!(decimal(15, 1), decimal(1500, 3));
        assert!(decimal(LARGEST, 0) > decimal(LARGEST, 38));
        assert!(decimal(-LARGEST, 0) < decimal(-LARGEST, 38));
        assert!(decimal(-1, 38) < Decimal::ZERO);
        assert_eq!(decimal(0, 5), Decimal::ZERO);
        assert!(decimal(10, 0) > decimal(99, 1));
    }

    #[test]
    fn sums_are_exact_or_nothing() {
        let sum = decimal(1, 1).checked_add(decimal(2, 2)).expect("fits");
        assert_eq!((sum.digits(), sum.scale()), (12, 2));
        assert!(decimal(LARGEST, 0).checked_add(decimal(1, 0)).is_none());
        assert!(decimal(LARGEST, 0).checked_add(decimal(5, 1)).is_none());
        let same = decimal(LARGEST, 0)
            .checked_sub(decimal(0, 2))
            .expect("zero takes no room");
        assert_eq!(same.digits(), LARGEST);
    }

    fn any_decimal() -> impl Strategy<Value = Decimal> {
        let digits = prop_oneof![-2000_i128..2000, -LARGEST..=LARGEST];
        (digits, 0_u32..=38).prop_map(|(digits, scale)| decimal(digits, scale))
    }

    proptest! {
        #[test]
        fn order_agrees_with_subtraction(a in any_decimal(), b in any_decimal()) {
            prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
            if let Some(difference) = a.checked_sub(b) {
                prop_assert_eq!(a.cmp(&b), difference.digits().cmp(&0));
            }
        }

        #[test]
        fn rescale_keeps_the_value(a in any_decimal(), scale in 0_u32..=38) {
            if let Some(other) = a.rescale(scale) {
                prop_assert_eq!(other, a);
                prop_assert_eq!(other.scale(), scale);
            }
            prop_assert_eq!(a.normalise(), a);
        }
    }
}
