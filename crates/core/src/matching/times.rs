//! In which ways the times of day of a column are written.
//!
//! The profile names those that can be nothing else. `06.30` and `0630` are numbers to it, and become times only
//! where a field of times asks for them.

use super::value_evidence::filled;
use crate::profile::{ColumnProfile, SemanticType};
use crate::value::DateFormat;

/// A way of writing times of day, and the rows that have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Way {
    /// As in [`DateFormat`].
    pub(crate) format: String,
    pub(crate) rows: u64,
    /// Whether the values may as well be meant as numbers.
    pub(crate) may_be_number: bool,
}

/// The ways in which a column's times of day are written, most rows first. Hours of one digit and of two are one
/// way, with one digit where one is enough.
pub(crate) fn ways(column: &ColumnProfile) -> Vec<Way> {
    let mut found: Vec<Way> = Vec::new();
    for count in &column.types {
        let Some(format) = count
            .format
            .as_ref()
            .filter(|_| count.semantic == SemanticType::Time && count.rows > 0)
        else {
            continue;
        };
        let strict = |format: &str| format.replace("%-", "%");
        match found
            .iter_mut()
            .find(|known| strict(&known.format) == strict(format))
        {
            Some(known) => {
                known.rows = known.rows.saturating_add(count.rows);
                if format.contains("%-") {
                    known.format.clone_from(format);
                }
            }
            None => found.push(Way {
                format: format.clone(),
                rows: count.rows,
                may_be_number: false,
            }),
        }
    }
    if found.is_empty() {
        found.extend(like_numbers(column));
    }
    found.sort_by(|a, b| b.rows.cmp(&a.rows).then_with(|| a.format.cmp(&b.format)));
    found
}

/// The shapes of times that are also numbers, and how such times are written.
const SHAPES: [(&[&str], &str); 3] = [
    (&["9999"], "%H%M"),
    (&["99.99"], "%H.%M"),
    (&["99.99", "9.99"], "%-H.%M"),
];

/// Of so many values one may be no time.
const SLIP_ROWS: u64 = 20;

/// The times of a column of numbers, all of which are times as well, as far as the profile shows: `06.30`, `0630`.
/// An hour with a zero in front tells that they are no numbers; four digits without one are none but numbers.
pub(crate) fn like_numbers(column: &ColumnProfile) -> Option<Way> {
    let all = filled(column);
    let is_almost_all = |rows: u64, all: u64| {
        rows > 0
            && (rows.saturating_mul(50) >= all.saturating_mul(49)
                || (all >= SLIP_ROWS && rows + 1 >= all))
    };
    SHAPES.iter().find_map(|(shapes, pattern)| {
        let of_shape = column
            .shapes
            .iter()
            .filter(|count| shapes.contains(&count.shape.as_str()));
        let rows: u64 = of_shape.map(|count| count.rows).sum();
        if !is_almost_all(rows, all) {
            return None;
        }
        let format = DateFormat::parse(pattern).ok()?;
        let fits = |text: &str| format.time(text).is_ok();
        let listed = column.listed();
        let seen: u64 = listed.iter().map(|value| value.rows).sum();
        let read = listed.iter().filter(|value| fits(&value.value));
        let read: u64 = read.map(|value| value.rows).sum();
        let is_led =
            |text: &str| text.len() == 5 - usize::from(*pattern == "%H%M") && text.starts_with('0');
        let led = listed
            .iter()
            .any(|value| fits(&value.value) && is_led(&value.value));
        let ends = column.min.iter().chain(&column.max);
        let shown = ends.chain(&column.sample).all(|text| fits(text));
        let is_time = if led {
            is_almost_all(read, seen)
        } else {
            read == seen && shown
        };
        let is_open = !led;
        (is_time && read > 0 && !(is_open && *pattern == "%H%M")).then(|| Way {
            format: (*pattern).to_owned(),
            rows,
            may_be_number: is_open,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matching::tests::filled_column;
    use crate::profile::{ShapeCount, TypeCount};

    fn numbers(values: &[(&str, u64)]) -> ColumnProfile {
        let mut column = filled_column("opens", values);
        column.shapes = Vec::new();
        for (value, rows) in values {
            let shape = value.replace(|c: char| c.is_ascii_digit(), "9");
            match column.shapes.iter_mut().find(|known| known.shape == shape) {
                Some(known) => known.rows += rows,
                None => column.shapes.push(ShapeCount { shape, rows: *rows }),
            }
        }
        column
    }

    #[test]
    fn numbers_that_are_times() {
        let found = |values: &[&str]| {
            let values: Vec<(&str, u64)> = values.iter().map(|value| (*value, 2)).collect();
            like_numbers(&numbers(&values)).map(|way| (way.format, way.may_be_number))
        };
        let way = |format: &str, open| Some((format.to_owned(), open));
        assert_eq!(found(&["06.30", "13.00"]), way("%H.%M", false));
        assert_eq!(found(&["10.30", "13.00"]), way("%H.%M", true));
        assert_eq!(found(&["6.30", "13.00"]), way("%-H.%M", true));
        assert_eq!(found(&["0600", "1330"]), way("%H%M", false));
        for no in [
            &["6.75", "13.00"][..],
            &["06.30", "13.75"],
            &["2015", "2026"],
            &["0600", "1399"],
            &["6.5", "13.00"],
            &["25.00", "06.30"],
            &["630", "1330"],
            &["noon"],
            &[],
        ] {
            assert_eq!(found(no), None, "{no:?}");
        }
        // A slip among many.
        let way = like_numbers(&numbers(&[("06.30", 30), ("25.00", 1)]));
        assert_eq!(way.unwrap().rows, 31);
    }

    #[test]
    fn hours_of_one_digit_and_of_two_are_one_way() {
        let mut column = numbers(&[("9:05", 1), ("10:30", 4), ("1:00 PM", 1)]);
        let count = |format: &str, rows| TypeCount {
            semantic: SemanticType::Time,
            format: Some(format.to_owned()),
            rows,
        };
        column.types = vec![count("%H:%M", 4), count("%-H:%M", 1), count("%-I:%M %p", 1)];
        let found: Vec<(String, u64)> = ways(&column)
            .into_iter()
            .map(|way| (way.format, way.rows))
            .collect();
        assert_eq!(
            found,
            [("%-H:%M".to_owned(), 5), ("%-I:%M %p".to_owned(), 1)]
        );
    }
}
