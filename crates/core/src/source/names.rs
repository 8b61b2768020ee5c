//! Names of files: what a source's results are called.

use super::packed::TABLE_ENDINGS;

/// Endings that packing adds to a name, or puts in the place of one. What a file is packed with is
/// told by its bytes; these only say what its results are called.
pub const PACKED_ENDINGS: [&str; 3] = ["gz", "zst", "zip"];

/// A base name without its ending: `orders` of `orders.csv` and of `orders.csv.gz`.
#[must_use]
pub fn stem(name: &str) -> String {
    let unpacked = without_ending(name, &PACKED_ENDINGS);
    let stem = match unpacked {
        Some(unpacked) => without_ending(unpacked, &TABLE_ENDINGS).unwrap_or(unpacked),
        None => match name.rsplit_once('.') {
            Some((stem, _)) if !stem.is_empty() => stem,
            Some(_) | None => name,
        },
    };
    if stem.is_empty() {
        return "source".to_owned();
    }
    stem.to_owned()
}

/// The name without its ending, if that is one of these.
#[must_use]
pub fn without_ending<'a>(name: &'a str, endings: &[&str]) -> Option<&'a str> {
    let (stem, found) = name.rsplit_once('.')?;
    let fits = |ending: &&str| found.eq_ignore_ascii_case(ending);
    (!stem.is_empty() && endings.iter().any(fits)).then_some(stem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_called_as_the_table_that_was_packed() {
        for (name, wanted) in [
            ("orders.csv", "orders"),
            ("orders.csv.gz", "orders"),
            ("orders.TSV.ZST", "orders"),
            ("orders.zip", "orders"),
            ("orders.2026.gz", "orders.2026"),
            ("orders.2026.csv", "orders.2026"),
            (".csv", ".csv"),
            (".gz", ".gz"),
            ("", "source"),
        ] {
            assert_eq!(stem(name), wanted, "{name}");
        }
    }
}
