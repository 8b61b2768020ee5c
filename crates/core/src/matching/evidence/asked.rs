//! Measures of names against values: what a field's name asks for, and whether the values are it.

use std::collections::BTreeSet;

use super::detect::{ASKING, DETECTORS};
use super::number::small;
use super::sides::Sides;
use super::words::Written;
use super::{Gathered, Matrix, Measure};
use crate::matching::text::fold;

/// From this share of its values on a column is certainly of a sort, and from this much on a name
/// certainly asks for it.
const CERTAIN: f32 = 0.5;
/// How much a word of the description asks for what it would ask for as a name.
const DESCRIBED: f32 = 0.3;

/// The sorts of values by their form: how many of each a column holds, and which each field's name
/// asks for. The lists follow the [`DETECTORS`].
#[derive(Debug, Default)]
pub(super) struct Forms {
    columns: Vec<Counted>,
    fields: Vec<Asking>,
}

/// How much a field's name asks for each sort of value.
pub(super) type Asking = Vec<f32>;

/// What the values of a column are.
#[derive(Debug)]
struct Counted {
    values: usize,
    /// How many of the values each detector takes.
    counts: Vec<usize>,
}

/// The form that both values and name speak of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct AskedForm {
    /// What it is called, with its article.
    pub(crate) name: &'static str,
    /// How many of the different values have it.
    pub(crate) having: usize,
    /// The share of the values that this is.
    pub(crate) share: f32,
    /// How many different values are known.
    pub(crate) values: usize,
    /// How much the name asks for it, 0 to 1.
    pub(crate) asks: f32,
}

impl Forms {
    pub(super) fn of(columns: &Sides, fields: &[Asking]) -> Self {
        let held = columns.held.iter().map(|held| Counted {
            values: held.texts.len(),
            counts: held.detected(),
        });
        Self {
            columns: held.collect(),
            fields: fields.to_vec(),
        }
    }

    /// For each sort the share of the column's values, and how much the field asks for it.
    fn pairs(&self, column: usize, field: usize) -> Option<impl Iterator<Item = (f32, f32)>> {
        let Counted { values, counts } = self.columns.get(column)?;
        let shares = counts.iter().map(|count| small(*count) / small(*values));
        Some(shares.zip(self.fields.get(field)?.iter().copied()))
    }
}

impl Gathered {
    /// Compares what the fields' names ask for with what the values are by their form.
    pub(super) fn forms(&mut self) {
        let (columns, fields) = (self.forms.columns.len(), self.forms.fields.len());
        let detected = Matrix::of(columns, fields, |column, field| {
            let pairs = self.forms.pairs(column, field)?;
            let certain = pairs.filter(|(share, _)| *share >= CERTAIN);
            certain.map(|(share, asks)| share * asks).reduce(f32::max)
        });
        self.set(Measure::Detected, detected);
        let answered = Matrix::of(columns, fields, |column, field| {
            let pairs = self.forms.pairs(column, field)?;
            let certain = pairs.filter(|(_, asks)| *asks >= CERTAIN);
            certain.map(|(share, _)| share).reduce(f32::max)
        });
        self.set(Measure::Asked, answered);
    }

    /// Compares the names of one side with the values of the other.
    pub(super) fn names_in_values(&mut self, columns: &Sides, fields: &Sides) {
        let (width, height) = (columns.held.len(), fields.held.len());
        let held = columns.held.iter();
        let words: Vec<BTreeSet<String>> = held
            .map(|held| {
                let words = held.words().into_iter().flatten();
                words.map(|(word, _)| word).collect()
            })
            .collect();
        let in_values = Matrix::of(width, height, |column, field| {
            let words = words.get(column).filter(|words| !words.is_empty())?;
            let name = fields.written.get(field)?.readings().next()?;
            let found = name.iter().filter(|word| words.contains(*word)).count();
            // That a name stands in no value is the usual case and tells nothing.
            (found > 0).then(|| small(found) / small(name.len()))
        });
        self.set(Measure::NameInValues, in_values);
        let is_value = Matrix::of(width, height, |column, field| {
            let name = columns.written.get(column)?.names.first()?;
            let held = fields.held.get(field).filter(|held| !held.is_empty())?;
            let known = held.folded.contains(&fold(&name.name.text));
            Some(f32::from(u8::from(known)))
        });
        self.set(Measure::NameIsValue, is_value);
    }

    /// The form that most of the values have and that the field's name asks for, the one that says
    /// most of several; `None` where there is none.
    pub(crate) fn asked_form(&self, column: usize, field: usize) -> Option<AskedForm> {
        let Counted { values, counts } = self.forms.columns.get(column)?;
        let pairs = counts.iter().zip(self.forms.pairs(column, field)?);
        let mut best: Option<AskedForm> = None;
        for (detector, (having, (share, asks))) in DETECTORS.iter().zip(pairs) {
            let more = best.is_none_or(|best| share * asks > best.share * best.asks);
            if share >= CERTAIN && asks >= CERTAIN && more {
                best = Some(AskedForm {
                    name: detector.name,
                    having: *having,
                    share,
                    values: *values,
                    asks,
                });
            }
        }
        best
    }
}

/// How much a field's name asks for each detector's sort of value, 0 to 1; the description counts
/// little.
pub(super) fn asked(written: &Written) -> Asking {
    let words: BTreeSet<&String> = written.readings().flatten().collect();
    let described = written.described_words();
    let strongest = |wanted: &[(String, f32)], has: &dyn Fn(&String) -> bool| {
        let found = wanted.iter().filter(|(word, _)| has(word));
        found.map(|(_, asks)| *asks).fold(0.0, f32::max)
    };
    ASKING
        .iter()
        .map(|wanted| {
            let by_name = strongest(wanted, &|word| words.contains(word));
            by_name.max(DESCRIBED * strongest(wanted, &|word| described.contains(word)))
        })
        .collect()
}
