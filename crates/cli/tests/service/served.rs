//! A service that was started for a test, and what a client asks of it.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;
use ureq::Agent;
use ureq::unversioned::multipart::{Form, Part};

/// The program.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_aimapper");

/// A running service, killed with this value.
pub(crate) struct Served {
    child: Child,
    /// Kept open, so that the service may print.
    _stdout: BufReader<ChildStdout>,
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
    let mut command = Command::new(PROGRAM);
    command
        .env("AIMAPPER__DATA__DIR", data)
        .env("AIMAPPER__LOG__LEVEL", "warn")
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
        let mut child = aimapper(data)
            .args(["serve", "--bind", "127.0.0.1:0"])
            .envs(settings.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = |prefix: &str| {
            let mut line = String::new();
            stdout.read_line(&mut line).unwrap();
            let rest = line.trim().strip_prefix(prefix);
            rest.unwrap_or_else(|| panic!("{line:?}")).to_owned()
        };
        let url = line("AiMapper is ready at ");
        let start_url = line("Open ");
        let issued = aimapper(data)
            .args(["token", "--role", "operator"])
            .output();
        let issued = issued.unwrap();
        assert!(issued.status.success(), "{issued:?}");
        let token = String::from_utf8(issued.stdout).unwrap().trim().to_owned();
        let config = Agent::config_builder().http_status_as_error(false).build();
        Self {
            child,
            _stdout: stdout,
            url,
            start_url,
            token,
            agent: config.into(),
        }
    }

    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// Sends a signal by its name.
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &pid]).status();
        assert!(sent.unwrap().success());
    }

    /// `kill -9`, and the wait for its effect.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM, and the wait for the end.
    pub(crate) fn terminate(mut self) -> bool {
        self.signal("TERM");
        self.child.wait().unwrap().success()
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

    /// Follows the events of a job to its end, as a client would; gives the job.
    pub(crate) fn ended(&self, job: &str) -> Value {
        let events = self.bytes(&format!("jobs/{job}/events"));
        assert!(!events.is_empty());
        self.json(&format!("jobs/{job}"))
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

impl Drop for Served {
    fn drop(&mut self) {
        // It has ended already where a test ended it.
        let _ended = self.child.kill();
        let _waited = self.child.wait();
    }
}

/// The text at a place of an answer.
pub(crate) fn text<'a>(answer: &'a Value, pointer: &str) -> &'a str {
    let found = answer.pointer(pointer).and_then(Value::as_str);
    found.unwrap_or_else(|| panic!("no {pointer} in {answer}"))
}
