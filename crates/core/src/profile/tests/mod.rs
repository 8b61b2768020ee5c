//! The profile as a whole: what comes out for columns of each kind, and that it does not depend on
//! how the rows were cut.

mod chunks;
mod decisions;
mod examples;
mod kinds;

use std::sync::Arc;

use arrow_array::StringArray;
use serde_json::{Value, json};

use super::*;
use crate::source::{Batch, Decision, Overrides, Place, RawText, What};

/// One column's cells as a batch that starts at row `first`.
fn batch(first: usize, cells: &[Option<&str>]) -> Batch {
    let place = |row: usize| {
        let row = u64::try_from(first + row).unwrap();
        Place {
            line: row + 1,
            row,
            start: row,
            end: row + 1,
        }
    };
    Batch::new(
        0,
        vec![StringArray::from(cells.to_vec())],
        (0..cells.len()).map(place).collect(),
        Arc::new(RawText::default()),
    )
}

/// The profile of one column, cut into batches of `size` rows.
fn cut(cells: &[Option<&str>], size: usize, overrides: &Overrides) -> Profile {
    let names = ["c".to_owned()];
    let mut all = Partial::new(&names, overrides);
    for (index, cells) in cells.chunks(size.max(1)).enumerate() {
        all.add(&Cells::of(&batch(1 + index * size, cells)));
    }
    all.finish()
}

fn set(entries: &[(What, Value)]) -> Overrides {
    let mut overrides = Overrides::default();
    for (what, value) in entries {
        overrides.set(*what, None, value.clone());
    }
    overrides
}

fn profile_with(cells: &[&str], overrides: &Overrides) -> (ColumnProfile, Vec<Decision>) {
    let cells: Vec<Option<&str>> = cells.iter().map(|cell| Some(*cell)).collect();
    let mut profile = cut(&cells, usize::MAX / 2, overrides);
    (profile.columns.remove(0), profile.decisions)
}

fn profile(cells: &[&str]) -> (ColumnProfile, Vec<Decision>) {
    profile_with(cells, &Overrides::default())
}

/// Several columns of one source, each by its cells.
fn table(columns: &[(&str, &[&str])]) -> Profile {
    let names: Vec<String> = columns.iter().map(|(name, _)| (*name).to_owned()).collect();
    let mut partial = Partial::new(&names, &Overrides::default());
    let rows = columns.iter().map(|(_, cells)| cells.len()).max().unwrap();
    let mut whole = batch(1, &vec![None; rows]);
    whole.columns = columns
        .iter()
        .map(|(_, cells)| StringArray::from(cells.to_vec()))
        .collect();
    partial.add(&Cells::of(&whole));
    partial.finish()
}

/// What is decided, its value, and whether it is sure.
fn decided(decisions: &[Decision]) -> Vec<(What, Value, bool)> {
    let of = |decision: &Decision| (decision.what, decision.value.clone(), decision.sure);
    decisions.iter().map(of).collect()
}
