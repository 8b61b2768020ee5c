//! The data path as a whole: what the command, a job and a page all do with one source.
//!
//! ```text
//! profile(source)        -> columns, decisions, tally        (proposing needs it)
//! read(source, out)      -> clean table, rejects, tally      (no target)
//! run(source, plan, out) -> good rows, rejects, tally
//! ```
//!
//! Each is one pass: batches are worked on side by side, results are taken in source order, and the
//! auditor counts the same source on a thread of its own.

mod error;
mod pass;
mod propose;
mod replay;
mod tally;

use std::io::Write;

pub use error::PipelineError;
pub use propose::propose;
use replay::Claims;
pub use replay::is_rejects_file;
pub use tally::{RepairCounts, Tally};

use crate::profile::{Partial, Profile};
use crate::source::{Batch, Input, Limits, Overrides, Reader, Reading, SourceError};
use crate::transform::{
    Encoder, Guarded, Layout, Outcome, Plan, RejectsWriter, TableWriter, UniqueStage,
};
use pass::Item;

/// How a pass runs; nothing here changes its result.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Threads that work on batches.
    pub threads: usize,
    /// Bytes per read.
    pub block: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            threads: 1,
            block: 1 << 18,
        }
    }
}

/// A source and how it is read.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// Its bytes.
    pub input: &'a Input,
    /// Its reading.
    pub reading: &'a Reading,
    /// Limits on its records.
    pub limits: Limits,
    /// For a rejects file that is replayed: how the source of its records was read.
    pub replays: Option<&'a Reading>,
}

/// Where a pass writes.
#[derive(Debug)]
pub struct Sinks<W: Write + Send> {
    /// Good rows.
    pub table: TableWriter<W>,
    /// Rejects.
    pub rejects: RejectsWriter<W>,
}

/// What a pass that writes gives back.
#[derive(Debug)]
pub struct Done<W> {
    /// Counts, rejects and non-data.
    pub tally: Tally,
    /// The good rows' output.
    pub good: W,
    /// The rejects' output.
    pub rejects: W,
    /// Cells that were changed for spreadsheets.
    pub guarded: Vec<Guarded>,
}

/// Called with the number of bytes that are done.
pub type Progress<'a> = &'a mut dyn FnMut(u64);

/// Profiles a source: one pass that writes nothing.
///
/// # Errors
/// When the source cannot be read to its end.
pub fn profile(
    source: Source<'_>,
    overrides: &Overrides,
    settings: Settings,
    progress: Progress<'_>,
) -> Result<(Profile, Tally), PipelineError> {
    let columns = source.columns();
    let mut all = Partial::new(columns, overrides);
    let mut tally = pass::run(
        source,
        settings,
        |batch| partial(columns, overrides, batch),
        |item, tally| {
            progress(item.state.byte);
            all.merge(item.work);
            tally.good += item.batch_records;
            tally.take_rejects(item.rejects, &mut |_| Ok(()))
        },
    )?;
    tally.settle();
    Ok((all.finish(), tally))
}

fn partial(columns: &[String], overrides: &Overrides, batch: &Batch) -> Partial {
    let mut partial = Partial::new(columns, overrides);
    partial.add(batch);
    partial
}

/// Reads a source into a clean table, all of it text, and profiles it on the way.
///
/// # Errors
/// When the source cannot be read to its end, or an output not be written.
pub fn read<W: Write + Send>(
    source: Source<'_>,
    overrides: &Overrides,
    encoder: Option<&Encoder>,
    sinks: Sinks<W>,
    settings: Settings,
    progress: Progress<'_>,
) -> Result<(Profile, Done<W>), PipelineError> {
    let columns = source.columns();
    let Sinks {
        mut table,
        mut rejects,
    } = sinks;
    let mut all = Partial::new(columns, overrides);
    let mut tally = pass::run(
        source,
        settings,
        |batch| {
            let encoded = encoder.map(|encoder| encoder.encode_batch(batch));
            (partial(columns, overrides, batch), encoded, batch.clone())
        },
        |item, tally| {
            progress(item.state.byte);
            let (partial, encoded, batch) = item.work;
            all.merge(partial);
            match encoded {
                Some(encoded) => table.write_encoded(encoded)?,
                None => table.write_batch(&batch)?,
            }
            tally.good += item.batch_records;
            tally.take_rejects(item.rejects, &mut |reject| rejects.write(reject))
        },
    )?;
    tally.settle();
    let written = table.finish()?;
    let rejects = rejects.finish().map_err(PipelineError::Rejects)?;
    let done = Done {
        tally,
        good: written.out,
        rejects,
        guarded: written.guarded,
    };
    Ok((all.finish(), done))
}

/// Runs a plan over a source.
///
/// # Errors
/// When the source cannot be read to its end, or an output not be written.
pub fn run<W: Write + Send>(
    source: Source<'_>,
    plan: &Plan,
    encoder: Option<&Encoder>,
    unique: UniqueStage,
    sinks: Sinks<W>,
    settings: Settings,
    progress: Progress<'_>,
) -> Result<Done<W>, PipelineError> {
    let Sinks {
        mut table,
        mut rejects,
    } = sinks;
    let mut unique = unique;
    let claims = match source.replays {
        Some(_) => Claims::read(source.reader(settings)?)?,
        None => Claims::default(),
    };
    // Rows of unique fields are taken out in source order first, so that they are encoded last.
    let early = encoder.filter(|_| !plan.has_unique());
    let mut tally = pass::run(
        source,
        settings,
        |batch| {
            let outcome = plan.run(batch);
            let encoded = early.map(|encoder| encoder.encode(&outcome));
            (outcome, encoded)
        },
        |item: Item<(Outcome, _)>, tally| {
            progress(item.state.byte);
            let (outcome, encoded) = item.work;
            let outcome = unique.apply(outcome)?;
            tally.good += outcome.len() as u64;
            match encoded {
                Some(encoded) => table.write_encoded(encoded)?,
                None => table.write(&outcome)?,
            }
            let rejected = pass::merge(item.rejects, outcome.rejects);
            for reject in &rejected {
                claims.check(source.input.name(), reject)?;
            }
            tally.take_rejects(rejected, &mut |reject| rejects.write(reject))
        },
    )?;
    tally.settle();
    let written = table.finish()?;
    let rejects = rejects.finish().map_err(PipelineError::Rejects)?;
    Ok(Done {
        tally,
        good: written.out,
        rejects,
        guarded: written.guarded,
    })
}

/// Looks at all rows of a plan before a Parquet file is written, because its columns need one type
/// for all of them.
///
/// # Errors
/// When the source cannot be read to its end.
pub fn observe(
    source: Source<'_>,
    plan: &Plan,
    layout: &mut Layout,
    settings: Settings,
) -> Result<(), PipelineError> {
    pass::run(
        source,
        settings,
        |batch| plan.run(batch),
        |item, _| {
            layout.observe(&item.work);
            Ok(())
        },
    )?;
    Ok(())
}

impl<'a> Source<'a> {
    /// Names of the columns.
    #[must_use]
    pub fn columns(&self) -> &'a [String] {
        &self.replays.unwrap_or(self.reading).columns
    }

    /// A reader at its start.
    fn reader(&self, settings: Settings) -> Result<Reader<'a>, SourceError> {
        Reader::new(self.input, self.reading, self.limits, settings.block)
    }
}
