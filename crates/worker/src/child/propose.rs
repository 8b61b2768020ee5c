//! Proposing a mapping of a profiled source to a target.

use aimapper_core::job::{Phase, Progress};
use aimapper_core::mapping::to_yaml;
use aimapper_core::matching::Memory;
use aimapper_core::pipeline::{Profiled, propose_profiled};
use aimapper_core::report::SourceProfile;
use aimapper_core::source::Decision;
use aimapper_core::target::TargetSchema;

use super::{Trouble, say, staged};
use crate::protocol::{Done, Event, MAPPING, MEMORY, PROFILE, TARGET};

/// Proposes and writes the mapping.
pub(super) fn propose(file: &str, decisions: &[Decision]) -> Result<Done, Trouble> {
    let profile: SourceProfile =
        serde_json::from_str(&staged(PROFILE)?).map_err(|error| Trouble::protocol(&error))?;
    let target: TargetSchema =
        serde_json::from_str(&staged(TARGET)?).map_err(|error| Trouble::protocol(&error))?;
    let memory: Memory =
        serde_json::from_str(&staged(MEMORY)?).map_err(|error| Trouble::protocol(&error))?;
    say(&Event::Progress(Progress {
        phase: Phase::Matching,
        rows_done: 0,
        rows_total: None,
        bytes_done: 0,
        bytes_total: profile.report.source.bytes,
        left_ms: None,
    }));
    let columns = profile.into_columns();
    let profiled = Profiled {
        file,
        decisions,
        columns: &columns,
    };
    let mapping = propose_profiled(&profiled, &target, &memory);
    let text = to_yaml(&mapping);
    std::fs::write(MAPPING, text).map_err(|error| Trouble::io(MAPPING, &error))?;
    Ok(Done::Propose {})
}
