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
    insta::assert_snapshot!(told.join("\n"), @r#"
    target.json is not JSON: EOF while parsing a value in line 1, column 1
      mend the file there, or give a CSV file with a header as a sample
    target.json is not JSON: trailing comma in line 1, column 9
      mend the file there, or give a CSV file with a header as a sample
    target.json is not JSON: expected `,` or `}` in line 2, column 4
      mend the file there, or give a CSV file with a header as a sample
    # is not a schema of records: it is a list
      a target is a JSON Schema of an object, or of an array of objects, with `properties`
    # is not a schema of records: it is the text "text"
      a target is a JSON Schema of an object, or of an array of objects, with `properties`
    # is not a schema of records: it is `true`
      a target is a JSON Schema of an object, or of an array of objects, with `properties`
    # has no property that can be a field
      describe each wanted field under `properties`, for example {"properties": {"amount": {"type": "number"}}}
    # has no property that can be a field
      describe each wanted field under `properties`, for example {"properties": {"amount": {"type": "number"}}}
    # is not a schema of records: it describes a single value
      a target is a JSON Schema of an object, or of an array of objects, with `properties`
    # is not a schema of records: it is a list without `items`
      a target is a JSON Schema of an object, or of an array of objects, with `properties`
    #/items must be the schema of one row (an object), but is `true`
      write the schema of one row (an object), or remove it
    #/items is not a schema of records: its items are not objects with `properties`
      a target is a JSON Schema of an object, or of an array of objects, with `properties`
    #/items must be the schema of one row (an object), but is a list
      write the schema of one row (an object), or remove it
    # has no property that can be a field
      describe each wanted field under `properties`, for example {"properties": {"amount": {"type": "number"}}}
    # has no property that can be a field
      describe each wanted field under `properties`, for example {"properties": {"amount": {"type": "number"}}}
    target.json is not JSON: the key `a` stands there twice in line 1, column 28
      mend the file there, or give a CSV file with a header as a sample
    target.json is not JSON: number out of range in line 1, column 38
      mend the file there, or give a CSV file with a header as a sample
    "#);
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table of cases")]
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
    insta::assert_snapshot!(told.join("\n"), @r#"
    #/properties/a must be a schema (an object), but is `1`
      write a schema (an object), or remove it
    #/properties/a/type must be one of `string`, `number`, `integer`, `boolean`, `object`, `array` and `null`, or a list of them, but is the text "text"
      write one of `string`, `number`, `integer`, `boolean`, `object`, `array` and `null`, or a list of them, or remove it
    #/properties/a/type must be one of `string`, `number`, `integer`, `boolean`, `object`, `array` and `null`, or a list of them, but is an empty list
      write one of `string`, `number`, `integer`, `boolean`, `object`, `array` and `null`, or a list of them, or remove it
    #/properties/a/minLength must be a whole number of 0 or more, but is the text "x"
      write a whole number of 0 or more, or remove it
    #/properties/a/maxLength must be a whole number of 0 or more, but is `-1`
      write a whole number of 0 or more, or remove it
    #/properties/a/maxLength must be a whole number of 0 or more, but is `1.5`
      write a whole number of 0 or more, or remove it
    #/properties/a/pattern must be a text, but is `1`
      write a text, or remove it
    #/properties/a/format must be a text, but is an object
      write a text, or remove it
    #/properties/a/title must be a text, but is `1`
      write a text, or remove it
    #/properties/a/minimum must be a number, but is the text "0"
      write a number, or remove it
    #/properties/a/exclusiveMinimum must be a number, but is `true`
      write the bound itself, as since draft 6: "exclusiveMinimum": 0 instead of "minimum": 0 with `true`
    #/properties/a/maximum must be a number of at most 38 digits, but is `123456789012345678901234567890123456789`
      write a number of at most 38 digits, or remove it
    #/properties/a/multipleOf must be a number above 0, but is `0`
      write a number above 0, or remove it
    #/properties/a/multipleOf must be a number above 0, but is `-1`
      write a number above 0, or remove it
    #/properties/a/x-scale must be a number of digits from 0 to 38, but is `39`
      write a number of digits from 0 to 38, or remove it
    #/properties/a/x-scale must be a whole number of 0 or more, but is the text "2"
      write a whole number of 0 or more, or remove it
    #/properties/a/minimum must be a date such as 2026-11-24, but is the text "01.01.2020"
      write a date such as 2026-11-24, or remove it
    #/properties/a/enum must be a list of values, but is an empty list
      write a list of values, or remove it
    #/properties/a/enum must be a list of values, but is the text "x"
      write a list of values, or remove it
    #/properties/a/enum/1 must be a text, but is `1`
      write a text, or remove it
    #/properties/a/enum/0 must be a whole number such as -12, but is `1.5`
      write a whole number such as -12, or remove it
    #/properties/a/const must be a date such as 2026-11-24, but is the text "today"
      write a date such as 2026-11-24, or remove it
    #/properties/a/enum/1 must be a text, but is `1`
      write a text, or remove it
    #/properties/a/allOf must be a list of schemas, but is an empty list
      write a list of schemas, or remove it
    #/properties/a/anyOf must be a list of schemas, but is an object
      write a list of schemas, or remove it
    #/properties/a/allOf/0 must be a schema (an object), but is `1`
      write a schema (an object), or remove it
    #/properties/a/x-unique must be `true` or `false`, but is the text "yes"
      write `true` or `false`, or remove it
    #/properties/a/x-aliases must be a name or a list of names, but is a list
      write a name or a list of names, or remove it
    #/properties/a/x-aliases must be a name or a list of names, but is `true`
      write a name or a list of names, or remove it
    #/properties/b/required must be a list of names, but is `true`
      list the names at the object: "required": ["amount"]
    #/properties/a~0~1b/properties must be an object, but is an empty list
      write an object, or remove it
    #/properties/a/$ref must be a text, but is `1`
      write a text, or remove it
    #/properties/a/maxLength must be a whole number of 0 or more, but is the text "a very long value that would fill the wh.."
      write a whole number of 0 or more, or remove it
    "#);
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
    insta::assert_snapshot!(told.join("\n"), @r#"
    #/properties/a/$ref refers to `other.json#/a`, and only references inside the file are followed
      copy the definition into this file under `$defs` and refer to it as `#/$defs/NAME`
    #/properties/a/$ref refers to `https://example.org/a`, and only references inside the file are followed
      copy the definition into this file under `$defs` and refer to it as `#/$defs/NAME`
    #/properties/a/$ref refers to `#anchor`, and only references inside the file are followed
      copy the definition into this file under `$defs` and refer to it as `#/$defs/NAME`
    #/properties/a/$dynamicRef refers to `#a`, and only references inside the file are followed
      copy the definition into this file under `$defs` and refer to it as `#/$defs/NAME`
    #/properties/a/$ref refers to `#/$defs/Monney`, which is not in the file
      did you mean `#/$defs/Money`? else add the definition under `$defs`
    #/properties/a/$ref refers to `#/$defs/a`, which is not in the file
      add the definition under `$defs`
    #/properties/a/$ref refers to `#`, which contains itself
      describe the levels that are wanted without the reference, or remove the property
    #/properties/a/$ref refers to `#/properties/a`, which contains itself
      describe the levels that are wanted without the reference, or remove the property
    #/$defs/b/$ref refers to `#/$defs/a`, which contains itself
      describe the levels that are wanted without the reference, or remove the property
    #/$defs/p/properties/spouse/anyOf/0/$ref refers to `#/$defs/p`, which contains itself
      describe the levels that are wanted without the reference, or remove the property
    "#);
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
    insta::assert_snapshot!(told.join("\n"), @r#"
    #/properties/a/allOf/1/type contradicts another part of the schema: no type is left that both admit
      keep one of the two
    #/properties/a/allOf/1/enum/0 contradicts another part of the schema: no value is left that both admit
      keep one of the two
    #/properties/a/x-scale contradicts another part of the schema: the number of digits behind the mark is said twice
      keep one of the two
    #/properties/a/properties/b gives the field `a.b`, which is there already or inside of another
      rename one of the two properties
    #/properties/a.b gives the field `a.b`, which is there already or inside of another
      rename one of the two properties
    #/properties/a gives the field `a`, which is there already or inside of another
      rename one of the two properties
    #/required/1 requires `amonut`, which is not among the properties
      did you mean `amount`? else describe it under `properties` or take it out of `required`
    #/required/0 must be a name, but is `1`
      write a name, or remove it
    #/required/0 requires `b`, which cannot be a field: it is a list
      take it out of `required`, or describe it as a single value
    #/required/0 requires `b`, which cannot be a field: it says only what a value is not
      take it out of `required`, or describe it as a single value
    #/properties/b/required/0 requires `b.c`, which cannot be a field: it does not describe a value
      take it out of `required`, or describe it as a single value
    #/properties/a/pattern cannot be used as a pattern: a look-ahead or look-behind is not supported
      write it without look-around and back references, or remove it and check the values elsewhere
    #/properties/a/pattern cannot be used as a pattern: unclosed group
      write it without look-around and back references, or remove it and check the values elsewhere
    "#);
}
