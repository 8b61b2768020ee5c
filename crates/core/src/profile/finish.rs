//! From counts to a profile: what is null, how values are read, and what follows.

use std::collections::BTreeMap;

use super::choice::{BY_PERSON, Choice, MarksSet, contradicting, contradicting_mark};
use super::column::{ColumnPartial, Parts};
use super::dates::{self, Order};
use super::histogram::{histogram, scaled};
use super::markers::{NullChoice, choose_nulls, readings};
use super::numbers;
use super::observed::{Observed, shown};
use super::overrides::ColumnOverrides;
use super::rows::row_hash;
use super::semantic::{Readings, date_rows, semantic, typed, types};
use super::{Ambiguity, Bin, ColumnProfile, Distinct, SemanticType, ValueCount};
use crate::source::{Alternative, Decision, What};
use crate::value::{Marks, parse_integer};

/// How many values, shapes and sampled values are shown.
const TOP: usize = 20;
/// Most values of a column that a value map can be made of.
const ALL: usize = 500;
const SHAPES: usize = 10;
const SAMPLE: usize = 20;
/// How many different values are kept for matching.
const KEPT_VALUES: usize = 120;

/// A column whose nulls are known and whose readings are chosen, but may still lean on others.
#[derive(Debug)]
pub(super) struct OpenColumn {
    pub(super) name: String,
    partial: ColumnPartial,
    parts: Parts,
    nulls: NullChoice,
    null_rows: u64,
    distinct: Distinct,
    marks_set: MarksSet,
    pub(super) readings: Readings,
}

impl OpenColumn {
    pub(super) fn new(name: String, partial: ColumnPartial, set: &ColumnOverrides) -> Self {
        let mut parts = partial.parts();
        let nulls = choose_nulls(&parts, set, &name);
        let kept: Vec<(String, u64)> = parts
            .markers
            .iter()
            .filter(|(marker, _)| !nulls.null.contains(marker))
            .map(|(marker, rows)| (marker.clone(), *rows))
            .collect();
        for (marker, rows) in &kept {
            parts.summary.add(Observed::new(marker), *rows, u64::MAX);
        }
        let marked: u64 =
            parts.markers.values().sum::<u64>() - kept.iter().map(|k| k.1).sum::<u64>();
        let distinct = parts.distinct(kept.len());
        let readings = readings(&parts.summary, set);
        let null_rows = partial.empty + marked;
        Self {
            name,
            partial,
            parts,
            nulls,
            null_rows,
            distinct,
            marks_set: set.marks,
            readings,
        }
    }

    /// The order of day and month that this column's dates tell, if it is a column of dates.
    pub(super) fn telling_order(&self) -> Option<Order> {
        let order = self.order(self.typed())?;
        (order.telling && order.value != Order::Ymd).then_some(order.value)
    }

    /// The decimal mark that this column's numbers tell, if it is a column of numbers.
    pub(super) fn telling_mark(&self) -> Option<char> {
        let choice = self.marks(self.typed())?;
        choice.telling.then_some(choice.value.decimal)
    }

    fn typed(&self) -> Option<SemanticType> {
        typed(&self.parts.summary, &self.readings)
    }

    /// The column's profile and the decisions about it.
    pub(super) fn close(self, index: usize) -> (ColumnProfile, Vec<Decision>) {
        let summary = &self.parts.summary;
        let semantic = semantic(summary, &self.readings, self.distinct.number());
        let is_null = |value: &str| self.nulls.null.iter().any(|null| null == value);
        let (min, max) = self.ends(semantic).unzip();
        let by_rows = self.by_rows(is_null);
        let top: Vec<ValueCount> = by_rows.iter().take(TOP).cloned().collect();
        let is_whole = matches!(self.distinct, Distinct::Exact(_)) && by_rows.len() <= ALL;
        let all = if is_whole && by_rows.len() > TOP {
            by_rows
        } else {
            Vec::new()
        };
        let profile = ColumnProfile {
            name: self.name.clone(),
            index,
            count: self.partial.count,
            nulls: self.null_rows,
            distinct: self.distinct,
            min,
            max,
            lengths: summary.text.lengths(),
            top,
            shapes: summary.text.top_shapes(SHAPES),
            types: types(summary, &self.readings),
            semantic,
            ambiguous: self.ambiguity(semantic),
            histogram: self.histogram(semantic, is_null),
            sample: self.partial.rows.sample(SAMPLE, is_null),
            values: self.values(is_null),
            all,
        };
        let decisions = self.decisions(semantic);
        (profile, decisions)
    }

    /// The values that are surely frequent, most rows first.
    fn by_rows(&self, is_null: impl Fn(&str) -> bool) -> Vec<ValueCount> {
        let error = self.partial.counter.error();
        let mut top: Vec<ValueCount> = self
            .partial
            .counter
            .values()
            .into_iter()
            .filter(|(_, value, rows)| *rows > error && (value.long || !is_null(value.text)))
            .map(|(_, value, rows)| ValueCount {
                value: shown(value.text).to_owned(),
                rows,
            })
            .collect();
        top.sort_by(|a, b| b.rows.cmp(&a.rows).then_with(|| a.value.cmp(&b.value)));
        top
    }

    /// Different values that stand for the column when it is compared with another one.
    fn values(&self, is_null: impl Fn(&str) -> bool) -> Vec<String> {
        match self.distinct {
            Distinct::Exact(_) => {
                let values = self.partial.counter.values();
                let texts = values.iter().map(|(_, value, _)| value);
                smallest(
                    texts
                        .filter(|value| value.long || !is_null(value.text))
                        .map(|value| value.text),
                )
            }
            Distinct::Estimate { .. } => smallest(self.partial.rows.values(is_null)),
        }
    }

    /// The marks of the column's numbers, where it is a column of numbers.
    fn marks(&self, semantic: Option<SemanticType>) -> Option<&Choice<Marks>> {
        match semantic? {
            SemanticType::Decimal => self.readings.marks.as_ref(),
            SemanticType::Percentage => self.readings.percent_marks.as_ref(),
            SemanticType::Integer
            | SemanticType::Date
            | SemanticType::Timestamp
            | SemanticType::Time
            | SemanticType::Boolean
            | SemanticType::Email
            | SemanticType::Url
            | SemanticType::Uuid
            | SemanticType::Iban
            | SemanticType::Bic
            | SemanticType::Currency
            | SemanticType::Country
            | SemanticType::Phone
            | SemanticType::Identifier
            | SemanticType::Category
            | SemanticType::FreeText => None,
        }
    }

    /// The marks that have to be decided: those of a column of numbers, or of one whose numbers
    /// contradict each other, so that no marks fit enough of them.
    fn decided_marks(&self, semantic: Option<SemanticType>) -> Option<&Choice<Marks>> {
        self.marks(semantic).or_else(|| {
            let choice = self.readings.marks.as_ref()?;
            let summary = &self.parts.summary;
            let against = contradicting_mark(&summary.numbers, choice.value)?;
            let all = summary.numbers.rows(choice.value) + against;
            (self.typed().is_none() && all * 2 >= summary.text.rows).then_some(choice)
        })
    }

    /// The order of the column's dates, where it is a column of dates.
    fn order(&self, semantic: Option<SemanticType>) -> Option<&Choice<Order>> {
        let is_date = matches!(semantic, Some(SemanticType::Date | SemanticType::Timestamp));
        self.readings.order.as_ref().filter(|_| is_date)
    }

    /// The order that has to be decided: that of a column of dates, or of one whose dates contradict
    /// each other, so that no order fits enough of them.
    fn decided_order(&self, semantic: Option<SemanticType>) -> Option<&Choice<Order>> {
        self.order(semantic).or_else(|| {
            let choice = self.readings.order.as_ref()?;
            let summary = &self.parts.summary;
            let (_, against) = contradicting(&summary.dates, choice.value)?;
            let (dates, timestamps) = date_rows(summary, &self.readings);
            let all = dates + timestamps + against;
            (self.typed().is_none() && all * 2 >= summary.text.rows).then_some(choice)
        })
    }

    /// Smallest and largest value as they were written.
    fn ends(&self, semantic: Option<SemanticType>) -> Option<(String, String)> {
        let summary = &self.parts.summary;
        let texts = |min: &str, max: &str| Some((shown(min).to_owned(), shown(max).to_owned()));
        if let Some(choice) = self.marks(semantic) {
            let tally = match semantic {
                Some(SemanticType::Percentage) => &summary.percents,
                _ => &summary.numbers,
            };
            let (min, max) = tally.ends(choice.value)?;
            return texts(&min.1, &max.1);
        }
        if let Some(choice) = self.order(semantic) {
            let ends = summary.dates.ends(choice.value);
            let (min, max) = ends.ends()?;
            return texts(&min.1, &max.1);
        }
        if semantic == Some(SemanticType::Integer) {
            let (min, max) = summary.numbers.integer_ends()?;
            return texts(&min.1, &max.1);
        }
        if semantic == Some(SemanticType::Time) {
            let ends = summary.dates.time_ends();
            let (min, max) = ends.ends()?;
            return texts(&min.1, &max.1);
        }
        let (min, max) = summary.text.extremes.ends.as_ref()?;
        texts(min, max)
    }

    fn ambiguity(&self, semantic: Option<SemanticType>) -> Option<Ambiguity> {
        if let Some(choice) = self.order(semantic).filter(|choice| choice.open > 0) {
            let readings = choice
                .readings()
                .map(|order| order.name().to_owned())
                .collect();
            return Some(Ambiguity {
                what: What::DateOrder,
                readings,
                rows: choice.open,
            });
        }
        let choice = self.marks(semantic).filter(|choice| choice.open > 0)?;
        let readings = choice
            .readings()
            .map(|marks| marks.decimal.to_string())
            .collect();
        Some(Ambiguity {
            what: What::DecimalMark,
            readings,
            rows: choice.open,
        })
    }

    fn histogram(
        &self,
        semantic: Option<SemanticType>,
        is_null: impl Fn(&str) -> bool,
    ) -> Vec<Bin> {
        let Some(whole) = self.has_positions(semantic) else {
            let lengths = self.parts.summary.text.length_rows();
            #[expect(clippy::cast_precision_loss, reason = "lengths are far below 2^53")]
            let positions: Vec<(f64, u64)> = lengths.map(|(n, rows)| (n as f64, rows)).collect();
            return histogram(&positions, true);
        };
        let at = |text: &str| self.position(semantic, text);
        match self.distinct {
            Distinct::Exact(_) => {
                let values = self.partial.counter.values();
                let positions: Vec<(f64, u64)> = values
                    .iter()
                    .filter(|(_, value, _)| !value.long && !is_null(value.text))
                    .filter_map(|(_, value, rows)| Some((at(value.text)?, *rows)))
                    .collect();
                histogram(&positions, whole)
            }
            Distinct::Estimate { .. } => {
                let sampled = self.partial.rows.values(is_null);
                let positions: Vec<(f64, u64)> = sampled.filter_map(at).map(|x| (x, 1)).collect();
                scaled(histogram(&positions, whole), self.parts.summary.text.rows)
            }
        }
    }

    /// Whether the values have a place on a line, and if so whether only at whole numbers.
    fn has_positions(&self, semantic: Option<SemanticType>) -> Option<bool> {
        if self.marks(semantic).is_some() {
            return Some(false);
        }
        if self.order(semantic).is_some() {
            return Some(semantic == Some(SemanticType::Date));
        }
        (semantic == Some(SemanticType::Integer)).then_some(true)
    }

    #[expect(clippy::cast_precision_loss, reason = "a picture needs no exact value")]
    fn position(&self, semantic: Option<SemanticType>, text: &str) -> Option<f64> {
        const MICROS_PER_DAY: f64 = 86_400_000_000.0;
        if let Some(choice) = self.marks(semantic) {
            return numbers::read(text, choice.value).map(crate::value::Decimal::to_f64);
        }
        if let Some(choice) = self.order(semantic) {
            let value = dates::read(text, choice.value)?;
            return Some(value.micros as f64 / MICROS_PER_DAY);
        }
        parse_integer(text, None).ok().map(|value| value as f64)
    }

    fn decisions(self, semantic: Option<SemanticType>) -> Vec<Decision> {
        let mut decisions = Vec::new();
        if let Some(choice) = self.decided_marks(semantic) {
            let decimal = |marks: Marks| marks.decimal.to_string();
            let thousands = |marks: Marks| marks.thousands.map_or_else(String::new, String::from);
            let set = self.marks_set;
            decisions.push(match set.decimal {
                Some(_) => by_person(What::DecimalMark, decimal(choice.value), &self.name),
                None => decision(What::DecimalMark, choice, decimal, &self.name),
            });
            decisions.push(match set.thousands {
                Some(_) => by_person(What::ThousandsMark, thousands(choice.value), &self.name),
                None => decision(What::ThousandsMark, choice, thousands, &self.name),
            });
        }
        if let Some(choice) = self.decided_order(semantic) {
            let name = |order: Order| order.name().to_owned();
            decisions.push(decision(What::DateOrder, choice, name, &self.name));
        }
        decisions.extend(self.nulls.decision);
        decisions
    }
}

/// The values with the smallest hashes; those that differ only in case or by blanks around them
/// count as one.
fn smallest<'a>(values: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut kept: BTreeMap<u64, &str> = BTreeMap::new();
    for value in values {
        let hash = value_hash(value);
        if kept.len() < KEPT_VALUES || kept.last_key_value().is_some_and(|(last, _)| hash < *last) {
            kept.entry(hash).or_insert(value);
            if kept.len() > KEPT_VALUES {
                kept.pop_last();
            }
        }
    }
    kept.into_values()
        .map(|value| shown(value).to_owned())
        .collect()
}

/// FNV-1a of the value in lower case without blanks around it, mixed so that its order tells
/// nothing of the value.
fn value_hash(value: &str) -> u64 {
    let letters = value.trim().chars().flat_map(char::to_lowercase);
    let fnv = letters.fold(0xcbf2_9ce4_8422_2325_u64, |hash, letter| {
        (hash ^ u64::from(u32::from(letter))).wrapping_mul(0x0100_0000_01b3)
    });
    row_hash(fnv)
}

/// A decision that was taken by a person.
fn by_person(what: What, value: String, column: &str) -> Decision {
    Decision::new(what, value, 1.0, Vec::new(), BY_PERSON).of_column(column)
}

/// The decision that a choice is; rivals that come to the same value are no alternatives.
fn decision<T: Copy + PartialEq>(
    what: What,
    choice: &Choice<T>,
    spell: impl Fn(T) -> String,
    column: &str,
) -> Decision {
    let value = spell(choice.value);
    let rivals = choice
        .rivals
        .iter()
        .map(|(rival, confidence)| (spell(*rival), *confidence));
    let alternatives: Vec<Alternative> = rivals
        .filter(|(rival, _)| *rival != value)
        .map(|(rival, confidence)| Alternative {
            value: rival.into(),
            confidence,
        })
        .collect();
    Decision::new(
        what,
        value,
        choice.confidence,
        alternatives,
        choice.reason.as_str(),
    )
    .of_column(column)
}
