//! The steps from text to a typed value. Strict: they round nothing, trim nothing and take no text
//! in part; what does not fit is a [`Fault`].

use std::collections::HashMap;

use super::fault::Fault;
use crate::target::FieldType;
use crate::validation::{Cell, Spelling};
use crate::value::{
    DateError, DateFormat, Decimal, Marks, NumberError, Timestamp, parse_decimal, parse_integer,
};

/// How a text becomes a value.
#[derive(Debug)]
pub(super) enum Read {
    /// It stays a text.
    Text,
    /// It has the target's own spelling: no step reads it.
    Spelt(FieldType, Spelling),
    Integer {
        thousands: Option<char>,
    },
    Decimal(NumberFormat),
    Date(Vec<DateFormat>),
    Timestamp(Vec<DateFormat>),
    Time(Vec<DateFormat>),
    Boolean(HashMap<String, bool>),
}

/// How a number is written.
#[derive(Debug)]
pub(super) struct NumberFormat {
    pub(super) marks: Marks,
    /// Texts that may stand beside the number, longest first, so that `US$` goes before `$`.
    pub(super) strip: Vec<String>,
}

impl Read {
    pub(super) fn read<'t>(&self, text: &'t str) -> Result<Cell<'t>, Fault> {
        match self {
            Self::Text => Ok(Cell::Text(text)),
            Self::Spelt(kind, spelling) => {
                let cell = spelling.read(text);
                cell.ok_or_else(|| Fault::spelling(*kind, spelling, text))
            }
            Self::Integer { thousands } => parse_integer(text, *thousands)
                .map(Cell::Integer)
                .map_err(Fault::integer),
            Self::Decimal(format) => format.read(text).map(Cell::Decimal),
            Self::Date(formats) => date(formats, text).map(Cell::Date),
            Self::Timestamp(formats) => timestamp(formats, text).map(Cell::Timestamp),
            Self::Time(formats) => time(formats, text).map(Cell::Time),
            Self::Boolean(spellings) => spellings
                .get(text)
                .copied()
                .map(Cell::Boolean)
                .ok_or_else(Fault::boolean),
        }
    }

    /// The type that it gives.
    pub(super) const fn gives(&self) -> FieldType {
        match self {
            Self::Text => FieldType::String,
            Self::Spelt(kind, _) => *kind,
            Self::Integer { .. } => FieldType::Integer,
            Self::Decimal(_) => FieldType::Decimal,
            Self::Date(_) => FieldType::Date,
            Self::Timestamp(_) => FieldType::Timestamp,
            Self::Time(_) => FieldType::Time,
            Self::Boolean(_) => FieldType::Boolean,
        }
    }

    /// Whether it is a number that a step reads, which a sign may follow.
    pub(super) const fn is_number_step(&self) -> bool {
        match self {
            Self::Integer { .. } | Self::Decimal(_) => true,
            Self::Text
            | Self::Spelt(..)
            | Self::Date(_)
            | Self::Timestamp(_)
            | Self::Time(_)
            | Self::Boolean(_) => false,
        }
    }
}

/// The day by the first format that fits.
pub(super) fn date(formats: &[DateFormat], text: &str) -> Result<i32, Fault> {
    first_that_fits(formats, |format| format.date(text))
        .map_err(|error| Fault::date("not_a_date", formats, error))
}

/// The point in time by the first format that fits.
pub(super) fn timestamp(formats: &[DateFormat], text: &str) -> Result<Timestamp, Fault> {
    first_that_fits(formats, |format| format.timestamp(text))
        .map_err(|error| Fault::date("not_a_timestamp", formats, error))
}

/// The time of day by the first format that fits.
pub(super) fn time(formats: &[DateFormat], text: &str) -> Result<i64, Fault> {
    first_that_fits(formats, |format| format.time(text))
        .map_err(|error| Fault::time(formats, error, text))
}

/// The value by the first format that fits. Where none does, a day that does not exist says more
/// than a form that is not met.
fn first_that_fits<T>(
    formats: &[DateFormat],
    read: impl Fn(&DateFormat) -> Result<T, DateError>,
) -> Result<T, DateError> {
    let mut error = DateError::Shape;
    for format in formats {
        match read(format) {
            Ok(value) => return Ok(value),
            Err(found @ (DateError::Impossible | DateError::TooFine)) => error = found,
            Err(DateError::Shape) => {}
        }
    }
    Err(error)
}

impl NumberFormat {
    pub(super) fn read(&self, text: &str) -> Result<Decimal, Fault> {
        let result = if let Some(rest) = self.enclosed(text) {
            self.signed("-", rest)
        } else if let Some((sign, rest)) = self.stripped(text) {
            self.signed(sign, rest)
        } else {
            parse_decimal(text, &self.marks)
        };
        result.map_err(|error| Fault::number(error, self.marks))
    }

    /// The sign in front of a text that is allowed beside the number, if one stands there, and the
    /// text without it and the blanks between the two; `None` where there is nothing to strip.
    fn stripped<'t>(&self, text: &'t str) -> Option<(&'t str, &'t str)> {
        for beside in &self.strip {
            if let Some(rest) = text.strip_suffix(beside.as_str()) {
                return Some(("", rest.trim_end_matches(is_blank)));
            }
            let unsigned = text.strip_prefix(SIGNS).unwrap_or(text);
            let (sign, _) = text.split_at_checked(text.len() - unsigned.len())?;
            let inner = unsigned.trim_start_matches(is_blank);
            if let Some(rest) = inner.strip_prefix(beside.as_str()) {
                // Blanks between sign and number are not part of any number.
                return Some((sign, rest.trim_start_matches(is_blank)));
            }
        }
        None
    }

    /// The number of which parentheses around it and a text beside it make a negative one:
    /// `($2.50)`. `None` where it is not written so.
    fn enclosed<'t>(&self, text: &'t str) -> Option<&'t str> {
        let inner = text.strip_prefix('(')?.strip_suffix(')')?;
        self.strip.iter().find_map(|beside| {
            let beside = beside.as_str();
            let behind = inner.strip_prefix(beside);
            let behind = behind.map(|rest| rest.trim_start_matches(is_blank));
            behind.or_else(|| {
                let before = inner.strip_suffix(beside)?;
                Some(before.trim_end_matches(is_blank))
            })
        })
    }

    /// The rest of a number whose sign stood in front of a currency: `-€5`. It must have no other.
    fn signed(&self, sign: &str, rest: &str) -> Result<Decimal, NumberError> {
        if sign.is_empty() {
            return parse_decimal(rest, &self.marks);
        }
        let bare = rest.starts_with(|c: char| c.is_ascii_digit() || c == self.marks.decimal)
            && rest.ends_with(|c: char| c.is_ascii_digit());
        if !bare {
            return Err(NumberError::NotANumber);
        }
        let number = parse_decimal(rest, &self.marks)?;
        Ok(if sign == "+" { number } else { number.negate() })
    }
}

/// As [`crate::value`] knows them.
const SIGNS: [char; 3] = ['-', '+', '\u{2212}'];

/// The blanks that people put between a number and its currency.
const fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\u{a0}' | '\u{202f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(decimal: &str, thousands: &str, strip: &[&str]) -> Read {
        let marks = Marks::parse(decimal, thousands).unwrap();
        Read::Decimal(NumberFormat {
            marks,
            strip: strip.iter().map(|&s| s.to_owned()).collect(),
        })
    }

    fn read(read: &Read, text: &str) -> Result<String, &'static str> {
        read.read(text)
            .map(|cell| cell.to_string())
            .map_err(|fault| fault.rule)
    }

    fn formats(patterns: &[&str]) -> Vec<DateFormat> {
        patterns
            .iter()
            .map(|pattern| DateFormat::parse(pattern).unwrap())
            .collect()
    }

    #[test]
    fn integers() {
        let step = Read::Integer {
            thousands: Some('.'),
        };
        let cases = [
            ("007", Ok("7")),
            ("-1.234", Ok("-1234")),
            ("1.23", Err("not_an_integer")),
            ("12,5", Err("not_an_integer")),
            (" 1", Err("not_an_integer")),
            ("", Err("not_an_integer")),
            (
                "123456789012345678901234567890123456789",
                Err("too_many_digits"),
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(read(&step, text), expected.map(str::to_owned), "{text}");
        }
    }

    #[test]
    fn decimals_keep_their_scale_and_strip_what_is_named() {
        let german = decimal(",", ".", &["EUR", "€"]);
        let cases = [
            ("1.234,50", Ok("1234.50")),
            ("-1,5", Ok("-1.5")),
            ("1,50-", Ok("-1.50")),
            ("1,50 EUR", Ok("1.50")),
            ("EUR 1,50-", Ok("-1.50")),
            ("-€5", Ok("-5")),
            ("\u{2212} €\u{a0}5,00", Ok("-5.00")),
            ("+€ 5", Ok("5")),
            ("€-5", Ok("-5")),
            ("(€5)", Ok("-5")),
            ("(€ 1.234,50)", Ok("-1234.50")),
            ("(5,00 EUR)", Ok("-5.00")),
            ("€(5)", Ok("-5")),
            ("(€-5)", Err("not_a_number")),
            ("(€(5))", Err("not_a_number")),
            ("-(€5)", Err("not_a_number")),
            ("(5 USD)", Err("not_a_number")),
            ("-€-5", Err("not_a_number")),
            ("-€5-", Err("not_a_number")),
            ("€", Err("not_a_number")),
            ("€ 5 EUR", Err("not_a_number")),
            ("5 USD", Err("not_a_number")),
            (" 5", Err("not_a_number")),
            ("1.50", Err("not_a_number")),
            ("1,234.50", Err("not_a_number")),
        ];
        for (text, expected) in cases {
            assert_eq!(read(&german, text), expected.map(str::to_owned), "{text}");
        }
        let digits = "1".repeat(39);
        assert_eq!(
            read(&decimal(".", "", &[]), &digits),
            Err("too_many_digits")
        );
    }

    #[test]
    fn the_longest_currency_is_stripped() {
        assert_eq!(
            read(&decimal(".", ",", &["US$", "$"]), "US$ 1,234.5"),
            Ok("1234.5".to_owned())
        );
    }

    #[test]
    fn dates_and_timestamps_by_the_first_format_that_fits() {
        let date = Read::Date(formats(&["%d.%m.%Y", "%d.%m.%y"]));
        for (text, expected) in [
            ("24.11.2026", Ok("2026-11-24")),
            ("24.11.26", Ok("2026-11-24")),
            ("31.02.2026", Err("impossible_date")),
            ("2026-11-24", Err("not_a_date")),
            ("24.11.2026 ", Err("not_a_date")),
        ] {
            assert_eq!(read(&date, text), expected.map(str::to_owned), "{text}");
        }
        let at = Read::Timestamp(formats(&["%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S.%f%z"]));
        for (text, expected) in [
            ("2026-11-24 10:30:00", Ok("2026-11-24T10:30:00")),
            (
                "2026-11-24T10:30:00.50+01:00",
                Ok("2026-11-24T10:30:00.50+01:00"),
            ),
            ("2026-11-24 25:00:00", Err("impossible_date")),
            ("2026-11-24", Err("not_a_timestamp")),
        ] {
            assert_eq!(read(&at, text), expected.map(str::to_owned), "{text}");
        }
    }

    #[test]
    fn times_of_day_by_the_first_format_that_fits() {
        let step = Read::Time(formats(&["%H:%M", "%-I:%M %p", "%H:%M:%S.%f"]));
        for (text, expected) in [
            ("06:00", Ok("06:00:00")),
            ("1:05 pm", Ok("13:05:00")),
            ("12:00 a.m.", Ok("00:00:00")),
            ("06:00:15.250", Ok("06:00:15.25")),
            ("24:00", Err("impossible_time")),
            ("25:00", Err("impossible_time")),
            ("13:00 PM", Err("impossible_time")),
            ("06:00:15.1234567", Err("too_fine")),
            ("6:00", Err("not_a_time")),
            ("06:00:15", Err("not_a_time")),
            ("06:00 ", Err("not_a_time")),
            ("2026-11-24 06:00", Err("not_a_time")),
            ("noon", Err("not_a_time")),
        ] {
            assert_eq!(read(&step, text), expected.map(str::to_owned), "{text}");
        }
        let said = |text| {
            let fault = step.read(text).unwrap_err();
            format!("{}: {}", fault.message, fault.hint)
        };
        assert_eq!(
            said("6:00"),
            "does not have the form %H:%M or %-I:%M %p or %H:%M:%S.%f: correct the value, or add \
             \"%-H:%M\" to the formats of the rule's `time` step"
        );
        assert!(said("noon").ends_with(
            "add its format, such as \"%H:%M\" or \"%-I:%M %p\", to the rule's `time` step"
        ));
    }

    #[test]
    fn booleans_by_their_spellings() {
        let step = Read::Boolean([("ja".to_owned(), true), ("nein".to_owned(), false)].into());
        assert_eq!(read(&step, "ja"), Ok("true".to_owned()));
        assert_eq!(read(&step, "nein"), Ok("false".to_owned()));
        assert_eq!(read(&step, "Ja"), Err("not_a_boolean"));
    }

    #[test]
    fn without_a_step_only_the_spelling_of_the_target_is_read() {
        for (kind, text, expected) in [
            (FieldType::Integer, "12", Ok("12")),
            (FieldType::Integer, "12.0", Err("not_an_integer")),
            (FieldType::Decimal, "-12.50", Ok("-12.50")),
            (FieldType::Decimal, "12,50", Err("not_a_number")),
            (FieldType::Boolean, "TRUE", Err("not_a_boolean")),
            (FieldType::Date, "2026-02-30", Err("impossible_date")),
            (FieldType::Date, "30.02.2026", Err("not_a_date")),
            (FieldType::Timestamp, "2026-11-24", Err("not_a_timestamp")),
            (FieldType::Time, "10:30:00", Ok("10:30:00")),
            (FieldType::Time, "noon", Err("not_a_time")),
            (FieldType::Time, "10:30", Err("not_a_time")),
            (FieldType::Time, "24:00:00", Err("impossible_time")),
        ] {
            let step = Read::Spelt(kind, Spelling::of(kind));
            assert_eq!(read(&step, text), expected.map(str::to_owned), "{text}");
        }
        let long = Read::Spelt(FieldType::Decimal, Spelling::of(FieldType::Decimal));
        assert_eq!(read(&long, &"9".repeat(39)), Err("too_many_digits"));
    }
}
