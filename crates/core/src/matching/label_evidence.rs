//! Evidence of labels: whether the values of a column stand for those of an enumeration.

use std::cell::OnceCell;

use super::text::share;
use super::value_evidence::filled;
use super::values::{LabelSet, ValueMatch, label_overlap};
use crate::profile::ColumnProfile;
use crate::target::Field;

/// More different values than this, per label and at all, and none of them a label: no enumeration.
const MANY_VALUES: (u64, u64) = (4, 20);

/// The labels of a field, prepared when they are first asked for.
#[derive(Debug)]
pub(super) struct LazyLabels<'a> {
    field: &'a Field,
    labels: OnceCell<Option<LabelSet<'a>>>,
}

impl<'a> LazyLabels<'a> {
    pub(super) const fn of(field: &'a Field) -> Self {
        Self {
            field,
            labels: OnceCell::new(),
        }
    }

    fn get(&self) -> Option<&LabelSet<'a>> {
        let labels = || self.field.labels().map(LabelSet::of);
        self.labels.get_or_init(labels).as_ref()
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

/// The label that each listed value stands for; `None` without labels, or without values.
pub(super) fn label_matches(
    profile: &ColumnProfile,
    labels: &LazyLabels,
) -> Option<Vec<ValueMatch>> {
    let labels = labels.get()?;
    if filled(profile) == 0 || profile.top.is_empty() {
        return None;
    }
    Some(labels.match_values(&listed_values(profile)))
}

/// Whether a column has more different values than codes of the field's labels can be.
pub(super) fn too_many_values(profile: &ColumnProfile, field: &Field) -> bool {
    field.labels().is_some_and(|labels| {
        let labels = u64::try_from(labels.len()).unwrap_or(u64::MAX);
        let (per_label, at_all) = MANY_VALUES;
        profile.distinct.number() > labels.saturating_mul(per_label).saturating_add(at_all)
    })
}

/// The share of rows whose value is one of the labels. Where there are too many values for codes,
/// only the labels as they stand count, which is also much less work.
pub(super) fn label_share(profile: &ColumnProfile, labels: &LazyLabels) -> Option<f64> {
    let field = labels.field;
    if !too_many_values(profile, field) {
        return label_matches(profile, labels).map(|found| label_overlap(&found));
    }
    let labels = field.labels()?;
    let listed: u64 = profile.top.iter().map(|value| value.rows).sum();
    let known = |value: &str| labels.iter().any(|label| label.value == value);
    let known = profile.top.iter().filter(|value| known(&value.value));
    let rows: u64 = known.map(|value| value.rows).sum();
    (listed > 0).then(|| share(rows, listed))
}
