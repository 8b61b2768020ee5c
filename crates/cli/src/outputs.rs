//! Outputs: which files a source's results go to, and how they appear: written beside their place
//! under a temporary name, then renamed, the report last, so that a report marks a whole set.

use std::fs;
use std::io::{BufWriter, ErrorKind};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::failure::{Ending, Failure};

/// Results that hold rows or belong to them; never the mapping, which may hold a person's work.
const ROWS: [&str; 6] = [
    "good.csv",
    "good.ndjson",
    "good.parquet",
    "rejects.csv",
    "guarded.csv",
    "nondata.csv",
];

/// The results of one source.
#[derive(Debug)]
pub(crate) struct Outputs {
    folder: PathBuf,
    stem: String,
    force: bool,
    staged: Vec<Staged>,
}

/// A file that is written but does not appear yet.
#[derive(Debug)]
struct Staged {
    suffix: String,
    file: NamedTempFile,
}

/// A file under construction.
#[derive(Debug)]
pub(crate) struct Draft {
    suffix: String,
    writer: BufWriter<NamedTempFile>,
}

impl std::io::Write for Draft {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.writer.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.writer.flush()
    }
}

impl Outputs {
    /// Results called `stem.*` in a folder, which is made if it is not there.
    pub(crate) fn new(folder: &Path, stem: &str, force: bool) -> Result<Self, Failure> {
        fs::create_dir_all(folder).map_err(|error| Failure::io("making", folder, &error))?;
        Ok(Self {
            folder: folder.to_owned(),
            stem: stem.to_owned(),
            force,
            staged: Vec::new(),
        })
    }

    /// Refuses to go on if one of these results is there already.
    pub(crate) fn refuse_existing(&self, suffixes: &[&str]) -> Result<(), Failure> {
        let existing = suffixes
            .iter()
            .map(|suffix| self.path(suffix))
            .find(|path| path.exists());
        match existing {
            Some(path) if !self.force => Err(Failure::new(
                Ending::CouldNotRun,
                format!("{} exists already", path.display()),
            )
            .hint("write over it with --force, or name another folder with -o")),
            Some(_) | None => Ok(()),
        }
    }

    /// Where the result with this suffix goes.
    pub(crate) fn path(&self, suffix: &str) -> PathBuf {
        self.folder.join(format!("{}.{suffix}", self.stem))
    }

    /// The folder of the results.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Base name of the result with this suffix.
    pub(crate) fn name(&self, suffix: &str) -> String {
        format!("{}.{suffix}", self.stem)
    }

    /// Starts a file.
    pub(crate) fn draft(&self, suffix: &str) -> Result<Draft, Failure> {
        let file = tempfile::Builder::new()
            .prefix(&format!(".{}.", self.stem))
            .suffix(".part")
            .tempfile_in(&self.folder)
            .map_err(|error| Failure::io("writing to", &self.folder, &error))?;
        Ok(Draft {
            suffix: suffix.to_owned(),
            writer: BufWriter::with_capacity(1 << 18, file),
        })
    }

    /// Keeps a file that is complete.
    pub(crate) fn keep(&mut self, draft: Draft) -> Result<(), Failure> {
        let path = self.path(&draft.suffix);
        let file = draft
            .writer
            .into_inner()
            .map_err(|error| Failure::io("writing", &path, error.error()))?;
        self.staged.push(Staged {
            suffix: draft.suffix,
            file,
        });
        Ok(())
    }

    /// Keeps a text as a file.
    pub(crate) fn keep_text(&mut self, suffix: &str, text: &str) -> Result<(), Failure> {
        use std::io::Write as _;
        let mut draft = self.draft(suffix)?;
        draft
            .write_all(text.as_bytes())
            .map_err(|error| Failure::io("writing", &self.path(suffix), &error))?;
        self.keep(draft)
    }

    /// Names of the files that are kept so far.
    pub(crate) fn names(&self) -> Vec<String> {
        self.staged
            .iter()
            .map(|staged| self.name(&staged.suffix))
            .collect()
    }

    /// Lets all files appear, in the order in which they were kept.
    ///
    /// An old report is taken away first, because it would vouch for a set that is not whole, and
    /// then old rows that this set does not replace, because the new report would not be about them.
    pub(crate) fn publish(self) -> Result<(), Failure> {
        if self.force {
            self.remove_old()?;
        }
        for staged in self.staged {
            let path = self.folder.join(format!("{}.{}", self.stem, staged.suffix));
            let sync = staged.file.as_file().sync_data();
            sync.map_err(|error| Failure::io("writing", &path, &error))?;
            set_permissions(staged.file.path())
                .map_err(|error| Failure::io("writing", &path, &error))?;
            let persisted = if self.force {
                staged.file.persist(&path)
            } else {
                staged.file.persist_noclobber(&path)
            };
            persisted.map_err(|error| Failure::io("writing", &path, &error.error))?;
        }
        Ok(())
    }

    fn remove_old(&self) -> Result<(), Failure> {
        let kept = |suffix: &str| self.staged.iter().any(|staged| staged.suffix == suffix);
        let rows = ROWS.into_iter().filter(|suffix| !kept(suffix));
        for suffix in std::iter::once("report.json").chain(rows) {
            let path = self.path(suffix);
            match fs::remove_file(&path) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(Failure::io("replacing", &path, &error));
                }
                Ok(()) | Err(_) => {}
            }
        }
        Ok(())
    }
}

/// Gives a temporary file, which only its owner can read, the permissions of an ordinary one.
#[cfg(unix)]
fn set_permissions(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn set_permissions(_path: &Path) -> std::io::Result<()> {
    Ok(())
}
