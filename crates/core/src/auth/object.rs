//! JSON objects of a token. `serde_json` keeps the last of two equal names; which of them an issuer
//! signed in earnest nobody can tell, so here a name that stands twice, at any depth, is refused.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// Why bytes are no object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotAnObject {
    /// No JSON, or JSON of another kind.
    Json,
    /// A name stands twice.
    Twice,
}

/// Reads one object that takes all of the bytes.
pub(super) fn object(bytes: &[u8]) -> Result<Map<String, Value>, NotAnObject> {
    let twice = Cell::new(false);
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let read = Strict { twice: &twice }
        .deserialize(&mut reader)
        .and_then(|value| reader.end().map(|()| value));
    match read {
        Ok(Value::Object(object)) => Ok(object),
        Ok(
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_),
        ) => Err(NotAnObject::Json),
        Err(_) if twice.get() => Err(NotAnObject::Twice),
        Err(_) => Err(NotAnObject::Json),
    }
}

#[derive(Clone, Copy)]
struct Strict<'a> {
    twice: &'a Cell<bool>,
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = items.next_element_seed(self)? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = entries.next_key::<String>()? {
            let value = entries.next_value_seed(self)?;
            if object.insert(name, value).is_some() {
                self.twice.set(true);
                return Err(A::Error::custom("a name stands twice"));
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            (-1e300..1e300).prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[a-c\u{e4}\"]{0,2}", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        /// Where no name stands twice, this reads what `serde_json` reads.
        #[test]
        fn objects_are_read_as_they_are(value in json()) {
            let text = value.to_string();
            let read: Value = serde_json::from_str(&text).unwrap();
            let expected = read.as_object().cloned().ok_or(NotAnObject::Json);
            prop_assert_eq!(object(text.as_bytes()), expected);
        }

        /// A name that stands twice is seen wherever the object is.
        #[test]
        fn a_second_name_is_seen_at_any_depth(value in json(), depth in 0_usize..20) {
            let twice = format!("{{\"n\":{value},\"m\":1,\"n\":{value}}}");
            let (open, close) = ("{\"x\":[".repeat(depth), "]}".repeat(depth));
            let text = format!("{open}{twice}{close}");
            prop_assert_eq!(object(text.as_bytes()), Err(NotAnObject::Twice));
        }
    }
}
