//! Reading: bytes in, batches of text columns with provenance out.
//!
//! ```text
//! packed Input -> Input
//! Input -> survey (all bytes) -> encoding -> sniff (head and tail) -> Reading
//! Input + Reading -> Reader -> Portion { batch, rejects, non_data, state } ..
//! Input + Reading -> audit -> counted records, borders      (shares no code with the reader)
//! ```
//!
//! Types are never decided here: a batch is text, whatever stands in it. Nothing is dropped: each
//! record ends in a batch, in the rejects or in the non-data, and its range follows the one before.

mod audit;
mod batch;
mod binary;
mod build;
mod checks;
mod decision;
mod dialect;
mod encoding;
mod error;
mod input;
mod names;
mod non_data;
mod packed;
mod plain;
mod reader;
mod reading;
mod record;
pub mod repair;
mod repeats;
mod sniff;
mod stream;
mod survey;
pub(crate) mod words;

pub use audit::{Audit, audit};
pub use batch::{Batch, CHUNK_RECORDS, Place, RawText};
pub(crate) use build::Cut;
pub use build::{Portion, Repaired};
pub(crate) use checks::undecodable;
pub use decision::{Alternative, Decision, Overrides, SURE_BAR, What};
pub use dialect::{Dialect, Escape, Limits, LineEnd, QUOTE_REACH};
pub use encoding::{ALL_ASCII, TextEncoding};
pub use error::SourceError;
pub use input::{Input, InputReader};
pub use names::{PACKED_ENDINGS, stem, without_ending};
pub use non_data::{NonDataLog, Piece};
pub use packed::TABLE_ENDINGS;
pub(crate) use reader::RecordReader;
pub use reader::{Reader, State};
pub use reading::Reading;
pub use repeats::Repeats;
pub(crate) use sniff::column_names;
pub use sniff::{Column, Layout, OtherTable};
