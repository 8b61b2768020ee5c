//! What is remembered comes again, and only that.

use super::tests::{column, field, filled_column, named, numbers, of_labels};
use super::*;
use crate::mapping::examples::rule;
use crate::mapping::{MappedValue, Proposed, Rule, RuleState, Step};
use crate::profile::ColumnProfile;
use crate::target::{Field, FieldType, TargetSchema};

fn target(fields: &[Field]) -> TargetSchema {
    TargetSchema {
        name: "target".to_owned(),
        description: None,
        fields: fields.to_vec(),
        unused: Vec::new(),
    }
}

/// A rule that a person decided on.
fn decided(field: &str, sources: &[&str], state: RuleState) -> Rule {
    Rule {
        state,
        by: Some("mira".to_owned()),
        at: Some("2026-10-02T09:30:00Z".to_owned()),
        proposed: Some(Proposed {
            sources: sources.iter().map(|&column| column.to_owned()).collect(),
            confidence: 0.6,
            judged: true,
        }),
        ..rule(field, sources, 0.6)
    }
}

/// What the rules taught, the first one the newest.
fn memory(rules: &[Rule]) -> Memory {
    let of_rule = |rule: &Rule| {
        let taught = PastDecision::of_rule(rule).into_iter();
        let decisions = taught.map(|(column, holds)| PastDecision {
            column,
            holds,
            file: "sept.csv".to_owned(),
            at: rule.at.clone().unwrap_or_default(),
            rule: rule.clone(),
        });
        decisions.collect::<Vec<_>>()
    };
    Memory::new(rules.iter().flat_map(of_rule).collect())
}

fn proposed(columns: &[ColumnProfile], fields: &[Field], rules: &[Rule]) -> Vec<Rule> {
    propose(&named(columns), &target(fields), &[], &memory(rules))
}

fn remembered(rule: &Rule) -> Vec<&str> {
    let pieces = rule.evidence.iter().filter(|piece| piece.kind == "memory");
    pieces.map(|piece| piece.text.as_str()).collect()
}

#[test]
fn a_column_that_was_chosen_is_proposed_again_with_the_reason() {
    let columns = [column("XK-7"), column("QQ")];
    let fields = [field("amount", FieldType::Decimal)];
    assert!(proposed(&columns, &fields, &[])[0].sources.is_empty());
    let before = [decided("amount", &["xk-7 "], RuleState::Accepted)];
    let again = &proposed(&columns, &fields, &before)[0];
    assert_eq!(again.sources, ["XK-7"]);
    assert!(again.confidence >= 0.9 && again.most >= 0.9, "{again:?}");
    assert_eq!(again.state, RuleState::Proposed, "nobody decided this one");
    assert_eq!(
        remembered(again),
        ["memory: you chose this on 2026-10-02 for sept.csv (mira)"]
    );
}

#[test]
fn the_same_words_are_worth_a_look() {
    let columns = [column("Konto Inhaber X")];
    let fields = [field("holder", FieldType::String)];
    let before = [decided("holder", &["konto_inhaber_x"], RuleState::Accepted)];
    let again = &proposed(&columns, &fields, &before)[0];
    assert_eq!(again.sources, ["Konto Inhaber X"]);
    assert!((0.5..0.9).contains(&again.confidence), "{again:?}");
    let text = remembered(again)[0];
    assert!(
        text.contains("\"konto_inhaber_x\", which has the same words, on 2026"),
        "{text}"
    );
}

#[test]
fn what_was_refused_is_not_proposed_again() {
    let columns = [column("amount"), column("total")];
    let fields = [field("amount", FieldType::String)];
    let alone = &proposed(&columns, &fields, &[])[0];
    assert_eq!(alone.sources, ["amount"]);
    for state in [RuleState::Rejected, RuleState::Ignored, RuleState::Absent] {
        let mut refused = decided("amount", &["amount"], state);
        refused.sources.clear();
        let again = &proposed(&columns, &fields, &[refused])[0];
        assert!(again.sources != ["amount"], "{again:?}");
    }
    let mut other = decided("amount", &["amount"], RuleState::Edited);
    other.sources = vec!["total".to_owned()];
    let again = &proposed(&columns, &fields, &[other])[0];
    assert_eq!(again.sources, ["total"]);
}

#[test]
fn the_last_word_counts() {
    let columns = [column("XK-7")];
    let fields = [field("amount", FieldType::String)];
    let chosen = decided("amount", &["XK-7"], RuleState::Accepted);
    let refused = decided("amount", &["XK-7"], RuleState::Rejected);
    let first = |rules: &[Rule]| proposed(&columns, &fields, rules)[0].sources.clone();
    assert_eq!(first(&[chosen.clone(), refused.clone()]), ["XK-7"]);
    assert!(first(&[refused, chosen]).is_empty());
}

#[test]
fn invented_names_and_bulk_decisions_say_nothing() {
    let columns = [column("column_3"), column("XK-7")];
    let fields = [field("amount", FieldType::Decimal)];
    let before = [decided("amount", &["column_3"], RuleState::Accepted)];
    assert!(proposed(&columns, &fields, &before)[0].sources.is_empty());
    let mut bulk = decided("amount", &["XK-7"], RuleState::Accepted);
    bulk.bar = Some(0.5);
    assert!(PastDecision::of_rule(&bulk).is_empty());
    let unnamed = Table {
        named: false,
        ..named(&columns)
    };
    let before = memory(&[decided("amount", &["XK-7"], RuleState::Accepted)]);
    let rules = propose(&unnamed, &target(&fields), &[], &before);
    assert!(rules[0].sources.is_empty());
}

#[test]
fn values_that_do_not_fit_go_before_memory() {
    let columns = [filled_column("XK-7", &[("apple", 40), ("pear", 30)])];
    let fields = [field("amount", FieldType::Decimal)];
    let before = [decided("amount", &["XK-7"], RuleState::Accepted)];
    let again = &proposed(&columns, &fields, &before)[0];
    assert!(again.sources.is_empty(), "{again:?}");
}

#[test]
fn values_are_mapped_as_before() {
    let fruit = of_labels(field("fruit", FieldType::String), &["apple", "pear"]);
    let columns = [filled_column(
        "kind",
        &[("K9", 40), ("pear", 30), ("K8", 2)],
    )];
    let mut before = decided("fruit", &["kind"], RuleState::Accepted);
    for (from, to, state) in [
        ("K9", Some("apple"), RuleState::Edited),
        ("K8", Some("pear"), RuleState::Ignored),
        ("K7", Some("plum"), RuleState::Accepted),
        ("K6", Some("pear"), RuleState::Accepted),
        ("pear", Some("apple"), RuleState::Rejected),
    ] {
        before.value_map.push(MappedValue {
            from: from.to_owned(),
            to: to.map(str::to_owned),
            confidence: 1.0,
            rows: 1,
            state,
        });
    }
    let again = &proposed(&columns, &[fruit], &[before])[0];
    let mapped: Vec<(&str, Option<&str>, u64)> = again
        .value_map
        .iter()
        .map(|value| (value.from.as_str(), value.to.as_deref(), value.rows))
        .collect();
    let expected = [
        ("K9", Some("apple"), 40),
        ("K8", None, 2),
        ("K6", Some("pear"), 0),
        ("pear", Some("pear"), 30),
    ];
    assert_eq!(mapped, expected);
    assert!(again.confidence >= 0.9, "{again:?}");
    assert!(remembered(again).contains(&"memory: 2 values in 42 rows as you mapped them before"));
}

#[test]
fn steps_come_again_where_a_person_set_them() {
    let columns = [column("First"), column("Last")];
    let fields = [field("holder", FieldType::String)];
    let mut before = decided("holder", &["First", "Last"], RuleState::Edited);
    before.transform = vec![Step::Concat {
        separator: ", ".to_owned(),
    }];
    let again = &proposed(&columns, &fields, &[before.clone()])[0];
    assert_eq!(again.sources, ["First", "Last"]);
    assert_eq!(again.transform, before.transform);
    // One of the columns is missing.
    let again = &proposed(&columns[..1], &fields, &[before.clone()])[0];
    assert_eq!((again.sources.len(), again.transform.len()), (1, 0));
    let again = &proposed(&columns[1..], &fields, &[before])[0];
    assert!(again.sources.is_empty(), "it was not chosen by itself");
}

#[test]
fn steps_and_values_that_come_again_count_though_no_value_is_a_label() {
    let fruit = of_labels(field("fruit", FieldType::String), &["apple", "pear"]);
    let columns = [filled_column("kind", &[("K9-x", 40), ("K8-y", 30)])];
    let mut before = decided("fruit", &["kind"], RuleState::Edited);
    before.by_hand = true;
    before.transform = vec![Step::Split {
        separator: "-".to_owned(),
        part: 1,
    }];
    for (from, to) in [("K9", "apple"), ("K8", "pear")] {
        before.value_map.push(MappedValue {
            from: from.to_owned(),
            to: Some(to.to_owned()),
            confidence: 1.0,
            rows: 1,
            state: RuleState::Accepted,
        });
    }
    let again = &proposed(&columns, std::slice::from_ref(&fruit), &[before.clone()])[0];
    assert_eq!(again.transform, before.transform);
    assert_eq!(again.value_map.len(), 2);
    assert!(again.confidence >= 0.8, "{again:?}");
    before.value_map.clear();
    let without = &proposed(&columns, &[fruit], &[before])[0];
    assert!(without.confidence < 0.8, "{without:?}");
}

#[test]
fn steps_that_read_otherwise_than_the_values_ask_are_said() {
    let columns = [numbers("XK-7")];
    let fields = [field("amount", FieldType::Decimal)];
    let mut before = decided("amount", &["XK-7"], RuleState::Edited);
    before.transform = vec![Step::Decimal {
        decimal_mark: "!".to_owned(),
        thousands_mark: String::new(),
        strip: Vec::new(),
    }];
    let again = &proposed(&columns, &fields, &[before.clone()])[0];
    assert_eq!(again.transform, before.transform);
    assert!(again.confidence <= 0.8, "{again:?}");
    assert!(
        remembered(again)
            .iter()
            .any(|text| text.contains("others were needed"))
    );
}

#[test]
fn how_good_proposals_were_starts_the_next_ones() {
    let columns = [column("buyer town"), column("zip"), column("note text")];
    let fields = [
        field("city", FieldType::String),
        field("postcode", FieldType::String),
        field("remark", FieldType::String),
    ];
    let past = |state: RuleState| -> Vec<Rule> {
        let one = |number: u32| {
            let mut rule = decided("city", &[&format!("other {number}")], state);
            rule.at = Some(format!("2026-10-{:02}T09:30:00Z", number + 1));
            rule
        };
        (0..20).map(one).collect()
    };
    let of = |rules: &[Rule]| score(&named(&columns), &target(&fields), &memory(rules));
    let sum = |scores: Scores| {
        scores
            .pairs()
            .iter()
            .map(|pair| pair.probability)
            .sum::<f64>()
    };
    let plain = sum(of(&[]));
    assert!(sum(of(&past(RuleState::Accepted))) > plain + 0.01);
    assert!(sum(of(&past(RuleState::Rejected))) < plain - 0.01);
    let said = memory(&past(RuleState::Accepted)).past(&named(&columns));
    assert_eq!((said.right, said.wrong), (20, 0));
}

#[test]
fn steps_outlive_the_next_acceptance_and_follow_the_names() {
    let columns = [
        numbers("BETRAG"),
        filled_column("s/h", &[("S", 30), ("H", 10)]),
    ];
    let fields = [field("holder", FieldType::Decimal)];
    let mut before = decided("holder", &["Betrag", "S/H"], RuleState::Edited);
    before.transform = vec![
        Step::Decimal {
            decimal_mark: ",".to_owned(),
            thousands_mark: ".".to_owned(),
            strip: Vec::new(),
        },
        Step::Sign {
            column: "S/H".to_owned(),
            negative: vec!["S".to_owned()],
            positive: vec!["H".to_owned()],
        },
    ];
    let again = proposed(&columns, &fields, &[before])[0].clone();
    assert_eq!(again.sources, ["BETRAG", "s/h"]);
    let Some(Step::Sign { column, .. }) = again.transform.last() else {
        panic!("{again:?}");
    };
    assert_eq!(column, "s/h");
    let accepted = Rule {
        state: RuleState::Accepted,
        ..again.clone()
    };
    let third = &proposed(&columns, &fields, &[accepted])[0];
    assert_eq!(third.transform, again.transform);
}

#[test]
fn a_column_may_be_chosen_for_two_fields_and_a_field_for_the_last_column() {
    let columns = [column("Datum"), column("QQ")];
    let fields = [
        field("booked", FieldType::String),
        field("valued", FieldType::String),
    ];
    let both = [
        decided("booked", &["Datum"], RuleState::Accepted),
        decided("valued", &["Datum"], RuleState::Accepted),
    ];
    for rule in proposed(&columns, &fields, &both) {
        assert_eq!(rule.sources, ["Datum"]);
        assert!(rule.confidence >= 0.9, "{rule:?}");
    }
    let changed = [
        decided("booked", &["QQ"], RuleState::Accepted),
        decided("booked", &["Datum"], RuleState::Accepted),
    ];
    assert_eq!(proposed(&columns, &fields, &changed)[0].sources, ["QQ"]);
}

#[test]
fn debits_and_credits_that_were_refused_are_not_proposed_again() {
    let columns = [numbers("Soll"), numbers("Haben")];
    let fields = [field("amount", FieldType::Decimal)];
    let first = &proposed(&columns, &fields, &[])[0];
    assert_eq!(first.sources, ["Haben", "Soll"]);
    let refused = decided("amount", &["Haben", "Soll"], RuleState::Rejected);
    let again = &proposed(&columns, &fields, &[refused])[0];
    assert!(again.sources.is_empty(), "{again:?}");
}

#[test]
fn what_is_remembered_holds_no_evidence() {
    let mut rule = decided("amount", &["XK-7"], RuleState::Accepted);
    rule.note = Some("for Mia".to_owned());
    rule.evidence.push(crate::mapping::Evidence {
        kind: "values".to_owned(),
        weight: 0.5,
        text: "no label for \"secret\"".to_owned(),
    });
    let kept = PastDecision::kept(&rule);
    let text = serde_json::to_string(&kept).unwrap();
    assert!(!text.contains("secret") && !text.contains("Mia"), "{text}");
    assert_eq!(PastDecision::of_rule(&kept), PastDecision::of_rule(&rule));
}
