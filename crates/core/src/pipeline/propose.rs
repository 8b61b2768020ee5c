//! Proposals as a whole mapping, ready for review.

use crate::mapping::{
    FORMAT_VERSION, Fingerprint, FingerprintColumn, Mapping, Past, Rule, UnusedColumn,
};
use crate::matching::{self, Memory, Table};
use crate::profile::{ColumnProfile, Profile};
use crate::source::{Decision, Reading, What};
use crate::target::{self, TargetSchema};

/// Proposes a mapping of a profiled source to a target; `file` is the source's base name.
#[must_use]
pub fn propose(
    file: &str,
    reading: &Reading,
    profile: &Profile,
    target: &TargetSchema,
    memory: &Memory,
) -> Mapping {
    let decisions = [reading.decisions.as_slice(), profile.decisions.as_slice()].concat();
    let profiled = Profiled {
        file,
        decisions: &decisions,
        columns: &profile.columns,
    };
    propose_profiled(&profiled, target, memory)
}

/// A source as its profile tells of it.
#[derive(Debug, Clone, Copy)]
pub struct Profiled<'a> {
    /// Its base name.
    pub file: &'a str,
    /// How it is read.
    pub decisions: &'a [Decision],
    /// What is in its columns.
    pub columns: &'a [ColumnProfile],
}

/// Proposes a mapping of a source that was profiled before, maybe by another process.
#[must_use]
pub fn propose_profiled(
    profiled: &Profiled<'_>,
    target: &TargetSchema,
    memory: &Memory,
) -> Mapping {
    let Profiled {
        file,
        decisions,
        columns,
    } = *profiled;
    let header = decisions
        .iter()
        .find(|decision| decision.what == What::HeaderLines);
    let table = Table {
        name: None,
        columns,
        named: header.and_then(|header| header.value.as_u64()) != Some(0),
        stated: &[],
    };
    let rules = matching::propose(&table, target, decisions, memory);
    let past = memory.past(&table);
    let unused = columns
        .iter()
        .filter(|column| !uses(&rules, &column.name))
        .map(|column| UnusedColumn {
            column: column.name.clone(),
            why: why_unused(column).to_owned(),
        })
        .collect();
    Mapping {
        version: FORMAT_VERSION,
        tool: format!("aimapper {}", env!("CARGO_PKG_VERSION")),
        source: fingerprint(file, columns),
        decisions: decisions.to_vec(),
        target: target.clone(),
        target_sha256: target::sha256(target),
        rules,
        unused,
        past: (past != Past::default()).then_some(past),
    }
}

fn uses(rules: &[Rule], column: &str) -> bool {
    rules
        .iter()
        .any(|rule| rule.sources.iter().any(|source| source == column))
}

fn why_unused(column: &ColumnProfile) -> &'static str {
    if column.nulls == column.count {
        "empty"
    } else if column.distinct.number() == 1 {
        "constant"
    } else {
        "no field fits"
    }
}

fn fingerprint(file: &str, columns: &[ColumnProfile]) -> Fingerprint {
    let columns = columns.iter().map(|column| FingerprintColumn {
        name: column.name.clone(),
        semantic: column.semantic,
    });
    Fingerprint {
        file: file.to_owned(),
        columns: columns.collect(),
    }
}
