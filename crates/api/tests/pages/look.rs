//! The pages in a browser, over real examples, without a worker's process: for eyes and for checks
//! of accessibility.
//!
//! Jobs whose file has `slow` in its name are begun and never done.
//!
//! `AIMAPPER_LOOK=127.0.0.1:8177 cargo test --workspace --all-features --test pages -- --ignored look`

use std::sync::Arc;

use actix_web::HttpServer;
use actix_web::rt::task::spawn_blocking;
use aimapper_core::auth::Role;

use crate::site::{Site, pages};

#[actix_web::test]
#[ignore = "serves until it is ended"]
async fn look() {
    let address = std::env::var("AIMAPPER_LOOK").expect("AIMAPPER_LOOK says where to listen");
    let site = Arc::new(Site::listening(address.parse().unwrap()).await);
    let app = site.app.clone();
    let accepted = Arc::clone(&app.accepted);
    let worker = Arc::clone(&site);
    actix_web::rt::spawn(async move {
        loop {
            let site = Arc::clone(&worker);
            spawn_blocking(move || site.work_off()).await.unwrap();
            accepted.notified().await;
        }
    });
    if let Ok(file) = std::env::var("AIMAPPER_LOOK_START") {
        std::fs::write(file, app.identity.start_url(Role::Mapper).unwrap()).unwrap();
    }
    let server = HttpServer::new(move || pages(app.clone())).workers(1);
    server.bind(address).unwrap().run().await.unwrap();
}
