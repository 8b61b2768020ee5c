//! Memory: what people decided about earlier sources, for the next proposal to the same target.
//!
//! A column of the same name is proposed for what it was chosen for, with what people made of its
//! values; one whose name has the same words is likely the same. A column that was refused is not
//! proposed again. Names that a program invented say nothing.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::Table;
use super::names::{Name, is_anonymous};
use super::text::fold;
use crate::mapping::{Evidence, MappedValue, Mapping, Past, Rule, RuleState};
use crate::target::TargetSchema;

/// Confidence in a column that was chosen for the field before, under the same name.
pub(super) const SAME_COLUMN: f64 = 0.97;
/// Under a name with the same words: likely, and worth a look.
const SAME_WORDS: f64 = 0.85;
/// Most confidence in a column that was refused for the field before.
const REFUSED: f64 = 0.2;
/// So many proposals of the past say how good the next ones are; older ones count no more.
const MOST_PAST: usize = 40;

/// Decisions about sources of the past, all for one target.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Memory {
    /// The newest first.
    decisions: Vec<PastDecision>,
}

/// What a person decided about a column and a field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PastDecision {
    /// The column.
    pub column: String,
    /// Whether it fills the field; if not, a person refused it.
    pub holds: bool,
    /// The file that it was decided for.
    pub file: String,
    /// When, RFC 3339; empty where nobody noted it.
    pub at: String,
    /// The rule as it was decided.
    pub rule: Rule,
}

impl PastDecision {
    /// All that a person decided in a mapping.
    #[must_use]
    pub fn of_mapping(mapping: &Mapping) -> Vec<Self> {
        let of_rule = |rule: &Rule| {
            let taught = Self::of_rule(rule).into_iter();
            let decisions = taught.map(|(column, holds)| Self {
                column,
                holds,
                file: mapping.source.file.clone(),
                at: rule.at.clone().unwrap_or_default(),
                rule: Self::kept(rule),
            });
            decisions.collect::<Vec<_>>()
        };
        mapping.rules.iter().flat_map(of_rule).collect()
    }

    /// The columns that a rule decides about, and whether each fills its field. Empty where nobody
    /// looked.
    #[must_use]
    pub fn of_rule(rule: &Rule) -> Vec<(String, bool)> {
        let proposed = rule.proposed.as_ref();
        let proposed = proposed.map_or(&[][..], |proposed| &proposed.sources);
        let holds = match rule.state {
            RuleState::Proposed => return Vec::new(),
            RuleState::Accepted | RuleState::Edited if rule.bar.is_some() => return Vec::new(),
            RuleState::Accepted | RuleState::Edited => true,
            RuleState::Rejected | RuleState::Ignored | RuleState::Absent => false,
        };
        let own = rule.sources.iter().map(|column| (column.clone(), holds));
        let others = proposed
            .iter()
            .filter(|column| !rule.sources.contains(column));
        own.chain(others.map(|column| (column.clone(), false)))
            .collect()
    }

    /// What is kept of a rule: without the evidence, the other sources and the person's words, none of which
    /// is used again and all of which may hold values of the source.
    #[must_use]
    pub fn kept(rule: &Rule) -> Rule {
        Rule {
            evidence: Vec::new(),
            alternatives: Vec::new(),
            note: None,
            ..rule.clone()
        }
    }

    /// The values that a person mapped or left unmapped, as they are to be mapped again.
    pub(super) fn values(&self) -> impl Iterator<Item = MappedValue> {
        let whole = self.rule.state == RuleState::Accepted;
        self.rule.value_map.iter().filter_map(move |value| {
            let to = match value.state {
                RuleState::Accepted | RuleState::Edited => value.to.clone(),
                // Whoever accepts a rule accepts its values.
                RuleState::Proposed if whole => value.to.clone(),
                RuleState::Ignored | RuleState::Absent => None,
                RuleState::Proposed | RuleState::Rejected => return None,
            };
            Some(MappedValue {
                from: value.from.clone(),
                to,
                confidence: SAME_COLUMN,
                rows: 0,
                state: RuleState::Proposed,
            })
        })
    }

    fn evidence(&self, name: &str) -> Evidence {
        let verb = if self.holds { "chose" } else { "refused" };
        let what = if key(name) == key(&self.column) {
            "this".to_owned()
        } else {
            format!("{:?}, which has the same words,", self.column)
        };
        let day = self.at.get(..10).map(|day| format!(" on {day}"));
        let file = (!self.file.is_empty()).then(|| format!(" for {}", self.file));
        let by = self.rule.by.as_ref().map(|by| format!(" ({by})"));
        Evidence {
            kind: "memory".to_owned(),
            weight: if self.holds { 1.0 } else { -1.0 },
            text: format!(
                "memory: you {verb} {what}{}{}{}",
                day.unwrap_or_default(),
                file.unwrap_or_default(),
                by.unwrap_or_default()
            ),
        }
    }
}

impl Memory {
    /// Decisions about one target, the newest first.
    #[must_use]
    pub const fn new(decisions: Vec<PastDecision>) -> Self {
        Self { decisions }
    }

    /// Whether nothing is remembered.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.decisions.is_empty()
    }

    /// How the proposals of the past were judged, those about columns of this table aside: these
    /// speak for themselves.
    #[must_use]
    pub fn past(&self, table: &Table) -> Past {
        let here: BTreeSet<String> = table.columns.iter().map(|c| key(&c.name)).collect();
        let mut seen = BTreeSet::new();
        let judged = self
            .decisions
            .iter()
            .filter(|decision| !here.contains(&key(&decision.column)))
            .filter(|decision| seen.insert((&decision.rule.field, &decision.at, &decision.file)))
            .filter_map(|decision| decision.rule.was_right())
            .take(MOST_PAST);
        judged.fold(Past::default(), |past, right| Past {
            right: past.right + u32::from(right),
            wrong: past.wrong + u32::from(!right),
        })
    }
}

/// What a column is remembered by.
pub(super) fn key(name: &str) -> String {
    fold(name.trim())
}

/// The words of a name in any order; empty for a name without any.
fn words(name: &str) -> Vec<String> {
    let name = Name::parse(name);
    let mut words: Vec<String> = name.words().map(str::to_owned).collect();
    words.sort();
    words
}

/// What is remembered about the columns of a table and the fields of a target.
#[derive(Debug, Default)]
pub(super) struct Recalled<'a> {
    pairs: BTreeMap<(usize, usize), Recall<'a>>,
    pub(super) past: Past,
}

/// One decision that is about a pair.
#[derive(Debug, Clone, Copy)]
pub(super) struct Recall<'a> {
    decision: &'a PastDecision,
    /// Whether the column has the very name.
    same: bool,
}

impl<'a> Recalled<'a> {
    pub(super) fn of(memory: &'a Memory, table: &Table, target: &TargetSchema) -> Self {
        let mut recalled = Self::default();
        if memory.is_empty() || !table.named {
            return recalled;
        }
        recalled.past = memory.past(table);
        let fields: BTreeMap<&str, usize> = target
            .fields
            .iter()
            .enumerate()
            .map(|(index, field)| (field.name.as_str(), index))
            .collect();
        let named = |name: &dyn Fn(&str) -> Vec<String>| {
            let mut columns: BTreeMap<Vec<String>, Vec<usize>> = BTreeMap::new();
            for (index, column) in table.columns.iter().enumerate() {
                let name = name(&column.name);
                if !is_anonymous(&column.name) && !name.is_empty() {
                    columns.entry(name).or_default().push(index);
                }
            }
            columns
        };
        let by_name = named(&|name| vec![key(name)]);
        let by_words = named(&words);
        let mut filled = BTreeSet::new();
        for decision in &memory.decisions {
            let Some(&field) = fields.get(decision.rule.field.as_str()) else {
                continue;
            };
            // A flag or a second column says nothing by itself.
            let beside = decision.rule.sources.first() != Some(&decision.column);
            if decision.holds && beside {
                continue;
            }
            let same = by_name.get(&vec![key(&decision.column)]);
            let columns = same.or_else(|| {
                let alike = by_words.get(&words(&decision.column));
                alike.filter(|_| decision.holds)
            });
            for &column in columns.into_iter().flatten() {
                let same = same.is_some();
                recalled.add((column, field), Recall { decision, same });
            }
            // Of several columns that were chosen for a field the last one counts.
            if decision.holds && same.is_some() && !filled.insert(field) {
                let older = |recall: &Recall| std::ptr::eq(recall.decision, decision);
                recalled.pairs.retain(|_, recall| !older(recall));
            }
        }
        recalled
    }

    /// The newest counts, and the very name before one with the same words.
    fn add(&mut self, pair: (usize, usize), recall: Recall<'a>) {
        let known = self.pairs.entry(pair).or_insert(recall);
        if recall.same && !known.same {
            *known = recall;
        }
    }

    /// The decision to be used again for a pair: the column was chosen under this very name.
    pub(super) fn chosen(&self, column: usize, field: usize) -> Option<&'a PastDecision> {
        let recall = self.pairs.get(&(column, field))?;
        (recall.same && recall.decision.holds).then_some(recall.decision)
    }

    /// Whether a person found before that the column fills the field; `None` where nobody decided.
    pub(super) fn confirmed(&self, column: usize, field: usize) -> Option<bool> {
        if let Some(recall) = self.pairs.get(&(column, field)) {
            return recall.same.then_some(recall.decision.holds);
        }
        self.fields_of(column).next().map(|_| false)
    }

    /// The fields that a column was chosen for under this very name.
    fn fields_of(&self, column: usize) -> impl Iterator<Item = usize> {
        let of_column = self.pairs.range((column, 0)..=(column, usize::MAX));
        of_column
            .filter(|(_, recall)| recall.same && recall.decision.holds)
            .map(|(&(_, field), _)| field)
    }

    /// Whether a person refused the column for the field before.
    pub(super) fn refused(&self, column: usize, field: usize) -> bool {
        self.confirmed(column, field) == Some(false) && self.pairs.contains_key(&(column, field))
    }

    /// Whether the column has the very name of one that was chosen for the field.
    pub(super) fn proves(&self, column: usize, field: usize) -> bool {
        self.chosen(column, field).is_some()
    }

    /// What the memory says about a pair of this column's name.
    pub(super) fn evidence(&self, column: usize, field: usize, name: &str) -> Option<Evidence> {
        let recall = self.pairs.get(&(column, field))?;
        Some(recall.decision.evidence(name))
    }

    /// Brings the probabilities, column by column, to what is remembered. What was chosen leaves
    /// little to other columns of the field and other fields of the column.
    pub(super) fn weigh(&self, probabilities: &mut [f64], fields: usize) {
        let chosen: BTreeSet<(usize, usize)> = self
            .pairs
            .keys()
            .copied()
            .filter(|&(column, field)| self.proves(column, field))
            .collect();
        let columns: BTreeSet<usize> = chosen.iter().map(|&(column, _)| column).collect();
        let taken: BTreeSet<usize> = chosen.iter().map(|&(_, field)| field).collect();
        for (place, cell) in probabilities.iter_mut().enumerate() {
            let pair = (place / fields.max(1), place % fields.max(1));
            let is_rival = columns.contains(&pair.0) || taken.contains(&pair.1);
            *cell = match self.pairs.get(&pair) {
                _ if chosen.contains(&pair) => cell.max(SAME_COLUMN),
                Some(recall) if !recall.decision.holds => cell.min(REFUSED),
                Some(_) if !is_rival => cell.max(SAME_WORDS),
                Some(_) | None if is_rival => *cell * (1.0 - SAME_COLUMN),
                Some(_) | None => *cell,
            };
        }
    }
}
