//! Layout: which lines of a source are preamble, header and data, told by how full the rows are and
//! by what kind of value stands where.

use std::collections::BTreeMap;

use super::candidates::Row;
use super::kind::Kind;
use super::names;

/// Rows of the body that the header is compared with.
pub(super) const BODY_ROWS: usize = 200;
/// Rows at the top that may come before the table.
const MOST_PREAMBLE: usize = 60;
/// Header lines that may stand above each other.
const MOST_HEADERS: usize = 4;

/// Units as they stand alone under a name.
const UNITS: [&str; 58] = [
    "s", "ms", "min", "h", "d", "m", "mm", "cm", "km", "m2", "m²", "m3", "m³", "ha", "g", "mg",
    "kg", "t", "l", "ml", "°", "°C", "°F", "K", "C", "Pa", "hPa", "kPa", "bar", "mbar", "N", "J",
    "kJ", "W", "kW", "MW", "Wh", "kWh", "MWh", "V", "mV", "A", "mA", "Hz", "kHz", "m/s", "km/h",
    "rad", "deg", "%", "‰", "ppm", "ppb", "EUR", "USD", "GBP", "€", "mm/h",
];

/// How sure a count is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Guess {
    /// The count.
    pub(crate) value: usize,
    /// Probability that it is right.
    pub(crate) confidence: f64,
}

/// Where the table starts: number of rows before its first line (header or data).
pub(crate) fn preamble(rows: &[Row], width: usize) -> Guess {
    let first = rows.iter().position(|row| !row.blank()).unwrap_or(0);
    if width < 2 {
        return Guess {
            value: first,
            confidence: 0.9,
        };
    }
    let typical = typical_filled(rows, width);
    let scan = rows.len().min(MOST_PREAMBLE);
    let mut value = first;
    let mut confidence: f64 = 0.97;
    let mut at = first;
    while at < scan {
        let Some(row) = rows.get(at) else { break };
        if row.blank() {
            at += 1;
            continue;
        }
        if starts_table(rows, at, width, typical) {
            value = at;
            break;
        }
        confidence = 0.92;
        at += 1;
    }
    if values_only(rows.get(first..=value).unwrap_or_default()) {
        return Guess {
            value: first,
            confidence: 0.6,
        };
    }
    if at >= scan {
        return Guess {
            value: first,
            confidence: 0.5,
        };
    }
    Guess { value, confidence }
}

/// The preamble and header of a table without a line of names: the line right above it may name
/// some of its columns, if a blank line separates it from what stands above.
pub(crate) fn partial_header(rows: &[Row], preamble: usize, width: usize) -> Option<usize> {
    let above = preamble.checked_sub(1)?;
    let line = rows.get(above)?;
    let named = line.cells.len() == width && width > 1 && !line.blank() && !has_values(line);
    let apart = rows.get(above.checked_sub(1)?)?.blank();
    let headless = header(rows.get(preamble..)?, width).value == 0;
    (named && apart && headless).then_some(above)
}

/// Whether the line above the table may be a line of its header: something stands in it beside a
/// title in its first cell.
pub(crate) fn more_above(rows: &[Row], preamble: usize, width: usize) -> bool {
    let above = preamble.checked_sub(1).and_then(|above| rows.get(above));
    above.is_some_and(|row| {
        let beside = row.cells.iter().skip(1);
        width > 1
            && row.cells.len() == width
            && beside.filter(|cell| cell.kind != Kind::Empty).count() > 0
    })
}

/// Whether nothing but numbers and dates stands in some rows and in the one below them: short
/// records rather than lines about the table.
fn values_only(rows: &[Row]) -> bool {
    let values = |row: &Row| {
        row.filled() > 0
            && row
                .cells
                .iter()
                .all(|cell| cell.kind.typed() || cell.kind == Kind::Empty)
    };
    rows.len() > 1 && rows.iter().all(values)
}

/// Median of the filled cells of the rows that have the table's width.
pub(super) fn typical_filled(rows: &[Row], width: usize) -> usize {
    let mut filled: Vec<usize> = rows
        .iter()
        .filter(|row| row.cells.len() == width && !row.blank())
        .map(Row::filled)
        .collect();
    filled.sort_unstable();
    filled.get(filled.len() / 2).copied().unwrap_or(0)
}

/// Whether the table can start with this row: as wide as the table and as full as its rows, or a
/// header that lost or gained a field.
fn starts_table(rows: &[Row], at: usize, width: usize, typical: usize) -> bool {
    let Some(row) = rows.get(at) else {
        return false;
    };
    let filled = row.filled();
    // A delimiter at the end of the header alone makes no column.
    let beyond = row.cells.get(width..).unwrap_or_default();
    let as_wide = row.cells.len() >= width && beyond.iter().all(|cell| cell.kind == Kind::Empty);
    let full = filled == width || (filled >= 2 && filled * 2 >= typical.min(width));
    let behind: Vec<&Row> = rows
        .get(at + 1..)
        .unwrap_or_default()
        .iter()
        .filter(|next| !next.blank())
        .take(5)
        .collect();
    let regular = behind
        .iter()
        .filter(|next| next.cells.len() == width)
        .count();
    let next = behind.first();
    if next.is_some_and(|next| is_group(row, next, width)) {
        return true;
    }
    if !full || regular * 2 < behind.len() {
        return false;
    }
    if as_wide && row.fault.is_none() {
        // Prose between this row and the table shows that this is a title with delimiters in it.
        return next.is_none_or(|next| near(next, width));
    }
    // A header that is damaged: near the table's width, without values, and not above a better one.
    let header_below = next.is_some_and(|next| {
        next.cells.len() == width
            && !has_values(next)
            && behind.iter().skip(1).any(|row| has_values(row))
    });
    // Rows may end with delimiters that the header lacks.
    let used = behind.iter().filter(|next| next.cells.len() == width);
    let used = used.map(|next| last_filled(next)).max().unwrap_or(width);
    let as_used = row.cells.len() >= used.max(2) && row.cells.len() <= width;
    // Prose comes near to three fields, but seldom right above a record that begins with a value.
    let below = rows.get(at + 1).filter(|below| below.cells.len() == width);
    let first = below.and_then(|below| below.cells.first());
    let right_above = width >= 3 && first.is_some_and(|first| first.kind.typed());
    (width >= 4 || right_above)
        && (near(row, width) || as_used)
        && !has_values(row)
        && !header_below
}

/// Cells up to the last one with something in it.
fn last_filled(row: &Row) -> usize {
    let last = row.cells.iter().rposition(|cell| cell.kind != Kind::Empty);
    last.map_or(0, |last| last + 1)
}

/// Whether the line right above a table without a header may name its columns, with another number of names.
pub(crate) fn names_above(rows: &[Row], preamble: usize) -> bool {
    let above = preamble.checked_sub(1).and_then(|above| rows.get(above));
    above.is_some_and(|row| row.filled() >= 2 && !has_values(row))
}

/// Whether a row names groups of columns: gaps between its cells, names below it.
pub(crate) fn is_group(row: &Row, next: &Row, width: usize) -> bool {
    let filled: Vec<usize> = (0..row.cells.len())
        .filter(|at| {
            row.cells
                .get(*at)
                .is_some_and(|cell| cell.kind != Kind::Empty)
        })
        .collect();
    let gaps = filled
        .windows(2)
        .all(|pair| matches!(pair, [a, b] if b - a >= 2));
    let reaches = filled.last().is_some_and(|last| last * 2 >= width);
    row.cells.len() == width
        && next.cells.len() == width
        && filled.len() >= 2
        && gaps
        && reaches
        && !has_values(next)
        && next.filled() * 4 >= width * 3
}

/// Whether a row has as many fields as the table, but for a few.
pub(super) fn near(row: &Row, width: usize) -> bool {
    row.cells.len().abs_diff(width) <= 1 + width / 12
}

/// Whether a number or a date stands in a row.
fn has_values(row: &Row) -> bool {
    row.cells.iter().any(|cell| cell.kind.typed())
}

/// How many header lines stand at the start of `rows` (which begin with the table).
pub(crate) fn header(rows: &[Row], width: usize) -> Guess {
    let rows: Vec<&Row> = rows
        .iter()
        .filter(|row| !row.blank())
        .take(BODY_ROWS + 8)
        .collect();
    let Some(first) = rows.first() else {
        return Guess {
            value: 0,
            confidence: 0.5,
        };
    };
    if rows.len() == 1 {
        // One line alone: names if nothing in it looks like a value.
        let values = first.cells.iter().filter(|cell| cell.kind.typed()).count();
        let value = usize::from(values == 0);
        return Guess {
            value,
            confidence: 0.75,
        };
    }
    let body = rows.get(1..).unwrap_or_default();
    if body
        .first()
        .is_some_and(|next| is_group(first, next, width))
    {
        return Guess {
            value: 2,
            confidence: 0.85,
        };
    }
    let probability = names::probability(first, body, width);
    if probability < 0.5 {
        return Guess {
            value: 0,
            confidence: 1.0 - probability,
        };
    }
    let mut value = 1;
    while value < MOST_HEADERS && more_header(&rows, value, width) {
        value += 1;
    }
    if value > 1 && rows.get(value - 1).is_some_and(|last| is_units(last)) {
        value -= 1;
    }
    let confidence = if value == 1 {
        probability
    } else {
        probability.min(0.85)
    };
    Guess { value, confidence }
}

/// Whether a line of units follows `header` header lines.
pub(crate) fn has_units(rows: &[Row], header: usize, width: usize) -> bool {
    let rows: Vec<&Row> = rows
        .iter()
        .filter(|row| !row.blank())
        .take(BODY_ROWS + 8)
        .collect();
    header > 0
        && rows.get(header).is_some_and(|row| is_units(row))
        && more_header(&rows, header, width)
}

/// Whether a line names units only.
fn is_units(row: &Row) -> bool {
    row.filled() > 0
        && row
            .cells
            .iter()
            .filter(|cell| cell.kind != Kind::Empty)
            .all(|cell| {
                let text = cell.text.trim();
                let bracketed = [('[', ']'), ('(', ')'), ('<', '>')]
                    .into_iter()
                    .any(|(open, close)| text.starts_with(open) && text.ends_with(close));
                bracketed || text == "-" || UNITS.contains(&text)
            })
}

/// Kinds of the filled cells of one column.
pub(super) fn kinds(body: &[&Row], column: usize) -> (BTreeMap<Kind, usize>, usize) {
    let mut counts = BTreeMap::new();
    let mut filled = 0;
    for row in body.iter().take(BODY_ROWS) {
        let Some(cell) = row.cells.get(column) else {
            continue;
        };
        if cell.kind != Kind::Empty {
            *counts.entry(cell.kind).or_insert(0) += 1;
            filled += 1;
        }
    }
    (counts, filled)
}

/// How many cells are numbers or dates.
pub(super) fn typed(counts: &BTreeMap<Kind, usize>) -> usize {
    counts
        .iter()
        .filter(|(kind, _)| kind.typed())
        .map(|(_, count)| count)
        .sum()
}

/// Whether row `at` is one more header line: where the columns below keep numbers or dates, it has
/// none, or it repeats the line above it.
fn more_header(rows: &[&Row], at: usize, width: usize) -> bool {
    let Some(row) = rows.get(at) else {
        return false;
    };
    let body = rows.get(at + 1..).unwrap_or_default();
    if body.is_empty() || row.cells.len() != width {
        return false;
    }
    let above = rows.get(at - 1);
    let repeated = above.is_some_and(|above| {
        above.cells.len() == row.cells.len()
            && above
                .cells
                .iter()
                .zip(&row.cells)
                .all(|(a, b)| a.text.trim() == b.text.trim())
    });
    if repeated {
        return true;
    }
    if above.is_some_and(|above| {
        completes(row, above, body, width) || fills_gaps(row, above, body, width)
    }) {
        return true;
    }
    let mut typed_columns = 0;
    let mut names = 0;
    for column in 0..width {
        let (counts, filled) = kinds(body, column);
        let typed = typed(&counts);
        if filled * 3 < body.len().min(BODY_ROWS) || typed * 10 < filled * 9 {
            continue;
        }
        typed_columns += 1;
        match row.cells.get(column).map(|cell| cell.kind) {
            Some(Kind::Word | Kind::Text | Kind::Code | Kind::Odd) => names += 1,
            Some(Kind::Empty) => {}
            Some(Kind::Number | Kind::Date) | None => return false,
        }
    }
    typed_columns >= 2 && names * 2 > typed_columns && body.len() >= 2
}

/// Whether a line names the columns that the line above it leaves without a name, and leaves others out
/// that each row below fills: names of groups with those of their columns below them.
fn fills_gaps(row: &Row, above: &Row, body: &[&Row], width: usize) -> bool {
    let filled = |row: &Row, column: usize| {
        let cell = row.cells.get(column);
        cell.is_some_and(|cell| cell.kind != Kind::Empty)
    };
    let gaps = (0..width).filter(|column| !filled(above, *column)).count();
    let left_out = (0..width).filter(|column| !filled(row, *column)).count();
    gaps > 0
        && left_out > 0
        && (0..width).all(|column| filled(above, column) || filled(row, column))
        && (0..width).all(|column| {
            filled(row, column) || body.iter().take(BODY_ROWS).all(|row| filled(row, column))
        })
        && names::name_texts(row, body)
}

/// Whether a line completes the names above it: names where those above are missing, nothing where
/// the columns always hold values.
fn completes(row: &Row, above: &Row, body: &[&Row], width: usize) -> bool {
    let empty = |row: &Row, column: usize| {
        row.cells
            .get(column)
            .is_none_or(|cell| cell.kind == Kind::Empty)
    };
    let mut added = 0;
    let mut spared = 0;
    for column in 0..width {
        let (counts, filled) = kinds(body, column);
        let typed = typed(&counts);
        let always = filled * 10 >= body.len().min(BODY_ROWS) * 8;
        match (
            empty(row, column),
            always && typed * 10 >= filled * 9 && filled > 0,
        ) {
            (true, true) => spared += 1,
            (false, true) if !empty(above, column) => return false,
            (false, _) if empty(above, column) => added += 1,
            (true | false, _) => {}
        }
    }
    !has_values(row) && added > 0 && spared > 0 && body.len() >= 2
}
