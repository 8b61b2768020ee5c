//! Hints that have to be published. Written in the transaction that makes a job wait, deleted in the
//! one that says that the hint was published, so no crash in between loses one; at worst it is
//! published twice, and a claim takes only one.

use std::collections::BTreeMap;

use diesel::dsl::{count_star, max};
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::conn::{Conn, on};
use super::error::StoreError;
use super::jobs::{JobRecord, dispatched};
use super::kept::{Either, Kept};
use super::leader::RING;
use super::schema::{jobs, outbox, tenants, turns};
use crate::id::{JobId, TenantId};
use crate::job::{Class, Clock, Rules, Standing, State, Turn, Waiting, delay, pick};

/// A hint whose turn it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// The tenant.
    pub tenant: TenantId,
    /// The job.
    pub job: JobId,
    /// Its epoch; once it is another, the hint is void.
    pub epoch: i64,
    /// The queue.
    pub class: Class,
    /// Trace context of the request that asked for the job.
    pub traceparent: Option<String>,
    /// How often publishing has failed.
    tries: i32,
    /// Where the tenant's clock goes once the hint is published.
    clock: Clock,
}

/// What becomes of a job's row here when the job changes.
#[derive(Debug)]
pub(super) struct Step<P, G> {
    pub(super) put: Option<P>,
    pub(super) gone: Option<G>,
    /// Rings the leader's bell.
    pub(super) rings: Option<&'static str>,
}

/// Puts a job into the outbox; a row that it has already is replaced.
pub(super) fn putting(
    tenant: TenantId,
    job: JobId,
    standing: &Standing,
    (class, priority): (Class, i32),
) -> impl Either + use<> {
    diesel::insert_into(outbox::table)
        .values((
            outbox::job_id.eq(job.to_string()),
            outbox::tenant_id.eq(tenant.to_string()),
            outbox::class.eq(class.word()),
            outbox::priority.eq(priority),
            outbox::epoch.eq(standing.epoch),
            outbox::due_at.eq(standing.run_at.0),
            outbox::tries.eq(0),
        ))
        .on_conflict(outbox::job_id)
        .do_update()
        .set((
            outbox::epoch.eq(standing.epoch),
            outbox::due_at.eq(standing.run_at.0),
            outbox::tries.eq(0),
        ))
}

fn dropping(tenant: TenantId, job: JobId) -> impl Either + use<> {
    diesel::delete(outbox::table)
        .filter(outbox::tenant_id.eq(tenant.to_string()))
        .filter(outbox::job_id.eq(job.to_string()))
}

/// Keeps the outbox in step with a job that changes: there is a row exactly while the job is queued.
pub(super) fn follow(
    before: &Standing,
    after: &JobRecord,
) -> Step<impl Either + use<>, impl Either + use<>> {
    let (was, is) = (before.state, after.standing.state);
    let waits = |state| state == State::Queued;
    let (comes, goes) = (!waits(was) && waits(is), waits(was) && !waits(is));
    // A job is due, or a slot is free.
    let rings = comes || (was != is && is.has_ended());
    let (tenant, id) = (after.tenant, after.id);
    Step {
        put: comes.then(|| putting(tenant, id, &after.standing, (after.class, after.priority))),
        gone: goes.then(|| dropping(tenant, id)),
        rings: rings.then_some(RING),
    }
}

/// The hints that are to be published now: of each class as many as there is room for under its capacity
/// (free slots and a small window), besides those that wait in the queue or run. Tenants take turns
/// by their weights; within a tenant, priority and then age decide. The rest stays here, where it
/// can still be ordered, cancelled and shared out.
///
/// # Errors
/// [`StoreError::Database`].
pub fn due(conn: &mut Conn<'_>, capacities: &BTreeMap<Class, i64>) -> Result<Vec<Due>, StoreError> {
    let under_way = under_way(conn)?;
    let mut rooms = BTreeMap::new();
    for (class, capacity) in capacities {
        let busy = under_way.iter().filter(|((of, _), _)| of == class);
        let busy: i64 = busy.map(|(_, jobs)| jobs).sum();
        let room = usize::try_from(capacity.saturating_sub(busy)).unwrap_or(0);
        if room > 0 {
            rooms.insert(*class, room);
        }
    }
    let mut due = Vec::new();
    if rooms.is_empty() {
        return Ok(due);
    }
    let mut busy_of_tenant: BTreeMap<TenantId, i64> = BTreeMap::new();
    for ((_, tenant), jobs) in &under_way {
        *busy_of_tenant.entry(*tenant).or_default() += jobs;
    }
    let now = conn.now()?.0;
    for (class, waiting) in waiting(conn, now)? {
        let Some(room) = rooms.get(&class) else {
            continue;
        };
        let (waiting, virtual_time) = standing(conn, class, &waiting, &busy_of_tenant)?;
        let turns = pick(&waiting, virtual_time, *room);
        for turn in &turns {
            *busy_of_tenant.entry(turn.tenant).or_default() += 1;
        }
        due.extend(jobs_of(conn, class, now, &turns)?);
    }
    Ok(due)
}

/// Jobs that are dispatched or running, by class and tenant.
fn under_way(conn: &mut Conn<'_>) -> Result<BTreeMap<(Class, TenantId), i64>, StoreError> {
    let rows: Vec<(Class, TenantId, i64)> = on!(conn, c => Kept(jobs::table
        .filter(diesel::dsl::sql::<Bool>("state IN ('dispatched', 'running')"))
        .group_by((jobs::class, jobs::tenant_id))
        .select((jobs::class, jobs::tenant_id, count_star())))
        .load(c))?;
    Ok(rows
        .into_iter()
        .map(|(class, tenant, jobs)| ((class, tenant), jobs))
        .collect())
}

/// Due jobs, by class and tenant.
fn waiting(
    conn: &mut Conn<'_>,
    now: i64,
) -> Result<BTreeMap<Class, BTreeMap<TenantId, i64>>, StoreError> {
    let rows: Vec<(Class, TenantId, i64)> = on!(conn, c => outbox::table
        .filter(outbox::due_at.le(now))
        .group_by((outbox::class, outbox::tenant_id))
        .select((outbox::class, outbox::tenant_id, count_star()))
        .load(c))?;
    let mut waiting: BTreeMap<Class, BTreeMap<TenantId, i64>> = BTreeMap::new();
    for (class, tenant, jobs) in rows {
        waiting.entry(class).or_default().insert(tenant, jobs);
    }
    Ok(waiting)
}

/// How the tenants with due jobs of a class stand in it, and where the class's clock is.
fn standing(
    conn: &mut Conn<'_>,
    class: Class,
    due: &BTreeMap<TenantId, i64>,
    busy: &BTreeMap<TenantId, i64>,
) -> Result<(Vec<Waiting>, i64), StoreError> {
    let ids: Vec<String> = due.keys().map(ToString::to_string).collect();
    let shares: Vec<(TenantId, i32, Option<i32>)> = on!(conn, c => tenants::table
        .filter(tenants::id.eq_any(&ids))
        .select((tenants::id, tenants::weight, tenants::max_running))
        .load(c))?;
    let clocks: Vec<(TenantId, i64, i64)> = on!(conn, c => turns::table
        .filter(turns::class.eq(class.word()))
        .filter(turns::tenant_id.eq_any(&ids))
        .select((turns::tenant_id, turns::started, turns::finished))
        .load(c))?;
    let virtual_time: Option<i64> = on!(conn, c => turns::table
        .filter(turns::class.eq(class.word()))
        .select(max(turns::started))
        .first(c))?;
    let clocks: BTreeMap<TenantId, Clock> = clocks
        .into_iter()
        .map(|(tenant, started, finished)| (tenant, Clock { started, finished }))
        .collect();
    let natural = |number: i64| u64::try_from(number).unwrap_or(0);
    let waiting = shares
        .into_iter()
        .map(|(tenant, weight, max_running)| Waiting {
            tenant,
            weight,
            due: natural(due.get(&tenant).copied().unwrap_or(0)),
            allowance: max_running
                .map(|most| natural(i64::from(most) - busy.get(&tenant).copied().unwrap_or(0))),
            clock: clocks.get(&tenant).copied().unwrap_or_default(),
        })
        .collect();
    Ok((waiting, virtual_time.unwrap_or(0)))
}

/// The jobs that get the turns, in the order of the turns.
fn jobs_of(
    conn: &mut Conn<'_>,
    class: Class,
    now: i64,
    turns: &[Turn],
) -> Result<Vec<Due>, StoreError> {
    let mut counts: BTreeMap<TenantId, i64> = BTreeMap::new();
    for turn in turns {
        *counts.entry(turn.tenant).or_default() += 1;
    }
    let mut found = BTreeMap::new();
    for (tenant, count) in counts {
        let rows: Vec<(JobId, i64, i32, Option<String>)> = on!(conn, c => outbox::table
            .inner_join(jobs::table.on(jobs::id
                .eq(outbox::job_id)
                .and(jobs::tenant_id.eq(outbox::tenant_id))))
            .filter(outbox::tenant_id.eq(tenant.to_string()))
            .filter(outbox::class.eq(class.word()))
            .filter(outbox::due_at.le(now))
            .order((outbox::priority.desc(), outbox::due_at, outbox::job_id))
            .limit(count)
            .select((outbox::job_id, outbox::epoch, outbox::tries, jobs::traceparent))
            .load(c))?;
        found.insert(tenant, rows.into_iter());
    }
    Ok(turns
        .iter()
        .filter_map(|turn| {
            let (job, epoch, tries, traceparent) = found.get_mut(&turn.tenant)?.next()?;
            Some(Due {
                tenant: turn.tenant,
                job,
                epoch,
                class,
                traceparent,
                tries,
                clock: turn.clock,
            })
        })
        .collect())
}

/// Hints were published, in this order: their jobs are dispatched, unless a worker already has them, and
/// their tenants had their turns.
///
/// # Errors
/// [`StoreError::Database`].
pub fn published(conn: &mut Conn<'_>, hints: &[Due]) -> Result<(), StoreError> {
    let mut clocks = BTreeMap::new();
    for due in hints {
        match dispatched(conn, due.tenant, due.job, due.epoch) {
            // A worker that was quick, a cancelled job, a second relay: nothing is left to be said.
            Ok(_) | Err(StoreError::Refused { .. }) => {}
            Err(error) => return Err(error),
        }
        // Of several turns of a tenant, the last says where its clock is.
        clocks.insert((due.class, due.tenant), due.clock);
    }
    for ((class, tenant), clock) in clocks {
        on!(conn, c => Kept(diesel::insert_into(turns::table)
            .values((
                turns::class.eq(class.word()),
                turns::tenant_id.eq(tenant.to_string()),
                turns::started.eq(clock.started),
                turns::finished.eq(clock.finished),
            ))
            .on_conflict((turns::class, turns::tenant_id))
            .do_update()
            .set((
                turns::started.eq(clock.started),
                turns::finished.eq(clock.finished),
            )))
            .execute(c))?;
    }
    Ok(())
}

/// A hint could not be published: it is tried again later. The job's attempts do not count that.
///
/// `random` is uniform over 64 bits.
///
/// # Errors
/// [`StoreError::Database`].
pub fn postponed(conn: &mut Conn<'_>, due: &Due, random: u64) -> Result<(), StoreError> {
    /// A broker that comes back is used within seconds, however long it was away.
    const RULES: Rules = Rules {
        lease_ms: 0,
        base_ms: 500,
        cap_ms: 10_000,
        max_crashes: 0,
        hint_ms: 0,
    };
    let tries = due.tries.saturating_add(1);
    let later = conn.now()?.plus(delay(&RULES, tries, random));
    on!(conn, c => diesel::update(outbox::table)
        .filter(outbox::tenant_id.eq(due.tenant.to_string()))
        .filter(outbox::job_id.eq(due.job.to_string()))
        .filter(outbox::epoch.eq(due.epoch))
        .set((outbox::due_at.eq(later.0), outbox::tries.eq(tries)))
        .execute(c))?;
    Ok(())
}
