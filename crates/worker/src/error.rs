//! What can go wrong around a job, besides the job itself.

use aimapper_core::error::{ErrorKind, Explain};
use aimapper_core::queue::QueueError;
use aimapper_core::store::StoreError;

/// An error of the worker's surroundings. The job is then as it was, or its lease runs out.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// The database.
    #[error("the database failed")]
    Store(#[from] StoreError),
    /// The queue.
    #[error("the queue failed")]
    Queue(#[from] QueueError),
    /// A thread of the database ended without an answer.
    #[error("a call of the database was broken off")]
    BrokenOff(#[source] tokio::task::JoinError),
    /// A thread could not be started.
    #[error("a thread could not be started")]
    Thread(#[source] std::io::Error),
    /// The database gave no answer for as long as the lease may hold.
    #[error("the database gave no answer")]
    NoAnswer,
}

impl Explain for WorkerError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Store(source) => source.kind(),
            Self::Queue(source) => source.kind(),
            Self::BrokenOff(_) => ErrorKind::Internal,
            Self::Thread(_) => ErrorKind::Unavailable,
            Self::NoAnswer => ErrorKind::Unavailable,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Store(source) => source.hint(),
            Self::Queue(source) => source.hint(),
            Self::BrokenOff(_) | Self::Thread(_) | Self::NoAnswer => None,
        }
    }
}
