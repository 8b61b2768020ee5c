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
fn a_schema_as_people_write_it() {
    let text = r#"{
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://example.org/transaction",
        "title": "Transaction", "description": "One movement on an account.",
        "type": "object", "additionalProperties": false,
        "required": ["booking_date", "amount", "payer"],
        "properties": {
            "booking_date": {"type": "string", "format": "date", "title": "Booking date",
                             "x-aliases": ["Buchungstag", "post date"]},
            "booked_at": {"type": ["string", "null"], "format": "date-time"},
            "amount": {"type": "number", "multipleOf": 0.01, "minimum": -1000000,
                       "exclusiveMaximum": 1e6, "description": "Signed."},
            "rate": {"type": "number", "x-scale": 6},
            "currency": {"$ref": "https://example.org/transaction#/$defs/currency"},
            "direction": {"oneOf": [
                {"const": "D", "title": "Debit", "description": "Money out"},
                {"const": "C", "title": "Credit"}]},
            "reference": {"type": "string", "minLength": 1, "maxLength": 35, "x-unique": true,
                          "pattern": "^[A-Z0-9]+$", "examples": ["A1", "B2", null]},
            "payer": {"type": "object", "required": ["iban"], "properties": {
                "iban": {"type": "string", "format": "iban"},
                "name": {"type": "string", "default": "unknown"}}}
        },
        "$defs": {"currency": {"type": "string", "enum": ["EUR", "USD"], "default": "EUR"}}
    }"#;
    let schema = from_json_schema(text, "t.json").unwrap();
    assert_eq!(schema.name, "Transaction");
    assert_eq!(
        schema.description.as_deref(),
        Some("One movement on an account.")
    );
    insta::assert_snapshot!(shown(text), @"");
}

#[test]
fn types() {
    insta::assert_snapshot!(of(r#"
        "string": {"type": "string"}, "integer": {"type": "integer"},
        "number": {"type": "number"}, "boolean": {"type": "boolean"},
        "time": {"type": "string", "format": "time"}, "list of one": {"type": ["integer"]},
        "null first": {"type": ["null", "number"]}, "both numbers": {"type": ["integer", "number"]},
        "any": {"description": "Anything."}, "empty": {},
        "by bound": {"minimum": 0}, "by length": {"maxLength": 3}, "by format": {"format": "date"},
        "by values": {"enum": [1, 2.0]}, "by fraction": {"enum": [1, 2.50]}, "by const": {"const": true},
        "text or number": {"type": ["string", "integer"]}, "text or list": {"type": ["array", "string"]}
    "#), @"");
}

#[test]
fn null_is_admitted_only_where_everything_admits_it() {
    insta::assert_snapshot!(of(r##"
        "by type": {"type": ["string", "null"]},
        "by any": {"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]},
        "by one": {"oneOf": [{"type": "null"}, {"type": "integer", "enum": [1]}]},
        "by enum": {"enum": ["a", null]},
        "by openapi": {"type": "string", "nullable": true},
        "not by enum": {"type": ["string", "null"], "enum": ["a"]},
        "not by all": {"allOf": [{"type": ["string", "null"]}, {"type": "string"}]},
        "by label": {"oneOf": [{"const": "a"}, {"const": "b"}, {"type": "null"}]},
        "default null": {"type": ["string", "null"], "default": null}
    "##), @"");
}

#[test]
fn references_and_combinations() {
    insta::assert_snapshot!(shown(r##"{
        "definitions": {
            "money": {"type": "number", "multipleOf": 0.01, "description": "An amount."},
            "positive": {"minimum": 0}, "a b/c": {"type": "integer"},
            "party": {"type": "object", "required": ["name"],
                      "properties": {"name": {"type": "string", "minLength": 1}}}
        },
        "allOf": [
            {"properties": {"one": {"type": "string", "maxLength": 9}}, "required": ["one"]},
            {"properties": {"one": {"minLength": 2}, "two": {"$ref": "#/definitions/money",
                                                             "description": "Own words."}}}
        ],
        "properties": {
            "first": {"allOf": [{"$ref": "#/definitions/money"}, {"$ref": "#/definitions/positive"},
                                {"maximum": 9}, {"maximum": 7.5}]},
            "escaped": {"$ref": "#/definitions/a%20b~1c"},
            "payer": {"$ref": "#/definitions/party"}, "payee": {"$ref": "#/definitions/party"},
            "values": {"allOf": [{"enum": ["a", "b", "c"]}, {"enum": ["c", "b"]},
                                 {"oneOf": [{"const": "b", "title": "Bee"}, {"const": "c"}]}]},
            "narrow": {"allOf": [{"type": "number"}, {"type": ["integer", "string"]}]},
            "sibling": {"$ref": "#/properties/first/allOf/2"}
        },
        "required": ["payer"]
    }"##), @"");
}

#[test]
fn an_array_of_objects() {
    let text = r##"{"type": "array", "title": "Rows", "minItems": 1, "uniqueItems": true,
        "items": {"$ref": "#/$defs/row"},
        "$defs": {"row": {"type": "object", "description": "One row.",
                          "properties": {"a": {"type": "string"}}, "required": ["a"]}}}"##;
    let schema = from_json_schema(text, "t.json").unwrap();
    assert_eq!(schema.name, "Rows");
    assert_eq!(schema.description.as_deref(), Some("One row."));
    insta::assert_snapshot!(shown(text), @"");
}

#[test]
fn required_holds_only_where_every_level_is() {
    insta::assert_snapshot!(shown(r#"{
        "required": ["a", "c", "d"],
        "properties": {
            "a": {"required": ["x"], "properties": {"x": {"type": "string"}, "y": {"type": "string"}}},
            "b": {"required": ["x"], "properties": {"x": {"type": "string"}}},
            "c": {"properties": {"x": {"type": "string"}}},
            "d": {"type": ["object", "null"], "required": ["x"], "properties": {"x": {
                "required": ["y"], "properties": {"y": {"type": ["string", "null"]}}}}}
        }
    }"#), @"");
}

#[test]
fn bounds_are_exact() {
    insta::assert_snapshot!(of(r#"
        "wide": {"type": "integer", "minimum": -99999999999999999999999999999999999999,
                 "maximum": 18446744073709551617},
        "fine": {"type": "number", "minimum": 0.10000000000000000001, "maximum": 1.50e-3},
        "step": {"type": "number", "multipleOf": 0.05}, "tens": {"type": "integer", "multipleOf": 10},
        "ones": {"type": "integer", "multipleOf": 1}, "thirds": {"type": "number", "multipleOf": 1e-3},
        "whole": {"type": "number", "multipleOf": 1},
        "values": {"type": "number", "enum": [9007199254740993.10, 1e2]},
        "preset": {"type": "number", "default": 9007199254740993.10},
        "days": {"type": "string", "format": "date", "formatMinimum": "2020-01-01",
                 "maximum": "2030-12-31"},
        "length": {"type": "string", "maxLength": 35.0}
    "#), @"");
}

#[test]
fn what_has_no_effect_is_listed() {
    insta::assert_snapshot!(shown(r#"{
        "type": "object", "additionalProperties": true, "minProperties": 1,
        "patternProperties": {"^x-": {}}, "propertyNames": {"maxLength": 3},
        "dependentRequired": {"a": ["b"]}, "if": {"required": ["a"]}, "then": {}, "else": {},
        "maxLength": 3, "x-unique": true, "default": {}, "requierd": ["a"], "x-owner": "me",
        "properties": {
            "a": {"type": "string", "minimum": 1, "format": "hostname", "not": {"const": "x"},
                  "contentEncoding": "base64", "properties": {}, "minlength": 2, "items": {}},
            "b": {"type": "number", "minLength": 1, "format": "double", "pattern": "(?=x)"},
            "c": {"type": "string", "format": "date", "minLength": 10, "minimum": 20200101},
            "d": {"type": "boolean", "x-scale": 2, "maximum": 1},
            "e": {"type": "integer", "x-scale": 2, "default": 1.5},
            "f": {"type": "string", "maxLength": 2, "default": "long"},
            "g": {"type": "string", "anyOf": [{"format": "email"}, {"format": "uri"}]},
            "h": {"anyOf": [{"type": "number"}, {"type": "string", "pattern": "^1$"}]},
            "i": {"anyOf": [{"const": "x"}, {"type": "string", "maxLength": 9}]},
            "j.k": {"type": "string", "allOf": [{"format": "email"}, {"format": "date-time"}]},
            "list": {"type": "array", "items": {"type": "string"}}, "tuple": {"prefixItems": []},
            "yes": true, "no": false, "negative": {"not": {"type": "string"}},
            "free": {"type": "object"}, "null": {"type": "null"}, "always null": {"const": null},
            "mixed": {"type": ["boolean", "integer"]}, "either": {"type": ["object", "array"]},
            "": {"type": "string"}
        }
    }"#), @"");
}

#[test]
fn annotations_are_not_listed() {
    let text = r#"{"$schema": "s", "$id": "i", "$comment": "c", "title": "t", "readOnly": true,
        "examples": [{}], "additionalProperties": false, "unevaluatedProperties": false,
        "properties": {"a": {"type": "string", "deprecated": true, "writeOnly": true, "$comment": "",
                             "example": "x", "examples": [1.50, true]}}}"#;
    insta::assert_snapshot!(shown(text), @"");
}

#[test]
fn a_text_that_is_no_schema() {
    let texts = [
        "",
        "{\"a\": 1,}",
        "{\"a\":\n 1 \"b\"}",
        "[1]",
        "\"text\"",
        "true",
        "{}",
        "{\"a\": 1}",
        r#"{"type": "string"}"#,
        r#"{"type": "array"}"#,
        r#"{"type": "array", "items": true}"#,
        r#"{"items": {"type": "string"}}"#,
        r#"{"items": [{"type": "object"}]}"#,
        r#"{"properties": {}}"#,
        r#"{"properties": {"a": {"type": "array"}}}"#,
        r#"{"properties": {"a": {}, "a": {}}}"#,
        r#"{"properties": {"a": {"minimum": 1e999}}}"#,
    ];
    let told: Vec<String> = texts.iter().map(|text| error(text)).collect();
    insta::assert_snapshot!(told.join("\n"), @"");
}

#[test]
fn a_keyword_of_the_wrong_kind() {
    let texts = [
        r#""a": 1"#,
        r#""a": {"type": "text"}"#,
        r#""a": {"type": []}"#,
        r#""a": {"type": "string", "minLength": "x"}"#,
        r#""a": {"type": "string", "maxLength": -1}"#,
        r#""a": {"type": "string", "maxLength": 1.5}"#,
        r#""a": {"type": "string", "pattern": 1}"#,
        r#""a": {"type": "string", "format": {}}"#,
        r#""a": {"type": "string", "title": 1}"#,
        r#""a": {"type": "number", "minimum": "0"}"#,
        r#""a": {"type": "number", "minimum": 0, "exclusiveMinimum": true}"#,
        r#""a": {"type": "number", "maximum": 123456789012345678901234567890123456789}"#,
        r#""a": {"type": "number", "multipleOf": 0}"#,
        r#""a": {"type": "number", "multipleOf": -1}"#,
        r#""a": {"type": "number", "x-scale": 39}"#,
        r#""a": {"type": "number", "x-scale": "2"}"#,
        r#""a": {"type": "string", "format": "date", "minimum": "01.01.2020"}"#,
        r#""a": {"enum": []}"#,
        r#""a": {"enum": "x"}"#,
        r#""a": {"type": "string", "enum": ["a", 1]}"#,
        r#""a": {"type": "integer", "enum": [1.5]}"#,
        r#""a": {"format": "date", "const": "today"}"#,
        r#""a": {"enum": ["a", 1]}"#,
        r#""a": {"allOf": []}"#,
        r#""a": {"anyOf": {}}"#,
        r#""a": {"allOf": [1]}"#,
        r#""a": {"x-unique": "yes"}"#,
        r#""a": {"x-aliases": [1]}"#,
        r#""a": {"x-aliases": true}"#,
        r#""a": {"type": "string", "required": true}, "b": {"properties": {"c": {}}, "required": true}"#,
        r#""a~/b": {"properties": []}"#,
        r#""a": {"$ref": 1}"#,
        r#""a": {"type": "string", "enum": ["a very long value that would fill the whole line"], "maxLength": "a very long value that would fill the whole line"}"#,
    ];
    let told: Vec<String> = texts.iter().map(|text| error_of(text)).collect();
    insta::assert_snapshot!(told.join("\n"), @"");
}

#[test]
fn references_that_lead_nowhere() {
    let texts = [
        r##"{"properties": {"a": {"$ref": "other.json#/a"}}}"##,
        r##"{"properties": {"a": {"$ref": "https://example.org/a"}}}"##,
        r##"{"properties": {"a": {"$ref": "#anchor"}}}"##,
        r##"{"properties": {"a": {"$dynamicRef": "#a"}}}"##,
        r##"{"$defs": {"Money": {}}, "properties": {"a": {"$ref": "#/$defs/Monney"}}}"##,
        r##"{"properties": {"a": {"$ref": "#/$defs/a"}}}"##,
        r##"{"properties": {"a": {"$ref": "#"}}}"##,
        r##"{"properties": {"a": {"$ref": "#/properties/a"}}}"##,
        r##"{"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}}"##,
        r##"{"$ref": "#/$defs/p", "$defs": {"p": {"properties": {"name": {"type": "string"},
             "spouse": {"anyOf": [{"$ref": "#/$defs/p"}, {"type": "null"}]}}}}}"##,
    ];
    let told: Vec<String> = texts.iter().map(|text| error(text)).collect();
    insta::assert_snapshot!(told.join("\n"), @"");
}

#[test]
fn a_list_of_itself_is_no_cycle() {
    insta::assert_snapshot!(shown(r##"{"$ref": "#/$defs/p", "$defs": {"p": {"properties": {
        "name": {"type": "string"}, "children": {"type": "array", "items": {"$ref": "#/$defs/p"}}
    }}}}"##), @"");
}

#[test]
fn contradictions_and_clashes() {
    let texts = [
        r#"{"properties": {"a": {"allOf": [{"type": "string"}, {"type": "integer"}]}}}"#,
        r#"{"properties": {"a": {"allOf": [{"enum": ["a"]}, {"enum": ["b"]}]}}}"#,
        r#"{"properties": {"a": {"type": "number", "multipleOf": 0.01, "x-scale": 3}}}"#,
        r#"{"properties": {"a.b": {"type": "string"}, "a": {"properties": {"b": {"type": "string"}}}}}"#,
        r#"{"properties": {"a": {"type": "string"}, "a.b": {"type": "string"}}}"#,
        r#"{"properties": {"a.b": {"type": "string"}, "a": {"type": "string"}}}"#,
        r#"{"properties": {"amount": {}}, "required": ["amount", "amonut"]}"#,
        r#"{"properties": {"amount": {}}, "required": [1]}"#,
        r#"{"properties": {"a": {}, "b": {"type": "array"}}, "required": ["b"]}"#,
        r#"{"properties": {"a": {}, "b": {"not": {}}}, "required": ["b"]}"#,
        r#"{"properties": {"a": {}, "b": {"properties": {"c": true}, "required": ["c"]}}}"#,
        r#"{"properties": {"a": {"type": "string", "pattern": "^(?!x)"}}}"#,
        r#"{"properties": {"a": {"type": "string", "pattern": "("}}}"#,
    ];
    let told: Vec<String> = texts.iter().map(|text| error(text)).collect();
    insta::assert_snapshot!(told.join("\n"), @"");
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
