//! The process of a job: one source, one task, hard limits, no network, no database. It knows only
//! its folder and what stands in its `Spec`, and whatever happens to it happens to one job.

mod limits;
mod propose;
mod read;
mod run;

use std::io::{self, BufRead as _, Read as _, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use aimapper_core::config::{Log, LogFormat};
use aimapper_core::error::{ErrorKind, Explain};
use aimapper_core::job::{Phase, Progress};
use aimapper_core::pipeline::Settings;
use aimapper_core::source::{Input, Limits, SourceError, State};
use aimapper_core::telemetry;

use crate::protocol::{Event, SOURCE, Spec, Task, VERSION};

/// Between two reports of progress.
const REPORT_EVERY: Duration = Duration::from_millis(250);

/// Runs the job that stands on stdin, in the current folder, and tells on stdout what becomes of it.
/// This is the whole of the hidden verb `job-child`.
#[must_use]
pub fn main() -> ExitCode {
    let mut stdin = io::stdin().lock();
    let mut line = String::new();
    if stdin.read_line(&mut line).is_err() {
        return ExitCode::FAILURE;
    }
    drop(stdin);
    let spec: Spec = match serde_json::from_str(&line) {
        Ok(spec) => spec,
        Err(error) => return failed(&Trouble::protocol(&error)),
    };
    if spec.version != VERSION {
        return failed(&Trouble::other_version(spec.version));
    }
    if let Err(error) = limits::set(&spec.limits) {
        return failed(&Trouble::limits(&error));
    }
    std::thread::spawn(end_with_parent);
    begin(&spec);
    let work = match &spec.task {
        Task::Read { file, set } => read::read(&spec, file, set),
        Task::Propose { file, decisions } => propose::propose(file, decisions),
        Task::Run { file, .. } => run::run(&spec, file),
    };
    match work {
        Ok(done) => {
            say(&Event::Done(done));
            ExitCode::SUCCESS
        }
        Err(trouble) => failed(&trouble),
    }
}

/// Says on stderr whose work this is. The worker keeps it as evidence if the process dies.
fn begin(spec: &Spec) {
    let log = Log {
        format: LogFormat::Json,
        level: "info".to_owned(),
    };
    // A job is done as well without a log.
    let _without = telemetry::start(&log);
    let trace = spec.traceparent.as_deref();
    tracing::info!(
        job.id = %spec.job,
        trace.id = trace.and_then(|text| text.split('-').nth(1)),
        "the job begins"
    );
}

fn failed(trouble: &Trouble) -> ExitCode {
    say(&Event::Failed {
        code: trouble.code.clone(),
        transient: trouble.transient,
        message: trouble.message.clone(),
        hint: trouble.hint.clone(),
    });
    ExitCode::SUCCESS
}

/// Waits for the end of stdin: the worker is gone, and nobody wants the result.
#[expect(
    clippy::exit,
    reason = "whatever the other threads do is of no use any more"
)]
fn end_with_parent() {
    let mut rest = [0; 256];
    while matches!(io::stdin().lock().read(&mut rest), Ok(read) if read > 0) {}
    std::process::exit(1);
}

/// Tells the worker. If nobody listens any more, the end of stdin comes as well.
fn say(event: &Event) {
    if let Ok(mut line) = serde_json::to_vec(event) {
        line.push(b'\n');
        let mut out = io::stdout().lock();
        let _nobody_listens = out.write_all(&line).and_then(|()| out.flush());
    }
}

/// Why a job cannot be done, as it is told.
#[derive(Debug)]
struct Trouble {
    code: String,
    transient: bool,
    message: String,
    hint: Option<String>,
}

impl Trouble {
    fn protocol(error: &serde_json::Error) -> Self {
        Self::ours("protocol", format!("the job cannot be understood: {error}"))
    }

    fn other_version(version: u32) -> Self {
        let message = format!("the job speaks version {version} of the protocol, not {VERSION}");
        Self::ours("protocol", message)
    }

    fn limits(error: &dyn std::error::Error) -> Self {
        Self::ours("no_limits", format!("the limits cannot be set: {error}"))
    }

    /// A fault of this program.
    fn ours(code: &str, message: String) -> Self {
        Self {
            code: code.to_owned(),
            transient: false,
            message,
            hint: None,
        }
    }

    /// A file of the folder that cannot be read or written.
    fn io(what: &str, error: &io::Error) -> Self {
        let full = matches!(
            error.kind(),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
        );
        Self {
            code: if full { "no_space" } else { "io" }.to_owned(),
            transient: true,
            message: format!("{what}: {error}"),
            hint: full.then(|| "free some space and try again".to_owned()),
        }
    }
}

impl<E: Explain> From<E> for Trouble {
    fn from(error: E) -> Self {
        let (code, transient) = match error.kind() {
            ErrorKind::Invalid => ("invalid", false),
            ErrorKind::Undecided => ("undecided", false),
            ErrorKind::NotFound => ("not_found", false),
            ErrorKind::Conflict => ("conflict", false),
            ErrorKind::TooLarge => ("limit_exceeded", false),
            ErrorKind::Unsupported => ("unsupported", false),
            ErrorKind::NoSpace => ("no_space", true),
            ErrorKind::Unavailable => ("io", true),
            // No child is asked who asks.
            ErrorKind::Internal
            | ErrorKind::Unauthenticated
            | ErrorKind::Forbidden
            | ErrorKind::PreconditionFailed
            | ErrorKind::RateLimited => ("internal", false),
        };
        let mut message = error.to_string();
        let mut cause = error.source();
        while let Some(next) = cause {
            message.push_str(": ");
            message.push_str(&next.to_string());
            cause = next.source();
        }
        Self {
            code: code.to_owned(),
            transient,
            message,
            hint: error.hint(),
        }
    }
}

/// Opens the staged source under its own name; unpacks it.
fn open(file: &str, limits: &Limits) -> Result<Input, SourceError> {
    Input::named(Path::new(SOURCE), file)?.unpack(None, limits)
}

fn settings(spec: &Spec) -> Settings {
    Settings {
        threads: spec.threads.max(1),
        ..Settings::default()
    }
}

/// Reads a file that the worker has staged.
fn staged(name: &str) -> Result<String, Trouble> {
    std::fs::read_to_string(name).map_err(|error| Trouble::io(name, &error))
}

/// Says now and then how far a pass over the source is.
struct Pace {
    phase: Phase,
    bytes_total: u64,
    rows_total: Option<u64>,
    started: Instant,
    from: Option<u64>,
    said: Option<Instant>,
}

impl Pace {
    fn new(phase: Phase, bytes_total: u64) -> Self {
        Self {
            phase,
            bytes_total,
            rows_total: None,
            started: Instant::now(),
            from: None,
            said: None,
        }
    }

    /// Of so many rows, where a pass before has counted them.
    fn of(self, rows_total: Option<u64>) -> Self {
        Self { rows_total, ..self }
    }

    fn at(&mut self, at: &State) {
        let now = Instant::now();
        let bytes_done = at.byte;
        let from = *self.from.get_or_insert(bytes_done);
        if self.said.is_some_and(|said| now - said < REPORT_EVERY) {
            return;
        }
        self.said = Some(now);
        say(&Event::Progress(Progress {
            phase: self.phase,
            rows_done: at.rows,
            rows_total: self.rows_total,
            bytes_done,
            bytes_total: self.bytes_total,
            left_ms: self.left(
                bytes_done - from,
                self.bytes_total - bytes_done.min(self.bytes_total),
            ),
        }));
    }

    /// Milliseconds that the bytes to come take at the pace so far; nothing before there is one.
    fn left(&self, done: u64, left: u64) -> Option<u64> {
        let spent = self.started.elapsed().as_millis();
        if done == 0 || spent < 500 {
            return None;
        }
        u64::try_from(spent * u128::from(left) / u128::from(done)).ok()
    }
}
