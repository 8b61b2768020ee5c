use std::io::{Cursor, Write as _};

use flate2::Compression;
use flate2::write::GzEncoder;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::*;
use crate::error::Explain as _;

const TABLE: &[u8] = b"id,name\n1,Ada\n2,Alan\n3,Grace\n";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        if name.ends_with('/') {
            writer
                .add_directory(*name, SimpleFileOptions::default())
                .unwrap();
        } else {
            writer
                .start_file(*name, SimpleFileOptions::default())
                .unwrap();
            writer.write_all(bytes).unwrap();
        }
    }
    writer.finish().unwrap().into_inner()
}

fn input(name: &str, bytes: &[u8]) -> Input {
    Input::spool(name, bytes).unwrap()
}

fn unpack(name: &str, bytes: &[u8]) -> Result<Input, SourceError> {
    input(name, bytes).unpack(None, &Limits::default())
}

#[track_caller]
fn holds(unpacked: Result<Input, SourceError>, name: &str, bytes: &[u8]) {
    let unpacked = unpacked.unwrap();
    assert_eq!(unpacked.name(), name);
    assert_eq!(unpacked.range(0, unpacked.size()).unwrap(), bytes);
}

/// The message with its hint, which have to name the file.
#[track_caller]
fn said(unpacked: Result<Input, SourceError>) -> String {
    let error = unpacked.unwrap_err();
    format!("{error}; {}", error.hint().unwrap_or_default())
}

/// Sets bytes at an offset in each header that starts with one of these signatures.
fn patch(mut archive: Vec<u8>, headers: [(&[u8], usize); 2], bytes: [u8; 2]) -> Vec<u8> {
    for (signature, offset) in headers {
        let at = memchr::memmem::find(&archive, signature).unwrap() + offset;
        archive[at..at + 2].copy_from_slice(&bytes);
    }
    archive
}

#[test]
fn what_is_not_packed_stays_as_it_is() {
    holds(unpack("a.csv.gz", TABLE), "a.csv.gz", TABLE);
    holds(unpack("a", b"x"), "a", b"x");
    let member = input("a.csv", TABLE).unpack(Some("b.csv"), &Limits::default());
    assert!(matches!(member, Err(SourceError::NotFound { file }) if file == "a.csv/b.csv"));
    assert!(input("a.csv", TABLE).tables().unwrap().is_empty());
}

#[test]
fn packing_is_told_by_bytes_and_not_by_name() {
    holds(unpack("a.csv", &gzip(TABLE)), "a.csv", TABLE);
    let zstd = zstd::encode_all(TABLE, 3).unwrap();
    holds(unpack("a", &zstd), "a", TABLE);
    let archive = zip(&[("b", TABLE)]);
    holds(unpack("a.csv", &archive), "a.csv/b", TABLE);
}

#[test]
fn members_and_frames_behind_each_other_are_one_table() {
    let (first, second) = TABLE.split_at(11);
    let gz = [gzip(first), gzip(b""), gzip(second)].concat();
    holds(unpack("a.gz", &gz), "a.gz", TABLE);
    let frame = |bytes| zstd::encode_all(bytes, 3).unwrap();
    let zstd = [frame(first), frame(second)].concat();
    holds(unpack("a.zst", &zstd), "a.zst", TABLE);
}

#[test]
fn no_part_is_taken_for_the_whole() {
    let text: Vec<u8> = (0..2_000)
        .flat_map(|row| format!("{row},{}\n", row * row % 977).into_bytes())
        .collect();
    let (first, second) = text.split_at(9_000);
    let zstd = |bytes: &[u8]| zstd::encode_all(bytes, 3).unwrap();
    for (whole, border) in [
        ([gzip(first), gzip(second)].concat(), gzip(first).len()),
        ([zstd(first), zstd(second)].concat(), zstd(first).len()),
        (zip(&[("a.csv", &text)]), 0),
    ] {
        // At the border of two members, nobody can know that there was more.
        for cut in (5..whole.len()).step_by(7).filter(|cut| *cut != border) {
            let cut_off = unpack("a", &whole[..cut]);
            assert!(
                matches!(cut_off, Err(SourceError::Damaged { .. })),
                "{cut} of {}: {cut_off:?}",
                whole.len()
            );
        }
    }
    for tail in [&[0][..], b"\x1f", b"\x1f\x8b", b"text behind"] {
        let longer = [&gzip(&text), tail].concat();
        let longer = unpack("a", &longer);
        assert!(
            matches!(longer, Err(SourceError::Damaged { .. })),
            "{tail:?}"
        );
    }
}

#[test]
fn changed_bytes_are_found_by_their_checksum() {
    let mut gz = gzip(TABLE);
    let crc = gz.len() - 8;
    gz[crc] ^= 1;
    let archive = zip(&[("a.csv", TABLE)]);
    let crc = [(&b"PK\x03\x04"[..], 14), (&b"PK\x01\x02"[..], 16)];
    for packed in [gz, patch(archive, crc, [1, 2])] {
        let error = unpack("a.gz", &packed).unwrap_err();
        assert!(matches!(error, SourceError::Damaged { .. }), "{error:?}");
        assert!(error.to_string().starts_with("a.gz"), "{error}");
    }
}

#[test]
fn unpacking_stops_at_the_limit() {
    let endless = inflate("a".to_owned(), io::repeat(b'a'), 1 << 20);
    assert_eq!(
        said(endless),
        "a unpacks to more than 1048576 bytes; \
         if that is right, allow more with --max-inflated BYTES"
    );
    let zeros = vec![b'0'; 1 << 20];
    let limits = |most| Limits {
        inflated_bytes: Some(most),
        ..Limits::default()
    };
    for packed in [
        gzip(&zeros),
        zstd::encode_all(zeros.as_slice(), 3).unwrap(),
        zip(&[("a.csv", &zeros)]),
    ] {
        let unpacked = input("a", &packed).unpack(None, &limits(1 << 20)).unwrap();
        assert_eq!(unpacked.size(), 1 << 20);
        let less = input("a", &packed).unpack(None, &limits((1 << 20) - 1));
        assert!(matches!(less, Err(SourceError::Inflated { .. })));
    }
}

#[test]
fn a_size_that_an_archive_claims_is_not_believed() {
    let zeros = vec![b'0'; 1 << 20];
    let archive = zip(&[("a.csv", &zeros)]);
    let size = [(&b"PK\x03\x04"[..], 24), (&b"PK\x01\x02"[..], 26)];
    let liar = patch(archive, size, [0, 0]);
    let unpacked = unpack("a.zip", &liar);
    assert!(
        matches!(unpacked, Err(SourceError::Damaged { .. })),
        "{unpacked:?}"
    );
}

#[test]
fn without_a_limit_the_ratio_guards() {
    assert_eq!(guard(1), 1 << 30);
    assert_eq!(guard(1 << 24), 200 << 24);
    assert_eq!(guard(u64::MAX), 64 << 30);
}

#[test]
fn an_archive_gives_its_tables() {
    let several = zip(&[
        ("2026/", b""),
        ("2026/jan.csv", TABLE),
        ("__MACOSX/2026/._jan.csv", b"\0\x05\x16\x07"),
        ("2026/.DS_Store", b"\0\0\0\x01Bud1"),
        ("2026/FEB.TSV", b"x"),
        ("readme.pdf", b"%PDF-1.7"),
    ]);
    let archive = input("a.zip", &several);
    assert_eq!(archive.tables().unwrap(), ["2026/jan.csv", "2026/FEB.TSV"]);
    let one = archive.unpack(Some("2026/jan.csv"), &Limits::default());
    holds(one, "a.zip/2026/jan.csv", TABLE);
    let any = input("a.zip", &several).unpack(Some("readme.pdf"), &Limits::default());
    holds(any, "a.zip/readme.pdf", b"%PDF-1.7");
    // Beside what macOS leaves, a name needs no ending.
    let only = zip(&[("export", TABLE), ("__MACOSX/._export", b"\0")]);
    holds(unpack("a.zip", &only), "a.zip/export", TABLE);
}

#[test]
fn an_archive_without_one_table_lists_what_it_has() {
    let several = zip(&[("a.csv", TABLE), ("b.csv", TABLE)]);
    assert_eq!(
        said(unpack("a.zip", &several)),
        "a.zip has several tables in it; \
         save it as a file, and name what you want of it as FILE/NAME: a.csv, b.csv"
    );
    let other = input("a.zip", &several).unpack(Some("c.csv"), &Limits::default());
    assert!(said(other).starts_with("a.zip has no `c.csv` in it; "));
    let names: Vec<String> = (0..10).map(|n| format!("{n}.pdf")).collect();
    let many: Vec<(&str, &[u8])> = names.iter().map(|n| (n.as_str(), TABLE)).collect();
    let said_of_many = said(unpack("a.zip", &zip(&many)));
    assert!(
        said_of_many.ends_with("6.pdf, 7.pdf and 2 more"),
        "{said_of_many}"
    );
    for empty in [zip(&[]), zip(&[("folder/", b"")])] {
        assert_eq!(
            said(unpack("a.zip", &empty)),
            "a.zip has no table in it; pack it again, with the table in it"
        );
    }
}

#[test]
fn names_that_would_steer_a_terminal_are_harmless() {
    let archive = zip(&[("a\u{1b}[2J.csv", TABLE)]);
    holds(unpack("a.zip", &archive), "a.zip/a\u{fffd}[2J.csv", TABLE);
}

#[test]
fn office_documents_are_no_archives_of_tables() {
    let workbook = zip(&[
        (CONTENT_TYPES, b"<Types/>"),
        ("xl/worksheets/sheet1.xml", b"<worksheet/>"),
        ("data.csv", TABLE),
    ]);
    let sheet = zip(&[
        (
            "mimetype",
            b"application/vnd.oasis.opendocument.spreadsheet",
        ),
        ("content.xml", b"<office:document-content/>"),
    ]);
    for document in [&workbook, &sheet, &workbook[..100].to_vec()] {
        assert_eq!(
            said(unpack("a.xlsx", document)),
            "a.xlsx is not a delimited text file but an Excel workbook or another office \
             document; save the sheet as CSV"
        );
        assert!(input("a.xlsx", document).tables().is_err());
    }
}

#[test]
fn what_is_encrypted_or_packed_otherwise_is_told() {
    let archive = || zip(&[("a.csv", TABLE)]);
    let flags = [(&b"PK\x03\x04"[..], 6), (&b"PK\x01\x02"[..], 8)];
    assert_eq!(
        said(unpack("a.zip", &patch(archive(), flags, [1, 0]))),
        "a.zip/a.csv is encrypted; unpack it with its password, and name the file that comes out"
    );
    let methods = [(&b"PK\x03\x04"[..], 8), (&b"PK\x01\x02"[..], 10)];
    assert_eq!(
        said(unpack("a.zip", &patch(archive(), methods, [14, 0]))),
        "a.zip/a.csv is packed in a way that is not known here; \
         unpack it, and name the file that comes out"
    );
}

#[test]
fn what_is_packed_twice_is_told() {
    for inner in [
        gzip(TABLE),
        zstd::encode_all(TABLE, 3).unwrap(),
        zip(&[("a.csv", TABLE)]),
    ] {
        for (outer, name) in [
            (gzip(&inner), "a.gz"),
            (zip(&[("inner", &inner)]), "a.gz/inner"),
        ] {
            let said = said(unpack("a.gz", &outer));
            assert!(
                said.starts_with(&format!("{name} is packed twice: in it is ")),
                "{said}"
            );
        }
    }
}

#[test]
fn nothing_in_a_packing_is_an_empty_file() {
    for nothing in [gzip(b""), zstd::encode_all(&b""[..], 3).unwrap()] {
        let unpacked = unpack("a.csv.gz", &nothing);
        assert!(matches!(unpacked, Err(SourceError::Empty { file }) if file == "a.csv.gz"));
    }
}
