//! A run that is broken off behind any chunk and goes on there writes the same bytes and counts the
//! same records as one that was never broken off.

#![cfg(test)]

use std::fmt::Write as _;

use aimapper_core::matching::Memory;
use aimapper_core::pipeline::{self, Chunks, Resume, Settings, Sinks, Source, Tally};
use aimapper_core::source::{CHUNK_RECORDS, Input, Limits, Overrides, Reading};
use aimapper_core::target::from_json_schema;
use aimapper_core::transform::{
    Encoder, Plan, RejectsWriter, TableWriter, TextFormat, UniqueStage, compile,
};

/// Three whole chunks and a part of a fourth, with what goes wrong in files on both sides of each
/// border: values that are no numbers, ragged records, blank lines, ids that come twice.
fn rows() -> String {
    let mut text = "id,amount\n".to_owned();
    for row in 0..CHUNK_RECORDS * 3 + 1_000 {
        let id = if row % 50_000 == 49_999 { 7 } else { row };
        match row % 9_973 {
            5 => text.push_str("ragged\n"),
            6 => text.push('\n'),
            7 => writeln!(text, "{id},no number").unwrap(),
            _ => writeln!(text, "{id},{}.5", row % 1_000).unwrap(),
        }
    }
    text
}

struct Kept {
    resume: Resume,
    good: Vec<u8>,
    rejects: Vec<u8>,
}

/// What a run wrote, chunk by chunk, and behind the last one.
struct Ran {
    kept: Vec<Kept>,
    good: Vec<u8>,
    rejects: Vec<u8>,
    tally: Tally,
}

fn run(source: Source<'_>, plan: &Plan, settings: Settings, from: Option<Resume>) -> Ran {
    let encoder = Encoder::of_plan(plan, TextFormat::Csv).unwrap();
    let (table, rejects) = match &from {
        None => (
            TableWriter::text(Vec::new(), encoder).unwrap(),
            RejectsWriter::new(Vec::new(), "rows.csv").unwrap(),
        ),
        Some(from) => (
            TableWriter::text_behind(Vec::new(), encoder, from.good),
            RejectsWriter::behind(Vec::new(), "rows.csv", from.rejected),
        ),
    };
    let mut kept = Vec::new();
    let mut keep = |end: pipeline::ChunkEnd<'_, Vec<u8>>| {
        // What another process would find.
        let text = serde_json::to_string(&end.resume).unwrap();
        kept.push(Kept {
            resume: serde_json::from_str(&text).unwrap(),
            good: std::mem::take(end.good),
            rejects: std::mem::take(end.rejects),
        });
        Ok(())
    };
    let sinks = Sinks {
        table,
        rejects,
        profile: None,
        chunks: Some(Chunks {
            from,
            done: &mut keep,
        }),
    };
    let unique = UniqueStage::new(plan);
    let done = pipeline::run(source, plan, unique, sinks, settings, &mut |_| {}).unwrap();
    assert!(done.tally.balance.balanced, "{:?}", done.tally.balance);
    Ran {
        kept,
        good: done.good,
        rejects: done.rejects,
        tally: done.tally,
    }
}

type Part = (fn(&Kept) -> &Vec<u8>, fn(&Ran) -> &Vec<u8>);

/// The bytes of a run's first chunks, and then all those of a run that went on behind them.
fn joined(whole: &Ran, chunks: usize, rest: &Ran, (of_chunk, last): Part) -> Vec<u8> {
    let first = whole.kept.iter().take(chunks).map(of_chunk);
    let then = rest.kept.iter().map(of_chunk).chain([last(rest)]);
    first.chain(then).flatten().copied().collect()
}

#[test]
fn a_run_goes_on_behind_any_chunk_as_if_nothing_had_happened() {
    let text = rows();
    let input = Input::spool("rows.csv", text.as_bytes()).unwrap();
    let limits = Limits::default();
    let reading = Reading::decide(&input, &Overrides::default(), &limits).unwrap();
    let source = Source {
        input: &input,
        reading: &reading,
        limits,
        replays: None,
    };
    let settings = Settings {
        threads: 2,
        ..Settings::default()
    };
    let (profile, _) =
        pipeline::profile(source, &Overrides::default(), settings, &mut |_| {}).unwrap();
    for id in [
        r#"{"type": "integer"}"#,
        r#"{"type": "integer", "x-unique": true}"#,
    ] {
        let schema = format!(
            r#"{{"type": "object", "required": ["id", "amount"],
                "properties": {{"id": {id}, "amount": {{"type": "number"}}}}}}"#
        );
        let target = from_json_schema(&schema, "target.json").unwrap();
        let mapping =
            pipeline::propose("rows.csv", &reading, &profile, &target, &Memory::default());
        let plan = compile(&mapping, &reading.columns, 0.5).unwrap();
        assert_eq!(plan.has_unique(), id.contains("unique"));
        let whole = run(source, &plan, settings, None);
        assert_eq!(whole.kept.len(), 3);
        assert!(whole.tally.rejected >= 40, "{}", whole.tally.rejected);
        for (number, kept) in whole.kept.iter().enumerate() {
            let settings = Settings {
                threads: 1 + number % 2,
                block: 1 << (10 + number),
            };
            let rest = run(source, &plan, settings, Some(kept.resume.clone()));
            let parts: [Part; 2] = [
                (|kept| &kept.good, |ran| &ran.good),
                (|kept| &kept.rejects, |ran| &ran.rejects),
            ];
            for part in parts {
                let wanted = joined(&whole, 0, &whole, part);
                let went_on = joined(&whole, number + 1, &rest, part);
                assert!(went_on == wanted, "other bytes behind chunk {number}");
            }
            assert_eq!(rest.tally.balance, whole.tally.balance);
            assert_eq!(rest.tally.by_rule, whole.tally.by_rule);
            assert_eq!(rest.tally.shown, whole.tally.shown);
            assert_eq!(rest.tally.non_data, whole.tally.non_data);
        }
    }
}
