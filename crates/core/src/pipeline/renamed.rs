//! Under which other name a column that a mapping needs may stand in a source: what its name means and what is
//! in the columns says more than how alike the letters are.

use crate::mapping::{ColumnCheck, Mapping, MissingColumn, check_columns};
use crate::matching::{Memory, Table, score};
use crate::profile::{ColumnProfile, Partial};
use crate::source::Overrides;
use crate::target::{Field, TargetSchema, field_of_column};

/// From which probability on a name is worth asking about.
const WORTH_ASKING: f64 = 0.3;
/// Pairs of a missing and a new column that are scored at most: where nothing is as it was, names that are alike
/// have to do.
const MOST_PAIRS: usize = 2_500;
/// So many names are told.
const TOLD: usize = 3;

/// As [`check_columns`], with the likeliest of the source's new columns before those whose names are alike.
pub(super) fn check_profiles(mapping: &Mapping, columns: &[ColumnProfile]) -> ColumnCheck {
    let names: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
    let mut check = check_columns(mapping, &names);
    let is_new = |column: &&ColumnProfile| check.new.contains(&column.name);
    let new: Vec<ColumnProfile> = columns.iter().filter(is_new).cloned().collect();
    let pairs = new.len().saturating_mul(check.missing.len());
    if pairs == 0 || pairs > MOST_PAIRS {
        return check;
    }
    let wanted = TargetSchema {
        name: String::new(),
        description: None,
        fields: fields(mapping, &check.missing),
        unused: Vec::new(),
    };
    let table = Table {
        name: None,
        columns: &new,
        named: true,
        stated: &[],
    };
    let scores = score(&table, &wanted, &Memory::default());
    for (field, missing) in check.missing.iter_mut().enumerate() {
        let pairs = new.iter().enumerate().filter_map(|(column, profile)| {
            let pair = scores.pair(column, field)?;
            (pair.probability >= WORTH_ASKING).then_some((pair.probability, &profile.name))
        });
        let mut likely: Vec<(f64, &String)> = pairs.collect();
        likely.sort_by(|one, other| other.0.total_cmp(&one.0));
        let mut nearest: Vec<String> = likely.into_iter().map(|(_, name)| name.clone()).collect();
        for name in std::mem::take(&mut missing.nearest) {
            if !nearest.contains(&name) {
                nearest.push(name);
            }
        }
        nearest.truncate(TOLD);
        missing.nearest = nearest;
    }
    check
}

/// As [`check_profiles`], where only the names are known.
pub(super) fn check_names(mapping: &Mapping, names: &[String]) -> ColumnCheck {
    check_profiles(mapping, &names_only(names))
}

fn names_only(names: &[String]) -> Vec<ColumnProfile> {
    Partial::new(names, &Overrides::default()).finish().columns
}

/// The missing columns as fields of a target: what they are called, and of which type what they fill is.
fn fields(mapping: &Mapping, missing: &[MissingColumn]) -> Vec<Field> {
    let names: Vec<String> = missing.iter().map(|known| known.column.clone()).collect();
    let fields = names_only(&names).into_iter().zip(missing);
    let fields = fields.map(|(column, missing)| {
        let mut field = field_of_column(&column);
        let mut filled = mapping.target.fields.iter();
        if let Some(filled) = filled.find(|filled| missing.used_by.contains(&filled.name)) {
            field.kind = filled.kind;
        }
        field
    });
    fields.collect()
}
