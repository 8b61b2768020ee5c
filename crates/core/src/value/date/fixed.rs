//! Dates whose parts stand at fixed places, such as `%d.%m.%Y`: most dates of tables, and one look at each
//! place reads them. The same result as [`super::scan`] gives.

use super::DateError;
use super::civil::{self, Day};
use super::format::Item;

/// The places of the parts of a date, in bytes. A text is read as one number of 128 bits, whose lowest byte is
/// the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FixedDate {
    length: usize,
    year: usize,
    month: usize,
    day: usize,
    /// Ones where something stands between the parts, and what that is.
    between: u128,
    literals: u128,
}

/// As many bytes as the short way reads at once.
const EIGHT: usize = 8;

/// Each byte of a number.
const ALL: u128 = u128::MAX / 0xff;

impl FixedDate {
    /// The places of a format of a year of four digits, a month and a day of two and single characters of
    /// ASCII; `None` for any other.
    pub(super) fn of(items: &[Item]) -> Option<Self> {
        let (mut year, mut month, mut day) = (None, None, None);
        let (mut between, mut literals) = (0, 0);
        let mut length = 0;
        for item in items {
            let part = match item {
                Item::Year4 => &mut year,
                Item::Month2 => &mut month,
                Item::Day2 => &mut day,
                Item::Literal(c) => {
                    let byte = u8::try_from(*c).ok().filter(u8::is_ascii)?;
                    if length >= 2 * EIGHT {
                        return None;
                    }
                    between |= 0xff << (8 * length);
                    literals |= u128::from(byte) << (8 * length);
                    length += 1;
                    continue;
                }
                Item::Year2
                | Item::Month1
                | Item::MonthShort
                | Item::MonthLong
                | Item::Day1
                | Item::DaySpace
                | Item::Hour2
                | Item::Hour1
                | Item::Half2
                | Item::Half1
                | Item::Minute
                | Item::Second
                | Item::Fraction
                | Item::Meridiem
                | Item::Offset => return None,
            };
            *part = Some(length);
            length += if *item == Item::Year4 { 4 } else { 2 };
        }
        if !(EIGHT..=2 * EIGHT).contains(&length) {
            return None;
        }
        Some(Self {
            length,
            year: year?,
            month: month?,
            day: day?,
            between,
            literals,
        })
    }

    /// The day as days since 1970-01-01.
    pub(super) fn days(&self, text: &str) -> Result<i32, DateError> {
        let day = self.day(text.as_bytes()).ok_or(DateError::Shape)?;
        civil::days(day).ok_or(DateError::Impossible)
    }

    fn day(&self, text: &[u8]) -> Option<Day> {
        if text.len() != self.length {
            return None;
        }
        let first = u64::from_le_bytes(*text.first_chunk::<EIGHT>()?);
        let last = u64::from_le_bytes(*text.last_chunk::<EIGHT>()?);
        // Where the two overlap, they are the same.
        let behind = 8 * (self.length - EIGHT);
        let all = u128::from(first) | (u128::from(last) << behind);
        let used = u128::MAX >> (8 * (2 * EIGHT - self.length));
        // Each digit as its value; all other bytes as zero.
        let digits = (all ^ (ALL * u128::from(b'0'))) & used & !self.between;
        // A byte from ten on has its highest bit set by the sum, or before it.
        let not_digits = ((digits & (ALL * 0x7f)) + ALL * 0x76) | digits;
        if all & self.between != self.literals || not_digits & (ALL * 0x80) != 0 {
            return None;
        }
        let year = two(digits, self.year) * 100 + two(digits, self.year + 2);
        Some(Day {
            year: i32::try_from(year).ok()?,
            month: two(digits, self.month),
            day: two(digits, self.day),
        })
    }
}

/// The number of the two digits at a place.
const fn two(digits: u128, at: usize) -> u32 {
    let both = digits >> (8 * at);
    (both & 0xf) as u32 * 10 + (both >> 8 & 0xf) as u32
}

#[cfg(test)]
mod tests {
    use super::super::scan::scan;
    use super::super::{DateFormat, FormatKind};
    use super::*;

    #[test]
    fn the_same_as_by_scanning() {
        let texts = [
            "24.11.2026",
            "2026.11.24",
            "31.02.2026",
            "99.99.9999",
            "2.11.20265",
            "24.11.202",
            "24.11.2026 ",
            "24-11-2026",
            "a4.11.2026",
            "24.1\u{e9}.202",
            "20261124",
            "11/24/2026",
            "",
        ];
        for pattern in ["%d.%m.%Y", "%Y.%m.%d", "%m/%d/%Y", "%Y%m%d", "%d-%m-%Y"] {
            let format = DateFormat::parse(pattern).expect("a format");
            assert_eq!(format.kind(), FormatKind::Date);
            for text in texts {
                let slow = scan(format.items(), text).ok_or(DateError::Shape);
                let slow = slow.and_then(|fields| fields.days());
                let fixed = FixedDate::of(format.items()).expect("fixed");
                assert_eq!(fixed.days(text), slow, "{pattern} {text}");
                assert_eq!(format.date(text), slow, "{pattern} {text}");
                let slow = scan(format.items(), text).ok_or(DateError::Shape);
                let slow = slow.and_then(|fields| fields.timestamp());
                assert_eq!(format.timestamp(text), slow, "{pattern} {text}");
            }
        }
        for pattern in ["%-d.%m.%Y", "%d.%m.%y", "%d. %B %Y", "%d\u{b7}%m\u{b7}%Y"] {
            let format = DateFormat::parse(pattern).expect("a format");
            assert_eq!(FixedDate::of(format.items()), None);
        }
        let with_time = DateFormat::parse("%Y-%m-%d %H:%M").expect("a format");
        assert_eq!(FixedDate::of(with_time.items()), None);
    }
}
