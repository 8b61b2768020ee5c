//! Which kind of field a place of the schema is, if it can be one at all.

use serde_json::Value;

use super::document::join;
use super::keywords::{Speaks, Types, speaks};
use super::node::{Choice, Node, Reader};
use crate::target::{FieldType, TargetError};

/// What a place is to a table.
#[derive(Debug)]
pub(super) enum Shape<'d> {
    /// A field.
    Value {
        /// Type of its values.
        kind: FieldType,
        /// Whether null may be written.
        nullable: bool,
        /// Its values, where they are listed.
        choices: Option<Vec<Choice<'d>>>,
    },
    /// An object with properties.
    Object {
        /// Whether null may stand for it.
        nullable: bool,
    },
    /// A list with one schema for its items.
    List,
    /// Nothing that a table could hold.
    Nothing {
        /// The keyword that says so.
        keyword: &'static str,
        /// Why.
        why: &'static str,
    },
}

/// Finds out what a place is.
pub(super) fn shape<'d>(
    reader: &mut Reader<'d>,
    node: &Node<'d>,
) -> Result<Shape<'d>, TargetError> {
    let nothing = |keyword, why| Ok(Shape::Nothing { keyword, why });
    if node.impossible || node.parts.is_empty() {
        return nothing("properties", "it does not describe a value");
    }
    let stated = stated_types(node)?;
    let mut choices = choices(node)?;
    let chosen_null = choices
        .as_ref()
        .map(|all| all.iter().any(|one| one.value.is_null()));
    let nullable = stated.map_or(node.null_offered || chosen_null == Some(true), |types| {
        types.meets(Types::NULL) && chosen_null != Some(false)
    });
    if let Some(choices) = &mut choices {
        choices.retain(|choice| !choice.value.is_null());
        if choices.is_empty() {
            return nothing("const", "it is always null");
        }
    }
    let types = match (stated, &choices) {
        (Some(types), _) => types.without(Types::NULL),
        (None, Some(choices)) => types_of(reader, choices),
        (None, None) => implied_types(node),
    };
    if let Some((keyword, why)) = not_one_value(node, types) {
        return nothing(keyword, why);
    }
    let scalars = types.and(Types::BOOLEAN.or(Types::NUMBER).or(Types::STRING));
    if scalars == Types::NONE {
        return Ok(if types == Types::OBJECT {
            Shape::Object { nullable }
        } else {
            Shape::List
        });
    }
    let several = types != scalars || (scalars.meets(Types::STRING) && scalars != Types::STRING);
    if several && let Some((pointer, _)) = node.all("type").next() {
        reader.list(
            pointer,
            "type",
            "a field has one type: the single value is used, as text \
                 where it may be text",
        );
    }
    Ok(Shape::Value {
        kind: kind(node, scalars),
        nullable,
        choices,
    })
}

/// Why the types leave no single value and no object, if so.
fn not_one_value(node: &Node<'_>, types: Types) -> Option<(&'static str, &'static str)> {
    let has = |keyword: &str| node.all(keyword).next().is_some();
    let scalars = types.and(Types::BOOLEAN.or(Types::NUMBER).or(Types::STRING));
    if types == Types::NONE {
        return Some(if has("type") {
            ("type", "it is always null")
        } else {
            ("not", "it says only what a value is not")
        });
    }
    if scalars.meets(Types::STRING) || scalars == Types::BOOLEAN {
        return None;
    }
    if scalars.meets(Types::BOOLEAN) {
        return Some(("type", "a field has one type, and this one admits several"));
    }
    if scalars != Types::NONE {
        return None;
    }
    if types == Types::OBJECT {
        return (!has("properties")).then_some(("type", "it is an object without `properties`"));
    }
    if types == Types::ARRAY {
        return None;
    }
    Some(("type", "a field has one type, and this one admits several"))
}

/// The types that all parts admit together, or `None` where no part states any.
fn stated_types(node: &Node<'_>) -> Result<Option<Types>, TargetError> {
    let mut all: Option<Types> = None;
    for part in &node.parts {
        let Some(value) = part.map.get("type") else {
            continue;
        };
        let pointer = join(&part.pointer, "type");
        let mut types = Types::read(&pointer, value)?;
        if part.beside_null || part.map.get("nullable") == Some(&Value::Bool(true)) {
            types = types.or(Types::NULL);
        }
        let common = all.map_or(types, |before| before.and(types));
        if common.without(Types::NULL) == Types::NONE && all.is_some() {
            let what = "no type is left that both admit".to_owned();
            return Err(TargetError::Contradiction { pointer, what });
        }
        all = Some(common);
    }
    Ok(all)
}

/// The values that all lists of values have in common.
fn choices<'d>(node: &Node<'d>) -> Result<Option<Vec<Choice<'d>>>, TargetError> {
    let mut lists: Vec<Vec<Choice<'d>>> = Vec::new();
    for part in &node.parts {
        let null = part.beside_null.then(|| Choice {
            pointer: part.pointer.clone(),
            value: &Value::Null,
            about: None,
        });
        if let Some(value) = part.map.get("const") {
            let pointer = join(&part.pointer, "const");
            let choice = Choice {
                pointer,
                value,
                about: None,
            };
            lists.push([choice].into_iter().chain(null.clone()).collect());
        }
        if let Some(value) = part.map.get("enum") {
            let pointer = join(&part.pointer, "enum");
            let list = value.as_array().filter(|list| !list.is_empty());
            let list =
                list.ok_or_else(|| super::keywords::bad(&pointer, "a list of values", value))?;
            let choice = |(index, value): (usize, &'d Value)| Choice {
                pointer: join(&pointer, &index.to_string()),
                value,
                about: None,
            };
            lists.push(list.iter().enumerate().map(choice).chain(null).collect());
        }
    }
    lists.extend(node.labelled.iter().cloned());
    let mut lists = lists.into_iter();
    let Some(mut common) = lists.next() else {
        return Ok(None);
    };
    for list in lists {
        common.retain_mut(|choice| {
            let same = list.iter().find(|other| other.value == choice.value);
            choice.about = choice.about.or(same.and_then(|other| other.about));
            same.is_some()
        });
        if common.is_empty() {
            let pointer = list
                .first()
                .map(|one| one.pointer.clone())
                .unwrap_or_default();
            let what = "no value is left that both admit".to_owned();
            return Err(TargetError::Contradiction { pointer, what });
        }
    }
    Ok(Some(common))
}

/// The types of listed values. Whole numbers count as integers however they are written.
fn types_of(reader: &Reader<'_>, choices: &[Choice<'_>]) -> Types {
    choices.iter().fold(Types::NONE, |types, choice| {
        types.or(match choice.value {
            Value::Null => Types::NULL,
            Value::Bool(_) => Types::BOOLEAN,
            Value::Number(_) => match reader.exact(&choice.pointer, choice.value) {
                Ok(number) if number.is_whole() => Types::INTEGER,
                Ok(_) | Err(_) => Types::NUMBER,
            },
            Value::String(_) => Types::STRING,
            Value::Array(_) => Types::ARRAY,
            Value::Object(_) => Types::OBJECT,
        })
    })
}

/// The types that the keywords speak of where none is stated.
fn implied_types(node: &Node<'_>) -> Types {
    let words = || {
        node.parts
            .iter()
            .flat_map(|part| part.map.keys().map(String::as_str))
    };
    let any = |wanted: Speaks| words().any(|word| speaks(word) == wanted);
    if words().any(|word| word == "properties") || any(Speaks::Object) {
        Types::OBJECT
    } else if any(Speaks::List) {
        Types::ARRAY
    } else if any(Speaks::Text) {
        Types::STRING
    } else if any(Speaks::Number) {
        Types::NUMBER
    } else if words().any(|word| word == "not") {
        Types::NONE
    } else {
        Types::STRING
    }
}

/// The field's type by its JSON type and, for texts, the first `format` that is one.
fn kind(node: &Node<'_>, scalars: Types) -> FieldType {
    if scalars.meets(Types::STRING) {
        let mut formats = node.all("format").filter_map(|(_, value)| value.as_str());
        return formats.find_map(dated).unwrap_or(FieldType::String);
    }
    if scalars == Types::BOOLEAN {
        FieldType::Boolean
    } else if scalars == Types::INTEGER {
        FieldType::Integer
    } else {
        FieldType::Decimal
    }
}

/// The type behind a `format`.
pub(super) fn dated(format: &str) -> Option<FieldType> {
    Some(match format {
        "date" => FieldType::Date,
        "date-time" => FieldType::Timestamp,
        "time" => FieldType::Time,
        _ => return None,
    })
}
