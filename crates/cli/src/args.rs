//! The command line: verbs, their options, and the help that explains them by example.

use std::path::PathBuf;

use aimapper_core::matching::Kind;
use aimapper_core::source::{Limits, What};
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

/// What `--version` prints: program, commit and the formats that it reads and writes.
pub(crate) const VERSION: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    " (commit ",
    env!("AIMAPPER_COMMIT"),
    ", mapping format 1, report format 1)"
);

const EXAMPLES: &str = "\
Examples:
  aimapper read messy.csv                          a clean table, rejects and decisions
  aimapper map bank.csv --to schema.json           propose a mapping and run it
  aimapper map bank.csv --to schema.json --set date_order=dmy --max-rejects 2
  aimapper run --mapping bank.mapping.yaml feb.csv run a kept mapping over the next file
  aimapper check bank.mapping.yaml feb.csv         does the mapping still fit?
  aimapper eval cases/                             how good matching is on tables of your own

Exit codes:
  0  done
  1  could not run (file, disk)
  2  wrong use of the command
  3  done and all files written, but more rejects than --max-rejects
  4  a decision is needed: mapping and report written, no rows published";

/// Maps data in somebody else's shape to a target schema, and proves that nothing was lost.
#[derive(Debug, Parser)]
#[command(name = "aimapper", version = VERSION, after_help = EXAMPLES, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Reads a messy file into a clean table, without a target.
    #[command(after_help = "Example: aimapper read export.csv --set delimiter=';' -o clean/")]
    Read(Read),
    /// Prints what is in each column, as JSON (the report's `columns`).
    #[command(after_help = "Example: aimapper profile export.csv | jq '.[].name'")]
    Profile(Profile),
    /// Proposes how each target field is filled, and runs what is decided.
    #[command(
        after_help = "Example: aimapper map bank.csv --to transaction.schema.json --set date_order=dmy"
    )]
    Map(Map),
    /// Runs a kept mapping over a source, without proposing anything.
    #[command(
        after_help = "Example: aimapper run --mapping bank.mapping.yaml feb.csv\n\
                      Replay mended rejects: aimapper run --mapping bank.mapping.yaml bank.rejects.csv --with bank.good.csv -o mended/"
    )]
    Run(Run),
    /// Says whether a mapping is valid and, with a source, whether it fits; writes nothing.
    #[command(after_help = "Example: aimapper check bank.mapping.yaml feb.csv")]
    Check(Check),
    /// Says how good matching is on tables whose mapping is known.
    #[command(after_help = "Example: aimapper eval cases/ --only bank,orders\n\
                      docs/matching.md shows the files of a case.")]
    Eval(Eval),
    /// Lists what `--memory` remembers, and forgets it.
    #[command(after_help = "Example: aimapper memory --forget 3,4")]
    Memory(Memory),
    /// Serves pages and REST on this machine, and runs the jobs; all in one process.
    #[cfg(feature = "server")]
    #[command(after_help = "Example: aimapper serve --data ~/aimapper-data")]
    Serve(crate::server::args::Serve),
    /// Prints a token for programs on this machine, for `Authorization: Bearer`.
    #[cfg(feature = "server")]
    #[command(after_help = "Example: export AIMAPPER_TOKEN=$(aimapper token --ttl 1h)")]
    Token(crate::server::args::Token),
    /// Looks at how people sign in at a provider.
    #[cfg(feature = "server")]
    #[command(subcommand)]
    Auth(crate::server::args::Auth),
    /// The accounts of those who signed in at a provider.
    #[cfg(feature = "server")]
    #[command(subcommand)]
    Users(crate::server::args::Users),
    /// Makes the tables of the database, or brings them up to date.
    #[cfg(feature = "server")]
    Migrate(crate::server::args::Settings),
    /// Sends a file to a service, runs a mapping over it there and fetches the results.
    #[cfg(feature = "server")]
    #[command(
        after_help = "Example: AIMAPPER_TOKEN=$(aimapper token) aimapper submit feb.csv --mapping 0198.. --wait -o out/"
    )]
    Submit(crate::server::args::Submit),
    /// Runs one job of the service: its specification comes on stdin.
    #[cfg(feature = "server")]
    #[command(hide = true, name = "job-child")]
    JobChild,
    /// Prints completions for a shell.
    #[command(after_help = "Example: aimapper completions bash > /etc/bash_completion.d/aimapper")]
    Completions {
        /// The shell.
        shell: Shell,
    },
}

/// How a source is read.
#[derive(Debug, Args)]
pub(crate) struct Reading {
    /// Sets a reading decision, for the source or for one column.
    ///
    /// WHAT is `encoding`, `delimiter`, `quote`, `escape`, `line_end`, `header_lines`,
    /// `preamble_lines`, `footer_lines`, `table`, `repair` (`all`, nothing, or names with
    /// commas between them), `decimal_mark`, `thousands_mark`, `date_order` (`dmy`, `mdy`, `ymd`)
    /// or `null_markers` (a JSON list).
    #[arg(long = "set", value_name = "WHAT[@COLUMN]=VALUE", value_parser = parse_set)]
    pub(crate) set: Vec<Set>,
    /// Takes table N of the source, counted from 1, and not the largest one.
    #[arg(long, value_name = "N")]
    pub(crate) table: Option<u64>,
    /// Takes the best proposals and readings at or above this confidence (0 to 1) without asking.
    #[arg(long, value_name = "CONFIDENCE", value_parser = parse_confidence)]
    pub(crate) accept: Option<f64>,
    #[command(flatten)]
    pub(crate) unpacking: Unpacking,
    /// Threads; the result does not depend on it.
    #[arg(long, value_name = "N", hide_short_help = true)]
    pub(crate) threads: Option<usize>,
}

/// How far a packed source may go.
#[derive(Debug, Args)]
pub(crate) struct Unpacking {
    /// Most bytes that a packed source may unpack to (default: 200 times its size, but at least
    /// 1 GiB and at most 64 GiB).
    #[arg(long, value_name = "BYTES")]
    pub(crate) max_inflated: Option<u64>,
}

impl Unpacking {
    /// The limits that follow.
    pub(crate) fn limits(&self) -> Limits {
        Limits {
            inflated_bytes: self.max_inflated,
            ..Limits::default()
        }
    }
}

/// Where results go.
#[derive(Debug, Args)]
pub(crate) struct Output {
    /// Folder for the results (default: beside the source; for standard input, the current folder).
    #[arg(short, long, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
    /// Format of the good rows.
    #[arg(long, value_enum, default_value_t = Format::Csv)]
    pub(crate) format: Format,
    /// For spreadsheets: CSV with a byte order mark, and cells that would run as formulas made
    /// harmless (each is listed in the report).
    #[arg(long)]
    pub(crate) excel: bool,
    /// Most rejected records before the command ends with exit code 3: a number, or a share like 1%.
    #[arg(long, value_name = "N", default_value = "0", value_parser = parse_most)]
    pub(crate) max_rejects: Most,
    /// Writes over existing results.
    #[arg(long)]
    pub(crate) force: bool,
    /// Prints the summary as JSON on standard output.
    #[arg(long)]
    pub(crate) json: bool,
}

/// `aimapper read`.
#[derive(Debug, Args)]
pub(crate) struct Read {
    /// Files, folders or patterns; `-` is standard input.
    #[arg(required = true, value_name = "SOURCE")]
    pub(crate) sources: Vec<String>,
    /// Does not look at what is in each column: quicker, and the report says nothing of columns.
    #[arg(long)]
    pub(crate) no_profile: bool,
    #[command(flatten)]
    pub(crate) reading: Reading,
    #[command(flatten)]
    pub(crate) output: Output,
}

/// `aimapper profile`.
#[derive(Debug, Args)]
pub(crate) struct Profile {
    /// A file; `-` is standard input.
    #[arg(value_name = "SOURCE")]
    pub(crate) source: String,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

/// `aimapper map`.
#[derive(Debug, Args)]
pub(crate) struct Map {
    /// Files, folders or patterns under one mapping; `-` is standard input.
    #[arg(required = true, value_name = "SOURCE")]
    pub(crate) sources: Vec<String>,
    /// The target: a JSON Schema (.json), or a sample table (.csv, .tsv).
    #[arg(long = "to", value_name = "TARGET")]
    pub(crate) target: PathBuf,
    /// Proposes by what was decided in earlier mappings to this target (default file: memory.json in
    /// your data folder).
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true)]
    pub(crate) memory: Option<Option<PathBuf>>,
    #[command(flatten)]
    pub(crate) reading: Reading,
    #[command(flatten)]
    pub(crate) output: Output,
}

/// `aimapper run`.
#[derive(Debug, Args)]
pub(crate) struct Run {
    /// Files, folders or patterns; `-` is standard input; a rejects file is replayed.
    #[arg(required = true, value_name = "SOURCE")]
    pub(crate) sources: Vec<String>,
    /// The mapping file; the target is in it.
    #[arg(long, value_name = "MAPPING")]
    pub(crate) mapping: PathBuf,
    /// Good rows of an earlier run that unique fields are checked against.
    #[arg(long = "with", value_name = "FILE")]
    pub(crate) with: Vec<PathBuf>,
    /// Remembers what you accepted, edited, rejected or ignored in the mapping, for `map --memory`.
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true)]
    pub(crate) memory: Option<Option<PathBuf>>,
    #[command(flatten)]
    pub(crate) reading: Reading,
    #[command(flatten)]
    pub(crate) output: Output,
}

/// `aimapper memory`.
#[derive(Debug, Args)]
pub(crate) struct Memory {
    /// The file (default: memory.json in your data folder).
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Forgets the decisions of these numbers, or all.
    #[arg(long, value_name = "N|all", value_delimiter = ',')]
    pub(crate) forget: Vec<String>,
}

/// `aimapper check`.
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The mapping file.
    #[arg(value_name = "MAPPING")]
    pub(crate) mapping: PathBuf,
    /// A source that it should fit.
    #[arg(value_name = "SOURCE")]
    pub(crate) source: Option<String>,
    #[command(flatten)]
    pub(crate) unpacking: Unpacking,
    /// Prints the findings as JSON on standard output.
    #[arg(long)]
    pub(crate) json: bool,
}

/// `aimapper eval`.
#[derive(Debug, Args)]
pub(crate) struct Eval {
    /// Folder with the cases, as `SUITE/CASE/`.
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
    /// Takes only the cases that a JSON file lists under a key, as `SUITE/CASE`.
    #[arg(long, value_name = "FILE:KEY", value_parser = parse_split)]
    pub(crate) split: Option<Split>,
    /// Takes only these suites.
    #[arg(long, value_name = "SUITE", value_delimiter = ',')]
    pub(crate) only: Vec<String>,
    /// Writes the answers to this file, as JSON.
    #[arg(long, value_name = "FILE")]
    pub(crate) predictions: Option<PathBuf>,
    /// Writes what the confidence of values rests on, one JSON object a line, for training it.
    #[arg(long, value_name = "FILE", hide = true)]
    pub(crate) signals: Option<PathBuf>,
    /// Prints the figures as JSON on standard output.
    #[arg(long)]
    pub(crate) json: bool,
    /// Threads; only the seconds depend on it.
    #[arg(long, value_name = "N", hide_short_help = true)]
    pub(crate) threads: Option<usize>,
    /// Takes the trained weights from this file instead of the built-in ones.
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub(crate) weights: Option<PathBuf>,
    /// Leaves kinds of evidence out, to see what each is worth.
    #[arg(
        long,
        value_name = "KIND",
        value_delimiter = ',',
        hide_short_help = true
    )]
    pub(crate) without: Vec<Kind>,
    /// Writes the features of the cases that may be trained on, for training/train.py, and nothing
    /// else.
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub(crate) features: Option<PathBuf>,
}

/// A list of cases in a JSON file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Split {
    pub(crate) file: PathBuf,
    pub(crate) key: String,
}

fn parse_split(text: &str) -> Result<Split, String> {
    match text.rsplit_once(':') {
        Some((file, key)) if !file.is_empty() && !key.is_empty() => Ok(Split {
            file: file.into(),
            key: key.to_owned(),
        }),
        Some(_) | None => Err("write it as file:key, for example split.json:dev".to_owned()),
    }
}

/// Format of good rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// UTF-8, RFC 4180.
    Csv,
    /// One JSON object per line.
    Ndjson,
    /// Apache Parquet.
    Parquet,
}

impl Format {
    /// Extension of its files.
    pub(crate) const fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
            Self::Parquet => "parquet",
        }
    }
}

/// One `--set`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Set {
    pub(crate) what: What,
    pub(crate) column: Option<String>,
    pub(crate) value: serde_json::Value,
}

fn parse_set(text: &str) -> Result<Set, String> {
    let name_end = text
        .find(['=', '@'])
        .ok_or("write it as what=value, for example date_order=dmy")?;
    let (name, rest) = text.split_at_checked(name_end).unwrap_or_default();
    let what = What::parse(name).ok_or_else(|| {
        let names = What::ALL.map(What::name).join(", ");
        format!("`{name}` is no decision; there are {names}")
    })?;
    let (column, value) = match rest.strip_prefix('@') {
        // A column's name may hold `=`, a value rarely does.
        Some(rest) => {
            let (column, value) = rest
                .rsplit_once('=')
                .ok_or("write it as what@column=value")?;
            (Some(column.to_owned()), value)
        }
        None => (None, rest.strip_prefix('=').unwrap_or_default()),
    };
    if column.is_some() && !what.per_column() {
        return Err(format!(
            "{name} is decided for the whole source, not per column"
        ));
    }
    let value = match what {
        What::NullMarkers => serde_json::from_str::<Vec<String>>(value)
            .map(serde_json::Value::from)
            .map_err(|_| r#"null_markers is a JSON list of texts, for example ["", "n/a"]"#)?,
        What::DateOrder if !["dmy", "mdy", "ymd"].contains(&value) => {
            return Err("date_order is dmy, mdy or ymd".to_owned());
        }
        What::Encoding
        | What::Delimiter
        | What::Quote
        | What::Escape
        | What::LineEnd
        | What::HeaderLines
        | What::PreambleLines
        | What::FooterLines
        | What::Table
        | What::Repair
        | What::DecimalMark
        | What::ThousandsMark
        | What::DateOrder => value.into(),
    };
    Ok(Set {
        what,
        column,
        value,
    })
}

fn parse_confidence(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if (0.0..=1.0).contains(&value) => Ok(value),
        Ok(_) | Err(_) => Err("a confidence is a number from 0 to 1, for example 0.9".to_owned()),
    }
}

/// Most rejects that are fine.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Most {
    /// A number of records.
    Records(u64),
    /// A share of the data records, 0 to 1.
    Share(f64),
}

impl Most {
    /// Whether so many rejects of so many data records are too many.
    pub(crate) fn exceeded(self, rejected: u64, records: u64) -> bool {
        match self {
            Self::Records(most) => rejected > most,
            Self::Share(share) => rejected as f64 > share * records as f64,
        }
    }
}

impl std::fmt::Display for Most {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Records(most) => write!(f, "{most}"),
            Self::Share(share) => write!(f, "{} %", share * 100.0),
        }
    }
}

pub(crate) fn parse_most(text: &str) -> Result<Most, String> {
    let wrong = || "a number of records such as 10, or a share such as 1%".to_owned();
    match text.strip_suffix('%') {
        Some(share) => match share.trim().parse::<f64>() {
            Ok(share) if (0.0..=100.0).contains(&share) => Ok(Most::Share(share / 100.0)),
            Ok(_) | Err(_) => Err(wrong()),
        },
        None => text.parse().map(Most::Records).map_err(|_| wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn set_takes_decisions_for_all_or_for_one_column() {
        let set = parse_set("delimiter=;").unwrap();
        assert_eq!(
            (set.what, set.column, set.value),
            (What::Delimiter, None, ";".into())
        );
        let set = parse_set("date_order@Txn = Dt=mdy").unwrap();
        assert_eq!(set.column.as_deref(), Some("Txn = Dt"));
        assert_eq!(set.value, "mdy");
        let set = parse_set(r#"null_markers@a=["-"]"#).unwrap();
        assert_eq!(set.value, serde_json::json!(["-"]));
        assert_eq!(parse_set("quote=").unwrap().value, "");
    }

    #[test]
    fn set_refuses_what_it_does_not_know() {
        assert!(parse_set("delimeter=;").unwrap_err().contains("delimiter"));
        assert!(
            parse_set("encoding@a=utf-8")
                .unwrap_err()
                .contains("whole source")
        );
        assert!(parse_set("date_order=ddmm").unwrap_err().contains("dmy"));
        assert!(parse_set("delimiter").unwrap_err().contains("what=value"));
    }

    #[test]
    fn a_split_is_a_file_and_a_key() {
        let split = parse_split("a:b/split.json:dev").unwrap();
        assert_eq!(
            (split.file, split.key.as_str()),
            ("a:b/split.json".into(), "dev")
        );
        assert!(parse_split("split.json").is_err());
        assert!(parse_split("split.json:").is_err());
    }

    #[test]
    fn most_rejects_are_a_number_or_a_share() {
        assert!(parse_most("2").unwrap().exceeded(3, 10));
        assert!(!parse_most("2").unwrap().exceeded(2, 10));
        assert!(parse_most("1%").unwrap().exceeded(2, 100));
        assert!(!parse_most("1%").unwrap().exceeded(1, 100));
        assert!(parse_most("many").is_err());
    }
}
