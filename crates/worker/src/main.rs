//! The worker as a process of its own. Its hidden verb `job-child` is the process of one job.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use aimapper_core::config::Config;
use aimapper_core::program::Fatal;
use clap::{Parser, Subcommand};

/// Takes jobs from the queue, runs them and ends them. Needs PostgreSQL and RabbitMQ.
#[derive(Debug, Parser)]
#[command(name = "aimapper-worker", version)]
struct Arguments {
    /// A file of settings (TOML); it names only what it changes. All keys are explained in
    /// config/default.toml, and each is also a variable, such as `AIMAPPER__DATABASE__URL`.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Runs one job; the worker calls it.
    #[command(hide = true)]
    JobChild,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Some(Verb::JobChild) = arguments.verb {
        return aimapper_worker::child::main();
    }
    let run = || -> Result<(), Fatal> {
        let config = Config::load(arguments.config.as_deref())?;
        aimapper_worker::run(&config)
    };
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(fatal) => {
            // Where standard error is closed nobody can be told.
            let _ = write!(std::io::stderr(), "{fatal}");
            ExitCode::FAILURE
        }
    }
}
