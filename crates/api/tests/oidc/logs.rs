//! Everything that is logged in this process, to the last detail; and that no secret is in it.

use std::io;
use std::sync::{Mutex, Once};

use serde_json::json;
use tracing_subscriber::filter::LevelFilter;

use crate::browser::Browser;
use crate::http;
use crate::realm::{Answer, Endpoint, Provider, SECRET, lock, send_logout};
use crate::site::Site;

static LINES: Mutex<Vec<u8>> = Mutex::new(Vec::new());

struct Lines;

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        lock(&LINES).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Keeps what is logged from now on.
pub(crate) fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        tracing_subscriber::fmt()
            .with_max_level(LevelFilter::TRACE)
            .with_ansi(false)
            .with_writer(|| Lines)
            .init();
    });
}

#[test]
fn nothing_secret_is_logged() {
    let (provider, realm) = Provider::with_realm();
    let site = Site::start(&realm);
    let browser = Browser::new();
    let trip = browser.sign_in(&site);
    let mut secrets = vec![SECRET.to_owned(), browser.session(&site).unwrap()];
    for name in ["code", "state"] {
        secrets.push(http::value(trip.way_back(), name));
    }
    for asked in realm.asked(Endpoint::Token) {
        secrets.push(asked.value("code_verifier").unwrap().to_owned());
    }
    // A good token, one that is wrong, one in an address, and a logout token; the middle tells enough.
    let good = realm.access_token(&json!({}));
    assert_eq!(site.me(&good).status, 200);
    let wrong = realm.access_token(&json!({"aud": "account"}));
    assert_eq!(site.me(&wrong).status, 401);
    let query = site.url(&format!("/api/v1/me?access_token={good}"));
    assert_eq!(http::get(&query, &[]).status, 400);
    let logout = realm.logout_token("sid-of-nobody", &json!({}));
    assert_eq!(send_logout(site.base(), &logout).status, 200);
    assert_eq!(send_logout(site.base(), &logout).status, 400);
    for token in [&good, &wrong, &logout] {
        secrets.extend(token.split('.').skip(1).map(str::to_owned));
    }
    // A ticket that is used, and used again.
    let bearer = format!("Bearer {good}");
    let headers = [
        ("Authorization", bearer.as_str()),
        ("Content-Type", "application/json"),
    ];
    let body = json!({"path": "/api/v1/me"}).to_string();
    let tickets = site.url("/api/v1/tickets");
    let given = http::send("POST", &tickets, &headers, body.as_bytes()).json();
    let url = site.url(given["url"].as_str().unwrap());
    assert_eq!(http::get(&url, &[]).status, 200);
    assert_eq!(http::get(&url, &[("Accept", "text/html")]).status, 401);
    secrets.push(http::value(&url, "ticket"));
    // Renewals, with what the provider says when they fail, and when it cannot be reached.
    site.make_renewals_due();
    assert_eq!(browser.me(&site).status, 200);
    realm.fail(Endpoint::Token, Answer::error(500, "server_error"));
    site.make_renewals_due();
    assert_eq!(browser.me(&site).status, 200);
    let stranger = Browser::new();
    let back = stranger.way_back(&site);
    provider.down();
    assert_eq!(stranger.get(&back).status, 503);
    secrets.push(http::value(&back, "code"));
    secrets.push("canary-refresh".to_owned());
    secrets.push("<script>".to_owned());

    let logged = String::from_utf8_lossy(&lock(&LINES)).into_owned();
    // It was listened to.
    for word in ["audience", "/api/v1/me", "cannot be reached", "ticket"] {
        assert!(logged.contains(word), "nothing is said of {word}");
    }
    for secret in secrets {
        assert!(secret.len() > 7, "{secret} could be there by chance");
        let line = logged.lines().find(|line| line.contains(&secret));
        assert_eq!(line, None, "{secret} was logged");
    }
}
