//! A YAML document as a tree in which every value knows its line. It holds what the text says and
//! knows nothing of mappings; [`super::decode`] turns it into types.

use serde::Deserialize;
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;

/// A value and the 1-based line on which it starts.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    /// Line.
    pub(crate) line: u64,
    /// What stands there.
    pub(crate) value: NodeValue,
}

/// The kinds of values that YAML has.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum NodeValue {
    /// `null`, `~` or nothing.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number from 0.
    Unsigned(u64),
    /// A whole number below 0.
    Signed(i64),
    /// Any other number.
    Float(f64),
    /// A text.
    Text(String),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping, in the order of the text, duplicate keys included.
    Map(Vec<(Key, Node)>),
}

/// A key and its line.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Key {
    /// Line.
    pub(crate) line: u64,
    /// Name.
    pub(crate) name: String,
}

impl Node {
    /// The value of a key, where this is a mapping that has it.
    pub(crate) fn get(&self, name: &str) -> Option<&Self> {
        match &self.value {
            NodeValue::Map(entries) => entries
                .iter()
                .find(|(key, _)| key.name == name)
                .map(|(_, value)| value),
            NodeValue::Null
            | NodeValue::Bool(_)
            | NodeValue::Unsigned(_)
            | NodeValue::Signed(_)
            | NodeValue::Float(_)
            | NodeValue::Text(_)
            | NodeValue::List(_) => None,
        }
    }

    /// The item of a list.
    pub(crate) fn item(&self, index: usize) -> Option<&Self> {
        match &self.value {
            NodeValue::List(items) => items.get(index),
            NodeValue::Null
            | NodeValue::Bool(_)
            | NodeValue::Unsigned(_)
            | NodeValue::Signed(_)
            | NodeValue::Float(_)
            | NodeValue::Text(_)
            | NodeValue::Map(_) => None,
        }
    }
}

/// A syntax error of YAML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    /// 1-based line, 0 where it is not known.
    pub(crate) line: u64,
    /// 1-based column, 0 where it is not known.
    pub(crate) column: u64,
    /// What is wrong.
    pub(crate) message: String,
}

/// Reads one YAML document. Plain `yes` and `no` are texts (YAML 1.2), and `<<` is a key like any
/// other. The size is bounded by [`MAX_NODES`], which also stops alias bombs.
pub(crate) fn parse(text: &str) -> Result<Node, SyntaxError> {
    let budget = serde_saphyr::budget! {
        max_nodes: MAX_NODES,
        max_events: MAX_NODES * 2,
        max_total_scalar_bytes: 256 * 1024 * 1024,
    };
    let options = serde_saphyr::options! {
        budget: budget,
        strict_booleans: true,
        merge_keys: serde_saphyr::MergeKeyPolicy::AsOrdinary,
        duplicate_keys: serde_saphyr::DuplicateKeyPolicy::LastWins,
        with_snippet: false,
    };
    serde_saphyr::from_str_with_options::<Spanned<Tree>>(text, options)
        .map(located)
        .map_err(|error| syntax(&error))
}

/// Most values that a document may have.
const MAX_NODES: usize = 4_000_000;

fn syntax(error: &serde_saphyr::Error) -> SyntaxError {
    let at = error.location();
    let message = error.without_snippet().to_string();
    SyntaxError {
        line: at.map_or(0, |at| at.line()),
        column: at.map_or(0, |at| at.column()),
        message: message.lines().next().unwrap_or_default().to_owned(),
    }
}

fn located(spanned: Spanned<Tree>) -> Node {
    Node {
        line: spanned.referenced.line(),
        value: spanned.value.0,
    }
}

/// A value without its place; the place comes from the [`Spanned`] around it.
struct Tree(NodeValue);

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor).map(Tree)
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = NodeValue;

    fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("a YAML value")
    }

    fn visit_unit<E>(self) -> Result<NodeValue, E> {
        Ok(NodeValue::Null)
    }

    fn visit_none<E>(self) -> Result<NodeValue, E> {
        Ok(NodeValue::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<NodeValue, E> {
        Ok(NodeValue::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<NodeValue, E> {
        Ok(NodeValue::Unsigned(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<NodeValue, E> {
        Ok(u64::try_from(value).map_or(NodeValue::Signed(value), NodeValue::Unsigned))
    }

    fn visit_f64<E>(self, value: f64) -> Result<NodeValue, E> {
        Ok(NodeValue::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<NodeValue, E> {
        Ok(NodeValue::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<NodeValue, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element::<Spanned<Tree>>()? {
            items.push(located(item));
        }
        Ok(NodeValue::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<NodeValue, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = map.next_key::<Spanned<String>>()? {
            let value = map.next_value::<Spanned<Tree>>()?;
            entries.push((
                Key {
                    line: key.referenced.line(),
                    name: key.value,
                },
                located(value),
            ));
        }
        Ok(NodeValue::Map(entries))
    }
}
