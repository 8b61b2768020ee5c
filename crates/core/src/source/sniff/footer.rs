//! Footers: lines behind the data that add the table up or comment on it.

use super::candidates::Cell;
use super::candidates::Row;
use super::kind::Kind;
use super::layout::near;
use super::layout::typical_filled;
use super::totals::Label;
use super::totals::adds_up;

/// Rows at the end that may be a footer.
const MOST_FOOTER: usize = 30;

/// Rows that have to stand above a total, so that it differs from them.
const LEAST: usize = 3;

/// How many of the table's rows are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// All of them.
    Whole,
    /// The last ones: nothing is known of sums.
    Tail,
}

/// How many rows at the end are no data.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Footer {
    /// Rows from the end of the rows that were given.
    pub(crate) rows: usize,
    /// Probability that it is right.
    pub(crate) confidence: f64,
    /// What else it may be.
    pub(crate) rival: Option<usize>,
}

/// What one row at the end is.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Verdict {
    /// No data, as sure as this.
    Footer(f64),
    /// A record, as sure as this, that may add the table up.
    Doubtful(f64),
    /// A record.
    Record,
}

/// How many rows at the end of `rows` are no data: sparse lines behind a blank one, or of another
/// width, or totals. `rows` end with the source and have data before.
pub(crate) fn footer(rows: &[Row], width: usize, reach: Reach) -> Footer {
    let trailing = rows.iter().rev().take_while(|row| row.blank()).count();
    if width < 2 {
        return Footer {
            rows: trailing,
            confidence: 0.95,
            rival: None,
        };
    }
    let typical = typical_filled(rows, width);
    let always = always_filled(rows, width);
    let mut value = other_blocks(rows, width);
    let (mut confidence, mut rival) = (0.92_f64, None);
    for (back, row) in rows.iter().rev().enumerate().skip(value).take(MOST_FOOTER) {
        if row.blank() {
            continue;
        }
        let above = rows.get(..rows.len() - back - 1).unwrap_or_default();
        let verdict = match total(row, above, width, reach) {
            None if is_footer(row, width, typical, &always) => Verdict::Footer(comment(row, width)),
            None => Verdict::Record,
            Some(verdict) => verdict,
        };
        match verdict {
            Verdict::Footer(sure) => {
                if sure < confidence {
                    (confidence, rival) = (sure, Some(value));
                }
                value = back + 1;
            }
            Verdict::Doubtful(sure) => {
                (confidence, rival) = (sure.min(confidence), Some(back + 1));
                break;
            }
            Verdict::Record => break,
        }
    }
    // Blank lines right before a footer belong to it; blank lines at the very end are blank.
    if value <= trailing && rival.is_none() {
        (value, confidence) = (0, 0.97);
    } else if value <= trailing {
        value = 0;
    }
    Footer {
        rows: value,
        confidence,
        rival,
    }
}

/// How sure it is that a row without numbers of its own is no data: a word for a sum in the middle
/// of a record may be a value of it.
fn comment(row: &Row, width: usize) -> f64 {
    if row.cells.len() == width && !has(row, 0) {
        0.8
    } else {
        0.92
    }
}

/// What a row as wide as the table says of the rows above it.
#[derive(Debug, Default)]
struct Said {
    /// Numbers that its columns add up to.
    sums: usize,
    /// Other numbers in columns of numbers.
    numbers: usize,
    /// Cells that only a record has: dates, the next number of a list, texts that do not repeat.
    own: usize,
    /// Columns of texts that every other row fills, and this one does not.
    texts_missing: usize,
    /// The same for columns of numbers or dates.
    values_missing: usize,
}

impl Said {
    fn of(row: &Row, above: &[&Row], reach: Reach) -> Self {
        let mut said = Self::default();
        let plain: Vec<&Row> = above
            .iter()
            .copied()
            .filter(|row| Label::of(row) == Label::Other)
            .collect();
        let label = Label::of(row);
        let name = row.cells.iter().position(|cell| cell.kind != Kind::Empty);
        for (column, cell) in row.cells.iter().enumerate() {
            let filled = filled(&plain, column);
            let typed = filled.iter().filter(|cell| cell.kind.typed()).count();
            let values = !filled.is_empty() && typed * 10 >= filled.len() * 9;
            let adds = |filled: &[&Cell]| reach == Reach::Whole && adds_up(cell, filled, label);
            match cell.kind {
                Kind::Empty if filled.len() < plain.len() => {}
                Kind::Empty if values => said.values_missing += 1,
                Kind::Empty => said.texts_missing += 1,
                Kind::Number if values && (adds(&filled) || adds(&self::filled(above, column))) => {
                    said.sums += 1;
                }
                Kind::Number if values && !goes_on(cell, &filled) => said.numbers += 1,
                Kind::Number | Kind::Date => said.own += 1,
                Kind::Code | Kind::Word | Kind::Text | Kind::Odd if name == Some(column) => {
                    said.values_missing += usize::from(values);
                }
                Kind::Code | Kind::Word | Kind::Text | Kind::Odd => {
                    // Currencies and signs of booking stand in totals as well.
                    let alike = |other: &&&Cell| other.text.trim() == cell.text.trim();
                    said.own += usize::from(filled.iter().filter(alike).count() < 2);
                }
            }
        }
        said
    }

    /// Whether it has all the numbers of a record, and more than one.
    const fn is_full(&self) -> bool {
        self.values_missing == 0 && self.sums + self.numbers >= 2
    }

    const fn is_sparse(&self) -> bool {
        self.values_missing + self.texts_missing > 0
    }
}

/// The cells of one column with something in them.
fn filled<'r>(rows: &[&'r Row], column: usize) -> Vec<&'r Cell> {
    rows.iter()
        .filter_map(|row| row.cells.get(column))
        .filter(|cell| cell.kind != Kind::Empty)
        .collect()
}

/// Whether a whole number is the next one of a list that counts up.
fn goes_on(cell: &Cell, above: &[&Cell]) -> bool {
    let whole = |cell: &Cell| cell.text.trim().parse::<i64>().ok();
    let last = above
        .get(above.len().saturating_sub(LEAST)..)
        .unwrap_or_default();
    let mut numbers: Vec<Option<i64>> = last.iter().map(|cell| whole(cell)).collect();
    numbers.push(whole(cell));
    numbers.len() > LEAST
        && numbers
            .windows(2)
            .all(|pair| matches!(pair, [Some(a), Some(b)] if a.checked_add(1) == Some(*b)))
}

/// Whether a row adds the table up; nothing where that is not the question.
fn total(row: &Row, above: &[Row], width: usize, reach: Reach) -> Option<Verdict> {
    if row.cells.len() != width {
        return None;
    }
    let above: Vec<&Row> = above
        .iter()
        .filter(|row| row.cells.len() == width && !row.blank())
        .collect();
    // Where most rows are called totals, that is what the table is about.
    let called_so = |row: &&&Row| Label::of(row) != Label::Other;
    let totals = above.iter().filter(called_so).count();
    if above.len() < LEAST + totals || totals * 2 > above.len() {
        return None;
    }
    let said = Said::of(row, &above, reach);
    match Label::of(row) {
        label @ (Label::Total | Label::Perhaps) => called(row, &above, label, &said, reach),
        Label::Other if said.own > 0 || said.numbers > 0 && said.sums > 0 => {
            // It has what a record has: a date, the next number of a list, numbers that are no sums.
            let called_so = || Label::behind_values(row) != Label::Other;
            let doubt = said.sums > 0 && (said.texts_missing > 0 || called_so());
            doubt.then_some(Verdict::Doubtful(0.6))
        }
        Label::Other if has(row, 0) || above.iter().any(|row| !has(row, 0)) => {
            (said.sums > 0).then_some(Verdict::Doubtful(0.6))
        }
        Label::Other if said.sums > 0 => Some(Verdict::Footer(0.92)),
        Label::Other => {
            let numbers = said.numbers > 0 && said.numbers == row.filled();
            numbers.then_some(Verdict::Doubtful(0.75))
        }
    }
}

/// Whether a row that is called a total is one.
fn called(row: &Row, above: &[&Row], label: Label, said: &Said, reach: Reach) -> Option<Verdict> {
    let summed = said.sums > 0;
    if said.own > 0 && summed {
        return Some(Verdict::Doubtful(0.6));
    }
    // A record for all others together: people who were asked for the records of such tables count
    // it among them.
    if said.is_full() && said.own == 0 && (!summed || said.texts_missing > 0) {
        return Some(Verdict::Doubtful(0.7));
    }
    if summed {
        return Some(match label {
            Label::Total => Verdict::Footer(0.95),
            Label::Perhaps | Label::Other if said.is_sparse() => Verdict::Footer(0.8),
            // `Media Markt` with as many visits as the others have on average.
            Label::Perhaps | Label::Other => Verdict::Doubtful(0.7),
        });
    }
    let name = row.cells.iter().position(|cell| cell.kind != Kind::Empty)?;
    let text = |row: &Row| {
        row.cells
            .get(name)
            .map(|cell| cell.text.trim().to_lowercase())
    };
    if above.iter().any(|other| text(other) == text(row)) {
        return None;
    }
    let sparse = said.is_sparse() && said.own == 0;
    // Of amounts with their signs in another column the sum is none, but no record lacks so much.
    let missing = said.texts_missing + said.values_missing;
    let refuted = reach == Reach::Whole && said.numbers > 0 && missing < LEAST;
    match label {
        Label::Total if sparse && !refuted => Some(Verdict::Footer(0.92)),
        Label::Total | Label::Perhaps if sparse => Some(Verdict::Footer(0.8)),
        Label::Total => Some(Verdict::Doubtful(0.8)),
        Label::Perhaps if reach == Reach::Tail && said.numbers > 0 => Some(Verdict::Doubtful(0.8)),
        Label::Perhaps | Label::Other => None,
    }
}

/// Lines among the rows that add some of them up: called a total, with nothing where each other row has
/// something.
pub(crate) fn lines_between(rows: &[Row], width: usize) -> Vec<u64> {
    let wide = |row: &&Row| row.cells.len() == width && !row.blank();
    let body: Vec<&Row> = rows.iter().filter(wide).collect();
    let (other, plain): (Vec<&Row>, Vec<&Row>) = body
        .into_iter()
        .partition(|row| Label::of(row) != Label::Other);
    let always: Vec<usize> = (0..width)
        .filter(|column| plain.iter().all(|row| has(row, *column)))
        .collect();
    let sparse = |row: &&&Row| always.iter().any(|column| !has(row, *column));
    let lines: Vec<u64> = other.iter().filter(sparse).map(|row| row.line).collect();
    if plain.len() > lines.len() && lines.len() > 1 {
        lines
    } else {
        Vec::new()
    }
}

/// Whether something stands in a column of a row.
fn has(row: &Row, column: usize) -> bool {
    let cell = row.cells.get(column);
    cell.is_some_and(|cell| cell.kind != Kind::Empty)
}

/// Rows at the end in blocks, each behind a blank line, that have nothing of the table's width:
/// notes, or another table.
fn other_blocks(rows: &[Row], width: usize) -> usize {
    let mut value = 0;
    let mut block = 0;
    for (back, row) in rows.iter().rev().enumerate() {
        if row.blank() {
            if block > 0 {
                value = back;
            }
            block = 0;
        } else if near(row, width) || back * 2 > rows.len() {
            break;
        } else {
            block += 1;
        }
    }
    value
}

/// For each column, whether (nearly) every row has something in it.
fn always_filled(rows: &[Row], width: usize) -> Vec<bool> {
    let body: Vec<&Row> = rows
        .iter()
        .filter(|row| row.cells.len() == width && !row.blank())
        .collect();
    (0..width)
        .map(|column| {
            let filled = body.iter().filter(|row| has(row, column)).count();
            body.len() >= 3 && filled * 10 >= body.len() * 8
        })
        .collect()
}

/// Whether a row is a comment, or a total that leaves most columns empty.
fn is_footer(row: &Row, width: usize, typical: usize, always: &[bool]) -> bool {
    let filled = row.filled();
    let missing = always
        .iter()
        .enumerate()
        .filter(|(column, always)| **always && !has(row, *column))
        .count();
    let expected = always.iter().filter(|always| **always).count();
    let first = row.cells.iter().find(|cell| cell.kind != Kind::Empty);
    let is_total = Label::of(row) != Label::Other;
    // A line of another dialect is damage; a sentence is none.
    let is_prose =
        filled == 1 && first.is_some_and(|cell| matches!(cell.kind, Kind::Text | Kind::Word));
    let sparse = expected >= 2 && missing * 2 >= expected && filled * 2 <= typical.max(2);
    if row.cells.len() == width {
        return sparse
            && (is_total || (filled == 1 && first.is_some_and(|cell| cell.kind == Kind::Text)));
    }
    // Another width: prose, or a total, but not a damaged record.
    row.cells.len() * 2 <= width.max(2) && filled <= 2 && (is_total || is_prose)
        || (is_prose && row.cells.len() == 1 && width > 2)
}
