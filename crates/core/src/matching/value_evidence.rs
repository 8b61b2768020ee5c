//! Evidence of values: whether a field accepts what a column holds, and whether it is the sort of
//! thing that the field's name asks for. Columns without rows give no evidence at all.

use regex::{Regex, RegexBuilder};

use super::lexicon::lexicon;
use super::name_evidence::FieldNames;
use super::text::{fold, share};
use super::times;
use crate::profile::{ColumnProfile, SemanticType};
use crate::target::{Constraint, Field, FieldType};

/// Rows that have a value.
pub(crate) const fn filled(column: &ColumnProfile) -> u64 {
    column.count.saturating_sub(column.nulls)
}

/// The share of a column's values that one of the types fits, by the profile.
pub(crate) fn share_of(column: &ColumnProfile, types: &[SemanticType]) -> f64 {
    let best = column
        .types
        .iter()
        .filter(|count| types.contains(&count.semantic))
        .map(|count| share(count.rows, filled(column)))
        .fold(0.0, f64::max);
    // The profile names a type only if it fits all values but a few, in several formats perhaps.
    let named = column
        .semantic
        .is_some_and(|semantic| types.contains(&semantic));
    best.max(if named { 0.98 } else { 0.0 }).min(1.0)
}

/// How whole numbers are written that have marks in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WholeAs {
    /// With a fraction that is zero: `21.0`, as programs write a column in which some are missing.
    Fractions,
    /// In groups of three: `1,100`.
    Groups,
}

/// How the numbers of a column are written if all that the profile shows are whole, and some have marks.
pub(crate) fn whole_as(column: &ColumnProfile) -> Option<WholeAs> {
    if column.semantic != Some(SemanticType::Decimal) {
        return None;
    }
    let shown = || {
        let ends = column.min.iter().chain(&column.max);
        let all = column.top.iter().map(|value| &value.value);
        let all = all.chain(&column.sample).chain(ends);
        all.map(|value| value.trim().trim_start_matches(['-', '+']))
    };
    if shown().all(|text| is_plain(text) || has_zero_fraction(text)) {
        Some(WholeAs::Fractions)
    } else if shown().all(|text| is_plain(text) || is_grouped(text)) {
        Some(WholeAs::Groups)
    } else {
        None
    }
}

fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn has_zero_fraction(text: &str) -> bool {
    // Three zeros may be a group.
    text.rsplit_once(['.', ',']).is_some_and(|(whole, rest)| {
        let zero = !rest.is_empty() && rest.len() != 3 && rest.bytes().all(|byte| byte == b'0');
        zero && (is_plain(whole) || is_grouped(whole))
    })
}

fn is_grouped(text: &str) -> bool {
    let Some(mark) = text.chars().find(|c| !c.is_ascii_digit()) else {
        return false;
    };
    let mut groups = text.split(mark);
    let first = groups.next().unwrap_or_default();
    matches!(mark, '.' | ',' | '\'' | '’' | ' ' | '\u{a0}' | '\u{202f}')
        && is_plain(first)
        && first.len() <= 3
        && groups.all(|group| group.len() == 3 && is_plain(group))
}

/// What of a field's type and constraints can be held against a profile.
#[derive(Debug)]
pub(crate) struct TypeFit {
    types: Option<(&'static [SemanticType], &'static str)>,
    pattern: Option<Regex>,
    max_length: Option<u64>,
    min_length: Option<u64>,
}

/// How many values fit.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Fit {
    /// Share of the values that fit, 0 to 1.
    pub(crate) share: f64,
    /// The figures.
    pub(crate) text: String,
}

/// Largest compiled size of a pattern of the target, in bytes.
const PATTERN_SIZE: usize = 1 << 20;

impl TypeFit {
    /// What can be checked of a field.
    pub(crate) fn of(field: &Field) -> Self {
        let mut fit = Self {
            types: by_type(field.kind),
            pattern: None,
            max_length: None,
            min_length: None,
        };
        for constraint in &field.constraints {
            match constraint {
                Constraint::Format(format) => fit.types = fit.types.or_else(|| by_format(format)),
                Constraint::Pattern(pattern) => {
                    fit.pattern = RegexBuilder::new(pattern)
                        .size_limit(PATTERN_SIZE)
                        .build()
                        .ok();
                }
                Constraint::MaxLength(length) => fit.max_length = Some(*length),
                Constraint::MinLength(length) => fit.min_length = Some(*length),
                Constraint::Enum(_)
                | Constraint::Minimum(_)
                | Constraint::ExclusiveMinimum(_)
                | Constraint::Maximum(_)
                | Constraint::ExclusiveMaximum(_)
                | Constraint::MultipleOf(_)
                | Constraint::Scale(_)
                | Constraint::Unique => {}
            }
        }
        fit
    }

    /// How well a column fits; `None` where nothing can be said.
    pub(crate) fn check(&self, column: &ColumnProfile) -> Option<Fit> {
        let rows = filled(column);
        if rows == 0 {
            return None;
        }
        if self
            .max_length
            .is_some_and(|most| column.lengths.min > most)
            || self
                .min_length
                .is_some_and(|least| column.lengths.max < least)
        {
            let (least, most) = (column.lengths.min, column.lengths.max);
            let text = format!("lengths {least} to {most} do not fit the field");
            return Some(Fit { share: 0.0, text });
        }
        if let Some((types, word)) = self.types {
            if types.first() == Some(&SemanticType::Time)
                && let Some(way) = times::like_numbers(column)
            {
                let text = format!("{} of {rows} read as {word} {}", way.rows, way.format);
                let share = share(way.rows, rows);
                return Some(Fit { share, text });
            }
            let wants_whole = types == [SemanticType::Integer];
            let share = if wants_whole && whole_as(column).is_some() {
                share_of(column, &[SemanticType::Decimal, SemanticType::Integer])
            } else {
                share_of(column, types)
            };
            return Some(Fit {
                share,
                text: figures(column, share, word),
            });
        }
        let pattern = self.pattern.as_ref()?;
        let seen: u64 = column.top.iter().map(|value| value.rows).sum();
        let fitting: u64 = column
            .top
            .iter()
            .filter(|value| pattern.is_match(&value.value))
            .map(|value| value.rows)
            .sum();
        let text = format!("{fitting} of {seen} fit the field's pattern");
        (seen > 0).then(|| Fit {
            share: share(fitting, seen),
            text,
        })
    }
}

fn figures(column: &ColumnProfile, share: f64, word: &str) -> String {
    let rows = filled(column);
    let best = column
        .types
        .iter()
        .filter(|count| self::share(count.rows, rows) >= share - 0.02)
        .find(|count| type_word(count.semantic) == word || count.semantic == SemanticType::Integer);
    match best.and_then(|count| count.format.as_ref().map(|format| (count.rows, format))) {
        Some((fitting, format)) => format!("{fitting} of {rows} read as {word} {format}"),
        None => format!("{:.0} % of {rows} read as {word}", share * 100.0),
    }
}

const fn type_word(semantic: SemanticType) -> &'static str {
    match semantic {
        SemanticType::Integer => "integer",
        SemanticType::Decimal => "decimal",
        SemanticType::Date => "date",
        SemanticType::Timestamp => "timestamp",
        SemanticType::Time => "time",
        SemanticType::Boolean => "boolean",
        SemanticType::Email => "e-mail address",
        SemanticType::Url => "URL",
        SemanticType::Uuid => "UUID",
        SemanticType::Iban => "IBAN",
        SemanticType::Bic => "BIC",
        SemanticType::Currency => "currency code",
        SemanticType::Country => "country code",
        SemanticType::Phone => "phone number",
        SemanticType::Percentage => "percentage",
        SemanticType::Identifier => "identifier",
        SemanticType::Category => "category",
        SemanticType::FreeText => "text",
    }
}

const fn by_type(kind: FieldType) -> Option<(&'static [SemanticType], &'static str)> {
    use SemanticType::{Boolean, Date, Decimal, Integer, Percentage, Time, Timestamp};
    match kind {
        FieldType::String => None,
        FieldType::Integer => Some((&[Integer], "integer")),
        FieldType::Decimal => Some((&[Decimal, Integer, Percentage], "decimal")),
        FieldType::Boolean => Some((&[Boolean], "boolean")),
        FieldType::Date => Some((&[Date, Timestamp], "date")),
        FieldType::Timestamp => Some((&[Timestamp, Date], "timestamp")),
        FieldType::Time => Some((&[Time, Timestamp], "time")),
    }
}

fn by_format(format: &str) -> Option<(&'static [SemanticType], &'static str)> {
    match format {
        "email" | "idn-email" => Some((&[SemanticType::Email], "e-mail address")),
        "uri" | "url" => Some((&[SemanticType::Url], "URL")),
        "uuid" => Some((&[SemanticType::Uuid], "UUID")),
        "iban" => Some((&[SemanticType::Iban], "IBAN")),
        "bic" => Some((&[SemanticType::Bic], "BIC")),
        _ => None,
    }
}

/// Whether a column holds the sort of thing that a field's name asks for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct KindFit {
    /// -1 certainly something else, 1 certainly this.
    pub(crate) agreement: f64,
    /// In words.
    pub(crate) text: String,
}

/// Types whose values can hardly be anything else.
const fn is_special(semantic: SemanticType) -> bool {
    matches!(
        semantic,
        SemanticType::Email
            | SemanticType::Url
            | SemanticType::Uuid
            | SemanticType::Iban
            | SemanticType::Bic
            | SemanticType::Currency
            | SemanticType::Phone
    )
}

/// The semantic types that a field's names ask for: of the last word that says so, as the head of
/// a name stands at its end.
pub(crate) fn asked_kinds(names: &FieldNames) -> Option<&'static [SemanticType]> {
    names
        .names
        .iter()
        .find_map(|(name, _)| name.words().rev().find_map(|word| lexicon().kinds(word)))
}

/// Compares what the names ask for with what the profile found.
pub(crate) fn kind_fit(column: &ColumnProfile, names: &FieldNames) -> Option<KindFit> {
    if filled(column) == 0 {
        return None;
    }
    let asked = asked_kinds(names)?;
    let text = asked.contains(&SemanticType::FreeText);
    let agreement = match column.semantic {
        Some(found) if asked.contains(&found) => {
            if is_special(found) {
                1.0
            } else {
                0.3
            }
        }
        Some(SemanticType::Integer) if text => -0.3,
        Some(_) if text => -0.8,
        None if text => 0.3,
        Some(_) | None if share_of(column, asked) >= 0.8 => 0.3,
        Some(found) if is_special(found) => -1.0,
        Some(_) | None if asked.iter().any(|&kind| is_special(kind)) => -1.0,
        Some(_) | None => -0.5,
    };
    let found = column.semantic.map_or("text", type_word);
    let wanted = if text {
        "text"
    } else {
        asked.first().map_or("text", |&kind| type_word(kind))
    };
    let text = if agreement > 0.0 {
        format!("values are of type {found}, as the name asks")
    } else {
        format!("values are of type {found}, the name asks for {wanted}")
    };
    Some(KindFit { agreement, text })
}

/// The share of a column's rows, as far as the profile lists their values, that also stand in the
/// target's sample; with the figures.
pub(crate) fn sample_overlap(column: &ColumnProfile, field: &Field) -> Option<(f64, String)> {
    if field.sample.is_empty() || column.top.is_empty() {
        return None;
    }
    let mut sample: Vec<String> = field
        .sample
        .iter()
        .map(|value| fold(value.trim()))
        .collect();
    sample.sort();
    let seen: u64 = column.top.iter().map(|value| value.rows).sum();
    let shared: u64 = column
        .top
        .iter()
        .filter(|value| sample.binary_search(&fold(value.value.trim())).is_ok())
        .map(|value| value.rows)
        .sum();
    Some((
        share(shared, seen),
        format!("{shared} of {seen} stand in the target's sample"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matching::tests::{column, dates, field, numbers, texts};

    #[test]
    fn dates_fit_a_date_field_and_text_does_not() {
        let fit = TypeFit::of(&field("d", FieldType::Date));
        let found = fit.check(&dates("a", "%d.%m.%Y")).unwrap();
        assert!((found.share - 1.0).abs() < 1e-9);
        assert_eq!(found.text, "40 of 40 read as date %d.%m.%Y");
        assert!(fit.check(&texts("a")).unwrap().share < 0.01);
        assert!(
            fit.check(&column("a")).is_none(),
            "a column without rows says nothing"
        );
    }

    #[test]
    fn a_pattern_and_a_length_are_tried_on_the_values() {
        let mut target = field("code", FieldType::String);
        target
            .constraints
            .push(Constraint::Pattern("^[A-Z]{3}$".to_owned()));
        let mut source = texts("a");
        source.top = vec![
            crate::profile::ValueCount {
                value: "ABC".to_owned(),
                rows: 3,
            },
            crate::profile::ValueCount {
                value: "x".to_owned(),
                rows: 1,
            },
        ];
        let found = TypeFit::of(&target).check(&source).unwrap();
        assert!((found.share - 0.75).abs() < 1e-9);
        target.constraints.push(Constraint::MaxLength(2));
        source.lengths.min = 10;
        assert!(TypeFit::of(&target).check(&source).unwrap().share < 0.01);
    }

    #[test]
    fn a_pattern_that_cannot_be_compiled_is_no_evidence() {
        let mut target = field("code", FieldType::String);
        target.constraints.push(Constraint::Pattern("(".to_owned()));
        assert!(TypeFit::of(&target).check(&texts("a")).is_none());
    }

    #[test]
    fn a_name_asks_for_its_kind() {
        let names = FieldNames::of(&field("payer_iban", FieldType::String));
        assert!(kind_fit(&texts("x"), &names).unwrap().agreement <= -0.8);
        let mut source = texts("x");
        source.semantic = Some(SemanticType::Iban);
        assert!((kind_fit(&source, &names).unwrap().agreement - 1.0).abs() < 1e-9);
        let name = FieldNames::of(&field("counterparty_name", FieldType::String));
        assert!(kind_fit(&numbers("x"), &name).unwrap().agreement < 0.0);
        assert!(kind_fit(&texts("x"), &name).unwrap().agreement > 0.0);
        let none = FieldNames::of(&field("xyz", FieldType::String));
        assert!(kind_fit(&texts("x"), &none).is_none());
    }

    #[test]
    fn values_of_the_sample_are_found_again() {
        let mut target = field("branch", FieldType::String);
        assert!(sample_overlap(&texts("a"), &target).is_none());
        let source = texts("a");
        target.sample = vec![source.top[0].value.to_uppercase(), "other".to_owned()];
        let (share, _) = sample_overlap(&source, &target).unwrap();
        assert!(share > 0.0 && share < 1.0);
    }
}
