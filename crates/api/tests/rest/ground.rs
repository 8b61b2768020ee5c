//! The service on a database and a folder of its own, and requests to it.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::HeaderMap;
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::{Next, from_fn};
use actix_web::test::TestRequest;
use actix_web::{Error, HttpMessage as _, test, web};
use aimapper_api::auth::Identity;
use aimapper_api::{App, Limits};
use aimapper_core::auth::{Principal, PrincipalKind, Role, Session};
use aimapper_core::blob::Blobs;
use aimapper_core::config::Config;
use aimapper_core::id::TenantId;
use aimapper_core::store::{Settings, Store, tenants};
use serde_json::Value;
use tempfile::TempDir;

use crate::databases::{self, Database};

/// Says whose session it is, as `TENANT/USER/ROLE`.
const CALLER: &str = "x-test-caller";

/// The boundary of the uploads of tests.
const BOUNDARY: &str = "-----------------------------8721656041911415653955004498";

pub(crate) struct Ground {
    _database: Database,
    pub(crate) folder: TempDir,
    pub(crate) app: App,
}

/// An answer that was read to its end.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| {
            panic!("{error}: {} {}", self.status, self.text());
        })
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().unwrap())
    }

    /// The code of a problem.
    pub(crate) fn code(&self) -> String {
        assert_eq!(
            self.header("content-type"),
            "application/problem+json",
            "{} {}",
            self.status,
            self.text()
        );
        let body = self.json();
        assert_eq!(body["status"], self.status.as_u16());
        assert_eq!(body["trace_id"].as_str().unwrap().len(), 32);
        body["code"].as_str().unwrap().to_owned()
    }

    /// The answer, which has to have this status.
    pub(crate) fn ok(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        self.json()
    }
}

impl Ground {
    pub(crate) fn new() -> Self {
        Self::with(Limits::default(), None)
    }

    pub(crate) fn with(limits: Limits, room: Option<u64>) -> Self {
        let (database, store) = Database::migrated(databases::chosen());
        Self::over(database, store, limits, room)
    }

    /// With one connection for readers, for which nobody waits long.
    pub(crate) fn narrow() -> Self {
        let (database, _) = Database::migrated(databases::chosen());
        let settings = Settings {
            connections: 1,
            wait: std::time::Duration::from_millis(50),
        };
        let store = Store::open(database.url(), &settings).unwrap();
        Self::over(database, store, Limits::default(), None)
    }

    fn over(database: Database, store: Store, limits: Limits, room: Option<u64>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let blobs = match room {
            None => Blobs::local(folder.path()),
            Some(bytes) => Blobs::local_with_room(folder.path(), bytes),
        };
        let data = folder.path().join("data").display().to_string();
        let variables = [("AIMAPPER__DATA__DIR".to_owned(), data)];
        let config = Config::from_parts(None, variables).unwrap();
        let listens = SocketAddr::from(([127, 0, 0, 1], 8000));
        let identity = Identity::open(&config, listens).unwrap();
        let mut app = App::new(
            Arc::new(store),
            Arc::new(blobs.unwrap()),
            Arc::default(),
            Arc::new(identity),
            Arc::new(config),
        );
        app.limits = limits;
        Self {
            _database: database,
            folder,
            app,
        }
    }

    pub(crate) fn tenant(&self, name: &str) -> TenantId {
        let tenant = self.app.store.write(|conn| tenants::ensure(conn, name));
        tenant.unwrap().id
    }

    /// Files in the blob store, whole or not.
    pub(crate) fn files(&self) -> usize {
        count(&self.folder.path().join("objects")) + count(&self.folder.path().join("unfinished"))
    }

    pub(crate) async fn send(&self, request: TestRequest) -> Answer {
        let service = test::init_service(
            actix_web::App::new()
                .wrap(from_fn(caller))
                .app_data(web::Data::new(self.app.clone()))
                .configure(aimapper_api::rest),
        )
        .await;
        let response = match test::try_call_service(&service, request.to_request()).await {
            Ok(response) => response.into_parts().1.map_into_boxed_body(),
            Err(error) => error.error_response(),
        };
        let (head, body) = response.into_parts();
        let body = actix_web::body::to_bytes(body).await;
        Answer {
            status: head.status(),
            headers: head.headers().clone(),
            body: body.map_or_else(|_| b"cut off".to_vec(), |bytes| bytes.to_vec()),
        }
    }

    pub(crate) async fn get(&self, caller: &str, path: &str) -> Answer {
        self.send(request(caller, Method::GET, path)).await
    }

    pub(crate) async fn delete(&self, caller: &str, path: &str) -> Answer {
        self.send(request(caller, Method::DELETE, path)).await
    }

    pub(crate) async fn post(&self, caller: &str, path: &str, body: &Value) -> Answer {
        self.send(request(caller, Method::POST, path).set_json(body))
            .await
    }

    pub(crate) async fn upload(&self, caller: &str, parts: &[Part<'_>]) -> Answer {
        self.send(upload(caller, parts)).await
    }
}

fn count(folder: &Path) -> usize {
    std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| match entry.file_type().unwrap().is_dir() {
            true => count(&entry.path()),
            false => 1,
        })
        .sum()
}

/// A request to the interface, by `TENANT/USER/ROLE` or by nobody.
pub(crate) fn request(caller: &str, method: Method, path: &str) -> TestRequest {
    let uri = match path.starts_with('/') {
        true => path.to_owned(),
        false => format!("/api/v1/{path}"),
    };
    let request = TestRequest::with_uri(&uri).method(method);
    if caller.is_empty() {
        return request;
    }
    request.insert_header((CALLER, caller))
}

/// A part of an upload: its name, its file name, its bytes.
pub(crate) type Part<'a> = (&'a str, Option<&'a str>, &'a [u8]);

pub(crate) fn upload(caller: &str, parts: &[Part<'_>]) -> TestRequest {
    let mut body = Vec::new();
    for (name, file, bytes) in parts {
        let file = file.map_or_else(String::new, |file| format!("; filename=\"{file}\""));
        body.extend(
            format!(
                "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n"
            )
            .bytes(),
        );
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend(format!("--{BOUNDARY}--\r\n").bytes());
    request(caller, Method::POST, "sources")
        .insert_header((
            "content-type",
            format!("multipart/form-data; boundary={BOUNDARY}"),
        ))
        .set_payload(body)
}

/// Stands where the gate is: whom it let in, the guard looks up and asks for a role.
pub(crate) async fn caller(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let who = request.headers().get(CALLER).cloned();
    if let Some(who) = who {
        let session = session(who.to_str().unwrap());
        request.extensions_mut().insert(session);
    }
    next.call(request).await
}

fn session(who: &str) -> Session {
    let parts: Vec<&str> = who.split('/').collect();
    let [tenant, subject, role] = parts.as_slice() else {
        panic!("{who} is no caller");
    };
    Session {
        id: who.to_owned(),
        principal: Principal {
            issuer: "https://issuer".to_owned(),
            subject: (*subject).to_owned(),
            sub: (*subject).to_owned(),
            kind: PrincipalKind::Person,
            name: None,
            username: None,
            email: None,
            sid: None,
            party: None,
            roles: role.parse::<Role>().into_iter().collect(),
            tenant: Some((*tenant).to_owned()),
            issued_at: 0,
            expires_at: 2_000_000_000,
        },
        started_at: 0,
        issued_at: 0,
    }
}

/// An answer's body without what differs from run to run: ids, times, hashes of YAML with times.
pub(crate) fn steady(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(steady_text(text)),
        Value::Array(items) => items.iter().map(steady).collect(),
        Value::Object(entries) => entries
            .iter()
            .map(|(key, value)| {
                let value = match key.as_str() {
                    "trace_id" => Value::from("[trace]"),
                    _ => steady(value),
                };
                (key.clone(), value)
            })
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

fn steady_text(text: &str) -> String {
    let is_time = text.len() >= 20 && text.ends_with('Z') && text.get(10..11) == Some("T");
    if is_time {
        return "[time]".to_owned();
    }
    let mut rest = text;
    let mut steady = String::new();
    while let Some(c) = rest.chars().next() {
        let id = rest.get(..36).filter(|id| {
            let dashes = [8, 13, 18, 23].iter().all(|at| id.as_bytes()[*at] == b'-');
            dashes && id.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit())
        });
        if id.is_some() {
            steady.push_str("[id]");
            rest = &rest[36..];
        } else {
            steady.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    steady
}
