//! Texts to whole numbers and exact decimals.
//!
//! Grammar: `[sign] digits [mark digits] [exponent]`, where
//! - the sign is `-`, `+` or U+2212, in front or (accounting) behind: `1,50-`; or parentheses
//!   around the number make it negative: `(1.50)`. One of them, not two.
//! - digits in front of the mark may stand in groups by the thousands mark: the first of one to
//!   three, all others of exactly three, all or none. By a comma also as in India: the first of one
//!   or two, the last of three, those between of two (`1,23,45,678`);
//! - digits in front of the mark may be missing (`.5`), those behind it not (`5.` is refused);
//! - an exponent (`1.5E3`) is taken where the number has its exact value within 38 digits. Not for
//!   whole numbers.

use thiserror::Error;

use super::{Decimal, MAX_DIGITS};
use crate::error::{ErrorKind, Explain};

/// The marks that may stand between groups of three digits.
pub const THOUSANDS_MARKS: [char; 7] = [',', '.', '\'', '\u{2019}', ' ', '\u{a0}', '\u{202f}'];

/// The marks of a number's parts. Where both are the same, the decimal mark wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Marks {
    /// In front of the fraction.
    pub decimal: char,
    /// Between groups of three digits; `None` = no groups.
    pub thousands: Option<char>,
}

impl Marks {
    /// The marks as mappings and decisions spell them: the decimal mark is `.` or `,`; the
    /// thousands mark is one of [`THOUSANDS_MARKS`] or empty, and not the decimal mark.
    #[must_use]
    pub fn parse(decimal: &str, thousands: &str) -> Option<Self> {
        let decimal = match decimal {
            "." => '.',
            "," => ',',
            _ => return None,
        };
        let thousands = match thousands {
            "" => None,
            text => Some(
                THOUSANDS_MARKS
                    .into_iter()
                    .find(|mark| is_char(text, *mark))?,
            ),
        };
        (thousands != Some(decimal)).then_some(Self { decimal, thousands })
    }
}

fn is_char(text: &str, wanted: char) -> bool {
    text.strip_prefix(wanted) == Some("")
}

/// Why a text is not a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
pub enum NumberError {
    /// Something else than sign, digits and marks in their places.
    #[error("not a number")]
    NotANumber,
    /// More than 38 digits.
    #[error("more than 38 digits")]
    TooManyDigits,
    /// A thousands mark that does not stand between groups of three.
    #[error("digits are not grouped by three")]
    Grouping,
}

impl Explain for NumberError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotANumber | Self::Grouping => ErrorKind::Invalid,
            Self::TooManyDigits => ErrorKind::TooLarge,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NotANumber => "expected a sign, digits and the marks that the rule names",
            Self::TooManyDigits => "numbers of more than 38 digits can only be kept as text",
            Self::Grouping => "check which mark is the decimal mark and which the thousands mark",
        };
        Some(hint.to_owned())
    }
}

/// A whole number of up to 38 digits, grouped by `thousands` or not at all.
///
/// # Errors
/// See [`NumberError`]; a fraction or an exponent is `NotANumber`.
pub fn parse_integer(text: &str, thousands: Option<char>) -> Result<i128, NumberError> {
    if let Some((value, _)) = plain(text, NO_MARK, ascii(thousands)) {
        return Ok(value.into());
    }
    integer(text, thousands)
}

fn integer(text: &str, thousands: Option<char>) -> Result<i128, NumberError> {
    let (negative, body) = take_sign(text)?;
    let mut digits = Digits::default();
    match take_whole(body, thousands, &mut digits)? {
        (true, "") => Ok(digits.signed(negative)),
        (true | false, _) => Err(NumberError::NotANumber),
    }
}

/// An exact decimal of up to 38 digits; the scale is the number of digits behind the mark.
///
/// # Errors
/// See [`NumberError`].
pub fn parse_decimal(text: &str, marks: &Marks) -> Result<Decimal, NumberError> {
    if let Some((value, scale)) = plain(text, ascii(Some(marks.decimal)), ascii(marks.thousands)) {
        return Decimal::new(value.into(), scale).ok_or(NumberError::TooManyDigits);
    }
    decimal(text, marks)
}

fn decimal(text: &str, marks: &Marks) -> Result<Decimal, NumberError> {
    let (negative, body) = take_sign(text)?;
    let mut digits = Digits::default();
    let thousands = marks.thousands.filter(|mark| *mark != marks.decimal);
    let (has_whole, rest) = take_whole(body, thousands, &mut digits)?;
    let (scale, rest) = match behind(rest, marks.decimal) {
        Some(fraction) => take_fraction(fraction, thousands, &mut digits)?,
        None if has_whole => (0, rest),
        None => return Err(NumberError::NotANumber),
    };
    let exponent = take_exponent(rest)?;
    with_exponent(digits.signed(negative), scale, exponent)
}

/// No byte of any text.
const NO_MARK: u8 = 0xff;

/// A mark as [`plain`] takes it.
fn ascii(mark: Option<char>) -> u8 {
    let byte = mark.and_then(|mark| u8::try_from(mark).ok());
    byte.filter(u8::is_ascii).unwrap_or(NO_MARK)
}

/// The digits and the scale of a number as most are written: at most eighteen bytes behind the minus, which
/// fit 64 bits, with digits in front of each mark and behind it. `None` for all others, good or bad: the
/// long way knows them.
fn plain(text: &str, decimal: u8, thousands: u8) -> Option<(i64, u32)> {
    let (negative, body) = match text.as_bytes() {
        [b'-', body @ ..] => (true, body),
        body => (false, body),
    };
    if body.len() > SHORT_TEXT {
        return None;
    }
    let mut value = 0_i64;
    // Digits since the last mark, and what that was.
    let mut run = 0_u32;
    let mut last = NO_MARK;
    for byte in body {
        let digit = byte.wrapping_sub(b'0');
        if digit < 10 {
            value = value * 10 + i64::from(digit);
            run += 1;
            continue;
        }
        let grouped = last == thousands && thousands != NO_MARK;
        let goes_on = match run {
            3 => true,
            1 | 2 => !grouped,
            0 => false,
            _ => !grouped && *byte == decimal,
        };
        let in_fraction = last == decimal && decimal != NO_MARK;
        if !goes_on || in_fraction || (*byte != decimal && *byte != thousands) {
            return None;
        }
        (run, last) = (0, *byte);
    }
    let scale = match last {
        NO_MARK => 0,
        mark if mark == decimal => run,
        _ if run == 3 => 0,
        _ => return None,
    };
    (run > 0).then_some((if negative { -value } else { value }, scale))
}

/// Digits as they are read. Zeros in front do not count.
#[derive(Default)]
struct Digits {
    value: i128,
    count: u32,
}

/// So many digits fit 64 bits, whatever they are.
const SHORT: u32 = 18;

/// The same of bytes.
const SHORT_TEXT: usize = 18;

impl Digits {
    /// Adds a run of digits.
    fn push_run(&mut self, run: &[u8]) -> Result<(), NumberError> {
        let length = u32::try_from(run.len()).unwrap_or(u32::MAX);
        let before = u64::try_from(self.value).ok();
        let (true, Some(before)) = (self.count.saturating_add(length) <= SHORT, before) else {
            return run.iter().try_for_each(|byte| self.push(*byte));
        };
        let number = |value, byte: &u8| value * 10 + u64::from(byte - b'0');
        let value = run.iter().fold(before, number);
        self.value = i128::from(value);
        self.count = match self.count {
            0 => value.checked_ilog10().map_or(0, |power| power + 1),
            count => count + length,
        };
        Ok(())
    }

    fn push(&mut self, byte: u8) -> Result<(), NumberError> {
        let digit = i128::from(byte - b'0');
        if self.count > 0 || digit > 0 {
            if self.count == MAX_DIGITS {
                return Err(NumberError::TooManyDigits);
            }
            self.count += 1;
            self.value = self.value * 10 + digit;
        }
        Ok(())
    }

    const fn signed(&self, negative: bool) -> i128 {
        if negative { -self.value } else { self.value }
    }
}

/// The sign and what it stands with.
fn take_sign(text: &str) -> Result<(bool, &str), NumberError> {
    // Most numbers are digits at both ends.
    let bytes = text.as_bytes();
    let is_digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
    if is_digit(bytes.first()) && is_digit(bytes.last()) {
        return Ok((false, text));
    }
    if let Some(inner) = text.strip_prefix('(') {
        let body = inner.strip_suffix(')').ok_or(NumberError::NotANumber)?;
        return if starts_with_sign(body) {
            Err(NumberError::NotANumber)
        } else {
            Ok((true, body))
        };
    }
    if let Some(body) = text.strip_prefix(['-', '\u{2212}']) {
        return Ok((true, body));
    }
    if let Some(body) = text.strip_prefix('+') {
        return Ok((false, body));
    }
    if let Some(body) = text.strip_suffix(['-', '\u{2212}']) {
        return Ok((true, body));
    }
    Ok((false, text.strip_suffix('+').unwrap_or(text)))
}

/// What follows a character at the front. As `strip_prefix`, but without a comparison of slices.
pub(super) fn behind(text: &str, wanted: char) -> Option<&str> {
    let mut rest = text.chars();
    (rest.next()? == wanted).then_some(rest.as_str())
}

fn starts_with_sign(text: &str) -> bool {
    text.starts_with(['-', '+', '\u{2212}'])
}

/// Takes a run of digits; returns how many and what follows.
fn take_digits<'a>(text: &'a str, digits: &mut Digits) -> Result<(usize, &'a str), NumberError> {
    let length = text.bytes().take_while(u8::is_ascii_digit).count();
    let (run, rest) = text.split_at_checked(length).unwrap_or((text, ""));
    digits.push_run(run.as_bytes())?;
    Ok((length, rest))
}

/// The groups behind the first one.
#[derive(Clone, Copy)]
enum Groups {
    None,
    Threes,
    /// As in India; one of three has to follow.
    Twos,
    /// That one was there.
    Ended,
}

/// Takes the digits in front of the mark; returns whether there were any, and what follows.
fn take_whole<'a>(
    text: &'a str,
    thousands: Option<char>,
    digits: &mut Digits,
) -> Result<(bool, &'a str), NumberError> {
    let (first, mut rest) = take_digits(text, digits)?;
    let Some(mark) = thousands else {
        return Ok((first > 0, rest));
    };
    let mut groups = Groups::None;
    while let Some(after) = behind(rest, mark) {
        let (length, next) = take_digits(after, digits)?;
        if first == 0 && length == 0 {
            return Err(NumberError::NotANumber);
        }
        groups = match (first, length, groups) {
            (1..=3, 3, Groups::None | Groups::Threes) => Groups::Threes,
            (1 | 2, 2, Groups::None | Groups::Twos) if mark == ',' => Groups::Twos,
            (_, 3, Groups::Twos) => Groups::Ended,
            (..) => return Err(NumberError::Grouping),
        };
        rest = next;
    }
    match groups {
        Groups::Twos => Err(NumberError::Grouping),
        Groups::None | Groups::Threes | Groups::Ended => Ok((first > 0, rest)),
    }
}

/// Takes the digits behind the mark; returns how many, and what follows.
fn take_fraction<'a>(
    text: &'a str,
    thousands: Option<char>,
    digits: &mut Digits,
) -> Result<(u32, &'a str), NumberError> {
    let (length, rest) = take_digits(text, digits)?;
    if length == 0 {
        return Err(NumberError::NotANumber);
    }
    if thousands.is_some_and(|mark| rest.starts_with(mark)) {
        return Err(NumberError::Grouping);
    }
    let scale = u32::try_from(length).map_err(|_| NumberError::TooManyDigits)?;
    Ok((scale, rest))
}

/// The exponent that makes up the whole rest; 0 where there is none.
fn take_exponent(text: &str) -> Result<i32, NumberError> {
    if text.is_empty() {
        return Ok(0);
    }
    let body = text
        .strip_prefix(['e', 'E'])
        .ok_or(NumberError::NotANumber)?;
    let (negative, body) = match body.strip_prefix('-') {
        Some(body) => (true, body),
        None => (false, body.strip_prefix('+').unwrap_or(body)),
    };
    if body.is_empty() || !body.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(NumberError::NotANumber);
    }
    // Anything longer is far outside the range, whatever the digits.
    let value: i32 = body.parse().map_err(|_| NumberError::TooManyDigits)?;
    Ok(if negative { -value } else { value })
}

fn with_exponent(digits: i128, scale: u32, exponent: i32) -> Result<Decimal, NumberError> {
    let too_many = NumberError::TooManyDigits;
    let scale = i64::from(scale) - i64::from(exponent);
    match u32::try_from(scale) {
        Ok(scale) => Decimal::new(digits, scale).ok_or(too_many),
        Err(_) => {
            let power = u32::try_from(-scale).map_err(|_| too_many)?;
            let factor = 10_i128.checked_pow(power).ok_or(too_many)?;
            let digits = digits.checked_mul(factor).ok_or(too_many)?;
            Decimal::new(digits, 0).ok_or(too_many)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn runs_of_digits_are_as_digit_by_digit() {
        let runs = [0, 1, 17, 18, 19, 20, 37, 38, 39];
        for (whole, fraction) in runs
            .into_iter()
            .flat_map(|one| runs.map(|other| (one, other)))
        {
            for digit in ["0", "9", "10", "01"] {
                let (mut by_run, mut one_by_one) = (Digits::default(), Digits::default());
                let run = |length: usize| digit.repeat(length).into_bytes();
                let fast = by_run
                    .push_run(&run(whole))
                    .and_then(|()| by_run.push_run(&run(fraction)));
                let mut all = run(whole).into_iter().chain(run(fraction));
                let slow = all.try_for_each(|byte| one_by_one.push(byte));
                assert_eq!(fast, slow, "{digit} {whole} {fraction}");
                if fast.is_ok() {
                    let told = |digits: &Digits| (digits.value, digits.count);
                    assert_eq!(
                        told(&by_run),
                        told(&one_by_one),
                        "{digit} {whole} {fraction}"
                    );
                }
            }
        }
    }

    const POINT: Marks = Marks {
        decimal: '.',
        thousands: None,
    };

    fn read(text: &str, decimal: char, thousands: Option<char>) -> Result<String, NumberError> {
        parse_decimal(text, &Marks { decimal, thousands }).map(|value| value.to_string())
    }

    #[test]
    fn decimals_by_their_marks() {
        for (text, decimal, thousands, wanted) in [
            ("12.50", '.', None, "12.50"),
            ("-12,50", ',', Some('.'), "-12.50"),
            ("1.234.567,89", ',', Some('.'), "1234567.89"),
            ("1'234.5", '.', Some('\''), "1234.5"),
            ("1\u{a0}234,5", ',', Some('\u{a0}'), "1234.5"),
            ("1\u{202f}234", ',', Some('\u{202f}'), "1234"),
            ("12345,6", ',', Some('.'), "12345.6"),
            ("-1,23,45,678.50", '.', Some(','), "-12345678.50"),
            ("12,34,567", '.', Some(','), "1234567"),
            ("007.10", '.', None, "7.10"),
            (".5", '.', None, "0.5"),
            ("-,5", ',', None, "-0.5"),
            ("+3", '.', None, "3"),
            ("\u{2212}3", '.', None, "-3"),
            ("1,50-", ',', None, "-1.50"),
            ("1,50+", ',', None, "1.50"),
            ("(1.50)", '.', None, "-1.50"),
            ("1.5E3", '.', None, "1500"),
            ("1e-3", '.', None, "0.001"),
            ("1.50e+1", '.', None, "15.0"),
            ("-0.00", '.', None, "0.00"),
        ] {
            assert_eq!(
                read(text, decimal, thousands).as_deref(),
                Ok(wanted),
                "{text}"
            );
        }
    }

    #[test]
    fn refusals_say_why() {
        use NumberError::{Grouping, NotANumber, TooManyDigits};
        for (text, decimal, thousands, wanted) in [
            ("", '.', None, NotANumber),
            ("-", '.', None, NotANumber),
            (".", '.', None, NotANumber),
            ("5.", '.', None, NotANumber),
            (" 5", '.', None, NotANumber),
            ("5 ", '.', Some(' '), Grouping),
            ("--5", '.', None, NotANumber),
            ("-5-", '.', None, NotANumber),
            ("(-5)", '.', None, NotANumber),
            ("(5", '.', None, NotANumber),
            ("1.2.3", '.', None, NotANumber),
            ("12a", '.', None, NotANumber),
            ("1e", '.', None, NotANumber),
            ("e5", '.', None, NotANumber),
            ("NaN", '.', None, NotANumber),
            ("\u{661}", '.', None, NotANumber),
            ("1,23", '.', Some(','), Grouping),
            ("1234,567", '.', Some(','), Grouping),
            (",567", '.', Some(','), Grouping),
            ("1,2345", '.', Some(','), Grouping),
            ("12,345678", '.', Some(','), Grouping),
            ("1.234,567", '.', Some(','), Grouping),
            ("1,23,45", '.', Some(','), Grouping),
            ("123,45,678", '.', Some(','), Grouping),
            ("1,23,456,789", '.', Some(','), Grouping),
            ("1,234,56,789", '.', Some(','), Grouping),
            ("1.23.456", ',', Some('.'), Grouping),
            ("1e39", '.', None, TooManyDigits),
            ("1e-39", '.', None, TooManyDigits),
            ("1e99999999999", '.', None, TooManyDigits),
            (
                "100000000000000000000000000000000000000",
                '.',
                None,
                TooManyDigits,
            ),
            (
                "0.100000000000000000000000000000000000000",
                '.',
                None,
                TooManyDigits,
            ),
        ] {
            assert_eq!(read(text, decimal, thousands), Err(wanted), "{text}");
        }
    }

    /// Both ways over one text, with all marks.
    fn both_ways(text: &str) {
        let told = |number: Decimal| (number.digits(), number.scale());
        for thousands in [None, Some(','), Some('.'), Some('\''), Some('\u{a0}')] {
            assert_eq!(
                parse_integer(text, thousands),
                integer(text, thousands),
                "{text} {thousands:?}"
            );
            for mark in ['.', ','] {
                let marks = Marks {
                    decimal: mark,
                    thousands,
                };
                let (short, long) = (parse_decimal(text, &marks), decimal(text, &marks));
                assert_eq!(short.map(told), long.map(told), "{text} {marks:?}");
            }
        }
    }

    #[test]
    fn plain_numbers_are_as_by_the_long_way() {
        // Every text of up to seven of these, and each behind digits that make it too long for the short way.
        const PIECES: [&str; 6] = ["", "0", "123", ",", ".", "-"];
        let mut plain_ones = 0;
        for number in 0..6_usize.pow(7) {
            let pieces = (0..7).map(|place| PIECES[number / 6_usize.pow(place) % 6]);
            let text: String = pieces.collect();
            both_ways(&text);
            plain_ones += usize::from(plain(&text, b',', b'.').is_some());
        }
        assert!(plain_ones > 5_000, "{plain_ones}");
        for length in 14..22 {
            for tail in [
                "", ".5", ",25", ".500", "a", " ", "\u{e4}", "e1", "-", "1'000",
            ] {
                for front in ["", "-", "+", "(", "\u{2212}", ","] {
                    both_ways(&format!("{front}{}{tail}", "9".repeat(length)));
                }
            }
        }
    }

    #[test]
    fn integers_take_no_fraction() {
        assert_eq!(parse_integer("-1,234", Some(',')), Ok(-1234));
        assert_eq!(parse_integer("0012", None), Ok(12));
        assert_eq!(parse_integer("(7)", None), Ok(-7));
        assert_eq!(parse_integer("1.0", None), Err(NumberError::NotANumber));
        assert_eq!(parse_integer("1e3", None), Err(NumberError::NotANumber));
        assert_eq!(parse_integer("1,23", Some(',')), Err(NumberError::Grouping));
        let largest = "9".repeat(38);
        assert_eq!(
            parse_integer(&largest, None).map(|n| n.to_string()),
            Ok(largest)
        );
        assert_eq!(
            parse_integer(&"9".repeat(39), None),
            Err(NumberError::TooManyDigits)
        );
    }

    #[test]
    fn marks_come_from_texts() {
        let swiss = Marks {
            decimal: '.',
            thousands: Some('\''),
        };
        assert_eq!(Marks::parse(".", "'"), Some(swiss));
        assert_eq!(
            Marks::parse(",", ""),
            Some(Marks {
                decimal: ',',
                thousands: None
            })
        );
        assert_eq!(Marks::parse(".", "."), None);
        assert_eq!(Marks::parse(";", ""), None);
        assert_eq!(Marks::parse(".", "_"), None);
    }

    fn grouped(value: i64, mark: char) -> String {
        let digits = value.unsigned_abs().to_string();
        let mut out = String::from(if value < 0 { "-" } else { "" });
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                out.push(mark);
            }
            out.push(digit);
        }
        out
    }

    proptest! {
        #[test]
        fn display_is_read_back(digits in -(10_i128.pow(38) - 1)..10_i128.pow(38), scale in 0_u32..=38) {
            let value = Decimal::new(digits, scale).expect("fits");
            let back = parse_decimal(&value.to_string(), &POINT).expect("canonical");
            prop_assert_eq!((back.digits(), back.scale()), (digits, scale));
        }

        #[test]
        fn grouped_is_read_back(value in any::<i64>()) {
            for mark in THOUSANDS_MARKS {
                prop_assert_eq!(parse_integer(&grouped(value, mark), Some(mark)), Ok(i128::from(value)));
            }
        }

        #[test]
        fn never_panics(text in "\\PC*", near in "[-+()0-9.,' eE\u{2212}]{0,50}") {
            for text in [text.as_str(), near.as_str()] {
                for thousands in [None, Some(','), Some('.'), Some(' ')] {
                    let _ = parse_integer(text, thousands);
                    let _ = parse_decimal(text, &Marks { decimal: '.', thousands });
                    let _ = parse_decimal(text, &Marks { decimal: ',', thousands });
                }
                both_ways(text);
            }
        }
    }
}
