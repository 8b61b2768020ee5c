//! Transform: compiles a mapping and runs it over batches.

mod drive;

pub use drive::in_order;
