//! Names of stored files.

use std::fmt;
use std::str::FromStr;

use crate::id::{BlobId, JobId, TenantId};

/// Where a file lies: parts of letters, digits, `.`, `_` and `-`, with `/` between them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(String);

/// A text that is no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("“{text}” is no key of a stored file")]
pub struct NotAKey {
    /// The text, at most 64 characters of it.
    pub text: String,
}

impl Key {
    /// The key of an upload. Each is another.
    #[must_use]
    pub fn upload(tenant: TenantId) -> Self {
        Self(format!("{tenant}/uploads/{}", BlobId::generate()))
    }

    /// The key of what a job writes under an epoch, so that no two attempts write to the same place.
    ///
    /// # Errors
    /// [`NotAKey`] if the name has other characters than those of a part.
    pub fn output(tenant: TenantId, job: JobId, epoch: i64, name: &str) -> Result<Self, NotAKey> {
        format!("{tenant}/jobs/{job}/{epoch}/{name}").parse()
    }

    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Key {
    type Err = NotAKey;

    fn from_str(text: &str) -> Result<Self, NotAKey> {
        let good = |part: &str| {
            !part.is_empty()
                && !part.starts_with('.')
                && part
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
        };
        if text.len() <= 512 && text.split('/').all(good) {
            return Ok(Self(text.to_owned()));
        }
        Err(NotAKey {
            text: text.chars().take(64).collect(),
        })
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_leads_out_of_the_folder() {
        for wrong in [
            "", "/", "a/", "/a", "a//b", "..", "a/../b", "a/.b", "a\\b", "a b", "ä", "a\0", "C:",
        ] {
            assert!(wrong.parse::<Key>().is_err(), "{wrong:?}");
        }
        assert!("a".repeat(513).parse::<Key>().is_err());
        let tenant = TenantId::from_parts(0, &[1; 10]);
        let job = JobId::from_parts(0, &[2; 10]);
        assert!(Key::output(tenant, job, 1, "../x").is_err());
        let key = Key::output(tenant, job, 1, "good-0.csv").unwrap();
        assert_eq!(key.as_str().parse(), Ok(key.clone()));
        let upload = Key::upload(tenant);
        assert_eq!(upload.as_str().parse(), Ok(upload.clone()));
        assert_ne!(upload, Key::upload(tenant));
    }
}
