//! Queues of a real broker for a test, under names of their own, and what a test does to the broker
//! behind the queue's back.

use aimapper_core::id::JobId;
use aimapper_core::job::Class;
use aimapper_core::queue::{Broker, Queue};
use lapin::options::{ExchangeDeleteOptions, QueueDeleteOptions};
use lapin::{Channel, Connection, ConnectionProperties};

/// Names the broker for the tests.
const URL_VARIABLE: &str = "AIMAPPER_TEST_RABBITMQ_URL";

pub(crate) fn url() -> String {
    std::env::var(URL_VARIABLE).unwrap_or_else(|_| {
        panic!(
            "{URL_VARIABLE} names no RabbitMQ\n\
             hint: run `bash deploy/dev/test.sh`, or start one as it does, with \
             `bash deploy/dev/rabbitmq.sh start`, and set the variable to its URL"
        )
    })
}

/// Queues that nobody else has.
pub(crate) fn queue() -> Queue {
    let prefix = format!("aimapper.{}", JobId::generate());
    Queue::rabbit(Broker::new(&url(), &prefix).unwrap()).unwrap()
}

/// A channel of the test's own.
pub(crate) async fn channel() -> (Connection, Channel) {
    let properties = ConnectionProperties::default();
    let connection = Connection::connect(&url(), properties).await.unwrap();
    let channel = connection.create_channel().await.unwrap();
    (connection, channel)
}

/// Deletes what a test has made.
pub(crate) async fn clean_up(queue: &Queue) {
    let Some(broker) = queue.broker() else {
        return;
    };
    let (_connection, channel) = channel().await;
    for class in Class::ALL {
        delete(&channel, &broker.queue(*class)).await;
    }
    let exchange = broker.exchange().into();
    let deleted = channel.exchange_delete(exchange, ExchangeDeleteOptions::default());
    deleted.await.unwrap();
}

pub(crate) async fn delete(channel: &Channel, queue: &str) {
    let deleted = channel.queue_delete(queue.into(), QueueDeleteOptions::default());
    deleted.await.unwrap();
}
