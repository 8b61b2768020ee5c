//! Headers: the texts of the header lines, and one unique name per column.

use std::collections::{HashMap, HashSet};

use super::Layout;
use super::candidates::Row;
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

/// One name per column, from the texts of the header. Where it has one text less than the rows, the
/// first column holds the names of the rows, as R writes them.
pub(crate) fn column_names(header: &[String], width: usize) -> Vec<String> {
    let shift = usize::from(header.len() + 1 == width && width > 2);
    let named = header.iter().map(|name| name.trim().to_owned());
    let mut names: Vec<String> = std::iter::repeat_n(String::new(), shift)
        .chain(named)
        .take(width)
        .collect();
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
