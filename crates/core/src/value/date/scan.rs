//! One text against one format: first the shape, then the calendar and the clock.

use super::DateError;
use super::civil::{self, Day};
use super::format::Item;
use super::names;
use super::timestamp::{MICROS_PER_DAY, MICROS_PER_MINUTE, MICROS_PER_SECOND, Timestamp};

/// What the codes of a format took from a text; not yet known to exist in the calendar.
#[derive(Debug, Default)]
pub(super) struct Fields {
    date: Option<Day>,
    year: i32,
    month: u32,
    day: Option<u32>,
    hour: u32,
    /// 12 for `PM`, with an hour of 1 to 12.
    meridiem: Option<u32>,
    minute: u32,
    second: u32,
    nanos: u32,
    fraction_digits: u8,
    /// Sign, hours, minutes.
    offset: Option<(bool, u32, u32)>,
}

impl Fields {
    pub(super) fn days(&self) -> Result<i32, DateError> {
        let day = self.date.ok_or(DateError::Shape)?;
        civil::days(day).ok_or(DateError::Impossible)
    }

    /// Microseconds since midnight, and nanoseconds beyond.
    pub(super) fn time(&self) -> Result<(i64, u16), DateError> {
        let hour = match self.meridiem {
            None if self.hour <= 23 => self.hour,
            Some(half) if (1..=12).contains(&self.hour) => self.hour % 12 + half,
            None | Some(_) => return Err(DateError::Impossible),
        };
        if self.minute > 59 || self.second > 59 {
            return Err(DateError::Impossible);
        }
        let seconds = i64::from(hour * 3600 + self.minute * 60 + self.second);
        let micros = seconds * MICROS_PER_SECOND + i64::from(self.nanos / 1000);
        Ok((micros, u16::try_from(self.nanos % 1000).unwrap_or(0)))
    }

    pub(super) fn timestamp(&self) -> Result<Timestamp, DateError> {
        let days = self.days()?;
        let (time, nanos) = self.time()?;
        let offset_minutes = self.offset_minutes()?;
        let east = i64::from(offset_minutes.unwrap_or(0)) * MICROS_PER_MINUTE;
        Ok(Timestamp {
            micros: i64::from(days) * MICROS_PER_DAY + time - east,
            nanos,
            offset_minutes,
            fraction_digits: self.fraction_digits,
        })
    }

    pub(super) fn offset_minutes(&self) -> Result<Option<i16>, DateError> {
        let Some((west, hours, minutes)) = self.offset else {
            return Ok(None);
        };
        if hours > 23 || minutes > 59 {
            return Err(DateError::Impossible);
        }
        let east = i16::try_from(hours * 60 + minutes).map_err(|_| DateError::Impossible)?;
        Ok(Some(if west { -east } else { east }))
    }
}

/// Takes the whole text by the items; `None` where it does not have their shape.
pub(super) fn scan(items: &[Item], text: &str) -> Option<Fields> {
    let mut fields = Fields::default();
    let mut rest = text.as_bytes();
    for item in items {
        rest = take(*item, rest, &mut fields)?;
    }
    if !rest.is_empty() {
        return None;
    }
    // A format that has a day has the other parts of a date too.
    let Fields {
        year, month, day, ..
    } = fields;
    fields.date = day.map(|day| Day { year, month, day });
    Some(fields)
}

fn take<'a>(item: Item, text: &'a [u8], fields: &mut Fields) -> Option<&'a [u8]> {
    let (value, rest) = match item {
        Item::Literal(c) => {
            let mut space = [0; 4];
            return text.strip_prefix(c.encode_utf8(&mut space).as_bytes());
        }
        Item::Year4 => take_four(text)?,
        Item::Year2
        | Item::Month2
        | Item::Day2
        | Item::Hour2
        | Item::Half2
        | Item::Minute
        | Item::Second => take_two(text)?,
        Item::Month1 | Item::Day1 | Item::Hour1 | Item::Half1 => take_number(text, 1, 2)?,
        Item::DaySpace => match text {
            [b' ', rest @ ..] => take_number(rest, 1, 1)?,
            _ => take_two(text)?,
        },
        Item::MonthShort => named(text, names::take_short)?,
        Item::MonthLong => named(text, names::take_long)?,
        Item::Fraction => return take_fraction(text, fields),
        Item::Meridiem => return take_meridiem(text, fields),
        Item::Offset => return take_offset(text, fields),
    };
    match item {
        Item::Year4 => fields.year = i32::try_from(value).ok()?,
        Item::Year2 => {
            let century = if value >= 69 { 1900 } else { 2000 };
            fields.year = century + i32::try_from(value).ok()?;
        }
        Item::Month2 | Item::Month1 | Item::MonthShort | Item::MonthLong => fields.month = value,
        Item::Day2 | Item::Day1 | Item::DaySpace => fields.day = Some(value),
        Item::Hour2 | Item::Hour1 | Item::Half2 | Item::Half1 => fields.hour = value,
        Item::Minute => fields.minute = value,
        Item::Second => fields.second = value,
        Item::Literal(_) | Item::Fraction | Item::Meridiem | Item::Offset => {}
    }
    Some(rest)
}

/// A month's name in front of the text, which does not start in the middle of a character.
fn named(text: &[u8], take: impl Fn(&str) -> Option<(u32, &str)>) -> Option<(u32, &[u8])> {
    let (month, rest) = take(std::str::from_utf8(text).ok()?)?;
    Some((month, rest.as_bytes()))
}

/// The value of a digit.
fn digit(byte: u8) -> Option<u32> {
    byte.is_ascii_digit().then(|| u32::from(byte - b'0'))
}

fn take_two(text: &[u8]) -> Option<(u32, &[u8])> {
    let [tens, ones, rest @ ..] = text else {
        return None;
    };
    Some((digit(*tens)? * 10 + digit(*ones)?, rest))
}

fn take_four(text: &[u8]) -> Option<(u32, &[u8])> {
    let (hundreds, rest) = take_two(text)?;
    let (ones, rest) = take_two(rest)?;
    Some((hundreds * 100 + ones, rest))
}

/// Takes `least` to `most` (at most 9) digits.
fn take_number(text: &[u8], least: usize, most: usize) -> Option<(u32, &[u8])> {
    let length = text
        .iter()
        .take(most)
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    if length < least {
        return None;
    }
    let (digits, rest) = text.split_at_checked(length)?;
    let value = digits
        .iter()
        .fold(0, |value, byte| value * 10 + u32::from(byte - b'0'));
    Some((value, rest))
}

fn take_fraction<'a>(text: &'a [u8], fields: &mut Fields) -> Option<&'a [u8]> {
    let (value, rest) = take_number(text, 1, 9)?;
    let digits = text.len() - rest.len();
    fields.fraction_digits = u8::try_from(digits).ok()?;
    fields.nanos = value * 10_u32.pow(9_u32.checked_sub(u32::try_from(digits).ok()?)?);
    Some(rest)
}

fn take_meridiem<'a>(text: &'a [u8], fields: &mut Fields) -> Option<&'a [u8]> {
    let (half, rest) = match text {
        [half, b'.', b'm' | b'M', b'.', rest @ ..] | [half, b'm' | b'M', rest @ ..] => (half, rest),
        _ => return None,
    };
    fields.meridiem = Some(match half {
        b'a' | b'A' => 0,
        b'p' | b'P' => 12,
        _ => return None,
    });
    Some(rest)
}

fn take_offset<'a>(text: &'a [u8], fields: &mut Fields) -> Option<&'a [u8]> {
    if let [b'Z' | b'z', rest @ ..] = text {
        fields.offset = Some((false, 0, 0));
        return Some(rest);
    }
    if let [b'U', b'T', b'C', rest @ ..] | [b'G', b'M', b'T', rest @ ..] = text {
        fields.offset = Some((false, 0, 0));
        return Some(rest);
    }
    let (west, rest) = match text {
        [b'+', rest @ ..] => (false, rest),
        [b'-', rest @ ..] => (true, rest),
        _ => (true, text.strip_prefix("\u{2212}".as_bytes())?),
    };
    let (hours, rest) = take_two(rest)?;
    let (minutes, rest) = match rest {
        [b':', rest @ ..] => take_two(rest)?,
        _ => take_two(rest).unwrap_or((0, rest)),
    };
    fields.offset = Some((west, hours, minutes));
    Some(rest)
}
