//! Bells: a hint says that a job may be due, and nothing more. The database knows the rest, so a hint
//! that is lost is published again, and one that comes twice is refused at the claim.
//!
//! [`Queue`] is the closed set of ways by which hints go. What all of them promise:
//! - [`Queue::publish`] returns once the queue has the hint as safely as it ever will.
//! - A hint goes to one consumer at a time, and comes again if it is neither acknowledged nor
//!   rejected before its [`Delivery`] is dropped or its process dies.
//! - One queue for each [`Class`]; no order, no priorities, no delays: these are the relay's.

mod broker;
mod hint;
mod in_process;
#[cfg(feature = "amqp")]
mod rabbit;

use std::sync::Arc;

use crate::error::{ErrorKind, Explain};
use crate::job::Class;

pub use broker::Broker;
pub use hint::{HINT_VERSION, Hint, NotAHint};
use in_process::InProcess;
#[cfg(feature = "amqp")]
use rabbit::{Held, Rabbit, RabbitConsumer};

/// An error of the queue.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// The queue was closed.
    #[error("the queue is closed")]
    Closed,
    /// The address of the broker is none.
    #[error("the address of the broker cannot be used: {said}")]
    Address {
        /// What is wrong with it, without its secrets.
        said: String,
    },
    /// The broker is away, or refuses.
    #[error("cannot {doing}")]
    Away {
        /// What was tried.
        doing: &'static str,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
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
            Self::Closed | Self::Away { .. } | Self::NotConfirmed | Self::NotOurs => {
                ErrorKind::Unavailable
            }
            Self::Address { .. } | Self::NotAHint(_) => ErrorKind::Invalid,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Address { .. } => {
                Some("broker.url is amqp://USER:PASSWORD@HOST:PORT/VHOST".to_owned())
            }
            Self::Away { .. } => Some("look whether the broker runs and lets us in".to_owned()),
            Self::Closed | Self::NotConfirmed | Self::NotOurs | Self::NotAHint(_) => None,
        }
    }
}

/// The queue. Copies share it.
#[derive(Debug, Clone)]
pub struct Queue(Way);

#[derive(Debug, Clone)]
enum Way {
    InProcess(Arc<InProcess>),
    #[cfg(feature = "amqp")]
    Rabbit(Arc<Rabbit>),
}

impl Queue {
    /// A queue inside of this process. Hints end with it, which the store's `take_over` makes good at
    /// the next start.
    #[must_use]
    pub fn in_process() -> Self {
        Self(Way::InProcess(Arc::new(InProcess::default())))
    }

    /// The queues of a broker, RabbitMQ 3.10 or later. Connects when there is something to do, and
    /// again whenever the connection is lost.
    ///
    /// # Errors
    /// [`QueueError::Address`].
    #[cfg(feature = "amqp")]
    pub fn rabbit(broker: Broker) -> Result<Self, QueueError> {
        Rabbit::new(broker).map(|rabbit| Self(Way::Rabbit(Arc::new(rabbit))))
    }

    /// Publishes a hint.
    ///
    /// # Errors
    /// [`QueueError::Closed`], [`QueueError::Away`], [`QueueError::NotConfirmed`]: the hint stays in
    /// the outbox.
    pub async fn publish(&self, class: Class, hint: &Hint) -> Result<(), QueueError> {
        match &self.0 {
            Way::InProcess(queue) => queue.push(class, hint.clone()),
            #[cfg(feature = "amqp")]
            Way::Rabbit(rabbit) => rabbit.publish(class, hint).await,
        }
    }

    /// Takes hints of a class. Whoever calls [`Consumer::next`] only with a slot free holds no hint
    /// that others could have used.
    #[must_use]
    pub fn consume(&self, class: Class) -> Consumer {
        Consumer(match &self.0 {
            Way::InProcess(queue) => Source::InProcess(class, Arc::clone(queue)),
            #[cfg(feature = "amqp")]
            Way::Rabbit(rabbit) => {
                Source::Rabbit(Box::new(RabbitConsumer::new(Arc::clone(rabbit), class)))
            }
        })
    }

    /// Closes the queue: consumers get [`QueueError::Closed`] at once, publishers too.
    pub fn close(&self) {
        match &self.0 {
            Way::InProcess(queue) => queue.close(),
            #[cfg(feature = "amqp")]
            Way::Rabbit(rabbit) => rabbit.close(),
        }
    }

    /// Hints of a class that nobody has taken.
    ///
    /// # Errors
    /// [`QueueError::Away`].
    pub async fn waiting(&self, class: Class) -> Result<usize, QueueError> {
        match &self.0 {
            Way::InProcess(queue) => Ok(queue.waiting(class)),
            #[cfg(feature = "amqp")]
            Way::Rabbit(rabbit) => rabbit.waiting(class).await,
        }
    }

    /// Consumers of a class that wait for a hint and that the broker knows of, as far as is known. Of
    /// a queue inside of the process none is counted.
    #[must_use]
    pub fn listening(&self, class: Class) -> usize {
        match &self.0 {
            Way::InProcess(_) => {
                let _not_counted = class;
                0
            }
            #[cfg(feature = "amqp")]
            Way::Rabbit(rabbit) => rabbit.listening(class),
        }
    }

    /// Whether consumers have a connection to the broker, as far as is known.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        match &self.0 {
            Way::InProcess(_) => true,
            #[cfg(feature = "amqp")]
            Way::Rabbit(rabbit) => rabbit.is_connected(),
        }
    }

    /// Throws the connection of consumers away that seem to hear nothing any more; they make a new
    /// one. Hints that they hold come again.
    pub async fn reconnect(&self) {
        match &self.0 {
            Way::InProcess(_) => {}
            #[cfg(feature = "amqp")]
            Way::Rabbit(rabbit) => rabbit.reconnect().await,
        }
    }

    /// The broker, if there is one.
    #[must_use]
    pub fn broker(&self) -> Option<&Broker> {
        match &self.0 {
            Way::InProcess(_) => None,
            #[cfg(feature = "amqp")]
            Way::Rabbit(rabbit) => Some(rabbit.broker()),
        }
    }
}

/// Takes hints of one class.
#[derive(Debug)]
pub struct Consumer(Source);

#[derive(Debug)]
enum Source {
    InProcess(Class, Arc<InProcess>),
    #[cfg(feature = "amqp")]
    Rabbit(Box<RabbitConsumer>),
}

impl Consumer {
    /// The next hint, as soon as there is one. May be dropped while it waits; no hint is lost. Waits
    /// for a broker that is away.
    ///
    /// # Errors
    /// [`QueueError::Closed`]; [`QueueError::NotAHint`] for a message that was put aside, after which
    /// the next may be asked for.
    pub async fn next(&mut self) -> Result<Delivery, QueueError> {
        match &mut self.0 {
            Source::InProcess(class, queue) => {
                let hint = queue.pop(*class).await?;
                let back = Back {
                    class: *class,
                    hint: Some(hint.clone()),
                    queue: Arc::clone(queue),
                };
                Ok(Delivery {
                    hint,
                    way_back: WayBack::InProcess(back),
                })
            }
            #[cfg(feature = "amqp")]
            Source::Rabbit(consumer) => {
                let (hint, held) = consumer.next().await?;
                Ok(Delivery {
                    hint,
                    way_back: WayBack::Rabbit(held),
                })
            }
        }
    }
}

/// A hint that was taken. Dropped without a word, it comes again.
#[derive(Debug)]
pub struct Delivery {
    hint: Hint,
    way_back: WayBack,
}

#[derive(Debug)]
enum WayBack {
    InProcess(Back),
    #[cfg(feature = "amqp")]
    Rabbit(Held),
}

impl Delivery {
    /// What was said.
    #[must_use]
    pub const fn hint(&self) -> &Hint {
        &self.hint
    }

    /// Says that the hint is not needed any more, and that the slot is busy: the job is claimed, and goes
    /// on. No other hint comes before [`Consumer::next`] is called.
    ///
    /// # Errors
    /// [`QueueError::NotOurs`] if it was given to somebody else meanwhile, who will be refused;
    /// [`QueueError::Away`] if it may be.
    pub async fn ack(self) -> Result<(), QueueError> {
        match self.way_back {
            WayBack::InProcess(back) => {
                back.forget();
                Ok(())
            }
            #[cfg(feature = "amqp")]
            WayBack::Rabbit(held) => held.ack().await,
        }
    }

    /// Says that the hint is not needed any more, and that the slot is free for another: the job has
    /// ended, or is nothing for anybody. To be followed by [`Consumer::next`] at once.
    ///
    /// # Errors
    /// As [`Self::ack`].
    pub async fn ack_free(self) -> Result<(), QueueError> {
        match self.way_back {
            WayBack::InProcess(back) => {
                back.forget();
                Ok(())
            }
            #[cfg(feature = "amqp")]
            WayBack::Rabbit(held) => held.ack_free().await,
        }
    }
}

/// Brings a hint back into the queue of this process.
#[derive(Debug)]
struct Back {
    class: Class,
    hint: Option<Hint>,
    queue: Arc<InProcess>,
}

impl Back {
    fn forget(mut self) {
        self.hint = None;
    }
}

impl Drop for Back {
    fn drop(&mut self) {
        if let Some(hint) = self.hint.take() {
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
        let mut batch = queue.consume(Class::Batch);
        let mut other = queue.consume(Class::Batch);
        let mut quick = queue.consume(Class::Interactive);
        assert!(ready(batch.next()).is_none());
        ready(queue.publish(Class::Batch, &hint(1)))
            .unwrap()
            .unwrap();
        assert!(ready(quick.next()).is_none());
        let taken = ready(batch.next()).unwrap().unwrap();
        assert_eq!(taken.hint(), &hint(1));
        assert!(ready(other.next()).is_none());
        ready(taken.ack()).unwrap().unwrap();
        assert!(ready(other.next()).is_none());
    }

    #[test]
    fn what_is_dropped_comes_again() {
        let queue = Queue::in_process();
        let mut consumer = queue.consume(Class::Batch);
        ready(queue.publish(Class::Batch, &hint(1)))
            .unwrap()
            .unwrap();
        drop(ready(consumer.next()).unwrap().unwrap());
        let again = ready(consumer.next()).unwrap().unwrap();
        assert_eq!(again.hint(), &hint(1));
        ready(again.ack()).unwrap().unwrap();
        assert_eq!(ready(queue.waiting(Class::Batch)).unwrap().unwrap(), 0);
    }

    /// Two that wait, two hints at once: both wake, though a bell remembers one ring only.
    #[test]
    fn nobody_sleeps_beside_a_hint() {
        let queue = Queue::in_process();
        let mut first = queue.consume(Class::Batch);
        let mut second = queue.consume(Class::Batch);
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
        let mut consumer = queue.consume(Class::Batch);
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
