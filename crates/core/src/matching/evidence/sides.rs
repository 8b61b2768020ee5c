//! Columns and fields, prepared for all comparisons.

use super::held::Held;
use super::words::{Written, cut_names, without_shared_word};
use crate::matching::Table;
use crate::matching::names::is_anonymous;
use crate::profile::ColumnProfile;
use crate::target::{Field, Label, TargetSchema};

/// One side of the comparison: all columns, or all fields.
#[derive(Debug, Default)]
pub(super) struct Sides {
    pub(super) written: Vec<Written>,
    pub(super) held: Vec<Held>,
    /// The table that each stands in, where there are several.
    pub(super) groups: Vec<Option<String>>,
}

/// Most labels of an enumeration that are compared as values.
const MOST_LABELS: usize = 400;

/// The columns of a table; names that nobody gave are no names.
pub(super) fn column_sides(table: &Table) -> Sides {
    let given = |name: &&str| table.named && !is_anonymous(name);
    let names: Vec<&str> = table
        .columns
        .iter()
        .map(|column| column.name.as_str())
        .collect();
    let mut sides = Sides::default();
    let cuts = cut_names(&names)
        .into_iter()
        .zip(without_shared_word(&names));
    for ((index, column), (cut, rest)) in table.columns.iter().enumerate().zip(cuts) {
        let stated = table.stated.get(index);
        let own = Some(column.name.as_str()).filter(given);
        let (cut, rest) = (
            cut.filter(|_| own.is_some()),
            rest.filter(|_| own.is_some()),
        );
        // A title that is given beside a name is what people call it; the name may be a key.
        let title = stated.and_then(|stated| stated.title.as_deref());
        let local = cut.map(|(_, local)| local).or(rest);
        let in_table = stated.and_then(|stated| stated.table.as_deref());
        sides.written.push(Written::new(
            title.into_iter().chain(local).chain(own),
            stated.and_then(|stated| stated.description.as_deref()),
            in_table.or(table.name),
        ));
        let group = in_table.or_else(|| cut.map(|(group, _)| group));
        sides.groups.push(group.map(str::to_owned));
        let labels = stated.map_or(&[][..], |stated| stated.values.as_slice());
        sides.held.push(held_by(column, labels));
    }
    sides
}

fn held_by(column: &ColumnProfile, labels: &[Label]) -> Held {
    let own = if column.values.is_empty() {
        let top = column.top.iter().map(|value| value.value.as_str());
        top.chain(column.sample.iter().map(String::as_str))
            .collect::<Vec<_>>()
    } else {
        column.values.iter().map(String::as_str).collect()
    };
    Held::new(own.into_iter().chain(texts_of(labels)))
}

fn texts_of(labels: &[Label]) -> impl Iterator<Item = &str> {
    labels
        .iter()
        .take(MOST_LABELS)
        .flat_map(|label| std::iter::once(label.value.as_str()).chain(label.label.as_deref()))
}

/// The fields of a target.
pub(super) fn field_sides(target: &TargetSchema) -> Sides {
    let names: Vec<&str> = target
        .fields
        .iter()
        .map(|field| field.name.as_str())
        .collect();
    let mut sides = Sides::default();
    let cuts = cut_names(&names)
        .into_iter()
        .zip(without_shared_word(&names));
    for (field, (cut, rest)) in target.fields.iter().zip(cuts) {
        let own = Some(field.name.as_str()).filter(|name| !is_anonymous(name));
        let local = cut.map(|(_, local)| local);
        let local = local.or(rest.filter(|_| own.is_some()));
        let others = field.title.iter().chain(&field.aliases).map(String::as_str);
        sides.written.push(Written::new(
            local.into_iter().chain(own).chain(others),
            field.description.as_deref(),
            None,
        ));
        sides.groups.push(cut.map(|(group, _)| group.to_owned()));
        sides.held.push(known_of(field));
    }
    sides
}

fn known_of(field: &Field) -> Held {
    let sample = if field.values.is_empty() {
        &field.sample
    } else {
        &field.values
    };
    let labels = field.labels().unwrap_or_default();
    Held::new(texts_of(labels).chain(sample.iter().map(String::as_str)))
}
