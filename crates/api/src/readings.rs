//! Reading decisions as requests name them, checked before anything is read.

use aimapper_core::mapping::why_no_reading;
use aimapper_core::source::What;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::problem::{Code, Problem, Wrong};

/// One decision about how a source is read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetReading {
    /// What it is about: `encoding`, `delimiter`, `date_order`, ..
    #[schema(value_type = String, example = "date_order")]
    pub(crate) what: What,
    /// The column; without it, the source or all of its columns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) column: Option<String>,
    /// A text, a number or a list of texts.
    #[schema(example = json!("dmy"))]
    pub(crate) value: Value,
}

/// Refuses decisions that would be without effect or cannot be, all of them at once.
pub(crate) fn check(readings: &[SetReading], pointer: &str) -> Result<(), Problem> {
    let wrong: Vec<Wrong> = readings
        .iter()
        .enumerate()
        .filter_map(|(index, set)| {
            let hint = why_no_reading(set.what, set.column.as_deref(), &set.value)?;
            let said = format!("{} cannot be {}", set.what.name(), set.value);
            Some(Wrong::new(format!("{pointer}/{index}"), said).hint(Some(hint.to_owned())))
        })
        .collect();
    let Some(first) = wrong.first() else {
        return Ok(());
    };
    Err(Problem::new(Code::Invalid, first.detail.clone())
        .hint(first.hint.clone())
        .errors(wrong))
}
