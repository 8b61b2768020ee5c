//! Files in a local directory: `objects/KEY`, and `unfinished/` for what is not whole yet. Both on one
//! file system, so that a rename makes a file appear at once. Durable by `fsync` of the file before
//! the rename and of the folder after it.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use sha2::{Digest as _, Sha256};

use super::{BlobError, Key, Stored, Swept, shown, stored};
use crate::id::BlobId;

/// Keys that are asked for at a time.
const AT_A_TIME: usize = 500;

#[derive(Debug)]
pub(super) struct LocalBlobs {
    objects: PathBuf,
    unfinished: PathBuf,
    /// Bytes that the disk still takes, where a test says so.
    room: Option<Arc<AtomicU64>>,
}

impl LocalBlobs {
    pub(super) fn open(root: PathBuf, room: Option<u64>) -> Result<Self, BlobError> {
        let local = Self {
            objects: root.join("objects"),
            unfinished: root.join("unfinished"),
            room: room.map(|bytes| Arc::new(AtomicU64::new(bytes))),
        };
        for folder in [&local.objects, &local.unfinished] {
            fs::create_dir_all(folder)
                .map_err(|source| BlobError::of("make", shown(folder), source))?;
        }
        Ok(local)
    }

    fn path(&self, key: &Key) -> PathBuf {
        self.objects.join(key.as_str())
    }

    pub(super) fn begin(&self, key: &Key) -> Result<LocalUpload, BlobError> {
        let path = self.unfinished.join(BlobId::generate().to_string());
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&path)
            .map_err(|source| BlobError::of("write", key, source))?;
        Ok(LocalUpload {
            key: key.clone(),
            target: self.path(key),
            unfinished: Some(path),
            file,
            hash: Sha256::new(),
            bytes: 0,
            room: self.room.clone(),
        })
    }

    pub(super) fn read(&self, key: &Key) -> Result<LocalDownload, BlobError> {
        let opened = File::open(self.path(key)).and_then(|file| {
            let bytes = file.metadata()?.len();
            Ok(LocalDownload { file, bytes })
        });
        opened.map_err(|source| {
            if source.kind() == io::ErrorKind::NotFound {
                return BlobError::NotFound { key: key.clone() };
            }
            BlobError::of("read", key, source)
        })
    }

    pub(super) fn delete(&self, key: &Key) -> Result<(), BlobError> {
        match fs::remove_file(self.path(key)) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                Err(BlobError::of("delete", key, source))
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }

    pub(super) fn sweep<E>(
        &self,
        before: SystemTime,
        mut named: impl FnMut(&[String]) -> Result<BTreeSet<String>, E>,
    ) -> Result<Swept, BlobError>
    where
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let mut swept = Swept::default();
        let mut cut_off = Vec::new();
        collect(&self.unfinished, before, &mut cut_off)?;
        for (path, bytes) in cut_off {
            remove(&path)?;
            swept.unfinished += 1;
            swept.bytes += bytes;
        }
        let mut old = Vec::new();
        collect(&self.objects, before, &mut old)?;
        let keyed: Vec<(String, PathBuf, u64)> = old
            .into_iter()
            .filter_map(|(path, bytes)| {
                let key = path.strip_prefix(&self.objects).ok()?.to_str()?;
                Some((key.replace('\\', "/"), path.clone(), bytes))
            })
            .collect();
        for some in keyed.chunks(AT_A_TIME) {
            let keys: Vec<String> = some.iter().map(|(key, ..)| key.clone()).collect();
            let named = named(&keys).map_err(|error| BlobError::Names(error.into()))?;
            for (_, path, bytes) in some.iter().filter(|(key, ..)| !named.contains(key)) {
                remove(path)?;
                swept.orphans += 1;
                swept.bytes += bytes;
            }
        }
        Ok(swept)
    }
}

/// Files below a folder that were last written before a time, with their sizes.
fn collect(
    folder: &Path,
    before: SystemTime,
    found: &mut Vec<(PathBuf, u64)>,
) -> Result<(), BlobError> {
    let unread = |source| BlobError::of("look into", shown(folder), source);
    for entry in fs::read_dir(folder).map_err(unread)? {
        let entry = entry.map_err(unread)?;
        let path = entry.path();
        let about = match entry.metadata() {
            Ok(about) => about,
            // An upload that became whole meanwhile.
            Err(source) if source.kind() == io::ErrorKind::NotFound => continue,
            Err(source) => return Err(unread(source)),
        };
        if about.is_dir() {
            collect(&path, before, found)?;
        } else if about.modified().map_err(unread)? < before {
            found.push((path, about.len()));
        }
    }
    Ok(())
}

fn remove(path: &Path) -> Result<(), BlobError> {
    fs::remove_file(path).map_err(|source| BlobError::of("delete", shown(path), source))
}

#[derive(Debug)]
pub(super) struct LocalDownload {
    pub(super) file: File,
    pub(super) bytes: u64,
}

#[derive(Debug)]
pub(super) struct LocalUpload {
    key: Key,
    target: PathBuf,
    /// Where the bytes go, until they are under their key.
    unfinished: Option<PathBuf>,
    file: File,
    hash: Sha256,
    bytes: u64,
    room: Option<Arc<AtomicU64>>,
}

impl LocalUpload {
    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), BlobError> {
        let written = self.take_room(bytes).and_then(|(fitting, full)| {
            self.file.write_all(fitting)?;
            full.map_or(Ok(()), Err)
        });
        written.map_err(|source| BlobError::of("write", &self.key, source))?;
        self.hash.update(bytes);
        self.bytes += bytes.len() as u64;
        Ok(())
    }

    /// What still fits on the disk of a test, and the error behind that, as the system gives it.
    fn take_room<'a>(&self, bytes: &'a [u8]) -> io::Result<(&'a [u8], Option<io::Error>)> {
        let Some(room) = &self.room else {
            return Ok((bytes, None));
        };
        let wanted = bytes.len() as u64;
        let left = room
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                Some(left.saturating_sub(wanted))
            })
            .unwrap_or(0);
        let fitting = usize::try_from(left.min(wanted)).map_err(io::Error::other)?;
        let full = (left < wanted).then(|| io::Error::from(io::ErrorKind::StorageFull));
        Ok((bytes.get(..fitting).unwrap_or(bytes), full))
    }

    pub(super) fn finish(mut self) -> Result<Stored, BlobError> {
        self.publish()
            .map_err(|source| BlobError::of("write", &self.key, source))?;
        let hash = std::mem::take(&mut self.hash);
        Ok(stored(self.key.clone(), self.bytes, hash))
    }

    fn publish(&mut self) -> io::Result<()> {
        self.file.sync_all()?;
        let folder = self.target.parent().unwrap_or(Path::new("."));
        make_durable(folder)?;
        if let Some(path) = &self.unfinished {
            fs::rename(path, &self.target)?;
        }
        self.unfinished = None;
        sync(folder)
    }
}

impl Drop for LocalUpload {
    fn drop(&mut self) {
        if let Some(path) = self.unfinished.take() {
            // What cannot be deleted now is swept later.
            let _swept_later = fs::remove_file(path);
        }
    }
}

/// Makes a folder and those above it, each of them on the disk.
fn make_durable(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let above = folder.parent().unwrap_or(Path::new("."));
    make_durable(above)?;
    match fs::create_dir(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        Ok(()) | Err(_) => sync(above),
    }
}

/// Makes the names in a folder durable. Only where folders can be opened.
fn sync(folder: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::io::{Read as _, Seek as _, SeekFrom};
    use std::time::Duration;

    use super::*;
    use crate::blob::Blobs;
    use crate::error::{ErrorKind, Explain};

    fn key(text: &str) -> Key {
        text.parse().unwrap()
    }

    fn put(blobs: &Blobs, at: &str, bytes: &[u8]) -> Stored {
        let mut upload = blobs.begin(&key(at)).unwrap();
        for part in bytes.chunks(3) {
            upload.write(part).unwrap();
        }
        upload.finish().unwrap()
    }

    fn text(blobs: &Blobs, at: &str) -> String {
        let mut text = String::new();
        let mut file = blobs.read(&key(at)).unwrap();
        file.read_to_string(&mut text).unwrap();
        assert_eq!(file.size(), text.len() as u64);
        text
    }

    /// All files below a folder.
    fn files(root: &Path) -> Vec<String> {
        let mut found = Vec::new();
        collect(root, later(), &mut found).unwrap();
        let mut names: Vec<String> = found
            .iter()
            .map(|(path, _)| {
                path.strip_prefix(root)
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .to_owned()
            })
            .collect();
        names.sort();
        names
    }

    fn later() -> SystemTime {
        SystemTime::now() + Duration::from_secs(60)
    }

    #[test]
    fn a_file_is_there_when_it_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::local(folder.path()).unwrap();
        let mut upload = blobs.begin(&key("t/uploads/a")).unwrap();
        upload.write(b"abc").unwrap();
        let missing = blobs.read(&key("t/uploads/a")).unwrap_err();
        assert_eq!(missing.kind(), ErrorKind::NotFound);
        drop(upload);
        assert_eq!(files(folder.path()), Vec::<String>::new());

        let stored = put(&blobs, "t/uploads/a", b"abc");
        assert_eq!(stored.bytes, 3);
        // FIPS 180-2, appendix B.1.
        assert_eq!(
            stored.sha256,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(text(&blobs, "t/uploads/a"), "abc");
        let mut file = blobs.read(&key("t/uploads/a")).unwrap();
        file.seek(SeekFrom::Start(2)).unwrap();
        let mut rest = String::new();
        file.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "c");
        put(&blobs, "t/uploads/a", b"other");
        assert_eq!(text(&blobs, "t/uploads/a"), "other");
        blobs.delete(&key("t/uploads/a")).unwrap();
        blobs.delete(&key("t/uploads/a")).unwrap();
        assert_eq!(files(folder.path()), Vec::<String>::new());
    }

    #[test]
    fn a_full_disk_leaves_nothing_half_written() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::local_with_room(folder.path(), 10).unwrap();
        put(&blobs, "t/a", b"1234");
        let mut upload = blobs.begin(&key("t/b")).unwrap();
        upload.write(b"12345").unwrap();
        let full = upload.write(b"12345").unwrap_err();
        assert!(matches!(full, BlobError::NoSpace { .. }), "{full}");
        assert_eq!(full.kind(), ErrorKind::NoSpace);
        assert_eq!(full.to_string(), "no space is left for t/b");
        drop(upload);
        assert_eq!(files(folder.path()), ["objects/t/a"]);
        assert_eq!(text(&blobs, "t/a"), "1234");
    }

    #[test]
    fn what_no_row_names_is_swept_but_not_what_is_new() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::local(folder.path()).unwrap();
        for at in ["t/uploads/kept", "t/uploads/orphan", "t/jobs/j/1/good-0"] {
            put(&blobs, at, b"12");
        }
        let cut_off = blobs.begin(&key("t/uploads/cut")).unwrap();
        let names = |keys: &[String]| {
            let kept = keys.iter().filter(|key| key.ends_with("kept")).cloned();
            Ok::<_, Infallible>(kept.collect())
        };
        let young = SystemTime::now() - Duration::from_secs(3600);
        assert_eq!(blobs.sweep(young, names).unwrap(), Swept::default());
        let swept = blobs.sweep(later(), names).unwrap();
        let expected = Swept {
            orphans: 2,
            unfinished: 1,
            bytes: 4,
        };
        assert_eq!(swept, expected);
        assert_eq!(files(folder.path()), ["objects/t/uploads/kept"]);
        assert!(cut_off.finish().is_err());
    }

    #[test]
    fn without_the_names_nothing_is_swept() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::local(folder.path()).unwrap();
        put(&blobs, "t/a", b"12");
        let away = blobs.sweep(later(), |_| Err("the database is away"));
        assert!(matches!(away, Err(BlobError::Names(_))));
        assert_eq!(text(&blobs, "t/a"), "12");
    }
}
