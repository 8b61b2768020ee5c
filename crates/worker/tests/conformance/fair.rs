//! Who comes next.

use aimapper_core::id::{JobId, TenantId};
use aimapper_core::job::{Class, State};
use aimapper_core::store::jobs::{self, NewJob};
use aimapper_core::store::{outbox, tenants, workers};

use crate::databases;
use crate::ground::{Ground, ROOM, done, left};

/// Jobs of another tenant.
fn of_tenant(ground: &Ground, name: &str) -> NewJob {
    let (tenant, user) = databases::tenant(&ground.store, name);
    let mut new = ground.new_job();
    (new.tenant, new.created_by) = (tenant, user);
    new
}

/// Many jobs in one transaction.
fn submit_many(ground: &Ground, new: &NewJob, many: usize) {
    ground
        .store
        .write(|conn| (0..many).try_for_each(|_| jobs::submit(conn, new, None).map(drop)))
        .unwrap();
}

/// Runs so many jobs on one slot. Gives whose they were.
async fn served(ground: &Ground, turns: usize) -> Vec<TenantId> {
    let mut served = Vec::new();
    for _ in 0..turns {
        assert_eq!(ground.relay(1).await.published, 1);
        let hint = ground.next_hint().await;
        let mut whose = None;
        let work = async |_, job: jobs::JobRecord| {
            whose = Some(job.tenant);
            done()
        };
        ground
            .worker
            .take(hint, work, std::future::pending(), || 0)
            .await
            .unwrap();
        served.extend(whose);
    }
    served
}

pub(crate) async fn one_job_does_not_wait_behind_a_thousand(ground: &Ground) {
    submit_many(ground, &ground.new_job(), 1_000);
    let first = served(ground, 3).await;
    assert_eq!(first, [ground.tenant; 3]);
    let other = of_tenant(ground, "two");
    submit_many(ground, &other, 1);
    let next = served(ground, 2).await;
    assert!(
        next.contains(&other.tenant),
        "it waits for more than one job"
    );
}

pub(crate) async fn weights_are_shares(ground: &Ground) {
    let heavy = of_tenant(ground, "heavy");
    ground
        .store
        .write(|conn| tenants::set_share(conn, heavy.tenant, 3, None))
        .unwrap();
    submit_many(ground, &ground.new_job(), 20);
    submit_many(ground, &heavy, 20);
    let served = served(ground, 12).await;
    let heavy = served.iter().filter(|it| **it == heavy.tenant).count();
    assert_eq!(heavy, 9);
}

pub(crate) async fn a_tenant_keeps_to_its_limit(ground: &Ground) {
    let limited = of_tenant(ground, "limited");
    ground
        .store
        .write(|conn| tenants::set_share(conn, limited.tenant, 1, Some(2)))
        .unwrap();
    submit_many(ground, &limited, 5);
    assert_eq!(ground.relay(ROOM).await.published, 2);
    assert_eq!(ground.relay(ROOM).await.published, 0);
    // Others do not wait for that.
    submit_many(ground, &ground.new_job(), 3);
    assert_eq!(ground.relay(ROOM).await.published, 3);
    let hint = ground.next_hint().await;
    let work = async |_, _| done();
    let taken = ground
        .worker
        .take(hint, work, std::future::pending(), || 0)
        .await
        .unwrap();
    assert_eq!(left(&taken), Some(State::Succeeded));
    assert_eq!(ground.relay(ROOM).await.published, 1);
}

pub(crate) async fn within_a_tenant_priority_and_age_decide(ground: &Ground) {
    let submit = |priority| {
        let mut new = ground.new_job();
        new.priority = priority;
        ground.submit_as(&new)
    };
    let (first, second, urgent, later) = (submit(0), submit(0), submit(5), submit(-1));
    let due = ground
        .store
        .read(|conn| outbox::due(conn, &[(Class::Batch, ROOM)].into()))
        .unwrap();
    let order: Vec<JobId> = due.iter().map(|it| it.job).collect();
    assert_eq!(order, [urgent, first, second, later]);
}

pub(crate) async fn no_more_hints_than_there_is_room(ground: &Ground) {
    let slots = || {
        ground
            .store
            .write(|conn| workers::slots(conn, 60_000))
            .unwrap()
            .get(&Class::Batch)
            .copied()
            .unwrap_or(0)
    };
    assert_eq!(slots(), 0);
    for (worker, slots) in [(ground.worker.id, 2), (ground.another_worker().id, 1)] {
        ground
            .store
            .write(|conn| workers::seen(conn, worker, Class::Batch, slots))
            .unwrap();
    }
    assert_eq!(slots(), 3);
    submit_many(ground, &ground.new_job(), 10);
    assert_eq!(ground.relay(slots()).await.published, 3);
    assert_eq!(ground.relay(slots()).await.published, 0);
    // One that runs still takes its slot; one that has ended does not.
    let hint = ground.next_hint().await;
    let claim = ground.claim(hint.hint().job_id);
    hint.ack().await.unwrap();
    assert_eq!(ground.relay(slots()).await.published, 0);
    ground
        .store
        .write(|conn| jobs::give_back(conn, &claim))
        .unwrap();
    assert_eq!(ground.relay(slots()).await.published, 1);
    // A worker that was not seen for long has no slots.
    ground
        .store
        .write(|conn| workers::gone(conn, ground.worker.id))
        .unwrap();
    assert_eq!(slots(), 1);
    databases::run(
        &ground.store,
        "UPDATE worker_slots SET seen_at = seen_at - 90000",
    );
    assert_eq!(slots(), 0);
}
