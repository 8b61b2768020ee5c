//! Why a job did not get to its end.

use serde::{Deserialize, Serialize};

use super::kind::words;

words! {
    /// What is done about a failure.
    FailureClass = "class of failures" {
        /// It would fail again: the job ends now.
        Permanent = "permanent",
        /// It may pass: the job is tried again later, so many times.
        Transient = "transient",
        /// The process that ran it died. Tried again, and after three times in a row without any
        /// progress the job is dead, because it may well be the cause.
        Crash = "crash",
    }
}

/// A failure as it is kept with the job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failure {
    /// What is done about it.
    pub class: FailureClass,
    /// A stable code, such as `limit_exceeded`, `no_space`, `lease_expired`.
    pub code: String,
    /// One sentence for people. Never holds cell values.
    pub message: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// What is left of a process that died.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
}

/// What is left of a process that died.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// Its exit code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// The signal that ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<i32>,
    /// The end of what it wrote to stderr.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub stderr: String,
}
