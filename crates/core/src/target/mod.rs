//! Target schemas: the fields that a person needs, with their types and constraints, whatever they
//! were written in. The JSON form stands in every mapping file (docs/mapping.md).

mod error;
mod json_schema;
mod sample;

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use self::error::TargetError;
pub use self::json_schema::{Strict, from_json_schema};
pub(crate) use self::sample::field as field_of_column;
pub use self::sample::from_sample;
use crate::error::nearest_names;

/// What the rows have to look like.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetSchema {
    /// Title or file name.
    pub name: String,
    /// Description of the whole record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The fields in the target's order; nested objects are dotted (`payer.iban`).
    pub fields: Vec<Field>,
    /// What the schema says and AiMapper cannot use.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unused: Vec<Unused>,
}

impl TargetSchema {
    /// The field of this name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// Up to three fields with a similar name, nearest first, for messages about an unknown one.
    #[must_use]
    pub fn nearest(&self, name: &str) -> Vec<&str> {
        nearest_names(name, self.fields.iter().map(|field| field.name.as_str()))
    }
}

/// SHA-256, in hexadecimal, of the schema's canonical JSON: without white space, the keys in the
/// order in which they are declared here, those with an empty value left out.
#[must_use]
pub fn sha256(schema: &TargetSchema) -> String {
    // Neither a map with odd keys nor anything else that cannot be JSON is in a schema.
    let json = serde_json::to_vec(schema).unwrap_or_default();
    Sha256::digest(&json)
        .iter()
        .fold(String::with_capacity(64), |mut text, byte| {
            // Writing to a `String` cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

/// A part of a schema that has no effect here, shown so that nobody relies on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unused {
    /// JSON pointer (RFC 6901) into the schema.
    pub pointer: String,
    /// The keyword.
    pub keyword: String,
    /// Why it has no effect.
    pub why: String,
}

/// One field of the target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// Name, dotted where nested; unique.
    pub name: String,
    /// Type of its values.
    #[serde(rename = "type")]
    pub kind: FieldType,
    /// Whether every row must have a value, or, where it is `nullable`, at least a null.
    #[serde(default, skip_serializing_if = "is_false")]
    pub required: bool,
    /// Whether JSON `null` may be written for a missing value (else the key is left out).
    #[serde(default, skip_serializing_if = "is_false")]
    pub nullable: bool,
    /// Title for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Other names that it is known by (`x-aliases`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// Value for rows without one, in the target's spelling.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// What a value has to fulfil.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub constraints: Vec<Constraint>,
    /// Values that were seen in a sample of the target: evidence for matching, not a constraint.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sample: Vec<String>,
    /// Different values of that sample, chosen as in [`crate::profile::ColumnProfile::values`]:
    /// for matching alone, and not part of the target.
    #[serde(skip)]
    pub values: Vec<String>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature that serde asks for"
)]
const fn is_false(value: &bool) -> bool {
    !*value
}

/// Type of a field's values, and how they are spelt in the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldType {
    /// Text.
    String,
    /// Whole number of up to 38 digits: `-12`.
    Integer,
    /// Exact decimal of up to 38 digits, `-12.50`: scale from [`Constraint::Scale`], else as written.
    Decimal,
    /// `true` or `false`.
    Boolean,
    /// `2026-11-24`.
    Date,
    /// `2026-11-24T10:30:00`, with `Z` or an offset where the source has one (RFC 3339).
    Timestamp,
    /// `10:30:00`.
    Time,
}

/// One value of an enumeration.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Label {
    /// The value, in the target's spelling.
    pub value: String,
    /// What it is called, if the schema says so (`oneOf` of `const` with `title`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// What it means.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// A condition on each value of a field (but `Unique`, on all of them). Numbers are decimal texts,
/// so that no bound is rounded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Constraint {
    /// One of these (`enum`, `const`, `oneOf` of `const`).
    Enum(Vec<Label>),
    /// At least.
    Minimum(String),
    /// More than.
    ExclusiveMinimum(String),
    /// At most.
    Maximum(String),
    /// Less than.
    ExclusiveMaximum(String),
    /// An integral multiple of it.
    MultipleOf(String),
    /// At most so many digits behind the mark; written with exactly so many (`multipleOf` of
    /// 10^-n, or `x-scale`).
    Scale(u32),
    /// At least so many characters.
    MinLength(u64),
    /// At most so many characters.
    MaxLength(u64),
    /// Matches the regular expression somewhere (ECMA-262 as far as the `regex` crate has it).
    Pattern(String),
    /// Has this format of JSON Schema: `email`, `uri`, `uuid`, `iban`, `bic`, ..
    Format(String),
    /// No two rows with the same value (`x-unique`, a key of a sample).
    Unique,
}

impl Field {
    /// Whether no two rows may have the same value.
    #[must_use]
    pub fn is_unique(&self) -> bool {
        self.constraints.contains(&Constraint::Unique)
    }

    /// The enumeration's values, if it has one.
    #[must_use]
    pub fn labels(&self) -> Option<&[Label]> {
        self.constraints
            .iter()
            .find_map(|constraint| match constraint {
                Constraint::Enum(labels) => Some(labels.as_slice()),
                Constraint::Minimum(_)
                | Constraint::ExclusiveMinimum(_)
                | Constraint::Maximum(_)
                | Constraint::ExclusiveMaximum(_)
                | Constraint::MultipleOf(_)
                | Constraint::Scale(_)
                | Constraint::MinLength(_)
                | Constraint::MaxLength(_)
                | Constraint::Pattern(_)
                | Constraint::Format(_)
                | Constraint::Unique => None,
            })
    }

    /// The number of digits behind the mark, if it is fixed.
    #[must_use]
    pub fn scale(&self) -> Option<u32> {
        self.constraints
            .iter()
            .find_map(|constraint| match constraint {
                Constraint::Scale(scale) => Some(*scale),
                Constraint::Enum(_)
                | Constraint::Minimum(_)
                | Constraint::ExclusiveMinimum(_)
                | Constraint::Maximum(_)
                | Constraint::ExclusiveMaximum(_)
                | Constraint::MultipleOf(_)
                | Constraint::MinLength(_)
                | Constraint::MaxLength(_)
                | Constraint::Pattern(_)
                | Constraint::Format(_)
                | Constraint::Unique => None,
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema() -> TargetSchema {
        let text = r#"{"title": "T", "properties": {
            "amount": {"type": "number", "multipleOf": 0.01}, "account": {"type": "string"}}}"#;
        from_json_schema(text, "t.json").unwrap()
    }

    #[test]
    fn fields_are_found_by_name() {
        assert_eq!(
            schema().field("amount").map(|field| field.kind),
            Some(FieldType::Decimal)
        );
        assert!(schema().field("Amount").is_none());
        assert_eq!(schema().nearest("amuont"), ["amount"]);
    }

    #[test]
    fn the_hash_is_fixed_and_sees_every_change() {
        let json = serde_json::to_string(&schema()).unwrap();
        insta::assert_snapshot!(json, @r#"{"name":"T","fields":[{"name":"amount","type":"decimal","constraints":[{"scale":2}]},{"name":"account","type":"string"}]}"#);
        insta::assert_snapshot!(sha256(&schema()), @"2ff795a388f80b270f289d4daaee733786e4abbac6f4bdb29bc402ff4611fc58");
        let mut other = schema();
        other.fields[1].required = true;
        assert_ne!(sha256(&other), sha256(&schema()));
        let read: TargetSchema = serde_json::from_str(&json).unwrap();
        assert_eq!(sha256(&read), sha256(&schema()));
    }
}
