//! What this machine can do at most with the bytes of a source, one thread each: what reading and
//! writing are measured against in ARCHITECTURE.md.
//!
//! ```text
//! cargo bench --package aimapper-core --features bundled --bench limits -- FILE
//! ```
//!
//! The best of several rounds, in GB/s of the file's bytes.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a file that cannot be read ends the bench, and figures are printed"
)]

use std::fs::{self, File};
use std::hint::black_box;
use std::io::Read;
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

const ROUNDS: usize = 5;
/// As in the reader: what lies in the processor's nearer memory is faster than a whole file.
const BLOCK: usize = 1 << 18;
/// Bytes that go into one page of Parquet, about.
const PAGE: usize = 1 << 20;
const LEVEL: i32 = 1;

fn show(what: &str, bytes: usize, mut work: impl FnMut()) {
    let once = |_| {
        let begun = Instant::now();
        work();
        begun.elapsed()
    };
    let least: Duration = (0..ROUNDS).map(once).min().unwrap();
    let bytes = u32::try_from(bytes / 1_000).unwrap();
    let speed = f64::from(bytes) / 1e6 / least.as_secs_f64();
    println!("{what:25} {speed:6.2} GB/s");
}

fn main() {
    let path = std::env::args().skip(1).find(|word| !word.starts_with('-'));
    let Some(path) = path else {
        println!("name a file of text: -- FILE");
        return;
    };
    let bytes = fs::read(&path).unwrap();
    let size = bytes.len();
    let mut block = vec![0; BLOCK];
    show("read from the file cache", size, || {
        let mut file = File::open(&path).unwrap();
        while file.read(&mut block).unwrap() > 0 {}
    });
    let mut copy = vec![0; size];
    show("copy", size, || {
        black_box(&mut copy).copy_from_slice(&bytes)
    });
    show("count line ends (memchr)", size, || {
        black_box(memchr::memchr_iter(b'\n', &bytes).count());
    });
    show("check UTF-8", size, || {
        for block in bytes.chunks(BLOCK) {
            black_box(str::from_utf8(block).is_ok());
        }
    });
    show("SHA-256", size, || {
        black_box(Sha256::digest(&bytes));
    });
    show("zstd, level 1", size, || {
        for page in bytes.chunks(PAGE) {
            black_box(zstd::bulk::compress(page, LEVEL).unwrap());
        }
    });
}
