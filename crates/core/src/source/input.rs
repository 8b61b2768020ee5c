//! Inputs: a file, or a stream that was spooled to one, so that every pass reads the same bytes.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use super::error::SourceError;
use super::sniff::Tabled;
use super::survey::{Survey, survey};

/// The bytes of one source, readable as often as wanted.
#[derive(Debug)]
pub struct Input {
    name: String,
    path: PathBuf,
    /// Kept because dropping it deletes the spooled file.
    spool: Option<NamedTempFile>,
    size: u64,
    /// What all of its bytes tell, once somebody asked.
    surveyed: OnceLock<Survey>,
    /// Their hash, once somebody asked.
    digested: OnceLock<String>,
    /// The tables that they are by the way of reading that was asked for first.
    tabled: OnceLock<Tabled>,
}

/// Bytes per read of the survey.
const SURVEY_BLOCK: usize = 1 << 18;

impl Input {
    /// What all of its bytes told when this was first asked.
    ///
    /// # Errors
    /// When they cannot be read to their end.
    pub(super) fn survey(&self) -> Result<&Survey, SourceError> {
        if let Some(known) = self.surveyed.get() {
            return Ok(known);
        }
        let found = survey(self, SURVEY_BLOCK)?;
        Ok(self.surveyed.get_or_init(|| found))
    }

    /// The tables that were found when somebody first asked for them, and how the source was read for it.
    pub(super) const fn tabled(&self) -> &OnceLock<Tabled> {
        &self.tabled
    }

    /// SHA-256 of all bytes in hexadecimal, found when this was first asked.
    ///
    /// # Errors
    /// When they cannot be read to their end.
    pub(super) fn sha256(&self) -> Result<&str, SourceError> {
        if let Some(known) = self.digested.get() {
            return Ok(known);
        }
        let mut digest = Sha256::new();
        let mut reader = self.reader_at(0)?;
        let mut buffer = Vec::with_capacity(SURVEY_BLOCK);
        while reader.read_block(&mut buffer, SURVEY_BLOCK)? > 0 {
            digest.update(&buffer);
            buffer.clear();
        }
        let bytes = digest.finalize();
        let hexadecimal = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(self.digested.get_or_init(|| hexadecimal))
    }

    /// A file on disk, called `name` in reports.
    ///
    /// # Errors
    /// When it is missing, a folder, unreadable or empty.
    pub fn open(path: &Path) -> Result<Self, SourceError> {
        Self::open_as(path, path.display().to_string(), base_name(path))
    }

    /// A file on disk that is called otherwise in reports and errors: an upload under its own name.
    ///
    /// # Errors
    /// As [`Input::open`].
    pub fn named(path: &Path, name: &str) -> Result<Self, SourceError> {
        let name = base_name(Path::new(name));
        Self::open_as(path, name.clone(), name)
    }

    fn open_as(path: &Path, file: String, name: String) -> Result<Self, SourceError> {
        let metadata = fs::metadata(path).map_err(|source| {
            if source.kind() == io::ErrorKind::NotFound {
                SourceError::NotFound { file: file.clone() }
            } else {
                SourceError::Io {
                    file: file.clone(),
                    byte: 0,
                    source,
                }
            }
        })?;
        if metadata.is_dir() {
            return Err(SourceError::Folder { file });
        }
        if !metadata.is_file() {
            // A pipe or a device can be read once only.
            let stream = File::open(path).map_err(|source| SourceError::Io {
                file: file.clone(),
                byte: 0,
                source,
            })?;
            return Self::spool(name, stream);
        }
        let input = Self {
            name,
            path: path.to_owned(),
            spool: None,
            surveyed: OnceLock::new(),
            digested: OnceLock::new(),
            tabled: OnceLock::new(),
            size: metadata.len(),
        };
        input.reader_at(0)?;
        input.not_empty()
    }

    /// A stream, copied to a temporary file.
    ///
    /// # Errors
    /// When it cannot be read or written, or is empty.
    pub fn spool(name: impl Into<String>, mut stream: impl Read) -> Result<Self, SourceError> {
        let name = name.into();
        let io = |byte: u64| {
            let file = name.clone();
            move |source| SourceError::Io { file, byte, source }
        };
        let mut spool = NamedTempFile::new().map_err(io(0))?;
        let size = io::copy(&mut stream, &mut spool).map_err(io(0))?;
        spool.flush().map_err(io(size))?;
        let path = spool.path().to_owned();
        Self {
            name,
            path,
            spool: Some(spool),
            surveyed: OnceLock::new(),
            digested: OnceLock::new(),
            tabled: OnceLock::new(),
            size,
        }
        .not_empty()
    }

    fn not_empty(self) -> Result<Self, SourceError> {
        if self.size == 0 {
            return Err(SourceError::Empty { file: self.name });
        }
        Ok(self)
    }

    /// Base name for reports and rejects.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Size in bytes.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// A reader that starts at `byte`.
    ///
    /// # Errors
    /// When the file cannot be opened any more.
    pub fn reader_at(&self, byte: u64) -> Result<InputReader<'_>, SourceError> {
        let open = || -> io::Result<File> {
            let mut file = File::open(&self.path)?;
            if byte > 0 {
                file.seek(SeekFrom::Start(byte))?;
            }
            Ok(file)
        };
        let file = open().map_err(|source| self.io_error(byte, source))?;
        Ok(InputReader {
            input: self,
            file,
            byte,
            stop: self.size,
        })
    }

    /// The bytes from `start` to `end`.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn range(&self, start: u64, end: u64) -> Result<Vec<u8>, SourceError> {
        let mut reader = self.reader_at(start)?;
        let mut bytes = Vec::new();
        Read::by_ref(&mut reader.file)
            .take(end.saturating_sub(start))
            .read_to_end(&mut bytes)
            .map_err(|source| self.io_error(start, source))?;
        Ok(bytes)
    }

    /// Whether it was a stream, so that nobody can name it again.
    pub(super) const fn is_spooled(&self) -> bool {
        self.spool.is_some()
    }

    /// All bytes as a stream that can be sought in.
    pub(super) fn stream(&self) -> Result<impl Read + Seek + use<>, SourceError> {
        File::open(&self.path).map_err(|source| self.io_error(0, source))
    }

    /// Fails if something was appended or cut off since the input was opened.
    pub(super) fn is_unchanged(&self) -> Result<(), SourceError> {
        if self.reader_at(0)?.grown()? {
            return Err(SourceError::Changed {
                file: self.name.clone(),
            });
        }
        Ok(())
    }

    pub(crate) fn io_error(&self, byte: u64, source: io::Error) -> SourceError {
        SourceError::Io {
            file: self.name.clone(),
            byte,
            source,
        }
    }
}

/// Reads an input from some byte on, and knows where it is.
#[derive(Debug)]
pub struct InputReader<'a> {
    input: &'a Input,
    file: File,
    byte: u64,
    stop: u64,
}

impl InputReader<'_> {
    /// The same reader, which ends before byte `stop` of the input.
    #[must_use]
    pub fn until(mut self, stop: u64) -> Self {
        self.stop = stop.min(self.input.size);
        self
    }

    /// Appends up to `block` bytes to `buffer`; returns how many, 0 at the end.
    ///
    /// # Errors
    /// When the file cannot be read, or ends elsewhere than it did when it was opened.
    pub fn read_block(&mut self, buffer: &mut Vec<u8>, block: usize) -> Result<usize, SourceError> {
        let left = self.stop.saturating_sub(self.byte);
        let block = usize::try_from(left).map_or(block, |left| block.min(left));
        buffer.reserve(block);
        // Reads into the room that was made, without filling it with zeros first.
        let before = buffer.len();
        let read = Read::by_ref(&mut self.file)
            .take(block as u64)
            .read_to_end(buffer);
        let total = buffer.len() - before;
        read.map_err(|error| self.input.io_error(self.byte + total as u64, error))?;
        self.byte += total as u64;
        if total < block || (total == 0 && self.grown()?) {
            return Err(SourceError::Changed {
                file: self.input.name.clone(),
            });
        }
        Ok(total)
    }

    /// Whether something was appended since the input was opened.
    fn grown(&self) -> Result<bool, SourceError> {
        let size = self
            .file
            .metadata()
            .map_err(|source| self.input.io_error(self.byte, source))?
            .len();
        Ok(size != self.input.size)
    }
}

fn base_name(path: &Path) -> String {
    path.file_name().map_or_else(
        || path.display().to_string(),
        |name| name.to_string_lossy().into_owned(),
    )
}
