//! Evaluation: how good matching is on tables whose mapping is known.
//!
//! ```text
//! files of a case -- Case::parse --> Case -- Case::answer --> Answer -- grade --> Grade
//! grades of all cases -- Evaluation::of --> one line per suite, their mean, calibration
//! ```
//!
//! A case goes through the code that a mapping goes through: rows become profiles, profiles and
//! names become scores. The layout of its files and the figures are described in docs/matching.md.
//! Nothing here opens a file; the texts are arguments.

mod answer;
mod case;
mod error;
mod examples;
mod figures;
mod files;
mod grade;
mod suite;
mod table;
#[cfg(test)]
mod tests;

pub use answer::{Answer, RankedField, RankedLabel, ValueSignals};
pub use case::{Case, Columns, Task, Values};
pub use error::EvaluateError;
pub use files::{CASE_FILES, CaseFiles, TextFile, parse_json};
pub use grade::{ColumnGrade, Grade, ValueGrade};
pub use suite::{Calibration, ColumnFigures, Evaluation, SuiteColumns, SuiteValues, ValueFigures};
