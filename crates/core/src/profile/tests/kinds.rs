//! Which type a column has, and what is shown of its values.

use super::*;

#[test]
fn each_kind_of_column_is_known() {
    use SemanticType as S;
    let ids = ["A-1001", "A-1002", "B-1003"];
    let notes = ["paid by card today", "see letter of May"];
    let cases: [(&[&str], Option<S>, Option<&str>); 29] = [
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
        (&["Hayır", "EVET"], Some(S::Boolean), Some("evet/hayır")),
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
fn one_slip_among_twenty_is_granted() {
    let mut cells = vec!["24.11.2026"; 19];
    cells.push("31.02.2026");
    assert_eq!(profile(&cells).0.semantic, Some(SemanticType::Date));
    assert_eq!(
        profile(&cells[1..]).0.semantic,
        Some(SemanticType::Category)
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
