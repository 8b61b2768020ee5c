//! `aimapper run`: runs a kept mapping over a source, or replays rejects.

use std::fs;
use std::path::{Path, PathBuf};

use aimapper_core::mapping::{
    ColumnCheck, Mapping, MissingColumn, accept_at, check, check_columns, from_yaml, line_of,
};
use aimapper_core::pipeline::is_rejects_file;
use aimapper_core::source::{Input, Overrides, Reader, Reading, SURE_BAR, What};
use aimapper_core::transform::{Plan, UniqueStage, compile};
use aimapper_core::validation::Spelling;

use super::map::is_settled;
use crate::args;
use crate::failure::{Ending, Failure};
use crate::holding;
use crate::job::{self, Job, Options, Outcome, Papers};
use crate::sources::{self, Named};
use crate::summary;

/// Runs the mapping over every source.
pub(crate) fn run(args: &args::Run) -> Result<Ending, Failure> {
    let options = Options::new(&args.reading, Some(&args.output))?;
    let sources = sources::expand(&args.sources, args.output.output.as_deref())?;
    let kept = Kept::new(load(&args.mapping)?, args.with.clone());
    super::each(&sources, &args.output, |named| {
        kept.run(named, &options, &args.output)
    })
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
        let (reading, replays) = self.reading(&input, options)?;
        let bar = options.accept.unwrap_or(SURE_BAR);
        let mapping = match options.accept {
            Some(bar) => accept_at(&self.mapping, bar, &format!("--accept {bar}"), ""),
            None => self.mapping.clone(),
        };
        let columns = &replays.as_ref().unwrap_or(&reading).columns.clone();
        let check = check_columns(&mapping, columns);
        columns_fit(&input, &check)?;
        is_settled(&mapping, bar)?;
        let plan = compile(&mapping, columns, bar)?;
        let job = Job::opened(input, reading, replays, options);
        let (profile, tally) = job.profile()?;
        job.has_rows(&tally)?;
        let mut unique = UniqueStage::new(&plan);
        for path in &self.with {
            seed(path, &plan, &mut unique, options)?;
        }
        let done = job.run(&plan, unique, &outputs)?;
        let decisions = job.reading.decisions.clone();
        let mut report = job.report(
            &done.tally,
            decisions,
            profile.columns,
            Some(&mapping.rules),
        );
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
        outcome.new_columns = check.new;
        Ok(outcome)
    }

    /// How the source is read and, for a rejects file, how its records are.
    fn reading(
        &self,
        input: &Input,
        options: &Options<'_>,
    ) -> Result<(Reading, Option<Reading>), Failure> {
        let limits = &options.limits;
        let Some(delimiter) = is_rejects_file(input) else {
            let reading = holding::reading(input, &self.mapping, &options.overrides, limits)?;
            return Ok((reading, None));
        };
        let reading = Reading::decide(input, &of_csv(delimiter), limits)?;
        let records = holding::of_records(&self.mapping, &reading);
        Ok((reading, Some(records)))
    }
}

/// A CSV of ours, or one that a spreadsheet made of it: nothing is left to guess.
fn of_csv(delimiter: &str) -> Overrides {
    let mut overrides = Overrides::default();
    overrides.set(What::Delimiter, None, delimiter);
    overrides.set(What::Quote, None, "\"");
    overrides.set(What::Escape, None, "\"");
    overrides.set(What::HeaderLines, None, 1);
    overrides.set(What::PreambleLines, None, 0);
    overrides.set(What::FooterLines, None, 0);
    overrides.set(What::LineEnd, None, "crlf");
    overrides
}

/// Ends with exit 4 where a column that the mapping needs is not there.
pub(super) fn columns_fit(input: &Input, check: &ColumnCheck) -> Result<(), Failure> {
    let Some(MissingColumn {
        column,
        used_by,
        nearest,
    }) = check.missing.first()
    else {
        return Ok(());
    };
    let message = format!(
        "{} has no column `{column}`, which fills {}",
        input.name(),
        used_by.join(", ")
    );
    let failure = Failure::new(Ending::Undecided, message);
    let failure = match check.missing.len() {
        0 | 1 => failure,
        count => failure.hint(format!("{} more columns are missing", count - 1)),
    };
    Err(match nearest.as_slice() {
        [] => failure.hint("map the file anew with `aimapper map`"),
        names => failure.hint(format!(
            "did you mean `{}`? Then write it in the rule's `sources`",
            names.join("` or `")
        )),
    })
}

/// Enters the good rows of an earlier run, so that no unique value comes twice.
fn seed(
    path: &Path,
    plan: &Plan,
    unique: &mut UniqueStage,
    options: &Options<'_>,
) -> Result<(), Failure> {
    let input = Input::open(path)?.unpack(None, &options.limits)?;
    let reading = Reading::decide(&input, &of_csv(","), &options.limits)?;
    let unique_fields = || plan.fields().iter().filter(|field| field.is_unique());
    if let Some(field) = unique_fields().find(|field| !names(&reading, field.name())) {
        let message = format!(
            "{} has no column `{}`, so nobody can tell which values there are already",
            path.display(),
            field.name()
        );
        return Err(Failure::new(Ending::CouldNotRun, message)
            .hint("--with takes the good rows of an earlier run as CSV (--format csv)"));
    }
    let mut reader = Reader::new(&input, &reading, options.limits, options.settings.block)?;
    let mut key = String::new();
    while let Some(portion) = reader.next_portion()? {
        for field in unique_fields() {
            let Some(column) = reading.columns.iter().position(|name| name == field.name()) else {
                continue;
            };
            for (index, place) in portion.batch.places.iter().enumerate() {
                let Some(text) = portion.batch.cell(column, index) else {
                    continue;
                };
                let Some(cell) = Spelling::of(field.kind()).read(text) else {
                    continue;
                };
                key.clear();
                cell.write_key(&mut key);
                unique.seed(field.name(), &key, place.line)?;
            }
        }
    }
    Ok(())
}

fn names(reading: &Reading, column: &str) -> bool {
    reading.columns.iter().any(|name| name == column)
}
