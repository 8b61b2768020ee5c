//! How many jobs a number of workers does in a time.

use std::time::Instant;

use aimapper_core::job::State;
use aimapper_core::store::{Settings, Store, figures};

use crate::kill::{SCHEMA, rows};
use crate::served::{Served, folder};
use crate::shared::Shared;

const JOBS: usize = 200;

#[test]
#[ignore = "figures: docs/operations.md"]
#[expect(clippy::print_stdout, reason = "figures for who runs it by hand")]
fn two_hundred_jobs_with_one_two_and_four_workers() {
    for (name, count) in [("small", 300), ("large", 100_000)] {
        for workers in [1, 2, 4] {
            let data = folder();
            let shared = Shared::new().with(&[("AIMAPPER__WORKER__SLOTS__INTERACTIVE", "1")]);
            let served = Served::apart(data.path(), &shared, 0);
            let (mut first, out) = shared.worker(data.path());
            let (mapping, source) = served.mapped("rows.csv", rows(count).as_bytes(), SCHEMA);
            first.kill().unwrap();
            first.wait().unwrap();
            drop(out);
            let jobs: Vec<String> = (0..JOBS)
                .map(|_| served.start_run(&mapping, &source).1)
                .collect();
            let store = Store::open(&shared.database_url(), &Settings::default()).unwrap();
            let began = Instant::now();
            let running: Vec<_> = (0..workers).map(|_| shared.worker(data.path())).collect();
            let left = || -> i64 {
                let found = store.read(figures::figures).unwrap();
                let waiting = found.jobs.iter().filter(|(state, _)| *state != State::Dead);
                waiting.map(|(_, count)| count).sum()
            };
            while left() > 0 {
                std::thread::sleep(std::time::Duration::from_millis(20));
            }
            let took = began.elapsed().as_secs_f64();
            println!(
                "{JOBS} {name} runs ({count} rows), {workers} workers: {took:.2} s, {:.1} jobs/s",
                JOBS as f64 / took
            );
            served.ended(jobs.last().unwrap());
            for (mut child, _) in running {
                child.kill().unwrap();
                child.wait().unwrap();
            }
        }
    }
}
