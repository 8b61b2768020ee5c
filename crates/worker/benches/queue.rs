//! A worker whose jobs have nothing to do: what is left is what a job costs around its work. It takes the
//! settings of `aimapper-worker`, says when it is ready, works until it is told to end, and then says of
//! each job when its work began. benches/queue.sh starts it. With `HOLD_MS` each job takes so long without
//! doing anything, for figures of what jobs cost while they run.

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aimapper_core::blob::Blobs;
use aimapper_core::config::Config;
use aimapper_core::id::JobId;
use aimapper_core::job::{Failure, FailureClass, Outcome, Payload, Written};
use aimapper_core::program::{self, Fatal, StartError};
use aimapper_core::queue::Queue;
use aimapper_core::store::jobs::{Claim, JobRecord};
use aimapper_core::telemetry;
use aimapper_worker::{Ended, Program, Service};
use tokio::sync::{Notify, watch};

/// Jobs, and when their work began.
type Begun = Arc<Mutex<Vec<(JobId, SystemTime)>>>;

fn main() -> ExitCode {
    // What `cargo bench` passes on is for nobody.
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(fatal) => {
            // Where standard error is closed nobody can be told.
            let _closed = write!(io::stderr(), "{fatal}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Fatal> {
    let config = Config::load(None)?;
    telemetry::start(&config.log)?;
    program::data_folder(&config)?;
    let slots = config.slots.interactive + config.slots.batch + config.slots.assistant;
    // As many as `aimapper-worker` takes.
    let connections = u32::try_from(slots).unwrap_or(64).clamp(2, 60) + 4;
    let store = Arc::new(program::shared_store(&config, connections)?);
    let service = Service::new(
        &config,
        // Never started.
        Program::this()?,
        (store, Arc::new(Blobs::open(&config.blobs)?)),
        Queue::rabbit(program::shared_broker(&config)?)?,
        Arc::new(Notify::new()),
    )?;
    let begun = Begun::default();
    actix_web::rt::System::new().block_on(work(service, Arc::clone(&begun)))?;
    tell(&begun).map_err(|source| StartError::System {
        doing: "tell when jobs began",
        source,
    })?;
    Ok(())
}

async fn work(service: Service, begun: Begun) -> Result<(), Fatal> {
    let (say, stop) = watch::channel(false);
    let held = std::env::var("HOLD_MS").ok();
    let held = Duration::from_millis(held.and_then(|text| text.parse().ok()).unwrap_or(0));
    let nothing = move |_: Claim, job: JobRecord| {
        let now = SystemTime::now();
        let mut begun = begun.lock().unwrap_or_else(PoisonError::into_inner);
        begun.push((job.id, now));
        async move {
            if !held.is_zero() {
                tokio::time::sleep(held).await;
            }
            done(&job.payload)
        }
    };
    let working = tokio::spawn(service.run_with(stop, nothing));
    // A reader that is gone will end this process.
    let _closed = writeln!(io::stdout(), "ready").and_then(|()| io::stdout().flush());
    program::told_to_end().await?;
    say.send_replace(true);
    match working.await {
        Ok(worked) => Ok(worked?),
        Err(error) => Err(aimapper_worker::WorkerError::BrokenOff(error).into()),
    }
}

fn done(payload: &Payload) -> Ended {
    match payload {
        Payload::Run { .. } => Ended::Done {
            outcome: Outcome::Run {
                balance: Written {
                    counted: 0,
                    read: 0,
                    good: 0,
                    rejected: 0,
                    non_data: 0,
                },
            },
            outputs: Vec::new(),
        },
        Payload::Read { .. } | Payload::Propose { .. } => Ended::Failed {
            failure: Failure {
                class: FailureClass::Permanent,
                code: "not_measured".to_owned(),
                message: "only runs are measured".to_owned(),
                hint: None,
                evidence: None,
            },
            retry_after_ms: 0,
        },
    }
}

/// A line for each job: its id, and microseconds since 1970.
fn tell(begun: &Begun) -> io::Result<()> {
    let begun = begun.lock().unwrap_or_else(PoisonError::into_inner);
    let mut out = io::BufWriter::new(io::stdout().lock());
    for (job, at) in begun.iter() {
        let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
        writeln!(out, "{job} {}", since.as_micros())?;
    }
    out.flush()
}
