//! `aimapper map`: proposes a mapping and runs what is decided.

use std::fs;
use std::path::Path;

use aimapper_core::mapping::{accept_at, blocking_questions};
use aimapper_core::matching::Memory;
use aimapper_core::pipeline;
use aimapper_core::source::{Input, Overrides, Reading, SURE_BAR};
use aimapper_core::target::{TargetSchema, from_json_schema, from_sample};
use aimapper_core::transform::{UniqueStage, compile};

use super::run::Kept;
use crate::args;
use crate::failure::{Ending, Failure};
use crate::job::{self, Job, Options, Outcome, Papers};
use crate::memory;
use crate::outputs::Outputs;
use crate::sources::{self, Named};
use crate::summary;

/// Proposes on the first source, and runs the mapping over all.
pub(crate) fn map(args: &args::Map) -> Result<Ending, Failure> {
    let options = Options::new(&args.reading, Some(&args.output))?;
    let sources = sources::expand(&args.sources, args.output.output.as_deref())?;
    let target = target(&args.target, &options)?;
    let memory = memory::recall(args.memory.as_ref(), &target.name)?;
    let mut kept: Option<Kept> = None;
    super::each(&sources, &args.output, |named| match &kept {
        Some(kept) => kept.run(named, &options, &args.output),
        None => {
            let outcome = first(named, (&target, &memory), &options, &args.output)?;
            if let (Ending::Done | Ending::TooManyRejects, Some(mapping)) =
                (outcome.ending, &outcome.mapping)
            {
                kept = Some(Kept::new(mapping.clone(), Vec::new()));
            }
            Ok(outcome)
        }
    })
}

fn first(
    named: &Named,
    (target, memory): (&TargetSchema, &Memory),
    options: &Options<'_>,
    output: &args::Output,
) -> Result<Outcome, Failure> {
    let mut outputs = super::outputs(named, output)?;
    let job = Job::open(named, options)?;
    let (profile, tally) = job.profile()?;
    job.has_rows(&tally)?;
    let proposed = pipeline::propose(job.input.name(), &job.reading, &profile, target, memory);
    let mapping = match options.accept {
        Some(bar) => accept_at(&proposed, bar, &format!("--accept {bar}"), ""),
        None => proposed,
    };
    let bar = options.accept.unwrap_or(SURE_BAR);
    let questions = blocking_questions(&mapping, bar);
    let decisions = mapping.decisions.clone();
    if !questions.is_empty() {
        let mut report = job.report(&tally, decisions, profile.columns, Some(&mapping.rules));
        let papers = Papers {
            mapping: Some(&mapping),
            target: Some(target),
            guarded: &[],
        };
        let paths = job::publish(outputs, tally, &mut report, &papers)?;
        return Ok(summary::undecided(
            named,
            report,
            questions,
            Some(mapping),
            paths,
        ));
    }
    let plan = compile(&mapping, &job.reading.columns, bar)?;
    let done = job.run(&plan, UniqueStage::new(&plan), &outputs, false)?;
    let mut report = job.report(
        &done.tally,
        decisions,
        profile.columns,
        Some(&mapping.rules),
    );
    keep_rows(&mut outputs, done.good, done.rejects)?;
    let papers = Papers {
        mapping: Some(&mapping),
        target: Some(target),
        guarded: &done.guarded,
    };
    let paths = job::publish(outputs, done.tally, &mut report, &papers)?;
    let ending = job::ending_of(&report.balance, output.max_rejects);
    Ok(summary::done(named, ending, report, Some(mapping), paths))
}

fn keep_rows(
    outputs: &mut Outputs,
    good: crate::outputs::Draft,
    rejects: crate::outputs::Draft,
) -> Result<(), Failure> {
    outputs.keep(good)?;
    outputs.keep(rejects)
}

/// Endings of files that are other things than tables, though each could be read as one of a column.
const NO_TABLES: [&str; 8] = ["yaml", "yml", "xml", "xsd", "html", "toml", "md", "sql"];

/// The target of a file: a JSON Schema, or a sample table.
fn target(path: &Path, options: &Options<'_>) -> Result<TargetSchema, Failure> {
    let name = path
        .file_name()
        .map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let is_json = path
        .extension()
        .is_some_and(|ending| ending.eq_ignore_ascii_case("json"));
    if is_json {
        let text = fs::read_to_string(path)
            .map_err(|error| Failure::unreadable("the target", path, &error))?;
        return Ok(from_json_schema(&text, &name)?);
    }
    let ending = path
        .extension()
        .map(|ending| ending.to_string_lossy().to_lowercase());
    let is_other = |ending: &String| NO_TABLES.contains(&ending.as_str());
    if ending.as_ref().is_some_and(is_other) {
        let said = format!("{name} is neither a JSON Schema nor a sample table");
        return Err(Failure::new(Ending::Usage, said).hint(
            "--to takes a schema (.json) or a sample of the rows that you want (.csv, .tsv)",
        ));
    }
    let input = Input::open(path)?.unpack(None, &options.limits)?;
    let overrides = Overrides::default();
    let reading = Reading::decide(&input, &overrides, &options.limits)?;
    let job = Job::opened(input, reading, None, options);
    let (profile, _) = job.profile()?;
    Ok(from_sample(&profile.columns, &name)?)
}
