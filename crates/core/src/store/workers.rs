//! Which workers there are, so that the relay knows how many hints are of use.

use std::collections::BTreeMap;

use diesel::dsl::sum;
use diesel::prelude::*;

use super::conn::{Conn, on};
use super::error::StoreError;
use super::kept::Kept;
use super::schema::worker_slots;
use crate::id::WorkerId;
use crate::job::Class;

/// A worker says that it is there, and how many jobs of a class it runs at once.
///
/// # Errors
/// [`StoreError::Database`].
pub fn seen(
    conn: &mut Conn<'_>,
    worker: WorkerId,
    class: Class,
    slots: i32,
) -> Result<(), StoreError> {
    let now = conn.now()?;
    on!(conn, c => Kept(diesel::insert_into(worker_slots::table)
        .values((
            worker_slots::worker.eq(worker.to_string()),
            worker_slots::class.eq(class.word()),
            worker_slots::slots.eq(slots),
            worker_slots::seen_at.eq(now.0),
        ))
        .on_conflict((worker_slots::worker, worker_slots::class))
        .do_update()
        .set((
            worker_slots::slots.eq(slots),
            worker_slots::seen_at.eq(now.0),
        )))
        .execute(c))?;
    Ok(())
}

/// A worker ends.
///
/// # Errors
/// [`StoreError::Database`].
pub fn gone(conn: &mut Conn<'_>, worker: WorkerId) -> Result<(), StoreError> {
    on!(conn, c => diesel::delete(worker_slots::table)
        .filter(worker_slots::worker.eq(worker.to_string()))
        .execute(c))?;
    Ok(())
}

/// Forgets workers that were not seen within `within_ms`.
///
/// # Errors
/// [`StoreError::Database`].
pub fn forget(conn: &mut Conn<'_>, within_ms: i64) -> Result<(), StoreError> {
    let oldest = conn.now()?.plus(-within_ms);
    on!(conn, c => diesel::delete(worker_slots::table)
        .filter(worker_slots::seen_at.lt(oldest.0))
        .execute(c))?;
    Ok(())
}

/// Slots in all workers that were seen within `within_ms`, by class; a class without any is left out.
///
/// # Errors
/// [`StoreError::Database`].
pub fn slots(conn: &mut Conn<'_>, within_ms: i64) -> Result<BTreeMap<Class, i64>, StoreError> {
    let oldest = conn.now()?.plus(-within_ms);
    let slots: Vec<(Class, Option<i64>)> = on!(conn, c => worker_slots::table
        .filter(worker_slots::seen_at.ge(oldest.0))
        .group_by(worker_slots::class)
        .select((worker_slots::class, sum(worker_slots::slots)))
        .load(c))?;
    let slots = slots
        .into_iter()
        .map(|(class, slots)| (class, slots.unwrap_or(0)));
    Ok(slots.filter(|(_, slots)| *slots > 0).collect())
}
