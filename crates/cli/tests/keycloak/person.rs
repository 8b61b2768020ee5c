//! What a person does who signs in.

use std::env;
use std::fs;
use std::path::Path;

use thirtyfour::extensions::query::{ElementPollerWithTimeout, IntoElementPoller as _};

use crate::browser::{Browser, PATIENCE, PERIOD};
use crate::realm::Realm;
use crate::service::Service;

/// Fills in the form that Keycloak shows.
pub(crate) async fn fill_in(browser: &Browser, realm: &Realm, user: &str) {
    let name = browser.wait_for("#username").await;
    name.send_keys(user).await.unwrap();
    let password = browser.wait_for("#password").await;
    password.send_keys(realm.password.as_str()).await.unwrap();
    browser.click("#kc-login").await;
}

/// Opens a page and signs in on the way to it.
pub(crate) async fn sign_in(browser: &Browser, (realm, service): (&Realm, &Service), user: &str) {
    browser.goto(&service.at("/jobs")).await;
    fill_in(browser, realm, user).await;
    browser.wait_for("form.who").await;
    assert_eq!(
        browser.driver.current_url().await.unwrap().as_str(),
        service.at("/jobs")
    );
    for cookie in browser.driver.get_all_cookies().await.unwrap() {
        realm.secrets.add(&cookie.value);
    }
}

/// Opens a page again and again, until this is on what is shown.
pub(crate) async fn until(browser: &Browser, url: &str, css: &str) {
    let mut looks = ElementPollerWithTimeout::new(PATIENCE, PERIOD).start();
    loop {
        browser.goto(url).await;
        if browser.has(css).await {
            return;
        }
        assert!(looks.tick().await, "{css} does not come");
    }
}

/// Keeps a picture of what is shown, if pictures are asked for.
pub(crate) async fn picture(browser: &Browser, name: &str) {
    if env::var_os("AIMAPPER_TEST_SCREENSHOTS").is_none() {
        return;
    }
    let program = Path::new(env!("CARGO_BIN_EXE_aimapper"));
    let folder = program.ancestors().nth(2).unwrap().join("screenshots");
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join(format!("keycloak-{name}.png"));
    browser.driver.screenshot(&path).await.unwrap();
}
