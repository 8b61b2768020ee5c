//! A target, prepared to be compared with any number of tables: what does not depend on the table.

use std::collections::HashMap;

use super::asked::{Asking, asked};
use super::meanings::{Meant, in_words};
use super::sides::{Sides, field_sides};
use super::{Kind, same_names};
use crate::matching::label_evidence::{Labels, SharedLabels};
use crate::matching::name_evidence::FieldNames;
use crate::matching::value_evidence::TypeFit;
use crate::target::{Field, TargetSchema};

/// A target schema with what is known of its fields before any table is seen. It can be shared by
/// threads.
#[derive(Debug)]
pub struct PreparedTarget<'a> {
    pub(super) sides: Sides,
    /// What each field is called, in words.
    pub(super) called: Vec<Vec<String>>,
    pub(super) meant: Meant,
    /// What each field's name asks for.
    pub(super) asked: Vec<Asking>,
    /// For each field how many fields have the same words for a name.
    pub(super) same_names: Vec<usize>,
    pub(in crate::matching) fields: Vec<PreparedField<'a>>,
    pub(super) left_out: Vec<Kind>,
}

/// A field, prepared for all columns.
#[derive(Debug)]
pub(in crate::matching) struct PreparedField<'a> {
    pub(in crate::matching) field: &'a Field,
    pub(in crate::matching) names: FieldNames,
    pub(in crate::matching) fit: TypeFit,
    pub(in crate::matching) labels: Labels<'a>,
}

impl<'a> PreparedTarget<'a> {
    /// Prepares the fields of a target. Enumerations are prepared when the first column asks for
    /// them; fields with the same one share it.
    #[must_use]
    pub fn new(target: &'a TargetSchema) -> Self {
        let sides = field_sides(target);
        let called = sides.written.iter().map(in_words).collect::<Vec<_>>();
        let mut shared: HashMap<_, SharedLabels<'a>> = HashMap::new();
        let field = |field: &'a Field| PreparedField {
            field,
            names: FieldNames::of(field),
            fit: TypeFit::of(field),
            labels: Labels::of(field, &mut shared),
        };
        Self {
            meant: Meant::of(&sides, &called),
            asked: sides.written.iter().map(asked).collect(),
            same_names: same_names(&sides),
            fields: target.fields.iter().map(field).collect(),
            called,
            sides,
            left_out: Vec::new(),
        }
    }

    /// Without these kinds of evidence: for measuring what each is worth.
    #[must_use]
    pub fn leaving_out(mut self, kinds: &[Kind]) -> Self {
        self.left_out = kinds.to_vec();
        self
    }

    /// Prepares the enumerations, too, which else the first columns that ask for them do.
    #[must_use]
    pub fn with_labels(self) -> Self {
        for field in &self.fields {
            field.labels.prepare();
        }
        self
    }
}
