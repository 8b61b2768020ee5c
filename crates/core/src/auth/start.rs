//! The codes of start addresses: who opens the address on this machine gets the first session.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use super::Role;
use super::local::LocalError;

/// How long a code can be used.
pub const CODE_SECONDS: i64 = 300;

/// So many unused codes are kept; the oldest goes first.
const MAX_CODES: usize = 16;

/// One-time codes of 128 bits, kept in memory as hashes: a restart forgets them, and nobody who
/// reads the memory's image has one.
#[derive(Default)]
pub struct StartCodes {
    codes: Mutex<Vec<Code>>,
}

struct Code {
    hash: [u8; 32],
    role: Role,
    ends_at: i64,
}

impl StartCodes {
    /// A new code whose session has this role.
    ///
    /// # Errors
    /// [`LocalError::Random`].
    pub fn make(&self, role: Role, now: i64) -> Result<String, LocalError> {
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(LocalError::Random)?;
        let text = URL_SAFE_NO_PAD.encode(random);
        let mut codes = self.lock();
        codes.retain(|code| code.ends_at > now);
        if codes.len() >= MAX_CODES {
            codes.remove(0);
        }
        codes.push(Code {
            hash: hash(&text),
            role,
            ends_at: now.saturating_add(CODE_SECONDS),
        });
        Ok(text)
    }

    /// Takes a code, which is gone then. Gives the role of the session that it stands for.
    pub fn redeem(&self, code: &str, now: i64) -> Option<Role> {
        let hash = hash(code);
        let mut codes = self.lock();
        codes.retain(|code| code.ends_at > now);
        let at = codes.iter().position(|code| code.hash == hash)?;
        Some(codes.remove(at).role)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Code>> {
        self.codes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is compared are hashes, so the time that it takes tells nothing about a code.
fn hash(code: &str) -> [u8; 32] {
    Sha256::digest(code.as_bytes()).into()
}

impl fmt::Debug for StartCodes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StartCodes")
            .field("unused", &self.lock().len())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_opens_once_and_not_late() {
        let codes = StartCodes::default();
        let first = codes.make(Role::Admin, 1_000).unwrap();
        let second = codes.make(Role::Mapper, 1_000).unwrap();
        assert_eq!(first.len(), 22);
        assert_eq!(codes.redeem("", 1_000), None);
        assert_eq!(codes.redeem(&first, 1_299), Some(Role::Admin));
        assert_eq!(codes.redeem(&first, 1_299), None);
        assert_eq!(codes.redeem(&second, 1_300), None);
        assert_eq!(codes.redeem(&second, 1_299), None, "it was dropped");
        assert!(!format!("{codes:?}").contains(&first));
    }

    #[test]
    fn unused_codes_do_not_pile_up() {
        let codes = StartCodes::default();
        let made: Vec<String> = (0..17)
            .map(|_| codes.make(Role::Mapper, 0).unwrap())
            .collect();
        assert_eq!(codes.redeem(&made[0], 1), None);
        for code in &made[1..] {
            assert_eq!(codes.redeem(code, 1), Some(Role::Mapper));
        }
    }
}
