//! NDJSON: one object per line, dotted fields nested again, keys in the target's order, numbers
//! with the digits that they have.
//!
//! A missing value is left out, or `null` where the target allows that. An object in which nothing
//! but such nulls would stand is left out too, unless one of its fields is required.

use super::csv::write_plain;
use super::error::WriteError;
use crate::transform::PlanField;
use crate::validation::Cell;

/// An object's members in their order.
#[derive(Debug, Default)]
pub(super) struct Object {
    members: Vec<Member>,
}

#[derive(Debug)]
struct Member {
    name: String,
    /// The name as a JSON string with its colon.
    key: Vec<u8>,
    value: Value,
}

#[derive(Debug)]
enum Value {
    Column { column: usize, on_null: OnNull },
    Object(Object),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OnNull {
    LeaveOut,
    /// `null`, which does not make its object worth writing.
    Write,
    /// `null`, which has to stand there.
    Required,
}

impl Object {
    /// The object of a plan's fields, `a.b` as member `b` of member `a`.
    ///
    /// # Errors
    /// [`WriteError::Nesting`] where a field is in the place of another's object.
    pub(super) fn nested(fields: &[PlanField]) -> Result<Self, WriteError> {
        let mut root = Self::default();
        for (column, field) in fields.iter().enumerate() {
            let on_null = match (field.nullable, field.required) {
                (false, _) => OnNull::LeaveOut,
                (true, false) => OnNull::Write,
                (true, true) => OnNull::Required,
            };
            let nesting = |other: String| {
                let field = field.name.clone();
                WriteError::Nesting { field, other }
            };
            root.insert(&field.name, "", Value::Column { column, on_null })
                .map_err(nesting)?;
        }
        Ok(root)
    }

    /// The object of columns whose names are keys as they are; nulls are written.
    pub(super) fn flat(names: &[String]) -> Self {
        let members = names.iter().enumerate().map(|(column, name)| {
            Member::new(
                name,
                Value::Column {
                    column,
                    on_null: OnNull::Write,
                },
            )
        });
        Self {
            members: members.collect(),
        }
    }

    /// Adds a value under a path; `prefix` is the path to this object. What stands in its place
    /// already is the error.
    fn insert(&mut self, path: &str, prefix: &str, value: Value) -> Result<(), String> {
        let (name, rest) = match path.split_once('.') {
            Some((name, rest)) => (name, Some(rest)),
            None => (path, None),
        };
        let place = format!("{prefix}{name}");
        let known = self.members.iter_mut().find(|member| member.name == name);
        match (known, rest) {
            (None, None) => {
                self.members.push(Member::new(name, value));
                Ok(())
            }
            (None, Some(rest)) => {
                let mut object = Self::default();
                object.insert(rest, &format!("{place}."), value)?;
                self.members.push(Member::new(name, Value::Object(object)));
                Ok(())
            }
            (
                Some(Member {
                    value: Value::Object(object),
                    ..
                }),
                Some(rest),
            ) => object.insert(rest, &format!("{place}."), value),
            (
                Some(Member {
                    value: Value::Object(_),
                    ..
                }),
                None,
            ) => Err(format!("{place}.*")),
            (
                Some(Member {
                    value: Value::Column { .. },
                    ..
                }),
                _,
            ) => Err(place),
        }
    }

    /// Writes one row as a line.
    pub(super) fn write_line<'c>(&self, out: &mut Vec<u8>, cell: &impl Fn(usize) -> Cell<'c>) {
        self.write(out, cell);
        out.push(b'\n');
    }

    /// Writes the object; whether anything that has to stand there is in it.
    fn write<'c>(&self, out: &mut Vec<u8>, cell: &impl Fn(usize) -> Cell<'c>) -> bool {
        let mut needed = false;
        out.push(b'{');
        let first = out.len();
        for member in &self.members {
            let before = out.len();
            if before > first {
                out.push(b',');
            }
            out.extend_from_slice(&member.key);
            let written = match &member.value {
                Value::Column { column, on_null } => {
                    let cell = cell(*column);
                    write_value(out, &cell);
                    let is_null = cell == Cell::Null;
                    needed |= !is_null || *on_null == OnNull::Required;
                    !is_null || *on_null != OnNull::LeaveOut
                }
                Value::Object(object) => {
                    let inner = object.write(out, cell);
                    needed |= inner;
                    inner
                }
            };
            if !written {
                out.truncate(before);
            }
        }
        out.push(b'}');
        needed
    }
}

impl Member {
    fn new(name: &str, value: Value) -> Self {
        let mut key = Vec::new();
        write_string(&mut key, name);
        key.push(b':');
        Self {
            name: name.to_owned(),
            key,
            value,
        }
    }
}

fn write_value(out: &mut Vec<u8>, cell: &Cell<'_>) {
    match cell {
        Cell::Text(text) => write_string(out, text),
        Cell::Null => out.extend_from_slice(b"null"),
        Cell::Integer(_) | Cell::Decimal(_) | Cell::Boolean(_) => write_plain(out, cell),
        Cell::Date(_) | Cell::Timestamp(_) | Cell::Time(_) => {
            out.push(b'"');
            write_plain(out, cell);
            out.push(b'"');
        }
    }
}

/// A JSON string. Neither text nor vector can make the serialiser fail.
fn write_string(out: &mut Vec<u8>, text: &str) {
    let _ = serde_json::to_writer(out, text);
}
