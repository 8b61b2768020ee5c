//! Kinds of evidence, to be left out when it is measured what each is worth.

use std::str::FromStr;

use super::Measure;

/// A kind of evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Words, letters and synonyms of the names.
    Names,
    /// What names, descriptions and values mean.
    Meaning,
    /// Words of the descriptions.
    Texts,
    /// Values of both sides.
    Values,
    /// What the field's name asks for, and what the values look like.
    Forms,
    /// Types, kinds and labels.
    Types,
    /// Which table a field stands in, and what tables are about.
    Tables,
    /// How a pair stands among its rivals.
    Rivals,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Names,
        Self::Meaning,
        Self::Texts,
        Self::Values,
        Self::Forms,
        Self::Types,
        Self::Tables,
        Self::Rivals,
    ];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Names => "names",
            Self::Meaning => "meaning",
            Self::Texts => "texts",
            Self::Values => "values",
            Self::Forms => "forms",
            Self::Types => "types",
            Self::Tables => "tables",
            Self::Rivals => "rivals",
        }
    }

    /// The kind of a measure; the mean of all is of none.
    pub(super) const fn of(measure: Measure) -> Option<Self> {
        Some(match measure {
            Measure::NameWords
            | Measure::NamePieces
            | Measure::PlainPieces
            | Measure::NameEdits
            | Measure::NameStarts
            | Measure::NameEqual
            | Measure::ColumnCovered
            | Measure::FieldCovered
            | Measure::NameShortened
            | Measure::NameSynonyms
            | Measure::NameHead
            | Measure::NameRules => Self::Names,
            Measure::MeaningNames
            | Measure::MeaningField
            | Measure::MeaningTexts
            | Measure::ValuesMeanName
            | Measure::ValuesMeanValues => Self::Meaning,
            Measure::TextWords | Measure::NameInText | Measure::TextInName => Self::Texts,
            Measure::ValuesKnown
            | Measure::ValuesHeld
            | Measure::ValuesCommon
            | Measure::ValuePieces
            | Measure::ValueWords
            | Measure::ValueShapes
            | Measure::ValueLooks
            | Measure::ValueRanges => Self::Values,
            Measure::Detected | Measure::Asked | Measure::NameInValues | Measure::NameIsValue => {
                Self::Forms
            }
            Measure::TypeFits | Measure::KindFits | Measure::LabelsMatched => Self::Types,
            Measure::MeaningTable | Measure::MeaningTopic | Measure::TableLiked => Self::Tables,
            Measure::Mean => return None,
        })
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|kind| kind.name() == text);
        known.ok_or_else(|| format!("there are {}", Self::ALL.map(Self::name).join(", ")))
    }
}
