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

#[cfg(test)]
mod tests {
    use super::super::compile;
    use super::super::testing::{
        batch, columns, date, decimal, field, mapped, mapping, rule, with,
    };
    use super::*;
    use crate::mapping::{OnError, OnUnseen, Rule, Step};
    use crate::target::{Constraint, Field};

    const CELLS: [&str; 16] = [
        "~",
        "",
        " ",
        "n/a",
        "x/1,50",
        " 7 ",
        "007",
        "-1.234",
        "1.234,50",
        "12,345",
        "31.02.2026",
        "24.11.2026",
        "2026-11-24 10:30:00",
        "S",
        "\u{e4}",
        "999999999999999999999999999999999999999",
    ];

    /// Columns, rejects and their reasons of one rule over all cells.
    fn outcome(field: &Field, rule: &Rule) -> String {
        let mapping = mapping(vec![field.clone()], vec![rule.clone()]);
        let plan = compile(&mapping, &columns("a"), 0.9).unwrap();
        let rows: Vec<Vec<String>> = CELLS.iter().map(|cell| vec![(*cell).to_owned()]).collect();
        let outcome = plan.run(&batch(&rows, 0, 0));
        format!("{:?} {:?}", outcome.columns, outcome.rejects)
    }

    /// The same rule, which takes the first of one: not the way of whole columns.
    fn by_cell(rule: &Rule) -> Rule {
        let mut other = rule.clone();
        other.transform.insert(0, Step::Coalesce);
        other
    }

    fn fields() -> Vec<Field> {
        let kinds = [
            FieldType::String,
            FieldType::Integer,
            FieldType::Decimal,
            FieldType::Date,
            FieldType::Timestamp,
        ];
        let mut all: Vec<Field> = kinds.into_iter().map(|kind| field("f", kind)).collect();
        all.push(Field {
            required: true,
            ..field("f", FieldType::String)
        });
        all.push(with(
            field("f", FieldType::String),
            &[Constraint::MaxLength(3)],
        ));
        all.push(with(
            field("f", FieldType::Decimal),
            &[Constraint::Scale(1)],
        ));
        all
    }

    fn reads(kind: FieldType) -> Vec<Vec<Step>> {
        let time = Step::Timestamp {
            formats: vec!["%Y-%m-%d %H:%M:%S".to_owned()],
        };
        match kind {
            FieldType::Integer => vec![
                vec![],
                vec![Step::Integer {
                    thousands_mark: ".".to_owned(),
                }],
            ],
            FieldType::Decimal => vec![vec![], vec![decimal(",", ".")]],
            FieldType::Date => vec![vec![], vec![date("%d.%m.%Y")]],
            FieldType::Timestamp => vec![vec![], vec![time]],
            FieldType::String | FieldType::Boolean | FieldType::Time => vec![vec![]],
        }
    }

    #[test]
    fn whole_columns_are_as_cell_by_cell() {
        let split = Step::Split {
            separator: "/".to_owned(),
            part: -1,
        };
        let cuts = [
            vec![],
            vec![Step::Trim],
            vec![split, Step::Trim],
            vec![Step::NullIf(vec!["n/a".to_owned()])],
        ];
        let unseen = [
            OnUnseen::Reject,
            OnUnseen::Null,
            OnUnseen::Keep,
            OnUnseen::Value("9".to_owned()),
        ];
        let mut compared = 0;
        for field in fields() {
            for read in reads(field.kind) {
                for cut in &cuts {
                    for on_error in [OnError::Reject, OnError::Null] {
                        let steps: Vec<Step> = cut.iter().chain(&read).cloned().collect();
                        let rule = Rule {
                            on_error,
                            ..rule("f", &["a"], &steps)
                        };
                        assert_eq!(outcome(&field, &rule), outcome(&field, &by_cell(&rule)));
                        compared += 1;
                    }
                }
            }
        }
        for on_unseen in unseen {
            let value_map = mapped(&[("S", Some("8")), ("007", None), (" ", Some(""))]);
            let rule = Rule {
                value_map,
                on_unseen,
                ..rule("f", &["a"], &[])
            };
            let field = field("f", FieldType::String);
            assert_eq!(outcome(&field, &rule), outcome(&field, &by_cell(&rule)));
        }
        assert_eq!(compared, 13 * 4 * 2);
    }

    #[test]
    fn texts_that_stay_are_those_of_the_source() {
        let plain = rule("f", &["a"], &[]);
        let all = outcome(&field("f", FieldType::String), &plain);
        assert!(all.ends_with(" []"), "{all}");
        let required = Field {
            required: true,
            ..field("f", FieldType::String)
        };
        assert!(outcome(&required, &plain).contains("\"required\""));
    }
}
