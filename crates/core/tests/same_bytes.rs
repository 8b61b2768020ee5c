//! Threads and blocks change nothing: every file of the fault corpus goes through the whole pipeline
//! with 1, 2 and 4 threads and with blocks of 64 bytes, 4 KiB and 1 MiB, and everything that comes
//! out is the same to the byte: good rows, rejects, mapping and report (whose time is left out).

#![cfg(test)]

mod cases;

use std::fs;
use std::path::{Path, PathBuf};

use aimapper_core::mapping::{accept_at, to_yaml};
use aimapper_core::matching::Memory;
use aimapper_core::pipeline::{self, Settings, Sinks, Source, Tally};
use aimapper_core::profile::Profile;
use aimapper_core::report::{self, Report, SourceFile};
use aimapper_core::source::{Input, Limits, Overrides, Reading};
use aimapper_core::target::from_sample;
use aimapper_core::transform::{
    Encoder, RejectsWriter, TableWriter, TextFormat, UniqueStage, compile,
};

const THREADS: [usize; 3] = [1, 2, 4];
const BLOCKS: [usize; 3] = [64, 4 << 10, 1 << 20];

/// What comes out, by name.
type Outputs = Vec<(&'static str, Vec<u8>)>;

fn report_of(input: &Input, reading: &Reading, profile: Profile, tally: &Tally) -> Report {
    Report {
        version: report::FORMAT_VERSION,
        source: SourceFile {
            file: input.name().to_owned(),
            bytes: input.size(),
            sha256: reading.sha256.clone(),
        },
        decisions: [reading.decisions.as_slice(), profile.decisions.as_slice()].concat(),
        columns: profile.columns,
        fields: None,
        non_data: tally.non_data.clone(),
        balance: tally.balance,
        rejects_by_rule: tally.by_rule.clone(),
        outputs: Vec::new(),
        seconds: 0.0,
    }
}

/// Adds what every pass tells beside its rows.
fn tell(outputs: &mut Outputs, names: [&'static str; 3], report: &Report, tally: &mut Tally) {
    outputs.push((names[0], report::to_json(report).into_bytes()));
    outputs.push((
        names[1],
        report::to_html(report, None, &tally.shown).into_bytes(),
    ));
    if let Some(spill) = tally.spill.take() {
        outputs.push((names[2], fs::read(spill.path()).unwrap()));
    }
}

/// A source into a clean table, and then by a mapping onto what is like itself.
fn outputs(input: &Input, reading: &Reading, settings: Settings) -> Outputs {
    let overrides = Overrides::default();
    let source = Source {
        input,
        reading,
        limits: Limits::default(),
        replays: None,
    };
    let sinks = |encoder: Encoder| Sinks {
        table: TableWriter::text(Vec::new(), encoder).unwrap(),
        rejects: RejectsWriter::new(Vec::new(), input.name()).unwrap(),
        chunks: None,
        profile: None,
    };
    let mut outputs = Outputs::new();

    let encoder = Encoder::of_columns(&reading.header, TextFormat::Csv);
    let profiled = Sinks {
        profile: Some(&overrides),
        ..sinks(encoder)
    };
    let mut done = pipeline::read(source, profiled, settings, &mut |_| ()).unwrap();
    let profile = done.profile.take().unwrap();
    outputs.push(("clean table", done.good));
    outputs.push(("rejects of reading", done.rejects));
    let report = report_of(input, reading, profile.clone(), &done.tally);
    let names = [
        "report of reading",
        "page of reading",
        "non-data of reading",
    ];
    tell(&mut outputs, names, &report, &mut done.tally);

    let Ok(target) = from_sample(&profile.columns, "sample.csv") else {
        return outputs;
    };
    let proposed = pipeline::propose(input.name(), reading, &profile, &target, &Memory::default());
    let mapping = accept_at(&proposed, 0.0, "a test", "");
    outputs.push(("mapping", to_yaml(&mapping).into_bytes()));
    let Ok(plan) = compile(&mapping, &reading.columns, 0.0) else {
        return outputs;
    };
    let encoder = Encoder::of_plan(&plan, TextFormat::Ndjson).unwrap();
    let mut done = pipeline::run(
        source,
        &plan,
        UniqueStage::new(&plan),
        sinks(encoder),
        settings,
        &mut |_| (),
    )
    .unwrap();
    outputs.push(("good rows", done.good));
    outputs.push(("rejects", done.rejects));
    let report = report_of(input, reading, profile, &done.tally);
    tell(
        &mut outputs,
        ["report", "page", "non-data"],
        &report,
        &mut done.tally,
    );
    outputs
}

/// What a file came to.
enum Same {
    /// It is refused as a whole.
    Refused,
    /// So many outputs, each the same for all settings.
    All(usize),
    /// The first output that is not.
    Differs(String),
}

fn compare(input: &Input) -> Same {
    let Ok(reading) = Reading::decide(input, &Overrides::default(), &Limits::default()) else {
        return Same::Refused;
    };
    let mut first: Option<Outputs> = None;
    for threads in THREADS {
        for block in BLOCKS {
            let now = outputs(input, &reading, Settings { threads, block });
            let Some(first) = &first else {
                first = Some(now);
                continue;
            };
            let differs = first.iter().zip(&now).find(|(one, other)| one != other);
            if let Some(((name, _), _)) = differs {
                let with = format!("{threads} threads, blocks of {block}");
                return Same::Differs(format!("{}: {name} with {with}", input.name()));
            }
            assert_eq!(first.len(), now.len(), "{}", input.name());
        }
    }
    Same::All(first.map_or(0, |outputs| outputs.len()))
}

/// Compares all sources, and says how many there were.
#[expect(clippy::print_stdout, reason = "figures for who runs it by hand")]
fn compare_all(sources: impl Iterator<Item = Input>) {
    let (mut refused, mut same, mut outputs, mut bytes) = (0, 0, 0, 0);
    let mut differ = Vec::new();
    for input in sources {
        bytes += input.size();
        match compare(&input) {
            Same::Refused => refused += 1,
            Same::All(count) => {
                same += 1;
                outputs += count;
            }
            Same::Differs(how) => differ.push(how),
        }
    }
    println!(
        "{same} sources with {outputs} outputs the same, {} differ, {refused} refused, {bytes} bytes",
        differ.len()
    );
    assert!(same > 0, "no source");
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}

#[test]
fn threads_and_blocks_change_no_byte_of_what_comes_out() {
    let cases = cases::corpus();
    compare_all(cases.iter().filter_map(|case| {
        // What is empty is refused before there is anything to compare.
        Input::spool(case.file.clone(), case.bytes.as_slice()).ok()
    }));
}

/// All files below a folder, in order.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "csv") {
            found.push(path);
        }
    }
}

#[test]
#[ignore = "over the folder in AIMAPPER_CASES: `just same-bytes FOLDER`"]
fn nor_of_the_files_of_a_folder() {
    let folder = std::env::var("AIMAPPER_CASES").unwrap();
    let mut found = Vec::new();
    files(Path::new(&folder), &mut found);
    compare_all(found.iter().filter_map(|path| Input::open(path).ok()));
}
