//! Summaries: what was read, decided, needed and written, for people or as JSON.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::PathBuf;

use aimapper_core::mapping::{
    Confidence, Mapping, Question, Rule, RuleState, sources_in_words, transform_in_words,
};
use aimapper_core::report::{NonDataKind, Report};
use aimapper_core::source::What;
use aimapper_core::validation::Balance;

use crate::args::Output;
use crate::failure::{Ending, Failure};
use crate::job::Outcome;
use crate::sources::Named;

/// The outcome of a source whose rows were written.
pub(crate) fn done(
    named: &Named,
    ending: Ending,
    report: Report,
    mapping: Option<Mapping>,
    paths: Vec<PathBuf>,
) -> Outcome {
    let (questions, new_columns) = (Vec::new(), Vec::new());
    Outcome {
        file: named.display(),
        ending,
        report,
        questions,
        mapping,
        new_columns,
        paths,
    }
}

/// The outcome of a source that needs a decision.
pub(crate) fn undecided(
    named: &Named,
    report: Report,
    questions: Vec<Question>,
    mapping: Option<Mapping>,
    paths: Vec<PathBuf>,
) -> Outcome {
    let (ending, new_columns) = (Ending::Undecided, Vec::new());
    Outcome {
        file: named.display(),
        ending,
        report,
        questions,
        mapping,
        new_columns,
        paths,
    }
}

/// Says on standard error why one of several sources failed.
pub(crate) fn complain(failure: &Failure) {
    // Where standard error is closed nobody can be told.
    let _ = write!(io::stderr(), "{failure}");
}

/// Prints all outcomes, and their sum where there are several.
pub(crate) fn print(outcomes: &[Outcome], output: &Output) {
    let text = if output.json {
        json(outcomes)
    } else {
        people(outcomes, output)
    };
    // A reader that closes early has seen what it wanted.
    let _ = io::stdout().write_all(text.as_bytes());
}

fn json(outcomes: &[Outcome]) -> String {
    let sources: Vec<serde_json::Value> = outcomes
        .iter()
        .map(|outcome| {
            serde_json::json!({
                "file": outcome.file,
                "exit": outcome.ending as u8,
                "balance": outcome.report.balance,
                "rejects_by_rule": outcome.report.rejects_by_rule,
                "questions": outcome.questions,
                "new_columns": outcome.new_columns,
                "outputs": outcome.paths,
            })
        })
        .collect();
    format!(
        "{:#}\n",
        serde_json::json!({ "sources": sources, "total": total(outcomes) })
    )
}

fn total(outcomes: &[Outcome]) -> Balance {
    outcomes.iter().map(|outcome| outcome.report.balance).fold(
        Balance::new(0, 0, 0, 0, 0, true),
        |sum, next| Balance {
            counted: sum.counted + next.counted,
            read: sum.read + next.read,
            good: sum.good + next.good,
            rejected: sum.rejected + next.rejected,
            non_data: sum.non_data + next.non_data,
            balanced: sum.balanced && next.balanced,
        },
    )
}

fn people(outcomes: &[Outcome], output: &Output) -> String {
    let mut text = String::new();
    for outcome in outcomes {
        one(&mut text, outcome, output);
    }
    if outcomes.len() > 1 {
        let _ = writeln!(text, "Total    {}", balance(&total(outcomes)));
    }
    text.push_str("Privacy  nothing left this machine\n");
    text
}

fn one(text: &mut String, outcome: &Outcome, output: &Output) {
    let _ = writeln!(
        text,
        "Source   {} · {}",
        outcome.file,
        reading(&outcome.report)
    );
    if let Some(mapping) = &outcome.mapping {
        self::mapping(text, mapping);
    }
    if !outcome.new_columns.is_empty() {
        let _ = writeln!(
            text,
            "New      {} (no rule uses them)",
            outcome.new_columns.join(", ")
        );
    }
    let rejects: Vec<String> = outcome
        .report
        .rejects_by_rule
        .iter()
        .map(|(rule, count)| format!("{count} {rule}"))
        .collect();
    let counts = &outcome.report.balance;
    if outcome.ending == Ending::Undecided {
        let _ = write!(
            text,
            "Rows     {} read: {} readable, {} rejected, {} non-data; none written yet",
            number(counts.read),
            number(counts.good),
            number(counts.rejected),
            number(counts.non_data)
        );
    } else {
        let _ = write!(text, "Rows     {}", balance(counts));
    }
    if !rejects.is_empty() {
        let _ = write!(text, "   ({})", rejects.join(", "));
    }
    text.push('\n');
    let paths: Vec<String> = outcome
        .paths
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    let _ = writeln!(text, "Wrote    {}", paths.join("  "));
    if !outcome.questions.is_empty() {
        let _ = writeln!(
            text,
            "Needed   {} before rows are written:",
            decisions(outcome.questions.len())
        );
        for question in &outcome.questions {
            let _ = writeln!(text, "  ? {}", question.text);
            if !question.reason.is_empty() {
                let _ = writeln!(text, "      {}", question.reason);
            }
            for (option, confidence) in &question.options {
                let _ = writeln!(text, "      {option}  {confidence:.2}");
            }
            let _ = writeln!(text, "      settle it: {}", question.settle);
        }
    }
    closing(text, outcome, output);
}

/// What to do next, and what the exit code means.
fn closing(text: &mut String, outcome: &Outcome, output: &Output) {
    if outcome.ending == Ending::Undecided {
        text.push_str(
            "Next     settle it and run again with --force, which writes over these files\n",
        );
    }
    let repairs = outcome.report.decisions.iter().find_map(|decision| {
        let more = decision.alternatives.first()?;
        (decision.what == What::Repair).then_some(&more.value)
    });
    if let Some(more) = repairs.and_then(serde_json::Value::as_str) {
        let _ = writeln!(
            text,
            "Repair   rejects with exactly one other reading become rows with --set repair={more}"
        );
    }
    if outcome.ending == Ending::TooManyRejects {
        let rejected = outcome.report.balance.rejected;
        let _ = writeln!(
            text,
            "Note     {rejected} rejected is more than --max-rejects {}: exit code 3",
            output.max_rejects
        );
    }
}

fn decisions(count: usize) -> String {
    if count == 1 {
        "1 decision".to_owned()
    } else {
        format!("{count} decisions")
    }
}

fn balance(balance: &Balance) -> String {
    format!(
        "{} read = {} good + {} rejected + {} non-data",
        number(balance.read),
        number(balance.good),
        number(balance.rejected),
        number(balance.non_data)
    )
}

/// A number with its thousands apart.
fn number(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// How the source was read, in one line.
fn reading(report: &Report) -> String {
    let value = |what| {
        report
            .decisions
            .iter()
            .find(|decision| decision.what == what && decision.column.is_none())
            .map(|decision| {
                decision
                    .value
                    .as_str()
                    .map_or_else(|| decision.value.to_string(), str::to_owned)
            })
    };
    let mut parts = Vec::new();
    parts.extend(value(What::Encoding));
    match value(What::Delimiter).as_deref() {
        Some("") => parts.push("one column".to_owned()),
        Some("\t") => parts.push("tab".to_owned()),
        Some(delimiter) => parts.push(format!("'{delimiter}'")),
        None => {}
    }
    let tables = report
        .decisions
        .iter()
        .find(|decision| decision.what == What::Table);
    if let Some(table) = tables.filter(|table| !table.alternatives.is_empty()) {
        let count = table.alternatives.len() + 1;
        parts.push(format!("table {} of {count}", table.value));
    }
    let header = report
        .non_data
        .iter()
        .find(|piece| piece.kind == NonDataKind::Header);
    match (value(What::HeaderLines).as_deref(), header) {
        (Some("0"), _) => parts.push("no header".to_owned()),
        (Some(_), Some(header)) => parts.push(format!("header on line {}", header.line)),
        (Some(_) | None, _) => {}
    }
    match value(What::FooterLines).as_deref() {
        None | Some("0") => {}
        Some("1") => parts.push("1 footer line".to_owned()),
        Some(lines) => parts.push(format!("{lines} footer lines")),
    }
    if !report.columns.is_empty() {
        parts.push(format!("{} columns", report.columns.len()));
    }
    parts.join(" · ")
}

fn mapping(text: &mut String, mapping: &Mapping) {
    let required = mapping
        .target
        .fields
        .iter()
        .filter(|field| field.required)
        .count();
    let _ = writeln!(
        text,
        "Target   {} · {} fields, {required} required",
        mapping.target.name,
        mapping.target.fields.len()
    );
    for unused in &mapping.target.unused {
        let _ = writeln!(
            text,
            "  not used: `{}` at {} ({})",
            unused.keyword, unused.pointer, unused.why
        );
    }
    text.push_str("Mapping\n");
    let names = mapping
        .rules
        .iter()
        .map(|rule| rule.field.chars().count())
        .max()
        .unwrap_or(0);
    let lines: Vec<(String, &Rule)> = mapping
        .rules
        .iter()
        .map(|rule| (origin(mapping, rule), rule))
        .collect();
    let origins = lines
        .iter()
        .map(|(origin, _)| origin.chars().count())
        .max()
        .unwrap_or(0)
        .min(64);
    for (origin, rule) in &lines {
        let _ = writeln!(
            text,
            "  {:names$} <- {origin:origins$}  {}",
            rule.field,
            confidence(rule)
        );
    }
    for column in &mapping.unused {
        let _ = writeln!(text, "  unused: {} ({})", column.column, column.why);
    }
}

fn origin(mapping: &Mapping, rule: &Rule) -> String {
    if !rule.has_origin() {
        return "nothing".to_owned();
    }
    let mut fields = mapping.target.fields.iter();
    let field = fields.find(|field| field.name == rule.field);
    let default = field.and_then(|field| field.default.as_ref());
    // A rule that needs no column has a value for each row.
    let default = default.filter(|_| !rule.sources.is_empty());
    let by_default = default.map_or_else(String::new, |value| {
        format!(", else the target's “{value}”")
    });
    let sources = sources_in_words(rule);
    let steps = match rule.value_map.len() {
        0 => transform_in_words(&rule.transform),
        values if rule.transform.is_empty() => format!("by its map of {values} values"),
        values => format!(
            "{}; by its map of {values} values",
            transform_in_words(&rule.transform)
        ),
    };
    if rule.sources.is_empty() {
        steps
    } else {
        format!("{sources} · {steps}{by_default}")
    }
}

fn confidence(rule: &Rule) -> String {
    let word = match rule.state {
        RuleState::Proposed if !rule.has_origin() => return "open".to_owned(),
        RuleState::Proposed => Confidence::of(rule.confidence).word().to_owned(),
        RuleState::Accepted => "accepted".to_owned(),
        RuleState::Edited => "edited".to_owned(),
        RuleState::Rejected => "rejected".to_owned(),
        RuleState::Ignored => "ignored".to_owned(),
        RuleState::Absent => return "absent".to_owned(),
    };
    format!("{word} {:.2}", rule.confidence)
}

/// A value as a word of a shell's command line.
pub(crate) fn shell_word(text: &str) -> String {
    let plain = !text.is_empty()
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ','));
    match text {
        "\t" => "'\\t'".to_owned(),
        text if plain => text.to_owned(),
        text => format!("'{}'", text.replace('\'', "'\\''")),
    }
}
