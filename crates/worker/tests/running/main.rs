//! Jobs in processes of their own, for real: the whole way from an upload to rows that add up, and
//! every way in which a process can go wrong, none of which may harm the service.

#![cfg(test)]

mod beside;
#[path = "../../../core/tests/databases/mod.rs"]
mod databases;
mod ground;

use aimapper_core::id::{SourceVersionId, TargetVersionId};
use aimapper_core::job::{Outcome, OutputFormat, Payload, State};
use aimapper_core::mapping::{Edit, Mapping, Rule, accept_at, apply, from_yaml, to_yaml};
use aimapper_core::report::{SourceProfile, from_json};
use aimapper_core::store::outputs::Part;
use aimapper_worker::{ProcessLimits, Program};
use ground::{Ground, SCHEMA, bank, rows};

/// `/bin/sh` in the place of the program that runs jobs.
fn shell(script: &str) -> Program {
    Program {
        path: "/bin/sh".into(),
        arguments: vec!["-c".to_owned(), script.to_owned()],
    }
}

/// Another column for a field, with a value, the file, and who and when.
async fn what_was_decided_counts_unless_it_is_told_not_to(
    ground: &Ground,
    source_version: SourceVersionId,
    target_version: TargetVersionId,
) {
    let propose = async |memory| {
        let payload = Payload::Propose {
            source_version,
            target_version,
            memory,
        };
        let done = ground.run_one(payload).await;
        let Some(Outcome::Propose { mapping_version }) = done.outcome else {
            panic!("{done:?}");
        };
        from_yaml(&ground.mapping(mapping_version), "m").unwrap()
    };
    let first = propose(true).await;
    assert!(first.rules.iter().all(|rule| remembered(rule).is_none()));
    let edit = Edit::Choose {
        field: "reference".to_owned(),
        sources: vec!["Buchungsart".to_owned()],
    };
    assert_ne!(rule(&first, "reference").sources, ["Buchungsart"]);
    let decided = apply(&first, &edit, "mia", "2026-10-02T09:30:00Z").unwrap();
    ground.remember(&decided);
    let again = propose(true).await;
    let reference = rule(&again, "reference");
    assert_eq!(reference.sources, ["Buchungsart"]);
    assert_eq!(
        remembered(reference),
        Some("memory: you chose this on 2026-10-02 for umsaetze.csv (mia)")
    );
    let without = propose(false).await;
    assert_eq!(without, first);
}

fn rule<'a>(mapping: &'a Mapping, field: &str) -> &'a Rule {
    let rules = &mut mapping.rules.iter();
    rules.find(|rule| rule.field == field).unwrap()
}

fn remembered(rule: &Rule) -> Option<&str> {
    let pieces = &mut rule.evidence.iter();
    let piece = pieces.find(|piece| piece.kind == "memory")?;
    Some(&piece.text)
}

#[tokio::test]
async fn from_an_upload_to_rows_that_add_up() {
    let ground = Ground::new();
    let (source, version) = ground.upload("umsaetze.csv", &bank());
    let target = ground.target(SCHEMA);
    let read = ground.run_one(Payload::Read {
        source,
        version,
        propose: Some(target),
        memory: true,
    });
    let read = read.await;
    assert_eq!(read.standing.state, State::Succeeded, "{:?}", read.failure);
    let Some(Outcome::Read {
        propose: Some(propose),
        ..
    }) = read.outcome
    else {
        panic!("{:?}", read.outcome);
    };
    let profile: SourceProfile = serde_json::from_slice(&ground.profile(version)).unwrap();
    assert!(profile.report.balance.balanced);
    assert!(profile.lines.iter().any(|line| line.kind == "header"));
    assert!(profile.lines.iter().any(|line| line.kind == "preamble"));

    let proposed = ground.run_accepted(propose).await;
    let Some(Outcome::Propose { mapping_version }) = proposed.outcome else {
        panic!("{proposed:?}");
    };
    let body = ground.mapping(mapping_version);
    let mapping = accept_at(&from_yaml(&body, "m").unwrap(), 0.5, "a test", "");
    let mapping = ground.edit(mapping_version, &to_yaml(&mapping));

    what_was_decided_counts_unless_it_is_told_not_to(&ground, version, target).await;

    for format in [
        OutputFormat::Csv,
        OutputFormat::Ndjson,
        OutputFormat::Parquet,
    ] {
        let ran = ground.run_one(ground.run_of(mapping, version, format));
        let ran = ran.await;
        assert_eq!(ran.standing.state, State::Succeeded, "{:?}", ran.failure);
        let Some(Outcome::Run { balance }) = ran.outcome else {
            panic!("{:?}", ran.outcome);
        };
        assert_eq!(balance.counted, balance.read);
        assert_eq!(
            balance.read,
            balance.good + balance.rejected + balance.non_data
        );
        let report = from_json(std::str::from_utf8(&ground.output(ran.id, Part::Report)).unwrap());
        let report = report.unwrap();
        assert_eq!(report.balance.good, balance.good);
        assert_eq!(report.source.file, "umsaetze.csv");
        assert!(report.outputs.contains(&"umsaetze.rejects.csv".to_owned()));
        let page = ground.output(ran.id, Part::Page);
        assert!(page.starts_with(b"<!DOCTYPE html>") || page.starts_with(b"<!doctype html>"));
        assert!(ground.output(ran.id, Part::State).is_empty());
        let good = ground.output(ran.id, Part::Good);
        match format {
            OutputFormat::Csv => {
                let lines = good.iter().filter(|byte| **byte == b'\n').count() as u64;
                assert_eq!(lines, balance.good + 1);
            }
            OutputFormat::Ndjson => {
                let lines = good.iter().filter(|byte| **byte == b'\n').count() as u64;
                assert_eq!(lines, balance.good);
            }
            OutputFormat::Parquet => assert!(good.starts_with(b"PAR1")),
        }
    }
    assert!(ground.left_behind().is_empty());
}

#[tokio::test]
async fn a_run_whose_process_is_killed_goes_on_behind_its_last_chunk() {
    let ground = Ground::new();
    let text = rows(200_000);
    let (mapping, version) = ground.mapped("rows.csv", &text).await;
    let whole = ground
        .run_one(ground.run_of(mapping, version, OutputFormat::Csv))
        .await;
    let good = ground.output(whole.id, Part::Good);
    let rejects = ground.output(whole.id, Part::Rejects);

    let job = ground.submit(ground.run_of(mapping, version, OutputFormat::Csv));
    let lost = ground.run_until_chunk(job, 2).await;
    assert_eq!(lost.standing.state, State::Queued);
    assert!(lost.checkpoint.as_ref().is_some_and(|kept| kept.chunk >= 2));
    assert!(ground.output(job, Part::Good).is_empty(), "seen too early");
    let ended = ground.run_accepted(job).await;
    assert_eq!(
        ended.standing.state,
        State::Succeeded,
        "{:?}",
        ended.failure
    );
    assert_eq!(ended.outcome, whole.outcome);
    assert!(ground.output(job, Part::Good) == good);
    assert!(ground.output(job, Part::Rejects) == rejects);
    // What was written before the kill was not written again.
    assert_eq!(ground.epochs(job, Part::Good), [1, 1, 2, 2]);
}

#[tokio::test]
async fn a_mapping_whose_reading_of_a_column_no_longer_holds_writes_no_rows() {
    let ground = Ground::new();
    let (mapping, version) = ground.mapped("rows.csv", &rows(50)).await;
    let own = ground.run_one(ground.run_of(mapping, version, OutputFormat::Csv));
    assert_eq!(own.await.standing.state, State::Succeeded);
    let next: String = (0..50)
        .map(|row| format!("{row},\"1.{row:03},25\"\n"))
        .collect();
    let (source, version) = ground.upload("next.csv", &format!("id,amount\n{next}"));
    let payload = Payload::Read {
        source,
        version,
        propose: None,
        memory: true,
    };
    assert_eq!(
        ground.run_one(payload).await.standing.state,
        State::Succeeded
    );
    let ran = ground.run_one(ground.run_of(mapping, version, OutputFormat::Csv));
    let ran = ran.await;
    assert_eq!(ran.standing.state, State::Failed);
    assert_eq!(ran.failure.unwrap().code, "undecided");
    assert!(ground.output(ran.id, Part::Good).is_empty());
}

#[tokio::test]
async fn a_source_that_cannot_be_read_says_so_once() {
    let ground = Ground::new();
    for (text, code) in [
        ("a,b\n", "invalid"),
        ("\u{0}\u{1}PNG\u{0}\u{0}", "unsupported"),
    ] {
        let (source, version) = ground.upload("odd.csv", text);
        let read = ground
            .run_one(Payload::Read {
                source,
                version,
                propose: None,
                memory: true,
            })
            .await;
        assert_eq!(read.standing.state, State::Failed);
        let failure = read.failure.unwrap();
        assert_eq!(failure.code, code, "{failure:?}");
        assert!(failure.message.contains("odd.csv"), "{failure:?}");
        assert_eq!(read.standing.attempt, 1);
    }
}

#[tokio::test]
async fn a_process_that_dies_is_a_crash_with_evidence() {
    let mut ground = Ground::new();
    let job = ground.read_job("a,b\n1,2\n");
    ground.bench.program = shell("echo 'the last words' >&2; kill -SEGV $$");
    for attempt in 1..=3 {
        let ended = ground.run_accepted(job).await;
        let failure = ended.failure.unwrap();
        assert_eq!(failure.code, "crashed");
        let evidence = failure.evidence.unwrap();
        assert_eq!(evidence.signal, Some(11));
        assert_eq!(evidence.stderr, "the last words\n");
        let wanted = if attempt < 3 {
            State::Queued
        } else {
            State::Dead
        };
        assert_eq!(ended.standing.state, wanted);
    }
}

#[tokio::test]
async fn a_process_says_whose_job_it_does() {
    let mut ground = Ground::new();
    let job = ground.read_job("a,b\n1,2\n");
    let real = env!("CARGO_BIN_EXE_aimapper-worker");
    ground.bench.program = shell(&format!("'{real}' job-child >/dev/null; kill -SEGV $$"));
    let ended = ground.run_accepted(job).await;
    let said = ended.failure.unwrap().evidence.unwrap().stderr;
    let line: serde_json::Value = serde_json::from_str(said.lines().next().unwrap()).unwrap();
    assert_eq!(line["job.id"], job.to_string(), "{said}");
    let traceparent = ended.traceparent.unwrap();
    assert!(
        traceparent.contains(line["trace.id"].as_str().unwrap()),
        "{said}"
    );
}

#[tokio::test]
async fn a_process_gets_none_of_our_variables() {
    let mut ground = Ground::new();
    let job = ground.read_job("a,b\n1,2\n");
    ground.bench.program = shell("env | cut -d= -f1 | sort >&2; kill -SEGV $$");
    let failure = ground.run_accepted(job).await.failure.unwrap();
    let names = failure.evidence.unwrap().stderr;
    // Those that we set, and those that a shell sets.
    let known = ["MALLOC_ARENA_MAX", "OLDPWD", "PWD", "SHLVL", "TMPDIR", "_"];
    let foreign: Vec<&str> = names.lines().filter(|name| !known.contains(name)).collect();
    assert_eq!(foreign, Vec::<&str>::new());
    assert!(names.contains("TMPDIR"), "{names}");
    assert!(std::env::vars_os().any(|(name, _)| name == "CARGO_MANIFEST_DIR"));
}

#[tokio::test]
async fn a_process_that_talks_nonsense_is_ended() {
    let mut ground = Ground::new();
    let job = ground.read_job("a,b\n1,2\n");
    ground.bench.program = shell("echo '{\"event\":\"sudo\"}'; exec sleep 1000");
    let ended = ground.run_accepted(job).await;
    assert_eq!(ended.standing.state, State::Failed);
    assert_eq!(ended.failure.unwrap().code, "protocol");
}

#[tokio::test]
async fn a_process_that_eats_memory_is_ended() {
    let mut ground = Ground::new();
    let job = ground.read_job(&rows(50_000));
    ground.bench.limits = ProcessLimits {
        memory_bytes: 1 << 20,
        ..ProcessLimits::default()
    };
    let ended = ground.run_accepted(job).await;
    assert_eq!(ended.standing.state, State::Failed);
    let failure = ended.failure.unwrap();
    assert_eq!(failure.code, "limit_exceeded", "{failure:?}");
    assert!(failure.message.contains("memory"), "{failure:?}");
}

#[tokio::test]
async fn a_process_that_writes_too_much_is_ended() {
    let mut ground = Ground::new();
    let (mapping, version) = ground.mapped("rows.csv", &rows(70_000)).await;
    let job = ground.submit(ground.run_of(mapping, version, OutputFormat::Csv));
    ground.bench.limits = ProcessLimits {
        file_bytes: 64 << 10,
        ..ProcessLimits::default()
    };
    let ended = ground.run_accepted(job).await;
    assert_eq!(ended.standing.state, State::Failed);
    let failure = ended.failure.unwrap();
    assert_eq!(failure.code, "limit_exceeded", "{failure:?}");
    assert!(ground.output(job, Part::Good).is_empty());
}

#[tokio::test]
async fn a_process_that_takes_too_long_is_ended() {
    let mut ground = Ground::new();
    let job = ground.read_job(&rows(400_000));
    ground.bench.limits = ProcessLimits {
        cpu_seconds: 1,
        ..ProcessLimits::default()
    };
    let ended = ground.run_accepted(job).await;
    assert_eq!(ended.standing.state, State::Failed, "{:?}", ended.failure);
    assert_eq!(ended.failure.unwrap().code, "limit_exceeded");
}

#[tokio::test]
async fn a_process_that_hangs_is_ended_by_the_clock() {
    let mut ground = Ground::new();
    let job = ground.read_job("a,b\n1,2\n");
    // It uses no time of the processor, so only the clock can end it.
    ground.bench.program = shell("exec sleep 1000");
    ground.bench.limits = ProcessLimits {
        cpu_seconds: 0,
        ..ProcessLimits::default()
    };
    let ended = ground.run_accepted(job).await;
    assert_eq!(ended.standing.state, State::Failed);
    let failure = ended.failure.unwrap();
    assert_eq!(failure.code, "limit_exceeded");
    assert!(failure.message.contains("too long"), "{failure:?}");
    assert!(ground.left_behind().is_empty());
}

#[tokio::test]
async fn a_process_that_hangs_ends_when_the_job_is_cancelled() {
    let mut ground = Ground::new();
    let job = ground.read_job("a,b\n1,2\n");
    let here = ground.folder.path().join("here");
    // Opening the pipe to write waits until the test opens it to read: then the process is there.
    ground.pipe(&here);
    let script = format!("echo $$ > {}; exec sleep 1000", here.display());
    ground.bench.program = shell(&script);
    let (ended, pid) = ground.cancel_once_it_runs(job, &here).await;
    assert_eq!(ended.standing.state, State::Cancelled);
    // The signal is sent when the job ends, and arrives soon after.
    while !ground.is_gone(pid) {
        tokio::task::yield_now().await;
    }
    assert!(ground.left_behind().is_empty());
}

#[tokio::test]
async fn a_full_disk_fails_the_job_and_leaves_no_half_file() {
    let mut ground = Ground::new();
    let (mapping, version) = ground.mapped("rows.csv", &rows(70_000)).await;
    let job = ground.submit(ground.run_of(mapping, version, OutputFormat::Csv));
    ground.fill_the_disk(10_000);
    let ended = ground.run_accepted(job).await;
    let failure = ended.failure.unwrap();
    assert_eq!(failure.code, "no_space", "{failure:?}");
    assert_eq!(ended.standing.state, State::Queued, "it may pass");
    assert!(ground.output(job, Part::Good).is_empty());
    ground.empty_the_disk();
    let ended = ground.run_accepted(job).await;
    assert_eq!(
        ended.standing.state,
        State::Succeeded,
        "{:?}",
        ended.failure
    );
}
