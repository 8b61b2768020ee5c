use proptest::prelude::*;

use super::*;
use crate::error::Explain;
use crate::mapping::examples::{any_mapping, bank};
use crate::mapping::{OnUnseen, Step};

fn fails(text: &str) -> String {
    let error = from_yaml(text, "m.yaml").expect_err("is refused");
    format!("{error}\n{}", error.hint().unwrap_or_default())
}

fn changed(from: &str, to: &str) -> String {
    let text = to_yaml(&bank());
    assert!(text.contains(from), "the example has {from}");
    text.replacen(from, to, 1)
}

fn line(text: &str, part: &str) -> u64 {
    let before = text.lines().take_while(|line| !line.contains(part)).count();
    u64::try_from(before).expect("a small file") + 1
}

#[test]
fn the_example_reads_like_this() {
    insta::assert_snapshot!(to_yaml(&bank()));
}

#[test]
fn the_example_comes_back() {
    assert_eq!(from_yaml(&to_yaml(&bank()), "m.yaml"), Ok(bank()));
}

proptest! {
    #[test]
    fn every_mapping_comes_back(mapping in any_mapping()) {
        let text = to_yaml(&mapping);
        prop_assert_eq!(from_yaml(&text, "m.yaml"), Ok(mapping.clone()));
        // Writing what was read changes nothing.
        prop_assert_eq!(&to_yaml(&mapping), &text);
        prop_assert!(!text.contains(['\r', '\0', '\u{feff}']), "is plain text");
    }

    #[test]
    fn no_text_makes_it_panic(text in any::<String>()) {
        let _ = from_yaml(&text, "m.yaml");
        let _ = line_of(&text, "rules[0].field");
    }

    #[test]
    fn no_broken_file_makes_it_panic(at in 0_usize..4000, with in "[\\PC\n]{0,3}") {
        let text = to_yaml(&bank());
        let at = (0..=at.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
        let (before, after) = text.split_at(at);
        let _ = from_yaml(&format!("{before}{with}{after}"), "m.yaml");
        let _ = from_yaml(before, "m.yaml");
    }
}

#[test]
fn plain_words_of_a_person_are_texts() {
    let text = changed("from: \"M\"", "from: no").replacen("to: \"male\"", "to: male", 1);
    let mapping = from_yaml(&text, "m.yaml").expect("is read");
    let value = &mapping.rules[3].value_map[0];
    assert_eq!(
        (value.from.as_str(), value.to.as_deref()),
        ("no", Some("male"))
    );
}

#[test]
fn what_a_person_may_leave_out_has_a_default() {
    let text = changed("    on_unseen: \"reject\"\n", "");
    let mapping = from_yaml(&text, "m.yaml").expect("is read");
    assert_eq!(mapping.rules[0].on_unseen, OnUnseen::Reject);
}

#[test]
fn an_unknown_key_is_named_with_the_known_ones() {
    let text = changed("transform:", "tranform:");
    let error = fails(&text);
    let at = line(&text, "tranform");
    assert!(
        error.starts_with(&format!(
            "m.yaml:{at}: rules[0].tranform: unknown key \"tranform\""
        )),
        "{error}"
    );
    assert!(error.contains("did you mean transform?"), "{error}");
}

#[test]
fn an_unknown_key_of_a_decision_is_refused_too() {
    let error = fails(&changed("sure: true", "shure: true"));
    assert!(error.contains("decisions[0].shure: unknown key"), "{error}");
}

#[test]
fn an_unknown_step_is_named_with_the_nearest() {
    let text = changed("- date: {formats", "- dat: {formats");
    let error = fails(&text);
    assert!(
        error.contains("rules[0].transform[0]: unknown word \"dat\""),
        "{error}"
    );
    assert!(error.contains("did you mean date?"), "{error}");
    let keys = fails(&changed("- date: {formats", "- date: {format"));
    assert!(
        keys.contains("rules[0].transform[0].date.format: unknown key"),
        "{keys}"
    );
}

#[test]
fn a_number_in_the_place_of_a_text_has_to_be_quoted() {
    let error = fails(&changed("from: \"M\"", "from: 01"));
    assert!(
        error.contains("rules[3].value_map[0].from: 1 stands where a text is asked for"),
        "{error}"
    );
    assert!(error.contains("put it in double quotes"), "{error}");
}

#[test]
fn a_missing_key_is_named_with_the_line_of_its_block() {
    let text = changed("    confidence: 0.97\n", "");
    let error = fails(&text);
    let at = line(&text, "field: \"booking_date\"");
    assert!(
        error.starts_with(&format!("m.yaml:{at}: rules[0]: the key `confidence`")),
        "{error}"
    );
}

#[test]
fn a_key_that_is_there_twice_is_refused() {
    let text = changed(
        "    confidence: 0.97\n",
        "    confidence: 0.97\n    confidence: 0.5\n",
    );
    let error = fails(&text);
    let at = line(&text, "confidence: 0.5");
    assert!(
        error.starts_with(&format!("m.yaml:{at}: rules[0].confidence: the key")),
        "{error}"
    );
    let text = changed("{from: \"M\",", "{from: \"M\", from: \"N\",");
    assert!(fails(&text).contains("rules[3].value_map[0].from: the key \"from\" is there twice"));
}

#[test]
fn another_version_is_named_before_anything_else() {
    let error = fails("# by a later program\nversion: 7\nshiny: {}\n");
    assert!(
        error.starts_with("m.yaml:2: version 7 of the mapping format"),
        "{error}"
    );
    let error = fails("version: \"1\"\n");
    assert!(error.starts_with("m.yaml:1: version \"1\""), "{error}");
}

#[test]
fn what_is_not_yaml_is_named_with_line_and_column() {
    let error = from_yaml("version: 1\nrules: [\n  \"a", "m.yaml").expect_err("is refused");
    assert!(
        matches!(error, MappingError::Syntax { line: 2..=4, .. }),
        "{error}"
    );
    assert!(from_yaml("", "m.yaml").is_err());
    assert!(from_yaml("version: 1\n---\nversion: 1\n", "m.yaml").is_err());
}

#[test]
fn an_alias_bomb_is_refused() {
    let mut text =
        "a0: &a0 [\"x\", \"x\", \"x\", \"x\", \"x\", \"x\", \"x\", \"x\", \"x\"]\n".to_owned();
    for n in 1..12 {
        let again = vec![format!("*a{}", n - 1); 9].join(", ");
        text.push_str(&format!("a{n}: &a{n} [{again}]\n"));
    }
    assert!(matches!(
        from_yaml(&text, "m.yaml"),
        Err(MappingError::Syntax { .. })
    ));
}

#[test]
fn a_deep_nest_is_refused() {
    assert!(from_yaml(&"[".repeat(100_000), "m.yaml").is_err());
    assert!(from_yaml(&"- ".repeat(100_000), "m.yaml").is_err());
}

#[test]
fn a_path_is_found_in_the_text() {
    let text = to_yaml(&bank());
    let at = line(&text, "sign:");
    assert_eq!(line_of(&text, "rules[1].transform[1]"), Some(at));
    let rule = line(&text, "field: \"amount\"");
    assert_eq!(line_of(&text, "rules[1].note"), Some(rule));
    assert_eq!(
        line_of(&text, "rules[99]"),
        Some(line(&text, "field: \"booking_date\""))
    );
}

#[test]
fn comments_cannot_end_their_line() {
    let mut mapping = bank();
    mapping.source.file = "a\nversion: 2\r.csv".to_owned();
    mapping.rules[0].sources = vec!["x\u{2028}\nrules: []".to_owned()];
    mapping.rules[0].transform = vec![Step::Constant("\n\0".to_owned())];
    let text = to_yaml(&mapping);
    assert_eq!(from_yaml(&text, "m.yaml"), Ok(mapping));
    assert!(text.starts_with("# AiMapper mapping: how a\\u{a}version: 2\\u{d}.csv becomes"));
}
