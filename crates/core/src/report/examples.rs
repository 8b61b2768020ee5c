//! A report for tests that looks like a real one: a German bank statement.

use serde_json::json;

use super::*;
use crate::mapping::examples::{bank, target};
use crate::profile::{
    Ambiguity, Bin, Distinct, Lengths, SemanticType, ShapeCount, TypeCount, ValueCount,
};
use crate::source::{Alternative, What};
use crate::target::TargetSchema;
use crate::validation::{Reason, Reject};

fn text(value: &str) -> String {
    value.to_owned()
}

fn column(index: usize, name: &str, semantic: Option<SemanticType>) -> ColumnProfile {
    ColumnProfile {
        name: text(name),
        index,
        count: 31,
        nulls: 0,
        distinct: Distinct::Exact(0),
        min: None,
        max: None,
        lengths: Lengths {
            min: 1,
            max: 64,
            mean: 22.5,
        },
        top: Vec::new(),
        shapes: Vec::new(),
        types: Vec::new(),
        semantic,
        ambiguous: None,
        histogram: Vec::new(),
        sample: Vec::new(),
        values: Vec::new(),
        all: Vec::new(),
    }
}

fn bins(from: f64, step: f64, rows: &[u64]) -> Vec<Bin> {
    let starts = std::iter::successors(Some(from), |start| Some(start + step));
    starts
        .zip(rows)
        .map(|(from, &rows)| Bin {
            from,
            to: from + step,
            rows,
        })
        .collect()
}

fn top(values: &[(&str, u64)]) -> Vec<ValueCount> {
    values
        .iter()
        .map(|(value, rows)| ValueCount {
            value: text(value),
            rows: *rows,
        })
        .collect()
}

fn shapes(values: &[(&str, u64)]) -> Vec<ShapeCount> {
    values
        .iter()
        .map(|(shape, rows)| ShapeCount {
            shape: text(shape),
            rows: *rows,
        })
        .collect()
}

fn fits(semantic: SemanticType, format: &str, rows: u64) -> TypeCount {
    TypeCount {
        semantic,
        format: Some(text(format)),
        rows,
    }
}

fn columns() -> Vec<ColumnProfile> {
    let mut booked = column(0, "Buchungstag", Some(SemanticType::Date));
    booked.types = vec![fits(SemanticType::Date, "%d.%m.%Y", 30)];
    booked.distinct = Distinct::Exact(19);
    booked.min = Some(text("01.02.2026"));
    booked.max = Some(text("28.02.2026"));
    booked.histogram = bins(
        20485.0,
        1.4,
        &[2, 1, 0, 3, 2, 1, 1, 0, 0, 2, 4, 1, 2, 1, 0, 3, 2, 1, 2, 2],
    );
    booked.top = top(&[("16.02.2026", 4), ("02.02.2026", 3), ("27.02.2026", 2)]);
    booked.shapes = shapes(&[("99.99.9999", 31)]);
    let mut value = column(1, "Wertstellung", Some(SemanticType::Date));
    value.types = vec![fits(SemanticType::Date, "%d.%m.%Y", 27)];
    value.nulls = 4;
    value.distinct = Distinct::Exact(18);
    value.min = Some(text("01.02.2026"));
    value.max = Some(text("12.02.2026"));
    value.histogram = bins(20485.0, 1.0, &[1, 2, 3, 2, 0, 0, 4, 5, 3, 4, 2, 1]);
    value.ambiguous = Some(Ambiguity {
        what: What::DateOrder,
        readings: vec![text("dmy"), text("mdy")],
        rows: 21,
    });
    let mut purpose = column(2, "Verwendungszweck", Some(SemanticType::FreeText));
    purpose.distinct = Distinct::Exact(31);
    purpose.nulls = 2;
    purpose.lengths = Lengths {
        min: 9,
        max: 64,
        mean: 31.2,
    };
    purpose.histogram = bins(9.0, 5.5, &[3, 7, 9, 4, 3, 1, 0, 1, 0, 1]);
    purpose.sample = vec![
        text("Miete Februar Whg. 12 <2. OG>"),
        text("RE-2026-0117 Stadtwerke & Söhne"),
        text("Gehalt"),
    ];
    purpose.shapes = shapes(&[("Aaaa+ Aaaa+", 12), ("AA-9999-9999 Aaaa+", 6), ("Aaaa+", 3)]);
    let mut amount = column(3, "Betrag (EUR)", Some(SemanticType::Decimal));
    amount.types = vec![fits(SemanticType::Decimal, "1.234,56", 31)];
    amount.distinct = Distinct::Exact(29);
    amount.min = Some(text("0,99"));
    amount.max = Some(text("2.850,00"));
    amount.histogram = bins(
        0.99,
        142.45,
        &[14, 6, 3, 2, 0, 1, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 2],
    );
    amount.sample = vec![text("12,50"), text("2.850,00"), text("0,99")];
    amount.shapes = shapes(&[("99,99", 18), ("999,99", 9), ("9.999,99", 4)]);
    let mut flag = column(4, "S/H", Some(SemanticType::Category));
    flag.distinct = Distinct::Exact(2);
    flag.lengths = Lengths {
        min: 1,
        max: 1,
        mean: 1.0,
    };
    flag.histogram = bins(1.0, 0.0, &[31]);
    flag.top = top(&[("S", 19), ("H", 12)]);
    let mut gender = column(5, "Kd-Geschl.", Some(SemanticType::Category));
    gender.distinct = Distinct::Exact(3);
    gender.top = top(&[("W", 18), ("M", 12), ("D", 1)]);
    gender.histogram = bins(1.0, 0.0, &[31]);
    gender.lengths = Lengths {
        min: 1,
        max: 1,
        mean: 1.0,
    };
    vec![booked, value, purpose, amount, flag, gender]
}

fn fields() -> Vec<FieldReport> {
    let rules = bank().rules.into_iter();
    rules
        .map(|rule| FieldReport {
            field: rule.field,
            sources: rule.sources,
            transform: rule.transform,
            value_map: (!rule.value_map.is_empty()).then_some(rule.value_map),
            on_unseen: rule.on_unseen,
            confidence: rule.confidence,
            state: rule.state,
            evidence: rule.evidence,
            alternatives: rule.alternatives,
        })
        .collect()
}

fn decisions() -> Vec<Decision> {
    let rival = |value: &str, confidence| Alternative {
        value: json!(value),
        confidence,
    };
    let mut decisions = vec![
        Decision::new(
            What::Encoding,
            "windows-1252",
            0.97,
            vec![rival("iso-8859-15", 0.02)],
            "not UTF-8 (first at byte 214); 14 bytes are German letters in windows-1252",
        ),
        Decision::new(
            What::PreambleLines,
            3,
            0.98,
            Vec::new(),
            "lines 1 to 3 have 1 field, not 6",
        ),
        Decision::new(
            What::FooterLines,
            1,
            0.93,
            Vec::new(),
            "line 36 starts with Summe",
        ),
    ];
    decisions.extend(bank().decisions);
    let order = Decision::new(
        What::DateOrder,
        "dmy",
        0.85,
        vec![rival("mdy", 0.15)],
        "no value settles it; Buchungstag of the same file is day, month, year",
    );
    decisions.push(order.of_column("Wertstellung"));
    decisions
}

fn reason(field: &str, rule: &str, value: &str, message: &str, hint: &str) -> Reason {
    Reason {
        field: text(field),
        rule: text(rule),
        value: text(value),
        message: text(message),
        hint: text(hint),
    }
}

/// Its rejects.
pub(crate) fn rejects() -> Vec<Reject> {
    vec![
        Reject {
            line: 17,
            row: 13,
            reasons: vec![reason(
                "booking_date",
                "impossible_date",
                "31.02.2026",
                "February 2026 has no day 31",
                "mend the date in the record and replay the rejects file",
            )],
            raw: text("31.02.2026;27.02.2026;Miete Februar <2. OG>;850,00;S;W"),
            raw_bytes: None,
        },
        Reject {
            line: 29,
            row: 25,
            reasons: vec![
                reason(
                    "customer.gender",
                    "unseen_value",
                    "D",
                    "the value map of Kd-Geschl. does not list D",
                    "add it to the value map, or say what happens to unseen values",
                ),
                reason(
                    "reference",
                    "max_length",
                    "x",
                    "has 141 characters, 140 are allowed",
                    "",
                ),
            ],
            raw: text("14.02.2026;14.02.2026;\"zwei\nZeilen\";12,50;H;D"),
            raw_bytes: None,
        },
    ]
}

/// The report and its target.
pub(crate) fn statement() -> (Report, TargetSchema) {
    let piece = |kind, line, lines, raw: &str| NonData {
        kind,
        line,
        lines,
        raw: text(raw),
    };
    let report = Report {
        version: FORMAT_VERSION,
        source: SourceFile {
            file: text("umsaetze-2026-02.csv"),
            bytes: 2_871,
            sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".to_owned(),
        },
        decisions: decisions(),
        columns: columns(),
        fields: Some(fields()),
        non_data: vec![
            piece(
                NonDataKind::Preamble,
                1,
                3,
                "Umsatzanzeige\r\nKonto: DE02 1203 0000 0000 2020 51\r\nZeitraum: 01.02.2026 - 28.02.2026\r\n",
            ),
            piece(
                NonDataKind::Header,
                4,
                1,
                "Buchungstag;Wertstellung;Verwendungszweck;Betrag (EUR);S/H;Kd-Geschl.\r\n",
            ),
            piece(NonDataKind::Footer, 36, 1, "Summe;;;4.711,08;;\r\n"),
        ],
        balance: Balance {
            counted: 36,
            read: 36,
            good: 29,
            rejected: 2,
            non_data: 5,
            balanced: true,
        },
        rejects_by_rule: RejectsByRule::from([
            (text("impossible_date"), 1),
            (text("unseen_value"), 1),
        ]),
        outputs: [
            "good.csv",
            "rejects.csv",
            "mapping.yaml",
            "report.html",
            "report.json",
        ]
        .map(|end| format!("umsaetze-2026-02.{end}"))
        .to_vec(),
        seconds: 0.023,
    };
    (report, target())
}
