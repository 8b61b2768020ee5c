//! Tallies: what a pass counted, and the balance that follows from it.

use std::io;

use tempfile::NamedTempFile;

use super::error::PipelineError;
use crate::report::NonData;
use crate::source::{Audit, State};
use crate::validation::{Balance, Reject, RejectsByRule};

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
    /// What is not data.
    pub non_data: Vec<NonData>,
    /// Its text, where that is too much for the report.
    pub spill: Option<NamedTempFile>,
    /// The proof; set when the pass has ended.
    pub balance: Balance,
}

impl Tally {
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
