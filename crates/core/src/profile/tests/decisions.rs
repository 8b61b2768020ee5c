//! How the values of a column are read: what is open, what settles it, what a person says.

use super::*;

#[test]
fn an_open_date_order_is_said_and_a_person_settles_it() {
    let cells = ["01/02/2026", "03/04/2026", "05/05/2026"];
    let (column, decisions) = profile(&cells);
    let ambiguous = column.ambiguous.unwrap();
    assert_eq!((ambiguous.what, ambiguous.rows), (What::DateOrder, 2));
    assert_eq!(ambiguous.readings, ["dmy", "mdy"]);
    assert_eq!(
        decided(&decisions),
        [(What::DateOrder, json!("dmy"), false)]
    );
    assert_eq!(decisions[0].alternatives[0].value, json!("mdy"));
    assert!((decisions[0].alternatives[0].confidence - decisions[0].confidence).abs() < 1e-9);

    let (column, decisions) = profile_with(&cells, &set(&[(What::DateOrder, json!("mdy"))]));
    assert_eq!(column.ambiguous, None);
    assert_eq!(column.types[0].format.as_deref(), Some("%m/%d/%Y"));
    assert_eq!((column.types.len(), column.types[0].rows), (1, 3));
    assert_eq!(decided(&decisions), [(What::DateOrder, json!("mdy"), true)]);
    assert_eq!(
        (decisions[0].confidence, &*decisions[0].reason),
        (1.0, "set by a person")
    );
    assert_eq!(decisions[0].column.as_deref(), Some("c"));
}

#[test]
fn one_day_beyond_the_twelfth_settles_the_order() {
    let (column, decisions) = profile(&["01/02/2026", "03/24/2026"]);
    assert_eq!(column.ambiguous, None);
    assert_eq!(decided(&decisions), [(What::DateOrder, json!("mdy"), true)]);
    assert_eq!(
        (column.min.as_deref(), column.max.as_deref()),
        (Some("01/02/2026"), Some("03/24/2026"))
    );
}

#[test]
fn dates_that_contradict_each_other_are_asked_for_and_a_person_settles_them() {
    let cells = [
        "24/11/2026",
        "25/11/2026",
        "26/11/2026",
        "11/24/2026",
        "11/25/2026",
        "01/02/2026",
    ];
    let (_, decisions) = profile(&cells);
    assert_eq!(
        decided(&decisions),
        [(What::DateOrder, json!("dmy"), false)]
    );
    assert_eq!(decisions[0].alternatives[0].value, json!("mdy"));
    assert_eq!(
        decisions[0].reason,
        "3 dates exist only with the day first, but 2 only with the month first"
    );
    let (column, decisions) = profile_with(&cells, &set(&[(What::DateOrder, json!("mdy"))]));
    assert_eq!(decided(&decisions), [(What::DateOrder, json!("mdy"), true)]);
    assert_eq!(column.types[0].format.as_deref(), Some("%m/%d/%Y"));

    // Texts among which there are dates are none of dates.
    let texts = ["a", "b", "c", "d", "e"];
    assert!(profile(&[&cells[1..5], &texts[..]].concat()).1.is_empty());
}

#[test]
fn open_marks_are_said_and_a_person_settles_them() {
    let (column, decisions) = profile(&["1.234", "5"]);
    let ambiguous = column.ambiguous.unwrap();
    assert_eq!((ambiguous.what, ambiguous.rows), (What::DecimalMark, 1));
    assert_eq!(ambiguous.readings, [".", ","]);
    assert!(decisions.iter().all(|decision| !decision.sure));

    let overrides = set(&[(What::DecimalMark, json!(","))]);
    let (column, decisions) = profile_with(&["1.234", "5"], &overrides);
    assert_eq!(
        (column.ambiguous, column.max.as_deref()),
        (None, Some("1.234"))
    );
    let wanted = [
        (What::DecimalMark, json!(","), true),
        (What::ThousandsMark, json!("."), true),
    ];
    assert_eq!(decided(&decisions), wanted);
    let reasons = decisions
        .iter()
        .map(|decision| decision.reason == "set by a person");
    assert_eq!(reasons.collect::<Vec<_>>(), [true, false]);
}

#[test]
fn columns_lean_on_those_that_tell() {
    let profile = table(&[
        ("paid", &["01/02/2026", "03/04/2026"]),
        ("due", &["24/02/2026", "03/04/2026"]),
        ("amount", &["1.234", "5.678"]),
        ("fee", &["0,50", "1,20"]),
    ]);
    let find = |column: &str, what: What| {
        let mut all = profile.decisions.iter();
        all.find(|d| d.what == what && d.column.as_deref() == Some(column))
            .unwrap()
    };
    for (column, what, value) in [
        ("paid", What::DateOrder, "dmy"),
        ("amount", What::DecimalMark, ","),
        ("amount", What::ThousandsMark, "."),
    ] {
        let found = find(column, what);
        assert_eq!(
            (&found.value, found.confidence, found.sure),
            (&json!(value), 0.85, false)
        );
    }
    assert!(find("due", What::DateOrder).sure && find("fee", What::DecimalMark).sure);
    assert!(profile.columns[0].ambiguous.is_some() && profile.columns[1].ambiguous.is_none());
}

#[test]
fn null_markers_are_null_among_typed_values_only() {
    let (column, decisions) = profile(&["1", "N/A", "-", "N/A", "2"]);
    assert_eq!((column.nulls, column.distinct), (3, Distinct::Exact(2)));
    assert_eq!(column.semantic, Some(SemanticType::Integer));
    assert_eq!(column.top.len(), 2);
    assert_eq!(
        decided(&decisions),
        [(What::NullMarkers, json!(["N/A", "-"]), true)]
    );
    assert_eq!(
        decisions[0].reason,
        "`N/A` in 2 rows, `-` in 1 row; all other values have a type"
    );

    let (column, decisions) = profile(&["Leeds", "none", "Lyon"]);
    assert_eq!((column.nulls, column.distinct), (0, Distinct::Exact(3)));
    assert_eq!(decided(&decisions), [(What::NullMarkers, json!([]), false)]);
    assert_eq!(decisions[0].alternatives[0].value, json!(["none"]));

    // The last day of the calendar is a date like the others: shown, not applied.
    let (column, decisions) = profile(&["2026-01-31", "9999-12-31"]);
    assert_eq!(
        (column.nulls, column.max.as_deref()),
        (0, Some("9999-12-31"))
    );
    let nulls = decisions
        .iter()
        .find(|d| d.what == What::NullMarkers)
        .unwrap();
    assert_eq!(
        (&nulls.value, &nulls.alternatives[0].value),
        (&json!([]), &json!(["9999-12-31"]))
    );

    assert!(profile(&["Leeds", "Lyon"]).1.is_empty());
}

#[test]
fn a_person_says_what_is_null() {
    let overrides = set(&[(What::NullMarkers, json!(["x"]))]);
    let (column, decisions) = profile_with(&["x", "N/A", "1"], &overrides);
    assert_eq!((column.nulls, column.distinct), (1, Distinct::Exact(2)));
    assert_eq!(
        decided(&decisions),
        [(What::NullMarkers, json!(["x"]), true)]
    );
    let (column, _) = profile_with(&["-", "1"], &set(&[(What::NullMarkers, json!([]))]));
    assert_eq!(column.nulls, 0);
}
