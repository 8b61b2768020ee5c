//! The same input gives the same bytes, whatever the threads.

use std::fmt::Write as _;

use crate::harness::{ENGLISH, Place};

const TARGET: &str = r#"{
  "title": "Sale",
  "type": "object",
  "properties": {
    "id": { "type": "integer", "x-unique": true },
    "sold_on": { "type": "string", "format": "date" },
    "total": { "type": "number", "multipleOf": 0.01 },
    "note": { "type": "string" }
  },
  "required": ["id", "sold_on", "total"]
}"#;

/// Rows of the big source: it has three chunks of 65,536 records, the last one not full.
const ROWS: usize = 150_000;

/// Sales with faults of every kind sprinkled in, the first ones on both sides of a chunk's border.
fn sales() -> String {
    let mut text = "id,sold_on,total,note\n".to_owned();
    for row in 1..=ROWS {
        let date = format!("2026-03-{:02}", row % 28 + 1);
        let line = match row {
            65_535 | 65_536 | 65_537 | 131_072 => format!("{row},2026-02-30,1.00,late"),
            _ if row % 997 == 0 => format!("{row},{date}"),
            _ if row % 1_009 == 0 => format!("{row},{date},1.999,\"two\nlines\""),
            _ if row % 1_499 == 0 => format!("{row},{date},\"1.50,open"),
            _ if row % 2_003 == 0 => format!("{},{date},1.00,again", row / 2),
            _ if row % 2_503 == 0 => format!("\n{row},{date},5.00,below a blank line"),
            _ if row % 5 == 0 => format!("{row},{date},{}.50,\"n, quoted\"", row % 5_000),
            _ => format!(
                "{row},{date},{}.{:02},n{}",
                row % 5_000,
                row % 100,
                row * 31 % 977
            ),
        };
        let _ = writeln!(text, "{line}");
    }
    text
}

/// All results in a folder, without the time that it took.
fn results(place: &Place, folder: &str) -> Vec<(String, Vec<u8>)> {
    let names = place.names(folder);
    names
        .into_iter()
        .map(|name| {
            let path = format!("{folder}/{name}");
            let bytes = if name.ends_with(".report.json") {
                let mut report = place.json(&path);
                assert!(report["seconds"].is_number());
                report["seconds"] = 0.into();
                report.to_string().into_bytes()
            } else if name.ends_with(".report.html") {
                without_time(&place.text(&path)).into_bytes()
            } else {
                place.bytes(&path)
            };
            (name, bytes)
        })
        .collect()
}

/// The page names the time behind the source's digest.
fn without_time(page: &str) -> String {
    let (before, rest) = page.split_once("…</code> · ").unwrap();
    let (_, after) = rest.split_once("</p>").unwrap();
    format!("{before}{after}")
}

fn same(place: &Place, folders: &[&str]) {
    let first = results(place, folders[0]);
    assert!(!first.is_empty());
    for folder in &folders[1..] {
        let other = results(place, folder);
        let names = |results: &[(String, Vec<u8>)]| -> Vec<String> {
            results.iter().map(|(name, _)| name.clone()).collect()
        };
        assert_eq!(names(&first), names(&other));
        for (one, two) in first.iter().zip(&other) {
            assert!(one.1 == two.1, "{} differs in {folder}", one.0);
        }
    }
}

#[test]
fn an_example_gives_the_same_bytes_twice() {
    let place = Place::with_bank();
    for folder in ["one", "two"] {
        let line = "map statement_2026-03.csv --to transaction.schema.json --set date_order=mdy --accept 0.6";
        place.run(&format!("{line} -o {folder}")).ends(0);
    }
    same(&place, &["one", "two"]);
    assert!(place.names("one").contains(&format!("{ENGLISH}.good.csv")));
}

#[test]
fn threads_do_not_change_a_byte() {
    let place = Place::new();
    place.write("sale.json", TARGET);
    place.write("sales.csv", sales());
    for threads in [1, 2, 4] {
        let line = "map sales.csv --to sale.json --max-rejects 1%";
        place
            .run(&format!("{line} --threads {threads} -o threads_{threads}"))
            .ends(0);
    }
    same(&place, &["threads_1", "threads_2", "threads_4"]);
    let report = place.json("threads_1/sales.report.json");
    let balance = &report["balance"];
    assert_eq!(balance["balanced"], true);
    // One record of the header, and a blank line in front of some.
    let blank = (1..=ROWS).filter(|row| row % 2_503 == 0).count() as u64;
    assert!(balance["non_data"].as_u64().unwrap() <= blank + 1);
    let records = balance["good"].as_u64().unwrap() + balance["rejected"].as_u64().unwrap();
    assert_eq!(records, ROWS as u64);
    let rules = report["rejects_by_rule"].as_object().unwrap();
    for rule in ["ragged", "unclosed_quote", "impossible_date", "unique"] {
        assert!(rules.contains_key(rule), "no reject by {rule}: {rules:?}");
    }
}

#[test]
fn threads_do_not_change_a_byte_of_a_table_that_is_only_read() {
    let place = Place::new();
    place.write("sales.csv", sales());
    for threads in [1, 3] {
        let line = "read sales.csv --max-rejects 1% --format parquet";
        place
            .run(&format!("{line} --threads {threads} -o threads_{threads}"))
            .ends(0);
    }
    same(&place, &["threads_1", "threads_3"]);
}
