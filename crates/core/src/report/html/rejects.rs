//! Rejected records: how many by which rule, and the first ones with their reasons.

use super::escape::{counted, lines, number, ratio, share, text};
use super::{SHOWN_REJECTS, length, section as titled};
use crate::report::Report;
use crate::validation::{Reason, Reject};

pub(super) fn section(report: &Report, rejects: &[Reject]) -> String {
    let total = report.balance.rejected;
    if total == 0 && rejects.is_empty() {
        return titled(
            "rejects",
            "No rejects",
            "",
            "<p>Every record of data became a good row.</p>",
        );
    }
    let body = format!("{}{}", by_rule(report), first(rejects, total));
    titled(
        "rejects",
        "Rejects",
        &counted(total, "record", "records"),
        &body,
    )
}

fn by_rule(report: &Report) -> String {
    let total: u64 = report
        .rejects_by_rule
        .values()
        .fold(0, |sum, n| sum.saturating_add(*n));
    let mut rules: Vec<(&String, u64)> = report
        .rejects_by_rule
        .iter()
        .map(|(rule, count)| (rule, *count))
        .collect();
    rules.sort_by(|(a, x), (b, y)| y.cmp(x).then_with(|| a.cmp(b)));
    let rows: String = rules
        .iter()
        .map(|(rule, count)| {
            format!(
                "<tr><th scope=\"row\"><code>{}</code></th><td class=\"num\">{}</td>\
                 <td class=\"num\">{}</td><td>{}</td></tr>",
                text(rule),
                number(*count),
                share(*count, total),
                track(ratio(*count, total)),
            )
        })
        .collect();
    format!(
        "<table class=\"map\"><caption>By the first rule that each broke</caption><thead><tr>\
         <th scope=\"col\">Rule</th><th scope=\"col\" class=\"num\">Records</th>\
         <th scope=\"col\" class=\"num\">Share</th><th scope=\"col\"><span class=\"vh\">Bar\
         </span></th></tr></thead><tbody>{rows}</tbody></table>\n"
    )
}

fn track(share: f64) -> String {
    format!(
        "<svg class=\"track\" style=\"width:min(120px,18vw)\" viewBox=\"0 0 100 8\" \
         preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect class=\"bg\" width=\"100\" \
         height=\"8\"/><rect class=\"fg\" width=\"{:.1}\" height=\"8\"/></svg>",
        (share * 100.0).max(1.0)
    )
}

fn first(rejects: &[Reject], total: u64) -> String {
    let shown = rejects.len().min(SHOWN_REJECTS);
    if shown == 0 {
        return String::new();
    }
    let rows: String = rejects.iter().take(shown).map(row).collect();
    let which = if length(shown) >= total {
        "All of them".to_owned()
    } else {
        format!("The first {shown}; all stand in the rejects file")
    };
    format!(
        "<table class=\"stack\"><caption>{which}, in the source’s order</caption><thead><tr>\
         <th scope=\"col\">Line</th><th scope=\"col\">Field</th><th scope=\"col\">Value</th>\
         <th scope=\"col\">What is wrong, and what to do</th></tr></thead>\n\
         <tbody>{rows}</tbody></table>"
    )
}

fn row(reject: &Reject) -> String {
    let (field, value, words) = match reject.reasons.split_first() {
        Some((first, rest)) => {
            let others: String = rest.iter().map(other).collect();
            (
                text(&first.field),
                text(&first.value),
                format!("{}{others}", message(first)),
            )
        }
        None => Default::default(),
    };
    let raw = if reject.raw_bytes.is_some() {
        "<p class=\"small\">Its bytes are not text: they stand in _raw_base64.</p>".to_owned()
    } else {
        format!("<pre>{}</pre>", lines(&reject.raw))
    };
    format!(
        "<tr><th scope=\"row\" data-l=\"line\">{}</th>\
         <td class=\"val\" data-l=\"field\">{field}</td><td class=\"val\" data-l=\"value\"><span class=\"v\">{value}</span></td>\
         <td>{words}<details><summary>Record<span class=\"vh\"> of line {}</span></summary>{raw}\
         </details></td></tr>\n",
        number(reject.line),
        number(reject.line),
    )
}

fn message(reason: &Reason) -> String {
    let hint = if reason.hint.is_empty() {
        String::new()
    } else {
        format!(" <span class=\"soft\">{}</span>", text(&reason.hint))
    };
    format!(
        "{} <code class=\"soft\">{}</code>{hint}",
        text(&reason.message),
        text(&reason.rule)
    )
}

fn other(reason: &Reason) -> String {
    format!(
        "<p>Also in {}: {}</p>",
        text(&reason.field),
        message(reason)
    )
}
