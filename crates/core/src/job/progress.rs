//! How far a job is, and from where it can go on.

use serde::{Deserialize, Serialize};

use super::kind::words;

words! {
    /// What a job is doing just now.
    Phase = "phase" {
        /// Copying the source to where the work is done.
        Staging = "staging",
        /// Reading.
        Reading = "reading",
        /// Profiling columns.
        Profiling = "profiling",
        /// Matching columns and fields.
        Matching = "matching",
        /// Running rows.
        Running = "running",
        /// Publishing results.
        Publishing = "publishing",
    }
}

/// How far a job is. Only for the eye; nothing is decided by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Progress {
    /// What is being done.
    pub phase: Phase,
    /// Rows done in this phase.
    pub rows_done: u64,
    /// Rows in all, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows_total: Option<u64>,
    /// Bytes of the source done in this phase.
    pub bytes_done: u64,
    /// Bytes of the source.
    pub bytes_total: u64,
    /// Milliseconds until the end, where that can be guessed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_ms: Option<u64>,
}

/// From where the next attempt goes on: everything before `chunk` is written and committed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// Number of the first chunk that is still to be done.
    pub chunk: u64,
    /// State of the reader behind the last chunk, as its module writes it.
    pub state: serde_json::Value,
}
