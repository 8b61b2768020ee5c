//! What brings the parts of the service together around a job: [`relay`] publishes hints, [`Worker`]
//! takes one, claims its job, runs it and ends it; [`Worker::serve`] does so until it is told to stop.
//!
//! ```text
//!  submit ─► job + outbox row ─► relay ─► queue ─► Worker::take ─► claim, ack ─► work ─► end
//!                ▲                                                    │ renews its lease
//!                └────────── reaper: lease ran out, hint lost ◄───────┘
//! ```
//!
//! The work on a job is that of a [`Bench`]: a process of its own ([`child`]), fed and watched from
//! here. [`Service`] is all of it together, with the reaper and the sweep. The database is
//! synchronous and is called on threads where that is allowed.

mod blocking;
pub mod child;
mod error;
mod health;
mod jobs;
mod lead;
mod program;
mod protocol;
mod relay;
mod room;
mod serve;
mod service;
mod supervise;
mod sweep;
mod work;

pub use error::WorkerError;
pub use jobs::Bench;
pub use program::run;
pub use protocol::ProcessLimits;
pub use relay::{Relayed, relay};
pub use serve::{Hear, Surroundings};
pub use service::{Periods, Service, Slots, threads};
pub use supervise::Program;
pub use sweep::{Cleared, Retention, SweepError, sweep};
pub use work::{Ended, Pace, Taken, Worker};
