//! Requests that change something and come from a browser.

use std::cell::Cell;
use std::rc::Rc;

use actix_web::HttpMessage;
use actix_web::dev::Payload;
use futures_util::{StreamExt, stream};

use super::*;

#[actix_web::test]
async fn changes_by_cookie_need_the_sessions_token() {
    let site = Site::new();
    let session = site.session(Role::Admin, 0);
    let token = site.ask(get("/form").cookie_line(&session)).await.body;
    assert_eq!(token.len(), 64);
    let other = site.session(Role::Admin, 0);
    let others = site.ask(get("/form").cookie_line(&other)).await.body;
    let change = || post("/change").cookie_line(&session);
    let form = "application/x-www-form-urlencoded";
    let typed = |kind: &str| change().insert_header((header::CONTENT_TYPE, kind));

    let by_header = change().insert_header((CSRF_HEADER, token.clone()));
    assert_eq!(site.ask(by_header.set_payload("x")).await.body, "x");
    let text = format!("name=a%20b&csrf={token}&more=1");
    let by_form = site.ask(typed(form).set_payload(text.clone())).await;
    assert_eq!((by_form.status, by_form.body), (StatusCode::OK, text));

    for (name, request) in [
        ("none", change().set_payload("x")),
        (
            "of another session",
            change().insert_header((CSRF_HEADER, others)),
        ),
        ("empty", change().insert_header((CSRF_HEADER, ""))),
        ("cut", change().insert_header((CSRF_HEADER, &token[..62]))),
        (
            "more",
            change().insert_header((CSRF_HEADER, format!("{token}00"))),
        ),
        (
            "no hex",
            change().insert_header((CSRF_HEADER, "x".repeat(64))),
        ),
        (
            "other field",
            typed(form).set_payload(format!("xcsrf={token}")),
        ),
        (
            "JSON",
            typed("application/json").set_payload(format!("{{\"csrf\":\"{token}\"}}")),
        ),
        (
            "text",
            typed("text/plain").set_payload(format!("csrf={token}")),
        ),
        (
            "query",
            post(&format!("/change?csrf={token}")).cookie_line(&session),
        ),
    ] {
        let answer = site.ask(request).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{name}");
        assert_eq!(answer.code(), "csrf", "{name}");
    }
    let long = typed(form).set_payload(format!("a={}&csrf={token}", "x".repeat(5 << 20)));
    let long = site.ask(long).await;
    assert_eq!(long.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(long.code(), "too_large");
    let by_token = post("/change")
        .bearer(&site.token(Role::Admin))
        .set_payload("x");
    assert_eq!(site.ask(by_token).await.status, StatusCode::OK);
}

#[actix_web::test]
async fn an_upload_says_the_token_first() {
    let site = Site::new();
    let session = site.session(Role::Mapper, 0);
    let token = site.ask(get("/form").cookie_line(&session)).await.body;
    let field = |name: &str, value: &str| {
        format!("--b0\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let file = format!(
        "--b0\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\n{}\r\n--b0--\r\n",
        "a;b\r\n".repeat(20_000)
    );
    let send = |body: String| {
        post("/change")
            .cookie_line(&session)
            .insert_header((header::CONTENT_TYPE, "multipart/form-data; boundary=b0"))
            .set_payload(body)
    };
    let whole = field("csrf", &token) + &file;
    let answer = site.ask(send(whole.clone())).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    assert!(answer.body == whole, "the body was changed on its way");
    for (name, body) in [
        (
            "second",
            field("name", "x") + &field("csrf", &token) + &file,
        ),
        (
            "behind the file",
            file.replace("--b0--\r\n", "") + &field("csrf", &token) + "--b0--\r\n",
        ),
        ("wrong", field("csrf", &"0".repeat(64)) + &file),
        ("other name", field("token", &token) + &file),
        ("no end", field("csrf", &token).trim_end().to_owned()),
        ("nothing", String::new()),
        (
            "far",
            field("csrf", &format!("{token}{}", " ".repeat(10_000))) + &file,
        ),
    ] {
        let answer = site.ask(send(body)).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{name}");
    }
}

#[actix_web::test]
async fn pages_of_others_change_nothing() {
    let site = Site::new();
    let session = site.session(Role::Admin, 0);
    let token = site.ask(get("/form").cookie_line(&session)).await.body;
    let change = || {
        post("/change")
            .cookie_line(&session)
            .insert_header((CSRF_HEADER, token.clone()))
    };
    for (name, value) in [
        ("Origin", "http://evil.test"),
        ("Origin", "null"),
        ("Sec-Fetch-Site", "cross-site"),
        ("Sec-Fetch-Site", "same-site"),
    ] {
        let answer = site.ask(change().insert_header((name, value))).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{name}: {value}");
        assert_eq!(answer.code(), "foreign_origin");
    }
    let own = change()
        .insert_header(("Origin", "http://127.0.0.1:8000"))
        .insert_header(("Sec-Fetch-Site", "same-origin"));
    assert_eq!(site.ask(own).await.status, StatusCode::OK);
}

/// An upload is not kept in memory to find out that its first field is another.
#[actix_web::test]
async fn only_the_beginning_of_an_upload_is_read_before_it_is_let_in() {
    let site = Site::new();
    let cookie = site.session(Role::Mapper, 0);
    let session = cookie.split_once('=').unwrap().1;
    let identity = &site.app.identity;
    let session = identity
        .local()
        .unwrap()
        .session(session, identity.limits, now())
        .unwrap();
    let drawn = Rc::new(Cell::new(0));
    let counter = Rc::clone(&drawn);
    let first = "--b0\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n";
    let chunks = stream::iter((0..1_000).map(move |at| {
        counter.set(counter.get() + 1);
        let text = if at == 0 {
            first.to_owned()
        } else {
            "x".repeat(1_024)
        };
        Ok(Bytes::from(text))
    }));
    let mut request = post("/change")
        .insert_header((header::CONTENT_TYPE, "multipart/form-data; boundary=b0"))
        .to_srv_request();
    request.set_payload(Payload::Stream {
        payload: Box::pin(chunks),
    });
    let checked = csrf::check(&site.app.identity, &session, &mut request).await;
    assert!(matches!(checked, Err(AuthError::Csrf)), "{checked:?}");
    assert!(drawn.get() < 10, "{} chunks were read", drawn.get());
    let rest: Vec<_> = request.take_payload().collect().await;
    let bytes: usize = rest.iter().map(|chunk| chunk.as_ref().unwrap().len()).sum();
    assert_eq!(bytes, 999 * 1_024 + first.len());
}
