//! What the network and the broker do to hints.

use std::collections::BTreeSet;

use aimapper_core::job::{Class, State};
use aimapper_core::queue::{Broker, Hint, Queue, QueueError};
use aimapper_worker::relay;
use lapin::BasicProperties;
use lapin::options::{BasicGetOptions, BasicPublishOptions, ConfirmSelectOptions};

use crate::broker;
use crate::ground::{Ground, ROOM, done, left, some_id};

fn hint(epoch: i64) -> Hint {
    Hint::new(some_id(), epoch, None)
}

async fn publish(ground: &Ground, epoch: i64) {
    let hint = hint(epoch);
    ground.queue.publish(Class::Batch, &hint).await.unwrap();
}

fn name(ground: &Ground) -> String {
    ground.queue.broker().unwrap().queue(Class::Batch)
}

pub(crate) async fn a_queue_that_was_deleted_is_made_again(ground: &Ground) {
    publish(ground, 1).await;
    let (_connection, channel) = broker::channel().await;
    broker::delete(&channel, &name(ground)).await;
    // The broker acknowledges what it can bring nowhere; that is no success.
    let lost = ground.queue.publish(Class::Batch, &hint(2)).await;
    assert!(matches!(lost, Err(QueueError::NotConfirmed)), "{lost:?}");
    publish(ground, 3).await;
    assert_eq!(ground.next_hint().await.hint(), &hint(3));
}

pub(crate) async fn a_message_that_is_no_hint_is_put_aside(ground: &Ground) {
    publish(ground, 1).await;
    let (_connection, channel) = broker::channel().await;
    let taken = ground.next_hint().await;
    taken.ack().await.unwrap();
    let confirmed = channel.confirm_select(ConfirmSelectOptions::default());
    confirmed.await.unwrap();
    let sent = channel.basic_publish(
        "".into(),
        name(ground).into(),
        BasicPublishOptions::default(),
        b"{}",
        BasicProperties::default(),
    );
    sent.await.unwrap().await.unwrap();
    publish(ground, 2).await;
    let mut consumer = ground.queue.consume(Class::Batch);
    let odd = consumer.next().await.unwrap_err();
    assert!(matches!(odd, QueueError::NotAHint(_)), "{odd:?}");
    let next = consumer.next().await.unwrap();
    assert_eq!(next.hint(), &hint(2));
    next.ack().await.unwrap();
    // The policy of deploy/rabbitmq keeps it for whoever wants to know.
    let dead = loop {
        let asked = channel.basic_get("aimapper.dead".into(), BasicGetOptions { no_ack: true });
        if let Some(dead) = asked.await.unwrap() {
            break dead;
        }
    };
    assert_eq!(dead.data, b"{}");
}

pub(crate) async fn a_late_acknowledgement_is_no_success(ground: &Ground) {
    publish(ground, 1).await;
    let mut consumer = ground.queue.consume(Class::Batch);
    let held = consumer.next().await.unwrap();
    drop(consumer);
    ground.queue.reconnect().await;
    let again = ground.queue.consume(Class::Batch).next().await.unwrap();
    assert_eq!(again.hint(), held.hint());
    assert!(held.ack().await.is_err(), "somebody else has it");
    again.ack().await.unwrap();
    assert_eq!(ground.hints().await, 0);
}

pub(crate) async fn a_hint_that_is_held_comes_again_when_the_connection_is_lost(ground: &Ground) {
    let job = ground.submit();
    ground.relay(ROOM).await;
    let mut consumer = ground.queue.consume(Class::Batch);
    let lost = consumer.next().await.unwrap();
    drop(consumer);
    ground.queue.reconnect().await;
    let again = ground.queue.consume(Class::Batch).next().await.unwrap();
    let work = async |_, _| done();
    let stop = || std::future::pending();
    let taken = ground.worker.take(again, work, stop(), || 0).await;
    assert_eq!(left(&taken.unwrap()), Some(State::Succeeded));
    // Whoever had it first comes late, and is refused.
    let late = ground.another_worker().take(lost, work, stop(), || 0).await;
    assert!(late.is_err() || left(&late.unwrap()).is_none());
    assert_eq!(ground.standing(job).epoch, 1);
}

pub(crate) async fn a_slot_that_works_holds_no_hint(ground: &Ground) {
    publish(ground, 1).await;
    publish(ground, 2).await;
    let mut busy = ground.queue.consume(Class::Batch);
    let first = busy.next().await.unwrap();
    first.ack().await.unwrap();
    // It is acknowledged, so the broker would send the next one to whoever still listens.
    assert_eq!(ground.queue.listening(Class::Batch), 0);
    assert_eq!(ground.hints().await, 1);
    let mut free = ground.queue.consume(Class::Batch);
    assert_eq!(free.next().await.unwrap().hint(), &hint(2));
    drop(busy);
}

pub(crate) async fn a_slot_that_is_free_again_gets_the_next_hint(ground: &Ground) {
    publish(ground, 1).await;
    publish(ground, 2).await;
    let mut slot = ground.queue.consume(Class::Batch);
    let first = slot.next().await.unwrap();
    // It is not acknowledged, so the broker sends the next one to others.
    let mut free = ground.queue.consume(Class::Batch);
    let second = free.next().await.unwrap();
    assert_eq!([first.hint(), second.hint()], [&hint(1), &hint(2)]);
    first.ack_free().await.unwrap();
    publish(ground, 3).await;
    assert_eq!(slot.next().await.unwrap().hint(), &hint(3));
}

pub(crate) async fn a_hint_that_is_given_back_comes_to_another_slot(ground: &Ground) {
    publish(ground, 1).await;
    let mut slot = ground.queue.consume(Class::Batch);
    drop(slot.next().await.unwrap());
    let mut other = ground.queue.consume(Class::Batch);
    let again = other.next().await.unwrap();
    assert_eq!(again.hint(), &hint(1));
    again.ack().await.unwrap();
    publish(ground, 2).await;
    assert_eq!(slot.next().await.unwrap().hint(), &hint(2));
}

pub(crate) async fn a_broker_that_is_away_delays_and_loses_nothing(ground: &Ground) {
    // A port that nobody listens at.
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("amqp://{}", closed.local_addr().unwrap());
    drop(closed);
    let away = Queue::rabbit(Broker::new(&address, "aimapper").unwrap()).unwrap();
    let job = ground.submit();
    let relayed = relay(
        &ground.store,
        &away,
        |_| Ok([(Class::Batch, ROOM)].into()),
        u64::MAX,
    )
    .await;
    let failure = relayed.unwrap().failure;
    assert!(
        matches!(failure, Some(QueueError::Away { .. })),
        "{failure:?}"
    );
    assert_eq!(ground.state(job), State::Queued);
    ground.elapse(10_000);
    let taken = ground.run_next(async |_, _| done()).await;
    assert_eq!(left(&taken), Some(State::Succeeded));
    assert_eq!(ground.standing(job).attempt, 1);
}

pub(crate) async fn a_consumer_hears_again_after_the_connection_was_lost(ground: &Ground) {
    let (before, after) = (1, 2);
    let mut consumer = ground.queue.consume(Class::Batch);
    let listening = async {
        let mut heard = BTreeSet::new();
        while heard.len() < 2 {
            let taken = consumer.next().await.unwrap();
            let epoch = taken.hint().epoch;
            let acknowledged = taken.ack().await;
            // One that came by the old connection goes with it, and comes again by the new one; which of
            // the two it was is up to the network.
            if epoch == after {
                acknowledged.unwrap();
            }
            heard.insert(epoch);
        }
        heard
    };
    let losing = async {
        publish(ground, before).await;
        ground.queue.reconnect().await;
        publish(ground, after).await;
    };
    let (heard, ()) = tokio::join!(listening, losing);
    assert_eq!(heard, BTreeSet::from([before, after]));
}
