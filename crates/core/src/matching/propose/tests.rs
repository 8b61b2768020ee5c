//! Amounts: what stands beside their numbers, and how debits and credits are written.

use super::*;
use crate::matching::tests::{field, filled_column, named};
use crate::profile::{SemanticType, TypeCount};
use crate::target::FieldType;

/// A column of amounts.
fn amounts(name: &str, values: &[(&str, u64)]) -> ColumnProfile {
    let mut column = filled_column(name, values);
    column.semantic = Some(SemanticType::Decimal);
    column.types = vec![TypeCount {
        semantic: SemanticType::Decimal,
        format: Some("1234.56".to_owned()),
        rows: column.count,
    }];
    column
}

/// The rule of a field for an amount.
fn amount(columns: &[ColumnProfile]) -> Rule {
    let target = TargetSchema {
        name: "t".to_owned(),
        fields: vec![field("amount", FieldType::Decimal)],
        unused: Vec::new(),
    };
    let mut rules = propose(&named(columns), &target, &[], &Memory::default());
    rules.remove(0)
}

#[test]
fn different_units_in_one_column_are_not_sure() {
    let same = amount(&[amounts("amount", &[("$1.50", 10), ("2.50 USD", 10)])]);
    assert!(same.confidence >= 0.9, "{same:?}");
    let mut percents = amounts("amount", &[("2.5%", 10), ("0.11", 10)]);
    percents.semantic = None;
    for (column, said) in [
        (
            amounts("amount", &[("$1.50", 19), ("€2.50", 1)]),
            "values: amounts in different currencies ($, €) become bare numbers",
        ),
        (
            amounts("amount", &[("1.50 USD", 10), ("150 JPY", 10)]),
            "values: amounts in different currencies (JPY, USD) become bare numbers",
        ),
        (
            percents,
            "values: some are percentages and others are not; 5 % becomes 5 as well",
        ),
    ] {
        let rule = amount(&[column]);
        assert!(rule.confidence <= 0.6 && rule.most <= 0.6, "{rule:?}");
        assert_eq!(rule.sources, ["amount"]);
        assert!(rule.evidence.iter().any(|e| e.text == said), "{rule:?}");
    }
}
