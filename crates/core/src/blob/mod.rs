//! Uploads and results: files under keys. Written as a stream, hashed on the way, and there under
//! their key only when they are whole and on the disk.
//!
//! A key is never derived from a name that a user gave, so no name leads anywhere. Whether a file
//! belongs to anything is said by a row of the database; what no row names is swept. Calls block.
//!
//! They lie in a local directory or, with the feature `s3`, in S3-compatible storage.

mod key;
#[cfg(feature = "s3")]
mod lane;
mod local;
mod place;
#[cfg(feature = "s3")]
mod s3;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use sha2::{Digest as _, Sha256};

use crate::error::{ErrorKind, Explain};

pub use key::{Key, NotAKey};
use local::{LocalBlobs, LocalDownload, LocalUpload};
pub use place::{BlobPlace, NotAPlace};
#[cfg(feature = "s3")]
use s3::{S3Blobs, S3Download, S3Upload};

/// An error of the blob store.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// There is no such file.
    #[error("there is no file {key}")]
    NotFound {
        /// Its key.
        key: Key,
    },
    /// No space is left; nothing of the file was kept.
    #[error("no space is left for {what}")]
    NoSpace {
        /// What was to be written.
        what: String,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The folder or the service failed.
    #[error("cannot {doing} {what}")]
    Io {
        /// What was tried.
        doing: &'static str,
        /// With which file or folder.
        what: String,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// Asking which files are named failed, so none was swept.
    #[error("cannot find out which files are named")]
    Names(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The variables that say how a bucket is reached cannot be used.
    #[error("{place} cannot be used as the variables AWS_* set it")]
    Settings {
        /// The bucket.
        place: String,
        /// What is wrong with them.
        #[source]
        source: io::Error,
    },
    /// The program was built without what reaches this place.
    #[error("this program cannot keep files in {place}")]
    NotBuilt {
        /// The place.
        place: String,
    },
}

impl BlobError {
    fn of(doing: &'static str, what: impl ToString, source: io::Error) -> Self {
        let what = what.to_string();
        let full = [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded];
        if full.contains(&source.kind()) {
            return Self::NoSpace { what, source };
        }
        Self::Io {
            doing,
            what,
            source,
        }
    }
}

impl Explain for BlobError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound { .. } => ErrorKind::NotFound,
            Self::NoSpace { .. } => ErrorKind::NoSpace,
            Self::Io { .. } | Self::Names(_) => ErrorKind::Unavailable,
            Self::Settings { .. } | Self::NotBuilt { .. } => ErrorKind::Invalid,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NoSpace { .. } => Some("free some space and try again".to_owned()),
            Self::Settings { .. } => Some(
                "set AWS_ENDPOINT_URL, AWS_REGION, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and \
                 for an endpoint without TLS AWS_ALLOW_HTTP=true"
                    .to_owned(),
            ),
            Self::NotBuilt { .. } => Some(
                "build it with the feature `s3` of aimapper-core, or set blob.url to file://PATH"
                    .to_owned(),
            ),
            Self::NotFound { .. } | Self::Io { .. } | Self::Names(_) => None,
        }
    }
}

/// Where files are kept.
#[derive(Debug)]
pub struct Blobs(Place);

#[derive(Debug)]
enum Place {
    Local(LocalBlobs),
    #[cfg(feature = "s3")]
    S3(S3Blobs),
}

/// A file that is whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Where it lies.
    pub key: Key,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of its bytes, as 64 hexadecimal digits.
    pub sha256: String,
}

/// What a sweep took away.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Files without a row.
    pub orphans: u64,
    /// Uploads that never became whole.
    pub unfinished: u64,
    /// Bytes of both.
    pub bytes: u64,
}

impl Blobs {
    /// The place that the settings name. How a bucket is reached, and who asks, stands in the
    /// variables of the environment that begin with `AWS_`.
    ///
    /// # Errors
    /// Those of [`Blobs::local`] and `Blobs::s3`; [`BlobError::NotBuilt`] for a bucket without the
    /// feature `s3`.
    pub fn open(place: &BlobPlace) -> Result<Self, BlobError> {
        match place {
            BlobPlace::Local(root) => Self::local(root),
            #[cfg(feature = "s3")]
            BlobPlace::S3 { bucket, prefix } => Self::s3(bucket, prefix, aws_variables()),
            #[cfg(not(feature = "s3"))]
            BlobPlace::S3 { .. } => Err(BlobError::NotBuilt {
                place: place.to_string(),
            }),
        }
    }

    /// A bucket, which has to be there, with variables as they stand in the environment: the names
    /// that AWS gives them. What begins with the prefix and is named by no row is swept.
    ///
    /// # Errors
    /// [`BlobError::Settings`], [`BlobError::Io`] if it does not answer.
    #[cfg(feature = "s3")]
    pub fn s3(
        bucket: &str,
        prefix: &str,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, BlobError> {
        S3Blobs::open(bucket, prefix, variables).map(|s3| Self(Place::S3(s3)))
    }

    /// A local directory, made if it is not there.
    ///
    /// # Errors
    /// [`BlobError::Io`], [`BlobError::NoSpace`].
    pub fn local(root: &Path) -> Result<Self, BlobError> {
        LocalBlobs::open(root.to_owned(), None).map(|local| Self(Place::Local(local)))
    }

    /// A local directory on a disk that is full after so many bytes: the fault point of tests.
    ///
    /// # Errors
    /// [`BlobError::Io`], [`BlobError::NoSpace`].
    #[doc(hidden)]
    pub fn local_with_room(root: &Path, bytes: u64) -> Result<Self, BlobError> {
        LocalBlobs::open(root.to_owned(), Some(bytes)).map(|local| Self(Place::Local(local)))
    }

    /// Begins to write a file. A file that is there under this key is replaced at once, when the new
    /// one is whole; that happens only where the same attempt of a job writes the same chunk again.
    ///
    /// # Errors
    /// [`BlobError::Io`], [`BlobError::NoSpace`].
    pub fn begin(&self, key: &Key) -> Result<Upload, BlobError> {
        match &self.0 {
            Place::Local(local) => local
                .begin(key)
                .map(|upload| Upload(Writing::Local(upload))),
            #[cfg(feature = "s3")]
            Place::S3(s3) => Ok(Upload(Writing::S3(Box::new(s3.begin(key))))),
        }
    }

    /// Opens a file for reading.
    ///
    /// # Errors
    /// [`BlobError::NotFound`], [`BlobError::Io`].
    pub fn read(&self, key: &Key) -> Result<Download, BlobError> {
        match &self.0 {
            Place::Local(local) => local.read(key).map(|file| Download(Reading::Local(file))),
            #[cfg(feature = "s3")]
            Place::S3(s3) => s3.read(key).map(|file| Download(Reading::S3(file))),
        }
    }

    /// Deletes a file. One that is not there is as good as deleted.
    ///
    /// # Errors
    /// [`BlobError::Io`].
    pub fn delete(&self, key: &Key) -> Result<(), BlobError> {
        match &self.0 {
            Place::Local(local) => local.delete(key),
            #[cfg(feature = "s3")]
            Place::S3(s3) => s3.delete(key),
        }
    }

    /// Deletes what no row names: files whose row was taken away, outputs of attempts that were
    /// overtaken, uploads that were cut off. Only what was last written before `before` is touched,
    /// because a file is there before its row; that has to be longer ago than any upload or chunk
    /// takes. `named` gives those of the keys that have a row.
    ///
    /// # Errors
    /// [`BlobError::Names`] if `named` fails; [`BlobError::Io`]. What was swept before stays swept.
    ///
    /// In S3, uploads that were cut off are left to a rule of the bucket: they are not listed with the
    /// files.
    pub fn sweep<E>(
        &self,
        before: SystemTime,
        named: impl FnMut(&[String]) -> Result<BTreeSet<String>, E>,
    ) -> Result<Swept, BlobError>
    where
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        match &self.0 {
            Place::Local(local) => local.sweep(before, named),
            #[cfg(feature = "s3")]
            Place::S3(s3) => s3.sweep(before, named),
        }
    }
}

/// A file that is being written. Dropped before [`Upload::finish`], nothing of it stays; in S3 what was
/// sent of it is taken away soon after.
#[derive(Debug)]
pub struct Upload(Writing);

#[derive(Debug)]
enum Writing {
    Local(LocalUpload),
    #[cfg(feature = "s3")]
    S3(Box<S3Upload>),
}

impl Upload {
    /// Adds bytes.
    ///
    /// # Errors
    /// [`BlobError::NoSpace`], [`BlobError::Io`]; the upload is then of no use any more.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), BlobError> {
        match &mut self.0 {
            Writing::Local(local) => local.write(bytes),
            #[cfg(feature = "s3")]
            Writing::S3(s3) => s3.write(bytes),
        }
    }

    /// Bytes so far.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        match &self.0 {
            Writing::Local(local) => local.bytes(),
            #[cfg(feature = "s3")]
            Writing::S3(s3) => s3.bytes(),
        }
    }

    /// Makes the file whole: stored for good, then under its key.
    ///
    /// # Errors
    /// [`BlobError::NoSpace`], [`BlobError::Io`]; nothing of it stays, or it is swept if the answer of
    /// the store was lost.
    pub fn finish(self) -> Result<Stored, BlobError> {
        match self.0 {
            Writing::Local(local) => local.finish(),
            #[cfg(feature = "s3")]
            Writing::S3(s3) => s3.finish(),
        }
    }
}

/// A file that is read, from any place on.
#[derive(Debug)]
pub struct Download(Reading);

#[derive(Debug)]
enum Reading {
    Local(LocalDownload),
    #[cfg(feature = "s3")]
    S3(S3Download),
}

impl Download {
    /// Its size.
    #[must_use]
    pub const fn size(&self) -> u64 {
        match &self.0 {
            Reading::Local(local) => local.bytes,
            #[cfg(feature = "s3")]
            Reading::S3(s3) => s3.size(),
        }
    }
}

impl Read for Download {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.0 {
            Reading::Local(local) => local.file.read(buffer),
            #[cfg(feature = "s3")]
            Reading::S3(s3) => s3.read(buffer),
        }
    }
}

impl Seek for Download {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match &mut self.0 {
            Reading::Local(local) => local.file.seek(to),
            #[cfg(feature = "s3")]
            Reading::S3(s3) => s3.seek(to),
        }
    }
}

/// A file that became whole.
fn stored(key: Key, bytes: u64, hash: Sha256) -> Stored {
    let mut sha256 = String::with_capacity(64);
    for byte in hash.finalize() {
        // Writing to a text does not fail.
        let _written = write!(sha256, "{byte:02x}");
    }
    Stored { key, bytes, sha256 }
}

/// The variables of this process for AWS and its kin. What is no Unicode is none of them.
#[cfg(feature = "s3")]
fn aws_variables() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, _)| name.starts_with("AWS_"))
}

/// A path as messages show it.
fn shown(path: &Path) -> String {
    PathBuf::from(path).display().to_string()
}
