//! Whether a mapping is valid for its target, and whether a source has the columns that it needs.
//! Finds everything that is wrong, not only the first thing; changes nothing.

mod columns;
mod steps;

use std::collections::{BTreeMap, BTreeSet};

pub use columns::{ColumnCheck, MissingColumn, check_columns};
pub(crate) use steps::why_no_time;

use super::{FORMAT_VERSION, Mapping, OnUnseen, Rule, RuleState, Step};
use crate::error::nearest_names;
use crate::target::{Field, Label};
use crate::validation::Spelling;

/// Something that is wrong with a mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where, e.g. `rules[3].transform[0]`; [`super::line_of`] finds its line in the file.
    pub path: String,
    /// What is wrong, lowercase, without a full stop.
    pub message: String,
    /// What to do about it.
    pub hint: String,
}

impl Problem {
    fn new(path: impl Into<String>, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            message: message.into(),
            hint: hint.into(),
        }
    }
}

/// Everything that is wrong with a mapping as far as it can be seen without a source; empty = valid.
///
/// What is only undecided (a field without a proposal) is not wrong: see
/// [`super::open_questions`].
#[must_use]
pub fn check(mapping: &Mapping) -> Vec<Problem> {
    let mut found = Vec::new();
    check_head(mapping, &mut found);
    check_cover(mapping, &mut found);
    for (index, rule) in mapping.rules.iter().enumerate() {
        let path = format!("rules[{index}]");
        match mapping
            .target
            .fields
            .iter()
            .find(|field| field.name == rule.field)
        {
            Some(field) => check_rule(rule, field, &path, &mut found),
            None => found.push(unknown_field(mapping, rule, &path)),
        }
    }
    found
}

/// Everything that is wrong with one rule of a field; `path` is where the rule stands.
pub(crate) fn check_rule(rule: &Rule, field: &Field, path: &str, found: &mut Vec<Problem>) {
    check_confidence(rule, path, found);
    check_why(rule, field, path, found);
    if rule.is_live() {
        check_sources(rule, path, found);
        steps::check_steps(rule, path, found);
        check_values(rule, field, path, found);
    }
}

fn check_head(mapping: &Mapping, found: &mut Vec<Problem>) {
    if mapping.version != FORMAT_VERSION {
        found.push(Problem::new(
            "version",
            format!(
                "version {} of the mapping format is not known here",
                mapping.version
            ),
            format!("this program reads version {FORMAT_VERSION}"),
        ));
    }
    let hash = crate::target::sha256(&mapping.target);
    if mapping.target_sha256 != hash {
        found.push(Problem::new(
            "target_sha256",
            "the target was changed after the mapping was made",
            format!(
                "make the mapping anew for the changed schema with `aimapper map`, or, if the \
                 change is meant, write target_sha256: \"{hash}\""
            ),
        ));
    }
}

fn check_cover(mapping: &Mapping, found: &mut Vec<Problem>) {
    let mut first = BTreeMap::new();
    for (index, rule) in mapping.rules.iter().enumerate() {
        match first.get(rule.field.as_str()) {
            None => {
                first.insert(rule.field.as_str(), index);
            }
            Some(before) => found.push(Problem::new(
                format!("rules[{index}].field"),
                format!("the field {:?} has a second rule", rule.field),
                format!("keep this one or rules[{before}]"),
            )),
        }
    }
    for field in &mapping.target.fields {
        if !first.contains_key(field.name.as_str()) {
            found.push(Problem::new(
                "rules",
                format!("the field {:?} has no rule", field.name),
                "add one; a field that stays empty has state: \"absent\" with a why",
            ));
        }
    }
}

fn unknown_field(mapping: &Mapping, rule: &Rule, path: &str) -> Problem {
    let names = mapping
        .target
        .fields
        .iter()
        .map(|field| field.name.as_str());
    Problem::new(
        format!("{path}.field"),
        format!("the target has no field {:?}", rule.field),
        did_you_mean(
            &rule.field,
            names,
            "take the rule out, or name a field of the target",
        ),
    )
}

/// A hint with the nearest known names, or the general advice where none is near.
pub(crate) fn did_you_mean<'a>(
    name: &str,
    known: impl IntoIterator<Item = &'a str>,
    otherwise: &str,
) -> String {
    let nearest: Vec<String> = nearest_names(name, known)
        .iter()
        .map(|name| format!("{name:?}"))
        .collect();
    if nearest.is_empty() {
        otherwise.to_owned()
    } else {
        format!("did you mean {}? else {otherwise}", nearest.join(" or "))
    }
}

fn check_confidence(rule: &Rule, path: &str, found: &mut Vec<Problem>) {
    let mut test = |at: String, value: f64| {
        if !(0.0..=1.0).contains(&value) {
            found.push(Problem::new(
                at,
                format!("the confidence {value} is not a probability"),
                "write a number from 0 to 1",
            ));
        }
    };
    test(format!("{path}.confidence"), rule.confidence);
    for (index, value) in rule.value_map.iter().enumerate() {
        test(
            format!("{path}.value_map[{index}].confidence"),
            value.confidence,
        );
    }
    for (index, other) in rule.alternatives.iter().enumerate() {
        test(
            format!("{path}.alternatives[{index}].confidence"),
            other.confidence,
        );
    }
}

fn check_why(rule: &Rule, field: &Field, path: &str, found: &mut Vec<Problem>) {
    if !matches!(rule.state, RuleState::Ignored | RuleState::Absent) {
        return;
    }
    let state = super::state_in_words(rule.state);
    if rule.why.as_deref().is_none_or(|why| why.trim().is_empty()) {
        found.push(Problem::new(
            format!("{path}.why"),
            format!("the field is {state} without a reason"),
            "write why: \"..\"",
        ));
    }
    if field.required && !field.nullable && field.default.is_none() {
        found.push(Problem::new(
            format!("{path}.state"),
            format!(
                "the required field {:?} is {state}: every row would be rejected",
                field.name
            ),
            "choose a source or a constant for it, or make it optional in the target",
        ));
    }
}

fn check_sources(rule: &Rule, path: &str, found: &mut Vec<Problem>) {
    let mut seen = BTreeSet::new();
    for (index, source) in rule.sources.iter().enumerate() {
        if !seen.insert(source) {
            found.push(Problem::new(
                format!("{path}.sources[{index}]"),
                format!("the column {source:?} is named twice"),
                "name it once",
            ));
        }
    }
    let at = format!("{path}.sources");
    let first = rule.transform.first();
    if matches!(first, Some(Step::Constant(_))) {
        if !rule.sources.is_empty() {
            let hint = "take the sources out, or the constant";
            found.push(Problem::new(at, "a constant takes no source", hint));
        }
        return;
    }
    if rule.sources.is_empty() {
        let decided = matches!(rule.state, RuleState::Accepted | RuleState::Edited);
        if decided || first.is_some() {
            found.push(Problem::new(
                at,
                "the rule has no source",
                "name a column, or begin the transform with `constant`",
            ));
        }
        return;
    }
    let takes_all = matches!(first, Some(Step::Concat { .. } | Step::Coalesce));
    for source in rule.sources.iter().skip(1) {
        if !takes_all && !steps::uses_column(&rule.transform, source) {
            found.push(Problem::new(
                at.clone(),
                format!("no step uses the column {source:?}"),
                "begin with `concat` or `coalesce`, or take the column out",
            ));
        }
    }
}

fn check_values(rule: &Rule, field: &Field, path: &str, found: &mut Vec<Problem>) {
    let mut seen = BTreeSet::new();
    for (index, value) in rule.value_map.iter().enumerate() {
        let at = format!("{path}.value_map[{index}]");
        if !seen.insert(value.from.as_str()) {
            found.push(Problem::new(
                format!("{at}.from"),
                format!("the value {:?} is listed twice", value.from),
                "keep one of the two",
            ));
        }
        if let Some(to) = &value.to {
            check_label(to, field, &format!("{at}.to"), found);
        }
    }
    if let OnUnseen::Value(value) = &rule.on_unseen {
        check_label(value, field, &format!("{path}.on_unseen.value"), found);
    }
    // Steps behind it make something else of it.
    if let ([Step::Constant(value)], true) = (rule.transform.as_slice(), rule.value_map.is_empty())
    {
        check_label(
            value,
            field,
            &format!("{path}.transform[0].constant"),
            found,
        );
    }
}

fn check_label(value: &str, field: &Field, path: &str, found: &mut Vec<Problem>) {
    found.extend(label_problem(value, field, path));
}

/// What is wrong with a value that is to be the field's: it is none of its enumeration, or not of its type.
pub(crate) fn label_problem(value: &str, field: &Field, path: &str) -> Option<Problem> {
    let Some(labels): Option<&[Label]> = field.labels() else {
        let spelling = Spelling::of(field.kind);
        return spelling.read(value).is_none().then(|| {
            Problem::new(
                path,
                format!("{value:?} is no value of the field {:?}", field.name),
                format!("it takes {}", spelling.example()),
            )
        });
    };
    if labels.iter().any(|label| label.value == value) {
        return None;
    }
    let values: Vec<&str> = labels.iter().map(|label| label.value.as_str()).collect();
    let listed: Vec<&str> = values.iter().take(10).copied().collect();
    let more = if values.len() > listed.len() {
        ", .."
    } else {
        ""
    };
    let advice = format!("{:?} takes {}{more}", field.name, listed.join(", "));
    Some(Problem::new(
        path,
        format!("{value:?} is no value of the field {:?}", field.name),
        did_you_mean(value, values, &advice),
    ))
}

#[cfg(test)]
mod tests;
