//! Headers: the texts of the header lines, and one unique name per column.

use std::collections::{HashMap, HashSet};

use super::Layout;
use super::candidates::{Cell, Row};
use super::kind::Kind;
use super::layout;

/// Texts of the header: as they stand in one line, joined over several, made up without any.
pub(super) fn header(rows: &[Row], layout: &Layout, width: usize) -> Vec<String> {
    if layout.header_lines == 0 {
        return (1..=width)
            .map(|number| format!("column_{number}"))
            .collect();
    }
    let lines: Vec<&Row> = rows
        .iter()
        .filter(|row| row.line >= layout.preamble_lines && !row.blank())
        .take(usize::try_from(layout.header_lines).unwrap_or(usize::MAX))
        .collect();
    if let [only] = lines.as_slice() {
        return only.cells.iter().map(|cell| cell.text.clone()).collect();
    }
    let mut names = vec![String::new(); width];
    for (at, row) in lines.iter().enumerate() {
        let below = lines.get(at + 1);
        let group = below.is_some_and(|next| layout::is_group(row, next, width));
        let named_below = |column: usize| {
            let cell = below.and_then(|next| next.cells.get(column));
            cell.is_some_and(|cell| !cell.text.trim().is_empty())
        };
        // The cells of a group were merged: its name goes for all columns up to the next one, as
        // far as they have names of their own below it.
        let mut before = "";
        for (column, (name, cell)) in names.iter_mut().zip(&row.cells).enumerate() {
            let mut text = cell.text.trim();
            if text.is_empty() && (group || named_below(column)) {
                text = before;
            }
            before = if group || named_below(column) {
                text
            } else {
                ""
            };
            if !name.is_empty() && !text.is_empty() {
                name.push(' ');
            }
            name.push_str(text);
        }
    }
    names
}

/// Which texts of a header stand over which columns.
#[derive(Debug)]
pub(super) struct Fitted {
    /// The texts as they stand; of delimiters at the end of the header or of all rows it has as many as these.
    pub(super) texts: Vec<String>,
    /// One for each column.
    pub(super) names: Vec<String>,
    /// How sure it is that each name stands over its own column.
    pub(super) confidence: f64,
}

/// Fits a header that may have more texts or fewer than there are columns: then names may be those of their
/// neighbours.
pub(super) fn fitted(mut texts: Vec<String>, width: usize, data: &[Row]) -> Fitted {
    let mut names = texts.clone();
    let beyond = texts.get(width..).unwrap_or_default();
    if beyond.iter().all(|text| text.trim().is_empty()) {
        texts.truncate(width);
    }
    let unnamed = (texts.len()..width).all(|column| data.iter().all(|row| is_empty(row, column)));
    if unnamed && !data.is_empty() {
        texts.resize(texts.len().max(width), String::new());
    }
    let mut confidence = if texts.len() == width { 1.0 } else { MISFIT };
    if texts.len() + 1 == width && width > 2 {
        let rows = Rows::of(data);
        if rows != Rows::Unnamed {
            names.insert(0, String::new());
        }
        if rows == Rows::Numbered {
            confidence = 1.0;
        }
    }
    names.resize(width, String::new());
    Fitted {
        texts,
        names,
        confidence,
    }
}

/// How sure it is which columns the names of a header are those of, if they are more or fewer than the columns
/// and the rows do not tell.
const MISFIT: f64 = 0.6;

/// What the first column can be where the header has one text less than the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rows {
    /// The rows' numbers from 1 on or their quoted names, as R writes them.
    Numbered,
    /// A different text in each row.
    Named,
    /// Neither.
    Unnamed,
}

impl Rows {
    fn of(data: &[Row]) -> Self {
        let first: Vec<&Cell> = data.iter().filter_map(|row| row.cells.first()).collect();
        let numbers = (1..).zip(&first).all(|(number, cell)| {
            let number: usize = number;
            cell.text.trim() == number.to_string()
        });
        let mut texts: Vec<&str> = first.iter().map(|cell| cell.text.trim()).collect();
        texts.sort_unstable();
        let differ = texts.windows(2).all(|pair| pair.first() != pair.last());
        // R quotes the names of rows as it does texts; numbers beside them are not quoted.
        let quoted = first.iter().all(|cell| cell.quoted)
            && data
                .iter()
                .flat_map(|row| &row.cells)
                .any(|cell| !cell.quoted);
        if first.is_empty() || !differ {
            Self::Unnamed
        } else if numbers || quoted {
            Self::Numbered
        } else if first
            .iter()
            .any(|cell| cell.kind.typed() || cell.kind == Kind::Empty)
        {
            Self::Unnamed
        } else {
            Self::Named
        }
    }
}

fn is_empty(row: &Row, column: usize) -> bool {
    let cell = row.cells.get(column);
    cell.is_none_or(|cell| cell.kind == Kind::Empty)
}

/// One name per column, from the texts of the header.
pub(crate) fn column_names(header: &[String], width: usize) -> Vec<String> {
    let named = header.iter().map(|name| name.trim().to_owned());
    let mut names: Vec<String> = named.take(width).collect();
    names.resize(width, String::new());
    unique_names(&names)
}

/// Makes names unique: the second `a` becomes `a#2`; an empty one becomes `column_3` by position.
fn unique_names(names: &[String]) -> Vec<String> {
    let mut taken: HashSet<String> = names.iter().cloned().collect();
    let mut seen: HashMap<String, usize> = HashMap::new();
    let mut unique = Vec::with_capacity(names.len());
    for (index, name) in names.iter().enumerate() {
        let base = if name.is_empty() {
            format!("column_{}", index + 1)
        } else {
            name.clone()
        };
        let count = seen.entry(base.clone()).or_default();
        *count += 1;
        if *count == 1 && (!name.is_empty() || taken.insert(base.clone())) {
            unique.push(base);
            continue;
        }
        let mut number = (*count).max(2);
        let mut candidate = format!("{base}#{number}");
        while !taken.insert(candidate.clone()) {
            number += 1;
            candidate = format!("{base}#{number}");
        }
        unique.push(candidate);
    }
    unique
}
