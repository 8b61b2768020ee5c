//! Values before and after: the rule is run over the sample of the profile, by the same code that
//! runs over all rows later. Shows nothing where the sample's values do not belong to the same rows.

use std::sync::Arc;

use aimapper_core::mapping::{Mapping, Rule, RuleState};
use aimapper_core::source::{Batch, Place, RawText};
use aimapper_core::target::{Field, TargetSchema};
use aimapper_core::transform::{Outcome, compile};
use arrow_array::StringArray;

use super::view::BAR;
use crate::pages::figures::visible;
use crate::profile::SourceProfile;

/// How many are shown.
const SHOWN: usize = 3;

/// What became of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum After {
    /// It became this.
    Value(String),
    /// It became no value.
    Nothing,
    /// The row is rejected, and why.
    Rejected(String),
}

/// One value before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sample {
    /// As it stands in the source; several columns with a blank line between them.
    pub before: Vec<String>,
    /// In the target.
    pub after: After,
}

/// Up to three of them: rejected ones first, because they are what a person wants to see.
pub(super) fn samples(
    rule: &Rule,
    field: &Field,
    mapping: &Mapping,
    profile: &SourceProfile,
) -> Vec<Sample> {
    if rule.sources.is_empty() || !rule.is_live() {
        return Vec::new();
    }
    let Some(rows) = aligned(rule, profile) else {
        return Vec::new();
    };
    let Some(outcome) = run(rule, field, mapping, &rows) else {
        return Vec::new();
    };
    let mut all = pair(&rows, &outcome);
    all.sort_by_key(|sample| !matches!(sample.after, After::Rejected(_)));
    all.dedup_by(|a, b| a == b);
    all.truncate(SHOWN);
    all
}

/// The sample's rows over the rule's columns, or nothing if the columns' samples are of different
/// rows: each column's sample leaves its own empty cells out.
fn aligned(rule: &Rule, profile: &SourceProfile) -> Option<Vec<Vec<String>>> {
    let columns: Option<Vec<_>> = rule
        .sources
        .iter()
        .map(|name| profile.column(name))
        .collect();
    let columns = columns?;
    if columns.len() > 1 && columns.iter().any(|column| column.nulls > 0) {
        return None;
    }
    let count = columns.iter().map(|column| column.sample.len()).min()?;
    let row = |index: usize| {
        let cells = columns
            .iter()
            .filter_map(|column| column.sample.get(index).cloned());
        cells.collect::<Vec<String>>()
    };
    Some((0..count).map(row).collect())
}

/// Runs one rule over the rows.
fn run(rule: &Rule, field: &Field, mapping: &Mapping, rows: &[Vec<String>]) -> Option<Outcome> {
    let mut rule = rule.clone();
    rule.state = RuleState::Accepted;
    let target = TargetSchema {
        name: mapping.target.name.clone(),
        description: None,
        fields: vec![field.clone()],
        unused: Vec::new(),
    };
    let alone = Mapping {
        target_sha256: aimapper_core::target::sha256(&target),
        target,
        rules: vec![rule.clone()],
        unused: Vec::new(),
        ..mapping.clone()
    };
    let plan = compile(&alone, &rule.sources, BAR).ok()?;
    Some(plan.run(&batch(rule.sources.len(), rows)))
}

fn batch(width: usize, rows: &[Vec<String>]) -> Batch {
    let column = |index: usize| -> StringArray {
        rows.iter()
            .map(|row| row.get(index).map(String::as_str))
            .collect()
    };
    let mut raw = RawText::default();
    let places = rows.iter().zip(1_u64..).map(|(_, number)| {
        raw.push("");
        Place {
            line: number,
            row: number,
            start: number,
            end: number + 1,
        }
    });
    let columns = (0..width).map(column).collect();
    Batch::new(0, columns, places.collect(), Arc::new(raw))
}

fn pair(rows: &[Vec<String>], outcome: &Outcome) -> Vec<Sample> {
    let numbered = rows.iter().zip(1_u64..);
    let sample = |(cells, number): (&Vec<String>, u64)| {
        let before = cells.iter().map(|cell| visible(cell)).collect();
        let rejected = outcome.rejects.iter().find(|reject| reject.row == number);
        let good = outcome.places.iter().position(|place| place.row == number);
        let after = match (rejected, good) {
            (Some(reject), _) => {
                let reason = reject.reasons.first();
                After::Rejected(reason.map_or_else(String::new, |reason| visible(&reason.message)))
            }
            (None, Some(index)) => {
                let value = outcome
                    .columns
                    .first()
                    .map(|column| column.cell(index).to_string());
                match value {
                    Some(value) if !value.is_empty() => After::Value(visible(&value)),
                    Some(_) | None => After::Nothing,
                }
            }
            (None, None) => return None,
        };
        Some(Sample { before, after })
    };
    numbered.filter_map(sample).collect()
}
