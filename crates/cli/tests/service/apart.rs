//! Api and workers as processes of their own: what they ask for, what they say of themselves, and how
//! they end.

use std::io::BufReader;
use std::process::{Child, ChildStdout, Stdio};

use serde_json::Value;
use ureq::Agent;

use crate::kill::{SCHEMA, rows};
use crate::served::{Served, folder, said, signal};
use crate::shared::{Shared, program};

/// Status and body of an address.
fn asked(url: &str) -> (u16, String) {
    let config = Agent::config_builder().http_status_as_error(false).build();
    let mut answer = Agent::from(config).get(url).call().unwrap();
    let body = answer.body_mut().read_to_string().unwrap();
    (answer.status().as_u16(), body)
}

fn worker(shared: &Shared, data: &std::path::Path) -> (Child, BufReader<ChildStdout>, String) {
    let mut command = program("aimapper-worker", data);
    shared
        .set(&mut command)
        .env("AIMAPPER__WORKER__BIND", "127.0.0.1:0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let rest = said(&mut stdout, "AiMapper's worker is ready; its health is at ");
    (child, stdout, rest)
}

#[test]
fn a_worker_tells_of_its_health_and_its_figures() {
    let data = folder();
    let shared = Shared::new();
    let (mut child, _out, url) = worker(&shared, data.path());
    let served = Served::apart(data.path(), &shared, 0);
    let (mapping, source) = served.mapped("rows.csv", rows(100).as_bytes(), SCHEMA);
    let (_, job) = served.start_run(&mapping, &source);
    served.ended(&job);

    assert_eq!(asked(&format!("{url}/health/live")).0, 200);
    let (status, body) = asked(&format!("{url}/health/ready"));
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, &body["broker"]), (200, &Value::from("ok")));
    let (status, text) = asked(&format!("{url}/metrics"));
    assert_eq!(status, 200);
    for line in [
        "aimapper_job_attempts_total{kind=\"run\",end=\"succeeded\"} 1",
        "aimapper_rows_total{end=\"good\"} 99",
        "aimapper_rows_total{end=\"rejected\"} 1",
        "aimapper_jobs{state=\"queued\"} 0",
        "aimapper_fenced_finishes_total 0",
    ] {
        assert!(text.lines().any(|it| it == line), "no {line} in\n{text}");
    }
    signal(&child, "TERM");
    assert!(child.wait().unwrap().success());
}

#[test]
fn the_api_has_its_figures_at_an_address_of_their_own() {
    let data = folder();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let at = free.local_addr().unwrap().to_string();
    drop(free);
    let shared = Shared::new().with(&[("AIMAPPER__SERVER__METRICS_BIND", &at)]);
    let served = Served::apart(data.path(), &shared, 0);
    served.json("me");
    served.get("jobs/of-nobody");
    let (status, text) = asked(&format!("http://{at}/metrics"));
    assert_eq!(status, 200);
    let me = "aimapper_http_requests_total{method=\"GET\",route=\"/api/v1/me\",status=\"200\"} 1";
    assert!(text.lines().any(|it| it == me), "{text}");
    let good = "aimapper_auth_total{result=\"good\",reason=\"\"} 2";
    assert!(text.lines().any(|it| it == good), "{text}");
    assert!(!text.contains("of-nobody"), "{text}");
    assert!(text.contains("aimapper_outbox_oldest_seconds 0"), "{text}");
    assert_eq!(asked(&format!("{}/metrics", served.url)).0, 404);
}

#[test]
fn what_is_missing_is_named() {
    let data = folder();
    for name in ["aimapper-api", "aimapper-worker"] {
        let refused = program(name, data.path()).output().unwrap();
        let said = String::from_utf8_lossy(&refused.stderr);
        assert_eq!(refused.status.code(), Some(1), "{name}: {said}");
        assert!(said.starts_with("error: "), "{said}");
        assert!(said.contains("hint: set AIMAPPER__DATABASE__URL"), "{said}");
    }
    let shared = Shared::new();
    let mut command = program("aimapper-worker", data.path());
    let odd = shared
        .set(&mut command)
        .env("AIMAPPER__BROKER__URL", "http://localhost")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&odd.stderr);
    assert!(said.contains("AIMAPPER__BROKER__URL"), "{said}");
    // The tests are built with a libpq that has no TLS.
    let mut command = program("aimapper-worker", data.path());
    let wants_tls = "postgres://me@db.example.org/aimapper?sslmode=verify-full";
    let refused = command.env("AIMAPPER__DATABASE__URL", wants_tls).output();
    let said = String::from_utf8(refused.unwrap().stderr).unwrap();
    assert!(
        said.contains("AIMAPPER__DATABASE__URL asks for TLS"),
        "{said}"
    );
    assert!(said.contains("hint: build it with the system's"), "{said}");
}
