//! Measures that cost too much for all pairs, taken of the candidates alone.

use super::number::narrow;
use super::sides::Sides;
use super::spellings::{best_spelling, edits, equal, same_head, starts};
use super::words::Spelling;
use super::{Gathered, Measure, PreparedField, PreparedTarget};
use crate::matching::Table;
use crate::matching::label_evidence::{match_labels, too_many_values, verbatim_share};
use crate::matching::name_evidence::{Rarity, score_names};
use crate::matching::names::Name;
use crate::matching::value_evidence::kind_fit;

/// How many candidates are compared by the labels of their enumerations.
const LABELLED: usize = 25;

/// From which agreement by the rules on, names are the same: all words are the same or synonyms, or
/// the description gives the name.
const EQUAL_BY_RULES: f64 = 0.9;

/// How alike two spellings are.
type Compare = fn(&Spelling, &Spelling) -> f32;

/// Measures of two spellings.
const OF_SPELLINGS: [(Measure, Compare); 4] = [
    (Measure::NameEdits, edits),
    (Measure::NameStarts, starts),
    (Measure::NameEqual, equal),
    (Measure::NameHead, same_head),
];

impl Gathered {
    /// Compares edits, the rules of the lexicon, types and labels.
    pub(super) fn closely(
        &mut self,
        (table, columns): (&Table, &Sides),
        target: &PreparedTarget<'_>,
    ) {
        let fields = &target.sides;
        for column in 0..self.columns {
            for field in self.candidates(column).to_vec() {
                for (measure, compare) in OF_SPELLINGS {
                    let best = best_spelling(columns, fields, (column, field), compare);
                    self.put(measure, (column, field), best);
                }
            }
        }
        self.by_rules(columns, &target.fields);
        self.by_types(table, &target.fields);
        self.by_labels(table, &target.fields);
    }

    /// Compares the names by the rules of the lexicon.
    fn by_rules(&mut self, columns: &Sides, fields: &[PreparedField<'_>]) {
        let written = columns.written.iter();
        let own_names: Vec<Name> = written
            .filter_map(|written| Some(written.names.first()?.name.clone()))
            .collect();
        let rarity = Rarity::count(&own_names, fields.iter().map(|field| &field.names));
        for (column, written) in columns.written.iter().enumerate() {
            for field in self.candidates(column).to_vec() {
                let Some(PreparedField { names: other, .. }) = fields.get(field) else {
                    continue;
                };
                let own = written.names.iter();
                let rules = own
                    .map(|spelling| score_names(&spelling.name, other, &rarity))
                    .reduce(f64::max);
                self.put(Measure::NameRules, (column, field), rules.map(narrow));
                if rules.is_some_and(|rules| rules >= EQUAL_BY_RULES) {
                    let equal = self.get(Measure::NameEqual, column, field).max(0.7);
                    self.put(Measure::NameEqual, (column, field), Some(equal));
                }
            }
        }
    }

    /// Holds the values against the types, and against the kinds that the names ask for.
    fn by_types(&mut self, table: &Table, fields: &[PreparedField<'_>]) {
        for (column, profile) in table.columns.iter().enumerate() {
            for field in self.candidates(column).to_vec() {
                let Some(PreparedField { fit, names, .. }) = fields.get(field) else {
                    continue;
                };
                let fits = fit.check(profile).map(|fit| narrow(fit.share));
                self.put(Measure::TypeFits, (column, field), fits);
                let kind = kind_fit(profile, names).map(|kind| narrow(kind.agreement));
                self.put(Measure::KindFits, (column, field), kind);
            }
        }
    }

    /// Compares the values with the labels of the best candidates.
    fn by_labels(&mut self, table: &Table, fields: &[PreparedField<'_>]) {
        for (column, profile) in table.columns.iter().enumerate() {
            let mean = |field: &usize| self.get(Measure::Mean, column, *field);
            let mut candidates = self.candidates(column).to_vec();
            candidates.sort_by(|a, b| mean(b).total_cmp(&mean(a)).then(a.cmp(b)));
            candidates.truncate(LABELLED);
            for field in candidates {
                let Some(PreparedField { labels, .. }) = fields.get(field) else {
                    continue;
                };
                let share = if too_many_values(profile, labels) {
                    verbatim_share(profile, labels)
                } else {
                    let values = || self.asked_values(column, profile);
                    let found = match_labels(profile, values, labels);
                    let share = found.as_ref().map(|found| found.share);
                    self.matched.insert((column, field), found);
                    share
                };
                self.put(Measure::LabelsMatched, (column, field), share.map(narrow));
                // A value that stands for one that the field knows is known.
                if let Some(share) = share.map(narrow) {
                    let known = self.get(Measure::ValuesKnown, column, field).max(share);
                    self.put(Measure::ValuesKnown, (column, field), Some(known));
                }
            }
        }
    }
}
