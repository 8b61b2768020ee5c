//! One value as the profile sees it: whole where it is short, else its beginning and a hash.

use sha2::{Digest, Sha256};

/// Values of more bytes are not kept whole.
pub(super) const WHOLE_BYTES: usize = 1024;

/// How much of a value is shown, in characters.
pub(super) const SHOWN_CHARS: usize = 200;

/// Between the beginning and the hash in the key of a long value.
const KEY_SEPARATOR: char = '\0';

/// A value of a column.
#[derive(Debug, Clone, Copy)]
pub(super) struct Observed<'a> {
    /// The text; its beginning where it is long.
    pub(super) text: &'a str,
    /// Length of the whole value in characters.
    pub(super) chars: u64,
    /// Whether `text` is only the beginning.
    pub(super) long: bool,
}

impl<'a> Observed<'a> {
    /// A value, cut to its beginning where it is long.
    pub(super) fn new(value: &'a str) -> Self {
        let chars = if value.is_ascii() {
            value.len()
        } else {
            value.chars().count()
        };
        let long = value.len() > WHOLE_BYTES;
        let text = if long { shown(value) } else { value };
        Self {
            text,
            chars: u64::try_from(chars).unwrap_or(u64::MAX),
            long,
        }
    }

    /// A value as it comes out of a counter: its key and, where it is long, its length.
    pub(super) fn of_key(key: &'a str, long_chars: Option<u64>) -> Self {
        match long_chars {
            None => Self::new(key),
            Some(chars) => {
                let text = key.rsplit_once(KEY_SEPARATOR).map_or(key, |(text, _)| text);
                Self {
                    text,
                    chars,
                    long: true,
                }
            }
        }
    }
}

/// The key under which a long value is counted: its beginning and 128 bits of its SHA-256, so that
/// two values that begin alike are two.
pub(super) fn long_key(value: &str) -> String {
    let digest = Sha256::digest(value.as_bytes());
    let mut key = String::from(shown(value));
    key.push(KEY_SEPARATOR);
    for byte in digest.iter().take(16) {
        key.push_str(&format!("{byte:02x}"));
    }
    key
}

/// The first characters of a value, as many as are shown.
pub(super) fn shown(value: &str) -> &str {
    if value.len() <= SHOWN_CHARS {
        return value;
    }
    value
        .char_indices()
        .nth(SHOWN_CHARS)
        .map_or(value, |(end, _)| {
            value
                .split_at_checked(end)
                .map_or(value, |(shown, _)| shown)
        })
}
