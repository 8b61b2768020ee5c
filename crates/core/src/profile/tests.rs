//! The profile as a whole: what comes out for columns of each kind, and that it does not depend on
//! how the rows were cut.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use arrow_array::StringArray;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::source::{
    Batch, Decision, Input, Limits, Overrides, Place, RawText, Reader, Reading, What,
};

const BLOCK: usize = 1 << 16;

/// One column's cells as a batch that starts at row `first`.
fn batch(first: usize, cells: &[Option<&str>]) -> Batch {
    let place = |row: usize| {
        let row = u64::try_from(first + row).unwrap();
        Place {
            line: row + 1,
            row,
            start: row,
            end: row + 1,
        }
    };
    Batch {
        chunk: 0,
        columns: vec![StringArray::from(cells.to_vec())],
        places: (0..cells.len()).map(place).collect(),
        raw: Arc::new(RawText::default()),
    }
}

/// The profile of one column, cut into chunks of `size` rows.
fn cut(cells: &[Option<&str>], size: usize, overrides: &Overrides) -> Profile {
    let names = ["c".to_owned()];
    let mut all = Partial::new(&names, overrides);
    for (index, cells) in cells.chunks(size.max(1)).enumerate() {
        let mut partial = Partial::new(&names, overrides);
        partial.add(&batch(1 + index * size, cells));
        all.merge(partial);
    }
    all.finish()
}

fn set(entries: &[(What, Value)]) -> Overrides {
    let mut overrides = Overrides::default();
    for (what, value) in entries {
        overrides.set(*what, None, value.clone());
    }
    overrides
}

fn profile_with(cells: &[&str], overrides: &Overrides) -> (ColumnProfile, Vec<Decision>) {
    let cells: Vec<Option<&str>> = cells.iter().map(|cell| Some(*cell)).collect();
    let mut profile = cut(&cells, usize::MAX / 2, overrides);
    (profile.columns.remove(0), profile.decisions)
}

fn profile(cells: &[&str]) -> (ColumnProfile, Vec<Decision>) {
    profile_with(cells, &Overrides::default())
}

/// Several columns of one source, each by its cells.
fn table(columns: &[(&str, &[&str])]) -> Profile {
    let names: Vec<String> = columns.iter().map(|(name, _)| (*name).to_owned()).collect();
    let mut partial = Partial::new(&names, &Overrides::default());
    let rows = columns.iter().map(|(_, cells)| cells.len()).max().unwrap();
    let mut whole = batch(1, &vec![None; rows]);
    whole.columns = columns
        .iter()
        .map(|(_, cells)| StringArray::from(cells.to_vec()))
        .collect();
    partial.add(&whole);
    partial.finish()
}

/// What is decided, its value, and whether it is sure.
fn decided(decisions: &[Decision]) -> Vec<(What, Value, bool)> {
    let of = |decision: &Decision| (decision.what, decision.value.clone(), decision.sure);
    decisions.iter().map(of).collect()
}

#[test]
fn each_kind_of_column_is_known() {
    use SemanticType as S;
    let ids = ["A-1001", "A-1002", "B-1003"];
    let notes = ["paid by card today", "see letter of May"];
    let cases: [(&[&str], Option<S>, Option<&str>); 28] = [
        (&["1", "-20", "300"], Some(S::Integer), None),
        (&["1,50", "12"], Some(S::Decimal), Some("1234,56")),
        (&["1.234,50", "2,00"], Some(S::Decimal), Some("1.234,56")),
        (&["1,234.50", "2.00"], Some(S::Decimal), Some("1,234.56")),
        (&["1'234.50", "2.00"], Some(S::Decimal), Some("1'234.56")),
        (&["1\u{a0}234,50"], Some(S::Decimal), Some("1\u{a0}234,56")),
        (&["(12.50)", "3.00"], Some(S::Decimal), Some("1234.56")),
        (&["12,5 %", "7 %"], Some(S::Percentage), Some("1234,56")),
        (&["24.11.2026"], Some(S::Date), Some("%d.%m.%Y")),
        (
            &["4.1.2026", "24.11.2026"],
            Some(S::Date),
            Some("%-d.%-m.%Y"),
        ),
        (&["11/24/26"], Some(S::Date), Some("%m/%d/%y")),
        (&["2026-11-24"], Some(S::Date), Some("%Y-%m-%d")),
        (&["20261124", "20260101"], Some(S::Date), Some("%Y%m%d")),
        (&["5. März 2026"], Some(S::Date), Some("%-d. %B %Y")),
        (
            &["2026-11-24T10:30:00.25Z"],
            Some(S::Timestamp),
            Some("%Y-%m-%dT%H:%M:%S.%f%z"),
        ),
        (&["10:30", "23:59"], Some(S::Time), Some("%H:%M")),
        (&["ja", "nein"], Some(S::Boolean), Some("ja/nein")),
        (&["a@example.org"], Some(S::Email), None),
        (&["https://example.org/a"], Some(S::Url), None),
        (
            &["123e4567-e89b-42d3-a456-426614174000"],
            Some(S::Uuid),
            None,
        ),
        (&["DE89370400440532013000"], Some(S::Iban), None),
        (&["DEUTDEFF", "COBADEFFXXX"], Some(S::Bic), None),
        (&["EUR", "USD"], Some(S::Currency), None),
        (&["DE", "FRA"], Some(S::Country), None),
        (&["+49 30 1234567"], Some(S::Phone), None),
        (&ids, Some(S::Identifier), None),
        (&["red", "blue", "red", "blue"], Some(S::Category), None),
        (&notes, Some(S::FreeText), None),
    ];
    for (cells, semantic, format) in cases {
        let (column, _) = profile(cells);
        assert_eq!(column.semantic, semantic, "{cells:?}");
        let first = column.types.iter().find(|t| Some(t.semantic) == semantic);
        let found = first.and_then(|t| t.format.as_deref());
        assert_eq!(found, format, "{cells:?}");
    }
    assert_eq!(profile(&["Leeds", "Basel", "Lyon"]).0.semantic, None);
    assert_eq!(
        profile(&["007", "123"]).0.semantic,
        Some(SemanticType::Identifier)
    );
}

#[test]
fn two_values_in_a_hundred_may_be_something_else() {
    let mut cells = vec!["12"; 98];
    cells.extend(["x", "y"]);
    assert_eq!(profile(&cells).0.semantic, Some(SemanticType::Integer));
    cells.push("z");
    assert_ne!(profile(&cells).0.semantic, Some(SemanticType::Integer));
}

#[test]
fn currencies_around_numbers_are_decimals_and_named() {
    let (column, _) = profile(&["€ 1,50", "2,00 EUR", "3,10 EUR"]);
    assert_eq!(column.semantic, Some(SemanticType::Decimal));
    let formats: Vec<(&str, u64)> = column
        .types
        .iter()
        .map(|t| (t.format.as_deref().unwrap(), t.rows))
        .collect();
    assert_eq!(
        formats,
        [("1234,56", 3), ("1234,56 EUR", 2), ("€ 1234,56", 1)]
    );
    assert_eq!(column.affixes(), ["EUR", "€"]);
    assert_eq!(
        (column.min.as_deref(), column.max.as_deref()),
        (Some("€ 1,50"), Some("3,10 EUR"))
    );
}

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
fn an_impossible_day_does_not_hide_the_dates() {
    let mut cells = vec!["24.11.2026"; 60];
    cells.push("31.02.2026");
    let (column, decisions) = profile(&cells);
    assert_eq!(column.semantic, Some(SemanticType::Date));
    assert_eq!(column.types[0].rows, 60);
    assert_eq!(decided(&decisions), [(What::DateOrder, json!("dmy"), true)]);
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

#[test]
fn null_and_empty_cells_have_no_value() {
    let mut profile = cut(&[None, Some(""), Some("5")], 2, &Overrides::default());
    let column = profile.columns.remove(0);
    assert_eq!(
        (column.count, column.nulls, column.distinct),
        (3, 2, Distinct::Exact(1))
    );
    assert_eq!(column.sample, ["5"]);
    let mut empty = cut(&[], 1, &Overrides::default());
    let column = empty.columns.remove(0);
    assert_eq!((column.count, column.min, column.semantic), (0, None, None));
    assert!(column.histogram.is_empty() && column.types.is_empty());
}

#[test]
fn long_values_are_cut_where_they_are_shown() {
    let long = "word ".repeat(1_000);
    let (column, _) = profile(&[&long, &long, "short one here"]);
    assert_eq!(
        (column.lengths.max, column.distinct),
        (5_000, Distinct::Exact(2))
    );
    assert_eq!(
        (column.top[0].value.chars().count(), column.top[0].rows),
        (200, 2)
    );
    let shown = column.sample.iter().chain(&column.max).chain(&column.min);
    assert!(
        shown
            .map(|value| value.chars().count())
            .all(|chars| chars <= 200)
    );
    assert_eq!(column.semantic, Some(SemanticType::FreeText));
}

/// 30,000 cells with 20,001 different values: beyond the bound.
fn many() -> Vec<String> {
    let value = |row: usize| match row % 3 {
        0 => "7".to_owned(),
        1 => format!("{row},5"),
        _ => format!("{}", row * 2),
    };
    (0..30_000).map(value).collect()
}

#[test]
fn beyond_the_bound_counts_of_types_stay_exact() {
    let owned = many();
    let cells: Vec<Option<&str>> = owned.iter().map(|cell| Some(&**cell)).collect();
    let column = cut(&cells, 7_000, &Overrides::default()).columns.remove(0);
    let Distinct::Estimate { estimate } = column.distinct else {
        panic!("{:?}", column.distinct);
    };
    assert!((19_000..21_000).contains(&estimate), "{estimate}");
    assert_eq!(column.top[0].value, "7");
    assert!(
        (9_990..=10_000).contains(&column.top[0].rows),
        "{:?}",
        column.top
    );
    let decimal = column
        .types
        .iter()
        .find(|t| t.semantic == SemanticType::Decimal)
        .unwrap();
    assert_eq!(
        (decimal.format.as_deref(), decimal.rows),
        (Some("1234,56"), 30_000)
    );
    assert_eq!(
        (column.min.as_deref(), column.max.as_deref()),
        (Some("1,5"), Some("59998"))
    );
    assert_eq!(
        column.histogram.iter().map(|bin| bin.rows).sum::<u64>(),
        30_000
    );
    assert_eq!(column.sample.len(), 20);
}

#[test]
fn beyond_the_bound_all_but_estimates_is_the_same_however_it_is_cut() {
    let owned = many();
    let cells: Vec<Option<&str>> = owned.iter().map(|cell| Some(&**cell)).collect();
    let without_estimates = |size: usize| {
        let mut column = cut(&cells, size, &Overrides::default()).columns.remove(0);
        column.distinct = Distinct::Exact(0);
        column.top.clear();
        column
    };
    let whole = without_estimates(30_000);
    for size in [4_000, 11_000] {
        assert_eq!(without_estimates(size), whole, "{size}");
    }
}

fn cell() -> impl Strategy<Value = Option<String>> {
    let known = prop::sample::select(vec![
        "1.234",
        "1,50",
        "12",
        "01/02/2026",
        "24.11.2026",
        "2026-11-24T10:30:00Z",
        "ja",
        "nein",
        "N/A",
        "-",
        "EUR",
        "10:30",
        "€ 5",
        "7 %",
        "",
        "a b c",
    ]);
    prop_oneof![
        1 => Just(None),
        6 => known.prop_map(|text| Some(text.to_owned())),
        2 => ".{0,12}".prop_map(Some),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn chunks_give_the_same_as_one_pass(
        owned in prop::collection::vec(cell(), 0..60),
        size in 1_usize..20,
    ) {
        let cells: Vec<Option<&str>> = owned.iter().map(Option::as_deref).collect();
        let whole = cut(&cells, 1_000, &Overrides::default());
        prop_assert_eq!(&cut(&cells, size, &Overrides::default()), &whole);
        let column = &whole.columns[0];
        prop_assert_eq!(column.count, u64::try_from(cells.len()).unwrap());
        let valued = column.count - column.nulls;
        prop_assert!(column.types.iter().all(|t| t.rows <= valued));
        prop_assert!(column.distinct.number() <= valued);
        let barred: u64 = column.histogram.iter().map(|bin| bin.rows).sum();
        prop_assert!(barred <= valued);
    }
}

/// The profile of a file of the examples.
fn example(path: &str) -> Profile {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let input = Input::open(&root.join(path)).unwrap();
    let overrides = Overrides::default();
    let reading = Reading::decide(&input, &overrides, &Limits::default()).unwrap();
    let mut reader = Reader::new(&input, &reading, Limits::default(), BLOCK).unwrap();
    let mut partial = Partial::new(&reading.columns, &overrides);
    while let Some(portion) = reader.next_portion().unwrap() {
        partial.add(&portion.batch);
    }
    partial.finish()
}

/// One line per column and per decision.
fn outline(profile: &Profile) -> String {
    let mut out = String::new();
    for column in &profile.columns {
        let semantic = serde_json::to_value(column.semantic).unwrap();
        let first = column.types.first();
        let format = first.and_then(|t| t.format.as_deref()).unwrap_or("");
        let open = column.ambiguous.as_ref().map_or(0, |a| a.rows);
        let name = &column.name;
        let _ = writeln!(
            out,
            "{name}: {semantic} {format} nulls={} distinct={} open={open}",
            column.nulls,
            column.distinct.number(),
        );
    }
    for d in &profile.decisions {
        let column = d.column.as_deref().unwrap_or("");
        let _ = writeln!(
            out,
            "{}@{column}={} sure={}",
            d.what.name(),
            d.value,
            d.sure
        );
    }
    out
}

#[test]
fn the_bank_statements_of_the_examples() {
    insta::assert_snapshot!(outline(&example("bank/umsaetze_2026-03.csv")), @"");
    insta::assert_snapshot!(outline(&example("bank/statement_2026-03.csv")), @"");
}

#[test]
fn the_json_of_a_small_statement() {
    let profile = table(&[
        ("Datum", &["02.03.2026", "24.03.2026", "24.03.2026"]),
        ("Betrag", &["1.450,00", "-63,18", "n/a"]),
        ("Währung", &["EUR", "EUR", "USD"]),
        ("Zweck", &["Miete März Haus 4", "", "Miete März Haus 4"]),
    ]);
    let columns: Vec<String> = profile
        .columns
        .iter()
        .map(|column| serde_json::to_string(column).unwrap())
        .collect();
    insta::assert_snapshot!(columns.join("\n"), @"");
    let decisions: Vec<String> = profile
        .decisions
        .iter()
        .map(|decision| serde_json::to_string(decision).unwrap())
        .collect();
    insta::assert_snapshot!(decisions.join("\n"), @"");
}
