//! The measures: what is compared of a column and a field, one number each.

/// One kind of evidence. The order is that of the features and of the trained weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Measure {
    /// Words of the names, written out and translated, by rarity.
    NameWords,
    /// Three-letter pieces of the names, as they stand or written out.
    NamePieces,
    /// The same of the names as they stand only.
    PlainPieces,
    /// Edit similarity of the names.
    NameEdits,
    /// Jaro-Winkler similarity of the names.
    NameStarts,
    /// 1 the same letters, 0.8 the same words, 0.7 the same by the rules of the lexicon.
    NameEqual,
    /// Share of the column's words that the field's name has.
    ColumnCovered,
    /// Share of the field's words that the column's name has.
    FieldCovered,
    /// Share of the column's tokens that shorten a word of the field, or the reverse.
    NameShortened,
    /// Groups of synonyms in common.
    NameSynonyms,
    /// The last words are the same.
    NameHead,
    /// Agreement of the names by the rules of the lexicon.
    NameRules,
    /// Meaning of name and name.
    MeaningNames,
    /// Meaning of the column's name and all that is written about the field.
    MeaningField,
    /// Meaning of all that is written on both sides, where the source describes its columns.
    MeaningTexts,
    /// Meaning of the column's name in its table and all that is written about the field.
    MeaningTable,
    /// Meaning of the whole table and all that is written about the field.
    MeaningTopic,
    /// How well the other columns like the table that the field stands in.
    TableLiked,
    /// Words of all that is written on both sides.
    TextWords,
    /// Share of the column's name that stands in the field's name or description.
    NameInText,
    /// Share of the field's name that stands in the column's name or description.
    TextInName,
    /// Share of the column's values that the field knows.
    ValuesKnown,
    /// Share of the field's values that the column holds.
    ValuesHeld,
    /// Values in common of all that either has.
    ValuesCommon,
    /// Three-letter pieces of the values.
    ValuePieces,
    /// Words of the values.
    ValueWords,
    /// Forms of the values.
    ValueShapes,
    /// What the values look like on average.
    ValueLooks,
    /// Ranges of the numbers.
    ValueRanges,
    /// Meaning of the values and of the field's name.
    ValuesMeanName,
    /// Meaning of the values on both sides.
    ValuesMeanValues,
    /// The values are certainly something, and the field's name asks for it.
    Detected,
    /// The field's name asks for something, and the values are it.
    Asked,
    /// Share of the words of the field's name that stand in the values.
    NameInValues,
    /// The column's name is one of the field's values.
    NameIsValue,
    /// Share of the values that the field's type accepts.
    TypeFits,
    /// The values are of the kind that the field's name asks for.
    KindFits,
    /// Share of the rows whose value stands for one of the field's labels.
    LabelsMatched,
    /// Weighted mean of what is there; orders the candidates.
    Mean,
}

impl Measure {
    /// All, in order.
    pub(crate) const ALL: [Self; 39] = [
        Self::NameWords,
        Self::NamePieces,
        Self::PlainPieces,
        Self::NameEdits,
        Self::NameStarts,
        Self::NameEqual,
        Self::ColumnCovered,
        Self::FieldCovered,
        Self::NameShortened,
        Self::NameSynonyms,
        Self::NameHead,
        Self::NameRules,
        Self::MeaningNames,
        Self::MeaningField,
        Self::MeaningTexts,
        Self::MeaningTable,
        Self::MeaningTopic,
        Self::TableLiked,
        Self::TextWords,
        Self::NameInText,
        Self::TextInName,
        Self::ValuesKnown,
        Self::ValuesHeld,
        Self::ValuesCommon,
        Self::ValuePieces,
        Self::ValueWords,
        Self::ValueShapes,
        Self::ValueLooks,
        Self::ValueRanges,
        Self::ValuesMeanName,
        Self::ValuesMeanValues,
        Self::Detected,
        Self::Asked,
        Self::NameInValues,
        Self::NameIsValue,
        Self::TypeFits,
        Self::KindFits,
        Self::LabelsMatched,
        Self::Mean,
    ];

    /// How much it counts in [`Measure::Mean`]; 0 for what does not order candidates.
    pub(super) const fn counts(self) -> f32 {
        match self {
            Self::MeaningField => 1.5,
            Self::NameWords
            | Self::NamePieces
            | Self::NameRules
            | Self::MeaningTexts
            | Self::ValuesKnown
            | Self::ValuePieces => 1.0,
            Self::TableLiked => 0.8,
            Self::MeaningNames => 0.7,
            Self::TextWords => 0.6,
            Self::NameShortened
            | Self::NameSynonyms
            | Self::ValueShapes
            | Self::ValuesMeanName
            | Self::ValuesMeanValues
            | Self::Detected
            | Self::NameInValues => 0.5,
            Self::NameInText | Self::ValueLooks | Self::TypeFits => 0.3,
            Self::MeaningTopic => 0.2,
            Self::PlainPieces
            | Self::NameEdits
            | Self::NameStarts
            | Self::NameEqual
            | Self::ColumnCovered
            | Self::FieldCovered
            | Self::NameHead
            | Self::MeaningTable
            | Self::TextInName
            | Self::ValuesHeld
            | Self::ValuesCommon
            | Self::ValueWords
            | Self::ValueRanges
            | Self::Asked
            | Self::NameIsValue
            | Self::KindFits
            | Self::LabelsMatched
            | Self::Mean => 0.0,
        }
    }
}

/// Measures whose rank and distance among the rivals count as well.
pub(super) const RIVALLED: [Measure; 23] = [
    Measure::NameWords,
    Measure::NamePieces,
    Measure::NameEdits,
    Measure::NameSynonyms,
    Measure::NameShortened,
    Measure::NameRules,
    Measure::MeaningNames,
    Measure::MeaningField,
    Measure::MeaningTexts,
    Measure::MeaningTopic,
    Measure::TableLiked,
    Measure::TextWords,
    Measure::NameInText,
    Measure::ValuesKnown,
    Measure::ValuePieces,
    Measure::ValueWords,
    Measure::ValueShapes,
    Measure::ValueRanges,
    Measure::ValuesMeanName,
    Measure::ValuesMeanValues,
    Measure::Detected,
    Measure::LabelsMatched,
    Measure::Mean,
];

/// Kinds of evidence that can each name a best field: by which measures.
pub(super) const VOTES: [&[Measure]; 4] = [
    &[
        Measure::NameWords,
        Measure::NamePieces,
        Measure::NameSynonyms,
        Measure::NameRules,
    ],
    &[Measure::MeaningNames, Measure::MeaningField],
    &[Measure::TextWords, Measure::NameInText],
    &[
        Measure::ValuePieces,
        Measure::ValuesKnown,
        Measure::ValueWords,
        Measure::LabelsMatched,
        Measure::Detected,
    ],
];
