//! What a service leaves when it dies, and what the next one makes of it.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::served::{Served, folder, text};

pub(crate) const SCHEMA: &str = r#"{"type": "object", "required": ["id", "amount"],
    "properties": {"id": {"type": "integer"}, "amount": {"type": "number"}, "note": {"type": "string"}}}"#;

/// Rows whose run is under way for long enough to be met there, however fast it is.
pub(crate) const LONG: u64 = 2_400_000;

/// So many rows, of which one in 5,000 is rejected.
pub(crate) fn rows(count: u64) -> String {
    let mut text = "id,amount,note\n".to_owned();
    for row in 0..count {
        if row % 5_000 == 17 {
            text.push_str("none,1.5,a reject\n");
        } else {
            writeln!(text, "{row},{}.25,row {row}", row % 977).unwrap();
        }
    }
    text
}

#[test]
fn a_run_goes_on_where_a_killed_service_left_it() {
    let data = folder();
    let served = Served::start(data.path());
    let (mapping, source) = served.mapped("rows.csv", rows(LONG).as_bytes(), SCHEMA);
    let (whole, job) = served.start_run(&mapping, &source);
    served.ended(&job);
    let good = served.bytes(&format!("runs/{whole}/good"));
    let rejects = served.bytes(&format!("runs/{whole}/rejects"));

    let (run, job) = served.start_run(&mapping, &source);
    served.until_chunk(&job, 2);
    let _held = served.hold_job();
    let (status, _) = served.get(&format!("runs/{run}/good"));
    assert_eq!(status, 409, "half a result is seen");
    served.kill();

    let served = Served::start(data.path());
    let ended = served.ended(&job);
    assert_eq!(text(&ended, "/state"), "succeeded", "{ended}");
    assert!(served.bytes(&format!("runs/{run}/good")) == good);
    assert!(served.bytes(&format!("runs/{run}/rejects")) == rejects);
    let events = served.all_events(&job);
    assert_eq!(events.matches("\"event\":\"orphaned\"").count(), 1);
    assert_eq!(
        events.matches("\"event\":\"succeeded\"").count(),
        1,
        "{events}"
    );
    // The second process began behind the chunks of the first.
    let chunks: Vec<&str> = events.split("\"chunk\":").skip(1).collect();
    let numbers: Vec<u64> = chunks
        .iter()
        .filter_map(|rest| rest.split(['}', ',']).next()?.parse().ok())
        .collect();
    assert!(
        numbers.windows(2).all(|pair| pair[0] < pair[1]),
        "{numbers:?}"
    );
}

#[test]
fn a_service_that_is_told_to_end_gives_its_job_back() {
    let data = folder();
    let served = Served::start(data.path());
    let (mapping, source) = served.mapped("rows.csv", rows(LONG).as_bytes(), SCHEMA);
    let (run, job) = served.start_run(&mapping, &source);
    served.until_chunk(&job, 1);
    assert!(served.terminate());

    let served = Served::start(data.path());
    let events = served.all_events(&job);
    assert!(events.contains("\"given_back\""), "{events}");
    assert!(!events.contains("\"orphaned\""), "{events}");
    let ended = served.ended(&job);
    assert_eq!(text(&ended, "/state"), "succeeded");
    assert_eq!(ended["attempt"], 1, "{ended}");
    served.bytes(&format!("runs/{run}/good"));
}

#[test]
fn a_cancelled_run_leaves_nothing_to_see() {
    let data = folder();
    let served = Served::start(data.path());
    let (mapping, source) = served.mapped("rows.csv", rows(LONG).as_bytes(), SCHEMA);
    let (run, job) = served.start_run(&mapping, &source);
    served.until_chunk(&job, 1);
    let _held = served.hold_job();
    let (status, _) = served.post(&format!("jobs/{job}/cancel"), &Value::Null);
    assert!(status < 300, "{status}");
    let ended = served.ended(&job);
    assert_eq!(text(&ended, "/state"), "cancelled");
    let (status, _) = served.get(&format!("runs/{run}/good"));
    assert_eq!(status, 409);
}

/// Dice that fall the same way in every run of the test.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(0x9E37_79B9_7F4A_7C15 ^ seed)
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

#[test]
#[ignore = "many minutes: `just faults`"]
#[expect(clippy::print_stdout, reason = "figures for who runs it by hand")]
fn fifty_kills_in_a_run_of_a_million_rows_change_nothing() {
    const KILLS: usize = 50;
    let data = folder();
    let served = Served::start(data.path());
    let (mapping, source) = served.mapped("rows.csv", rows(1_000_000).as_bytes(), SCHEMA);
    let (whole, job) = served.start_run(&mapping, &source);
    let began = Instant::now();
    served.ended(&job);
    let alone = began.elapsed();
    let good = served.bytes(&format!("runs/{whole}/good"));
    let rejects = served.bytes(&format!("runs/{whole}/rejects"));
    let mut dice = Dice::new(0);
    let mut served = Some(served);
    let (mut kills, mut runs, mut in_a_run) = (0, 0, 0);
    let mut slowest = Duration::ZERO;
    while kills < KILLS {
        let now = served.take().unwrap();
        let (run, job) = now.start_run(&mapping, &source);
        let mut now = now;
        runs += 1;
        loop {
            // Less than a run takes, so that most of them are hit more than once.
            let wait = alone.mul_f64(dice.below(1_000) as f64 / 1_400.0);
            if ends_within(&now, &job, wait) || kills == KILLS {
                break;
            }
            now.kill();
            kills += 1;
            let began = Instant::now();
            now = Served::start(data.path());
            slowest = slowest.max(began.elapsed());
            in_a_run += 1;
        }
        let ended = now.ended(&job);
        assert_eq!(text(&ended, "/state"), "succeeded", "{ended}");
        assert!(
            now.bytes(&format!("runs/{run}/good")) == good,
            "after {kills} kills"
        );
        assert!(now.bytes(&format!("runs/{run}/rejects")) == rejects);
        let events = now.bytes(&format!("jobs/{job}/events"));
        let events = String::from_utf8(events).unwrap();
        assert_eq!(events.matches("event: succeeded\n").count(), 1, "{events}");
        served = Some(now);
    }
    println!(
        "{kills} kills in {runs} runs of 1,000,000 rows ({in_a_run} in the middle of one); a run \
         alone takes {} ms; the slowest start took {} ms",
        alone.as_millis(),
        slowest.as_millis()
    );
    assert!(
        slowest < Duration::from_secs(5),
        "a start takes {slowest:?}"
    );
}

/// Whether a job ends within a time; the time is over if it does not.
fn ends_within(served: &Served, job: &str, time: Duration) -> bool {
    let until = Instant::now() + time;
    while Instant::now() < until {
        let seen = served.json(&format!("jobs/{job}"));
        if text(&seen, "/state") == "succeeded" {
            return true;
        }
        std::thread::sleep(Duration::from_millis(5).min(until - Instant::now().min(until)));
    }
    false
}

#[test]
#[ignore = "a bound on time: `just faults`"]
fn cancel_takes_two_seconds_and_a_start_five() {
    let data = folder();
    let began = Instant::now();
    let served = Served::start(data.path());
    assert!(began.elapsed() < Duration::from_secs(5));
    let (mapping, source) = served.mapped("rows.csv", rows(5_000_000).as_bytes(), SCHEMA);
    for _ in 0..5 {
        let (_, job) = served.start_run(&mapping, &source);
        served.until_chunk(&job, 1);
        let began = Instant::now();
        served.post(&format!("jobs/{job}/cancel"), &Value::Null);
        let ended = served.ended(&job);
        assert_eq!(text(&ended, "/state"), "cancelled");
        assert!(
            began.elapsed() < Duration::from_secs(2),
            "{:?}",
            began.elapsed()
        );
    }
}
