//! Measures of what names, descriptions and values mean.

use std::collections::BTreeMap;

use super::held::Held;
use super::sides::Sides;
use super::words::Written;
use super::{Gathered, Matrix, Measure};
use crate::matching::meaning::{Vector, between, cosine, embed};

/// What the texts of each column or field mean; nothing for one without a text.
type Meanings = Vec<Vec<Vector>>;

/// What columns and fields are called, in words: what their names are embedded as.
#[derive(Debug, Default)]
pub(super) struct Called {
    columns: Vec<Vec<String>>,
    fields: Vec<Vec<String>>,
}

/// Two names that mean something alike, though no word says so.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct NearMeaning<'a> {
    /// The column's name in words.
    pub(crate) column: &'a str,
    /// The field's.
    pub(crate) field: &'a str,
    /// Cosine of the two.
    pub(crate) cosine: f32,
    /// Whether it is the field's name with its description that is near, and not the name alone.
    pub(crate) described: bool,
}

/// From this cosine on texts are near.
const NEAR: f32 = 0.5;

impl Called {
    pub(super) fn of(columns: &Sides, fields: &[Vec<String>]) -> Self {
        Self {
            columns: columns.written.iter().map(in_words).collect(),
            fields: fields.to_vec(),
        }
    }
}

/// What the fields of a target mean: by their names, by all that is written, and by their values.
#[derive(Debug)]
pub(super) struct Meant {
    names: Meanings,
    texts: Meanings,
    values: Meanings,
}

impl Meant {
    pub(super) fn of(fields: &Sides, called: &[Vec<String>]) -> Self {
        Self {
            names: of_names(called),
            texts: of_texts(fields),
            values: of_values(fields),
        }
    }
}

impl Gathered {
    /// Compares what names, texts, values and whole tables mean.
    pub(super) fn meanings(&mut self, columns: &Sides, fields: &Meant) {
        let column_names = of_names(&self.called.columns);
        let column_texts = of_texts(columns);
        let column_values = of_values(columns);
        let Meant {
            names: field_names,
            texts: field_texts,
            values: field_values,
        } = fields;
        self.set(Measure::MeaningNames, alike(&column_names, field_names));
        self.set(Measure::MeaningField, alike(&column_names, field_texts));
        let described = of_described(columns, &column_texts);
        self.set(Measure::MeaningTexts, alike(&described, field_texts));
        let in_table = of_names_in_tables(columns);
        self.set(Measure::MeaningTable, alike(&in_table, field_texts));
        let (topics, tables) = of_tables(columns, &column_texts, &column_values);
        let of_topics = alike(&topics, field_texts).repeated(&tables);
        self.set(Measure::MeaningTopic, of_topics);
        let by_name = alike(&column_values, field_names);
        let by_text = alike(&column_values, field_texts);
        self.set(Measure::ValuesMeanName, by_name.larger(&by_text));
        let by_values = alike(&column_values, field_values);
        self.set(Measure::ValuesMeanValues, by_values);
    }

    /// The names of a pair, if they share no word and no synonym that the lexicon knows, and are
    /// near in what they mean.
    pub(crate) fn near_meaning(&self, column: usize, field: usize) -> Option<NearMeaning<'_>> {
        let at = |measure| self.get(measure, column, field);
        if at(Measure::NameWords) > 0.0 || at(Measure::NameSynonyms) > 0.0 {
            return None;
        }
        let columns = self.called.columns.get(column)?;
        let fields = self.called.fields.get(field)?;
        if at(Measure::MeaningNames) >= NEAR {
            return nearest(columns, fields);
        }
        Some(NearMeaning {
            column: columns.first()?,
            field: fields.first()?,
            cosine: Some(at(Measure::MeaningField)).filter(|cosine| *cosine >= NEAR)?,
            described: true,
        })
    }
}

/// The two names that are nearest; the first of equals.
fn nearest<'a>(columns: &'a [String], fields: &'a [String]) -> Option<NearMeaning<'a>> {
    let mut best: Option<NearMeaning> = None;
    for column in columns {
        for field in fields {
            let (Some(own), Some(other)) = (embed(column), embed(field)) else {
                continue;
            };
            let near = cosine(&own, &other);
            if best.is_none_or(|best| near > best.cosine) {
                best = Some(NearMeaning {
                    column,
                    field,
                    cosine: near,
                    described: false,
                });
            }
        }
    }
    best
}

/// Each name, written out and as it stands.
pub(super) fn in_words(written: &Written) -> Vec<String> {
    let names = written.names.iter();
    let mut texts: Vec<String> = Vec::new();
    for text in names.flat_map(|name| [&name.expanded, &name.plain]) {
        if !texts.contains(text) {
            texts.push(text.clone());
        }
    }
    texts
}

fn of_names(called: &[Vec<String>]) -> Meanings {
    let meanings = |texts: &Vec<String>| texts.iter().filter_map(|text| embed(text)).collect();
    called.iter().map(meanings).collect()
}

/// Name and description together.
fn of_texts(sides: &Sides) -> Meanings {
    let texts = sides.written.iter().map(Written::text);
    texts
        .map(|text| embed(&text).into_iter().collect())
        .collect()
}

/// The texts of those alone that have a description.
fn of_described(sides: &Sides, texts: &Meanings) -> Meanings {
    let pairs = sides.written.iter().zip(texts);
    pairs
        .map(|(written, text)| match written.description {
            Some(_) => text.clone(),
            None => Vec::new(),
        })
        .collect()
}

/// The texts of those that have a name and stand in a table that has one, with that one before.
fn of_names_in_tables(sides: &Sides) -> Meanings {
    let meaning = |written: &Written| {
        let table = written.table.as_ref().filter(|_| written.named())?;
        embed(&format!("{table} {}", written.text()))
    };
    let written = sides.written.iter();
    written
        .map(|written| meaning(written).into_iter().collect())
        .collect()
}

fn of_values(sides: &Sides) -> Meanings {
    let texts = sides.held.iter().map(Held::text);
    texts
        .map(|text| embed(&text).into_iter().collect())
        .collect()
}

/// What each table as a whole is about, all names of the table and texts that it holds, and for each
/// column the number of its table.
fn of_tables(columns: &Sides, texts: &Meanings, values: &Meanings) -> (Meanings, Vec<usize>) {
    let mut tables: BTreeMap<&Option<String>, Vec<&Vector>> = BTreeMap::new();
    for ((group, text), value) in columns.groups.iter().zip(texts).zip(values) {
        let table = tables.entry(group).or_default();
        table.extend(text.iter().chain(value));
    }
    let groups = columns.groups.iter();
    let number = |group| tables.keys().position(|other| *other == group);
    let numbers = groups.map(|group| number(group).unwrap_or(0)).collect();
    let topic = |vectors: &Vec<&Vector>| {
        let topic = between(vectors.iter().copied()).filter(|_| vectors.len() >= 2);
        topic.into_iter().collect()
    };
    (tables.values().map(topic).collect(), numbers)
}

/// How many columns are compared with a field before the next field is read: their vectors and
/// the field's stay near.
const BLOCK: usize = 8;

/// Cosines of the meanings, the best of all texts of both sides.
fn alike(columns: &Meanings, fields: &Meanings) -> Matrix {
    let mut matrix = Matrix::absent(columns.len(), fields.len());
    for from in (0..columns.len()).step_by(BLOCK) {
        for (field, others) in fields.iter().enumerate() {
            for (column, own) in columns.iter().enumerate().skip(from).take(BLOCK) {
                let pairs = own
                    .iter()
                    .flat_map(|own| others.iter().map(move |other| (own, other)));
                let best = pairs
                    .map(|(own, other)| cosine(own, other))
                    .reduce(f32::max);
                if let (Some(best), Some(cell)) = (best, matrix.row_mut(column).get_mut(field)) {
                    *cell = best;
                }
            }
        }
    }
    matrix
}
