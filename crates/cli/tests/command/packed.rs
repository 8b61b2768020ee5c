//! Packed sources: gzip, zstd and zip give what the table itself gives, or say why not.

use std::io::{Cursor, Write as _};
use std::process::Command;

use flate2::Compression;
use flate2::write::GzEncoder;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::harness::{GERMAN, Place};

const MAP: &str = "--to transaction.schema.json --accept 0.75 --max-rejects 2";

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).unwrap()
}

pub(crate) fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        writer
            .start_file(*name, SimpleFileOptions::default())
            .unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// The bank statement, plain and packed in every way; gives the names of the packed ones, with
/// what reports call them.
fn statements(place: &Place) -> [(String, String); 4] {
    let plain = place.bytes(&format!("{GERMAN}.csv"));
    let (first, second) = plain.split_at(plain.len() / 2);
    let gz = format!("{GERMAN}.csv.gz");
    let members = format!("two/{GERMAN}.csv.gz");
    let zst = format!("{GERMAN}.csv.zst");
    place.write(&gz, gzip(&plain));
    place.write(&members, [gzip(first), gzip(second)].concat());
    place.write(&zst, zstd(&plain));
    let member = format!("{GERMAN}.csv");
    let junk = format!("__MACOSX/._{GERMAN}.csv");
    let archive = zip(&[
        (&member, &plain),
        (&junk, b"\0\x05\x16\x07"),
        (".DS_Store", b"\0\0\0\x01Bud1"),
    ]);
    place.write("bank.zip", archive);
    [
        (gz.clone(), gz.clone()),
        (members, gz),
        (zst.clone(), zst),
        ("bank.zip".to_owned(), format!("bank.zip/{member}")),
    ]
}

#[test]
fn a_packed_table_gives_what_the_table_gives() {
    let place = Place::with_bank();
    let packed = statements(&place);
    place
        .run(&format!("map {GERMAN}.csv {MAP} -o plain"))
        .ends(0);
    let plain = |kind: &str| place.text(&format!("plain/{GERMAN}.{kind}"));
    assert!(plain("rejects.csv").contains(&format!("\n{GERMAN}.csv,")));
    for (at, (source, name)) in packed.iter().enumerate() {
        place.run(&format!("map {source} {MAP} -o out{at}")).ends(0);
        let out = |kind: &str| place.text(&format!("out{at}/{GERMAN}.{kind}"));
        assert_eq!(out("good.csv"), plain("good.csv"), "{source}");
        assert_eq!(
            out("rejects.csv").replace(&format!("\n{name},"), &format!("\n{GERMAN}.csv,")),
            plain("rejects.csv"),
            "{source}"
        );
        let report = place.json(&format!("out{at}/{GERMAN}.report.json"));
        let of_plain = place.json(&format!("plain/{GERMAN}.report.json"));
        assert_eq!(report["source"]["file"], name.as_str());
        for key in ["bytes", "sha256"] {
            assert_eq!(report["source"][key], of_plain["source"][key], "{source}");
        }
        assert_eq!(report["balance"], of_plain["balance"], "{source}");
    }
}

#[test]
fn every_verb_unpacks() {
    let place = Place::with_bank();
    let packed = statements(&place);
    place
        .run(&format!("map {GERMAN}.csv {MAP} -o plain"))
        .ends(0);
    let mapping = format!("plain/{GERMAN}.mapping.yaml");
    let good = format!("plain/{GERMAN}.good.csv");
    let profile = place.run(&format!("profile {GERMAN}.csv")).ends(0).out;
    place.run(&format!("read {GERMAN}.csv -o read")).ends(0);
    for (at, (source, _)) in packed.iter().enumerate() {
        let run = format!("run --mapping {mapping} {source} --max-rejects 2 -o run{at}");
        place.run(&run).ends(0);
        let ran = place.bytes(&format!("run{at}/{GERMAN}.good.csv"));
        assert_eq!(ran, place.bytes(&good), "{source}");
        place.run(&format!("read {source} -o read{at}")).ends(0);
        let read = place.bytes(&format!("read{at}/{GERMAN}.good.csv"));
        assert_eq!(read, place.bytes(&format!("read/{GERMAN}.good.csv")));
        assert_eq!(place.run(&format!("profile {source}")).ends(0).out, profile);
        let checked = place.run(&format!("check {mapping} {source}")).ends(0);
        assert!(checked.out.contains("fits"), "{}", checked.out);
        let small = format!("check {mapping} {source} --max-inflated 9");
        let refused = place.run(&small).ends(1);
        assert!(refused.err.contains("more than 9 bytes"), "{}", refused.err);
    }
    // A sample table and the good rows of an earlier run may be packed as well.
    place.write("sample.csv.gz", gzip(&place.bytes(&good)));
    let sample = format!("map {GERMAN}.csv.gz --to sample.csv.gz -o sample --max-rejects 1");
    let mapped = place.run(&sample).ends(0);
    assert!(mapped.out.contains("booking_date"), "{}", mapped.out);
    place.write("seen.csv.gz", gzip(&place.bytes(&good)));
    let with = format!("run --mapping {mapping} {GERMAN}.csv --with seen.csv.gz -o with");
    place.run(&with).ends(3);
}

#[test]
fn standard_input_may_be_packed() {
    let place = Place::new();
    let table = b"id,name\n1,Ada\n2,Alan\n3,Grace\n4,Edsger\n";
    let one = zip(&[("people.csv", table)]);
    for (at, bytes) in [gzip(table), zstd(table), one].iter().enumerate() {
        let out = format!("out{at}");
        place.args(&["read", "-", "-o", &out], bytes).ends(0);
        let good = place.text(&format!("{out}/stdin.good.csv"));
        assert_eq!(
            good,
            "id,name\r\n1,Ada\r\n2,Alan\r\n3,Grace\r\n4,Edsger\r\n"
        );
    }
    let several = zip(&[("a.csv", table), ("b.csv", table)]);
    let ran = place.args(&["read", "-", "-o", "out"], &several).ends(1);
    assert!(ran.err.contains("several tables"), "{}", ran.err);
    assert!(ran.err.contains("a.csv, b.csv"), "{}", ran.err);
}

#[test]
fn an_archive_of_several_tables_is_several_sources() {
    let place = Place::new();
    let table = |name: &str| format!("id,name\n1,{name}\n2,Alan\n3,Grace\n").into_bytes();
    let archive = zip(&[
        ("2026/jan.csv", &table("Ada")),
        ("2026/feb.csv", &table("Kay")),
        ("__MACOSX/2026/._jan.csv", b"\0"),
        ("notes.md", b"# Notes"),
    ]);
    place.write("year.zip", archive);
    place.run("read year.zip -o out").ends(0);
    for (month, name) in [("jan", "Ada"), ("feb", "Kay")] {
        let good = place.text(&format!("out/{month}.good.csv"));
        assert!(good.contains(name), "{good}");
        let report = place.json(&format!("out/{month}.report.json"));
        let file = format!("year.zip/2026/{month}.csv");
        assert_eq!(report["source"]["file"], file.as_str());
    }
    place.run("read year.zip/2026/feb.csv -o one").ends(0);
    assert!(place.path("one/feb.good.csv").exists());
    assert!(!place.path("one/jan.good.csv").exists());
    let ran = place.run("read year.zip/2026/mar.csv -o none").ends(1);
    assert!(ran.err.contains("2026/jan.csv"), "{}", ran.err);
}

#[test]
fn tables_of_one_name_would_write_the_same_results() {
    let place = Place::new();
    let table: &[u8] = b"id,name\n1,Ada\n2,Alan\n3,Grace\n";
    let archive = zip(&[("jan/data.csv", table), ("feb/data.csv", table)]);
    place.write("year.zip", archive);
    let ran = place.run("read year.zip -o out").ends(2);
    assert!(ran.err.contains("the same results"), "{}", ran.err);
    place.run("read year.zip/jan/data.csv -o jan").ends(0);
}

#[test]
fn a_bomb_stops_early_and_leaves_nothing() {
    let place = Place::new();
    place.write("tmp/keep", "");
    let zeros = vec![b'0'; 16 << 20];
    place.write("bomb.csv.gz", gzip(&zeros));
    place.write("bomb.csv.zst", zstd(&zeros));
    place.write("bomb.zip", zip(&[("bomb.csv", &zeros)]));
    for bomb in ["bomb.csv.gz", "bomb.csv.zst", "bomb.zip"] {
        let ran = Command::new(env!("CARGO_BIN_EXE_aimapper"))
            .args(["read", bomb, "--max-inflated", "1000000", "-o", "out"])
            .current_dir(place.path("."))
            .env("TMPDIR", place.path("tmp"))
            .output()
            .unwrap();
        let said = String::from_utf8(ran.stderr).unwrap();
        assert_eq!(ran.status.code(), Some(1), "{said}");
        assert!(said.contains("more than 1000000 bytes"), "{said}");
        assert!(said.contains("--max-inflated"), "{said}");
        assert_eq!(place.names("tmp"), ["keep"]);
        assert!(place.names("out").is_empty());
    }
}

#[test]
fn a_table_that_is_cut_off_publishes_nothing() {
    let place = Place::new();
    let rows: String = (0..5_000).map(|n| format!("{n},{}\n", n * n)).collect();
    let table = format!("id,square\n{rows}").into_bytes();
    for (name, bytes) in [
        ("cut.csv.gz", gzip(&table)),
        ("cut.csv.zst", zstd(&table)),
        ("cut.zip", zip(&[("cut.csv", &table)])),
    ] {
        for length in [bytes.len() / 2, bytes.len() - 1] {
            place.write(name, &bytes[..length]);
            let ran = place.run(&format!("read {name} -o out")).ends(1);
            assert!(ran.err.contains("damaged"), "{name}: {}", ran.err);
            assert!(place.names("out").is_empty());
        }
    }
}
