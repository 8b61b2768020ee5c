//! What checking a token costs: a good one, and every wrong one of the corpus. Nobody who makes up tokens
//! should be able to cause more work than those who have good ones.
//!
//! ```text
//! cargo bench --package aimapper-core --features auth,bundled --bench verify
//! ```
//!
//! Ends with code 1 if the dearest wrong token costs more than twice what the good one does.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "the corpus belongs to the tests, and figures are printed"
)]

#[allow(
    dead_code,
    reason = "what only the tests need of the corpus is not asked for here"
)]
#[path = "../src/auth/corpus/attacks/mod.rs"]
mod attacks;

use std::hint::black_box;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use aimapper_core::auth::{
    Algorithm, Emails, HeaderTypes, IdKey, KeySet, ListForm, Policy, Refusal, Role, RoleRule,
    TenantRule, Verified, named_issuer, verify,
};

use self::attacks::realm::{NOW, base, policy, published};

/// All tokens are measured in turn so often, so that a busy moment falls on all of them alike.
const ROUNDS: usize = 100;

/// So often in one go.
const CALLS: u32 = 20;

/// How much dearer a wrong token may be.
const MOST: f64 = 2.0;

/// A token and what one check of it cost, round by round.
struct Timed {
    name: &'static str,
    token: String,
    times: Vec<Duration>,
}

impl Timed {
    fn new(name: &'static str, token: String) -> Self {
        Self {
            name,
            token,
            times: Vec::with_capacity(ROUNDS),
        }
    }

    fn least(&self) -> f64 {
        micros(self.times.iter().min())
    }

    fn median(&self) -> f64 {
        let mut times = self.times.clone();
        times.sort_unstable();
        micros(times.get(times.len() / 2))
    }
}

fn micros(time: Option<&Duration>) -> f64 {
    time.map_or(0.0, |time| time.as_secs_f64() * 1e6)
}

fn main() -> ExitCode {
    let (policy, keys) = (policy(), published());
    let alone = measured("one issuer", |token| verify(token, &policy, &keys, NOW));
    // Where there are several, the token is read for its issuer's name before.
    let chosen = measured("one of several issuers", |token| {
        black_box(named_issuer(token));
        verify(token, &policy, &keys, NOW)
    });
    if alone.max(chosen) > MOST {
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// Measures a check of all tokens, and says how much dearer the dearest wrong one is than the good one.
fn measured(what: &str, check: impl Fn(&str) -> Result<Verified, Refusal>) -> f64 {
    let mut good = Timed::new("good", base());
    let mut wrong: Vec<Timed> = attacks::all()
        .into_iter()
        .map(|attack| Timed::new(attack.name, attack.token))
        .collect();
    assert!(check(&good.token).is_ok(), "the good token is refused");

    for _ in 0..ROUNDS {
        for timed in wrong.iter_mut().chain([&mut good]) {
            let start = Instant::now();
            for _ in 0..CALLS {
                let _verified = black_box(check(black_box(&timed.token)));
            }
            timed.times.push(start.elapsed() / CALLS);
        }
    }

    wrong.sort_by(|one, two| two.least().total_cmp(&one.least()));
    println!("{what}");
    println!(
        "{:28}{:>8}{:>10}{:>10}{:>8}",
        "token", "bytes", "least us", "median us", "x good"
    );
    for timed in [&good].into_iter().chain(&wrong) {
        println!(
            "{:28}{:8}{:10.1}{:10.1}{:8.2}",
            timed.name,
            timed.token.len(),
            timed.least(),
            timed.median(),
            timed.least() / good.least()
        );
    }
    let dearest = wrong.first().map_or(0.0, Timed::least) / good.least();
    println!(
        "{} wrong tokens; the dearest costs {dearest:.2} times what the good one costs",
        wrong.len()
    );
    dearest
}
