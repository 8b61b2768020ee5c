//! Rejects replay: mended in the rejects file and fed back they give what a clean file would have
//! given, and no row twice.

use crate::harness::{GERMAN, Place, Ran, as_a_spreadsheet_saves, column, table};

const TARGET: &str = r#"{
  "title": "Part",
  "type": "object",
  "properties": {
    "id": { "type": "integer", "x-unique": true },
    "name": { "type": "string" },
    "price": { "type": "number", "multipleOf": 0.01 }
  },
  "required": ["id", "name", "price"]
}"#;

/// Parts 1 to 30 as lines; some of them are replaced by broken ones.
fn parts(broken: &[(usize, &[u8])]) -> Vec<u8> {
    let mut bytes = b"id,name,price\n".to_vec();
    for id in 1..=30 {
        match broken.iter().find(|(at, _)| *at == id) {
            Some((_, line)) => bytes.extend_from_slice(line),
            // Some names are quoted, so that it is plain that quotes enclose fields.
            None if id % 3 == 0 => bytes.extend(format!("{id},\"Pièce {id}\",{id}.50").bytes()),
            None => bytes.extend(format!("{id},Pièce {id},{id}.50").bytes()),
        }
        bytes.push(b'\n');
    }
    bytes
}

/// Parts 5, 9 and 13 cannot be read: ragged, an unclosed quote, a byte that is no UTF-8.
fn unreadable_parts() -> Place {
    let place = Place::new();
    place.write("part.json", TARGET);
    let broken: [(usize, &[u8]); 3] = [
        (5, b"5,Pi\xc3\xa8ce 5"),
        (9, b"9,\"Pi\xc3\xa8ce 9,9.50"),
        (13, b"13,Pi\xe8ce 13,13.50"),
    ];
    place.write("parts.csv", parts(&broken));
    place
        .run("map parts.csv --to part.json --set encoding=utf-8 --max-rejects 3")
        .ends(0);
    let rejects = place.table("parts.rejects.csv");
    assert_eq!(
        column(&rejects, "_rule"),
        ["ragged", "unclosed_quote", "bad_bytes"]
    );
    assert_eq!(column(&rejects, "_line"), ["6", "10", "14"]);
    place
}

fn replay(place: &Place, file: &str) -> Ran {
    place.run(&format!(
        "run --mapping parts.mapping.yaml {file} --with parts.good.csv -o mended"
    ))
}

/// Lines below the header, sorted.
fn rows(text: &str) -> Vec<String> {
    let mut rows: Vec<String> = text.lines().skip(1).map(str::to_owned).collect();
    rows.sort();
    rows
}

/// Maps the German statement, and gives the text of its rejects with both records mended.
fn mended_statement(place: &Place) -> String {
    let line = "map umsaetze_2026-03.csv --to transaction.schema.json --accept 0.75";
    place.run(&format!("{line} --max-rejects 2")).ends(0);
    let rejects = place.text(&format!("{GERMAN}.rejects.csv"));
    let mended = rejects
        .replace("31.02.2026;", "28.02.2026;")
        .replace(";Z47", ";Überweisung");
    assert_ne!(mended, rejects);
    mended
}

/// What the same mapping makes of the statement without its two faults.
fn clean_rows(place: &Place) -> Vec<String> {
    let text = place.bytes(&format!("{GERMAN}.csv"));
    // windows-1252 and ISO 8859-1 agree on the letters that matter here.
    let text: String = text.iter().map(|byte| char::from(*byte)).collect();
    let clean = text
        .replace("31.02.2026", "28.02.2026")
        .replace("Z47", "Überweisung");
    let bytes: Vec<u8> = clean.chars().map(|c| u8::try_from(c).unwrap()).collect();
    place.write("clean.csv", bytes);
    place
        .run(&format!(
            "run --mapping {GERMAN}.mapping.yaml clean.csv -o clean"
        ))
        .ends(0);
    rows(&place.text("clean/clean.good.csv"))
}

fn holds_the_union(place: &Place, file: &str) {
    place
        .run(&format!(
            "run --mapping {GERMAN}.mapping.yaml {file}.csv --with {GERMAN}.good.csv -o mended"
        ))
        .ends(0);
    let mut union = rows(&place.text(&format!("{GERMAN}.good.csv")));
    union.extend(rows(&place.text(&format!("mended/{file}.good.csv"))));
    union.sort();
    assert_eq!(union, clean_rows(place));
    assert_eq!(union.len(), 40);
}

#[test]
fn mended_rejects_complete_the_good_rows() {
    let place = Place::with_bank();
    let mended = mended_statement(&place);
    place.write("mended.rejects.csv", mended);
    holds_the_union(&place, "mended.rejects");
}

#[test]
fn a_spreadsheet_may_have_saved_the_rejects() {
    for (delimiter, name) in [(';', "semicolon"), ('\t', "tab"), (',', "comma")] {
        let place = Place::with_bank();
        let mended = table(&mended_statement(&place));
        place.write(
            &format!("{name}.csv"),
            as_a_spreadsheet_saves(&mended, delimiter),
        );
        holds_the_union(&place, name);
    }
}

#[test]
fn a_changed_value_is_an_error_that_says_where_to_mend() {
    let place = Place::with_bank();
    mended_statement(&place);
    let rejects = place.text(&format!("{GERMAN}.rejects.csv"));
    let changed = rejects.replace(",31.02.2026,", ",28.02.2026,");
    assert_ne!(changed, rejects);
    place.write("changed.csv", changed);
    let ran = place
        .run(&format!(
            "run --mapping {GERMAN}.mapping.yaml changed.csv -o mended"
        ))
        .ends(1);
    assert!(
        ran.err.contains("_value is not what stands there"),
        "{}",
        ran.err
    );
    assert!(
        ran.err.contains("hint: mend the record in _raw"),
        "{}",
        ran.err
    );
    assert_eq!(place.names("mended"), Vec::<String>::new());
}

#[test]
fn what_was_not_mended_is_rejected_again_as_before() {
    let place = unreadable_parts();
    replay(&place, "parts.rejects.csv").ends(3);
    let but_file = |name: &str| {
        let mut rows = place.table(name);
        for row in rows.iter_mut().skip(1) {
            row.remove(0);
        }
        rows
    };
    assert_eq!(
        but_file("mended/parts.rejects.rejects.csv"),
        but_file("parts.rejects.csv")
    );
    assert_eq!(place.table("mended/parts.rejects.good.csv").len(), 1);
}

/// Mends the unreadable parts; the one with the bad byte by `raw` and `base64`.
fn mend_parts(place: &Place, raw: &str, base64: &str) -> String {
    let mut rejects = place.table("parts.rejects.csv");
    let mut mend = |row: usize, raw: &str, base64: &str| {
        rejects[row][8] = Some(raw.to_owned());
        rejects[row][9] = Some(base64.to_owned());
    };
    mend(1, "5,Pièce 5,5.50", "");
    mend(2, "9,\"Pièce 9\",9.50", "");
    mend(3, raw, base64);
    as_a_spreadsheet_saves(&rejects, ',')
}

#[test]
fn records_that_could_not_be_read_replay_too() {
    let place = unreadable_parts();
    let clean = String::from_utf8(parts(&[])).unwrap();
    let all = rows(&clean.replace('"', ""));
    // Base64 of `13,Pièce 13,13.50`; where it stands, it wins over `_raw`.
    for (name, raw, base64) in [
        ("by_raw", "13,Pièce 13,13.50", ""),
        ("by_base64", "whatever", "MTMsUGnDqGNlIDEzLDEzLjUw"),
    ] {
        let file = format!("{name}.csv");
        place.write(&file, mend_parts(&place, raw, base64));
        replay(&place, &file).ends(0);
        let mut union = rows(&place.text("parts.good.csv"));
        union.extend(rows(&place.text(&format!("mended/{name}.good.csv"))));
        union.sort();
        assert_eq!(union, all);
    }
}

#[test]
fn base64_that_is_none_is_an_error() {
    let place = unreadable_parts();
    place.write("bad.csv", mend_parts(&place, "", "%%%"));
    let ran = replay(&place, "bad.csv").ends(1);
    assert!(ran.err.contains("_raw_base64 is no Base64"), "{}", ran.err);
}

#[test]
fn a_replay_knows_the_good_rows_of_the_first_run() {
    let place = Place::new();
    place.write("part.json", TARGET);
    let broken: [(usize, &[u8]); 2] = [(5, b"4,Pi\xc3\xa8ce 5,5.50"), (9, b"9,Pi\xc3\xa8ce 9,x")];
    place.write("parts.csv", parts(&broken));
    place
        .run("map parts.csv --to part.json --max-rejects 2")
        .ends(0);
    let rejects = place.text("parts.rejects.csv");
    assert_eq!(column(&table(&rejects), "_rule")[0], "unique");
    // One record gets the number of another good row, the other one is mended.
    let wrong = rejects.replace("4,Pièce 5", "7,Pièce 5");
    place.write("wrong.csv", &wrong);
    let ran = replay(&place, "wrong.csv").ends(1);
    assert!(ran.err.contains("empty its _value"), "{}", ran.err);
    let mended = wrong
        .replace("unique,4,", "unique,,")
        .replace("Pièce 9,x", "Pièce 9,9.50");
    place.write("mended.csv", mended);
    replay(&place, "mended.csv").ends(3);
    let again = place.table("mended/mended.rejects.csv");
    assert_eq!(column(&again, "_rule"), ["unique"]);
    assert_eq!(column(&again, "_value"), ["7"]);
    assert_eq!(
        rows(&place.text("mended/mended.good.csv")),
        ["9,Pièce 9,9.50"]
    );
}

#[test]
fn good_rows_that_cannot_be_compared_are_refused() {
    let place = unreadable_parts();
    place.write("good.ndjson", "{\"id\":1}\n{\"id\":2}\n");
    let line = "run --mapping parts.mapping.yaml parts.rejects.csv --with good.ndjson -o mended";
    let ran = place.run(line).ends(1);
    assert!(ran.err.contains("`id`"), "{}", ran.err);
    assert!(ran.err.contains("hint:"), "{}", ran.err);
}

#[test]
fn a_record_of_several_lines_replays_as_one() {
    for delimiter in [',', ';'] {
        let place = Place::new();
        place.write("part.json", TARGET);
        place.write(
            "parts.csv",
            parts(&[(7, "7,\"Pièce;\n\"\"sept\"\"\",x".as_bytes())]),
        );
        place
            .run("map parts.csv --to part.json --max-rejects 1")
            .ends(0);
        let mut rejects = place.table("parts.rejects.csv");
        let raw = rejects[1][8].as_mut().unwrap();
        assert_eq!(raw, "7,\"Pièce;\n\"\"sept\"\"\",x");
        *raw = raw.replace(",x", ",7.50");
        place.write("mended.csv", as_a_spreadsheet_saves(&rejects, delimiter));
        replay(&place, "mended.csv").ends(0);
        let good = place.table("mended/mended.good.csv");
        assert_eq!(column(&good, "name"), ["Pièce;\n\"sept\""]);
        assert_eq!(column(&good, "price"), ["7.50"]);
    }
}

#[test]
fn a_replay_that_is_run_again_gives_no_row_twice() {
    let place = unreadable_parts();
    place.write("mended.csv", mend_parts(&place, "13,Pièce 13,13.50", ""));
    replay(&place, "mended.csv").ends(0);
    let line = "run --mapping parts.mapping.yaml mended.csv -o again";
    let with = "--with parts.good.csv --with mended/mended.good.csv";
    place.run(&format!("{line} {with}")).ends(3);
    let again = place.table("again/mended.rejects.csv");
    assert_eq!(column(&again, "_rule"), ["unique", "unique", "unique"]);
    assert_eq!(place.table("again/mended.good.csv").len(), 1);
}

#[test]
fn bytes_of_wide_encodings_replay_too() {
    let place = Place::new();
    place.write("part.json", TARGET);
    let text = String::from_utf8(parts(&[(5, b"5,Pi\xc3\xa8ce 5")])).unwrap();
    let mut units: Vec<u16> = text.encode_utf16().collect();
    // The letter of part 20 becomes half of a pair.
    let at = text[..text.find("20,Pièce").unwrap()]
        .encode_utf16()
        .count()
        + 4;
    units[at] = 0xd800;
    let bytes: Vec<u8> = [0xfeff]
        .iter()
        .chain(&units)
        .flat_map(|unit| unit.to_le_bytes())
        .collect();
    place.write("parts.csv", bytes);
    place
        .run("map parts.csv --to part.json --max-rejects 2")
        .ends(0);
    let rejects = place.table("parts.rejects.csv");
    assert_eq!(column(&rejects, "_rule"), ["ragged", "bad_bytes"]);
    replay(&place, "parts.rejects.csv").ends(3);
    let again = place.table("mended/parts.rejects.rejects.csv");
    assert_eq!(rejects[2][1..], again[2][1..]);
    place.write("mended.csv", {
        let mut mended = rejects;
        mended[1][8] = Some("5,Pièce 5,5.50".to_owned());
        mended[2][8] = Some("20,Pièce 20,20.50".to_owned());
        mended[2][9] = None;
        as_a_spreadsheet_saves(&mended, ';')
    });
    replay(&place, "mended.csv").ends(0);
    assert_eq!(
        rows(&place.text("mended/mended.good.csv")),
        ["20,Pièce 20,20.50", "5,Pièce 5,5.50"]
    );
}
