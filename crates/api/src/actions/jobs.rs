//! Jobs: whose are shown, and who may end them or try them again.

use aimapper_core::auth::Role;
use aimapper_core::id::JobId;
use aimapper_core::job::State;
use aimapper_core::store::Conn;
use aimapper_core::store::jobs::{self, JobRecord, Wanted};

use crate::auth::Caller;
use crate::problem::{Code, Problem};

/// What is done to a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Steering {
    /// It shall end.
    Cancel,
    /// It shall be tried again.
    Retry,
}

/// Jobs, newest first, from behind `after` on: those of the caller, or all of the tenant if the role
/// allows it.
///
/// # Errors
/// `unavailable`, `internal`.
pub(crate) fn list(
    conn: &mut Conn<'_>,
    caller: &Caller,
    state: Option<State>,
    after: Option<JobId>,
    limit: i64,
) -> Result<Vec<JobRecord>, Problem> {
    let all = caller.principal.may(Role::Operator);
    let wanted = Wanted {
        state,
        kind: None,
        by: (!all).then_some(caller.user),
    };
    Ok(jobs::search(conn, caller.tenant, &wanted, after, limit)?)
}

/// Cancels a job or tries it again: one's own, or any as an operator. The dead ones are left to
/// operators, because they took their worker with them.
///
/// # Errors
/// `forbidden` for the job of another; `job_state` if its state does not allow it; `not_found`.
pub(crate) fn steer(
    conn: &mut Conn<'_>,
    caller: &Caller,
    id: JobId,
    steering: Steering,
) -> Result<JobRecord, Problem> {
    let (tenant, user) = (caller.tenant, caller.user);
    let job = jobs::find(conn, tenant, id)?;
    let own = job.created_by == user;
    let dead = job.standing.state == State::Dead;
    let operates = caller.principal.may(Role::Operator);
    let refuse = |said: &'static str| Err(Problem::new(Code::Forbidden, said));
    match steering {
        Steering::Cancel if own || operates => Ok(jobs::cancel(conn, tenant, id, user)?),
        Steering::Retry if own && !dead || operates => Ok(jobs::redrive(conn, tenant, id, user)?),
        Steering::Cancel => refuse("only operators cancel the jobs of others"),
        Steering::Retry => refuse("only operators try dead jobs and those of others again"),
    }
}
