//! A service that was started for a test, and what a client asks of it.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;
use ureq::Agent;
use ureq::unversioned::multipart::{Form, Part};

use crate::shared::Shared;

/// The program. `AIMAPPER_TEST_PROGRAMS` names a folder with other ones of the workspace, such as those
/// of a release build, for figures.
pub(crate) fn program_path() -> PathBuf {
    let built = Path::new(env!("CARGO_BIN_EXE_aimapper"));
    match std::env::var_os("AIMAPPER_TEST_PROGRAMS") {
        Some(folder) => Path::new(&folder).join("aimapper"),
        None => built.to_owned(),
    }
}

/// A running service, killed with this value.
pub(crate) struct Served {
    /// The process that answers, and workers beside it where they are apart.
    child: Child,
    workers: Vec<Child>,
    /// Kept open, so that the service may print.
    _stdout: Vec<BufReader<ChildStdout>>,
    pub(crate) url: String,
    pub(crate) start_url: String,
    token: String,
    agent: Agent,
}

/// A folder for a service's data.
pub(crate) fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// The program with its data in a folder, and nothing of the test's own settings.
pub(crate) fn aimapper(data: &Path) -> Command {
    let mut command = Command::new(program_path());
    command
        .env("AIMAPPER__DATA__DIR", data)
        .env("AIMAPPER__LOG__LEVEL", "warn,lapin=off")
        .env("AIMAPPER__JOBS__REAPER_SECONDS", "1");
    command
}

impl Served {
    /// Starts the service and waits until it says where it is.
    pub(crate) fn start(data: &Path) -> Self {
        Self::start_with(data, &[], Stdio::inherit())
    }

    /// The same, with its log in a file.
    pub(crate) fn logging(data: &Path, settings: &[(&str, &str)], log: &Path) -> Self {
        let log = std::fs::File::create(log).unwrap();
        Self::start_with(data, settings, Stdio::from(log))
    }

    fn start_with(data: &Path, settings: &[(&str, &str)], log: Stdio) -> Self {
        let mut serve = aimapper(data);
        serve.args(["serve", "--bind", "127.0.0.1:0"]);
        serve.envs(settings.iter().copied()).stderr(log);
        Self::of(data, &mut serve, Vec::new())
    }

    /// The same service apart: an api and so many workers, over a database and a broker.
    pub(crate) fn apart(data: &Path, shared: &Shared, workers: usize) -> Self {
        let running = (0..workers).map(|_| shared.worker(data)).collect();
        Self::of(data, &mut shared.api(data, "127.0.0.1:0"), running)
    }

    /// The same where a provider issues the tokens; this one is asked with first.
    pub(crate) fn with_token(data: &Path, shared: &Shared, token: &str) -> Self {
        let mut api = shared.api(data, "127.0.0.1:0");
        let (child, mut stdout) = started(&mut api);
        let url = said(&mut stdout, "AiMapper is ready at ");
        Self {
            child,
            workers: Vec::new(),
            _stdout: vec![stdout],
            url,
            start_url: String::new(),
            token: token.to_owned(),
            agent: agent(),
        }
    }

    fn of(data: &Path, front: &mut Command, workers: Vec<(Child, BufReader<ChildStdout>)>) -> Self {
        let (child, mut stdout) = started(front);
        let url = said(&mut stdout, "AiMapper is ready at ");
        let start_url = said(&mut stdout, "Open ");
        let (workers, mut kept): (Vec<_>, Vec<_>) = workers.into_iter().unzip();
        kept.push(stdout);
        let issued = aimapper(data)
            .args(["token", "--role", "operator"])
            .output();
        let issued = issued.unwrap();
        assert!(issued.status.success(), "{issued:?}");
        let token = String::from_utf8(issued.stdout).unwrap().trim().to_owned();
        Self {
            child,
            workers,
            _stdout: kept,
            url,
            start_url,
            token,
            agent: agent(),
        }
    }

    /// From now on somebody else asks.
    pub(crate) fn asks(&mut self, token: &str) {
        token.clone_into(&mut self.token);
    }

    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// `kill -9`, and the wait for its effect.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM, and the wait for the end.
    pub(crate) fn terminate(mut self) -> bool {
        for child in self.workers.iter().chain([&self.child]) {
            signal(child, "TERM");
        }
        let mut good = true;
        for child in self.workers.iter_mut().chain([&mut self.child]) {
            good &= child.wait().unwrap().success();
        }
        good
    }

    fn bearer(&self) -> String {
        format!("Bearer {}", self.token)
    }

    /// Status and body of an address below `/api/v1/`.
    pub(crate) fn get(&self, path: &str) -> (u16, Vec<u8>) {
        let request = self.agent.get(format!("{}/api/v1/{path}", self.url));
        let answer = request.header("Authorization", self.bearer()).call();
        let mut answer = answer.unwrap();
        let mut body = Vec::new();
        answer
            .body_mut()
            .as_reader()
            .read_to_end(&mut body)
            .unwrap();
        (answer.status().as_u16(), body)
    }

    /// The body of an answer while it comes.
    pub(crate) fn follow(&self, path: &str) -> impl std::io::Read + use<> {
        let request = self.agent.get(format!("{}/api/v1/{path}", self.url));
        let answer = request.header("Authorization", self.bearer()).call();
        answer.unwrap().into_body().into_reader()
    }

    /// The body of a good answer of this type.
    pub(crate) fn bytes_as(&self, path: &str, accept: &str) -> Vec<u8> {
        let request = self.agent.get(format!("{}/api/v1/{path}", self.url));
        let request = request
            .header("Authorization", self.bearer())
            .header("Accept", accept);
        let mut answer = request.call().unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        let mut body = Vec::new();
        answer
            .body_mut()
            .as_reader()
            .read_to_end(&mut body)
            .unwrap();
        body
    }

    /// The body of a good answer.
    pub(crate) fn bytes(&self, path: &str) -> Vec<u8> {
        let (status, body) = self.get(path);
        assert_eq!(status, 200, "{path}: {}", String::from_utf8_lossy(&body));
        body
    }

    pub(crate) fn json(&self, path: &str) -> Value {
        serde_json::from_slice(&self.bytes(path)).unwrap()
    }

    /// What a POST with a JSON body is answered with.
    pub(crate) fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let request = self.agent.post(format!("{}/api/v1/{path}", self.url));
        let request = request.header("Authorization", self.bearer());
        let answer = request
            .content_type("application/json")
            .send(body.to_string());
        let mut answer = answer.unwrap();
        let text = answer.body_mut().read_to_string().unwrap();
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        (answer.status().as_u16(), body)
    }

    /// Uploads a file; gives the answer.
    pub(crate) fn upload(&self, name: &str, bytes: &[u8], target: &str) -> Value {
        let file = Part::bytes(bytes).file_name(name);
        let form = Form::new().part("file", file).text("target", target);
        let request = self.agent.post(format!("{}/api/v1/sources", self.url));
        let answer = request.header("Authorization", self.bearer()).send(form);
        let mut answer = answer.unwrap();
        let text = answer.body_mut().read_to_string().unwrap();
        assert_eq!(answer.status(), 202, "{text}");
        serde_json::from_str(&text).unwrap()
    }

    /// Uploads rows as a part of a trace; gives the answer.
    pub(crate) fn upload_in(&self, traceparent: &str, bytes: &[u8]) -> Value {
        let form = Form::new().part("file", Part::bytes(bytes).file_name("rows.csv"));
        let request = self.agent.post(format!("{}/api/v1/sources", self.url));
        let request = request.header("Authorization", self.bearer());
        let answer = request.header("traceparent", traceparent).send(form);
        let text = answer.unwrap().body_mut().read_to_string().unwrap();
        serde_json::from_str(&text).unwrap()
    }

    /// All events of a job so far, page by page, as JSON.
    pub(crate) fn all_events(&self, job: &str) -> String {
        let (mut all, mut cursor) = (String::new(), String::new());
        loop {
            let path = format!("jobs/{job}/events?limit=200{cursor}");
            let page = String::from_utf8(self.bytes_as(&path, "application/json")).unwrap();
            let told: Value = serde_json::from_str(&page).unwrap();
            all.push_str(&page);
            match told["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return all,
            }
        }
    }

    /// Follows the events of a job to its end, as a client would; gives the job.
    pub(crate) fn ended(&self, job: &str) -> Value {
        let events = self.bytes(&format!("jobs/{job}/events"));
        assert!(!events.is_empty());
        self.json(&format!("jobs/{job}"))
    }

    /// Follows the events of a job until it has so many chunks.
    pub(crate) fn until_chunk(&self, job: &str, chunks: u64) {
        let mark = format!("\"chunk\":{chunks}");
        let mut events = BufReader::new(self.follow(&format!("jobs/{job}/events")));
        let mut line = String::new();
        while !line.contains(&mark) {
            line.clear();
            let read = events.read_line(&mut line).unwrap();
            assert!(read > 0, "the job ended too early");
        }
    }

    /// Makes the process of the job that is running stand still, so that it cannot end by itself.
    pub(crate) fn hold_job(&self) -> HeldJob {
        let own = self.child.id().to_string();
        let mut held = Vec::new();
        for entry in std::fs::read_dir("/proc").unwrap() {
            let path = entry.unwrap().path();
            // `PID (NAME) STATE PARENT ..`; others come and go meanwhile.
            let stat = std::fs::read_to_string(path.join("stat")).unwrap_or_default();
            let parent = stat
                .rsplit_once(')')
                .and_then(|(_, rest)| rest.split_whitespace().nth(1));
            if parent == Some(own.as_str()) {
                let pid = path.file_name().unwrap().to_string_lossy().into_owned();
                let stopped = Command::new("kill").args(["-STOP", &pid]).status();
                assert!(stopped.unwrap().success());
                held.push(pid);
            }
        }
        assert_eq!(held.len(), 1, "one job was running");
        HeldJob(held)
    }

    /// A mapping version of a file, with everything likely accepted; and the source version.
    pub(crate) fn mapped(&self, name: &str, bytes: &[u8], schema: &str) -> (String, String) {
        let schema: Value = serde_json::from_str(schema).unwrap();
        let (status, target) = self.post("targets", &json!({"name": "target", "schema": schema}));
        assert_eq!(status, 201, "{target}");
        let sent = self.upload(name, bytes, text(&target, "/id"));
        let read = self.ended(text(&sent, "/job"));
        let proposed = self.ended(text(&read, "/outcome/propose"));
        let version = text(&proposed, "/outcome/mapping_version");
        let version = self.json(&format!("mapping-versions/{version}"));
        let mapping = text(&version, "/mapping");
        let request = self
            .agent
            .patch(format!("{}/api/v1/mappings/{mapping}", self.url))
            .header("Authorization", self.bearer())
            .header("If-Match", format!("\"{}\"", text(&version, "/sha256")));
        let answer = request
            .content_type("application/json")
            .send(r#"{"accept_at": 0.5}"#);
        let mut answer = answer.unwrap();
        let edited = answer.body_mut().read_to_string().unwrap();
        assert!(answer.status().is_success(), "{edited}");
        let edited: Value = serde_json::from_str(&edited).unwrap();
        (
            text(&edited, "/id").to_owned(),
            text(&sent, "/version").to_owned(),
        )
    }

    /// Starts a run; gives run and job.
    pub(crate) fn start_run(
        &self,
        mapping_version: &str,
        source_version: &str,
    ) -> (String, String) {
        let body = json!({
            "mapping_version": mapping_version, "source_version": source_version,
            "format": "csv", "max_rejects": 1_000_000,
        });
        let (status, started) = self.post("runs", &body);
        assert_eq!(status, 202, "{started}");
        (
            text(&started, "/run").to_owned(),
            text(&started, "/job").to_owned(),
        )
    }
}

/// The process of a job that stands still. It goes on where this ends: what stands still does not see that
/// its service is gone, and would stay for ever.
#[must_use]
pub(crate) struct HeldJob(Vec<String>);

impl Drop for HeldJob {
    fn drop(&mut self) {
        for pid in &self.0 {
            // It has ended already where its service ended it.
            let mut kill = Command::new("kill");
            let _goes_on = kill.args(["-CONT", pid]).stderr(Stdio::null()).status();
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        for child in self.workers.iter_mut().chain([&mut self.child]) {
            // It has ended already where a test ended it.
            let _ended = child.kill();
            let _waited = child.wait();
        }
    }
}

/// The process that answers, with what it says.
fn started(front: &mut Command) -> (Child, BufReader<ChildStdout>) {
    let front = front.stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = front.spawn().unwrap();
    let stdout = BufReader::new(child.stdout.take().unwrap());
    (child, stdout)
}

fn agent() -> Agent {
    let config = Agent::config_builder().http_status_as_error(false).build();
    config.into()
}

/// Sends a signal by its name.
pub(crate) fn signal(child: &Child, name: &str) {
    let pid = child.id().to_string();
    let sent = Command::new("kill").args(["-s", name, &pid]).status();
    assert!(sent.unwrap().success());
}

/// What follows these words at the start of the next line.
pub(crate) fn said(out: &mut BufReader<ChildStdout>, prefix: &str) -> String {
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    let rest = line.trim().strip_prefix(prefix);
    rest.unwrap_or_else(|| panic!("{line:?}")).to_owned()
}

/// The text at a place of an answer.
pub(crate) fn text<'a>(answer: &'a Value, pointer: &str) -> &'a str {
    let found = answer.pointer(pointer).and_then(Value::as_str);
    found.unwrap_or_else(|| panic!("no {pointer} in {answer}"))
}
