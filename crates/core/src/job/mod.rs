//! What a job is, and which life it may have. Pure: the clock and the dice are arguments, so every
//! history can be replayed; `store` writes what [`transition`] says, and nothing else.
//!
//! ```text
//!            relay                claim: epoch + 1
//!  queued ──────────► dispatched ─────────────────► running ──┬─► succeeded
//!    ▲  └────────────────claim──────────────────────►  │      ├─► failed      permanent, or tried often
//!    │                                                 │      ├─► cancelled
//!    ├─── hint lost, error that may pass, crash,  ◄────┘      └─► dead        crashed again and again
//!    │    given back
//!    └─── redriven ◄── failed | cancelled | dead
//! ```
//!
//! The epoch counts the claims. A worker writes under the epoch of its claim, so one that was given
//! up changes nothing any more, however late it wakes.

mod failure;
mod fair;
mod kind;
mod life;
mod progress;
mod retry;

pub use failure::{Evidence, Failure, FailureClass};
pub use fair::{Clock, Turn, Waiting, pick};
pub(crate) use kind::words;
pub use kind::{
    Class, Kind, Outcome, OutputFormat, Payload, SMALL_SOURCE_BYTES, UnknownWord, Written,
};
pub use life::{Event, Fence, Lease, Refusal, Standing, State, transition};
pub use progress::{Checkpoint, Phase, Progress};
pub use retry::{Rules, delay};
