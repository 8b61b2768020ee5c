//! The loop of a worker.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aimapper_core::job::{Class, State};
use aimapper_worker::{Ended, Surroundings};
use tokio::sync::watch;
use tokio::time::sleep;

use crate::ground::{Ground, ROOM, done};

fn around(stop: watch::Receiver<bool>) -> Surroundings {
    Surroundings {
        stop,
        random: || 0,
        hear: Arc::new(|taken| assert!(taken.is_ok(), "{taken:?}")),
    }
}

pub(crate) async fn slots_run_everything_and_stop(ground: &Ground) {
    let jobs: Vec<_> = (0..12).map(|_| ground.submit()).collect();
    assert_eq!(ground.relay(ROOM).await.published, 12);
    let (say, stop) = watch::channel(false);
    let at_once = Arc::new(AtomicUsize::new(0));
    let most = Arc::new(AtomicUsize::new(0));
    let (now, ever) = (Arc::clone(&at_once), Arc::clone(&most));
    let work = move |_, _| {
        let (now, ever) = (Arc::clone(&now), Arc::clone(&ever));
        async move {
            ever.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            sleep(Duration::from_millis(100)).await;
            now.fetch_sub(1, Ordering::SeqCst);
            done()
        }
    };
    let serving = ground
        .worker
        .serve(&ground.queue, Class::Batch, 3, work, around(stop));
    let watching = async {
        while jobs
            .iter()
            .any(|job| ground.state(*job) != State::Succeeded)
        {
            sleep(Duration::from_millis(500)).await;
        }
        say.send(true).unwrap();
    };
    let (served, ()) = tokio::join!(serving, watching);
    served.unwrap();
    assert_eq!(most.load(Ordering::SeqCst), 3);
    assert_eq!(ground.hints().await, 0);
}

pub(crate) async fn jobs_that_run_when_the_process_ends_are_given_back(ground: &Ground) {
    let jobs: Vec<_> = (0..3).map(|_| ground.submit()).collect();
    ground.relay(ROOM).await;
    let (say, stop) = watch::channel(false);
    let work = |_, _| std::future::pending::<Ended>();
    let serving = ground
        .worker
        .serve(&ground.queue, Class::Batch, 2, work, around(stop));
    let running = || {
        jobs.iter()
            .filter(|job| ground.state(**job) == State::Running)
    };
    let stopping = async {
        while running().count() < 2 {
            sleep(Duration::from_millis(500)).await;
        }
        say.send(true).unwrap();
    };
    let (served, ()) = tokio::join!(serving, stopping);
    served.unwrap();
    assert_eq!(running().count(), 0);
    for job in jobs {
        let standing = ground.standing(job);
        assert_eq!((standing.attempt, standing.crashes), (0, 0));
        assert!(!standing.state.has_ended());
    }
    // The third is still in the queue, for whoever comes next.
    assert_eq!(ground.hints().await, 1);
}
