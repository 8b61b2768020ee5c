//! Where the table stands: preamble, header, units, footer and comments, each as a decision.

use std::ops::Range;

use super::candidates::{self, Row};
use super::footer;
use super::footer::Reach;
use super::layout::{self, Guess};
use super::samples::Samples;
use super::{Layout, by_person, round};
use crate::source::decision::{Alternative, Decision, Overrides, What};
use crate::source::dialect::Dialect;
use crate::source::error::SourceError;
use crate::source::input::Input;

/// How sure it is that a line which names some columns only is the header.
const PARTIAL: f64 = 0.6;

/// How sure it is where the header starts if the line above it may belong to it.
const DOUBTFUL: f64 = 0.8;

/// What the place of a table is told from.
pub(super) struct Evidence<'a> {
    pub(super) input: &'a Input,
    pub(super) samples: &'a Samples,
    /// Bytes of the source that are looked at.
    pub(super) range: Range<u64>,
    pub(super) rows: &'a [Row],
    pub(super) dialect: &'a Dialect,
    pub(super) width: usize,
    pub(super) overrides: &'a Overrides,
    /// Whether the first line names the delimiter (`sep=`).
    pub(super) sep: bool,
}

impl Evidence<'_> {
    /// Decides where the table stands.
    ///
    /// # Errors
    /// When a number of lines is set that cannot be.
    pub(super) fn layout(&self, decisions: &mut Vec<Decision>) -> Result<Layout, SourceError> {
        let comment = comment_mark(self.rows, self.width);
        let table: Vec<Row> = self
            .rows
            .iter()
            .map(|row| uncommented(row, comment.as_deref()))
            .collect();
        let (preamble_lines, partial) = self.preamble(&table, decisions)?;
        let start = table
            .iter()
            .position(|row| row.line >= preamble_lines)
            .unwrap_or(table.len());
        let body = table.get(start..).unwrap_or_default();
        let header_lines = self.header(body, partial, decisions)?;
        if header_lines == 0 && layout::names_above(&table, start) {
            self.doubt_missing_header(decisions);
        }
        let headers = usize::try_from(header_lines).unwrap_or(usize::MAX);
        let units_lines = u64::from(layout::has_units(body, headers, self.width));
        let before = preamble_lines + header_lines + units_lines;
        let (footer_lines, end) = self.footer(before, decisions)?;
        Ok(Layout {
            start: self.range.start,
            start_line: 0,
            preamble_lines,
            header_lines,
            footer_lines,
            end,
            units_lines,
            comment,
            others: Vec::new(),
        })
    }

    /// Lines before the table, and whether it begins with a line that names some columns only.
    fn preamble(
        &self,
        table: &[Row],
        decisions: &mut Vec<Decision>,
    ) -> Result<(u64, bool), SourceError> {
        let overrides = self.overrides;
        if let Some(lines) = count(overrides, What::PreambleLines)? {
            decisions.push(by_person(What::PreambleLines, lines));
            return Ok((lines, false));
        }
        let skip = usize::from(self.sep);
        let rows = table.get(skip..).unwrap_or_default();
        let mut guess = layout::preamble(rows, self.width);
        let partial = match overrides.get(What::HeaderLines, None) {
            None => layout::partial_header(rows, guess.value, self.width),
            Some(_) => None,
        };
        if let Some(value) = partial {
            guess = Guess {
                value,
                confidence: PARTIAL,
            };
        }
        if layout::more_above(rows, guess.value, self.width) {
            guess.confidence = guess.confidence.min(DOUBTFUL);
        }
        let first = table.get(guess.value + skip).map_or(0, |row| row.line);
        let reason = match first {
            0 => "the table starts on the first line".to_owned(),
            lines => format!("the table starts on line {}", lines + 1),
        };
        let confidence = guess.confidence;
        decisions.push(Decision::new(
            What::PreambleLines,
            first,
            confidence,
            Vec::new(),
            reason,
        ));
        Ok((first, partial.is_some()))
    }

    fn header(
        &self,
        body: &[Row],
        partial: bool,
        decisions: &mut Vec<Decision>,
    ) -> Result<u64, SourceError> {
        if let Some(lines) = count(self.overrides, What::HeaderLines)? {
            decisions.push(by_person(What::HeaderLines, lines));
            return Ok(lines);
        }
        let guess = if partial {
            Guess {
                value: 1,
                confidence: PARTIAL,
            }
        } else {
            layout::header(body, self.width)
        };
        let reason = match guess.value {
            1 if partial => "the line above the data stands apart from those above it".to_owned(),
            0 => "the first line looks like the lines below it".to_owned(),
            1 => "the first line differs in kind from the lines below it".to_owned(),
            lines => format!("the first {lines} lines differ in kind from the lines below them"),
        };
        let rival = Alternative {
            value: u64::from(guess.value == 0).into(),
            confidence: round(1.0 - guess.confidence),
        };
        let lines = guess.value as u64;
        let confidence = round(guess.confidence);
        decisions.push(Decision::new(
            What::HeaderLines,
            lines,
            confidence,
            vec![rival],
            reason,
        ));
        Ok(lines)
    }

    /// Makes what was decided about preamble and header less sure, unless a person said it.
    fn doubt_missing_header(&self, decisions: &mut [Decision]) {
        let places = [What::PreambleLines, What::HeaderLines];
        for decision in decisions
            .iter_mut()
            .filter(|one| places.contains(&one.what))
        {
            if self.overrides.get(decision.what, None).is_none() {
                decision.confidence = decision.confidence.min(PARTIAL);
                decision.sure = false;
                for rival in &mut decision.alternatives {
                    rival.confidence = round(1.0 - decision.confidence);
                }
                decision
                    .reason
                    .push_str("; the line above it may name the columns");
            }
        }
    }

    fn footer(
        &self,
        before: u64,
        decisions: &mut Vec<Decision>,
    ) -> Result<(u64, u64), SourceError> {
        let Self {
            input,
            samples,
            dialect,
            width,
            overrides,
            ..
        } = *self;
        let total = samples.tail_lines.len() as u64;
        if let Some(lines) = count(overrides, What::FooterLines)? {
            decisions.push(by_person(What::FooterLines, lines));
            if lines > total {
                return Err(SourceError::TooFewLines {
                    file: input.name().to_owned(),
                    lines: total,
                    wanted: lines,
                });
            }
            return Ok((lines, self.line_start(total - lines)));
        }
        let rows = candidates::rows(&samples.tail, true, dialect, width, usize::MAX);
        // What is certainly not data at the start cannot be a footer.
        let skip = if samples.whole { before } else { 0 };
        let body: Vec<Row> = rows.into_iter().filter(|row| row.line >= skip).collect();
        let reach = if samples.whole {
            Reach::Whole
        } else {
            Reach::Tail
        };
        let found = footer::footer(&body, width, reach);
        let lines_of = |rows: usize| {
            let first = body.len().checked_sub(rows).and_then(|at| body.get(at));
            first.map_or(0, |first| total - first.line.min(total))
        };
        let lines = lines_of(found.rows);
        let data = body.get(..body.len() - found.rows).unwrap_or_default();
        let between = match reach {
            Reach::Whole => footer::lines_between(data, width),
            Reach::Tail => Vec::new(),
        };
        decisions.push(footer_decision(
            lines,
            found.rival.map(lines_of),
            found.confidence,
            &between,
        ));
        Ok((lines, self.line_start(total - lines)))
    }

    /// Byte at which a line of the tail starts.
    fn line_start(&self, line: u64) -> u64 {
        usize::try_from(line)
            .ok()
            .and_then(|line| self.samples.tail_lines.get(line))
            .copied()
            .unwrap_or(self.range.end)
    }
}

/// The decision about the last lines, and about lines between the rows that are like them.
fn footer_decision(lines: u64, rival: Option<u64>, confidence: f64, between: &[u64]) -> Decision {
    let mut reason = match (lines, rival) {
        (0, None) => "the last lines look like the lines before them".to_owned(),
        (0, Some(_)) => "the last line may add the table up, or be a record".to_owned(),
        (1, _) => "the last line adds the table up or comments on it".to_owned(),
        (lines, _) => format!("the last {lines} lines add the table up or comment on it"),
    };
    let mut confidence = confidence;
    if let [first, ..] = between {
        confidence = confidence.min(DOUBTFUL);
        let further = between.len() - 1;
        reason = format!(
            "{reason}; line {} and {further} more between the rows add rows up, and are read as rows",
            first + 1
        );
    }
    let rivals = rival.into_iter().map(|lines| Alternative {
        value: lines.into(),
        confidence: round(1.0 - confidence),
    });
    Decision::new(
        What::FooterLines,
        lines,
        confidence,
        rivals.collect(),
        reason,
    )
}

/// A row, emptied where it is a comment.
fn uncommented(row: &Row, mark: Option<&str>) -> Row {
    let mut row = row.clone();
    if mark.is_some_and(|mark| is_comment(&row, mark)) {
        row.cells.clear();
    }
    row
}

fn count(overrides: &Overrides, what: What) -> Result<Option<u64>, SourceError> {
    let Some(value) = overrides.get(what, None) else {
        return Ok(None);
    };
    let number = value
        .as_u64()
        .or_else(|| value.as_str().and_then(|text| text.parse().ok()))
        .filter(|number| u32::try_from(*number).is_ok());
    number.map(Some).ok_or_else(|| SourceError::BadOverride {
        what: what.name(),
        value: value.to_string(),
        expected: "a number of lines, 0 to 4294967295".to_owned(),
    })
}

/// The mark of comment lines: `#` or `//`, where no row of the table's width starts with it.
fn comment_mark(rows: &[Row], width: usize) -> Option<String> {
    ["#", "//"].into_iter().find_map(|mark| {
        let (comments, data): (Vec<&Row>, Vec<&Row>) = rows
            .iter()
            .filter(|row| {
                row.cells
                    .first()
                    .is_some_and(|cell| cell.text.starts_with(mark))
            })
            .partition(|row| is_comment(row, mark) && (row.cells.len() != width || width == 1));
        (!comments.is_empty() && data.is_empty() && width > 1).then(|| mark.to_owned())
    })
}

fn is_comment(row: &Row, mark: &str) -> bool {
    row.cells
        .first()
        .is_some_and(|cell| !cell.quoted && cell.text.starts_with(mark))
}
