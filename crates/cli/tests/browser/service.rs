//! The service as its users start it: the binary, a data folder of its own, a free port.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::shared::Shared;

/// A running `aimapper serve`, or with `AIMAPPER_TEST_APART` an api and a worker over PostgreSQL and
/// RabbitMQ; it ends with its value.
pub(crate) struct Service {
    child: Child,
    /// Held open, so that the service may go on to speak.
    _out: BufReader<ChildStdout>,
    /// What is beside it where they are apart.
    apart: Option<(Child, BufReader<ChildStdout>, Shared)>,
    base: String,
    start: String,
    folder: TempDir,
}

impl Service {
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    /// A service that takes jobs and begins none, so that a page that waits stays.
    pub(crate) fn that_never_begins() -> Self {
        Self::start_with(&[("AIMAPPER__WORKER__SLOTS__INTERACTIVE", "0")])
    }

    fn start_with(settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let log = File::create(folder.path().join("log")).unwrap();
        let data = folder.path().join("data");
        let (mut command, apart) = if std::env::var_os("AIMAPPER_TEST_APART").is_some() {
            let shared = Shared::new().with(settings);
            let (worker, out) = shared.worker(&data);
            (
                shared.api(&data, "127.0.0.1:0"),
                Some((worker, out, shared)),
            )
        } else {
            let mut serve = Command::new(env!("CARGO_BIN_EXE_aimapper"));
            serve.args(["serve", "--bind", "127.0.0.1:0", "--data"]);
            serve.arg(&data).envs(settings.iter().copied());
            (serve, None)
        };
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let base = said(&mut out, "AiMapper is ready at ");
        let start = said(&mut out, "Open ");
        Self {
            child,
            _out: out,
            apart,
            base,
            start,
            folder,
        }
    }

    /// The address that signs in, once.
    pub(crate) fn start_url(&self) -> &str {
        &self.start
    }

    /// The address of a page.
    pub(crate) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let worker = self.apart.as_mut().map(|(worker, ..)| worker);
        let ends: Vec<ExitStatus> = worker
            .into_iter()
            .chain([&mut self.child])
            .map(end)
            .collect();
        if std::thread::panicking() {
            let log = fs::read(self.folder.path().join("log")).unwrap_or_default();
            let _closed = std::io::stderr().write_all(&log);
        } else {
            assert!(ends.iter().all(ExitStatus::success), "{ends:?}");
        }
    }
}

fn end(child: &mut Child) -> ExitStatus {
    let id = Pid::from_raw(child.id().cast_signed()).unwrap();
    kill_process(id, Signal::TERM).unwrap();
    child.wait().unwrap()
}

/// What follows these words at the start of the next line.
fn said(out: &mut BufReader<ChildStdout>, words: &str) -> String {
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    let rest = line.trim_end().strip_prefix(words);
    rest.unwrap_or_else(|| panic!("not “{words}..”: {line}"))
        .to_owned()
}
