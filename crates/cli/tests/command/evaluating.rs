//! `eval`: figures over cases of one's own, and what is said about broken ones.

use serde_json::Value;

use crate::harness::Place;

const TARGET: &str =
    r#"{"fields": [{"name": "customer_number"}, {"name": "birth_date"}, {"name": "city"}]}"#;

/// Two suites of columns whose names leave no doubt, and one of values.
fn cases() -> Place {
    let place = Place::new();
    place.write("cases/README.md", "no suite");
    place.write("cases/notes/old/readme.txt", "no case");
    place.write(
        "cases/shop/one/source.csv",
        "customer_number,birth_date,zzqx\n17,1980-02-29,..\n18,1990-01-31,..\n",
    );
    place.write("cases/shop/one/target.schema.json", TARGET);
    let truth =
        r#"{"pairs": [["customer_number", "customer_number"], ["birth_date", "birth_date"]]}"#;
    place.write("cases/shop/one/truth.json", truth);
    place.write("cases/shop/one/meta.json", r#"{"exhaustive": true}"#);
    place.write(
        "cases/shop/two/source.schema.json",
        r#"{"fields": [{"name": "city"}]}"#,
    );
    place.write("cases/shop/two/target.schema.json", TARGET);
    place.write(
        "cases/shop/two/truth.json",
        r#"{"pairs": [["city", "birth_date"]]}"#,
    );
    place.write(
        "cases/words/colours/truth_values.json",
        r#"{"values": [{"source": "RED", "target": "red"}, {"source": "blue", "target": "blue"}],
            "target_domain": ["red", "blue", "green"]}"#,
    );
    place.write(
        "split.json",
        r#"{"dev": ["shop/one", "else/where"], "rest": ["shop/two"]}"#,
    );
    place
}

#[test]
fn figures_are_those_of_the_truth() {
    let place = cases();
    let ran = place.run("eval cases --json").ends(0);
    let figures: Value = serde_json::from_str(&ran.out).unwrap();
    let shop = &figures["columns"][0];
    assert_eq!(
        (&shop["suite"], &shop["cases"]),
        (&"shop".into(), &2.into())
    );
    assert_eq!(shop["columns"], 3);
    // Of the second case the truth is wrong on purpose: the name says another field.
    assert_eq!(shop["top1"], 0.5);
    assert_eq!(shop["top5"], 1.0);
    // Not every case of the suite is exhaustive.
    assert_eq!(figures["calibration"], Value::Null);
    assert_eq!(figures["values"][0]["values"], 2);
    assert_eq!(figures["values_mean"]["top1"], 1.0);
}

#[test]
fn a_split_and_a_suite_choose_cases() {
    let place = cases();
    let ran = place
        .run("eval cases --split split.json:dev --predictions out.json")
        .ends(0);
    assert!(
        ran.out.contains("Confidence over 1 exhaustive"),
        "{}",
        ran.out
    );
    assert!(!ran.out.contains("words"), "{}", ran.out);
    let answers = place.json("out.json");
    assert_eq!(answers.as_object().unwrap().len(), 1);
    let ranked = answers["shop/one"]["ranked"].as_array().unwrap();
    assert_eq!(ranked.len(), 9);
    assert_eq!(ranked[0][0], ranked[0][1], "{ranked:?}");
    assert!(answers["shop/one"]["seconds"].as_f64().is_some());
    let ran = place
        .run("eval cases --only words --predictions out.json")
        .ends(0);
    assert!(ran.out.starts_with("suite of values"), "{}", ran.out);
    let answers = place.json("out.json");
    let first = &answers["words/colours"]["values"][0];
    assert_eq!(
        first[0].as_str().map(str::to_lowercase).as_deref(),
        first[1].as_str()
    );
}

#[test]
fn threads_change_nothing() {
    let place = cases();
    let answers = |threads: &str| {
        place
            .run(&format!(
                "eval cases --threads {threads} --predictions out.json"
            ))
            .ends(0);
        let mut answers = place.json("out.json");
        for case in answers.as_object_mut().unwrap().values_mut() {
            case["seconds"] = Value::Null;
        }
        answers
    };
    assert_eq!(answers("1"), answers("3"));
}

#[test]
fn what_is_wrong_is_named_with_a_hint() {
    let place = cases();
    let failed = |arguments: &str, code: i32| {
        let ran = place.run(arguments).ends(code);
        assert!(ran.err.contains("hint: "), "{}", ran.err);
        ran.err
    };
    assert!(failed("eval nowhere", 1).contains("nowhere"));
    assert!(failed("eval cases --only shops", 2).contains("notes, shop, words"));
    assert!(failed("eval cases --split split.json:test", 2).contains("dev, rest"));
    assert!(failed("eval cases --only notes", 1).contains("no case"));
    place.write("cases/shop/two/target.schema.json", "{\n\"fields\": 1}");
    assert!(failed("eval cases", 1).contains("two/target.schema.json, line 2: "));
    place.write("cases/shop/three/source.csv", "a\n");
    let only_three = r#"{"it": ["shop/three"]}"#;
    place.write("three.json", only_three);
    let error = failed("eval cases --split three.json:it", 1);
    assert!(error.contains("three has no truth.json"), "{error}");
}

#[test]
fn only_cases_that_may_be_trained_on_give_features() {
    let place = cases();
    let ran = place.run("eval cases --features none.gz").ends(0);
    assert_eq!(ran.out, "0 examples of 0 tables in 0 suites\n");
    let meta = r#"{"exhaustive": true, "train": true}"#;
    place.write("cases/shop/one/meta.json", meta);
    let ran = place.run("eval cases --features one.gz").ends(0);
    assert!(ran.out.ends_with("tables in 1 suites\n"), "{}", ran.out);
    place.run("eval cases --features two.gz").ends(0);
    assert_eq!(place.bytes("one.gz"), place.bytes("two.gz"));
    assert_ne!(place.bytes("one.gz"), place.bytes("none.gz"));
}

#[test]
fn weights_that_do_not_fit_are_refused() {
    let place = cases();
    place.write("weights.json", "{}");
    let ran = place.run("eval cases --weights weights.json").ends(2);
    assert!(ran.err.contains("weights.json: "), "{}", ran.err);
    assert!(ran.err.contains("training/train.py"), "{}", ran.err);
    place.run("eval cases --weights nowhere.json").ends(1);
}
