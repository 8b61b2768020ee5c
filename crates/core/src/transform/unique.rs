//! Uniqueness over all rows: a sequential stage that outcomes pass in the order of the source.

use arrow_array::Array as _;

use super::plan::{Outcome, Plan, reject};
use crate::validation::{Cell, FirstSeen, Reason, UniqueError, UniqueIndex};

/// Moves rows whose value stood in an earlier good row to the rejects. The first one stays.
///
/// A null is not compared. A row that one unique field rejects leaves no trace in the indexes of
/// the others, so that it cannot make a later row a duplicate.
#[derive(Debug)]
pub struct UniqueStage {
    fields: Vec<UniqueField>,
}

#[derive(Debug)]
struct UniqueField {
    column: usize,
    name: String,
    index: UniqueIndex,
}

impl UniqueStage {
    /// A stage for the fields of a plan that have to be unique; it may have none.
    #[must_use]
    pub fn new(plan: &Plan) -> Self {
        let unique = plan
            .fields
            .iter()
            .enumerate()
            .filter(|(_, field)| field.unique);
        let fields = unique.map(|(column, field)| UniqueField {
            column,
            name: field.name.clone(),
            index: UniqueIndex::new(),
        });
        Self {
            fields: fields.collect(),
        }
    }

    /// Adds a value of a good row of an earlier run, before the first outcome. `key` is what
    /// [`crate::validation::Cell::write_key`] gives. A field that is not unique is left alone.
    ///
    /// # Errors
    /// [`UniqueError`] where an index is full.
    pub fn seed(&mut self, field: &str, key: &str, line: u64) -> Result<(), UniqueError> {
        match self.fields.iter_mut().find(|unique| unique.name == field) {
            Some(unique) => unique.index.seed(key, line),
            None => Ok(()),
        }
    }

    /// Checks the next outcome. Outcomes have to come in the order of the source.
    ///
    /// # Errors
    /// [`UniqueError`] where an index is full.
    pub fn apply(&mut self, mut outcome: Outcome) -> Result<Outcome, UniqueError> {
        if self.fields.is_empty() {
            return Ok(outcome);
        }
        let mut keep = Vec::with_capacity(outcome.len());
        let mut found = Vec::new();
        for row in 0..outcome.len() {
            let reasons = self.check(&outcome, row)?;
            keep.push(reasons.is_empty());
            if let (false, Some(place), Some(record)) = (
                reasons.is_empty(),
                outcome.places.get(row),
                outcome.records.get(row),
            ) {
                found.push(reject(&outcome.raw, *record, *place, reasons));
            }
        }
        if found.is_empty() {
            return Ok(outcome);
        }
        outcome.keep_rows(&keep);
        let mut kept = keep.iter();
        outcome
            .records
            .retain(|_| kept.next().copied().unwrap_or(false));
        outcome.rejects.append(&mut found);
        outcome.rejects.sort_by_key(|reject| reject.row);
        Ok(outcome)
    }

    fn check(&mut self, outcome: &Outcome, row: usize) -> Result<Vec<Reason>, UniqueError> {
        let line = outcome.places.get(row).map_or(0, |place| place.line);
        let keys: Vec<Option<String>> = self
            .fields
            .iter()
            .map(|field| field.key(outcome, row))
            .collect();
        let mut reasons = Vec::new();
        for (field, key) in self.fields.iter().zip(&keys) {
            if let Some(first) = key.as_deref().and_then(|key| field.index.first(key)) {
                reasons.push(field.reason(first, outcome, row));
            }
        }
        if reasons.is_empty() {
            for (field, key) in self.fields.iter_mut().zip(&keys) {
                if let Some(key) = key {
                    field.index.insert(key, line)?;
                }
            }
        }
        Ok(reasons)
    }
}

impl UniqueField {
    fn key(&self, outcome: &Outcome, row: usize) -> Option<String> {
        let cell = outcome.columns.get(self.column)?.cell(row);
        if cell == Cell::Null {
            return None;
        }
        let mut key = String::new();
        cell.write_key(&mut key);
        Some(key)
    }

    fn reason(&self, first: FirstSeen, outcome: &Outcome, row: usize) -> Reason {
        let record = outcome.records.get(row).copied().unwrap_or(usize::MAX);
        let shown = outcome.shown.get(&self.column);
        let shown = shown
            .filter(|texts| record < texts.len() && texts.is_valid(record))
            .map(|texts| texts.value(record));
        let typed = || {
            outcome
                .columns
                .get(self.column)
                .map(|column| column.cell(row).to_string())
        };
        let broken = first.broken();
        Reason {
            field: self.name.clone(),
            rule: broken.rule.to_owned(),
            value: shown.map(str::to_owned).or_else(typed).unwrap_or_default(),
            message: broken.message,
            hint: broken.hint,
        }
    }
}
