//! Conservation as a property: tables are generated and broken in every way that files break, and
//! each time every record is accounted for, every byte of data is found again, the reader and the
//! auditor agree, and nothing depends on the size of the read blocks.

#![cfg(test)]

use std::collections::HashMap;

use aimapper_core::source::{
    Audit, Dialect, Input, Limits, Overrides, Portion, Reader, Reading, State, What, audit,
};
use proptest::prelude::*;

/// Everything that reading a source gives.
#[derive(Debug, PartialEq)]
struct Outcome {
    good: Vec<Vec<Option<String>>>,
    raw: Vec<String>,
    rejects: Vec<(u64, u64, String, String)>,
    non_data: Vec<String>,
    state: State,
}

fn read(input: &Input, reading: &Reading, block: usize) -> Outcome {
    let mut reader = Reader::new(input, reading, Limits::default(), block).unwrap();
    let mut outcome = Outcome {
        good: Vec::new(),
        raw: Vec::new(),
        rejects: Vec::new(),
        non_data: Vec::new(),
        state: State::default(),
    };
    while let Some(portion) = reader.next_portion().unwrap() {
        take(&mut outcome, portion);
    }
    outcome
}

fn take(outcome: &mut Outcome, portion: Portion) {
    for record in 0..portion.batch.len() {
        let row = (0..portion.batch.columns.len())
            .map(|column| portion.batch.cell(column, record).map(str::to_owned))
            .collect();
        outcome.good.push(row);
        outcome
            .raw
            .push(portion.batch.raw.get(record).unwrap().to_owned());
    }
    for reject in portion.rejects {
        let rule = reject.reasons[0].rule.clone();
        outcome
            .rejects
            .push((reject.line, reject.row, rule, reject.raw));
    }
    outcome
        .non_data
        .extend(portion.non_data.into_iter().map(|piece| piece.raw));
    outcome.state = portion.state;
}

/// Letters and digits, which are what data consists of.
fn letters(text: &str) -> HashMap<char, usize> {
    let mut counts = HashMap::new();
    for character in text.chars().filter(|character| character.is_alphanumeric()) {
        *counts.entry(character).or_default() += 1;
    }
    counts
}

fn check(bytes: &[u8]) {
    let Ok(input) = Input::spool("test.csv", bytes) else {
        assert!(bytes.is_empty());
        return;
    };
    let limits = Limits::default();
    // Sources that are no text, or blank, are refused as a whole; that is accounting too.
    let Ok(reading) = Reading::decide(&input, &Overrides::default(), &limits) else {
        return;
    };
    let outcome = read(&input, &reading, 1 << 20);
    let state = &outcome.state;
    let context = format!("{:?} {:?}", reading.dialect, reading.layout);
    assert!(state.tiled, "{context}");
    assert_eq!(state.byte, input.size(), "{context}");
    assert_eq!(
        state.rows,
        (outcome.good.len() + outcome.rejects.len()) as u64
    );
    assert_eq!(state.read, state.rows + state.non_data, "{context}");
    let counted = audit(&input, &reading, 1 << 16).unwrap();
    let expected = Audit {
        counted: state.read,
        borders: state.borders,
        end: state.byte,
    };
    assert_eq!(counted, expected, "{context}");
    for block in [1, 64, 4096] {
        assert_eq!(
            read(&input, &reading, block),
            outcome,
            "block {block} {context}"
        );
    }
    assert_eq!(audit(&input, &reading, 3).unwrap(), expected, "{context}");
    let (text, _, _) = reading.encoding.encoding.decode(bytes);
    let mut kept = String::new();
    for part in outcome.raw.iter().chain(&outcome.non_data) {
        kept.push_str(part);
        kept.push('\n');
    }
    for (_, _, _, raw) in &outcome.rejects {
        kept.push_str(raw);
        kept.push('\n');
    }
    assert_eq!(letters(&kept), letters(&text), "{context}");
    // What stands in the good rows is what stands in their raw text.
    for (row, raw) in outcome.good.iter().zip(&outcome.raw) {
        let cells: String = row.iter().flatten().map(String::as_str).collect();
        assert_eq!(letters(&cells), letters(raw), "{context}");
    }
}

/// One cell of a generated table.
fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-zA-Zäöüß]{1,8}",
        4 => "[0-9]{1,6}",
        2 => "[0-9]{1,3},[0-9]{2}",
        2 => "(0[1-9]|1[0-9]|2[0-8])\\.(0[1-9]|1[0-2])\\.20[0-9]{2}",
        2 => "[a-z ]{0,12}",
        1 => "[a-z,;\"'\n ]{0,10}",
        1 => Just(String::new()),
    ]
}

/// What is done to a text to break it.
#[derive(Debug, Clone)]
enum Damage {
    Insert(prop::sample::Index, String),
    Delete(prop::sample::Index, u8),
    Truncate(prop::sample::Index),
    Append(String),
    Prepend(String),
}

fn damage() -> impl Strategy<Value = Damage> {
    let pieces = prop_oneof![
        Just("\"".to_owned()),
        Just("'".to_owned()),
        Just(",".to_owned()),
        Just(";".to_owned()),
        Just("\r".to_owned()),
        Just("\n".to_owned()),
        Just("\r\n".to_owned()),
        Just("\n\n".to_owned()),
        Just("\0".to_owned()),
        Just("\u{feff}".to_owned()),
        Just("\\".to_owned()),
        Just("a,\"b\n".to_owned()),
        Just("Summe;;;1,00\n".to_owned()),
        Just("# comment, with; signs\n".to_owned()),
        Just("\"\"".to_owned()),
    ];
    prop_oneof![
        4 => (any::<prop::sample::Index>(), pieces.clone()).prop_map(|(at, text)| Damage::Insert(at, text)),
        2 => (any::<prop::sample::Index>(), 1..4u8).prop_map(|(at, count)| Damage::Delete(at, count)),
        1 => any::<prop::sample::Index>().prop_map(Damage::Truncate),
        1 => pieces.clone().prop_map(Damage::Append),
        1 => pieces.prop_map(Damage::Prepend),
    ]
}

fn write_table(rows: &[Vec<String>], delimiter: &str, end: &str, quote_all: bool) -> String {
    let mut text = String::new();
    for row in rows {
        let cells: Vec<String> = row
            .iter()
            .map(|cell| {
                let needs = quote_all || cell.contains([',', ';', '"', '\n', '\r', '\t', '|']);
                if needs {
                    format!("\"{}\"", cell.replace('"', "\"\""))
                } else {
                    cell.clone()
                }
            })
            .collect();
        text.push_str(&cells.join(delimiter));
        text.push_str(end);
    }
    text
}

fn apply(bytes: Vec<u8>, damage: &Damage) -> Vec<u8> {
    let mut bytes = bytes;
    match damage {
        Damage::Insert(at, text) => {
            let at = at.index(bytes.len() + 1);
            bytes.splice(at..at, text.bytes());
        }
        Damage::Delete(at, count) => {
            if !bytes.is_empty() {
                let at = at.index(bytes.len());
                let end = (at + usize::from(*count)).min(bytes.len());
                bytes.drain(at..end);
            }
        }
        Damage::Truncate(at) => bytes.truncate(at.index(bytes.len() + 1)),
        Damage::Append(text) => bytes.extend(text.bytes()),
        Damage::Prepend(text) => {
            bytes.splice(0..0, text.bytes());
        }
    }
    bytes
}

fn encode(text: &str, which: u8) -> Vec<u8> {
    match which {
        0 => [
            b"\xff\xfe".to_vec(),
            text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        ]
        .concat(),
        1 => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        2 => encoding_rs::WINDOWS_1252.encode(text).0.into_owned(),
        3 => [b"\xef\xbb\xbf".to_vec(), text.as_bytes().to_vec()].concat(),
        _ => text.as_bytes().to_vec(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases()))]

    #[test]
    fn nothing_is_lost_in_a_damaged_table(
        width in 1..6usize,
        cells in prop::collection::vec(cell(), 6..60),
        delimiter in prop::sample::select(vec![",", ";", "\t", "|", ", "]),
        end in prop::sample::select(vec!["\n", "\r\n", "\r"]),
        quote_all in any::<bool>(),
        encoding in 0..8u8,
        damages in prop::collection::vec(damage(), 0..5),
    ) {
        let rows: Vec<Vec<String>> = cells.chunks_exact(width).map(<[String]>::to_vec).collect();
        let text = write_table(&rows, delimiter, end, quote_all);
        let mut bytes = encode(&text, encoding);
        for damage in &damages {
            bytes = apply(bytes, damage);
        }
        check(&bytes);
    }

    #[test]
    fn nothing_is_lost_in_any_bytes(bytes in prop::collection::vec(
        prop::sample::select(b"a1,;\"'\n\r\\ \t\xc3\xa4\xff\0#".to_vec()), 0..200)) {
        check(&bytes);
    }

    #[test]
    fn a_clean_table_comes_back_cell_by_cell(
        rows in prop::collection::vec(prop::collection::vec("[a-z0-9 ,\"\n]{0,6}", 3), 1..20),
    ) {
        let rows: Vec<Vec<String>> = rows
            .into_iter()
            .filter(|row| row.iter().any(|cell| !cell.trim().is_empty()))
            .collect();
        prop_assume!(!rows.is_empty());
        let text = format!("x,y,z\r\n{}", write_table(&rows, ",", "\r\n", true));
        let input = Input::spool("test.csv", text.as_bytes()).unwrap();
        let mut overrides = Overrides::default();

        for (what, value) in [(What::Delimiter, ","), (What::Quote, "\""), (What::LineEnd, "crlf"),
                              (What::HeaderLines, "1"), (What::PreambleLines, "0"), (What::FooterLines, "0")] {
            overrides.set(what, None, value);
        }
        let reading = Reading::decide(&input, &overrides, &Limits::default()).unwrap();
        prop_assert_eq!(&reading.dialect, &Dialect::rfc4180());
        let outcome = read(&input, &reading, 1 << 16);
        prop_assert_eq!(outcome.rejects.len(), 0);
        let back: Vec<Vec<String>> = outcome.good.into_iter()
            .map(|row| row.into_iter().map(Option::unwrap_or_default).collect()).collect();
        prop_assert_eq!(back, rows);
    }
}

#[test]
fn a_reader_goes_on_where_a_portion_ended() {
    // More than one chunk of 65,536 records, with damage and quoted line ends on the way.
    let mut text = "id,name,note\r\n".to_owned();
    for row in 0..70_000 {
        text.push_str(&match row % 1_000 {
            7 => format!("{row},short\r\n"),
            8 => format!("{row},\"never closed,x\r\n"),
            9 => format!("{row},\"two\r\nlines\",x\r\n"),
            10 => "\r\n".to_owned(),
            _ => format!("{row},\"Anna, Bert\",x\r\n"),
        });
    }
    for bytes in [text.clone().into_bytes(), encode(&text, 0)] {
        let input = Input::spool("test.csv", bytes.as_slice()).unwrap();
        let limits = Limits::default();
        let reading = Reading::decide(&input, &Overrides::default(), &limits).unwrap();
        let mut reader = Reader::new(&input, &reading, limits, 1 << 18).unwrap();
        let mut portions = Vec::new();
        while let Some(portion) = reader.next_portion().unwrap() {
            portions.push(portion);
        }
        assert!(portions.len() > 8, "{} portions", portions.len());
        let mut crossed = false;
        for (at, portion) in portions.iter().enumerate() {
            let state = portion.state.clone();
            crossed |= state.rows == 65_536;
            let mut resumed = Reader::resume(&input, &reading, limits, 4096, state).unwrap();
            let next = resumed.next_portion().unwrap();
            let expected = portions.get(at + 1);
            assert_eq!(
                next.as_ref().map(|next| &next.state),
                expected.map(|next| &next.state)
            );
            if let (Some(next), Some(expected)) = (next, expected) {
                assert_eq!(next.batch.columns, expected.batch.columns);
                assert_eq!(next.batch.places, expected.batch.places);
                assert_eq!(next.batch.raw, expected.batch.raw);
                assert_eq!(next.rejects, expected.rejects);
                assert_eq!(next.non_data, expected.non_data);
            }
        }
        assert!(crossed, "no portion ended at the chunk's border");
    }
}

/// Numbers of lines are added to one another.
#[test]
fn a_number_of_lines_that_no_source_has_is_refused() {
    let input = Input::spool("test.csv", "a,b\n1,2\n3,4\n".as_bytes()).unwrap();
    for what in [What::PreambleLines, What::HeaderLines, What::FooterLines] {
        let mut overrides = Overrides::default();
        overrides.set(What::HeaderLines, None, 1);
        overrides.set(what, None, u64::MAX);
        let error = Reading::decide(&input, &overrides, &Limits::default()).unwrap_err();
        assert!(error.to_string().contains(what.name()), "{error}");
    }
}

#[test]
fn an_encoding_that_no_line_can_be_read_in_is_refused() {
    let input = Input::spool("a.csv", b"a,b\n1,2\n3,4\n".as_slice()).unwrap();
    for label in ["iso-2022-jp", "iso-2022-kr"] {
        let mut overrides = Overrides::default();
        overrides.set(What::Encoding, None, label);
        let error = Reading::decide(&input, &overrides, &Limits::default()).unwrap_err();
        assert!(error.to_string().contains(label), "{error}");
    }
}

#[test]
fn an_escape_takes_a_whole_character_with_it() {
    // The second byte of this character is the escape's.
    let bytes = b"k,n\n\"a\nb\\\x83\x5c\",2\n\"c\nd\",3\n\"e\",4\n".as_slice();
    let input = Input::spool("a.csv", bytes).unwrap();
    let mut overrides = Overrides::default();
    overrides.set(What::Encoding, None, "shift_jis");
    overrides.set(What::Quote, None, "\"");
    overrides.set(What::Escape, None, "\\");
    let reading = Reading::decide(&input, &overrides, &Limits::default()).unwrap();
    let outcome = read(&input, &reading, 64);
    let audit = audit(&input, &reading, 64).unwrap();
    let state = outcome.state;
    assert_eq!((audit.counted, audit.borders), (state.read, state.borders));
    assert_eq!(state.rows, 3);
}

#[test]
fn bytes_of_another_encoding_are_not_repaired_in_transcoded_text() {
    let bytes =
        b"id,name,city\n1,\x82\xa0,x\n2,\x82\xa0,y\n3,\x82\xa0,z\n4,\x82\xff,w\n".as_slice();
    let input = Input::spool("a.csv", bytes).unwrap();
    let mut overrides = Overrides::default();
    overrides.set(What::Encoding, None, "shift_jis");
    overrides.set(What::Repair, None, "all");
    let reading = Reading::decide(&input, &overrides, &Limits::default()).unwrap();
    let state = read(&input, &reading, 64).state;
    assert_eq!((state.rows, state.rejected), (4, 1));
}

/// Cases per property: few by default, as many as `PROPTEST_CASES` says for a long run.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(400)
}
