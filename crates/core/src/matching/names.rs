//! Names of columns and fields as words that can be compared: cut, written out, translated.
//!
//! ```text
//! Kd-Geschl.   -> kd geschl     -> customer gender
//! Betrag (EUR) -> betrag, EUR   -> amount            unit EUR
//! Txn Dt       -> txn dt        -> transaction date
//! ```

use super::lexicon::{Entry, LONGEST_KEY, Origin, lexicon};
use super::text::{fold, singular, tokens, undo_digraphs};

/// One word of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Term {
    /// The word, English where the lexicon knows it.
    pub(crate) word: String,
    /// What stands in the name.
    pub(crate) token: String,
    /// How one became the other.
    pub(crate) origin: Origin,
}

/// A name, ready to be compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name {
    /// As it stands in the source or the target.
    pub(crate) text: String,
    /// All tokens without anything between them.
    pub(crate) joined: String,
    /// Its tokens.
    pub(crate) tokens: Vec<String>,
    /// What it may mean, the usual reading first; at least one.
    pub(crate) readings: Vec<Vec<Term>>,
    /// ISO 4217 code that stands behind the name, e.g. in `Betrag (EUR)`.
    pub(crate) unit: Option<&'static str>,
}

/// Most readings that a name is given.
const MOST_READINGS: usize = 6;

/// Words that carry nothing in a name.
const STOP_WORDS: [&str; 19] = [
    "of", "the", "a", "an", "for", "and", "by", "in", "is", "der", "die", "das", "des", "den",
    "und", "fur", "im", "am", "zum",
];

/// Currencies that are looked for behind a name, with their symbols.
const UNITS: [(&str, &str); 24] = [
    ("EUR", "€"),
    ("USD", "$"),
    ("GBP", "£"),
    ("JPY", "¥"),
    ("CHF", "chf"),
    ("SEK", "sek"),
    ("NOK", "nok"),
    ("DKK", "dkk"),
    ("PLN", "zł"),
    ("CZK", "kč"),
    ("HUF", "ft"),
    ("CAD", "c$"),
    ("AUD", "a$"),
    ("NZD", "nz$"),
    ("CNY", "cn¥"),
    ("INR", "₹"),
    ("BRL", "r$"),
    ("MXN", "mx$"),
    ("ZAR", "zar"),
    ("SGD", "s$"),
    ("HKD", "hk$"),
    ("KRW", "₩"),
    ("TRY", "₺"),
    ("RON", "ron"),
];

/// The ISO 4217 code of a currency's code or symbol.
pub(crate) fn currency_code(text: &str) -> Option<&'static str> {
    let text = text.trim();
    UNITS
        .iter()
        .find(|(code, symbol)| code.eq_ignore_ascii_case(text) || symbol.to_lowercase() == text)
        .map(|&(code, _)| code)
}

impl Name {
    /// Cuts and reads a name.
    pub(crate) fn parse(text: &str) -> Self {
        let (rest, unit) = cut_unit(text);
        let tokens = tokens(rest);
        Self {
            text: text.to_owned(),
            joined: tokens.concat(),
            readings: read(&tokens),
            tokens,
            unit,
        }
    }

    /// Whether any reading has the word.
    pub(crate) fn means(&self, word: &str) -> bool {
        self.readings.iter().flatten().any(|term| term.word == word)
    }

    /// The words of the usual reading.
    pub(crate) fn words(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.readings
            .first()
            .into_iter()
            .flatten()
            .map(|term| term.word.as_str())
    }
}

/// Whether a header was invented, by a program or by us: `column_3`, `Spalte 7`, `Unnamed: 0`.
pub(crate) fn is_anonymous(name: &str) -> bool {
    const INVENTED: [&str; 12] = [
        "column", "col", "field", "f", "c", "v", "var", "x", "spalte", "feld", "unnamed", "attr",
    ];
    let tokens = tokens(name);
    match tokens.as_slice() {
        [] => true,
        [only] => only == "unnamed" || only.chars().all(char::is_numeric),
        [word, number] => INVENTED.contains(&word.as_str()) && number.chars().all(char::is_numeric),
        _ => false,
    }
}

/// Takes a currency off the end of a name: `Betrag (EUR)`, `Amount in USD`, `amount_eur`.
fn cut_unit(text: &str) -> (&str, Option<&'static str>) {
    let trimmed = text.trim_end();
    if let Some((before, inside)) = bracketed(trimmed) {
        if let Some(code) = currency_code(inside.trim_start_matches("in ")) {
            return (before, Some(code));
        }
        return (text, None);
    }
    let last = trimmed
        .rfind([' ', '_', '-', '/', '.'])
        .and_then(|at| trimmed.split_at_checked(at));
    let Some((before, last)) = last else {
        return (text, None);
    };
    let word = last.trim_start_matches([' ', '_', '-', '/', '.']);
    let has_words = tokens(before).iter().any(|token| token != "in");
    match currency_code(word) {
        // `TRY` and `RON` are words as well, and so are lower-case codes in prose.
        Some(code) if has_words && (word != "try" && word != "Try") => {
            (before.strip_suffix(" in").unwrap_or(before), Some(code))
        }
        Some(_) | None => (text, None),
    }
}

fn bracketed(text: &str) -> Option<(&str, &str)> {
    let inner = text.strip_suffix([')', ']'])?;
    let (before, inside) = inner.rsplit_once(['(', '['])?;
    (!before.trim().is_empty()).then_some((before, inside))
}

/// All readings of the tokens, at most [`MOST_READINGS`].
fn read(tokens: &[String]) -> Vec<Vec<Term>> {
    let mut readings: Vec<Vec<Term>> = vec![Vec::new()];
    let mut rest = tokens;
    while !rest.is_empty() {
        let (taken, mut choices) = read_next(rest);
        // Only after the keys were tried: `paid in` is one.
        let stop = rest
            .first()
            .is_some_and(|token| STOP_WORDS.contains(&token.as_str()));
        if stop && taken == 1 && tokens.len() > 1 {
            choices = vec![Vec::new()];
        }
        let mut longer = Vec::new();
        for choice in &choices {
            for reading in &readings {
                let mut reading = reading.clone();
                for term in choice {
                    // `Valutadatum` is one date, not two.
                    if !reading.iter().any(|known| known.word == term.word) {
                        reading.push(term.clone());
                    }
                }
                longer.push(reading);
            }
        }
        longer.truncate(MOST_READINGS);
        readings = longer;
        rest = rest.get(taken..).unwrap_or_default();
    }
    readings
}

/// Reads the longest key of the lexicon at the front, or one token: how many tokens were taken, and
/// what they may mean.
fn read_next(tokens: &[String]) -> (usize, Vec<Vec<Term>>) {
    for length in (1..=LONGEST_KEY.min(tokens.len())).rev() {
        let Some(front) = tokens.get(..length) else {
            continue;
        };
        let key = front.join(" ");
        let Some(entry) = lexicon().entry(&key) else {
            continue;
        };
        let mut choices: Vec<Vec<Term>> = entry
            .readings
            .iter()
            .map(|words| terms(words, &key, entry.origin))
            .collect();
        // A token that is an English word itself may mean just that: `state`, `mark`, `name`.
        if length == 1 && lexicon().knows(&key) && !entry.readings.iter().any(|r| *r == [&*key]) {
            choices.insert(0, terms(std::slice::from_ref(&key), &key, Origin::Plain));
        }
        return (length, choices);
    }
    let Some(token) = tokens.first() else {
        return (1, Vec::new());
    };
    let word = singular(token);
    if lexicon().knows(token) || lexicon().knows(&word) {
        let word = if lexicon().knows(token) {
            token.clone()
        } else {
            word
        };
        return (1, vec![terms(&[word], token, Origin::Plain)]);
    }
    let reading = split_compound(token)
        .unwrap_or_else(|| terms(std::slice::from_ref(&word), token, Origin::Plain));
    (1, vec![reading])
}

fn terms(words: &[String], token: &str, origin: Origin) -> Vec<Term> {
    words
        .iter()
        .map(|word| Term {
            word: word.clone(),
            token: token.to_owned(),
            origin,
        })
        .collect()
}

/// Letters that German puts between the parts of a compound.
const LINKS: [&str; 6] = ["", "s", "es", "n", "en", "e"];
/// Most parts of a compound.
const MOST_PARTS: usize = 4;
/// Fewest letters of a part.
const SHORTEST_PART: usize = 3;

/// Cuts `rechnungsbetrag` and `bookingdate` into words that the lexicon knows; the first part as
/// long as can be. `None` where something would be left over.
fn split_compound(token: &str) -> Option<Vec<Term>> {
    if token.len() < 2 * SHORTEST_PART || !token.chars().all(char::is_alphabetic) {
        return None;
    }
    split_rest(token, MOST_PARTS).or_else(|| {
        let plain = undo_digraphs(token);
        (plain != token)
            .then(|| split_rest(&plain, MOST_PARTS))
            .flatten()
    })
}

fn split_rest(rest: &str, parts: usize) -> Option<Vec<Term>> {
    let parts_left = parts.checked_sub(1)?;
    let cuts: Vec<usize> = rest
        .char_indices()
        .map(|(at, _)| at)
        .chain([rest.len()])
        .collect();
    for &cut in cuts.iter().rev() {
        let Some((part, tail)) = rest.split_at_checked(cut) else {
            continue;
        };
        if cut < SHORTEST_PART {
            break;
        }
        let Some(mut found) = part_terms(part) else {
            continue;
        };
        if tail.is_empty() {
            return Some(found);
        }
        for link in LINKS {
            let Some(tail) = tail.strip_prefix(link) else {
                continue;
            };
            if let Some(more) = split_rest(tail, parts_left) {
                found.extend(more);
                return Some(found);
            }
        }
    }
    None
}

fn part_terms(part: &str) -> Option<Vec<Term>> {
    // Abbreviations of three letters are too often a piece of a longer word (`art`, `mat`).
    let usable = |entry: &&Entry| entry.origin == Origin::German || part.len() > SHORTEST_PART;
    if let Some(entry) = lexicon().entry(part).filter(usable) {
        return entry
            .readings
            .first()
            .map(|words| terms(words, part, entry.origin));
    }
    lexicon()
        .knows(part)
        .then(|| terms(&[part.to_owned()], part, Origin::Plain))
}

/// Most words of a name that stands in a description.
const LONGEST_GIVEN_NAME: usize = 3;

/// The other names that a description gives: short pieces before a colon, or in brackets at its
/// end, as in `POS, card payment: paid by card` and `Day of the booking (Buchungstag).`
pub(crate) fn names_in_description(text: &str) -> Vec<&str> {
    let before_colon = text.split_once(':').map(|(before, _)| before);
    let closed = text.trim_end().trim_end_matches('.').strip_suffix(')');
    let in_brackets = closed
        .and_then(|text| text.rsplit_once('('))
        .map(|(_, inside)| inside);
    before_colon
        .into_iter()
        .chain(in_brackets)
        .flat_map(|pieces| pieces.split([',', ';']))
        .map(str::trim)
        .filter(|piece| (1..=LONGEST_GIVEN_NAME).contains(&Name::parse(piece).words().count()))
        .collect()
}

/// The folded tokens of a longer text, such as a description, with what they mean.
pub(crate) fn words_of_text(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for token in tokens(text) {
        if STOP_WORDS.contains(&token.as_str()) {
            continue;
        }
        found.push(singular(&fold(&token)));
        if let Some(entry) = lexicon().entry(&token) {
            found.extend(entry.readings.iter().flatten().cloned());
        }
    }
    found.sort();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn first_reading(name: &str) -> String {
        Name::parse(name).words().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn bank_headers_are_read() {
        for (name, expected) in [
            ("Buchungstag", "booking date"),
            ("Wertstellung", "value date"),
            ("Valutadatum", "value date"),
            ("Buchungsdatum", "booking date"),
            ("Kontonummer", "account number"),
            ("Rechnungsbetrag", "invoice amount"),
            ("Rechnungs-Nr.", "invoice number"),
            ("Kd-Geschl.", "customer gender"),
            ("Auftraggeber/Empfänger", "counterparty name"),
            ("Waehrung", "currency"),
            ("Beguenstigter/Zahlungspflichtiger", "counterparty name"),
            ("Zahlungsempfaenger", "payee"),
            ("S/H", "direction"),
            ("Soll/Haben", "direction"),
            ("Txn Dt", "transaction date"),
            ("DrCr", "direction"),
            ("Amt", "amount"),
            ("Date of Birth", "date birth"),
            ("cust_addr", "customer address"),
            ("bookingdate", "booking date"),
            ("Kundenanschrift", "customer address"),
            ("Total Amounts", "total amount"),
        ] {
            assert_eq!(first_reading(name), expected, "{name}");
        }
    }

    #[test]
    fn a_currency_behind_a_name_is_its_unit() {
        for (name, unit) in [
            ("Betrag (EUR)", Some("EUR")),
            ("Betrag in €", Some("EUR")),
            ("Amount in USD", Some("USD")),
            ("amount_eur", Some("EUR")),
            ("Umsatz [CHF]", Some("CHF")),
            ("EUR", None),
            ("Amount (net)", None),
            ("retry", None),
        ] {
            assert_eq!(Name::parse(name).unit, unit, "{name}");
        }
        assert_eq!(first_reading("Amount in USD"), "amount");
    }

    #[test]
    fn descriptions_give_other_names() {
        for (text, expected) in [
            (
                "Day of the booking (transaction date, Buchungstag).",
                "transaction date|Buchungstag",
            ),
            ("POS, Kartenzahlung: paid by card.", "POS|Kartenzahlung"),
            (
                "Money that goes out (debit) is negative, what comes in (credit) is not.",
                "",
            ),
            (
                "The date on which all of this was at last booked by the bank",
                "",
            ),
            ("", ""),
        ] {
            assert_eq!(names_in_description(text).join("|"), expected, "{text}");
        }
    }

    #[test]
    fn invented_headers_are_told_from_names() {
        for name in ["column_3", "Spalte 7", "Unnamed: 0", "col3", "", "17", "F1"] {
            assert!(is_anonymous(name), "{name}");
        }
        for name in ["column", "Amt", "addr2", "field notes", "S/H"] {
            assert!(!is_anonymous(name), "{name}");
        }
    }

    proptest! {
        #[test]
        fn every_name_has_a_reading(text in ".{0,40}") {
            let name = Name::parse(&text);
            prop_assert!(!name.readings.is_empty() && name.readings.len() <= MOST_READINGS);
            prop_assert_eq!(&name, &Name::parse(&text));
        }
    }
}
