//! Checks of single records: why one cannot be taken into the table.

use super::dialect::{Dialect, Limits};
use super::reading::Reading;
use super::record::{Fault, Parser, Record};
use crate::validation::Reason;

/// What every record of a table has to fulfil.
#[derive(Debug)]
pub(crate) struct Checks<'a> {
    reading: &'a Reading,
    limits: Limits,
    header: Vec<String>,
    others: Vec<(&'static str, Parser)>,
}

impl<'a> Checks<'a> {
    /// The checks of one reading.
    pub(crate) fn new(reading: &'a Reading, limits: Limits) -> Self {
        let header = reading.header.iter().map(|name| name.trim().to_owned());
        Self {
            reading,
            limits,
            header: header.collect(),
            others: other_delimiters(&reading.dialect, reading.columns.len()),
        }
    }

    /// Why a record cannot be taken, if so.
    pub(crate) fn check(&self, text: &str, record: &Record) -> Option<Reason> {
        if let Some(fault) = record.fault {
            return Some(quote_fault(fault));
        }
        if text.starts_with('\u{feff}') {
            return Some(reason(
                "byte_order_mark",
                "a byte order mark stands at the start of the record".to_owned(),
                "two files may have been put together; check that both have the same columns",
            ));
        }
        if record.fields.len() != self.reading.columns.len() {
            return Some(self.ragged(text, record.fields.len()));
        }
        if let Some(found) = memchr::memchr2(0, b'\r', text.as_bytes())
            && let Some(reason) = self.control(text, found, record)
        {
            return Some(reason);
        }
        let too_long = record
            .fields
            .iter()
            .position(|field| field.end - field.start > self.limits.field_bytes);
        if let Some(column) = too_long {
            let mut reason = reason(
                "field_too_long",
                format!("the field is longer than {} bytes", self.limits.field_bytes),
                "check for an unclosed quote before it",
            );
            reason.field = self
                .reading
                .columns
                .get(column)
                .cloned()
                .unwrap_or_default();
            return Some(reason);
        }
        self.is_repeated_header(text, record).then(|| {
            reason(
                "repeated_header",
                "the record repeats the header".to_owned(),
                "two files may have been put together; leave the line out",
            )
        })
    }

    /// Why a text that should be one record is none.
    pub(crate) fn several(&self) -> Reason {
        reason(
            "ragged",
            "more than one record stands here".to_owned(),
            "leave one record, and put text with line ends in quotes",
        )
    }

    fn ragged(&self, text: &str, fields: usize) -> Reason {
        let columns = self.reading.columns.len();
        let mut record = Record::default();
        for (delimiter, parser) in &self.others {
            parser.parse(text.as_bytes(), 0, true, &mut record);
            let whole = record.fault.is_none() && record.end == text.len();
            if columns > 1 && whole && record.fields.len() == columns {
                let name = delimiter.replace('\t', "\\t");
                return reason(
                    "other_delimiter",
                    format!(
                        "{fields} fields, but the table's {columns} with “{name}” between them"
                    ),
                    "read such records with --set repair=other_delimiter, or keep them in a file \
                     of their own",
                );
            }
        }
        let (what, hint) = if fields < columns {
            ("too few", "a delimiter is missing, or the line was cut")
        } else {
            ("too many", "put the field that holds a delimiter in quotes")
        };
        reason(
            "ragged",
            format!("{fields} fields where the table has {columns}: {what}"),
            hint,
        )
    }

    fn control(&self, text: &str, found: usize, record: &Record) -> Option<Reason> {
        if text
            .as_bytes()
            .get(found..)
            .is_some_and(|rest| memchr::memchr(0, rest).is_some())
        {
            return Some(reason(
                "nul",
                "a NUL character stands in the record".to_owned(),
                "the file may be damaged; export it again",
            ));
        }
        if self.reading.dialect.line_end.lone_cr_ends() {
            return None;
        }
        // A CR inside a quoted field is text; elsewhere it may have ended a record.
        let outside = record
            .fields
            .iter()
            .filter(|field| !field.quoted)
            .any(|field| {
                text.get(field.start..field.end)
                    .is_some_and(|cell| cell.contains('\r'))
            });
        outside.then(|| {
            reason(
                "lone_cr",
                "a CR without LF stands in the record".to_owned(),
                "it may end a record: try --set line_end=mixed",
            )
        })
    }

    fn is_repeated_header(&self, text: &str, record: &Record) -> bool {
        self.reading.layout.header_lines > 0
            && !self.header.is_empty()
            && self.header.iter().zip(&record.fields).all(|(name, field)| {
                text.get(field.start..field.end)
                    .is_some_and(|cell| cell.trim() == name)
            })
    }
}

/// Parsers for the common delimiters that a table does not have.
pub(crate) fn other_delimiters(dialect: &Dialect, width: usize) -> Vec<(&'static str, Parser)> {
    [",", ";", "\t", "|"]
        .into_iter()
        .filter(|delimiter| *delimiter != dialect.delimiter)
        .map(|delimiter| {
            let other = Dialect {
                delimiter: delimiter.to_owned(),
                ..dialect.clone()
            };
            (delimiter, Parser::new(&other, width))
        })
        .collect()
}

fn reason(rule: &str, message: String, hint: &str) -> Reason {
    Reason {
        field: String::new(),
        rule: rule.to_owned(),
        value: String::new(),
        message,
        hint: hint.to_owned(),
    }
}

/// Why a line of another table is no record of this one.
pub(crate) fn other_table(number: u64) -> Reason {
    reason(
        "other_table",
        format!("the line stands in table {number} of the source"),
        &format!("read that table with --table {number}"),
    )
}

/// Why a record whose bytes are no text of the source's encoding cannot be taken.
pub(crate) fn undecodable(encoding: &str) -> Reason {
    reason(
        "bad_bytes",
        format!("the record has bytes that are not {encoding}"),
        "mend the bytes, or set another encoding with --set encoding=windows-1252",
    )
}

fn quote_fault(fault: Fault) -> Reason {
    match fault {
        Fault::Unclosed => reason(
            "unclosed_quote",
            "a quote opens a field and is not closed".to_owned(),
            "close the quote, or double it if it is part of the text",
        ),
        Fault::Stray => reason(
            "stray_quote",
            "a quote stands where none can".to_owned(),
            "put the whole field in quotes and double those inside, or try --set quote=",
        ),
    }
}
