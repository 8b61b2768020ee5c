//! Holds the architecture (ARCHITECTURE.md): what the pure modules never touch, who may know whom,
//! and what the library never does. A text scan over the sources, so it needs no build of them; it
//! leaves out comments and what is compiled for tests only.

#![cfg(test)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Modules whose results depend on their arguments alone.
const PURE: [&str; 11] = [
    "source",
    "profile",
    "target",
    "matching",
    "mapping",
    "transform",
    "validation",
    "value",
    "report",
    "job",
    "evaluate",
];

/// What a pure module never names: the file system, the clock, randomness, the environment, the
/// network, other processes. `std::{` is listed because a grouped import would hide the others.
const IMPURE: [&str; 15] = [
    "std::fs",
    "std::time",
    "std::env",
    "std::net",
    "std::process",
    "std::{",
    "SystemTime",
    "Instant::",
    "Timestamp::now",
    "Zoned::now",
    "RandomState",
    "rand::",
    "tempfile",
    "getrandom",
    "generate()",
];

/// Modules of the service. What is pure never names them, and nothing of the data path does: they
/// come with a feature that the command does not have.
const SERVICE: [&str; 12] = [
    "id",
    "time",
    "job",
    "store",
    "queue",
    "blob",
    "auth",
    "config",
    "telemetry",
    "metrics",
    "program",
    "secret",
];

/// What each part of the service never names.
const SERVICE_NEVER: [(&str, &[&str]); 4] = [
    ("job", &["crate::store", "crate::queue", "crate::blob"]),
    ("blob", &["crate::store", "crate::queue"]),
    ("queue", &["crate::store", "crate::blob"]),
    ("store", &["crate::queue", "crate::blob"]),
];

/// Crates that only these modules name: the others do not depend on how they do their work.
const KEPT_TO: [(&str, &[&str]); 9] = [
    ("aws_lc_rs", &["auth"]),
    ("jsonwebtoken", &["auth"]),
    ("diesel", &["store"]),
    ("diesel_migrations", &["store"]),
    ("lapin", &["queue"]),
    ("object_store", &["blob"]),
    ("prometheus_client", &["metrics"]),
    ("tokio", &["queue", "blob", "program"]),
    ("uuid", &["id"]),
];

/// The places that may, each with what it names and why.
const EXCEPTIONS: [(&str, &str, &str); 4] = [
    (
        "profile/counter.rs",
        "RandomState",
        "hashes what users bring at random; the table only finds, and its order reaches nothing",
    ),
    ("source/input.rs", "std::fs", "opens the source"),
    (
        "source/input.rs",
        "tempfile",
        "spools a stream, so that every pass reads the same bytes",
    ),
    (
        "source/non_data.rs",
        "tempfile",
        "spills non-data beyond 1 MiB",
    ),
];

/// Modules and those that they never name, because these come later on the data path.
const NEVER_KNOWS: [(&str, &[&str]); 8] = [
    (
        "value",
        &[
            "source",
            "profile",
            "target",
            "matching",
            "mapping",
            "transform",
            "validation",
            "report",
            "pipeline",
        ],
    ),
    (
        "source",
        &[
            "profile",
            "target",
            "matching",
            "mapping",
            "transform",
            "pipeline",
        ],
    ),
    (
        "profile",
        &[
            "target",
            "matching",
            "mapping",
            "transform",
            "report",
            "pipeline",
        ],
    ),
    (
        "target",
        &["matching", "mapping", "transform", "report", "pipeline"],
    ),
    (
        "validation",
        &[
            "source",
            "profile",
            "matching",
            "mapping",
            "transform",
            "report",
            "pipeline",
        ],
    ),
    ("mapping", &["matching", "report", "pipeline"]),
    ("matching", &["transform", "report", "pipeline", "evaluate"]),
    ("transform", &["profile", "matching", "report", "pipeline"]),
];

/// What the library never does: print, or end the process. Callers decide what people see.
const NEVER: [&str; 6] = [
    "println!",
    "print!",
    "eprintln!",
    "eprint!",
    "dbg!",
    "process::exit",
];

/// Crates that core never depends on: they belong to the command or to a service.
const FOREIGN_CRATES: [&str; 6] = [
    "clap",
    "clap_complete",
    "indicatif",
    "glob",
    "anyhow",
    "rand",
];

/// A source file as the scan sees it.
struct Scanned {
    /// Path below `src`, with `/`.
    path: String,
    /// First part of the path, without `.rs`.
    module: String,
    /// Number and text of each line that is neither comment nor test.
    lines: Vec<(usize, String)>,
}

impl Scanned {
    fn new(path: &str, text: &str) -> Self {
        let module = path.split('/').next().unwrap().trim_end_matches(".rs");
        Self {
            path: path.to_owned(),
            module: module.to_owned(),
            lines: code(text),
        }
    }

    /// Lines that hold a word, as `path:line: word`.
    fn naming(&self, word: &str) -> Vec<String> {
        self.lines
            .iter()
            .filter(|(_, line)| holds(line, word))
            .map(|(number, _)| format!("{}:{number}: {word}", self.path))
            .collect()
    }
}

/// Whether a line holds a word that does not go on to the left: `print!` is not in `eprint!`.
fn holds(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        !line[..at]
            .chars()
            .next_back()
            .is_some_and(|before| before.is_alphanumeric() || before == '_')
    })
}

/// Lines of a file without comments, up to its inline tests, which stand at its end.
fn code(text: &str) -> Vec<(usize, String)> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    let mut for_tests = false;
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if for_tests && line.starts_with("mod ") && line.ends_with('{') {
            break;
        }
        for_tests = line == "#[cfg(test)]";
        if !line.starts_with("//") {
            lines.push((number, line.to_owned()));
        }
    }
    lines
}

/// Names of the files and folders that a module declares for tests only.
fn test_modules(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut for_tests = false;
    for line in text.lines().map(str::trim) {
        if for_tests && let Some((_, name)) = line.split_once("mod ") {
            names.extend(name.strip_suffix(';').map(str::to_owned));
        }
        for_tests = line == "#[cfg(test)]";
    }
    names
}

/// Reads a folder of sources, without what is for tests only.
fn scan(folder: &Path, below: &Path, found: &mut Vec<Scanned>) {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    let parent = ["mod.rs", "lib.rs"]
        .iter()
        .find_map(|name| fs::read_to_string(folder.join(name)).ok())
        .unwrap_or_default();
    let for_tests = test_modules(&parent);
    for path in paths {
        let stem = path.file_stem().unwrap().to_str().unwrap();
        if for_tests.iter().any(|name| name == stem) {
            continue;
        }
        if path.is_dir() {
            scan(&path, below, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let relative = path.strip_prefix(below).unwrap();
            let relative = relative.to_str().unwrap().replace('\\', "/");
            found.push(Scanned::new(&relative, &fs::read_to_string(&path).unwrap()));
        }
    }
}

fn sources() -> Vec<Scanned> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    scan(&root, &root, &mut found);
    found
}

/// Uses of the outside world in pure modules that no exception covers.
fn impurities(files: &[Scanned]) -> Vec<String> {
    files
        .iter()
        .filter(|file| PURE.contains(&file.module.as_str()))
        .flat_map(|file| {
            IMPURE
                .iter()
                .filter(|word| {
                    !EXCEPTIONS
                        .iter()
                        .any(|(path, name, _)| *path == file.path && name == *word)
                })
                .flat_map(|word| file.naming(word))
        })
        .collect()
}

/// Modules that name one that comes later on the data path.
fn reaching_up(files: &[Scanned]) -> Vec<String> {
    files
        .iter()
        .flat_map(|file| {
            NEVER_KNOWS
                .iter()
                .filter(|(module, _)| *module == file.module)
                .flat_map(|(_, unknown)| unknown.iter())
                .flat_map(|other| file.naming(&format!("crate::{other}::")))
        })
        .collect()
}

#[test]
fn the_scan_sees_every_module() {
    let files = sources();
    let modules: BTreeSet<&str> = files.iter().map(|file| file.module.as_str()).collect();
    for module in PURE {
        assert!(modules.contains(module), "no source of {module} was found");
    }
    assert!(files.len() > 100, "only {} files were found", files.len());
    let for_tests = ["matching/tests.rs", "mapping/examples.rs"];
    assert!(files.iter().all(|f| !for_tests.contains(&f.path.as_str())));
}

#[test]
fn pure_modules_touch_nothing_outside() {
    assert_eq!(impurities(&sources()), Vec::<String>::new());
}

#[test]
fn no_exception_is_stale() {
    let files = sources();
    for (path, word, why) in EXCEPTIONS {
        let used = files
            .iter()
            .any(|file| file.path == path && !file.naming(word).is_empty());
        assert!(used, "{path} names no {word} any more ({why})");
    }
}

#[test]
fn nothing_reaches_back_up() {
    assert_eq!(reaching_up(&sources()), Vec::<String>::new());
}

/// Uses of the service by what is not the service, of its parts by each other, and of their crates.
fn service_leaks(files: &[Scanned]) -> Vec<String> {
    let mut found = Vec::new();
    for file in files {
        if !SERVICE.contains(&file.module.as_str()) && file.module != "lib" {
            for part in SERVICE {
                found.extend(file.naming(&format!("crate::{part}::")));
            }
        }
        for (part, never) in SERVICE_NEVER {
            if file.module == part {
                found.extend(never.iter().flat_map(|name| file.naming(name)));
            }
        }
        for (name, homes) in KEPT_TO {
            if !homes.contains(&file.module.as_str()) {
                found.extend(file.naming(&format!("{name}::")));
            }
        }
    }
    found
}

#[test]
fn the_service_stays_where_it_is() {
    assert_eq!(service_leaks(&sources()), Vec::<String>::new());
}

/// Names of the dependencies that a manifest calls optional.
fn optional(manifest: &str) -> BTreeSet<String> {
    manifest
        .lines()
        .filter(|line| line.contains("optional = true"))
        .filter_map(|line| line.split([' ', '=']).next().map(str::to_owned))
        .collect()
}

#[test]
fn the_command_is_built_without_the_service() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let core = fs::read_to_string(crates.join("core/Cargo.toml")).unwrap();
    let optional = optional(&core);
    for name in [
        "diesel",
        "diesel_migrations",
        "libsqlite3-sys",
        "object_store",
        "pq-sys",
        "tokio",
        "uuid",
    ] {
        assert!(optional.contains(name), "{name} is not optional");
    }
    assert!(!core.contains("\ndefault ="), "core has default features");
    let cli = fs::read_to_string(crates.join("cli/Cargo.toml")).unwrap();
    assert!(cli.contains("aimapper-core.workspace = true"));
}

#[test]
fn the_library_prints_nothing_and_ends_no_process() {
    let files = sources();
    let found: Vec<String> = files
        .iter()
        .flat_map(|file| NEVER.iter().flat_map(|word| file.naming(word)))
        .collect();
    assert_eq!(found, Vec::<String>::new());
}

/// Names of the crates in the sections of a manifest that end in `dependencies`.
fn dependencies(manifest: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut inside = false;
    for line in manifest.lines().map(str::trim) {
        if line.starts_with('[') {
            inside = line.ends_with("dependencies]");
        } else if inside && !line.is_empty() && !line.starts_with('#') {
            names.extend(line.split(['.', ' ', '=']).next().map(str::to_owned));
        }
    }
    names
}

#[test]
fn core_depends_on_no_crate_of_the_command() {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let names = dependencies(&fs::read_to_string(manifest).unwrap());
    assert!(names.contains("serde_json"), "the manifest is read wrongly");
    for name in FOREIGN_CRATES {
        assert!(!names.contains(name), "core depends on {name}");
    }
}

#[test]
fn api_and_worker_do_not_know_each_other() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let of = |name: &str| {
        let manifest = fs::read_to_string(crates.join(name).join("Cargo.toml")).unwrap();
        dependencies(&manifest)
    };
    let (api, worker, command) = (of("api"), of("worker"), of("cli"));
    assert!(command.contains("aimapper-api") && command.contains("aimapper-worker"));
    assert!(!api.contains("aimapper-worker"), "the api runs no jobs");
    assert!(
        !worker.contains("aimapper-api"),
        "the worker answers nobody"
    );
}

#[test]
fn every_dependency_is_explained() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let explained = fs::read_to_string(root.join("ARCHITECTURE.md")).unwrap();
    let names = dependencies(&fs::read_to_string(root.join("Cargo.toml")).unwrap());
    assert!(names.contains("parquet"), "the manifest is read wrongly");
    let missing: Vec<&String> = names
        .iter()
        .filter(|name| !name.starts_with("aimapper-") && !explained.contains(&format!("`{name}`")))
        .collect();
    assert!(
        missing.is_empty(),
        "ARCHITECTURE.md has no row for {missing:?}"
    );
}

/// The scan itself: it has to find what it looks for.
#[test]
fn violations_are_found() {
    let text = "use std::fs;\n// std::time is only mentioned\nfn f() { std::env::var(\"A\"); }\n\
                #[cfg(test)]\nmod tests {\n use std::net::TcpStream;\n}\n";
    let bad = [Scanned::new("profile/clock.rs", text)];
    assert_eq!(
        impurities(&bad),
        [
            "profile/clock.rs:1: std::fs",
            "profile/clock.rs:3: std::env"
        ]
    );
    let grouped = [Scanned::new("mapping/mod.rs", "use std::{fs, io};")];
    assert_eq!(impurities(&grouped), ["mapping/mod.rs:1: std::{"]);
    let allowed = [Scanned::new("source/input.rs", "use std::fs;")];
    assert_eq!(impurities(&allowed), Vec::<String>::new());
    let leak = [Scanned::new(
        "mapping/kept.rs",
        "use crate::store::Conn;\nuse diesel::prelude::*;",
    )];
    let told = [
        "mapping/kept.rs:1: crate::store::",
        "mapping/kept.rs:2: diesel::",
    ];
    assert_eq!(service_leaks(&leak), told);
    let outside = [Scanned::new("pipeline/pass.rs", "use std::time::Instant;")];
    assert_eq!(impurities(&outside), Vec::<String>::new());

    let up = [Scanned::new(
        "source/reader.rs",
        "use crate::mapping::Rule;",
    )];
    assert_eq!(reaching_up(&up), ["source/reader.rs:1: crate::mapping::"]);
    assert!(holds("    println!(\"x\");", "println!"));
    assert!(!holds("eprintln!(\"x\");", "println!"));
}

#[test]
fn modules_for_tests_are_told_by_their_attribute() {
    let text = "mod a;\n#[cfg(test)]\nmod tests;\n#[cfg(test)]\npub(crate) mod examples;\nmod b;\n\
                #[cfg(test)]\nmod inline {\n}\n";
    assert_eq!(test_modules(text), ["tests", "examples"]);
}
