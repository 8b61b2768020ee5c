//! Reading a source: how it is read, what is in its columns, what its first lines are.

use std::time::Instant;

use aimapper_core::job::Phase;
use aimapper_core::pipeline::{self, Source, Work};
use aimapper_core::profile::{ColumnProfile, ValueCount};
use aimapper_core::report::{NonDataKind, ShownLine, SourceProfile};
use aimapper_core::source::{Input, Limits, Overrides, Reader, Reading, SourceError};
use serde::Serialize;

use super::{Pace, Trouble, open, settings};
use crate::protocol::{Done, PROFILE, Set, Spec};

/// Lines that are shown.
const LINES: u64 = 20;
/// Characters of a line that are shown.
const WIDTH: usize = 400;
/// So much of a profile may be values that only value maps need; what the columns have besides is bounded by
/// their number.
const ALL_BYTES: usize = 16 << 20;

/// Reads the staged source and writes its profile.
pub(super) fn read(spec: &Spec, file: &str, set: &[Set]) -> Result<Done, Trouble> {
    let started = Instant::now();
    let limits = spec.reading;
    let input = open(file, &limits)?;
    let mut overrides = Overrides::default();
    for one in set.iter().filter(|one| one.by_person()) {
        overrides.set(one.what, one.column.clone(), one.value.clone());
    }
    aimapper_core::profile::check_overrides(&overrides)?;
    let reading = Reading::decide(&input, &overrides, &limits)?;
    let source = Source {
        input: &input,
        reading: &reading,
        limits,
        replays: None,
    };
    let mut pace = Pace::new(Phase::Profiling, input.size());
    let (profile, tally) =
        pipeline::profile(source, &overrides, settings(spec), &mut |at| pace.at(at))?;
    super::run::proved(&tally)?;
    if tally.state.rows == 0 {
        let file = file.to_owned();
        return Err(SourceError::HeaderOnly { file }.into());
    }
    let decisions = [reading.decisions.clone(), profile.decisions].concat();
    let kept_decisions = json(&decisions)?;
    let values = profile
        .columns
        .iter()
        .map(|column| column.values.clone())
        .collect();
    let mut room = ALL_BYTES;
    let all = profile
        .columns
        .iter()
        .map(|column| within(&mut room, column));
    let all = all.collect();
    let report = pipeline::report(Work {
        input: &input,
        reading: &reading,
        tally: &tally,
        decisions,
        columns: profile.columns,
        rules: None,
        seconds: started.elapsed().as_secs_f64(),
    });
    let lines = first_lines(&input, &reading, limits)?;
    let kept = serde_json::to_vec(&SourceProfile {
        report,
        lines,
        values,
        all,
    });
    let kept = kept.map_err(|error| Trouble::protocol(&error))?;
    std::fs::write(PROFILE, kept).map_err(|error| Trouble::io(PROFILE, &error))?;
    Ok(Done::Read {
        decisions: kept_decisions,
    })
}

/// The values of a column that a value map is made of, as long as there is room for them.
fn within(room: &mut usize, column: &ColumnProfile) -> Vec<ValueCount> {
    let bytes = column.all.iter().map(|value| value.value.len() + 32).sum();
    match room.checked_sub(bytes) {
        Some(rest) => {
            *room = rest;
            column.all.clone()
        }
        None => Vec::new(),
    }
}

fn json(value: &impl Serialize) -> Result<serde_json::Value, Trouble> {
    serde_json::to_value(value).map_err(|error| Trouble::protocol(&error))
}

/// The first lines, by what became of them.
fn first_lines(
    input: &Input,
    reading: &Reading,
    limits: Limits,
) -> Result<Vec<ShownLine>, SourceError> {
    let mut reader = Reader::new(input, reading, limits, 1 << 16)?;
    let mut lines = Vec::new();
    let Some(portion) = reader.next_portion()? else {
        return Ok(lines);
    };
    let records = portion.batch.places.iter().enumerate();
    for (record, place) in records.take_while(|(_, place)| place.line <= LINES) {
        lines.push(shown(
            place.line,
            "data",
            portion.batch.raw.get(record).unwrap_or_default(),
        ));
    }
    for reject in portion.rejects.iter().filter(|reject| reject.line <= LINES) {
        lines.push(shown(reject.line, "reject", &reject.raw));
    }
    for piece in portion.non_data.iter().filter(|piece| piece.line <= LINES) {
        let kind = kind(piece.kind);
        for (line, text) in (piece.line..=LINES).zip(piece.raw.lines()) {
            lines.push(shown(line, kind, text));
        }
    }
    lines.sort_by_key(|line| line.line);
    Ok(lines)
}

fn shown(line: u64, kind: &str, text: &str) -> ShownLine {
    ShownLine {
        line,
        kind: kind.to_owned(),
        text: text.chars().take(WIDTH).collect(),
    }
}

const fn kind(kind: NonDataKind) -> &'static str {
    match kind {
        NonDataKind::Preamble => "preamble",
        NonDataKind::Header => "header",
        NonDataKind::Units => "units",
        NonDataKind::Footer => "footer",
        NonDataKind::Blank => "blank",
        NonDataKind::Comment => "comment",
        NonDataKind::Table => "table",
    }
}
