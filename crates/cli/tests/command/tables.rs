//! Several tables in one source, and records that have exactly one other reading.

use serde_json::{Value, json};

use crate::harness::Place;

const TWO: &str = "\
id,name,city,amount
1,Anna,Berlin,12.50
2,Bert,Bonn,7.25
3,Carla,Essen,100.00
4,Dirk,Fulda,3.10

Orders by day
day,orders,returns
2026-03-01,5,0
2026-03-02,7,1
2026-03-03,2,0
";

fn decision(report: &Value, what: &str) -> Value {
    let decisions = report["decisions"].as_array().unwrap();
    let found = decisions.iter().find(|decision| decision["what"] == what);
    found.cloned().unwrap_or(Value::Null)
}

#[test]
fn the_largest_table_is_taken_and_the_others_are_shown() {
    let place = Place::new();
    place.write("two.csv", TWO);
    let ran = place.run("read two.csv --accept 0").ends(0);
    assert!(ran.out.contains("table 1 of 2"), "{}", ran.out);
    assert_eq!(place.table("two.good.csv").len(), 5);
    let report = place.json("two.report.json");
    let table = decision(&report, "table");
    assert_eq!(table["value"], 1);
    assert_eq!(table["alternatives"][0]["value"], 2);
    let other: Vec<&Value> = report["non_data"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|piece| piece["kind"] == "table")
        .collect();
    assert_eq!(other.len(), 1);
    assert_eq!(other[0]["line"], 6);
    assert_eq!(other[0]["lines"], 6);
    assert!(other[0]["raw"].as_str().unwrap().contains("2026-03-02,7,1"));
}

#[test]
fn another_table_is_taken_by_its_number() {
    let place = Place::new();
    place.write("two.csv", TWO);
    let ran = place.run("read two.csv --accept 0 --table 2").ends(0);
    assert!(
        ran.out.contains("table 2 of 2 · header on line 8"),
        "{}",
        ran.out
    );
    let table = place.table("two.good.csv");
    assert_eq!(table.len(), 4);
    assert_eq!(table[1][0].as_deref(), Some("2026-03-01"));
    let ran = place
        .run("read two.csv --accept 0 --table 3 --force")
        .ends(1);
    assert!(
        ran.err.contains("two.csv has no table 3; it has 2"),
        "{}",
        ran.err
    );
}

#[test]
fn a_mapping_keeps_the_table_that_was_chosen() {
    let place = Place::new();
    place.write("two.csv", TWO);
    place.write("days.csv", "day,orders\n2026-01-01,1\n2026-01-02,2\n");
    place
        .run("map two.csv --to days.csv --table 2 --accept 0")
        .ends(0);
    assert_eq!(place.table("two.good.csv").len(), 4);
    let next = TWO.replace("2026-03", "2026-04").replace("Dirk", "Dora");
    place.write("next.csv", next);
    place.run("run --mapping two.mapping.yaml next.csv").ends(0);
    let table = place.table("next.good.csv");
    assert_eq!(table.len(), 4);
    assert_eq!(table[3][0].as_deref(), Some("2026-04-03"));
}

#[test]
fn damage_before_the_gap_moves_no_table() {
    let place = Place::new();
    // Without its only quote known, the record is damaged; with it, it is whole.
    place.write("two.csv", TWO.replace("4,Dirk", "4,\"Dirk"));
    place.write("days.csv", "day,orders\n2026-01-01,1\n2026-01-02,2\n");
    place
        .run("map two.csv --to days.csv --table 2 --accept 0")
        .ends(0);
    let rows = place.table("two.good.csv");
    assert_eq!(rows.len(), 4);
    place
        .run("run --mapping two.mapping.yaml two.csv --force")
        .ends(0);
    assert_eq!(place.table("two.good.csv"), rows);
    let report = place.json("two.report.json");
    assert_eq!(report["columns"][0]["name"], "day");
}

const DAMAGED: &str = "\
id,name,city,amount
1,Anna,Berlin,12.50
2,Bert,Bonn,7.25
3,Carla,Essen,100.00
4,\"Dirk, jr\",Fulda,3.10
5;Eva;Gera;41.75
6,\"Fritz,Hamm,9.99
7,Gerda,Ilmenau
";

#[test]
fn rejects_that_can_be_repaired_are_named() {
    let place = Place::new();
    place.write("damaged.csv", DAMAGED);
    let ran = place
        .run("read damaged.csv --accept 0 --max-rejects 3")
        .ends(0);
    assert!(
        ran.out.contains("--set repair=other_delimiter,quotes"),
        "{}",
        ran.out
    );
    let report = place.json("damaged.report.json");
    assert_eq!(
        report["rejects_by_rule"],
        json!({"other_delimiter": 1, "ragged": 1, "unclosed_quote": 1})
    );
    let repair = decision(&report, "repair");
    assert_eq!(repair["value"], "");
    let reason = repair["reason"].as_str().unwrap();
    assert!(reason.contains("other_delimiter 1 (line 6)"), "{reason}");
    assert!(reason.contains("quotes 1 (line 7)"), "{reason}");
}

#[test]
fn repaired_records_are_rows_and_are_named() {
    let place = Place::new();
    place.write("damaged.csv", DAMAGED);
    place
        .run("read damaged.csv --accept 0 --max-rejects 1 --set repair=other_delimiter,quotes")
        .ends(0);
    let table = place.table("damaged.good.csv");
    let row = |at: usize| -> Vec<&str> {
        let cells = table[at].iter();
        cells.map(|cell| cell.as_deref().unwrap_or("")).collect()
    };
    assert_eq!(row(5), ["5", "Eva", "Gera", "41.75"]);
    assert_eq!(row(6), ["6", "Fritz", "Hamm", "9.99"]);
    assert_eq!(table.len(), 7);
    let repair = decision(&place.json("damaged.report.json"), "repair");
    let reason = repair["reason"].as_str().unwrap();
    assert!(
        reason.contains("repaired: other_delimiter 1 (line 6), quotes 1 (line 7)"),
        "{reason}"
    );
    let wrong = place
        .run("read damaged.csv --set repair=everything --force")
        .ends(1);
    assert!(wrong.err.contains("names with commas"), "{}", wrong.err);
}

#[test]
fn a_clean_file_says_nothing_about_repairs() {
    let place = Place::new();
    place.write("two.csv", TWO);
    let ran = place.run("read two.csv --accept 0").ends(0);
    assert!(!ran.out.contains("Repair"), "{}", ran.out);
    assert_eq!(
        decision(&place.json("two.report.json"), "repair"),
        Value::Null
    );
}
