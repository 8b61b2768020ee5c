//! The walk-through of the README, from its own text: the same rows as the command gives.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::served::{Served, folder, program_path};
use crate::shared::Shared;

const README: &str = include_str!("../../../../README.md");
const REPOSITORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// The commands behind the mark of the walk-through.
fn commands() -> &'static str {
    let (_, behind) = README.split_once("<!-- walk-through -->\n```\n").unwrap();
    behind.split_once("\n```\n").unwrap().0
}

#[test]
fn the_readme_leads_to_the_rows_of_the_command() {
    let data = folder();
    let served = Served::start(data.path());
    leads_to_the_rows_of_the_command(data.path(), &served);
}

#[test]
fn so_it_does_with_api_and_workers_apart() {
    let data = folder();
    let shared = Shared::new();
    let served = Served::apart(data.path(), &shared, 2);
    leads_to_the_rows_of_the_command(data.path(), &served);
    assert!(served.terminate(), "they do not end in order");
}

fn leads_to_the_rows_of_the_command(data: &Path, served: &Served) {
    let here = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(
        Path::new(REPOSITORY).join("examples"),
        here.path().join("examples"),
    )
    .unwrap();
    assert!(commands().contains("http://127.0.0.1:8000"));
    let script = commands().replace("http://127.0.0.1:8000", &served.url);
    let program = program_path();
    let programs = program.parent().unwrap();
    let path = std::env::var("PATH").unwrap();
    let walked = Command::new("bash")
        .args(["-euo", "pipefail", "-c", &script])
        .env("PATH", format!("{}:{path}", programs.display()))
        .env("AIMAPPER__DATA__DIR", data)
        .current_dir(here.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&walked.stdout);
    let complaints = String::from_utf8_lossy(&walked.stderr);
    assert!(walked.status.success(), "{said}\n{complaints}");
    assert!(said.contains("currency is required"), "{said}");

    let ours = tempfile::tempdir().unwrap();
    let command = Command::new(program_path())
        .args(["map", "examples/bank/umsaetze_2026-03.csv"])
        .args(["--to", "examples/bank/transaction.schema.json"])
        .args(["--accept", "0.75", "--max-rejects", "2", "-o"])
        .arg(ours.path())
        .current_dir(REPOSITORY)
        .output()
        .unwrap();
    assert!(command.status.success(), "{command:?}");
    for suffix in ["good.csv", "rejects.csv"] {
        let name = format!("umsaetze_2026-03.{suffix}");
        let of_command = fs::read(ours.path().join(&name)).unwrap();
        let of_service = fs::read(here.path().join(&name)).unwrap();
        assert!(of_service == of_command, "{name} differs");
        assert!(of_command.iter().filter(|byte| **byte == b'\n').count() > 2);
    }
    let report = fs::read_to_string(here.path().join("umsaetze_2026-03.report.json")).unwrap();
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    for name in report["outputs"].as_array().unwrap() {
        let name = name.as_str().unwrap();
        assert!(here.path().join(name).is_file(), "{name} is not there");
    }
}
