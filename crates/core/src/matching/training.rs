//! Examples for training: the features of pairs with the answer, as numbers without any text.

use super::Table;
use super::evidence::{FEATURES, Gathered, Kind, Measure, PreparedTarget, feature_names};
use crate::target::TargetSchema;

/// Bytes of one example: suite, copy, table (2), column (2), answer, fields of the same name, field
/// (2), the table that the field and the column stand in (0 where there is one), then the features.
pub const EXAMPLE_BYTES: usize = 12 + FEATURES;

/// Most candidates of a column that are taken as examples besides those that are right.
const MOST_PER_COLUMN: usize = 30;

/// What an example's features are called, in their order.
#[must_use]
pub fn example_names() -> Vec<String> {
    feature_names()
}

/// Where examples come from.
#[derive(Debug, Clone, Copy)]
pub struct Examples<'a> {
    /// Number of the suite.
    pub suite: u8,
    /// 0 the case itself, 1 without names, 2 without names and values of the target, 3 with true
    /// fields taken away.
    pub copy: u8,
    /// Number of the table among all copies.
    pub table: u16,
    /// Kinds of evidence that are left out.
    pub left_out: &'a [Kind],
}

impl Examples<'_> {
    /// Writes the examples of all columns for which `asked` holds; `right` tells whether a field is
    /// the answer of a column.
    pub fn write(
        &self,
        table: &Table,
        target: &TargetSchema,
        asked: impl Fn(usize) -> bool,
        right: impl Fn(usize, usize) -> bool,
        out: &mut Vec<u8>,
    ) {
        let prepared = PreparedTarget::new(target).leaving_out(self.left_out);
        let gathered = Gathered::new(table, &prepared);
        for column in (0..table.columns.len()).filter(|&column| asked(column)) {
            let features = gathered.features(column);
            let mean = |field: usize| gathered.get(Measure::Mean, column, field);
            let mut ranked: Vec<(usize, usize)> =
                features.fields().iter().copied().enumerate().collect();
            ranked.sort_by(|(_, a), (_, b)| mean(*b).total_cmp(&mean(*a)).then(a.cmp(b)));
            for (rank, &(place, field)) in ranked.iter().enumerate() {
                let answer = right(column, field);
                if rank >= MOST_PER_COLUMN && !answer {
                    continue;
                }
                let number = |part: Option<usize>| {
                    part.map_or(0, |part| u8::try_from(part + 1).unwrap_or(u8::MAX))
                };
                let parts = [
                    number(gathered.field_part(field)),
                    number(gathered.column_part(column)),
                ];
                let same = u8::try_from(gathered.same_names(field)).unwrap_or(u8::MAX);
                let field = u16::try_from(field).unwrap_or(u16::MAX);
                let column = u16::try_from(column).unwrap_or(u16::MAX).to_le_bytes();
                out.extend([self.suite, self.copy]);
                out.extend(self.table.to_le_bytes());
                out.extend(column);
                out.extend([u8::from(answer), same]);
                out.extend(field.to_le_bytes());
                out.extend(parts);
                out.extend(features.of_one(place).map(i8::cast_unsigned));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matching::tests::{column, dates, field, texts};
    use crate::profile::ColumnProfile;
    use crate::target::FieldType;

    const EXAMPLES: Examples<'_> = Examples {
        suite: 7,
        copy: 3,
        table: 0x0102,
        left_out: &[],
    };

    fn target(fields: usize) -> TargetSchema {
        let words = ["ship date", "payee name", "memo", "town"];
        let fields = (0..fields).map(|number| {
            let word = words[number % words.len()];
            field(&format!("{word} {number}"), FieldType::String)
        });
        TargetSchema {
            name: "target".to_owned(),
            description: None,
            fields: fields.collect(),
            unused: Vec::new(),
        }
    }

    fn columns() -> Vec<ColumnProfile> {
        vec![
            dates("Ship Dt", "%d.%m.%Y"),
            texts("Payee"),
            column("Memo 2"),
        ]
    }

    fn written(fields: usize, right: impl Fn(usize, usize) -> bool) -> Vec<u8> {
        let columns = columns();
        let table = Table {
            name: Some("shipments"),
            columns: &columns,
            named: true,
            stated: &[],
        };
        let mut out = Vec::new();
        EXAMPLES.write(
            &table,
            &target(fields),
            |column| column != 1,
            right,
            &mut out,
        );
        out
    }

    #[test]
    fn a_record_for_each_candidate_of_each_column_that_is_asked_for() {
        assert_eq!(example_names().len() + 12, EXAMPLE_BYTES);
        let out = written(3, |column, field| column == field);
        assert_eq!(out.len(), 2 * 3 * EXAMPLE_BYTES);
        let records = || out.chunks(EXAMPLE_BYTES);
        assert!(records().all(|record| record[..4] == [7, 3, 2, 1]));
        let columns: Vec<u8> = records().map(|record| record[4]).collect();
        assert_eq!(columns, [0, 0, 0, 2, 2, 2]);
        let right: Vec<u8> = records().map(|record| record[6]).collect();
        // The best candidate comes first, and it is the right one.
        assert_eq!(right, [1, 0, 0, 1, 0, 0]);
        let fields: Vec<u8> = records().map(|record| record[8]).collect();
        assert_eq!((fields[0], fields[3]), (0, 2));
        assert!(
            records().all(|record| record[9..12] == [0, 0, 0]),
            "one table"
        );
        assert!(records().all(|record| record[7] == 1));
    }

    #[test]
    fn what_is_right_is_written_however_far_behind_it_is() {
        let out = written(59, |_, field| field == 43);
        let records = || out.chunks(EXAMPLE_BYTES);
        assert_eq!(records().filter(|record| record[6] == 1).count(), 2);
        for column in [0, 2] {
            let count = records().filter(|record| record[4] == column).count();
            assert!((30..=31).contains(&count), "{count}");
        }
    }

    #[test]
    fn the_same_table_gives_the_same_bytes() {
        let out = written(70, |_, _| false);
        assert!(!out.is_empty());
        assert_eq!(out, written(70, |_, _| false));
    }
}
