//! Sealing what is stored of a session: refresh token and ID token. Whoever reads the database, or a copy
//! of it, can do nothing with them.

use std::fmt;
use std::path::Path;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};

use super::local::{LocalError, derived};
use super::secret_file;

/// The name of the file with the key, if it is made.
const FILE: &str = "session.key";

/// The shortest secret.
const SECRET_BYTES: usize = 32;

/// Why something cannot be sealed or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The library refuses the key.
    #[error("the key for sealing cannot be used")]
    Key,
    /// Sealed with another key, for another purpose, or changed.
    #[error("this was sealed with another key, or changed")]
    Opens,
}

/// Seals with AES-256-GCM (RFC 5116) under one key; each time under a new random nonce.
pub struct Sealer {
    key: RandomizedNonceKey,
    derived: [u8; 32],
}

impl Sealer {
    /// The key of a file of 32 bytes or more, or of a folder in which it is made at the first start. Nobody
    /// but the owner may get at either.
    ///
    /// # Errors
    /// [`LocalError`].
    pub fn open(file: Option<&Path>, folder: &Path) -> Result<Self, LocalError> {
        let secret = match file {
            Some(file) => secret_file::read(file)?,
            None => secret_file::read_or_make(folder, FILE, random)?,
        };
        if secret.len() < SECRET_BYTES {
            let path = file.map_or_else(|| folder.join(FILE), Path::to_owned);
            return Err(LocalError::NotAKey(path));
        }
        Self::new(&secret).map_err(|_| LocalError::Key)
    }

    /// A key from a secret of any length.
    ///
    /// # Errors
    /// [`SealError::Key`].
    pub fn new(secret: &[u8]) -> Result<Self, SealError> {
        let bytes = derived(b"seal", secret);
        Ok(Self {
            key: RandomizedNonceKey::new(&AES_256_GCM, &bytes).map_err(|_| SealError::Key)?,
            derived: derived(b"csrf", secret),
        })
    }

    /// A key for another purpose, from which this one cannot be found.
    #[must_use]
    pub const fn csrf_key(&self) -> &[u8; 32] {
        &self.derived
    }

    /// Seals a text for a purpose, such as the row that it stands in.
    ///
    /// # Errors
    /// [`SealError::Key`].
    pub fn seal(&self, purpose: &str, text: &str) -> Result<Vec<u8>, SealError> {
        let mut bytes = text.as_bytes().to_vec();
        let nonce = self
            .key
            .seal_in_place_append_tag(Aad::from(purpose.as_bytes()), &mut bytes)
            .map_err(|_| SealError::Key)?;
        let mut sealed = nonce.as_ref().to_vec();
        sealed.append(&mut bytes);
        Ok(sealed)
    }

    /// Opens what was sealed for the same purpose.
    ///
    /// # Errors
    /// [`SealError::Opens`].
    pub fn open_sealed(&self, purpose: &str, sealed: &[u8]) -> Result<String, SealError> {
        let (nonce, bytes) = sealed.split_at_checked(NONCE_LEN).ok_or(SealError::Opens)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| SealError::Opens)?;
        let mut bytes = bytes.to_vec();
        let text = self
            .key
            .open_in_place(nonce, Aad::from(purpose.as_bytes()), &mut bytes)
            .map_err(|_| SealError::Opens)?;
        String::from_utf8(text.to_vec()).map_err(|_| SealError::Opens)
    }
}

fn random() -> Result<Vec<u8>, LocalError> {
    let mut secret = vec![0; SECRET_BYTES];
    getrandom::fill(&mut secret).map_err(LocalError::Random)?;
    Ok(secret)
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealer(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_with_the_same_key_and_purpose_only() {
        let sealer = Sealer::new(&[1; 32]).unwrap();
        let sealed = sealer.seal("session a", "a token").unwrap();
        assert!(!sealed.windows(7).any(|window| window == b"a token"));
        assert_eq!(sealer.open_sealed("session a", &sealed).unwrap(), "a token");
        assert_ne!(sealer.seal("session a", "a token").unwrap(), sealed);
        let mut changed = sealed.clone();
        changed[NONCE_LEN] ^= 1;
        let other = Sealer::new(&[2; 32]).unwrap();
        for (opened, what) in [
            (sealer.open_sealed("session b", &sealed), "another row"),
            (other.open_sealed("session a", &sealed), "another key"),
            (sealer.open_sealed("session a", &changed), "a changed byte"),
            (sealer.open_sealed("session a", b"short"), "too short"),
        ] {
            assert_eq!(opened, Err(SealError::Opens), "{what}");
        }
    }
}
