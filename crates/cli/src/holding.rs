//! Whether the readings of a kept mapping still hold for another source.

use aimapper_core::mapping::Mapping;
use aimapper_core::source::{Decision, Input, Limits, Overrides, Reading, What};

use crate::failure::{Ending, Failure};

/// Readings that belong to a format, and may not change unseen from file to file.
const OF_FORMAT: [What; 4] = [
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
/// Fails with the question that has to be answered where the source plainly asks for another
/// reading and nobody set one.
pub(crate) fn reading(
    input: &Input,
    mapping: &Mapping,
    set: &Overrides,
    limits: &Limits,
) -> Result<Reading, Failure> {
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
        let (Some(kept), Some(now)) = (find(&mapping.decisions, what), find(&own.decisions, what))
        else {
            continue;
        };
        if kept.value != now.value && plain(what, now, &own) {
            return Err(no_longer(input, what, kept, now));
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
pub(crate) fn of_records(mapping: &Mapping, own: &Reading) -> Reading {
    let text = |what| {
        find(&mapping.decisions, what)
            .and_then(|decision| decision.value.as_str())
            .unwrap_or_default()
    };
    let quote = text(What::Quote).bytes().next();
    let escape = match (text(What::Escape).bytes().next(), quote) {
        (None, _) => aimapper_core::source::Escape::None,
        (escape, quote) if escape == quote => aimapper_core::source::Escape::Doubled,
        (Some(escape), _) => aimapper_core::source::Escape::Char(escape),
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
    if let Some(encoding) = aimapper_core::source::TextEncoding::of_label(text(What::Encoding)) {
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

fn find(decisions: &[Decision], what: What) -> Option<&Decision> {
    decisions
        .iter()
        .find(|decision| decision.what == what && decision.column.is_none())
}

/// Whether the source asks for this reading so plainly that another one would be wrong.
fn plain(what: What, now: &Decision, own: &Reading) -> bool {
    match what {
        What::Encoding => now.sure && !own.ascii,
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

fn no_longer(input: &Input, what: What, kept: &Decision, now: &Decision) -> Failure {
    let message = format!(
        "{}: the mapping reads {} {}, but this file asks for {} ({})",
        input.name(),
        what.name(),
        kept.value,
        now.value,
        now.reason
    );
    let value = now
        .value
        .as_str()
        .map_or_else(|| now.value.to_string(), str::to_owned);
    Failure::new(Ending::Undecided, message).hint(format!(
        "settle it with --set {}='{value}', or map the file anew",
        what.name()
    ))
}
