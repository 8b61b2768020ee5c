//! YAML text from a JSON value: block style, every text in double quotes, numbers and booleans
//! plain, keys in the value's order. A small emitter of our own, so that the same mapping is the
//! same bytes with every version of every library.

use std::fmt::Write as _;

use serde_json::{Map, Value};

/// Longest line up to which a list or a small block is written in one line.
const LINE: usize = 100;

/// Collects the text of one document.
#[derive(Debug, Default)]
pub(crate) struct Emitter {
    out: String,
}

impl Emitter {
    /// A comment of one line, at an indent. Everything that could end the line is escaped.
    pub(crate) fn comment(&mut self, indent: usize, text: &str) {
        let mut safe = String::with_capacity(text.len());
        for c in text.chars() {
            if is_unsafe(c) {
                safe.extend(c.escape_unicode())
            } else {
                safe.push(c)
            }
        }
        self.line(indent, &format!("# {safe}"));
    }

    /// An empty line.
    pub(crate) fn blank(&mut self) {
        self.out.push('\n');
    }

    /// A key of the document with its value.
    pub(crate) fn entry(&mut self, name: &str, value: &Value) {
        self.after_key(0, &format!("{}:", key(name)), value, Fold::Never);
    }

    /// A key of the document with a list of blocks, each with the comment that stands above it.
    pub(crate) fn blocks(
        &mut self,
        name: &str,
        items: &[Value],
        comment: impl Fn(usize) -> Option<String>,
    ) {
        if items.is_empty() {
            self.line(0, &format!("{}: []", key(name)));
            return;
        }
        self.line(0, &format!("{}:", key(name)));
        for (index, item) in items.iter().enumerate() {
            if let Some(text) = comment(index) {
                self.comment(2, &text);
            }
            self.item(2, item, Fold::Never);
        }
    }

    /// The text.
    pub(crate) fn finish(self) -> String {
        self.out
    }

    fn line(&mut self, indent: usize, text: &str) {
        self.out.extend(std::iter::repeat_n(' ', indent));
        self.out.push_str(text);
        self.out.push('\n');
    }

    fn after_key(&mut self, indent: usize, head: &str, value: &Value, fold: Fold) {
        if let Some(text) = in_one_line(value, indent + head.chars().count() + 1, fold) {
            self.line(indent, &format!("{head} {text}"));
            return;
        }
        self.line(indent, head);
        match value {
            Value::Object(map) => self.block(indent + 2, map),
            Value::Array(items) => {
                for item in items {
                    self.item(indent + 2, item, Fold::WhenShort);
                }
            }
            // Scalars always fit into one line.
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    fn block(&mut self, indent: usize, map: &Map<String, Value>) {
        for (name, value) in map {
            self.after_key(indent, &format!("{}:", key(name)), value, Fold::WhenShort);
        }
    }

    fn item(&mut self, indent: usize, item: &Value, fold: Fold) {
        // A block with one key reads better without braces: `- date: {..}`.
        let single = item.as_object().is_some_and(|map| map.len() == 1);
        if let Some(text) = in_one_line(item, indent + 2, fold).filter(|_| !single) {
            self.line(indent, &format!("- {text}"));
            return;
        }
        match item {
            Value::Object(map) => {
                for (index, (name, value)) in map.iter().enumerate() {
                    let dash = if index == 0 { "- " } else { "  " };
                    // The dash counts as indent for what stands under the key.
                    let head = format!("{dash}{}:", key(name));
                    self.after_dash(indent, &head, value);
                }
            }
            Value::Array(items) => {
                self.line(indent, "-");
                for item in items {
                    self.item(indent + 2, item, Fold::WhenShort);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    fn after_dash(&mut self, indent: usize, head: &str, value: &Value) {
        if let Some(text) = in_one_line(value, indent + head.chars().count() + 1, Fold::WhenShort) {
            self.line(indent, &format!("{head} {text}"));
            return;
        }
        self.line(indent, head);
        match value {
            Value::Object(map) => self.block(indent + 4, map),
            Value::Array(items) => {
                for item in items {
                    self.item(indent + 4, item, Fold::WhenShort);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}

/// Whether a block may stand in one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fold {
    /// If it has no lists of blocks in it and the line is short.
    WhenShort,
    /// Only scalars and what is empty.
    Never,
}

fn in_one_line(value: &Value, column: usize, fold: Fold) -> Option<String> {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Some(flow(value)),
        Value::Array(items) if items.is_empty() => Some("[]".to_owned()),
        Value::Object(map) if map.is_empty() => Some("{}".to_owned()),
        Value::Array(_) | Value::Object(_) => {
            let short = fold == Fold::WhenShort && is_flat(value);
            let text = short.then(|| flow(value))?;
            (column + text.chars().count() <= LINE).then_some(text)
        }
    }
}

/// A list of scalars, or a block of scalars, of such lists and of such blocks.
fn is_flat(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
        Value::Array(items) => items
            .iter()
            .all(|item| !item.is_array() && !item.is_object()),
        Value::Object(map) => map.values().all(is_flat),
    }
}

fn flow(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(value) => value.to_string(),
        Value::String(text) => quoted(text),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(flow).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(map) => {
            let entries: Vec<String> = map
                .iter()
                .map(|(name, value)| format!("{}: {}", key(name), flow(value)))
                .collect();
            format!("{{{}}}", entries.join(", "))
        }
    }
}

/// A key: plain where every YAML version reads it as a text, else quoted.
fn key(name: &str) -> String {
    const READ_AS_OTHER: [&str; 10] = [
        "true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan",
    ];
    let plain = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        && !READ_AS_OTHER.contains(&name);
    if plain { name.to_owned() } else { quoted(name) }
}

/// A double-quoted scalar (YAML 1.2.2, 7.3.1) with the escapes that JSON and YAML share; what is
/// not printable, what ends a line and what turns the direction of writing is escaped.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if is_unsafe(c) => {
                let code = u32::from(c);
                // `\U` with eight digits is YAML's own; JSON has no single escape for these.
                let escape = if code > 0xFFFF {
                    write!(out, "\\U{code:08X}")
                } else {
                    write!(out, "\\u{code:04X}")
                };
                debug_assert!(escape.is_ok(), "a String takes every text");
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Characters that are not written as they are: control characters, line and paragraph separators,
/// the byte order mark, marks that turn the direction of writing, and noncharacters.
pub(crate) fn is_unsafe(c: char) -> bool {
    let code = u32::from(c);
    c.is_control()
        || matches!(code, 0x200B..=0x200F | 0x2028..=0x202E | 0x2060..=0x2069 | 0xFEFF | 0xFDD0..=0xFDEF)
        || code & 0xFFFE == 0xFFFE
        || matches!(code, 0xE0000..=0xE007F | 0xE000..=0xF8FF)
}
