//! Scores: for every column and every field the probability that one fills the other, with the
//! evidence.

use super::combine::{Piece, Signals, compete};
use super::name_evidence::{FieldNames, Rarity, compare_names, in_description};
use super::names::{Name, is_anonymous};
use super::text::share;
use super::value_evidence::{TypeFit, filled, kind_fit, sample_overlap};
use super::values::{ValueMatch, label_overlap, match_values};
use super::{Memory, Table};
use crate::mapping::Evidence;
use crate::profile::ColumnProfile;
use crate::target::{Field, TargetSchema};

/// One column and one field.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    /// Position of the column in the table.
    pub column: usize,
    /// Position of the field in the target.
    pub field: usize,
    /// Probability that the column fills the field, 0 to 1.
    pub probability: f64,
    /// What speaks for and against it, the strongest first; empty where nothing makes the pair
    /// thinkable.
    pub evidence: Vec<Evidence>,
}

/// The probabilities of all pairs.
#[derive(Debug, Clone, PartialEq)]
pub struct Scores {
    columns: Vec<String>,
    fields: Vec<String>,
    pairs: Vec<Pair>,
}

/// Below this a pair is not worth its evidence.
const FLOOR: f64 = 0.02;
/// More different values than this, per label and at all, and none of them a label: no enumeration.
const MANY_VALUES: (u64, u64) = (4, 20);

impl Scores {
    /// Names of the columns, in the table's order.
    #[must_use]
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Names of the fields, in the target's order.
    #[must_use]
    pub fn fields(&self) -> &[String] {
        &self.fields
    }

    /// All pairs, column by column.
    #[must_use]
    pub fn pairs(&self) -> &[Pair] {
        &self.pairs
    }

    /// One pair, by positions.
    #[must_use]
    pub fn pair(&self, column: usize, field: usize) -> Option<&Pair> {
        if field >= self.fields.len() {
            return None;
        }
        self.pairs
            .get(column.checked_mul(self.fields.len())?.checked_add(field)?)
    }
}

/// A column, prepared once for all fields.
struct Source<'a> {
    profile: &'a ColumnProfile,
    name: Option<Name>,
}

/// A field, prepared once for all columns.
struct Target<'a> {
    field: &'a Field,
    names: FieldNames,
    fit: TypeFit,
}

/// Scores every column against every field.
///
/// A table may have names only (profiles with `count` 0) or rows only (`named` false, or headers
/// that a program invented); what is absent is no evidence, neither for nor against.
#[must_use]
pub fn score(table: &Table, target: &TargetSchema, _memory: &Memory) -> Scores {
    let names: Vec<Name> = table
        .columns
        .iter()
        .map(|profile| Name::parse(&profile.name))
        .collect();
    let targets: Vec<Target> = target
        .fields
        .iter()
        .map(|field| Target {
            field,
            names: FieldNames::of(field),
            fit: TypeFit::of(field),
        })
        .collect();
    let rarity = Rarity::count(&names, targets.iter().map(|target| &target.names));
    let sources: Vec<Source> = table
        .columns
        .iter()
        .zip(names)
        .map(|(profile, name)| Source {
            profile,
            name: (table.named && !is_anonymous(&profile.name)).then_some(name),
        })
        .collect();
    let signals: Vec<Signals> = sources
        .iter()
        .flat_map(|source| {
            targets
                .iter()
                .map(|target| signals(source, target, &rarity))
        })
        .collect();
    let probabilities = compete(&signals, targets.len());
    let places = sources.iter().enumerate().flat_map(|(column, source)| {
        targets
            .iter()
            .enumerate()
            .map(move |(field, target)| (column, source, field, target))
    });
    let pairs = places
        .zip(signals.iter().zip(probabilities))
        .map(
            |((column, source, field, target), (signals, probability))| Pair {
                column,
                field,
                probability,
                evidence: if probability >= FLOOR {
                    tell(source, target, &rarity, signals)
                } else {
                    Vec::new()
                },
            },
        )
        .collect();
    Scores {
        columns: table
            .columns
            .iter()
            .map(|profile| profile.name.clone())
            .collect(),
        fields: target
            .fields
            .iter()
            .map(|field| field.name.clone())
            .collect(),
        pairs,
    }
}

/// The values of a column that its profile lists, with their rows.
pub(crate) fn listed_values(profile: &ColumnProfile) -> Vec<(String, u64)> {
    profile
        .top
        .iter()
        .map(|value| (value.value.clone(), value.rows))
        .collect()
}

fn matches(profile: &ColumnProfile, field: &Field) -> Option<Vec<ValueMatch>> {
    let labels = field.labels()?;
    if filled(profile) == 0 || profile.top.is_empty() {
        return None;
    }
    Some(match_values(&listed_values(profile), labels))
}

/// Whether a column has more different values than codes of the field's labels can be.
fn too_many_values(profile: &ColumnProfile, field: &Field) -> bool {
    field.labels().is_some_and(|labels| {
        let labels = u64::try_from(labels.len()).unwrap_or(u64::MAX);
        let (per_label, at_all) = MANY_VALUES;
        profile.distinct.number() > labels.saturating_mul(per_label).saturating_add(at_all)
    })
}

/// The share of rows whose value is one of the labels. Where there are too many values for codes,
/// only the labels as they stand count, which is also much less work.
fn label_share(profile: &ColumnProfile, field: &Field, many: bool) -> Option<f64> {
    if !many {
        return matches(profile, field).map(|found| label_overlap(&found));
    }
    let labels = field.labels()?;
    let listed: u64 = profile.top.iter().map(|value| value.rows).sum();
    let known = |value: &str| labels.iter().any(|label| label.value == value);
    let rows: u64 = profile
        .top
        .iter()
        .filter(|v| known(&v.value))
        .map(|v| v.rows)
        .sum();
    (listed > 0).then(|| share(rows, listed))
}

fn signals(source: &Source, target: &Target, rarity: &Rarity) -> Signals {
    let many = too_many_values(source.profile, target.field);
    let labels = label_share(source.profile, target.field, many);
    let fit = target.fit.check(source.profile);
    Signals {
        name: source
            .name
            .as_ref()
            .map(|name| compare_names(name, &target.names, rarity).score),
        description: source
            .name
            .as_ref()
            .and_then(|name| in_description(name, &target.names, rarity)),
        // An enumeration is judged by its labels: codes are mapped before the type is checked.
        types: if labels.is_some() {
            None
        } else {
            fit.map(|fit| fit.share)
        },
        kind: if labels.is_some() {
            None
        } else {
            kind_fit(source.profile, &target.names).map(|kind| kind.agreement)
        },
        labels,
        sample: sample_overlap(source.profile, target.field).map(|(share, _)| share),
        never: many && labels.is_some_and(|share| share < 0.1),
    }
}

/// The evidence in words, the strongest first.
fn tell(source: &Source, target: &Target, rarity: &Rarity, signals: &Signals) -> Vec<Evidence> {
    let mut evidence: Vec<Evidence> = signals
        .parts()
        .filter_map(|(piece, logit)| {
            let (kind, text) = tell_piece(piece, source, target, rarity)?;
            let weight = (logit / 6.0).clamp(-1.0, 1.0);
            Some(Evidence {
                kind: kind.to_owned(),
                weight: (weight * 100.0).round() / 100.0,
                text: format!("{kind}: {text}"),
            })
        })
        .collect();
    // The sort is stable: equals keep the order of the pieces.
    evidence.sort_by(|a, b| b.weight.abs().total_cmp(&a.weight.abs()));
    evidence
}

fn tell_piece(
    piece: Piece,
    source: &Source,
    target: &Target,
    rarity: &Rarity,
) -> Option<(&'static str, String)> {
    match piece {
        Piece::Name => {
            let name = source.name.as_ref()?;
            Some(("name", compare_names(name, &target.names, rarity).text))
        }
        Piece::Description => {
            let share = in_description(source.name.as_ref()?, &target.names, rarity)?;
            (share > 0.0).then(|| {
                (
                    "description",
                    format!("{:.0} % of the name stands in it", share * 100.0),
                )
            })
        }
        Piece::Type => Some(("values", target.fit.check(source.profile)?.text)),
        Piece::Kind => Some(("type", kind_fit(source.profile, &target.names)?.text)),
        Piece::Labels => Some((
            "labels",
            tell_labels(&matches(source.profile, target.field)?),
        )),
        Piece::Sample => Some(("sample", sample_overlap(source.profile, target.field)?.1)),
    }
}

/// Most pairs of values that are shown as evidence.
const MOST_SHOWN: usize = 4;

/// `S -> debit, H -> credit`.
fn tell_labels(found: &[ValueMatch]) -> String {
    let pairs: Vec<String> = found
        .iter()
        .filter_map(|found| {
            found
                .to
                .as_ref()
                .map(|to| format!("{} -> {to}", found.from))
        })
        .collect();
    let open = found.len() - pairs.len();
    let mut text = pairs
        .iter()
        .take(MOST_SHOWN)
        .cloned()
        .collect::<Vec<_>>()
        .join(", ");
    if pairs.is_empty() {
        return format!("none of {} values is a label", found.len());
    }
    if pairs.len() > MOST_SHOWN {
        text = format!("{text} and {} more", pairs.len() - MOST_SHOWN);
    }
    if open > 0 {
        format!("{text}; {open} of {} fit none", found.len())
    } else {
        text
    }
}
