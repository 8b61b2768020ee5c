//! Running a mapping over a source, chunk by chunk.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::time::Instant;

use aimapper_core::job::{OutputFormat, Phase, Written};
use aimapper_core::mapping::{Mapping, from_yaml};
use aimapper_core::pipeline::{
    self, ChunkEnd, Chunks, Done as PassDone, Ready, Resume, Sinks, Source, Tally, Work,
};
use aimapper_core::profile::ColumnProfile;
use aimapper_core::report::{SourceProfile, to_html, to_json};
use aimapper_core::source::{Decision, Input, Limits, Overrides, SourceError, stem};
use aimapper_core::store::outputs::Part;
use aimapper_core::transform::{
    Encoder, Layout, RejectsWriter, TableWriter, TextFormat, UniqueStage,
};

use super::{Pace, Trouble, open, say, settings, staged};
use crate::protocol::{Done, Event, MAPPING, PROFILE, Piece, RESUME, Spec, Task, beside};

/// Runs the staged mapping over the staged source.
pub(super) fn run(spec: &Spec, file: &str) -> Result<Done, Trouble> {
    let Task::Run {
        format,
        profiled,
        own,
        resumes,
        with,
        ..
    } = spec.task
    else {
        return Err(Trouble::ours("protocol", "this is no run".to_owned()));
    };
    let started = Instant::now();
    let limits = spec.reading;
    let input = open(file, &limits)?;
    let mapping = from_yaml(&staged(MAPPING)?, MAPPING)?;
    let ready = pipeline::ready(&input, &mapping, &Overrides::default(), None, &limits)?;
    let job = Job {
        spec,
        input: &input,
        ready: &ready,
        limits,
    };
    let Found {
        decisions,
        columns,
        rows,
    } = job.found(profiled)?;
    let asked: Vec<Decision> = decisions
        .into_iter()
        .filter(|now| !(own && is_set(&ready.mapping, now)))
        .collect();
    ready.holds(file, &asked, &columns)?;
    let from = if resumes {
        let resume = serde_json::from_str(&staged(RESUME)?);
        Some(resume.map_err(|error| Trouble::protocol(&error))?)
    } else {
        None
    };
    let mut unique = UniqueStage::new(&ready.plan);
    for number in 0..with {
        job.beside(number, &mut unique)?;
    }
    let (done, mut pieces) = job.rows(format, from, rows, unique)?;
    proved(&done.tally)?;
    if done.tally.state.rows == 0 {
        let file = file.to_owned();
        return Err(SourceError::HeaderOnly { file }.into());
    }
    let seconds = started.elapsed().as_secs_f64();
    let balance = done.tally.balance;
    pieces.extend(job.papers(format, done.tally, columns, seconds)?);
    Ok(Done::Run {
        balance: Written {
            counted: balance.counted,
            read: balance.read,
            good: balance.good,
            rejected: balance.rejected,
            non_data: balance.non_data,
        },
        pieces,
    })
}

/// Ends with an error of ours if the counts do not add up: nothing is published then.
pub(super) fn proved(tally: &Tally) -> Result<(), Trouble> {
    if tally.balance.balanced {
        return Ok(());
    }
    let balance = tally.balance;
    let message = format!(
        "the source does not add up: {} records counted, {} read = {} good + {} rejected + {} \
         non-data",
        balance.counted, balance.read, balance.good, balance.rejected, balance.non_data
    );
    Err(Trouble {
        hint: Some("this is a bug of aimapper; nothing was published; please report it".to_owned()),
        ..Trouble::ours("out_of_balance", message)
    })
}

struct Job<'a> {
    spec: &'a Spec,
    input: &'a Input,
    ready: &'a Ready,
    limits: Limits,
}

/// Whether a person decided in the mapping what the profile decided about a column.
fn is_set(mapping: &Mapping, now: &Decision) -> bool {
    mapping
        .decisions
        .iter()
        .any(|kept| kept.what == now.what && kept.column == now.column && kept.confidence >= 1.0)
}

/// What is known of the source before its rows are run.
struct Found {
    /// How the values of its columns are read, among other decisions.
    decisions: Vec<Decision>,
    columns: Vec<ColumnProfile>,
    rows: u64,
}

/// A file of one chunk.
struct ChunkFile {
    part: Part,
    chunk: i64,
    file: BufWriter<File>,
}

impl ChunkFile {
    fn begin(part: Part, chunk: i64) -> io::Result<Self> {
        let file = File::create(name(part, chunk))?;
        let file = BufWriter::with_capacity(1 << 18, file);
        Ok(Self { part, chunk, file })
    }

    /// Ends this chunk's file and begins the next one's.
    fn next(&mut self, rows: u64) -> io::Result<Piece> {
        let next = Self::begin(self.part, self.chunk + 1)?;
        std::mem::replace(self, next).end(rows)
    }

    fn end(mut self, rows: u64) -> io::Result<Piece> {
        self.file.flush()?;
        Ok(piece(self.part, self.chunk, rows))
    }
}

impl Write for ChunkFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

fn name(part: Part, chunk: i64) -> String {
    format!("{part}-{chunk}")
}

fn piece(part: Part, chunk: i64, rows: u64) -> Piece {
    Piece {
        name: name(part, chunk),
        part,
        chunk,
        rows: i64::try_from(rows).unwrap_or(i64::MAX),
    }
}

impl Job<'_> {
    fn source(&self) -> Source<'_> {
        Source {
            input: self.input,
            reading: &self.ready.reading,
            limits: self.limits,
            replays: self.ready.replays.as_ref(),
        }
    }

    /// Enters the good rows of an earlier run.
    fn beside(&self, number: usize, unique: &mut UniqueStage) -> Result<(), Trouble> {
        let input = Input::open(Path::new(&beside(number)))?;
        let how = (self.limits, settings(self.spec).block);
        let file = "the file of an earlier run's good rows";
        Ok(pipeline::seed(&input, file, &self.ready.plan, unique, how)?)
    }

    /// What the profile of the source found; without one, a pass of its own. The profile of a rejects file is about
    /// the file, and not about the records in it.
    fn found(&self, profiled: bool) -> Result<Found, Trouble> {
        if profiled && self.ready.replays.is_none() {
            let profile: SourceProfile =
                serde_json::from_str(&staged(PROFILE)?).map_err(|e| Trouble::protocol(&e))?;
            let balance = profile.report.balance;
            return Ok(Found {
                decisions: profile.report.decisions,
                columns: profile.report.columns,
                rows: balance.good + balance.rejected,
            });
        }
        let mut pace = Pace::new(Phase::Profiling, self.input.size());
        let (profile, tally) = pipeline::profile(
            self.source(),
            &Overrides::default(),
            settings(self.spec),
            &mut |at| pace.at(at),
        )?;
        proved(&tally)?;
        Ok(Found {
            decisions: profile.decisions,
            columns: profile.columns,
            rows: tally.state.rows,
        })
    }

    /// Runs over the rows that are left, and tells of each chunk on the way.
    fn rows(
        &self,
        format: OutputFormat,
        from: Option<Resume>,
        total: u64,
        unique: UniqueStage,
    ) -> Result<(PassDone<()>, Vec<Piece>), Trouble> {
        let plan = &self.ready.plan;
        let mut so_far = Rows::of(from.as_ref());
        let begin = |part, chunk| {
            ChunkFile::begin(part, chunk).map_err(|error| Trouble::io("a chunk", &error))
        };
        let good = begin(Part::Good, so_far.chunks)?;
        let rejects = begin(Part::Rejects, so_far.chunks)?;
        let behind = from.as_ref().map(|from| (from.good, from.rejected));
        let table = self.table(format, good, behind)?;
        let file = self.input.name();
        let rejects = match behind {
            None => RejectsWriter::new(rejects, file)
                .map_err(|error| Trouble::io("the rejects", &error))?,
            Some((_, rejected)) => RejectsWriter::behind(rejects, file, rejected),
        };
        let mut keep = |end: ChunkEnd<'_, ChunkFile>| so_far.keep(end);
        // A replay is small, and is worked on by the outer file's records.
        let chunks = self.ready.replays.is_none().then_some(Chunks {
            from,
            done: &mut keep,
        });
        let mut pace = Pace::new(Phase::Running, self.input.size()).of(Some(total));
        let done = pipeline::run(
            self.source(),
            plan,
            unique,
            Sinks {
                table,
                rejects,
                chunks,
                profile: None,
            },
            settings(self.spec),
            &mut |at| pace.at(at),
        )?;
        so_far
            .last(done)
            .map_err(|error| Trouble::io("the last chunk", &error))
    }

    fn table(
        &self,
        format: OutputFormat,
        out: ChunkFile,
        behind: Option<(u64, u64)>,
    ) -> Result<TableWriter<ChunkFile>, Trouble> {
        let plan = &self.ready.plan;
        let text = match format {
            OutputFormat::Csv => TextFormat::Csv,
            OutputFormat::Ndjson => TextFormat::Ndjson,
            OutputFormat::Parquet => {
                let mut layout = Layout::of_plan(plan);
                let settings = settings(self.spec);
                if layout.needs_look() {
                    pipeline::observe(self.source(), plan, &mut layout, settings)?;
                }
                return Ok(TableWriter::parquet(out, plan, &layout, settings.threads)?);
            }
        };
        let encoder = Encoder::of_plan(plan, text)?;
        Ok(match behind {
            None => TableWriter::text(out, encoder)?,
            Some((good, _)) => TableWriter::text_behind(out, encoder, good),
        })
    }

    /// Writes the reports, and the non-data that is too much for them.
    fn papers(
        &self,
        format: OutputFormat,
        mut tally: Tally,
        columns: Vec<ColumnProfile>,
        seconds: f64,
    ) -> Result<Vec<Piece>, Trouble> {
        let mapping = &self.ready.mapping;
        let mut report = pipeline::report(Work {
            input: self.input,
            reading: &self.ready.reading,
            tally: &tally,
            decisions: self.ready.reading.decisions.clone(),
            columns,
            rules: Some(&mapping.rules),
            seconds,
        });
        let mut pieces = Vec::new();
        if let Some(spill) = tally.spill.take() {
            let name = name(Part::NonData, 0);
            fs::copy(spill.path(), &name).map_err(|error| Trouble::io("the non-data", &error))?;
            pieces.push(piece(Part::NonData, 0, tally.balance.non_data));
        }
        report.outputs = output_names(self.input.name(), format, !pieces.is_empty());
        let page = to_html(&report, Some(&mapping.target), &tally.shown);
        for (part, text) in [(Part::Report, to_json(&report)), (Part::Page, page)] {
            fs::write(name(part, 0), text).map_err(|error| Trouble::io("the report", &error))?;
            pieces.push(piece(part, 0, 0));
        }
        Ok(pieces)
    }
}

/// The names under which a run's results are offered: those that the command gives them.
fn output_names(file: &str, format: OutputFormat, non_data: bool) -> Vec<String> {
    let stem = stem(file);
    let good = format!("good.{}", format.word());
    let mut names = vec![good.as_str(), "rejects.csv", "mapping.yaml"];
    names.extend(non_data.then_some("nondata.csv"));
    names.extend(["report.html", "report.json"]);
    names.iter().map(|name| format!("{stem}.{name}")).collect()
}

/// How many rows the chunks before hold.
struct Rows {
    chunks: i64,
    good: u64,
    rejected: u64,
}

impl Rows {
    fn of(from: Option<&Resume>) -> Self {
        Self {
            chunks: from.map_or(0, |from| i64::try_from(from.chunks).unwrap_or(i64::MAX)),
            good: from.map_or(0, |from| from.good),
            rejected: from.map_or(0, |from| from.rejected),
        }
    }

    /// Ends the files of a chunk and tells of it.
    fn keep(&mut self, end: ChunkEnd<'_, ChunkFile>) -> io::Result<()> {
        let ChunkEnd {
            resume,
            good,
            rejects,
        } = end;
        let mut pieces = vec![
            good.next(resume.good - self.good)?,
            rejects.next(resume.rejected - self.rejected)?,
        ];
        *self = Self::of(Some(&resume));
        let number = pieces.first().map_or(0, |piece| piece.chunk);
        let state = piece(Part::State, number, 0);
        fs::write(
            &state.name,
            serde_json::to_vec(&resume).map_err(io::Error::other)?,
        )?;
        pieces.push(state);
        say(&Event::Checkpoint {
            chunks: resume.chunks,
            pieces,
        });
        Ok(())
    }

    /// The files behind the last chunk.
    fn last(self, done: PassDone<ChunkFile>) -> io::Result<(PassDone<()>, Vec<Piece>)> {
        let PassDone {
            tally,
            good,
            rejects,
            guarded,
            profile,
        } = done;
        let pieces = vec![
            good.end(tally.good - self.good)?,
            rejects.end(tally.rejected - self.rejected)?,
        ];
        let done = PassDone {
            tally,
            good: (),
            rejects: (),
            guarded,
            profile,
        };
        Ok((done, pieces))
    }
}
