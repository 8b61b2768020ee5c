//! Examples for training out of a case: the case itself, and copies of it that teach what cases
//! alone do not: tables without a header, and columns whose field is not in the target.

use std::collections::HashSet;

use super::case::Columns;
use crate::matching::{Examples, Table};
use crate::target::TargetSchema;

/// Shares of the columns with a field that lose it, one copy each.
const DELETED: [u64; 1] = [50];

impl Columns {
    /// Appends the examples of this case and of its copies; `first` numbers them.
    /// Returns how many tables were taken.
    ///
    /// `exhaustive` tells whether a column without a pair in the truth has no field; else it is
    /// left out.
    pub fn examples(&self, first: Examples<'_>, exhaustive: bool, out: &mut Vec<u8>) -> u16 {
        let truth: HashSet<(&str, &str)> = self
            .truth
            .iter()
            .map(|(column, field)| (column.as_str(), field.as_str()))
            .collect();
        let mapped: HashSet<&str> = truth.iter().map(|(column, _)| *column).collect();
        let mut taken = 0;
        let mut write = |copy: u8, named: bool, target: &TargetSchema| {
            let source = Table {
                name: self.table.as_deref(),
                columns: &self.profiles,
                named,
                stated: if named { &self.stated } else { &[] },
            };
            let name = |column: usize| self.names.get(column).map_or("", String::as_str);
            let field = |field: usize| target.fields.get(field).map_or("", |f| f.name.as_str());
            let examples = Examples {
                copy,
                table: first.table + taken,
                ..first
            };
            examples.write(
                &source,
                target,
                |column| exhaustive || mapped.contains(name(column)),
                |column, place| truth.contains(&(name(column), field(place))),
                out,
            );
            taken += 1;
        };
        write(0, true, &self.target);
        if self.profiles.iter().any(|profile| profile.count > 0) {
            write(1, false, &self.target);
            write(2, false, &without_values(&self.target));
        }
        for (copy, share) in (3..).zip(DELETED) {
            let lost: HashSet<&str> = mapped
                .iter()
                .filter(|column| draw(&[column, &self.names.concat()]) % 100 < share)
                .flat_map(|column| truth.iter().filter(move |(own, _)| own == column))
                .map(|(_, field)| *field)
                .collect();
            let mut target = self.target.clone();
            target
                .fields
                .retain(|field| !lost.contains(field.name.as_str()));
            if !lost.is_empty() && !target.fields.is_empty() {
                write(copy, true, &target);
            }
        }
        taken
    }
}

/// The target as one has it who knows names and descriptions alone.
fn without_values(target: &TargetSchema) -> TargetSchema {
    let mut target = target.clone();
    for field in &mut target.fields {
        field.sample.clear();
        field.values.clear();
        field.constraints.clear();
    }
    target
}

/// A number that depends on nothing but the texts (FNV-1a).
fn draw(texts: &[&str]) -> u64 {
    texts
        .iter()
        .flat_map(|text| text.bytes())
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        })
        >> 8
}
