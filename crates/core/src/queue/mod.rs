//! Bells: a hint says that a job may be due, and nothing more. The database knows the rest, so a hint
//! that is lost is published again, and one that comes twice is refused at the claim.
//!
//! [`Queue`] is the closed set of ways by which hints go. What all of them promise:
//! - [`Queue::publish`] returns once the queue has the hint as safely as it ever will.
//! - A hint goes to one consumer at a time, and comes again if it is neither acknowledged nor
//!   rejected before its [`Delivery`] is dropped or its process dies.
//! - One queue for each [`Class`]; no order, no priorities, no delays: these are the relay's.

mod hint;
mod in_process;

use std::sync::Arc;

use crate::error::{ErrorKind, Explain};
use crate::job::Class;

pub use hint::{HINT_VERSION, Hint, NotAHint};
use in_process::InProcess;

/// An error of the queue.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// The queue was closed, or the connection to it is lost.
    #[error("the queue is closed")]
    Closed,
    /// The queue did not confirm that it has the hint: it may have it or not.
    #[error("the queue did not confirm a hint")]
    NotConfirmed,
    /// The hint was given to somebody else before it was acknowledged.
    #[error("the hint was not ours any more")]
    NotOurs,
    /// What came is no hint of ours. It is put aside.
    #[error("a message of the queue is no hint")]
    NotAHint(#[from] NotAHint),
}

impl Explain for QueueError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Closed | Self::NotConfirmed | Self::NotOurs => ErrorKind::Unavailable,
            Self::NotAHint(_) => ErrorKind::Invalid,
        }
    }

    fn hint(&self) -> Option<String> {
        None
    }
}

/// The queue. Copies share it.
#[derive(Debug, Clone)]
pub struct Queue(Way);

#[derive(Debug, Clone)]
enum Way {
    InProcess(Arc<InProcess>),
}

impl Queue {
    /// A queue inside of this process. Hints end with it, which the store's `take_over` makes good at
    /// the next start.
    #[must_use]
    pub fn in_process() -> Self {
        Self(Way::InProcess(Arc::new(InProcess::default())))
    }

    /// Publishes a hint.
    ///
    /// # Errors
    /// [`QueueError::Closed`], [`QueueError::NotConfirmed`]: the hint stays in the outbox.
    pub async fn publish(&self, class: Class, hint: &Hint) -> Result<(), QueueError> {
        match &self.0 {
            Way::InProcess(queue) => std::future::ready(queue.push(class, hint.clone())).await,
        }
    }

    /// Starts to take hints of a class. Whoever calls [`Consumer::next`] only with a slot free holds
    /// no hint that others could have used.
    ///
    /// # Errors
    /// [`QueueError::Closed`].
    pub async fn consume(&self, class: Class) -> Result<Consumer, QueueError> {
        match &self.0 {
            Way::InProcess(queue) => {
                let queue = Arc::clone(queue);
                std::future::ready(Ok(Consumer { class, queue })).await
            }
        }
    }

    /// Closes the queue: consumers get [`QueueError::Closed`] at once, publishers too.
    pub fn close(&self) {
        match &self.0 {
            Way::InProcess(queue) => queue.close(),
        }
    }

    /// Hints of a class that nobody has taken.
    #[must_use]
    pub fn waiting(&self, class: Class) -> usize {
        match &self.0 {
            Way::InProcess(queue) => queue.waiting(class),
        }
    }
}

/// Takes hints of one class.
#[derive(Debug)]
pub struct Consumer {
    class: Class,
    queue: Arc<InProcess>,
}

impl Consumer {
    /// The next hint, as soon as there is one. May be dropped while it waits; no hint is lost.
    ///
    /// # Errors
    /// [`QueueError::Closed`]; [`QueueError::NotAHint`] for a message that was put aside, after which
    /// the next may be asked for.
    pub async fn next(&mut self) -> Result<Delivery, QueueError> {
        let hint = self.queue.pop(self.class).await?;
        Ok(Delivery {
            class: self.class,
            held: Some(hint),
            queue: Arc::clone(&self.queue),
        })
    }
}

/// A hint that was taken. Dropped without a word, it comes again.
#[derive(Debug)]
pub struct Delivery {
    class: Class,
    held: Option<Hint>,
    queue: Arc<InProcess>,
}

impl Delivery {
    /// What was said.
    ///
    /// # Errors
    /// [`QueueError::NotOurs`] once it was acknowledged.
    pub fn hint(&self) -> Result<&Hint, QueueError> {
        self.held.as_ref().ok_or(QueueError::NotOurs)
    }

    /// Says that the hint is not needed any more: the job is claimed, or is nothing for anybody.
    ///
    /// # Errors
    /// [`QueueError::NotOurs`] if it was given to somebody else meanwhile, who will be refused.
    pub async fn ack(mut self) -> Result<(), QueueError> {
        let acked = self.held.take().map(drop).ok_or(QueueError::NotOurs);
        std::future::ready(acked).await
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        if let Some(hint) = self.held.take() {
            // A closed queue has nobody to give it to; the outbox or the reaper publishes it again.
            let _closed = self.queue.push(self.class, hint);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;
    use crate::id::JobId;

    fn hint(epoch: i64) -> Hint {
        Hint::new(JobId::from_parts(1, &[7; 10]), epoch, None)
    }

    /// Polls once: what is tested here is ready or waits for another call of the test.
    fn ready<T>(future: impl Future<Output = T>) -> Option<T> {
        match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(done) => Some(done),
            Poll::Pending => None,
        }
    }

    #[test]
    fn hints_go_by_class_and_to_one_consumer() {
        let queue = Queue::in_process();
        let mut batch = ready(queue.consume(Class::Batch)).unwrap().unwrap();
        let mut other = ready(queue.consume(Class::Batch)).unwrap().unwrap();
        let mut quick = ready(queue.consume(Class::Interactive)).unwrap().unwrap();
        assert!(ready(batch.next()).is_none());
        ready(queue.publish(Class::Batch, &hint(1)))
            .unwrap()
            .unwrap();
        assert!(ready(quick.next()).is_none());
        let taken = ready(batch.next()).unwrap().unwrap();
        assert_eq!(taken.hint().unwrap(), &hint(1));
        assert!(ready(other.next()).is_none());
        ready(taken.ack()).unwrap().unwrap();
        assert!(ready(other.next()).is_none());
    }

    #[test]
    fn what_is_dropped_comes_again() {
        let queue = Queue::in_process();
        let mut consumer = ready(queue.consume(Class::Batch)).unwrap().unwrap();
        ready(queue.publish(Class::Batch, &hint(1)))
            .unwrap()
            .unwrap();
        drop(ready(consumer.next()).unwrap().unwrap());
        let again = ready(consumer.next()).unwrap().unwrap();
        assert_eq!(again.hint().unwrap(), &hint(1));
        ready(again.ack()).unwrap().unwrap();
        assert_eq!(queue.waiting(Class::Batch), 0);
    }

    /// Two that wait, two hints at once: both wake, though a bell remembers one ring only.
    #[test]
    fn nobody_sleeps_beside_a_hint() {
        let queue = Queue::in_process();
        let mut first = ready(queue.consume(Class::Batch)).unwrap().unwrap();
        let mut second = ready(queue.consume(Class::Batch)).unwrap().unwrap();
        let mut one = pin!(first.next());
        let mut two = pin!(second.next());
        let mut context = Context::from_waker(Waker::noop());
        ready(queue.publish(Class::Batch, &hint(1)))
            .unwrap()
            .unwrap();
        ready(queue.publish(Class::Batch, &hint(2)))
            .unwrap()
            .unwrap();
        assert!(one.as_mut().poll(&mut context).is_ready());
        assert!(two.as_mut().poll(&mut context).is_ready());
    }

    #[test]
    fn a_closed_queue_says_so() {
        let queue = Queue::in_process();
        let mut consumer = ready(queue.consume(Class::Batch)).unwrap().unwrap();
        let mut waiting = pin!(consumer.next());
        let mut context = Context::from_waker(Waker::noop());
        assert!(waiting.as_mut().poll(&mut context).is_pending());
        queue.close();
        assert!(matches!(
            waiting.as_mut().poll(&mut context),
            Poll::Ready(Err(QueueError::Closed))
        ));
        let refused = ready(queue.publish(Class::Batch, &hint(1))).unwrap();
        assert!(matches!(refused, Err(QueueError::Closed)));
    }
}
