//! Profiles of tables that look like real ones, as text that is held.

use std::fmt::Write as _;
use std::path::Path;

use super::*;
use crate::source::{Input, Limits, Reader, Reading};

const BLOCK: usize = 1 << 16;

/// The profile of a file of the examples.
fn example(path: &str) -> Profile {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let input = Input::open(&root.join(path)).unwrap();
    let overrides = Overrides::default();
    let reading = Reading::decide(&input, &overrides, &Limits::default()).unwrap();
    let mut reader = Reader::new(&input, &reading, Limits::default(), BLOCK).unwrap();
    let mut partial = Partial::new(&reading.columns, &overrides);
    while let Some(portion) = reader.next_portion().unwrap() {
        partial.add(&Cells::of(&portion.batch));
    }
    partial.finish()
}

/// One line per column and per decision.
fn outline(profile: &Profile) -> String {
    let mut out = String::new();
    for column in &profile.columns {
        let semantic = serde_json::to_value(column.semantic).unwrap();
        let first = column.types.first();
        let format = first.and_then(|t| t.format.as_deref()).unwrap_or("");
        let open = column.ambiguous.as_ref().map_or(0, |a| a.rows);
        let name = &column.name;
        let _ = writeln!(
            out,
            "{name}: {semantic} {format} nulls={} distinct={} open={open}",
            column.nulls,
            column.distinct.number(),
        );
    }
    for d in &profile.decisions {
        let column = d.column.as_deref().unwrap_or("");
        let _ = writeln!(
            out,
            "{}@{column}={} sure={}",
            d.what.name(),
            d.value,
            d.sure
        );
    }
    out
}

#[test]
fn the_bank_statements_of_the_examples() {
    insta::assert_snapshot!(outline(&example("bank/umsaetze_2026-03.csv")), @r#"
    Buchungstag: "date" %d.%m.%Y nulls=0 distinct=23 open=0
    Wertstellung: "date" %d.%m.%Y nulls=0 distinct=22 open=0
    Auftraggeber/Empfänger: "free_text"  nulls=0 distinct=34 open=0
    Verwendungszweck: "free_text"  nulls=0 distinct=40 open=0
    Betrag (EUR): "decimal" 1.234,56 nulls=0 distinct=40 open=0
    S/H: "category"  nulls=0 distinct=2 open=0
    IBAN: "iban"  nulls=16 distinct=23 open=0
    BIC: "bic"  nulls=16 distinct=6 open=0
    Buchungsart: "category"  nulls=0 distinct=8 open=0
    date_order@Buchungstag="dmy" sure=true
    date_order@Wertstellung="dmy" sure=true
    decimal_mark@Betrag (EUR)="," sure=true
    thousands_mark@Betrag (EUR)="." sure=true
    "#);
    insta::assert_snapshot!(outline(&example("bank/statement_2026-03.csv")), @r#"
    Txn Dt: "date" %m/%d/%Y nulls=0 distinct=9 open=36
    Post Dt: "date" %m/%d/%Y nulls=0 distinct=10 open=0
    Payee: "free_text"  nulls=0 distinct=29 open=0
    Memo: "free_text"  nulls=0 distinct=40 open=0
    Amt: "decimal" 1,234.56 nulls=0 distinct=39 open=0
    DrCr: "category"  nulls=0 distinct=2 open=0
    Ccy: "currency"  nulls=0 distinct=2 open=0
    Type: "category"  nulls=0 distinct=6 open=0
    date_order@Txn Dt="mdy" sure=false
    date_order@Post Dt="mdy" sure=true
    decimal_mark@Amt="." sure=true
    thousands_mark@Amt="," sure=true
    "#);
}

#[test]
fn the_json_of_a_small_statement() {
    let profile = table(&[
        ("Datum", &["02.03.2026", "03.03.2026", "03.03.2026"]),
        ("Betrag", &["1.450,00", "n/a", "1.450,00"]),
        ("Währung", &["EUR", "EUR", "USD"]),
        ("Zweck", &["Miete März Haus 4", "", "Miete März Haus 4"]),
    ]);
    let columns: Vec<String> = profile
        .columns
        .iter()
        .map(|column| serde_json::to_string(column).unwrap())
        .collect();
    insta::assert_snapshot!(columns.join("\n"), @r#"
    {"name":"Datum","index":0,"count":3,"nulls":0,"distinct":2,"min":"02.03.2026","max":"03.03.2026","lengths":{"min":10,"max":10,"mean":10.0},"top":[{"value":"03.03.2026","rows":2},{"value":"02.03.2026","rows":1}],"shapes":[{"shape":"99.99.9999","rows":3}],"types":[{"type":"date","format":"%d.%m.%Y","rows":3}],"semantic":"date","histogram":[{"from":20514.0,"to":20515.0,"rows":1},{"from":20515.0,"to":20515.0,"rows":2}],"sample":["02.03.2026","03.03.2026","03.03.2026"]}
    {"name":"Betrag","index":1,"count":3,"nulls":1,"distinct":1,"min":"1.450,00","max":"1.450,00","lengths":{"min":8,"max":8,"mean":8.0},"top":[{"value":"1.450,00","rows":2}],"shapes":[{"shape":"9.999,99","rows":2}],"types":[{"type":"decimal","format":"1.234,56","rows":2}],"semantic":"decimal","histogram":[{"from":1450.0,"to":1450.0,"rows":2}],"sample":["1.450,00","1.450,00"]}
    {"name":"Währung","index":2,"count":3,"nulls":0,"distinct":2,"min":"EUR","max":"USD","lengths":{"min":3,"max":3,"mean":3.0},"top":[{"value":"EUR","rows":2},{"value":"USD","rows":1}],"shapes":[{"shape":"AAA","rows":3}],"types":[{"type":"currency","rows":3}],"semantic":"currency","histogram":[{"from":3.0,"to":3.0,"rows":3}],"sample":["EUR","EUR","USD"]}
    {"name":"Zweck","index":3,"count":3,"nulls":1,"distinct":1,"min":"Miete März Haus 4","max":"Miete März Haus 4","lengths":{"min":17,"max":17,"mean":17.0},"top":[{"value":"Miete März Haus 4","rows":2}],"shapes":[{"shape":"Aaaaa Aaaa Aaaa 9","rows":2}],"types":[],"semantic":"category","histogram":[{"from":17.0,"to":17.0,"rows":2}],"sample":["Miete März Haus 4","Miete März Haus 4"]}
    "#);
    let decisions: Vec<String> = profile
        .decisions
        .iter()
        .map(|decision| serde_json::to_string(decision).unwrap())
        .collect();
    insta::assert_snapshot!(decisions.join("\n"), @r#"
    {"what":"date_order","value":"dmy","confidence":0.97,"sure":true,"alternatives":[{"value":"mdy","confidence":0.03}],"reason":"dates with points have the day first","column":"Datum"}
    {"what":"decimal_mark","value":",","confidence":0.99,"sure":true,"alternatives":[],"reason":"2 values read only so","column":"Betrag"}
    {"what":"thousands_mark","value":".","confidence":0.99,"sure":true,"alternatives":[],"reason":"2 values read only so","column":"Betrag"}
    {"what":"null_markers","value":["n/a"],"confidence":0.97,"sure":true,"alternatives":[{"value":[],"confidence":0.03}],"reason":"`n/a` in 1 row; all other values have a type","column":"Betrag"}
    "#);
}
