//! `aimapper submit`.
use super::args;
use crate::failure::{Ending, Failure};
pub(crate) fn submit(_args: &args::Submit) -> Result<Ending, Failure> {
    Err(Failure::new(Ending::CouldNotRun, "not yet"))
}
