//! Whole columns by the rules that most fields have: the texts of one column, cut but not copied, read as
//! one type. All others take the way cell by cell, with the same results.

use arrow_array::builder::StringBuilder;
use arrow_array::{Array, StringArray};

use super::column::Column;
use super::fault::Fault;
use super::plan::{Faults, PlanField};
use super::read::{self, Read};
use super::rule::CompiledRule;
use crate::source::Batch;
use crate::target::FieldType;
use crate::validation::Cell;
use crate::value::parse_integer;

impl PlanField {
    /// The field's values, where its rule is one of these.
    pub(super) fn whole(
        &self,
        rule: &CompiledRule,
        batch: &Batch,
        faults: &mut Faults,
    ) -> Option<Column> {
        let texts = rule.texts(batch)?;
        let mut run = Run {
            field: self,
            rule,
            texts,
            batch,
            faults,
        };
        Some(match (&rule.read, self.kind) {
            (Read::Text, FieldType::String) => {
                let size = texts.value_data().len();
                let mut values = StringBuilder::with_capacity(batch.len(), size);
                run.each(
                    Ok,
                    |text| Cell::Text(text),
                    |text| values.append_option(text),
                );
                Column::Text(values.finish())
            }
            (Read::Integer { thousands }, FieldType::Integer) => Column::Integer(run.values(
                |text| parse_integer(text, *thousands).map_err(Fault::integer),
                |value| Cell::Integer(*value),
            )),
            (Read::Decimal(format), FieldType::Decimal) => Column::Decimal(run.values(
                |text| rule.scaled(format.read(text)?),
                |value| Cell::Decimal(*value),
            )),
            (Read::Date(formats), FieldType::Date) => {
                Column::Date(run.values(|text| read::date(formats, text), |day| Cell::Date(*day)))
            }
            (Read::Timestamp(formats), FieldType::Timestamp) => Column::Timestamp(run.values(
                |text| read::timestamp(formats, text),
                |at| Cell::Timestamp(*at),
            )),
            _ => return None,
        })
    }
}

/// One field over one batch.
struct Run<'a> {
    field: &'a PlanField,
    rule: &'a CompiledRule,
    texts: &'a StringArray,
    batch: &'a Batch,
    faults: &'a mut Faults,
}

impl<'a> Run<'a> {
    fn values<T>(
        &mut self,
        read: impl Fn(&'a str) -> Result<T, Fault>,
        cell: impl Fn(&T) -> Cell<'_>,
    ) -> Vec<Option<T>> {
        let mut values = Vec::with_capacity(self.texts.len());
        self.each(read, cell, |value| values.push(value));
        values
    }

    /// Reads every text, checks what comes of it, and gives it to `push`: one value for each record, none
    /// where there is a fault.
    fn each<T>(
        &mut self,
        read: impl Fn(&'a str) -> Result<T, Fault>,
        cell: impl Fn(&T) -> Cell<'_>,
        mut push: impl FnMut(Option<T>),
    ) {
        let Self { field, rule, .. } = *self;
        let mut broken = Vec::new();
        for (record, text) in self.texts.iter().enumerate() {
            let text = rule.cut(text);
            let value = text.and_then(|text| text.map(&read).transpose());
            let value = match value {
                Ok(value) => value,
                Err(fault) => match rule.forgiven(fault) {
                    Ok(()) => None,
                    Err(fault) => {
                        push(None);
                        field.blame(fault, self.batch, record, self.faults);
                        continue;
                    }
                },
            };
            let seen = value.as_ref().map_or(Cell::Null, &cell);
            field.checks.check(&seen, &mut broken);
            push(value);
            for broken in broken.drain(..) {
                field.blame(broken.into(), self.batch, record, self.faults);
            }
        }
    }
}
