//! What an issuer said about its tokens a moment ago. Programs show the same one with every request, and each
//! question is a way over the network.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

use super::checked::Hash;
use crate::auth::identity::lock;

/// So many tokens are remembered.
const MAX_REMEMBERED: usize = 10_000;

/// So many questions at once. They are not those of people who sign in: a flood of tokens keeps nobody out.
const QUESTIONS: usize = 8;

/// Who asks about the same token waits for one answer. Two tokens of one turn wait for each other, no more.
const TURNS: usize = 64;

/// An issuer that did not answer is let be for so long, so that those who wait hear of it at once.
const PAUSE: Duration = Duration::from_secs(1);

/// Answers by the tokens' hashes; the tokens themselves are nowhere.
pub(super) struct Active {
    said: Mutex<HashMap<Hash, Said>>,
    turns: Vec<tokio::sync::Mutex<()>>,
    /// Held by each question until it is over, also if nobody waits for it any more.
    pub(super) questions: Arc<Semaphore>,
    failed_at: Mutex<Option<Instant>>,
}

struct Said {
    is_active: bool,
    /// Before it was asked: what happened meanwhile may not be in the answer.
    at: Instant,
}

impl Default for Active {
    fn default() -> Self {
        Self {
            said: Mutex::default(),
            turns: std::iter::repeat_with(tokio::sync::Mutex::default)
                .take(TURNS)
                .collect(),
            questions: Arc::new(Semaphore::new(QUESTIONS)),
            failed_at: Mutex::default(),
        }
    }
}

impl Active {
    /// What was said about a token not longer ago than this.
    pub(super) fn find(&self, hash: &Hash, now: Instant, holds: Duration) -> Option<bool> {
        let all = lock(&self.said);
        let said = all.get(hash)?;
        (now.saturating_duration_since(said.at) < holds).then_some(said.is_active)
    }

    /// Remembers what was said.
    pub(super) fn keep(&self, hash: Hash, is_active: bool, at: Instant, holds: Duration) {
        let mut all = lock(&self.said);
        if all.len() >= MAX_REMEMBERED {
            all.retain(|_, said| at.saturating_duration_since(said.at) < holds);
        }
        if all.len() < MAX_REMEMBERED {
            all.insert(hash, Said { is_active, at });
        }
    }

    /// Held by the one who asks about a token.
    pub(super) fn turn(&self, hash: &Hash) -> Option<&tokio::sync::Mutex<()>> {
        let first = hash.first().copied().unwrap_or_default();
        self.turns.get(usize::from(first) % TURNS)
    }

    /// It did not answer.
    pub(super) fn failed(&self, now: Instant) {
        *lock(&self.failed_at) = Some(now);
    }

    /// Whether it is let be.
    pub(super) fn is_let_be(&self, now: Instant) -> bool {
        lock(&self.failed_at).is_some_and(|at| now.saturating_duration_since(at) < PAUSE)
    }
}

#[cfg(test)]
mod tests {
    use super::super::checked::hash;
    use super::*;

    const HALF_A_MINUTE: Duration = Duration::from_secs(30);

    #[test]
    fn an_answer_holds_for_its_time_and_no_longer() {
        let (active, now) = (Active::default(), Instant::now());
        let find = |token, after| {
            active.find(
                &hash(token),
                now + Duration::from_secs(after),
                HALF_A_MINUTE,
            )
        };
        assert_eq!(find("a", 0), None);
        active.keep(hash("a"), true, now, HALF_A_MINUTE);
        active.keep(hash("b"), false, now, HALF_A_MINUTE);
        assert_eq!((find("a", 0), find("b", 0)), (Some(true), Some(false)));
        assert_eq!((find("a", 29), find("a", 30)), (Some(true), None));
        assert_eq!(active.find(&hash("a"), now, Duration::ZERO), None);
    }

    #[test]
    fn a_flood_of_tokens_takes_bounded_room() {
        let (active, now) = (Active::default(), Instant::now());
        for number in 0..MAX_REMEMBERED + 10 {
            active.keep(hash(&number.to_string()), true, now, HALF_A_MINUTE);
        }
        assert_eq!(lock(&active.said).len(), MAX_REMEMBERED);
        active.keep(hash("later"), true, now + HALF_A_MINUTE, HALF_A_MINUTE);
        assert_eq!(lock(&active.said).len(), 1, "those that are over made room");
    }

    #[test]
    fn an_issuer_that_failed_is_let_be_for_a_moment() {
        let (active, now) = (Active::default(), Instant::now());
        assert!(!active.is_let_be(now));
        active.failed(now);
        assert!(active.is_let_be(now + PAUSE / 2));
        assert!(!active.is_let_be(now + PAUSE));
    }
}
