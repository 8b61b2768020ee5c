//! What happens when workers, hints and processes are lost.

use aimapper_core::job::{Class, State};
use aimapper_core::store::jobs::{self, Reaped};
use aimapper_worker::{Ended, Taken};
use tokio::time::{Instant, sleep};

use crate::ground::{Ground, LONG, ROOM, checkpoint, done, left};

pub(crate) async fn a_lease_that_runs_out_brings_the_job_back(ground: &Ground) {
    let job = ground.submit();
    let claim = ground.claim(job);
    ground.advance(&claim, 1);
    assert_eq!(ground.reap(), Reaped::default(), "the lease holds");
    ground.elapse(ground.rules.lease_ms);
    let reaped = ground.reap();
    assert_eq!((reaped.crashed, reaped.dead), (1, 0));
    let standing = ground.standing(job);
    assert_eq!((standing.state, standing.crashes), (State::Queued, 1));
    let failure = ground.job(job).failure.unwrap();
    assert_eq!(failure.code, "lease_expired");
    // At once: it is rather the worker that was lost.
    let claim = ground.claim(job);
    ground.elapse(ground.rules.lease_ms);
    assert_eq!(ground.reap().crashed, 1);
    // The second time not at once: what made it crash may still be there.
    assert_eq!(claim.fence.epoch, 2);
    assert_eq!(ground.relay(ROOM).await.published, 0);
    ground.elapse(ground.rules.base_ms);
    let taken = ground
        .run_next(async |claim, job| {
            assert_eq!(claim.fence.epoch, 3);
            assert_eq!(job.checkpoint, Some(checkpoint(1)), "it goes on from there");
            done()
        })
        .await;
    assert_eq!(left(&taken), Some(State::Succeeded));
}

pub(crate) async fn three_crashes_without_a_step_are_the_end(ground: &Ground) {
    let job = ground.submit();
    for crashes in 1..=3 {
        ground.elapse(LONG);
        ground.claim(job);
        ground.elapse(LONG);
        let reaped = ground.reap();
        assert_eq!(reaped.dead, usize::from(crashes == 3));
        assert_eq!(ground.standing(job).crashes, crashes);
    }
    assert_eq!(ground.state(job), State::Dead);
    assert!(ground.job(job).failure.is_some(), "no evidence");
    assert_eq!(ground.count("outbox"), 0);
    assert_eq!(ground.reap(), Reaped::default());
}

pub(crate) async fn a_step_forward_forgives_crashes(ground: &Ground) {
    let job = ground.submit();
    for chunk in 1..=5 {
        ground.elapse(LONG);
        let claim = ground.claim(job);
        ground.advance(&claim, chunk);
        ground.elapse(LONG);
        assert_eq!(ground.reap().dead, 0);
        assert_eq!(ground.standing(job).crashes, 1);
    }
    ground.elapse(LONG);
    let taken = ground.run_next(async |_, _| done()).await;
    assert_eq!(left(&taken), Some(State::Succeeded));
}

pub(crate) async fn a_worker_keeps_its_lease_as_long_as_it_works(ground: &Ground) {
    let job = ground.submit();
    let lease = ground.rules.lease_ms;
    let taken = ground
        .run_next(async |_, _| {
            for _ in 0..5 {
                sleep(ground.worker.pace.renew + ground.worker.pace.look).await;
                // Nearly all of the lease has passed in the database since it was renewed.
                ground.elapse(lease - 5_000);
                assert_eq!(ground.reap().crashed, 0, "the lease was not renewed");
            }
            done()
        })
        .await;
    assert_eq!(left(&taken), Some(State::Succeeded));
    assert_eq!(ground.standing(job).epoch, 1);
}

pub(crate) async fn a_worker_that_lost_its_job_stops(ground: &Ground) {
    let job = ground.submit();
    let began = Instant::now();
    let taken = ground
        .run_next(async |_, _| {
            ground.elapse(LONG);
            ground.reap();
            ground.elapse(LONG);
            ground.claim(job);
            std::future::pending::<Ended>().await
        })
        .await;
    assert_eq!(taken, Taken::Lost);
    ground.within(began, ground.worker.pace.renew + ground.worker.pace.look);
    let standing = ground.standing(job);
    assert_eq!((standing.state, standing.epoch), (State::Running, 2));
}

pub(crate) async fn a_worker_that_is_shut_down_gives_back(ground: &Ground) {
    let job = ground.submit();
    for round in 1..=5 {
        let taken = ground
            .run_next(async |claim, _| {
                ground.advance(&claim, round);
                Ended::Stopped
            })
            .await;
        assert_eq!(
            left(&taken),
            Some(State::Queued),
            "at once, and for nothing"
        );
        let standing = ground.standing(job);
        assert_eq!((standing.attempt, standing.crashes), (0, 0));
    }
    let hint = {
        assert_eq!(ground.relay(ROOM).await.published, 1);
        ground.next_hint().await
    };
    let other = ground.another_worker();
    let taken = other
        .take(hint, async |_, _| done(), std::future::pending(), || 0)
        .await
        .unwrap();
    assert_eq!(left(&taken), Some(State::Succeeded));
    assert_eq!(ground.job(job).checkpoint, Some(checkpoint(5)));
}

pub(crate) async fn a_hint_that_nobody_takes_is_published_again(ground: &Ground) {
    let job = ground.submit();
    assert_eq!(ground.relay(ROOM).await.published, 1);
    // Lost with whoever had it.
    ground.next_hint().await.ack().await.unwrap();
    assert_eq!(ground.reap().hints, 0, "somebody may still be on the way");
    assert_eq!(ground.relay(ROOM).await.published, 0);
    let left_lying = |class| {
        let asked = ground
            .store
            .read(|conn| jobs::left_lying(conn, &[class], ground.rules.hint_ms));
        asked.unwrap()
    };
    assert_eq!(left_lying(Class::Batch), 0);
    ground.elapse(ground.rules.hint_ms);
    assert_eq!(left_lying(Class::Batch), 1);
    assert_eq!(left_lying(Class::Interactive), 0);
    assert_eq!(ground.reap().hints, 1);
    assert_eq!(left_lying(Class::Batch), 0);
    assert_eq!(ground.state(job), State::Queued);
    let taken = ground.run_next(async |_, _| done()).await;
    assert_eq!(left(&taken), Some(State::Succeeded));
    assert_eq!(ground.standing(job).attempt, 1);
}

pub(crate) async fn a_process_that_takes_over_starts_at_once(ground: &Ground) {
    let running = ground.submit();
    let claim = ground.claim(running);
    ground.advance(&claim, 1);
    let dispatched = ground.submit();
    assert_eq!(ground.relay(ROOM).await.published, 1);
    // The process dies, and its queue with it.
    let next = Ground::new_process(ground);
    let taken_over = jobs::take_over(&next.store, &next.rules).unwrap();
    assert_eq!((taken_over.crashed, taken_over.hints), (1, 1));
    for _ in 0..2 {
        let taken = next.run_next(async |_, _| done()).await;
        assert_eq!(left(&taken), Some(State::Succeeded));
    }
    for job in [running, dispatched] {
        assert_eq!(next.state(job), State::Succeeded);
    }
    assert_eq!(next.hints().await, 0);
}
