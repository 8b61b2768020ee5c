//! The report: what was read, decided, mapped and written, as JSON (a contract, docs/report.md) and
//! as one self-contained page.

#[cfg(test)]
pub(crate) mod examples;
pub mod figures;
mod html;
mod json;
mod schema;
mod source;

pub use html::{SHOWN_REJECTS, to_html};
pub use json::{from_json, to_json};
pub use schema::JSON_SCHEMA;
pub use source::{ShownLine, SourceProfile};

use serde::{Deserialize, Serialize};

use crate::mapping::{Evidence, MappedValue, OnUnseen, RuleState, SourceAlternative, Step};
use crate::profile::ColumnProfile;
use crate::source::{Decision, SURE_BAR};
use crate::validation::{Balance, RejectsByRule};

/// Version of the report's format.
pub const FORMAT_VERSION: u32 = 1;

/// The report of one source.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// [`FORMAT_VERSION`].
    pub version: u32,
    /// The file.
    pub source: SourceFile,
    /// How it was read.
    pub decisions: Vec<Decision>,
    /// What is in it.
    pub columns: Vec<ColumnProfile>,
    /// How each target field is filled; absent where there is no target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fields: Option<Vec<FieldReport>>,
    /// What was declared not to be data.
    pub non_data: Vec<NonData>,
    /// The proof that nothing was lost.
    pub balance: Balance,
    /// Rejected records by first reason.
    pub rejects_by_rule: RejectsByRule,
    /// Files that were written, by name.
    pub outputs: Vec<String>,
    /// Wall time.
    pub seconds: f64,
}

/// The file that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceFile {
    /// Base name.
    pub file: String,
    /// Size in bytes.
    pub bytes: u64,
    /// SHA-256 in hexadecimal.
    pub sha256: String,
}

/// How one target field is filled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldReport {
    /// The field.
    pub field: String,
    /// Source columns.
    pub sources: Vec<String>,
    /// Steps.
    pub transform: Vec<Step>,
    /// Value map, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value_map: Option<Vec<MappedValue>>,
    /// What happens to a value that the map does not list.
    pub on_unseen: OnUnseen,
    /// Probability that it is right.
    pub confidence: f64,
    /// Where it stands in the review.
    pub state: RuleState,
    /// What speaks for it.
    pub evidence: Vec<Evidence>,
    /// Other sources.
    pub alternatives: Vec<SourceAlternative>,
}

impl Report {
    /// Fields that are empty in every row although something is proposed for them: it is below the bar,
    /// and nobody has accepted it.
    pub fn left_empty(&self) -> impl Iterator<Item = &FieldReport> {
        self.fields
            .iter()
            .flatten()
            .filter(|field| field.is_left_empty())
    }
}

impl FieldReport {
    fn is_left_empty(&self) -> bool {
        let is_open = self.state == RuleState::Proposed && self.confidence < SURE_BAR;
        is_open && !self.sources.is_empty()
    }
}

/// A piece of the source that is not data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NonData {
    /// What it is.
    pub kind: NonDataKind,
    /// 1-based physical line on which it starts.
    pub line: u64,
    /// Number of logical records in it.
    pub lines: u64,
    /// Its text; empty where it stands in `*.nondata.csv` instead.
    pub raw: String,
}

/// What a piece of non-data is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NonDataKind {
    /// Before the header.
    Preamble,
    /// The header itself.
    Header,
    /// A line of units under the header.
    Units,
    /// After the data.
    Footer,
    /// Lines with nothing in them.
    Blank,
    /// Comment lines.
    Comment,
    /// Another table.
    Table,
}
