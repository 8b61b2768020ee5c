//! Evidence of labels: whether the values of a column stand for those of an enumeration.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use super::text::share;
use super::value_evidence::filled;
use super::values::{AskedValues, LabelSet, label_overlap};
use crate::profile::ColumnProfile;
use crate::target::{Field, Label};

/// More different values than this, per label and at all, and none of them a label: no enumeration.
const MANY_VALUES: (u64, u64) = (4, 20);

/// An enumeration that is prepared when it is first asked for.
pub(super) type SharedLabels<'a> = Arc<OnceLock<LabelSet<'a>>>;

/// The labels of a field, if it has some.
#[derive(Debug)]
pub(super) struct Labels<'a> {
    of_field: Option<(&'a [Label], SharedLabels<'a>)>,
}

impl<'a> Labels<'a> {
    /// The labels of a field; the same ones of another field are prepared once for both.
    pub(super) fn of(field: &'a Field, known: &mut HashMap<&'a [Label], SharedLabels<'a>>) -> Self {
        let of_field = field.labels().map(|labels| {
            let shared = known.entry(labels).or_default();
            (labels, Arc::clone(shared))
        });
        Self { of_field }
    }

    /// Prepares them now.
    pub(super) fn prepare(&self) {
        self.get();
    }

    fn get(&self) -> Option<&LabelSet<'a>> {
        let (labels, shared) = self.of_field.as_ref()?;
        Some(shared.get_or_init(|| LabelSet::of(labels)))
    }
}

/// The values of a column that its profile lists, with their rows.
pub(super) fn listed_values(profile: &ColumnProfile) -> Vec<(String, u64)> {
    profile
        .top
        .iter()
        .map(|value| (value.value.clone(), value.rows))
        .collect()
}

/// Which labels the values of a column stand for.
#[derive(Debug, Clone)]
pub(super) struct LabelsMatched {
    /// The share of rows whose value is one of the labels, each counted with its probability.
    pub(super) share: f64,
    /// Values with their labels, in the order of the profile.
    pub(super) pairs: Vec<(String, String)>,
    /// How many values were looked at.
    pub(super) values: usize,
}

/// Finds the label that each listed value stands for; `None` without labels, or without values.
pub(super) fn match_labels<'v>(
    profile: &ColumnProfile,
    values: impl FnOnce() -> Option<&'v AskedValues>,
    labels: &Labels<'_>,
) -> Option<LabelsMatched> {
    let labels = labels.get()?;
    if filled(profile) == 0 || profile.top.is_empty() {
        return None;
    }
    let found = labels.match_asked(values()?);
    Some(LabelsMatched {
        share: label_overlap(&found),
        values: found.len(),
        pairs: found
            .into_iter()
            .filter_map(|found| Some((found.from, found.to?)))
            .collect(),
    })
}

/// Whether a column has more different values than codes of the labels can be.
pub(super) fn too_many_values(profile: &ColumnProfile, labels: &Labels<'_>) -> bool {
    labels.of_field.as_ref().is_some_and(|(labels, _)| {
        let labels = u64::try_from(labels.len()).unwrap_or(u64::MAX);
        let (per_label, at_all) = MANY_VALUES;
        profile.distinct.number() > labels.saturating_mul(per_label).saturating_add(at_all)
    })
}

/// The share of rows whose value is one of the labels as they stand; for columns with too many values for
/// codes, of which a closer look would tell no more.
pub(super) fn verbatim_share(profile: &ColumnProfile, labels: &Labels<'_>) -> Option<f64> {
    let (labels, _) = labels.of_field.as_ref()?;
    let listed: u64 = profile.top.iter().map(|value| value.rows).sum();
    let known = |value: &str| labels.iter().any(|label| label.value == value);
    let known = profile.top.iter().filter(|value| known(&value.value));
    let rows: u64 = known.map(|value| value.rows).sum();
    (listed > 0).then(|| share(rows, listed))
}
