//! What brings the parts of the service together around a job: [`relay`] publishes hints, [`Worker`]
//! takes one, claims its job, runs it and ends it; [`Worker::serve`] does so until it is told to stop.
//!
//! ```text
//!  submit ─► job + outbox row ─► relay ─► queue ─► Worker::take ─► claim, ack ─► work ─► end
//!                ▲                                                    │ renews its lease
//!                └────────── reaper: lease ran out, hint lost ◄───────┘
//! ```
//!
//! The work itself is an argument, so this crate knows no kinds of jobs yet. The database is
//! synchronous and is called on threads where that is allowed.

mod blocking;
mod error;
mod relay;
mod serve;
mod work;

pub use error::WorkerError;
pub use relay::{Relayed, relay};
pub use serve::Surroundings;
pub use work::{Ended, Pace, Taken, Worker};
