//! What must never stand in a log: all that a test and its service say to Keycloak, or hear from it.

use std::fs::File;
use std::io::Read as _;
use std::sync::{Mutex, PoisonError};

/// Passwords, tokens and whatever else is secret, as far as a test knows them.
#[derive(Debug, Default)]
pub(crate) struct Secrets(Mutex<Vec<String>>);

impl Secrets {
    /// Remembers one.
    pub(crate) fn add(&self, secret: &str) {
        assert!(secret.len() >= 16, "too short to be looked for");
        self.all().push(secret.to_owned());
    }

    /// Remembers a token: its signature, which stands in every form of it.
    pub(crate) fn add_token(&self, token: &str) {
        let (_, signature) = token.rsplit_once('.').unwrap_or(("", token));
        self.add(signature);
    }

    /// Makes one up.
    pub(crate) fn make(&self) -> String {
        let mut bytes = [0; 16];
        let mut random = File::open("/dev/urandom").unwrap();
        random.read_exact(&mut bytes).unwrap();
        let made: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        self.add(&made);
        made
    }

    /// Looks for them, and for whatever begins as every token does.
    pub(crate) fn are_not_in(&self, log: &str) {
        let all = self.all();
        assert!(all.len() >= 3, "there is hardly anything to look for");
        for line in log.lines() {
            let found = all.iter().any(|secret| line.contains(secret)) || line.contains("eyJ");
            assert!(!found, "a secret stands in the log: {line}");
        }
    }

    fn all(&self) -> std::sync::MutexGuard<'_, Vec<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[test]
#[should_panic(expected = "a secret stands in the log")]
fn a_secret_in_a_log_is_found() {
    let secrets = Secrets::default();
    for _ in 0..3 {
        secrets.make();
    }
    secrets.are_not_in("INFO all is well\n");
    secrets.add_token("aaaa.bbbb.ccccccccccccccccdddd");
    secrets.are_not_in("INFO all is well\nWARN ccccccccccccccccdddd was refused\n");
}
