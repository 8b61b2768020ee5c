//! What words mean, without a network and without a language model: each piece of a word has a vector
//! of its own, a text has the mean of those of its pieces, and texts that mean alike point the same
//! way.
//!
//! ```text
//! "Date of birth" -- characters --> date, of, birth -- wordpiece --> rows of the table
//!   -- weighted mean, length 1 --> Vector -- cosine --> -1 to 1
//! ```
//!
//! The table is distilled from all-MiniLM-L6-v2 (Apache-2.0, see NOTICE) by `training/distill.py`,
//! which describes its layout; docs/matching.md says how good it is. It is English, and order does not
//! count: "from to" and "to from" are the same. Nothing here knows abbreviations, `camelCase` or
//! `snake_case`; names are cut and written out before.

mod characters;
mod wordpiece;

pub(crate) use wordpiece::cut_words;
use wordpiece::pieces;

/// Numbers in a vector.
const DIMS: usize = 256;
/// Pieces of a text that are looked at. Names have a handful; what comes later in a long description
/// would only blur it.
const MOST_PIECES: usize = 64;

/// The table as it lies in the program: nothing is unpacked, rows are read when they are used.
struct Table {
    scales: &'static [[u8; 4]],
    rows: &'static [[u8; DIMS]],
}

/// The program does not compile with a file of another layout.
static TABLE: Table = match Table::parse(include_bytes!("table.bin")) {
    Some(table) => table,
    None => panic!("table.bin has not the layout that training/distill.py describes"),
};

impl Table {
    const fn parse(bytes: &'static [u8]) -> Option<Self> {
        let Some((b"AIMVEC01", bytes)) = bytes.split_first_chunk() else {
            return None;
        };
        let Some((count, bytes)) = bytes.split_first_chunk() else {
            return None;
        };
        let Some((dims, bytes)) = bytes.split_first_chunk() else {
            return None;
        };
        let count = u32::from_le_bytes(*count) as usize;
        if u32::from_le_bytes(*dims) as usize != DIMS {
            return None;
        }
        let Some((scales, rows)) = bytes.split_at_checked(count * size_of::<f32>()) else {
            return None;
        };
        let ((scales, []), (rows, [])) = (scales.as_chunks(), rows.as_chunks()) else {
            return None;
        };
        if rows.len() != count {
            return None;
        }
        Some(Self { scales, rows })
    }

    /// Scale and values of a row.
    fn row(&self, row: u32) -> Option<(f32, &'static [u8; DIMS])> {
        let row = usize::try_from(row).ok()?;
        let scale = f32::from_le_bytes(*self.scales.get(row)?);
        Some((scale, self.rows.get(row)?))
    }
}

/// The direction of a text; its length is 1.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Vector([f32; DIMS]);

/// The vector of a text: of its first 64 word pieces, rare ones count more. `None` if it has no piece
/// that the table knows. The same text always has the same vector, to the bit.
pub(crate) fn embed(text: &str) -> Option<Vector> {
    let mut sums = [0.0_f32; DIMS];
    for piece in pieces(text).flatten().take(MOST_PIECES) {
        let (scale, values) = TABLE.row(piece)?;
        for (sum, &value) in sums.iter_mut().zip(values) {
            *sum += scale * f32::from(i8::from_ne_bytes([value]));
        }
    }
    let length = dot(&sums, &sums).sqrt();
    if length > 0.0 {
        Some(Vector(sums.map(|sum| sum / length)))
    } else {
        None
    }
}

/// The direction between several; `None` of none.
pub(crate) fn between<'a>(vectors: impl Iterator<Item = &'a Vector>) -> Option<Vector> {
    let mut sums = [0.0_f32; DIMS];
    for vector in vectors {
        for (sum, value) in sums.iter_mut().zip(&vector.0) {
            *sum += value;
        }
    }
    let length = dot(&sums, &sums).sqrt();
    (length > 0.0).then(|| Vector(sums.map(|sum| sum / length)))
}

/// Cosine of the angle between two texts: 1 for the same direction, about 0 for texts that have
/// nothing to do with each other.
pub(crate) fn cosine(a: &Vector, b: &Vector) -> f32 {
    dot(&a.0, &b.0).clamp(-1.0, 1.0)
}

/// How many sums are kept side by side.
const LANES: usize = 16;

/// Summed in an order that is written down here, so that the result is the same everywhere, and in
/// lanes, so that a processor can take several at a time.
fn dot(a: &[f32; DIMS], b: &[f32; DIMS]) -> f32 {
    let mut lanes = [0.0_f32; LANES];
    let ((a, _), (b, _)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    for (a, b) in a.iter().zip(b) {
        for ((lane, a), b) in lanes.iter_mut().zip(a).zip(b) {
            *lane += a * b;
        }
    }
    lanes.iter().sum()
}

#[cfg(test)]
mod tests;
