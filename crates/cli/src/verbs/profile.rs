//! `aimapper profile`: what is in each column, as JSON.

use std::io::{self, Write as _};

use crate::args;
use crate::failure::{Ending, Failure};
use crate::job::{Job, Options};
use crate::sources;

/// Prints the report's `columns`.
pub(crate) fn profile(args: &args::Profile) -> Result<Ending, Failure> {
    let options = Options::new(&args.reading, None)?;
    let sources = sources::expand(std::slice::from_ref(&args.source), None)?;
    for named in &sources {
        let job = Job::open(named, &options)?;
        let (profile, tally) = job.profile()?;
        job.has_rows(&tally)?;
        let text = serde_json::to_string_pretty(&profile.columns).map_err(|error| {
            Failure::new(
                Ending::CouldNotRun,
                format!("the profile cannot be written: {error}"),
            )
        })?;
        // A reader that closes early has seen what it wanted.
        let _ = writeln!(io::stdout(), "{text}");
    }
    Ok(Ending::Done)
}
