//! Uniqueness: the first row with a value stays, later ones are told its line.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use super::Broken;
use crate::error::{ErrorKind, Explain};

/// How many different values an index holds if nothing else is said.
pub const MAX_UNIQUE: usize = 50_000_000;

/// More different values than an index may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("more than {limit} different values have to be unique")]
pub struct UniqueError {
    /// The limit.
    pub limit: usize,
}

impl Explain for UniqueError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::TooLarge
    }

    fn hint(&self) -> Option<String> {
        Some(
            "leave `x-unique` out of the target, and check it where the rows are stored".to_owned(),
        )
    }
}

/// Where a value stood first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FirstSeen {
    /// On this line of the source.
    Here(u64),
    /// On this line of good rows of an earlier run.
    Earlier(u64),
}

impl FirstSeen {
    /// The reason for the reject of the later row.
    #[must_use]
    pub fn broken(self) -> Broken {
        let message = match self {
            Self::Here(line) => format!("the same value stands in line {line}"),
            Self::Earlier(line) => {
                format!("the same value stands in line {line} of earlier good rows")
            }
        };
        let hint = "correct the value, or remove the row if it is a copy".to_owned();
        Broken {
            rule: "unique",
            message,
            hint,
        }
    }
}

impl FirstSeen {
    const fn of(line: u64) -> Self {
        match line & EARLIER {
            0 => Self::Here(line),
            _ => Self::Earlier(line & !EARLIER),
        }
    }
}

/// The first 128 bits of a key's SHA-256.
fn hash(key: &str) -> [u8; 16] {
    let mut hash = [0; 16];
    for (to, from) in hash.iter_mut().zip(Sha256::digest(key.as_bytes())) {
        *to = from;
    }
    hash
}

/// Marks the lines of earlier good rows.
const EARLIER: u64 = 1 << 63;

/// The values of one field that were seen, each with the line of its first row. Values have to come
/// in the order of the source.
///
/// Keeps of each value the first 128 bits of its SHA-256 and its line: 25 bytes in a table that is
/// between 44 and 88 % full, so 1.7 GB for [`MAX_UNIQUE`] values (and half of that more while the
/// table grows). Two different values that share these bits would be taken for one: among 50
/// million values the odds are 4 in 10^24, and nobody can construct such a pair. Beyond the limit
/// it is an error; nothing is left unchecked.
#[derive(Debug)]
pub struct UniqueIndex {
    first: HashMap<[u8; 16], u64>,
    limit: usize,
}

impl Default for UniqueIndex {
    fn default() -> Self {
        Self::with_limit(MAX_UNIQUE)
    }
}

impl UniqueIndex {
    /// An index of at most [`MAX_UNIQUE`] values.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An index of at most `limit` values.
    #[must_use]
    pub fn with_limit(limit: usize) -> Self {
        Self {
            first: HashMap::new(),
            limit,
        }
    }

    /// Adds the value of a good row of an earlier run, before the first `insert`. `key` is what
    /// [`super::Cell::write_key`] gives; values that are null are not added.
    ///
    /// # Errors
    /// [`UniqueError`] beyond the limit.
    pub fn seed(&mut self, key: &str, line: u64) -> Result<(), UniqueError> {
        self.enter(key, line | EARLIER).map(|_| ())
    }

    /// Adds the value of a row that passed all other checks; tells where it stood before, if it
    /// did. Then the row is to be rejected, and the index is as it was.
    ///
    /// # Errors
    /// [`UniqueError`] beyond the limit.
    pub fn insert(&mut self, key: &str, line: u64) -> Result<Option<FirstSeen>, UniqueError> {
        let seen = self.enter(key, line & !EARLIER)?;
        Ok(seen.map(FirstSeen::of))
    }

    /// Where a value stood before, if it did, without adding it: for rows of several unique
    /// fields, which may enter an index only if no other field rejects them.
    #[must_use]
    pub fn first(&self, key: &str) -> Option<FirstSeen> {
        self.first.get(&hash(key)).copied().map(FirstSeen::of)
    }

    fn enter(&mut self, key: &str, line: u64) -> Result<Option<u64>, UniqueError> {
        let hash = hash(key);
        if let Some(first) = self.first.get(&hash) {
            return Ok(Some(*first));
        }
        if self.first.len() >= self.limit {
            return Err(UniqueError { limit: self.limit });
        }
        self.first.insert(hash, line);
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_first_stays_and_is_named() {
        let mut index = UniqueIndex::new();
        assert_eq!(index.insert("a", 2), Ok(None));
        assert_eq!(index.insert("b", 3), Ok(None));
        assert_eq!(
            (index.first("a"), index.first("c")),
            (Some(FirstSeen::Here(2)), None)
        );
        assert_eq!(index.insert("a", 4), Ok(Some(FirstSeen::Here(2))));
        assert_eq!(index.insert("a", 5), Ok(Some(FirstSeen::Here(2))));
        assert_eq!(index.insert("", 6), Ok(None));
        assert_eq!(index.insert("A", 7), Ok(None));
    }

    #[test]
    fn earlier_rows_come_first() {
        let mut index = UniqueIndex::new();
        index.seed("a", 2).unwrap();
        index.seed("a", 9).unwrap();
        let seen = index.insert("a", 4).unwrap().unwrap();
        assert_eq!(seen, FirstSeen::Earlier(2));
        assert_eq!(
            seen.broken().message,
            "the same value stands in line 2 of earlier good rows"
        );
        assert_eq!(
            FirstSeen::Here(3).broken().message,
            "the same value stands in line 3"
        );
        assert_eq!(seen.broken().rule, "unique");
    }

    #[test]
    fn the_limit_is_an_error_for_new_values_only() {
        let mut index = UniqueIndex::with_limit(1);
        index.insert("a", 2).unwrap();
        assert_eq!(index.insert("b", 3), Err(UniqueError { limit: 1 }));
        assert_eq!(index.insert("a", 4), Ok(Some(FirstSeen::Here(2))));
        assert_eq!(index.seed("b", 1), Err(UniqueError { limit: 1 }));
    }

    proptest! {
        #[test]
        fn agrees_with_a_list(keys in proptest::collection::vec("[ab]{0,3}", 0..40)) {
            let mut index = UniqueIndex::new();
            for (line, key) in (1..).zip(&keys) {
                let first = (1..line).zip(&keys).find(|(_, other)| *other == key);
                let expected = first.map(|(line, _)| FirstSeen::Here(line));
                prop_assert_eq!(index.insert(key, line), Ok(expected));
            }
        }
    }
}
