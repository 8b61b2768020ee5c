//! Value maps of fields with an enumeration.

use super::evidence;
use crate::mapping::{Evidence, MappedValue, OnUnseen, RuleState};
use crate::matching::text::share;
use crate::matching::value_evidence::filled;
use crate::matching::values::{ValueMatch, match_values};
use crate::profile::{ColumnProfile, ValueCount};
use crate::target::Field;

/// A value map and what it says about the rule.
#[derive(Debug)]
pub(super) struct ValueMap {
    pub(super) entries: Vec<MappedValue>,
    pub(super) on_unseen: OnUnseen,
    pub(super) cap: f64,
    pub(super) evidence: Vec<Evidence>,
}

/// Most values that are named in one line of evidence.
const MOST_NAMED: usize = 5;

/// The map of a field with an enumeration: every value that stands for a label, identical ones
/// included, so that it can be read as complete. Values that fit no label are not listed; their
/// rows will be rejected, and the evidence names them.
///
/// `known` is what a person made of values of this column before; it goes before what is found.
/// `None` where the field has no enumeration, where the column has no rows, or where the profile
/// lists only a part of the values and all of those are labels as they stand: then they are copied,
/// and the enumeration is checked as a constraint.
pub(super) fn of(
    column: &ColumnProfile,
    field: &Field,
    known: Vec<MappedValue>,
) -> Option<ValueMap> {
    let labels = field.labels()?;
    if filled(column) == 0 || column.top.is_empty() {
        return None;
    }
    let mut values = trimmed(column);
    let is_label = |to: &str| labels.iter().any(|label| label.value == to);
    let again: Vec<MappedValue> = known
        .into_iter()
        .filter(|value| value.to.as_deref().is_none_or(is_label))
        .map(|value| {
            let here = values.iter().position(|(from, _)| *from == value.from);
            let rows = here.map_or(0, |at| values.remove(at).1);
            MappedValue { rows, ..value }
        })
        .collect();
    let matches = match_values(&values, labels);
    let listed = u64::try_from(column.listed().len()).unwrap_or(u64::MAX);
    let partial = column.distinct.number() > listed;
    if partial
        && again.is_empty()
        && matches
            .iter()
            .all(|found| found.to.as_ref() == Some(&found.from))
    {
        return None;
    }
    let found = matches.iter().filter_map(|found| {
        Some(MappedValue {
            from: found.from.clone(),
            to: Some(found.to.clone()?),
            confidence: super::rounded(found.probability),
            rows: found.rows,
            state: RuleState::Proposed,
        })
    });
    let mut map = ValueMap {
        entries: again.iter().cloned().chain(found).collect(),
        // Beyond the listed values a label may still occur as it stands; anything else breaks the
        // enumeration and is rejected by it.
        on_unseen: if partial {
            OnUnseen::Keep
        } else {
            OnUnseen::Reject
        },
        cap: cap(&matches, &again),
        evidence: Vec::new(),
    };
    map.evidence.extend(known_values(&again));
    map.evidence.extend(open_values(&matches));
    Some(map)
}

/// The listed values as they are after trimming, each once.
fn trimmed(column: &ColumnProfile) -> Vec<(String, u64)> {
    let mut values: Vec<(String, u64)> = Vec::new();
    for ValueCount { value, rows } in column.listed() {
        let value = value.trim();
        match values.iter_mut().find(|(known, _)| known == value) {
            Some((_, known)) => *known += rows,
            None => values.push((value.to_owned(), *rows)),
        }
    }
    values
}

/// A map is as sure as its values, by rows; where it leaves out more than a fifth of the rows, it
/// is not sure whatever the rest is.
fn cap(matches: &[ValueMatch], again: &[MappedValue]) -> f64 {
    let found = || matches.iter().filter(|found| found.to.is_some());
    let found = || found().map(|found| (found.rows, found.probability));
    let mapped = || found().chain(again.iter().map(|value| (value.rows, value.confidence)));
    let rows: u64 = mapped().map(|(rows, _)| rows).sum();
    let open: u64 = matches
        .iter()
        .filter(|found| found.to.is_none())
        .map(|found| found.rows)
        .sum();
    // Not `sum`, which gives -0 for nothing.
    let sure = mapped()
        .map(|(of_value, probability)| share(of_value, rows) * probability)
        .fold(0.0, |sum, part| sum + part);
    let open = share(open, rows + open);
    if open > 0.2 {
        sure.min(1.0 - open).min(0.8)
    } else {
        sure
    }
}

fn known_values(again: &[MappedValue]) -> Option<Evidence> {
    let here = || again.iter().filter(|value| value.rows > 0);
    let (count, rows) = (here().count(), here().map(|value| value.rows).sum::<u64>());
    (count > 0).then(|| {
        let values = if count == 1 { "value" } else { "values" };
        let text = format!("memory: {count} {values} in {rows} rows as you mapped them before");
        evidence("memory", 0.5, text)
    })
}

fn open_values(matches: &[ValueMatch]) -> Option<Evidence> {
    let open: Vec<&ValueMatch> = matches.iter().filter(|found| found.to.is_none()).collect();
    let rows: u64 = open.iter().map(|found| found.rows).sum();
    let named: Vec<String> = open
        .iter()
        .take(MOST_NAMED)
        .map(|found| format!("{:?}", found.from))
        .collect();
    let more = if open.len() > MOST_NAMED { ", .." } else { "" };
    (!open.is_empty()).then(|| {
        let named = named.join(", ");
        let text = format!(
            "labels: no label for {named}{more}; rows that will be rejected for it: {rows}"
        );
        evidence("labels", -0.2, text)
    })
}
