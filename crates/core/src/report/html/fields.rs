//! The mapping table: a row per target field.

use super::escape::{counted, number, text};
use super::{confidence, is_settled, length, section as titled};
use crate::mapping::{
    Confidence, Evidence, MappedValue, OnUnseen, RuleState, SourceAlternative, Step,
    state_in_words, transform_in_words, unseen_in_words,
};
use crate::report::{FieldReport, Report};
use crate::target::{FieldType, TargetSchema};

pub(super) fn section(
    report: &Report,
    fields: &[FieldReport],
    target: Option<&TargetSchema>,
) -> String {
    let rows: String = fields.iter().map(|field| row(field, target)).collect();
    let empty: Vec<&str> = report.left_empty().map(|f| f.field.as_str()).collect();
    let filled = fields.iter().filter(|field| has_origin(field)).count() - empty.len();
    let left = if empty.is_empty() {
        String::new()
    } else {
        format!(
            "<p class=\"soft\">Left empty unless accepted: {}.</p>",
            text(&empty.join(", "))
        )
    };
    let body = format!(
        "<table class=\"stack\"><caption class=\"vh\">Target fields and how each is filled\
         </caption><thead><tr><th scope=\"col\">Target field</th><th scope=\"col\">From</th>\
         <th scope=\"col\">How</th><th scope=\"col\">Confidence</th>\
         <th scope=\"col\">Why</th></tr></thead>\n<tbody>{rows}</tbody></table>{left}"
    );
    let count = format!(
        "{filled} of {} filled",
        counted(length(fields.len()), "field", "fields")
    );
    titled("fields", "Mapping", &count, &body)
}

fn has_origin(field: &FieldReport) -> bool {
    let constant = matches!(field.transform.first(), Some(Step::Constant(_)));
    let open = matches!(
        field.state,
        RuleState::Rejected | RuleState::Ignored | RuleState::Absent
    );
    !open && (constant || !field.sources.is_empty())
}

fn row(field: &FieldReport, target: Option<&TargetSchema>) -> String {
    format!(
        "<tr><th scope=\"row\">{}</th><td data-l=\"from\">{}</td><td>{}{}</td><td>{}</td>\
         <td>{}{}</td></tr>\n",
        name(field, target),
        sources(field),
        how(field),
        value_map(field),
        trust(field),
        evidence(&field.evidence),
        alternatives(&field.alternatives),
    )
}

fn name(field: &FieldReport, target: Option<&TargetSchema>) -> String {
    let known = target.and_then(|target| target.fields.iter().find(|f| f.name == field.field));
    let Some(known) = known else {
        return text(&field.field);
    };
    let required = if known.required {
        " <span class=\"req\">required</span>"
    } else {
        ""
    };
    let about = known
        .description
        .as_deref()
        .or(known.title.as_deref())
        .map_or_else(String::new, |about| {
            format!("<p class=\"small\">{}</p>", text(about))
        });
    format!(
        "{} <span class=\"small\">{}</span>{required}{about}",
        text(&field.field),
        type_in_words(known.kind)
    )
}

const fn type_in_words(kind: FieldType) -> &'static str {
    match kind {
        FieldType::String => "text",
        FieldType::Integer => "whole number",
        FieldType::Decimal => "decimal",
        FieldType::Boolean => "true/false",
        FieldType::Date => "date",
        FieldType::Timestamp => "date and time",
        FieldType::Time => "time",
    }
}

fn sources(field: &FieldReport) -> String {
    if !has_origin(field) {
        return "<span class=\"soft\">nothing</span>".to_owned();
    }
    if field.sources.is_empty() {
        return "<span class=\"soft\">no column</span>".to_owned();
    }
    columns(&field.sources)
}

fn columns(names: &[String]) -> String {
    let names: Vec<String> = names
        .iter()
        .map(|name| format!("<span class=\"v\">{}</span>", text(name)))
        .collect();
    names.join(" + ")
}

fn how(field: &FieldReport) -> String {
    let has_map = field
        .value_map
        .as_ref()
        .is_some_and(|values| !values.is_empty());
    if !has_origin(field) {
        String::new()
    } else if field.transform.is_empty() && has_map {
        "by its value map".to_owned()
    } else {
        text(&transform_in_words(&field.transform))
    }
}

fn value_map(field: &FieldReport) -> String {
    let Some(values) = field
        .value_map
        .as_deref()
        .filter(|values| !values.is_empty())
    else {
        return String::new();
    };
    let rows: String = values.iter().take(VALUES).map(value).collect();
    let more = match length(values.len().saturating_sub(VALUES)) {
        0 => String::new(),
        n => format!(
            "<p class=\"small\">and {} more in the mapping file</p>",
            number(n)
        ),
    };
    format!(
        "<table class=\"map\"><caption class=\"vh\">Value map of {}</caption><thead class=\"vh\">\
         <tr><th scope=\"col\">Source</th><th scope=\"col\">Target</th><th scope=\"col\">Rows</th>\
         <th scope=\"col\">Confidence</th></tr></thead><tbody>{rows}</tbody></table>{more}\
         <p class=\"small\">{}</p>",
        text(&field.field),
        text(&unseen(&field.on_unseen)),
    )
}

/// Entries of a value map that the page shows.
const VALUES: usize = 30;

fn unseen(on_unseen: &OnUnseen) -> String {
    unseen_in_words(on_unseen)
}

fn value(value: &MappedValue) -> String {
    let to = match &value.to {
        Some(to) => format!("<span class=\"v\">{}</span>", text(to)),
        None => "<span class=\"soft\">no value</span>".to_owned(),
    };
    let trust = if is_settled(value.state) {
        state_in_words(value.state).to_owned()
    } else {
        confidence(Confidence::of(value.confidence), Some(value.confidence))
    };
    format!(
        "<tr><th scope=\"row\"><span class=\"v\">{}</span></th><td>→ {to}</td>\
         <td class=\"num\">{}</td><td>{trust}</td></tr>",
        text(&value.from),
        counted(value.rows, "row", "rows"),
    )
}

fn trust(field: &FieldReport) -> String {
    let state = state_in_words(field.state);
    match field.state {
        RuleState::Proposed if has_origin(field) => {
            confidence(Confidence::of(field.confidence), Some(field.confidence))
        }
        RuleState::Proposed => confidence(Confidence::None, None),
        RuleState::Accepted | RuleState::Edited => format!(
            "<b>{state}</b> <span class=\"small\">{:.2}</span>",
            field.confidence
        ),
        RuleState::Rejected | RuleState::Ignored | RuleState::Absent => format!("<b>{state}</b>"),
    }
}

/// The strongest piece in the open, the others behind a fold.
fn evidence(pieces: &[Evidence]) -> String {
    let mut sorted: Vec<&Evidence> = pieces.iter().collect();
    sorted.sort_by(|a, b| b.weight.abs().total_cmp(&a.weight.abs()));
    let Some((first, rest)) = sorted.split_first() else {
        return String::new();
    };
    let mut out = text(&first.text);
    if !rest.is_empty() {
        let items: String = rest.iter().map(|piece| piece_item(piece)).collect();
        let words = counted(length(rest.len()), "more reason", "more reasons");
        out.push_str(&format!(
            "<details><summary>{words}<span class=\"vh\"> of its evidence</span></summary>\
             <ul>{items}</ul></details>"
        ));
    }
    out
}

fn piece_item(piece: &Evidence) -> String {
    let side = if piece.weight < 0.0 { "against" } else { "for" };
    format!(
        "<li>{} <span class=\"small\">{side}, weight {:+.2}</span></li>",
        text(&piece.text),
        piece.weight
    )
}

fn alternatives(others: &[SourceAlternative]) -> String {
    if others.is_empty() {
        return String::new();
    }
    let items: String = others
        .iter()
        .map(|other| {
            format!(
                "<li>{} {:.2}</li>",
                columns(&other.sources),
                other.confidence
            )
        })
        .collect();
    let words = counted(length(others.len()), "alternative", "alternatives");
    format!("<details><summary>{words}</summary><ul>{items}</ul></details>")
}
