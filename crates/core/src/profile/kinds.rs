//! Codes and booleans that a column holds.

use super::SemanticType;
use crate::value::boolean::{BOOLEAN_PAIRS, BooleanPair, PairSet, parse_boolean};
use crate::value::code;

/// A kind of code, and how texts of it are told.
pub(super) struct Code {
    pub(super) semantic: SemanticType,
    fits: fn(&str) -> bool,
    /// Whether a text of a form (as in [`super::forms`]) can be one.
    can_be: fn(&str) -> bool,
    /// Whether the form tells everything.
    by_form: bool,
}

const fn code(semantic: SemanticType, fits: fn(&str) -> bool, can_be: fn(&str) -> bool) -> Code {
    Code {
        semantic,
        fits,
        can_be,
        by_form: false,
    }
}

/// Codes, in the order in which a type is chosen where several fit.
pub(super) const CODES: [Code; 8] = [
    code(SemanticType::Uuid, code::is_uuid, |form| form.len() == 36),
    code(SemanticType::Iban, code::is_iban, |form| {
        form.len() >= 15 && form.starts_with("AA")
    }),
    code(SemanticType::Email, code::is_email, |form| {
        form.contains('@')
    }),
    code(SemanticType::Url, code::is_url, |form| form.contains(':')),
    code(SemanticType::Currency, code::is_currency, |form| {
        form == "AAA"
    }),
    code(SemanticType::Country, code::is_country, |form| {
        form == "AA" || form == "AAA"
    }),
    code(SemanticType::Bic, code::is_bic, |form| {
        form.starts_with("AAAA")
    }),
    Code {
        semantic: SemanticType::Phone,
        fits: code::is_phone,
        can_be: code::is_phone,
        by_form: true,
    },
];

/// The bit of booleans.
const PAIRS: u16 = 1 << CODES.len();

/// What is looked for: one bit for each of [`CODES`], one for booleans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct KindSet(u16);

impl KindSet {
    pub(super) const ALL: Self = Self(u16::MAX);

    /// What a text of a form can be.
    pub(super) fn possible(form: &str) -> Self {
        let mut bytes = form.bytes();
        let word = bytes.all(|byte| byte.is_ascii_alphabetic() || !byte.is_ascii());
        let pairs = PairSet::fits(form) && (word || form.len() == 1 || form == "-9");
        let codes = Self::of(|code| (code.can_be)(form));
        Self(codes.0 | if pairs { PAIRS } else { 0 })
    }

    /// Whether nothing is looked for.
    pub(super) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Of these, what not all texts of a form need to be.
    pub(super) fn by_value(self) -> Self {
        Self(self.0 & !Self::of(|code| code.by_form).0)
    }

    /// Of these, what all texts of a form are, or none.
    pub(super) fn by_form(self) -> Self {
        Self(self.0 & Self::of(|code| code.by_form).0)
    }

    /// The codes of which something is true.
    fn of(is: impl Fn(&Code) -> bool) -> Self {
        let codes = CODES.iter().enumerate();
        Self(
            codes
                .map(|(index, code)| u16::from(is(code)) << index)
                .sum(),
        )
    }
}

/// Rows per code and per pair of booleans.
#[derive(Debug, Clone)]
pub(super) struct KindTally {
    codes: [u64; CODES.len()],
    /// Rows of true and of false, per pair of [`BOOLEAN_PAIRS`].
    pairs: [(u64, u64); BOOLEAN_PAIRS.len()],
}

impl Default for KindTally {
    fn default() -> Self {
        Self {
            codes: Default::default(),
            pairs: [(0, 0); BOOLEAN_PAIRS.len()],
        }
    }
}

impl KindTally {
    pub(super) fn add(&mut self, text: &str, rows: u64, look: KindSet) {
        let codes = self.codes.iter_mut().zip(&CODES);
        for (index, (count, code)) in codes.enumerate() {
            if look.0 & (1 << index) != 0 && (code.fits)(text) {
                *count += rows;
            }
        }
        if look.0 & PAIRS == 0 || PairSet::of(text).is_empty() {
            return;
        }
        for (count, pair) in self.pairs.iter_mut().zip(BOOLEAN_PAIRS) {
            match parse_boolean(text, pair) {
                Some(true) => count.0 += rows,
                Some(false) => count.1 += rows,
                None => {}
            }
        }
    }

    /// Rows per code, in the order of [`CODES`].
    pub(super) fn codes(&self) -> impl Iterator<Item = (SemanticType, u64)> {
        CODES
            .into_iter()
            .zip(self.codes)
            .map(|(code, rows)| (code.semantic, rows))
    }

    /// The pair that fits most rows, and how many; pairs of which both sides were seen first, a
    /// mark (`x`) counts as seen on both sides.
    pub(super) fn pair(&self) -> Option<BooleanRows> {
        let mut best: Option<BooleanRows> = None;
        for (pair, (yes, no)) in BOOLEAN_PAIRS.into_iter().zip(self.pairs) {
            let both = yes > 0 && (no > 0 || pair.no.is_empty());
            let found = BooleanRows {
                pair,
                rows: yes + no,
                both,
            };
            let better = best.is_none_or(|best| (best.both, best.rows) < (both, found.rows));
            if found.rows > 0 && better {
                best = Some(found);
            }
        }
        best
    }
}

/// How a pair of booleans fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BooleanRows {
    pub(super) pair: BooleanPair,
    pub(super) rows: u64,
    /// Whether both of its sides were seen.
    pub(super) both: bool,
}

impl BooleanRows {
    /// `ja/nein`, as the format of the type.
    pub(super) fn format(self) -> String {
        format!("{}/{}", self.pair.yes, self.pair.no)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(values: &[&str]) -> KindTally {
        let mut tally = KindTally::default();
        for value in values {
            tally.add(value, 1, KindSet::ALL);
        }
        tally
    }

    #[test]
    fn the_pair_of_which_both_sides_were_seen_wins() {
        let pair = |values: &[&str]| tally(values).pair().map(|p| (p.format(), p.rows, p.both));
        assert_eq!(pair(&["N", "J", "n"]), Some(("j/n".to_owned(), 3, true)));
        assert_eq!(pair(&["N"]), Some(("y/n".to_owned(), 1, false)));
        assert_eq!(pair(&["x"]), Some(("x/".to_owned(), 1, true)));
        assert_eq!(pair(&["maybe"]), None);
    }

    #[test]
    fn codes_are_counted_each_for_itself() {
        let tally = tally(&["EUR", "USD", "DE", "DEUTDEFF", "a@b.de"]);
        let found: Vec<_> = tally.codes().filter(|(_, rows)| *rows > 0).collect();
        assert_eq!(
            found,
            [
                (SemanticType::Email, 1),
                (SemanticType::Currency, 2),
                (SemanticType::Country, 1),
                (SemanticType::Bic, 1),
            ]
        );
    }
}
