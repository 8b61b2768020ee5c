//! Words behind a number that say its sign, as English statements have them: `1,234.00 DR`.

/// The words for a debit and for a credit, written alike.
const WORDS: [(&str, &str); 5] = [
    ("DR", "CR"),
    ("Dr", "Cr"),
    ("dr", "cr"),
    ("Dr.", "Cr."),
    ("DR.", "CR."),
];

/// A word for a sign, and the one for the other sign that is written alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignWord {
    /// The word for minus.
    pub negative: &'static str,
    /// The word for plus.
    pub positive: &'static str,
    /// Whether the text was the word for minus.
    pub is_negative: bool,
}

/// What a text says about the sign of the number that it stands behind, if it is a word for one.
#[must_use]
pub fn sign_word(text: &str) -> Option<SignWord> {
    WORDS
        .into_iter()
        .find(|(negative, positive)| [*negative, *positive].contains(&text))
        .map(|(negative, positive)| SignWord {
            negative,
            positive,
            is_negative: text == negative,
        })
}
