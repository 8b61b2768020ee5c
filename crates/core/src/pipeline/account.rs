//! The report of a pass: what was read, decided and done, without the names of its outputs.

use super::tally::Tally;
use crate::mapping::Rule;
use crate::profile::ColumnProfile;
use crate::report::{FORMAT_VERSION, FieldReport, Report, SourceFile};
use crate::source::{Alternative, Decision, Input, Reading, What, repair};

/// A pass that is to be reported.
#[derive(Debug)]
pub struct Work<'a> {
    /// The source.
    pub input: &'a Input,
    /// How it was read.
    pub reading: &'a Reading,
    /// What was counted.
    pub tally: &'a Tally,
    /// All decisions, those of the reading among them.
    pub decisions: Vec<Decision>,
    /// What is in the columns.
    pub columns: Vec<ColumnProfile>,
    /// The rules, where there is a target.
    pub rules: Option<&'a [Rule]>,
    /// Wall time.
    pub seconds: f64,
}

/// The report of a pass.
#[must_use]
pub fn report(work: Work<'_>) -> Report {
    let Work {
        input,
        reading,
        tally,
        mut decisions,
        columns,
        rules,
        seconds,
    } = work;
    tell_repairs(&mut decisions, tally);
    Report {
        version: FORMAT_VERSION,
        source: SourceFile {
            file: input.name().to_owned(),
            bytes: input.size(),
            sha256: reading.sha256.clone(),
        },
        decisions,
        columns,
        fields: rules.map(|rules| rules.iter().map(field_report).collect()),
        non_data: tally.non_data.clone(),
        balance: tally.balance,
        rejects_by_rule: tally.by_rule.clone(),
        outputs: Vec::new(),
        seconds,
    }
}

/// Says in the decision about repairs what was repaired, and what more could be.
fn tell_repairs(decisions: &mut Vec<Decision>, tally: &Tally) {
    let (done, possible) = (tally.repaired.in_words(), tally.repairable.in_words());
    if done.is_none() && possible.is_none() {
        return;
    }
    let found = decisions
        .iter()
        .position(|decision| decision.what == What::Repair);
    let mut decision = match found {
        Some(at) => decisions.remove(at),
        None => Decision::new(What::Repair, "", 0.95, Vec::new(), ""),
    };
    let mut reasons = vec![decision.reason];
    reasons.extend(done.map(|done| format!("repaired: {done}")));
    if let Some(possible) = possible {
        reasons.push(format!(
            "rejected, but exactly one other reading fits the table: {possible}"
        ));
        let mut all =
            repair::parse(decision.value.as_str().unwrap_or_default()).unwrap_or_default();
        all.extend(tally.repairable.repairs());
        decision.alternatives = vec![Alternative {
            value: repair::names(&all).into(),
            confidence: 0.0,
        }];
    }
    reasons.retain(|reason| !reason.is_empty());
    decision.reason = reasons.join("; ");
    decisions.push(decision);
    decisions.sort_by_key(|decision| decision.what);
}

fn field_report(rule: &Rule) -> FieldReport {
    FieldReport {
        field: rule.field.clone(),
        sources: rule.sources.clone(),
        transform: rule.transform.clone(),
        value_map: (!rule.value_map.is_empty()).then(|| rule.value_map.clone()),
        on_unseen: rule.on_unseen.clone(),
        confidence: rule.confidence,
        state: rule.state,
        evidence: rule.evidence.clone(),
        alternatives: rule.alternatives.clone(),
    }
}
