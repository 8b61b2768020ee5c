//! Confidence as a word, an icon and a number, so that no page and no terminal relies on colour.

use crate::source::SURE_BAR;

/// How far a proposal can be trusted, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Confidence {
    /// Nothing is proposed.
    None,
    /// Below [`CHECK_BAR`].
    Guess,
    /// From [`CHECK_BAR`] on: likely, and worth a look.
    Check,
    /// From [`SURE_BAR`] on.
    Sure,
}

/// The confidence from which a proposal is more likely right than wrong.
pub const CHECK_BAR: f64 = 0.5;

impl Confidence {
    /// The word for a probability.
    #[must_use]
    pub fn of(probability: f64) -> Self {
        if probability >= SURE_BAR {
            Self::Sure
        } else if probability >= CHECK_BAR {
            Self::Check
        } else {
            Self::Guess
        }
    }

    /// `sure`, `check`, `guess` or `none`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Sure => "sure",
            Self::Check => "check",
            Self::Guess => "guess",
            Self::None => "none",
        }
    }

    /// One character that says the same without colour.
    #[must_use]
    pub const fn icon(self) -> &'static str {
        match self {
            Self::Sure => "✓",
            Self::Check => "?",
            Self::Guess => "≈",
            Self::None => "–",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bars_belong_to_the_better_word() {
        let words = [1.0, 0.9, 0.899, 0.5, 0.499, 0.0].map(|p| Confidence::of(p).word());
        assert_eq!(words, ["sure", "sure", "check", "check", "guess", "guess"]);
        assert!(Confidence::Sure > Confidence::Check && Confidence::Guess > Confidence::None);
    }
}
