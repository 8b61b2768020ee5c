//! Measures of the names, and of all words that are written on both sides.

use super::bags::{Bags, Variants};
use super::sides::Sides;
use super::spellings::{best_spelling, shortened};
use super::words::Written;
use super::{Gathered, Matrix, Measure};

impl Gathered {
    /// Compares the names by their words, their synonyms and their letters.
    pub(super) fn names(&mut self, columns: &Sides, fields: &Sides) {
        let words = bags(columns, fields, Written::stems);
        self.set(Measure::NameWords, words.cosine());
        let (of_column, of_field) = words.covered();
        self.set(Measure::ColumnCovered, of_column);
        self.set(Measure::FieldCovered, of_field);
        let synonyms = bags(columns, fields, Written::synonyms);
        self.set(Measure::NameSynonyms, synonyms.cosine());
        let plain = bags(columns, fields, Written::plain_pieces).cosine();
        let pieces = bags(columns, fields, Written::pieces).cosine();
        self.set(Measure::NamePieces, pieces.larger(&plain));
        self.set(Measure::PlainPieces, plain);
        let (width, height) = (columns.written.len(), fields.written.len());
        let shortened = Matrix::of(width, height, |column, field| {
            best_spelling(columns, fields, (column, field), |own, other| {
                shortened(own, other).max(shortened(other, own))
            })
        });
        self.set(Measure::NameShortened, shortened);
    }

    /// Compares all that is written: names and descriptions.
    pub(super) fn texts(&mut self, columns: &Sides, fields: &Sides) {
        let all = bags(columns, fields, Written::all_words);
        self.set(Measure::TextWords, all.cosine());
        let (names, texts) = (Written::stems, Written::all_words);
        let (in_text, _) = Bags::new(each(columns, names), each(fields, texts)).covered();
        self.set(Measure::NameInText, in_text);
        let (_, in_name) = Bags::new(each(columns, texts), each(fields, names)).covered();
        self.set(Measure::TextInName, in_name);
    }
}

fn each<K>(sides: &Sides, words: fn(&Written) -> Variants<K>) -> Vec<Variants<K>> {
    sides.written.iter().map(words).collect()
}

fn bags<K: std::hash::Hash + Eq>(
    columns: &Sides,
    fields: &Sides,
    words: fn(&Written) -> Variants<K>,
) -> Bags {
    Bags::new(each(columns, words), each(fields, words))
}
