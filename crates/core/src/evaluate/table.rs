//! Tables of cases: CSV as RFC 4180 has it, in UTF-8, with one header line. Cases are neat by
//! definition, so nothing has to be sniffed; what is not neat is an error.

use std::sync::Arc;

use arrow_array::StringArray;

use super::{EvaluateError, TextFile};
use crate::profile::{Cells, ColumnProfile, Partial};
use crate::source::{Batch, Overrides, Place, RawText, column_names};

/// Records of one batch: as many as the reader of sources puts into one.
const BATCH: usize = 8_192;

/// A table with its header as it stands in the file.
#[derive(Debug)]
pub(super) struct Table {
    /// Names as they are written, also where two are the same.
    pub(super) header: Vec<String>,
    /// Profiles under the names that a source's columns get.
    pub(super) profiles: Vec<ColumnProfile>,
}

impl Table {
    /// Reads and profiles a table.
    pub(super) fn parse(file: &TextFile) -> Result<Self, EvaluateError> {
        let mut records = Records::new(file);
        let header: Vec<String> = match records.next_record()? {
            Some(cells) => cells.into_iter().map(Option::unwrap_or_default).collect(),
            None => return Err(records.wrong("there is no header line")),
        };
        let names = column_names(&header, header.len());
        let overrides = Overrides::default();
        let mut all = Partial::new(&names, &overrides);
        let mut row = 0;
        loop {
            let mut cells: Vec<Vec<Option<String>>> = vec![Vec::new(); header.len()];
            let first = row;
            while row - first < BATCH as u64
                && let Some(record) = records.next_record()?
            {
                if record.len() != header.len() {
                    return Err(records.wrong("this record has not as many cells as the header"));
                }
                for (column, cell) in cells.iter_mut().zip(record) {
                    column.push(cell);
                }
                row += 1;
            }
            if row == first {
                break;
            }
            all.add(&Cells::of(&batch(cells, first)));
        }
        Ok(Self {
            header,
            profiles: all.finish().columns,
        })
    }
}

/// Cells as the reader of sources would give them.
fn batch(cells: Vec<Vec<Option<String>>>, first: u64) -> Batch {
    let records = cells.first().map_or(0, Vec::len) as u64;
    let place = |row: u64| Place {
        line: row + 2,
        row: row + 1,
        start: 0,
        end: 0,
    };
    let columns = cells.into_iter().map(StringArray::from);
    let places = (first..first + records).map(place);
    let raw = Arc::new(RawText::default());
    Batch::new(0, columns.collect(), places.collect(), raw)
}

/// Profiles of columns of which only the names are known.
pub(super) fn names_only(names: &[String]) -> Vec<ColumnProfile> {
    let names = column_names(names, names.len());
    Partial::new(&names, &Overrides::default()).finish().columns
}

/// The records of a CSV file, one after the other.
struct Records<'a> {
    path: &'a str,
    chars: std::iter::Peekable<std::str::Chars<'a>>,
    /// Line on which the record starts.
    line: usize,
    /// Lines that were read.
    lines: usize,
}

impl<'a> Records<'a> {
    fn new(file: &'a TextFile) -> Self {
        let text = file.text.strip_prefix('\u{feff}').unwrap_or(&file.text);
        Self {
            path: &file.path,
            chars: text.chars().peekable(),
            line: 1,
            lines: 0,
        }
    }

    fn wrong(&self, what: &'static str) -> EvaluateError {
        EvaluateError::Table {
            path: self.path.to_owned(),
            line: self.line,
            what,
        }
    }

    /// The next record; an empty cell without quotes is none.
    fn next_record(&mut self) -> Result<Option<Vec<Option<String>>>, EvaluateError> {
        if self.chars.peek().is_none() {
            return Ok(None);
        }
        self.line = self.lines + 1;
        let mut record = Vec::new();
        loop {
            record.push(self.cell()?);
            match self.chars.next() {
                Some(',') => {}
                Some('\r') if self.chars.next_if_eq(&'\n').is_some() => break,
                Some('\n') | None => break,
                Some(_) => return Err(self.wrong("a quoted cell goes on behind its quote")),
            }
        }
        self.lines += 1;
        Ok(Some(record))
    }

    fn cell(&mut self) -> Result<Option<String>, EvaluateError> {
        if self.chars.next_if_eq(&'"').is_some() {
            return self.quoted().map(Some);
        }
        let mut cell = String::new();
        while let Some(next) = self.chars.peek().copied() {
            let ends = match next {
                ',' | '\n' => true,
                '\r' => self.chars.clone().nth(1) == Some('\n'),
                _ => false,
            };
            if ends {
                break;
            }
            cell.push(next);
            self.chars.next();
        }
        Ok((!cell.is_empty()).then_some(cell))
    }

    fn quoted(&mut self) -> Result<String, EvaluateError> {
        let mut cell = String::new();
        while let Some(next) = self.chars.next() {
            if next != '"' {
                self.lines += usize::from(next == '\n');
                cell.push(next);
            } else if self.chars.next_if_eq(&'"').is_some() {
                cell.push('"');
            } else {
                return Ok(cell);
            }
        }
        Err(self.wrong("a quote that is opened here is not closed"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> TextFile {
        TextFile {
            path: "t.csv".to_owned(),
            text: text.to_owned(),
        }
    }

    #[test]
    fn cells_are_read_as_they_stand() {
        let table = Table::parse(&file("a,\"b \"\"c\"\"\",a\r\n1,\"x,\ny\",\r\n2,,3\n")).unwrap();
        assert_eq!(table.header, ["a", "b \"c\"", "a"]);
        let names: Vec<&str> = table.profiles.iter().map(|p| p.name.as_str()).collect();
        assert_eq!(names, ["a", "b \"c\"", "a#2"]);
        assert_eq!(table.profiles[1].sample, ["x,\ny"]);
        let nulls: Vec<(u64, u64)> = table.profiles.iter().map(|p| (p.count, p.nulls)).collect();
        assert_eq!(nulls, [(2, 0), (2, 1), (2, 1)]);
    }

    #[test]
    fn a_header_alone_is_a_table_without_rows() {
        let table = Table::parse(&file("a,b")).unwrap();
        assert_eq!(table.profiles[1].count, 0);
    }

    #[test]
    fn what_is_not_neat_is_named_with_its_line() {
        for (text, message) in [
            ("", "t.csv, line 1: there is no header line"),
            (
                "a,b\n\"1\n2\",3\n4\n",
                "t.csv, line 4: this record has not as many cells as the header",
            ),
            (
                "a\n\"1\n",
                "t.csv, line 2: a quote that is opened here is not closed",
            ),
            (
                "a\n\"1\"2\n",
                "t.csv, line 2: a quoted cell goes on behind its quote",
            ),
        ] {
            assert_eq!(Table::parse(&file(text)).unwrap_err().to_string(), message);
        }
    }
}
