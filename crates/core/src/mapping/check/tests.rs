use super::*;
use crate::mapping::examples::{COLUMNS, bank};
use crate::mapping::{FingerprintColumn, MappedValue};

/// `path: message | hint` of everything that is found after a change.
fn found(change: impl FnOnce(&mut Mapping)) -> Vec<String> {
    let mut mapping = bank();
    change(&mut mapping);
    check(&mapping)
        .into_iter()
        .map(|problem| format!("{}: {} | {}", problem.path, problem.message, problem.hint))
        .collect()
}

fn only(change: impl FnOnce(&mut Mapping)) -> String {
    let all = found(change);
    assert_eq!(all.len(), 1, "{all:#?}");
    all[0].clone()
}

fn text(value: &str) -> String {
    value.to_owned()
}

#[test]
fn the_example_is_valid() {
    assert_eq!(found(|_| {}), Vec::<String>::new());
}

#[test]
fn rules_and_fields_belong_together() {
    let all = found(|m| m.rules[1].field = text("amuont"));
    assert_eq!(
        all,
        [
            "rules: the field \"amount\" has no rule | add one; a field that stays empty has \
             state: \"absent\" with a why",
            "rules[1].field: the target has no field \"amuont\" | did you mean \"amount\"? else \
             take the rule out, or name a field of the target",
        ]
    );
    let twice = only(|m| {
        let again = m.rules[0].clone();
        m.rules.push(again);
    });
    assert!(twice.starts_with("rules[6].field: the field \"booking_date\" has a second rule"));
    assert!(twice.ends_with("keep this one or rules[0]"));
}

#[test]
fn a_changed_target_is_noticed() {
    let all = only(|m| m.target.fields[0].required = false);
    assert!(
        all.starts_with("target_sha256: the target was changed"),
        "{all}"
    );
    assert!(only(|m| m.version = 2).starts_with("version: version 2"));
}

#[test]
fn sources_are_there_where_a_step_needs_them() {
    let none = only(|m| m.rules[0].sources.clear());
    assert!(
        none.starts_with("rules[0].sources: the rule has no source"),
        "{none}"
    );
    let accepted = only(|m| m.rules[4].state = RuleState::Accepted);
    assert!(
        accepted.starts_with("rules[4].sources: the rule has no source"),
        "{accepted}"
    );
    let constant = only(|m| m.rules[2].sources = vec![text("S/H")]);
    assert!(
        constant.starts_with("rules[2].sources: a constant takes no source"),
        "{constant}"
    );
    let idle = only(|m| m.rules[0].sources.push(text("S/H")));
    assert!(
        idle.starts_with("rules[0].sources: no step uses the column \"S/H\""),
        "{idle}"
    );
    let twice = found(|m| m.rules[1].sources.push(text("S/H")));
    assert!(twice[0].starts_with("rules[1].sources[2]: the column \"S/H\" is named twice"));
    let joined = found(|m| {
        m.rules[4].sources = vec![text("a"), text("b")];
        m.rules[4].transform = vec![Step::Coalesce];
    });
    assert!(joined.is_empty(), "{joined:?}");
}

#[test]
fn the_flag_is_one_of_the_sources() {
    let gone = only(|m| m.rules[1].sources.truncate(1));
    assert!(gone.starts_with("rules[1].transform[1].sign.column: the column \"S/H\" is not among"));
    let itself = found(|m| m.rules[1].sources.reverse());
    assert!(itself[0].starts_with("rules[1].sources: no step uses the column \"Betrag (EUR)\""));
    assert!(
        itself[1].contains("the column \"S/H\" is the number itself"),
        "{itself:?}"
    );
}

#[test]
fn steps_stand_in_an_order_that_works() {
    let sign = found(|m| m.rules[1].transform.reverse());
    assert!(sign[0].starts_with("rules[1].transform[0]: `sign` cannot stand here | put it behind"));
    let late = only(|m| m.rules[0].transform.push(Step::Trim));
    assert!(late.starts_with("rules[0].transform[1]: `trim` cannot stand here | put it before"));
    let join = only(|m| m.rules[3].transform = vec![Step::Trim, Step::Coalesce]);
    assert!(
        join.starts_with("rules[3].transform[1]: `coalesce` cannot stand here"),
        "{join}"
    );
    let fine = found(|m| m.rules[0].transform.insert(0, Step::Trim));
    assert!(fine.is_empty(), "{fine:?}");
}

/// A step alone in a rule, and what is found below it.
fn step(broken: Step, wanted: &str) {
    let problem = only(|m| m.rules[3].transform = vec![broken]);
    assert!(
        problem.starts_with(&format!("rules[3].transform[0].{wanted}")),
        "{problem}"
    );
}

#[test]
fn texts_are_taken_apart_by_what_can_do_it() {
    let regex = |pattern: &str, group| Step::RegexExtract {
        pattern: text(pattern),
        group,
    };
    let split = |separator: &str, part| Step::Split {
        separator: text(separator),
        part,
    };
    let words = "regex_extract.pattern: \"(a\" is no regular expression: unclosed group";
    step(regex("(a", 0), words);
    step(
        regex("(a)", 2),
        "regex_extract.group: the expression has 1 groups, not 2",
    );
    step(split("", 1), "split.separator: the separator is empty");
    step(split("/", 0), "split.part: there is no part 0");
}

#[test]
fn formats_are_formats() {
    step(
        Step::Date { formats: vec![] },
        "date.formats: there is no format",
    );
    let date = Step::Date {
        formats: vec![text("%d.%Q")],
    };
    step(date, "date.formats[0]: \"%d.%Q\" is no date");
    let timestamp = Step::Timestamp {
        formats: vec![text("%")],
    };
    step(timestamp, "timestamp.formats[0]: \"%\" is no date");
    for (formats, said) in [
        (&[][..], "time.formats: there is no format"),
        (
            &["%H:%M", "%H"],
            "time.formats[1]: \"%H\" is no format of times: date format lacks the minute",
        ),
        (
            &["HH:mm"],
            "time.formats[0]: \"HH:mm\" is no format of times: it has no codes such as %H and %M",
        ),
        (
            &["%Y-%m-%d %H:%M"],
            "time.formats[0]: \"%Y-%m-%d %H:%M\" has a date, and a time has none",
        ),
        (
            &["%Y-%m-%d"],
            "time.formats[0]: \"%Y-%m-%d\" has a date, and a time has none",
        ),
        (
            &["%H:%M%z"],
            "time.formats[0]: \"%H:%M%z\" has an offset from UTC, and a time has none",
        ),
    ] {
        let formats = columns(formats);
        step(Step::Time { formats }, said);
    }
}

#[test]
fn marks_and_spellings_have_one_meaning() {
    let decimal = |decimal_mark: &str, thousands_mark: &str| Step::Decimal {
        decimal_mark: text(decimal_mark),
        thousands_mark: text(thousands_mark),
        strip: Vec::new(),
    };
    let boolean = |yes: &[&str], no: &[&str]| Step::Boolean {
        r#true: columns(yes),
        r#false: columns(no),
    };
    let integer = Step::Integer {
        thousands_mark: text(".."),
    };
    step(
        integer,
        "integer.thousands_mark: \"..\" is no thousands mark",
    );
    step(
        decimal(",", ","),
        "decimal.thousands_mark: decimal and thousands mark are the same",
    );
    step(
        decimal("", ""),
        "decimal.decimal_mark: \"\" is no decimal mark",
    );
    step(
        boolean(&["x"], &["x"]),
        "boolean: \"x\" means both true and false",
    );
    step(boolean(&[], &[]), "boolean: no spelling is listed");
}

#[test]
fn values_belong_to_the_enumeration() {
    let typo = only(|m| m.rules[3].value_map[0].to = Some(text("femal")));
    assert!(
        typo.starts_with(
            "rules[3].value_map[0].to: \"femal\" is no value of the field \"customer.gender\" | \
             did you mean \"female\""
        ),
        "{typo}"
    );
    let unseen = only(|m| m.rules[3].on_unseen = OnUnseen::Value(text("unknown")));
    assert!(
        unseen.starts_with("rules[3].on_unseen.value: \"unknown\" is no value"),
        "{unseen}"
    );
    assert!(
        unseen.ends_with("\"customer.gender\" takes male, female, other"),
        "{unseen}"
    );
    let constant = only(|m| m.rules[2].transform = vec![Step::Constant(text("EURO"))]);
    assert!(constant.starts_with("rules[2].transform[0].constant: \"EURO\" is no value"));
    let twice = only(|m| {
        let again = MappedValue {
            to: None,
            ..m.rules[3].value_map[0].clone()
        };
        m.rules[3].value_map.push(again);
    });
    assert!(twice.starts_with("rules[3].value_map[2].from: the value \"M\" is listed twice"));
}

#[test]
fn fields_are_left_out_with_a_reason_and_only_if_they_may() {
    let why = only(|m| m.rules[5].why = Some(text(" ")));
    assert!(
        why.starts_with("rules[5].why: the field is absent without a reason"),
        "{why}"
    );
    let required = only(|m| {
        m.rules[0].state = RuleState::Ignored;
        m.rules[0].why = Some(text("not wanted"));
    });
    assert!(
        required.starts_with("rules[0].state: the required field"),
        "{required}"
    );
}

#[test]
fn confidences_are_probabilities() {
    assert!(only(|m| m.rules[0].confidence = 97.0).starts_with("rules[0].confidence: the"));
    assert!(!found(|m| m.rules[0].confidence = f64::NAN).is_empty());
    let value = only(|m| m.rules[3].value_map[1].confidence = -0.1);
    assert!(
        value.starts_with("rules[3].value_map[1].confidence"),
        "{value}"
    );
}

#[test]
fn rules_that_do_not_run_are_not_held_to_it() {
    let none = found(|m| {
        m.rules[3].state = RuleState::Rejected;
        m.rules[3].transform = vec![Step::Date { formats: vec![] }];
    });
    assert!(none.is_empty(), "{none:?}");
}

#[test]
fn who_names_a_source_by_hand_may_leave_it_among_the_unused() {
    let none = found(|m| m.unused[0].column = text("S/H"));
    assert!(none.is_empty(), "{none:?}");
}

#[test]
fn constants_are_of_the_type_of_their_field() {
    let of = |value: &str| {
        found(|m| {
            m.rules[0].sources.clear();
            m.rules[0].transform = vec![Step::Constant(text(value))];
        })
    };
    assert!(of("2026-11-24").is_empty(), "{:?}", of("2026-11-24"));
    for wrong in ["abc", "", "24.11.2026"] {
        let said = of(wrong).concat();
        assert!(
            said.ends_with("it takes a date such as 2026-11-24"),
            "{said}"
        );
    }
}

fn columns(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| text(name)).collect()
}

#[test]
fn the_order_of_columns_is_free() {
    let mut names = columns(&COLUMNS);
    names.reverse();
    assert_eq!(check_columns(&bank(), &names), ColumnCheck::default());
}

#[test]
fn missing_columns_come_with_their_fields_and_the_nearest_names() {
    let names = columns(&["Buchungs-Tag", "Betrag (EUR)", "SH", "Kd-Geschl.", "Saldo"]);
    let mut mapping = bank();
    mapping.rules[4].sources = columns(&["Buchungstag"]);
    let result = check_columns(&mapping, &names);
    let missing = |column: &str, used_by: &[&str], nearest: &[&str]| MissingColumn {
        column: text(column),
        used_by: columns(used_by),
        nearest: columns(nearest),
    };
    assert_eq!(
        result.missing[0],
        missing(
            "Buchungstag",
            &["booking_date", "reference"],
            &["Buchungs-Tag"]
        )
    );
    assert_eq!(result.missing[1].column, "S/H");
    assert_eq!(result.missing.len(), 2);
    assert_eq!(result.new, ["Buchungs-Tag", "SH", "Saldo"]);
}

#[test]
fn a_column_that_no_rule_uses_may_go() {
    let names: Vec<&str> = COLUMNS
        .iter()
        .copied()
        .filter(|name| *name != "Wertstellung")
        .collect();
    assert_eq!(
        check_columns(&bank(), &columns(&names)),
        ColumnCheck::default()
    );
    let mut mapping = bank();
    mapping.source.columns.push(FingerprintColumn {
        name: text("Saldo"),
        semantic: None,
    });
    assert_eq!(
        check_columns(&mapping, &columns(&COLUMNS)),
        ColumnCheck::default()
    );
}
