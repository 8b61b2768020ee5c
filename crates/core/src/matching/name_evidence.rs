//! Evidence of names: how much of a column's name and a field's name mean the same.

use ahash::AHashMap;

use super::lexicon::Origin;
use super::names::{Name, Term, names_in_description, words_of_text};
use super::text::{edit_similarity_from, is_subsequence, ratio, trigram_similarity_from};
use crate::target::Field;

/// How much a name counts that only the description gives.
const GIVEN_NAME: f64 = 0.93;

/// All names of a field: its own, its title and its aliases.
#[derive(Debug)]
pub(crate) struct FieldNames {
    /// Each with how much it counts; the field's own name comes first.
    pub(crate) names: Vec<(Name, f64)>,
    /// Other names that the description gives: evidence, but not what the field is called.
    pub(crate) given: Vec<Name>,
    /// Words of the description, sorted.
    pub(crate) description: Vec<String>,
}

impl FieldNames {
    /// Reads them.
    pub(crate) fn of(field: &Field) -> Self {
        let mut names = vec![(Name::parse(&field.name), 1.0)];
        if let Some((_, last)) = field.name.rsplit_once('.') {
            // The last part alone does not say whose it is.
            names.push((Name::parse(last), 0.92));
        }
        names.extend(field.title.iter().map(|title| (Name::parse(title), 0.98)));
        names.extend(field.aliases.iter().map(|alias| (Name::parse(alias), 1.0)));
        let text = field.description.as_deref().unwrap_or_default();
        Self {
            names,
            given: names_in_description(text)
                .into_iter()
                .map(Name::parse)
                .collect(),
            description: words_of_text(text),
        }
    }

    /// A name without anything around it.
    pub(crate) fn of_name(name: &str) -> Self {
        Self {
            names: vec![(Name::parse(name), 1.0)],
            given: Vec::new(),
            description: Vec::new(),
        }
    }

    /// Whether any reading of any name has the word.
    pub(crate) fn mean(&self, word: &str) -> bool {
        self.names.iter().any(|(name, _)| name.means(word))
    }

    /// Whether the description has the word.
    pub(crate) fn describe(&self, word: &str) -> bool {
        self.description
            .binary_search_by(|known| known.as_str().cmp(word))
            .is_ok()
    }
}

/// How often each word occurs in the names of the source and of the target: what all names have in
/// common tells nothing.
#[derive(Debug, Default)]
pub(crate) struct Rarity {
    counts: AHashMap<String, (usize, usize)>,
}

impl Rarity {
    /// Counts the words of both sides.
    pub(crate) fn count<'a>(
        columns: &[Name],
        fields: impl Iterator<Item = &'a FieldNames>,
    ) -> Self {
        let mut rarity = Self::default();
        for column in columns {
            for word in distinct_words(column) {
                rarity.counts.entry(word).or_default().0 += 1;
            }
        }
        for name in fields.filter_map(|field| field.names.first()) {
            for word in distinct_words(&name.0) {
                rarity.counts.entry(word).or_default().1 += 1;
            }
        }
        rarity
    }

    /// What a word weighs, up to 1: less when many names have it, and less for words such as
    /// `date` and `id`, which only say what sort of thing is meant.
    fn weight(&self, term: &Term) -> f64 {
        let base = if term.sense.only_sort { 0.3 } else { 1.0 };
        match self.counts.get(&term.word) {
            None => base,
            Some((columns, fields)) => {
                base / (1.0 + ratio(*columns.max(fields).max(&1), 1).ln() * 0.7)
            }
        }
    }
}

fn distinct_words(name: &Name) -> Vec<String> {
    let mut words: Vec<String> = name.terms_of_all().map(|term| term.word.clone()).collect();
    words.sort();
    words.dedup();
    words
}

/// How well two names agree.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct NameMatch {
    /// 0 nothing in common, 1 the same name.
    pub(crate) score: f64,
    /// What agrees, in words.
    pub(crate) text: String,
}

/// The best agreement of a column's name with one of a field's names.
pub(crate) fn compare_names(column: &Name, field: &FieldNames, rarity: &Rarity) -> NameMatch {
    let (score, best) = best_name(column, field, rarity);
    let text = match best {
        Some((name, by)) => by.tell(column, name),
        None => format!("{} shares no word", column.text),
    };
    NameMatch { score, text }
}

/// The score of [`compare_names`], without what agrees in words.
pub(crate) fn score_names(column: &Name, field: &FieldNames, rarity: &Rarity) -> f64 {
    best_name(column, field, rarity).0
}

fn best_name<'a>(
    column: &'a Name,
    field: &'a FieldNames,
    rarity: &Rarity,
) -> (f64, Option<(&'a Name, By<'a>)>) {
    let mut best = (0.0, None);
    let own = field.names.iter().map(|(name, counts)| (name, *counts));
    let given = field.given.iter().map(|name| (name, GIVEN_NAME));
    for (name, counts) in own.chain(given) {
        let (score, by) = agreement(column, name, rarity);
        if score * counts > best.0 {
            best = (score * counts, Some((name, by)));
        }
    }
    best
}

/// The share of a column's words that stand in the field's description, by weight.
pub(crate) fn in_description(column: &Name, field: &FieldNames, rarity: &Rarity) -> Option<f64> {
    if field.description.is_empty() {
        return None;
    }
    let shares = column.readings.iter().map(|reading| {
        let (mut found, mut all) = (0.0, 0.0);
        for term in column.terms_of(reading) {
            let weight = rarity.weight(term);
            all += weight;
            if field.describe(&term.word) {
                found += weight;
            }
        }
        if all > 0.0 { found / all } else { 0.0 }
    });
    shares.reduce(f64::max)
}

/// Names that differ in their currency are not the same thing.
const OTHER_UNIT: f64 = 0.5;

/// By what two names agree.
#[derive(Debug, Clone, Copy)]
enum By<'a> {
    /// The same tokens.
    Tokens,
    Spelling,
    Initials,
    /// A reading of the column's name and one of the field's.
    Words(&'a [usize], &'a [usize]),
    Nothing,
}

impl By<'_> {
    fn tell(self, own_name: &Name, other_name: &Name) -> String {
        let (column, field) = (&own_name.text, &other_name.text);
        match self {
            Self::Tokens => format!("{column} = {field}"),
            Self::Spelling => format!("{column} is spelt like {field}"),
            Self::Initials => {
                format!("{column} and {field}: one is the initials of the other")
            }
            Self::Words(own, other) => {
                let term = |at: usize| other_name.terms.get(at);
                let pairs: Vec<(&Term, &Term)> = own_name
                    .terms_of(own)
                    .filter_map(|own| {
                        let alike = |at: usize| term(at).map_or(0.0, |other| same_word(own, other));
                        let (at, _) = found_as(other, alike)?;
                        Some((own, term(at)?))
                    })
                    .collect();
                format!("{column} = {}", tell(&pairs))
            }
            Self::Nothing => String::new(),
        }
    }
}

/// How well two names agree: 1 only for the same tokens.
pub(crate) fn compare(column: &Name, field: &Name, rarity: &Rarity) -> f64 {
    agreement(column, field, rarity).0
}

fn agreement<'a>(column: &'a Name, field: &'a Name, rarity: &Rarity) -> (f64, By<'a>) {
    let unit = match (column.unit, field.unit) {
        (Some(a), Some(b)) if a != b => OTHER_UNIT,
        _ => 1.0,
    };
    if column.joined == field.joined && !column.joined.is_empty() {
        return (unit, By::Tokens);
    }
    let mut best = by_letters(column, field);
    let alike = Likeness::of(column, field);
    if alike.is_any() {
        for a in &column.readings {
            for b in &field.readings {
                let score = by_words((column, a), (field, b), &alike, rarity);
                if score > best.0 {
                    best = (score, By::Words(a, b));
                }
            }
        }
    }
    (best.0 * unit, best.1)
}

/// From which similarity on two names are spelt alike.
const SPELT_ALIKE: f64 = 0.75;

/// Names that the lexicon does not know may still be spelt almost alike, or be initials.
fn by_letters<'a>(column: &Name, field: &Name) -> (f64, By<'a>) {
    let knows_all = |name: &Name| name.usual_terms().all(|term| term.sense.known);
    if knows_all(column) && knows_all(field) {
        return (0.0, By::Nothing);
    }
    let (a, b) = (&column.joined, &field.joined);
    let edits = edit_similarity_from(SPELT_ALIKE, a, b);
    let pieces = trigram_similarity_from(SPELT_ALIKE, a, b);
    if let Some(spelling) = edits.into_iter().chain(pieces).reduce(f64::max) {
        return (0.85 * spelling, By::Spelling);
    }
    if initials(column, field) || initials(field, column) {
        return (0.7, By::Initials);
    }
    (0.0, By::Nothing)
}

fn initials(short: &Name, long: &Name) -> bool {
    let [token] = short.tokens.as_slice() else {
        return false;
    };
    let words = long.tokens.iter();
    long.tokens.len() >= 2
        && token
            .chars()
            .eq(words.filter_map(|word| word.chars().next()))
}

/// Both names have a word of their own: they name two things of the same sort.
const BOTH_DIFFER: f64 = 0.55;
/// From how much weight on a word counts as one of its own.
const OWN_WORD: f64 = 0.15;

/// How well a reading of one name agrees with one of another.
fn by_words(
    (column, a): (&Name, &[usize]),
    (field, b): (&Name, &[usize]),
    alike: &Likeness,
    rarity: &Rarity,
) -> f64 {
    let (cover_a, alone_a) = cover((column, a), b, rarity, |own, other| alike.get(own, other));
    let (cover_b, alone_b) = cover((field, b), a, rarity, |own, other| alike.get(other, own));
    let mut score = if cover_a + cover_b > 0.0 {
        2.0 * cover_a * cover_b / (cover_a + cover_b)
    } else {
        0.0
    };
    if alone_a >= OWN_WORD && alone_b >= OWN_WORD {
        score *= BOTH_DIFFER;
    }
    score
}

/// How likely each word of one name means the same as each of another, by their places: found once for
/// all readings.
struct Likeness {
    width: usize,
    cells: Vec<f64>,
}

impl Likeness {
    fn of(a: &Name, b: &Name) -> Self {
        let mut cells = Vec::with_capacity(a.terms.len() * b.terms.len());
        for own in &a.terms {
            cells.extend(b.terms.iter().map(|other| same_word(own, other)));
        }
        Self {
            width: b.terms.len(),
            cells,
        }
    }

    fn is_any(&self) -> bool {
        self.cells.iter().any(|likely| *likely > 0.0)
    }

    fn get(&self, of_a: usize, of_b: usize) -> f64 {
        let cell = self.cells.get(of_a * self.width + of_b);
        cell.copied().unwrap_or_default()
    }
}

/// The word that another is found as, the first of equals, and how likely it is.
fn found_as(others: &[usize], alike: impl Fn(usize) -> f64) -> Option<(usize, f64)> {
    let mut best: Option<(usize, f64)> = None;
    for &other in others {
        let likely = alike(other);
        if likely > best.map_or(0.0, |(_, likely)| likely) {
            best = Some((other, likely));
        }
    }
    best
}

/// How much of a reading is found in other words by weight, and the heaviest word that is not.
fn cover(
    (name, reading): (&Name, &[usize]),
    others: &[usize],
    rarity: &Rarity,
    alike: impl Fn(usize, usize) -> f64,
) -> (f64, f64) {
    let (mut found, mut all, mut alone) = (0.0, 0.0, 0.0_f64);
    for (&own, term) in reading.iter().zip(name.terms_of(reading)) {
        let weight = rarity.weight(term);
        all += weight;
        match found_as(others, |other| alike(own, other)) {
            Some((_, likely)) => found += weight * likely,
            None => alone = alone.max(weight),
        }
    }
    (if all > 0.0 { found / all } else { 0.0 }, alone)
}

/// How likely two words mean the same, 0 to 1.
fn same_word(a: &Term, b: &Term) -> f64 {
    if a.word == b.word {
        let written_out = a.origin != Origin::Plain || b.origin != Origin::Plain;
        return if written_out { 0.98 } else { 1.0 };
    }
    if a.sense.synonymous(&b.sense) {
        return 0.9;
    }
    if a.sense.related(&b.sense) {
        return 0.55;
    }
    if a.sense.known && b.sense.known {
        return 0.0;
    }
    let (short, long) = if a.word.len() <= b.word.len() {
        (a, b)
    } else {
        (b, a)
    };
    let unknown = !short.sense.known;
    let (letters, long_letters) = (short.letters, long.letters);
    let (short, long) = (&short.word, &long.word);
    if unknown && letters >= 3 && long.starts_with(short.as_str()) {
        return 0.8;
    }
    let least = if letters >= 7 { 0.75 } else { 0.8 };
    if letters >= 5 && edit_similarity_from(least, short, long).is_some() {
        return 0.85;
    }
    if unknown && letters >= 2 && long_letters >= 4 {
        return if is_subsequence(short, long) {
            0.5
        } else {
            0.0
        };
    }
    0.0
}

/// `amount (German)`, `payee ~ counterparty`.
fn tell(pairs: &[(&Term, &Term)]) -> String {
    let mut parts: Vec<String> = Vec::new();
    for (column, field) in pairs {
        let part = if column.word == field.word {
            column.word.clone()
        } else {
            format!("{} ~ {}", column.word, field.word)
        };
        if !parts.contains(&part) {
            parts.push(part);
        }
    }
    let language = pairs.iter().find_map(|(column, _)| match column.origin {
        Origin::Foreign(language) => Some(language.name()),
        Origin::Plain | Origin::Abbreviation => None,
    });
    let told = parts.join(", ");
    match language {
        Some(language) => format!("{told} ({language})"),
        None => told,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matching::tests::field;
    use crate::target::FieldType;

    fn score(column: &str, target: &str) -> f64 {
        compare_names(
            &Name::parse(column),
            &FieldNames::of(&field(target, FieldType::String)),
            &Rarity::default(),
        )
        .score
    }

    #[test]
    fn the_same_in_other_words_is_almost_one() {
        for (column, target) in [
            ("Amt", "amount"),
            ("Betrag (EUR)", "amount"),
            ("Kd-Geschl.", "customer_gender"),
            ("Buchungstag", "bookingDate"),
            ("Valuta", "value_date"),
            ("booking date", "BookingDate"),
            ("cust_no", "CustomerNumber"),
        ] {
            assert!(
                score(column, target) >= 0.97,
                "{column} {target} {}",
                score(column, target)
            );
        }
    }

    #[test]
    fn one_shared_word_is_little() {
        for (column, target) in [
            ("First Name", "last_name"),
            ("Account ID", "tax_id"),
            ("Txn Dt", "value_date"),
            ("payer_name", "payee_name"),
            ("debit_amount", "credit_amount"),
            ("Account Name", "account_id"),
        ] {
            assert!(
                score(column, target) < 0.6,
                "{column} {target} {}",
                score(column, target)
            );
        }
    }

    #[test]
    fn words_without_a_link_are_nothing() {
        for (column, target) in [
            ("Memo", "customer_gender"),
            ("DrCr", "currency"),
            ("Payee", "reference"),
        ] {
            assert!(
                score(column, target) < 0.1,
                "{column} {target} {}",
                score(column, target)
            );
        }
    }

    #[test]
    fn misspelt_and_shortened_unknown_words_are_found() {
        assert!(score("costumer_name", "customer_name") > 0.8);
        assert!(score("pollut", "pollutant") > 0.75);
        assert!(score("LTV", "loan_to_value") > 0.6);
    }

    #[test]
    fn what_all_names_have_in_common_weighs_less() {
        let columns: Vec<Name> = ["customer city", "customer age", "customer job"]
            .map(Name::parse)
            .into();
        let rarity = Rarity::count(&columns, std::iter::empty());
        let weight = |word: &str| {
            let name = Name::parse(word);
            rarity.weight(&name.terms[0])
        };
        assert!(weight("customer") < weight("city"));
        assert!(weight("date") < weight("booking"));
    }

    #[test]
    fn aliases_count_like_the_name() {
        let mut target = field("b1", FieldType::String);
        target.aliases = vec!["Payee".to_owned()];
        let found = compare_names(
            &Name::parse("PAYEE"),
            &FieldNames::of(&target),
            &Rarity::default(),
        );
        assert!(found.score > 0.97);
        assert_eq!(found.text, "PAYEE = Payee");
    }

    #[test]
    fn the_evidence_names_the_language() {
        for (column, target, expected) in [
            ("Montant", "amount", "Montant = amount (French)"),
            (
                "Fecha valor",
                "value_date",
                "Fecha valor = value, date (Spanish)",
            ),
            (
                "Begünstigter",
                "payee",
                "Begünstigter = beneficiary ~ payee (German)",
            ),
            ("Amt", "amount", "Amt = amount"),
        ] {
            let found = compare_names(
                &Name::parse(column),
                &FieldNames::of(&field(target, FieldType::String)),
                &Rarity::default(),
            );
            assert_eq!(found.text, expected);
        }
    }

    #[test]
    fn other_currencies_are_other_fields() {
        assert!(score("amount_usd", "amount_eur") <= 0.5);
        assert!(score("amount_usd", "amount_usd") > 0.97);
        assert!(score("amount", "amount_usd") > 0.97);
    }
}
