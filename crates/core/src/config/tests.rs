//! Tests of the settings.

use std::collections::BTreeSet;
use std::fs;

use super::layers::{DEFAULTS, PREFIX, keys, variable};
use super::*;
use crate::blob::BlobPlace;
use crate::error::Explain;
use crate::job::Rules;
use crate::source;

fn with(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let variables = variables
        .iter()
        .map(|(key, value)| (variable(key), (*value).to_owned()));
    Config::from_parts(None, variables)
}

fn with_file(text: &str) -> (PathBuf, Result<Config, ConfigError>) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("aimapper.toml");
    fs::write(&file, text).unwrap();
    let config = Config::from_parts(Some(&file), []);
    (file, config)
}

#[test]
fn the_defaults_are_good_and_are_those_of_the_modules() {
    let config = with(&[]).unwrap();
    assert_eq!(config.server.bind.to_string(), "127.0.0.1:8000");
    assert_eq!(config.limits.source(), source::Limits::default());
    assert_eq!(config.jobs.rules(), Rules::default());
    assert_eq!(
        config.database.to_string(),
        "sqlite://aimapper-data/aimapper.db"
    );
    assert_eq!(config.blobs, BlobPlace::Local("aimapper-data/blobs".into()));
    assert_eq!(config.key_dir(), Path::new("aimapper-data/auth"));
    assert_eq!(config.base_url(config.server.bind), "http://127.0.0.1:8000");
    assert_eq!(config.jobs.give_up().as_secs(), 20);
}

/// A value other than the default for every key, so that none is read and forgotten.
const OTHERS: [(&str, &str); 32] = [
    ("server.bind", "[::1]:9000"),
    ("server.public_url", "http://localhost:9000"),
    ("server.metrics_bind", "127.0.0.1:9001"),
    ("data.dir", "/srv/aimapper"),
    ("database.url", "postgres://aimapper@db/aimapper"),
    ("broker.url", "amqp://aimapper:secret@mq/%2f"),
    // Of no use without an address.
    ("broker.prefix", "aimapper.other"),
    ("blob.url", "file:///srv/blobs"),
    ("worker.bind", "0.0.0.0:9002"),
    ("worker.slots.interactive", "3"),
    ("worker.slots.batch", "0"),
    ("worker.slots.assistant", "7"),
    ("jobs.lease_seconds", "60"),
    ("jobs.heartbeat_seconds", "5"),
    ("jobs.reaper_seconds", "9"),
    ("jobs.max_attempts", "6"),
    ("retention.sources_days", "30"),
    ("retention.results_days", "7"),
    ("retention.sweep_minutes", "5"),
    ("limits.upload_bytes", "1000"),
    ("limits.record_bytes", "2000"),
    ("limits.field_bytes", "1500"),
    ("limits.columns", "50"),
    ("limits.inflated_bytes", "9000"),
    ("limits.child_memory_bytes", "1000000000"),
    ("limits.child_seconds", "60"),
    ("limits.child_file_bytes", "2000000"),
    ("log.format", "json"),
    ("log.level", "warn,aimapper_api=trace"),
    ("auth.session.idle_seconds", "600"),
    ("auth.session.absolute_seconds", "1200"),
    // The only one; it cannot be another.
    ("auth.mode", "local"),
];

#[test]
fn every_key_does_something_from_the_environment_and_from_a_file() {
    let named: BTreeSet<&str> = OTHERS.iter().map(|(key, _)| *key).collect();
    assert_eq!(named, keys().collect());
    let default = with(&[]).unwrap();
    for (key, value) in OTHERS {
        let changed = with(&[(key, value)]).unwrap();
        let of_no_use = ["auth.mode", "broker.prefix"].contains(&key);
        assert_eq!(changed == default, of_no_use, "{key}");
        let quote = if value.parse::<u64>().is_ok() {
            ""
        } else {
            "\""
        };
        let (_, from_file) = with_file(&format!("{key} = {quote}{value}{quote}\n"));
        assert_eq!(from_file.unwrap(), changed, "{key}");
    }
}

#[test]
fn the_names_of_the_queues_can_be_chosen() {
    let set = with(&[("broker.url", "amqp://mq"), ("broker.prefix", "aimapper.b")]);
    let broker = set.unwrap().broker.unwrap();
    assert_eq!(broker.exchange(), "aimapper.b.jobs");
    assert!(with(&[("broker.prefix", "a b")]).is_err());
}

#[test]
fn the_environment_goes_before_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.toml");
    fs::write(&file, "[jobs]\nreaper_seconds = 7\nmax_attempts = 9\n").unwrap();
    let variables = [("AIMAPPER__JOBS__REAPER_SECONDS".to_owned(), "11".to_owned())];
    let config = Config::from_parts(Some(&file), variables).unwrap();
    assert_eq!(config.jobs.reap().as_secs(), 11);
    assert_eq!(config.jobs.max_attempts(), 9);
}

#[test]
fn the_example_names_every_key_with_its_default() {
    let example = include_str!("../../../../.env.example");
    let lines: Vec<(String, String)> = example
        .lines()
        .filter_map(|line| line.trim_start_matches("# ").split_once('='))
        .filter(|(name, _)| name.starts_with(PREFIX))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let named: BTreeSet<String> = lines.iter().map(|(name, _)| name.clone()).collect();
    assert_eq!(named, keys().map(variable).collect());
    let config = Config::from_parts(None, lines).unwrap();
    assert_eq!(config, with(&[]).unwrap());
}

#[test]
fn every_key_of_the_defaults_has_a_comment() {
    let mut before = "";
    for line in DEFAULTS.lines() {
        if line.contains(" = ") && !line.starts_with('#') {
            assert!(before.starts_with('#'), "{line} is not explained");
        }
        before = line;
    }
}

#[test]
fn unknown_keys_are_refused_with_the_nearest() {
    let error = with(&[("jobs.lease_second", "3")]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "AIMAPPER__JOBS__LEASE_SECOND sets “jobs.lease_second”, which is no setting"
    );
    assert!(error.hint().unwrap().contains("jobs.lease_seconds"));

    let (file, error) = with_file("[auth]\nenabled = false\n");
    let error = error.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "{} sets “auth.enabled”, which is no setting",
            file.display()
        )
    );
    for text in [
        "server = 5\n",
        "[server.bind]\nhost = \"x\"\n",
        "[srver]\nbind = \"x\"\n",
    ] {
        let (_, error) = with_file(text);
        assert!(matches!(error, Err(ConfigError::Unknown { .. })), "{text}");
    }
}

#[test]
fn wrong_values_name_key_and_origin_and_hide_the_value() {
    for (key, value) in [
        ("server.bind", "hunter2"),
        ("server.bind", "localhost"),
        ("server.public_url", "http://localhost:9000/hunter2"),
        ("server.public_url", "ftp://localhost"),
        ("server.public_url", "http://"),
        ("server.public_url", "http://localhost:0"),
        ("server.public_url", "http://localhost:99999"),
        ("server.public_url", "http://me:hunter2@localhost"),
        ("server.public_url", "https://aimapper.example.org"),
        ("data.dir", ""),
        ("database.url", "mysql://root:hunter2@db/x"),
        ("database.url", "sqlite://:memory:"),
        ("blob.url", "s3://me:hunter2@files"),
        ("worker.slots.batch", "-1"),
        ("jobs.lease_seconds", "hunter2"),
        ("jobs.lease_seconds", "2"),
        ("jobs.lease_seconds", "3.5"),
        ("jobs.heartbeat_seconds", "16"),
        ("jobs.max_attempts", "0"),
        ("limits.upload_bytes", "99999999999999999999"),
        ("log.format", "hunter2"),
        ("log.level", "hunter2=loud"),
        ("auth.mode", "none"),
        ("auth.mode", ""),
        ("auth.session.idle_seconds", "0"),
    ] {
        let error = with(&[(key, value)]).unwrap_err();
        let said = format!("{error} {error:?} {:?}", error.hint());
        assert!(
            matches!(&error, ConfigError::Value { key: named, .. } if *named == key),
            "{said}"
        );
        assert!(
            said.contains(&variable(key)) && !said.contains("hunter2"),
            "{said}"
        );
    }
    let (file, error) = with_file("[jobs]\nlease_seconds = \"30\"\n");
    let said = error.unwrap_err().to_string();
    assert!(
        said.starts_with(&format!("{} sets", file.display())),
        "{said}"
    );
}

#[test]
fn a_broken_file_is_told_by_its_place() {
    let (file, error) = with_file("[database]\nurl = \"postgres://me:hunter2@db/x\n");
    let error = error.unwrap_err();
    let said = format!("{error} {error:?}");
    assert!(
        said.contains(&file.display().to_string()) && said.contains("line 2"),
        "{said}"
    );
    assert!(!said.contains("hunter2"), "{said}");
    let missing = Config::from_parts(Some(Path::new("/no/such/file.toml")), []);
    assert!(matches!(missing, Err(ConfigError::Read { .. })));
}

#[test]
fn passwords_are_not_printed() {
    let config = with(&[("database.url", "postgres://me:hunter2@db/x")]).unwrap();
    assert!(!format!("{config:?}").contains("hunter2"));
}

#[test]
fn files_are_kept_in_a_folder_or_a_bucket() {
    let place = |url| with(&[("blob.url", url)]).unwrap().blobs;
    assert_eq!(
        place("file:///srv/blobs"),
        BlobPlace::Local("/srv/blobs".into())
    );
    let bucket = BlobPlace::S3 {
        bucket: "files".to_owned(),
        prefix: "aimapper".to_owned(),
    };
    assert_eq!(place("s3://files/aimapper"), bucket);
}

#[test]
fn local_mode_stays_on_the_machine() {
    for bind in ["0.0.0.0:8000", "[::]:8000", "192.168.1.5:8000"] {
        let error = with(&[("server.bind", bind)]).unwrap_err();
        assert!(matches!(error, ConfigError::NotLoopback { .. }), "{bind}");
        assert!(error.hint().unwrap().contains("127.0.0.1:8000"));
    }
    for url in [
        "http://localhost",
        "https://LOCALHOST:9000/",
        "http://[::1]:9000",
    ] {
        let config = with(&[("server.public_url", url)]).unwrap();
        assert!(config.server.public_url.unwrap().is_loopback(), "{url}");
    }
}
