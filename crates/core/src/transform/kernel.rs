//! Whole columns by the rules that most fields have: the texts of one column, or of several joined, cut but
//! not copied, read as one type. All others take the way cell by cell, with the same results.

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
        let texts = &rule.texts(batch)?;
        let mut run = Run {
            field: self,
            rule,
            texts,
            batch,
            faults,
        };
        Some(match (&rule.read, self.kind) {
            (Read::Text, FieldType::String) => Column::Text(run.texts()),
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
            (Read::Time(formats), FieldType::Time) => Column::Time(run.values(
                |text| read::time(formats, text),
                |micros| Cell::Time(*micros),
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
    /// The texts that come of the rule. Where they are all as in the source, they are those of the source.
    fn texts(&mut self) -> StringArray {
        let stay = self.stay();
        if stay == self.texts.len() {
            return self.texts.clone();
        }
        let size = self.texts.value_data().len();
        let mut values = StringBuilder::with_capacity(self.texts.len(), size);
        // It fails where texts grow beyond what offsets can say, which a part of an array does not.
        let appended = values.append_array(&self.texts.slice(0, stay));
        self.each(
            if appended.is_ok() { stay } else { 0 },
            Ok,
            |text| Cell::Text(text),
            |text| values.append_option(text),
        );
        values.finish()
    }

    /// How many texts at the front the rule leaves as they are, and the checks admit.
    fn stay(&self) -> usize {
        let (rule, checks) = (self.rule, &self.field.checks);
        if rule.value_map.is_some() {
            return 0;
        }
        if rule.steps.is_empty() && checks.admit_all(self.texts.null_count() > 0) {
            return self.texts.len();
        }
        let stays = |text: &Option<&str>| match text {
            None => checks.admit(&Cell::Null),
            Some(text) => match rule.cut(Some(*text)) {
                // A piece of the same length is the text.
                Ok(Some(piece)) => piece.len() == text.len() && checks.admit(&Cell::Text(text)),
                Ok(None) | Err(_) => false,
            },
        };
        self.texts.iter().take_while(stays).count()
    }

    fn values<T: Copy>(
        &mut self,
        read: impl Fn(&'a str) -> Result<T, Fault>,
        cell: impl Fn(&T) -> Cell<'_>,
    ) -> Vec<Option<T>> {
        let mut values = Vec::with_capacity(self.texts.len());
        self.each(0, read, cell, |value| values.push(value));
        values
    }

    /// Reads every text from a row on, checks what comes of it, and gives it to `push`: one value for each
    /// record, none where there is a fault.
    fn each<T: Copy>(
        &mut self,
        from: usize,
        read: impl Fn(&'a str) -> Result<T, Fault>,
        cell: impl Fn(&T) -> Cell<'_>,
        mut push: impl FnMut(Option<T>),
    ) {
        let (texts, batch) = (self.texts, self.batch);
        let column = self.rule.input.only_column();
        let repeats = column.and_then(|column| batch.repeats(column));
        let Some(repeats) = repeats else {
            for (record, text) in texts.iter().enumerate().skip(from) {
                push(self.one(record, text, &read, &cell));
            }
            return;
        };
        let known = repeats.texts().map(|(first, _)| {
            let value = self.rule.cut(Some(texts.value(first)));
            let value = value.and_then(|text| text.map(&read).transpose()).ok()?;
            self.admits(value.as_ref(), &cell).then_some(value)
        });
        let known: Vec<Option<Option<T>>> = known.collect();
        for (record, number) in repeats.numbers().enumerate().skip(from) {
            match known.get(number) {
                Some(Some(value)) => push(*value),
                // A fault is one of the record.
                Some(None) | None => {
                    let text = texts.is_valid(record).then(|| texts.value(record));
                    push(self.one(record, text, &read, &cell));
                }
            }
        }
    }

    /// Reads the text of a record, and checks what comes of it.
    fn one<T>(
        &mut self,
        record: usize,
        text: Option<&'a str>,
        read: impl Fn(&'a str) -> Result<T, Fault>,
        cell: impl Fn(&T) -> Cell<'_>,
    ) -> Option<T> {
        let text = self.rule.cut(text);
        let value = match text.and_then(|text| text.map(read).transpose()) {
            Ok(value) => value,
            Err(fault) => {
                if !self.forgives(fault, record) {
                    return None;
                }
                None
            }
        };
        if !self.admits(value.as_ref(), &cell) {
            self.refuse(&value.as_ref().map_or(Cell::Null, cell), record);
        }
        value
    }

    /// Whether the field's checks let a value pass.
    fn admits<T>(&self, value: Option<&T>, cell: impl Fn(&T) -> Cell<'_>) -> bool {
        let field = self.field;
        (field.map_admitted && value.is_some())
            || field.checks.admit(&value.map_or(Cell::Null, cell))
    }

    /// Whether a fault is a null by the rule; else it is a reason to reject the record.
    #[cold]
    fn forgives(&mut self, fault: Fault, record: usize) -> bool {
        match self.rule.forgiven(fault) {
            Ok(()) => true,
            Err(fault) => {
                self.field.blame(fault, self.batch, record, self.faults);
                false
            }
        }
    }

    #[cold]
    fn refuse(&mut self, seen: &Cell<'_>, record: usize) {
        let mut broken = Vec::new();
        self.field.checks.check(seen, &mut broken);
        for broken in broken {
            self.field
                .blame(broken.into(), self.batch, record, self.faults);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::compile;
    use super::super::plan::Fill;
    use super::super::testing::{
        batch, columns, date, decimal, field, mapped, mapping, rule, with,
    };
    use super::*;
    use crate::mapping::{OnError, OnUnseen, Rule, Step};
    use crate::target::{Constraint, Field, Label};

    const CELLS: [&str; 18] = [
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
        "06:30",
        "24:00",
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

    /// Columns, rejects and their reasons by both ways of a rule of two columns.
    fn two_ways(field: &Field, rule: &Rule) -> Option<(String, String)> {
        let mapping = mapping(vec![field.clone()], vec![rule.clone()]);
        let plan = compile(&mapping, &columns("a;b"), 0.9).unwrap();
        let pairs = CELLS
            .iter()
            .flat_map(|a| CELLS.iter().map(move |b| [*a, *b]));
        let rows: Vec<Vec<String>> = pairs.map(|row| row.map(str::to_owned).to_vec()).collect();
        let batch = batch(&rows, 0, 0);
        let [field] = &plan.fields[..] else {
            panic!("one field")
        };
        let Fill::Rule(rule) = &field.fill else {
            panic!("a rule")
        };
        let (mut faults, mut others) = (Faults::new(), Faults::new());
        let whole = field.whole(rule, &batch, &mut faults)?;
        let by_cell = field.by_cell(&batch, &mut others);
        Some((
            format!("{whole:?} {faults:?}"),
            format!("{by_cell:?} {others:?}"),
        ))
    }

    #[test]
    fn joined_columns_are_as_cell_by_cell() {
        let mut compared = 0;
        for field in fields() {
            for read in reads(field.kind) {
                for cut in [vec![], vec![Step::Trim]] {
                    for separator in ["", " ", "/"] {
                        let concat = Step::Concat {
                            separator: separator.to_owned(),
                        };
                        let steps: Vec<Step> = [concat]
                            .into_iter()
                            .chain(cut.clone())
                            .chain(read.clone())
                            .collect();
                        for on_error in [OnError::Reject, OnError::Null] {
                            let rule = Rule {
                                on_error,
                                ..rule("f", &["a", "b"], &steps)
                            };
                            if let Some((whole, by_cell)) = two_ways(&field, &rule) {
                                assert_eq!(whole, by_cell, "{rule:?}");
                                compared += 1;
                            }
                        }
                    }
                }
            }
        }
        // Numbers and dates without a step are spelt, not read: cell by cell.
        assert_eq!(compared, 9 * 2 * 3 * 2);
    }

    #[test]
    fn mapped_texts_are_checked_as_cell_by_cell() {
        let label = |value: &str| Label {
            value: value.to_owned(),
            label: None,
            description: None,
        };
        let listed = Constraint::Enum(vec![label("8"), label(""), label("9"), label("x/1,50")]);
        let all = [("S", Some("8")), ("007", None), (" ", Some(""))];
        let beside = [
            ("S", Some("8")),
            ("n/a", Some("not listed")),
            ("", Some("9")),
        ];
        let unseen = [
            OnUnseen::Reject,
            OnUnseen::Null,
            OnUnseen::Keep,
            OnUnseen::Value("9".to_owned()),
            OnUnseen::Value("not listed".to_owned()),
        ];
        let mut admitted = 0;
        for required in [false, true] {
            let listed = Field {
                required,
                ..with(field("f", FieldType::String), std::slice::from_ref(&listed))
            };
            for value_map in [mapped(&all), mapped(&beside)] {
                for on_unseen in unseen.clone() {
                    let rule = Rule {
                        value_map: value_map.clone(),
                        on_unseen,
                        ..rule("f", &["a"], &[Step::Trim])
                    };
                    let (whole, by_cell) = two_ways(&listed, &rule).expect("a whole column");
                    assert_eq!(whole, by_cell, "{rule:?}");
                    let mapping = mapping(vec![listed.clone()], vec![rule]);
                    let plan = compile(&mapping, &columns("a"), 0.9).unwrap();
                    admitted += plan
                        .fields
                        .iter()
                        .filter(|field| field.map_admitted)
                        .count();
                }
            }
        }
        assert_eq!(admitted, 6);
    }

    fn fields() -> Vec<Field> {
        let kinds = [
            FieldType::String,
            FieldType::Integer,
            FieldType::Decimal,
            FieldType::Date,
            FieldType::Timestamp,
            FieldType::Time,
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
            FieldType::Time => vec![
                vec![],
                vec![Step::Time {
                    formats: vec!["%H:%M".to_owned()],
                }],
            ],
            FieldType::String | FieldType::Boolean => vec![vec![]],
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
        assert_eq!(compared, 15 * 4 * 2);
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
