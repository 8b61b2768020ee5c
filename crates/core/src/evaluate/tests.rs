//! Figures that were reckoned by hand, and what is wrong with broken cases.

use super::*;
use crate::matching::{EXAMPLE_BYTES, Examples, Weights};

fn files(list: &[(&str, &str)]) -> CaseFiles {
    CaseFiles {
        path: "s/c".to_owned(),
        files: list
            .iter()
            .map(|&(name, text)| {
                let file = TextFile {
                    path: format!("s/c/{name}"),
                    text: text.to_owned(),
                };
                (name.to_owned(), file)
            })
            .collect(),
    }
}

const SOURCE: (&str, &str) = ("source.csv", "a,b,c\n1,x,\n2,y,z\n");
const TARGET: (&str, &str) = (
    "target.schema.json",
    r#"{"fields": [{"name": "A"}, {"name": "B"}, {"name": "C", "label": "Cee", "type": "varchar(3)",
        "description": "Third.", "examples": ["u", "v"], "values": ["u", {"value": "v", "label": "Vee"}]}]}"#,
);
const TRUTH: (&str, &str) = ("truth.json", r#"{"pairs": [["a", "A"], ["b", "B"]]}"#);
const META: (&str, &str) = ("meta.json", r#"{"exhaustive": true, "train": true}"#);

fn case() -> Case {
    Case::parse("s", "c", &files(&[SOURCE, TARGET, TRUTH, META])).unwrap()
}

fn fields(list: &[(&str, &str, f64)]) -> Answer {
    let ranked = list.iter().map(|&(column, field, score)| RankedField {
        column: column.to_owned(),
        field: field.to_owned(),
        score,
    });
    Answer::Columns(ranked.collect())
}

#[test]
fn figures_of_columns() {
    let case = case();
    let answer = fields(&[
        ("a", "A", 0.95),
        ("c", "C", 0.55),
        ("b", "C", 0.45),
        ("b", "B", 0.35),
    ]);
    let grade = Grade::of(&case, &answer);
    let found = Evaluation::of(&[("s", grade, 2.0)]);
    let figures = found.columns[0].figures;
    let expected = [
        // One of the two best pairs is right; ranks are 1 and 2.
        (figures.recall, 0.5),
        (figures.mrr, 0.75),
        (figures.top1, 0.5),
        (figures.top5, 1.0),
        // Three answers, one right, of two columns with a target: 2 * 1/3 * 1/2 / (5/6).
        (figures.f1, 0.4),
        // |.95 - 1| / 3 + .55 / 3 + .45 / 3
        (figures.ece, 0.35),
        (figures.auc, 1.0),
        (figures.cov95, 1.0 / 3.0),
        (figures.accepted, 1.0 / 3.0),
        (figures.precision, 1.0),
        (figures.seconds, 2.0),
    ];
    for (at, (figure, expected)) in expected.into_iter().enumerate() {
        assert!(
            (figure.unwrap() - expected).abs() < 1e-9,
            "{at}: {figures:?}"
        );
    }
    assert_eq!(found.columns_mean, Some(figures));
    let calibration = found.calibration.unwrap();
    assert!((calibration.ece_pooled - 0.35).abs() < 1e-9);
    assert!((calibration.accepted_balanced - 1.0 / 3.0).abs() < 1e-9);
    assert_eq!(calibration.worst_precision, None);
}

#[test]
fn columns_that_the_truth_does_not_name_count_only_where_it_is_exhaustive() {
    let answer = fields(&[("a", "A", 0.95), ("c", "C", 0.55)]);
    let case = Case {
        exhaustive: false,
        ..case()
    };
    let found = Evaluation::of(&[("s", Grade::of(&case, &answer), 1.0)]);
    let figures = found.columns[0].figures;
    assert!((figures.ece.unwrap() - 0.05).abs() < 1e-9);
    assert!((figures.cov95.unwrap() - 0.5).abs() < 1e-9);
    assert_eq!(found.calibration, None);
}

#[test]
fn figures_of_values() {
    let truth = r#"{"values": [{"source": "M", "target": "m"}, {"source": "Frau", "target": "f"},
        {"source": "?", "target": null}], "target_domain": ["m", "f"], "target_labels": {"f": "female"}}"#;
    let case = Case::parse("v", "c", &files(&[("truth_values.json", truth)])).unwrap();
    let ranked = |value: &str, label: Option<&str>, score| RankedLabel {
        value: value.to_owned(),
        label: label.map(str::to_owned),
        score,
    };
    let answer = Answer::Values(vec![
        ranked("Frau", Some("m"), 0.4),
        ranked("Frau", Some("f"), 0.3),
        ranked("M", Some("m"), 0.9),
        ranked("?", None, 0.8),
    ]);
    let found = Evaluation::of(&[("v", Grade::of(&case, &answer), 1.0)]);
    let figures = found.values[0].figures;
    let expected = [
        (figures.top1, 2.0 / 3.0),
        (figures.top5, 1.0),
        (figures.mrr, 2.5 / 3.0),
        // `M` is its target but for the case; `Frau` is wrong, and nothing is right for `?`.
        (figures.top1_different, 0.5),
    ];
    for (figure, expected) in expected {
        assert!((figure - expected).abs() < 1e-9, "{figures:?}");
    }
    assert_eq!(found.values_mean, Some(figures));
}

#[test]
fn schema_and_rows_say_what_they_know() {
    let Task::Columns(columns) = case().task else {
        panic!("it is a case of columns");
    };
    let field = columns.target.field("C").unwrap();
    assert_eq!(field.title.as_deref(), Some("Cee"));
    assert_eq!(field.description.as_deref(), Some("Third. Examples: u, v"));
    let labels: Vec<(&str, Option<&str>)> = field
        .labels()
        .unwrap()
        .iter()
        .map(|label| (label.value.as_str(), label.label.as_deref()))
        .collect();
    assert_eq!(labels, [("u", None), ("v", Some("Vee"))]);
    let schema = r#"{"fields": [{"name": "b", "type": "int", "table": "t", "description": "Bee"},
        {"name": "d", "table": "t"}]}"#;
    let truth = ("truth.json", r#"{"pairs": [["b", "B"]]}"#);
    let list = [SOURCE, ("source.schema.json", schema), TARGET, truth];
    let case = Case::parse("s", "c", &files(&list)).unwrap();
    let Task::Columns(columns) = case.task else {
        panic!("it is a case of columns");
    };
    assert_eq!(columns.names, ["b", "d"]);
    assert_eq!(columns.table.as_deref(), Some("t"));
    let counts: Vec<u64> = columns.profiles.iter().map(|p| p.count).collect();
    assert_eq!(counts, [2, 0]);
    assert_eq!(columns.stated[0].description.as_deref(), Some("Bee"));
    assert_eq!(
        columns.stated[0].kind,
        Some(crate::target::FieldType::Integer)
    );
}

#[test]
fn samples_of_the_target_come_from_its_rows() {
    let target = ("target.csv", "A,B,C\n1,x,u\n");
    let case = Case::parse("s", "c", &files(&[SOURCE, target, TARGET, TRUTH])).unwrap();
    let Task::Columns(columns) = case.task else {
        panic!("it is a case of columns");
    };
    assert_eq!(columns.target.fields[0].sample, ["1"]);
    assert_eq!(columns.target.fields[2].sample, ["u"]);
    assert!(columns.target.fields[2].labels().is_some());
}

#[test]
fn duplicates_are_answered_by_their_written_name() {
    let source = ("source.csv", "A,A\n1,2\n");
    let truth = ("truth.json", r#"{"pairs": [["A", "A"]]}"#);
    let case = Case::parse("s", "c", &files(&[source, TARGET, truth])).unwrap();
    let Answer::Columns(ranked) = case.answer(Weights::built_in()) else {
        panic!("it is a case of columns");
    };
    assert_eq!(ranked.len(), 6);
    assert!(ranked.iter().all(|pair| pair.column == "A"));
    assert!(ranked.is_sorted_by(|a, b| a.score >= b.score));
}

#[test]
fn what_is_wrong_with_a_case_is_named() {
    let broken = ("target.schema.json", "{\"fields\":\n [{\"nam\": 1}]}");
    let foreign = ("truth.json", r#"{"pairs": [["a", "Z"]]}"#);
    let empty = ("truth.json", r#"{"pairs": []}"#);
    for (list, message) in [
        (
            vec![SOURCE, TARGET],
            "the case s/c has no truth.json or truth_values.json",
        ),
        (
            vec![TARGET, TRUTH],
            "the case s/c has no source.csv or source.schema.json",
        ),
        (
            vec![SOURCE, TRUTH],
            "the case s/c has no target.csv or target.schema.json",
        ),
        (
            vec![SOURCE, broken, TRUTH],
            "s/c/target.schema.json, line 2: missing field `name`",
        ),
        (
            vec![SOURCE, TARGET, foreign],
            "s/c/truth.json names the field `Z`, which the target does not have",
        ),
        (vec![SOURCE, TARGET, empty], "s/c/truth.json holds no pair"),
    ] {
        let error = Case::parse("s", "c", &files(&list)).unwrap_err();
        assert_eq!(error.to_string(), message);
    }
}

/// For each example of a case: copy, table, column, and whether it is right.
fn examples(case: &Case) -> (u16, Vec<[u8; 4]>) {
    let Task::Columns(columns) = &case.task else {
        panic!("a case of columns");
    };
    let mut out = Vec::new();
    let first = Examples {
        suite: 2,
        copy: 0,
        table: 10,
        left_out: &[],
    };
    let tables = columns.examples(first, case.exhaustive, &mut out);
    let records = out.chunks(EXAMPLE_BYTES);
    assert!(
        records
            .clone()
            .all(|record| record.len() == EXAMPLE_BYTES && record[0] == 2)
    );
    let head = |record: &[u8]| [record[1], record[2], record[4], record[6]];
    (tables, records.map(head).collect())
}

#[test]
fn a_case_gives_examples_of_itself_and_of_copies() {
    let case = case();
    let (tables, found) = examples(&case);
    let of_copy = |copy: u8| {
        let records = found.iter().filter(move |record| record[0] == copy);
        let right = records.clone().filter(|record| record[3] == 1);
        (records.count(), right.count())
    };
    // Three columns and three fields: as it is, without names, and without the target's values.
    for copy in [0, 1, 2] {
        assert_eq!(of_copy(copy), (9, 2), "{copy}");
    }
    // Which fields are lost depends on the names; what is lost is right nowhere.
    let (left, right) = of_copy(3);
    assert!(left < 9 && left % 3 == 0 && right == (left / 3).saturating_sub(1));
    let numbers = found.iter().map(|record| u16::from(record[1]));
    assert_eq!(numbers.max(), Some(10 + tables - 1));
    assert_eq!((tables, &found), (examples(&case).0, &examples(&case).1));
}

#[test]
fn a_column_that_nobody_judged_gives_no_example() {
    let case = Case {
        exhaustive: false,
        ..case()
    };
    let (_, found) = examples(&case);
    // The truth names the first two columns.
    assert!(!found.is_empty() && found.iter().all(|record| record[2] < 2));
}
