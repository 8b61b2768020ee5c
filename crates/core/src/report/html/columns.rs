//! The columns as small pictures: what is in each, how much is missing, how its values spread.

use super::escape::{counted, number, ratio, share, text};
use super::{length, section as titled};
use crate::profile::{Bin, ColumnProfile, Distinct, SemanticType};
use crate::report::{FieldReport, Report};

pub(super) fn section(report: &Report) -> String {
    let fields = report.fields.as_deref();
    let cards: String = report
        .columns
        .iter()
        .map(|column| card(column, fields))
        .collect();
    let count = counted(length(report.columns.len()), "column", "columns");
    let (count, body) = if cards.is_empty() {
        let none = "<p class=\"soft\">What is in the columns was not looked at.</p>";
        (String::new(), none.to_owned())
    } else {
        (count, format!("<div class=\"cards\">{cards}</div>"))
    };
    titled("columns", "Columns of the source", &count, &body)
}

fn card(column: &ColumnProfile, fields: Option<&[FieldReport]>) -> String {
    format!(
        "<article class=\"card\"><h3><span class=\"v\">{}</span></h3><p class=\"kind\">{}{}</p>\
         {}{}{}{}{}</article>\n",
        text(&column.name),
        text(&kind(column)),
        used_by(column, fields),
        measures(column),
        histogram(column),
        ambiguity(column),
        top(column),
        shapes(column),
    )
}

fn kind(column: &ColumnProfile) -> String {
    let Some(semantic) = column.semantic else {
        return if column.nulls == column.count {
            "empty"
        } else {
            "text"
        }
        .to_owned();
    };
    let format = column
        .types
        .iter()
        .find(|known| known.semantic == semantic)
        .and_then(|known| known.format.as_deref())
        .map_or_else(String::new, |format| format!(" {format}"));
    format!("{}{format}", type_in_words(semantic))
}

const fn type_in_words(semantic: SemanticType) -> &'static str {
    match semantic {
        SemanticType::Integer => "whole number",
        SemanticType::Decimal => "decimal",
        SemanticType::Date => "date",
        SemanticType::Timestamp => "date and time",
        SemanticType::Time => "time of day",
        SemanticType::Boolean => "true/false",
        SemanticType::Email => "e-mail address",
        SemanticType::Url => "URL",
        SemanticType::Uuid => "UUID",
        SemanticType::Iban => "IBAN",
        SemanticType::Bic => "BIC",
        SemanticType::Currency => "currency code",
        SemanticType::Country => "country code",
        SemanticType::Phone => "telephone number",
        SemanticType::Percentage => "percentage",
        SemanticType::Identifier => "identifier",
        SemanticType::Category => "category",
        SemanticType::FreeText => "free text",
    }
}

fn used_by(column: &ColumnProfile, fields: Option<&[FieldReport]>) -> String {
    let Some(fields) = fields else {
        return String::new();
    };
    let users: Vec<String> = fields
        .iter()
        .filter(|field| field.sources.contains(&column.name))
        .map(|field| text(&field.field))
        .collect();
    if users.is_empty() {
        " · not used".to_owned()
    } else {
        format!(" → {}", users.join(", "))
    }
}

fn measures(column: &ColumnProfile) -> String {
    let values = column.count.saturating_sub(column.nulls);
    let distinct = match column.distinct {
        Distinct::Exact(n) => number(n),
        Distinct::Estimate { estimate } => format!("about {}", number(estimate)),
    };
    format!(
        "<div class=\"rows\"><span>missing</span>{}<span>{} ({})</span>\
         <span>distinct</span>{}<span>{distinct} of {}</span></div>",
        track("nul", ratio(column.nulls, column.count)),
        number(column.nulls),
        share(column.nulls, column.count),
        track("fg", ratio(column.distinct.number(), values)),
        number(values),
    )
}

fn track(class: &str, share: f64) -> String {
    let width = if share > 0.0 {
        (share * 100.0).max(1.0)
    } else {
        0.0
    };
    format!(
        "<svg class=\"track\" viewBox=\"0 0 100 8\" preserveAspectRatio=\"none\" \
         aria-hidden=\"true\"><rect class=\"bg\" width=\"100\" height=\"8\"/>\
         <rect class=\"{class}\" width=\"{width:.1}\" height=\"8\"/></svg>"
    )
}

/// Bars on a common base line, each with its range and rows as a title.
fn histogram(column: &ColumnProfile) -> String {
    let most = column
        .histogram
        .iter()
        .map(|bin| bin.rows)
        .max()
        .unwrap_or(0);
    let by_value = has_values_on_an_axis(column.semantic);
    // Where all values are of one length, their lengths say nothing.
    if most == 0 || (!by_value && column.lengths.min == column.lengths.max) {
        return String::new();
    }
    let width = 300.0 / bins(column.histogram.len());
    let bars: String = column
        .histogram
        .iter()
        .enumerate()
        .filter(|(_, bin)| bin.rows > 0)
        .map(|(index, bin)| {
            let height = (ratio(bin.rows, most) * 52.0).max(1.5);
            format!(
                "<rect x=\"{:.2}\" y=\"{:.2}\" width=\"{:.2}\" height=\"{height:.2}\">\
                 <title>{}</title></rect>",
                bins(index) * width,
                54.0 - height,
                (width - 1.5).max(1.0),
                bin_title(bin, column.semantic),
            )
        })
        .collect();
    let (low, high, of) = if by_value {
        let end = |value: &Option<String>| text(value.as_deref().unwrap_or_default());
        (end(&column.min), end(&column.max), "values")
    } else {
        let end = |length: u64| counted(length, "character", "characters");
        (end(column.lengths.min), end(column.lengths.max), "lengths")
    };
    format!(
        "<svg class=\"hist\" viewBox=\"0 0 300 56\" preserveAspectRatio=\"none\" role=\"img\" \
         aria-label=\"Histogram of {of} from {low} to {high}\">{bars}\
         <line x1=\"0\" y1=\"54.5\" x2=\"300\" y2=\"54.5\"/></svg>\
         <div class=\"ends\"><span class=\"v\">{low}</span><span class=\"v\">{high}</span></div>"
    )
}

/// Whether the histogram is over values rather than over lengths.
const fn has_values_on_an_axis(semantic: Option<SemanticType>) -> bool {
    matches!(
        semantic,
        Some(
            SemanticType::Integer
                | SemanticType::Decimal
                | SemanticType::Percentage
                | SemanticType::Date
                | SemanticType::Timestamp
                | SemanticType::Time
        )
    )
}

#[expect(clippy::cast_precision_loss, reason = "a histogram has up to 20 bins")]
const fn bins(count: usize) -> f64 {
    count as f64
}

fn bin_title(bin: &Bin, semantic: Option<SemanticType>) -> String {
    let rows = counted(bin.rows, "row", "rows");
    let (from, to) = match semantic {
        Some(SemanticType::Date | SemanticType::Timestamp) => (day(bin.from), day(bin.to)),
        _ => (plain(bin.from), plain(bin.to)),
    };
    text(&format!("{from} to {to}: {rows}"))
}

/// A bound with at most two digits behind the point.
fn plain(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "out of range saturates, and is only a title"
)]
fn day(days: f64) -> String {
    crate::value::days_to_iso(days.floor() as i32).to_string()
}

fn ambiguity(column: &ColumnProfile) -> String {
    column.ambiguous.as_ref().map_or_else(String::new, |open| {
        format!(
            "<p class=\"amb\">Two readings fit: {}. They differ in {}.</p>",
            text(&open.readings.join(" or ")),
            counted(open.rows, "row", "rows"),
        )
    })
}

fn top(column: &ColumnProfile) -> String {
    let values = column.count.saturating_sub(column.nulls);
    // Where every value is another one, the most frequent ones say nothing.
    if column.top.first().is_none_or(|first| first.rows < 2) {
        return samples(column);
    }
    let rows: String = column
        .top
        .iter()
        .take(6)
        .map(|value| {
            format!(
                "<span class=\"v\" title=\"{0}\">{0}</span>{1}<span>{2}</span>",
                text(&value.value),
                track("fg", ratio(value.rows, values)),
                number(value.rows),
            )
        })
        .collect();
    format!("<div class=\"rows\">{rows}</div>")
}

fn samples(column: &ColumnProfile) -> String {
    let values: Vec<String> = column
        .sample
        .iter()
        .take(3)
        .map(|value| format!("<code>{}</code>", text(value)))
        .collect();
    if values.is_empty() {
        return String::new();
    }
    format!("<p class=\"small\">e.g. {}</p>", values.join(" · "))
}

fn shapes(column: &ColumnProfile) -> String {
    if column.shapes.is_empty() {
        return String::new();
    }
    let values = column.count.saturating_sub(column.nulls);
    let rows: String = column
        .shapes
        .iter()
        .map(|shape| {
            format!(
                "<span class=\"v\" title=\"{0}\">{0}</span>{1}<span>{2}</span>",
                text(&shape.shape),
                track("fg", ratio(shape.rows, values)),
                number(shape.rows),
            )
        })
        .collect();
    format!("<details><summary>Shapes</summary><div class=\"rows\">{rows}</div></details>")
}
