//! `aimapper read`: a messy file into a clean table.

use aimapper_core::mapping::{Question, Subject, decision_question, value_in_words};
use aimapper_core::pipeline::Tally;
use aimapper_core::report::{self, Report, SourceFile};
use aimapper_core::source::{Decision, SourceError};
use aimapper_core::validation::Balance;

use crate::args;
use crate::failure::{Ending, Failure};
use crate::job::{self, Job, Options, Outcome, Papers};
use crate::outputs::Outputs;
use crate::sources::{self, Named};
use crate::summary;

/// Reads every source.
pub(crate) fn read(args: &args::Read) -> Result<Ending, Failure> {
    let options = Options::new(&args.reading, Some(&args.output))?;
    let sources = sources::expand(&args.sources, args.output.output.as_deref())?;
    super::each(&sources, &args.output, |named| one(named, &options, args))
}

fn one(named: &Named, options: &Options<'_>, args: &args::Read) -> Result<Outcome, Failure> {
    let mut outputs = super::outputs(named, &args.output)?;
    // Opened once only, because standard input is gone afterwards.
    let input = match named.open(&options.limits) {
        Err(SourceError::Empty { .. }) if options.accept.is_some() => {
            return empty(named, outputs);
        }
        opened => opened?,
    };
    let job = Job::decide(input, options)?;
    let questions = questions(&job.reading.decisions, options.accept);
    if !questions.is_empty() {
        let (profile, tally) = job.profile()?;
        job.has_rows(&tally)?;
        let mut report = job.report(&tally, job.reading.decisions.clone(), profile.columns, None);
        let papers = Papers {
            mapping: None,
            target: None,
            guarded: &[],
        };
        let paths = job::publish(outputs, tally, &mut report, &papers)?;
        return Ok(summary::undecided(named, report, questions, None, paths));
    }
    let done = job.read(&outputs, !args.no_profile)?;
    job.has_rows(&done.tally)?;
    let profile = done.profile.unwrap_or_default();
    let decisions = [
        job.reading.decisions.as_slice(),
        profile.decisions.as_slice(),
    ]
    .concat();
    let mut report = job.report(&done.tally, decisions, profile.columns, None);
    outputs.keep(done.good)?;
    outputs.keep(done.rejects)?;
    let papers = Papers {
        mapping: None,
        target: None,
        guarded: &done.guarded,
    };
    let paths = job::publish(outputs, done.tally, &mut report, &papers)?;
    let ending = job::ending_of(&report.balance, args.output.max_rejects);
    Ok(summary::done(named, ending, report, None, paths))
}

/// Readings of the whole source that are neither sure nor accepted.
fn questions(decisions: &[Decision], accept: Option<f64>) -> Vec<Question> {
    decisions
        .iter()
        .filter(|decision| {
            !decision.sure && accept.is_none_or(|accept| decision.confidence < accept)
        })
        .map(|decision| Question {
            about: Subject::Reading {
                what: decision.what,
                column: None,
            },
            text: decision_question(decision),
            reason: decision.reason.clone(),
            options: std::iter::once((value_in_words(&decision.value), decision.confidence))
                .chain(
                    decision
                        .alternatives
                        .iter()
                        .map(|a| (value_in_words(&a.value), a.confidence)),
                )
                .collect(),
            settle: format!(
                "--set {}={}, or --accept {:.2}",
                decision.what.name(),
                summary::shell_word(&text(&decision.value)),
                (decision.confidence * 100.0).floor() / 100.0
            ),
        })
        .collect()
}

fn text(value: &serde_json::Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// An empty file that is to be taken as it is: a table without columns and rows.
fn empty(named: &Named, mut outputs: Outputs) -> Result<Outcome, Failure> {
    outputs.keep_text("good.csv", "")?;
    let header = aimapper_core::transform::REJECT_COLUMNS.join(",");
    outputs.keep_text("rejects.csv", &format!("{header}\r\n"))?;
    let mut report = Report {
        version: report::FORMAT_VERSION,
        source: SourceFile {
            file: named.file_name(),
            bytes: 0,
            // SHA-256 of nothing.
            sha256: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855".to_owned(),
        },
        decisions: Vec::new(),
        columns: Vec::new(),
        fields: None,
        non_data: Vec::new(),
        balance: Balance::new(0, 0, 0, 0, 0, true),
        rejects_by_rule: std::collections::BTreeMap::new(),
        outputs: Vec::new(),
        seconds: 0.0,
    };
    let papers = Papers {
        mapping: None,
        target: None,
        guarded: &[],
    };
    let paths = job::publish(outputs, Tally::default(), &mut report, &papers)?;
    Ok(summary::done(named, Ending::Done, report, None, paths))
}
