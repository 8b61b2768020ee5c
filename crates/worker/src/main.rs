//! The worker as a process of its own. Its hidden verb `job-child` is the process of one job.

use std::io::Write as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    if std::env::args().nth(1).as_deref() == Some("job-child") {
        return aimapper_worker::child::main();
    }
    // Where standard error is closed nobody can be told.
    let _ = std::io::stderr().write_all(
        b"error: a worker of its own needs a broker, and this build knows only the queue inside of a \
          process\nhint: run `aimapper serve`, which is api and worker in one\n",
    );
    ExitCode::FAILURE
}
