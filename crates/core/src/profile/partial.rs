//! Profiling by chunks: each chunk for itself, on any thread, merged in the order of the chunks.

use super::ColumnProfile;
use super::column::ColumnPartial;
use super::finish::OpenColumn;
use super::overrides::ColumnOverrides;
use super::rows::row_hash;
use crate::source::{Batch, Decision, Overrides};

/// The profile of some chunks of a source, to be merged with that of the chunks that follow.
///
/// The result is the same whatever the threads, as long as each chunk is added batch by batch to
/// one `Partial` and these are merged in order, each into the one before.
#[derive(Debug)]
pub struct Partial {
    names: Vec<String>,
    pub(super) columns: Vec<ColumnPartial>,
    overrides: Vec<ColumnOverrides>,
}

/// What one pass over a source tells.
#[derive(Debug, Clone, PartialEq)]
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

    /// Nothing read yet of other rows. All that follow one partial have to be merged into one: they know
    /// which rows its sample will not take any more.
    #[must_use]
    pub fn following(&self) -> Self {
        Self {
            names: self.names.clone(),
            columns: self.columns.iter().map(ColumnPartial::following).collect(),
            overrides: self.overrides.clone(),
        }
    }

    /// The same with the next batch of the chunk.
    #[must_use]
    pub fn with(mut self, batch: &Batch) -> Self {
        self.add(batch);
        self
    }

    /// Adds the next batch of the chunk.
    pub fn add(&mut self, batch: &Batch) {
        let rows: Vec<(u64, u64)> = batch
            .places
            .iter()
            .map(|place| (place.row, row_hash(place.row)))
            .collect();
        for (column, cells) in self.columns.iter_mut().zip(&batch.columns) {
            for (cell, (row, hash)) in cells.iter().zip(&rows) {
                column.add(*row, *hash, cell);
            }
        }
    }

    /// Adds the chunk that follows.
    pub fn merge(&mut self, next: Self) {
        for (column, next) in self.columns.iter_mut().zip(next.columns) {
            column.merge(next);
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
