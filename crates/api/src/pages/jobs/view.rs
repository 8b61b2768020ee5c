//! What pages show of a job. Pure.

use aimapper_core::job::{Kind, Outcome, Payload, Phase, Progress, State};
use aimapper_core::store::jobs::{Happening, JobEvent, JobRecord};
use aimapper_core::time::Millis;

use crate::pages::figures::{age, bytes, counted, duration, moment, number, visible};

/// How far a job is.
#[derive(Debug, Clone, Default)]
pub(crate) struct Meter {
    /// What is being done, in words.
    pub phase: String,
    /// `12,000 rows, 3.1 MB of 20.4 MB`.
    pub done: String,
    /// `about 12 s left`.
    pub left: String,
    /// Of 1000; nothing where it is not known.
    pub per_mille: Option<u64>,
}

/// A job for the eye.
#[derive(Debug, Clone)]
pub(crate) struct JobView {
    /// Its id.
    pub id: String,
    /// What it does.
    pub kind: &'static str,
    /// The state's word.
    pub state: &'static str,
    /// The state's icon.
    pub icon: &'static str,
    /// Where the job's subject is shown, if it has such a page.
    pub link: Option<String>,
    /// How far it is.
    pub meter: Meter,
    /// When it was accepted, roughly.
    pub age: String,
    /// When, exactly.
    pub at: String,
    /// Who asked for it.
    pub who: String,
    /// What it is about: the name of a source's file.
    pub about: String,
    /// Whether it has ended.
    pub ended: bool,
    /// Whether a worker has it.
    pub running: bool,
    /// Whether it is asked to end.
    pub ending: bool,
    /// Whether it can be tried again.
    pub retryable: bool,
    /// `attempt 2 of 5`; empty for the first.
    pub attempt: String,
    /// Why the last attempt did not succeed.
    pub failure: Option<FailureView>,
}

/// Why a job did not succeed.
#[derive(Debug, Clone)]
pub(crate) struct FailureView {
    /// The stable code.
    pub code: String,
    /// In words.
    pub message: String,
    /// What to do about it.
    pub hint: String,
    /// What is left of a process that died.
    pub evidence: Vec<(&'static str, String)>,
    /// The end of its stderr.
    pub stderr: String,
}

/// An event of a job.
#[derive(Debug, Clone)]
pub(crate) struct EventLine {
    /// Its number.
    pub number: String,
    /// When.
    pub at: String,
    /// What happened.
    pub what: &'static str,
    /// More about it.
    pub more: String,
}

/// A job for the eye; `who` and `about` are looked up by the caller.
#[must_use]
pub(crate) fn job_view(job: &JobRecord, now: Millis, who: &str, about: &str) -> JobView {
    let state = job.standing.state;
    JobView {
        id: job.id.to_string(),
        kind: kind_in_words(job.payload.kind()),
        state: state_in_words(state),
        icon: icon(state),
        link: link(job),
        meter: job.progress.map_or_else(Meter::default, meter),
        age: age(job.created_at, now),
        at: moment(job.created_at),
        who: visible(who),
        about: visible(about),
        ended: state.has_ended(),
        running: state == State::Running,
        ending: job.standing.cancel_requested && !state.has_ended(),
        retryable: matches!(state, State::Failed | State::Cancelled | State::Dead),
        attempt: match job.standing.attempt {
            0 | 1 => String::new(),
            attempt => format!("attempt {attempt} of {}", job.standing.max_attempts),
        },
        failure: job.failure.as_ref().map(|failure| FailureView {
            code: visible(&failure.code),
            message: visible(&failure.message),
            hint: hint(job),
            evidence: evidence(failure),
            stderr: failure.evidence.as_ref().map_or_else(String::new, |left| {
                crate::pages::figures::visible_lines(&left.stderr)
            }),
        }),
    }
}

fn evidence(failure: &aimapper_core::job::Failure) -> Vec<(&'static str, String)> {
    let Some(left) = &failure.evidence else {
        return Vec::new();
    };
    let code = left.exit_code.map(|code| ("exit code", code.to_string()));
    let signal = left.signal.map(|signal| ("signal", signal.to_string()));
    code.into_iter().chain(signal).collect()
}

/// What a person can do about a job that did not succeed.
fn hint(job: &JobRecord) -> String {
    let words = match job.standing.state {
        State::Queued | State::Dispatched | State::Running => "it is tried again by itself",
        State::Succeeded => "",
        State::Cancelled => "try it again if it was cancelled by mistake",
        State::Dead => {
            "its process died several times in a row: look at the evidence before trying it again"
        }
        State::Failed => match job.payload.kind() {
            Kind::Read => "mend the file or choose another one, then upload it again",
            Kind::Propose => "check the target, then propose again",
            Kind::Run if is_replay(job) => {
                "mend each record in its column _raw and not in _value, then send the file back on the page of the \
                 run that it came from"
            }
            Kind::Run => "check the mapping, then run it again",
        },
    };
    words.to_owned()
}

const fn is_replay(job: &JobRecord) -> bool {
    matches!(job.payload, Payload::Run { with: Some(_), .. })
}

fn link(job: &JobRecord) -> Option<String> {
    if job.payload.kind() != Kind::Run && !matches!(job.outcome, Some(Outcome::Propose { .. })) {
        return None;
    }
    Some(format!("/jobs/{}/wait", job.id))
}

/// A kind of job in words.
pub(crate) const fn kind_in_words(kind: Kind) -> &'static str {
    match kind {
        Kind::Read => "read a source",
        Kind::Propose => "propose a mapping",
        Kind::Run => "run a mapping",
    }
}

/// A state in words.
pub(crate) const fn state_in_words(state: State) -> &'static str {
    match state {
        State::Queued => "waiting",
        State::Dispatched => "next",
        State::Running => "running",
        State::Succeeded => "done",
        State::Failed => "failed",
        State::Cancelled => "cancelled",
        State::Dead => "dead",
    }
}

/// A state as one character.
pub(crate) const fn icon(state: State) -> &'static str {
    match state {
        State::Queued | State::Dispatched => "…",
        State::Running => "▸",
        State::Succeeded => "✓",
        State::Failed | State::Dead => "✗",
        State::Cancelled => "–",
    }
}

const fn phase_in_words(phase: Phase) -> &'static str {
    match phase {
        Phase::Staging => "Fetching the source",
        Phase::Reading => "Reading",
        Phase::Profiling => "Looking at the columns",
        Phase::Matching => "Matching columns and fields",
        Phase::Running => "Running the rows",
        Phase::Publishing => "Publishing the results",
    }
}

fn meter(progress: Progress) -> Meter {
    let per_mille = |done: u64, total: u64| (done.min(total) * 1000).checked_div(total);
    let rows = match progress.rows_total {
        Some(total) => format!(
            "{} of {}",
            number(progress.rows_done),
            counted(total, "row", "rows")
        ),
        None => counted(progress.rows_done, "row", "rows"),
    };
    Meter {
        phase: phase_in_words(progress.phase).to_owned(),
        done: format!(
            "{rows}, {} of {}",
            bytes(progress.bytes_done),
            bytes(progress.bytes_total)
        ),
        left: progress
            .left_ms
            .map_or_else(String::new, |left| format!("about {} left", duration(left))),
        per_mille: per_mille(progress.bytes_done, progress.bytes_total),
    }
}

/// An event for the eye.
#[must_use]
pub(crate) fn event_line(event: &JobEvent) -> EventLine {
    let text = |key: &str| event.body.get(key).and_then(serde_json::Value::as_str);
    let failure = event
        .body
        .get("failure")
        .and_then(|failure| failure.get("message"));
    let more = failure
        .and_then(serde_json::Value::as_str)
        .or_else(|| text("message"))
        .map_or_else(|| progress_words(event), visible);
    EventLine {
        number: number(event.seq.unsigned_abs()),
        at: moment_to_second(event.at),
        what: happening_in_words(event.kind),
        more,
    }
}

fn progress_words(event: &JobEvent) -> String {
    let progress = event.body.get("progress").cloned();
    let progress = progress.and_then(|value| serde_json::from_value::<Progress>(value).ok());
    progress.map_or_else(String::new, |progress| {
        let meter = meter(progress);
        format!("{}: {}", meter.phase, meter.done)
    })
}

fn moment_to_second(at: Millis) -> String {
    crate::pages::figures::rfc3339(at)
        .replace('T', " ")
        .replace('Z', "")
}

const fn happening_in_words(kind: Happening) -> &'static str {
    match kind {
        Happening::Accepted => "accepted",
        Happening::Dispatched => "put in the queue",
        Happening::HintLost => "nobody took it: put in the queue again",
        Happening::Claimed => "taken by a worker",
        Happening::Progressed => "went on",
        Happening::Advanced => "finished a part",
        Happening::Succeeded => "done",
        Happening::Failed => "failed",
        Happening::GivenBack => "given back by a worker that stops",
        Happening::LeaseExpired => "its worker was not heard of any more",
        Happening::Orphaned => "its worker is gone",
        Happening::CancelRequested => "asked to end",
        Happening::Redriven => "tried again",
    }
}

/// The source version that a job is about, and its mapping's, if it has one.
pub(crate) const fn subject(payload: &Payload) -> aimapper_core::id::SourceVersionId {
    match payload {
        Payload::Read { version, .. } => *version,
        Payload::Propose { source_version, .. } | Payload::Run { source_version, .. } => {
            *source_version
        }
    }
}
