//! The files of the fault corpus, for tests that go over all of them.

use std::fs;
use std::path::Path;

use serde_json::Value;

/// A file and what is said about it.
#[allow(dead_code, reason = "not every test asks for all of it")]
pub(crate) struct Case {
    pub(crate) file: String,
    pub(crate) bytes: Vec<u8>,
    /// Two readings can be defended, so that no counts are laid down.
    pub(crate) loose: bool,
    /// It is no table.
    pub(crate) refused: bool,
}

/// All of them, those that are made by a recipe too.
pub(crate) fn corpus() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let text = fs::read_to_string(folder.join("expected.json")).unwrap();
    let listed: Vec<Value> = serde_json::from_str(&text).unwrap();
    let cases: Vec<Case> = listed
        .iter()
        .map(|case| {
            let file = case["file"].as_str().unwrap().to_owned();
            let bytes = match case["recipe"].as_array() {
                None => fs::read(folder.join(&file)).unwrap(),
                Some(parts) => parts.iter().flat_map(made).collect(),
            };
            Case {
                file,
                bytes,
                loose: case["loose"] == true,
                refused: case["outcome"] == "error",
            }
        })
        .collect();
    assert!(cases.len() >= 180, "{} cases", cases.len());
    cases
}

/// The bytes of one part of a recipe.
fn made(part: &Value) -> Vec<u8> {
    let times = part["times"].as_u64().unwrap_or(1);
    let text = part["text"].as_str().unwrap();
    text.repeat(usize::try_from(times).unwrap()).into_bytes()
}
