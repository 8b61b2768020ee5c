//! One source on its way through the core: opened, read, written and reported.

use std::path::PathBuf;
use std::time::Instant;

use aimapper_core::mapping::{Mapping, Question, Rule, to_yaml};
use aimapper_core::pipeline::{self, Done, Settings, Sinks, Source, Tally, Work};
use aimapper_core::profile::{ColumnProfile, Profile, check_overrides};
use aimapper_core::report::{Report, to_html, to_json};
use aimapper_core::source::{Decision, Input, Limits, Overrides, Reading, What};
use aimapper_core::target::TargetSchema;
use aimapper_core::transform::{
    Encoder, Guarded, Layout, Plan, RejectsWriter, TableWriter, TextFormat, UniqueStage,
};
use aimapper_core::validation::Balance;

use crate::args::{self, Format, Most};
use crate::failure::{Ending, Failure};
use crate::outputs::{Draft, Outputs};
use crate::progress;
use crate::sources::Named;

/// What the options of a verb mean for every source.
#[derive(Debug)]
pub(crate) struct Options<'a> {
    pub(crate) overrides: Overrides,
    pub(crate) settings: Settings,
    pub(crate) limits: Limits,
    pub(crate) accept: Option<f64>,
    pub(crate) output: Option<&'a args::Output>,
}

impl<'a> Options<'a> {
    pub(crate) fn new(
        reading: &args::Reading,
        output: Option<&'a args::Output>,
    ) -> Result<Self, Failure> {
        let mut overrides = Overrides::default();
        for set in &reading.set {
            overrides.set(set.what, set.column.clone(), set.value.clone());
        }
        if let Some(table) = reading.table {
            overrides.set(What::Table, None, table);
        }
        check_overrides(&overrides)?;
        let threads = reading.threads.unwrap_or_else(|| {
            std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
        });
        if output.is_some_and(|output| output.excel && output.format != Format::Csv) {
            return Err(Failure::new(Ending::Usage, "--excel is for CSV only")
                .hint("leave out --format, or leave out --excel"));
        }
        let settings = Settings {
            threads,
            ..Settings::default()
        };
        Ok(Self {
            overrides,
            settings,
            limits: reading.unpacking.limits(),
            accept: reading.accept,
            output,
        })
    }

    /// Whether a source has every column that something was set for; it would be without effect in silence.
    pub(crate) fn knows_columns(&self, file: &str, reading: &Reading) -> Result<(), Failure> {
        let known = |column: &str| reading.columns.iter().any(|name| name == column);
        let mut set = self
            .overrides
            .iter()
            .filter_map(|(what, column, _)| Some((what, column?)));
        let Some((what, column)) = set.find(|(_, column)| !known(column)) else {
            return Ok(());
        };
        let message = format!(
            "--set {}@{column}: {file} has no column of that name",
            what.name()
        );
        let columns = reading.columns.join(", ");
        let hint = format!("its columns are {columns}");
        Err(Failure::new(Ending::Usage, message).hint(hint))
    }
}

/// A source that is open, with its reading.
#[derive(Debug)]
pub(crate) struct Job<'a> {
    pub(crate) input: Input,
    pub(crate) reading: Reading,
    /// For a rejects file: how its records are read.
    pub(crate) replays: Option<Reading>,
    options: &'a Options<'a>,
    started: Instant,
}

/// What became of a source.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) file: String,
    pub(crate) ending: Ending,
    pub(crate) report: Report,
    pub(crate) questions: Vec<Question>,
    pub(crate) mapping: Option<Mapping>,
    pub(crate) new_columns: Vec<String>,
    pub(crate) paths: Vec<PathBuf>,
}

impl<'a> Job<'a> {
    /// Opens a source and decides how it is read.
    pub(crate) fn open(named: &Named, options: &'a Options<'a>) -> Result<Self, Failure> {
        Self::decide(named.open(&options.limits)?, options)
    }

    /// Decides how an open source is read.
    pub(crate) fn decide(input: Input, options: &'a Options<'a>) -> Result<Self, Failure> {
        let started = Instant::now();
        let reading = Reading::decide(&input, &options.overrides, &options.limits)?;
        options.knows_columns(input.name(), &reading)?;
        Ok(Self {
            input,
            reading,
            replays: None,
            options,
            started,
        })
    }

    /// A source that is open already.
    pub(crate) fn opened(
        input: Input,
        reading: Reading,
        replays: Option<Reading>,
        options: &'a Options<'a>,
    ) -> Self {
        Self {
            input,
            reading,
            replays,
            options,
            started: Instant::now(),
        }
    }

    fn source(&self) -> Source<'_> {
        Source {
            input: &self.input,
            reading: &self.reading,
            limits: self.options.limits,
            replays: self.replays.as_ref(),
        }
    }

    /// Profiles it.
    pub(crate) fn profile(&self) -> Result<(Profile, Tally), Failure> {
        let bar = progress::bar(self.input.size(), "profile");
        let (profile, tally) = pipeline::profile(
            self.source(),
            &self.options.overrides,
            self.options.settings,
            &mut |at| bar.set_position(at.byte),
        )?;
        bar.finish_and_clear();
        self.proved(&tally)?;
        Ok((profile, tally))
    }

    /// Reads it into a clean table; with `profile` its columns are profiled on the way.
    pub(crate) fn read(&self, outputs: &Outputs, profile: bool) -> Result<Done<Draft>, Failure> {
        let format = self.format();
        let good = outputs.draft(&good_suffix(format))?;
        let rejects = self.rejects_writer(outputs)?;
        // A table keeps the names of the source; where names are keys they have to be unique.
        let table = match format {
            Format::Csv => {
                TableWriter::text(good, Encoder::of_columns(&self.reading.header, self.text()))
            }
            Format::Ndjson => TableWriter::text(
                good,
                Encoder::of_columns(&self.reading.columns, TextFormat::Ndjson),
            ),
            Format::Parquet => TableWriter::text_parquet(
                good,
                &self.reading.columns,
                self.options.settings.threads,
            ),
        }?;
        let bar = progress::bar(self.input.size(), "read");
        let done = pipeline::read(
            self.source(),
            Sinks {
                table,
                rejects,
                chunks: None,
                profile: profile.then_some(&self.options.overrides),
            },
            self.options.settings,
            &mut |at| bar.set_position(at.byte),
        )?;
        bar.finish_and_clear();
        self.proved(&done.tally)?;
        Ok(done)
    }

    /// Runs a plan over it; with `profile` its columns are profiled on the way.
    pub(crate) fn run(
        &self,
        plan: &Plan,
        unique: UniqueStage,
        outputs: &Outputs,
        profile: bool,
    ) -> Result<Done<Draft>, Failure> {
        let format = self.format();
        let good = outputs.draft(&good_suffix(format))?;
        let rejects = self.rejects_writer(outputs)?;
        let table = match format {
            Format::Csv => TableWriter::text(good, Encoder::of_plan(plan, self.text())?)?,
            Format::Ndjson => TableWriter::text(good, Encoder::of_plan(plan, TextFormat::Ndjson)?)?,
            Format::Parquet => {
                let mut layout = Layout::of_plan(plan);
                if layout.needs_look() {
                    let settings = self.options.settings;
                    pipeline::observe(self.source(), plan, &mut layout, settings)?;
                }
                TableWriter::parquet(good, plan, &layout, self.options.settings.threads)?
            }
        };
        let bar = progress::bar(self.input.size(), "run");
        let done = pipeline::run(
            self.source(),
            plan,
            unique,
            Sinks {
                table,
                rejects,
                chunks: None,
                profile: profile.then_some(&self.options.overrides),
            },
            self.options.settings,
            &mut |at| bar.set_position(at.byte),
        )?;
        bar.finish_and_clear();
        self.proved(&done.tally)?;
        Ok(done)
    }

    fn rejects_writer(&self, outputs: &Outputs) -> Result<RejectsWriter<Draft>, Failure> {
        let draft = outputs.draft("rejects.csv")?;
        RejectsWriter::new(draft, self.input.name())
            .map_err(|error| Failure::io("writing", &outputs.path("rejects.csv"), &error))
    }

    fn format(&self) -> Format {
        self.options
            .output
            .map_or(Format::Csv, |output| output.format)
    }

    fn text(&self) -> TextFormat {
        match self.options.output {
            Some(output) if output.excel => TextFormat::ExcelCsv,
            Some(_) | None => TextFormat::Csv,
        }
    }

    /// Ends with an error of ours if the counts do not add up: nothing is published then.
    fn proved(&self, tally: &Tally) -> Result<(), Failure> {
        if tally.balance.balanced {
            return Ok(());
        }
        let Balance {
            counted,
            read,
            good,
            rejected,
            non_data,
            ..
        } = tally.balance;
        let message = format!(
            "{} does not add up: {counted} records counted, {read} read = {good} good + {rejected} \
             rejected + {non_data} non-data",
            self.input.name()
        );
        Err(Failure::new(Ending::CouldNotRun, message)
            .hint("this is a bug of aimapper; nothing was written; please report it"))
    }

    /// Refuses a source without a single record, unless the best reading is to be taken.
    pub(crate) fn has_rows(&self, tally: &Tally) -> Result<(), Failure> {
        if tally.state.rows > 0 || self.options.accept.is_some() {
            return Ok(());
        }
        let file = self.input.name().to_owned();
        let failure = Failure::from(aimapper_core::source::SourceError::HeaderOnly { file });
        Err(failure.hint("to take it as a table without rows, add --accept 0"))
    }

    /// The report of what was done.
    pub(crate) fn report(
        &self,
        tally: &Tally,
        decisions: Vec<Decision>,
        columns: Vec<ColumnProfile>,
        rules: Option<&[Rule]>,
    ) -> Report {
        pipeline::report(Work {
            input: &self.input,
            reading: &self.reading,
            tally,
            decisions,
            columns,
            rules,
            seconds: self.started.elapsed().as_secs_f64(),
        })
    }
}

/// What goes into a set of results beside the rows.
#[derive(Debug)]
pub(crate) struct Papers<'a> {
    pub(crate) mapping: Option<&'a Mapping>,
    pub(crate) target: Option<&'a TargetSchema>,
    pub(crate) guarded: &'a [Guarded],
}

/// Adds mapping, non-data and reports to the results and lets all appear; gives their paths.
pub(crate) fn publish(
    mut outputs: Outputs,
    tally: Tally,
    report: &mut Report,
    papers: &Papers<'_>,
) -> Result<Vec<PathBuf>, Failure> {
    if let Some(mapping) = papers.mapping {
        outputs.keep_text("mapping.yaml", &to_yaml(mapping))?;
    }
    if !papers.guarded.is_empty() {
        let mut text = "_row,_line,_field\r\n".to_owned();
        for cell in papers.guarded {
            let field = cell.field.replace('"', "\"\"");
            text.push_str(&format!("{},{},\"{field}\"\r\n", cell.row, cell.line));
        }
        outputs.keep_text("guarded.csv", &text)?;
    }
    if let Some(mut spill) = tally.spill {
        let mut draft = outputs.draft("nondata.csv")?;
        let copied = spill
            .reopen()
            .and_then(|mut file| std::io::copy(&mut file, &mut draft));
        copied.map_err(|error| Failure::io("copying", spill.path(), &error))?;
        // Closed before it is deleted.
        let _ = spill.as_file_mut();
        outputs.keep(draft)?;
    }
    report.outputs = outputs.names();
    report
        .outputs
        .extend([outputs.name("report.html"), outputs.name("report.json")]);
    outputs.keep_text("report.html", &to_html(report, papers.target, &tally.shown))?;
    outputs.keep_text("report.json", &to_json(report))?;
    let paths = report
        .outputs
        .iter()
        .map(|name| outputs.folder().join(name))
        .collect();
    outputs.publish()?;
    Ok(paths)
}

/// Done, or done with too many rejects.
pub(crate) fn ending_of(balance: &Balance, most: Most) -> Ending {
    if most.exceeded(balance.rejected, balance.good + balance.rejected) {
        Ending::TooManyRejects
    } else {
        Ending::Done
    }
}

/// Results that must not be there yet.
pub(crate) fn suffixes(format: Format) -> Vec<String> {
    let mut suffixes: Vec<String> = [
        "rejects.csv",
        "mapping.yaml",
        "guarded.csv",
        "nondata.csv",
        "report.html",
        "report.json",
    ]
    .map(str::to_owned)
    .to_vec();
    suffixes.push(good_suffix(format));
    suffixes
}

fn good_suffix(format: Format) -> String {
    format!("good.{}", format.extension())
}
