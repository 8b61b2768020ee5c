//! Mappings for tests: one like a real one, and a proptest strategy for odd ones.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::profile::SemanticType;
use crate::source::{Alternative, What};
use crate::target::{Constraint, Field, FieldType, Label, Unused};

fn text(value: &str) -> String {
    value.to_owned()
}

fn texts(values: &[&str]) -> Vec<String> {
    values.iter().map(|value| text(value)).collect()
}

pub(crate) fn field(name: &str, kind: FieldType, required: bool) -> Field {
    Field {
        name: text(name),
        kind,
        required,
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

fn label(value: &str, name: Option<&str>) -> Label {
    Label {
        value: text(value),
        label: name.map(text),
        description: None,
    }
}

pub(crate) fn target() -> TargetSchema {
    let mut booked = field("booking_date", FieldType::Date, true);
    booked.description = Some(text("Day on which the bank booked it"));
    let mut amount = field("amount", FieldType::Decimal, true);
    amount.constraints = vec![Constraint::Scale(2), Constraint::Maximum(text("1000000"))];
    let mut currency = field("currency", FieldType::String, true);
    currency.constraints = vec![Constraint::Enum(vec![
        label("EUR", None),
        label("USD", None),
    ])];
    let mut gender = field("customer.gender", FieldType::String, false);
    gender.constraints = vec![Constraint::Enum(vec![
        label("male", Some("Male")),
        label("female", Some("Female")),
        label("other", None),
    ])];
    gender.aliases = texts(&["sex"]);
    gender.nullable = true;
    let mut reference = field("reference", FieldType::String, false);
    reference.constraints = vec![Constraint::MaxLength(140)];
    let channel = field("channel", FieldType::String, false);
    TargetSchema {
        name: text("transaction"),
        description: Some(text("One booking")),
        fields: vec![booked, amount, currency, gender, reference, channel],
        unused: vec![Unused {
            pointer: text("/additionalProperties"),
            keyword: text("additionalProperties"),
            why: text("fields that the schema does not name are never written"),
        }],
    }
}

pub(crate) fn rule(field: &str, sources: &[&str], confidence: f64) -> Rule {
    Rule {
        sources: texts(sources),
        confidence,
        ..Rule::open(field)
    }
}

fn evidence(kind: &str, weight: f64, words: &str) -> Evidence {
    Evidence {
        kind: text(kind),
        weight,
        text: text(words),
    }
}

fn mapped(from: &str, to: Option<&str>, confidence: f64, rows: u64) -> MappedValue {
    let state = RuleState::Proposed;
    MappedValue {
        from: text(from),
        to: to.map(text),
        confidence,
        rows,
        state,
    }
}

fn rules() -> Vec<Rule> {
    let mut booked = rule("booking_date", &["Buchungstag"], 0.97);
    booked.transform = vec![Step::Date {
        formats: texts(&["%d.%m.%Y"]),
    }];
    booked.evidence = vec![
        evidence("name", 0.9, "name: Buchungstag = booking date (German)"),
        evidence("type", 0.8, "values: 30 of 31 read as %d.%m.%Y"),
    ];
    booked.alternatives = vec![SourceAlternative {
        sources: texts(&["Wertstellung"]),
        confidence: 0.12,
    }];
    let mut amount = rule("amount", &["Betrag (EUR)", "S/H"], 0.84);
    amount.transform = vec![
        Step::Decimal {
            decimal_mark: text(","),
            thousands_mark: text("."),
            strip: Vec::new(),
        },
        Step::Sign {
            column: text("S/H"),
            negative: texts(&["S"]),
            positive: texts(&["H"]),
        },
    ];
    amount.evidence = vec![evidence(
        "labels",
        0.7,
        "S/H holds S in 19 and H in 12 of 31 rows",
    )];
    let mut currency = rule("currency", &[], 0.88);
    currency.transform = vec![Step::Constant(text("EUR"))];
    currency.evidence = vec![evidence("name", 0.6, "the header says Betrag (EUR)")];
    let mut gender = rule("customer.gender", &["Kd-Geschl."], 0.96);
    gender.value_map = vec![
        mapped("M", Some("male"), 0.98, 12),
        mapped("W", Some("female"), 0.97, 18),
    ];
    gender.evidence = vec![evidence(
        "labels",
        0.8,
        "labels: M -> male, W -> female; D is open",
    )];
    let reference = rule("reference", &[], 0.31);
    let mut channel = rule("channel", &[], 0.0);
    channel.state = RuleState::Absent;
    channel.why = Some(text("the bank does not say"));
    channel.by = Some(text("mira"));
    channel.at = Some(text("2026-11-24T10:30:00Z"));
    channel.note = Some(text(
        "Asked on the phone;\nthey may add it in 2027: \"perhaps\"",
    ));
    vec![booked, amount, currency, gender, reference, channel]
}

/// Columns of the example's source.
pub(crate) const COLUMNS: [&str; 6] = [
    "Buchungstag",
    "Wertstellung",
    "Verwendungszweck",
    "Betrag (EUR)",
    "S/H",
    "Kd-Geschl.",
];

/// A mapping of a small German bank statement.
pub(crate) fn bank() -> Mapping {
    let column = |name: &str| {
        let semantic = match name {
            "Buchungstag" | "Wertstellung" => Some(SemanticType::Date),
            "Betrag (EUR)" => Some(SemanticType::Decimal),
            "S/H" | "Kd-Geschl." => Some(SemanticType::Category),
            _ => None,
        };
        FingerprintColumn {
            name: text(name),
            semantic,
        }
    };
    let rival = Alternative {
        value: json!("."),
        confidence: 0.4,
    };
    let mark = Decision::new(
        What::DecimalMark,
        ",",
        0.6,
        vec![rival],
        "all values have two digits",
    );
    let target = target();
    Mapping {
        version: FORMAT_VERSION,
        tool: text("aimapper 0.1.0"),
        source: Fingerprint {
            file: text("bank.csv"),
            columns: COLUMNS.iter().map(|name| column(name)).collect(),
        },
        decisions: vec![
            Decision::new(
                What::Delimiter,
                ";",
                0.99,
                Vec::new(),
                "6 columns in 31 of 31 rows",
            ),
            mark.of_column("Betrag (EUR)"),
            Decision::new(
                What::NullMarkers,
                json!(["-", "k.A."]),
                0.95,
                Vec::new(),
                "2 rows hold -",
            )
            .of_column("Wertstellung"),
        ],
        target_sha256: crate::target::sha256(&target),
        target,
        rules: rules(),
        unused: ["Wertstellung", "Verwendungszweck"]
            .map(|column| UnusedColumn {
                column: text(column),
                why: text("no field fits"),
            })
            .to_vec(),
        past: None,
    }
}

/// Texts that YAML readers are known to get wrong.
#[rustfmt::skip]
const ODD: [&str; 78] = [
    "", " ", "-", "--", "---", "...", "no", "Yes", "on", "~", "null", "1e3", "0x1F", "0o17",
    "1_000", "017", "1:30", ".inf", ".NaN", "2026-11-24", "\"", "'", "\\", "\\n", "a\"b'c", "#",
    "a # b", "a: b", ": ", "? ", "- a", "[", "{", "}", "]", ",", "&a", "*a", "!x", "!!str", "|",
    ">", "%", "@", "`", "<<", "=", "a\nb", "\n", "\r\n", "\t", "\0", "\u{7}", "\u{1b}[31m",
    "\u{85}", "\u{a0}", "\u{2028}", "\u{feff}", "\u{feff}a", "\u{fffe}", "\u{ffff}", "\u{1ffff}",
    "\u{200b}", "\u{202e}", "\u{e000}", "é", "ß", "日本", "😀", "👩‍💻", "a\u{301}", "true", "S/H",
    " lead", "trail ", "\\u0041", "${x}", "name#2",
];

/// [`ODD`] texts, and any others.
pub(crate) fn odd_text() -> impl Strategy<Value = String> {
    let known = prop::sample::select(ODD.to_vec()).prop_map(text);
    prop_oneof![known, any::<String>(), "[ -~]{0,24}"]
}

fn probability() -> impl Strategy<Value = f64> {
    prop_oneof![
        Just(0.0),
        Just(1.0),
        Just(0.5),
        0.0..=1.0_f64,
        Just(1e-9),
        Just(f64::MIN_POSITIVE)
    ]
}

fn list() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(odd_text(), 0..4)
}

fn bare() -> impl Strategy<Value = Bare> {
    prop::sample::select(vec![Bare::Reject, Bare::Plus, Bare::Minus])
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        odd_text().prop_map(Step::Constant),
        odd_text().prop_map(|separator| Step::Concat { separator }),
        Just(Step::Coalesce),
        Just(Step::Trim),
        Just(Step::Case(Case::Upper)),
        (odd_text(), any::<i32>()).prop_map(|(separator, part)| Step::Split { separator, part }),
        (odd_text(), any::<u32>())
            .prop_map(|(pattern, group)| Step::RegexExtract { pattern, group }),
        list().prop_map(Step::NullIf),
        (list(), list(), bare()).prop_map(|(negative, positive, bare)| Step::Signs {
            negative,
            positive,
            bare,
        }),
        odd_text().prop_map(|thousands_mark| Step::Integer { thousands_mark }),
        (odd_text(), odd_text(), list()).prop_map(|(decimal_mark, thousands_mark, strip)| {
            Step::Decimal {
                decimal_mark,
                thousands_mark,
                strip,
            }
        }),
        list().prop_map(|formats| Step::Date { formats }),
        list().prop_map(|formats| Step::Timestamp { formats }),
        list().prop_map(|formats| Step::Time { formats }),
        (list(), list()).prop_map(|(r#true, r#false)| Step::Boolean { r#true, r#false }),
        (odd_text(), list(), list()).prop_map(|(column, negative, positive)| Step::Sign {
            column,
            negative,
            positive
        }),
        odd_text().prop_map(|column| Step::MinusDebit { column }),
    ]
}

fn state() -> impl Strategy<Value = RuleState> {
    prop::sample::select(vec![
        RuleState::Proposed,
        RuleState::Accepted,
        RuleState::Edited,
        RuleState::Rejected,
        RuleState::Ignored,
        RuleState::Absent,
    ])
}

fn unseen() -> impl Strategy<Value = OnUnseen> {
    prop_oneof![
        Just(OnUnseen::Reject),
        Just(OnUnseen::Null),
        Just(OnUnseen::Keep),
        odd_text().prop_map(OnUnseen::Value),
    ]
}

fn mapped_value() -> impl Strategy<Value = MappedValue> {
    (
        odd_text(),
        prop::option::of(odd_text()),
        probability(),
        any::<u64>(),
        state(),
    )
        .prop_map(|(from, to, confidence, rows, state)| MappedValue {
            from,
            to,
            confidence,
            rows,
            state,
        })
}

fn any_rule() -> impl Strategy<Value = Rule> {
    let data = (
        odd_text(),
        list(),
        prop::collection::vec(step(), 0..4),
        prop::collection::vec(mapped_value(), 0..4),
        unseen(),
        prop_oneof![Just(OnError::Reject), Just(OnError::Null)],
    );
    let words = prop::array::uniform4(prop::option::of(odd_text()));
    let proofs = prop::collection::vec((odd_text(), -1.0..=1.0_f64, odd_text()), 0..3);
    let others = prop::collection::vec((list(), probability()), 0..3);
    let before = (
        probability(),
        (any::<bool>(), prop::option::of(probability())),
        prop::option::of((list(), probability(), any::<bool>())),
    );
    (data, probability(), state(), words, proofs, others, before).prop_map(
        |(data, confidence, state, [why, note, by, at], proofs, others, before)| {
            let (most, (by_hand, bar), proposed) = before;
            let (field, sources, transform, value_map, on_unseen, on_error) = data;
            let evidence = proofs
                .into_iter()
                .map(|(kind, weight, text)| Evidence { kind, weight, text })
                .collect();
            let alternatives = others
                .into_iter()
                .map(|(sources, confidence)| SourceAlternative {
                    sources,
                    confidence,
                })
                .collect();
            Rule {
                field,
                sources,
                transform,
                value_map,
                on_unseen,
                on_error,
                confidence,
                most,
                state,
                why,
                note,
                by,
                at,
                by_hand,
                bar,
                evidence,
                alternatives,
                proposed: proposed.map(|(sources, confidence, judged)| Proposed {
                    sources,
                    confidence,
                    judged,
                }),
            }
        },
    )
}

fn decision() -> impl Strategy<Value = Decision> {
    let value = prop_oneof![
        odd_text().prop_map(serde_json::Value::from),
        any::<u32>().prop_map(serde_json::Value::from),
        list().prop_map(serde_json::Value::from),
    ];
    let rival = (odd_text(), probability()).prop_map(|(value, confidence)| Alternative {
        value: value.into(),
        confidence,
    });
    (
        prop::sample::select(What::ALL.to_vec()),
        value,
        probability(),
        prop::collection::vec(rival, 0..3),
        odd_text(),
        prop::option::of(odd_text()),
    )
        .prop_map(|(what, value, confidence, rivals, reason, column)| {
            let decision = Decision::new(what, value, confidence, rivals, reason);
            Decision { column, ..decision }
        })
}

fn any_field() -> impl Strategy<Value = Field> {
    let constraint = prop_oneof![
        prop::collection::vec((odd_text(), prop::option::of(odd_text())), 0..3).prop_map(
            |labels| {
                let labels = labels.into_iter();
                Constraint::Enum(
                    labels
                        .map(|(value, description)| Label {
                            value,
                            label: None,
                            description,
                        })
                        .collect(),
                )
            }
        ),
        odd_text().prop_map(Constraint::Minimum),
        any::<u32>().prop_map(Constraint::Scale),
        any::<u64>().prop_map(Constraint::MaxLength),
        odd_text().prop_map(Constraint::Pattern),
        Just(Constraint::Unique),
    ];
    (
        odd_text(),
        prop::sample::select(vec![
            FieldType::String,
            FieldType::Decimal,
            FieldType::Timestamp,
        ]),
        any::<bool>(),
        prop::option::of(odd_text()),
        list(),
        prop::collection::vec(constraint, 0..3),
    )
        .prop_map(
            |(name, kind, required, default, aliases, constraints)| Field {
                required,
                default,
                aliases,
                constraints,
                ..field(&name, kind, false)
            },
        )
}

/// Mappings with odd texts everywhere. They need not make sense.
pub(crate) fn any_mapping() -> impl Strategy<Value = Mapping> {
    let column = (odd_text(), prop::option::of(Just(SemanticType::Iban)))
        .prop_map(|(name, semantic)| FingerprintColumn { name, semantic });
    let target = (
        odd_text(),
        prop::option::of(odd_text()),
        prop::collection::vec(any_field(), 0..3),
        prop::collection::vec((odd_text(), odd_text(), odd_text()), 0..2),
    )
        .prop_map(|(name, description, fields, unused)| TargetSchema {
            name,
            description,
            fields,
            unused: unused
                .into_iter()
                .map(|(pointer, keyword, why)| Unused {
                    pointer,
                    keyword,
                    why,
                })
                .collect(),
        });
    (
        odd_text(),
        (odd_text(), prop::collection::vec(column, 0..3)),
        prop::collection::vec(decision(), 0..3),
        target,
        prop::collection::vec(any_rule(), 0..3),
        prop::collection::vec((odd_text(), odd_text()), 0..2),
        prop::option::of((any::<u32>(), any::<u32>())),
    )
        .prop_map(
            |(tool, (file, columns), decisions, target, rules, unused, past)| Mapping {
                version: FORMAT_VERSION,
                tool,
                source: Fingerprint { file, columns },
                decisions,
                target_sha256: crate::target::sha256(&target),
                target,
                rules,
                unused: unused
                    .into_iter()
                    .map(|(column, why)| UnusedColumn { column, why })
                    .collect(),
                past: past.map(|(right, wrong)| Past { right, wrong }),
            },
        )
}
