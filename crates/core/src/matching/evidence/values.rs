//! Measures of the values: which are the same, and what they look like.

use super::bags::{Bags, Variants};
use super::held::{Held, ranges_alike};
use super::sides::Sides;
use super::{Gathered, Matrix, Measure};

impl Gathered {
    /// Compares the values themselves.
    pub(super) fn values(&mut self, columns: &Sides, fields: &Sides) {
        let (width, height) = (columns.held.len(), fields.held.len());
        self.overlaps(columns, fields);
        let pieces = bags(columns, fields, Held::pieces);
        self.set(Measure::ValuePieces, pieces.cosine());
        let words = bags(columns, fields, Held::words);
        self.set(Measure::ValueWords, words.cosine());
        let shapes = bags(columns, fields, Held::shapes);
        self.set(Measure::ValueShapes, shapes.cosine());
        let looks = Matrix::of(width, height, |column, field| {
            let own = columns.held.get(column)?.looks?;
            Some(own.alike(&fields.held.get(field)?.looks?))
        });
        self.set(Measure::ValueLooks, looks);
        let ranges = Matrix::of(width, height, |column, field| {
            let own = columns.held.get(column)?.quantiles?;
            Some(ranges_alike(own, fields.held.get(field)?.quantiles?))
        });
        self.set(Measure::ValueRanges, ranges);
    }

    /// Counts the values that both sides have.
    fn overlaps(&mut self, columns: &Sides, fields: &Sides) {
        for (column, own) in columns.held.iter().enumerate() {
            for (field, other) in fields.held.iter().enumerate() {
                let Some((of_column, of_field, of_both)) = own.overlap(other) else {
                    continue;
                };
                let place = (column, field);
                self.put(Measure::ValuesKnown, place, Some(of_column));
                self.put(Measure::ValuesHeld, place, Some(of_field));
                self.put(Measure::ValuesCommon, place, Some(of_both));
            }
        }
    }
}

fn bags<K: std::hash::Hash + Eq>(
    columns: &Sides,
    fields: &Sides,
    words: fn(&Held) -> Variants<K>,
) -> Bags {
    let each = |sides: &Sides| sides.held.iter().map(words).collect();
    Bags::new(each(columns), each(fields))
}
