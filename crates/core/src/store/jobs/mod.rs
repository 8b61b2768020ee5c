//! Jobs as rows. Every change goes through [`crate::job::transition`] under a lock of the row, and is
//! written `WHERE epoch` and state are those that it was decided on, together with the event and the
//! outbox row that belong to it.

mod change;
mod events;
mod reap;
mod record;
mod submit;
mod work;

pub use change::{cancel, redrive};
pub use events::{Happening, JobEvent, events};
pub use reap::{Reaped, left_lying, reap, take_over};
pub use record::{JobRecord, Wanted, find, list, search, that_proposed};
pub use submit::{IDEMPOTENCY_MS, Idempotency, NewJob, Submitted, drop_expired_keys, submit};
pub use work::{Claim, Claimed, Renewal, advance, claim, fail, give_back, renew, report, succeed};

pub(super) use change::dispatched;
pub(super) use submit::accept;
