//! What every request can reach.

use std::sync::Arc;

use aimapper_core::blob::Blobs;
use aimapper_core::config::Config;
use aimapper_core::store::Store;
use tokio::sync::Notify;

use crate::auth::Identity;

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
}
