//! Families of files, each decided without a word from a person.

use super::*;
use crate::source::Reading;

fn read(bytes: &[u8], set: &[(What, Value)]) -> Reading {
    let input = Input::spool("t.csv", bytes).expect("a file");
    let mut overrides = Overrides::default();
    for (what, value) in set {
        overrides.set(*what, None, value.clone());
    }
    Reading::decide(&input, &overrides, &Limits::default()).expect("a reading")
}

/// A header over twelve rows, `#` of which is the row's number.
fn table(header: &str, row: &str) -> String {
    let rows = (1..=12).map(|number| row.replace('#', &format!("{number:02}")) + "\n");
    format!("{header}\n{}", rows.collect::<String>())
}

fn is_sure(reading: &Reading, what: What) -> bool {
    let mut decisions = reading.decisions.iter();
    decisions.any(|decision| decision.what == what && decision.sure)
}

#[test]
fn names_stand_over_their_own_columns_or_it_is_asked() {
    for (header, row, columns, sure) in [
        // A delimiter at the end of all rows, or of the header.
        (
            "Day;To;Sum",
            "2026-01-#;Ann #;#,50;",
            "Day To Sum column_4",
            true,
        ),
        (
            "Day;To;Sum;Tag;Ref",
            "2026-01-#;Ann #;#,50;x;R#;;",
            "Day To Sum Tag Ref column_6 column_7",
            true,
        ),
        ("Day;To;Sum;", "2026-01-#;Ann #;#,50", "Day To Sum", true),
        // Row names, as R writes them.
        (
            "\"a\" \"b\" \"c\"",
            "\"r#\" # 1.5 \"x#\"",
            "column_1 a b c",
            true,
        ),
        ("a,b,c", "Ann #,1#,2#,x", "column_1 a b c", false),
        // The last name is missing, or any other.
        (
            "Day,To,Sum",
            "2026-01-#,Ann #,1#.50,9#.25",
            "Day To Sum column_4",
            false,
        ),
        (
            "To,Day,Sum",
            "Ann,2026-01-#,1#.50,9#.25",
            "To Day Sum column_4",
            false,
        ),
    ] {
        let reading = read(table(header, row).as_bytes(), &[]);
        assert_eq!(reading.columns.join(" "), columns, "{header} over {row}");
        assert_eq!(
            is_sure(&reading, What::HeaderLines),
            sure,
            "{header} over {row}"
        );
        assert_eq!(reading.layout.header_lines, 1, "{header} over {row}");
    }
    let numbered: String = (1..=12)
        .map(|row| format!("{row},x{row},1.{row}\n"))
        .collect();
    let reading = read(format!("a,b\n{numbered}").as_bytes(), &[]);
    assert_eq!(reading.columns, ["column_1", "a", "b"]);
    assert!(is_sure(&reading, What::HeaderLines));
    let one = [(What::HeaderLines, Value::from(1))];
    let said = read(
        table("Day,To,Sum", "2026-01-#,Ann #,1#.50,9#.25").as_bytes(),
        &one,
    );
    assert!(is_sure(&said, What::HeaderLines));
}

#[test]
fn a_line_of_names_above_a_table_without_any_makes_it_doubtful() {
    let rows = "2026-01-#;Ann #;#,50;EUR;R#";
    let reading = read(
        table("Day;To;Sum;Unit;Ref;Note;Tag;More", rows).as_bytes(),
        &[],
    );
    assert!(!is_sure(&reading, What::PreambleLines) && !is_sure(&reading, What::HeaderLines));
    let reading = read(table("Report of today", rows).as_bytes(), &[]);
    assert!(
        is_sure(&reading, What::PreambleLines),
        "{:?}",
        reading.decisions
    );
}

#[test]
fn a_title_with_a_delimiter_in_it_is_no_header() {
    for (title, header, row) in [
        ("Population, thousands", "Country,2024,2025", "Land #,1#,2#"),
        ("Members, March", "Name,City,Role", "Ann #,Ulm,x"),
        ("Members, March\n", "Name,City,Role", "Ann #,Ulm,x"),
        (
            "Account,DE89\nPeriod,March",
            "Day,To,Sum",
            "2026-01-#,Ann,#.5",
        ),
        (
            "Account,DE89\nPeriod,March\n",
            "Day,To,Sum",
            "2026-01-#,Ann,#.5",
        ),
    ] {
        let text = format!("{title}\n{}", table(header, row));
        let lines = title.split('\n').count() as u64;
        let reading = read(text.as_bytes(), &[]);
        assert_eq!(reading.layout.preamble_lines, lines, "{text}");
        assert_eq!(reading.columns.join(","), header, "{text}");
    }
}

#[test]
fn a_delimiter_of_several_signs_is_one() {
    for (delimiter, told) in [
        ("||", "||"),
        (";;", ";;"),
        (" ; ", " ; "),
        ("::", "::"),
        (", ", ", "),
    ] {
        let header = ["id", "name", "city", "sum"].join(delimiter);
        let row = ["#", "Ann Lee", "New York", "#.5"].join(delimiter);
        let reading = read(table(&header, &row).as_bytes(), &[]);
        assert_eq!(reading.dialect.delimiter, told);
        assert_eq!(reading.columns, ["id", "name", "city", "sum"]);
    }
    // Some cells are empty: the blank between two delimiters is one and the same.
    let row = ["#", "", "New York", "#.5"].join(" | ").replace("  ", " ");
    let reading = read(table("id | name | city | sum", &row).as_bytes(), &[]);
    assert_eq!(reading.dialect.delimiter, "| ");
    assert_eq!(reading.columns.len(), 4);
    // One empty column is one, and so are several between which others have values.
    let reading = read(table("id;;sum", "#;;#.5").as_bytes(), &[]);
    assert_eq!(
        (reading.dialect.delimiter.as_str(), reading.columns.len()),
        (";", 3)
    );
    let reading = read(table("id;;name;;sum", "#;;Ann;x;#.5").as_bytes(), &[]);
    assert_eq!(
        (reading.dialect.delimiter.as_str(), reading.columns.len()),
        (";", 5)
    );
}

#[test]
fn lines_inside_of_quoted_fields_do_not_outvote_the_records() {
    let row = "\"A#\";\"Nice, very\nnice;\nyes\";\"#.99\"";
    let reading = read(table("sku;text;price", row).as_bytes(), &[]);
    assert_eq!(reading.dialect.quote, Some(b'"'));
    assert_eq!(reading.columns, ["sku", "text", "price"]);
}

#[test]
fn a_title_as_wide_as_the_table_does_not_cut_it_at_a_page_break() {
    let page = |month: u32| {
        let rows = (1..=9).map(|day| format!("2026-{month:02}-{day:02};Ann;{day},50\n"));
        format!("Day;To;Sum\n{}", rows.collect::<String>())
    };
    let text = format!("Statement;;\n{};;\n{}", page(1), page(2));
    let reading = read(text.as_bytes(), &[]);
    assert!(reading.layout.others.is_empty(), "{:?}", reading.layout);
    assert_eq!(reading.columns, ["Day", "To", "Sum"]);
}

#[test]
fn text_that_an_encoding_has_no_use_for_is_asked_about() {
    for (bytes, encoding, sure) in [
        (b"\xa31.50".as_slice(), "windows-1252", true),
        (b"M\xfcller", "windows-1252", true),
        (b"\xa3ukasz Nowak", "windows-1250", true),
        (b"\x8akoda \x96 \x93so\x94", "windows-1252", true),
        (b"c\x9cur", "windows-1252", true),
        (b"Stra\xdfe 1,50 \xa4", "windows-1252", false),
        (b"M\x9fller B\x8acker", "windows-1252", false),
        (b"Empf\x84nger f\x81r", "windows-1252", false),
        (b"\xd5rs\xe9g \xfbr", "windows-1252", false),
    ] {
        let mut text = b"Day;Text\n".to_vec();
        for day in 1..=12 {
            text.extend(format!("2026-01-{day:02};").bytes());
            text.extend_from_slice(bytes);
            text.push(b'\n');
        }
        let reading = read(&text, &[]);
        assert_eq!(reading.encoding.label(), encoding, "{bytes:x?}");
        assert_eq!(is_sure(&reading, What::Encoding), sure, "{bytes:x?}");
    }
}

#[test]
fn who_names_the_delimiter_says_that_it_is_text() {
    let text = table("id\u{1}name\u{1}sum", "#\u{1}Ann\u{1}#.5");
    let input = Input::spool("t.csv", text.as_bytes()).expect("a file");
    let alone = Reading::decide(&input, &Overrides::default(), &Limits::default());
    assert!(
        matches!(alone, Err(SourceError::Binary { .. })),
        "{alone:?}"
    );
    for said in ["\u{1}", "\\x01"] {
        let reading = read(text.as_bytes(), &[(What::Delimiter, said.into())]);
        assert_eq!(reading.columns, ["id", "name", "sum"]);
    }
}

#[test]
fn a_row_that_adds_the_table_up_is_a_footer_or_asked_about() {
    let rows: String = (1..=9)
        .map(|row| format!("{row}{row}00;Town {row};{row}0,50\n"))
        .collect();
    for (last, lines, sure) in [
        ("Summe;;454,50", 1, true),
        (";Łącznie;454,50", 1, true),
        (";;;", 0, true),
        (";;454,50", 1, true),
        (";;454,51", 0, false),
        ("Total;;454,51", 1, false),
        ("Total;Town 10;454,50", 0, false),
        ("Total;Town 10;454,51", 0, false),
        ("Total Care;Town 10;4,50", 0, true),
        ("10100;Total;4,50", 0, true),
        ("10100;Town 10;454,50", 0, true),
        ("10100;Total;454,50", 0, false),
        ("10100;;454,50", 0, false),
        ("10100;Total Care;45,50", 0, true),
        ("Average;;50,50", 1, true),
    ] {
        let reading = read(format!("id;town;sum\n{rows}{last}\n").as_bytes(), &[]);
        assert_eq!(reading.layout.footer_lines, lines, "{last}");
        assert_eq!(is_sure(&reading, What::FooterLines), sure, "{last}");
    }
}

#[test]
fn a_total_behind_a_date_or_the_next_number_is_asked_about() {
    for (kind, last, sure) in [
        ("list", "6;Summe;105,50", false),
        ("list", "6;Summe;105,51", true),
        ("list", "6;;105,50", false),
        ("list", "6;Dora;105,50", true),
        ("days", "28.02.2026;Gesamtsumme;105,50", false),
        ("days", "28.02.2026;;105,50", false),
        ("days", "28.02.2026;Summer;105,50", true),
    ] {
        let rows = [10, 15, 20, 25, 35].iter().zip(1..).map(|(sum, row)| {
            let end = if row == 1 { "50" } else { "00" };
            match kind {
                "list" => format!("{row};Name {row};{sum},{end}\n"),
                _ => format!("0{row}.02.2026;Name {row};{sum},{end}\n"),
            }
        });
        let text = format!("nr;name;sum\n{}{last}\n", rows.collect::<String>());
        let reading = read(text.as_bytes(), &[]);
        assert_eq!(reading.layout.footer_lines, 0, "{last}");
        assert_eq!(is_sure(&reading, What::FooterLines), sure, "{last}");
    }
}

#[test]
fn a_name_that_begins_like_a_total_is_none_for_sure() {
    // Seven shops with 28 visits, so that one more has the average by chance.
    let rows: String = (1..=7)
        .map(|row| format!("Shop {row},Oslo,{row}\n"))
        .collect();
    for last in [
        "Media Markt,Oslo,4",
        "Balance Street,Oslo,28",
        "Total Care,Oslo,28",
    ] {
        let reading = read(format!("store,city,visits\n{rows}{last}\n").as_bytes(), &[]);
        assert_eq!(reading.layout.footer_lines, 0, "{last}");
        assert!(!is_sure(&reading, What::FooterLines), "{last}");
    }
}

#[test]
fn the_first_of_like_records_is_no_header_for_sure() {
    let rows: String = (0..16)
        .map(|row| {
            let name = ["Boyle", "Curie", "Dalton", "Euler"][row % 4];
            let town = ["Turin", "Delft"][row % 2];
            format!("{name}{},{town},Silver\n", ["a", "e", "i", "o"][row / 4])
        })
        .collect();
    let reading = read(format!("Abel,London,Gold\n{rows}").as_bytes(), &[]);
    assert!(!is_sure(&reading, What::HeaderLines));
    let reading = read(
        format!("last_name,town_of_birth,medal_2\n{rows}").as_bytes(),
        &[],
    );
    assert_eq!(reading.layout.header_lines, 1);
}

#[test]
fn a_sum_of_rows_that_are_not_known_needs_a_word() {
    let row = |row: usize| format!("{row};Town {};10\n", row % 7);
    let rows: String = (1..=60_000).map(row).collect();
    for (last, lines, sure) in [
        ("Total;;600000", 1, true),
        (";;600000", 0, false),
        ("60001;Town;600000", 0, true),
    ] {
        let reading = read(format!("id;town;sum\n{rows}{last}\n").as_bytes(), &[]);
        assert_eq!(reading.layout.footer_lines, lines, "{last}");
        assert_eq!(is_sure(&reading, What::FooterLines), sure, "{last}");
    }
}

#[test]
fn dates_and_years_over_numbers_are_names_or_asked_about() {
    for (header, row, lines, sure) in [
        ("name;2026-03-01;2026-03-02", "Ann #;#;1#", 1, true),
        ("name;01.03.2026;02.03.2026", "Ann #;#,5;1#,5", 1, true),
        (";Jan 2026;Feb 2026", "Ann #;#;1#", 1, true),
        ("land;2024;2025;2026", "Land #;#1;#2;#3.5", 1, true),
        ("2024;2025;2026", "#1;#2;#3", 1, false),
        ("2026-03-01;2026-03-02", "#;1#", 1, false),
        ("name;1;2;3;4", "Ann #;5;1;0;#", 1, false),
        // Records.
        ("Ann 00;2026-03-01;7", "Ann #;2026-03-#;1#", 0, true),
        ("Ann 00;1;2;3;4", "Ann #;5;1;0;#", 0, false),
        ("A0;1;2;3", "A#;2;3;4", 0, true),
    ] {
        let reading = read(table(header, row).as_bytes(), &[]);
        assert_eq!(reading.layout.header_lines, lines, "{header} over {row}");
        let told = is_sure(&reading, What::HeaderLines);
        assert_eq!(told, sure, "{header} over {row}");
    }
}

#[test]
fn names_over_texts_are_sure_where_they_differ_from_all_of_them() {
    let rows = |rows: &[&str]| {
        rows.iter()
            .map(|row| format!("{row}\n"))
            .collect::<String>()
    };
    let cities = rows(&[
        "R1;DE;Bonn",
        "R2;FR;Lyon",
        "R3;DE;Ulm",
        "R4;FR;Nice",
        "R5;DE;Kiel",
    ]);
    let people = rows(&[
        "Ann;Ulm;chef",
        "Ben;Bonn;cook",
        "Cem;Kiel;chef",
        "Dan;Ulm;cook",
    ]);
    for (header, body, lines, sure) in [
        ("rec_id;country;city", &cities, 1, true),
        ("RecId;Country;Town", &cities, 1, true),
        ("R0;IT;Rome", &cities, 0, false),
        ("first_name;city;job", &people, 1, true),
        ("Eve;York;chef", &people, 0, false),
    ] {
        let reading = read(format!("{header}\n{}", body.repeat(2)).as_bytes(), &[]);
        let told = is_sure(&reading, What::HeaderLines);
        assert_eq!(told, sure, "{header}: {:?}", reading.decisions);
        if sure {
            assert_eq!(reading.layout.header_lines, lines, "{header}");
        }
    }
}

#[test]
fn blanks_divide_aligned_columns_and_numbers_but_no_names() {
    for (header, row, sure) in [
        ("id    name      sum", "#    Ann       1#.50", true),
        ("1 2 3", "1# # 4", true),
        ("who", "Ann Mary Lee", false),
        ("when", "# Nov 2026", false),
        ("id name sum", "# Ann 1#.50", false),
    ] {
        let reading = read(table(header, row).as_bytes(), &[]);
        let blanks = reading.dialect.delimiter == " " && is_sure(&reading, What::Delimiter);
        assert_eq!(blanks, sure, "{header} over {row}: {:?}", reading.decisions);
    }
    // Two words of a name are aligned with nothing.
    for (name, sure) in [("Ann", true), ("Ann Lee", false)] {
        let header = if sure { "name" } else { "full name" };
        let line = |id: &str, name: &str, sum: &str| format!("{id:6}{name:18}{sum:>8}\n");
        let mut text = line("id", header, "sum");
        for row in 1..=12 {
            text += &line(
                &row.to_string(),
                &name.replace("nn", &"n".repeat(row)),
                "9.50",
            );
        }
        let reading = read(text.as_bytes(), &[]);
        assert_eq!(is_sure(&reading, What::Delimiter), sure, "{text}");
    }
}
