//! What matching costs: one case of columns, with the target prepared each time, and with it prepared
//! before; then its first twenty columns and fields alone.
//!
//! ```text
//! cargo bench --package aimapper-core --features bundled --bench matching -- DIR/SUITE/CASE
//! ```
//!
//! The seconds are those of one thread, the least of several rounds.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a wrong case ends the bench, and figures are printed"
)]

use std::collections::BTreeMap;
use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use aimapper_core::evaluate::{CASE_FILES, Case, CaseFiles, Columns, Task, TextFile};
use aimapper_core::matching::{Memory, PreparedTarget, Table, Weights, score_prepared};

const ROUNDS: usize = 7;
const SMALL: usize = 20;

fn columns(folder: &Path) -> Option<Columns> {
    let mut files = BTreeMap::new();
    for name in CASE_FILES {
        let path = folder.join(name);
        if let Ok(text) = fs::read_to_string(&path) {
            let path = path.display().to_string();
            files.insert(name.to_owned(), TextFile { path, text });
        }
    }
    let case = Case::parse(
        "bench",
        "case",
        &CaseFiles {
            path: folder.display().to_string(),
            files,
        },
    )
    .unwrap();
    match case.task {
        Task::Columns(columns) => Some(*columns),
        Task::Values(_) => None,
    }
}

/// The least time of several rounds.
fn least(mut work: impl FnMut()) -> Duration {
    let once = |_| {
        let begun = Instant::now();
        work();
        begun.elapsed()
    };
    (0..ROUNDS).map(once).min().unwrap()
}

fn measure(what: &str, columns: &Columns) {
    let table = Table {
        name: columns.table.as_deref(),
        columns: &columns.profiles,
        named: true,
        stated: &columns.stated,
    };
    let target = &columns.target;
    let score = |prepared: &PreparedTarget<'_>| {
        let (weights, memory) = (Weights::built_in(), Memory::default());
        black_box(score_prepared(weights, &table, (target, prepared), &memory));
    };
    let cold = least(|| score(&PreparedTarget::new(target)));
    let prepared = PreparedTarget::new(target).with_labels();
    let warm = least(|| score(&prepared));
    println!(
        "{what}: {} columns, {} fields: {:.1} ms, with the target prepared {:.1} ms",
        table.columns.len(),
        target.fields.len(),
        cold.as_secs_f64() * 1e3,
        warm.as_secs_f64() * 1e3
    );
}

fn main() {
    let folder = std::env::args().skip(1).find(|word| !word.starts_with('-'));
    let Some(folder) = folder.map(PathBuf::from) else {
        println!("name the folder of a case: -- DIR/SUITE/CASE");
        return;
    };
    let Some(mut all) = columns(&folder) else {
        println!("that is a case of values");
        return;
    };
    measure("whole", &all);
    all.profiles.truncate(SMALL);
    all.stated.truncate(SMALL);
    all.target.fields.truncate(SMALL);
    measure("small", &all);
}
