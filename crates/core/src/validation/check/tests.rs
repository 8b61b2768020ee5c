use num::{compare, is_multiple_of};
use proptest::prelude::*;

use super::*;
use crate::error::Explain;
use crate::target::{Constraint, Constraint as C, Field, FieldType, Label};
use crate::validation::Spelling;

fn field(kind: FieldType, constraints: Vec<Constraint>) -> Field {
    Field {
        name: "f".to_owned(),
        kind,
        required: false,
        nullable: false,
        title: None,
        description: None,
        aliases: Vec::new(),
        default: None,
        constraints,
        sample: Vec::new(),
        values: Vec::new(),
    }
}

fn labels(values: &[&str]) -> Constraint {
    let label = |value: &&str| Label {
        value: (*value).to_owned(),
        label: None,
        description: None,
    };
    C::Enum(values.iter().map(label).collect())
}

fn broken(kind: FieldType, constraint: Constraint, text: &str) -> Vec<Broken> {
    let checks = compile(&field(kind, vec![constraint])).unwrap();
    let mut out = Vec::new();
    checks.check(&Spelling::of(kind).read(text).unwrap(), &mut out);
    out
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table of cases")]
fn every_check_both_ways() {
    use FieldType::{Boolean, Date, Decimal, Integer, String, Time, Timestamp};
    let t = |text: &str| text.to_owned();
    let table: Vec<(FieldType, Constraint, &[&str], &[&str])> = vec![
        (String, labels(&["b", "a"]), &["a", "b"], &["", "A", "ab"]),
        (Integer, labels(&["10", "9"]), &["9", "10"], &["1", "11"]),
        (Decimal, labels(&["2.50", "1"]), &["2.5", "1.00"], &["2.51"]),
        (Boolean, labels(&["true"]), &["true"], &["false"]),
        (
            Date,
            labels(&["2026-01-01"]),
            &["2026-01-01"],
            &["2026-01-02"],
        ),
        (Decimal, C::Minimum(t("0")), &["0", "0.00", "1"], &["-0.01"]),
        (
            Decimal,
            C::ExclusiveMinimum(t("0")),
            &["0.01"],
            &["0.00", "-1"],
        ),
        (Integer, C::Maximum(t("9.5")), &["9", "-10"], &["10"]),
        (Integer, C::ExclusiveMaximum(t("9")), &["8"], &["9"]),
        (
            Date,
            C::Minimum(t("2020-01-01")),
            &["2020-01-01"],
            &["2019-12-31"],
        ),
        (
            Time,
            C::ExclusiveMaximum(t("12:00:00")),
            &["11:59:59.9"],
            &["12:00:00"],
        ),
        (
            Timestamp,
            C::Maximum(t("2020-01-01T00:00:00Z")),
            &["2020-01-01T01:00:00+01:00", "2020-01-01T00:00:00"],
            &[
                "2020-01-01T00:00:00-01:00",
                "2020-01-01T00:00:00.000000001Z",
            ],
        ),
        (
            Decimal,
            C::MultipleOf(t("0.05")),
            &["0", "-0.10", "1", "1.050"],
            &["0.01", "0.051"],
        ),
        (Integer, C::MultipleOf(t("10")), &["20", "0"], &["25"]),
        (
            Decimal,
            C::Scale(2),
            &["1", "1.5", "1.990", "1.99"],
            &["1.999", "0.001"],
        ),
        (String, C::MinLength(2), &["ab", "äö"], &["", "ä"]),
        (
            String,
            C::MaxLength(2),
            &["", "äö", "\u{1f600}\u{1f600}"],
            &["abc"],
        ),
        (String, C::Pattern(t("b+$")), &["abb"], &["bba"]),
        (
            String,
            C::Format(t("email")),
            &["a@example.org"],
            &["a@", ""],
        ),
        (
            String,
            C::Format(t("uri")),
            &["https://example.org/a"],
            &["example.org"],
        ),
        (
            String,
            C::Format(t("uuid")),
            &["123e4567-e89b-12d3-a456-426614174000"],
            &["123"],
        ),
        (
            String,
            C::Format(t("iban")),
            &["DE89370400440532013000"],
            &["DE88370400440532013000"],
        ),
        (String, C::Format(t("bic")), &["DEUTDEFF"], &["DEUT"]),
    ];
    for (kind, constraint, good, bad) in table {
        for text in good {
            let found = broken(kind, constraint.clone(), text);
            assert_eq!(found, [], "{constraint:?} {text}");
        }
        for text in bad {
            let found = broken(kind, constraint.clone(), text);
            assert_eq!(found.len(), 1, "{constraint:?} {text}");
        }
    }
}

#[test]
fn messages_say_what_and_what_to_do() {
    use FieldType::{Decimal, String};
    let t = |text: &str| text.to_owned();
    let many = ["EUR", "USD", "GBP", "CHF", "JPY", "SEK", "NOK"];
    let cases = [
        (String, labels(&["D", "C"]), "X"),
        (String, labels(&many), "EURO"),
        (String, labels(&many), "pounds"),
        (Decimal, C::Minimum(t("0")), "-1"),
        (Decimal, C::ExclusiveMinimum(t("0")), "0"),
        (Decimal, C::Maximum(t("9.5")), "10"),
        (Decimal, C::ExclusiveMaximum(t("9")), "9"),
        (Decimal, C::MultipleOf(t("0.05")), "0.01"),
        (Decimal, C::Scale(2), "1.9990"),
        (String, C::MinLength(2), "ä"),
        (String, C::MaxLength(2), "äöü"),
        (String, C::Pattern(t("^a")), "b"),
        (String, C::Format(t("iban")), "b"),
    ];
    let told = cases.into_iter().flat_map(|(kind, constraint, text)| {
        broken(kind, constraint, text)
            .into_iter()
            .map(|broken| format!("{}: {} | {}", broken.rule, broken.message, broken.hint))
    });
    insta::assert_snapshot!(told.collect::<Vec<_>>().join("\n"), @r#"
    enum: not one of `D`, `C` | add it to the rule's `value_map`, or to the values of the target
    enum: not one of the 7 values of the target; nearest: `EUR` | add it to the rule's `value_map`, or to the values of the target
    enum: not one of the 7 values of the target | add it to the rule's `value_map`, or to the values of the target
    minimum: below the minimum 0 | correct the value in the source, or change the constraint in the target
    exclusive_minimum: not above 0 | correct the value in the source, or change the constraint in the target
    maximum: above the maximum 9.5 | correct the value in the source, or change the constraint in the target
    exclusive_maximum: not below 9 | correct the value in the source, or change the constraint in the target
    multiple_of: not a multiple of 0.05 | correct the value in the source, or change the constraint in the target
    scale: digits behind the mark: 3, but at most 2 | correct the value, or allow more digits in the target; nothing is rounded
    min_length: the length is 1, but must be at least 2 | correct the value in the source, or change the constraint in the target
    max_length: the length is 3, but must be at most 2 | correct the value in the source, or change the constraint in the target
    pattern: does not match `^a` | correct the value in the source, or change the constraint in the target
    format: not an IBAN with right check digits | correct the value in the source, or change the constraint in the target
    "#);
}

#[test]
fn a_null_breaks_required_only() {
    let check = |required, nullable| {
        let constraints = vec![C::MinLength(1), labels(&["a"])];
        let field = Field {
            required,
            nullable,
            ..field(FieldType::String, constraints)
        };
        let mut out = Vec::new();
        compile(&field).unwrap().check(&Cell::Null, &mut out);
        out.iter().map(|broken| broken.rule).collect::<Vec<_>>()
    };
    assert_eq!(check(true, false), ["required"]);
    assert!(check(true, true).is_empty());
    assert!(check(false, false).is_empty());
}

#[test]
fn all_broken_constraints_are_told_in_their_order() {
    let constraints = vec![
        C::MaxLength(1),
        C::Unique,
        labels(&["a"]),
        C::Pattern("^a".to_owned()),
        C::MinLength(1),
    ];
    let checks = compile(&field(FieldType::String, constraints)).unwrap();
    assert!(checks.unique());
    let mut out = Vec::new();
    checks.check(&Cell::Text("bb"), &mut out);
    let rules: Vec<&str> = out.iter().map(|broken| broken.rule).collect();
    assert_eq!(rules, ["max_length", "enum", "pattern"]);
}

#[test]
fn a_value_of_another_type_is_never_let_through() {
    let constraints = [
        (FieldType::String, C::MinLength(0)),
        (FieldType::String, C::MaxLength(9)),
        (FieldType::String, labels(&["1"])),
        (FieldType::Integer, labels(&["1"])),
        (FieldType::Decimal, C::Minimum("0".to_owned())),
        (FieldType::Decimal, C::MultipleOf("1".to_owned())),
        (FieldType::Decimal, C::Scale(2)),
    ];
    for (kind, constraint) in constraints {
        let checks = compile(&field(kind, vec![constraint.clone()])).unwrap();
        let mut out = Vec::new();
        checks.check(&Cell::Boolean(true), &mut out);
        assert_eq!(out.len(), 1, "{constraint:?}");
    }
}

#[test]
fn constraints_that_cannot_be_checked() {
    use FieldType::{Boolean, Date, Decimal, Integer, String};
    let t = |text: &str| text.to_owned();
    let cases = [
        (String, C::Minimum(t("0"))),
        (Boolean, C::Maximum(t("1"))),
        (Integer, C::MinLength(1)),
        (Date, C::Pattern(t("a"))),
        (String, C::Scale(2)),
        (Decimal, C::Minimum(t("1,5"))),
        (Date, C::Minimum(t("01.01.2020"))),
        (Integer, C::MultipleOf(t("0"))),
        (Decimal, labels(&["1", "x"])),
        (String, labels(&[])),
        (String, C::Pattern(t("(?=a)"))),
        (String, C::Format(t("hostname"))),
    ];
    let told = cases.into_iter().map(|(kind, constraint)| {
        let error = compile(&field(kind, vec![constraint])).unwrap_err();
        format!("{error} | {}", error.hint().unwrap())
    });
    insta::assert_snapshot!(told.collect::<Vec<_>>().join("\n"), @r#"
    field `f`: `minimum` does not apply to a field of type string | remove the constraint, or change the type
    field `f`: `maximum` does not apply to a field of type boolean | remove the constraint, or change the type
    field `f`: `min_length` does not apply to a field of type integer | remove the constraint, or change the type
    field `f`: `pattern` does not apply to a field of type date | remove the constraint, or change the type
    field `f`: `scale` does not apply to a field of type string | remove the constraint, or change the type
    field `f`: `1,5` in `minimum` is not a number such as -12.50 | write a number such as -12.50
    field `f`: `01.01.2020` in `minimum` is not a date such as 2026-11-24 | write a date such as 2026-11-24
    field `f`: `0` in `multiple_of` is not a number above 0 | write a number above 0
    field `f`: `x` in `enum` is not a number such as -12.50 | write a number such as -12.50
    field `f`: `enum` lists no value | list the allowed values, or remove it
    field `f`: the pattern cannot be used | write it without look-around and back references, or remove it
    field `f`: the format `hostname` is not known | the known formats are email, uri, uuid, iban, bic
    "#);
}

/// Arithmetic on the digits as text, the other way to the same answers.
mod num {
    use std::cmp::Ordering;

    /// Sign and digits of a decimal text at 40 digits behind the mark.
    fn aligned(text: &str) -> (bool, Vec<u8>) {
        let (negative, text) = match text.strip_prefix('-') {
            Some(text) => (true, text),
            None => (false, text),
        };
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = format!("{whole:0>40}{fraction:0<40}");
        (negative, digits.bytes().map(|byte| byte - b'0').collect())
    }

    pub(super) fn compare(left: &str, right: &str) -> Ordering {
        let ((left_negative, left), (right_negative, right)) = (aligned(left), aligned(right));
        let zero = |digits: &[u8]| digits.iter().all(|digit| *digit == 0);
        match (
            left_negative && !zero(&left),
            right_negative && !zero(&right),
        ) {
            (false, false) => left.cmp(&right),
            (true, true) => right.cmp(&left),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }

    /// Long division by a step of at most 12 digits, at its scale of 40.
    pub(super) fn is_multiple_of(text: &str, step: u64, scale: usize) -> bool {
        let (_, digits) = aligned(text);
        let (front, behind) = digits.split_at(40 + scale);
        let rest = front
            .iter()
            .fold(0, |rest, digit| (rest * 10 + u64::from(*digit)) % step);
        rest == 0 && behind.iter().all(|digit| *digit == 0)
    }
}

proptest! {
    #[test]
    fn bounds_compare_like_exact_arithmetic(
        value in "-?(0|[1-9][0-9]{0,18})(\\.[0-9]{1,19})?",
        bound in "-?(0|[1-9][0-9]{0,18})(\\.[0-9]{1,19})?",
        same in any::<bool>(),
    ) {
        let bound = if same { format!("{value}{}", if value.contains('.') { "" } else { ".0" }) } else { bound };
        let order = compare(&value, &bound);
        let is_broken = |constraint| !broken(FieldType::Decimal, constraint, &value).is_empty();
        prop_assert_eq!(is_broken(C::Minimum(bound.clone())), order.is_lt());
        prop_assert_eq!(is_broken(C::ExclusiveMinimum(bound.clone())), order.is_le());
        prop_assert_eq!(is_broken(C::Maximum(bound.clone())), order.is_gt());
        prop_assert_eq!(is_broken(C::ExclusiveMaximum(bound)), order.is_ge());
    }

    #[test]
    fn multiples_are_those_of_exact_arithmetic(
        value in "-?(0|[1-9][0-9]{0,18})(\\.[0-9]{1,6})?",
        step in 1..30_000_u64,
        scale in 0..6_usize,
    ) {
        let text = Decimal::new(i128::from(step), u32::try_from(scale).unwrap()).unwrap().to_string();
        let held = broken(FieldType::Decimal, C::MultipleOf(text), &value).is_empty();
        prop_assert_eq!(held, is_multiple_of(&value, step, scale));
    }

    #[test]
    fn products_are_multiples(factor in -1_000_000_000_000_000_i64..1_000_000_000_000_000, step in 1..1_000_000_000_000_000_i64, scale in 0..38_u32) {
        let step = Decimal::new(i128::from(step), scale).unwrap();
        let product = Decimal::new(step.digits() * i128::from(factor), scale).unwrap();
        prop_assert!(is_multiple(product, step));
        prop_assert!(is_multiple(product.normalise(), step.normalise()));
    }
}
