//! Rules that a person set before, for columns that are there again under the same names.

use super::steps::Reading;
use super::{Context, evidence};
use crate::mapping::{Rule, RuleState, Step, check_rule};
use crate::profile::ColumnProfile;
use crate::target::Field;

/// Highest confidence where the values look like something else than the steps read.
const READ_OTHERWISE: f64 = 0.8;

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
        .filter(|before| before.state == RuleState::Edited)
    else {
        return rule;
    };
    let Some(sources) = here(context, &before.sources) else {
        return rule;
    };
    if sources.first() != Some(&column.name) {
        return rule;
    }
    let mut again = Rule {
        transform: before.transform.clone(),
        on_unseen: before.on_unseen.clone(),
        on_error: before.on_error,
        sources,
        ..rule.clone()
    };
    if field.labels().is_none() {
        again.value_map.clone_from(&before.value_map);
    }
    let mut problems = Vec::new();
    check_rule(&again, field, "", &mut problems);
    if !problems.is_empty() {
        return rule;
    }
    let now = Reading::of(column, field, context.decisions).steps;
    let reads = |steps: &[Step]| -> Vec<Step> {
        steps
            .iter()
            .filter(|step| is_reading(step))
            .cloned()
            .collect()
    };
    if reads(&now) != reads(&again.transform) && !reads(&now).is_empty() {
        again.confidence = again.confidence.min(READ_OTHERWISE);
        again.most = again.most.min(READ_OTHERWISE);
        let text = "memory: the steps are those that you set, but the values look as if others \
                    were needed";
        again.evidence.push(evidence("memory", -0.5, text));
    }
    again
}

/// The columns of the table that have these names, in whatever case; `None` if one is missing.
fn here(context: &Context, names: &[String]) -> Option<Vec<String>> {
    let one = |name: &String| {
        let known = name.trim().to_lowercase();
        let mut columns = context.table.columns.iter();
        let exact = columns.clone().find(|column| column.name == *name);
        let found = exact.or_else(|| columns.find(|c| c.name.trim().to_lowercase() == known));
        found.map(|column| column.name.clone())
    };
    names.iter().map(one).collect()
}

/// Whether a step makes a value of a text, by what the texts look like.
const fn is_reading(step: &Step) -> bool {
    match step {
        Step::Integer { .. }
        | Step::Decimal { .. }
        | Step::Date { .. }
        | Step::Timestamp { .. }
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
