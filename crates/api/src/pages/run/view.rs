//! What the Run page shows of a run that has ended. Pure.

use aimapper_core::report::Report;
use aimapper_core::validation::{Balance, RejectsByRule};

use crate::pages::figures::{bytes, counted, number, ratio, share, visible, visible_lines};

/// Rejects that are shown.
pub(crate) const SHOWN_REJECTS: usize = 20;

/// The balance as a sentence and a picture.
#[derive(Debug, Clone)]
pub(crate) struct BalanceView {
    /// Records read.
    pub read: String,
    /// Good rows.
    pub good: String,
    /// Rejected records.
    pub rejected: String,
    /// Declared non-data.
    pub non_data: String,
    /// Records by the independent count.
    pub counted: String,
    /// Whether all of it agrees.
    pub proved: bool,
    /// The parts of the bar: class, start and width in per mille, words.
    pub bars: Vec<Bar>,
}

/// A part of the bar.
#[derive(Debug, Clone)]
pub(crate) struct Bar {
    /// Its class.
    pub class: &'static str,
    /// Where it starts, of 1000.
    pub start: String,
    /// Its width, of 1000.
    pub width: String,
    /// `38 good rows, 84.4 %`.
    pub words: String,
}

/// A file that can be loaded.
#[derive(Debug, Clone)]
pub(crate) struct Download {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub path: String,
    /// What is in it.
    pub about: String,
}

/// Rejects of one rule.
#[derive(Debug, Clone)]
pub(crate) struct RuleCount {
    /// The rule's name.
    pub rule: String,
    /// How many records it rejected.
    pub rows: String,
    /// Width of its bar, of 100.
    pub width: String,
}

/// One rejected record.
#[derive(Debug, Clone)]
pub(crate) struct RejectLine {
    /// Line in the source.
    pub line: String,
    /// The field or column.
    pub field: String,
    /// The rule.
    pub rule: String,
    /// The value.
    pub value: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: String,
    /// The record as it stands in the source.
    pub raw: String,
}

/// A run that has ended well.
#[derive(Debug, Clone)]
pub(crate) struct RunView {
    /// The proof.
    pub balance: BalanceView,
    /// The files.
    pub downloads: Vec<Download>,
    /// Rejects by rule, most first.
    pub rules: Vec<RuleCount>,
    /// Fields that are empty although something was proposed for them: `city (Town)`.
    pub left_empty: Vec<String>,
    /// The first rejects.
    pub rejects: Vec<RejectLine>,
    /// `2 of 2 shown`, or nothing where all of them are.
    pub more: String,
}

/// The balance for the eye.
#[must_use]
pub(crate) fn balance_view(balance: &Balance) -> BalanceView {
    let parts = [
        ("good", balance.good, "good row", "good rows"),
        (
            "rejected",
            balance.rejected,
            "rejected record",
            "rejected records",
        ),
        (
            "non-data",
            balance.non_data,
            "record of non-data",
            "records of non-data",
        ),
    ];
    let mut start = 0.0;
    let mut bars = Vec::new();
    for (class, count, one, many) in parts {
        let width = ratio(count, balance.read) * 1000.0;
        if count > 0 {
            bars.push(Bar {
                class,
                start: format!("{start:.2}"),
                width: format!("{:.2}", width.max(3.0)),
                words: format!(
                    "{}, {}",
                    counted(count, one, many),
                    share(count, balance.read)
                ),
            });
        }
        start += width;
    }
    BalanceView {
        read: number(balance.read),
        good: number(balance.good),
        rejected: number(balance.rejected),
        non_data: number(balance.non_data),
        counted: number(balance.counted),
        proved: balance.balanced,
        bars,
    }
}

/// Rejects by rule, most first, then by name.
#[must_use]
pub(crate) fn rules(by_rule: &RejectsByRule) -> Vec<RuleCount> {
    let most = by_rule.values().copied().max().unwrap_or_default();
    let mut all: Vec<(&String, u64)> = by_rule.iter().map(|(rule, rows)| (rule, *rows)).collect();
    all.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    let line = |(rule, rows): (&String, u64)| RuleCount {
        rule: visible(rule),
        rows: number(rows),
        width: format!("{:.1}", (ratio(rows, most) * 100.0).max(1.0)),
    };
    all.into_iter().map(line).collect()
}

/// Fields of a run that are empty although something was proposed for them, with what that was.
#[must_use]
pub(crate) fn left_empty(report: &Report) -> Vec<String> {
    report
        .left_empty()
        .map(|field| {
            let columns: Vec<String> = field.sources.iter().map(|name| visible(name)).collect();
            format!("{} ({})", visible(&field.field), columns.join(" + "))
        })
        .collect()
}

/// The size of a file and its rows, in words.
pub(crate) fn extent(rows: Option<u64>, size: u64) -> String {
    match rows {
        Some(rows) => format!("{}, {}", counted(rows, "row", "rows"), bytes(size)),
        None => bytes(size),
    }
}

/// The first rejects of a rejects file (docs/rejects.md). Lines that are none are passed over: the
/// file itself is what counts, and it can be downloaded.
#[must_use]
pub(crate) fn reject_lines(csv: &str) -> Vec<RejectLine> {
    let mut records = records(csv).into_iter();
    let header = records.next().unwrap_or_default();
    let place = |name: &str| header.iter().position(|column| column == name);
    let names = [
        "_line", "_field", "_rule", "_value", "_message", "_hint", "_raw",
    ]
    .map(place);
    let line = |record: Vec<String>| {
        let cell = |at: Option<usize>| {
            let cell = at.and_then(|at| record.get(at));
            cell.map_or("", String::as_str)
        };
        let [line, field, rule, value, message, hint, raw] = names;
        RejectLine {
            line: visible(cell(line)),
            field: visible(cell(field)),
            rule: visible(cell(rule)),
            value: visible(cell(value)),
            message: visible(cell(message)),
            hint: visible(cell(hint)),
            raw: visible_lines(cell(raw)),
        }
    };
    records.take(SHOWN_REJECTS).map(line).collect()
}

/// Records of RFC 4180, as our own writer makes them; a record that is cut off is left out.
fn records(csv: &str) -> Vec<Vec<String>> {
    let (mut all, mut record, mut cell) = (Vec::new(), Vec::new(), String::new());
    let mut quoted = false;
    let mut rest = csv.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '"' if quoted && rest.peek() == Some(&'"') => {
                rest.next();
                cell.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => record.push(std::mem::take(&mut cell)),
            '\r' if !quoted => {}
            '\n' if !quoted => {
                record.push(std::mem::take(&mut cell));
                all.push(std::mem::take(&mut record));
            }
            c => cell.push(c),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_has_a_part_for_each_part_of_the_balance() {
        let view = balance_view(&Balance::new(45, 45, 38, 2, 5, true));
        let parts: Vec<(&str, &str)> = view
            .bars
            .iter()
            .map(|bar| (bar.class, bar.words.as_str()))
            .collect();
        assert_eq!(
            parts,
            [
                ("good", "38 good rows, 84.4 %"),
                ("rejected", "2 rejected records, 4.4 %"),
                ("non-data", "5 records of non-data, 11.1 %"),
            ]
        );
        assert!(view.proved);
        assert!(!balance_view(&Balance::new(45, 44, 38, 2, 5, true)).proved);
    }

    #[test]
    fn what_nobody_accepted_is_told() {
        let field = |name: &str, state: &str, confidence: f64, sources: &[&str]| {
            serde_json::json!({
                "field": name, "sources": sources, "transform": [], "on_unseen": "reject",
                "confidence": confidence, "state": state, "evidence": [], "alternatives": [],
            })
        };
        let report = serde_json::json!({
            "version": 1,
            "source": {"file": "a.csv", "bytes": 1, "sha256": ""},
            "decisions": [], "columns": [], "non_data": [], "rejects_by_rule": {}, "outputs": [],
            "fields": [
                field("city", "proposed", 0.86, &["Town", "Place"]),
                field("name", "proposed", 0.95, &["Name"]),
                field("zip", "accepted", 0.5, &["Zip"]),
                field("note", "proposed", 0.1, &[]),
            ],
            "balance": {
                "counted": 1, "read": 1, "good": 1, "rejected": 0, "non_data": 0, "balanced": true,
            },
            "seconds": 0.1,
        });
        let report: Report = serde_json::from_value(report).unwrap();
        assert_eq!(left_empty(&report), ["city (Town + Place)"]);
    }

    #[test]
    fn rejects_are_read_as_they_were_written() {
        let csv = "_file,_line,_row,_field,_rule,_value,_message,_hint,_raw,_raw_base64\r\n\
                   a.csv,20,16,booking_date,impossible_date,31.02.2026,\"no day, so\",mend it,\
                   \"31.02.2026;\"\"x\ny\"\";1\",\r\ncut,off";
        let lines = reject_lines(csv);
        assert_eq!(lines.len(), 1);
        let first = &lines[0];
        assert_eq!(
            [&first.line, &first.field, &first.message, &first.raw],
            ["20", "booking_date", "no day, so", "31.02.2026;\"x\ny\";1"]
        );
    }
}
