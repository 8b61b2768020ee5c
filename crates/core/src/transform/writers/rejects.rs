//! The rejects file (docs/rejects.md): one CSV line per record that was not taken, with its reasons
//! and the record itself, so that it can be mended and fed back.

use std::io::{self, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::csv::write_record;
use crate::validation::{Cell, Reason, Reject};

/// The header of a rejects file, exactly.
pub const REJECT_COLUMNS: [&str; 10] = [
    "_file",
    "_line",
    "_row",
    "_field",
    "_rule",
    "_value",
    "_message",
    "_hint",
    "_raw",
    "_raw_base64",
];

/// A rejects file that is being written.
#[derive(Debug)]
pub struct RejectsWriter<W: Write> {
    out: W,
    file: String,
    buffer: Vec<u8>,
    rows: u64,
}

impl<W: Write> RejectsWriter<W> {
    /// Writes the header. `file` is the base name of the source.
    ///
    /// # Errors
    /// Those of the output.
    pub fn new(out: W, file: &str) -> io::Result<Self> {
        let mut writer = Self {
            out,
            file: file.to_owned(),
            buffer: Vec::new(),
            rows: 0,
        };
        writer.record(&REJECT_COLUMNS.map(Cell::Text))?;
        Ok(writer)
    }

    /// Goes on behind rejects that were written before.
    pub fn behind(out: W, file: &str, rows: u64) -> Self {
        Self {
            out,
            file: file.to_owned(),
            buffer: Vec::new(),
            rows,
        }
    }

    /// Where it writes to.
    pub fn out_mut(&mut self) -> &mut W {
        &mut self.out
    }

    /// Goes on with the records of another source.
    pub fn set_file(&mut self, file: &str) {
        file.clone_into(&mut self.file);
    }

    /// Adds a record. The first reason stands in the single columns, all of them in `_message`;
    /// what is empty there is nothing, not `""`.
    ///
    /// # Errors
    /// Those of the output.
    pub fn write(&mut self, reject: &Reject) -> io::Result<()> {
        let first = reject.reasons.first();
        let text = |part: fn(&Reason) -> &String| first.map_or("", |reason| part(reason).as_str());
        let message = message(&reject.reasons);
        let base64 = reject
            .raw_bytes
            .as_ref()
            .map(|bytes| STANDARD.encode(bytes));
        let file = std::mem::take(&mut self.file);
        let result = self.record(&[
            Cell::Text(&file),
            Cell::Integer(reject.line.into()),
            Cell::Integer(reject.row.into()),
            text_or_null(text(|reason| &reason.field)),
            text_or_null(text(|reason| &reason.rule)),
            text_or_null(text(|reason| &reason.value)),
            text_or_null(&message),
            text_or_null(text(|reason| &reason.hint)),
            Cell::Text(&reject.raw),
            base64.as_deref().map_or(Cell::Null, Cell::Text),
        ]);
        self.file = file;
        self.rows += 1;
        result
    }

    fn record(&mut self, cells: &[Cell<'_>]) -> io::Result<()> {
        self.buffer.clear();
        write_record(&mut self.buffer, cells.iter().copied());
        self.out.write_all(&self.buffer)
    }

    /// Number of rejects written so far.
    #[must_use]
    pub const fn rows(&self) -> u64 {
        self.rows
    }

    /// Flushes the output and hands it back.
    ///
    /// # Errors
    /// Those of the output.
    pub fn finish(mut self) -> io::Result<W> {
        self.out.flush()?;
        Ok(self.out)
    }
}

const fn text_or_null(text: &str) -> Cell<'_> {
    if text.is_empty() {
        Cell::Null
    } else {
        Cell::Text(text)
    }
}

/// All messages; each with its field where there are several.
fn message(reasons: &[Reason]) -> String {
    match reasons {
        [only] => only.message.clone(),
        several => {
            let one = |reason: &Reason| match reason.field.as_str() {
                "" => reason.message.clone(),
                field => format!("{field}: {}", reason.message),
            };
            several.iter().map(one).collect::<Vec<_>>().join("; ")
        }
    }
}
