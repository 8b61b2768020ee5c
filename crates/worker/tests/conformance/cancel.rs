//! Cancelling, in each state.

use std::time::Duration;

use aimapper_core::error::{ErrorKind, Explain};
use aimapper_core::id::JobId;
use aimapper_core::job::{FailureClass, Refusal, State};
use aimapper_core::store::jobs::{self, JobRecord};
use aimapper_core::store::{StoreError, outputs};
use aimapper_worker::{Ended, Taken};
use tokio::time::Instant;

use crate::databases;
use crate::ground::{Ground, LONG, ROOM, done, failed, left};

fn cancel(ground: &Ground, job: JobId) -> Result<JobRecord, StoreError> {
    ground
        .store
        .write(|conn| jobs::cancel(conn, ground.tenant, job, ground.user))
}

pub(crate) async fn one_that_waits_is_cancelled_at_once(ground: &Ground) {
    let job = ground.submit();
    let cancelled = cancel(ground, job).unwrap();
    assert_eq!(cancelled.standing.state, State::Cancelled);
    assert_eq!(ground.count("outbox"), 0);
    assert_eq!(ground.relay(ROOM).await.published, 0);
    let by = &ground.events(job)[1].body["by"];
    assert_eq!(by, &serde_json::json!(ground.user));
}

pub(crate) async fn one_that_is_dispatched_is_cancelled_at_once(ground: &Ground) {
    let job = ground.submit();
    ground.relay(ROOM).await;
    assert_eq!(ground.state(job), State::Dispatched);
    cancel(ground, job).unwrap();
    // Its hint is still on the way, and void.
    let hint = ground.next_hint().await;
    let work = async |_, _| -> Ended { panic!("it was run") };
    let taken = ground
        .worker
        .take(hint, work, std::future::pending(), || 0)
        .await
        .unwrap();
    assert_eq!(taken, Taken::Void(Refusal::NotWaiting(State::Cancelled)));
    assert_eq!(ground.hints().await, 0);
}

pub(crate) async fn one_that_runs_is_stopped(ground: &Ground) {
    let job = ground.submit();
    let began = Instant::now();
    let taken = ground
        .run_next(async |claim, _| {
            ground.advance(&claim, 1);
            let asked = cancel(ground, job).unwrap();
            assert_eq!(asked.standing.state, State::Running);
            // Twice is once.
            cancel(ground, job).unwrap();
            std::future::pending::<Ended>().await
        })
        .await;
    assert_eq!(left(&taken), Some(State::Cancelled));
    ground.within(began, Duration::from_secs(2));
    let listed = ground
        .store
        .read(|conn| outputs::published(conn, ground.tenant, job));
    assert_eq!(listed.unwrap(), [], "half a result is visible");
    // Work that is done before it is stopped is done.
    let job = ground.submit();
    let taken = ground
        .run_next(async |_, _| {
            cancel(ground, job).unwrap();
            done()
        })
        .await;
    assert_eq!(left(&taken), Some(State::Succeeded));
}

pub(crate) async fn one_whose_worker_is_lost_is_not_tried_again(ground: &Ground) {
    let job = ground.submit();
    ground.claim(job);
    cancel(ground, job).unwrap();
    ground.elapse(LONG);
    ground.reap();
    assert_eq!(ground.state(job), State::Cancelled);
    // Nor one that fails meanwhile.
    let job = ground.submit();
    let taken = ground
        .run_next(async |_, _| {
            cancel(ground, job).unwrap();
            failed(FailureClass::Transient)
        })
        .await;
    assert_eq!(left(&taken), Some(State::Cancelled));
}

pub(crate) async fn one_that_has_ended_stays_as_it_is(ground: &Ground) {
    let succeeded = ground.submit();
    ground.run_next(async |_, _| done()).await;
    let permanent = ground.submit();
    ground
        .run_next(async |_, _| failed(FailureClass::Permanent))
        .await;
    let cancelled = ground.submit();
    cancel(ground, cancelled).unwrap();
    let dead = ground.submit();
    for _ in 0..3 {
        ground.elapse(LONG);
        ground.claim(dead);
        ground.elapse(LONG);
        ground.reap();
    }
    let before = databases::everything(&ground.store);
    for (job, state) in [
        (succeeded, State::Succeeded),
        (permanent, State::Failed),
        (cancelled, State::Cancelled),
        (dead, State::Dead),
    ] {
        let error = cancel(ground, job).unwrap_err();
        assert_eq!(error.refusal(), Some(Refusal::HasEnded(state)));
        assert_eq!(error.kind(), ErrorKind::Conflict);
    }
    assert_eq!(databases::everything(&ground.store), before);
}
