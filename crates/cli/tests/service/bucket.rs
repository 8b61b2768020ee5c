//! A service whose files lie in a bucket.

use std::fs;
use std::path::Path;

use crate::buckets::Bucket;
use crate::kill::{LONG, SCHEMA, rows};
use crate::served::{Served, aimapper, folder, text};

/// A service with its files below `files/` in a bucket, and its log.
fn served(data: &Path, bucket: &Bucket, log: &Path) -> Served {
    let mut settings = bucket.variables();
    let url = format!("s3://{}/files", bucket.name);
    settings.push(("AIMAPPER__BLOB__URL".to_owned(), url));
    let settings: Vec<(&str, &str)> = settings
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    Served::logging(data, &settings, log)
}

#[test]
fn from_an_upload_to_rows_over_a_bucket_and_a_kill() {
    let (data, bucket) = (folder(), Bucket::new());
    let log = data.path().join("log");
    let service = served(data.path(), &bucket, &log);
    let (mapping, source) = service.mapped("rows.csv", rows(LONG).as_bytes(), SCHEMA);
    let (whole, job) = service.start_run(&mapping, &source);
    let ended = service.ended(&job);
    assert_eq!(text(&ended, "/state"), "succeeded", "{ended}");
    let good = service.bytes(&format!("runs/{whole}/good"));
    let rejects = service.bytes(&format!("runs/{whole}/rejects"));
    let lines = good.iter().filter(|byte| **byte == b'\n').count();
    assert_eq!(lines as u64, LONG - LONG / 5_000 + 1);

    let (run, job) = service.start_run(&mapping, &source);
    service.until_chunk(&job, 1);
    let _held = service.hold_job();
    service.kill();
    let service = served(data.path(), &bucket, &log);
    let ended = service.ended(&job);
    assert_eq!(text(&ended, "/state"), "succeeded", "{ended}");
    assert!(service.bytes(&format!("runs/{run}/good")) == good);
    assert!(service.bytes(&format!("runs/{run}/rejects")) == rejects);

    assert!(
        bucket
            .objects()
            .iter()
            .all(|name| name.starts_with("files/"))
    );
    assert!(
        bucket
            .objects()
            .iter()
            .any(|name| name.contains("/uploads/"))
    );
    assert!(!data.path().join("blobs").exists());
    assert!(service.terminate());
    assert!(!fs::read_to_string(&log).unwrap().contains("hunter2"));
}

#[test]
fn without_its_bucket_a_service_does_not_start() {
    let (data, bucket) = (folder(), Bucket::new());
    let ended = aimapper(data.path())
        .args(["serve", "--bind", "127.0.0.1:0"])
        .envs(bucket.variables())
        .env("AIMAPPER__BLOB__URL", "s3://never-made")
        .output()
        .unwrap();
    assert!(!ended.status.success());
    let said = String::from_utf8(ended.stderr).unwrap();
    assert!(
        said.contains("error: cannot look into s3://never-made"),
        "{said}"
    );
    assert!(said.contains("NoSuchBucket"), "{said}");
    assert!(!said.contains("hunter2"), "{said}");
}
