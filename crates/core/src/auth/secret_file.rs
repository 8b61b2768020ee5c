//! Files with a secret of this installation: made once, and nobody's but the owner's.

use std::fs::{self, DirBuilder};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;

use super::local::LocalError;

/// Bits that let anybody but the owner in.
const OTHERS: u32 = 0o077;

/// The content of a file, which is made if it is not there. Of two processes that make it at once, both get
/// the same.
pub(super) fn read_or_make(
    folder: &Path,
    name: &str,
    make: impl FnOnce() -> Result<Vec<u8>, LocalError>,
) -> Result<Vec<u8>, LocalError> {
    let file = folder.join(name);
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|source| LocalError::io(folder, source))?;
    ours_alone(folder)?;
    match read_ours(&file) {
        Err(LocalError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
            write(folder, &file, &make()?)?;
            read_ours(&file)
        }
        read => read,
    }
}

/// The content of a file that somebody else looks after, such as a secret that a container is given.
pub(super) fn read(file: &Path) -> Result<Vec<u8>, LocalError> {
    fs::read(file).map_err(|source| LocalError::io(file, source))
}

fn read_ours(file: &Path) -> Result<Vec<u8>, LocalError> {
    ours_alone(file)?;
    read(file)
}

/// The file is whole under its name or not there; a file that somebody else made meanwhile stays.
fn write(folder: &Path, name: &Path, secret: &[u8]) -> Result<(), LocalError> {
    let failed = |source| LocalError::io(name, source);
    // Temporary files are made with mode 0600.
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    file.write_all(secret).map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    match file.persist_noclobber(name) {
        Err(error) if error.error.kind() != io::ErrorKind::AlreadyExists => {
            Err(failed(error.error))
        }
        Ok(_) | Err(_) => fs::File::open(folder)
            .and_then(|folder| folder.sync_all())
            .map_err(failed),
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
