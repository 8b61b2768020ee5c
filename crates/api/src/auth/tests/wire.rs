//! The gate behind a real server: what arrives on the wire, byte for byte.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use super::*;

/// A server on a free port, and what tests need to know of it.
struct Served {
    site: Site,
    port: u16,
    handle: actix_web::dev::ServerHandle,
}

impl Served {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let site = Site::listening(address);
        let app = site.app.clone();
        let server = actix_web::HttpServer::new(move || {
            actix_web::App::new()
                .app_data(app.clone())
                .wrap(from_fn(gate))
                .configure(routes)
                .configure(probes)
        })
        .workers(1)
        .disable_signals()
        .listen(listener)
        .unwrap()
        .run();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        Self {
            site,
            port: address.port(),
            handle,
        }
    }

    fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Sends bytes in these pieces; gives all that comes back until the end.
    async fn send(&self, pieces: Vec<String>) -> String {
        let port = self.port;
        web::block(move || {
            let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
            for piece in pieces {
                stream.write_all(piece.as_bytes()).unwrap();
                stream.flush().unwrap();
            }
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            answer
        })
        .await
        .unwrap()
    }

    async fn ask(&self, line: &str, headers: &[String]) -> String {
        let headers: String = headers.iter().map(|line| format!("{line}\r\n")).collect();
        let text = format!("{line}\r\n{headers}Connection: close\r\n\r\n");
        self.send(vec![text]).await
    }
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or(answer)
}

fn header_of<'a>(answer: &'a str, name: &str) -> &'a str {
    answer
        .lines()
        .find_map(|line| {
            let (found, value) = line.split_once(": ")?;
            found.eq_ignore_ascii_case(name).then_some(value)
        })
        .unwrap()
}

#[actix_web::test]
async fn only_our_names_are_answered() {
    let served = Served::start();
    let host = format!("Host: {}", served.host());
    let bearer = format!("Authorization: Bearer {}", served.site.token(Role::Admin));
    let get = "GET /who HTTP/1.1";
    let good = served.ask(get, &[host.clone(), bearer.clone()]).await;
    assert_eq!(status(&good), "200", "{good}");
    let absolute = format!("GET http://{}/who HTTP/1.1", served.host());
    let good = served.ask(&absolute, &[host.clone(), bearer.clone()]).await;
    assert_eq!(status(&good), "200", "{good}");

    let evil = "Host: evil.test".to_owned();
    let other_port = "Host: 127.0.0.1:1".to_owned();
    for (line, headers) in [
        (get, vec![evil.clone(), bearer.clone()]),
        (get, vec![other_port, bearer.clone()]),
        (get, vec![host.clone(), evil.clone(), bearer.clone()]),
        (get, vec![evil.clone(), host.clone(), bearer.clone()]),
        (
            "GET http://evil.test/who HTTP/1.1",
            vec![host.clone(), bearer.clone()],
        ),
        ("GET /who HTTP/1.0", vec![bearer.clone()]),
        (
            get,
            vec![
                evil,
                format!("X-Forwarded-Host: {}", served.host()),
                bearer.clone(),
            ],
        ),
    ] {
        let answer = served.ask(line, &headers).await;
        let refused = ["421", "400"].contains(&status(&answer));
        assert!(refused, "{line} {headers:?}: {answer}");
    }
    served.handle.stop(false).await;
}

#[actix_web::test]
async fn a_browser_starts_uploads_and_leaves() {
    let served = Served::start();
    let host = format!("Host: {}", served.host());
    let url = served.site.app.identity.start_url(Role::Mapper).unwrap();
    let path = url
        .strip_prefix(&format!("http://{}", served.host()))
        .unwrap();
    let answer = served
        .ask(&format!("GET {path} HTTP/1.1"), std::slice::from_ref(&host))
        .await;
    assert_eq!(
        (status(&answer), header_of(&answer, "location")),
        ("303", "/")
    );
    let cookie = header_of(&answer, "set-cookie").split(';').next().unwrap();
    let cookie = format!("Cookie: {cookie}");
    let form = served
        .ask("GET /form HTTP/1.1", &[host.clone(), cookie.clone()])
        .await;
    let token = form.rsplit("\r\n\r\n").next().unwrap().to_owned();
    assert_eq!(token.len(), 64, "{form}");

    let field = "Content-Disposition: form-data; name";
    let file = "a;b\r\n".repeat(30_000);
    let body = format!(
        "--b\r\n{field}=\"csrf\"\r\n\r\n{token}\r\n--b\r\n{field}=\"file\"\r\n\r\n{file}\r\n--b--\r\n"
    );
    let head = format!(
        "POST /change HTTP/1.1\r\n{host}\r\n{cookie}\r\nConnection: close\r\n\
         Content-Type: multipart/form-data; boundary=b\r\nTransfer-Encoding: chunked\r\n\r\n"
    );
    // The first chunk ends within the token.
    let (first, rest) = body.split_at(body.find(&token).unwrap() + 20);
    let chunk = |text: &str| format!("{:x}\r\n{text}\r\n", text.len());
    let pieces = vec![head, chunk(first), chunk(rest), "0\r\n\r\n".to_owned()];
    let answer = served.send(pieces).await;
    assert_eq!(status(&answer), "200", "{}", &answer[..200]);
    assert!(answer.ends_with(&body), "the body was changed on its way");

    let form_token = format!("X-CSRF-Token: {token}");
    let out = served
        .ask(
            "POST /logout HTTP/1.1",
            &[host.clone(), cookie.clone(), form_token],
        )
        .await;
    assert_eq!(status(&out), "303");
    let after = served.ask("GET /who HTTP/1.1", &[host, cookie]).await;
    assert_eq!(status(&after), "401");
    served.handle.stop(false).await;
}
