//! Tokens that were found good a moment ago. Programs show the same one with every request, and its signature
//! costs more than the rest of most requests.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use aimapper_core::auth::{KeySet, Principal};
use sha2::{Digest, Sha256};

use crate::auth::identity::lock;

/// A token is checked anew after so long.
const GOOD_FOR_SECONDS: i64 = 30;

/// So many are remembered.
const MAX_REMEMBERED: usize = 10_000;

/// Good tokens by their hashes; the tokens themselves are nowhere.
#[derive(Default)]
pub(super) struct Checked(Mutex<HashMap<Hash, Good>>);

/// Of the whole token, so that nothing of it can be another.
pub(super) type Hash = [u8; 32];

struct Good {
    principal: Arc<Principal>,
    /// Those that it was checked with: a key that is gone checks no token any more.
    keys: Arc<KeySet>,
    at: i64,
}

/// What a token is remembered by.
pub(super) fn hash(token: &str) -> Hash {
    Sha256::digest(token.as_bytes()).into()
}

impl Checked {
    /// What a token said, if it was found good with these keys less than half a minute ago, and has not ended.
    pub(super) fn find(
        &self,
        hash: &Hash,
        keys: &Arc<KeySet>,
        (now, leeway): (i64, i64),
    ) -> Option<Arc<Principal>> {
        let all = lock(&self.0);
        let good = all.get(hash)?;
        let age = now.checked_sub(good.at)?;
        let is_fresh = (0..GOOD_FOR_SECONDS).contains(&age) && Arc::ptr_eq(&good.keys, keys);
        let is_over = good.principal.expires_at <= now.saturating_sub(leeway);
        (is_fresh && !is_over).then(|| Arc::clone(&good.principal))
    }

    /// Remembers a token that is good, and gives whose it is.
    pub(super) fn keep(
        &self,
        hash: Hash,
        principal: Principal,
        keys: Arc<KeySet>,
        at: i64,
    ) -> Principal {
        let mut all = lock(&self.0);
        if all.len() >= MAX_REMEMBERED {
            all.retain(|_, good| at - good.at < GOOD_FOR_SECONDS);
        }
        if all.len() < MAX_REMEMBERED {
            let good = Good {
                principal: Arc::new(principal.clone()),
                keys,
                at,
            };
            all.insert(hash, good);
        }
        principal
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use aimapper_core::auth::PrincipalKind;

    use super::*;

    const NOW: i64 = 1_790_000_000;
    const LEEWAY: i64 = 30;

    fn principal(expires_at: i64) -> Principal {
        Principal {
            issuer: "https://sso".to_owned(),
            subject: "7".to_owned(),
            sub: "7".to_owned(),
            kind: PrincipalKind::Person,
            name: None,
            username: None,
            email: None,
            sid: None,
            party: None,
            roles: BTreeSet::new(),
            tenant: None,
            issued_at: NOW,
            expires_at,
        }
    }

    fn keys() -> Arc<KeySet> {
        Arc::new(KeySet::ed25519("k", &[7; 32]))
    }

    #[test]
    fn the_same_token_is_found_for_half_a_minute_with_the_same_keys() {
        let (checked, keys) = (Checked::default(), keys());
        let find = |token, keys, now| checked.find(&hash(token), keys, (now, LEEWAY)).is_some();
        assert!(!find("a", &keys, NOW));
        checked.keep(hash("a"), principal(NOW + 300), Arc::clone(&keys), NOW);
        assert!(find("a", &keys, NOW) && find("a", &keys, NOW + 29));
        assert!(!find("a", &keys, NOW + 30), "it is checked again");
        assert!(
            !find("a", &keys, NOW - 1),
            "a clock that was put back says nothing"
        );
        assert!(!find("a ", &keys, NOW) && !find("b", &keys, NOW));
        let others = self::keys();
        assert!(!find("a", &others, NOW), "its key may be gone");
    }

    #[test]
    fn a_token_ends_when_it_ends() {
        let (checked, keys) = (Checked::default(), keys());
        checked.keep(hash("a"), principal(NOW - 25), Arc::clone(&keys), NOW);
        let find = |now| checked.find(&hash("a"), &keys, (now, LEEWAY)).is_some();
        assert!(find(NOW + 4));
        assert!(!find(NOW + 5));
    }

    #[test]
    fn a_flood_of_tokens_takes_bounded_room() {
        let (checked, keys) = (Checked::default(), keys());
        let one = principal(NOW + 300);
        for number in 0..MAX_REMEMBERED + 10 {
            let hash = hash(&number.to_string());
            checked.keep(hash, one.clone(), Arc::clone(&keys), NOW);
        }
        assert_eq!(lock(&checked.0).len(), MAX_REMEMBERED);
        checked.keep(hash("later"), one, Arc::clone(&keys), NOW + 30);
        assert_eq!(lock(&checked.0).len(), 1, "those that are over made room");
    }
}
