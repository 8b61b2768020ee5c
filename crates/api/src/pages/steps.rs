//! The steps for a column that a person picked: what the program itself would propose if the column
//! had the field's own name. Pure.

use aimapper_core::mapping::{Edit, Rule};
use aimapper_core::matching::{Memory, Table, propose};
use aimapper_core::profile::ColumnProfile;
use aimapper_core::source::Decision;
use aimapper_core::target::{Field, TargetSchema};

/// Edits that follow the choice of one column for a field: its steps and its value map, as far as
/// the data say them.
pub(crate) fn edits_for(
    column: &ColumnProfile,
    field: &Field,
    decisions: &[Decision],
) -> Vec<Edit> {
    let Some(rule) = proposed(column, field, decisions) else {
        return Vec::new();
    };
    let mut edits = Vec::new();
    if !rule.transform.is_empty() {
        edits.push(Edit::SetTransform {
            field: field.name.clone(),
            transform: rule.transform,
        });
    }
    edits.extend(rule.value_map.into_iter().map(|value| Edit::SetValue {
        field: field.name.clone(),
        from: value.from,
        to: value.to,
    }));
    edits
}

fn proposed(column: &ColumnProfile, field: &Field, decisions: &[Decision]) -> Option<Rule> {
    let alike = ColumnProfile {
        name: field.name.clone(),
        index: 0,
        ..column.clone()
    };
    let decisions: Vec<Decision> = decisions
        .iter()
        .filter(|decision| decision.column.as_ref() == Some(&column.name))
        .map(|decision| decision.clone().of_column(field.name.clone()))
        .collect();
    let table = Table {
        name: None,
        columns: std::slice::from_ref(&alike),
        named: true,
        stated: &[],
    };
    let target = TargetSchema {
        name: String::new(),
        description: None,
        fields: vec![field.clone()],
        unused: Vec::new(),
    };
    let rules = propose(&table, &target, &decisions, &Memory::default());
    rules.into_iter().find(|rule| !rule.sources.is_empty())
}
