//! Replay: a rejects file as a source. Each line holds one record of the original source, verbatim
//! in `_raw` (or as bytes in `_raw_base64`), which is read as the original was read.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::source::{
    Batch, Input, Limits, Place, Portion, RawText, Reader, Reading, RecordReader, SourceError,
    undecodable,
};
use crate::transform::REJECT_COLUMNS;
use crate::validation::Reject;

/// Position of the columns that a replay needs.
const LINE: usize = 1;
const ROW: usize = 2;
const FIELD: usize = 3;
const RULE: usize = 4;
const VALUE: usize = 5;
const RAW: usize = 8;
const RAW_BASE64: usize = 9;

/// Whether a source is a rejects file, as written or as a spreadsheet saved it with `;` or tabs:
/// its header is exactly the list of rejects columns. Returns the delimiter.
#[must_use]
pub fn is_rejects_file(input: &Input) -> Option<&'static str> {
    is_rejects_head(&input.range(0, HEAD_BYTES).ok()?)
}

/// So many bytes tell whether a source is a rejects file.
pub const HEAD_BYTES: u64 = 512;

/// The same by the first [`HEAD_BYTES`] of a source.
#[must_use]
pub fn is_rejects_head(head: &[u8]) -> Option<&'static str> {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let line = head.split(|byte| *byte == b'\n').next()?;
    let line = std::str::from_utf8(line).ok()?.trim_end_matches('\r');
    [",", ";", "\t"].into_iter().find(|delimiter| {
        let names = line.split(delimiter).map(|name| name.trim_matches('"'));
        names.eq(REJECT_COLUMNS.iter().copied())
    })
}

/// What a rejects file says of each record, as hashes: enough to tell that somebody changed the
/// value that is shown instead of the record.
#[derive(Debug, Default)]
pub(super) struct Claims {
    /// By row: hash of field and rule, and hash of these and the value; none where rows repeat or
    /// no value is shown.
    rows: HashMap<u64, Option<(u64, u64)>>,
}

impl Claims {
    /// Reads all claims of a rejects file.
    pub(super) fn read(reader: Reader<'_>) -> Result<Self, SourceError> {
        let mut claims = Self::default();
        let mut reader = reader;
        while let Some(portion) = reader.next_portion()? {
            let batch = portion.batch;
            for index in 0..batch.len() {
                let cell = |column| batch.cell(column, index).unwrap_or_default();
                let Ok(row) = cell(ROW).trim().parse::<u64>() else {
                    continue;
                };
                let claim =
                    (!cell(VALUE).is_empty()).then(|| hashes(cell(FIELD), cell(RULE), cell(VALUE)));
                claims
                    .rows
                    .entry(row)
                    .and_modify(|known| *known = None)
                    .or_insert(claim);
            }
        }
        Ok(claims)
    }

    /// Refuses a record that is rejected for the same reason as before, but for another value than
    /// the file shows: most likely the value was mended, and the record was not. Somebody who put
    /// another wrong value into the record gets the same error, because what stood there before is
    /// not known any more; an empty `_value` claims nothing.
    pub(super) fn check(&self, file: &str, reject: &Reject) -> Result<(), SourceError> {
        let (Some(Some(claim)), Some(reason)) =
            (self.rows.get(&reject.row), reject.reasons.first())
        else {
            return Ok(());
        };
        let now = hashes(&reason.field, &reason.rule, &reason.value);
        if claim.0 != now.0 || claim.1 == now.1 {
            return Ok(());
        }
        Err(SourceError::Replay {
            file: file.to_owned(),
            problem: format!(
                "the record of line {} is still wrong in `{}`, and _value is not what stands there",
                reject.line, reason.field
            ),
            hint: "mend the record in _raw, not in _value; to have a record rejected again with \
                   another value, empty its _value"
                .to_owned(),
        })
    }
}

fn hashes(field: &str, rule: &str, value: &str) -> (u64, u64) {
    let mut hasher = DefaultHasher::new();
    (field, rule).hash(&mut hasher);
    let place = hasher.finish();
    value.hash(&mut hasher);
    (place, hasher.finish())
}

/// A record as the original source had it, or as somebody mended it.
enum Original {
    Text(String),
    /// Bytes that are still no text of the original's encoding, and how they were shown.
    Undecodable {
        raw: String,
        bytes: Vec<u8>,
    },
}

/// The records of a rejects file.
#[derive(Debug)]
pub(super) struct Replay<'a> {
    reader: Reader<'a>,
    records: RecordReader<'a>,
    original: &'a Reading,
    file: String,
}

impl<'a> Replay<'a> {
    pub(super) fn new(
        reader: Reader<'a>,
        original: &'a Reading,
        limits: Limits,
        file: &'a str,
    ) -> Self {
        Self {
            reader,
            records: RecordReader::new(original, limits, file),
            original,
            file: file.to_owned(),
        }
    }

    pub(super) fn next_portion(&mut self) -> Result<Option<Portion>, SourceError> {
        let portion = self.reader.next_portion()?;
        portion.map(|portion| self.unwrap(portion)).transpose()
    }

    /// The original records that a portion of the rejects file holds.
    fn unwrap(&mut self, portion: Portion) -> Result<Portion, SourceError> {
        let outer = portion.batch;
        let mut rejects = portion.rejects;
        let mut places = Vec::with_capacity(outer.len());
        let mut raws = RawText::default();
        for (index, place) in outer.places.iter().enumerate() {
            let number = |column| {
                outer
                    .cell(column, index)
                    .and_then(|text| text.trim().parse::<u64>().ok())
            };
            let line = number(LINE).unwrap_or(place.line);
            let row = number(ROW).unwrap_or(place.row);
            let (raw, raw_bytes) = match self.record(&outer, index, place.line)? {
                Original::Text(raw) => (raw, None),
                Original::Undecodable { raw, bytes } => (raw, Some(bytes)),
            };
            let added = match raw_bytes {
                None => self.records.add(&raw),
                Some(_) => Err(undecodable(&self.original.encoding.label())),
            };
            match added {
                Ok(()) => {
                    places.push(Place {
                        line,
                        row,
                        ..*place
                    });
                    raws.push(&raw);
                }
                Err(reason) => {
                    rejects.push(Reject {
                        line,
                        row,
                        reasons: vec![reason],
                        raw,
                        raw_bytes,
                    });
                }
            }
        }
        let batch = Batch::new(outer.chunk, self.records.take()?, places, Arc::new(raws));
        Ok(Portion {
            batch,
            rejects,
            non_data: portion.non_data,
            repaired: Vec::new(),
            repairable: Vec::new(),
            state: portion.state,
        })
    }

    /// The original record that one line of the rejects file holds.
    fn record(&self, outer: &Batch, index: usize, line: u64) -> Result<Original, SourceError> {
        let raw = outer.cell(RAW, index).unwrap_or_default();
        let wrong = |problem: &str, hint: &str| SourceError::Replay {
            file: self.file.clone(),
            problem: format!("line {line}: {problem}"),
            hint: hint.to_owned(),
        };
        if let Some(encoded) = outer
            .cell(RAW_BASE64, index)
            .filter(|text| !text.is_empty())
        {
            let bytes = STANDARD.decode(encoded.trim()).map_err(|_| {
                wrong(
                    "_raw_base64 is no Base64",
                    "leave _raw_base64 empty and mend _raw instead",
                )
            })?;
            let encoding = self.original.encoding.encoding;
            // What was not mended is rejected again, never taken with replacement characters.
            return Ok(
                match encoding.decode_without_bom_handling_and_without_replacement(&bytes) {
                    Some(text) => Original::Text(text.trim_end_matches(['\r', '\n']).to_owned()),
                    None => Original::Undecodable {
                        raw: raw.to_owned(),
                        bytes,
                    },
                },
            );
        }
        if raw.is_empty() {
            return Err(wrong(
                "_raw is empty",
                "mend the record in _raw, or leave the whole line out",
            ));
        }
        Ok(Original::Text(raw.to_owned()))
    }
}
