//! Each job ends exactly once, and what counts is of one attempt after the other.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use aimapper_core::blob::{Blobs, Key};
use aimapper_core::id::{JobId, WorkerId};
use aimapper_core::job::{Class, FailureClass, Refusal, State};
use aimapper_core::queue::Hint;
use aimapper_core::store::jobs::{self, Claim, Claimed, Happening};
use aimapper_core::store::{StoreError, blobs, outputs};
use aimapper_worker::Taken;

use crate::databases;
use crate::ground::{Ground, LONG, ROOM, checkpoint, done, failed, failure, left, named, outcome};

pub(crate) async fn of_many_claims_one_is_the_job(ground: &Ground) {
    for round in 0..10 {
        let job = ground.submit();
        let won: usize = std::thread::scope(|scope| {
            let claims: Vec<_> = (0..4)
                .map(|_| {
                    scope.spawn(|| {
                        let me = WorkerId::generate();
                        let claimed = ground
                            .store
                            .write(|conn| jobs::claim(conn, job, me, &ground.rules))
                            .unwrap();
                        match claimed {
                            Claimed::Yes(..) => 1,
                            Claimed::No(refusal) => {
                                assert_eq!(refusal, Refusal::NotWaiting(State::Running));
                                0
                            }
                        }
                    })
                })
                .collect();
            claims.into_iter().map(|it| it.join().unwrap()).sum()
        });
        assert_eq!(won, 1, "round {round}");
        assert_eq!(ground.standing(job).epoch, 1);
    }
}

/// A small random number generator, so that a failure can be repeated (Knuth's MMIX).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }
}

/// Doubled hints, workers that vanish and come back late, failures, expired leases: in any order.
pub(crate) async fn whatever_the_interleaving_each_job_ends_once(ground: &Ground) {
    let mut dice = Dice(11);
    let all: Vec<JobId> = (0..12).map(|_| ground.submit()).collect();
    let mut vanished: Vec<Claim> = Vec::new();
    for _ in 0..2_000 {
        if all.iter().all(|job| ground.state(*job).has_ended()) {
            break;
        }
        let job = all[dice.below(all.len())];
        match dice.below(8) {
            0 | 1 => drop(ground.relay(ROOM).await),
            2 => {
                let hint = Hint::new(job, 0, None);
                ground.queue.publish(Class::Batch, &hint).await.unwrap();
            }
            3 | 4 if ground.hints().await > 0 => {
                let ended = match dice.below(4) {
                    0 => failed(FailureClass::Transient),
                    1 => failed(FailureClass::Crash),
                    _ => done(),
                };
                let hint = ground.next_hint().await;
                let random = dice.0;
                let work = async |_, _| ended;
                ground
                    .worker
                    .take(hint, work, std::future::pending(), || random)
                    .await
                    .unwrap();
            }
            5 => {
                let me = WorkerId::generate();
                let claimed = ground
                    .store
                    .write(|conn| jobs::claim(conn, job, me, &ground.rules));
                if let Claimed::Yes(claim, _) = claimed.unwrap() {
                    vanished.push(claim);
                }
            }
            6 if !vanished.is_empty() => {
                let claim = vanished.remove(dice.below(vanished.len()));
                let output = ground.output(&claim, 0);
                let late = ground
                    .store
                    .write(|conn| jobs::succeed(conn, &claim, &outcome(), &[output]));
                assert!(late.is_ok() || late.unwrap_err().refusal().is_some());
            }
            _ => {
                ground.elapse(LONG);
                ground.reap();
            }
        }
    }
    for job in all {
        history_adds_up(ground, job);
    }
}

/// Threads that claim, end, give back, cancel and reap the same jobs at the same time: nothing fails
/// but what is refused, so none waits for the other for ever either.
pub(crate) async fn all_at_once_each_job_ends_once(ground: &Ground) {
    let all: Vec<JobId> = (0..6).map(|_| ground.submit()).collect();
    std::thread::scope(|scope| {
        for seed in 0..4 {
            let all = &all;
            scope.spawn(move || {
                let mut dice = Dice(seed);
                let mut held: Vec<Claim> = Vec::new();
                for _ in 0..60 {
                    let job = all[dice.below(all.len())];
                    let result = one_thing(ground, &mut dice, job, &mut held);
                    if let Err(error) = result {
                        assert!(error.refusal().is_some(), "{error:?}");
                    }
                }
            });
        }
    });
    for _ in 0..20 {
        ground.elapse(LONG);
        ground.reap();
        ground.relay(ROOM).await;
        while ground.hints().await > 0 {
            let hint = ground.next_hint().await;
            let stop = std::future::pending();
            let taken = ground.worker.take(hint, async |_, _| done(), stop, || 0);
            taken.await.unwrap();
        }
    }
    for job in all {
        history_adds_up(ground, job);
    }
}

fn one_thing(
    ground: &Ground,
    dice: &mut Dice,
    job: JobId,
    held: &mut Vec<Claim>,
) -> Result<(), StoreError> {
    let claim = held.last().copied();
    match (dice.below(8), claim) {
        (0..3, _) => {
            let me = WorkerId::generate();
            let claimed = ground
                .store
                .write(|conn| jobs::claim(conn, job, me, &ground.rules))?;
            if let Claimed::Yes(claim, _) = claimed {
                held.push(claim);
            }
            Ok(())
        }
        (3, Some(claim)) => {
            let output = ground.output(&claim, 0);
            held.pop();
            ground
                .store
                .write(|conn| jobs::succeed(conn, &claim, &outcome(), &[output]).map(drop))
        }
        (4, Some(claim)) => ground
            .store
            .write(|conn| jobs::give_back(conn, &claim).map(drop)),
        (5, Some(claim)) => {
            let failure = failure(FailureClass::Transient);
            ground
                .store
                .write(|conn| jobs::fail(conn, &claim, &failure, 0, 0, &ground.rules).map(drop))
        }
        (6, Some(claim)) => ground
            .store
            .write(|conn| jobs::renew(conn, &claim, &ground.rules).map(drop)),
        _ if dice.below(6) == 0 => ground
            .store
            .write(|conn| jobs::cancel(conn, ground.tenant, job, ground.user).map(drop)),
        _ => {
            ground.reap();
            Ok(())
        }
    }
}

/// What the events and outputs of a job tell of its life.
fn history_adds_up(ground: &Ground, id: JobId) {
    let job = ground.job(id);
    assert!(job.standing.state.has_ended(), "{:?}", job.standing);
    let events = ground.events(id);
    let state = |event: &jobs::JobEvent| event.body["state"].as_str().unwrap().to_owned();
    let ends = events.iter().filter(|it| {
        let word: State = state(it).parse().unwrap();
        word.has_ended()
    });
    assert_eq!(ends.count(), 1, "{events:#?}");
    assert_eq!(state(events.last().unwrap()), job.standing.state.word());
    let claims = events.iter().filter(|it| it.kind == Happening::Claimed);
    let epochs: Vec<i64> = claims.map(|it| it.epoch).collect();
    let expected: Vec<i64> = (1..=job.standing.epoch).collect();
    assert_eq!(epochs, expected, "epochs count the claims");
    let listed = ground
        .store
        .read(|conn| outputs::published(conn, ground.tenant, id))
        .unwrap();
    assert!(listed.iter().all(|it| it.epoch == job.standing.epoch));
}

pub(crate) async fn a_stale_worker_changes_no_row(ground: &Ground) {
    let job = ground.submit();
    let stale = ground.claim(job);
    ground.advance(&stale, 1);
    ground.elapse(LONG);
    assert_eq!(ground.reap().crashed, 1);
    // In the queue, under another worker, and when that one has ended it.
    all_is_refused(ground, &stale);
    ground.elapse(LONG);
    let other = ground.claim(job);
    all_is_refused(ground, &stale);
    let mut guessed = stale;
    guessed.fence.epoch = other.fence.epoch;
    all_is_refused(ground, &guessed);
    ground
        .store
        .write(|conn| jobs::succeed(conn, &other, &outcome(), &[]))
        .unwrap();
    all_is_refused(ground, &stale);
    all_is_refused(ground, &other);
}

fn all_is_refused(ground: &Ground, claim: &Claim) {
    let before = databases::everything(&ground.store);
    let chunk = || vec![ground.output(claim, 1)];
    let tried: Vec<Result<(), StoreError>> = vec![
        ground
            .store
            .write(|conn| jobs::renew(conn, claim, &ground.rules).map(drop)),
        ground
            .store
            .write(|conn| jobs::advance(conn, claim, &checkpoint(2), None, &chunk()).map(drop)),
        ground
            .store
            .write(|conn| jobs::succeed(conn, claim, &outcome(), &chunk()).map(drop)),
        ground.store.write(|conn| {
            let failure = failure(FailureClass::Permanent);
            jobs::fail(conn, claim, &failure, 0, 0, &ground.rules).map(drop)
        }),
        ground
            .store
            .write(|conn| jobs::give_back(conn, claim).map(drop)),
    ];
    for result in tried {
        let refusal = result.unwrap_err().refusal();
        assert!(
            matches!(refusal, Some(Refusal::Stale { .. })),
            "{refusal:?}"
        );
    }
    assert_eq!(databases::everything(&ground.store), before);
}

pub(crate) async fn outputs_are_listed_with_the_end(ground: &Ground) {
    let job = ground.submit();
    let listed = || {
        ground
            .store
            .read(|conn| outputs::published(conn, ground.tenant, job))
            .unwrap()
    };
    let claim = ground.claim(job);
    ground.advance(&claim, 1);
    ground.advance(&claim, 2);
    assert_eq!(listed(), []);
    let last = ground.output(&claim, 2);
    ground
        .store
        .write(|conn| jobs::succeed(conn, &claim, &outcome(), &[last]))
        .unwrap();
    let chunks: Vec<i64> = listed().iter().map(|it| it.chunk).collect();
    assert_eq!(chunks, [0, 1, 2]);
    assert_eq!(ground.job(job).outcome, Some(outcome()));
    // Results can be taken away again, with the names of their files.
    ground
        .store
        .write(|conn| outputs::forget(conn, ground.tenant, job))
        .unwrap();
    assert_eq!((listed(), ground.count("blobs")), (Vec::new(), 0));
}

pub(crate) async fn an_overtaken_attempt_leaves_files_for_the_sweep(ground: &Ground) {
    let folder = tempfile::tempdir().unwrap();
    let files = Blobs::local(folder.path()).unwrap();
    let write = |claim: &Claim, name: &str| {
        let key = Key::output(claim.tenant, claim.job, claim.fence.epoch, name).unwrap();
        let mut upload = files.begin(&key).unwrap();
        upload.write(name.as_bytes()).unwrap();
        let stored = upload.finish().unwrap();
        let mut output = ground.output(claim, 0);
        output.blob = named(&stored);
        (key, output)
    };
    let job = ground.submit();
    let first = ground.claim(job);
    let (overtaken, late) = write(&first, "good-0");
    ground.elapse(LONG);
    ground.reap();
    ground.elapse(LONG);
    let second = ground.claim(job);
    let (kept, output) = write(&second, "good-0");
    ground
        .store
        .write(|conn| jobs::succeed(conn, &second, &outcome(), &[output]))
        .unwrap();
    let refused = ground
        .store
        .write(|conn| jobs::succeed(conn, &first, &outcome(), &[late]));
    assert!(refused.is_err());
    let later = SystemTime::now() + Duration::from_secs(60);
    let swept = files
        .sweep(later, |keys| {
            ground.store.read(|conn| blobs::named(conn, keys))
        })
        .unwrap();
    assert_eq!(swept.orphans, 1);
    assert!(files.read(&overtaken).is_err());
    assert_eq!(files.read(&kept).unwrap().size(), 6);
}

pub(crate) async fn events_are_numbered_and_can_be_followed(ground: &Ground) {
    let job = ground.submit();
    let taken = ground
        .run_next(async |claim, _| {
            ground.advance(&claim, 1);
            done()
        })
        .await;
    assert!(matches!(taken, Taken::Run(_)));
    assert_eq!(left(&taken), Some(State::Succeeded));
    let events = ground.events(job);
    let told: Vec<(i64, Happening)> = events.iter().map(|it| (it.seq, it.kind)).collect();
    let expected = [
        (1, Happening::Accepted),
        (2, Happening::Dispatched),
        (3, Happening::Claimed),
        (4, Happening::Advanced),
        (5, Happening::Succeeded),
    ];
    assert_eq!(told, expected);
    assert_eq!(ground.job(job).events, 5);
    // A reader goes on where it left, in pages.
    let page = |after, limit| {
        let page = ground
            .store
            .read(|conn| jobs::events(conn, ground.tenant, job, after, limit));
        let seqs: BTreeSet<i64> = page.unwrap().iter().map(|it| it.seq).collect();
        seqs
    };
    assert_eq!(page(2, 2), BTreeSet::from([3, 4]));
    assert_eq!(page(4, 2), BTreeSet::from([5]));
    assert_eq!(page(5, 2), BTreeSet::new());
    let chunks: BTreeMap<i64, u64> = events
        .iter()
        .filter_map(|it| Some((it.seq, it.body.get("chunk")?.as_u64()?)))
        .collect();
    assert_eq!(chunks, BTreeMap::from([(4, 1)]));
}
