//! Plans: compiled mappings, and how they run over a batch.
//!
//! Each field is computed over the whole batch before the next one; faults are collected by
//! record, and the records that have one leave all columns at the end. Pure: the outcome depends
//! on plan and batch alone.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::StringArray;

use super::column::{Column, ColumnBuilder};
use super::fault::Fault;
use super::rule::CompiledRule;
use crate::source::{Batch, Place, RawText};
use crate::target::FieldType;
use crate::validation::{Broken, Cell, FieldChecks, Reason, Reject};

/// A compiled mapping; see [`super::compile`].
#[derive(Debug)]
pub struct Plan {
    pub(super) fields: Vec<PlanField>,
}

/// One target field of a plan.
#[derive(Debug)]
pub struct PlanField {
    pub(super) name: String,
    pub(super) kind: FieldType,
    pub(super) required: bool,
    pub(super) nullable: bool,
    pub(super) scale: Option<u32>,
    pub(super) zone: Zone,
    pub(super) unique: bool,
    pub(super) fill: Fill,
    /// What rows without a value have instead.
    pub(super) default: Option<Box<CompiledRule>>,
    pub(super) checks: FieldChecks,
    /// Whether the rule's value map gives nothing but texts that the checks admit, which need no check then.
    pub(super) map_admitted: bool,
}

/// What a column of timestamps is known to have before any row was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Zone {
    /// No offset anywhere.
    Local,
    /// An offset everywhere.
    Utc,
    /// That depends on the rows.
    Unknown,
}

/// How a field is filled.
#[derive(Debug)]
pub(super) enum Fill {
    /// Null in every row.
    Nothing,
    /// By a rule.
    Rule(Box<CompiledRule>),
}

impl PlanField {
    /// Name, dotted where nested.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Type of its column.
    #[must_use]
    pub const fn kind(&self) -> FieldType {
        self.kind
    }

    /// Whether no two good rows may have the same value.
    #[must_use]
    pub const fn is_unique(&self) -> bool {
        self.unique
    }

    fn first_column(&self) -> Option<usize> {
        match &self.fill {
            Fill::Nothing => None,
            Fill::Rule(rule) => rule.input.first_column(),
        }
    }
}

/// What came of a batch: every record is in it once, as a good row or as a reject.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The chunk that the batch belongs to.
    pub chunk: u64,
    /// The good rows: one column per target field, in the target's order, all of the same length.
    pub columns: Vec<Column>,
    /// Where the good rows stand in the source.
    pub places: Vec<Place>,
    /// The other records with all their reasons, in the order of the source.
    pub rejects: Vec<Reject>,
    /// The good rows' numbers in the batch.
    pub(super) records: Vec<usize>,
    pub(super) raw: Arc<RawText>,
    /// For fields that have to be unique: the texts of the batch that a reject shows.
    pub(super) shown: BTreeMap<usize, StringArray>,
}

impl Outcome {
    /// Number of good rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there is no good row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }
}

/// The reasons of the records that have some.
pub(super) type Faults = BTreeMap<usize, Vec<Reason>>;

impl Plan {
    /// The target's fields in their order, one per column of an [`Outcome`].
    #[must_use]
    pub fn fields(&self) -> &[PlanField] {
        &self.fields
    }

    /// Whether a field has to be unique over all rows, so that outcomes have to pass a
    /// [`super::UniqueStage`] before they are written.
    #[must_use]
    pub fn has_unique(&self) -> bool {
        self.fields.iter().any(|field| field.unique)
    }

    /// Runs the plan over one batch.
    #[must_use]
    pub fn run(&self, batch: &Batch) -> Outcome {
        let mut faults = Faults::new();
        let columns = self
            .fields
            .iter()
            .map(|field| field.run(batch, &mut faults));
        let columns: Vec<Column> = columns.collect();
        let mut keep = vec![true; batch.len()];
        for record in faults.keys() {
            if let Some(keep) = keep.get_mut(*record) {
                *keep = false;
            }
        }
        let kept = keep.iter().enumerate().filter(|(_, keep)| **keep);
        let records: Vec<usize> = kept.map(|(record, _)| record).collect();
        let unique = self
            .fields
            .iter()
            .enumerate()
            .filter(|(_, field)| field.unique);
        let shown = unique.filter_map(|(index, field)| {
            Some((index, batch.columns.get(field.first_column()?)?.clone()))
        });
        let mut outcome = Outcome {
            chunk: batch.chunk,
            columns,
            places: batch.places.clone(),
            rejects: Vec::with_capacity(faults.len()),
            shown: shown.collect(),
            records,
            raw: Arc::clone(&batch.raw),
        };
        if faults.is_empty() {
            return outcome;
        }
        outcome.keep_rows(&keep);
        for (record, reasons) in faults {
            if let Some(place) = batch.places.get(record) {
                outcome
                    .rejects
                    .push(reject(&batch.raw, record, *place, reasons));
            }
        }
        outcome
    }
}

impl Outcome {
    /// Takes the rows out for which `keep` does not say so; `records` is left to the caller.
    pub(super) fn keep_rows(&mut self, keep: &[bool]) {
        for column in &mut self.columns {
            column.keep(keep);
        }
        let mut kept = keep.iter();
        self.places
            .retain(|_| kept.next().copied().unwrap_or(false));
    }
}

/// A record as a reject.
pub(super) fn reject(raw: &RawText, record: usize, place: Place, reasons: Vec<Reason>) -> Reject {
    let raw = raw.get(record).unwrap_or_default().to_owned();
    Reject {
        line: place.line,
        row: place.row,
        reasons,
        raw,
        raw_bytes: None,
    }
}

impl PlanField {
    fn run(&self, batch: &Batch, faults: &mut Faults) -> Column {
        let whole = match &self.fill {
            Fill::Rule(rule) if self.default.is_none() => self.whole(rule, batch, faults),
            Fill::Nothing | Fill::Rule(_) => None,
        };
        whole.unwrap_or_else(|| self.by_cell(batch, faults))
    }

    /// The field's values by any rule.
    pub(super) fn by_cell(&self, batch: &Batch, faults: &mut Faults) -> Column {
        let mut builder = ColumnBuilder::new(self.kind, batch.len());
        let mut broken = Vec::new();
        for record in 0..batch.len() {
            let mut take = |cell: Cell<'_>| {
                self.checks.check(&cell, &mut broken);
                builder.push(cell);
            };
            let result = match (&self.fill, &self.default) {
                (Fill::Nothing, _) => {
                    take(Cell::Null);
                    Ok(())
                }
                (Fill::Rule(rule), None) => rule.value(batch, record, take),
                (Fill::Rule(rule), Some(default)) => rule
                    .value(batch, record, |cell| {
                        if cell == Cell::Null {
                            return default.value(batch, record, &mut take);
                        }
                        take(cell);
                        Ok(())
                    })
                    .and_then(|defaulted| defaulted),
            };
            if let Err(fault) = result {
                builder.push_null();
                self.blame(fault, batch, record, faults);
            }
            for broken in broken.drain(..) {
                let broken: Broken = broken;
                self.blame(broken.into(), batch, record, faults);
            }
        }
        builder.finish()
    }

    #[cold]
    pub(super) fn blame(&self, fault: Fault, batch: &Batch, record: usize, faults: &mut Faults) {
        let own = || match &self.fill {
            Fill::Nothing => None,
            Fill::Rule(rule) => rule.shown(batch, record),
        };
        let value = fault.value.or_else(own).unwrap_or_default();
        faults.entry(record).or_default().push(Reason {
            field: self.name.clone(),
            rule: fault.rule.to_owned(),
            value,
            message: fault.message,
            hint: fault.hint,
        });
    }
}
