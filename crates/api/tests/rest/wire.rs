//! What only a real connection shows: uploads that are cut off or too large while they are sent, and
//! events that are followed while they happen.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use actix_web::middleware::from_fn;
use actix_web::{HttpServer, rt, web};
use aimapper_api::Limits;

use crate::ground::{self, Ground};
use crate::work::text;

const ADA: &str = "one/ada/mapper";

/// Far longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// Serves a ground on a free port, as long as the test runs.
fn serve(ground: &Ground) -> SocketAddr {
    let app = ground.app.clone();
    let server = HttpServer::new(move || {
        actix_web::App::new()
            .wrap(from_fn(ground::caller))
            .app_data(web::Data::new(app.clone()))
            .configure(aimapper_api::rest)
    })
    .workers(1)
    .bind(("127.0.0.1", 0))
    .unwrap();
    let address = server.addrs()[0];
    rt::spawn(server.run());
    address
}

/// The head of an upload that says to have so many bytes, and its first lines.
fn head(length: usize) -> String {
    let start = "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\n";
    format!(
        "POST /api/v1/sources HTTP/1.1\r\nHost: localhost\r\nx-test-caller: {ADA}\r\n\
         Content-Type: multipart/form-data; boundary=x\r\nContent-Length: {length}\r\n\r\n{start}"
    )
}

/// Does what blocks beside the server.
async fn beside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    web::block(work).await.unwrap()
}

/// Waits until no file is there.
async fn until_empty(ground: &Ground) {
    let empty = async {
        while ground.files() > 0 {
            rt::task::yield_now().await;
        }
    };
    assert!(
        rt::time::timeout(PATIENCE, empty).await.is_ok(),
        "a file stays"
    );
}

#[actix_web::test]
async fn a_file_that_is_too_large_is_refused_while_it_is_sent() {
    let limits = Limits {
        upload_bytes: 1 << 20,
        ..Limits::default()
    };
    let ground = Ground::with(limits, None);
    let address = serve(&ground);
    let answer = beside(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        // Says to send a gigabyte, and waits for the answer after two megabytes.
        stream.write_all(head(1 << 30).as_bytes()).unwrap();
        let _cut_off = stream.write_all(&vec![b'a'; 2 << 20]);
        let mut answer = vec![0; 1024];
        let read = stream.read(&mut answer).unwrap();
        String::from_utf8_lossy(&answer[..read]).into_owned()
    })
    .await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    until_empty(&ground).await;
}

#[actix_web::test]
async fn an_upload_that_is_cut_off_leaves_nothing() {
    let ground = Ground::new();
    let address = serve(&ground);
    let folder = ground.folder.path().join("unfinished");
    beside(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(head(10 << 20).as_bytes()).unwrap();
        stream.write_all(&vec![b'a'; 2 << 20]).unwrap();
        // The upload is under way before the line is cut.
        while std::fs::read_dir(&folder).unwrap().next().is_none() {
            std::thread::yield_now();
        }
    })
    .await;
    until_empty(&ground).await;
    assert_eq!(
        ground.get(ADA, "sources").await.ok(200)["items"],
        serde_json::json!([])
    );
}

#[actix_web::test]
async fn events_are_followed_until_the_job_has_ended() {
    let ground = Ground::new();
    let made = ground
        .upload(ADA, &[("file", Some("a.csv"), b"a\n1\n")])
        .await
        .ok(202);
    let address = serve(&ground);
    let path = format!("/api/v1/jobs/{}/events", text(&made["job"]));
    let mut stream = beside(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nx-test-caller: {ADA}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        // The first event is there before anything else happens.
        let mut said = Vec::new();
        while !String::from_utf8_lossy(&said).contains("event: accepted") {
            let mut some = [0; 1024];
            let read = stream.read(&mut some).unwrap();
            assert!(read > 0, "the stream ended early");
            said.extend_from_slice(&some[..read]);
        }
        stream
    })
    .await;
    ground.fail(&made["job"]);
    let rest = beside(move || {
        let mut rest = String::new();
        stream.read_to_string(&mut rest).unwrap();
        rest
    })
    .await;
    let claimed = rest.find("id: 2\nevent: claimed").unwrap();
    let failed = rest.find("id: 3\nevent: failed").unwrap();
    assert!(
        claimed < failed && !rest.contains("event: accepted"),
        "{rest}"
    );
}
