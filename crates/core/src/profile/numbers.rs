//! Which numbers a column holds, by every reading of their marks at once, until it is known which
//! reading is right.

use std::collections::BTreeMap;

use super::tally::{End, Extremes};
use crate::value::code::{is_currency, without_percent};
use crate::value::{Decimal, Marks, parse_decimal, parse_integer, sign_word};

/// The readings of marks that are tried, simpler ones first among those of a decimal mark.
pub(super) const READINGS: [Marks; 10] = [
    marks('.', None),
    marks(',', None),
    marks(',', Some('.')),
    marks('.', Some(',')),
    marks('.', Some('\'')),
    marks('.', Some('\u{2019}')),
    marks(',', Some(' ')),
    marks(',', Some('\u{a0}')),
    marks(',', Some('\u{202f}')),
    marks('.', Some(' ')),
];

/// Numbers are not longer than this, in bytes, currency included.
const LONGEST: usize = 80;

/// At most so many different texts around numbers are told apart.
const AFFIXES: usize = 8;

const fn marks(decimal: char, thousands: Option<char>) -> Marks {
    Marks { decimal, thousands }
}

/// How marks are written in a type's format: `1.234,56`.
pub(super) fn marks_format(marks: Marks) -> String {
    let mut out = String::from("1");
    out.extend(marks.thousands);
    out.push_str("234");
    out.push(marks.decimal);
    out.push_str("56");
    out
}

/// A number and the currency around it, e.g. `€`, `EUR`, `US$`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Affixed<'a> {
    /// What is in front, with its blank.
    pub(super) prefix: &'a str,
    /// What is behind, with its blank.
    pub(super) suffix: &'a str,
    pub(super) number: &'a str,
    /// Whether parentheses around both make the number negative: `($2.50)`.
    pub(super) enclosed: bool,
}

impl<'a> Affixed<'a> {
    const fn plain(number: &'a str) -> Self {
        Self {
            prefix: "",
            suffix: "",
            number,
            enclosed: false,
        }
    }

    /// The number by a reading of its marks.
    fn read(&self, marks: &Marks) -> Option<Decimal> {
        let number = parse_decimal(self.number, marks).ok()?;
        Some(if self.enclosed {
            number.negate()
        } else {
            number
        })
    }
}

const SYMBOLS: [&str; 33] = [
    "€", "US$", "A$", "C$", "NZ$", "S$", "HK$", "R$", "$", "£", "¥", "₹", "₽", "₺", "₩", "₴", "₪",
    "₫", "₦", "₱", "฿", "zł", "Kč", "kr", "Fr.", "Ft", "TL", "Rs", "Rs.", "лв", "лв.", "руб",
    "руб.",
];

/// Takes a currency's symbol or code off one end of a number, with one blank between them, also where
/// parentheses stand around both. A sign in front of the symbol (`-€5`) is not understood.
pub(super) fn affixed(text: &str) -> Affixed<'_> {
    let inner = text
        .strip_prefix('(')
        .and_then(|text| text.strip_suffix(')'));
    let enclosed = inner.map(beside).filter(|inner| {
        let is_bare = inner.number.starts_with(|c: char| c.is_ascii_digit())
            && inner.number.ends_with(|c: char| c.is_ascii_digit());
        is_bare && !(inner.prefix.is_empty() && inner.suffix.is_empty())
    });
    match enclosed {
        Some(inner) => Affixed {
            enclosed: true,
            ..inner
        },
        None => beside(text),
    }
}

/// A number and the currency at one of its ends.
fn beside(text: &str) -> Affixed<'_> {
    let plain = Affixed::plain(text);
    let is_inner = |c: char| c.is_ascii_digit() || "+-.,()\u{2212}".contains(c);
    if text.starts_with(is_inner) {
        let Some(end) = text.rfind(|c: char| c.is_ascii_digit() || c == '-' || c == ')') else {
            return plain;
        };
        let Some((number, suffix)) = text.split_at_checked(end + 1) else {
            return plain;
        };
        let unit = without_blank_in_front(suffix);
        let is_sign = || sign_word(unit).is_some_and(|word| word.can_follow(number));
        return if is_money(unit) || is_sign() {
            Affixed {
                suffix,
                ..Affixed::plain(number)
            }
        } else {
            plain
        };
    }
    let Some(start) = text.find(|c: char| c.is_ascii_digit() || "+-(\u{2212}".contains(c)) else {
        return plain;
    };
    let Some((prefix, number)) = text.split_at_checked(start) else {
        return plain;
    };
    if is_money(without_blank_behind(prefix)) {
        Affixed {
            prefix,
            ..Affixed::plain(number)
        }
    } else {
        plain
    }
}

const BLANKS: [char; 3] = [' ', '\u{a0}', '\u{202f}'];

fn without_blank_in_front(text: &str) -> &str {
    text.strip_prefix(BLANKS).unwrap_or(text)
}

fn without_blank_behind(text: &str) -> &str {
    text.strip_suffix(BLANKS).unwrap_or(text)
}

/// Whether a character can stand in a number, by whatever reading.
fn is_of_numbers(character: char) -> bool {
    matches!(
        character,
        '0'..='9'
            | '+'
            | '-'
            | '\u{2212}'
            | '.'
            | ','
            | '\''
            | '\u{2019}'
            | ' '
            | '\u{a0}'
            | '\u{202f}'
            | '('
            | ')'
            | 'e'
            | 'E'
    )
}

fn is_money(text: &str) -> bool {
    // Most of what stands beside numbers is longer.
    text.len() <= LONGEST_SYMBOL && (is_currency(text) || SYMBOLS.contains(&text))
}

/// In bytes; longer than the codes.
const LONGEST_SYMBOL: usize = "руб.".len();

/// Whether any text of a form (as in [`super::forms`]) can be a number. A form has other letters than
/// its texts, so that a currency is told by the kinds of its characters.
pub(super) fn is_possible(form: &str) -> bool {
    let form = without_percent(form).unwrap_or(form);
    let is_known = |c: char| {
        c.is_ascii() || is_of_numbers(c) || SYMBOLS.iter().any(|symbol| symbol.contains(c))
    };
    if !form.chars().all(is_known) {
        return false;
    }
    // What stands at one end of a number has no digits and no sign in it, and of letters in a number
    // there is only the exponent's.
    let words = form.split(|c: char| !c.is_ascii_alphabetic());
    let mut words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    words.sort_unstable_by_key(|word| word.len());
    let is_of_money = |word: &str| word.len() < 3 || word == "AAA";
    match *words {
        [] => true,
        [one] => is_of_money(one),
        [exponent, money] => exponent.len() == 1 && is_of_money(money),
        _ => false,
    }
}

/// Rows that the same readings fit.
#[derive(Debug, Clone, Default)]
struct Marked {
    rows: u64,
    /// Rows whose value is one number with a decimal point and another with a decimal comma.
    differ: u64,
    point: Extremes<Decimal>,
    comma: Extremes<Decimal>,
}

/// What numbers a column holds.
#[derive(Debug, Clone, Default)]
pub(super) struct NumberTally {
    /// Whole numbers without any mark: the same by every reading.
    plain: u64,
    plain_ends: Extremes<Decimal>,
    /// Of them, those with a zero in front: often a code.
    pub(super) zero_led: u64,
    /// Values with marks, exponent or currency, by the readings that fit: bit n is reading n.
    marked: BTreeMap<u16, Marked>,
    /// Texts around numbers, written as `€ #`, and their rows.
    affixes: BTreeMap<String, u64>,
}

impl NumberTally {
    /// Counts a number if any reading fits; `whole` is the cell that it stands in, `at` when it was seen.
    pub(super) fn add(&mut self, text: &str, whole: &str, rows: u64, at: u64) {
        if text.len() > LONGEST || !text.bytes().any(|byte| byte.is_ascii_digit()) {
            return;
        }
        if let Ok(value) = parse_integer(text, None) {
            if let Some(value) = Decimal::new(value, 0) {
                self.plain += rows;
                self.plain_ends.add_at(value, whole, at);
                if text.starts_with('0') && text.len() > 1 {
                    self.zero_led += rows;
                }
            }
            return;
        }
        let affixed = affixed(text);
        if !affixed.number.chars().all(is_of_numbers) {
            return;
        }
        let mut bits = 0_u16;
        let mut values: [Option<Decimal>; 2] = [None, None];
        let ungrouped = |decimal| affixed.read(&marks(decimal, None));
        let (by_point, by_comma) = (ungrouped('.'), ungrouped(','));
        for (index, marks) in READINGS.iter().enumerate() {
            // A mark that is not there groups nothing.
            let grouped = marks
                .thousands
                .is_some_and(|mark| affixed.number.contains(mark));
            let value = match marks.decimal {
                _ if grouped => affixed.read(marks),
                '.' => by_point,
                _ => by_comma,
            };
            let Some(value) = value else {
                continue;
            };
            bits |= 1 << index;
            if let Some(slot) = values.get_mut(usize::from(marks.decimal != '.')) {
                *slot = Some(value);
            }
        }
        if bits == 0 {
            return;
        }
        let marked = self.marked.entry(bits).or_default();
        marked.rows += rows;
        let [point, comma] = values;
        if let (Some(point), Some(comma)) = (point, comma)
            && point != comma
        {
            marked.differ += rows;
        }
        for (ends, value) in [(&mut marked.point, point), (&mut marked.comma, comma)] {
            if let Some(value) = value {
                ends.add_at(value, whole, at);
            }
        }
        self.add_affix(affixed, rows);
    }

    fn add_affix(&mut self, affixed: Affixed<'_>, rows: u64) {
        if affixed.prefix.is_empty() && affixed.suffix.is_empty() {
            return;
        }
        let key = format!("{}#{}", affixed.prefix, affixed.suffix);
        if let Some(count) = self.affixes.get_mut(&key) {
            *count += rows;
        } else if self.affixes.len() < AFFIXES {
            self.affixes.insert(key, rows);
        }
    }

    /// Rows of whole numbers without marks.
    pub(super) const fn integers(&self) -> u64 {
        self.plain
    }

    /// Smallest and largest of them.
    pub(super) const fn integer_ends(&self) -> Option<&(End<Decimal>, End<Decimal>)> {
        self.plain_ends.ends()
    }

    /// Whether any value has a mark, an exponent or a currency.
    pub(super) fn has_marks(&self) -> bool {
        !self.marked.is_empty()
    }

    /// Rows that a reading fits, plain ones included.
    pub(super) fn rows(&self, reading: Marks) -> u64 {
        self.plain + self.fitting(reading).map(|marked| marked.rows).sum::<u64>()
    }

    /// Rows that both readings fit, and read as different numbers.
    pub(super) fn differ(&self, one: Marks, other: Marks) -> u64 {
        let other = bit(other);
        self.marked
            .iter()
            .filter(|(bits, _)| *bits & bit(one) != 0 && *bits & other != 0)
            .map(|(_, marked)| marked.differ)
            .sum()
    }

    /// Rows that are a number by a decimal mark, whatever groups their digits, and none by the other:
    /// they prove it.
    pub(super) fn proven(&self, decimal: char) -> u64 {
        let by = |decimal: char| {
            (0..)
                .zip(READINGS)
                .filter(|(_, marks)| marks.decimal == decimal)
                .fold(0_u16, |bits, (index, _)| bits | 1 << index)
        };
        let other = by(if decimal == '.' { ',' } else { '.' });
        self.marked
            .iter()
            .filter(|(bits, _)| *bits & by(decimal) != 0 && *bits & other == 0)
            .map(|(_, marked)| marked.rows)
            .sum()
    }

    fn fitting(&self, reading: Marks) -> impl Iterator<Item = &Marked> {
        let bit = bit(reading);
        self.marked
            .iter()
            .filter(move |(bits, _)| *bits & bit != 0)
            .map(|(_, marked)| marked)
    }

    /// The reading that fits most rows among those that `allowed` lets pass; the simplest of them.
    pub(super) fn best(&self, allowed: impl Fn(Marks) -> bool) -> Option<(Marks, u64)> {
        let mut best: Option<(Marks, u64)> = None;
        for marks in READINGS.into_iter().filter(|marks| allowed(*marks)) {
            let rows = self.rows(marks);
            if rows > best.map_or(0, |(_, rows)| rows) {
                best = Some((marks, rows));
            }
        }
        best
    }

    /// Smallest and largest number by a reading.
    pub(super) fn ends(&self, reading: Marks) -> Option<(End<Decimal>, End<Decimal>)> {
        let mut all = self.plain_ends.clone();
        for marked in self.fitting(reading) {
            all.merge(if reading.decimal == '.' {
                &marked.point
            } else {
                &marked.comma
            });
        }
        all.ends().cloned()
    }

    /// Texts around numbers as `€ #`, by rows, then by text.
    pub(super) fn affixes(&self) -> Vec<(&str, u64)> {
        let mut affixes: Vec<(&str, u64)> = self
            .affixes
            .iter()
            .map(|(affix, rows)| (affix.as_str(), *rows))
            .collect();
        affixes.sort_by_key(|(_, rows)| std::cmp::Reverse(*rows));
        affixes
    }
}

fn bit(reading: Marks) -> u16 {
    READINGS
        .iter()
        .position(|marks| *marks == reading)
        .map_or(0, |index| 1 << index)
}

/// A number of a column whose reading is known, with or without a currency or a per cent sign.
pub(super) fn read(text: &str, reading: Marks) -> Option<Decimal> {
    match without_percent(text) {
        Some(number) => parse_decimal(number, &reading).ok(),
        None => affixed(text).read(&reading),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(values: &[&str]) -> NumberTally {
        let mut tally = NumberTally::default();
        for value in values {
            tally.add(value, value, 1, u64::MAX);
        }
        tally
    }

    fn best(values: &[&str], decimal: char) -> Option<(String, u64)> {
        let best = tally(values).best(|marks| marks.decimal == decimal);
        best.map(|(marks, rows)| (marks_format(marks), rows))
    }

    #[test]
    fn the_simplest_reading_that_fits_most_is_best() {
        for (values, point, comma) in [
            (
                &["12.50", "1"][..],
                Some(("1234.56", 2)),
                Some(("1234,56", 1)),
            ),
            (&["1.234,50", "12,5"], None, Some(("1.234,56", 2))),
            (&["1,234.50", "12.5"], Some(("1,234.56", 2)), None),
            (&["1'234.50"], Some(("1'234.56", 1)), None),
            (&["1 234,50"], None, Some(("1 234,56", 1))),
            (&["1.234"], Some(("1234.56", 1)), Some(("1.234,56", 1))),
            (&["(12,50)", "3,00-"], None, Some(("1234,56", 2))),
            (&["abc", "1.2.3"], None, None),
        ] {
            let owned = |best: Option<(&str, u64)>| best.map(|(f, rows)| (f.to_owned(), rows));
            assert_eq!(best(values, '.'), owned(point), "{values:?}");
            assert_eq!(best(values, ','), owned(comma), "{values:?}");
        }
    }

    #[test]
    fn forms_of_numbers_are_known() {
        let form = |text: &str| -> String {
            let kind = |c: char| match c {
                '0'..='9' => '9',
                'a'..='z' => 'a',
                'A'..='Z' => 'A',
                _ => c,
            };
            text.chars().map(kind).collect()
        };
        for affix in SYMBOLS.into_iter().chain(["EUR", "CHF", ""]) {
            for number in ["1", "-1.5", "(1)", "1e5", "1.5E-3"] {
                for text in [
                    format!("{affix}{number}"),
                    format!("{affix} {number}"),
                    format!("{number}{affix}"),
                    format!("{number} {affix}"),
                    format!("{affix} {number} %"),
                ] {
                    assert!(is_possible(&form(&text)), "{text}");
                }
            }
        }
        for text in ["24103 Kiel", "89073 Ulm", "12 eur", "1e5e6 kr", "AB12CD"] {
            assert!(!is_possible(&form(text)), "{text}");
            assert_eq!(tally(&[text]).rows(READINGS[0]), 0, "{text}");
        }
    }

    #[test]
    fn readings_that_differ_are_counted() {
        let one = READINGS[0];
        let other = READINGS[2];
        assert_eq!(tally(&["1.234", "5", "0.000"]).differ(one, other), 1);
        assert_eq!(tally(&["1.23"]).differ(one, other), 0);
    }

    #[test]
    fn currencies_stand_on_either_side() {
        for (text, prefix, suffix, number) in [
            ("€ 1,50", "€ ", "", "1,50"),
            ("$(5)", "$", "", "(5)"),
            ("($-5)", "", "", "($-5)"),
            ("($5)-", "", "", "($5)-"),
            ("(5)", "", "", "(5)"),
            ("$5", "$", "", "5"),
            ("1.50 EUR", "", " EUR", "1.50"),
            ("1,50-€", "", "€", "1,50-"),
            ("CHF 1'000.00", "CHF ", "", "1'000.00"),
            ("-1.50", "", "", "-1.50"),
            ("12 km", "", "", "12 km"),
            ("A1", "", "", "A1"),
            ("", "", "", ""),
        ] {
            assert_eq!(
                affixed(text),
                Affixed {
                    prefix,
                    suffix,
                    number,
                    enclosed: false,
                },
                "{text}"
            );
        }
        let tally = tally(&["€ 1,50", "€ 2,50", "3,00 EUR"]);
        assert_eq!(tally.affixes(), [("€ #", 2), ("# EUR", 1)]);
        assert_eq!(
            tally
                .best(|_| true)
                .map(|(marks, rows)| (marks.decimal, rows)),
            Some((',', 3))
        );
    }

    #[test]
    fn a_currency_in_the_parentheses_of_a_negative_number_is_one() {
        for (text, wanted) in [
            ("($2.50)", Some("-2.50")),
            ("(US$ 1,234.50)", Some("-1234.50")),
            ("(2.50 EUR)", Some("-2.50")),
            ("$(2.50)", Some("-2.50")),
            ("(2.50)", Some("-2.50")),
            ("($-2.50)", None),
            ("($(2.50))", None),
            ("(km 2.50)", None),
        ] {
            let read = read(text, marks('.', Some(',')));
            assert_eq!(read.map(|n| n.to_string()).as_deref(), wanted, "{text}");
            assert_eq!(
                tally(&[text]).rows(READINGS[3]),
                u64::from(wanted.is_some()),
                "{text}"
            );
        }
        let tally = tally(&["$1.50", "($2.50)"]);
        assert_eq!(tally.affixes(), [("$#", 2)]);
        let (min, max) = tally.ends(READINGS[0]).expect("numbers");
        assert_eq!((&*min.1, &*max.1), ("($2.50)", "$1.50"));
    }

    #[test]
    fn extremes_follow_the_reading() {
        let tally = tally(&["1.234", "5", "2.5"]);
        let (min, max) = tally.ends(READINGS[0]).expect("numbers");
        assert_eq!((&*min.1, &*max.1), ("1.234", "5"));
        let (min, max) = tally.ends(READINGS[2]).expect("numbers");
        assert_eq!((&*min.1, &*max.1), ("5", "1.234"));
    }
}
