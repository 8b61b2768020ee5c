//! One number per (column, field), with "absent" as a value of its own.

/// Similarities of all columns with all fields, column by column; `NaN` is absent.
#[derive(Debug, Clone)]
pub(super) struct Matrix {
    width: usize,
    cells: Vec<f32>,
}

impl Matrix {
    /// Nothing is known.
    pub(super) fn absent(columns: usize, fields: usize) -> Self {
        Self {
            width: fields,
            cells: vec![f32::NAN; columns * fields],
        }
    }

    /// One number for each pair of places.
    pub(super) fn of(
        columns: usize,
        fields: usize,
        mut cell: impl FnMut(usize, usize) -> Option<f32>,
    ) -> Self {
        let mut matrix = Self::absent(columns, fields);
        for column in 0..columns {
            for (field, place) in matrix.row_mut(column).iter_mut().enumerate() {
                *place = cell(column, field).unwrap_or(f32::NAN);
            }
        }
        matrix
    }

    /// The fields of one column.
    pub(super) fn row(&self, column: usize) -> &[f32] {
        let from = column * self.width;
        self.cells.get(from..from + self.width).unwrap_or_default()
    }

    /// The fields of one column, to be written.
    pub(super) fn row_mut(&mut self, column: usize) -> &mut [f32] {
        let from = column * self.width;
        self.cells
            .get_mut(from..from + self.width)
            .unwrap_or_default()
    }

    /// One pair; `NaN` is absent.
    pub(super) fn get(&self, column: usize, field: usize) -> f32 {
        self.row(column).get(field).copied().unwrap_or(f32::NAN)
    }

    /// A row for each of the places of rows.
    pub(super) fn repeated(&self, rows: &[usize]) -> Self {
        let cells = rows.iter().flat_map(|&row| self.row(row).iter().copied());
        Self {
            width: self.width,
            cells: cells.collect(),
        }
    }

    /// The larger of two numbers where both are there, else the one that is.
    pub(super) fn larger(mut self, other: &Self) -> Self {
        for (cell, other) in self.cells.iter_mut().zip(&other.cells) {
            // `f32::max` takes the number where the other one is NaN.
            *cell = cell.max(*other);
        }
        self
    }
}

/// The places of the largest numbers of a row, absent ones left out; equals in their order.
pub(super) fn largest(row: &[f32], most: usize) -> Vec<usize> {
    let mut places: Vec<usize> = (0..row.len())
        .filter(|&place| row.get(place).is_some_and(|value| *value > 0.0))
        .collect();
    let at = |place: usize| row.get(place).copied().unwrap_or(0.0);
    places.sort_by(|&a, &b| at(b).total_cmp(&at(a)).then(a.cmp(&b)));
    places.truncate(most);
    places
}
