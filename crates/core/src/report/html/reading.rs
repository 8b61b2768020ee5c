//! How the source was read: the balance, the decisions, and what was declared not to be data.

use super::escape::{counted, lines, number, ratio, share, text};
use super::{confidence, length, section};
use crate::mapping::{Confidence, value_in_words, what_in_words};
use crate::report::{NonData, NonDataKind, Report};
use crate::source::{Decision, SURE_BAR};

/// The balance as a sentence, a word and a bar.
pub(super) fn balance(report: &Report) -> String {
    let b = &report.balance;
    let word = if b.balanced {
        "<span class=\"word yes\">✓ adds up</span>"
    } else {
        "<span class=\"word no\">✗ does not add up</span>"
    };
    let sentence = format!(
        "<p class=\"sum\"><b>{}</b> read <span class=\"op\">=</span> <b>{}</b> good \
         <span class=\"op\">+</span> <b>{}</b> rejected <span class=\"op\">+</span> <b>{}</b> \
         non-data {word}</p>",
        counted(b.read, "record", "records"),
        number(b.good),
        number(b.rejected),
        number(b.non_data),
    );
    let known = b.good.saturating_add(b.rejected).saturating_add(b.non_data);
    let parts = [
        ("good", "good rows", b.good),
        ("rejected", "rejected", b.rejected),
        (
            "non_data",
            "declared non-data, the header among them",
            b.non_data,
        ),
        ("missing", "not accounted for", b.read.saturating_sub(known)),
    ];
    let whole = b.read.max(known);
    let mut bar = String::new();
    let mut legend = String::new();
    for (class, name, count) in parts.iter().filter(|(.., count)| *count > 0) {
        let grow = ratio(*count, whole) * 1000.0;
        bar.push_str(&format!(
            "<span class=\"{class}\" style=\"flex:{grow:.2} 0 0\"></span>"
        ));
        legend.push_str(&format!(
            "<li><i class=\"{class}\" aria-hidden=\"true\"></i>{} {name} ({})</li>",
            number(*count),
            share(*count, whole)
        ));
    }
    format!(
        "<div class=\"balance\">{sentence}<div class=\"bar\" aria-hidden=\"true\">{bar}</div>\
         <ul class=\"legend\">{legend}</ul><p class=\"meta\">{}</p></div>\n",
        audit(report)
    )
}

fn audit(report: &Report) -> String {
    let b = &report.balance;
    if b.balanced {
        return format!(
            "A second count, by code that shares nothing with the reader, also finds {}, and their \
             byte ranges cover the file without a gap or an overlap.",
            counted(b.counted, "record", "records")
        );
    }
    format!(
        "A second count, by code that shares nothing with the reader, finds {}. Do not use these \
         outputs: please report this file’s shape as a fault of AiMapper.",
        counted(b.counted, "record", "records")
    )
}

pub(super) fn decisions(decisions: &[Decision]) -> String {
    let rows: String = decisions.iter().map(decision).collect();
    let unsure = decisions.iter().filter(|decision| !decision.sure).count();
    let count = match unsure {
        0 => "all sure".to_owned(),
        n => format!("{} of {} not sure", n, decisions.len()),
    };
    let body = format!(
        "<p class=\"soft\">Each can be changed: <code>--set NAME=VALUE</code>, or \
         <code>--set NAME@COLUMN=VALUE</code> for one column.</p>\n<table class=\"stack\">\
         <caption class=\"vh\">Decisions about the reading of the source</caption>\
         <thead><tr><th scope=\"col\">Decision</th><th scope=\"col\">Value</th>\
         <th scope=\"col\">Confidence</th><th scope=\"col\">Reason</th>\
         <th scope=\"col\">Instead</th></tr></thead>\n<tbody>{rows}</tbody></table>"
    );
    section("reading", "How the file was read", &count, &body)
}

fn decision(decision: &Decision) -> String {
    let column = decision
        .column
        .as_deref()
        .map_or_else(String::new, |column| {
            format!(
                " <span class=\"small\">in <span class=\"v\">{}</span></span>",
                text(column)
            )
        });
    let others: Vec<String> = decision
        .alternatives
        .iter()
        .map(|other| {
            let value = text(&value_in_words(&other.value));
            format!(
                "<span class=\"v box\">{value}</span> {:.2}",
                other.confidence
            )
        })
        .collect();
    // A likely value with a rival that is as likely is not sure, whatever its number.
    let word = match Confidence::of(decision.confidence) {
        Confidence::Sure if !decision.sure => Confidence::Check,
        Confidence::Guess | Confidence::Check | Confidence::None if decision.sure => {
            Confidence::Sure
        }
        word @ (Confidence::Sure | Confidence::Check | Confidence::Guess | Confidence::None) => {
            word
        }
    };
    let accepted = if decision.sure && decision.confidence < SURE_BAR {
        " accepted"
    } else {
        ""
    };
    format!(
        "<tr><th scope=\"row\">{}{column}</th><td data-l=\"is\"><span class=\"v box\">{}</span></td>\
         <td>{}{accepted}</td><td>{}</td><td data-l=\"instead\">{}</td></tr>\n",
        what_in_words(decision.what),
        text(&value_in_words(&decision.value)),
        confidence(word, Some(decision.confidence)),
        text(&decision.reason),
        others.join("<br>"),
    )
    .replace("<td data-l=\"instead\"></td>", "<td></td>")
}

pub(super) fn non_data(pieces: &[NonData]) -> String {
    if pieces.is_empty() {
        return section(
            "non-data",
            "Non-data",
            "",
            "<p class=\"soft\">There is none.</p>",
        );
    }
    let items: String = pieces.iter().map(piece).collect();
    let body =
        format!("<p class=\"soft\">Kept here word for word; none of it became a row.</p>\n{items}");
    let count = counted(length(pieces.len()), "piece", "pieces");
    section("non-data", "Non-data", &count, &body)
}

fn piece(piece: &NonData) -> String {
    let raw = if piece.raw.is_empty() && piece.kind != NonDataKind::Blank {
        "<p class=\"soft\">Too long for this page: see the *.nondata.csv file.</p>".to_owned()
    } else if piece.raw.trim().is_empty() {
        String::new()
    } else {
        format!(
            "<pre>{}</pre>",
            lines(piece.raw.trim_end_matches(['\r', '\n']))
        )
    };
    format!(
        "<h3>{} <span class=\"small\">line {}, {}</span></h3>{raw}\n",
        kind_in_words(piece.kind),
        number(piece.line),
        counted(piece.lines, "record", "records"),
    )
}

const fn kind_in_words(kind: NonDataKind) -> &'static str {
    match kind {
        NonDataKind::Preamble => "Before the header",
        NonDataKind::Header => "Header",
        NonDataKind::Units => "Line of units",
        NonDataKind::Footer => "After the data",
        NonDataKind::Blank => "Blank lines",
        NonDataKind::Comment => "Comments",
        NonDataKind::Table => "Another table",
    }
}
