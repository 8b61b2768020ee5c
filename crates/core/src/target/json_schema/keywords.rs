//! What the keywords of JSON Schema are to a table: the sets of types, and why a keyword that
//! stands at the wrong place, or that nobody knows, has no effect.

use serde_json::Value;

use crate::error::nearest_names;
use crate::target::TargetError;

/// A set of JSON types. `number` is `integer` and what has a fraction, so that the two meet in
/// `integer`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Types(u8);

impl Types {
    pub(super) const NULL: Self = Self(1);
    pub(super) const BOOLEAN: Self = Self(2);
    pub(super) const INTEGER: Self = Self(4);
    pub(super) const NUMBER: Self = Self(4 | 8);
    pub(super) const STRING: Self = Self(16);
    pub(super) const ARRAY: Self = Self(32);
    pub(super) const OBJECT: Self = Self(64);
    pub(super) const NONE: Self = Self(0);

    /// What is in both.
    pub(super) const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// What is in one of them.
    pub(super) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is in the first only.
    pub(super) const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether the two have a type in common.
    pub(super) fn meets(self, other: Self) -> bool {
        self.and(other) != Self::NONE
    }

    /// Reads the value of `type`.
    pub(super) fn read(pointer: &str, value: &Value) -> Result<Self, TargetError> {
        let one = |value: &Value| value.as_str().and_then(Self::named);
        let all = match value {
            Value::Array(names) if !names.is_empty() => names
                .iter()
                .try_fold(Self::NONE, |types, name| Some(types.or(one(name)?))),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_)
            | Value::Object(_) => one(value),
        };
        all.ok_or_else(|| {
            let expected = "one of `string`, `number`, `integer`, `boolean`, `object`, `array` \
                            and `null`, or a list of them";
            bad(pointer, expected, value)
        })
    }

    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "null" => Self::NULL,
            "boolean" => Self::BOOLEAN,
            "integer" => Self::INTEGER,
            "number" => Self::NUMBER,
            "string" => Self::STRING,
            "array" => Self::ARRAY,
            "object" => Self::OBJECT,
            _ => return None,
        })
    }
}

/// The error for a keyword whose value is of the wrong kind.
pub(super) fn bad(pointer: &str, expected: &str, value: &Value) -> TargetError {
    TargetError::BadKeyword {
        pointer: pointer.to_owned(),
        expected: expected.to_owned(),
        found: described(value),
        fix: None,
    }
}

/// A value of the schema as messages show it, cut where it is long.
pub(super) fn described(value: &Value) -> String {
    match value {
        Value::Array(items) if items.is_empty() => "an empty list".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        Value::String(text) if text.chars().count() > 40 => {
            format!(
                "the text \"{}..\"",
                text.chars().take(40).collect::<String>()
            )
        }
        Value::String(text) => format!("the text \"{text}\""),
        Value::Null | Value::Bool(_) | Value::Number(_) => format!("`{value}`"),
    }
}

/// What a keyword speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Speaks {
    /// Of nothing that a row could break, or it is read elsewhere.
    Note,
    /// Of texts.
    Text,
    /// Of numbers.
    Number,
    /// Of lists.
    List,
    /// Of objects.
    Object,
    /// Of several values or alternatives at once.
    Condition,
    /// Of a field, in our own words.
    Field,
    /// Nobody knows.
    Unknown,
}

/// Keywords by what they speak of.
const KNOWN: [(Speaks, &[&str]); 7] = [
    (
        Speaks::Note,
        &[
            "$schema",
            "$id",
            "id",
            "$comment",
            "$defs",
            "definitions",
            "$anchor",
            "$vocabulary",
            "$dynamicAnchor",
            "$recursiveAnchor",
            "examples",
            "example",
            "title",
            "description",
            "readOnly",
            "writeOnly",
            "deprecated",
            "default",
            "$ref",
            "allOf",
            "oneOf",
            "anyOf",
            "type",
            "enum",
            "const",
            "nullable",
        ],
    ),
    (
        Speaks::Text,
        &[
            "minLength",
            "maxLength",
            "pattern",
            "format",
            "contentEncoding",
            "contentMediaType",
            "contentSchema",
            "formatMinimum",
            "formatMaximum",
            "formatExclusiveMinimum",
            "formatExclusiveMaximum",
        ],
    ),
    (
        Speaks::Number,
        &[
            "minimum",
            "maximum",
            "exclusiveMinimum",
            "exclusiveMaximum",
            "multipleOf",
        ],
    ),
    (
        Speaks::List,
        &[
            "items",
            "prefixItems",
            "additionalItems",
            "unevaluatedItems",
            "minItems",
            "maxItems",
            "uniqueItems",
            "contains",
            "minContains",
            "maxContains",
        ],
    ),
    (
        Speaks::Object,
        &[
            "properties",
            "required",
            "additionalProperties",
            "patternProperties",
            "propertyNames",
            "unevaluatedProperties",
            "minProperties",
            "maxProperties",
            "dependentRequired",
            "dependentSchemas",
            "dependencies",
        ],
    ),
    (Speaks::Condition, &["if", "then", "else", "not"]),
    (Speaks::Field, &["x-aliases", "x-scale", "x-unique"]),
];

/// What a keyword speaks of.
pub(super) fn speaks(keyword: &str) -> Speaks {
    KNOWN
        .iter()
        .find(|(_, words)| words.contains(&keyword))
        .map_or(Speaks::Unknown, |(speaks, _)| *speaks)
}

/// What the keyword stands at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// A field.
    Field,
    /// An object whose properties are fields.
    Object,
    /// The list of all rows.
    Rows,
}

/// Why a keyword that is not used where it stands has no effect; `None` for a note, which is not
/// meant to have one.
pub(super) fn why_unused(keyword: &str, place: Place) -> Option<String> {
    let why = match speaks(keyword) {
        Speaks::Note => return None,
        Speaks::Text => "it applies to text only",
        Speaks::Number => "it applies to numbers only",
        Speaks::List if place == Place::Rows => "the rows as a whole are not checked",
        Speaks::List => "it applies to lists only",
        Speaks::Object if place == Place::Object => object_keyword(keyword),
        Speaks::Object => "it applies to objects only",
        Speaks::Condition => "conditions are not checked",
        Speaks::Field => "it applies to a single field only",
        Speaks::Unknown => return Some(unknown(keyword)),
    };
    Some(why.to_owned())
}

fn object_keyword(keyword: &str) -> &'static str {
    match keyword {
        "additionalProperties" | "unevaluatedProperties" => {
            "only the fields under `properties` are written"
        }
        "patternProperties" | "propertyNames" => "a field needs a fixed name",
        "minProperties" | "maxProperties" => "the number of fields is not checked",
        _ => "conditions between fields are not checked",
    }
}

fn unknown(keyword: &str) -> String {
    let known = KNOWN.iter().flat_map(|(_, words)| words.iter().copied());
    match nearest_names(keyword, known).first() {
        Some(near) => format!("unknown keyword, did you mean `{near}`?"),
        None => "unknown keyword".to_owned(),
    }
}
