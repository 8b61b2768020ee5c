//! Words behind a number that say its sign, as English and German statements have them: `1,234.00 DR`,
//! `1.234,00 S`.

/// The words for a debit and for a credit, written alike.
const WORDS: [(&str, &str); 7] = [
    ("DR", "CR"),
    ("Dr", "Cr"),
    ("dr", "cr"),
    ("Dr.", "Cr."),
    ("DR.", "CR."),
    ("S", "H"),
    ("D", "C"),
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

impl SignWord {
    /// Whether it is a letter, which can be much else: a unit, a size, a class.
    #[must_use]
    pub const fn is_letter(self) -> bool {
        self.negative.len() == 1
    }

    /// The word that was there, and the one for the other sign.
    #[must_use]
    pub const fn and_other(self) -> (&'static str, &'static str) {
        if self.is_negative {
            (self.negative, self.positive)
        } else {
            (self.positive, self.negative)
        }
    }

    /// Whether it can be one behind this number: a letter only behind an amount with two decimals.
    #[must_use]
    pub fn can_follow(self, number: &str) -> bool {
        if !self.is_letter() {
            return true;
        }
        let mut end = number.bytes().rev();
        let decimals = end.by_ref().take(2).filter(u8::is_ascii_digit).count() == 2;
        decimals && end.next().is_some_and(|mark| matches!(mark, b'.' | b','))
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_says_a_sign_behind_an_amount_alone() {
        let can = |text: &str, number: &str| {
            let word = sign_word(text).expect("a word for a sign");
            (word.is_negative, word.can_follow(number))
        };
        assert_eq!(can("S", "1.234,56"), (true, true));
        assert_eq!(can("H", "0.50"), (false, true));
        assert_eq!(can("D", ",50"), (true, true));
        for number in ["10", "21.5", "1.234", "1234", "5", "0,005", "50", ""] {
            assert_eq!(can("C", number), (false, false), "{number}");
        }
        assert_eq!(can("DR", "5"), (true, true));
        assert!(sign_word("s").is_none());
        assert!(sign_word("SH").is_none());
    }
}
