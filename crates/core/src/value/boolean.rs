//! Spellings of true and false, as pairs: a column holds one pair, not a mixture.

use std::sync::LazyLock;

use ahash::AHashMap;

/// Two spellings that go together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BooleanPair {
    /// What stands for true, in lower case.
    pub yes: &'static str,
    /// What stands for false, in lower case; empty for a mark such as `x`, where an empty cell
    /// means false.
    pub no: &'static str,
}

const fn pair(yes: &'static str, no: &'static str) -> BooleanPair {
    BooleanPair { yes, no }
}

/// The known pairs, most usual first. A word that several languages have (`no`, `ja`, `ne`) means the
/// same in all of them; which pair it belongs to is told by its partner. Signs of a state (`active`)
/// are none: they have more than two sides.
pub const BOOLEAN_PAIRS: [BooleanPair; 46] = [
    pair("true", "false"),
    pair("yes", "no"),
    pair("y", "n"),
    pair("1", "0"),
    pair("t", "f"),
    pair("ja", "nein"),
    pair("j", "n"),
    pair("wahr", "falsch"),
    pair("w", "f"),
    pair("on", "off"),
    pair("ein", "aus"),
    pair("an", "aus"),
    pair("oui", "non"),
    pair("o", "n"),
    pair("vrai", "faux"),
    pair("si", "no"),
    pair("sí", "no"),
    pair("vero", "falso"),
    pair("verdadero", "falso"),
    pair("x", ""),
    pair("sì", "no"),
    pair("sim", "não"),
    pair("sim", "nao"),
    pair("s", "n"),
    pair("verdadeiro", "falso"),
    pair("ja", "nee"),
    pair("ja", "nej"),
    pair("ja", "nei"),
    pair("tak", "nie"),
    pair("ano", "ne"),
    pair("áno", "nie"),
    pair("da", "ne"),
    pair("da", "nu"),
    pair("kyllä", "ei"),
    pair("igen", "nem"),
    pair("evet", "hayır"),
    pair("да", "нет"),
    pair("так", "ні"),
    pair("ναι", "όχι"),
    pair("はい", "いいえ"),
    pair("是", "否"),
    pair("✓", "✗"),
    pair("✔", "✘"),
    pair("☑", "☐"),
    pair("enabled", "disabled"),
    // How Access writes them.
    pair("-1", "0"),
];

/// Bytes of the longest side.
const LONGEST: usize = 10;

/// The pairs of each side, which stands there as [`plain`] has it, one bit each.
static SIDES: LazyLock<AHashMap<String, u64>> = LazyLock::new(|| {
    let mut sides: AHashMap<String, u64> = AHashMap::new();
    for (index, pair) in BOOLEAN_PAIRS.iter().enumerate() {
        for side in [pair.yes, pair.no] {
            *sides.entry(plain(side).collect()).or_default() |= 1 << index;
        }
    }
    sides
});

/// Pairs of [`BOOLEAN_PAIRS`], one bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PairSet(u64);

impl PairSet {
    /// No pair.
    pub const NONE: Self = Self(0);

    /// Whether a text is short enough for a side of any pair.
    #[must_use]
    pub const fn fits(text: &str) -> bool {
        !text.is_empty() && text.len() <= LONGEST
    }

    /// Every pair of which the text, in any case, is one side.
    #[must_use]
    pub fn of(text: &str) -> Self {
        if !Self::fits(text) {
            return Self::NONE;
        }
        let folded: String = plain(text).collect();
        Self(SIDES.get(&folded).copied().unwrap_or(0))
    }

    /// The pairs that are in both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The pairs, most usual first.
    pub fn iter(self) -> impl Iterator<Item = BooleanPair> {
        BOOLEAN_PAIRS
            .into_iter()
            .enumerate()
            .filter(move |(index, _)| self.0 & (1 << index) != 0)
            .map(|(_, pair)| pair)
    }
}

/// The truth of a text, in any case, by one pair.
#[must_use]
pub fn parse_boolean(text: &str, pair: BooleanPair) -> Option<bool> {
    if same(text, pair.yes) {
        Some(true)
    } else if same(text, pair.no) {
        Some(false)
    } else {
        None
    }
}

fn same(text: &str, spelling: &str) -> bool {
    text.eq_ignore_ascii_case(spelling)
        || (!(text.is_ascii() && spelling.is_ascii()) && plain(text).eq(plain(spelling)))
}

/// Lower case, with one `i`: the capital of the Turkish `ı` is `I`, and that of `i` is `İ`, which
/// becomes an `i` and a point of its own.
fn plain(text: &str) -> impl Iterator<Item = char> {
    let lower = text.chars().flat_map(char::to_lowercase);
    let lower = lower.filter(|letter| *letter != '\u{307}');
    lower.map(|letter| if letter == 'ı' { 'i' } else { letter })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pairs_of_a_text_are_those_of_which_it_is_a_side() {
        let sides = BOOLEAN_PAIRS.iter().flat_map(|pair| [pair.yes, pair.no]);
        let upper = sides.clone().map(str::to_uppercase);
        let others = ["", "maybe", "hayir", "HAYIR", "nao", "ya"].map(str::to_owned);
        for text in sides.map(str::to_owned).chain(upper).chain(others) {
            let bits = (0..).zip(BOOLEAN_PAIRS).fold(0_u64, |bits, (index, pair)| {
                let is_side = !text.is_empty() && (same(&text, pair.yes) || same(&text, pair.no));
                bits | u64::from(is_side) << index
            });
            assert_eq!(PairSet::of(&text), PairSet(bits), "{text}");
        }
    }

    fn pairs(texts: &[&str]) -> Vec<(&'static str, &'static str)> {
        let mut set: Option<PairSet> = None;
        for text in texts {
            let next = PairSet::of(text);
            set = Some(set.map_or(next, |set| set.and(next)));
        }
        set.into_iter()
            .flat_map(PairSet::iter)
            .map(|pair| (pair.yes, pair.no))
            .collect()
    }

    #[test]
    fn values_settle_the_pair() {
        assert_eq!(pairs(&["Ja", "NEIN"]), [("ja", "nein")]);
        let of_n = [("y", "n"), ("j", "n"), ("o", "n"), ("s", "n")];
        assert_eq!(pairs(&["N"]), of_n);
        assert_eq!(pairs(&["N", "j"]), [("j", "n")]);
        assert_eq!(pairs(&["SÍ", "no"]), [("sí", "no")]);
        assert_eq!(pairs(&["yes", "nein"]), []);
        assert_eq!(pairs(&["x"]), [("x", "")]);
        assert_eq!(pairs(&["Ja", "NEJ"]), [("ja", "nej")]);
        assert_eq!(pairs(&["Evet", "HAYIR", "Hayır"]), [("evet", "hayır")]);
        assert_eq!(pairs(&["SİM", "NÃO"]), [("sim", "não")]);
        assert_eq!(pairs(&["ДА", "нет"]), [("да", "нет")]);
        assert_eq!(pairs(&["-1", "0"]), [("-1", "0")]);
        assert_eq!(pairs(&["1", "2"]), []);
        assert_eq!(pairs(&["active", "inactive"]), []);
        assert_eq!(pairs(&[""]), []);
        assert_eq!(pairs(&["true "]), []);
    }

    #[test]
    fn every_spelling_means_its_side() {
        for pair in BOOLEAN_PAIRS {
            assert_eq!(parse_boolean(&pair.yes.to_uppercase(), pair), Some(true));
            assert_eq!(parse_boolean(&pair.no.to_uppercase(), pair), Some(false));
            assert_eq!(parse_boolean("2", pair), None);
            assert!(pair.yes.len() <= LONGEST && pair.no.len() <= LONGEST);
        }
    }
}
