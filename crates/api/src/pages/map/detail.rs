//! What an open row shows: evidence, other sources, values, reasons to leave a field out. Pure.

use aimapper_core::mapping::{
    MappedValue, Mapping, OnUnseen, Question, Rule, RuleState, unseen_in_words,
};
use aimapper_core::profile::{ColumnProfile, ValueCount};
use aimapper_core::target::{Constraint, Field};

use super::view::Mark;
use crate::pages::figures::{number, share, visible};
use crate::profile::SourceProfile;

/// Reasons for leaving a field out, and whether they say that the source has nothing for it.
pub(crate) const REASONS: [(&str, &str, bool); 4] = [
    ("absent", "the source does not have it", true),
    ("later", "it is filled in later, elsewhere", false),
    ("unneeded", "it is not needed here", false),
    (
        "unreliable",
        "the source's values cannot be relied on",
        false,
    ),
];

/// What belongs to an open row.
#[derive(Debug)]
pub(crate) struct Detail {
    /// The question, if the mapping cannot run without an answer.
    pub question: Option<String>,
    /// What speaks for the rule and against it, the strongest first.
    pub evidence: Vec<EvidenceLine>,
    /// What decisions about other fields made of the confidence.
    pub learnt: Option<String>,
    /// Other sources, the likeliest first; the keys 1 to 9 take them.
    pub alternatives: Vec<Alternative>,
    /// All columns of the source.
    pub columns: Vec<ColumnChoice>,
    /// The value map.
    pub values: Vec<ValueLine>,
    /// What a value may become; empty where any text will do.
    pub labels: Vec<LabelChoice>,
    /// Answers to unseen values.
    pub unseen: Vec<UnseenChoice>,
    /// Conditions on the field's values, in words.
    pub conditions: Vec<String>,
    /// A person's words.
    pub note: String,
    /// What was typed as the value for all rows, where that was refused.
    pub constant: String,
    /// What was chosen as the second column, likewise.
    pub second: Option<usize>,
    /// The reason that was chosen for leaving it out, likewise.
    pub reason: String,
    /// The words for that, likewise.
    pub why: String,
    /// `by mira on 2026-11-24 10:30`.
    pub signed: Option<String>,
    /// Whether the field may be left out.
    pub may_be_left_out: bool,
    /// Whether a proposal can be refused.
    pub refusable: bool,
    /// Whether there is something to accept.
    pub acceptable: bool,
}

/// A piece of evidence.
#[derive(Debug, Clone)]
pub(crate) struct EvidenceLine {
    /// The sentence.
    pub text: String,
    /// `for` or `against`.
    pub side: &'static str,
    /// How much, 0 to 10.
    pub strength: u8,
}

/// Another source.
#[derive(Debug, Clone)]
pub(crate) struct Alternative {
    /// Its position among the alternatives.
    pub index: usize,
    /// The key that takes it, if it is among the first nine.
    pub key: Option<usize>,
    /// Its columns.
    pub columns: String,
    /// Estimate.
    pub mark: Mark,
    /// A few values.
    pub values: String,
}

/// A column that can be picked.
#[derive(Debug, Clone)]
pub(crate) struct ColumnChoice {
    /// Its position in the source.
    pub index: usize,
    /// Its name.
    pub name: String,
    /// A value of it.
    pub example: String,
    /// Whether the rule reads it first.
    pub current: bool,
}

/// A value of the source and what it becomes.
#[derive(Debug, Clone)]
pub(crate) struct ValueLine {
    /// Its name in the form.
    pub name: String,
    /// Whether the map lists it.
    pub listed: bool,
    /// As it stands in the source.
    pub from: String,
    /// Rows that hold it.
    pub rows: String,
    /// Their share.
    pub share: String,
    /// What it becomes; `None` is no value.
    pub to: Option<String>,
    /// How far to trust it.
    pub mark: Mark,
}

/// A value of the target.
#[derive(Debug, Clone)]
pub(crate) struct LabelChoice {
    /// The value.
    pub value: String,
    /// What people call it.
    pub label: String,
}

/// What can happen to values that the map does not list.
#[derive(Debug, Clone)]
pub(crate) struct UnseenChoice {
    /// Its name in the form.
    pub name: &'static str,
    /// In words.
    pub words: String,
    /// Whether it is so now.
    pub current: bool,
}

pub(super) fn detail(
    rule: &Rule,
    field: &Field,
    mapping: &Mapping,
    profile: &SourceProfile,
    asked: Option<&Question>,
) -> Detail {
    Detail {
        question: asked.map(|question| visible(&question.text)),
        evidence: evidence(rule),
        learnt: learnt(rule),
        alternatives: alternatives(rule, profile),
        columns: columns(rule, mapping, profile),
        values: values(rule, field, profile),
        labels: labels(field),
        unseen: if rule.value_map.is_empty() {
            Vec::new()
        } else {
            unseen(&rule.on_unseen)
        },
        conditions: conditions(field),
        note: rule.note.clone().unwrap_or_default(),
        constant: String::new(),
        second: None,
        reason: String::new(),
        why: String::new(),
        signed: signed(rule),
        may_be_left_out: !field.required || field.nullable || field.default.is_some(),
        refusable: rule.is_live() && rule.has_origin(),
        acceptable: rule.is_live() && rule.has_origin() && rule.state == RuleState::Proposed,
    }
}

fn signed(rule: &Rule) -> Option<String> {
    let by = visible(rule.by.as_deref()?);
    Some(match &rule.at {
        Some(at) => {
            let minute: String = at.chars().take(16).collect();
            format!("by {by}, {} UTC", minute.replace('T', " "))
        }
        None => format!("by {by}"),
    })
}

fn evidence(rule: &Rule) -> Vec<EvidenceLine> {
    let mut all: Vec<_> = rule.evidence.iter().collect();
    all.sort_by(|a, b| b.weight.abs().total_cmp(&a.weight.abs()));
    let line = |one: &&aimapper_core::mapping::Evidence| EvidenceLine {
        text: visible(&one.text),
        side: if one.weight < 0.0 { "against" } else { "for" },
        strength: tenths(one.weight.abs()),
    };
    all.iter().map(line).collect()
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "0 to 10"
)]
fn tenths(weight: f64) -> u8 {
    (weight.clamp(0.0, 1.0) * 10.0).round() as u8
}

fn learnt(rule: &Rule) -> Option<String> {
    let before = rule.proposed.as_ref()?.confidence;
    let open = rule.state == RuleState::Proposed && !rule.sources.is_empty();
    let now = rule.confidence;
    (open && (before - now).abs() >= 0.005)
        .then(|| format!("By what was decided about other fields, {before:.2} became {now:.2}."))
}

fn alternatives(rule: &Rule, profile: &SourceProfile) -> Vec<Alternative> {
    let one = |(index, other): (usize, &aimapper_core::mapping::SourceAlternative)| {
        let first = other.sources.first().and_then(|name| profile.column(name));
        Alternative {
            index,
            key: (index < 9).then_some(index + 1),
            columns: visible(&other.sources.join(" + ")),
            mark: Mark::of(other.confidence),
            values: first.map_or_else(String::new, |column| examples(&column.sample, 2)),
        }
    };
    rule.alternatives.iter().enumerate().map(one).collect()
}

fn examples(values: &[String], most: usize) -> String {
    let shown: Vec<String> = values
        .iter()
        .take(most)
        .map(|value| visible(value))
        .collect();
    shown.join(" · ")
}

fn columns(rule: &Rule, mapping: &Mapping, profile: &SourceProfile) -> Vec<ColumnChoice> {
    let choice =
        |(index, column): (usize, &aimapper_core::mapping::FingerprintColumn)| ColumnChoice {
            index,
            name: visible(&column.name),
            example: profile
                .column(&column.name)
                .map_or_else(String::new, |column| examples(&column.sample, 1)),
            current: rule.sources.first() == Some(&column.name),
        };
    mapping
        .source
        .columns
        .iter()
        .enumerate()
        .map(choice)
        .collect()
}

fn values(rule: &Rule, field: &Field, profile: &SourceProfile) -> Vec<ValueLine> {
    let first = rule.sources.first().and_then(|name| profile.column(name));
    let whole = first.map_or(0, |column| column.count - column.nulls.min(column.count));
    // A value that a person added has no rows in the map.
    let rows = |mapped: &MappedValue| {
        let counts = first.map_or(&[][..], ColumnProfile::listed).iter();
        let of_value = counts.filter(|count| count.value.trim() == mapped.from);
        mapped.rows.max(of_value.map(|count| count.rows).sum())
    };
    let line = |(index, value): (usize, &MappedValue)| ValueLine {
        name: format!("to.{index}"),
        listed: true,
        from: visible(&value.from),
        rows: number(rows(value)),
        share: share(rows(value), whole),
        to: value.to.clone(),
        mark: Mark::of(value.confidence),
    };
    let listed = rule.value_map.iter().enumerate().map(line);
    let open = unlisted(rule, field, profile)
        .into_iter()
        .map(|(index, value)| ValueLine {
            name: format!("new.{index}"),
            listed: false,
            from: visible(&value.value),
            rows: number(value.rows),
            share: share(value.rows, whole),
            // What is a label as it stands is most likely meant so.
            to: field
                .labels()
                .unwrap_or_default()
                .iter()
                .find(|label| label.value == value.value.trim())
                .map(|label| label.value.clone()),
            mark: Mark::open(),
        });
    listed.chain(open).collect()
}

/// Values of the column that the map does not list, each with its place among those whose rows are known.
/// Without a map these are the values that have to be mapped: those of a field with labels, unless all of
/// them are labels.
pub(super) fn unlisted<'p>(
    rule: &Rule,
    field: &Field,
    profile: &'p SourceProfile,
) -> Vec<(usize, &'p ValueCount)> {
    let column = rule.sources.first().and_then(|name| profile.column(name));
    let Some(column) = column else {
        return Vec::new();
    };
    let labels = field.labels().unwrap_or_default();
    let is_label = |value: &str| labels.iter().any(|label| label.value == value.trim());
    let is_mapped = !rule.value_map.is_empty();
    let values = column.listed();
    if !is_mapped && (labels.is_empty() || values.iter().all(|value| is_label(&value.value))) {
        return Vec::new();
    }
    let is_listed = |value: &str| {
        rule.value_map
            .iter()
            .any(|known| known.from == value.trim())
    };
    let open = values.iter().enumerate();
    open.filter(|(_, value)| !is_listed(&value.value)).collect()
}

fn labels(field: &Field) -> Vec<LabelChoice> {
    let label = |label: &aimapper_core::target::Label| LabelChoice {
        value: label.value.clone(),
        label: match &label.label {
            Some(name) => format!("{} ({})", visible(name), visible(&label.value)),
            None => visible(&label.value),
        },
    };
    field
        .labels()
        .unwrap_or_default()
        .iter()
        .map(label)
        .collect()
}

fn unseen(now: &OnUnseen) -> Vec<UnseenChoice> {
    let all = [
        ("reject", OnUnseen::Reject),
        ("null", OnUnseen::Null),
        ("keep", OnUnseen::Keep),
    ];
    let mut choices: Vec<UnseenChoice> = all
        .into_iter()
        .map(|(name, choice)| UnseenChoice {
            name,
            words: unseen_in_words(&choice),
            current: choice == *now,
        })
        .collect();
    if let OnUnseen::Value(_) = now {
        choices.push(UnseenChoice {
            name: "same",
            words: visible(&unseen_in_words(now)),
            current: true,
        });
    }
    choices
}

/// Conditions on a field's values, in words.
pub(crate) fn conditions(field: &Field) -> Vec<String> {
    field.constraints.iter().filter_map(condition).collect()
}

/// A condition in words; those of the enumeration stand at the values.
fn condition(constraint: &Constraint) -> Option<String> {
    Some(match constraint {
        Constraint::Enum(labels) => format!("one of {} values", labels.len()),
        Constraint::Minimum(bound) => format!("at least {bound}"),
        Constraint::ExclusiveMinimum(bound) => format!("more than {bound}"),
        Constraint::Maximum(bound) => format!("at most {bound}"),
        Constraint::ExclusiveMaximum(bound) => format!("less than {bound}"),
        Constraint::MultipleOf(step) => format!("a multiple of {step}"),
        Constraint::Scale(digits) => format!("{digits} digits behind the point"),
        Constraint::MinLength(1) => return None,
        Constraint::MinLength(least) => format!("at least {least} characters"),
        Constraint::MaxLength(most) => format!("at most {most} characters"),
        Constraint::Pattern(pattern) => format!("matches {}", visible(pattern)),
        Constraint::Format(format) => format!("a valid {}", visible(format)),
        Constraint::Unique => "no two rows alike".to_owned(),
    })
}
