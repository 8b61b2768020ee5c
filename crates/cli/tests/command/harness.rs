//! A folder of its own for each test, the binary, and its results.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

pub(crate) const GERMAN: &str = "umsaetze_2026-03";
pub(crate) const ENGLISH: &str = "statement_2026-03";

/// What a run of the command gave.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    /// Holds the exit code; on another one everything that was said is shown.
    #[track_caller]
    pub(crate) fn ends(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}\n{}", self.out, self.err);
        self
    }
}

/// A folder in which the command is run.
#[derive(Debug)]
pub(crate) struct Place {
    folder: TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// With the bank statements and their target in it.
    pub(crate) fn with_bank() -> Self {
        let place = Self::new();
        for name in [
            "umsaetze_2026-03.csv",
            "statement_2026-03.csv",
            "transaction.schema.json",
        ] {
            place.write(name, repository(&format!("examples/bank/{name}")));
        }
        place
    }

    /// With the orders and their target in it.
    pub(crate) fn with_orders() -> Self {
        let place = Self::new();
        for name in ["orders.csv", "order.schema.json"] {
            place.write(name, repository(&format!("examples/orders/{name}")));
        }
        place
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    pub(crate) fn bytes(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub(crate) fn text(&self, name: &str) -> String {
        String::from_utf8(self.bytes(name)).unwrap()
    }

    pub(crate) fn json(&self, name: &str) -> serde_json::Value {
        serde_json::from_str(&self.text(name)).unwrap()
    }

    /// The records of a CSV of ours.
    pub(crate) fn table(&self, name: &str) -> Vec<Vec<Option<String>>> {
        table(&self.text(name))
    }

    /// Names of all files in a folder, sorted.
    pub(crate) fn names(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(folder)).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// Runs the command here, with a command line whose words are apart by blanks.
    pub(crate) fn run(&self, line: &str) -> Ran {
        self.args(&line.split_whitespace().collect::<Vec<_>>(), b"")
    }

    /// Runs the command here.
    pub(crate) fn args(&self, args: &[&str], stdin: &[u8]) -> Ran {
        let mut child = Command::new(env!("CARGO_BIN_EXE_aimapper"))
            .args(args)
            .current_dir(self.folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A command that does not read its input closes it.
        let _ = child.stdin.take().unwrap().write_all(stdin);
        let output = child.wait_with_output().unwrap();
        Ran {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// A file of the repository.
pub(crate) fn repository(path: &str) -> Vec<u8> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    fs::read(root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// What holds of a document by a published JSON Schema, as a list of complaints.
pub(crate) fn complaints(schema: &[u8], document: &serde_json::Value) -> Vec<String> {
    let schema = serde_json::from_slice(schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    validator
        .iter_errors(document)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

/// Reads CSV by RFC 4180; an empty field without quotes is none.
pub(crate) fn table(text: &str) -> Vec<Vec<Option<String>>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut rows = Vec::new();
    let mut row = Vec::new();
    let mut field: Option<String> = None;
    let mut chars = text.chars().peekable();
    while let Some(next) = chars.next() {
        match next {
            '"' => {
                let field = field.get_or_insert_default();
                while let Some(inner) = chars.next() {
                    if inner != '"' {
                        field.push(inner);
                    } else if chars.next_if_eq(&'"').is_some() {
                        field.push('"');
                    } else {
                        break;
                    }
                }
            }
            ',' => row.push(field.take()),
            '\r' => {}
            '\n' => {
                row.push(field.take());
                rows.push(std::mem::take(&mut row));
            }
            other => field.get_or_insert_default().push(other),
        }
    }
    assert!(
        row.is_empty() && field.is_none(),
        "the last line has no end"
    );
    rows
}

/// The column of this name, below the header.
pub(crate) fn column(table: &[Vec<Option<String>>], name: &str) -> Vec<String> {
    let wanted = |cell: &Option<String>| cell.as_deref() == Some(name);
    let at = table[0].iter().position(wanted).unwrap();
    table[1..]
        .iter()
        .map(|row| row[at].clone().unwrap_or_default())
        .collect()
}

/// Writes a table as a spreadsheet does: every field as it needs it, BOM, CRLF.
pub(crate) fn as_a_spreadsheet_saves(table: &[Vec<Option<String>>], delimiter: char) -> String {
    let mut text = "\u{feff}".to_owned();
    for row in table {
        let cells: Vec<String> = row
            .iter()
            .map(|cell| {
                let cell = cell.as_deref().unwrap_or_default();
                if cell.contains([delimiter, '"', '\n', '\r']) {
                    format!("\"{}\"", cell.replace('"', "\"\""))
                } else {
                    cell.to_owned()
                }
            })
            .collect();
        text.push_str(&cells.join(&delimiter.to_string()));
        text.push_str("\r\n");
    }
    text
}
