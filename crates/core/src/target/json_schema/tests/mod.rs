mod errors;
mod fields;

use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;
use crate::error::Explain;

/// Each field on a line, then what is unused.
fn shown(text: &str) -> String {
    let schema = from_json_schema(text, "target.json").unwrap();
    let mut out = String::new();
    for field in &schema.fields {
        let mut json = serde_json::to_value(field).unwrap();
        let map = json.as_object_mut().unwrap();
        map.shift_remove("name");
        let kind = map.shift_remove("type").unwrap();
        write!(out, "{}: {}", field.name, kind.as_str().unwrap()).unwrap();
        for (key, value) in map {
            write!(out, " {key}={value}").unwrap();
        }
        out.push('\n');
    }
    for unused in &schema.unused {
        writeln!(
            out,
            "- {} {}: {}",
            unused.pointer, unused.keyword, unused.why
        )
        .unwrap();
    }
    out
}

/// The fields of an object with these properties.
fn of(properties: &str) -> String {
    shown(&format!(
        "{{\"type\": \"object\", \"properties\": {{{properties}}}}}"
    ))
}

fn error(text: &str) -> String {
    let error = from_json_schema(text, "target.json").unwrap_err();
    format!("{error}\n  {}", error.hint().unwrap())
}

/// The error of an object with these properties.
fn error_of(properties: &str) -> String {
    error(&format!("{{\"properties\": {{{properties}}}}}"))
}

#[test]
fn a_schema_that_doubles_with_each_level_ends() {
    let levels: Vec<String> = (0..40)
        .map(|n| {
            let next = format!("{{\"$ref\": \"#/$defs/d{}\"}}", n + 1);
            format!("\"d{n}\": {{\"properties\": {{\"x\": {next}, \"y\": {next}}}}}")
        })
        .collect();
    let text = format!(
        "{{\"$ref\": \"#/$defs/d0\", \"$defs\": {{{}, \"d40\": {{\"type\": \"string\"}}}}}}",
        levels.join(", ")
    );
    let error = from_json_schema(&text, "t.json").unwrap_err();
    assert!(
        matches!(
            error,
            TargetError::TooLarge {
                what: "schemas",
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn a_chain_without_end_ends() {
    let chain: Vec<String> = (0..5000)
        .map(|n| format!("\"d{n}\": {{\"$ref\": \"#/$defs/d{}\"}}", n + 1))
        .collect();
    let text = format!(
        "{{\"$ref\": \"#/$defs/d0\", \"$defs\": {{{}, \"d5000\": {{}}}}}}",
        chain.join(",")
    );
    let error = from_json_schema(&text, "t.json").unwrap_err();
    assert!(
        matches!(error, TargetError::TooLarge { what: "levels", .. }),
        "{error}"
    );
}

#[test]
fn a_wide_schema_is_read() {
    let fields: Vec<String> = (0..3000)
        .map(|n| format!("\"f{n}\": {{\"$ref\": \"#/$defs/t\"}}"))
        .collect();
    let text = format!(
        "{{\"properties\": {{{}}}, \"$defs\": {{\"t\": {{\"type\": \"string\", \"x\": 1}}}}}}",
        fields.join(",")
    );
    let schema = from_json_schema(&text, "t.json").unwrap();
    assert_eq!(schema.fields.len(), 3000);
    assert_eq!(schema.unused.len(), 1, "a definition is listed once");
}

#[test]
fn a_byte_order_mark_is_skipped() {
    assert!(from_json_schema("\u{feff}{\"properties\": {\"a\": {}}}", "t.json").is_ok());
}

/// Schemas that are mostly valid, from the keywords that interact.
fn schemas() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3..40_i64).prop_map(Value::from),
        Just(Value::from(0.01)),
        prop::sample::select(vec![
            "string",
            "number",
            "integer",
            "object",
            "date",
            "a",
            "#",
            "(",
            "#/properties/a"
        ])
        .prop_map(Value::from),
    ];
    let keys = [
        "type",
        "properties",
        "required",
        "enum",
        "const",
        "oneOf",
        "anyOf",
        "allOf",
        "$ref",
        "items",
        "minimum",
        "multipleOf",
        "pattern",
        "format",
        "default",
        "x-scale",
        "x-aliases",
        "a",
        "not",
        "title",
        "minLength",
    ];
    scalar.prop_recursive(5, 60, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map(prop::sample::select(keys.to_vec()), inner, 0..6).prop_map(
                |map| Value::Object(map.into_iter().map(|(k, v)| (k.to_owned(), v)).collect())
            ),
        ]
    })
}

proptest! {
    #[test]
    fn never_panics_and_names_are_unique(a in schemas(), b in schemas(), root in schemas()) {
        let mut root = if root.is_object() { root } else { serde_json::json!({}) };
        root["properties"] = serde_json::json!({"a": a, "b": b});
        if let Ok(schema) = from_json_schema(&root.to_string(), "t.json") {
            let names: HashSet<&str> = schema.fields.iter().map(|f| f.name.as_str()).collect();
            prop_assert_eq!(names.len(), schema.fields.len());
            for field in &schema.fields {
                prop_assert!(crate::validation::compile(field).is_ok(), "{:?}", field);
            }
        }
    }
}
