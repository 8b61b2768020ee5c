//! Compiling and running: a case per step, per error, and the properties of whole runs.

use proptest::prelude::*;

use super::testing::{
    batch, columns, date, decimal, field, mapped, mapping, rows, rule, statement, with,
};
use super::{CompileError, Outcome, Plan, UniqueStage, compile, in_order};
use crate::error::Explain;
use crate::mapping::{Mapping, OnError, OnUnseen, Rule, RuleState, Step};
use crate::target::{Constraint, Field, FieldType};
use crate::validation::Reason;

/// Runs one rule over one row; the value, or the rules that it broke.
fn one(field: &Field, rule: &Rule, header: &str, row: &str) -> Result<String, Vec<String>> {
    let mapping = mapping(vec![field.clone()], vec![rule.clone()]);
    let plan = compile(&mapping, &columns(header), 0.9).unwrap();
    let outcome = plan.run(&batch(&rows(row), 0, 0));
    match outcome.rejects.first() {
        None => {
            let cell = outcome.columns[0].cell(0);
            let null = cell == crate::validation::Cell::Null;
            Ok(if null {
                "~".to_owned()
            } else {
                cell.to_string()
            })
        }
        Some(reject) => Err(reject
            .reasons
            .iter()
            .map(|reason| reason.rule.clone())
            .collect()),
    }
}

fn fails(rules: &[&str]) -> Result<String, Vec<String>> {
    Err(rules.iter().map(|&rule| rule.to_owned()).collect())
}

fn gives(text: &str) -> Result<String, Vec<String>> {
    Ok(text.to_owned())
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn every_step_from_cell_to_field() {
    use FieldType::{Boolean, Date, Decimal, Integer, String, Timestamp};
    let texts = |texts: &[&str]| {
        texts
            .iter()
            .map(|&text| text.to_owned())
            .collect::<Vec<_>>()
    };
    let split = Step::Split {
        separator: "/".to_owned(),
        part: -1,
    };
    let regex = Step::RegexExtract {
        pattern: "[A-Z]{3}".to_owned(),
        group: 0,
    };
    let upper = Step::Case(crate::mapping::Case::Upper);
    let yes = Step::Boolean {
        r#true: texts(&["1"]),
        r#false: texts(&["0"]),
    };
    let at = Step::Timestamp {
        formats: texts(&["%Y-%m-%d %H:%M:%S"]),
    };
    let integer = Step::Integer {
        thousands_mark: std::string::String::new(),
    };
    let cases = [
        (String, vec![], " a ", gives(" a ")),
        (String, vec![], "", gives("")),
        (String, vec![], "~", gives("~")),
        (String, vec![Step::Trim], " a ", gives("a")),
        (String, vec![upper, Step::Trim], " é ", gives("É")),
        (String, vec![split.clone()], "a/b", gives("b")),
        (
            String,
            vec![split, regex.clone()],
            "ABC/x EUR",
            gives("EUR"),
        ),
        (String, vec![regex.clone()], "eur", fails(&["no_match"])),
        (String, vec![regex], "~", gives("~")),
        (
            String,
            vec![Step::NullIf(texts(&["", "x"]))],
            "",
            gives("~"),
        ),
        (
            String,
            vec![date("%d.%m.%Y")],
            "24.11.2026",
            gives("2026-11-24"),
        ),
        (
            String,
            vec![decimal(",", ".")],
            "1.000,50",
            gives("1000.50"),
        ),
        (String, vec![decimal(",", ".")], "", gives("~")),
        (Integer, vec![], "12", gives("12")),
        (Integer, vec![], "", gives("~")),
        (Integer, vec![], "12.0", fails(&["not_an_integer"])),
        (Integer, vec![integer.clone()], "+012", gives("12")),
        (Integer, vec![decimal(".", "")], "12.00", gives("12")),
        (
            Integer,
            vec![decimal(".", "")],
            "12.50",
            fails(&["not_an_integer"]),
        ),
        (Decimal, vec![integer], "12", gives("12")),
        (
            Decimal,
            vec![decimal(".", ",")],
            "1,234.50",
            gives("1234.50"),
        ),
        (
            Decimal,
            vec![decimal(".", ",")],
            "12,34.50",
            fails(&["not_a_number"]),
        ),
        (Decimal, vec![decimal(".", "")], "~", gives("~")),
        (Boolean, vec![yes.clone()], "1", gives("true")),
        (Boolean, vec![yes], "yes", fails(&["not_a_boolean"])),
        (
            Date,
            vec![date("%d.%m.%Y")],
            "24.11.2026",
            gives("2026-11-24"),
        ),
        (
            Date,
            vec![date("%d.%m.%Y")],
            "31.02.2026",
            fails(&["impossible_date"]),
        ),
        (
            Date,
            vec![date("%d.%m.%Y")],
            "11/24/2026",
            fails(&["not_a_date"]),
        ),
        (
            Timestamp,
            vec![at.clone()],
            "2026-11-24 10:30:00",
            gives("2026-11-24T10:30:00"),
        ),
        (
            Timestamp,
            vec![at],
            "2026-11-24",
            fails(&["not_a_timestamp"]),
        ),
    ];
    for (kind, steps, cell, expected) in cases {
        let rule = rule("f", &["a"], &steps);
        assert_eq!(
            one(&field("f", kind), &rule, "a;b", &format!("{cell};y")),
            expected,
            "{steps:?}"
        );
    }
}

#[test]
fn several_sources_are_joined_or_the_first_is_taken() {
    let concat = rule(
        "f",
        &["a", "b", "c"],
        &[Step::Concat {
            separator: ", ".to_owned(),
        }],
    );
    let coalesce = rule("f", &["a", "b", "c"], &[Step::Coalesce, Step::Trim]);
    for (row, joined, first) in [
        ("x;y;z", "x, y, z", "x"),
        ("~;;z", "z", "z"),
        ("x;~;", "x", "x"),
        ("~;~;~", "~", "~"),
        ("~;;~", "", ""),
        ("; y ;z", " y , z", "y"),
    ] {
        let text = field("f", FieldType::String);
        assert_eq!(one(&text, &concat, "a;b;c", row), gives(joined), "{row}");
        assert_eq!(one(&text, &coalesce, "a;b;c", row), gives(first), "{row}");
    }
}

#[test]
fn sign_and_debit() {
    let sign = Step::Sign {
        column: "b".to_owned(),
        negative: vec!["S".to_owned()],
        positive: vec!["H".to_owned()],
    };
    let debit = Step::MinusDebit {
        column: "b".to_owned(),
    };
    let sign = rule("f", &["a", "b"], &[Step::Trim, decimal(",", "."), sign]);
    let debit = rule("f", &["b", "a"], &[Step::Trim, decimal(",", "."), debit]);
    let amount = with(field("f", FieldType::Decimal), &[Constraint::Scale(2)]);
    for (rule, row, expected) in [
        (&sign, "12,5;S", gives("-12.50")),
        (&sign, "12,5;H", gives("12.50")),
        (&sign, "~;S", gives("~")),
        (&sign, ";~", gives("~")),
        (&sign, "12,5;~", fails(&["bad_sign_flag"])),
        (&sign, "-12,5;S", fails(&["bad_sign_flag"])),
        (&sign, "12.5;S", fails(&["not_a_number"])),
        (&debit, "5;~", gives("5.00")),
        (&debit, "~; 5,50 ", gives("-5.50")),
        (&debit, ";", gives("~")),
        (&debit, "5;5", fails(&["debit_and_credit"])),
        (&debit, "5;x", fails(&["not_a_number"])),
    ] {
        assert_eq!(one(&amount, rule, "a;b", row), expected, "{row}");
    }
    // The text of the column that is to blame is the one that is shown.
    let mapping = mapping(vec![amount], vec![debit]);
    let plan = compile(&mapping, &columns("a;b"), 0.9).unwrap();
    let outcome = plan.run(&batch(&rows("5;x"), 0, 0));
    assert_eq!(outcome.rejects[0].reasons[0].value, "x");
}

#[test]
fn decimals_are_never_rounded() {
    let amount = with(field("f", FieldType::Decimal), &[Constraint::Scale(2)]);
    let rule = rule("f", &["a"], &[decimal(".", "")]);
    for (text, expected) in [
        ("1.999", fails(&["scale"])),
        ("1.990", gives("1.99")),
        ("1.9", gives("1.90")),
        ("2", gives("2.00")),
        (
            "99999999999999999999999999999999999999",
            fails(&["too_many_digits"]),
        ),
        (
            "999999999999999999999999999999999999",
            gives("999999999999999999999999999999999999.00"),
        ),
    ] {
        assert_eq!(one(&amount, &rule, "a", text), expected, "{text}");
    }
    let free = field("f", FieldType::Decimal);
    assert_eq!(one(&free, &rule, "a", "1.9990"), gives("1.9990"));
}

#[test]
fn value_maps_map_only_what_holds() {
    let mut kind = rule("f", &["a"], &[Step::Trim]);
    kind.value_map = mapped(&[("S", Some("debit")), ("H", Some("credit")), ("-", None)]);
    kind.value_map[1].state = RuleState::Proposed;
    kind.value_map[1].confidence = 0.5;
    let text = field("f", FieldType::String);
    for (cell, expected) in [
        (" S ", gives("debit")),
        ("-", gives("~")),
        ("~", gives("~")),
        ("", gives("~")),
        ("H", fails(&["unseen_value"])),
        ("s", fails(&["unseen_value"])),
    ] {
        assert_eq!(one(&text, &kind, "a", cell), expected, "{cell}");
    }
    kind.on_unseen = OnUnseen::Value("other".to_owned());
    assert_eq!(one(&text, &kind, "a", "H"), gives("other"));
    // An unseen value is not a refusal of a step.
    kind.on_unseen = OnUnseen::Reject;
    kind.on_error = OnError::Null;
    assert_eq!(one(&text, &kind, "a", "H"), fails(&["unseen_value"]));
    kind.value_map[0].state = RuleState::Rejected;
    kind.value_map[2].state = RuleState::Ignored;
    kind.value_map[2].to = Some("x".to_owned());
    assert_eq!(one(&text, &kind, "a", "S"), fails(&["unseen_value"]));
    assert_eq!(one(&text, &kind, "a", "-"), gives("~"));
}

#[test]
fn a_refused_value_is_null_where_the_rule_says_so_and_required_still_holds() {
    let mut rule = rule("f", &["a"], &[date("%d.%m.%Y")]);
    rule.on_error = OnError::Null;
    let mut day = field("f", FieldType::Date);
    assert_eq!(one(&day, &rule, "a", "x"), gives("~"));
    day.required = true;
    assert_eq!(one(&day, &rule, "a", "x"), fails(&["required"]));
    assert_eq!(one(&day, &rule, "a", "~"), fails(&["required"]));
}

#[test]
fn rows_without_a_value_take_the_default() {
    let mut count = field("f", FieldType::Integer);
    count.default = Some("0".to_owned());
    count.required = true;
    let whole = Step::Integer {
        thousands_mark: String::new(),
    };
    let mut rule = rule("f", &["a"], &[whole]);
    assert_eq!(one(&count, &rule, "a", "7"), gives("7"));
    assert_eq!(one(&count, &rule, "a", "~"), gives("0"));
    assert_eq!(one(&count, &rule, "a", "x"), fails(&["not_an_integer"]));
    rule.on_error = OnError::Null;
    assert_eq!(one(&count, &rule, "a", "x"), gives("0"));
    // The zone of a column is not that of its formats alone.
    let mut at = field("f", FieldType::Timestamp);
    at.default = Some("2026-01-01T00:00:00Z".to_owned());
    let local = Step::Timestamp {
        formats: vec!["%Y-%m-%d %H:%M".to_owned()],
    };
    let rule = super::testing::rule("f", &["a"], &[local]);
    assert_eq!(one(&at, &rule, "a", "~"), gives("2026-01-01T00:00:00Z"));
}

#[test]
fn only_decided_rules_run() {
    let mut text = field("f", FieldType::String);
    text.default = Some("none".to_owned());
    let mut rule = rule("f", &["a"], &[]);
    rule.confidence = 0.8;
    for (state, expected) in [
        (RuleState::Accepted, "x"),
        (RuleState::Edited, "x"),
        (RuleState::Proposed, "~"),
        (RuleState::Rejected, "~"),
        (RuleState::Ignored, "none"),
        (RuleState::Absent, "none"),
    ] {
        rule.state = state;
        assert_eq!(one(&text, &rule, "a", "x"), gives(expected), "{state:?}");
    }
    rule.state = RuleState::Proposed;
    rule.confidence = 0.9;
    assert_eq!(one(&text, &rule, "a", "x"), gives("x"));
    // A rule that takes its value from nowhere, and a field without a rule, are null.
    rule.sources.clear();
    assert_eq!(one(&text, &rule, "a", "x"), gives("~"));
    let plan = compile(&mapping(vec![text], vec![]), &columns("a"), 0.9).unwrap();
    assert_eq!(
        plan.run(&batch(&rows("x"), 0, 0)).columns[0]
            .cell(0)
            .to_string(),
        ""
    );
}

fn compile_error(kind: FieldType, rule: Rule) -> String {
    let mut with_default = field("f", kind);
    with_default.default = Some("x".to_owned());
    let error = compile(
        &mapping(vec![with_default], vec![rule]),
        &columns("amount;b;c"),
        0.9,
    );
    let error = error.unwrap_err();
    format!("{error} | {}", error.hint().unwrap_or_default())
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn a_mapping_that_cannot_run_says_why() {
    use FieldType::{Date, Decimal, Integer, String, Timestamp};
    let text = |text: &str| text.to_owned();
    let of = |steps: &[Step]| rule("f", &["amount"], steps);
    let sign = |column: &str| Step::Sign {
        column: text(column),
        negative: vec![text("S")],
        positive: vec![text("S")],
    };
    let regex = |pattern: &str, group| Step::RegexExtract {
        pattern: text(pattern),
        group,
    };
    let mut twice = of(&[]);
    twice.value_map = mapped(&[("a", Some("1")), ("a", Some("2"))]);
    let mut wrong = of(&[]);
    wrong.value_map = mapped(&[("a", Some("one"))]);
    let mut typed = of(&[decimal(",", "")]);
    typed.value_map = mapped(&[("a", Some("1"))]);
    let mut absent = of(&[]);
    absent.state = RuleState::Absent;
    let errors = [
        compile_error(String, rule("g", &["amount"], &[])),
        compile_error(String, rule("f", &["Amuont", "zzz"], &[Step::Coalesce])),
        compile_error(String, rule("f", &["amount", "b"], &[])),
        compile_error(String, rule("f", &["amount"], &[Step::Constant(text("x"))])),
        compile_error(Date, rule("f", &[], &[Step::Constant(text("soon"))])),
        compile_error(Date, absent),
        compile_error(String, of(&[Step::Trim, Step::Coalesce])),
        compile_error(String, of(&[decimal(",", ""), Step::Trim])),
        compile_error(String, of(&[date("%Y-%m-%d"), date("%Y-%m-%d")])),
        compile_error(Decimal, of(&[Step::MinusDebit { column: text("b") }])),
        compile_error(
            Decimal,
            of(&[decimal(",", ""), Step::MinusDebit { column: text("b") }]),
        ),
        compile_error(
            Decimal,
            rule("f", &["amount", "b"], &[decimal(",", ""), sign("b")]),
        ),
        compile_error(Date, of(&[decimal(",", "")])),
        compile_error(Timestamp, of(&[date("%Y-%m-%d")])),
        compile_error(Date, of(&[date("%Q")])),
        compile_error(Date, of(&[Step::Date { formats: vec![] }])),
        compile_error(String, of(&[regex("(", 0)])),
        compile_error(String, of(&[regex("a", 1)])),
        compile_error(
            String,
            of(&[Step::Split {
                separator: text(""),
                part: 1,
            }]),
        ),
        compile_error(
            String,
            of(&[Step::Split {
                separator: text("/"),
                part: 0,
            }]),
        ),
        compile_error(Decimal, of(&[decimal(".", ".")])),
        compile_error(
            Integer,
            of(&[Step::Integer {
                thousands_mark: text("x"),
            }]),
        ),
        compile_error(Integer, twice),
        compile_error(Integer, wrong),
        compile_error(Decimal, typed),
    ];
    insta::assert_snapshot!(errors.join("\n"), @r#"
rule for `g`: the target has no such field | remove the rule, or add the field to the target
the source lacks the column `Amuont` (for `f`), the column `zzz` (for `f`) | `Amuont` may be `amount`; name it in the rule's `sources`
rule for `f`: it has several sources and no step that joins them | name one source, or let the first step be `concat` or `coalesce`
rule for `f`: a constant takes no source | correct the rule's `sources`
rule for `f`: constant `soon` cannot be the field's value: not a date such as 2026-11-24 | write it in the target's spelling
rule for `f`: default `x` cannot be the field's value: not a date such as 2026-11-24 | write it in the target's spelling
rule for `f`, step 2: `coalesce` can only be the first step | docs/mapping.md says what each step takes and where it may stand
rule for `f`, step 2: `trim` takes a text, and the steps before it give none | docs/mapping.md says what each step takes and where it may stand
rule for `f`, step 2: `date` takes a text, and the steps before it give none | docs/mapping.md says what each step takes and where it may stand
rule for `f`: the column `b` of step 1 is not among its sources | correct the rule's `sources`
rule for `f`: the column `b` of step 2 is not among its sources | correct the rule's `sources`
rule for `f`, step 2: the flag `S` is both negative and positive | docs/mapping.md says what each step takes and where it may stand
rule for `f`: its steps give decimal, and the field is date | use the step of the field's type, or none
rule for `f`: its steps give date, and the field is timestamp | use the step of the field's type, or none
rule for `f`: the date format `%Q` cannot be used | known are %Y %y %m %-m %b %B %d %-d %e %H %-H %I %-I %p %M %S %f %z %%
rule for `f`, step 1: it has no format | docs/mapping.md says what each step takes and where it may stand
rule for `f`: the pattern `(` cannot be used | write it in the syntax of the Rust crate `regex`, without look-around
rule for `f`, step 1: the pattern has 0 groups, not 1 | docs/mapping.md says what each step takes and where it may stand
rule for `f`, step 1: the separator is empty | docs/mapping.md says what each step takes and where it may stand
rule for `f`, step 1: parts are counted from 1, or from the end with -1 | docs/mapping.md says what each step takes and where it may stand
rule for `f`, step 1: `.` and `.` are no marks of a number | docs/mapping.md says what each step takes and where it may stand
rule for `f`, step 1: `x` is no thousands mark | docs/mapping.md says what each step takes and where it may stand
rule for `f`: the value map has `a` twice | keep one of the two entries
rule for `f`: value map `one` cannot be the field's value: it is not a whole number such as -12 | write it in the target's spelling
rule for `f`: its value map takes a text, and its steps give none | drop the typed step, and let the map's values have the target's spelling
"#);
}

#[test]
fn two_rules_for_one_field_are_refused() {
    let rules = vec![rule("f", &["a"], &[]), rule("f", &["b"], &[])];
    let error = compile(
        &mapping(vec![field("f", FieldType::String)], rules),
        &columns("a;b"),
        0.9,
    );
    assert!(matches!(error, Err(CompileError::TwoRules(name)) if name == "f"));
}

/// Runs the rows in batches of these sizes (the last one takes the rest).
fn run_split(
    mapping: &Mapping,
    header: &[String],
    all: &[Vec<String>],
    sizes: &[usize],
) -> Vec<Outcome> {
    let plan = compile(mapping, header, 0.9).unwrap();
    let mut stage = UniqueStage::new(&plan);
    let mut outcomes = Vec::new();
    let mut batches = Vec::new();
    let (mut rest, mut first) = (all, 0);
    for size in sizes.iter().copied().chain([usize::MAX]) {
        let (now, later) = rest.split_at(size.min(rest.len()));
        batches.push(batch(now, first, 0));
        first += now.len() as u64;
        rest = later;
    }
    let sink = |outcome| {
        outcomes.push(stage.apply(outcome)?);
        Ok::<(), crate::validation::UniqueError>(())
    };
    in_order(batches.iter(), 2, 3, |batch| Plan::run(&plan, batch), sink).unwrap();
    outcomes
}

#[test]
fn a_row_is_rejected_once_with_all_its_reasons() {
    let (mapping, header, rows) = statement();
    let outcomes = run_split(&mapping, &header, &rows, &[]);
    let good: Vec<u64> = outcomes[0].places.iter().map(|place| place.row).collect();
    assert_eq!(good, [1, 2, 6]);
    let line = |reason: &Reason| {
        let Reason {
            field,
            rule,
            value,
            message,
            hint,
        } = reason;
        format!("  {field} {rule} `{value}`: {message} ({hint})")
    };
    let rejects = outcomes[0].rejects.iter().map(|reject| {
        let reasons: Vec<String> = reject.reasons.iter().map(line).collect();
        format!(
            "{}:{} {}\n{}",
            reject.line,
            reject.row,
            reject.raw,
            reasons.join("\n")
        )
    });
    insta::assert_snapshot!(rejects.collect::<Vec<_>>().join("\n"), @r#"
4:3 3;31.02.2026;1,999;X;XYZ;Bert;;;jein;1,5;gestern
  booked impossible_date `31.02.2026`: no such day or time exists (correct the day or the time in the source)
  amount bad_sign_flag `X`: the flag in `S/H` is not one of `S`, `H` (correct the flag, or add it to the rule's `sign` step)
  kind unseen_value `XYZ`: not in the value map (add it to `value_map` of `kind`, or say `on_unseen` there)
  settled not_a_boolean `jein`: not one of the spellings of true and false (correct the value, or add its spelling to the rule's `boolean` step)
  count not_an_integer `1,5`: not a whole number (correct the value, or read it with a `decimal` step if it has a fraction)
  at not_a_timestamp `gestern`: does not have the form %d.%m.%Y %H:%M:%S or %Y-%m-%dT%H:%M:%S%z (correct the value, or add its format to the rule)
5:4 1;26.11.2026;7,00;H;UEB;Doppelt;~;~;~;~;~
  id unique `1`: the same value stands in line 2 (correct the value, or remove the row if it is a copy)
6:5 4;~;7,005;H;-;;~;~;~;~;~
  booked required ``: a value is required (add the value to the source, or a `default` to the target)
  amount scale `7,005`: digits behind the mark: 3, but at most 2 (correct the value, or allow more digits in the target; nothing is rounded)
"#);
}

#[test]
fn the_first_of_equal_values_stays_and_rejected_rows_leave_no_trace() {
    let unique = |name, kind| with(field(name, kind), &[Constraint::Unique]);
    let fields = vec![
        unique("id", FieldType::String),
        unique("n", FieldType::Decimal),
    ];
    let rules = vec![
        rule("id", &["a"], &[]),
        rule("n", &["b"], &[decimal(".", "")]),
    ];
    let mapping = mapping(fields, rules);
    let rows = rows("x;1\ny;2.0\nx;3\nz;3\n~;~\n~;~\nu;2.00\nx;1\nbad;w\nbad;4");
    let outcomes = run_split(&mapping, &columns("a;b"), &rows, &[3, 2]);
    let good = outcomes
        .iter()
        .flat_map(|outcome| &outcome.places)
        .map(|place| place.row);
    assert_eq!(good.collect::<Vec<_>>(), [1, 2, 4, 5, 6, 10]);
    let rejects = outcomes
        .iter()
        .flat_map(|outcome| &outcome.rejects)
        .map(|reject| {
            let reasons = reject.reasons.iter();
            let reasons =
                reasons.map(|r| format!("{} {} {} {}", r.field, r.rule, r.value, r.message));
            format!("{}: {}", reject.row, reasons.collect::<Vec<_>>().join(", "))
        });
    insta::assert_snapshot!(rejects.collect::<Vec<_>>().join("\n"), @r#"
3: id unique x the same value stands in line 2
7: n unique 2.00 the same value stands in line 3
8: id unique x the same value stands in line 2, n unique 1 the same value stands in line 2
9: n not_a_number w not a number with `.` before the fraction
"#);
}

#[test]
fn earlier_good_rows_can_be_seeded() {
    let id = with(field("id", FieldType::String), &[Constraint::Unique]);
    let plan = mapping(vec![id], vec![rule("id", &["a"], &[])]);
    let plan = compile(&plan, &columns("a"), 0.9).unwrap();
    let mut stage = UniqueStage::new(&plan);
    stage.seed("id", "x", 7).unwrap();
    stage.seed("other", "y", 7).unwrap();
    let outcome = stage.apply(plan.run(&batch(&rows("x\ny"), 0, 0))).unwrap();
    assert_eq!((outcome.len(), outcome.rejects[0].row), (1, 1));
}

proptest! {
    #[test]
    fn every_row_ends_once_whatever_the_batches(
        rows in prop::collection::vec(any_row(), 0..30),
        sizes in prop::collection::vec(0_usize..9, 0..6),
    ) {
        let (mapping, header, _) = statement();
        let summary = |outcomes: &[Outcome]| {
            let mut good: Vec<(u64, Vec<String>)> = Vec::new();
            let mut rejects = Vec::new();
            for outcome in outcomes {
                for (row, place) in outcome.places.iter().enumerate() {
                    let cells = outcome.columns.iter().map(|column| column.cell(row).to_string());
                    good.push((place.row, cells.collect()));
                }
                rejects.extend(outcome.rejects.iter().cloned());
            }
            (good, rejects)
        };
        let (good, rejects) = summary(&run_split(&mapping, &header, &rows, &sizes));
        let mut ends: Vec<u64> = good.iter().map(|(row, _)| *row).collect();
        ends.extend(rejects.iter().map(|reject| reject.row));
        ends.sort_unstable();
        prop_assert_eq!(ends, (1..=rows.len() as u64).collect::<Vec<_>>());
        prop_assert!(rejects.iter().all(|reject| !reject.reasons.is_empty()));
        prop_assert!(rejects.is_sorted_by_key(|reject| reject.row));
        let whole = summary(&run_split(&mapping, &header, &rows, &[]));
        prop_assert_eq!((good, rejects), whole);
    }
}

/// Rows for [`statement`] that are right and wrong in any mixture.
fn any_row() -> impl Strategy<Value = Vec<String>> {
    let (_, _, rows) = statement();
    let cells = (0..11_usize).map(move |column| {
        let known: Vec<String> = rows.iter().map(|row| row[column].clone()).collect();
        prop_oneof![4 => prop::sample::select(known), 1 => "[0-9a-z.,;~ €-]{0,6}"].boxed()
    });
    cells.collect::<Vec<_>>()
}
