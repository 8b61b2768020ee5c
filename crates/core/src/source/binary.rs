//! Binary files that people take for tables: named, with what to do about each.

use super::decision::{Overrides, What};
use super::error::SourceError;
use super::input::Input;
use super::survey::Survey;

/// First bytes, what they mean, and what to do.
const MAGIC: [(&[u8], &str, &str); 12] = [
    (
        b"\x89PNG",
        "a PNG picture",
        "pictures of tables cannot be read yet",
    ),
    (
        b"\xff\xd8\xff",
        "a JPEG picture",
        "pictures of tables cannot be read yet",
    ),
    (b"%PDF-", "a PDF document", "export the table as CSV"),
    (
        b"PK\x03\x04",
        "a ZIP archive or an Excel workbook",
        "unpack it, or save the sheet as CSV",
    ),
    (
        b"\xd0\xcf\x11\xe0",
        "an old Excel or Word file",
        "save the sheet as CSV",
    ),
    (b"\x1f\x8b", "gzip data", "unpack it with gunzip"),
    (b"\x28\xb5\x2f\xfd", "zstd data", "unpack it with unzstd"),
    (b"BZh", "bzip2 data", "unpack it with bunzip2"),
    (b"\xfd7zXZ", "xz data", "unpack it with unxz"),
    (b"PAR1", "a Parquet file", "export it as CSV"),
    (
        b"SQLite format 3",
        "an SQLite database",
        "export the table as CSV",
    ),
    (b"\x7fELF", "a program", "name the table instead"),
];

/// Refuses what cannot be delimited text. Whoever names a delimiter or an encoding says that it is text, whatever
/// signs are in it.
///
/// # Errors
/// When the first bytes are those of another format, or when the bytes are not those of text.
pub(crate) fn refuse(
    input: &Input,
    survey: &Survey,
    overrides: &Overrides,
) -> Result<(), SourceError> {
    let binary = |what: &str, hint: &str| {
        Err(SourceError::Binary {
            file: input.name().to_owned(),
            what: what.to_owned(),
            hint: hint.to_owned(),
        })
    };
    if let Some((_, what, hint)) = MAGIC
        .iter()
        .find(|(magic, _, _)| survey.head.starts_with(magic))
    {
        return binary(what, hint);
    }
    // POSIX.1 ustar: its mark stands behind the name, the mode, the owner and the size.
    if survey.head.get(257..262) == Some(b"ustar") {
        return binary("a tar archive", "unpack it with tar");
    }
    let is_said = |what| overrides.get(what, None).is_some();
    if is_said(What::Delimiter) || is_said(What::Encoding) {
        return Ok(());
    }
    // UTF-16 has bytes of every value; of 8-bit text, two in a hundred that no text has are too many.
    let wide = utf16(&survey.head);
    if !wide && survey.controls * 50 > input.size() {
        let hint = "export the table as CSV; if it is text, name what divides its cells, for example \
                    --set delimiter='\\x01', or its encoding";
        return binary("binary data", hint);
    }
    let zeros = memchr::memchr_iter(0, &survey.head).count();
    if !wide && zeros * 4 > survey.head.len() && survey.nul.iter().all(|count| *count > 0) {
        let [even, odd] = survey.nul;
        if even.min(odd) * 10 > input.size() && !starts_as_text(&survey.head) {
            return binary("binary data (mostly zeros)", "export the table as CSV");
        }
    }
    Ok(())
}

/// Whether the first bytes are those of UTF-16: its mark, or zeros at every other place.
fn utf16(head: &[u8]) -> bool {
    let zeros = |from: usize| {
        head.iter()
            .skip(from)
            .step_by(2)
            .filter(|byte| **byte == 0)
            .count()
    };
    let (even, odd) = (zeros(0), zeros(1));
    let half = head.len() / 2;
    head.starts_with(b"\xff\xfe")
        || head.starts_with(b"\xfe\xff")
        || (even.max(odd) * 10 > half * 6 && even.min(odd) * 20 < half)
}

/// Whether a whole line of text stands at the start.
fn starts_as_text(head: &[u8]) -> bool {
    let line = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
    line.len() < head.len() && !line.is_empty() && !line.contains(&0)
}
