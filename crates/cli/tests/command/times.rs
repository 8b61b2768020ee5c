//! Opening hours: times of day as people write them.

use crate::harness::{Place, column, complaints, repository};

const TARGET: &str = r#"{"title": "opening", "type": "object", "required": ["day", "opens"], "properties": {
    "day": {"type": "string"},
    "opens": {"type": "string", "format": "time"},
    "closes": {"type": "string", "format": "time"}}}"#;

const MAY: &str = "\
day;opens;closes
Mon;06:00;01:00 PM
Tue;06:30;02:00 PM
Wed;07:00;11:30 AM
Thu;06:00;05:15 PM
Fri;06:00;12:00 PM
Sat;09:00;12:00 AM
";

/// With a mapping of [`MAY`].
fn mapped() -> Place {
    let place = Place::new();
    place.write("target.json", TARGET);
    place.write("may.csv", MAY);
    place.run("map may.csv --to target.json").ends(0);
    place
}

#[test]
fn opening_hours_are_times() {
    let place = mapped();
    let good = place.table("may.good.csv");
    assert_eq!(
        column(&good, "opens"),
        [
            "06:00:00", "06:30:00", "07:00:00", "06:00:00", "06:00:00", "09:00:00"
        ]
    );
    assert_eq!(
        column(&good, "closes"),
        [
            "13:00:00", "14:00:00", "11:30:00", "17:15:00", "12:00:00", "00:00:00"
        ]
    );
    let mapping = place.text("may.mapping.yaml");
    for step in [
        r#"- time: {formats: ["%H:%M"]}"#,
        r#"- time: {formats: ["%I:%M %p"]}"#,
    ] {
        assert!(mapping.contains(step), "{mapping}");
    }
    let schema = repository("docs/report.schema.json");
    assert_eq!(complaints(&schema, &place.json("may.report.json")), [""; 0]);

    // The same file and mapping give the same bytes, in every format of the output.
    for format in ["csv", "ndjson", "parquet"] {
        let run = |to: &str, threads: u32| {
            let line = format!(
                "run --mapping may.mapping.yaml may.csv --format {format} --output {to} --threads {threads}"
            );
            place.run(&line).ends(0);
            place.bytes(&format!("{to}/may.good.{format}"))
        };
        assert_eq!(
            run(&format!("{format}1"), 1),
            run(&format!("{format}2"), 2),
            "{format}"
        );
    }
    let first = place.text("ndjson1/may.good.ndjson");
    assert!(
        first.starts_with(r#"{"day":"Mon","opens":"06:00:00","closes":"13:00:00"}"#),
        "{first}"
    );
}

#[test]
fn a_time_that_does_not_exist_or_fit_is_a_reject() {
    let place = mapped();
    let june = "\
day;opens;closes
Mon;06:00;01:00 PM
Tue;24:00;01:00 PM
Wed;06:00;13:00 PM
Thu;noon;01:00 PM
Fri;6:00;01:00 PM
Sat;;12:30 am
Sun;06:00;14:00
";
    place.write("june.csv", june);
    let ran = place.run("run --mapping may.mapping.yaml june.csv").ends(3);
    assert!(ran.out.contains("impossible_time"), "{}", ran.out);
    let good = place.table("june.good.csv");
    assert_eq!(column(&good, "closes"), ["13:00:00"]);
    let rejects = place.table("june.rejects.csv");
    let of = |name| column(&rejects, name);
    assert_eq!(
        of("_value"),
        ["24:00", "13:00 PM", "noon", "6:00", "", "14:00"]
    );
    assert_eq!(
        of("_rule"),
        [
            "impossible_time",
            "impossible_time",
            "not_a_time",
            "not_a_time",
            "required",
            "not_a_time"
        ]
    );
    let hints = of("_hint");
    assert!(hints[0].contains("0 to 23"), "{hints:?}");
    assert!(hints[2].contains("%-I:%M %p"), "{hints:?}");
    assert!(
        hints[3].ends_with("add \"%-H:%M\" to the formats of the rule's `time` step"),
        "{hints:?}"
    );
    assert!(hints[5].contains("add \"%H:%M\""), "{hints:?}");
}

#[test]
fn times_in_another_format_are_told_before_anything_is_written() {
    let place = mapped();
    for (from, to, format) in [
        (";06:", ";6.", "%-H.%M"),
        (";0", ";", "%-H:%M"),
        (";0", ";2026-06-01 0", "%Y-%m-%d %H:%M"),
    ] {
        let opens = MAY.replace(";07:", ";06:").replace(";09:", ";06:");
        let next: Vec<String> = opens
            .lines()
            .map(|line| line.replacen(from, to, 1) + "\n")
            .collect();
        place.write("next.csv", next.concat());
        let ran = place.run("run --mapping may.mapping.yaml next.csv").ends(4);
        let said = format!(
            "the mapping reads time_format [\"%H:%M\"] in `opens`, but this file asks for [\"{format}\"]"
        );
        assert!(ran.err.contains(&said), "{}", ran.err);
        assert!(!place.path("next.good.csv").exists());
    }
    // With the format that is asked for it runs.
    let mapping = place.text("may.mapping.yaml");
    let added = mapping.replace(r#"["%H:%M"]"#, r#"["%H:%M", "%-H.%M"]"#);
    place.write("added.mapping.yaml", added);
    place.write("next.csv", MAY.replace(";06:", ";6."));
    place
        .run("run --mapping added.mapping.yaml next.csv")
        .ends(0);
    let good = place.table("next.good.csv");
    assert_eq!(
        column(&good, "opens")[..3],
        ["06:00:00", "06:30:00", "07:00:00"]
    );

    // A format that a time cannot have is no mapping.
    let dated = mapping.replace(r#"["%H:%M"]"#, r#"["%Y-%m-%d %H:%M"]"#);
    place.write("dated.mapping.yaml", dated);
    let ran = place.run("check dated.mapping.yaml").ends(1);
    assert!(
        ran.err.contains("has a date, and a time has none"),
        "{} {}",
        ran.out,
        ran.err
    );
}

#[test]
fn what_rejects_every_row_is_not_proposed_as_sure() {
    let place = Place::new();
    place.write("target.json", TARGET);
    for (opens, word) in [
        (["soon", "later", "by appointment"], "open"),
        (["10:00:00Z", "11:00:00Z", "12:00:00Z"], "open"),
        (["6.30", "7.15", "13.00"], "check 0.60"),
        (["06:30", "07:15", "01:00 PM"], "check 0.60"),
        (
            ["2026-06-01 06:30", "2026-06-01 07:15", "2026-06-02 06:30"],
            "check",
        ),
        (["06.30", "07.15", "13.00"], "sure"),
        (["0630", "0715", "1300"], "sure"),
        (["6h30", "7h15", "13h00"], "sure"),
    ] {
        let rows: Vec<String> = ["Mon", "Tue", "Wed"]
            .iter()
            .zip(opens)
            .map(|(day, opens)| format!("{day};{opens}\n"))
            .collect();
        place.write("hours.csv", format!("day;opens\n{}", rows.concat()));
        let ran = place.run("map hours.csv --to target.json --force");
        let mut lines = ran.out.lines();
        let line = lines
            .find(|line| line.trim().starts_with("opens "))
            .unwrap();
        assert!(line.contains(word), "{opens:?} {}", ran.out);
    }
}
