//! Units of work on threads that may block.

use std::io::Read;
use std::sync::Arc;

use actix_web::web;
use aimapper_core::blob::Key;
use aimapper_core::id::{BlobId, TenantId};
use aimapper_core::store::{Conn, StoreError, blobs};

use super::error::PageError;
use crate::App;

/// Runs what blocks.
pub(crate) async fn block<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, PageError> + Send + 'static,
) -> Result<T, PageError> {
    web::block(work).await?
}

/// Runs queries.
pub(crate) async fn read<T: Send + 'static>(
    app: &App,
    work: impl FnOnce(&mut Conn<'_>) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, PageError> {
    let store = Arc::clone(&app.store);
    block(move || Ok(store.read(work)?)).await
}

/// Runs one transaction.
pub(crate) async fn write<T: Send + 'static>(
    app: &App,
    work: impl FnOnce(&mut Conn<'_>) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, PageError> {
    let store = Arc::clone(&app.store);
    block(move || Ok(store.write(work)?)).await
}

/// The first bytes of a stored file.
pub(crate) async fn load(
    app: &App,
    tenant: TenantId,
    blob: BlobId,
    most: u64,
) -> Result<Vec<u8>, PageError> {
    let row = read(app, move |conn| blobs::find(conn, tenant, blob)).await?;
    let key: Key = row.object_key.parse()?;
    let files = Arc::clone(&app.blobs);
    block(move || {
        let mut bytes = Vec::new();
        files.read(&key)?.take(most).read_to_end(&mut bytes)?;
        Ok(bytes)
    })
    .await
}
