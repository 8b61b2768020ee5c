//! Proposing rules: sources from the assignment, steps from profile and decisions, value maps from
//! the labels. What the data leave open lowers the confidence of the rule and is said in its
//! evidence; nothing is guessed to make a rule look finished.

mod constant;
mod flag;
mod steps;
mod value_map;

use self::constant::{const_of_enum, currency_of_header};
use self::flag::{debit_and_credit, sign_of_flag};
use self::steps::Reading;
use super::assign::{Proposal, assign};
use super::scores::score;
use super::{Memory, Table};
use crate::mapping::{Evidence, OnError, OnUnseen, Rule, RuleState, SourceAlternative, Step};
use crate::profile::ColumnProfile;
use crate::source::Decision;
use crate::target::{Field, TargetSchema};

/// From which probability on a column is proposed: more likely right than wrong.
pub const PROPOSAL_BAR: f64 = 0.5;

/// What all parts of proposing look at.
struct Context<'a> {
    table: &'a Table<'a>,
    target: &'a TargetSchema,
    decisions: &'a [Decision],
    proposals: Vec<Proposal>,
}

impl<'a> Context<'a> {
    fn column(&self, name: &str) -> Option<&'a ColumnProfile> {
        self.table.columns.iter().find(|column| column.name == name)
    }

    fn proposal(&self, field: &str) -> Option<&Proposal> {
        self.proposals
            .iter()
            .find(|proposal| proposal.field == field)
    }

    /// The column that fills a field by itself, if one does.
    fn source_of(&self, field: &str) -> Option<&'a ColumnProfile> {
        self.column(self.proposal(field)?.sources.first()?)
    }
}

/// Proposes one rule per target field, in the target's order.
///
/// `decisions` are those of the source, reading and profile together; a reading that is not sure
/// (d/m or m/d) caps the confidence of the rules that depend on it. Nothing is assumed about
/// columns without rows: their values are read in the target's own spelling.
#[must_use]
pub fn propose(
    table: &Table,
    target: &TargetSchema,
    decisions: &[Decision],
    memory: &Memory,
) -> Vec<Rule> {
    let proposals = assign(&score(table, target, memory), PROPOSAL_BAR);
    let context = Context {
        table,
        target,
        decisions,
        proposals,
    };
    target
        .fields
        .iter()
        .map(|field| rule(&context, field))
        .collect()
}

fn rule(context: &Context, field: &Field) -> Rule {
    if let Some(rule) = debit_and_credit(context, field) {
        return rule;
    }
    let proposal = context.proposal(&field.name);
    let column = context.source_of(&field.name);
    if let (Some(proposal), Some(column)) = (proposal, column) {
        return from_column(context, field, proposal, column);
    }
    if let Some(rule) = const_of_enum(field).or_else(|| currency_of_header(context, field)) {
        return Rule {
            alternatives: alternatives(proposal),
            ..rule
        };
    }
    let best = proposal.map_or(0.0, |proposal| proposal.confidence);
    let mut open = blank(field, best);
    open.alternatives = alternatives(proposal);
    if let Some(default) = &field.default {
        open.state = RuleState::Absent;
        open.why = Some(format!(
            "no column fits; the schema's default {default:?} is taken"
        ));
        open.confidence = 1.0 - best;
    }
    open
}

fn alternatives(proposal: Option<&Proposal>) -> Vec<SourceAlternative> {
    proposal
        .map(|proposal| proposal.alternatives.clone())
        .unwrap_or_default()
}

/// A rule without sources.
fn blank(field: &Field, confidence: f64) -> Rule {
    Rule {
        field: field.name.clone(),
        sources: Vec::new(),
        transform: Vec::new(),
        value_map: Vec::new(),
        on_unseen: OnUnseen::Reject,
        on_error: OnError::Reject,
        confidence: rounded(confidence),
        state: RuleState::Proposed,
        why: None,
        note: None,
        by: None,
        at: None,
        evidence: Vec::new(),
        alternatives: Vec::new(),
    }
}

/// Confidence with three digits: more would only look exact.
fn rounded(confidence: f64) -> f64 {
    (confidence * 1000.0).round() / 1000.0
}

fn evidence(kind: &str, weight: f64, text: impl Into<String>) -> Evidence {
    Evidence {
        kind: kind.to_owned(),
        weight,
        text: text.into(),
    }
}

/// The rule of a field that one column fills, perhaps with a flag column for the sign.
fn from_column(
    context: &Context,
    field: &Field,
    proposal: &Proposal,
    column: &ColumnProfile,
) -> Rule {
    let mut rule = blank(field, proposal.confidence);
    rule.sources = proposal.sources.clone();
    rule.alternatives = proposal.alternatives.clone();
    rule.evidence = proposal.evidence.clone();
    let mut cap = 1.0_f64;
    if let Some(map) = value_map::of(column, field) {
        let reading = Reading::of_text(column, field, context.decisions);
        rule.transform = reading.steps;
        rule.value_map = map.entries;
        rule.on_unseen = map.on_unseen;
        rule.evidence.extend(map.evidence);
        cap = cap.min(map.cap);
    } else {
        let reading = Reading::of(column, field, context.decisions);
        rule.transform = reading.steps;
        rule.evidence.extend(reading.evidence);
        cap = cap.min(reading.cap);
        if let Some(sign) = sign_of_flag(context, field, column) {
            rule.sources.push(sign.column.clone());
            rule.transform.push(Step::Sign {
                column: sign.column,
                negative: sign.negative,
                positive: sign.positive,
            });
            rule.evidence.push(sign.evidence);
            cap = cap.min(sign.cap);
        }
    }
    rule.confidence = rounded(proposal.confidence.min(cap));
    rule
}
