//! Accepted means durable.

use aimapper_core::error::{ErrorKind, Explain};
use aimapper_core::job::{Class, Refusal, State};
use aimapper_core::queue::{Hint, Queue};
use aimapper_core::store::jobs::{self, IDEMPOTENCY_MS, Idempotency, Submitted};
use aimapper_core::store::{StoreError, outbox};
use aimapper_worker::{Taken, relay};

use crate::databases;
use crate::ground::{Ground, LONG, ROOM, done, left};

pub(crate) async fn an_accepted_job_outlives_the_process(ground: &Ground) {
    let job = ground.submit();
    // Another process: nothing of this one's connections, and a queue that knows nothing.
    let there = Ground::new_process(ground);
    assert_eq!(there.state(job), State::Queued);
    let taken = there.run_next(async |_, _| done()).await;
    assert_eq!(left(&taken), Some(State::Succeeded));
    assert_eq!(ground.state(job), State::Succeeded);
}

pub(crate) async fn a_transaction_that_fails_leaves_nothing(ground: &Ground) {
    let new = ground.new_job();
    let failed = ground.store.write(|conn| {
        jobs::submit(conn, &new, Some(&key("k", "body")))?;
        Err::<(), _>(StoreError::Nul { what: "test" })
    });
    assert!(matches!(failed, Err(StoreError::Nul { .. })));
    for table in ["jobs", "job_events", "outbox", "idempotency_keys"] {
        assert_eq!(ground.count(table), 0, "{table}");
    }
    // The key was not taken by what never happened.
    let again = ground
        .store
        .write(|conn| jobs::submit(conn, &new, Some(&key("k", "other"))));
    assert!(matches!(again.unwrap(), Submitted::New(_)));
}

pub(crate) async fn a_crash_before_the_hint_loses_nothing(ground: &Ground) {
    let job = ground.submit();
    let due = ground
        .store
        .read(|conn| outbox::due(conn, &[(Class::Batch, ROOM)].into()));
    assert_eq!(due.unwrap().len(), 1);
    // The relay dies here; another looks.
    let taken = ground.run_next(async |_, _| done()).await;
    assert_eq!(left(&taken), Some(State::Succeeded));
    assert_eq!(ground.state(job), State::Succeeded);
    assert_eq!(ground.count("outbox"), 0);
}

pub(crate) async fn a_crash_after_the_hint_runs_nothing_twice(ground: &Ground) {
    let job = ground.submit();
    let hint = Hint::new(job, 0, None);
    ground.queue.publish(Class::Batch, &hint).await.unwrap();
    // The relay dies before it says so; the next one publishes again.
    assert_eq!(ground.count("outbox"), 1);
    assert_eq!(ground.relay(ROOM).await.published, 1);
    assert_eq!(ground.hints().await, 2);
    let mut runs = 0;
    for _ in 0..2 {
        let hint = ground.next_hint().await;
        let work = async |_, _| done();
        let taken = ground
            .worker
            .take(hint, work, std::future::pending(), || 0)
            .await
            .unwrap();
        runs += i32::from(left(&taken).is_some());
    }
    assert_eq!(runs, 1);
    assert_eq!(ground.hints().await, 0);
    assert_eq!(ground.state(job), State::Succeeded);
}

pub(crate) async fn a_queue_that_is_away_refuses_no_job(ground: &Ground) {
    let away = Queue::in_process();
    away.close();
    let job = ground.submit();
    let relayed = relay(
        &ground.store,
        &away,
        |_| Ok([(Class::Batch, ROOM)].into()),
        u64::MAX,
    )
    .await;
    assert!(relayed.unwrap().failure.is_some());
    assert_eq!(ground.state(job), State::Queued);
    // Not at once, but soon; and the job's attempts are untouched.
    assert_eq!(ground.relay(ROOM).await.published, 0);
    ground.elapse(10_000);
    assert_eq!(ground.standing(job).attempt, 0);
    let taken = ground.run_next(async |_, _| done()).await;
    assert_eq!(left(&taken), Some(State::Succeeded));
}

fn key<'a>(key: &'a str, body: &'a str) -> Idempotency<'a> {
    Idempotency {
        route: "POST /runs",
        key,
        body_sha256: body,
    }
}

fn submit(ground: &Ground, idempotency: &Idempotency<'_>) -> Result<Submitted, StoreError> {
    let new = ground.new_job();
    ground
        .store
        .write(|conn| jobs::submit(conn, &new, Some(idempotency)))
}

pub(crate) async fn a_repeated_request_gets_the_same_job(ground: &Ground) {
    let first = submit(ground, &key("k", "body")).unwrap();
    assert!(matches!(first, Submitted::New(_)));
    let again = submit(ground, &key("k", "body")).unwrap();
    assert_eq!(again, Submitted::Repeated(first.id()));
    let other = submit(ground, &key("k", "other body")).unwrap_err();
    assert!(matches!(&other, StoreError::OtherBody { key } if key == "k"));
    assert_eq!(other.kind(), ErrorKind::Invalid);
    assert_eq!(ground.count("jobs"), 1);
    // Also once the job has ended.
    ground.run_next(async |_, _| done()).await;
    let late = submit(ground, &key("k", "body")).unwrap();
    assert_eq!(late, Submitted::Repeated(first.id()));
}

pub(crate) async fn two_requests_at_once_make_one_job(ground: &Ground) {
    for round in 0..5 {
        let name = format!("k{round}");
        let submitted: Vec<Submitted> = std::thread::scope(|scope| {
            let requests: Vec<_> = (0..4)
                .map(|_| scope.spawn(|| submit(ground, &key(&name, "body")).unwrap()))
                .collect();
            requests.into_iter().map(|it| it.join().unwrap()).collect()
        });
        let new = submitted
            .iter()
            .filter(|it| matches!(it, Submitted::New(_)));
        assert_eq!(new.count(), 1, "{submitted:?}");
        assert!(submitted.iter().all(|it| it.id() == submitted[0].id()));
        assert_eq!(ground.count("jobs"), round + 1);
    }
}

pub(crate) async fn a_key_is_per_tenant_and_route_and_expires(ground: &Ground) {
    let first = submit(ground, &key("k", "body")).unwrap();
    let route = Idempotency {
        route: "POST /sources",
        ..key("k", "body")
    };
    assert!(matches!(submit(ground, &route), Ok(Submitted::New(_))));
    let (tenant, user) = databases::tenant(&ground.store, "two");
    let mut new = ground.new_job();
    (new.tenant, new.created_by) = (tenant, user);
    let theirs = ground
        .store
        .write(|conn| jobs::submit(conn, &new, Some(&key("k", "another body"))));
    assert!(matches!(theirs, Ok(Submitted::New(_))));
    // A day later the key is free.
    let day = format!("UPDATE idempotency_keys SET expires_at = expires_at - {IDEMPOTENCY_MS}");
    databases::run(&ground.store, &day);
    let later = submit(ground, &key("k", "another body")).unwrap();
    assert!(matches!(later, Submitted::New(id) if id != first.id()));
    let again = submit(ground, &key("k", "another body")).unwrap();
    assert_eq!(again, Submitted::Repeated(later.id()));
}

pub(crate) async fn a_job_waits_for_its_time(ground: &Ground) {
    let mut new = ground.new_job();
    new.delay_ms = LONG;
    let job = ground.submit_as(&new);
    assert_eq!(ground.relay(ROOM).await.published, 0);
    // A hint that came by mistake does not hurry it.
    let hint = Hint::new(job, 0, None);
    ground.queue.publish(Class::Batch, &hint).await.unwrap();
    let hint = ground.next_hint().await;
    let work = async |_, _| done();
    let taken = ground
        .worker
        .take(hint, work, std::future::pending(), || 0)
        .await
        .unwrap();
    assert!(
        matches!(taken, Taken::Void(Refusal::NotDue(_))),
        "{taken:?}"
    );
    ground.elapse(LONG);
    let taken = ground.run_next(async |_, _| done()).await;
    assert_eq!(left(&taken), Some(State::Succeeded));
}
