//! Which dates and times a column holds, by every order of day, month and year at once, until it
//! is known which order is right.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::tally::Extremes;
use crate::value::date::{TIMES, has_time_form, time_of_day};
use crate::value::{DateFormat, Timestamp};

/// Order of the parts of a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Order {
    Dmy,
    Mdy,
    Ymd,
}

impl Order {
    pub(super) const ALL: [Self; 3] = [Self::Dmy, Self::Mdy, Self::Ymd];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Dmy => "dmy",
            Self::Mdy => "mdy",
            Self::Ymd => "ymd",
        }
    }

    /// Its first part, in words.
    pub(super) const fn first(self) -> &'static str {
        match self {
            Self::Dmy => "day",
            Self::Mdy => "month",
            Self::Ymd => "year",
        }
    }

    pub(super) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|order| order.name() == name)
    }

    const fn index(self) -> usize {
        match self {
            Self::Dmy => 0,
            Self::Mdy => 1,
            Self::Ymd => 2,
        }
    }
}

/// A way to write dates: with two digits for day and month, or with one where one is enough.
struct Family {
    order: Order,
    strict: DateFormat,
    loose: Option<DateFormat>,
}

/// Dates of digits that do not begin with the year, `?` is the separator.
const NUMERIC: [(Order, &str, &str); 4] = [
    (Order::Dmy, "%d?%m?%Y", "%-d?%-m?%Y"),
    (Order::Mdy, "%m?%d?%Y", "%-m?%-d?%Y"),
    (Order::Dmy, "%d?%m?%y", "%-d?%-m?%y"),
    (Order::Mdy, "%m?%d?%y", "%-m?%-d?%y"),
];

const NAMED: [(Order, &str, &str); 19] = [
    (Order::Dmy, "%d-%b-%Y", "%-d-%b-%Y"),
    (Order::Dmy, "%d-%b-%y", "%-d-%b-%y"),
    (Order::Dmy, "%d %b %Y", "%-d %b %Y"),
    (Order::Dmy, "%d %b %y", "%-d %b %y"),
    (Order::Dmy, "%d. %b %Y", "%-d. %b %Y"),
    (Order::Dmy, "%d. %b. %Y", "%-d. %b. %Y"),
    (Order::Dmy, "%d %B %Y", "%-d %B %Y"),
    (Order::Dmy, "%d. %B %Y", "%-d. %B %Y"),
    (Order::Dmy, "%d/%b/%Y", "%-d/%b/%Y"),
    (Order::Dmy, "%d%b%Y", "%-d%b%Y"),
    (Order::Mdy, "%b %d, %Y", "%b %-d, %Y"),
    (Order::Mdy, "%b %d %Y", "%b %-d %Y"),
    (Order::Mdy, "%B %d, %Y", "%B %-d, %Y"),
    (Order::Ymd, "%Y-%b-%d", "%Y-%b-%-d"),
    (Order::Dmy, "%d %b. %Y", "%-d %b. %Y"),
    (Order::Dmy, "%d de %B de %Y", "%-d de %B de %Y"),
    (Order::Dmy, "%der %B %Y", "%-der %B %Y"),
    (Order::Dmy, "%d.%b.%Y", "%-d.%b.%Y"),
    (Order::Ymd, "%Y年%m月%d日", "%Y年%-m月%-d日"),
];

/// The separators of numeric dates; each has the four of [`NUMERIC`], then the year first with
/// four and with two digits.
const SEPARATORS: [char; 4] = ['.', '/', '-', ' '];
const PER_SEPARATOR: usize = 6;
const COMPACT: usize = SEPARATORS.len() * PER_SEPARATOR;

fn format(pattern: &str) -> Option<DateFormat> {
    DateFormat::parse(pattern).ok()
}

/// All families; a constant that has to be parsed once.
static FAMILIES: LazyLock<Vec<Family>> = LazyLock::new(|| {
    let mut patterns: Vec<(Order, String, Option<String>)> = Vec::new();
    for separator in SEPARATORS {
        let with = |pattern: &str| pattern.replace('?', separator.encode_utf8(&mut [0; 4]));
        for (order, strict, loose) in NUMERIC {
            patterns.push((order, with(strict), Some(with(loose))));
        }
        patterns.push((Order::Ymd, with("%Y?%m?%d"), Some(with("%Y?%-m?%-d"))));
        patterns.push((Order::Ymd, with("%y?%m?%d"), None));
    }
    patterns.push((Order::Ymd, "%Y%m%d".to_owned(), None));
    for (order, strict, loose) in NAMED {
        patterns.push((order, strict.to_owned(), Some(loose.to_owned())));
    }
    patterns
        .into_iter()
        .filter_map(|(order, strict, loose)| {
            let loose = loose.and_then(|pattern| format(&pattern));
            Some(Family {
                order,
                strict: format(&strict)?,
                loose,
            })
        })
        .collect()
});

/// Between date and time of day.
const JOINTS: [&str; 5] = ["", " ", "T", ", ", ":"];

/// A way to write a date or a timestamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key {
    family: u8,
    /// Index into [`JOINTS`]; 0 = a date alone.
    joint: u8,
    time: u8,
}

impl Key {
    pub(super) const fn has_time(self) -> bool {
        self.joint != 0
    }

    pub(super) fn order(self) -> Option<Order> {
        FAMILIES
            .get(usize::from(self.family))
            .map(|family| family.order)
    }

    /// Whether it is written in digits only.
    const fn is_numeric(self) -> bool {
        (self.family as usize) <= COMPACT
    }

    /// Whether no other order could be meant: the year has four digits and stands in front, or the
    /// month is a name.
    pub(super) const fn is_fixed(self) -> bool {
        let family = self.family as usize;
        family >= COMPACT || family % PER_SEPARATOR == 4
    }

    /// Whether it is written with points, which nobody does with the month first.
    pub(super) const fn is_dotted(self) -> bool {
        (self.family as usize) < PER_SEPARATOR
    }

    /// The format, with one-digit days and months if `loose`.
    pub(super) fn format(self, loose: bool) -> Option<String> {
        let family = FAMILIES.get(usize::from(self.family))?;
        let date = if loose {
            family.loose.as_ref()?
        } else {
            &family.strict
        };
        let joint = JOINTS.get(usize::from(self.joint))?;
        if joint.is_empty() {
            return Some(date.pattern().to_owned());
        }
        let time = TIMES.get(usize::from(self.time))?;
        Some(format!("{}{joint}{time}", date.pattern()))
    }
}

/// Rows that one way of writing fits.
#[derive(Debug, Clone, Default)]
pub(super) struct DateCount {
    pub(super) rows: u64,
    /// Of them, those with a day or month of one digit.
    pub(super) loose: u64,
    ends: Extremes<Timestamp>,
}

/// What dates, timestamps and times of day a column holds.
#[derive(Debug, Clone, Default)]
pub(super) struct DateTally {
    keys: BTreeMap<Key, DateCount>,
    /// Rows that are different days by two orders: dmy and mdy, dmy and ymd, mdy and ymd.
    differ: [u64; 3],
    /// Rows that are a day by both of two orders, in the same order.
    both: [u64; 3],
    /// Times of day, by index into [`TIMES`].
    times: BTreeMap<u8, (u64, Extremes<i64>)>,
}

/// A text as a date by one way of writing.
#[derive(Debug, Clone, Copy)]
struct Fit {
    key: Key,
    loose: bool,
    value: Timestamp,
}

/// Whether any text of a form (as in [`super::forms`]) can be a date, a timestamp or a time of day.
pub(super) fn is_possible(form: &str) -> bool {
    LENGTHS.contains(&form.len())
        && form.bytes().any(|byte| byte.is_ascii_digit())
        && (form.contains(':') || !families(form).is_empty())
        || has_time_form(form)
}

/// But for times of day with AM or PM, the shortest is `9:05`, the longest a full timestamp with a month's name.
const LENGTHS: std::ops::RangeInclusive<usize> = 4..=45;

impl DateTally {
    /// Counts a value as everything that it can be.
    pub(super) fn add(&mut self, text: &str, rows: u64) {
        if let Some((index, value)) = time_of_day(text) {
            let (count, ends) = self.times.entry(index).or_default();
            *count += rows;
            ends.add(value, text);
            return;
        }
        if !LENGTHS.contains(&text.len()) || !text.bytes().any(|byte| byte.is_ascii_digit()) {
            return;
        }
        let mut by_order: [Option<Timestamp>; 3] = [None; 3];
        fits(text, &mut |fit| {
            let count = self.keys.entry(fit.key).or_default();
            count.rows += rows;
            count.loose += if fit.loose { rows } else { 0 };
            count.ends.add(fit.value, text);
            let slot = fit
                .key
                .order()
                .and_then(|order| by_order.get_mut(order.index()));
            if let Some(slot) = slot {
                *slot = Some(fit.value);
            }
        });
        let [dmy, mdy, ymd] = by_order;
        let pairs = [(dmy, mdy), (dmy, ymd), (mdy, ymd)];
        let counts = self.differ.iter_mut().zip(&mut self.both);
        for ((differ, both), pair) in counts.zip(pairs) {
            if let (Some(one), Some(other)) = pair {
                *both += rows;
                *differ += if one == other { 0 } else { rows };
            }
        }
    }

    /// Rows that an order fits among those where another order could be meant.
    pub(super) fn rows(&self, order: Order) -> u64 {
        self.keys
            .iter()
            .filter(|(key, _)| !key.is_fixed() && key.order() == Some(order))
            .map(|(_, count)| count.rows)
            .sum()
    }

    /// The ways of writing that go together with an order: those of this order, and those where
    /// no other could be meant. No row has two of them.
    pub(super) fn with_order(&self, order: Order) -> impl Iterator<Item = (Key, &DateCount)> {
        self.keys
            .iter()
            .filter(move |(key, _)| key.is_fixed() || key.order() == Some(order))
            .map(|(key, count)| (*key, count))
    }

    /// Smallest and largest date by an order.
    pub(super) fn ends(&self, order: Order) -> Extremes<Timestamp> {
        let mut all = Extremes::default();
        for (_, count) in self.with_order(order) {
            all.merge(&count.ends);
        }
        all
    }

    /// Rows that are different days by the two orders.
    pub(super) const fn differ(&self, one: Order, other: Order) -> u64 {
        of_pair(self.differ, one, other)
    }

    /// Rows that are a day by the first order and none by the second: they prove it against that.
    pub(super) fn proven(&self, order: Order, against: Order) -> u64 {
        self.rows(order)
            .saturating_sub(of_pair(self.both, order, against))
    }

    /// The order of the most frequent way of writing where no other order could be meant.
    pub(super) fn fixed_order(&self) -> Option<Order> {
        let fixed = self.keys.iter().filter(|(key, _)| key.is_fixed());
        let (key, _) = fixed.max_by_key(|(key, count)| (count.rows, std::cmp::Reverse(**key)))?;
        key.order()
    }

    /// Whether all dates that an order fits are written with points.
    pub(super) fn is_dotted(&self, order: Order) -> bool {
        self.keys
            .keys()
            .all(|key| key.order() != Some(order) || key.is_dotted())
    }

    /// Times of day: format and rows, most rows first.
    pub(super) fn times(&self) -> Vec<(&'static str, u64)> {
        let mut times: Vec<(&'static str, u64)> = self
            .times
            .iter()
            .filter_map(|(index, (rows, _))| Some((*TIMES.get(usize::from(*index))?, *rows)))
            .collect();
        times.sort_by_key(|(_, rows)| std::cmp::Reverse(*rows));
        times
    }

    /// Smallest and largest time of day.
    pub(super) fn time_ends(&self) -> Extremes<i64> {
        let mut all = Extremes::default();
        for (_, ends) in self.times.values() {
            all.merge(ends);
        }
        all
    }
}

/// The count of two orders; nothing of an order and itself.
const fn of_pair(counts: [u64; 3], one: Order, other: Order) -> u64 {
    let [dmy_mdy, dmy_ymd, mdy_ymd] = counts;
    match (one, other) {
        (Order::Dmy, Order::Mdy) | (Order::Mdy, Order::Dmy) => dmy_mdy,
        (Order::Dmy, Order::Ymd) | (Order::Ymd, Order::Dmy) => dmy_ymd,
        (Order::Mdy, Order::Ymd) | (Order::Ymd, Order::Mdy) => mdy_ymd,
        (Order::Dmy, Order::Dmy) | (Order::Mdy, Order::Mdy) | (Order::Ymd, Order::Ymd) => 0,
    }
}

/// Calls `found` with everything that the text can be as a date or timestamp.
fn fits(text: &str, found: &mut dyn FnMut(Fit)) {
    let (date, joint, time) = cut(text);
    let time = match joint {
        0 => None,
        _ => match time_of_timestamp(time) {
            Some(time) => Some(time),
            None => return,
        },
    };
    for index in families(date) {
        if index == COMPACT && !is_plausible(date) {
            return;
        }
        let Some(family) = FAMILIES.get(index) else {
            continue;
        };
        let formats = [Some(&family.strict), family.loose.as_ref()];
        let fit = formats
            .into_iter()
            .flatten()
            .zip([false, true])
            .find_map(|(format, loose)| Some((loose, format.timestamp(date).ok()?)));
        let (Some((loose, day)), Ok(family)) = (fit, u8::try_from(index)) else {
            continue;
        };
        let key = Key {
            family,
            joint,
            time: time.map_or(0, |(index, _)| index),
        };
        let value = match time {
            None => day,
            Some((_, time)) => Timestamp {
                micros: day.micros + time.micros,
                ..time
            },
        };
        found(Fit { key, loose, value });
        if !key.is_numeric() {
            // `May` is a short and a full name: the first way of writing is enough.
            return;
        }
    }
}

/// A date or timestamp of a column whose order is known.
pub(super) fn read(text: &str, order: Order) -> Option<Timestamp> {
    let mut value = None;
    fits(text, &mut |fit| {
        if fit.key.is_fixed() || fit.key.order() == Some(order) {
            value = Some(fit.value);
        }
    });
    value
}

/// The time of a timestamp, on 1970-01-01 (in UTC where it has an offset): index and value.
fn time_of_timestamp(time: &str) -> Option<(u8, Timestamp)> {
    let full = format!("1970-01-01T{time}");
    let mut formats = FULL_TIMES.iter().enumerate();
    formats.find_map(|(index, format)| {
        Some((u8::try_from(index).ok()?, format.timestamp(&full).ok()?))
    })
}

/// The times of day, each behind a date.
static FULL_TIMES: LazyLock<Vec<DateFormat>> = LazyLock::new(|| {
    TIMES
        .into_iter()
        .filter_map(|time| format(&format!("%Y-%m-%dT{time}")))
        .collect()
});

/// Bytes of a date such as `01/Dec/2024`.
const WEB_DATE: usize = 11;

/// Date, what joins it to the time (index into [`JOINTS`]), and time.
fn cut(text: &str) -> (&str, u8, &str) {
    let alone = (text, 0, "");
    let Some((before, _)) = text.split_once(':') else {
        return alone;
    };
    // As web servers write it: `01/Dec/2024:10:00:00`.
    let has_month = before
        .get(3..6)
        .is_some_and(|month| month.chars().all(char::is_alphabetic));
    if before.len() == WEB_DATE && has_month && before.contains('/') {
        let time = text.get(WEB_DATE + 1..).unwrap_or_default();
        return (before, 4, time);
    }
    let Some(at) = before.rfind([' ', 'T']) else {
        return alone;
    };
    let Some((date, rest)) = text.split_at_checked(at) else {
        return alone;
    };
    if let Some(time) = rest.strip_prefix('T') {
        return (date, 2, time);
    }
    let Some(time) = rest.strip_prefix(' ') else {
        return alone;
    };
    match date.strip_suffix(',') {
        Some(date) => (date, 3, time),
        None => (date, 1, time),
    }
}

/// Indexes of the families whose form the text has at first sight.
fn families(date: &str) -> std::ops::Range<usize> {
    let none = 0..0;
    if let Some(is_date) = is_named(date) {
        return if is_date {
            COMPACT + 1..COMPACT + 1 + NAMED.len()
        } else {
            none
        };
    }
    let digits = date.bytes().take_while(u8::is_ascii_digit).count();
    if digits == date.len() {
        return if digits == 8 {
            COMPACT..COMPACT + 1
        } else {
            none
        };
    }
    let Some(separator) = date.chars().nth(digits) else {
        return none;
    };
    let Some(row) = SEPARATORS.iter().position(|known| *known == separator) else {
        return none;
    };
    let mut groups = date.split(separator);
    let fits = |group: &str| group.len() <= 4 && group.bytes().all(|byte| byte.is_ascii_digit());
    if !groups.by_ref().take(3).all(fits) || groups.next().is_some() {
        return none;
    }
    let first = row * PER_SEPARATOR;
    match digits {
        1 | 2 => {
            // The year first with two digits is known with hyphens only.
            let short = date.len() <= 8;
            match (short, separator) {
                (true, '-') => first..first + 4 + usize::from(digits == 2) * 2,
                (true | false, _) => first..first + 4,
            }
        }
        4 => first + 4..first + 5,
        _ => none,
    }
}

/// Whether a text with letters may be a date by how many of them stand together; nothing for a text
/// without letters.
fn is_named(date: &str) -> Option<bool> {
    // From `may` to `października`.
    let is_name = |letters: usize| (3..=12).contains(&letters);
    let mut words = date
        .split(|c: char| !c.is_alphabetic())
        .filter(|letters| !letters.is_empty())
        .map(|letters| letters.chars().count());
    let first = words.next()?;
    Some(match (first, words.next(), words.next(), words.next()) {
        (name, None, None, None) => is_name(name) && has_day_and_year(date),
        // `1er décembre 2024`
        (2, Some(name), None, None) => is_name(name) && has_day_and_year(date),
        // `1 de diciembre de 2024`
        (2, Some(name), Some(2), None) => is_name(name) && has_day_and_year(date),
        (1, Some(1), Some(1), None) => date.ends_with('日'),
        _ => false,
    })
}

/// Whether there are two numbers, as beside a month's name.
fn has_day_and_year(date: &str) -> bool {
    let runs = date.split(|c: char| !c.is_ascii_digit());
    let mut numbers = runs.filter(|run| !run.is_empty());
    let fits = |run: Option<&str>| run.is_some_and(|run| run.len() <= 4);
    fits(numbers.next()) && fits(numbers.next()) && numbers.next().is_none()
}

/// Eight digits are a date only where the year is one of our times.
fn is_plausible(date: &str) -> bool {
    date.starts_with("19") || date.starts_with("20")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn formats(text: &str) -> Vec<String> {
        let mut out = Vec::new();
        fits(text, &mut |fit| {
            out.push(fit.key.format(fit.loose).expect("known"))
        });
        out
    }

    #[test]
    fn every_format_of_the_tables_can_be_read() {
        assert_eq!(FAMILIES.len(), COMPACT + 1 + NAMED.len());
        assert!(FAMILIES.iter().enumerate().all(|(index, family)| {
            family.loose.is_some() || index == COMPACT || index % PER_SEPARATOR == 5
        }));
        assert_eq!(FULL_TIMES.len(), TIMES.len());
    }

    #[test]
    fn texts_and_what_they_can_be() {
        for (text, wanted) in [
            ("24.11.2026", &["%d.%m.%Y"][..]),
            ("4.1.2026", &["%-d.%-m.%Y", "%-m.%-d.%Y"]),
            ("01/02/2026", &["%d/%m/%Y", "%m/%d/%Y"]),
            ("11/24/26", &["%m/%d/%y"]),
            ("26-11-24", &["%d-%m-%y", "%y-%m-%d"]),
            ("2026-11-24", &["%Y-%m-%d"]),
            ("2026/1/5", &["%Y/%-m/%-d"]),
            ("20261124", &["%Y%m%d"]),
            ("20261324", &[]),
            ("18991124", &[]),
            ("5. März 2026", &["%-d. %B %Y"]),
            ("05-OCT-26", &["%d-%b-%y"]),
            ("12 May 2026", &["%d %b %Y"]),
            ("Nov 24, 2026", &["%b %d, %Y"]),
            ("1 gen 2025", &["%-d %b %Y"]),
            ("1 de diciembre de 2024", &["%-d de %B de %Y"]),
            ("12 grudnia 2024", &["%d %B %Y"]),
            ("3 października 2024", &["%-d %B %Y"]),
            ("1er décembre 2024", &["%-der %B %Y"]),
            ("4 févr. 2024", &["%-d %b. %Y"]),
            ("5. února 2024", &["%-d. %B %Y"]),
            ("07 EKİM 2024", &["%d %B %Y"]),
            ("07 KASIM 2024", &["%d %B %Y"]),
            ("2024年12月1日", &["%Y年%-m月%-d日"]),
            ("2024年13月1日", &[]),
            ("1 de algo de 2024", &[]),
            ("1er étage 2024", &[]),
            ("01/Dec/2024:10:00:00 +0000", &["%d/%b/%Y:%H:%M:%S %z"]),
            ("2025-01-01 10:00:00 UTC", &["%Y-%m-%d %H:%M:%S %z"]),
            ("2025-01-01 10:00:00.5 GMT", &["%Y-%m-%d %H:%M:%S.%f %z"]),
            ("2025-01-01 10:00 UTC", &["%Y-%m-%d %H:%M %z"]),
            ("2025-01-01 10:00:00 CET", &[]),
            ("2026-11-24T10:30:00Z", &["%Y-%m-%dT%H:%M:%S%z"]),
            (
                "2026-11-24 10:30:00.123456789 +0100",
                &["%Y-%m-%d %H:%M:%S.%f %z"],
            ),
            ("24.11.2026, 9:05", &["%d.%m.%Y, %-H:%M"]),
            ("11/24/2026 1:05 PM", &["%m/%d/%Y %-I:%M %p"]),
            ("24.11.2026 25:00", &[]),
            ("31.02.2026", &[]),
            ("1.234,50", &[]),
            ("030 123456", &[]),
            ("DE89370400440532013000", &[]),
            ("ä.1.2026", &[]),
        ] {
            assert_eq!(formats(text), wanted, "{text}");
        }
    }

    #[test]
    fn days_that_differ_between_orders_are_counted() {
        let mut tally = DateTally::default();
        for text in ["01/02/2026", "05/05/2026", "24/11/2026"] {
            tally.add(text, 2);
        }
        assert_eq!((tally.rows(Order::Dmy), tally.rows(Order::Mdy)), (6, 4));
        assert_eq!(tally.differ(Order::Mdy, Order::Dmy), 2);
        assert_eq!(
            (
                tally.proven(Order::Dmy, Order::Mdy),
                tally.proven(Order::Mdy, Order::Dmy)
            ),
            (2, 0)
        );
    }

    #[test]
    fn times_of_day_stand_alone() {
        let mut tally = DateTally::default();
        for text in ["10:30", "9:05", "10:30:00", "24:00", "1:2"] {
            tally.add(text, 1);
        }
        assert_eq!(
            tally.times(),
            [("%H:%M:%S", 1), ("%H:%M", 1), ("%-H:%M", 1)]
        );
        assert!(tally.keys.is_empty());
    }
}
