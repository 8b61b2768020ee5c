//! What every request can reach, and the way to the parts of it that block.

use std::io::Read as _;
use std::sync::Arc;
use std::time::Duration;

use actix_web::web;
use aimapper_core::blob::{Blobs, Key};
use aimapper_core::config::Config;
use aimapper_core::id::{BlobId, TenantId};
use aimapper_core::metrics::Metrics;
use aimapper_core::store::{Conn, Store, StoreError, blobs};
use tokio::sync::{Notify, Semaphore};

use crate::auth::Identity;
use crate::problem::{Code, Problem};

/// Calls that block at once. More would only wait for the connections of the database.
const BLOCKING: usize = 32;

/// How long a request waits for its turn to block.
const WAIT: Duration = Duration::from_secs(2);

/// What requests may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Largest file that is taken, in bytes.
    pub upload_bytes: u64,
    /// After so many attempts an error that may pass ends a job.
    pub max_attempts: i32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            upload_bytes: 2 << 30,
            max_attempts: 5,
        }
    }
}

/// The parts of the service that requests use; one for the process, passed by reference.
#[derive(Debug, Clone)]
pub struct App {
    /// The database.
    pub store: Arc<Store>,
    /// Uploads and results.
    pub blobs: Arc<Blobs>,
    /// Woken when a job was accepted, so that the relay need not wait for its next round.
    pub accepted: Arc<Notify>,
    /// Who may come in.
    pub identity: Arc<Identity>,
    /// The settings.
    pub config: Arc<Config>,
    /// What has happened here.
    pub metrics: Metrics,
    /// What requests may ask for.
    pub limits: Limits,
    blocking: Arc<Semaphore>,
}

impl App {
    /// The service over a database and its files.
    #[must_use]
    pub fn new(
        store: Arc<Store>,
        blobs: Arc<Blobs>,
        accepted: Arc<Notify>,
        identity: Arc<Identity>,
        config: Arc<Config>,
    ) -> Self {
        Self {
            store,
            blobs,
            accepted,
            identity,
            metrics: Metrics::default(),
            limits: Limits {
                upload_bytes: config.limits.upload_bytes,
                max_attempts: config.jobs.max_attempts(),
            },
            config,
            blocking: Arc::new(Semaphore::new(BLOCKING)),
        }
    }

    /// Runs what blocks on a thread for it.
    ///
    /// # Errors
    /// Those of the work; `unavailable` if its turn does not come in time.
    pub async fn block<T, F>(&self, work: F) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: FnOnce() -> Result<T, Problem> + Send + 'static,
    {
        let turn = Arc::clone(&self.blocking).acquire_owned();
        let Ok(Ok(permit)) = tokio::time::timeout(WAIT, turn).await else {
            return Err(Problem::new(Code::Unavailable, "too much is under way"));
        };
        let done = web::block(move || {
            // Held until the work is done, also if the request is given up meanwhile.
            let _permit = permit;
            work()
        });
        done.await
            .unwrap_or_else(|error| Err(Problem::internal(&error)))
    }

    /// Runs a unit of work that only reads.
    ///
    /// # Errors
    /// Those of the work and of [`Self::block`].
    pub async fn read<T, F>(&self, work: F) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: FnOnce(&mut Conn<'_>) -> Result<T, Problem> + Send + 'static,
    {
        let store = Arc::clone(&self.store);
        self.block(move || in_transaction(work, |unit| store.read(unit)))
            .await
    }

    /// Runs a unit of work in one transaction: a problem changes nothing.
    ///
    /// # Errors
    /// Those of the work and of [`Self::block`].
    pub async fn write<T, F>(&self, work: F) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: FnOnce(&mut Conn<'_>) -> Result<T, Problem> + Send + 'static,
    {
        let store = Arc::clone(&self.store);
        self.block(move || in_transaction(work, |unit| store.write(unit)))
            .await
    }

    /// The first bytes of a stored file, at most so many.
    ///
    /// # Errors
    /// `not_found` if the tenant has no such file; those of [`Self::block`].
    pub async fn load(
        &self,
        tenant: TenantId,
        blob: BlobId,
        most: u64,
    ) -> Result<Vec<u8>, Problem> {
        let row = self
            .read(move |conn| Ok(blobs::find(conn, tenant, blob)?))
            .await?;
        let key: Key = row.object_key.parse()?;
        let files = Arc::clone(&self.blobs);
        self.block(move || {
            let mut bytes = Vec::new();
            files
                .read(&key)?
                .take(most)
                .read_to_end(&mut bytes)
                .map_err(|error| Problem::internal(&error))?;
            Ok(bytes)
        })
        .await
    }
}

/// Lets a unit of work end with a problem, where the store knows its own errors only: any of these
/// rolls back, and the problem is what the caller sees.
fn in_transaction<T>(
    work: impl FnOnce(&mut Conn<'_>) -> Result<T, Problem>,
    run: impl FnOnce(&mut dyn FnMut(&mut Conn<'_>) -> Result<T, StoreError>) -> Result<T, StoreError>,
) -> Result<T, Problem> {
    let mut refused = None;
    let mut work = Some(work);
    let done = run(&mut |conn| {
        let unit = work.take().ok_or_else(rolled_back)?;
        unit(conn).map_err(|problem| {
            refused = Some(problem);
            rolled_back()
        })
    });
    match refused {
        Some(problem) => Err(problem),
        None => done.map_err(Problem::from),
    }
}

fn rolled_back() -> StoreError {
    StoreError::Exists {
        what: "unit of work",
    }
}
