//! What a worker and the process of a job say to each other: one line with the [`Spec`] on the
//! child's stdin, lines with an [`Event`] each on its stdout. All files lie in the child's own
//! folder and are named by their base names. The end of stdin means that the worker is gone.

use aimapper_core::id::JobId;
use aimapper_core::job::{OutputFormat, Progress, Written};
use aimapper_core::source::{Decision, Limits, What};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Version of the protocol; parent and child are the same build, which this makes sure of.
pub(crate) const VERSION: u32 = 1;

/// The source as it was staged.
pub(crate) const SOURCE: &str = "source";
/// The profile of a source version.
pub(crate) const PROFILE: &str = "profile.json";
/// The target schema, normalised, as JSON.
pub(crate) const TARGET: &str = "target.json";
/// What was decided before about sources for this target, as JSON.
pub(crate) const MEMORY: &str = "memory.json";
/// The mapping.
pub(crate) const MAPPING: &str = "mapping.yaml";
/// How to go on behind a chunk.
pub(crate) const RESUME: &str = "resume.json";

/// The good rows of an earlier run, of which there may be several.
pub(crate) fn beside(number: usize) -> String {
    format!("with-{number}")
}

/// What a child is to do, and within which limits.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Spec {
    /// [`VERSION`].
    pub(crate) version: u32,
    /// The job, for its log lines.
    pub(crate) job: JobId,
    /// Trace context of the request (W3C).
    pub(crate) traceparent: Option<String>,
    /// Limits of the process.
    pub(crate) limits: ProcessLimits,
    /// Limits of what it reads.
    pub(crate) reading: Limits,
    /// Threads that work on batches.
    pub(crate) threads: usize,
    /// The work.
    pub(crate) task: Task,
}

/// Limits of a child; beyond them the job ends as `limit_exceeded`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProcessLimits {
    /// Resident memory, in bytes. Its address space may be larger by what allocators reserve.
    pub memory_bytes: u64,
    /// Time of the processor, in seconds; four times that by the clock.
    pub cpu_seconds: u64,
    /// Bytes of one file that it writes.
    pub file_bytes: u64,
}

impl Default for ProcessLimits {
    fn default() -> Self {
        Self {
            memory_bytes: 2 << 30,
            cpu_seconds: 4 * 3600,
            file_bytes: 64 << 30,
        }
    }
}

/// A reading that a person set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Set {
    pub(crate) what: What,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) column: Option<String>,
    pub(crate) value: Value,
    /// Decisions of the reader are kept in the same list, and are less than certain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) confidence: Option<f64>,
}

impl Set {
    /// Whether a person decided this, and not the reader.
    pub(crate) fn by_person(&self) -> bool {
        self.confidence.is_none_or(|confidence| confidence >= 1.0)
    }
}

/// The work of a child.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub(crate) enum Task {
    /// Read [`SOURCE`] and write [`PROFILE`].
    Read {
        /// The source's base name.
        file: String,
        /// What persons decided about its reading.
        set: Vec<Set>,
    },
    /// Propose a mapping of [`PROFILE`] to [`TARGET`] by [`MEMORY`] and write [`MAPPING`].
    Propose {
        /// The source's base name.
        file: String,
        /// How the source is read.
        decisions: Vec<Decision>,
    },
    /// Run [`MAPPING`] over [`SOURCE`].
    Run {
        /// The source's base name.
        file: String,
        /// Form of the good rows.
        format: OutputFormat,
        /// Whether [`PROFILE`] is there.
        profiled: bool,
        /// Whether this is the source that the mapping was made for, so that who set how a column is
        /// read had its values at hand.
        own: bool,
        /// Whether [`RESUME`] is there.
        resumes: bool,
        /// How many files of good rows are there already, as CSV; [`beside`] names them.
        with: usize,
    },
}

/// A file that a child has finished.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Piece {
    /// Base name in the child's folder.
    pub(crate) name: String,
    /// Which of the job's files it belongs to.
    pub(crate) part: aimapper_core::store::outputs::Part,
    /// Its number within that file.
    pub(crate) chunk: i64,
    /// Rows in it.
    pub(crate) rows: i64,
}

/// What a child says.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "lowercase", deny_unknown_fields)]
pub(crate) enum Event {
    /// How far it is.
    Progress(Progress),
    /// A chunk is done; another process can go on behind it.
    Checkpoint {
        /// Chunks that are done.
        chunks: u64,
        /// Its files, [`RESUME`] among them.
        pieces: Vec<Piece>,
    },
    /// All is done.
    Done(Done),
    /// It cannot be done.
    Failed {
        /// A stable code.
        code: String,
        /// Whether trying again may help.
        transient: bool,
        /// What is wrong.
        message: String,
        /// What to do about it.
        hint: Option<String>,
    },
}

/// What a child leaves behind.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub(crate) enum Done {
    /// [`PROFILE`] is there.
    Read {
        /// All decisions, as JSON.
        decisions: Value,
    },
    /// [`MAPPING`] is there.
    Propose {},
    /// The rows are there.
    Run {
        /// What became of the records.
        balance: Written,
        /// The last files.
        pieces: Vec<Piece>,
    },
}
