//! The example statements of `examples/bank` against their schema: everything unambiguous is right,
//! and nothing wrong is sure.

use std::collections::BTreeMap;

use serde_json::Value;

use super::tests::{column, field};
use super::*;
use crate::mapping::{OnUnseen, Rule, Step};
use crate::profile::{Ambiguity, ColumnProfile, Distinct, SemanticType, TypeCount, ValueCount};
use crate::source::{
    Alternative, Decision, Input, Limits, Overrides, Reader, Reading, SURE_BAR, What,
};
use crate::target::{Constraint, FieldType, Label, TargetSchema};
use crate::value::{DateFormat, Marks, code, parse_decimal};

const SCHEMA: &str = include_str!("../../../../examples/bank/transaction.schema.json");
const GERMAN: &[u8] = include_bytes!("../../../../examples/bank/umsaetze_2026-03.csv");
const ENGLISH: &[u8] = include_bytes!("../../../../examples/bank/statement_2026-03.csv");

/// The schema as the target's reader gives it, as far as the example needs it.
fn target() -> TargetSchema {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    // The map of `serde_json` is sorted; the order of the fields plays no part here.
    let fields = schema["properties"].as_object().unwrap().iter();
    let fields = fields.map(|(name, said)| {
        let text = |key: &str| said[key].as_str();
        let kind = match (text("type"), text("format")) {
            (Some("number"), _) => FieldType::Decimal,
            (_, Some("date")) => FieldType::Date,
            _ => FieldType::String,
        };
        let mut field = field(name, kind);
        field.description = text("description").map(str::to_owned);
        let aliases = said["x-aliases"].as_array().into_iter().flatten();
        field.aliases = aliases
            .map(|alias| alias.as_str().unwrap().to_owned())
            .collect();
        let word = |value: &Value| value.as_str().map(str::to_owned);
        let codes = said["enum"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|value| Label {
                value: word(value).unwrap(),
                label: None,
                description: None,
            });
        let titled = said["oneOf"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|value| Label {
                value: word(&value["const"]).unwrap(),
                label: word(&value["title"]),
                description: word(&value["description"]),
            });
        let labels: Vec<Label> = codes.chain(titled).collect();
        if !labels.is_empty() {
            field.constraints.push(Constraint::Enum(labels));
        }
        if text("format") == Some("iban") {
            field
                .constraints
                .push(Constraint::Format("iban".to_owned()));
        }
        if let Some(most) = said["maxLength"].as_u64() {
            field.constraints.push(Constraint::MaxLength(most));
        }
        field
    });
    TargetSchema {
        name: "Bank transaction".to_owned(),
        description: schema["description"].as_str().map(str::to_owned),
        fields: fields.collect(),
        unused: Vec::new(),
    }
}

/// Columns with their cells, as the reader gives them.
fn cells(name: &str, bytes: &[u8]) -> Vec<(String, Vec<String>)> {
    let input = Input::spool(name, bytes).unwrap();
    let limits = Limits::default();
    let reading = Reading::decide(&input, &Overrides::default(), &limits).unwrap();
    let mut reader = Reader::new(&input, &reading, limits, 1 << 16).unwrap();
    let mut columns: Vec<(String, Vec<String>)> = reading
        .columns
        .iter()
        .map(|name| (name.clone(), Vec::new()))
        .collect();
    while let Some(portion) = reader.next_portion().unwrap() {
        assert!(portion.rejects.is_empty());
        for record in 0..portion.batch.len() {
            for (index, (_, cells)) in columns.iter_mut().enumerate() {
                cells.push(portion.batch.cell(index, record).unwrap_or("").to_owned());
            }
        }
    }
    columns
}

/// Adds the types that fit values, and gives the one that fits almost all.
fn add_types(profile: &mut ColumnProfile, counts: &BTreeMap<&str, u64>) -> Option<SemanticType> {
    let filled = profile.count - profile.nulls;
    let rows = |fits: &dyn Fn(&str) -> bool| -> u64 {
        counts
            .iter()
            .filter(|(value, _)| fits(value))
            .map(|(_, rows)| rows)
            .sum()
    };
    let mut add = |semantic, format: Option<&str>, rows: u64| {
        if rows > 0 {
            let format = format.map(str::to_owned);
            profile.types.push(TypeCount {
                semantic,
                format,
                rows,
            });
        }
        rows * 50 >= filled * 49 && rows > 0
    };
    let mut found = None;
    for format in ["%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y"] {
        let parsed = DateFormat::parse(format).unwrap();
        if add(
            SemanticType::Date,
            Some(format),
            rows(&|v| parsed.date(v).is_ok()),
        ) {
            found = found.or(Some(SemanticType::Date));
        }
    }
    type Check = fn(&str) -> bool;
    let codes: [(SemanticType, Check); 4] = [
        (SemanticType::Iban, code::is_iban),
        (SemanticType::Currency, code::is_currency),
        (SemanticType::Country, code::is_country),
        (SemanticType::Bic, code::is_bic),
    ];
    for (semantic, check) in codes {
        if add(semantic, None, rows(&check)) {
            found = found.or(Some(semantic));
        }
    }
    for (format, decimal, thousands) in [("1.234,56", ',', '.'), ("1,234.56", '.', ',')] {
        let marks = Marks {
            decimal,
            thousands: Some(thousands),
        };
        if add(
            SemanticType::Decimal,
            Some(format),
            rows(&|v| parse_decimal(v, &marks).is_ok()),
        ) {
            found = found.or(Some(SemanticType::Decimal));
        }
    }
    profile
        .types
        .sort_by_key(|count| std::cmp::Reverse(count.rows));
    found
}

/// The profile of a column, as far as matching looks at it.
fn profiled(index: usize, name: &str, cells: &[String]) -> ColumnProfile {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for cell in cells.iter().filter(|cell| !cell.is_empty()) {
        *counts.entry(cell).or_default() += 1;
    }
    let mut profile = column(name);
    profile.index = index;
    profile.count = cells.len() as u64;
    let filled: u64 = counts.values().sum();
    profile.nulls = profile.count - filled;
    profile.distinct = Distinct::Exact(counts.len() as u64);
    let mut top: Vec<ValueCount> = counts
        .iter()
        .map(|(value, rows)| ValueCount {
            value: (*value).to_owned(),
            rows: *rows,
        })
        .collect();
    top.sort_by_key(|count| std::cmp::Reverse(count.rows));
    profile.sample = top.iter().map(|v| v.value.clone()).collect();
    let lengths = || counts.keys().map(|value| value.chars().count() as u64);
    profile.lengths.min = lengths().min().unwrap_or(0);
    profile.lengths.max = lengths().max().unwrap_or(0);
    let found = add_types(&mut profile, &counts);
    let few = filled >= 4 * counts.len() as u64;
    let words = counts.iter().filter(|(value, _)| value.contains(' '));
    let spaced = 2 * words.map(|(_, rows)| rows).sum::<u64>() >= filled;
    profile.semantic = found
        .or(few.then_some(SemanticType::Category))
        .or(spaced.then_some(SemanticType::FreeText));
    profile.top = top.into_iter().take(20).collect();
    profile
}

fn columns(name: &str, bytes: &[u8]) -> Vec<ColumnProfile> {
    let cells = cells(name, bytes);
    let profiles = cells.iter().enumerate();
    profiles
        .map(|(index, (name, cells))| profiled(index, name, cells))
        .collect()
}

fn proposed(columns: &[ColumnProfile], decisions: &[Decision]) -> BTreeMap<String, Rule> {
    let table = Table {
        name: None,
        columns,
        named: true,
        stated: &[],
    };
    let rules = propose(&table, &target(), decisions, &Memory::default());
    rules
        .into_iter()
        .map(|rule| (rule.field.clone(), rule))
        .collect()
}

fn lines(rules: &BTreeMap<String, Rule>) -> String {
    let line = |rule: &Rule| {
        let sources = rule.sources.join(" + ");
        let map: Vec<String> = rule
            .value_map
            .iter()
            .map(|v| {
                format!(
                    "\n    {} -> {} {:.2}",
                    v.from,
                    v.to.as_deref().unwrap_or("nothing"),
                    v.confidence
                )
            })
            .collect();
        format!(
            "{} <- {sources} {:.2}{}\n",
            rule.field,
            rule.confidence,
            map.concat()
        )
    };
    rules.values().map(line).collect()
}

/// What the profile says about the dates of the English statement: `Post Dt` is settled by its
/// `03/13/2026`, and `Txn Dt` only leans on it.
fn date_orders() -> Vec<Decision> {
    let rival = Alternative {
        value: "dmy".into(),
        confidence: 0.15,
    };
    vec![
        Decision::new(What::DateOrder, "mdy", 0.85, vec![rival], "").of_column("Txn Dt"),
        Decision::new(What::DateOrder, "mdy", 0.99, vec![], "").of_column("Post Dt"),
    ]
}

fn english() -> Vec<ColumnProfile> {
    let mut columns = columns("statement_2026-03.csv", ENGLISH);
    columns[0].ambiguous = Some(Ambiguity {
        what: What::DateOrder,
        readings: vec!["mdy".to_owned(), "dmy".to_owned()],
        rows: 36,
    });
    columns
}

#[test]
fn the_german_statement_is_right_and_only_the_constant_is_to_be_checked() {
    let columns = columns("umsaetze_2026-03.csv", GERMAN);
    let rules = proposed(&columns, &[]);
    insta::assert_snapshot!(lines(&rules), @r#"
    amount <- Betrag (EUR) + S/H 0.93
    booking_date <- Buchungstag 0.93
    counterparty_iban <- IBAN 0.87
    counterparty_name <- Auftraggeber/Empfänger 0.92
    currency <-  0.88
    kind <- Buchungsart 0.80
        Kartenzahlung -> card 0.94
        Überweisung -> transfer 0.94
        Lastschrift -> direct_debit 0.94
        Dauerauftrag -> standing_order 0.94
        Entgelt -> fee 0.94
        Gehalt -> salary 0.94
        Zinsen -> interest 0.94
    reference <- Verwendungszweck 0.92
    value_date <- Wertstellung 0.93
    "#);
    let decimal = Step::Decimal {
        decimal_mark: ",".to_owned(),
        thousands_mark: ".".to_owned(),
        strip: vec![],
    };
    assert_eq!(rules["amount"].transform, [decimal, sign("S/H", "S", "H")]);
    assert_eq!(rules["booking_date"].transform, [date("%d.%m.%Y")]);
    let constant = Step::Constant("EUR".to_owned());
    assert_eq!(rules["currency"].transform, [constant]);
    let kind = &rules["kind"];
    assert_eq!(kind.on_unseen, OnUnseen::Reject);
    let open = kind.evidence.iter().find(|e| e.text.contains("Z47"));
    assert_eq!(
        open.unwrap().text,
        "labels: no label for \"Z47\"; rows that will be rejected for it: 1"
    );
}

#[test]
fn the_english_statement_is_right_and_asks_for_the_order_of_its_dates() {
    let rules = proposed(&english(), &date_orders());
    insta::assert_snapshot!(lines(&rules), @r#"
    amount <- Amt + DrCr 0.93
    booking_date <- Txn Dt 0.71
    counterparty_iban <-  0.03
    counterparty_name <- Payee 0.93
    currency <- Ccy 0.99
        USD -> USD 1.00
        GBP -> GBP 1.00
    kind <- Type 0.81
        POS -> card 0.94
        DD -> direct_debit 0.94
        TRF -> transfer 0.94
        SO -> standing_order 0.94
        FEE -> fee 0.98
        SAL -> salary 0.94
    reference <- Memo 0.93
    value_date <- Post Dt 0.63
    "#);
    let decimal = Step::Decimal {
        decimal_mark: ".".to_owned(),
        thousands_mark: ",".to_owned(),
        strip: vec![],
    };
    assert_eq!(
        rules["amount"].transform,
        [decimal, sign("DrCr", "DR", "CR")]
    );
    assert_eq!(rules["booking_date"].transform, [date("%m/%d/%Y")]);
    assert_eq!(rules["value_date"].transform, [date("%m/%d/%Y")]);
    let mut settled = date_orders();
    settled[0] = Decision::new(What::DateOrder, "mdy", 1.0, vec![], "").of_column("Txn Dt");
    let rules = proposed(&english(), &settled);
    assert!(rules["booking_date"].confidence > rules["value_date"].confidence);
}

#[test]
fn without_names_nothing_wrong_is_sure() {
    let right = [
        ("booking_date", "Buchungstag"),
        ("value_date", "Wertstellung"),
        ("amount", "Betrag (EUR)"),
        ("counterparty_name", "Auftraggeber/Empfänger"),
        ("counterparty_iban", "IBAN"),
        ("reference", "Verwendungszweck"),
        ("kind", "Buchungsart"),
    ];
    let columns = columns("umsaetze_2026-03.csv", GERMAN);
    let table = Table {
        name: None,
        columns: &columns,
        named: false,
        stated: &[],
    };
    for rule in propose(&table, &target(), &[], &Memory::default()) {
        let source = rule.sources.first().map(String::as_str);
        let fits = right.contains(&(rule.field.as_str(), source.unwrap_or("")));
        assert!(fits || rule.confidence < SURE_BAR, "{rule:?}");
    }
}

fn sign(column: &str, negative: &str, positive: &str) -> Step {
    Step::Sign {
        column: column.to_owned(),
        negative: vec![negative.to_owned()],
        positive: vec![positive.to_owned()],
    }
}

fn date(format: &str) -> Step {
    Step::Date {
        formats: vec![format.to_owned()],
    }
}
