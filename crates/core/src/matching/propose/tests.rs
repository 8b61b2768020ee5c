//! Amounts: what stands beside their numbers, and how debits and credits are written.

use super::steps::{Reading, never_negative};
use super::*;
use crate::mapping::{Bare, Step};
use crate::matching::tests::{field, filled_column, named};
use crate::profile::{SemanticType, TypeCount};
use crate::source::{Decision, What};
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
        description: None,
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

/// A column of amounts of which so many rows have one.
fn side(name: &str, values: &[(&str, u64)], nulls: u64) -> ColumnProfile {
    let mut column = amounts(name, values);
    column.nulls = nulls;
    column.count += nulls;
    column.min = values.first().map(|(value, _)| (*value).to_owned());
    column.max = values.last().map(|(value, _)| (*value).to_owned());
    column
}

fn debit_and_credit(debit: ColumnProfile, credit: ColumnProfile) -> Rule {
    let mut columns = vec![debit, credit];
    for (index, column) in columns.iter_mut().enumerate() {
        column.index = index;
    }
    amount(&columns)
}

#[test]
fn debits_that_are_negative_already_are_taken_as_they_are() {
    let debit = |nulls| side("Debit", &[("-7.50", 10), ("-2.50", 10)], nulls);
    let credit = |nulls| side("Credit", &[("5.00", 10)], nulls);
    let rule = debit_and_credit(debit(10), credit(20));
    assert_eq!(rule.sources, ["Credit", "Debit"]);
    assert_eq!(rule.transform.first(), Some(&Step::Coalesce));
    assert!(matches!(
        rule.transform.get(1..),
        Some([Step::Decimal { .. }])
    ));
    assert!(rule.confidence >= 0.9, "{rule:?}");
    // 32 rows: 20 and 10 of them have an amount, so some may have both, and others none.
    let rule = debit_and_credit(debit(11), credit(21));
    assert_eq!(rule.transform.first(), Some(&Step::Coalesce));
    assert!(rule.confidence < 0.9, "{rule:?}");
}

#[test]
fn debits_with_and_without_a_minus_are_a_question() {
    let debit = side("Debit", &[("-2.50", 10), ("7.50", 10)], 10);
    let rule = debit_and_credit(debit, side("Credit", &[("5.00", 10)], 20));
    assert!(matches!(
        rule.transform.last(),
        Some(Step::MinusDebit { .. })
    ));
    assert!(rule.confidence <= 0.6, "{rule:?}");
    // A zero beside each debit would be taken for it.
    let debit = side("Debit", &[("-7.50", 20), ("-2.50", 10)], 0);
    let credit = side("Credit", &[("0.00", 20), ("5.00", 10)], 0);
    let rule = debit_and_credit(debit, credit);
    assert!(rule.confidence <= 0.6, "{rule:?}");
}

/// The rule of a field for a column whose values are written in these ways.
fn typed(
    column: &str,
    kind: FieldType,
    values: &[&str],
    types: &[(SemanticType, &str, u64)],
) -> Rule {
    let values: Vec<(&str, u64)> = values.iter().map(|&value| (value, 10)).collect();
    let mut filled = filled_column(column, &values);
    filled.semantic = types.first().map(|(semantic, _, _)| *semantic);
    filled.types = types
        .iter()
        .map(|&(semantic, format, rows)| TypeCount {
            semantic,
            format: Some(format.to_owned()),
            rows,
        })
        .collect();
    let target = TargetSchema {
        name: "t".to_owned(),
        description: None,
        fields: vec![field(column, kind)],
        unused: Vec::new(),
    };
    let order = Decision::new(What::DateOrder, "dmy", 0.99, Vec::new(), "").of_column(column);
    let columns = [filled];
    propose(&named(&columns), &target, &[order], &Memory::default()).remove(0)
}

#[test]
fn dates_whose_order_is_fixed_are_read_beside_the_others() {
    let (date, timestamp) = (SemanticType::Date, SemanticType::Timestamp);
    let values = ["24.11.2026", "2026-11-24"];
    let formats = |rule: &Rule| match rule.transform.last() {
        Some(Step::Date { formats }) => formats.join(" "),
        other => panic!("{other:?}"),
    };
    let both = [(date, "%d.%m.%Y", 10), (date, "%Y-%m-%d", 10)];
    let rule = typed("date", FieldType::Date, &values, &both);
    assert_eq!(formats(&rule), "%d.%m.%Y %Y-%m-%d");
    assert!(rule.confidence >= 0.9, "{rule:?}");
    // Some have a time of day, which is told.
    let timed = [(date, "%d.%m.%Y", 10), (timestamp, "%Y-%m-%d %H:%M", 10)];
    let rule = typed(
        "date",
        FieldType::Date,
        &["24.11.2026", "2026-11-24 10:00"],
        &timed,
    );
    assert_eq!(formats(&rule), "%d.%m.%Y %Y-%m-%d %H:%M");
    assert!(rule.confidence < 0.9, "{rule:?}");
}

#[test]
fn a_column_that_is_read_in_part_is_not_sure() {
    let decimal = SemanticType::Decimal;
    let of = |rows| {
        let types = [(decimal, "1,234.56", rows)];
        typed("amount", FieldType::Decimal, &["1.50", "1,234.50"], &types)
    };
    assert!(of(20).confidence >= 0.9 && of(16).confidence >= 0.9);
    let rule = of(15);
    assert!(rule.confidence < 0.9, "{rule:?}");
    let said = "values: 5 of 20 are no numbers as the others are";
    assert!(rule.evidence.iter().any(|e| e.text == said), "{rule:?}");
}

#[test]
fn every_currency_of_the_profile_is_stripped() {
    let decimal = SemanticType::Decimal;
    let types = [
        (decimal, "1.234,56", 20),
        (decimal, "1.234,56 kr", 10),
        (decimal, "1.234,56 TL", 10),
    ];
    let rule = typed("amount", FieldType::Decimal, &["1,50", "1.234,50"], &types);
    assert!(
        matches!(rule.transform.last(), Some(Step::Decimal { strip, .. }) if strip == &["TL", "kr"]),
        "{rule:?}"
    );
}

/// The rule of a field for a column of numbers, by their names and the field's title.
fn named_so(column: &str, name: &str, title: Option<&str>) -> Rule {
    let mut wanted = field(name, FieldType::Decimal);
    wanted.title = title.map(str::to_owned);
    let target = TargetSchema {
        name: "t".to_owned(),
        description: None,
        fields: vec![wanted],
        unused: Vec::new(),
    };
    let columns = [amounts(column, &[("1.50", 10), ("2.75", 10)])];
    propose(&named(&columns), &target, &[], &Memory::default()).remove(0)
}

#[test]
fn names_that_contradict_each_other_are_asked() {
    for (column, name, said) in [
        (
            "Amount net",
            "amount_gross",
            "name: the column says net, the field gross",
        ),
        (
            "Amount gross",
            "amount_net",
            "name: the column says gross, the field net",
        ),
        (
            "Min price",
            "max_price",
            "name: the column says minimum, the field maximum",
        ),
        (
            "Betrag brutto",
            "net_amount",
            "name: the column says gross, the field net",
        ),
        (
            "Not paid amount",
            "paid_amount",
            "name: only the column says “not”",
        ),
        (
            "Unpaid amount",
            "paid_amount",
            "name: only the column says “unpaid”",
        ),
        (
            "Revenue 2023",
            "revenue_2024",
            "name: the column is of 2023, the field of 2024",
        ),
        (
            "Price 1",
            "price_2",
            "name: the column is of 1, the field of 2",
        ),
    ] {
        let rule = named_so(column, name, None);
        assert!(rule.confidence <= 0.5, "{column} {name} {rule:?}");
        let of_name = rule.evidence.iter().find(|e| e.text == said);
        assert!(
            rule.sources.is_empty() || of_name.is_some(),
            "{column} {name} {rule:?}"
        );
    }
    for (column, name) in [
        ("Amount net", "net_amount"),
        ("Unpaid amount", "unpaid_amount"),
        ("Revenue 2024", "revenue_2024"),
    ] {
        let rule = named_so(column, name, None);
        assert!(rule.confidence > 0.6, "{column} {name} {rule:?}");
    }
}

#[test]
fn other_units_are_asked() {
    let mut told = 0;
    for (column, name, title) in [
        ("Price (USD)", "price_eur", None),
        ("Preis CHF", "price", Some("Preis EUR")),
        ("height (in)", "height", Some("Height (cm)")),
        ("Weight lb", "weight_kg", None),
        ("Discount (%)", "discount", Some("Discount in EUR")),
    ] {
        let rule = named_so(column, name, title);
        assert!(rule.confidence <= 0.6, "{column} {name} {rule:?}");
        let said = |e: &Evidence| e.text.ends_with("values are not converted");
        told += usize::from(rule.evidence.iter().any(said));
    }
    // The others are not likely enough to be proposed at all.
    assert!(told >= 3, "{told}");
    let same = named_so("Price (EUR)", "price_eur", Some("Price in €"));
    assert!(same.confidence >= 0.9, "{same:?}");
}

#[test]
fn the_currency_of_another_column_is_seen() {
    let mut currency = filled_column("Currency", &[("USD", 20)]);
    currency.semantic = Some(SemanticType::Currency);
    let columns = [amounts("Amount", &[("1.50", 10), ("2.75", 10)]), currency];
    let target = |name: &str| TargetSchema {
        name: "t".to_owned(),
        description: None,
        fields: vec![field(name, FieldType::Decimal)],
        unused: Vec::new(),
    };
    let of =
        |name: &str| propose(&named(&columns), &target(name), &[], &Memory::default()).remove(0);
    assert!(of("amount_eur").confidence <= 0.6, "{:?}", of("amount_eur"));
    assert!(of("amount_usd").confidence > 0.6, "{:?}", of("amount_usd"));
}

#[test]
fn zeros_in_front_are_not_given_up_in_silence() {
    let types = [(SemanticType::Integer, "", 20)];
    let of = |values: &[&str]| typed("number", FieldType::Integer, values, &types).confidence;
    assert!(of(&["01067", "80331"]) <= 0.7);
    assert!(of(&["01", "12"]) >= 0.9);
    let amounts = typed("quantity", FieldType::Integer, &["0100", "0250"], &types);
    assert!(amounts.confidence >= 0.9, "{amounts:?}");
}

#[test]
fn dates_of_birth_are_not_read_as_days_to_come() {
    let types = [(SemanticType::Date, "%d.%m.%y", 20)];
    let of = |name: &str, values: &[&str]| typed(name, FieldType::Date, values, &types).confidence;
    assert!(of("Geburtsdatum", &["24.11.38", "01.02.71"]) <= 0.6);
    assert!(of("Geburtsdatum", &["24.11.18", "01.02.71"]) >= 0.9);
    assert!(of("due_date", &["24.11.38", "01.02.41"]) >= 0.9);
}

/// What is read as true and as false, and how sure at most.
fn answers(values: &[(&str, u64)]) -> Option<(Vec<String>, Vec<String>, f64)> {
    let column = filled_column("paid", values);
    let reading = Reading::of(&column, &field("paid", FieldType::Boolean), &[]);
    let cap = reading.cap;
    reading.steps.into_iter().find_map(|step| {
        let Step::Boolean { r#true, r#false } = step else {
            return None;
        };
        Some((r#true, r#false, cap))
    })
}

#[test]
fn answers_are_taken_as_pairs() {
    for (yes, no) in [
        ("Sim", "Não"),
        ("TAK", "NIE"),
        ("Evet", "Hayır"),
        ("EVET", "HAYIR"),
        ("Да", "Нет"),
        ("Kyllä", "Ei"),
        ("Igen", "Nem"),
        ("Sì", "No"),
        ("Ja", "Nej"),
        ("Ano", "Ne"),
        ("はい", "いいえ"),
        ("✓", "✗"),
        ("☑", "☐"),
        ("Enabled", "Disabled"),
        ("S", "N"),
        ("-1", "0"),
    ] {
        let found = answers(&[(no, 12), (yes, 8)]);
        let expected = (vec![yes.to_owned()], vec![no.to_owned()], 1.0);
        assert_eq!(found, Some(expected), "{yes} {no}");
    }
}

#[test]
fn half_of_a_pair_is_asked_for() {
    let cap = |values: &[(&str, u64)]| answers(values).map(|(_, _, cap)| cap);
    assert_eq!(cap(&[("1", 10), ("2", 10)]), Some(0.5));
    assert_eq!(cap(&[("Ja", 10), ("kanskje", 10)]), Some(0.5));
    assert_eq!(cap(&[("active", 10), ("inactive", 10)]), None);
    // The other side may be `sì`, `sí`, `yes` or `si`.
    assert_eq!(cap(&[("No", 20)]), Some(0.85));
    assert_eq!(cap(&[("yes", 20)]), Some(1.0));
    assert_eq!(cap(&[("0", 20)]), Some(1.0));
    assert_eq!(cap(&[("yes", 18), ("no", 9), ("?", 1)]), Some(0.85));
}

/// How a column of numbers is read for a field of whole numbers, and how sure at most.
fn counts(values: &[&str], format: &str, decisions: &[Decision]) -> (Step, f64) {
    let values: Vec<(&str, u64)> = values.iter().map(|value| (*value, 5)).collect();
    let mut column = amounts("pieces", &values);
    column.types[0].format = Some(format.to_owned());
    let reading = Reading::of(&column, &field("pieces", FieldType::Integer), decisions);
    (reading.steps.last().unwrap().clone(), reading.cap)
}

#[test]
fn whole_numbers_with_marks_are_read() {
    let integer = |mark: &str| Step::Integer {
        thousands_mark: mark.to_owned(),
    };
    let decimal = Step::Decimal {
        decimal_mark: ".".to_owned(),
        thousands_mark: String::new(),
        strip: Vec::new(),
    };
    let read = counts(&["4.0", "17.0", "350.0"], "1234.56", &[]);
    assert_eq!(read, (decimal, 1.0));
    let read = counts(&["1,200", "3,400,500", "12"], "1,234.56", &[]);
    assert_eq!(read, (integer(","), 1.0));
    // Nothing in the column says which mark it is.
    let open = Decision {
        what: What::DecimalMark,
        value: ".".into(),
        confidence: 0.5,
        sure: false,
        alternatives: Vec::new(),
        reason: "both fit".to_owned(),
        column: Some("pieces".to_owned()),
    };
    let read = counts(&["1,200", "3,400"], "1,234.56", &[open]);
    assert_eq!(read, (integer(","), 0.5));
}

#[test]
fn numbers_that_are_not_whole_do_not_fit_a_field_of_whole_numbers() {
    let rule = |values: &[(&str, u64)]| {
        let target = TargetSchema {
            name: "t".to_owned(),
            description: None,
            fields: vec![field("amount", FieldType::Integer)],
            unused: Vec::new(),
        };
        let columns = [amounts("amount", values)];
        propose(&named(&columns), &target, &[], &Memory::default()).remove(0)
    };
    assert_eq!(rule(&[("4.0", 9), ("17.0", 9)]).sources, ["amount"]);
    assert!(rule(&[("4.5", 9), ("17.0", 9)]).sources.is_empty());
}

/// Amounts with so many rows for each way of writing.
fn with_words(values: &[(&str, u64)], formats: &[(&str, u64)]) -> ColumnProfile {
    let mut column = amounts("amount", values);
    column
        .types
        .extend(formats.iter().map(|(format, rows)| TypeCount {
            semantic: SemanticType::Decimal,
            format: Some((*format).to_owned()),
            rows: *rows,
        }));
    column
}

#[test]
fn words_behind_amounts_are_their_sign() {
    let texts = |all: &[&str]| all.iter().map(|text| (*text).to_owned()).collect();
    let signs = Step::Signs {
        negative: texts(&["DR"]),
        positive: texts(&["CR"]),
        bare: Bare::Reject,
    };
    let both = [("1.50 DR", 12), ("2.50 CR", 8)];
    let rule = amount(&[with_words(&both, &[("1234.56 DR", 12), ("1234.56 CR", 8)])]);
    assert!(rule.confidence >= 0.9, "{rule:?}");
    assert_eq!(rule.transform[0], signs);
    let Step::Decimal { strip, .. } = &rule.transform[1] else {
        panic!("{rule:?}");
    };
    assert!(strip.is_empty(), "{strip:?}");

    let some = [("1.50", 12), ("2.50 CR", 8)];
    let rule = amount(&[with_words(&some, &[("1234.56 CR", 8)])]);
    assert!(rule.confidence <= 0.6 && rule.most <= 0.6, "{rule:?}");
    assert_eq!(rule.transform[0], signs);
    let said = "values: 12 of 20 have neither DR nor CR behind them; those other than zero will be rejected";
    assert!(rule.evidence.iter().any(|e| e.text == said), "{rule:?}");
}

#[test]
fn amounts_with_words_for_their_sign_have_one() {
    let words = with_words(&[("1.50 DR", 20)], &[("1234.56 DR", 20)]);
    assert!(!never_negative(&words));
    assert!(never_negative(&amounts("amount", &[("1.50", 20)])));
}
