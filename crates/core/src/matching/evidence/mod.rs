//! Evidence: every measure for every column and field, and among the rivals of each.
//!
//! ```text
//! Table, TargetSchema -- prepare --> Sides: names and values of columns and fields
//!   -- measures through inverted indexes --> Matrix per Measure (NaN = absent)
//!   -- candidates by the best of several --> the costly measures for them alone
//!   -- rivals --> features per candidate
//! ```

mod asked;
mod bags;
mod candidates;
mod closely;
mod detect;
mod features;
mod forms;
mod held;
mod kind;
mod matrix;
mod meanings;
mod measure;
mod names;
mod number;
mod prepared;
mod sides;
mod spellings;
#[cfg(test)]
mod tests;
mod values;
mod words;

pub(crate) use asked::AskedForm;
pub(crate) use features::{ABSENT, FEATURES, Features, Standing, feature_names};
pub use kind::Kind;
pub(crate) use meanings::NearMeaning;
pub(crate) use measure::Measure;
pub(super) use prepared::PreparedField;
pub use prepared::PreparedTarget;

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use self::asked::Forms;
use self::features::Best;
use self::matrix::Matrix;
use self::meanings::Called;
use self::sides::{Sides, column_sides};
use self::words::Written;

use super::Table;
use super::label_evidence::{Labels, LabelsMatched, match_labels, too_many_values, verbatim_share};
use super::values::AskedValues;
use crate::profile::ColumnProfile;

/// All evidence of a table and a target.
#[derive(Debug)]
pub(crate) struct Gathered {
    columns: usize,
    measures: Vec<Matrix>,
    /// For each column the fields that are looked at closely, in the target's order.
    candidates: Vec<Vec<usize>>,
    /// For each field how many fields have the same words for a name.
    same_names: Vec<usize>,
    /// For each measure and field the best columns.
    best_columns: Vec<Vec<Best>>,
    forms: Forms,
    called: Called,
    /// For each column its values, prepared when the first enumeration asks for them.
    values: Vec<OnceCell<AskedValues>>,
    /// Column, field, and which of the field's labels its values stand for, where the two were compared.
    matched: FxHashMap<(usize, usize), Option<LabelsMatched>>,
    left_out: Vec<Kind>,
    /// Which table each column stands in, and each field, by number; `None` where there is one.
    column_parts: Vec<Option<usize>>,
    field_parts: Vec<Option<usize>>,
}

/// From which [`Measure::NameEqual`] on two names are the same.
const SAME_NAME: f32 = 0.7;
/// Measures that can prove that the field knows the values, and from where on.
const KNOWN_VALUES: [Measure; 3] = [
    Measure::ValuePieces,
    Measure::ValuesKnown,
    Measure::ValuesMeanValues,
];
const MOST_VALUES: f32 = 0.6;

impl Gathered {
    /// Compares everything with everything.
    pub(crate) fn new(table: &Table, target: &PreparedTarget<'_>) -> Self {
        let columns = column_sides(table);
        let fields = &target.sides;
        let shape = (columns.written.len(), fields.written.len());
        let mut gathered = Self {
            columns: shape.0,
            measures: vec![Matrix::absent(shape.0, shape.1); Measure::ALL.len()],
            candidates: Vec::new(),
            same_names: target.same_names.clone(),
            best_columns: Vec::new(),
            forms: Forms::of(&columns, &target.asked),
            called: Called::of(&columns, &target.called),
            values: (0..shape.0).map(|_| OnceCell::new()).collect(),
            matched: FxHashMap::default(),
            left_out: target.left_out.clone(),
            column_parts: parts(&columns.groups),
            field_parts: parts(&fields.groups),
        };
        gathered.names(&columns, fields);
        gathered.meanings(&columns, &target.meant);
        gathered.texts(&columns, fields);
        gathered.values(&columns, fields);
        gathered.forms();
        gathered.names_in_values(&columns, fields);
        gathered.weigh();
        gathered.tables(&columns, fields);
        gathered.weigh();
        gathered.choose_candidates(shape.1);
        gathered.closely((table, &columns), target);
        gathered.weigh();
        gathered.count_columns(shape.1);
        gathered
    }

    /// Takes away what is left out, and the mean of the rest.
    fn weigh(&mut self) {
        let is_left_out = |measure: &Measure| {
            Kind::of(*measure).is_some_and(|kind| self.left_out.contains(&kind))
        };
        let absent: Vec<Measure> = Measure::ALL.into_iter().filter(is_left_out).collect();
        for measure in absent {
            let fields = self.same_names.len();
            self.set(measure, Matrix::absent(self.columns, fields));
        }
        self.mean();
    }

    /// One measure of one pair; `NaN` is absent.
    pub(crate) fn get(&self, measure: Measure, column: usize, field: usize) -> f32 {
        self.measure(measure)
            .map_or(f32::NAN, |matrix| matrix.get(column, field))
    }

    fn measure(&self, measure: Measure) -> Option<&Matrix> {
        self.measures.get(measure as usize)
    }

    fn set(&mut self, measure: Measure, matrix: Matrix) {
        if let Some(place) = self.measures.get_mut(measure as usize) {
            *place = matrix;
        }
    }

    /// The values of a column, prepared for enumerations.
    pub(super) fn asked_values(
        &self,
        column: usize,
        profile: &ColumnProfile,
    ) -> Option<&AskedValues> {
        let values = self.values.get(column)?;
        Some(values.get_or_init(|| AskedValues::of(profile)))
    }

    /// The share of rows whose value is one of the labels of the field; `None` without labels or values.
    pub(crate) fn label_share(
        &self,
        column: (usize, &ColumnProfile),
        field: (usize, &Labels<'_>),
    ) -> Option<f64> {
        if too_many_values(column.1, field.1) {
            return verbatim_share(column.1, field.1);
        }
        self.labels_matched(column, field).map(|found| found.share)
    }

    /// Which labels of the field the values of the column stand for; `None` without labels or values.
    pub(crate) fn labels_matched(
        &self,
        (column, profile): (usize, &ColumnProfile),
        (field, labels): (usize, &Labels<'_>),
    ) -> Option<Cow<'_, LabelsMatched>> {
        match self.matched.get(&(column, field)) {
            Some(known) => known.as_ref().map(Cow::Borrowed),
            None => {
                match_labels(profile, || self.asked_values(column, profile), labels).map(Cow::Owned)
            }
        }
    }

    /// The candidates of a column.
    pub(crate) fn candidates(&self, column: usize) -> &[usize] {
        self.candidates.get(column).map_or(&[], Vec::as_slice)
    }

    /// The number of the table that a column stands in; `None` where there is one table.
    pub(crate) fn column_part(&self, column: usize) -> Option<usize> {
        self.column_parts.get(column).copied().flatten()
    }

    /// The number of the table of the target that a field stands in; `None` where there is one.
    pub(crate) fn field_part(&self, field: usize) -> Option<usize> {
        self.field_parts.get(field).copied().flatten()
    }

    /// Whether a pair has the same name, which no other field has, or values that the field knows.
    pub(crate) fn proves(&self, column: usize, field: usize) -> bool {
        let at_least = |measure, least| self.get(measure, column, field) >= least;
        let named = at_least(Measure::NameEqual, SAME_NAME) && self.same_names(field) == 1;
        named
            || KNOWN_VALUES
                .iter()
                .any(|&measure| at_least(measure, MOST_VALUES))
    }

    /// How many fields have the same words for a name as this one, itself included.
    pub(crate) fn same_names(&self, field: usize) -> usize {
        self.same_names.get(field).copied().unwrap_or(1)
    }

    /// Sets one measure of one pair; `None` is absent.
    fn put(&mut self, measure: Measure, (column, field): (usize, usize), value: Option<f32>) {
        let matrix = self.measures.get_mut(measure as usize);
        if let Some(cell) = matrix.and_then(|matrix| matrix.row_mut(column).get_mut(field)) {
            *cell = value.unwrap_or(f32::NAN);
        }
    }
}

/// The number of the table that each stands in; nothing where there are less than two.
fn parts(groups: &[Option<String>]) -> Vec<Option<usize>> {
    let mut numbers: BTreeMap<&String, usize> = BTreeMap::new();
    for group in groups.iter().flatten() {
        let next = numbers.len();
        numbers.entry(group).or_insert(next);
    }
    let number = |group: &Option<String>| numbers.get(group.as_ref()?).copied();
    if numbers.len() < 2 {
        return vec![None; groups.len()];
    }
    groups.iter().map(number).collect()
}

/// For each field how many have the same words for a name.
fn same_names(fields: &Sides) -> Vec<usize> {
    let key = |written: &Written| {
        let mut words: Vec<String> = written.readings().next().unwrap_or_default().to_vec();
        words.sort();
        words
    };
    let keys: Vec<Vec<String>> = fields.written.iter().map(key).collect();
    let mut counts: BTreeMap<&Vec<String>, usize> = BTreeMap::new();
    for key in &keys {
        *counts.entry(key).or_default() += 1;
    }
    keys.iter()
        .map(|key| counts.get(key).copied().unwrap_or(1))
        .collect()
}
