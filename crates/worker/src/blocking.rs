//! Units of work of the database, called from tasks.

use std::sync::Arc;

use aimapper_core::store::{Conn, Store, StoreError};

use crate::error::WorkerError;

/// Runs a function over the store on a thread that may block.
pub(crate) async fn with_store<T: Send + 'static>(
    store: &Arc<Store>,
    work: impl FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, WorkerError> {
    let store = Arc::clone(store);
    let done = tokio::task::spawn_blocking(move || work(&store)).await;
    Ok(done.map_err(WorkerError::BrokenOff)??)
}

/// Runs one transaction.
pub(crate) async fn write<T: Send + 'static>(
    store: &Arc<Store>,
    work: impl FnOnce(&mut Conn<'_>) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, WorkerError> {
    with_store(store, move |store| store.write(work)).await
}

/// Runs queries.
pub(crate) async fn read<T: Send + 'static>(
    store: &Arc<Store>,
    work: impl FnOnce(&mut Conn<'_>) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, WorkerError> {
    with_store(store, move |store| store.read(work)).await
}
