//! The mapping file: YAML that a person reads, changes and commits (docs/mapping.md). Written with
//! comments that say the same as the data; read back without loss.

pub(crate) mod decode;
mod emit;
mod node;

pub(crate) use self::emit::is_unsafe;

use serde_json::Value;

use self::decode::decode;
use self::emit::Emitter;
use self::node::{Node, NodeValue};
use super::words::{decision_question, sources_in_words};
use super::{Confidence, FORMAT_VERSION, Mapping, MappingError, Rule, RuleState};

/// The mapping as the text of a mapping file.
///
/// Every text is quoted, keys stand in the order of the types, and the comments are made from the
/// data. Confidences and weights have to be finite: JSON and this format have no other numbers.
#[must_use]
pub fn to_yaml(mapping: &Mapping) -> String {
    let mut out = Emitter::default();
    for line in head(mapping) {
        out.comment(0, &line);
    }
    // A mapping has no map with keys that are not texts, which is all that could fail here.
    let Ok(Value::Object(entries)) = serde_json::to_value(mapping) else {
        return String::new();
    };
    for (name, value) in &entries {
        match (name.as_str(), value) {
            ("decisions", Value::Array(items)) => {
                out.blank();
                out.blocks(name, items, |index| {
                    let decision = mapping.decisions.get(index)?;
                    (!decision.sure).then(|| format!("not sure: {}", decision_question(decision)))
                });
            }
            ("rules", Value::Array(items)) => {
                out.blank();
                out.blocks(name, items, |index| {
                    let rule = mapping.rules.get(index)?;
                    let field = mapping
                        .target
                        .fields
                        .iter()
                        .find(|field| field.name == rule.field);
                    Some(rule_comment(
                        rule,
                        field.is_some_and(|field| field.required),
                    ))
                });
            }
            ("source" | "target" | "unused", _) => {
                out.blank();
                out.entry(name, value);
            }
            _ => out.entry(name, value),
        }
    }
    out.finish()
}

fn head(mapping: &Mapping) -> [String; 5] {
    [
        format!(
            "AiMapper mapping: how {} becomes {}, one rule per target field.",
            mapping.source.file, mapping.target.name
        ),
        "Run it, on this file or on the next:  aimapper run --mapping FILE SOURCE".to_owned(),
        "Check it after an edit:               aimapper check FILE SOURCE".to_owned(),
        "To settle a rule write state: \"accepted\"; your own words go into note: \"..\"."
            .to_owned(),
        "Comments are written anew each time and carry nothing that the data do not say."
            .to_owned(),
    ]
}

/// Longest text of evidence in a comment, in characters.
const COMMENT: usize = 120;

fn rule_comment(rule: &Rule, required: bool) -> String {
    let from = format!("{} <- {}", rule.field, sources_in_words(rule));
    let mut text = match rule.state {
        RuleState::Ignored | RuleState::Absent => {
            format!(
                "{from}: {}",
                rule.why.as_deref().unwrap_or("no reason given")
            )
        }
        RuleState::Rejected => format!("open: {from}; what was proposed is rejected"),
        RuleState::Accepted => format!("accepted: {from}"),
        RuleState::Edited => format!("edited: {from}"),
        RuleState::Proposed => proposal_comment(rule, &from),
    };
    if required && matches!(rule.state, RuleState::Proposed | RuleState::Rejected) {
        let open = rule.state == RuleState::Rejected
            || Confidence::of(rule.confidence) != Confidence::Sure;
        if open {
            text.push_str(" [required: needs a decision]");
        }
    }
    text
}

fn proposal_comment(rule: &Rule, from: &str) -> String {
    let is_open = rule.sources.is_empty() && rule.transform.is_empty();
    let word = if is_open {
        Confidence::None
    } else {
        Confidence::of(rule.confidence)
    };
    let mut strongest: Vec<_> = rule.evidence.iter().collect();
    strongest.sort_by(|a, b| b.weight.abs().total_cmp(&a.weight.abs()));
    let texts: Vec<&str> = strongest
        .iter()
        .take(2)
        .map(|evidence| evidence.text.as_str())
        .collect();
    let evidence = shorten(&texts.join(" · "), COMMENT);
    let dash = if evidence.is_empty() { "" } else { ": " };
    if is_open {
        format!("{}: {from}{dash}{evidence}", word.word())
    } else {
        format!(
            "{} {:.2}: {from}{dash}{evidence}",
            word.word(),
            rule.confidence
        )
    }
}

fn shorten(text: &str, longest: usize) -> String {
    if text.chars().count() <= longest {
        return text.to_owned();
    }
    let kept: String = text.chars().take(longest).collect();
    format!("{kept}..")
}

/// Reads a mapping file; `file_name` is only for messages.
///
/// # Errors
/// With the line and the path of what is wrong: not YAML, another version of the format, unknown or
/// doubled keys, unknown words, values of the wrong kind. Whether the mapping fits its target is
/// asked of [`super::check`].
pub fn from_yaml(text: &str, file_name: &str) -> Result<Mapping, MappingError> {
    let root = parse(text, file_name)?;
    check_version(&root, file_name)?;
    decode(&root).map_err(|error| MappingError::content(file_name, &error))
}

fn parse(text: &str, file_name: &str) -> Result<Node, MappingError> {
    node::parse(text).map_err(|error| MappingError::Syntax {
        file: file_name.to_owned(),
        line: error.line,
        column: error.column,
        message: error.message,
    })
}

fn check_version(root: &Node, file_name: &str) -> Result<(), MappingError> {
    let Some(version) = root.get("version") else {
        return Ok(());
    };
    let found = match &version.value {
        NodeValue::Unsigned(number) if *number == u64::from(FORMAT_VERSION) => return Ok(()),
        NodeValue::Unsigned(number) => number.to_string(),
        NodeValue::Signed(number) => number.to_string(),
        NodeValue::Float(number) => number.to_string(),
        NodeValue::Text(text) => format!("{text:?}"),
        // The decoder says which kind of value is asked for.
        NodeValue::Null | NodeValue::Bool(_) | NodeValue::List(_) | NodeValue::Map(_) => {
            return Ok(());
        }
    };
    Err(MappingError::Version {
        file: file_name.to_owned(),
        line: version.line,
        found,
    })
}

/// The 1-based line of a path such as `rules[3].transform[0]` in a mapping file, so that what
/// [`super::check`] finds can be shown in the file. The nearest enclosing line where the path ends
/// in something that the file leaves out; `None` where the text is not YAML.
#[must_use]
pub fn line_of(text: &str, path: &str) -> Option<u64> {
    let root = node::parse(text).ok()?;
    let mut at = &root;
    for step in path.split('.') {
        let mut parts = step.split('[');
        let name = parts.next().unwrap_or_default();
        let Some(value) = at.get(name) else {
            break;
        };
        at = value;
        for index in parts {
            let index = index.trim_end_matches(']').parse().ok();
            let Some(item) = index.and_then(|index: usize| at.item(index)) else {
                return Some(at.line);
            };
            at = item;
        }
    }
    Some(at.line)
}

#[cfg(test)]
mod tests;
