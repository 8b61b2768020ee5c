//! Edits: what a person does to a mapping, whether by page, REST or command. Each is a pure
//! function from mapping to mapping; who and when arrive as arguments. An edit that would make the
//! mapping invalid is refused, so a mapping never gets worse by it.

mod readings;

pub(crate) use readings::in_order;
pub use readings::why_no_reading;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::check::{Problem, check_rule, did_you_mean, label_problem};
use super::learn::learn;
use super::{
    MappedValue, Mapping, OnError, OnUnseen, Rule, RuleState, SourceAlternative, Step, UnusedColumn,
};
use crate::error::{ErrorKind, Explain};
use crate::source::What;
use crate::target::Field;

/// One thing that a person decides.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Edit {
    /// The rule is right as it stands, with its value map.
    Accept {
        /// The field.
        field: String,
    },
    /// The proposal is wrong; the field is open again.
    Reject {
        /// The field.
        field: String,
    },
    /// Other sources. Its steps and value map go with the old ones; several sources are joined with
    /// a blank until a [`Edit::SetTransform`] says otherwise.
    Choose {
        /// The field.
        field: String,
        /// Columns of the source.
        sources: Vec<String>,
    },
    /// Other steps. A constant takes the place of the sources.
    SetTransform {
        /// The field.
        field: String,
        /// Steps.
        transform: Vec<Step>,
    },
    /// What a value of the source becomes; adds the entry where there is none.
    SetValue {
        /// The field.
        field: String,
        /// Text in the source.
        from: String,
        /// Value in the target's spelling; `None` = no value.
        to: Option<String>,
    },
    /// What happens to values that the map does not list.
    SetUnseen {
        /// The field.
        field: String,
        /// The answer.
        on_unseen: OnUnseen,
    },
    /// What happens to values that a step refuses.
    SetOnError {
        /// The field.
        field: String,
        /// The answer.
        on_error: OnError,
    },
    /// The field is left out.
    Ignore {
        /// The field.
        field: String,
        /// Why.
        why: String,
    },
    /// The source has nothing for the field.
    Absent {
        /// The field.
        field: String,
        /// Why.
        why: String,
    },
    /// A person's words; empty takes them away.
    Note {
        /// The field.
        field: String,
        /// The words.
        text: String,
    },
    /// How the source is read. Steps that were made from the reading follow it.
    SetDecision {
        /// What it is about.
        what: What,
        /// The column; `None` for the whole source, or for all columns that have such a decision.
        #[serde(default)]
        column: Option<String>,
        /// The value, in the form of [`crate::source::Decision::value`].
        value: Value,
    },
}

/// An edit that cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// No such field, or no rule for it.
    #[error("the mapping has no field {field:?}")]
    UnknownField {
        /// What was named.
        field: String,
        /// What to do about it.
        hint: String,
    },
    /// No such column.
    #[error("the source has no column {column:?}")]
    UnknownColumn {
        /// What was named.
        column: String,
        /// What to do about it.
        hint: String,
    },
    /// There is nothing to accept.
    #[error("nothing is proposed for the field {0:?}")]
    NothingProposed(String),
    /// A choice without columns.
    #[error("no column was chosen for the field {0:?}")]
    NothingChosen(String),
    /// Leaving a field out needs a reason.
    #[error("the field {0:?} is left out without a reason")]
    NoReason(String),
    /// The reading decision has no such value.
    #[error("{} cannot be {value}", what.name())]
    NoSuchReading {
        /// What it is about.
        what: What,
        /// What was asked for.
        value: String,
        /// What it can be.
        hint: &'static str,
    },
    /// The mapping would not be valid.
    #[error("{}", problem.message)]
    Invalid {
        /// The first thing that would be wrong.
        problem: Problem,
    },
}

impl Explain for EditError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::UnknownField { .. } | Self::UnknownColumn { .. } => ErrorKind::NotFound,
            Self::NothingProposed(_)
            | Self::NothingChosen(_)
            | Self::NoReason(_)
            | Self::NoSuchReading { .. }
            | Self::Invalid { .. } => ErrorKind::Invalid,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::UnknownField { hint, .. } | Self::UnknownColumn { hint, .. } => hint.clone(),
            Self::NothingProposed(_) => {
                "choose its sources first, or ignore it with a reason".to_owned()
            }
            Self::NothingChosen(_) => "name at least one column".to_owned(),
            Self::NoReason(_) => "say why, e.g. \"the bank does not give it\"".to_owned(),
            Self::NoSuchReading { hint, .. } => (*hint).to_owned(),
            Self::Invalid { problem } => problem.hint.clone(),
        })
    }
}

/// The mapping after an edit by `by` at `at` (RFC 3339).
///
/// # Errors
/// If the field or column does not exist, or the mapping would be less valid than before.
pub fn apply(mapping: &Mapping, edit: &Edit, by: &str, at: &str) -> Result<Mapping, EditError> {
    let mut next = mapping.clone();
    let signed = Signature { by, at };
    match edit {
        Edit::SetDecision {
            what,
            column,
            value,
        } => {
            readings::set(&mut next, *what, column.as_deref(), value, by)?;
        }
        Edit::Accept { field } => edit_rule(&mut next, field, signed, |rule, _| {
            if !rule.has_origin() {
                return Err(EditError::NothingProposed(rule.field.clone()));
            }
            accept(rule);
            Ok(())
        })?,
        Edit::Reject { field } => edit_rule(&mut next, field, signed, |rule, _| {
            rule.state = RuleState::Rejected;
            Ok(())
        })?,
        Edit::Choose { field, sources } => {
            check_choice(mapping, field, sources)?;
            edit_rule(&mut next, field, signed, |rule, _| {
                choose(rule, sources);
                Ok(())
            })?;
        }
        Edit::SetTransform { field, transform } => {
            edit_rule(&mut next, field, signed, |rule, _| {
                set_transform(rule, transform);
                Ok(())
            })?
        }
        Edit::SetValue { field, from, to } => {
            edit_rule(&mut next, field, signed, |rule, field| {
                set_value(rule, field, from, to.as_deref())
            })?
        }
        Edit::SetUnseen { field, on_unseen } => edit_rule(&mut next, field, signed, |rule, _| {
            rule.on_unseen = on_unseen.clone();
            rule.by_hand = true;
            Ok(())
        })?,
        Edit::SetOnError { field, on_error } => edit_rule(&mut next, field, signed, |rule, _| {
            rule.on_error = *on_error;
            rule.by_hand = true;
            Ok(())
        })?,
        Edit::Ignore { field, why } => edit_rule(&mut next, field, signed, |rule, _| {
            leave_out(rule, RuleState::Ignored, why)
        })?,
        Edit::Absent { field, why } => edit_rule(&mut next, field, signed, |rule, _| {
            leave_out(rule, RuleState::Absent, why)
        })?,
        Edit::Note { field, text } => {
            let (index, _) = find(&next, field)?;
            if let Some(rule) = next.rules.get_mut(index) {
                rule.note = (!text.is_empty()).then(|| text.clone());
            }
        }
    }
    list_unused(&mut next);
    let Some(field) = judged_field(edit) else {
        return Ok(next);
    };
    let before = mapping.rules.iter().find(|rule| rule.field == field);
    let after = next.rules.iter_mut().find(|rule| rule.field == field);
    if let Some((before, after)) = before.zip(after) {
        after.judge(before);
    }
    Ok(learn(&next))
}

/// The field whose proposal a person judges by an edit: where its values come from, or that nothing
/// fills it.
fn judged_field(edit: &Edit) -> Option<&str> {
    match edit {
        Edit::Accept { field }
        | Edit::Reject { field }
        | Edit::Choose { field, .. }
        | Edit::SetTransform { field, .. }
        | Edit::Ignore { field, .. }
        | Edit::Absent { field, .. } => Some(field),
        Edit::SetValue { .. }
        | Edit::SetUnseen { .. }
        | Edit::SetOnError { .. }
        | Edit::Note { .. }
        | Edit::SetDecision { .. } => None,
    }
}

/// Accepts every proposal, value and reading whose confidence is at or above the bar, signed by
/// `by` (which should say that a bar accepted them, not a look). With an empty `at` no time is
/// noted, so that the same input gives the same file.
#[must_use]
pub fn accept_at(mapping: &Mapping, bar: f64, by: &str, at: &str) -> Mapping {
    let mut next = mapping.clone();
    for decision in &mut next.decisions {
        decision.sure |= decision.confidence >= bar;
    }
    for rule in &mut next.rules {
        let proposed = rule.state == RuleState::Proposed && rule.has_origin();
        if proposed && rule.confidence >= bar {
            rule.state = RuleState::Accepted;
            for value in rule
                .value_map
                .iter_mut()
                .filter(|value| value.confidence >= bar)
            {
                accept_value(value);
            }
            Signature { by, at }.sign(rule);
            rule.bar = Some(bar);
        }
    }
    next
}

#[derive(Clone, Copy)]
struct Signature<'a> {
    by: &'a str,
    at: &'a str,
}

impl Signature<'_> {
    fn sign(self, rule: &mut Rule) {
        rule.by = Some(self.by.to_owned());
        rule.at = (!self.at.is_empty()).then(|| self.at.to_owned());
    }
}

fn find<'a>(mapping: &'a Mapping, name: &str) -> Result<(usize, &'a Field), EditError> {
    let index = mapping.rules.iter().position(|rule| rule.field == name);
    let field = mapping
        .target
        .fields
        .iter()
        .find(|field| field.name == name);
    index.zip(field).ok_or_else(|| {
        let names = mapping
            .target
            .fields
            .iter()
            .map(|field| field.name.as_str());
        EditError::UnknownField {
            field: name.to_owned(),
            hint: did_you_mean(name, names, "name a field of the target"),
        }
    })
}

/// Changes one rule, signs it, and refuses what makes it less valid than it was.
fn edit_rule(
    mapping: &mut Mapping,
    name: &str,
    signed: Signature<'_>,
    change: impl FnOnce(&mut Rule, &Field) -> Result<(), EditError>,
) -> Result<(), EditError> {
    let (index, field) = find(mapping, name)?;
    let field = field.clone();
    let path = format!("rules[{index}]");
    let Some(rule) = mapping.rules.get_mut(index) else {
        return Ok(());
    };
    let mut before = Vec::new();
    check_rule(rule, &field, &path, &mut before);
    change(rule, &field)?;
    signed.sign(rule);
    let mut after = Vec::new();
    check_rule(rule, &field, &path, &mut after);
    match after.into_iter().find(|problem| !before.contains(problem)) {
        Some(problem) => Err(EditError::Invalid { problem }),
        None => Ok(()),
    }
}

fn accept(rule: &mut Rule) {
    rule.state = RuleState::Accepted;
    rule.value_map.iter_mut().for_each(accept_value);
    rule.why = None;
}

const fn accept_value(value: &mut MappedValue) {
    if matches!(value.state, RuleState::Proposed) {
        value.state = RuleState::Accepted;
    }
}

fn check_choice(mapping: &Mapping, field: &str, sources: &[String]) -> Result<(), EditError> {
    if sources.is_empty() {
        return Err(EditError::NothingChosen(field.to_owned()));
    }
    let names = || {
        mapping
            .source
            .columns
            .iter()
            .map(|column| column.name.as_str())
    };
    match sources
        .iter()
        .find(|source| names().all(|name| name != source.as_str()))
    {
        None => Ok(()),
        Some(column) => Err(EditError::UnknownColumn {
            column: column.clone(),
            hint: did_you_mean(column, names(), "name a column of the source"),
        }),
    }
}

fn choose(rule: &mut Rule, sources: &[String]) {
    if rule.sources != sources {
        keep_as_alternative(rule);
        rule.sources = sources.to_vec();
        rule.transform = match sources {
            [] | [_] => Vec::new(),
            _ => vec![Step::Concat {
                separator: " ".to_owned(),
            }],
        };
        rule.value_map.clear();
        rule.evidence.clear();
        rule.alternatives.retain(|other| other.sources != sources);
    }
    rule.state = RuleState::Edited;
    rule.by_hand = true;
    rule.confidence = 1.0;
    rule.why = None;
}

/// What the program proposed stays visible beside what a person chose.
fn keep_as_alternative(rule: &mut Rule) {
    let known = rule
        .alternatives
        .iter()
        .any(|other| other.sources == rule.sources);
    if rule.sources.is_empty() || known {
        return;
    }
    let at = rule
        .alternatives
        .partition_point(|other| other.confidence >= rule.confidence);
    let old = SourceAlternative {
        sources: rule.sources.clone(),
        confidence: rule.confidence,
    };
    rule.alternatives.insert(at, old);
}

fn set_transform(rule: &mut Rule, transform: &[Step]) {
    if matches!(transform.first(), Some(Step::Constant(_))) {
        keep_as_alternative(rule);
        rule.sources.clear();
        rule.value_map.clear();
        rule.evidence.clear();
        rule.why = None;
    }
    rule.transform = transform.to_vec();
    rule.by_hand = true;
    rule.state = RuleState::Edited;
    rule.confidence = 1.0;
}

fn set_value(
    rule: &mut Rule,
    field: &Field,
    from: &str,
    to: Option<&str>,
) -> Result<(), EditError> {
    if let Some(problem) = to.and_then(|to| label_problem(to, field, "value_map")) {
        return Err(EditError::Invalid { problem });
    }
    let to = to.map(str::to_owned);
    match rule.value_map.iter_mut().find(|value| value.from == from) {
        Some(value) => {
            value.to = to;
            value.confidence = 1.0;
            value.state = RuleState::Edited;
        }
        None => rule.value_map.push(MappedValue {
            from: from.to_owned(),
            to,
            confidence: 1.0,
            rows: 0,
            state: RuleState::Edited,
        }),
    }
    Ok(())
}

fn leave_out(rule: &mut Rule, state: RuleState, why: &str) -> Result<(), EditError> {
    if why.trim().is_empty() {
        return Err(EditError::NoReason(rule.field.clone()));
    }
    keep_as_alternative(rule);
    rule.sources.clear();
    rule.transform.clear();
    rule.value_map.clear();
    rule.evidence.clear();
    rule.state = state;
    rule.why = Some(why.to_owned());
    Ok(())
}

/// Columns that a rule uses now leave the list of unused ones; columns that none uses any more
/// join it, in the source's order at its end.
fn list_unused(mapping: &mut Mapping) {
    let is_used = |name: &str| {
        mapping
            .rules
            .iter()
            .any(|rule| rule.is_live() && rule.sources.iter().any(|source| source == name))
    };
    let mut unused = mapping.unused.clone();
    unused.retain(|column| !is_used(&column.column));
    for column in &mapping.source.columns {
        let listed = unused.iter().any(|known| known.column == column.name);
        if !listed && !is_used(&column.name) {
            unused.push(UnusedColumn {
                column: column.name.clone(),
                why: "no rule uses it".to_owned(),
            });
        }
    }
    mapping.unused = unused;
}

#[cfg(test)]
mod tests;
