//! The api as a process of its own.

use std::io::Write as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    // Where standard error is closed nobody can be told.
    let _ = std::io::stderr().write_all(
        b"error: an api of its own needs a broker, and this build knows only the queue inside of a \
          process\nhint: run `aimapper serve`, which is api and worker in one\n",
    );
    ExitCode::FAILURE
}
