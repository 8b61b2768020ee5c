//! The life of a job: 100,000 random histories of the pure model against what must always hold, and
//! 200 of them against each database, whose rows must say what the model says.

#![cfg(test)]
#![cfg(feature = "store")]

mod databases;

use aimapper_core::id::{JobId, TenantId, UserId, WorkerId};
use aimapper_core::job::{
    Checkpoint, Class, Event, Failure, FailureClass, Fence, Lease, Outcome, Payload, Phase,
    Progress, Refusal, Rules, Standing, State, transition,
};
use aimapper_core::store::jobs::{self, Claim, Claimed, NewJob, Submitted};
use aimapper_core::store::{Store, StoreError, outbox};
use aimapper_core::time::Millis;
use databases::{Database, Which, elapse, lines, tenant};

const HOUR: i64 = 3_600_000;

/// Delays of an hour or none, so that a slow machine does not decide what is due.
const RULES: Rules = Rules {
    lease_ms: HOUR,
    base_ms: HOUR,
    cap_ms: 4 * HOUR,
    max_crashes: 3,
    hint_ms: HOUR,
};

/// `SplitMix64` (G. Steele, D. Lea, C. Flood, OOPSLA 2014): small, and the same everywhere.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.roll() % bound
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[usize::try_from(self.below(all.len() as u64)).unwrap()]
    }
}

/// What may happen next: an event, or time.
#[derive(Debug, Clone, Copy)]
enum Step {
    Event(Event),
    Elapse(i64),
}

/// A step after which `claims` have been made by anybody; the last is the current one.
fn step(dice: &mut Dice, epoch: i64, claims: &[Fence], workers: &[WorkerId]) -> Step {
    // Mostly the current claim, at times an old one.
    let fence = match claims {
        [] => Fence {
            epoch: 1,
            owner: workers[0],
        },
        [.., last] if dice.below(4) > 0 => *last,
        all => dice.one_of(all),
    };
    let random = dice.one_of(&[0, u64::MAX / 2, u64::MAX]);
    Step::Event(match dice.below(24) {
        0..4 => Event::Claimed {
            owner: dice.one_of(workers),
        },
        4..6 => Event::Dispatched {
            epoch: epoch - i64::from(dice.below(4) == 0),
        },
        6 => Event::HintLost,
        7 => Event::HintsForgotten,
        8 => Event::Renewed { fence },
        9 => Event::Reported { fence },
        10..12 => Event::Advanced { fence },
        12 => Event::Succeeded { fence },
        13..16 => Event::Failed {
            fence,
            class: dice.one_of(FailureClass::ALL),
            retry_after_ms: dice.one_of(&[0, 0, 2 * HOUR]),
            random,
        },
        16 => Event::GivenBack { fence },
        17 => Event::LeaseExpired { random },
        18 => Event::Orphaned,
        19 => Event::CancelRequested,
        20 => Event::Redriven,
        _ => return Step::Elapse(dice.one_of(&[60_000, HOUR + 60_000, 5 * HOUR])),
    })
}

/// What an onlooker knows who counts claims and ends, and shares no code with the model.
#[derive(Debug)]
struct Onlooker {
    claims: Vec<Fence>,
    holder: Option<Fence>,
    ends: u32,
    lives: u32,
    crashes_in_a_row: i32,
    cancel_wanted: bool,
}

impl Onlooker {
    fn new() -> Self {
        Self {
            claims: Vec::new(),
            holder: None,
            ends: 0,
            lives: 1,
            crashes_in_a_row: 0,
            cancel_wanted: false,
        }
    }

    fn see(&mut self, before: &Standing, event: &Event, after: &Standing, at: Millis) {
        if let Some(fence) = event.fence() {
            assert_eq!(self.holder, Some(fence), "a stale claim changed the job");
        }
        match *event {
            Event::Claimed { owner } => {
                assert_eq!(self.holder, None, "two workers have the job");
                assert!(before.run_at <= at, "claimed before its time");
                assert!(!self.cancel_wanted, "claimed after it was cancelled");
                let fence = Fence {
                    epoch: after.epoch,
                    owner,
                };
                self.holder = Some(fence);
                self.claims.push(fence);
            }
            Event::Advanced { .. } => self.crashes_in_a_row = 0,
            Event::LeaseExpired { .. }
            | Event::Failed {
                class: FailureClass::Crash,
                ..
            } => self.crashes_in_a_row += 1,
            Event::CancelRequested => self.cancel_wanted = true,
            Event::Redriven => {
                assert!(before.state.has_ended() && before.state != State::Succeeded);
                self.lives += 1;
                self.crashes_in_a_row = 0;
                self.cancel_wanted = false;
            }
            Event::Dispatched { .. }
            | Event::HintLost
            | Event::HintsForgotten
            | Event::Renewed { .. }
            | Event::Reported { .. }
            | Event::Succeeded { .. }
            | Event::Failed { .. }
            | Event::GivenBack { .. }
            | Event::Orphaned => {}
        }
        if before.state.has_ended() {
            assert!(matches!(event, Event::Redriven), "{event:?} after the end");
        } else if after.state.has_ended() {
            self.ends += 1;
        }
        if after.state != State::Running {
            self.holder = None;
        }
        let open = u32::from(!after.state.has_ended());
        assert_eq!(self.ends + open, self.lives, "a life ends exactly once");
        if after.state == State::Queued {
            let latest = at.plus(RULES.cap_ms).max(before.run_at);
            assert!(after.run_at <= latest, "it would wait for ever");
            assert!(
                !self.cancel_wanted,
                "a cancelled job waits for another attempt"
            );
        }
        self.holds(after);
    }

    /// What holds of a job at any time.
    fn holds(&self, job: &Standing) {
        assert_eq!(job.epoch, self.claims.len() as i64);
        assert_eq!(job.lease.is_some(), job.state == State::Running);
        assert_eq!(job.dispatched_at.is_some(), job.state == State::Dispatched);
        assert_eq!(job.finished_at.is_some(), job.state.has_ended());
        assert_eq!(job.crashes, self.crashes_in_a_row);
        assert_eq!(job.crashes >= RULES.max_crashes, job.state == State::Dead);
        assert!(job.attempt >= 0);
        assert_eq!(
            job.lease.map(|lease| lease.owner),
            self.holder.map(|f| f.owner)
        );
    }
}

fn workers(dice: &mut Dice) -> Vec<WorkerId> {
    (0..3)
        .map(|n| WorkerId::from_parts(dice.below(1 << 40), &[n; 10]))
        .collect()
}

fn shifted(job: &Standing, milliseconds: i64) -> Standing {
    if job.state.has_ended() {
        return *job;
    }
    let back = |at: Millis| at.plus(-milliseconds);
    Standing {
        run_at: back(job.run_at),
        dispatched_at: job.dispatched_at.map(back),
        lease: job.lease.map(|lease| Lease {
            until: back(lease.until),
            ..lease
        }),
        started_at: job.started_at.map(back),
        ..*job
    }
}

/// One history of the pure model. Gives the states it ended in.
fn history(seed: u64) -> (State, u32) {
    let mut dice = Dice(seed);
    let workers = workers(&mut dice);
    let mut now = Millis(1_000_000_000_000);
    let mut job = Standing::accepted(now, 1 + i32::try_from(dice.below(3)).unwrap());
    let mut onlooker = Onlooker::new();
    for _ in 0..4 + dice.below(40) {
        match step(&mut dice, job.epoch, &onlooker.claims, &workers) {
            Step::Elapse(milliseconds) => now = now.plus(milliseconds),
            Step::Event(event) => {
                if let Ok(after) = transition(&job, &event, now, &RULES) {
                    onlooker.see(&job, &event, &after, now);
                    job = after;
                }
            }
        }
    }
    // Whatever has happened, a healthy worker brings it to an end.
    let mut go = |job: &mut Standing, event: Event, at: Millis| {
        let after = transition(job, &event, at, &RULES).unwrap();
        onlooker.see(job, &event, &after, at);
        *job = after;
    };
    if job.state == State::Running {
        let lapsed = job.lease.unwrap().until;
        now = now.max(lapsed);
        go(&mut job, Event::LeaseExpired { random: 0 }, now);
    }
    if !job.state.has_ended() {
        now = now.max(job.run_at);
        let owner = workers[0];
        go(&mut job, Event::Claimed { owner }, now);
        let fence = Fence {
            epoch: job.epoch,
            owner,
        };
        go(&mut job, Event::Succeeded { fence }, now);
    }
    assert!(job.state.has_ended());
    (job.state, onlooker.lives)
}

#[test]
fn a_hundred_thousand_histories_end_exactly_once() {
    let mut ends = [0_u32; 7];
    let mut redriven = 0;
    for seed in 0..100_000 {
        let told = std::panic::catch_unwind(|| history(seed));
        let (state, lives) = told.unwrap_or_else(|_| panic!("history {seed} broke a rule"));
        ends[State::ALL.iter().position(|one| *one == state).unwrap()] += 1;
        redriven += u32::from(lives > 1);
    }
    // The histories go everywhere, so the rules were put to the test.
    for (state, count) in State::ALL.iter().zip(ends) {
        assert_eq!(count > 100, state.has_ended(), "{count} ended {state}");
    }
    assert!(redriven > 5_000, "{redriven} were redriven");
}

/// One job in a database, and the model beside it.
struct Pair<'a> {
    store: &'a Store,
    tenant: TenantId,
    user: UserId,
    job: JobId,
    model: Standing,
    rows: u64,
}

impl Pair<'_> {
    /// Lets an event happen in the database. Gives nothing where the store has no way to ask for it.
    fn store(&mut self, event: &Event) -> Option<Result<(), StoreError>> {
        let (tenant, job, user) = (self.tenant, self.job, self.user);
        if let Some(fence) = event.fence() {
            return Some(self.work(event, &Claim { tenant, job, fence }));
        }
        let nothing = || StoreError::Refused {
            job,
            refusal: Refusal::NotExpired,
        };
        let one = |found: usize| (found == 1).then_some(()).ok_or_else(nothing);
        Some(match *event {
            Event::Dispatched { epoch } => {
                let due = self
                    .store
                    .read(|conn| outbox::due(conn, &[(Class::Batch, 1_000)].into()));
                let hint = |due: &outbox::Due| due.job == job && due.epoch == epoch;
                let due = due.unwrap().into_iter().find(hint)?;
                self.store
                    .write(|conn| outbox::published(conn, std::slice::from_ref(&due)))
            }
            Event::HintLost => jobs::reap(self.store, &RULES, || 0).and_then(|it| one(it.hints)),
            Event::LeaseExpired { random } => {
                jobs::reap(self.store, &RULES, || random).and_then(|it| one(it.crashed))
            }
            Event::HintsForgotten | Event::Orphaned => {
                jobs::take_over(self.store, &RULES).and_then(|it| one(it.crashed + it.hints))
            }
            Event::Claimed { owner } => {
                self.store
                    .write(|conn| match jobs::claim(conn, job, owner, &RULES)? {
                        Claimed::Yes(..) => Ok(()),
                        Claimed::No(refusal) => Err(StoreError::Refused { job, refusal }),
                    })
            }
            Event::CancelRequested => self
                .store
                .write(|conn| jobs::cancel(conn, tenant, job, user).map(drop)),
            Event::Redriven => self
                .store
                .write(|conn| jobs::redrive(conn, tenant, job, user).map(drop)),
            Event::Renewed { .. }
            | Event::Reported { .. }
            | Event::Advanced { .. }
            | Event::Succeeded { .. }
            | Event::Failed { .. }
            | Event::GivenBack { .. } => return None,
        })
    }

    /// What a worker does under a claim.
    fn work(&self, event: &Event, claim: &Claim) -> Result<(), StoreError> {
        let chunk = self.rows;
        self.store.write(|conn| match *event {
            Event::Renewed { .. } => jobs::renew(conn, claim, &RULES).map(drop),
            Event::Reported { .. } => jobs::report(conn, claim, &progress(chunk)).map(drop),
            Event::Advanced { .. } => {
                let state = serde_json::Value::Null;
                let checkpoint = Checkpoint { chunk, state };
                jobs::advance(conn, claim, &checkpoint, None, &[]).map(drop)
            }
            Event::Succeeded { .. } => {
                let mapping_version = payload_id();
                let outcome = Outcome::Propose { mapping_version };
                jobs::succeed(conn, claim, &outcome, &[]).map(drop)
            }
            Event::Failed {
                class,
                retry_after_ms,
                random,
                ..
            } => {
                let failure = failure(class);
                jobs::fail(conn, claim, &failure, retry_after_ms, random, &RULES).map(drop)
            }
            Event::GivenBack { .. } => jobs::give_back(conn, claim).map(drop),
            Event::Dispatched { .. }
            | Event::HintLost
            | Event::HintsForgotten
            | Event::Claimed { .. }
            | Event::LeaseExpired { .. }
            | Event::Orphaned
            | Event::CancelRequested
            | Event::Redriven => panic!("{event:?} is not a worker's"),
        })
    }

    fn standing(&self) -> Standing {
        self.store
            .read(|conn| jobs::find(conn, self.tenant, self.job))
            .unwrap()
            .standing
    }

    /// The time by which the last event was decided: that of its row, or what a renewal left.
    fn decided_at(&self, event: &Event, after: &Standing) -> Millis {
        if matches!(event, Event::Renewed { .. }) {
            return after.lease.unwrap().until.plus(-RULES.lease_ms);
        }
        let events = self
            .store
            .read(|conn| jobs::events(conn, self.tenant, self.job, 0, 1_000))
            .unwrap();
        let numbers: Vec<i64> = events.iter().map(|event| event.seq).collect();
        let expected: Vec<i64> = (1..).take(numbers.len()).collect();
        assert_eq!(numbers, expected, "events have gaps");
        events.last().unwrap().at
    }

    /// Everything that the database holds of this job.
    fn all_rows(&self) -> Vec<String> {
        let job = self.job;
        let mut all = lines(
            self.store,
            &format!(
                "SELECT state || epoch || '/' || attempt || '/' || crashes || '/' || run_at || '/' \
                 || events || '/' || coalesce(lease_until, 0) || coalesce(checkpoint, '') \
                 || coalesce(progress, '') || coalesce(outcome, '') || coalesce(failure, '') AS line \
                 FROM jobs WHERE id = '{job}'"
            ),
        );
        all.extend(lines(
            self.store,
            &format!(
                "SELECT job_id || epoch || '/' || due_at AS line FROM outbox WHERE job_id = '{job}'"
            ),
        ));
        all
    }

    /// The outbox has a row exactly while the job is queued.
    fn outbox_follows(&self) {
        let rows = lines(
            self.store,
            &format!(
                "SELECT epoch || ' ' || due_at AS line FROM outbox WHERE job_id = '{}'",
                self.job
            ),
        );
        let expected: Vec<String> = (self.model.state == State::Queued)
            .then(|| format!("{} {}", self.model.epoch, self.model.run_at.0))
            .into_iter()
            .collect();
        assert_eq!(rows, expected);
    }
}

fn payload_id<T: std::str::FromStr<Err: std::fmt::Debug>>() -> T {
    "01234567-89ab-7fff-bfff-ffffffffffff".parse().unwrap()
}

fn failure(class: FailureClass) -> Failure {
    Failure {
        class,
        code: "test".to_owned(),
        message: "it was to fail".to_owned(),
        hint: None,
        evidence: None,
    }
}

fn progress(rows: u64) -> Progress {
    Progress {
        phase: Phase::Running,
        rows_done: rows,
        rows_total: None,
        bytes_done: rows,
        bytes_total: rows,
        left_ms: None,
    }
}

/// The same history in a database.
fn replayed(store: &Store, (tenant, user): (TenantId, UserId), seed: u64) {
    let mut dice = Dice(seed);
    let workers = workers(&mut dice);
    let new = NewJob {
        tenant,
        created_by: user,
        payload: Payload::Read {
            source: payload_id(),
            version: payload_id(),
            propose: None,
            memory: true,
        },
        class: Class::Batch,
        priority: 0,
        delay_ms: 0,
        max_attempts: 1 + i32::try_from(dice.below(3)).unwrap(),
        traceparent: None,
    };
    let submitted = store.write(|conn| jobs::submit(conn, &new, None)).unwrap();
    assert!(matches!(submitted, Submitted::New(_)));
    let mut pair = Pair {
        store,
        tenant,
        user,
        job: submitted.id(),
        model: Standing::accepted(Millis(0), new.max_attempts),
        rows: 0,
    };
    pair.model.run_at = pair.standing().run_at;
    let mut onlooker = Onlooker::new();
    for _ in 0..4 + dice.below(30) {
        pair.rows += 1;
        match step(&mut dice, pair.model.epoch, &onlooker.claims, &workers) {
            Step::Elapse(milliseconds) => {
                elapse(store, milliseconds);
                pair.model = shifted(&pair.model, milliseconds);
                assert_eq!(pair.standing(), pair.model);
            }
            Step::Event(event) => one_event(&mut pair, &mut onlooker, event),
        }
    }
    // Leaves nothing for the next history.
    store
        .write(|conn| jobs::cancel(conn, tenant, pair.job, user))
        .ok();
    jobs::take_over(store, &RULES).unwrap();
    assert!(pair.standing().state.has_ended());
}

/// One event in the database and in the model.
fn one_event(pair: &mut Pair<'_>, onlooker: &mut Onlooker, event: Event) {
    // The reaper does both at once; what is asked for is what can be.
    let running = pair.model.lease.is_some();
    let event = if matches!(event, Event::HintLost | Event::LeaseExpired { .. }) {
        match running {
            true => Event::LeaseExpired { random: u64::MAX },
            false => Event::HintLost,
        }
    } else if matches!(event, Event::HintsForgotten | Event::Orphaned) {
        match running {
            true => Event::Orphaned,
            false => Event::HintsForgotten,
        }
    } else {
        event
    };
    let before = pair.all_rows();
    let Some(result) = pair.store(&event) else {
        return;
    };
    let after = pair.standing();
    match result {
        Ok(()) => {
            let at = pair.decided_at(&event, &after);
            let expected = transition(&pair.model, &event, at, &RULES).unwrap();
            assert_eq!(after, expected, "{event:?}");
            onlooker.see(&pair.model, &event, &after, at);
            pair.model = after;
        }
        Err(error) => {
            let now = pair.store.read(|conn| conn.now()).unwrap();
            let refusal = transition(&pair.model, &event, now, &RULES).unwrap_err();
            assert_eq!(error.refusal(), Some(refusal), "{event:?}: {error}");
            assert_eq!(
                pair.all_rows(),
                before,
                "{event:?} was refused and left something"
            );
        }
    }
    pair.outbox_follows();
}

fn two_hundred(which: Which) {
    let (_database, store) = Database::migrated(which);
    let who = tenant(&store, "one");
    for seed in 0..200 {
        let told = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            replayed(&store, who, 7_000_000 + seed);
        }));
        assert!(told.is_ok(), "history {seed} on {which:?}");
    }
}

#[test]
fn two_hundred_histories_on_sqlite() {
    two_hundred(Which::Sqlite);
}

#[test]
fn two_hundred_histories_on_postgresql() {
    two_hundred(Which::Postgres);
}
