//! `aimapper migrate`.

use std::io::{self, Write as _};

use aimapper_core::store::Store;

use super::args;
use crate::failure::{Ending, Failure};

/// Brings the tables up to date and says which migrations that took.
pub(crate) fn migrate(args: &args::Settings) -> Result<Ending, Failure> {
    let config = super::config(args, None)?;
    aimapper_core::program::data_folder(&config)?;
    let applied = Store::migrate(&config.database)?;
    let mut out = io::stdout().lock();
    for version in &applied {
        let _closed = writeln!(out, "applied  {version}");
    }
    if applied.is_empty() {
        let _closed = writeln!(out, "{} is up to date", config.database);
    }
    Ok(Ending::Done)
}
