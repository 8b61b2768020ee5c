//! The profile does not depend on how the rows were cut, nor its counts on the bound.

use proptest::prelude::*;

use super::*;

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
