//! The examples of the repository come out as their README says.

use std::collections::BTreeMap;
use std::fs::File;

use arrow_schema::DataType;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::{Value, json};

use crate::harness::{ENGLISH, GERMAN, Place, column, complaints, repository};

const MAP_GERMAN: &str = "map umsaetze_2026-03.csv --to transaction.schema.json --accept 0.75";
const MAP_ENGLISH: &str = "map statement_2026-03.csv --to transaction.schema.json";

/// Amounts with two digits, added up in hundredths.
fn sum(amounts: impl IntoIterator<Item = String>) -> i64 {
    amounts
        .into_iter()
        .map(|amount| {
            let (whole, cents) = amount.split_once('.').unwrap();
            assert_eq!(cents.len(), 2, "{amount}");
            format!("{whole}{cents}").parse::<i64>().unwrap()
        })
        .sum()
}

/// Sources of every field, by the report.
fn sources(report: &Value) -> BTreeMap<String, Value> {
    let fields = report["fields"].as_array().unwrap();
    fields
        .iter()
        .map(|field| {
            (
                field["field"].as_str().unwrap().to_owned(),
                field["sources"].clone(),
            )
        })
        .collect()
}

fn english_truth() -> BTreeMap<String, Value> {
    [
        ("booking_date", json!(["Txn Dt"])),
        ("value_date", json!(["Post Dt"])),
        ("amount", json!(["Amt", "DrCr"])),
        ("currency", json!(["Ccy"])),
        ("counterparty_name", json!(["Payee"])),
        ("counterparty_iban", json!([])),
        ("reference", json!(["Memo"])),
        ("kind", json!(["Type"])),
    ]
    .map(|(field, sources)| (field.to_owned(), sources))
    .into()
}

#[test]
fn the_german_statement_maps_and_balances() {
    let place = Place::with_bank();
    place
        .run(&format!("{MAP_GERMAN} --max-rejects 2 -o out"))
        .ends(0);
    let report = place.json(&format!("out/{GERMAN}.report.json"));
    assert_eq!(
        report["balance"],
        json!({"counted": 45, "read": 45, "good": 38, "rejected": 2, "non_data": 5, "balanced": true})
    );
    let expected: BTreeMap<String, Value> = [
        ("booking_date", json!(["Buchungstag"])),
        ("value_date", json!(["Wertstellung"])),
        ("amount", json!(["Betrag (EUR)", "S/H"])),
        ("currency", json!([])),
        ("counterparty_name", json!(["Auftraggeber/Empfänger"])),
        ("counterparty_iban", json!(["IBAN"])),
        ("reference", json!(["Verwendungszweck"])),
        ("kind", json!(["Buchungsart"])),
    ]
    .map(|(field, sources)| (field.to_owned(), sources))
    .into();
    assert_eq!(sources(&report), expected);
    let good = place.table(&format!("out/{GERMAN}.good.csv"));
    assert_eq!(good.len(), 39);
    assert_eq!(sum(column(&good, "amount")), 51_020);
    assert!(column(&good, "currency").iter().all(|code| code == "EUR"));
    let rejects = place.table(&format!("out/{GERMAN}.rejects.csv"));
    assert_eq!(column(&rejects, "_line"), ["20", "32"]);
    assert_eq!(
        column(&rejects, "_rule"),
        ["impossible_date", "unseen_value"]
    );
    assert_eq!(column(&rejects, "_value"), ["31.02.2026", "Z47"]);
}

#[test]
fn the_german_statement_asks_for_the_currency() {
    let place = Place::with_bank();
    let line = "map umsaetze_2026-03.csv --to transaction.schema.json --json -o out";
    let ran = place.run(line).ends(4);
    let summary: Value = serde_json::from_str(&ran.out).unwrap();
    let questions = summary["sources"][0]["questions"].as_array().unwrap();
    assert_eq!(questions.len(), 1, "{questions:#?}");
    assert!(questions[0].to_string().contains("currency"));
    assert_eq!(
        place.names("out"),
        ["mapping.yaml", "report.html", "report.json"].map(|kind| format!("{GERMAN}.{kind}"))
    );
}

#[test]
fn the_english_statement_asks_for_the_date_order() {
    let place = Place::with_bank();
    let ran = place.run(&format!("{MAP_ENGLISH} -o out --json")).ends(4);
    assert_eq!(
        place.names("out"),
        ["mapping.yaml", "report.html", "report.json"].map(|kind| format!("{ENGLISH}.{kind}"))
    );
    let summary: Value = serde_json::from_str(&ran.out).unwrap();
    let questions = summary["sources"][0]["questions"].to_string();
    assert!(questions.contains("date_order"), "{questions}");
    let report = place.json(&format!("out/{ENGLISH}.report.json"));
    let truth = english_truth();
    for field in report["fields"].as_array().unwrap() {
        let name = field["field"].as_str().unwrap();
        if field["confidence"].as_f64().unwrap() >= 0.9 {
            assert_eq!(field["sources"], truth[name], "{name} is wrong at sure");
        }
    }
}

#[test]
fn the_english_statement_maps_when_the_date_order_is_set() {
    for set in ["date_order=mdy", "date_order@Txn Dt=mdy"] {
        let place = Place::with_bank();
        let mut args: Vec<&str> = MAP_ENGLISH.split(' ').collect();
        args.extend(["--set", set, "--accept", "0.6", "-o", "out"]);
        place.args(&args, b"").ends(0);
        let report = place.json(&format!("out/{ENGLISH}.report.json"));
        assert_eq!(sources(&report), english_truth());
        let good = place.table(&format!("out/{ENGLISH}.good.csv"));
        assert_eq!(good.len(), 41);
        let of = |currency: &str| {
            let rows = column(&good, "amount")
                .into_iter()
                .zip(column(&good, "currency"));
            sum(rows.filter(|row| row.1 == currency).map(|row| row.0))
        };
        assert_eq!((of("USD"), of("GBP")), (303_400, -18_000));
        assert_eq!(column(&good, "booking_date")[0], "2026-03-02");
    }
}

#[test]
fn the_accepted_reading_settles_the_english_statement_too() {
    let place = Place::with_bank();
    place
        .run(&format!("{MAP_ENGLISH} --accept 0.6 -o accepted"))
        .ends(0);
    place
        .run(&format!(
            "{MAP_ENGLISH} --set date_order=mdy --accept 0.6 -o set"
        ))
        .ends(0);
    let good = |folder| place.text(&format!("{folder}/{ENGLISH}.good.csv"));
    assert_eq!(good("accepted"), good("set"));
}

#[test]
fn orders_become_nested_lines_that_fit_the_target() {
    let place = Place::with_orders();
    let line = "map orders.csv --to order.schema.json --format ndjson";
    place.run(line).ends(0);
    let schema = repository("examples/orders/order.schema.json");
    let text = place.text("orders.good.ndjson");
    let rows: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(rows.len(), 10);
    for row in &rows {
        assert_eq!(complaints(&schema, row), Vec::<String>::new());
    }
    assert_eq!(rows[5]["customer"]["name"], "Fitch, Gwen");
    assert_eq!(
        rows[0]["ship_to"],
        json!({"city": "Leeds", "country": "GB"})
    );
    assert!(text.contains(r#""total":74.50,"#), "digits are kept");
}

#[test]
fn orders_become_typed_parquet() {
    let place = Place::with_orders();
    place
        .run("map orders.csv --to order.schema.json --format parquet")
        .ends(0);
    let file = File::open(place.path("orders.good.parquet")).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    let kind = |name: &str| {
        let field = reader.schema().field_with_name(name).unwrap();
        field.data_type().clone()
    };
    assert!(matches!(kind("total"), DataType::Decimal128(_, 2)));
    assert_eq!(kind("ordered_on"), DataType::Date32);
    assert_eq!(kind("paid"), DataType::Boolean);
    let batches: Vec<_> = reader.build().unwrap().map(Result::unwrap).collect();
    assert_eq!(
        batches.iter().map(|batch| batch.num_rows()).sum::<usize>(),
        10
    );
    let emails = batches[0].column_by_name("customer.email").unwrap();
    assert_eq!(arrow_array::Array::null_count(emails), 1);
}

#[test]
fn a_kept_mapping_gives_the_same_rows_again() {
    let place = Place::with_bank();
    place
        .run(&format!("{MAP_GERMAN} --max-rejects 2 -o first"))
        .ends(0);
    let line = format!("run --mapping first/{GERMAN}.mapping.yaml {GERMAN}.csv -o second");
    place.run(&format!("{line} --max-rejects 2")).ends(0);
    for kind in ["good.csv", "rejects.csv", "mapping.yaml"] {
        assert_eq!(
            place.text(&format!("first/{GERMAN}.{kind}")),
            place.text(&format!("second/{GERMAN}.{kind}")),
            "{kind}"
        );
    }
}

#[test]
fn mappings_fit_their_published_schema() {
    let place = Place::with_bank();
    place.run(&format!("{MAP_GERMAN} -o out")).ends(3);
    place.run(&format!("{MAP_ENGLISH} -o out")).ends(4);
    let schema = repository("docs/mapping.schema.json");
    for name in [GERMAN, ENGLISH] {
        let text = place.text(&format!("out/{name}.mapping.yaml"));
        let mapping: Value = serde_saphyr::from_str(&text).unwrap();
        assert_eq!(complaints(&schema, &mapping), Vec::<String>::new());
    }
}

#[test]
fn reports_fit_their_published_schema() {
    let place = Place::with_bank();
    place.run(&format!("{MAP_GERMAN} -o mapped")).ends(3);
    place.run(&format!("{MAP_ENGLISH} -o open")).ends(4);
    place.run("read umsaetze_2026-03.csv -o read").ends(0);
    let schema = repository("docs/report.schema.json");
    for name in [
        format!("mapped/{GERMAN}"),
        format!("open/{ENGLISH}"),
        format!("read/{GERMAN}"),
    ] {
        let report = place.json(&format!("{name}.report.json"));
        assert_eq!(complaints(&schema, &report), Vec::<String>::new(), "{name}");
    }
}
