//! Constants: fields that every row fills alike.

use super::contrast::other_currencies;
use super::{Context, blank, evidence};
use crate::mapping::{Rule, Step};
use crate::matching::name_evidence::FieldNames;
use crate::matching::names::Name;
use crate::target::{Field, FieldType};

/// The schema itself says that there is no other value.
const ONLY_VALUE: f64 = 0.95;
/// A header that names one currency is no proof that all rows are in it.
const FROM_HEADER: f64 = 0.88;

/// The table says another currency than the only one that the schema admits.
const OTHER_CURRENCY: f64 = 0.5;

/// The value of an enumeration of one (`const`).
pub(super) fn const_of_enum(context: &Context, field: &Field) -> Option<Rule> {
    let [only] = field.labels()? else { return None };
    let mut rule = blank(field, ONLY_VALUE);
    if FieldNames::of(field).mean("currency") {
        let others = other_currencies(context, &only.value);
        if !others.is_empty() {
            rule.confidence = OTHER_CURRENCY;
            let others: Vec<&str> = others.into_iter().collect();
            let text = format!("values: the source says {}", others.join(", "));
            rule.evidence.push(evidence("values", -1.0, text));
        }
    }
    rule.transform = vec![Step::Constant(only.value.clone())];
    rule.evidence.push(evidence(
        "type",
        0.9,
        "type: the schema admits this value only",
    ));
    Some(rule)
}

/// The currency that stands in a column's header, e.g. `Betrag (EUR)`, for a field that asks for
/// one. Headers that name different currencies give nothing, unless the amount's own column does.
pub(super) fn currency_of_header(context: &Context, field: &Field) -> Option<Rule> {
    let names = FieldNames::of(field);
    if field.kind != FieldType::String || !names.mean("currency") || !context.table.named {
        return None;
    }
    let units: Vec<(&str, &str, bool)> = context
        .table
        .columns
        .iter()
        .filter_map(|column| {
            let amount = context.proposals.iter().any(|proposal| {
                proposal.sources.contains(&column.name)
                    && FieldNames::of_name(&proposal.field).mean("amount")
            });
            Some((
                column.name.as_str(),
                Name::parse(&column.name).unit?,
                amount,
            ))
        })
        .collect();
    let &(column, code, _) = units
        .iter()
        .find(|(_, _, amount)| *amount)
        .or(units.first())?;
    let one = units.iter().all(|(_, other, _)| *other == code);
    let of_amount = units.iter().any(|(_, _, amount)| *amount);
    let value = match field.labels() {
        None => code.to_owned(),
        Some(labels) => labels
            .iter()
            .find(|label| label.value.eq_ignore_ascii_case(code))?
            .value
            .clone(),
    };
    if !one && !of_amount {
        return None;
    }
    let mut rule = blank(field, if one { FROM_HEADER } else { 0.6 });
    rule.transform = vec![Step::Constant(value)];
    let text = format!("name: the header {column:?} names {code}, and no column has the currency");
    rule.evidence.push(evidence("name", 0.7, text));
    Some(rule)
}
