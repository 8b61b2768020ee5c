//! Jobs whose worker or hint was lost. For the system, so over all tenants.

use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::change::{Notes, apply};
use crate::id::{JobId, TenantId};
use crate::job::{Class, Event, Failure, FailureClass, Rules, State};
use crate::store::conn::{Conn, on};
use crate::store::schema::jobs;
use crate::store::{Store, StoreError};
use crate::time::Millis;

/// What was found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reaped {
    /// Jobs whose worker was lost, and that wait again or have ended.
    pub crashed: usize,
    /// Those among them that are dead now.
    pub dead: usize,
    /// Jobs whose hint is published again.
    pub hints: usize,
}

/// At most so many jobs at a time; what is left comes at the next.
const AT_A_TIME: i64 = 500;

/// No lease runs out later.
const ANY: Millis = Millis(i64::MAX);

/// Puts jobs back into the queue whose lease ran out, and those whose hint nobody took. Several may
/// do so at once. `random` gives uniform 64 bits.
///
/// # Errors
/// [`StoreError::Busy`], [`StoreError::Database`]; what was done before stays.
pub fn reap(
    store: &Store,
    rules: &Rules,
    mut random: impl FnMut() -> u64,
) -> Result<Reaped, StoreError> {
    let now = store.read(|conn| conn.now())?;
    let expired = store.read(|conn| in_service(conn, State::Running, now))?;
    let lost = store.read(|conn| in_service(conn, State::Dispatched, now.plus(-rules.hint_ms)))?;
    let mut reaped = Reaped::default();
    for job in expired {
        let event = Event::LeaseExpired { random: random() };
        let failure = worker_lost("lease_expired", "the worker did not renew its lease");
        reaped.count(lose(store, job, &event, rules, &failure)?);
    }
    for job in lost {
        reaped.hints += usize::from(tell(store, job, &Event::HintLost, rules)?);
    }
    Ok(reaped)
}

/// Takes over from a process that held all jobs and all hints and is known to be gone: everything
/// that was running or dispatched waits again, at once, and none of it counts as a crash: a job runs
/// in a process of its own, and is not to blame for the end of this one. Only for the holder of
/// [`crate::store::ServeLock`], before it starts.
///
/// # Errors
/// As [`reap`].
pub fn take_over(store: &Store, rules: &Rules) -> Result<Reaped, StoreError> {
    let mut reaped = Reaped::default();
    loop {
        let running = store.read(|conn| in_service(conn, State::Running, ANY))?;
        let dispatched = store.read(|conn| in_service(conn, State::Dispatched, ANY))?;
        if running.is_empty() && dispatched.is_empty() {
            return Ok(reaped);
        }
        for job in running {
            let event = Event::Orphaned;
            reaped.crashed += usize::from(tell(store, job, &event, rules)?);
        }
        for job in dispatched {
            let event = Event::HintsForgotten;
            reaped.hints += usize::from(tell(store, job, &event, rules)?);
        }
    }
}

/// How many jobs of these classes have a hint that nobody has taken for `age_ms` or longer.
///
/// # Errors
/// [`StoreError::Database`].
pub fn left_lying(conn: &mut Conn<'_>, classes: &[Class], age_ms: i64) -> Result<i64, StoreError> {
    let until = conn.now()?.plus(-age_ms);
    let words: Vec<&str> = classes.iter().map(|class| class.word()).collect();
    Ok(on!(conn, c => jobs::table
        .filter(diesel::dsl::sql::<Bool>("state IN ('dispatched', 'running')"))
        .filter(jobs::state.eq(State::Dispatched.word()))
        .filter(jobs::class.eq_any(&words))
        .filter(jobs::dispatched_at.le(until.0))
        .count()
        .get_result(c))?)
}

impl Reaped {
    fn count(&mut self, state: Option<State>) {
        self.crashed += usize::from(state.is_some());
        self.dead += usize::from(state == Some(State::Dead));
    }
}

fn worker_lost(code: &str, message: &str) -> Failure {
    Failure {
        class: FailureClass::Crash,
        code: code.to_owned(),
        message: message.to_owned(),
        hint: None,
        evidence: None,
    }
}

/// Jobs in a state that began, or runs out, at `until` or before. The literal is that of the partial
/// index.
fn in_service(
    conn: &mut Conn<'_>,
    state: State,
    until: Millis,
) -> Result<Vec<(TenantId, JobId)>, StoreError> {
    let literal = "state IN ('dispatched', 'running')";
    Ok(on!(conn, c => jobs::table
        .filter(diesel::dsl::sql::<Bool>(literal))
        .filter(jobs::state.eq(state.word()))
        .filter(jobs::lease_until.le(until.0).or(jobs::dispatched_at.le(until.0)))
        .order(jobs::id)
        .limit(AT_A_TIME)
        .select((jobs::tenant_id, jobs::id))
        .load(c))?)
}

/// Gives the state that the job has now, or nothing if somebody was faster.
fn lose(
    store: &Store,
    (tenant, job): (TenantId, JobId),
    event: &Event,
    rules: &Rules,
    failure: &Failure,
) -> Result<Option<State>, StoreError> {
    let notes = Notes {
        failure: Some(failure),
        ..Notes::default()
    };
    match store.write(|conn| apply(conn, tenant, job, event, rules, &notes)) {
        Ok(record) => Ok(Some(record.standing.state)),
        Err(StoreError::Refused { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

fn tell(
    store: &Store,
    (tenant, job): (TenantId, JobId),
    event: &Event,
    rules: &Rules,
) -> Result<bool, StoreError> {
    match store.write(|conn| apply(conn, tenant, job, event, rules, &Notes::default())) {
        Ok(_) => Ok(true),
        Err(StoreError::Refused { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}
