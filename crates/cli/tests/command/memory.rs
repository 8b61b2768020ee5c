//! What was decided in a mapping is proposed for the next file, where that is asked for.

use crate::harness::Place;

const TARGET: &str = r#"{
  "title": "Part",
  "type": "object",
  "properties": {
    "serial": { "type": "integer" },
    "grade": { "type": "string", "enum": ["fine", "rough"] }
  },
  "required": ["serial", "grade"]
}"#;

const OCTOBER: &str = "XK7,QZ\n11,k1\n12,k2\n13,k1\n";
const NOVEMBER: &str = "xk7 ,QZ\n21,k2\n22,k2\n23,k1\n";

/// The mapping of the file of October, with both fields decided by hand.
fn decided() -> Place {
    let place = Place::new();
    place.write("part.json", TARGET);
    place.write("october.csv", OCTOBER);
    place.write("november.csv", NOVEMBER);
    place.run("map october.csv --to part.json").ends(4);
    let mapping = place.text("october.mapping.yaml");
    let (head, rules) = mapping.split_once("\nrules:\n").unwrap();
    assert!(
        rules.contains("serial") && rules.contains("grade"),
        "{rules}"
    );
    let rules = "  - {field: serial, sources: [XK7], transform: [{integer: {}}], confidence: 1, state: edited}
  - field: grade
    sources: [QZ]
    value_map: [{from: k1, to: fine, state: edited}, {from: k2, to: rough, state: edited}]
    confidence: 1
    state: accepted
";
    place.write("october.mapping.yaml", format!("{head}\nrules:\n{rules}"));
    place
}

#[test]
fn what_was_decided_is_proposed_again() {
    let place = decided();
    let run = "run --mapping october.mapping.yaml october.csv --force --memory=my/memory.json";
    let ran = place.run(run).ends(0);
    assert!(
        ran.err.contains("remembered 2 decisions in my/memory.json"),
        "{}",
        ran.err
    );
    let map = "map november.csv --to part.json";
    place.run(map).ends(4);
    place
        .run(&format!("{map} --force --memory=my/memory.json"))
        .ends(0);
    let good = "serial,grade\n21,rough\n22,rough\n23,fine\n";
    assert_eq!(place.text("november.good.csv").replace('\r', ""), good);
    let mapping = place.text("november.mapping.yaml");
    assert!(
        mapping.contains("memory: you chose this on 20"),
        "{mapping}"
    );
    assert!(mapping.contains(" for october.csv"), "{mapping}");
    assert!(mapping.contains("as you mapped them before"), "{mapping}");
    // Another target knows nothing of it.
    place.write("other.json", TARGET.replace("\"Part\"", "\"Piece\""));
    let other = "map november.csv --to other.json --force --memory=my/memory.json";
    place.run(other).ends(4);
}

#[test]
fn what_is_remembered_is_listed_and_forgotten() {
    let place = decided();
    let run = "run --mapping october.mapping.yaml october.csv --force --memory=m.json";
    place.run(run).ends(0);
    place.run(run).ends(0);
    let listed = place.run("memory --file m.json").ends(0).out;
    let lines: Vec<&str> = listed.lines().collect();
    assert_eq!(lines.len(), 2, "once each: {listed}");
    assert!(
        lines[0].starts_with("1  \"XK7\" fills serial of \"Part\"  (20"),
        "{listed}"
    );
    let wrong = place.run("memory --file m.json --forget 3").ends(2);
    assert!(
        wrong.err.contains("there is no decision 3"),
        "{}",
        wrong.err
    );
    let left = place.run("memory --file m.json --forget 1").ends(0).out;
    assert!(left.starts_with("1  \"QZ\" fills grade"), "{left}");
    let none = place.run("memory --file m.json --forget all").ends(0).out;
    assert_eq!(none, "nothing is remembered\n");
    place.run("memory --file none.json").ends(0);
}

#[test]
fn without_asking_nothing_is_remembered() {
    let place = decided();
    place
        .run("run --mapping october.mapping.yaml october.csv --force")
        .ends(0);
    let names = place.names(".");
    assert!(
        names.iter().all(|name| !name.contains("memory.json")),
        "{names:?}"
    );
}

#[test]
fn a_file_that_is_no_memory_is_refused_and_stays() {
    let place = decided();
    place.write("m.json", "{\"version\": 7, \"decisions\": []}");
    for line in [
        "map november.csv --to part.json --memory=m.json",
        "memory --file m.json --forget all",
    ] {
        let ran = place.run(line).ends(1);
        assert!(
            ran.err.contains("m.json is no memory of this program"),
            "{}",
            ran.err
        );
        assert!(ran.err.contains("hint:"), "{}", ran.err);
    }
    assert!(place.text("m.json").contains("\"version\": 7"));
}
