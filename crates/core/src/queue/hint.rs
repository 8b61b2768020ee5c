//! The message.

use serde::{Deserialize, Serialize};

use crate::id::JobId;

/// Version of the message's form.
pub const HINT_VERSION: u8 = 1;

/// A job may be due. No data of users: messages lie in places that people look into.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hint {
    /// Version of this form.
    v: u8,
    /// The job.
    pub job_id: JobId,
    /// Its epoch when the hint was written.
    pub epoch: i64,
    /// Trace context of the request that asked for the job (W3C).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
}

/// A message that is no hint.
#[derive(Debug, thiserror::Error)]
pub enum NotAHint {
    /// It has another form.
    #[error("it is not of the form of a hint")]
    Form(#[source] serde_json::Error),
    /// It is of a version that this build does not know.
    #[error("it is of version {0}, and this build knows {HINT_VERSION}")]
    Version(u8),
}

impl Hint {
    /// A hint for a job at an epoch.
    #[must_use]
    pub const fn new(job_id: JobId, epoch: i64, traceparent: Option<String>) -> Self {
        Self {
            v: HINT_VERSION,
            job_id,
            epoch,
            traceparent,
        }
    }

    /// The message's bytes, JSON.
    ///
    /// # Errors
    /// [`NotAHint::Form`], which numbers and texts do not bring about.
    pub fn to_bytes(&self) -> Result<Vec<u8>, NotAHint> {
        serde_json::to_vec(self).map_err(NotAHint::Form)
    }

    /// Reads a message. Fields that this version does not know are left out.
    ///
    /// # Errors
    /// [`NotAHint`] for what is none.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, NotAHint> {
        #[derive(Deserialize)]
        struct Versioned {
            v: u8,
        }
        // The version first: another may have another form.
        let Versioned { v } = serde_json::from_slice(bytes).map_err(NotAHint::Form)?;
        if v != HINT_VERSION {
            return Err(NotAHint::Version(v));
        }
        serde_json::from_slice(bytes).map_err(NotAHint::Form)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_keeps_its_form() {
        let id = "01234567-89ab-7fff-bfff-ffffffffffff";
        let hint = Hint::new(id.parse().unwrap(), 3, Some("00-ab-cd-01".to_owned()));
        let bytes = hint.to_bytes().unwrap();
        let text = format!(r#"{{"v":1,"job_id":"{id}","epoch":3,"traceparent":"00-ab-cd-01"}}"#);
        assert_eq!(String::from_utf8(bytes).unwrap(), text);
        assert_eq!(Hint::from_bytes(text.as_bytes()).unwrap(), hint);
        let more = text.replace("\"v\"", "\"later\":{},\"v\"");
        assert_eq!(Hint::from_bytes(more.as_bytes()).unwrap(), hint);
    }

    #[test]
    fn what_is_no_hint_is_told_from_a_later_one() {
        let form = |bytes: &[u8]| matches!(Hint::from_bytes(bytes), Err(NotAHint::Form(_)));
        assert!(form(b"") && form(b"\xff") && form(b"{}") && form(b"{\"v\":1}"));
        assert!(form(b"{\"v\":1,\"job_id\":\"x\",\"epoch\":1}"));
        let later = Hint::from_bytes(b"{\"v\":2,\"job\":[]}");
        assert!(matches!(later, Err(NotAHint::Version(2))));
    }
}
