//! Non-data: what a source holds beside its records, kept so that every byte is accounted for.

use std::io::{self, Write};

use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use crate::report::{NonData, NonDataKind};

/// Text of non-data that is kept in the report, in bytes; more goes to a file of its own.
const REPORT_BYTES: usize = 1 << 20;

/// One record of non-data, or several of a kind behind each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    /// What it is.
    pub kind: NonDataKind,
    /// 1-based physical line on which it starts.
    pub line: u64,
    /// Logical records.
    pub records: u64,
    /// First byte in the source.
    pub start: u64,
    /// One past its last byte, line end included.
    pub end: u64,
    /// Its text without the last line end, transcoded to UTF-8.
    pub raw: String,
}

/// Collects pieces: runs of one kind are merged, and much text is spilled to a file.
#[derive(Debug, Default)]
pub struct NonDataLog {
    pieces: Vec<Piece>,
    bytes: usize,
    spill: Option<NamedTempFile>,
}

impl NonDataLog {
    /// Adds the next piece in source order.
    ///
    /// # Errors
    /// When the spill file cannot be written.
    pub fn push(&mut self, piece: Piece) -> io::Result<()> {
        self.bytes += piece.raw.len();
        if self.spill.is_none() && self.bytes > REPORT_BYTES {
            let mut spill = NamedTempFile::new()?;
            spill.write_all(b"_line,_kind,_raw\r\n")?;
            for piece in &mut self.pieces {
                write_piece(&mut spill, piece)?;
                piece.raw = String::new();
            }
            self.spill = Some(spill);
        }
        let mut piece = piece;
        if let Some(spill) = &mut self.spill {
            write_piece(spill, &piece)?;
            piece.raw = String::new();
        }
        match self.pieces.last_mut() {
            Some(last) if last.kind == piece.kind && last.end == piece.start => {
                last.records += piece.records;
                last.end = piece.end;
                if self.spill.is_none() {
                    last.raw.push('\n');
                    last.raw.push_str(&piece.raw);
                }
            }
            Some(_) | None => self.pieces.push(piece),
        }
        Ok(())
    }

    /// A log that goes on behind these pieces.
    #[must_use]
    pub fn behind(pieces: Vec<Piece>) -> Self {
        Self {
            bytes: pieces.iter().map(|piece| piece.raw.len()).sum(),
            pieces,
            spill: None,
        }
    }

    /// The pieces so far, unless their text is in a file.
    #[must_use]
    pub fn pieces(&self) -> Option<&[Piece]> {
        self.spill.is_none().then_some(self.pieces.as_slice())
    }

    /// The pieces for the report, and the file with their text where it is too much for it.
    #[must_use]
    pub fn finish(self) -> (Vec<NonData>, Option<NamedTempFile>) {
        let pieces = self
            .pieces
            .into_iter()
            .map(|piece| NonData {
                kind: piece.kind,
                line: piece.line,
                lines: piece.records,
                raw: piece.raw,
            })
            .collect();
        (pieces, self.spill)
    }
}

fn write_piece(out: &mut impl Write, piece: &Piece) -> io::Result<()> {
    let kind = serde_json::to_value(piece.kind).map_err(io::Error::other)?;
    let kind = kind.as_str().unwrap_or_default();
    write!(
        out,
        "{},{kind},\"{}\"\r\n",
        piece.line,
        piece.raw.replace('"', "\"\"")
    )
}
