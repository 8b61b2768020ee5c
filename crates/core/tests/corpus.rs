//! The fault corpus: small files of one kind of damage each, with what has to come out of them,
//! worked out by hand (corpus/README.md).

#![cfg(test)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use aimapper_core::pipeline::{self, Settings, Source};
use aimapper_core::source::{
    Decision, Input, Limits, Overrides, Reader, Reading, SourceError, What, audit,
};
use serde::Deserialize;
use serde_json::Value;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    file: String,
    #[serde(rename = "why")]
    _why: String,
    #[serde(default)]
    recipe: Vec<Part>,
    /// Decisions that are set, as with `--set`.
    #[serde(default)]
    set: BTreeMap<String, Value>,
    outcome: String,
    error: Option<String>,
    encoding: Option<String>,
    line_end: Option<String>,
    delimiter: Option<String>,
    quote: Option<String>,
    escape: Option<String>,
    preamble_lines: Option<u64>,
    header_lines: Option<u64>,
    footer_lines: Option<u64>,
    columns: Option<Vec<Option<String>>>,
    balance: Option<ExpectedBalance>,
    good: Option<Vec<Vec<Option<String>>>>,
    rejected_lines: Option<Vec<u64>>,
    #[serde(default)]
    open: Vec<String>,
    #[serde(default)]
    loose: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Part {
    text: String,
    #[serde(default = "once")]
    times: usize,
}

const fn once() -> usize {
    1
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpectedBalance {
    read: Option<u64>,
    good: Option<u64>,
    rejected: Option<u64>,
    non_data: Option<u64>,
}

/// What a file came to.
struct Outcome {
    reading: Reading,
    /// Of the source, then of its columns.
    decisions: Vec<Decision>,
    good: Vec<Vec<Option<String>>>,
    rejected_lines: Vec<u64>,
    read: u64,
    non_data: u64,
    balanced: bool,
}

fn open(case: &Case, folder: &Path) -> Result<Input, SourceError> {
    if case.recipe.is_empty() {
        return Input::open(&folder.join(&case.file));
    }
    let text: String = case
        .recipe
        .iter()
        .map(|part| part.text.repeat(part.times))
        .collect();
    Input::spool(case.file.clone(), text.as_bytes())
}

fn overrides(case: &Case) -> Overrides {
    let mut overrides = Overrides::default();
    for (what, value) in &case.set {
        overrides.set(What::parse(what).unwrap(), None, value.clone());
    }
    overrides
}

fn read(
    input: &Input,
    overrides: &Overrides,
    limits: Limits,
    block: usize,
) -> Result<Outcome, SourceError> {
    let reading = Reading::decide(input, overrides, &limits)?;
    let mut reader = Reader::new(input, &reading, limits, block)?;
    let (mut good, mut rejected_lines) = (Vec::new(), Vec::new());
    let mut state = None;
    while let Some(portion) = reader.next_portion()? {
        for record in 0..portion.batch.len() {
            let columns = 0..portion.batch.columns.len();
            good.push(
                columns
                    .map(|c| portion.batch.cell(c, record).map(str::to_owned))
                    .collect(),
            );
        }
        rejected_lines.extend(portion.rejects.iter().map(|reject| reject.line));
        state = Some(portion.state);
    }
    let state = state.unwrap();
    if state.rows == 0 {
        return Err(SourceError::HeaderOnly {
            file: input.name().to_owned(),
        });
    }
    let audit = audit(input, &reading, block)?;
    let balanced = state.tiled
        && state.byte == input.size()
        && (audit.counted, audit.borders, audit.end) == (state.read, state.borders, state.byte)
        && state.read == good.len() as u64 + rejected_lines.len() as u64 + state.non_data;
    let source = Source {
        input,
        reading: &reading,
        limits,
        replays: None,
    };
    let (profile, tally) =
        match pipeline::profile(source, overrides, Settings::default(), &mut |_| ()) {
            Ok(profiled) => profiled,
            Err(error) => panic!("{}: {error}", input.name()),
        };
    let decisions = [reading.decisions.as_slice(), profile.decisions.as_slice()].concat();
    let balanced = balanced && tally.balance.balanced;
    Ok(Outcome {
        decisions,
        reading,
        good,
        rejected_lines,
        read: state.read,
        non_data: state.non_data,
        balanced,
    })
}

fn decision<'a>(decisions: &'a [Decision], what: &str) -> &'a Decision {
    decisions
        .iter()
        .find(|decision| decision.what.name() == what)
        .unwrap()
}

/// What is wrong with a case, in one line each.
fn problems(case: &Case, outcome: Result<Outcome, SourceError>) -> Vec<String> {
    let mut problems = Problems(Vec::new());
    match (outcome, case.outcome.as_str()) {
        (Err(_), "error") if case.loose => {}
        (Err(error), "error") => {
            let kind = kind_of(&error);
            if case
                .error
                .as_deref()
                .is_some_and(|expected| expected != kind)
            {
                problems.0.push(format!("error {kind}: {error}"));
            }
        }
        (Ok(_), "error") if !case.loose => problems.0.push("no error".to_owned()),
        (Err(error), _) => problems.0.push(format!("error: {error}")),
        (Ok(outcome), _) => {
            problems.accounts(case, &outcome);
            if !case.loose {
                problems.decisions(case, &outcome);
                problems.rows(case, &outcome);
            }
        }
    }
    problems.0
}

/// The word of the corpus for an error.
fn kind_of(error: &SourceError) -> &'static str {
    if matches!(error, SourceError::Empty { .. } | SourceError::Blank { .. }) {
        "empty"
    } else if matches!(error, SourceError::HeaderOnly { .. }) {
        "header_only"
    } else if matches!(error, SourceError::Binary { .. }) {
        "binary"
    } else {
        "other"
    }
}

struct Problems(Vec<String>);

impl Problems {
    fn differ(&mut self, what: &str, got: impl ToString, wanted: impl ToString) {
        let (got, wanted) = (got.to_string(), wanted.to_string());
        if got != wanted {
            self.0.push(format!("{what}: got {got}, wanted {wanted}"));
        }
    }

    /// What holds for every file: it adds up, and has as many records as a person counts.
    fn accounts(&mut self, case: &Case, outcome: &Outcome) {
        self.differ("balanced", outcome.balanced, true);
        if let Some(read) = case.balance.as_ref().and_then(|balance| balance.read) {
            self.differ("read", outcome.read, read);
        }
    }

    fn decisions(&mut self, case: &Case, outcome: &Outcome) {
        let decisions = &outcome.reading.decisions;
        let texts = [
            ("encoding", &case.encoding),
            ("line_end", &case.line_end),
            ("delimiter", &case.delimiter),
            ("quote", &case.quote),
            ("escape", &case.escape),
        ];
        for (what, wanted) in texts {
            if let Some(wanted) = wanted {
                self.differ(
                    what,
                    &decision(decisions, what).value,
                    Value::from(wanted.as_str()),
                );
            }
        }
        let counts = [
            ("preamble_lines", case.preamble_lines),
            ("header_lines", case.header_lines),
            ("footer_lines", case.footer_lines),
        ];
        for (what, wanted) in counts {
            if let Some(wanted) = wanted {
                self.differ(what, &decision(decisions, what).value, wanted);
            }
        }
        for open in &case.open {
            let (what, column) = match open.split_once('@') {
                Some((what, column)) => (what, Some(column)),
                None => (open.as_str(), None),
            };
            let found = outcome
                .decisions
                .iter()
                .find(|d| d.what.name() == what && d.column.as_deref() == column);
            let sure = found.map(|decision| decision.sure);
            self.differ(&format!("{open} sure"), format!("{sure:?}"), "Some(false)");
        }
    }

    fn rows(&mut self, case: &Case, outcome: &Outcome) {
        if let Some(balance) = &case.balance {
            let counts = [
                ("good", outcome.good.len() as u64, balance.good),
                (
                    "rejected",
                    outcome.rejected_lines.len() as u64,
                    balance.rejected,
                ),
                ("non_data", outcome.non_data, balance.non_data),
            ];
            for (what, got, wanted) in counts {
                self.differ(what, got, wanted.unwrap_or(got));
            }
        }
        if let Some(wanted) = &case.columns {
            let got = &outcome.reading.columns;
            let fits = got.len() == wanted.len()
                && got
                    .iter()
                    .zip(wanted)
                    .all(|(got, name)| name.as_ref().is_none_or(|w| w == got));
            if !fits {
                self.differ("columns", format!("{got:?}"), format!("{wanted:?}"));
            }
        }
        if let Some(wanted) = &case.rejected_lines {
            self.differ(
                "rejected_lines",
                format!("{:?}", outcome.rejected_lines),
                format!("{wanted:?}"),
            );
        }
        if let Some(wanted) = &case.good {
            self.differ("good", format!("{:?}", outcome.good), format!("{wanted:?}"));
        }
    }
}

#[test]
fn every_file_of_the_corpus_is_accounted_for() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let text = fs::read_to_string(folder.join("expected.json")).unwrap();
    let cases: Vec<Case> = serde_json::from_str(&text).unwrap();
    assert!(cases.len() >= 80, "{} cases", cases.len());
    let mut failed = Vec::new();
    for case in &cases {
        let outcome = open(case, &folder)
            .and_then(|input| read(&input, &overrides(case), Limits::default(), 1 << 16));
        let problems = problems(case, outcome);
        if !problems.is_empty() {
            failed.push(format!("{}\n    {}", case.file, problems.join("\n    ")));
        }
    }
    assert!(
        failed.is_empty(),
        "{} of {} cases:\n{}",
        failed.len(),
        cases.len(),
        failed.join("\n")
    );
}
