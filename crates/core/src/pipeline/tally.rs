//! Tallies: what a pass counted, and the balance that follows from it.

use std::collections::BTreeMap;
use std::io;

use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use super::error::PipelineError;
use crate::report::NonData;
use crate::source::repair::{Repair, Repairs};
use crate::source::{Audit, NonDataLog, Piece, Repaired, State};
use crate::validation::{Balance, Reject, RejectsByRule};

/// Lines of repaired records that are named.
const NAMED: usize = 20;

/// Rejects that are kept to be shown; all of them are in the rejects file.
const SHOWN: usize = 50;

/// What a pass counted.
#[derive(Debug, Default)]
pub struct Tally {
    /// Where the reader ended.
    pub state: State,
    /// What the auditor counted.
    pub audit: Audit,
    /// Size of the source in bytes.
    pub size: u64,
    /// Good rows.
    pub good: u64,
    /// Rejected records, by the reader or by the mapping.
    pub rejected: u64,
    /// The same by the rule of the first reason.
    pub by_rule: RejectsByRule,
    /// The first rejects, to be shown.
    pub shown: Vec<Reject>,
    /// Records that were repaired.
    pub repaired: RepairCounts,
    /// Rejects that a repair would have made records.
    pub repairable: RepairCounts,
    /// What is not data.
    pub non_data: Vec<NonData>,
    /// Its text, where that is too much for the report.
    pub spill: Option<NamedTempFile>,
    /// The proof; set when the pass has ended.
    pub balance: Balance,
    /// Non-data while the pass goes on.
    pub(super) log: NonDataLog,
}

/// All that a run needs to go on behind a chunk. Its caller keeps it as it is; it holds text of the
/// source.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resume {
    /// Chunks that are done.
    pub chunks: u64,
    /// Good rows so far.
    pub good: u64,
    /// Rejected records so far.
    pub rejected: u64,
    pub(super) state: State,
    by_rule: RejectsByRule,
    shown: Vec<Reject>,
    repaired: RepairCounts,
    repairable: RepairCounts,
    non_data: Vec<Piece>,
}

/// Records by repair: how many, and the lines of the first ones.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RepairCounts {
    by_repair: BTreeMap<Repair, (u64, Vec<u64>)>,
}

impl RepairCounts {
    /// Counts records.
    pub(super) fn take(&mut self, records: &[Repaired]) {
        for record in records {
            let (count, lines) = self.by_repair.entry(record.repair).or_default();
            *count += 1;
            if lines.len() < NAMED {
                lines.push(record.line);
            }
        }
    }

    /// Their repairs, as a decision names them.
    #[must_use]
    pub fn repairs(&self) -> Repairs {
        self.by_repair.keys().copied().collect()
    }

    /// How many records there are, by repair and with the lines of the first ones, in words;
    /// nothing if there are none.
    #[must_use]
    pub fn in_words(&self) -> Option<String> {
        let each = self.by_repair.iter().map(|(repair, (count, lines))| {
            let places: Vec<String> = lines.iter().map(u64::to_string).collect();
            let more = if *count > lines.len() as u64 {
                ", .."
            } else {
                ""
            };
            let lines = if *count == 1 { "line" } else { "lines" };
            format!(
                "{} {count} ({lines} {}{more})",
                repair.name(),
                places.join(", ")
            )
        });
        let each: Vec<String> = each.collect();
        (!each.is_empty()).then(|| each.join(", "))
    }
}

impl Tally {
    /// The tally of a pass that goes on.
    pub(super) fn behind(resume: Resume) -> Self {
        Self {
            state: resume.state,
            good: resume.good,
            rejected: resume.rejected,
            by_rule: resume.by_rule,
            shown: resume.shown,
            repaired: resume.repaired,
            repairable: resume.repairable,
            log: NonDataLog::behind(resume.non_data),
            ..Self::default()
        }
    }

    /// What it takes to go on from here; nothing where there is too much non-data to keep it again
    /// with each chunk.
    pub(super) fn resume(&self, chunks: u64) -> Option<Resume> {
        Some(Resume {
            chunks,
            good: self.good,
            rejected: self.rejected,
            state: self.state.clone(),
            by_rule: self.by_rule.clone(),
            shown: self.shown.clone(),
            repaired: self.repaired.clone(),
            repairable: self.repairable.clone(),
            non_data: self.log.pieces()?.to_vec(),
        })
    }

    /// Takes rejects in source order, and hands each on.
    pub(super) fn take_rejects(
        &mut self,
        rejects: Vec<Reject>,
        write: &mut dyn FnMut(&Reject) -> io::Result<()>,
    ) -> Result<(), PipelineError> {
        for reject in rejects {
            write(&reject).map_err(PipelineError::Rejects)?;
            self.rejected += 1;
            if let Some(reason) = reject.reasons.first() {
                *self.by_rule.entry(reason.rule.clone()).or_default() += 1;
            }
            if self.shown.len() < SHOWN {
                self.shown.push(reject);
            }
        }
        Ok(())
    }

    /// Works the balance out.
    pub(super) fn settle(&mut self) {
        let (state, audit) = (&self.state, &self.audit);
        let tiled = state.tiled
            && state.byte == self.size
            && audit.end == self.size
            && audit.borders == state.borders;
        self.balance = Balance::new(
            audit.counted,
            state.read,
            self.good,
            self.rejected,
            state.non_data,
            tiled,
        );
    }
}
