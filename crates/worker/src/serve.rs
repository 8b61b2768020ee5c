//! Taking hints, as many at a time as there are slots, until the process is to end.

use std::sync::Arc;

use aimapper_core::job::Class;
use aimapper_core::queue::{Queue, QueueError};
use aimapper_core::store::jobs::{Claim, JobRecord};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::blocking::read;
use crate::error::WorkerError;
use crate::work::{Ended, Taken, Worker};

/// Hears what became of each hint.
pub type Hear = Arc<dyn Fn(&Result<Taken, WorkerError>) + Send + Sync>;

/// What a worker is told from outside, and what it tells.
#[derive(Clone)]
pub struct Surroundings {
    /// Turns to true when the process is to end: no further job is begun, and those that run are
    /// given back.
    pub stop: watch::Receiver<bool>,
    /// Uniform 64 bits.
    pub random: fn() -> u64,
    /// Hears what became of each hint, for logs and figures.
    pub hear: Hear,
}

impl std::fmt::Debug for Surroundings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Surroundings")
            .field("stop", &self.stop)
            .finish_non_exhaustive()
    }
}

impl Worker {
    /// Runs jobs of a class in so many slots. A slot asks for a hint only when it is free, so hints
    /// that others could use do not wait here. Gives when all slots have stopped.
    ///
    /// # Errors
    /// [`WorkerError::Queue`] if the queue is closed before the process is to end.
    pub async fn serve<F, W>(
        &self,
        queue: &Queue,
        class: Class,
        slots: usize,
        work: F,
        around: Surroundings,
    ) -> Result<(), WorkerError>
    where
        F: Fn(Claim, JobRecord) -> W + Send + Sync + 'static,
        W: Future<Output = Ended> + Send,
    {
        let work = Arc::new(work);
        let mut running = JoinSet::new();
        for _ in 0..slots {
            let (worker, queue) = (self.clone(), queue.clone());
            let (work, around) = (Arc::clone(&work), around.clone());
            running.spawn(async move { worker.slot(&queue, class, &*work, around).await });
        }
        let mut result = Ok(());
        while let Some(ended) = running.join_next().await {
            let ended = ended.map_err(WorkerError::BrokenOff).flatten();
            result = result.and(ended);
        }
        result
    }

    async fn slot<F, W>(
        &self,
        queue: &Queue,
        class: Class,
        work: &F,
        around: Surroundings,
    ) -> Result<(), WorkerError>
    where
        F: Fn(Claim, JobRecord) -> W,
        W: Future<Output = Ended>,
    {
        let mut consumer = queue.consume(class);
        loop {
            let next = tokio::select! {
                biased;
                () = stopped(around.stop.clone()) => return Ok(()),
                next = consumer.next() => next,
            };
            let delivery = match next {
                Ok(delivery) => delivery,
                Err(error @ QueueError::NotAHint(_)) => {
                    (around.hear)(&Err(error.into()));
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            let stop = stopped(around.stop.clone());
            let taken = self.take(delivery, work, stop, around.random).await;
            (around.hear)(&taken);
            if taken.is_err() {
                tokio::select! {
                    () = stopped(around.stop.clone()) => return Ok(()),
                    () = self.database_is_back() => {}
                }
            }
        }
    }

    /// Done when the database answers again. The hint that could not be used is back in the queue; to
    /// take it again and again meanwhile would wear it out, because the broker counts.
    async fn database_is_back(&self) {
        loop {
            sleep(self.pace.look).await;
            if read(&self.store, |conn| conn.now()).await.is_ok() {
                return;
            }
        }
    }
}

/// Done when the process is to end; also when whoever would say so is gone.
async fn stopped(mut stop: watch::Receiver<bool>) {
    let _gone = stop.wait_for(|stop| *stop).await;
}
