//! Retention and orphans: what was kept for long enough loses its rows, and what no row names loses
//! its file. Rows first, files after them, so that no row ever names a file that is gone.

use std::time::{Duration, SystemTime};

use aimapper_core::blob::{BlobError, Blobs, Swept};
use aimapper_core::error::{ErrorKind, Explain};
use aimapper_core::store::{Store, StoreError, blobs as blob_rows, outputs, sources};

/// At most so many rows in one transaction's list.
const AT_A_TIME: i64 = 200;

/// How long things are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// How long a source is kept after its upload; none keeps it until somebody deletes it.
    pub sources: Option<Duration>,
    /// How long the results of a job are kept after its end.
    pub results: Option<Duration>,
    /// A file that no row names is deleted after so long: longer than any upload or chunk takes,
    /// because a file is there before its row.
    pub grace: Duration,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            sources: None,
            results: None,
            grace: Duration::from_secs(24 * 3600),
        }
    }
}

/// What a sweep took away.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cleared {
    /// Sources whose time was over.
    pub sources: usize,
    /// Jobs whose results' time was over.
    pub results: usize,
    /// Files.
    pub blobs: Swept,
}

/// Why a sweep ended early; the next one goes on.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// The database.
    #[error("the database failed")]
    Store(#[from] StoreError),
    /// The blob store.
    #[error("the blob store failed")]
    Blob(#[from] BlobError),
}

impl Explain for SweepError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Store(error) => error.kind(),
            Self::Blob(error) => error.kind(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Store(error) => error.hint(),
            Self::Blob(error) => error.hint(),
        }
    }
}

/// Clears what is over. Blocks.
///
/// # Errors
/// [`SweepError`]; what was cleared before stays cleared.
pub fn sweep(store: &Store, blobs: &Blobs, retention: &Retention) -> Result<Cleared, SweepError> {
    let mut cleared = Cleared::default();
    let now = store.read(|conn| conn.now())?;
    let before = |kept: Duration| now.plus(-i64::try_from(kept.as_millis()).unwrap_or(i64::MAX));
    if let Some(kept) = retention.sources {
        loop {
            let old = store.read(|conn| sources::made_before(conn, before(kept), AT_A_TIME))?;
            if old.is_empty() {
                break;
            }
            for (tenant, source) in old {
                match store.write(|conn| sources::delete(conn, tenant, source)) {
                    Ok(_) => cleared.sources += 1,
                    // Somebody was faster.
                    Err(StoreError::NotFound { .. }) => {}
                    Err(error) => return Err(error.into()),
                }
            }
        }
    }
    if let Some(kept) = retention.results {
        loop {
            let old = store.read(|conn| outputs::ended_before(conn, before(kept), AT_A_TIME))?;
            if old.is_empty() {
                break;
            }
            for (tenant, job) in old {
                store.write(|conn| outputs::forget(conn, tenant, job))?;
                cleared.results += 1;
            }
        }
    }
    let oldest = SystemTime::now()
        .checked_sub(retention.grace)
        .unwrap_or(SystemTime::UNIX_EPOCH);
    let named = |keys: &[String]| store.read(|conn| blob_rows::named(conn, keys));
    cleared.blobs = blobs.sweep(oldest, named)?;
    Ok(cleared)
}
