//! What the columns of a table hold, as far as it tells a damaged record from a whole one.

use super::candidates::Row;
use super::kind::{Kind, kind};

/// What one column holds in the rows that were looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    kind: Option<Kept>,
    /// Whether every row has something in it.
    always: bool,
}

/// What a column keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kept {
    /// Values of this kind only.
    Values(Kind),
    /// Anything but numbers and dates.
    Texts,
}

/// Rows that have to agree.
const LEAST: usize = 3;

impl Column {
    /// Whether a cell can stand in this column; `None` = without a value.
    pub(crate) fn takes(&self, cell: Option<&str>) -> bool {
        let found = cell.map_or(Kind::Empty, |cell| kind(cell, true));
        match (found, self.kind) {
            (Kind::Empty, _) => !self.always,
            (_, None) => true,
            (found, Some(Kept::Values(kept))) => found == kept,
            (found, Some(Kept::Texts)) => !found.typed(),
        }
    }
}

/// The columns of a table, told from its rows; what is not told takes anything.
pub(super) fn columns(rows: &[Row], width: usize) -> Vec<Column> {
    let body: Vec<&Row> = rows
        .iter()
        .filter(|row| row.cells.len() == width && row.fault.is_none() && !row.blank())
        .collect();
    (0..width)
        .map(|column| {
            let kinds: Vec<Kind> = body
                .iter()
                .filter_map(|row| row.cells.get(column).map(|cell| cell.kind))
                .collect();
            let filled: Vec<Kind> = kinds
                .iter()
                .copied()
                .filter(|kind| *kind != Kind::Empty)
                .collect();
            let all = |kind: Kind| filled.iter().all(|found| *found == kind);
            let kept = if filled.len() < LEAST {
                None
            } else if all(Kind::Number) {
                Some(Kept::Values(Kind::Number))
            } else if all(Kind::Date) {
                Some(Kept::Values(Kind::Date))
            } else {
                let texts = filled.iter().all(|kind| !kind.typed());
                texts.then_some(Kept::Texts)
            };
            Column {
                kind: kept,
                always: kinds.len() >= LEAST && filled.len() == kinds.len(),
            }
        })
        .collect()
}
