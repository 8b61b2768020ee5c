//! CSV by RFC 4180: `,`, `"`, CRLF. A field is quoted only where it has to be; a null is nothing,
//! the empty text is `""`.
//!
//! A null in a table of one column is an empty line, as RFC 4180 has no other way to write it.

use std::io::Write as _;

use crate::validation::Cell;

/// Writes one record.
pub(super) fn write_record<'c>(out: &mut Vec<u8>, cells: impl Iterator<Item = Cell<'c>>) {
    for (index, cell) in cells.enumerate() {
        if index > 0 {
            out.push(b',');
        }
        match cell {
            Cell::Null => {}
            Cell::Text(text) => write_text(out, text),
            Cell::Integer(_)
            | Cell::Decimal(_)
            | Cell::Boolean(_)
            | Cell::Date(_)
            | Cell::Timestamp(_)
            | Cell::Time(_) => write_plain(out, &cell),
        }
    }
    out.extend_from_slice(b"\r\n");
}

/// Writes a value that needs no quotes. Writing to a vector cannot fail.
pub(super) fn write_plain(out: &mut Vec<u8>, cell: &Cell<'_>) {
    let _ = write!(out, "{cell}");
}

fn write_text(out: &mut Vec<u8>, text: &str) {
    let special = |byte: u8| matches!(byte, b',' | b'"' | b'\r' | b'\n');
    if !text.is_empty() && !text.bytes().any(special) {
        out.extend_from_slice(text.as_bytes());
        return;
    }
    out.push(b'"');
    for (index, part) in text.split('"').enumerate() {
        if index > 0 {
            out.extend_from_slice(b"\"\"");
        }
        out.extend_from_slice(part.as_bytes());
    }
    out.push(b'"');
}

/// Whether a spreadsheet could take a text for a formula: it begins like one and is no plain
/// number.
pub(super) fn looks_like_formula(text: &str) -> bool {
    let Some(rest) = text.strip_prefix(['=', '+', '-', '@', '\t', '\r']) else {
        return false;
    };
    !(text.starts_with(['+', '-']) && is_plain_number(rest))
}

/// Digits with at most one mark among them.
fn is_plain_number(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.split_once(['.', ',']) {
        Some((whole, fraction)) => digits(whole) && digits(fraction),
        None => digits(text),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn record(cells: &[Cell<'_>]) -> String {
        let mut out = Vec::new();
        write_record(&mut out, cells.iter().copied());
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn quotes_only_where_needed() {
        let cells = [
            Cell::Null,
            Cell::Text(""),
            Cell::Text(" a b;'"),
            Cell::Text("a,b"),
            Cell::Text("say \"hi\""),
            Cell::Text("two\nlines"),
            Cell::Text("\0"),
            Cell::Integer(-5),
            Cell::Null,
        ];
        let expected = ",\"\", a b;',\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\",\0,-5,\r\n";
        assert_eq!(record(&cells), expected);
    }

    #[test]
    fn formulas_are_told_from_numbers() {
        for text in [
            "=1+1",
            "+49 89 123",
            "-",
            "-x",
            "@SUM(A1)",
            "\tx",
            "\r",
            "+1.2.3",
            "=5",
        ] {
            assert!(looks_like_formula(text), "{text}");
        }
        for text in ["", "a=b", "-12", "+12.50", "-1,5", "12", " =1", "'=1"] {
            assert!(!looks_like_formula(text), "{text}");
        }
    }

    /// A reader of this dialect and no other.
    fn parse(record: &str) -> Vec<Option<String>> {
        let mut fields = Vec::new();
        let mut rest = record.strip_suffix("\r\n").unwrap();
        loop {
            let mut field = None;
            while let Some(quoted) = rest.strip_prefix('"') {
                let (part, after) = quoted.split_once('"').unwrap();
                match field.as_mut() {
                    None => field = Some(part.to_owned()),
                    Some(text) => *text = format!("{text}\"{part}"),
                }
                rest = after;
            }
            if field.is_none() {
                let end = rest.find(',').unwrap_or(rest.len());
                let (text, after) = rest.split_at(end);
                field = (!text.is_empty()).then(|| text.to_owned());
                rest = after;
            }
            fields.push(field);
            match rest.strip_prefix(',') {
                Some(after) => rest = after,
                None => return fields,
            }
        }
    }

    proptest! {
        #[test]
        fn texts_come_back(fields in prop::collection::vec(
            prop::option::of("[a,\" \r\n;é\0]{0,6}"), 1..5
        )) {
            let cells = fields.iter().map(|field| field.as_deref().map_or(Cell::Null, Cell::Text));
            let mut out = Vec::new();
            write_record(&mut out, cells);
            prop_assert_eq!(parse(&String::from_utf8(out).unwrap()), fields);
        }
    }
}
