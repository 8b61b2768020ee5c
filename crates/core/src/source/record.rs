//! The record parser: finds where a record ends and where its fields are.
//!
//! The rule of record ends is local (docs/reading.md), so that one broken quote costs one record:
//!
//! 1. A field whose first character (after blanks) is the quote is quoted if its closing quote is
//!    followed, after blanks, by a delimiter, a line end or the end of the text, within
//!    [`QUOTE_REACH`] bytes. Every other quote before it has to be escaped.
//! 2. A record ends at the first line end outside its quoted fields.
//! 3. If any field breaks rule 1, or if the record spans several lines and does not have the
//!    table's number of fields, the record is its first physical line and nothing more.
//!
//! It never copies and never fails: what is wrong with a record is a [`Fault`] of that record.

use memchr::{memchr, memchr_iter, memchr2, memchr2_iter, memmem};

use super::dialect::{Dialect, Escape, QUOTE_REACH};

/// Where one field stands, in bytes of the buffer that was parsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    /// First byte of the field's text.
    pub(crate) start: usize,
    /// One past its last byte.
    pub(crate) end: usize,
    /// Whether it stood in quotes.
    pub(crate) quoted: bool,
    /// Whether escapes have to be taken out.
    pub(crate) escaped: bool,
}

/// What is wrong with a record's quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Fault {
    /// An opening quote without its closing one.
    Unclosed,
    /// A closing quote with text behind it, or a quote inside an unquoted field.
    Stray,
}

/// One record; reused from call to call.
#[derive(Debug, Default)]
pub(crate) struct Record {
    /// Its fields.
    pub(crate) fields: Vec<Span>,
    /// One past its text, line end excluded.
    pub(crate) text_end: usize,
    /// One past its line end.
    pub(crate) end: usize,
    /// Physical lines that it spans.
    pub(crate) lines: u64,
    /// What is wrong with its quotes, if anything; its fields are then split without regard to them.
    pub(crate) fault: Option<Fault>,
}

/// Whether the buffer held enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Parsed {
    /// The record is complete.
    Complete,
    /// More text has to be read before this can be told.
    NeedMore,
}

/// Parses records of one dialect.
#[derive(Debug, Clone)]
pub(crate) struct Parser {
    quote: Option<u8>,
    escape: Escape,
    lone_cr_ends: bool,
    delimiter: Vec<u8>,
    finder: memmem::Finder<'static>,
    /// Whether any number of delimiters is one.
    runs: bool,
    /// Number of fields that a record of several lines has to have; 0 = any.
    width: usize,
}

/// Why a field could not be read as quoted.
enum Broken {
    /// No closing quote within reach, or the wrong number of fields over several lines.
    Unclosed,
    /// Text behind a closing quote, or a quote in an unquoted field, at this position.
    Stray(usize),
    NeedMore,
}

/// How a field ended.
enum Next {
    Field(usize),
    Line,
}

/// Tells each place at which a byte stands. Fields are short: a word of eight bytes at a time takes fewer
/// steps than a search for each of them.
pub(super) fn each_place(wanted: u8, line: &[u8], mut found: impl FnMut(usize)) {
    const LOW: u64 = u64::from_ne_bytes([0x7F; 8]);
    let pattern = u64::from_ne_bytes([wanted; 8]);
    let (words, rest) = line.as_chunks::<8>();
    for (at, word) in words.iter().enumerate() {
        // The bytes that are the wanted one are zero; the sum carries into the high bit of all others.
        let other = u64::from_le_bytes(*word) ^ pattern;
        let mut places = !(((other & LOW) + LOW) | other | LOW);
        while places != 0 {
            // A byte of eight bits: the number of the bit tells that of the byte.
            found(at * 8 + (places.trailing_zeros() / 8) as usize);
            places &= places - 1;
        }
    }
    let before = line.len() - rest.len();
    for (at, byte) in rest.iter().enumerate() {
        if *byte == wanted {
            found(before + at);
        }
    }
}

impl Parser {
    /// A parser for tables of `width` columns (0 = not known yet).
    pub(crate) fn new(dialect: &Dialect, width: usize) -> Self {
        Self {
            quote: dialect.quote,
            escape: dialect.escape,
            lone_cr_ends: dialect.line_end.lone_cr_ends(),
            delimiter: dialect.delimiter.as_bytes().to_vec(),
            finder: memmem::Finder::new(dialect.delimiter.as_bytes()).into_owned(),
            runs: dialect.runs,
            width,
        }
    }

    /// Finds the line end at or after `from`: one past the text and one past the line end.
    /// `None` = more text is needed.
    pub(crate) fn line_end(&self, text: &[u8], from: usize, eof: bool) -> Option<(usize, usize)> {
        let rest = text.get(from..)?;
        if !self.lone_cr_ends {
            return match memchr(b'\n', rest) {
                Some(at) => {
                    let at = from + at;
                    let carriage = at > from && text.get(at - 1) == Some(&b'\r');
                    Some((at - usize::from(carriage), at + 1))
                }
                None if eof => Some((text.len(), text.len())),
                None => None,
            };
        }
        match memchr2(b'\n', b'\r', rest) {
            Some(at) => {
                let at = from + at;
                if text.get(at) == Some(&b'\n') {
                    return Some((at, at + 1));
                }
                match text.get(at + 1) {
                    Some(b'\n') => Some((at, at + 2)),
                    Some(_) => Some((at, at + 1)),
                    None if eof => Some((at, at + 1)),
                    None => None,
                }
            }
            None if eof => Some((text.len(), text.len())),
            None => None,
        }
    }

    /// The mark that divides a line without quotes, where it is a single one that counts each time and is
    /// neither letter nor digit; `None` in any other dialect.
    pub(crate) fn plain_delimiter(&self) -> Option<u8> {
        let [delimiter] = self.delimiter.as_slice() else {
            return None;
        };
        (!self.runs && !delimiter.is_ascii_alphanumeric()).then_some(*delimiter)
    }

    /// Bytes before the first quote and, where a CR without LF ends a line, before the first of those;
    /// `None` where there is neither. Up to there, records are what stands between LF.
    pub(crate) fn calm(&self, text: &[u8]) -> Option<usize> {
        let lone = |at: &usize| text.get(*at) != Some(&b'\r') || text.get(at + 1) != Some(&b'\n');
        match (self.quote, self.lone_cr_ends) {
            (Some(quote), true) => memchr2_iter(quote, b'\r', text).find(lone),
            (Some(quote), false) => memchr(quote, text),
            (None, true) => memchr_iter(b'\r', text).find(lone),
            (None, false) => None,
        }
    }

    /// Parses the record that starts at `start`; `eof` = nothing follows `text`.
    pub(crate) fn parse(&self, text: &[u8], start: usize, eof: bool, out: &mut Record) -> Parsed {
        out.fields.clear();
        out.fault = None;
        out.lines = 1;
        let Some((text_end, end)) = self.line_end(text, start, eof) else {
            return Parsed::NeedMore;
        };
        (out.text_end, out.end) = (text_end, end);
        let Some(line) = text.get(start..text_end) else {
            return Parsed::NeedMore;
        };
        let quotes = self
            .quote
            .is_some_and(|quote| memchr(quote, line).is_some());
        if !quotes {
            self.split(line, start, &mut out.fields);
            return Parsed::Complete;
        }
        match self.quoted_record(text, start, eof, out) {
            Ok(()) if out.lines == 1 || self.width == 0 || out.fields.len() == self.width => {
                Parsed::Complete
            }
            Ok(()) => self.as_line(line, start, (text_end, end), Fault::Unclosed, out),
            Err(Broken::NeedMore) => Parsed::NeedMore,
            Err(Broken::Unclosed) => {
                self.as_line(line, start, (text_end, end), Fault::Unclosed, out)
            }
            Err(Broken::Stray(at)) => {
                // A stray quote on a later line shows that one on the first line never closed.
                let fault = if at > text_end {
                    Fault::Unclosed
                } else {
                    Fault::Stray
                };
                self.as_line(line, start, (text_end, end), fault, out)
            }
        }
    }

    fn as_line(
        &self,
        line: &[u8],
        start: usize,
        ends: (usize, usize),
        fault: Fault,
        out: &mut Record,
    ) -> Parsed {
        out.fields.clear();
        self.split(line, start, &mut out.fields);
        (out.text_end, out.end) = ends;
        out.lines = 1;
        out.fault = Some(fault);
        Parsed::Complete
    }

    /// Splits a line at every delimiter, quotes or not.
    fn split(&self, line: &[u8], offset: usize, fields: &mut Vec<Span>) {
        let mut from = 0;
        let runs = self.runs;
        let mut push = |start: usize, end: usize| {
            if runs && start == end {
                return;
            }
            fields.push(Span {
                start: offset + start,
                end: offset + end,
                quoted: false,
                escaped: false,
            });
        };
        match self.delimiter.as_slice() {
            [] => {}
            [one] => {
                each_place(*one, line, |at| {
                    push(from, at);
                    from = at + 1;
                });
            }
            many => {
                for at in self.finder.find_iter(line) {
                    push(from, at);
                    from = at + many.len();
                }
            }
        }
        push(from, line.len());
        if fields.is_empty() {
            fields.push(Span {
                start: offset,
                end: offset,
                quoted: false,
                escaped: false,
            });
        }
    }

    fn quoted_record(
        &self,
        text: &[u8],
        start: usize,
        eof: bool,
        out: &mut Record,
    ) -> Result<(), Broken> {
        let mut at = start;
        loop {
            if self.runs {
                at += self.run_at(text, at);
                let (text_end, end) = self.line_end(text, at, eof).ok_or(Broken::NeedMore)?;
                if at == text_end && !out.fields.is_empty() {
                    (out.text_end, out.end) = (text_end, end);
                    return Ok(());
                }
            }
            let opening = self.blanks(text, at);
            let next = if self.quote.is_some() && text.get(opening).copied() == self.quote {
                self.quoted_field(text, opening, eof, out)?
            } else {
                self.plain_field(text, at, eof, out)?
            };
            match next {
                Next::Line => return Ok(()),
                Next::Field(from) => at = from,
            }
            if out.lines > 1 && self.width > 0 && out.fields.len() >= self.width {
                return Err(Broken::Unclosed);
            }
        }
    }

    /// Length of the run of blanks at `at`.
    fn run_at(&self, text: &[u8], at: usize) -> usize {
        let rest = text.get(at..).unwrap_or_default();
        rest.iter().take_while(|byte| **byte == b' ').count()
    }

    /// The first position at or after `at` that is not a blank, unless blanks delimit.
    fn blanks(&self, text: &[u8], at: usize) -> usize {
        let mut at = at;
        while let Some(byte @ (b' ' | b'\t')) = text.get(at) {
            if self.delimiter.first() == Some(byte) {
                break;
            }
            at += 1;
        }
        at
    }

    fn plain_field(
        &self,
        text: &[u8],
        at: usize,
        eof: bool,
        out: &mut Record,
    ) -> Result<Next, Broken> {
        let (text_end, end) = self.line_end(text, at, eof).ok_or(Broken::NeedMore)?;
        let line = text.get(at..text_end).unwrap_or_default();
        let cut = if self.delimiter.is_empty() {
            None
        } else {
            self.finder.find(line)
        };
        let field = line.get(..cut.unwrap_or(line.len())).unwrap_or_default();
        if let Some(stray) = self.quote.and_then(|quote| memchr(quote, field)) {
            return Err(Broken::Stray(at + stray));
        }
        out.fields.push(Span {
            start: at,
            end: at + field.len(),
            quoted: false,
            escaped: false,
        });
        if let Some(cut) = cut {
            return Ok(Next::Field(at + cut + self.delimiter.len()));
        }
        (out.text_end, out.end) = (text_end, end);
        Ok(Next::Line)
    }

    fn quoted_field(
        &self,
        text: &[u8],
        opening: usize,
        eof: bool,
        out: &mut Record,
    ) -> Result<Next, Broken> {
        let quote = self.quote.unwrap_or(b'"');
        let start = opening + 1;
        let mut at = start;
        let mut escaped = false;
        loop {
            let reach = QUOTE_REACH.saturating_sub(at - start);
            let rest = text.get(at..).unwrap_or_default();
            let window = rest.get(..reach).unwrap_or(rest);
            let found = match self.escape {
                Escape::Char(escape) if escape != quote => memchr2(quote, escape, window),
                Escape::Char(_) | Escape::None | Escape::Doubled => memchr(quote, window),
            };
            let Some(found) = found else {
                let over = eof || window.len() == reach;
                return Err(if over {
                    Broken::Unclosed
                } else {
                    Broken::NeedMore
                });
            };
            let quote_at = at + found;
            if text.get(quote_at) != Some(&quote) {
                escaped = true;
                at = quote_at + 2;
                continue;
            }
            let behind = quote_at + 1;
            if text.get(behind) == Some(&quote) && !matches!(self.escape, Escape::Char(_)) {
                escaped = true;
                at = behind + 1;
                continue;
            }
            let next = self.after_quote(text, behind, eof)?;
            let field = text.get(start..quote_at).unwrap_or_default();
            out.lines += self.line_ends_in(field);
            out.fields.push(Span {
                start,
                end: quote_at,
                quoted: true,
                escaped,
            });
            return match next {
                Some(Next::Field(from)) => Ok(Next::Field(from)),
                Some(Next::Line) => {
                    let (text_end, end) =
                        self.line_end(text, behind, eof).ok_or(Broken::NeedMore)?;
                    (out.text_end, out.end) = (text_end, end);
                    Ok(Next::Line)
                }
                None => Err(Broken::Stray(quote_at)),
            };
        }
    }

    /// What stands behind a closing quote: a delimiter, a line end, or neither.
    fn after_quote(&self, text: &[u8], behind: usize, eof: bool) -> Result<Option<Next>, Broken> {
        let at = self.blanks(text, behind);
        let rest = text.get(at..).unwrap_or_default();
        if !self.delimiter.is_empty() {
            // A delimiter that begins with a blank may begin before `at`.
            let direct = text.get(behind..).unwrap_or_default();
            for (from, tail) in [(behind, direct), (at, rest)] {
                if tail.starts_with(&self.delimiter) {
                    return Ok(Some(Next::Field(from + self.delimiter.len())));
                }
                if !eof && tail.len() < self.delimiter.len() && self.delimiter.starts_with(tail) {
                    return Err(Broken::NeedMore);
                }
            }
        }
        match rest {
            [] if eof => Ok(Some(Next::Line)),
            [b'\n', ..] | [b'\r', b'\n', ..] => Ok(Some(Next::Line)),
            [b'\r'] if !eof => Err(Broken::NeedMore),
            [b'\r', ..] if self.lone_cr_ends => Ok(Some(Next::Line)),
            [] => Err(Broken::NeedMore),
            [_, ..] => Ok(None),
        }
    }

    /// Number of line ends in a text.
    pub(crate) fn line_ends_in(&self, text: &[u8]) -> u64 {
        if !self.lone_cr_ends {
            return memchr_iter(b'\n', text).count() as u64;
        }
        let mut count = 0;
        let mut at = 0;
        while let Some(found) = text.get(at..).and_then(|rest| memchr2(b'\n', b'\r', rest)) {
            count += 1;
            let here = at + found;
            let pair = text.get(here) == Some(&b'\r') && text.get(here + 1) == Some(&b'\n');
            at = here + 1 + usize::from(pair);
        }
        count
    }

    /// Takes the escapes out of a quoted field's text.
    pub(crate) fn unescape(&self, field: &str) -> String {
        let mut out = String::with_capacity(field.len());
        let escape = match (self.escape, self.quote) {
            (Escape::Char(escape), _) => char::from(escape),
            (Escape::Doubled | Escape::None, Some(quote)) => char::from(quote),
            (Escape::Doubled | Escape::None, None) => return field.to_owned(),
        };
        let mut characters = field.chars();
        while let Some(character) = characters.next() {
            if character != escape {
                out.push(character);
                continue;
            }
            match characters.next() {
                Some(next) if self.is_escapable(next) => out.push(next),
                Some(next) => out.extend([character, next]),
                None => out.push(character),
            }
        }
        out
    }

    /// Whether an escape before this character is taken out: before the quote and itself only, so
    /// that `C:\dir` in a dialect with `\` stays what it is.
    fn is_escapable(&self, character: char) -> bool {
        let quote = self.quote.map(char::from);
        match self.escape {
            Escape::Char(escape) => Some(character) == quote || character == char::from(escape),
            Escape::Doubled | Escape::None => Some(character) == quote,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_those_of_the_byte_and_of_no_other() {
        // Bytes with the high bit differ from a mark by that bit alone: 0xAC of the euro sign and a comma.
        for line in [
            "aaa5\u{20ac},6,bbbbbbbb",
            "\u{bb};\u{bb};;",
            ",",
            "",
            ",,,,,,,,,,,,,,,,,",
            "+,-,.,+",
        ] {
            for wanted in [b',', b';', b'+'] {
                let mut found = Vec::new();
                each_place(wanted, line.as_bytes(), |at| found.push(at));
                let bytes = line.bytes().enumerate();
                let known: Vec<usize> = bytes
                    .filter(|(_, byte)| *byte == wanted)
                    .map(|(at, _)| at)
                    .collect();
                assert_eq!(found, known, "{line}");
            }
        }
    }
}
