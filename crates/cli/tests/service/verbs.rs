//! The verbs around the service, and how it starts and ends.

use std::fs;
use std::process::Command;

use crate::served::{Served, aimapper, folder, text};

const ROWS: &str = "id,amount\n1,2.50\n2,3.75\nx,1.00\n";
const SCHEMA: &str = r#"{"type": "object", "required": ["id", "amount"],
    "properties": {"id": {"type": "integer"}, "amount": {"type": "number"}}}"#;

fn complaint(command: &mut Command) -> (Option<i32>, String) {
    let done = command.output().unwrap();
    (done.status.code(), String::from_utf8(done.stderr).unwrap())
}

#[test]
fn settings_of_the_predecessor_are_heard() {
    let data = folder();
    let (code, said) = complaint(
        aimapper(data.path())
            .arg("migrate")
            .env("SOCIAL_AUTH_KEYCLOAK_KEY", "aimapper"),
    );
    assert_eq!(code, Some(1));
    assert!(
        said.contains("nothing says who issues the tokens"),
        "{said}"
    );
}

#[test]
fn submit_brings_the_results_back() {
    let data = folder();
    let served = Served::start(data.path());
    let (version, _) = served.mapped("rows.csv", ROWS.as_bytes(), SCHEMA);
    let mapping = served.json(&format!("mapping-versions/{version}"));
    let mapping = text(&mapping, "/mapping");
    let here = tempfile::tempdir().unwrap();
    fs::write(here.path().join("next.csv"), "id,amount\n7,1.00\n8,9.50\n").unwrap();
    let submit = |more: &[&str]| {
        let mut command = aimapper(data.path());
        command
            .args([
                "submit",
                "next.csv",
                "--mapping",
                mapping,
                "--url",
                &served.url,
            ])
            .args(more)
            .env("AIMAPPER_TOKEN", served.token())
            .current_dir(here.path());
        command
    };
    let done = submit(&["--wait"]).output().unwrap();
    assert!(done.status.success(), "{done:?}");
    assert_eq!(
        String::from_utf8_lossy(&done.stdout),
        "next.csv: 2 good, 0 rejected\n"
    );
    let good = fs::read_to_string(here.path().join("next.good.csv")).unwrap();
    assert_eq!(good, "id,amount\r\n7,1.00\r\n8,9.50\r\n");
    for name in [
        "next.rejects.csv",
        "next.mapping.yaml",
        "next.report.html",
        "next.report.json",
    ] {
        assert!(here.path().join(name).is_file(), "{name}");
    }
    let (code, said) = complaint(&mut submit(&["--wait"]));
    assert_eq!(code, Some(1));
    assert!(said.contains("exists already"), "{said}");
    fs::write(here.path().join("next.csv"), ROWS).unwrap();
    let (code, said) = complaint(&mut submit(&["--wait", "--force"]));
    assert_eq!(code, Some(3), "{said}");
    fs::write(here.path().join("next.csv"), "number,amount\n7,1.00\n").unwrap();
    let (code, said) = complaint(&mut submit(&["--wait", "--force"]));
    assert_eq!(code, Some(4), "{said}");
    assert!(said.contains("has no column `id`"), "{said}");
    let (code, said) = complaint(submit(&[]).env_remove("AIMAPPER_TOKEN"));
    assert_eq!(code, Some(2));
    assert!(said.contains("aimapper token"), "{said}");
    let (code, said) = complaint(submit(&[]).env("AIMAPPER_TOKEN", "no token"));
    assert_eq!(code, Some(1));
    assert!(said.contains("401"), "{said}");
}

#[test]
fn a_second_service_over_the_same_data_is_refused() {
    let data = folder();
    let served = Served::start(data.path());
    let (code, said) = complaint(aimapper(data.path()).args(["serve", "--bind", "127.0.0.1:0"]));
    assert_eq!(code, Some(1));
    assert!(said.contains("another process already serves"), "{said}");
    assert_eq!(served.get("me").0, 200);
    assert!(served.terminate(), "SIGTERM is a good end");
    // What it held is free again.
    Served::start(data.path());
}

#[test]
fn a_trace_goes_from_the_request_to_the_log_of_its_job() {
    let data = folder();
    let log = data.path().join("log");
    let settings = [
        ("AIMAPPER__LOG__FORMAT", "json"),
        ("AIMAPPER__LOG__LEVEL", "info"),
    ];
    let served = Served::logging(data.path(), &settings, &log);
    let trace = "0af7651916cd43dd8448eb211c80319c";
    let rows = format!("{ROWS}3,271828182.84\n");
    let sent = served.upload_in(&format!("00-{trace}-b7ad6b7169203331-01"), rows.as_bytes());
    served.ended(text(&sent, "/job"));
    assert!(served.terminate());
    let log = fs::read_to_string(log).unwrap();
    let of_trace: Vec<serde_json::Value> = log
        .lines()
        .filter(|line| line.contains(trace))
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let said: Vec<&str> = of_trace.iter().map(|line| text(line, "/message")).collect();
    assert_eq!(said, ["request", "job worked on"], "{log}");
    // The beginning of each token, a cell, and the name of a file.
    for secret in ["eyJ", "271828182", "rows.csv"] {
        assert!(!log.contains(secret), "the log tells {secret}");
    }
}

#[test]
fn the_start_address_opens_once() {
    let data = folder();
    let served = Served::start(data.path());
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .build()
        .into();
    let first = agent.get(&served.start_url).call().unwrap();
    assert_eq!(first.status(), 303);
    let cookie = first.headers()["set-cookie"].to_str().unwrap();
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let page = agent
        .get(&served.url)
        .header("Cookie", &cookie)
        .call()
        .unwrap();
    assert_eq!(page.status(), 200);
    let again = agent.get(&served.start_url).call().unwrap();
    assert_eq!(again.status(), 410);
}

#[test]
fn an_address_of_the_world_is_refused() {
    let data = folder();
    let (code, said) = complaint(aimapper(data.path()).args(["serve", "--bind", "0.0.0.0:0"]));
    assert_eq!(code, Some(1));
    assert!(said.contains("0.0.0.0"), "{said}");
}

#[test]
fn settings_that_are_none_are_named() {
    let data = folder();
    let file = data.path().join("aimapper.toml");
    fs::write(&file, "[jobs]\nlease_secondz = 3\n").unwrap();
    let (code, said) = complaint(
        aimapper(data.path())
            .args(["migrate", "--config"])
            .arg(&file),
    );
    assert_eq!(code, Some(1));
    assert!(
        said.contains("lease_secondz") && said.contains("lease_seconds"),
        "{said}"
    );
    let (code, said) = complaint(
        aimapper(data.path())
            .arg("migrate")
            .env("AIMAPPER__DATABASE__URL", "sqlit:x"),
    );
    assert_eq!(code, Some(1));
    assert!(said.contains("database.url"), "{said}");
}

#[test]
fn migrate_says_what_it_did() {
    let data = folder();
    let done = aimapper(data.path()).arg("migrate").output().unwrap();
    assert!(
        String::from_utf8_lossy(&done.stdout).starts_with("applied  "),
        "{done:?}"
    );
    let done = aimapper(data.path()).arg("migrate").output().unwrap();
    assert!(
        String::from_utf8_lossy(&done.stdout).ends_with("is up to date\n"),
        "{done:?}"
    );
}
