//! The service as its users start it, with people who sign in at a realm.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;
use ureq::Agent;

use crate::realm::Realm;
use crate::secrets::Secrets;

/// A running `aimapper serve`. It ends with its value, and no secret stands in what it has said.
pub(crate) struct Service {
    child: Child,
    out: BufReader<ChildStdout>,
    pub(crate) base: String,
    folder: TempDir,
    secrets: Arc<Secrets>,
    agent: Agent,
}

/// What a question is answered with.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
    /// `WWW-Authenticate`.
    pub(crate) challenge: String,
}

impl Service {
    /// For a realm, where it is registered as soon as its address is known.
    pub(crate) fn of(realm: &Realm) -> Self {
        Self::with(realm, &realm.settings())
    }

    /// The same with other settings.
    pub(crate) fn with(realm: &Realm, settings: &[(&str, String)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let log = File::create(folder.path().join("log")).unwrap();
        let mut serve = Command::new(env!("CARGO_BIN_EXE_aimapper"));
        serve
            .args(["serve", "--bind", "127.0.0.1:0", "--data"])
            .arg(folder.path().join("data"))
            // As much as there is to be said, so that there is something to look into.
            .env("AIMAPPER__LOG__LEVEL", "debug")
            .envs(settings.iter().map(|(name, value)| (name, value)));
        let mut child = serve
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let base = line.trim().strip_prefix("AiMapper is ready at ");
        let Some(base) = base.map(str::to_owned) else {
            let log = fs::read_to_string(folder.path().join("log")).unwrap();
            panic!("{line}{log}");
        };
        realm.register(&base);
        // A connection that the other side ends while it is idle would fail the next question.
        let config = Agent::config_builder()
            .max_idle_connections(0)
            .http_status_as_error(false)
            .max_redirects(0)
            .build();
        Self {
            child,
            out,
            base,
            folder,
            secrets: Arc::clone(&realm.secrets),
            agent: config.into(),
        }
    }

    /// The address of a page.
    pub(crate) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Asks an address below `/api/v1/` with a token, or without one.
    pub(crate) fn ask(&self, path: &str, token: Option<&str>) -> Answer {
        let mut request = self.agent.get(self.at(&format!("/api/v1/{path}")));
        if let Some(token) = token {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        let mut answer = request.call().unwrap();
        let body = answer.body_mut().read_to_string().unwrap();
        let challenge = answer.headers().get("WWW-Authenticate");
        Answer {
            status: answer.status().as_u16(),
            body: serde_json::from_str(&body).unwrap_or(Value::Null),
            challenge: challenge
                .map(|text| text.to_str().unwrap().to_owned())
                .unwrap_or_default(),
        }
    }

    /// What it knows of a token's bearer.
    pub(crate) fn me(&self, token: &str) -> Value {
        let answer = self.ask("me", Some(token));
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body
    }

    /// That a token is refused as RFC 6750 wants it, and that the answer does not say why.
    pub(crate) fn refuses(&self, what: &str, token: &str) {
        let answer = self.ask("me", Some(token));
        assert_eq!(answer.status, 401, "{what}: {answer:?}");
        assert_eq!(
            answer.challenge,
            "Bearer realm=\"aimapper\", error=\"invalid_token\", \
             error_description=\"The access token is not valid\"",
            "{what}"
        );
    }

    /// What `aimapper auth doctor` says of these settings and a token, and whether it is content.
    pub(crate) fn doctor(&self, settings: &[(&str, String)], token: &str) -> (bool, String) {
        let mut doctor = Command::new(env!("CARGO_BIN_EXE_aimapper"))
            .args(["auth", "doctor", "--token", "-"])
            .env("AIMAPPER__DATA__DIR", self.folder.path().join("doctor"))
            .env("AIMAPPER__SERVER__PUBLIC_URL", &self.base)
            .envs(settings.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = doctor.stdin.take().unwrap();
        stdin.write_all(token.as_bytes()).unwrap();
        drop(stdin);
        let done = doctor.wait_with_output().unwrap();
        let said = [done.stdout, done.stderr].concat();
        let said = String::from_utf8(said).unwrap();
        self.secrets.are_not_in(&said);
        (done.status.success(), said)
    }

    /// What it has logged so far.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let id = Pid::from_raw(self.child.id().cast_signed()).unwrap();
        kill_process(id, Signal::TERM).unwrap();
        let ended = self.child.wait().unwrap();
        let mut said = self.log();
        self.out.read_to_string(&mut said).unwrap();
        if std::thread::panicking() {
            let last: Vec<&str> = said.lines().rev().take(60).collect();
            for line in last.iter().rev() {
                let _closed = writeln!(std::io::stderr(), "{line}");
            }
            return;
        }
        assert!(ended.success(), "{ended:?}");
        assert!(!said.is_empty(), "nothing was logged");
        self.secrets.are_not_in(&said);
    }
}
