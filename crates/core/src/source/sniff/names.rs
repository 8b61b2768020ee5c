//! Names: how likely the first line of a table names its columns, told by how it differs from the
//! lines below it.

use std::collections::HashMap;
use std::collections::HashSet;

use super::candidates::Cell;
use super::candidates::Row;
use super::kind::Kind;
use super::layout::BODY_ROWS;
use super::layout::kinds;
use super::layout::typed;

/// Log odds that nothing exceeds: so that a table of many columns stays open to doubt.
const MOST: f64 = 6.0;

/// The same where the first line is one of values as well: it is asked.
const MOST_OF_VALUES: f64 = 1.4;

/// What numbers that count up take away, because a first record may have such ones.
const COUNTED: f64 = 0.8;

/// What the texts of a first line add to its log odds at most: columns are not independent.
const MOST_OF_NAMES: f64 = 2.0;

/// The log odds up to which they lift it where all are made as what stands below: it is asked.
const MOST_OF_REPEATED: f64 = 1.5;

/// What they have to add where they are the only sign that a line names columns.
const LEAST_OF_NAMES: f64 = 0.5;

/// Cells that have to stand below a name, so that it differs from them.
const LEAST: usize = 3;

/// Probability that `first` is a header over `body`.
pub(super) fn probability(first: &Row, body: &[&Row], width: usize) -> f64 {
    let logit = logit(first, body, width);
    1.0 / (1.0 + (-logit).exp())
}

fn logit(first: &Row, body: &[&Row], width: usize) -> f64 {
    let mut logit = 0.6;
    let (mut values, mut years, mut counted) = (0, 0, 0);
    let counts = counts_up(first) && !body.iter().take(BODY_ROWS).any(|row| counts_up(row));
    for column in 0..width {
        let Some(cell) = first.cells.get(column) else {
            continue;
        };
        let (found, filled) = kinds(body, column);
        if filled == 0 {
            continue;
        }
        let mostly_typed = typed(&found) * 10 >= filled * 8;
        if let Some(odds) = value_as_name(cell, body, column) {
            values += 1;
            logit += odds;
            continue;
        }
        if cell.kind == Kind::Number && mostly_typed && is_year(&cell.text) {
            years += 1;
            continue;
        }
        if cell.kind == Kind::Number && mostly_typed && counts {
            counted += 1;
            continue;
        }
        logit += match cell.kind {
            Kind::Empty => -0.15,
            Kind::Number | Kind::Date if mostly_typed => -2.2,
            Kind::Number | Kind::Date => -0.8,
            Kind::Code | Kind::Word | Kind::Text | Kind::Odd if mostly_typed => 1.8,
            Kind::Code | Kind::Word | Kind::Text | Kind::Odd => {
                text_column(&cell.text, body, column, filled)
            }
        };
    }
    // Years among years, and nothing else.
    if years > 0 && years == width {
        logit -= 2.0;
    }
    if counted > 0 {
        logit -= COUNTED;
    }
    if first.filled() == width && are_names(first, body) {
        let odds = (0..width).map(|column| name_odds(first, body, column));
        let named = logit + odds.sum::<f64>().min(MOST_OF_NAMES);
        // Values that repeat below do not make sure that the first record's would.
        let made = (0..width).any(|column| is_made_otherwise(first, body, column));
        logit = if made {
            named
        } else {
            named.min(logit.max(MOST_OF_REPEATED))
        };
    }
    let mut names: Vec<&str> = first
        .cells
        .iter()
        .map(|cell| cell.text.trim())
        .filter(|name| !name.is_empty())
        .collect();
    let before = names.len();
    names.sort_unstable();
    names.dedup();
    let repeated = names.len() < before;
    if repeated {
        logit -= 0.5;
    } else if before == first.cells.len() {
        logit += 0.4;
    }
    // Values name columns if a text stands before them; alone, they may be the first record.
    let led = first.cells.first().is_some_and(|cell| !cell.kind.typed());
    if counted > 0 || values > 0 && (!led || repeated) {
        return logit.clamp(-MOST_OF_VALUES, MOST_OF_VALUES);
    }
    logit.clamp(-MOST, MOST)
}

/// Log odds for a number or a date in the first line, if nothing below it is of its kind: dates over
/// numbers are names, and so are years over numbers that are none. The more cells differ from it, the
/// less likely it is the odd first one of them.
fn value_as_name(cell: &Cell, body: &[&Row], column: usize) -> Option<f64> {
    let year = is_year(&cell.text);
    if !cell.kind.typed() {
        return None;
    }
    let below = below(body, column);
    let alike = below.iter().any(|other| {
        other.kind == cell.kind && (cell.kind == Kind::Date || !year || is_year(&other.text))
    });
    let differs = below.len() >= LEAST && !alike;
    differs.then(|| rarity(below.len(), 0).min(1.0))
}

/// Whether the numbers of a row behind its first cell count up, as names of questions or months do.
fn counts_up(row: &Row) -> bool {
    let numbers = row.cells.iter().skip(1);
    let numbers: Vec<Option<i64>> = numbers.map(|cell| cell.text.trim().parse().ok()).collect();
    numbers.len() > 2
        && numbers
            .windows(2)
            .all(|pair| matches!(pair, [Some(a), Some(b)] if a.checked_add(1) == Some(*b)))
}

/// The cells of a column with something in them.
fn below<'r>(body: &[&'r Row], column: usize) -> Vec<&'r Cell> {
    body.iter()
        .take(BODY_ROWS)
        .filter_map(|row| row.cells.get(column))
        .filter(|cell| cell.kind != Kind::Empty)
        .collect()
}

/// How surprising one more kind of thing is where `seen` things were looked at and `once` kinds of them
/// came once only (Good and Turing), as half the log odds, because columns go together.
fn rarity(seen: usize, once: usize) -> f64 {
    0.5 * ((seen as f64 + 1.0) / (once as f64 + 1.0)).ln()
}

/// Whether all cells of a row with something in them can be names, each another one, none of them a
/// value of its column.
fn are_names(row: &Row, body: &[&Row]) -> bool {
    let mut names = HashSet::new();
    let mut filled = row
        .cells
        .iter()
        .enumerate()
        .filter(|(_, cell)| cell.kind != Kind::Empty);
    filled.all(|(column, cell)| {
        let name = cell.text.trim();
        let below = below(body, column);
        is_name(name)
            && !cell.kind.typed()
            && names.insert(name.to_lowercase())
            && below.iter().all(|cell| cell.text.trim() != name)
    })
}

/// Whether all cells of a row with something in them are names that differ from the texts below.
pub(super) fn name_texts(row: &Row, body: &[&Row]) -> bool {
    let odds = (0..row.cells.len()).map(|column| name_odds(row, body, column));
    are_names(row, body) && odds.sum::<f64>() >= LEAST_OF_NAMES
}

/// Whether a text is short and of letters mostly, and neither the label of what stands beside it
/// (`Period:`) nor markup.
fn is_name(text: &str) -> bool {
    let letters = text.chars().filter(|sign| sign.is_alphabetic()).count();
    let digits = text.chars().filter(char::is_ascii_digit).count();
    letters > 0
        && digits * 2 <= letters
        && text.chars().count() <= 40
        && !text.ends_with([':', ',', ';'])
        && !text.contains(['<', '>', '{', '}', '=', '|'])
}

/// Log odds for one name over texts that are made otherwise or, where they repeat, are others.
fn name_odds(first: &Row, body: &[&Row], column: usize) -> f64 {
    let below = below(body, column);
    let name = first.cells.get(column);
    let Some(name) = name.filter(|name| name.kind != Kind::Empty && below.len() >= LEAST) else {
        return 0.0;
    };
    let mut shapes: HashMap<String, usize> = HashMap::new();
    let mut values: HashMap<&str, usize> = HashMap::new();
    for cell in &below {
        *shapes.entry(shape(&cell.text)).or_default() += 1;
        *values.entry(cell.text.trim()).or_default() += 1;
    }
    let once =
        |counts: &mut dyn Iterator<Item = &usize>| counts.filter(|count| **count == 1).count();
    let as_value = rarity(below.len(), once(&mut values.values())) / 2.0;
    let as_shape = if shapes.contains_key(&shape(&name.text)) {
        0.0
    } else {
        rarity(below.len(), once(&mut shapes.values()))
    };
    as_shape.min(1.0).max(as_value.min(0.6))
}

/// Whether a name is made as nothing below it is.
fn is_made_otherwise(first: &Row, body: &[&Row], column: usize) -> bool {
    let below = below(body, column);
    let name = first
        .cells
        .get(column)
        .filter(|name| name.kind != Kind::Empty);
    name.is_some_and(|name| {
        let own = shape(&name.text);
        below.len() >= LEAST && below.iter().all(|cell| shape(&cell.text) != own)
    })
}

/// How a text is made: one sign for each run of small letters, capitals, other letters, and digits.
fn shape(text: &str) -> String {
    let mut shape = String::new();
    for sign in text.trim().chars().take(64) {
        let class = match sign {
            _ if sign.is_lowercase() => 'a',
            _ if sign.is_uppercase() => 'A',
            _ if sign.is_alphabetic() => 'x',
            _ if sign.is_numeric() => '9',
            _ => sign,
        };
        if !shape.ends_with(class) {
            shape.push(class);
        }
    }
    shape
}

fn is_year(text: &str) -> bool {
    text.len() == 4
        && text
            .parse::<u32>()
            .is_ok_and(|year| (1800..=2100).contains(&year))
}

/// What a text over a column of texts says: names are not among the values, and differ in length
/// and make from them.
fn text_column(name: &str, body: &[&Row], column: usize, filled: usize) -> f64 {
    let name = name.trim();
    let mut same = 0;
    let mut digits = 0;
    let mut length = 0;
    let mut spread = 0.0;
    for row in body.iter().take(BODY_ROWS) {
        let Some(cell) = row
            .cells
            .get(column)
            .filter(|cell| cell.kind != Kind::Empty)
        else {
            continue;
        };
        let text = cell.text.trim();
        same += usize::from(text == name);
        digits += usize::from(text.bytes().any(|byte| byte.is_ascii_digit()));
        length += text.chars().count();
        spread += (text.chars().count() as f64 - name.chars().count() as f64).abs();
    }
    let filled = filled as f64;
    let mut logit = 0.0;
    if same > 0 {
        logit -= 0.9;
    }
    if digits as f64 >= filled * 0.8 {
        let has_digit = name.bytes().any(|byte| byte.is_ascii_digit());
        logit += if has_digit { -0.5 } else { 0.7 };
    }
    let mean = length as f64 / filled;
    if (spread / filled) > mean * 0.5 {
        logit += 0.25;
    }
    logit
}
