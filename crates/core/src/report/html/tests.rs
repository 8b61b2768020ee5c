use super::*;
use crate::report::examples::{rejects, statement};
use crate::report::{Report, from_json, to_json};

fn page() -> String {
    let (report, target) = statement();
    to_html(&report, Some(&target), &rejects())
}

/// Every text of a value, replaced.
fn replace_texts(value: &mut serde_json::Value, with: &str) {
    use serde_json::Value;
    match value {
        Value::String(text) if !is_word(text) => text.push_str(with),
        Value::Array(items) => items.iter_mut().for_each(|item| replace_texts(item, with)),
        Value::Object(map) => map.values_mut().for_each(|item| replace_texts(item, with)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Words of the format, which have to stay for the report to be one.
fn is_word(text: &str) -> bool {
    const WORDS: [&str; 26] = [
        "proposed",
        "absent",
        "reject",
        "trim",
        "date",
        "decimal",
        "category",
        "free_text",
        "encoding",
        "delimiter",
        "preamble_lines",
        "footer_lines",
        "decimal_mark",
        "null_markers",
        "date_order",
        "preamble",
        "header",
        "footer",
        "string",
        "unique",
        "integer",
        "boolean",
        "timestamp",
        "time",
        "accepted",
        "edited",
    ];
    WORDS.contains(&text)
}

#[test]
fn everything_is_on_the_page() {
    let page = page();
    for part in [
        "<h1>umsaetze-2026-02.csv <span class=\"to\">to transaction</span></h1>",
        "<b>36 records</b> read",
        "✓ adds up",
        "decimal mark in Betrag (EUR): “,” or “.”?",
        "amount is required: is it Betrag (EUR) + S/H (0.84)?",
        "minus where S/H is “S”, plus where “H”",
        "<i aria-hidden=\"true\">✓</i>sure 0.97",
        "values: 30 of 31 read as %d.%m.%Y",
        "February 2026 has no day 31",
        "Also in reference: has 141 characters",
        "Miete Februar &lt;2. OG&gt;",
        "Summe;;;4.711,08;;",
        "Two readings fit: dmy or mdy. They differ in 21 rows.",
        "umsaetze-2026-02.mapping.yaml",
        "Nothing left this machine.",
    ] {
        assert!(page.contains(part), "{part} is missing");
    }
}

#[test]
fn the_page_needs_nothing_from_elsewhere() {
    let page = page();
    for part in [
        "<script", "http://", "https://", "src=", "@import", "url(", "<link", "<iframe",
    ] {
        assert!(!page.contains(part), "{part} is there");
    }
    assert!(!page.contains("data-l=\"instead\"></td>"));
}

#[test]
fn no_text_of_a_source_becomes_markup() {
    const EVIL: &str = "<script>alert(1)</script>\"'&\0\u{202e}";
    let (report, target) = statement();
    let mut value = serde_json::to_value(&report).expect("is JSON");
    replace_texts(&mut value, EVIL);
    let evil: Report = serde_json::from_value(value).expect("is still a report");
    let mut value = serde_json::to_value(&target).expect("is JSON");
    replace_texts(&mut value, EVIL);
    let target = serde_json::from_value(value).expect("is still a target");
    let mut rejects = rejects();
    for reason in rejects.iter_mut().flat_map(|reject| &mut reject.reasons) {
        for text in [
            &mut reason.field,
            &mut reason.rule,
            &mut reason.value,
            &mut reason.message,
            &mut reason.hint,
        ] {
            text.push_str(EVIL);
        }
    }
    rejects[0].raw.push_str(EVIL);
    let page = to_html(&evil, Some(&target), &rejects);
    assert!(!page.contains("<script") && !page.contains('\0') && !page.contains('\u{202e}'));
    assert!(page.matches("&lt;script&gt;").count() > 100);
    assert!(page.contains("␀‹U+202E›"));
}

#[test]
fn tags_are_closed() {
    let page = page();
    for tag in [
        "table", "tr", "td", "th", "section", "details", "ul", "li", "div", "svg", "p", "span",
    ] {
        let opened =
            page.matches(&format!("<{tag}>")).count() + page.matches(&format!("<{tag} ")).count();
        let closed = page.matches(&format!("</{tag}>")).count();
        assert_eq!(opened, closed, "{tag}");
    }
}

#[test]
fn a_balance_that_does_not_add_up_is_said_plainly() {
    let (mut report, target) = statement();
    report.balance.good = 20;
    report.balance.balanced = false;
    let page = to_html(&report, Some(&target), &[]);
    assert!(page.contains("✗ does not add up"));
    assert!(page.contains("9 not accounted for"));
    assert!(page.contains("Do not use these outputs"));
}

#[test]
fn what_nobody_accepted_is_not_filled() {
    let (mut report, target) = statement();
    let fields = report.fields.as_mut().unwrap();
    for field in fields.iter_mut() {
        field.state = RuleState::Accepted;
    }
    let page = |report: &Report| to_html(report, Some(&target), &[]);
    assert!(!page(&report).contains("Left empty"));
    let field = &mut report.fields.as_mut().unwrap()[0];
    assert!(!field.sources.is_empty());
    (field.state, field.confidence) = (RuleState::Proposed, 0.6);
    let said = format!("Left empty unless accepted: {}.", field.field);
    assert!(page(&report).contains(&said));
}

#[test]
fn an_empty_report_is_a_page_too() {
    let (mut report, _) = statement();
    report.fields = None;
    report.columns.clear();
    report.decisions.clear();
    report.non_data.clear();
    report.outputs.clear();
    report.rejects_by_rule.clear();
    report.balance = crate::validation::Balance {
        balanced: true,
        ..Default::default()
    };
    let page = to_html(&report, None, &[]);
    assert!(page.contains("No rejects") && page.contains("No rows were published."));
    assert!(!page.contains("NaN") && !page.contains("inf"));
}

#[test]
fn what_is_decided_is_not_asked() {
    let (mut report, target) = statement();
    for field in report
        .fields
        .iter_mut()
        .flatten()
        .filter(|field| !field.sources.is_empty())
    {
        field.state = RuleState::Accepted;
    }
    report
        .decisions
        .iter_mut()
        .for_each(|decision| decision.sure = true);
    let page = to_html(&report, Some(&target), &[]);
    assert!(page.contains("1 question"), "the constant is still open");
    for field in report.fields.iter_mut().flatten() {
        field.confidence = 1.0;
    }
    let page = to_html(&report, Some(&target), &[]);
    assert!(page.contains("Nothing needs a decision"));
}

#[test]
fn only_the_first_rejects_are_shown() {
    let (mut report, target) = statement();
    let many: Vec<Reject> = rejects().into_iter().cycle().take(120).collect();
    report.balance.rejected = 1_200;
    let page = to_html(&report, Some(&target), &many);
    assert_eq!(page.matches("<summary>Record").count(), SHOWN_REJECTS);
    assert!(page.contains("The first 50; all stand in the rejects file"));
}

#[test]
fn the_json_comes_back_and_ends_its_line() {
    let (report, _) = statement();
    let text = to_json(&report);
    assert!(text.starts_with("{\n  \"version\": 1,\n  \"source\": {\n") && text.ends_with("}\n"));
    assert_eq!(from_json(&text).expect("is a report"), report);
}
