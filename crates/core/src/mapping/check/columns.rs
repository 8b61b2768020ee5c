//! A mapping's columns against those of a source. Columns are found by name; their order is free.

use crate::error::nearest_names;
use crate::mapping::Mapping;

/// How a source's columns differ from those of a mapping.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ColumnCheck {
    /// Columns that a rule needs and the source has not; each is a reason not to run.
    pub missing: Vec<MissingColumn>,
    /// Columns that the mapping does not know, in the source's order. No reason not to run.
    pub new: Vec<String>,
}

/// A column that a rule needs and the source has not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingColumn {
    /// The column.
    pub column: String,
    /// Target fields that are filled from it, in the target's order.
    pub used_by: Vec<String>,
    /// Names of the source that are like it, the nearest first; those that no rule uses.
    pub nearest: Vec<String>,
}

/// Compares the columns that the rules use with those of a source.
///
/// Rules that are rejected, ignored or absent need no column. To check a mapping without a source,
/// pass the names of its own fingerprint.
#[must_use]
pub fn check_columns(mapping: &Mapping, columns: &[String]) -> ColumnCheck {
    let mut missing: Vec<MissingColumn> = Vec::new();
    let live = || mapping.rules.iter().filter(|rule| rule.is_live());
    let is_used = |name: &str| live().any(|rule| rule.sources.iter().any(|source| source == name));
    let free: Vec<&str> = columns
        .iter()
        .map(String::as_str)
        .filter(|name| !is_used(name))
        .collect();
    for rule in live() {
        for source in rule
            .sources
            .iter()
            .filter(|source| !columns.contains(source))
        {
            match missing.iter_mut().find(|known| known.column == *source) {
                Some(known) if known.used_by.contains(&rule.field) => {}
                Some(known) => known.used_by.push(rule.field.clone()),
                None => missing.push(MissingColumn {
                    column: source.clone(),
                    used_by: vec![rule.field.clone()],
                    nearest: nearest_names(source, free.iter().copied())
                        .into_iter()
                        .map(Into::into)
                        .collect(),
                }),
            }
        }
    }
    let is_known = |name: &String| {
        mapping
            .source
            .columns
            .iter()
            .any(|column| column.name == *name)
            || is_used(name)
    };
    let new = columns
        .iter()
        .filter(|name| !is_known(name))
        .cloned()
        .collect();
    ColumnCheck { missing, new }
}
