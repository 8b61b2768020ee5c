//! What needs a decision, first on the page.

use super::escape::{counted, text};
use super::{length, section as titled};
use crate::mapping::{FORMAT_VERSION, Fingerprint, Mapping, Question, Rule, blocking_questions};
use crate::report::{FieldReport, Report};
use crate::source::SURE_BAR;
use crate::target::TargetSchema;

/// The open questions of a report, by the rule that the command's exit code follows too.
pub(super) fn open(report: &Report, target: &TargetSchema) -> Vec<Question> {
    let Some(fields) = &report.fields else {
        return Vec::new();
    };
    let mapping = Mapping {
        version: FORMAT_VERSION,
        tool: String::new(),
        source: Fingerprint {
            file: report.source.file.clone(),
            columns: Vec::new(),
        },
        decisions: report.decisions.clone(),
        target: target.clone(),
        target_sha256: String::new(),
        rules: fields.iter().map(rule).collect(),
        unused: Vec::new(),
        past: None,
    };
    blocking_questions(&mapping, SURE_BAR)
}

fn rule(field: &FieldReport) -> Rule {
    Rule {
        sources: field.sources.clone(),
        transform: field.transform.clone(),
        on_unseen: field.on_unseen.clone(),
        confidence: field.confidence,
        state: field.state,
        evidence: field.evidence.clone(),
        alternatives: field.alternatives.clone(),
        ..Rule::open(&field.field)
    }
}

pub(super) fn section(report: &Report, target: &TargetSchema) -> String {
    let questions = open(report, target);
    if questions.is_empty() {
        return titled(
            "decide",
            "Nothing needs a decision",
            "",
            "<ul class=\"ask done\"><li>Every required field has a source, and every reading that \
             it depends on is sure.</li></ul>",
        );
    }
    let items: String = questions.iter().map(item).collect();
    let count = counted(length(questions.len()), "question", "questions");
    titled(
        "decide",
        "To decide first",
        &count,
        &format!("<ul class=\"ask\">{items}</ul>"),
    )
}

fn item(question: &Question) -> String {
    let options: Vec<String> = question
        .options
        .iter()
        .map(|(option, confidence)| {
            format!(
                "<span class=\"v box\">{}</span> {confidence:.2}",
                text(option)
            )
        })
        .collect();
    let options = if options.len() < 2 {
        String::new()
    } else {
        format!("<p class=\"how\">Either {}</p>", options.join(" or "))
    };
    format!(
        "<li><p class=\"q\">{}</p>{options}<p class=\"how\">{}</p>\
         <p class=\"how\">To settle it: {}</p></li>",
        text(&question.text),
        text(&question.reason),
        text(&question.settle)
    )
}
