//! Where files are kept, as the settings name it.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use super::{Key, shown};

/// What may stand before a key, so that both together are no longer than S3 takes.
const LONGEST_PREFIX: usize = 256;

/// Where files are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BlobPlace {
    /// A local directory.
    Local(PathBuf),
    /// A bucket of S3-compatible storage, or a part of one. Nothing else may lie there: the sweep
    /// deletes what no row names.
    S3 {
        /// Name of the bucket.
        bucket: String,
        /// What all keys begin with, without a slash at either end; may be empty.
        prefix: String,
    },
}

/// A text that names no place for files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no place for files: it takes file://PATH or s3://BUCKET/PREFIX")]
pub struct NotAPlace;

impl FromStr for BlobPlace {
    type Err = NotAPlace;

    fn from_str(text: &str) -> Result<Self, NotAPlace> {
        if let Some(path) = text.strip_prefix("file://") {
            return match path {
                "" => Err(NotAPlace),
                path => Ok(Self::Local(PathBuf::from(path))),
            };
        }
        let rest = text.strip_prefix("s3://").ok_or(NotAPlace)?;
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let prefix = prefix.strip_suffix('/').unwrap_or(prefix);
        let good = is_bucket(bucket)
            && !text.ends_with("//")
            && prefix.len() <= LONGEST_PREFIX
            && (prefix.is_empty() || prefix.parse::<Key>().is_ok());
        good.then(|| Self::S3 {
            bucket: bucket.to_owned(),
            prefix: prefix.to_owned(),
        })
        .ok_or(NotAPlace)
    }
}

/// Old buckets have capitals and underscores, and stores other than Amazon's take them.
fn is_bucket(name: &str) -> bool {
    (3..=63).contains(&name.len())
        && name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

impl fmt::Display for BlobPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local(path) => f.write_str(&shown(path)),
            Self::S3 { bucket, prefix } if prefix.is_empty() => write!(f, "s3://{bucket}"),
            Self::S3 { bucket, prefix } => write!(f, "s3://{bucket}/{prefix}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_folders_and_buckets() {
        let s3 = |bucket: &str, prefix: &str| BlobPlace::S3 {
            bucket: bucket.to_owned(),
            prefix: prefix.to_owned(),
        };
        for (text, place, shown) in [
            ("file:///srv", BlobPlace::Local("/srv".into()), "/srv"),
            ("s3://files", s3("files", ""), "s3://files"),
            ("s3://files/", s3("files", ""), "s3://files"),
            ("s3://a.b-c/d/e/", s3("a.b-c", "d/e"), "s3://a.b-c/d/e"),
        ] {
            assert_eq!(text.parse(), Ok(place.clone()), "{text}");
            assert_eq!(place.to_string(), shown);
        }
    }

    #[test]
    fn other_texts_are_none() {
        for wrong in [
            "",
            "/srv",
            "file://",
            "s3://",
            "s3:///a",
            "s3://ab",
            "s3://-abc",
            "s3://key:secret@files",
            "s3://files?region=x",
            "s3://files//",
            "s3://files/../a",
            "s3://files/a b",
            "S3://files",
            "https://files",
        ] {
            assert_eq!(wrong.parse::<BlobPlace>(), Err(NotAPlace), "{wrong:?}");
        }
        let long = format!("s3://files/{}", "a".repeat(257));
        assert_eq!(long.parse::<BlobPlace>(), Err(NotAPlace));
    }
}
