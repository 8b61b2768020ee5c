//! Whether the values of a source still ask for the readings that a kept mapping has of its columns.
//! Known when the source was profiled, which a run does on the way: so it costs no pass, and has to be
//! asked before the rows are published.

use serde_json::Value;

use super::kept::{Asked, KeptError, OtherReading, Ready};
use crate::mapping::{Mapping, Rule, RuleState, Step, in_order, shell_quoted};
use crate::matching::ways;
use crate::profile::{ColumnProfile, NO_MARK_TELLS, SAME_DAYS, SemanticType, rules_out};
use crate::source::{Decision, SURE_BAR, What};
use crate::value::date::{has_fixed_order, order_of};

impl Ready {
    /// Whether the mapping's readings of columns hold for a source, by its own profile: `decisions` and
    /// `columns` are what the profile says. A source whose values leave a reading open keeps the
    /// mapping's if a value or a person told it, and so do the records of a rejects file.
    ///
    /// # Errors
    /// [`KeptError::NoLonger`] where the values ask for another reading than a rule's steps have, and
    /// [`KeptError::Undecided`] where they leave one open that no value told when the mapping was made.
    pub fn holds(
        &self,
        file: &str,
        decisions: &[Decision],
        columns: &[ColumnProfile],
    ) -> Result<(), KeptError> {
        if self.replays.is_some() {
            return Ok(());
        }
        if let Some(other) = other_readings(&self.mapping, file, decisions, columns).next() {
            return Err(KeptError::NoLonger(Box::new(other)));
        }
        let open: Vec<&Decision> = open_readings(&self.mapping, decisions, self.bar).collect();
        if open.is_empty() {
            return Ok(());
        }
        Err(undecided(file, &open))
    }
}

/// The readings of columns that the values leave open, and that a mapping has by chance: no value told when it was
/// made, no person said since, and their confidence is below the bar.
pub(super) fn open_readings<'a>(
    mapping: &'a Mapping,
    decisions: &'a [Decision],
    bar: f64,
) -> impl Iterator<Item = &'a Decision> {
    let is_asked =
        |rule: &&Rule| rule.runs(SURE_BAR) && rule.state != RuleState::Edited && !rule.by_hand;
    decisions.iter().filter(move |now| {
        let Some(column) = now
            .column
            .as_ref()
            .filter(|_| !now.sure && now.confidence < bar)
        else {
            return false;
        };
        let mut rules = mapping.rules.iter().filter(is_asked);
        rules.any(|rule| {
            let mut steps = rule.transform.iter();
            rule.sources.contains(column)
                && steps.any(|step| is_by_chance(mapping, now.what, column, step))
        })
    })
}

/// Whether a step reads a column in a way that neither a value nor a person told.
fn is_by_chance(mapping: &Mapping, what: What, column: &str, step: &Step) -> bool {
    let mut all = mapping.decisions.iter();
    let known = all.find(|known| known.what == what && known.column.as_deref() == Some(column));
    let reason = known.map(|known| known.reason.as_str());
    match (what, step) {
        (What::DateOrder, Step::Date { formats } | Step::Timestamp { formats }) => {
            reason == Some(SAME_DAYS) && formats.iter().any(|format| !has_fixed_order(format))
        }
        // Of numbers without marks nothing is decided, and steps have what is taken where nothing is.
        (
            What::DecimalMark,
            Step::Decimal {
                decimal_mark,
                thousands_mark,
                ..
            },
        ) => match reason {
            None => decimal_mark == "." && thousands_mark.is_empty(),
            Some(reason) => reason == NO_MARK_TELLS,
        },
        (What::DecimalMark, Step::Integer { thousands_mark }) => {
            reason.is_none_or(|reason| reason == NO_MARK_TELLS) && thousands_mark.is_empty()
        }
        _ => false,
    }
}

/// Open readings that are told at once.
const TOLD: usize = 5;

fn undecided(file: &str, open: &[&Decision]) -> KeptError {
    let told = open.iter().take(TOLD);
    let questions = told.clone().map(|open| {
        let (what, column) = (open.what.name(), open.column.as_deref().unwrap_or_default());
        format!("what is the {what} of `{column}`? {}", open.reason)
    });
    let settings: Vec<String> = told.map(|open| settings(open)).collect();
    KeptError::Undecided {
        question: format!(
            "{file}: {}; no value told it when the mapping was made",
            questions.collect::<Vec<_>>().join("; ")
        ),
        settle: format!(
            "say it with {}; in the service, as a reading of the mapping",
            settings.join(", and ")
        ),
    }
}

/// What can be set to answer an open reading.
fn settings(open: &Decision) -> String {
    let column = open.column.as_deref().unwrap_or_default();
    let text = |value: &Value| {
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned)
    };
    let rivals = open.alternatives.iter().map(|rival| &rival.value);
    let values = std::iter::once(&open.value).chain(rivals).map(text);
    let set = |what: What, value: &str| {
        let setting = format!("{}@{column}={value}", what.name());
        format!("--set {}", shell_quoted(&setting))
    };
    let settings = values.filter_map(|value| {
        let own = set(open.what, &value);
        // Who says one mark has said the other.
        match value.as_str() {
            "," if open.what == What::DecimalMark => {
                Some(format!("{own} {}", set(What::ThousandsMark, ".")))
            }
            "." if open.what == What::DecimalMark => {
                Some(format!("{own} {}", set(What::ThousandsMark, ",")))
            }
            // Formats with the year behind are not turned to it; that file is mapped anew.
            "ymd" if open.what == What::DateOrder => None,
            _ => Some(own),
        }
    });
    settings.collect::<Vec<_>>().join(" or ")
}

/// The readings of columns for which the values ask otherwise than the steps of a mapping's rules have them.
pub(super) fn other_readings<'a>(
    mapping: &'a Mapping,
    file: &'a str,
    decisions: &'a [Decision],
    columns: &'a [ColumnProfile],
) -> impl Iterator<Item = OtherReading> + 'a {
    let rules = mapping.rules.iter().filter(|rule| rule.runs(SURE_BAR));
    rules.flat_map(move |rule| {
        let filled_from = columns.iter().filter(|c| rule.sources.contains(&c.name));
        filled_from.flat_map(move |column| {
            let about = decisions
                .iter()
                .filter(|now| now.column.as_deref() == Some(&column.name));
            let other = about.filter_map(move |now| other_of(rule, now, column, file));
            other.chain(other_times(rule, column, file))
        })
    })
}

fn other_of(
    rule: &Rule,
    now: &Decision,
    column: &ColumnProfile,
    file: &str,
) -> Option<OtherReading> {
    let kept = other_reading(rule, now, column)?;
    Some(OtherReading {
        file: file.to_owned(),
        what: Asked::Reading(now.what),
        column: Some(column.name.clone()),
        kept,
        now: now.value.clone(),
        reason: now.reason.clone(),
        settable: now.what != What::DateOrder
            || turns_to(rule, now.value.as_str().unwrap_or_default(), column),
    })
}

/// The reading that a rule's steps have of a column, if what is decided about the column now rules it
/// out.
fn other_reading(rule: &Rule, now: &Decision, column: &ColumnProfile) -> Option<Value> {
    as_it_stands(rule).find_map(|step| match (now.what, step) {
        (What::DateOrder, Step::Date { formats } | Step::Timestamp { formats }) => {
            other_order(formats, now, column)
        }
        (What::DecimalMark, Step::Decimal { decimal_mark, .. }) => other_mark(decimal_mark, now),
        (
            What::ThousandsMark,
            Step::Decimal { thousands_mark, .. } | Step::Integer { thousands_mark },
        ) => {
            // Numbers without groups are read by every thousands mark.
            let groups = now.value.as_str() != Some("");
            other_mark(thousands_mark, now).filter(|_| groups)
        }
        _ => None,
    })
}

/// The steps that take the text as it stands in the column: what a step before took from it says more than that.
fn as_it_stands(rule: &Rule) -> impl Iterator<Item = &Step> {
    rule.transform.iter().take_while(|step| {
        !matches!(
            step,
            Step::Concat { .. } | Step::Split { .. } | Step::RegexExtract { .. }
        )
    })
}

/// The ways in which a column's times of day are written, if a rule reads them in none of these: every row would be
/// rejected.
fn other_times(rule: &Rule, column: &ColumnProfile, file: &str) -> Option<OtherReading> {
    // Of several columns one may do for the other, and letters in another case are another text.
    let as_written = as_it_stands(rule).all(|step| !matches!(step, Step::Case(_) | Step::Coalesce));
    if rule.sources.len() > 1 || !as_written {
        return None;
    }
    let mut steps = as_it_stands(rule);
    let formats = steps.find_map(|step| {
        if let Step::Time { formats } = step {
            Some(formats)
        } else {
            None
        }
    })?;
    let of = |semantic| {
        let counts = column
            .types
            .iter()
            .filter(move |count| count.semantic == semantic);
        counts.filter_map(|count| count.format.as_deref())
    };
    // Hours of two digits are also read where one is enough, but not the other way round.
    let is_read = |found: &str| {
        let strict = |format: &str| format.replace("%-", "%");
        let mut formats = formats.iter();
        formats.any(|format| format == found || (!found.contains("%-") && strict(format) == found))
    };
    let found = ways(column);
    if of(SemanticType::Time)
        .chain(found.iter().map(|way| way.format.as_str()))
        .any(is_read)
    {
        return None;
    }
    let mut now: Vec<&str> = found.iter().map(|way| way.format.as_str()).collect();
    if now.is_empty() {
        now.extend(of(SemanticType::Timestamp));
    }
    (!now.is_empty()).then(|| OtherReading {
        file: file.to_owned(),
        what: Asked::TimeFormat,
        column: Some(column.name.clone()),
        kept: Value::from(formats.clone()),
        now: Value::from(now),
        reason: "no value is written as the mapping has it".to_owned(),
        settable: false,
    })
}

/// Whether the formats of a rule's dates, turned to another order, are ways in which the column's dates are
/// written.
fn turns_to(rule: &Rule, order: &str, column: &ColumnProfile) -> bool {
    let as_written = |format: &str| {
        let strict = format.replace("%-", "%");
        date_formats(column).any(|found| found.replace("%-", "%") == strict)
    };
    rule.transform.iter().any(|step| {
        matches!(step, Step::Date { formats } | Step::Timestamp { formats }
        if formats.iter().any(|format| {
            !has_fixed_order(format) && as_written(&in_order(format, order))
        }))
    })
}

fn other_mark(kept: &str, now: &Decision) -> Option<Value> {
    let kept = Value::from(kept);
    rules_out(now, &kept).then_some(kept)
}

/// The order of the formats, if none of them has that of the column's dates. Dates whose order is fixed
/// by how they are written go by themselves: they are no evidence about others.
fn other_order(formats: &[String], now: &Decision, column: &ColumnProfile) -> Option<Value> {
    let fixed = !has_open_dates(column);
    let alike: Vec<String> = formats
        .iter()
        .filter(|format| has_fixed_order(format) == fixed)
        .map(|format| order_of(format))
        .collect();
    let found: Vec<&str> = date_formats(column)
        .filter(|format| has_fixed_order(format) == fixed)
        .collect();
    let read = found.iter().any(|format| alike.contains(&order_of(format)));
    let kept = alike.first().cloned();
    let kept = Value::from(kept.or_else(|| formats.first().map(|format| order_of(format)))?);
    let is_told = rules_out(now, &kept) || (fixed && now.sure);
    (!read && !found.is_empty() && is_told).then_some(kept)
}

/// Whether any of a column's dates could be meant in another order.
fn has_open_dates(column: &ColumnProfile) -> bool {
    date_formats(column).any(|format| !has_fixed_order(format))
}

/// The ways in which a column's dates are written.
fn date_formats(column: &ColumnProfile) -> impl Iterator<Item = &str> {
    column
        .types
        .iter()
        .filter(|count| matches!(count.semantic, SemanticType::Date | SemanticType::Timestamp))
        .filter_map(|count| count.format.as_deref())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Explain;
    use crate::mapping::RuleState;
    use crate::mapping::examples::bank;
    use crate::matching::Memory;
    use crate::pipeline::{Settings, Source, profile, propose, ready};
    use crate::source::{Input, Limits, Overrides, Reading};
    use crate::target::from_json_schema;

    /// A mapping of two columns to two fields, and whether it holds for a text; else what is said.
    fn holds(formats: &[&str], marks: (&str, &str), text: &str, set: &Overrides) -> String {
        let mut mapping: Mapping = bank();
        let order = formats.first().map_or_else(String::new, |f| order_of(f));
        let order = Decision::new(What::DateOrder, order, 0.99, Vec::new(), "");
        mapping.decisions = vec![order.of_column("day")];
        for (column, name) in mapping.source.columns.iter_mut().zip(["day", "sum"]) {
            column.name = name.to_owned();
        }
        mapping
            .rules
            .retain(|rule| rule.field == "booking_date" || rule.field == "amount");
        for rule in &mut mapping.rules {
            rule.state = RuleState::Edited;
            let (source, step) = if rule.field == "amount" {
                let (decimal, thousands) = marks;
                let step = Step::Decimal {
                    decimal_mark: decimal.to_owned(),
                    thousands_mark: thousands.to_owned(),
                    strip: vec!["EUR".to_owned()],
                };
                ("sum", step)
            } else {
                let formats = formats.iter().map(|&format| format.to_owned()).collect();
                ("day", Step::Date { formats })
            };
            rule.sources = vec![source.to_owned()];
            rule.transform = vec![step];
        }
        mapping
            .target
            .fields
            .retain(|field| field.name == "booking_date" || field.name == "amount");
        what_is_said(&mapping, text, set, None)
    }

    /// Whether a mapping holds for a text; else what is said.
    fn what_is_said(mapping: &Mapping, text: &str, set: &Overrides, accept: Option<f64>) -> String {
        let limits = Limits::default();
        let input = Input::spool("next.csv", text.as_bytes()).unwrap();
        let ready = ready(&input, mapping, set, accept, &limits).unwrap();
        let source = Source {
            input: &input,
            reading: &ready.reading,
            limits,
            replays: None,
        };
        let settings = Settings::default();
        let (found, _) = profile(source, set, settings, &mut |_| {}).unwrap();
        match ready.holds("next.csv", &found.decisions, &found.columns) {
            Ok(()) => String::new(),
            Err(error) => format!("{error}; {}", error.hint().unwrap()),
        }
    }

    /// A mapping of a text to a date and a number of this type, as it is proposed.
    fn proposed(kind: &str, first: &str) -> Mapping {
        let target = format!(
            r#"{{"title": "t", "type": "object", "required": ["day", "sum"], "properties":
            {{"day": {{"type": "string", "format": "date"}}, "sum": {{"type": "{kind}"}}}}}}"#
        );
        let (limits, none) = (Limits::default(), Overrides::default());
        let target = from_json_schema(&target, "t").unwrap();
        let input = Input::spool("first.csv", first.as_bytes()).unwrap();
        let reading = Reading::decide(&input, &none, &limits).unwrap();
        let source = Source {
            input: &input,
            reading: &reading,
            limits,
            replays: None,
        };
        let (found, _) = profile(source, &none, Settings::default(), &mut |_| {}).unwrap();
        propose("first.csv", &reading, &found, &target, &Memory::default())
    }

    /// What is said of a text for which a mapping of another text is kept as it was proposed.
    fn next(first: &str, text: &str, set: &Overrides) -> String {
        what_is_said(&proposed("number", first), text, set, None)
    }

    #[test]
    fn what_no_value_ever_told_is_asked() {
        let set = |what, column: &str, value: &str| {
            let mut set = Overrides::default();
            set.set(what, Some(column.to_owned()), value);
            set
        };
        let text = |rows: &[&str]| format!("day;sum\n{}\n", rows.join("\n"));
        let none = Overrides::default();
        let same = text(&[
            "01/01/2026;7",
            "01/01/2026;8",
            "02/02/2026;9",
            "03/03/2026;12",
        ]);
        let days = text(&[
            "02/01/2026;7",
            "02/01/2026;8",
            "02/03/2026;9",
            "02/01/2026;12",
        ]);
        let sums = text(&["01/01/2026;1.100", "01/01/2026;2.107", "02/02/2026;3.200"]);
        let said = next(&same, &days, &none);
        assert!(said.contains("what is the date_order of `day`?"), "{said}");
        assert!(
            said.contains("--set date_order@day=dmy or --set date_order@day=mdy"),
            "{said}"
        );
        assert_eq!(next(&same, &days, &set(What::DateOrder, "day", "mdy")), "");
        let said = next(&same, &sums, &none);
        assert!(
            said.contains("what is the decimal_mark of `sum`?"),
            "{said}"
        );
        let both = "--set 'decimal_mark@sum=,' --set thousands_mark@sum=.";
        assert!(said.contains(both), "{said}");
        let mut marks = set(What::DecimalMark, "sum", ",");
        marks.set(What::ThousandsMark, Some("sum".to_owned()), ".");
        assert_eq!(next(&same, &sums, &marks), "");
        let mut mapping = proposed("integer", &same);
        let said_of = |mapping: &Mapping, accept| what_is_said(mapping, &sums, &none, accept);
        let asked = said_of(&mapping, None);
        assert!(asked.contains("decimal_mark of `sum`"), "{asked}");
        // Who takes a reading at its confidence, or wrote the rule, has said it.
        assert_eq!(said_of(&mapping, Some(0.5)), "");
        for rule in &mut mapping.rules {
            rule.state = RuleState::Edited;
        }
        assert_eq!(said_of(&mapping, None), "");
        // The same again is nothing to ask about, nor is what a value told.
        assert_eq!(next(&same, &same, &none), "");
        let told = text(&[
            "13/01/2026;7,50",
            "01/01/2026;8",
            "02/02/2026;9",
            "14/03/2026;1,25",
        ]);
        assert_eq!(next(&told, &days, &none), "");
        assert_eq!(next(&told, &sums, &none), "");
    }

    fn of_days(formats: &[&str], days: &[&str]) -> String {
        let rows: Vec<String> = days.iter().map(|day| format!("{day};1.50\n")).collect();
        let text = format!("day;sum\n{}", rows.concat());
        holds(formats, (".", ","), &text, &Overrides::default())
    }

    fn of_sums(marks: (&str, &str), sums: &[&str]) -> String {
        let rows: Vec<String> = sums
            .iter()
            .map(|sum| format!("24/11/2026;{sum}\n"))
            .collect();
        let text = format!("day;sum\n{}", rows.concat());
        holds(&["%d/%m/%Y"], marks, &text, &Overrides::default())
    }

    #[test]
    fn dates_that_prove_another_order_do_not_hold() {
        let said = of_days(&["%d/%m/%Y"], &["01/02/2026", "02/13/2026", "02/14/2026"]);
        assert_eq!(
            said,
            "next.csv: the mapping reads date_order \"dmy\" in `day`, but this file asks for \
             \"mdy\" (2 of 3 dates exist only in this order); settle it with --set \
             date_order@day=mdy, or map the file anew"
        );
        let said = of_days(&["%d/%m/%Y"], &["2026-02-13", "2026-02-14"]);
        assert!(
            said.ends_with("; map the file anew, or add its form to the rule"),
            "{said}"
        );
        for (formats, days) in [
            // The same order.
            (&["%d/%m/%Y"][..], &["13/02/2026", "01/02/2026"][..]),
            // Open: the mapping's is kept.
            (&["%m/%d/%Y"], &["01/02/2026", "03/04/2026"]),
            (&["%m/%d/%Y"], &["01/01/2026", "02/02/2026"]),
            (&["%m.%d.%Y"], &["01.02.2026", "03.04.2026"]),
            // Not sure.
            (
                &["%d/%m/%Y"],
                &[
                    "02/13/2026",
                    "02/14/2026",
                    "02/15/2026",
                    "13/02/2026",
                    "14/02/2026",
                ],
            ),
            // One of several ways of writing.
            (&["%d/%m/%Y", "%Y-%m-%d"], &["2026-02-13", "2026-02-14"]),
        ] {
            assert_eq!(of_days(formats, days), "", "{formats:?} {days:?}");
        }
    }

    #[test]
    fn numbers_with_other_marks_do_not_hold() {
        for (marks, sums, asks_for) in [
            ((",", "."), &["1.50", "12.25"][..], "decimal_mark"),
            ((".", ""), &["1,234.50", "12.25"], "thousands_mark"),
            ((",", "."), &["1,50", "1.234,50"], ""),
            // Open, or the same by every reading.
            ((",", "."), &["1.234", "5.678"], ""),
            ((",", "."), &["5 EUR", "7 EUR"], ""),
            ((",", "."), &["1,50", "12,25"], ""),
        ] {
            let said = of_sums(marks, sums);
            assert_eq!(said.is_empty(), asks_for.is_empty(), "{sums:?} {said}");
            assert!(said.contains(asks_for), "{sums:?} {said}");
        }
    }

    #[test]
    fn what_is_set_turns_the_steps() {
        let text = "day;sum\n02/13/2026;1.50\n02/14/2026;2.50\n";
        for order in ["mdy", "dmy"] {
            let mut set = Overrides::default();
            set.set(What::DateOrder, Some("day".to_owned()), order);
            assert_eq!(holds(&["%d/%m/%Y"], (".", ""), text, &set), "", "{order}");
        }
    }
}
