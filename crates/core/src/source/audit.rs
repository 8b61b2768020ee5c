//! The auditor: counts the records of a source again, by the published rule of record ends
//! (docs/reading.md), one code unit at a time; units that no rule looks at, and lines without quotes, are
//! passed over together. It shares no code with the record parser, and exists to disagree with it where
//! either is wrong.

use std::ops::Range;

use encoding_rs::{
    BIG5, EUC_JP, EUC_KR, Encoding, GB18030, GBK, SHIFT_JIS, UTF_8, UTF_16BE, UTF_16LE,
};
use memchr::{memchr, memchr_iter, memchr2};

use super::dialect::{Escape, QUOTE_REACH};
use super::error::SourceError;
use super::input::{Input, InputReader};
use super::reading::Reading;

/// What the auditor found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Audit {
    /// Logical records, header and non-data included.
    pub counted: u64,
    /// Sum over the ends of all records, mixed; equal to the reader's if the borders are.
    pub borders: u64,
    /// Byte at which the last record ends.
    pub end: u64,
}

/// Counts the records of a source; reads it once, by blocks of `block` bytes.
///
/// # Errors
/// When the source cannot be read to its end.
pub fn audit(input: &Input, reading: &Reading, block: usize) -> Result<Audit, SourceError> {
    count(Auditor::new(input, reading, block)?)
}

fn count(mut auditor: Auditor<'_>) -> Result<Audit, SourceError> {
    let mut audit = Audit::default();
    let mut line = 1;
    while auditor.has(0)? {
        let before = audit.counted;
        auditor.calm_lines(|end| audit.add(end));
        if audit.counted > before {
            line += audit.counted - before;
            continue;
        }
        let (length, lines) = match auditor.calm_line() {
            Some(length) => (length, 1),
            None => auditor.record(line)?,
        };
        auditor.drop_units(length);
        line += lines;
        audit.add(auditor.byte());
    }
    Ok(audit)
}

impl Audit {
    /// Counts a record that ends before this byte.
    fn add(&mut self, end: u64) {
        self.counted += 1;
        self.end = end;
        let mixed = (end ^ (end >> 31)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.borders = self.borders.wrapping_add(mixed ^ (mixed >> 29));
    }
}

struct Auditor<'a> {
    reader: InputReader<'a>,
    block: usize,
    /// What was read: all units where each is a byte, else only what is not in `units` yet.
    bytes: Vec<u8>,
    /// Code units of two bytes.
    units: Vec<u16>,
    /// Where the current record starts among the units that are held.
    at: usize,
    /// Its index among all units behind the byte order mark.
    index: u64,
    ended: bool,
    /// Whether the last unit stands for half a unit at the end of the source.
    half: bool,
    width: u64,
    bom: u64,
    encoding: &'static Encoding,
    /// Units of the data; before and behind them every record is a physical line.
    data: Range<u64>,
    delimiter: Vec<u16>,
    comment: Vec<u16>,
    quote: Option<u16>,
    escape: Option<u16>,
    lone_cr: bool,
    /// Whether any number of delimiters is one.
    runs: bool,
    columns: usize,
    preamble: u64,
    /// UTF-8 bytes that each value of a byte becomes, for 8-bit encodings.
    lengths: Vec<u8>,
    /// Whether some rule looks at a unit, by its number; runs of others are passed over together. Empty
    /// where a unit may take the next one with it: there each is looked at.
    stops: Vec<bool>,
}

const LF: u16 = 10;
const CR: u16 = 13;
const BLANK: u16 = 32;

/// What follows a field.
enum After {
    Delimiter(usize),
    LineEnd(usize),
    Other,
}

impl<'a> Auditor<'a> {
    fn new(input: &'a Input, reading: &'a Reading, block: usize) -> Result<Self, SourceError> {
        let encoding = reading.encoding.encoding;
        let width = if encoding == UTF_16LE || encoding == UTF_16BE {
            2
        } else {
            1
        };
        let bom = reading.encoding.bom as u64;
        let layout = &reading.layout;
        let units = |byte: u64| byte.saturating_sub(bom).div_ceil(width);
        Ok(Self {
            reader: input.reader_at(bom)?,
            block: block.max(1),
            bytes: Vec::new(),
            units: Vec::new(),
            at: 0,
            index: 0,
            ended: false,
            half: false,
            width,
            bom,
            encoding,
            data: units(layout.start)..units(layout.end),
            delimiter: encode(&reading.dialect.delimiter, encoding),
            comment: encode(layout.comment.as_deref().unwrap_or_default(), encoding),
            quote: reading.dialect.quote.map(u16::from),
            escape: match reading.dialect.escape {
                Escape::Char(byte) => Some(u16::from(byte)),
                Escape::None | Escape::Doubled => None,
            },
            lone_cr: reading.dialect.line_end.lone_cr_ends(),
            runs: reading.dialect.runs,
            columns: reading.columns.len(),
            preamble: layout.start_line + layout.preamble_lines,
            lengths: lengths(encoding),
            stops: stops(reading),
        })
    }

    /// How many units from `offset` on are no stop, as far as they are here and in the same part of
    /// the source.
    fn calm(&self, offset: usize) -> usize {
        let start = self.index + offset as u64;
        let borders = [self.data.start, self.data.end];
        let border = borders.into_iter().find(|border| self.index < *border);
        let left = border.map_or(u64::MAX, |border| border.saturating_sub(start));
        // Units of two bytes have no stops, and none of them is calm.
        let units = self.bytes.get(self.at + offset..).unwrap_or_default();
        let is_calm = |unit: &&u8| self.stops.get(usize::from(**unit)) == Some(&false);
        let calm = units.iter().take_while(is_calm).count();
        usize::try_from(left).map_or(calm, |left| calm.min(left))
    }

    /// Passes over all whole lines from here on that come before a quote and lie in the same part of the
    /// source: each is one record by any rule, because only quotes let a record go on. Tells where each ends.
    fn calm_lines(&mut self, mut found: impl FnMut(u64)) {
        if self.stops.is_empty() {
            return;
        }
        let borders = [self.data.start, self.data.end];
        let border = borders.into_iter().find(|border| self.index < *border);
        let held = self.bytes.get(self.at..).unwrap_or_default();
        let left = border.and_then(|border| usize::try_from(border - self.index).ok());
        let part = left.and_then(|left| held.get(..left)).unwrap_or(held);
        // Where a lone CR ends a line, none may stand in what is passed over.
        let quote = self.quote.and_then(|quote| u8::try_from(quote).ok());
        let stop = match (quote, self.lone_cr) {
            (Some(quote), true) => memchr2(quote, b'\r', part),
            (Some(quote), false) => memchr(quote, part),
            (None, true) => memchr(b'\r', part),
            (None, false) => None,
        };
        let calm = stop.and_then(|stop| part.get(..stop)).unwrap_or(part);
        let start = self.bom + self.index;
        let mut length = 0;
        for at in memchr_iter(b'\n', calm) {
            length = at + 1;
            found(start + length as u64);
        }
        self.drop_units(length);
    }

    /// Units of the current record if it is a line without quotes, escapes and lone carriage returns,
    /// which is one record by any rule.
    fn calm_line(&self) -> Option<usize> {
        if self.stops.is_empty() {
            return None;
        }
        let mut length = self.calm(0);
        loop {
            let unit = self.held(length)?;
            length += 1;
            match unit {
                LF => break,
                CR if self.held(length) == Some(LF) => {}
                _ if self.delimiter.contains(&unit) && Some(unit) != self.quote => {}
                _ => return None,
            }
            length += self.calm(length);
        }
        let end = self.index + length as u64;
        let beyond = |border| self.index < border && end > border;
        let whole = !beyond(self.data.start) && !beyond(self.data.end);
        whole.then_some(length)
    }

    /// Whether there is a unit at `offset` from the current record's start.
    fn has(&mut self, offset: usize) -> Result<bool, SourceError> {
        while self.held(offset).is_none() {
            if self.ended {
                return Ok(false);
            }
            if self.at > 1 << 16 {
                if self.width == 1 {
                    self.bytes.drain(..self.at);
                } else {
                    self.units.drain(..self.at);
                }
                self.at = 0;
            }
            let count = self.reader.read_block(&mut self.bytes, self.block)?;
            self.ended = count == 0;
            self.decode();
        }
        Ok(true)
    }

    /// The unit at `offset` from the current record's start, if it is held.
    fn held(&self, offset: usize) -> Option<u16> {
        let at = self.at + offset;
        if self.width == 1 {
            self.bytes.get(at).copied().map(u16::from)
        } else {
            self.units.get(at).copied()
        }
    }

    fn decode(&mut self) {
        if self.width == 1 {
            return;
        }
        let whole = self.bytes.len() / 2 * 2;
        let big = self.encoding == UTF_16BE;
        for pair in self.bytes.get(..whole).unwrap_or_default().chunks_exact(2) {
            if let [first, second] = *pair {
                let unit = [first, second];
                self.units.push(if big {
                    u16::from_be_bytes(unit)
                } else {
                    u16::from_le_bytes(unit)
                });
            }
        }
        self.bytes.drain(..whole);
        if self.ended && !self.bytes.is_empty() {
            // Half a unit at the end is no character, but it is a piece of the last record.
            self.units.push(0xFFFF);
            self.half = true;
            self.bytes.clear();
        }
    }

    /// The unit at `offset`, before, within or behind the data as the record's start is.
    fn unit(&mut self, offset: usize) -> Result<Option<u16>, SourceError> {
        let at = self.index + offset as u64;
        let beyond = |border| self.index < border && at >= border;
        if beyond(self.data.start) || beyond(self.data.end) {
            return Ok(None);
        }
        Ok(if self.has(offset)? {
            self.held(offset)
        } else {
            None
        })
    }

    fn drop_units(&mut self, count: usize) {
        self.at += count;
        self.index += count as u64;
    }

    fn byte(&self) -> u64 {
        let half = u64::from(self.half && self.at == self.units.len());
        self.bom + self.index * self.width - half * (self.width - 1)
    }

    /// Units and physical lines of the record at the current position.
    fn record(&mut self, line: u64) -> Result<(usize, u64), SourceError> {
        let first_line = self.physical_line()?;
        if line <= self.preamble || !self.data.contains(&self.index) || self.is_comment()? {
            return Ok((first_line, 1));
        }
        Ok(self.quoted_record()?.unwrap_or((first_line, 1)))
    }

    fn physical_line(&mut self) -> Result<usize, SourceError> {
        let mut at = 0;
        loop {
            at += self.calm(at);
            match self.line_end(at)? {
                Some(length) => return Ok(at + length),
                None => at += self.step(at)?,
            }
        }
    }

    /// Units of the line end at `at`; 0 at the end of the text.
    fn line_end(&mut self, at: usize) -> Result<Option<usize>, SourceError> {
        Ok(match self.unit(at)? {
            None => Some(0),
            Some(LF) => Some(1),
            Some(CR) if self.unit(at + 1)? == Some(LF) => Some(2),
            Some(CR) if self.lone_cr => Some(1),
            Some(_) => None,
        })
    }

    /// Units of the character at `at`: two where a lead byte takes the next one with it.
    fn step(&mut self, at: usize) -> Result<usize, SourceError> {
        let Some(lead) = self.unit(at)? else {
            return Ok(1);
        };
        if !is_lead(self.encoding, lead) {
            return Ok(1);
        }
        Ok(match self.unit(at + 1)? {
            Some(trail) if trail >= 0x40 => 2,
            Some(_) | None => 1,
        })
    }

    fn is_comment(&mut self) -> Result<bool, SourceError> {
        Ok(!self.comment.is_empty() && self.matches(0, &self.comment.clone())?)
    }

    fn matches(&mut self, at: usize, pattern: &[u16]) -> Result<bool, SourceError> {
        for (offset, wanted) in pattern.iter().enumerate() {
            if self.unit(at + offset)? != Some(*wanted) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The record with its quoted fields, or nothing where the quotes break the rule.
    fn quoted_record(&mut self) -> Result<Option<(usize, u64)>, SourceError> {
        let delimiter = self.delimiter.clone();
        let (mut at, mut fields, mut lines) = (0, 0, 0);
        loop {
            while self.runs && self.unit(at)? == Some(BLANK) {
                at += 1;
            }
            if self.runs
                && fields > 0
                && let Some(length) = self.line_end(at)?
            {
                let fits = lines == 0 || self.columns == 0 || fields == self.columns;
                return Ok(fits.then_some((at + length, lines + 1)));
            }
            let opening = self.blanks(at, &delimiter)?;
            let after = if self.quote.is_some() && self.unit(opening)? == self.quote {
                match self.closing(opening + 1, &delimiter, &mut lines)? {
                    Some(after) => after,
                    None => return Ok(None),
                }
            } else {
                match self.plain(at, &delimiter)? {
                    Some(after) => after,
                    None => return Ok(None),
                }
            };
            fields += 1;
            match after {
                After::Delimiter(next) => at = next,
                After::LineEnd(end) => {
                    let fits = lines == 0 || self.columns == 0 || fields == self.columns;
                    return Ok(fits.then_some((end, lines + 1)));
                }
                After::Other => return Ok(None),
            }
            if lines > 0 && self.columns > 0 && fields >= self.columns {
                return Ok(None);
            }
        }
    }

    fn blanks(&mut self, at: usize, delimiter: &[u16]) -> Result<usize, SourceError> {
        let mut at = at;
        while let Some(unit) = self.unit(at)? {
            if (unit != 32 && unit != 9) || delimiter.first() == Some(&unit) {
                break;
            }
            at += 1;
        }
        Ok(at)
    }

    /// What ends an unquoted field; nothing if a quote stands in it.
    fn plain(&mut self, from: usize, delimiter: &[u16]) -> Result<Option<After>, SourceError> {
        let mut at = from;
        loop {
            at += self.calm(at);
            if let Some(length) = self.line_end(at)? {
                return Ok(Some(After::LineEnd(at + length)));
            }
            if !delimiter.is_empty() && self.matches(at, delimiter)? {
                return Ok(Some(After::Delimiter(at + delimiter.len())));
            }
            if self.quote.is_some() && self.unit(at)? == self.quote {
                return Ok(None);
            }
            at += self.step(at)?;
        }
    }

    /// What stands behind the closing quote of a field whose text starts at `from`; nothing if
    /// there is no closing quote within reach. Counts the line ends in the field.
    fn closing(
        &mut self,
        from: usize,
        delimiter: &[u16],
        lines: &mut u64,
    ) -> Result<Option<After>, SourceError> {
        let (mut at, mut reach) = (from, 0);
        let mut inside = 0;
        while reach < QUOTE_REACH {
            if self.encoding == UTF_8 {
                let calm = self.calm(at);
                (at, reach) = (at + calm, reach + calm);
                if reach >= QUOTE_REACH {
                    break;
                }
            }
            let Some(unit) = self.unit(at)? else {
                return Ok(None);
            };
            if Some(unit) == self.escape && self.escape != self.quote {
                let next = self.unit(at + 1)?;
                reach += self.length(unit) + next.map_or(0, |next| self.length(next));
                inside += u64::from(
                    next == Some(LF)
                        || (next == Some(CR) && self.lone_cr && self.unit(at + 2)? != Some(LF)),
                );
                // A character of two bytes is skipped whole.
                at += 1 + self.step(at + 1)?;
                continue;
            }
            if Some(unit) != self.quote {
                inside += u64::from(
                    unit == LF || (unit == CR && self.lone_cr && self.unit(at + 1)? != Some(LF)),
                );
                let step = self.step(at)?;
                reach += if step == 2 { 3 } else { self.length(unit) };
                at += step;
                continue;
            }
            if self.escape.is_none() && self.unit(at + 1)? == self.quote {
                reach += 2;
                at += 2;
                continue;
            }
            *lines += inside;
            return self.after(at + 1, delimiter).map(Some);
        }
        Ok(None)
    }

    fn after(&mut self, at: usize, delimiter: &[u16]) -> Result<After, SourceError> {
        if !delimiter.is_empty() && self.matches(at, delimiter)? {
            return Ok(After::Delimiter(at + delimiter.len()));
        }
        let at = self.blanks(at, delimiter)?;
        if !delimiter.is_empty() && self.matches(at, delimiter)? {
            return Ok(After::Delimiter(at + delimiter.len()));
        }
        Ok(match self.line_end(at)? {
            Some(length) => After::LineEnd(at + length),
            None => After::Other,
        })
    }

    /// UTF-8 bytes that a unit becomes.
    fn length(&self, unit: u16) -> usize {
        if self.width == 1 {
            return self
                .lengths
                .get(usize::from(unit))
                .copied()
                .map_or(1, usize::from);
        }
        match unit {
            0..=0x7F => 1,
            0x80..=0x7FF | 0xD800..=0xDFFF => 2,
            _ => 3,
        }
    }
}

/// The units that rules look at: quote, escape, delimiter, line ends. Only in encodings whose units stand
/// for themselves.
fn stops(reading: &Reading) -> Vec<bool> {
    let encoding = reading.encoding.encoding;
    if encoding != UTF_8 && !encoding.is_single_byte() {
        return Vec::new();
    }
    let dialect = &reading.dialect;
    let delimiter = encode(&dialect.delimiter, encoding);
    let escape = match dialect.escape {
        Escape::Char(byte) => Some(u16::from(byte)),
        Escape::None | Escape::Doubled => None,
    };
    let marks = [Some(LF), Some(CR), dialect.quote.map(u16::from), escape];
    let marks: Vec<u16> = marks.into_iter().flatten().chain(delimiter).collect();
    (0..256).map(|unit| marks.contains(&unit)).collect()
}

/// A text in the units of the source.
fn encode(text: &str, encoding: &'static Encoding) -> Vec<u16> {
    if encoding == UTF_16LE || encoding == UTF_16BE {
        return text.encode_utf16().collect();
    }
    let (bytes, _, _) = encoding.encode(text);
    bytes.iter().copied().map(u16::from).collect()
}

fn lengths(encoding: &'static Encoding) -> Vec<u8> {
    (0..=255u8)
        .map(|byte| {
            if encoding == UTF_8 || !encoding.is_single_byte() {
                return 1;
            }
            let one = [byte];
            let (text, _) = encoding.decode_without_bom_handling(&one);
            u8::try_from(text.len()).unwrap_or(1)
        })
        .collect()
}

/// Whether a byte takes the next one with it in a multi-byte encoding.
fn is_lead(encoding: &'static Encoding, unit: u16) -> bool {
    if encoding == SHIFT_JIS {
        return matches!(unit, 0x81..=0x9F | 0xE0..=0xFC);
    }
    [BIG5, EUC_JP, EUC_KR, GB18030, GBK].contains(&encoding) && matches!(unit, 0x81..=0xFE)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::source::{Limits, Overrides, What};

    const PIECES: [&str; 20] = [
        "a",
        "b;",
        ";",
        "\n",
        "\n",
        "\r\n",
        "\r",
        "\"",
        "\"c;d\";",
        "\\",
        " ",
        "'",
        "#",
        "\u{e4}",
        "e;f;g\n",
        "1;2;3\n",
        "\n\"p\nq\";r;s\n",
        "\n'p\r\nq';r;s\r\n",
        "\nt;\"u\rv\"\"\n\";w\n",
        "x;y;z\r",
    ];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]

        /// Lines that are passed over together count as those that are looked at unit by unit.
        #[test]
        fn calm_lines_are_records(
            pieces in prop::collection::vec(prop::sample::select(&PIECES[..]), 0..60),
            line_end in prop::sample::select(vec!["lf", "crlf", "cr", "mixed"]),
            encoding in prop::sample::select(vec!["utf-8", "windows-1252", "utf-16le"]),
            quote in prop::sample::select(vec!["\"", "'", ""]),
            preamble in 0..3_u64,
            block in 1..90_usize,
        ) {
            let text = format!("x;y;z\n{}", pieces.concat());
            let bytes = match encoding {
                "utf-16le" => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
                "windows-1252" => encoding_rs::WINDOWS_1252.encode(&text).0.into_owned(),
                _ => text.into_bytes(),
            };
            let input = Input::spool("t.csv", bytes.as_slice()).unwrap();
            let mut overrides = Overrides::default();
            overrides.set(What::Encoding, None, encoding);
            overrides.set(What::LineEnd, None, line_end);
            overrides.set(What::Delimiter, None, ";");
            overrides.set(What::Quote, None, quote);
            overrides.set(What::PreambleLines, None, preamble);
            let Ok(reading) = Reading::decide(&input, &overrides, &Limits::default()) else {
                return Ok(());
            };
            let calm = audit(&input, &reading, block).unwrap();
            let mut slow = Auditor::new(&input, &reading, block).unwrap();
            slow.stops.clear();
            prop_assert_eq!(calm, count(slow).unwrap());
        }
    }
}
