//! `aimapper eval`: how good matching is on tables whose mapping is known.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use aimapper_core::evaluate::{
    Answer, ColumnFigures, Evaluation, Grade, SuiteColumns, SuiteValues, Task, ValueFigures,
};
use aimapper_core::matching::{EXAMPLE_BYTES, Examples, Kind, Weights, example_names};
use flate2::{Compression, GzBuilder};
use serde_json::{Map, Value, json};

use crate::args;
use crate::cases::{self, Place};
use crate::failure::{Ending, Failure};

/// One case, answered and graded.
struct Graded {
    suite: String,
    key: String,
    answer: Option<Answer>,
    grade: Grade,
    seconds: f64,
}

/// Asks matching about every case, and prints the figures.
pub(crate) fn eval(args: &args::Eval) -> Result<Ending, Failure> {
    let places = cases::find(args)?;
    if let Some(path) = &args.features {
        return write_features(path, &places, &args.without);
    }
    let weights = args.weights.as_deref().map(weights).transpose()?;
    let weights = weights.unwrap_or_else(|| Weights::built_in().clone());
    let weights = &weights.leaving_out(&args.without);
    let graded = answer_all(&places, args, weights)?;
    if let Some(path) = &args.predictions {
        write_predictions(path, &graded)?;
    }
    if let Some(path) = &args.signals {
        write_signals(path, &places)?;
    }
    let grades: Vec<(&str, Grade, f64)> = graded
        .iter()
        .map(|one| (one.suite.as_str(), one.grade.clone(), one.seconds))
        .collect();
    let evaluation = Evaluation::of(&grades);
    let text = if args.json {
        format!("{:#}\n", json!(evaluation))
    } else {
        in_words(&evaluation)
    };
    // A reader that closes early has seen what it wanted.
    let _ = write!(io::stdout(), "{text}");
    Ok(Ending::Done)
}

/// Weights out of a file.
fn weights(path: &Path) -> Result<Weights, Failure> {
    let json = fs::read(path).map_err(|error| Failure::io("reading", path, &error))?;
    Weights::parse(&json).map_err(|error| {
        let message = format!("{}: {error}", path.display());
        Failure::new(Ending::Usage, message).hint("make them with training/train.py")
    })
}

/// Writes the examples of all cases that may be trained on. Suites are numbers, by name; the file
/// holds no text but the names of the features.
fn write_features(path: &Path, places: &[Place], left_out: &[Kind]) -> Result<Ending, Failure> {
    let mut suites: Vec<(String, bool)> = Vec::new();
    let mut examples = Vec::new();
    let mut tables = 0;
    for place in places {
        let case = place.open()?;
        let Task::Columns(columns) = &case.task else {
            continue;
        };
        if !case.train {
            continue;
        }
        match suites.last_mut() {
            Some((suite, exhaustive)) if *suite == case.suite => *exhaustive &= case.exhaustive,
            Some(_) | None => suites.push((case.suite.clone(), case.exhaustive)),
        }
        let suite = u8::try_from(suites.len() - 1).unwrap_or(u8::MAX);
        let first = Examples {
            suite,
            copy: 0,
            table: tables,
            left_out,
        };
        tables += columns.examples(first, case.exhaustive, &mut examples);
    }
    let exhaustive: Vec<bool> = suites.iter().map(|(_, exhaustive)| *exhaustive).collect();
    let head = json!({
        "features": example_names(),
        "bytes": EXAMPLE_BYTES,
        "exhaustive": exhaustive,
    });
    let written = fs::File::create(path).and_then(|file| {
        let mut file = GzBuilder::new().write(file, Compression::best());
        writeln!(file, "{head}")?;
        file.write_all(&examples)?;
        file.finish()
    });
    written.map_err(|error| Failure::io("writing the features to", path, &error))?;
    let rows = examples.len() / EXAMPLE_BYTES;
    let text = format!(
        "{rows} examples of {tables} tables in {} suites",
        suites.len()
    );
    let _ = writeln!(io::stdout(), "{text}");
    Ok(Ending::Done)
}

/// Answers all cases, each on one thread; the order of the results is that of the cases.
fn answer_all(
    places: &[Place],
    args: &args::Eval,
    weights: &Weights,
) -> Result<Vec<Graded>, Failure> {
    let threads = args
        .threads
        .unwrap_or_else(|| std::thread::available_parallelism().map_or(1, std::num::NonZero::get));
    let next = AtomicUsize::new(0);
    let results: Mutex<Vec<(usize, Result<Graded, Failure>)>> = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..threads.clamp(1, places.len()) {
            scope.spawn(|| {
                while let index = next.fetch_add(1, Ordering::Relaxed)
                    && let Some(place) = places.get(index)
                {
                    let graded = answer_one(place, weights, args.predictions.is_some());
                    if let Ok(mut results) = results.lock() {
                        results.push((index, graded));
                    }
                }
            });
        }
    });
    let mut results = results.into_inner().unwrap_or_default();
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, graded)| graded).collect()
}

fn answer_one(place: &Place, weights: &Weights, keep: bool) -> Result<Graded, Failure> {
    let case = place.open()?;
    let started = processor_seconds();
    let answer = case.answer(weights);
    let seconds = processor_seconds() - started;
    Ok(Graded {
        key: case.key(),
        grade: Grade::of(&case, &answer),
        suite: case.suite,
        answer: keep.then_some(answer),
        seconds,
    })
}

/// Seconds of processor that this thread took so far: on a machine that does other things as well,
/// a clock on the wall tells nothing.
fn processor_seconds() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

fn write_predictions(path: &Path, graded: &[Graded]) -> Result<(), Failure> {
    let all: Map<String, Value> = graded
        .iter()
        .map(|one| {
            let seconds = (one.seconds * 1e6).round() / 1e6;
            let value = match &one.answer {
                Some(Answer::Columns(ranked)) => {
                    let rows = ranked
                        .iter()
                        .map(|pair| json!([pair.column, pair.field, pair.score]));
                    json!({"ranked": rows.collect::<Vec<_>>(), "seconds": seconds})
                }
                Some(Answer::Values(ranked)) => {
                    let rows = ranked
                        .iter()
                        .map(|pair| json!([pair.value, pair.label, pair.score]));
                    json!({"values": rows.collect::<Vec<_>>(), "seconds": seconds})
                }
                None => Value::Null,
            };
            (one.key.clone(), value)
        })
        .collect();
    fs::write(path, format!("{}\n", Value::Object(all)))
        .map_err(|error| Failure::io("writing the predictions to", path, &error))
}

fn write_signals(path: &Path, places: &[Place]) -> Result<(), Failure> {
    let mut text = String::new();
    for place in places {
        for signals in place.open()?.value_signals() {
            // Writing to a `String` cannot fail.
            let _ = writeln!(text, "{}", json!(signals));
        }
    }
    fs::write(path, text).map_err(|error| Failure::io("writing the signals to", path, &error))
}

const COLUMN_HEADS: [&str; 12] = [
    "R@GT", "MRR", "top1", "top5", "top20", "F1@1", "ECE", "AUC", "cov95", "acc", "prec", "s",
];

fn in_words(evaluation: &Evaluation) -> String {
    let mut text = String::new();
    // Writing to a `String` cannot fail.
    if let Some(mean) = &evaluation.columns_mean {
        let heads: String = COLUMN_HEADS
            .iter()
            .map(|head| format!(" {head:>6}"))
            .collect();
        let _ = writeln!(text, "{:22}{:>6}{:>6}{heads}", "suite", "cases", "cols");
        for suite in &evaluation.columns {
            let SuiteColumns {
                suite,
                cases,
                columns,
                figures,
            } = suite;
            let _ = writeln!(text, "{suite:22}{cases:6}{columns:6}{}", line(figures));
        }
        let cases: usize = evaluation.columns.iter().map(|suite| suite.cases).sum();
        let _ = writeln!(
            text,
            "{:22}{cases:6}{:6}{}",
            "mean over suites",
            "",
            line(mean)
        );
    }
    if let Some(found) = &evaluation.calibration {
        let worst = found
            .worst_precision
            .map_or_else(|| "-".to_owned(), |p| format!("{p:.3}"));
        let _ = writeln!(
            text,
            "Confidence over {} exhaustive suites: ECE pooled {:.3}, balanced {:.3}; accepted at >= 0.9: \
             {:.3} of the columns, {:.3} of them right; balanced {:.3}; worst precision of a suite with 10 \
             accepted {worst}",
            found.suites,
            found.ece_pooled,
            found.ece_balanced,
            found.accepted_pooled,
            found.precision_pooled,
            found.accepted_balanced,
        );
    }
    if let Some(mean) = &evaluation.values_mean {
        if !text.is_empty() {
            text.push('\n');
        }
        let _ = writeln!(
            text,
            "{:22}{:>6}{:>7}   top1   top5    MRR  top1 of those that differ",
            "suite of values", "cases", "values"
        );
        for suite in &evaluation.values {
            let SuiteValues {
                suite,
                cases,
                values,
                figures,
            } = suite;
            let _ = writeln!(text, "{suite:22}{cases:6}{values:7}{}", value_line(figures));
        }
        let _ = writeln!(text, "{:35}{}", "mean over suites", value_line(mean));
    }
    text
}

fn line(figures: &ColumnFigures) -> String {
    [
        figures.recall,
        figures.mrr,
        figures.top1,
        figures.top5,
        figures.top20,
        figures.f1,
        figures.ece,
        figures.auc,
        figures.cov95,
        figures.accepted,
        figures.precision,
        figures.seconds,
    ]
    .iter()
    .map(|figure| figure.map_or_else(|| "      -".to_owned(), |figure| format!(" {figure:6.3}")))
    .collect()
}

fn value_line(figures: &ValueFigures) -> String {
    [
        figures.top1,
        figures.top5,
        figures.mrr,
        figures.top1_different,
    ]
    .iter()
    .map(|figure| format!(" {figure:6.3}"))
    .collect()
}
