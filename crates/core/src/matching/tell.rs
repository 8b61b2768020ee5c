//! Evidence in words: for a pair that is likely enough to be looked at, what speaks for it and
//! against it.

use super::Table;
use super::evidence::{AskedForm, Gathered, NearMeaning, PreparedField, PreparedTarget};
use super::label_evidence::{LabelsMatched, too_many_values};
use super::memory::Recalled;
use super::name_evidence::{Rarity, compare_names, in_description, score_names};
use super::names::{Name, is_anonymous};
use super::signals::{Piece, Signals};
use super::value_evidence::{kind_fit, sample_overlap};
use crate::mapping::Evidence;
use crate::profile::ColumnProfile;

/// A table and a target, prepared to be told about.
#[derive(Debug)]
pub(super) struct Teller<'a, 'f> {
    columns: Vec<Source<'a>>,
    fields: &'a [PreparedField<'f>],
    rarity: Rarity,
    gathered: &'a Gathered,
    recalled: &'a Recalled<'a>,
}

/// A column, prepared once for all fields.
#[derive(Debug)]
struct Source<'a> {
    profile: &'a ColumnProfile,
    name: Option<Name>,
}

/// One column and one field.
#[derive(Debug, Clone, Copy)]
struct Place<'t, 'a, 'f> {
    column: usize,
    source: &'t Source<'a>,
    field: usize,
    target: &'t PreparedField<'f>,
}

/// What is told of a pair.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// The strongest piece first.
    pub(super) evidence: Vec<Evidence>,
    /// Whether the values do not fit the field's type at all.
    pub(super) conflict: bool,
}

impl<'a, 'f> Teller<'a, 'f> {
    /// Prepares columns and fields; `gathered` is the evidence of the same two.
    pub(super) fn new(
        table: &Table<'a>,
        target: &'a PreparedTarget<'f>,
        gathered: &'a Gathered,
        recalled: &'a Recalled<'a>,
    ) -> Self {
        let columns = table.columns.iter();
        let names: Vec<Name> = columns.map(|profile| Name::parse(&profile.name)).collect();
        let fields = target.fields.as_slice();
        let rarity = Rarity::count(&names, fields.iter().map(|target| &target.names));
        let columns = table.columns.iter().zip(names);
        let columns = columns.map(|(profile, name)| Source {
            profile,
            name: Some(name).filter(|_| table.named && !is_anonymous(&profile.name)),
        });
        Self {
            columns: columns.collect(),
            fields,
            rarity,
            gathered,
            recalled,
        }
    }

    /// Whether there is more than likeness for a pair.
    pub(super) fn proves(&self, column: usize, field: usize) -> bool {
        self.gathered.proves(column, field) || self.recalled.proves(column, field)
    }

    /// Whether the column was chosen for the field before.
    pub(super) fn was_chosen(&self, column: usize, field: usize) -> bool {
        self.recalled.proves(column, field)
    }

    /// What there is to say about a pair; nothing where one of the two does not exist.
    pub(super) fn tell(&self, column: usize, field: usize) -> Told {
        let pair = self.columns.get(column).zip(self.fields.get(field));
        let Some((source, target)) = pair else {
            return Told::default();
        };
        let place = Place {
            column,
            source,
            field,
            target,
        };
        let signals = self.signals(&place);
        let mut evidence: Vec<Evidence> = signals
            .parts()
            .filter_map(|(piece, logit)| {
                let (kind, text) = self.tell_piece(piece, &place)?;
                let weight = (logit / MOST_LOGIT).clamp(-1.0, 1.0);
                Some(Evidence {
                    kind: kind.to_owned(),
                    weight: (weight * 100.0).round() / 100.0,
                    text: format!("{kind}: {text}"),
                })
            })
            .collect();
        let name = &source.profile.name;
        evidence.extend(self.recalled.evidence(column, field, name));
        // The sort is stable: equals keep the order of the pieces.
        evidence.sort_by(|a, b| b.weight.abs().total_cmp(&a.weight.abs()));
        Told {
            evidence,
            conflict: signals.conflict(),
        }
    }

    fn signals(&self, place: &Place) -> Signals {
        let Place { source, target, .. } = place;
        let name = source.name.as_ref();
        let many = too_many_values(source.profile, &target.labels);
        let labels = self.gathered.label_share(
            (place.column, source.profile),
            (place.field, &target.labels),
        );
        // An enumeration is judged by its labels: codes are mapped before the type is checked.
        let by_type = labels.is_none();
        let fit = target.fit.check(source.profile).filter(|_| by_type);
        let kind = kind_fit(source.profile, &target.names).filter(|_| by_type);
        // Where the lexicon knows what is asked for, the form would only say it again.
        let form = self.form(place).filter(|_| by_type && kind.is_none());
        Signals {
            name: name.map(|name| score_names(name, &target.names, &self.rarity)),
            meaning: self.meaning(place).map(|near| f64::from(near.cosine)),
            description: name.and_then(|name| in_description(name, &target.names, &self.rarity)),
            types: fit.map(|fit| fit.share),
            kind: kind.map(|kind| kind.agreement),
            form: form.map(|form| f64::from(form.share * form.asks)),
            labels,
            sample: sample_overlap(source.profile, target.field).map(|(share, _)| share),
            never: many && labels.is_some_and(|share| share < 0.1),
        }
    }

    fn meaning(&self, place: &Place) -> Option<NearMeaning<'_>> {
        self.gathered.near_meaning(place.column, place.field)
    }

    fn form(&self, place: &Place) -> Option<AskedForm> {
        self.gathered.asked_form(place.column, place.field)
    }

    fn tell_piece(&self, piece: Piece, place: &Place) -> Option<(&'static str, String)> {
        let Place { source, target, .. } = place;
        let (name, profile) = (source.name.as_ref(), source.profile);
        Some(match piece {
            Piece::Name => {
                let names = compare_names(name?, &target.names, &self.rarity);
                ("name", names.text)
            }
            Piece::Meaning => ("meaning", tell_meaning(&self.meaning(place)?)),
            Piece::Description => {
                let share = in_description(name?, &target.names, &self.rarity)?;
                let text = format!("{:.0} % of the name stands in it", share * 100.0);
                ("description", Some(text).filter(|_| share > 0.0)?)
            }
            Piece::Type => ("values", target.fit.check(profile)?.text),
            Piece::Kind => ("type", kind_fit(profile, &target.names)?.text),
            Piece::Form => ("form", tell_form(&self.form(place)?)),
            Piece::Labels => {
                let found = self
                    .gathered
                    .labels_matched((place.column, profile), (place.field, &target.labels))?;
                ("labels", tell_labels(&found))
            }
            Piece::Sample => ("sample", sample_overlap(profile, target.field)?.1),
        })
    }
}

/// Log-odds of evidence that weighs 1.
const MOST_LOGIT: f64 = 6.0;

/// `boss is near supervisor (0.78)`.
fn tell_meaning(near: &NearMeaning) -> String {
    let NearMeaning {
        column,
        field,
        cosine,
        described,
    } = near;
    let what = if *described {
        "the description of "
    } else {
        ""
    };
    format!("{column} is near {what}{field} ({cosine:.2})")
}

/// `58 of 60 values look like a date, as the name asks`.
fn tell_form(form: &AskedForm) -> String {
    let AskedForm {
        name,
        having,
        values,
        ..
    } = form;
    format!("{having} of {values} values look like {name}, as the name asks")
}

/// Most pairs of values that are shown as evidence.
const MOST_SHOWN: usize = 4;

/// `S -> debit, H -> credit`.
fn tell_labels(found: &LabelsMatched) -> String {
    let LabelsMatched { pairs, values, .. } = found;
    if pairs.is_empty() {
        return format!("none of {values} values is a label");
    }
    let shown: Vec<String> = pairs
        .iter()
        .take(MOST_SHOWN)
        .map(|(from, to)| format!("{from} -> {to}"))
        .collect();
    let mut text = shown.join(", ");
    if pairs.len() > MOST_SHOWN {
        text = format!("{text} and {} more", pairs.len() - MOST_SHOWN);
    }
    let open = values - pairs.len();
    if open > 0 {
        format!("{text}; {open} of {values} fit none")
    } else {
        text
    }
}
