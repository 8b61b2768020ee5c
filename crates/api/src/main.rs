//! The api as a process of its own.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use aimapper_core::config::Config;
use aimapper_core::program::Fatal;
use clap::Parser;

/// Serves REST and the web pages. Needs PostgreSQL; the jobs that it accepts are run by
/// aimapper-worker.
#[derive(Debug, Parser)]
#[command(name = "aimapper-api", version)]
struct Arguments {
    /// A file of settings (TOML); it names only what it changes. All keys are explained in
    /// config/default.toml, and each is also a variable, such as `AIMAPPER__DATABASE__URL`.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let run =
        || -> Result<(), Fatal> { aimapper_api::run(Config::load(arguments.config.as_deref())?) };
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(fatal) => {
            // Where standard error is closed nobody can be told.
            let _ = write!(std::io::stderr(), "{fatal}");
            ExitCode::FAILURE
        }
    }
}
