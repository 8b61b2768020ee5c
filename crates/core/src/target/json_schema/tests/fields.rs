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
    insta::assert_snapshot!(shown(text), @r#"
    booking_date: date required=true title="Booking date" aliases=["Buchungstag","post date"]
    booked_at: timestamp nullable=true
    amount: decimal required=true description="Signed." constraints=[{"scale":2},{"minimum":"-1000000"},{"exclusive_maximum":"1000000"}]
    rate: decimal constraints=[{"scale":6}]
    currency: string default="EUR" constraints=[{"enum":[{"value":"EUR"},{"value":"USD"}]}]
    direction: string constraints=[{"enum":[{"value":"D","label":"Debit","description":"Money out"},{"value":"C","label":"Credit"}]}]
    reference: string constraints=[{"min_length":1},{"max_length":35},"unique",{"pattern":"^[A-Z0-9]+$"}] sample=["A1","B2"]
    payer.iban: string required=true constraints=[{"format":"iban"}]
    payer.name: string default="unknown"
    "#);
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
    "#), @r#"
    string: string
    integer: integer
    number: decimal
    boolean: boolean
    time: time
    list of one: integer
    null first: decimal nullable=true
    both numbers: decimal
    any: string description="Anything."
    empty: string
    by bound: decimal constraints=[{"minimum":"0"}]
    by length: string constraints=[{"max_length":3}]
    by format: date
    by values: integer constraints=[{"enum":[{"value":"1"},{"value":"2"}]}]
    by fraction: decimal constraints=[{"enum":[{"value":"1"},{"value":"2.50"}]}]
    by const: boolean constraints=[{"enum":[{"value":"true"}]}]
    text or number: string
    text or list: string
    - /properties/text or number/type type: a field has one type: the single value is used, as text where it may be text
    - /properties/text or list/type type: a field has one type: the single value is used, as text where it may be text
    "#);
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
    "##), @r#"
    by type: string nullable=true
    by any: date nullable=true
    by one: integer nullable=true constraints=[{"enum":[{"value":"1"}]}]
    by enum: string nullable=true constraints=[{"enum":[{"value":"a"}]}]
    by openapi: string nullable=true
    not by enum: string constraints=[{"enum":[{"value":"a"}]}]
    not by all: string
    by label: string nullable=true constraints=[{"enum":[{"value":"a"},{"value":"b"}]}]
    default null: string nullable=true
    "#);
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
    }"##), @r#"
    first: decimal description="An amount." constraints=[{"scale":2},{"minimum":"0"},{"maximum":"9"},{"maximum":"7.5"}]
    escaped: integer
    payer.name: string required=true constraints=[{"min_length":1}]
    payee.name: string constraints=[{"min_length":1}]
    values: string constraints=[{"enum":[{"value":"b","label":"Bee"},{"value":"c"}]}]
    narrow: integer
    sibling: decimal constraints=[{"maximum":"9"}]
    one: string required=true constraints=[{"max_length":9},{"min_length":2}]
    two: decimal description="Own words." constraints=[{"scale":2}]
    - /definitions/party/required required: the object itself may be missing, so its fields are not required
    "#);
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
    insta::assert_snapshot!(shown(text), @r#"
    a: string required=true
    - /minItems minItems: the rows as a whole are not checked
    - /uniqueItems uniqueItems: the rows as a whole are not checked
    "#);
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
    }"#), @r#"
    a.x: string required=true
    a.y: string
    b.x: string
    c.x: string
    d.x.y: string nullable=true
    - /properties/b/required required: the object itself may be missing, so its fields are not required
    - /required/1 required: none of the object's fields is required, so it may be left out
    - /properties/d/required required: the object itself may be missing, so its fields are not required
    - /properties/d/properties/x/required required: the object itself may be missing, so its fields are not required
    - /properties/d/required/0 required: none of the object's fields is required, so it may be left out
    - /required/2 required: none of the object's fields is required, so it may be left out
    "#);
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
    "#), @r#"
    wide: integer constraints=[{"minimum":"-99999999999999999999999999999999999999"},{"maximum":"18446744073709551617"}]
    fine: decimal constraints=[{"minimum":"0.10000000000000000001"},{"maximum":"0.0015"}]
    step: decimal constraints=[{"multiple_of":"0.05"}]
    tens: integer constraints=[{"multiple_of":"10"}]
    ones: integer
    thirds: decimal constraints=[{"scale":3}]
    whole: decimal constraints=[{"scale":0}]
    values: decimal constraints=[{"enum":[{"value":"9007199254740993.10"},{"value":"100"}]}]
    preset: decimal default="9007199254740993.10"
    days: date constraints=[{"minimum":"2020-01-01"},{"maximum":"2030-12-31"}]
    length: string constraints=[{"max_length":35}]
    "#);
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table of cases")]
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
    }"#), @r#"
    a: string
    b: decimal
    c: date
    d: boolean
    e: integer
    f: string constraints=[{"max_length":2}]
    g: string
    h: decimal
    i: string constraints=[{"max_length":9}]
    j.k: timestamp
    - /additionalProperties additionalProperties: only the fields under `properties` are written
    - /minProperties minProperties: the number of fields is not checked
    - /patternProperties patternProperties: a field needs a fixed name
    - /propertyNames propertyNames: a field needs a fixed name
    - /dependentRequired dependentRequired: conditions between fields are not checked
    - /if if: conditions are not checked
    - /then then: conditions are not checked
    - /else else: conditions are not checked
    - /maxLength maxLength: it applies to text only
    - /x-unique x-unique: it applies to a single field only
    - /default default: it applies to a single field only
    - /requierd requierd: unknown keyword, did you mean `required`?
    - /x-owner x-owner: unknown keyword
    - /properties/a/minimum minimum: it applies to numbers only
    - /properties/a/format format: the format `hostname` is not checked
    - /properties/a/not not: conditions are not checked
    - /properties/a/contentEncoding contentEncoding: what a text encodes is not checked
    - /properties/a/properties properties: it applies to objects only
    - /properties/a/minlength minlength: unknown keyword, did you mean `minLength`?
    - /properties/a/items items: it applies to lists only
    - /properties/b/minLength minLength: it applies to text only
    - /properties/b/format format: the format `double` is not checked
    - /properties/b/pattern pattern: it applies to text only
    - /properties/c/minLength minLength: it applies to text only
    - /properties/c/minimum minimum: it applies to numbers only
    - /properties/d/x-scale x-scale: it applies to numbers only
    - /properties/d/maximum maximum: it applies to numbers only
    - /properties/e/x-scale x-scale: an integer has no digits behind the mark
    - /properties/e/default default: it is not a whole number such as -12, so it is no value of the field
    - /properties/f/default default: it breaks the field's own `max_length`
    - /properties/g/anyOf anyOf: alternatives are not checked
    - /properties/h/anyOf anyOf: a field has one type: of 2 alternatives, #/properties/h/anyOf/0 is used
    - /properties/i/anyOf anyOf: a field has one type: of 2 alternatives, #/properties/i/anyOf/1 is used
    - /properties/j.k properties: the dot in the name counts as a level: NDJSON writes an object
    - /properties/j.k/allOf/0/format format: the format `email` is not checked
    - /properties/list type: it is a list: no field is made of it
    - /properties/tuple type: it is a list: no field is made of it
    - /properties/yes properties: it does not describe a value: no field is made of it
    - /properties/no properties: it does not describe a value: no field is made of it
    - /properties/negative not: it says only what a value is not: no field is made of it
    - /properties/free type: it is an object without `properties`: no field is made of it
    - /properties/null type: it is always null: no field is made of it
    - /properties/always null const: it is always null: no field is made of it
    - /properties/mixed type: a field has one type, and this one admits several: no field is made of it
    - /properties/either type: a field has one type, and this one admits several: no field is made of it
    - /properties/ properties: a field needs a name: no field is made of it
    "#);
}

#[test]
fn annotations_are_not_listed() {
    let text = r#"{"$schema": "s", "$id": "i", "$comment": "c", "title": "t", "readOnly": true,
        "examples": [{}], "additionalProperties": false, "unevaluatedProperties": false,
        "properties": {"a": {"type": "string", "deprecated": true, "writeOnly": true, "$comment": "",
                             "example": "x", "examples": [1.50, true]}}}"#;
    insta::assert_snapshot!(shown(text), @r#"a: string sample=["1.50","true","x"]"#);
}

#[test]
fn a_list_of_itself_is_no_cycle() {
    insta::assert_snapshot!(shown(r##"{"$ref": "#/$defs/p", "$defs": {"p": {"properties": {
        "name": {"type": "string"}, "children": {"type": "array", "items": {"$ref": "#/$defs/p"}}
    }}}}"##), @r#"
    name: string
    - /$defs/p/properties/children type: it is a list: no field is made of it
    "#);
}
