//! The report as JSON text: indented, keys in the order of the types, one line end at the end.

use super::Report;

/// The text of `report.json`.
///
/// The same report gives the same text. Numbers that JSON does not have (not finite) become null;
/// no profile and no confidence has any.
#[must_use]
pub fn to_json(report: &Report) -> String {
    // A report has no map with keys that are not texts, which is all that could fail here.
    let mut text = serde_json::to_string_pretty(report).unwrap_or_default();
    text.push('\n');
    text
}

/// Reads the text of a `report.json`; keys of later versions are passed over.
///
/// # Errors
/// If it is not JSON, or not a report.
pub fn from_json(text: &str) -> Result<Report, serde_json::Error> {
    serde_json::from_str(text)
}
