//! JSON Schema (drafts 7, 2019-09 and 2020-12, as people write them) to a target schema: an object,
//! or an array of objects; nested objects become dotted fields. docs/target.md has the list of
//! keywords. What has no effect is listed in [`TargetSchema::unused`], never passed over; what would
//! be misread is an error with its JSON pointer. Never opens other files or addresses.
//!
//! ```text
//! text -> Document (exact numbers, no key twice)
//!      -> Node     (one place: $ref, allOf, oneOf / anyOf brought together)
//!      -> Shape    (field, object, list, nothing)
//!      -> Field    (every keyword visited)
//! ```

mod document;
mod field;
mod keywords;
mod node;
mod shape;

pub use document::Strict;

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use self::document::{Document, join};
use self::field::{Outline, field};
use self::keywords::{Place, bad, described, why_unused};
use self::node::{Node, Reader};
use self::shape::{Shape, shape};
use super::{Field, TargetError, TargetSchema};
use crate::error::nearest_names;

/// Reads a JSON Schema. `file_name` names it in messages, and the target where it has no title.
///
/// # Errors
/// See [`TargetError`]; all but `NotJson` name the place by its JSON pointer.
pub fn from_json_schema(text: &str, file_name: &str) -> Result<TargetSchema, TargetError> {
    let document = Document::parse(text, file_name)?;
    if !document.root.is_object() {
        let what = format!("it is {}", described(&document.root));
        return Err(TargetError::NotASchema {
            pointer: String::new(),
            what,
        });
    }
    let mut reader = Reader::new(&document);
    let root = reader.node(&[(String::new(), &document.root)])?;
    let mut fields = Fields::default();
    let (mut title, mut description) = (root.text("title")?, root.text("description")?);
    match shape(&mut reader, &root)? {
        Shape::Object { .. } => fields.object(&mut reader, &root, &Level::root())?,
        Shape::List => {
            let rows = reader.inside(&root, |reader| rows(reader, &root))?;
            title = title.or(rows.text("title")?);
            description = description.or(rows.text("description")?);
            reader.inside(&root, |reader| fields.object(reader, &rows, &Level::root()))?;
        }
        Shape::Value { .. } if root.all("type").next().is_none() => {
            return Err(TargetError::NoFields {
                pointer: String::new(),
            });
        }
        Shape::Value { .. } => {
            let what = "it describes a single value".to_owned();
            return Err(TargetError::NotASchema {
                pointer: String::new(),
                what,
            });
        }
        Shape::Nothing { .. } => {
            return Err(TargetError::NoFields {
                pointer: String::new(),
            });
        }
    }
    if fields.all.is_empty() {
        return Err(TargetError::NoFields {
            pointer: String::new(),
        });
    }
    let name = title.unwrap_or_else(|| file_name.to_owned());
    Ok(TargetSchema {
        name,
        description,
        fields: fields.all,
        unused: reader.unused,
    })
}

/// The object that an array of rows repeats.
fn rows<'d>(reader: &mut Reader<'d>, list: &Node<'d>) -> Result<Node<'d>, TargetError> {
    let items: Vec<(String, &Value)> = list.all("items").collect();
    let Some((pointer, first)) = items.first() else {
        let what = "it is a list without `items`".to_owned();
        return Err(TargetError::NotASchema {
            pointer: String::new(),
            what,
        });
    };
    if !first.is_object() {
        return Err(bad(pointer, "the schema of one row (an object)", first));
    }
    for part in &list.parts {
        for keyword in part.map.keys().filter(|keyword| *keyword != "items") {
            if let Some(why) = why_unused(keyword, Place::Rows) {
                reader.list(join(&part.pointer, keyword), keyword, why);
            }
        }
    }
    let rows = reader.node(&items)?;
    match shape(reader, &rows)? {
        Shape::Object { .. } => Ok(rows),
        Shape::Value { .. } | Shape::List | Shape::Nothing { .. } => {
            let what = "its items are not objects with `properties`".to_owned();
            Err(TargetError::NotASchema {
                pointer: pointer.clone(),
                what,
            })
        }
    }
}

/// Where an object stands among the levels.
#[derive(Debug)]
struct Level {
    /// Dotted name with its dot, or empty.
    prefix: String,
    /// Whether every record has this object.
    required: bool,
}

impl Level {
    const fn root() -> Self {
        Self {
            prefix: String::new(),
            required: true,
        }
    }
}

/// The fields so far.
#[derive(Debug, Default)]
struct Fields {
    all: Vec<Field>,
    names: HashSet<String>,
    objects: HashSet<String>,
}

impl Fields {
    /// Reads an object's properties in their order, level by level.
    fn object<'d>(
        &mut self,
        reader: &mut Reader<'d>,
        node: &Node<'d>,
        level: &Level,
    ) -> Result<(), TargetError> {
        let properties = properties(node)?;
        let required = required(node, &properties)?;
        list_unused(reader, node);
        if let (false, Some((pointer, _))) = (level.required, node.all("required").next()) {
            let why = "the object itself may be missing, so its fields are not required";
            reader.list(pointer, "required", why);
        }
        reader.inside(node, |reader| {
            for (name, places) in &properties {
                let demand = required.get(name).map(String::as_str);
                self.property(reader, level, (name, places), demand)?;
            }
            Ok(())
        })
    }

    /// Reads one property; `demand` is the pointer of its entry in `required`.
    fn property<'d>(
        &mut self,
        reader: &mut Reader<'d>,
        level: &Level,
        (key, places): (&str, &[(String, &'d Value)]),
        demand: Option<&str>,
    ) -> Result<(), TargetError> {
        let node = reader.node(places)?;
        let name = format!("{}{key}", level.prefix);
        let shape = if key.is_empty() {
            Shape::Nothing {
                keyword: "properties",
                why: "a field needs a name",
            }
        } else {
            shape(reader, &node)?
        };
        let required = demand.is_some() && level.required;
        match shape {
            Shape::Value {
                kind,
                nullable,
                choices,
            } => {
                if key.contains('.') {
                    let why = "the dot in the name counts as a level: NDJSON writes an object";
                    reader.list(node.pointer.clone(), "properties", why);
                }
                let outline = Outline {
                    name,
                    kind,
                    required,
                    nullable,
                    choices,
                };
                let field = field(reader, &node, outline)?;
                self.add(&node.pointer, field)
            }
            Shape::Object { nullable } => {
                let before = self.all.len();
                let required = required && !nullable;
                let prefix = format!("{name}.");
                self.object(reader, &node, &Level { prefix, required })?;
                let inner = self.all.get(before..).unwrap_or_default();
                if let Some(demand) = demand
                    && !inner.iter().any(|field| field.required)
                {
                    let why = "none of the object's fields is required, so it may be left out";
                    reader.list(demand.to_owned(), "required", why);
                }
                Ok(())
            }
            Shape::List => leave_out(
                reader,
                node.pointer,
                demand,
                (&name, "type", "it is a list"),
            ),
            Shape::Nothing { keyword, why } => {
                leave_out(reader, node.pointer, demand, (&name, keyword, why))
            }
        }
    }

    fn add(&mut self, pointer: &str, field: Field) -> Result<(), TargetError> {
        let levels = || {
            field
                .name
                .match_indices('.')
                .filter_map(|(at, _)| field.name.get(..at))
        };
        let inside = levels().any(|object| self.names.contains(object));
        if inside || self.objects.contains(&field.name) || self.names.contains(&field.name) {
            let (pointer, name) = (pointer.to_owned(), field.name);
            return Err(TargetError::DuplicateField { pointer, name });
        }
        self.objects.extend(levels().map(str::to_owned));
        self.names.insert(field.name.clone());
        self.all.push(field);
        Ok(())
    }
}

/// Lists a property that cannot be a field; an error where every record must have it.
fn leave_out(
    reader: &mut Reader<'_>,
    pointer: String,
    demand: Option<&str>,
    (name, keyword, why): (&str, &str, &str),
) -> Result<(), TargetError> {
    if let Some(demand) = demand {
        return Err(TargetError::RequiredNotAField {
            pointer: demand.to_owned(),
            name: name.to_owned(),
            why: why.to_owned(),
        });
    }
    reader.list(pointer, keyword, format!("{why}: no field is made of it"));
    Ok(())
}

/// All that is said about each property, in the order of its first mention.
type Properties<'d> = Vec<(&'d str, Vec<(String, &'d Value)>)>;

fn properties<'d>(node: &Node<'d>) -> Result<Properties<'d>, TargetError> {
    let mut all: Properties<'d> = Vec::new();
    let mut index = HashMap::new();
    for (pointer, value) in node.all("properties") {
        let map = value
            .as_object()
            .ok_or_else(|| bad(&pointer, "an object", value))?;
        for (name, schema) in map {
            let place = (join(&pointer, name), schema);
            let at = *index.entry(name.as_str()).or_insert(all.len());
            match all.get_mut(at) {
                Some((_, places)) => places.push(place),
                None => all.push((name, vec![place])),
            }
        }
    }
    Ok(all)
}

/// The names that `required` lists, each with the pointer of its first mention.
fn required<'d>(
    node: &Node<'d>,
    properties: &Properties<'d>,
) -> Result<HashMap<&'d str, String>, TargetError> {
    let known: HashSet<&str> = properties.iter().map(|(known, _)| *known).collect();
    let mut all = HashMap::new();
    for (list, value) in node.all("required") {
        let names = value.as_array().ok_or_else(|| TargetError::BadKeyword {
            pointer: list.clone(),
            expected: "a list of names".to_owned(),
            found: described(value),
            fix: Some("list the names at the object: \"required\": [\"amount\"]"),
        })?;
        for (index, value) in names.iter().enumerate() {
            let pointer = join(&list, &index.to_string());
            let name = value
                .as_str()
                .ok_or_else(|| bad(&pointer, "a name", value))?;
            if !known.contains(name) {
                let known = properties.iter().map(|(known, _)| *known);
                let nearest = nearest_names(name, known)
                    .into_iter()
                    .map(str::to_owned)
                    .collect();
                return Err(TargetError::RequiredUnknown {
                    pointer,
                    name: name.to_owned(),
                    nearest,
                });
            }
            all.entry(name).or_insert(pointer);
        }
    }
    Ok(all)
}

/// Lists an object's keywords that have no effect.
fn list_unused(reader: &mut Reader<'_>, node: &Node<'_>) {
    for part in &node.parts {
        for (keyword, value) in part.map {
            // No column without a field is ever written, so these two hold.
            let closed = matches!(
                keyword.as_str(),
                "additionalProperties" | "unevaluatedProperties"
            ) && *value == Value::Bool(false);
            let why = match keyword.as_str() {
                "properties" | "required" => None,
                "default" | "enum" | "const" => {
                    Some("it applies to a single field only".to_owned())
                }
                _ if closed => None,
                other => why_unused(other, Place::Object),
            };
            if let Some(why) = why {
                reader.list(join(&part.pointer, keyword), keyword, why);
            }
        }
    }
}

#[cfg(test)]
mod tests;
