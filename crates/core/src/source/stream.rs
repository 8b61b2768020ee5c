//! Streams: the bytes of a source as UTF-8 text, block by block, with the way back from a position
//! in the text to a byte of the source.
//!
//! UTF-8 passes through unchecked (each record is checked when it is taken). Every other encoding
//! is transcoded line by line, because line ends are the only positions at which the way back is
//! asked for. A line that cannot be decoded ends in the byte FF, so that its record fails the
//! check, and the rest of the source is still read.

use std::collections::VecDeque;

use encoding_rs::{UTF_8, UTF_16BE};

use super::encoding::TextEncoding;
use super::error::SourceError;
use super::input::{Input, InputReader};

/// Text of a source from some byte on.
#[derive(Debug)]
pub(crate) struct Stream<'a> {
    reader: InputReader<'a>,
    encoding: TextEncoding,
    block: usize,
    /// Text that is not consumed yet starts at `at`.
    text: Vec<u8>,
    at: usize,
    /// Byte of the source at which `text[at]` stands.
    byte: u64,
    /// For transcoded text: (bytes of text, bytes of source) of each line from `at` on.
    lines: VecDeque<(usize, u64)>,
    /// Bytes that no line end has followed yet, and how many of them were searched for one.
    pending: Vec<u8>,
    searched: usize,
    ended: bool,
}

impl<'a> Stream<'a> {
    /// The text from `byte` on, which has to be the start of a line (0 skips the byte order mark),
    /// up to byte `stop`.
    ///
    /// # Errors
    /// When the source cannot be read.
    pub(crate) fn new(
        input: &'a Input,
        encoding: TextEncoding,
        byte: u64,
        stop: u64,
        block: usize,
    ) -> Result<Self, SourceError> {
        let start = if byte == 0 { encoding.bom as u64 } else { byte };
        Ok(Self {
            reader: input.reader_at(start)?.until(stop),
            encoding,
            block: block.max(1),
            text: Vec::new(),
            at: 0,
            byte: start,
            lines: VecDeque::new(),
            pending: Vec::new(),
            searched: 0,
            ended: false,
        })
    }

    /// The text that was read and not consumed.
    pub(crate) fn text(&self) -> &[u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Whether [`Self::text`] reaches to the end of the source.
    pub(crate) const fn ended(&self) -> bool {
        self.ended
    }

    /// Bytes held, transcoded or not.
    pub(crate) fn held(&self) -> usize {
        self.text().len() + self.pending.len()
    }

    /// Byte of the source at which the text starts.
    pub(crate) const fn byte(&self) -> u64 {
        self.byte
    }

    /// Reads at least one more block, and as much again as is held, so that a long record does not
    /// cost a pass over it for every block.
    ///
    /// # Errors
    /// When the source cannot be read.
    pub(crate) fn fill(&mut self) -> Result<(), SourceError> {
        if self.ended {
            return Ok(());
        }
        if self.at > 0 {
            self.text.drain(..self.at);
            self.at = 0;
        }
        let wanted = self.held().max(self.block);
        let mut read = 0;
        while read < wanted && !self.ended {
            let target = if self.encoding.encoding == UTF_8 {
                &mut self.text
            } else {
                &mut self.pending
            };
            let count = self.reader.read_block(target, self.block)?;
            read += count;
            self.ended = count == 0;
        }
        if self.encoding.encoding != UTF_8 {
            self.transcode();
        }
        Ok(())
    }

    /// Consumes `count` bytes of text, which have to end at a line end or at the end of the source.
    pub(crate) fn consume(&mut self, count: usize) {
        self.at += count;
        if self.encoding.encoding == UTF_8 {
            self.byte += count as u64;
            return;
        }
        let mut left = count;
        while left > 0 {
            let Some((text, bytes)) = self.lines.front().copied() else {
                break;
            };
            if text <= left {
                left -= text;
                self.byte += bytes;
                self.lines.pop_front();
            } else {
                // A CR that is no line end by this table's rule: the line goes on behind it.
                self.lines.pop_front();
                self.lines.push_front((text - left, bytes));
                break;
            }
        }
    }

    /// Moves every complete line from `pending` to `text`.
    fn transcode(&mut self) {
        let mut start = 0;
        while let Some(end) = self.next_line_end(self.searched.max(start)) {
            self.line(start, end);
            start = end;
            self.searched = end;
        }
        if self.ended && start < self.pending.len() {
            self.line(start, self.pending.len());
            start = self.pending.len();
        }
        self.pending.drain(..start);
        // The last unit may be a CR whose LF is still to come.
        let unit = self.encoding.unit();
        self.searched = self.pending.len().saturating_sub(unit) / unit * unit;
    }

    /// One past the next line end in `pending`, if it is certain.
    fn next_line_end(&self, from: usize) -> Option<usize> {
        let unit = self.encoding.unit();
        let mut at = from;
        loop {
            let value = self.unit_at(at)?;
            let next = at + unit;
            if value == u16::from(b'\n') {
                return Some(next);
            }
            if value == u16::from(b'\r') {
                match self.unit_at(next) {
                    Some(following) if following == u16::from(b'\n') => return Some(next + unit),
                    Some(_) => return Some(next),
                    None => return self.ended.then_some(next),
                }
            }
            at = next;
        }
    }

    fn unit_at(&self, at: usize) -> Option<u16> {
        let first = *self.pending.get(at)?;
        if self.encoding.unit() == 1 {
            return Some(u16::from(first));
        }
        let second = *self.pending.get(at + 1)?;
        Some(if self.encoding.encoding == UTF_16BE {
            u16::from_be_bytes([first, second])
        } else {
            u16::from_le_bytes([first, second])
        })
    }

    fn line(&mut self, start: usize, end: usize) {
        let bytes = self.pending.get(start..end).unwrap_or_default();
        let before = self.text.len();
        let encoding = self.encoding.encoding;
        match encoding.decode_without_bom_handling_and_without_replacement(bytes) {
            Some(text) => self.text.extend_from_slice(text.as_bytes()),
            None => {
                let (text, _) = encoding.decode_without_bom_handling(bytes);
                let line = text.trim_end_matches(['\r', '\n']);
                self.text.extend_from_slice(line.as_bytes());
                self.text.push(0xFF);
                self.text
                    .extend_from_slice(text.get(line.len()..).unwrap_or_default().as_bytes());
            }
        }
        self.lines
            .push_back((self.text.len() - before, bytes.len() as u64));
    }
}
