//! Signing in at a real Keycloak, by tokens and by a real browser: what it issues is taken as it should be,
//! and what it issues for others is not. Each test has a realm of its own in it, made of
//! `deploy/keycloak/aimapper-realm.json`, and looks in the log of its service for secrets at its end.
//!
//! `deploy/dev/keycloak.sh start` starts one; `AIMAPPER_TEST_KEYCLOAK_URL` and
//! `AIMAPPER_TEST_KEYCLOAK_FOLDER` name it. Without them each test says loudly that it was skipped. With
//! `AIMAPPER_TEST_SCREENSHOTS` set, pages are kept as pictures in `target/screenshots`.

#![cfg(test)]

mod accounts;
#[path = "../browser/browser.rs"]
#[allow(dead_code, reason = "not all of it is for these tests")]
mod browser;
mod by_hand;
#[path = "../browser/chromedriver.rs"]
mod chromedriver;
mod door;
mod issuers;
mod person;
mod predecessor;
mod realm;
mod rotation;
mod secrets;
mod service;
mod sessions;
mod tokens;
