//! Packed sources: gzip (RFC 1952), zstd (RFC 8878) and zip (PKWARE's APPNOTE), told by their first
//! bytes and never by a name.
//!
//! ```text
//! Input (packed) -> unpack -> Input (the table's own bytes, in a temporary file) -> survey ..
//! ```
//!
//! A table is taken whole or not at all: what is cut off, damaged or beyond the limit is an error,
//! and the temporary file goes with it. What is packed twice is refused.

use std::io::{self, BufReader, Read, Seek};

use flate2::bufread::MultiGzDecoder;
use zip::ZipArchive;
use zip::result::ZipError;

use super::dialect::Limits;
use super::error::SourceError;
use super::input::Input;

/// Endings of names that are taken for tables where there is a choice: in a folder or an archive.
pub const TABLE_ENDINGS: [&str; 5] = ["csv", "tsv", "txt", "tab", "psv"];

/// Where no limit is set: text packs to a tenth, rarely to a hundredth of its size, and up to 1 GiB
/// does no harm whatever the ratio.
const RATIO: u64 = 200;
const HARMLESS_BYTES: u64 = 1 << 30;
const MOST_BYTES: u64 = 64 << 30;

/// How a source is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Packing {
    Gzip,
    Zstd,
    Zip,
}

impl Packing {
    fn of(input: &Input) -> Result<Option<Self>, SourceError> {
        let head = input.range(0, 4)?;
        Ok(match head.as_slice() {
            [0x1f, 0x8b, ..] => Some(Self::Gzip),
            [0x28, 0xb5, 0x2f, 0xfd] => Some(Self::Zstd),
            // The second is the end of an archive with nothing in it.
            b"PK\x03\x04" | b"PK\x05\x06" => Some(Self::Zip),
            _ => None,
        })
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip data",
            Self::Zstd => "zstd data",
            Self::Zip => "a ZIP archive",
        }
    }
}

/// A file in an archive that is neither a folder nor left there by an operating system.
#[derive(Debug)]
struct Member {
    index: usize,
    name: String,
}

impl Input {
    /// Names of the tables in a ZIP archive, in its order: its only file, or those of several whose
    /// names end as tables do. Empty where the input is no archive.
    ///
    /// # Errors
    /// When the archive cannot be read, has no table, or is an office document.
    pub fn tables(&self) -> Result<Vec<String>, SourceError> {
        if Packing::of(self)? != Some(Packing::Zip) {
            return Ok(Vec::new());
        }
        let (_, members) = open_archive(self)?;
        let names = tables(&members);
        if names.is_empty() {
            return Err(self.member_error("has no table in it", &members));
        }
        Ok(names)
    }

    /// The bytes that are packed in this input, in a temporary file; the input itself if it is not
    /// packed. `member` names a file of a ZIP archive; without it, the archive has to hold one table.
    ///
    /// # Errors
    /// When the packed bytes are cut off, damaged, encrypted, packed by an unknown method or packed
    /// twice, when they are more than [`Limits::inflated_bytes`], when there is no such member, and
    /// as [`Input::spool`].
    pub fn unpack(self, member: Option<&str>, limits: &Limits) -> Result<Self, SourceError> {
        let packing = Packing::of(&self)?;
        let file = || match member {
            Some(member) => format!("{}/{member}", self.name()),
            None => self.name().to_owned(),
        };
        let most = |packed| limits.inflated_bytes.unwrap_or_else(|| guard(packed));
        let inflated = match packing {
            None if member.is_some() => return Err(SourceError::NotFound { file: file() }),
            None => return Ok(self),
            Some(Packing::Zip) => self.unpack_member(member, most)?,
            Some(Packing::Gzip) => {
                let packed = MultiGzDecoder::new(BufReader::new(self.stream()?));
                inflate(file(), packed, most(self.size()))?
            }
            Some(Packing::Zstd) => {
                let packed = zstd::Decoder::new(self.stream()?)
                    .map_err(|source| self.io_error(0, source))?;
                inflate(file(), packed, most(self.size()))?
            }
        };
        self.is_unchanged()?;
        match Packing::of(&inflated)? {
            Some(inner) => Err(SourceError::PackedTwice {
                file: inflated.name().to_owned(),
                what: inner.name(),
            }),
            None => Ok(inflated),
        }
    }

    fn unpack_member(
        &self,
        member: Option<&str>,
        most: impl Fn(u64) -> u64,
    ) -> Result<Self, SourceError> {
        let (mut archive, members) = open_archive(self)?;
        let tables = tables(&members);
        let wanted = match (member, tables.as_slice()) {
            (Some(member), _) => member,
            (None, [only]) => only,
            (None, []) => return Err(self.member_error("has no table in it", &members)),
            (None, _) => return Err(self.member_error("has several tables in it", &members)),
        };
        let Some(member) = members.iter().find(|member| member.name == wanted) else {
            return Err(self.member_error(&format!("has no `{wanted}` in it"), &members));
        };
        let file = format!("{}/{wanted}", self.name());
        let packed = archive
            .by_index(member.index)
            .map_err(|source| zip_error(&file, source))?;
        // Both are claims: the first can only refuse early, because unpacking counts for itself, and
        // the second is taken for no more than the archive has.
        let (claimed, size) = (packed.size(), packed.compressed_size().min(self.size()));
        let limit = most(size);
        if claimed > limit {
            return Err(SourceError::Inflated { file, limit });
        }
        inflate(file, packed, limit)
    }

    fn member_error(&self, problem: &str, members: &[Member]) -> SourceError {
        const SHOWN: usize = 8;
        let names: Vec<&str> = members.iter().map(|member| member.name.as_str()).collect();
        let shown = names.get(..SHOWN).unwrap_or(&names).join(", ");
        let hint = match names.len().checked_sub(SHOWN) {
            _ if names.is_empty() => "pack it again, with the table in it".to_owned(),
            Some(more @ 1..) => format!("{}: {shown} and {more} more", self.how_to_name()),
            Some(0) | None => format!("{}: {shown}", self.how_to_name()),
        };
        SourceError::Members {
            file: self.name().to_owned(),
            problem: problem.to_owned(),
            hint,
        }
    }

    fn how_to_name(&self) -> String {
        if self.is_spooled() {
            return "save it as a file, and name what you want of it as FILE/NAME".to_owned();
        }
        format!("name what you want of it as {}/NAME", self.name())
    }
}

/// The most bytes that so many packed ones may become where nobody set a limit.
fn guard(packed: u64) -> u64 {
    packed
        .saturating_mul(RATIO)
        .clamp(HARMLESS_BYTES, MOST_BYTES)
}

/// Reads the directory of an archive.
fn open_archive(
    input: &Input,
) -> Result<(ZipArchive<BufReader<impl Read + Seek>>, Vec<Member>), SourceError> {
    let file = input.name();
    let archive = match ZipArchive::new(BufReader::new(input.stream()?)) {
        Ok(archive) => archive,
        // A workbook that is cut off is still no archive of tables.
        Err(_) if office_head(input)? => return Err(office(input)),
        Err(source) => return Err(zip_error(file, source)),
    };
    let mut members = Vec::new();
    for index in 0..archive.len() {
        let entry = archive
            .by_index_data(index)
            .map_err(|source| zip_error(file, source))?;
        let name = entry.name().map_err(|source| zip_error(file, source))?;
        if matches!(name.as_ref(), CONTENT_TYPES | "mimetype") {
            return Err(office(input));
        }
        if entry.is_file() && !is_left_over(&name) {
            let name = printable(&name);
            members.push(Member { index, name });
        }
    }
    members.sort_by_key(|member| member.index);
    let mut names: Vec<&str> = members.iter().map(|member| member.name.as_str()).collect();
    names.sort_unstable();
    if archive.has_duplicate_names() || names.windows(2).any(|pair| pair.first() == pair.last()) {
        return Err(input.member_error("has two files of one name in it", &members));
    }
    Ok((archive, members))
}

/// What each file of Office Open XML begins with (ECMA-376 part 2); `OpenDocument` has `mimetype`.
const CONTENT_TYPES: &str = "[Content_Types].xml";

fn office_head(input: &Input) -> Result<bool, SourceError> {
    let head = input.range(0, 4096)?;
    Ok(memchr::memmem::find(&head, CONTENT_TYPES.as_bytes()).is_some())
}

fn office(input: &Input) -> SourceError {
    SourceError::Binary {
        file: input.name().to_owned(),
        what: "an Excel workbook or another office document".to_owned(),
        hint: "save the sheet as CSV".to_owned(),
    }
}

/// Folders of macOS, `.DS_Store` and other hidden files: nobody put them there on purpose.
fn is_left_over(name: &str) -> bool {
    name.split(['/', '\\'])
        .any(|part| part == "__MACOSX" || (part.starts_with('.') && part != "." && part != ".."))
}

/// A name without signs that would steer a terminal.
fn printable(name: &str) -> String {
    name.replace(char::is_control, "\u{fffd}")
}

/// Names of the files that are tables.
fn tables(members: &[Member]) -> Vec<String> {
    if let [only] = members {
        return vec![only.name.clone()];
    }
    let is_table = |name: &str| {
        name.rsplit_once('.').is_some_and(|(_, found)| {
            TABLE_ENDINGS
                .iter()
                .any(|ending| found.eq_ignore_ascii_case(ending))
        })
    };
    members
        .iter()
        .filter(|member| is_table(&member.name))
        .map(|member| member.name.clone())
        .collect()
}

fn zip_error(file: &str, error: ZipError) -> SourceError {
    let file = file.to_owned();
    if let ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) = error {
        return SourceError::Encrypted { file };
    }
    // Taken out of its wrapping, because that hides whether the disk is at fault.
    let source = if let ZipError::Io(source) = error {
        source
    } else {
        error.into()
    };
    unpack_error(file, 0, source)
}

/// What went wrong at an unpacked byte: the disk, our knowledge, or what is packed.
fn unpack_error(file: String, byte: u64, source: io::Error) -> SourceError {
    if source.raw_os_error().is_some() {
        SourceError::Io { file, byte, source }
    } else if source.kind() == io::ErrorKind::Unsupported {
        SourceError::UnknownMethod { file, source }
    } else {
        SourceError::Damaged { file, source }
    }
}

/// Copies up to `most` unpacked bytes to a temporary file, which is called `file` in reports.
fn inflate(file: String, packed: impl Read, most: u64) -> Result<Input, SourceError> {
    let mut inflating = Inflating {
        packed,
        bytes: 0,
        most,
        fault: None,
    };
    let spooled = Input::spool(file.clone(), &mut inflating);
    if inflating.bytes > most {
        return Err(SourceError::Inflated { file, limit: most });
    }
    match inflating.fault {
        Some(source) => Err(unpack_error(file, inflating.bytes, source)),
        None => spooled,
    }
}

/// Counts what is unpacked, stops beyond the limit, and keeps why unpacking failed apart from why
/// writing did.
struct Inflating<R> {
    packed: R,
    bytes: u64,
    most: u64,
    fault: Option<io::Error>,
}

impl<R: Read> Read for Inflating<R> {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        if self.bytes > self.most {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        match self.packed.read(space) {
            Ok(count) => {
                self.bytes += count as u64;
                Ok(count)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => {
                let kind = error.kind();
                self.fault = Some(error);
                Err(kind.into())
            }
        }
    }
}

#[cfg(test)]
mod tests;
