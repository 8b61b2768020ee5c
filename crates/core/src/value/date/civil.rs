//! The proleptic Gregorian calendar in whole numbers: days since 1970-01-01 and back.
//!
//! A year is counted from March, so that the leap day is its last one, and days are counted from
//! 0000-03-01, whose 400-year cycle has 146,097 days.

/// Days from 0000-03-01 to 1970-01-01.
const EPOCH: i32 = 719_468;

/// Days of a 400-year cycle.
const CYCLE: i32 = 146_097;

/// A day of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Day {
    pub(super) year: i32,
    pub(super) month: u32,
    pub(super) day: u32,
}

const fn is_leap(year: i32) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

const fn days_in_month(year: i32, month: u32) -> u32 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01; `None` where there is no such day, or the year is not in 1 to 9999.
pub(super) fn days(day: Day) -> Option<i32> {
    let Day { year, month, day } = day;
    let known = (1..=9999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=days_in_month(year, month)).contains(&day);
    if !known {
        return None;
    }
    let (month, day) = (i32::try_from(month).ok()?, i32::try_from(day).ok()?);
    let shifted = if month <= 2 { year - 1 } else { year };
    let from_march = (month + 9) % 12;
    // Five months from March on have 153 days, in the pattern 31 30 31 30 31.
    let day_of_year = (153 * from_march + 2) / 5 + day - 1;
    let leap_days = shifted / 4 - shifted / 100 + shifted / 400;
    Some(shifted * 365 + leap_days + day_of_year - EPOCH)
}

/// The day of so many days since 1970-01-01.
pub(super) fn from_days(days: i32) -> Day {
    // 64 bits, so that no input overflows.
    let days = i64::from(days) + i64::from(EPOCH);
    let cycle = days.div_euclid(i64::from(CYCLE));
    let in_cycle = days.rem_euclid(i64::from(CYCLE));
    let leap_days = in_cycle / 1460 - in_cycle / 36_524 + in_cycle / 146_096;
    let year_of_cycle = (in_cycle - leap_days) / 365;
    let before = year_of_cycle * 365 + year_of_cycle / 4 - year_of_cycle / 100;
    let day_of_year = in_cycle - before;
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = (from_march + 2) % 12 + 1;
    let year = cycle * 400 + year_of_cycle + i64::from(month <= 2);
    Day {
        year: i32::try_from(year).unwrap_or(i32::MAX),
        month: u32::try_from(month).unwrap_or(1),
        day: u32::try_from(day).unwrap_or(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_from_year_1_to_9999_is_found_again() {
        let first = days(Day {
            year: 1,
            month: 1,
            day: 1,
        })
        .expect("a day");
        let last = days(Day {
            year: 9999,
            month: 12,
            day: 31,
        })
        .expect("a day");
        assert_eq!((first, last), (-719_162, 2_932_896));
        let mut date = jiff::civil::date(1, 1, 1);
        for number in first..=last {
            let day = from_days(number);
            let other = (i32::from(date.year()), date.month(), date.day());
            assert_eq!(i64::from(day.year), i64::from(other.0));
            assert_eq!(
                (i64::from(day.month), i64::from(day.day)),
                (i64::from(other.1), i64::from(other.2))
            );
            assert_eq!(days(day), Some(number));
            if number < last {
                date = date.tomorrow().expect("in range");
            }
        }
    }

    #[test]
    fn impossible_days_are_none() {
        for (year, month, day) in [
            (2026, 2, 29),
            (2024, 2, 30),
            (1900, 2, 29),
            (2026, 4, 31),
            (2026, 13, 1),
            (2026, 0, 1),
            (2026, 1, 0),
            (0, 1, 1),
            (10_000, 1, 1),
        ] {
            assert_eq!(days(Day { year, month, day }), None, "{year}-{month}-{day}");
        }
        assert!(
            days(Day {
                year: 2000,
                month: 2,
                day: 29
            })
            .is_some()
        );
    }

    #[test]
    fn no_number_of_days_panics() {
        for number in [i32::MIN, -1, 0, i32::MAX] {
            let _ = from_days(number);
        }
        assert_eq!(
            from_days(0),
            Day {
                year: 1970,
                month: 1,
                day: 1
            }
        );
    }
}
