//! A file that only one process can hold: a second service over the same SQLite file would feed the
//! same jobs to two queues.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use super::error::StoreError;

/// The right to serve a database file, until it is dropped or the process ends in whatever way.
#[derive(Debug)]
pub struct ServeLock {
    /// The operating system holds the lock for as long as this is open.
    _file: File,
}

impl ServeLock {
    /// Takes the right. The lock is on a file beside the database, `NAME.lock`, which stays.
    ///
    /// # Errors
    /// [`StoreError::AlreadyServed`] if another process has it; [`StoreError::File`].
    pub fn take(database: &Path) -> Result<Self, StoreError> {
        let mut name = database.as_os_str().to_owned();
        name.push(".lock");
        let unusable = |source| StoreError::File {
            path: name.clone().into(),
            source,
        };
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&name)
            .map_err(unusable)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(StoreError::AlreadyServed {
                path: database.to_owned(),
            }),
            Err(TryLockError::Error(source)) => Err(unusable(source)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_has_it() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("a.db");
        let first = ServeLock::take(&database).unwrap();
        let second = ServeLock::take(&database).unwrap_err();
        assert!(
            matches!(second, StoreError::AlreadyServed { .. }),
            "{second}"
        );
        drop(first);
        ServeLock::take(&database).unwrap();
        assert!(!database.exists());
    }
}
