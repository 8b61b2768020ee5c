//! Transform: compiles a mapping and runs it over batches.
