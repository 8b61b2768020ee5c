//! The pages in a real browser, over the real service: what a person does with mouse, with keys alone
//! and without scripts leads to the bytes that the command writes; no page keeps anybody out; none
//! scrolls sideways on a phone. Nothing here knows how the pages are made.
//!
//! `deploy/dev/chromium.sh` gets what is needed and says which variables name it. With
//! `AIMAPPER_TEST_APART` set, api and worker are processes of their own; with
//! `AIMAPPER_TEST_SCREENSHOTS` set, each page is kept as a picture in `target/screenshots`.

#![cfg(test)]

mod bank;
mod browser;
mod chromedriver;
mod clicks;
#[path = "../../../core/tests/databases/mod.rs"]
mod databases;
mod keys;
mod look;
mod next;
mod plain;
#[path = "../service/served.rs"]
#[allow(dead_code, reason = "the client is for other tests")]
mod served;
mod service;
#[path = "../service/shared.rs"]
#[allow(dead_code, reason = "not all of it is for these tests")]
mod shared;
mod signing_in;
