//! Signs of amounts: from a flag column (`S` and `H`, `DR` and `CR`), or from two columns, one for
//! debits and one for credits.

use super::steps::{Reading, always_negative, empty_share, is_numeric, never_negative};
use super::{Context, alternatives, blank, evidence, rounded};
use crate::mapping::{Evidence, Rule, Step};
use crate::matching::label_evidence::listed_values;
use crate::matching::name_evidence::FieldNames;
use crate::matching::names::Name;
use crate::matching::text::fold;
use crate::matching::value_evidence::filled;
use crate::matching::values::code_table;
use crate::profile::ColumnProfile;
use crate::target::{Constraint, Field, FieldType};

/// How an amount gets its sign.
#[derive(Debug)]
pub(super) struct Sign {
    pub(super) column: String,
    pub(super) negative: Vec<String>,
    pub(super) positive: Vec<String>,
    pub(super) cap: f64,
    pub(super) evidence: Evidence,
}

/// A flag that its name and its values both call so.
const NAMED_FLAG: f64 = 0.95;
/// A flag by its values alone.
const UNNAMED_FLAG: f64 = 0.8;
/// The target has a field for the direction as well, and does not say that amounts are signed.
const DIRECTION_APART: f64 = 0.7;
/// Two columns that have a value in turns.
const IN_TURNS: f64 = 0.93;
/// Two columns by their names alone.
const BY_NAMES: f64 = 0.6;

pub(super) fn is_amount(field: &Field, names: &FieldNames) -> bool {
    matches!(field.kind, FieldType::Decimal | FieldType::Integer)
        && ["amount", "value", "sum", "turnover"]
            .iter()
            .any(|word| names.mean(word))
}

/// Whether the field's bounds refuse negative numbers.
fn refuses_negative(field: &Field) -> bool {
    field.constraints.iter().any(|constraint| {
        let (Constraint::Minimum(bound) | Constraint::ExclusiveMinimum(bound)) = constraint else {
            return false;
        };
        !bound.trim_start().starts_with('-')
    })
}

/// The sign of an amount whose column is never negative, where the table has a flag for it.
pub(super) fn sign_of_flag(
    context: &Context,
    field: &Field,
    column: &ColumnProfile,
) -> Option<Sign> {
    let names = FieldNames::of(field);
    if !is_amount(field, &names) || refuses_negative(field) || !never_negative(column) {
        return None;
    }
    let mut flags: Vec<(Sign, usize)> = context
        .table
        .columns
        .iter()
        .filter(|flag| flag.index != column.index)
        .filter(|flag| !(context.table.named && is_of_another_kind(&Name::parse(&flag.name))))
        .filter_map(|flag| {
            let named = context.table.named && Name::parse(&flag.name).means("direction");
            Some((read_flag(flag, named)?, flag.index.abs_diff(column.index)))
        })
        .collect();
    // The best named one; among equals the nearest.
    flags.sort_by(|a, b| b.0.cap.total_cmp(&a.0.cap).then(a.1.cmp(&b.1)));
    let (mut sign, _) = flags.into_iter().next()?;
    let said = ["sign", "signed", "negative", "minus"]
        .iter()
        .any(|word| names.describe(word));
    let apart = context.target.fields.iter().any(|other| {
        FieldNames::of(other).mean("direction")
            && context
                .source_of(&other.name)
                .is_some_and(|source| source.name == sign.column)
    });
    if apart && !said {
        sign.cap = sign.cap.min(DIRECTION_APART);
        sign.evidence
            .text
            .push_str("; the target has a field for the direction as well");
    }
    Some(sign)
}

/// Whether a column's name says that its values are no direction, whatever they look like: a card is
/// called `credit` as well, and `C` and `D` are marks and classes.
fn is_of_another_kind(name: &Name) -> bool {
    [
        "card", "rating", "category", "grade", "score", "class", "level", "group",
    ]
    .iter()
    .any(|word| name.means(word))
}

/// Reads a column of two or three codes as a flag of debit and credit.
fn read_flag(column: &ColumnProfile, named: bool) -> Option<Sign> {
    if column.distinct.number() > 4 {
        return None;
    }
    let values = listed_values(column);
    let folded: Vec<(String, u64)> = values
        .iter()
        .map(|(value, rows)| (fold(value.trim()), *rows))
        .collect();
    let table = code_table(&folded).filter(|table| table.topic == "direction")?;
    let spelt = |meaning: &str| -> Vec<String> {
        values
            .iter()
            .zip(&folded)
            .filter(|(_, (folded, _))| table.codes.get(folded).is_some_and(|m| m == meaning))
            .map(|((value, _), _)| value.clone())
            .collect()
    };
    let (mut negative, mut positive) = (spelt("debit"), spelt("credit"));
    // A file of one month may have debits only; the other code of the pair is known all the same.
    for (code, meaning) in &table.codes {
        let side = if meaning == "debit" {
            &mut negative
        } else {
            &mut positive
        };
        if side.is_empty() {
            side.push(code.to_uppercase());
        }
    }
    let open: Vec<&str> = values
        .iter()
        .zip(&folded)
        .filter(|(_, (folded, _))| !table.codes.contains_key(folded))
        .map(|((value, _), _)| value.as_str())
        .collect();
    let mut text = format!(
        "values: no amount is negative; {} says {} = minus, {} = plus",
        column.name,
        negative.join(" or "),
        positive.join(" or ")
    );
    if !open.is_empty() {
        text = format!("{text}; neither for {open:?}, those rows will be rejected");
    }
    Some(Sign {
        column: column.name.clone(),
        negative,
        positive,
        cap: if named { NAMED_FLAG } else { UNNAMED_FLAG },
        evidence: evidence("values", 0.5, text),
    })
}

/// An amount from a column of debits and a column of credits.
pub(super) fn debit_and_credit(context: &Context, field: &Field) -> Option<Rule> {
    let names = FieldNames::of(field);
    let own = |word: &str| names.mean(word);
    if !context.table.named
        || !is_amount(field, &names)
        || own("debit")
        || own("credit")
        || refuses_negative(field)
    {
        return None;
    }
    let debit = side(context, &["debit", "withdrawal", "outflow"])?;
    let credit = side(context, &["credit", "deposit", "inflow"])?;
    let single = context.source_of(&field.name);
    if single.is_some_and(|single| single.index != debit.index && single.index != credit.index) {
        return None;
    }
    if context.refused(debit, field) || context.refused(credit, field) {
        return None;
    }
    let reading = Reading::of(credit, field, context.decisions);
    let (join, cap) = joined(debit, credit, &reading);
    let mut rule = blank(field, cap.min(reading.cap));
    rule.sources = vec![credit.name.clone(), debit.name.clone()];
    rule.transform = reading.steps;
    match join {
        Join::Minus => rule.transform.push(Step::MinusDebit {
            column: debit.name.clone(),
        }),
        Join::First => rule.transform.insert(0, Step::Coalesce),
    }
    rule.evidence.push(evidence(
        "values",
        0.6,
        format!(
            "values: {} of {} rows have a credit, {} a debit",
            filled(credit),
            credit.count,
            filled(debit),
        ),
    ));
    match join {
        Join::First => {
            let text = "values: all debits are negative already";
            rule.evidence.push(evidence("values", 0.3, text));
        }
        Join::Minus if never_negative(debit) && never_negative(credit) => {}
        Join::Minus => {
            let text = "values: debits or credits are negative already; check the sign";
            rule.evidence.push(evidence("values", -0.5, text));
        }
    }
    rule.evidence.extend(reading.evidence);
    rule.alternatives = alternatives(context.proposal(&field.name));
    rule.confidence = rounded(rule.confidence);
    rule.most = rule.confidence;
    Some(rule)
}

/// How a debit and a credit become one amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Join {
    /// Credit minus debit.
    Minus,
    /// Whichever has a value, for debits that are negative as they stand.
    First,
}

/// How the two become one amount, and the highest confidence in that.
fn joined(debit: &ColumnProfile, credit: &ColumnProfile, reading: &Reading) -> (Join, f64) {
    let turns = (empty_share(debit) + empty_share(credit) - 1.0).abs() < 0.05;
    // Of two values the first is taken without a word, be it a marker of null.
    let markers = reading
        .steps
        .iter()
        .any(|step| matches!(step, Step::NullIf(_)));
    if turns && !markers && never_negative(credit) && always_negative(debit) {
        let each_has_one = filled(debit) + filled(credit) == debit.count;
        return (Join::First, if each_has_one { IN_TURNS } else { BY_NAMES });
    }
    let signs = never_negative(debit) && never_negative(credit);
    (
        Join::Minus,
        if turns && signs { IN_TURNS } else { BY_NAMES },
    )
}

/// The only numeric column whose name has one of the words, or nothing where there are several.
fn side<'a>(context: &Context<'a>, words: &[&str]) -> Option<&'a ColumnProfile> {
    let mut found = context.table.columns.iter().filter(|column| {
        let name = Name::parse(&column.name);
        // `Card Number` is no credit, and `Debit Balance` no flow.
        let flow = !name.means("balance") && !name.means("card");
        flow && is_numeric(column) && words.iter().any(|word| name.words().any(|w| w == *word))
    });
    let first = found.next()?;
    found.next().is_none().then_some(first)
}
