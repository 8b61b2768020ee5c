//! Types from a [`Node`] tree, with errors that name the line and the path of the key
//! (`rules[3].transform[0]`). A serde deserializer of our own, because the path has to be kept and
//! unknown names have to be answered with the nearest known ones.

use std::fmt::{self, Display};

use serde::de::{self, DeserializeSeed, Expected, Unexpected, Visitor};

use super::node::{Key, Node, NodeValue};

/// Reads a value of type `T`.
pub(crate) fn decode<T: de::DeserializeOwned>(node: &Node) -> Result<T, DecodeError> {
    T::deserialize(node)
}

/// What does not fit, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DecodeError {
    /// What is wrong.
    pub(crate) problem: Misfit,
    /// 1-based line, once it is known.
    pub(crate) line: Option<u64>,
    /// From the innermost to the outermost step.
    steps: Vec<Segment>,
}

/// What is wrong with a value or key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Misfit {
    /// A key that does not belong there, with the keys that do.
    UnknownKey {
        name: String,
        known: &'static [&'static str],
    },
    /// A word that is none of the known ones.
    UnknownWord {
        name: String,
        known: &'static [&'static str],
    },
    /// A key that has to be there.
    MissingKey(&'static str),
    /// A key that is there twice.
    DuplicateKey(String),
    /// A value of another kind, where a text is asked for.
    NotQuoted(String),
    /// Anything else.
    Other(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    Key(String),
    Index(usize),
}

impl DecodeError {
    const fn new(problem: Misfit) -> Self {
        Self {
            problem,
            line: None,
            steps: Vec::new(),
        }
    }

    fn on(mut self, line: u64) -> Self {
        self.line.get_or_insert(line);
        self
    }

    fn inside(mut self, segment: Segment) -> Self {
        self.steps.push(segment);
        self
    }

    /// The path from the document's root, e.g. `rules[3].transform[0]`; empty for the root itself.
    pub(crate) fn path(&self) -> String {
        let mut path = String::new();
        for step in self.steps.iter().rev() {
            match step {
                Segment::Key(name) if path.is_empty() => path.push_str(name),
                Segment::Key(name) => {
                    path.push('.');
                    path.push_str(name);
                }
                Segment::Index(index) => path.push_str(&format!("[{index}]")),
            }
        }
        path
    }
}

impl Display for DecodeError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:?}", self.problem)
    }
}

impl std::error::Error for DecodeError {}

impl de::Error for DecodeError {
    fn custom<T: Display>(message: T) -> Self {
        Self::new(Misfit::Other(message.to_string()))
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let asks_for_text = expected.to_string().contains("string");
        match plain_scalar(found) {
            Some(text) if asks_for_text => Self::new(Misfit::NotQuoted(text)),
            _ => {
                let expected = expected.to_string();
                // The names of our types say nothing to those who write the file.
                let expected = if expected.starts_with("struct ") {
                    "keys with values"
                } else {
                    &expected
                };
                Self::custom(format_args!(
                    "{} stands where {expected} is asked for",
                    say(found)
                ))
            }
        }
    }

    fn unknown_field(name: &str, known: &'static [&'static str]) -> Self {
        Self::new(Misfit::UnknownKey {
            name: name.to_owned(),
            known,
        })
    }

    fn unknown_variant(name: &str, known: &'static [&'static str]) -> Self {
        Self::new(Misfit::UnknownWord {
            name: name.to_owned(),
            known,
        })
    }

    fn missing_field(name: &'static str) -> Self {
        Self::new(Misfit::MissingKey(name))
    }
}

/// So many characters of a text are shown.
const SHOWN: usize = 40;

/// The text of a number, a truth value or null that stands without quotes.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "serde's enum, of which YAML gives a few"
)]
fn plain_scalar(found: Unexpected<'_>) -> Option<String> {
    match found {
        Unexpected::Bool(value) => Some(value.to_string()),
        Unexpected::Unsigned(value) => Some(value.to_string()),
        Unexpected::Signed(value) => Some(value.to_string()),
        Unexpected::Float(value) => Some(value.to_string()),
        Unexpected::Unit => Some("null".to_owned()),
        _ => None,
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "serde's enum, whose own words do for the rest"
)]
fn say(found: Unexpected<'_>) -> String {
    match found {
        // It may be a whole file of somebody's data.
        Unexpected::Str(text) if text.chars().nth(SHOWN).is_some() => {
            let start: String = text.chars().take(SHOWN).collect();
            format!("the text {start:?}..")
        }
        Unexpected::Str(text) => format!("the text {text:?}"),
        Unexpected::Seq => "a list".to_owned(),
        Unexpected::Map => "a block of keys".to_owned(),
        Unexpected::Unit => "nothing".to_owned(),
        other => other.to_string(),
    }
}

impl Node {
    fn unexpected(&self) -> Unexpected<'_> {
        match &self.value {
            NodeValue::Null => Unexpected::Unit,
            NodeValue::Bool(value) => Unexpected::Bool(*value),
            NodeValue::Unsigned(value) => Unexpected::Unsigned(*value),
            NodeValue::Signed(value) => Unexpected::Signed(*value),
            NodeValue::Float(value) => Unexpected::Float(*value),
            NodeValue::Text(value) => Unexpected::Str(value),
            NodeValue::List(_) => Unexpected::Seq,
            NodeValue::Map(_) => Unexpected::Map,
        }
    }
}

impl<'de> de::Deserializer<'de> for &'de Node {
    type Error = DecodeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match &self.value {
            NodeValue::Null => visitor.visit_unit(),
            NodeValue::Bool(value) => visitor.visit_bool(*value),
            NodeValue::Unsigned(value) => visitor.visit_u64(*value),
            NodeValue::Signed(value) => visitor.visit_i64(*value),
            NodeValue::Float(value) => visitor.visit_f64(*value),
            NodeValue::Text(value) => visitor.visit_borrowed_str(value),
            NodeValue::List(items) => visitor.visit_seq(Items { items, index: 0 }),
            NodeValue::Map(entries) => {
                let doubled = entries.iter().enumerate().find_map(|(index, (key, _))| {
                    entries
                        .iter()
                        .take(index)
                        .any(|(k, _)| k.name == key.name)
                        .then_some(key)
                });
                match doubled {
                    Some(key) => Err(DecodeError::new(Misfit::DuplicateKey(key.name.clone()))
                        .on(key.line)
                        .inside(Segment::Key(key.name.clone()))),
                    None => visitor.visit_map(Entries { entries, index: 0 }),
                }
            }
        }
        .map_err(|error| error.on(self.line))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.value {
            NodeValue::Null => visitor.visit_none(),
            NodeValue::Bool(_)
            | NodeValue::Unsigned(_)
            | NodeValue::Signed(_)
            | NodeValue::Float(_)
            | NodeValue::Text(_)
            | NodeValue::List(_)
            | NodeValue::Map(_) => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        visitor.visit_newtype_struct(self)
    }

    /// A word alone, or a block with one key: the word.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        words: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        let choice = match &self.value {
            NodeValue::Text(word) => Some(Choice {
                word,
                line: self.line,
                content: None,
            }),
            NodeValue::Map(entries) => match entries.as_slice() {
                [(Key { line, name }, content)] => Some(Choice {
                    word: name,
                    line: *line,
                    content: Some(content),
                }),
                _ => None,
            },
            NodeValue::Null
            | NodeValue::Bool(_)
            | NodeValue::Unsigned(_)
            | NodeValue::Signed(_)
            | NodeValue::Float(_)
            | NodeValue::List(_) => None,
        };
        let result = match choice {
            Some(choice) => visitor.visit_enum(choice),
            None => Err(de::Error::custom(format_args!(
                "{} stands where one of these words is asked for: {}",
                say(self.unexpected()),
                words.join(", ")
            ))),
        };
        result.map_err(|error| error.on(self.line))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

struct Items<'de> {
    items: &'de [Node],
    index: usize,
}

impl<'de> de::SeqAccess<'de> for Items<'de> {
    type Error = DecodeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, DecodeError> {
        let index = self.index;
        self.index += 1;
        self.items
            .get(index)
            .map(|item| {
                let value = seed.deserialize(item);
                value.map_err(|error| error.on(item.line).inside(Segment::Index(index)))
            })
            .transpose()
    }
}

struct Entries<'de> {
    entries: &'de [(Key, Node)],
    index: usize,
}

impl<'de> de::MapAccess<'de> for Entries<'de> {
    type Error = DecodeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, DecodeError> {
        let Some((key, _)) = self.entries.get(self.index) else {
            return Ok(None);
        };
        let name = de::value::BorrowedStrDeserializer::new(&key.name);
        seed.deserialize(name)
            .map(Some)
            .map_err(|error: DecodeError| error.on(key.line).inside(Segment::Key(key.name.clone())))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(
        &mut self,
        seed: V,
    ) -> Result<V::Value, DecodeError> {
        let entry = self.entries.get(self.index);
        self.index += 1;
        let Some((key, value)) = entry else {
            return Err(de::Error::custom("a key has no value"));
        };
        seed.deserialize(value)
            .map_err(|error| error.on(value.line).inside(Segment::Key(key.name.clone())))
    }
}

struct Choice<'de> {
    word: &'de str,
    line: u64,
    content: Option<&'de Node>,
}

impl<'de> de::EnumAccess<'de> for Choice<'de> {
    type Error = DecodeError;
    type Variant = Content<'de>;

    fn variant_seed<V: DeserializeSeed<'de>>(
        self,
        seed: V,
    ) -> Result<(V::Value, Content<'de>), DecodeError> {
        let word = de::value::BorrowedStrDeserializer::new(self.word);
        let value = seed
            .deserialize(word)
            .map_err(|error: DecodeError| error.on(self.line))?;
        Ok((
            value,
            Content {
                word: self.word,
                content: self.content,
            },
        ))
    }
}

struct Content<'de> {
    word: &'de str,
    content: Option<&'de Node>,
}

impl<'de> Content<'de> {
    fn node(&self) -> Result<&'de Node, DecodeError> {
        self.content.ok_or_else(|| {
            de::Error::custom(format_args!("{:?} needs a value: `{0}: ..`", self.word))
        })
    }

    fn inside(&self, error: DecodeError) -> DecodeError {
        error.inside(Segment::Key(self.word.to_owned()))
    }
}

impl<'de> de::VariantAccess<'de> for Content<'de> {
    type Error = DecodeError;

    fn unit_variant(self) -> Result<(), DecodeError> {
        match self.content {
            None
            | Some(Node {
                value: NodeValue::Null,
                ..
            }) => Ok(()),
            Some(_) => Err(de::Error::custom(format_args!(
                "{:?} takes no value",
                self.word
            ))),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(
        self,
        seed: T,
    ) -> Result<T::Value, DecodeError> {
        seed.deserialize(self.node()?)
            .map_err(|error| self.inside(error))
    }

    fn tuple_variant<V: Visitor<'de>>(
        self,
        _len: usize,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        de::Deserializer::deserialize_any(self.node()?, visitor).map_err(|error| self.inside(error))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        de::Deserializer::deserialize_any(self.node()?, visitor).map_err(|error| self.inside(error))
    }
}
