//! What the tests of this module build their cases from: small batches and mappings.

use std::sync::Arc;

use arrow_array::StringArray;

use crate::mapping::{FORMAT_VERSION, Fingerprint, MappedValue, Mapping};
use crate::mapping::{Rule, RuleState, Step};
use crate::source::{Batch, Place, RawText};
use crate::target::{Constraint, Field, FieldType, TargetSchema};

/// Rows of cells; `~` is a null.
pub(super) type Rows = Vec<Vec<String>>;

pub(super) fn rows(text: &str) -> Rows {
    let row = |line: &str| line.split(';').map(str::to_owned).collect();
    text.lines().map(row).collect()
}

pub(super) fn columns(names: &str) -> Vec<String> {
    names.split(';').map(str::to_owned).collect()
}

/// The rows from `first` on as one batch. Records stand one per line below a header.
pub(super) fn batch(rows: &[Vec<String>], first: u64, chunk: u64) -> Batch {
    let width = rows.first().map_or(0, Vec::len);
    let mut raw = RawText::default();
    let mut places = Vec::new();
    for (row, cells) in (first + 1..).zip(rows) {
        raw.push(&cells.join(";"));
        places.push(Place {
            line: row + 1,
            row,
            start: row * 100,
            end: row * 100 + 100,
        });
    }
    let column = |index: usize| {
        let cell = |row: &Vec<String>| Some(row[index].clone()).filter(|cell| cell != "~");
        rows.iter().map(cell).collect::<StringArray>()
    };
    let columns = (0..width).map(column).collect();
    Batch::new(chunk, columns, places, Arc::new(raw))
}

pub(super) fn field(name: &str, kind: FieldType) -> Field {
    Field {
        name: name.to_owned(),
        kind,
        required: false,
        nullable: false,
        title: None,
        description: None,
        aliases: Vec::new(),
        default: None,
        constraints: Vec::new(),
        sample: Vec::new(),
        values: Vec::new(),
    }
}

pub(super) fn with(mut field: Field, constraints: &[Constraint]) -> Field {
    field.constraints = constraints.to_vec();
    field
}

pub(super) fn rule(field: &str, sources: &[&str], transform: &[Step]) -> Rule {
    Rule {
        sources: sources.iter().map(|&name| name.to_owned()).collect(),
        transform: transform.to_vec(),
        confidence: 1.0,
        state: RuleState::Accepted,
        ..Rule::open(field)
    }
}

pub(super) fn mapped(pairs: &[(&str, Option<&str>)]) -> Vec<MappedValue> {
    let entry = |(from, to): &(&str, Option<&str>)| MappedValue {
        from: (*from).to_owned(),
        to: to.map(str::to_owned),
        confidence: 1.0,
        rows: 1,
        state: RuleState::Accepted,
    };
    pairs.iter().map(entry).collect()
}

pub(super) fn mapping(fields: Vec<Field>, rules: Vec<Rule>) -> Mapping {
    Mapping {
        version: FORMAT_VERSION,
        tool: "test".to_owned(),
        source: Fingerprint {
            file: "test.csv".to_owned(),
            columns: Vec::new(),
        },
        decisions: Vec::new(),
        target: TargetSchema {
            name: "test".to_owned(),
            description: None,
            fields,
            unused: vec![],
        },
        target_sha256: String::new(),
        rules,
        unused: Vec::new(),
        past: None,
    }
}

pub(super) fn decimal(decimal_mark: &str, thousands_mark: &str) -> Step {
    Step::Decimal {
        decimal_mark: decimal_mark.to_owned(),
        thousands_mark: thousands_mark.to_owned(),
        strip: Vec::new(),
    }
}

pub(super) fn date(format: &str) -> Step {
    Step::Date {
        formats: vec![format.to_owned()],
    }
}

/// A statement as a German bank exports it, with most kinds of rules.
#[expect(clippy::too_many_lines, reason = "data, not steps")]
pub(super) fn statement() -> (Mapping, Vec<String>, Rows) {
    let label = |value: &str| crate::target::Label {
        value: value.to_owned(),
        label: None,
        description: None,
    };
    let mut booked = field("booked", FieldType::Date);
    booked.required = true;
    let mut id = with(field("id", FieldType::String), &[Constraint::Unique]);
    id.required = true;
    let mut iban = field("payer.iban", FieldType::String);
    iban.nullable = true;
    let fields = vec![
        id,
        booked,
        with(field("amount", FieldType::Decimal), &[Constraint::Scale(2)]),
        with(
            field("kind", FieldType::String),
            &[Constraint::Enum(vec![label("transfer"), label("fee")])],
        ),
        field("payer.name", FieldType::String),
        iban,
        with(
            field("currency", FieldType::String),
            &[Constraint::MaxLength(3)],
        ),
        field("fee", FieldType::Decimal),
        field("settled", FieldType::Boolean),
        field("count", FieldType::Integer),
        field("at", FieldType::Timestamp),
        field("open", FieldType::String),
    ];
    let sign = Step::Sign {
        column: "S/H".to_owned(),
        negative: vec!["S".to_owned()],
        positive: vec!["H".to_owned()],
    };
    let mut kind = rule("kind", &["Art"], &[Step::Trim]);
    kind.value_map = mapped(&[("UEB", Some("transfer")), ("GEB", Some("fee")), ("-", None)]);
    let mut open = rule("open", &["Nr"], &[]);
    open.state = RuleState::Proposed;
    open.confidence = 0.4;
    let words = |texts: &[&str]| {
        texts
            .iter()
            .map(|&text| text.to_owned())
            .collect::<Vec<_>>()
    };
    let rules = vec![
        rule("id", &["Nr"], &[]),
        rule("booked", &["Datum"], &[date("%d.%m.%Y")]),
        rule("amount", &["Betrag", "S/H"], &[decimal(",", "."), sign]),
        kind,
        rule("payer.name", &["Name"], &[Step::Trim]),
        rule(
            "payer.iban",
            &["IBAN"],
            &[Step::NullIf(words(&["", "n/a"]))],
        ),
        rule("currency", &[], &[Step::Constant("EUR".to_owned())]),
        rule("fee", &["Geb"], &[decimal(",", "")]),
        rule(
            "settled",
            &["Ok"],
            &[Step::Boolean {
                r#true: words(&["ja"]),
                r#false: words(&["nein"]),
            }],
        ),
        rule(
            "count",
            &["Anz"],
            &[Step::Integer {
                thousands_mark: ".".to_owned(),
            }],
        ),
        rule(
            "at",
            &["Zeit"],
            &[Step::Timestamp {
                formats: words(&["%d.%m.%Y %H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"]),
            }],
        ),
        open,
    ];
    let rows = rows(
        "1;24.11.2026;1.234,50;H;UEB; Anna, \"A\" ;DE1;1,5;ja;1.000;24.11.2026 10:30:00\n\
         2;25.11.2026;12,00;S;GEB ;~;n/a;0,125;nein;~;2026-11-25T08:00:00+01:00\n\
         3;31.02.2026;1,999;X;XYZ;Bert;;;jein;1,5;gestern\n\
         1;26.11.2026;7,00;H;UEB;Doppelt;~;~;~;~;~\n\
         4;~;7,005;H;-;;~;~;~;~;~\n\
         5;27.11.2026;~;~;-;=1+1;~;~;~;99;~",
    );
    (
        mapping(fields, rules),
        columns("Nr;Datum;Betrag;S/H;Art;Name;IBAN;Geb;Ok;Anz;Zeit"),
        rows,
    )
}
