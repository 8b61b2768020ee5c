//! Requests as they go over the wire, so that tests can say what no client library would.

use std::io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;
use url::{Url, form_urlencoded};

/// What came back.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    /// The first header of this name, or nothing.
    pub(crate) fn header(&self, name: &str) -> &str {
        let all = self.all(name);
        all.first().copied().unwrap_or_default()
    }

    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        let of_name = |(found, _): &&(String, String)| found.eq_ignore_ascii_case(name);
        let headers = self.headers.iter().filter(of_name);
        headers.map(|(_, value)| value.as_str()).collect()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {} {}", self.status, self.text()))
    }

    /// The code of a problem.
    pub(crate) fn code(&self) -> String {
        let body = self.json();
        assert_eq!(body["status"], self.status, "{body}");
        body["code"].as_str().unwrap_or_default().to_owned()
    }
}

/// One request on a connection of its own. A header `Host` among those that are given goes in the place of
/// the address's.
pub(crate) fn send(method: &str, url: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
    answered(method, url, headers, body).unwrap_or_else(|| panic!("no answer: {method} {url}"))
}

/// Like [`send`], of a server that may cut the line instead of answering in words.
pub(crate) fn answered(
    method: &str,
    url: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Option<Reply> {
    let url = Url::parse(url).unwrap_or_else(|error| panic!("{url}: {error}"));
    let port = url.port_or_known_default().unwrap();
    let authority = format!("{}:{port}", url.host_str().unwrap());
    let target = &url[url::Position::BeforePath..url::Position::AfterQuery];
    let has_host = headers
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case("host"));
    let mut head = format!("{method} {target} HTTP/1.1\r\n");
    if !has_host {
        head.push_str(&format!("Host: {authority}\r\n"));
    }
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if method != "GET" {
        head.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    head.push_str("Connection: close\r\n\r\n");
    let mut stream = TcpStream::connect(&authority)
        .unwrap_or_else(|error| panic!("{authority} cannot be reached: {error}"));
    let timeout = Some(Duration::from_secs(60));
    stream.set_read_timeout(timeout).unwrap();
    stream.set_write_timeout(timeout).unwrap();
    // A server that has refused what it has read so far may be gone before it has the rest; its answer stands.
    let sent = stream
        .write_all(head.as_bytes())
        .and_then(|()| stream.write_all(body));
    let mut bytes = Vec::new();
    let read = stream.read_to_end(&mut bytes);
    let errors = [sent.err(), read.err()];
    let was_cut = errors.iter().any(Option::is_some);
    for error in errors.into_iter().flatten() {
        // A server that only keeps silent is wrong.
        let gone = [BrokenPipe, ConnectionAborted, ConnectionReset];
        assert!(gone.contains(&error.kind()), "{error}");
    }
    // What is left of an answer whose head was cut off is none.
    let is_none = bytes.is_empty() || (was_cut && head_end(&bytes).is_none());
    (!is_none).then(|| parsed(&bytes))
}

fn head_end(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|four| four == b"\r\n\r\n")
}

pub(crate) fn get(url: &str, headers: &[(&str, &str)]) -> Reply {
    send("GET", url, headers, b"")
}

/// Sends a form.
pub(crate) fn post(url: &str, headers: &[(&str, &str)], form: &[(&str, &str)]) -> Reply {
    let body = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(form)
        .finish();
    let kind = ("Content-Type", "application/x-www-form-urlencoded");
    let headers: Vec<(&str, &str)> = headers.iter().copied().chain([kind]).collect();
    send("POST", url, &headers, body.as_bytes())
}

fn parsed(bytes: &[u8]) -> Reply {
    let end = head_end(bytes);
    let end = end.unwrap_or_else(|| panic!("no answer: {}", String::from_utf8_lossy(bytes)));
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap();
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect();
    let is_chunked = headers.iter().any(|(name, value)| {
        name.eq_ignore_ascii_case("transfer-encoding") && value.eq_ignore_ascii_case("chunked")
    });
    let body = &bytes[end + 4..];
    Reply {
        status: status.parse().unwrap(),
        headers,
        body: if is_chunked {
            unchunked(body)
        } else {
            body.to_vec()
        },
    }
}

fn unchunked(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(at) = rest.windows(2).position(|two| two == b"\r\n") {
        let size = str::from_utf8(&rest[..at]).unwrap();
        let size = usize::from_str_radix(size.split(';').next().unwrap(), 16).unwrap();
        if size == 0 {
            break;
        }
        body.extend_from_slice(&rest[at + 2..at + 2 + size]);
        rest = &rest[at + 2 + size + 2..];
    }
    body
}

/// The pairs of an address's query.
pub(crate) fn query(url: &str) -> Vec<(String, String)> {
    let url = Url::parse(url).unwrap_or_else(|error| panic!("{url}: {error}"));
    url.query_pairs().into_owned().collect()
}

/// The one value of a name in an address's query.
pub(crate) fn value(url: &str, name: &str) -> String {
    let all: Vec<String> = query(url)
        .into_iter()
        .filter(|(found, _)| found == name)
        .map(|(_, value)| value)
        .collect();
    assert!(all.len() <= 1, "{name} stands {} times in {url}", all.len());
    all.into_iter().next().unwrap_or_default()
}

/// An address with one pair of its query changed, or taken away.
pub(crate) fn with(url: &str, name: &str, value: Option<&str>) -> String {
    let mut changed = Url::parse(url).unwrap();
    let pairs: Vec<(String, String)> = query(url)
        .into_iter()
        .filter(|(found, _)| found != name)
        .chain(value.map(|value| (name.to_owned(), value.to_owned())))
        .collect();
    changed.query_pairs_mut().clear().extend_pairs(pairs);
    changed.into()
}
