//! Schemas that cannot be used, and what is said about them.

use super::{error, error_of};

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
