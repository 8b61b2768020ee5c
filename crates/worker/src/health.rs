//! What a worker of its own answers to those who run it: whether it lives, whether it can work, and
//! its figures. Nobody's data, so nobody is asked for a token; the address is for the operators.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;

use actix_web::dev::Server;
use actix_web::web::{self, Data};
use actix_web::{App, HttpResponse, HttpServer};
use aimapper_core::metrics::{CONTENT_TYPE, Metrics};
use aimapper_core::queue::Queue;
use aimapper_core::store::Store;
use aimapper_core::store::figures::figures;
use serde_json::json;

use crate::blocking::read;

/// What is looked at.
#[derive(Debug, Clone)]
pub(crate) struct Health {
    pub(crate) store: Arc<Store>,
    pub(crate) queue: Queue,
    pub(crate) metrics: Metrics,
}

/// A server over an address that is taken already.
pub(crate) fn server(health: Health, listener: TcpListener) -> io::Result<Server> {
    let health = Data::new(health);
    let server = HttpServer::new(move || {
        App::new()
            .app_data(health.clone())
            .route("/health/live", web::get().to(live))
            .route("/health/ready", web::get().to(ready))
            .route("/metrics", web::get().to(metrics))
    });
    Ok(server.workers(1).disable_signals().listen(listener)?.run())
}

async fn live() -> HttpResponse {
    HttpResponse::Ok().json(json!({"status": "ok"}))
}

/// Whether database and broker answer. Jobs that run go on without the broker.
async fn ready(health: Data<Health>) -> HttpResponse {
    let database = read(&health.store, |conn| conn.now()).await.is_ok();
    let broker = health.queue.is_connected();
    let word = |good: bool| if good { "ok" } else { "away" };
    let body = json!({
        "status": word(database && broker),
        "database": word(database),
        "broker": word(broker),
    });
    if database && broker {
        HttpResponse::Ok().json(body)
    } else {
        HttpResponse::ServiceUnavailable().json(body)
    }
}

/// A database that is away takes its own figures away and no others.
async fn metrics(health: Data<Health>) -> HttpResponse {
    let found = read(&health.store, figures).await.ok();
    match health.metrics.text(found.as_ref(), &[]) {
        Ok(text) => HttpResponse::Ok().content_type(CONTENT_TYPE).body(text),
        Err(_) => HttpResponse::InternalServerError().finish(),
    }
}
