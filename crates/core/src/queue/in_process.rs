//! Hints between tasks of one process.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::{Hint, QueueError};
use crate::job::Class;

/// A lane for each class. Nothing bounds it but the relay, which publishes no more than workers have
/// use for.
#[derive(Debug, Default)]
pub(super) struct InProcess {
    interactive: Lane,
    batch: Lane,
    assistant: Lane,
    closed: AtomicBool,
}

#[derive(Debug, Default)]
struct Lane {
    hints: Mutex<VecDeque<Hint>>,
    bell: Notify,
}

impl Lane {
    fn hints(&self) -> MutexGuard<'_, VecDeque<Hint>> {
        // A panic between two statements of this file leaves the hints whole.
        self.hints.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl InProcess {
    const fn lane(&self, class: Class) -> &Lane {
        match class {
            Class::Interactive => &self.interactive,
            Class::Batch => &self.batch,
            Class::Assistant => &self.assistant,
        }
    }

    pub(super) fn push(&self, class: Class, hint: Hint) -> Result<(), QueueError> {
        if self.closed.load(Ordering::SeqCst) {
            return Err(QueueError::Closed);
        }
        let lane = self.lane(class);
        lane.hints().push_back(hint);
        lane.bell.notify_one();
        Ok(())
    }

    pub(super) async fn pop(&self, class: Class) -> Result<Hint, QueueError> {
        let lane = self.lane(class);
        loop {
            let rung = lane.bell.notified();
            if self.closed.load(Ordering::SeqCst) {
                // Wakes the next one who waits.
                lane.bell.notify_one();
                return Err(QueueError::Closed);
            }
            let (hint, more) = {
                let mut hints = lane.hints();
                (hints.pop_front(), !hints.is_empty())
            };
            if let Some(hint) = hint {
                // The bell remembers one ring, however many hints came before somebody listened.
                if more {
                    lane.bell.notify_one();
                }
                return Ok(hint);
            }
            rung.await;
        }
    }

    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        for class in Class::ALL {
            self.lane(*class).bell.notify_one();
        }
    }

    pub(super) fn waiting(&self, class: Class) -> usize {
        self.lane(class).hints().len()
    }
}
