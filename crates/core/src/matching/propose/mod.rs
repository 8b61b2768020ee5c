//! Proposing rules: sources from the assignment, steps from profile and decisions, value maps from
//! the labels. What the data leave open lowers the confidence of the rule and is said in its
//! evidence; nothing is guessed to make a rule look finished.

mod constant;
mod contrast;
mod flag;
mod remembered;
mod steps;
#[cfg(test)]
mod tests;
mod times;
mod units;
mod value_map;

use self::constant::{const_of_enum, currency_of_header};
use self::contrast::contrast;
use self::flag::{debit_and_credit, sign_of_flag};
use self::remembered::as_set_before;
use self::steps::Reading;
use super::assign::{Proposal, assign};
use super::memory::{PastDecision, Recalled};
use super::scores::score;
use super::{Memory, Table};
use crate::mapping::{Evidence, Rule, RuleState, SourceAlternative, Step};
use crate::profile::ColumnProfile;
use crate::source::Decision;
use crate::target::{Field, TargetSchema};

/// From which probability on a column is proposed: more likely right than wrong.
pub const PROPOSAL_BAR: f64 = 0.5;

/// Most confidence in a column of which no value is one of the field's.
const MOST_WITHOUT_VALUES: f64 = 0.25;

/// What all parts of proposing look at.
struct Context<'a> {
    table: &'a Table<'a>,
    target: &'a TargetSchema,
    decisions: &'a [Decision],
    proposals: Vec<Proposal>,
    recalled: Recalled<'a>,
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

    /// The decision that the column fills the field, if a person chose it before.
    fn chosen(&self, column: &ColumnProfile, field: &Field) -> Option<&'a PastDecision> {
        let (column, field) = self.places(column, field)?;
        self.recalled.chosen(column, field)
    }

    /// Whether a person refused the column for the field before.
    fn refused(&self, column: &ColumnProfile, field: &Field) -> bool {
        let places = self.places(column, field);
        places.is_some_and(|(column, field)| self.recalled.refused(column, field))
    }

    fn places(&self, column: &ColumnProfile, field: &Field) -> Option<(usize, usize)> {
        let columns = &mut self.table.columns.iter();
        let fields = &mut self.target.fields.iter();
        let column = columns.position(|known| known.name == column.name)?;
        Some((column, fields.position(|known| known.name == field.name)?))
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
        recalled: Recalled::of(memory, table, target),
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
    if let Some(rule) = const_of_enum(context, field).or_else(|| currency_of_header(context, field))
    {
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
        confidence: rounded(confidence),
        ..Rule::open(&field.name)
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

/// A rule that would reject every row is none; its column is what a person may look at first.
fn none_of_its_values(rule: Rule, confidence: f64) -> Rule {
    let mut alternatives = rule.alternatives;
    let column = SourceAlternative {
        sources: rule.sources,
        confidence: rounded(confidence.min(MOST_WITHOUT_VALUES)),
    };
    alternatives.insert(0, column);
    Rule {
        evidence: rule.evidence,
        alternatives,
        ..Rule::open(&rule.field)
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
    let (mut cap, mut none_read) = (1.0_f64, false);
    let chosen = context.chosen(column, field);
    let known = chosen.into_iter().flat_map(PastDecision::values).collect();
    if let Some(map) = value_map::of(column, field, known) {
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
        none_read = reading.none_read;
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
    if let Some(contrast) = contrast(context, column, field) {
        rule.evidence.push(contrast.evidence);
        cap = cap.min(contrast.cap);
    }
    rule.confidence = rounded(proposal.confidence.min(cap));
    rule.most = rounded(proposal.most.min(cap));
    let rule = as_set_before(context, field, column, rule);
    // What a person set may make something of the values that can be read.
    none_read &= !rule.by_hand;
    if (cap <= 0.0 && rule.value_map.is_empty()) || none_read {
        return none_of_its_values(rule, proposal.confidence);
    }
    rule
}
