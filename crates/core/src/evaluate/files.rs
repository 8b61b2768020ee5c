//! The files of a case, as texts and as what JSON says.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::EvaluateError;

/// Names of the files that make a folder a case.
pub const CASE_FILES: [&str; 7] = [
    "source.csv",
    "source.schema.json",
    "target.csv",
    "target.schema.json",
    "truth.json",
    "truth_values.json",
    "meta.json",
];

/// A file's text, with its path for messages.
#[derive(Debug, Clone)]
pub struct TextFile {
    /// The path.
    pub path: String,
    /// The text.
    pub text: String,
}

/// The files of a case that are there.
#[derive(Debug, Clone, Default)]
pub struct CaseFiles {
    /// Its folder, for messages.
    pub path: String,
    /// By name, one of [`CASE_FILES`].
    pub files: BTreeMap<String, TextFile>,
}

impl CaseFiles {
    /// The file of this name, if it is there.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&TextFile> {
        self.files.get(name)
    }

    /// A JSON file of this name, if it is there.
    pub(super) fn json<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, EvaluateError> {
        self.get(name).map(parse_json).transpose()
    }
}

/// Reads a JSON file.
///
/// # Errors
/// [`EvaluateError::Json`] with the line on which it is something else.
pub fn parse_json<T: DeserializeOwned>(file: &TextFile) -> Result<T, EvaluateError> {
    serde_json::from_str(&file.text).map_err(|error| EvaluateError::Json {
        path: file.path.clone(),
        line: error.line().max(1),
        what: without_place(&error.to_string()).to_owned(),
    })
}

/// The message without its `at line 3 column 5`.
fn without_place(message: &str) -> &str {
    message
        .rsplit_once(" at line ")
        .map_or(message, |(what, _)| what)
}

/// `source.schema.json` and `target.schema.json`.
#[derive(Debug, Deserialize)]
pub(super) struct SchemaFile {
    pub(super) fields: Vec<FieldEntry>,
}

/// One column or field of a schema.
#[derive(Debug, Deserialize)]
pub(super) struct FieldEntry {
    pub(super) name: String,
    pub(super) label: Option<String>,
    pub(super) description: Option<String>,
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    pub(super) values: Option<Vec<ValueEntry>>,
    pub(super) examples: Option<Examples>,
    /// The table that a source's column stands in.
    pub(super) table: Option<String>,
}

/// A value that a schema lists.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum ValueEntry {
    Text(String),
    Number(serde_json::Number),
    Truth(bool),
    Described {
        value: String,
        label: Option<String>,
        description: Option<String>,
    },
}

/// Examples of a field's values.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Examples {
    One(String),
    Several(Vec<String>),
}

/// `truth.json`.
#[derive(Debug, Deserialize)]
pub(super) struct TruthFile {
    pub(super) pairs: Vec<(String, String)>,
}

/// `truth_values.json`.
#[derive(Debug, Deserialize)]
pub(super) struct ValueTruthFile {
    pub(super) values: Vec<ValueTruth>,
    pub(super) target_domain: Vec<String>,
    #[serde(default)]
    pub(super) target_labels: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) source_labels: BTreeMap<String, String>,
}

/// A value and what it stands for, if anything.
#[derive(Debug, Deserialize)]
pub(super) struct ValueTruth {
    pub(super) source: String,
    pub(super) target: Option<String>,
}

/// `meta.json`, as far as it counts here.
#[derive(Debug, Default, Deserialize)]
pub(super) struct MetaFile {
    #[serde(default)]
    pub(super) exhaustive: bool,
    #[serde(default)]
    pub(super) train: bool,
}
