//! The schema's text as JSON, without what JSON readers lose: the exact text of every number (a
//! bound must never be rounded to a float) and keys that are said twice (the second would win in
//! silence).

use std::collections::{HashMap, HashSet};
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::target::TargetError;

/// A schema's file, read.
#[derive(Debug)]
pub(super) struct Document {
    /// The whole value.
    pub(super) root: Value,
    /// The text of each number by its pointer.
    numbers: HashMap<String, String>,
}

impl Document {
    /// Reads the text of a file; a byte order mark at its start is skipped.
    ///
    /// # Errors
    /// [`TargetError::NotJson`] with the line and column.
    pub(super) fn parse(text: &str, file: &str) -> Result<Self, TargetError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let Strict(root) = serde_json::from_str(text).map_err(|error| {
            let message = error.to_string();
            let what = message
                .split(" at line ")
                .next()
                .unwrap_or_default()
                .to_owned();
            let (line, column) = (error.line().max(1), error.column().max(1));
            TargetError::NotJson {
                file: file.to_owned(),
                line,
                column,
                what,
            }
        })?;
        let mut tokens = number_tokens(text).into_iter();
        let mut numbers = HashMap::new();
        pair(&root, "", &mut tokens, &mut numbers);
        Ok(Self { root, numbers })
    }

    /// The number at a pointer as it is written in the file.
    pub(super) fn number(&self, pointer: &str) -> Option<&str> {
        self.numbers.get(pointer).map(String::as_str)
    }
}

/// A pointer with one more step (RFC 6901, section 3).
pub(super) fn join(pointer: &str, step: &str) -> String {
    format!("{pointer}/{}", step.replace('~', "~0").replace('/', "~1"))
}

/// A URI fragment without its percent escapes (RFC 6901, section 6). An escape that is none stays.
pub(super) fn percent_decoded(fragment: &str) -> String {
    let mut bytes = Vec::with_capacity(fragment.len());
    let mut rest = fragment.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let escape = (*first == b'%')
            .then(|| tail.split_at_checked(2))
            .flatten()
            .and_then(|(hex, behind)| {
                let hex = std::str::from_utf8(hex).ok()?;
                hex.bytes().all(|b| b.is_ascii_hexdigit()).then_some(())?;
                Some((u8::from_str_radix(hex, 16).ok()?, behind))
            });
        if let Some((byte, behind)) = escape {
            bytes.push(byte);
            rest = behind;
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| fragment.to_owned())
}

/// The numbers of a valid JSON text in the order in which they stand in it.
fn number_tokens(text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c == '"' || c == '-' || c.is_ascii_digit()) {
        let (_, tail) = rest.split_at(start);
        if let Some(string) = tail.strip_prefix('"') {
            rest = after_string(string);
        } else {
            let end = tail
                .find(|c: char| !matches!(c, '0'..='9' | '+' | '-' | '.' | 'e' | 'E'))
                .unwrap_or(tail.len());
            let (token, behind) = tail.split_at(end);
            tokens.push(token);
            rest = behind;
        }
    }
    tokens
}

/// What follows a string whose opening quote is passed.
fn after_string(text: &str) -> &str {
    let mut escaped = false;
    let end = text.find(|c: char| {
        let closes = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        closes
    });
    end.and_then(|end| text.get(end + 1..)).unwrap_or_default()
}

/// Walks the value in the order of the text, so that the next number has the next token.
fn pair<'t>(
    value: &Value,
    pointer: &str,
    tokens: &mut impl Iterator<Item = &'t str>,
    numbers: &mut HashMap<String, String>,
) {
    match value {
        Value::Number(_) => {
            if let Some(token) = tokens.next() {
                numbers.insert(pointer.to_owned(), token.to_owned());
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                pair(item, &join(pointer, &index.to_string()), tokens, numbers);
            }
        }
        Value::Object(map) => {
            for (key, item) in map {
                pair(item, &join(pointer, key), tokens, numbers);
            }
        }
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

/// A JSON value in which no object says a key twice.
#[derive(Debug, Clone, PartialEq)]
pub struct Strict(pub Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Strict;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Strict, E> {
        Ok(Strict(Value::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Strict, E> {
        Ok(Strict(Value::Bool(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Strict, E> {
        Ok(Strict(Value::Number(value.into())))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Strict, E> {
        Ok(Strict(Value::Number(value.into())))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Strict, E> {
        // The reader refuses what is not finite; the exact text is taken from the file anyway.
        Ok(Strict(Value::Number(
            Number::from_f64(value).unwrap_or_else(|| 0.into()),
        )))
    }

    fn visit_str<E>(self, value: &str) -> Result<Strict, E> {
        Ok(Strict(Value::String(value.to_owned())))
    }

    fn visit_string<E>(self, value: String) -> Result<Strict, E> {
        Ok(Strict(Value::String(value)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Strict, A::Error> {
        let mut items = Vec::new();
        while let Some(Strict(item)) = access.next_element()? {
            items.push(item);
        }
        Ok(Strict(Value::Array(items)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Strict, A::Error> {
        let mut map = Map::new();
        let mut seen = HashSet::new();
        while let Some(key) = access.next_key::<String>()? {
            if !seen.insert(key.clone()) {
                return Err(A::Error::custom(format!(
                    "the key `{key}` stands there twice"
                )));
            }
            let Strict(item) = access.next_value()?;
            map.insert(key, item);
        }
        Ok(Strict(Value::Object(map)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_keep_their_text() {
        let text = r#"{"a": [1, -2.50, 1e3], "b\"1": {"c/~": 12345678901234567890123456789},
                       "t": "3 \\", "d": 0.10000000000000000001}"#;
        let document = Document::parse(text, "s.json").unwrap();
        let of = |pointer| document.number(pointer);
        assert_eq!(of("/a/0"), Some("1"));
        assert_eq!(of("/a/1"), Some("-2.50"));
        assert_eq!(of("/a/2"), Some("1e3"));
        assert_eq!(of("/b\"1/c~1~0"), Some("12345678901234567890123456789"));
        assert_eq!(of("/d"), Some("0.10000000000000000001"));
        assert_eq!(of("/t"), None);
    }

    #[test]
    fn a_key_twice_is_an_error_with_its_place() {
        let error = Document::parse("{\"a\": 1,\n \"a\": 2}", "s.json").unwrap_err();
        insta::assert_snapshot!(error, @"s.json is not JSON: the key `a` stands there twice in line 2, column 4");
    }

    proptest! {
        #[test]
        fn every_number_is_paired_with_its_own_text(
            numbers in proptest::collection::vec("-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,20})?(e-?[0-9])?", 1..20),
            noise in proptest::collection::vec("[ -~]{0,8}", 20),
        ) {
            let items: Vec<String> = numbers
                .iter()
                .zip(&noise)
                .map(|(number, noise)| format!("{}, [{number}]", Value::from(noise.as_str())))
                .collect();
            let document = Document::parse(&format!("[{}]", items.join(", ")), "s").unwrap();
            for (index, number) in numbers.iter().enumerate() {
                let pointer = format!("/{}/0", index * 2 + 1);
                prop_assert_eq!(document.number(&pointer), Some(number.as_str()));
            }
        }

        #[test]
        fn never_panics(text in "[\\[\\]{}\",:0-9a-e\\\\ .-]{0,60}") {
            let _ = Document::parse(&text, "s");
        }
    }
}
