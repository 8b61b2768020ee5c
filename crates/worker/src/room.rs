//! The folder in which a worker runs its jobs: one for each process, so that several workers on one
//! machine can share a data folder, and so that what a killed one left can be told from the rest.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use aimapper_core::id::WorkerId;

/// A folder that is gone with this value, or with the next worker that starts after this process was
/// killed.
#[derive(Debug)]
pub(crate) struct Room {
    path: PathBuf,
    /// Beside the folder and locked by the process for as long as it lives.
    mark: PathBuf,
    _held: File,
}

impl Room {
    /// Makes one below `all`, and clears away those whose processes are gone.
    pub(crate) fn open(all: &Path) -> io::Result<Self> {
        fs::create_dir_all(all)?;
        // The child works in a folder of its own, from where no relative path leads here.
        let all = all.canonicalize()?;
        let door = lock_file(&all.join("door.lock"))?;
        // Released when it is closed: nobody makes a mark while others look at them.
        door.lock()?;
        clear(&all)?;
        let name = WorkerId::generate().to_string();
        let mark = all.join(format!("{name}.lock"));
        let held = lock_file(&mark)?;
        held.lock()?;
        let path = all.join(name);
        fs::create_dir(&path)?;
        Ok(Self {
            path,
            mark,
            _held: held,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        // What cannot be deleted now is cleared away by the next one.
        let _later = fs::remove_dir_all(&self.path).and_then(|()| fs::remove_file(&self.mark));
    }
}

fn lock_file(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
}

fn clear(all: &Path) -> io::Result<()> {
    for entry in fs::read_dir(all)? {
        let path = entry?.path();
        if !path.is_dir() {
            continue;
        }
        let mark = path.with_added_extension("lock");
        match lock_file(&mark)?.try_lock() {
            Ok(()) => {
                fs::remove_dir_all(&path)?;
                fs::remove_file(&mark)?;
            }
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_its_own_and_the_dead_are_cleared_away() {
        let all = tempfile::tempdir().unwrap();
        let first = Room::open(all.path()).unwrap();
        fs::write(first.path().join("kept"), "").unwrap();
        // As a process that was killed leaves it: the folder, and a mark that nobody holds.
        let dead = all.path().join("dead");
        fs::create_dir(&dead).unwrap();
        fs::write(all.path().join("dead.lock"), "").unwrap();
        let second = Room::open(all.path()).unwrap();
        assert_ne!(first.path(), second.path());
        assert!(first.path().join("kept").exists());
        assert!(!dead.exists() && !all.path().join("dead.lock").exists());
        let path = first.path().to_owned();
        drop(first);
        assert!(!path.exists() && second.path().is_dir());
    }
}
