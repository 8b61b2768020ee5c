//! Columns in which few texts stand many times: what each cell has is found once, so that what comes behind
//! works on each text once and not on each cell.

use arrow_array::{Array, StringArray};

use super::words::{mixed, same};

/// Most different texts of a batch that are told apart.
const MOST: usize = 2_048;
/// Cells behind which a column is given up where nearly all texts so far differ: of a column of so many
/// different texts as are told apart, seven of eight differ here.
const TRIED: usize = 512;
/// Places of the table, twice as many as texts.
const PLACES: usize = 2 * MOST;
/// Places that are looked at for one text. Hashes are no secret: a file that is made so that its texts meet in
/// the same place is not told apart, and takes the time of any other.
const LOOKED_AT: usize = 64;
/// A place without a text, and a cell without one.
const NOTHING: u16 = u16::MAX;

/// Which text each cell of a column has. A text's number is how many others stand in a cell before it.
#[derive(Debug, PartialEq, Eq)]
pub struct Repeats {
    /// The number of each cell's text.
    numbers: Vec<u16>,
    texts: Vec<Text>,
}

/// One of the texts.
#[derive(Debug, PartialEq, Eq)]
struct Text {
    hash: u64,
    /// The cell in which it stands first.
    first: u16,
    cells: u16,
}

impl Repeats {
    /// The texts of a column, unless they are too many, or nearly one for each cell.
    pub(crate) fn of(cells: &StringArray) -> Option<Self> {
        if cells.len() >= usize::from(NOTHING) {
            return None;
        }
        let mut found = Self {
            numbers: Vec::with_capacity(cells.len()),
            texts: Vec::new(),
        };
        let mut table = [NOTHING; PLACES];
        for (cell, value) in (0_u16..).zip(cells) {
            let number = match value {
                None => NOTHING,
                Some(text) => found.number(cells, &mut table, cell, text.as_bytes())?,
            };
            found.numbers.push(number);
            let tried = found.numbers.len() == TRIED;
            if tried && found.texts.len() * 8 > TRIED * 7 {
                return None;
            }
        }
        Some(found)
    }

    /// The number of a cell's text, which is a new one where no cell before it has that text.
    #[inline]
    fn number(
        &mut self,
        cells: &StringArray,
        table: &mut [u16; PLACES],
        cell: u16,
        bytes: &[u8],
    ) -> Option<u16> {
        let hash = mixed(bytes);
        // Its high bits are those that are mixed best.
        let start = (hash >> 48) as usize;
        for step in 0..LOOKED_AT {
            let place = table.get_mut((start + step) % PLACES)?;
            let Some(text) = self.texts.get_mut(usize::from(*place)) else {
                let number = u16::try_from(self.texts.len()).ok()?;
                if usize::from(number) == MOST {
                    return None;
                }
                *place = number;
                self.texts.push(Text {
                    hash,
                    first: cell,
                    cells: 1,
                });
                return Some(number);
            };
            if text.hash == hash && same(cells.value(usize::from(text.first)).as_bytes(), bytes) {
                text.cells += 1;
                return Some(*place);
            }
        }
        None
    }

    /// The number of each cell's text; where there is none, a number that no text has.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = usize> + '_ {
        self.numbers.iter().map(|number| usize::from(*number))
    }

    /// The texts in the order of their numbers: the cell in which each stands first, and how many have it.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (usize, u64)> + '_ {
        let texts = self.texts.iter();
        texts.map(|text| (usize::from(text.first), u64::from(text.cells)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What each cell has by its number.
    fn told(cells: &StringArray, repeats: &Repeats) -> Vec<Option<String>> {
        let texts: Vec<(usize, u64)> = repeats.texts().collect();
        let text = |number: usize| {
            let (first, _) = texts.get(number)?;
            Some(cells.value(*first).to_owned())
        };
        repeats.numbers().map(text).collect()
    }

    #[test]
    fn each_cell_has_its_text_and_each_text_its_cells() {
        let all = [Some("a"), None, Some(""), Some("a"), Some("a\0"), None];
        let cells = StringArray::from(all.to_vec());
        let repeats = Repeats::of(&cells).expect("few texts");
        assert_eq!(
            told(&cells, &repeats),
            all.map(|cell| cell.map(str::to_owned))
        );
        let texts: Vec<(usize, u64)> = repeats.texts().collect();
        assert_eq!(texts, [(0, 2), (2, 1), (4, 1)]);
    }

    #[test]
    fn columns_of_many_texts_are_given_up() {
        let column = |cells: usize, texts: usize| -> StringArray {
            (0..cells)
                .map(|cell| Some((cell % texts).to_string()))
                .collect()
        };
        assert!(Repeats::of(&column(8_192, 1_000)).is_none());
        assert!(Repeats::of(&column(8_192, 448)).is_some());
        assert!(Repeats::of(&column(511, 511)).is_some());
        // Few at first, and then too many.
        let late: StringArray = (0..8_192_u32)
            .map(|cell| Some(cell.saturating_sub(512).to_string()))
            .collect();
        assert!(Repeats::of(&late).is_none());
        assert!(Repeats::of(&column(65_534, 3)).is_some());
        assert!(Repeats::of(&column(65_535, 3)).is_none());
    }

    #[test]
    fn texts_that_meet_in_one_place_are_given_up() {
        let place = |text: &String| (mixed(text.as_bytes()) >> 48) as usize % PLACES;
        let meeting: Vec<String> = (0..2_000_000_u32)
            .map(|number| number.to_string())
            .filter(|text| place(text) == 7)
            .take(LOOKED_AT + 1)
            .collect();
        assert_eq!(meeting.len(), LOOKED_AT + 1);
        let few = StringArray::from_iter_values(meeting.iter().take(LOOKED_AT));
        assert!(Repeats::of(&few).is_some());
        assert!(Repeats::of(&StringArray::from_iter_values(&meeting)).is_none());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn nothing_is_mixed_up(
            all in prop::collection::vec(prop::option::of("[ab\\x00]{0,20}"), 0..400),
        ) {
            let cells = StringArray::from(all.clone());
            let repeats = Repeats::of(&cells).expect("few texts");
            prop_assert_eq!(told(&cells, &repeats), all.clone());
            for (first, count) in repeats.texts() {
                let same = all.iter().filter(|cell| cell.as_deref() == Some(cells.value(first)));
                prop_assert_eq!(same.count() as u64, count);
            }
        }
    }
}
