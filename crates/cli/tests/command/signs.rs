//! Statements whose amounts say their sign by a word.

use crate::harness::{Place, column};

const TARGET: &str = r#"{"title": "booking", "type": "object", "required": ["booked", "amount"], "properties": {
    "booked": {"type": "string", "format": "date"},
    "amount": {"type": "number", "multipleOf": 0.01},
    "balance": {"type": "number", "multipleOf": 0.01}}}"#;

const STATEMENT: &str = "\
Booked,Narration,Amount,Balance
2026-03-01,OPENING TRANSFER,\"5,000.00 CR\",\"5,000.00 CR\"
2026-03-02,CARD 4401 GROCERY,182.40 DR,\"4,817.60 CR\"
2026-03-04,RENT MARCH,\"4,900.00 DR\",82.40 DR
2026-03-05,CASH DEPOSIT,100.00 CR,17.60 CR
2026-03-09,NEFT SALARY,\"2,750.00 CR\",\"2,767.60 CR\"
";

#[test]
fn a_word_behind_the_amount_is_its_sign() {
    let place = Place::new();
    place.write("target.json", TARGET);
    place.write("statement.csv", STATEMENT);
    let line = "map statement.csv --to target.json --accept 0.5";
    place.run(line).ends(0);
    let good = place.table("statement.good.csv");
    assert_eq!(
        column(&good, "amount"),
        ["5000.00", "-182.40", "-4900.00", "100.00", "2750.00"]
    );
    assert_eq!(
        column(&good, "balance"),
        ["5000.00", "4817.60", "-82.40", "17.60", "2767.60"]
    );
    let mapping = place.text("statement.mapping.yaml");
    let step = r#"- signs: {negative: ["DR"], positive: ["CR"]}"#;
    assert!(mapping.contains(step), "{mapping}");

    // The next file has an amount that says its sign twice, and one that does not say it.
    let next = STATEMENT.replace("182.40 DR", "-182.40 DR");
    place.write("next.csv", next.replace(",100.00 CR", ",100.00"));
    let ran = place.run("run --mapping statement.mapping.yaml next.csv");
    let ran = ran.ends(3);
    assert!(ran.out.contains("two_signs"), "{}", ran.out);
    assert!(ran.out.contains("no_sign"), "{}", ran.out);
    assert_eq!(place.table("next.good.csv").len(), 4);

    // Whoever knows what such amounts are says so.
    let told = mapping.replace(
        r#"positive: ["CR"]}"#,
        r#"positive: ["CR"], bare: "minus"}"#,
    );
    place.write("told.mapping.yaml", told);
    place.write("card.csv", STATEMENT.replace(" DR", ""));
    place
        .run("run --mapping told.mapping.yaml card.csv")
        .ends(0);
    let good = place.table("card.good.csv");
    assert_eq!(
        column(&good, "amount"),
        ["5000.00", "-182.40", "-4900.00", "100.00", "2750.00"]
    );
}

#[test]
fn a_letter_behind_the_amount_is_its_sign_where_both_are_there() {
    const GERMAN: &str = "\
Buchungstag;Verwendungszweck;Betrag;Saldo
01.03.2026;UEBERTRAG;5.000,00 H;5.000,00 H
02.03.2026;KARTE 4401;182,40 S;4.817,60 H
04.03.2026;MIETE;4.900,00S;82,40 S
05.03.2026;EINZAHLUNG;100,00 H;17,60 H
09.03.2026;GEHALT;2.750,00 H;2.767,60 H
";
    let place = Place::new();
    place.write("target.json", TARGET);
    place.write("auszug.csv", GERMAN);
    let line = "map auszug.csv --to target.json --accept 0.5";
    place.run(line).ends(0);
    let good = place.table("auszug.good.csv");
    assert_eq!(
        column(&good, "amount"),
        ["5000.00", "-182.40", "-4900.00", "100.00", "2750.00"]
    );
    let mapping = place.text("auszug.mapping.yaml");
    let step = r#"- signs: {negative: ["S"], positive: ["H"]}"#;
    assert!(mapping.contains(step), "{mapping}");

    // One letter alone may be anything.
    place.write("nur.csv", GERMAN.replace(['S', 'H'], "C"));
    place
        .run("map nur.csv --to target.json --accept 0.7")
        .ends(4);
    let report = place.text("nur.report.json");
    assert!(report.contains("C stands behind numbers"), "{report}");
}
