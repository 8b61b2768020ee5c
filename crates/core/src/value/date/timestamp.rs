//! Points in time as they were written, and their ISO 8601 spelling.

use std::fmt;

use super::civil;

pub(super) const MICROS_PER_SECOND: i64 = 1_000_000;
pub(super) const MICROS_PER_MINUTE: i64 = 60 * MICROS_PER_SECOND;
pub(super) const MICROS_PER_DAY: i64 = 24 * 60 * MICROS_PER_MINUTE;

/// A date with a time of day, to the nanosecond.
///
/// With an offset it is a point in time, kept in UTC; without one it is a time on somebody's wall.
/// Orders by time, those without an offset as if they were UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    /// Microseconds since 1970-01-01T00:00:00: UTC with an offset, local without.
    pub micros: i64,
    /// Nanoseconds beyond the microsecond, 0 to 999: not 0 only where a seventh, eighth or ninth
    /// digit of the fraction was written, which a column of microseconds cannot hold.
    pub nanos: u16,
    /// Minutes east of UTC, if the text said so.
    pub offset_minutes: Option<i16>,
    /// Digits of the fraction as written, 0 to 9.
    pub fraction_digits: u8,
}

impl Timestamp {
    /// The start of a day, without an offset.
    pub(super) fn midnight(days: i32) -> Self {
        Self {
            micros: i64::from(days) * MICROS_PER_DAY,
            nanos: 0,
            offset_minutes: None,
            fraction_digits: 0,
        }
    }
}

/// RFC 3339 with the offset and the fraction digits that were written; `Z` for offset 0, nothing
/// where no offset was written.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let offset = i64::from(self.offset_minutes.unwrap_or(0));
        let local = self.micros.saturating_add(offset * MICROS_PER_MINUTE);
        let days = i32::try_from(local.div_euclid(MICROS_PER_DAY)).unwrap_or(i32::MAX);
        write_day(f, days)?;
        f.write_str("T")?;
        write_time(
            f,
            local.rem_euclid(MICROS_PER_DAY),
            self.nanos,
            self.fraction_digits,
        )?;
        match self.offset_minutes {
            None => Ok(()),
            Some(0) => f.write_str("Z"),
            Some(minutes) => {
                let sign = if minutes < 0 { '-' } else { '+' };
                let minutes = minutes.unsigned_abs();
                write!(f, "{sign}{:02}:{:02}", minutes / 60, minutes % 60)
            }
        }
    }
}

fn write_day(f: &mut fmt::Formatter<'_>, days: i32) -> fmt::Result {
    let day = civil::from_days(days);
    write!(f, "{:04}-{:02}-{:02}", day.year, day.month, day.day)
}

fn write_time(f: &mut fmt::Formatter<'_>, micros: i64, nanos: u16, digits: u8) -> fmt::Result {
    let seconds = micros / MICROS_PER_SECOND;
    write!(
        f,
        "{:02}:{:02}:{:02}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    )?;
    if digits == 0 {
        return Ok(());
    }
    let digits = u32::from(digits.min(9));
    let fraction = micros % MICROS_PER_SECOND * 1000 + i64::from(nanos);
    let width = usize::try_from(digits).unwrap_or(9);
    write!(f, ".{:0width$}", fraction / 10_i64.pow(9 - digits))
}

struct Day(i32);

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_day(f, self.0)
    }
}

struct Time(i64);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micros = self.0.rem_euclid(MICROS_PER_DAY);
        let mut fraction = micros % MICROS_PER_SECOND;
        let mut digits = if fraction == 0 { 0 } else { 6 };
        while digits > 0 && fraction % 10 == 0 {
            fraction /= 10;
            digits -= 1;
        }
        write_time(f, micros, 0, digits)
    }
}

/// `2026-11-24` for days since 1970-01-01. To write it without a `String`, use [`fmt::Write`]
/// with what this returns.
#[must_use]
pub fn days_to_iso(days: i32) -> impl fmt::Display {
    Day(days)
}

/// `10:30:00`, or with as many fraction digits as are needed, for microseconds since midnight.
#[must_use]
pub fn time_to_iso(micros: i64) -> impl fmt::Display {
    Time(micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iso_texts() {
        assert_eq!(days_to_iso(0).to_string(), "1970-01-01");
        assert_eq!(days_to_iso(-719_162).to_string(), "0001-01-01");
        assert_eq!(days_to_iso(2_932_896).to_string(), "9999-12-31");
        assert_eq!(time_to_iso(37_800_000_000).to_string(), "10:30:00");
        assert_eq!(time_to_iso(37_800_250_000).to_string(), "10:30:00.25");
        assert_eq!(time_to_iso(1).to_string(), "00:00:00.000001");
    }

    #[test]
    fn timestamps_keep_offset_and_digits() {
        let base = Timestamp {
            micros: 0,
            nanos: 0,
            offset_minutes: None,
            fraction_digits: 0,
        };
        assert_eq!(base.to_string(), "1970-01-01T00:00:00");
        let utc = Timestamp {
            offset_minutes: Some(0),
            fraction_digits: 2,
            ..base
        };
        assert_eq!(utc.to_string(), "1970-01-01T00:00:00.00Z");
        let west = Timestamp {
            offset_minutes: Some(-210),
            micros: -1,
            ..base
        };
        assert_eq!(west.to_string(), "1969-12-31T20:29:59-03:30");
        let fine = Timestamp {
            nanos: 7,
            fraction_digits: 9,
            ..base
        };
        assert_eq!(fine.to_string(), "1970-01-01T00:00:00.000000007");
    }
}
