//! A mapping that was decided before, for another source: do its readings still hold, are its
//! columns there, is nothing left open?

use crate::error::{ErrorKind, Explain};
use crate::mapping::{
    Edit, Mapping, MissingColumn, accept_at, apply, blocking_questions, shell_quoted, what_in_words,
};
use crate::source::{
    Decision, Escape, Input, Limits, Overrides, Reading, SURE_BAR, SourceError, TextEncoding, What,
};
use crate::transform::{CompileError, Plan, compile};

use super::renamed::check_names;
use super::replay::is_rejects_file;

/// What a source asks to be read otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// What is decided about the source or one of its columns.
    Reading(What),
    /// How the times of day of a column are written.
    TimeFormat,
}

impl Asked {
    /// As it is called where decisions are.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reading(what) => what.name(),
            Self::TimeFormat => "time_format",
        }
    }

    /// In plain words.
    #[must_use]
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Reading(what) => what_in_words(what),
            Self::TimeFormat => "format of the times",
        }
    }
}

/// A source plainly asks for another reading than a kept mapping's.
#[derive(Debug, thiserror::Error)]
#[error(
    "{file}: the mapping reads {what} {kept}{in_column}, but this file asks for {now} ({reason})",
    what = what.name(),
    in_column = column.as_ref().map_or_else(String::new, |column| format!(" in `{column}`"))
)]
pub struct OtherReading {
    /// The source.
    pub file: String,
    /// Which reading.
    pub what: Asked,
    /// The column, for what is read per column.
    pub column: Option<String>,
    /// The mapping's value.
    pub kept: serde_json::Value,
    /// The source's.
    pub now: serde_json::Value,
    /// Why the source asks for it.
    pub reason: String,
    /// Whether setting it is enough: the mapping's steps follow.
    pub settable: bool,
}

/// Why a kept mapping cannot run over a source as it is.
#[derive(Debug, thiserror::Error)]
pub enum KeptError {
    /// The source could not be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The source plainly asks for another reading than the mapping's.
    #[error(transparent)]
    NoLonger(Box<OtherReading>),
    /// A column that the mapping needs is not there.
    #[error("{file} has no column {}", all_missing(missing))]
    NoColumn {
        /// The source.
        file: String,
        /// The columns, with what they fill and the nearest names that the source has.
        missing: Vec<MissingColumn>,
    },
    /// A decision is still open.
    #[error("a decision is needed: {question}")]
    Undecided {
        /// The first open question.
        question: String,
        /// How to answer it.
        settle: String,
    },
    /// The mapping does not fit.
    #[error(transparent)]
    Compile(#[from] CompileError),
}

/// Missing columns that are told by name.
const NAMED: usize = 8;

fn all_missing(missing: &[MissingColumn]) -> String {
    let named = missing.iter().take(NAMED).map(|known| {
        let fields = known.used_by.join(", ");
        format!("`{}`, which fills {fields}", known.column)
    });
    let named = named.collect::<Vec<_>>().join("; none ");
    match missing.len().saturating_sub(NAMED) {
        0 => named,
        1 => format!("{named} (1 more column is missing)"),
        more => format!("{named} ({more} more columns are missing)"),
    }
}

/// Under which names missing columns may be in the source.
fn likely_names(missing: &[MissingColumn]) -> String {
    let like = missing.iter().take(NAMED);
    let like = like.filter(|known| !known.nearest.is_empty());
    let like: Vec<String> = like
        .map(|known| {
            let names = known.nearest.join("` or `");
            match missing {
                [_] => format!("`{names}`"),
                _ => format!("`{names}` for `{}`", known.column),
            }
        })
        .collect();
    if like.is_empty() {
        return "map the file anew with `aimapper map`".to_owned();
    }
    let where_to = match like.as_slice() {
        [_] => "it in the rule's",
        _ => "them in the rules'",
    };
    format!(
        "did you mean {}? Then write {where_to} `sources`",
        like.join(", ")
    )
}

impl Explain for KeptError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Source(error) => error.kind(),
            Self::Compile(error) => error.kind(),
            Self::NoLonger(_) | Self::NoColumn { .. } | Self::Undecided { .. } => {
                ErrorKind::Undecided
            }
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Source(error) => error.hint(),
            Self::Compile(error) => error.hint(),
            Self::NoLonger(other) => {
                let OtherReading {
                    what,
                    column,
                    now,
                    settable,
                    ..
                } = &**other;
                if *what == Asked::TimeFormat {
                    return Some(to_add(now));
                }
                if !settable {
                    return Some("map the file anew, or add its form to the rule".to_owned());
                }
                let value = now.as_str().map_or_else(|| now.to_string(), str::to_owned);
                let setting = match column {
                    Some(column) => shell_quoted(&format!("{}@{column}={value}", what.name())),
                    None if value.contains('\'') => {
                        shell_quoted(&format!("{}={value}", what.name()))
                    }
                    None => format!("{}='{value}'", what.name()),
                };
                Some(format!(
                    "settle it with --set {setting}, or map the file anew"
                ))
            }
            Self::NoColumn { missing, .. } => Some(likely_names(missing)),
            Self::Undecided { settle, .. } => Some(settle.clone()),
        }
    }
}

/// What to do about times of day that are written otherwise.
fn to_add(now: &serde_json::Value) -> String {
    let formats = now.as_array().into_iter().flatten();
    let formats: Vec<String> = formats.map(ToString::to_string).collect();
    if formats.iter().any(|format| format.contains("%d")) {
        return "map the file anew, or cut the time out before the rule's `time` step".to_owned();
    }
    format!(
        "add {} to the formats of the rule's `time` step, or map the file anew",
        formats.join(" and ")
    )
}

/// A mapping that is ready to run over a source.
#[derive(Debug)]
pub struct Ready {
    /// How the source is read.
    pub reading: Reading,
    /// For a rejects file that is replayed: how the source of its records was read.
    pub replays: Option<Reading>,
    /// The mapping, with what was accepted.
    pub mapping: Mapping,
    /// The compiled mapping.
    pub plan: Plan,
    /// Columns of the source that no rule uses and that the mapping does not know.
    pub new_columns: Vec<String>,
    /// From which confidence on a reading that the source leaves open is the mapping's without a question.
    pub bar: f64,
}

/// Makes a kept mapping ready for a source. With `accept`, proposals and readings at or above it are
/// taken; without, only what is sure or was decided.
///
/// # Errors
/// [`KeptError`].
pub fn ready(
    input: &Input,
    mapping: &Mapping,
    set: &Overrides,
    accept: Option<f64>,
    limits: &Limits,
) -> Result<Ready, KeptError> {
    let (reading, replays) = match is_rejects_file(input) {
        None => (kept_reading(input, mapping, set, limits)?, None),
        Some(delimiter) => {
            let reading = Reading::decide(input, &of_csv(delimiter), limits)?;
            let records = of_records(mapping, &reading);
            (reading, Some(records))
        }
    };
    let bar = accept.unwrap_or(SURE_BAR);
    if replays.is_none() && set.get(What::HeaderLines, None).is_none() {
        header_fits(input, mapping, &reading, bar)?;
    }
    let mapping = match accept {
        Some(bar) => accept_at(mapping, bar, &format!("--accept {bar}"), ""),
        None => mapping.clone(),
    };
    let mapping = with_set(mapping, set);
    let columns = &replays.as_ref().unwrap_or(&reading).columns;
    let new_columns = columns_fit(input, &mapping, columns)?;
    if let Some(question) = blocking_questions(&mapping, bar).into_iter().next() {
        return Err(KeptError::Undecided {
            question: question.text,
            settle: question.settle,
        });
    }
    let plan = compile(&mapping, columns, bar)?;
    Ok(Ready {
        reading,
        replays,
        mapping,
        plan,
        new_columns,
        bar,
    })
}

/// Whether the names of a source stand over their own columns, as they did when the mapping was made; at `bar` or
/// above it is sure enough.
///
/// # Errors
/// [`KeptError::Undecided`].
pub fn header_fits(
    input: &Input,
    mapping: &Mapping,
    reading: &Reading,
    bar: f64,
) -> Result<(), KeptError> {
    let known = mapping.source.columns.iter().map(|column| &column.name);
    let as_before = reading.header.len() <= reading.columns.len() && known.eq(&reading.columns);
    if reading.header_fit >= bar || as_before {
        return Ok(());
    }
    let (names, columns) = (reading.header.len(), reading.columns.len());
    Err(KeptError::Undecided {
        question: format!(
            "{} has {names} names for {columns} columns: which stands over which?",
            input.name()
        ),
        settle: format!(
            "they are read as {}; if that is right, say so with --set header_lines=1",
            reading.columns.join(", ")
        ),
    })
}

/// The mapping with what was set about its columns, so that its steps follow.
fn with_set(mapping: Mapping, set: &Overrides) -> Mapping {
    let is_other = |mapping: &Mapping, what, column: Option<&str>, value: &serde_json::Value| {
        let all = mapping.decisions.iter();
        let mut concerned = all.filter(|decision| {
            decision.what == what && (column.is_none() || decision.column.as_deref() == column)
        });
        // Of a column that left it open there is no decision, but its steps have one of the readings.
        match column {
            Some(_) => !concerned.any(|decision| decision.value == *value),
            None => concerned.any(|decision| decision.value != *value),
        }
    };
    set.iter().filter(|(what, _, _)| what.per_column()).fold(
        mapping,
        |mapping, (what, column, value)| {
            if !is_other(&mapping, what, column, value) {
                return mapping;
            }
            let edit = Edit::SetDecision {
                what,
                column: column.map(str::to_owned),
                value: value.clone(),
            };
            // What cannot be set of this mapping has no effect, as in a profile.
            apply(&mapping, &edit, "a person", "").unwrap_or(mapping)
        },
    )
}

/// The columns of a source that a mapping does not know.
///
/// # Errors
/// [`KeptError::NoColumn`] where one that it needs is not there.
pub fn columns_fit(
    input: &Input,
    mapping: &Mapping,
    columns: &[String],
) -> Result<Vec<String>, KeptError> {
    let check = check_names(mapping, columns);
    if check.missing.is_empty() {
        return Ok(check.new);
    }
    Err(KeptError::NoColumn {
        file: input.name().to_owned(),
        missing: check.missing,
    })
}

/// A CSV of ours, or one that a spreadsheet made of it: nothing is left to guess.
#[must_use]
pub fn of_csv(delimiter: &str) -> Overrides {
    let mut overrides = Overrides::default();
    overrides.set(What::Delimiter, None, delimiter);
    overrides.set(What::Quote, None, "\"");
    overrides.set(What::Escape, None, "\"");
    overrides.set(What::HeaderLines, None, 1);
    overrides.set(What::PreambleLines, None, 0);
    overrides.set(What::FooterLines, None, 0);
    overrides.set(What::LineEnd, None, "crlf");
    overrides
}

/// Readings that belong to a format, and may not change unseen from file to file.
pub(super) const OF_FORMAT: [What; 4] = [
    What::Encoding,
    What::Delimiter,
    What::Quote,
    What::HeaderLines,
];
/// Readings that may differ from file to file of one format; the file's own are taken where they
/// are sure.
const OF_FILE: [What; 3] = [What::PreambleLines, What::FooterLines, What::LineEnd];

/// Reads a source as the mapping's was read.
///
/// # Errors
/// [`KeptError::NoLonger`] where the source plainly asks for another reading and nobody set one;
/// [`KeptError::Source`].
pub fn kept_reading(
    input: &Input,
    mapping: &Mapping,
    set: &Overrides,
    limits: &Limits,
) -> Result<Reading, KeptError> {
    // A table that a person chose is kept by its number; else each file's largest is taken.
    let chosen = find(&mapping.decisions, What::Table)
        .filter(|table| table.confidence >= 1.0 && set.get(What::Table, None).is_none());
    let mut own = set.clone();
    if let Some(table) = chosen {
        own.set(What::Table, None, table.value.clone());
    }
    let own = Reading::decide(input, &own, limits)?;
    let mut overrides = kept(mapping, set);
    if let Some(table) = find(&own.decisions, What::Table) {
        overrides.set(What::Table, None, table.value.clone());
    }
    for what in OF_FORMAT {
        if set.get(what, None).is_some() {
            continue;
        }
        if let Some(other) = other_format(input.name(), mapping, what, &own.decisions, own.ascii) {
            return Err(KeptError::NoLonger(Box::new(other)));
        }
    }
    for what in OF_FILE {
        if let Some(now) = find(&own.decisions, what).filter(|now| now.sure) {
            overrides.set(what, None, now.value.clone());
        }
    }
    Ok(Reading::decide(input, &overrides, limits)?)
}

/// The reading of the records in a rejects file: the mapping's, whatever the file is.
fn of_records(mapping: &Mapping, own: &Reading) -> Reading {
    let text = |what| {
        find(&mapping.decisions, what)
            .and_then(|decision| decision.value.as_str())
            .unwrap_or_default()
    };
    let quote = text(What::Quote).bytes().next();
    let escape = match (text(What::Escape).bytes().next(), quote) {
        (None, _) => Escape::None,
        (escape, quote) if escape == quote => Escape::Doubled,
        (Some(escape), _) => Escape::Char(escape),
    };
    let columns: Vec<String> = mapping
        .source
        .columns
        .iter()
        .map(|column| column.name.clone())
        .collect();
    let mut reading = own.clone();
    reading.dialect.delimiter = text(What::Delimiter).to_owned();
    reading.dialect.quote = quote;
    reading.dialect.escape = escape;
    if let Some(encoding) = TextEncoding::of_label(text(What::Encoding)) {
        reading.encoding = encoding;
    }
    reading.header.clone_from(&columns);
    reading.kept = Vec::new();
    reading.columns = columns;
    reading
}

/// The mapping's readings, with what was set on the command line over them.
fn kept(mapping: &Mapping, set: &Overrides) -> Overrides {
    let mut overrides = Overrides::default();
    for decision in &mapping.decisions {
        overrides.set(
            decision.what,
            decision.column.clone(),
            decision.value.clone(),
        );
    }
    for (what, column, value) in set.iter() {
        overrides.set(what, column.map(str::to_owned), value.clone());
    }
    overrides
}

/// The reading of a format for which a source asks so plainly that the mapping's would be wrong; `ascii` is whether
/// the source is ASCII throughout.
pub(super) fn other_format(
    file: &str,
    mapping: &Mapping,
    what: What,
    own: &[Decision],
    ascii: bool,
) -> Option<OtherReading> {
    let kept = find(&mapping.decisions, what)?;
    let now = find(own, what)?;
    (kept.value != now.value && plain(what, now, ascii)).then(|| OtherReading {
        file: file.to_owned(),
        what: Asked::Reading(what),
        column: None,
        kept: kept.value.clone(),
        now: now.value.clone(),
        reason: now.reason.clone(),
        settable: true,
    })
}

pub(super) fn find(decisions: &[Decision], what: What) -> Option<&Decision> {
    decisions
        .iter()
        .find(|decision| decision.what == what && decision.column.is_none())
}

/// Whether the source asks for this reading so plainly that another one would be wrong.
fn plain(what: What, now: &Decision, ascii: bool) -> bool {
    match what {
        What::Encoding => now.sure && !ascii,
        // Without a quoted field a file says nothing about quotes.
        What::Quote => now.confidence >= 0.97,
        What::Delimiter
        | What::HeaderLines
        | What::Escape
        | What::LineEnd
        | What::PreambleLines
        | What::FooterLines
        | What::Table
        | What::Repair
        | What::DecimalMark
        | What::ThousandsMark
        | What::DateOrder
        | What::NullMarkers => now.sure,
    }
}
