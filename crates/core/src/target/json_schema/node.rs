//! One place of a schema with everything that is said about it: its own keywords, those behind
//! `$ref`, those of `allOf`, and the one alternative of `oneOf` / `anyOf` that is not `null`. What
//! an alternative of several says cannot hold for every row, so it is listed as unused.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::document::{Document, join};
use super::keywords::bad;
use crate::error::nearest_names;
use crate::target::{TargetError, Unused};

/// How many schemas may be looked at; a real one of 5,000 fields stays below it, one that doubles
/// with each level does not get far.
const MAX_SCHEMAS: usize = 20_000;
/// How deep objects, references and `allOf` may nest.
const MAX_LEVELS: usize = 64;

/// One JSON object that says something about the place.
#[derive(Debug)]
pub(super) struct Part<'d> {
    /// Where it stands.
    pub(super) pointer: String,
    /// Its keywords.
    pub(super) map: &'d Map<String, Value>,
    /// Whether it is the alternative beside a `null`, so that it does not refuse null.
    pub(super) beside_null: bool,
}

/// A value of `enum`, `const` or a `oneOf` of `const`.
#[derive(Debug, Clone)]
pub(super) struct Choice<'d> {
    /// Where it stands.
    pub(super) pointer: String,
    /// The value.
    pub(super) value: &'d Value,
    /// The object around a `const`, with title and description.
    pub(super) about: Option<&'d Map<String, Value>>,
}

/// Alternatives of which more than one is left.
#[derive(Debug)]
struct Union<'d> {
    pointer: String,
    keyword: &'static str,
    rest: Vec<(String, &'d Value)>,
    beside_null: bool,
}

/// A place of the schema.
#[derive(Debug, Default)]
pub(super) struct Node<'d> {
    /// Where the place stands.
    pub(super) pointer: String,
    /// All that is said, nearest first.
    pub(super) parts: Vec<Part<'d>>,
    /// Lists of labelled values from `oneOf` / `anyOf`; a value has to be in each.
    pub(super) labelled: Vec<Vec<Choice<'d>>>,
    /// Whether an alternative is `null`.
    pub(super) null_offered: bool,
    /// Whether it is `false`, or `null` alone.
    pub(super) impossible: bool,
    /// Definitions that were followed.
    pub(super) followed: Vec<String>,
    unions: Vec<Union<'d>>,
}

impl<'d> Node<'d> {
    /// Every statement of a keyword, with its pointer.
    pub(super) fn all<'n>(
        &'n self,
        keyword: &'n str,
    ) -> impl Iterator<Item = (String, &'d Value)> + 'n {
        self.parts.iter().filter_map(move |part| {
            part.map
                .get(keyword)
                .map(|value| (join(&part.pointer, keyword), value))
        })
    }

    /// The first statement of a keyword that has to be a text.
    pub(super) fn text(&self, keyword: &str) -> Result<Option<String>, TargetError> {
        let Some((pointer, value)) = self.all(keyword).next() else {
            return Ok(None);
        };
        let text = value
            .as_str()
            .ok_or_else(|| bad(&pointer, "a text", value))?;
        Ok(Some(text.to_owned()))
    }

    /// Whether something tells what kind of value the place holds.
    fn is_settled(&self) -> bool {
        let tells = ["type", "properties", "enum", "const", "items"];
        !self.labelled.is_empty()
            || self
                .parts
                .iter()
                .any(|part| tells.iter().any(|word| part.map.contains_key(*word)))
    }
}

/// Follows references and collects what is said.
#[derive(Debug)]
pub(super) struct Reader<'d> {
    /// The file.
    pub(super) document: &'d Document,
    /// What has no effect, in the order of its discovery.
    pub(super) unused: Vec<Unused>,
    listed: HashSet<(String, String)>,
    /// Pointers that are open above the present place.
    path: Vec<String>,
    /// How many levels are open, of objects, references and combinations.
    depth: usize,
    seen: usize,
}

impl<'d> Reader<'d> {
    /// A reader at the root.
    pub(super) fn new(document: &'d Document) -> Self {
        let (unused, listed, path) = (Vec::new(), HashSet::new(), Vec::new());
        Self {
            document,
            unused,
            listed,
            path,
            depth: 0,
            seen: 0,
        }
    }

    /// Lists what has no effect; once, also where several fields refer to the same definition.
    pub(super) fn list(&mut self, pointer: String, keyword: &str, why: impl Into<String>) {
        if self.listed.insert((pointer.clone(), keyword.to_owned())) {
            self.unused.push(Unused {
                pointer,
                keyword: keyword.to_owned(),
                why: why.into(),
            });
        }
    }

    /// Opens the definitions of a place while its own properties are read.
    pub(super) fn inside<T>(
        &mut self,
        node: &Node<'d>,
        read: impl FnOnce(&mut Self) -> Result<T, TargetError>,
    ) -> Result<T, TargetError> {
        let outside = self.path.len();
        self.path.push(node.pointer.clone());
        self.path.extend(node.followed.iter().cloned());
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        self.path.truncate(outside);
        result
    }

    /// Collects all that is said at a place; several schemas hold together, as with `allOf`.
    pub(super) fn node(&mut self, places: &[(String, &'d Value)]) -> Result<Node<'d>, TargetError> {
        let pointer = places
            .first()
            .map(|(pointer, _)| pointer.clone())
            .unwrap_or_default();
        let mut node = Node {
            pointer,
            ..Node::default()
        };
        for (pointer, value) in places {
            self.collect(&mut node, pointer, value, false)?;
        }
        while let Some(union) = (!node.unions.is_empty()).then(|| node.unions.remove(0)) {
            self.settle(&mut node, union)?;
        }
        Ok(node)
    }

    /// Takes one of several alternatives where nothing else says what the place is.
    fn settle(&mut self, node: &mut Node<'d>, union: Union<'d>) -> Result<(), TargetError> {
        let Union {
            pointer,
            keyword,
            rest,
            beside_null,
        } = union;
        if node.is_settled() {
            self.list(pointer, keyword, "alternatives are not checked");
            return Ok(());
        }
        let wide = rest
            .iter()
            .find(|(at, value)| labelled(at, value).is_none());
        let Some((at, value)) = wide.or_else(|| rest.first()) else {
            return Ok(());
        };
        let why = format!(
            "a field has one type: of {} alternatives, #{at} is used",
            rest.len()
        );
        self.list(pointer, keyword, why);
        self.collect(node, at, value, beside_null)
    }

    fn collect(
        &mut self,
        node: &mut Node<'d>,
        pointer: &str,
        value: &'d Value,
        beside_null: bool,
    ) -> Result<(), TargetError> {
        self.count(pointer)?;
        let map = match value {
            Value::Object(map) => map,
            Value::Bool(true) => return Ok(()),
            Value::Bool(false) => {
                node.impossible = true;
                return Ok(());
            }
            Value::Null | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                return Err(bad(pointer, "a schema (an object)", value));
            }
        };
        node.parts.push(Part {
            pointer: pointer.to_owned(),
            map,
            beside_null,
        });
        if let Some(reference) = map.get("$ref") {
            let (target, value) = self.resolve(&join(pointer, "$ref"), reference)?;
            node.followed.push(target.clone());
            self.path.push(target.clone());
            self.depth += 1;
            self.collect(node, &target, value, beside_null)?;
            self.depth -= 1;
            self.path.pop();
        }
        for keyword in ["$dynamicRef", "$recursiveRef"] {
            if let Some(reference) = map.get(keyword) {
                let reference = reference.as_str().unwrap_or_default().to_owned();
                let pointer = join(pointer, keyword);
                return Err(TargetError::ForeignReference { pointer, reference });
            }
        }
        for keyword in ["allOf", "oneOf", "anyOf"] {
            let Some(list) = map.get(keyword) else {
                continue;
            };
            let at = join(pointer, keyword);
            let list = schemas(&at, list)?;
            self.depth += 1;
            if keyword == "allOf" {
                for (at, value) in list {
                    self.collect(node, &at, value, beside_null)?;
                }
            } else {
                self.union(
                    node,
                    Union {
                        pointer: at,
                        keyword,
                        rest: list,
                        beside_null,
                    },
                )?;
            }
            self.depth -= 1;
        }
        Ok(())
    }

    /// Sorts alternatives: `null`, labelled values, one that is left, several.
    fn union(&mut self, node: &mut Node<'d>, mut union: Union<'d>) -> Result<(), TargetError> {
        let before = union.rest.len();
        union.rest.retain(|(_, value)| !is_null_schema(value));
        let offers = union.rest.len() < before;
        node.null_offered |= offers;
        union.beside_null |= offers;
        let choices: Option<Vec<Vec<Choice<'d>>>> = union
            .rest
            .iter()
            .map(|(at, value)| labelled(at, value))
            .collect();
        match (union.rest.as_slice(), choices) {
            ([], _) => node.impossible = true,
            (_, Some(choices)) => {
                let mut choices = choices.concat();
                if offers {
                    let pointer = union.pointer;
                    choices.push(Choice {
                        pointer,
                        value: &Value::Null,
                        about: None,
                    });
                }
                node.labelled.push(choices);
            }
            ([(at, value)], None) => {
                self.collect(node, at, value, union.beside_null)?;
            }
            (_, None) => node.unions.push(union),
        }
        Ok(())
    }

    /// Where a reference leads.
    fn resolve(
        &self,
        pointer: &str,
        reference: &Value,
    ) -> Result<(String, &'d Value), TargetError> {
        let text = reference
            .as_str()
            .ok_or_else(|| bad(pointer, "a text", reference))?;
        let (pointer, reference) = (pointer.to_owned(), text.to_owned());
        let own = self
            .document
            .root
            .get("$id")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let local = text.strip_prefix(own).unwrap_or(text);
        let target = match local.strip_prefix('#') {
            Some(fragment) if fragment.is_empty() || fragment.starts_with('/') => {
                percent_decoded(fragment)
            }
            Some(_) | None => {
                return Err(TargetError::ForeignReference { pointer, reference });
            }
        };
        if self.path.contains(&target) {
            return Err(TargetError::Cycle { pointer, reference });
        }
        let Some(value) = self.document.root.pointer(&target) else {
            let nearest = self.nearest_definitions(&target);
            return Err(TargetError::MissingReference {
                pointer,
                reference,
                nearest,
            });
        };
        Ok((target, value))
    }

    fn nearest_definitions(&self, target: &str) -> Vec<String> {
        let wanted = target.rsplit('/').next().unwrap_or_default();
        let mut all = Vec::new();
        for under in ["$defs", "definitions"] {
            let map = self.document.root.get(under).and_then(Value::as_object);
            let names = map.into_iter().flat_map(Map::keys).map(String::as_str);
            let near = nearest_names(wanted, names);
            all.extend(
                near.iter()
                    .map(|name| format!("#{}", join(&format!("/{under}"), name))),
            );
        }
        all
    }

    /// Counts a schema against the limits.
    fn count(&mut self, pointer: &str) -> Result<(), TargetError> {
        self.seen += 1;
        let too_large = |limit, what| {
            Err(TargetError::TooLarge {
                pointer: pointer.to_owned(),
                limit,
                what,
            })
        };
        if self.seen > MAX_SCHEMAS {
            return too_large(MAX_SCHEMAS, "schemas");
        }
        if self.depth > MAX_LEVELS {
            return too_large(MAX_LEVELS, "levels");
        }
        Ok(())
    }
}

/// The members of a list of schemas.
fn schemas<'d>(pointer: &str, value: &'d Value) -> Result<Vec<(String, &'d Value)>, TargetError> {
    let list = value.as_array().filter(|list| !list.is_empty());
    let list = list.ok_or_else(|| bad(pointer, "a list of schemas", value))?;
    Ok(list
        .iter()
        .enumerate()
        .map(|(i, v)| (join(pointer, &i.to_string()), v))
        .collect())
}

/// Whether a schema admits null and nothing else.
fn is_null_schema(value: &Value) -> bool {
    let says = |keyword: &str| value.get(keyword);
    says("type").and_then(Value::as_str) == Some("null")
        || says("const") == Some(&Value::Null)
        || says("enum")
            .and_then(Value::as_array)
            .is_some_and(|all| all == &[Value::Null])
}

/// The values of an alternative that does nothing but name values.
fn labelled<'d>(pointer: &str, value: &'d Value) -> Option<Vec<Choice<'d>>> {
    const BESIDES: [&str; 8] = [
        "const",
        "enum",
        "title",
        "description",
        "type",
        "$comment",
        "deprecated",
        "examples",
    ];
    let map = value.as_object()?;
    if map.keys().any(|key| !BESIDES.contains(&key.as_str())) {
        return None;
    }
    if let Some(value) = map.get("const") {
        return Some(vec![Choice {
            pointer: join(pointer, "const"),
            value,
            about: Some(map),
        }]);
    }
    let at = join(pointer, "enum");
    let all = map.get("enum")?.as_array()?;
    let choice = |(index, value): (usize, &'d Value)| Choice {
        pointer: join(&at, &index.to_string()),
        value,
        about: Some(map),
    };
    Some(all.iter().enumerate().map(choice).collect())
}

/// A URI fragment without its percent escapes (RFC 6901, section 6). An escape that is none stays.
fn percent_decoded(fragment: &str) -> String {
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
