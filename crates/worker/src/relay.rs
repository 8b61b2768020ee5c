//! From the outbox to the queue.

use std::sync::Arc;

use aimapper_core::job::Class;
use aimapper_core::queue::{Hint, Queue, QueueError};
use aimapper_core::store::{Store, outbox};

use crate::blocking::{read, write};
use crate::error::WorkerError;

/// What became of a round.
#[derive(Debug, Default)]
pub struct Relayed {
    /// Hints that are in the queue now.
    pub published: usize,
    /// Why the round ended early, if it did. That hint and those behind it wait in the outbox.
    pub failure: Option<QueueError>,
}

/// Publishes the hints of a class that are due, as many as there is room for under `capacity`: the
/// slots of all workers and a small window. One process does so at a time; if two do, hints come
/// twice and nothing else happens. `random` is uniform over 64 bits.
///
/// # Errors
/// [`WorkerError::Store`]; a hint that was published just before is published again.
pub async fn relay(
    store: &Arc<Store>,
    queue: &Queue,
    class: Class,
    capacity: i64,
    random: u64,
) -> Result<Relayed, WorkerError> {
    let due = read(store, move |conn| outbox::due(conn, class, capacity)).await?;
    let mut relayed = Relayed::default();
    for due in due {
        let hint = Hint::new(due.job, due.epoch, due.traceparent.clone());
        // Only then is the row taken away: a crash in between publishes twice, not never.
        match queue.publish(class, &hint).await {
            Ok(()) => {
                write(store, move |conn| outbox::published(conn, &due)).await?;
                relayed.published += 1;
            }
            Err(failure) => {
                write(store, move |conn| outbox::postponed(conn, &due, random)).await?;
                relayed.failure = Some(failure);
                break;
            }
        }
    }
    Ok(relayed)
}
