//! The measures on small tables and targets that are made by hand.

use super::*;
use crate::matching::Stated;
use crate::matching::tests::{column, field};
use crate::profile::{ColumnProfile, Distinct, ValueCount};
use crate::target::TargetSchema;
use crate::target::{Constraint, Field, FieldType, Label};

/// A column with these different values, one row each.
fn holding(name: &str, values: &[&str]) -> ColumnProfile {
    let owned: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
    let mut profile = column(name);
    profile.count = owned.len() as u64;
    profile.distinct = Distinct::Exact(profile.count);
    let top = owned.iter().cloned();
    profile.top = top.map(|value| ValueCount { value, rows: 1 }).collect();
    profile.values.clone_from(&owned);
    profile.sample = owned;
    profile
}

/// A field of which these values are known.
fn known(name: &str, values: &[&str]) -> Field {
    let mut field = field(name, FieldType::String);
    field.sample = values.iter().map(|value| (*value).to_owned()).collect();
    field
}

fn described(name: &str, description: &str) -> Field {
    let mut field = known(name, &[]);
    field.description = Some(description.to_owned());
    field
}

fn target(fields: Vec<Field>) -> TargetSchema {
    TargetSchema {
        name: "target".to_owned(),
        description: None,
        fields,
        unused: Vec::new(),
    }
}

fn gathered(columns: &[ColumnProfile], fields: Vec<Field>) -> Gathered {
    let table = Table {
        name: None,
        columns,
        named: true,
        stated: &[],
    };
    Gathered::new(&table, &PreparedTarget::new(&target(fields)))
}

/// One measure of the first column and the first field.
fn first(measure: Measure, column: ColumnProfile, field: Field) -> f32 {
    gathered(&[column], vec![field]).get(measure, 0, 0)
}

fn close(value: f32, expected: f32) {
    assert!((value - expected).abs() < 1e-4, "{value} {expected}");
}

const OF_NAMES: [Measure; 14] = [
    Measure::NameWords,
    Measure::NamePieces,
    Measure::PlainPieces,
    Measure::NameEdits,
    Measure::NameStarts,
    Measure::NameEqual,
    Measure::ColumnCovered,
    Measure::FieldCovered,
    Measure::NameShortened,
    Measure::NameSynonyms,
    Measure::NameHead,
    Measure::NameRules,
    Measure::MeaningNames,
    Measure::MeaningField,
];

const OF_VALUES: [Measure; 7] = [
    Measure::ValuesKnown,
    Measure::ValuesHeld,
    Measure::ValuesCommon,
    Measure::ValuePieces,
    Measure::ValueWords,
    Measure::ValueShapes,
    Measure::ValueLooks,
];

#[test]
fn the_same_name_is_equal_however_it_is_written() {
    let equal = |column_name: &str, field_name: &str| {
        first(
            Measure::NameEqual,
            column(column_name),
            known(field_name, &[]),
        )
    };
    close(equal("booking_date", "booking_date"), 1.0);
    close(equal("Booking Date", "booking_date"), 1.0);
    close(equal("date of booking", "booking_dates"), 0.8);
    close(equal("date of birth", "booking_date"), 0.0);
    close(equal("amount", "booking_date"), 0.0);
    for measure in OF_NAMES {
        close(
            first(measure, column("booking_date"), known("booking_date", &[])),
            1.0,
        );
    }
}

#[test]
fn without_a_name_the_values_remain() {
    let columns = [holding("Town", &["Kiel", "Bonn", "Ulm"])];
    let fields = || vec![known("town", &["Kiel", "Bonn", "Jena"])];
    let hidden = Table {
        name: None,
        columns: &columns,
        named: false,
        stated: &[],
    };
    let invented = [holding("column_3", &["Kiel", "Bonn", "Ulm"])];
    for gathered in [
        Gathered::new(&hidden, &PreparedTarget::new(&target(fields()))),
        gathered(&invented, fields()),
    ] {
        for measure in OF_NAMES {
            let value = gathered.get(measure, 0, 0);
            assert!(value.is_nan(), "{measure:?} {value}");
        }
        for measure in OF_VALUES {
            let value = gathered.get(measure, 0, 0);
            assert!(value > 0.0, "{measure:?} {value}");
        }
        close(gathered.get(Measure::ValuesKnown, 0, 0), 2.0 / 3.0);
        close(gathered.get(Measure::ValuesCommon, 0, 0), 0.5);
    }
}

#[test]
fn without_values_the_names_remain() {
    let gathered = gathered(&[column("town")], vec![known("town", &["Kiel"])]);
    for measure in OF_VALUES {
        assert!(gathered.get(measure, 0, 0).is_nan(), "{measure:?}");
    }
    assert!(gathered.get(Measure::Mean, 0, 0) > 0.9);
}

#[test]
fn more_in_common_is_never_less() {
    let words = |name: &str| {
        first(
            Measure::NameWords,
            column(name),
            known("order ship date", &[]),
        )
    };
    let (none, one, two, all) = (
        words("invoice total"),
        words("order total"),
        words("order ship total"),
        words("order ship date"),
    );
    assert!(
        none < one && one < two && two < all,
        "{none} {one} {two} {all}"
    );
    let values = |held: &[&str]| {
        let fields = vec![known("x", &["Kiel", "Bonn", "Ulm", "Jena"])];
        gathered(&[holding("y", held)], fields).get(Measure::ValuesKnown, 0, 0)
    };
    close(values(&["Rom", "Paris"]), 0.0);
    close(values(&["Rom", "KIEL"]), 0.5);
    close(values(&["Ulm", "KIEL"]), 1.0);
}

#[test]
fn the_other_columns_say_which_table_is_meant() {
    let names = ["orders.id", "orders.total", "members.id", "members.email"];
    let fields: Vec<Field> = names.iter().map(|name| known(name, &[])).collect();
    let liked = |other: &str| {
        let gathered = gathered(&[column("id"), column(other)], fields.clone());
        [0, 2].map(|field| gathered.get(Measure::TableLiked, 0, field))
    };
    let [orders, members] = liked("total");
    close(orders, 1.0);
    assert!(members < 0.5, "{members}");
    let [orders, members] = liked("email");
    close(members, 1.0);
    assert!(orders < 0.5, "{orders}");
    // A column alone has no others, and a target of one table has nothing to choose from.
    let alone = gathered(&[column("id")], fields);
    assert!(alone.get(Measure::TableLiked, 0, 0).is_nan());
    let one = gathered(
        &[column("id"), column("total")],
        vec![known("id", &[]), known("total", &[])],
    );
    assert!(one.get(Measure::TableLiked, 0, 0).is_nan());
}

#[test]
fn columns_of_other_tables_have_no_say() {
    let fields = ["orders.id", "orders.total", "members.id", "members.email"];
    let stated = ["a", "a", "b", "b"].map(|table| Stated {
        table: Some(table.to_owned()),
        ..Stated::default()
    });
    let columns = ["id", "total", "id#2", "email"].map(column);
    let table = Table {
        name: None,
        columns: &columns,
        named: true,
        stated: &stated,
    };
    let fields = fields.iter().map(|name| known(name, &[])).collect();
    let gathered = Gathered::new(&table, &PreparedTarget::new(&target(fields)));
    close(gathered.get(Measure::TableLiked, 0, 0), 1.0);
    close(gathered.get(Measure::TableLiked, 2, 2), 1.0);
}

#[test]
fn a_header_may_be_a_value_of_the_field() {
    let known = known("city", &["Kiel", "Bonn"]);
    close(
        first(Measure::NameIsValue, column("KIEL"), known.clone()),
        1.0,
    );
    close(first(Measure::NameIsValue, column("Rom"), known), 0.0);
    let nothing = field("city", FieldType::String);
    assert!(first(Measure::NameIsValue, column("Kiel"), nothing).is_nan());
}

#[test]
fn the_words_of_a_name_may_stand_in_the_values() {
    let values = ["blue bicycle", "red bicycle", "bicycle"];
    let named = |name: &str| {
        first(
            Measure::NameInValues,
            holding("x", &values),
            known(name, &[]),
        )
    };
    close(named("bicycle"), 1.0);
    close(named("bicycle owner"), 0.5);
    assert!(named("owner").is_nan());
}

#[test]
fn labels_count_as_known_values() {
    let label = |value: &str| Label {
        value: value.to_owned(),
        label: None,
        description: None,
    };
    let mut field = field("country", FieldType::String);
    let labels = ["DE", "FR", "IT"].map(label).to_vec();
    field.constraints.push(Constraint::Enum(labels));
    let column = holding("land", &["Allemagne", "Italie"]);
    let gathered = gathered(&[column], vec![field]);
    let matched = gathered.get(Measure::LabelsMatched, 0, 0);
    assert!(matched > 0.9, "{matched}");
    close(gathered.get(Measure::ValuesKnown, 0, 0), matched);
}

#[test]
fn names_ask_for_what_values_look_like() {
    let days = ["2026-03-01", "2026-03-02", "soon", "2026-03-04"];
    let columns = [holding("x", &days)];
    let fields = vec![
        known("start date", &[]),
        known("e-mail", &[]),
        described("x", "The date."),
    ];
    let gathered = gathered(&columns, fields);
    close(gathered.get(Measure::Detected, 0, 0), 0.75);
    close(gathered.get(Measure::Asked, 0, 0), 0.75);
    close(gathered.get(Measure::Asked, 0, 1), 0.0);
    let form = gathered.asked_form(0, 0).unwrap();
    assert_eq!((form.name, form.having, form.values), ("a date", 3, 4));
    assert!(gathered.asked_form(0, 1).is_none());
    // A description alone does not ask strongly enough.
    assert!(gathered.get(Measure::Detected, 0, 2) > 0.0);
    assert!(gathered.asked_form(0, 2).is_none());
    assert!(gathered.asked_form(7, 0).is_none() && gathered.asked_form(0, 7).is_none());
}

#[test]
fn nearness_is_told_of_names_without_a_common_word() {
    let columns = [column("village"), column("q7"), column("city")];
    let fields = vec![
        known("town", &[]),
        known("village name", &[]),
        known("invoice total", &[]),
    ];
    let gathered = gathered(&columns, fields);
    let near = gathered.near_meaning(0, 0).unwrap();
    assert_eq!(
        (near.column, near.field, near.described),
        ("village", "town", false)
    );
    assert!(near.cosine >= 0.5);
    for (column, field) in [(0, 1), (0, 2), (1, 0), (2, 0), (9, 0)] {
        assert_eq!(
            gathered.near_meaning(column, field),
            None,
            "{column} {field}"
        );
    }
}

#[test]
fn a_name_may_be_near_the_description_alone() {
    let fields = vec![described("area", "village, town")];
    let gathered = gathered(&[column("village")], fields);
    assert!(gathered.get(Measure::MeaningNames, 0, 0) < 0.5);
    let near = gathered.near_meaning(0, 0).unwrap();
    assert_eq!((near.field, near.described), ("area", true));
    close(near.cosine, gathered.get(Measure::MeaningField, 0, 0));
}

#[test]
fn all_fields_of_a_small_target_are_candidates() {
    let fields = (0..60).map(|number| known(&format!("f{number}"), &[]));
    let gathered = gathered(&[column("x")], fields.collect());
    assert_eq!(gathered.candidates(0).len(), 60);
}

#[test]
fn candidates_of_a_large_target_are_bounded_and_hold_the_right_one() {
    // Each field has a word in common with the column, and one has all.
    let words = ["ship", "order", "date", "line", "place", "count", "note"];
    let mut fields: Vec<Field> = (0..600)
        .map(|number| {
            let word = words[number % words.len()];
            known(&format!("{word} {number}"), &[&format!("value {number}")])
        })
        .collect();
    fields[417] = known("order ship date", &["2026-01-01"]);
    let columns = [
        column("Ship Date of the Order"),
        holding("x", &["value 88", "value 89"]),
    ];
    let gathered = gathered(&columns, fields);
    for column in [0, 1] {
        let candidates = gathered.candidates(column);
        assert!(candidates.len() <= 11 * 25 && candidates.is_sorted());
        let features = gathered.features(column);
        assert_eq!(features.fields(), candidates);
    }
    assert!(gathered.candidates(0).contains(&417));
    assert!(gathered.candidates(1).contains(&88) && gathered.candidates(1).contains(&89));
    // What is no candidate is not looked at closely.
    let other = (0..600).find(|field| !gathered.candidates(0).contains(field));
    let other = other.unwrap();
    assert!(gathered.get(Measure::NameEdits, 0, other).is_nan());
    assert!(!gathered.get(Measure::NameEdits, 0, 417).is_nan());
}

#[test]
fn fields_of_the_same_words_are_counted() {
    let names = ["date.ship", "ship date", "ship dates", "total"];
    let fields = names.iter().map(|name| known(name, &[])).collect();
    let gathered = gathered(&[column("x")], fields);
    assert_eq!([0, 1, 2, 3].map(|at| gathered.same_names(at)), [3, 3, 3, 1]);
}

#[test]
fn kinds_of_evidence_vote() {
    let columns = [holding("town", &["Kiel", "Bonn"])];
    let fields = vec![
        known("town", &["Kiel", "Bonn"]),
        known("payee", &["Max Beispiel"]),
    ];
    let gathered = gathered(&columns, fields);
    assert_eq!(gathered.agreement(0, 0), Some(1.0));
    assert_eq!(gathered.agreement(0, 1), Some(0.0));
}

#[test]
fn nothing_gives_nothing() {
    let gathered = gathered(&[], vec![known("x", &[])]);
    assert!(gathered.candidates(0).is_empty() && gathered.features(0).fields().is_empty());
    let gathered = self::gathered(&[column("x")], Vec::new());
    assert!(gathered.features(0).fields().is_empty());
    assert!(gathered.get(Measure::Mean, 0, 0).is_nan());
}

#[test]
fn what_is_left_out_is_absent_and_the_rest_stays() {
    let columns = [holding("town", &["Kiel", "Bonn"])];
    let target = target(vec![known("town", &["Kiel", "Ulm"])]);
    let table = Table {
        name: None,
        columns: &columns,
        named: true,
        stated: &[],
    };
    let with = |kinds: &[Kind]| {
        let target = PreparedTarget::new(&target).leaving_out(kinds);
        Gathered::new(&table, &target)
    };
    let whole = with(&[]);
    for kind in Kind::ALL {
        let partly = with(&[kind]);
        for measure in Measure::ALL {
            let left = partly.get(measure, 0, 0);
            if Kind::of(measure) == Some(kind) {
                assert!(left.is_nan(), "{kind:?} {measure:?}");
            } else if measure != Measure::Mean && !whole.get(measure, 0, 0).is_nan() {
                assert!(!left.is_nan(), "{kind:?} {measure:?}");
            }
        }
        assert_eq!(kind.name().parse(), Ok(kind));
    }
    let alone = with(&[Kind::Rivals]).features(0);
    let names = feature_names();
    let standings = names.iter().zip(alone.of_one(0));
    let mut standings = standings.filter(|(name, _)| name.contains('.'));
    assert!(standings.all(|(_, value)| value == ABSENT));
    assert!(
        "nothing"
            .parse::<Kind>()
            .unwrap_err()
            .contains("names, meaning")
    );
}
