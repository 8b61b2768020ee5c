//! `aimapper run`: runs a kept mapping over a source, or replays rejects.

use std::fs;
use std::path::{Path, PathBuf};

use aimapper_core::mapping::{Mapping, check, from_yaml, line_of};
use aimapper_core::pipeline::{self, Ready};
use aimapper_core::source::Input;
use aimapper_core::transform::{Plan, UniqueStage};

use crate::args;
use crate::failure::{Ending, Failure};
use crate::job::{self, Job, Options, Outcome, Papers};
use crate::memory;
use crate::sources::{self, Named};
use crate::summary;

/// Runs the mapping over every source.
pub(crate) fn run(args: &args::Run) -> Result<Ending, Failure> {
    let options = Options::new(&args.reading, Some(&args.output))?;
    let sources = sources::expand(&args.sources, args.output.output.as_deref())?;
    let kept = Kept::new(load(&args.mapping)?, args.with.clone());
    let ending = super::each(&sources, &args.output, |named| {
        kept.run(named, &options, &args.output)
    })?;
    if matches!(ending, Ending::Done | Ending::TooManyRejects) {
        memory::remember(args.memory.as_ref(), &kept.mapping)?;
    }
    Ok(ending)
}

/// Reads a mapping file and checks it against its own target.
pub(super) fn load(path: &Path) -> Result<Mapping, Failure> {
    let text = fs::read_to_string(path)
        .map_err(|error| Failure::unreadable("the mapping", path, &error))?;
    let name = path.display().to_string();
    let mapping = from_yaml(&text, &name)?;
    if let Some(problem) = check(&mapping).first() {
        let line =
            line_of(&text, &problem.path).map_or_else(String::new, |line| format!(":{line}"));
        let message = format!("{name}{line}: {}: {}", problem.path, problem.message);
        return Err(Failure::new(Ending::CouldNotRun, message).hint(problem.hint.clone()));
    }
    Ok(mapping)
}

/// A mapping that was decided before.
#[derive(Debug)]
pub(super) struct Kept {
    mapping: Mapping,
    with: Vec<PathBuf>,
}

impl Kept {
    /// A mapping, and good rows of earlier runs.
    pub(super) fn new(mapping: Mapping, with: Vec<PathBuf>) -> Self {
        Self { mapping, with }
    }

    /// Runs it over one source.
    pub(super) fn run(
        &self,
        named: &Named,
        options: &Options<'_>,
        output: &args::Output,
    ) -> Result<Outcome, Failure> {
        let mut outputs = super::outputs(named, output)?;
        let input = named.open(&options.limits)?;
        let ready = pipeline::ready(
            &input,
            &self.mapping,
            &options.overrides,
            options.accept,
            &options.limits,
        )?;
        let (reading, replays) = (ready.reading.clone(), ready.replays.clone());
        options.knows_columns(input.name(), replays.as_ref().unwrap_or(&reading))?;
        let job = Job::opened(input, reading, replays, options);
        let mut unique = UniqueStage::new(&ready.plan);
        for path in &self.with {
            seed(path, &ready.plan, &mut unique, options)?;
        }
        let done = job.run(&ready.plan, unique, &outputs, true)?;
        job.has_rows(&done.tally)?;
        if let Some(profile) = &done.profile {
            ready.holds(job.input.name(), &profile.decisions, &profile.columns)?;
        }
        let Ready {
            mapping,
            new_columns,
            ..
        } = ready;
        let decisions = job.reading.decisions.clone();
        let columns = done
            .profile
            .map_or_else(Vec::new, |profile| profile.columns);
        let mut report = job.report(&done.tally, decisions, columns, Some(&mapping.rules));
        outputs.keep(done.good)?;
        outputs.keep(done.rejects)?;
        let target = Some(&mapping.target);
        let papers = Papers {
            mapping: Some(&mapping),
            target,
            guarded: &done.guarded,
        };
        let paths = job::publish(outputs, done.tally, &mut report, &papers)?;
        let ending = job::ending_of(&report.balance, output.max_rejects);
        let mut outcome = summary::done(named, ending, report, Some(mapping), paths);
        outcome.new_columns = new_columns;
        Ok(outcome)
    }
}

/// Enters the good rows of an earlier run, so that no unique value comes twice.
fn seed(
    path: &Path,
    plan: &Plan,
    unique: &mut UniqueStage,
    options: &Options<'_>,
) -> Result<(), Failure> {
    let input = Input::open(path)?.unpack(None, &options.limits)?;
    let file = path.display().to_string();
    let how = (options.limits, options.settings.block);
    Ok(pipeline::seed(&input, &file, plan, unique, how)?)
}
