//! The report as one self-contained page for a person: no script, no font, no picture from
//! elsewhere, so that it can be mailed, printed and opened offline. It says nothing that is not in
//! the report, the target and the rejects.

mod columns;
mod escape;
mod fields;
mod questions;
mod reading;
mod rejects;

use self::escape::{counted, number, text};
use super::Report;
use crate::mapping::{Confidence, RuleState};
use crate::target::TargetSchema;
use crate::validation::Reject;

/// How many rejected records the page shows; the others stand in the rejects file.
pub const SHOWN_REJECTS: usize = 50;

const STYLE: &str = include_str!("style.css");

/// The page. `target` is absent where the source was only read; of `rejects`, in the source's
/// order, the first [`SHOWN_REJECTS`] are shown.
#[must_use]
pub fn to_html(report: &Report, target: Option<&TargetSchema>, rejects: &[Reject]) -> String {
    let file = text(&report.source.file);
    let mut body = String::with_capacity(64 * 1024);
    body.push_str(&header(report, target));
    body.push_str("<main>\n");
    if let Some(target) = target {
        body.push_str(&questions::section(report, target));
    }
    if let Some(fields) = &report.fields {
        body.push_str(&fields::section(report, fields, target));
    }
    body.push_str(&rejects::section(report, rejects));
    body.push_str(&reading::decisions(&report.decisions));
    body.push_str(&columns::section(report));
    body.push_str(&reading::non_data(&report.non_data));
    body.push_str(&outputs(&report.outputs));
    body.push_str("</main>\n");
    body.push_str(&footer(report));
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <meta http-equiv=\"Content-Security-Policy\" \
         content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>{file} · AiMapper report</title>\n<style>\n{STYLE}</style>\n</head>\n\
         <body>\n{body}</body>\n</html>\n"
    )
}

fn header(report: &Report, target: Option<&TargetSchema>) -> String {
    let source = &report.source;
    let to = target.map_or_else(String::new, |target| {
        format!(" <span class=\"to\">to {}</span>", text(&target.name))
    });
    let digest: String = source.sha256.chars().take(12).collect();
    format!(
        "<header class=\"top\">\n<h1>{}{to}</h1>\n<p class=\"meta\">{} · SHA-256 \
         <code title=\"{}\">{}…</code> · {}</p>\n{}{}</header>\n",
        text(&source.file),
        size(source.bytes),
        text(&source.sha256),
        text(&digest),
        seconds(report.seconds),
        reading::balance(report),
        contents(report, target),
    )
}

fn contents(report: &Report, target: Option<&TargetSchema>) -> String {
    let mut links = String::new();
    let mut link = |id: &str, words: &str, count: Option<u64>| {
        let count = count.map_or_else(String::new, |count| {
            format!(" <span class=\"soft\">{}</span>", number(count))
        });
        links.push_str(&format!("<li><a href=\"#{id}\">{words}</a>{count}</li>"));
    };
    if let Some(target) = target {
        link(
            "decide",
            "To decide",
            Some(length(questions::open(report, target).len())),
        );
    }
    if let Some(fields) = &report.fields {
        link("fields", "Mapping", Some(length(fields.len())));
    }
    link("rejects", "Rejects", Some(report.balance.rejected));
    link("reading", "Reading", Some(length(report.decisions.len())));
    let columns = length(report.columns.len());
    link(
        "columns",
        "Columns",
        Some(columns).filter(|&columns| columns > 0),
    );
    link("non-data", "Non-data", Some(report.balance.non_data));
    link("files", "Files", Some(length(report.outputs.len())));
    format!("<nav aria-label=\"Contents\"><ul>{links}</ul></nav>\n")
}

fn outputs(files: &[String]) -> String {
    let items: String = files
        .iter()
        .map(|file| format!("<li><code>{}</code></li>", text(file)))
        .collect();
    let list = if items.is_empty() {
        "<p class=\"soft\">No rows were published.</p>".to_owned()
    } else {
        format!("<ul>{items}</ul>")
    };
    section("files", "Files written", "", &list)
}

fn footer(report: &Report) -> String {
    format!(
        "<footer><span class=\"private\">Nothing left this machine.</span> \
         This page holds values of the source: treat it like the source. \
         The same figures stand in the report's JSON (format version {}).</footer>\n",
        report.version
    )
}

/// A section with its heading.
fn section(id: &str, title: &str, count: &str, body: &str) -> String {
    let count = if count.is_empty() {
        String::new()
    } else {
        format!(" <span class=\"n\">{count}</span>")
    };
    format!(
        "<section id=\"{id}\" aria-labelledby=\"h-{id}\">\n<h2 id=\"h-{id}\">{title}{count}</h2>\n\
         {body}\n</section>\n"
    )
}

/// Confidence as icon, word and number.
fn confidence(word: Confidence, probability: Option<f64>) -> String {
    let figure = probability.map_or_else(String::new, |p| format!(" {p:.2}"));
    format!(
        "<span class=\"c {0}\"><i aria-hidden=\"true\">{1}</i>{0}{figure}</span>",
        word.word(),
        word.icon()
    )
}

/// The word that a field's state and confidence come to.
const fn is_settled(state: RuleState) -> bool {
    match state {
        RuleState::Accepted | RuleState::Edited | RuleState::Ignored | RuleState::Absent => true,
        RuleState::Proposed | RuleState::Rejected => false,
    }
}

fn length(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

fn size(bytes: u64) -> String {
    #[expect(
        clippy::cast_precision_loss,
        reason = "shown with one digit behind the point"
    )]
    let scaled = |unit: u64| bytes as f64 / unit as f64;
    match bytes {
        0..1_000 => counted(bytes, "byte", "bytes"),
        1_000..1_000_000 => format!("{:.1} kB", scaled(1_000)),
        1_000_000..1_000_000_000 => format!("{:.1} MB", scaled(1_000_000)),
        _ => format!("{:.1} GB", scaled(1_000_000_000)),
    }
}

fn seconds(seconds: f64) -> String {
    if seconds < 1.0 {
        format!("{:.0} ms", seconds * 1000.0)
    } else {
        format!("{seconds:.1} s")
    }
}

#[cfg(test)]
mod tests;
