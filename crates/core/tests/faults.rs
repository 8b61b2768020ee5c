//! The fault corpus again, each file grown to as many bytes as wanted with its damage in the last
//! tenth, where no sample of the sniffer and no block of the reader begins with it: everything is
//! accounted for, no row is lost or there twice, and memory does not grow with the file.
//!
//! How a file grows: its head (all before the first row) stays, plain good rows of its own follow,
//! each with a number of its own in one cell, up to nine tenths of the size. Then comes the rest of
//! the file as it is, damage and all, and plain rows again up to the full size; where the file ends
//! in something else than a plain row (a footer, a row that is cut off, NUL), that stays the end.
//! So the counts of a grown file are those of the small one and the rows that were put in.
//!
//! What that means by class:
//! - damage to a record (quotes, ragged, NUL, bad bytes): it costs the same records as in the small
//!   file, and none of the thousands around it;
//! - ends (footer, padding, broken off): they are still found at the end;
//! - heads (preamble, header, comments): they stay at the start, and it is the rows that grow;
//! - whole files (encoding, delimiter, line ends, dates): they are sound, and have to stay so;
//! - sources that are refused (binary, empty): repeated as they are; they are refused again, or
//!   everything in them is accounted for.

#![cfg(test)]

mod cases;
mod growth;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;
use std::process::Command;

use aimapper_core::pipeline::{self, Settings, Sinks, Source};
use aimapper_core::source::{Input, Limits, Overrides, Reading, SourceError};
use aimapper_core::transform::{Encoder, RejectsWriter, TableWriter, TextFormat};
use aimapper_core::validation::Balance;
use cases::Case;
use growth::{Grown, Growth, grow};
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

/// Bytes of a file that is small enough to try all of them in a debug build: a dozen blocks.
const SMALL: u64 = 64 << 10;
const MEDIUM: u64 = 2 << 20;
const LARGE: u64 = 20 << 20;

/// How much more memory the large file may take than the medium one, in KiB: much less than the
/// 18 MiB by which it is larger.
const SLACK: u64 = 8 << 10;

/// Files that are tried large in every run: a reader may have to look far behind the damage, to go
/// on behind bytes that are no text, to find an end that is not data, and an escape in the middle.
const REPRESENTATIVE: [&str; 4] = [
    "footer_several.csv",
    "quote_backslash.csv",
    "quote_unclosed_middle.csv",
    "utf16le_lone_surrogate.csv",
];

/// One comment in thousands of rows shows no comment mark: its line is a reject, as a short row is.
const COMMENT: &str = "comment_middle.csv";

/// Rows that were given numbers are no copies any more: what comes behind the second header belongs to
/// the table.
const COPIED: &str = "tables_copied.csv";

/// Totals that only their sum shows, which is no sum of more rows: they are rows then.
const SUMS: [&str; 3] = [
    "footer_average.csv",
    "footer_sum_without_word.csv",
    "footer_total_two_columns.csv",
];

/// What became of a grown file.
#[derive(Debug, Serialize, Deserialize)]
struct Account {
    refused: Option<String>,
    balance: Balance,
    /// Numbers that were put in, and stand neither in the good rows nor in the rejects.
    missing: u64,
    /// Numbers that stand there more than once.
    doubled: u64,
    /// Most memory that the process had, in KiB; 0 where it is not known.
    peak: u64,
}

/// Counts how often each number that was put into rows is written.
struct Numbers {
    seen: Vec<u8>,
    /// The digits that were just read.
    number: u64,
    digits: u32,
    /// A reject names its value beside its record: the same number again is no second one.
    once: bool,
    last: Option<u64>,
}

impl Numbers {
    fn new(once: bool, rows: u64) -> Self {
        Self {
            seen: vec![0; usize::try_from(rows).unwrap()],
            number: 0,
            digits: 0,
            once,
            last: None,
        }
    }

    fn number_ended(&mut self) {
        let (number, digits) = (self.number, self.digits);
        (self.number, self.digits) = (0, 0);
        if digits != growth::FIRST.ilog10() + 1 {
            return;
        }
        let Some(row) = number.checked_sub(growth::FIRST) else {
            return;
        };
        let repeated = self.once && self.last == Some(row);
        if let Some(seen) = self.seen.get_mut(usize::try_from(row).unwrap())
            && !repeated
        {
            *seen = seen.saturating_add(1);
            self.last = Some(row);
        }
    }
}

impl Write for Numbers {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for byte in bytes {
            if byte.is_ascii_digit() {
                self.number = self
                    .number
                    .wrapping_mul(10)
                    .wrapping_add(u64::from(byte - b'0'));
                self.digits += 1;
            } else if self.digits > 0 {
                self.number_ended();
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Reads a file as `aimapper read` does, and looks for the numbers in what is written.
fn account(path: &Path, rows: u64) -> Account {
    let refused = |error: SourceError| Account {
        refused: Some(error.to_string()),
        balance: Balance::new(0, 0, 0, 0, 0, true),
        missing: 0,
        doubled: 0,
        peak: peak(),
    };
    let input = match Input::open(path) {
        Ok(input) => input,
        Err(error) => return refused(error),
    };
    let limits = Limits::default();
    let reading = match Reading::decide(&input, &Overrides::default(), &limits) {
        Ok(reading) => reading,
        Err(error) => return refused(error),
    };
    let encoder = Encoder::of_columns(&reading.header, TextFormat::Csv);
    let overrides = Overrides::default();
    let sinks = Sinks {
        table: TableWriter::text(Numbers::new(false, rows), encoder).unwrap(),
        rejects: RejectsWriter::new(Numbers::new(true, rows), "grown.csv").unwrap(),
        chunks: None,
        profile: Some(&overrides),
    };
    let source = Source {
        input: &input,
        reading: &reading,
        limits,
        replays: None,
    };
    let done = pipeline::read(
        source,
        sinks,
        Settings {
            block: 4_096,
            ..Settings::default()
        },
        &mut |_| (),
    )
    .unwrap();
    let times = done.good.seen.iter().zip(&done.rejects.seen);
    let (mut missing, mut doubled) = (0, 0);
    for (good, rejected) in times {
        missing += u64::from(good + rejected == 0);
        doubled += u64::from(good + rejected > 1);
    }
    Account {
        refused: None,
        balance: done.tally.balance,
        missing,
        doubled,
        peak: peak(),
    }
}

/// Most memory that this process had so far, in KiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok())
        .unwrap_or_default()
}

/// The same in a process of its own, so that its memory can be told.
fn account_apart(path: &Path, rows: u64) -> Account {
    let output = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "a_process_of_its_own",
            "--ignored",
            "--nocapture",
        ])
        .env("AIMAPPER_GROWN_FILE", path)
        .env("AIMAPPER_GROWN_ROWS", rows.to_string())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().find_map(|line| line.split_once("account: "));
    let Some((_, json)) = line else {
        panic!("{text}{}", String::from_utf8_lossy(&output.stderr));
    };
    serde_json::from_str(json).unwrap()
}

#[test]
#[ignore = "started by the other tests"]
#[expect(clippy::print_stdout, reason = "its parent reads it")]
fn a_process_of_its_own() {
    if let Ok(path) = std::env::var("AIMAPPER_GROWN_FILE") {
        let rows = std::env::var("AIMAPPER_GROWN_ROWS")
            .unwrap()
            .parse()
            .unwrap();
        let account = account(Path::new(&path), rows);
        println!("account: {}", serde_json::to_string(&account).unwrap());
    }
}

/// A grown file on disk.
fn grown(growth: &Growth, size: u64) -> (NamedTempFile, Grown) {
    let file = NamedTempFile::new().unwrap();
    let mut out = io::BufWriter::new(file.as_file());
    let grown = growth.write(size, &mut out).unwrap();
    out.flush().unwrap();
    drop(out);
    (file, grown)
}

/// What is wrong with the account of a grown file, in one line each.
fn problems(case: &Case, growth: &Growth, grown: Grown, account: &Account) -> Vec<String> {
    let mut problems = Vec::new();
    let balance = account.balance;
    if let Some(error) = &account.refused {
        if !case.refused {
            problems.push(format!("refused: {error}"));
        }
        return problems;
    }
    if !balance.balanced {
        problems.push(format!("does not add up: {balance:?}"));
    }
    if account.doubled > 0 {
        problems.push(format!("{} rows twice", account.doubled));
    }
    if case.loose || case.refused {
        // Where two readings can be defended, rows may be non-data; none may be nowhere.
        if account.missing > balance.non_data {
            problems.push(format!("{} rows lost: {balance:?}", account.missing));
        }
        return problems;
    }
    if account.missing > 0 {
        problems.push(format!("{} rows lost", account.missing));
    }
    let small = growth.small;
    let comment = u64::from(case.file == COMMENT);
    let got = (balance.good, balance.rejected, balance.non_data);
    let wanted = (
        small.good + grown.rows,
        small.rejected + comment,
        small.non_data - comment,
    );
    let is_other = case.file == COPIED || SUMS.contains(&case.file.as_str());
    if got != wanted && !is_other {
        problems.push(format!(
            "got {got:?} good, rejected and non-data, wanted {wanted:?}"
        ));
    }
    problems
}

/// Whether a file that is as large again takes more memory.
fn grows_on(growth: &Growth, size: u64, peak: u64) -> bool {
    let (file, written) = grown(growth, 2 * size);
    let larger = account_apart(file.path(), written.rows);
    larger.peak.saturating_sub(peak) > SLACK
}

/// Tries files at a size, and their memory against that of smaller ones if they are asked for.
#[expect(clippy::print_stdout, reason = "figures for who runs it by hand")]
fn try_all(cases: &[Case], size: u64, against: Option<u64>) {
    let mut failed = Vec::new();
    let (mut rows, mut bytes, mut most) = (0, 0, BTreeMap::new());
    for case in cases {
        let growth = grow(case);
        let (file, written) = grown(&growth, size);
        let mut wrong;
        match against {
            None => {
                let account = account(file.path(), written.rows);
                wrong = problems(case, &growth, written, &account);
            }
            Some(less) => {
                let account = account_apart(file.path(), written.rows);
                wrong = problems(case, &growth, written, &account);
                let (file, written) = grown(&growth, less);
                let smaller = account_apart(file.path(), written.rows);
                let more = account.peak.saturating_sub(smaller.peak);
                most.insert(
                    more,
                    format!("{}: {} -> {} KiB", case.file, smaller.peak, account.peak),
                );
                // What is bounded, as the batches of a wide table, may not be full in the smaller one.
                if more > SLACK && grows_on(&growth, size, account.peak) {
                    wrong.push(format!("memory: {} -> {} KiB", smaller.peak, account.peak));
                }
            }
        }
        rows += written.rows;
        bytes += file.as_file().metadata().unwrap().len();
        if !wrong.is_empty() {
            failed.push(format!("{}\n    {}", case.file, wrong.join("\n    ")));
        }
    }
    println!("{} files, {bytes} bytes, {rows} rows put in", cases.len());
    for (more, file) in most.iter().rev().take(5) {
        println!("memory + {more} KiB: {file}");
    }
    assert!(
        failed.is_empty(),
        "{} of {} files:\n{}",
        failed.len(),
        cases.len(),
        failed.join("\n")
    );
}

#[test]
fn every_fault_is_accounted_for_behind_thousands_of_rows() {
    try_all(&cases::corpus(), SMALL, None);
}

#[test]
fn some_large_files_are_accounted_for_in_flat_memory() {
    let mut cases = cases::corpus();
    cases.retain(|case| REPRESENTATIVE.contains(&case.file.as_str()));
    assert_eq!(cases.len(), REPRESENTATIVE.len());
    try_all(&cases, LARGE, Some(MEDIUM));
}

#[test]
#[ignore = "8 GB to write and to read: `just faults`"]
fn every_large_file_is_accounted_for_in_flat_memory() {
    try_all(&cases::corpus(), LARGE, Some(MEDIUM));
}
