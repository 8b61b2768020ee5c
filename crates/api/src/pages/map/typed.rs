//! What a person typed into the forms of a row stays when it was refused, and what others did meanwhile is told. Pure.

use aimapper_core::mapping::{Mapping, Rule, RuleState, what_in_words};

use super::detail::Detail;
use super::form::Form;
use crate::pages::figures::visible;

/// Most changes that are told one by one.
const TOLD: usize = 6;

/// Puts what was typed back into the forms of a row. Answers for values are put back where the values are still
/// those of the form.
pub(super) fn keep(detail: &mut Detail, form: &Form, same_values: bool) {
    let text = |name: &str| form.get(name).map(str::to_owned);
    if let Some(note) = text("note") {
        detail.note = note;
    }
    detail.constant = text("constant").unwrap_or_default();
    detail.why = text("why").unwrap_or_default();
    detail.reason = text("reason").unwrap_or_default();
    if let Some(column) = form.get("column") {
        for choice in &mut detail.columns {
            choice.current = choice.index.to_string() == column;
        }
    }
    detail.second = form.get("second").and_then(|second| second.parse().ok());
    if !same_values {
        return;
    }
    for value in &mut detail.values {
        if let Some(to) = text(&value.name) {
            value.to = (!to.is_empty()).then_some(to);
        }
    }
    if let Some(unseen) = form.get("unseen") {
        for choice in &mut detail.unseen {
            choice.current = choice.name == unseen;
        }
    }
}

/// Whether answers for the values of a field that were given for one version are about the values of another.
pub(super) fn same_values(before: &Mapping, now: &Mapping, field: &str) -> bool {
    let (Some(before), Some(now)) = (rule(before, field), rule(now, field)) else {
        return false;
    };
    let from = |rule: &Rule| -> Vec<String> {
        let values = rule.value_map.iter();
        values.map(|value| value.from.clone()).collect()
    };
    before.sources == now.sources && from(before) == from(now)
}

/// What is decided otherwise in a later version, as a sentence; empty if nothing is.
pub(super) fn meanwhile(before: &Mapping, now: &Mapping) -> String {
    let mut told: Vec<String> = now
        .rules
        .iter()
        .filter_map(|after| change(rule(before, &after.field)?, after))
        .collect();
    let decisions = now.decisions.iter().filter(|decision| {
        let is_about = |other: &&aimapper_core::source::Decision| {
            other.what == decision.what && other.column == decision.column
        };
        let last = before.decisions.iter().find(is_about);
        last.is_some_and(|last| last.value != decision.value)
    });
    told.extend(decisions.map(|decision| format!("the {}", what_in_words(decision.what))));
    let rest = told.len().saturating_sub(TOLD);
    told.truncate(TOLD);
    match (told.is_empty(), rest) {
        (true, _) => String::new(),
        (false, 0) => format!("Changed meanwhile: {}.", told.join(", ")),
        (false, more) => format!("Changed meanwhile: {}, and {more} more.", told.join(", ")),
    }
}

fn rule<'a>(mapping: &'a Mapping, field: &str) -> Option<&'a Rule> {
    mapping.rules.iter().find(|rule| rule.field == field)
}

/// A change of a rule; its confidence moves with what is decided about others, and is none.
fn change(before: &Rule, after: &Rule) -> Option<String> {
    let about = |rule: &Rule| {
        let Rule {
            state,
            sources,
            transform,
            value_map,
            on_unseen,
            why,
            ..
        } = rule.clone();
        (state, sources, transform, value_map, on_unseen, why)
    };
    let decided = about(before) != about(after);
    if !decided && before.note == after.note {
        return None;
    }
    let what = match after.state {
        _ if !decided => "has another note",
        RuleState::Proposed => "is open again",
        RuleState::Accepted => "was accepted",
        RuleState::Edited => "was changed",
        RuleState::Rejected => "was refused",
        RuleState::Ignored => "was left out",
        RuleState::Absent => "is not in the source",
    };
    let by = match after.by.as_deref().filter(|_| decided) {
        Some(by) => format!(" by {}", visible(by)),
        None => String::new(),
    };
    Some(format!("{} {what}{by}", visible(&after.field)))
}
