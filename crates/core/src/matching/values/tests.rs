//! Values as columns hold them.

use proptest::prelude::*;

use super::*;

fn labels(values: &[&str]) -> Vec<Label> {
    values
        .iter()
        .map(|value| Label {
            value: (*value).to_owned(),
            label: None,
            description: None,
        })
        .collect()
}

fn matched(values: &[&str], targets: &[&str]) -> Vec<Option<String>> {
    let values: Vec<(String, u64)> = values
        .iter()
        .map(|value| ((*value).to_owned(), 10))
        .collect();
    match_values(&values, &labels(targets))
        .into_iter()
        .map(|found| found.to)
        .collect()
}

fn some(values: &[&str]) -> Vec<Option<String>> {
    values
        .iter()
        .map(|v| (!v.is_empty()).then(|| (*v).to_owned()))
        .collect()
}

#[test]
fn tables_of_values() {
    let gender = ["male", "female", "other"];
    for (values, targets, expected) in [
        (&["M", "W"][..], &gender[..], &["male", "female"][..]),
        (&["m", "f", "X"], &gender, &["male", "female", ""]),
        (&["M", "W", "D"], &gender, &["male", "female", ""]),
        (
            &["männlich", "weiblich", "divers"],
            &gender,
            &["male", "female", "other"],
        ),
        (&["Herr", "Frau"], &gender, &["male", "female"]),
        (&["S", "H"], &["debit", "credit"], &["debit", "credit"]),
        (&["DR", "CR"], &["CRDT", "DBIT"], &["DBIT", "CRDT"]),
        (
            &["Soll", "Haben"],
            &["debit", "credit"],
            &["debit", "credit"],
        ),
        (
            &["eur", "USD", "£", "XXX"],
            &["EUR", "USD", "GBP"],
            &["EUR", "USD", "GBP", ""],
        ),
        (
            &["A", "I"],
            &["active", "inactive"],
            &["active", "inactive"],
        ),
        (&["Deutschland", "AT"], &["DE", "AT"], &["DE", "AT"]),
        (&["male", "female"], &["M", "F"], &["M", "F"]),
        (&["ja", "nein"], &["yes", "no"], &["yes", "no"]),
        (&["canceld"], &["open", "cancelled"], &["cancelled"]),
        (&["DR", "CR"], &["EUR", "USD", "GBP", "CHF"], &["", ""]),
        (&["1", "2"], &gender, &["", ""]),
    ] {
        assert_eq!(
            matched(values, targets),
            some(expected),
            "{values:?} {targets:?}"
        );
    }
}

#[test]
fn spellings_typos_and_abbreviations_are_seen_through() {
    let countries = [
        "Germany",
        "Ivory Coast",
        "South Korea",
        "North Korea",
        "Peru",
        "Niger",
    ];
    let months = [
        "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12",
    ];
    for (values, targets, expected) in [
        (
            &[
                "Allemagne",
                "Côte d'Ivoire",
                "Korea, Republic of",
                "Nigeria",
            ][..],
            &countries[..],
            &["Germany", "Ivory Coast", "South Korea", ""][..],
        ),
        (&["CIV", "PRK"], &countries, &["Ivory Coast", "North Korea"]),
        (&["Dez", "März", "mai"], &months, &["12", "3", "5"]),
        (
            &["Enterprise Sofware", "hardware (new)"],
            &["Enterprise software", "Hardware", "Services"],
            &["Enterprise software", "Hardware"],
        ),
        (
            &["Ministry of Finanse", "Finance Ministry"],
            &["Ministry of Finance", "Ministry of Defence"],
            &["Ministry of Finance", "Ministry of Finance"],
        ),
        (&["Cup 2008"], &["Cup 2009", "Cup 2010"], &[""]),
    ] {
        assert_eq!(
            matched(values, targets),
            some(expected),
            "{values:?} {targets:?}"
        );
    }
}

/// Each value beside values that are labels: what it is taken for, and how likely.
fn taken(value: &str, targets: &[&str]) -> (Option<String>, f64) {
    let values: Vec<(String, u64)> = targets
        .iter()
        .chain([&value])
        .map(|value| ((*value).to_owned(), 10))
        .collect();
    let found = match_values(&values, &labels(targets)).pop().unwrap();
    let probability = found.probability;
    let likely = if found.to.is_some() { probability } else { 0.0 };
    (found.to, likely)
}

/// Notes what is not as it should be.
fn note(
    wrong: &mut Vec<String>,
    value: &str,
    targets: &[&str],
    right: impl Fn(Option<&str>, f64) -> bool,
) {
    let (to, likely) = taken(value, targets);
    if !right(to.as_deref(), likely) {
        wrong.push(format!("{value:?} of {targets:?}: {to:?} {likely}"));
    }
}

#[test]
fn an_opposite_is_not_what_it_is_the_opposite_of() {
    let mut wrong = Vec::new();
    for (value, targets) in [
        ("not shipped", &["shipped", "packed"][..]),
        ("Non-Shipped", &["shipped", "packed"]),
        ("un-shipped", &["shipped", "packed"]),
        ("never packed", &["shipped", "packed"]),
        ("unconfirmed", &["confirmed", "requested"]),
        ("confirmed", &["unconfirmed", "requested"]),
        ("incorrect", &["correct", "unchecked"]),
        ("irregular", &["regular", "none"]),
        ("nicht gesperrt", &["gesperrt", "frei"]),
        ("ungesperrt", &["gesperrt", "frei"]),
        ("ohne Vertrag", &["Vertrag", "Kündigung"]),
        ("non signé", &["signé", "envoyé"]),
        ("sin contrato", &["contrato", "baja"]),
        ("não confirmado", &["confirmado", "novo"]),
        ("niet actief", &["actief", "nieuw"]),
        ("nieaktywny", &["aktywny", "nowy"]),
        ("inte betald", &["betald", "sänd"]),
        ("onaylı değil", &["onaylı", "yeni"]),
        ("false alarm", &["alarm", "warning"]),
        ("false negative", &["positive", "negative"]),
        ("non-negative", &["positive", "negative"]),
        ("ex-customer", &["customer", "supplier"]),
        ("no longer active", &["active", "archived"]),
        ("MHz", &["mHz", "kHz"]),
        ("Gb", &["GB", "TB"]),
    ] {
        note(&mut wrong, value, targets, |to, _| to.is_none());
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn two_ways_to_say_the_opposite_are_one() {
    let mut wrong = Vec::new();
    for (value, targets, expected) in [
        ("not shipped", &["shipped", "unshipped"][..], "unshipped"),
        ("non-valid", &["valid", "invalid"], "invalid"),
        ("nicht gebucht", &["gebucht", "ungebucht"], "ungebucht"),
        ("unsigned", &["signed", "not signed"], "not signed"),
    ] {
        note(&mut wrong, value, targets, |to, likely| {
            to == Some(expected) && likely >= 0.75
        });
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_makes_another_thing_of_a_label_is_no_proof_of_it() {
    let mut wrong = Vec::new();
    for (value, targets) in [
        ("very urgent", &["urgent", "normal"][..]),
        ("semi-automatic", &["automatic", "manual"]),
        ("bimonthly", &["monthly", "daily"]),
        ("East Timor Sea", &["Timor Sea", "Coral Sea"]),
        ("New Hampshire", &["Hampshire", "Kent"]),
        ("West Yorkshire", &["Yorkshire", "Kent"]),
        ("Harborough", &["Harbor", "Greek"]),
        ("500 boxes", &["boxes", "bags"]),
        ("km2", &["km", "cm"]),
        ("cm²", &["km", "cm"]),
        ("teilgeliefert", &["geliefert", "offen"]),
        ("shipped?", &["shipped", "packed"]),
        ("B+", &["A", "B", "C"]),
        ("shipped/packed", &["shipped", "packed"]),
        ("maybe packed", &["shipped", "packed"]),
        ("no answer", &["yes", "no"]),
        ("no idea", &["yes", "no"]),
        ("EURX", &["EUR", "CHF"]),
        ("yes/no", &["yes", "no"]),
        ("Season 2024", &["Season 2025", "Season 2026"]),
    ] {
        note(&mut wrong, value, targets, |_, likely| likely < 0.75);
    }
    for (value, targets) in [
        ("Ex-member", &["member", "non-member"][..]),
        ("Anti-fraud", &["fraud", "non-fraud"]),
    ] {
        note(&mut wrong, value, targets, |_, likely| likely < 0.75);
    }
    for (value, targets) in [
        ("shipped with faults", &["shipped", "packed"][..]),
        ("shipped (sample)", &["shipped", "packed"]),
        ("Canadian English", &["English", "French"]),
    ] {
        note(&mut wrong, value, targets, |_, likely| likely < 0.9);
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_says_nothing_of_its_own_costs_nothing() {
    let mut wrong = Vec::new();
    for (value, targets, expected) in [
        ("SHIPPED", &["shipped", "packed"][..], "shipped"),
        ("the shipped", &["shipped", "packed"], "shipped"),
        ("status: shipped", &["shipped", "packed"], "shipped"),
        ("Portugal (PT)", &["Portugal", "Spain"], "Portugal"),
        ("not shipped", &["not shipped", "shipped"], "not shipped"),
        ("KG", &["kg", "g"], "kg"),
        ("80+", &[">=80", "40-49"], ">=80"),
        ("mL", &["ml", "l"], "ml"),
        ("b", &["A", "B", "C"], "B"),
        ("shiped", &["shipped", "packed"], "shipped"),
        ("10 Shipped", &["shipped", "packed"], "shipped"),
        ("2 - Packed", &["shipped", "packed"], "packed"),
        ("ML", &["ml", "l"], "ml"),
    ] {
        note(&mut wrong, value, targets, |to, likely| {
            to == Some(expected) && likely >= 0.8
        });
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn case_that_the_enumeration_tells_apart_is_asked_for() {
    assert_eq!(matched(&["OPEN"], &["open", "Open"]), some(&[""]));
    assert_eq!(matched(&["Open"], &["open", "Open"]), some(&["Open"]));
}

#[test]
fn a_date_beside_its_month_says_which_month() {
    let months = [
        "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12",
    ];
    let labels = labels(&months);
    let label = |value: &str| Label {
        value: value.to_owned(),
        label: None,
        description: None,
    };
    let ranked = LabelSet::of(&labels).rank(&[label("10 MAR"), label("2. Oktober")]);
    assert_eq!(ranked[0].labels[0].0, 2);
    assert_eq!(ranked[1].labels[0].0, 9);
}

#[test]
fn codes_with_titles_are_ranked_by_both() {
    let titled = |value: &str, title: &str| Label {
        value: value.to_owned(),
        label: Some(title.to_owned()),
        description: None,
    };
    let labels = [
        titled("cancelled", "Cancelled"),
        titled("completed", "Completed"),
    ];
    let ranked = LabelSet::of(&labels).rank(&[titled("CM", "Order is completed")]);
    assert_eq!(ranked[0].labels[0].0, 1);
    assert_eq!(ranked[0].labels.len(), 2);
}

#[test]
fn every_label_is_itself() {
    let plain: Vec<String> = (0..100).map(|n| format!("shelf {n}")).collect();
    let labels = labels(&plain.iter().map(String::as_str).collect::<Vec<_>>());
    let values: Vec<(String, u64)> = plain.iter().map(|value| (value.clone(), 1)).collect();
    let found = LabelSet::of(&labels).match_values(&values);
    assert!(
        found
            .iter()
            .all(|found| found.to.as_ref() == Some(&found.from))
    );
}

#[test]
fn titles_and_descriptions_of_labels_count() {
    let targets = [
        Label {
            value: "T1".to_owned(),
            label: Some("Direct debit".to_owned()),
            description: None,
        },
        Label {
            value: "T2".to_owned(),
            label: Some("Transfer".to_owned()),
            description: Some("TRF: also called giro".to_owned()),
        },
    ];
    let values = [
        ("Lastschrift".to_owned(), 5),
        ("Giro".to_owned(), 5),
        ("TRF".to_owned(), 1),
    ];
    let found = match_values(&values, &targets);
    assert_eq!(found[0].to.as_deref(), Some("T1"));
    assert_eq!(found[1].to.as_deref(), Some("T2"));
    assert_eq!(found[2].to.as_deref(), Some("T2"));
    assert!(found[1].probability < found[0].probability);
}

#[test]
fn a_mention_does_not_dispute_a_name() {
    let described = |value: &str, description: &str| Label {
        value: value.to_owned(),
        label: None,
        description: Some(description.to_owned()),
    };
    let targets = [
        described("standing", "SO, Dauerauftrag: a transfer that repeats"),
        described("single", "TRF, Überweisung: sent once"),
    ];
    let found = match_values(&[("Überweisung".to_owned(), 5)], &targets);
    assert_eq!(found[0].to.as_deref(), Some("single"));
    assert!(found[0].probability >= 0.9, "{found:?}");
    // Two labels that give the same name do dispute it.
    let twice = [
        described("a", "TRF: within the country"),
        described("b", "TRF: across a border"),
    ];
    assert_eq!(match_values(&[("TRF".to_owned(), 5)], &twice)[0].to, None);
}

#[test]
fn a_lone_code_letter_is_not_read_as_a_code() {
    assert_eq!(matched(&["S"], &["debit", "credit"]), some(&[""]));
}

#[test]
fn equals_are_certain_and_ties_are_not() {
    let found = match_values(&[("open".to_owned(), 1)], &labels(&["open", "Open"]));
    assert_eq!(found[0].to.as_deref(), Some("open"));
    assert!((found[0].probability - 1.0).abs() < 1e-9);
    let found = match_values(&[("ope".to_owned(), 1)], &labels(&["opera", "opening"]));
    assert_eq!(found[0].to, None, "{found:?}");
}

proptest! {
    #[test]
    fn any_values_give_probabilities(
        values in proptest::collection::vec((".{0,8}", 0_u64..100), 0..5),
        targets in proptest::collection::vec(".{0,8}", 0..4),
    ) {
        let targets: Vec<Label> = targets
            .iter()
            .map(|value| Label { value: value.clone(), label: None, description: None })
            .collect();
        let found = match_values(&values, &targets);
        prop_assert_eq!(found.len(), values.len());
        for (found, (value, rows)) in found.iter().zip(&values) {
            prop_assert!((0.0..=1.0).contains(&found.probability), "{:?}", found);
            prop_assert_eq!(&found.from, value);
            prop_assert_eq!(found.rows, *rows);
        }
    }
}
