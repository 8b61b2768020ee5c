//! The typed value of one cell: what the engine's kernels leave and what the checks look at.

use std::cmp::Ordering;
use std::fmt::{self, Write as _};

use crate::target::FieldType;
use crate::value::{
    DateFormat, Decimal, Marks, Timestamp, days_to_iso, parse_decimal, parse_integer, time_to_iso,
};

/// The value of one cell in the type of its target field. Borrows the text, so that a row can be
/// checked without a copy.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'a> {
    /// No value.
    Null,
    /// Text; the empty text is a value.
    Text(&'a str),
    /// Whole number.
    Integer(i128),
    /// Exact decimal.
    Decimal(Decimal),
    /// Truth value.
    Boolean(bool),
    /// Days since 1970-01-01.
    Date(i32),
    /// Date and time of day.
    Timestamp(Timestamp),
    /// Microseconds since midnight.
    Time(i64),
}

impl Cell<'_> {
    /// Compares two values of one type; `None` where the types differ or one is null. Whole
    /// numbers and decimals are one type, compared exactly; timestamps compare as points in time,
    /// those without an offset as if they were UTC.
    #[must_use]
    pub fn compare(&self, other: &Cell<'_>) -> Option<Ordering> {
        match (self, other) {
            (Self::Text(left), Cell::Text(right)) => Some((*left).cmp(*right)),
            (Self::Integer(left), Cell::Integer(right)) => Some(left.cmp(right)),
            (Self::Boolean(left), Cell::Boolean(right)) => Some(left.cmp(right)),
            (Self::Date(left), Cell::Date(right)) => Some(left.cmp(right)),
            (Self::Timestamp(left), Cell::Timestamp(right)) => {
                Some((left.micros, left.nanos).cmp(&(right.micros, right.nanos)))
            }
            (Self::Time(left), Cell::Time(right)) => Some(left.cmp(right)),
            (left, right) => Some(left.number()?.cmp(&right.number()?)),
        }
    }

    /// The number, if it is one of at most 38 digits.
    #[must_use]
    pub fn number(&self) -> Option<Decimal> {
        match self {
            Self::Integer(digits) => Decimal::new(*digits, 0),
            Self::Decimal(decimal) => Some(*decimal),
            Self::Null
            | Self::Text(_)
            | Self::Boolean(_)
            | Self::Date(_)
            | Self::Timestamp(_)
            | Self::Time(_) => None,
        }
    }

    /// Appends a text that is the same for two values of one type exactly if they are equal, such
    /// as `1.5` for 1.50: the key of [`super::UniqueIndex`]. A null has no key and appends nothing.
    pub fn write_key(&self, out: &mut String) {
        // Writing to a `String` cannot fail.
        let _ = match self {
            Self::Null => Ok(()),
            Self::Text(text) => out.write_str(text),
            Self::Integer(number) => write!(out, "{number}"),
            Self::Decimal(number) => write!(out, "{}", number.normalise()),
            Self::Boolean(value) => write!(out, "{value}"),
            Self::Date(days) => write!(out, "{}", days_to_iso(*days)),
            Self::Timestamp(at) => write!(out, "{}.{}", at.micros, at.nanos),
            Self::Time(micros) => write!(out, "{}", time_to_iso(*micros)),
        };
    }
}

/// The target's spelling of the value, as in CSV; nothing for a null.
impl fmt::Display for Cell<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => Ok(()),
            Self::Text(text) => f.write_str(text),
            Self::Integer(number) => write!(f, "{number}"),
            Self::Decimal(number) => write!(f, "{number}"),
            Self::Boolean(value) => write!(f, "{value}"),
            Self::Date(days) => write!(f, "{}", days_to_iso(*days)),
            Self::Timestamp(at) => write!(f, "{at}"),
            Self::Time(micros) => write!(f, "{}", time_to_iso(*micros)),
        }
    }
}

/// How the values of one type are spelt in the target: `-12.50`, `true`, `2026-11-24`,
/// `2026-11-24T10:30:00Z`, `10:30:00` (docs/target.md). Reads labels, bounds, defaults, constants
/// and the results of value maps.
#[derive(Debug, Clone)]
pub struct Spelling {
    kind: FieldType,
    formats: Vec<DateFormat>,
}

impl Spelling {
    /// The spelling of a type.
    #[must_use]
    pub fn of(kind: FieldType) -> Self {
        let formats: &[&str] = match kind {
            FieldType::String | FieldType::Integer | FieldType::Decimal | FieldType::Boolean => &[],
            FieldType::Date => &["%Y-%m-%d"],
            FieldType::Timestamp => &[
                "%Y-%m-%dT%H:%M:%S",
                "%Y-%m-%dT%H:%M:%S%z",
                "%Y-%m-%dT%H:%M:%S.%f",
                "%Y-%m-%dT%H:%M:%S.%f%z",
            ],
            FieldType::Time => &["%H:%M:%S", "%H:%M:%S.%f"],
        };
        // All of them are valid, which a test holds.
        let formats = formats
            .iter()
            .filter_map(|format| DateFormat::parse(format).ok())
            .collect();
        Self { kind, formats }
    }

    /// An example for messages.
    #[must_use]
    pub const fn example(&self) -> &'static str {
        match self.kind {
            FieldType::String => "a text",
            FieldType::Integer => "a whole number such as -12",
            FieldType::Decimal => "a number such as -12.50",
            FieldType::Boolean => "true or false",
            FieldType::Date => "a date such as 2026-11-24",
            FieldType::Timestamp => "a timestamp such as 2026-11-24T10:30:00Z",
            FieldType::Time => "a time such as 10:30:00",
        }
    }

    /// Reads a text that has this spelling and nothing around it; `None` for any other.
    #[must_use]
    pub fn read<'t>(&self, text: &'t str) -> Option<Cell<'t>> {
        let mut formats = self.formats.iter();
        match self.kind {
            FieldType::String => Some(Cell::Text(text)),
            FieldType::Integer if is_plain(text) => {
                parse_integer(text, None).ok().map(Cell::Integer)
            }
            FieldType::Decimal if is_plain(text) => {
                let marks = Marks {
                    decimal: '.',
                    thousands: None,
                };
                parse_decimal(text, &marks).ok().map(Cell::Decimal)
            }
            FieldType::Integer | FieldType::Decimal => None,
            FieldType::Boolean => match text {
                "true" => Some(Cell::Boolean(true)),
                "false" => Some(Cell::Boolean(false)),
                _ => None,
            },
            FieldType::Date => formats.find_map(|f| f.date(text).ok()).map(Cell::Date),
            FieldType::Timestamp => formats
                .find_map(|f| f.timestamp(text).ok())
                .map(Cell::Timestamp),
            FieldType::Time => formats.find_map(|f| f.time(text).ok()).map(Cell::Time),
        }
    }
}

/// Whether a text is a number as JSON writes it, without an exponent.
fn is_plain(text: &str) -> bool {
    let magnitude = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = match magnitude.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (magnitude, None),
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits(whole) && (whole == "0" || !whole.starts_with('0')) && fraction.is_none_or(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [FieldType; 7] = [
        FieldType::String,
        FieldType::Integer,
        FieldType::Decimal,
        FieldType::Boolean,
        FieldType::Date,
        FieldType::Timestamp,
        FieldType::Time,
    ];

    #[test]
    fn spelling_round_trips() {
        let texts: [(FieldType, &[&str]); 7] = [
            (FieldType::String, &["", " a ", "1,5"]),
            (
                FieldType::Integer,
                &["0", "-12", "99999999999999999999999999999999999999"],
            ),
            (FieldType::Decimal, &["0", "-12.50", "0.001", "7"]),
            (FieldType::Boolean, &["true", "false"]),
            (FieldType::Date, &["2026-11-24", "0001-01-01"]),
            (
                FieldType::Timestamp,
                &[
                    "2026-11-24T10:30:00",
                    "2026-11-24T10:30:00Z",
                    "2026-11-24T10:30:00.120+02:00",
                ],
            ),
            (FieldType::Time, &["10:30:00", "23:59:59.5"]),
        ];
        for (kind, texts) in texts {
            for text in texts {
                let cell = Spelling::of(kind).read(text);
                assert_eq!(
                    cell.map(|cell| cell.to_string()).as_deref(),
                    Some(*text),
                    "{kind:?}"
                );
            }
        }
    }

    #[test]
    fn other_spellings_are_refused() {
        let texts = [
            "",
            " 1",
            "1 ",
            "+1",
            "1-",
            "(1)",
            "1e3",
            "01",
            "1.",
            ".5",
            "1,5",
            "TRUE",
            "1.2.3",
            "24.11.2026",
            "2026-11-24 10:30:00",
            "2026-02-30",
            "10:30",
            "25:00:00",
            "-",
        ];
        for kind in ALL.into_iter().filter(|kind| *kind != FieldType::String) {
            for text in texts {
                assert_eq!(Spelling::of(kind).read(text), None, "{kind:?} {text}");
            }
        }
        assert_eq!(Spelling::of(FieldType::Integer).read("1.0"), None);
    }

    #[test]
    fn every_format_is_valid() {
        let count = |kind| Spelling::of(kind).formats.len();
        assert_eq!(ALL.map(count), [0, 0, 0, 0, 1, 4, 2]);
    }

    #[test]
    fn comparison_is_by_value_and_within_a_type() {
        let read = |kind, text| Spelling::of(kind).read(text).unwrap();
        let decimal = |text| read(FieldType::Decimal, text);
        assert_eq!(
            decimal("1.50").compare(&decimal("1.5")),
            Some(Ordering::Equal)
        );
        assert_eq!(
            Cell::Integer(2).compare(&decimal("1.999")),
            Some(Ordering::Greater)
        );
        let at = |text| read(FieldType::Timestamp, text);
        let (west, utc) = (at("2026-01-01T00:00:00-01:00"), at("2026-01-01T01:00:00Z"));
        assert_eq!(west.compare(&utc), Some(Ordering::Equal));
        assert_eq!(Cell::Text("1").compare(&Cell::Integer(1)), None);
        assert_eq!(Cell::Null.compare(&Cell::Null), None);
        assert_eq!(Cell::Date(1).compare(&Cell::Time(1)), None);
    }

    #[test]
    fn keys_are_equal_where_values_are() {
        let key = |cell: Cell<'_>| {
            let mut out = String::new();
            cell.write_key(&mut out);
            out
        };
        let read = |kind, text| Spelling::of(kind).read(text).unwrap();
        let decimal = |text| key(read(FieldType::Decimal, text));
        assert_eq!(decimal("1.50"), decimal("1.5"));
        assert_eq!(decimal("10"), key(Cell::Integer(10)));
        let at = |text| key(read(FieldType::Timestamp, text));
        assert_eq!(
            at("2026-01-01T00:00:00-01:00"),
            at("2026-01-01T01:00:00.000Z")
        );
        assert_ne!(
            at("2026-01-01T00:00:00.000001"),
            at("2026-01-01T00:00:00.0000001")
        );
        assert_eq!(key(Cell::Text("1.50")), "1.50");
        assert_eq!(key(Cell::Null), "");
    }
}
