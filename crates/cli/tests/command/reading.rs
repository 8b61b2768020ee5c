//! `read`: a clean table of what stands in the source, and nothing else.

use serde_json::json;

use crate::harness::Place;

fn read(source: &str) -> String {
    let place = Place::new();
    place.write("source.csv", source);
    place.run("read source.csv --set header_lines=1").ends(0);
    place.text("source.good.csv")
}

#[test]
fn header_names_stay_as_they_are() {
    let text = read("id,name,name,\n1,Ada,Lovelace,x\n2,Alan,Turing,y\n3,Grace,Hopper,z\n");
    assert!(text.starts_with("id,name,name,"), "{text}");
    assert!(text.contains("\r\n1,Ada,Lovelace,x\r\n"), "{text}");
}

#[test]
fn names_in_reports_are_unique() {
    let place = Place::new();
    place.write(
        "source.csv",
        "id,name,name,\n1,Ada,Lovelace,x\n2,Alan,Turing,y\n",
    );
    place.run("read source.csv --accept 0.8").ends(0);
    let report = place.json("source.report.json");
    let names: Vec<&str> = report["columns"]
        .as_array()
        .unwrap()
        .iter()
        .map(|column| column["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["id", "name", "name#2", "column_4"]);
}

#[test]
fn null_and_the_empty_string_stay_apart() {
    let text = read("id,note,colour\n1,,red\n2,\"\",green\n3,some,blue\n");
    assert_eq!(
        text,
        "id,note,colour\r\n1,,red\r\n2,\"\",green\r\n3,some,blue\r\n"
    );
}

#[test]
fn nothing_is_trimmed_or_typed() {
    let text = read("id,note\n007, two \n008,\"a\nb\"\n009,\"say \"\"so\"\"\"\n010,1.50\n");
    assert_eq!(
        text,
        "id,note\r\n007, two \r\n008,\"a\nb\"\r\n009,\"say \"\"so\"\"\"\r\n010,1.50\r\n"
    );
}

#[test]
fn an_empty_file_is_a_table_only_when_that_is_accepted() {
    let place = Place::new();
    place.write("empty.csv", "");
    let ran = place.run("read empty.csv").ends(1);
    assert!(ran.err.contains("empty.csv is empty"), "{}", ran.err);
    assert_eq!(place.names("."), ["empty.csv"]);
    place.run("read empty.csv --accept 0").ends(0);
    assert_eq!(place.text("empty.good.csv"), "");
    assert_eq!(place.table("empty.rejects.csv").len(), 1);
    let report = place.json("empty.report.json");
    assert_eq!(
        report["balance"],
        json!({"counted": 0, "read": 0, "good": 0, "rejected": 0, "non_data": 0, "balanced": true})
    );
    place.args(&["read", "-", "--accept", "0"], b"").ends(0);
    assert_eq!(place.text("stdin.good.csv"), "");
}

#[test]
fn a_header_alone_is_a_table_only_when_that_is_accepted() {
    let place = Place::new();
    place.write("header.csv", "id,name\n");
    let ran = place.run("read header.csv --set header_lines=1").ends(1);
    assert!(ran.err.contains("--accept 0"), "{}", ran.err);
    place
        .run("read header.csv --set header_lines=1 --accept 0")
        .ends(0);
    assert_eq!(place.text("header.good.csv"), "id,name\r\n");
}

#[test]
fn records_that_cannot_be_read_are_rejects_as_they_stand() {
    let place = Place::new();
    place.write(
        "source.csv",
        "id,name\n1,\"Ada\"\n2\n3,\"Alan\n4,\"Grace\"\n5,\"Edsger\"\n",
    );
    place.run("read source.csv --accept 0.7").ends(3);
    let rejects = place.table("source.rejects.csv");
    let raw: Vec<&str> = rejects[1..]
        .iter()
        .filter_map(|row| row[8].as_deref())
        .collect();
    assert_eq!(raw, ["2", "3,\"Alan"]);
    assert_eq!(
        place.text("source.good.csv"),
        "id,name\r\n1,Ada\r\n4,Grace\r\n5,Edsger\r\n"
    );
}

#[test]
fn a_reading_can_be_set() {
    let place = Place::new();
    place.write("source.txt", "1|a;b\n2|c;d\n3|e;f\n");
    place
        .run("read source.txt --set delimiter=; --set header_lines=0")
        .ends(0);
    let rows = place.table("source.good.csv");
    let cells = |row: usize| rows[row].iter().flatten().cloned().collect::<Vec<_>>();
    assert_eq!(cells(rows.len() - 1), ["3|e", "f"]);
}
