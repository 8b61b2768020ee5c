//! Formats: parsed once, then applied to many texts.

use std::fmt;

use thiserror::Error;

use super::DateError;
use super::fixed::FixedDate;
use super::scan::{Fields, scan};
use super::timestamp::Timestamp;
use crate::error::{ErrorKind, Explain};

/// One piece of a format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Item {
    Literal(char),
    Year4,
    Year2,
    Month2,
    Month1,
    MonthShort,
    MonthLong,
    Day2,
    Day1,
    DaySpace,
    Hour2,
    Hour1,
    Half2,
    Half1,
    Minute,
    Second,
    Fraction,
    Meridiem,
    Offset,
}

/// The part of a date or time that a code gives; each may stand once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Year,
    Month,
    Day,
    Hour,
    Minute,
    Second,
    Fraction,
    Meridiem,
    Offset,
}

impl Item {
    const fn of_code(code: char, short: bool) -> Option<Self> {
        Some(match (code, short) {
            ('Y', false) => Self::Year4,
            ('y', false) => Self::Year2,
            ('m', false) => Self::Month2,
            ('m', true) => Self::Month1,
            ('b', false) => Self::MonthShort,
            ('B', false) => Self::MonthLong,
            ('d', false) => Self::Day2,
            ('d', true) => Self::Day1,
            ('e', false) => Self::DaySpace,
            ('H', false) => Self::Hour2,
            ('H', true) => Self::Hour1,
            ('I', false) => Self::Half2,
            ('I', true) => Self::Half1,
            ('M', false) => Self::Minute,
            ('S', false) => Self::Second,
            ('f', false) => Self::Fraction,
            ('p', false) => Self::Meridiem,
            ('z', false) => Self::Offset,
            ('%', false) => Self::Literal('%'),
            _ => return None,
        })
    }

    const fn part(self) -> Option<Part> {
        Some(match self {
            Self::Literal(_) => return None,
            Self::Year4 | Self::Year2 => Part::Year,
            Self::Month2 | Self::Month1 | Self::MonthShort | Self::MonthLong => Part::Month,
            Self::Day2 | Self::Day1 | Self::DaySpace => Part::Day,
            Self::Hour2 | Self::Hour1 | Self::Half2 | Self::Half1 => Part::Hour,
            Self::Minute => Part::Minute,
            Self::Second => Part::Second,
            Self::Fraction => Part::Fraction,
            Self::Meridiem => Part::Meridiem,
            Self::Offset => Part::Offset,
        })
    }

    /// Whether it takes digits as long as there are some, so that no digit may follow.
    const fn is_open(self) -> bool {
        matches!(
            self,
            Self::Month1 | Self::Day1 | Self::Hour1 | Self::Half1 | Self::Fraction
        )
    }

    const fn starts_with_digit(self) -> bool {
        match self {
            Self::Literal(c) => c.is_ascii_digit(),
            Self::MonthShort | Self::MonthLong | Self::Meridiem | Self::Offset => false,
            Self::Year4
            | Self::Year2
            | Self::Month2
            | Self::Month1
            | Self::Day2
            | Self::Day1
            | Self::DaySpace
            | Self::Hour2
            | Self::Hour1
            | Self::Half2
            | Self::Half1
            | Self::Minute
            | Self::Second
            | Self::Fraction => true,
        }
    }
}

/// What a format describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FormatKind {
    /// Year, month and day.
    Date,
    /// A time of day, without a date.
    Time,
    /// Both.
    Timestamp,
}

/// Why a format cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FormatError {
    /// A code that does not exist, or a lone `%` at the end (then empty).
    #[error("unknown code `%{0}` in a date format")]
    UnknownCode(String),
    /// Two codes for the same part, e.g. `%d` and `%-d`.
    #[error("date format says the {0} twice")]
    Twice(&'static str),
    /// A part without which the others mean nothing.
    #[error("date format lacks the {0}")]
    Missing(&'static str),
    /// `%p` goes with `%I`, and only with it.
    #[error("`%I` and `%p` go together in a date format")]
    HalfDay,
    /// A code of variable length right in front of further digits.
    #[error("a date format's code of variable length is followed by digits")]
    Adjacent,
}

impl Explain for FormatError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::UnknownCode(_) => {
                "known are %Y %y %m %-m %b %B %d %-d %e %H %-H %I %-I %p %M %S %f %z %%"
            }
            Self::Twice(_) => "write each part once",
            Self::Missing(_) => {
                "a date needs year, month and day, a time hour and minute, e.g. %d.%m.%Y %H:%M; \
                 the hour alone needs %p or a letter behind it, e.g. %-I %p or %-H Uhr"
            }
            Self::HalfDay => "write %H for hours of 0 to 23, or %I with %p for hours of 1 to 12",
            Self::Adjacent => "put a separator behind it, or use the code of fixed length",
        };
        Some(hint.to_owned())
    }
}

/// A format of dates, times or both; see the module's table of codes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DateFormat {
    pattern: Box<str>,
    items: Box<[Item]>,
    kind: FormatKind,
    /// For a date whose parts stand at fixed places.
    fixed: Option<FixedDate>,
}

impl DateFormat {
    /// Reads a format such as `%d.%m.%Y`.
    ///
    /// # Errors
    /// [`FormatError`] says what is wrong with it.
    pub fn parse(pattern: &str) -> Result<Self, FormatError> {
        let mut items = Vec::new();
        let mut rest = pattern.chars();
        while let Some(c) = rest.next() {
            if c != '%' {
                items.push(Item::Literal(c));
                continue;
            }
            let mut code = rest.next();
            let short = code == Some('-');
            if short {
                code = rest.next();
            }
            let unknown = || {
                let dash = if short { "-" } else { "" };
                FormatError::UnknownCode(format!(
                    "{dash}{}",
                    code.map_or_else(String::new, String::from)
                ))
            };
            items.push(
                code.and_then(|code| Item::of_code(code, short))
                    .ok_or_else(unknown)?,
            );
        }
        let kind = check(&items)?;
        Ok(Self {
            pattern: pattern.into(),
            fixed: FixedDate::of(&items),
            items: items.into(),
            kind,
        })
    }

    /// What it describes.
    #[must_use]
    pub const fn kind(&self) -> FormatKind {
        self.kind
    }

    /// The format as it was written.
    #[must_use]
    pub fn pattern(&self) -> &str {
        &self.pattern
    }

    /// Whether it has an offset from UTC.
    #[must_use]
    pub fn has_offset(&self) -> bool {
        self.items.contains(&Item::Offset)
    }

    /// The day as written, in days since 1970-01-01; a time of day that the format has is checked
    /// and left out. A format without a date fits no text.
    ///
    /// # Errors
    /// See [`DateError`].
    pub fn date(&self, text: &str) -> Result<i32, DateError> {
        if let Some(fixed) = &self.fixed {
            return fixed.days(text);
        }
        let fields = self.fields(text)?;
        fields.time()?;
        fields.days()
    }

    /// Date and time of day; midnight where the format has no time. A format without a date fits
    /// no text.
    ///
    /// # Errors
    /// See [`DateError`].
    pub fn timestamp(&self, text: &str) -> Result<Timestamp, DateError> {
        if let Some(fixed) = &self.fixed {
            return fixed.days(text).map(Timestamp::midnight);
        }
        self.fields(text)?.timestamp()
    }

    /// Time of day in microseconds since midnight, as written: an offset is checked and left out. Digits
    /// beyond are refused as `TooFine` unless they are zeros. A format without a time, or with a date, fits
    /// no text.
    ///
    /// # Errors
    /// See [`DateError`].
    pub fn time(&self, text: &str) -> Result<i64, DateError> {
        if self.kind != FormatKind::Time {
            return Err(DateError::Shape);
        }
        let fields = self.fields(text)?;
        fields.offset_minutes()?;
        let (micros, nanos) = fields.time()?;
        if nanos == 0 {
            Ok(micros)
        } else {
            Err(DateError::TooFine)
        }
    }

    #[cfg(test)]
    pub(super) fn items(&self) -> &[Item] {
        &self.items
    }

    fn fields(&self, text: &str) -> Result<Fields, DateError> {
        scan(&self.items, text).ok_or(DateError::Shape)
    }
}

impl fmt::Display for DateFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.pattern)
    }
}

fn check(items: &[Item]) -> Result<FormatKind, FormatError> {
    let count = |part: Part| {
        items
            .iter()
            .filter(|item| item.part() == Some(part))
            .count()
    };
    let has = |part: Part| count(part) > 0;
    for (part, name) in [
        (Part::Year, "year"),
        (Part::Month, "month"),
        (Part::Day, "day"),
        (Part::Hour, "hour"),
        (Part::Minute, "minute"),
        (Part::Second, "second"),
        (Part::Fraction, "fraction"),
        (Part::Meridiem, "half of the day"),
        (Part::Offset, "offset"),
    ] {
        if count(part) > 1 {
            return Err(FormatError::Twice(name));
        }
    }
    let is_date = has(Part::Year) || has(Part::Month) || has(Part::Day);
    let is_time = has(Part::Hour) || has(Part::Minute) || has(Part::Second) || has(Part::Fraction);
    let missing = |part: Part, name| {
        if has(part) {
            Ok(())
        } else {
            Err(FormatError::Missing(name))
        }
    };
    if is_date || !is_time {
        missing(Part::Year, "year")?;
        missing(Part::Month, "month")?;
        missing(Part::Day, "day")?;
    }
    if is_time || has(Part::Offset) || has(Part::Meridiem) {
        missing(Part::Hour, "hour")?;
        // `1 PM` and `8 Uhr` say that they are hours; a bare number does not.
        let mut behind = items
            .iter()
            .skip_while(|item| item.part() != Some(Part::Hour));
        let is_letter = |item: &Item| matches!(item, Item::Literal(c) if c.is_alphabetic());
        let is_named = has(Part::Meridiem) || behind.any(is_letter);
        if !is_named || has(Part::Second) {
            missing(Part::Minute, "minute")?;
        }
    }
    if has(Part::Fraction) {
        missing(Part::Second, "second")?;
    }
    let half = items
        .iter()
        .any(|item| matches!(item, Item::Half1 | Item::Half2));
    if half != has(Part::Meridiem) {
        return Err(FormatError::HalfDay);
    }
    let next = items.iter().skip(1);
    if items
        .iter()
        .zip(next)
        .any(|(item, next)| item.is_open() && next.starts_with_digit())
    {
        return Err(FormatError::Adjacent);
    }
    Ok(match (is_date, is_time) {
        (true, true) => FormatKind::Timestamp,
        (true, false) => FormatKind::Date,
        (false, _) => FormatKind::Time,
    })
}
