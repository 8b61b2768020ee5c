//! `aimapper check`: is a mapping valid, and does it fit a source?

use std::io::{self, Write as _};

use aimapper_core::mapping::blocking_questions;
use aimapper_core::pipeline::{columns_fit, header_fits, kept_reading};
use aimapper_core::source::{Overrides, SURE_BAR};

use super::run::load;
use crate::args;
use crate::failure::{Ending, Failure};
use crate::sources;

/// Checks a mapping; writes nothing.
pub(crate) fn check(args: &args::Check) -> Result<Ending, Failure> {
    let mapping = load(&args.mapping)?;
    let limits = args.unpacking.limits();
    let mut new = Vec::new();
    if let Some(source) = &args.source {
        for named in sources::expand(std::slice::from_ref(source), None)? {
            let input = named.open(&limits)?;
            let reading = kept_reading(&input, &mapping, &Overrides::default(), &limits)?;
            header_fits(&input, &mapping, &reading, SURE_BAR)?;
            new.extend(columns_fit(&input, &mapping, &reading.columns)?);
        }
    }
    let questions = blocking_questions(&mapping, SURE_BAR);
    let mut out = io::stdout().lock();
    if args.json {
        let text = serde_json::json!({ "valid": true, "questions": questions, "new_columns": new });
        let _ = writeln!(out, "{text:#}");
    } else {
        let fields = mapping.rules.len();
        let _ = writeln!(
            out,
            "Mapping  {} is valid · {fields} fields",
            args.mapping.display()
        );
        if let Some(source) = &args.source {
            let _ = writeln!(out, "Source   {source} fits");
        }
        if !new.is_empty() {
            let _ = writeln!(out, "New      {} (no rule uses it)", new.join(", "));
        }
        for question in &questions {
            let _ = writeln!(
                out,
                "Open     {}\n         {}",
                question.text, question.settle
            );
        }
    }
    Ok(if questions.is_empty() {
        Ending::Done
    } else {
        Ending::Undecided
    })
}
