//! What the command says, word for word. Changed words change a snapshot, so that somebody reads
//! them before a user does.

use std::fmt::Write as _;

use crate::harness::{GERMAN, Place};
use crate::packed::{gzip, zip, zstd};

/// What one command line gives, as a terminal would show it.
fn shown(place: &Place, args: &[&str]) -> String {
    let words: Vec<String> = args
        .iter()
        .map(|word| {
            if word.is_empty() || word.contains([' ', ';', '*', '\'', '[']) {
                format!("'{word}'")
            } else {
                (*word).to_owned()
            }
        })
        .collect();
    let ran = place.args(args, b"");
    format!(
        "$ aimapper {}\n{}{}[exit {}]\n",
        words.join(" "),
        ran.out,
        ran.err,
        ran.code
    )
}

fn all(place: &Place, lines: &[&str]) -> String {
    let mut text = String::new();
    for line in lines {
        let args: Vec<&str> = line.split(' ').collect();
        let _ = writeln!(text, "{}", shown(place, &args));
    }
    text
}

#[test]
fn map_reads_top_down() {
    let place = Place::with_bank();
    insta::assert_snapshot!(all(
        &place,
        &[
            "map umsaetze_2026-03.csv --to transaction.schema.json --accept 0.75 --max-rejects 2 -o out",
            "map statement_2026-03.csv --to transaction.schema.json -o out",
            "map umsaetze_2026-03.csv statement_2026-03.csv --to transaction.schema.json --accept 0.75 -o both",
        ]
    ));
}

#[test]
fn read_and_check_read_top_down() {
    let place = Place::with_bank();
    place
        .run("map umsaetze_2026-03.csv --to transaction.schema.json -o open")
        .ends(4);
    place
        .run("map umsaetze_2026-03.csv --to transaction.schema.json --accept 0.75 -o out")
        .ends(3);
    insta::assert_snapshot!(all(
        &place,
        &[
            "read umsaetze_2026-03.csv -o read",
            "check out/umsaetze_2026-03.mapping.yaml",
            "check out/umsaetze_2026-03.mapping.yaml umsaetze_2026-03.csv",
            "check open/umsaetze_2026-03.mapping.yaml",
            "check out/umsaetze_2026-03.mapping.yaml statement_2026-03.csv",
        ]
    ));
}

#[test]
fn a_source_that_cannot_be_read_is_explained() {
    let place = Place::new();
    place.write("folder/notes.md", "# Notes\n");
    place.write("empty.csv", "");
    place.write("blank.csv", "\n\n  \n");
    place.write("header.csv", "id,name\n");
    place.write("picture.csv", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01");
    place.write(
        "book.csv",
        b"PK\x03\x04\x14\0\x06\0\x08\0\0\0!\0[Content_Types].xml",
    );
    place.write("good.csv", "id,name\n1,Ada\n2,Alan\n3,Grace\n4,Edsger\n");
    place.write("good.report.json", "{}");
    insta::assert_snapshot!(all(
        &place,
        &[
            "read missing.csv",
            "read folder",
            "read *.nothing",
            "read empty.csv",
            "read blank.csv",
            "read header.csv",
            "read picture.csv",
            "read book.csv",
            "read good.csv",
            "read good.csv --set encoding=ebcdic -o out",
            "read good.csv --set delimeter=; -o out",
            "read good.csv --set date_order=ddmm -o out",
            "read good.csv --set header_lines=9 -o out",
            "read good.csv --table 7 -o out",
            "read good.csv --excel --format parquet -o out",
        ]
    ));
}

#[test]
fn a_packed_source_that_cannot_be_read_is_explained() {
    let place = Place::new();
    let table: &[u8] = b"id,name\n1,Ada\n2,Alan\n3,Grace\n4,Edsger\n";
    let gz = gzip(table);
    place.write("cut.csv.gz", &gz[..gz.len() - 3]);
    place.write("empty.csv.gz", gzip(b""));
    place.write("twice.csv.gz.zst", zstd(&gz));
    place.write("big.csv.zst", zstd(table));
    let book = [("[Content_Types].xml", &b"<Types/>"[..]), ("xl/a.xml", b"")];
    place.write("book.xlsx", zip(&book));
    place.write("many.zip", zip(&[("a.csv", table), ("b.csv", table)]));
    place.write("none.zip", zip(&[("a.pdf", b"%PDF"), ("b.png", b"PNG")]));
    place.write("nested.zip", zip(&[("a.csv.gz", &gz)]));
    let mut locked = zip(&[("a.csv", table)]);
    // The flag of encryption (APPNOTE 4.4.4), in the only entry of the directory.
    let entry = locked.windows(4).position(|four| four == b"PK\x01\x02");
    locked[entry.unwrap() + 8] |= 1;
    place.write("locked.zip", &locked);
    // LZMA (APPNOTE 4.4.5), which is not known here.
    locked[entry.unwrap() + 8] = 0;
    locked[entry.unwrap() + 10] = 14;
    place.write("lzma.zip", locked);
    place.write("data.bz2", b"BZh91AY&SY");
    place.write("data.xz", b"\xfd7zXZ\0\0\x04");
    let mut tar = vec![0; 512];
    tar[..5].copy_from_slice(b"a.csv");
    tar[257..262].copy_from_slice(b"ustar");
    tar.extend_from_slice(table);
    place.write("data.tar.gz", gzip(&tar));
    insta::assert_snapshot!(all(
        &place,
        &[
            "read cut.csv.gz",
            "read empty.csv.gz",
            "read twice.csv.gz.zst",
            "read big.csv.zst --max-inflated 20",
            "read book.xlsx",
            "read many.zip/c.csv",
            "read none.zip",
            "read nested.zip",
            "read locked.zip",
            "read lzma.zip",
            "read data.bz2",
            "read data.xz",
            "read data.tar.gz",
        ]
    ));
}

#[test]
fn a_target_that_cannot_be_used_is_explained() {
    let place = Place::new();
    place.write("good.csv", "id,name\n1,Ada\n2,Alan\n3,Grace\n4,Edsger\n");
    place.write("broken.json", "{\"type\": \"object\",");
    place.write(
        "keyword.json",
        r#"{"type": "object", "properties": {"id": {"type": "integer", "minimum": "one"}}}"#,
    );
    place.write(
        "pattern.json",
        r#"{"type": "object", "properties": {"name": {"type": "string", "pattern": "(["}}}"#,
    );
    place.write("scalar.json", r#"{"type": "string"}"#);
    insta::assert_snapshot!(all(
        &place,
        &[
            "map good.csv --to missing.json",
            "map good.csv --to broken.json",
            "map good.csv --to keyword.json",
            "map good.csv --to pattern.json",
            "map good.csv --to scalar.json",
        ]
    ));
}

#[test]
fn a_mapping_that_cannot_be_used_is_explained() {
    let place = Place::with_bank();
    place
        .run("map umsaetze_2026-03.csv --to transaction.schema.json --accept 0.75 -o out")
        .ends(3);
    let mapping = place.text(&format!("out/{GERMAN}.mapping.yaml"));
    let write = |name: &str, from: &str, to: &str| {
        let edited = mapping.replacen(from, to, 1);
        assert_ne!(edited, mapping, "{from} is not in the mapping");
        place.write(name, edited);
    };
    write("key.yaml", "    on_unseen:", "    on_unsen:");
    write(
        "field.yaml",
        "field: \"booking_date\"",
        "field: \"bookingdate\"",
    );
    write(
        "column.yaml",
        "sources: [\"Wertstellung\"]",
        "sources: [\"Wertstelung\"]",
    );
    write("version.yaml", "version: 1", "version: 9");
    place.write("no_yaml.yaml", "a: [1, 2\nb: }\n");
    // The source lost a column by another spelling of its name.
    let source = place.bytes("umsaetze_2026-03.csv");
    let text: String = source.iter().map(|byte| char::from(*byte)).collect();
    let renamed: Vec<u8> = text
        .replace(";Wertstellung;", ";Wert-Stellung;")
        .chars()
        .map(|c| u8::try_from(c).unwrap())
        .collect();
    place.write("renamed.csv", renamed);
    insta::assert_snapshot!(all(
        &place,
        &[
            "run --mapping missing.yaml umsaetze_2026-03.csv -o run",
            "run --mapping no_yaml.yaml umsaetze_2026-03.csv -o run",
            "run --mapping key.yaml umsaetze_2026-03.csv -o run",
            "run --mapping field.yaml umsaetze_2026-03.csv -o run",
            "run --mapping column.yaml umsaetze_2026-03.csv -o run",
            "run --mapping version.yaml umsaetze_2026-03.csv -o run",
            "run --mapping out/umsaetze_2026-03.mapping.yaml renamed.csv -o run",
            "check out/umsaetze_2026-03.mapping.yaml renamed.csv",
        ]
    ));
}
