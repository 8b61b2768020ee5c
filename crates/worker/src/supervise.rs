//! Watching over the process of a job: starts it in a folder of its own, hears what it says, looks at
//! its memory and its time, and tells how it ended. Dropped, it kills the process.

use std::collections::VecDeque;
use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use aimapper_core::job::{Evidence, Failure, FailureClass};
use aimapper_core::program::StartError;
use tokio::io::{
    AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader, Lines, Take,
};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use crate::protocol::{Event, ProcessLimits, Spec};

/// Between two looks at a child's memory.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// What is kept of its stderr.
const STDERR_BYTES: usize = 64 << 10;
/// What a child may say in all: more than any job has to say, and less than this process can hold.
const STDOUT_BYTES: u64 = 256 << 20;
/// A child that says nothing more has to end within this time.
const GRACE: Duration = Duration::from_secs(10);
/// By the clock, a job may take so many times the processor's time that it may take.
const CLOCK: u32 = 4;

/// The program that runs jobs, with the argument that makes it do so.
#[derive(Debug, Clone)]
pub struct Program {
    /// Where it lies; the running program itself, but in tests.
    pub path: PathBuf,
    /// Arguments before all others: the hidden verb.
    pub arguments: Vec<String>,
}

impl Program {
    /// The running program with its hidden verb.
    ///
    /// # Errors
    /// When the system does not know where it lies.
    pub fn this() -> Result<Self, StartError> {
        let path = std::env::current_exe().map_err(|source| StartError::System {
            doing: "tell where the program lies",
            source,
        })?;
        Ok(Self {
            path,
            arguments: vec!["job-child".to_owned()],
        })
    }
}

/// A child at work.
pub(crate) struct Supervised {
    limits: ProcessLimits,
    deadline: Instant,
    lines: Lines<BufReader<Take<ChildStdout>>>,
    /// Open for as long as this process lives; its end is the child's end.
    _stdin: ChildStdin,
    stderr: JoinHandle<String>,
    child: Child,
}

/// What is heard next.
pub(crate) enum Heard {
    /// The child said something.
    Said(Event),
    /// It ended without a last word, or had to be ended.
    Ended(Failure),
}

impl Supervised {
    /// Starts the program in `folder`, which is also where its temporary files go.
    pub(crate) async fn start(program: &Program, folder: &Path, spec: &Spec) -> io::Result<Self> {
        let mut child = Command::new(&program.path)
            .args(&program.arguments)
            .current_dir(folder)
            .env_clear()
            .env("TMPDIR", folder)
            // Few arenas, so that what the address space may hold is memory and not reservations.
            .env("MALLOC_ARENA_MAX", "4")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        let missing = || io::Error::other("a pipe to the child is missing");
        let mut stdin = child.stdin.take().ok_or_else(missing)?;
        let stdout = child.stdout.take().ok_or_else(missing)?;
        let mut stderr = child.stderr.take().ok_or_else(missing)?;
        let mut line = serde_json::to_vec(spec)?;
        line.push(b'\n');
        // A child that ends at once leaves a broken pipe; how it ended says more.
        let _broken = stdin.write_all(&line).await;
        let stderr = tokio::spawn(async move {
            let mut tail = VecDeque::with_capacity(STDERR_BYTES);
            let mut block = [0; 4096];
            while let Ok(read @ 1..) = stderr.read(&mut block).await {
                tail.extend(block.iter().take(read));
                let over = tail.len().saturating_sub(STDERR_BYTES);
                tail.drain(..over);
            }
            // The database takes no NUL in text.
            String::from_utf8_lossy(tail.make_contiguous()).replace('\0', "\u{fffd}")
        });
        let clock = Duration::from_secs(spec.limits.cpu_seconds).saturating_mul(CLOCK);
        Ok(Self {
            limits: spec.limits,
            deadline: Instant::now() + clock,
            lines: BufReader::new(stdout.take(STDOUT_BYTES)).lines(),
            _stdin: stdin,
            stderr,
            child,
        })
    }

    /// The next thing that is heard. May not be called again behind an end.
    pub(crate) async fn next(&mut self) -> Heard {
        let mut look = interval(LOOK_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                line = self.lines.next_line() => return match line {
                    Ok(Some(line)) => match serde_json::from_str(&line) {
                        Ok(event) => Heard::Said(event),
                        Err(_) => self.kill("protocol", "the job's process said what is no event").await,
                    },
                    Ok(None) | Err(_) => self.ended().await,
                },
                _ = look.tick() => {
                    if self.resident().is_some_and(|bytes| bytes > self.limits.memory_bytes) {
                        let message = format!(
                            "the job took more than {} MiB of memory",
                            self.limits.memory_bytes >> 20
                        );
                        return self.kill("limit_exceeded", &message).await;
                    }
                    if Instant::now() > self.deadline {
                        return self.kill("limit_exceeded", "the job took too long").await;
                    }
                }
            }
        }
    }

    /// Waits for the end of a child that has said its last word.
    pub(crate) async fn finish(mut self) {
        if timeout(GRACE, self.child.wait()).await.is_err() {
            let _gone = self.child.kill().await;
        }
    }

    /// Resident memory in bytes, where the system tells.
    fn resident(&self) -> Option<u64> {
        let path = format!("/proc/{}/statm", self.child.id()?);
        let text = std::fs::read_to_string(path).ok()?;
        let pages: u64 = text.split(' ').nth(1)?.parse().ok()?;
        Some(pages * rustix::param::page_size() as u64)
    }

    async fn kill(&mut self, code: &str, message: &str) -> Heard {
        let _gone = self.child.kill().await;
        Heard::Ended(Failure {
            class: FailureClass::Permanent,
            code: code.to_owned(),
            message: message.to_owned(),
            hint: Some("the limits stand in the service's settings, under `limits`".to_owned()),
            evidence: None,
        })
    }

    /// How a child ended that said no last word.
    async fn ended(&mut self) -> Heard {
        let status = match timeout(GRACE, self.child.wait()).await {
            Ok(status) => status,
            Err(_) => {
                let _gone = self.child.kill().await;
                self.child.wait().await
            }
        };
        let stderr = (&mut self.stderr).await.unwrap_or_default();
        Heard::Ended(match status {
            Ok(status) => died(status, stderr),
            Err(error) => crash(
                format!("the job's process is gone: {error}"),
                Evidence::default(),
            ),
        })
    }
}

/// The failure of a process that died: over a limit for good, else a crash.
fn died(status: ExitStatus, stderr: String) -> Failure {
    // Numbers as on Linux and the BSDs; CPU time and file size have signals of their own.
    const SIGXCPU: i32 = 24;
    const SIGXFSZ: i32 = 25;
    let signal = status.signal();
    let limit = match signal {
        Some(SIGXCPU) => Some("the job took too much time of the processor"),
        Some(SIGXFSZ) => Some("the job wrote a file that is too large"),
        // What the standard library says before it aborts.
        _ if stderr.contains("memory allocation of") => Some("the job ran out of its memory"),
        Some(_) | None => None,
    };
    let evidence = Evidence {
        exit_code: status.code(),
        signal,
        stderr,
    };
    match limit {
        Some(message) => Failure {
            class: FailureClass::Permanent,
            code: "limit_exceeded".to_owned(),
            message: message.to_owned(),
            hint: Some("the limits stand in the service's settings, under `limits`".to_owned()),
            evidence: Some(evidence),
        },
        None => crash("the job's process died".to_owned(), evidence),
    }
}

fn crash(message: String, evidence: Evidence) -> Failure {
    Failure {
        class: FailureClass::Crash,
        code: "crashed".to_owned(),
        message,
        hint: None,
        evidence: Some(evidence),
    }
}
