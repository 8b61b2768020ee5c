//! Reading: bytes in, batches of text columns with provenance out.

mod batch;
mod decision;

pub use batch::{Batch, CHUNK_RECORDS, Place, RawText};
pub use decision::{Alternative, Decision, Overrides, SURE_BAR, What};
