//! One pass over a source: read, work side by side, take in order, audit.

use std::thread;

use super::error::PipelineError;
use super::replay::Replay;
use super::tally::{Resume, Tally};
use super::{Settings, Source};
use crate::source::{Batch, Cut, Portion, Reader, SourceError, State, audit};
use crate::transform::{Plan, UniqueStage, in_order};
use crate::validation::Reject;

/// A portion after the work on its batch.
pub(super) struct Item<T> {
    pub(super) work: T,
    pub(super) batch_records: u64,
    pub(super) rejects: Vec<Reject>,
    pub(super) state: State,
}

/// Where portions come from.
enum Portions<'a> {
    Reader(Box<Reader<'a>>),
    Replay(Box<Replay<'a>>),
}

/// A portion as it is drawn.
enum Drawn {
    Cut(Box<Cut>),
    Whole(Box<Portion>),
}

impl Drawn {
    fn state(&self) -> &State {
        match self {
            Self::Cut(cut) => cut.state(),
            Self::Whole(portion) => &portion.state,
        }
    }

    /// The portion with its columns, which is a part of the work on it.
    fn portion(self) -> Result<Portion, SourceError> {
        match self {
            Self::Cut(cut) => cut.portion(),
            Self::Whole(portion) => Ok(*portion),
        }
    }
}

impl Iterator for Portions<'_> {
    type Item = Result<Drawn, SourceError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Reader(reader) => {
                let cut = reader.next_cut().transpose()?;
                Some(cut.map(|cut| Drawn::Cut(Box::new(cut))))
            }
            Self::Replay(replay) => {
                let portion = replay.next_portion().transpose()?;
                Some(portion.map(|portion| Drawn::Whole(Box::new(portion))))
            }
        }
    }
}

/// Runs `work` over all batches and `sink` over the results in source order, and audits beside it.
pub(super) fn run<T: Send>(
    source: Source<'_>,
    settings: Settings,
    work: impl Fn(&Batch) -> T + Sync,
    sink: impl FnMut(Item<T>, &mut Tally) -> Result<(), PipelineError>,
) -> Result<Tally, PipelineError> {
    run_from(source, settings, None, work, sink)
}

/// As [`run`], from behind a chunk on. The auditor counts the whole source all the same.
pub(super) fn run_from<T: Send>(
    source: Source<'_>,
    settings: Settings,
    from: Option<Resume>,
    work: impl Fn(&Batch) -> T + Sync,
    mut sink: impl FnMut(Item<T>, &mut Tally) -> Result<(), PipelineError>,
) -> Result<Tally, PipelineError> {
    let Source {
        input,
        reading,
        limits,
        replays,
    } = source;
    let reader = source.reader_at(settings, from.as_ref().map(|resume| resume.state.clone()))?;
    let portions = match replays {
        None => Portions::Reader(Box::new(reader)),
        Some(original) => Portions::Replay(Box::new(Replay::new(
            reader,
            original,
            limits,
            input.name(),
        ))),
    };
    let mut tally = from.map_or_else(Tally::default, Tally::behind);
    tally.size = input.size();
    // A portion, or the error that ended the reading: it has to reach the sink in its turn.
    let worked = |drawn: Result<Drawn, SourceError>| {
        drawn.and_then(Drawn::portion).map(|portion| {
            let work = work(&portion.batch);
            let batch_records = portion.batch.len() as u64;
            let Portion {
                rejects,
                non_data,
                repaired,
                repairable,
                state,
                ..
            } = portion;
            (
                Item {
                    work,
                    batch_records,
                    rejects,
                    state,
                },
                (non_data, repaired, repairable),
            )
        })
    };
    let (passed, audited) = thread::scope(|scope| {
        let auditor = scope.spawn(|| audit(input, reading, settings.block));
        let passed = in_order(
            portions,
            settings.threads,
            settings.portions(),
            worked,
            |result| -> Result<(), PipelineError> {
                let (item, (non_data, repaired, repairable)) = result?;
                tally.repaired.take(&repaired);
                tally.repairable.take(&repairable);
                for piece in non_data {
                    tally.log.push(piece).map_err(PipelineError::NonData)?;
                }
                tally.state = item.state.clone();
                sink(item, &mut tally)
            },
        );
        (passed, auditor.join())
    });
    passed?;
    tally.audit = match audited {
        Ok(audit) => audit?,
        // A panic of the auditor is a bug of ours, as one of the reader would be.
        Err(panic) => std::panic::resume_unwind(panic),
    };
    (tally.non_data, tally.spill) = std::mem::take(&mut tally.log).finish();
    Ok(tally)
}

/// Shows a stage for uniqueness what it saw before a chunk ended: the same rows, worked on again.
pub(super) fn see_again(
    source: Source<'_>,
    settings: Settings,
    plan: &Plan,
    unique: &mut UniqueStage,
    until: &State,
) -> Result<(), PipelineError> {
    let reader = Portions::Reader(Box::new(source.reader_at(settings, None)?));
    let before = reader.take_while(|drawn| {
        drawn
            .as_ref()
            .map_or(true, |drawn| drawn.state().byte <= until.byte)
    });
    in_order(
        before,
        settings.threads,
        settings.portions(),
        |drawn| {
            let portion = drawn.and_then(Drawn::portion);
            portion.map(|portion| plan.run(&portion.batch))
        },
        |outcome| -> Result<(), PipelineError> {
            unique.apply(outcome?)?;
            Ok(())
        },
    )
}

/// Rejects of the reader and of the mapping, in source order.
pub(super) fn merge(reader: Vec<Reject>, mapping: Vec<Reject>) -> Vec<Reject> {
    if reader.is_empty() {
        return mapping;
    }
    let mut all = reader;
    all.extend(mapping);
    all.sort_by_key(|reject| reject.row);
    all
}
