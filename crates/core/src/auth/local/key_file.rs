//! The file that holds the key of this installation.

use std::fs::{self, DirBuilder};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::signature::Ed25519KeyPair;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::LocalError;
use crate::id::IssuerId;

/// Its name in the folder.
pub(super) const FILE: &str = "local-issuer.json";

/// Bits that let anybody but the owner in.
const OTHERS: u32 = 0o077;

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
        let file = folder.join(FILE);
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(|source| LocalError::io(folder, source))?;
        ours_alone(folder)?;
        match Self::read(&file) {
            Err(LocalError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                Self::make()?.write(folder)?;
                Self::read(&file)
            }
            read => read,
        }
    }

    fn read(file: &Path) -> Result<Self, LocalError> {
        ours_alone(file)?;
        let text = fs::read(file).map_err(|source| LocalError::io(file, source))?;
        serde_json::from_slice(&text).map_err(|_| LocalError::NotAKey(file.to_owned()))
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

    /// The file is whole under its name or not there; a file that somebody else made meanwhile
    /// stays.
    fn write(&self, folder: &Path) -> Result<(), LocalError> {
        let name = folder.join(FILE);
        let failed = |source| LocalError::io(&name, source);
        // Temporary files are made with mode 0600.
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
        let text = serde_json::to_vec_pretty(self).map_err(|error| failed(error.into()))?;
        file.write_all(&text).map_err(failed)?;
        file.as_file().sync_all().map_err(failed)?;
        match file.persist_noclobber(&name) {
            Err(error) if error.error.kind() != io::ErrorKind::AlreadyExists => {
                Err(failed(error.error))
            }
            Ok(_) | Err(_) => fs::File::open(folder)
                .and_then(|folder| folder.sync_all())
                .map_err(failed),
        }
    }

    pub(super) fn der(&self, folder: &Path) -> Result<Vec<u8>, LocalError> {
        STANDARD
            .decode(&self.ed25519_pkcs8)
            .map_err(|_| LocalError::NotAKey(folder.join(FILE)))
    }
}

/// A key that others can read is known to them, and one that they can write is theirs.
fn ours_alone(path: &Path) -> Result<(), LocalError> {
    let metadata = fs::metadata(path).map_err(|source| LocalError::io(path, source))?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & OTHERS != 0 {
        let path = path.to_owned();
        return Err(LocalError::OpenToOthers { path, mode });
    }
    Ok(())
}
