//! The office of the leader, kept on a thread of its own: it has a connection for itself, and waits.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use aimapper_core::store::{Leader, Store};
use tokio::sync::{Notify, watch};

use crate::service::warn;

/// Between two looks whether the bell rang. Such a look asks nobody.
const LISTEN_EVERY: Duration = Duration::from_millis(10);

/// Between two signs of life of the leader, and two attempts to become it.
const STAY_EVERY: Duration = Duration::from_secs(1);

/// Whether this process leads.
#[derive(Debug, Clone)]
pub(crate) struct Seat(watch::Receiver<bool>);

impl Seat {
    /// Done when this process leads, which may be never.
    pub(crate) async fn taken(&self) {
        let mut leads = self.0.clone();
        if leads.wait_for(|leads| *leads).await.is_err() {
            // The thread has ended, and nobody stands any more.
            std::future::pending::<()>().await;
        }
    }
}

/// Stands for the office for as long as this is kept.
#[derive(Debug)]
pub(crate) struct Office {
    seat: Seat,
    thread: Thread,
    ended: Arc<AtomicBool>,
    /// Gives an error once the thread has let the office go.
    gone: mpsc::Receiver<()>,
}

impl Office {
    /// Stands for it. `bell` rings when a job becomes due anywhere, and
    /// when the office is taken.
    pub(crate) fn open(store: Arc<Store>, bell: Arc<Notify>) -> io::Result<Self> {
        let (say, leads) = watch::channel(false);
        let ended = Arc::new(AtomicBool::new(false));
        let (kept, gone) = mpsc::channel();
        let until = Arc::clone(&ended);
        let standing = thread::Builder::new()
            .name("leader".to_owned())
            .spawn(move || {
                stand(&store, &bell, &say, &until);
                drop(kept);
            })?;
        let seat = Seat(leads);
        let thread = standing.thread().clone();
        Ok(Self {
            seat,
            thread,
            ended,
            gone,
        })
    }

    /// For whoever works only while this process leads.
    pub(crate) fn seat(&self) -> Seat {
        self.seat.clone()
    }
}

impl Drop for Office {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        self.thread.unpark();
        // So that the next one can lead at once. A database that does not answer is not waited for.
        let _let_go = self.gone.recv_timeout(STAY_EVERY);
    }
}

fn stand(store: &Store, bell: &Notify, say: &watch::Sender<bool>, ended: &AtomicBool) {
    while !ended.load(Ordering::SeqCst) {
        match store.lead() {
            Ok(Some(leader)) => {
                say.send_replace(true);
                bell.notify_one();
                if let Err(error) = lead(leader, bell, ended) {
                    warn("the office of the leader is lost", &error);
                }
                say.send_replace(false);
            }
            Ok(None) => {}
            Err(error) => tracing::debug!(error = %error, "nobody can lead"),
        }
        pause(STAY_EVERY, ended);
    }
}

fn lead(
    mut leader: Leader,
    bell: &Notify,
    ended: &AtomicBool,
) -> Result<(), aimapper_core::store::StoreError> {
    if leader.is_alone() {
        while !ended.load(Ordering::SeqCst) {
            thread::park();
        }
        return Ok(());
    }
    let mut stayed = Instant::now();
    while !ended.load(Ordering::SeqCst) {
        if stayed.elapsed() >= STAY_EVERY {
            leader.stay()?;
            stayed = Instant::now();
        }
        if leader.rung()? {
            bell.notify_one();
        }
        thread::park_timeout(LISTEN_EVERY);
    }
    Ok(())
}

fn pause(time: Duration, ended: &AtomicBool) {
    let until = Instant::now() + time;
    while !ended.load(Ordering::SeqCst) {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        thread::park_timeout(left);
    }
}
