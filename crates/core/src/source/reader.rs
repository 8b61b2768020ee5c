//! The reader: records of one source as batches, with rejects and non-data beside them, every piece
//! with its byte range. It can be resumed at any portion's end from a small state.

use arrow_array::StringArray;
use serde::{Deserialize, Serialize};

use super::batch::{CHUNK_RECORDS, Place};
use super::build::{Build, Cut, Portion, Repaired};
use super::checks::{Checks, other_table, undecodable};
use super::dialect::Limits;
use super::error::SourceError;
use super::input::Input;
use super::non_data::Piece;
use super::plain::{Ahead, Plain};
use super::reading::Reading;
use super::record::{Parsed, Parser, Record};
use super::repair::Mender;
use super::stream::Stream;
use crate::report::NonDataKind;
use crate::validation::{Reason, Reject};

/// Where a reader stands: all that is needed to go on from there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Next byte of the source.
    pub byte: u64,
    /// 1-based physical line of that byte.
    pub line: u64,
    /// Data records so far, rejected ones counted.
    pub rows: u64,
    /// Logical records so far, non-data counted.
    pub read: u64,
    /// Rejected by the reader so far.
    pub rejected: u64,
    /// Records of non-data so far.
    pub non_data: u64,
    /// Header and units records that were passed.
    pub headers: u64,
    /// Sum over the ends of all records so far, mixed: equal to the auditor's if the borders are.
    pub borders: u64,
    /// Whether every range started where the one before it ended.
    pub tiled: bool,
}

/// Reads one source by a reading.
#[derive(Debug)]
pub struct Reader<'a> {
    input: &'a Input,
    reading: &'a Reading,
    limits: Limits,
    block: usize,
    parser: Parser,
    stream: Stream<'a>,
    record: Record,
    state: State,
    checks: Checks<'a>,
    mender: Mender,
    plain: Option<Plain>,
    ahead: Ahead,
    /// Rows of the last portion, and bytes of their text.
    last: (usize, usize),
}

/// What the next record is.
enum Taken {
    Record,
    /// A line of another table, of this number, that nothing separates from the one that is read.
    Other(u64),
    NonData(NonDataKind),
    End,
}

impl<'a> Reader<'a> {
    /// A reader at the start of the source; `block` = bytes per read (the result does not depend on
    /// it).
    ///
    /// # Errors
    /// When the source cannot be read.
    pub fn new(
        input: &'a Input,
        reading: &'a Reading,
        limits: Limits,
        block: usize,
    ) -> Result<Self, SourceError> {
        let state = State {
            line: 1,
            tiled: true,
            ..State::default()
        };
        Self::resume(input, reading, limits, block, state)
    }

    /// A reader that goes on where a portion ended.
    ///
    /// # Errors
    /// When the source cannot be read.
    pub fn resume(
        input: &'a Input,
        reading: &'a Reading,
        limits: Limits,
        block: usize,
        state: State,
    ) -> Result<Self, SourceError> {
        let stop = part_end(reading, state.byte, input.size());
        Ok(Self {
            input,
            reading,
            limits,
            block,
            parser: Parser::new(&reading.dialect, reading.columns.len()),
            stream: Stream::new(input, reading.encoding, state.byte, stop, block)?,
            record: Record::default(),
            state,
            checks: Checks::new(reading, limits),
            mender: Mender::new(
                &reading.dialect,
                &reading.kept,
                reading.encoding.encoding == encoding_rs::UTF_8,
            ),
            plain: Plain::of(reading, limits),
            ahead: Ahead::default(),
            last: (0, 0),
        })
    }

    /// The next portion; `None` behind the last one.
    ///
    /// # Errors
    /// When the source cannot be read to its end, naming line and byte.
    pub fn next_portion(&mut self) -> Result<Option<Portion>, SourceError> {
        self.next_cut()?.map(Cut::portion).transpose()
    }

    /// The next portion, cut into cells whose texts do not stand in columns yet, so that another thread can
    /// put them there; `None` behind the last one.
    ///
    /// # Errors
    /// As [`Reader::next_portion`].
    pub(crate) fn next_cut(&mut self) -> Result<Option<Cut>, SourceError> {
        let before = self.state.byte;
        let mut build = Build::new(self.reading, self.state.rows / CHUNK_RECORDS);
        build.make_room(self.last);
        while !build.full() {
            if !self.plain_lines(&mut build)? {
                match self.take()? {
                    Taken::End => break,
                    Taken::NonData(kind) => self.non_data(kind, &mut build),
                    Taken::Record => self.record(&mut build)?,
                    Taken::Other(number) => {
                        let reason = other_table(number);
                        self.reject(reason, &mut build)?;
                    }
                }
            }
            if self.state.rows.is_multiple_of(CHUNK_RECORDS) && build.rows > 0 {
                break;
            }
        }
        if self.state.byte == before {
            return Ok(None);
        }
        self.last = build.sizes();
        Ok(Some(build.finish(self.state.clone(), self.input.name())))
    }

    /// Takes the lines from here on that are good records for certain, up to the end of the batch; whether
    /// there was one.
    fn plain_lines(&mut self, build: &mut Build) -> Result<bool, SourceError> {
        let layout = &self.reading.layout;
        let data = (layout.start..layout.end).contains(&self.state.byte)
            && self.state.line > layout.start_line + layout.preamble_lines
            && self.state.headers >= layout.header_lines + layout.units_lines;
        let mut any = false;
        while data && !build.full() {
            let Some(plain) = &self.plain else {
                break;
            };
            if self.ahead.bytes == 0 {
                self.ahead = Ahead::look(self.stream.text(), &self.parser);
                // A line that is cut by the end of a block is plain as well, most likely.
                if self.ahead.bytes == 0
                    && any
                    && !self.stream.ended()
                    && self.stream.held() < self.block.min(self.limits.line_bytes)
                {
                    self.stream.fill()?;
                    continue;
                }
            }
            let text = self.stream.text();
            let line = plain.line(text, self.ahead);
            let Some((text, end)) = line.filter(|(text, _)| build.cut(text, plain.delimiter))
            else {
                break;
            };
            build.rows += 1;
            build.bytes += text.len();
            (self.record.end, self.record.lines) = (end, 1);
            self.place(build);
            any = true;
            if self.state.rows.is_multiple_of(CHUNK_RECORDS) {
                break;
            }
        }
        Ok(any)
    }

    /// Finds the next record and says what it is.
    fn take(&mut self) -> Result<Taken, SourceError> {
        let layout = &self.reading.layout;
        loop {
            if self.stream.text().is_empty() {
                if !self.stream.ended() {
                    self.stream.fill()?;
                    continue;
                }
                if self.state.byte >= self.input.size() {
                    return Ok(Taken::End);
                }
                // The data are done, or what stands before them; the next part is left.
                let byte = self.state.byte;
                let size = self.input.size();
                if byte == 0 && self.reading.encoding.bom as u64 == size {
                    return Ok(Taken::End);
                }
                let stop = part_end(self.reading, byte, size);
                self.stream =
                    Stream::new(self.input, self.reading.encoding, byte, stop, self.block)?;
                continue;
            }
            let text = self.stream.text();
            let ended = self.stream.ended();
            let data = (layout.start..layout.end).contains(&self.state.byte);
            let preamble = self.state.line <= layout.start_line + layout.preamble_lines;
            let whole_line = !data || preamble || self.comment(text);
            let parsed = if whole_line {
                self.physical_line(ended)
            } else {
                self.parser.parse(text, 0, ended, &mut self.record)
            };
            if parsed == Parsed::NeedMore {
                if self.stream.held() > self.limits.line_bytes {
                    return Err(SourceError::LineTooLong {
                        file: self.input.name().to_owned(),
                        line: self.state.line,
                        byte: self.state.byte,
                        limit: self.limits.line_bytes,
                    });
                }
                self.stream.fill()?;
                continue;
            }
            return Ok(match (data, preamble, whole_line) {
                (false, _, _) => self.outside(),
                (true, true, _) => Taken::NonData(NonDataKind::Preamble),
                (true, false, true) => Taken::NonData(NonDataKind::Comment),
                (true, false, false) => self.kind(),
            });
        }
    }

    /// Whether the text starts with a comment mark; needs no more text than the mark is long,
    /// because a line that is shorter than the mark is none.
    fn comment(&self, text: &[u8]) -> bool {
        let mark = self.reading.layout.comment.as_deref();
        mark.is_some_and(|mark| text.starts_with(mark.as_bytes()))
    }

    fn physical_line(&mut self, ended: bool) -> Parsed {
        let Some((text_end, end)) = self.parser.line_end(self.stream.text(), 0, ended) else {
            return Parsed::NeedMore;
        };
        self.record.fields.clear();
        self.record.fault = None;
        (self.record.text_end, self.record.end, self.record.lines) = (text_end, end, 1);
        Parsed::Complete
    }

    /// What a line before or behind the data is.
    fn outside(&self) -> Taken {
        let layout = &self.reading.layout;
        let byte = self.state.byte;
        let other = layout
            .others
            .iter()
            .find(|other| (other.start..other.end).contains(&byte));
        match other {
            None if byte < layout.start => Taken::NonData(NonDataKind::Preamble),
            None => Taken::NonData(NonDataKind::Footer),
            Some(other) if other.separated => Taken::NonData(NonDataKind::Table),
            Some(other) => {
                let text = self.stream.text();
                let line = text.get(..self.record.text_end).unwrap_or_default();
                if line.trim_ascii().is_empty() {
                    Taken::NonData(NonDataKind::Blank)
                } else {
                    Taken::Other(other.number)
                }
            }
        }
    }

    fn kind(&self) -> Taken {
        let text = self
            .stream
            .text()
            .get(..self.record.text_end)
            .unwrap_or_default();
        let fields = self.record.fields.len();
        // DOS ended files with 0x1A, and systems of records pad their last block.
        let padding = self.record.text_end == self.record.end
            && text.iter().all(|byte| matches!(byte, 0x1A | 0));
        if padding {
            return Taken::NonData(NonDataKind::Blank);
        }
        let nothing = self.record.fault.is_none()
            && (fields == 1 || fields == self.reading.columns.len())
            && self.record.fields.iter().all(|field| {
                let cell = text.get(field.start..field.end).unwrap_or_default();
                !field.quoted && cell.iter().all(|byte| matches!(byte, b' ' | b'\t'))
            });
        if nothing {
            return Taken::NonData(NonDataKind::Blank);
        }
        // Behind the first row, dashes between bars are cells; only a frame goes on.
        let may_be_drawn = self.state.rows == 0 || text.starts_with(b"+");
        if may_be_drawn && self.reading.dialect.is_drawn(text) {
            return Taken::NonData(NonDataKind::Comment);
        }
        let layout = &self.reading.layout;
        if self.state.headers < layout.header_lines {
            return Taken::NonData(NonDataKind::Header);
        }
        if self.state.headers < layout.header_lines + layout.units_lines {
            return Taken::NonData(NonDataKind::Units);
        }
        Taken::Record
    }

    fn non_data(&mut self, kind: NonDataKind, build: &mut Build) {
        if matches!(kind, NonDataKind::Header | NonDataKind::Units) {
            self.state.headers += 1;
        }
        let bytes = self
            .stream
            .text()
            .get(..self.record.text_end)
            .unwrap_or_default();
        let raw = String::from_utf8_lossy(bytes).into_owned();
        let (line, start) = (self.state.line, self.state.byte);
        self.advance();
        self.state.non_data += 1;
        build.non_data.push(Piece {
            kind,
            line,
            records: 1,
            start,
            end: self.state.byte,
            raw,
        });
    }

    fn record(&mut self, build: &mut Build) -> Result<(), SourceError> {
        let bytes = self
            .stream
            .text()
            .get(..self.record.text_end)
            .unwrap_or_default();
        let reason = match std::str::from_utf8(bytes) {
            Err(_) => Some(undecodable(&self.reading.encoding.label())),
            Ok(text) => self.checks.check(text, &self.record),
        };
        match reason {
            Some(reason) => self.mend(reason, build),
            None => {
                let text = std::str::from_utf8(bytes).unwrap_or_default();
                build.rows += 1;
                build.bytes += bytes.len();
                build.add(text, &self.record, &self.parser);
                self.place(build);
                Ok(())
            }
        }
    }

    /// Repairs a record that cannot be taken as it is, or rejects it.
    fn mend(&mut self, reason: Reason, build: &mut Build) -> Result<(), SourceError> {
        let text = self.stream.text();
        let bytes = text.get(..self.record.text_end).unwrap_or_default();
        // A line that repeats the header fits by its form; it is no row.
        let mended = if reason.rule == "repeated_header" {
            None
        } else {
            self.mender.mend(bytes)
        };
        let Some((repair, cells)) = mended else {
            return self.reject(reason, build);
        };
        if !self.reading.repairs.contains(&repair) {
            let line = self.state.line;
            build.repairable.push(Repaired { line, repair });
            return self.reject(reason, build);
        }
        let raw = String::from_utf8_lossy(bytes).into_owned();
        build.rows += 1;
        build.bytes += bytes.len();
        build.add_cells(&raw, cells);
        let line = self.state.line;
        self.place(build);
        build.repaired.push(Repaired { line, repair });
        Ok(())
    }

    /// Says where the row that was added stands, and goes on behind it.
    fn place(&mut self, build: &mut Build) {
        let (line, start) = (self.state.line, self.state.byte);
        self.advance();
        self.state.rows += 1;
        build.places.push(Place {
            line,
            row: self.state.rows,
            start,
            end: self.state.byte,
        });
    }

    fn reject(&mut self, reason: Reason, build: &mut Build) -> Result<(), SourceError> {
        let row = self.state.rows + 1;
        let (line, start) = (self.state.line, self.state.byte);
        let bytes = self
            .stream
            .text()
            .get(..self.record.text_end)
            .unwrap_or_default();
        build.rows += 1;
        build.bytes += bytes.len();
        let decoded = std::str::from_utf8(bytes).is_ok();
        let raw = String::from_utf8_lossy(bytes).into_owned();
        self.advance();
        let raw_bytes = if decoded {
            None
        } else {
            Some(self.input.range(start, self.state.byte)?)
        };
        self.state.rejected += 1;
        build.rejects.push(Reject {
            line,
            row,
            reasons: vec![reason],
            raw,
            raw_bytes,
        });
        self.state.rows = row;
        Ok(())
    }

    /// Consumes the record that was taken.
    fn advance(&mut self) {
        self.stream.consume(self.record.end);
        self.ahead.bytes = self.ahead.bytes.saturating_sub(self.record.end);
        let end = self.stream.byte();
        self.state.tiled &= end > self.state.byte;
        self.state.byte = end;
        self.state.line += self.record.lines;
        self.state.read += 1;
        self.state.borders = self.state.borders.wrapping_add(border(end));
    }
}

/// Where the part of a source ends that `byte` stands in: before, in or behind the data.
fn part_end(reading: &Reading, byte: u64, size: u64) -> u64 {
    let layout = &reading.layout;
    [layout.start, layout.end]
        .into_iter()
        .find(|border| byte < *border)
        .unwrap_or(size)
}

/// One term of the sum over all borders; the auditor has its own copy of this rule.
const fn border(end: u64) -> u64 {
    let mixed = (end ^ (end >> 31)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ (mixed >> 29)
}

/// Reads single records by a reading, wherever they come from.
#[derive(Debug)]
pub(crate) struct RecordReader<'a> {
    checks: Checks<'a>,
    parser: Parser,
    record: Record,
    build: Build,
    input: &'a str,
}

impl<'a> RecordReader<'a> {
    /// A reader of records that stand alone, which came from the source of this name.
    pub(crate) fn new(reading: &'a Reading, limits: Limits, input: &'a str) -> Self {
        let columns = reading.columns.len();
        Self {
            checks: Checks::new(reading, limits),
            parser: Parser::new(&reading.dialect, columns),
            record: Record::default(),
            build: Build::new(reading, 0),
            input,
        }
    }

    /// Takes one record, or says why it cannot be taken.
    pub(crate) fn add(&mut self, raw: &str) -> Result<(), Reason> {
        self.parser.parse(raw.as_bytes(), 0, true, &mut self.record);
        if let Some(reason) = self.checks.check(raw, &self.record) {
            return Err(reason);
        }
        if self.record.text_end < raw.len() {
            return Err(self.checks.several());
        }
        self.build.add(raw, &self.record, &self.parser);
        Ok(())
    }

    /// The columns of the records that were taken since the last call.
    ///
    /// # Errors
    /// None but a fault of ours: cells of texts are texts.
    pub(crate) fn take(&mut self) -> Result<Vec<StringArray>, SourceError> {
        self.build.take_all(self.input)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::source::{Overrides, What};

    const LINES: [&str; 28] = [
        "1;Anna;2,5\n",
        "2;;\n",
        ";Bert;3\n",
        ";;\n",
        "\n",
        " ; ;\n",
        "\t\n",
        "3;Carl;4\r\n",
        "4;D\rora;5\n",
        "5;\"E;mil\";6\n",
        "6;\"two\nlines\";7\n",
        "7;\"open;8\n",
        "8;short\n",
        "9;too;many;9\n",
        "id;name;sum\n",
        "id ;name;sum\n",
        "id2;name;sum\n",
        "identity;x;y\n",
        "#;a;b\n",
        "\u{feff}1;a;b\n",
        "\u{e4}1;\u{85};\u{20ac}\n",
        "\u{a0};\u{a0};\u{3000}\n",
        "\0;a;b\n",
        "1;a\0b;c\n",
        "1;a,b;c\r",
        "1;this is more than sixteen bytes of text;2\n",
        "1,2,3\n",
        "x;y;z",
    ];

    fn portions(mut reader: Reader<'_>) -> String {
        let mut told = String::new();
        while let Some(portion) = reader.next_portion().unwrap() {
            told.push_str(&format!("{portion:?}\n"));
        }
        told
    }

    fn agree(bytes: &[u8], overrides: &Overrides, limits: Limits, block: usize) -> bool {
        let input = Input::spool("t.csv", bytes).unwrap();
        let Ok(reading) = Reading::decide(&input, overrides, &limits) else {
            // There is nothing to compare of what cannot be read.
            return true;
        };
        let reader = || Reader::new(&input, &reading, limits, block).unwrap();
        let slow = Reader {
            plain: None,
            ..reader()
        };
        portions(reader()) == portions(slow)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        /// Lines that are taken as plain are the records that parser and checks make of them.
        #[test]
        fn plain_lines_are_records(
            lines in prop::collection::vec(prop::sample::select(&LINES[..]), 0..40),
            header in prop::sample::select(vec!["id;name;sum\n", ";name;sum\n", "# x\nid;name;sum\r\n"]),
            headers in prop::sample::select(vec![None, Some(0_u64), Some(1)]),
            line_end in prop::sample::select(vec![None, Some("lf"), Some("crlf"), Some("mixed")]),
            delimiter in prop::sample::select(vec![";", ",", "; "]),
            legacy in any::<bool>(),
            repaired in any::<bool>(),
            broken in prop::option::of(any::<prop::sample::Index>()),
            field_bytes in prop::sample::select(vec![5_usize, 30, 4 << 20]),
            block in 1..300_usize,
        ) {
            let text = format!("{header}{}", lines.concat());
            let mut bytes = if legacy {
                encoding_rs::WINDOWS_1252.encode(&text).0.into_owned()
            } else {
                text.into_bytes()
            };
            if let Some(broken) = broken {
                let at = broken.index(bytes.len());
                bytes[at] = 0xFF;
            }
            let mut overrides = Overrides::default();
            overrides.set(What::Delimiter, None, delimiter);
            if legacy {
                overrides.set(What::Encoding, None, "windows-1252");
            }
            if repaired {
                overrides.set(What::Repair, None, "all");
            }
            if let Some(headers) = headers {
                overrides.set(What::HeaderLines, None, headers);
            }
            if let Some(line_end) = line_end {
                overrides.set(What::LineEnd, None, line_end);
            }
            let limits = Limits { field_bytes, ..Limits::default() };
            prop_assert!(agree(&bytes, &overrides, limits, block));
        }
    }

    /// More than one batch, with other records between the plain ones.
    #[test]
    fn long_files_of_plain_lines_are_read_alike() {
        let mut text = "id;name;sum\n".to_owned();
        for row in 0..70_000 {
            text.push_str(&match row % 9_000 {
                17 => format!("{row};\"quoted\";\n"),
                18 => format!("{row};short\n"),
                19 => "\n".to_owned(),
                _ => format!("{row};{};{}\n", "n".repeat(row % 40), row % 3),
            });
        }
        let overrides = Overrides::default();
        let input = Input::spool("t.csv", text.as_bytes()).unwrap();
        assert!(Reading::decide(&input, &overrides, &Limits::default()).is_ok());
        for block in [1 << 10, 1 << 18] {
            assert!(agree(text.as_bytes(), &overrides, Limits::default(), block));
        }
    }

    /// A replay has as many as its file has; only those of a batch are held.
    #[test]
    fn records_that_were_taken_are_not_kept() {
        let input = Input::spool("t.csv", "id;name\n1;Anna\n".as_bytes()).unwrap();
        let limits = Limits::default();
        let reading = Reading::decide(&input, &Overrides::default(), &limits).unwrap();
        let mut reader = RecordReader::new(&reading, limits, "t.csv");
        for names in [["Bert", "Carl"], ["Dora", "Emil"]] {
            for name in names {
                reader.add(&format!("2;{name}")).unwrap();
            }
            let columns = reader.take().unwrap();
            assert!(columns[1].iter().flatten().eq(names));
            assert_eq!(reader.build.sizes(), (0, 0));
        }
    }
}
