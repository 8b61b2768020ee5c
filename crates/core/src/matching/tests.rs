//! Two bank statements, German and English, against one schema; and what is used to build them.

use serde_json::json;

use super::*;
use crate::mapping::{OnUnseen, Rule, RuleState, Step};
use crate::profile::{
    Ambiguity, Distinct, Lengths, SemanticType, ShapeCount, TypeCount, ValueCount,
};
use crate::source::{Alternative, Decision, What};
use crate::target::{Constraint, Field, FieldType, Label, TargetSchema};

/// A column of which only the name is known.
pub(crate) fn column(name: &str) -> ColumnProfile {
    ColumnProfile {
        name: name.to_owned(),
        index: 0,
        count: 0,
        nulls: 0,
        distinct: Distinct::Exact(0),
        min: None,
        max: None,
        lengths: Lengths::default(),
        top: Vec::new(),
        shapes: Vec::new(),
        types: Vec::new(),
        semantic: None,
        ambiguous: None,
        histogram: Vec::new(),
        sample: Vec::new(),
        values: Vec::new(),
        all: Vec::new(),
    }
}

pub(crate) fn filled_column(name: &str, values: &[(&str, u64)]) -> ColumnProfile {
    let mut profile = column(name);
    profile.count = values.iter().map(|(_, rows)| rows).sum();
    profile.distinct = Distinct::Exact(values.len() as u64);
    profile.top = values
        .iter()
        .map(|(value, rows)| ValueCount {
            value: (*value).to_owned(),
            rows: *rows,
        })
        .collect();
    profile.sample = values
        .iter()
        .map(|(value, _)| (*value).to_owned())
        .collect();
    profile.min = profile.sample.iter().min().cloned();
    profile.max = profile.sample.iter().max().cloned();
    let chars = |value: &String| value.chars().count() as u64;
    profile.lengths.min = profile.sample.iter().map(chars).min().unwrap_or(0);
    profile.lengths.max = profile.sample.iter().map(chars).max().unwrap_or(0);
    profile
}

fn typed(
    mut profile: ColumnProfile,
    semantic: SemanticType,
    format: Option<&str>,
) -> ColumnProfile {
    profile.semantic = Some(semantic);
    profile.types.push(TypeCount {
        semantic,
        format: format.map(str::to_owned),
        rows: profile.count - profile.nulls,
    });
    profile
}

pub(crate) fn dates(name: &str, format: &str) -> ColumnProfile {
    let values = [("13.03.2026", 20), ("14.03.2026", 20)];
    typed(
        filled_column(name, &values),
        SemanticType::Date,
        Some(format),
    )
}

pub(crate) fn numbers(name: &str) -> ColumnProfile {
    let mut profile = filled_column(name, &[("1.250,00", 10), ("12,90", 20), ("3,50", 10)]);
    profile.shapes = vec![ShapeCount {
        shape: "99,99".to_owned(),
        rows: 40,
    }];
    typed(profile, SemanticType::Decimal, Some("1.234,56"))
}

pub(crate) fn texts(name: &str) -> ColumnProfile {
    let mut profile = filled_column(
        name,
        &[
            ("Stadtwerke Musterstadt", 12),
            ("Bäckerei Korn", 18),
            ("Max Beispiel", 10),
        ],
    );
    profile.distinct = Distinct::Exact(35);
    typed(profile, SemanticType::FreeText, None)
}

pub(crate) fn codes(name: &str, values: &[(&str, u64)]) -> ColumnProfile {
    typed(filled_column(name, values), SemanticType::Category, None)
}

pub(crate) fn field(name: &str, kind: FieldType) -> Field {
    Field {
        name: name.to_owned(),
        kind,
        required: false,
        nullable: false,
        title: None,
        description: None,
        aliases: Vec::new(),
        default: None,
        constraints: Vec::new(),
        sample: Vec::new(),
        values: Vec::new(),
    }
}

pub(crate) fn of_labels(mut field: Field, labels: &[&str]) -> Field {
    let label = |value: &&str| Label {
        value: (*value).to_owned(),
        label: None,
        description: None,
    };
    field
        .constraints
        .push(Constraint::Enum(labels.iter().map(label).collect()));
    field
}

fn schema(fields: Vec<Field>) -> TargetSchema {
    TargetSchema {
        name: "transaction".to_owned(),
        description: None,
        fields,
        unused: Vec::new(),
    }
}

fn transaction() -> TargetSchema {
    schema(vec![
        field("booking_date", FieldType::Date),
        field("value_date", FieldType::Date),
        field("amount", FieldType::Decimal),
        of_labels(
            field("currency", FieldType::String),
            &["EUR", "USD", "GBP", "CHF"],
        ),
        field("counterparty_name", FieldType::String),
        field("reference", FieldType::String),
        of_labels(
            field("customer_gender", FieldType::String),
            &["male", "female", "other"],
        ),
    ])
}

fn placed(mut columns: Vec<ColumnProfile>) -> Vec<ColumnProfile> {
    for (index, column) in columns.iter_mut().enumerate() {
        column.index = index;
    }
    columns
}

fn german() -> Vec<ColumnProfile> {
    placed(vec![
        dates("Buchungstag", "%d.%m.%Y"),
        dates("Wertstellung", "%d.%m.%Y"),
        texts("Auftraggeber/Empfänger"),
        texts("Verwendungszweck"),
        numbers("Betrag (EUR)"),
        codes("S/H", &[("S", 30), ("H", 10)]),
        codes("Kd-Geschl.", &[("M", 20), ("W", 19), ("X", 1)]),
    ])
}

fn english() -> Vec<ColumnProfile> {
    placed(vec![
        dates("Txn Dt", "%m/%d/%Y"),
        dates("Post Dt", "%m/%d/%Y"),
        texts("Payee"),
        texts("Memo"),
        numbers("Amt"),
        codes("DrCr", &[("DR", 30), ("CR", 10)]),
        codes("Ccy", &[("EUR", 39), ("USD", 1)]),
        codes("Cust Sex", &[("M", 20), ("F", 20)]),
    ])
}

fn decisions(column: &str) -> Vec<Decision> {
    vec![
        Decision::new(What::DecimalMark, ",", 1.0, vec![], "").of_column(column),
        Decision::new(What::ThousandsMark, ".", 1.0, vec![], "").of_column(column),
    ]
}

pub(crate) fn named(columns: &[ColumnProfile]) -> Table<'_> {
    Table {
        name: None,
        columns,
        named: true,
        stated: &[],
    }
}

fn rules(columns: &[ColumnProfile], target: &TargetSchema, decisions: &[Decision]) -> Vec<Rule> {
    propose(&named(columns), target, decisions, &Memory::default())
}

fn lines(rules: &[Rule]) -> String {
    let line = |rule: &Rule| {
        let sources = rule.sources.join(" + ");
        format!("{} <- {sources} {:.2}\n", rule.field, rule.confidence)
    };
    rules.iter().map(line).collect()
}

#[test]
fn a_german_statement_is_proposed() {
    let rules = rules(&german(), &transaction(), &decisions("Betrag (EUR)"));
    insta::assert_snapshot!(lines(&rules), @r#"
    booking_date <- Buchungstag 0.96
    value_date <- Wertstellung 0.95
    amount <- Betrag (EUR) + S/H 0.95
    currency <-  0.88
    counterparty_name <- Auftraggeber/Empfänger 0.97
    reference <- Verwendungszweck 0.96
    customer_gender <- Kd-Geschl. 0.99
    "#);
    let amount = &rules[2];
    assert_eq!(
        amount.transform,
        [
            Step::Decimal {
                decimal_mark: ",".to_owned(),
                thousands_mark: ".".to_owned(),
                strip: vec![],
            },
            Step::Sign {
                column: "S/H".to_owned(),
                negative: vec!["S".to_owned()],
                positive: vec!["H".to_owned()],
            },
        ]
    );
    assert_eq!(
        rules[0].transform,
        [Step::Date {
            formats: vec!["%d.%m.%Y".to_owned()]
        }]
    );
    assert_eq!(rules[3].transform, [Step::Constant("EUR".to_owned())]);
    let gender: Vec<(&str, Option<&str>)> = rules[6]
        .value_map
        .iter()
        .map(|v| (v.from.as_str(), v.to.as_deref()))
        .collect();
    assert_eq!(gender, [("M", Some("male")), ("W", Some("female"))]);
    assert_eq!(rules[6].on_unseen, OnUnseen::Reject);
    let evidence: Vec<&str> = rules
        .iter()
        .flat_map(|r| &r.evidence)
        .map(|e| &*e.text)
        .collect();
    insta::assert_snapshot!(evidence.join("\n"), @r#"
    name: Buchungstag = booking, date (German)
    values: 40 of 40 read as date %d.%m.%Y
    type: values are of type date, as the name asks
    name: Wertstellung = value, date (German)
    values: 40 of 40 read as date %d.%m.%Y
    type: values are of type date, as the name asks
    name: Betrag (EUR) = amount (German)
    values: 40 of 40 read as decimal 1.234,56
    type: values are of type decimal, as the name asks
    values: no amount is negative; S/H says S = minus, H = plus
    name: the header "Betrag (EUR)" names EUR, and no column has the currency
    name: Auftraggeber/Empfänger = counterparty, name (German)
    type: values are of type text, as the name asks
    name: Verwendungszweck = reference (German)
    type: values are of type text, as the name asks
    name: Kd-Geschl. = customer, gender (German)
    labels: M -> male, W -> female; 1 of 3 fit none
    labels: no label for "X"; rows that will be rejected for it: 1
    "#);
}

#[test]
fn an_english_statement_is_proposed() {
    let rules = rules(&english(), &transaction(), &decisions("Amt"));
    insta::assert_snapshot!(lines(&rules), @r#"
    booking_date <-  0.13
    value_date <-  0.07
    amount <- Amt + DrCr 0.93
    currency <- Ccy 0.93
    counterparty_name <-  0.10
    reference <-  0.28
    customer_gender <- Cust Sex 0.93
    "#);
    let currency: Vec<&str> = rules[3].value_map.iter().map(|v| v.from.as_str()).collect();
    assert_eq!(currency, ["EUR", "USD"], "identical values are listed too");
    assert!(
        rules[2]
            .transform
            .iter()
            .any(|step| matches!(step, Step::Sign { .. }))
    );
}

#[test]
fn a_description_decides_which_date_is_which() {
    let mut target = transaction();
    target.fields[0].description = Some("Day of the booking (transaction date).".to_owned());
    target.fields[1].description = Some("Day of interest (post date, Valuta).".to_owned());
    let found = rules(&english(), &target, &[]);
    assert_eq!(found[0].sources, ["Txn Dt"]);
    assert_eq!(found[1].sources, ["Post Dt"]);
}

#[test]
fn names_alone_are_enough_for_what_is_clear() {
    let columns: Vec<ColumnProfile> = german().iter().map(|c| column(&c.name)).collect();
    insta::assert_snapshot!(lines(&rules(&placed(columns), &transaction(), &[])), @r#"
    booking_date <- Buchungstag 0.95
    value_date <- Wertstellung 0.93
    amount <- Betrag (EUR) 0.92
    currency <-  0.88
    counterparty_name <- Auftraggeber/Empfänger 0.96
    reference <- Verwendungszweck 0.96
    customer_gender <- Kd-Geschl. 0.96
    "#);
}

#[test]
fn rows_alone_are_not_sure() {
    let columns = german();
    let table = Table {
        named: false,
        ..named(&columns)
    };
    let rules = propose(&table, &transaction(), &[], &Memory::default());
    insta::assert_snapshot!(lines(&rules), @r#"
    booking_date <-  0.15
    value_date <-  0.08
    amount <-  0.27
    currency <-  0.05
    counterparty_name <-  0.14
    reference <-  0.00
    customer_gender <-  0.46
    "#);
    // The values of a closed list may say whose they are; nothing else does without a name.
    let others = rules.iter().filter(|rule| rule.field != "customer_gender");
    assert!(others.into_iter().all(|rule| rule.confidence < 0.5));
}

#[test]
fn known_mistakes_of_other_tools_are_not_made() {
    let columns = english();
    let scores = score(&named(&columns), &transaction(), &Memory::default());
    for (from, to) in [
        ("Payee", "reference"),
        ("Memo", "customer_gender"),
        ("DrCr", "currency"),
        ("Memo", "counterparty_name"),
        ("Txn Dt", "amount"),
    ] {
        let pair = scores
            .pairs()
            .iter()
            .find(|p| scores.columns()[p.column] == from && scores.fields()[p.field] == to);
        let probability = pair.unwrap().probability;
        assert!(probability < 0.3, "{from} {to} {probability}");
    }
}

#[test]
fn one_shared_word_is_not_sure() {
    for (from, to) in [
        ("First Name", "last_name"),
        ("Account ID", "tax_id"),
        ("Start Date", "end_date"),
    ] {
        let columns = [column(from)];
        let target = schema(vec![field(to, FieldType::String)]);
        let scores = score(&named(&columns), &target, &Memory::default());
        assert!(scores.pairs()[0].probability < 0.5, "{from} {to}");
    }
}

#[test]
fn the_same_name_with_a_type_that_fits_is_sure_and_with_another_type_never() {
    let columns = placed(vec![dates("Booking Date", "%d.%m.%Y"), texts("amount")]);
    let target = schema(vec![
        field("booking_date", FieldType::Date),
        field("amount", FieldType::Decimal),
        field("note", FieldType::String),
    ]);
    let scores = score(&named(&columns), &target, &Memory::default());
    assert!(scores.pair(0, 0).unwrap().probability >= 0.95);
    assert!(scores.pair(1, 1).unwrap().probability < 0.3);
    assert!(scores.pair(2, 0).is_none() && scores.pair(0, 3).is_none());
}

#[test]
fn below_the_bar_it_abstains_and_lists_what_there_was() {
    let columns = placed(vec![texts("Name"), texts("name 2")]);
    let target = schema(vec![field("name", FieldType::String)]);
    let scores = score(&named(&columns), &target, &Memory::default());
    let proposals = assign(&scores, 0.995);
    assert_eq!(proposals.len(), 1);
    assert!(proposals[0].sources.is_empty());
    assert_eq!(proposals[0].alternatives[0].sources, ["Name"]);
    assert!((proposals[0].confidence - proposals[0].alternatives[0].confidence).abs() < 1e-12);
}

#[test]
fn a_column_fills_one_field() {
    let columns = placed(vec![texts("city")]);
    let target = schema(vec![
        field("billing.city", FieldType::String),
        field("shipping.city", FieldType::String),
    ]);
    let proposals = assign(&score(&named(&columns), &target, &Memory::default()), 0.001);
    assert_eq!(
        proposals.iter().filter(|p| !p.sources.is_empty()).count(),
        1
    );
    assert!(
        proposals.iter().all(|p| p.confidence <= 0.5),
        "two fields ask for it alike"
    );
}

fn ambiguous_dates(name: &str) -> ColumnProfile {
    let mut profile = filled_column(name, &[("03/04/2026", 5), ("05/06/2026", 5)]);
    for format in ["%d/%m/%Y", "%m/%d/%Y"] {
        profile = typed(profile, SemanticType::Date, Some(format));
    }
    profile.ambiguous = Some(Ambiguity {
        what: What::DateOrder,
        readings: vec!["dmy".to_owned(), "mdy".to_owned()],
        rows: 10,
    });
    profile
}

#[test]
fn an_open_date_order_caps_the_rule_and_a_decision_settles_it() {
    let columns = [ambiguous_dates("booking_date")];
    let target = schema(vec![field("booking_date", FieldType::Date)]);
    let open = Decision::new(
        What::DateOrder,
        "dmy",
        0.5,
        vec![Alternative {
            value: json!("mdy"),
            confidence: 0.5,
        }],
        "",
    )
    .of_column("booking_date");
    let rule = &rules(&columns, &target, std::slice::from_ref(&open))[0];
    assert!((rule.confidence - 0.5).abs() < 1e-9);
    assert_eq!(
        rule.transform,
        [Step::Date {
            formats: vec!["%d/%m/%Y".to_owned()]
        }]
    );
    assert!(
        rule.evidence.iter().any(|e| {
            e.text == "dates: dmy and mdy fit alike; 10 of 10 rows differ between them"
        })
    );
    let settled = Decision::new(What::DateOrder, "mdy", 1.0, vec![], "").of_column("booking_date");
    let rule = &rules(&columns, &target, &[settled])[0];
    assert!(rule.confidence >= 0.6);
    assert_eq!(
        rule.transform,
        [Step::Date {
            formats: vec!["%m/%d/%Y".to_owned()]
        }]
    );
}

#[test]
fn debits_and_credits_in_two_columns_become_one_amount() {
    let mut debit = numbers("Paid out");
    debit.nulls = 10;
    debit.count = 40;
    debit.types[0].rows = 30;
    let mut credit = numbers("Paid in");
    credit.nulls = 30;
    credit.types[0].rows = 10;
    let columns = placed(vec![
        dates("Date", "%d.%m.%Y"),
        debit,
        credit,
        numbers("Balance"),
    ]);
    let target = schema(vec![field("amount", FieldType::Decimal)]);
    let rule = &rules(&columns, &target, &[])[0];
    assert_eq!(rule.sources, ["Paid in", "Paid out"]);
    assert_eq!(
        rule.transform.last(),
        Some(&Step::MinusDebit {
            column: "Paid out".to_owned()
        })
    );
    assert!(rule.confidence >= 0.9);
    let columns = placed(vec![
        columns[1].clone(),
        columns[2].clone(),
        numbers("Amount"),
    ]);
    assert_eq!(rules(&columns, &target, &[])[0].sources, ["Amount"]);
}

#[test]
fn a_sign_is_not_taken_where_the_target_refuses_it_or_the_source_has_it() {
    let mut target = schema(vec![field("amount", FieldType::Decimal)]);
    let has_sign = |rule: &Rule| {
        rule.transform
            .iter()
            .any(|s| matches!(s, Step::Sign { .. }))
    };
    let columns = english();
    assert!(has_sign(&rules(&columns, &target, &[])[0]));
    let mut negative = english();
    negative[4].min = Some("-3,50".to_owned());
    assert!(!has_sign(&rules(&negative, &target, &[])[0]));
    target.fields[0]
        .constraints
        .push(Constraint::Minimum("0".to_owned()));
    assert!(!has_sign(&rules(&columns, &target, &[])[0]));
}

#[test]
fn a_direction_of_its_own_makes_the_sign_a_question() {
    let mut target = transaction();
    let direction = field("direction", FieldType::String);
    target
        .fields
        .push(of_labels(direction, &["debit", "credit"]));
    let found = rules(&german(), &target, &decisions("Betrag (EUR)"));
    assert_eq!(found[7].sources, ["S/H"]);
    assert!(found[7].confidence >= 0.9, "{:?}", found[7]);
    assert!(found[2].confidence < 0.9);
    target.fields[2].description = Some("Signed amount, negative for debits".to_owned());
    let found = rules(&german(), &target, &decisions("Betrag (EUR)"));
    assert!(found[2].confidence >= 0.9, "{:?}", found[2]);
}

#[test]
fn fields_without_a_column() {
    let mut country = field("country", FieldType::String);
    country.default = Some("DE".to_owned());
    let target = schema(vec![
        country,
        of_labels(field("record_type", FieldType::String), &["TXN"]),
        field("hair_colour", FieldType::String),
    ]);
    let found = rules(&english(), &target, &[]);
    assert_eq!(found[0].state, RuleState::Absent);
    assert_eq!(
        found[0].why.as_deref(),
        Some("no column fits; the schema's default \"DE\" is taken")
    );
    assert_eq!(found[1].transform, [Step::Constant("TXN".to_owned())]);
    assert_eq!(
        (found[2].sources.len(), found[2].state),
        (0, RuleState::Proposed)
    );
    assert!(found[2].confidence < 0.5);
}

#[test]
fn steps_follow_values_and_decisions() {
    let padded = codes(" status", &[(" open", 5), ("closed ", 5)]);
    let mut paid = codes("paid", &[("Ja", 5), ("Nein", 4)]);
    paid = typed(paid, SemanticType::Boolean, None);
    let mut price = filled_column("price", &[("€ 1,50", 5), ("2,00 EUR", 4)]);
    price = typed(price, SemanticType::Decimal, Some("1234,56"));
    let columns = placed(vec![padded, paid, price]);
    let target = schema(vec![
        of_labels(field("status", FieldType::String), &["open", "closed"]),
        field("paid", FieldType::Boolean),
        field("price", FieldType::Decimal),
    ]);
    let nulls = Decision::new(What::NullMarkers, json!(["n/a"]), 1.0, vec![], "");
    let found = rules(&columns, &target, &[nulls.of_column("price")]);
    assert_eq!(found[0].transform, [Step::Trim]);
    let map: Vec<&str> = found[0].value_map.iter().map(|v| v.from.as_str()).collect();
    assert_eq!(map, ["open", "closed"]);
    assert_eq!(
        found[1].transform,
        [Step::Boolean {
            r#true: vec!["Ja".to_owned()],
            r#false: vec!["Nein".to_owned()]
        }]
    );
    assert_eq!(
        found[2].transform,
        [
            Step::NullIf(vec!["n/a".to_owned()]),
            Step::Decimal {
                decimal_mark: ",".to_owned(),
                thousands_mark: String::new(),
                strip: vec!["EUR".to_owned(), "€".to_owned()],
            },
        ]
    );
}

#[test]
fn many_values_that_are_labels_already_are_copied() {
    let mut source = codes("currency", &[("EUR", 5), ("USD", 5)]);
    source.distinct = Distinct::Exact(3);
    let target = transaction();
    let found = rules(&placed(vec![source]), &target, &[]);
    assert!(found[3].value_map.is_empty() && found[3].sources == ["currency"]);
}

#[test]
fn nothing_in_gives_nothing_out() {
    assert!(rules(&english(), &schema(vec![]), &[]).is_empty());
    let found = rules(&[], &transaction(), &[]);
    assert_eq!(found.len(), 7);
    assert!(
        found
            .iter()
            .all(|rule| rule.sources.is_empty() && rule.confidence < 0.5)
    );
}

#[test]
fn the_same_input_gives_the_same_rules() {
    let first = rules(&german(), &transaction(), &[]);
    assert_eq!(first, rules(&german(), &transaction(), &[]));
}

#[test]
fn a_column_without_a_value_of_the_field_is_not_proposed() {
    let fruit = of_labels(field("fruit", FieldType::String), &["apple", "pear"]);
    let columns = [filled_column("fruit", &[("K9", 40), ("K8", 2)])];
    let target = TargetSchema {
        fields: vec![fruit],
        ..transaction()
    };
    let rule = &rules(&columns, &target, &[])[0];
    assert!(
        rule.sources.is_empty() && rule.confidence.is_sign_positive(),
        "{rule:?}"
    );
    assert_eq!(rule.alternatives[0].sources, ["fruit"]);
    assert!(rule.evidence.iter().any(|piece| piece.kind == "labels"));
}
