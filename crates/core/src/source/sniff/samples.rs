//! Samples: the text at the start and at the end of a source, and around the first escaped quote.

use std::ops::Range;

use crate::source::dialect::{Dialect, Limits, LineEnd};
use crate::source::encoding::TextEncoding;
use crate::source::error::SourceError;
use crate::source::input::Input;
use crate::source::record::Parser;
use crate::source::stream::Stream;

/// Text at the start of a source that is looked at, in bytes.
const HEAD_BYTES: usize = 256 << 10;
/// Text at its end.
const TAIL_BYTES: u64 = 64 << 10;
/// Text around an escaped quote.
const AROUND_BYTES: u64 = 32 << 10;

/// The source's text as far as it is looked at.
pub(super) struct Samples {
    pub(super) head: Vec<u8>,
    /// Whether the head is the whole source.
    pub(super) whole: bool,
    /// Text at the end, from a line start on; all of it if the head is the whole source.
    pub(super) tail: Vec<u8>,
    /// Byte of the source at which the tail starts, and of each of its lines.
    pub(super) tail_lines: Vec<u64>,
    /// Whole lines around an escaped quote that stands in neither of them.
    pub(super) escaped: Vec<u8>,
}

/// The text at the start of a part of a source, up to about `most` bytes.
///
/// # Errors
/// When the source cannot be read.
pub(super) fn part(
    input: &Input,
    encoding: TextEncoding,
    part: Range<u64>,
    most: usize,
) -> Result<Samples, SourceError> {
    let mut stream = Stream::new(input, encoding, part.start, part.end, most)?;
    stream.fill()?;
    // Only a block of nothing says that there is no more.
    stream.fill()?;
    Ok(Samples {
        head: stream.text().to_vec(),
        whole: stream.ended(),
        tail: Vec::new(),
        tail_lines: Vec::new(),
        escaped: Vec::new(),
    })
}

/// Takes both samples of a part of a source, which starts and ends with a line.
///
/// # Errors
/// When the source cannot be read.
pub(super) fn samples(
    input: &Input,
    encoding: TextEncoding,
    line_end: LineEnd,
    limits: &Limits,
    part: Range<u64>,
    escaped_quote: Option<u64>,
) -> Result<Samples, SourceError> {
    let mut stream = Stream::new(input, encoding, part.start, part.end, HEAD_BYTES)?;
    stream.fill()?;
    while !stream.ended() && stream.text().len() < HEAD_BYTES && stream.held() < limits.line_bytes {
        stream.fill()?;
    }
    let head = stream.text().to_vec();
    let whole = stream.ended();
    let from = if whole {
        part.start
    } else {
        tail_start(input, encoding, line_end, &part)?
    };
    let mut stream = Stream::new(input, encoding, from, part.end, HEAD_BYTES)?;
    while !stream.ended() && stream.held() < limits.line_bytes {
        stream.fill()?;
    }
    let tail = stream.text().to_vec();
    let mut tail_lines = Vec::new();
    let parser = Parser::new(
        &Dialect {
            line_end,
            ..Dialect::rfc4180()
        },
        0,
    );
    while !stream.text().is_empty() {
        tail_lines.push(if stream.byte() == encoding.bom as u64 {
            0
        } else {
            stream.byte()
        });
        let Some((_, end)) = parser.line_end(stream.text(), 0, true) else {
            break;
        };
        stream.consume(end);
    }
    let between = part.start + HEAD_BYTES as u64..from;
    let escaped = match escaped_quote.filter(|at| between.contains(at)) {
        Some(at) => around(input, encoding, at, &between)?,
        None => Vec::new(),
    };
    Ok(Samples {
        head,
        whole,
        tail,
        tail_lines,
        escaped,
    })
}

/// The whole lines near a byte, of a source whose units are bytes; nothing where lines are longer
/// than what is looked at.
fn around(
    input: &Input,
    encoding: TextEncoding,
    at: u64,
    within: &Range<u64>,
) -> Result<Vec<u8>, SourceError> {
    if encoding.unit() > 1 {
        return Ok(Vec::new());
    }
    let from = at.saturating_sub(AROUND_BYTES / 2).max(within.start);
    let to = (at + AROUND_BYTES / 2).min(within.end);
    let bytes = input.range(from, to)?;
    let line = |byte: &u8| *byte == b'\n' || *byte == b'\r';
    let Some((first, last)) = bytes
        .iter()
        .position(line)
        .zip(bytes.iter().rposition(line))
        .filter(|(first, last)| first < last)
    else {
        return Ok(Vec::new());
    };
    let (start, end) = (from + first as u64 + 1, from + last as u64 + 1);
    let mut stream = Stream::new(input, encoding, start, end, HEAD_BYTES)?;
    while !stream.ended() {
        stream.fill()?;
    }
    Ok(stream.text().to_vec())
}

/// The first line start in the last bytes of a part.
fn tail_start(
    input: &Input,
    encoding: TextEncoding,
    line_end: LineEnd,
    part: &Range<u64>,
) -> Result<u64, SourceError> {
    let unit = encoding.unit() as u64;
    let from = (part.end.saturating_sub(TAIL_BYTES) / unit) * unit;
    let from = from.max(part.start);
    let bytes = input.range(from, part.end)?;
    let mut at = 0;
    while let Some(found) = bytes.get(at..).and_then(|rest| {
        if line_end.lone_cr_ends() {
            memchr::memchr2(b'\n', b'\r', rest)
        } else {
            memchr::memchr(b'\n', rest)
        }
    }) {
        let here = at + found;
        let next = bytes.get(here + 1).copied();
        let aligned = unit == 1 || is_unit(encoding, &bytes, here);
        if aligned && !(bytes.get(here) == Some(&b'\r') && next == Some(b'\n')) {
            let unit_start = here / encoding.unit() * encoding.unit();
            return Ok(from + (unit_start + encoding.unit()) as u64);
        }
        at = here + 1;
    }
    Ok(part.end)
}

/// Whether the byte at `at` is the low byte of a unit whose high byte is 0.
fn is_unit(encoding: TextEncoding, bytes: &[u8], at: usize) -> bool {
    let little = encoding.encoding == encoding_rs::UTF_16LE;
    let (parity, other) = if little {
        (0, at + 1)
    } else {
        (1, at.wrapping_sub(1))
    };
    at % 2 == parity && bytes.get(other) == Some(&0)
}

/// The delimiter that a first line `sep=;` names, as Excel writes and reads it.
pub(super) fn sep_line(head: &[u8]) -> Option<String> {
    let line = head.split(|byte| *byte == b'\n' || *byte == b'\r').next()?;
    let line = std::str::from_utf8(line).ok()?;
    let rest = line
        .trim_matches('"')
        .strip_prefix("sep=")
        .or_else(|| line.strip_prefix("SEP="))?;
    (!rest.is_empty() && rest.chars().count() <= 2).then(|| rest.to_owned())
}
