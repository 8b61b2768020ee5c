//! The `aimapper` command: the core over files and standard streams. It never asks; what needs a
//! decision ends with exit code 4 and says how to settle it.

mod args;
mod cases;
mod failure;
mod job;
mod memory;
mod outputs;
mod progress;
#[cfg(feature = "server")]
mod server;
mod sources;
mod summary;
mod verbs;

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};

use args::{Cli, Verb};
use failure::{Ending, Failure};

fn main() -> ExitCode {
    let cli = Cli::parse();
    #[cfg(feature = "server")]
    if matches!(cli.verb, Verb::JobChild) {
        return aimapper_worker::child::main();
    }
    let ending = match run(&cli) {
        Ok(ending) => ending,
        Err(failure) => {
            // Where standard error is closed nobody can be told.
            let _ = write!(io::stderr(), "{failure}");
            failure.ending
        }
    };
    ExitCode::from(ending as u8)
}

fn run(cli: &Cli) -> Result<Ending, Failure> {
    match &cli.verb {
        Verb::Read(args) => verbs::read::read(args),
        Verb::Profile(args) => verbs::profile::profile(args),
        Verb::Map(args) => verbs::map::map(args),
        Verb::Run(args) => verbs::run::run(args),
        Verb::Check(args) => verbs::check::check(args),
        Verb::Eval(args) => verbs::eval::eval(args),
        Verb::Memory(args) => memory::memory(args),
        #[cfg(feature = "server")]
        Verb::Serve(args) => server::serve::serve(args),
        #[cfg(feature = "server")]
        Verb::Token(args) => server::token::token(args),
        #[cfg(feature = "server")]
        Verb::Auth(server::args::Auth::Doctor(args)) => server::auth::doctor(args),
        #[cfg(feature = "server")]
        Verb::Users(args) => server::users::users(args),
        #[cfg(feature = "server")]
        Verb::Migrate(args) => server::migrate::migrate(args),
        #[cfg(feature = "server")]
        Verb::Submit(args) => server::submit::submit(args),
        #[cfg(feature = "server")]
        Verb::JobChild => Ok(Ending::Usage),
        Verb::Completions { shell } => {
            clap_complete::generate(*shell, &mut Cli::command(), "aimapper", &mut io::stdout());
            Ok(Ending::Done)
        }
    }
}
