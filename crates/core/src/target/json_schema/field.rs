//! One field: its constraints and its words from all that the schema says about it. Every keyword
//! is visited, so that none is passed over in silence.

use serde_json::Value;

use super::document::join;
use super::keywords::{Place, bad, described, why_unused};
use super::node::{Choice, Node, Reader};
use super::shape::dated;
use crate::target::{Constraint, Field, FieldType, Label, TargetError};
use crate::validation::{self, FORMATS, Spelling};
use crate::value::{Decimal, MAX_DIGITS, Marks, parse_decimal};

/// How many values of `examples` are kept.
const MAX_SAMPLE: usize = 20;

impl Reader<'_> {
    /// The exact number at a pointer.
    pub(super) fn exact(&self, pointer: &str, value: &Value) -> Result<Decimal, TargetError> {
        let marks = Marks {
            decimal: '.',
            thousands: None,
        };
        let text = self
            .document
            .number(pointer)
            .ok_or_else(|| bad(pointer, "a number", value))?;
        parse_decimal(text, &marks).map_err(|_| TargetError::BadKeyword {
            pointer: pointer.to_owned(),
            expected: "a number of at most 38 digits".to_owned(),
            found: format!("`{}`", text.chars().take(60).collect::<String>()),
            fix: None,
        })
    }

    /// The count (of characters, of digits) at a pointer.
    fn count_at(&self, pointer: &str, value: &Value) -> Result<u64, TargetError> {
        let expected = "a whole number of 0 or more";
        self.exact(pointer, value)
            .ok()
            .and_then(|number| number.rescale(0))
            .and_then(|number| u64::try_from(number.digits()).ok())
            .ok_or_else(|| bad(pointer, expected, value))
    }
}

/// What a field is, before its constraints are read.
#[derive(Debug)]
pub(super) struct Outline<'d> {
    /// Dotted name.
    pub(super) name: String,
    /// Type of its values.
    pub(super) kind: FieldType,
    /// Whether each row needs one.
    pub(super) required: bool,
    /// Whether null may be written.
    pub(super) nullable: bool,
    /// Its values, where they are listed.
    pub(super) choices: Option<Vec<Choice<'d>>>,
}

/// Reads a field.
pub(super) fn field<'d>(
    reader: &mut Reader<'d>,
    node: &Node<'d>,
    outline: Outline<'d>,
) -> Result<Field, TargetError> {
    let Outline {
        name,
        kind,
        required,
        nullable,
        choices,
    } = outline;
    let mut field = Field {
        name,
        kind,
        required,
        nullable,
        title: node.text("title")?,
        description: node.text("description")?,
        aliases: Vec::new(),
        default: None,
        constraints: Vec::new(),
        sample: sample(reader, node),
        values: Vec::new(),
    };
    if let Some(choices) = choices {
        let labels = choices.iter().map(|choice| label(reader, kind, choice));
        let mut labels: Vec<Label> = labels.collect::<Result<_, _>>()?;
        let mut seen = std::collections::HashSet::new();
        labels.retain(|label| seen.insert(label.value.clone()));
        field.constraints.push(Constraint::Enum(labels));
    }
    for part in &node.parts {
        for (keyword, value) in part.map {
            let pointer = join(&part.pointer, keyword);
            let taken = apply(reader, &mut field, keyword, &pointer, value)?;
            if !taken && let Some(why) = why_unused(keyword, Place::Field) {
                reader.list(pointer, keyword, why);
            }
        }
    }
    default(reader, node, &mut field)?;
    Ok(field)
}

/// Takes one keyword into the field; `false` where it means nothing to it.
fn apply(
    reader: &mut Reader<'_>,
    field: &mut Field,
    keyword: &str,
    pointer: &str,
    value: &Value,
) -> Result<bool, TargetError> {
    let constraint = match keyword {
        "format" => return format(reader, field, pointer, value),
        "x-aliases" => return aliases(field, pointer, value),
        "x-unique" => match value {
            Value::Bool(true) => Some(Constraint::Unique),
            Value::Bool(false) => return Ok(true),
            Value::Null
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_)
            | Value::Object(_) => return Err(bad(pointer, "`true` or `false`", value)),
        },
        "x-scale" | "multipleOf" => return step(reader, field, keyword, pointer, value),
        "minLength" | "maxLength" | "pattern" if field.kind != FieldType::String => None,
        "minLength" => Some(Constraint::MinLength(reader.count_at(pointer, value)?)),
        "maxLength" => Some(Constraint::MaxLength(reader.count_at(pointer, value)?)),
        "pattern" => {
            let pattern = value
                .as_str()
                .ok_or_else(|| bad(pointer, "a text", value))?;
            validation::compile_pattern(pattern).map_err(|error| TargetError::Pattern {
                pointer: pointer.to_owned(),
                what: error.to_string(),
            })?;
            Some(Constraint::Pattern(pattern.to_owned()))
        }
        _ => match bound_of(keyword) {
            Some(make) => bound(reader, field.kind, (keyword, pointer, value))?.map(make),
            None => None,
        },
    };
    let Some(constraint) = constraint else {
        return Ok(false);
    };
    push(field, constraint);
    Ok(true)
}

fn push(field: &mut Field, constraint: Constraint) {
    if !field.constraints.contains(&constraint) {
        field.constraints.push(constraint);
    }
}

/// The bound that a keyword sets. The `format..` forms are those of the validator AJV.
fn bound_of(keyword: &str) -> Option<fn(String) -> Constraint> {
    Some(match keyword {
        "minimum" | "formatMinimum" => Constraint::Minimum,
        "maximum" | "formatMaximum" => Constraint::Maximum,
        "exclusiveMinimum" | "formatExclusiveMinimum" => Constraint::ExclusiveMinimum,
        "exclusiveMaximum" | "formatExclusiveMaximum" => Constraint::ExclusiveMaximum,
        _ => return None,
    })
}

/// The text of a bound; `None` where it does not speak of the field's type.
fn bound(
    reader: &Reader<'_>,
    kind: FieldType,
    (keyword, pointer, value): (&str, &str, &Value),
) -> Result<Option<String>, TargetError> {
    let of_texts = keyword.starts_with("format");
    match kind {
        FieldType::Integer | FieldType::Decimal if !of_texts => {
            let number = bounding(reader, pointer, value)?;
            Ok(Some(number.normalise().to_string()))
        }
        FieldType::Date | FieldType::Timestamp | FieldType::Time
            if of_texts || value.is_string() =>
        {
            let spelling = Spelling::of(kind);
            let text = value.as_str().filter(|text| spelling.read(text).is_some());
            let text = text.ok_or_else(|| bad(pointer, spelling.example(), value))?;
            Ok(Some(text.to_owned()))
        }
        FieldType::String
        | FieldType::Integer
        | FieldType::Decimal
        | FieldType::Boolean
        | FieldType::Date
        | FieldType::Timestamp
        | FieldType::Time => Ok(None),
    }
}

/// The exact bound; says what helps where it is `true`, as draft 4 wrote it.
fn bounding(reader: &Reader<'_>, pointer: &str, value: &Value) -> Result<Decimal, TargetError> {
    if value.is_boolean() {
        return Err(TargetError::BadKeyword {
            pointer: pointer.to_owned(),
            expected: "a number".to_owned(),
            found: described(value),
            fix: Some(
                "write the bound itself, as since draft 6: \"exclusiveMinimum\": 0 instead of \
                 \"minimum\": 0 with `true`",
            ),
        });
    }
    reader.exact(pointer, value)
}

/// `multipleOf` and `x-scale`.
fn step(
    reader: &mut Reader<'_>,
    field: &mut Field,
    keyword: &str,
    pointer: &str,
    value: &Value,
) -> Result<bool, TargetError> {
    if !matches!(field.kind, FieldType::Integer | FieldType::Decimal) {
        return Ok(false);
    }
    let scale = if keyword == "x-scale" {
        let scale = u32::try_from(reader.count_at(pointer, value)?).ok();
        let scale = scale.filter(|scale| *scale <= MAX_DIGITS);
        scale.ok_or_else(|| bad(pointer, "a number of digits from 0 to 38", value))?
    } else {
        let number = reader.exact(pointer, value)?.normalise();
        if number <= Decimal::ZERO {
            return Err(bad(pointer, "a number above 0", value));
        }
        if number.digits() != 1 {
            push(field, Constraint::MultipleOf(number.to_string()));
            return Ok(true);
        }
        number.scale()
    };
    if field.kind == FieldType::Integer {
        // Every whole number is a multiple of 1, 0.1, ..; digits behind the mark it never has.
        if keyword == "x-scale" && scale > 0 {
            reader.list(
                pointer.to_owned(),
                keyword,
                "an integer has no digits behind the mark",
            );
        }
        return Ok(true);
    }
    if field.scale().is_some_and(|other| other != scale) {
        let what = "the number of digits behind the mark is said twice".to_owned();
        return Err(TargetError::Contradiction {
            pointer: pointer.to_owned(),
            what,
        });
    }
    push(field, Constraint::Scale(scale));
    Ok(true)
}

fn format(
    reader: &mut Reader<'_>,
    field: &mut Field,
    pointer: &str,
    value: &Value,
) -> Result<bool, TargetError> {
    let name = value
        .as_str()
        .ok_or_else(|| bad(pointer, "a text", value))?;
    if field.kind == FieldType::String && FORMATS.contains(&name) {
        push(field, Constraint::Format(name.to_owned()));
    } else if dated(name) != Some(field.kind) {
        reader.list(
            pointer.to_owned(),
            "format",
            format!("the format `{name}` is not checked"),
        );
    }
    Ok(true)
}

fn aliases(field: &mut Field, pointer: &str, value: &Value) -> Result<bool, TargetError> {
    let wrong = || bad(pointer, "a name or a list of names", value);
    let names: Vec<&str> = match value {
        Value::String(name) => vec![name],
        Value::Array(names) => names
            .iter()
            .map(Value::as_str)
            .collect::<Option<_>>()
            .ok_or_else(wrong)?,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => return Err(wrong()),
    };
    for name in names {
        if !field.aliases.iter().any(|known| known == name) {
            field.aliases.push(name.to_owned());
        }
    }
    Ok(true)
}

/// A value of the schema in the target's spelling; `None` where it is not of the type.
fn spelt(reader: &Reader<'_>, kind: FieldType, pointer: &str, value: &Value) -> Option<String> {
    match (kind, value) {
        (FieldType::Integer, Value::Number(_)) => {
            Some(reader.exact(pointer, value).ok()?.rescale(0)?.to_string())
        }
        (FieldType::Decimal, Value::Number(_)) => {
            Some(reader.exact(pointer, value).ok()?.to_string())
        }
        (FieldType::Boolean, Value::Bool(value)) => Some(value.to_string()),
        (
            FieldType::String | FieldType::Date | FieldType::Timestamp | FieldType::Time,
            Value::String(text),
        ) => Spelling::of(kind).read(text).map(|_| text.clone()),
        (
            FieldType::String
            | FieldType::Integer
            | FieldType::Decimal
            | FieldType::Boolean
            | FieldType::Date
            | FieldType::Timestamp
            | FieldType::Time,
            _,
        ) => None,
    }
}

fn label(reader: &Reader<'_>, kind: FieldType, choice: &Choice<'_>) -> Result<Label, TargetError> {
    let Choice {
        pointer,
        value,
        about,
    } = choice;
    let spelling = spelt(reader, kind, pointer, value);
    let value = spelling.ok_or_else(|| bad(pointer, Spelling::of(kind).example(), value))?;
    let word = |key: &str| {
        about
            .and_then(|map| map.get(key)?.as_str())
            .map(str::to_owned)
    };
    Ok(Label {
        value,
        label: word("title"),
        description: word("description"),
    })
}

/// The values of `examples` (and the `example` of `OpenAPI`) that are of one piece.
fn sample(reader: &Reader<'_>, node: &Node<'_>) -> Vec<String> {
    let mut sample: Vec<String> = Vec::new();
    let lists = node
        .all("examples")
        .filter_map(|(at, value)| Some((at, value.as_array()?)));
    let of_lists = lists.flat_map(|(at, list)| {
        list.iter()
            .enumerate()
            .map(move |(index, v)| (join(&at, &index.to_string()), v))
    });
    for (pointer, value) in of_lists.chain(node.all("example")) {
        let text = match value {
            Value::String(text) => Some(text.clone()),
            Value::Bool(value) => Some(value.to_string()),
            Value::Number(_) => reader.document.number(&pointer).map(str::to_owned),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        };
        sample.extend(text.filter(|text| !sample.contains(text)));
    }
    sample.truncate(MAX_SAMPLE);
    sample
}

/// Takes the default if it is one: of the field's type and within its own constraints.
fn default(reader: &mut Reader<'_>, node: &Node<'_>, field: &mut Field) -> Result<(), TargetError> {
    let Some((pointer, value)) = node.all("default").next() else {
        return Ok(());
    };
    if value.is_null() {
        return Ok(());
    }
    let spelling = Spelling::of(field.kind);
    let Some(text) = spelt(reader, field.kind, &pointer, value) else {
        let why = format!(
            "it is not {}, so it is no value of the field",
            spelling.example()
        );
        reader.list(pointer, "default", why);
        return Ok(());
    };
    let mut broken = Vec::new();
    if let (Ok(checks), Some(cell)) = (validation::compile(field), spelling.read(&text)) {
        checks.check(&cell, &mut broken);
    }
    match broken.first() {
        Some(first) => {
            let why = format!("it breaks the field's own `{}`", first.rule);
            reader.list(pointer, "default", why);
        }
        None => field.default = Some(text),
    }
    Ok(())
}
