//! One file per verb.

pub(crate) mod check;
pub(crate) mod eval;
pub(crate) mod map;
pub(crate) mod profile;
pub(crate) mod read;
pub(crate) mod run;

use crate::args::Output;
use crate::failure::{Ending, Failure};
use crate::job::{self, Outcome};
use crate::outputs::Outputs;
use crate::sources::Named;
use crate::summary;

/// Works on every source, prints what came of each and of all, and gives the worst ending.
///
/// A source that fails does not keep the others from being worked on.
fn each(
    sources: &[Named],
    output: &Output,
    mut one: impl FnMut(&Named) -> Result<Outcome, Failure>,
) -> Result<Ending, Failure> {
    if let [only] = sources {
        let outcome = one(only)?;
        let ending = outcome.ending;
        summary::print(&[outcome], output);
        return Ok(ending);
    }
    let mut outcomes = Vec::new();
    let mut worst = Ending::Done;
    for named in sources {
        match one(named) {
            Ok(outcome) => {
                worst = worst.worse(outcome.ending);
                outcomes.push(outcome);
            }
            Err(failure) => {
                summary::complain(&failure);
                worst = worst.worse(failure.ending);
            }
        }
    }
    summary::print(&outcomes, output);
    Ok(worst)
}

/// The results of a source, none of which may be there yet.
fn outputs(named: &Named, output: &Output) -> Result<Outputs, Failure> {
    let outputs = Outputs::new(&named.folder, &named.stem, output.force)?;
    let suffixes = job::suffixes(output.format);
    outputs.refuse_existing(&suffixes.iter().map(String::as_str).collect::<Vec<_>>())?;
    Ok(outputs)
}
