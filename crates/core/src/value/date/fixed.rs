//! Dates whose parts stand at fixed places, such as `%d.%m.%Y`: most dates of tables, and one look at each
//! place reads them. The same result as [`super::scan`] gives.

use super::DateError;
use super::civil::{self, Day};
use super::format::Item;

/// The places of the parts of a date, in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FixedDate {
    length: usize,
    year: usize,
    month: usize,
    day: usize,
    /// What stands between them.
    literals: Box<[(usize, u8)]>,
}

impl FixedDate {
    /// The places of a format of a year of four digits, a month and a day of two and single characters of
    /// ASCII; `None` for any other.
    pub(super) fn of(items: &[Item]) -> Option<Self> {
        let (mut year, mut month, mut day) = (None, None, None);
        let mut literals = Vec::new();
        let mut length = 0;
        for item in items {
            let part = match item {
                Item::Year4 => &mut year,
                Item::Month2 => &mut month,
                Item::Day2 => &mut day,
                Item::Literal(c) => {
                    literals.push((length, u8::try_from(*c).ok().filter(u8::is_ascii)?));
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
        Some(Self {
            length,
            year: year?,
            month: month?,
            day: day?,
            literals: literals.into(),
        })
    }

    /// The day as days since 1970-01-01.
    pub(super) fn days(&self, text: &str) -> Result<i32, DateError> {
        let day = self.day(text.as_bytes()).ok_or(DateError::Shape)?;
        civil::days(day).ok_or(DateError::Impossible)
    }

    fn day(&self, text: &[u8]) -> Option<Day> {
        let literal = |(at, byte): &(usize, u8)| text.get(*at) == Some(byte);
        if text.len() != self.length || !self.literals.iter().all(literal) {
            return None;
        }
        let hundreds = two(text, self.year)? * 100;
        let year = hundreds + two(text, self.year + 2)?;
        Some(Day {
            year: i32::try_from(year).ok()?,
            month: two(text, self.month)?,
            day: two(text, self.day)?,
        })
    }
}

/// The number of the two digits at a place.
fn two(text: &[u8], at: usize) -> Option<u32> {
    let [tens, ones] = text.get(at..)?.first_chunk::<2>()?;
    let both = tens.is_ascii_digit() && ones.is_ascii_digit();
    both.then(|| u32::from(tens - b'0') * 10 + u32::from(ones - b'0'))
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
