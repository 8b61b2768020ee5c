//! Names of columns and fields as words that can be compared: cut, written out, translated.
//!
//! ```text
//! Kd-Geschl.   -> kd geschl     -> customer gender
//! Betrag (EUR) -> betrag, EUR   -> amount            unit EUR
//! Txn Dt       -> txn dt        -> transaction date
//! ```

use super::lexicon::{Entry, LONGEST_KEY, Language, Languages, Origin, Reading, Sense, lexicon};
use super::meaning::cut_words;
use super::text::{fold, singular, tokens, undo_digraphs};

/// One word of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Term {
    /// The word, English where the lexicon knows it.
    pub(crate) word: String,
    /// How many characters it has.
    pub(crate) letters: usize,
    /// How it became what stands in the name.
    pub(crate) origin: Origin,
    /// What the lexicon knows of the word.
    pub(crate) sense: Sense,
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
    /// The different words that readings were made of, also of those beyond the most that are kept.
    pub(crate) terms: Vec<Term>,
    /// What it may mean, as places of `terms`, the usual reading first; at least one.
    pub(crate) readings: Vec<Vec<usize>>,
    /// ISO 4217 code that stands behind the name, e.g. in `Betrag (EUR)`.
    pub(crate) unit: Option<&'static str>,
}

/// Most readings that a name is given.
const MOST_READINGS: usize = 6;

/// Words that carry nothing in a name: articles and prepositions of the lexicon's languages.
const STOP_WORDS: [&str; 45] = [
    "of", "the", "a", "an", "for", "and", "by", "in", "is", "der", "die", "das", "des", "den",
    "und", "fur", "im", "am", "zum", "zur", "beim", "mit", "de", "la", "le", "les", "du", "et",
    "en", "las", "del", "di", "della", "dello", "dell", "dei", "degli", "delle", "da", "do", "het",
    "een", "voor", "och", "og",
];

/// Words that are left where an apostrophe or brackets cut: `date d'opération`, `Director(s)`.
const ELIDED: [&str; 3] = ["d", "l", "s"];

/// Currencies that are looked for behind a name, with their symbols in lower case.
const UNITS: [(&str, &str); 25] = [
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
    ("TRY", "tl"),
    ("RON", "ron"),
];

/// The ISO 4217 code of a currency's code or symbol.
pub(crate) fn currency_code(text: &str) -> Option<&'static str> {
    let text = text.trim();
    UNITS
        .iter()
        .find(|(code, symbol)| code.eq_ignore_ascii_case(text) || *symbol == text)
        .map(|&(code, _)| code)
}

impl Name {
    /// Cuts and reads a name.
    pub(crate) fn parse(text: &str) -> Self {
        let (rest, unit) = cut_unit(text);
        let tokens = tokens(rest);
        let elided = rest.contains(['\'', '’']) || rest.contains("(s)");
        let (terms, readings) = read(&tokens, elided);
        Self {
            text: text.to_owned(),
            joined: tokens.concat(),
            terms,
            readings,
            tokens,
            unit,
        }
    }

    /// The words of a reading.
    pub(crate) fn terms_of<'a>(
        &'a self,
        reading: &'a [usize],
    ) -> impl DoubleEndedIterator<Item = &'a Term> {
        reading.iter().filter_map(|&place| self.terms.get(place))
    }

    /// The words of all readings, one reading after the other.
    pub(crate) fn terms_of_all(&self) -> impl Iterator<Item = &Term> {
        let readings = self.readings.iter();
        readings.flat_map(|reading| self.terms_of(reading))
    }

    /// The words of the usual reading.
    pub(crate) fn usual_terms(&self) -> impl DoubleEndedIterator<Item = &Term> {
        self.terms_of(self.readings.first().map_or(&[], Vec::as_slice))
    }

    /// Whether any reading has the word.
    pub(crate) fn means(&self, word: &str) -> bool {
        self.terms_of_all().any(|term| term.word == word)
    }

    /// The same as text.
    pub(crate) fn words(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.usual_terms().map(|term| term.word.as_str())
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

/// One meaning of one piece of a name.
#[derive(Debug, Clone)]
struct Choice {
    words: Vec<String>,
    /// What it is if it is not from one of `languages`.
    english: Option<Origin>,
    languages: Languages,
}

impl Choice {
    fn plain(word: &str) -> Self {
        Self {
            words: vec![word.to_owned()],
            english: Some(Origin::Plain),
            languages: Languages::default(),
        }
    }

    fn of(reading: &Reading) -> Self {
        Self {
            words: reading.words.iter().map(|&word| word.to_owned()).collect(),
            english: reading.abbreviation.then_some(Origin::Abbreviation),
            languages: reading.languages,
        }
    }

    fn is_in(&self, language: Option<Language>) -> bool {
        language.is_some_and(|language| self.languages.contains(language))
    }

    /// Its words, told as of the language of the name where they are in it.
    fn terms(&self, language: Option<Language>) -> impl Iterator<Item = Term> {
        let foreign = language
            .filter(|_| self.is_in(language))
            .map(Origin::Foreign);
        let origin = foreign
            .or(self.english)
            .or(self.languages.first().map(Origin::Foreign))
            .unwrap_or(Origin::Plain);
        self.words.iter().map(move |word| Term {
            word: word.clone(),
            letters: word.chars().count(),
            origin,
            sense: lexicon().sense(word),
        })
    }
}

/// All readings of the tokens, at most [`MOST_READINGS`], as places of their different words.
fn read(tokens: &[String], elided: bool) -> (Vec<Term>, Vec<Vec<usize>>) {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut rest = tokens;
    while !rest.is_empty() {
        let (taken, piece) = read_next(rest, elided);
        // Only after the keys were tried: `paid in` is one.
        let front = rest.first().filter(|_| taken == 1 && tokens.len() > 1);
        let stop = front.is_some_and(|token| is_stop(token, elided));
        if !stop {
            pieces.push(piece);
        }
        rest = rest.get(taken..).unwrap_or_default();
    }
    let language = language_of(&pieces);
    let mut terms: Vec<Term> = Vec::new();
    // With how unusual it is: the sum of the places of its choices.
    let mut readings: Vec<(usize, Vec<usize>)> = vec![(0, Vec::new())];
    for piece in &pieces {
        let mut longer = Vec::new();
        for (place, meant) in piece.in_order(language).enumerate() {
            let meant: Vec<usize> = meant
                .into_iter()
                .map(|term| place_of(term, &mut terms))
                .collect();
            let word = |at: usize| terms.get(at).map(|term| &term.word);
            for (rank, reading) in &readings {
                let mut reading = reading.clone();
                for &term in &meant {
                    // `Valutadatum` is one date, not two.
                    if !reading.iter().any(|&known| word(known) == word(term)) {
                        reading.push(term);
                    }
                }
                longer.push((rank + place, reading));
            }
        }
        longer.sort_by_key(|(rank, _)| *rank);
        longer.truncate(MOST_READINGS);
        readings = longer;
    }
    let readings = readings.into_iter().map(|(_, reading)| reading);
    (terms, readings.collect())
}

/// The place of a word among the terms, where it is put if it is not there.
fn place_of(term: Term, terms: &mut Vec<Term>) -> usize {
    let known = terms.iter().position(|known| *known == term);
    known.unwrap_or_else(|| {
        terms.push(term);
        terms.len() - 1
    })
}

/// Whether a token carries nothing; `l` and `d` only where the name has an apostrophe.
fn is_stop(token: &str, elided: bool) -> bool {
    STOP_WORDS.contains(&token) || (elided && ELIDED.contains(&token))
}

/// What the tokens of one key, or one token, may mean.
#[derive(Debug)]
enum Piece {
    /// One of these.
    Any(Vec<Choice>),
    /// All parts of a compound, and the languages that have them all; none for English.
    Compound(Vec<Choice>, Languages),
}

impl Piece {
    /// The languages in which it means something, and whether it means nothing in English: only
    /// then is it evidence that a name is in one of them.
    fn languages(&self) -> (Languages, bool) {
        match self {
            Self::Compound(_, languages) => (*languages, true),
            Self::Any(choices) => {
                let none = Languages::default();
                let all = choices.iter().fold(none, |all, c| all.with(c.languages));
                (all, choices.iter().all(|choice| choice.english.is_none()))
            }
        }
    }

    /// What it may mean in a name of the language, that of the language first.
    fn in_order(&self, language: Option<Language>) -> impl Iterator<Item = Vec<Term>> {
        let (first, second): (Vec<Vec<Term>>, Vec<Vec<Term>>) = match self {
            Self::Compound(parts, _) => {
                let own = parts.iter().flat_map(|part| part.terms(language));
                (vec![own.collect()], Vec::new())
            }
            Self::Any(choices) => {
                let of = |in_language: bool| {
                    choices
                        .iter()
                        .filter(|choice| choice.is_in(language) == in_language)
                        .map(|choice| choice.terms(language).collect())
                        .collect()
                };
                (of(true), of(false))
            }
        };
        first.into_iter().chain(second)
    }
}

/// The language of a name: the one that most of its pieces are in, if one of them is in no other
/// than such languages. So `data` is a date in `data nascita`, and data in `data type`.
fn language_of(pieces: &[Piece]) -> Option<Language> {
    let found: Vec<(Languages, bool)> = pieces.iter().map(Piece::languages).collect();
    let mut best: Option<(Language, usize)> = None;
    for language in Language::ALL {
        let has = |(languages, _): &&(Languages, bool)| languages.contains(language);
        let count = found.iter().filter(has).count();
        let is_evident = found
            .iter()
            .filter(has)
            .any(|(_, is_evidence)| *is_evidence);
        if is_evident && count > best.map_or(0, |(_, most)| most) {
            best = Some((language, count));
        }
    }
    best.map(|(language, _)| language)
}

/// What may be a key at the front of the tokens, the longest first, each with how many tokens it
/// takes: so many tokens as they stand, or without what carries nothing between them, so that
/// `numero de la cuenta` is found as `numero cuenta`.
fn front_keys(tokens: &[String], elided: bool) -> Vec<(usize, String)> {
    let is_word = |token: &String| !is_stop(token, elided);
    let mut keys = Vec::new();
    for length in (1..=LONGEST_KEY.min(tokens.len())).rev() {
        keys.extend(tokens.get(..length).map(|front| (length, front.join(" "))));
        let content = tokens
            .iter()
            .enumerate()
            .filter(|(_, token)| is_word(token));
        let content: Vec<(usize, &String)> = content.take(length).collect();
        if let (Some((0, _)), Some((last, _))) = (content.first(), content.last())
            && content.len() == length
            && *last >= length
        {
            let words: Vec<&str> = content.iter().map(|(_, token)| token.as_str()).collect();
            keys.push((last + 1, words.join(" ")));
        }
    }
    keys
}

/// Reads the longest key of the lexicon at the front, or one token: how many tokens were taken, and
/// what they may mean.
fn read_next(tokens: &[String], elided: bool) -> (usize, Piece) {
    for (taken, key) in front_keys(tokens, elided) {
        let Some(entry) = lexicon().entry(&key) else {
            continue;
        };
        let mut choices: Vec<Choice> = entry.readings.iter().map(Choice::of).collect();
        // A token that is an English word itself may mean just that: `state`, `mark`, `name`.
        if taken == 1 && lexicon().knows(&key) {
            let mut plain = Choice::plain(&key);
            if let Some(same) = choices
                .iter()
                .position(|choice| choice.words == plain.words)
            {
                plain.languages = choices.remove(same).languages;
            }
            // Short words in names are rather abbreviations: `no`, `sex`, `zip`.
            let is_short = key.len() <= SHORTEST_PART && entry.is_abbreviation();
            let place = if is_short { choices.len() } else { 0 };
            choices.insert(place, plain);
        }
        return (taken, Piece::Any(choices));
    }
    let Some(token) = tokens.first() else {
        return (1, Piece::Any(Vec::new()));
    };
    let word = singular(token);
    let plain = if lexicon().knows(token) {
        Choice::plain(token)
    } else {
        Choice::plain(&word)
    };
    if !lexicon().knows(token)
        && !lexicon().knows(&word)
        && let Some(compound) = split_compound(token)
    {
        return (1, compound);
    }
    if !lexicon().knows(token)
        && !lexicon().knows(&word)
        && let Some(words) = cut_words(token)
    {
        let cut = Choice {
            words: words.into_iter().map(singular).collect(),
            ..plain
        };
        return (1, Piece::Any(vec![cut]));
    }
    (1, Piece::Any(vec![plain]))
}

/// Letters that stand between the parts of a compound.
const LINKS: [&str; 6] = ["", "s", "es", "n", "en", "e"];
/// Most parts of a compound.
const MOST_PARTS: usize = 4;
/// Fewest letters of a part.
const SHORTEST_PART: usize = 3;

/// What may end a compound although it is short: `kundennr`.
const NUMBER: &str = "nr";
/// Words that are rather the ending of an English word than a part of a name: `engineering`.
const ENDINGS: [&str; 4] = ["red", "ring", "ten", "act"];

/// Cuts `rechnungsbetrag` and `bookingdate` into words that the lexicon knows, all of one language
/// or English; the first part as long as can be. `None` where something would be left over.
fn split_compound(token: &str) -> Option<Piece> {
    if token.len() < SHORTEST_PART + NUMBER.len() || !token.chars().all(char::is_alphabetic) {
        return None;
    }
    let (parts, languages) = split_rest(token, MOST_PARTS, Languages::ALL).or_else(|| {
        let plain = undo_digraphs(token);
        (plain != token)
            .then(|| split_rest(&plain, MOST_PARTS, Languages::ALL))
            .flatten()
    })?;
    let languages = if languages.shared_with(Languages::ENGLISH).is_empty() {
        languages
    } else {
        Languages::default()
    };
    let choices = parts.iter().map(|part| part_choice(part, languages));
    Some(Piece::Compound(choices.collect(), languages))
}

/// The parts of the rest, and the languages that have them all.
fn split_rest(rest: &str, parts: usize, allowed: Languages) -> Option<(Vec<String>, Languages)> {
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
        if cut < SHORTEST_PART && part != NUMBER {
            break;
        }
        let languages = languages_of_part(part, tail).shared_with(allowed);
        if languages.is_empty() {
            continue;
        }
        if tail.is_empty() {
            return Some((vec![part.to_owned()], languages));
        }
        for link in LINKS {
            let Some(tail) = tail.strip_prefix(link) else {
                continue;
            };
            // The others write compounds apart, but programs drop the blank: `fechavalor`.
            let languages = if link.is_empty() {
                languages
            } else {
                languages.shared_with(Languages::OF_COMPOUNDS.with(Languages::ENGLISH))
            };
            if let Some((mut found, languages)) = split_rest(tail, parts_left, languages) {
                found.insert(0, part.to_owned());
                return Some((found, languages));
            }
        }
    }
    None
}

/// The languages in whose compounds a part may stand: a longer English word in those of every
/// language, an abbreviation only among English words.
fn languages_of_part(part: &str, tail: &str) -> Languages {
    if part == NUMBER {
        return Languages::OF_COMPOUNDS;
    }
    let entry = lexicon().exact_entry(part);
    let own = entry.map_or(Languages::default(), |entry| match part.len() {
        ..=SHORTEST_PART => entry.languages().shared_with(Languages::OF_COMPOUNDS),
        _ => entry.languages(),
    });
    if lexicon().knows(part) || lexicon().knows(&singular(part)) {
        let is_ending = tail.is_empty() && ENDINGS.contains(&part);
        return match part.len() {
            _ if is_ending => own,
            ..=SHORTEST_PART => own.with(Languages::ENGLISH),
            _ => Languages::ALL,
        };
    }
    // Abbreviations of three letters are too often a piece of a longer word (`art`, `mat`).
    let is_abbreviation = part.len() > SHORTEST_PART && entry.is_some_and(Entry::is_abbreviation);
    if is_abbreviation {
        own.with(Languages::ENGLISH)
    } else {
        own
    }
}

/// What a part means in the languages of its compound.
fn part_choice(part: &str, languages: Languages) -> Choice {
    let readings = lexicon().entry(part).map(|entry| entry.readings.as_slice());
    let readings = readings.unwrap_or_default();
    let language = languages.first();
    let own = readings
        .iter()
        .find(|reading| language.is_some_and(|language| reading.languages.contains(language)));
    if own.is_none() {
        let word = singular(part);
        if let Some(word) = [part, &word].into_iter().find(|word| lexicon().knows(word)) {
            return Choice::plain(word);
        }
    }
    let found = own.or(readings.first());
    let mut choice = found.map_or_else(|| Choice::plain(part), Choice::of);
    choice.languages = choice.languages.shared_with(languages);
    choice
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
        // Sentences are English: `data` in one is no Italian date.
        let is_english = lexicon().knows(&token);
        let readings = lexicon().entry(&token).map(|entry| entry.readings.iter());
        let readings = readings.into_iter().flatten();
        let meant = readings.filter(|reading| reading.abbreviation || !is_english);
        found.extend(meant.flat_map(|reading| reading.words.iter().map(|&word| word.to_owned())));
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
