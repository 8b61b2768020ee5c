//! Schemas and the fields that they give.

use super::{of, shown};
use crate::target::from_json_schema;

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
fn a_list_of_itself_is_no_cycle() {
    insta::assert_snapshot!(shown(r##"{"$ref": "#/$defs/p", "$defs": {"p": {"properties": {
        "name": {"type": "string"}, "children": {"type": "array", "items": {"$ref": "#/$defs/p"}}
    }}}}"##), @"");
}
