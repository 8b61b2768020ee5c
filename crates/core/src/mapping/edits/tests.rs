use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::mapping::check;
use crate::mapping::examples::{any_mapping, bank, odd_text};

const AT: &str = "2026-11-24T12:00:00Z";

fn edited(edit: &Edit) -> Mapping {
    let next = apply(&bank(), edit, "ada", AT).expect("can be made");
    assert_eq!(check(&next), Vec::new(), "it stays valid");
    next
}

fn refused(edit: &Edit) -> String {
    let error = apply(&bank(), edit, "ada", AT).expect_err("is refused");
    format!("{error} | {}", error.hint().unwrap_or_default())
}

fn text(value: &str) -> String {
    value.to_owned()
}

fn signature(rule: &Rule) -> (Option<&str>, Option<&str>) {
    (rule.by.as_deref(), rule.at.as_deref())
}

#[test]
fn accepting_takes_the_value_map_too_and_changes_nothing_else() {
    let next = edited(&Edit::Accept {
        field: text("customer.gender"),
    });
    let rule = &next.rules[3];
    assert_eq!((rule.state, rule.confidence), (RuleState::Accepted, 0.96));
    assert!(
        rule.value_map
            .iter()
            .all(|value| value.state == RuleState::Accepted)
    );
    assert_eq!(signature(rule), (Some("ada"), Some(AT)));
    let mut rest = next;
    rest.rules[3] = bank().rules[3].clone();
    // Besides what it teaches about the others.
    for rule in &mut rest.rules {
        if let Some(proposed) = rule.proposed.take() {
            assert!((rule.confidence - proposed.confidence).abs() < 0.01);
            rule.confidence = proposed.confidence;
        }
    }
    assert_eq!(rest, bank());
}

#[test]
fn nothing_cannot_be_accepted() {
    let error = refused(&Edit::Accept {
        field: text("reference"),
    });
    assert!(error.starts_with("nothing is proposed for the field \"reference\" | choose"));
    let error = refused(&Edit::Accept {
        field: text("refrence"),
    });
    assert_eq!(
        error,
        "the mapping has no field \"refrence\" | did you mean \"reference\"? else name a field of \
         the target"
    );
}

#[test]
fn a_rejected_rule_frees_its_columns() {
    let next = edited(&Edit::Reject {
        field: text("customer.gender"),
    });
    assert_eq!(next.rules[3].state, RuleState::Rejected);
    let free: Vec<&str> = next
        .unused
        .iter()
        .map(|column| column.column.as_str())
        .collect();
    assert!(free.contains(&"Kd-Geschl."), "{free:?}");
}

#[test]
fn choosing_other_sources_keeps_the_proposal_as_an_alternative() {
    let next = edited(&Edit::Choose {
        field: text("booking_date"),
        sources: vec![text("Wertstellung")],
    });
    let rule = &next.rules[0];
    assert_eq!((rule.state, rule.confidence), (RuleState::Edited, 1.0));
    assert_eq!(rule.sources, ["Wertstellung"]);
    assert!(rule.transform.is_empty() && rule.evidence.is_empty());
    let old = SourceAlternative {
        sources: vec![text("Buchungstag")],
        confidence: 0.97,
    };
    assert_eq!(rule.alternatives, [old]);
    let unused: Vec<&str> = next
        .unused
        .iter()
        .map(|column| column.column.as_str())
        .collect();
    assert_eq!(unused, ["Verwendungszweck", "Buchungstag"]);
}

#[test]
fn choosing_the_same_sources_keeps_the_steps() {
    let sources = vec![text("Buchungstag")];
    let next = edited(&Edit::Choose {
        field: text("booking_date"),
        sources,
    });
    assert_eq!(next.rules[0].transform, bank().rules[0].transform);
    assert_eq!(next.rules[0].state, RuleState::Edited);
}

#[test]
fn several_sources_are_joined() {
    let sources = vec![text("Verwendungszweck"), text("S/H")];
    let next = edited(&Edit::Choose {
        field: text("reference"),
        sources,
    });
    assert_eq!(
        next.rules[4].transform,
        [Step::Concat {
            separator: text(" ")
        }]
    );
}

#[test]
fn choices_are_columns_of_the_source() {
    let sources = vec![text("Verwendungszwek")];
    let error = refused(&Edit::Choose {
        field: text("reference"),
        sources,
    });
    assert!(error.starts_with("the source has no column \"Verwendungszwek\" | did you mean"));
    let error = refused(&Edit::Choose {
        field: text("reference"),
        sources: Vec::new(),
    });
    assert!(error.starts_with("no column was chosen"), "{error}");
}

#[test]
fn a_transform_that_cannot_work_is_refused() {
    let broken = vec![Step::RegexExtract {
        pattern: text("("),
        group: 0,
    }];
    let error = refused(&Edit::SetTransform {
        field: text("booking_date"),
        transform: broken,
    });
    assert!(error.contains("is no regular expression"), "{error}");
    let date = vec![Step::Date {
        formats: vec![text("%Y-%m-%d")],
    }];
    let next = edited(&Edit::SetTransform {
        field: text("booking_date"),
        transform: date.clone(),
    });
    assert_eq!(next.rules[0].transform, date);
}

#[test]
fn a_constant_takes_the_place_of_the_sources_and_keeps_them_as_an_alternative() {
    let next = edited(&Edit::SetTransform {
        field: text("customer.gender"),
        transform: vec![Step::Constant(text("other"))],
    });
    let rule = &next.rules[3];
    assert!(rule.sources.is_empty() && rule.value_map.is_empty());
    assert_eq!(rule.alternatives[0].sources, ["Kd-Geschl."]);
    assert!(
        next.unused
            .iter()
            .any(|unused| unused.column == "Kd-Geschl.")
    );
}

#[test]
fn values_are_added_changed_and_held_to_the_enumeration() {
    let set = |from: &str, to: Option<&str>| Edit::SetValue {
        field: text("customer.gender"),
        from: text(from),
        to: to.map(text),
    };
    let next = edited(&set("D", Some("other")));
    let added = next.rules[3].value_map.last().expect("an entry");
    assert_eq!(
        (added.from.as_str(), added.to.as_deref()),
        ("D", Some("other"))
    );
    assert_eq!(next.rules[3].state, RuleState::Proposed);
    let next = edited(&set("M", None));
    let value = &next.rules[3].value_map[0];
    assert_eq!(
        (value.to.as_deref(), value.rows, value.state),
        (None, 12, RuleState::Edited)
    );
    let error = refused(&set("D", Some("divers")));
    assert!(
        error.contains("\"divers\" is no value of the field"),
        "{error}"
    );
}

#[test]
fn policies_are_set() {
    let field = text("customer.gender");
    let next = edited(&Edit::SetUnseen {
        field: field.clone(),
        on_unseen: OnUnseen::Null,
    });
    assert_eq!(next.rules[3].on_unseen, OnUnseen::Null);
    let value = OnUnseen::Value(text("none"));
    assert!(
        refused(&Edit::SetUnseen {
            field: field.clone(),
            on_unseen: value
        })
        .contains("none")
    );
    let next = edited(&Edit::SetOnError {
        field,
        on_error: OnError::Null,
    });
    assert_eq!(next.rules[3].on_error, OnError::Null);
}

#[test]
fn leaving_out_needs_a_reason_and_an_optional_field() {
    let ignore = |field: &str, why: &str| Edit::Ignore {
        field: text(field),
        why: text(why),
    };
    let next = edited(&ignore("customer.gender", "not needed"));
    let rule = &next.rules[3];
    assert_eq!(
        (rule.state, rule.why.as_deref()),
        (RuleState::Ignored, Some("not needed"))
    );
    assert!(rule.sources.is_empty() && rule.value_map.is_empty());
    assert!(refused(&ignore("customer.gender", " ")).contains("without a reason"));
    assert!(refused(&ignore("amount", "no")).contains("every row would be rejected"));
    let absent = Edit::Absent {
        field: text("reference"),
        why: text("not there"),
    };
    assert_eq!(edited(&absent).rules[4].state, RuleState::Absent);
}

#[test]
fn a_note_is_no_decision() {
    let note = |words: &str| Edit::Note {
        field: text("amount"),
        text: text(words),
    };
    let next = edited(&note("ask Tom"));
    assert_eq!(next.rules[1].note.as_deref(), Some("ask Tom"));
    assert_eq!(signature(&next.rules[1]), (None, None));
    let next = apply(&next, &note(""), "ada", AT).expect("can be made");
    assert_eq!(next.rules[1].note, None);
}

#[test]
fn a_reading_is_settled_and_the_steps_follow() {
    let set = |what, column: Option<&str>, value| Edit::SetDecision {
        what,
        column: column.map(text),
        value,
    };
    let next = edited(&set(What::DecimalMark, Some("Betrag (EUR)"), json!(".")));
    let decision = &next.decisions[1];
    assert_eq!(
        (&decision.value, decision.confidence, decision.sure),
        (&json!("."), 1.0, true)
    );
    assert_eq!(decision.reason, "set by ada");
    assert_eq!(decision.alternatives[0].value, json!(","));
    let Step::Decimal {
        decimal_mark,
        thousands_mark,
        ..
    } = &next.rules[1].transform[0]
    else {
        panic!("still a decimal");
    };
    assert_eq!((decimal_mark.as_str(), thousands_mark.as_str()), (".", ","));

    let next = edited(&set(What::DateOrder, Some("Buchungstag"), json!("mdy")));
    assert_eq!(
        next.rules[0].transform,
        [Step::Date {
            formats: vec![text("%m.%d.%Y")]
        }]
    );
    assert_eq!(next.decisions.len(), bank().decisions.len() + 1);

    let all = edited(&set(What::DecimalMark, None, json!(".")));
    assert_eq!(all.decisions[1].value, json!("."));
}

#[test]
fn what_parts_a_fraction_parts_no_groups() {
    let integer = |mark: &str| Step::Integer {
        thousands_mark: text(mark),
    };
    let mut mapping = bank();
    mapping.rules[1].transform = vec![integer(",")];
    for (mark, expected) in [(".", ","), (",", "")] {
        let edit = Edit::SetDecision {
            what: What::DecimalMark,
            column: Some(text("Betrag (EUR)")),
            value: json!(mark),
        };
        let next = apply(&mapping, &edit, "ada", AT).expect("can be made");
        assert_eq!(next.rules[1].transform, [integer(expected)], "{mark}");
    }
}

#[test]
fn readings_have_their_own_values() {
    let set = |what, column: Option<&str>, value| Edit::SetDecision {
        what,
        column: column.map(text),
        value,
    };
    let cases = [
        set(What::DateOrder, None, json!("ddmm")),
        set(What::HeaderLines, None, json!("1")),
        set(What::Table, None, json!(0)),
        set(What::NullMarkers, Some("S/H"), json!("-")),
        set(What::Quote, None, json!("''")),
        set(What::LineEnd, None, json!("crcr")),
    ];
    for edit in cases {
        assert!(refused(&edit).contains("cannot be"), "{edit:?}");
    }
    let whole = refused(&set(What::Encoding, Some("S/H"), json!("utf-8")));
    assert!(whole.ends_with("leave the column out"), "{whole}");
    let column = refused(&set(What::DateOrder, Some("Buchungstg"), json!("dmy")));
    assert!(column.contains("did you mean \"Buchungstag\""), "{column}");
}

#[test]
fn a_bar_accepts_what_reaches_it() {
    let next = accept_at(&bank(), 0.88, "--accept 0.88", AT);
    let states: Vec<RuleState> = next.rules.iter().map(|rule| rule.state).collect();
    assert_eq!(
        states,
        [
            RuleState::Accepted,
            RuleState::Proposed,
            RuleState::Accepted,
            RuleState::Accepted,
            RuleState::Proposed,
            RuleState::Absent,
        ]
    );
    assert!(!next.decisions[1].sure);
    assert!(accept_at(&bank(), 0.6, "--accept 0.6", AT).decisions[1].sure);
    // Without an origin there is nothing to accept, however low the bar.
    assert_eq!(
        accept_at(&bank(), 0.0, "x", AT).rules[4].state,
        RuleState::Proposed
    );
}

#[test]
fn an_edit_reads_like_a_request() {
    let edit: Edit =
        serde_json::from_value(json!({"set_value": {"field": "a", "from": "M", "to": null}}))
            .expect("is an edit");
    assert_eq!(
        edit,
        Edit::SetValue {
            field: text("a"),
            from: text("M"),
            to: None
        }
    );
    let unknown = json!({"accept": {"field": "a", "by": "me"}});
    assert!(serde_json::from_value::<Edit>(unknown).is_err());
}

proptest! {
    #[test]
    fn no_edit_panics_or_breaks_what_was_valid(
        mapping in any_mapping(),
        names in prop::collection::vec(odd_text(), 3),
        kind in 0_usize..8,
    ) {
        let field = mapping.rules.first().map_or_else(String::new, |rule| rule.field.clone());
        let edit = match kind {
            0 => Edit::Accept { field },
            1 => Edit::Reject { field },
            2 => Edit::Choose { field, sources: names.clone() },
            3 => Edit::SetTransform { field, transform: vec![Step::Constant(names[0].clone())] },
            4 => Edit::SetValue { field, from: names[0].clone(), to: Some(names[1].clone()) },
            5 => Edit::Ignore { field, why: names[0].clone() },
            6 => Edit::Note { field, text: names[2].clone() },
            _ => Edit::SetDecision {
                what: What::DateOrder,
                column: None,
                value: names[0].clone().into(),
            },
        };
        if let Ok(next) = apply(&mapping, &edit, "ada", AT) {
            prop_assert!(check(&next).len() <= check(&mapping).len());
        }
    }
}
