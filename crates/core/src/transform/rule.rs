//! A compiled rule: the way of one cell from the source's texts to the target's typed value.
//!
//! ```text
//! input -> text steps -> value map -> read -> sign or debit -> fit to the field's type
//! ```

use std::borrow::Cow;

use arrow_array::StringArray;

use super::amount::{Amount, number_of};
use super::fault::Fault;
use super::read::Read;
use super::text_step::{Input, Text, TextStep, ValueMap};
use crate::mapping::OnError;
use crate::source::Batch;
use crate::target::FieldType;
use crate::validation::Cell;
use crate::value::Decimal;

/// A rule whose columns are found, whose formats are read and whose types fit.
#[derive(Debug)]
pub(super) struct CompiledRule {
    pub(super) field: String,
    pub(super) kind: FieldType,
    /// Digits behind the mark that the target fixes.
    pub(super) scale: Option<u32>,
    pub(super) input: Input,
    pub(super) steps: Vec<TextStep>,
    pub(super) value_map: Option<ValueMap>,
    pub(super) read: Read,
    pub(super) amounts: Vec<Amount>,
    pub(super) on_error: OnError,
}

impl CompiledRule {
    /// Computes the value of one record and gives it to `take`: a null, or a value of the field's
    /// type. What a step refuses is a null where the rule says so, else the fault.
    pub(super) fn value<R>(
        &self,
        batch: &Batch,
        record: usize,
        take: impl FnOnce(Cell<'_>) -> R,
    ) -> Result<R, Fault> {
        let text = match self.text(batch, record) {
            Ok(text) => text,
            Err(fault) => return self.refused(fault, take),
        };
        match self.typed(text.as_deref(), batch, record) {
            Ok(cell) => Ok(self.in_type(cell, take)),
            Err(fault) => self.refused(fault, take),
        }
    }

    /// The text that a reject shows as the value: what the rule starts from.
    pub(super) fn shown(&self, batch: &Batch, record: usize) -> Option<String> {
        match self.input.first_column() {
            Some(column) => batch.cell(column, record).map(str::to_owned),
            None => self.input.text(batch, record).map(Cow::into_owned),
        }
    }

    fn refused<R>(&self, fault: Fault, take: impl FnOnce(Cell<'_>) -> R) -> Result<R, Fault> {
        self.forgiven(fault).map(|()| take(Cell::Null))
    }

    /// Whether a fault is a null by the rule; else the fault.
    pub(super) fn forgiven(&self, fault: Fault) -> Result<(), Fault> {
        match self.on_error {
            OnError::Null if fault.by_step => Ok(()),
            OnError::Null | OnError::Reject => Err(fault),
        }
    }

    /// The texts that the rule starts from, where its steps only cut them.
    pub(super) fn texts(&self, batch: &Batch) -> Option<StringArray> {
        let cuts = self.amounts.is_empty() && self.steps.iter().all(|step| step.cut("").is_some());
        cuts.then(|| self.input.texts(batch)).flatten()
    }

    /// The text that is to be read, of a rule whose steps only cut.
    pub(super) fn cut<'a>(&'a self, text: Option<&'a str>) -> Result<Option<&'a str>, Fault> {
        let Some(mut text) = text else {
            return Ok(None);
        };
        for step in &self.steps {
            match step.cut(text).flatten() {
                Some(piece) => text = piece,
                None => return Ok(None),
            }
        }
        if let Some(map) = &self.value_map {
            match map.get(text, &self.field)? {
                Some(value) => text = value,
                None => return Ok(None),
            }
        }
        Ok((!text.is_empty() || matches!(self.read, Read::Text)).then_some(text))
    }

    /// A typed value as the text of a text field.
    fn in_type<R>(&self, cell: Cell<'_>, take: impl FnOnce(Cell<'_>) -> R) -> R {
        match cell {
            Cell::Null | Cell::Text(_) => take(cell),
            Cell::Integer(_)
            | Cell::Decimal(_)
            | Cell::Boolean(_)
            | Cell::Date(_)
            | Cell::Timestamp(_)
            | Cell::Time(_) => match self.kind {
                FieldType::String => take(Cell::Text(&cell.to_string())),
                FieldType::Integer
                | FieldType::Decimal
                | FieldType::Boolean
                | FieldType::Date
                | FieldType::Timestamp
                | FieldType::Time => take(cell),
            },
        }
    }

    /// The text that is to be read.
    fn text<'a>(&'a self, batch: &'a Batch, record: usize) -> Result<Text<'a>, Fault> {
        let mut text = self.stepped(self.input.text(batch, record))?;
        if let Some(map) = &self.value_map {
            text = match text {
                Some(value) => map.apply(value, &self.field)?,
                None => None,
            };
        }
        Ok(self.not_empty(text))
    }

    fn stepped<'a>(&self, mut text: Text<'a>) -> Result<Text<'a>, Fault> {
        for step in &self.steps {
            let Some(value) = text else { return Ok(None) };
            text = step.apply(value)?;
        }
        Ok(text)
    }

    /// An empty text is a text, but no number, date or truth value.
    fn not_empty<'a>(&self, text: Text<'a>) -> Text<'a> {
        text.filter(|text| !text.is_empty() || matches!(self.read, Read::Text))
    }

    fn typed<'t>(
        &self,
        text: Option<&'t str>,
        batch: &Batch,
        record: usize,
    ) -> Result<Cell<'t>, Fault> {
        let read = text.map(|text| self.read.read(text)).transpose()?;
        if self.amounts.is_empty() {
            return read.map_or(Ok(Cell::Null), |cell| self.fit(cell));
        }
        let mut number = read.as_ref().map(number_of).transpose()?;
        for amount in &self.amounts {
            number = amount.apply(number, self, batch, record)?;
        }
        number.map_or(Ok(Cell::Null), |number| self.fit(Cell::Decimal(number)))
    }

    /// Another text, read like the rule's own: the debit.
    pub(super) fn number(&self, text: Text<'_>) -> Result<Option<Decimal>, Fault> {
        let text = self.not_empty(self.stepped(text)?);
        let Some(text) = text else { return Ok(None) };
        number_of(&self.read.read(&text)?).map(Some)
    }

    /// Brings a number to the field's type and scale, exactly or not at all. Compilation sees to
    /// it that no other pair of types comes here.
    fn fit<'t>(&self, cell: Cell<'t>) -> Result<Cell<'t>, Fault> {
        match self.kind {
            FieldType::Integer => {
                let Cell::Decimal(number) = cell else {
                    return Ok(cell);
                };
                let whole = number.rescale(0).ok_or_else(Fault::not_whole)?;
                Ok(Cell::Integer(whole.digits()))
            }
            FieldType::Decimal => match cell.number() {
                Some(number) => self.scaled(number).map(Cell::Decimal),
                None => Ok(cell),
            },
            FieldType::String
            | FieldType::Boolean
            | FieldType::Date
            | FieldType::Timestamp
            | FieldType::Time => Ok(cell),
        }
    }

    /// Digits that the scale has no room for stay: the constraint's check refuses them by name.
    pub(super) fn scaled(&self, number: Decimal) -> Result<Decimal, Fault> {
        let Some(scale) = self.scale else {
            return Ok(number);
        };
        match number.rescale(scale) {
            Some(scaled) => Ok(scaled),
            None if number.scale() > scale => Ok(number),
            None => Err(Fault::too_many_digits()),
        }
    }
}
