//! Transform: compiles a mapping and runs it over batches.
//!
//! ```text
//! compile(mapping, columns, bar) -> Plan
//! batches --in_order(Plan::run)--> Outcome --UniqueStage--> TableWriter, RejectsWriter
//! ```
//!
//! Kernels are strict: they never round, trim or guess, and each refused cell says why. A record
//! ends exactly once, as a good row or as a reject with all its reasons.

mod amount;
mod column;
mod compile;
mod drive;
mod error;
mod fault;
mod kernel;
mod plan;
mod read;
mod rule;
mod signs;
mod steps;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod text_step;
mod unique;
mod writers;

pub use column::Column;
pub use compile::compile;
pub use drive::in_order;
pub use error::{CompileError, MissingColumn};
pub use plan::{Outcome, Plan, PlanField};
pub use unique::UniqueStage;
pub use writers::{
    Encoded, Encoder, Guarded, Layout, REJECT_COLUMNS, RejectsWriter, TableWriter, TextFormat,
    WriteError, Written,
};
