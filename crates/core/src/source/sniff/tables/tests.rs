use super::*;
use crate::source::{Overrides, Reading};

/// The tables of a file whose names and first cells begin with a text.
fn told(begin: &str, tail: &str) -> Vec<String> {
    let mut text = format!("{begin}id;amount;day\n");
    for row in 0..60 {
        text.push_str(&format!(
            "{begin}r{row};{row},5;2026-01-{:02}\n",
            row % 28 + 1
        ));
    }
    text.push_str(&tail.replace('#', begin));
    let input = Input::spool("t.csv", text.as_bytes()).expect("a file");
    let limits = Limits::default();
    let reading = Reading::decide(&input, &Overrides::default(), &limits).expect("a reading");
    let tables = find(&input, reading.encoding, &reading.dialect, &limits).expect("tables");
    let told = tables.iter().map(|table| {
        let Table {
            line,
            end_line,
            records,
            width,
            separated,
            ..
        } = table;
        format!("{line} {end_line} {records} {width} {separated}")
    });
    told.collect()
}

#[test]
fn records_that_are_passed_at_once_count_as_all_do() {
    let more = "#r1;1,5;2026-01-02\n#r2;2,5;2026-01-03\n#r3;3,5;2026-01-04\n";
    for tail in [
        "",
        more,
        "#id;amount;day\n",
        "#identity;1,5;2026-01-02\n",
        "#\"r1\";1,5;2026-01-02\n",
        "#r1;\"1,5\";2026-01-02\n#r2;\"2\n2\";2026-01-03\n",
        "#r1;1,5;2026-01-02\r\n#r2;2,5;2026-01-02\r\n",
        "#r1;1,5;2026-01-02\r#r2;2,5;2026-01-02\r",
        "#r1;\u{e4}5;2026-01-02",
        "#r1;1,5\n#r2;2,5\n#r3;3,5\n#r4;4,5\n",
        "\n\n",
        ";;\n",
    ] {
        for tail in [
            tail.to_owned(),
            format!("{tail}{more}"),
            format!("{tail}#id;amount;day\n{more}"),
        ] {
            // A first cell that begins with a mark takes the long way.
            let plain = told("", &tail);
            assert!(!plain.is_empty());
            assert_eq!(plain, told("-", &tail), "{tail}");
        }
    }
}

#[test]
fn what_was_found_holds_for_the_dialect_that_it_was_found_by() {
    let text = "a;b,c\n1;2,3\n4;5,6\n7;8,9\n";
    let input = Input::spool("t.csv", text.as_bytes()).expect("a file");
    let limits = Limits::default();
    let reading = Reading::decide(&input, &Overrides::default(), &limits).expect("a reading");
    for delimiter in [",", ";", "|", ";", ","] {
        let dialect = Dialect {
            delimiter: delimiter.to_owned(),
            ..reading.dialect.clone()
        };
        let found = tables(&input, reading.encoding, &dialect, &limits).expect("tables");
        let again = find(&input, reading.encoding, &dialect, &limits).expect("tables");
        assert_eq!(found, again, "{delimiter}");
    }
}
