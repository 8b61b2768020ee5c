//! What speaks against a column although the names are alike: they say opposites, one of them denies what
//! the other says, they are of different years or numbers, or of different units. Likeness of names cannot
//! see that: `net amount` and `gross amount` share as much as two names of one thing.

use std::collections::BTreeSet;

use super::units::{Unit, unit_of_description, unit_of_name};
use super::{Context, evidence};
use crate::mapping::Evidence;
use crate::matching::label_evidence::listed_values;
use crate::matching::name_evidence::FieldNames;
use crate::matching::names::{Name, currency_code};
use crate::profile::{ColumnProfile, SemanticType};
use crate::target::Field;

/// Most confidence where the names say opposite things.
const OPPOSITE: f64 = 0.5;
/// Most where values would have to be converted.
const OTHER_UNIT: f64 = 0.6;

/// Words that names have one of, where the other is meant by the other name. English, as names are
/// compared; each side holds words of one meaning.
const OPPOSITES: [(&[&str], &[&str]); 38] = [
    (
        &["start", "begin", "beginning", "commencement"],
        &[
            "end",
            "ending",
            "finish",
            "completion",
            "expiry",
            "termination",
        ],
    ),
    (&["from"], &["to", "until"]),
    (&["opening", "initial"], &["closing", "final"]),
    (&["first"], &["last"]),
    (&["net"], &["gross"]),
    (
        &["minimum", "min", "lowest"],
        &["maximum", "max", "highest"],
    ),
    (
        &["buyer", "customer", "purchaser", "client"],
        &["seller", "vendor", "supplier"],
    ),
    (&["latitude", "lat"], &["longitude", "lon", "lng", "long"]),
    (
        &["sender", "shipper", "consignor"],
        &["recipient", "receiver", "consignee"],
    ),
    (&["shipping", "delivery"], &["billing", "invoice"]),
    (
        &["origin", "departure", "pickup", "loading"],
        &["destination", "arrival", "delivery", "unloading"],
    ),
    (
        &["hire", "hiring", "entry", "joining"],
        &["termination", "exit", "leaving"],
    ),
    (
        &["private", "personal", "home"],
        &["work", "business", "office", "company"],
    ),
    (
        &["debit", "withdrawal", "outflow"],
        &["credit", "deposit", "inflow"],
    ),
    (&["income", "revenue"], &["expense", "cost"]),
    (
        &["created", "creation"],
        &["modified", "modification", "updated", "changed"],
    ),
    (&["birth"], &["death"]),
    (&["height"], &["width", "length", "depth"]),
    (&["width"], &["length", "depth"]),
    (&["length"], &["depth"]),
    (
        &["payer", "debtor", "originator"],
        &["payee", "creditor", "beneficiary"],
    ),
    (&["asset"], &["liability"]),
    (&["import"], &["export"]),
    (&["upper"], &["lower"]),
    (&["incoming", "inbound"], &["outgoing", "outbound"]),
    (&["parent"], &["child"]),
    (&["old", "previous"], &["new", "current", "next"]),
    (&["mother"], &["father"]),
    (&["winner"], &["loser"]),
    (&["home"], &["away"]),
    (&["employer"], &["employee"]),
    (&["teacher"], &["student"]),
    (
        &[
            "plan",
            "planned",
            "budget",
            "scheduled",
            "estimated",
            "expected",
        ],
        &["actual"],
    ),
    (&["fax"], &["phone", "telephone", "mobile"]),
    (
        &["enabled", "allowed", "accepted"],
        &["disabled", "forbidden", "refused"],
    ),
    (&["optin", "subscribed"], &["optout", "unsubscribed"]),
    (&["in"], &["out"]),
    (&["include", "included"], &["exclude", "excluded"]),
];

/// Words that deny the rest of a name, as its tokens have them. `no` is not among them: it mostly is a
/// number.
const DENIALS: [&str; 13] = [
    "not", "non", "never", "without", "dont", "nicht", "kein", "keine", "ohne", "senza", "niet",
    "geen", "zonder",
];

/// What turns a word into its opposite where it stands in front of it.
const DENYING: [&str; 9] = ["un", "in", "im", "ir", "il", "dis", "non", "de", "ex"];

/// So long are words that such a part may stand in front of.
const LONG_WORD: usize = 4;

/// What speaks against a column, and how sure its rule can be at most.
#[derive(Debug)]
pub(super) struct Contrast {
    pub(super) cap: f64,
    pub(super) evidence: Evidence,
}

/// The words of one or several names.
#[derive(Debug, Default)]
struct Words<'a> {
    /// English.
    words: BTreeSet<&'a str>,
    /// As they stand there.
    tokens: BTreeSet<&'a str>,
    /// Years, and numbers at the ends of names. Elsewhere they belong to a word: `ISO 3166-1 code`.
    numbers: BTreeSet<&'a str>,
    denials: usize,
}

impl<'a> Words<'a> {
    fn of(names: impl IntoIterator<Item = &'a Name>) -> Self {
        let mut all = Self::default();
        for name in names {
            all.words.extend(name.words());
            all.tokens.extend(name.tokens.iter().map(String::as_str));
            let last = name.tokens.last();
            let digits = |token: &&String| token.bytes().all(|byte| byte.is_ascii_digit());
            let numbers = name.tokens.iter().filter(digits);
            let numbers = numbers.filter(|token| is_year(token) || Some(*token) == last);
            all.numbers.extend(numbers.map(String::as_str));
            // Names of one field say the same, so that they deny it once.
            let denials = name.tokens.iter().filter(|token| denies(token)).count();
            all.denials = all.denials.max(denials);
        }
        all
    }

    fn has(&self, word: &str) -> bool {
        self.words.contains(word) || self.tokens.contains(word)
    }

    /// The first of the words that is there.
    fn one_of(&self, words: &[&'static str]) -> Option<&'static str> {
        words.iter().find(|word| self.has(word)).copied()
    }

    /// The numbers that pass the test.
    fn numbers(&self, passes: impl Fn(&str) -> bool) -> Vec<&'a str> {
        let numbers = self.numbers.iter().copied();
        numbers.filter(|token| passes(token)).collect()
    }
}

fn is_year(token: &str) -> bool {
    token.len() == 4 && (token.starts_with("19") || token.starts_with("20"))
}

fn denies(token: &str) -> bool {
    DENIALS.contains(&token)
}

/// What speaks against a column for a field most, if anything does.
pub(super) fn contrast(
    context: &Context,
    column: &ColumnProfile,
    field: &Field,
) -> Option<Contrast> {
    let names = FieldNames::of(field);
    let mut found = Vec::new();
    if context.table.named {
        let name = Name::parse(&column.name);
        let of_column = Words::of([&name]);
        let of_field = Words::of(names.names.iter().map(|(name, _)| name));
        found.extend(between(&of_column, &of_field).map(|text| Contrast {
            cap: OPPOSITE,
            evidence: evidence("name", -1.0, text),
        }));
    }
    found.extend(units(context, column, field).map(|text| Contrast {
        cap: OTHER_UNIT,
        evidence: evidence("name", -1.0, text),
    }));
    found.into_iter().min_by(|a, b| a.cap.total_cmp(&b.cap))
}

/// Why the names say different things, if they do.
fn between(column: &Words, field: &Words) -> Option<String> {
    opposites(column, field)
        .or_else(|| denial(column, field))
        .or_else(|| numbers(column, field))
}

fn opposites(column: &Words, field: &Words) -> Option<String> {
    OPPOSITES.iter().find_map(|&(one, other)| {
        let says = |a: &[&'static str], b: &[&'static str]| {
            let (of_column, of_field) = (column.one_of(a)?, field.one_of(b)?);
            let is_plain = column.one_of(b).is_none() && field.one_of(a).is_none();
            is_plain.then(|| format!("name: the column says {of_column}, the field {of_field}"))
        };
        says(one, other).or_else(|| says(other, one))
    })
}

/// One of the names denies what the other says.
fn denial(column: &Words, field: &Words) -> Option<String> {
    if column.denials % 2 != field.denials % 2 {
        let (who, words) = if column.denials > field.denials {
            ("column", column)
        } else {
            ("field", field)
        };
        let word = words.tokens.iter().find(|token| denies(token))?;
        return Some(format!("name: only the {who} says “{word}”"));
    }
    let denied = |one: &Words, other: &Words| -> Option<String> {
        one.tokens.iter().find_map(|&token| {
            let is_denied = DENYING.iter().any(|part| {
                let stem = token.strip_prefix(part);
                stem.is_some_and(|stem| stem.len() >= LONG_WORD && other.tokens.contains(stem))
            });
            (is_denied && !other.tokens.contains(token)).then(|| token.to_owned())
        })
    };
    if let Some(word) = denied(column, field) {
        return Some(format!("name: only the column says “{word}”"));
    }
    denied(field, column).map(|word| format!("name: only the field says “{word}”"))
}

/// Both names have one year or one number, but not the same, and share a word: `Address 1`, `address_2`.
/// In codes such as `partf2e` a number says something else.
fn numbers(column: &Words, field: &Words) -> Option<String> {
    let is_count = |token: &str| token.len() <= 2;
    let kinds: [&dyn Fn(&str) -> bool; 2] = [&is_year, &is_count];
    kinds.into_iter().find_map(|kind| {
        let (ours, theirs) = (column.numbers(kind), field.numbers(kind));
        let ([of_column], [of_field]) = (ours.as_slice(), theirs.as_slice()) else {
            return None;
        };
        let is_word =
            |word: &&&str| word.len() >= LONG_WORD && !word.bytes().any(|b| b.is_ascii_digit());
        let shared = column
            .words
            .iter()
            .filter(is_word)
            .any(|word| field.has(word));
        (of_column.trim_start_matches('0') != of_field.trim_start_matches('0') && shared)
            .then(|| format!("name: the column is of {of_column}, the field of {of_field}"))
    })
}

/// The values are of another unit than the field is in.
fn units(context: &Context, column: &ColumnProfile, field: &Field) -> Option<String> {
    let names = std::iter::once(&field.name)
        .chain(&field.title)
        .chain(&field.aliases);
    let of_field = names
        .filter_map(|name| unit_of_name(name))
        .next()
        .or_else(|| unit_of_description(field.description.as_deref()?))?;
    let named = context
        .table
        .named
        .then(|| unit_of_name(&column.name))
        .flatten();
    if let Some(of_column) = named {
        return of_column.differs_from(of_field).then(|| {
            format!(
                "name: the column is in {of_column}, the field in {of_field}; values are not converted"
            )
        });
    }
    let Unit::Currency(code) = of_field else {
        return None;
    };
    other_column(context, code).map(|(name, codes)| {
        format!(
            "values: the field is in {code}, but column {name:?} says {}",
            codes.join(", ")
        )
    })
}

/// The column of currencies that says others than this one, and which.
fn other_column<'a>(context: &Context<'a>, code: &str) -> Option<(&'a str, Vec<&'static str>)> {
    let mut other = None;
    for column in context.table.columns {
        if column.semantic != Some(SemanticType::Currency) {
            continue;
        }
        let codes = codes_in(column);
        // Of several columns, the others may be of other amounts.
        if codes.iter().all(|&known| known == code) {
            return None;
        }
        let codes = codes.into_iter().filter(|&known| known != code).collect();
        other.get_or_insert((column.name.as_str(), codes));
    }
    other
}

/// The currencies that are values of a column.
fn codes_in(column: &ColumnProfile) -> BTreeSet<&'static str> {
    let values = listed_values(column);
    let codes = values.iter().filter_map(|(value, _)| currency_code(value));
    codes.collect()
}

/// Currencies that the table's headers and values name, other than one.
pub(super) fn other_currencies(context: &Context, code: &str) -> BTreeSet<&'static str> {
    let mut found = BTreeSet::new();
    for column in context.table.columns {
        if context.table.named {
            found.extend(Name::parse(&column.name).unit);
        }
        if column.semantic == Some(SemanticType::Currency) {
            found.extend(codes_in(column));
        }
    }
    found.remove(code);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(column: &str, field: &str) -> Option<String> {
        let (column, field) = (Name::parse(column), Name::parse(field));
        between(&Words::of([&column]), &Words::of([&field]))
    }

    #[test]
    fn names_say_opposites_or_other_numbers() {
        for (column, field, wanted) in [
            (
                "Amount net",
                "amount_gross",
                "the column says net, the field gross",
            ),
            (
                "Betrag brutto",
                "net_amount",
                "the column says gross, the field net",
            ),
            (
                "Min price",
                "max_price",
                "the column says minimum, the field maximum",
            ),
            (
                "Sender Name",
                "recipient_name",
                "the column says sender, the field recipient",
            ),
            (
                "Hire Date",
                "termination_date",
                "the column says hire, the field termination",
            ),
            ("Opt-out", "opt_in", "the column says out, the field in"),
            ("Not paid", "paid", "only the column says “not”"),
            ("Inactive", "active", "only the column says “inactive”"),
            (
                "Paid amount",
                "unpaid_amount",
                "only the field says “unpaid”",
            ),
            (
                "Revenue 2023",
                "revenue_2024",
                "the column is of 2023, the field of 2024",
            ),
            (
                "Address 1",
                "address_2",
                "the column is of 1, the field of 2",
            ),
        ] {
            let wanted = format!("name: {wanted}");
            assert_eq!(said(column, field), Some(wanted), "{column} {field}");
        }
        for (column, field) in [
            ("Amount net", "net_amount"),
            ("Net or gross", "gross_amount"),
            ("Not paid", "not_paid"),
            ("Unpaid", "is_unpaid"),
            ("Discount", "discount_count"),
            ("Address 01", "address_1"),
            ("Country code 2", "iso_3166_1_country_code"),
            ("Artikel-Bez.", "article_name"),
            ("Invoice No", "invoice_number"),
        ] {
            assert_eq!(said(column, field), None, "{column} {field}");
        }
    }
}
