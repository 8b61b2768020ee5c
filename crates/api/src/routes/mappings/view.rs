//! A mapping as a reviewer sees it.

use aimapper_core::id::{MappingId, MappingVersionId, SourceVersionId, TargetVersionId, UserId};
use aimapper_core::mapping::{
    Mapping, MissingColumn, Question, Rule, RuleState, UnusedColumn, open_questions,
};
use aimapper_core::pipeline::{Drift, OtherReading};
use aimapper_core::source::{Decision as Reading, SURE_BAR};
use aimapper_core::store::mappings::{Decision, MappingRow, MappingVersion, Verdict};
use aimapper_core::target::Field;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::super::views::Made;
use crate::actions::mappings::mapping_of;
use crate::at::At;
use crate::problem::Problem;

/// A mapping in a list.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct MappingItem {
    #[schema(value_type = uuid::Uuid)]
    id: MappingId,
    name: String,
    #[serde(flatten)]
    made: Made,
}

impl From<MappingRow> for MappingItem {
    fn from(row: MappingRow) -> Self {
        Self {
            id: row.id,
            name: row.name,
            made: Made::new(row.created_by, row.created_at),
        }
    }
}

/// What differs between a mapping and a source.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct DriftView {
    /// Whether nothing of it speaks against a run.
    fits: bool,
    /// Whether it is a rejects file, of which nothing is compared: its records are read as those of the first source.
    replays: bool,
    /// Whether the mapping reads the source otherwise than it was read, so that only the run can tell its columns.
    read_otherwise: bool,
    /// Columns that a rule needs and the source has not.
    missing: Vec<MissingView>,
    /// Columns that the mapping does not know; no reason not to run.
    new: Vec<String>,
    /// Readings that no longer hold.
    readings: Vec<OtherView>,
}

/// A column that a rule needs and the source has not.
#[derive(Debug, Serialize, ToSchema)]
struct MissingView {
    column: String,
    /// Fields that are filled from it.
    used_by: Vec<String>,
    /// Names of the source that are like it, the nearest first.
    nearest: Vec<String>,
}

/// A reading of the mapping's that a source asks to be another.
#[derive(Debug, Serialize, ToSchema)]
struct OtherView {
    /// Which reading.
    what: &'static str,
    /// The column, if it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<String>,
    /// The mapping's.
    kept: Value,
    /// The source's.
    now: Value,
    /// Why the source asks for it.
    reason: String,
}

impl From<Drift> for DriftView {
    fn from(drift: Drift) -> Self {
        let missing = |column: MissingColumn| MissingView {
            column: column.column,
            used_by: column.used_by,
            nearest: column.nearest,
        };
        let other = |other: OtherReading| OtherView {
            what: other.what.name(),
            column: other.column,
            kept: other.kept,
            now: other.now,
            reason: other.reason,
        };
        Self {
            fits: drift.fits(),
            replays: drift.replays,
            read_otherwise: drift.read_otherwise,
            missing: drift.columns.missing.into_iter().map(missing).collect(),
            new: drift.columns.new,
            readings: drift.readings.into_iter().map(other).collect(),
        }
    }
}

/// One version of a mapping, without its rules.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct VersionView {
    #[schema(value_type = uuid::Uuid)]
    id: MappingVersionId,
    #[schema(value_type = uuid::Uuid)]
    mapping: MappingId,
    /// From 1.
    number: i32,
    /// What it maps.
    #[schema(value_type = uuid::Uuid)]
    source_version: SourceVersionId,
    /// What it fits.
    #[schema(value_type = uuid::Uuid)]
    target_version: TargetVersionId,
    /// SHA-256 of the mapping file: its entity tag.
    sha256: String,
    #[serde(flatten)]
    made: Made,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<uuid::Uuid>)]
    approved_by: Option<UserId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    approved_at: Option<At>,
    /// What was decided to get there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    decisions: Vec<DecisionView>,
}

/// Who decided what, and when.
#[derive(Debug, Serialize, ToSchema)]
struct DecisionView {
    field: String,
    #[schema(value_type = String)]
    verdict: Verdict,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    #[schema(value_type = uuid::Uuid)]
    by: UserId,
    at: At,
    /// The rule as it was then.
    #[schema(value_type = Object)]
    rule: Value,
}

impl VersionView {
    pub(super) fn new(row: &MappingVersion, decisions: Vec<Decision>) -> Self {
        Self {
            id: row.id,
            mapping: row.mapping_id,
            number: row.number,
            source_version: row.source_version_id,
            target_version: row.target_version_id,
            sha256: row.sha256.clone(),
            made: Made::new(row.created_by, row.created_at),
            approved_by: row.approved_by,
            approved_at: row.approved_at.map(At::from),
            decisions: decisions
                .into_iter()
                .map(|row| DecisionView {
                    field: row.field,
                    verdict: row.verdict,
                    note: row.note,
                    by: row.decided_by,
                    at: row.decided_at.into(),
                    rule: serde_json::from_str(&row.rule).unwrap_or_default(),
                })
                .collect(),
        }
    }
}

/// One version of a mapping with all that a review needs.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct MappingView {
    #[serde(flatten)]
    version: VersionView,
    /// The source's file name.
    file: String,
    /// The target's name.
    target: String,
    /// How the source is read.
    #[schema(value_type = Vec<Object>)]
    readings: Vec<Reading>,
    /// The target's fields with their rules, in the target's order.
    fields: Vec<FieldView>,
    /// Columns that no rule uses.
    #[schema(value_type = Vec<Object>)]
    unused: Vec<UnusedColumn>,
    /// What a person has to decide before it can run.
    #[schema(value_type = Vec<Object>)]
    questions: Vec<Question>,
    counts: Counts,
}

/// A target field and how it is filled.
#[derive(Debug, Serialize, ToSchema)]
struct FieldView {
    /// The field as the target has it.
    #[schema(value_type = Option<Object>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<Field>,
    /// Sources, transform, value map, confidence, state, evidence, alternatives.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    rule: Rule,
    /// Whether it is filled as things stand.
    runs: bool,
}

/// How the review stands, in fields.
#[derive(Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
struct Counts {
    fields: usize,
    proposed: usize,
    accepted: usize,
    edited: usize,
    rejected: usize,
    ignored: usize,
    absent: usize,
    /// Open questions.
    questions: usize,
}

impl Counts {
    fn of(mapping: &Mapping, questions: usize) -> Self {
        let mut counts = Self {
            fields: mapping.rules.len(),
            questions,
            ..Self::default()
        };
        for rule in &mapping.rules {
            let count = match rule.state {
                RuleState::Proposed => &mut counts.proposed,
                RuleState::Accepted => &mut counts.accepted,
                RuleState::Edited => &mut counts.edited,
                RuleState::Rejected => &mut counts.rejected,
                RuleState::Ignored => &mut counts.ignored,
                RuleState::Absent => &mut counts.absent,
            };
            *count += 1;
        }
        counts
    }
}

/// The view of a version.
pub(in super::super) fn of_row(row: &MappingVersion) -> Result<MappingView, Problem> {
    let mapping = mapping_of(row)?;
    let questions = open_questions(&mapping, SURE_BAR);
    let counts = Counts::of(&mapping, questions.len());
    let fields = mapping
        .rules
        .iter()
        .map(|rule| FieldView {
            target: mapping.target.field(&rule.field).cloned(),
            rule: rule.clone(),
            runs: rule.runs(SURE_BAR),
        })
        .collect();
    Ok(MappingView {
        version: VersionView::new(row, Vec::new()),
        file: mapping.source.file,
        target: mapping.target.name,
        readings: mapping.decisions,
        fields,
        unused: mapping.unused,
        questions,
        counts,
    })
}
