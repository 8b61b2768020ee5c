//! Failures, and what is done about them.

use aimapper_core::error::{ErrorKind, Explain};
use aimapper_core::id::JobId;
use aimapper_core::job::{Evidence, Failure, FailureClass, Refusal, State};
use aimapper_core::store::StoreError;
use aimapper_core::store::jobs::{self, JobRecord};
use aimapper_worker::Ended;

use crate::ground::{Ground, LONG, ROOM, checkpoint, done, failed, failure, left};

fn redrive(ground: &Ground, job: JobId) -> Result<JobRecord, StoreError> {
    ground
        .store
        .write(|conn| jobs::redrive(conn, ground.tenant, job, ground.user))
}

pub(crate) async fn what_may_pass_is_tried_again_later(ground: &Ground) {
    let job = ground.submit();
    let taken = ground
        .run_next(async |_, _| failed(FailureClass::Transient))
        .await;
    assert_eq!(left(&taken), Some(State::Queued));
    assert_eq!(
        ground.job(job).failure,
        Some(failure(FailureClass::Transient))
    );
    assert_eq!(ground.relay(ROOM).await.published, 0);
    // The dice of the ground give the longest delay.
    ground.elapse(ground.rules.base_ms);
    let taken = ground.run_next(async |_, _| done()).await;
    assert_eq!(left(&taken), Some(State::Succeeded));
    assert_eq!(ground.standing(job).attempt, 2);
}

pub(crate) async fn after_so_many_attempts_it_failed(ground: &Ground) {
    let job = ground.submit();
    let mut states = Vec::new();
    for _ in 0..3 {
        ground.elapse(LONG);
        let taken = ground
            .run_next(async |_, _| failed(FailureClass::Transient))
            .await;
        states.extend(left(&taken));
    }
    assert_eq!(states, [State::Queued, State::Queued, State::Failed]);
    ground.elapse(LONG);
    assert_eq!(ground.relay(ROOM).await.published, 0);
    assert_eq!(ground.state(job), State::Failed);
}

pub(crate) async fn what_would_fail_again_ends_at_once(ground: &Ground) {
    let job = ground.submit();
    let failure = Failure {
        hint: None,
        evidence: Some(Evidence {
            exit_code: Some(1),
            signal: None,
            stderr: "the end of what it said, with \0 in it".to_owned(),
        }),
        code: "no_space".to_owned(),
        ..failure(FailureClass::Permanent)
    };
    let ended = Ended::Failed {
        failure: failure.clone(),
        retry_after_ms: 0,
    };
    let taken = ground.run_next(async |_, _| ended).await;
    assert_eq!(left(&taken), Some(State::Failed));
    assert_eq!(ground.job(job).failure, Some(failure));
    assert_eq!(ground.count("outbox"), 0);
}

pub(crate) async fn somebody_else_may_ask_for_a_delay(ground: &Ground) {
    ground.submit();
    let ended = Ended::Failed {
        failure: failure(FailureClass::Transient),
        retry_after_ms: 600_000,
    };
    ground.run_next(async |_, _| ended).await;
    ground.elapse(599_000);
    assert_eq!(ground.relay(ROOM).await.published, 0);
    ground.elapse(1_000);
    assert_eq!(ground.relay(ROOM).await.published, 1);
}

pub(crate) async fn an_ended_job_can_be_redriven(ground: &Ground) {
    let job = ground.submit();
    let waiting = redrive(ground, job).unwrap_err();
    assert_eq!(
        waiting.refusal(),
        Some(Refusal::NotRedrivable(State::Queued))
    );
    // One that failed.
    ground
        .run_next(async |_, _| failed(FailureClass::Permanent))
        .await;
    let again = redrive(ground, job).unwrap();
    assert_eq!(
        (again.standing.state, again.standing.attempt),
        (State::Queued, 0)
    );
    // One that was cancelled.
    ground
        .store
        .write(|conn| jobs::cancel(conn, ground.tenant, job, ground.user))
        .unwrap();
    redrive(ground, job).unwrap();
    // One that is dead.
    for _ in 0..3 {
        ground.elapse(LONG);
        ground.claim(job);
        ground.elapse(LONG);
        ground.reap();
    }
    assert_eq!(ground.state(job), State::Dead);
    redrive(ground, job).unwrap();
    let taken = ground.run_next(async |_, _| done()).await;
    assert_eq!(left(&taken), Some(State::Succeeded));
    // One that succeeded is not.
    let error = redrive(ground, job).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(ground.state(job), State::Succeeded);
}

pub(crate) async fn redriving_goes_on_from_the_checkpoint(ground: &Ground) {
    let job = ground.submit();
    ground
        .run_next(async |claim, _| {
            ground.advance(&claim, 1);
            ground.advance(&claim, 2);
            failed(FailureClass::Permanent)
        })
        .await;
    assert_eq!(ground.state(job), State::Failed);
    redrive(ground, job).unwrap();
    let taken = ground
        .run_next(async |claim, job| {
            assert_eq!(job.checkpoint, Some(checkpoint(2)));
            ground.advance(&claim, 3);
            done()
        })
        .await;
    assert_eq!(left(&taken), Some(State::Succeeded));
    let chunks = ground
        .store
        .read(|conn| aimapper_core::store::outputs::published(conn, ground.tenant, job));
    let chunks: Vec<(i64, i64)> = chunks
        .unwrap()
        .iter()
        .map(|it| (it.chunk, it.epoch))
        .collect();
    assert_eq!(chunks, [(0, 1), (1, 1), (2, 2)], "each chunk once");
}
