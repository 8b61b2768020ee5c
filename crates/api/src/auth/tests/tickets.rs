//! Tests of tickets in local mode, where sessions are no rows.

use actix_web::HttpMessage;
use aimapper_core::auth::Session;
use aimapper_core::store::tickets;

use super::*;

/// Gives a ticket for `/api/v1/who`.
async fn give(app: Data<App>, who: Guarded<CanMap>, request: HttpRequest) -> String {
    let session = request.extensions().get::<Session>().cloned();
    let path = "/api/v1/who".to_owned();
    let given = give_ticket(&app, &who.caller, session, path).await;
    given.unwrap().url
}

async fn who(who: Guarded<CanMap>, request: HttpRequest) -> String {
    format!("{} {}", who.caller.user, request.uri())
}

async fn ask(site: &Site, request: TestRequest, has_gate: bool) -> (StatusCode, String) {
    let routes = |cfg: &mut web::ServiceConfig| {
        cfg.configure(routes)
            .configure(probes)
            .route("/give", web::get().to(give))
            .route("/api/v1/who", web::get().to(who));
    };
    let app = actix_web::App::new().app_data(site.app.clone());
    let response = if has_gate {
        let service = test::init_service(app.wrap(from_fn(gate)).configure(routes)).await;
        let response = test::call_service(&service, request.to_request()).await;
        response.map_into_boxed_body()
    } else {
        let service = test::init_service(app.configure(routes)).await;
        test::call_service(&service, request.to_request()).await
    };
    let status = response.status();
    let body = test::read_body(response).await;
    (status, String::from_utf8(body.to_vec()).unwrap())
}

#[actix_web::test]
async fn a_ticket_opens_once_and_nobody_behind_the_gate_sees_it() {
    let site = Site::new();
    let token = site.token(Role::Mapper);
    let (_, url) = ask(&site, get("/give").bearer(&token), true).await;
    let (status, seen) = ask(&site, get(&url), true).await;
    assert_eq!(status, StatusCode::OK);
    assert!(seen.ends_with(" /api/v1/who"), "{seen}");
    let (status, _) = ask(&site, get(&url), true).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
}

#[actix_web::test]
async fn a_ticket_counts_only_behind_the_gate() {
    let site = Site::new();
    let token = site.token(Role::Mapper);
    let (_, url) = ask(&site, get("/give").bearer(&token), true).await;
    let (status, _) = ask(&site, get(&url), false).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
}

#[actix_web::test]
async fn a_ticket_ends_with_its_session() {
    let site = Site::new();
    let session = site.session(Role::Mapper, 0);
    let give = || get("/give").cookie_line(&session);
    let (_, url) = ask(&site, give(), true).await;
    assert_eq!(ask(&site, get(&url), true).await.0, StatusCode::OK);
    let (_, url) = ask(&site, give(), true).await;
    let csrf = site.ask(get("/form").cookie_line(&session)).await.body;
    let out = post("/logout")
        .cookie_line(&session)
        .insert_header((CSRF_HEADER, csrf));
    assert_eq!(site.ask(out).await.status, StatusCode::SEE_OTHER);
    let (status, _) = ask(&site, get(&url), true).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
}

#[actix_web::test]
async fn a_ticket_of_another_issuer_counts_no_more() {
    let site = Site::new();
    let token = site.token(Role::Mapper);
    let (_, url) = ask(&site, get("/give").bearer(&token), true).await;
    // As if the installation had had another key.
    let name = site.issuer().name().to_owned();
    let ticket = url.split_once("ticket=").unwrap().1.to_owned();
    let changed = site.app.store.write(|conn| {
        let hash = ticket::hash(&ticket);
        let (mut row, _) = tickets::take(conn, &hash)?.unwrap();
        row.principal = row.principal.replace(&name, "urn:aimapper:local:other");
        tickets::give(conn, row)
    });
    changed.unwrap();
    let (status, _) = ask(&site, get(&url), true).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
}
