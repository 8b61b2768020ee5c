//! The file that holds the key of this installation.

use std::path::Path;

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::signature::Ed25519KeyPair;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::super::secret_file;
use super::LocalError;
use crate::id::IssuerId;

/// Its name in the folder.
pub(super) const FILE: &str = "local-issuer.json";

/// What the file says. Key and name stand in one file, so that neither can be changed alone.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeyFile {
    /// Names the installation in its tokens.
    pub(super) issuer: IssuerId,
    /// The private key: PKCS #8, base64.
    ed25519_pkcs8: String,
}

impl KeyFile {
    /// Reads the file, or makes it. Of two processes that make it at once, both get the same.
    pub(super) fn open(folder: &Path) -> Result<Self, LocalError> {
        let text = secret_file::read_or_make(folder, FILE, || {
            serde_json::to_vec_pretty(&Self::make()?).map_err(|_| LocalError::Key)
        })?;
        serde_json::from_slice(&text).map_err(|_| LocalError::NotAKey(folder.join(FILE)))
    }

    fn make() -> Result<Self, LocalError> {
        let pair = Ed25519KeyPair::generate().map_err(|_| LocalError::Key)?;
        let der: aws_lc_rs::encoding::Pkcs8V1Der<'_> =
            pair.as_der().map_err(|_| LocalError::Key)?;
        Ok(Self {
            issuer: IssuerId::generate(),
            ed25519_pkcs8: STANDARD.encode(der.as_ref()),
        })
    }

    pub(super) fn der(&self, folder: &Path) -> Result<Vec<u8>, LocalError> {
        STANDARD
            .decode(&self.ed25519_pkcs8)
            .map_err(|_| LocalError::NotAKey(folder.join(FILE)))
    }
}
