//! Tests of the way in: each over the real gate, guard, database and key file.

mod forms;
mod tickets;
mod wire;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::middleware::from_fn;
use actix_web::test::{self, TestRequest};
use actix_web::web::{self, Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use aimapper_core::auth::{Grant, LocalIssuer, Principal, Role, SessionLimits};
use aimapper_core::blob::Blobs;
use aimapper_core::config::Config;
use aimapper_core::store::{Settings, Store};
use serde_json::Value;
use tempfile::TempDir;

use super::*;
use crate::App;

const HOST: &str = "127.0.0.1:8000";
const COOKIE: &str = "aimapper-8000";

/// An installation in a temporary folder.
struct Site {
    _folder: TempDir,
    app: Data<App>,
}

impl Site {
    fn new() -> Self {
        Self::listening(SocketAddr::from(([127, 0, 0, 1], 8000)))
    }

    fn listening(listens: SocketAddr) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("data").display().to_string();
        let variables = [("AIMAPPER__DATA__DIR".to_owned(), dir)];
        let config = Config::from_parts(None, variables).unwrap();
        let identity = Identity::open(&config, listens).unwrap();
        Store::migrate(&config.database).unwrap();
        let settings = Settings {
            connections: 2,
            wait: Duration::from_millis(100),
        };
        let app = App::new(
            Arc::new(Store::open(&config.database, &settings).unwrap()),
            Arc::new(Blobs::open(&config.blobs).unwrap()),
            Arc::default(),
            Arc::new(identity),
            Arc::new(config),
        );
        Self {
            _folder: folder,
            app: Data::new(app),
        }
    }

    /// The same key, as the command opens it.
    fn issuer(&self) -> LocalIssuer {
        LocalIssuer::open(&self.app.config.key_dir()).unwrap()
    }

    fn token(&self, role: Role) -> String {
        let grant = Grant {
            subject: "local",
            role,
            ttl_seconds: 60,
        };
        self.issuer().issue(grant, now()).unwrap()
    }

    /// A session's cookie that was issued so many seconds ago.
    fn session(&self, role: Role, ago: i64) -> String {
        let times = self.app.config.auth.session;
        let limits = SessionLimits {
            idle_seconds: i64::try_from(times.idle.as_secs()).unwrap(),
            absolute_seconds: i64::try_from(times.absolute.as_secs()).unwrap(),
        };
        let token = self
            .issuer()
            .begin_session("local", role, limits, now() - ago)
            .unwrap();
        format!("{COOKIE}={token}")
    }

    /// Status, header lines and body of the answer.
    async fn ask(&self, request: TestRequest) -> Answer {
        let service = test::init_service(
            actix_web::App::new()
                .app_data(self.app.clone())
                .wrap(from_fn(gate))
                .configure(routes)
                .configure(probes),
        )
        .await;
        let response = test::call_service(&service, request.to_request()).await;
        let status = response.status();
        let headers = response.headers().clone();
        let body = test::read_body(response).await;
        let header = |name: header::HeaderName| {
            headers
                .get(name)
                .map(|value| value.to_str().unwrap().to_owned())
        };
        Answer {
            status,
            challenge: header(header::WWW_AUTHENTICATE),
            location: header(header::LOCATION),
            cookie: header(header::SET_COOKIE),
            cache: header(header::CACHE_CONTROL),
            body: String::from_utf8(body.to_vec()).unwrap(),
        }
    }
}

struct Answer {
    status: StatusCode,
    challenge: Option<String>,
    location: Option<String>,
    cookie: Option<String>,
    cache: Option<String>,
    body: String,
}

impl Answer {
    fn code(&self) -> String {
        let problem: Value = serde_json::from_str(&self.body).unwrap();
        assert_eq!(problem["status"], self.status.as_u16());
        problem["code"].as_str().unwrap().to_owned()
    }

    /// Name and value of the cookie that was set.
    fn session(&self) -> String {
        let cookie = self.cookie.as_deref().unwrap();
        cookie.split(';').next().unwrap().to_owned()
    }
}

/// Routes that show what the guard lets through.
fn probes(cfg: &mut web::ServiceConfig) {
    async fn who(who: Guarded<AnyCaller>) -> String {
        let caller = who.caller;
        let principal = caller.principal;
        format!("{} {} {}", caller.tenant, caller.user, principal.subject)
    }
    async fn operate(_: Guarded<CanOperate>) -> &'static str {
        "operated"
    }
    async fn administer(_: Guarded<CanAdmin>) -> &'static str {
        "administered"
    }
    async fn change(_: Guarded<CanMap>, body: Bytes) -> Bytes {
        body
    }
    async fn form(_: Guarded<CanMap>, request: HttpRequest) -> String {
        csrf_token(&request)
    }
    async fn asset() -> HttpResponse {
        HttpResponse::Ok()
            .insert_header((header::CACHE_CONTROL, "public, max-age=31536000, immutable"))
            .finish()
    }
    cfg.route("/who", web::get().to(who))
        .route("/operate", web::get().to(operate))
        .route("/administer", web::get().to(administer))
        .route("/change", web::post().to(change))
        .route("/form", web::get().to(form))
        .route("/asset", web::get().to(asset));
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(since.as_secs()).unwrap()
}

fn get(uri: &str) -> TestRequest {
    TestRequest::get()
        .uri(uri)
        .insert_header((header::HOST, HOST))
}

fn post(uri: &str) -> TestRequest {
    TestRequest::post()
        .uri(uri)
        .insert_header((header::HOST, HOST))
}

trait With {
    fn bearer(self, token: &str) -> Self;
    fn cookie_line(self, cookie: &str) -> Self;
}

impl With for TestRequest {
    fn bearer(self, token: &str) -> Self {
        self.insert_header((header::AUTHORIZATION, format!("Bearer {token}")))
    }

    fn cookie_line(self, cookie: &str) -> Self {
        self.insert_header((header::COOKIE, cookie))
    }
}

#[actix_web::test]
async fn a_bearer_token_lets_in_and_the_caller_stays_the_same() {
    let site = Site::new();
    let token = site.token(Role::Mapper);
    let first = site.ask(get("/who").bearer(&token)).await;
    assert_eq!(first.status, StatusCode::OK, "{}", first.body);
    assert!(first.body.ends_with(" local") && first.cookie.is_none());
    let lower = get("/who").insert_header(("authorization", format!("bearer {token}")));
    assert_eq!(site.ask(lower).await.body, first.body);
    // A restarted process has no memory of callers, and finds the same rows.
    let again = Identity::open(&site.app.config, site.app.config.server.bind).unwrap();
    let mut app = App::clone(&site.app);
    app.identity = Arc::new(again);
    let site = Site {
        app: Data::new(app),
        ..site
    };
    assert_eq!(site.ask(get("/who").bearer(&token)).await.body, first.body);
}

#[actix_web::test]
async fn without_a_token_there_is_a_challenge() {
    let site = Site::new();
    let answer = site.ask(get("/who")).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(
        answer.challenge.as_deref(),
        Some("Bearer realm=\"aimapper\"")
    );
    assert_eq!(answer.code(), "unauthenticated");
    let basic = get("/who").insert_header((header::AUTHORIZATION, "Basic bWlhOm1pYQ=="));
    let basic = site.ask(basic).await;
    assert_eq!(basic.status, StatusCode::UNAUTHORIZED);
    assert_eq!(basic.challenge, answer.challenge);
}

#[actix_web::test]
async fn credentials_that_cannot_be_read_are_bad_requests() {
    let site = Site::new();
    let token = site.token(Role::Admin);
    let line = |text: &str| get("/who").insert_header((header::AUTHORIZATION, text));
    let bearer = format!("Bearer {token}");
    for request in [
        line("Bearer"),
        line("Bearer "),
        line(&format!("Bearer  {token}")),
        line(&bearer).append_header((header::AUTHORIZATION, bearer.clone())),
        get(&format!("/who?access_token={token}")),
        get(&format!("/who?a=b&access_token={token}")).bearer(&token),
    ] {
        let answer = site.ask(request).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.body);
        assert!(
            answer
                .challenge
                .as_deref()
                .unwrap()
                .ends_with("error=\"invalid_request\"")
        );
        assert!(!answer.body.contains(&token));
    }
}

#[actix_web::test]
async fn wrong_tokens_are_told_apart_only_by_their_end() {
    let site = Site::new();
    let issuer = site.issuer();
    let grant = Grant {
        subject: "local",
        role: Role::Admin,
        ttl_seconds: 60,
    };
    let expired = issuer.issue(grant, now() - 3_600).unwrap();
    let early = issuer.issue(grant, now() + 3_600).unwrap();
    let other = Site::new().token(Role::Admin);
    for (token, code, says) in [
        (expired, "token_expired", "The access token expired"),
        (early, "invalid_token", "The access token is not valid"),
        (other, "invalid_token", "The access token is not valid"),
        (
            "a.b.c".to_owned(),
            "invalid_token",
            "The access token is not valid",
        ),
    ] {
        let answer = site.ask(get("/who").bearer(&token)).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert_eq!(answer.code(), code);
        let challenge = answer.challenge.unwrap();
        assert!(challenge.contains("error=\"invalid_token\"") && challenge.contains(says));
        assert!(!answer.body.contains(&token));
    }
}

#[actix_web::test]
async fn a_role_that_is_too_low_is_forbidden() {
    let site = Site::new();
    for (role, path, good) in [
        (Role::Mapper, "/form", true),
        (Role::Mapper, "/operate", false),
        (Role::Mapper, "/administer", false),
        (Role::Operator, "/operate", true),
        (Role::Operator, "/administer", false),
        (Role::Admin, "/operate", true),
        (Role::Admin, "/administer", true),
    ] {
        for request in [
            get(path).bearer(&site.token(role)),
            get(path).cookie_line(&site.session(role, 0)),
        ] {
            let answer = site.ask(request).await;
            assert_eq!(answer.status == StatusCode::OK, good, "{role:?} {path}");
            if !good {
                assert_eq!(answer.status, StatusCode::FORBIDDEN);
                assert_eq!(answer.code(), "role_missing");
                let challenge = answer.challenge.unwrap();
                let needed = path.trim_start_matches('/').replace("operate", "operator");
                let needed = needed.replace("administer", "admin");
                let ends = format!("error=\"insufficient_scope\", scope=\"{needed}\"");
                assert!(challenge.ends_with(&ends), "{challenge}");
            }
        }
    }
}

#[actix_web::test]
async fn a_session_is_no_bearer_token_and_the_reverse() {
    let site = Site::new();
    let session = site.session(Role::Admin, 0);
    let token = site.token(Role::Admin);
    let as_bearer = session.split_once('=').unwrap().1;
    let answer = site.ask(get("/who").bearer(as_bearer)).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    let as_cookie = site
        .ask(get("/who").cookie_line(&format!("{COOKIE}={token}")))
        .await;
    assert_eq!(as_cookie.status, StatusCode::UNAUTHORIZED);
    assert_eq!(
        site.ask(get("/who").cookie_line(&session)).await.status,
        StatusCode::OK
    );
    // The token goes before the cookie, also when it is wrong.
    let both = get("/who").cookie_line(&session).bearer("a.b.c");
    assert_eq!(site.ask(both).await.status, StatusCode::UNAUTHORIZED);
    let both = get("/who").cookie_line(&session);
    let both = both.insert_header((header::AUTHORIZATION, "Basic eDp5"));
    assert_eq!(site.ask(both).await.status, StatusCode::UNAUTHORIZED);
}

#[actix_web::test]
async fn a_cookie_counts_only_behind_the_gate() {
    let site = Site::new();
    let open = test::init_service(
        actix_web::App::new()
            .app_data(site.app.clone())
            .configure(probes),
    )
    .await;
    let request = get("/who").cookie_line(&site.session(Role::Admin, 0));
    let response = test::call_service(&open, request.to_request()).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
}

#[actix_web::test]
async fn other_names_are_not_answered() {
    let site = Site::new();
    let token = site.token(Role::Admin);
    for host in ["evil.test", "evil.test:8000", "127.0.0.1", "localhost:8001"] {
        for request in [
            TestRequest::get().uri("/who"),
            TestRequest::post().uri("/change"),
        ] {
            let request = request.insert_header((header::HOST, host)).bearer(&token);
            let answer = site.ask(request).await;
            assert_eq!(answer.status, StatusCode::MISDIRECTED_REQUEST, "{host}");
            assert_eq!(answer.code(), "wrong_host");
        }
    }
    let nameless = site
        .ask(TestRequest::get().uri("/who").bearer(&token))
        .await;
    assert_eq!(nameless.status, StatusCode::MISDIRECTED_REQUEST);
}

#[actix_web::test]
async fn a_start_address_opens_once() {
    let site = Site::new();
    let url = site.app.identity.start_url(Role::Admin).unwrap();
    let path = url.strip_prefix("http://127.0.0.1:8000").unwrap();
    let first = site.ask(get(path)).await;
    assert_eq!(first.status, StatusCode::SEE_OTHER);
    assert_eq!(first.location.as_deref(), Some("/"));
    let cookie = first.cookie.as_deref().unwrap();
    for attribute in ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=36000"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    assert!(!cookie.contains("Secure"), "http has no secure cookies");
    let who = site
        .ask(get("/administer").cookie_line(&first.session()))
        .await;
    assert_eq!(who.status, StatusCode::OK);

    let second = site.ask(get(path)).await;
    assert_eq!(second.status, StatusCode::GONE);
    assert!(second.cookie.is_none());
    assert!(second.body.contains("aimapper serve") && second.body.contains("aimapper token"));
    let made_up = site.ask(get("/start/AAAAAAAAAAAAAAAAAAAAAA")).await;
    assert_eq!(made_up.status, StatusCode::GONE);
}

#[actix_web::test]
async fn a_start_address_in_a_page_of_others_works_as_well() {
    let site = Site::new();
    let url = site.app.identity.start_url(Role::Mapper).unwrap();
    let path = url.strip_prefix("http://127.0.0.1:8000").unwrap();
    let answer = site
        .ask(get(path).insert_header(("Sec-Fetch-Site", "cross-site")))
        .await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.body.contains("http-equiv=\"refresh\""));
    let who = site.ask(get("/who").cookie_line(&answer.session())).await;
    assert_eq!(who.status, StatusCode::OK);
}

#[actix_web::test]
async fn a_token_gives_a_new_start_address_with_its_role() {
    let site = Site::new();
    assert_eq!(
        site.ask(post("/start")).await.status,
        StatusCode::UNAUTHORIZED
    );
    let answer = site
        .ask(post("/start").bearer(&site.token(Role::Mapper)))
        .await;
    assert_eq!(answer.status, StatusCode::CREATED);
    let body: Value = serde_json::from_str(&answer.body).unwrap();
    let url = body["url"].as_str().unwrap();
    let path = url.strip_prefix("http://127.0.0.1:8000").unwrap();
    let session = site.ask(get(path)).await.session();
    let may = site.ask(get("/form").cookie_line(&session)).await;
    assert_eq!(may.status, StatusCode::OK);
    let may_not = site.ask(get("/operate").cookie_line(&session)).await;
    assert_eq!(may_not.status, StatusCode::FORBIDDEN);
}

#[actix_web::test]
async fn signing_out_ends_the_session_itself() {
    let site = Site::new();
    let session = site.session(Role::Admin, 0);
    let token = site.ask(get("/form").cookie_line(&session)).await.body;
    let without = site.ask(post("/logout").cookie_line(&session)).await;
    assert_eq!(without.status, StatusCode::FORBIDDEN);
    let by_get = site.ask(get("/logout").cookie_line(&session)).await;
    assert!(by_get.status.is_client_error());
    assert_eq!(
        site.ask(get("/who").cookie_line(&session)).await.status,
        StatusCode::OK
    );

    let out = post("/logout")
        .cookie_line(&session)
        .insert_header((CSRF_HEADER, token));
    let answer = site.ask(out).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert!(answer.cookie.unwrap().contains("Max-Age=0"));
    let after = site.ask(get("/who").cookie_line(&session)).await;
    assert_eq!(after.status, StatusCode::UNAUTHORIZED);
    assert_eq!(after.code(), "invalid_token");
}

#[actix_web::test]
async fn sessions_are_renewed_while_they_are_used() {
    let site = Site::new();
    let fresh = site
        .ask(get("/who").cookie_line(&site.session(Role::Mapper, 5)))
        .await;
    assert_eq!((fresh.status, fresh.cookie), (StatusCode::OK, None));
    let used = site.session(Role::Mapper, 4_000);
    let renewed = site.ask(get("/who").cookie_line(&used)).await;
    assert_ne!(renewed.session(), used);
    let again = site.ask(get("/who").cookie_line(&renewed.session())).await;
    assert_eq!((again.status, again.cookie), (StatusCode::OK, None));
    assert_eq!(again.cache.as_deref(), Some("private, no-cache"));
    let kept = site.ask(get("/asset").cookie_line(&used)).await;
    assert_eq!((kept.status, kept.cookie), (StatusCode::OK, None));
    assert!(kept.cache.unwrap().ends_with("immutable"));
}

#[actix_web::test]
async fn people_are_led_to_where_one_signs_in() {
    let site = Site::new();
    let page = |uri: &str| get(uri).insert_header((header::ACCEPT, "text/html,*/*;q=0.8"));
    let idle = site.session(Role::Admin, 7_300);
    for request in [page("/who"), page("/who").cookie_line(&idle)] {
        let answer = site.ask(request).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
        assert_eq!(answer.location.as_deref(), Some(SIGN_IN));
    }
    let how = site.ask(page(SIGN_IN)).await;
    assert_eq!(how.status, StatusCode::OK);
    assert!(how.body.contains("http://127.0.0.1:8000/start"));
    let program = site.ask(get("/who").cookie_line(&idle)).await;
    assert_eq!(program.status, StatusCode::UNAUTHORIZED);
    assert_eq!(program.code(), "token_expired");
}

#[actix_web::test]
async fn callers_are_looked_up_every_half_minute_and_when_their_name_changed() {
    let site = Site::new();
    let identity = &site.app.identity;
    let token = site.token(Role::Mapper);
    let principal = identity.access(&token).await.unwrap();
    let now = Instant::now();
    assert!(identity.recall(&principal, now).is_none());
    site.ask(get("/who").bearer(&token)).await;
    assert!(identity.recall(&principal, now).is_some());
    assert!(
        identity
            .recall(&principal, now + Duration::from_secs(31))
            .is_none()
    );
    for other in [
        Principal {
            name: Some("Mia".to_owned()),
            ..principal.clone()
        },
        Principal {
            subject: "mia".to_owned(),
            ..principal.clone()
        },
        Principal {
            issuer: "urn:other".to_owned(),
            ..principal.clone()
        },
        Principal {
            tenant: Some("other".to_owned()),
            ..principal.clone()
        },
        Principal {
            sid: Some("another session".to_owned()),
            ..principal.clone()
        },
    ] {
        assert!(identity.recall(&other, now).is_none(), "{other:?}");
    }
    let admin = identity.access(&site.token(Role::Admin)).await.unwrap();
    let caller = identity.recall(&admin, now).unwrap();
    assert!(
        caller.principal.may(Role::Admin),
        "roles come from the token"
    );
}

#[actix_web::test]
async fn a_database_that_is_away_is_not_a_refusal() {
    let site = Site::new();
    let store = Arc::clone(&site.app.store);
    let (held, is_held) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    let holder = std::thread::spawn(move || {
        store.write(|_| {
            held.send(()).unwrap();
            // An error is as good: the test is over.
            let _over = released.recv();
            Ok(())
        })
    });
    is_held.recv().unwrap();
    let answer = site.ask(get("/who").bearer(&site.token(Role::Admin))).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.code(), "unavailable");
    release.send(()).unwrap();
    holder.join().unwrap().unwrap();
    let answer = site.ask(get("/who").bearer(&site.token(Role::Admin))).await;
    assert_eq!(answer.status, StatusCode::OK);
}
