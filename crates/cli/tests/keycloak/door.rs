//! A door in front of Keycloak that writes down what is asked there, and when.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Instant;

/// A listener that hands requests of GET on to another server. Ends with the test's process.
#[derive(Debug)]
pub(crate) struct Door {
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<Instant>>>,
}

impl Door {
    pub(crate) fn to(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (server, seen) = (server.to_owned(), Arc::clone(&asked));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let _gone = pass(stream.unwrap(), &server, &seen);
            }
        });
        Self { url, asked }
    }

    /// When it was asked.
    pub(crate) fn asked(&self) -> Vec<Instant> {
        self.asked.lock().unwrap().clone()
    }
}

fn pass(mut stream: TcpStream, server: &str, seen: &Mutex<Vec<Instant>>) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let Some(first) = lines.next().transpose()? else {
        return Ok(());
    };
    while lines
        .next()
        .transpose()?
        .is_some_and(|line| !line.is_empty())
    {}
    let path = first.split(' ').nth(1).unwrap();
    seen.lock().unwrap().push(Instant::now());
    let mut answer = ureq::get(format!("{server}{path}")).call().unwrap();
    let body = answer.body_mut().read_to_vec().unwrap();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n",
        body.len()
    )?;
    stream.write_all(&body)
}
