//! Rules that a person set before, for columns that are there again under the same names.

use super::steps::Reading;
use super::{Context, evidence};
use crate::mapping::{Rule, RuleState, Step, check_rule};
use crate::matching::memory::key;
use crate::profile::ColumnProfile;
use crate::target::Field;

/// Highest confidence where the values look like something else than the steps read.
const READ_OTHERWISE: f64 = 0.8;
/// Lowest confidence where steps and values come again: that the values as they stand are no labels,
/// which made it low, says nothing of what the steps give.
const MAPPED_AGAIN: f64 = 0.8;

/// A proposal of the column with the sources, the steps and the values that a person set for this
/// field; as it is where nobody did, or where a source is missing or the steps no longer fit the
/// field.
pub(super) fn as_set_before(
    context: &Context,
    field: &Field,
    column: &ColumnProfile,
    rule: Rule,
) -> Rule {
    let decision = context.chosen(column, field);
    let Some(before) = decision
        .map(|decision| &decision.rule)
        .filter(|before| before.by_hand || before.state == RuleState::Edited)
    else {
        return rule;
    };
    let Some(sources) = here(context, &before.sources) else {
        return rule;
    };
    if sources.first() != Some(&column.name) {
        return rule;
    }
    let renamed = |step: &Step| renamed(step, &before.sources, &sources);
    let mut again = Rule {
        transform: before.transform.iter().map(renamed).collect(),
        by_hand: true,
        on_unseen: before.on_unseen.clone(),
        on_error: before.on_error,
        sources: sources.clone(),
        ..rule.clone()
    };
    let now = Reading::of(column, field, context.decisions);
    // What is mapped is what the steps give, and not what stands in the column.
    if field.labels().is_none() || before.transform.iter().any(changes_text) {
        again.value_map = decision.map_or_else(Vec::new, |known| known.values().collect());
        if !again.value_map.is_empty() {
            // No more than how the column is read leaves open.
            let least = MAPPED_AGAIN.min(now.cap);
            again.confidence = again.confidence.max(least);
            again.most = again.most.max(least);
        }
    }
    let mut problems = Vec::new();
    check_rule(&again, field, "", &mut problems);
    if !problems.is_empty() {
        return rule;
    }
    let reads = |steps: &[Step]| -> Vec<Step> {
        steps
            .iter()
            .filter(|step| is_reading(step))
            .cloned()
            .collect()
    };
    if reads(&now.steps) != reads(&again.transform) && !reads(&now.steps).is_empty() {
        again.confidence = again.confidence.min(READ_OTHERWISE);
        again.most = again.most.min(READ_OTHERWISE);
        let text = "memory: the steps are those that you set, but the values look as if others \
                    were needed";
        again.evidence.push(evidence("memory", -0.5, text));
    }
    again
}

/// The columns of the table that are remembered by these names; `None` if one is missing.
fn here(context: &Context, names: &[String]) -> Option<Vec<String>> {
    let one = |name: &String| {
        let mut columns = context.table.columns.iter();
        let exact = columns.clone().find(|column| column.name == *name);
        let found = exact.or_else(|| columns.find(|column| key(&column.name) == key(name)));
        found.map(|column| column.name.clone())
    };
    names.iter().map(one).collect()
}

/// A step with the columns that it reads beside the first one under their names of here.
fn renamed(step: &Step, before: &[String], here: &[String]) -> Step {
    let name = |column: &String| {
        let place = before.iter().position(|known| known == column);
        let name = place.and_then(|place| here.get(place));
        name.unwrap_or(column).clone()
    };
    let mut step = step.clone();
    if let Step::Sign { column, .. } | Step::MinusDebit { column } = &mut step {
        *column = name(column);
    }
    step
}

/// Whether a step makes another text of a text.
const fn changes_text(step: &Step) -> bool {
    match step {
        Step::Concat { .. }
        | Step::Coalesce
        | Step::Case(_)
        | Step::Split { .. }
        | Step::RegexExtract { .. } => true,
        Step::Constant(_)
        | Step::Trim
        | Step::Signs { .. }
        | Step::NullIf(_)
        | Step::Integer { .. }
        | Step::Decimal { .. }
        | Step::Date { .. }
        | Step::Timestamp { .. }
        | Step::Time { .. }
        | Step::Boolean { .. }
        | Step::Sign { .. }
        | Step::MinusDebit { .. } => false,
    }
}

/// Whether a step makes a value of a text, by what the texts look like.
const fn is_reading(step: &Step) -> bool {
    match step {
        Step::Signs { .. }
        | Step::Integer { .. }
        | Step::Decimal { .. }
        | Step::Date { .. }
        | Step::Timestamp { .. }
        | Step::Time { .. }
        | Step::Boolean { .. } => true,
        Step::Constant(_)
        | Step::Concat { .. }
        | Step::Coalesce
        | Step::Trim
        | Step::Case(_)
        | Step::Split { .. }
        | Step::RegexExtract { .. }
        | Step::NullIf(_)
        | Step::Sign { .. }
        | Step::MinusDebit { .. } => false,
    }
}
