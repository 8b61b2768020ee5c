//! The pages in a browser, over real examples, without a worker's process: for eyes and for checks
//! of accessibility.
//!
//! Jobs whose file has `slow` in its name are begun and never done.
//!
//! `AIMAPPER_LOOK=127.0.0.1:8123 cargo test --workspace --all-features --test pages -- --ignored look`

use actix_web::HttpServer;
use actix_web::rt::task::spawn_blocking;
use std::sync::Arc;

use crate::site::{Site, pages};

#[actix_web::test]
#[ignore = "serves until it is ended"]
async fn look() {
    let address = std::env::var("AIMAPPER_LOOK").expect("AIMAPPER_LOOK says where to listen");
    let site = Arc::new(Site::new());
    let (app, caller) = (site.app.clone(), site.caller.clone());
    let accepted = Arc::clone(&app.accepted);
    let worker = Arc::clone(&site);
    actix_web::rt::spawn(async move {
        loop {
            let site = Arc::clone(&worker);
            spawn_blocking(move || site.work_off()).await.unwrap();
            accepted.notified().await;
        }
    });
    let server = HttpServer::new(move || pages(app.clone(), Some(caller.clone())));
    server
        .workers(1)
        .bind(address)
        .unwrap()
        .run()
        .await
        .unwrap();
}
