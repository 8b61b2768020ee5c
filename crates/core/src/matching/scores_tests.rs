//! What holds for the scores of any table, and what is told of pairs.

use proptest::prelude::*;

use super::tests::{column, dates, field, numbers, texts};
use super::*;
use crate::profile::{ColumnProfile, Distinct, ValueCount};
use crate::target::{Constraint, Field, FieldType, Label, TargetSchema};

fn target(fields: Vec<Field>) -> TargetSchema {
    TargetSchema {
        name: "target".to_owned(),
        description: None,
        fields,
        unused: Vec::new(),
    }
}

fn scores(columns: &[ColumnProfile], fields: Vec<Field>, named: bool) -> Scores {
    let table = Table {
        name: None,
        columns,
        named,
        stated: &[],
    };
    score(&table, &target(fields), &Memory::default())
}

/// What is told of the first column and the first field, by kind.
fn told(column: ColumnProfile, field: Field, kind: &str) -> Vec<String> {
    let scores = scores(&[column], vec![field], true);
    let pair = scores.pair(0, 0).unwrap();
    assert!(
        pair.evidence
            .iter()
            .all(|e| (-1.0..=1.0).contains(&e.weight))
    );
    let pieces = pair.evidence.iter().filter(|piece| piece.kind == kind);
    pieces.map(|piece| piece.text.clone()).collect()
}

#[test]
fn names_that_mean_alike_are_told() {
    let town = || field("town", FieldType::String);
    let text = told(column("village"), town(), "meaning");
    assert_eq!(text.len(), 1);
    assert!(
        text[0].starts_with("meaning: village is near town (0."),
        "{text:?}"
    );
    // Where a word is the same, or the lexicon knows both, the name says it.
    assert!(told(column("town"), town(), "meaning").is_empty());
    assert!(told(column("city"), town(), "meaning").is_empty());
}

#[test]
fn values_that_look_as_the_name_asks_are_told() {
    let mut colours = column("Farbton");
    let values = ["dark blue", "light red", "n/a", "green"];
    colours.count = 4;
    colours.distinct = Distinct::Exact(4);
    colours.values = values.iter().map(|value| (*value).to_owned()).collect();
    colours.sample.clone_from(&colours.values);
    assert_eq!(
        told(colours.clone(), field("color", FieldType::String), "form"),
        ["form: 3 of 4 values look like a colour, as the name asks"]
    );
    assert!(told(colours, field("size", FieldType::String), "form").is_empty());
}

fn any_column() -> impl Strategy<Value = ColumnProfile> {
    let values = proptest::collection::vec("[a-c0-9./@ é-]{0,6}", 0..5);
    (".{0,8}|[a-z]{1,5}[_ .][a-z]{1,5}", values).prop_map(|(name, values)| {
        let mut profile = column(&name);
        profile.count = values.len() as u64;
        profile.distinct = Distinct::Exact(profile.count);
        let top = values.iter().cloned();
        profile.top = top.map(|value| ValueCount { value, rows: 1 }).collect();
        profile.sample.clone_from(&values);
        profile.values = values;
        profile
    })
}

fn any_field() -> impl Strategy<Value = Field> {
    let kinds = prop_oneof![
        Just(FieldType::String),
        Just(FieldType::Decimal),
        Just(FieldType::Date),
        Just(FieldType::Boolean),
    ];
    let values = || proptest::collection::vec("[a-c0-9./@ é-]{0,6}", 0..4);
    let description = proptest::option::of(".{0,20}");
    (
        ".{0,8}|[a-z]{1,5}[_ .][a-z]{1,5}",
        kinds,
        values(),
        values(),
        description,
    )
        .prop_map(|(name, kind, sample, labels, description)| {
            let mut field = field(&name, kind);
            field.sample = sample;
            field.description = description;
            let labels = labels.into_iter().map(|value| Label {
                value,
                label: None,
                description: None,
            });
            let labels: Vec<Label> = labels.collect();
            if !labels.is_empty() {
                field.constraints.push(Constraint::Enum(labels));
            }
            field
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_scores_are_probabilities_and_the_same_again(
        columns in proptest::collection::vec(any_column(), 0..5),
        fields in proptest::collection::vec(any_field(), 0..5),
        named: bool,
    ) {
        let found = scores(&columns, fields.clone(), named);
        prop_assert_eq!(found.pairs().len(), columns.len() * fields.len());
        for pair in found.pairs() {
            prop_assert!((0.0..=0.99).contains(&pair.probability), "{:?}", pair);
            prop_assert!(pair.evidence.iter().all(|e| e.weight.abs() <= 1.0));
        }
        prop_assert_eq!(found, scores(&columns, fields, named));
    }
}

#[test]
fn values_of_another_type_are_held_down() {
    let columns = [texts("amount"), numbers("total"), dates("day", "%d.%m.%Y")];
    let fields = vec![field("amount", FieldType::Decimal)];
    let found = scores(&columns, fields, true);
    assert!(found.pair(0, 0).unwrap().probability <= 0.25);
    assert!(found.pair(0, 1).is_none());
}
