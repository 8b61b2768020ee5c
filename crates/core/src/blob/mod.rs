//! Uploads and results: files under keys. Written as a stream, hashed on the way, and there under
//! their key only when they are whole and on the disk.
//!
//! A key is never derived from a name that a user gave, so no name leads anywhere. Whether a file
//! belongs to anything is said by a row of the database; what no row names is swept. Calls block.

mod key;
mod local;

use std::collections::BTreeSet;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::error::{ErrorKind, Explain};

pub use key::{Key, NotAKey};
use local::{LocalBlobs, LocalUpload};

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
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NoSpace { .. } => Some("free some space and try again".to_owned()),
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

    /// Begins to write a file. A file that is there under this key is replaced by one rename, which
    /// happens only where the same attempt of a job writes the same chunk again.
    ///
    /// # Errors
    /// [`BlobError::Io`], [`BlobError::NoSpace`].
    pub fn begin(&self, key: &Key) -> Result<Upload, BlobError> {
        match &self.0 {
            Place::Local(local) => local.begin(key).map(Upload),
        }
    }

    /// Opens a file for reading.
    ///
    /// # Errors
    /// [`BlobError::NotFound`], [`BlobError::Io`].
    pub fn read(&self, key: &Key) -> Result<Download, BlobError> {
        match &self.0 {
            Place::Local(local) => local.read(key),
        }
    }

    /// Deletes a file. One that is not there is as good as deleted.
    ///
    /// # Errors
    /// [`BlobError::Io`].
    pub fn delete(&self, key: &Key) -> Result<(), BlobError> {
        match &self.0 {
            Place::Local(local) => local.delete(key),
        }
    }

    /// Deletes what no row names: files whose row was taken away, outputs of attempts that were
    /// overtaken, uploads that were cut off. Only what was last written before `before` is touched,
    /// because a file is there before its row; that has to be longer ago than any upload or chunk
    /// takes. `named` gives those of the keys that have a row.
    ///
    /// # Errors
    /// [`BlobError::Names`] if `named` fails; [`BlobError::Io`]. What was swept before stays swept.
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
        }
    }
}

/// A file that is being written. Dropped before [`Upload::finish`], nothing of it stays.
#[derive(Debug)]
pub struct Upload(LocalUpload);

impl Upload {
    /// Adds bytes.
    ///
    /// # Errors
    /// [`BlobError::NoSpace`], [`BlobError::Io`]; the upload is then of no use any more.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), BlobError> {
        self.0.write(bytes)
    }

    /// Bytes so far.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.0.bytes()
    }

    /// Makes the file whole: on the disk, then under its key.
    ///
    /// # Errors
    /// [`BlobError::NoSpace`], [`BlobError::Io`]; nothing of it stays.
    pub fn finish(self) -> Result<Stored, BlobError> {
        self.0.finish()
    }
}

/// A file that is read, from any place on.
#[derive(Debug)]
pub struct Download {
    file: std::fs::File,
    bytes: u64,
}

impl Download {
    /// Its size.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.bytes
    }
}

impl Read for Download {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.file.read(buffer)
    }
}

impl Seek for Download {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

/// A path as messages show it.
fn shown(path: &Path) -> String {
    PathBuf::from(path).display().to_string()
}
