//! Writers: good rows, source tables and rejects to any [`std::io::Write`].
//!
//! Text formats are encoded batch by batch into byte buffers by an [`Encoder`], which several
//! threads may share; a [`TableWriter`] then takes the buffers in order. Parquet is built by the
//! writer itself. What is written depends on the rows and their chunks alone: not on the sizes of
//! batches, on threads or on the time.

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
