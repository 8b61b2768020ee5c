//! Plain lines: records that are seen at once to be good, because nothing that a rule looks at stands in
//! them but the marks between their cells. What is not certain here is left to the parser and the checks.

use memchr::{memchr, memchr2, memrchr};

use super::build::BATCH_BYTES;
use super::dialect::Limits;
use super::reading::Reading;
use super::record::Parser;
use super::repair::Repair;

/// What is known of the text ahead.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Ahead {
    /// Bytes of whole lines without quotes, each of which ends with LF.
    pub(super) bytes: usize,
    /// Whether all of them are UTF-8.
    decoded: bool,
    /// Whether neither NUL nor CR stands in them.
    clean: bool,
}

impl Ahead {
    /// Looks at the text as far as it holds no quote.
    pub(super) fn look(text: &[u8], parser: &Parser) -> Self {
        let calm = parser.calm(text).and_then(|calm| text.get(..calm));
        let calm = calm.unwrap_or(text);
        let bytes = memrchr(b'\n', calm).map_or(0, |at| at + 1);
        let lines = calm.get(..bytes).unwrap_or_default();
        Self {
            bytes,
            decoded: is_text(lines),
            clean: memchr2(0, b'\r', lines).is_none(),
        }
    }
}

fn is_text(bytes: &[u8]) -> bool {
    bytes.is_ascii() || std::str::from_utf8(bytes).is_ok()
}

/// Which lines are plain by one reading.
#[derive(Debug)]
pub(super) struct Plain {
    /// What divides them.
    pub(super) delimiter: u8,
    comment: Option<Vec<u8>>,
    /// First name of the header, which a record that repeats it begins with.
    name: Option<Vec<u8>>,
    /// Most bytes of a line, so that no field can be too long.
    longest: usize,
}

impl Plain {
    /// The rule of a reading, if its dialect has plain lines.
    pub(super) fn of(reading: &Reading, limits: Limits) -> Option<Self> {
        let delimiter = Parser::new(&reading.dialect, 0).plain_delimiter()?;
        let layout = &reading.layout;
        let header = reading.header.first().filter(|_| layout.header_lines > 0);
        let as_it_stands = !reading.repairs.contains(&Repair::ControlCharacters);
        as_it_stands.then(|| Self {
            delimiter,
            comment: layout.comment.as_ref().map(|mark| mark.as_bytes().to_vec()),
            name: header.map(|name| name.trim().as_bytes().to_vec()),
            longest: limits.field_bytes.min(BATCH_BYTES),
        })
    }

    /// The line at the start of a text without its line end, and one past that, if it is plain but for the
    /// number of its cells.
    pub(super) fn line<'t>(&self, text: &'t [u8], ahead: Ahead) -> Option<(&'t [u8], usize)> {
        let at = memchr(b'\n', text.get(..ahead.bytes)?)?;
        let line = text.get(..at)?;
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let marked = |mark: &Vec<u8>| line.starts_with(mark);
        let plain = self.filled(line)
            && line.len() <= self.longest
            && !self.comment.as_ref().is_some_and(marked)
            && !self.may_repeat_header(line)
            && (ahead.decoded || is_text(line))
            && (ahead.clean || memchr2(0, b'\r', line).is_none());
        plain.then_some((line, at + 1))
    }

    /// Whether something visible stands in a line, so that it is neither blank nor drawn: a sign of ASCII, or the start of
    /// a letter that is neither a blank nor a byte order mark.
    fn filled(&self, line: &[u8]) -> bool {
        let first = line.iter().find(|byte| **byte != self.delimiter);
        let may_be_drawn = |first: &u8| self.delimiter == b'|' && b"-+=:".contains(first);
        first.is_some_and(|first| {
            (first.is_ascii_graphic() && !may_be_drawn(first)) || (0xC3..=0xDF).contains(first)
        })
    }

    /// Whether the first cell of a filled line may be the first name of the header.
    fn may_repeat_header(&self, line: &[u8]) -> bool {
        let Some(name) = &self.name else {
            return false;
        };
        if name.is_empty() {
            return line.first() == Some(&self.delimiter);
        }
        let behind = line.strip_prefix(name.as_slice());
        behind.is_some_and(|behind| {
            let next = behind.first();
            next.is_none_or(|next| *next == self.delimiter || !next.is_ascii_graphic())
        })
    }
}
