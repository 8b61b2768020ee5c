//! What people and programs do: one function for each deed, whichever way it was asked for. Pages
//! and REST make its arguments of what came in and show what it gives. It knows neither forms nor
//! pages, and what it refuses is a problem of the one table.

pub(crate) mod drift;
pub(crate) mod jobs;
pub(crate) mod mappings;
pub(crate) mod runs;
pub(crate) mod sources;
pub(crate) mod targets;

use aimapper_core::job::Payload;
use aimapper_core::store::jobs::NewJob;

use crate::app::App;
use crate::auth::Caller;

/// Who asks for something that becomes a job.
#[derive(Debug, Clone)]
pub(crate) struct Asker {
    /// The caller.
    pub(crate) caller: Caller,
    max_attempts: i32,
    traceparent: Option<String>,
}

impl Asker {
    /// A caller, with the trace context of the request.
    pub(crate) fn new(app: &App, caller: &Caller, traceparent: Option<String>) -> Self {
        Self {
            caller: caller.clone(),
            max_attempts: app.limits.max_attempts,
            traceparent,
        }
    }

    /// A job over a source of so many bytes.
    pub(crate) fn job(&self, payload: Payload, source_bytes: u64) -> NewJob {
        NewJob {
            tenant: self.caller.tenant,
            created_by: self.caller.user,
            payload,
            class: payload.class(source_bytes),
            priority: 0,
            delay_ms: 0,
            max_attempts: self.max_attempts,
            traceparent: self.traceparent.clone(),
        }
    }
}
