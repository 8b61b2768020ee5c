//! The keys that a provider publishes, as of late. Whoever checks a token takes what is here without waiting;
//! keys are fetched anew in time, and at once for a key that nobody knows, but not more often than somebody
//! who makes up names of keys should be able to cause.
//!
//! The cache headers of the answer are not looked at: Keycloak says `no-cache`.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use super::keys::KeySet;

/// Keys are fetched anew after so long, which is 80 % of ten minutes.
pub const REFRESH_SECONDS: i64 = 480;

/// For an unknown key they are fetched at most once in so long.
pub const REFETCH_SECONDS: i64 = 30;

/// After a failure it is tried again after so long.
const RETRY_SECONDS: i64 = 5;

/// Keys that could not be fetched anew are good for so long.
pub const MAX_AGE_SECONDS: i64 = 24 * 3600;

/// The keys of one provider. All times are arguments, in seconds since 1970.
#[derive(Default)]
pub struct KeyStore {
    state: RwLock<State>,
    /// Held by the one who fetches.
    turn: Mutex<()>,
}

#[derive(Clone, Default)]
struct State {
    keys: Option<Arc<KeySet>>,
    /// They never change.
    is_fixed: bool,
    fetched_at: i64,
    /// When it was last tried, and whether that failed.
    tried_at: Option<i64>,
    has_failed: bool,
    /// When it was last tried for an unknown key.
    asked_at: Option<i64>,
    /// How often keys were asked for, so that those who wait see that it was done.
    round: u64,
    /// How often that failed.
    failures: u64,
}

impl KeyStore {
    /// Keys that are set, and never fetched.
    #[must_use]
    pub fn fixed(keys: KeySet) -> Self {
        let state = State {
            keys: Some(Arc::new(keys)),
            is_fixed: true,
            ..State::default()
        };
        Self {
            state: RwLock::new(state),
            turn: Mutex::default(),
        }
    }

    /// The keys, unless there are none or they are too old.
    #[must_use]
    pub fn keys(&self, now: i64) -> Option<Arc<KeySet>> {
        let state = self.state();
        let is_good = state.is_fixed || now - state.fetched_at <= MAX_AGE_SECONDS;
        state.keys.filter(|_| is_good)
    }

    /// Seconds since they were fetched; `None` if they never were, or are set.
    #[must_use]
    pub fn age(&self, now: i64) -> Option<i64> {
        let state = self.state();
        (state.keys.is_some() && !state.is_fixed).then(|| now - state.fetched_at)
    }

    /// How often they were fetched, and how often that failed.
    #[must_use]
    pub fn fetches(&self) -> (u64, u64) {
        let state = self.state();
        (state.round - state.failures, state.failures)
    }

    /// Whether it is time to fetch them anew.
    #[must_use]
    pub fn is_due(&self, now: i64) -> bool {
        let state = self.state();
        if state.is_fixed {
            return false;
        }
        let Some(tried_at) = state.tried_at else {
            return true;
        };
        let wait = if state.has_failed {
            RETRY_SECONDS
        } else {
            REFRESH_SECONDS
        };
        now - tried_at >= wait
    }

    /// Whether an unknown key is a reason to fetch them.
    #[must_use]
    pub fn may_ask(&self, now: i64) -> bool {
        let state = self.state();
        let long_ago = |at: i64| now - at >= REFETCH_SECONDS;
        !state.is_fixed && state.asked_at.is_none_or(long_ago)
    }

    /// Fetches the keys because it is time, unless somebody else just did. Blocks.
    pub fn refresh<E>(&self, now: i64, fetch: impl FnOnce() -> Result<KeySet, E>) -> Result<(), E> {
        self.fetch(now, false, fetch)
    }

    /// Fetches the keys because a token names an unknown one, within bounds. Who comes while they are being
    /// fetched waits for that, and takes what came. Blocks.
    pub fn ask<E>(&self, now: i64, fetch: impl FnOnce() -> Result<KeySet, E>) -> Result<(), E> {
        self.fetch(now, true, fetch)
    }

    fn fetch<E>(
        &self,
        now: i64,
        is_asked: bool,
        fetch: impl FnOnce() -> Result<KeySet, E>,
    ) -> Result<(), E> {
        let round = self.state().round;
        let _turn: MutexGuard<'_, ()> = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let is_wanted = if is_asked {
            self.may_ask(now)
        } else {
            self.is_due(now)
        };
        // Somebody fetched while this one waited for its turn.
        if self.state().round != round || !is_wanted {
            return Ok(());
        }
        let fetched = fetch();
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        state.round += 1;
        state.tried_at = Some(now);
        state.has_failed = fetched.is_err();
        state.failures += u64::from(state.has_failed);
        if is_asked {
            state.asked_at = Some(now);
        }
        // What could not be read never takes the place of what is good.
        state.keys = Some(Arc::new(fetched?));
        state.fetched_at = now;
        Ok(())
    }

    fn state(&self) -> State {
        self.state
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl fmt::Debug for KeyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        f.debug_struct("KeyStore")
            .field("keys", &state.keys.map(|keys| keys.len()))
            .field("fetched_at", &state.fetched_at)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;

    use super::*;

    const NOW: i64 = 1_790_000_000;

    fn keys(name: &str) -> KeySet {
        KeySet::ed25519(name, &[7; 32])
    }

    fn good(_: i64) -> Result<KeySet, ()> {
        Ok(keys("k"))
    }

    #[test]
    fn keys_are_fetched_in_time_and_kept_for_a_day_if_that_fails() {
        let store = KeyStore::default();
        assert!(store.keys(NOW).is_none() && store.is_due(NOW));
        assert_eq!(store.refresh(NOW, || Err(())), Err(()));
        assert!(store.keys(NOW).is_none() && !store.is_due(NOW + 4) && store.is_due(NOW + 5));
        let now = NOW + 5;
        store.refresh(now, || good(now)).unwrap();
        assert!(!store.is_due(now + 479) && store.is_due(now + 480));
        assert_eq!(store.refresh(now + 480, || Err(())), Err(()));
        assert!(store.keys(now + 480).is_some());
        assert_eq!(store.age(now + 480), Some(480));
        assert_eq!(store.fetches(), (1, 2));
        assert!(store.keys(now + MAX_AGE_SECONDS).is_some());
        assert!(store.keys(now + MAX_AGE_SECONDS + 1).is_none());
    }

    #[test]
    fn a_thousand_unknown_keys_cause_one_fetch_in_half_a_minute() {
        let store = KeyStore::default();
        store.refresh(NOW, || good(NOW)).unwrap();
        let mut fetched = 0;
        for _ in 0..1_000 {
            let ask = || {
                fetched += 1;
                good(NOW)
            };
            store.ask(NOW + 1, ask).unwrap();
        }
        assert_eq!(fetched, 1);
        assert!(!store.may_ask(NOW + 30) && store.may_ask(NOW + 31));
    }

    #[test]
    fn whoever_waits_takes_what_another_fetched() {
        let store = KeyStore::default();
        let fetched = AtomicUsize::new(0);
        let together = Barrier::new(8);
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    together.wait();
                    let fetch = || {
                        fetched.fetch_add(1, Ordering::SeqCst);
                        good(NOW)
                    };
                    store.ask(NOW, fetch).unwrap();
                    assert!(store.keys(NOW).is_some());
                });
            }
        });
        assert_eq!(fetched.into_inner(), 1);
    }

    #[test]
    fn keys_that_are_set_stay() {
        let store = KeyStore::fixed(keys("k"));
        assert!(!store.is_due(NOW) && !store.may_ask(NOW));
        assert!(store.keys(NOW).is_some());
        assert_eq!(store.age(NOW), None);
        store.ask(NOW, || Err("asked")).unwrap();
    }
}
