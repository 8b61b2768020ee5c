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

mod account;
mod beside;
mod drift;
mod error;
mod holds;
mod kept;
mod pass;
mod propose;
mod renamed;
mod replay;
mod tally;

use std::io::{self, Write};
use std::thread;

pub use account::{Work, report};
pub use beside::{BesideError, seed};
pub use drift::{Drift, drift};
pub use error::PipelineError;
pub use kept::{
    Asked, KeptError, OtherReading, Ready, columns_fit, header_fits, kept_reading, of_csv, ready,
};
pub use propose::{Profiled, propose, propose_profiled};
use replay::Claims;
pub use replay::{HEAD_BYTES, is_rejects_file, is_rejects_head};
pub use tally::{RepairCounts, Resume, Tally};

use crate::profile::{Cells, Partial, Profile, Profiling};
use crate::source::{CHUNK_RECORDS, Input, Limits, Overrides, Reader, Reading, SourceError, State};
use crate::transform::{Guarded, Layout, Outcome, Plan, RejectsWriter, TableWriter, UniqueStage};
use pass::Item;

/// How a pass runs; nothing here changes its result.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Threads that work on batches; as many merge the profile, and as many encode columns of Parquet.
    pub threads: usize,
    /// Bytes per read.
    pub block: usize,
}

impl Settings {
    /// Portions under way at a time: one for each thread, and two that are cut or wait for their turn.
    const fn portions(self) -> usize {
        self.threads + 2
    }
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
pub struct Sinks<'a, W: Write + Send> {
    /// Good rows.
    pub table: TableWriter<W>,
    /// Rejects.
    pub rejects: RejectsWriter<W>,
    /// For a run of text rows that is to be kept chunk by chunk.
    pub chunks: Option<Chunks<'a, W>>,
    /// Where the columns are profiled on the way: what a person set of their reading. A run that goes on
    /// behind a chunk would profile the rest alone.
    pub profile: Option<&'a Overrides>,
}

/// A run that is kept chunk by chunk, so that another process can go on with it.
pub struct Chunks<'a, W> {
    /// Where it was left; the sinks are then those of a run that goes on.
    pub from: Option<Resume>,
    /// Called at the end of each chunk of [`CHUNK_RECORDS`] records.
    pub done: &'a mut dyn FnMut(ChunkEnd<'_, W>) -> io::Result<()>,
}

/// The end of a chunk.
#[derive(Debug)]
pub struct ChunkEnd<'a, W> {
    /// How to go on from here.
    pub resume: Resume,
    /// Where good rows are written; may be replaced.
    pub good: &'a mut W,
    /// Where rejects are written; may be replaced.
    pub rejects: &'a mut W,
}

impl<W> std::fmt::Debug for Chunks<'_, W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Chunks")
            .field("from", &self.from.as_ref().map(|from| from.chunks))
            .finish_non_exhaustive()
    }
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
    /// What is in the columns, where that was asked for.
    pub profile: Option<Profile>,
}

/// Called with where the reader stands: bytes and rows that are done.
pub type Progress<'a> = &'a mut dyn FnMut(&State);

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
    thread::scope(|scope| {
        let mut all = Partial::new(columns, overrides).beside(scope, settings.threads);
        let mut tally = pass::run(source, settings, Cells::of, |item, tally| {
            progress(&item.state);
            all.add(item.work);
            tally.good += item.batch_records;
            tally.take_rejects(item.rejects, &mut |_| Ok(()))
        })?;
        tally.settle();
        Ok((all.finish(), tally))
    })
}

/// Reads a source into a clean table, all of it text.
///
/// # Errors
/// When the source cannot be read to its end, or an output not be written.
pub fn read<W: Write + Send>(
    source: Source<'_>,
    sinks: Sinks<'_, W>,
    settings: Settings,
    progress: Progress<'_>,
) -> Result<Done<W>, PipelineError> {
    let Sinks {
        mut table,
        mut rejects,
        profile,
        ..
    } = sinks;
    let encoder = table.encoder();
    let first = profile.map(|overrides| Partial::new(source.columns(), overrides));
    let (profile, mut tally) = thread::scope(|scope| {
        let is_profiled = first.is_some();
        let mut all = first.map(|columns| columns.beside(scope, settings.threads));
        let tally = pass::run(
            source,
            settings,
            |batch| {
                let cells = is_profiled.then(|| Cells::of(batch));
                (cells, encoder.encode_batch(batch))
            },
            |item: Item<(Option<Cells>, _)>, tally| {
                progress(&item.state);
                let (cells, encoded) = item.work;
                if let (Some(all), Some(cells)) = (&mut all, cells) {
                    all.add(cells);
                }
                table.write_encoded(encoded?)?;
                tally.good += item.batch_records;
                tally.take_rejects(item.rejects, &mut |reject| rejects.write(reject))
            },
        )?;
        Ok::<_, PipelineError>((all.map(Profiling::finish), tally))
    })?;
    tally.settle();
    let written = table.finish()?;
    let rejects = rejects.finish().map_err(PipelineError::Rejects)?;
    Ok(Done {
        tally,
        good: written.out,
        rejects,
        guarded: written.guarded,
        profile,
    })
}

/// Runs a plan over a source.
///
/// # Errors
/// When the source cannot be read to its end, or an output not be written.
pub fn run<W: Write + Send>(
    source: Source<'_>,
    plan: &Plan,
    unique: UniqueStage,
    sinks: Sinks<'_, W>,
    settings: Settings,
    progress: Progress<'_>,
) -> Result<Done<W>, PipelineError> {
    let Sinks {
        mut table,
        mut rejects,
        mut chunks,
        profile,
    } = sinks;
    let mut unique = unique;
    let from = chunks.as_mut().and_then(|chunks| chunks.from.take());
    let mut border = Border::behind(from.as_ref());
    if let Some(from) = from.as_ref().filter(|_| plan.has_unique()) {
        pass::see_again(source, settings, plan, &mut unique, &from.state)?;
    }
    let claims = match source.replays {
        Some(_) => Claims::read(source.reader_at(settings, None)?)?,
        None => Claims::default(),
    };
    // Rows of unique fields are taken out in source order first, so that they are encoded last.
    let early = (!plan.has_unique()).then(|| table.encoder());
    let first = profile.map(|overrides| Partial::new(source.columns(), overrides));
    let (profile, mut tally) = thread::scope(|scope| {
        let is_profiled = first.is_some();
        let mut all = first.map(|columns| columns.beside(scope, settings.threads));
        let tally = pass::run_from(
            source,
            settings,
            from,
            |batch| {
                let outcome = plan.run(batch);
                let encoded = early.as_ref().map(|encoder| encoder.encode(&outcome));
                (outcome, encoded, is_profiled.then(|| Cells::of(batch)))
            },
            |item: Item<(Outcome, _, _)>, tally| {
                progress(&item.state);
                let (outcome, encoded, cells) = item.work;
                if let (Some(all), Some(cells)) = (&mut all, cells) {
                    all.add(cells);
                }
                let outcome = unique.apply(outcome)?;
                tally.good += outcome.len() as u64;
                match encoded {
                    Some(encoded) => table.write_encoded(encoded?)?,
                    None => table.write(&outcome)?,
                }
                let rejected = pass::merge(item.rejects, outcome.rejects);
                for reject in &rejected {
                    claims.check(source.input.name(), reject)?;
                }
                tally.take_rejects(rejected, &mut |reject| rejects.write(reject))?;
                let (Some(chunks), Some(number)) = (&mut chunks, border.reached(&item.state))
                else {
                    return Ok(());
                };
                chunks.end(number, tally, (&mut table, &mut rejects))
            },
        )?;
        Ok::<_, PipelineError>((all.map(Profiling::finish), tally))
    })?;
    tally.settle();
    let written = table.finish()?;
    let rejects = rejects.finish().map_err(PipelineError::Rejects)?;
    Ok(Done {
        tally,
        good: written.out,
        rejects,
        guarded: written.guarded,
        profile,
    })
}

impl<W: Write + Send> Chunks<'_, W> {
    /// Tells of the chunk of this number, which has ended.
    fn end(
        &mut self,
        number: u64,
        tally: &Tally,
        (table, rejects): (&mut TableWriter<W>, &mut RejectsWriter<W>),
    ) -> Result<(), PipelineError> {
        let (Some(resume), Some(good)) = (tally.resume(number), table.out_mut()) else {
            return Ok(());
        };
        let rejects = rejects.out_mut();
        let end = ChunkEnd {
            resume,
            good,
            rejects,
        };
        (self.done)(end).map_err(PipelineError::Chunk)
    }
}

/// Tells when a run has come to a chunk's end.
struct Border {
    rows: u64,
}

impl Border {
    fn behind(from: Option<&Resume>) -> Self {
        let rows = from.map_or(0, |from| from.state.rows);
        Self { rows }
    }

    /// The number of chunks that are done, if another one is.
    fn reached(&mut self, state: &State) -> Option<u64> {
        if state.rows == self.rows || !state.rows.is_multiple_of(CHUNK_RECORDS) {
            return None;
        }
        self.rows = state.rows;
        Some(state.rows / CHUNK_RECORDS)
    }
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

    /// A reader at its start, or where it was left.
    fn reader_at(
        &self,
        settings: Settings,
        state: Option<State>,
    ) -> Result<Reader<'a>, SourceError> {
        let Self {
            input,
            reading,
            limits,
            ..
        } = *self;
        match state {
            None => Reader::new(input, reading, limits, settings.block),
            Some(state) => Reader::resume(input, reading, limits, settings.block, state),
        }
    }
}
