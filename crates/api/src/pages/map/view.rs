//! What the Map page shows, built from a mapping and the profile of its source. Pure.

use aimapper_core::mapping::{
    Confidence, Mapping, Past, Question, Rule, RuleState, Step, Subject, open_questions,
    transform_in_words,
};
use aimapper_core::profile::ColumnProfile;
use aimapper_core::source::SURE_BAR;
use aimapper_core::target::{Field, FieldType};

use super::detail::{Detail, detail};
use super::preview::{Sample, samples};
use super::reading::{Chip, chips};
use crate::actions::runs::blockers;
use crate::pages::figures::{counted, visible};
use crate::profile::{ReadLine, SourceProfile};

/// The bar above which a proposal runs without a look.
pub(crate) const BAR: f64 = SURE_BAR;

/// Which rows are shown, and which one is open.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Look {
    /// The row that is open: the field's position in the target.
    pub open: Option<usize>,
    /// Only rows of this standing.
    pub show: Option<Standing>,
    /// Only rows whose field, columns or description hold this text.
    pub find: String,
}

/// Where a row stands, from the person's point of view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// A person has to look.
    Needed,
    /// It runs.
    Sure,
    /// A person left it out, or the source has nothing for it.
    LeftOut,
    /// Optional, and nothing was found: it stays empty.
    Empty,
}

impl Standing {
    /// All of them, as the queue lists them.
    pub(crate) const ALL: [Self; 4] = [Self::Needed, Self::Sure, Self::LeftOut, Self::Empty];

    /// The word in addresses and classes.
    #[must_use]
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Needed => "needed",
            Self::Sure => "sure",
            Self::LeftOut => "left-out",
            Self::Empty => "empty",
        }
    }

    /// The standing of this word.
    #[must_use]
    pub(crate) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.word() == word)
    }

    fn phrase(self, count: usize) -> String {
        match self {
            Self::Needed if count == 1 => "1 needs you".to_owned(),
            Self::Needed => format!("{count} need you"),
            Self::Sure => format!("{count} settled"),
            Self::LeftOut => format!("{count} left out"),
            Self::Empty if count == 1 => "1 stays empty".to_owned(),
            Self::Empty => format!("{count} stay empty"),
        }
    }
}

/// One entry of the queue line.
#[derive(Debug, Clone)]
pub(crate) struct QueueEntry {
    /// Word of the standing.
    pub word: &'static str,
    /// `7 need you`.
    pub phrase: String,
    /// Whether the rows are filtered by it.
    pub current: bool,
    /// How many there are.
    pub count: usize,
}

/// Confidence as word, icon and number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mark {
    /// Class and word of the level.
    pub class: &'static str,
    /// What it says.
    pub word: &'static str,
    /// One character that says the same.
    pub icon: &'static str,
    /// `0.84`, where the program's own estimate is meant.
    pub number: Option<String>,
}

impl Mark {
    pub(crate) fn of(probability: f64) -> Self {
        let level = Confidence::of(probability);
        Self {
            class: level.word(),
            word: level.word(),
            icon: level.icon(),
            number: Some(format!("{:.2}", floor(probability))),
        }
    }

    const fn plain(class: &'static str, word: &'static str, icon: &'static str) -> Self {
        Self {
            class,
            word,
            icon,
            number: None,
        }
    }

    /// Of what nobody has decided yet.
    pub(super) const fn open() -> Self {
        Self::plain("check", "open", "?")
    }

    fn of_rule(rule: &Rule) -> Self {
        match rule.state {
            RuleState::Accepted => Self::plain("sure", "accepted", "✓"),
            RuleState::Edited => Self::plain("sure", "yours", "✓"),
            RuleState::Rejected => Self::plain("none", "refused", "✗"),
            RuleState::Ignored => Self::plain("none", "left out", "–"),
            RuleState::Absent => Self::plain("none", "not there", "–"),
            RuleState::Proposed if rule.has_origin() => Self::of(rule.confidence),
            RuleState::Proposed => Self::plain("none", "none", "–"),
        }
    }
}

/// Rounded down, so that no number looks above a bar that it is below.
fn floor(probability: f64) -> f64 {
    (probability * 100.0).floor() / 100.0
}

/// A row: one target field and how it is filled.
#[derive(Debug)]
pub(crate) struct Row {
    /// Position in the target, from 0: ids of elements are made of it.
    pub index: usize,
    /// The field.
    pub name: String,
    /// Its type in words.
    pub kind: &'static str,
    /// Whether every row needs a value.
    pub required: bool,
    /// What it means.
    pub description: Option<String>,
    /// Columns that fill it.
    pub sources: Vec<String>,
    /// The constant that fills it.
    pub constant: Option<String>,
    /// The steps in words.
    pub how: String,
    /// Why it is left out.
    pub why: Option<String>,
    /// A person's words.
    pub note: Option<String>,
    /// Values before and after.
    pub samples: Vec<Sample>,
    /// How far to trust it.
    pub mark: Mark,
    /// Where it stands.
    pub standing: Standing,
    /// Whether there is a proposal to accept.
    pub acceptable: bool,
    /// What belongs to an open row.
    pub detail: Option<Detail>,
    /// Whether the filter lets it through.
    pub shown: bool,
}

/// A column that no rule uses.
#[derive(Debug, Clone)]
pub(crate) struct Unused {
    /// The column.
    pub column: String,
    /// Why.
    pub why: String,
    /// A few of its values.
    pub values: Vec<String>,
}

/// All that the page shows of the mapping itself.
#[derive(Debug)]
pub(crate) struct MapView {
    /// The source's file.
    pub file: String,
    /// The target.
    pub target: String,
    /// `38 rows, 9 columns`.
    pub extent: String,
    /// The queue line.
    pub queue: Vec<QueueEntry>,
    /// Reading decisions that need a person.
    pub open_readings: usize,
    /// How the source was read.
    pub chips: Vec<Chip>,
    /// How many settled decisions are about single columns.
    pub column_chips: usize,
    /// The first lines of the source.
    pub lines: Vec<ReadLine>,
    /// The target's fields.
    pub rows: Vec<Row>,
    /// Columns that no rule uses.
    pub unused: Vec<Unused>,
    /// `8 of 9 source columns are used`.
    pub coverage: String,
    /// What the confidences reckon with from earlier files; empty if nothing.
    pub past: String,
    /// Why the mapping cannot run; empty if it can.
    pub blockers: Vec<String>,
    /// How many proposals are sure and not yet accepted.
    pub sure_open: usize,
    /// Fields that stay empty although something is proposed for them: nobody has accepted it yet.
    pub left_empty: Vec<String>,
}

/// Builds it.
#[must_use]
pub(crate) fn view(mapping: &Mapping, profile: &SourceProfile, look: &Look) -> MapView {
    let questions = open_questions(mapping, BAR);
    let rows: Vec<Row> = mapping
        .target
        .fields
        .iter()
        .enumerate()
        .map(|(index, field)| row(index, field, mapping, profile, &questions, look))
        .collect();
    let used =
        mapping.source.columns.len() - mapping.unused.len().min(mapping.source.columns.len());
    let data_rows = profile.columns.first().map_or(0, |column| column.count);
    let chips = chips(mapping, &questions);
    MapView {
        column_chips: chips
            .iter()
            .filter(|chip| chip.column.is_some() && !chip.asked)
            .count(),
        file: visible(&mapping.source.file),
        target: visible(&mapping.target.name),
        extent: format!(
            "{}, {}",
            counted(data_rows, "row", "rows"),
            counted(mapping.source.columns.len() as u64, "column", "columns")
        ),
        queue: queue(&rows, look),
        open_readings: questions
            .iter()
            .filter(|question| matches!(question.about, Subject::Reading { .. }))
            .count(),
        chips,
        lines: lines(profile),
        unused: unused(mapping, profile),
        past: mapping.past.map_or_else(String::new, past),
        coverage: format!(
            "{used} of {} are used",
            counted(
                mapping.source.columns.len() as u64,
                "source column",
                "source columns"
            )
        ),
        blockers: blockers(mapping)
            .iter()
            .map(|blocker| visible(&blocker.detail))
            .collect(),
        sure_open: sure_open(mapping),
        left_empty: rows
            .iter()
            .filter(|row| row.standing == Standing::Needed && !row.required)
            .map(|row| row.name.clone())
            .collect(),
        rows,
    }
}

fn lines(profile: &SourceProfile) -> Vec<ReadLine> {
    let lines = profile.lines.iter();
    lines
        .map(|line| ReadLine {
            text: visible(&line.text),
            ..line.clone()
        })
        .collect()
}

fn sure_open(mapping: &Mapping) -> usize {
    let rules = mapping.rules.iter();
    rules
        .filter(|rule| rule.state == RuleState::Proposed && rule.runs(BAR))
        .count()
}

fn queue(rows: &[Row], look: &Look) -> Vec<QueueEntry> {
    let entry = |standing: Standing| {
        let count = rows.iter().filter(|row| row.standing == standing).count();
        QueueEntry {
            word: standing.word(),
            phrase: standing.phrase(count),
            current: look.show == Some(standing),
            count,
        }
    };
    Standing::ALL.map(entry).into_iter().collect()
}

fn row(
    index: usize,
    field: &Field,
    mapping: &Mapping,
    profile: &SourceProfile,
    questions: &[Question],
    look: &Look,
) -> Row {
    let missing = Rule::open(&field.name);
    let rule = mapping
        .rules
        .iter()
        .find(|rule| rule.field == field.name)
        .unwrap_or(&missing);
    let asked = questions
        .iter()
        .find(|q| matches!(&q.about, Subject::Field { field: about } if *about == field.name));
    let standing = standing(rule, asked.is_some());
    let is_open = look.open == Some(index);
    let mut row = Row {
        index,
        name: visible(&field.name),
        kind: type_in_words(field.kind),
        required: field.required,
        description: field.description.as_deref().map(visible),
        sources: rule.sources.iter().map(|column| visible(column)).collect(),
        constant: constant(rule),
        how: how(rule),
        why: rule.why.as_deref().map(visible),
        note: rule.note.as_deref().map(visible),
        samples: samples(rule, field, mapping, profile),
        mark: Mark::of_rule(rule),
        standing,
        acceptable: rule.has_origin() && rule.state == RuleState::Proposed,
        detail: is_open.then(|| detail(rule, field, mapping, profile, asked)),
        shown: true,
    };
    row.shown =
        is_open || (look.show.is_none_or(|show| show == standing) && found(&row, &look.find));
    row
}

fn past(past: Past) -> String {
    let all = past.right.saturating_add(past.wrong);
    format!(
        "of {all} earlier proposals for this target {} were right",
        past.right
    )
}

fn found(row: &Row, text: &str) -> bool {
    let wanted = text.trim().to_lowercase();
    let holds = |text: &str| text.to_lowercase().contains(&wanted);
    wanted.is_empty()
        || holds(&row.name)
        || row.sources.iter().any(|column| holds(column))
        || row.description.as_deref().is_some_and(holds)
}

fn standing(rule: &Rule, asked: bool) -> Standing {
    if asked {
        return Standing::Needed;
    }
    match rule.state {
        RuleState::Ignored | RuleState::Absent => Standing::LeftOut,
        RuleState::Rejected => Standing::Empty,
        RuleState::Proposed | RuleState::Accepted | RuleState::Edited => {
            if rule.runs(BAR) {
                Standing::Sure
            } else if rule.has_origin() {
                // Below the bar it does not run, and the field would stay empty unseen.
                Standing::Needed
            } else {
                Standing::Empty
            }
        }
    }
}

fn constant(rule: &Rule) -> Option<String> {
    match rule.transform.first() {
        Some(Step::Constant(value)) if rule.is_live() => Some(visible(value)),
        _ => None,
    }
}

fn how(rule: &Rule) -> String {
    if !rule.is_live() || !rule.has_origin() || constant(rule).is_some() {
        return String::new();
    }
    let mut words = if rule.transform.is_empty() && !rule.value_map.is_empty() {
        String::new()
    } else {
        visible(&transform_in_words(&rule.transform))
    };
    if !rule.value_map.is_empty() {
        if !words.is_empty() {
            words.push_str("; ");
        }
        words.push_str(&counted(
            rule.value_map.len() as u64,
            "value mapped",
            "values mapped",
        ));
    }
    words
}

/// A type as people call it.
pub(crate) const fn type_in_words(kind: FieldType) -> &'static str {
    match kind {
        FieldType::String => "text",
        FieldType::Integer => "whole number",
        FieldType::Decimal => "decimal",
        FieldType::Boolean => "true or false",
        FieldType::Date => "date",
        FieldType::Timestamp => "date and time",
        FieldType::Time => "time",
    }
}

fn unused(mapping: &Mapping, profile: &SourceProfile) -> Vec<Unused> {
    let columns = mapping.unused.iter().map(|unused| Unused {
        column: visible(&unused.column),
        why: visible(&unused.why),
        values: profile
            .column(&unused.column)
            .map_or_else(Vec::new, first_values),
    });
    columns.collect()
}

fn first_values(column: &ColumnProfile) -> Vec<String> {
    column
        .sample
        .iter()
        .take(3)
        .map(|value| visible(value))
        .collect()
}
