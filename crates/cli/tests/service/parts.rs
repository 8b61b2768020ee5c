//! Servers for one test alone, which may kill them, and a network that the test can cut.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread;

const DEV: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/dev");

/// A server of deploy/dev, gone with this value.
pub(crate) struct Part {
    script: &'static str,
    folder: String,
    pub(crate) url: String,
}

impl Part {
    pub(crate) fn postgres() -> Self {
        Self::start("postgres.sh")
    }

    pub(crate) fn rabbitmq() -> Self {
        Self::start("rabbitmq.sh")
    }

    fn start(script: &'static str) -> Self {
        let said = run(script, &["start"]);
        let (folder, url) = said.trim().split_once('\t').unwrap();
        Self {
            script,
            folder: folder.to_owned(),
            url: url.to_owned(),
        }
    }

    /// Kills it, and starts it again.
    pub(crate) fn restart(&self) {
        self.kill();
        self.up();
    }

    pub(crate) fn kill(&self) {
        run(self.script, &["kill", &self.folder]);
    }

    pub(crate) fn up(&self) {
        run(self.script, &["up", &self.folder]);
    }

    /// Host and port in its URL.
    pub(crate) fn authority(&self) -> &str {
        let (_, behind) = self.url.split_once('@').unwrap();
        behind.split('/').next().unwrap()
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        run(self.script, &["stop", &self.folder]);
    }
}

fn run(script: &str, arguments: &[&str]) -> String {
    let ran = Command::new("bash")
        .arg(Path::new(DEV).join(script))
        .args(arguments)
        .output()
        .unwrap();
    let complaints = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{script} {arguments:?}: {complaints}");
    String::from_utf8(ran.stdout).unwrap()
}

/// A network between programs and a server.
pub(crate) struct Network {
    pub(crate) port: u16,
    lines: Arc<Mutex<Vec<TcpStream>>>,
}

impl Network {
    /// Carries what comes to a port of its own to this server.
    pub(crate) fn to(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let lines = Arc::new(Mutex::new(Vec::new()));
        let (server, all) = (server.to_owned(), Arc::clone(&lines));
        thread::spawn(move || {
            for near in listener.incoming().flatten() {
                // A server that is away refuses, as it would without a network.
                let Ok(far) = TcpStream::connect(&server) else {
                    continue;
                };
                for stream in [&near, &far] {
                    stream.set_nodelay(true).unwrap();
                    all.lock().unwrap().push(stream.try_clone().unwrap());
                }
                for (from, to) in [(&near, &far), (&far, &near)] {
                    let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    thread::spawn(move || carry(from, to));
                }
            }
        });
        Self { port, lines }
    }

    /// Cuts every connection that there is now.
    pub(crate) fn cut(&self) {
        for line in self.lines.lock().unwrap().drain(..) {
            // One that has ended by itself needs no cut.
            let _ended = line.shutdown(Shutdown::Both);
        }
    }
}

fn carry(mut from: TcpStream, mut to: TcpStream) {
    let mut buffer = [0; 16 << 10];
    loop {
        let carried = match from.read(&mut buffer) {
            Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(length) => to.write_all(&buffer[..length]),
            Err(error) => Err(error),
        };
        if carried.is_err() {
            let _ended = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
            return;
        }
    }
}
