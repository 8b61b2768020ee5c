//! Steps that read a column's text as the field's type, by the profile and the decisions.

use super::evidence;
use super::flag::is_amount;
use crate::mapping::{Bare, Evidence, Step};
use crate::matching::name_evidence::FieldNames;
use crate::matching::names::{Name, currency_code};
use crate::matching::text::share;
use crate::matching::value_evidence::{WholeAs, filled, share_of, whole_as};
use crate::profile::{ColumnProfile, SemanticType, TypeCount, ValueCount};
use crate::source::{Decision, What};
use crate::target::{Constraint, Field, FieldType};
use crate::value::boolean::{BOOLEAN_PAIRS, BooleanPair, parse_boolean};
use crate::value::date::{has_fixed_order, order_of};
use crate::value::{DateFormat, SignWord, sign_word};

/// How a column is read.
#[derive(Debug, Default)]
pub(super) struct Reading {
    pub(super) steps: Vec<Step>,
    /// Highest confidence that the rule can have with these steps.
    pub(super) cap: f64,
    pub(super) evidence: Vec<Evidence>,
    /// No value is what the field takes, so that every row would be rejected.
    pub(super) none_read: bool,
}

/// A time of day that is left out or added has to be seen by a person.
pub(super) const CHANGED_PRECISION: f64 = 0.8;
/// Two readings that the values admit alike.
const AMBIGUOUS: f64 = 0.5;
/// Zeros in front that a person has to give up.
const LOST_ZEROS: f64 = 0.7;
/// A date of birth whose century is not known.
const NO_CENTURY: f64 = 0.6;
/// 2030-01-01 in days since 1970-01-01. Nothing here knows what day it is, but nobody in a file of today was
/// born later.
const LATEST_BIRTH: i32 = 21_915;
/// Where so many values cannot be read that most of a column may be meant otherwise.
const UNREAD: f64 = 0.85;
/// From which part of a column's values on that is so.
const UNREAD_PART: f64 = 0.2;
/// Numbers of which only some have a word for their sign.
const SOME_SIGNS: f64 = 0.6;
/// Cap where letters may say a sign and nothing says that the field is an amount.
const UNSAID_SIGN: f64 = 0.6;
/// Cap where a letter that may say a sign has no other beside it.
const LONE_LETTER: f64 = 0.5;
/// Numbers that are no longer comparable without what stands beside them.
const MIXED_UNITS: f64 = 0.6;

/// The decision about a column, or else the general one.
fn decision<'a>(decisions: &'a [Decision], what: What, column: &str) -> Option<&'a Decision> {
    let of = |wanted: Option<&str>| {
        decisions
            .iter()
            .find(|d| d.what == what && d.column.as_deref() == wanted)
    };
    of(Some(column)).or_else(|| of(None))
}

impl Reading {
    /// Trimming and null markers only; the text goes on as it is.
    pub(super) fn of_text(column: &ColumnProfile, field: &Field, decisions: &[Decision]) -> Self {
        let mut reading = Self {
            cap: 1.0,
            ..Self::default()
        };
        if !is_free_text(field) && has_blanks_at_ends(column) {
            reading.steps.push(Step::Trim);
        }
        let markers = decision(decisions, What::NullMarkers, &column.name)
            .filter(|decision| decision.sure)
            .and_then(|decision| decision.value.as_array())
            .map(|list| {
                list.iter()
                    .filter_map(|text| text.as_str().map(str::to_owned))
                    .collect::<Vec<_>>()
            })
            .filter(|list| !list.is_empty());
        if let Some(markers) = markers {
            reading.steps.push(Step::NullIf(markers));
        }
        reading
    }

    /// All steps up to the field's type.
    pub(super) fn of(column: &ColumnProfile, field: &Field, decisions: &[Decision]) -> Self {
        let mut reading = Self::of_text(column, field, decisions);
        match field.kind {
            FieldType::String => {}
            FieldType::Time => reading.add_times(column),
            FieldType::Integer => reading.add_integer(column, field, decisions),
            FieldType::Decimal => reading.add_decimal(column, field, decisions),
            FieldType::Boolean => reading.add_boolean(column),
            FieldType::Date => reading.add_dates(column, decisions, SemanticType::Date),
            FieldType::Timestamp => reading.add_dates(column, decisions, SemanticType::Timestamp),
        }
        reading.doubt_century(column, field);
        reading
    }

    pub(super) fn limit(&mut self, cap: f64, kind: &str, text: impl Into<String>) {
        self.cap = self.cap.min(cap);
        self.evidence.push(evidence(kind, -0.5, text));
    }

    /// Lowers the confidence where numbers would lose zeros in front, as a code has them. Two digits may
    /// be a month or an hour, and amounts and times of day are written in fixed width.
    fn keep_zeros(&mut self, column: &ColumnProfile, field: &Field) {
        const OF_FIXED_WIDTH: [&str; 5] = ["amount", "price", "quantity", "time", "hour"];
        let names = FieldNames::of(field);
        if OF_FIXED_WIDTH.iter().any(|word| names.mean(word)) {
            return;
        }
        let is_code = |value: &&str| {
            value.len() > 2 && value.starts_with('0') && value.bytes().all(|b| b.is_ascii_digit())
        };
        let mut codes = shown(column).filter(|value| value.bytes().any(|byte| byte != b'0'));
        if codes.any(|value| is_code(&value)) {
            let text = "type: zeros in front are lost in a number; a code is a text";
            self.limit(LOST_ZEROS, "type", text);
        }
    }

    /// Lowers the confidence of dates of birth whose year has two digits and is read as one to come.
    fn doubt_century(&mut self, column: &ColumnProfile, field: &Field) {
        let Some(Step::Date { formats } | Step::Timestamp { formats }) = self.steps.last() else {
            return;
        };
        let short = formats.iter().filter(|format| format.contains("%y"));
        let short: Vec<DateFormat> = short.filter_map(|f| DateFormat::parse(f).ok()).collect();
        let is_to_come = |value: &&str| {
            let days = short
                .iter()
                .find_map(|format| format.date(value.trim()).ok());
            days.is_some_and(|days| days > LATEST_BIRTH)
        };
        let Some(value) = shown(column).find(is_to_come) else {
            return;
        };
        if FieldNames::of(field).mean("birth") || Name::parse(&column.name).means("birth") {
            let text = format!("values: the year of {value:?} is read as one to come");
            self.limit(NO_CENTURY, "values", text);
        }
    }

    /// Lowers the confidence where many values are not what the steps read.
    pub(super) fn expect(&mut self, column: &ColumnProfile, read: u64, what: &str) {
        let all = filled(column);
        let unread = all.saturating_sub(read);
        if unread > 0 && share(unread, all) > UNREAD_PART {
            let text = format!("values: {unread} of {all} are no {what} as the others are");
            self.limit(UNREAD, "values", text);
        }
    }

    /// Lowers the confidence where units are mixed. Whatever speaks for the column, this is what a person
    /// has to know first.
    fn mix(&mut self, text: String) {
        self.cap = self.cap.min(MIXED_UNITS);
        self.evidence.push(evidence("values", -1.0, text));
    }

    /// Lowers the confidence where a reading is open.
    fn watch(&mut self, column: &ColumnProfile, decisions: &[Decision], what: What, word: &str) {
        let ambiguous = column
            .ambiguous
            .as_ref()
            .filter(|ambiguity| ambiguity.what == what);
        match (decision(decisions, what, &column.name), ambiguous) {
            (Some(decision), _) if decision.sure => {}
            (None, None) => {}
            (decision, ambiguity) => {
                let rival = decision.is_some_and(|decision| {
                    decision
                        .alternatives
                        .iter()
                        .any(|rival| rival.confidence >= decision.confidence)
                });
                let cap = decision
                    .filter(|_| !rival)
                    .map_or(AMBIGUOUS, |decision| decision.confidence);
                let why = decision.map_or("the reading of the source is not sure", |decision| {
                    decision.reason.as_str()
                });
                let text = ambiguity.map_or_else(
                    || format!("{word}: {why}"),
                    |ambiguity| {
                        format!(
                            "{word}: {} fit alike; {} of {} rows differ between them",
                            ambiguity.readings.join(" and "),
                            ambiguity.rows,
                            filled(column)
                        )
                    },
                );
                self.limit(cap, "type", text);
            }
        }
    }

    /// What has a fraction is read as a decimal: one that is not zero has no place in the field and is
    /// rejected.
    fn add_integer(&mut self, column: &ColumnProfile, field: &Field, decisions: &[Decision]) {
        match whole_as(column) {
            Some(WholeAs::Fractions) => return self.add_decimal(column, field, decisions),
            Some(WholeAs::Groups) => {
                self.watch(column, decisions, What::DecimalMark, "whole numbers");
            }
            None => {}
        }
        self.keep_zeros(column, field);
        let has_marks = whole_as(column).is_some();
        let whole = if has_marks {
            rows_of(column, NUMBERS)
        } else {
            rows_of(column, &[SemanticType::Integer])
        };
        self.expect(column, whole, "whole numbers");
        self.steps.push(Step::Integer {
            thousands_mark: mark(decisions, What::ThousandsMark, column),
        });
    }

    fn add_decimal(&mut self, column: &ColumnProfile, field: &Field, decisions: &[Decision]) {
        self.watch(column, decisions, What::DecimalMark, "decimals");
        self.keep_zeros(column, field);
        self.expect(column, rows_of(column, NUMBERS), "numbers");
        let decimal_mark = mark(decisions, What::DecimalMark, column);
        let decimal_mark = if decimal_mark.is_empty() {
            ".".to_owned()
        } else {
            decimal_mark
        };
        let mut strip = texts_around(column);
        strip.retain(|text| sign_word(text).is_none());
        let currencies = currencies(&strip);
        if currencies.len() > 1 {
            let text = format!(
                "values: amounts in different currencies ({}) become bare numbers",
                currencies.join(", ")
            );
            self.mix(text);
        }
        let is_percent = column.semantic == Some(SemanticType::Percentage);
        if !is_percent && strip.iter().any(|text| text == "%") {
            let text = "values: some are percentages and others are not; 5 % becomes 5 as well";
            self.mix(text.to_owned());
        }
        if is_percent {
            if !strip.iter().any(|text| text == "%") {
                strip.push("%".to_owned());
            }
            self.limit(
                0.7,
                "type",
                "type: the values are percentages; 5 % becomes 5, not 0.05",
            );
        }
        self.add_signs(column, field);
        self.steps.push(Step::Decimal {
            thousands_mark: mark(decisions, What::ThousandsMark, column),
            decimal_mark,
            strip,
        });
    }

    /// Words for the sign behind the numbers. Where only some numbers have one, nobody can tell what the others
    /// are: statements of credit cards leave out the word for what was spent.
    fn add_signs(&mut self, column: &ColumnProfile, field: &Field) {
        let mut words: Vec<_> = column.affixes().into_iter().filter_map(sign_word).collect();
        let names = FieldNames::of(field);
        let of_money = is_amount(field, &names)
            || ["balance", "price", "fee"]
                .iter()
                .any(|word| names.mean(word));
        if !of_money && words.iter().any(|word| word.is_letter()) {
            let text = "values: letters behind the numbers may say their sign, or a unit";
            self.limit(UNSAID_SIGN, "values", text);
        }
        let lone = words.iter().find(|word| {
            let has_other = |other: &SignWord| {
                other.negative == word.negative && other.is_negative != word.is_negative
            };
            word.is_letter() && !words.iter().any(has_other)
        });
        if let Some(word) = lone {
            let (letter, other) = word.and_other();
            let text = format!(
                "values: {letter} stands behind numbers and {other} behind none: it is open whether it says their sign"
            );
            self.limit(LONE_LETTER, "values", text);
        }
        // Both sides of a way of writing, as the next file may have the other one.
        words.sort_by_key(|word| word.negative);
        words.dedup_by_key(|word| word.negative);
        if words.is_empty() {
            return;
        }
        let sides = words.iter().map(|word| word.negative);
        let negative: Vec<String> = sides.map(str::to_owned).collect();
        let sides = words.iter().map(|word| word.positive);
        let positive: Vec<String> = sides.map(str::to_owned).collect();
        let (named, all) = (rows_with_sign(column), filled(column));
        let (minus, plus) = (negative.join(", "), positive.join(", "));
        if named < all {
            let bare = all - named;
            let text = format!(
                "values: {bare} of {all} have neither {minus} nor {plus} behind them; those other than zero will be rejected"
            );
            self.limit(SOME_SIGNS, "values", text);
        } else {
            let text =
                format!("values: minus where {minus} stands behind the number, plus where {plus}");
            self.evidence.push(evidence("values", 0.5, text));
        }
        self.steps.push(Step::Signs {
            negative,
            positive,
            bare: Bare::Reject,
        });
    }

    fn add_dates(&mut self, column: &ColumnProfile, decisions: &[Decision], wanted: SemanticType) {
        self.watch(column, decisions, What::DateOrder, "dates");
        let other = if wanted == SemanticType::Date {
            SemanticType::Timestamp
        } else {
            SemanticType::Date
        };
        let order = decision(decisions, What::DateOrder, &column.name)
            .and_then(|decision| decision.value.as_str());
        let found = if share_of(column, &[wanted]) >= share_of(column, &[other]) {
            wanted
        } else {
            other
        };
        let rare = if found == wanted { other } else { wanted };
        let mut formats = Formats::default();
        formats.take(column, found, order);
        let of_found = formats.taken.len();
        formats.take(column, rare, order);
        let has_rare = formats.taken.len() > of_found;
        self.expect(column, formats.read, "dates");
        let formats = formats.taken;
        if (found != wanted && of_found > 0) || (rare != wanted && has_rare) {
            let text = if wanted == SemanticType::Date {
                "type: the time of day is left out"
            } else {
                "type: the source has no time of day, midnight is taken"
            };
            self.limit(CHANGED_PRECISION, "type", text);
        }
        // Without rows nothing is known, and the target's own spelling is asked for.
        if formats.is_empty() {
            return;
        }
        self.steps.push(if wanted == SemanticType::Date {
            Step::Date { formats }
        } else {
            Step::Timestamp { formats }
        });
    }

    fn add_boolean(&mut self, column: &ColumnProfile) {
        let known = |value: &str, pair: &BooleanPair| parse_boolean(value.trim(), *pair);
        let of_side = |pair: &BooleanPair, side: bool| -> u64 {
            let fits = column
                .top
                .iter()
                .filter(|v| known(&v.value, pair) == Some(side));
            fits.map(|v| v.rows).sum()
        };
        let rows = |pair: &BooleanPair| of_side(pair, true) + of_side(pair, false);
        let has_both = |pair: &BooleanPair| {
            of_side(pair, true) > 0 && (pair.no.is_empty() || of_side(pair, false) > 0)
        };
        // The first of the pairs that fit best: `max_by_key` would take the last.
        let best = BOOLEAN_PAIRS.iter().rev();
        let best = best.max_by_key(|pair| (has_both(pair), rows(pair)));
        let Some(pair) = best.filter(|pair| rows(pair) > 0) else {
            return;
        };
        let spelt = |side: bool, spelling: &str| -> Vec<String> {
            let mut found: Vec<String> = column
                .top
                .iter()
                .filter(|value| known(&value.value, pair) == Some(side))
                .map(|value| value.value.trim().to_owned())
                .collect();
            found.sort();
            found.dedup();
            if found.is_empty() && !spelling.is_empty() {
                vec![written_as(&column.top, spelling)]
            } else {
                found
            }
        };
        let seen: u64 = column.top.iter().map(|value| value.rows).sum();
        let open = seen.saturating_sub(rows(pair));
        if open > 0 {
            let text = format!("values: {open} of {seen} are neither true nor false");
            // Half of a pair beside something else says nothing: `1` and `2`, `ja` and `vet ej`.
            let guessed = !has_both(pair) && share(open, seen) > UNREAD_PART;
            self.limit(if guessed { AMBIGUOUS } else { UNREAD }, "values", text);
        }
        let is_word = |text: &str| text.chars().all(char::is_alphabetic);
        let fit_alike = BOOLEAN_PAIRS
            .iter()
            .filter(|other| rows(other) == rows(pair));
        if !has_both(pair) && is_word(pair.no) && fit_alike.count() > 1 {
            let text = "values: only one side is there, and what the other one is called is open";
            self.limit(UNREAD, "values", text);
        }
        self.steps.push(Step::Boolean {
            r#true: spelt(true, pair.yes),
            r#false: spelt(false, pair.no),
        });
    }
}

/// A word in the case in which those are written that were seen.
fn written_as(seen: &[ValueCount], word: &str) -> String {
    let mut letters = seen.iter().flat_map(|value| value.value.chars());
    let upper = |letter: char| letter.is_uppercase();
    let is_word = |value: &ValueCount| {
        value
            .value
            .trim()
            .chars()
            .filter(|c| c.is_alphabetic())
            .count()
            > 1
    };
    if letters.clone().all(|letter| !letter.is_lowercase()) && letters.any(upper) {
        return word.to_uppercase();
    }
    let begins = |value: &ValueCount| value.value.trim().starts_with(upper);
    if seen.iter().all(|value| is_word(value) && begins(value)) {
        let mut rest = word.chars();
        let first = rest.next().map(char::to_uppercase);
        return first.into_iter().flatten().chain(rest).collect();
    }
    word.to_owned()
}

/// Rows whose number has a word for its sign behind it.
fn rows_with_sign(column: &ColumnProfile) -> u64 {
    let has_word = |count: &&TypeCount| {
        let format = count.format.as_deref().unwrap_or_default();
        let word = format.rsplit(|c: char| c.is_ascii_digit() || c.is_whitespace());
        count.semantic == SemanticType::Decimal
            && word.take(1).any(|word| sign_word(word).is_some())
    };
    let counts = column.types.iter().filter(has_word);
    counts.map(|count| count.rows).sum()
}

const NUMBERS: &[SemanticType] = &[
    SemanticType::Integer,
    SemanticType::Decimal,
    SemanticType::Percentage,
];

/// Rows that the best of the types fits.
fn rows_of(column: &ColumnProfile, types: &[SemanticType]) -> u64 {
    let counts = column.types.iter();
    let fitting = counts.filter(|count| types.contains(&count.semantic));
    fitting.map(|count| count.rows).max().unwrap_or(0)
}

/// The decided mark, or the one that stands in the profile's best decimal format.
fn mark(decisions: &[Decision], what: What, column: &ColumnProfile) -> String {
    if let Some(value) = decision(decisions, what, &column.name).and_then(|d| d.value.as_str()) {
        return value.to_owned();
    }
    let format = column
        .types
        .iter()
        .find(|count| count.semantic == SemanticType::Decimal)
        .and_then(|count| count.format.as_deref())
        .unwrap_or_default();
    let mut marks = format
        .chars()
        .filter(|character| !character.is_ascii_digit());
    let (first, second) = (marks.next(), marks.next());
    let (thousands, decimal) = if second.is_some() {
        (first, second)
    } else {
        (None, first)
    };
    let found = if what == What::DecimalMark {
        decimal
    } else {
        thousands
    };
    found.map(String::from).unwrap_or_default()
}

/// The formats of a column's dates, as few as read all its values.
#[derive(Debug, Default)]
struct Formats {
    taken: Vec<String>,
    /// Rows that they read.
    read: u64,
}

impl Formats {
    /// Takes those of a type that go with the decided order, and those where no other order could be meant.
    fn take(&mut self, column: &ColumnProfile, wanted: SemanticType, order: Option<&str>) {
        let mut counts: Vec<(&TypeCount, &str)> = column
            .types
            .iter()
            .filter(|count| count.semantic == wanted && count.rows > 0)
            .filter_map(|count| Some((count, count.format.as_deref()?)))
            .filter(|(_, format)| {
                order.is_none_or(|order| has_fixed_order(format) || order_of(format) == order)
            })
            .collect();
        // Most rows first; among equals the strict form (`%d` before `%-d`), as it takes less.
        counts.sort_by(|a, b| {
            b.0.rows
                .cmp(&a.0.rows)
                .then(a.1.matches('-').count().cmp(&b.1.matches('-').count()))
                .then(a.1.cmp(b.1))
        });
        for (count, format) in counts {
            let twin = |known: &String| known.replace("%-", "%") == format.replace("%-", "%");
            if self.read >= filled(column) {
                break;
            }
            if self.taken.iter().any(twin) || (order.is_none() && conflicts(&self.taken, format)) {
                continue;
            }
            self.read = self.read.saturating_add(count.rows);
            self.taken.push(format.to_owned());
        }
    }
}

/// Day and month are never read in both orders within one column.
fn conflicts(taken: &[String], format: &str) -> bool {
    !has_fixed_order(format)
        && taken
            .iter()
            .any(|known| !has_fixed_order(known) && order_of(known) != order_of(format))
}

/// Values that the profile shows.
fn shown(column: &ColumnProfile) -> impl Iterator<Item = &str> {
    column
        .top
        .iter()
        .map(|value| value.value.as_str())
        .chain(column.sample.iter().map(String::as_str))
        .chain(column.min.as_deref())
        .chain(column.max.as_deref())
}

fn has_blanks_at_ends(column: &ColumnProfile) -> bool {
    shown(column).any(|value| value.trim() != value && !value.trim().is_empty())
}

/// Whether blanks at the ends may belong to the value.
fn is_free_text(field: &Field) -> bool {
    field.kind == FieldType::String
        && !field.constraints.iter().any(|constraint| {
            matches!(
                constraint,
                Constraint::Enum(_) | Constraint::Pattern(_) | Constraint::Format(_)
            )
        })
}

/// Currency signs, codes and per cent signs around the numbers of a column.
fn texts_around(column: &ColumnProfile) -> Vec<String> {
    let affixes = column.affixes().into_iter();
    let mut found: Vec<String> = affixes.map(str::to_owned).collect();
    for value in shown(column) {
        let digits = |character: char| character.is_ascii_digit();
        let (Some(first), Some(last)) = (value.find(digits), value.rfind(digits)) else {
            continue;
        };
        let before = value.get(..first).unwrap_or_default();
        let after = value.get(last + 1..).unwrap_or_default();
        for text in [before, after] {
            let text = text.trim_matches(|c: char| {
                c.is_whitespace() || matches!(c, '-' | '+' | '\u{2212}' | '(' | ')' | '.' | ',')
            });
            let known = text == "%" || currency_code(text).is_some();
            if known && !found.iter().any(|strip| strip == text) {
                found.push(text.to_owned());
            }
        }
    }
    found.sort();
    found
}

/// The different currencies among texts that are to be stripped, each as it is first written: sign and
/// code of one are the same.
fn currencies(strip: &[String]) -> Vec<&str> {
    let mut found: Vec<(&str, &str)> = Vec::new();
    for text in strip {
        if let Some(code) = currency_code(&text.to_lowercase())
            && found.iter().all(|(_, known)| *known != code)
        {
            found.push((text, code));
        }
    }
    found.into_iter().map(|(text, _)| text).collect()
}

/// Whether no value of a column is negative, as far as the profile shows: by its smallest value and
/// by the shapes.
pub(super) fn never_negative(column: &ColumnProfile) -> bool {
    let shaped = column.shapes.iter().any(|shape| is_negative(&shape.shape));
    let named = column
        .affixes()
        .into_iter()
        .any(|text| sign_word(text).is_some());
    filled(column) > 0 && !shaped && !named && !shown(column).any(is_negative)
}

/// Whether all values of a column are negative, as far as the profile shows.
pub(super) fn always_negative(column: &ColumnProfile) -> bool {
    let shaped = column.shapes.iter().all(|shape| is_negative(&shape.shape));
    filled(column) > 0 && shaped && shown(column).all(is_negative)
}

/// Whether a text is a negative number, if it is one.
fn is_negative(text: &str) -> bool {
    let text = text.trim();
    text.starts_with(['-', '\u{2212}', '(']) || text.ends_with('-')
}

/// Whether almost all values of a column are numbers.
pub(super) fn is_numeric(column: &ColumnProfile) -> bool {
    let types = [SemanticType::Decimal, SemanticType::Integer];
    filled(column) > 0 && share_of(column, &types) >= 0.9
}

/// The share of a column's cells that have no value.
pub(super) fn empty_share(column: &ColumnProfile) -> f64 {
    share(column.nulls, column.count)
}
