//! Writers: good rows, source tables and rejects to any [`std::io::Write`].
//!
//! Rows are encoded batch by batch by an [`Encoder`], which several threads may share: text formats
//! into byte buffers, Parquet into columns. A [`TableWriter`] then takes them in order; for Parquet it
//! gathers those of a chunk and encodes its columns beside each other. What is written depends on the
//! rows and their chunks alone: not on the sizes of batches, on threads or on the time.

mod array;
mod csv;
mod encoder;
mod error;
mod layout;
mod ndjson;
mod parquet;
mod rejects;
mod row_group;
mod table;

pub use encoder::{Encoded, Encoder, Guarded, TextFormat};
pub use error::WriteError;
pub use layout::Layout;
pub use rejects::{REJECT_COLUMNS, RejectsWriter};
pub use table::{TableWriter, Written};

#[cfg(test)]
mod tests;
