//! From the outbox to the queue.

use std::collections::BTreeMap;
use std::sync::Arc;

use aimapper_core::job::Class;
use aimapper_core::queue::{Hint, Queue, QueueError};
use aimapper_core::store::{Conn, Store, StoreError, outbox};

use futures_util::future::join_all;

use crate::blocking::{read, write};
use crate::error::WorkerError;

/// What became of a round.
#[derive(Debug, Default)]
pub struct Relayed {
    /// Hints that are in the queue now.
    pub published: usize,
    /// Why a hint could not be published, if one could not. It waits in the outbox.
    pub failure: Option<QueueError>,
}

/// Publishes the hints that are due, of each class as many as there is room for under its capacity: the
/// slots of all workers and a small window. One process does so at a time; if two do, hints come
/// twice and nothing else happens. `random` is uniform over 64 bits.
///
/// # Errors
/// [`WorkerError::Store`]; a hint that was published just before is published again.
pub async fn relay(
    store: &Arc<Store>,
    queue: &Queue,
    capacities: impl FnOnce(&mut Conn<'_>) -> Result<BTreeMap<Class, i64>, StoreError> + Send + 'static,
    random: u64,
) -> Result<Relayed, WorkerError> {
    let due = read(store, move |conn| {
        let capacities = capacities(conn)?;
        outbox::due(conn, &capacities)
    });
    let due = due.await?;
    let mut relayed = Relayed::default();
    if due.is_empty() {
        return Ok(relayed);
    }
    // In their order, but without waiting for one before the next.
    let published = join_all(due.iter().map(|due| async {
        let hint = Hint::new(due.job, due.epoch, due.traceparent.clone());
        queue.publish(due.class, &hint).await
    }));
    let (mut there, mut later) = (Vec::new(), Vec::new());
    let published = published.await;
    for (due, published) in due.into_iter().zip(published) {
        match published {
            Ok(()) => there.push(due),
            Err(failure) => {
                relayed.failure.get_or_insert(failure);
                later.push(due);
            }
        }
    }
    relayed.published = there.len();
    // Only now are the rows taken away: a crash in between publishes twice, not never.
    write(store, move |conn| {
        outbox::published(conn, &there)?;
        for (due, turn) in later.iter().zip(0_u32..) {
            outbox::postponed(conn, due, random.rotate_left(turn))?;
        }
        Ok(())
    })
    .await?;
    Ok(relayed)
}
