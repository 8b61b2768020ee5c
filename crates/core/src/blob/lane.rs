//! Async work for callers that block: a runtime of its own with one thread. Who waits for an answer
//! waits on a channel, not in the runtime, so that it makes no difference whether the caller is on a
//! thread of another runtime or on none; what nobody waits for goes on behind the caller's back.

use std::future::Future;
use std::io;
use std::sync::mpsc::{Receiver, sync_channel};

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::JoinHandle;

#[derive(Debug)]
pub(super) struct Lane {
    handle: Handle,
    runtime: Option<Runtime>,
}

/// Work that is under way.
#[derive(Debug)]
pub(super) struct Started<T> {
    answer: Receiver<T>,
    task: JoinHandle<()>,
}

impl Lane {
    pub(super) fn open() -> io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("blobs")
            .enable_all()
            .build()?;
        Ok(Self {
            handle: runtime.handle().clone(),
            runtime: Some(runtime),
        })
    }

    pub(super) fn start<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Started<T> {
        let (say, answer) = sync_channel(1);
        let task = self.handle.spawn(async move {
            // Whoever asked may be gone.
            let _unheard = say.send(work.await);
        });
        Started { answer, task }
    }

    /// Starts what nobody waits for.
    pub(super) fn let_go(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.handle.spawn(work);
    }

    /// Waits for the end of a work.
    ///
    /// # Errors
    /// If it ended without an answer, because it panicked.
    pub(super) fn wait<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> io::Result<T> {
        self.start(work).wait()
    }
}

impl<T> Started<T> {
    pub(super) fn wait(self) -> io::Result<T> {
        let broken_off = |_| io::Error::other("the request was broken off");
        self.answer.recv().map_err(broken_off)
    }

    /// Waits for its end inside of the runtime, whatever the answer.
    pub(super) async fn ended(self) {
        let _panicked = self.task.await;
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Waiting for its thread is not allowed on a thread of another runtime, where the last
            // owner may well be.
            runtime.shutdown_background();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_works_wherever_the_caller_is() {
        let lane = Lane::open().unwrap();
        assert_eq!(lane.wait(async { 1 }).unwrap(), 1);
        let other = Builder::new_current_thread().build().unwrap();
        other.block_on(async move {
            assert_eq!(lane.wait(async { 2 }).unwrap(), 2);
            drop(lane);
        });
    }

    #[test]
    fn a_panic_is_an_error() {
        let lane = Lane::open().unwrap();
        assert!(lane.wait(async { panic!("as it happens") }).is_err());
        assert_eq!(lane.wait(async { 3 }).unwrap(), 3);
    }
}
