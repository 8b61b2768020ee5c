//! Hints through RabbitMQ (AMQP 0-9-1), version 3.10 or later.
//!
//! - A direct exchange and one quorum queue for each class. Code says only `x-queue-type`, which cannot
//!   be changed later; limits and the place of dead messages are a policy (deploy/rabbitmq).
//! - A hint is published persistent and mandatory, and is safe once the broker has confirmed it. One
//!   that no queue took is confirmed as well, and returned: that counts as not published.
//! - Publishing and consuming have a connection each, because a broker that is short of something
//!   stops connections that publish.
//! - No hint waits behind a job: a consumer gets one hint and no other before it has acknowledged that, and
//!   a slot that acknowledges while it works is no consumer until it is free. One that waits until a short
//!   job has ended stays one; to register and to cancel cost the broker as much as the hint itself.
//! - Whatever breaks, connection and channel are thrown away and made anew with all that belongs to
//!   them. That is one way for a lost network, a restarted broker, a channel that the broker closed
//!   and a queue that somebody deleted; the library's own recovery would be a second one, for the
//!   first two only.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex as Lock, PoisonError};
use std::time::Duration;

use futures_util::StreamExt as _;
use lapin::Acker;
use lapin::Confirmation;
use lapin::options::{
    BasicAckOptions, BasicCancelOptions, BasicConsumeOptions, BasicNackOptions,
    BasicPublishOptions, BasicQosOptions, BasicRejectOptions, ConfirmSelectOptions,
    ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions,
};
use lapin::types::{AMQPValue, FieldTable, ShortString};
use lapin::uri::AMQPUri;
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties, ExchangeKind};
use tokio::sync::{Mutex, watch};
use tokio::time::{Instant, sleep, timeout};

use super::{Broker, Hint, QueueError};
use crate::job::Class;

/// How long the broker may take to answer anything but a wait for hints.
const ANSWER: Duration = Duration::from_secs(10);

/// Seconds without a sign of life, after twice of which a connection is lost.
const HEARTBEAT: u16 = 10;

/// Between two attempts to reach the broker: at first, and at most.
const PAUSE: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));

/// Code of an end in order (AMQP 0-9-1, `reply-success`).
const REPLY_SUCCESS: u16 = 200;

/// `delivery_mode` of a message that is written to disk.
const PERSISTENT: u8 = 2;

pub(super) struct Rabbit {
    broker: Broker,
    uri: AMQPUri,
    publishing: Mutex<Publishing>,
    consuming: Mutex<Option<Arc<Connection>>>,
    /// Consumers that the broker knows of, by class.
    listening: [AtomicUsize; Class::ALL.len()],
    closed: watch::Sender<bool>,
}

/// What hints are published by.
#[derive(Default)]
struct Publishing {
    line: Option<(Connection, Channel)>,
    /// When the broker could not be reached.
    failed: Option<Instant>,
}

impl Rabbit {
    /// Reads the address, and connects only when there is something to do.
    pub(super) fn new(broker: Broker) -> Result<Self, QueueError> {
        let parsed: Result<AMQPUri, String> = broker.url().parse();
        let mut uri = parsed.map_err(|said| QueueError::Address {
            said: broker.censor(&said),
        })?;
        uri.query.heartbeat.get_or_insert(HEARTBEAT);
        Ok(Self {
            broker,
            uri,
            publishing: Mutex::default(),
            consuming: Mutex::default(),
            listening: Default::default(),
            closed: watch::Sender::new(false),
        })
    }

    pub(super) const fn broker(&self) -> &Broker {
        &self.broker
    }

    pub(super) fn close(&self) {
        self.closed.send_replace(true);
    }

    pub(super) fn listening(&self, class: Class) -> usize {
        let count = self.listening.get(class as usize);
        count.map_or(0, |count| count.load(Ordering::SeqCst))
    }

    pub(super) async fn publish(&self, class: Class, hint: &Hint) -> Result<(), QueueError> {
        if *self.closed.borrow() {
            return Err(QueueError::Closed);
        }
        let message = hint.to_bytes()?;
        let channel = self.publisher().await?;
        let sent = answer("publish a hint", async {
            let options = BasicPublishOptions {
                mandatory: true,
                ..BasicPublishOptions::default()
            };
            let properties = BasicProperties::default()
                .with_delivery_mode(PERSISTENT)
                .with_content_type("application/json".into());
            let key = class.word().into();
            channel
                .basic_publish(self.exchange(), key, options, &message, properties)
                .await?
                .await
        });
        match sent.await {
            Ok(Confirmation::Ack(None)) => Ok(()),
            // Refused, or no queue took it: perhaps somebody deleted the queue.
            Ok(_) => {
                self.hang_up(&channel).await;
                Err(QueueError::NotConfirmed)
            }
            Err(error) => {
                self.hang_up(&channel).await;
                Err(error)
            }
        }
    }

    /// Hints of a class that are ready for a consumer.
    pub(super) async fn waiting(&self, class: Class) -> Result<usize, QueueError> {
        let channel = self.publisher().await?;
        let options = QueueDeclareOptions {
            passive: true,
            ..QueueDeclareOptions::default()
        };
        let queue = self.queue(class);
        let asked = channel.queue_declare(queue, options, FieldTable::default());
        match answer("count hints", asked).await {
            Ok(queue) => Ok(usize::try_from(queue.message_count()).unwrap_or(usize::MAX)),
            Err(error) => {
                self.hang_up(&channel).await;
                Err(error)
            }
        }
    }

    /// Whether the connection of the consumers stands, as far as is known. One that is being made does
    /// not yet.
    pub(super) fn is_connected(&self) -> bool {
        self.consuming.try_lock().is_ok_and(|line| {
            line.as_ref()
                .is_some_and(|connection| connection.status().connected())
        })
    }

    /// Throws the connection of the consumers away; they make a new one.
    pub(super) async fn reconnect(&self) {
        let held = self.consuming.lock().await.take();
        if let Some(connection) = held {
            // Those that hold a hint would keep it open.
            let closed = connection.close(REPLY_SUCCESS, "connects anew".into());
            let _gone_already = answer("close a connection", closed).await;
        }
    }

    /// The channel to publish on. Copies of it are used side by side.
    async fn publisher(&self) -> Result<Channel, QueueError> {
        let mut publishing = self.publishing.lock().await;
        if let Some((_, channel)) = &publishing.line
            && channel.status().connected()
        {
            return Ok(channel.clone());
        }
        publishing.line = None;
        // Of many hints at once, one tries.
        if publishing.failed.is_some_and(|at| at.elapsed() < PAUSE.0) {
            return Err(QueueError::NotConfirmed);
        }
        match self.new_publisher().await {
            Ok((connection, channel)) => {
                publishing.failed = None;
                publishing.line = Some((connection, channel.clone()));
                Ok(channel)
            }
            Err(error) => {
                publishing.failed = Some(Instant::now());
                Err(error)
            }
        }
    }

    async fn new_publisher(&self) -> Result<(Connection, Channel), QueueError> {
        let connection = self.connect("publishes").await?;
        let channel = self.open(&connection).await?;
        let confirms = channel.confirm_select(ConfirmSelectOptions::default());
        answer("ask for confirmations", confirms).await?;
        Ok((connection, channel))
    }

    /// Throws the connection away that a channel belongs to, unless somebody did.
    async fn hang_up(&self, channel: &Channel) {
        let mut publishing = self.publishing.lock().await;
        let held = publishing.line.as_ref();
        if held.is_some_and(|(_, ours)| ours == channel) {
            publishing.line = None;
        }
    }

    /// A channel for one consumer.
    async fn listener(&self) -> Result<Wire, QueueError> {
        let mut line = self.consuming.lock().await;
        let held = line.take().filter(|held| held.status().connected());
        let connection = match held {
            Some(connection) => connection,
            None => Arc::new(self.connect("consumes").await?),
        };
        *line = Some(Arc::clone(&connection));
        drop(line);
        let channel = self.open(&connection).await?;
        let one = channel.basic_qos(1, BasicQosOptions::default());
        answer("ask for one hint at a time", one).await?;
        Ok(Wire {
            channel,
            _connection: connection,
        })
    }

    async fn connect(&self, what_for: &str) -> Result<Connection, QueueError> {
        let name = format!("aimapper {what_for}");
        let properties = ConnectionProperties::default().with_connection_name(name.into());
        let connected = Connection::connect_uri(self.uri.clone(), properties);
        answer("reach the broker", connected).await
    }

    /// A channel over which exchange and queues are there.
    async fn open(&self, connection: &Connection) -> Result<Channel, QueueError> {
        let made = async {
            let channel = connection.create_channel().await?;
            let durable = ExchangeDeclareOptions {
                durable: true,
                ..ExchangeDeclareOptions::default()
            };
            channel
                .exchange_declare(
                    self.exchange(),
                    ExchangeKind::Direct,
                    durable,
                    FieldTable::default(),
                )
                .await?;
            for class in Class::ALL {
                let queue = self.queue(*class);
                let mut arguments = FieldTable::default();
                let quorum = AMQPValue::LongString("quorum".into());
                arguments.insert("x-queue-type".into(), quorum);
                channel
                    .queue_declare(queue.clone(), QueueDeclareOptions::durable(), arguments)
                    .await?;
                channel
                    .queue_bind(
                        queue,
                        self.exchange(),
                        class.word().into(),
                        QueueBindOptions::default(),
                        FieldTable::default(),
                    )
                    .await?;
            }
            Ok(channel)
        };
        answer("make the queues", made).await
    }

    fn exchange(&self) -> ShortString {
        self.broker.exchange().into()
    }

    fn queue(&self, class: Class) -> ShortString {
        self.broker.queue(class).into()
    }
}

impl std::fmt::Debug for Rabbit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Rabbit({})", self.broker)
    }
}

/// Waits for the broker's answer, but not for ever.
async fn answer<T>(
    doing: &'static str,
    asked: impl Future<Output = lapin::Result<T>>,
) -> Result<T, QueueError> {
    match timeout(ANSWER, asked).await {
        Ok(answered) => answered.map_err(|error| QueueError::Away {
            doing,
            source: Box::new(error),
        }),
        Err(late) => Err(QueueError::Away {
            doing,
            source: Box::new(late),
        }),
    }
}

/// A slot that takes hints.
#[derive(Debug)]
pub(super) struct RabbitConsumer {
    rabbit: Arc<Rabbit>,
    class: Class,
    line: Option<Line>,
    pause: Duration,
}

/// What a consumer is connected with.
#[derive(Debug)]
struct Line {
    wire: Wire,
    /// There while the broker knows of a free slot, or of one that will be soon.
    hints: Option<lapin::Consumer>,
    known: Known,
}

/// A channel of a consumer, closed when neither it nor a hint that came by it is there any more.
#[derive(Debug, Clone)]
struct Wire {
    channel: Channel,
    _connection: Arc<Connection>,
}

/// One of the consumers that the broker knows of.
#[derive(Debug)]
struct Counted(Arc<Rabbit>, Class);

impl Counted {
    fn new(rabbit: &Arc<Rabbit>, class: Class) -> Self {
        if let Some(count) = rabbit.listening.get(class as usize) {
            count.fetch_add(1, Ordering::SeqCst);
        }
        Self(Arc::clone(rabbit), class)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        if let Some(count) = self.0.listening.get(self.1 as usize) {
            count.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

/// Whether the broker knows of a slot; shared with the hint that the slot has.
#[derive(Debug, Clone, Default)]
struct Known(Arc<Lock<Option<Counted>>>);

impl Known {
    fn comes(&self, rabbit: &Arc<Rabbit>, class: Class) {
        self.set(Some(Counted::new(rabbit, class)));
    }

    fn goes(&self) {
        self.set(None);
    }

    fn set(&self, counted: Option<Counted>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = counted;
    }

    fn is_there(&self) -> bool {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.is_some()
    }
}

/// Tells the broker that a consumer is none any more.
async fn sign_off(wire: &Wire, tag: &ShortString) -> lapin::Result<()> {
    let options = BasicCancelOptions::default();
    wire.channel.basic_cancel(tag.clone(), options).await
}

impl RabbitConsumer {
    pub(super) const fn new(rabbit: Arc<Rabbit>, class: Class) -> Self {
        Self {
            rabbit,
            class,
            line: None,
            pause: PAUSE.0,
        }
    }

    pub(super) async fn next(&mut self) -> Result<(Hint, Held), QueueError> {
        let mut closed = self.rabbit.closed.subscribe();
        loop {
            let next = tokio::select! {
                biased;
                _ = closed.wait_for(|closed| *closed) => return Err(QueueError::Closed),
                next = self.listen() => next,
            };
            match next {
                Ok((message, held)) => {
                    self.pause = PAUSE.0;
                    return match Hint::from_bytes(&message) {
                        Ok(hint) => Ok((hint, held)),
                        Err(error) => {
                            held.put_aside().await;
                            Err(error.into())
                        }
                    };
                }
                Err(error) => self.lost(&error),
            }
            tokio::select! {
                biased;
                _ = closed.wait_for(|closed| *closed) => return Err(QueueError::Closed),
                () = sleep(self.pause) => self.pause = (self.pause * 2).min(PAUSE.1),
            }
        }
    }

    fn lost(&mut self, error: &QueueError) {
        self.line = None;
        // Once, not at each attempt.
        if self.pause == PAUSE.0 {
            let cause = std::error::Error::source(error).map(ToString::to_string);
            let cause = cause.unwrap_or_default();
            let cause = self.rabbit.broker.censor(&cause);
            tracing::warn!(error = %error, cause, class = self.class.word(), "no hints are heard");
        }
    }

    /// The next message. May be dropped while it waits.
    async fn listen(&mut self) -> Result<(Vec<u8>, Held), QueueError> {
        let line = match &mut self.line {
            Some(line) => line,
            empty @ None => {
                let wire = self.rabbit.listener().await?;
                empty.insert(Line {
                    wire,
                    hints: None,
                    known: Known::default(),
                })
            }
        };
        if !line.known.is_there() {
            line.hints = None;
        }
        let hints = match &mut line.hints {
            Some(hints) => hints,
            empty @ None => {
                let queue = self.rabbit.queue(self.class);
                let options = BasicConsumeOptions::default();
                let asked = line.wire.channel.basic_consume(
                    queue,
                    "".into(),
                    options,
                    FieldTable::default(),
                );
                let hints = answer("listen for hints", asked).await?;
                line.known.comes(&self.rabbit, self.class);
                empty.insert(hints)
            }
        };
        let delivery = match hints.next().await {
            Some(Ok(delivery)) => delivery,
            Some(Err(error)) => {
                return Err(QueueError::Away {
                    doing: "listen for hints",
                    source: Box::new(error),
                });
            }
            None => return Err(QueueError::Closed),
        };
        let held = Held {
            acker: Some(delivery.acker),
            wire: line.wire.clone(),
            tag: hints.tag(),
            known: line.known.clone(),
        };
        Ok((delivery.data, held))
    }
}

/// A message that the broker keeps until it is told what became of it.
#[derive(Debug)]
pub(super) struct Held {
    acker: Option<Acker>,
    /// What it came by, and goes back by.
    wire: Wire,
    /// The consumer that it came to.
    tag: ShortString,
    known: Known,
}

impl Held {
    /// Acknowledges it after the slot has signed off, so that no other comes.
    pub(super) async fn ack(self) -> Result<(), QueueError> {
        self.known.goes();
        answer("stop to listen", sign_off(&self.wire, &self.tag)).await?;
        self.ack_free().await
    }

    pub(super) async fn ack_free(mut self) -> Result<(), QueueError> {
        let Some(acker) = self.acker.take() else {
            return Err(QueueError::NotOurs);
        };
        // On a channel that is gone this gives false and no error.
        match answer("acknowledge a hint", acker.ack(BasicAckOptions::default())).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(QueueError::NotOurs),
            Err(error) => Err(error),
        }
    }

    /// What is no hint of ours goes where the policy says.
    async fn put_aside(mut self) {
        if let Some(acker) = self.acker.take() {
            let options = BasicRejectOptions { requeue: false };
            // If that fails it comes again, and is put aside then.
            let _comes_again = answer("put a message aside", acker.reject(options)).await;
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let (Some(acker), Ok(runtime)) = (self.acker.take(), tokio::runtime::Handle::try_current())
        else {
            // Without a runtime the process ends, and the connection with it.
            return;
        };
        let (wire, tag) = (self.wire.clone(), self.tag.clone());
        self.known.goes();
        runtime.spawn(async move {
            // First, so that it comes to another slot.
            let _lost_as_well = answer("stop to listen", sign_off(&wire, &tag)).await;
            let options = BasicNackOptions {
                requeue: true,
                ..BasicNackOptions::default()
            };
            let _lost_with_its_connection = answer("give a hint back", acker.nack(options)).await;
        });
    }
}
