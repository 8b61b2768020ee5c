//! Profiling batch by batch, in the order of the source.

use std::sync::Arc;

use arrow_array::StringArray;

use super::ColumnProfile;
use super::column::ColumnPartial;
use super::finish::OpenColumn;
use super::overrides::ColumnOverrides;
use super::rows::row_hash;
use crate::source::{Batch, Decision, Overrides, Repeats};

/// The profile of the batches so far.
#[derive(Debug)]
pub struct Partial {
    names: Vec<String>,
    pub(super) columns: Vec<ColumnPartial>,
    overrides: Vec<ColumnOverrides>,
}

/// What the profile looks at of a batch. Shares the batch's text.
#[derive(Debug, Clone)]
pub struct Cells {
    pub(super) columns: Vec<ColumnCells>,
    /// The records' numbers in the source, and the hashes of these.
    pub(super) rows: Arc<[(u64, u64)]>,
}

/// The cells of one column, with what is known of texts that stand in several.
#[derive(Debug, Clone)]
pub(super) struct ColumnCells {
    pub(super) texts: StringArray,
    pub(super) repeats: Option<Arc<Repeats>>,
}

impl Cells {
    /// The cells of a batch.
    #[must_use]
    pub fn of(batch: &Batch) -> Self {
        let rows = batch.places.iter();
        let columns = batch.columns.iter().enumerate();
        let columns = columns.map(|(index, texts)| ColumnCells {
            texts: texts.clone(),
            repeats: batch.repeats(index).cloned(),
        });
        Self {
            columns: columns.collect(),
            rows: rows.map(|place| (place.row, row_hash(place.row))).collect(),
        }
    }
}

/// What one pass over a source tells.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Profile {
    /// One per column, in the source's order.
    pub columns: Vec<ColumnProfile>,
    /// How the values of each column are read: decimal and thousands mark, date order, null
    /// markers, in this order, column by column.
    pub decisions: Vec<Decision>,
}

impl Partial {
    /// Nothing read yet. `overrides` is what a person set; values that
    /// [`super::check_overrides`] refuses have no effect.
    #[must_use]
    pub fn new(columns: &[String], overrides: &Overrides) -> Self {
        let overrides: Vec<ColumnOverrides> = columns
            .iter()
            .map(|column| ColumnOverrides::of(overrides, column))
            .collect();
        let partials = overrides
            .iter()
            .map(|set| ColumnPartial::new(set.null_markers.clone()))
            .collect();
        Self {
            names: columns.to_vec(),
            columns: partials,
            overrides,
        }
    }

    /// Adds the batch that follows.
    pub fn add(&mut self, cells: &Cells) {
        for (column, own) in self.columns.iter_mut().zip(&cells.columns) {
            column.add(&cells.rows, own);
        }
    }

    /// The profile of all that was read. Columns whose values leave a reading open lean on those
    /// that tell.
    #[must_use]
    pub fn finish(self) -> Profile {
        let mut open: Vec<OpenColumn> = self
            .names
            .into_iter()
            .zip(self.columns)
            .zip(&self.overrides)
            .map(|((name, partial), set)| OpenColumn::new(name, partial, set))
            .collect();
        lean(&mut open);
        let mut profile = Profile {
            columns: Vec::new(),
            decisions: Vec::new(),
        };
        for (index, column) in open.into_iter().enumerate() {
            let (column, decisions) = column.close(index);
            profile.columns.push(column);
            profile.decisions.extend(decisions);
        }
        profile
    }
}

/// Lets open readings lean on what other columns tell, where all that tell say the same.
fn lean(columns: &mut [OpenColumn]) {
    let orders = columns
        .iter()
        .filter_map(|c| Some((c.telling_order()?, c.name.as_str())));
    let order = unanimous(orders).map(|(order, name)| (order, name.to_owned()));
    let marks = columns
        .iter()
        .filter_map(|c| Some((c.telling_mark()?, c.name.as_str())));
    let mark = unanimous(marks).map(|(mark, name)| (mark, name.to_owned()));
    for column in columns {
        if let (Some((order, from)), Some(choice)) = (&order, &mut column.readings.order) {
            choice.lean(|value| value == *order, from);
        }
        for choice in [
            &mut column.readings.marks,
            &mut column.readings.percent_marks,
        ] {
            if let (Some((mark, from)), Some(choice)) = (&mark, choice) {
                choice.lean(|value| value.decimal == *mark, from);
            }
        }
    }
}

/// The value that all have, and the first column that has it.
fn unanimous<'a, T: PartialEq>(
    mut votes: impl Iterator<Item = (T, &'a str)>,
) -> Option<(T, &'a str)> {
    let (value, column) = votes.next()?;
    votes
        .all(|(other, _)| other == value)
        .then_some((value, column))
}
