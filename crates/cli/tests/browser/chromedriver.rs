//! The program between the test and the browser.

use std::env;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};

/// A running chromedriver on a port of its own; it ends with its value.
#[derive(Debug)]
pub(crate) struct Chromedriver {
    child: Child,
    /// Held open, so that it may go on to speak.
    _out: BufReader<ChildStdout>,
    url: String,
}

impl Chromedriver {
    pub(crate) fn start() -> Self {
        let mut child = Command::new(needed("AIMAPPER_TEST_CHROMEDRIVER"))
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let port = port(&mut out);
        Self {
            child,
            _out: out,
            url: format!("http://127.0.0.1:{port}"),
        }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Chromedriver {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}

/// A variable without which these tests cannot be run.
pub(crate) fn needed(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| {
        panic!(
            "{name} is not set; run `bash deploy/dev/chromium.sh` and export the lines that it \
             prints, or run `bash deploy/dev/test.sh`"
        )
    })
}

/// The port, which stands at the end of a line such as “`ChromeDriver` was started successfully on
/// port 41301.”
fn port(out: &mut BufReader<ChildStdout>) -> u16 {
    let mut said = String::new();
    while out.read_line(&mut said).unwrap() > 0 {
        let last = said.lines().last().unwrap_or_default();
        if let Some((_, port)) = last.split_once("started successfully on port ") {
            return port.trim_end_matches('.').parse().unwrap();
        }
    }
    panic!("chromedriver did not start: {said}");
}
